//! A number with the words of size around it, before any unit is read.
//!
//! Owns "two dozen", "half a million", "$50M", "three and a half", and ordinals written as words. Deliberately
//! reads no unit behind the number.

use super::super::numbers::{
    Decimal, fraction, fraction_text, is_vague, magnitude, ordinal, small, suffix,
};
use super::scan::Piece;
use super::{Draft, Reader, units};
use crate::extract::page::FigureKind;

/// Numbers joined in one word run.
const WORD_RUN_MAX: usize = 12;

/// A number with its size, before a unit.
#[derive(Debug, Clone)]
pub(super) struct Amount {
    /// The piece behind it.
    pub(super) end: usize,
    pub(super) value: Option<Decimal>,
    /// The value where it is not a decimal: "2/3".
    pub(super) text: Option<String>,
    /// A currency before the number.
    pub(super) currency: Option<&'static str>,
    /// A word of size or a suffix is in it.
    pub(super) sized: bool,
    /// Written in digits.
    pub(super) digits: bool,
}

/// What British papers count by "m".
const COUNTED: &str = "people shares homes households viewers users customers jobs voters workers pupils patients votes \
    visitors members children adults families passengers readers subscribers tickets copies downloads residents \
    migrants refugees students women men cars vehicles doses jabs tests views followers barrels tonnes litres downloads";

impl Amount {
    pub(super) fn text(&self) -> Option<String> {
        self.text.clone().or_else(|| self.value.map(Decimal::text))
    }
}

impl Reader<'_> {
    /// A number with what belongs to it: currency before, size behind.
    pub(super) fn amount(&self, at: usize) -> Option<Amount> {
        match self.piece(at) {
            Piece::Currency(currency) => self.number_amount(at + 1, Some(currency)),
            Piece::Number(_) => self.number_amount(at, None),
            Piece::Word => {
                let word = self.word(at);
                if let Piece::Currency(symbol) = self.piece(at + 1)
                    && self.is_glued(at + 1)
                    && symbol == "USD"
                {
                    let currency = units::dollar_prefix(word.trim_end_matches('.'))?;
                    return self.number_amount(at + 2, Some(currency));
                }
                if let Piece::Number(_) = self.piece(at + 1)
                    && let Some(currency) = self
                        .table
                        .and_then(|t| t.currency_before.get(self.lower(at)).copied())
                        .or_else(|| units::money_letters(word).filter(|_| self.is_glued(at + 1)))
                {
                    return self.number_amount(at + 1, Some(currency));
                }
                let code = word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase());
                if code
                    && matches!(self.piece(at + 1), Piece::Number(_))
                    && let Some(currency) = units::currency_word(word, false)
                {
                    return self.number_amount(at + 1, Some(currency));
                }
                self.word_amount(at)
            }
            _ => None,
        }
    }

    fn number_amount(&self, at: usize, currency: Option<&'static str>) -> Option<Amount> {
        let Piece::Number(value) = self.piece(at) else { return None };
        let mut amount =
            Amount { end: at + 1, value, text: None, currency, sized: false, digits: true };
        // "1 1/2", "3/4".
        if let (Piece::Slash, Piece::Number(Some(below)), true) =
            (self.piece(at + 1), self.piece(at + 2), self.is_glued(at + 1) && self.is_glued(at + 2))
        {
            let (top, bottom) = (value?.as_whole()?, below.as_whole()?);
            if (2..=10).contains(&bottom)
                && top < bottom
                && currency.is_none()
                && !matches!(self.piece(at + 3), Piece::Slash)
                && (top, bottom) != (9, 11)
            {
                amount.text = Some(fraction_text(top, bottom));
                amount.value = None;
                amount.end = at + 3;
            }
            return Some(amount);
        }
        let glued = self.is_glued(amount.end);
        // "4,2 M€": a size and its symbol are one.
        let symbol = matches!(self.piece(amount.end + 1), Piece::Currency(_))
            && self.is_glued(amount.end + 1)
            && matches!(self.word(amount.end), "M" | "k" | "Md");
        let counted = glued && self.counts_millions(amount.end);
        if let Some(factor) = suffix(self.word(amount.end), currency.is_some() || symbol || counted)
            .filter(|_| glued || symbol)
        {
            amount.value = amount.value.and_then(|v| v.times(factor));
            amount.end += 1;
            amount.sized = true;
            return Some(amount);
        }
        self.sizes(&mut amount);
        self.myriads(&mut amount);
        Some(amount)
    }

    /// "1.2m people", "3.5m shares": an English size and no metres, where what is counted is after it.
    fn counts_millions(&self, at: usize) -> bool {
        self.language == "en"
            && self.word(at) == "m"
            && !self.is_glued(at + 1)
            && COUNTED.split_ascii_whitespace().any(|noun| noun == self.lower(at + 1))
    }

    /// What continues behind a size in East Asia: "5億9000万" is 590,000,000, "1만4500" is 14,500.
    fn myriads(&self, amount: &mut Amount) {
        if !amount.sized || !matches!(self.language, "ja" | "zh" | "yue" | "ko") {
            return;
        }
        let mut last = self.scale_before(amount.end);
        while let Some(size) = last {
            let Piece::Number(Some(next)) = self.piece(amount.end) else { return };
            let scale = magnitude(self.language, self.lower(amount.end + 1))
                .filter(|_| self.is_glued(amount.end + 1));
            let glued = self.is_glued(amount.end);
            let factor = scale.unwrap_or(1);
            if !glued && scale.is_none() || factor >= size {
                return;
            }
            // What follows is smaller than the size before it.
            let Some(part) = next.times(factor).filter(|part| part.is_below(Decimal::whole(size)))
            else {
                return;
            };
            amount.value = amount.value.and_then(|value| value.plus(part));
            amount.end += 1 + usize::from(scale.is_some());
            last = scale;
        }
    }

    /// The size that ends before a piece.
    fn scale_before(&self, end: usize) -> Option<u64> {
        magnitude(self.language, self.lower(end.checked_sub(1)?))
    }

    /// "million", "thousand billion", "-million", "dozen" behind a number.
    pub(super) fn sizes(&self, amount: &mut Amount) {
        for _ in 0..3 {
            let mut at = amount.end;
            if self.piece(at) == Piece::Hyphen && self.is_glued(at) && self.is_glued(at + 1) {
                at += 1;
            }
            let lower = self.lower(at);
            let money_letter = amount.currency.is_some()
                && matches!(lower, "m" | "bn" | "b" | "tn" | "k" | "mio" | "mrd");
            let factor = match lower {
                "dozen" => Some(12),
                "docenas" | "douzaines" => Some(12),
                _ if money_letter => suffix(if lower == "k" { "k" } else { lower }, true)
                    .or_else(|| magnitude(self.language, lower)),
                _ => magnitude(self.language, lower),
            };
            let Some(factor) = factor else { break };
            amount.value = amount.value.and_then(|v| v.times(factor));
            amount.end = at + 1;
            amount.sized = true;
            if self.piece(amount.end) == super::scan::Piece::Dot
                && self.is_glued(amount.end)
                && matches!(
                    lower,
                    "mio"
                        | "mrd"
                        | "tys"
                        | "tis"
                        | "mld"
                        | "mln"
                        | "млн"
                        | "млрд"
                        | "тыс"
                        | "тис"
                        | "трлн"
                        | "εκατ"
                        | "δισ"
                        | "χιλ"
                        | "mil"
                        | "mill"
                        | "mia"
                )
            {
                amount.end += 1;
            }
        }
    }

    /// Numbers written as words.
    fn word_amount(&self, at: usize) -> Option<Amount> {
        let first = self.lower(at);
        let none = Amount {
            end: at + 1,
            value: None,
            text: None,
            currency: None,
            sized: false,
            digits: false,
        };
        if is_vague(first) {
            // "hundreds of thousands".
            let mut end = at + 1;
            if matches!(self.lower(end), "of" | "de") && is_vague(self.lower(end + 1)) {
                end += 2;
            }
            return Some(Amount { end, sized: true, ..none });
        }
        if let Some(part) = self.part(at) {
            return Some(part);
        }
        if matches!(
            first,
            "a" | "an" | "un" | "une" | "una" | "uno" | "um" | "uma" | "eine" | "ein"
        ) {
            let next = self.lower(at + 1);
            let factor = match next {
                "dozen" | "docena" | "douzaine" | "dúzia" => 12,
                "score" => 20,
                "couple" if self.lower(at + 2) == "of" => return None,
                "million" | "billion" | "trillion" | "thousand" | "hundred" | "millón"
                | "milliard" | "million-" => magnitude(self.language, next)?,
                _ => magnitude(self.language, next)?,
            };
            let mut amount =
                Amount { end: at + 2, value: Some(Decimal::whole(factor)), sized: true, ..none };
            if self.lower(at + 2) == "and"
                && self.lower(at + 3) == "a"
                && self.lower(at + 4) == "half"
            {
                amount.value = Decimal::parse("1.5").and_then(|v| v.times(factor));
                amount.end = at + 5;
            } else {
                self.and_more(&mut amount);
            }
            return Some(amount);
        }
        self.word_run(at)
    }

    /// "twenty-five", "one hundred and fifty thousand", "two dozen", "three and a half".
    fn word_run(&self, at: usize) -> Option<Amount> {
        let mut end = at;
        let mut total = Decimal::whole(0);
        let mut group = 0u64;
        let mut any = false;
        let mut sized = false;
        while end < at + WORD_RUN_MAX {
            let mut word_at = end;
            if any
                && self.piece(word_at) == Piece::Hyphen
                && self.is_glued(word_at)
                && self.is_glued(word_at + 1)
            {
                word_at += 1;
            }
            if any
                && matches!(self.lower(word_at), "and" | "y" | "e" | "et" | "و")
                && sized_or_tens(group, sized)
                && self.unit_word(self.lower(word_at + 1), group).is_some()
            {
                word_at += 1;
            }
            let lower = self.lower(word_at);
            // "خمسة وثلاثون", "שלושים וחמישה": "and" is written together with what follows.
            let joined = lower.strip_prefix(['و', 'ו']).filter(|rest| {
                any && matches!(self.language, "ar" | "he")
                    && (self.unit_word(rest, group).is_some()
                        || magnitude(self.language, rest).is_some())
            });
            let lower = joined.unwrap_or(lower);
            if any && (1..=9).contains(&(group % 100)) {
                // "dua belas", "خمسة عشر"; "dua puluh".
                let more = match lower {
                    "belas" | "عشر" | "عشرة" | "עשר" | "עשרה" if joined.is_none() => {
                        10
                    }
                    "puluh" => group % 100 * 9,
                    _ => 0,
                };
                if more > 0 {
                    group = group.checked_add(more)?;
                    end = word_at + 1;
                    continue;
                }
            }
            if let Some(value) = self.unit_word(lower, group).filter(|_| any).or_else(|| {
                small(self.language, lower).or_else(|| self.first_part(lower, word_at + 1))
            }) {
                // "two three" is not a number; "twenty three" is.
                // French counts on: soixante-douze, quatre-vingt.
                if self.language == "fr" && group == 4 && value == 20 {
                    group = 80;
                    any = true;
                    end = word_at + 1;
                    continue;
                }
                let twenties = self.language == "fr"
                    && (matches!(group % 100, 60 | 80) && value < 20
                        || matches!(group % 100, 10 | 70 | 90) && (7..=9).contains(&value));
                // "on iki" is twelve.
                let teens = self.language == "tr" && group % 100 == 10 && value < 10;
                let units_first = self.language == "ar"
                    && joined.is_some()
                    && (1..=9).contains(&(group % 100))
                    && (20..=90).contains(&value);
                if any
                    && group != 0
                    && !(group % 100 >= 20 && group.is_multiple_of(10) && value < 10
                        || teens
                        || units_first
                        || twenties
                        || group.is_multiple_of(100))
                {
                    break;
                }
                group = group.checked_add(value)?;
            } else if let Some(factor) = magnitude(self.language, lower).filter(|factor| {
                // "mil personas", "tysiąc osób": a size that counts by itself.
                // "yüz yirmi"; alone it is a face.
                let follows = small(self.language, self.lower(word_at + 1)).is_some()
                    || magnitude(self.language, self.lower(word_at + 1)) == Some(1_000);
                any || lower == "yüz" && follows
                    || self.language != "en"
                        && *factor <= 1_000
                        && lower != "belas"
                        && !matches!(lower, "yüz" | "mila" | "tys" | "tis" | "тис" | "тыс")
            }) {
                if !any {
                    group = 1;
                }
                if factor == 100 {
                    group = group.max(1).checked_mul(100)?;
                } else {
                    // "dos mil millones": a size behind a size multiplies.
                    if group == 0 && total != Decimal::whole(0) {
                        total = total.times(factor)?;
                    } else {
                        total = total.plus(Decimal::whole(group.max(1)).times(factor)?)?;
                    }
                    group = 0;
                }
                sized = true;
            } else if lower == "dozen" && any {
                group = group.checked_mul(12)?;
                sized = true;
            } else {
                break;
            }
            any = true;
            end = word_at + 1;
        }
        if !any {
            return None;
        }
        let mut value = total.plus(Decimal::whole(group))?;
        if self.lower(end) == "and" && self.lower(end + 1) == "a" && self.lower(end + 2) == "half" {
            value = value.plus(Decimal::parse("0.5")?)?;
            end += 3;
            let mut amount = Amount {
                end,
                value: Some(value),
                text: None,
                currency: None,
                sized,
                digits: false,
            };
            self.sizes(&mut amount);
            return Some(amount);
        }
        let spelled = self.lower(at);
        if end == at + 1 && matches!(spelled, "one") && !self.one_counts(end) {
            return None;
        }
        if end == at + 1
            && ((self.language == "es" && spelled == "once")
                || spelled == "zero" && self.piece(end) == Piece::Hyphen)
            && self.language == "en"
        {
            return None;
        }
        Some(Amount { end, value: Some(value), text: None, currency: None, sized, digits: false })
    }

    /// A number below a hundred; behind a ten, "one", too, which alone is an article: "двадцать один".
    fn unit_word(&self, word: &str, group: u64) -> Option<u64> {
        let is_ten = group.is_multiple_of(10)
            && (group % 100 >= 20 || self.language == "tr" && group % 100 == 10);
        // Compounds are one word: "zwanzig, ein Bus" is no "einundzwanzig".
        let table = self.table.filter(|table| is_ten && !table.is("compound-numbers"));
        small(self.language, word).or_else(|| table?.number_part.get(word).copied())
    }

    /// A word that is a number only with what is at `next`: "اثنا عشر", "واحد وعشرون".
    fn first_part(&self, word: &str, next: usize) -> Option<u64> {
        if !matches!(self.language, "ar" | "he") {
            return None;
        }
        let value = *self.table?.number_part.get(word)?;
        let next = self.lower(next);
        let tens = |word: &str| small(self.language, word).is_some_and(|n| (20..=90).contains(&n));
        let goes_on = matches!(next, "عشر" | "عشرة" | "עשר" | "עשרה")
            || next.strip_prefix('و').is_some_and(tens);
        goes_on.then_some(value)
    }

    /// "one person" counts; "one of", "no one", "one another" do not.
    fn one_counts(&self, at: usize) -> bool {
        let mut word_at = at;
        if self.piece(at) == Piece::Hyphen && self.is_glued(at) {
            word_at += 1;
        }
        let lower = self.lower(word_at);
        let before = at.checked_sub(2).map(|b| self.lower(b)).unwrap_or_default();
        !matches!(before, "no" | "any" | "every" | "the" | "this" | "that" | "some")
            && units::one_counts(lower)
    }

    fn and_more(&self, amount: &mut Amount) {
        if self.lower(amount.end) == "and" {
            if let Some(rest) = self.word_run(amount.end + 1)
                && rest.value.and_then(Decimal::as_whole).is_some_and(|n| n < 100)
                && !rest.sized
            {
                amount.value = amount.value.zip(rest.value).and_then(|(a, b)| a.plus(b));
                amount.end = rest.end;
            }
        } else {
            self.sizes(amount);
        }
    }

    /// "half", "a third", "two-thirds", "three quarters", "half a million".
    fn part(&self, at: usize) -> Option<Amount> {
        let none = Amount {
            end: at + 1,
            value: None,
            text: None,
            currency: None,
            sized: true,
            digits: false,
        };
        let first = self.lower(at);
        if matches!(first, "half" | "medio" | "meio" | "demi") {
            if matches!(self.lower(at + 1), "a" | "an") || first != "half" {
                let size_at = if first == "half" { at + 2 } else { at + 1 };
                let factor = match self.lower(size_at) {
                    "dozen" => Some(12),
                    other => magnitude(self.language, other),
                };
                if let Some(factor) = factor {
                    let value = Decimal::parse("0.5").and_then(|v| v.times(factor));
                    return Some(Amount { end: size_at + 1, value, ..none });
                }
            }
            if first != "half"
                || self.piece(at + 1) == Piece::Hyphen && self.is_glued(at + 1)
                || matches!(self.lower(at + 1), "way" | "time" | "hour" | "brother" | "sister")
            {
                return None;
            }
            return Some(Amount { text: Some("0.5".to_owned()), ..none });
        }
        if matches!(first, "la" | "die" | "der" | "a")
            && matches!(self.lower(at + 1), "moitié" | "hälfte" | "mitad" | "metade")
        {
            return Some(Amount { end: at + 2, text: Some("0.5".to_owned()), ..none });
        }
        let (numerator, part_at) = if matches!(first, "a" | "one" | "un" | "une" | "um" | "ein") {
            (1, at + 1)
        } else {
            (small(self.language, first).filter(|n| (2..=9).contains(n))?, at + 1)
        };
        let part_at = if self.piece(part_at) == Piece::Hyphen && self.is_glued(part_at) {
            part_at + 1
        } else {
            part_at
        };
        let word = self.lower(part_at);
        let plural = word.ends_with('s');
        let denominator = fraction(self.language, word)?;
        let of_behind = matches!(self.lower(part_at + 1), "of" | "de" | "der" | "des" | "du")
            || self.piece(part_at + 1) != Piece::Word;
        if (numerator == 1 && (plural || !of_behind && word != "half"))
            || (numerator > 1 && !plural && self.language == "en")
        {
            return None;
        }
        let mut amount =
            Amount { end: part_at + 1, text: Some(fraction_text(numerator, denominator)), ..none };
        // "a quarter of a million".
        if self.lower(amount.end) == "of"
            && self.lower(amount.end + 1) == "a"
            && let Some(factor) = magnitude(self.language, self.lower(amount.end + 2))
            && let Some(value) =
                Decimal::parse(amount.text.as_deref()?).and_then(|v| v.times(factor))
        {
            amount = Amount { end: amount.end + 3, value: Some(value), text: None, ..amount };
        }
        Some(amount)
    }

    /// Ordinals written as words: "third"; "21st" is read with the digits.
    pub(super) fn ordinal_word(&self, at: usize) -> Option<Draft> {
        let lower = self.lower(at);
        let (value, end) = match ordinal(self.language, lower) {
            Some(value) => (value, at + 1),
            None => {
                let tens =
                    small(self.language, lower).filter(|n| *n >= 20 && n.is_multiple_of(10))?;
                let unit_at = if self.piece(at + 1) == Piece::Hyphen && self.is_glued(at + 1) {
                    at + 2
                } else {
                    return None;
                };
                (
                    tens + ordinal(self.language, self.lower(unit_at)).filter(|n| *n < 10)?,
                    unit_at + 1,
                )
            }
        };
        let behind = self.lower(end);
        let hyphen = self.piece(end) == Piece::Hyphen && self.is_glued(end);
        // "second" is also a measure of time, "first lady" and "Third Avenue" are names.
        if matches!(
            behind,
            "lady" | "hand" | "avenue" | "street" | "world" | "amendment" | "family" | "of"
        ) && behind != "of"
            || (self.is_capital(at) && self.is_capital(end))
        {
            return None;
        }
        if lower == "second"
            && at > 0
            && (matches!(self.piece(at - 1), Piece::Number(_))
                || matches!(self.lower(at - 1), "a" | "per" | "split" | "one"))
            && self.lower(at - 1) != "a"
        {
            return None;
        }
        if lower == "second"
            && at > 0
            && self.lower(at - 1) == "a"
            && (behind.is_empty() || units::ends_counted(behind))
        {
            return None;
        }
        if hyphen && matches!(self.lower(end + 1), "class" | "hand" | "rate") {
            return None;
        }
        Some(Draft { kind: FigureKind::Ordinal, end, value: Some(value.to_string()), unit: None })
    }
}

fn sized_or_tens(group: u64, sized: bool) -> bool {
    sized || (group >= 20 && group.is_multiple_of(10))
}

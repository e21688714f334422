//! Amounts: counts, money, shares, measures, durations, ordinals and their ranges.
//!
//! Owns the grammar of number, size and unit. Deliberately leaves dates and times of day to
//! [`super::moments`].

use super::super::numbers::{Decimal, small, suffix};
use super::amount::Amount;
use super::scan::Piece;
use super::{Draft, Reader, range_value, units};
use crate::extract::page::FigureKind;

impl Reader<'_> {
    /// The amount that begins at a piece, with its unit.
    pub(super) fn quantity(&self, at: usize) -> Option<Draft> {
        if let Some(draft) = self.spelled_range(at) {
            return Some(draft);
        }
        // "one" alone mostly counts nothing; "one in nine" does.
        if self.language == "en" && self.lower(at) == "one" {
            let one = Amount {
                end: at + 1,
                value: Some(Decimal::whole(1)),
                text: None,
                currency: None,
                sized: false,
                digits: false,
            };
            if let Some(share) = self.out_of(&one) {
                return Some(share);
            }
        }
        if let Some(score) = self.score(at) {
            return Some(score);
        }
        let amount = self.amount(at)?;
        if let Some(draft) = self.range_from(at, &amount).or_else(|| self.out_of(&amount)) {
            return Some(draft);
        }
        self.with_unit(at, &amount)
    }

    /// "0:3", "3比2", "2 a 1": a score of two small numbers.
    fn score(&self, at: usize) -> Option<Draft> {
        let side = |at: usize| match self.piece(at) {
            Piece::Number(Some(value)) => value.as_whole().filter(|goals| *goals < 100),
            _ => None,
        };
        let (home, away) = (side(at)?, side(at + 2)?);
        let glued = self.is_glued(at + 1) && self.is_glued(at + 2);
        let digits = |at: usize| self.bits.get(at).map_or(0, |bit| bit.end - bit.start);
        let is_score = match self.piece(at + 1) {
            // Two digits behind a colon are minutes.
            Piece::Colon => glued && digits(at + 2) == 1 && self.piece(at + 3) != Piece::Colon,
            Piece::Word => match self.word(at + 1) {
                "比" | "対" | "대" => glued,
                "a" => matches!(self.language, "pt" | "es" | "it") && home > away && home < 10,
                _ => false,
            },
            // "0-3": a range does not begin at zero.
            Piece::Hyphen => glued && home == 0 && away < 20 && digits(at) == 1,
            _ => false,
        };
        let unit = self.percent(at + 3).is_some()
            || self.duration(at + 3).is_some()
            || self.currency(at + 3, false).is_some();
        let before = at.checked_sub(1).map_or(Piece::Other, |before| self.piece(before));
        let led =
            matches!(before, Piece::Colon | Piece::Hyphen | Piece::Slash) && self.is_glued(at);
        (is_score && !unit && !led).then(|| Draft {
            kind: FigureKind::Number,
            end: at + 3,
            value: Some(format!("{home}-{away}")),
            unit: None,
        })
    }

    /// "between 5 and 10", "from 3 to 7": begins at the number; the small words are before it.
    fn spelled_range(&self, at: usize) -> Option<Draft> {
        let before = self.lower(at.checked_sub(1)?);
        let joint = match before {
            "between" | "entre" | "zwischen" => ["and", "y", "et", "und", "e"].as_slice(),
            "from" | "de" | "von" | "desde" => ["to", "a", "à", "bis", "hasta"].as_slice(),
            _ => return None,
        };
        let low = self.amount(at)?;
        let low_unit = self.with_unit(at, &low)?;
        if low_unit.kind == FigureKind::Ordinal {
            return None;
        }
        let joint_at = low_unit.end;
        if !joint.contains(&self.lower(joint_at)) || self.is_change(at, &low, joint_at) {
            return None;
        }
        self.join(at, &low, joint_at + 1)
    }

    /// "rose from €310 million to €402 million": two figures, each with its unit, and no range.
    fn is_change(&self, at: usize, low: &Amount, joint_at: usize) -> bool {
        let before = at.checked_sub(1).map(|b| self.lower(b)).unwrap_or_default();
        let own = self
            .with_unit(at, low)
            .is_some_and(|draft| draft.unit.is_some() && draft.end == joint_at);
        let shared = self.amount(joint_at + 1).is_some_and(|high| high.sized && !low.sized);
        matches!(before, "from" | "de" | "von" | "desde") && own && !shared
    }

    /// "10-15", "10 to 15": the amount and what follows it.
    fn range_from(&self, at: usize, low: &Amount) -> Option<Draft> {
        let hyphen = self.piece(low.end) == Piece::Hyphen
            && self.is_glued(low.end)
            && self.is_glued(low.end + 1);
        if hyphen
            && matches!(self.piece(low.end + 1), Piece::Number(_) | Piece::Currency(_))
            && low.digits
        {
            return self.join(at, low, low.end + 1);
        }
        let to = self.lower(low.end);
        if self.is_change(at, low, low.end) {
            return None;
        }
        if matches!(to, "to" | "à" | "bis") && !low.sized || (to == "to" && low.currency.is_some())
        {
            let number = matches!(self.piece(low.end + 1), Piece::Number(_) | Piece::Currency(_))
                || (!low.digits && small(self.language, self.lower(low.end + 1)).is_some());
            if number {
                let high = self.amount(low.end + 1)?;
                let rising = low.value.zip(high.value).is_some_and(|(a, b)| a.is_below(b));
                let bare =
                    low.currency.is_none() && high.currency.is_none() && high.digits && low.digits;
                if rising {
                    return self.join(at, low, low.end + 1);
                }
                // "52 to 48": a vote or a score.
                if bare && self.with_unit(low.end + 1, &high)?.kind == FigureKind::Number {
                    let value = format!("{}-{}", low.value?.text(), high.value?.text());
                    return Some(Draft {
                        kind: FigureKind::Number,
                        end: high.end,
                        value: Some(value),
                        unit: None,
                    });
                }
            }
        }
        None
    }

    fn join(&self, at: usize, low: &Amount, high_at: usize) -> Option<Draft> {
        let high = self.amount(high_at)?;
        let (mut low_value, high_value) = (low.value?, high.value?);
        // "$5-10 million", "5 to 10 million": the size behind counts for both.
        if high.sized && !low.sized && low_value.is_below(high_value) {
            let mut shared = low.clone();
            shared.end = high_at + 1;
            if matches!(self.piece(high_at), Piece::Currency(_)) {
                shared.end += 1;
            }
            self.sizes(&mut shared);
            if let (false, Some(factor)) = (
                shared.sized,
                suffix(self.word(shared.end), true).filter(|_| self.is_glued(shared.end)),
            ) {
                shared.value = shared.value.and_then(|v| v.times(factor));
            }
            low_value = shared.value?;
        }
        let mut high = high;
        high.currency = high.currency.or(low.currency);
        let unit = self.with_unit(at, &high)?;
        let kind = FigureKind::Range;
        if !low_value.is_below(high_value) {
            // "3-2", "52 to 48": a score or a vote; "1914-18" is read with the dates.
            if matches!(self.piece(low.end), Piece::Hyphen)
                && low.digits
                && high.digits
                && unit.unit.is_none()
            {
                let value = format!("{}-{}", low_value.text(), high_value.text());
                return Some(Draft {
                    kind: FigureKind::Number,
                    end: high.end,
                    value: Some(value),
                    unit: None,
                });
            }
            if !matches!(self.piece(low.end), Piece::Hyphen)
                && unit.unit.is_some()
                && unit.kind != FigureKind::Number
            {
                return Some(Draft {
                    kind,
                    end: unit.end,
                    value: Some(range_value(low_value, high_value)),
                    unit: unit.unit,
                });
            }
            return None;
        }
        Some(Draft {
            kind,
            end: unit.end,
            value: Some(range_value(low_value, high_value)),
            unit: unit.unit,
        })
    }

    /// "nine out of 10", "one in five": a share.
    fn out_of(&self, amount: &Amount) -> Option<Draft> {
        let next = amount.end;
        let bottom_at = match (self.lower(next), self.lower(next + 1)) {
            ("out", "of") => next + 2,
            ("in", _) | ("of", "every") if self.language == "en" => {
                next + if self.lower(next) == "of" { 2 } else { 1 }
            }
            _ => return None,
        };
        let bottom = self.amount(bottom_at)?;
        let (top, below) = (amount.value?.as_whole()?, bottom.value?.as_whole()?);
        let plausible = matches!(below, 3..=10 | 12 | 20 | 50 | 100 | 1_000 | 10_000)
            && top < below
            && top <= 10
            && !bottom.sized;
        let unit = self.with_unit(bottom_at, &bottom)?;
        if !plausible || unit.kind != FigureKind::Number || self.lower(next) == "in" && top > 9 {
            return None;
        }
        let value =
            Decimal::whole(top).over(below).map_or_else(|| format!("{top}/{below}"), Decimal::text);
        Some(Draft { kind: FigureKind::Number, end: bottom.end, value: Some(value), unit: None })
    }

    /// The amount with the unit behind it.
    pub(super) fn with_unit(&self, at: usize, amount: &Amount) -> Option<Draft> {
        let draft = |kind, end, unit: Option<&str>| {
            Some(Draft { kind, end, value: amount.text(), unit: unit.map(str::to_owned) })
        };
        if let Some(currency) = amount.currency {
            // "$50 million dollars" and "US$5 US dollars" say it twice.
            let doubled = units::currency_word(self.word(amount.end), true).is_some();
            return draft(FigureKind::Money, amount.end + usize::from(doubled), Some(currency));
        }
        let mut next = amount.end;
        let hyphen =
            self.piece(next) == Piece::Hyphen && self.is_glued(next) && self.is_glued(next + 1);
        if hyphen {
            next += 1;
        }
        let led = at.checked_sub(1).is_some_and(|before| {
            self.table.is_some_and(|table| {
                // "%3,5", where the language says percent before its number.
                let sign = self.piece(before) == Piece::Percent
                    && self.is_glued(at)
                    && !self.is_glued(before)
                    && !table.percent_before.is_empty();
                sign || table.percent_before.contains(self.lower(before))
            })
        });
        if led {
            return draft(FigureKind::Percent, amount.end, Some("percent"));
        }
        if let Some((end, unit)) = self.percent(next) {
            return draft(FigureKind::Percent, end, Some(unit));
        }
        let big = amount.sized;
        let word = self.word(next);
        let lower = word.to_lowercase();
        if let Piece::Currency(currency) = self.piece(next) {
            return draft(FigureKind::Money, next + 1, Some(currency));
        }
        // "20 million US dollars", "5 Canadian dollars", "millones de euros".
        for (skip, country) in [(1usize, true), (0, false)] {
            let allowed = if country {
                matches!(
                    lower.as_str(),
                    "us" | "u.s"
                        | "american"
                        | "canadian"
                        | "australian"
                        | "de"
                        | "d"
                        | "di"
                        | "swiss"
                )
            } else {
                true
            };
            if let Some(currency) = self.currency(next + skip, big).filter(|_| allowed) {
                let currency = match (lower.as_str(), currency) {
                    ("canadian", "USD") => "CAD",
                    ("australian", "USD") => "AUD",
                    (_, other) => other,
                };
                return draft(FigureKind::Money, next + skip + 1, Some(currency));
            }
        }
        if lower.starts_with("d’") || lower.starts_with("d'") {
            let rest: String = lower.chars().skip(2).collect();
            if let Some(currency) = units::currency_word(&rest, big) {
                return draft(FigureKind::Money, next + 1, Some(currency));
            }
        }
        if self.piece(next) == Piece::Degree {
            let scale = match self.word(next + 1) {
                "C" | "Celsius" => Some("°C"),
                "F" | "Fahrenheit" => Some("°F"),
                _ => None,
            };
            return draft(
                FigureKind::Measure,
                next + 1 + usize::from(scale.is_some()),
                Some(scale.unwrap_or("degree")),
            );
        }
        let glued = self.is_glued(next) && !hyphen;
        let symbol_ok = word.len() > 1 || glued || matches!(word, "m" | "g" | "l") && amount.digits;
        if let Some(unit) =
            self.duration(next).filter(|_| symbol_ok && (lower != "min" || amount.digits))
        {
            let mut end = next + 1;
            if hyphen && self.piece(end) == Piece::Hyphen && self.lower(end + 1) == "old" {
                end += 2;
            } else if self.piece(end) == Piece::Hyphen
                && self.is_glued(end)
                && self.lower(end + 1) == "old"
                || self.lower(end) == "old"
            {
                end += if self.piece(end) == Piece::Hyphen { 2 } else { 1 };
            }
            return draft(FigureKind::Time, end, Some(unit));
        }
        if amount.digits
            && self.table.is_some_and(|table| table.age.iter().any(|age| lower.starts_with(age)))
        {
            return draft(FigureKind::Time, next + 1, Some("year"));
        }
        // "70 millones de kilómetros".
        let linked = amount.sized && matches!(lower.as_str(), "de" | "di");
        if let Some(unit) = linked
            .then(|| self.table.and_then(|table| table.measure.get(self.lower(next + 1)).copied()))
            .flatten()
        {
            return draft(FigureKind::Measure, next + 2, Some(unit));
        }
        let of_language = self.table.and_then(|table| table.measure.get(lower.as_str()).copied());
        if let Some(unit) = of_language.filter(|_| symbol_ok && !hyphen) {
            let (end, unit) = self.compound(next + 1, unit);
            return draft(FigureKind::Measure, end, Some(&unit));
        }
        if let Some(unit) = units::measure(word, &lower).filter(|_| {
            symbol_ok && !amount.sized || units::measure(word, &lower).is_some() && word.len() > 2
        }) {
            let (end, unit) = self.compound(next + 1, unit);
            return draft(FigureKind::Measure, end, Some(&unit));
        }
        if let Some((end, unit)) = self.area(next) {
            return draft(FigureKind::Measure, end, Some(&unit));
        }
        if amount.digits
            && matches!(lower.as_str(), "st" | "nd" | "rd" | "th" | "er" | "e" | "ème" | "ª" | "º")
            && glued
        {
            return draft(FigureKind::Ordinal, next + 1, None);
        }
        if amount.digits && self.is_age(at, amount) {
            return draft(FigureKind::Time, amount.end, Some("year"));
        }
        draft(FigureKind::Number, amount.end, None)
    }

    /// "%", "percent", "per cent", "percentage points", with the piece behind.
    fn percent(&self, at: usize) -> Option<(usize, &'static str)> {
        let stands = |phrase: &[&str], at: usize| {
            phrase.iter().enumerate().all(|(index, word)| self.lower(at + index) == *word)
        };
        let points = |at: usize| {
            let mut phrases = self.table.into_iter().flat_map(|table| &table.points);
            phrases.find(|phrase| stands(phrase, at)).map(|phrase| at + phrase.len())
        };
        if self.piece(at) == Piece::Percent {
            if matches!(self.lower(at + 1), "points" | "pts") {
                return Some((at + 2, "percentage points"));
            }
            let glued = self.is_glued(at + 1);
            if let Some(end) = points(at + 1).filter(|_| glued) {
                return Some((end, "percentage points"));
            }
            return Some((at + 1, "percent"));
        }
        if let Some(end) = points(at) {
            return Some((end, "percentage points"));
        }
        let (one, two) = (self.lower(at), self.lower(at + 1));
        for phrase in self.table.into_iter().flat_map(|table| &table.percent) {
            if stands(phrase, at) {
                let mut end = at + phrase.len();
                // The stop of "proc." at the end of a sentence is not a part of it.
                if self.piece(end) == Piece::Dot
                    && self.is_glued(end)
                    && !self.word(end + 1).is_empty()
                {
                    end += 1;
                }
                return Some((end, "percent"));
            }
        }
        match (one, two) {
            ("percent" | "pct" | "prozent" | "procent" | "%" | "pourcent", _) => {
                Some((at + 1, "percent"))
            }
            ("per", "cent") | ("pour", "cent") | ("por", "ciento" | "cento") => {
                Some((at + 2, "percent"))
            }
            ("percentage", "point" | "points") => Some((at + 2, "percentage points")),
            ("puntos", "porcentuales") | ("points", "de") if one == "puntos" => {
                Some((at + 2, "percentage points"))
            }
            ("prozentpunkte" | "prozentpunkten", _) => Some((at + 1, "percentage points")),
            ("في", "المئة" | "المائة") => Some((at + 2, "percent")),
            ("بالمئة" | "بالمائة", _) => Some((at + 1, "percent")),
            ("pontos", "percentuais") => Some((at + 2, "percentage points")),
            ("percentage", _)
                if self.piece(at + 1) == Piece::Hyphen && self.lower(at + 2) == "point" =>
            {
                Some((at + 3, "percentage points"))
            }
            _ => None,
        }
    }

    /// The currency that a word names in English or in the language of the text.
    pub(super) fn currency(&self, at: usize, big: bool) -> Option<&'static str> {
        let of_language = self.table.and_then(|table| table.currency.get(self.lower(at)).copied());
        of_language.or_else(|| units::currency_word(self.word(at), big))
    }

    /// The unit of a duration that a word names.
    pub(super) fn duration(&self, at: usize) -> Option<&'static str> {
        let lower = self.lower(at);
        match self.table {
            Some(table) => table.duration.get(lower).copied(),
            None => units::duration(lower),
        }
    }

    /// "square miles", "cubic meters", "sq ft".
    fn area(&self, at: usize) -> Option<(usize, String)> {
        let lower = self.lower(at);
        let power = match lower {
            "square" | "sq" => "2",
            "cubic" | "cu" => "3",
            _ => return None,
        };
        let mut next = at + 1;
        if matches!(self.piece(next), Piece::Dot | Piece::Hyphen) {
            next += 1;
        }
        let unit = units::measure(self.word(next), self.lower(next))?;
        Some((next + 1, format!("{unit}{power}")))
    }

    /// "miles per hour", "km/h", "feet tall" stays "ft".
    fn compound(&self, at: usize, unit: &str) -> (usize, String) {
        if (self.lower(at) == "per" || self.lower(at) == "an")
            && let Some(time) = units::duration(self.lower(at + 1))
        {
            let unit = match (unit, time) {
                ("mi", "hour") => "mph".to_owned(),
                (unit, "hour") => format!("{unit}/h"),
                (unit, time) => format!("{unit}/{time}"),
            };
            return (at + 2, unit);
        }
        if self.piece(at) == Piece::Slash && self.word(at + 1) == "h" {
            return (at + 2, format!("{unit}/h"));
        }
        match (unit, self.lower(at)) {
            ("degree", "celsius" | "c") => (at + 1, "°C".to_owned()),
            ("degree", "fahrenheit" | "f") => (at + 1, "°F".to_owned()),
            _ => (at, unit.to_owned()),
        }
    }

    /// ", 58," behind a name, or "aged 58", "age 58".
    fn is_age(&self, at: usize, amount: &Amount) -> bool {
        let Some(value) =
            amount.value.and_then(Decimal::as_whole).filter(|v| (1..=120).contains(v))
        else {
            return false;
        };
        let _ = value;
        let Some(before) = at.checked_sub(1) else { return false };
        if matches!(self.lower(before), "aged" | "age") && !amount.sized {
            return true;
        }
        let named = before > 0
            && self.piece(before) == Piece::Comma
            && self.is_capital(before - 1)
            && before > 1;
        let closed = matches!(self.piece(amount.end), Piece::Comma | Piece::Dot)
            && self.is_glued(amount.end);
        let month = named && super::dates::month(self.language, self.lower(before - 1)).is_some();
        named
            && closed
            && !month
            && self.word(before - 1).chars().count() > 1
            && !matches!(self.piece(amount.end + 1), Piece::Number(_))
    }
}

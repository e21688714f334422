//! Numbers as digits and as words, to one decimal value.
//!
//! Owns the reading of "15,000", "1.200,5", "50M", "two dozen", "half a million" and what languages
//! write. Deliberately knows no units and no sentences. Values are exact decimals (a whole number and a
//! count of places), never floating point, so that "$50M" and "$50 million" are the same string.

use super::words::words;
use crate::language::{Table, table};

/// An exact decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    mantissa: u128,
    places: u32,
}

/// The largest number of digits kept; longer runs are not figures.
const DIGITS_MAX: usize = 24;

impl Decimal {
    pub(crate) fn whole(value: u64) -> Self {
        Self { mantissa: u128::from(value), places: 0 }
    }

    /// Reads plain digits with at most one decimal point.
    pub(crate) fn parse(digits: &str) -> Option<Self> {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() > DIGITS_MAX || whole.is_empty() {
            return None;
        }
        let mantissa = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { mantissa, places: u32::try_from(fraction.len()).ok()? })
    }

    /// The value as `bottom`-th parts, where that is exact.
    pub(crate) fn over(self, bottom: u64) -> Option<Self> {
        let scaled = self.mantissa.checked_mul(1_000)?;
        let parts = scaled.checked_div(u128::from(bottom))?;
        (parts.checked_mul(u128::from(bottom))? == scaled)
            .then(|| Self { mantissa: parts, places: self.places + 3 }.normal())
    }

    pub(crate) fn times(self, factor: u64) -> Option<Self> {
        Some(
            Self { mantissa: self.mantissa.checked_mul(u128::from(factor))?, places: self.places }
                .normal(),
        )
    }

    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let widen = |n: Self| n.mantissa.checked_mul(10u128.checked_pow(places - n.places)?);
        Some(Self { mantissa: widen(self)?.checked_add(widen(other)?)?, places }.normal())
    }

    fn normal(mut self) -> Self {
        while self.places > 0 && self.mantissa.is_multiple_of(10) {
            self.mantissa /= 10;
            self.places -= 1;
        }
        self
    }

    /// Whether it is less than `other`.
    pub(crate) fn is_below(self, other: Self) -> bool {
        let places = self.places.max(other.places);
        let widen = |n: Self| n.mantissa.saturating_mul(10u128.saturating_pow(places - n.places));
        widen(self) < widen(other)
    }

    /// The whole number, where there are no places.
    pub(crate) fn as_whole(self) -> Option<u64> {
        let n = self.normal();
        if n.places == 0 { u64::try_from(n.mantissa).ok() } else { None }
    }

    /// The decimal form without needless zeros: "50000000", "1.5".
    pub(crate) fn text(self) -> String {
        let n = self.normal();
        let digits = n.mantissa.to_string();
        let places = n.places as usize;
        if places == 0 {
            return digits;
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        format!("{whole}.{fraction}")
    }
}

/// How a language writes its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notation {
    /// "1.200,5": the point groups, the comma begins the fraction.
    pub(crate) comma_decimal: bool,
    /// "1 200": a plain space groups.
    pub(crate) space_groups: bool,
}

impl Notation {
    /// That of a primary language subtag.
    pub(crate) fn of(language: &str) -> Self {
        let comma_decimal = matches!(
            language,
            "de" | "fr"
                | "es"
                | "pt"
                | "it"
                | "nl"
                | "ru"
                | "uk"
                | "pl"
                | "cs"
                | "sk"
                | "da"
                | "no"
                | "nb"
                | "nn"
                | "sv"
                | "fi"
                | "tr"
                | "el"
                | "ca"
                | "gl"
                | "ro"
                | "hu"
                | "bg"
                | "hr"
                | "sl"
                | "sr"
                | "id"
                | "vi"
                | "lt"
                | "lv"
                | "et"
                | "is"
                | "mk"
                | "be"
                | "az"
                | "ka"
                | "hy"
                | "kk"
                | "eu"
                | "af"
                | "bs"
        );
        let space_groups = matches!(
            language,
            "fr" | "ru"
                | "uk"
                | "pl"
                | "cs"
                | "sk"
                | "no"
                | "nb"
                | "nn"
                | "sv"
                | "fi"
                | "bg"
                | "hu"
                | "es"
                | "pt"
                | "be"
                | "et"
                | "lv"
                | "lt"
                | "kk"
        );
        Self { comma_decimal, space_groups }
    }
}

/// Reads the number that begins with a digit at the head of `text`: its length in bytes and its value
/// (none for more digits than a figure has).
pub(crate) fn digits(text: &str, notation: Notation) -> (usize, Option<Decimal>) {
    let bytes = text.as_bytes();
    let run = |from: usize| {
        bytes[from..].iter().take(DIGITS_MAX + 2).take_while(|b| b.is_ascii_digit()).count()
    };
    let first = run(0);
    let mut plain = text[..first].to_owned();
    let mut at = first;
    let (mut group, mut point) = if notation.comma_decimal { ('.', ',') } else { (',', '.') };
    // "1,200,000": two groups of three behind the same mark are thousands in every language.
    let groups = |mark: char| {
        let is_one = |at: usize| text[at..].starts_with(mark) && run(at + 1) == 3;
        is_one(first)
            && is_one(first + 4)
            && (!text[first + 8..].starts_with(mark) || is_one(first + 8))
    };
    if first <= 3 && !text.starts_with('0') && groups(point) {
        (group, point) = (point, group);
    }
    if first <= 3 {
        while let Some(c) = text[at..].chars().next() {
            let grouping = c == group
                || c == '\u{a0}'
                || c == '\u{202f}'
                || c == '\u{2009}'
                || (c == ' ' && notation.space_groups)
                || (matches!(c, '’' | '\'') && at > 0 && plain.len() <= 9);
            let next = at + c.len_utf8();
            if !grouping || run(next) != 3 || plain.len() > DIGITS_MAX || plain.starts_with('0') {
                break;
            }
            plain.push_str(&text[next..next + 3]);
            at = next + 3;
        }
        // The Indian grouping by two: 1,50,000.
        if at == first
            && group == ','
            && text[at..].starts_with(',')
            && run(at + 1) == 2
            && text[at + 3..].starts_with(',')
            && run(at + 4) == 3
        {
            plain.push_str(&text[at + 1..at + 3]);
            plain.push_str(&text[at + 4..at + 7]);
            at += 7;
        }
    }
    // "12’345.67": groups behind an apostrophe have a point before the decimals.
    let is_swiss = at > first && text[first..].starts_with(['’', '\'']);
    let fraction = if text[at..].starts_with(point)
        || ((at == first || is_swiss) && text[at..].starts_with('.'))
    {
        run(at + 1)
    } else {
        0
    };
    // A point in a comma language ("3.5 km" in a translated text) counts as decimal unless three digits follow.
    if fraction > 0 && fraction <= 6 && !(text[at..].starts_with(group) && fraction == 3) {
        plain.push('.');
        plain.push_str(&text[at + 1..at + 1 + fraction]);
        at += 1 + fraction;
    } else if fraction > 6 {
        return (at + 1 + fraction, None);
    }
    (at, Decimal::parse(&plain))
}

/// The value of a word for a number below a hundred, or a hundred-like one.
pub(crate) fn small(language: &str, word: &str) -> Option<u64> {
    if let Some(table) = table(language) {
        return table.number.get(word).copied().or_else(|| compound(table, word));
    }
    // Called for every word of a text: a match is faster than a list.
    let value = match word {
        "zero" => 0,
        "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        "ten" => 10,
        "eleven" => 11,
        "twelve" => 12,
        "thirteen" => 13,
        "fourteen" => 14,
        "fifteen" => 15,
        "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        "twenty" => 20,
        "thirty" => 30,
        "forty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    };
    Some(value)
}

/// A number written as one word of several: "dreiundzwanzig", "duecentomila", "femogtyve".
fn compound(table: &Table, word: &str) -> Option<u64> {
    const BYTES_MAX: usize = 48;
    if !table.is("compound-numbers") || word.len() < 6 || word.len() > BYTES_MAX {
        return None;
    }
    let (mut total, mut group, mut rest, mut parts) = (0_u64, 0_u64, word, 0);
    while !rest.is_empty() {
        let number = table
            .number
            .iter()
            .chain(&table.number_part)
            .filter(|(name, value)| rest.starts_with(**name) && (parts == 0 || **value != 100))
            .max_by_key(|(name, _)| name.len());
        if parts > 0
            && let Some((name, _)) = table
                .number
                .iter()
                .filter(|(name, value)| **value == 100 && rest.starts_with(**name))
                .max_by_key(|(name, _)| name.len())
        {
            // "seicento": a hundred behind a number multiplies it.
            group = group.max(1).checked_mul(100)?;
            rest = &rest[name.len()..];
            parts += 1;
            continue;
        }
        let scale = table
            .scale
            .iter()
            .filter(|(name, factor)| **factor <= 1_000 && rest.starts_with(**name))
            .max_by_key(|(name, _)| name.len());
        match (number, scale) {
            (Some((name, value)), other)
                if other.is_none_or(|(scale, _)| scale.len() <= name.len()) =>
            {
                group = group.checked_add(*value)?;
                rest = &rest[name.len()..];
            }
            (_, Some((name, 100))) => {
                group = group.max(1).checked_mul(100)?;
                rest = &rest[name.len()..];
            }
            (_, Some((name, factor))) => {
                total = total.checked_add(group.max(1).checked_mul(*factor)?)?;
                group = 0;
                rest = &rest[name.len()..];
            }
            _ => {
                let joint =
                    ["und", "ën", "en", "og"].iter().find(|joint| rest.starts_with(**joint))?;
                rest = &rest[joint.len()..];
                continue;
            }
        }
        parts += 1;
    }
    (parts > 1).then_some(total.checked_add(group)?)
}

/// The factor of a word of size: "million", "Mrd", "mil".
pub(crate) fn magnitude(language: &str, word: &str) -> Option<u64> {
    const MILLION: u64 = 1_000_000;
    const BILLION: u64 = 1_000_000_000;
    const TRILLION: u64 = 1_000_000_000_000;
    let common = match word {
        "hundred" => 100,
        "thousand" => 1_000,
        "million" | "millions" | "mn" | "mln" => MILLION,
        "bn" | "bln" | "milliard" | "milliards" | "mrd" | "milliarden" | "milliarde" => BILLION,
        "tn" | "trn" | "trillion" if language == "en" => TRILLION,
        "lakh" => 100_000,
        "crore" => 10_000_000,
        _ => 0,
    };
    if let Some(table) = table(language) {
        return table.scale.get(word).copied().or((common > 0).then_some(common));
    }
    match word {
        _ if common > 0 => Some(common),
        "billion" | "billions" => Some(BILLION),
        "trillions" => Some(TRILLION),
        _ => None,
    }
}

/// The factor of a letter right behind digits: "50M", "3bn", "15k".
pub(crate) fn suffix(word: &str, money: bool) -> Option<u64> {
    Some(match word {
        "k" | "K" => 1_000,
        "M" | "mn" | "MM" | "mln" | "mio" => 1_000_000,
        "m" if money => 1_000_000,
        "B" | "bn" | "Bn" | "bln" => 1_000_000_000,
        "b" if money => 1_000_000_000,
        "T" | "tn" | "trn" if money || word != "T" => 1_000_000_000_000,
        _ => return None,
    })
}

/// The rank of an ordinal word.
pub(crate) fn ordinal(language: &str, word: &str) -> Option<u64> {
    const NAMES: &[(&str, u64)] = &[
        ("first", 1),
        ("second", 2),
        ("third", 3),
        ("fourth", 4),
        ("fifth", 5),
        ("sixth", 6),
        ("seventh", 7),
        ("eighth", 8),
        ("ninth", 9),
        ("tenth", 10),
        ("eleventh", 11),
        ("twelfth", 12),
        ("thirteenth", 13),
        ("fourteenth", 14),
        ("fifteenth", 15),
        ("sixteenth", 16),
        ("seventeenth", 17),
        ("eighteenth", 18),
        ("nineteenth", 19),
        ("twentieth", 20),
        ("thirtieth", 30),
        ("fortieth", 40),
        ("fiftieth", 50),
        ("hundredth", 100),
    ];
    if language != "en" {
        return None;
    }
    NAMES.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

/// A part: "half", "third", "quarters" as (numerator of one, denominator).
pub(crate) fn fraction(language: &str, word: &str) -> Option<u64> {
    Some(match (language, word) {
        ("en", "half" | "halves") => 2,
        ("en", "third" | "thirds") => 3,
        ("en", "quarter" | "quarters") => 4,
        ("en", "fifth" | "fifths") => 5,
        ("en", "sixths") => 6,
        ("en", "eighths") => 8,
        ("en", "tenth" | "tenths") => 10,
        ("fr", "moitié") | ("es", "mitad") | ("pt", "metade") | ("de", "hälfte") => 2,
        ("fr", "tiers")
        | ("es", "tercio" | "tercios")
        | ("pt", "terço" | "terços")
        | ("de", "drittel") => 3,
        ("fr", "quart" | "quarts") | ("de", "viertel") => 4,
        _ => return None,
    })
}

/// A fraction as a decimal where it has one, else as "2/3".
pub(crate) fn fraction_text(numerator: u64, denominator: u64) -> String {
    match denominator {
        2 | 4 | 5 | 8 | 10 => {
            let thousandths = numerator * 1000 / denominator;
            Decimal { mantissa: u128::from(thousandths), places: 3 }.text()
        }
        _ => format!("{numerator}/{denominator}"),
    }
}

words!(
    VAGUE,
    "dozens scores hundreds thousands millions billions trillions decenas cientos miles millones dizaines centaines milliers hunderte tausende dezenas centenas milhares"
);

/// "dozens", "hundreds": an unknown number.
pub(crate) fn is_vague(word: &str) -> bool {
    VAGUE.contains(word)
}

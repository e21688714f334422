//! The value of a number as written, to distinguish notation from fact where the page's own figures do
//! not reach: "$50M" is "$50 million", "4" is "four", "1,200" is "1200".
//!
//! The extractor's figures are better and come first; this reads English number words and digits only.

/// An amount: how much of what.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Amount {
    /// How much.
    pub value: f64,
    /// Of what: a currency, "percent", a unit; empty for a bare number.
    pub unit: String,
}

const UNITS: [(&str, f64); 29] = [
    ("zero", 0.0),
    ("one", 1.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
    ("thirteen", 13.0),
    ("fourteen", 14.0),
    ("fifteen", 15.0),
    ("sixteen", 16.0),
    ("seventeen", 17.0),
    ("eighteen", 18.0),
    ("nineteen", 19.0),
    ("twenty", 20.0),
    ("thirty", 30.0),
    ("forty", 40.0),
    ("fifty", 50.0),
    ("sixty", 60.0),
    ("seventy", 70.0),
    ("eighty", 80.0),
    ("ninety", 90.0),
    ("dozen", 12.0),
];

const SCALES: [(&str, f64); 14] = [
    ("hundred", 1e2),
    ("thousand", 1e3),
    ("k", 1e3),
    ("million", 1e6),
    ("m", 1e6),
    ("mn", 1e6),
    ("mln", 1e6),
    ("billion", 1e9),
    ("bn", 1e9),
    ("b", 1e9),
    ("trillion", 1e12),
    ("tn", 1e12),
    ("trn", 1e12),
    ("lakh", 1e5),
];

/// The number that a word alone stands for ("four", "hundred"); none for other words.
pub(super) fn of_word(word: &str) -> Option<f64> {
    let lower = word.to_lowercase();
    let found = UNITS.iter().chain(SCALES.iter().filter(|(name, _)| name.len() > 3));
    found.clone().find(|(name, _)| *name == lower).map(|&(_, value)| value)
}

/// Whether a word is digits with separators and nothing else.
pub(super) fn is_digits(word: &str) -> bool {
    let counts = |c: char| c.is_ascii_digit() || fraction(c).is_some() || superscript(c).is_some();
    word.starts_with(|c: char| c.is_ascii_digit() || fraction(c).is_some())
        && word.chars().all(|c| counts(c) || matches!(c, ',' | '.'))
}

fn unit_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "$" | "dollar" | "dollars" | "usd" | "us$" => "USD",
        "€" | "euro" | "euros" | "eur" => "EUR",
        "£" | "pound" | "pounds" | "gbp" => "GBP",
        "%" | "percent" | "pct" => "percent",
        "km" | "kilometre" | "kilometres" | "kilometer" | "kilometers" => "km",
        "mile" | "miles" => "mile",
        "kg" | "kilogram" | "kilograms" | "kilo" | "kilos" => "kg",
        "hour" | "hours" | "hr" | "hrs" => "hour",
        "minute" | "minutes" | "min" | "mins" => "minute",
        _ => return None,
    })
}

/// Reads an amount. None when the text holds anything but one.
pub(super) fn amount(text: &str) -> Option<Amount> {
    let lower = text.to_lowercase().replace("per cent", "percent").replace("us$", "$");
    let lower: String =
        lower.chars().filter(|c| !matches!(c, '\u{2009}' | '\u{202f}')).map(ascii_digit).collect();
    let mut unit = String::new();
    let mut total = 0.0;
    let mut group: Option<f64> = None;
    let mut digits_only = false;
    for part in pieces(&lower) {
        if let Some(name) = unit_word(part) {
            if !unit.is_empty() && unit != name {
                return None;
            }
            unit = name.to_owned();
        } else if is_digits(part) {
            let value = digits(part)?;
            group = Some(match group {
                // "1 150", thousands separated by a space.
                Some(before) if digits_only && part.len() == 3 && !part.contains(['.', ',']) => {
                    before * 1000.0 + value
                }
                Some(_) => return None,
                None => value,
            });
            digits_only = true;
            continue;
        } else if let Some(&(_, value)) = UNITS.iter().find(|(name, _)| *name == part) {
            // "twenty one" adds; "two dozen" multiplies.
            group = Some(match group {
                Some(before) if part == "dozen" => before * value,
                Some(before) if before >= 20.0 && value < 10.0 => before + value,
                Some(before) if before >= 100.0 => before + value,
                Some(_) => return None,
                None => value,
            });
        } else if let Some(&(_, scale)) = SCALES.iter().find(|(name, _)| *name == part) {
            let scaled = group.unwrap_or(1.0) * scale;
            if scale >= 1e3 {
                total += scaled;
                group = None;
            } else {
                group = Some(scaled);
            }
        } else if !matches!(part, "and" | "-" | "a") {
            return None;
        }
        digits_only = false;
    }
    let value = total + group.unwrap_or(0.0);
    (group.is_some() || total > 0.0).then_some(Amount { value, unit })
}

/// The value of digits, of fractions ("3½") and of powers ("10²").
fn digits(part: &str) -> Option<f64> {
    let mut plain = String::with_capacity(part.len());
    let mut more = None;
    let mut power: Option<i32> = None;
    for c in part.chars() {
        match (fraction(c), superscript(c)) {
            (Some(value), _) if more.is_none() => more = Some(value),
            (_, Some(digit)) => {
                power = Some(power.unwrap_or(0).checked_mul(10)?.checked_add(digit)?)
            }
            (None, None) if more.is_none() && power.is_none() => plain.push(c),
            _ => return None,
        }
    }
    let plain = plain.replace(',', "");
    let plain = plain.trim_end_matches('.');
    let whole = if plain.is_empty() && more.is_some() { 0.0 } else { plain.parse::<f64>().ok()? };
    let value = whole + more.unwrap_or(0.0);
    Some(power.map_or(value, |power| value.powi(power.min(400))))
}

/// The value of a fraction that is one character.
fn fraction(c: char) -> Option<f64> {
    Some(match c {
        '½' => 0.5,
        '¼' => 0.25,
        '¾' => 0.75,
        '⅓' => 1.0 / 3.0,
        '⅔' => 2.0 / 3.0,
        '⅕' => 0.2,
        '⅖' => 0.4,
        '⅗' => 0.6,
        '⅘' => 0.8,
        '⅙' => 1.0 / 6.0,
        '⅚' => 5.0 / 6.0,
        '⅐' => 1.0 / 7.0,
        '⅛' => 0.125,
        '⅜' => 0.375,
        '⅝' => 0.625,
        '⅞' => 0.875,
        '⅑' => 1.0 / 9.0,
        '⅒' => 0.1,
        _ => return None,
    })
}

fn superscript(c: char) -> Option<i32> {
    Some(match c {
        '⁰' => 0,
        '¹' => 1,
        '²' => 2,
        '³' => 3,
        '⁴'..='⁹' => i32::try_from(u32::from(c) - u32::from('⁰')).ok()?,
        _ => return None,
    })
}

/// Whether a text holds a fraction or a power that is one character.
pub(super) fn is_compound(text: &str) -> bool {
    text.chars().any(|c| fraction(c).is_some() || superscript(c).is_some())
}

/// A decimal digit of another script, as one of ASCII; any other character as it is.
fn ascii_digit(c: char) -> char {
    const ZEROS: [u32; 8] = [0x660, 0x6f0, 0x966, 0x9e6, 0xe50, 0x1040, 0x17e0, 0xff10];
    let code = u32::from(c);
    let zero = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code));
    zero.and_then(|zero| char::from_digit(code - zero, 10)).unwrap_or(c)
}

/// Splits at white space and hyphens, and between digits, letters and signs.
fn pieces(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        c if c.is_ascii_digit()
            || matches!(c, ',' | '.')
            || fraction(c).is_some()
            || superscript(c).is_some() =>
        {
            0
        }
        c if c.is_alphabetic() => 1,
        _ => 2,
    };
    let mut found = Vec::new();
    for word in
        text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}' | '\u{2011}'))
    {
        let mut start = 0;
        let mut last = None;
        for (at, c) in word.char_indices() {
            if last.is_some_and(|last| last != class(c)) {
                found.extend(word.get(start..at));
                start = at;
            }
            last = Some(class(c));
        }
        found.extend(word.get(start..));
    }
    found.retain(|part| !part.is_empty());
    found
}

impl Amount {
    /// Whether two amounts are one.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.unit == other.unit && same_value(self.value, other.value)
    }
}

/// Whether two texts are the same amount in other notation.
pub(super) fn same_amount(a: &str, b: &str) -> bool {
    amount(a).is_some_and(|a| amount(b).is_some_and(|b| a.same(&b)))
}

/// Whether two values are equal up to floating-point rounding.
pub(super) fn same_value(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn notation_is_distinguished_from_fact() {
        let cases = [
            ("$50M", "$50 million", true),
            ("50", "50 million", false),
            ("4", "four", true),
            ("twenty-one", "21", true),
            ("1,200", "1200", true),
            ("1 200", "1,200", true),
            ("2 20", "220", false),
            ("5%", "5 per cent", true),
            ("5 percent", "5 dollars", false),
            ("two hundred and five", "205", true),
            ("3.5bn", "3.5 billion", true),
            ("1.5", "15", false),
            ("two dozen", "24", true),
            ("boats", "boats", false),
            ("3½", "3.5", true),
            ("3½", "3¼", false),
            ("½", "0.5", true),
            ("10²", "100", true),
            ("10²", "10³", false),
            ("٣٥", "35", true),
            ("１２", "12", true),
        ];
        for (a, b, same) in cases {
            assert_eq!(same_amount(a, b), same, "{a} {b} {:?} {:?}", amount(a), amount(b));
        }
    }

    proptest! {
        #[test]
        fn reading_an_amount_never_panics(text in "[0-9a-z$%., €-]{0,20}") {
            let _ = amount(&text);
        }
    }
}

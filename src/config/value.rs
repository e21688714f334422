//! The values a setting can take, and how they are read and printed.

use std::fmt;
use std::time::Duration;

use crate::base::ByteSize;

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Free text.
    Text,
    /// A path; a relative one starts at the working directory.
    Path,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// A time span with its unit: `100ms`, `2s`, `1h 30m`, `7d`.
    Duration,
    /// An amount of bytes with its unit: `512 KiB`, `1GB`.
    Bytes,
    /// A list of texts.
    List,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

/// A setting's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of [`Kind::Text`], [`Kind::Path`] and [`Kind::Choice`].
    Text(String),
    /// Of [`Kind::Bool`].
    Bool(bool),
    /// Of [`Kind::Integer`].
    Integer(u64),
    /// Of [`Kind::Float`].
    Float(f64),
    /// Of [`Kind::Duration`].
    Duration(Duration),
    /// Of [`Kind::Bytes`].
    Bytes(u64),
    /// Of [`Kind::List`].
    List(Vec<String>),
}

impl Kind {
    /// Reads a value written as bare text, as on the command line and in the environment; the
    /// items of a list are separated by commas.
    ///
    /// # Errors
    /// As text, what was expected and what was found.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let trimmed = text.trim();
        let wrong = |expected: &str| format!("expected {expected}, but found {trimmed:?}");
        match self {
            Self::Text | Self::Path => Ok(Value::Text(text.to_owned())),
            Self::Bool => match trimmed {
                "true" | "yes" | "on" | "1" => Ok(Value::Bool(true)),
                "false" | "no" | "off" | "0" => Ok(Value::Bool(false)),
                _ => Err(wrong("true or false")),
            },
            Self::Integer => trimmed
                .replace('_', "")
                .parse()
                .map(Value::Integer)
                .map_err(|_| wrong("a whole number")),
            Self::Float => match trimmed.parse::<f64>() {
                Ok(number) if number.is_finite() && number >= 0.0 => Ok(Value::Float(number)),
                _ => Err(wrong("a number of 0 or more")),
            },
            Self::Duration => parse_duration(trimmed)
                .map(Value::Duration)
                .ok_or_else(|| wrong("a time span such as \"100ms\", \"2s\" or \"1h 30m\"")),
            Self::Bytes => {
                trimmed.parse::<ByteSize>().map(|b| Value::Bytes(b.0)).map_err(|e| e.to_string())
            }
            Self::List => Ok(Value::List(list_of(trimmed))),
            Self::Choice(words) => {
                if words.contains(&trimmed) {
                    Ok(Value::Text(trimmed.to_owned()))
                } else {
                    Err(wrong(&format!("one of {}", words.join(", "))))
                }
            }
        }
    }

    /// The word for it in help and messages.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Path => "path".into(),
            Self::Bool => "true or false".into(),
            Self::Integer => "whole number".into(),
            Self::Float => "number".into(),
            Self::Duration => "time span".into(),
            Self::Bytes => "bytes".into(),
            Self::List => "list of texts".into(),
            Self::Choice(words) => words.join(" | "),
        }
    }
}

/// Reads a time span: numbers with units `ms`, `s`, `m`, `h`, `d`, `w`, one or several. A bare 0
/// needs no unit.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let folded = text.trim().to_ascii_lowercase();
    if folded == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = folded.as_str();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let seconds = match &rest[..letters] {
            "ms" | "millisecond" | "milliseconds" => 0.001,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            "w" | "week" | "weeks" => 604_800.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = rest[letters..].trim_start();
    }
    Some(total)
}

/// Prints a time span as [`parse_duration`] reads it, in its largest units.
#[must_use]
pub fn print_duration(span: Duration) -> String {
    let millis = span.as_millis();
    if millis == 0 {
        return "0s".to_owned();
    }
    let mut rest = millis;
    let mut parts = Vec::new();
    for (unit, size) in
        [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)]
    {
        if rest >= size {
            parts.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    parts.join(" ")
}

impl Value {
    /// As JSON: spans and sizes as the texts they are written as.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.clone().into(),
            Self::Bool(yes) => (*yes).into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => (*number).into(),
            Self::Duration(span) => print_duration(*span).into(),
            Self::Bytes(bytes) => ByteSize(*bytes).to_string().into(),
            Self::List(items) => items.clone().into(),
        }
    }
}

impl fmt::Display for Value {
    /// As TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", toml::Value::String(text.clone())),
            Self::Bool(yes) => write!(f, "{yes}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Duration(span) => write!(f, "\"{}\"", print_duration(*span)),
            Self::Bytes(bytes) => write!(f, "\"{}\"", ByteSize(*bytes)),
            Self::List(items) => {
                let items: Vec<String> =
                    items.iter().map(|i| toml::Value::String(i.clone()).to_string()).collect();
                write!(f, "[{}]", items.join(", "))
            }
        }
    }
}

/// The texts of a list with commas between them. The form of TOML, in brackets, is taken as well, with or without the quotation
/// marks that a shell removes; an address of IPv6 in brackets is none.
fn list_of(text: &str) -> Vec<String> {
    let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::trim);
    let is_toml = |inner: &&str| {
        let is_address = inner.parse::<std::net::Ipv6Addr>().is_ok();
        inner.starts_with('"') || !(is_address || inner.contains(['[', ']']))
    };
    let inner = inner.filter(is_toml);
    let item = |text: &str| {
        let text = text.trim();
        let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        bare.filter(|_| inner.is_some()).unwrap_or(text).to_owned()
    };
    inner.unwrap_or(text).split(',').map(item).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_commas_or_the_form_of_toml() {
        for (text, expected) in [
            ("a, b,,c", &["a", "b", "c"][..]),
            ("", &[][..]),
            ("[]", &[][..]),
            ("[\"http://a/\", \"http://[::1]/\"]", &["http://a/", "http://[::1]/"][..]),
            ("[http://a/,http://b/]", &["http://a/", "http://b/"][..]),
            ("[::1]", &["[::1]"][..]),
            ("[::1]:80,[::2]", &["[::1]:80", "[::2]"][..]),
            ("\"a\"", &["\"a\""][..]),
        ] {
            assert_eq!(list_of(text), expected, "{text}");
        }
    }

    #[test]
    fn spans_are_read_and_printed() {
        for (text, millis, printed) in [
            ("100ms", 100, "100ms"),
            ("2s", 2_000, "2s"),
            ("1h 30m", 5_400_000, "1h 30m"),
            ("1.5s", 1_500, "1s 500ms"),
            ("7 days", 604_800_000, "7d"),
            ("0", 0, "0s"),
        ] {
            let span = parse_duration(text).unwrap();
            assert_eq!((span.as_millis(), print_duration(span).as_str()), (millis, printed));
        }
        for text in ["", "2", "s", "2 parsecs", "-1s", "1e400s", "1..2s"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_wrong_value_says_what_was_expected() {
        assert_eq!(
            Kind::Choice(&["gzip", "zstd"]).parse("lzma").unwrap_err(),
            "expected one of gzip, zstd, but found \"lzma\""
        );
        assert!(Kind::Bool.parse("maybe").is_err());
        assert!(Kind::Integer.parse("-1").is_err());
        assert!(Kind::Float.parse("NaN").is_err());
    }
}

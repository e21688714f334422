//! Which captures of an answer are wanted, in the words of pywb's CDX server and of the Wayback
//! Machine's.
//!
//! pywb: `[!][=|~]FIELD:TEXT`, where `!` turns it round, `=` asks for the whole value, `~` for a
//! regular expression at its start, and neither for a part of it. Wayback: `[!]FIELD:REGEX` over
//! the whole value. Regular expressions are those of the regex crate: linear time, no
//! back-references; their compiled size is bounded.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::Capture;

/// A field of a capture, by its name in CDXJ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `urlkey`
    Urlkey,
    /// `timestamp`: 14 digits
    Timestamp,
    /// `url`, also `original`
    Url,
    /// `mime`, also `mimetype`
    Mime,
    /// `status`, also `statuscode`; `-` where there is none
    Status,
    /// `digest`; `-` where there is none
    Digest,
    /// `length`
    Length,
    /// `offset`
    Offset,
    /// `filename`
    Filename,
    /// `record_id`
    RecordId,
    /// `record_type`
    RecordType,
    /// `date`: with microseconds
    Date,
}

impl Field {
    /// All fields, in the order of the JSON of a capture.
    pub const ALL: [Self; 12] = [
        Self::Urlkey,
        Self::Timestamp,
        Self::Url,
        Self::Mime,
        Self::Status,
        Self::Digest,
        Self::Length,
        Self::Offset,
        Self::Filename,
        Self::RecordId,
        Self::RecordType,
        Self::Date,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Urlkey => "urlkey",
            Self::Timestamp => "timestamp",
            Self::Url => "url",
            Self::Mime => "mime",
            Self::Status => "status",
            Self::Digest => "digest",
            Self::Length => "length",
            Self::Offset => "offset",
            Self::Filename => "filename",
            Self::RecordId => "record_id",
            Self::RecordType => "record_type",
            Self::Date => "date",
        }
    }

    /// The field of that name, also by the Wayback Machine's names; `None` for others.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "original" => Some(Self::Url),
            "mimetype" => Some(Self::Mime),
            "statuscode" => Some(Self::Status),
            _ => Self::ALL.into_iter().find(|field| field.name() == name),
        }
    }

    /// Its value as it is printed; `-` where there is none.
    #[must_use]
    pub fn value(self, capture: &Capture) -> Cow<'_, str> {
        let or_dash = |text: Option<String>| text.map_or(Cow::Borrowed("-"), Cow::Owned);
        match self {
            Self::Urlkey => Cow::Borrowed(&capture.urlkey),
            Self::Timestamp => Cow::Owned(capture.date.to_stamp14()),
            Self::Url => Cow::Borrowed(&capture.url),
            Self::Mime => Cow::Borrowed(&capture.mime),
            Self::Status => or_dash(capture.status.map(|status| status.to_string())),
            Self::Digest => or_dash(capture.digest.map(|digest| digest.to_string())),
            Self::Length => Cow::Owned(capture.length.to_string()),
            Self::Offset => Cow::Owned(capture.offset.to_string()),
            Self::Filename => Cow::Borrowed(&capture.file),
            Self::RecordId => or_dash(capture.record_id.as_ref().map(ToString::to_string)),
            Self::RecordType => Cow::Borrowed(capture.kind.as_str()),
            Self::Date => Cow::Owned(capture.date.to_warc_date()),
        }
    }
}

/// Why a text is not a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// There is no colon.
    #[error("the filter {filter:?} names no field; expected FIELD:TEXT")]
    NoField {
        /// The filter.
        filter: String,
    },
    /// No field of that name.
    #[error("the filter {filter:?} names an unknown field {field:?}; known are {}", known())]
    UnknownField {
        /// The filter.
        filter: String,
        /// The name.
        field: String,
    },
    /// The regular expression does not compile.
    #[error("the filter {filter:?} has a bad regular expression: {why}")]
    BadRegex {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        why: String,
    },
}

fn known() -> String {
    Field::ALL.map(Field::name).join(", ")
}

/// A condition on one field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Source", into = "Source")]
pub struct Filter {
    source: Source,
    field: Field,
    wanted: Pattern,
    inverted: bool,
}

#[derive(Debug, Clone)]
enum Pattern {
    Part(String),
    Whole(String),
    Regex(Regex),
}

/// A filter as it was written, and in which dialect: what is sent to another process.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Source {
    Pywb(String),
    Wayback(String),
}

impl TryFrom<Source> for Filter {
    type Error = FilterError;

    fn try_from(source: Source) -> Result<Self, FilterError> {
        match source {
            Source::Pywb(text) => Self::parse(&text),
            Source::Wayback(text) => Self::parse_wayback(&text),
        }
    }
}

impl From<Filter> for Source {
    fn from(filter: Filter) -> Self {
        filter.source
    }
}

impl Filter {
    /// Reads a filter as pywb does.
    ///
    /// # Errors
    /// When it names no known field or its regular expression does not compile.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let (inverted, rest) = inverted(text);
        let (mode, rest) = match rest.as_bytes().first() {
            Some(mode @ (b'=' | b'~')) => (*mode, &rest[1..]),
            _ => (0, rest),
        };
        let (field, value) = field(text, rest)?;
        let wanted = match mode {
            b'=' => Pattern::Whole(value.to_owned()),
            b'~' => Pattern::Regex(compile(text, &format!("^(?:{value})"))?),
            _ => Pattern::Part(value.to_owned()),
        };
        Ok(Self { source: Source::Pywb(text.to_owned()), field, wanted, inverted })
    }

    /// Reads a filter as the Wayback Machine does.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_wayback(text: &str) -> Result<Self, FilterError> {
        let (inverted, rest) = inverted(text);
        let (field, value) = field(text, rest)?;
        let wanted = Pattern::Regex(compile(text, &format!("^(?:{value})$"))?);
        Ok(Self { source: Source::Wayback(text.to_owned()), field, wanted, inverted })
    }

    /// Whether the capture passes.
    #[must_use]
    pub fn matches(&self, capture: &Capture) -> bool {
        let value = self.field.value(capture);
        let found = match &self.wanted {
            Pattern::Part(text) => value.contains(text.as_str()),
            Pattern::Whole(text) => value == *text,
            Pattern::Regex(regex) => regex.is_match(&value),
        };
        found != self.inverted
    }
}

fn inverted(text: &str) -> (bool, &str) {
    text.strip_prefix('!').map_or((false, text), |rest| (true, rest))
}

fn field<'a>(filter: &str, rest: &'a str) -> Result<(Field, &'a str), FilterError> {
    let (name, value) =
        rest.split_once(':').ok_or_else(|| FilterError::NoField { filter: filter.to_owned() })?;
    let field = Field::parse(name).ok_or_else(|| FilterError::UnknownField {
        filter: filter.to_owned(),
        field: name.to_owned(),
    })?;
    Ok((field, value))
}

fn compile(filter: &str, pattern: &str) -> Result<Regex, FilterError> {
    RegexBuilder::new(pattern).size_limit(1 << 20).dfa_size_limit(1 << 20).build().map_err(
        |error| {
            let why = match error {
                regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                // The parser draws the pattern over several lines; the last one says what is wrong.
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or_default().trim();
                    last.strip_prefix("error: ").unwrap_or(last).to_owned()
                }
            };
            FilterError::BadRegex { filter: filter.to_owned(), why }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::suite;

    #[test]
    fn filters_are_read_as_pywb_and_the_wayback_machine_read_them() {
        let made = suite::capture("http://Example.com/a", suite::at("2025"), 0, 7);
        let capture = Capture { status: Some(301), ..made };
        for (filter, passes) in [
            ("status:30", true),
            ("=status:30", false),
            ("=status:301", true),
            ("!=status:301", false),
            ("~status:[23]..", true),
            ("~status:0", false),
            ("!~status:2", true),
            ("mime:html", true),
            ("=mimetype:text/html", true),
            ("original:Example.com", true),
            ("filename:000.warc", true),
            ("record_type:response", true),
            ("~url:http://(a|Example)", true),
            ("timestamp:2025", true),
        ] {
            assert_eq!(Filter::parse(filter).unwrap().matches(&capture), passes, "{filter}");
        }
        for (filter, passes) in [
            ("statuscode:30", false),
            ("statuscode:30.", true),
            ("!statuscode:200", true),
            ("mimetype:text/.*", true),
            ("original:http", false),
            ("original:a|http.*", true),
        ] {
            let parsed = Filter::parse_wayback(filter).unwrap();
            assert_eq!(parsed.matches(&capture), passes, "{filter}");
        }
        for (filter, says) in [
            ("status", "names no field"),
            ("colour:red", "unknown field \"colour\""),
            ("~status:[", "bad regular expression"),
            ("~url:(a{1000}){1000}", "too large"),
            ("", "names no field"),
        ] {
            let message = Filter::parse(filter).unwrap_err().to_string();
            assert!(
                message.contains(says) && message.contains(&format!("{filter:?}")),
                "{message}"
            );
        }
    }
}

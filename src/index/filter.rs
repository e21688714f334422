//! Which captures of an answer are wanted, in the words of pywb's CDX server and of the Wayback
//! Machine's.
//!
//! pywb: `[!][=|~]FIELD:TEXT`, where `!` turns it round, `=` asks for the whole value, `~` for a
//! regular expression at its start, and neither for a part of it. Wayback: `[!]FIELD:REGEX` over
//! the whole value. Regular expressions are those of the regex crate: linear time, no
//! back-references; their compiled size is bounded.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::IndexEntry;

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
    pub fn value<'a>(self, entry: &'a IndexEntry, filename: &'a str) -> Cow<'a, str> {
        let or_dash = |text: Option<String>| text.map_or(Cow::Borrowed("-"), Cow::Owned);
        match self {
            Self::Urlkey => Cow::Borrowed(&entry.urlkey),
            Self::Timestamp => Cow::Owned(entry.date.to_stamp14()),
            Self::Url => Cow::Borrowed(&entry.url),
            Self::Mime => Cow::Borrowed(&entry.mime),
            Self::Status => or_dash(entry.status.map(|status| status.to_string())),
            Self::Digest => or_dash(entry.digest.map(|digest| digest.to_string())),
            Self::Length => Cow::Owned(entry.length.to_string()),
            Self::Offset => Cow::Owned(entry.offset.to_string()),
            Self::Filename => Cow::Borrowed(filename),
            Self::RecordId => or_dash(entry.record_id.as_ref().map(ToString::to_string)),
            Self::RecordType => Cow::Borrowed(entry.kind.as_str()),
            Self::Date => Cow::Owned(entry.date.to_warc_date()),
        }
    }
}

/// Why a text is no filter.
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
#[derive(Debug, Clone)]
pub struct Filter {
    field: Field,
    wanted: Wanted,
    inverted: bool,
}

#[derive(Debug, Clone)]
enum Wanted {
    Part(String),
    Whole(String),
    Regex(Regex),
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
            b'=' => Wanted::Whole(value.to_owned()),
            b'~' => Wanted::Regex(compile(text, &format!("^(?:{value})"))?),
            _ => Wanted::Part(value.to_owned()),
        };
        Ok(Self { field, wanted, inverted })
    }

    /// Reads a filter as the Wayback Machine does.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_wayback(text: &str) -> Result<Self, FilterError> {
        let (inverted, rest) = inverted(text);
        let (field, value) = field(text, rest)?;
        let wanted = Wanted::Regex(compile(text, &format!("^(?:{value})$"))?);
        Ok(Self { field, wanted, inverted })
    }

    /// Whether the capture passes.
    #[must_use]
    pub fn matches(&self, entry: &IndexEntry, filename: &str) -> bool {
        let value = self.field.value(entry, filename);
        let found = match &self.wanted {
            Wanted::Part(text) => value.contains(text.as_str()),
            Wanted::Whole(text) => value == *text,
            Wanted::Regex(regex) => regex.is_match(&value),
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

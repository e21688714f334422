//! Index lines that other programs read and write: CDXJ as pywb writes it with our fields after
//! its own, the JSON of a capture, and CDX with 11 (or 9) columns.
//!
//! | | |
//! |---|---|
//! | CDXJ | `urlkey timestamp {"url": …, "mime": …, …}`; fields without a value are left out |
//! | JSON | one object with every field, `"-"` where there is no value |
//! | CDX | ` CDX N b a m s k r M S V g` and columns separated by spaces; SHA-1 without its label, as there |
//!
//! JSON is printed as Python's does by default (`", "`, `": "`, non-ASCII escaped), since sorted
//! CDXJ files are compared and merged by bytes.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use super::filter::Field;
use super::{Capture, RecordId, RecordKind, RefersTo};
use crate::base::{Digest, DigestAlgorithm, TimeRange, Timestamp};

/// The first line of a CDX file with eleven columns.
pub const CDX11_HEADER: &str = " CDX N b a m s k r M S V g";

const COLUMNS_11: &[u8] = b"NbamskrMSVg";
const COLUMNS_9: &[u8] = b"NbamskrVg";

/// Why a line is not a capture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CdxError {
    /// Too few or too many columns.
    #[error("expected {expected} columns, but found {found}")]
    Columns {
        /// How many the header names.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// No urlkey, stamp and JSON object.
    #[error("expected a urlkey, a timestamp and a JSON object")]
    NotCdxj,
    /// The JSON does not parse.
    #[error("bad JSON: {0}")]
    Json(String),
    /// A required field is missing.
    #[error("no {0}")]
    Missing(&'static str),
    /// A field has no such value.
    #[error("{field} cannot be {value:?}")]
    Bad {
        /// The field.
        field: &'static str,
        /// Its text.
        value: String,
    },
    /// The header names no columns.
    #[error("expected a header such as {CDX11_HEADER:?}, but found {0:?}")]
    Header(String),
}

/// The capture as a CDXJ line, without the newline.
#[must_use]
pub fn cdxj_line(capture: &Capture) -> String {
    let mut out = String::with_capacity(400);
    out.push_str(&capture.urlkey);
    out.push(' ');
    out.push_str(&capture.date.to_stamp14());
    out.push_str(" {");
    let mut first = true;
    for (name, value) in cdxj_fields(capture) {
        put_field(&mut out, &mut first, name, &value);
    }
    out.push('}');
    out
}

/// The same with the other values of a capture, in fields that other programs skip: reading it gives the same capture.
#[must_use]
pub fn cdxj_whole_line(capture: &Capture) -> String {
    let mut out = cdxj_line(capture);
    let mut put = |name: &str, value: &str| {
        out.pop();
        put_field(&mut out, &mut false, name, value);
        out.push('}');
    };
    if let Some(refers) = &capture.refers_to {
        for (name, value) in [
            (REFERS_TO_URI, refers.url.clone()),
            (REFERS_TO_DATE, refers.date.map(Timestamp::to_warc_date)),
            (REFERS_TO, refers.record_id.as_ref().map(ToString::to_string)),
        ] {
            if let Some(value) = value {
                put(name, &value);
            }
        }
    }
    if capture.truncated {
        put(TRUNCATED, "yes");
    }
    out
}

const REFERS_TO_URI: &str = "refers_to_target_uri";
const REFERS_TO_DATE: &str = "refers_to_date";
const REFERS_TO: &str = "refers_to";
const TRUNCATED: &str = "truncated";

/// The fields of the JSON object of a CDXJ line, in order; those without a value are left out.
pub fn cdxj_fields(capture: &Capture) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
    let fields = Field::ALL[2..].iter().map(|field| (field.name(), field.value(capture)));
    fields.filter(|(_, value)| !value.is_empty() && value != "-")
}

/// The capture as a JSON object with all fields, all of them texts; for another archive's copy also `copy_of`,
/// where it was fetched from.
#[must_use]
pub fn json_line(capture: &Capture) -> String {
    let mut out = String::with_capacity(400);
    out.push('{');
    let mut first = true;
    for field in Field::ALL {
        put_field(&mut out, &mut first, field.name(), &field.value(capture));
    }
    if let Some(from) = capture.copied_from() {
        put_field(&mut out, &mut first, COPY_OF, from);
    }
    out.push('}');
    out
}

/// The name of the field that only another archive's copy has.
pub const COPY_OF: &str = "copy_of";

/// These names and values as a JSON object of texts, in their order.
pub(crate) fn json_object<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::with_capacity(400);
    out.push('{');
    let mut first = true;
    for (name, value) in fields {
        put_field(&mut out, &mut first, name, value);
    }
    out.push('}');
    out
}

fn put_field(out: &mut String, first: &mut bool, name: &str, value: &str) {
    if !*first {
        out.push_str(", ");
    }
    *first = false;
    out.push('"');
    out.push_str(name);
    out.push_str("\": ");
    put_json_text(out, value);
}

/// A JSON text in ASCII, with the short escapes where there are any.
fn put_json_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// The capture as a line of eleven columns, without the newline.
#[must_use]
pub fn cdx11_line(capture: &Capture) -> String {
    let digest = capture.digest.map_or_else(|| "-".to_owned(), bare_digest);
    let columns = [
        capture.urlkey.as_str(),
        &capture.date.to_stamp14(),
        &capture.url,
        &capture.mime,
        &Field::Status.value(capture),
        &digest,
        "-",
        "-",
        &capture.length.to_string(),
        &capture.offset.to_string(),
        &capture.file,
    ];
    self::columns(&columns)
}

/// Columns separated by spaces.
pub(crate) fn columns(columns: &[&str]) -> String {
    let mut line = String::with_capacity(200);
    for (index, column) in columns.iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        put_column(&mut line, column);
    }
    line
}

/// SHA-1 as CDX files have always had it, without a label; anything else with one.
#[must_use]
pub fn bare_digest(digest: Digest) -> String {
    let text = digest.to_string();
    match digest.algorithm() {
        DigestAlgorithm::Sha1 => text.trim_start_matches("sha1:").to_owned(),
        DigestAlgorithm::Sha256 => text,
    }
}

/// A column has no white space, and is never empty.
pub fn put_column(line: &mut String, text: &str) {
    if text.is_empty() {
        line.push('-');
    }
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(line, "%{byte:02X}");
            }
        } else {
            line.push(character);
        }
    }
}

/// Reads a CDXJ line: pywb's, cdxj-indexer's or ours.
///
/// # Errors
/// When it is not a CDXJ line, or lacks its url, or has malformed numbers.
pub fn parse_cdxj(line: &str) -> Result<Capture, CdxError> {
    let mut parts = line.trim_end_matches(['\n', '\r']).splitn(3, ' ');
    let (Some(urlkey), Some(stamp), Some(json)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(CdxError::NotCdxj);
    };
    if urlkey.is_empty() || !json.trim_start().starts_with('{') {
        return Err(CdxError::NotCdxj);
    }
    let object: serde_json::Map<String, Value> =
        serde_json::from_str(json).map_err(|error| CdxError::Json(error.to_string()))?;
    let text = |name: &str| object.get(name)?.as_str().map(str::to_owned);
    let refers_to = RefersTo {
        url: text(REFERS_TO_URI),
        date: text(REFERS_TO_DATE).and_then(|date| Timestamp::parse(&date)),
        record_id: text(REFERS_TO).map(|id| RecordId::parse(&id)),
    };
    let truncated = text(TRUNCATED).is_some();
    let capture = row(urlkey, stamp, |field| {
        let other = match field {
            Field::Url => "original",
            Field::Mime => "mimetype",
            Field::Status => "statuscode",
            field => field.name(),
        };
        match object.get(field.name()).or_else(|| object.get(other))? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    })?;
    let refers_to = Some(refers_to).filter(|refers| *refers != RefersTo::default());
    Ok(Capture { refers_to, truncated, ..capture })
}

/// The columns of a CDX file, from its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdxColumns(Vec<u8>);

impl CdxColumns {
    /// Reads a header line.
    ///
    /// # Errors
    /// When it is malformed, or has no column for the url, the time, the offset or the file.
    pub fn parse(header: &str) -> Result<Self, CdxError> {
        let error = || CdxError::Header(header.to_owned());
        let letters = header.trim().strip_prefix("CDX").ok_or_else(error)?;
        let columns: Option<Vec<u8>> = letters
            .split_ascii_whitespace()
            .map(|letter| match letter.as_bytes() {
                [letter] => Some(*letter),
                _ => None,
            })
            .collect();
        let columns = columns.ok_or_else(error)?;
        if b"baVg".iter().all(|needed| columns.contains(needed)) {
            Ok(Self(columns))
        } else {
            Err(error())
        }
    }

    /// The columns of a line without a header, by their number: nine or eleven.
    #[must_use]
    pub fn usual(count: usize) -> Option<Self> {
        match count {
            9 => Some(Self(COLUMNS_9.to_vec())),
            11 => Some(Self(COLUMNS_11.to_vec())),
            _ => None,
        }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// When it has another number of columns, or malformed numbers.
    pub fn parse_line(&self, line: &str) -> Result<Capture, CdxError> {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        if columns.len() != self.0.len() {
            return Err(CdxError::Columns { expected: self.0.len(), found: columns.len() });
        }
        let column = |letter: u8| {
            let at = self.0.iter().position(|known| *known == letter)?;
            columns.get(at).copied()
        };
        let url = column(b'a').unwrap_or_default();
        let urlkey = column(b'N').map_or_else(|| crate::base::surt::urlkey(url), str::to_owned);
        row(&urlkey, column(b'b').unwrap_or_default(), |field| {
            let letter = match field {
                Field::Url => b'a',
                Field::Mime => b'm',
                Field::Status => b's',
                Field::Digest => b'k',
                Field::Length => b'S',
                Field::Offset => b'V',
                Field::Filename => b'g',
                _ => return None,
            };
            column(letter).map(str::to_owned)
        })
    }
}

fn row(
    urlkey: &str,
    stamp: &str,
    value: impl Fn(Field) -> Option<String>,
) -> Result<Capture, CdxError> {
    let value = |field| value(field).filter(|text| !text.is_empty() && text != "-");
    let bad = |field: &'static str, value: &str| CdxError::Bad { field, value: value.to_owned() };
    let number = |field: Field| match value(field) {
        None => Ok(None),
        Some(text) => text.parse::<u64>().map(Some).map_err(|_| bad(field.name(), &text)),
    };
    let second = TimeRange::from_digits(stamp).ok_or_else(|| bad("timestamp", stamp))?;
    // The date is finer than the stamp; one that contradicts it is ignored.
    let date = value(Field::Date)
        .and_then(|date| Timestamp::parse(&date))
        .filter(|date| second.contains(*date))
        .unwrap_or(second.start);
    let mime = value(Field::Mime).unwrap_or_else(|| "unk".to_owned());
    let kind = value(Field::RecordType).and_then(|kind| RecordKind::from_warc_type(&kind));
    let of_mime = if mime == "warc/revisit" { RecordKind::Revisit } else { RecordKind::Response };
    let status = match value(Field::Status) {
        None => None,
        Some(text) => Some(text.parse::<u16>().map_err(|_| bad("status", &text))?),
    };
    Ok(Capture {
        urlkey: urlkey.to_owned(),
        date,
        url: value(Field::Url).ok_or(CdxError::Missing("url"))?,
        mime,
        status,
        digest: value(Field::Digest).and_then(|text| parse_digest(&text)),
        length: number(Field::Length)?.unwrap_or(0),
        offset: number(Field::Offset)?.ok_or(CdxError::Missing("offset"))?,
        file: value(Field::Filename).ok_or(CdxError::Missing("filename"))?.into(),
        record_id: value(Field::RecordId).map(|id| RecordId::parse(&id)),
        kind: kind.unwrap_or(of_mime),
        refers_to: None,
        truncated: false,
    })
}

/// A digest with a label, or SHA-1 without one. Digests of other algorithms are left out here: the record itself still
/// has them.
fn parse_digest(text: &str) -> Option<Digest> {
    text.parse().ok().or_else(|| format!("sha1:{text}").parse().ok())
}

#[cfg(test)]
mod tests;

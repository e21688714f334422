//! One line: its fields, and how they are written.

use crate::archive::cdx;
use crate::base::{DigestAlgorithm, MediaType, surt};
use crate::http::Head;
use crate::warc::{Fields, RecordKind, name};

use super::post;

pub use crate::archive::cdx::CDX11_HEADER;

/// The longest URL that has a line, in bytes. Servers take 8 KiB, browsers up to 2 MiB; a line holds it several
/// times over, and each of its bytes may be escaped.
pub(super) const URL_BYTES_MAX: usize = 64 * 1024;
/// The longest digest that is printed as it is, in bytes.
const DIGEST_BYTES_MAX: usize = 256;
/// How much is printed of a media type, in bytes.
const MIME_BYTES_MAX: usize = 256;

/// The format of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineFormat {
    /// `urlkey timestamp {JSON}`.
    #[default]
    Cdxj,
    /// Eleven columns.
    Cdx11,
}

/// Which digests lines have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DigestChoice {
    /// The record's own as it is; SHA-1 of the payload where it has none.
    #[default]
    Keep,
    /// Of this algorithm, recomputed; revisits keep their own.
    Recompute(DigestAlgorithm),
}

impl DigestChoice {
    /// With which algorithm the payload is hashed, if at all, of a record that states `stated`.
    pub(super) fn to_count(self, stated: Option<&str>) -> Option<DigestAlgorithm> {
        match (self, stated) {
            (Self::Keep, Some(_)) => None,
            (Self::Keep, None) => Some(DigestAlgorithm::Sha1),
            (Self::Recompute(algorithm), _) => Some(algorithm),
        }
    }
}

/// The fields of a line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub id: Option<String>,
    pub concurrent_to: Vec<String>,
    pub url: String,
    stamp: String,
    mime: Option<String>,
    status: Option<String>,
    pub digest: Option<String>,
    pub length: u64,
    pub offset: u64,
    /// Method, and the query of the request's body.
    pub post: Option<(String, String)>,
}

/// The identifiers that a record names as parts of the same exchange.
pub(super) fn ids(fields: &Fields) -> Vec<String> {
    fields.concurrent_to().into_iter().map(|id| id.uri().to_owned()).collect()
}

/// Whether the block of a request, response or revisit is an HTTP message: by its type, or by the
/// scheme of its URL where it has none.
pub(super) fn is_http(fields: &Fields, url: &str) -> bool {
    match fields.content_type() {
        Some(text) if !text.trim().is_empty() => {
            MediaType::parse(&text).essence() == "application/http"
        }
        _ => url.starts_with("http:") || url.starts_with("https:"),
    }
}

impl Line {
    /// What the header says; `None` where it has no date.
    pub fn begin(fields: &Fields, kind: &RecordKind, url: String) -> Option<Self> {
        Some(Self {
            id: fields.record_id().map(|id| id.uri().to_owned()),
            concurrent_to: ids(fields),
            url,
            stamp: fields.date()?.to_stamp14(),
            mime: (*kind == RecordKind::Revisit).then(|| "warc/revisit".to_owned()),
            digest: fields
                .text(name::PAYLOAD_DIGEST)
                .filter(|text| text.len() <= DIGEST_BYTES_MAX)
                .map(|text| text.trim().to_owned()),
            ..Self::default()
        })
    }

    /// What an HTTP head says.
    pub fn take_head(&mut self, head: &Head, kind: &RecordKind) {
        if *kind != RecordKind::Revisit {
            self.mime = head.get_text("content-type").map(|text| essence(&text));
        }
        let line = head.start_line();
        let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let is_http = words.next().is_some_and(|word| word.starts_with(b"HTTP/"));
        let status = words
            .next()
            .filter(|word| is_http && word.len() <= 8 && word.iter().all(u8::is_ascii_digit));
        self.status = status.map(|status| String::from_utf8_lossy(status).into_owned());
    }

    /// Takes the media type of a record without HTTP.
    pub fn take_media_type(&mut self, fields: &Fields, kind: &RecordKind) {
        if *kind != RecordKind::Revisit {
            self.mime = fields.content_type().map(|text| essence(&text));
        }
    }

    /// The line, without its end, for a file of that name.
    pub fn text(&self, format: LineFormat, file: &str) -> String {
        let urlkey = match &self.post {
            Some((method, query)) => surt::urlkey(&post::with_query(&self.url, method, query)),
            None => surt::urlkey(&self.url),
        };
        let (length, offset) = (self.length.to_string(), self.offset.to_string());
        match format {
            LineFormat::Cdxj => {
                let (method, body) = match &self.post {
                    Some((method, query)) => (Some(method.as_str()), Some(query.as_str())),
                    None => (None, None),
                };
                let fields = [
                    ("url", Some(self.url.as_str())),
                    ("mime", self.mime.as_deref()),
                    ("status", self.status.as_deref()),
                    ("digest", self.digest.as_deref()),
                    ("length", Some(&length)),
                    ("offset", Some(&offset)),
                    ("filename", Some(file)),
                    ("requestBody", body),
                    ("method", method),
                ];
                let fields = fields.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
                format!("{urlkey} {} {}", self.stamp, cdx::json_object(fields))
            }
            LineFormat::Cdx11 => {
                let or_dash = |value: &Option<String>| {
                    value.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned())
                };
                // Columns have had the bare value since there was only one algorithm.
                let digest = self.digest.as_ref().map(|text| match text.split_once(':') {
                    Some((_, value)) => value.to_owned(),
                    None => text.clone(),
                });
                cdx::columns(&[
                    &urlkey,
                    &self.stamp,
                    &self.url,
                    &or_dash(&self.mime),
                    &or_dash(&self.status),
                    &or_dash(&digest),
                    "-",
                    "-",
                    &length,
                    &offset,
                    file,
                ])
            }
        }
    }
}

/// A media type without its parameters, in its own letters.
fn essence(value: &str) -> String {
    let value = &value[..value.floor_char_boundary(MIME_BYTES_MAX)];
    let end = value.find(|c: char| c == ';' || c.is_whitespace()).unwrap_or(value.len());
    value[..end].to_owned()
}

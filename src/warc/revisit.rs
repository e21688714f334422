//! Revisits: which record each refers to, and what the two say together.
//!
//! A revisit has the head of a response and no body; the body is in the record that was captured
//! before (ISO 28500 section 6.7). [`Originals`] remembers the records that may be referred to, of one
//! file or of many, and finds the one that a revisit means:
//!
//! 1. the record that `WARC-Refers-To` names;
//! 2. the record of `WARC-Refers-To-Target-URI` at `WARC-Refers-To-Date`;
//! 3. the record of the same payload digest, of the same URI where there is one.
//!
//! A record of another payload digest is never taken: a reference may be wrong, a digest is not.
//! [`Resolved`] reads the two: the head of the revisit, the payload of the original. Opening files is
//! the caller's; nothing here keeps a block.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _};

use super::fields::{Fields, name};
use super::parse::RecordHeader;
use super::record::RecordKind;
use crate::base::{Checksum, Timestamp};
use crate::http::{Head, Method, ResponseShape, payload, read_shape};

/// The places of records that revisits may refer to; `P` says where a record is.
#[derive(Debug, Clone)]
pub struct Originals<P> {
    places: Vec<Place<P>>,
    by_id: HashMap<String, usize>,
    by_uri_and_date: HashMap<(String, String), usize>,
    by_digest: HashMap<Checksum, Vec<usize>>,
}

#[derive(Debug, Clone)]
struct Place<P> {
    place: P,
    uri: String,
    digest: Option<Checksum>,
}

/// Records of one digest that are remembered by it: a page that never changes may have thousands.
const OF_ONE_DIGEST_MAX: usize = 64;

impl<P> Default for Originals<P> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            by_id: HashMap::new(),
            by_uri_and_date: HashMap::new(),
            by_digest: HashMap::new(),
        }
    }
}

impl<P> Originals<P> {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a record, where a revisit may refer to it: a response or a resource.
    pub fn learn(&mut self, fields: &Fields, place: P) {
        if !matches!(fields.record_kind(), Some(RecordKind::Response | RecordKind::Resource)) {
            return;
        }
        let number = self.places.len();
        let uri = fields.target_uri().unwrap_or_default().into_owned();
        let digest = payload_digest(fields);
        if let Some(id) = fields.record_id() {
            self.by_id.entry(id.uri().to_owned()).or_insert(number);
        }
        if let Some(date) = fields.date() {
            self.by_uri_and_date.entry((uri.clone(), to_second(date))).or_insert(number);
        }
        if let Some(digest) = &digest {
            let same = self.by_digest.entry(digest.clone()).or_default();
            if same.len() < OF_ONE_DIGEST_MAX {
                same.push(number);
            }
        }
        self.places.push(Place { place, uri, digest });
    }

    /// How many records are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where the record is that a revisit refers to; `None` where it is not among these, and for
    /// a record that is not a revisit.
    #[must_use]
    pub fn of(&self, revisit: &Fields) -> Option<&P> {
        if revisit.record_kind() != Some(RecordKind::Revisit) {
            return None;
        }
        let digest = payload_digest(revisit);
        let fits = |number: &usize| {
            let there = &self.places[*number].digest;
            there
                .as_ref()
                .zip(digest.as_ref())
                .is_none_or(|(a, b)| a == b || a.algorithm() != b.algorithm())
        };
        let by_id = || revisit.refers_to().and_then(|id| self.by_id.get(id.uri()).copied());
        let by_uri_and_date = || {
            let uri = revisit.refers_to_target_uri().or_else(|| revisit.target_uri())?;
            let date = to_second(revisit.refers_to_date()?);
            self.by_uri_and_date.get(&(uri.into_owned(), date)).copied()
        };
        let by_digest = || {
            let same = self.by_digest.get(digest.as_ref()?)?;
            let uri = revisit.refers_to_target_uri().or_else(|| revisit.target_uri());
            let of_uri = same
                .iter()
                .find(|number| uri.as_deref().is_some_and(|uri| self.places[**number].uri == uri));
            of_uri.or_else(|| same.first()).copied()
        };
        let found = by_id().filter(fits).or_else(|| by_uri_and_date().filter(fits));
        found.or_else(by_digest).map(|number| &self.places[number].place)
    }
}

fn payload_digest(fields: &Fields) -> Option<Checksum> {
    fields.text(name::PAYLOAD_DIGEST)?.parse().ok()
}

/// A date without what is below a second, which WARC/1.0 has not.
fn to_second(date: Timestamp) -> String {
    date.to_warc_date().chars().take(19).collect()
}

/// A revisit and its original, read together.
pub struct Resolved<'a> {
    /// The head of the response: of the revisit, or of the original where the revisit has none or
    /// says that nothing was modified (304).
    pub head: Vec<u8>,
    /// The original's head, which says how the payload is coded.
    pub original_head: Vec<u8>,
    /// The payload: the original's body without its transfer codings, its content coding kept.
    pub payload: Box<dyn BufRead + Send + 'a>,
}

/// Joins the block of a revisit with that of its original. An original that is no HTTP response (a
/// `resource`) is all payload.
///
/// # Errors
/// When a block cannot be read as far as its head.
pub fn resolve<'a>(
    revisit: impl BufRead,
    original_header: &RecordHeader,
    mut original: impl BufRead + Send + 'a,
) -> io::Result<Resolved<'a>> {
    let (shape, start) = read_shape(revisit, Method::Get)?;
    let own = head_of(&shape, start);
    let is_http = original_header
        .fields
        .content_type()
        .is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with("application/http"));
    if !is_http {
        return Ok(Resolved { head: own, original_head: Vec::new(), payload: Box::new(original) });
    }
    let (shape, start) = read_shape(&mut original, Method::Get)?;
    let original_head = head_of(&shape, start.clone());
    let unmodified = Head::parse(&own).status == Some(304);
    let head = if own.is_empty() || unmodified { original_head.clone() } else { own };
    let whole = io::Cursor::new(start).chain(original);
    Ok(Resolved { head, original_head, payload: payload(whole, &shape) })
}

/// The head alone; nothing where the bytes are not a response.
fn head_of(shape: &ResponseShape, mut start: Vec<u8>) -> Vec<u8> {
    let length = usize::try_from(shape.head_len).unwrap_or(start.len()).min(start.len());
    start.truncate(if shape.status.is_some() { length } else { 0 });
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warc::parse::{HeaderLimits, Mode, parse_header};

    fn header(lines: &str) -> RecordHeader {
        let text = format!("WARC/1.1\r\n{lines}Content-Length: 0\r\n\r\n");
        parse_header(text.as_bytes(), Mode::Lenient, &HeaderLimits::default()).unwrap().0
    }

    fn response(id: &str, uri: &str, date: &str, digest: &str) -> RecordHeader {
        header(&format!(
            "WARC-Type: response\r\nWARC-Record-ID: <urn:{id}>\r\nWARC-Target-URI: {uri}\r\nWARC-Date: {date}\r\nWARC-Payload-Digest: {digest}\r\nContent-Type: application/http; msgtype=response\r\n"
        ))
    }

    const A: &str = "sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const B: &str = "sha1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

    fn originals() -> Originals<u32> {
        let mut originals = Originals::new();
        for (number, id, uri, date, digest) in [
            (1, "1", "http://a.example/", "2020-01-01T00:00:00Z", B),
            (2, "2", "http://a.example/x", "2020-01-02T00:00:00.5Z", B),
            (
                3,
                "3",
                "http://b.example/",
                "2020-01-03T00:00:00Z",
                "md5:900150983cd24fb0d6963f7d28e17f72",
            ),
        ] {
            originals.learn(&response(id, uri, date, digest).fields, number);
        }
        originals
    }

    #[test]
    fn the_record_that_is_meant_is_found() {
        let originals = originals();
        assert_eq!(originals.len(), 3);
        for (lines, expected) in [
            (format!("WARC-Refers-To: <urn:2>\r\nWARC-Payload-Digest: {B}\r\n"), Some(2)),
            ("WARC-Refers-To: <urn:3>\r\n".to_owned(), Some(3)),
            (
                "WARC-Refers-To-Target-URI: http://a.example/x\r\nWARC-Refers-To-Date: 2020-01-02T00:00:00Z\r\n".to_owned(),
                Some(2),
            ),
            (format!("WARC-Payload-Digest: {B}\r\n"), Some(1)),
            (format!("WARC-Target-URI: http://a.example/x\r\nWARC-Payload-Digest: {B}\r\n"), Some(2)),
            // Digests of two algorithms cannot be compared: the reference counts.
            (format!("WARC-Refers-To: <urn:3>\r\nWARC-Payload-Digest: {B}\r\n"), Some(3)),
            (
                "WARC-Refers-To: <urn:1>\r\nWARC-Payload-Digest: sha1:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC\r\n".to_owned(),
                None,
            ),
            ("WARC-Refers-To: <urn:9>\r\n".to_owned(), None),
            (format!("WARC-Payload-Digest: {A}\r\n"), None),
        ] {
            let revisit = header(&format!("WARC-Type: revisit\r\n{lines}"));
            assert_eq!(originals.of(&revisit.fields).copied(), expected, "{lines}");
        }
        assert_eq!(originals.of(&response("1", "x", "y", B).fields), None);
    }

    fn joined(revisit: &str, original: &str) -> (String, String) {
        let header = response("1", "http://a.example/", "2020-01-01T00:00:00Z", B);
        let mut resolved = resolve(revisit.as_bytes(), &header, original.as_bytes()).unwrap();
        let mut payload = String::new();
        resolved.payload.read_to_string(&mut payload).unwrap();
        (String::from_utf8(resolved.head).unwrap(), payload)
    }

    #[test]
    fn the_head_is_the_revisits_and_the_payload_the_originals() {
        let original =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: old\r\n\r\n2\r\nab\r\n0\r\n\r\n";
        let original_head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: old\r\n\r\n";
        for (revisit, head) in [
            ("HTTP/1.1 200 OK\r\nX: new\r\n\r\n", "HTTP/1.1 200 OK\r\nX: new\r\n\r\n"),
            ("HTTP/1.1 304 Not Modified\r\nX: new\r\n\r\n", original_head),
            ("", original_head),
        ] {
            assert_eq!(
                joined(revisit, original),
                (head.to_owned(), "ab".to_owned()),
                "{revisit:?}"
            );
        }
    }
}

//! Index lines of any WARC file, as cdxj-indexer and pywb write them: what a capture is, and where
//! its record is.
//!
//! Owns which records have a line, what the line says ([`mod@line`]), which request belongs to which response
//! ([`pairs`]), so that POST and PUT requests to one URL have keys of their own ([`post`]), and reading one file
//! by several threads. Deliberately knows no archive: any file is indexed, and [`crate::sorted`]
//! puts the lines in order.
//!
//! Where the lines differ from cdxj-indexer's, `docs/reference/index-lines.md` says why.

mod line;
mod pairs;
pub mod post;

use std::io::{self, Read};

use crate::base::{Finding, Hasher};
use crate::http::{
    BodyFraming, Head, Method, copy_payload, decode_body, payload, read_shape, shape_of,
};
use crate::sorted::{SortOptions, Sorter};
use crate::warc::{
    Fields, Framing, InputFile, PartWork, ReadError, RecordHeader, RecordKind, RecordReader,
    read_in_parts,
};

pub use line::{CDX11_HEADER, DigestChoice, LineFormat};
use line::{Line, URL_BYTES_MAX, is_http};
use pairs::{Asked, Event, Lead, Pairs};

/// How many bytes of a request body are read for its query: JSON beyond is taken as cut.
const BODY_BYTES_MAX: usize = 4 << 20;
/// How many bytes of a request are read in all: its head comes on top of its body.
pub const REQUEST_BYTES_MAX: u64 = 5 << 20;

/// What lines are to say, and how they are made.
#[derive(Debug, Clone, Default)]
pub struct LineOptions {
    /// In which format.
    pub format: LineFormat,
    /// Which digests.
    pub digest: DigestChoice,
    /// How many threads read one file; none and one are the same.
    pub threads: usize,
    /// How many bytes of lines are held in memory by each.
    pub sort: SortOptions,
}

/// What became of a file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Indexed {
    /// Records read.
    pub records: u64,
    /// Lines given.
    pub lines: u64,
}

/// Why a file was not indexed to its end.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] crate::warc::OpenError),
    /// A line could not be kept or handed on.
    #[error("passing a line on: {0}")]
    Sink(io::Error),
}

/// Gives the lines of a file to `sink`, without line ends and in no order; `name` is the file's name in
/// them. What is wrong with the file is passed to `found`.
///
/// # Errors
/// When the file cannot be read, lines do not go into a temporary file, or `sink` fails. Damage is no
/// error but a finding.
pub fn lines_of(
    file: InputFile,
    name: &str,
    options: &LineOptions,
    sink: &mut dyn FnMut(Sorter) -> io::Result<()>,
    found: &mut dyn FnMut(Finding),
) -> Result<Indexed, LineError> {
    let new = |is_first| PartLines::new(name, options, is_first);
    let (parts, error) = read_in_parts(file, options.threads, &new, found);
    let (mut done, mut shared) = (Indexed::default(), 0);
    // What a part holds at its end may belong to what the next one begins with.
    let mut held = Pairs::default();
    for part in parts {
        let PartLines { lead, pairs, mut out, records, error, .. } = part;
        (done.records, shared) = (done.records + records, shared + out.shared);
        let (events, is_over) = lead.into_parts();
        for event in events {
            held.event(event, &mut |line| out.give(line)).map_err(LineError::Sink)?;
        }
        if is_over {
            held.let_go(&mut |line| out.give(line)).map_err(LineError::Sink)?;
            held = pairs;
        }
        done.lines += out.lines;
        sink(out.sorter).map_err(LineError::Sink)?;
        error.map_or(Ok(()), |why| Err(LineError::Sink(why)))?;
    }
    let mut out = Out::new(name, options);
    held.let_go(&mut |line| out.give(line)).map_err(LineError::Sink)?;
    done.lines += out.lines;
    sink(out.sorter).map_err(LineError::Sink)?;
    if shared > 0 {
        let what = format!(
            "{shared} captures have no line, since each shares its gzip member with other records; `pressmark recompress` separates them"
        );
        found(Finding::error(name, None, "shared-member", what));
    }
    error.map_or(Ok(done), |why| Err(why.into()))
}

/// Where lines go.
struct Out<'a> {
    name: &'a str,
    format: LineFormat,
    sorter: Sorter,
    lines: u64,
    /// Captures that share their gzip member with other records.
    shared: u64,
}

impl<'a> Out<'a> {
    fn new(name: &'a str, options: &LineOptions) -> Self {
        let sorter = Sorter::new(options.sort.clone());
        Self { name, format: options.format, sorter, lines: 0, shared: 0 }
    }

    fn give(&mut self, line: Line) -> io::Result<()> {
        self.lines += 1;
        self.sorter.push(line.text(self.format, self.name).as_bytes())
    }
}

/// The lines of a part of a file.
struct PartLines<'a> {
    digest: DigestChoice,
    records: u64,
    /// What may belong to the end of the part before.
    lead: Lead,
    pairs: Pairs,
    out: Out<'a>,
    /// Why a line was not kept.
    error: Option<io::Error>,
}

impl PartWork for PartLines<'_> {
    fn record<R: Read + Send>(
        &mut self,
        record: RecordReader<'_, R>,
        found: &mut dyn FnMut(Finding),
    ) {
        self.records += 1;
        let event = self.read(record, found).and_then(|event| self.lead.event(event));
        if let Some(event) = event {
            let out = &mut self.out;
            let result = self.pairs.event(event, &mut |line| out.give(line));
            self.error = self.error.take().or(result.err());
        }
    }

    fn has_failed(&self) -> bool {
        self.error.is_some()
    }

    fn is_joinable(&self) -> bool {
        self.lead.is_joinable()
    }
}

impl<'a> PartLines<'a> {
    fn new(name: &'a str, options: &LineOptions, is_first: bool) -> Self {
        Self {
            digest: options.digest,
            records: 0,
            lead: Lead::new(is_first),
            pairs: Pairs::default(),
            out: Out::new(name, options),
            error: None,
        }
    }

    /// What a record is of: a line, or a request. A record that is cut, damaged or shares its member
    /// cannot be read by its place and has none; the reader reports it, and encounters again what it
    /// cannot read.
    fn read<R: Read + Send>(
        &mut self,
        mut record: RecordReader<'_, R>,
        found: &mut dyn FnMut(Finding),
    ) -> Option<Event> {
        let offset = record.offset();
        let RecordHeader { fields, raw, content_length, .. } = record.take_header();
        // In a plain file, what is between two records belongs to neither, as warcio counts.
        let bare_length = (raw.len() as u64).saturating_add(content_length);
        let bare_length = Some(bare_length).filter(|_| record.framing() == Some(Framing::Plain));
        drop(raw);
        let kind = fields.record_kind()?;
        let url = fields.target_uri()?;
        let mut warn = |rule, what: String| {
            found(Finding::warning(self.out.name, Some(offset), rule, what));
        };
        if kind != RecordKind::Request && !has_line(&kind, &fields) {
            let _ = record.skip();
            return None;
        }
        if url.len() > URL_BYTES_MAX {
            let what =
                format!("a URL of {} bytes has no line; the limit is {URL_BYTES_MAX}", url.len());
            warn("url-length", what);
            return None;
        }
        let url = url.replace(' ', "%20");
        if kind == RecordKind::Request {
            let asked = asked(&fields, url, &mut record);
            return record.skip().ok().map(|_| Event::Request(asked));
        }
        let Some(mut line) = Line::begin(&fields, &kind, url) else {
            warn("no-date", "a record without a date has no line".to_owned());
            return None;
        };
        let filled = fill(&mut line, &fields, &kind, self.digest, &mut record);
        let place = record.skip().ok()?;
        self.out.shared += u64::from(place.length.is_none() && place.intact);
        let (Ok(()), Some(length), true) = (filled, place.length, place.intact) else {
            return None;
        };
        (line.offset, line.length) = (place.offset, bare_length.unwrap_or(length));
        Some(match kind {
            RecordKind::Response | RecordKind::Revisit => Event::Response(line),
            _ => Event::Alone(line),
        })
    }
}

/// Whether records of this kind have a line: captures, and what else a URL names; no notes on other
/// records.
fn has_line(kind: &RecordKind, fields: &Fields) -> bool {
    match kind {
        RecordKind::Response | RecordKind::Revisit => true,
        RecordKind::Resource | RecordKind::Metadata => {
            fields.content_type().as_deref() != Some("application/warc-fields")
        }
        _ => false,
    }
}

/// The method of a request as it was sent, in upper case, and the query of its body: with these [`post::with_query`]
/// gives the URL from which the key of its response is made. Total: whatever the bytes are.
#[must_use]
pub fn method_and_query(request: &[u8]) -> (String, String) {
    let head = Head::parse(request);
    let method = head.request_line().map(|(method, _)| method.to_ascii_uppercase());
    let method = String::from_utf8_lossy(&method.unwrap_or_default()).into_owned();
    let media_type = head.get_text("content-type").unwrap_or_default().into_owned();
    let query = post::body_query(&request_body(request, &head), &media_type);
    (method, query)
}

/// Reads a request as far as its response's key depends on it.
fn asked<R: Read + Send>(fields: &Fields, url: String, record: &mut RecordReader<'_, R>) -> Asked {
    let mut post = None;
    let mut bytes = Vec::new();
    // What is cut or damaged is read as far as it goes; the reader reports it.
    let is_post = is_http(fields, &url) && {
        let mut start = [0; 5];
        let count = read_full(record, &mut start);
        bytes.extend_from_slice(&start[..count]);
        matches!(bytes.to_ascii_uppercase().as_slice(), b"POST " | [b'P', b'U', b'T', b' ', _])
    };
    if is_post {
        let _ = record.take(REQUEST_BYTES_MAX).read_to_end(&mut bytes);
        post = Some(method_and_query(&bytes));
    }
    let id = fields.record_id().map(|id| id.uri().to_owned());
    Asked { id, url, post, concurrent_to: line::ids(fields) }
}

fn read_full(input: &mut impl Read, out: &mut [u8]) -> usize {
    let mut have = 0;
    while have < out.len() {
        match input.read(&mut out[have..]) {
            Ok(count) if count > 0 => have += count,
            _ => break,
        }
    }
    have
}

/// The body of a request without chunks and content coding.
fn request_body(bytes: &[u8], head: &Head) -> Vec<u8> {
    let mut shape = shape_of(b"", Method::Get);
    shape.head_len = head.as_bytes().len() as u64;
    let is_chunked = head.list("transfer-encoding").last().is_some_and(|last| last == "chunked");
    let length = head.get_text("content-length").and_then(|text| text.trim().parse().ok());
    shape.framing = match (is_chunked, length) {
        (true, _) => BodyFraming::Chunked,
        (false, Some(length)) => BodyFraming::Length(length),
        (false, None) => BodyFraming::Close,
    };
    decode_body(payload(bytes, &shape), head, BODY_BYTES_MAX).bytes
}

/// Fills in what the block says.
fn fill<R: Read + Send>(
    line: &mut Line,
    fields: &Fields,
    kind: &RecordKind,
    digest: DigestChoice,
    record: &mut RecordReader<'_, R>,
) -> io::Result<()> {
    // The payload of a revisit is elsewhere: it has the digest that it states or none.
    let mut hasher = match kind {
        RecordKind::Revisit => None,
        _ => digest.to_count(line.digest.as_deref()).map(Hasher::new),
    };
    let http =
        is_http(fields, &line.url) && matches!(kind, RecordKind::Response | RecordKind::Revisit);
    if http {
        let (shape, start) = read_shape(&mut *record, Method::Get)?;
        let head_len = usize::try_from(shape.head_len).unwrap_or(start.len()).min(start.len());
        line.take_head(&Head::parse(&start[..head_len]), kind);
        if let Some(hasher) = &mut hasher {
            copy_payload(&shape, &start, &mut *record, hasher)?;
        }
    } else {
        line.take_media_type(fields, kind);
        if let Some(hasher) = &mut hasher {
            io::copy(record, hasher)?;
        }
    }
    if let Some(hasher) = hasher {
        line.digest = Some(hasher.finish().to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests;

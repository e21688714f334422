//! Index lines of any WARC file, as cdxj-indexer and pywb write them: what a capture is, and where
//! its record lies.
//!
//! Owns which records have a line, what the line says, and which request belongs to which response,
//! so that POST and PUT requests to one URL have keys of their own ([`post`]). Deliberately knows no
//! archive: any file is indexed, and [`crate::sorted`] puts the lines in order.
//!
//! Where the lines differ from cdxj-indexer's, `docs/reference/index-lines.md` says why.

mod line;
pub mod post;

use std::io::{self, BufReader, Read};

use crate::base::{Finding, Hasher};
use crate::http::{BodyFraming, Head, Method, decode_body, payload, read_shape, shape_of};
use crate::warc::{Fields, Framing, ReadError, RecordKind, RecordReader, WarcReader};

pub use line::{CDX11_HEADER, DigestChoice, LineFormat};
use line::{Line, is_http};

/// How many bytes of a request body are read for its query: JSON beyond is taken as cut.
const BODY_BYTES_MAX: usize = 4 << 20;
/// How many bytes of a request are read in all: its head comes on top of its body.
const REQUEST_BYTES_MAX: u64 = 5 << 20;

/// What lines are to say.
#[derive(Debug, Clone, Copy, Default)]
pub struct LineOptions {
    /// In which format.
    pub format: LineFormat,
    /// Which digests.
    pub digest: DigestChoice,
}

/// What became of a file.
#[derive(Debug, Default)]
pub struct Indexed {
    /// Records read.
    pub records: u64,
    /// Lines given.
    pub lines: u64,
    /// What was wrong with the file.
    pub findings: Vec<Finding>,
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
    /// A line could not be handed on.
    #[error("passing a line on: {0}")]
    Sink(io::Error),
}

/// Gives the lines of a file to `sink`, in the order of its records and without line ends; `name` is
/// what they call the file.
///
/// # Errors
/// When the file cannot be read, or `sink` fails. Damage is no error but a finding.
pub fn lines_of<R: Read + Send>(
    reader: WarcReader<R>,
    name: &str,
    options: LineOptions,
    sink: &mut dyn FnMut(&str) -> io::Result<()>,
) -> Result<Indexed, LineError> {
    let done = Indexed::default();
    let mut file = FileLines { name, options, held: None, shared: 0, done, sink };
    let mut reader = reader;
    while let Some(record) = reader.next_record()? {
        file.record(record)?;
        file.done.findings.append(&mut reader.take_findings());
    }
    file.let_go()?;
    file.done.findings.append(&mut reader.take_findings());
    if file.shared > 0 {
        let what = format!(
            "{} captures have no line, since each shares its gzip member with other records; `pressmark recompress` parts them",
            file.shared
        );
        file.done.findings.push(Finding::error(name, None, "shared-member", what));
    }
    Ok(file.done)
}

/// A response whose request may follow, or a request whose response may.
enum Held {
    Response(Line),
    Request(Asked),
}

/// What a request says of the key of its response.
struct Asked {
    id: Option<String>,
    url: String,
    /// Method and query of its body, where the method is POST or PUT.
    post: Option<(String, String)>,
    concurrent_to: Vec<String>,
}

struct FileLines<'a> {
    name: &'a str,
    options: LineOptions,
    held: Option<Held>,
    /// Captures that share their gzip member with other records.
    shared: u64,
    done: Indexed,
    sink: &'a mut dyn FnMut(&str) -> io::Result<()>,
}

impl FileLines<'_> {
    fn record<R: Read + Send>(&mut self, mut record: RecordReader<'_, R>) -> Result<(), LineError> {
        self.done.records += 1;
        let offset = record.offset();
        let fields = record.header().fields.clone();
        // In a plain file, what lies between two records belongs to neither, as warcio counts.
        let header = record.header();
        let bare_length = (header.raw.len() as u64).saturating_add(header.content_length);
        let bare_length = Some(bare_length).filter(|_| record.framing() == Some(Framing::Plain));
        let kind = fields.record_kind();
        let url = fields.target_uri().map(|uri| uri.replace(' ', "%20"));
        match (kind, url) {
            (Some(RecordKind::Request), Some(url)) => {
                let asked = asked(&fields, url, &mut record);
                record.finish()?;
                self.asked(asked)
            }
            (Some(kind), Some(url)) if has_line(&kind, &fields) => {
                let Some(mut line) = Line::begin(&fields, &kind, url) else {
                    let what = "a record without a date has no line";
                    let finding = Finding::warning(self.name, Some(offset), "no-date", what);
                    self.done.findings.push(finding);
                    record.finish()?;
                    return Ok(());
                };
                let filled = fill(&mut line, &fields, &kind, self.options.digest, &mut record);
                let place = record.finish()?;
                // A record that is cut, damaged or shares its member cannot be read by its place;
                // the reader reports it.
                self.shared += u64::from(place.length.is_none() && place.intact);
                let (Ok(()), Some(length), true) = (filled, place.length, place.intact) else {
                    return Ok(());
                };
                (line.offset, line.length) = (place.offset, bare_length.unwrap_or(length));
                self.line(line, &kind)
            }
            _ => {
                record.finish()?;
                Ok(())
            }
        }
    }

    fn line(&mut self, line: Line, kind: &RecordKind) -> Result<(), LineError> {
        if !matches!(kind, RecordKind::Response | RecordKind::Revisit) {
            return self.give(&line);
        }
        match self.held.take() {
            Some(Held::Request(asked)) if belong(&line, &asked) => self.give(&posted(line, asked)),
            before => {
                self.held = before;
                self.let_go()?;
                self.held = Some(Held::Response(line));
                Ok(())
            }
        }
    }

    fn asked(&mut self, asked: Asked) -> Result<(), LineError> {
        match self.held.take() {
            Some(Held::Response(line)) if belong(&line, &asked) => self.give(&posted(line, asked)),
            before => {
                self.held = before;
                self.let_go()?;
                self.held = Some(Held::Request(asked));
                Ok(())
            }
        }
    }

    /// What was held has no partner.
    fn let_go(&mut self) -> Result<(), LineError> {
        match self.held.take() {
            Some(Held::Response(line)) => self.give(&line),
            _ => Ok(()),
        }
    }

    fn give(&mut self, line: &Line) -> Result<(), LineError> {
        self.done.lines += 1;
        let text = line.text(self.options.format, self.name);
        (self.sink)(&text).map_err(LineError::Sink)
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

/// Whether the two are parts of one exchange: one of them names the other.
fn belong(line: &Line, asked: &Asked) -> bool {
    let names = |list: &[String], id: &Option<String>| {
        id.as_ref().is_some_and(|id| list.iter().any(|named| named == id))
    };
    line.url == asked.url
        && (names(&line.concurrent_to, &asked.id) || names(&asked.concurrent_to, &line.id))
}

fn posted(mut line: Line, asked: Asked) -> Line {
    line.post = asked.post;
    line
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
        let head = Head::parse(&bytes);
        let method = head.request_line().map(|(method, _)| method.to_ascii_uppercase());
        let method = String::from_utf8_lossy(&method.unwrap_or_default()).into_owned();
        let media_type = head.get_text("content-type").unwrap_or_default().into_owned();
        let query = post::body_query(&request_body(&bytes, &head), &media_type);
        post = Some((method, query));
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
        let (mut shape, start) = read_shape(&mut *record, Method::Get)?;
        let head_len = usize::try_from(shape.head_len).unwrap_or(start.len()).min(start.len());
        line.take_head(&Head::parse(&start[..head_len]), kind);
        if let Some(hasher) = &mut hasher {
            if shape.status.is_none() {
                shape.framing = BodyFraming::Close;
            }
            let whole = BufReader::with_capacity(64 * 1024, start.chain(&mut *record));
            io::copy(&mut payload(whole, &shape), hasher)?;
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

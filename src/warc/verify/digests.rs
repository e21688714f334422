//! The digests of a record, block and payload in one pass over its bytes.
//!
//! The payload of an HTTP response is its body with the transfer codings removed and the content
//! coding kept (ISO 28500 section 6.3.2). Writers differ: some take the chunks with it, some undo the
//! content coding, some store a decoded body under the head it came with. Where a digest is not the
//! payload's, the record is read again to see whether it is one of those ([`other_form`]): then the
//! digest is unusual, and the bytes are correct.

use std::io::{self, BufRead, BufReader, Read};

use super::super::fields::{Fields, name, value_text};
use super::super::parse::{Form, RecordHeader};
use super::super::record::RecordKind;
use crate::base::{Checksum, ChecksumHasher, MediaType};
use crate::http::chunked::{ChunkedReader, Piece};
use crate::http::{BodyFraming, ContentCoding, Dechunked, Head, Method, ResponseShape};
use crate::http::{decode, read_shape, undone};

/// How many bytes of a block are kept that is no HTTP message: longer than any report of a failure.
const START_BYTES_MAX: usize = 256 * 1024;

/// What was computed of a record.
#[derive(Debug, Clone, Default)]
pub struct Computed {
    /// The digest that the record says its block has, and the one it has.
    pub block: Option<(Checksum, Checksum)>,
    /// The same of its payload, where it has one of its own: not of a revisit.
    pub payload: Option<(Checksum, Checksum)>,
    /// Whether the payload's digest is that of the body as it is stored.
    pub body_matches: bool,
    /// Digests that cannot be checked: the rule's name, and why.
    pub unreadable: Vec<(&'static str, String)>,
    /// The first bytes of the block: of an HTTP message its whole head.
    pub start: Vec<u8>,
}

/// What a payload digest was made of, where not of the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadForm {
    /// The body as it is stored, with its chunks, or longer than its head says.
    Body,
    /// The body without its content coding.
    Decoded,
    /// The whole block.
    Block,
}

impl PayloadForm {
    /// The name of the rule that a finding has.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Body => "payload-digest-body",
            Self::Decoded => "payload-digest-decoded",
            Self::Block => "payload-digest-block",
        }
    }

    /// The finding as text.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Body => "the payload digest is that of the body with its transfer coding",
            Self::Decoded => "the payload digest is that of the body without its content coding",
            Self::Block => "the payload digest is that of the whole block",
        }
    }
}

/// The first bytes of a record's block alone.
///
/// # Errors
/// When the record is cut or damaged before them.
pub(super) fn start(header: &RecordHeader, record: &mut impl BufRead) -> io::Result<Computed> {
    let mut computed = Computed::default();
    read_start(&header.fields, record, &mut computed)?;
    Ok(computed)
}

/// Reads the first bytes of a block; the shape of the HTTP response that it may be.
fn read_start(
    fields: &Fields,
    record: &mut impl BufRead,
    computed: &mut Computed,
) -> io::Result<Option<ResponseShape>> {
    if is_http(fields) {
        let (shape, start) = read_shape(record, Method::Get)?;
        computed.start = start;
        return Ok(Some(shape));
    }
    record.take(START_BYTES_MAX as u64).read_to_end(&mut computed.start)?;
    Ok(None)
}

/// Reads a record to its end and computes the digests that its header states.
///
/// # Errors
/// When the record is cut or damaged.
pub fn compute(header: &RecordHeader, record: &mut impl BufRead) -> io::Result<Computed> {
    let fields = &header.fields;
    let mut computed = Computed::default();
    let block = stated(fields, name::BLOCK_DIGEST, "block-digest-unreadable", &mut computed);
    let payload = stated(fields, name::PAYLOAD_DIGEST, "payload-digest-unreadable", &mut computed);
    let payload = payload.filter(|_| has_payload(fields));
    let mut block_hasher = block.as_ref().map(|wanted| ChecksumHasher::new(wanted.algorithm()));
    let shape = read_start(fields, record, &mut computed)?;
    if let Some(hasher) = &mut block_hasher {
        hasher.update(&computed.start);
    }
    let length = header.content_length;
    let mut body = payload.as_ref().map(|wanted| Body::new(shape.as_ref(), wanted, length));
    if let Some(body) = &mut body {
        body.update(&computed.start);
    }
    loop {
        let bytes = record.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        if let Some(hasher) = &mut block_hasher {
            hasher.update(bytes);
        }
        if let Some(body) = &mut body {
            body.update(bytes);
        }
        let count = bytes.len();
        record.consume(count);
    }
    computed.block = block.zip(block_hasher.map(ChecksumHasher::finish));
    if let Some((wanted, body)) = payload.zip(body) {
        let (got, stored) = body.finish(&wanted);
        computed.body_matches = stored.as_ref() == Some(&wanted);
        computed.payload = Some((wanted, got));
    }
    Ok(computed)
}

/// The digest that a field states.
fn stated(
    fields: &Fields,
    field: &str,
    rule: &'static str,
    computed: &mut Computed,
) -> Option<Checksum> {
    match value_text(fields.get(field)?).parse() {
        Ok(checksum) => Some(checksum),
        Err(why) => {
            let why: crate::base::ChecksumError = why;
            computed.unreadable.push((rule, why.to_string()));
            None
        }
    }
}

/// Whether the payload of a record is in its block: that of a revisit is elsewhere by design, and
/// what follows the head of a request is rarely meant.
fn has_payload(fields: &Fields) -> bool {
    let kind = fields.record_kind();
    let request = fields
        .content_type()
        .is_some_and(|text| text.to_ascii_lowercase().replace(' ', "").contains("msgtype=request"));
    !request && !matches!(kind, Some(RecordKind::Revisit | RecordKind::Request))
        // The digest of a segmented record is of all segments together.
        && !fields.contains(name::SEGMENT_NUMBER)
        && kind != Some(RecordKind::Continuation)
}

/// Whether the block is an HTTP message.
fn is_http(fields: &Fields) -> bool {
    let content_type = fields.content_type().unwrap_or_default();
    MediaType::parse(&content_type).essence() == "application/http"
}

/// Hashes the payload out of the bytes of a block, and the body as it is stored where that may be
/// another one.
struct Body {
    /// Bytes of the head that are still to come.
    head_left: u64,
    framing: Framing,
    payload: ChecksumHasher,
    stored: Option<ChecksumHasher>,
    /// Where a transfer coding is to be undone, the body without its chunks.
    coded: Option<(ResponseShape, Vec<u8>)>,
}

enum Framing {
    Length(u64),
    Chunked(ChunkedReader),
}

/// The most bytes of a body that are kept to undo a transfer coding; clients request none.
const CODED_BYTES_MAX: usize = 16 * 1024 * 1024;

impl Body {
    fn new(shape: Option<&ResponseShape>, wanted: &Checksum, block_len: u64) -> Self {
        let hasher = || ChecksumHasher::new(wanted.algorithm());
        let whole = |head_left| Self {
            head_left,
            framing: Framing::Length(u64::MAX),
            payload: hasher(),
            stored: None,
            coded: None,
        };
        let Some(shape) = shape else { return whole(0) };
        // Bytes that are not a response, as of HTTP/0.9, are all body.
        if shape.status.is_none() {
            return whole(shape.head_len);
        }
        let body_len = block_len.saturating_sub(shape.head_len);
        let framing = match shape.framing {
            BodyFraming::None => Framing::Length(0),
            BodyFraming::Length(length) => Framing::Length(length),
            BodyFraming::Close => Framing::Length(u64::MAX),
            BodyFraming::Chunked => Framing::Chunked(ChunkedReader::new()),
        };
        let differs = match &framing {
            Framing::Length(length) => *length < body_len,
            Framing::Chunked(_) => true,
        };
        let coded = !shape.transfer_codings.is_empty();
        Self {
            head_left: shape.head_len,
            framing,
            payload: hasher(),
            stored: (differs || coded).then(hasher),
            coded: coded.then(|| (shape.clone(), Vec::new())),
        }
    }

    fn update(&mut self, mut bytes: &[u8]) {
        let head = usize::try_from(self.head_left).unwrap_or(usize::MAX).min(bytes.len());
        self.head_left -= head as u64;
        bytes = &bytes[head..];
        if let Some(stored) = &mut self.stored {
            stored.update(bytes);
        }
        match &mut self.framing {
            Framing::Length(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= count as u64;
                let data = &bytes[..count];
                take_data(&mut self.payload, &mut self.coded, data);
            }
            Framing::Chunked(chunks) => {
                while !bytes.is_empty() {
                    let (taken, piece) = chunks.step(bytes);
                    match piece {
                        Piece::Data => {
                            take_data(&mut self.payload, &mut self.coded, &bytes[..taken]);
                        }
                        Piece::Framing => {}
                        Piece::Done | Piece::Bad(_) => break,
                    }
                    bytes = &bytes[taken..];
                }
            }
        }
    }

    /// The payload's checksum, and that of the body as it is stored where it may be another.
    fn finish(self, wanted: &Checksum) -> (Checksum, Option<Checksum>) {
        let stored = self.stored.map(ChecksumHasher::finish);
        // Without its chunks, but with any other transfer coding.
        let left_on = self.payload.finish();
        // Earlier versions of this program, and other writers, leave any coding but chunked on.
        let Some((shape, body)) = self.coded.filter(|_| left_on != *wanted) else {
            return (left_on, stored);
        };
        let mut hasher = ChecksumHasher::new(wanted.algorithm());
        let mut undone = undone(body.as_slice(), &shape);
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = undone.read(&mut buffer) {
            hasher.update(&buffer[..count]);
        }
        (hasher.finish(), stored)
    }
}

fn take_data(
    payload: &mut ChecksumHasher,
    coded: &mut Option<(ResponseShape, Vec<u8>)>,
    data: &[u8],
) {
    payload.update(data);
    if let Some((_, kept)) = coded {
        let room = CODED_BYTES_MAX.saturating_sub(kept.len()).min(data.len());
        kept.extend_from_slice(&data[..room]);
    }
}

/// What else a payload digest may have been made of, where it is not the payload's; none where it is
/// of nothing in the record.
///
/// # Errors
/// When the record cannot be read.
pub(super) fn other_form(
    header: &RecordHeader,
    wanted: &Checksum,
    record: &mut (impl BufRead + Send),
) -> io::Result<Option<PayloadForm>> {
    if header.form == Form::Arc || !is_http(&header.fields) {
        return Ok(None);
    }
    let hasher = || ChecksumHasher::new(wanted.algorithm());
    let (shape, start) = read_shape(&mut *record, Method::Get)?;
    let head_len = usize::try_from(shape.head_len).unwrap_or(start.len()).min(start.len());
    let head = Head::parse(&start[..head_len]);
    let codings = ContentCoding::of(&head);
    let (mut block, mut body) = (hasher(), hasher());
    block.update(&start);
    body.update(&start[head_len..]);
    // The decoders pull, so that what is read goes through the other hashers on its way.
    let mut tee = Tee { inner: record, hashers: [&mut block, &mut body] };
    let decoded = {
        let whole = BufReader::new(start.as_slice().chain(&mut tee));
        let payload = undone(Dechunked::new(whole, &shape), &shape);
        let decoded = decode(payload, &codings, DECODED_BYTES_MAX);
        let mut hasher = hasher();
        hasher.update(&decoded.bytes);
        decoded.cut.is_none().then(|| hasher.finish())
    };
    io::copy(&mut tee, &mut io::sink())?;
    Ok(if body.finish() == *wanted {
        Some(PayloadForm::Body)
    } else if block.finish() == *wanted {
        Some(PayloadForm::Block)
    } else if decoded.is_some_and(|decoded| decoded == *wanted) && !codings.is_empty() {
        Some(PayloadForm::Decoded)
    } else {
        None
    })
}

/// The most bytes that come out of a content coding, which are in memory together.
const DECODED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Hashes what is read through it.
struct Tee<'r, R> {
    inner: &'r mut R,
    hashers: [&'r mut ChecksumHasher; 2],
}

impl<R: Read> Read for Tee<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        for hasher in &mut self.hashers {
            hasher.update(&out[..count]);
        }
        Ok(count)
    }
}

//! What a record is to the index: the same answer when it is written and when it is read back.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use crate::archive::{Capture, RecordId, RecordKind, RefersTo};
use crate::base::{Digest, DigestAlgorithm, Hasher, MediaType, surt};
use crate::http::{Head, Method, copy_payload, read_shape, shape_of};
use crate::warc::{Block, Fields, Original, warc_fields};

/// How many bytes are checked of a block that is no HTTP message: longer than any report of a
/// failure.
const BLOCK_START_MAX: usize = 256 * 1024;

/// Where a record lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// The name of its file.
    pub file: Arc<str>,
    /// The offset of its member.
    pub offset: u64,
    /// The length of its member.
    pub length: u64,
}

/// The capture that a record with these fields is, whose block begins with `start`. None for
/// records that are no captures: requests, warcinfo, notes beside a response.
#[must_use]
pub fn entry_of(fields: &Fields, start: &[u8], place: Place) -> Option<Capture> {
    let kind = RecordKind::from_warc_type(fields.record_kind()?.as_str())?;
    let url = fields.target_uri()?.into_owned();
    let content_type = fields.content_type().unwrap_or_default();
    let media_type = MediaType::parse(&content_type);
    let is_http = media_type.essence() == "application/http";
    if kind == RecordKind::Metadata && !is_failure(media_type.essence(), start) {
        return None;
    }
    let head = (is_http && matches!(kind, RecordKind::Response | RecordKind::Revisit))
        .then(|| Head::parse(&start[..head_len(start)]));
    let mime = match (kind, &head) {
        (RecordKind::Revisit, _) => "warc/revisit".to_owned(),
        (_, Some(head)) => {
            let value = head.get_text("content-type").unwrap_or_default();
            MediaType::parse(&value).essence().to_owned()
        }
        (_, None) => media_type.essence().to_owned(),
    };
    let refers_to = (kind == RecordKind::Revisit).then(|| RefersTo {
        url: fields.refers_to_target_uri().map(std::borrow::Cow::into_owned),
        date: fields.refers_to_date(),
        record_id: fields.refers_to().map(|id| RecordId::parse(&id.to_string())),
    });
    Some(Capture {
        urlkey: surt::urlkey(&url),
        date: fields.date()?,
        mime,
        status: head.as_ref().and_then(|h| h.status),
        digest: fields.payload_digest(),
        length: place.length,
        offset: place.offset,
        file: place.file,
        record_id: fields.record_id().map(|id| RecordId::parse(&id.to_string())),
        kind,
        refers_to,
        truncated: fields.truncated().is_some() && kind != RecordKind::Revisit,
        url,
    })
}

/// Whether a metadata record reports an exchange that came to nothing, or stands for a response that was removed.
fn is_failure(media_type: &str, start: &[u8]) -> bool {
    media_type == warc_fields::MEDIA_TYPE
        && warc_fields::read(start)
            .is_ok_and(|f| matches!(f.text("outcome").as_deref(), Some("failed" | "purged")))
}

/// The length of the HTTP head that `block` begins with; all of it where no head ends in it.
#[must_use]
pub fn head_len(block: &[u8]) -> usize {
    let shape = shape_of(block, Method::Get);
    usize::try_from(shape.head_len).unwrap_or(block.len()).min(block.len())
}

/// The first bytes of a block that is about to be written, as many as [`entry_of`] needs; without
/// a copy where it lies in memory in one piece.
///
/// # Errors
/// When a spooled block cannot be read.
pub fn start_of<'b>(fields: &Fields, block: &'b Block<'_>) -> io::Result<Cow<'b, [u8]>> {
    match block {
        Block::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
        Block::File(file, len) => {
            let stored = crate::http::Stored::File(std::sync::Arc::clone(file), *len);
            Ok(Cow::Owned(read_start(fields, stored.reader()?)?))
        }
        Block::Parts(parts) => match parts.as_slice() {
            [only] => start_of(fields, only),
            parts => {
                let mut readers: Box<dyn Read + '_> = Box::new(io::empty());
                for part in parts {
                    readers = Box::new(readers.chain(io::Cursor::new(start_of(fields, part)?)));
                }
                Ok(Cow::Owned(read_start(fields, readers)?))
            }
        },
    }
}

/// The first bytes of a block that is being read, as many as [`entry_of`] needs: of an HTTP message
/// its whole head, however long.
///
/// # Errors
/// When the record is cut or damaged before them.
pub fn read_start(fields: &Fields, block: impl Read) -> io::Result<Vec<u8>> {
    if is_http(fields) {
        return read_shape(block, Method::Get).map(|(_, start)| start);
    }
    let mut out = Vec::new();
    block.take(BLOCK_START_MAX as u64).read_to_end(&mut out)?;
    Ok(out)
}

/// Whether a record has a payload of its own: one that a server or another tool gave.
pub(super) fn has_payload(fields: &Fields) -> bool {
    fields.record_kind().is_some_and(|kind| {
        matches!(
            RecordKind::from_warc_type(kind.as_str()),
            Some(RecordKind::Response | RecordKind::Resource)
        )
    })
}

/// The digest of the payload that a record holds, for one that states none: SHA-1, as index lines have it.
/// `start` is what [`read_start`] gave, `rest` what follows it. The transfer coding is taken off, a content
/// coding stays.
///
/// # Errors
/// When the record is cut or damaged before its end.
pub(super) fn count_payload(
    fields: &Fields,
    start: &[u8],
    rest: impl Read + Send,
) -> io::Result<Digest> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha1);
    if is_http(fields) {
        copy_payload(&shape_of(start, Method::Get), start, rest, &mut hasher)?;
    } else {
        io::copy(&mut start.chain(rest), &mut hasher)?;
    }
    Ok(hasher.finish())
}

/// The record of an entry, as a revisit names it.
pub(super) fn original_of(entry: &Capture) -> Original {
    Original {
        record_id: entry
            .record_id
            .as_ref()
            .and_then(|id| crate::warc::RecordId::parse(&id.to_string())),
        target_uri: entry.url.clone(),
        date: entry.date,
        payload_digest: entry.digest,
    }
}

/// Whether the block is an HTTP message.
#[must_use]
pub fn is_http(fields: &Fields) -> bool {
    let content_type = fields.content_type().unwrap_or_default();
    MediaType::parse(&content_type).essence() == "application/http"
}

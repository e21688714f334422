//! What a record is to the index: the same answer when it is written and when it is read back.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Arc;

use crate::archive::{Capture, RecordId, RecordKind, RefersTo};
use crate::base::{MediaType, surt};
use crate::http::Head;
use crate::warc::{Block, Fields, warc_fields};

/// How many bytes of a block are looked at: longer than any head that is taken by default.
pub const BLOCK_START_MAX: usize = 256 * 1024;

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

/// Whether a metadata record reports an exchange that came to nothing.
fn is_failure(media_type: &str, start: &[u8]) -> bool {
    media_type == warc_fields::MEDIA_TYPE
        && warc_fields::read(start).is_ok_and(|f| f.text("outcome").as_deref() == Some("failed"))
}

/// The length of the HTTP head that `block` begins with; all of it where no head ends in it.
#[must_use]
pub fn head_len(block: &[u8]) -> usize {
    let method = crate::http::Method::Get;
    let shape = crate::http::shape_of(block, method);
    usize::try_from(shape.head_len).unwrap_or(block.len()).min(block.len())
}

/// The first bytes of a block that is about to be written; without a copy where it lies in memory
/// in one piece.
///
/// # Errors
/// When a spooled block cannot be read.
pub fn start_of<'b>(block: &'b Block<'_>) -> std::io::Result<Cow<'b, [u8]>> {
    Ok(match block {
        Block::Bytes(bytes) => Cow::Borrowed(&bytes[..bytes.len().min(BLOCK_START_MAX)]),
        Block::File(file, len) => {
            let stored = crate::http::Stored::File(std::sync::Arc::clone(file), *len);
            Cow::Owned(stored.prefix(BLOCK_START_MAX)?)
        }
        Block::Parts(parts) => match parts.as_slice() {
            [only] => start_of(only)?,
            parts => {
                let mut out = Vec::new();
                for part in parts {
                    out.extend_from_slice(&start_of(part)?);
                    if out.len() >= BLOCK_START_MAX {
                        break;
                    }
                }
                out.truncate(BLOCK_START_MAX);
                Cow::Owned(out)
            }
        },
    })
}

/// The first bytes of a block that is being read.
///
/// # Errors
/// When the record is cut or damaged before them.
pub fn read_start(mut block: impl Read) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(4 * 1024);
    let mut piece = [0; 4 * 1024];
    while out.len() < BLOCK_START_MAX {
        let count = block.read(&mut piece)?;
        if count == 0 {
            break;
        }
        let seen = out.len().saturating_sub(3);
        out.extend_from_slice(&piece[..count]);
        let tail = &out[seen..];
        let ends = memchr::memmem::find(tail, b"\r\n\r\n").is_some()
            || memchr::memmem::find(tail, b"\n\n").is_some();
        // warc-fields bodies are short and have no empty line before their end.
        if ends {
            break;
        }
    }
    Ok(out)
}

//! The index entry of a record: the same when the record is written and when it is read back.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use crate::archive::{Capture, RecordId, RecordKind, RefersTo};
use crate::base::{Digest, DigestAlgorithm, Hasher, MediaType, surt};
use crate::http::{Head, Method, copy_payload, read_shape, shape_of};
use crate::warc::{Block, Fields, Original, name, warc_fields};

/// How many bytes are checked of a block that is no HTTP message: longer than any report of a
/// failure.
const BLOCK_START_MAX: usize = 256 * 1024;

/// Where a record is.
#[derive(Debug, Clone)]
pub struct Place {
    /// The name of its file.
    pub file: Arc<str>,
    /// The offset of its member.
    pub offset: u64,
    /// The length of its member.
    pub length: u64,
}

/// The capture that a record with these fields is, whose block begins with `start`. None for records that are not
/// captures: requests, warcinfo, notes with a response.
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
    let record_id = |id: crate::warc::RecordId| RecordId::parse(&id.to_string());
    let is_rendering = kind == RecordKind::Conversion && is_rendering(fields, media_type.essence());
    let refers_to = match kind {
        RecordKind::Revisit => Some(RefersTo {
            url: fields.refers_to_target_uri().map(std::borrow::Cow::into_owned),
            date: fields.refers_to_date(),
            record_id: fields.refers_to().map(record_id),
        }),
        _ if is_rendering => {
            Some(RefersTo { record_id: fields.refers_to().map(record_id), ..RefersTo::default() })
        }
        _ => None,
    };
    // The payload of a rendering is its block, whose digest is the only one that such a record states.
    let digest = fields.payload_digest().or_else(|| fields.block_digest().filter(|_| is_rendering));
    Some(Capture {
        urlkey: surt::urlkey(&url),
        date: fields.date()?,
        mime,
        status: head.as_ref().and_then(|h| h.status),
        digest,
        length: place.length,
        offset: place.offset,
        file: place.file,
        record_id: fields.record_id().map(record_id),
        kind,
        refers_to,
        truncated: fields.truncated().is_some() && kind != RecordKind::Revisit,
        url,
    })
}

/// Whether a conversion is a page as this program's browser had it, in files of other programs and in exports as well.
/// Such a record ([`crate::warc::Derived`]) is HTML, names the record that it was made from, and is joined with the
/// other records of its page by an id that is a `urn:uuid:` URI. Programs that convert pages into HTML for purposes of
/// their own (a clean copy, a translation, a migrated format) write no such id, and those that write `WARC-Page-ID`
/// write a bare UUID or a text.
fn is_rendering(fields: &Fields, media_type: &str) -> bool {
    let page_id = fields.text(name::PAGE_ID);
    media_type == "text/html"
        && fields.refers_to().is_some()
        && page_id.is_some_and(|id| id.strip_prefix("urn:uuid:").is_some_and(uuid_shape))
}

/// Whether a text is a UUID as this program writes them.
fn uuid_shape(text: &str) -> bool {
    matches!(RecordId::parse(&format!("<urn:uuid:{text}>")), RecordId::Uuid(_))
}

/// Whether a metadata record reports a failed exchange, or stands for a response that was removed.
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

/// The first bytes of a block that is about to be written, enough for [`entry_of`]; without a copy where it is in
/// memory in one piece.
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

/// The first bytes of a block that is being read, enough for [`entry_of`]: of an HTTP message its whole head, however
/// long.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Form;
    use crate::warc::{HeaderLimits, Mode, parse_header};

    const OURS: &str = "WARC-Page-ID: urn:uuid:5b8fd6a4-9f7a-4d4c-8a55-2f6a8f2f1f3e\r\n";
    const FROM: &str = "WARC-Refers-To: <urn:uuid:11111111-1111-4111-8111-111111111111>\r\n";
    const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";

    fn form_of(kind: &str, fields: &str) -> Option<Form> {
        let head = format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:22222222-2222-4222-8222-222222222222>\r\n\
             WARC-Date: 2031-03-04T08:09:10Z\r\nWARC-Target-URI: http://a.example/\r\n{fields}Content-Length: 0\r\n\r\n"
        );
        let (header, _) =
            parse_header(head.as_bytes(), Mode::Lenient, &HeaderLimits::default()).unwrap();
        let place = Place { file: "a".into(), offset: 0, length: 1 };
        entry_of(&header.fields, b"", place).unwrap().form()
    }

    #[test]
    fn a_rendering_of_this_program_is_distinguished_from_other_conversions() {
        let rendered = Some(Form::Rendered);
        for (what, kind, fields, form) in [
            ("ours", "conversion", [OURS, FROM, HTML].concat(), rendered),
            ("a clean copy of another program", "conversion", [FROM, HTML].concat(), None),
            ("of nothing", "conversion", [OURS, HTML].concat(), None),
            ("a text", "conversion", [OURS, FROM, "Content-Type: text/plain\r\n"].concat(), None),
            (
                "with the page id of another crawler",
                "conversion",
                ["WARC-Page-ID: 5b8fd6a4-9f7a-4d4c-8a55-2f6a8f2f1f3e\r\n", FROM, HTML].concat(),
                None,
            ),
            (
                "with a text for an id",
                "conversion",
                ["WARC-Page-ID: urn:uuid:page-1\r\n", FROM, HTML].concat(),
                None,
            ),
            ("a resource", "resource", [OURS, HTML].concat(), Some(Form::Plain)),
        ] {
            assert_eq!(form_of(kind, &fields), form, "{what}");
        }
    }
}

//! What a page looked like: the records that a rendering left beside it, and where two pictures of it differ.
//!
//! A picture is the record `urn:view:URL` that was written with the rendered document. It is found by the time of
//! that, and named by the digest of its bytes.

mod png;
mod regions;

use serde::Serialize;

use super::{AnswerError, Archive};
use crate::archive::{Capture, Form, Query};
use crate::base::Timestamp;
pub use regions::{Region, changed};

/// The longest picture that is read, in bytes.
const PICTURE_BYTES_MAX: usize = 32 << 20;

/// What a rendering leaves beside the document, by the names of its records.
const KINDS: [&str; 4] = ["view", "thumbnail", "text", "pageinfo"];

/// A record that was made from a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `rendering` (the document), `view`, `thumbnail`, `text` or `pageinfo`.
    pub kind: &'static str,
    /// Its record.
    pub capture: Capture,
}

/// An attachment in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentJson {
    /// `rendering`, `view`, `thumbnail`, `text` or `pageinfo`.
    pub kind: &'static str,
    /// The target URI of its record.
    pub uri: String,
    /// When it was made.
    pub date: String,
    /// Its media type.
    pub media_type: String,
    /// The digest of its bytes.
    pub digest: Option<String>,
    /// `WARC-Record-ID`, without angle brackets.
    pub record_id: Option<String>,
}

impl AttachmentJson {
    /// An attachment; where the index has no digest of it, that of its block.
    fn of(archive: &Archive, found: &Attachment) -> Self {
        let Attachment { kind, capture } = found;
        let block = || archive.reader().load(capture).ok()?.fields.block_digest();
        let digest = capture.digest.or_else(block);
        let id = capture.record_id.as_ref().map(ToString::to_string);
        Self {
            kind,
            uri: capture.url.clone(),
            date: capture.date.to_warc_date(),
            media_type: capture.mime.clone(),
            digest: digest.map(|digest| digest.to_string()),
            record_id: id.map(|id| id.trim_matches(['<', '>']).to_owned()),
        }
    }
}

/// The records of the rendering of a capture, or of the one that it is; none where it was not rendered.
///
/// # Errors
/// When the index cannot answer.
pub fn attachments(
    archive: &Archive,
    capture: &Capture,
    doing: &str,
) -> Result<Vec<Attachment>, AnswerError> {
    let document = match capture.form() {
        Some(Form::Rendered) => Some(capture.clone()),
        Some(Form::Plain) => {
            archive.reader().rendering_of(capture).map_err(AnswerError::store(doing))?
        }
        None => None,
    };
    let Some(document) = document else { return Ok(Vec::new()) };
    let at = document.date;
    let to = at.plus(std::time::Duration::from_micros(1));
    let mut found = vec![Attachment { kind: "rendering", capture: document }];
    for kind in KINDS {
        let url = format!("urn:{kind}:{}", capture.url);
        let query = Query { from: Some(at), to: Some(to), ..Query::exactly(&url) };
        for entry in archive.reader().query(&query) {
            let capture = entry.map_err(|why| AnswerError::index(doing, &why))?;
            if capture.url == url {
                found.push(Attachment { kind, capture });
                break;
            }
        }
    }
    Ok(found)
}

/// The same in JSON.
///
/// # Errors
/// As [`attachments`].
pub fn attachments_json(
    archive: &Archive,
    capture: &Capture,
    doing: &str,
) -> Result<Vec<AttachmentJson>, AnswerError> {
    let found = attachments(archive, capture, doing)?;
    Ok(found.iter().map(|one| AttachmentJson::of(archive, one)).collect())
}

/// The picture of a page that was made at a time: its bytes, which are those of a PNG.
///
/// # Errors
/// When there is none, it cannot be read, or is not a PNG.
pub fn picture(archive: &Archive, url: &str, at: Timestamp) -> Result<Vec<u8>, AnswerError> {
    let doing = format!("reading the picture of {url}");
    let none = || AnswerError::NoCapture(format!("a picture of {url} at {}", at.to_warc_date()));
    let name = format!("urn:view:{url}");
    let to = at.plus(std::time::Duration::from_micros(1));
    let query = Query { from: Some(at), to: Some(to), ..Query::exactly(&name) };
    let found = archive.reader().query(&query).next().transpose();
    let found = found.map_err(|why| AnswerError::index(&doing, &why))?;
    let loaded = archive.record(&found.ok_or_else(none)?, &doing)?;
    let bytes = loaded.decoded(PICTURE_BYTES_MAX);
    let bytes = bytes.map_err(|why| AnswerError::Io { doing, why })?;
    // What an imported file calls a picture may be anything.
    if png::size(&bytes).is_some() { Ok(bytes) } else { Err(none()) }
}

/// One side of [`Looks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When the picture was made.
    pub at: Timestamp,
    /// Its width and height in pixels.
    pub size: (u32, u32),
    /// The digest of its bytes.
    pub digest: String,
}

/// What a page looked like at two captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// The page.
    pub url: String,
    /// At the older one.
    pub old: Look,
    /// At the newer one.
    pub new: Look,
    /// Where the two differ; `None` where that cannot be determined.
    pub regions: Option<Vec<Region>>,
}

/// What a page looked like at two captures; `None` where there are not two pictures.
///
/// # Errors
/// When the index cannot answer. A picture that cannot be read counts as missing.
pub fn looks(
    archive: &Archive,
    old: &Capture,
    new: &Capture,
) -> Result<Option<Looks>, AnswerError> {
    let doing = format!("looking for pictures of {}", new.url);
    let mut sides = Vec::new();
    for capture in [old, new] {
        let all = attachments(archive, capture, &doing)?;
        let Some(view) = all.into_iter().find(|one| one.kind == "view") else { return Ok(None) };
        let at = view.capture.date;
        let Ok(bytes) = picture(archive, &capture.url, at) else { return Ok(None) };
        let Some(size) = png::size(&bytes) else { return Ok(None) };
        let digest = view.capture.digest.map(|digest| digest.to_string()).unwrap_or_default();
        sides.push((Look { at, size, digest }, bytes));
    }
    let [(old_look, before), (new_look, after)] = &sides[..] else { return Ok(None) };
    let regions = match before == after {
        true => Some(Vec::new()),
        false => png::decode(before).zip(png::decode(after)).map(|(a, b)| changed(&a, &b)),
    };
    let url = new.url.clone();
    Ok(Some(Looks { url, old: old_look.clone(), new: new_look.clone(), regions }))
}

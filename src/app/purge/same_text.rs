//! Other captures that hold the text of a capture that is removed, in another coding: a server that compresses each response
//! separately sends other bytes each time, with another digest. They are named and left, since no order named them.

use serde::{Deserialize, Serialize};

use super::plan::{DECODED_BYTES_MAX, failed};
use crate::app::AppError;
use crate::archive::{ArchiveError, Capture, FileMark, Follower, RecordKind, Seen};
use crate::store::{FollowError, Reader, follow};

/// A capture with the same text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SameText {
    /// Its address.
    pub url: String,
    /// When it was made, as in its record; `purge --at` takes it.
    pub date: String,
    /// The digest of its payload, where that is known.
    pub digest: Option<String>,
}

/// These media types do not carry the text of a page.
const NO_TEXT: [&str; 4] = ["image/", "video/", "audio/", "font/"];

/// The captures whose payload, with its content coding undone, is `decoded`, except those that are `taken`: the first of
/// each payload, since all with the same payload are removed together; and a note. Reads every record that may be one, in the
/// order in which the files hold them: they may lie in an object storage.
///
/// # Errors
/// When the index cannot answer.
pub(super) fn others(
    reader: &Reader,
    capture: &Capture,
    decoded: &[u8],
    taken: &dyn Fn(&Capture) -> bool,
) -> Result<(Vec<SameText>, Option<String>), AppError> {
    let mut scan = Scan { reader, capture, decoded, taken, found: Vec::new(), unread: 0 };
    if decoded.is_empty() {
        return Ok((scan.found, None));
    }
    let damaged = match follow(reader, &mut scan, &mut |_| {}) {
        Ok(()) => None,
        Err(FollowError::File(why)) => Some(format!(
            "not every capture was compared with what is removed, and others may hold the same text: {why}"
        )),
        Err(FollowError::Follower(why)) => return Err(failed(why)),
    };
    let unread = scan.unread;
    let unread = (unread > 0).then(|| {
        format!(
            "{unread} captures could not be read, so that it is not known whether they hold the same text; `pressmark verify` shows why"
        )
    });
    scan.found.sort_by(|a, b| (&a.url, &a.date).cmp(&(&b.url, &b.date)));
    Ok((scan.found, damaged.or(unread)))
}

/// Compares every capture of the files.
struct Scan<'a> {
    reader: &'a Reader,
    capture: &'a Capture,
    decoded: &'a [u8],
    taken: &'a dyn Fn(&Capture) -> bool,
    found: Vec<SameText>,
    /// How many captures could not be read.
    unread: u64,
}

impl Follower for Scan<'_> {
    fn mark(&self, _file: &str) -> Result<u64, ArchiveError> {
        Ok(0)
    }

    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
        let Some(one) = record.capture else { return Ok(()) };
        let digest = one.digest.map(|digest| digest.to_string());
        let is_known = digest.is_some() && self.found.iter().any(|known| known.digest == digest);
        if is_known || !may_hold(&one, self.capture) || (self.taken)(&one) {
            return Ok(());
        }
        match holds(self.reader, &one, self.decoded) {
            Some(true) => {
                let date = one.date.to_warc_date();
                self.found.push(SameText { url: one.url, date, digest });
            }
            Some(false) => {}
            None => self.unread += 1,
        }
        Ok(())
    }

    fn commit(&mut self, _mark: &FileMark) -> Result<(), ArchiveError> {
        Ok(())
    }
}

/// Whether a capture has a payload of its own that may be the text.
fn may_hold(one: &Capture, capture: &Capture) -> bool {
    let kind = |capture: &Capture| NO_TEXT.iter().position(|start| capture.mime.starts_with(start));
    matches!(one.kind, RecordKind::Response | RecordKind::Resource) && kind(one) == kind(capture)
}

/// Whether the payload of a capture is this text; `None` where it cannot be read.
fn holds(reader: &Reader, one: &Capture, decoded: &[u8]) -> Option<bool> {
    // One byte more, so that a longer text is not taken for the same.
    let max = decoded.len().saturating_add(1).min(DECODED_BYTES_MAX);
    let loaded = reader.load(one).ok()?;
    Some(loaded.decoded(max).ok()? == decoded)
}

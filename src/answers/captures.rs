//! What a capture is besides its line of the index, which [`Reader::query`] finds and
//! [`CaptureJson`](crate::history::CaptureJson) prints.

use std::borrow::Cow;

use serde::Serialize;

use crate::archive::{Capture, RecordKind};
use crate::store::Reader;
use crate::warc::warc_fields;

/// What a report of a failure says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The step that failed.
    pub reason: Option<String>,
    /// What went wrong there.
    pub detail: Option<String>,
    /// Whether it stands in the place of a response that was removed by order.
    #[serde(skip)]
    pub is_purged: bool,
}

/// What the report of a failure says; `None` for any other capture, and where it cannot be read.
#[must_use]
pub fn failure(reader: &Reader, entry: &Capture) -> Option<Failure> {
    if entry.kind != RecordKind::Metadata {
        return None;
    }
    let block = reader.load(entry).ok()?.block.prefix(REPORT_BYTES_MAX).ok()?;
    let fields = warc_fields::read(&block).ok()?;
    let text = |name: &str| fields.text(name).map(Cow::into_owned);
    let is_purged = text("outcome").as_deref() == Some("purged");
    let reason = text("reason").or_else(|| is_purged.then(|| "purged".to_owned()));
    Some(Failure { reason, detail: text("detail"), is_purged })
}

/// At most this much of a report is read.
const REPORT_BYTES_MAX: usize = 64 * 1024;

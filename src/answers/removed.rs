//! What was removed by order, and why: for a caller that asks for it.

use serde::Serialize;

use super::captures::failure;
use super::serial;
use crate::archive::{Capture, Query, RecordKind};
use crate::base::{Digest, TimeRange, Timestamp};
use crate::evidence::tombstone::{self, Tombstone};
use crate::store::{Reader, StoreError};

/// Something that was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// When the capture was made.
    #[serde(serialize_with = "serial::date")]
    pub captured: Timestamp,
    /// Why it was removed, where that is known.
    pub reason: Option<String>,
    /// When.
    #[serde(serialize_with = "serial::maybe_date")]
    pub removed: Option<Timestamp>,
}

impl Removed {
    /// In a sentence.
    #[must_use]
    pub fn text(&self, url: &str) -> String {
        let when = self.removed.map(|at| format!(" at {}", at.to_rfc3339())).unwrap_or_default();
        let why = self.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let short: String = url.chars().take(500).collect();
        let captured = self.captured.to_rfc3339();
        format!("the capture of {short} of {captured} was removed by order{when}{why}")
    }
}

/// Whether a capture is what stands in the place of one that was removed.
#[must_use]
pub fn of(reader: &Reader, capture: &Capture) -> Option<Removed> {
    let is_purged = capture.kind == RecordKind::Metadata
        && failure(reader, capture).is_some_and(|report| report.is_purged);
    if !is_purged {
        return None;
    }
    let kept = tombstone::all(reader.layout()).unwrap_or_default();
    let mut kept = kept.into_iter().map(|kept| kept.tombstone);
    let found = kept.find(|one| *one.file == *capture.file && one.offset == capture.offset);
    Some(Removed {
        captured: capture.date,
        reason: found.as_ref().map(|one| one.reason.clone()),
        removed: found.map(|one| one.removed),
    })
}

/// What was removed of exactly this page in a period, the newest.
///
/// # Errors
/// When the index cannot answer.
pub fn of_page(
    reader: &Reader,
    url: &str,
    period: Option<TimeRange>,
) -> Result<Option<Removed>, StoreError> {
    let query = Query {
        from: period.map(|period| period.start),
        to: period.map(|period| period.end),
        ..Query::exactly(url).newest_first()
    };
    for capture in reader.query(&query) {
        let capture = capture.map_err(|why| StoreError::of_index("asking", why))?;
        if let Some(removed) = of(reader, &capture) {
            return Ok(Some(removed));
        }
    }
    Ok(None)
}

/// All that was removed of exactly this page in a period, oldest first: captures that were taken out, and those that
/// have lost their payload with one.
///
/// # Errors
/// When the index cannot answer.
pub fn all_of_page(
    reader: &Reader,
    url: &str,
    period: TimeRange,
) -> Result<Vec<Removed>, StoreError> {
    let mut all = Vec::new();
    let kept = tombstone::all(reader.layout()).unwrap_or_default();
    let any = !kept.is_empty();
    // What a browser made of a page is removed with the page, and is not a capture of its own.
    let is_rendering = |capture: &Capture| {
        kept.iter().map(|kept| &kept.tombstone).any(|one| {
            *one.file == *capture.file
                && one.offset == capture.offset
                && one.says().is_some_and(|leaf| leaf.kind == "conversion")
        })
    };
    let (from, to) = (Some(period.start), Some(period.end));
    for capture in reader.query(&Query { from, to, ..Query::exactly(url) }) {
        let capture = capture.map_err(|why| StoreError::of_index("asking", why))?;
        if !period.contains(capture.date) {
            continue;
        }
        match capture.kind {
            RecordKind::Metadata if is_rendering(&capture) => {}
            // Several records of one capture may have been taken out.
            RecordKind::Metadata => {
                let removed = of(reader, &capture).filter(|one| !all.contains(one));
                all.extend(removed);
            }
            RecordKind::Revisit if any && reader.original_of(&capture)?.is_none() => {
                all.extend(of_payload(reader, &capture));
            }
            _ => {}
        }
    }
    Ok(all)
}

/// What was removed of the payload with this digest, to which `capture` refers.
#[must_use]
pub fn of_payload(reader: &Reader, capture: &Capture) -> Option<Removed> {
    let digest: Digest = capture.digest?;
    let kept = tombstone::all(reader.layout()).ok()?;
    let mut tombstones = kept.into_iter().map(|kept| kept.tombstone);
    let is_of = |one: &Tombstone| {
        one.says().and_then(|leaf| leaf.payload.parse::<Digest>().ok()) == Some(digest)
    };
    let found = tombstones.find(is_of)?;
    Some(Removed {
        captured: capture.date,
        reason: Some(found.reason),
        removed: Some(found.removed),
    })
}

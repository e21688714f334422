//! What was removed by order, and why. This is the one place that decides whether a capture was removed, or lost its payload with
//! one that was.

use serde::Serialize;

use super::captures::failure;
use super::serial;
use crate::archive::cdx::json_line;
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
        let short: String = url.chars().take(500).collect();
        let captured = self.captured.to_rfc3339();
        format!("the capture of {short} of {captured} was {}", self.how())
    }

    /// "removed by order", with when and why as far as that is known.
    #[must_use]
    pub fn how(&self) -> String {
        let when = self.removed.map(|at| format!(" at {}", at.to_rfc3339())).unwrap_or_default();
        let why = self.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("removed by order{when}{why}")
    }

    pub(super) fn new(capture: &Capture, tombstone: Option<&Tombstone>) -> Self {
        Self {
            captured: capture.date,
            reason: tombstone.map(|one| one.reason.clone()),
            removed: tombstone.map(|one| one.removed),
        }
    }
}

/// All that was removed from an archive, read once for many questions.
#[derive(Debug)]
pub struct Removals<'a> {
    reader: &'a Reader,
    tombstones: Vec<Tombstone>,
}

impl<'a> Removals<'a> {
    /// What the tombstones of an archive say. Those that cannot be read are left out: `verify` reports them.
    #[must_use]
    pub fn of(reader: &'a Reader) -> Self {
        let kept = tombstone::all(reader.layout()).unwrap_or_default();
        Self { reader, tombstones: kept.into_iter().map(|kept| kept.tombstone).collect() }
    }

    /// What was removed of a capture: all of it, or the payload that it refers to.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn of_capture(&self, capture: &Capture) -> Result<Option<Removed>, StoreError> {
        match capture.kind {
            RecordKind::Metadata => Ok(self.in_place(capture)),
            RecordKind::Revisit if !self.tombstones.is_empty() => self.of_payload(capture),
            _ => Ok(None),
        }
    }

    /// What was removed where this capture is: it says so itself.
    fn in_place(&self, capture: &Capture) -> Option<Removed> {
        failure(self.reader, capture).filter(|report| report.is_purged)?;
        Some(Removed::new(capture, self.at(capture)))
    }

    /// The tombstone of the record in this place.
    fn at(&self, capture: &Capture) -> Option<&Tombstone> {
        let mut all = self.tombstones.iter();
        all.find(|one| *one.file == *capture.file && one.offset == capture.offset)
    }

    /// What was removed of the payload to which a revisit refers, where no other record has it.
    fn of_payload(&self, revisit: &Capture) -> Result<Option<Removed>, StoreError> {
        if self.reader.original_of(revisit)?.is_some() {
            return Ok(None);
        }
        let has_payload = |one: &&Tombstone| {
            let payload = one.says().and_then(|leaf| leaf.payload.parse::<Digest>().ok());
            payload.is_some() && payload == revisit.digest
        };
        if let Some(found) = self.tombstones.iter().find(has_payload) {
            return Ok(Some(Removed::new(revisit, Some(found))));
        }
        let instead = self.reader.removed_original_of(revisit)?;
        Ok(instead.map(|instead| Removed::new(revisit, self.at(&instead))))
    }

    /// Whether it is the place of what a browser made of a page: that was removed with the page, and is no capture of its own.
    pub(super) fn is_rendering(&self, capture: &Capture) -> bool {
        let leaf = self.at(capture).and_then(Tombstone::says);
        leaf.is_some_and(|leaf| leaf.kind == "conversion")
    }

    /// A capture as `captures --format json` prints it, with what was removed of it.
    ///
    /// # Errors
    /// When the index cannot answer.
    pub fn json_line(&self, capture: &Capture) -> Result<String, StoreError> {
        let line = json_line(capture);
        let Some(removed) = self.of_capture(capture)? else { return Ok(line) };
        // Serializing texts cannot fail.
        let removed = serde_json::to_string(&removed).unwrap_or_else(|_| "null".to_owned());
        Ok(match line.strip_suffix('}') {
            Some(open) => format!("{open},\"removed\":{removed}}}"),
            None => line,
        })
    }
}

/// What was removed of a capture: all of it, or the payload that it refers to.
///
/// # Errors
/// When the index cannot answer.
pub fn of_capture(reader: &Reader, capture: &Capture) -> Result<Option<Removed>, StoreError> {
    match capture.kind {
        // The tombstones are read only where it may be one.
        RecordKind::Revisit if reader.original_of(capture)?.is_some() => Ok(None),
        RecordKind::Metadata | RecordKind::Revisit => Removals::of(reader).of_capture(capture),
        _ => Ok(None),
    }
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
    Ok(all_of_page(reader, url, period.unwrap_or(TimeRange::ALL))?.pop())
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
    let removals = Removals::of(reader);
    let mut all = Vec::new();
    let (from, to) = (Some(period.start), Some(period.end));
    for capture in reader.query(&Query { from, to, ..Query::exactly(url) }) {
        let capture = capture.map_err(|why| StoreError::of_index("asking", why))?;
        if !period.contains(capture.date) || removals.is_rendering(&capture) {
            continue;
        }
        // Several records of one capture may have been taken out.
        all.extend(removals.of_capture(&capture)?.filter(|one| !all.contains(one)));
    }
    Ok(all)
}

/// What was removed of a page in a second, where no other capture of that second has a payload.
///
/// # Errors
/// When the index cannot answer.
pub fn in_second(
    reader: &Reader,
    url: &str,
    second: TimeRange,
) -> Result<Option<Removed>, StoreError> {
    let removals = Removals::of(reader);
    let mut found = None;
    let (from, to) = (Some(second.start), Some(second.end));
    for capture in reader.query(&Query { from, to, ..Query::exactly(url) }) {
        let capture = capture.map_err(|why| StoreError::of_index("asking", why))?;
        match removals.of_capture(&capture)? {
            Some(_) if removals.is_rendering(&capture) => {}
            Some(removed) => found = Some(removed),
            None if capture.kind == RecordKind::Metadata => {}
            None => return Ok(None),
        }
    }
    Ok(found)
}

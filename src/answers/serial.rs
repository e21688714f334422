//! How times, captures and versions stand in the JSON of an answer.

use serde::{Serialize, Serializer};

use crate::archive::Capture;
use crate::base::Timestamp;
use crate::history::{CaptureJson, VersionJson, VersionRow};

/// Whether there is nothing to count: such a field is left out.
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A time as `WARC-Date` writes it.
pub(super) fn date<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.to_warc_date())
}

/// The same of a time that may be missing.
pub(super) fn maybe_date<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp::to_warc_date).serialize(to)
}

/// A capture in the form of the contract.
pub(super) fn capture<S: Serializer>(capture: &Capture, to: S) -> Result<S::Ok, S::Error> {
    CaptureJson::from(capture).serialize(to)
}

/// The same of a capture that may be missing.
pub(super) fn maybe_capture<S: Serializer>(
    capture: &Option<Capture>,
    to: S,
) -> Result<S::Ok, S::Error> {
    capture.as_ref().map(CaptureJson::from).serialize(to)
}

/// Captures, in order.
pub(super) fn captures<S: Serializer>(captures: &[Capture], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(captures.iter().map(CaptureJson::from))
}

/// Versions, in order.
pub(super) fn versions<S: Serializer>(rows: &[VersionRow], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(rows.iter().map(VersionJson::from))
}

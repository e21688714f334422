//! The state of uploads of WARC files to an object storage, as metrics.

use std::fmt;

/// What is counted of them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct UploadState {
    /// Sealed files that are not verified there, and their bytes.
    pub queued: (u64, u64),
    /// Files that are being sent or read back.
    pub in_flight: u64,
    /// Files whose last try failed.
    pub failed: u64,
    /// Tries that failed.
    pub failures: u64,
    /// Files that were verified.
    pub verified: u64,
    /// Bytes that were sent, and that were read back.
    pub bytes: (u64, u64),
    /// Unfinished uploads of earlier processes that were discarded.
    pub aborted: u64,
    /// For how many seconds the oldest file that is not verified has been sealed.
    pub lag_seconds: u64,
}

/// The source of the state.
pub(super) struct Source<T>(pub Box<dyn Fn() -> T + Send>);

impl<T> fmt::Debug for Source<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// A family of metrics: its name, kind, help and samples by label.
pub(super) type Family = (&'static str, &'static str, &'static str, Vec<(String, u64)>);

/// The state as families.
pub(super) fn families(state: &UploadState) -> Vec<Family> {
    let one = |value: u64| vec![(String::new(), value)];
    let two = |label: &str, values: [(&str, u64); 2]| -> Vec<(String, u64)> {
        values.map(|(name, value)| (format!("{{{label}=\"{name}\"}}"), value)).to_vec()
    };
    let (files, bytes) = state.queued;
    let (sent, read) = state.bytes;
    vec![
        (
            "uploads_queued",
            "gauge",
            "WARC files that are not in the object storage yet.",
            one(files),
        ),
        ("uploads_queued_bytes", "gauge", "Their bytes.", one(bytes)),
        (
            "uploads_in_flight",
            "gauge",
            "WARC files that are being sent or read back.",
            one(state.in_flight),
        ),
        ("uploads_failed", "gauge", "WARC files whose last try failed.", one(state.failed)),
        ("upload_failures_total", "counter", "Tries that failed.", one(state.failures)),
        (
            "uploads_verified_total",
            "counter",
            "WARC files that were sent and read back.",
            one(state.verified),
        ),
        (
            "upload_bytes_total",
            "counter",
            "Bytes of WARC files that were sent, and read back.",
            two("direction", [("sent", sent), ("read", read)]),
        ),
        (
            "uploads_aborted_total",
            "counter",
            "Unfinished uploads of earlier processes that were thrown away.",
            one(state.aborted),
        ),
        (
            "upload_lag_seconds",
            "gauge",
            "For how long the oldest WARC file that is not there has been sealed.",
            one(state.lag_seconds),
        ),
    ]
}

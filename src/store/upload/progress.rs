//! What is under way: counts that the upload thread keeps and other threads read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::base::Timestamp;

/// The state of the uploads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UploadCounts {
    /// Sealed files that are not verified in the storage.
    pub queued_files: u64,
    /// Their bytes.
    pub queued_bytes: u64,
    /// Files that are being sent or read back now.
    pub in_flight: u64,
    /// Files whose last try failed.
    pub failed_files: u64,
    /// Tries that failed, since the start.
    pub failures: u64,
    /// Files that were verified, since the start.
    pub verified: u64,
    /// Bytes of files that were sent, since the start.
    pub sent_bytes: u64,
    /// Bytes of objects that were read back, since the start.
    pub read_bytes: u64,
    /// Unfinished uploads that earlier processes left and that were discarded, since the start.
    pub aborted: u64,
    /// For how long the oldest file that is not verified has been sealed.
    pub lag: Duration,
}

/// The counts of one uploader.
#[derive(Debug, Default)]
pub struct Progress(Mutex<(UploadCounts, Option<Timestamp>)>);

impl Progress {
    pub(super) fn change(&self, change: impl FnOnce(&mut UploadCounts)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).0);
    }

    /// Since when the oldest file that is not verified has been sealed.
    pub(super) fn oldest(&self, since: Option<Timestamp>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = since;
    }

    /// The counts now.
    #[must_use]
    pub fn counts(&self, now: Timestamp) -> UploadCounts {
        let (counts, oldest) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        UploadCounts { lag: oldest.map_or(Duration::ZERO, |at| now.since(at)), ..counts }
    }
}

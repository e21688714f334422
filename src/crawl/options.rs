//! How a crawl runs, and the internal error that ends one.

use std::sync::Arc;
use std::time::Duration;

use crate::base::ByteSize;
use crate::browser::BrowserOptions;
use crate::capture::{CaptureError, CaptureRequest};
use crate::kv::KvError;
use crate::schedule::ScheduleError;
use crate::schedule::revisit::AdaptiveParams;
use crate::store::StoreError;

/// How a crawl runs.
#[derive(Debug, Clone)]
pub struct CrawlOptions {
    /// How many hosts are asked at the same time.
    pub hosts_max: usize,
    /// How many redirects are followed from one URL.
    pub redirect_hops_max: u32,
    /// How long exchanges in flight may continue after a stop was asked for.
    pub stop_deadline: Duration,
    /// A run that has nothing else to do does not wait longer than this for a host; what is left
    /// stays in the queue.
    pub wait_max: Duration,
    /// The longest payload after decompression that is read for links and text.
    pub decoded_bytes_max: usize,
    /// How long one captured page may be read. What takes longer is kept and not read.
    pub reading_max: Duration,
    /// Who we say we are, and what we accept.
    pub request: CaptureRequest,
    /// Seeds the jitter of back-off.
    pub seed: u64,
    /// When pages are visited again.
    pub revisit: AdaptiveParams,
    /// How many looks a host's watched pages may have in a day.
    pub looks_per_day: f64,
    /// With less free disk than this, in bytes, nothing new is fetched.
    pub disk_free_min: u64,
    /// How pages are rendered, for jobs that ask for it.
    pub browser: Arc<BrowserOptions>,
    /// How many pages are rendered at a time.
    pub browsers_max: usize,
    /// A run without an end raises the alarm when something could be fetched and nothing was for this long.
    pub stall_after: Duration,
}

impl Default for CrawlOptions {
    fn default() -> Self {
        Self {
            hosts_max: 64,
            redirect_hops_max: 10,
            stop_deadline: Duration::from_secs(30),
            wait_max: Duration::from_secs(600),
            decoded_bytes_max: 64 << 20,
            reading_max: Duration::from_mins(2),
            request: CaptureRequest::new("pressmark"),
            seed: 0,
            revisit: AdaptiveParams::default(),
            looks_per_day: 500.0,
            disk_free_min: 512 << 20,
            browser: Arc::default(),
            browsers_max: 1,
            stall_after: Duration::from_mins(15),
        }
    }
}

/// An internal error that ends a crawl.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// The archive cannot be written or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network side cannot work.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The queue cannot be written or read.
    #[error("the queue: {0}")]
    Queue(#[from] ScheduleError),
    /// The state tables cannot be written or read.
    #[error("the crawl's state: {0}")]
    State(#[from] KvError),
    /// The log cannot be written.
    #[error("writing the crawl log: {0}")]
    Log(std::io::Error),
    /// Too little disk is left.
    #[error("only {} of disk space are free, and store.disk_free_min requires {}", ByteSize(*free), ByteSize(*wanted))]
    DiskFull {
        /// What is free.
        free: u64,
        /// What should be.
        wanted: u64,
    },
    /// A task broke.
    #[error("a task failed while {uri} was in flight: {why}")]
    Broken {
        /// What was in flight.
        uri: String,
        /// How it broke.
        why: String,
    },
}

impl CrawlError {
    /// Whether the disk, or the user's quota of it, is full. The system's own words are searched for
    /// in all causes of the error: the layers between keep them as text.
    #[must_use]
    pub fn is_out_of_disk(&self) -> bool {
        let mut cause: Option<&dyn std::error::Error> = Some(self);
        while let Some(error) = cause {
            let text = error.to_string();
            // ENOSPC and EDQUOT of Linux.
            if ["(os error 28)", "(os error 122)"].iter().any(|words| text.contains(words)) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_distinguished_from_other_errors_at_every_layer() {
        let io = |code| std::io::Error::from_raw_os_error(code);
        let journal = |code| ScheduleError::Journal { path: "x".into(), source: io(code) };
        for (error, is_full) in [
            (CrawlError::Log(io(28)), true),
            (CrawlError::Log(io(122)), true),
            (CrawlError::Log(io(13)), false),
            (CrawlError::Queue(journal(28)), true),
            (CrawlError::Queue(journal(5)), false),
            (CrawlError::Store(StoreError::Stopped(io(28).to_string())), true),
            (CrawlError::Store(StoreError::IndexBusy), false),
        ] {
            assert_eq!(error.is_out_of_disk(), is_full, "{error}");
        }
    }
}

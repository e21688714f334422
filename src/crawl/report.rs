//! What a crawl did, counted.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::Timestamp;

use super::outcome::{Finished, Outcome, Stored};

/// What a crawl did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The job's name.
    pub job: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Exchanges with a response; robots.txt among them.
    pub fetched: u64,
    /// Of these, with a payload that was not there before.
    pub new: u64,
    /// Of these, with a payload that was there.
    pub revisits: u64,
    /// Of these, where the server said that nothing changed.
    pub not_modified: u64,
    /// URLs that robots.txt kept us from.
    pub refused_by_robots: u64,
    /// URLs that came to nothing.
    pub failed: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Articles whose text differs from the capture before.
    pub versions: u64,
    /// Changes found in them.
    pub changes: u64,
    /// URLs that jobs found and that do not belong, or are traps.
    pub left_out: u64,
    /// URLs left in the queue.
    pub left: u64,
    /// Whether a signal ended it.
    pub stopped: bool,
    /// Counts by host.
    pub hosts: BTreeMap<String, HostReport>,
    /// Counts by status, failures by their step.
    pub statuses: BTreeMap<String, u64>,
    /// Counts by media type.
    pub media_types: BTreeMap<String, u64>,
    /// The first [`Report::FAILURES_MAX`] failures: URL and why.
    pub failures: Vec<(String, String)>,
}

/// What a crawl did with one host.
#[derive(Debug, Clone, Default)]
pub struct HostReport {
    /// Exchanges with a response.
    pub fetched: u64,
    /// URLs that came to nothing.
    pub failed: u64,
    /// The pause that was kept last.
    pub delay: Duration,
}

impl Report {
    /// How many failures are told by name; all are counted.
    pub const FAILURES_MAX: usize = 1_000;

    /// Counts one URL in.
    pub fn count(&mut self, done: &Finished) {
        let host = self.hosts.entry(done.uri.host_key().to_string()).or_default();
        match &done.outcome {
            Outcome::Fetched { status, stored, .. } => {
                self.fetched += 1;
                self.bytes += done.bytes;
                host.fetched += 1;
                match stored {
                    Stored::New => self.new += 1,
                    Stored::Revisit => self.revisits += 1,
                    Stored::NotModified => self.not_modified += 1,
                }
                let status = status.map_or_else(|| "unreadable".to_owned(), |s| s.to_string());
                *self.statuses.entry(status).or_default() += 1;
                let media_type = done.media_type.clone().unwrap_or_else(|| "unk".to_owned());
                *self.media_types.entry(media_type).or_default() += 1;
            }
            Outcome::Failed { step, why } => {
                self.failed += 1;
                host.failed += 1;
                *self.statuses.entry((*step).to_owned()).or_default() += 1;
                if self.failures.len() < Self::FAILURES_MAX {
                    self.failures.push((done.uri.to_string(), format!("{step}: {why}")));
                }
            }
            Outcome::Refused { .. } => {
                self.refused_by_robots += 1;
                *self.statuses.entry("robots".to_owned()).or_default() += 1;
            }
        }
    }
}

//! Observers of a running crawl: a progress line, webhooks, metrics.

use std::time::Duration;

use crate::base::Timestamp;
use crate::schedule::SharedState;

use super::outcome::Finished;
use super::source_book::SourceState;
use super::version_event::VersionEvent;

/// Observes what a crawl does. Every method does nothing by default.
pub trait Observer: Send {
    /// A URL has an outcome.
    fn finished(&mut self, done: &Finished) {
        let _ = done;
    }

    /// The loop went round: URLs done, in flight, and known to be queued.
    fn progress(&mut self, done: u64, in_flight: usize, queued: u64) {
        let _ = (done, in_flight, queued);
    }

    /// The state of a shared queue.
    fn shared(&mut self, state: &SharedState) {
        let _ = state;
    }

    /// An article says something else than it did.
    fn news(&mut self, news: &VersionEvent) {
        let _ = news;
    }

    /// A URL that a job found was left out, by this rule.
    fn left_out(&mut self, rule: &str) {
        let _ = rule;
    }

    /// A source began to fail, or works again.
    fn source(&mut self, change: &SourceChange) {
        let _ = change;
    }

    /// Something that the operator should know of, as text.
    fn note(&mut self, what: &str) {
        let _ = what;
    }

    /// A run without an end has a problem, or has it no longer.
    fn trouble(&mut self, trouble: &RunProblem) {
        let _ = trouble;
    }
}

/// A source that began to fail, or works again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceChange {
    /// Whose it is.
    pub job: String,
    /// Its URL.
    pub url: String,
    /// `feed`, `sitemap` or `section`.
    pub kind: String,
    /// What it was; the same where it was so when the run began.
    pub was: SourceState,
    /// What it is.
    pub state: SourceState,
    /// The result of the check: a status, a media type, the step that failed.
    pub detail: String,
}

/// What an operator should know of a run without an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunProblem {
    /// Too little disk is free; nothing new is fetched until there is more.
    DiskLow {
        /// What is free, in bytes.
        free: u64,
        /// What should be.
        wanted: u64,
    },
    /// There is room again.
    DiskBack,
    /// Something could be fetched since then, and nothing was.
    Stalled {
        /// Since when.
        since: Timestamp,
    },
    /// It continues.
    Moving,
    /// A source or host brings nothing any longer, for longer than its past explains.
    Silent {
        /// Whose it is.
        job: String,
        /// Its URL, or the name of the host.
        url: String,
        /// `feed`, `sitemap`, `section` or `host`.
        kind: String,
        /// When it last brought something.
        since: Timestamp,
        /// The longest silence that would be usual.
        usual: Duration,
    },
    /// It brings something again.
    Resumed {
        /// Whose it is.
        job: String,
        /// Its URL, or the name of the host.
        url: String,
        /// `feed`, `sitemap`, `section` or `host`.
        kind: String,
    },
    /// This many pages that took too long to read, and were given up, still keep a thread busy each.
    ReadingsStuck {
        /// How many; none where all have ended.
        readings: usize,
    },
}

/// No observer.
impl Observer for () {}

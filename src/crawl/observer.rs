//! Who looks on while a crawl runs: a progress line, webhooks, metrics.

use crate::base::Timestamp;

use super::news::News;
use super::outcome::Finished;

/// Sees what a crawl does. Every method may be left as it is.
pub trait Observer: Send {
    /// A URL came to its outcome.
    fn finished(&mut self, done: &Finished) {
        let _ = done;
    }

    /// The loop went round: URLs done, in flight, and known to be queued.
    fn progress(&mut self, done: u64, in_flight: usize, queued: u64) {
        let _ = (done, in_flight, queued);
    }

    /// An article says something else than it did.
    fn news(&mut self, news: &News) {
        let _ = news;
    }

    /// A URL that a job found was left out, by this rule.
    fn left_out(&mut self, rule: &str) {
        let _ = rule;
    }

    /// Something that whoever runs it should know of, in words.
    fn note(&mut self, what: &str) {
        let _ = what;
    }

    /// A run for ever met trouble, or got over it.
    fn trouble(&mut self, trouble: &Trouble) {
        let _ = trouble;
    }
}

/// What an operator should know of a run for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
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
    /// It goes on.
    Moving,
}

/// No observer.
impl Observer for () {}

//! What a run is asked to do.

use crate::base::TargetUri;
use crate::schedule::Credentials;

/// Which claims a run takes from the frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// What was asked for now, and what an earlier run left in the queue.
    Queue,
    /// What the schedule says is due.
    Due,
    /// What the jobs name, now, and what is due besides; until nothing is.
    Jobs,
    /// What is due when it is due, until a stop is asked for.
    Forever,
}

/// A run's settings.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// What to capture now.
    pub seeds: Vec<TargetUri>,
    /// Users and passwords that were in those URLs.
    pub credentials: Credentials,
    /// How many links away from a seed pages are followed.
    pub depth: u32,
    /// Whether a page's images, styles, scripts and fonts are captured with it.
    pub requisites: bool,
    /// Stop after this many pages, requisites counted as well.
    pub pages_max: Option<u64>,
    /// Which claims are taken.
    pub take: Take,
    /// Whether what is captured is not visited again, and not followed where it redirects: what other
    /// archives keep is theirs to say.
    pub once: bool,
}

impl Job {
    /// A run that captures these URLs now, and nothing else.
    #[must_use]
    pub fn of(seeds: Vec<TargetUri>) -> Self {
        Self {
            name: "cli".to_owned(),
            seeds,
            credentials: Credentials::default(),
            depth: 0,
            requisites: false,
            pages_max: None,
            take: Take::Queue,
            once: false,
        }
    }
}

//! What the queue looks like while a run has it: counts, and what comes next. The process that runs
//! is the only one that can read its queue, so it reports now and then what is in it, and the
//! caller (`status`, `due`) reads that.
//!
//! Deliberately writes no file: the caller that set the run up is handed the view and keeps it.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use crate::base::Timestamp;
use crate::schedule::{DueItem, Queue, ScheduleError, SharedOverview};

use super::engine::{Crawl, Run};
use super::job::Take;
use super::options::CrawlError;
use super::source_book::SourceLine;

/// This many URLs of each list are named, soonest first.
pub const ITEMS_MAX: usize = 1_000;
/// What is due now is counted up to this.
pub const DUE_COUNTED_MAX: usize = 1_000;

/// One URL that comes next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueLine {
    /// The URL.
    pub url: String,
    /// The earliest time it can be fetched (WARC-Date).
    pub at: String,
    /// When it is due.
    pub due: String,
    /// The fact that set that time.
    pub because: String,
    /// The list it is in: `queue` or `watched`.
    pub list: String,
    /// Whose it is: the first that named it.
    pub job: String,
    /// All jobs that name it.
    #[serde(default)]
    pub jobs: Vec<String>,
    /// Its priority.
    pub priority: String,
}

impl DueLine {
    /// The line of one entry of a list.
    #[must_use]
    pub fn of(list: &str, item: &DueItem) -> Self {
        let because = if item.waits_for_host {
            format!("{}; its host is requested again then", item.entry.because)
        } else {
            item.entry.because.clone()
        };
        Self {
            url: item.entry.uri.as_str().to_owned(),
            at: item.at.to_warc_date(),
            due: item.due.to_warc_date(),
            because,
            list: list.to_owned(),
            job: item.job.to_string(),
            jobs: item.jobs.iter().map(ToString::to_string).collect(),
            priority: item.priority.label().to_owned(),
        }
    }
}

/// One list: the queue, or what is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// `queue` or `watched`.
    pub list: String,
    /// Never fetched.
    pub queued: u64,
    /// Being fetched.
    pub in_flight: u64,
    /// Fetched, with a next visit.
    pub waiting: u64,
    /// How many are due, counted up to [`DUE_COUNTED_MAX`].
    pub due: u64,
    /// When the next can be fetched.
    pub next: Option<String>,
    /// What comes next, soonest first, at most [`ITEMS_MAX`]. What is in flight is not in it.
    pub items: Vec<DueLine>,
}

impl ListView {
    /// What a frontier states about itself.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(list: &str, frontier: &dyn Queue, now: Timestamp) -> Result<Self, ScheduleError> {
        let counts = frontier.counts();
        let mut items = Vec::new();
        let mut due = 0;
        for item in frontier.due().take(ITEMS_MAX.max(DUE_COUNTED_MAX)) {
            let item = item?;
            due += u64::from(item.due <= now);
            if items.len() < ITEMS_MAX {
                items.push(DueLine::of(list, &item));
            }
        }
        Ok(Self {
            list: list.to_owned(),
            queued: counts.queued,
            in_flight: counts.in_flight,
            waiting: counts.waiting,
            due,
            next: frontier.next_ready_at().map(Timestamp::to_warc_date),
            items,
        })
    }
}

/// All that a run says of its queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// When it was so.
    pub at: String,
    /// The process that says it.
    pub process: u32,
    /// The lists.
    pub lists: Vec<ListView>,
    /// The sources of all jobs, and those of their hosts that are silent.
    #[serde(default)]
    pub sources: Vec<SourceLine>,
}

/// The queue of an archive as it is shown to a person who only reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSeen {
    /// The lists.
    pub lists: Vec<ListView>,
    /// The sources of all jobs, and those of their hosts that are silent.
    pub sources: Vec<SourceLine>,
    /// Who reported it; `None` where it was read now.
    pub reporter: Option<QueueReporter>,
    /// Who shares it, where it is shared.
    pub shared: Option<SharedOverview>,
}

/// Who reported a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueReporter {
    /// When.
    pub at: String,
    /// The process and how long ago that was, as text.
    pub source: String,
}

impl QueueView {
    /// As text, who said it and how long ago.
    #[must_use]
    pub fn source(&self, now: Timestamp) -> String {
        let at = Timestamp::parse(&self.at).unwrap_or_default();
        let age = now.since(at).as_secs();
        format!("as process {}, which has the queue, reported {age} s ago", self.process)
    }
}

/// The receiver of the queue's views, and how often it gets one.
pub struct Viewer {
    every: Duration,
    next: Timestamp,
    /// Whether something was in flight when it was shown last.
    was_busy: bool,
    /// A list that this run leaves alone.
    other: Option<ListView>,
    show: Box<dyn FnMut(&QueueView) + Send>,
}

impl Crawl {
    /// Has the queue shown while a run is in progress: at its beginning, then once in `every`, and
    /// once more when nothing is in flight any longer.
    /// `other` is a list of the archive that this crawl does not take from.
    pub fn show_queue(
        &mut self,
        every: Duration,
        other: Option<ListView>,
        show: Box<dyn FnMut(&QueueView) + Send>,
    ) {
        self.viewer = Some(Viewer {
            every,
            next: Timestamp::from_unix_micros(i64::MIN),
            was_busy: false,
            other,
            show,
        });
    }

    /// Shows it when it is time.
    pub(super) fn tell_queue(&mut self, run: &Run<'_>) -> Result<(), CrawlError> {
        let now = self.now();
        let Some(viewer) = &mut self.viewer else { return Ok(()) };
        let has_rest = run.is_idle() && viewer.was_busy;
        if now < viewer.next && !has_rest {
            return Ok(());
        }
        viewer.next = now.plus(viewer.every);
        viewer.was_busy = !run.is_idle();
        let takes_queue = run.job.take == Take::Queue;
        // A run of what was asked for by name takes from the queue; every other from the list of
        // what is watched, which has the queue's URLs in it.
        let name = if takes_queue { "queue" } else { "watched" };
        let mut lists = vec![ListView::of(name, &*self.frontier, now)?];
        if let Some(watched) = &self.watched {
            lists.push(ListView::of("watched", watched, now)?);
        }
        lists.extend(viewer.other.clone());
        let sources = self.sources.lines(|_| true);
        let process = std::process::id();
        let view = QueueView { at: now.to_warc_date(), process, lists, sources };
        (viewer.show)(&view);
        Ok(())
    }
}

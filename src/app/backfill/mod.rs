//! What other archives captured of a page, taken into this one: from a TimeMap to copies in the page's history.
//!
//! TimeMaps and mementos are captured as any page is, with the pace and the robots.txt of their host, so that every
//! byte of the exchange with that archive is in the WARC files. A copy ([`MementoCopy`]) is a record that leads from
//! the page's address and the time of its capture to that exchange. What was taken before is not asked for again;
//! an import that was killed continues where it stopped.
//!
//! An archive vouches only for what it captured. So no copy is taken of an answer that lacks `Memento-Datetime`, is
//! declared as a capture of another page, comes from another host than the list names, or has a time in the future.
//!
//! In reading order: which mementos there are (`pages`), what an answer is (`given`), one after the other (`take`).
//!
//! [`MementoCopy`]: crate::store::MementoCopy

mod given;
mod pages;
mod take;

use std::collections::HashMap;

use super::error::{AppError, store_error};
use super::run::Running;
use crate::archive::{Capture, Query, RecordKind};
use crate::base::{TargetUri, TimeRange, Timestamp};
use crate::crawl::{Finished, Job, Observer, Outcome, RunProblem, Stop, VersionEvent};
use crate::store::{Loaded, Reader};

/// Which mementos are taken.
#[derive(Debug, Clone)]
pub struct BackfillOptions {
    /// The capture times, as the TimeMap states them; a memento without a stated time is taken.
    pub range: TimeRange,
    /// At most how many, the oldest first; those that are known are not counted.
    pub limit: Option<usize>,
}

/// What became of a memento.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyOutcome {
    /// A copy is in the archive now.
    Taken,
    /// It was there before.
    Known,
    /// It was not taken.
    Refused,
}

/// A memento, and what became of it.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Its address in the other archive, as the TimeMap has it.
    pub memento: String,
    /// The copy, where there is one.
    pub capture: Option<Capture>,
    /// What became of it.
    pub outcome: CopyOutcome,
    /// Why it was not taken.
    pub why: Option<String>,
}

/// The result of a whole import.
#[derive(Debug, Clone, Default)]
pub struct Backfilled {
    /// Notes on the TimeMap, as text.
    pub notes: Vec<String>,
    /// How many mementos it lists.
    pub listed: usize,
    /// How many of them were left out, by time or number.
    pub left_out: usize,
    /// Whether a stop was asked for before the end.
    pub stopped: bool,
}

/// Takes the copies of a page that the TimeMap at `url` lists; `found` is called for each.
///
/// # Errors
/// When the TimeMap cannot be fetched or is not a TimeMap, or for an internal error; what was taken before is kept.
pub async fn backfill(
    running: &mut Running,
    url: &TargetUri,
    options: &BackfillOptions,
    (observer, stop): (&mut dyn Observer, &Stop),
    found: &mut (dyn FnMut(Copied) + Send),
) -> Result<Backfilled, AppError> {
    let reader = running.reader();
    let mut backfill = Backfill {
        reader,
        running,
        observer,
        stop,
        timemap: url.clone(),
        why: HashMap::new(),
        notes: Vec::new(),
    };
    let listed = backfill.listed().await?;
    let mut done = Backfilled { listed: listed.len(), ..Backfilled::default() };
    done.left_out = backfill.take(listed, options, found).await?;
    done.notes = backfill.notes;
    done.stopped = stop.asked();
    Ok(done)
}

struct Backfill<'a> {
    reader: Reader,
    running: &'a mut Running,
    observer: &'a mut dyn Observer,
    stop: &'a Stop,
    timemap: TargetUri,
    /// Why a URL could not be fetched.
    why: HashMap<String, String>,
    notes: Vec<String>,
}

/// A memento to fetch.
#[derive(Debug, Clone)]
struct Wanted {
    /// As the TimeMap has it.
    memento: TargetUri,
    /// When it was captured, as the TimeMap says.
    at: Option<Timestamp>,
    /// Of which page.
    original: String,
    /// The address at which it is asked for.
    asked: TargetUri,
    /// Whether this address returns the bytes as they were captured.
    is_raw: bool,
    /// How many references of the archive led to that address.
    hops: usize,
}

impl Backfill<'_> {
    /// Captures these, and records why any could not be fetched.
    async fn fetch(&mut self, urls: Vec<TargetUri>) -> Result<(), AppError> {
        let job = Job { once: true, ..Job::of(urls) };
        let mut watching = Watching { observer: self.observer, why: &mut self.why };
        self.running.run(&job, &mut watching, self.stop).await?;
        Ok(())
    }

    /// The newest capture of exactly this address, reports of failures aside.
    fn newest(
        &self,
        url: &TargetUri,
        since: Option<Timestamp>,
    ) -> Result<Option<Loaded>, AppError> {
        let url = url.as_str();
        let query = Query { from: since, ..Query::exactly(url).newest_first() };
        for capture in self.reader.query(&query) {
            let capture = capture.map_err(|why| AppError::failed("asking the index", why))?;
            if capture.url == url && capture.kind != RecordKind::Metadata {
                let loaded = self.reader.load(&capture);
                return loaded
                    .map(Some)
                    .map_err(|why| store_error("reading the response of an archive", why));
            }
        }
        Ok(None)
    }

    fn why_not(&self, url: &TargetUri) -> String {
        let not_yet = "it was not requested: the import was stopped, or its host asks for a wait longer than crawl.wait_max";
        self.why.get(url.as_str()).cloned().unwrap_or_else(|| not_yet.to_owned())
    }
}

/// Forwards the reports of a crawl, and records why any URL could not be fetched.
struct Watching<'a> {
    observer: &'a mut dyn Observer,
    why: &'a mut HashMap<String, String>,
}

impl Observer for Watching<'_> {
    fn finished(&mut self, done: &Finished) {
        let why = match &done.outcome {
            Outcome::Fetched { .. } => None,
            Outcome::Failed { step, why } => Some(format!("{step}: {why}")),
            Outcome::Refused { why } => Some(why.clone()),
            Outcome::RobotsUnreachable { why } => Some(why.clone()),
        };
        if let Some(why) = why {
            self.why.insert(done.uri.as_str().to_owned(), why);
        }
        self.observer.finished(done);
    }

    fn progress(&mut self, done: u64, in_flight: usize, queued: u64) {
        self.observer.progress(done, in_flight, queued);
    }

    fn news(&mut self, news: &VersionEvent) {
        self.observer.news(news);
    }

    fn note(&mut self, what: &str) {
        self.observer.note(what);
    }

    fn trouble(&mut self, trouble: &RunProblem) {
        self.observer.trouble(trouble);
    }
}

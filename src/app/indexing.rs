//! The index of words, brought up to date while something else is running in the process: a crawl that writes, a
//! server that answers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::config::{Settings, keys};
use crate::history::PageReader;
use crate::readings::Readings;
use crate::search::{Search, SearchError, SearchOptions, Upkeep};
use crate::store::Reader;

/// How often the index is brought up to date: no query gets an answer older than that.
pub const INDEXED_EVERY: Duration = Duration::from_secs(1);

/// How the index is kept, by the settings.
#[must_use]
pub fn search_options(settings: &Settings, upkeep: Upkeep) -> SearchOptions {
    let is_kept = settings.bool(keys::SEARCH_INDEX);
    let writer_bytes = settings.bytes(keys::SEARCH_WRITER_BYTES);
    SearchOptions { writer_bytes, upkeep: if is_kept { upkeep } else { Upkeep::Off } }
}

/// Brings the index up to date repeatedly.
#[derive(Clone)]
pub struct Indexing {
    reader: Reader,
    readings: Readings,
    search: Arc<Search>,
    ended: Arc<Notify>,
}

/// Ticks at this interval, the first after one interval; a late tick delays the next one.
pub(super) fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + every, every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks
}

impl Indexing {
    /// The index of this archive.
    #[must_use]
    pub fn new(reader: Reader, readings: Readings, search: Arc<Search>) -> Self {
        Self { reader, readings, search, ended: Arc::default() }
    }

    /// Brings it up to date once; what went wrong, as text. Nothing is done where another process is doing it.
    fn once(&self) -> Option<String> {
        let mut page_reader = PageReader::cached(&self.reader, &self.readings);
        let done = self.search.keep_up(&mut page_reader, &mut |_| {});
        // A disabled index is not a failure, and neither is a requested end.
        let done =
            done.err().filter(|why| !matches!(why, SearchError::None(_) | SearchError::Ended));
        done.map(|why| why.to_string())
    }

    /// Brings it up to date at every interval, until its end; an error is passed to `say`, once until
    /// another one occurs.
    pub async fn follow_every(self, every: Duration, say: impl Fn(&str) + Send) {
        let mut ticks = ticks(every);
        let mut last = None;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.ended.notified() => return,
            }
            let indexing = self.clone();
            let done = tokio::task::spawn_blocking(move || indexing.once()).await;
            let why = done.unwrap_or_else(|why| Some(why.to_string()));
            if let Some(why) = why.as_ref().filter(|why| last.as_ref() != Some(*why)) {
                say(&format!("the search index was not updated: {why}"));
            }
            last = why;
        }
    }

    /// Asks it to end soon: after the current page.
    pub fn end(&self) {
        self.search.end();
        self.ended.notify_one();
    }
}

//! Saved searches while a run goes on: new captures are read at every interval, whichever process keeps the index of
//! words.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::indexing::ticks;
use crate::base::Clock;
use crate::history::PageReader;
use crate::readings::Readings;
use crate::search::saved::SavedSearch;
use crate::search::{Listener, SearchChange};
use crate::store::Reader;

/// The last captures are still checked at the end, for at most this long; the next run continues.
const LAST_LOOK_MAX: Duration = Duration::from_secs(3);

/// Called for each change to the words of a saved search, on a thread of a runtime.
pub type Tells = Arc<dyn Fn(&SearchChange<'_>) + Send + Sync>;

/// Checks new captures for saved searches. Clones share the position.
#[derive(Clone)]
pub struct Hearing {
    reader: Reader,
    readings: Readings,
    clock: Arc<dyn Clock>,
    searches: Arc<[SavedSearch]>,
    listener: Arc<Mutex<Listener>>,
    ended: Arc<Notify>,
    /// Until when it may continue, once it was asked to end.
    until: Arc<Mutex<Option<Instant>>>,
}

impl Hearing {
    /// Continues where `listener` is.
    #[must_use]
    pub fn new(
        (reader, readings): (Reader, Readings),
        clock: Arc<dyn Clock>,
        searches: Vec<SavedSearch>,
        listener: Listener,
    ) -> Self {
        let listener = Arc::new(Mutex::new(listener));
        let (ended, until) = (Arc::default(), Arc::default());
        Self { reader, readings, clock, searches: searches.into(), listener, ended, until }
    }

    /// Checks what is new; what went wrong, as text.
    fn once(&self, tells: &Tells) -> Option<String> {
        let is_ended = || {
            let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            until.is_some_and(|until| Instant::now() >= until)
        };
        let mut page_reader = PageReader::cached(&self.reader, &self.readings);
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut tell = |change: &SearchChange<'_>| tells(change);
        match listener.listen(&mut page_reader, &self.searches, now, &mut tell, &is_ended) {
            Ok(notes) => Some(notes.join("; ")).filter(|notes| !notes.is_empty()),
            Err(why) => Some(why.to_string()),
        }
    }

    /// Checks what is new at every interval, until its end, and then once more; an error is passed to
    /// `say`, once until another one occurs.
    pub async fn follow_every(self, every: Duration, tells: Tells, say: impl Fn(&str) + Send) {
        let mut ticks = ticks(every);
        let mut last = None;
        let mut is_last = false;
        while !is_last {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.ended.notified() => is_last = true,
            }
            let (hearing, tells) = (self.clone(), Arc::clone(&tells));
            let done = tokio::task::spawn_blocking(move || hearing.once(&tells)).await;
            let why = done.unwrap_or_else(|why| Some(why.to_string()));
            if let Some(why) = why.as_ref().filter(|why| last.as_ref() != Some(*why)) {
                say(&format!("saved searches: {why}"));
            }
            last = why;
        }
    }

    /// Asks it to end soon.
    pub fn end(&self) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(Instant::now() + LAST_LOOK_MAX);
        self.ended.notify_one();
    }
}

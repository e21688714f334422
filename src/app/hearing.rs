//! Saved searches while a run goes on: what is captured is read again and again, whichever process keeps the index of
//! words.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::indexing::ticks;
use crate::base::Clock;
use crate::history::PageReader;
use crate::readings::Readings;
use crate::search::saved::SavedSearch;
use crate::search::{HeardChange, Listener};
use crate::store::Reader;

/// What was captured last is still gone through at the end, at most for so long; the next run goes on.
const LAST_LOOK_MAX: Duration = Duration::from_secs(3);

/// Called for each change to the words of a saved search, on a thread of a runtime.
pub type Tells = Arc<dyn Fn(&HeardChange<'_>) + Send + Sync>;

/// Goes through what is captured, for saved searches. Clones share how far it is.
#[derive(Clone)]
pub struct Hearing {
    reader: Reader,
    readings: Readings,
    clock: Arc<dyn Clock>,
    searches: Arc<[SavedSearch]>,
    listener: Arc<Mutex<Listener>>,
    ended: Arc<Notify>,
    /// Until when it may go on, once it was asked to end.
    until: Arc<Mutex<Option<Instant>>>,
}

impl Hearing {
    /// Goes on where `listener` is.
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

    /// Goes through what is new; what went wrong, as text.
    fn once(&self, tells: &Tells) -> Option<String> {
        let is_ended = || {
            let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
            until.is_some_and(|until| Instant::now() >= until)
        };
        let mut page_reader = PageReader::cached(&self.reader, &self.readings);
        let mut listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut tell = |change: &HeardChange<'_>| tells(change);
        match listener.listen(&mut page_reader, &self.searches, now, &mut tell, &is_ended) {
            Ok(notes) => Some(notes.join("; ")).filter(|notes| !notes.is_empty()),
            Err(why) => Some(why.to_string()),
        }
    }

    /// Goes through what is new every so often, until its end, and then once more; what goes wrong is said to
    /// `say`, once until something else does.
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

    /// Has it end soon.
    pub fn end(&self) {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *until = Some(Instant::now() + LAST_LOOK_MAX);
        self.ended.notify_one();
    }
}

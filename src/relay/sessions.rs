//! Notes that were signed and wait to be fetched, for a while and a number of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// The most notes that are kept: the oldest is forgotten first.
const NOTES_MAX: usize = 10_000;
/// How long a note that is not signed yet is waited for.
const WAIT_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Session {
    /// `None` while the session lasts.
    note: Option<String>,
    /// Whether the note was requested before.
    is_requested: bool,
}

#[derive(Debug, Default)]
struct Kept {
    notes: HashMap<String, Session>,
    order: VecDeque<String>,
}

/// The sessions of a relay.
#[derive(Debug, Default)]
pub struct Sessions {
    kept: Mutex<Kept>,
    signed: Notify,
}

impl Sessions {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change of it is a single step.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session begins.
    pub fn begin(&self, id: &str) {
        let mut kept = self.kept();
        kept.notes.insert(id.to_owned(), Session::default());
        kept.order.push_back(id.to_owned());
        if kept.order.len() > NOTES_MAX
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.notes.remove(&oldest);
        }
    }

    /// A session has ended, and this was signed of it.
    pub fn end(&self, id: &str, note: String) {
        if let Some(kept) = self.kept().notes.get_mut(id) {
            kept.note = Some(note);
        }
        self.signed.notify_waiters();
    }

    /// Whether this is the first request for the note on a session. `false` for an unknown session.
    pub fn is_first_request(&self, id: &str) -> bool {
        let mut kept = self.kept();
        let session = kept.notes.get_mut(id);
        session.is_some_and(|session| !std::mem::replace(&mut session.is_requested, true))
    }

    /// The note on a session; waits for one that is about to end. `None` where there is none.
    pub async fn note(&self, id: &str) -> Option<String> {
        let until = Instant::now() + WAIT_MAX;
        loop {
            let signed = self.signed.notified();
            tokio::pin!(signed);
            // What is signed from here on is not missed.
            signed.as_mut().enable();
            match self.kept().notes.get(id).map(|session| &session.note) {
                Some(Some(note)) => return Some(note.clone()),
                Some(None) => {}
                None => return None,
            }
            if timeout_at(until, signed).await.is_err() {
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_note_is_waited_for_and_the_oldest_is_forgotten() {
        let sessions = Arc::new(Sessions::default());
        assert_eq!(sessions.note("none").await, None);
        assert!(!sessions.is_first_request("none"));
        sessions.begin("a");
        assert!(sessions.is_first_request("a") && !sessions.is_first_request("a"));
        assert_eq!(sessions.note("a").await, None, "it goes on");
        let waiting = tokio::spawn({
            let sessions = Arc::clone(&sessions);
            async move { sessions.note("a").await }
        });
        tokio::task::yield_now().await;
        sessions.end("a", "signed".to_owned());
        assert_eq!(waiting.await.unwrap().as_deref(), Some("signed"));
        for number in 0..NOTES_MAX {
            sessions.begin(&number.to_string());
        }
        assert_eq!(sessions.note("a").await, None);
        sessions.end("a", "too late".to_owned());
        assert_eq!(sessions.note("a").await, None);
    }
}

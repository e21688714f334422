//! Saved searches while a process watches: receivers of messages are told when a new version first has the words,
//! and when one drops them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::answers::search::SnippetJson;
use crate::base::Timestamp;
use crate::history::CaptureJson;
use crate::remote::{Notifier, Receiver};
use crate::search::NewVersion;
use crate::search::saved::{SavedSearch, WordsChange};

/// The saved searches, and the receivers of their messages.
pub(super) struct SavedWatch {
    searches: Vec<SavedSearch>,
    receivers: Vec<Receiver>,
    notifier: Mutex<Notifier>,
    /// What was captured before is no news: the index may be rebuilt while the process runs.
    begun: Timestamp,
}

/// What a receiver is sent, in the fields of `docs/reference/schema/search-message.json`.
#[derive(Debug, Serialize)]
struct SearchMessage<'m> {
    event: &'static str,
    search: &'m str,
    query: &'m str,
    change: &'static str,
    url: &'m str,
    timestamp: String,
    capture: CaptureJson,
    headline: Option<&'m str>,
    snippets: Vec<SnippetJson>,
}

impl SavedWatch {
    /// Tells these receivers of these searches from `begun` on.
    pub(super) fn new(
        searches: Vec<SavedSearch>,
        receivers: Vec<Receiver>,
        notifier: Notifier,
        begun: Timestamp,
    ) -> Self {
        Self { searches, receivers, notifier: Mutex::new(notifier), begun }
    }

    /// Hears of a version that was put into the index. To be called inside a tokio runtime.
    pub(super) fn hear(&self, new: &NewVersion<'_>) {
        let row = new.row;
        if row.first.date < self.begun || self.receivers.is_empty() {
            return;
        }
        for search in &self.searches {
            let Some(change) = search.heard(new) else { continue };
            let (url, query) = (row.first.url.as_str(), search.text.as_str());
            tracing::info!(%url, search = %search.name, change = change.label(), "a saved search");
            let content = match change {
                WordsChange::Carried => new.now,
                WordsChange::Dropped => new.before,
            };
            let snippets = content.map(|content| content.snippets(&search.query));
            let message = SearchMessage {
                event: "search",
                search: &search.name,
                query,
                change: change.label(),
                url,
                timestamp: row.first.date.to_warc_date(),
                capture: CaptureJson::from(&row.first),
                headline: content.map(|content| content.headline()).filter(|text| !text.is_empty()),
                snippets: snippets.iter().flatten().map(SnippetJson::from).collect(),
            };
            match serde_json::to_vec(&message) {
                Ok(body) => self.tell(&body),
                Err(why) => tracing::error!(%why, "a message of a saved search cannot be written"),
            }
        }
    }

    fn tell(&self, body: &[u8]) {
        let mut notifier = self.notifier.lock().unwrap_or_else(PoisonError::into_inner);
        for receiver in &self.receivers {
            notifier.tell(receiver, body.to_vec());
        }
    }

    /// Waits until what is queued has arrived or was given up, at most so long; whether it has.
    pub(super) async fn drain(self, at_most: Duration) -> bool {
        let notifier = self.notifier.into_inner().unwrap_or_else(PoisonError::into_inner);
        notifier.drain(at_most).await
    }
}

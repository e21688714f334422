//! Saved searches while a process watches: receivers get a message when a new version first has the words,
//! and when one drops them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::answers::search::SnippetJson;
use crate::history::CaptureJson;
use crate::remote::{Notifier, Receiver};
use crate::search::SearchChange;
use crate::search::saved::{SavedSearch, WordsChange};

/// The saved searches, and the receivers of their messages.
pub(super) struct SavedWatch {
    searches: Vec<SavedSearch>,
    receivers: Vec<Receiver>,
    notifier: Mutex<Notifier>,
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
    /// Notifies these receivers of these searches.
    pub(super) fn new(
        searches: Vec<SavedSearch>,
        receivers: Vec<Receiver>,
        notifier: Notifier,
    ) -> Self {
        Self { searches, receivers, notifier: Mutex::new(notifier) }
    }

    /// The searches that have a receiver.
    pub(super) fn searches(&self) -> &[SavedSearch] {
        if self.receivers.is_empty() { &[] } else { &self.searches }
    }

    /// Reports what a version did to the words of a search. To be called inside a tokio runtime.
    pub(super) fn tell(&self, found: &SearchChange<'_>) {
        let SearchChange { search, query, change, new } = found;
        let (url, capture) = (new.row.first.url.as_str(), &new.row.first);
        tracing::info!(%url, search = %search.name, change = change.label(), "a saved search");
        let content = match change {
            WordsChange::Carried => new.now,
            WordsChange::Dropped => new.before,
        };
        let snippets = content.map(|content| content.snippets(query));
        let message = SearchMessage {
            event: "search",
            search: &search.name,
            query: &search.text,
            change: change.label(),
            url,
            timestamp: capture.date.to_warc_date(),
            capture: CaptureJson::from(capture),
            headline: content.map(|content| content.headline()).filter(|text| !text.is_empty()),
            snippets: snippets.iter().flatten().map(SnippetJson::from).collect(),
        };
        match serde_json::to_vec(&message) {
            Ok(body) => self.send(&body),
            Err(why) => tracing::error!(%why, "a message of a saved search cannot be written"),
        }
    }

    fn send(&self, body: &[u8]) {
        let mut notifier = self.notifier.lock().unwrap_or_else(PoisonError::into_inner);
        for receiver in &self.receivers {
            notifier.tell(receiver, body.to_vec());
        }
    }

    /// Waits until all that is queued has arrived or was given up, at most this long; whether it has.
    pub(super) async fn drain(self, at_most: Duration) -> bool {
        let notifier = self.notifier.into_inner().unwrap_or_else(PoisonError::into_inner);
        notifier.drain(at_most).await
    }
}

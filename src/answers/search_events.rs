//! When words came and went: the same search as events, the newest first, for feeds and for callers that ask what
//! is new.

use std::cmp::Reverse;
use std::time::Duration;

use serde::Serialize;

use crate::archive::Form;
use crate::base::Timestamp;
use crate::search::content::Snippet;
use crate::search::saved::WordsChange;

use super::search::{SearchHit, SearchRequest, SnippetJson, search_since};
use super::{AnswerError, Archive};

/// A version that brought words or dropped them.
#[derive(Debug, Clone)]
pub struct SearchEvent {
    /// What it did.
    pub change: WordsChange,
    /// When it was captured first.
    pub at: Timestamp,
    /// The page.
    pub url: String,
    /// Whether it is a version of what scripts made of the page.
    pub rendering: bool,
    /// The headline of the newest version that has the words.
    pub headline: Option<String>,
    /// Passages of that version.
    pub snippets: Vec<Snippet>,
}

/// The same in JSON.
#[derive(Debug, Clone, Serialize)]
pub struct SearchEventJson {
    /// `carried` or `dropped`.
    pub change: &'static str,
    /// The page.
    pub url: String,
    /// Whether it is a version of what scripts made of the page; left out where it is one of what was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The query as it was asked for.
    pub query: String,
    /// When the version was captured first, as 14 digits.
    pub timestamp: String,
    /// The same to the microsecond.
    pub date: String,
    /// The headline of the newest version that has the words.
    pub headline: Option<String>,
    /// Passages of that version.
    pub snippets: Vec<SnippetJson>,
}

impl SearchEventJson {
    /// The event as it is printed.
    #[must_use]
    pub fn new(query: &str, event: &SearchEvent) -> Self {
        Self {
            change: event.change.label(),
            url: event.url.clone(),
            rendering: event.rendering,
            query: query.to_owned(),
            timestamp: event.at.to_stamp14(),
            date: event.at.to_warc_date(),
            headline: event.headline.clone(),
            snippets: event.snippets.iter().map(SnippetJson::from).collect(),
        }
    }
}

/// How far back events go where no other time is asked for.
pub const EVENTS_BACK: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What came and went, and the captures that had to be left out.
#[derive(Debug, Default)]
pub struct SearchEvents {
    /// The events, the newest first.
    pub events: Vec<SearchEvent>,
    /// Captures that had to be left out, as text.
    pub notes: Vec<String>,
}

/// The versions first captured at `since` or later that brought the words of a query or dropped them, the newest
/// first.
///
/// # Errors
/// As [`super::search::search`].
pub fn search_events(
    archive: &Archive,
    request: &SearchRequest,
    since: Timestamp,
    progress: &mut dyn FnMut(u64),
) -> Result<SearchEvents, AnswerError> {
    let found = search_since(archive, request, Some(since), progress)?;
    let mut events: Vec<SearchEvent> = found.hits.iter().flat_map(events_of).collect();
    events.retain(|event| event.at >= since);
    events
        .sort_by(|a, b| (Reverse(a.at), &a.url, a.change).cmp(&(Reverse(b.at), &b.url, b.change)));
    Ok(SearchEvents { events, notes: found.notes })
}

fn events_of(hit: &SearchHit) -> Vec<SearchEvent> {
    let event = |change: WordsChange, at: Timestamp| SearchEvent {
        change,
        at,
        url: hit.stood.url.clone(),
        rendering: hit.stood.form == Form::Rendered,
        headline: hit.headline.clone(),
        snippets: hit.snippets.clone(),
    };
    let mut events = Vec::new();
    for span in &hit.stood.spans {
        events.push(event(WordsChange::Carried, span.from));
        events.extend(span.until.map(|until| event(WordsChange::Dropped, until)));
    }
    events
}

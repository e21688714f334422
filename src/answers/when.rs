//! Since when and until when a phrase stood.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::archive::Form;
use crate::base::surt::urlkey;
use crate::history::CaptureJson;
use crate::history::PageReader;
use crate::history::pages::{keys_of_host, page_of_key, split_key};
use crate::history::phrase::{self, Phrase};
use crate::history::standing::PhraseSpan;
use crate::search::SearchError;
use crate::search::find::candidates;
use crate::search::query::{SearchQuery, host_term};
use crate::store::StoreError;

use super::{AnswerError, Archive};

/// Which phrase, and where.
#[derive(Debug, Clone)]
pub struct WhenRequest {
    /// The phrase as it was asked for.
    pub phrase: String,
    /// Only on pages of this host.
    pub host: Option<String>,
    /// Only in this form; without it in what was sent, and in renderings of what was sent without its text.
    pub form: Option<Form>,
}

/// When a phrase stood on a page, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PhraseSpanJson {
    /// The page, as it was captured last.
    pub url: String,
    /// Whether it stood in what scripts made of the page; left out where it stood in what was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The phrase as it was asked for.
    pub phrase: String,
    /// The first capture that has it.
    pub first_seen: CaptureJson,
    /// The last capture that has it.
    pub last_seen: CaptureJson,
    /// When it was first found missing for good; `None` where the newest version has it.
    pub gone_since: Option<String>,
    /// In how many versions it stood.
    pub versions: u64,
}

impl PhraseSpanJson {
    /// The same of a phrase that was asked for so.
    #[must_use]
    pub fn new(phrase: &str, stood: &PhraseSpan) -> Self {
        Self {
            url: stood.url.clone(),
            rendering: stood.form == Form::Rendered,
            phrase: phrase.to_owned(),
            first_seen: CaptureJson::from(&stood.first_seen.0),
            last_seen: CaptureJson::from(&stood.last_seen.0),
            gone_since: stood.gone_since.map(|at| at.to_warc_date()),
            versions: stood.versions,
        }
    }
}

/// Looks for a phrase over all pages, in the order of their urlkeys; returns notes on captures that had to be
/// left out. The search index says which pages may have it; where there is none, all pages are read. `progress`
/// receives the number of pages indexed for it.
///
/// # Errors
/// When the phrase has no words, the archive cannot be read, and any error of `found`.
pub fn when<E: From<AnswerError>>(
    archive: &Archive,
    request: &WhenRequest,
    progress: &mut dyn FnMut(u64),
    found: &mut dyn FnMut(PhraseSpan) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let none = || AnswerError::Request("the phrase contains no letter or digit".to_owned());
    let phrase = Phrase::new(&request.phrase).ok_or_else(none)?;
    let mut page_reader = archive.page_reader();
    let mut pass_on = |stood: PhraseSpan| found(stood).map_err(Failed::Caller);
    let place = (request.host.as_deref(), request.form);
    let answered = match proposed(archive, &mut page_reader, request, progress) {
        Ok(keys) => when_on(&mut page_reader, (&phrase, request.form), &keys, &mut pass_on),
        // Still exact, but slow.
        Err(why) => {
            tracing::debug!(%why, "all pages are read for a phrase");
            phrase::when(&mut page_reader, &phrase, place, &mut pass_on)
        }
    };
    answered.map_err(|failed| failed.into_error("looking for the phrase"))
}

/// The urlkeys of the pages that may have a phrase, in order: every page that has it is one of them.
fn proposed(
    archive: &Archive,
    page_reader: &mut PageReader<'_>,
    request: &WhenRequest,
    progress: &mut dyn FnMut(u64),
) -> Result<BTreeSet<String>, SearchError> {
    let hosts = request.host.iter().map(|host| host_term(host)).collect();
    // A phrase of signs that are folded away cannot be looked up in an index of words.
    let query = SearchQuery::of_phrase(&request.phrase, hosts)
        .ok_or_else(|| SearchError::None("the phrase has no words".to_owned()))?;
    let current = archive.search().current(page_reader, progress)?;
    let mut keys = current.beyond;
    for candidate in candidates(&current.view, &query)? {
        let key = current.view.key_of(candidate.place)?;
        keys.extend(key.map(|key| split_key(&key).0.to_owned()));
    }
    // What cannot be read may have it: that is reported.
    let unread = page_reader.readings().and_then(crate::readings::Readings::pages_unread);
    keys.extend(unread.unwrap_or_default().iter().map(|(_, url)| urlkey(url)));
    if let Some(host) = &request.host {
        let range = keys_of_host(host);
        keys.retain(|key| range.contains(key.as_bytes()));
    }
    Ok(keys)
}

fn when_on<E: From<StoreError>>(
    page_reader: &mut PageReader<'_>,
    (phrase, form): (&Phrase, Option<Form>),
    keys: &BTreeSet<String>,
    found: &mut dyn FnMut(PhraseSpan) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let mut notes = Vec::new();
    for key in keys {
        let Some(page) = page_of_key(page_reader.reader(), key)? else { continue };
        for stood in phrase::when_on(page_reader, phrase, (&page, form), &mut notes)? {
            found(stood)?;
        }
    }
    Ok(notes)
}

/// Whose error it is.
pub(super) enum Failed<E> {
    /// The archive's.
    Archive(StoreError),
    /// That of the caller that receives what is found.
    Caller(E),
}

impl<E> From<StoreError> for Failed<E> {
    fn from(why: StoreError) -> Self {
        Self::Archive(why)
    }
}

impl<E: From<AnswerError>> Failed<E> {
    /// The caller's error, or the archive's while `doing` something.
    pub(super) fn into_error(self, doing: &str) -> E {
        match self {
            Self::Caller(error) => error,
            Self::Archive(why) => AnswerError::store(doing)(why).into(),
        }
    }
}

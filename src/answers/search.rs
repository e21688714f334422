//! Full text search over all versions: which pages carried words, in which versions, and where they stood.

use std::cmp::Reverse;

use serde::Serialize;

use crate::archive::Form;
use crate::base::{TimeRange, Timestamp};
use crate::history::pages::{PageCaptures, page_of_key, pages, split_key};
use crate::history::standing::{Bearing, PhraseSpan, stood_in};
use crate::history::{CaptureJson, PageReader, VersionRow};
use crate::search::content::{Content, Snippet};
use crate::search::find::{Order, candidates, take_best, with_compounds};
use crate::search::query::{SearchField, SearchQuery, host_of, host_term};
use crate::search::{Current, SearchError};
use crate::store::StoreError;

use super::{AnswerError, Archive};

const DOING: &str = "searching";

/// What is looked for.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// The query as it was asked for.
    pub query: String,
    /// Only on pages of this host.
    pub host: Option<String>,
    /// Only in versions that were seen in this period.
    pub period: TimeRange,
    /// Only in this form; without it in what was sent, and in renderings of what was sent without its text.
    pub form: Option<Form>,
    /// Which come first.
    pub order: Order,
    /// At most this many pages.
    pub pages_max: usize,
    /// The time of the request, to which `date:yesterday` is relative.
    pub now: Timestamp,
}

/// A page with versions that have what is looked for.
#[derive(Debug, Clone)]
pub struct SearchHit {
    /// In which versions it stood.
    pub stood: PhraseSpan,
    /// The headline of the newest of them.
    pub headline: Option<String>,
    /// Passages of the newest of them.
    pub snippets: Vec<Snippet>,
    /// How well it fits; `None` where that is not known.
    pub score: Option<f32>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct SearchFound {
    /// The pages, in order.
    pub hits: Vec<SearchHit>,
    /// Whether there may be more.
    pub has_more: bool,
    /// Captures that had to be left out, as text.
    pub notes: Vec<String>,
}

/// A page that was found, in JSON.
#[derive(Debug, Clone, Serialize)]
pub struct SearchJson {
    /// The page, as it was captured last.
    pub url: String,
    /// Whether it stands in what scripts made of the page; left out where it stands in what was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The query as it was asked for.
    pub query: String,
    /// The headline of the newest version that has it.
    pub headline: Option<String>,
    /// The first capture that has it.
    pub first_seen: CaptureJson,
    /// The last capture that has it.
    pub last_seen: CaptureJson,
    /// When it was first found missing for good; `None` where the newest version has it.
    pub gone_since: Option<String>,
    /// How many versions have it.
    pub versions: u64,
    /// The runs of versions that have it, oldest first.
    pub spans: Vec<SpanJson>,
    /// Passages of the newest version that has it.
    pub snippets: Vec<SnippetJson>,
    /// How well it fits; `None` where it was not compared.
    pub score: Option<f32>,
}

/// Versions that follow each other and have what is looked for, in JSON.
#[derive(Debug, Clone, Serialize)]
pub struct SpanJson {
    /// When the first of them was captured first.
    pub from: String,
    /// When it was found missing; `None` where it was not since.
    pub until: Option<String>,
    /// How many they are.
    pub versions: u64,
}

/// A passage with what was found in it, in JSON.
#[derive(Debug, Clone, Serialize)]
pub struct SnippetJson {
    /// Where it stands: `text`, `headline`, `byline`, `speaker`, `quote`.
    pub field: &'static str,
    /// The passage.
    pub text: String,
    /// What was found: ranges of bytes in it.
    pub marks: Vec<[usize; 2]>,
}

impl SearchJson {
    /// The page as it is printed.
    #[must_use]
    pub fn new(query: &str, hit: &SearchHit) -> Self {
        let stood = &hit.stood;
        let spans = stood.spans.iter().map(|span| SpanJson {
            from: span.from.to_warc_date(),
            until: span.until.map(Timestamp::to_warc_date),
            versions: span.versions,
        });
        Self {
            url: stood.url.clone(),
            rendering: stood.form == Form::Rendered,
            query: query.to_owned(),
            headline: hit.headline.clone(),
            first_seen: CaptureJson::from(&stood.first_seen.0),
            last_seen: CaptureJson::from(&stood.last_seen.0),
            gone_since: stood.gone_since.map(Timestamp::to_warc_date),
            versions: stood.versions,
            spans: spans.collect(),
            snippets: hit.snippets.iter().map(SnippetJson::from).collect(),
            score: hit.score,
        }
    }
}

impl From<&Snippet> for SnippetJson {
    fn from(snippet: &Snippet) -> Self {
        Self {
            field: snippet.field.label(),
            text: snippet.text.clone(),
            marks: snippet.marks.iter().map(|mark| [mark.start, mark.end]).collect(),
        }
    }
}

/// Looks for what a query asks for. `progress` gets how many pages were indexed for it.
///
/// Where there is no index, all pages are read, and come with the newest first.
///
/// # Errors
/// When the query is invalid, the index is being made by another process, or the archive cannot be read.
pub fn search(
    archive: &Archive,
    request: &SearchRequest,
    progress: &mut dyn FnMut(u64),
) -> Result<SearchFound, AnswerError> {
    search_since(archive, request, None, progress)
}

/// The same on pages with a version that was first captured at `since` or later.
pub(super) fn search_since(
    archive: &Archive,
    request: &SearchRequest,
    since: Option<Timestamp>,
    progress: &mut dyn FnMut(u64),
) -> Result<SearchFound, AnswerError> {
    let query = SearchQuery::parse(&request.query, request.now);
    let mut query = query.map_err(|why| AnswerError::Request(why.to_string()))?;
    if let Some(host) = request.host.as_deref().map(host_term) {
        if !query.hosts.is_empty() && !query.hosts.contains(&host) {
            return Ok(SearchFound::default());
        }
        query.hosts = vec![host];
    }
    query.period.start = query.period.start.max(request.period.start);
    query.period.end = query.period.end.min(request.period.end);
    let mut page_reader = archive.page_reader();
    let fail = AnswerError::store(DOING);
    match archive.search().current(&mut page_reader, progress) {
        Ok(current) => Looking::new(&mut page_reader, query, request).by_index(&current, since),
        Err(why @ (SearchError::Behind(_) | SearchError::Store(_))) => Err(why.into()),
        Err(why) => {
            tracing::debug!(%why, "all pages are read for a query");
            Looking::new(&mut page_reader, query, request).by_pages()
        }
    }
    .map_err(fail)
}

struct Looking<'l, 's> {
    page_reader: &'l mut PageReader<'s>,
    query: SearchQuery,
    request: &'l SearchRequest,
    /// Whether more of a page than headline and text is asked for.
    asks_more: bool,
    found: SearchFound,
}

impl<'l, 's> Looking<'l, 's> {
    fn new(
        page_reader: &'l mut PageReader<'s>,
        query: SearchQuery,
        request: &'l SearchRequest,
    ) -> Self {
        let asks_more = query
            .clauses
            .iter()
            .any(|clause| !matches!(clause.field, SearchField::Article | SearchField::Headline));
        Self { page_reader, query, request, asks_more, found: SearchFound::default() }
    }

    fn by_index(
        mut self,
        current: &Current,
        since: Option<Timestamp>,
    ) -> Result<SearchFound, StoreError> {
        let view = &current.view;
        self.query = with_compounds(view, &self.query).map_err(SearchError::from)?;
        // Pages that are newer than the index are read directly.
        for key in &current.beyond {
            self.page(key, None, None)?;
            self.keep_newest_of_many();
        }
        self.keep_newest();
        let mut left = candidates(view, &self.query).map_err(SearchError::from)?;
        if let Some(since) = since {
            let pages = view.pages_since(since).map_err(SearchError::from)?;
            left.retain(|candidate| pages.contains(&candidate.page));
        }
        let max = self.request.pages_max;
        while self.found.hits.len() < max && !left.is_empty() {
            for candidate in take_best(&mut left, self.request.order, max.saturating_mul(2)) {
                if self.found.hits.len() == max {
                    self.found.has_more = true;
                    break;
                }
                let key = view.key_of(candidate.place).map_err(SearchError::from)?;
                let key = key.filter(|key| !current.beyond.contains(split_key(key).0));
                if let Some((key, form)) = key.as_deref().map(split_key)
                    && self.request.form.is_none_or(|asked| asked == form)
                {
                    self.page(key, Some(form), Some(candidate.score))?;
                }
            }
        }
        self.found.has_more |= !left.is_empty();
        self.end()
    }

    fn by_pages(mut self) -> Result<SearchFound, StoreError> {
        for page in pages(self.page_reader.reader(), None) {
            let page = page?;
            if self.query.is_of_host(host_of(&page.urlkey)) {
                self.forms(&page, None, None)?;
            }
            self.keep_newest_of_many();
        }
        self.keep_newest();
        self.end()
    }

    fn end(mut self) -> Result<SearchFound, StoreError> {
        if self.request.order == Order::Time {
            self.found.hits.sort_by_key(|hit| Reverse(last_change(&hit.stood)));
        }
        Ok(self.found)
    }

    /// Keeps memory bounded by the request, whatever the size of the archive.
    fn keep_newest_of_many(&mut self) {
        if self.found.hits.len() >= self.request.pages_max.saturating_add(1).saturating_mul(2) {
            self.keep_newest();
        }
    }

    fn keep_newest(&mut self) {
        let hits = &mut self.found.hits;
        hits.sort_by_key(|hit| Reverse(last_change(&hit.stood)));
        if hits.len() > self.request.pages_max {
            hits.truncate(self.request.pages_max);
            self.found.has_more = true;
        }
    }

    fn page(
        &mut self,
        key: &str,
        form: Option<Form>,
        score: Option<f32>,
    ) -> Result<(), StoreError> {
        if !self.query.is_of_host(host_of(key)) {
            return Ok(());
        }
        match page_of_key(self.page_reader.reader(), key)? {
            Some(page) => self.forms(&page, form, score),
            None => Ok(()),
        }
    }

    /// Reads the versions of a page in one form, or in those that are asked for.
    fn forms(
        &mut self,
        page: &PageCaptures,
        only: Option<Form>,
        score: Option<f32>,
    ) -> Result<(), StoreError> {
        let forms = page.forms(self.request.form);
        for form in forms.filter(|form| only.is_none_or(|only| only == *form)) {
            self.versions(page, form, score)?;
        }
        Ok(())
    }

    /// Reads the versions of a page in one form.
    fn versions(
        &mut self,
        page: &PageCaptures,
        form: Form,
        score: Option<f32>,
    ) -> Result<(), StoreError> {
        let (query, asks_more) = (&self.query, self.asks_more);
        let mut newest: Option<Content> = None;
        let mut notes = Vec::new();
        let mut ask = |row: &VersionRow, reading: &mut PageReader<'_>| {
            if !query.is_of_time(row.first.date, row.last.date) {
                return Ok(Bearing::PassedOver);
            }
            let content = match asks_more {
                true => reading.follow(&row.first).map(|said| Content::of(&said.page)),
                false => reading
                    .words_of(row)
                    .map(|(headline, text)| Content::of_words(headline.as_deref(), &text)),
            };
            let content = match content {
                Ok(content) => content,
                Err(why @ StoreError::Record { .. }) => {
                    notes.push(why.to_string());
                    return Ok(Bearing::PassedOver);
                }
                Err(why) => return Err(why),
            };
            let is_here = content.satisfies(query);
            if is_here {
                newest = Some(content);
            }
            Ok(Bearing::of(is_here))
        };
        let mut unread = Vec::new();
        let forms = (form, self.request.form);
        let stood = stood_in(self.page_reader, page, forms, &mut ask, &mut unread)?;
        self.found.notes.extend(notes.into_iter().chain(unread));
        if let (Some(stood), Some(content)) = (stood, newest) {
            let headline = Some(content.headline().to_owned()).filter(|text| !text.is_empty());
            let snippets = content.snippets(&self.query);
            self.found.hits.push(SearchHit { stood, headline, snippets, score });
        }
        Ok(())
    }
}

/// When the words came or went last.
fn last_change(stood: &PhraseSpan) -> Timestamp {
    let last = stood.spans.last();
    last.map_or(stood.first_seen.0.date, |span| span.until.unwrap_or(span.from))
}

//! One story in several outlets: what their articles share and where they differ, at a time or over time.

pub mod chosen;
pub mod json;

use std::collections::HashSet;
use std::sync::Arc;

use crate::archive::{Capture, Form};
use crate::base::surt::urlkey;
use crate::base::{TimeRange, Timestamp};
use crate::extract::page::Page;
use crate::history::VersionRow;
use crate::history::newest::host_of;
use crate::story::over_time::{Event, over_time};
use crate::story::{Article, Story, story};

use super::quotes::PageSource;
use super::{AnswerError, Archive, HistoryRequest, history};

pub use json::StoryJson;

/// At most this many versions of each page are followed over time, the newest.
const VERSIONS_MAX: usize = 60;

/// One of the articles that are asked for.
#[derive(Debug, Clone)]
pub enum StoryTarget {
    /// A local file that was read, and its name.
    File(String, Box<Page>),
    /// An address of the archive.
    Url(String),
}

/// Which articles are compared with each other.
#[derive(Debug, Clone, Default)]
pub struct StoryRequest {
    /// The articles; one that is named twice counts once.
    pub targets: Vec<StoryTarget>,
    /// The articles as they were then; the newest without it.
    pub at: Option<Timestamp>,
    /// Whether to follow them over time, and which captures.
    pub period: Option<TimeRange>,
    /// In this form; without it where each page has its text.
    pub form: Option<Form>,
}

/// An article of the story.
#[derive(Debug, Clone)]
pub struct StoryArticle {
    /// Where it is from.
    pub source: PageSource,
    /// What it says.
    pub page: Arc<Page>,
    /// When this version of it was captured first; none for a local file.
    pub first_captured: Option<Timestamp>,
}

/// What the outlets did over time.
#[derive(Debug, Clone, Default)]
pub struct StoryOverTime {
    /// The versions of the articles; events name them by index.
    pub versions: Vec<StoryArticle>,
    /// Which outlet each version is of, by the index of the article in the answer.
    pub outlets: Vec<usize>,
    /// What they did, in the order of time.
    pub events: Vec<Event>,
}

/// The articles and what was found.
#[derive(Debug, Clone, Default)]
pub struct StoryAnswer {
    /// The articles, in the order they were asked for.
    pub articles: Vec<StoryArticle>,
    /// What they share and where they differ; articles are named by index.
    pub story: Story,
    /// What the outlets did over time, where that was asked for.
    pub over_time: Option<StoryOverTime>,
    /// What was left out, as text.
    pub notes: Vec<String>,
}

impl StoryArticle {
    fn as_article(&self, outlet: usize) -> Article<'_> {
        Article { page: &self.page, outlet, captured: self.first_captured }
    }

    /// The address or the name of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.source {
            PageSource::File(name) => name,
            PageSource::Capture { url, .. } => url,
        }
    }

    /// Whether it is read as scripts made the page.
    #[must_use]
    pub fn is_rendering(&self) -> bool {
        matches!(self.source, PageSource::Capture { form: Form::Rendered, .. })
    }

    /// The outlet as the page names it, else the host or the file.
    #[must_use]
    pub fn outlet(&self) -> String {
        if let Some(fact) = &self.page.publisher {
            return fact.value.clone();
        }
        match &self.source {
            PageSource::File(name) => {
                name.rsplit(['/', '\\']).next().unwrap_or(name.as_str()).to_owned()
            }
            PageSource::Capture { url, .. } => host_of(url).to_owned(),
        }
    }

    /// The headline; empty where there is none.
    #[must_use]
    pub fn headline(&self) -> &str {
        self.page.headline.as_ref().map_or("", |fact| fact.value.as_str())
    }
}

/// What the articles share and where they differ. `archive` gives the archive when an address is met first.
///
/// Articles that are not available are left out, and noted.
///
/// # Errors
/// When none of the articles is available, and any error of `archive`.
pub fn tell<E: From<AnswerError>>(
    request: StoryRequest,
    mut archive: impl FnMut() -> Result<Archive, E>,
) -> Result<StoryAnswer, E> {
    let mut out = StoryAnswer::default();
    let mut opened: Option<Archive> = None;
    let mut seen: HashSet<String> = HashSet::new();
    let mut versions = StoryOverTime::default();
    let mut first_error = None;
    for target in request.targets {
        let key = match &target {
            StoryTarget::File(name, _) => format!("file:{name}"),
            StoryTarget::Url(url) => urlkey(url),
        };
        if !seen.insert(key) {
            let (StoryTarget::File(name, _) | StoryTarget::Url(name)) = target;
            out.notes.push(format!("{name} is given twice and used once"));
            continue;
        }
        let outlet = out.articles.len();
        match target {
            StoryTarget::File(name, page) => {
                let (source, page) = (PageSource::File(name), Arc::new(*page));
                out.articles.push(StoryArticle { source, page, first_captured: None });
            }
            StoryTarget::Url(url) => {
                let archive = match &mut opened {
                    Some(archive) => archive,
                    none => none.insert(archive()?),
                };
                let when = (request.at, request.period);
                match of_url(archive, (url.as_str(), request.form), when, &mut out.notes) {
                    Ok((article, older)) => {
                        out.articles.push(article);
                        versions.outlets.extend(older.iter().map(|_| outlet));
                        versions.versions.extend(older);
                    }
                    Err(why) => {
                        out.notes.push(why.to_string());
                        first_error.get_or_insert(why);
                    }
                }
            }
        }
    }
    if let (true, Some(why)) = (out.articles.is_empty(), first_error) {
        return Err(why.into());
    }
    let articles: Vec<Article<'_>> =
        out.articles.iter().enumerate().map(|(at, article)| article.as_article(at)).collect();
    out.story = story(&articles);
    if request.period.is_some() {
        let all: Vec<Article<'_>> = versions
            .versions
            .iter()
            .zip(&versions.outlets)
            .map(|(version, outlet)| version.as_article(*outlet))
            .collect();
        versions.events = over_time(&all);
        out.over_time = Some(versions);
    }
    Ok(out)
}

/// The article of an address at a time, and its versions in a period.
fn of_url(
    archive: &Archive,
    (url, form): (&str, Option<Form>),
    (at, period): (Option<Timestamp>, Option<TimeRange>),
    notes: &mut Vec<String>,
) -> Result<(StoryArticle, Vec<StoryArticle>), AnswerError> {
    let doing = format!("reading {url}");
    let (mut page_reader, mut pages) = (archive.page_reader(), archive.page_reader());
    let asked = HistoryRequest { form, ..HistoryRequest::whole(url) };
    let mut rows = history(&mut page_reader, &asked)?;
    let chosen = rows.chosen_text().clone();
    let mut best: Option<VersionRow> = None;
    let mut followed: Vec<VersionRow> = Vec::new();
    for row in rows.by_ref() {
        let row = row?;
        if !row.has_article() {
            continue;
        }
        if period.is_some_and(|period| period.contains(row.first.date)) {
            followed.push(row.clone());
        }
        let is_nearer = match (at, &best) {
            (Some(at), Some(best)) => away(&row, at) < away(best, at),
            _ => true,
        };
        if is_nearer {
            best = Some(row);
        }
    }
    notes.extend(rows.notes());
    rows.end()?;
    let Some(best) = best else {
        // No version has an article: any text that stands there is compared instead.
        let entry = chosen.capture(archive, at, &doing)?;
        let page = archive.reading(&entry, &doing)?;
        // An error page, a picture or a document of another kind has nothing in common with an article.
        if entry.status >= Some(400) || page.text.is_empty() {
            return Err(AnswerError::NoArticle { url: url.to_owned(), at: entry.date });
        }
        notes.push(format!("{url}: no version of it has an article"));
        let source = PageSource::Capture { url: url.to_owned(), at: entry.date, form: chosen.form };
        let first_captured = Some(entry.date);
        return Ok((StoryArticle { source, page, first_captured }, Vec::new()));
    };
    if followed.len() > VERSIONS_MAX {
        notes.push(format!("{url}: only its newest {VERSIONS_MAX} versions are followed"));
        followed.drain(..followed.len() - VERSIONS_MAX);
    }
    let mut read = |row: &VersionRow, shown: &Capture| -> Result<StoryArticle, AnswerError> {
        archive.is_sound(&row.first, &doing)?;
        let said = pages.follow(&row.first).map_err(AnswerError::store(&doing))?;
        Ok(StoryArticle {
            source: PageSource::Capture { url: url.to_owned(), at: shown.date, form: chosen.form },
            page: said.page,
            first_captured: Some(row.first.date),
        })
    };
    // The capture that was asked for, where this version is the one that it is of.
    let shown = chosen.capture(archive, at, &doing)?;
    let is_of = best.first.date <= shown.date && shown.date <= best.last.date;
    let nearest = match at {
        Some(at) if at < best.first.date => &best.first,
        _ => &best.last,
    };
    let article = read(&best, if is_of { &shown } else { nearest })?;
    let older = followed.iter().map(|row| read(row, &row.first)).collect::<Result<_, _>>()?;
    Ok((article, older))
}

/// How far a time is from when a version was seen.
fn away(row: &VersionRow, at: Timestamp) -> std::time::Duration {
    row.first.date.since(at).max(at.since(row.last.date))
}

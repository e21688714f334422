//! Articles of a story that are not named one by one: those that a search finds, and those of jobs.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::StoryTarget;
use crate::answers::search::{SearchRequest, search};
use crate::answers::{AnswerError, Archive};
use crate::base::surt::urlkey;
use crate::base::{TargetUri, Timestamp};
use crate::history::pages::pages;
use crate::schedule::JobSpec;
use crate::schedule::scope::Scope;

/// At most this many pages of a search are compared with jobs.
const PAGES_MAX: usize = 100_000;

/// Which articles are taken.
#[derive(Debug, Default)]
pub struct StoryChoice {
    /// Those with the words of a query.
    pub search: Option<SearchRequest>,
    /// Those that jobs take in.
    pub jobs: Option<Vec<JobSpec>>,
    /// At most this many: the best that a search finds, else those that the archive got last.
    pub articles_max: usize,
}

/// The articles that were taken.
#[derive(Debug, Default)]
pub struct StoryChosen {
    /// Their addresses.
    pub targets: Vec<StoryTarget>,
    /// Whether there are more.
    pub has_more: bool,
    /// What was left out, as text.
    pub notes: Vec<String>,
}

/// The pages of the archive that a search finds, that jobs take in, or both. `progress` gets how many pages were
/// indexed for the search.
///
/// # Errors
/// When the query is invalid, a scope cannot be used, there is no such page, or the archive cannot be read.
pub fn choose(
    archive: &Archive,
    choice: &StoryChoice,
    progress: &mut dyn FnMut(u64),
) -> Result<StoryChosen, AnswerError> {
    let scopes = choice.jobs.iter().flatten().map(Job::of).collect::<Result<Vec<_>, _>>()?;
    let is_in = |url: &str, key: &str| {
        choice.jobs.is_none() || scopes.iter().any(|job| job.takes_in(url, key))
    };
    let mut chosen = StoryChosen::default();
    let urls = match &choice.search {
        Some(request) => {
            // Pages that no job takes in do not count towards the limit.
            let pages_max = if choice.jobs.is_some() { PAGES_MAX } else { choice.articles_max };
            let request = SearchRequest { pages_max, ..request.clone() };
            let found = search(archive, &request, progress)?;
            (chosen.has_more, chosen.notes) = (found.has_more, found.notes);
            let urls = found.hits.into_iter().map(|hit| hit.stood.url);
            urls.filter(|url| is_in(url, &urlkey(url))).collect()
        }
        None => of_pages(archive, &is_in)?,
    };
    chosen.has_more |= urls.len() > choice.articles_max;
    let urls = urls.into_iter().take(choice.articles_max);
    chosen.targets = urls.map(StoryTarget::Url).collect();
    if chosen.targets.is_empty() {
        let of = match &choice.search {
            Some(request) => format!("any page with {:?}", request.query),
            None => "any page that the job takes in".to_owned(),
        };
        return Err(AnswerError::NoCapture(of));
    }
    Ok(chosen)
}

/// The pages of HTML that are taken in, the one that the archive got last first.
fn of_pages(
    archive: &Archive,
    is_in: &dyn Fn(&str, &str) -> bool,
) -> Result<Vec<String>, AnswerError> {
    let mut found: Vec<(Reverse<Timestamp>, String)> = Vec::new();
    for page in pages(archive.reader(), None) {
        let page = page.map_err(AnswerError::store("looking for pages"))?;
        if page.is_html && is_in(&page.url, &page.urlkey) {
            found.push((Reverse(page.first), page.url));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|(_, url)| url).collect())
}

/// What a job takes in.
struct Job {
    scope: Scope,
    seeds: HashSet<String>,
    /// Feeds, sitemaps and front pages: they lead to articles and are not articles themselves.
    sources: HashSet<String>,
}

impl Job {
    fn of(spec: &JobSpec) -> Result<Self, AnswerError> {
        let scope = Scope::new(spec.scope.clone())
            .map_err(|why| AnswerError::Request(format!("the job {}: {why}", spec.name)))?;
        let sources = [&spec.feeds, &spec.sitemaps, &spec.sections].into_iter().flatten();
        Ok(Self {
            scope,
            seeds: spec.seeds.texts().map(urlkey).collect(),
            sources: sources.map(|uri| urlkey(uri.as_str())).collect(),
        })
    }

    fn takes_in(&self, url: &str, key: &str) -> bool {
        if self.sources.contains(key) {
            return false;
        }
        let uri = TargetUri::parse(url);
        let is_included = || uri.is_ok_and(|uri| self.scope.includes(&uri));
        self.seeds.contains(key) || is_included()
    }
}

//! The pages of the web reader by their addresses: a path and its parameters in, a whole page out. Knows no
//! server: listening and sending answers is done elsewhere. Nothing here writes to the archive.
//!
//! In reading order: what is asked and answered (here), parameters as values (`parameters`), the pages
//! (`pages`), those of the changes (`changes`), and feeds (`feeds`).

mod changes;
mod feeds;
mod pages;
mod parameters;
#[cfg(test)]
mod tests;

use crate::answers::{AnswerError, Archive};
use crate::render::web::{Site, StaticFile, error};

use parameters::Parameters;

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'r> {
    /// Whether it is a POST; else a GET or a HEAD.
    pub is_post: bool,
    /// Below the base path, with its first slash.
    pub path: &'r str,
    /// The parameters of the query, decoded and in order; of a POST those of its form.
    pub parameters: &'r [(String, String)],
    /// The value of the cookie [`SEEN_COOKIE`].
    pub seen: Option<&'r str>,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The media type.
    pub content_type: &'static str,
    /// Where to go instead, as a path with the base path.
    pub location: Option<String>,
    /// A new value for the cookie [`SEEN_COOKIE`], which is for the path `/changes` below the base path.
    pub seen: Option<String>,
    /// How long it may be kept.
    pub cache: Cache,
    /// The page.
    pub body: String,
}

/// How long a client may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// It may change at any moment.
    None,
    /// It never changes under its address.
    Forever,
}

/// The cookie that says which changes a reader has marked as seen: a time as `WARC-Date` writes it.
pub const SEEN_COOKIE: &str = "pressmark-seen";

/// The paths of the reader that are taken by GET.
pub const PATHS: [&str; 24] = [
    "/",
    "/search",
    "/search.rss",
    "/search.atom",
    "/hosts",
    "/host",
    "/page",
    "/calendar",
    "/captures",
    "/capture",
    "/diff",
    "/blame",
    "/quotes",
    "/speaker",
    "/stories",
    "/story",
    "/changes",
    "/changes.rss",
    "/changes.atom",
    "/cite",
    "/prove",
    "/static/reader.css",
    "/static/reader.js",
    "/static/icon.svg",
];

/// The path that is taken by POST: marks changes as seen.
pub const SEEN_PATH: &str = "/changes/seen";

const HTML: &str = "text/html; charset=utf-8";

impl PageAnswer {
    fn page(status: u16, body: String) -> Self {
        let (location, seen, cache) = (None, None, Cache::None);
        Self { status, content_type: HTML, location, seen, cache, body }
    }

    fn ok(body: String) -> Self {
        Self::page(200, body)
    }

    /// Another address to go to; the page says so as well.
    fn found(site: &Site, location: String) -> Self {
        let body = error(site, 200, "The page is at another address.");
        Self { location: Some(location), ..Self::page(302, body) }
    }

    fn file(file: &StaticFile, is_versioned: bool) -> Self {
        let cache = if is_versioned { Cache::Forever } else { Cache::None };
        let body = file.text.to_owned();
        Self { content_type: file.media_type, cache, ..Self::page(200, body) }
    }
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    /// A parameter is missing or wrong.
    #[error("{0}")]
    Parameter(String),
    /// The archive has no answer.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

impl Refusal {
    fn status(&self) -> u16 {
        match self {
            Self::Parameter(_) | Self::Answer(AnswerError::Request(_)) => 400,
            Self::Answer(
                AnswerError::NoCapture(_)
                | AnswerError::OneVersion { .. }
                | AnswerError::NothingToCite { .. }
                | AnswerError::WordsMissing(_)
                | AnswerError::NoArticle { .. },
            ) => 404,
            Self::Answer(AnswerError::Removed { .. }) => 410,
            Self::Answer(error) if error.passes() => 503,
            Self::Answer(_) => 500,
        }
    }
}

/// The answer to a request: a page whatever happens.
#[must_use]
pub fn answer(archive: &Archive, site: &Site, request: &PageRequest<'_>) -> PageAnswer {
    let parameters = Parameters::new(request.parameters, site.now);
    let asked = pages::Asked { archive, site, parameters: &parameters, seen: request.seen };
    let found = match (request.is_post, request.path) {
        (true, SEEN_PATH) => changes::mark(&asked),
        (true, _) => {
            return PageAnswer::page(405, error(site, 405, "Only GET and HEAD are taken here."));
        }
        (false, path) => match path.strip_prefix("/static/").and_then(StaticFile::of) {
            Some(file) => {
                Ok(PageAnswer::file(&file, parameters.text("v") == Some(&file.version())))
            }
            None => pages::page(&asked, path),
        },
    };
    found.unwrap_or_else(|refusal| {
        let status = refusal.status();
        PageAnswer::page(status, error(site, status, &refusal.to_string()))
    })
}

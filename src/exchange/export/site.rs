//! A whole site as it was at a time: for each URL of its host the capture nearest before that time,
//! with what its pages need, and what the archive lacks of that.
//!
//! What a page needs is what a browser fetches to show it: pictures, styles, scripts, frames, fonts,
//! media, also of other hosts; what its style sheets need; and what redirects on the way lead to. Of
//! each, the capture nearest before the time is taken; where there is none, the earliest one after it,
//! which is reported. Addresses that scripts generate are not known.

use std::collections::{BTreeMap, HashSet, VecDeque};

use serde::Serialize;

use crate::archive::{Capture, MatchType, Query, RecordKind, Sort};
use crate::base::{TargetUri, Timestamp};
use crate::extract::Hints;
use crate::http::Head;
use crate::outlinks::links::{OutlinkKind, links_of_css, links_of_html};
use crate::store::{Loaded, Reader};

use super::select::Selection;
use super::{ExportError, Exported};

/// How many bytes of a document are read for what it needs.
const DOCUMENT_BYTES_MAX: usize = 32 << 20;
/// How many places that need something are named for it.
const NEEDED_BY_MAX: usize = 3;

/// Something that the site needs and the archive does not have as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lack {
    /// Its URL.
    pub url: String,
    /// What is wrong.
    pub lack: Why,
    /// The captures that are used instead, or that are concerned: 14 digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// Pages and style sheets that need it, the first few.
    pub needed_by: Vec<String>,
}

/// Why something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// It was never captured.
    NotCaptured,
    /// It was captured only later; the earliest capture is used instead.
    OnlyLater,
    /// It could not be fetched: the archive holds a report of the failure alone.
    Failed,
    /// A revisit whose payload is not in the archive.
    PayloadElsewhere,
    /// Its record cannot be read.
    Unreadable,
}

impl Why {
    /// The same as text for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::NotCaptured => "not captured",
            Self::OnlyLater => "only captured later; the later capture is used",
            Self::Failed => "could not be fetched when it was requested",
            Self::PayloadElsewhere => "its payload is not in this archive",
            Self::Unreadable => "its record cannot be read",
        }
    }
}

/// A site as it was.
#[derive(Debug, Default)]
pub struct Site {
    /// What is exported.
    pub selection: Selection,
    /// URLs of the host.
    pub urls: u64,
    /// What is needed besides, of this host and of others.
    pub requisites: u64,
    /// What is missing, by URL.
    pub lacks: Vec<Lack>,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct SiteRequest {
    /// The host, as in URLs, with a port where it is not the usual one.
    pub host: String,
    /// The state before this instant.
    pub before: Timestamp,
}

/// Finds everything that belongs to a site.
///
/// # Errors
/// When the index or the object storage cannot answer, or a temporary file cannot be written.
pub fn site(reader: &Reader, request: &SiteRequest) -> Result<Site, ExportError> {
    let unanswered = reader.storage_unanswered();
    let mut finding = Finding {
        reader,
        before: request.before,
        site: Site::default(),
        seen: HashSet::new(),
        queue: VecDeque::new(),
        lacks: BTreeMap::new(),
    };
    let root = match request.host.contains("://") {
        true => request.host.clone(),
        false => format!("http://{}/", request.host),
    };
    finding.site.selection.begin_with(&root);
    finding.own(&root)?;
    while let Some(capture) = finding.queue.pop_front() {
        finding.needs_of(&capture)?;
    }
    // What a page needs is not known without the page.
    reader.storage_answered_since(unanswered)?;
    let mut site = finding.site;
    site.lacks = finding.lacks.into_values().collect();
    Ok(site)
}

struct Finding<'a> {
    reader: &'a Reader,
    before: Timestamp,
    site: Site,
    /// URLs that were decided on.
    seen: HashSet<String>,
    /// Captures whose needs have not been looked for.
    queue: VecDeque<Capture>,
    lacks: BTreeMap<(String, Why), Lack>,
}

impl Finding<'_> {
    /// Every URL of the host.
    fn own(&mut self, root: &str) -> Result<(), ExportError> {
        let query = Query {
            to: Some(self.before),
            captures_scanned_max: u64::MAX,
            ..Query::new(root, MatchType::Host)
        };
        let mut urlkey = String::new();
        // The newest of each URL with this urlkey; and the newest report of a failure.
        let mut newest: BTreeMap<String, (Option<Capture>, Option<Capture>)> = BTreeMap::new();
        for capture in self.reader.query(&query) {
            let capture = capture?;
            if capture.urlkey != urlkey {
                self.take_own(&mut newest)?;
                urlkey.clone_from(&capture.urlkey);
            }
            let of_url = newest.entry(capture.url.clone()).or_default();
            match capture.kind {
                RecordKind::Metadata => of_url.1 = Some(capture),
                // What was made of a page goes with the page.
                RecordKind::Conversion if of_url.0.as_ref().is_some_and(was_sent) => {}
                _ => of_url.0 = Some(capture),
            }
        }
        self.take_own(&mut newest)
    }

    fn take_own(
        &mut self,
        newest: &mut BTreeMap<String, (Option<Capture>, Option<Capture>)>,
    ) -> Result<(), ExportError> {
        for (url, (capture, failure)) in std::mem::take(newest) {
            match (capture, failure) {
                (Some(capture), _) => {
                    self.site.urls += 1;
                    self.seen.insert(url);
                    self.take(capture)?;
                }
                // A URL that could not be fetched before that time may have a later capture: it is decided
                // on when something needs it. The report of the failure is part of the site.
                (None, Some(failure)) => {
                    self.site.selection.add(self.reader, &failure)?;
                    self.lack(&url, Why::Failed, Some(&failure), None);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    /// Takes a capture in; what it needs is looked for later.
    fn take(&mut self, capture: Capture) -> Result<(), ExportError> {
        if !self.site.selection.add(self.reader, &capture)? {
            self.lack(&capture.url.clone(), Why::PayloadElsewhere, Some(&capture), None);
        }
        if was_sent(&capture)
            && let Some(rendering) = self.reader.rendering_of(&capture)?
        {
            self.site.selection.add(self.reader, &rendering)?;
            self.queue.push_back(rendering);
        }
        self.queue.push_back(capture);
        Ok(())
    }

    fn lack(&mut self, url: &str, why: Why, capture: Option<&Capture>, needed_by: Option<&str>) {
        let lack = self.lacks.entry((url.to_owned(), why)).or_insert_with(|| Lack {
            url: url.to_owned(),
            lack: why,
            timestamp: capture.map(|capture| capture.date.to_stamp14()),
            needed_by: Vec::new(),
        });
        if let Some(by) = needed_by
            && lack.needed_by.len() < NEEDED_BY_MAX
            && !lack.needed_by.iter().any(|known| known == by)
        {
            lack.needed_by.push(by.to_owned());
        }
    }

    /// What a capture needs to be shown: its requisites, or what it redirects to.
    fn needs_of(&mut self, capture: &Capture) -> Result<(), ExportError> {
        if !may_need(capture) {
            return Ok(());
        }
        let loaded = match self.reader.load(capture) {
            Ok(loaded) => loaded,
            Err(_) => {
                self.lack(&capture.url.clone(), Why::Unreadable, Some(capture), None);
                return Ok(());
            }
        };
        for url in needs(&loaded) {
            self.need(&url, &capture.url)?;
        }
        Ok(())
    }

    fn need(&mut self, url: &str, by: &str) -> Result<(), ExportError> {
        let url = url.split('#').next().unwrap_or(url);
        if !self.seen.insert(url.to_owned()) {
            // Recorded for what is missing, too.
            for why in [Why::NotCaptured, Why::OnlyLater, Why::Failed] {
                if self.lacks.contains_key(&(url.to_owned(), why)) {
                    self.lack(url, why, None, Some(by));
                }
            }
            return Ok(());
        }
        let before = self.nearest(url, Sort::Descending)?;
        if let Some(capture) = before.capture {
            self.site.requisites += 1;
            return self.take(capture);
        }
        if let Some(capture) = self.nearest(url, Sort::Ascending)?.capture {
            self.site.requisites += 1;
            self.lack(url, Why::OnlyLater, Some(&capture), Some(by));
            return self.take(capture);
        }
        match before.failure {
            Some(failure) => self.lack(url, Why::Failed, Some(&failure), Some(by)),
            None => self.lack(url, Why::NotCaptured, None, Some(by)),
        }
        Ok(())
    }

    /// The capture of a URL that is nearest before the time, or the earliest after it. One of exactly this
    /// URL goes before one of another form of it (another scheme, `www.`).
    fn nearest(&self, url: &str, sort: Sort) -> Result<Nearest, ExportError> {
        let mut query = Query { sort, ..Query::exactly(url) };
        match sort {
            Sort::Descending => query.to = Some(self.before),
            _ => query.from = Some(self.before),
        }
        let mut nearest = Nearest::default();
        for capture in self.reader.query(&query) {
            let capture = capture?;
            if capture.kind == RecordKind::Metadata {
                nearest.failure.get_or_insert(capture);
            } else if capture.url == url {
                nearest.capture = Some(capture);
                return Ok(nearest);
            } else {
                nearest.capture.get_or_insert(capture);
            }
        }
        Ok(nearest)
    }
}

#[derive(Default)]
struct Nearest {
    capture: Option<Capture>,
    failure: Option<Capture>,
}

/// Whether a capture is of a page as it was sent, and not of what was made of one.
fn was_sent(capture: &Capture) -> bool {
    capture.kind != RecordKind::Conversion
}

/// Whether a capture may need something, as far as its line of the index shows.
fn may_need(capture: &Capture) -> bool {
    let is_redirect = capture.status.is_some_and(|status| (300..400).contains(&status));
    let is_document = ["text/html", "application/xhtml+xml", "text/css", "image/svg+xml"];
    is_redirect
        || capture.kind == RecordKind::Revisit
        || is_document.contains(&capture.mime.as_str())
}

/// The addresses that a record names for what it needs.
fn needs(loaded: &Loaded) -> Vec<String> {
    let url = loaded.entry.url.as_str();
    if let Some(status) = loaded.entry.status
        && (300..400).contains(&status)
        && status != 304
    {
        let location = Head::parse(&loaded.head).get_text("location").map(|l| l.into_owned());
        let to = location.and_then(|to| TargetUri::parse(url).ok()?.join(&to).ok());
        return to.map(|to| to.as_str().to_owned()).into_iter().collect();
    }
    let content_type = loaded.content_type().unwrap_or_default();
    let essence = crate::base::MediaType::parse(&content_type);
    let links = match essence.essence() {
        "text/html" | "application/xhtml+xml" | "image/svg+xml" => {
            let Ok(bytes) = loaded.decoded(DOCUMENT_BYTES_MAX) else { return Vec::new() };
            let hints = Hints {
                url: Some(url),
                content_type: Some(&content_type),
                status: loaded.entry.status,
            };
            links_of_html(&bytes, &hints)
        }
        "text/css" => {
            let Ok(bytes) = loaded.decoded(DOCUMENT_BYTES_MAX) else { return Vec::new() };
            links_of_css(&bytes, Some(url))
        }
        _ => Vec::new(),
    };
    let requisites = links.into_iter().filter(|link| link.kind == OutlinkKind::Requisite);
    requisites.map(|link| link.url).collect()
}

impl Site {
    /// Adds what turned out to be unreadable while the records were written.
    pub fn add_unreadable(lacks: &mut Vec<Lack>, done: &Exported) {
        for (capture, _) in &done.unreadable {
            lacks.push(Lack {
                url: capture.url.clone(),
                lack: Why::Unreadable,
                timestamp: Some(capture.date.to_stamp14()),
                needed_by: Vec::new(),
            });
        }
    }
}

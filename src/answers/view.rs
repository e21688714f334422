//! One capture: its record, what it says, and its neighbours in time.

mod beside;

use std::sync::Arc;

use serde::Serialize;

use super::captures::{Failure, failure};
use super::page::PageJson;
use super::removed::{Removed, of_capture};
use super::{AnswerError, Archive};
use crate::archive::{Capture, Form, Query, RecordKind};
use crate::base::Timestamp;
use crate::cite;
use crate::extract::page::Page;
use crate::history::CaptureJson;
use crate::store::Loaded;
pub use beside::Beside;

/// Which capture.
#[derive(Debug, Clone)]
pub struct ViewRequest {
    /// The page.
    pub url: String,
    /// The capture closest to this time; the newest without it.
    pub at: Option<Timestamp>,
    /// The id of its record, with or without `urn:uuid:` and angle brackets; only that one is found, at
    /// exactly the time.
    pub record_id: Option<String>,
    /// In which form its text is shown; without it, in the one that has it.
    pub form: Option<Form>,
    /// What the archive is called and where it is served, for the facts of a citation.
    pub archive: cite::Archive,
}

/// One capture.
#[derive(Debug, Clone)]
pub struct View {
    /// The page, as it was asked for.
    pub url: String,
    /// The capture.
    pub capture: Capture,
    /// The capture that holds the payload of a revisit.
    pub holder: Option<Capture>,
    /// The one before it.
    pub previous: Option<Capture>,
    /// The one behind it.
    pub next: Option<Capture>,
    /// Which text is shown beside it; none for a failure.
    pub beside: Option<Beside>,
    /// What that says; none for a failure, and where the payload is not in this archive or cannot be read.
    pub page: Option<Arc<Page>>,
    /// The facts of a citation; none where there is no page.
    pub source: Option<cite::Source>,
    /// Where it leads, for a redirect.
    pub leads_to: Option<String>,
    /// What failed, for a report of a failure.
    pub failure: Option<Failure>,
    /// Why there is no page, where there is none.
    pub unread: Option<String>,
    /// What was removed of it by order.
    pub removed: Option<Removed>,
}

/// One capture in JSON; the fields are those of [`View`]. The facts of a citation are an answer of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is that of its name in `View`")]
pub struct ViewJson {
    pub url: String,
    pub capture: CaptureJson,
    pub holder: Option<CaptureJson>,
    pub previous: Option<CaptureJson>,
    pub next: Option<CaptureJson>,
    /// The capture whose text `page` is; left out where it is the capture itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_of: Option<CaptureJson>,
    /// Which text of the page that is, as text; left out where it is that of the page as it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub page: Option<PageJson>,
    pub leads_to: Option<String>,
    pub failure: Option<Failure>,
    pub unread: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<Removed>,
}

impl View {
    /// The answer in JSON.
    #[must_use]
    pub fn json(&self) -> ViewJson {
        let maybe = |capture: &Option<Capture>| capture.as_ref().map(CaptureJson::from);
        let beside = self.beside.as_ref();
        let page = self.page.as_ref().map(|page| match beside {
            Some(beside) => beside.json(page, &self.capture.url),
            None => PageJson::of_capture(page, &self.capture.url, self.capture.date),
        });
        let other = beside.filter(|beside| !beside.capture.is_same_record(&self.capture));
        ViewJson {
            url: self.url.clone(),
            capture: CaptureJson::from(&self.capture),
            holder: maybe(&self.holder),
            previous: maybe(&self.previous),
            next: maybe(&self.next),
            text_of: other.map(|beside| CaptureJson::from(&beside.capture)),
            note: beside.and_then(Beside::note),
            page,
            leads_to: self.leads_to.clone(),
            failure: self.failure.clone(),
            unread: self.unread.clone(),
            removed: self.removed.clone(),
        }
    }

    /// Reads the text of a record, or notes why it cannot be read.
    fn read(
        &mut self,
        archive: &Archive,
        request: &ViewRequest,
        loaded: &Arc<Loaded>,
        doing: &str,
    ) {
        match archive.reading_of(loaded, doing) {
            Ok(page) => {
                let capture = cite::Capture::of(loaded);
                let source = cite::Source::new(&page, capture, request.archive.clone());
                self.source = Some(source.copied_from(loaded.entry.copied_from()));
                self.page = Some(page);
            }
            Err(AnswerError::Removed { removed, .. }) => self.unread = Some(removed.how()),
            Err(why) => self.unread = Some(why.to_string()),
        }
    }
}

/// One capture.
///
/// # Errors
/// When there is none, none with that record id, no text in that form, or the index cannot answer. A record that
/// cannot be read is not an error: [`View::unread`] says so.
pub fn view(archive: &Archive, request: &ViewRequest) -> Result<View, AnswerError> {
    let ViewRequest { url, at, record_id, .. } = request;
    let doing = format!("reading {url}");
    let capture = match (at, record_id) {
        (Some(at), Some(id)) => of_record(archive, url, *at, id, &doing)?,
        (at, _) => archive.find(url, *at, &doing)?,
    };
    let mut out = View {
        url: url.clone(),
        holder: None,
        previous: neighbour(archive, &capture, Side::Before, &doing)?,
        next: neighbour(archive, &capture, Side::Behind, &doing)?,
        beside: None,
        page: None,
        source: None,
        leads_to: None,
        failure: failure(archive.reader(), &capture),
        unread: None,
        removed: of_capture(archive.reader(), &capture).map_err(AnswerError::store(&doing))?,
        capture,
    };
    if out.capture.kind == RecordKind::Metadata {
        return Ok(out);
    }
    let beside = Beside::of(archive, &out.capture, (request.form, *at), &doing)?;
    let is_own = beside.capture.is_same_record(&out.capture);
    let text_of = out.beside.insert(beside).capture.clone();
    match archive.record(&out.capture, &doing) {
        Err(why) => out.unread = Some(why.to_string()),
        Ok(loaded) => {
            out.holder = loaded.original.as_ref().map(|original| original.entry.clone());
            if is_own {
                out.read(archive, request, &loaded, &doing);
            }
            let mut page_reader = archive.page_reader();
            page_reader.hold(loaded);
            // A redirect whose target cannot be determined leads nowhere here.
            let said = page_reader.follow(&out.capture).ok();
            out.leads_to = said.and_then(|said| said.leads.address().map(str::to_owned));
        }
    }
    if !is_own {
        match archive.record(&text_of, &doing) {
            Err(why) => out.unread = Some(why.to_string()),
            Ok(loaded) => out.read(archive, request, &loaded, &doing),
        }
    }
    Ok(out)
}

/// The capture of exactly this time and record.
fn of_record(
    archive: &Archive,
    url: &str,
    at: Timestamp,
    id: &str,
    doing: &str,
) -> Result<Capture, AnswerError> {
    let to = at.plus(std::time::Duration::from_micros(1));
    let query = Query { from: Some(at), to: Some(to), ..Query::exactly(url) };
    for capture in archive.reader().query(&query) {
        let capture = capture.map_err(|why| AnswerError::index(doing, &why))?;
        if capture.record_id.as_ref().is_some_and(|of| bare_id(&of.to_string()) == bare_id(id)) {
            return Ok(capture);
        }
    }
    Err(AnswerError::NoCapture(format!("{url} at {} with the record id {id}", at.to_warc_date())))
}

/// A record id without angle brackets and scheme.
#[must_use]
pub fn bare_id(id: &str) -> &str {
    let id = id.trim().trim_matches(['<', '>']);
    id.strip_prefix("urn:uuid:").unwrap_or(id)
}

#[derive(Clone, Copy)]
enum Side {
    Before,
    Behind,
}

/// The capture next to this one in time, in the same form; reports of failures left out.
fn neighbour(
    archive: &Archive,
    capture: &Capture,
    side: Side,
    doing: &str,
) -> Result<Option<Capture>, AnswerError> {
    let all = Query::exactly(&capture.url);
    let query = match side {
        Side::Before => Query { to: Some(capture.date), ..all.newest_first() },
        Side::Behind => {
            Query { from: Some(capture.date.plus(std::time::Duration::from_micros(1))), ..all }
        }
    };
    for found in archive.reader().query(&query) {
        let found = found.map_err(|why| AnswerError::index(doing, &why))?;
        if found.kind != RecordKind::Metadata && found.form() == capture.form() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

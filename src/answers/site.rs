//! A host: how much there is of it, its pages, and what changed there lately.

use serde::Serialize;

use super::front::{HostLine, newest_changes};
use super::{AnswerError, Archive, serial};
use crate::archive::{Capture, KeyRange, MatchType, Query, RecordKind};
use crate::base::Timestamp;
use crate::base::surt::address_of_host;
use crate::history::changes::{ArchiveChange, ChangeFilter};

/// Which host, and how much of it.
#[derive(Debug, Clone)]
pub struct SiteRequest {
    /// Host, with its port where it has one.
    pub host: String,
    /// The pages behind this one, as [`PageList::next`] gave it.
    pub after: Option<String>,
    /// At most this many pages.
    pub pages_max: usize,
    /// The changes of at most this many versions.
    pub versions_max: usize,
}

/// A host.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// How much there is of it.
    pub host: HostLine,
    /// Its pages, in the order of their urlkeys.
    pub pages: PageList,
    /// What changed lately, newest first.
    pub changes: Vec<ArchiveChange>,
}

/// Pages, in the order of their urlkeys.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PageList {
    /// The pages.
    pub pages: Vec<PageLine>,
    /// What to ask for to get those behind them; none where these are the last ones.
    pub next: Option<String>,
}

/// What the index knows of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageLine {
    /// Its address, as it was captured last.
    pub url: String,
    /// How many captures there are, reports of failures left out.
    pub captures: u64,
    /// How many times an exchange failed.
    pub failures: u64,
    /// How many of the captures have another payload than the one before.
    pub payloads: u64,
    /// The first capture.
    #[serde(serialize_with = "serial::date")]
    pub first: Timestamp,
    /// The last capture.
    #[serde(serialize_with = "serial::date")]
    pub last: Timestamp,
    /// The status of the last capture.
    pub status: Option<u16>,
    /// Its media type.
    pub mime: String,
}

/// At most this many captures are visited for one list: a host with few pages may have very many pictures.
const CAPTURES_SCANNED_MAX: u64 = 200_000;

/// A host, its pages and what changed there lately.
///
/// # Errors
/// When nothing of it was captured, or the index cannot answer.
pub fn site(archive: &Archive, request: &SiteRequest) -> Result<Site, AnswerError> {
    let doing = format!("reading what is held of {}", request.host);
    let host = request.host.trim();
    let address = address_of_host(host);
    let found = archive.captures().host_of(&address);
    let found = found.map_err(|why| AnswerError::index(&doing, &why))?;
    let none = || AnswerError::NoCapture(format!("any page of {host}"));
    let count = HostLine::from(found.ok_or_else(none)?);
    let keys = KeyRange::of(&address, MatchType::Host);
    let pages = pages(archive, keys, request.after.as_deref(), request.pages_max, &doing)?;
    let wanted = ChangeFilter { host: Some(count.host.clone()), ..ChangeFilter::default() };
    let (changes, _, _) = newest_changes(archive, wanted, request.versions_max)?;
    Ok(Site { host: count, pages, changes })
}

/// Documents in a range of urlkeys: pages and files to read, without pictures, scripts and styles.
pub(super) fn pages(
    archive: &Archive,
    keys: KeyRange,
    after: Option<&str>,
    pages_max: usize,
    doing: &str,
) -> Result<PageList, AnswerError> {
    let mut keys = keys;
    if let Some(after) = after {
        // Behind all captures of that urlkey.
        let start = [after.as_bytes(), b"\x01"].concat();
        keys.start = keys.start.max(start);
    }
    let query = Query { captures_scanned_max: u64::MAX, ..Query::of(keys) };
    let mut list = PageList::default();
    let mut current: Option<(Capture, PageLine, bool)> = None;
    let mut scanned = 0;
    for capture in archive.reader().query(&query) {
        let capture = capture.map_err(|why| AnswerError::index(doing, &why))?;
        scanned += 1;
        match &mut current {
            Some((last, line, is_page)) if last.urlkey == capture.urlkey => {
                add(line, last, &capture);
                *is_page |= is_document(&capture);
                *last = capture;
                continue;
            }
            _ => {}
        }
        let begun = (capture.clone(), line_of(&capture), is_document(&capture));
        if let Some((last, line, true)) = current.replace(begun) {
            list.pages.push(line);
            if list.pages.len() >= pages_max || scanned > CAPTURES_SCANNED_MAX {
                list.next = Some(last.urlkey);
                return Ok(list);
            }
        }
        if scanned > 2 * CAPTURES_SCANNED_MAX {
            list.next = Some(capture.urlkey);
            return Ok(list);
        }
    }
    if let Some((_, line, true)) = current {
        list.pages.push(line);
    }
    Ok(list)
}

fn line_of(capture: &Capture) -> PageLine {
    let is_failure = capture.kind == RecordKind::Metadata;
    PageLine {
        url: capture.url.clone(),
        captures: u64::from(!is_failure),
        failures: u64::from(is_failure),
        payloads: u64::from(!is_failure),
        first: capture.date,
        last: capture.date,
        status: capture.status,
        mime: mime_of(capture).to_owned(),
    }
}

fn add(line: &mut PageLine, before: &Capture, capture: &Capture) {
    if capture.kind == RecordKind::Metadata {
        line.failures += 1;
        return;
    }
    line.captures += 1;
    let is_confirmed = capture.status == Some(304) || capture.digest == before.digest;
    line.payloads += u64::from(!is_confirmed || line.payloads == 0);
    line.last = capture.date;
    line.url.clone_from(&capture.url);
    if capture.status != Some(304) {
        line.status = capture.status;
    }
    if capture.kind != RecordKind::Revisit {
        mime_of(capture).clone_into(&mut line.mime);
    }
}

fn mime_of(capture: &Capture) -> &str {
    if matches!(capture.kind, RecordKind::Revisit | RecordKind::Metadata) {
        ""
    } else {
        &capture.mime
    }
}

/// Whether a capture is of a document, and not of a part of a page. A failure may be one of a page.
fn is_document(capture: &Capture) -> bool {
    let is_part = |mime: &str| {
        ["image/", "font/", "audio/", "video/"].iter().any(|kind| mime.starts_with(kind))
            || mime.contains("javascript")
            || mime.contains("font")
            || matches!(mime, "text/css" | "application/json" | "application/manifest+json")
    };
    match capture.kind {
        RecordKind::Metadata => true,
        // Its type is that of the capture that it repeats, which stands before it in most archives.
        RecordKind::Revisit => false,
        _ => !is_part(&capture.mime) && !is_robots(&capture.urlkey),
    }
}

fn is_robots(urlkey: &str) -> bool {
    urlkey.ends_with(")/robots.txt")
}

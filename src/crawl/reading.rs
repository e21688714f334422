//! What a captured exchange says: how the host answered, where it leads, what it links to, and which
//! version of its page it begins. Runs off the network tasks.

mod beside;
mod unpack;

use std::sync::Arc;
use std::time::Duration;

use crate::archive::{Capture, Form};
use crate::base::{MediaType, TargetUri, Timestamp};
use crate::extract::page::Page;
use crate::extract::{self, Hints};
use crate::history::landing::says_gone;
use crate::history::read_page;
use crate::http::{Exchange, FailureKind, Head};
use crate::outlinks::links::{
    OutlinkKind, links_of_css, links_of_html, refresh_of_field, refresh_of_html,
};
use crate::politeness::robots::ROBOTS_BYTES_MAX;
use crate::store::{Appended, Content, Discovery, Loaded, Original, Reader, StoreError, StoredAs};

use super::jar::Jar;
use super::job_context::{Following, Gathering};
use super::outcome::{Finished, Outcome, Stored, Unread};
use super::sources::Gathered;
use super::step::{Change, HostResponse, Link, StepOutcome, TextSeen};
use super::version_event::VersionEvent;
use super::version_events::{Findings, VersionWatcher};
pub(super) use beside::AlternateRead;
pub(super) use unpack::{Room, head_of};
use unpack::{Unpacking, loaded, payload};

/// What is known of the capture before.
pub(super) struct Before {
    pub original: Original,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    loaded: Arc<Loaded>,
}

impl Before {
    /// A record that cannot be read any more is a finding of `verify`, and no reason not to capture
    /// the page again: `None`.
    pub fn load(reader: &Reader, entry: &Capture) -> Option<Self> {
        let loaded = reader.load(entry).ok()?;
        let original = loaded.original()?;
        let head = Head::parse(&loaded.head);
        let field =
            |name: &str| head.get_text(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let (etag, last_modified) = (field("etag"), field("last-modified"));
        Some(Self { original, etag, last_modified, loaded: Arc::new(loaded) })
    }
}

/// Reading what came, off the network tasks.
pub(super) struct Reading {
    pub what: Content,
    pub uri: TargetUri,
    pub ended: Timestamp,
    pub found: Discovery,
    pub appended: Appended,
    pub before: Option<Before>,
    /// Whether the page was captured before, whatever the answer was.
    pub has_earlier: bool,
    pub version_watcher: VersionWatcher,
    /// The pages that led here by redirects, the nearest first.
    pub origins: Vec<String>,
    pub is_robots: bool,
    pub wants_links: bool,
    pub wants_text: bool,
    pub decoded_bytes_max: usize,
    pub gathering: Option<Gathering>,
    /// The cookies of the navigation.
    pub jar: Option<Jar>,
    /// Whether the URL was a page when it was captured last.
    pub was_page: bool,
}

/// Only this much of a page is read for where it redirects its reader; such pages are short, and say so first.
const REFRESH_BYTES_MAX: usize = 256 * 1024;

/// What a payload that was read says.
#[derive(Debug, Default)]
struct Read {
    /// What the page says, where it is one that was read to its end.
    page: Option<Arc<Page>>,
}

/// What the payload of a capture says, and which versions follow from it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Where the page sends its reader on by itself.
    refresh: Option<TargetUri>,
    /// Whether what it leads to was a redirect at the last look.
    insists: bool,
    links: Vec<Link>,
    change: Option<Change>,
    versions: Option<Findings>,
    origins: Vec<Findings>,
    text: Option<TextSeen>,
    robots_body: Vec<u8>,
    gathered: Vec<(String, Gathered)>,
}

impl StepOutcome {
    /// With what the payload says, or why that was not read.
    pub(super) fn with(mut self, read: Result<Contents, Unread>, is_robots: bool) -> Self {
        match read {
            Ok(contents) => {
                self.redirect = contents.refresh.or(self.redirect);
                if contents.insists {
                    self.jar.iter_mut().for_each(Jar::insist);
                }
                self.links = contents.links;
                self.change = contents.change;
                self.versions = contents.versions;
                self.origins = contents.origins;
                self.text = contents.text;
                self.robots_body = contents.robots_body;
                self.gathered = contents.gathered;
            }
            Err(why) => {
                if is_robots && !why.is_asked_again() {
                    // Rules that were not read allow nothing.
                    self.met = HostResponse::Failure { why: "unread" };
                }
                self.finished.iter_mut().for_each(|done| done.unread = Some(why.clone()));
                self.unread = Some(why);
            }
        }
        self
    }
}

impl Reading {
    /// Whether anything is to be read beyond the head.
    pub fn parses(&self) -> bool {
        self.has_earlier || !self.origins.is_empty() || matches!(self.what, Content::Exchange(_))
    }

    /// What the exchange and the head of the response say, without the payload.
    pub fn facts(&self) -> StepOutcome {
        let Self { uri, ended, found, appended, .. } = self;
        let ended = *ended;
        let place = Some((appended.file.clone(), appended.offset, appended.record_id.clone()));
        let mut finished = Finished {
            uri: uri.clone(),
            at: ended,
            outcome: Outcome::Refused { why: String::new() },
            path: found.path.clone(),
            via: found.via.clone(),
            media_type: None,
            bytes: 0,
            took: Duration::ZERO,
            digest: appended.digest,
            place,
            unread: None,
        };
        let mut stepped = StepOutcome {
            host: uri.host_key(),
            ended,
            met: HostResponse::OurRefusal,
            finished: None,
            redirect: None,
            links: Vec::new(),
            change: None,
            versions: None,
            origins: Vec::new(),
            is_worth_watching: false,
            text: None,
            robots_body: Vec::new(),
            page_failure: None,
            is_cut: false,
            gathered: Vec::new(),
            said: None,
            jar: None,
            unread: None,
            is_learned: false,
        };
        match &self.what {
            Content::Failure(failure) => {
                finished.at = failure.date;
                finished.took = failure.timing.total;
                finished.bytes = failure.received.len() as u64;
                finished.outcome =
                    Outcome::Failed { step: failure.kind.label(), why: failure.why.clone() };
                stepped.met = match failure.kind {
                    FailureKind::AddressRefused => HostResponse::OurRefusal,
                    kind => HostResponse::Failure { why: kind.label() },
                };
            }
            Content::Exchange(exchange) => self.head_says(exchange, &mut finished, &mut stepped),
            // Neither is what a step captures.
            Content::Derived(_) | Content::Copy(_) => {}
        }
        stepped.finished = Some(finished);
        stepped
    }

    fn head_says(&self, exchange: &Exchange, finished: &mut Finished, stepped: &mut StepOutcome) {
        let head = head_of(exchange);
        let status = exchange.shape.status;
        let media_type = head.get_text("content-type").map(|v| MediaType::parse(&v));
        finished.at = exchange.date;
        finished.took = exchange.timing.total;
        finished.bytes = exchange.response.len();
        finished.media_type = media_type.as_ref().map(ToString::to_string);
        finished.outcome = Outcome::Fetched {
            status,
            stored: match self.appended.stored {
                StoredAs::NotModified => Stored::NotModified,
                StoredAs::Revisit => Stored::Revisit,
                _ => Stored::New,
            },
            truncated: exchange.truncated.map(|t| t.label()),
        };
        stepped.is_cut = exchange.truncated.is_some();
        stepped.met = HostResponse::Reply {
            status: if self.is_robots { status.unwrap_or(0) } else { own_status(&head, status) },
            retry_after: head.get_text("retry-after").map(|v| v.into_owned()),
            took: exchange.timing.total.saturating_sub(exchange.timing.connect),
        };
        stepped.redirect = self.redirect(&head, status);
        if let Some(mut jar) = self.jar.clone() {
            let fields = head.fields().filter(|field| field.is("set-cookie"));
            let fields = fields.map(|field| field.text());
            jar.take_in(&self.uri, fields, self.was_page, stepped.ended);
            stepped.jar = Some(jar);
        }
        let is_html = match (status, &self.before) {
            _ if self.is_robots => false,
            // A confirmation is of what the capture that it confirms is.
            (Some(304), Some(before)) if self.wants_links || self.gathering.is_some() => {
                let head = Head::parse(&before.loaded.holder().head);
                head.get_text("content-type").is_some_and(|v| MediaType::parse(&v).is_html())
            }
            _ => media_type.is_some_and(|media_type| media_type.is_html()),
        };
        stepped.is_worth_watching = is_html && matches!(status, Some(200 | 304));
    }

    /// What the payload says; `None` where it has to be read alone and this is not the room for it.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn read(&self, room: Room) -> Result<Option<Contents>, StoreError> {
        let Self { uri, appended, .. } = self;
        let mut contents = Contents::default();
        if let Content::Exchange(exchange) = &self.what {
            let candidate = match self.has_earlier {
                true => self.version_watcher.candidate(uri, appended)?,
                false => None,
            };
            let begins = candidate.is_some();
            let Some(Read { page }) = self.exchange(exchange, room, begins, &mut contents) else {
                return Ok(None);
            };
            contents.insists = self.insists(exchange, &contents)?;
            if let Some(entry) = candidate {
                let before = self.before.as_ref().map(|before| Arc::clone(&before.loaded));
                let found =
                    self.version_watcher.versions(&entry, page, before, room.bytes_max())?;
                let Some(mut found) = found else { return Ok(None) };
                let mut is_edit = found.news.iter().any(VersionEvent::is_edit);
                if says_gone(&entry) && self.version_watcher.is_rendered(uri)? {
                    let page = (uri.as_str(), Form::Rendered);
                    let rendered = self.version_watcher.versions_of(page, room.bytes_max())?;
                    let Some(mut rendered) = rendered else { return Ok(None) };
                    if !found.news.is_empty() {
                        // The page was sent with its text: that it is gone is reported of that.
                        rendered.news.clear();
                    }
                    is_edit |= rendered.news.iter().any(VersionEvent::is_edit);
                    found.is_kept &= rendered.is_kept;
                    contents.origins.push(rendered);
                }
                if let Some(change) = &mut contents.change {
                    change.is_edit = is_edit;
                }
                contents.versions = Some(found);
            } else if let Some(page) = page.filter(|_| exchange.truncated.is_none()) {
                self.version_watcher.keep(uri, exchange.shape.status, appended, &page);
            }
        }
        for url in self.origins.iter().rev() {
            let Some(found) =
                self.version_watcher.versions_of((url, Form::Plain), room.bytes_max())?
            else {
                return Ok(None);
            };
            contents.origins.push(found);
        }
        let status = match &self.what {
            Content::Exchange(exchange) => exchange.shape.status,
            Content::Failure(_) | Content::Derived(_) | Content::Copy(_) => None,
        };
        // A robots.txt may be a page as well, and its earlier captures were not looked up.
        let has_earlier = self.has_earlier || self.is_robots;
        let known = (has_earlier, contents.versions.as_ref().map(|found| found.is_kept));
        let settled = self.version_watcher.settle((uri, status), appended, known, room.bytes_max());
        match settled {
            // The store of readings takes it in when it is opened next.
            Err(why) if why.is_away() => {}
            settled => settled?,
        }
        Ok(Some(contents))
    }

    /// Notes that nothing follows from what was captured, where nothing of it is read.
    pub fn pass_over(&self) {
        self.version_watcher.pass_over(&self.appended);
    }

    /// Everything but the versions; `None` where this is not the room for it.
    fn exchange(
        &self,
        exchange: &Exchange,
        room: Room,
        begins: bool,
        contents: &mut Contents,
    ) -> Option<Read> {
        let Self { uri, appended, .. } = self;
        let head = head_of(exchange);
        let status = exchange.shape.status;
        if self.is_robots {
            let unpacking = Unpacking { room, max: ROBOTS_BYTES_MAX + 1 };
            contents.robots_body = payload(exchange, &head, unpacking)?;
            return Some(Read::default());
        }
        let content_type = head.get_text("content-type");
        let content_type = content_type.as_deref();
        let is_html = content_type.is_some_and(|v| MediaType::parse(v).is_html());
        if status.is_some_and(is_answer) {
            contents.refresh = self.refresh(exchange, &head, is_html, room);
        }
        // Of a page no more is read, and what is not read need not be held.
        let max = if is_html { extract::DOCUMENT_BYTES_MAX + 1 } else { usize::MAX };
        let unpacking = Unpacking { room, max: self.decoded_bytes_max.min(max) };
        if status != Some(200) {
            if let (Some(304), Some(before)) = (status, &self.before) {
                self.read_confirmed(before, unpacking, contents)?;
            }
            return Some(Read::default());
        }
        // A payload that was archived before may still be news for this page: another page had it,
        // or it had it itself and is back at it.
        let differs = |before: &Before| {
            appended.stored == StoredAs::New || before.original.payload_digest != appended.digest
        };
        let compares = is_html && self.before.as_ref().is_some_and(differs);
        let reads = is_html && (compares || begins || self.wants_text);
        if !(self.wants_links || reads || self.gathering.is_some()) {
            return Some(Read::default());
        }
        let decoded = payload(exchange, &head, unpacking)?;
        if self.wants_links {
            contents.links = links(&decoded, uri, content_type);
        }
        let mut page = None;
        if reads {
            let new = read_page(&decoded, uri.as_str(), content_type, status);
            contents.text = Some(TextSeen {
                kind: new.kind,
                published: new.published.as_ref().map(|p| p.value.instant),
            });
            contents.change = compares.then_some(Change { is_edit: false });
            page = Some(Arc::new(new));
        }
        if let Some(gathering) = &self.gathering {
            let canonical = page.as_ref().and_then(|page| page.canonical.as_ref());
            let canonical = canonical.map(|fact| fact.value.as_str());
            contents.gathered =
                gathering.gather(uri, &decoded, content_type, canonical, self.ended, |_| true);
        }
        // What is longer than that is read again from the archive, which has all of it.
        let page = page.filter(|_| decoded.len() < self.decoded_bytes_max);
        Some(Read { page })
    }

    /// Where the head of the response leads.
    fn redirect(&self, head: &Head, status: Option<u16>) -> Option<TargetUri> {
        status.filter(|s| matches!(s, 301 | 302 | 303 | 307 | 308))?;
        head.get("location").and_then(|to| self.uri.join_bytes(&to).ok())
    }

    /// Whether a page that was there at the last look leads now to what was a redirect itself: then it may be
    /// reached behind that, as it was then.
    fn insists(&self, exchange: &Exchange, contents: &Contents) -> Result<bool, StoreError> {
        let by_head = || self.redirect(&head_of(exchange), exchange.shape.status);
        let (true, true, Some(to)) =
            (self.was_page, self.jar.is_some(), contents.refresh.clone().or_else(by_head))
        else {
            return Ok(false);
        };
        let newest = self.version_watcher.reader.earlier(to.without_fragment().as_str())?.newest;
        Ok(newest.is_some_and(|entry| matches!(entry.status, Some(300..=303 | 305..=399))))
    }

    /// Where the page sends its reader on by itself.
    fn refresh(
        &self,
        exchange: &Exchange,
        head: &Head,
        is_html: bool,
        room: Room,
    ) -> Option<TargetUri> {
        let uri = &self.uri;
        let by_field = head.get_text("refresh").and_then(|value| refresh_of_field(&value, uri));
        if by_field.is_some() || !is_html {
            return by_field;
        }
        let content_type = head.get_text("content-type");
        let content_type = content_type.as_deref();
        let hints = Hints { url: Some(uri.as_str()), content_type, status: Some(200) };
        let unpacking = Unpacking { room, max: REFRESH_BYTES_MAX };
        refresh_of_html(&payload(exchange, head, unpacking)?, &hints, uri)
    }

    /// 304: its links are those of the capture that it confirms. A job that looks at a page for the
    /// first time follows it even where the archive had it.
    fn read_confirmed(
        &self,
        before: &Before,
        unpacking: Unpacking,
        contents: &mut Contents,
    ) -> Option<()> {
        let rereads = |gathering: &&Gathering| gathering.jobs.iter().any(Following::rereads);
        let gathering = self.gathering.as_ref().filter(rereads);
        if !self.wants_links && gathering.is_none() {
            return Some(());
        }
        let holder = Head::parse(&before.loaded.holder().head);
        let content_type = holder.get_text("content-type");
        let content_type = content_type.as_deref();
        let decoded = loaded(before, unpacking)?;
        if self.wants_links {
            contents.links = links(&decoded, &self.uri, content_type);
        }
        if let Some(gathering) = gathering {
            let (uri, at) = (&self.uri, self.ended);
            contents.gathered =
                gathering.gather(uri, &decoded, content_type, None, at, Following::rereads);
        }
        Some(())
    }
}

/// Whether a status is that of a page which may send its reader on: neither a redirect, nor a server
/// that asks to be asked later.
fn is_answer(status: u16) -> bool {
    matches!(status, 200..=299 | 400..=428 | 430..=499)
}

/// The status as far as the pace of the host is concerned: an archive that gives back a refusal which it captured (RFC 7089:
/// the answer has `Memento-Datetime`) does not refuse anything itself.
fn own_status(head: &Head, status: Option<u16>) -> u16 {
    match status {
        Some(429 | 503) if head.get("memento-datetime").is_some() => 200,
        status => status.unwrap_or(0),
    }
}

fn links(decoded: &[u8], uri: &TargetUri, content_type: Option<&str>) -> Vec<Link> {
    let media_type = content_type.map(MediaType::parse);
    let found = match media_type.as_ref().map(MediaType::essence) {
        Some("text/css") => links_of_css(decoded, Some(uri.as_str())),
        Some("text/html" | "application/xhtml+xml") => {
            let hints = Hints { url: Some(uri.as_str()), content_type, status: Some(200) };
            links_of_html(decoded, &hints)
        }
        _ => Vec::new(),
    };
    found
        .into_iter()
        .map(|l| Link { url: l.url, hop: l.hop, is_requisite: l.kind == OutlinkKind::Requisite })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_was_captured_is_none_of_the_archive_that_gives_it_back() {
        let memento = "Memento-Datetime: Wed, 05 Nov 2025 00:00:00 GMT\r\n";
        for (status, fields, expected) in [
            (Some(503), memento, 200),
            (Some(429), memento, 200),
            (Some(503), "", 503),
            (Some(429), "Retry-After: 1\r\n", 429),
            (Some(404), memento, 404),
            (None, "", 0),
        ] {
            let head = Head::parse(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes());
            assert_eq!(own_status(&head, status), expected, "{status:?} {fields}");
        }
    }
}

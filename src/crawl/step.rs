//! One URL in a straight line: permit, exchange, record, what the page says.

use std::sync::Arc;
use std::time::Duration;

use crate::base::{HostKey, MediaType, TargetUri, Timestamp};
use crate::capture::{CaptureRequest, Captured, Capturer};
use crate::diff;
use crate::extract::links::{Hop, OutlinkKind, links_of_css, links_of_html};
use crate::extract::page::{Page, PageKind};
use crate::extract::{self, Hints};
use crate::http::{Exchange, Failure, FailureKind, Head, Payload, decode_body};
use crate::politeness::robots::ROBOTS_BYTES_MAX;
use crate::politeness::{Permit, RobotsFetch, RobotsTarget};
use crate::schedule::Claim;
use crate::store::{
    Appended, Discovery, Loaded, Original, Reader, Store, StoreError, StoredAs, Submission, What,
};

use super::engine::CrawlError;
use super::following::{Following, Gathering};
use super::news::News;
use super::outcome::{Finished, Outcome, Stored};
use super::sources::Gathered;
use super::timer::Timer;

/// So much of the response to a robots.txt is taken, its head and what chunks cost included: more
/// than the 500 KiB of it that are read (RFC 9309, section 2.5), however much there is.
const ROBOTS_RESPONSE_MAX: u64 = 1 << 20;

/// What an exchange is for.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each exchange in flight, moved twice")]
pub enum Purpose {
    /// A URL of the queue.
    Page,
    /// The robots.txt that governs it.
    Robots(RobotsTarget),
}

/// What one step needs.
pub struct Step {
    /// The network.
    pub capturer: Arc<Capturer>,
    /// The request as it is without conditions.
    pub request: CaptureRequest,
    /// Where to write.
    pub store: Arc<Store>,
    /// Where to read earlier captures.
    pub reader: Reader,
    /// Time.
    pub timer: Arc<dyn Timer>,
    /// Whether links and requisites of the page are wanted.
    pub wants_links: bool,
    /// Whether the article is to be read even where there is nothing to compare it with.
    pub wants_text: bool,
    /// The longest payload after decompression that is read.
    pub decoded_bytes_max: usize,
    /// For a URL of a job: what the job wants of it.
    pub following: Option<Following>,
}

/// Where a URL comes from.
struct Origin {
    uri: String,
    via: Option<String>,
    path: String,
}

/// A step that has ended.
pub struct StepDone {
    /// Whose step it was.
    pub claim: Box<Claim>,
    /// What it was for.
    pub purpose: Purpose,
    /// What came of it.
    pub result: Result<Stepped, CrawlError>,
}

/// How the exchange ended, as far as the host's pace is concerned.
#[derive(Debug)]
pub enum Met {
    /// With a response.
    Reply {
        /// Its status; 0 where it could not be read.
        status: u16,
        /// Its Retry-After.
        retry_after: Option<String>,
        /// How long it took.
        took: Duration,
    },
    /// With a failure, of this kind.
    Failure {
        /// The word for it.
        why: &'static str,
    },
    /// We refused the address: it says nothing of the host.
    OurRefusal,
}

/// A link, as far as the queue is concerned.
#[derive(Debug)]
pub struct Link {
    /// The address.
    pub url: String,
    /// How it was found.
    pub hop: Hop,
    /// Whether the page needs it to be shown.
    pub is_requisite: bool,
}

/// What an article's text did since the capture before.
#[derive(Debug, Clone)]
pub struct Change {
    /// Whether the text differs.
    pub is_new_version: bool,
    /// How many changes were found.
    pub changes: u64,
    /// What there is to tell of it, where the text differs.
    pub news: Option<Box<News>>,
}

/// What an article is, as far as the schedule is concerned.
#[derive(Debug, Clone)]
pub struct TextSeen {
    /// What kind of page.
    pub kind: PageKind,
    /// When it was published, as declared.
    pub published: Option<Timestamp>,
}

/// What came of a step.
#[derive(Debug)]
pub struct Stepped {
    /// The host that was asked.
    pub host: HostKey,
    /// When the exchange ended.
    pub ended: Timestamp,
    /// How it ended.
    pub met: Met,
    /// What the log says.
    pub finished: Option<Finished>,
    /// Where a 3xx leads.
    pub redirect: Option<TargetUri>,
    /// What the page links to.
    pub links: Vec<Link>,
    /// What the text did.
    pub change: Option<Change>,
    /// Whether it is a page that may change.
    pub is_worth_watching: bool,
    /// What the article is, where it was read.
    pub text: Option<TextSeen>,
    /// For a robots.txt: its payload, decoded.
    pub robots_body: Vec<u8>,
    /// For a robots.txt that could not be asked for: the same of the page it was asked for.
    pub page_failure: Option<Finished>,
    /// Whether the response was cut short.
    pub is_cut: bool,
    /// What it names, where its job follows it.
    pub gathered: Option<Gathered>,
}

impl Stepped {
    /// What the fetch of a robots.txt came to, where it was no redirect that can be followed.
    #[must_use]
    pub fn robots_fetch(&self) -> RobotsFetch<'_> {
        match &self.met {
            Met::Reply { status, .. } if self.is_cut => {
                RobotsFetch::Cut { status: *status, body: &self.robots_body }
            }
            Met::Reply { status, .. } => {
                RobotsFetch::Answered { status: *status, body: &self.robots_body }
            }
            Met::Failure { why } => RobotsFetch::Failed { why },
            Met::OurRefusal => RobotsFetch::Failed { why: "address refused" },
        }
    }
}

impl Step {
    /// The whole line. Never panics for what a server sent.
    pub async fn run(self, permit: Permit, claim: Box<Claim>, purpose: Purpose) -> StepDone {
        let origin = Origin {
            uri: claim.uri().as_str().to_owned(),
            via: claim.entry.via.clone(),
            path: claim.entry.path.to_string(),
        };
        let result = self.line(permit, origin, &purpose).await;
        StepDone { claim, purpose, result }
    }

    /// The same for a robots.txt that no queued URL asked for.
    ///
    /// # Errors
    /// Trouble of ours.
    pub async fn run_alone(self, permit: Permit, purpose: Purpose) -> Result<Stepped, CrawlError> {
        let uri = permit.uri().as_str().to_owned();
        self.line(permit, Origin { uri, via: None, path: String::new() }, &purpose).await
    }

    async fn line(
        self,
        permit: Permit,
        origin: Origin,
        purpose: &Purpose,
    ) -> Result<Stepped, CrawlError> {
        let uri = permit.uri().clone();
        let is_robots = matches!(purpose, Purpose::Robots(_));
        let before = if is_robots { None } else { self.before(&uri).await? };
        let mut request = self.request.clone();
        if is_robots {
            request.response_bytes_max = Some(ROBOTS_RESPONSE_MAX);
        }
        if let Some(before) = &before {
            request.if_none_match.clone_from(&before.etag);
            request.if_modified_since.clone_from(&before.last_modified);
        }
        let what = match self.capturer.capture(permit, &request).await? {
            Captured::Exchange(exchange) => What::Exchange(Arc::from(exchange)),
            Captured::Failed(failure) => What::Failure(Arc::from(failure)),
        };
        let ended = self.timer.clock().now();
        let page_failure = match &what {
            What::Failure(failure) if is_robots && origin.uri != uri.as_str() => {
                Some(self.page_failure(failure, &origin).await?)
            }
            _ => None,
        };
        let discovery = if is_robots {
            Discovery { via: Some(origin.uri), path: format!("{}P", origin.path), more: Vec::new() }
        } else {
            let more = self.following.as_ref().map(Following::notes).unwrap_or_default();
            Discovery { via: origin.via, path: origin.path, more }
        };
        let original = before.as_ref().map(|b| b.original.clone());
        let submission =
            Submission { what: what.clone(), refers_to: original, discovery: discovery.clone() };
        let appended = append(&self.store, submission).await?;
        let decoded_bytes_max = self.decoded_bytes_max;
        let (wants_links, wants_text) = (self.wants_links, self.wants_text);
        let asked = uri.to_string();
        let gathering = match self.following {
            Some(following) if !is_robots => Some(Gathering { following, reader: self.reader }),
            _ => None,
        };
        let task = move || {
            let reading = Reading {
                what: &what,
                before,
                is_robots,
                wants_links,
                wants_text,
                decoded_bytes_max,
                gathering,
            };
            reading.read(&uri, ended, &discovery, &appended)
        };
        // Parsing a large page takes milliseconds, which the network tasks do not have.
        let mut stepped = tokio::task::spawn_blocking(task)
            .await
            .map_err(|why| CrawlError::Broken { uri: asked, why: why.to_string() })?;
        stepped.page_failure = page_failure;
        Ok(stepped)
    }

    /// Keeps the failure of a robots.txt for the page too that it was asked for: that page could
    /// not be had, at this time and for this reason, and whoever looks for it finds that said.
    async fn page_failure(
        &self,
        failure: &Failure,
        origin: &Origin,
    ) -> Result<Finished, CrawlError> {
        let uri = TargetUri::parse(&origin.uri).unwrap_or_else(|_| failure.uri.clone());
        let why = format!("{} (on asking for its robots.txt first)", failure.why);
        let page = Failure {
            uri: uri.clone(),
            why: why.clone(),
            request: Vec::new(),
            received: Vec::new(),
            dns: None,
            ..failure.clone()
        };
        let discovery =
            Discovery { via: origin.via.clone(), path: origin.path.clone(), more: Vec::new() };
        let what = What::Failure(Arc::new(page));
        let appended = append(&self.store, Submission { what, refers_to: None, discovery }).await?;
        Ok(Finished {
            uri,
            at: failure.date,
            outcome: Outcome::Failed { step: failure.kind.label(), why },
            path: origin.path.clone(),
            via: origin.via.clone(),
            media_type: None,
            bytes: 0,
            took: failure.timing.total,
            digest: None,
            place: Some((appended.file, appended.offset, appended.record_id)),
        })
    }

    /// The newest capture of this URL that holds or names a payload.
    async fn before(&self, uri: &TargetUri) -> Result<Option<Before>, CrawlError> {
        let reader = self.reader.clone();
        let wanted = uri.as_str().to_owned();
        let found = tokio::task::spawn_blocking(move || Before::find(&reader, &wanted)).await;
        found
            .map_err(|why| CrawlError::Broken { uri: uri.to_string(), why: why.to_string() })?
            .map_err(CrawlError::from)
    }
}

async fn append(store: &Store, submission: Submission) -> Result<Appended, CrawlError> {
    let (send, receive) = tokio::sync::oneshot::channel();
    store.append(
        submission,
        // A crawl that was stopped no longer waits; the record is durable all the same.
        Box::new(move |done| drop(send.send(done))),
    );
    let answer =
        receive.await.map_err(|_| StoreError::Stopped("the writer has gone".to_owned()))?;
    Ok(answer?)
}

/// What is known of the capture before.
struct Before {
    original: Original,
    etag: Option<String>,
    last_modified: Option<String>,
    loaded: Loaded,
}

impl Before {
    fn find(reader: &Reader, url: &str) -> Result<Option<Self>, StoreError> {
        let Some(entry) = reader.newest_with_payload(url)? else { return Ok(None) };
        // A record that cannot be read any more is a finding of `verify`, and no reason not to
        // capture the page again.
        let Ok(loaded) = reader.load(&entry) else { return Ok(None) };
        let Some(original) = loaded.original() else { return Ok(None) };
        let head = Head::parse(&loaded.head);
        let field =
            |name: &str| head.get_text(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let (etag, last_modified) = (field("etag"), field("last-modified"));
        Ok(Some(Self { original, etag, last_modified, loaded }))
    }
}

/// Reading what came, off the network tasks.
struct Reading<'a> {
    what: &'a What,
    before: Option<Before>,
    is_robots: bool,
    wants_links: bool,
    wants_text: bool,
    decoded_bytes_max: usize,
    gathering: Option<Gathering>,
}

impl Reading<'_> {
    fn read(
        self,
        uri: &TargetUri,
        ended: Timestamp,
        found: &Discovery,
        appended: &Appended,
    ) -> Stepped {
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
        };
        let mut stepped = Stepped {
            host: uri.host_key(),
            ended,
            met: Met::OurRefusal,
            finished: None,
            redirect: None,
            links: Vec::new(),
            change: None,
            is_worth_watching: false,
            text: None,
            robots_body: Vec::new(),
            page_failure: None,
            is_cut: false,
            gathered: None,
        };
        match self.what {
            What::Failure(failure) => {
                finished.at = failure.date;
                finished.took = failure.timing.total;
                finished.bytes = failure.received.len() as u64;
                finished.outcome =
                    Outcome::Failed { step: failure.kind.label(), why: failure.why.clone() };
                stepped.met = match failure.kind {
                    FailureKind::AddressRefused => Met::OurRefusal,
                    kind => Met::Failure { why: kind.label() },
                };
            }
            What::Exchange(exchange) => {
                self.exchange(exchange, uri, appended, &mut finished, &mut stepped)
            }
        }
        stepped.finished = Some(finished);
        stepped
    }

    fn exchange(
        &self,
        exchange: &Exchange,
        uri: &TargetUri,
        appended: &Appended,
        finished: &mut Finished,
        stepped: &mut Stepped,
    ) {
        let head_len = usize::try_from(exchange.shape.head_len).unwrap_or(usize::MAX);
        // A spooled response that cannot be read back was written to the archive all the same.
        let head = Head::parse(&exchange.response.prefix(head_len).unwrap_or_default());
        let status = exchange.shape.status;
        let media_type = head.get_text("content-type").map(|v| MediaType::parse(&v));
        finished.at = exchange.date;
        finished.took = exchange.timing.total;
        finished.bytes = exchange.response.len();
        finished.media_type = media_type.as_ref().map(ToString::to_string);
        finished.outcome = Outcome::Fetched {
            status,
            stored: match appended.stored {
                StoredAs::NotModified => Stored::NotModified,
                StoredAs::Revisit => Stored::Revisit,
                _ => Stored::New,
            },
            truncated: exchange.truncated.map(|t| t.label()),
        };
        stepped.is_cut = exchange.truncated.is_some();
        stepped.met = Met::Reply {
            status: status.unwrap_or(0),
            retry_after: head.get_text("retry-after").map(|v| v.into_owned()),
            took: exchange.timing.total.saturating_sub(exchange.timing.connect),
        };
        if status.is_some_and(|s| matches!(s, 301 | 302 | 303 | 307 | 308)) {
            stepped.redirect = head.get_text("location").and_then(|to| uri.join(&to).ok());
        }
        if self.is_robots {
            stepped.robots_body = self.payload(exchange, &head, ROBOTS_BYTES_MAX + 1);
            return;
        }
        let is_html = media_type.as_ref().is_some_and(MediaType::is_html);
        stepped.is_worth_watching = is_html && matches!(status, Some(200 | 304));
        if status != Some(200) {
            // 304: its links are those of the capture that it confirms.
            if let (Some(304), true, Some(before)) = (status, self.wants_links, &self.before) {
                let head = Head::parse(&before.loaded.holder().head);
                let is_html =
                    head.get_text("content-type").is_some_and(|v| MediaType::parse(&v).is_html());
                stepped.is_worth_watching = is_html;
                let decoded = before.loaded.decoded(self.decoded_bytes_max).unwrap_or_default();
                stepped.links = links(&decoded, uri, head.get_text("content-type").as_deref());
            }
            self.gather_confirmed(status, uri, stepped);
            return;
        }
        // A payload that was archived before may still be news for this page: another page had it,
        // or it had it itself and is back at it.
        let differs = |before: &Before| {
            appended.stored == StoredAs::New || before.original.payload_digest != appended.digest
        };
        let compares = is_html && self.before.as_ref().is_some_and(differs);
        let reads = compares || (is_html && self.wants_text);
        if !(self.wants_links || reads || self.gathering.is_some()) {
            return;
        }
        let decoded = self.payload(exchange, &head, self.decoded_bytes_max);
        let content_type = head.get_text("content-type");
        if self.wants_links {
            stepped.links = links(&decoded, uri, content_type.as_deref());
        }
        let mut canonical = None;
        if reads {
            let new = article(&decoded, uri, content_type.as_deref());
            stepped.text = Some(TextSeen {
                kind: new.kind,
                published: new.published.as_ref().map(|p| p.value.instant),
            });
            if let (true, Some(before)) = (compares, &self.before) {
                stepped.change = Some(self.compare(before, &new, uri, appended, finished));
            }
            canonical = new.canonical.map(|fact| fact.value);
        }
        if let Some(gathering) = &self.gathering {
            let content_type = content_type.as_deref();
            let canonical = canonical.as_deref();
            stepped.gathered =
                Some(gathering.gather(uri, &decoded, content_type, canonical, stepped.ended));
        }
    }

    /// A job that looks at a page for the first time follows it even where the archive had it.
    fn gather_confirmed(&self, status: Option<u16>, uri: &TargetUri, stepped: &mut Stepped) {
        let (Some(304), Some(gathering), Some(before)) = (status, &self.gathering, &self.before)
        else {
            return;
        };
        let holder = Head::parse(&before.loaded.holder().head);
        let content_type = holder.get_text("content-type");
        stepped.is_worth_watching =
            content_type.as_ref().is_some_and(|v| MediaType::parse(v).is_html());
        if gathering.following.is_first {
            let decoded = before.loaded.decoded(self.decoded_bytes_max).unwrap_or_default();
            let content_type = content_type.as_deref();
            stepped.gathered =
                Some(gathering.gather(uri, &decoded, content_type, None, stepped.ended));
        }
    }

    fn compare(
        &self,
        before: &Before,
        new: &Page,
        uri: &TargetUri,
        appended: &Appended,
        finished: &Finished,
    ) -> Change {
        let old_head = Head::parse(&before.loaded.holder().head);
        let old_bytes = before.loaded.decoded(self.decoded_bytes_max).unwrap_or_default();
        let old = article(&old_bytes, uri, old_head.get_text("content-type").as_deref());
        let comparison = diff::compare(&old, new, &diff::CompareOptions::default());
        let changes = comparison.changes.len() as u64;
        let is_new_version = !comparison.says_the_same();
        let news = is_new_version
            .then(|| Box::new(News::of(&comparison, &old, new, uri, appended, finished)));
        Change { is_new_version, changes, news }
    }

    /// The payload with its content coding undone, at most `max` bytes.
    fn payload(&self, exchange: &Exchange, head: &Head, max: usize) -> Vec<u8> {
        match Payload::of(&exchange.response, &exchange.shape) {
            Ok(payload) => decode_body(std::io::BufReader::new(payload), head, max).bytes,
            Err(_) => Vec::new(),
        }
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

fn article(decoded: &[u8], uri: &TargetUri, content_type: Option<&str>) -> Page {
    let hints = Hints { url: Some(uri.as_str()), content_type, status: Some(200) };
    extract::extract(decoded, &hints).page
}

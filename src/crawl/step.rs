//! One URL in a straight line: permit, exchange, record, what the page says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::base::{HostKey, TargetUri, Timestamp};
use crate::capture::{CaptureError, CaptureRequest, Captured, Capturer, Located};
use crate::extract::page::PageKind;
use crate::http::Failure;
use crate::outlinks::links::Hop;
use crate::politeness::{AddressPace, Line, Permit, RobotsFetch, RobotsTarget};
use crate::schedule::Claim;
use crate::schedule::revisit::SourceEntries;
use crate::store::{Appended, Content, Discovery, Earlier, Store, StoreError, Submission};

use super::jar::Jar;
use super::job_context::{Following, Gathering};
use super::options::CrawlError;
use super::outcome::{Finished, Outcome, Unread};
use super::parse_pool::{ParsePool, Patience};
use super::reading::{Before, Contents, Reading, Room};
use super::rendering::{Behind, RenderJob};
use super::sources::Gathered;
use super::timer::Timer;
use super::version_events::{Findings, VersionWatcher};

/// At most this much of the response to a robots.txt is taken, its head and what chunks cost
/// included: more than the 500 KiB of it that are read (RFC 9309, section 2.5), however much there
/// is.
const ROBOTS_RESPONSE_MAX: u64 = 1 << 20;

/// How soon a URL is tried again whose request was withdrawn.
const WITHDRAWN_AGAIN: Duration = Duration::from_millis(500);

/// How soon a URL is tried again while the index of captures does not answer.
pub(super) const AWAY_AGAIN: Duration = Duration::from_secs(10);

/// What an exchange is for.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each exchange in flight, moved twice")]
pub enum Purpose {
    /// A URL of the queue.
    Page,
    /// The robots.txt that governs it.
    Robots(RobotsTarget),
}

/// What is called before a page is read, on the thread that reads it.
pub(super) type ReadingGate = Arc<dyn Fn(&TargetUri) + Send + Sync>;

/// What one step needs.
pub struct Step {
    /// The network.
    pub capturer: Arc<Capturer>,
    /// Whose turn it is at an address; `None` where the caller does not wait for turns.
    pub addresses: Option<Arc<Mutex<AddressPace>>>,
    /// The request as it is without conditions.
    pub request: CaptureRequest,
    /// Where to write.
    pub store: Arc<Store>,
    /// Where earlier captures are read, and what is known of the versions of pages.
    pub(super) version_watcher: VersionWatcher,
    /// The pages that led to the URL by redirects, the nearest first.
    pub origins: Vec<String>,
    /// Where pages are read.
    pub readers: ParsePool,
    /// How long one page may be read.
    pub(super) patience: Patience,
    /// What is called before a page is read.
    pub(super) reading_gate: Option<ReadingGate>,
    /// Time.
    pub timer: Arc<dyn Timer>,
    /// Whether links and requisites of the page are wanted.
    pub wants_links: bool,
    /// Whether the article is to be read even where there is nothing to compare it with.
    pub wants_text: bool,
    /// The longest payload after decompression that is read.
    pub decoded_bytes_max: usize,
    /// For a URL of jobs: what each of them wants of it.
    pub following: Vec<Following>,
    /// The cookies of the navigation that leads to a URL of the queue.
    pub jar: Option<Jar>,
    /// Where a page may have to be rendered.
    pub(super) rendering: Option<RenderJob>,
}

/// What the archive knows of a URL before it is asked for.
#[derive(Default)]
struct Known {
    /// Whether the page was captured before, or could not be fetched.
    has_earlier: bool,
    /// Whether its newest capture is a page.
    was_page: bool,
    before: Option<Before>,
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
    /// Its result.
    pub result: Result<StepEnd, CrawlError>,
}

/// How a step ended.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each exchange, moved twice")]
pub enum StepEnd {
    /// With the result of the exchange.
    StepOutcome(StepOutcome),
    /// Before the exchange: other requests go first at the address that it would have gone to.
    NotYet {
        /// When it is its turn.
        until: Timestamp,
    },
    /// Before the exchange: it is unknown whether the page is new, since the index of captures does not answer.
    Away {
        /// What it was asked for, and why it does not answer.
        why: StoreError,
    },
}

/// How the exchange ended, as far as the host's pace is concerned.
#[derive(Debug, Clone)]
pub enum HostResponse {
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
    /// This program refused the address, which says nothing of the host.
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

/// A page whose payload differs from that of the capture before.
#[derive(Debug, Clone)]
pub struct Change {
    /// Whether what it says differs.
    pub is_edit: bool,
}

/// What an article is, as far as the schedule is concerned.
#[derive(Debug, Clone)]
pub struct TextSeen {
    /// What kind of page.
    pub kind: PageKind,
    /// When it was published, as declared.
    pub published: Option<Timestamp>,
}

/// The result of a step.
#[derive(Debug)]
pub struct StepOutcome {
    /// The host that was asked.
    pub host: HostKey,
    /// When the exchange ended.
    pub ended: Timestamp,
    /// How it ended.
    pub met: HostResponse,
    /// What the log says.
    pub finished: Option<Finished>,
    /// Where a 3xx leads.
    pub redirect: Option<TargetUri>,
    /// What the page links to.
    pub links: Vec<Link>,
    /// What became of a page that was there before.
    pub change: Option<Change>,
    /// Which versions of the page it begins.
    pub versions: Option<Findings>,
    /// Which versions of the pages that led to it are known now, the farthest first.
    pub origins: Vec<Findings>,
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
    /// What it names, where jobs follow it: each with the job's name.
    pub gathered: Vec<(String, Gathered)>,
    /// What it has said of its entries, to be kept once the queue has what follows from it; and whether
    /// that is new.
    pub said: Option<(SourceEntries, bool)>,
    /// The cookies of the navigation, with those that the response set.
    pub jar: Option<Jar>,
    /// Why what it says was not read, where it was to be.
    pub unread: Option<Unread>,
    /// Whether its host's pace was updated with it already.
    pub is_learned: bool,
}

impl StepOutcome {
    /// The result of fetching a robots.txt, where it was no redirect that can be followed.
    #[must_use]
    pub fn robots_fetch(&self) -> RobotsFetch<'_> {
        match &self.met {
            HostResponse::Reply { status, .. } if self.is_cut => {
                RobotsFetch::Cut { status: *status, body: &self.robots_body }
            }
            HostResponse::Reply { status, .. } => {
                RobotsFetch::Answered { status: *status, body: &self.robots_body }
            }
            HostResponse::Failure { why } => RobotsFetch::Failed { why },
            HostResponse::OurRefusal => RobotsFetch::Failed { why: "address refused" },
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
        let is_part = claim.named_by.iter().all(|owner| owner.path.is_requisite());
        let line = if is_part { Line::Parts } else { Line::Pages };
        let known = match &purpose {
            Purpose::Robots(_) => Ok(Known::default()),
            Purpose::Page => self.before(permit.uri()).await,
        };
        let known = match known {
            Ok(known) => known,
            Err(CrawlError::Store(why)) if why.is_away() => {
                return StepDone { claim, purpose, result: Ok(StepEnd::Away { why }) };
            }
            Err(why) => return StepDone { claim, purpose, result: Err(why) },
        };
        let result = match self.turn(&permit, line).await {
            Ok(located) => {
                let timer = Arc::clone(&self.timer);
                match self.line(permit, located, (origin, known), &purpose).await {
                    // Nothing was sent: the host may not be asked by this process for now.
                    Err(CrawlError::Capture(CaptureError::Withdrawn)) => {
                        let until = timer.clock().now().plus(WITHDRAWN_AGAIN);
                        Ok(StepEnd::NotYet { until })
                    }
                    ended => ended.map(StepEnd::StepOutcome),
                }
            }
            Err(until) => Ok(StepEnd::NotYet { until }),
        };
        StepDone { claim, purpose, result }
    }

    /// The same for a robots.txt that no queued URL asked for.
    ///
    /// # Errors
    /// An internal error.
    pub async fn run_alone(
        self,
        permit: Permit,
        purpose: Purpose,
    ) -> Result<StepOutcome, CrawlError> {
        let uri = permit.uri().as_str().to_owned();
        let origin = Origin { uri, via: None, path: String::new() };
        self.line(permit, None, (origin, Known::default()), &purpose).await
    }

    /// Where the request goes, when it is its turn there.
    ///
    /// # Errors
    /// With the time of its turn.
    async fn turn(&self, permit: &Permit, line: Line) -> Result<Option<Located>, Timestamp> {
        let Some(addresses) = &self.addresses else { return Ok(None) };
        let located = self.capturer.locate(permit.uri()).await;
        let Some(address) = located.as_ref().and_then(Located::address) else { return Ok(located) };
        let now = self.timer.clock().now();
        let mut addresses = addresses.lock().unwrap_or_else(PoisonError::into_inner);
        match addresses.take(&permit.host(), line, address, now) {
            Ok(()) => Ok(located),
            Err(until) => {
                self.capturer.forget(permit.uri(), located);
                Err(until)
            }
        }
    }

    async fn line(
        self,
        permit: Permit,
        located: Option<Located>,
        (origin, known): (Origin, Known),
        purpose: &Purpose,
    ) -> Result<StepOutcome, CrawlError> {
        let uri = permit.uri().clone();
        let is_robots = matches!(purpose, Purpose::Robots(_));
        let Known { has_earlier, was_page, before } = known;
        let mut request = self.request.clone();
        if is_robots {
            request.response_bytes_max = Some(ROBOTS_RESPONSE_MAX);
        }
        // A shell is the same whatever it is filled with: all of it is needed for a rendering.
        let renders = self.rendering.as_ref().is_some_and(RenderJob::renders);
        if let (Some(before), false) = (&before, renders) {
            request.if_none_match.clone_from(&before.etag);
            request.if_modified_since.clone_from(&before.last_modified);
        }
        if let Some(cookies) = self.jar.as_ref().and_then(|jar| jar.header(&uri)) {
            request.add_cookies(&cookies);
        }
        let what = match self.capturer.capture_at(permit, &request, located).await? {
            Captured::Exchange(exchange) => Content::Exchange(Arc::from(exchange)),
            Captured::Failed(failure) => Content::Failure(Arc::from(failure)),
        };
        let ended = self.timer.clock().now();
        let page_failure = match &what {
            Content::Failure(failure) if is_robots && origin.uri != uri.as_str() => {
                Some(self.page_failure(failure, &origin).await?)
            }
            _ => None,
        };
        let discovery = if is_robots {
            Discovery {
                via: Some(origin.uri),
                path: format!("{}P", origin.path),
                ..Discovery::default()
            }
        } else {
            let more = self.following.iter().flat_map(Following::notes).collect();
            Discovery { via: origin.via, path: origin.path, more, ..Discovery::default() }
        };
        let rendering = self.rendering.map(|job| Behind {
            job,
            capturer: Arc::clone(&self.capturer),
            addresses: self.addresses.clone(),
            timer: Arc::clone(&self.timer),
            store: Arc::clone(&self.store),
            request: self.request.clone(),
        });
        let original = before.as_ref().map(|b| b.original.clone());
        // Every crawl of a host asks for its robots.txt: which page came first says nothing of it,
        // and is in the log.
        let stored = if is_robots { Discovery::default() } else { discovery.clone() };
        let submission = Submission { what: what.clone(), refers_to: original, discovery: stored };
        let appended = append(&self.store, submission).await?;
        let follows = !is_robots && !self.following.is_empty();
        let gathering = follows.then_some(Gathering {
            jobs: self.following,
            reader: self.version_watcher.reader.clone(),
        });
        let reading = Arc::new(Reading {
            what,
            uri,
            ended,
            found: discovery,
            appended,
            before,
            has_earlier,
            version_watcher: self.version_watcher,
            origins: self.origins,
            is_robots,
            wants_links: self.wants_links,
            wants_text: self.wants_text,
            decoded_bytes_max: self.decoded_bytes_max,
            gathering,
            jar: self.jar,
            was_page,
        });
        let mut stepped = reading.facts();
        let again = rendering.is_some().then(|| Arc::clone(&reading));
        // Parsing a large page takes milliseconds, which the network tasks do not have; a payload
        // that needs no parsing is not worth the switch to another thread and back.
        if reading.parses() {
            let contents = read(reading, &self.readers, &self.patience, self.reading_gate).await?;
            stepped = stepped.with(contents, is_robots);
        } else {
            reading.pass_over();
        }
        if let (Some(behind), Some(reading)) = (rendering, again) {
            stepped = behind.read(stepped, reading, &self.readers, &self.patience).await?;
        }
        stepped.page_failure = page_failure;
        Ok(stepped)
    }

    /// Keeps the failure of a robots.txt also for the page that it was asked for: that page could
    /// not be fetched, at this time and for this reason, and a reader who looks for it finds that
    /// recorded.
    async fn page_failure(
        &self,
        failure: &Failure,
        origin: &Origin,
    ) -> Result<Finished, CrawlError> {
        let uri = TargetUri::parse(&origin.uri).unwrap_or_else(|_| failure.uri.clone());
        let why = format!("{} (while requesting its robots.txt)", failure.why);
        let page = Failure {
            uri: uri.clone(),
            why: why.clone(),
            request: Vec::new(),
            has_credentials: false,
            received: Vec::new(),
            dns: None,
            ..failure.clone()
        };
        let discovery = Discovery {
            via: origin.via.clone(),
            path: origin.path.clone(),
            ..Discovery::default()
        };
        let what = Content::Failure(Arc::new(page));
        let appended = append(&self.store, Submission { what, refers_to: None, discovery }).await?;
        self.version_watcher.pass_over(&appended);
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
            unread: None,
        })
    }

    /// Whether the page was captured before, and the newest capture of this URL that holds or names a
    /// payload.
    async fn before(&self, uri: &TargetUri) -> Result<Known, CrawlError> {
        // The index answers from memory as a rule; a record has to be read and unpacked.
        let reader = &self.version_watcher.reader;
        let Earlier { has_any: has_earlier, newest, with_payload } =
            reader.earlier(uri.as_str())?;
        let was_page = newest.is_some_and(|entry| matches!(entry.status, Some(200 | 304)));
        let Some(entry) = with_payload else {
            return Ok(Known { has_earlier, was_page, before: None });
        };
        let reader = reader.clone();
        // What cannot be read in time does not keep the page from being captured again.
        let name = format!("before {uri}");
        let loaded = self.readers.run(&name, &self.patience, move || Before::load(&reader, &entry));
        let before = loaded.await.unwrap_or(None);
        Ok(Known { has_earlier: true, was_page, before })
    }
}

/// What the payload says: read along with others, or alone where it has to be; or why that was given up.
async fn read(
    reading: Arc<Reading>,
    readers: &ParsePool,
    patience: &Patience,
    gate: Option<ReadingGate>,
) -> Result<Result<Contents, Unread>, StoreError> {
    let name = reading.uri.to_string();
    let shared = Arc::clone(&reading);
    let beside = move || {
        gate.iter().for_each(|gate| gate(&shared.uri));
        shared.read(Room::Beside)
    };
    let read = match readers.run(&name, patience, beside).await {
        Ok(Ok(None)) => readers.run_alone(&name, patience, move || reading.read(Room::Alone)).await,
        read => read,
    };
    match read {
        Ok(Err(why)) if why.is_away() => Ok(Err(Unread::IndexAway)),
        Ok(read) => Ok(read?.ok_or_else(|| Unread::Broken("it was not read".to_owned()))),
        Err(why) => Ok(Err(why)),
    }
}

pub(super) async fn append(store: &Store, submission: Submission) -> Result<Appended, CrawlError> {
    let (send, receive) = tokio::sync::oneshot::channel();
    store.append(
        submission,
        // A crawl that was stopped no longer waits; the record is durable anyway.
        Box::new(move |done| drop(send.send(done))),
    );
    let answer =
        receive.await.map_err(|_| StoreError::Stopped("the writer has stopped".to_owned()))?;
    Ok(answer?)
}

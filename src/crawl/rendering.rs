//! A page that scripts fill, rendered behind its plain fetch: what its parts are allowed to cost others, and what
//! is kept of it.
//!
//! Owns the way between the browser's proxy and the loop. Each part is asked for as any page is: the loop asks
//! the gate with what is known of its host (robots.txt, pace, Retry-After), the exchange is made by the
//! capturer and written before the browser has it. A part that has begun is brought to its end whatever becomes
//! of the page. The page itself is not asked for again: the browser has the bytes that were captured.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, oneshot};

use crate::base::{HostKey, TargetUri, Timestamp};
use crate::browser::{self, Answered, Ask, BoxFuture, BrowserOptions, Rendering, Upstream};
use crate::capture::{CaptureRequest, Captured, Capturer, Located};
use crate::extract::page::PageKind;
use crate::http::Exchange;
use crate::politeness::{AddressPace, Line, Permit, RobotsTarget};
use crate::schedule::{BrowserUse, Credentials};
use crate::store::{Content, Discovery, Store, Submission};
use crate::warc::{Derived, DerivedPart, RandomIds, RecordId, RecordIds as _};

use super::engine::{Crawl, Run};
use super::job_context::Following;
use super::observer::Observer;
use super::options::CrawlError;
use super::outcome::{Finished, Outcome, Stored};
use super::parse_pool::{ParsePool, Patience};
use super::reading::Reading;
use super::rules::JobRules;
use super::sources::Role;
use super::step::{HostResponse, Purpose, Step, StepOutcome, append};
use super::timer::Timer;

/// What the loop is asked on behalf of a rendering, or told.
pub(super) enum RenderAsk {
    /// Whether a URL may be asked for now.
    May {
        uri: TargetUri,
        /// Whose settings hold.
        job: String,
        reply: oneshot::Sender<Turn>,
    },
    /// Whether the next of a robots.txt's redirects may be.
    MayRobots { target: RobotsTarget, job: String, reply: oneshot::Sender<Turn> },
    /// An exchange has ended.
    Came { host: HostKey, met: HostResponse, ended: Timestamp, finished: Box<Finished> },
    /// A robots.txt has come.
    Robots { target: RobotsTarget, stepped: Box<StepOutcome> },
    /// It could not be asked for: nothing is known of it.
    NoRobots { target: RobotsTarget },
    /// The exchange of the page itself has ended: its parts may be asked for.
    Ended { host: HostKey, met: HostResponse, ended: Timestamp },
    /// A page could not be rendered, or not wholly.
    Note(String),
}

/// What the loop answers.
pub(super) enum Turn {
    /// It may.
    Go(Permit),
    /// Its robots.txt is asked for first.
    Robots { permit: Permit, target: Box<RobotsTarget>, step: Box<Step> },
    /// Not before this time.
    Wait(Timestamp),
    /// It may not.
    Refused(String),
}

/// A page that may have to be rendered.
pub(super) struct RenderJob {
    /// When it is.
    pub when: BrowserUse,
    pub options: Arc<BrowserOptions>,
    pub rules: Arc<JobRules>,
    /// What the run sends to some hosts.
    pub credentials: Credentials,
    pub asks: UnboundedSender<RenderAsk>,
    /// How many pages are rendered at a time.
    pub room: Arc<Semaphore>,
}

/// A rendering that may follow a step, and what of the step it needs.
pub(super) struct Behind {
    pub job: RenderJob,
    pub capturer: Arc<Capturer>,
    pub addresses: Option<Arc<Mutex<AddressPace>>>,
    pub timer: Arc<dyn Timer>,
    pub store: Arc<Store>,
    pub request: CaptureRequest,
}

impl Behind {
    /// Renders the page of a step where that is wanted: with what it says then.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn render(
        self,
        mut stepped: StepOutcome,
        reading: Arc<Reading>,
        readers: &ParsePool,
        patience: &Patience,
    ) -> Result<StepOutcome, CrawlError> {
        let Content::Exchange(exchange) = &reading.what else { return Ok(stepped) };
        let kind = stepped.text.as_ref().map(|text| text.kind);
        if !self.job.wants(exchange.shape.status, kind) || exchange.truncated.is_some() {
            return Ok(stepped);
        }
        let (host, met, ended) = (stepped.host.clone(), stepped.met.clone(), stepped.ended);
        // Without a loop nobody is asked anything more.
        let Ok(()) = self.job.asks.send(RenderAsk::Ended { host, met, ended }) else {
            return Ok(stepped);
        };
        stepped.is_learned = true;
        let place = Place {
            uri: reading.uri.clone(),
            exchange: Arc::clone(exchange),
            record_id: reading.appended.record_id.clone(),
            path: reading.found.path.clone(),
            capturer: self.capturer,
            addresses: self.addresses,
            store: self.store,
            timer: self.timer,
            request: self.request,
        };
        let Some(document) = self.job.run(place).await? else { return Ok(stepped) };
        let name = reading.uri.to_string();
        let read = readers.run_alone(&name, patience, move || reading.rendered(&document)).await;
        Ok(match read {
            Ok(contents) => stepped.with_rendered(contents),
            // What the page leads to is not known then, as before the rendering.
            Err(_) => stepped,
        })
    }
}

/// What a rendering needs of the step that it follows.
pub(super) struct Place {
    pub uri: TargetUri,
    pub exchange: Arc<Exchange>,
    pub record_id: String,
    /// How the page was found.
    pub path: String,
    pub capturer: Arc<Capturer>,
    pub addresses: Option<Arc<Mutex<AddressPace>>>,
    pub store: Arc<Store>,
    pub timer: Arc<dyn Timer>,
    pub request: CaptureRequest,
}

impl RenderJob {
    /// Whether a page of this kind, captured with this status, is rendered.
    pub fn wants(&self, status: Option<u16>, kind: Option<PageKind>) -> bool {
        let is_wanted = match self.when {
            BrowserUse::Never => false,
            BrowserUse::WhenNeeded => kind == Some(PageKind::Shell),
            BrowserUse::Always => kind.is_some(),
        };
        is_wanted && status == Some(200)
    }

    /// Renders a page and keeps what comes of it. The document as it is in the end, where there is one.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn run(&self, place: Place) -> Result<Option<String>, CrawlError> {
        let Ok(_room) = self.room.acquire().await else { return Ok(None) };
        let page_id = RandomIds.next_id().uri().to_owned();
        let (uri, timer) = (place.uri.clone(), Arc::clone(&place.timer));
        let (store, record_id) = (Arc::clone(&place.store), place.record_id.clone());
        let user_agent = place.request.user_agent.clone();
        let upstream = Arc::new(Parts {
            job: self.rules.name().to_owned(),
            rules: Arc::clone(&self.rules),
            credentials: self.credentials.clone(),
            asks: self.asks.clone(),
            page_id: page_id.clone(),
            first: Mutex::new(Some((Arc::clone(&place.exchange), place.record_id.clone()))),
            place,
        });
        let shared: Arc<dyn Upstream> = Arc::new(upstream);
        let mut options = BrowserOptions::clone(&self.options);
        options.visual |= self.rules.spec.visual;
        let rendering = browser::render(&options, &uri, &user_agent, shared).await;
        let at = timer.clock().now();
        if let Some(why) = &rendering.trouble {
            // A loop that has ended needs no note.
            let _ = self.asks.send(RenderAsk::Note(format!("{uri} was not rendered: {why}")));
        }
        let document = rendering.document.clone().filter(|_| rendering.trouble.is_none());
        let derived = derived(rendering, &uri, &page_id, &record_id, at, &options);
        let what = Content::Derived(Arc::new(derived));
        append(&store, Submission { what, refers_to: None, discovery: Discovery::default() })
            .await?;
        Ok(document)
    }
}

/// The records of a rendering.
fn derived(
    rendering: Rendering,
    uri: &TargetUri,
    page_id: &str,
    record_id: &str,
    at: Timestamp,
    options: &BrowserOptions,
) -> Derived {
    let info = rendering.page_info(page_id, uri.as_str(), &at.to_warc_date(), options);
    let named = |prefix: &str| format!("urn:{prefix}:{uri}");
    let part = |uri: String, media_type, block: Vec<u8>| DerivedPart {
        is_conversion: false,
        uri,
        media_type,
        block,
    };
    let mut parts = Vec::new();
    if let Some(document) = rendering.document {
        let media_type = "text/html; charset=utf-8";
        let block = document.into_bytes();
        parts.push(DerivedPart { is_conversion: true, uri: uri.to_string(), media_type, block });
    }
    let text = rendering.text.map(String::into_bytes);
    for (prefix, media_type, block) in [
        ("view", "image/png", rendering.view),
        ("thumbnail", "image/jpeg", rendering.thumbnail),
        ("text", "text/plain; charset=utf-8", text),
        ("pageinfo", "application/json", Some(info.to_string().into_bytes())),
    ] {
        parts.extend(block.map(|block| part(named(prefix), media_type, block)));
    }
    let refers_to = RecordId::parse(record_id);
    Derived { date: at, page_id: page_id.to_owned(), refers_to, parts }
}

/// The parts of one page, asked for one by one.
struct Parts {
    job: String,
    rules: Arc<JobRules>,
    credentials: Credentials,
    asks: UnboundedSender<RenderAsk>,
    page_id: String,
    /// The page as it was captured, until the browser has it.
    first: Mutex<Option<(Arc<Exchange>, String)>>,
    place: Place,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("page", &self.place.uri).finish_non_exhaustive()
    }
}

impl Upstream for Arc<Parts> {
    fn fetch(&self, ask: Ask) -> BoxFuture<'_, Answered> {
        Box::pin(async move {
            if ask.uri.without_fragment() == self.place.uri.without_fragment()
                && let Some((exchange, id)) =
                    self.first.lock().unwrap_or_else(PoisonError::into_inner).take()
            {
                return Answered::Exchange(exchange, Some(id));
            }
            let permit = match self.turn(&ask).await {
                Ok(permit) => permit,
                Err(why) => return Answered::Not(why),
            };
            // In a task of its own: a page that is given up takes no exchange with it.
            let parts = Arc::clone(self);
            let asked = tokio::spawn(async move { parts.ask(permit, ask).await });
            asked.await.unwrap_or_else(|broken| Answered::Not(broken.to_string()))
        })
    }
}

impl Parts {
    /// Waits until a part may be asked for, its robots.txt first.
    ///
    /// # Errors
    /// Why it may not be; as text.
    async fn turn(&self, ask: &Ask) -> Result<Permit, String> {
        let gone = || "the crawl has ended".to_owned();
        loop {
            let (reply, answer) = oneshot::channel();
            let may = RenderAsk::May { uri: ask.uri.clone(), job: self.job.clone(), reply };
            self.asks.send(may).map_err(|_| gone())?;
            match answer.await.map_err(|_| gone())? {
                Turn::Go(permit) => return Ok(permit),
                Turn::Refused(why) => return Err(why),
                Turn::Wait(until) => self.wait(until, ask).await,
                Turn::Robots { permit, target, step } => {
                    self.robots(permit, *target, step, ask).await?;
                }
            }
        }
    }

    async fn wait(&self, until: Timestamp, ask: &Ask) {
        ask.held.fetch_add(1, Ordering::Relaxed);
        let held = Held(ask);
        self.place.timer.wait_until(until).await;
        drop(held);
    }

    /// Fetches a robots.txt, wherever it leads.
    async fn robots(
        &self,
        permit: Permit,
        target: RobotsTarget,
        step: Box<Step>,
        ask: &Ask,
    ) -> Result<(), String> {
        let gone = |_| "the crawl has ended".to_owned();
        let (mut permit, mut target, mut step) = (permit, target, step);
        loop {
            let purpose = Purpose::Robots(target.clone());
            let run = tokio::spawn(async move { step.run_alone(permit, purpose).await });
            let stepped = match run.await {
                Ok(Ok(stepped)) => stepped,
                _ => {
                    self.asks.send(RenderAsk::NoRobots { target }).map_err(|_| gone(()))?;
                    return Err("its robots.txt could not be kept".to_owned());
                }
            };
            let next = stepped.redirect.as_ref().and_then(|to| target.redirected(to.clone()));
            let came = RenderAsk::Robots { target, stepped: Box::new(stepped) };
            self.asks.send(came).map_err(|_| gone(()))?;
            let Some(next) = next else { return Ok(()) };
            loop {
                let (reply, answer) = oneshot::channel();
                let (to, job) = (next.clone(), self.job.clone());
                let may = RenderAsk::MayRobots { target: to, job, reply };
                self.asks.send(may).map_err(|_| gone(()))?;
                match answer.await.map_err(|_| gone(()))? {
                    Turn::Robots { permit: of_next, target: to, step: with } => {
                        (permit, target, step) = (of_next, *to, with);
                        break;
                    }
                    Turn::Wait(until) => self.wait(until, ask).await,
                    Turn::Go(_) | Turn::Refused(_) => return Ok(()),
                }
            }
        }
    }

    /// Makes the exchange that is permitted, and keeps it.
    async fn ask(&self, permit: Permit, ask: Ask) -> Answered {
        let (host, uri) = (permit.host(), permit.uri().clone());
        let place = &self.place;
        let located = self.locate(&permit).await;
        let mut request = self.rules.request_for(&uri);
        let of_run = self.credentials.fields_for(&uri).into_iter();
        let plain = of_run.map(|(name, value)| (name.to_owned(), value.expose().to_owned()));
        request.credentials.extend(plain);
        request.accept = ask.accept;
        request.referer = ask.referer;
        if let Some(cookies) = &ask.cookies {
            request.add_cookies(cookies);
        }
        let captured = place.capturer.capture_at(permit, &request, located).await;
        let ended = place.timer.clock().now();
        let refused = Outcome::Refused { why: String::new() };
        let mut finished = Finished {
            path: format!("{}E", place.path),
            via: Some(place.uri.to_string()),
            ..Finished::without_exchange(uri, ended, refused)
        };
        let (what, met) = match captured {
            Ok(Captured::Exchange(exchange)) => {
                let exchange: Arc<Exchange> = Arc::from(exchange);
                finished.bytes = exchange.response.len();
                finished.took = exchange.timing.total;
                let head = super::reading::head_of(&exchange);
                finished.media_type = head.get_text("content-type").map(|v| v.into_owned());
                let met = HostResponse::Reply {
                    status: exchange.shape.status.unwrap_or(0),
                    retry_after: head.get_text("retry-after").map(|v| v.into_owned()),
                    took: exchange.timing.total.saturating_sub(exchange.timing.connect),
                };
                (Content::Exchange(exchange), met)
            }
            Ok(Captured::Failed(failure)) => {
                let why = failure.kind.label();
                finished.took = failure.timing.total;
                finished.outcome = Outcome::Failed { step: why, why: failure.why.clone() };
                let met = match failure.kind {
                    crate::http::FailureKind::AddressRefused => HostResponse::OurRefusal,
                    _ => HostResponse::Failure { why },
                };
                (Content::Failure(Arc::from(failure)), met)
            }
            Err(error) => {
                finished.outcome = Outcome::Failed { step: "request", why: error.to_string() };
                self.came(host, HostResponse::OurRefusal, ended, finished);
                return Answered::Not(error.to_string());
            }
        };
        let discovery = Discovery {
            via: Some(place.uri.to_string()),
            path: finished.path.clone(),
            page_id: Some(self.page_id.clone()),
            more: vec![("job".to_owned(), self.job.clone())],
        };
        let submission = Submission { what: what.clone(), refers_to: None, discovery };
        let answer = match (append(&place.store, submission).await, what) {
            (Err(error), _) => Answered::Not(format!("it could not be kept: {error}")),
            (Ok(appended), Content::Exchange(exchange)) => {
                finished.digest = appended.digest;
                finished.place = Some((appended.file, appended.offset, appended.record_id.clone()));
                finished.outcome = Outcome::Fetched {
                    status: exchange.shape.status,
                    stored: Stored::New,
                    truncated: exchange.truncated.map(|t| t.label()),
                };
                Answered::Exchange(exchange, Some(appended.record_id))
            }
            (Ok(appended), Content::Failure(failure)) => {
                finished.place = Some((appended.file, appended.offset, appended.record_id));
                Answered::Not(failure.why.clone())
            }
            (Ok(_), Content::Derived(_) | Content::Copy(_)) => {
                Answered::Not("no exchange".to_owned())
            }
        };
        self.came(host, met, ended, finished);
        answer
    }

    fn came(&self, host: HostKey, met: HostResponse, ended: Timestamp, finished: Finished) {
        // A loop that has ended learns nothing more.
        let _ = self.asks.send(RenderAsk::Came { host, met, ended, finished: Box::new(finished) });
    }

    /// Where the request goes, once it is its turn at that address.
    async fn locate(&self, permit: &Permit) -> Option<Located> {
        let addresses = self.place.addresses.as_ref()?;
        let capturer = &self.place.capturer;
        loop {
            let located = capturer.locate(permit.uri()).await;
            let address = located.as_ref().and_then(Located::address)?;
            let now = self.place.timer.clock().now();
            let taken = {
                let mut addresses = addresses.lock().unwrap_or_else(PoisonError::into_inner);
                addresses.take(&permit.host(), Line::Parts, address, now)
            };
            match taken {
                Ok(()) => return located,
                Err(until) => {
                    capturer.forget(permit.uri(), located);
                    self.place.timer.wait_until(until).await;
                }
            }
        }
    }
}

/// A request that waits for its host.
struct Held<'a>(&'a Ask);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Crawl {
    /// How a URL of these jobs is rendered, if one of them asks for it. None is where the queue is shared: the
    /// parts of a page lie on hosts that another process may hold.
    pub(super) fn rendering(&self, run: &Run<'_>, jobs: &[Following]) -> Option<RenderJob> {
        if self.frontier.shared().is_some() {
            return None;
        }
        let asks = |job: &&Following| job.rules.spec.browser != BrowserUse::Never;
        let following = jobs.iter().filter(|job| job.role == Role::Page).find(asks)?;
        Some(RenderJob {
            when: following.rules.spec.browser,
            options: Arc::clone(&self.options.browser),
            rules: Arc::clone(&following.rules),
            credentials: run.job.credentials.clone(),
            asks: run.render_asks.clone(),
            room: Arc::clone(&self.browsers),
        })
    }

    /// Answers a rendering that is under way, or takes in what it tells of.
    pub(super) fn mind_rendering(
        &mut self,
        run: &mut Run<'_>,
        ask: RenderAsk,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        match ask {
            RenderAsk::May { uri, job, reply } => {
                let turn = self.turn_of_part(run, &uri, &job, now)?;
                self.reply(run, reply, turn, now)
            }
            RenderAsk::MayRobots { target, job, reply } => {
                let turn = self.turn_of_robots(run, target, &job, now)?;
                self.reply(run, reply, turn, now)
            }
            RenderAsk::Came { host, met, ended, finished } => {
                run.pages += 1;
                self.learn_pace_of(&host, &met, ended, now)?;
                self.note(run, &finished, observer)
            }
            RenderAsk::Robots { target, stepped } => {
                self.learn_pace(&stepped, now)?;
                if let Some(finished) = &stepped.finished {
                    self.write_log(finished)?;
                    observer.finished(finished);
                }
                let redirected = stepped.redirect.as_ref().map(|to| target.redirected(to.clone()));
                match redirected {
                    Some(Some(_)) => return Ok(()),
                    Some(None) => {
                        let fetch = crate::politeness::RobotsFetch::RedirectedTooOften;
                        self.learn_robots(&target, fetch)?;
                    }
                    None => self.learn_robots(&target, stepped.robots_fetch())?,
                }
                run.asking_robots.remove(&target.governs().authority());
                Ok(())
            }
            RenderAsk::NoRobots { target } => {
                run.asking_robots.remove(&target.governs().authority());
                self.withdraw(&target.uri().host_key(), now)
            }
            RenderAsk::Ended { host, met, ended } => self.learn_pace_of(&host, &met, ended, now),
            RenderAsk::Note(what) => {
                observer.note(&what);
                Ok(())
            }
        }
    }

    fn turn_of_part(
        &mut self,
        run: &mut Run<'_>,
        uri: &TargetUri,
        job: &str,
        now: Timestamp,
    ) -> Result<Turn, CrawlError> {
        use crate::politeness::Answer;
        if run.stop.asked() {
            return Ok(Turn::Refused("the crawl is stopping".to_owned()));
        }
        if run.asking_robots.contains(&uri.authority()) {
            return Ok(Turn::Wait(now.plus(SOON)));
        }
        let rules = self.rules.get(job).cloned();
        let gate = rules.as_ref().and_then(|rules| rules.gate.as_ref());
        Ok(match self.ask_as(gate, uri, now)? {
            Answer::Go(permit) => match self.let_through(&permit, now) {
                Err(until) => Turn::Wait(until),
                Ok(()) => {
                    self.begin(&permit.host(), now)?;
                    Turn::Go(permit)
                }
            },
            // One that is under way ends at a time that nobody knows.
            Answer::Wait { until, .. } => Turn::Wait(until.max(now.plus(SOON))),
            Answer::NeedRobots(target) => self.turn_of_robots(run, target, job, now)?,
            Answer::Refused(refusal) => Turn::Refused(refusal.to_string()),
        })
    }

    fn turn_of_robots(
        &mut self,
        run: &mut Run<'_>,
        target: RobotsTarget,
        job: &str,
        now: Timestamp,
    ) -> Result<Turn, CrawlError> {
        use crate::politeness::Answer;
        Ok(match self.ask_for_robots(&target)? {
            Answer::Go(permit) => match self.let_through(&permit, now) {
                Err(until) => Turn::Wait(until),
                Ok(()) => {
                    self.begin(&permit.host(), now)?;
                    run.asking_robots.insert(target.governs().authority());
                    let mut step = self.step_for(false, false, &run.stop);
                    if let Some(rules) = self.rules.get(job) {
                        step.request = rules.request_for(permit.uri());
                        if let Some(own) = &rules.capturer {
                            step.capturer = Arc::clone(own);
                        }
                    }
                    Turn::Robots { permit, target: Box::new(target), step: Box::new(step) }
                }
            },
            Answer::Wait { until, .. } => Turn::Wait(until.max(now.plus(SOON))),
            Answer::NeedRobots(_) | Answer::Refused(_) => {
                Turn::Refused("its robots.txt cannot be asked for".to_owned())
            }
        })
    }

    /// Gives the answer; what nobody waits for any more is taken back.
    fn reply(
        &mut self,
        run: &mut Run<'_>,
        reply: oneshot::Sender<Turn>,
        turn: Turn,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        match reply.send(turn) {
            Err(Turn::Go(permit)) => self.withdraw(&permit.host(), now),
            Err(Turn::Robots { permit, target, .. }) => {
                run.asking_robots.remove(&target.governs().authority());
                self.withdraw(&permit.host(), now)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, host: &HostKey, now: Timestamp) -> Result<(), CrawlError> {
        let pace = self.gate.options().pace_for(host);
        self.book.facts(host, now, &pace)?.began(now);
        Ok(())
    }

    fn withdraw(&mut self, host: &HostKey, now: Timestamp) -> Result<(), CrawlError> {
        let pace = self.gate.options().pace_for(host);
        self.book.facts(host, now, &pace)?.withdrawn();
        Ok(())
    }
}

/// After so long it is asked again whether an exchange under way has ended.
const SOON: Duration = Duration::from_millis(50);

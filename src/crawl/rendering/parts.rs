//! The parts of one page, asked for one by one: each in its turn, its exchange written before the browser has it. A part
//! that has begun is completed whatever becomes of the page.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::base::surt::urlkey;
use crate::base::{HostKey, Timestamp};
use crate::browser::{Answered, Ask, BoxFuture, Upstream};
use crate::capture::{CaptureError, Captured, Located, MaySend};
use crate::crawl::options::CrawlError;
use crate::crawl::outcome::{Finished, Outcome, Stored};
use crate::crawl::reading::head_of;
use crate::crawl::rules::JobRules;
use crate::crawl::step::{HostResponse, Purpose, Step, append};
use crate::http::Exchange;
use crate::politeness::{Line, Permit, RobotsTarget};
use crate::schedule::{Credentials, LeaseGuard};
use crate::store::{Appended, Content, Discovery, Submission};

use super::turns::{RenderAsk, Turn};
use super::{Place, RenderJob, new_page_id};

/// How a part was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The page needs it.
    Needed,
    /// It is another form of the page, which that names.
    Alternate,
}

impl Found {
    /// Its letter in the path from a seed.
    fn letter(self) -> char {
        match self {
            Self::Needed => 'E',
            Self::Alternate => 'L',
        }
    }
}

/// The parts of one page, asked for one by one.
pub(super) struct Parts {
    job: String,
    rules: Arc<JobRules>,
    credentials: Credentials,
    pub asks: UnboundedSender<RenderAsk>,
    /// The lease of the page's host, where the queue is shared.
    lease: Option<LeaseGuard>,
    /// Joins the records of the page.
    pub page_id: String,
    /// The page as it was captured, until the browser has it.
    first: Mutex<Option<(Arc<Exchange>, String)>>,
    pub place: Place,
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
            match self.asked(ask, Found::Needed).await {
                Ok((exchange, appended)) => Answered::Exchange(exchange, Some(appended.record_id)),
                Err(why) => Answered::Not(why),
            }
        })
    }
}

impl Parts {
    /// Those of a page, of which nothing was asked for yet.
    pub fn of(job: &RenderJob, place: Place) -> Self {
        Self {
            job: job.rules.name().to_owned(),
            rules: Arc::clone(&job.rules),
            credentials: job.credentials.clone(),
            asks: job.asks.clone(),
            lease: job.lease.clone(),
            page_id: new_page_id(),
            first: Mutex::new(Some((Arc::clone(&place.exchange), place.record_id.clone()))),
            place,
        }
    }

    /// Asks for a part, in its turn: its exchange, and where it is kept.
    ///
    /// # Errors
    /// Why there is no exchange; as text.
    pub async fn asked(
        self: &Arc<Self>,
        ask: Ask,
        found: Found,
    ) -> Result<(Arc<Exchange>, Appended), String> {
        loop {
            let (permit, may_send) = self.turn(&ask).await?;
            // In a task of its own: a page that is given up takes no exchange with it.
            let (parts, asks) = (Arc::clone(self), ask.clone());
            let asked = async move { parts.exchange(permit, may_send, asks, found).await };
            match tokio::spawn(asked).await {
                Ok(Err(NoExchange::Withdrawn)) => {}
                Ok(Err(NoExchange::Because(why))) => return Err(why),
                Ok(Ok(had)) => return Ok(had),
                Err(broken) => return Err(broken.to_string()),
            }
        }
    }

    /// Waits until a part may be asked for, its robots.txt first. The permit, and what is asked before it is used.
    ///
    /// # Errors
    /// Why it may not be; as text.
    async fn turn(&self, ask: &Ask) -> Result<(Permit, Option<MaySend>), String> {
        let gone = || "the crawl has ended".to_owned();
        let mut elsewhere_since = None;
        loop {
            if self.lease.as_ref().is_some_and(|lease| !lease.lasts()) {
                return Err("the host of its page went to another process".to_owned());
            }
            let (reply, answer) = oneshot::channel();
            let may = RenderAsk::May { uri: ask.uri.clone(), job: self.job.clone(), reply };
            self.asks.send(may).map_err(|_| gone())?;
            match answer.await.map_err(|_| gone())? {
                Turn::Go(permit, may_send) => return Ok((permit, may_send)),
                Turn::Refused(why) => return Err(why),
                Turn::Wait(until) => self.wait(until, ask).await,
                Turn::Elsewhere(until) => {
                    self.wait_elsewhere(&mut elsewhere_since, until, ask).await?
                }
                Turn::Robots { permit, target, step } => {
                    self.robots(permit, *target, step, ask).await?;
                }
            }
        }
    }

    /// Waits for a host that another process holds, and not for longer than [`ELSEWHERE_MAX`]: that one may wait for
    /// the host of this page.
    async fn wait_elsewhere(
        &self,
        since: &mut Option<Timestamp>,
        until: Timestamp,
        ask: &Ask,
    ) -> Result<(), String> {
        let now = self.place.timer.clock().now();
        let since = *since.get_or_insert(now);
        if now.since(since) >= ELSEWHERE_MAX {
            let seconds = ELSEWHERE_MAX.as_secs();
            return Err(format!(
                "another process that shares the queue held its host for {seconds} s"
            ));
        }
        self.wait(until, ask).await;
        Ok(())
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
        let mut elsewhere_since = None;
        loop {
            let purpose = Purpose::Robots(target.clone());
            let run = tokio::spawn(async move { step.run_alone(permit, purpose).await });
            let stepped = match run.await {
                Ok(Ok(stepped)) => stepped,
                Ok(Err(CrawlError::Capture(CaptureError::Withdrawn))) => {
                    // Nothing was sent: it is asked for when its host is held again.
                    return self.asks.send(RenderAsk::NoRobots { target }).map_err(|_| gone(()));
                }
                _ => {
                    self.asks.send(RenderAsk::NoRobots { target }).map_err(|_| gone(()))?;
                    return Err("its robots.txt could not be stored".to_owned());
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
                    Turn::Elsewhere(until) => {
                        self.wait_elsewhere(&mut elsewhere_since, until, ask).await?;
                    }
                    Turn::Go(..) | Turn::Refused(_) => return Ok(()),
                }
            }
        }
    }

    /// Makes the exchange that is permitted, and keeps it.
    async fn exchange(
        &self,
        permit: Permit,
        may_send: Option<MaySend>,
        ask: Ask,
        found: Found,
    ) -> Result<(Arc<Exchange>, Appended), NoExchange> {
        let (host, uri) = (permit.host(), permit.uri().clone());
        let place = &self.place;
        let located = self.locate(&permit).await;
        let mut request = self.rules.request_for(&uri);
        let of_run = self.credentials.fields_for(&uri).into_iter();
        let plain = of_run.map(|(name, value)| (name.to_owned(), value.expose().to_owned()));
        request.credentials.extend(plain);
        request.accept = ask.accept;
        request.referer = ask.referer;
        request.may_send = may_send;
        if let Some(cookies) = &ask.cookies {
            request.add_cookies(cookies);
        }
        // At the address of the page they may ask for something that is not the page, and it would be among its captures.
        if urlkey(uri.as_str()) != urlkey(place.uri.as_str()) {
            request.add_fields(ask.headers);
        }
        let captured = place.capturer.capture_at(permit, &request, located).await;
        let ended = place.timer.clock().now();
        let refused = Outcome::Refused { why: String::new() };
        let mut finished = Finished {
            path: format!("{}{}", place.path, found.letter()),
            via: Some(place.uri.to_string()),
            ..Finished::without_exchange(uri, ended, refused)
        };
        let (what, met) = match captured {
            Ok(Captured::Exchange(exchange)) => {
                let exchange: Arc<Exchange> = Arc::from(exchange);
                finished.bytes = exchange.response.len();
                finished.took = exchange.timing.total;
                let head = head_of(&exchange);
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
            Err(CaptureError::Withdrawn) => {
                // A loop that has ended has nothing to take back.
                let _ = self.asks.send(RenderAsk::Withdrawn { host });
                return Err(NoExchange::Withdrawn);
            }
            Err(error) => {
                finished.outcome = Outcome::Failed { step: "request", why: error.to_string() };
                self.came(host, HostResponse::OurRefusal, ended, finished);
                return Err(NoExchange::Because(error.to_string()));
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
            (Err(error), _) => Err(format!("it could not be stored: {error}")),
            (Ok(appended), Content::Exchange(exchange)) => {
                finished.digest = appended.digest;
                let (file, id) = (appended.file.clone(), appended.record_id.clone());
                finished.place = Some((file, appended.offset, id));
                finished.outcome = Outcome::Fetched {
                    status: exchange.shape.status,
                    stored: Stored::New,
                    truncated: exchange.truncated.map(|t| t.label()),
                };
                Ok((exchange, appended))
            }
            (Ok(appended), Content::Failure(failure)) => {
                finished.place = Some((appended.file, appended.offset, appended.record_id));
                Err(failure.why.clone())
            }
            (Ok(_), Content::Derived(_) | Content::Copy(_)) => Err("no exchange".to_owned()),
        };
        self.came(host, met, ended, finished);
        answer.map_err(NoExchange::Because)
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

/// For this long a part waits for a host that another process holds.
const ELSEWHERE_MAX: Duration = Duration::from_secs(30);

/// Why there is no exchange.
enum NoExchange {
    /// The lease of its host was lost before anything was sent.
    Withdrawn,
    /// For this reason.
    Because(String),
}

/// A request that waits for its host.
struct Held<'a>(&'a Ask);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::Relaxed);
    }
}

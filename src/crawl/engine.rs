//! The loop: who is next, may we ask, what came of it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinSet};

use crate::base::{HostKey, TargetUri, Timestamp};
use crate::capture::{CaptureError, CaptureRequest, Capturer};
use crate::kv::{Kv, KvError};
use crate::politeness::RobotsTarget;
use crate::politeness::{
    Answer, CachedRobots, Gate, GlobalCap, Permit, Refusal, Reply, RobotsFetch,
};
use crate::schedule::{
    Ask, Claim, ClaimId, DiscoveryPath, Disposition, Found, Frontier, Next, NextVisit, Priority,
    ScheduleError, Step as PathStep,
};
use crate::store::{Reader, Store, StoreError};

use super::hosts::HostBook;
use super::job::{Job, Take};
use super::log::CrawlLog;
use super::outcome::{Finished, Outcome};
use super::report::Report;
use super::step::{self, Purpose, StepDone, Stepped};
use super::stop::Stop;
use super::timer::Timer;

/// How a crawl runs.
#[derive(Debug, Clone)]
pub struct CrawlOptions {
    /// How many hosts are asked at the same time.
    pub hosts_max: usize,
    /// How many redirects are followed from one URL.
    pub redirect_hops_max: u32,
    /// How long exchanges in flight may go on after a stop was asked for.
    pub stop_deadline: Duration,
    /// A run that has nothing else to do does not wait longer than this for a host; what is left
    /// stays in the queue.
    pub wait_max: Duration,
    /// The longest payload after decompression that is read for links and text.
    pub decoded_bytes_max: usize,
    /// Who we say we are, and what we accept.
    pub request: CaptureRequest,
    /// Seeds the jitter of back-off.
    pub seed: u64,
    /// The shortest and the longest time between two looks at one page.
    pub interval: (Duration, Duration),
    /// With less free disk than this, in bytes, nothing new is fetched.
    pub disk_free_min: u64,
}

impl Default for CrawlOptions {
    fn default() -> Self {
        Self {
            hosts_max: 64,
            redirect_hops_max: 10,
            stop_deadline: Duration::from_secs(30),
            wait_max: Duration::from_secs(600),
            decoded_bytes_max: 256 << 20,
            request: CaptureRequest::new("pressmark"),
            seed: 0,
            interval: (Duration::from_secs(600), Duration::from_hours(30 * 24)),
            disk_free_min: 512 << 20,
        }
    }
}

/// Trouble of ours that ends a crawl.
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    /// The archive cannot be written or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network side cannot work.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The queue cannot be written or read.
    #[error("the queue: {0}")]
    Queue(#[from] ScheduleError),
    /// The state tables cannot be written or read.
    #[error("the crawl's state: {0}")]
    State(#[from] KvError),
    /// The log cannot be written.
    #[error("writing the crawl log: {0}")]
    Log(std::io::Error),
    /// Too little disk is left.
    #[error("only {free} bytes of disk are free, and store.disk_free_min asks for {wanted}")]
    DiskFull {
        /// What is free.
        free: u64,
        /// What should be.
        wanted: u64,
    },
    /// A task of ours broke.
    #[error("a task broke while {uri} was in flight: {why}")]
    Broken {
        /// What was in flight.
        uri: String,
        /// How it broke.
        why: String,
    },
}

/// Sees what a crawl does. Every method may be left as it is.
pub trait Observer: Send {
    /// A URL came to its outcome.
    fn finished(&mut self, done: &Finished) {
        let _ = done;
    }

    /// The loop went round: URLs done, in flight, and known to be queued.
    fn progress(&mut self, done: u64, in_flight: usize, queued: u64) {
        let _ = (done, in_flight, queued);
    }
}

/// No observer.
impl Observer for () {}

/// What a crawl is made of.
pub struct Parts {
    /// The network.
    pub capturer: Arc<Capturer>,
    /// The archive.
    pub store: Arc<Store>,
    /// The queue that the run takes from.
    pub frontier: Frontier,
    /// Where pages are put that are to be looked at again; none where the queue is that itself.
    pub watched: Option<Frontier>,
    /// Where host facts and robots.txt are kept.
    pub state: Arc<Kv>,
    /// May we, and when.
    pub gate: Gate,
    /// Time.
    pub timer: Arc<dyn Timer>,
    /// The log.
    pub log: CrawlLog,
}

/// A crawl that is ready to run.
pub struct Crawl {
    pub(super) capturer: Arc<Capturer>,
    pub(super) store: Arc<Store>,
    pub(super) reader: Reader,
    pub(super) frontier: Frontier,
    watched: Option<Frontier>,
    pub(super) book: HostBook,
    pub(super) gate: Gate,
    cap: Option<GlobalCap>,
    pub(super) timer: Arc<dyn Timer>,
    log: CrawlLog,
    pub(super) options: CrawlOptions,
}

/// A robots.txt that has to wait for its host: when, what, and for whose sake.
struct Delayed {
    at: Timestamp,
    target: RobotsTarget,
    claim: Box<Claim>,
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Delayed {}
impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// The state of one run.
struct Run<'a> {
    job: &'a Job,
    report: Report,
    tasks: JoinSet<StepDone>,
    /// For a task that breaks: whose URL it had.
    owners: HashMap<Id, (ClaimId, TargetUri)>,
    delayed: BinaryHeap<Reverse<Delayed>>,
    /// Authorities whose robots.txt is being fetched: their URLs wait for it.
    asking_robots: HashSet<String>,
    /// URLs that were asked for in this run, by hash: each once.
    asked: HashSet<u64>,
    pages: u64,
}

impl Crawl {
    /// Puts a crawl together.
    ///
    /// # Errors
    /// When the state tables cannot be opened.
    pub fn new(parts: Parts, options: CrawlOptions) -> Result<Self, CrawlError> {
        let Parts { capturer, store, frontier, watched, state, gate, timer, log } = parts;
        let now = timer.clock().now();
        let cap = gate.options().requests_per_second_max.map(|max| GlobalCap::new(max, now));
        let reader = store.reader();
        let book = HostBook::open(&state)?;
        Ok(Self {
            capturer,
            store,
            reader,
            frontier,
            watched,
            book,
            gate,
            cap,
            timer,
            log,
            options,
        })
    }

    /// The queue.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Ends it: flushes the queue. The store is closed by its owner.
    ///
    /// # Errors
    /// When the queue cannot be written.
    pub fn close(mut self) -> Result<(), CrawlError> {
        self.frontier.checkpoint()?;
        if let Some(mut watched) = self.watched {
            watched.checkpoint()?;
        }
        Ok(())
    }

    /// Runs until nothing is left in scope, the page limit is reached, or a stop is asked for.
    ///
    /// # Errors
    /// Trouble of ours only: what the web did is in the report. What was in flight is put back.
    pub async fn run(
        &mut self,
        job: &Job,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Report, CrawlError> {
        let now = self.now();
        let mut run = Run {
            job,
            report: Report { job: job.name.clone(), started: now, ..Report::default() },
            tasks: JoinSet::new(),
            owners: HashMap::new(),
            delayed: BinaryHeap::new(),
            asking_robots: HashSet::new(),
            asked: HashSet::new(),
            pages: 0,
        };
        self.add_seeds(&mut run, now)?;
        let outcome = self.turn(&mut run, observer, stop).await;
        // Whatever happened, what was in flight goes back to its queue.
        run.tasks.abort_all();
        while run.tasks.join_next().await.is_some() {}
        let lost: Vec<ClaimId> = self.frontier.in_flight().map(|(id, _)| id).collect();
        for id in lost {
            self.frontier.release_lost(id)?;
        }
        outcome?;
        run.report.finished = self.now();
        run.report.left = self.queued();
        run.report.stopped = stop.asked();
        Ok(run.report)
    }

    fn now(&self) -> Timestamp {
        self.timer.clock().now()
    }

    fn queued(&self) -> u64 {
        self.frontier.counts().queued
    }

    fn add_seeds(&mut self, run: &mut Run<'_>, now: Timestamp) -> Result<(), CrawlError> {
        let seeds: Vec<Found> = run
            .job
            .seeds
            .iter()
            .filter(|uri| run.asked.insert(hash_of(uri)))
            .map(|uri| Found {
                uri: uri.clone(),
                path: DiscoveryPath::seed(),
                via: None,
                due: now,
                because: "asked for by name".to_owned(),
                priority: Priority::Seed,
                job: run.job.name.clone(),
                settings: String::new(),
                ask: Ask::Again,
            })
            .collect();
        self.frontier.add_all(seeds, now)?;
        Ok(())
    }

    async fn turn(
        &mut self,
        run: &mut Run<'_>,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<(), CrawlError> {
        let timer = Arc::clone(&self.timer);
        let mut deadline: Option<Timestamp> = None;
        loop {
            let mut wake = deadline;
            if stop.asked() {
                let limit = *deadline.get_or_insert(self.now().plus(self.options.stop_deadline));
                if run.tasks.is_empty() || self.now() >= limit {
                    return Ok(());
                }
                wake = Some(limit);
            } else {
                match self.fill(run, observer)? {
                    Filled::Until(at) => wake = Some(at),
                    Filled::Full => {}
                    Filled::Nothing if run.tasks.is_empty() && run.delayed.is_empty() => {
                        return Ok(());
                    }
                    Filled::Nothing => {}
                }
            }
            if run.tasks.is_empty()
                && wake.is_some_and(|at| at.since(self.now()) > self.options.wait_max)
            {
                return Ok(());
            }
            observer.progress(run.report.fetched, run.tasks.len(), self.queued());
            let idle = run.tasks.is_empty();
            // A clock that stands still must not be moved while work is under way.
            let wait = wake.filter(|_| idle || !timer.stands_still());
            tokio::select! {
                biased;
                Some(done) = run.tasks.join_next_with_id(), if !idle => {
                    self.joined(run, done, observer)?;
                    // Whatever else has ended meanwhile is taken in before the next look round.
                    while let Some(done) = run.tasks.try_join_next_with_id() {
                        self.joined(run, done, observer)?;
                    }
                }
                () = stop.wait(), if !stop.asked() => {}
                () = timer.wait_until(wait.unwrap_or_default()), if wait.is_some() => {}
            }
        }
    }

    /// Starts as much as may be started now.
    fn fill(
        &mut self,
        run: &mut Run<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Filled, CrawlError> {
        let mut wake: Option<Timestamp> = None;
        let mut sooner = |at: Timestamp| wake = Some(wake.map_or(at, |w| w.min(at)));
        let now = self.now();
        while run.tasks.len() < self.options.hosts_max {
            if run.delayed.peek().is_some_and(|Reverse(d)| d.at <= now) {
                if let Some(Reverse(delayed)) = run.delayed.pop() {
                    self.ask_robots(run, delayed.target, delayed.claim, now)?;
                }
                continue;
            }
            if run.job.pages_max.is_some_and(|max| run.pages >= max) {
                break;
            }
            match self.frontier.next(now, &mut |_| false)? {
                Next::Ready(claim) => self.dispatch(run, claim, now, observer)?,
                Next::Busy | Next::Empty => break,
                Next::Wait(at) => {
                    sooner(at);
                    break;
                }
            }
        }
        if let Some(Reverse(delayed)) = run.delayed.peek() {
            sooner(delayed.at);
        }
        if run.tasks.len() >= self.options.hosts_max {
            return Ok(Filled::Full);
        }
        Ok(wake.map_or(Filled::Nothing, Filled::Until))
    }

    fn dispatch(
        &mut self,
        run: &mut Run<'_>,
        claim: Box<Claim>,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let uri = claim.uri().clone();
        if run.asking_robots.contains(&uri.authority()) {
            let until = now.plus(Duration::from_millis(200));
            self.frontier.host_wait(&claim.host, until, now)?;
            return Ok(self.frontier.release(*claim)?);
        }
        let robots = self.book.robots(&uri)?;
        let pace = self.gate.options().pace_for(&claim.host);
        let facts = self.book.facts(&claim.host, now, &pace)?;
        match self.gate.ask(&uri, facts, robots.as_ref(), now) {
            Answer::Go(permit) => {
                if let Some(Err(until)) = self.cap.as_ref().map(|cap| cap.pass(now)) {
                    self.frontier.release(*claim)?;
                    return Ok(self.frontier.host_wait(&permit.host(), until, now)?);
                }
                self.start(run, permit, claim, Purpose::Page, now)
            }
            Answer::Wait { until, because } => {
                let host = claim.host.clone();
                self.frontier.snooze(*claim, until, &because.to_string(), now)?;
                Ok(self.frontier.host_wait(&host, until, now)?)
            }
            Answer::NeedRobots(target) => {
                run.asking_robots.insert(uri.authority());
                self.ask_robots(run, target, claim, now)
            }
            Answer::Refused(refusal) => self.refused(run, *claim, &refusal, now, observer),
        }
    }

    fn ask_robots(
        &mut self,
        run: &mut Run<'_>,
        target: RobotsTarget,
        claim: Box<Claim>,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let host = target.uri().host_key();
        let pace = self.gate.options().pace_for(&host);
        let facts = self.book.facts(&host, now, &pace)?;
        match self.gate.robots_permit(&target, facts, now) {
            Answer::Go(permit) => self.start(run, permit, claim, Purpose::Robots(target), now),
            Answer::Wait { until, .. } => {
                run.delayed.push(Reverse(Delayed { at: until, target, claim }));
                Ok(())
            }
            // A robots.txt is paced and never refused.
            Answer::NeedRobots(_) | Answer::Refused(_) => Ok(self.frontier.release(*claim)?),
        }
    }

    fn start(
        &mut self,
        run: &mut Run<'_>,
        permit: Permit,
        claim: Box<Claim>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        self.guard_disk()?;
        let host = permit.host();
        let pace = self.gate.options().pace_for(&host);
        self.book.facts(&host, now, &pace)?.began(now);
        let owner = (claim.id(), permit.uri().clone());
        let step = step::Step {
            capturer: Arc::clone(&self.capturer),
            request: self.options.request.clone(),
            store: Arc::clone(&self.store),
            reader: self.reader.clone(),
            timer: Arc::clone(&self.timer),
            wants_links: run.job.requisites || run.job.depth > 0,
            decoded_bytes_max: self.options.decoded_bytes_max,
        };
        let task = run.tasks.spawn(step.run(permit, claim, purpose));
        run.owners.insert(task.id(), owner);
        Ok(())
    }

    /// With too little disk left a crawl ends before it writes half a record.
    fn guard_disk(&self) -> Result<(), CrawlError> {
        let wanted = self.options.disk_free_min;
        match self.store.disk_free() {
            Some(free) if free < wanted => Err(CrawlError::DiskFull { free, wanted }),
            _ => Ok(()),
        }
    }

    fn joined(
        &mut self,
        run: &mut Run<'_>,
        done: Result<(Id, StepDone), tokio::task::JoinError>,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let (id, done) = done.map_err(|broken| {
            let uri = run.owners.remove(&broken.id()).map(|(_, uri)| uri.to_string());
            CrawlError::Broken { uri: uri.unwrap_or_default(), why: broken.to_string() }
        })?;
        run.owners.remove(&id);
        let stepped = done.result?;
        let now = self.now();
        self.learn_pace(&stepped, now)?;
        if let Some(finished) = &stepped.finished {
            self.note(run, finished, observer)?;
        }
        match done.purpose {
            Purpose::Robots(target) => self.robots_came(run, target, done.claim, &stepped, now),
            Purpose::Page => self.page_came(run, *done.claim, stepped, now),
        }
    }

    fn note(
        &mut self,
        run: &mut Run<'_>,
        finished: &Finished,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        self.log.write(finished).map_err(CrawlError::Log)?;
        run.report.count(finished);
        observer.finished(finished);
        Ok(())
    }

    /// What the exchange says about the host.
    fn learn_pace(&mut self, stepped: &Stepped, now: Timestamp) -> Result<(), CrawlError> {
        let host = stepped.host.clone();
        let pace = self.gate.options().pace_for(&host);
        let seed = self.options.seed;
        let facts = self.book.facts(&host, now, &pace)?;
        match &stepped.met {
            step::Met::Reply { status, retry_after, took } => {
                let reply =
                    Reply { status: *status, retry_after: retry_after.as_deref(), took: *took };
                facts.ended(&host, reply, stepped.ended, &pace, seed);
            }
            step::Met::Failure { why } => facts.failed(&host, why, stepped.ended, &pace, seed),
            step::Met::OurRefusal => facts.abandoned(stepped.ended),
        }
        self.book.keep(&host)?;
        Ok(())
    }

    fn robots_came(
        &mut self,
        run: &mut Run<'_>,
        target: RobotsTarget,
        claim: Box<Claim>,
        stepped: &Stepped,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let mut too_often = false;
        if let Some(to) = &stepped.redirect {
            match target.redirected(to.clone()) {
                Some(next) => return self.ask_robots(run, next, claim, now),
                None => too_often = true,
            }
        }
        let fetch =
            if too_often { RobotsFetch::RedirectedTooOften } else { stepped.robots_fetch() };
        let governed = target.governs().clone();
        let previous = self.book.robots(&governed)?;
        let options = &self.gate.options().robots;
        let learned = CachedRobots::learn(&governed, previous.as_ref(), fetch, now, options);
        let host = governed.host_key();
        let delay = self.gate.crawl_delay(&learned);
        let pace = self.gate.options().pace_for(&host);
        self.book.facts(&host, now, &pace)?.set_crawl_delay(delay);
        self.book.keep(&host)?;
        self.book.learn_robots(learned)?;
        run.asking_robots.remove(&governed.authority());
        self.frontier.release(*claim)?;
        self.wait_for_pace(&governed, now)
    }

    /// Tells the queue before when the host of `uri` is not asked.
    fn wait_for_pace(&mut self, uri: &TargetUri, now: Timestamp) -> Result<(), CrawlError> {
        let host = uri.host_key();
        let at = self.next_at(uri, &host, now)?;
        Ok(self.frontier.host_wait(&host, at, now)?)
    }

    fn next_at(
        &mut self,
        uri: &TargetUri,
        host: &HostKey,
        now: Timestamp,
    ) -> Result<Timestamp, CrawlError> {
        let robots = self.book.robots(uri)?;
        let pace = self.gate.options().pace_for(host);
        let facts = self.book.facts(host, now, &pace)?;
        Ok(self.gate.next_at(uri, facts, robots.as_ref(), now).at)
    }

    fn page_came(
        &mut self,
        run: &mut Run<'_>,
        claim: Claim,
        stepped: Stepped,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        if !claim.entry.path.is_requisite() {
            run.pages += 1;
        }
        if let Some(change) = &stepped.change {
            run.report.versions += u64::from(change.is_new_version);
            run.report.changes += change.changes;
        }
        let found = self.found_on(run, &claim, &stepped, now);
        if !found.is_empty() {
            self.frontier.add_all(found, now)?;
        }
        let uri = claim.uri().clone();
        let host = claim.host.clone();
        let at = self.next_at(&uri, &host, now)?;
        run.report.hosts.entry(host.to_string()).or_default().delay = at.since(stepped.ended);
        let next = self.next_visit(&claim, &stepped, now)?;
        let disposition =
            Disposition { next, host_ready_at: Some(at), memo: stepped.memo, priority: None };
        Ok(self.frontier.finish(claim, disposition, now)?)
    }

    /// What the page leads to: its redirect, its requisites, its links.
    fn found_on(
        &mut self,
        run: &mut Run<'_>,
        claim: &Claim,
        stepped: &Stepped,
        now: Timestamp,
    ) -> Vec<Found> {
        let mut found = Vec::new();
        let from = claim.uri();
        let mut offer = |uri: TargetUri, letter: PathStep, priority: Priority, because: &str| {
            if !run.asked.insert(hash_of(&uri)) {
                return;
            }
            found.push(Found {
                uri,
                path: claim.entry.path.then(letter),
                via: Some(from.as_str().to_owned()),
                due: now,
                because: because.to_owned(),
                priority,
                job: claim.job.to_string(),
                settings: String::new(),
                ask: Ask::Again,
            });
        };
        if let Some(to) = &stepped.redirect {
            let redirects = trailing_redirects(&claim.entry.path);
            if redirects < self.options.redirect_hops_max {
                offer(to.without_fragment(), PathStep::Redirect, claim.priority, "redirected to");
            }
        }
        for link in &stepped.links {
            let Ok(uri) = TargetUri::parse(&link.url) else { continue };
            let letter = PathStep::of(link.hop.letter()).unwrap_or(PathStep::Speculative);
            if link.is_requisite {
                // A frame's pictures are shown with the page; what they would lead to is not.
                if run.job.requisites && claim.entry.path.trailing_transclusions() < 3 {
                    offer(uri, letter, Priority::Requisite, "needed to show a page");
                }
            } else if claim.entry.path.hops() < run.job.depth
                && !claim.entry.path.is_requisite()
                && same_site(from, &uri)
            {
                offer(uri, letter, Priority::Normal, "linked from a page");
            }
        }
        found
    }

    /// When the page is looked at again: set in the queue itself, or in the list of what is watched.
    fn next_visit(
        &mut self,
        claim: &Claim,
        stepped: &Stepped,
        now: Timestamp,
    ) -> Result<NextVisit, CrawlError> {
        if !stepped.is_worth_watching || claim.entry.path != DiscoveryPath::seed() {
            return Ok(NextVisit::Retire { why: "captured".to_owned() });
        }
        let (due, because) = step::look_again(stepped, now, self.options.interval);
        let Some(watched) = &mut self.watched else { return Ok(NextVisit::At { due, because }) };
        let again = Found {
            uri: claim.uri().clone(),
            path: DiscoveryPath::seed(),
            via: None,
            due,
            because,
            priority: Priority::Seed,
            job: claim.job.to_string(),
            settings: String::new(),
            ask: Ask::IfNew,
        };
        watched.add(again, now)?;
        Ok(NextVisit::Retire { why: "captured, and watched from now on".to_owned() })
    }

    fn refused(
        &mut self,
        run: &mut Run<'_>,
        claim: Claim,
        refusal: &Refusal,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let why = refusal.to_string();
        let finished = Finished {
            uri: claim.uri().clone(),
            at: now,
            outcome: Outcome::Refused { why: why.clone() },
            path: claim.entry.path.to_string(),
            via: claim.entry.via.clone(),
            media_type: None,
            bytes: 0,
            took: Duration::ZERO,
            digest: None,
            place: None,
        };
        self.note(run, &finished, observer)?;
        let next = match refusal {
            Refusal::RobotsUnreachable(stay_out) => {
                NextVisit::At { due: stay_out.retry_at, because: why }
            }
            Refusal::Disallowed(_) => NextVisit::Retire { why },
        };
        let disposition = Disposition { next, host_ready_at: None, memo: None, priority: None };
        Ok(self.frontier.finish(claim, disposition, now)?)
    }
}

enum Filled {
    /// As many tasks run as may.
    Full,
    /// Nothing more can start before this time.
    Until(Timestamp),
    /// Nothing more can start at all.
    Nothing,
}

fn hash_of(uri: &TargetUri) -> u64 {
    let mut hasher = DefaultHasher::new();
    uri.url().as_str().hash(&mut hasher);
    hasher.finish()
}

fn trailing_redirects(path: &DiscoveryPath) -> u32 {
    let trailing = path.steps().rev().take_while(|step| *step == PathStep::Redirect).count();
    u32::try_from(trailing).unwrap_or(u32::MAX)
}

/// Whether a link stays on the site of the page: the same host, `www.` or not.
fn same_site(from: &TargetUri, to: &TargetUri) -> bool {
    let bare = |uri: &TargetUri| uri.host().trim_start_matches("www.").to_ascii_lowercase();
    bare(from) == bare(to)
}

//! The loop: which URL is next, whether it may be requested, and what the result was.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{Id, JoinSet};

use crate::base::{Digest, HostKey, TargetUri, Timestamp};
use crate::capture::Capturer;
use crate::kv::Kv;
use crate::politeness::{AddressPace, Gate, GlobalCap, LastCheck};
use crate::readings::Readings;
use crate::schedule::{Ask, ClaimId, DiscoveryPath, Found, Frontier, Next, Priority, Queue};
use crate::store::{Reader, Store};

use super::follow_up;
use super::gate::Delayed;
use super::handover::Handed;
use super::hosts::HostBook;
use super::jar::Jar;
use super::job::{Job, Take};
use super::job_book::JobBook;
use super::jobs::{Order, RunHealth};
use super::log::CrawlLog;
use super::marks::Marks;
use super::observer::Observer;
use super::options::{CrawlError, CrawlOptions};
use super::outcome::{Finished, Outcome, Unread};
use super::parse_pool::ParsePool;
use super::rendering::RenderAsk;
use super::report::Report;
use super::rules::JobRules;
use super::source_book::SourceBook;
use super::step::{Purpose, ReadingGate, StepDone, StepEnd};
use super::stop::Stop;
use super::timer::Timer;
use super::view::Viewer;

/// A run without an end wakes at least this often.
const TICK: Duration = Duration::from_secs(60);
/// The same where the queue is shared: the results of visits are written, and leases are renewed.
const TICK_SHARED: Duration = Duration::from_millis(500);

/// What a crawl is made of.
pub struct Parts {
    /// The network.
    pub capturer: Arc<Capturer>,
    /// The archive.
    pub store: Arc<Store>,
    /// The queue that the run takes from.
    pub frontier: Box<dyn Queue>,
    /// Where pages to be visited again are put; `None` where the queue itself is that list.
    pub watched: Option<Frontier>,
    /// Where host facts and robots.txt are kept.
    pub state: Arc<Kv>,
    /// What pages say and which versions they have.
    pub readings: Readings,
    /// Whether and when a URL may be asked for.
    pub gate: Gate,
    /// Time.
    pub timer: Arc<dyn Timer>,
    /// The log.
    pub log: CrawlLog,
}

/// Says whether the file of a job is still there.
pub type JobFiles = Box<dyn Fn(&Path) -> bool + Send>;

/// A crawl that is ready to run.
pub struct Crawl {
    pub(super) capturer: Arc<Capturer>,
    pub(super) store: Arc<Store>,
    pub(super) reader: Reader,
    pub(super) readers: ParsePool,
    pub(super) frontier: Box<dyn Queue>,
    pub(super) watched: Option<Frontier>,
    pub(super) book: HostBook,
    pub(super) readings: Readings,
    pub(super) marks: Arc<Marks>,
    pub(super) gate: Gate,
    pub(super) cap: Option<GlobalCap>,
    pub(super) last: LastCheck<HostKey>,
    pub(super) addresses: Arc<Mutex<AddressPace>>,
    pub(super) timer: Arc<dyn Timer>,
    log: CrawlLog,
    pub(super) options: CrawlOptions,
    pub(super) rules: HashMap<String, Arc<JobRules>>,
    pub(super) job_book: JobBook,
    pub(super) job_files: Option<JobFiles>,
    pub(super) removed: HashSet<Digest>,
    pub(super) sources: SourceBook,
    /// Names that jobs had before, and what they are called now.
    pub(super) renamed: HashMap<String, String>,
    pub(super) orders: Option<UnboundedReceiver<Order>>,
    pub(super) gauge: Option<Box<dyn Fn() -> Option<u64> + Send>>,
    pub(super) viewer: Option<Viewer>,
    pub(super) reading_gate: Option<ReadingGate>,
    /// How many pages are rendered at a time.
    pub(super) browsers: Arc<Semaphore>,
}

/// The state of one run.
pub(super) struct Run<'a> {
    pub(super) job: &'a Job,
    pub(super) report: Report,
    pub(super) tasks: JoinSet<StepDone>,
    /// For a task that breaks: whose URL it had.
    pub(super) owners: HashMap<Id, (ClaimId, TargetUri)>,
    pub(super) delayed: BinaryHeap<Reverse<Delayed>>,
    /// Authorities whose robots.txt is being fetched: their URLs wait for it.
    pub(super) asking_robots: HashSet<String>,
    /// URLs that were asked for in this run, by hash: each once.
    pub(super) asked: HashSet<u64>,
    /// URLs, by hash, that wait for something which this run does not wait for.
    pub(super) left_for_later: HashSet<u64>,
    /// Navigations that lead to a URL of the queue, by its hash: the cookies it is to be asked with.
    pub(super) navigations: HashMap<u64, Jar>,
    /// What other processes asked for, and when it is next checked.
    pub(super) handed: Vec<Handed>,
    pub(super) handed_at: Timestamp,
    /// Hosts whose pace has been reported.
    pub(super) paced: HashSet<HostKey>,
    pub(super) pages: u64,
    /// Since when the index of captures has not answered.
    pub(super) away_since: Option<Timestamp>,
    pub(super) care: RunHealth,
    /// The channel on which renderings ask.
    pub(super) renderings: UnboundedReceiver<RenderAsk>,
    pub(super) render_asks: UnboundedSender<RenderAsk>,
    /// Parts, by hash, that renderings have fetched.
    pub(super) rendered_parts: HashSet<u64>,
    /// The wish to end it.
    pub(super) stop: Stop,
}

impl Run<'_> {
    /// Whether nothing is in flight.
    pub(super) fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether a robots.txt waits for its host.
    pub(super) fn is_delayed(&self) -> bool {
        !self.delayed.is_empty()
    }
}

impl Crawl {
    /// Puts a crawl together.
    ///
    /// # Errors
    /// When the state tables cannot be opened.
    pub fn new(parts: Parts, options: CrawlOptions) -> Result<Self, CrawlError> {
        let Parts { capturer, store, frontier, watched, state, readings, gate, timer, log } = parts;
        let now = timer.clock().now();
        let cap = GlobalCap::new(gate.options().requests_per_second_max, now);
        let browsers = Arc::new(Semaphore::new(options.browsers_max));
        let addresses = AddressPace::new(gate.options().address_delay_min);
        let reader = store.reader();
        let book = HostBook::open(&state)?;
        let job_book = JobBook::open(&state)?;
        let sources = SourceBook::open(&state)?;
        Ok(Self {
            capturer,
            store,
            reader,
            readers: ParsePool::per_core(),
            frontier,
            watched,
            book,
            marks: Arc::new(Marks::new(readings.clone())),
            readings,
            gate,
            cap,
            last: LastCheck::default(),
            addresses: Arc::new(Mutex::new(addresses)),
            timer,
            log,
            options,
            rules: HashMap::new(),
            job_book,
            job_files: None,
            removed: HashSet::new(),
            sources,
            renamed: HashMap::new(),
            orders: None,
            gauge: None,
            viewer: None,
            reading_gate: None,
            browsers,
        })
    }

    /// The queue.
    #[must_use]
    pub fn frontier(&self) -> &dyn Queue {
        &*self.frontier
    }

    /// Ends it: flushes the queue. The store is closed by its owner.
    ///
    /// # Errors
    /// When the queue cannot be written.
    pub fn close(mut self) -> Result<(), CrawlError> {
        let now = self.now();
        self.frontier.checkpoint(now)?;
        if let Some(mut watched) = self.watched {
            watched.checkpoint()?;
        }
        Ok(())
    }

    /// Runs until nothing is left in scope, the page limit is reached, or a stop is asked for.
    ///
    /// # Errors
    /// An internal error only: what the web did is in the report. What was in flight is put back.
    pub async fn run(
        &mut self,
        job: &Job,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Report, CrawlError> {
        let now = self.now();
        let (render_asks, renderings) = unbounded_channel();
        let mut run = Run {
            job,
            report: Report { job: job.name.clone(), started: now, ..Report::default() },
            tasks: JoinSet::new(),
            owners: HashMap::new(),
            delayed: BinaryHeap::new(),
            asking_robots: HashSet::new(),
            asked: HashSet::new(),
            left_for_later: HashSet::new(),
            navigations: HashMap::new(),
            handed: Vec::new(),
            handed_at: Timestamp::default(),
            paced: HashSet::new(),
            pages: 0,
            away_since: None,
            care: RunHealth::default(),
            renderings,
            render_asks,
            rendered_parts: HashSet::new(),
            stop: stop.clone(),
        };
        self.mind_clock(observer)?;
        self.adopt_jobs(observer, now)?;
        self.recall_sources(observer);
        self.serve(&mut run);
        self.add_seeds(&mut run, now)?;
        match job.take {
            Take::Queue | Take::Due => {}
            Take::Jobs => self.add_named(Ask::Again, now)?,
            Take::Forever => self.add_named(Ask::IfNew, now)?,
        }
        let outcome = self.turn(&mut run, observer, stop).await;
        // Whatever happened, what was in flight goes back to its queue.
        run.tasks.abort_all();
        while run.tasks.join_next().await.is_some() {}
        for id in self.frontier.in_flight() {
            self.frontier.release_lost(id)?;
        }
        self.marks.flush();
        outcome?;
        self.tell_sources(&mut run, observer)?;
        run.report.finished = self.now();
        run.report.left = self.left(&run)?;
        self.frontier.serve_jobs(None);
        run.report.stopped = stop.asked();
        Ok(run.report)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.timer.clock().now()
    }

    fn queued(&self) -> u64 {
        self.frontier.counts().queued
    }

    fn add_seeds(&mut self, run: &mut Run<'_>, now: Timestamp) -> Result<(), CrawlError> {
        let (job, asked) = (run.job, &mut run.asked);
        let new = job.seeds.iter().filter(|uri| asked.insert(hash_of(uri)));
        let seeds = new.map(|uri| Found {
            uri: uri.clone(),
            path: DiscoveryPath::seed(),
            via: None,
            due: now,
            because: "asked for by name".to_owned(),
            priority: Priority::Seed,
            job: job.name.clone(),
            settings: String::new(),
            ask: Ask::Again,
        });
        self.frontier.add_all(seeds.collect(), now)?;
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
        let forever = run.job.take == Take::Forever;
        loop {
            if self.mind_clock(observer)? {
                self.serve(run);
            }
            let now = self.now();
            self.frontier.mind(now)?;
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
                    Filled::Nothing => {}
                }
                if self.is_over(run, wake)? {
                    return Ok(());
                }
                self.watch_readings(run, observer);
                if forever {
                    self.watch_for_stall(run, observer);
                    self.watch_sources(run, observer)?;
                    if wake.is_none() || !timer.stands_still() {
                        let tick = self.now().plus(TICK);
                        wake = Some(wake.map_or(tick, |at| at.min(tick)));
                    }
                }
            }
            if let Some(state) = self.frontier.shared() {
                observer.shared(&state);
                self.mind_handed(run, now)?;
                let tick = self.now().plus(TICK_SHARED);
                wake = Some(wake.map_or(tick, |at| at.min(tick)));
            }
            observer.progress(run.report.fetched, run.tasks.len(), self.queued());
            self.tell_queue(run)?;
            let idle = run.tasks.is_empty();
            // A clock that stands still must not be moved while work is under way.
            let wait = wake.filter(|_| idle || !timer.stands_still());
            let orders = &mut self.orders;
            let ordered = async { orders.as_mut()?.recv().await };
            tokio::select! {
                biased;
                Some(done) = run.tasks.join_next_with_id(), if !idle => {
                    // Messages that it sent before it ended are handled first.
                    while let Ok(ask) = run.renderings.try_recv() {
                        self.mind_rendering(run, ask, observer)?;
                    }
                    self.joined(run, done, observer)?;
                    // Other tasks that have ended meanwhile are handled before the next round.
                    while let Some(done) = run.tasks.try_join_next_with_id() {
                        self.joined(run, done, observer)?;
                    }
                }
                () = stop.wait(), if !stop.asked() => {}
                Some(ask) = run.renderings.recv() => self.mind_rendering(run, ask, observer)?,
                Some(order) = ordered => self.obey(run, order, observer)?,
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
        if run.job.take == Take::Forever
            && let Some(at) = self.pause_for_disk(run, now, observer)
        {
            return Ok(Filled::Until(at));
        }
        // A stop is asked for on another thread: it ends this loop however long that would go on.
        while run.tasks.len() < self.options.hosts_max && !run.stop.asked() {
            if run.delayed.peek().is_some_and(|Reverse(d)| d.at <= now) {
                if let Some(Reverse(delayed)) = run.delayed.pop() {
                    self.ask_robots(run, delayed.target, delayed.claim, now)?;
                }
                continue;
            }
            // Tasks under way count: with sixty at once the total would exceed the limit.
            let begun = run.pages + (run.tasks.len() + run.delayed.len()) as u64;
            if run.job.pages_max.is_some_and(|max| begun >= max) {
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

    /// Opens the crawl log again, after it was moved away.
    pub(super) fn reopen_log(&mut self) -> std::io::Result<()> {
        self.log.reopen()
    }

    pub(super) fn write_log(&mut self, finished: &Finished) -> Result<(), CrawlError> {
        self.log.write(finished).map_err(CrawlError::Log)
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
        Self::moved(run, observer);
        let StepDone { claim, purpose, result } = done;
        let stepped = match result? {
            StepEnd::StepOutcome(stepped) => stepped,
            StepEnd::NotYet { until } => {
                return self.put_back(run, claim, purpose, until);
            }
            StepEnd::Away { why } => return self.put_off(run, (claim, purpose), why, observer),
        };
        if matches!(purpose, Purpose::Page) && stepped.unread != Some(Unread::IndexAway) {
            run.away_since = None;
        }
        let now = self.now();
        self.learn_pace(&stepped, now)?;
        match &stepped.finished {
            // The page it was asked for is counted instead: one host that is away is one failure.
            Some(finished) if stepped.page_failure.is_some() => self.write_log(finished)?,
            // What is asked again in this run is counted when it is decided.
            Some(finished @ Finished { outcome: Outcome::Failed { .. }, .. })
                if matches!(purpose, Purpose::Page)
                    && follow_up::put_off(run.job.take, &claim, &stepped).is_some() =>
            {
                self.write_log(finished)?;
            }
            Some(finished) => self.note(run, finished, observer)?,
            None => {}
        }
        self.watch_readings(run, observer);
        if stepped.unread.as_ref().is_some_and(Unread::is_asked_again) {
            // What it leads to is not known: the same run, or the next one, asks for it again.
            return Ok(self.frontier.release(*claim)?);
        }
        match purpose {
            Purpose::Robots(target) => self.robots_came(run, target, claim, &stepped, observer),
            Purpose::Page => self.page_came(run, *claim, stepped, now, observer),
        }
    }

    pub(super) fn note(
        &mut self,
        run: &mut Run<'_>,
        finished: &Finished,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        self.write_log(finished)?;
        run.report.count(finished);
        self.note_removed(finished, observer);
        observer.finished(finished);
        Ok(())
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

pub(super) fn hash_of(uri: &TargetUri) -> u64 {
    let mut hasher = DefaultHasher::new();
    uri.url().as_str().hash(&mut hasher);
    hasher.finish()
}

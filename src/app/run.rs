//! From settings to running parts: archive, network, queue, crawl.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Setup;
use super::error::{AppError, store_error, unwritable_or, with_sources, writing_error};
use super::evidence::{self, Follower};
use super::queue::Told;
use crate::base::Clock;
use crate::capture::{CaptureOptions, Capturer, Proxy};
use crate::config::Settings;
use crate::config::keys;
use crate::crawl::JobRules;
use crate::crawl::log::CrawlLog;
use crate::crawl::{
    Crawl, Job, ListView, Observer, Order, Parts, RealTimer, Report, Stop, Take, Timer,
};
use crate::evidence::OpenFiles;
use crate::kv::{Kv, KvError, KvOptions};
use crate::politeness::{Gate, RobotsReading};
use crate::readings::Readings;
use crate::remote::Route;
use crate::schedule::{Frontier, FrontierOptions, JobSpec, ScheduleError};
use crate::store::layout::Layout;
use crate::store::room::{self, why_unwritable};
use crate::store::{Store, StoreError, StoreOptions};

/// How often a run says what is in its queue, for `status` and `due`.
const QUEUE_SAID_EVERY: Duration = Duration::from_secs(15);

/// The queue of a run, and the list of what is watched.
pub struct Frontiers {
    /// What was asked for and is not done.
    pub queue: Frontier,
    /// What is to be looked at again.
    pub watched: Frontier,
    /// Where they and the memory of hosts are kept.
    pub state: Arc<Kv>,
    /// What was repaired, in words.
    pub notes: Vec<String>,
    /// Where the copy lies that is read, where the place itself cannot be written.
    _copy: Option<tempfile::TempDir>,
}

/// Opens the queue and the list of an archive to look at them; nothing where another process has
/// them. Where the disk is full, read-only or somebody else's, a copy is looked at.
///
/// # Errors
/// When they cannot be read.
pub fn open_frontiers(setup: &Setup) -> Result<Option<Frontiers>, AppError> {
    let dir = Layout::new(&setup.archive).state_dir();
    let error = match frontiers(&dir) {
        Err(error) => error,
        answer => return answer,
    };
    if why_unwritable(&dir).is_none() {
        return Err(error);
    }
    let disk = |why| AppError::failed("copying the queue", why);
    let (frontiers, copy) = room::copied(&dir, disk, frontiers)?;
    Ok(frontiers.map(|frontiers| Frontiers { _copy: Some(copy), ..frontiers }))
}

fn queue_error(why: impl Into<QueueError>) -> AppError {
    AppError::failed("opening the queue", with_sources(&why.into()))
}

/// Another process has the queue.
#[must_use]
pub fn queue_busy() -> AppError {
    AppError::failed("opening the queue", "another process has it")
        .hint("another process is crawling into this archive; wait until it is done")
}

/// What could not be done with the queue.
#[derive(Debug, thiserror::Error)]
enum QueueError {
    #[error(transparent)]
    Tables(#[from] KvError),
    #[error(transparent)]
    Lists(#[from] ScheduleError),
}

/// Memory for the queue's pages, as they lie on disk; there they take twice that. With more of it a
/// crawl grows until it is full, and is no faster; with half of it 20,000 pages take 8 % more of the
/// processor.
const STATE_CACHE_BYTES: u64 = 16 << 20;

fn frontiers(dir: &Path) -> Result<Option<Frontiers>, AppError> {
    let (kv, mut notes) = match Kv::open(
        &dir.join("kv"),
        &KvOptions { cache_bytes: STATE_CACHE_BYTES, ..KvOptions::default() },
    ) {
        Ok(opened) => opened,
        Err(error) if error.is_locked() => return Ok(None),
        Err(error) => return Err(queue_error(error)),
    };
    let state = Arc::new(kv);
    let mut open = |name: &str| {
        let mut options = FrontierOptions::new(dir);
        name.clone_into(&mut options.name);
        let (frontier, opened) = Frontier::open(&state, options).map_err(queue_error)?;
        if !opened.requeued.is_empty() {
            notes.push(format!(
                "{name}: {} URLs were in flight when the last run ended, and are queued again",
                opened.requeued.len()
            ));
        }
        Ok::<_, AppError>(frontier)
    };
    let queue = open("queue")?;
    let watched = open("watched")?;
    state.mark_consistent().map_err(queue_error)?;
    if state.is_suspect() {
        notes.push(
            "the system may have gone down while the queue was open: what it was told last may be missing"
                .to_owned(),
        );
    }
    Ok(Some(Frontiers { queue, watched, state, notes, _copy: None }))
}

/// A crawl and the archive it writes to.
pub struct Running {
    crawl: Crawl,
    store: Arc<Store>,
    network: Network,
    told: Told,
}

/// From what the network side of a job is made.
struct Network {
    settings: Settings,
    options: CaptureOptions,
    clock: Arc<dyn Clock>,
}

impl Network {
    /// Makes jobs ready: their requests, and a network of their own where they ask for one.
    fn rules(&self, jobs: &[JobSpec]) -> Result<Vec<Arc<JobRules>>, AppError> {
        jobs.iter().map(|job| self.rules_of(job).map(Arc::new)).collect()
    }

    fn rules_of(&self, job: &JobSpec) -> Result<JobRules, AppError> {
        let wrong = |why: String| AppError::usage(format!("the job {}: {why}", job.name));
        let mut request = self.settings.crawl_options().request;
        let common = self.settings.politeness_options();
        let mut own = common.clone();
        if let Some(agent) = self.settings.user_agent_of(job) {
            own.product_token = self.settings.robots_token(&agent);
            request.user_agent = agent;
        }
        if let Some(reading) = job.robots_reading.as_deref().and_then(RobotsReading::of_name) {
            own.robots.reading = reading;
        }
        let gate = (own != common).then(|| Gate::new(own));
        let mut options = self.options.clone();
        if let Some(proxy) = &job.proxy {
            options.proxy = Some(Proxy::parse(proxy.expose()).map_err(|e| wrong(e.to_string()))?);
        }
        let capturer = if options == self.options {
            None
        } else {
            let made = Capturer::new(options, Arc::clone(&self.clock));
            Some(Arc::new(made.map_err(|e| wrong(e.to_string()))?))
        };
        let rules = JobRules::new(job.clone(), request, capturer);
        Ok(rules.map_err(|e| wrong(e.to_string()))?.with_gate(gate))
    }
}

/// What came of beginning a run.
pub enum Begun {
    /// It runs. What was repaired, in words.
    Running(Box<Running>, Vec<String>),
    /// Another process writes into the archive.
    Busy(AppError),
}

/// Puts a crawl of jobs together.
///
/// # Errors
/// When the archive cannot be written, or a setting does not fit.
pub fn begin(
    setup: &Setup,
    jobs: &[JobSpec],
    take: Take,
    timer: Arc<dyn Timer>,
) -> Result<Begun, AppError> {
    let opened = Store::open(&setup.archive, store_options(&setup.settings), timer.clock());
    let (store, notes) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let busy = matches!(error, StoreError::Locked { .. } | StoreError::IndexBusy);
            let error = opening_error(&setup.archive, error);
            return if busy { Ok(Begun::Busy(error)) } else { Err(error) };
        }
    };
    let parts = Opened { store, notes };
    let (mut running, notes) = assemble(&setup.settings, parts, &setup.resolve, take, timer)?;
    let rules = running.network.rules(jobs)?;
    running.crawl.set_jobs(rules);
    running.crawl.set_job_files(Box::new(Path::is_file));
    Ok(Begun::Running(Box::new(running), notes))
}

/// How the archive is written: with a trail for the evidence log.
fn store_options(settings: &Settings) -> StoreOptions {
    StoreOptions { mark: Some(crate::evidence::leaf::mark_of), ..settings.store_options() }
}

/// An archive that is open for writing.
struct Opened {
    store: Store,
    notes: Vec<String>,
}

/// Puts a crawl together from the settings. The second part says what was repaired.
///
/// # Errors
/// When the archive cannot be written, or a setting does not fit.
pub fn start(
    settings: &Settings,
    archive: &Path,
    resolve: &[String],
    take: Take,
    timer: Arc<dyn Timer>,
) -> Result<(Running, Vec<String>), AppError> {
    let (store, notes) = Store::open(archive, store_options(settings), timer.clock())
        .map_err(|e| opening_error(archive, e))?;
    assemble(settings, Opened { store, notes }, resolve, take, timer)
}

fn opening_error(archive: &Path, error: StoreError) -> AppError {
    writing_error(&format!("opening the archive in {}", archive.display()), archive, error)
}

fn assemble(
    settings: &Settings,
    opened: Opened,
    resolve: &[String],
    take: Take,
    timer: Arc<dyn Timer>,
) -> Result<(Running, Vec<String>), AppError> {
    let clock: Arc<dyn Clock> = timer.clock();
    let clock_now = clock.now();
    let Opened { store, mut notes } = opened;
    let store = Arc::new(store);
    let mut options = settings.capture_options(resolve).map_err(AppError::usage)?;
    options.spool_dir = Some(store.layout().tmp_dir());
    let network =
        Network { settings: settings.clone(), options: options.clone(), clock: Arc::clone(&clock) };
    let capturer = Capturer::new(options, clock)
        .map_err(|e| AppError::usage(format!("setting up the network: {e}")))?;
    notes.extend(evidence::prepare(store.layout(), settings));
    let dir = store.layout().state_dir();
    let opened = frontiers(&dir)
        .map_err(|error| unwritable_or("opening the queue", &dir, error))?
        .ok_or_else(queue_busy)?;
    notes.extend(opened.notes);
    let log = CrawlLog::open(&store.layout().log_dir())
        .map_err(|e| AppError::failed("opening the crawl log", e))?;
    let mut left = None;
    let mut other = None;
    let (frontier, watched) = match take {
        Take::Queue => (opened.queue, Some(opened.watched)),
        Take::Due | Take::Jobs => {
            let view = ListView::of("queue", &opened.queue, clock_now);
            other = Some(view.map_err(queue_error)?);
            (opened.watched, None)
        }
        Take::Forever => {
            left = Some(opened.queue);
            (opened.watched, None)
        }
    };
    let readings = Readings::open(
        &store.layout().derived_dir(),
        settings.bytes(keys::STORE_DERIVED_BYTES_MAX),
    );
    let parts = Parts {
        readings,
        capturer: Arc::new(capturer),
        store: Arc::clone(&store),
        frontier,
        watched,
        state: opened.state,
        gate: Gate::new(settings.politeness_options()),
        timer,
        log,
    };
    let mut crawl = Crawl::new(parts, settings.crawl_options())
        .map_err(|e| AppError::failed("setting up the crawl", e))?;
    if let Some(mut queue) = left {
        let moved = crawl.take_over(&mut queue).map_err(crawl_error)?;
        queue.checkpoint().map_err(|e| AppError::failed("writing the queue", e))?;
        if moved > 0 {
            notes.push(format!("{moved} URLs that an earlier run left are looked at first"));
        }
    }
    let told = Told::of(store.layout());
    let say = told.clone();
    crawl.show_queue(QUEUE_SAID_EVERY, other, Box::new(move |view| say.say(view)));
    Ok((Running { crawl, store, network, told }, notes))
}

/// The timer of the machine.
#[must_use]
pub fn real_timer(clock: Arc<dyn Clock>) -> Arc<dyn Timer> {
    Arc::new(RealTimer(clock))
}

impl Running {
    /// The crawl.
    #[must_use]
    pub fn crawl(&self) -> &Crawl {
        &self.crawl
    }

    /// The jobs that are followed and whose last run did not come to its end.
    ///
    /// # Errors
    /// When the state tables cannot be read.
    pub fn unfinished_jobs(&self) -> Result<Vec<String>, AppError> {
        self.crawl.unfinished_jobs().map_err(crawl_error)
    }

    /// Where the archive lies.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        self.store.layout()
    }

    /// Lets the crawl take orders while it runs.
    pub fn take_orders(&mut self, orders: tokio::sync::mpsc::UnboundedReceiver<Order>) {
        self.crawl.take_orders(orders);
    }

    /// How jobs are made ready for an order, wherever the crawl is.
    #[must_use]
    pub fn preparer(&self) -> Preparer {
        let Network { settings, options, clock } = &self.network;
        Preparer(Network {
            settings: settings.clone(),
            options: options.clone(),
            clock: Arc::clone(clock),
        })
    }

    /// Runs one job.
    ///
    /// # Errors
    /// Trouble of ours; what was acknowledged before is safe.
    pub async fn run(
        &mut self,
        job: &Job,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Report, AppError> {
        self.crawl.run(job, observer, stop).await.map_err(crawl_error)
    }

    /// What one job would do first.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn plan(
        &mut self,
        job: &Job,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Vec<crate::crawl::Plan>, AppError> {
        self.crawl.plan(job, observer, stop).await.map_err(crawl_error)
    }

    /// What lets the evidence log follow while the crawl goes on.
    #[must_use]
    pub fn follower(&self) -> Follower {
        let Network { settings, clock, .. } = &self.network;
        Follower::new(&self.store, settings, Arc::clone(clock))
    }

    /// Ends it in order: the queue flushed, the WARC file sealed, the evidence log brought up to
    /// it. What went wrong with the index or the log.
    ///
    /// # Errors
    /// When the queue or the index cannot be flushed.
    pub fn close(self) -> Result<Vec<String>, AppError> {
        self.told.take_back();
        self.crawl.close().map_err(crawl_error)?;
        let (layout, trail) = (self.store.layout().clone(), self.store.trail());
        let mut notes = match Arc::try_unwrap(self.store) {
            Ok(store) => store.close().map_err(|e| store_error("closing the archive", e))?,
            // Someone still holds it; dropping the last handle ends it in order too.
            Err(_) => Vec::new(),
        };
        let Network { settings, clock, .. } = &self.network;
        let open = OpenFiles::Leave;
        notes.extend(evidence::follow(&layout, settings, &open, &trail, clock.now()));
        Ok(notes)
    }
}

/// Makes jobs ready while a crawl runs.
pub struct Preparer(Network);

impl Preparer {
    /// The order to follow these jobs from now on.
    ///
    /// # Errors
    /// When a job's settings do not fit.
    pub fn order(&self, jobs: &[JobSpec]) -> Result<Order, AppError> {
        Ok(Order::Jobs(self.0.rules(jobs)?))
    }
}

fn crawl_error(error: crate::crawl::CrawlError) -> AppError {
    use crate::crawl::CrawlError;
    let out_of_disk = error.is_out_of_disk();
    let error = match error {
        CrawlError::Store(error) => store_error("crawling", error),
        CrawlError::DiskFull { .. } => AppError::failed("crawling", error)
            .hint("free some disk or lower store.disk_free_min; the queue is kept, and `pressmark crawl` goes on with it"),
        error => AppError::failed("crawling", error),
    };
    AppError { out_of_disk, ..error }
}

/// The way to whoever is told of our own accord: receivers of webhooks, time-stamp authorities.
#[must_use]
pub fn route(settings: &Settings) -> Route {
    let some =
        |key: keys::TextKey| Some(settings.text(key).to_owned()).filter(|text| !text.is_empty());
    Route {
        proxy: some(keys::CAPTURE_PROXY),
        roots_file: some(keys::TLS_ROOTS_FILE).map(Into::into),
    }
}

/// A runtime for what is asynchronous.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, AppError> {
    // The network is the smaller part of the work: packing has as many threads as there are cores,
    // and a page that is handed between fewer threads costs less (2 % of a crawl on two cores).
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.div_ceil(2))
        .enable_all()
        .build()
        .map_err(|e| AppError::failed("starting", e))
}

/// Asks `stop` for an orderly stop at the first SIGINT or SIGTERM; the second ends the process.
pub fn stop_on_signals(stop: &Stop) {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = stop.clone();
    tokio::spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stop.asked() {
                // Records are durable at every moment, so a hard end loses only what is in flight.
                std::process::exit(130);
            }
            stop.ask();
        }
    });
}

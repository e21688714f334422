//! From settings to running parts: archive, network, queue, crawl.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Setup;
use super::blocks::Blocks;
use super::captures::given_captures;
use super::drand;
use super::error::{AppError, store_error, unwritable_or, writing_error};
use super::evidence::{self, Follower};
use super::frontiers::{frontiers, queue_busy, queue_error};
use super::hearing::Hearing;
use super::indexing::{Indexing, search_options};
use super::queue::QueueSnapshot;
use super::shared::{only_watch, shared_queue, worker};
use crate::base::{Clock, Timestamp};
use crate::capture::{CaptureOptions, Capturer, Proxy};
use crate::config::Settings;
use crate::config::keys;
use crate::crawl::JobRules;
use crate::crawl::log::CrawlLog;
use crate::crawl::{
    Crawl, Job, ListView, Observer, Order, Parts, RealTimer, Report, Stop, Take, Timer,
};
use crate::evidence::OpenFiles;
use crate::politeness::{Gate, RobotsReading};
use crate::readings::Readings;
use crate::schedule::{JobSpec, Queue};
use crate::search::saved::SavedSearch;
use crate::search::{Listener, Search, Upkeep};
use crate::store::layout::Layout;
use crate::store::upload::{Progress, Uploader};
use crate::store::{Reader, Store, StoreError, StoreOptions};

/// How often a run reports what is in its queue, for `status` and `due`.
const QUEUE_REPORTED_EVERY: Duration = Duration::from_secs(15);

/// A crawl and the archive it writes to.
pub struct Running {
    crawl: Crawl,
    store: Arc<Store>,
    readings: Readings,
    network: Network,
    snapshot: QueueSnapshot,
    /// What sends sealed files, where the settings say where to.
    uploader: Option<Uploader>,
    /// What ended, or ends, the run.
    stop: Stop,
}

/// What the network side of a job is made from.
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

/// The result of beginning a run.
pub enum Begun {
    /// It runs. What was repaired, as text.
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
    let (options, mut notes) = store_options(&setup.settings)?;
    let (layout, note) = super::objects::layout(&setup.settings, &setup.archive)?;
    notes.extend(note);
    let opened = Store::open(layout, options, timer.clock());
    let store = match opened {
        Ok((store, more)) => {
            notes.extend(more);
            store
        }
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

/// How the archive is written: with a trail for the evidence log, and captures where the settings say.
/// The second part says what was done there.
pub(super) fn store_options(settings: &Settings) -> Result<(StoreOptions, Vec<String>), AppError> {
    let (captures, notes) = given_captures(settings)?.unzip();
    let options = StoreOptions {
        mark: Some(crate::evidence::leaf::mark_of),
        captures,
        ..settings.store_options()
    };
    Ok((options, notes.unwrap_or_default()))
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
    let (options, mut notes) = store_options(settings)?;
    let (layout, note) = super::objects::layout(settings, archive)?;
    notes.extend(note);
    let (store, more) =
        Store::open(layout, options, timer.clock()).map_err(|e| opening_error(archive, e))?;
    notes.extend(more);
    assemble(settings, Opened { store, notes }, resolve, take, timer)
}

pub(super) fn opening_error(archive: &Path, error: StoreError) -> AppError {
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
    let shared = shared_queue(settings)?;
    let (frontier, watched): (Box<dyn Queue>, _) = match take {
        Take::Queue | Take::Due | Take::Jobs if shared.is_some() => return Err(only_watch()),
        Take::Queue => (Box::new(opened.queue), Some(opened.watched)),
        Take::Due | Take::Jobs => {
            let view = ListView::of("queue", &opened.queue, clock_now);
            other = Some(view.map_err(queue_error)?);
            (Box::new(opened.watched), None)
        }
        Take::Forever => {
            left = Some(opened.queue);
            match shared {
                None => (Box::new(opened.watched), None),
                Some(leases) => {
                    let own = opened.watched.counts();
                    if own.queued + own.waiting > 0 {
                        notes.push(format!(
                            "{} URLs of this archive's own queue are left unchanged: store.frontier names a shared queue",
                            own.queued + own.waiting
                        ));
                    }
                    (Box::new(worker(settings, store.layout().root(), leases)), None)
                }
            }
        }
    };
    let readings = Readings::open(
        &store.layout().derived_dir(),
        settings.bytes(keys::STORE_DERIVED_BYTES_MAX),
    );
    let parts = Parts {
        readings: readings.clone(),
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
    crawl.set_removed(evidence::removed_payloads(store.layout()));
    if let Some(mut queue) = left {
        let moved = crawl.take_over(&mut queue).map_err(crawl_error)?;
        queue.checkpoint().map_err(|e| AppError::failed("writing the queue", e))?;
        if moved > 0 {
            notes.push(format!("{moved} URLs that an earlier run left are visited first"));
        }
    }
    let snapshot = QueueSnapshot::of(store.layout());
    let shown = snapshot.clone();
    crawl.show_queue(QUEUE_REPORTED_EVERY, other, Box::new(move |view| shown.write(view)));
    let uploader = Uploader::start(
        store.layout().clone(),
        super::objects::upload_options(settings),
        Arc::clone(&network.clock),
        |note| tracing::warn!("{note}"),
    );
    let stop = Stop::default();
    Ok((Running { crawl, store, readings, network, snapshot, uploader, stop }, notes))
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

    /// The jobs that are followed and whose last run was not completed.
    ///
    /// # Errors
    /// When the state tables cannot be read.
    pub fn unfinished_jobs(&self) -> Result<Vec<String>, AppError> {
        self.crawl.unfinished_jobs().map_err(crawl_error)
    }

    /// Where the archive is.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        self.store.layout()
    }

    /// The archive, to read from while it is written.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.store.reader()
    }

    /// Counts of the files that are sent to an object storage; `None` where the settings name none.
    #[must_use]
    pub fn uploads(&self) -> Option<Arc<Progress>> {
        self.uploader.as_ref().map(Uploader::progress)
    }

    /// Where it writes.
    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The time.
    pub(super) fn now(&self) -> Timestamp {
        self.network.clock.now()
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
    /// An internal error; what was acknowledged before is safe.
    pub async fn run(
        &mut self,
        job: &Job,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Report, AppError> {
        self.stop = stop.clone();
        let Network { settings, clock, .. } = &self.network;
        drand::begin(self.store.layout(), settings, &self.store.rounds());
        let rounds = drand::refresh_every(
            self.store.layout().clone(),
            settings.clone(),
            self.store.rounds(),
            Arc::clone(clock),
        );
        tokio::select! {
            done = self.crawl.run(job, observer, stop) => done.map_err(crawl_error),
            never = rounds => match never {},
        }
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

    /// What lets the evidence log follow while the crawl is running.
    #[must_use]
    pub fn follower(&self) -> Follower {
        let Network { settings, clock, .. } = &self.network;
        Follower::new(&self.store, settings, Arc::clone(clock))
    }

    /// What brings captures of months that are over to blocks; `None` where the settings do not ask for it.
    #[must_use]
    pub fn blocks(&self) -> Option<Blocks> {
        let Network { settings, clock, .. } = &self.network;
        Blocks::new(self.store.reader(), settings, Arc::clone(clock))
    }

    /// What lets the index of words follow while the crawl is running.
    #[must_use]
    pub fn indexing(&self) -> Indexing {
        let settings = &self.network.settings;
        let options = search_options(settings, Upkeep::Regular);
        let search = Arc::new(Search::at(&self.store.layout().derived_dir(), options));
        Indexing::new(self.store.reader(), self.readings.clone(), search)
    }

    /// What checks the captures of the run for saved searches, and what is unexpected, as text. Without a search the
    /// position of earlier runs is deleted: a search that is saved later gets what is captured then.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub fn hearing(
        &self,
        searches: &[SavedSearch],
    ) -> Result<(Option<Hearing>, Option<String>), AppError> {
        let path = self.store.layout().saved_searches_file();
        if searches.is_empty() {
            let kept = Listener::forget(&path).err();
            return Ok((None, kept.map(|why| format!("{}: {why}", path.display()))));
        }
        let (reader, clock) = (self.store.reader(), Arc::clone(&self.network.clock));
        let (listener, note) = Listener::open(&path, &reader, clock.now())
            .map_err(|e| store_error("setting up saved searches", e))?;
        let archive = (reader, self.readings.clone());
        Ok((Some(Hearing::new(archive, clock, searches.to_vec(), listener)), note))
    }

    /// Ends it in order: the queue flushed, the WARC file sealed, the evidence log brought up to it, what was sealed
    /// sent to the object storage unless a stop was asked for. What went wrong with the index, the log or the storage.
    ///
    /// # Errors
    /// When the queue or the index cannot be flushed.
    pub fn close(self) -> Result<Vec<String>, AppError> {
        self.close_sending(Duration::ZERO)
    }

    /// The same, but that files are sent for so long after a stop was asked for.
    ///
    /// # Errors
    /// As [`Self::close`].
    pub fn close_sending(self, patience: Duration) -> Result<Vec<String>, AppError> {
        self.snapshot.remove();
        self.crawl.close().map_err(crawl_error)?;
        let (layout, trail) = (self.store.layout().clone(), self.store.trail());
        let rounds = self.store.rounds();
        let mut notes = match Arc::try_unwrap(self.store) {
            Ok(store) => store.close().map_err(|e| store_error("closing the archive", e))?,
            // Another handle still exists; dropping the last one ends it in order too.
            Err(_) => Vec::new(),
        };
        let Network { settings, clock, .. } = &self.network;
        let open = OpenFiles::Leave;
        notes.extend(evidence::follow(&layout, settings, &open, (&trail, &rounds), clock.now()));
        if let Some(uploader) = self.uploader {
            let (stop, began) = (self.stop, Instant::now());
            notes.extend(uploader.finish(&|| stop.asked() && began.elapsed() >= patience));
        }
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
            .hint("free some disk or lower store.disk_free_min; the queue is kept, and `pressmark crawl` continues it"),
        error => AppError::failed("crawling", error),
    };
    AppError { out_of_disk, ..error }
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
    // The signals are handled from when this returns, and not only once the task first runs.
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::spawn(async move {
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

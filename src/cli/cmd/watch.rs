//! `watch`

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::listening::not_listening;
use super::serve;
use crate::app::blocks::{Blocks, CHECKED_EVERY};
use crate::app::indexing::INDEXED_EVERY;
use crate::app::route::route;
use crate::app::run::{Begun, Preparer, Running, begin, real_timer, runtime, stop_on_signals};
use crate::app::{jobs, shared};
use crate::cli::args::WatchArgs;
use crate::cli::context::Context;
use crate::cli::handover::Inbox;
use crate::cli::progress::CrawlProgress;
use crate::cli::saved::SavedWatch;
use crate::cli::watcher::{Receivers, Watcher};
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::crawl::{Job, Observer, Order, RunProblem, Stop, Take};
use crate::remote::{Notifier, NotifyOptions};
use crate::schedule::JobSpec;
use crate::search::SearchChange;
use crate::search::saved::SavedSearch;
use crate::serve::{Beside, Serve, Server};
use crate::store::upload::UploadCounts;
use crate::telemetry::logs::LogFile;
use crate::telemetry::{EvidenceState, Metrics, UploadState, http};

/// How long messages may still take after the crawl has ended.
const LAST_MESSAGES: Duration = Duration::from_secs(10);
/// How long files may still be sent to the object storage after that: the last one is sealed only then.
const LAST_FILES: Duration = Duration::from_secs(5);
/// While the disk is full, it is checked after this time whether there is room again, doubling up to
/// [`ROOM_EVERY_MAX`].
const ROOM_EVERY_MIN: Duration = Duration::from_secs(1);
const ROOM_EVERY_MAX: Duration = Duration::from_secs(60);
/// With less than this a run that was ended by a full disk is not begun again, whatever
/// `store.disk_free_min` says: opening the archive needs some itself.
const ROOM_MIN: u64 = 8 << 20;

/// Fetches what is due when it is due, until a signal comes.
///
/// # Errors
/// Wrong jobs or settings (exit 2), or an internal error.
pub fn run(args: &WatchArgs, context: Context) -> Result<Exit, CliError> {
    let context = Arc::new(context.with_network(&args.network)?);
    let settings = &context.settings;
    let log = serve::start_log(settings)?;
    let specs = load(&context, &args.job)?;
    if specs.is_empty() {
        let dir = &context.jobs_dir;
        return Err(CliError::usage(format!("watch needs jobs, and there are none in {}", dir.display()))
            .hint("a job is a TOML file with a name and seeds or feeds; `pressmark watch --job FILE` names one, docs/reference/job-file.md describes it"));
    }
    let timer = real_timer(context.clock.clone());
    let (mut running, mut notes) = match begin(&context, &specs, Take::Forever, timer)? {
        Begun::Running(running, notes) => (*running, notes),
        Begun::Busy(error) => return Err(error.into()),
    };
    let metrics = Metrics::new(context.clock.now());
    metrics.set_jobs(specs.len());
    let receivers = Arc::new(Mutex::new(Receivers::of(&context, &specs)?));
    let stop = Stop::default();
    let notifier = Notifier::new(notify_options(&context), metrics.clone())
        .map_err(|e| CliError::failed("setting up messages", e))?;
    let saved = saved_watch(&context, &receivers, &metrics)?;
    let mut observer = Watcher {
        progress: context.out.on_terminal().then(|| CrawlProgress::new(&context.out)),
        metrics: metrics.clone(),
        notifier,
        receivers: Arc::clone(&receivers),
    };
    let runtime = runtime()?;
    // Signals are handled before the server's address is printed, which says that it runs.
    runtime.block_on(async { stop_on_signals(&stop) });
    let server = match &args.serve {
        Some(bind) => Some(runtime.block_on(serve(bind, &context, &metrics, &stop))?),
        None => None,
    };
    let jobs = Arc::new(Mutex::new(specs));
    let reload = Reload {
        context: Arc::clone(&context),
        named: args.job.clone(),
        preparer: running.preparer(),
        receivers,
        metrics: metrics.clone(),
        log,
        jobs: Arc::clone(&jobs),
        orders: Arc::default(),
    };
    let orders = Arc::clone(&reload.orders);
    let listening = runtime.block_on(async {
        // SIGHUP is handled from here on: until then it ends the process, and the next lines say that it runs.
        match signal(SignalKind::hangup()) {
            Ok(hangup) => drop(tokio::spawn(reload.on_hangup(hangup))),
            Err(why) => tracing::warn!(%why, "cannot listen for SIGHUP; jobs cannot be reloaded"),
        }
        listen(&context, &metrics).await
    })?;
    let ended = loop {
        notes.iter().for_each(|note| tracing::info!("{note}"));
        let (send, ordered) = tokio::sync::mpsc::unbounded_channel();
        running.take_orders(ordered);
        if let Some(progress) = running.uploads() {
            let clock = Arc::clone(&context.clock);
            metrics.set_uploads(move || upload_state(&progress.counts(clock.now())));
        }
        *lock(&orders) = Some(send.clone());
        let ended = watch(&context, running, send, (&mut observer, &saved), &stop, &runtime);
        *lock(&orders) = None;
        match ended {
            Err(error) if error.out_of_disk => {
                tracing::error!(%error, "the disk is full; fetching is paused");
                match after_room(&context, &jobs, &mut observer, &stop, &runtime)? {
                    Some(begun) => (running, notes) = begun,
                    None => break Ok(Exit::Stopped),
                }
            }
            ended => break ended,
        }
    };
    runtime.block_on(async {
        if let Some(task) = listening {
            task.abort();
        }
        if let Some(server) = server {
            // However the run ended, nothing is answered after it.
            stop.ask();
            let _ = server.await;
        }
        if let Some(progress) = &observer.progress {
            progress.finish();
        }
        let has_all = match Arc::into_inner(saved) {
            Some(saved) => saved.drain(LAST_MESSAGES).await,
            // A message is still being sent: it no longer arrives.
            None => false,
        };
        if !observer.notifier.drain(LAST_MESSAGES).await || !has_all {
            tracing::warn!(
                "some messages about new versions were not delivered in time and are lost"
            );
        }
    });
    ended
}

fn upload_state(counts: &UploadCounts) -> UploadState {
    UploadState {
        queued: (counts.queued_files, counts.queued_bytes),
        in_flight: counts.in_flight,
        failed: counts.failed_files,
        failures: counts.failures,
        verified: counts.verified,
        bytes: (counts.sent_bytes, counts.read_bytes),
        aborted: counts.aborted,
        lag_seconds: counts.lag.as_secs(),
    }
}

/// What sends the messages of saved searches.
fn saved_watch(
    context: &Context,
    receivers: &Mutex<Receivers>,
    metrics: &Metrics,
) -> Result<Arc<SavedWatch>, CliError> {
    let now = context.clock.now();
    let searches = SavedSearch::all(context.settings.list(keys::SEARCH_SAVED), now)
        .map_err(|why| CliError::usage(format!("search.saved: {why}")))?;
    let notifier = Notifier::new(notify_options(context), metrics.clone())
        .map_err(|e| CliError::failed("setting up messages", e))?;
    let receivers = lock(receivers).of_settings().to_vec();
    Ok(Arc::new(SavedWatch::new(searches, receivers, notifier)))
}

/// One run, until a signal or an error ends it.
fn watch(
    context: &Context,
    mut running: Running,
    orders: UnboundedSender<Order>,
    (observer, saved): (&mut Watcher, &Arc<SavedWatch>),
    stop: &Stop,
    runtime: &tokio::runtime::Runtime,
) -> Result<Exit, CliError> {
    let name = shared::own_job(&context.settings, &context.archive);
    let job = Job { take: Take::Forever, name, ..Job::of(Vec::new()) };
    let (follower, indexing) = (running.follower(), running.indexing());
    let (log, clock) = (follower.lag(), Arc::clone(&context.clock));
    observer.metrics.set_evidence(move || {
        let behind = log.behind();
        EvidenceState {
            unregistered: behind.unregistered,
            lag_seconds: behind.lag_seconds(clock.now()),
        }
    });
    let blocks = running.blocks();
    let (hearing, note) = running.hearing(saved.searches())?;
    note.iter().for_each(|note| tracing::warn!("{note}"));
    let checkpoint_every = context.settings.duration(keys::EVIDENCE_CHECKPOINT_EVERY);
    let inbox = Inbox::open(running.layout());
    tracing::info!("watching");
    let report = runtime.block_on(async {
        let following = tokio::spawn(follower.clone().follow_every(
            Duration::ZERO,
            checkpoint_every,
            |note| tracing::warn!("{note}"),
        ));
        let say = |note: &str| tracing::warn!("{note}");
        let indexed = tokio::spawn(indexing.clone().follow_every(INDEXED_EVERY, say));
        let in_blocks = blocks.clone().map(|blocks| {
            let done = |note: &str| tracing::info!("{note}");
            tokio::spawn(blocks.follow_every(CHECKED_EVERY, done, say))
        });
        let searching = hearing.clone().map(|hearing| {
            let saved = Arc::clone(saved);
            let tells = Arc::new(move |change: &SearchChange<'_>| saved.tell(change));
            tokio::spawn(hearing.follow_every(INDEXED_EVERY, tells, say))
        });
        let serving = match inbox {
            Ok(inbox) => Some(tokio::spawn(inbox.serve(orders))),
            Err(why) => {
                tracing::warn!(%why, "`crawl URL` cannot hand its URLs over to this process");
                None
            }
        };
        let report = running.run(&job, observer, stop).await;
        following.abort();
        in_blocks.iter().for_each(tokio::task::JoinHandle::abort);
        indexing.end();
        if let Some(hearing) = &hearing {
            hearing.end();
        }
        let _ = indexed.await;
        if let Some(searching) = searching {
            let _ = searching.await;
        }
        if let Some(serving) = serving {
            serving.abort();
            // URLs may be handed over until the task has ended.
            let _ = serving.await;
        }
        report
    });
    follower.end();
    blocks.iter().for_each(Blocks::end);
    // Of a shared queue this process has only its part, which it has given back.
    let is_shared = !context.settings.text(keys::STORE_FRONTIER).is_empty();
    let waiting = Some(running.crawl().frontier().counts()).filter(|_| !is_shared);
    let closed = running.close_sending(LAST_FILES);
    // The error that ended the run goes before errors of closing it: on a full disk both fail.
    let report = report?;
    for note in closed? {
        tracing::warn!("{note}");
    }
    super::crawl::keep(context, &report);
    tracing::info!(
        fetched = report.fetched,
        new = report.new,
        failed = report.failed,
        versions = report.versions,
        queued = waiting.as_ref().map(|counts| counts.queued),
        watched = waiting.as_ref().map(|counts| counts.waiting),
        "stopped; what is queued and watched is kept"
    );
    Ok(if report.stopped { Exit::Stopped } else { Exit::Done })
}

/// Waits until the disk has room again and begins again; `None` where a stop was asked for meanwhile.
fn after_room(
    context: &Context,
    jobs: &Mutex<Vec<JobSpec>>,
    observer: &mut Watcher,
    stop: &Stop,
    runtime: &tokio::runtime::Runtime,
) -> Result<Option<(Running, Vec<String>)>, CliError> {
    let wanted = context.settings.bytes(keys::STORE_DISK_FREE_MIN).max(ROOM_MIN);
    let free = || crate::store::disk_free(&context.archive);
    observer.trouble(&RunProblem::DiskLow { free: free().unwrap_or(0), wanted });
    let mut every = ROOM_EVERY_MIN;
    loop {
        runtime.block_on(async {
            tokio::select! {
                () = stop.wait() => {}
                () = tokio::time::sleep(every) => {}
            }
        });
        if stop.asked() {
            return Ok(None);
        }
        every = (every * 2).min(ROOM_EVERY_MAX);
        if free().is_some_and(|free| free < wanted) {
            continue;
        }
        let specs = lock(jobs).clone();
        match begin(context, &specs, Take::Forever, real_timer(context.clock.clone())) {
            Ok(Begun::Running(running, notes)) => {
                observer.trouble(&RunProblem::DiskBack);
                return Ok(Some((*running, notes)));
            }
            // Another process uses the disk space, or the archive, for now.
            Ok(Begun::Busy(error)) => {
                tracing::warn!(%error, "disk space is free again, but another process has the archive")
            }
            Err(error) if error.out_of_disk => tracing::warn!(%error, "the disk is full again"),
            Err(error) => return Err(error.into()),
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The value behind it is always replaced as a whole.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn load(context: &Context, named: &[String]) -> Result<Vec<JobSpec>, CliError> {
    let specs =
        if named.is_empty() { jobs::load_all(context) } else { jobs::load(context, named) }?;
    for warning in context.settings.warnings(&specs) {
        tracing::warn!("{warning}");
    }
    Ok(specs)
}

fn notify_options(context: &Context) -> NotifyOptions {
    let settings = &context.settings;
    let number = |key: keys::IntegerKey| settings.integer(key);
    NotifyOptions {
        queue_max: usize::try_from(number(keys::NOTIFY_QUEUE_MAX)).unwrap_or(usize::MAX),
        attempts_max: u32::try_from(number(keys::NOTIFY_ATTEMPTS_MAX)).unwrap_or(u32::MAX),
        user_agent: settings.user_agent(),
        route: route(settings),
        ..NotifyOptions::default()
    }
}

/// Begins to answer what `serve` answers, until a stop is asked for. The archive is there: the run has begun.
async fn serve(
    bind: &str,
    context: &Context,
    metrics: &Metrics,
    stop: &Stop,
) -> Result<tokio::task::JoinHandle<()>, CliError> {
    let options = serve::options(&context.settings)?;
    let replay_bind = serve::replay_bind(&context.settings);
    serve::check_rerouted(&options, replay_bind)?;
    let listening = serve::listen(bind, replay_bind).await?;
    serve::say_open(context, listening.address, &options);
    for line in serve::addresses(&listening, &options) {
        context.out.line(&line)?;
    }
    tracing::info!(address = %listening.address, "serving");
    let archive = context.open_archive_to_serve()?;
    let setup = Arc::new(context.as_setup());
    let beside: Arc<dyn Beside> = Arc::new(serve::Watched(metrics.clone()));
    let state = Arc::new(Serve::new(setup, archive, options, Some(beside)));
    let stop = stop.clone();
    Ok(tokio::spawn(Server::new(state, listening).run(async move { stop.wait().await })))
}

async fn listen(
    context: &Context,
    metrics: &Metrics,
) -> Result<Option<tokio::task::JoinHandle<()>>, CliError> {
    let bind = context.settings.text(keys::WATCH_METRICS_BIND);
    if bind.is_empty() {
        return Ok(None);
    }
    let (address, task) =
        http::serve(bind, metrics.clone()).await.map_err(|why| not_listening(bind, &why))?;
    tracing::info!(%address, "answering /healthz and /metrics");
    Ok(Some(task))
}

/// Reads the jobs again at every SIGHUP.
struct Reload {
    context: Arc<Context>,
    named: Vec<String>,
    preparer: Preparer,
    receivers: Arc<Mutex<Receivers>>,
    metrics: Metrics,
    log: Option<LogFile>,
    /// The jobs as they were read last.
    jobs: Arc<Mutex<Vec<JobSpec>>>,
    /// Where the run takes orders from, while there is one.
    orders: Arc<Mutex<Option<UnboundedSender<Order>>>>,
}

impl Reload {
    async fn on_hangup(self, mut hangup: Signal) {
        while hangup.recv().await.is_some() {
            self.reopen_logs();
            let worked = self.once();
            self.metrics.reloaded(worked.is_ok());
            match worked {
                Ok(jobs) => tracing::info!(jobs, "the jobs were reloaded"),
                // A mistake in a file must not stop a crawl that runs for years.
                Err(why) => tracing::error!(%why, "the jobs stay as they were"),
            }
        }
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &*lock(&self.orders) {
            // If the receiver is gone, the crawl has ended.
            let _ = orders.send(order);
        }
    }

    /// Whatever the job files say: a log that was moved away is created again.
    fn reopen_logs(&self) {
        self.order(Order::ReopenLog);
        if let Some(Err(why)) = self.log.as_ref().map(LogFile::reopen) {
            tracing::error!(%why, "cannot reopen the log; it continues where it was");
        }
    }

    fn once(&self) -> Result<usize, CliError> {
        let specs = load(&self.context, &self.named)?;
        let order = self.preparer.order(&specs)?;
        let receivers = Receivers::of(&self.context, &specs)?;
        *lock(&self.receivers) = receivers;
        self.metrics.set_jobs(specs.len());
        self.metrics.keep_jobs(|job| specs.iter().any(|spec| spec.name == job));
        let count = specs.len();
        *lock(&self.jobs) = specs;
        self.order(order);
        Ok(count)
    }
}

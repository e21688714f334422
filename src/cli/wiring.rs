//! From settings to running parts: archive, network, queue, crawl.

use std::path::Path;
use std::sync::Arc;

use super::CliError;
use super::context::{Context, store_error};
use crate::base::Clock;
use crate::capture::Capturer;
use crate::config::Settings;
use crate::crawl::log::CrawlLog;
use crate::crawl::{Crawl, Job, Observer, Parts, RealTimer, Report, Stop, Take, Timer};
use crate::kv::{Kv, KvOptions};
use crate::politeness::Gate;
use crate::schedule::{Frontier, FrontierOptions};
use crate::store::Store;
use crate::store::layout::Layout;

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
}

/// Opens the queue and the list of an archive.
///
/// # Errors
/// When there is no archive, or another process uses it.
pub fn open_frontiers(context: &Context) -> Result<Frontiers, CliError> {
    let layout = Layout::new(&context.archive);
    layout.check().map_err(|e| store_error("opening the archive", e))?;
    frontiers(&layout)
}

fn frontiers(layout: &Layout) -> Result<Frontiers, CliError> {
    let dir = layout.state_dir();
    let fail = |why: String| {
        CliError::failed("opening the queue", why)
            .hint("another process may be crawling into this archive; wait until it is done")
    };
    let (kv, mut notes) =
        Kv::open(&dir.join("kv"), &KvOptions::default()).map_err(|e| fail(e.to_string()))?;
    let state = Arc::new(kv);
    let mut open = |name: &str| {
        let mut options = FrontierOptions::new(&dir);
        name.clone_into(&mut options.name);
        let (frontier, opened) =
            Frontier::open(&state, options).map_err(|e| fail(e.to_string()))?;
        if !opened.requeued.is_empty() {
            notes.push(format!(
                "{name}: {} URLs were in flight when the last run ended, and are queued again",
                opened.requeued.len()
            ));
        }
        Ok::<_, CliError>(frontier)
    };
    let queue = open("queue")?;
    let watched = open("watched")?;
    Ok(Frontiers { queue, watched, state, notes })
}

/// A crawl and the archive it writes to.
pub struct Running {
    crawl: Crawl,
    store: Arc<Store>,
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
) -> Result<(Running, Vec<String>), CliError> {
    let clock: Arc<dyn Clock> = timer.clock();
    let (store, mut notes) = Store::open(archive, settings.store_options(), Arc::clone(&clock))
        .map_err(|e| store_error(&format!("opening the archive in {}", archive.display()), e))?;
    let store = Arc::new(store);
    let mut options = settings.capture_options(resolve).map_err(CliError::usage)?;
    options.spool_dir = Some(store.layout().tmp_dir());
    let capturer = Capturer::new(options, clock)
        .map_err(|e| CliError::usage(format!("setting up the network: {e}")))?;
    let opened = frontiers(store.layout())?;
    notes.extend(opened.notes);
    let log = CrawlLog::open(&store.layout().log_dir())
        .map_err(|e| CliError::failed("opening the crawl log", e))?;
    let (frontier, watched) = match take {
        Take::Queue => (opened.queue, Some(opened.watched)),
        Take::Due => (opened.watched, None),
    };
    let parts = Parts {
        capturer: Arc::new(capturer),
        store: Arc::clone(&store),
        frontier,
        watched,
        state: opened.state,
        gate: Gate::new(settings.politeness_options()),
        timer,
        log,
    };
    let crawl = Crawl::new(parts, settings.crawl_options())
        .map_err(|e| CliError::failed("setting up the crawl", e))?;
    Ok((Running { crawl, store }, notes))
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

    /// Runs one job.
    ///
    /// # Errors
    /// Trouble of ours; what was acknowledged before is safe.
    pub async fn run(
        &mut self,
        job: &Job,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Report, CliError> {
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
    ) -> Result<Vec<crate::crawl::Plan>, CliError> {
        self.crawl.plan(job, observer, stop).await.map_err(crawl_error)
    }

    /// Ends it in order: the queue flushed, the WARC file sealed. What went wrong with the index.
    ///
    /// # Errors
    /// When the queue or the index cannot be flushed.
    pub fn close(self) -> Result<Vec<String>, CliError> {
        self.crawl.close().map_err(crawl_error)?;
        match Arc::try_unwrap(self.store) {
            Ok(store) => store.close().map_err(|e| store_error("closing the archive", e)),
            // Someone still holds it; dropping the last handle ends it in order too.
            Err(_) => Ok(Vec::new()),
        }
    }
}

fn crawl_error(error: crate::crawl::CrawlError) -> CliError {
    use crate::crawl::CrawlError;
    match error {
        CrawlError::Store(error) => store_error("crawling", error),
        CrawlError::DiskFull { .. } => CliError::failed("crawling", error)
            .hint("free some disk or lower store.disk_free_min; the queue is kept, and `pressmark crawl` goes on with it"),
        error => CliError::failed("crawling", error),
    }
}

/// A runtime for what is asynchronous.
///
/// # Errors
/// When the system gives no threads.
pub fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| CliError::failed("starting", e))
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

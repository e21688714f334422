//! `watch`

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::base::TargetUri;
use crate::cli::args::WatchArgs;
use crate::cli::context::Context;
use crate::cli::jobs;
use crate::cli::progress::CrawlProgress;
use crate::cli::wiring::{Begun, Preparer, begin, real_timer, route, runtime, stop_on_signals};
use crate::cli::{CliError, Exit};
use crate::crawl::{Finished, Job, News, Observer, Order, Stop, Take, Trouble};
use crate::remote::{Notifier, NotifyOptions, Receiver};
use crate::schedule::JobSpec;
use crate::telemetry::logs::{self, Form};
use crate::telemetry::{Metrics, http};

/// How long messages may still take after the crawl has ended.
const LAST_MESSAGES: Duration = Duration::from_secs(10);

/// Fetches what is due when it is due, until a signal comes.
///
/// # Errors
/// Wrong jobs or settings (exit 2), or trouble of ours.
pub fn run(args: &WatchArgs, context: Context) -> Result<Exit, CliError> {
    let context = Arc::new(context.with_network(&args.network)?);
    let settings = &context.settings;
    let form = if settings.text("log.format") == "json" { Form::Json } else { Form::Text };
    logs::start(settings.text("log.level"), form);
    let specs = load(&context, &args.job)?;
    if specs.is_empty() {
        let dir = context.jobs_dir();
        return Err(CliError::usage(format!("watch follows jobs, and there are none in {}", dir.display()))
            .hint("a job is a TOML file with a name and seeds or feeds; `pressmark watch --job FILE` names one, docs/reference/job-file.md describes it"));
    }
    let timer = real_timer(context.clock.clone());
    let (mut running, notes) = match begin(&context, &specs, Take::Forever, timer)? {
        Begun::Running(running, notes) => (running, notes),
        Begun::Busy(error) => return Err(error),
    };
    for note in notes {
        tracing::info!("{note}");
    }
    let metrics = Metrics::new(context.clock.now());
    metrics.set_jobs(specs.len());
    let receivers = Arc::new(Mutex::new(Receivers::of(&context, &specs)?));
    let (orders, ordered) = tokio::sync::mpsc::unbounded_channel();
    running.take_orders(ordered);
    let reload = Reload {
        context: Arc::clone(&context),
        named: args.job.clone(),
        preparer: running.preparer(),
        receivers: Arc::clone(&receivers),
        metrics: metrics.clone(),
        orders,
    };
    let job = Job { take: Take::Forever, ..Job::of(Vec::new()) };
    let stop = Stop::default();
    let notifier = Notifier::new(notify_options(&context), metrics.clone())
        .map_err(|e| CliError::failed("setting up messages", e))?;
    let mut observer = Watcher {
        progress: context.out.on_terminal().then(|| CrawlProgress::new(&context.out)),
        metrics: metrics.clone(),
        notifier,
        receivers,
    };
    let runtime = runtime()?;
    let follower = running.follower();
    let checkpoint_every = settings.duration("evidence.checkpoint_every");
    tracing::info!(jobs = specs.len(), "watching");
    let report = runtime.block_on(async {
        stop_on_signals(&stop);
        let reloading = tokio::spawn(reload.on_hangup());
        let following = tokio::spawn(follower.clone().follow_every(
            Duration::ZERO,
            checkpoint_every,
            |note| tracing::warn!("{note}"),
        ));
        let listening = listen(&context, &metrics).await?;
        let report = running.run(&job, &mut observer, &stop).await;
        reloading.abort();
        following.abort();
        if let Some(task) = listening {
            task.abort();
        }
        if let Some(progress) = &observer.progress {
            progress.finish();
        }
        if !observer.notifier.drain(LAST_MESSAGES).await {
            tracing::warn!("some messages about new versions did not arrive in time and are lost");
        }
        report
    });
    follower.end();
    let waiting = running.crawl().frontier().counts();
    for note in running.close()? {
        tracing::warn!("{note}");
    }
    let report = report?;
    super::crawl::keep(&context, &report);
    tracing::info!(
        fetched = report.fetched,
        new = report.new,
        failed = report.failed,
        versions = report.versions,
        queued = waiting.queued,
        watched = waiting.waiting,
        "stopped; what is queued and watched is kept"
    );
    Ok(if report.stopped { Exit::Stopped } else { Exit::Done })
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
    let number = |key: &str| settings.integer(key);
    NotifyOptions {
        queue_max: usize::try_from(number("notify.queue_max")).unwrap_or(usize::MAX),
        attempts_max: u32::try_from(number("notify.attempts_max")).unwrap_or(u32::MAX),
        user_agent: settings.user_agent(),
        route: route(settings),
        ..NotifyOptions::default()
    }
}

async fn listen(
    context: &Context,
    metrics: &Metrics,
) -> Result<Option<tokio::task::JoinHandle<()>>, CliError> {
    let bind = context.settings.text("watch.metrics_bind");
    if bind.is_empty() {
        return Ok(None);
    }
    let (address, task) = http::serve(bind, metrics.clone())
        .await
        .map_err(|why| CliError::failed(&format!("listening on {bind}"), why))?;
    tracing::info!(%address, "answering /healthz and /metrics");
    Ok(Some(task))
}

/// Who is told of whose pages.
struct Receivers {
    jobs: HashMap<String, Vec<Receiver>>,
    others: Vec<Receiver>,
}

impl Receivers {
    fn of(context: &Context, specs: &[JobSpec]) -> Result<Self, CliError> {
        let mut others = Vec::new();
        let webhook = context.settings.text("notify.webhook");
        if !webhook.is_empty() {
            let uri = TargetUri::parse(webhook)
                .map_err(|why| CliError::usage(format!("notify.webhook: {why}")))?;
            others.push(Receiver::Webhook(uri));
        }
        let command = context.settings.list("notify.command").to_vec();
        if !command.is_empty() {
            others.push(Receiver::Command(command));
        }
        let mut jobs = HashMap::new();
        for spec in specs {
            let mut own = Vec::new();
            own.extend(spec.notify.webhook.clone().map(Receiver::Webhook));
            if !spec.notify.command.is_empty() {
                own.push(Receiver::Command(spec.notify.command.clone()));
            }
            if !own.is_empty() {
                jobs.insert(spec.name.clone(), own);
            }
        }
        Ok(Self { jobs, others })
    }
}

impl Receivers {
    /// Who is told of a page of these jobs: each once, on behalf of the first job that names it. A job
    /// that names nobody has those of the settings told.
    fn of_jobs<'a>(&'a self, jobs: &'a [String]) -> Vec<(&'a Receiver, &'a str)> {
        let mut told: Vec<(&Receiver, &str)> = Vec::new();
        for job in jobs {
            for receiver in self.jobs.get(job).unwrap_or(&self.others) {
                if !told.iter().any(|(other, _)| *other == receiver) {
                    told.push((receiver, job));
                }
            }
        }
        told
    }
}

/// Reads the jobs again at every SIGHUP.
struct Reload {
    context: Arc<Context>,
    named: Vec<String>,
    preparer: Preparer,
    receivers: Arc<Mutex<Receivers>>,
    metrics: Metrics,
    orders: UnboundedSender<Order>,
}

impl Reload {
    async fn on_hangup(self) {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut hangup) = signal(SignalKind::hangup()) else {
            tracing::warn!("SIGHUP cannot be heard; the jobs stay as they are");
            return;
        };
        while hangup.recv().await.is_some() {
            let worked = self.once();
            self.metrics.reloaded(worked.is_ok());
            match worked {
                Ok(jobs) => tracing::info!(jobs, "the jobs were read again"),
                // A mistake in a file must not stop a crawl that runs for years.
                Err(why) => tracing::error!(%why, "the jobs stay as they were"),
            }
        }
    }

    fn once(&self) -> Result<usize, CliError> {
        let specs = load(&self.context, &self.named)?;
        let order = self.preparer.order(&specs)?;
        let receivers = Receivers::of(&self.context, &specs)?;
        *self.receivers.lock().unwrap_or_else(PoisonError::into_inner) = receivers;
        self.metrics.set_jobs(specs.len());
        // Where nobody listens any more the crawl has ended.
        let _ = self.orders.send(order);
        Ok(specs.len())
    }
}

/// Counts, shows and tells.
struct Watcher {
    /// On a terminal alone; elsewhere the log says what there is to say.
    progress: Option<CrawlProgress>,
    metrics: Metrics,
    notifier: Notifier,
    receivers: Arc<Mutex<Receivers>>,
}

impl Observer for Watcher {
    fn finished(&mut self, done: &Finished) {
        self.metrics.finished(done);
        if let Some(progress) = &mut self.progress {
            progress.finished(done);
        }
    }

    fn progress(&mut self, done: u64, in_flight: usize, queued: u64) {
        self.metrics.progress(done, in_flight, queued);
        if let Some(progress) = &mut self.progress {
            progress.progress(done, in_flight, queued);
        }
    }

    fn left_out(&mut self, rule: &str) {
        self.metrics.left_out(rule);
    }

    fn note(&mut self, what: &str) {
        tracing::warn!("{what}");
    }

    fn news(&mut self, news: &News) {
        self.metrics.news(news);
        let mut kinds: Vec<&str> = news.kinds().collect();
        kinds.dedup();
        let (kinds, stealth) = (kinds.join(","), news.version.stealth);
        let job = news.jobs.join(", ");
        tracing::info!(url = %news.uri, %job, %kinds, stealth, "new version");
        let receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        for (receiver, job) in receivers.of_jobs(&news.jobs) {
            let mut body = news.to_json();
            body["job"] = job.into();
            self.notifier.tell(receiver, body.to_string().into_bytes());
        }
    }

    fn trouble(&mut self, trouble: &Trouble) {
        self.metrics.trouble(trouble);
        match trouble {
            Trouble::DiskLow { free, wanted } => {
                tracing::error!(free, wanted, "too little disk is free; fetching is paused");
            }
            Trouble::DiskBack => tracing::info!("there is disk again; fetching goes on"),
            Trouble::Stalled { since } => {
                let since = since.to_rfc3339();
                tracing::error!(%since, "stalled: something is due and nothing is fetched");
            }
            Trouble::Moving => tracing::info!("no longer stalled"),
        }
    }
}

//! `crawl`

use std::time::Duration;

use crate::answers::report::ReportJson;
use crate::app::indexing::INDEXED_EVERY;
use crate::app::jobs;
use crate::app::run::{Begun, begin, real_timer, runtime, stop_on_signals};
use crate::app::sending;
use crate::base::TargetUri;
use crate::cli::args::CrawlArgs;
use crate::cli::context::Context;
use crate::cli::handover::{Asked, Request, Standing};
use crate::cli::output::Format;
use crate::cli::progress::CrawlProgress;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::crawl::{Job, Observer, Report, Stop, Take};
use crate::render;
use crate::schedule::{Credentials, JobSpec, Overlap, Phase, Queue};
use crate::store::{Layout, StoreError};

/// Captures URLs and what they need until nothing is left in scope, then prints a report.
///
/// # Errors
/// Wrong URLs or settings (exit 2), or an internal error.
pub fn run(args: &CrawlArgs, context: Context) -> Result<Exit, CliError> {
    let context = context.with_network(&args.network)?;
    let mut job = job_of(args, &context)?;
    let jobs = jobs_of(args, &context)?;
    for warning in context.settings.warnings(&jobs) {
        context.out.say(&format!("pressmark: {warning}"));
    }
    // What an earlier run left can be continued where there is an archive.
    let asks_for_nothing = args.urls.is_empty() && args.job.is_empty() && !args.due;
    if asks_for_nothing && Layout::new(&context.archive).check().is_err_and(|e| is_absent(&e)) {
        return Err(nothing_to_crawl("there is no archive with a queue to continue"));
    }
    if args.dry_run {
        return super::dry_run::run(&job, &jobs, &context);
    }
    if args.due && args.urls.is_empty() && only_sends(&context) {
        return send_left(&context);
    }
    let (mut running, notes) = loop {
        let timer = real_timer(context.clock.clone());
        match begin(&context, &jobs, job.take, timer)? {
            Begun::Running(running, notes) => break (running, notes),
            Begun::Busy(error) => match overlap(args, &jobs) {
                None if !args.due && !job.seeds.is_empty() => {
                    match hand_over(args, &context, &mut job, error.into())? {
                        Some(exit) => return Ok(exit),
                        // The process that took them has ended: this process captures what is left.
                        None => continue,
                    }
                }
                None => return Err(error.into()),
                Some(Overlap::Queue) => {
                    context.out.say("another run is active in this archive; waiting for it to end");
                    std::thread::sleep(TURN_EVERY);
                }
                Some(Overlap::Skip | Overlap::Resume) => {
                    context.out.say("another run is active in this archive; it continues with what is due, and this run is skipped");
                    return Ok(Exit::Done);
                }
            },
        }
    };
    for note in notes {
        context.out.warn(&note);
    }
    let left = running.crawl().frontier().counts();
    if asks_for_nothing && left.queued + left.in_flight == 0 {
        running.close()?.iter().for_each(|note| context.out.warn(note));
        return Err(nothing_to_crawl("no earlier run left anything in the queue"));
    }
    if job.take == Take::Queue {
        say_left(&context, running.crawl().frontier())?;
    }
    if job.take == Take::Jobs {
        let unfinished = running.unfinished_jobs()?;
        if !unfinished.is_empty() {
            context.out.say(&format!("continuing the last run of {}", unfinished.join(", ")));
        }
    }
    let runtime = runtime()?;
    let stop = Stop::default();
    let mut progress = CrawlProgress::new(&context.out);
    let (follower, indexing) = (running.follower(), running.indexing());
    let every = context.settings.duration(keys::EVIDENCE_CHECKPOINT_EVERY);
    let report = runtime.block_on(async {
        stop_on_signals(&stop);
        let out = context.out.clone();
        let say = move |note: &str| out.warn(note);
        let following = tokio::spawn(follower.clone().follow_every(every, every, say));
        // After a short crawl, the first search brings the index up to date.
        let out = context.out.clone();
        let say = move |note: &str| out.warn(note);
        let indexed = tokio::spawn(indexing.clone().follow_every(INDEXED_EVERY * 5, say));
        let report = running.run(&job, &mut progress, &stop).await;
        following.abort();
        indexing.end();
        let _ = indexed.await;
        report
    });
    follower.end();
    progress.finish();
    // A run that is stopped leaves it to the next one.
    match running.blocks().filter(|_| !stop.asked()).map(|blocks| blocks.once()) {
        None => {}
        Some(Ok(done)) => done.iter().for_each(|note| context.out.say(note)),
        Some(Err(why)) => context.out.warn(&why),
    }
    let notes = running.close()?;
    for note in notes {
        context.out.warn(&note);
    }
    let report = report?;
    keep(&context, &report);
    end(args, &context, &report)
}

/// Whether `crawl --due` has nothing to do but to send files: where a queue is shared, only a `watch` visits hosts.
fn only_sends(context: &Context) -> bool {
    let is_set = |key| !context.settings.text(key).is_empty();
    is_set(keys::STORE_FRONTIER) && is_set(keys::STORE_REMOTE)
}

/// Sends to the object storage what is only here. Exit 1 where something is left.
fn send_left(context: &Context) -> Result<Exit, CliError> {
    let stop = Stop::default();
    let runtime = runtime()?;
    runtime.block_on(async { stop_on_signals(&stop) });
    let (notes, is_complete) = sending::send_left(context, &context.clock, &stop)?;
    notes.iter().for_each(|note| context.out.warn(note));
    Ok(match is_complete {
        _ if stop.asked() => Exit::Stopped,
        false => Exit::Failed,
        true => {
            context.out.say(
                "nothing was fetched, since store.frontier names a shared queue; every sealed file is in the object storage",
            );
            Exit::Done
        }
    })
}

/// Prints the report, and returns how the process ends.
fn end(args: &CrawlArgs, context: &Context, report: &Report) -> Result<Exit, CliError> {
    match context.out.format() {
        Format::Json => context.out.json(&ReportJson::from(report))?,
        Format::Text => context.out.lines(&render::report::lines(report, &goes_on(args)))?,
    }
    Ok(if report.stopped {
        Exit::Stopped
    } else if report.is_in_vain() {
        context.out.warn("none of the requested URLs could be captured");
        Exit::Failed
    } else if args.strict && report.has_failures() {
        Exit::Findings
    } else {
        Exit::Done
    })
}

/// With more than this many URLs left, all are reported as continued: counting them would take too long.
const COUNTED_MAX: u64 = 10_000;

/// Says what an earlier run left: what this one continues with, and what waits for its host for longer
/// than a run waits.
fn say_left(context: &Context, frontier: &dyn Queue) -> Result<(), CliError> {
    let left = frontier.counts().queued;
    if left == 0 {
        return Ok(());
    }
    let until = context.clock.now().plus(context.settings.duration(keys::CRAWL_WAIT_MAX));
    let mut waits = None;
    let mut goes_on = 0_u64;
    for item in frontier.due() {
        let item = item.map_err(|e| CliError::failed("reading the queue", e))?;
        if item.at > until {
            waits = Some(item.at);
            break;
        }
        goes_on += u64::from(item.phase == Phase::Queued);
        if goes_on >= COUNTED_MAX {
            goes_on = left;
            break;
        }
    }
    if goes_on > 0 {
        context.out.say(&format!("continuing with {goes_on} URLs that an earlier run left"));
    }
    if let (true, Some(at)) = (left > goes_on, waits) {
        let (rest, at) = (left - goes_on, at.to_rfc3339());
        context.out.say(&format!(
            "{rest} URLs that an earlier run left wait for their hosts; the first until {at}"
        ));
    }
    Ok(())
}

/// Hands the URLs to the process that watches this archive, and reports what became of them when all
/// are captured; `None` where that process ended before, with what is left in `job`.
fn hand_over(
    args: &CrawlArgs,
    context: &Context,
    job: &mut Job,
    busy: CliError,
) -> Result<Option<Exit>, CliError> {
    let fail = |why: std::io::Error| CliError::failed("handing the URLs over", why);
    let layout = Layout::new(&context.archive);
    let request = Request {
        urls: job.seeds.iter().map(ToString::to_string).collect(),
        depth: job.depth,
        requisites: job.requisites,
        pages_max: job.pages_max,
    };
    if args.network.is_set() {
        let hint = "the process that has the archive open uses its own network settings; omit the network flags to hand the URLs over to it";
        return Err(busy.hint(hint));
    }
    if !job.credentials.is_empty() {
        let hint = "a URL with a user and a password is not handed over to the process that has the archive open; put the URL into a job of that process";
        return Err(busy.hint(hint));
    }
    let Some(mut asked) = Asked::of(&layout, &request).map_err(fail)? else { return Err(busy) };
    let process = asked.process.clone();
    context
        .out
        .say(&format!("process {process} watches this archive and captures the requested URLs"));
    let runtime = runtime()?;
    let stop = Stop::default();
    let mut progress = CrawlProgress::new(&context.out);
    let now = context.clock.now();
    let mut report = Report { job: job.name.clone(), started: now, ..Report::default() };
    let mut left: Vec<TargetUri> = job.seeds.clone();
    let over = runtime.block_on(async {
        stop_on_signals(&stop);
        loop {
            let standing = asked.look(&mut |result| {
                report.versions += result.versions;
                report.changes += result.changes;
                if let Some(finished) = result.finished() {
                    left.retain(|uri| *uri != finished.uri);
                    report.count(&finished);
                    progress.finished(&finished);
                }
            })?;
            match standing {
                Standing::Open if stop.asked() => return Ok(Standing::Over(None)),
                Standing::Open => {
                    tokio::select! {
                        () = stop.wait() => {}
                        () = tokio::time::sleep(POLL_EVERY) => {}
                    }
                }
                over => return Ok(over),
            }
        }
    });
    progress.finish();
    report.finished = context.clock.now();
    report.left = left.len() as u64;
    report.stopped = stop.asked();
    match over.map_err(fail)? {
        Standing::Withdrawn => {
            context.out.say(&format!("process {process} has ended; continuing without it"));
            job.seeds = left;
            if job.seeds.is_empty() {
                return end(args, context, &report).map(Some);
            }
            Ok(None)
        }
        Standing::Over(why) => {
            if let Some(why) = why {
                context.out.warn(&format!("process {process}: {why}"));
            }
            if report.stopped {
                context.out.say(&format!("process {process} still captures what is left"));
            }
            end(args, context, &report).map(Some)
        }
        // Not reached: the loop polls until it is over.
        Standing::Open => end(args, context, &report).map(Some),
    }
}

/// How often the results are polled.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// The command that continues what a run leaves: URLs of jobs are in another list than those that
/// were requested by name.
fn goes_on(args: &CrawlArgs) -> String {
    let mut command = "pressmark crawl".to_owned();
    for job in &args.job {
        command.push_str(&format!(" --job {job}"));
    }
    if args.due {
        command.push_str(" --due");
    }
    command
}

fn is_absent(error: &StoreError) -> bool {
    matches!(error, StoreError::NoArchive { .. })
}

fn nothing_to_crawl(why: &str) -> CliError {
    CliError::usage(format!("crawl needs URLs, --job FILE or --due: {why}"))
        .hint("`pressmark crawl URL` captures a page; `pressmark crawl --help` lists the rest")
}

/// How often it is checked whether another run has ended.
const TURN_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// The jobs of a run. `--due` follows all there are, since what is due may be of any.
fn jobs_of(args: &CrawlArgs, context: &Context) -> Result<Vec<JobSpec>, CliError> {
    if args.job.is_empty() && args.due {
        return Ok(jobs::load_all(context)?);
    }
    Ok(jobs::load(context, &args.job)?)
}

/// What the jobs say about a run that comes while another is going on: the most patient counts.
fn overlap(args: &CrawlArgs, jobs: &[JobSpec]) -> Option<Overlap> {
    if args.job.is_empty() {
        return None;
    }
    let waits = jobs.iter().any(|job| job.overlap == Overlap::Queue);
    Some(if waits { Overlap::Queue } else { Overlap::Resume })
}

fn job_of(args: &CrawlArgs, context: &Context) -> Result<Job, CliError> {
    let mut seeds = Vec::with_capacity(args.urls.len());
    let mut credentials = Credentials::default();
    for url in &args.urls {
        let (uri, user) = TargetUri::given(url)
            .map_err(|e| CliError::usage(e).hint("a URL begins with http:// or https://"))?;
        if let Some(user) = user {
            credentials.add_user(uri.clone(), &user);
        }
        seeds.push(uri.without_fragment());
    }
    if args.due && !seeds.is_empty() {
        return Err(CliError::usage("--due takes no URLs, only what the schedule says"));
    }
    let settings = &context.settings;
    let pages_max = args.pages_max.unwrap_or_else(|| settings.integer(keys::CRAWL_PAGES_MAX));
    let depth = args.depth.unwrap_or_else(|| settings.integer(keys::CRAWL_DEPTH));
    Ok(Job {
        name: "cli".to_owned(),
        seeds,
        credentials,
        depth: u32::try_from(depth).unwrap_or(u32::MAX),
        requisites: args.requisites || settings.bool(keys::CRAWL_REQUISITES),
        pages_max: (pages_max > 0).then_some(pages_max),
        take: match (args.due, args.job.is_empty()) {
            (true, _) => Take::Due,
            (false, false) => Take::Jobs,
            (false, true) => Take::Queue,
        },
        once: false,
    })
}

/// Keeps the report for `status`. A report that cannot be kept is no reason to fail.
pub(super) fn keep(context: &Context, report: &Report) {
    let path = crate::store::layout::Layout::new(&context.archive).last_run_file();
    let text = serde_json::to_string(&ReportJson::from(report)).map_err(std::io::Error::other);
    if let Err(why) = text.and_then(|text| std::fs::write(&path, text + "\n")) {
        context.out.warn(&format!("{}: {why}", path.display()));
    }
}

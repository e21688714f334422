//! `crawl`

use std::time::Duration;

use serde_json::{Value, json};

use crate::app::jobs;
use crate::app::run::{Begun, begin, real_timer, runtime, stop_on_signals};
use crate::base::{ByteSize, TargetUri};
use crate::cli::args::CrawlArgs;
use crate::cli::context::Context;
use crate::cli::handover::{Asked, Request, Standing};
use crate::cli::output::Format;
use crate::cli::progress::CrawlProgress;
use crate::cli::{CliError, Exit};
use crate::config::keys;
use crate::crawl::{Job, Observer, Report, Stop, Take};
use crate::schedule::{Credentials, Frontier, JobSpec, Overlap, Phase};
use crate::store::{Layout, StoreError};

/// Captures URLs and what they need until nothing is left in scope, then prints a report.
///
/// # Errors
/// Wrong URLs or settings (exit 2), or trouble of ours.
pub fn run(args: &CrawlArgs, context: Context) -> Result<Exit, CliError> {
    let context = context.with_network(&args.network)?;
    let mut job = job_of(args, &context)?;
    let jobs = jobs_of(args, &context)?;
    for warning in context.settings.warnings(&jobs) {
        context.out.say(&format!("pressmark: {warning}"));
    }
    // What an earlier run left can be gone on with where there is an archive.
    let asks_for_nothing = args.urls.is_empty() && args.job.is_empty() && !args.due;
    if asks_for_nothing && Layout::new(&context.archive).check().is_err_and(|e| is_absent(&e)) {
        return Err(nothing_to_crawl("there is no archive with a queue to go on with"));
    }
    if args.dry_run {
        return super::dry_run::run(&job, &jobs, &context);
    }
    let (mut running, notes) = loop {
        let timer = real_timer(context.clock.clone());
        match begin(&context, &jobs, job.take, timer)? {
            Begun::Running(running, notes) => break (running, notes),
            Begun::Busy(error) => match overlap(args, &jobs) {
                None if !args.due && !job.seeds.is_empty() => {
                    match hand_over(args, &context, &mut job, error.into())? {
                        Some(exit) => return Ok(exit),
                        // Who took them has gone: this process captures what is left.
                        None => continue,
                    }
                }
                None => return Err(error.into()),
                Some(Overlap::Queue) => {
                    context.out.say("another run is going on in this archive; waiting for its end");
                    std::thread::sleep(TURN_EVERY);
                }
                Some(Overlap::Skip | Overlap::Resume) => {
                    context.out.say("another run is going on in this archive; it goes on with what is due, and this one does not take place");
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
            context
                .out
                .say(&format!("going on where the last run of {} was left", unfinished.join(", ")));
        }
    }
    let runtime = runtime()?;
    let stop = Stop::default();
    let mut progress = CrawlProgress::new(&context.out);
    let follower = running.follower();
    let every = context.settings.duration(keys::EVIDENCE_CHECKPOINT_EVERY);
    let report = runtime.block_on(async {
        stop_on_signals(&stop);
        let out = context.out.clone();
        let say = move |note: &str| out.warn(note);
        let following = tokio::spawn(follower.clone().follow_every(every, every, say));
        let report = running.run(&job, &mut progress, &stop).await;
        following.abort();
        report
    });
    follower.end();
    progress.finish();
    let notes = running.close()?;
    for note in notes {
        context.out.warn(&note);
    }
    let report = report?;
    keep(&context, &report);
    end(args, &context, &report)
}

/// Prints the report, and says with what the process ends.
fn end(args: &CrawlArgs, context: &Context, report: &Report) -> Result<Exit, CliError> {
    match context.out.format() {
        Format::Json => context.out.json(&to_json(report))?,
        Format::Text => print(context, report, &goes_on(args))?,
    }
    Ok(if report.stopped {
        Exit::Stopped
    } else if report.is_in_vain() {
        context.out.warn("nothing of what was asked for could be captured");
        Exit::Failed
    } else if args.strict && report.failed > 0 {
        Exit::Findings
    } else {
        Exit::Done
    })
}

/// With more than so many URLs left, all are said to be gone on with: nobody waits to have them counted.
const COUNTED_MAX: u64 = 10_000;

/// Says what an earlier run left: what this one goes on with, and what waits for its host for longer
/// than a run waits.
fn say_left(context: &Context, frontier: &Frontier) -> Result<(), CliError> {
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
        context.out.say(&format!("going on with {goes_on} URLs that an earlier run left"));
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
/// are captured; `None` where that process went away before, with what is left in `job`.
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
        let hint = "the process that has the archive captures with its own network settings; leave out the flags for the network to hand the URLs over to it";
        return Err(busy.hint(hint));
    }
    if !job.credentials.is_empty() {
        let hint = "a user and a password in a URL are not handed over to the process that has the archive; name the URL in a job of that process";
        return Err(busy.hint(hint));
    }
    let Some(mut asked) = Asked::of(&layout, &request).map_err(fail)? else { return Err(busy) };
    let process = asked.process.clone();
    context
        .out
        .say(&format!("process {process} watches this archive and captures what was asked for"));
    let runtime = runtime()?;
    let stop = Stop::default();
    let mut progress = CrawlProgress::new(&context.out);
    let now = context.clock.now();
    let mut report = Report { job: job.name.clone(), started: now, ..Report::default() };
    let mut left: Vec<TargetUri> = job.seeds.clone();
    let over = runtime.block_on(async {
        stop_on_signals(&stop);
        loop {
            let standing = asked.look(&mut |told| {
                report.versions += told.versions;
                report.changes += told.changes;
                if let Some(finished) = told.finished() {
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
                        () = tokio::time::sleep(TOLD_EVERY) => {}
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
            context.out.say(&format!("process {process} has ended; going on without it"));
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
                context
                    .out
                    .say(&format!("what is left is captured by process {process} all the same"));
            }
            end(args, context, &report).map(Some)
        }
        // It is asked until it is over.
        Standing::Open => end(args, context, &report).map(Some),
    }
}

/// How often it is looked what was told.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// The command that goes on with what a run leaves: what jobs left stands in another list than what
/// was asked for by name.
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
    CliError::usage(format!("crawl takes URLs, --job FILE or --due, and {why}"))
        .hint("`pressmark crawl URL` captures a page; `pressmark crawl --help` lists the rest")
}

/// How often it is looked whether another run has ended.
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
        return Err(CliError::usage("--due takes what the schedule says, and no URLs"));
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
    })
}

/// Keeps the report for `status`. A report that cannot be kept is no reason to fail.
pub(super) fn keep(context: &Context, report: &Report) {
    let path = crate::store::layout::Layout::new(&context.archive).log_dir().join("last-run.json");
    if let Err(why) = std::fs::write(&path, format!("{}\n", to_json(report))) {
        context.out.warn(&format!("{}: {why}", path.display()));
    }
}

/// The report in the fields of the contract, and ours.
#[must_use]
pub fn to_json(report: &Report) -> Value {
    json!({
        "job": report.job,
        "started": report.started.to_warc_date(),
        "finished": report.finished.to_warc_date(),
        "fetched": report.fetched,
        "new": report.new,
        "revisits": report.revisits,
        "not_modified": report.not_modified,
        "refused_by_robots": report.refused_by_robots,
        "robots_unreachable": report.robots_unreachable,
        "failed": report.failed,
        "bytes": report.bytes,
        "unread": report.unread,
        "versions": report.versions,
        "changes": report.changes,
        "kinds": report.kinds,
        "captured": report.captured,
        "left_out": report.left_out,
        "left_out_rules": report.left_out_rules,
        "left_out_urls": pairs(&report.left_out_urls),
        "left": report.left,
        "stopped": report.stopped,
        "hosts": report.hosts.iter().map(|(host, h)| json!({
            "host": host, "fetched": h.fetched, "failed": h.failed,
            "delay_ms": millis(h.delay), "crawl_delay_capped_ms": h.capped.map(|(asked, _)| millis(asked)),
        })).collect::<Vec<_>>(),
        "failures": pairs(&report.failures),
        "disputed_robots": report.disputed_robots.values()
            .map(|(url, why)| json!({"url": url, "why": why})).collect::<Vec<_>>(),
        "unreachable_robots": report.unreachable_robots.iter()
            .map(|(url, why)| json!({"url": url, "why": why})).collect::<Vec<_>>(),
        "failures_unnamed": report.failed.saturating_sub(report.failures.len() as u64),
        "sources": report.sources,
        "statuses": report.statuses,
        "media_types": report.media_types,
    })
}

fn pairs(all: &[(String, String)]) -> Vec<Value> {
    all.iter().map(|(url, why)| json!({"url": url, "why": why})).collect()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The report for a person. `goes_on` is the command that goes on with what is left.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(context: &Context, report: &Report, goes_on: &str) -> Result<(), CliError> {
    let out = &context.out;
    let took = report.finished.since(report.started);
    out.line(&format!(
        "{} fetched in {:.1} s: {} new, {} revisits, {} not modified; {} refused by robots.txt{}, {} failed; {}",
        report.fetched,
        took.as_secs_f64(),
        report.new,
        report.revisits,
        report.not_modified,
        report.refused_by_robots,
        match report.robots_unreachable {
            0 => String::new(),
            n => format!(", {n} left since their robots.txt cannot be reached"),
        },
        report.failed,
        ByteSize(report.bytes)
    ))?;
    if report.unread > 0 {
        out.line(&format!(
            "{} kept and not read: the crawl log says which (unread:too-long, unread:broken, unread:stopped)",
            report.unread
        ))?;
    }
    let counts = |map: &std::collections::BTreeMap<String, u64>| {
        map.iter().map(|(k, n)| format!("{k} ({n})")).collect::<Vec<_>>().join(", ")
    };
    if report.versions > 0 {
        let (versions, changes) = (report.versions, report.changes);
        out.line(&format!(
            "{versions} new versions with {changes} changes: {}",
            counts(&report.kinds)
        ))?;
    }
    if !report.statuses.is_empty() {
        out.line(&format!("by status: {}", counts(&report.statuses)))?;
    }
    if !report.media_types.is_empty() {
        out.line(&format!("by type: {}", counts(&report.media_types)))?;
    }
    for (host, h) in report.hosts.iter().take(20) {
        let failed = if h.failed > 0 { format!(", {} failed", h.failed) } else { String::new() };
        let capped = h.capped.map(|(asked, kept)| {
            let (asked, kept) = (asked.as_secs_f64(), kept.as_secs_f64());
            format!(", its Crawl-delay of {asked:.0} s capped to {kept:.0} s")
        });
        let capped = capped.unwrap_or_default();
        out.line(&format!("  {host}: {} fetched{failed}{capped}", h.fetched))?;
    }
    if report.hosts.len() > 20 {
        out.line(&format!("  and {} more hosts", report.hosts.len() - 20))?;
    }
    for (url, why) in report.failures.iter().take(20) {
        out.line(&format!("  failed: {url}: {why}"))?;
    }
    if report.failed > 20 {
        out.line(&format!(
            "  and {} more failures; logs/crawl.log in the archive names them",
            report.failed - 20
        ))?;
    }
    for (url, why) in report.disputed_robots.values().take(20) {
        out.line(&format!("  refused: {url}: {why} (politeness.robots_reading chooses)"))?;
    }
    for (url, why) in report.unreachable_robots.iter().take(20) {
        out.line(&format!("  unreachable: {url}: {why}"))?;
    }
    if report.left_out > 0 {
        out.line(&format!(
            "{} URLs were left out: {}",
            report.left_out,
            counts(&report.left_out_rules)
        ))?;
        for (url, why) in report.left_out_urls.iter().take(5) {
            out.line(&format!("  left out: {url}: {why}"))?;
        }
    }
    super::status::print_sources(context, &report.sources)?;
    if report.left > 0 {
        let left = report.left;
        out.line(&format!("{left} URLs are left in the queue; `{goes_on}` goes on with them"))?;
    }
    Ok(())
}

//! `crawl --dry-run`: what would be fetched, when, and which fact set the time.

use std::collections::HashSet;

use serde_json::json;

use crate::app::run::{Begun, begin, real_timer, runtime, stop_on_signals};
use crate::base::TargetUri;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::progress::CrawlProgress;
use crate::cli::{CliError, Exit};
use crate::crawl::plan::PLANNED_MAX;
use crate::crawl::{Job, Stop, Take};
use crate::schedule::JobSpec;

/// Asks for robots.txt where it is not known, and prints what a run would fetch first: its seeds
/// or what is due, each with the verdict.
///
/// # Errors
/// As a crawl.
pub fn run(job: &Job, jobs: &[JobSpec], context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let timer = real_timer(context.clock.clone());
    let (mut running, notes) = match begin(context, jobs, job.take, timer)? {
        Begun::Running(running, notes) => (running, notes),
        Begun::Busy(error) => return Err(error.into()),
    };
    let mut job = job.clone();
    if job.take == Take::Jobs {
        let mut seen: HashSet<TargetUri> = job.seeds.iter().cloned().collect();
        let named = jobs.iter().flat_map(JobSpec::named);
        job.seeds.extend(named.filter(|uri| seen.insert(uri.clone())));
    }
    let job = &job;
    for note in notes {
        context.out.warn(&note);
    }
    let mut progress = CrawlProgress::new(&context.out);
    let stop = Stop::default();
    let planned = runtime()?.block_on(async {
        stop_on_signals(&stop);
        running.plan(job, &mut progress, &stop).await
    });
    progress.finish();
    let queued = running.crawl().frontier().counts().queued;
    running.close()?;
    let planned = planned?;
    let mut rows = Vec::new();
    for plan in &planned {
        match format {
            Format::Json => context.out.json(&json!({
                "url": plan.uri.as_str(),
                "would": plan.verdict.word(),
                "at": plan.at.to_warc_date(),
                "because": plan.because,
            }))?,
            Format::Text => rows.push(vec![
                plan.verdict.word().to_owned(),
                plan.at.to_rfc3339(),
                plan.uri.to_string(),
                plan.because.clone(),
            ]),
        }
    }
    if planned.is_empty() {
        context.out.say("nothing would be fetched");
    } else if !rows.is_empty() {
        context.out.table(&["would", "at (UTC)", "URL", "because"], &[], &rows)?;
    }
    if queued > PLANNED_MAX as u64 {
        let said = format!("only the next {PLANNED_MAX} of {queued} URLs in the queue are shown");
        context.out.say(&said);
    }
    if job.take != Take::Due && !job.seeds.is_empty() {
        context.out.say("the links of these pages are known only after they are fetched");
    }
    Ok(Exit::Done)
}

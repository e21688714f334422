//! `crawl --dry-run`: what would be fetched, when, and which fact set the time.

use serde_json::json;

use crate::cli::context::Context;
use crate::cli::output::{Format, table};
use crate::cli::progress::CrawlProgress;
use crate::cli::wiring::{real_timer, runtime, start, stop_on_signals};
use crate::cli::{CliError, Exit};
use crate::crawl::{Job, Stop, Take};

/// Asks for robots.txt where it is not known, and prints what a run would fetch first: its seeds
/// or what is due, each with the verdict.
///
/// # Errors
/// As a crawl.
pub fn run(job: &Job, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format()?;
    let timer = real_timer(context.clock.clone());
    let (mut running, notes) =
        start(&context.settings, &context.archive, &context.resolve, job.take, timer)?;
    for note in notes {
        context.out.say(&format!("pressmark: {note}"));
    }
    let mut progress = CrawlProgress::new(&context.out);
    let stop = Stop::default();
    let planned = runtime()?.block_on(async {
        stop_on_signals(&stop);
        running.plan(job, &mut progress, &stop).await
    });
    progress.finish();
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
        context.out.line(&table(&["would", "at (UTC)", "URL", "because"], &[], &rows))?;
    }
    if job.take == Take::Queue && !job.seeds.is_empty() {
        context.out.say("what these pages lead to is known once they are fetched");
    }
    Ok(Exit::Done)
}

//! `due`

use serde_json::json;

use crate::app::jobs;
use crate::app::queue::Queue;
use crate::base::Timestamp;
use crate::cli::args::DueArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::crawl::DueLine;
use crate::crawl::view::ITEMS_MAX;

/// Prints what comes next, when, and the fact that set that time.
///
/// # Errors
/// When the archive cannot be read.
pub fn run(args: &DueArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let now = context.clock.now();
    let queue = Queue::see(context)?;
    let names: Vec<String> = jobs::load(context, &args.job)?.into_iter().map(|j| j.name).collect();
    let is_asked =
        |line: &DueLine| args.job.is_empty() || names.iter().any(|name| line.jobs.contains(name));
    let mut lines = Vec::new();
    match &queue {
        Queue::Here(frontiers) => {
            for (list, frontier) in [("queue", &frontiers.queue), ("watched", &frontiers.watched)] {
                let mut found = 0;
                for item in frontier.due() {
                    // One more than is printed, to know whether there is one.
                    if found > args.limit {
                        break;
                    }
                    let item = item.map_err(|e| CliError::failed("reading the queue", e))?;
                    let line = DueLine::of(list, &item);
                    if is_asked(&line) {
                        found += 1;
                        lines.push(line);
                    }
                }
            }
        }
        Queue::Told(view) => {
            let mut source = view.source(now);
            if view.lists.iter().any(|list| list.items.len() >= ITEMS_MAX) {
                source
                    .push_str(&format!("; of each list it says no more than the next {ITEMS_MAX}"));
            }
            context.out.say(&source);
            lines.extend(view.lists.iter().flat_map(|list| list.items.clone()));
            lines.retain(is_asked);
        }
    }
    // WARC-Dates sort as their times do.
    lines.sort_by(|a, b| a.at.cmp(&b.at));
    let is_cut = lines.len() > args.limit;
    lines.truncate(args.limit);
    if lines.is_empty() {
        context.out.say("nothing is queued and nothing is watched");
        return Ok(Exit::Done);
    }
    let now = now.to_warc_date();
    let mut rows = Vec::new();
    for line in lines {
        match format {
            Format::Json => context.out.json(&json!({
                "url": line.url,
                "at": line.at,
                "due": line.due,
                "because": line.because,
                "list": line.list,
                "job": line.job,
                "jobs": line.jobs,
                "priority": line.priority,
            }))?,
            Format::Text => {
                let when = if line.at <= now { "now".to_owned() } else { seconds(&line.at) };
                rows.push(vec![when, line.list, line.url, line.because]);
            }
        }
    }
    if !rows.is_empty() {
        context.out.table(&["when (UTC)", "list", "URL", "because"], &[], &rows)?;
    }
    if is_cut {
        let limit = args.limit;
        context
            .out
            .say(&format!("these are the first {limit}, and there are more; --limit N shows them"));
    }
    Ok(Exit::Done)
}

/// A WARC-Date without its fraction of a second.
fn seconds(date: &str) -> String {
    Timestamp::parse(date).map_or_else(|| date.to_owned(), Timestamp::to_rfc3339)
}

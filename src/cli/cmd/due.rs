//! `due`

use serde_json::json;

use crate::cli::args::DueArgs;
use crate::cli::context::Context;
use crate::cli::jobs;
use crate::cli::output::{Format, table};
use crate::cli::wiring::open_frontiers;
use crate::cli::{CliError, Exit};

/// Prints what comes next, when, and the fact that set that time.
///
/// # Errors
/// When the archive cannot be read.
pub fn run(args: &DueArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format()?;
    let frontiers = open_frontiers(context)?;
    let now = context.clock.now();
    let names: Vec<String> = jobs::load(context, &args.job)?.into_iter().map(|j| j.name).collect();
    let is_asked = |job: &str| args.job.is_empty() || names.iter().any(|name| name == job);
    let mut items = Vec::new();
    for (list, frontier) in [("queue", &frontiers.queue), ("watched", &frontiers.watched)] {
        let mut found = 0;
        for item in frontier.due() {
            if found >= args.limit {
                break;
            }
            let item = item.map_err(|e| CliError::failed("reading the queue", e))?;
            if is_asked(&item.job) {
                found += 1;
                items.push((list, item));
            }
        }
    }
    items.sort_by_key(|(_, item)| item.at);
    items.truncate(args.limit);
    if items.is_empty() {
        context.out.say("nothing is queued and nothing is watched");
        return Ok(Exit::Done);
    }
    let mut rows = Vec::new();
    for (list, item) in items {
        let because = if item.waits_for_host {
            format!("{}; its host is asked again then", item.entry.because)
        } else {
            item.entry.because.clone()
        };
        match format {
            Format::Json => context.out.json(&json!({
                "url": item.entry.uri.as_str(),
                "at": item.at.to_warc_date(),
                "due": item.due.to_warc_date(),
                "because": because,
                "list": list,
                "job": item.job.to_string(),
                "priority": item.priority.label(),
            }))?,
            Format::Text => {
                let when = if item.at <= now { "now".to_owned() } else { item.at.to_rfc3339() };
                rows.push(vec![when, list.to_owned(), item.entry.uri.to_string(), because]);
            }
        }
    }
    if !rows.is_empty() {
        context.out.line(&table(&["when (UTC)", "list", "URL", "because"], &[], &rows))?;
    }
    Ok(Exit::Done)
}

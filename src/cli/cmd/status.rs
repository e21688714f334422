//! `status`

use serde_json::{Value, json};

use crate::app::queue::Queue;
use crate::base::{ByteSize, Timestamp};
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::crawl::view::DUE_COUNTED_MAX;
use crate::crawl::{ListView, SourceLine};
use crate::store::Reader;

/// What is in the archive, per host and in all; the last run; what is due; disk.
///
/// # Errors
/// When there is no archive or it cannot be read.
pub fn run(context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let reader = context.reader()?;
    let facts = gather(context, &reader)?;
    match format {
        Format::Json => context.out.json(&facts)?,
        Format::Text => print(context, &facts)?,
    }
    Ok(Exit::Done)
}

fn gather(context: &Context, reader: &Reader) -> Result<Value, CliError> {
    let layout = reader.layout();
    let files = layout.warc_files().map_err(|e| store_error("listing", e))?;
    let bytes: u64 = files.iter().filter_map(|f| std::fs::metadata(f).ok()).map(|m| m.len()).sum();
    let mut hosts = Vec::new();
    let mut captures = 0;
    for host in reader.captures().hosts() {
        let host = host.map_err(|e| CliError::failed("counting", e))?;
        // Name resolution has no host of its own, and captures no page.
        if host.host.is_empty() {
            continue;
        }
        captures += host.captures;
        hosts.push(json!({
            "host": host.host, "captures": host.captures, "bytes": host.bytes,
            "first": host.first.to_warc_date(), "last": host.last.to_warc_date(),
        }));
    }
    let now = context.clock.now();
    let (seen, queue_unread) = match Queue::see(context) {
        Ok(seen) => (Some(seen), None),
        // The rest of the archive is worth showing all the same.
        Err(why) => (None, Some(why.message)),
    };
    let sources = seen.as_ref().map(Queue::sources).transpose()?;
    let queue = seen.map(|seen| of_queue(&seen, now)).transpose()?;
    let last_run = std::fs::read_to_string(layout.log_dir().join("last-run.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    Ok(json!({
        "archive": layout.root().display().to_string(),
        "files": files.len(),
        "bytes": bytes,
        "captures": captures,
        "index_bytes": reader.captures().bytes().ok().flatten(),
        "disk_free": crate::store::disk_free(layout.root()),
        "hosts": hosts,
        "queue": queue,
        "queue_unread": queue_unread,
        "sources": sources,
        "last_run": last_run,
    }))
}

fn of_queue(seen: &Queue, now: Timestamp) -> Result<Value, CliError> {
    let lists = seen.lists(now)?;
    let sum = |count: fn(&ListView) -> u64, list: &str| -> u64 {
        lists.iter().filter(|l| l.list == list).map(count).sum()
    };
    // What is watched has URLs in it that were never fetched, too.
    let all = |l: &ListView| l.queued + l.in_flight + l.waiting;
    let (at, source) = match seen {
        Queue::Here(_) => (Value::Null, Value::Null),
        Queue::Told(view) => (Value::from(view.at.clone()), Value::from(view.source(now))),
    };
    Ok(json!({
        "queued": sum(|l| l.queued + l.in_flight, "queue"),
        "watched": sum(all, "watched"),
        "due": sum(|l| l.due, "watched"),
        // Counting ends somewhere: the number then says how many there are at least.
        "due_is_cap": lists.iter().any(|l| l.list == "watched" && l.due >= DUE_COUNTED_MAX as u64),
        "next": lists.iter().filter_map(|l| l.next.clone()).min(),
        "told_at": at,
        "source": source,
    }))
}

fn print(context: &Context, facts: &Value) -> Result<(), CliError> {
    let out = &context.out;
    let number = |v: &Value| v.as_u64().unwrap_or(0);
    let text = |v: &Value| v.as_str().unwrap_or("-").to_owned();
    let size = |v: &Value| ByteSize(number(v)).to_string();
    out.line(&format!(
        "{}: {} captures in {} WARC files ({}), index {}, disk free {}",
        text(&facts["archive"]),
        number(&facts["captures"]),
        number(&facts["files"]),
        size(&facts["bytes"]),
        size(&facts["index_bytes"]),
        size(&facts["disk_free"]),
    ))?;
    if let Some(run) = facts["last_run"].as_object() {
        out.line(&format!(
            "last run: {} to {}, {} fetched, {} new, {} failed",
            text(&run["started"]),
            text(&run["finished"]),
            number(&run["fetched"]),
            number(&run["new"]),
            number(&run["failed"]),
        ))?;
    }
    match facts["queue"].as_object() {
        Some(queue) => {
            let source = queue["source"].as_str().map(|said| format!(" ({said})"));
            out.line(&format!(
                "queue: {} left, {} watched, {}{} due now, next at {}{}",
                number(&queue["queued"]),
                number(&queue["watched"]),
                number(&queue["due"]),
                if queue["due_is_cap"] == true { " or more" } else { "" },
                text(&queue["next"]),
                source.unwrap_or_default(),
            ))?;
        }
        None => out.line(&format!("queue: unknown: {}", text(&facts["queue_unread"])))?,
    }
    let sources: Vec<SourceLine> =
        serde_json::from_value(facts["sources"].clone()).unwrap_or_default();
    print_sources(context, &sources)?;
    let rows: Vec<Vec<String>> = facts["hosts"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|h| {
            vec![
                text(&h["host"]),
                number(&h["captures"]).to_string(),
                size(&h["bytes"]),
                text(&h["first"]).chars().take(19).collect(),
                text(&h["last"]).chars().take(19).collect(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        out.line("")?;
        let head = ["host", "captures", "bytes", "first", "last"];
        out.table(&head, &[false, true, true, false, false], &rows)?;
    }
    Ok(())
}

/// How many sources are well, and which are not and why; nothing where there are none.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn print_sources(context: &Context, sources: &[SourceLine]) -> Result<(), CliError> {
    let out = &context.out;
    if sources.is_empty() {
        return Ok(());
    }
    let ill: Vec<&SourceLine> = sources.iter().filter(|line| !line.is_well).collect();
    out.line(&format!("sources: {} well, {} not", sources.len() - ill.len(), ill.len()))?;
    for line in ill.iter().take(ILL_MAX) {
        let day = |at: &Option<String>| {
            at.as_ref().map_or_else(|| "never".to_owned(), |at| at.chars().take(16).collect())
        };
        let detail =
            if line.detail.is_empty() { String::new() } else { format!(" ({})", line.detail) };
        let what = match &line.silent_since {
            Some(_) if line.kind == "host" => format!("silent since {}", day(&line.silent_since)),
            Some(_) => format!("{}{detail}, silent since {}", line.state, day(&line.silent_since)),
            None => format!("{}{detail}, well last {}", line.state, day(&line.well_at)),
        };
        out.line(&format!("  {} {} of {}: {what}", line.kind, line.url, line.job))?;
    }
    if ill.len() > ILL_MAX {
        out.line(&format!("  and {} more", ill.len() - ILL_MAX))?;
    }
    Ok(())
}

/// So many sources that are not well are told one by one.
const ILL_MAX: usize = 20;

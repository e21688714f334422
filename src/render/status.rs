//! What is in an archive, as text.

use serde_json::Value;

use super::Table;
use crate::answers::status::{EvidenceJson, RemoteJson, SharedJson, StatusJson};
use crate::base::ByteSize;
use crate::crawl::SourceLine;

/// The lines on an archive, its last run, its queue and its sources.
#[must_use]
pub fn lines(status: &StatusJson) -> Vec<String> {
    let size = |bytes: Option<u64>| ByteSize(bytes.unwrap_or(0)).to_string();
    let mut lines = vec![format!(
        "{}: {} captures in {} WARC files ({}), index {}, disk free {}",
        status.archive,
        status.captures,
        status.files,
        ByteSize(status.bytes),
        size(status.index_bytes),
        size(status.disk_free),
    )];
    lines.extend(status.remote.as_ref().map(remote));
    lines.extend(status.evidence.as_ref().map(evidence));
    let unread = status.evidence_unread.as_ref();
    lines.extend(unread.map(|why| format!("evidence log: unknown: {why}")));
    if let Some(run) = status.last_run.as_ref().and_then(Value::as_object) {
        let text = |key: &str| run.get(key).and_then(Value::as_str).unwrap_or("-");
        let number = |key: &str| run.get(key).and_then(Value::as_u64).unwrap_or(0);
        lines.push(format!(
            "last run: {} to {}, {} fetched, {} new, {} failed",
            text("started"),
            text("finished"),
            number("fetched"),
            number("new"),
            number("failed"),
        ));
    }
    lines.push(match &status.queue {
        Some(queue) => format!(
            "queue: {} left, {} watched, {}{} due now, next at {}{}",
            queue.queued,
            queue.watched,
            queue.due,
            if queue.due_is_cap { " or more" } else { "" },
            queue.next.as_deref().unwrap_or("-"),
            queue.source.as_ref().map(|source| format!(" ({source})")).unwrap_or_default(),
        ),
        None => format!("queue: unknown: {}", status.queue_unread.as_deref().unwrap_or("-")),
    });
    if let Some(shared) = status.queue.as_ref().and_then(|queue| queue.shared.as_ref()) {
        lines.extend(workers(shared));
    }
    lines.extend(sources(status.sources.as_deref().unwrap_or_default()));
    lines
}

/// Where the WARC files are.
fn remote(remote: &RemoteJson) -> String {
    let counts = [
        (remote.evicted, "only there"),
        (remote.verified, "there and here"),
        (remote.uploaded, "there, not verified yet"),
        (remote.uploading, "being uploaded"),
        (remote.local, "only here"),
    ];
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| count.files > 0)
        .map(|(count, what)| format!("{} files {what} ({})", count.files, ByteSize(count.bytes)))
        .collect();
    let files = if parts.is_empty() { "no files".to_owned() } else { parts.join(", ") };
    let place = remote.place.as_deref().unwrap_or("an object storage that is not in the settings");
    let trouble = remote.trouble.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
    format!("{place}: {files}{trouble}")
}

/// The state of the evidence log.
fn evidence(log: &EvidenceJson) -> String {
    let whose = if log.shared { " (shared)" } else { "" };
    let signed = log.signed.as_deref().unwrap_or("-");
    let left = match log.unregistered {
        0 => "it covers all records".to_owned(),
        records => format!(
            "{records}{} records in {} files are not covered yet, the oldest for {} s",
            if log.unregistered_is_cap { " or more" } else { "" },
            log.files,
            log.lag_seconds,
        ),
    };
    format!("evidence log{whose}: a checkpoint of {signed} over {} leaves; {left}", log.size)
}

/// Who shares the queue.
fn workers(shared: &SharedJson) -> Vec<String> {
    let mut lines = vec![format!(
        "shared: {} workers, {} hosts leased, {} wait for a worker, the first for {} s",
        shared.workers.iter().filter(|worker| !worker.ended).count(),
        shared.hosts_leased,
        shared.hosts_overdue,
        shared.lag_seconds,
    )];
    lines.extend(shared.workers.iter().map(|worker| {
        format!(
            "  {}{}: {} hosts leased, {} visits and {} hosts lost since {}, last heard from at {}, writes to {}",
            worker.name,
            if worker.ended { " (ended)" } else { "" },
            worker.hosts,
            worker.visits,
            worker.lost,
            worker.began,
            worker.heard,
            worker.archive,
        )
    }));
    lines
}

/// A row for each host.
#[must_use]
pub fn hosts(status: &StatusJson) -> Table {
    let second = |at: &str| at.chars().take(19).collect();
    let rows = status.hosts.iter().map(|host| {
        vec![
            host.host.clone(),
            host.captures.to_string(),
            ByteSize(host.bytes).to_string(),
            second(&host.first),
            second(&host.last),
        ]
    });
    Table {
        head: &["host", "captures", "bytes", "first", "last"],
        right: &[false, true, true, false, false],
        rows: rows.collect(),
    }
}

/// At most this many sources that are not well are listed one by one.
const ILL_MAX: usize = 20;

/// How many sources are well, and which are not and why; nothing where there are none.
#[must_use]
pub fn sources(sources: &[SourceLine]) -> Vec<String> {
    if sources.is_empty() {
        return Vec::new();
    }
    let ill: Vec<&SourceLine> = sources.iter().filter(|line| !line.is_well).collect();
    let mut lines = vec![format!("sources: {} well, {} not", sources.len() - ill.len(), ill.len())];
    lines.extend(ill.iter().take(ILL_MAX).map(|line| source(line)));
    if ill.len() > ILL_MAX {
        lines.push(format!("  and {} more", ill.len() - ILL_MAX));
    }
    lines
}

fn source(line: &SourceLine) -> String {
    let day = |at: &Option<String>| {
        at.as_ref().map_or_else(|| "never".to_owned(), |at| at.chars().take(16).collect())
    };
    let detail = if line.detail.is_empty() { String::new() } else { format!(" ({})", line.detail) };
    let what = match &line.silent_since {
        Some(_) if line.kind == "host" => format!("silent since {}", day(&line.silent_since)),
        Some(_) => format!("{}{detail}, silent since {}", line.state, day(&line.silent_since)),
        None => format!("{}{detail}, well last {}", line.state, day(&line.well_at)),
    };
    format!("  {} {} of {}: {what}", line.kind, line.url, line.job)
}

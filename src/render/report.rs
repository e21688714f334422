//! What a crawl did, as text.

use std::collections::BTreeMap;

use super::status::sources;
use crate::base::ByteSize;
use crate::crawl::Report;

/// The lines of a report. `goes_on` is the command that continues with what is left.
#[must_use]
pub fn lines(report: &Report, goes_on: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let took = report.finished.since(report.started);
    lines.push(format!(
        "{} fetched in {:.1} s: {} new, {} revisits, {} not modified; {} refused by robots.txt{}, {} failed; {}",
        report.fetched,
        took.as_secs_f64(),
        report.new,
        report.revisits,
        report.not_modified,
        report.refused_by_robots,
        match report.robots_unreachable {
            0 => String::new(),
            n => format!(", {n} left because their robots.txt cannot be reached"),
        },
        report.failed,
        ByteSize(report.bytes)
    ));
    if report.unread > 0 {
        lines.push(format!(
            "{} stored but not read: the crawl log has the reasons (unread:too-long, unread:broken, unread:stopped, unread:index-away)",
            report.unread
        ));
    }
    if report.renderings > 0 {
        let failed = match report.renderings_failed {
            0 => String::new(),
            n => format!(", {n} failed"),
        };
        lines.push(format!("{} renderings by a browser{failed}", report.renderings));
    }
    let counts = |map: &BTreeMap<String, u64>| {
        map.iter().map(|(k, n)| format!("{k} ({n})")).collect::<Vec<_>>().join(", ")
    };
    if report.versions > 0 {
        let (versions, changes) = (report.versions, report.changes);
        lines.push(format!(
            "{versions} new versions with {changes} changes: {}",
            counts(&report.kinds)
        ));
    }
    if !report.statuses.is_empty() {
        lines.push(format!("by status: {}", counts(&report.statuses)));
    }
    if !report.media_types.is_empty() {
        lines.push(format!("by type: {}", counts(&report.media_types)));
    }
    for (host, h) in report.hosts.iter().take(20) {
        let failed = if h.failed > 0 { format!(", {} failed", h.failed) } else { String::new() };
        let capped = h.capped.map(|(asked, kept)| {
            let (asked, kept) = (asked.as_secs_f64(), kept.as_secs_f64());
            format!(", its Crawl-delay of {asked:.0} s capped to {kept:.0} s")
        });
        let capped = capped.unwrap_or_default();
        lines.push(format!("  {host}: {} fetched{failed}{capped}", h.fetched));
    }
    if report.hosts.len() > 20 {
        lines.push(format!("  and {} more hosts", report.hosts.len() - 20));
    }
    for (url, why) in report.failures.iter().take(20) {
        lines.push(format!("  failed: {url}: {why}"));
    }
    if report.failed > 20 {
        lines.push(format!(
            "  and {} more failures; logs/crawl.log in the archive lists them",
            report.failed - 20
        ));
    }
    for (url, why) in report.rendering_failures.iter().take(20) {
        lines.push(format!("  not rendered: {url}: {why}"));
    }
    if report.renderings_failed > 20 {
        let left = report.renderings_failed - 20;
        lines.push(format!("  and {left} more that were not rendered"));
    }
    for (url, why) in report.disputed_robots.values().take(20) {
        lines.push(format!("  refused: {url}: {why} (politeness.robots_reading chooses)"));
    }
    for (url, why) in report.unreachable_robots.iter().take(20) {
        lines.push(format!("  unreachable: {url}: {why}"));
    }
    if report.left_out > 0 {
        lines.push(format!(
            "{} URLs were left out: {}",
            report.left_out,
            counts(&report.left_out_rules)
        ));
        for (url, why) in report.left_out_urls.iter().take(5) {
            lines.push(format!("  left out: {url}: {why}"));
        }
    }
    lines.extend(sources(&report.sources));
    if report.left > 0 {
        let left = report.left;
        lines.push(format!("{left} URLs are left in the queue; `{goes_on}` continues with them"));
    }
    lines
}

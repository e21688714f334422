//! What a crawl did, in the fields of the contract and our own.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::crawl::{Report, SourceLine};

/// What a crawl did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is that of its name in `crate::crawl::Report`")]
pub struct ReportJson {
    pub job: String,
    pub started: String,
    pub finished: String,
    pub fetched: u64,
    pub new: u64,
    pub revisits: u64,
    pub not_modified: u64,
    pub refused_by_robots: u64,
    pub robots_unreachable: u64,
    pub failed: u64,
    pub bytes: u64,
    pub unread: u64,
    /// Left out, as the two that follow, where no page was to be rendered.
    #[serde(skip_serializing_if = "super::serial::is_zero")]
    pub renderings: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renderings_failed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendering_failures: Option<Vec<UrlJson>>,
    pub versions: u64,
    pub changes: u64,
    pub kinds: BTreeMap<String, u64>,
    pub captured: u64,
    pub left_out: u64,
    pub left_out_rules: BTreeMap<String, u64>,
    pub left_out_urls: Vec<UrlJson>,
    pub left: u64,
    pub stopped: bool,
    pub hosts: Vec<HostJson>,
    pub failures: Vec<UrlJson>,
    pub disputed_robots: Vec<UrlJson>,
    pub unreachable_robots: Vec<UrlJson>,
    /// How many failures are counted and not in `failures`.
    pub failures_unnamed: u64,
    pub sources: Vec<SourceLine>,
    pub statuses: BTreeMap<String, u64>,
    pub media_types: BTreeMap<String, u64>,
}

/// A URL, and why it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UrlJson {
    /// The URL.
    pub url: String,
    /// Why it failed, was refused or was left out.
    pub why: String,
}

/// What a crawl did with one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostJson {
    /// Host and port.
    pub host: String,
    /// Exchanges with a response.
    pub fetched: u64,
    /// URLs that failed.
    pub failed: u64,
    /// The pause that was kept last.
    pub delay_ms: u64,
    /// The Crawl-delay that its robots.txt asks for, where that is longer than is obeyed.
    pub crawl_delay_capped_ms: Option<u64>,
}

fn url((url, why): (&String, &String)) -> UrlJson {
    UrlJson { url: url.clone(), why: why.clone() }
}

fn urls(all: &[(String, String)]) -> Vec<UrlJson> {
    all.iter().map(|(address, why)| url((address, why))).collect()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

impl From<&Report> for ReportJson {
    fn from(report: &Report) -> Self {
        let hosts = report.hosts.iter().map(|(host, counts)| HostJson {
            host: host.clone(),
            fetched: counts.fetched,
            failed: counts.failed,
            delay_ms: millis(counts.delay),
            crawl_delay_capped_ms: counts.capped.map(|(asked, _)| millis(asked)),
        });
        let is_rendered = report.renderings > 0;
        let disputed = report.disputed_robots.values();
        Self {
            job: report.job.clone(),
            started: report.started.to_warc_date(),
            finished: report.finished.to_warc_date(),
            fetched: report.fetched,
            new: report.new,
            revisits: report.revisits,
            not_modified: report.not_modified,
            refused_by_robots: report.refused_by_robots,
            robots_unreachable: report.robots_unreachable,
            failed: report.failed,
            bytes: report.bytes,
            unread: report.unread,
            renderings: report.renderings,
            renderings_failed: is_rendered.then_some(report.renderings_failed),
            rendering_failures: is_rendered.then(|| urls(&report.rendering_failures)),
            versions: report.versions,
            changes: report.changes,
            kinds: report.kinds.clone(),
            captured: report.captured,
            left_out: report.left_out,
            left_out_rules: report.left_out_rules.clone(),
            left_out_urls: urls(&report.left_out_urls),
            left: report.left,
            stopped: report.stopped,
            hosts: hosts.collect(),
            failures: urls(&report.failures),
            disputed_robots: disputed.map(|(address, why)| url((address, why))).collect(),
            unreachable_robots: report.unreachable_robots.iter().map(url).collect(),
            failures_unnamed: report.failed.saturating_sub(report.failures.len() as u64),
            sources: report.sources.clone(),
            statuses: report.statuses.clone(),
            media_types: report.media_types.clone(),
        }
    }
}

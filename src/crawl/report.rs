//! What a crawl did, counted.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::{TargetUri, Timestamp};

use super::outcome::{Finished, Outcome, Stored};
use super::source_book::SourceLine;
use super::version_event::VersionEvent;

/// What a crawl did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// The job's name.
    pub job: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Timestamp,
    /// Exchanges with a response; robots.txt among them.
    pub fetched: u64,
    /// The same without robots.txt: captures of URLs that were asked for.
    pub captured: u64,
    /// Of these, with a payload that was not there before.
    pub new: u64,
    /// Of these, with a payload that was there.
    pub revisits: u64,
    /// Of these, where the server said that nothing changed.
    pub not_modified: u64,
    /// URLs that robots.txt forbids.
    pub refused_by_robots: u64,
    /// URLs of which it is unknown whether they may be asked for; they stay queued.
    pub robots_unreachable: u64,
    /// URLs that failed.
    pub failed: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Pages that a browser was to render.
    pub renderings: u64,
    /// Of these, those that it could not render.
    pub renderings_failed: u64,
    /// The first [`Report::FAILURES_MAX`] of these: URL and why.
    pub rendering_failures: Vec<(String, String)>,
    /// Responses that were kept and not read, since that took too long or broke.
    pub unread: u64,
    /// New versions of pages: edits, and pages that are gone, walled, moved or back.
    pub versions: u64,
    /// Changes found in them.
    pub changes: u64,
    /// The same by their kind.
    pub kinds: BTreeMap<String, u64>,
    /// URLs that jobs found and that do not belong, or are traps.
    pub left_out: u64,
    /// The same by the rule that left them out.
    pub left_out_rules: BTreeMap<String, u64>,
    /// The first [`Report::LEFT_OUT_MAX`] of them: URL and why.
    pub left_out_urls: Vec<(String, String)>,
    /// URLs left in the queue.
    pub left: u64,
    /// Whether a signal ended it.
    pub stopped: bool,
    /// Counts by host.
    pub hosts: BTreeMap<String, HostReport>,
    /// Counts by status, failures by their step.
    pub statuses: BTreeMap<String, u64>,
    /// Counts by media type.
    pub media_types: BTreeMap<String, u64>,
    /// The first [`Report::FAILURES_MAX`] failures: URL and why.
    pub failures: Vec<(String, String)>,
    /// Each robots.txt that cannot be reached, at most [`Report::FAILURES_MAX`]: its URL and why.
    pub unreachable_robots: BTreeMap<String, String>,
    /// Each host of whose robots.txt another reading of the groups would allow what was refused, at most
    /// [`Report::FAILURES_MAX`]: a URL that was refused, and the rule.
    pub disputed_robots: BTreeMap<String, (String, String)>,
    /// The sources of its jobs, and those of their hosts that are silent.
    pub sources: Vec<SourceLine>,
}

/// How many versions and changes a report counts.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct VersionCount {
    pub(super) versions: u64,
    pub(super) changes: u64,
}

impl VersionCount {
    /// What was counted since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            versions: self.versions.saturating_sub(before.versions),
            changes: self.changes.saturating_sub(before.changes),
        }
    }
}

/// What a crawl did with one host.
#[derive(Debug, Clone, Default)]
pub struct HostReport {
    /// Exchanges with a response.
    pub fetched: u64,
    /// URLs that failed.
    pub failed: u64,
    /// The pause that was kept last.
    pub delay: Duration,
    /// The Crawl-delay that its robots.txt asks for, where that is longer than is obeyed, and what is
    /// kept in its place.
    pub capped: Option<(Duration, Duration)>,
}

impl Report {
    pub(super) fn version_count(&self) -> VersionCount {
        VersionCount { versions: self.versions, changes: self.changes }
    }

    /// Keeps that another reading of a robots.txt would allow a URL; whether it is the first of its
    /// host.
    pub fn disputed(&mut self, uri: &TargetUri, why: &str) -> bool {
        let host = uri.host_key().to_string();
        if self.disputed_robots.len() >= Self::FAILURES_MAX
            || self.disputed_robots.contains_key(&host)
        {
            return false;
        }
        self.disputed_robots.insert(host, (uri.to_string(), why.to_owned()));
        true
    }

    /// How many failures are listed by name; all are counted.
    pub const FAILURES_MAX: usize = 1_000;
    /// How many URLs that were left out are listed by name; all are counted.
    pub const LEFT_OUT_MAX: usize = 100;
    /// How many rules are distinguished; what further ones left out is counted under `other`.
    const RULES_MAX: usize = 100;

    /// Whether nothing that was to be done could be done.
    #[must_use]
    pub fn is_in_vain(&self) -> bool {
        self.captured == 0 && self.failed + self.refused_by_robots + self.robots_unreachable > 0
    }

    /// Counts a URL that was left out, by the rule that did it.
    pub fn leave_out(&mut self, url: &str, rule: &str, why: &str) {
        self.left_out += 1;
        let is_room = self.left_out_rules.len() < Self::RULES_MAX;
        let rule = if is_room || self.left_out_rules.contains_key(rule) { rule } else { "other" };
        *self.left_out_rules.entry(rule.to_owned()).or_default() += 1;
        if self.left_out_urls.len() < Self::LEFT_OUT_MAX {
            self.left_out_urls.push((url.to_owned(), why.to_owned()));
        }
    }

    /// Whether something of what was to be done failed: a URL, or a rendering of one.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.failed + self.renderings_failed > 0
    }

    /// Counts a page that was rendered, or that could not be for a reason.
    pub fn count_rendering(&mut self, uri: &TargetUri, trouble: Option<&str>) {
        self.renderings += 1;
        let Some(why) = trouble else { return };
        self.renderings_failed += 1;
        if self.rendering_failures.len() < Self::FAILURES_MAX {
            self.rendering_failures.push((uri.to_string(), why.to_owned()));
        }
    }

    /// Counts a new version in.
    pub fn count_version(&mut self, news: &VersionEvent) {
        self.versions += 1;
        for kind in news.kinds() {
            self.changes += 1;
            *self.kinds.entry(kind.to_owned()).or_default() += 1;
        }
    }

    /// Counts one URL in.
    pub fn count(&mut self, done: &Finished) {
        let is_robots = done.uri.request_target() == "/robots.txt";
        let host = self.hosts.entry(done.uri.host_key().to_string()).or_default();
        match &done.outcome {
            Outcome::Fetched { status, stored, .. } => {
                self.fetched += 1;
                self.captured += u64::from(!is_robots);
                self.unread += u64::from(done.unread.is_some());
                self.bytes += done.bytes;
                host.fetched += 1;
                match stored {
                    Stored::New => self.new += 1,
                    Stored::Revisit => self.revisits += 1,
                    Stored::NotModified => self.not_modified += 1,
                }
                let status = status.map_or_else(|| "unreadable".to_owned(), |s| s.to_string());
                *self.statuses.entry(status).or_default() += 1;
                let media_type = done.media_type.clone().unwrap_or_else(|| "unk".to_owned());
                *self.media_types.entry(media_type).or_default() += 1;
            }
            Outcome::Failed { step, why } => {
                self.failed += 1;
                host.failed += 1;
                *self.statuses.entry((*step).to_owned()).or_default() += 1;
                if self.failures.len() < Self::FAILURES_MAX {
                    self.failures.push((done.uri.to_string(), format!("{step}: {why}")));
                }
            }
            Outcome::Refused { .. } => {
                self.refused_by_robots += 1;
                *self.statuses.entry("robots".to_owned()).or_default() += 1;
            }
            Outcome::RobotsUnreachable { why } => {
                self.robots_unreachable += 1;
                *self.statuses.entry("robots-unreachable".to_owned()).or_default() += 1;
                if self.unreachable_robots.len() < Self::FAILURES_MAX {
                    let robots = done.uri.robots_txt().to_string();
                    self.unreachable_robots.insert(robots, why.clone());
                }
            }
        }
    }
}

//! The counts of a run, fed by its observer, in Prometheus' text exposition format 0.0.4.
//! Described one by one in `docs/reference/metrics.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::Timestamp;
use crate::crawl::outcome::Stored;
use crate::crawl::version_event::kinds;
use crate::crawl::{
    Finished, Observer, Outcome, RunProblem, SharedState, SourceChange, SourceState, VersionEvent,
};

use super::uploads::{Source, UploadState, families};

/// Upper bounds of the buckets of exchange times, in seconds.
const BUCKETS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];
/// The steps at which an exchange fails.
const STEPS: [&str; 10] = [
    "dns",
    "connect",
    "tls",
    "timeout",
    "reset",
    "address-refused",
    "proxy",
    "protocol",
    "closed",
    "not-http",
];
/// The kinds of rules that leave out what a job found.
const LEFT_OUT: [&str; 16] = [
    "exclude",
    "include",
    "hops_max",
    "requisites",
    "requisite_hops_max",
    "entry_age_max",
    "elsewhere",
    "traps.segment_repeats_max",
    "traps.run_repeats_max",
    "traps.path_segments_max",
    "traps.url_bytes_max",
    "traps.parameters_max",
    "traps.dated_per_host_max",
    "traps.per_host_max",
    "traps.per_pattern_max",
    "traps.queries_per_path_max",
];
const OTHER: &str = "other";

/// The result of a message about new versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// It arrived.
    Delivered,
    /// All tries failed.
    GivenUp,
    /// There was no room for it.
    Dropped,
}

impl Delivery {
    fn label(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::GivenUp => "given-up",
            Self::Dropped => "dropped",
        }
    }
}

/// How far the evidence log is behind what is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EvidenceState {
    /// Records that it does not have yet.
    pub unregistered: u64,
    /// For how many seconds the oldest record that is under no checkpoint has been written.
    pub lag_seconds: u64,
}

/// The counts. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Metrics(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    started: Timestamp,
    outcomes: BTreeMap<&'static str, u64>,
    classes: BTreeMap<&'static str, u64>,
    steps: BTreeMap<&'static str, u64>,
    kinds: BTreeMap<&'static str, u64>,
    deliveries: BTreeMap<Delivery, u64>,
    left_out: BTreeMap<&'static str, u64>,
    bytes: u64,
    truncated: u64,
    versions: u64,
    stealth: u64,
    buckets: [u64; BUCKETS.len()],
    times: u64,
    seconds: f64,
    last: Option<Timestamp>,
    in_flight: u64,
    queued: u64,
    jobs: u64,
    reloads: u64,
    reloads_failed: u64,
    stalled: Option<Timestamp>,
    stalls: u64,
    unread: BTreeMap<&'static str, u64>,
    stuck: usize,
    disk_low: Option<(u64, u64)>,
    /// Sources with problems: by job and URL, its label and what the check found.
    ill: BTreeMap<(String, String), (SourceState, String)>,
    /// What is silent: by job and URL or host, its kind and since when.
    silent: BTreeMap<(String, String), (String, Timestamp)>,
    silences: u64,
    shared: Option<SharedState>,
    uploads: Option<Source<UploadState>>,
    evidence: Option<Source<EvidenceState>>,
}

impl Metrics {
    /// Counts from now on.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Inner { started: now, ..Inner::default() })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Counts are valid even where a thread panicked while counting.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This many jobs are followed.
    pub fn set_jobs(&self, jobs: usize) {
        self.inner().jobs = jobs as u64;
    }

    /// Sets the state of a shared queue.
    pub fn set_shared(&self, state: SharedState) {
        self.inner().shared = Some(state);
    }

    /// Sets the source of the state of uploads to an object storage; it is called for each rendering.
    pub fn set_uploads(&self, state: impl Fn() -> UploadState + Send + 'static) {
        self.inner().uploads = Some(Source(Box::new(state)));
    }

    /// Sets the source of how far the evidence log is behind; it is called for each rendering.
    pub fn set_evidence(&self, state: impl Fn() -> EvidenceState + Send + 'static) {
        self.inner().evidence = Some(Source(Box::new(state)));
    }

    /// The jobs were read again, or could not be.
    pub fn reloaded(&self, worked: bool) {
        let mut inner = self.inner();
        if worked {
            inner.reloads += 1;
        } else {
            inner.reloads_failed += 1;
        }
    }

    /// Counts the result of a message.
    pub fn count_delivery(&self, delivery: Delivery) {
        *self.inner().deliveries.entry(delivery).or_default() += 1;
    }

    /// What is wrong, as text; empty when all is well.
    #[must_use]
    pub fn ailments(&self) -> Vec<String> {
        let inner = self.inner();
        let mut trouble = Vec::new();
        if let Some(since) = inner.stalled {
            let since = since.to_rfc3339();
            trouble.push(format!("stalled: nothing fetched since {since} though something is due"));
        }
        if inner.stuck > 0 {
            let pages = if inner.stuck == 1 { "page" } else { "pages" };
            trouble.push(format!(
                "stuck: {} {pages} given up after crawl.reading_max still being read",
                inner.stuck
            ));
        }
        if let Some((free, wanted)) = inner.disk_low {
            trouble.push(format!("paused: {free} bytes of disk are free, {wanted} are asked for"));
        }
        if inner.shared.is_some_and(|shared| shared.is_away) {
            trouble.push("queue: the shared queue does not answer".to_owned());
        }
        for ((job, url), (kind, since)) in &inner.silent {
            let since = since.to_rfc3339();
            trouble.push(format!(
                "silent: the {kind} {url} of the job {job} has brought nothing since {since}"
            ));
        }
        trouble
    }

    /// Problems that do not make the whole unhealthy: the state of sources.
    #[must_use]
    pub fn complaints(&self) -> Vec<String> {
        let inner = self.inner();
        let line = |((job, url), (state, detail)): (&(String, String), &(SourceState, String))| {
            format!("source: {url} of the job {job} is {} ({detail})", state.label())
        };
        inner.ill.iter().map(line).collect()
    }

    /// Forgets what is wrong with sources of jobs that are followed no longer.
    pub fn keep_jobs(&self, is_followed: impl Fn(&str) -> bool) {
        let mut inner = self.inner();
        inner.ill.retain(|(job, _), _| is_followed(job));
        inner.silent.retain(|(job, _), _| is_followed(job));
    }

    /// All counts as text.
    #[must_use]
    pub fn render(&self) -> String {
        let inner = self.inner();
        let mut out = Text(String::new());
        let each = |map: &BTreeMap<&'static str, u64>, label: &str| -> Vec<(String, u64)> {
            map.iter().map(|(value, n)| (format!("{{{label}=\"{value}\"}}"), *n)).collect()
        };
        let one = |n: u64| vec![(String::new(), n)];
        out.family(
            "fetches_total",
            "counter",
            "URLs that came to an outcome.",
            &each(&inner.outcomes, "outcome"),
        );
        out.family(
            "responses_total",
            "counter",
            "Responses by class of status.",
            &each(&inner.classes, "class"),
        );
        out.family(
            "failures_total",
            "counter",
            "Exchanges without a response, by step.",
            &each(&inner.steps, "step"),
        );
        out.family("received_bytes_total", "counter", "Bytes of responses.", &one(inner.bytes));
        out.family("truncated_total", "counter", "Responses cut short.", &one(inner.truncated));
        out.family(
            "unread_total",
            "counter",
            "Responses kept and not read, by why.",
            &each(&inner.unread, "why"),
        );
        out.histogram(&inner);
        let versions = [("false", inner.versions - inner.stealth), ("true", inner.stealth)];
        let versions = versions.map(|(v, n)| (format!("{{stealth=\"{v}\"}}"), n));
        out.family("versions_total", "counter", "New versions of articles.", &versions);
        out.family(
            "changes_total",
            "counter",
            "Changes in them, by kind.",
            &each(&inner.kinds, "kind"),
        );
        out.family(
            "left_out_total",
            "counter",
            "URLs that jobs found and that were left out, by the kind of rule.",
            &each(&inner.left_out, "rule"),
        );
        let deliveries: Vec<_> = inner
            .deliveries
            .iter()
            .map(|(delivery, n)| (format!("{{result=\"{}\"}}", delivery.label()), *n))
            .collect();
        out.family("messages_total", "counter", "Messages about new versions.", &deliveries);
        out.family("in_flight", "gauge", "Exchanges under way.", &one(inner.in_flight));
        out.family(
            "queued",
            "gauge",
            "URLs that were never fetched and will be.",
            &one(inner.queued),
        );
        out.family("jobs", "gauge", "Jobs that are followed.", &one(inner.jobs));
        if let Some(shared) = &inner.shared {
            out.shared(shared);
        }
        if let Some(Source(state)) = &inner.uploads {
            for (name, kind, help, samples) in families(&state()) {
                out.family(name, kind, help, &samples);
            }
        }
        if let Some(Source(state)) = &inner.evidence {
            let EvidenceState { unregistered, lag_seconds } = state();
            out.family(
                "evidence_unregistered",
                "gauge",
                "Records that the evidence log does not have yet.",
                &one(unregistered),
            );
            out.family(
                "evidence_lag_seconds",
                "gauge",
                "For how long the oldest record that is under no checkpoint has been written.",
                &one(lag_seconds),
            );
        }
        let reloads = [("ok", inner.reloads), ("failed", inner.reloads_failed)];
        let reloads = reloads.map(|(v, n)| (format!("{{result=\"{v}\"}}"), n));
        out.family("reloads_total", "counter", "Times the jobs were read again.", &reloads);
        out.family(
            "stalled",
            "gauge",
            "1 while something is due and nothing is fetched.",
            &one(u64::from(inner.stalled.is_some())),
        );
        out.family("stalls_total", "counter", "Stall alarms.", &one(inner.stalls));
        out.family(
            "readings_stuck",
            "gauge",
            "Pages that were given up and are still being read.",
            &one(inner.stuck as u64),
        );
        out.family(
            "disk_low",
            "gauge",
            "1 while fetching is paused for want of disk.",
            &one(u64::from(inner.disk_low.is_some())),
        );
        let ill: Vec<(String, u64)> = SourceState::ALL
            .iter()
            .filter(|state| !state.is_well())
            .map(|state| {
                let count = inner.ill.values().filter(|(of, _)| of == state).count() as u64;
                (format!("{{state=\"{}\"}}", state.label()), count)
            })
            .collect();
        out.family("sources_ill", "gauge", "Sources that are not well, by state.", &ill);
        out.family(
            "silent",
            "gauge",
            "Sources and hosts that bring nothing for longer than their past explains.",
            &one(inner.silent.len() as u64),
        );
        out.family("silences_total", "counter", "Alarms about silence.", &one(inner.silences));
        let seconds = |at: Timestamp| u64::try_from(at.unix_micros() / 1_000_000).unwrap_or(0);
        out.family(
            "last_fetch_timestamp_seconds",
            "gauge",
            "When a URL last came to an outcome.",
            &one(inner.last.map_or(0, seconds)),
        );
        out.family(
            "start_timestamp_seconds",
            "gauge",
            "When this run began.",
            &one(seconds(inner.started)),
        );
        out.0
    }
}

struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "# HELP pressmark_{name} {help}\n# TYPE pressmark_{name} {kind}");
    }

    fn family(&mut self, name: &str, kind: &str, help: &str, samples: &[(String, u64)]) {
        self.head(name, kind, help);
        for (labels, value) in samples {
            let _ = writeln!(self.0, "pressmark_{name}{labels} {value}");
        }
    }

    fn shared(&mut self, shared: &SharedState) {
        let SharedState { held, gathered, visits, writes, lost, lag, is_away } = *shared;
        let mut one = |name: &str, kind: &str, help: &str, value: u64| {
            self.family(name, kind, help, &[(String::new(), value)]);
        };
        one("leases", "gauge", "Hosts that are leased to this process.", held);
        one("leases_lost_total", "counter", "Hosts that went to another process.", lost);
        one(
            "visits_gathered",
            "gauge",
            "Visits that are not written to the shared queue yet.",
            gathered,
        );
        one(
            "visits_written_total",
            "counter",
            "Visits that were written to the shared queue.",
            visits,
        );
        one("queue_writes_total", "counter", "Transactions that they were written in.", writes);
        one(
            "queue_lag_seconds",
            "gauge",
            "For how long the first host that is due has been waiting for a process.",
            lag / 1_000_000,
        );
        one("queue_away", "gauge", "1 while the shared queue does not answer.", u64::from(is_away));
    }

    fn histogram(&mut self, inner: &Inner) {
        let name = "exchange_seconds";
        self.head(name, "histogram", "How long exchanges took.");
        for (bound, count) in BUCKETS.iter().zip(inner.buckets) {
            let _ = writeln!(self.0, "pressmark_{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(self.0, "pressmark_{name}_bucket{{le=\"+Inf\"}} {}", inner.times);
        let _ = writeln!(self.0, "pressmark_{name}_sum {:.6}", inner.seconds);
        let _ = writeln!(self.0, "pressmark_{name}_count {}", inner.times);
    }
}

/// The value of a fixed list that `text` is; `other` for anything else.
fn bounded(list: &[&'static str], text: &str) -> &'static str {
    list.iter().find(|value| **value == text).copied().unwrap_or(OTHER)
}

fn class(status: Option<u16>) -> &'static str {
    match status {
        Some(100..=199) => "1xx",
        Some(200..=299) => "2xx",
        Some(300..=399) => "3xx",
        Some(400..=499) => "4xx",
        Some(500..=599) => "5xx",
        _ => OTHER,
    }
}

impl Inner {
    fn took(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        self.times += 1;
        self.seconds += seconds;
        for (bound, count) in BUCKETS.iter().zip(&mut self.buckets) {
            *count += u64::from(seconds <= *bound);
        }
    }
}

impl Observer for Metrics {
    fn finished(&mut self, done: &Finished) {
        let mut inner = self.inner();
        inner.last = Some(inner.last.map_or(done.at, |last| last.max(done.at)));
        inner.bytes += done.bytes;
        let outcome = match &done.outcome {
            Outcome::Fetched { status, stored, truncated } => {
                *inner.classes.entry(class(*status)).or_default() += 1;
                if let Some(why) = &done.unread {
                    *inner.unread.entry(why.label()).or_default() += 1;
                }
                inner.truncated += u64::from(truncated.is_some());
                inner.took(done.took);
                match stored {
                    Stored::New => "new",
                    Stored::Revisit => "revisit",
                    Stored::NotModified => "not-modified",
                }
            }
            Outcome::Failed { step, .. } => {
                *inner.steps.entry(bounded(&STEPS, step)).or_default() += 1;
                "failed"
            }
            Outcome::Refused { .. } => "refused",
            Outcome::RobotsUnreachable { .. } => "robots-unreachable",
        };
        *inner.outcomes.entry(outcome).or_default() += 1;
    }

    fn progress(&mut self, _done: u64, in_flight: usize, queued: u64) {
        let mut inner = self.inner();
        inner.in_flight = in_flight as u64;
        inner.queued = queued;
    }

    fn news(&mut self, news: &VersionEvent) {
        let mut inner = self.inner();
        inner.versions += 1;
        inner.stealth += u64::from(news.version.stealth);
        for kind in news.kinds() {
            *inner.kinds.entry(bounded(&kinds(), kind)).or_default() += 1;
        }
    }

    fn source(&mut self, change: &SourceChange) {
        let key = (change.job.clone(), change.url.clone());
        let mut inner = self.inner();
        if change.state.is_well() {
            inner.ill.remove(&key);
        } else {
            inner.ill.insert(key, (change.state, change.detail.clone()));
        }
    }

    fn left_out(&mut self, rule: &str) {
        // Only the kind of a scope's rule: its text belongs to the operator.
        let kind = match rule {
            "no include rule" => "include",
            _ if rule.starts_with("more than ") => "elsewhere",
            _ if rule.starts_with("transclusion_hops_max") => "requisite_hops_max",
            _ => rule.split(' ').next().unwrap_or_default(),
        };
        *self.inner().left_out.entry(bounded(&LEFT_OUT, kind)).or_default() += 1;
    }

    fn trouble(&mut self, trouble: &RunProblem) {
        let mut inner = self.inner();
        match trouble {
            RunProblem::DiskLow { free, wanted } => inner.disk_low = Some((*free, *wanted)),
            RunProblem::DiskBack => inner.disk_low = None,
            RunProblem::Stalled { since } => {
                inner.stalled = Some(*since);
                inner.stalls += 1;
            }
            RunProblem::Moving => inner.stalled = None,
            RunProblem::Silent { job, url, kind, since, .. } => {
                inner.silent.insert((job.clone(), url.clone()), (kind.clone(), *since));
                inner.silences += 1;
            }
            RunProblem::Resumed { job, url, .. } => {
                inner.silent.remove(&(job.clone(), url.clone()));
            }
            RunProblem::ReadingsStuck { readings } => {
                // More of them is another alarm; fewer is not.
                inner.stalls += u64::from(*readings > inner.stuck);
                inner.stuck = *readings;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::TargetUri;
    use crate::crawl::Unread;

    fn done(outcome: Outcome) -> Finished {
        Finished {
            uri: TargetUri::parse("http://a.example/").unwrap(),
            at: Timestamp::from_unix_seconds(100),
            outcome,
            path: String::new(),
            via: None,
            media_type: None,
            bytes: 10,
            took: Duration::from_millis(300),
            digest: None,
            place: None,
            unread: None,
        }
    }

    #[test]
    fn what_happened_is_counted_and_said_in_prometheus_words() {
        let mut metrics = Metrics::new(Timestamp::from_unix_seconds(7));
        let fetched =
            Outcome::Fetched { status: Some(200), stored: Stored::New, truncated: Some("length") };
        metrics.finished(&done(fetched));
        metrics.finished(&done(Outcome::Failed { step: "dns", why: String::new() }));
        metrics.finished(&done(Outcome::Failed { step: "made up", why: String::new() }));
        let fetched = Outcome::Fetched { status: Some(200), stored: Stored::New, truncated: None };
        metrics.finished(&Finished { unread: Some(Unread::TooLong), ..done(fetched) });
        metrics.progress(3, 2, 5);
        metrics.count_delivery(Delivery::Delivered);
        for rule in ["no include rule", "exclude glob \"*/x\"", "traps.per_host_max", "made up"] {
            metrics.left_out(rule);
        }
        let text = metrics.render();
        for line in [
            "pressmark_fetches_total{outcome=\"new\"} 2",
            "pressmark_unread_total{why=\"too-long\"} 1",
            "pressmark_fetches_total{outcome=\"failed\"} 2",
            "pressmark_failures_total{step=\"dns\"} 1",
            "pressmark_failures_total{step=\"other\"} 1",
            "pressmark_responses_total{class=\"2xx\"} 2",
            "pressmark_received_bytes_total 40",
            "pressmark_exchange_seconds_bucket{le=\"0.25\"} 0",
            "pressmark_exchange_seconds_bucket{le=\"0.5\"} 2",
            "pressmark_exchange_seconds_bucket{le=\"+Inf\"} 2",
            "pressmark_in_flight 2",
            "pressmark_queued 5",
            "pressmark_last_fetch_timestamp_seconds 100",
            "pressmark_start_timestamp_seconds 7",
            "pressmark_messages_total{result=\"delivered\"} 1",
            "pressmark_left_out_total{rule=\"include\"} 1",
            "pressmark_left_out_total{rule=\"exclude\"} 1",
            "pressmark_left_out_total{rule=\"traps.per_host_max\"} 1",
            "pressmark_left_out_total{rule=\"other\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        // Every family is announced once, before its samples.
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            assert!(line.starts_with("pressmark_") && line.split(' ').count() == 2, "{line}");
        }
    }

    #[test]
    fn a_source_that_is_ill_is_a_complaint_and_one_that_is_silent_an_ailment() {
        let mut metrics = Metrics::default();
        let change = |state| SourceChange {
            job: "paper".to_owned(),
            url: "http://a.example/feed".to_owned(),
            kind: "feed".to_owned(),
            was: SourceState::Good,
            state,
            detail: "404".to_owned(),
        };
        metrics.source(&change(SourceState::NotFound));
        assert!(metrics.ailments().is_empty());
        let said = metrics.complaints();
        assert_eq!(said, ["source: http://a.example/feed of the job paper is not-found (404)"]);
        let line = |text: &str| metrics.render().lines().any(|line| line == text);
        assert!(line("pressmark_sources_ill{state=\"not-found\"} 1"));
        assert!(line("pressmark_sources_ill{state=\"refused\"} 0"));
        let (job, url) = ("paper".to_owned(), "a.example".to_owned());
        let kind = "host".to_owned();
        let (since, usual) = (Timestamp::from_unix_seconds(60), Duration::from_hours(9));
        let mut observer = metrics.clone();
        observer.trouble(&RunProblem::Silent {
            job: job.clone(),
            url: url.clone(),
            kind: kind.clone(),
            since,
            usual,
        });
        assert!(metrics.ailments()[0].starts_with("silent: the host a.example of the job paper"));
        assert!(line("pressmark_silent 1") && line("pressmark_silences_total 1"));
        observer.trouble(&RunProblem::Resumed { job, url, kind });
        observer.source(&change(SourceState::Good));
        assert!(metrics.ailments().is_empty() && metrics.complaints().is_empty());
        observer.source(&change(SourceState::Refused));
        metrics.keep_jobs(|job| job != "paper");
        assert!(metrics.complaints().is_empty());
    }

    #[test]
    fn trouble_is_reported_until_it_is_over() {
        let mut metrics = Metrics::default();
        assert!(metrics.ailments().is_empty());
        metrics.trouble(&RunProblem::Stalled { since: Timestamp::from_unix_seconds(60) });
        metrics.trouble(&RunProblem::DiskLow { free: 1, wanted: 2 });
        metrics.trouble(&RunProblem::ReadingsStuck { readings: 2 });
        assert_eq!(metrics.ailments().len(), 3);
        assert!(metrics.render().contains("\npressmark_stalled 1\n"));
        assert!(metrics.render().contains("\npressmark_readings_stuck 2\n"));
        assert!(metrics.render().contains("\npressmark_stalls_total 2\n"));
        metrics.set_shared(SharedState { is_away: true, ..SharedState::default() });
        assert_eq!(metrics.ailments()[3], "queue: the shared queue does not answer");
        metrics.set_shared(SharedState::default());
        metrics.trouble(&RunProblem::Moving);
        metrics.trouble(&RunProblem::ReadingsStuck { readings: 0 });
        metrics.trouble(&RunProblem::DiskBack);
        assert!(metrics.ailments().is_empty());
        assert!(metrics.render().contains("\npressmark_stalls_total 2\n"));
    }
}

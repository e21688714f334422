//! Where each report goes while a process watches: counts for metrics, lines for the log, messages to receivers
//! that wait for new versions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::CliError;
use super::context::Context;
use super::progress::CrawlProgress;
use crate::base::TargetUri;
use crate::config::keys;
use crate::crawl::{Finished, Observer, RunProblem, SourceChange, Unread, VersionEvent};
use crate::remote::{Notifier, Receiver};
use crate::schedule::{JobSpec, SharedState};
use crate::telemetry::Metrics;

/// Which receivers are notified of which pages.
pub(super) struct Receivers {
    jobs: HashMap<String, Vec<Receiver>>,
    others: Vec<Receiver>,
}

impl Receivers {
    pub(super) fn of(context: &Context, specs: &[JobSpec]) -> Result<Self, CliError> {
        let mut others = Vec::new();
        let webhook = context.settings.text(keys::NOTIFY_WEBHOOK);
        if !webhook.is_empty() {
            let uri = TargetUri::with_user(webhook)
                .map_err(|why| CliError::usage(format!("notify.webhook: {why}")))?;
            others.push(Receiver::Webhook(uri));
        }
        let command = context.settings.list(keys::NOTIFY_COMMAND).to_vec();
        if !command.is_empty() {
            others.push(Receiver::Command(command));
        }
        let mut jobs = HashMap::new();
        for spec in specs {
            let mut own = Vec::new();
            own.extend(spec.notify.webhook.clone().map(Receiver::Webhook));
            if !spec.notify.command.is_empty() {
                own.push(Receiver::Command(spec.notify.command.clone()));
            }
            if !own.is_empty() {
                jobs.insert(spec.name.clone(), own);
            }
        }
        Ok(Self { jobs, others })
    }
}

impl Receivers {
    /// Those of the settings.
    pub(super) fn of_settings(&self) -> &[Receiver] {
        &self.others
    }

    /// The receivers to notify of a page of these jobs: each once, on behalf of the first job that names it.
    /// A job that names none has those of the settings.
    fn of_jobs<'a>(&'a self, jobs: &'a [String]) -> Vec<(&'a Receiver, &'a str)> {
        let mut notified: Vec<(&Receiver, &str)> = Vec::new();
        for job in jobs {
            for receiver in self.jobs.get(job).unwrap_or(&self.others) {
                if !notified.iter().any(|(other, _)| *other == receiver) {
                    notified.push((receiver, job));
                }
            }
        }
        notified
    }
}

/// Counts, shows and notifies.
pub(super) struct Watcher {
    /// On a terminal alone; elsewhere the log says what there is to say.
    pub(super) progress: Option<CrawlProgress>,
    pub(super) metrics: Metrics,
    pub(super) notifier: Notifier,
    pub(super) receivers: Arc<Mutex<Receivers>>,
}

impl Observer for Watcher {
    fn finished(&mut self, done: &Finished) {
        self.metrics.finished(done);
        match &done.unread {
            Some(Unread::Broken(said)) => {
                tracing::error!(url = %done.uri, %said, "kept, but not read: the extraction crashed");
            }
            Some(why) => tracing::warn!(url = %done.uri, why = why.label(), "kept, but not read"),
            None => {}
        }
        if let Some(progress) = &mut self.progress {
            progress.finished(done);
        }
    }

    fn progress(&mut self, done: u64, in_flight: usize, queued: u64) {
        self.metrics.progress(done, in_flight, queued);
        if let Some(progress) = &mut self.progress {
            progress.progress(done, in_flight, queued);
        }
    }

    fn shared(&mut self, state: &SharedState) {
        self.metrics.set_shared(*state);
    }

    fn left_out(&mut self, rule: &str) {
        self.metrics.left_out(rule);
    }

    fn source(&mut self, change: &SourceChange) {
        self.metrics.source(change);
        let SourceChange { job, url, kind, was, state, detail } = change;
        let (was, state) = (was.label(), state.label());
        if change.state.is_well() {
            tracing::info!(%url, %job, %kind, was, state, "a source works again");
        } else {
            tracing::warn!(%url, %job, %kind, was, state, %detail, "a source has a problem");
        }
    }

    fn note(&mut self, what: &str) {
        tracing::warn!("{what}");
    }

    fn news(&mut self, news: &VersionEvent) {
        self.metrics.news(news);
        let mut kinds: Vec<&str> = news.kinds().collect();
        kinds.dedup();
        let (kinds, stealth) = (kinds.join(","), news.version.stealth);
        let job = news.jobs.join(", ");
        tracing::info!(url = %news.uri, %job, %kinds, stealth, "new version");
        let receivers = self.receivers.lock().unwrap_or_else(PoisonError::into_inner);
        for (receiver, job) in receivers.of_jobs(&news.jobs) {
            match serde_json::to_vec(&news.message(job)) {
                Ok(body) => self.notifier.tell(receiver, body),
                Err(why) => {
                    tracing::error!(%why, "a message about a new version cannot be written")
                }
            }
        }
    }

    fn trouble(&mut self, trouble: &RunProblem) {
        self.metrics.trouble(trouble);
        match trouble {
            RunProblem::DiskLow { free, wanted } => {
                tracing::error!(free, wanted, "too little disk space is free; fetching is paused");
            }
            RunProblem::DiskBack => tracing::info!("disk space is free again; fetching continues"),
            RunProblem::Stalled { since } => {
                let since = since.to_rfc3339();
                tracing::error!(%since, "stalled: URLs are due, but nothing is fetched");
            }
            RunProblem::Moving => tracing::info!("no longer stalled"),
            RunProblem::ReadingsStuck { readings: 0 } => {
                tracing::info!("no abandoned page is being read any more");
            }
            RunProblem::ReadingsStuck { readings } => {
                tracing::error!(
                    readings,
                    "pages that took longer than crawl.reading_max are kept unread; each keeps a thread busy"
                );
            }
            RunProblem::Silent { job, url, kind, since, usual } => {
                let (since, hours) = (since.to_rfc3339(), usual.as_secs() / 3_600);
                tracing::error!(%url, %job, %kind, %since, usual_hours = hours, "silent: the source used to bring articles and now brings none");
            }
            RunProblem::Resumed { job, url, kind } => {
                tracing::info!(%url, %job, %kind, "the source brings articles again");
            }
        }
    }
}

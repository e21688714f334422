//! What a run serves: the jobs that are within their limits, and what was asked for by name; and
//! when nothing is left for it to wait for.

use std::time::Duration;

use crate::base::Timestamp;
use crate::schedule::Phase;

use super::engine::{Crawl, Run, hash_of};
use super::job::{Job, Take};
use super::options::CrawlError;
use super::rules::JobRules;

/// The job of what was asked for on the command line.
const CLI_JOB: &str = "cli";
/// In a run without an end, limits of a job hold for this long and are then renewed.
const LIMITS_RENEWED: Duration = Duration::from_hours(24);
/// This many entries of the queue are checked to tell whether a run is over.
const CHECKED_MAX: usize = 10_000;

/// What a job has used of its limits.
#[derive(Debug, Clone)]
pub(super) struct Spent {
    pub(super) since: Timestamp,
    pub(super) pages: u64,
    pub(super) bytes: u64,
}

impl Spent {
    pub(super) fn is_within(&self, rules: &JobRules, now: Timestamp, free: Option<u64>) -> bool {
        let limits = &rules.spec.limits;
        let is_over = limits.pages_max.is_some_and(|max| self.pages >= max)
            || limits.bytes_max.is_some_and(|max| self.bytes >= max)
            || limits.time_max.is_some_and(|max| now.since(self.since) >= max)
            || matches!((limits.disk_free_min, free), (Some(min), Some(free)) if free < min);
        !is_over
    }
}

/// The names under which a run serves single URLs. A run of jobs without any leaves alone what
/// earlier ones left to be watched.
fn singles(job: &Job) -> Vec<&str> {
    match job.take {
        Take::Jobs if job.seeds.is_empty() => Vec::new(),
        _ => vec![CLI_JOB, job.name.as_str()],
    }
}

impl Crawl {
    /// Serves the jobs that are within their limits.
    pub(super) fn serve(&mut self, run: &mut Run<'_>) {
        if self.rules.is_empty() && run.job.take == Take::Queue {
            return self.frontier.serve_jobs(None);
        }
        // What belongs to a job that is not followed now waits for a run that follows it: without
        // its rules it would be taken for something else.
        let now = self.now();
        let forever = run.job.take == Take::Forever;
        let started = run.report.started;
        let free = self.disk_free();
        let mut served = singles(run.job);
        for (name, rules) in &self.rules {
            let fresh = Spent { since: started, pages: 0, bytes: 0 };
            let spent = run.care.spent.entry(name.clone()).or_insert(fresh);
            if forever && now.since(spent.since) >= LIMITS_RENEWED {
                *spent = Spent { since: now, pages: 0, bytes: 0 };
            }
            if spent.is_within(rules, now, free) {
                served.push(name);
            }
        }
        self.frontier.serve_jobs(Some(&served));
    }

    /// Whether a run with an end has nothing left to wait for.
    pub(super) fn is_over(
        &self,
        run: &Run<'_>,
        wake: Option<Timestamp>,
    ) -> Result<bool, CrawlError> {
        if run.job.take == Take::Forever || !run.is_idle() {
            return Ok(false);
        }
        let now = self.now();
        let limit = self.options.wait_max;
        if wake.is_none_or(|at| at.since(now) > limit) {
            self.note_ended(run)?;
            return Ok(true);
        }
        if run.is_delayed() || (run.job.take == Take::Queue && run.left_for_later.is_empty()) {
            return Ok(false);
        }
        // What was fetched in this run is watched from now on, and not waited for.
        for item in self.frontier.due().take(CHECKED_MAX) {
            let item = item?;
            if item.at.since(now) > limit {
                break;
            }
            if run.left_for_later.contains(&hash_of(&item.entry.uri)) {
                continue;
            }
            let singles = singles(run.job);
            let is_served = item
                .jobs
                .iter()
                .any(|job| self.rules.contains_key(&**job) || singles.contains(&&**job));
            // A page that was captured by its address is watched from a later time on, and not due before it.
            let is_new = item.phase == Phase::Queued && run.job.take != Take::Due;
            let is_wanted =
                run.job.take == Take::Queue || item.due <= now || is_new || item.entry.snoozes > 0;
            if (is_served || run.job.take == Take::Queue) && is_wanted {
                return Ok(false);
            }
        }
        self.note_ended(run)?;
        Ok(true)
    }

    /// How many URLs the run leaves in the queue: for the next one to continue with.
    pub(super) fn left(&self, run: &Run<'_>) -> Result<u64, CrawlError> {
        match run.job.take {
            Take::Queue | Take::Forever => return Ok(self.frontier.counts().queued),
            Take::Due => return self.left_of_due(),
            Take::Jobs => {}
        }
        let mut names = singles(run.job);
        names.extend(self.rules.keys().map(String::as_str));
        names.sort_unstable();
        names.dedup();
        Ok(names.into_iter().map(|name| self.frontier.counts_of_job(name).queued).sum())
    }

    /// The same for a run that takes what is due: URLs that were never fetched and are not due yet are not counted.
    fn left_of_due(&self) -> Result<u64, CrawlError> {
        let (queued, now) = (self.frontier.counts().queued, self.now());
        let mut later = 0;
        for item in self.frontier.due().take(CHECKED_MAX) {
            let item = item?;
            later +=
                u64::from(item.phase == Phase::Queued && item.due > now && item.entry.snoozes == 0);
        }
        Ok(queued.saturating_sub(later))
    }

    /// Notes of each job whether its run was finished: it was unless a limit ended it.
    fn note_ended(&self, run: &Run<'_>) -> Result<(), CrawlError> {
        if run.job.take != Take::Jobs || run.job.pages_max.is_some_and(|max| run.pages >= max) {
            return Ok(());
        }
        let (now, free) = (self.now(), self.disk_free());
        for (name, rules) in &self.rules {
            let is_within =
                run.care.spent.get(name).is_none_or(|spent| spent.is_within(rules, now, free));
            if is_within {
                self.book.set_unfinished(name, None)?;
            }
        }
        Ok(())
    }
}

//! What a run would do first, without doing it: nothing but robots.txt is fetched.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::{TargetUri, Timestamp};
use crate::politeness::{Answer, CachedRobots, RobotsFetch, RobotsTarget};

use super::engine::Crawl;
use super::job::{Job, Take};
use super::observer::Observer;
use super::options::CrawlError;
use super::step::{Purpose, Step};
use super::stop::Stop;

/// What would become of one URL.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The URL.
    pub uri: TargetUri,
    /// Fetched, or refused.
    pub verdict: Verdict,
    /// When, at the earliest.
    pub at: Timestamp,
    /// The fact that set the time, or the rule that refuses.
    pub because: String,
}

/// Fetched or refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It would be fetched.
    Fetch,
    /// robots.txt keeps us from it.
    Refuse,
}

impl Verdict {
    /// `fetch` or `refuse`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Refuse => "refuse",
        }
    }
}

/// This many URLs of a queue are planned.
pub const PLANNED_MAX: usize = 10_000;

impl Crawl {
    /// What a run of `job` would fetch first: its seeds, or what is due now. robots.txt is fetched
    /// where it is not known; it is archived like any other.
    ///
    /// # Errors
    /// An internal error.
    pub async fn plan(
        &mut self,
        job: &Job,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Vec<Plan>, CrawlError> {
        let now = self.now();
        let mut uris: Vec<(TargetUri, Timestamp)> =
            job.seeds.iter().map(|uri| (uri.clone(), now)).collect();
        let mut named: HashSet<TargetUri> = uris.iter().map(|(uri, _)| uri.clone()).collect();
        if job.take != Take::Queue || uris.is_empty() {
            for item in self.frontier().due().take(PLANNED_MAX) {
                let item = item?;
                if item.at > now && job.take != Take::Queue {
                    break;
                }
                let is_followed = self.rules.is_empty()
                    || item
                        .jobs
                        .iter()
                        .any(|of| self.rules.contains_key(&**of) || **of == *job.name);
                if is_followed && named.insert(item.entry.uri.clone()) {
                    uris.push((item.entry.uri, item.at));
                }
            }
        }
        let mut plans = Vec::with_capacity(uris.len());
        for (uri, due) in uris {
            if stop.asked() {
                break;
            }
            plans.push(self.plan_one(uri, due, observer).await?);
        }
        Ok(plans)
    }

    async fn plan_one(
        &mut self,
        uri: TargetUri,
        due: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<Plan, CrawlError> {
        loop {
            let now = self.now();
            let (verdict, at, because) = match self.ask(&uri, now)? {
                Answer::Go(_) => (Verdict::Fetch, due.max(now), "may be requested now".to_owned()),
                Answer::Wait { until, because } => {
                    (Verdict::Fetch, due.max(until), because.to_string())
                }
                Answer::Refused(refusal) => (Verdict::Refuse, due.max(now), refusal.to_string()),
                Answer::NeedRobots(target) => {
                    self.fetch_robots(target, observer).await?;
                    continue;
                }
            };
            return Ok(Plan { uri, verdict, at, because });
        }
    }

    /// Fetches and learns one robots.txt, waiting for its host's pace.
    async fn fetch_robots(
        &mut self,
        mut target: RobotsTarget,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        loop {
            let permit = match self.ask_for_robots(&target)? {
                Answer::Go(permit) => permit,
                Answer::Wait { until, .. } => {
                    let timer = Arc::clone(&self.timer);
                    timer.wait_until(until).await;
                    continue;
                }
                // Never returned for a robots.txt; what is known stays as it is.
                Answer::NeedRobots(_) | Answer::Refused(_) => return Ok(()),
            };
            let step: Step = self.step_for(false, false, &Stop::default());
            let stepped = step.run_alone(permit, Purpose::Robots(target.clone())).await?;
            self.learn_pace(&stepped, self.now())?;
            if let Some(finished) = &stepped.finished {
                self.write_log(finished)?;
                observer.finished(finished);
            }
            let redirect = stepped.redirect.as_ref();
            match redirect.map(|to| target.redirected(to.clone())) {
                Some(Some(next)) => target = next,
                Some(None) => return self.learn_robots(&target, RobotsFetch::RedirectedTooOften),
                None => return self.learn_robots(&target, stepped.robots_fetch()),
            }
        }
    }

    /// Keeps what the fetch of a robots.txt says of its authority.
    pub(super) fn learn_robots(
        &mut self,
        target: &RobotsTarget,
        fetch: RobotsFetch<'_>,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        let governed = target.governs().clone();
        let previous = self.book.robots(&governed)?;
        let options = &self.gate.options().robots;
        let learned = CachedRobots::learn(&governed, previous.as_deref(), fetch, now, options);
        let host = governed.host_key();
        let delay = self.gate.crawl_delay(&learned);
        let pace = self.gate.options().pace_for(&host);
        self.book.facts(&host, now, &pace)?.set_crawl_delay(delay);
        self.book.keep(&host)?;
        self.book.learn_robots(learned)?;
        self.leave_host(&host, now)?;
        self.leave_robots(&governed)
    }
}

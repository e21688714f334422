//! From a claim to a task under way: whether it may be requested, and whether robots.txt comes first.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use crate::base::{HostKey, Timestamp};
use crate::capture::MaySend;
use crate::politeness::{Answer, Permit, RobotsTarget};
use crate::schedule::Claim;
use crate::store::StoreError;

use super::engine::{Crawl, Run, hash_of};
use super::gate::Delayed;
use super::job::Take;
use super::job_context::request_for;
use super::observer::Observer;
use super::options::CrawlError;
use super::parse_pool::Patience;
use super::rendering::RenderJob;
use super::step::{self, AWAY_AGAIN, Purpose};
use super::stop::Stop;

impl Crawl {
    pub(super) fn dispatch(
        &mut self,
        run: &mut Run<'_>,
        mut claim: Box<Claim>,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        if let Some(why) = self.take_from_lost(&mut claim)? {
            if claim.named_by.is_empty() {
                tracing::debug!(url = %claim.uri(), %why, "given up");
                return Ok(self.frontier.give_up(*claim, &why, now)?);
            }
            // For the jobs that still name it and may not be served now.
            return Ok(self.frontier.hand_on(*claim, now)?);
        }
        let uri = claim.uri().clone();
        self.take_over_host(&uri, now)?;
        if run.asking_robots.contains(&uri.authority()) {
            let until = now.plus(Duration::from_millis(200));
            self.frontier.host_wait(&claim.host, until, now)?;
            return Ok(self.frontier.release(*claim)?);
        }
        match self.ask_for(&claim, now)? {
            Answer::Go(permit) => {
                if let Err(until) = self.let_through(&permit, now) {
                    self.frontier.release(*claim)?;
                    return Ok(self.frontier.host_wait(&permit.host(), until, now)?);
                }
                self.start(run, permit, claim, Purpose::Page, now)
            }
            Answer::Wait { until, because } => {
                let host = claim.host.clone();
                self.frontier.snooze(*claim, until, &because.to_string(), now)?;
                Ok(self.frontier.host_wait(&host, until, now)?)
            }
            Answer::NeedRobots(target) => {
                run.asking_robots.insert(uri.authority());
                self.ask_robots(run, target, claim, now)
            }
            Answer::Refused(refusal) => self.refused(run, *claim, &refusal, now, observer),
        }
    }

    pub(super) fn ask_robots(
        &mut self,
        run: &mut Run<'_>,
        target: RobotsTarget,
        claim: Box<Claim>,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let host = target.uri().host_key();
        if host != claim.host {
            // A redirect to another host: that host may be leased to another worker.
            if let Err(until) = self.frontier.reserve(&host, now)? {
                run.delayed.push(Reverse(Delayed { at: until, target, claim }));
                return Ok(());
            }
            self.take_over_host(target.uri(), now)?;
        }
        match self.ask_for_robots(&target)? {
            Answer::Go(permit) => match self.let_through(&permit, now) {
                Ok(()) => self.start(run, permit, claim, Purpose::Robots(target), now),
                Err(until) => {
                    run.delayed.push(Reverse(Delayed { at: until, target, claim }));
                    Ok(())
                }
            },
            Answer::Wait { until, .. } => {
                run.delayed.push(Reverse(Delayed { at: until, target, claim }));
                Ok(())
            }
            // A robots.txt is paced and never refused.
            Answer::NeedRobots(_) | Answer::Refused(_) => Ok(self.frontier.release(*claim)?),
        }
    }

    fn start(
        &mut self,
        run: &mut Run<'_>,
        permit: Permit,
        claim: Box<Claim>,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        if run.job.take != Take::Forever {
            self.guard_disk()?;
        }
        let host = permit.host();
        let pace = self.gate.options().pace_for(&host);
        self.book.facts(&host, now, &pace)?.began(now);
        let owner = (claim.id(), permit.uri().clone());
        let following = self.following(&claim)?;
        let hash = hash_of(claim.uri());
        let mut handed = run.handed.iter().filter(|handed| handed.waits_for(hash));
        let wants_links = handed.any(|handed| handed.requisites || handed.depth > 0)
            || (following.is_empty() && (run.job.requisites || run.job.depth > 0));
        let mut step = self.step_for(wants_links, run.job.take != Take::Queue, &run.stop);
        step.addresses = Some(Arc::clone(&self.addresses));
        if let Some(first) = following.first() {
            let request = match purpose {
                Purpose::Page => request_for(&following, permit.uri()),
                Purpose::Robots(_) => Some(first.rules.request_for(permit.uri())),
            };
            step.request = request.unwrap_or(step.request);
            if let Some(own) = &first.rules.capturer {
                step.capturer = Arc::clone(own);
            }
        }
        let of_run = run.job.credentials.fields_for(permit.uri()).into_iter();
        let plain = of_run.map(|(name, value)| (name.to_owned(), value.expose().to_owned()));
        step.request.credentials.extend(plain);
        step.following = following;
        step.request.may_send = self.may_send(&host);
        if matches!(purpose, Purpose::Page) {
            step.origins = self.origins(&claim)?;
            let jar = run.navigations.remove(&hash).filter(|jar| !jar.is_over(now));
            let mut jar = jar.unwrap_or_default();
            jar.asks(permit.uri(), now);
            step.jar = Some(jar);
            step.rendering = self.rendering(run, &step.following, &host);
            step.wants_text |= step.rendering.as_ref().is_some_and(RenderJob::renders);
        }
        let task = run.tasks.spawn(step.run(permit, claim, purpose));
        run.owners.insert(task.id(), owner);
        Ok(())
    }

    /// What is checked right before a request to a host is sent, and while its answer is read; `None` where no other
    /// process could ask the host.
    pub(super) fn may_send(&self, host: &HostKey) -> Option<MaySend> {
        let guard = self.frontier.guard(host)?;
        let still = guard.clone();
        Some(MaySend::new(move || guard.holds(), move || still.lasts()))
    }

    /// Puts a URL back that cannot be asked for while the index of captures does not answer. A run that has an end
    /// waits for that no longer than for a host.
    pub(super) fn put_off(
        &mut self,
        run: &mut Run<'_>,
        (claim, purpose): (Box<Claim>, Purpose),
        why: StoreError,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        let since = match run.away_since {
            Some(since) => since,
            None => {
                observer.note(&format!("pages wait until it answers: {why}"));
                *run.away_since.insert(now)
            }
        };
        if run.job.take != Take::Forever && now.since(since) > self.options.wait_max {
            return Err(why.into());
        }
        self.put_back(run, claim, purpose, now.plus(AWAY_AGAIN))
    }

    /// Puts a URL back whose turn at its address has not come; nothing was sent.
    pub(super) fn put_back(
        &mut self,
        run: &mut Run<'_>,
        claim: Box<Claim>,
        purpose: Purpose,
        until: Timestamp,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        let host = match &purpose {
            Purpose::Page => claim.host.clone(),
            Purpose::Robots(target) => target.uri().host_key(),
        };
        let pace = self.gate.options().pace_for(&host);
        self.book.facts(&host, now, &pace)?.withdrawn();
        match purpose {
            Purpose::Page => {
                self.frontier.release(*claim)?;
                Ok(self.frontier.host_wait(&host, until, now)?)
            }
            Purpose::Robots(target) => {
                if self.frontier.guard(&claim.host).is_some_and(|guard| !guard.holds()) {
                    // The next worker that holds the host asks for it.
                    run.asking_robots.remove(&target.governs().authority());
                    return Ok(self.frontier.release(*claim)?);
                }
                run.delayed.push(Reverse(Delayed { at: until, target, claim }));
                Ok(())
            }
        }
    }

    /// What one step needs.
    pub(super) fn step_for(&self, wants_links: bool, wants_text: bool, stop: &Stop) -> step::Step {
        step::Step {
            capturer: Arc::clone(&self.capturer),
            addresses: None,
            request: self.options.request.clone(),
            store: Arc::clone(&self.store),
            readers: self.readers.clone(),
            version_watcher: self.version_watcher(),
            origins: Vec::new(),
            patience: Patience {
                timer: Arc::clone(&self.timer),
                most: self.options.reading_max,
                stop: stop.clone(),
            },
            reading_gate: self.reading_gate.clone(),
            timer: Arc::clone(&self.timer),
            wants_links,
            wants_text,
            decoded_bytes_max: self.options.decoded_bytes_max,
            following: Vec::new(),
            jar: None,
            rendering: None,
        }
    }

    /// With too little disk left a crawl ends before it writes half a record.
    fn guard_disk(&self) -> Result<(), CrawlError> {
        let wanted = self.options.disk_free_min;
        match self.disk_free() {
            Some(free) if free < wanted => Err(CrawlError::DiskFull { free, wanted }),
            _ => Ok(()),
        }
    }
}

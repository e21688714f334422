//! The gate, asked with what is remembered of the host, and what an exchange teaches about it.

use std::time::Duration;

use crate::base::{HostKey, TargetUri, Timestamp};
use crate::politeness::{Answer, Gate, Permit, Reply, RobotsTarget};
use crate::schedule::Claim;

use super::engine::Crawl;
use super::options::CrawlError;
use super::step::{HostResponse, StepOutcome};

/// A robots.txt that has to wait for its host: when, what, and for whose sake.
pub(super) struct Delayed {
    pub at: Timestamp,
    pub target: RobotsTarget,
    pub claim: Box<Claim>,
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Delayed {}
impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// With more hosts than this in the last check, those that were not asked recently are forgotten.
const CHECKED_MAX: usize = 10_000;

impl Crawl {
    /// The last check before a socket opens: the cap of the whole program, and the least time
    /// between two requests to a host, whatever the queue says.
    ///
    /// # Errors
    /// With the earliest time at which it may go.
    pub(super) fn let_through(&mut self, permit: &Permit, now: Timestamp) -> Result<(), Timestamp> {
        if let Some(cap) = &self.cap {
            cap.pass(now)?;
        }
        let host = permit.host();
        let pace = self.gate.options().pace_for(&host);
        // Requests that may run side by side may also begin together.
        if pace.connections_max.get() > 1 {
            return Ok(());
        }
        if self.last.len() > CHECKED_MAX {
            self.last.forget_idle(Duration::from_secs(60), now);
        }
        self.last.pass(host, pace.delay_min, now)
    }

    /// The gate's answer for a URL, as the program is called.
    pub(super) fn ask(&mut self, uri: &TargetUri, now: Timestamp) -> Result<Answer, CrawlError> {
        self.ask_as(None, uri, now)
    }

    /// The gate's answer for a claim: as the first of its jobs that are followed is called, which is
    /// how it is asked for.
    pub(super) fn ask_for(&mut self, claim: &Claim, now: Timestamp) -> Result<Answer, CrawlError> {
        let rules = claim.named_by.iter().find_map(|owner| self.rules.get(&*owner.job)).cloned();
        self.ask_as(rules.as_ref().and_then(|rules| rules.gate.as_ref()), claim.uri(), now)
    }

    pub(super) fn ask_as(
        &mut self,
        gate: Option<&Gate>,
        uri: &TargetUri,
        now: Timestamp,
    ) -> Result<Answer, CrawlError> {
        let robots = self.book.robots(uri)?;
        let host = uri.host_key();
        let pace = self.gate.options().pace_for(&host);
        let facts = self.book.facts(&host, now, &pace)?;
        Ok(gate.unwrap_or(&self.gate).ask(uri, facts, robots.as_deref(), now))
    }

    /// The Crawl-delay that a host's robots.txt asks for, where it is longer than is obeyed: it, and
    /// what is kept in its place.
    pub(super) fn capped_delay(
        &mut self,
        uri: &TargetUri,
    ) -> Result<Option<(Duration, Duration)>, CrawlError> {
        let Some(robots) = self.book.robots(uri)? else { return Ok(None) };
        let max = self.gate.options().pace_for(&uri.host_key()).crawl_delay_max;
        let asked = self.gate.crawl_delay(&robots).filter(|asked| *asked > max);
        Ok(asked.map(|asked| (asked, max)))
    }

    /// The gate's answer for a robots.txt.
    pub(super) fn ask_for_robots(&mut self, target: &RobotsTarget) -> Result<Answer, CrawlError> {
        let now = self.now();
        let host = target.uri().host_key();
        let pace = self.gate.options().pace_for(&host);
        let facts = self.book.facts(&host, now, &pace)?;
        Ok(self.gate.robots_permit(target, facts, now))
    }

    /// Sets in the queue the time before which the host of `uri` is not asked.
    pub(super) fn wait_for_pace(
        &mut self,
        uri: &TargetUri,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let host = uri.host_key();
        let at = self.next_at(uri, &host, now)?;
        Ok(self.frontier.host_wait(&host, at, now)?)
    }

    /// When the host of `uri` may be asked next.
    pub(super) fn next_at(
        &mut self,
        uri: &TargetUri,
        host: &HostKey,
        now: Timestamp,
    ) -> Result<Timestamp, CrawlError> {
        let robots = self.book.robots(uri)?;
        let pace = self.gate.options().pace_for(host);
        let facts = self.book.facts(host, now, &pace)?;
        Ok(self.gate.next_at(uri, facts, robots.as_deref(), now).at)
    }

    /// What the exchange says about the host.
    pub(super) fn learn_pace(
        &mut self,
        stepped: &StepOutcome,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        if stepped.is_learned {
            return Ok(());
        }
        self.learn_pace_of(&stepped.host, &stepped.met, stepped.ended, now)
    }

    /// The same for an exchange that is not a step of the queue.
    pub(super) fn learn_pace_of(
        &mut self,
        host: &HostKey,
        met: &HostResponse,
        ended: Timestamp,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let pace = self.gate.options().pace_for(host);
        let seed = self.options.seed;
        let facts = self.book.facts(host, now, &pace)?;
        match met {
            HostResponse::Reply { status, retry_after, took } => {
                let reply =
                    Reply { status: *status, retry_after: retry_after.as_deref(), took: *took };
                facts.ended(host, reply, ended, &pace, seed);
            }
            HostResponse::Failure { why } => facts.failed(host, why, ended, &pace, seed),
            HostResponse::OurRefusal => facts.abandoned(ended),
        }
        self.book.keep(host)?;
        self.leave_host(host, now)
    }
}

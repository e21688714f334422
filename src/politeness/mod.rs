//! May we ask, and when: pure decisions over facts and a given time.
//!
//! Nothing here sleeps, dials or reads a clock. The caller brings what is known of the host
//! ([`HostFacts`]) and of its robots.txt ([`CachedRobots`]), asks the [`Gate`], does what it
//! answers, and records in the facts what then happens. There is no [`Permit`] without a verdict of
//! robots.txt, but for robots.txt itself.
//!
//! In reading order: [`robots`] (what the file says), [`robots_cache`] (whether it holds),
//! [`pace`] (when), [`permit`] (the proof), [`options`] (the settings), `codec` (what survives a
//! restart), [`agent`] (by which name we are addressed). Where the ideas come from: RFC 9309; Heritrix's delay factor; RFC 9110 for
//! `Retry-After`.

pub mod agent;
mod codec;
pub mod options;
pub mod pace;
pub mod permit;
pub mod robots;
pub mod robots_cache;

use std::fmt;

pub use codec::DecodeError;
pub use options::{AfterUnreachable, HostOptions, Options, PaceOptions, RobotsOptions};
pub use pace::address::{AddressPace, Line};
pub use pace::limiter::{GlobalCap, LastCheck};
pub use pace::{HostFacts, NextAt, Reason, Reply, next_at};
pub use permit::Permit;
pub use robots::{RobotsReading, RobotsTxt, RuleRef, Verdict, explain};
pub use robots_cache::{CachedRobots, RobotsFetch, Standing, StayOut};

use crate::base::{TargetUri, Timestamp};

/// How many redirects of a robots.txt are followed (RFC 9309 section 2.3.1.2).
pub const ROBOTS_REDIRECT_HOPS_MAX: u32 = 5;

/// The gate that every request passes.
#[derive(Debug, Clone)]
pub struct Gate {
    options: Options,
}

/// What the gate says.
#[derive(Debug)]
pub enum Answer {
    /// It may be asked for, now. The host's facts have to record that it began.
    Go(Permit),
    /// Not yet.
    Wait {
        /// The earliest time to ask the gate again; always later than the `now` it was given.
        until: Timestamp,
        /// The fact that set it.
        because: Reason,
    },
    /// Its robots.txt has to be fetched first, by [`Gate::robots_permit`].
    NeedRobots(RobotsTarget),
    /// It is not to be asked for.
    Refused(Refusal),
}

/// Why something is not to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A rule of robots.txt forbids it.
    Disallowed {
        /// This one.
        rule: Option<RuleRef>,
        /// Whether the other [`RobotsReading`] would allow it.
        disputed: bool,
    },
    /// No one knows the rules. What is refused for this may be asked for again at `retry_at`.
    RobotsUnreachable(StayOut),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disallowed { rule, disputed } => {
                match rule {
                    Some(rule) => rule.fmt(f)?,
                    None => f.write_str("robots.txt")?,
                }
                if *disputed {
                    f.write_str("; another reading of its groups would allow it")
                } else {
                    Ok(())
                }
            }
            Self::RobotsUnreachable(stay_out) => stay_out.fmt(f),
        }
    }
}

/// Where a robots.txt is fetched from: the authority's own address, or what it redirects to. Only
/// this can be asked for without a verdict, and it can only be made from an authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsTarget {
    governs: TargetUri,
    at: TargetUri,
    hops: u32,
}

impl RobotsTarget {
    /// The robots.txt of the authority of `uri`.
    #[must_use]
    pub fn of(uri: &TargetUri) -> Self {
        let at = uri.robots_txt();
        Self { governs: at.clone(), at, hops: 0 }
    }

    /// Where it redirects to, another authority's address perhaps; `None` after the fifth hop,
    /// which is [`RobotsFetch::RedirectedTooOften`].
    #[must_use]
    pub fn redirected(&self, to: TargetUri) -> Option<Self> {
        let hops = self.hops + 1;
        (hops <= ROBOTS_REDIRECT_HOPS_MAX).then(|| Self {
            governs: self.governs.clone(),
            at: to.without_fragment(),
            hops,
        })
    }

    /// What is to be asked for.
    #[must_use]
    pub fn uri(&self) -> &TargetUri {
        &self.at
    }

    /// The robots.txt of the authority that it governs, whatever it redirected to.
    #[must_use]
    pub fn governs(&self) -> &TargetUri {
        &self.governs
    }
}

impl Gate {
    /// A gate with these settings.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self { options }
    }

    /// Its settings.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether `uri` may be asked for at `now`.
    ///
    /// `facts` are its host's, and `robots` is what is known for its authority; of another
    /// authority, or too old, it counts as unknown. First comes whether, then when: what is
    /// refused does not wait.
    #[must_use]
    pub fn ask(
        &self,
        uri: &TargetUri,
        facts: &HostFacts,
        robots: Option<&CachedRobots>,
        now: Timestamp,
    ) -> Answer {
        let own = robots.filter(|robots| robots.authority() == uri.authority());
        let standing = own.map(|robots| robots.standing(now, &self.options.robots));
        if uri.request_target() == "/robots.txt" {
            // Always allowed, and no verdict is needed to ask for it (RFC 9309 section 2.2.2).
            return self.paced(uri, facts, own.and_then(CachedRobots::rules), now);
        }
        let rules = match standing {
            None | Some(Standing::Expired) => return Answer::NeedRobots(RobotsTarget::of(uri)),
            Some(Standing::StayOut(why)) => {
                return Answer::Refused(Refusal::RobotsUnreachable(why));
            }
            Some(Standing::Free(_)) => None,
            Some(Standing::Rules(rules)) => Some(rules),
        };
        let verdict = rules.map(|rules| {
            let Options { product_token, robots, .. } = &self.options;
            rules.verdict(robots.reading, product_token, &uri.request_target())
        });
        match verdict {
            Some(Verdict { allowed: false, rule, disputed }) => {
                Answer::Refused(Refusal::Disallowed { rule, disputed })
            }
            _ => self.paced(uri, facts, rules, now),
        }
    }

    /// Whether a robots.txt may be asked for at `now`: never refused, and paced like any other.
    /// `facts` are those of the host of [`RobotsTarget::uri`].
    #[must_use]
    pub fn robots_permit(
        &self,
        target: &RobotsTarget,
        facts: &HostFacts,
        now: Timestamp,
    ) -> Answer {
        self.paced(&target.at, facts, None, now)
    }

    /// When the host of `uri` may be asked, and which fact says so, whatever its robots.txt says.
    #[must_use]
    pub fn next_at(
        &self,
        uri: &TargetUri,
        facts: &HostFacts,
        robots: Option<&CachedRobots>,
        now: Timestamp,
    ) -> NextAt {
        let own = robots.filter(|robots| robots.authority() == uri.authority());
        self.next(uri, facts, own.and_then(CachedRobots::rules), now)
    }

    /// The `Crawl-delay` that holds for us in these rules, for [`HostFacts::set_crawl_delay`].
    #[must_use]
    pub fn crawl_delay(&self, robots: &CachedRobots) -> Option<std::time::Duration> {
        robots.rules()?.crawl_delay(self.options.robots.reading, &self.options.product_token)
    }

    fn next(
        &self,
        uri: &TargetUri,
        facts: &HostFacts,
        rules: Option<&RobotsTxt>,
        now: Timestamp,
    ) -> NextAt {
        let crawl_delay = rules.and_then(|rules| {
            rules.crawl_delay(self.options.robots.reading, &self.options.product_token)
        });
        next_at(facts, crawl_delay, &self.options.pace_for(&uri.host_key()), now)
    }

    fn paced(
        &self,
        uri: &TargetUri,
        facts: &HostFacts,
        rules: Option<&RobotsTxt>,
        now: Timestamp,
    ) -> Answer {
        let NextAt { at, because } = self.next(uri, facts, rules, now);
        if at <= now {
            Answer::Go(Permit::grant(uri.clone()))
        } else {
            Answer::Wait { until: at, because }
        }
    }
}

#[cfg(test)]
mod tests;

//! What a look teaches about a page: whether it is still there, how often it is edited, and from
//! both when to look again. Pure.

use std::time::Duration;

use crate::base::Timestamp;
use crate::extract::page::PageKind;
use crate::schedule::life::{Block, LifeRules, Observation};
use crate::schedule::memory::PageMemory;
use crate::schedule::revisit::{
    AdaptiveParams, HostHistory, PageHistory, Schedule, Shape, adaptive, next_visit,
};
use crate::schedule::{Claim, NextVisit, Step};

use super::step::{HostResponse, StepOutcome};

/// What follows from a look.
pub(super) struct Learned {
    /// When it is visited again.
    pub next: NextVisit,
    /// What is remembered.
    pub memo: Option<Vec<u8>>,
}

impl Learned {
    /// Brings the next look forward to `limit`, where it is later.
    pub fn not_later_than(&mut self, limit: Timestamp) {
        if let NextVisit::At { due, because } = &mut self.next
            && *due > limit
        {
            *due = limit;
            because.push_str("; the URLs it names may not wait");
        }
    }

    /// Not to be visited again.
    pub fn retire(why: &str) -> Self {
        Self { next: NextVisit::Retire { why: why.to_owned() }, memo: None }
    }
}

/// When a page that was captured for the first time is visited again.
pub(super) fn first_look(
    stepped: &StepOutcome,
    host: &HostHistory,
    params: &AdaptiveParams,
    now: Timestamp,
    seed: u64,
) -> (Timestamp, String) {
    let born = stepped.text.as_ref().and_then(|t| t.published).unwrap_or(now);
    let page = PageHistory::new(shape(stepped), born, now, &params.prior);
    let visit = adaptive(&page, host, params, now, seed);
    (visit.at, visit.because)
}

/// What a look at a watched page teaches. Of several schedules the one counts that is due first.
pub(super) fn look(
    claim: &Claim,
    stepped: &StepOutcome,
    host: &mut HostHistory,
    schedules: &[Schedule],
    params: &AdaptiveParams,
    now: Timestamp,
    seed: u64,
) -> Learned {
    let own = schedules.iter().find_map(|schedule| match schedule {
        Schedule::Adaptive(own) => Some(&**own),
        Schedule::Fixed { .. } | Schedule::Cron(_) => None,
    });
    let params = own.unwrap_or(params);
    // A memory that cannot be read counts as none: the page is learned again.
    let mut memory = PageMemory::of_bytes(&claim.entry.memo).unwrap_or_default();
    let verdict = memory.life.look(now, &sight(stepped), &LifeRules::default());
    if verdict.may_compare {
        let published = stepped.text.as_ref().and_then(|t| t.published);
        let born = born(published, claim.entry.found_at, is_of_source(claim));
        match &mut memory.history {
            Some(history) => {
                let seen = crate::schedule::revisit::Observation {
                    at: now,
                    text_changed: stepped.change.as_ref().is_some_and(|c| c.is_edit),
                    bytes_changed: stepped.change.is_some(),
                    signalled: claim.entry.signalled,
                };
                history.observe(&seen, host, &params.prior);
            }
            None => {
                memory.history = Some(PageHistory::new(shape(stepped), born, now, &params.prior));
            }
        }
        host.spend(now, (params.value_min, params.value_max));
    }
    let next = match (verdict.retry, &memory.history) {
        (Some((due, because)), _) => NextVisit::At { due, because },
        (None, Some(history)) => {
            let visits =
                schedules.iter().filter_map(|one| next_visit(one, history, host, now, seed));
            match visits.min_by_key(|visit| visit.at) {
                Some(visit) => NextVisit::At { due: visit.at, because: visit.because },
                None => NextVisit::Retire { why: "its schedule has no further time".to_owned() },
            }
        }
        (None, None) => NextVisit::At {
            due: now.plus(params.interval_min.max(Duration::from_hours(1))),
            because: "not seen yet".to_owned(),
        },
    };
    Learned { next, memo: Some(memory.to_bytes()) }
}

/// A date of publication is off by no more than the zones are apart.
const ZONES_APART: Duration = Duration::from_hours(14);

/// When a page was born: when it says so, else when it was found. What a feed or sitemap names is new when
/// it is found, whatever the outlet's clock and zone make of that: a page that says it was published within
/// the hours by which these can be off was published just then.
fn born(published: Option<Timestamp>, found_at: Timestamp, is_of_source: bool) -> Timestamp {
    match published {
        Some(at) if is_of_source && found_at.since(at) <= ZONES_APART => found_at,
        Some(at) => at,
        None => found_at,
    }
}

/// Whether a page was named by a feed, a sitemap or a section page.
fn is_of_source(claim: &Claim) -> bool {
    let mut steps = claim.entry.path.steps().rev().skip_while(|step| *step == Step::Redirect);
    steps.next() == Some(Step::Link) && steps.next() == Some(Step::Manifest)
}

fn shape(stepped: &StepOutcome) -> Shape {
    match stepped.text.as_ref().map(|t| t.kind) {
        Some(PageKind::Front | PageKind::List) => Shape::Steady,
        // A front page that scripts fill is still a front page.
        Some(PageKind::Shell) if is_root(stepped) => Shape::Steady,
        _ => Shape::Article,
    }
}

/// Whether the page that was visited is the front page of its host.
fn is_root(stepped: &StepOutcome) -> bool {
    let uri = stepped.finished.as_ref().map(|finished| finished.uri.url());
    uri.is_some_and(|url| url.path() == "/")
}

/// What the look showed.
fn sight(stepped: &StepOutcome) -> Observation {
    let status = match &stepped.met {
        HostResponse::Reply { status, .. } => *status,
        HostResponse::Failure { .. } | HostResponse::OurRefusal => return Observation::NoAnswer,
    };
    match status {
        404 => Observation::NotFound,
        410 => Observation::GoneForGood,
        401 | 402 | 403 | 451 => Observation::Blocked(Block::Refused),
        301 | 302 | 303 | 307 | 308 => match &stepped.redirect {
            Some(to) if to.url().path() == "/" && to.url().query().is_none() => {
                Observation::MovedToFront
            }
            Some(to) if matches!(status, 301 | 308) => Observation::Moved { to: to.to_string() },
            // Elsewhere for now: the page is asked for under its own address again.
            _ => Observation::Page,
        },
        0 | 429 | 500..=599 => Observation::ServerError,
        _ => match stepped.text.as_ref().map(|t| t.kind) {
            Some(PageKind::Consent) => Observation::Blocked(Block::Consent),
            Some(PageKind::Block) => Observation::Blocked(Block::Captcha),
            Some(PageKind::SoftNotFound) => Observation::Blocked(Block::SoftNotFound),
            _ => Observation::Page,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_source_names_is_new_when_it_is_found_whatever_the_outlets_clock_says() {
        let at = |hours: i64| Timestamp::from_unix_seconds(hours * 3_600);
        for (published, is_of_source, want) in [
            (Some(at(100)), true, at(100)),
            // Five hours behind, nine ahead, and truly two days old.
            (Some(at(95)), true, at(100)),
            (Some(at(109)), true, at(100)),
            (Some(at(52)), true, at(52)),
            (None, true, at(100)),
            // A page that a person named was there before.
            (Some(at(95)), false, at(95)),
        ] {
            assert_eq!(born(published, at(100), is_of_source), want, "{published:?}");
        }
    }
}

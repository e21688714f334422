//! A host that a worker holds, and a URL of it that is in flight.

use std::collections::BTreeMap;
use std::time::Instant;

use super::super::leases::LeasedUrl;
use crate::schedule::entry::Priority;

/// A host that this worker holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) epoch: i64,
    /// When the lease ends, as this machine can tell.
    pub(super) expires: Instant,
    /// Not to be asked before this, by the caller's clock.
    pub(super) ready: i64,
    /// By priority and due time, by the caller's clock: what may be claimed.
    pub(super) lanes: BTreeMap<(Priority, i64, [u8; 16]), LeasedUrl>,
    /// The URL that is in flight.
    pub(super) flight: Option<u64>,
    /// What the last worker left, and what this one leaves.
    pub(super) facts: Vec<u8>,
    pub(super) facts_changed: bool,
    /// Whether the keeper may have more that is due.
    pub(super) may_have_more: bool,
    pub(super) visited: Vec<LeasedUrl>,
}

impl Held {
    /// What to take now: the strictest class first, then the earliest due time with the priority's
    /// handicap added.
    pub(super) fn choose(&self, now: i64) -> Option<(Priority, i64, [u8; 16])> {
        let firsts = Priority::ALL.into_iter().filter_map(|priority| {
            let from = (priority, i64::MIN, [0; 16]);
            let (key, _) = self.lanes.range(from..).next()?;
            (key.0 == priority && key.1 <= now).then_some(*key)
        });
        firsts.min_by_key(|(priority, due, _)| {
            (priority.class(), due.saturating_add(priority.handicap_micros()), *priority)
        })
    }

    /// Whether there is nothing to ask it for a while, so that it is of use to nobody here.
    pub(super) fn is_idle(&self, now: i64, margin: i64) -> bool {
        match self.next_at() {
            Some(at) => at.saturating_sub(now) > margin,
            None => !self.may_have_more,
        }
    }

    /// When it may be asked next.
    pub(super) fn next_at(&self) -> Option<i64> {
        let firsts = Priority::ALL.into_iter().filter_map(|priority| {
            let (key, _) = self.lanes.range((priority, i64::MIN, [0; 16])..).next()?;
            (key.0 == priority).then_some(key.1)
        });
        firsts.min().map(|due| due.max(self.ready))
    }
}

#[derive(Debug)]
pub(super) struct Flight {
    pub(super) host: String,
    pub(super) epoch: i64,
    pub(super) url: LeasedUrl,
}

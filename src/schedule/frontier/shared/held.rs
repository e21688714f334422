//! A host that a worker holds, and a URL of it that is in flight. Times are the keeper's.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::guard::LeaseGuard;
use super::super::leases::{LeasedHost, LeasedUrl, PAUSE_MAX};
use crate::schedule::entry::Priority;

/// What may be claimed, in order: priority, when it is due, and its digest.
pub(super) type LaneKey = (Priority, i64, [u8; 16]);

/// A host that this worker holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) epoch: i64,
    pub(super) guard: LeaseGuard,
    /// Not to be asked before this.
    pub(super) ready: i64,
    /// Its last pause, in microseconds.
    pub(super) pause: i64,
    pub(super) lanes: BTreeMap<LaneKey, LeasedUrl>,
    /// The URL that is in flight.
    pub(super) flight: Option<u64>,
    /// Until when, by the watch, it is about to be asked though none of its URLs is in flight.
    pub(super) reserved_until: i64,
    /// What the last worker left, until it is taken; what this one leaves, and what of it is not written.
    pub(super) left: Option<Vec<u8>>,
    pub(super) facts: Option<Vec<u8>>,
    /// The same for values stored by key.
    pub(super) left_memory: HashMap<Vec<u8>, Vec<u8>>,
    pub(super) taken: HashSet<Vec<u8>>,
    pub(super) memory: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Whether another worker waits for it.
    pub(super) is_wanted: bool,
    /// Whether the keeper may have more that is due.
    pub(super) may_have_more: bool,
    pub(super) visited: Vec<LeasedUrl>,
}

impl Held {
    pub(super) fn new(host: LeasedHost, guard: LeaseGuard) -> Self {
        Self {
            epoch: host.epoch,
            guard,
            ready: host.ready_at,
            pause: host.pause,
            lanes: BTreeMap::new(),
            flight: None,
            reserved_until: 0,
            left: Some(host.facts),
            facts: None,
            left_memory: host.memory.into_iter().collect(),
            taken: HashSet::new(),
            memory: BTreeMap::new(),
            is_wanted: false,
            may_have_more: false,
            visited: Vec::new(),
        }
    }

    /// It is not asked before a time; `high` is the keeper's time at the most.
    pub(super) fn pause_until(&mut self, ready: i64, high: i64, margin: i64) {
        self.ready = ready;
        self.pause = ready.saturating_sub(high).max(0);
        self.guard.set_margin(self.pause.clamp(margin, PAUSE_MAX.max(margin)));
    }

    /// What to take now: the strictest class first, then the earliest due time with the priority's
    /// handicap added.
    pub(super) fn choose(&self, now: i64) -> Option<LaneKey> {
        let firsts = Priority::ALL.into_iter().filter_map(|priority| {
            let from = (priority, i64::MIN, [0; 16]);
            let (key, _) = self.lanes.range(from..).next()?;
            (key.0 == priority && key.1 <= now).then_some(*key)
        });
        firsts.min_by_key(|(priority, due, _)| {
            (priority.class(), due.saturating_add(priority.handicap_micros()), *priority)
        })
    }

    /// Whether there is nothing to ask it for a while, so that it is of no use here. `watch` is the
    /// watch's time.
    pub(super) fn is_idle(&self, now: i64, watch: i64, margin: i64) -> bool {
        if self.flight.is_some() || self.reserved_until > watch {
            return false;
        }
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

    /// The URL of this digest as it is here, where it is.
    pub(super) fn get(&self, digest: &[u8; 16]) -> Option<&LeasedUrl> {
        let visited = self.visited.iter().rev().find(|url| url.digest == *digest);
        visited.or_else(|| self.lanes.values().find(|url| url.digest == *digest))
    }
}

#[derive(Debug)]
pub(super) struct Flight {
    pub(super) host: String,
    pub(super) epoch: i64,
    pub(super) url: LeasedUrl,
}

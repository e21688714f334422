//! Requests for the parts of a page that is rendered: beside the URLs of the queue, of hosts that this worker holds or
//! leases for it.
//!
//! A part is not a URL of the queue, so that no flight keeps its host here. What is under way is counted by host, and
//! with the number of the lease that it began under: a host that was lost and came back is not asked before that has ended.

use std::collections::HashMap;
use std::time::Instant;

use super::super::queue::PartTurn;
use super::held::Held;
use super::lend::HELD_AGAIN;
use super::{SharedFrontier, micros};
use crate::base::{HostKey, Timestamp};
use crate::schedule::change::ScheduleError;

/// For how long a host is kept for the next part of a page, after a part of it was asked for, in microseconds: the
/// parts of a page come soon after one another, and each lease of a host costs a transaction.
const KEPT: i64 = 2_000_000;
/// At most this many hosts that other workers hold are remembered.
const ELSEWHERE_MAX: usize = 1_000;

/// Parts of pages that are asked for, by host; which hosts were held by others a moment ago.
#[derive(Debug, Default)]
pub(super) struct PartsUnderWay {
    under_way: HashMap<String, Vec<i64>>,
    elsewhere: HashMap<String, Instant>,
}

impl PartsUnderWay {
    /// Whether a part of a host is being asked for.
    pub(super) fn has(&self, host: &str) -> bool {
        self.under_way.contains_key(host)
    }

    /// Whether one is that began under another lease than this.
    fn has_older(&self, host: &str, epoch: i64) -> bool {
        self.under_way.get(host).is_some_and(|epochs| epochs.iter().any(|other| *other != epoch))
    }

    fn is_elsewhere(&self, host: &str) -> bool {
        self.elsewhere.get(host).is_some_and(|until| Instant::now() < *until)
    }

    fn note_elsewhere(&mut self, host: &str) {
        if self.elsewhere.len() >= ELSEWHERE_MAX {
            self.elsewhere.clear();
        }
        self.elsewhere.insert(host.to_owned(), Instant::now() + HELD_AGAIN);
    }
}

impl SharedFrontier {
    /// Whether a host is of no use here for a while.
    pub(super) fn is_idle(&self, host: &str, held: &Held, now: i64) -> bool {
        let (watch, margin) = (self.times.watch.now(), micros(self.options.margin));
        !self.parts.has(host) && held.is_idle(now, watch, margin)
    }

    /// Whether a part of a page may be asked for at a host, as far as its lease is concerned.
    pub(super) fn turn_of_part(&mut self, host: &HostKey) -> Result<PartTurn, ScheduleError> {
        let name = host.as_str();
        let again = self.times.after(HELD_AGAIN);
        if !self.held.contains_key(name) {
            if self.is_away() || self.parts.is_elsewhere(name) {
                return Ok(PartTurn::Elsewhere(again));
            }
            self.lease_one(name)?;
            if !self.held.contains_key(name) {
                self.parts.note_elsewhere(name);
            }
        }
        let (now, watch) = (self.times.keeper_low(), self.times.watch.now());
        let epoch_of_flight = |held: &Held| self.flights.get(&held.flight?).map(|one| one.epoch);
        let Some(held) = self.held.get(name) else { return Ok(PartTurn::Elsewhere(again)) };
        let is_older = epoch_of_flight(held).is_some_and(|epoch| epoch != held.epoch);
        if is_older || self.parts.has_older(name, held.epoch) {
            return Ok(PartTurn::Wait(again));
        }
        if !held.guard.holds() {
            // Renewed with the next write.
            self.gathered();
            return Ok(PartTurn::Wait(again));
        }
        let ready = held.ready;
        if let Some(held) = self.held.get_mut(name) {
            held.reserved_until = held.reserved_until.max(watch.saturating_add(KEPT));
        }
        Ok(if ready > now { PartTurn::Wait(self.times.to_caller(ready)) } else { PartTurn::Go })
    }

    /// A part of a page is being asked for.
    pub(super) fn begin_part(&mut self, host: &HostKey) {
        let epoch = self.held.get(host.as_str()).map_or(0, |held| held.epoch);
        self.parts.under_way.entry(host.as_str().to_owned()).or_default().push(epoch);
    }

    /// The earliest time at which the next worker that holds a host may ask it.
    pub(super) fn pause_host(
        &mut self,
        host: &HostKey,
        ready_at: Timestamp,
    ) -> Result<(), ScheduleError> {
        let (ready, high) = (self.times.ready(ready_at), self.times.keeper_high());
        let margin = micros(self.options.margin);
        let Some(held) = self.held.get_mut(host.as_str()) else { return Ok(()) };
        held.pause_until(ready, high, margin);
        self.gathered_since.get_or_insert_with(Instant::now);
        // As for a page: the next worker that holds the host is to know even if this worker ends now.
        if held.pause > margin && !self.is_away() {
            let written = self.write(false);
            self.unless_away(written)?;
        }
        Ok(())
    }

    /// One that was being asked for has ended.
    pub(super) fn end_part(&mut self, host: &HostKey) {
        let name = host.as_str();
        let Some(epochs) = self.parts.under_way.get_mut(name) else { return };
        // Those under the oldest lease end first: they were cut off.
        epochs.remove(0);
        if epochs.is_empty() {
            self.parts.under_way.remove(name);
        }
        let until = self.times.watch.now().saturating_add(KEPT);
        if let Some(held) = self.held.get_mut(name) {
            held.reserved_until = held.reserved_until.max(until);
        }
        // Given back with the next write once it is of no use any more.
        self.gathered();
    }
}

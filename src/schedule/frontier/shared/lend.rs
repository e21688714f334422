//! Hosts that come to this worker, and more of what is due of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::super::Next;
use super::super::guard::LeaseGuard;
use super::super::leases::{Granted, LeasedUrl, PAUSE_MAX};
use super::held::Held;
use super::{AWAY, SharedFrontier, lease_of, micros};
use crate::base::{HostKey, Timestamp};
use crate::schedule::change::ScheduleError;

/// How soon hosts are asked for again where there were none: another worker may add something at any time.
const LEASE_AGAIN: Duration = Duration::from_millis(50);
/// How soon a host is tried again that another worker holds.
pub(super) const HELD_AGAIN: Duration = Duration::from_secs(1);
/// For how long a host is kept that is about to be asked though none of its URLs is in flight.
const RESERVED: Duration = Duration::from_secs(60);

impl SharedFrontier {
    /// Leases more hosts. `None` where there were any; else when there will be, by the caller's clock.
    pub(super) fn lease(&mut self) -> Result<Option<Next>, ScheduleError> {
        if self.is_away() {
            return Ok(Some(Next::Wait(self.times.after(AWAY))));
        }
        let room = self.options.hosts_max.saturating_sub(self.held.len());
        if room == 0 || self.lease_again.is_some_and(|at| Instant::now() < at) {
            return Ok(Some(Next::Busy));
        }
        let began = self.times.watch.now();
        let answer = self.leases.lease(&self.request(room.min(self.options.lease_hosts)));
        let Some(granted) = self.unless_away(answer)? else {
            return Ok(Some(Next::Wait(self.times.after(AWAY))));
        };
        self.times.keeper_is(granted.now, began);
        if granted.hosts.is_empty() {
            self.lease_again = Some(Instant::now() + LEASE_AGAIN);
            return Ok(Some(match granted.next_at {
                Some(at) => Next::Wait(self.times.to_caller(at)),
                None => Next::Empty,
            }));
        }
        self.lease_again = None;
        self.take_hosts(granted, began);
        Ok(None)
    }

    /// Leases this host, where no other worker holds it and the keeper answers.
    pub(super) fn lease_one(&mut self, host: &str) -> Result<(), ScheduleError> {
        let began = self.times.watch.now();
        let answer = self.leases.lease_host(&self.request(1), host);
        if let Some(granted) = self.unless_away(answer)? {
            self.times.keeper_is(granted.now, began);
            self.take_hosts(granted, began);
        }
        Ok(())
    }

    fn take_hosts(&mut self, granted: Granted, began: i64) {
        for mut host in granted.hosts {
            let name = host.host.clone();
            let urls = std::mem::take(&mut host.urls);
            if let Some(before) = self.held.remove(&name) {
                // Its lease had ended unnoticed.
                before.guard.end();
            }
            let guard = LeaseGuard::new(self.times.watch);
            guard.renew(began, lease_of(&self.options, host.pause));
            guard.set_margin(host.pause.clamp(0, PAUSE_MAX).max(micros(self.options.margin)));
            let mut held = Held::new(host, guard);
            // One that was lost and came back may still have an exchange of before under way.
            let before = self.flights.iter().find(|(_, flight)| flight.host == name);
            held.flight = before.map(|(number, _)| *number);
            self.held.insert(name.clone(), held);
            self.take_in(&name, urls);
        }
    }

    fn take_in(&mut self, host: &str, urls: Vec<LeasedUrl>) {
        let Some(held) = self.held.get_mut(host) else { return };
        held.may_have_more = urls.len() >= self.options.urls_max;
        for url in urls {
            // What was visited and not written yet is not what the keeper has.
            if held.visited.iter().any(|other| other.digest == url.digest) {
                continue;
            }
            held.lanes.insert((url.priority, url.due, url.digest), url);
        }
    }

    /// Loads more of the hosts that have run dry. Whether any was loaded.
    pub(super) fn load(&mut self) -> Result<bool, ScheduleError> {
        let is_dry =
            |held: &Held| held.flight.is_none() && held.lanes.is_empty() && held.may_have_more;
        if self.is_away() || !self.held.values().any(is_dry) {
            return Ok(false);
        }
        // The results of those visits have to be there before more is asked for.
        let written = self.write(false);
        if self.unless_away(written)?.is_none() {
            return Ok(false);
        }
        let dry: HashMap<String, i64> = self
            .held
            .iter()
            .filter(|(_, held)| is_dry(held))
            .map(|(host, held)| (host.clone(), held.epoch))
            .collect();
        let asked: Vec<(String, i64)> = dry.into_iter().collect();
        let answer = self.leases.load(&asked, &self.request(0));
        let Some(loaded) = self.unless_away(answer)? else { return Ok(false) };
        for (host, _) in &asked {
            if let Some(held) = self.held.get_mut(host) {
                held.may_have_more = false;
            }
        }
        let mut any = false;
        for (host, urls) in loaded {
            any |= !urls.is_empty();
            self.take_in(&host, urls);
        }
        Ok(any)
    }

    /// Makes sure that a host is held that is to be asked though none of its URLs was claimed; else when to
    /// try again.
    pub(super) fn reserve_host(
        &mut self,
        host: &HostKey,
    ) -> Result<Result<(), Timestamp>, ScheduleError> {
        let name = host.as_str();
        if !self.held.contains_key(name) {
            if self.is_away() {
                return Ok(Err(self.times.after(HELD_AGAIN)));
            }
            self.lease_one(name)?;
        }
        let (now, watch) = (self.times.keeper_low(), self.times.watch.now());
        let Some(held) = self.held.get_mut(name) else {
            return Ok(Err(self.times.after(HELD_AGAIN)));
        };
        held.reserved_until = watch.saturating_add(micros(RESERVED));
        let ready = held.ready;
        if held.flight.is_some() {
            return Ok(Err(self.times.after(HELD_AGAIN)));
        }
        if !held.guard.holds() {
            // Renewed with the next write.
            self.gathered();
            return Ok(Err(self.times.after(HELD_AGAIN)));
        }
        Ok(if ready > now { Err(self.times.to_caller(ready)) } else { Ok(()) })
    }
}

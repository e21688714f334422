//! What a crawl asks of a worker's part of a shared queue.

use std::time::Duration;

use super::super::flight::settle;
use super::super::leases::{FoundUrl, LeasedUrl};
use super::super::queue::Queue;
use super::super::{Added, Ask, Claim, Counts, Disposition, Found, Next};
use super::held::{Flight, Held};
use super::{SharedFrontier, micros};
use crate::base::{HostKey, Timestamp};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Entry, Phase, cut, url_digest};

impl Queue for SharedFrontier {
    fn add_all(
        &mut self,
        found: Vec<Found>,
        now: Timestamp,
    ) -> Result<Option<Vec<Added>>, ScheduleError> {
        if !self.offset_known {
            // Due times are the keeper's, who says with any answer what time it is.
            self.write(now, false)?;
        }
        for one in found {
            let digest = url_digest(&one.uri);
            let host = one.uri.host_key().as_str().to_owned();
            let again = matches!(one.ask, Ask::Again | Ask::Signal);
            // Menus and footers name the same pages again and again.
            if !again && !self.found_now.insert((host.clone(), digest)) {
                continue;
            }
            let entry = Entry {
                uri: one.uri,
                path: one.path,
                via: one.via,
                because: cut(&one.because, Entry::BECAUSE_MAX),
                settings: one.settings,
                visits: 0,
                snoozes: 0,
                signalled: one.ask == Ask::Signal,
                found_at: now,
                memo: Vec::new(),
                first: None,
                also: Vec::new(),
            };
            let url = LeasedUrl {
                digest,
                asked: 0,
                priority: one.priority,
                phase: Phase::Queued,
                due: one.due.unix_micros().saturating_add(self.offset),
                job: one.job,
                entry: entry.to_bytes(),
            };
            self.found.push(FoundUrl { host, url, again });
            self.gathered();
        }
        self.tend(now)?;
        Ok(None)
    }

    fn next(
        &mut self,
        now: Timestamp,
        busy: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Next, ScheduleError> {
        self.tend(now)?;
        let micros_now = now.unix_micros();
        loop {
            let (host, any) = self.first_ready(micros_now, busy);
            if let Some(host) = host {
                if let Some(claim) = self.claim(&host, micros_now)? {
                    return Ok(Next::Ready(Box::new(claim)));
                }
                continue;
            }
            if self.load(now)? {
                continue;
            }
            let none = match self.lease(now)? {
                None => continue,
                Some(none) => none,
            };
            let margin = micros(self.options.margin);
            if self
                .held
                .values()
                .any(|held| held.flight.is_none() && held.is_idle(micros_now, margin))
            {
                // Given back with the next write, which comes soon.
                self.gathered();
            }
            if any {
                return Ok(Next::Busy);
            }
            let own = self.held.values().filter(|held| held.flight.is_none());
            let own = own.filter_map(Held::next_at).min().map(Timestamp::from_unix_micros);
            return Ok(match (none, own) {
                (Next::Wait(at), Some(own)) => Next::Wait(at.min(own)),
                (Next::Empty | Next::Busy, Some(own)) => Next::Wait(own),
                // Not asked for again right now.
                (Next::Busy, None) => Next::Wait(now.plus(Duration::from_millis(50))),
                (none, _) => none,
            });
        }
    }

    fn finish(
        &mut self,
        mut claim: Claim,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        let host_ready_at = disposition.host_ready_at;
        let stands = settle(&mut claim.entry, claim.priority, disposition, now)?;
        claim.entry.because = cut(&claim.entry.because, Entry::BECAUSE_MAX);
        self.end(&claim, stands, host_ready_at, now)
    }

    fn snooze(
        &mut self,
        mut claim: Claim,
        until: Timestamp,
        because: &str,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        claim.entry.snoozes = claim.entry.snoozes.saturating_add(1);
        claim.entry.because = cut(because, Entry::BECAUSE_MAX);
        self.end(&claim, (claim.priority, claim.phase, until), None, now)
    }

    fn release(&mut self, claim: Claim) -> Result<(), ScheduleError> {
        let lost = || ScheduleError::NotInFlight { uri: claim.uri().as_str().to_owned() };
        let Flight { host, epoch, url } = self.flights.remove(&claim.id.0).ok_or_else(lost)?;
        // Where the host was lost, the keeper has the URL as it was.
        if let Some(held) = self.held.get_mut(&host).filter(|held| held.epoch == epoch) {
            held.flight = None;
            held.lanes.insert((url.priority, claim.due.unix_micros(), url.digest), url);
        }
        Ok(())
    }

    fn host_wait(
        &mut self,
        host: &HostKey,
        until: Timestamp,
        _: Timestamp,
    ) -> Result<(), ScheduleError> {
        // Of a host that is not held nobody here has asked anything.
        if let Some(held) = self.held.get_mut(host.as_str()) {
            held.ready = until.unix_micros();
        }
        Ok(())
    }

    fn count(&self) -> Result<Counts, ScheduleError> {
        self.leases.counts()
    }

    /// Writes what was gathered and gives every host back. A claim that is in flight still is given back as
    /// it was, and is no longer in flight here.
    fn checkpoint(&mut self, now: Timestamp) -> Result<(), ScheduleError> {
        self.flights.clear();
        self.write(now, true)
    }
}

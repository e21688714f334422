//! What a crawl asks of a worker's part of a shared queue.

use std::time::Duration;

use super::super::flight::settle;
use super::super::guard::LeaseGuard;
use super::super::leases::{ALONG, FoundUrl, LeasedUrl, SharedState};
use super::super::owners::GiveUp;
use super::super::queue::{DueItems, Entries, PartTurn, Queue};
use super::super::{
    Added, Ask, Claim, ClaimId, Counts, Disposition, Found, HostCounts, KnownUrl, Next,
};
use super::held::{Flight, Held};
use super::{SharedFrontier, known, owners};
use crate::base::{HostKey, TargetUri, Timestamp};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Entry, Phase, cut, url_digest};

/// How often hosts are leased and loaded for one question about what is next.
const ROUNDS_MAX: usize = 16;
/// How soon that is tried again.
const ROUNDS_AGAIN: Duration = Duration::from_millis(50);

impl SharedFrontier {
    /// What becomes of a URL that is added, where it was looked up a moment ago.
    fn added(&self, digest: &[u8; 16], job: &str) -> Option<Added> {
        if self.found_now.contains_key(digest) {
            return Some(Added::Known);
        }
        Some(match self.looked_up.get(digest)? {
            None => Added::Added,
            Some(jobs) if jobs.iter().any(|name| name == job) => Added::Known,
            Some(_) => Added::Joined,
        })
    }
}

impl Queue for SharedFrontier {
    fn add_all(
        &mut self,
        found: Vec<Found>,
        now: Timestamp,
    ) -> Result<Option<Vec<Added>>, ScheduleError> {
        self.times.caller_is(now);
        if !self.times.is_known() {
            // Due times are the keeper's, who says with any answer what time it is.
            self.write(false)?;
        }
        let mut answers = Some(Vec::with_capacity(found.len()));
        for one in found {
            let digest = url_digest(&one.uri);
            let added = self.added(&digest, &one.job);
            answers = answers.zip(added).map(|(mut answers, added)| {
                answers.push(added);
                answers
            });
            let again = matches!(one.ask, Ask::Again | Ask::Signal);
            // Menus and footers name the same pages again and again.
            let jobs = self.found_now.entry(digest).or_default();
            let is_new = !jobs.contains(&one.job);
            if is_new {
                jobs.push(one.job.clone());
            }
            if !again && !is_new {
                continue;
            }
            let host = one.uri.host_key().as_str().to_owned();
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
                due: self.times.due(one.due),
                jobs: vec![one.job],
                jobs_read: 0,
                entry: entry.to_bytes(),
            };
            self.found.push(FoundUrl { host, url, again });
            self.gathered();
        }
        self.tend()?;
        Ok(answers)
    }

    fn next(
        &mut self,
        now: Timestamp,
        busy: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Next, ScheduleError> {
        self.mind(now)?;
        for _ in 0..ROUNDS_MAX {
            let (host, any) = self.first_ready(busy);
            if let Some(host) = host {
                if let Some(claim) = self.claim(&host)? {
                    return Ok(Next::Ready(Box::new(claim)));
                }
                continue;
            }
            if self.load()? {
                continue;
            }
            let none = match self.lease()? {
                None => continue,
                Some(none) => none,
            };
            let low = self.times.keeper_low();
            if self.held.iter().any(|(host, held)| self.is_idle(host, held, low)) {
                // Given back with the next write, which comes soon.
                self.gathered();
            }
            if any {
                return Ok(Next::Busy);
            }
            let soon = self.times.after(Duration::from_millis(50));
            let own = Queue::next_ready_at(self).map(|at| at.max(soon));
            return Ok(match (none, own) {
                (Next::Wait(at), Some(own)) => Next::Wait(at.min(own)),
                (Next::Empty | Next::Busy, Some(own)) => Next::Wait(own),
                // Not asked for again right now.
                (Next::Busy, None) => Next::Wait(soon),
                (none, _) => none,
            });
        }
        // Leases that end before their hosts can be asked would be taken again without end.
        Ok(Next::Wait(self.times.after(ROUNDS_AGAIN)))
    }

    fn mind(&mut self, now: Timestamp) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        self.tend()?;
        self.report(false)
    }

    fn refresh(&self, claim: &mut Claim) {
        self.rename_in(claim);
    }

    fn finish(
        &mut self,
        mut claim: Claim,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        let host_ready_at = disposition.host_ready_at;
        let stands = settle(&mut claim.entry, claim.priority, disposition, now)?;
        claim.entry.because = cut(&claim.entry.because, Entry::BECAUSE_MAX);
        claim.named_by.iter_mut().for_each(|one| one.looked = true);
        self.end(claim, stands, host_ready_at)
    }

    fn snooze(
        &mut self,
        mut claim: Claim,
        until: Timestamp,
        because: &str,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        claim.entry.snoozes = claim.entry.snoozes.saturating_add(1);
        claim.entry.because = cut(because, Entry::BECAUSE_MAX);
        let (priority, phase) = (claim.priority, claim.phase);
        self.end(claim, (priority, phase, until), None)
    }

    fn release(&mut self, claim: Claim) -> Result<(), ScheduleError> {
        self.release_lost(claim.id)
    }

    fn in_flight(&self) -> Vec<ClaimId> {
        self.flights.keys().copied().map(ClaimId).collect()
    }

    fn release_lost(&mut self, id: ClaimId) -> Result<(), ScheduleError> {
        // Where the host was lost, the keeper has the URL as it was.
        if let Some((Flight { url, .. }, held)) = self.land(id) {
            held.lanes.insert((url.priority, url.due, url.digest), url);
        }
        Ok(())
    }

    fn give_up(
        &mut self,
        mut claim: Claim,
        why: &str,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        claim.named_by.clear();
        claim.entry.because = cut(why, Entry::BECAUSE_MAX);
        let priority = claim.priority;
        self.end(claim, (priority, Phase::Retired, now), None)
    }

    fn hand_on(&mut self, claim: Claim, now: Timestamp) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        let stands = (claim.priority, claim.phase, claim.due);
        self.end(claim, stands, None)
    }

    fn host_wait(
        &mut self,
        host: &HostKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        let (ready, high) = (self.times.ready(until), self.times.keeper_high());
        // No request was sent from here to a host that is not held.
        if let Some(held) = self.held.get_mut(host.as_str()) {
            held.ready = ready;
            held.pause = held.pause.max(ready.saturating_sub(high));
            held.reserved_until = 0;
        }
        Ok(())
    }

    fn serve_jobs(&mut self, names: Option<&[&str]>) {
        let served = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        if served == self.served {
            return;
        }
        self.served = served;
        for held in self.held.values_mut() {
            // Loaded again, of those that are served now.
            held.lanes.clear();
            held.may_have_more = true;
        }
    }

    fn known_all(&mut self, uris: &[&TargetUri]) -> Result<Vec<Option<KnownUrl>>, ScheduleError> {
        self.look_up(uris)
    }

    fn known(&self, uri: &TargetUri) -> Result<Option<KnownUrl>, ScheduleError> {
        Ok(self.known_of(&[uri])?.pop().flatten())
    }

    fn entries_of(&self, host: &HostKey, job: &str) -> Entries<'_> {
        let urls = if self.is_away() {
            Ok(None)
        } else {
            self.unless_away(self.leases.entries_of(host.as_str(), job))
        };
        let urls = match urls {
            Ok(urls) => urls.unwrap_or_default(),
            Err(why) => return Box::new(std::iter::once(Err(why))),
        };
        let job = job.to_owned();
        Box::new(urls.into_iter().filter_map(move |url| {
            let entry = Entry::of_bytes(&url.entry)?;
            let own = owners::named_by(&entry, &url.jobs).into_iter().find(|one| *one.job == *job);
            own.map(|own| Ok((entry, own)))
        }))
    }

    fn owned_by(&self, _: &str) -> Entries<'_> {
        Box::new(std::iter::empty())
    }

    fn disown(&mut self, _: &str, _: &mut GiveUp<'_>, _: Timestamp) -> Result<u64, ScheduleError> {
        Ok(0)
    }

    fn rename_job(&mut self, old: &str, new: &str) -> Result<bool, ScheduleError> {
        let is_known = self.leases.rename_job(old, new)?;
        self.renamed.remove(new);
        for name in self.renamed.values_mut().filter(|name| *name == old) {
            new.clone_into(name);
        }
        self.renamed.insert(old.to_owned(), new.to_owned());
        Ok(is_known)
    }

    fn count(&self) -> Result<Counts, ScheduleError> {
        self.leases.counts()
    }

    fn counts(&self) -> Counts {
        let counts = known::counted(&self.counting, &self.leases);
        Counts { in_flight: self.flights.len() as u64, ..counts }
    }

    fn counts_of_job(&self, _: &str) -> Counts {
        Counts::default()
    }

    fn ready_hosts(&self, now: Timestamp, max: usize) -> usize {
        let now = self.times.due(now);
        let is_ready = |held: &&Held| {
            held.flight.is_none()
                && held.guard.holds()
                && held.next_at().is_some_and(|at| at <= now)
        };
        self.held.values().filter(is_ready).take(max).count()
    }

    fn next_ready_at(&self) -> Option<Timestamp> {
        let free = self.held.values().filter(|held| held.flight.is_none());
        free.filter_map(Held::next_at).min().map(|at| self.times.to_caller(at))
    }

    fn host_counts(&self) -> Vec<HostCounts> {
        Vec::new()
    }

    fn due(&self) -> DueItems<'_> {
        Box::new(std::iter::empty())
    }

    fn guard(&self, host: &HostKey) -> Option<LeaseGuard> {
        let held = self.held.get(host.as_str()).map(|held| held.guard.clone());
        // One that never holds, where it went to another worker meanwhile.
        Some(held.unwrap_or_else(|| LeaseGuard::new(self.times.watch)))
    }

    fn reserve(
        &mut self,
        host: &HostKey,
        now: Timestamp,
    ) -> Result<Result<(), Timestamp>, ScheduleError> {
        self.times.caller_is(now);
        self.reserve_host(host)
    }

    fn turn_of_part(&mut self, host: &HostKey, now: Timestamp) -> Result<PartTurn, ScheduleError> {
        self.times.caller_is(now);
        SharedFrontier::turn_of_part(self, host)
    }

    fn begin_part(&mut self, host: &HostKey) {
        SharedFrontier::begin_part(self, host);
    }

    fn end_part(&mut self, host: &HostKey) {
        SharedFrontier::end_part(self, host);
    }

    fn pace_host(
        &mut self,
        host: &HostKey,
        ready_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        self.pause_host(host, ready_at)
    }

    fn left_facts(&mut self, host: &HostKey, now: Timestamp) -> Option<(Vec<u8>, i64)> {
        self.times.caller_is(now);
        let ahead = self.clock_ahead(now);
        let held = self.held.get_mut(host.as_str())?;
        held.left.take().map(|facts| (facts, ahead))
    }

    fn clock_ahead(&self, now: Timestamp) -> i64 {
        now.unix_micros().saturating_sub(self.times.keeper_low())
    }

    fn leave_facts(&mut self, host: &HostKey, facts: Vec<u8>) {
        if let Some(held) = self.held.get_mut(host.as_str()) {
            held.facts = Some(facts);
        }
    }

    fn left_memory(
        &mut self,
        host: &HostKey,
        key: &[u8],
    ) -> Result<Option<Option<Vec<u8>>>, ScheduleError> {
        let is_away = self.is_away();
        let Some(held) = self.held.get_mut(host.as_str()) else { return Ok(None) };
        if held.taken.contains(key) {
            return Ok(None);
        }
        if key.first() == Some(&ALONG) {
            held.taken.insert(key.to_owned());
            return Ok(Some(held.left_memory.remove(key)));
        }
        if is_away {
            return Ok(Some(None));
        }
        let Some(left) = self.unless_away(self.leases.recall(host.as_str(), key))? else {
            return Ok(Some(None));
        };
        if let Some(held) = self.held.get_mut(host.as_str()) {
            held.taken.insert(key.to_owned());
        }
        Ok(Some(left))
    }

    fn leave_memory(&mut self, host: &HostKey, key: &[u8], value: Vec<u8>) {
        if let Some(held) = self.held.get_mut(host.as_str()) {
            held.taken.insert(key.to_owned());
            held.memory.insert(key.to_owned(), value);
            self.gathered();
        }
    }

    fn shared(&self) -> Option<SharedState> {
        Some(self.state())
    }

    /// Writes what was gathered and gives every host back. A claim that is in flight still is given back as
    /// it was, and is no longer in flight here.
    fn checkpoint(&mut self, now: Timestamp) -> Result<(), ScheduleError> {
        self.times.caller_is(now);
        self.flights.clear();
        for held in self.held.values_mut() {
            held.flight = None;
        }
        self.write(true)?;
        // It answers, whatever it did a moment ago.
        self.unless_away(Ok(()))?;
        self.report(true)
    }
}

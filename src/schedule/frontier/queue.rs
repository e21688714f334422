//! What a crawl asks of a frontier, whether it is kept by one process ([`Frontier`]) or several that share it
//! ([`SharedFrontier`](super::SharedFrontier)).

use std::fmt::Debug;

use super::guard::LeaseGuard;
use super::leases::SharedState;
use super::owners::GiveUp;
use super::{
    Added, Claim, ClaimId, Counts, Disposition, DueItem, Found, Frontier, HostCounts, KnownUrl,
    NamedBy, Next,
};
use crate::base::{HostKey, TargetUri, Timestamp};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::Entry;

/// Entries with how a job found each, one at a time.
pub type Entries<'a> = Box<dyn Iterator<Item = Result<(Entry, NamedBy), ScheduleError>> + 'a>;
/// What comes next, one at a time.
pub type DueItems<'a> = Box<dyn Iterator<Item = Result<DueItem, ScheduleError>> + 'a>;

/// URLs that are due, a host at a time.
pub trait Queue: Debug + Send {
    /// Adds what was found on a page. What became of each, in order, where that is known at once.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn add_all(
        &mut self,
        found: Vec<Found>,
        now: Timestamp,
    ) -> Result<Option<Vec<Added>>, ScheduleError>;

    /// Returns which URL is next. `busy` may hold a host back.
    ///
    /// # Errors
    /// When it cannot be read.
    fn next(
        &mut self,
        now: Timestamp,
        busy: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Next, ScheduleError>;

    /// Does what is due at a time, whichever URL is next: writes what was gathered, renews leases. To be
    /// called again and again while claims are in flight.
    ///
    /// # Errors
    /// When it cannot be written.
    fn mind(&mut self, now: Timestamp) -> Result<(), ScheduleError>;

    /// Puts into a claim which jobs name its URL now, by the names that jobs have now.
    fn refresh(&self, claim: &mut Claim);

    /// Ends a claim with its result.
    ///
    /// # Errors
    /// When it cannot be written, or the claim is not in flight here.
    fn finish(
        &mut self,
        claim: Claim,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<(), ScheduleError>;

    /// Puts a claim off without a visit, until a time and for a reason.
    ///
    /// # Errors
    /// As [`Self::finish`].
    fn snooze(
        &mut self,
        claim: Claim,
        until: Timestamp,
        because: &str,
        now: Timestamp,
    ) -> Result<(), ScheduleError>;

    /// Gives a claim back as it was.
    ///
    /// # Errors
    /// As [`Self::finish`].
    fn release(&mut self, claim: Claim) -> Result<(), ScheduleError>;

    /// The claims that are in flight here.
    fn in_flight(&self) -> Vec<ClaimId>;

    /// [`Self::release`] for a claim that was lost, by its name.
    ///
    /// # Errors
    /// As [`Self::finish`].
    fn release_lost(&mut self, id: ClaimId) -> Result<(), ScheduleError>;

    /// Ends a claim that is not visited, because no job wants it any longer: the URL is retired.
    ///
    /// # Errors
    /// As [`Self::finish`].
    fn give_up(&mut self, claim: Claim, why: &str, now: Timestamp) -> Result<(), ScheduleError>;

    /// Puts a claim back where it was, for the jobs that still name it.
    ///
    /// # Errors
    /// As [`Self::finish`].
    fn hand_on(&mut self, claim: Claim, now: Timestamp) -> Result<(), ScheduleError>;

    /// Sets the time before which a host is not asked.
    ///
    /// # Errors
    /// When it cannot be written.
    fn host_wait(
        &mut self,
        host: &HostKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ScheduleError>;

    /// Serves only these jobs from now on; all jobs when `None`.
    fn serve_jobs(&mut self, names: Option<&[&str]>);

    /// What is known of each of these URLs, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    fn known_all(&mut self, uris: &[&TargetUri]) -> Result<Vec<Option<KnownUrl>>, ScheduleError>;

    /// What is known of a URL, and which jobs name it; `None` for one that was never added.
    ///
    /// # Errors
    /// When it cannot be read.
    fn known(&self, uri: &TargetUri) -> Result<Option<KnownUrl>, ScheduleError>;

    /// Everything of a host that a job owns, in whatever state.
    fn entries_of(&self, host: &HostKey, job: &str) -> Entries<'_>;

    /// Everything that a job owns; nothing where what it lost is given up when it is due.
    fn owned_by(&self, job: &str) -> Entries<'_>;

    /// Takes from a job all URLs that it gives up, and says how many; none where each is given up when it
    /// is due.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn disown(
        &mut self,
        job: &str,
        gives_up: &mut GiveUp<'_>,
        now: Timestamp,
    ) -> Result<u64, ScheduleError>;

    /// Gives a job another name. Whether there was such a job.
    ///
    /// # Errors
    /// When it cannot be written.
    fn rename_job(&mut self, old: &str, new: &str) -> Result<bool, ScheduleError>;

    /// All URLs by state.
    ///
    /// # Errors
    /// When they cannot be counted.
    fn count(&self) -> Result<Counts, ScheduleError>;

    /// The same for a display while work is in progress: what is known without counting, maybe a while ago.
    fn counts(&self) -> Counts;

    /// The URLs of one job by state; nothing where that is not known without counting.
    fn counts_of_job(&self, name: &str) -> Counts;

    /// How many hosts could be asked now, up to `max`.
    fn ready_hosts(&self, now: Timestamp, max: usize) -> usize;

    /// When the next host becomes ready; `None` where that is not known.
    fn next_ready_at(&self) -> Option<Timestamp>;

    /// The counts of every host; nothing where hosts are others', too.
    fn host_counts(&self) -> Vec<HostCounts>;

    /// What comes next, soonest first; nothing where it is read elsewhere.
    fn due(&self) -> DueItems<'_>;

    /// Whether and for how long a host that is about to be asked is held; `None` where no other process
    /// could ask it.
    fn guard(&self, host: &HostKey) -> Option<LeaseGuard>;

    /// Makes sure that a host may be asked though no URL of it was claimed; else when to try again.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn reserve(
        &mut self,
        host: &HostKey,
        now: Timestamp,
    ) -> Result<Result<(), Timestamp>, ScheduleError>;

    /// Whether a part of a page that is rendered may be asked for at a host, as far as that is this process': the
    /// host is leased for it where it is not held. Beside URLs of the host that are in flight.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn turn_of_part(&mut self, host: &HostKey, now: Timestamp) -> Result<PartTurn, ScheduleError>;

    /// A part of a page is being asked for at a host, which stays held until it has ended.
    fn begin_part(&mut self, host: &HostKey);

    /// One has ended that was begun.
    fn end_part(&mut self, host: &HostKey);

    /// Before when a host is not asked by the next worker that holds it, where it was asked beside the URLs of the queue.
    ///
    /// # Errors
    /// When it cannot be written.
    fn pace_host(
        &mut self,
        host: &HostKey,
        ready_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), ScheduleError>;

    /// What another worker may have left of a host, once for each lease of it: in the caller's bytes, and how
    /// far the caller's clock is ahead of the keeper's, in microseconds. `None` where what the caller has is
    /// right.
    fn left_facts(&mut self, host: &HostKey, now: Timestamp) -> Option<(Vec<u8>, i64)>;

    /// How far the caller's clock is ahead of the keeper's, in microseconds.
    fn clock_ahead(&self, now: Timestamp) -> i64;

    /// Leaves something of a host for the next worker.
    fn leave_facts(&mut self, host: &HostKey, facts: Vec<u8>);

    /// The same for one of many things of a host, by a key: asked for once for each lease. `None` where what
    /// the caller has is right; else what was left, if anything.
    ///
    /// # Errors
    /// When it cannot be read.
    fn left_memory(
        &mut self,
        host: &HostKey,
        key: &[u8],
    ) -> Result<Option<Option<Vec<u8>>>, ScheduleError>;

    /// Leaves one of many things of a host for the next worker.
    fn leave_memory(&mut self, host: &HostKey, key: &[u8], value: Vec<u8>);

    /// The state of what is shared; `None` where nothing is.
    fn shared(&self) -> Option<SharedState>;

    /// Writes down everything: what an orderly stop does last.
    ///
    /// # Errors
    /// When it cannot be written.
    fn checkpoint(&mut self, now: Timestamp) -> Result<(), ScheduleError>;
}

/// Whether a part of a page may be asked for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartTurn {
    /// As far as the queue is concerned.
    Go,
    /// Not before this time.
    Wait(Timestamp),
    /// Another process holds the host, or it is unknown whether one does: to be tried again at this time.
    Elsewhere(Timestamp),
}

impl Queue for Frontier {
    fn add_all(
        &mut self,
        found: Vec<Found>,
        now: Timestamp,
    ) -> Result<Option<Vec<Added>>, ScheduleError> {
        Frontier::add_all(self, found, now).map(Some)
    }

    fn next(
        &mut self,
        now: Timestamp,
        busy: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Next, ScheduleError> {
        Frontier::next(self, now, busy)
    }

    fn mind(&mut self, _: Timestamp) -> Result<(), ScheduleError> {
        Ok(())
    }

    fn refresh(&self, claim: &mut Claim) {
        Frontier::refresh(self, claim);
    }

    fn finish(
        &mut self,
        claim: Claim,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        Frontier::finish(self, claim, disposition, now)
    }

    fn snooze(
        &mut self,
        claim: Claim,
        until: Timestamp,
        because: &str,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        Frontier::snooze(self, claim, until, because, now)
    }

    fn release(&mut self, claim: Claim) -> Result<(), ScheduleError> {
        Frontier::release(self, claim)
    }

    fn in_flight(&self) -> Vec<ClaimId> {
        Frontier::in_flight(self).map(|(id, _)| id).collect()
    }

    fn release_lost(&mut self, id: ClaimId) -> Result<(), ScheduleError> {
        Frontier::release_lost(self, id)
    }

    fn give_up(&mut self, claim: Claim, why: &str, now: Timestamp) -> Result<(), ScheduleError> {
        Frontier::give_up(self, claim, why, now)
    }

    fn hand_on(&mut self, claim: Claim, now: Timestamp) -> Result<(), ScheduleError> {
        Frontier::hand_on(self, claim, now)
    }

    fn host_wait(
        &mut self,
        host: &HostKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        Frontier::host_wait(self, host, until, now)
    }

    fn serve_jobs(&mut self, names: Option<&[&str]>) {
        Frontier::serve_jobs(self, names);
    }

    fn known_all(&mut self, uris: &[&TargetUri]) -> Result<Vec<Option<KnownUrl>>, ScheduleError> {
        uris.iter().map(|uri| Frontier::known(self, uri)).collect()
    }

    fn known(&self, uri: &TargetUri) -> Result<Option<KnownUrl>, ScheduleError> {
        Frontier::known(self, uri)
    }

    fn entries_of(&self, host: &HostKey, job: &str) -> Entries<'_> {
        Box::new(Frontier::entries_of(self, host, job))
    }

    fn owned_by(&self, job: &str) -> Entries<'_> {
        Box::new(Frontier::owned_by(self, job))
    }

    fn disown(
        &mut self,
        job: &str,
        gives_up: &mut GiveUp<'_>,
        now: Timestamp,
    ) -> Result<u64, ScheduleError> {
        Frontier::disown(self, job, gives_up, now)
    }

    fn rename_job(&mut self, old: &str, new: &str) -> Result<bool, ScheduleError> {
        Frontier::rename_job(self, old, new)
    }

    fn count(&self) -> Result<Counts, ScheduleError> {
        Ok(Frontier::counts(self))
    }

    fn counts(&self) -> Counts {
        Frontier::counts(self)
    }

    fn counts_of_job(&self, name: &str) -> Counts {
        Frontier::counts_of_job(self, name)
    }

    fn ready_hosts(&self, now: Timestamp, max: usize) -> usize {
        Frontier::ready_hosts(self, now, max)
    }

    fn next_ready_at(&self) -> Option<Timestamp> {
        Frontier::next_ready_at(self)
    }

    fn host_counts(&self) -> Vec<HostCounts> {
        Frontier::host_counts(self).collect()
    }

    fn due(&self) -> DueItems<'_> {
        Box::new(Frontier::due(self))
    }

    fn guard(&self, _: &HostKey) -> Option<LeaseGuard> {
        None
    }

    fn reserve(
        &mut self,
        _: &HostKey,
        _: Timestamp,
    ) -> Result<Result<(), Timestamp>, ScheduleError> {
        Ok(Ok(()))
    }

    fn turn_of_part(&mut self, _: &HostKey, _: Timestamp) -> Result<PartTurn, ScheduleError> {
        Ok(PartTurn::Go)
    }

    /// The gate knows all that is asked.
    fn begin_part(&mut self, _: &HostKey) {}

    /// As [`Self::begin_part`].
    fn end_part(&mut self, _: &HostKey) {}

    /// As [`Self::begin_part`].
    fn pace_host(&mut self, _: &HostKey, _: Timestamp, _: Timestamp) -> Result<(), ScheduleError> {
        Ok(())
    }

    fn left_facts(&mut self, _: &HostKey, _: Timestamp) -> Option<(Vec<u8>, i64)> {
        None
    }

    fn clock_ahead(&self, _: Timestamp) -> i64 {
        0
    }

    /// What the caller keeps beside the queue is enough.
    fn leave_facts(&mut self, _: &HostKey, _: Vec<u8>) {}

    fn left_memory(
        &mut self,
        _: &HostKey,
        _: &[u8],
    ) -> Result<Option<Option<Vec<u8>>>, ScheduleError> {
        Ok(None)
    }

    /// As [`Self::leave_facts`].
    fn leave_memory(&mut self, _: &HostKey, _: &[u8], _: Vec<u8>) {}

    fn shared(&self) -> Option<SharedState> {
        None
    }

    fn checkpoint(&mut self, _: Timestamp) -> Result<(), ScheduleError> {
        Frontier::checkpoint(self)
    }
}

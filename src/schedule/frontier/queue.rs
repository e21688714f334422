//! What a crawl asks of a frontier to visit URLs, whether it is kept by one process ([`Frontier`]) or several
//! that share it ([`SharedFrontier`](super::SharedFrontier)).

use super::{Added, Claim, Counts, Disposition, Found, Frontier, Next};
use crate::base::{HostKey, Timestamp};
use crate::schedule::change::ScheduleError;

/// URLs that are due, a host at a time.
pub trait Queue {
    /// Adds what was found on a page. What became of each, in order, where that is known at once.
    ///
    /// # Errors
    /// When it cannot be read or written.
    fn add_all(
        &mut self,
        found: Vec<Found>,
        now: Timestamp,
    ) -> Result<Option<Vec<Added>>, ScheduleError>;

    /// Says who is next. `busy` may hold a host back.
    ///
    /// # Errors
    /// When it cannot be read.
    fn next(
        &mut self,
        now: Timestamp,
        busy: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Next, ScheduleError>;

    /// Ends a claim with what came of it.
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

    /// All URLs by state.
    ///
    /// # Errors
    /// When they cannot be counted.
    fn count(&self) -> Result<Counts, ScheduleError>;

    /// Writes down everything: what an orderly stop does last.
    ///
    /// # Errors
    /// When it cannot be written.
    fn checkpoint(&mut self, now: Timestamp) -> Result<(), ScheduleError>;
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

    fn host_wait(
        &mut self,
        host: &HostKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        Frontier::host_wait(self, host, until, now)
    }

    fn count(&self) -> Result<Counts, ScheduleError> {
        Ok(self.counts())
    }

    fn checkpoint(&mut self, _: Timestamp) -> Result<(), ScheduleError> {
        Frontier::checkpoint(self)
    }
}

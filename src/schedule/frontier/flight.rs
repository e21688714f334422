//! Claims: which URL is next, and what becomes of a URL when its exchange is over.

use std::sync::Arc;

use super::adding::Staged;
use super::hosts::{Host, LaneInfo};
use super::{Frontier, NamedBy, is_active};
use crate::base::{HostKey, TargetUri, Timestamp};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Entry, Lane, Phase, Place, Priority, UrlDigest, cut, url_digest};

/// Names a claim, after the claim itself may have been lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClaimId(pub(super) u64);

/// One URL in flight. Comes back by [`Frontier::finish`], [`Frontier::snooze`] or
/// [`Frontier::release`].
#[derive(Debug)]
pub struct Claim {
    pub(super) id: ClaimId,
    /// What is known of it.
    pub entry: Entry,
    /// Its host.
    pub host: HostKey,
    /// Whose it is: the first of the jobs that name it.
    pub job: Arc<str>,
    /// The jobs that name it, and how each found it. What is changed here is kept when the claim ends.
    pub named_by: Vec<NamedBy>,
    /// When it was due.
    pub due: Timestamp,
    /// Its priority.
    pub priority: Priority,
    /// Queued (its first visit) or waiting.
    pub phase: Phase,
}

impl Claim {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> ClaimId {
        self.id
    }

    /// What to ask for.
    #[must_use]
    pub fn uri(&self) -> &TargetUri {
        &self.entry.uri
    }
}

/// The answer to "which URL is next?".
#[derive(Debug)]
pub enum Next {
    /// This one.
    Ready(Box<Claim>),
    /// Hosts are ready, and the filter held all of them back that were visited.
    Busy,
    /// No URL before this time.
    Wait(Timestamp),
    /// Nothing is queued or waiting but what is in flight or of a host at its limit.
    Empty,
}

/// When a URL is visited next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextVisit {
    /// At this time, because of this.
    At {
        /// When.
        due: Timestamp,
        /// The fact that set the time.
        because: String,
    },
    /// Never, because of this.
    Retire {
        /// Why.
        why: String,
    },
}

/// The result of a claim.
#[derive(Debug, Clone)]
pub struct Disposition {
    /// When it is visited next.
    pub next: NextVisit,
    /// Before when its host is not asked again.
    pub host_ready_at: Option<Timestamp>,
    /// What to remember of the page; `None` leaves it as it was.
    pub memo: Option<Vec<u8>>,
    /// Its priority from now on; `None` leaves it as it was.
    pub priority: Option<Priority>,
}

#[derive(Debug)]
pub(super) struct Flight {
    pub(super) place: Place,
    pub(super) digest: UrlDigest,
    pub(super) uri: TargetUri,
    /// A visit that was asked for while this one was under way.
    pub(super) again: Option<AskedAgain>,
    /// What became of its owners meanwhile, in order.
    pub(super) events: Vec<OwnerEvent>,
}

/// A job that came to a URL, or left it, while that was in flight.
#[derive(Debug)]
pub(super) enum OwnerEvent {
    Joined(NamedBy),
    /// The number of the job, and why.
    Left(u16, String),
}

impl Flight {
    /// Whether a job owns the URL, by its numbers, given whether it did when that took off.
    pub(super) fn is_of(&self, job: &[u16], was_of: bool) -> bool {
        self.events.iter().fold(was_of, |is, event| match event {
            OwnerEvent::Joined(one) if job.contains(&one.id) => true,
            OwnerEvent::Left(id, _) if job.contains(id) => false,
            _ => is,
        })
    }

    /// Whether a job came to the URL while that was in flight.
    fn joined(&self, id: u16) -> bool {
        self.events.iter().any(|event| matches!(event, OwnerEvent::Joined(one) if one.id == id))
    }

    /// Who owns the URL now, and why the last of them left.
    pub(super) fn owners(&self, mut named_by: Vec<NamedBy>) -> (Vec<NamedBy>, &str) {
        let mut last = "";
        for event in &self.events {
            match event {
                OwnerEvent::Joined(one) if named_by.iter().any(|other| other.id == one.id) => {}
                OwnerEvent::Joined(one) => named_by.push(one.clone()),
                OwnerEvent::Left(id, why) => {
                    named_by.retain(|one| one.id != *id);
                    last = why;
                }
            }
        }
        (named_by, last)
    }
}

/// A visit that was asked for while one was under way.
#[derive(Debug)]
pub(super) struct AskedAgain {
    pub(super) due: i64,
    pub(super) because: String,
    pub(super) signalled: bool,
}

/// Writes the result of a visit into what is kept of the URL; its priority, and when and whether it is
/// visited next.
pub(super) fn settle(
    entry: &mut Entry,
    was: Priority,
    disposition: Disposition,
    now: Timestamp,
) -> Result<(Priority, Phase, Timestamp), ScheduleError> {
    let Disposition { next, host_ready_at: _, memo, priority } = disposition;
    if let Some(memo) = memo {
        if memo.len() > Entry::MEMO_MAX {
            return Err(ScheduleError::MemoTooLong {
                uri: entry.uri.as_str().to_owned(),
                length: memo.len(),
                max: Entry::MEMO_MAX,
            });
        }
        entry.memo = memo;
    }
    entry.visits = entry.visits.saturating_add(1);
    entry.snoozes = 0;
    entry.signalled = false;
    let (phase, due) = match next {
        NextVisit::At { due, because } => {
            entry.because = because;
            (Phase::Waiting, due)
        }
        NextVisit::Retire { why } => {
            entry.because = why;
            (Phase::Retired, now)
        }
    };
    Ok((priority.unwrap_or(was), phase, due))
}

impl Frontier {
    /// Returns which URL is next. `busy` may hold a host back for reasons of the caller (sockets of an
    /// address, a global cap); a host that is at its limit is never offered.
    ///
    /// Among hosts, the one that has been ready for longest goes first; within a host, see
    /// [`Priority`].
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn next(
        &mut self,
        now: Timestamp,
        busy: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Next, ScheduleError> {
        let now = now.unix_micros();
        loop {
            let mut offered = self.hosts.ready(now).take(self.options.filter_scan_max.max(1));
            let free = offered.find(|(_, host)| !busy(&host.name));
            drop(offered);
            let Some((id, host)) = free else {
                return Ok(match self.hosts.next_ready_at() {
                    None => Next::Empty,
                    Some(at) if at <= now => Next::Busy,
                    Some(at) => Next::Wait(Timestamp::from_unix_micros(at)),
                });
            };
            let chosen = host.choose(now, |job| is_active(&self.jobs, job));
            let chosen = chosen.map(|info| (info.job, info.lane));
            let claim = match chosen {
                Some((job, lane)) => self.claim(id, job, lane)?,
                None => None,
            };
            if let Some(claim) = claim {
                return Ok(Next::Ready(Box::new(claim)));
            }
            // The lane had less than memory said, which a damaged table can cause: memory has been
            // put right by now, so that the next round asks elsewhere.
            self.reslot(id);
        }
    }

    /// Puts into a claim which jobs name its URL now, by the names that jobs have now: they may have
    /// come, gone or been renamed since it was made.
    pub fn refresh(&self, claim: &mut Claim) {
        if let Some(flight) = self.flights.get(&claim.id.0) {
            claim.named_by = flight.owners(std::mem::take(&mut claim.named_by)).0;
        }
        for one in &mut claim.named_by {
            if let Some(job) = self.jobs.get(usize::from(one.id)) {
                one.job = Arc::clone(&job.name);
            }
        }
        if let Some(first) = claim.named_by.first() {
            claim.job = Arc::clone(&first.job);
        }
    }

    /// Ends a claim with its result. When this returns, no kill repeats the visit.
    ///
    /// # Errors
    /// When the tables or the journal cannot be written; the URL then stays in flight, and
    /// [`Self::release_lost`] puts it back. [`ScheduleError::NotInFlight`] for a claim that was
    /// ended before.
    pub fn finish(
        &mut self,
        claim: Claim,
        disposition: Disposition,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        let host_ready_at = disposition.host_ready_at;
        let mut entry = claim.entry;
        let (priority, phase, due) = settle(&mut entry, claim.priority, disposition, now)?;
        let mut named_by = claim.named_by;
        let flight = self.flights.get(&claim.id.0);
        for one in &mut named_by {
            // A job that came while the visit was under way had no say in what it is read for.
            one.looked |= !flight.is_some_and(|flight| flight.joined(one.id));
        }
        let lane = Lane::new(phase, priority);
        self.end(claim.id, (entry, named_by), lane, due, host_ready_at, now)
    }

    /// Puts a claim off without a visit: back to its queue, due at `until`.
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn snooze(
        &mut self,
        claim: Claim,
        until: Timestamp,
        because: &str,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        let mut entry = claim.entry;
        entry.snoozes = entry.snoozes.saturating_add(1);
        because.clone_into(&mut entry.because);
        let lane = Lane::new(claim.phase, claim.priority);
        self.end(claim.id, (entry, claim.named_by), lane, until, None, now)
    }

    /// Gives a claim back as it was, as if it had never been made.
    ///
    /// # Errors
    /// As [`Self::finish`].
    #[expect(clippy::needless_pass_by_value, reason = "a claim is spent by giving it back")]
    pub fn release(&mut self, claim: Claim) -> Result<(), ScheduleError> {
        self.release_lost(claim.id)
    }

    /// [`Self::release`] for a claim that was lost, by its name (see [`Self::in_flight`]).
    ///
    /// # Errors
    /// As [`Self::finish`].
    pub fn release_lost(&mut self, id: ClaimId) -> Result<(), ScheduleError> {
        let Some(flight) = self.flights.remove(&id.0) else {
            return Err(ScheduleError::NotInFlight { uri: format!("claim {}", id.0) });
        };
        let place = flight.place;
        if let Some(host) = self.hosts.get_mut(place.host) {
            host.in_flight.retain(|seq| *seq != place.seq);
        }
        let sooner = flight.again.as_ref().filter(|again| again.due < place.due);
        if (sooner.is_some() || !flight.events.is_empty())
            && let Some(mut entry) = self.state.entry(&place)?
        {
            let mut new = place;
            if let Some(again) = sooner {
                again.because.clone_into(&mut entry.because);
                entry.signalled = again.signalled;
                new.due = again.due;
            }
            let (named_by, why) = flight.owners(self.named_by(&place, &entry));
            // A time that has no meaning but for what is retired by it.
            let now = Timestamp::from_unix_micros(place.due);
            let why = why.to_owned();
            self.put_owned((&named_by, &why), (flight.digest, place), (new, entry), now)?;
        }
        self.refresh_lane(place.host, place.job, place.lane)?;
        self.reslot(place.host);
        // Last, since only the next opening's report would miss it.
        self.state.note_release(&place)
    }

    /// The claims that are in flight: name, and what was asked for.
    pub fn in_flight(&self) -> impl Iterator<Item = (ClaimId, &TargetUri)> {
        self.flights.iter().map(|(id, flight)| (ClaimId(*id), &flight.uri))
    }

    /// The first entry of a lane that is not in flight.
    fn first_on_disk(
        &self,
        id: u32,
        job: u16,
        lane: Lane,
    ) -> Result<Option<(Place, Vec<u8>)>, ScheduleError> {
        let Some(host) = self.hosts.get(id) else { return Ok(None) };
        let mut free = self
            .state
            .places(&Place::lane_prefix(id, job, lane))
            .filter(|item| !matches!(item, Ok((p, _)) if host.in_flight.contains(&p.seq)));
        Ok(free.next().transpose()?.map(|(place, value)| (place, value.to_vec())))
    }

    /// Takes the first entry of a lane into flight; `None` where there is none.
    fn claim(&mut self, id: u32, job: u16, lane: Lane) -> Result<Option<Claim>, ScheduleError> {
        let known = |host: &Host| host.lane(job, lane).is_some_and(|info| info.first.is_some());
        if !self.hosts.get(id).is_some_and(known) {
            self.refresh_lane(id, job, lane)?;
        }
        let Some(host) = self.hosts.get(id) else { return Ok(None) };
        let (place, value) = match host.lane(job, lane) {
            Some(LaneInfo { first: Some(first), .. }) => (first.0, first.1.to_vec()),
            // An entry too large to be kept in memory.
            Some(info) if info.head < i64::MAX => match self.first_on_disk(id, job, lane)? {
                Some(first) => first,
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let entry = Entry::of_bytes(&value)
            .ok_or_else(|| ScheduleError::Corrupt { what: format!("an entry of {}", host.name) })?;
        let named_by = self.named_by(&place, &entry);
        let claim = Claim {
            id: ClaimId(self.claim_next),
            host: HostKey::new(&host.name),
            job: named_by.first().map_or_else(|| "".into(), |one| Arc::clone(&one.job)),
            named_by,
            due: Timestamp::from_unix_micros(place.due),
            priority: lane.priority(),
            phase: lane.phase(),
            entry,
        };
        self.claim_next += 1;
        self.state.note_claim(&place);
        let flight = Flight {
            place,
            digest: url_digest(&claim.entry.uri),
            uri: claim.entry.uri.clone(),
            again: None,
            events: Vec::new(),
        };
        self.flights.insert(claim.id.0, flight);
        let more = self.hosts.get_mut(id).is_some_and(|host| {
            host.in_flight.push(place.seq);
            host.in_flight.len() < self.options.claims_per_host_max
        });
        // With one claim a host, the lane is visited again when the claim comes back.
        if more {
            self.refresh_lane(id, job, lane)?;
        }
        self.reslot(id);
        Ok(Some(claim))
    }

    /// Ends a flight: the URL stands in `lane`, due at `due`, and belongs to the jobs that name it.
    pub(super) fn end(
        &mut self,
        id: ClaimId,
        (mut entry, named_by): (Entry, Vec<NamedBy>),
        lane: Lane,
        due: Timestamp,
        host_ready_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        let Some(flight) = self.flights.get(&id.0) else {
            return Err(ScheduleError::NotInFlight { uri: entry.uri.as_str().to_owned() });
        };
        let (old, digest) = (flight.place, flight.digest);
        let (named_by, why) = flight.owners(named_by);
        let why = if why.is_empty() { entry.because.clone() } else { why.to_owned() };
        let mut place = Place { lane, due: due.unix_micros(), ..old };
        if let Some(again) = &flight.again {
            let retired = lane.phase() == Phase::Retired;
            if retired || again.due < place.due {
                again.because.clone_into(&mut entry.because);
                entry.signalled = again.signalled;
                place.due = again.due;
                place.lane =
                    Lane::new(if retired { Phase::Waiting } else { lane.phase() }, lane.priority());
            }
        }
        entry.because = cut(&entry.because, Entry::BECAUSE_MAX);
        let in_flight_before = self.hosts.get(old.host).map(|host| host.in_flight.clone());
        if let Some(host) = self.hosts.get_mut(old.host) {
            host.in_flight.retain(|seq| *seq != old.seq);
        }
        if let Err(error) = self.put_owned((&named_by, &why), (digest, old), (place, entry), now) {
            // It stays in flight, as promised.
            if let (Some(host), Some(before)) = (self.hosts.get_mut(old.host), in_flight_before) {
                host.in_flight = before;
            }
            return Err(error);
        }
        self.flights.remove(&id.0);
        if let Some(at) = host_ready_at {
            let host = self.hosts.get(old.host).map(|host| HostKey::new(&host.name));
            if let Some(host) = host {
                self.host_wait(&host, at, now)?;
            }
        }
        self.tend(now)
    }

    /// Writes the move of a URL to `new`, or to where its owners put it.
    fn put_owned(
        &mut self,
        (named_by, why): (&[NamedBy], &str),
        (digest, old): (UrlDigest, Place),
        (new, mut entry): (Place, Entry),
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        let mut staged = Staged::new(self);
        let placed = self.place_of_owners(named_by, new, &mut entry, why, now, &mut staged);
        match placed {
            Ok(place) => {
                staged.put(digest, Some(old), place, &entry);
                self.commit_staged(staged)
            }
            Err(error) => {
                staged.roll_back(self);
                Err(error)
            }
        }
    }
}

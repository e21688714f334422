//! Adding: what becomes of a URL that was found, alone or with a whole page's links in one write.

use std::collections::HashSet;

use super::flight::{AskedAgain, OwnerEvent};
use super::{Frontier, NamedBy};
use crate::base::{TargetUri, Timestamp};
use crate::schedule::change::{Change, ScheduleError};
use crate::schedule::discovery::DiscoveryPath;
use crate::schedule::entry::{Entry, Lane, Phase, Place, Priority, UrlDigest, cut, url_digest};

/// What finding a URL asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A visit, if there never was one: a link or an embed.
    IfNew,
    /// A visit by the due time, even if it was visited or retired before: asked for by name.
    Again,
    /// The same, because a signal says that the page has changed: lastmod or a feed's date moved.
    /// The claim then says so ([`Entry::signalled`]), so that revisits learn from it.
    Signal,
}

/// A URL as it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The URL.
    pub uri: TargetUri,
    /// How it was found.
    pub path: DiscoveryPath,
    /// The page it was found on.
    pub via: Option<String>,
    /// When it should be visited.
    pub due: Timestamp,
    /// The fact that set the due time.
    pub because: String,
    /// Its priority.
    pub priority: Priority,
    /// Whose it is, with every other job that names it.
    pub job: String,
    /// Settings of its own, in the watch list's words.
    pub settings: String,
    /// Whether a visit in the past is enough.
    pub ask: Ask,
}

/// What adding a URL did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It was not known and is queued.
    Added,
    /// It was known; nothing changed.
    Known,
    /// It was known; its visit was brought forward, or its priority raised.
    Sooner,
    /// It was known and not of this job, which owns it from now on, too; its visit is due as asked at
    /// the latest.
    Joined,
}

impl Frontier {
    /// Adds one URL. See [`Self::add_all`].
    ///
    /// # Errors
    /// As [`Self::add_all`].
    pub fn add(&mut self, found: Found, now: Timestamp) -> Result<Added, ScheduleError> {
        let added = self.add_all([found], now)?;
        Ok(added.first().copied().unwrap_or(Added::Known))
    }

    /// Adds what was found on a page, in one write; says of each what became of it, in order.
    /// When this returns, no kill loses any of them.
    ///
    /// # Errors
    /// When the tables or the journal cannot be read or written. Then a part may have been added.
    pub fn add_all(
        &mut self,
        found: impl IntoIterator<Item = Found>,
        now: Timestamp,
    ) -> Result<Vec<Added>, ScheduleError> {
        let mut answers = Vec::new();
        let mut staged = Staged::new(self);
        for one in found {
            let digest = url_digest(&one.uri);
            if staged.changes.len() >= Staged::CHANGES_MAX || staged.digests.contains(&digest) {
                self.commit_staged(staged)?;
                staged = Staged::new(self);
            }
            let answer = self.stage(one, digest, now, &mut staged);
            match answer {
                Ok(answer) => answers.push(answer),
                Err(why) => {
                    staged.roll_back(self);
                    return Err(why);
                }
            }
        }
        self.commit_staged(staged)?;
        self.tend(now)?;
        Ok(answers)
    }

    pub(super) fn host_id(
        &mut self,
        name: &str,
        staged: &mut Staged,
    ) -> Result<u32, ScheduleError> {
        if let Some(id) = self.hosts.id(name) {
            return Ok(id);
        }
        let max = u64::from(u32::MAX);
        let id = self.hosts.push(name, 0).ok_or(ScheduleError::TooMany { what: "hosts", max })?;
        staged.changes.push(Change::Host { id, name: name.to_owned(), ready: 0 });
        Ok(id)
    }

    fn stage(
        &mut self,
        found: Found,
        digest: UrlDigest,
        now: Timestamp,
        staged: &mut Staged,
    ) -> Result<Added, ScheduleError> {
        let host = self.host_id(found.uri.host_key().as_str(), staged)?;
        let Some(old) = self.state.place(host, &digest)? else {
            let job = self.job_id(&found.job, staged)?;
            let lane = Lane::new(Phase::Queued, found.priority);
            let place = Place { host, job, lane, due: found.due.unix_micros(), seq: self.seq_next };
            self.seq_next += 1;
            let entry = Entry {
                uri: found.uri,
                path: found.path,
                via: found.via,
                because: cut(&found.because, Entry::BECAUSE_MAX),
                settings: found.settings,
                visits: 0,
                snoozes: 0,
                signalled: found.ask == Ask::Signal,
                found_at: now,
                memo: Vec::new(),
                first: None,
                also: Vec::new(),
            };
            staged.put(digest, None, place, &entry);
            return Ok(Added::Added);
        };
        let was_of = self.is_of(old.job, &found.job);
        let flying = self.hosts.get(host).is_some_and(|host| host.in_flight.contains(&old.seq));
        if flying {
            return self.ask_in_flight(old, was_of, found, staged);
        }
        let due = found.due.unix_micros();
        let phase = old.lane.phase();
        // A part of a page was captured for all pages that show it, whichever job names it now.
        let is_part = found.path.is_requisite();
        let wanted = match (found.ask, phase) {
            (Ask::IfNew, Phase::Queued) | (Ask::Again | Ask::Signal, _) => true,
            (Ask::IfNew, _) => !was_of && !is_part,
        };
        let retired = phase == Phase::Retired;
        let raised = found.priority < old.lane.priority();
        if was_of && (!wanted || !(retired || raised || due < old.due)) {
            return Ok(Added::Known);
        }
        let Some(mut entry) = self.state.entry(&old)? else { return Ok(Added::Known) };
        let wanted = wanted || (retired && entry.visits == 0);
        let sooner = wanted && (retired || due < old.due);
        let priority = old.lane.priority();
        let priority = if wanted { priority.min(found.priority) } else { priority };
        let phase = match phase {
            Phase::Retired if !wanted => Phase::Retired,
            Phase::Retired if entry.visits > 0 => Phase::Waiting,
            Phase::Retired => Phase::Queued,
            other => other,
        };
        if sooner {
            entry.signalled = found.ask == Ask::Signal;
            entry.because = cut(&found.because, Entry::BECAUSE_MAX);
        }
        let lane = Lane::new(phase, priority);
        let place = Place { lane, due: if sooner { due } else { old.due }, ..old };
        let job = self.job_id(&found.job, staged)?;
        let mut named_by = self.named_by(&old, &entry);
        take_in(&mut named_by, found, job);
        let place = self.place_of_owners(&named_by, place, &mut entry, "", now, staged)?;
        staged.put(digest, Some(old), place, &entry);
        Ok(if was_of { Added::Sooner } else { Added::Joined })
    }

    /// A visit asked for while one is under way is remembered until that comes back, and so is a job
    /// that had not named the URL before.
    fn ask_in_flight(
        &mut self,
        old: Place,
        was_of: bool,
        found: Found,
        staged: &mut Staged,
    ) -> Result<Added, ScheduleError> {
        let job = self.job_id(&found.job, staged)?;
        let numbers = self.numbers_of(&found.job);
        let due = found.due.unix_micros();
        let flight = self.flights.values_mut().find(|flight| flight.place.seq == old.seq);
        let Some(flight) = flight else { return Ok(Added::Known) };
        let joins = !flight.is_of(&numbers, was_of);
        let asks = joins || matches!(found.ask, Ask::Again | Ask::Signal);
        let sooner = asks && flight.again.as_ref().is_none_or(|again| due < again.due);
        if sooner {
            let signalled = found.ask == Ask::Signal;
            flight.again = Some(AskedAgain { due, because: found.because.clone(), signalled });
        }
        if joins {
            let mut joined = Vec::new();
            take_in(&mut joined, found, job);
            flight.events.extend(joined.into_iter().map(OwnerEvent::Joined));
            return Ok(Added::Joined);
        }
        Ok(if sooner { Added::Sooner } else { Added::Known })
    }

    pub(super) fn commit_staged(&mut self, staged: Staged) -> Result<(), ScheduleError> {
        if staged.changes.is_empty() {
            return Ok(());
        }
        if let Err(why) = self.state.commit(&staged.changes) {
            staged.roll_back(self);
            return Err(why);
        }
        for change in &staged.changes {
            self.remember(change)?;
        }
        Ok(())
    }
}

/// Adds a job to those that name a URL. What its file names outranks how it may have found the URL
/// before, and so do settings that are not empty.
fn take_in(named_by: &mut Vec<NamedBy>, found: Found, id: u16) {
    let Some(own) = named_by.iter_mut().find(|one| *one.job == found.job) else {
        let Found { job, path, via, settings, .. } = found;
        named_by.push(NamedBy { job: job.into(), path, via, settings, looked: false, id });
        return;
    };
    if found.via.is_none() && own.via.is_some() {
        own.path = found.path;
        own.via = None;
        own.settings = found.settings;
    } else if !found.settings.is_empty() {
        own.settings = found.settings;
    }
}

/// Changes that are not on disk yet, and how much of memory to take back if they never are.
#[derive(Debug)]
pub(super) struct Staged {
    pub(super) changes: Vec<Change>,
    digests: HashSet<UrlDigest>,
    hosts_before: usize,
    jobs_before: usize,
}

impl Staged {
    /// How many changes go into one write: large enough to spread its cost, small enough to bound
    /// the memory of a page with a million links.
    pub(super) const CHANGES_MAX: usize = 1_000;

    pub(super) fn new(frontier: &Frontier) -> Self {
        Self {
            changes: Vec::new(),
            digests: HashSet::new(),
            hosts_before: frontier.hosts.len(),
            jobs_before: frontier.jobs.len(),
        }
    }

    pub(super) fn put(
        &mut self,
        digest: UrlDigest,
        old: Option<Place>,
        place: Place,
        entry: &Entry,
    ) {
        self.digests.insert(digest);
        self.changes.push(Change::Put { digest, old, place, entry: entry.to_bytes() });
    }

    pub(super) fn roll_back(self, frontier: &mut Frontier) {
        frontier.hosts.truncate(self.hosts_before);
        frontier.jobs.truncate(self.jobs_before);
    }
}

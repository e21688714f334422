//! Whose a URL is. A job that names a URL owns it, together with every other job that does; with the
//! last of them gone it is retired and kept, so that the next job to name it finds what was learned
//! of it.
//!
//! A URL's place names one number: of a job, or of the set of its jobs. So a URL of several jobs is
//! counted, ordered and claimed like any other, and is served where one of its jobs is. What each of
//! them has of its own (how it found the URL, and as what) is in the entry. A job's name may
//! change; its number does not.
//!
//! What this deliberately does not do: know which jobs there should be, or what they name.

use std::sync::Arc;

use super::adding::Staged;
use super::flight::OwnerEvent;
use super::{Frontier, Job};
use crate::base::{TargetUri, Timestamp};
use crate::schedule::change::{Change, ScheduleError};
use crate::schedule::discovery::DiscoveryPath;
use crate::schedule::entry::{Entry, Lane, Owner, Phase, Place, cut, url_digest};

/// What is between a name and a number in the key of a job whose name another one has, too.
const NAME_END: char = '\x01';

/// A job that names a URL, and how it found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedBy {
    /// Its name.
    pub job: Arc<str>,
    /// How it found the URL.
    pub path: DiscoveryPath,
    /// The page it found it on; `None` for what its file names.
    pub via: Option<String>,
    /// The settings of the URL for this job, in the watch list's words.
    pub settings: String,
    /// Whether the URL was visited since the job came to it.
    pub looked: bool,
    pub(super) id: u16,
}

impl NamedBy {
    fn to_owner(&self) -> Owner {
        Owner {
            job: self.id,
            path: self.path.clone(),
            via: self.via.clone(),
            settings: self.settings.clone(),
            looked: self.looked,
        }
    }
}

/// Whether a job gives a URL up, and why. Asked with the URL and with how the job found it.
pub type GiveUp<'a> = dyn FnMut(&TargetUri, &NamedBy) -> Option<String> + 'a;

impl Frontier {
    /// Gives a job another name. All that it owns stays its own; where a job of the new name is known,
    /// too, both are one from now on. Whether there was such a job.
    ///
    /// # Errors
    /// When the journal or the tables cannot be written.
    pub fn rename_job(&mut self, old: &str, new: &str) -> Result<bool, ScheduleError> {
        if old == new {
            return Ok(false);
        }
        let renamed = self.numbers_of(old);
        let mut is_taken = !self.numbers_of(new).is_empty();
        let mut changes = Vec::new();
        for id in &renamed {
            let key = if is_taken { format!("{new}{NAME_END}{id}") } else { new.to_owned() };
            is_taken = true;
            let old = self.state.job_keys_of(*id)?;
            changes.push(Change::Job { id: *id, name: key, old });
        }
        self.state.commit(&changes)?;
        for id in &renamed {
            if let Some(job) = self.jobs.get_mut(usize::from(*id)) {
                job.name = new.into();
            }
        }
        self.reslot_all();
        Ok(!renamed.is_empty())
    }

    /// Takes from a job all URLs that it gives up, and says how many. A URL that no job names any
    /// longer is retired, with the reason given; what is known of it is kept for the next job that
    /// names it. What is in flight is asked about as it is and given up when it comes back.
    ///
    /// # Errors
    /// When the tables or the journal cannot be read or written; then a part was taken.
    pub fn disown(
        &mut self,
        job: &str,
        gives_up: &mut GiveUp<'_>,
        now: Timestamp,
    ) -> Result<u64, ScheduleError> {
        let groups: Vec<u16> = self.groups_with(job);
        let mut count = self.disown_in_flight(job, gives_up)?;
        for host in 0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX) {
            let Some(info) = self.hosts.get(host) else { continue };
            let lanes: Vec<(u16, Lane)> = info
                .lanes
                .iter()
                .filter(|lane| groups.contains(&lane.job))
                .map(|lane| (lane.job, lane.lane))
                .collect();
            for (group, lane) in lanes {
                count += self.disown_lane((host, group, lane), job, gives_up, now)?;
            }
        }
        self.tend(now)?;
        Ok(count)
    }

    /// The same for what is in flight, with the jobs that came to it since then.
    fn disown_in_flight(
        &mut self,
        job: &str,
        gives_up: &mut GiveUp<'_>,
    ) -> Result<u64, ScheduleError> {
        let mut left = Vec::new();
        for (claim, flight) in &self.flights {
            let Some(entry) = self.state.entry(&flight.place)? else { continue };
            let (named_by, _) = flight.owners(self.named_by(&flight.place, &entry));
            for one in named_by.iter().filter(|one| self.is_of(one.id, job)) {
                if let Some(why) = gives_up(&entry.uri, one) {
                    left.push((*claim, OwnerEvent::Left(one.id, why)));
                }
            }
        }
        let count = left.len() as u64;
        for (claim, event) in left {
            if let Some(flight) = self.flights.get_mut(&claim) {
                flight.events.push(event);
            }
        }
        Ok(count)
    }

    fn disown_lane(
        &mut self,
        (host, group, lane): (u32, u16, Lane),
        job: &str,
        gives_up: &mut GiveUp<'_>,
        now: Timestamp,
    ) -> Result<u64, ScheduleError> {
        let mut count = 0;
        let mut after: Option<Place> = None;
        loop {
            // Read in pieces: what is changed moves to other lanes, and memory stays small.
            let prefix = Place::lane_prefix(host, group, lane);
            let piece: Vec<Place> = match after {
                None => {
                    let all = self.state.places(&prefix).map(|item| Ok(item?.0));
                    all.take(Staged::CHANGES_MAX).collect::<Result<_, ScheduleError>>()?
                }
                Some(place) => {
                    let rest = self.state.places_after(&place, prefix);
                    rest.take(Staged::CHANGES_MAX).collect::<Result<_, _>>()?
                }
            };
            let Some(last) = piece.last().copied() else { return Ok(count) };
            after = Some(last);
            let mut staged = Staged::new(self);
            for place in piece {
                match self.disown_one(place, job, gives_up, now, &mut staged) {
                    Ok(done) => count += u64::from(done),
                    Err(error) => {
                        staged.roll_back(self);
                        return Err(error);
                    }
                }
            }
            self.commit_staged(staged)?;
        }
    }

    /// Whether a job gave up the URL at `place`.
    fn disown_one(
        &mut self,
        place: Place,
        job: &str,
        gives_up: &mut GiveUp<'_>,
        now: Timestamp,
        staged: &mut Staged,
    ) -> Result<bool, ScheduleError> {
        if self.flights.values().any(|flight| flight.place.seq == place.seq) {
            return Ok(false);
        }
        let Some(mut entry) = self.state.entry(&place)? else { return Ok(false) };
        let mut named_by = self.named_by(&place, &entry);
        let mut why = None;
        named_by.retain(|one| {
            let given_up = (&*one.job == job).then(|| gives_up(&entry.uri, one)).flatten();
            let stays = given_up.is_none();
            why = why.take().or(given_up);
            stays
        });
        let Some(why) = why else { return Ok(false) };
        let new = self.place_of_owners(&named_by, place, &mut entry, &why, now, staged)?;
        staged.put(url_digest(&entry.uri), Some(place), new, &entry);
        Ok(true)
    }

    /// Ends a claim that is not visited, because no job wants it any longer: the URL is retired.
    ///
    /// # Errors
    /// As [`Frontier::finish`].
    pub fn give_up(
        &mut self,
        mut claim: super::Claim,
        why: &str,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        claim.named_by.clear();
        let lane = Lane::new(Phase::Retired, claim.priority);
        why.clone_into(&mut claim.entry.because);
        self.end(claim.id(), (claim.entry, claim.named_by), lane, now, None, now)
    }

    /// Puts a claim back where it was, for the jobs that still name it.
    ///
    /// # Errors
    /// As [`Frontier::finish`].
    pub fn hand_on(&mut self, claim: super::Claim, now: Timestamp) -> Result<(), ScheduleError> {
        let lane = Lane::new(claim.phase, claim.priority);
        self.end(claim.id(), (claim.entry, claim.named_by), lane, claim.due, None, now)
    }

    /// Everything that a job owns, in whatever state: each with how the job found it.
    pub fn owned_by<'a>(
        &'a self,
        job: &str,
    ) -> impl Iterator<Item = Result<(Entry, NamedBy), ScheduleError>> + use<'a> {
        let groups = self.groups_with(job);
        let job = job.to_owned();
        self.hosts
            .iter()
            .filter(move |(_, host)| host.lanes.iter().any(|lane| groups.contains(&lane.job)))
            .flat_map(move |(_, host)| {
                self.entries_of(&crate::base::HostKey::new(&host.name), &job).collect::<Vec<_>>()
            })
    }

    // ---- what the rest of the frontier asks

    /// The jobs that name the URL at `place`.
    pub(super) fn named_by(&self, place: &Place, entry: &Entry) -> Vec<NamedBy> {
        let owners = entry.owners(|| self.members(place.job).iter().copied());
        owners.into_iter().map(|owner| self.with_name(owner)).collect()
    }

    fn with_name(&self, owner: Owner) -> NamedBy {
        let Owner { job: id, path, via, settings, looked } = owner;
        let job = self.jobs.get(usize::from(id)).map_or_else(|| "".into(), |j| Arc::clone(&j.name));
        NamedBy { job, path, via, settings, looked, id }
    }

    /// Writes into an entry which jobs name it, and returns the place that follows from it. With none
    /// left it is retired, because of `why`.
    pub(super) fn place_of_owners(
        &mut self,
        named_by: &[NamedBy],
        place: Place,
        entry: &mut Entry,
        why: &str,
        now: Timestamp,
        staged: &mut Staged,
    ) -> Result<Place, ScheduleError> {
        let job = self.group_of(named_by, staged)?;
        write_owners(named_by, entry);
        if !named_by.is_empty() {
            return Ok(Place { job, ..place });
        }
        if place.lane.phase() == Phase::Retired {
            // The first reason stays: it says what the page was, and not which job gave it up.
            return Ok(Place { job, ..place });
        }
        entry.because = cut(why, Entry::BECAUSE_MAX);
        let lane = Lane::new(Phase::Retired, place.lane.priority());
        Ok(Place { job, lane, due: now.unix_micros(), ..place })
    }

    /// The number of these jobs together; one that is new is staged to be written.
    fn group_of(
        &mut self,
        named_by: &[NamedBy],
        staged: &mut Staged,
    ) -> Result<u16, ScheduleError> {
        let mut members: Vec<u16> = named_by.iter().map(|one| one.id).collect();
        members.sort_unstable();
        members.dedup();
        if let [one] = members.as_slice() {
            return Ok(*one);
        }
        let is_it = |job: &Job| job.name.is_empty() && *job.members == *members;
        if let Some(at) = self.jobs.iter().position(is_it) {
            return Ok(u16::try_from(at).unwrap_or(u16::MAX));
        }
        let id = self.next_job_id()?;
        staged.changes.push(Change::Set { id, members: members.clone() });
        self.push_group("", members.into());
        Ok(id)
    }

    /// The number of the job of this name; one that is new is staged to be written.
    pub(super) fn job_id(&mut self, name: &str, staged: &mut Staged) -> Result<u16, ScheduleError> {
        if let Some(at) = self.jobs.iter().position(|job| &*job.name == name) {
            return Ok(u16::try_from(at).unwrap_or(u16::MAX));
        }
        let id = self.next_job_id()?;
        staged.changes.push(Change::Job { id, name: name.to_owned(), old: Vec::new() });
        self.push_group(name, [id].into());
        Ok(id)
    }

    fn next_job_id(&self) -> Result<u16, ScheduleError> {
        let max = u64::from(u16::MAX);
        let id = u16::try_from(self.jobs.len()).ok().filter(|id| *id < u16::MAX);
        id.ok_or(ScheduleError::TooMany { what: "jobs and sets of jobs", max })
    }

    pub(super) fn load_jobs(&mut self) -> Result<(), ScheduleError> {
        let mut known: Vec<(u16, String, Vec<u16>)> = Vec::new();
        for item in self.state.jobs() {
            let (id, key) = item?;
            let name = key.split(NAME_END).next().unwrap_or_default().to_owned();
            known.push((id, name, vec![id]));
        }
        for item in self.state.sets() {
            let (id, members) = item?;
            known.push((id, String::new(), members));
        }
        known.sort_unstable();
        // Two names of one number are what a death in a rename may leave: both are the job's.
        known.dedup_by_key(|(id, _, _)| *id);
        for (id, name, members) in known {
            self.fill_jobs_up_to(id);
            self.push_group(&name, members.into());
        }
        Ok(())
    }

    pub(super) fn fill_jobs_up_to(&mut self, id: u16) {
        while self.jobs.len() < usize::from(id) {
            let own = u16::try_from(self.jobs.len()).unwrap_or(u16::MAX);
            self.push_group(&format!("?{own}"), [own].into());
        }
    }

    fn push_group(&mut self, name: &str, members: Box<[u16]>) {
        let mut job = Job { name: name.into(), members, active: false, counts: [0; 3] };
        job.active = self.is_served(&job);
        self.jobs.push(job);
    }

    /// Puts right which of the numbers are served.
    pub(super) fn activate(&mut self) {
        let active: Vec<bool> = self.jobs.iter().map(|job| self.is_served(job)).collect();
        for (job, active) in self.jobs.iter_mut().zip(active) {
            job.active = active;
        }
    }

    fn is_served(&self, job: &Job) -> bool {
        let Some(served) = &self.served else { return true };
        if !job.name.is_empty() {
            return served.contains(&*job.name);
        }
        job.members.iter().any(|id| {
            self.jobs.get(usize::from(*id)).is_some_and(|member| served.contains(&*member.name))
        })
    }

    fn members(&self, id: u16) -> &[u16] {
        self.jobs.get(usize::from(id)).map_or(&[], |job| &job.members)
    }

    /// The numbers that a job of this name has: one, or several after renames.
    pub(super) fn numbers_of(&self, name: &str) -> Vec<u16> {
        let numbers = (0_u16..).zip(&self.jobs);
        numbers.filter(|(_, job)| &*job.name == name).map(|(id, _)| id).collect()
    }

    /// The numbers under which the URLs of a job stand: its own, and those of sets it is in.
    pub(super) fn groups_with(&self, name: &str) -> Vec<u16> {
        let is_it = |id: &u16| self.jobs.get(usize::from(*id)).is_some_and(|j| &*j.name == name);
        let groups = (0_u16..).zip(&self.jobs);
        groups.filter(|(_, job)| job.members.iter().any(is_it)).map(|(id, _)| id).collect()
    }

    /// Whether the job of this name is among those that a number stands for.
    pub(super) fn is_of(&self, id: u16, name: &str) -> bool {
        let is_it = |id: &u16| self.jobs.get(usize::from(*id)).is_some_and(|j| &*j.name == name);
        self.members(id).iter().any(is_it)
    }

    /// The names of the jobs that a number stands for.
    pub(super) fn names_of(&self, id: u16) -> Vec<Arc<str>> {
        let name = |id: &u16| self.jobs.get(usize::from(*id)).map(|job| Arc::clone(&job.name));
        self.members(id).iter().filter_map(name).collect()
    }
}

/// Writes into an entry which jobs name it. With none left, what the last one had stays.
pub(super) fn write_owners(named_by: &[NamedBy], entry: &mut Entry) {
    entry.first = None;
    entry.also = Vec::new();
    let Some((first, others)) = named_by.split_first() else { return };
    entry.path = first.path.clone();
    entry.via.clone_from(&first.via);
    entry.settings.clone_from(&first.settings);
    if !others.is_empty() || first.looked != (entry.visits > 0) {
        entry.first = Some((first.id, first.looked));
        entry.also = others.iter().map(NamedBy::to_owner).collect();
    }
}

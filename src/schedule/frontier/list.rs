//! What the frontier can state about itself: counts, what comes next and why, one URL, and whether its
//! tables agree with each other.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::{Frontier, NamedBy, is_active};
use crate::base::{Finding, HostKey, TargetUri, Timestamp};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Entry, Lane, Phase, Place, Priority, url_digest};

/// How many URLs there are in each state. What is in flight is counted there alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Never fetched, to be fetched when due.
    pub queued: u64,
    /// Being fetched.
    pub in_flight: u64,
    /// Fetched, with a next visit.
    pub waiting: u64,
    /// Not to be fetched again.
    pub retired: u64,
}

/// The counts of one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCounts {
    /// The host.
    pub host: HostKey,
    /// Its URLs by state.
    pub counts: Counts,
    /// Before when it is not asked.
    pub ready_at: Timestamp,
}

/// One line of what comes next.
#[derive(Debug, Clone, PartialEq)]
pub struct DueItem {
    /// The earliest time it can be fetched: its due time, or when its host may be asked again.
    pub at: Timestamp,
    /// When it is due.
    pub due: Timestamp,
    /// Whether it is the host and not the URL that sets the time.
    pub waits_for_host: bool,
    /// What is known of it; [`Entry::because`] is the fact that set its due time.
    pub entry: Entry,
    /// Whose it is: the first of `jobs`.
    pub job: Arc<str>,
    /// All jobs that name it.
    pub jobs: Vec<Arc<str>>,
    /// Its priority.
    pub priority: Priority,
    /// Queued or waiting.
    pub phase: Phase,
}

/// What is known of one URL.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownUrl {
    /// What is kept of it.
    pub entry: Entry,
    /// Queued, waiting or retired.
    pub phase: Phase,
    /// When it is due.
    pub due: Timestamp,
    /// The jobs that name it.
    pub named_by: Vec<NamedBy>,
}

impl Frontier {
    /// All URLs by state.
    #[must_use]
    pub fn counts(&self) -> Counts {
        (0..self.jobs.len()).fold(Counts::default(), |sum, job| sum.plus(self.counts_at(job)))
    }

    /// The URLs of one job by state, also those that other jobs name, too.
    #[must_use]
    pub fn counts_of_job(&self, name: &str) -> Counts {
        let groups = self.groups_with(name);
        groups.into_iter().fold(Counts::default(), |sum, id| sum.plus(self.counts_at(id.into())))
    }

    /// The URLs of the jobs that are served, by state. A crawl that visits everything once is done
    /// when nothing of these is queued or in flight.
    #[must_use]
    pub fn counts_served(&self) -> Counts {
        let served = (0..self.jobs.len()).filter(|job| self.jobs[*job].active);
        served.fold(Counts::default(), |sum, job| sum.plus(self.counts_at(job)))
    }

    fn counts_at(&self, job: usize) -> Counts {
        let [mut queued, mut waiting, retired] = self.jobs.get(job).map_or([0; 3], |j| j.counts);
        let mut in_flight = 0;
        for flight in self.flights.values().filter(|f| usize::from(f.place.job) == job) {
            in_flight += 1;
            match flight.place.lane.phase() {
                Phase::Queued => queued = queued.saturating_sub(1),
                _ => waiting = waiting.saturating_sub(1),
            }
        }
        Counts { queued, in_flight, waiting, retired }
    }

    /// The jobs that the frontier knows; a name may occur twice.
    pub fn jobs(&self) -> impl Iterator<Item = &str> {
        self.jobs.iter().map(|job| &*job.name).filter(|name| !name.is_empty())
    }

    /// How many hosts are known.
    #[must_use]
    pub fn host_count(&self) -> usize {
        self.hosts.len()
    }

    /// How many hosts could be asked now, up to `max`. More than none of them for long, and
    /// nothing fetched, is a stall.
    #[must_use]
    pub fn ready_hosts(&self, now: Timestamp, max: usize) -> usize {
        self.hosts.ready(now.unix_micros()).take(max).count()
    }

    /// When the next host becomes ready; `None` when nothing is due ever.
    #[must_use]
    pub fn next_ready_at(&self) -> Option<Timestamp> {
        self.hosts.next_ready_at().map(Timestamp::from_unix_micros)
    }

    /// The counts of every host, in the order in which the hosts were found.
    pub fn host_counts(&self) -> impl Iterator<Item = HostCounts> {
        self.hosts.iter().map(|(id, host)| {
            let mut counts = Counts::default();
            for info in &host.lanes {
                *counts.of(info.lane.phase()) += u64::from(info.count);
            }
            for flight in self.flights.values().filter(|f| f.place.host == id) {
                counts.in_flight += 1;
                let phase = counts.of(flight.place.lane.phase());
                *phase = phase.saturating_sub(1);
            }
            HostCounts {
                host: HostKey::new(&host.name),
                counts,
                ready_at: Timestamp::from_unix_micros(host.ready),
            }
        })
    }

    /// What comes next over all served jobs, soonest first; without what is in flight. Reads one
    /// entry at a time, so taking the first few costs the same however many there are.
    #[must_use]
    pub fn due(&self) -> Due<'_> {
        let mut heads = BinaryHeap::new();
        for (id, host) in self.hosts.iter() {
            for info in host.lanes.iter().filter(|info| info.lane.phase() != Phase::Retired) {
                if is_active(&self.jobs, info.job) && info.count > 0 {
                    // Without a sequence number: is before the lane's first entry.
                    let lane = LaneOf { host: id, job: info.job, lane: info.lane };
                    heads.push(Reverse((info.head.max(host.ready), lane, None)));
                }
            }
        }
        Due { frontier: self, heads }
    }

    /// Everything that is kept of one host for one job, in whatever state: each with how the job came
    /// to it.
    pub fn entries_of<'a>(
        &'a self,
        host: &HostKey,
        job: &str,
    ) -> impl Iterator<Item = Result<(Entry, NamedBy), ScheduleError>> + use<'a> {
        let id = self.hosts.id(host.as_str());
        let groups = self.groups_with(job);
        let prefixes = id.into_iter().flat_map(move |id| {
            let of = move |group: &u16| Place::job_prefix(id, *group);
            groups.iter().map(of).collect::<Vec<_>>()
        });
        let job = job.to_owned();
        prefixes.flat_map(|prefix| self.state.places(&prefix)).filter_map(move |item| match item {
            Ok((place, value)) => {
                let entry = Entry::of_bytes(&value)?;
                let own = self.named_by(&place, &entry).into_iter().find(|one| *one.job == job);
                own.map(|own| Ok((entry, own)))
            }
            Err(why) => Some(Err(why)),
        })
    }

    /// What is known of a URL, and which jobs name it; `None` for one that was never added.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn known(&self, uri: &TargetUri) -> Result<Option<KnownUrl>, ScheduleError> {
        let Some(host) = self.hosts.id(uri.host_key().as_str()) else { return Ok(None) };
        let Some(place) = self.state.place(host, &url_digest(uri))? else { return Ok(None) };
        let Some(entry) = self.state.entry(&place)? else { return Ok(None) };
        let named_by = self.named_by(&place, &entry);
        let due = Timestamp::from_unix_micros(place.due);
        Ok(Some(KnownUrl { entry, phase: place.lane.phase(), due, named_by }))
    }

    /// What is known of a URL, and its phase and due time; `None` for one that was never added.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn get(&self, uri: &TargetUri) -> Result<Option<(Entry, Phase, Timestamp)>, ScheduleError> {
        Ok(self.known(uri)?.map(|known| (known.entry, known.phase, known.due)))
    }

    /// Rereads everything, and reports where the tables disagree with each other or with memory.
    ///
    /// # Errors
    /// When the tables cannot be read.
    pub fn check(&self) -> Result<Vec<Finding>, ScheduleError> {
        let mut findings = Vec::new();
        let mut report = |rule, what: String| {
            findings.push(Finding::error(&self.options.name, None, rule, what));
        };
        let mut seen = Counts::default();
        let mut lanes: HashMap<(u32, u16, Lane), (u32, i64)> = HashMap::new();
        for item in self.state.places(b"q") {
            let (place, value) = item?;
            *seen.of(place.lane.phase()) += 1;
            let lane = lanes.entry((place.host, place.job, place.lane)).or_insert((0, place.due));
            *lane = (lane.0 + 1, lane.1.min(place.due));
            let Some(entry) = Entry::of_bytes(&value) else {
                report("queue-entry", format!("an entry cannot be read ({place:?})"));
                continue;
            };
            if self.state.place(place.host, &url_digest(&entry.uri))? != Some(place) {
                report("one-state", format!("{} is in two places", entry.uri));
            }
            let mut owners: Vec<_> =
                self.named_by(&place, &entry).iter().map(|o| o.job.clone()).collect();
            let mut group = self.names_of(place.job);
            owners.sort();
            group.sort();
            if owners != group {
                let what =
                    format!("{} belongs to {owners:?} and is listed with {group:?}", entry.uri);
                report("owners", what);
            }
        }
        // What is in flight stands aside: the first of its lane may be the one behind it.
        for (id, host) in self.hosts.iter().filter(|(_, host)| host.in_flight.is_empty()) {
            for info in &host.lanes {
                let (count, first) =
                    lanes.remove(&(id, info.job, info.lane)).unwrap_or((0, i64::MAX));
                let is_first = info.lane.phase() == Phase::Retired || info.head == first;
                if count != info.count || !is_first {
                    report("lane", format!("{info:?} of {} has {count}, first {first}", host.name));
                }
            }
            if let Some((lane, _)) = lanes.iter().find(|((of, ..), _)| *of == id) {
                report("lane", format!("{lane:?} of {} is not known", host.name));
            }
        }
        let urls = self.state.count(b"u")?;
        let total = seen.queued + seen.waiting + seen.retired;
        if urls != total {
            report("one-state", format!("{urls} URLs are known and {total} have a place"));
        }
        let known = self.counts();
        if known.queued + known.waiting + known.in_flight + known.retired != total {
            report("counts", format!("{known:?} in memory, {seen:?} on disk"));
        }
        Ok(findings)
    }
}

impl Counts {
    fn of(&mut self, phase: Phase) -> &mut u64 {
        match phase {
            Phase::Queued => &mut self.queued,
            Phase::Waiting => &mut self.waiting,
            Phase::Retired => &mut self.retired,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            queued: self.queued + other.queued,
            in_flight: self.in_flight + other.in_flight,
            waiting: self.waiting + other.waiting,
            retired: self.retired + other.retired,
        }
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.queued + self.in_flight + self.waiting + self.retired
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct LaneOf {
    host: u32,
    job: u16,
    lane: Lane,
}

/// The iterator of [`Frontier::due`].
#[derive(Debug)]
pub struct Due<'a> {
    frontier: &'a Frontier,
    /// Of every lane, when its next entry can go, and that entry; `None` before the first.
    heads: BinaryHeap<Reverse<(i64, LaneOf, Option<Place>)>>,
}

impl Due<'_> {
    /// The place after `after` in a lane that is not in flight.
    fn advance(
        &self,
        of: LaneOf,
        after: Option<Place>,
    ) -> Result<Option<(i64, Place)>, ScheduleError> {
        let prefix = Place::lane_prefix(of.host, of.job, of.lane);
        let Some(host) = self.frontier.hosts.get(of.host) else { return Ok(None) };
        let mut places: Box<dyn Iterator<Item = Result<Place, ScheduleError>>> = match after {
            None => Box::new(self.frontier.state.places(&prefix).map(|item| Ok(item?.0))),
            Some(place) => Box::new(self.frontier.state.places_after(&place, prefix)),
        };
        let next = places.find(|item| !matches!(item, Ok(p) if host.in_flight.contains(&p.seq)));
        Ok(next.transpose()?.map(|place| (place.due.max(host.ready), place)))
    }
}

impl Iterator for Due<'_> {
    type Item = Result<DueItem, ScheduleError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Reverse((_, of, place)) = self.heads.pop()?;
            match self.advance(of, place) {
                Ok(Some((at, next))) => self.heads.push(Reverse((at, of, Some(next)))),
                Ok(None) => {}
                Err(why) => return Some(Err(why)),
            }
            let Some(place) = place else { continue };
            return match self.frontier.state.entry(&place) {
                Ok(Some(entry)) => Some(Ok(self.item(place, entry))),
                Ok(None) => continue,
                Err(why) => Some(Err(why)),
            };
        }
    }
}

impl Due<'_> {
    fn item(&self, place: Place, entry: Entry) -> DueItem {
        let ready = self.frontier.hosts.get(place.host).map_or(i64::MIN, |host| host.ready);
        let named_by = self.frontier.named_by(&place, &entry);
        let jobs: Vec<Arc<str>> = named_by.into_iter().map(|one| one.job).collect();
        DueItem {
            at: Timestamp::from_unix_micros(place.due.max(ready)),
            due: Timestamp::from_unix_micros(place.due),
            waits_for_host: ready > place.due,
            entry,
            job: jobs.first().map_or_else(|| "".into(), Arc::clone),
            jobs,
            priority: place.lane.priority(),
            phase: place.lane.phase(),
        }
    }
}

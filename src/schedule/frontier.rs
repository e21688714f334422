//! Which URL is next: per-host queues over the state on disk, and the claims that are in flight.
//!
//! A URL is in exactly one state: queued (never fetched, ready at a time), in flight, waiting for
//! its next visit, or retired with a reason. The first, third and fourth are on disk and survive
//! a kill at any moment; in flight is known to the process alone, so that its death puts the URL
//! back. Only as many URLs of one host are in flight as the options allow (one).
//!
//! What it deliberately does not do: decide when a page is due again (`revisit`), whether a URL
//! belongs (`scope`), how long a host must be left alone (politeness says so after every
//! exchange). The shape, queues per host with a time before which the host is not asked, is that
//! of Heritrix's frontier and of URLFrontier.

mod adding;
mod flight;
mod guard;
mod hosts;
#[cfg(test)]
mod kill_tests;
mod leases;
mod list;
mod opening;
mod owners;
#[cfg(test)]
mod owners_tests;
mod queue;
mod shared;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use self::adding::Staged;
pub use self::adding::{Added, Ask, Found};
use self::flight::Flight;
pub use self::flight::{Claim, ClaimId, Disposition, Next, NextVisit};
pub use self::guard::LeaseGuard;
use self::hosts::Hosts;
pub use self::leases::{
    ALONG, DueUrl, FoundUrl, Granted, HostWrite, LeaseEnd, LeaseRequest, LeasedHost, LeasedUrl,
    Leases, SharedBatch, SharedOverview, SharedState, WorkerReport, WorkerSeen, Written, longer_by,
};
pub use self::list::{Counts, DueItem, HostCounts, KnownUrl};
pub use self::owners::{GiveUp, NamedBy};
pub use self::queue::{DueItems, Entries, PartTurn, Queue};
pub use self::shared::{SharedFrontier, SharedOptions, due_items};
use super::change::{Change, ScheduleError};
use super::entry::{Lane, Phase, Place};
use super::state::{Opened, State};
use crate::base::{HostKey, Timestamp};
use crate::kv::Kv;

/// How a frontier is kept.
#[derive(Debug, Clone)]
pub struct FrontierOptions {
    /// The name of its tree and of its journal.
    pub name: String,
    /// The folder of its journal.
    pub folder: PathBuf,
    /// How many URLs of one host may be in flight together.
    pub claims_per_host_max: usize,
    /// How many ready hosts one call of [`Frontier::next`] offers to the caller's filter.
    pub filter_scan_max: usize,
    /// The length of the journal, in bytes, at which the tables are flushed and it begins again.
    pub journal_bytes_max: u64,
    /// How often the journal is synced against a loss of power. A kill needs no sync.
    pub sync_every: Duration,
    /// Breaks ties between hosts.
    pub seed: u64,
}

impl FrontierOptions {
    /// The defaults, with the journal in `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            name: "frontier".to_owned(),
            folder: folder.into(),
            claims_per_host_max: 1,
            filter_scan_max: 256,
            journal_bytes_max: 32 << 20,
            sync_every: Duration::from_secs(2),
            seed: 0,
        }
    }
}

/// A wait of a host that is longer than this is kept on disk. Shorter ones are over by the time a
/// process is up again, and politeness asks again in any case.
const HOST_WAIT_KEPT: i64 = 60 * 1_000_000;

/// Whose URLs are: a job, or several together.
#[derive(Debug)]
struct Job {
    /// Empty for several.
    name: Arc<str>,
    /// The numbers of the jobs, in order; its own alone for a job.
    members: Box<[u16]>,
    active: bool,
    /// Entries by phase.
    counts: [u64; 3],
}

/// The queues of all hosts.
#[derive(Debug)]
pub struct Frontier {
    state: State,
    options: FrontierOptions,
    hosts: Hosts,
    jobs: Vec<Job>,
    /// The jobs that are served; all when `None`.
    served: Option<HashSet<String>>,
    flights: HashMap<u64, Flight>,
    seq_next: u64,
    claim_next: u64,
    synced_at: Timestamp,
    /// Hosts whose summary on disk is no longer right.
    changed: HashSet<u32>,
}

impl Frontier {
    /// Opens the frontier, with everything in it that was acknowledged before. What was in flight
    /// when the last process died is queued again and named in the second part.
    ///
    /// # Errors
    /// When the tables or the journal cannot be read or written.
    pub fn open(kv: &Arc<Kv>, options: FrontierOptions) -> Result<(Self, Opened), ScheduleError> {
        let (state, mut opened, summarised) = State::open(kv, &options.name, &options.folder)?;
        let mut frontier = Self {
            hosts: Hosts::new(options.claims_per_host_max, options.seed),
            state,
            options,
            jobs: Vec::new(),
            served: None,
            flights: HashMap::new(),
            seq_next: 0,
            claim_next: 0,
            synced_at: Timestamp::default(),
            changed: HashSet::new(),
        };
        opened.hosts_read = frontier.load(summarised)?;
        Ok((frontier, opened))
    }

    /// Sets the time before which a host is not asked. Kept on disk when it is more than a minute
    /// away.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn host_wait(
        &mut self,
        host: &HostKey,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        let mut staged = Staged::new(self);
        let id = match self.host_id(host.as_str(), &mut staged) {
            Ok(id) => id,
            Err(why) => {
                staged.roll_back(self);
                return Err(why);
            }
        };
        let ready = until.unix_micros();
        let was = self.hosts.get(id).map_or(0, |host| host.ready);
        // A long wait that is taken back is taken back on disk, too.
        let is_far = |at: i64| at.saturating_sub(now.unix_micros()) > HOST_WAIT_KEPT;
        if is_far(ready) || (is_far(was) && ready < was) {
            staged.changes.push(Change::Host { id, name: host.as_str().to_owned(), ready });
        }
        self.commit_staged(staged)?;
        if let Some(host) = self.hosts.get_mut(id) {
            host.ready = ready;
        }
        self.reslot(id);
        Ok(())
    }

    /// Serves only these jobs from now on; all jobs when `None`. The others keep their queues. A URL
    /// of several jobs is served where one of them is.
    pub fn serve_jobs(&mut self, names: Option<&[&str]>) {
        self.served = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        self.reslot_all();
    }

    /// Flushes the tables and begins a new journal: what an orderly stop does last.
    ///
    /// # Errors
    /// When either cannot be written.
    pub fn checkpoint(&mut self) -> Result<(), ScheduleError> {
        self.checkpoint_with_summaries()
    }

    // ---- private: the state and memory together

    fn fill_hosts_up_to(&mut self, id: u32) {
        while self.hosts.len() < id as usize {
            let name = format!("?{}", self.hosts.len());
            self.hosts.push(&name, 0);
        }
    }

    fn count(&mut self, place: Place, by: i64) {
        self.changed.insert(place.host);
        if let Some(job) = self.jobs.get_mut(usize::from(place.job)) {
            let count = &mut job.counts[place.lane.phase() as usize];
            *count = count.saturating_add_signed(by);
        }
    }

    fn reslot_all(&mut self) {
        self.activate();
        for id in 0..self.hosts.len() {
            self.reslot(u32::try_from(id).unwrap_or(u32::MAX));
        }
    }

    fn reslot(&mut self, id: u32) {
        let jobs = &self.jobs;
        self.hosts.reslot(id, |job| is_active(jobs, job));
    }

    /// Puts the first entry of a lane that is not in flight into memory.
    fn refresh_lane(&mut self, id: u32, job: u16, lane: Lane) -> Result<(), ScheduleError> {
        let Some(host) = self.hosts.get(id) else { return Ok(()) };
        if lane.phase() == Phase::Retired || host.lane(job, lane).is_none() {
            return Ok(());
        }
        let mut first = None;
        for item in self.state.places(&Place::lane_prefix(id, job, lane)) {
            let (place, entry) = item?;
            if !host.in_flight.contains(&place.seq) {
                first = Some((place, entry));
                break;
            }
        }
        if let Some(host) = self.hosts.get_mut(id) {
            let first = first.as_ref().map(|(place, entry)| (*place, &**entry));
            host.lane_mut(job, lane).set_first(first);
        }
        Ok(())
    }

    /// Takes a change that is on disk into memory.
    fn remember(&mut self, change: &Change) -> Result<(), ScheduleError> {
        let (old, new) = match change {
            Change::Put { old, place, entry, .. } => (*old, Some((*place, entry))),
            Change::Remove { place, .. } => (Some(*place), None),
            Change::Host { .. } | Change::Job { .. } | Change::Set { .. } => return Ok(()),
        };
        if let Some((place, entry)) = new {
            self.count(place, 1);
            if let Some(host) = self.hosts.get_mut(place.host) {
                host.gain(place, entry);
            }
        }
        if let Some(place) = old {
            self.count(place, -1);
            let mut was_first = false;
            if let Some(host) = self.hosts.get_mut(place.host) {
                host.lose(place.job, place.lane);
                was_first =
                    host.lane(place.job, place.lane).is_some_and(|info| place.due <= info.head);
            }
            // With more than one claim a host, the head may be behind what was in flight.
            if was_first || self.options.claims_per_host_max > 1 {
                self.refresh_lane(place.host, place.job, place.lane)?;
            }
        }
        if let Some(place) = new.map(|(place, _)| place).or(old) {
            self.reslot(place.host);
        }
        Ok(())
    }

    /// Syncs and checkpoints when their time has come.
    fn tend(&mut self, now: Timestamp) -> Result<(), ScheduleError> {
        if self.state.journal_bytes() >= self.options.journal_bytes_max {
            self.checkpoint()?;
            self.synced_at = now;
        } else if now.since(self.synced_at) >= self.options.sync_every {
            self.state.sync()?;
            self.synced_at = now;
        }
        Ok(())
    }
}

fn is_active(jobs: &[Job], job: u16) -> bool {
    jobs.get(usize::from(job)).is_some_and(|job| job.active)
}

//! A worker's side of a queue that several workers share: the hosts it holds, in memory, with what is due
//! of them; the results of visits, gathered and written together.
//!
//! A kill loses what was gathered since the last write: at most [`SharedOptions::write_urls`] visits or
//! [`SharedOptions::write_every`] of them are made again. No URL is lost: what is found is in the same
//! gathering as the page that it was found on, so that one is not kept without the other.
//!
//! Where the keeper does not answer, what was gathered stays, hosts are asked as long as their leases last,
//! and the keeper is tried again every second: that does not end a crawl.

mod held;
mod known;
mod lend;
mod owners;
mod parts;
mod queue;
mod times;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use self::held::{Flight, Held};
use self::known::Counting;
use self::parts::PartsUnderWay;
use self::times::Times;
use super::leases::{
    DueUrl, FoundUrl, HostWrite, LeaseEnd, LeaseRequest, LeasedUrl, Leases, SharedBatch,
    SharedState, WorkerReport,
};
use super::{Claim, ClaimId, DueItem};
use crate::base::{HostKey, Timestamp};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Entry, Phase, Priority};

/// How a worker shares.
#[derive(Debug, Clone)]
pub struct SharedOptions {
    /// Its name, for people.
    pub worker: String,
    /// The archive that it writes to, for people.
    pub archive: String,
    /// How many hosts are leased at a time.
    pub lease_hosts: usize,
    /// How many hosts are held at most.
    pub hosts_max: usize,
    /// How many URLs of each priority of a host are loaded at a time.
    pub urls_max: usize,
    /// For how long hosts are leased: longer than the longest exchange.
    pub lease: Duration,
    /// With less than this left of its lease a host is not asked.
    pub margin: Duration,
    /// After this many visits they are written.
    pub write_urls: usize,
    /// After this time they are written.
    pub write_every: Duration,
}

impl SharedOptions {
    /// The defaults for a worker of this name.
    #[must_use]
    pub fn new(worker: impl Into<String>) -> Self {
        Self {
            worker: worker.into(),
            archive: String::new(),
            lease_hosts: 64,
            hosts_max: 512,
            urls_max: 32,
            lease: Duration::from_secs(120),
            margin: Duration::from_secs(30),
            write_urls: 100,
            write_every: Duration::from_secs(1),
        }
    }
}

pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4)
}

/// How long the keeper is left alone after it did not answer.
const AWAY: Duration = Duration::from_secs(1);
/// How often a worker reports.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// A worker's part of a shared queue.
#[derive(Debug)]
pub struct SharedFrontier {
    leases: Arc<dyn Leases>,
    options: SharedOptions,
    times: Times,
    held: HashMap<String, Held>,
    flights: HashMap<u64, Flight>,
    parts: PartsUnderWay,
    found: Vec<FoundUrl>,
    /// The jobs that found each URL in this gathering, by digest.
    found_now: HashMap<[u8; 16], Vec<String>>,
    /// The jobs that name a URL, of those that were looked up lately; `None` where it is not known.
    looked_up: HashMap<[u8; 16], Option<Vec<String>>>,
    /// The jobs that are served; all when `None`.
    served: Option<BTreeSet<String>>,
    /// Names that jobs had, and those that they have now.
    renamed: HashMap<String, String>,
    visits_gathered: usize,
    gathered_since: Option<Instant>,
    renewed_at: Instant,
    reported_at: Option<Instant>,
    /// Not to be asked for hosts before this.
    lease_again: Option<Instant>,
    /// The keeper did not answer, and is not tried before this.
    away_until: Mutex<Option<Instant>>,
    claim_next: u64,
    counting: Arc<Mutex<Counting>>,
    visits: u64,
    writes: u64,
    lost: u64,
    lag: u64,
}

impl SharedFrontier {
    /// A worker's part, which holds nothing yet.
    #[must_use]
    pub fn new(leases: Arc<dyn Leases>, options: SharedOptions) -> Self {
        Self {
            leases,
            options,
            times: Times::new(),
            held: HashMap::new(),
            flights: HashMap::new(),
            parts: PartsUnderWay::default(),
            found: Vec::new(),
            found_now: HashMap::new(),
            looked_up: HashMap::new(),
            served: None,
            renamed: HashMap::new(),
            visits_gathered: 0,
            gathered_since: None,
            renewed_at: Instant::now(),
            reported_at: None,
            lease_again: None,
            away_until: Mutex::default(),
            claim_next: 0,
            counting: Arc::default(),
            visits: 0,
            writes: 0,
            lost: 0,
            lag: 0,
        }
    }

    /// Whether the host of a claim is still held for long enough to ask it: to be called right before
    /// a request is sent, since any time may have passed since the claim was made.
    #[must_use]
    pub fn is_held(&self, claim: &Claim) -> bool {
        let flight = self.flights.get(&claim.id.0);
        let held = flight.and_then(|flight| Some((flight, self.held.get(&flight.host)?)));
        held.is_some_and(|(flight, held)| held.epoch == flight.epoch && held.guard.holds())
    }

    /// The number of the lease of a host; `None` where it is not held.
    #[must_use]
    pub fn epoch_of(&self, host: &HostKey) -> Option<i64> {
        self.held.get(host.as_str()).map(|held| held.epoch)
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> SharedState {
        SharedState {
            held: self.held.len() as u64,
            gathered: self.visits_gathered as u64,
            visits: self.visits,
            writes: self.writes,
            lost: self.lost,
            lag: self.lag,
            is_away: self.is_away(),
        }
    }

    fn jobs(&self) -> Option<Vec<String>> {
        Some(self.served.as_ref()?.iter().cloned().collect())
    }

    fn request(&self, hosts_max: usize) -> LeaseRequest {
        LeaseRequest {
            worker: self.options.worker.clone(),
            hosts_max,
            urls_max: self.options.urls_max,
            lease: self.options.lease,
            jobs: self.jobs(),
        }
    }

    fn gathered(&mut self) {
        self.gathered_since.get_or_insert_with(Instant::now);
    }

    /// Whether the keeper failed to answer a moment ago.
    fn is_away(&self) -> bool {
        let until = self.away_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        until.is_some_and(|at| Instant::now() < at)
    }

    /// An answer of the keeper; `None` where it did not answer, which does not end a crawl.
    fn unless_away<T>(&self, answer: Result<T, ScheduleError>) -> Result<Option<T>, ScheduleError> {
        let mut until = self.away_until.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match answer {
            Ok(answer) => {
                if until.take().is_some() {
                    tracing::info!("the shared queue answers again");
                }
                Ok(Some(answer))
            }
            Err(ScheduleError::Shared { why }) => {
                if until.is_none() {
                    tracing::warn!(
                        %why,
                        "the shared queue does not answer; leased URLs are visited until their leases end"
                    );
                }
                *until = Some(Instant::now() + AWAY);
                Ok(None)
            }
            Err(why) => Err(why),
        }
    }

    /// Writes when it is time to, and renews leases before they end.
    fn tend(&mut self) -> Result<(), ScheduleError> {
        let many = self.visits_gathered >= self.options.write_urls
            || self.found.len() >= self.options.write_urls * 10;
        let late = self.gathered_since.is_some_and(|at| at.elapsed() >= self.options.write_every);
        let renew = !self.held.is_empty()
            && self.renewed_at.elapsed() * 3
                >= self.options.lease.saturating_sub(self.options.margin);
        if (many || late || renew) && !self.is_away() {
            let written = self.write(false);
            self.unless_away(written)?;
        }
        Ok(())
    }

    /// Writes what was gathered. Hosts with nothing left are given back, and with `all` every host.
    fn write(&mut self, all: bool) -> Result<(), ScheduleError> {
        let began = self.times.watch.now();
        let batch = SharedBatch {
            lease: self.options.lease,
            hosts: self.host_writes(all),
            found: std::mem::take(&mut self.found),
            jobs: self.jobs(),
        };
        // A host that is given back may be another worker's before the answer arrives, even if no answer
        // ever comes: nothing more is sent to it, unless it turns out to be held still.
        for write in batch.hosts.iter().filter(|write| write.end == LeaseEnd::Over) {
            if let Some(held) = self.held.get(&write.host) {
                held.guard.end();
            }
        }
        let written = match self.leases.write(&batch) {
            Ok(written) => written,
            Err(why) => {
                // Gathered still: written with what comes next.
                self.found = batch.found;
                return Err(why);
            }
        };
        self.found_now.clear();
        self.visits_gathered = 0;
        self.gathered_since = None;
        self.renewed_at = Instant::now();
        self.writes += 1;
        self.times.keeper_is(written.now, began);
        for found in &batch.found {
            let Some(held) = self.held.get_mut(&found.host) else { continue };
            held.may_have_more = true;
            if found.url.priority <= Priority::Seed {
                // It goes before what is here, and is loaded with it.
                held.lanes.clear();
            }
        }
        for host in &written.lost {
            self.lose(host);
        }
        for host in &written.wanted {
            if let Some(held) = self.held.get_mut(host) {
                held.is_wanted = true;
                // Given back with the next write.
                self.gathered_since.get_or_insert_with(Instant::now);
            }
        }
        for write in &batch.hosts {
            let Some(held) = self.held.get_mut(&write.host) else { continue };
            self.visits += write.visited.len() as u64;
            if write.end == LeaseEnd::Over {
                self.held.remove(&write.host);
                continue;
            }
            if write.end == LeaseEnd::Renewed {
                held.guard.renew(began, lease_of(&self.options, held.pause));
                held.facts = None;
            }
            held.visited.clear();
            held.memory.clear();
        }
        Ok(())
    }

    /// What is written of each host that is held, as far as there is anything.
    fn host_writes(&self, all: bool) -> Vec<HostWrite> {
        let (now, watch) = (self.times.keeper_low(), self.times.watch.now());
        let margin = micros(self.options.margin);
        let is_free = |host: &str, held: &Held| {
            held.flight.is_none() && held.reserved_until <= watch && !self.parts.has(host)
        };
        let mut hosts = Vec::with_capacity(self.held.len());
        for (host, held) in &self.held {
            let waits_long = held.ready.saturating_sub(now) > margin;
            // Renewed rather seldom, since it changes an index.
            let is_old = held.guard.left() * 3 < micros(lease_of(&self.options, held.pause)) * 2;
            let end = match () {
                () if all || self.is_idle(host, held, now) => LeaseEnd::Over,
                () if held.is_wanted && is_free(host, held) => LeaseEnd::Over,
                () if is_old || held.facts.is_some() || waits_long => LeaseEnd::Renewed,
                () => LeaseEnd::AsItIs,
            };
            if end == LeaseEnd::AsItIs && held.visited.is_empty() && held.memory.is_empty() {
                continue;
            }
            hosts.push(HostWrite {
                host: host.clone(),
                epoch: held.epoch,
                ready_at: held.ready,
                pause: held.pause,
                facts: held.facts.clone(),
                memory: held.memory.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
                visited: held.visited.clone(),
                end,
            });
        }
        hosts
    }

    /// A host went to another worker.
    fn lose(&mut self, host: &str) {
        if let Some(held) = self.held.remove(host) {
            held.guard.end();
            self.lost += 1;
        }
    }

    /// Reports now and then that this worker is there.
    fn report(&mut self, ends: bool) -> Result<(), ScheduleError> {
        let is_due = self.reported_at.is_none_or(|at| at.elapsed() >= REPORT_EVERY);
        if !(is_due || ends) || self.is_away() {
            return Ok(());
        }
        self.reported_at = Some(Instant::now());
        let report = WorkerReport {
            worker: self.options.worker.clone(),
            archive: self.options.archive.clone(),
            ends,
            visits: self.visits,
            lost: self.lost,
        };
        if let Some(lag) = self.unless_away(self.leases.report(&report))? {
            self.lag = lag;
        }
        Ok(())
    }

    /// The host that has been ready for longest, of those that are held, and whether any is ready.
    fn first_ready(&mut self, busy: &mut dyn FnMut(&str) -> bool) -> (Option<String>, bool) {
        let now = self.times.keeper_low();
        let mut is_short = false;
        let mut ready: Vec<(i64, &String)> = Vec::new();
        let free = |host: &str, held: &Held| {
            held.flight.is_none() && !held.is_wanted && !self.parts.has(host)
        };
        for (host, held) in self.held.iter().filter(|(host, held)| free(host, held)) {
            match held.next_at().filter(|at| *at <= now) {
                Some(at) if held.guard.holds() => ready.push((at, host)),
                // Its lease has to be renewed before it may be asked.
                Some(_) => is_short = true,
                None => {}
            }
        }
        ready.sort_unstable();
        let any = !ready.is_empty();
        let first = ready.into_iter().find(|(_, host)| !busy(host)).map(|(_, host)| host.clone());
        if is_short {
            self.gathered();
        }
        (first, any)
    }

    fn claim(&mut self, host: &str) -> Result<Option<Claim>, ScheduleError> {
        let now = self.times.keeper_low();
        let Some(held) = self.held.get_mut(host) else { return Ok(None) };
        let Some(key) = held.choose(now) else { return Ok(None) };
        let Some(url) = held.lanes.remove(&key) else { return Ok(None) };
        let entry = Entry::of_bytes(&url.entry)
            .ok_or_else(|| ScheduleError::Corrupt { what: format!("an entry of {host}") })?;
        let number = self.claim_next;
        self.claim_next += 1;
        held.flight = Some(number);
        let named_by = owners::named_by(&entry, &url.jobs);
        let mut claim = Claim {
            id: ClaimId(number),
            host: HostKey::new(host),
            job: named_by.first().map_or_else(|| "".into(), |one| Arc::clone(&one.job)),
            named_by,
            due: self.times.to_caller(key.1),
            priority: url.priority,
            phase: url.phase,
            entry,
        };
        self.flights.insert(number, Flight { host: host.to_owned(), epoch: held.epoch, url });
        self.rename_in(&mut claim);
        Ok(Some(claim))
    }

    /// Puts the names that jobs have now into a claim.
    fn rename_in(&self, claim: &mut Claim) {
        for one in &mut claim.named_by {
            if let Some(new) = self.renamed.get(&*one.job) {
                one.job = new.as_str().into();
            }
        }
        if let Some(first) = claim.named_by.first() {
            claim.job = Arc::clone(&first.job);
        }
    }

    /// Takes a claim out of flight. The host, where it is still held under the lease of the claim: what
    /// came of the claim is lost with the host, and the next worker visits the URL again.
    fn land(&mut self, id: ClaimId) -> Option<(Flight, &mut Held)> {
        let flight = self.flights.remove(&id.0)?;
        let held = self.held.get_mut(&flight.host)?;
        if held.flight == Some(id.0) {
            held.flight = None;
        }
        (held.epoch == flight.epoch).then_some((flight, held))
    }

    /// Ends a flight: the URL is as given.
    fn end(
        &mut self,
        claim: Claim,
        (priority, phase, due): (Priority, Phase, Timestamp),
        host_ready_at: Option<Timestamp>,
    ) -> Result<(), ScheduleError> {
        let Claim { id, mut entry, named_by, .. } = claim;
        let due = self.times.due(due);
        let now = self.times.keeper_low();
        let ready = host_ready_at.map(|at| self.times.ready(at));
        let high = self.times.keeper_high();
        let long = micros(self.options.margin);
        let Some((Flight { url, .. }, held)) = self.land(id) else {
            tracing::debug!(url = %entry.uri, "its host went to another worker, which visits it again");
            return Ok(());
        };
        let mut is_urgent = false;
        if let Some(at) = ready {
            held.pause_until(at, high, long);
            // The next worker that holds the host is to know even if this worker ends now.
            is_urgent = held.pause > long;
        }
        let jobs = owners::write_names(named_by, &mut entry);
        held.visited.push(LeasedUrl { priority, phase, due, jobs, entry: entry.to_bytes(), ..url });
        // Due again while the host is held: it comes with what is loaded next.
        held.may_have_more |= phase != Phase::Retired && due <= now;
        self.visits_gathered += 1;
        self.gathered();
        if is_urgent && !self.is_away() {
            let written = self.write(false);
            self.unless_away(written)?;
        }
        self.tend()
    }
}

/// What comes next of a shared queue, as a reader sees it whose clock shows `now` while the keeper's shows
/// `keeper`. What cannot be read is left out.
#[must_use]
pub fn due_items(due: &[DueUrl], keeper: i64, now: Timestamp) -> Vec<DueItem> {
    let to_caller = |at: i64| {
        let after = at.saturating_sub(keeper);
        Timestamp::from_unix_micros(now.unix_micros().saturating_add(after))
    };
    let item = |one: &DueUrl| {
        let known = owners::known(&one.url, to_caller(one.url.due))?;
        let jobs: Vec<Arc<str>> = known.named_by.into_iter().map(|one| one.job).collect();
        Some(DueItem {
            at: to_caller(one.url.due.max(one.ready_at)),
            due: known.due,
            waits_for_host: one.ready_at > one.url.due,
            entry: known.entry,
            job: jobs.first().map_or_else(|| "".into(), Arc::clone),
            jobs,
            priority: one.url.priority,
            phase: one.url.phase,
        })
    };
    due.iter().filter_map(item).collect()
}

/// For how long a host with such a pause is leased.
fn lease_of(options: &SharedOptions, pause: i64) -> Duration {
    let longer = super::leases::longer_by(pause);
    options.lease + Duration::from_micros(longer.unsigned_abs())
}

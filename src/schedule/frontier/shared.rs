//! A worker's side of a queue that several workers share: the hosts it holds, in memory, with what is due
//! of them; what came of visits, gathered and written together.
//!
//! A kill loses what was gathered since the last write: at most [`SharedOptions::write_urls`] visits or
//! [`SharedOptions::write_every`] of them are made again. No URL is lost: what is found lies in the same
//! gathering as the page that it was found on, so that one is not kept without the other.
//!
//! Whether a lease still holds is decided by the monotonic clock of the machine, from before it was asked
//! for: a wall clock may be wrong or set. A host whose lease has less left than
//! [`SharedOptions::margin`] is not asked any more.

mod held;
mod queue;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::held::{Flight, Held};
use super::leases::{
    FoundUrl, HostWrite, LeaseEnd, LeaseRequest, LeasedHost, LeasedUrl, Leases, SharedBatch,
};
use super::{Claim, ClaimId, NamedBy, Next};
use crate::base::{HostKey, Timestamp};
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Entry, Phase, Priority};

/// How a worker shares.
#[derive(Debug, Clone)]
pub struct SharedOptions {
    /// Its name, for people.
    pub worker: String,
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

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// A worker's part of a shared queue.
#[derive(Debug)]
pub struct SharedFrontier {
    leases: Arc<dyn Leases>,
    options: SharedOptions,
    held: HashMap<String, Held>,
    flights: HashMap<u64, Flight>,
    found: Vec<FoundUrl>,
    /// What was found already in this gathering.
    found_now: HashSet<(String, [u8; 16])>,
    visits_gathered: usize,
    gathered_since: Option<Instant>,
    renewed_at: Instant,
    /// Not to be asked for hosts before this.
    lease_again: Option<Instant>,
    claim_next: u64,
    /// The keeper's clock less the caller's, and whether that is known yet.
    offset: i64,
    offset_known: bool,
    /// How many hosts were lost to others.
    lost: u64,
}

impl SharedFrontier {
    /// A worker's part, which holds nothing yet.
    #[must_use]
    pub fn new(leases: Arc<dyn Leases>, options: SharedOptions) -> Self {
        Self {
            leases,
            options,
            held: HashMap::new(),
            flights: HashMap::new(),
            found: Vec::new(),
            found_now: HashSet::new(),
            visits_gathered: 0,
            gathered_since: None,
            renewed_at: Instant::now(),
            lease_again: None,
            claim_next: 0,
            offset: 0,
            offset_known: false,
            lost: 0,
        }
    }

    /// Whether the host of a claim is still held for long enough to ask it: to be called right before
    /// a request is sent, since any time may have passed since the claim was made.
    #[must_use]
    pub fn is_held(&self, claim: &Claim) -> bool {
        let flight = self.flights.get(&claim.id.0);
        let held = flight.and_then(|flight| Some((flight, self.held.get(&flight.host)?)));
        held.is_some_and(|(flight, held)| held.epoch == flight.epoch && self.lasts(held))
    }

    /// The number of the lease of a host; `None` where it is not held.
    #[must_use]
    pub fn epoch_of(&self, host: &HostKey) -> Option<i64> {
        self.held.get(host.as_str()).map(|held| held.epoch)
    }

    /// What is remembered of a host that is held: its pace, back-off and robots.txt, in the bytes that
    /// [`Self::set_facts`] was given, by whichever worker.
    #[must_use]
    pub fn facts(&self, host: &HostKey) -> Option<&[u8]> {
        self.held.get(host.as_str()).map(|held| &*held.facts)
    }

    /// Remembers something of a host that is held; it goes to the next worker with the host.
    pub fn set_facts(&mut self, host: &HostKey, facts: Vec<u8>) {
        if let Some(held) = self.held.get_mut(host.as_str()) {
            held.facts = facts;
            held.facts_changed = true;
        }
    }

    /// How many hosts this worker has lost to others since it began.
    #[must_use]
    pub fn hosts_lost(&self) -> u64 {
        self.lost
    }

    fn lasts(&self, held: &Held) -> bool {
        held.expires.saturating_duration_since(Instant::now()) > self.options.margin
    }

    fn gathered(&mut self) {
        self.gathered_since.get_or_insert_with(Instant::now);
    }

    /// Writes when it is time to, and renews leases before they end.
    fn tend(&mut self, now: Timestamp) -> Result<(), ScheduleError> {
        let many = self.visits_gathered >= self.options.write_urls
            || self.found.len() >= self.options.write_urls * 10;
        let late = self.gathered_since.is_some_and(|at| at.elapsed() >= self.options.write_every);
        let renew = !self.held.is_empty()
            && self.renewed_at.elapsed() * 3
                >= self.options.lease.saturating_sub(self.options.margin);
        if many || late || renew { self.write(now, false) } else { Ok(()) }
    }

    /// Writes what was gathered. Hosts with nothing left are given back, and with `all` every host.
    fn write(&mut self, now: Timestamp, all: bool) -> Result<(), ScheduleError> {
        let began = Instant::now();
        let offset = self.offset;
        let margin = micros(self.options.margin);
        let mut hosts = Vec::with_capacity(self.held.len());
        for (host, held) in &self.held {
            let is_done = held.flight.is_none() && held.is_idle(now.unix_micros(), margin);
            let left = held.expires.saturating_duration_since(began);
            let waits_long = held.ready.saturating_sub(now.unix_micros()) > margin;
            let end = match () {
                () if all || is_done => LeaseEnd::Over,
                // Renewed rather seldom, since it changes an index.
                () if left * 3 < self.options.lease * 2 || held.facts_changed || waits_long => {
                    LeaseEnd::Renewed
                }
                () => LeaseEnd::AsItIs,
            };
            if end == LeaseEnd::AsItIs && held.visited.is_empty() {
                continue;
            }
            hosts.push(HostWrite {
                host: host.clone(),
                epoch: held.epoch,
                ready_at: held.ready.saturating_add(offset),
                facts: held.facts_changed.then(|| held.facts.clone()),
                visited: held.visited.clone(),
                end,
            });
        }
        let batch = SharedBatch {
            lease: self.options.lease,
            hosts,
            found: std::mem::take(&mut self.found),
        };
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
        self.renewed_at = began;
        self.offset = written.now.saturating_sub(now.unix_micros());
        self.offset_known = true;
        for host in &written.lost {
            self.held.remove(host);
            self.lost += 1;
        }
        for write in &batch.hosts {
            if write.end == LeaseEnd::Over {
                self.held.remove(&write.host);
            } else if let Some(held) = self.held.get_mut(&write.host) {
                if write.end == LeaseEnd::Renewed {
                    held.expires = began + self.options.lease;
                }
                held.visited.clear();
                held.facts_changed = false;
            }
        }
        Ok(())
    }

    /// Leases more hosts. Whether there were any; else when there will be, by the caller's clock.
    fn lease(&mut self, now: Timestamp) -> Result<Option<Next>, ScheduleError> {
        let room = self.options.hosts_max.saturating_sub(self.held.len());
        if room == 0 || self.lease_again.is_some_and(|at| Instant::now() < at) {
            return Ok(Some(Next::Busy));
        }
        let began = Instant::now();
        let granted = self.leases.lease(&LeaseRequest {
            worker: self.options.worker.clone(),
            hosts_max: room.min(self.options.lease_hosts),
            urls_max: self.options.urls_max,
            lease: self.options.lease,
        })?;
        self.offset = granted.now.saturating_sub(now.unix_micros());
        self.offset_known = true;
        if granted.hosts.is_empty() {
            // Another worker may add something at any time.
            self.lease_again = Some(began + Duration::from_millis(50));
            return Ok(Some(match granted.next_at {
                Some(at) => Next::Wait(Timestamp::from_unix_micros(at.saturating_sub(self.offset))),
                None => Next::Empty,
            }));
        }
        self.lease_again = None;
        for LeasedHost { host, epoch, ready_at, facts, urls } in granted.hosts {
            let held = Held {
                epoch,
                expires: began + self.options.lease,
                ready: ready_at.saturating_sub(self.offset),
                lanes: BTreeMap::new(),
                flight: None,
                facts,
                facts_changed: false,
                may_have_more: false,
                visited: Vec::new(),
            };
            self.held.insert(host.clone(), held);
            self.take_in(&host, urls);
        }
        Ok(None)
    }

    fn take_in(&mut self, host: &str, urls: Vec<LeasedUrl>) {
        let Some(held) = self.held.get_mut(host) else { return };
        held.may_have_more = urls.len() >= self.options.urls_max;
        for url in urls {
            // What was visited and not written yet is not what the keeper has.
            if held.visited.iter().any(|other| other.digest == url.digest) {
                continue;
            }
            let due = url.due.saturating_sub(self.offset);
            held.lanes.insert((url.priority, due, url.digest), url);
        }
    }

    /// Loads more of the hosts that have run dry. Whether any was loaded.
    fn load(&mut self, now: Timestamp) -> Result<bool, ScheduleError> {
        let is_dry =
            |held: &Held| held.flight.is_none() && held.lanes.is_empty() && held.may_have_more;
        if !self.held.values().any(is_dry) {
            return Ok(false);
        }
        // What came of those visits has to be there before more is asked for.
        self.write(now, false)?;
        let dry: Vec<(String, i64)> = self
            .held
            .iter()
            .filter(|(_, held)| is_dry(held))
            .map(|(host, held)| (host.clone(), held.epoch))
            .collect();
        for (host, _) in &dry {
            if let Some(held) = self.held.get_mut(host) {
                held.may_have_more = false;
            }
        }
        let mut any = false;
        for (host, urls) in self.leases.load(&dry, self.options.urls_max)? {
            any |= !urls.is_empty();
            self.take_in(&host, urls);
        }
        Ok(any)
    }

    /// The host that has been ready for longest, of those that are held.
    fn first_ready(&self, now: i64, busy: &mut dyn FnMut(&str) -> bool) -> (Option<String>, bool) {
        let mut ready: Vec<(i64, &String)> = self
            .held
            .iter()
            .filter(|(_, held)| held.flight.is_none() && self.lasts(held))
            .filter_map(|(host, held)| Some((held.next_at()?, host)))
            .filter(|(at, _)| *at <= now)
            .collect();
        ready.sort_unstable();
        let any = !ready.is_empty();
        (ready.into_iter().find(|(_, host)| !busy(host)).map(|(_, host)| host.clone()), any)
    }

    fn claim(&mut self, host: &str, now: i64) -> Result<Option<Claim>, ScheduleError> {
        let Some(held) = self.held.get_mut(host) else { return Ok(None) };
        let Some(key) = held.choose(now) else { return Ok(None) };
        let Some(url) = held.lanes.remove(&key) else { return Ok(None) };
        let entry = Entry::of_bytes(&url.entry)
            .ok_or_else(|| ScheduleError::Corrupt { what: format!("an entry of {host}") })?;
        let number = self.claim_next;
        self.claim_next += 1;
        held.flight = Some(number);
        let job: Arc<str> = url.job.as_str().into();
        let claim = Claim {
            id: ClaimId(number),
            host: HostKey::new(host),
            job: Arc::clone(&job),
            named_by: vec![NamedBy {
                job,
                path: entry.path.clone(),
                via: entry.via.clone(),
                settings: entry.settings.clone(),
                looked: entry.visits > 0,
                id: 0,
            }],
            due: Timestamp::from_unix_micros(key.1),
            priority: url.priority,
            phase: url.phase,
            entry,
        };
        self.flights.insert(number, Flight { host: host.to_owned(), epoch: held.epoch, url });
        Ok(Some(claim))
    }

    /// Ends a flight: the URL stands as given, due at `due` by the caller's clock.
    fn end(
        &mut self,
        claim: &Claim,
        (priority, phase, due): (Priority, Phase, Timestamp),
        host_ready_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), ScheduleError> {
        let lost = || ScheduleError::NotInFlight { uri: claim.uri().as_str().to_owned() };
        let Flight { host, epoch, url } = self.flights.remove(&claim.id.0).ok_or_else(lost)?;
        let held = self.held.get_mut(&host).filter(|held| held.epoch == epoch).ok_or_else(lost)?;
        held.flight = None;
        if let Some(at) = host_ready_at {
            held.ready = at.unix_micros();
        }
        held.visited.push(LeasedUrl {
            priority,
            phase,
            due: due.unix_micros().saturating_add(self.offset),
            entry: claim.entry.to_bytes(),
            ..url
        });
        // Due again while the host is held: it comes with what is loaded next.
        held.may_have_more |= phase != Phase::Retired && due <= now;
        self.visits_gathered += 1;
        self.gathered();
        self.tend(now)
    }
}

//! What keeps a queue that several workers share: hosts are leased to one worker at a time, with a number
//! that grows at each lease. Everything a worker writes of a host carries that number, so that who was
//! paused or cut off for too long changes nothing any more.
//!
//! All times here are those of the keeper's clock, in microseconds since 1970, whatever the workers'
//! clocks say.

use std::fmt::Debug;
use std::time::Duration;

use super::Counts;
use crate::schedule::change::ScheduleError;
use crate::schedule::entry::{Phase, Priority};

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Who asks: a name for people.
    pub worker: String,
    /// How many hosts at most.
    pub hosts_max: usize,
    /// How many URLs of each priority of a host at most.
    pub urls_max: usize,
    /// For how long.
    pub lease: Duration,
}

/// A URL as the keeper has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedUrl {
    /// What it is told from others of its host by.
    pub digest: [u8; 16],
    /// How often it was asked for anew; goes back with what came of its visit.
    pub asked: i32,
    /// What it goes before.
    pub priority: Priority,
    /// Queued or waiting.
    pub phase: Phase,
    /// When it is due.
    pub due: i64,
    /// Whose it is.
    pub job: String,
    /// What is known of it, in the worker's bytes.
    pub entry: Vec<u8>,
}

/// A host that is leased, with what is due of it soonest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedHost {
    /// The host.
    pub host: String,
    /// The number of this lease.
    pub epoch: i64,
    /// Before when it is not asked.
    pub ready_at: i64,
    /// Its pace, back-off and robots.txt, as the last worker left them, in the worker's bytes.
    pub facts: Vec<u8>,
    /// Its URLs, those that are due first of each priority.
    pub urls: Vec<LeasedUrl>,
}

/// What was leased.
#[derive(Debug, Clone, Default)]
pub struct Granted {
    /// What the keeper's clock says.
    pub now: i64,
    /// The hosts, each of nobody else now.
    pub hosts: Vec<LeasedHost>,
    /// When the next host may be leased, where there was none; `None` where nothing is queued at all.
    pub next_at: Option<i64>,
}

/// What becomes of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseEnd {
    /// It goes on, and ends when it would have.
    AsItIs,
    /// It goes on for as long as one that is made now; what is said of the host is kept.
    Renewed,
    /// It is over: what is said of the host is kept, and anyone may lease it when something is due.
    Over,
}

/// What a worker writes of a host that it holds.
#[derive(Debug, Clone)]
pub struct HostWrite {
    /// The host.
    pub host: String,
    /// The number of the lease; with another one nothing of this is taken.
    pub epoch: i64,
    /// Before when it is not asked.
    pub ready_at: i64,
    /// What to remember of it; `None` leaves that as it was.
    pub facts: Option<Vec<u8>>,
    /// What its URLs are now. One whose `asked` is no longer the keeper's was asked for meanwhile, and
    /// stays due as it was asked for.
    pub visited: Vec<LeasedUrl>,
    /// What becomes of the lease.
    pub end: LeaseEnd,
}

/// A URL that was found, of any host.
#[derive(Debug, Clone)]
pub struct FoundUrl {
    /// Its host.
    pub host: String,
    /// The URL; its phase is [`Phase::Queued`].
    pub url: LeasedUrl,
    /// Whether a visit in the past is not enough.
    pub again: bool,
}

/// What is written together.
#[derive(Debug, Clone, Default)]
pub struct SharedBatch {
    /// For how long leases are renewed.
    pub lease: Duration,
    /// Hosts that the worker holds.
    pub hosts: Vec<HostWrite>,
    /// What was found meanwhile; taken whoever finds it.
    pub found: Vec<FoundUrl>,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// What the keeper's clock says.
    pub now: i64,
    /// Hosts whose lease went to another one: nothing of them was taken.
    pub lost: Vec<String>,
}

/// Keeps the queue. Blocks; every call may be made again whole.
pub trait Leases: Debug + Send + Sync {
    /// Leases hosts that are due.
    ///
    /// # Errors
    /// When the keeper fails or does not answer.
    fn lease(&self, request: &LeaseRequest) -> Result<Granted, ScheduleError>;

    /// More URLs of hosts that are held, by host and number; none of those that are no longer held.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn load(
        &self,
        hosts: &[(String, i64)],
        urls_max: usize,
    ) -> Result<Vec<(String, Vec<LeasedUrl>)>, ScheduleError>;

    /// Writes in one transaction what came of visits, and what was found.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn write(&self, batch: &SharedBatch) -> Result<Written, ScheduleError>;

    /// All URLs by state; those in flight are counted where they were.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn counts(&self) -> Result<Counts, ScheduleError>;
}

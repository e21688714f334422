//! What keeps a queue that several workers share: hosts are leased to one worker at a time, with a number
//! that grows at each lease. Everything a worker writes of a host carries that number, so that a worker
//! that was paused or cut off for too long changes nothing any more.
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
    /// The worker that asks: a name for people.
    pub worker: String,
    /// How many hosts at most.
    pub hosts_max: usize,
    /// How many URLs of each priority of a host at most.
    pub urls_max: usize,
    /// For how long.
    pub lease: Duration,
    /// The jobs whose URLs are wanted; of all jobs when `None`.
    pub jobs: Option<Vec<String>>,
}

/// A URL as the keeper has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedUrl {
    /// What distinguishes it from others of its host.
    pub digest: [u8; 16],
    /// How often it was asked for again; goes back with the result of its visit.
    pub asked: i32,
    /// Its priority.
    pub priority: Priority,
    /// Queued or waiting.
    pub phase: Phase,
    /// When it is due.
    pub due: i64,
    /// The jobs that name it, in the order in which they did; the entry's numbers of jobs are places in it.
    pub jobs: Vec<String>,
    /// How many named it when it was read: jobs that came since are after these.
    pub jobs_read: usize,
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
    /// How long its last pause was, in microseconds: the lease is longer by [`longer_by`] that.
    pub pause: i64,
    /// Its pace and back-off, as the last worker left them, in the worker's bytes.
    pub facts: Vec<u8>,
    /// What else comes along with a lease, by key: its robots.txt ([`ALONG`]).
    pub memory: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its URLs, those that are due first of each priority.
    pub urls: Vec<LeasedUrl>,
}

/// What is remembered of a host under a key that begins with this byte comes along with its lease; the rest
/// is asked for.
pub const ALONG: u8 = b'r';

/// A pause that is longer than this makes no lease longer, in microseconds.
pub const PAUSE_MAX: i64 = 600 * 1_000_000;

/// How much longer than others the lease of a host with such a pause is, in microseconds.
#[must_use]
pub fn longer_by(pause: i64) -> i64 {
    2 * pause.clamp(0, PAUSE_MAX)
}

/// What was leased.
#[derive(Debug, Clone, Default)]
pub struct Granted {
    /// What the keeper's clock says.
    pub now: i64,
    /// The hosts, none of which another worker holds now.
    pub hosts: Vec<LeasedHost>,
    /// When the next host may be leased, where there was none; `None` where nothing is queued at all.
    pub next_at: Option<i64>,
}

/// What becomes of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseEnd {
    /// It continues, and ends when it would have.
    AsItIs,
    /// It continues for as long as one that is made now; what is said of the host is kept.
    Renewed,
    /// It is over: what is said of the host is kept, and any worker may lease it when something is due.
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
    /// How long its last pause was, in microseconds.
    pub pause: i64,
    /// What to remember of it; `None` leaves that as it was.
    pub facts: Option<Vec<u8>>,
    /// The rest of what to remember of it, by key.
    pub memory: Vec<(Vec<u8>, Vec<u8>)>,
    /// What its URLs are now. One whose `asked` is no longer the keeper's was asked for meanwhile, and
    /// stays due as requested; a job that came meanwhile stays with it.
    pub visited: Vec<LeasedUrl>,
    /// What becomes of the lease.
    pub end: LeaseEnd,
}

/// A URL that was found, of any host.
#[derive(Debug, Clone)]
pub struct FoundUrl {
    /// Its host.
    pub host: String,
    /// The URL; its phase is [`Phase::Queued`], and one job names it.
    pub url: LeasedUrl,
    /// Whether a visit in the past is not enough.
    pub again: bool,
}

/// What is written together.
#[derive(Debug, Clone, Default)]
pub struct SharedBatch {
    /// For how long leases are renewed, pauses aside.
    pub lease: Duration,
    /// Hosts that the worker holds.
    pub hosts: Vec<HostWrite>,
    /// What was found meanwhile; taken from any worker.
    pub found: Vec<FoundUrl>,
    /// The jobs that the worker serves; all when `None`. A host with nothing else is left alone for a
    /// while when it is given back.
    pub jobs: Option<Vec<String>>,
}

/// What became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// What the keeper's clock says.
    pub now: i64,
    /// Hosts whose lease went to another one: nothing of them was taken.
    pub lost: Vec<String>,
    /// Hosts that another worker waits for.
    pub wanted: Vec<String>,
}

/// What a worker states about itself now and then.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkerReport {
    /// Its name.
    pub worker: String,
    /// The archive that it writes to, for people.
    pub archive: String,
    /// Whether it ends now, so that its silence is expected.
    pub ends: bool,
    /// How many visits it has written since it began.
    pub visits: u64,
    /// How many hosts it has lost to others since it began.
    pub lost: u64,
}

/// A worker, as others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerSeen {
    /// What it said last.
    pub report: WorkerReport,
    /// When it began.
    pub began: i64,
    /// When it last reported.
    pub heard: i64,
    /// How many hosts it holds.
    pub hosts: u64,
}

/// What a reader sees of the whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SharedOverview {
    /// What the keeper's clock says.
    pub now: i64,
    /// The workers, by name; those that have not reported for a day are left out.
    pub workers: Vec<WorkerSeen>,
    /// How many hosts are leased now.
    pub leased: u64,
    /// How many hosts could be leased now and are not.
    pub overdue: u64,
    /// For how long the first of these has been waiting, in microseconds.
    pub lag: i64,
    /// When the next host may be leased; `None` where nothing is queued.
    pub next_at: Option<i64>,
    /// All URLs by state.
    pub counts: Counts,
}

/// The state of a worker's part, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SharedState {
    /// How many hosts are held.
    pub held: u64,
    /// How many visits are gathered and not written.
    pub gathered: u64,
    /// How many visits were written, in how many transactions.
    pub visits: u64,
    /// How many transactions they were written in.
    pub writes: u64,
    /// How many hosts were lost to others.
    pub lost: u64,
    /// For how long the first host that could be leased has been waiting for a worker, in microseconds, as
    /// the keeper said last.
    pub lag: u64,
    /// Whether the keeper does not answer at the moment.
    pub is_away: bool,
}

/// A URL that comes next, and its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueUrl {
    /// Before when its host is not asked.
    pub ready_at: i64,
    /// Whether its host is leased.
    pub is_leased: bool,
    /// The URL.
    pub url: LeasedUrl,
}

/// Keeps the queue. Blocks; every call may be made again whole.
pub trait Leases: Debug + Send + Sync {
    /// Leases hosts that are due.
    ///
    /// # Errors
    /// When the keeper fails or does not answer.
    fn lease(&self, request: &LeaseRequest) -> Result<Granted, ScheduleError>;

    /// Leases one host, whatever is due of it. None where another worker holds it, which is notified at
    /// its next write.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn lease_host(&self, request: &LeaseRequest, host: &str) -> Result<Granted, ScheduleError>;

    /// More URLs of hosts that are held, by host and number; none of those that are no longer held.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn load(
        &self,
        hosts: &[(String, i64)],
        request: &LeaseRequest,
    ) -> Result<Vec<(String, Vec<LeasedUrl>)>, ScheduleError>;

    /// Writes in one transaction the results of visits, and what was found.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn write(&self, batch: &SharedBatch) -> Result<Written, ScheduleError>;

    /// What is known of URLs, by host and digest, in order.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn known(&self, urls: &[(String, [u8; 16])]) -> Result<Vec<Option<LeasedUrl>>, ScheduleError>;

    /// Everything of a host that a job names, in whatever state.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn entries_of(&self, host: &str, job: &str) -> Result<Vec<LeasedUrl>, ScheduleError>;

    /// What is remembered of a host under a key.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn recall(&self, host: &str, key: &[u8]) -> Result<Option<Vec<u8>>, ScheduleError>;

    /// Gives a job another name. Whether there was such a job.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn rename_job(&self, old: &str, new: &str) -> Result<bool, ScheduleError>;

    /// What comes next of all jobs, soonest first, as far as `limit`.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn due(&self, limit: usize) -> Result<Vec<DueUrl>, ScheduleError>;

    /// All URLs by state; those in flight are counted where they were.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn counts(&self) -> Result<Counts, ScheduleError>;

    /// Takes in what a worker states about itself. For how long the first host that could be leased has been
    /// waiting, in microseconds; 0 where none is.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn report(&self, report: &WorkerReport) -> Result<u64, ScheduleError>;

    /// What a reader sees of the whole.
    ///
    /// # Errors
    /// As [`Self::lease`].
    fn overview(&self) -> Result<SharedOverview, ScheduleError>;
}

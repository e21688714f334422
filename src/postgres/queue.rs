//! The queue that workers share: hosts are leased with `FOR UPDATE SKIP LOCKED`, results of visits are
//! written in batches.
//!
//! Locks of hosts are taken by one statement, in the order of their numbers, before anything else of a
//! transaction, so that batches of several workers wait for each other and never in a circle. A worker that
//! adds a URL locks its host, too: otherwise the worker that gives the host back would not see the URL, and
//! no worker would learn when it is due.

mod lease;
mod look;
mod write;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::{Client, Row};

use self::lease::{Lease, Load};
use self::look::{Count, DueUrls, EntriesOf, Known, Overview, Recall, Rename, Report};
use self::write::Write;
use super::Address;
use super::failure::Failure;
use super::pool::Link;
use super::request::{Request, Value};
use super::row::text;
use super::schema::Migrate;
use crate::archive::ArchiveError;
use crate::schedule::{
    Counts, DueUrl, Granted, LeaseRequest, LeasedUrl, Leases, Phase, Priority, ScheduleError,
    SharedBatch, SharedOverview, WorkerReport, Written,
};

/// What the server's clock says, whenever it is asked within a statement.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::int8";
/// No time.
const NEVER: &str = "9223372036854775807";
/// URLs that are due within this many microseconds are returned with a lease.
const SOON: i64 = 10_000_000;
/// How long a write waits for hosts that another worker is writing of; then it is made again.
const LOCK_MAX: Duration = Duration::from_secs(3);
/// For how long a request is tried while the database does not answer. Short: a crawl waits for each, continues
/// without an answer, and asks again by itself.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long one try of a request of a crawl may take.
const TIME_MAX: Duration = Duration::from_secs(20);

const PHASES: [Phase; 3] = [Phase::Queued, Phase::Waiting, Phase::Retired];

/// The queue in a database.
#[derive(Debug)]
pub struct PostgresQueue {
    link: Link,
    /// Numbers of hosts, which never change.
    ids: Mutex<HashMap<String, i32>>,
}

/// This many numbers of hosts are remembered.
const IDS_MAX: usize = 500_000;

impl PostgresQueue {
    /// The queue at an address, whose tables are made or brought up to this program's version.
    ///
    /// # Errors
    /// As [`super::PostgresCaptures::open`].
    pub fn open(address: Address) -> Result<Self, ArchiveError> {
        let schema = address.schema().to_owned();
        let link = Link::new(address, PATIENCE)?;
        link.ask(Migrate { schema })?;
        Ok(Self { link, ids: Mutex::new(HashMap::new()) })
    }

    fn ask<R: Request>(&self, request: R) -> Result<R::Answer, ScheduleError> {
        self.link.ask(request).map_err(|error| ScheduleError::Shared { why: error.why })
    }

    fn schema(&self) -> String {
        self.link.address().schema().to_owned()
    }

    /// The numbers of hosts, given now where they have none.
    fn host_ids(&self, names: &[&str]) -> Result<Vec<i32>, ScheduleError> {
        let mut found: HashMap<String, i32> = HashMap::new();
        let unknown: Vec<Vec<u8>> = {
            let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            let mut unknown = Vec::new();
            for name in names {
                match ids.get(*name) {
                    Some(id) => _ = found.insert((*name).to_owned(), *id),
                    None => unknown.push(name.as_bytes().to_vec()),
                }
            }
            // Several workers name new hosts in one order, so that they wait and never in a circle.
            unknown.sort_unstable();
            unknown.dedup();
            unknown
        };
        if !unknown.is_empty() {
            let named = self.ask(NameHosts { schema: self.schema(), names: unknown })?;
            found.extend(named.iter().cloned());
            let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            if ids.len() + named.len() > IDS_MAX {
                ids.clear();
            }
            ids.extend(named);
        }
        let id = |name: &&str| {
            let lacking =
                || ScheduleError::Shared { why: format!("the host {name} received no number") };
            found.get(*name).copied().ok_or_else(lacking)
        };
        names.iter().map(id).collect()
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4)
}

/// Names of jobs as a value; NULL is all of them.
fn jobs_value(jobs: Option<&Vec<String>>) -> Value {
    let bytes = |jobs: &Vec<String>| jobs.iter().map(|job| job.as_bytes().to_vec()).collect();
    Value::MaybeManyBytes(jobs.map(bytes))
}

struct NameHosts {
    schema: String,
    names: Vec<Vec<u8>>,
}

impl Request for NameHosts {
    type Answer = Vec<(String, i32)>;

    fn doing(&self) -> &'static str {
        "naming hosts"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        let names = Value::ManyBytes(self.names.clone());
        let add = format!(
            "INSERT INTO {schema}.queue_host (name)
             SELECT t.name FROM unnest($1) WITH ORDINALITY AS t (name, at)
             WHERE NOT EXISTS (SELECT 1 FROM {schema}.queue_host AS h WHERE h.name = t.name)
             ORDER BY t.at ON CONFLICT (name) DO NOTHING"
        );
        client.execute_typed(&add, &[names.typed()]).await?;
        let read = format!("SELECT name, id FROM {schema}.queue_host WHERE name = ANY($1)");
        let rows = client.query_typed(&read, &[names.typed()]).await?;
        let pair = |row: &Row| Ok((text(row.try_get(0)?, "a host")?, row.try_get(1)?));
        rows.iter().map(pair).collect()
    }
}

/// The columns of a URL, as [`url_of`] reads them.
fn columns(table: &str) -> String {
    let of = |name: &str| format!("{table}.{name}");
    ["digest", "asked", "priority", "phase", "due", "jobs", "entry"].map(of).join(", ")
}

/// The URL in a row, from a column on; none where a host has none.
fn url_of(row: &Row, from: usize) -> Result<Option<LeasedUrl>, Failure> {
    let Some(digest) = row.try_get::<_, Option<Vec<u8>>>(from)? else { return Ok(None) };
    let bad = |what: &str| Failure::Row(format!("{what} in its table of queued URLs is invalid"));
    let priority: i16 = row.try_get(from + 2)?;
    let phase: i16 = row.try_get(from + 3)?;
    let at = |n: i16| usize::try_from(n).unwrap_or(usize::MAX);
    let jobs: Vec<Vec<u8>> = row.try_get(from + 5)?;
    let jobs: Vec<String> =
        jobs.into_iter().map(|job| text(job, "a job")).collect::<Result<_, _>>()?;
    Ok(Some(LeasedUrl {
        digest: digest.try_into().map_err(|_| bad("a digest"))?,
        asked: row.try_get(from + 1)?,
        priority: *Priority::ALL.get(at(priority)).ok_or_else(|| bad("a priority"))?,
        phase: *PHASES.get(at(phase)).ok_or_else(|| bad("a phase"))?,
        due: row.try_get(from + 4)?,
        jobs_read: jobs.len(),
        jobs,
        entry: row.try_get(from + 6)?,
    }))
}

fn small(n: Option<usize>) -> i16 {
    n.and_then(|n| i16::try_from(n).ok()).unwrap_or_default()
}

fn priority_number(priority: Priority) -> i16 {
    small(Priority::ALL.iter().position(|known| *known == priority))
}

fn phase_number(phase: Phase) -> i16 {
    small(PHASES.iter().position(|known| *known == phase))
}

impl Leases for PostgresQueue {
    fn lease(&self, request: &LeaseRequest) -> Result<Granted, ScheduleError> {
        self.ask(Lease { schema: self.schema(), request: request.clone(), host: None })
    }

    fn lease_host(&self, request: &LeaseRequest, host: &str) -> Result<Granted, ScheduleError> {
        let host = self.host_ids(&[host])?.first().copied();
        self.ask(Lease { schema: self.schema(), request: request.clone(), host })
    }

    fn load(
        &self,
        hosts: &[(String, i64)],
        request: &LeaseRequest,
    ) -> Result<Vec<(String, Vec<LeasedUrl>)>, ScheduleError> {
        if hosts.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(Load {
            schema: self.schema(),
            names: hosts.iter().map(|(host, _)| host.as_bytes().to_vec()).collect(),
            epochs: hosts.iter().map(|(_, epoch)| Some(*epoch)).collect(),
            request: request.clone(),
        })
    }

    fn write(&self, batch: &SharedBatch) -> Result<Written, ScheduleError> {
        let own: Vec<&str> = batch.hosts.iter().map(|host| &*host.host).collect();
        let found: Vec<&str> = batch.found.iter().map(|found| &*found.host).collect();
        let hosts = self.host_ids(&own)?.into_iter().zip(batch.hosts.iter().cloned()).collect();
        let found = self.host_ids(&found)?.into_iter().zip(batch.found.iter().cloned()).collect();
        let jobs = batch.jobs.clone();
        self.ask(Write { schema: self.schema(), lease: batch.lease, hosts, found, jobs })
    }

    fn known(&self, urls: &[(String, [u8; 16])]) -> Result<Vec<Option<LeasedUrl>>, ScheduleError> {
        self.ask(Known { schema: self.schema(), urls: urls.to_vec() })
    }

    fn entries_of(&self, host: &str, job: &str) -> Result<Vec<LeasedUrl>, ScheduleError> {
        let (host, job) = (host.as_bytes().to_vec(), job.as_bytes().to_vec());
        self.ask(EntriesOf { schema: self.schema(), host, job })
    }

    fn recall(&self, host: &str, key: &[u8]) -> Result<Option<Vec<u8>>, ScheduleError> {
        let (host, key) = (host.as_bytes().to_vec(), key.to_vec());
        self.ask(Recall { schema: self.schema(), host, key })
    }

    fn rename_job(&self, old: &str, new: &str) -> Result<bool, ScheduleError> {
        let (old, new) = (old.as_bytes().to_vec(), new.as_bytes().to_vec());
        self.ask(Rename { schema: self.schema(), old, new })
    }

    fn due(&self, limit: usize) -> Result<Vec<DueUrl>, ScheduleError> {
        self.ask(DueUrls { schema: self.schema(), limit })
    }

    fn counts(&self) -> Result<Counts, ScheduleError> {
        self.ask(Count { schema: self.schema() })
    }

    fn report(&self, report: &WorkerReport) -> Result<u64, ScheduleError> {
        self.ask(Report { schema: self.schema(), report: report.clone() })
    }

    fn overview(&self) -> Result<SharedOverview, ScheduleError> {
        let counts = Leases::counts(self)?;
        let overview = self.ask(Overview { schema: self.schema() })?;
        Ok(SharedOverview { counts, ..overview })
    }
}

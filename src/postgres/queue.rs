//! The queue that workers share: hosts are leased with `FOR UPDATE SKIP LOCKED`, what came of visits is
//! written by the batch.
//!
//! Locks of hosts are taken by one statement, in the order of their numbers, before anything else of a
//! transaction, so that batches of several workers wait for each other and never in a circle. Who adds a
//! URL locks its host, too: else the worker that gives the host back would not see the URL, and nobody
//! would be told when it is due.

mod write;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_postgres::{Client, Row};

use self::write::Write;
use super::Address;
use super::failure::Failure;
use super::pool::{Link, PATIENCE};
use super::request::{Request, Value, typed};
use super::row::text;
use super::schema::Migrate;
use crate::archive::ArchiveError;
use crate::schedule::{
    Counts, Granted, LeaseRequest, LeasedHost, LeasedUrl, Leases, Phase, Priority, ScheduleError,
    SharedBatch, Written,
};

/// What the server's clock says, whenever it is asked within a statement.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::int8";
/// No time.
const NEVER: &str = "9223372036854775807";
/// What is due within so many microseconds comes along with a lease.
const SOON: i64 = 10_000_000;
/// A crash of the server must not take a number of a lease back.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'";

const PHASES: [Phase; 3] = [Phase::Queued, Phase::Waiting, Phase::Retired];

/// The queue in a database.
#[derive(Debug)]
pub struct PostgresQueue {
    link: Link,
    /// Numbers of hosts, which never change.
    ids: Mutex<HashMap<String, i32>>,
}

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
        let unknown: Vec<Vec<u8>> = {
            let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            let unknown = names.iter().filter(|name| !ids.contains_key(**name));
            let mut unknown: Vec<Vec<u8>> = unknown.map(|name| name.as_bytes().to_vec()).collect();
            // Several workers name new hosts in one order, so that they wait and never in a circle.
            unknown.sort_unstable();
            unknown.dedup();
            unknown
        };
        if !unknown.is_empty() {
            let named = self.ask(NameHosts { schema: self.schema(), names: unknown })?;
            let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
            ids.extend(named);
        }
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let id = |name: &&str| {
            let lacking =
                || ScheduleError::Shared { why: format!("the host {name} was given no number") };
            ids.get(*name).copied().ok_or_else(lacking)
        };
        names.iter().map(id).collect()
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 4)
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

/// The URLs of a host `h` that are due soon, those that are due first of each priority; `$soon` and
/// `$most` are numbers of parameters.
fn urls_of(schema: &str, host: &str, soon: &str, most: &str) -> String {
    format!(
        "SELECT q.digest, q.asked, q.priority, q.phase, q.due, q.job, q.entry
         FROM generate_series(0, 5) AS c (priority), LATERAL (
             SELECT * FROM {schema}.queue_url AS u
             WHERE u.host = {host} AND u.priority = c.priority AND u.phase < 2 AND u.due <= {soon}
             ORDER BY u.due LIMIT {most}
         ) AS q"
    )
}

/// The URL in a row, from a column on; none where a host has none.
fn url_of(row: &Row, from: usize) -> Result<Option<LeasedUrl>, Failure> {
    let Some(digest) = row.try_get::<_, Option<Vec<u8>>>(from)? else { return Ok(None) };
    let bad = |what: &str| Failure::Row(format!("{what} in its table of queued URLs is none"));
    let priority: i16 = row.try_get(from + 2)?;
    let phase: i16 = row.try_get(from + 3)?;
    let at = |n: i16| usize::try_from(n).unwrap_or(usize::MAX);
    Ok(Some(LeasedUrl {
        digest: digest.try_into().map_err(|_| bad("a digest"))?,
        asked: row.try_get(from + 1)?,
        priority: *Priority::ALL.get(at(priority)).ok_or_else(|| bad("a priority"))?,
        phase: *PHASES.get(at(phase)).ok_or_else(|| bad("a phase"))?,
        due: row.try_get(from + 4)?,
        job: text(row.try_get(from + 5)?, "a job")?,
        entry: row.try_get(from + 6)?,
    }))
}

struct Lease {
    schema: String,
    request: LeaseRequest,
}

impl Request for Lease {
    type Answer = Granted;

    fn doing(&self) -> &'static str {
        "leasing hosts"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Granted, Failure> {
        let schema = &self.schema;
        let many = |n: usize| Value::Number(i64::try_from(n).unwrap_or(i64::MAX));
        let values = [
            Value::Text(self.request.worker.clone()),
            many(self.request.hosts_max),
            Value::Number(micros(self.request.lease)),
            many(self.request.urls_max),
            Value::Number(SOON),
        ];
        let urls = urls_of(schema, "l.id", "(SELECT now FROM clock) + $5", "$4");
        let sql = format!(
            "WITH clock AS MATERIALIZED (SELECT {NOW} AS now), due AS MATERIALIZED (
                SELECT id FROM {schema}.queue_host
                WHERE next_at <= (SELECT now FROM clock) AND next_at < {NEVER}
                ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED
            ), leased AS (
                UPDATE {schema}.queue_host AS h SET
                    worker = $1, epoch = h.epoch + 1,
                    lease_until = (SELECT now FROM clock) + $3,
                    next_at = (SELECT now FROM clock) + $3
                FROM due WHERE h.id = due.id
                RETURNING h.id, h.name, h.epoch, h.ready_at, h.facts
            )
            SELECT (SELECT now FROM clock), l.name, l.epoch, l.ready_at, l.facts, u.*
            FROM leased AS l LEFT JOIN LATERAL ({urls}) AS u ON true"
        );
        let transaction = client.transaction().await?;
        transaction.query_typed(DURABLE, &[]).await?;
        let rows = transaction.query_typed(&sql, &typed(&values)).await?;
        transaction.commit().await?;
        let mut granted = Granted::default();
        let mut hosts: BTreeMap<String, LeasedHost> = BTreeMap::new();
        for row in &rows {
            granted.now = row.try_get(0)?;
            let host = text(row.try_get(1)?, "a host")?;
            let (epoch, ready_at, facts) = (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?);
            let url = url_of(row, 5)?;
            let leased = hosts.entry(host.clone()).or_insert_with(|| LeasedHost {
                host,
                epoch,
                ready_at,
                facts,
                urls: Vec::new(),
            });
            leased.urls.extend(url);
        }
        granted.hosts = hosts.into_values().collect();
        if granted.hosts.is_empty() {
            let next = format!(
                "SELECT {NOW}, (SELECT min(next_at) FROM {schema}.queue_host WHERE next_at < {NEVER})"
            );
            let row = client.query_typed_one(&next, &[]).await?;
            (granted.now, granted.next_at) = (row.try_get(0)?, row.try_get(1)?);
        }
        Ok(granted)
    }
}

struct Load {
    schema: String,
    names: Vec<Vec<u8>>,
    epochs: Vec<Option<i64>>,
    urls_max: usize,
}

impl Request for Load {
    type Answer = Vec<(String, Vec<LeasedUrl>)>;

    fn doing(&self) -> &'static str {
        "loading URLs"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        let values = [
            Value::ManyBytes(self.names.clone()),
            Value::ManyNumbers(self.epochs.clone()),
            Value::Number(i64::try_from(self.urls_max).unwrap_or(i64::MAX)),
            Value::Number(SOON),
        ];
        let urls = urls_of(schema, "h.id", "(SELECT now FROM clock) + $4", "$3");
        let sql = format!(
            "WITH clock AS MATERIALIZED (SELECT {NOW} AS now)
             SELECT h.name, u.* FROM unnest($1, $2) AS w (name, epoch)
             JOIN {schema}.queue_host AS h ON h.name = w.name AND h.epoch = w.epoch,
             LATERAL ({urls}) AS u"
        );
        let mut hosts: BTreeMap<String, Vec<LeasedUrl>> = BTreeMap::new();
        for row in client.query_typed(&sql, &typed(&values)).await? {
            hosts.entry(text(row.try_get(0)?, "a host")?).or_default().extend(url_of(&row, 1)?);
        }
        Ok(hosts.into_iter().collect())
    }
}

struct Count {
    schema: String,
}

impl Request for Count {
    type Answer = Counts;

    fn doing(&self) -> &'static str {
        "counting URLs"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Counts, Failure> {
        let sql = format!("SELECT phase, count(*) FROM {}.queue_url GROUP BY phase", self.schema);
        let mut counts = Counts::default();
        for row in client.query_typed(&sql, &[]).await? {
            let (phase, count): (i16, i64) = (row.try_get(0)?, row.try_get(1)?);
            let count = u64::try_from(count).unwrap_or(0);
            match phase {
                0 => counts.queued = count,
                1 => counts.waiting = count,
                _ => counts.retired = count,
            }
        }
        Ok(counts)
    }
}

impl Leases for PostgresQueue {
    fn lease(&self, request: &LeaseRequest) -> Result<Granted, ScheduleError> {
        self.ask(Lease { schema: self.schema(), request: request.clone() })
    }

    fn load(
        &self,
        hosts: &[(String, i64)],
        urls_max: usize,
    ) -> Result<Vec<(String, Vec<LeasedUrl>)>, ScheduleError> {
        if hosts.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(Load {
            schema: self.schema(),
            names: hosts.iter().map(|(host, _)| host.as_bytes().to_vec()).collect(),
            epochs: hosts.iter().map(|(_, epoch)| Some(*epoch)).collect(),
            urls_max,
        })
    }

    fn write(&self, batch: &SharedBatch) -> Result<Written, ScheduleError> {
        let own: Vec<&str> = batch.hosts.iter().map(|host| &*host.host).collect();
        let found: Vec<&str> = batch.found.iter().map(|found| &*found.host).collect();
        let hosts = self.host_ids(&own)?.into_iter().zip(batch.hosts.iter().cloned()).collect();
        let found = self.host_ids(&found)?.into_iter().zip(batch.found.iter().cloned()).collect();
        self.ask(Write { schema: self.schema(), lease: batch.lease, hosts, found })
    }

    fn counts(&self) -> Result<Counts, ScheduleError> {
        self.ask(Count { schema: self.schema() })
    }
}

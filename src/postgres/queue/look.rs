//! Queries of the queue besides leases: single URLs, what comes next, which workers run.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::Client;

use super::super::failure::Failure;
use super::super::request::{Request, Value, typed};
use super::super::row::text;
use super::{NEVER, NOW, TIME_MAX, columns, url_of};
use crate::schedule::{Counts, DueUrl, LeasedUrl, SharedOverview, WorkerReport, WorkerSeen};

/// A worker that was last seen longer ago than this, in microseconds, is not listed.
const FORGOTTEN: i64 = 86_400 * 1_000_000;

/// Counting reads every URL.
const COUNTING_MAX: Duration = Duration::from_secs(600);

pub(super) struct Known {
    pub(super) schema: String,
    pub(super) urls: Vec<(String, [u8; 16])>,
}

impl Request for Known {
    type Answer = Vec<Option<LeasedUrl>>;

    fn doing(&self) -> &'static str {
        "looking up URLs"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        let values = [
            Value::ManyBytes(self.urls.iter().map(|(host, _)| host.as_bytes().to_vec()).collect()),
            Value::ManyBytes(self.urls.iter().map(|(_, digest)| digest.to_vec()).collect()),
        ];
        let sql = format!(
            "SELECT h.name, {columns} FROM unnest($1::bytea[], $2::bytea[]) AS w (name, digest)
             JOIN {schema}.queue_host AS h ON h.name = w.name
             JOIN {schema}.queue_url AS u ON u.host = h.id AND u.digest = w.digest",
            columns = columns("u")
        );
        let mut known: HashMap<(String, [u8; 16]), LeasedUrl> = HashMap::new();
        for row in client.query_typed(&sql, &typed(&values)).await? {
            if let Some(url) = url_of(&row, 1)? {
                known.insert((text(row.try_get(0)?, "a host")?, url.digest), url);
            }
        }
        Ok(self.urls.iter().map(|key| known.get(key).cloned()).collect())
    }
}

pub(super) struct EntriesOf {
    pub(super) schema: String,
    pub(super) host: Vec<u8>,
    pub(super) job: Vec<u8>,
}

impl Request for EntriesOf {
    type Answer = Vec<LeasedUrl>;

    fn doing(&self) -> &'static str {
        "reading the URLs of a host"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        let sql = format!(
            "SELECT {columns} FROM {schema}.queue_url AS u
             WHERE u.host = (SELECT id FROM {schema}.queue_host WHERE name = $1)
                AND u.jobs @> ARRAY[$2]",
            columns = columns("u")
        );
        let values = [Value::Bytes(self.host.clone()), Value::Bytes(self.job.clone())];
        let mut urls = Vec::new();
        for row in client.query_typed(&sql, &typed(&values)).await? {
            urls.extend(url_of(&row, 0)?);
        }
        Ok(urls)
    }
}

pub(super) struct Recall {
    pub(super) schema: String,
    pub(super) host: Vec<u8>,
    pub(super) key: Vec<u8>,
}

impl Request for Recall {
    type Answer = Option<Vec<u8>>;

    fn doing(&self) -> &'static str {
        "reading the state of a host"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        let sql = format!(
            "SELECT value FROM {schema}.queue_memory
             WHERE host = (SELECT id FROM {schema}.queue_host WHERE name = $1) AND key = $2"
        );
        let values = [Value::Bytes(self.host.clone()), Value::Bytes(self.key.clone())];
        let rows = client.query_typed(&sql, &typed(&values)).await?;
        rows.first().map(|row| Ok(row.try_get(0)?)).transpose()
    }
}

pub(super) struct Rename {
    pub(super) schema: String,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

impl Request for Rename {
    type Answer = bool;

    fn doing(&self) -> &'static str {
        "renaming a job"
    }

    fn time_max(&self) -> Duration {
        // Every URL is read.
        COUNTING_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<bool, Failure> {
        // Entries refer to a job by its place in the list, so the list keeps its length.
        let sql = format!(
            "UPDATE {}.queue_url SET jobs = array_replace(jobs, $1, $2) WHERE jobs @> ARRAY[$1]",
            self.schema
        );
        let values = [Value::Bytes(self.old.clone()), Value::Bytes(self.new.clone())];
        Ok(client.execute_typed(&sql, &typed(&values)).await? > 0)
    }
}

pub(super) struct DueUrls {
    pub(super) schema: String,
    pub(super) limit: usize,
}

impl Request for DueUrls {
    type Answer = Vec<DueUrl>;

    fn doing(&self) -> &'static str {
        "reading the next URLs"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        // The first URLs are on the hosts that come first, and on those that are leased.
        let sql = format!(
            "WITH clock AS MATERIALIZED (SELECT {NOW} AS now), next AS MATERIALIZED (
                (SELECT id, ready_at, lease_until FROM {schema}.queue_host
                 WHERE next_at < {NEVER} ORDER BY next_at LIMIT $1)
                UNION
                (SELECT id, ready_at, lease_until FROM {schema}.queue_host
                 WHERE lease_until > (SELECT now FROM clock) AND next_at < {NEVER})
             )
             SELECT h.ready_at, h.lease_until > (SELECT now FROM clock), {columns}
             FROM next AS h, generate_series(0, 5) AS c (priority), LATERAL (
                SELECT * FROM {schema}.queue_url AS o
                WHERE o.host = h.id AND o.priority = c.priority AND o.phase < 2
                ORDER BY o.due LIMIT $1
             ) AS u
             ORDER BY GREATEST(u.due, h.ready_at), u.due, u.digest LIMIT $1",
            columns = columns("u")
        );
        let limit = Value::Number(i64::try_from(self.limit).unwrap_or(i64::MAX));
        let mut due = Vec::new();
        for row in client.query_typed(&sql, &[limit.typed()]).await? {
            let (ready_at, is_leased) = (row.try_get(0)?, row.try_get(1)?);
            due.extend(url_of(&row, 2)?.map(|url| DueUrl { ready_at, is_leased, url }));
        }
        Ok(due)
    }
}

pub(super) struct Count {
    pub(super) schema: String,
}

impl Request for Count {
    type Answer = Counts;

    fn doing(&self) -> &'static str {
        "counting URLs"
    }

    fn time_max(&self) -> Duration {
        COUNTING_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Counts, Failure> {
        let sql = format!("SELECT phase, count(*) FROM {}.queue_url GROUP BY phase", self.schema);
        let mut counts = Counts::default();
        for row in client.query_typed(&sql, &[]).await? {
            let (phase, count): (i16, i64) = (row.try_get(0)?, row.try_get(1)?);
            let count = wide(count);
            match phase {
                0 => counts.queued = count,
                1 => counts.waiting = count,
                _ => counts.retired = count,
            }
        }
        Ok(counts)
    }
}

fn wide(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn narrow(count: u64) -> Value {
    Value::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) struct Report {
    pub(super) schema: String,
    pub(super) report: WorkerReport,
}

impl Request for Report {
    type Answer = u64;

    fn doing(&self) -> &'static str {
        "announcing this worker"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<u64, Failure> {
        let schema = &self.schema;
        let WorkerReport { worker, archive, ends, visits, lost } = &self.report;
        let sql = format!(
            "INSERT INTO {schema}.queue_worker AS w (name, archive, began, heard, ended, visits, lost)
             VALUES ($1, $2, {NOW}, {NOW}, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET
             began = CASE WHEN w.ended OR excluded.visits < w.visits THEN excluded.began ELSE w.began END,
             archive = excluded.archive, heard = excluded.heard, ended = excluded.ended,
             visits = excluded.visits, lost = excluded.lost"
        );
        let values = [
            Value::Text(worker.clone()),
            Value::Text(archive.clone()),
            Value::Bool(*ends),
            narrow(*visits),
            narrow(*lost),
        ];
        client.execute_typed(&sql, &typed(&values)).await?;
        let lag = format!(
            "SELECT {NOW} - coalesce((SELECT min(next_at) FROM {schema}.queue_host WHERE next_at < {NEVER}), {NOW})"
        );
        Ok(wide(client.query_typed_one(&lag, &[]).await?.try_get(0)?))
    }
}

pub(super) struct Overview {
    pub(super) schema: String,
}

impl Request for Overview {
    type Answer = SharedOverview;

    fn doing(&self) -> &'static str {
        "reading who works"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<SharedOverview, Failure> {
        let schema = &self.schema;
        let transaction = client.build_transaction().read_only(true).start().await?;
        let whole = format!(
            "WITH clock AS MATERIALIZED (SELECT {NOW} AS now)
             SELECT (SELECT now FROM clock),
                (SELECT count(*) FROM {schema}.queue_host WHERE lease_until > (SELECT now FROM clock)),
                (SELECT count(*) FROM {schema}.queue_host WHERE next_at <= (SELECT now FROM clock)),
                (SELECT min(next_at) FROM {schema}.queue_host WHERE next_at < {NEVER})"
        );
        let row = transaction.query_typed_one(&whole, &[]).await?;
        let (now, leased, overdue): (i64, i64, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let next_at: Option<i64> = row.try_get(3)?;
        let workers = format!(
            "SELECT w.name, w.archive, w.began, w.heard, w.ended, w.visits, w.lost,
                (SELECT count(*) FROM {schema}.queue_host AS h
                 WHERE h.worker = w.name AND h.lease_until > $1)
             FROM {schema}.queue_worker AS w WHERE w.heard > $1 - $2 ORDER BY w.name"
        );
        let values = [Value::Number(now), Value::Number(FORGOTTEN)];
        let mut seen = Vec::new();
        for row in transaction.query_typed(&workers, &typed(&values)).await? {
            let report = WorkerReport {
                worker: row.try_get(0)?,
                archive: row.try_get(1)?,
                ends: row.try_get(4)?,
                visits: wide(row.try_get(5)?),
                lost: wide(row.try_get(6)?),
            };
            let (began, heard) = (row.try_get(2)?, row.try_get(3)?);
            seen.push(WorkerSeen { report, began, heard, hosts: wide(row.try_get(7)?) });
        }
        transaction.commit().await?;
        let lag = next_at.map_or(0, |at| now.saturating_sub(at)).max(0);
        Ok(SharedOverview {
            now,
            workers: seen,
            leased: wide(leased),
            overdue: wide(overdue),
            lag,
            next_at,
            counts: Counts::default(),
        })
    }
}

//! Leasing hosts, and reading more of what is due of them.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_postgres::{Client, Transaction};

use super::super::failure::Failure;
use super::super::request::{Request, Value, begin, typed};
use super::super::row::text;
use super::{LOCK_MAX, NEVER, NOW, SOON, TIME_MAX, columns, jobs_value, micros, url_of};
use crate::schedule::{ALONG, Granted, LeaseRequest, LeasedHost, LeasedUrl, longer_by};

/// The URLs of a host that are due soon, those that are due first of each priority; `soon`, `most` and
/// `jobs` are expressions.
fn urls_of(schema: &str, host: &str, soon: &str, most: &str, jobs: &str) -> String {
    format!(
        "SELECT {columns} FROM generate_series(0, 5) AS c (priority), LATERAL (
             SELECT * FROM {schema}.queue_url AS u
             WHERE u.host = {host} AND u.priority = c.priority AND u.phase < 2 AND u.due <= {soon}
                AND ({jobs}::bytea[] IS NULL OR u.jobs && {jobs})
             ORDER BY u.due LIMIT {most}
         ) AS q",
        columns = columns("q")
    )
}

pub(super) struct Lease {
    pub(super) schema: String,
    pub(super) request: LeaseRequest,
    /// This one alone, whatever is due of it.
    pub(super) host: Option<i32>,
}

impl Lease {
    /// What is remembered of hosts and comes along with their leases.
    async fn memory(
        &self,
        transaction: &Transaction<'_>,
        hosts: &mut BTreeMap<i32, LeasedHost>,
    ) -> Result<(), Failure> {
        let sql = format!(
            "SELECT host, key, value FROM {}.queue_memory
             WHERE host = ANY($1) AND key >= $2 AND key < $3",
            self.schema
        );
        let values = [
            Value::ManyIds(hosts.keys().copied().collect()),
            Value::Bytes(vec![ALONG]),
            Value::Bytes(vec![ALONG + 1]),
        ];
        for row in transaction.query_typed(&sql, &typed(&values)).await? {
            let id: i32 = row.try_get(0)?;
            if let Some(host) = hosts.get_mut(&id) {
                host.memory.push((row.try_get(1)?, row.try_get(2)?));
            }
        }
        Ok(())
    }
}

impl Request for Lease {
    type Answer = Granted;

    fn doing(&self) -> &'static str {
        "leasing hosts"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
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
            jobs_value(self.request.jobs.as_ref()),
            // Twice the longest pause that counts: the other side of `longer_by`.
            Value::Number(longer_by(i64::MAX)),
            Value::Id(self.host.unwrap_or_default()),
        ];
        let due = match self.host {
            None => format!(
                "next_at <= (SELECT now FROM clock) AND next_at < {NEVER} AND $8::int4 = 0
                 ORDER BY next_at LIMIT $2"
            ),
            Some(_) => "id = $8 AND lease_until <= (SELECT now FROM clock) LIMIT $2".to_owned(),
        };
        let urls = urls_of(schema, "l.id", "(SELECT now FROM clock) + $5", "$4", "$6");
        let until = "(SELECT now FROM clock) + $3 + LEAST(2 * GREATEST(h.pause, 0), $7)";
        let sql = format!(
            "WITH clock AS MATERIALIZED (SELECT {NOW} AS now), due AS MATERIALIZED (
                SELECT id FROM {schema}.queue_host WHERE {due} FOR UPDATE SKIP LOCKED
            ), leased AS (
                UPDATE {schema}.queue_host AS h SET
                    worker = $1, epoch = h.epoch + 1, lease_until = {until}, next_at = {until}, wanted = false
                FROM due WHERE h.id = due.id
                RETURNING h.id, h.name, h.epoch, h.ready_at, h.pause, h.facts
            )
            SELECT (SELECT now FROM clock), l.id, l.name, l.epoch, l.ready_at, l.pause, l.facts, u.*
            FROM leased AS l LEFT JOIN LATERAL ({urls}) AS u ON true"
        );
        let transaction = begin(client, Some(LOCK_MAX)).await?;
        let rows = transaction.query_typed(&sql, &typed(&values)).await?;
        let mut granted = Granted::default();
        let mut hosts: BTreeMap<i32, LeasedHost> = BTreeMap::new();
        for row in &rows {
            granted.now = row.try_get(0)?;
            let url = url_of(row, 7)?;
            let id: i32 = row.try_get(1)?;
            if let Some(known) = hosts.get_mut(&id) {
                known.urls.extend(url);
                continue;
            }
            let host = LeasedHost {
                host: text(row.try_get(2)?, "a host")?,
                epoch: row.try_get(3)?,
                ready_at: row.try_get(4)?,
                pause: row.try_get(5)?,
                facts: row.try_get(6)?,
                memory: Vec::new(),
                urls: url.into_iter().collect(),
            };
            hosts.insert(id, host);
        }
        if !hosts.is_empty() {
            self.memory(&transaction, &mut hosts).await?;
        }
        transaction.commit().await?;
        granted.hosts = hosts.into_values().collect();
        if let (true, Some(host)) = (granted.hosts.is_empty(), self.host) {
            let sql = format!(
                "UPDATE {schema}.queue_host SET wanted = true WHERE id = $1 AND NOT wanted AND lease_until > {NOW}"
            );
            client.execute_typed(&sql, &[Value::Id(host).typed()]).await?;
        }
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

pub(super) struct Load {
    pub(super) schema: String,
    pub(super) names: Vec<Vec<u8>>,
    pub(super) epochs: Vec<Option<i64>>,
    pub(super) request: LeaseRequest,
}

impl Request for Load {
    type Answer = Vec<(String, Vec<LeasedUrl>)>;

    fn doing(&self) -> &'static str {
        "loading URLs"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        let values = [
            Value::ManyBytes(self.names.clone()),
            Value::ManyNumbers(self.epochs.clone()),
            Value::Number(i64::try_from(self.request.urls_max).unwrap_or(i64::MAX)),
            Value::Number(SOON),
            jobs_value(self.request.jobs.as_ref()),
        ];
        let urls = urls_of(schema, "h.id", "(SELECT now FROM clock) + $4", "$3", "$5");
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

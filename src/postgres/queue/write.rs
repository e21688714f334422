//! What a worker writes: one transaction for the results of visits, what was found, and the ends of leases.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use tokio_postgres::{Client, Row, Transaction};

use super::super::failure::Failure;
use super::super::request::{Request, Value, begin, typed};
use super::super::row::text;
use super::{
    LOCK_MAX, NEVER, NOW, TIME_MAX, columns, jobs_value, micros, phase_number, priority_number,
    url_of,
};
use crate::schedule::{FoundUrl, HostWrite, LeaseEnd, LeasedUrl, Written, longer_by};

/// How long a host is left alone by a worker that serves nothing of it, in microseconds.
const OTHERS_AGAIN: i64 = 30 * 1_000_000;

/// For how long a worker that waits for a host has it before any other, in microseconds.
const TO_OTHERS: i64 = 3 * 1_000_000;

fn key_of(row: &Row) -> Result<UrlKey, Failure> {
    let digest: Vec<u8> = row.try_get(1)?;
    let none = || Failure::Row("a digest in its table of queued URLs is invalid".to_owned());
    Ok((row.try_get(0)?, digest.try_into().map_err(|_| none())?))
}

/// URLs as arrays of columns.
#[derive(Default)]
struct Columns {
    hosts: Vec<i32>,
    digests: Vec<Vec<u8>>,
    asked: Vec<i32>,
    priorities: Vec<i16>,
    phases: Vec<i16>,
    dues: Vec<Option<i64>>,
    jobs: Vec<Vec<u8>>,
    jobs_read: Vec<i32>,
    entries: Vec<Vec<u8>>,
}

impl Columns {
    /// The columns, as an expression of a FROM clause. `job` is the one job of what was found.
    const UNNEST: &'static str = "unnest($1::int4[], $2::bytea[], $3::int4[], $4::int2[], $5::int2[], $6::int8[], $7::bytea[], $8::int4[], $9::bytea[])
        AS v (host, digest, asked, priority, phase, due, job, jobs_read, entry)";

    fn push(&mut self, host: i32, url: &LeasedUrl) {
        self.hosts.push(host);
        self.digests.push(url.digest.to_vec());
        self.asked.push(url.asked);
        self.priorities.push(priority_number(url.priority));
        self.phases.push(phase_number(url.phase));
        self.dues.push(Some(url.due));
        self.jobs.push(url.jobs.first().map(|job| job.as_bytes().to_vec()).unwrap_or_default());
        self.jobs_read.push(i32::try_from(url.jobs_read).unwrap_or(i32::MAX));
        self.entries.push(url.entry.clone());
    }

    fn values(&self) -> [Value; 9] {
        [
            Value::ManyIds(self.hosts.clone()),
            Value::ManyBytes(self.digests.clone()),
            Value::ManyIds(self.asked.clone()),
            Value::ManySmall(self.priorities.clone()),
            Value::ManySmall(self.phases.clone()),
            Value::ManyNumbers(self.dues.clone()),
            Value::ManyBytes(self.jobs.clone()),
            Value::ManyIds(self.jobs_read.clone()),
            Value::ManyBytes(self.entries.clone()),
        ]
    }
}

/// How a visit updates the row `u`, given its result as `v`: a visit that was requested meanwhile is still
/// to be made.
const VISITED: &str = "priority = v.priority, entry = v.entry, asked_due = NULL,
    phase = CASE WHEN u.asked <> v.asked AND v.phase = 2 THEN 1 ELSE v.phase END,
    due = CASE
        WHEN u.asked = v.asked THEN v.due
        WHEN v.phase = 2 THEN coalesce(u.asked_due, v.due)
        ELSE LEAST(v.due, u.asked_due) END";

/// A batch, its hosts numbered.
pub(super) struct Write {
    pub(super) schema: String,
    pub(super) lease: Duration,
    pub(super) hosts: Vec<(i32, HostWrite)>,
    pub(super) found: Vec<(i32, FoundUrl)>,
    pub(super) jobs: Option<Vec<String>>,
}

/// A URL, by the number of its host and its digest.
type UrlKey = (i32, [u8; 16]);

impl Write {
    /// Results of visits to hosts that are still held.
    async fn visited(
        &self,
        transaction: &Transaction<'_>,
        is_held: impl Fn(i32) -> bool,
    ) -> Result<(), Failure> {
        // The last result for a URL that was visited twice.
        let mut last: BTreeMap<UrlKey, &LeasedUrl> = BTreeMap::new();
        for (id, host) in self.hosts.iter().filter(|(id, _)| is_held(*id)) {
            last.extend(host.visited.iter().map(|url| ((*id, url.digest), url)));
        }
        let mut many = Columns::default();
        let mut others: Vec<(UrlKey, &LeasedUrl)> = Vec::new();
        for ((id, digest), url) in last {
            if url.jobs.len() == url.jobs_read {
                many.push(id, url);
            } else {
                others.push(((id, digest), url));
            }
        }
        let (schema, rows) = (&self.schema, Columns::UNNEST);
        if !many.hosts.is_empty() {
            let sql = format!(
                "UPDATE {schema}.queue_url AS u SET {VISITED} FROM {rows}
                 WHERE u.host = v.host AND u.digest = v.digest AND cardinality(u.jobs) = v.jobs_read"
            );
            let values = many.values();
            let written = transaction.execute_typed(&sql, &typed(&values)).await?;
            if written < many.hosts.len() as u64 {
                let rest = format!(
                    "SELECT v.host, v.digest FROM {rows} JOIN {schema}.queue_url AS u
                     ON u.host = v.host AND u.digest = v.digest AND cardinality(u.jobs) <> v.jobs_read"
                );
                for row in transaction.query_typed(&rest, &typed(&values)).await? {
                    let key = key_of(&row)?;
                    let visited = self.hosts.iter().filter(|(id, _)| *id == key.0);
                    let mut urls = visited.flat_map(|(_, host)| host.visited.iter().rev());
                    others.extend(urls.find(|url| url.digest == key.1).map(|url| (key, url)));
                }
            }
        }
        for (key, url) in others {
            self.visited_one(transaction, key, url).await?;
        }
        Ok(())
    }

    /// The result of a visit to a URL to which jobs were added, or from which they were removed, meanwhile.
    async fn visited_one(
        &self,
        transaction: &Transaction<'_>,
        (host, digest): UrlKey,
        url: &LeasedUrl,
    ) -> Result<(), Failure> {
        let schema = &self.schema;
        let sql = format!(
            "SELECT {} FROM {schema}.queue_url AS u WHERE host = $1 AND digest = $2",
            columns("u")
        );
        let key = [Value::Id(host), Value::Bytes(digest.to_vec())];
        let Some(row) = transaction.query_typed_opt(&sql, &typed(&key)).await? else {
            return Ok(());
        };
        let Some(stored) = url_of(&row, 0)? else { return Ok(()) };
        let kept = url.clone().with_jobs_of(&stored);
        let mut one = Columns::default();
        one.push(host, &kept);
        let values: Vec<Value> =
            one.values().into_iter().chain([jobs_value(Some(&kept.jobs))]).collect();
        let sql = format!(
            "UPDATE {schema}.queue_url AS u SET {VISITED}, jobs = $10 FROM {rows}
             WHERE u.host = v.host AND u.digest = v.digest",
            rows = Columns::UNNEST
        );
        transaction.execute_typed(&sql, &typed(&values)).await?;
        Ok(())
    }

    /// What was found, by any worker.
    async fn found(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        // Each once for each job: what asks for a visit goes before what only names the page, and earlier
        // before later.
        let mut each: BTreeMap<(UrlKey, &str), &FoundUrl> = BTreeMap::new();
        for (id, found) in &self.found {
            let rank = |one: &FoundUrl| (!one.again, one.url.due);
            let job = found.url.jobs.first().map_or("", String::as_str);
            let known = each.entry(((*id, found.url.digest), job)).or_insert(found);
            if rank(found) < rank(known) {
                *known = found;
            }
        }
        if each.is_empty() {
            return Ok(());
        }
        let (mut new, mut again, mut all) =
            (Columns::default(), Columns::default(), Columns::default());
        let mut before = None;
        for ((key, _), found) in &each {
            all.push(key.0, &found.url);
            // Of several jobs one adds the URL, and the others are added to it.
            if before.replace(*key) != Some(*key) {
                if found.again { &mut again } else { &mut new }.push(key.0, &found.url);
            }
        }
        let (schema, rows) = (&self.schema, Columns::UNNEST);
        let insert = format!(
            "INSERT INTO {schema}.queue_url AS u (host, digest, asked, priority, phase, due, jobs, entry)
             SELECT host, digest, asked, priority, phase, due, ARRAY[job], entry
             FROM {rows} WHERE jobs_read = 0 ORDER BY host, digest
             ON CONFLICT (host, digest) DO UPDATE SET
             priority = LEAST(u.priority, excluded.priority), due = "
        );
        if !new.hosts.is_empty() {
            // A link to a page that was never visited may bring that forward.
            let sql = format!(
                "{insert}LEAST(u.due, excluded.due) WHERE u.phase = 0 AND u.jobs @> excluded.jobs
                 AND (excluded.due < u.due OR excluded.priority < u.priority)"
            );
            transaction.execute_typed(&sql, &typed(&new.values())).await?;
        }
        if !again.hosts.is_empty() {
            let sql = format!(
                "{insert}CASE WHEN u.phase = 2 THEN excluded.due ELSE LEAST(u.due, excluded.due) END,
                 phase = CASE WHEN u.phase = 2 THEN 1 ELSE u.phase END, asked = u.asked + 1,
                 asked_due = LEAST(u.asked_due, excluded.due) WHERE u.jobs @> excluded.jobs"
            );
            transaction.execute_typed(&sql, &typed(&again.values())).await?;
        }
        self.joined(transaction, &each, &all).await
    }

    /// Adds jobs to URLs of other jobs.
    async fn joined(
        &self,
        transaction: &Transaction<'_>,
        each: &BTreeMap<(UrlKey, &str), &FoundUrl>,
        all: &Columns,
    ) -> Result<(), Failure> {
        let schema = &self.schema;
        let others = format!(
            "SELECT v.host, v.digest, v.job, {columns}
             FROM unnest($1::int4[], $2::bytea[], $3::bytea[]) AS v (host, digest, job)
             JOIN {schema}.queue_url AS u ON u.host = v.host AND u.digest = v.digest
             WHERE NOT u.jobs @> ARRAY[v.job]",
            columns = columns("u")
        );
        let values = [
            Value::ManyIds(all.hosts.clone()),
            Value::ManyBytes(all.digests.clone()),
            Value::ManyBytes(all.jobs.clone()),
        ];
        let mut joined: BTreeMap<UrlKey, (LeasedUrl, bool, i64)> = BTreeMap::new();
        for row in transaction.query_typed(&others, &typed(&values)).await? {
            let (key, job) = (key_of(&row)?, text(row.try_get(2)?, "a job")?);
            let Some(found) = each.get(&(key, job.as_str())) else { continue };
            let stored = match joined.get(&key) {
                Some((url, ..)) => Some(url.clone()),
                None => url_of(&row, 3)?,
            };
            if let Some((url, asks)) = stored.and_then(|stored| stored.joined_by(found)) {
                let (_, was, due) = joined.remove(&key).unwrap_or((url.clone(), false, i64::MAX));
                let due = if asks { due.min(found.url.due) } else { due };
                joined.insert(key, (url, asks || was, due));
            }
        }
        let update = format!(
            "UPDATE {schema}.queue_url SET jobs = $3, entry = $4, priority = $5::int8::int2,
             phase = $6::int8::int2, due = $7, asked = asked + $8::bool::int4,
             asked_due = CASE WHEN $8 THEN LEAST(asked_due, $9) ELSE asked_due END
             WHERE host = $1 AND digest = $2"
        );
        for ((host, digest), (url, asks, due)) in joined {
            let values = [
                Value::Id(host),
                Value::Bytes(digest.to_vec()),
                jobs_value(Some(&url.jobs)),
                Value::Bytes(url.entry),
                Value::Number(i64::from(priority_number(url.priority))),
                Value::Number(i64::from(phase_number(url.phase))),
                Value::Number(url.due),
                Value::Bool(asks),
                Value::Number(due),
            ];
            transaction.execute_typed(&update, &typed(&values)).await?;
        }
        Ok(())
    }

    /// What is remembered of hosts that are held still, by key.
    async fn memory(
        &self,
        transaction: &Transaction<'_>,
        is_held: impl Fn(i32) -> bool,
    ) -> Result<(), Failure> {
        let (mut hosts, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (id, host) in self.hosts.iter().filter(|(id, _)| is_held(*id)) {
            for (key, value) in &host.memory {
                hosts.push(*id);
                keys.push(key.clone());
                values.push(value.clone());
            }
        }
        if hosts.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO {}.queue_memory (host, key, value)
             SELECT * FROM unnest($1::int4[], $2::bytea[], $3::bytea[])
             ON CONFLICT (host, key) DO UPDATE SET value = excluded.value",
            self.schema
        );
        let values = [Value::ManyIds(hosts), Value::ManyBytes(keys), Value::ManyBytes(values)];
        transaction.execute_typed(&sql, &typed(&values)).await?;
        Ok(())
    }

    /// Updates hosts that are held, and ends or extends their leases.
    async fn ends(
        &self,
        transaction: &Transaction<'_>,
        is_held: impl Fn(i32) -> bool,
    ) -> Result<(), Failure> {
        let ended: Vec<&(i32, HostWrite)> = self
            .hosts
            .iter()
            .filter(|(id, host)| is_held(*id) && host.end != LeaseEnd::AsItIs)
            .collect();
        if ended.is_empty() {
            return Ok(());
        }
        let values = [
            Value::ManyIds(ended.iter().map(|(id, _)| *id).collect()),
            Value::ManyNumbers(ended.iter().map(|(_, host)| Some(host.ready_at)).collect()),
            Value::ManyMaybeBytes(ended.iter().map(|(_, host)| host.facts.clone()).collect()),
            Value::ManyBools(ended.iter().map(|(_, host)| host.end == LeaseEnd::Over).collect()),
            Value::Number(micros(self.lease)),
            Value::ManyNumbers(ended.iter().map(|(_, host)| Some(host.pause)).collect()),
            Value::Number(longer_by(i64::MAX)),
            jobs_value(self.jobs.as_ref()),
        ];
        let schema = &self.schema;
        let first = |due: &str, which: &str| {
            format!(
                "(SELECT {due} FROM {schema}.queue_url AS u
                  WHERE u.host = w.id AND u.priority = c.priority AND u.phase < 2 AND {which}
                  ORDER BY u.due LIMIT 1)"
            )
        };
        // Jobs that this worker does not serve are left to other workers, which may not exist, for a while.
        let (own, others) = (
            first("u.due", "($8::bytea[] IS NULL OR u.jobs && $8)"),
            first(
                &format!("GREATEST(u.due, {NOW} + {OTHERS_AGAIN})"),
                "$8::bytea[] IS NOT NULL AND NOT u.jobs && $8",
            ),
        );
        let sql = format!(
            "WITH v AS MATERIALIZED (
                SELECT w.*, {NOW} + $5 + LEAST(2 * GREATEST(w.pause, 0), $7) AS until,
                    CASE WHEN w.is_over THEN (
                        SELECT min(LEAST({own}, {others}))
                        FROM generate_series(0, 5) AS c (priority)
                    ) END AS first_due
                FROM unnest($1::int4[], $2::int8[], $3::bytea[], $4::bool[], $6::int8[])
                    AS w (id, ready_at, facts, is_over, pause)
            )
            UPDATE {schema}.queue_host AS h SET
                ready_at = v.ready_at, pause = v.pause, facts = coalesce(v.facts, h.facts),
                worker = CASE WHEN v.is_over THEN NULL ELSE h.worker END,
                lease_until = CASE WHEN v.is_over THEN 0 ELSE v.until END,
                next_at = CASE
                    WHEN NOT v.is_over THEN v.until
                    WHEN v.first_due IS NULL THEN {NEVER}
                    WHEN h.wanted THEN GREATEST(v.first_due, v.ready_at, {NOW} + {TO_OTHERS})
                    ELSE GREATEST(v.first_due, v.ready_at) END
            FROM v WHERE h.id = v.id"
        );
        transaction.execute_typed(&sql, &typed(&values)).await?;
        Ok(())
    }

    /// Brings hosts forward that no worker holds, where something was found of them.
    async fn bring_forward(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        let mut first: BTreeMap<i32, i64> = BTreeMap::new();
        for (id, found) in &self.found {
            let due = first.entry(*id).or_insert(found.url.due);
            *due = (*due).min(found.url.due);
        }
        if first.is_empty() {
            return Ok(());
        }
        let values = [
            Value::ManyIds(first.keys().copied().collect()),
            Value::ManyNumbers(first.values().map(|due| Some(*due)).collect()),
        ];
        let schema = &self.schema;
        let sql = format!(
            "UPDATE {schema}.queue_host AS h SET next_at = GREATEST(h.ready_at, v.due)
             FROM unnest($1::int4[], $2::int8[]) AS v (id, due)
             WHERE h.id = v.id AND h.lease_until = 0 AND GREATEST(h.ready_at, v.due) < h.next_at"
        );
        transaction.execute_typed(&sql, &typed(&values)).await?;
        Ok(())
    }
}

impl Request for Write {
    type Answer = Written;

    fn doing(&self) -> &'static str {
        "writing the results of visits"
    }

    fn time_max(&self) -> Duration {
        TIME_MAX
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Written, Failure> {
        let schema = &self.schema;
        let transaction = begin(client, Some(LOCK_MAX)).await?;
        let own = self.hosts.iter().map(|(id, _)| *id);
        let mut ids: Vec<i32> = own.chain(self.found.iter().map(|(id, _)| *id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let lock = format!(
            "SELECT id, epoch, {NOW}, wanted FROM {schema}.queue_host WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
        );
        let rows = transaction.query_typed(&lock, &[Value::ManyIds(ids).typed()]).await?;
        let mut written = Written::default();
        let mut epochs: HashMap<i32, i64> = HashMap::new();
        let mut wanted: HashSet<i32> = HashSet::new();
        for row in &rows {
            epochs.insert(row.try_get(0)?, row.try_get(1)?);
            written.now = row.try_get(2)?;
            if row.try_get(3)? {
                wanted.insert(row.try_get::<_, i32>(0)?);
            }
        }
        let held: HashMap<i32, bool> = self
            .hosts
            .iter()
            .map(|(id, host)| (*id, epochs.get(id) == Some(&host.epoch)))
            .collect();
        let is_held = |id: i32| held.get(&id) == Some(&true);
        self.visited(&transaction, is_held).await?;
        self.memory(&transaction, is_held).await?;
        self.found(&transaction).await?;
        self.ends(&transaction, is_held).await?;
        self.bring_forward(&transaction).await?;
        if rows.is_empty() {
            let row = transaction.query_typed_one(&format!("SELECT {NOW}"), &[]).await?;
            written.now = row.try_get(0)?;
        }
        transaction.commit().await?;
        let lost = self.hosts.iter().filter(|(id, _)| !is_held(*id));
        written.lost = lost.map(|(_, host)| host.host.clone()).collect();
        let wanted = self.hosts.iter().filter(|(id, _)| is_held(*id) && wanted.contains(id));
        written.wanted = wanted.map(|(_, host)| host.host.clone()).collect();
        Ok(written)
    }
}

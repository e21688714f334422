//! What a worker writes: one transaction for what came of visits, what was found, and what becomes of
//! leases.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio_postgres::{Client, Transaction};

use super::super::failure::Failure;
use super::super::request::{Request, Value, typed};
use super::{DURABLE, NEVER, NOW, PHASES, micros};
use crate::schedule::{FoundUrl, HostWrite, LeaseEnd, LeasedUrl, Priority, Written};

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
    entries: Vec<Vec<u8>>,
}

impl Columns {
    /// The columns, as an expression of a FROM clause.
    const UNNEST: &'static str = "unnest($1::int4[], $2::bytea[], $3::int4[], $4::int2[], $5::int2[], $6::int8[], $7::bytea[], $8::bytea[])
        AS v (host, digest, asked, priority, phase, due, job, entry)";

    fn push(&mut self, host: i32, url: &LeasedUrl) {
        let small = |n: Option<usize>| n.and_then(|n| i16::try_from(n).ok()).unwrap_or_default();
        self.hosts.push(host);
        self.digests.push(url.digest.to_vec());
        self.asked.push(url.asked);
        self.priorities.push(small(Priority::ALL.iter().position(|p| *p == url.priority)));
        self.phases.push(small(PHASES.iter().position(|phase| *phase == url.phase)));
        self.dues.push(Some(url.due));
        self.jobs.push(url.job.as_bytes().to_vec());
        self.entries.push(url.entry.clone());
    }

    fn values(&self) -> [Value; 8] {
        [
            Value::ManyIds(self.hosts.clone()),
            Value::ManyBytes(self.digests.clone()),
            Value::ManyIds(self.asked.clone()),
            Value::ManySmall(self.priorities.clone()),
            Value::ManySmall(self.phases.clone()),
            Value::ManyNumbers(self.dues.clone()),
            Value::ManyBytes(self.jobs.clone()),
            Value::ManyBytes(self.entries.clone()),
        ]
    }
}

/// A batch, its hosts numbered.
pub(super) struct Write {
    pub(super) schema: String,
    pub(super) lease: Duration,
    pub(super) hosts: Vec<(i32, HostWrite)>,
    pub(super) found: Vec<(i32, FoundUrl)>,
}

impl Write {
    /// What came of visits, of the hosts that are held still.
    async fn visited(
        &self,
        transaction: &Transaction<'_>,
        is_held: impl Fn(i32) -> bool,
    ) -> Result<(), Failure> {
        let mut visited = Columns::default();
        for (id, host) in self.hosts.iter().filter(|(id, _)| is_held(*id)) {
            // The last word on a URL that was visited twice.
            let last: BTreeMap<[u8; 16], &LeasedUrl> =
                host.visited.iter().map(|url| (url.digest, url)).collect();
            last.values().for_each(|url| visited.push(*id, url));
        }
        if visited.hosts.is_empty() {
            return Ok(());
        }
        let (schema, rows) = (&self.schema, Columns::UNNEST);
        let sql = format!(
            "UPDATE {schema}.queue_url AS u SET
                priority = v.priority, entry = v.entry, asked_due = NULL,
                phase = CASE WHEN u.asked <> v.asked AND v.phase = 2 THEN 1 ELSE v.phase END,
                due = CASE
                    WHEN u.asked = v.asked THEN v.due
                    WHEN v.phase = 2 THEN coalesce(u.asked_due, v.due)
                    ELSE LEAST(v.due, u.asked_due) END
             FROM {rows} WHERE u.host = v.host AND u.digest = v.digest"
        );
        transaction.execute_typed(&sql, &typed(&visited.values())).await?;
        Ok(())
    }

    /// What was found, by anyone.
    async fn found(&self, transaction: &Transaction<'_>) -> Result<(), Failure> {
        // Each once: what asks for a visit goes before what only names the page, and earlier before later.
        let mut each: BTreeMap<(i32, [u8; 16]), &FoundUrl> = BTreeMap::new();
        for (id, found) in &self.found {
            let rank = |one: &FoundUrl| (!one.again, one.url.due);
            let known = each.entry((*id, found.url.digest)).or_insert(found);
            if rank(found) < rank(known) {
                *known = found;
            }
        }
        let (mut new, mut again) = (Columns::default(), Columns::default());
        for ((id, _), found) in each {
            if found.again { &mut again } else { &mut new }.push(id, &found.url);
        }
        let (schema, rows) = (&self.schema, Columns::UNNEST);
        let insert = format!(
            "INSERT INTO {schema}.queue_url AS u (host, digest, asked, priority, phase, due, job, entry)
             SELECT * FROM {rows} ORDER BY host, digest ON CONFLICT (host, digest) DO UPDATE SET
             priority = LEAST(u.priority, excluded.priority), due = "
        );
        if !new.hosts.is_empty() {
            // A link to a page that was never visited may bring that forward.
            let sql = format!(
                "{insert}LEAST(u.due, excluded.due) WHERE u.phase = 0
                 AND (excluded.due < u.due OR excluded.priority < u.priority)"
            );
            transaction.execute_typed(&sql, &typed(&new.values())).await?;
        }
        if !again.hosts.is_empty() {
            let sql = format!(
                "{insert}CASE WHEN u.phase = 2 THEN excluded.due ELSE LEAST(u.due, excluded.due) END,
                 phase = CASE WHEN u.phase = 2 THEN 1 ELSE u.phase END, asked = u.asked + 1,
                 asked_due = LEAST(u.asked_due, excluded.due)"
            );
            transaction.execute_typed(&sql, &typed(&again.values())).await?;
        }
        Ok(())
    }

    /// What is said of hosts that are held, and what becomes of their leases.
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
        ];
        let schema = &self.schema;
        let sql = format!(
            "WITH v AS MATERIALIZED (
                SELECT w.*, {NOW} + $5 AS until, (
                    SELECT min(first.due) FROM generate_series(0, 5) AS c (priority), LATERAL (
                        SELECT u.due FROM {schema}.queue_url AS u
                        WHERE u.host = w.id AND u.priority = c.priority AND u.phase < 2
                        ORDER BY u.due LIMIT 1
                    ) AS first
                ) AS first_due
                FROM unnest($1::int4[], $2::int8[], $3::bytea[], $4::bool[]) AS w (id, ready_at, facts, is_over)
            )
            UPDATE {schema}.queue_host AS h SET
                ready_at = v.ready_at, facts = coalesce(v.facts, h.facts),
                worker = CASE WHEN v.is_over THEN NULL ELSE h.worker END,
                lease_until = CASE WHEN v.is_over THEN 0 ELSE v.until END,
                next_at = CASE
                    WHEN NOT v.is_over THEN v.until
                    WHEN v.first_due IS NULL THEN {NEVER}
                    ELSE GREATEST(v.first_due, v.ready_at) END
            FROM v WHERE h.id = v.id"
        );
        transaction.execute_typed(&sql, &typed(&values)).await?;
        Ok(())
    }

    /// Brings hosts forward that nobody holds, where something was found of them.
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
        "writing what came of visits"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Written, Failure> {
        let schema = &self.schema;
        let transaction = client.transaction().await?;
        transaction.query_typed(DURABLE, &[]).await?;
        let own = self.hosts.iter().map(|(id, _)| *id);
        let mut ids: Vec<i32> = own.chain(self.found.iter().map(|(id, _)| *id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let lock = format!(
            "SELECT id, epoch, {NOW} FROM {schema}.queue_host WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
        );
        let rows = transaction.query_typed(&lock, &[Value::ManyIds(ids).typed()]).await?;
        let mut written = Written::default();
        let mut epochs: HashMap<i32, i64> = HashMap::new();
        for row in &rows {
            epochs.insert(row.try_get(0)?, row.try_get(1)?);
            written.now = row.try_get(2)?;
        }
        let held: HashMap<i32, bool> = self
            .hosts
            .iter()
            .map(|(id, host)| (*id, epochs.get(id) == Some(&host.epoch)))
            .collect();
        let is_held = |id: i32| held.get(&id) == Some(&true);
        self.visited(&transaction, is_held).await?;
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
        Ok(written)
    }
}

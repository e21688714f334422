//! The evidence log that archives share: parts in one order, checkpoints under a lease with a number.
//!
//! Numbers of parts are given under the lock of the log's one row, so that they become visible in their
//! order: a reader that reads up to a number misses none before it.

use std::time::Duration;

use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row};

use super::Address;
use super::failure::Failure;
use super::pool::{Link, PATIENCE};
use super::request::{Request, Statement, Value, begin, typed};
use super::row::text;
use super::schema::Migrate;
use crate::archive::{
    ArchiveError, ArchiveErrorKind, LogPart, LogSource, NumberedPart, SharedCheckpoint, SharedLog,
    SharedLogState,
};

/// What the server's clock says.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::int8";
/// How long the lock of the log is waited for.
const LOCK_MAX: Duration = Duration::from_secs(10);
/// This many parts, or checkpoints, are read at a time.
const PAGE: i64 = 16;
const PAGE_OF_CHECKPOINTS: i64 = 1_000;

/// The log in a database.
#[derive(Debug)]
pub struct PostgresLog {
    link: Link,
}

impl PostgresLog {
    /// The log at an address, whose tables are made or brought up to this program's version.
    ///
    /// # Errors
    /// As [`super::PostgresCaptures::open`].
    pub fn open(address: Address) -> Result<Self, ArchiveError> {
        let schema = address.schema().to_owned();
        let link = Link::new(address, PATIENCE)?;
        link.ask(Migrate { schema })?;
        Ok(Self { link })
    }

    fn table(&self, name: &str) -> String {
        format!("{}.{name}", self.link.address().schema())
    }

    fn select(
        &self,
        doing: &'static str,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, ArchiveError> {
        self.link.ask(Statement { doing, sql, values })
    }

    fn read<T>(
        &self,
        rows: &[Row],
        read: impl Fn(&Row) -> Result<T, Failure>,
    ) -> Result<Vec<T>, ArchiveError> {
        let unsound = |why: Failure| {
            let database = self.link.address().shown();
            let why = format!("the database {database}: {}", why.why());
            ArchiveError::new(ArchiveErrorKind::Damaged, why)
        };
        rows.iter().map(|row| read(row).map_err(unsound)).collect()
    }
}

fn number(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn wide(n: i64) -> Result<u64, Failure> {
    u64::try_from(n).map_err(|_| Failure::Row("a number of the evidence log is below 0".to_owned()))
}

/// Place, within, span and sealed, from a column on.
fn source_of(row: &Row, at: usize) -> Result<LogSource, Failure> {
    let (place, within): (Option<i64>, Option<i64>) = (row.try_get(at)?, row.try_get(at + 1)?);
    let narrow = |n: u64| u32::try_from(n).map_err(|_| Failure::Row("a place".to_owned()));
    let place = match place.zip(within) {
        Some((place, within)) => Some((wide(place)?, narrow(wide(within)?)?)),
        None => None,
    };
    Ok(LogSource { place, span: wide(row.try_get(at + 2)?)?, sealed: row.try_get(at + 3)? })
}

fn checkpoint_of(row: &Row) -> Result<SharedCheckpoint, Failure> {
    let (size, parts) = (wide(row.try_get(0)?)?, wide(row.try_get(1)?)?);
    Ok(SharedCheckpoint { size, parts, note: row.try_get(2)? })
}

struct Register {
    schema: String,
    archive: String,
    parts: Vec<LogPart>,
    /// Only where there is no log yet.
    begins: bool,
}

impl Request for Register {
    type Answer = Result<(), String>;

    fn doing(&self) -> &'static str {
        "registering new records for the evidence log"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let Self { schema, archive, .. } = self;
        let transaction = begin(client, Some(LOCK_MAX)).await?;
        if self.begins {
            let sql = format!("INSERT INTO {schema}.log (parts) VALUES (0) ON CONFLICT DO NOTHING");
            if transaction.execute_typed(&sql, &[]).await? == 0 {
                return Ok(Ok(()));
            }
        }
        let lock = format!("SELECT parts FROM {schema}.log FOR UPDATE");
        let Some(row) = transaction.query_typed_opt(&lock, &[]).await? else {
            return Ok(Err("the shared evidence log has not begun".to_owned()));
        };
        let mut last: i64 = row.try_get(0)?;
        for part in &self.parts {
            let file = part.file.as_bytes();
            let known = if file.is_empty() {
                let sql = format!(
                    "SELECT 1 FROM {schema}.log_part WHERE file = '' AND archive = $1 AND leaves = $2 LIMIT 1"
                );
                let values = [Value::Text(archive.clone()), Value::Bytes(part.leaves.clone())];
                transaction.query_typed_opt(&sql, &typed(&values)).await?.is_some()
            } else {
                let sql = format!(
                    "SELECT place, within, span, sealed, archive FROM {schema}.log_source WHERE file = $1"
                );
                let row = transaction.query_typed_opt(&sql, &[(&file, Type::BYTEA)]).await?;
                let (before, owner) = match &row {
                    None => (None, None),
                    Some(row) => (Some(source_of(row, 0)?), Some(row.try_get::<_, String>(4)?)),
                };
                if let Some(owner) = owner.filter(|owner| owner != archive) {
                    return Ok(Err(format!(
                        "{} is registered by another archive, {owner}: two archives have a WARC file with the same name",
                        part.file
                    )));
                }
                // All parts of a file are in where the last one is.
                let last = self.parts.iter().rev().find(|one| one.file == part.file);
                let is_known = before.is_some() && before.as_ref() == last.map(|one| &one.after);
                if !is_known && before != part.before {
                    return Ok(Err(format!(
                        "{} is registered with other content than in this archive; the next run reads it again",
                        part.file
                    )));
                }
                is_known
            };
            if known {
                continue;
            }
            last += 1;
            let add = format!(
                "INSERT INTO {schema}.log_part (number, archive, file, since, leaves) VALUES ($1, $2, $3, {NOW}, $4)"
            );
            let values = [
                Value::Number(last),
                Value::Text(archive.clone()),
                Value::Bytes(file.to_vec()),
                Value::Bytes(part.leaves.clone()),
            ];
            transaction.execute_typed(&add, &typed(&values)).await?;
            if file.is_empty() {
                continue;
            }
            let put = format!(
                "INSERT INTO {schema}.log_source (file, archive, place, within, span, sealed)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (file) DO UPDATE SET place = excluded.place,
                 within = excluded.within, span = excluded.span, sealed = excluded.sealed"
            );
            let place = part.after.place.map(|(offset, _)| number(offset));
            let within = part.after.place.map(|(_, within)| i64::from(within));
            let span = number(part.after.span);
            let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 6] = [
                (&file, Type::BYTEA),
                (archive, Type::TEXT),
                (&place, Type::INT8),
                (&within, Type::INT8),
                (&span, Type::INT8),
                (&part.after.sealed, Type::BOOL),
            ];
            transaction.execute_typed(&put, &values).await?;
        }
        let note = format!("UPDATE {schema}.log SET parts = $1");
        transaction.execute_typed(&note, &[Value::Number(last).typed()]).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }
}

/// An earlier try of the same holder whose answer was lost does no harm: the number grows again.
struct Take {
    schema: String,
    holder: String,
    lease: Duration,
}

impl Request for Take {
    type Answer = Option<(i64, i64)>;

    fn doing(&self) -> &'static str {
        "leasing the evidence log"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Self::Answer, Failure> {
        let schema = &self.schema;
        let transaction = begin(client, Some(LOCK_MAX)).await?;
        let sql = format!(
            "UPDATE {schema}.log SET holder = $1, lease_until = {NOW} + $2, epoch = epoch + 1
             WHERE lease_until <= {NOW} OR holder = $1 RETURNING epoch, {NOW}"
        );
        let lease = i64::try_from(self.lease.as_micros()).unwrap_or(i64::MAX / 4);
        let values = [Value::Text(self.holder.clone()), Value::Number(lease)];
        let row = transaction.query_typed_opt(&sql, &typed(&values)).await?;
        let taken = match &row {
            Some(row) => Some((row.try_get(0)?, row.try_get(1)?)),
            None => None,
        };
        transaction.commit().await?;
        Ok(taken)
    }
}

struct Publish {
    schema: String,
    epoch: i64,
    previous: u64,
    checkpoint: SharedCheckpoint,
}

impl Request for Publish {
    type Answer = bool;

    fn doing(&self) -> &'static str {
        "publishing a checkpoint"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<bool, Failure> {
        let schema = &self.schema;
        let SharedCheckpoint { size, parts, note } = &self.checkpoint;
        let transaction = begin(client, Some(LOCK_MAX)).await?;
        let lock = format!("SELECT epoch FROM {schema}.log FOR UPDATE");
        let row = transaction.query_typed_one(&lock, &[]).await?;
        let is_held = row.try_get::<_, i64>(0)? == self.epoch;
        let newest = format!(
            "SELECT size, parts, note FROM {schema}.log_checkpoint ORDER BY size DESC LIMIT 1"
        );
        let row = transaction.query_typed_opt(&newest, &[]).await?;
        let newest = row.as_ref().map(checkpoint_of).transpose()?;
        if newest.as_ref() == Some(&self.checkpoint) {
            // Published before, and the answer was lost.
            return Ok(true);
        }
        if !is_held || newest.map_or(0, |newest| newest.size) != self.previous {
            return Ok(false);
        }
        let add = format!(
            "INSERT INTO {schema}.log_checkpoint (size, parts, epoch, since, note) VALUES ($1, $2, $3, {NOW}, $4)"
        );
        let values = [
            Value::Number(number(*size)),
            Value::Number(number(*parts)),
            Value::Number(self.epoch),
            Value::Bytes(note.clone()),
        ];
        transaction.execute_typed(&add, &typed(&values)).await?;
        let end = format!("UPDATE {schema}.log SET lease_until = 0");
        transaction.execute_typed(&end, &[]).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

impl SharedLog for PostgresLog {
    fn begin(&self, archive: &str, leaves: &[u8]) -> Result<(), ArchiveError> {
        let first = LogPart {
            file: String::new(),
            before: None,
            after: LogSource::default(),
            leaves: leaves.to_vec(),
        };
        let (schema, archive) = (self.link.address().schema().to_owned(), archive.to_owned());
        let begun =
            self.link.ask(Register { schema, archive, parts: vec![first], begins: true })?;
        begun.map_err(|why| ArchiveError::new(ArchiveErrorKind::Request, why))
    }

    fn state(&self) -> Result<SharedLogState, ArchiveError> {
        let (log, part, checkpoint) =
            (self.table("log"), self.table("log_part"), self.table("log_checkpoint"));
        let sql = format!(
            "SELECT l.parts, coalesce(c.parts, 0), coalesce(c.size, 0), GREATEST(0, {NOW} - coalesce(
                (SELECT since FROM {part} WHERE number = coalesce(c.parts, 0) + 1), {NOW}))
             FROM {log} AS l LEFT JOIN LATERAL (
                SELECT parts, size FROM {checkpoint} ORDER BY size DESC LIMIT 1
             ) AS c ON true"
        );
        let rows = self.select("reading the state of the evidence log", sql, Vec::new())?;
        let states = self.read(&rows, |row| {
            Ok(SharedLogState {
                parts: wide(row.try_get(0)?)?,
                signed: wide(row.try_get(1)?)?,
                size: wide(row.try_get(2)?)?,
                waiting: wide(row.try_get(3)?)?,
            })
        })?;
        Ok(states.into_iter().next().unwrap_or_default())
    }

    fn sources(&self, archive: &str) -> Result<Vec<(String, LogSource)>, ArchiveError> {
        let sql = format!(
            "SELECT file, place, within, span, sealed FROM {} WHERE archive = $1",
            self.table("log_source")
        );
        let values = vec![Value::Text(archive.to_owned())];
        let rows = self.select("reading the registered records", sql, values)?;
        self.read(&rows, |row| Ok((text(row.try_get(0)?, "a name of a file")?, source_of(row, 1)?)))
    }

    fn register(&self, archive: &str, parts: &[LogPart]) -> Result<(), ArchiveError> {
        if parts.is_empty() {
            return Ok(());
        }
        let (schema, archive) = (self.link.address().schema().to_owned(), archive.to_owned());
        let parts = parts.to_vec();
        let done = self.link.ask(Register { schema, archive, parts, begins: false })?;
        done.map_err(|why| ArchiveError::new(ArchiveErrorKind::Request, why))
    }

    fn parts(&self, after: u64, to: u64) -> Result<Vec<NumberedPart>, ArchiveError> {
        let sql = format!(
            "SELECT number, file, leaves FROM {} WHERE number > $1 AND number <= $2 ORDER BY number LIMIT {PAGE}",
            self.table("log_part")
        );
        let values = vec![Value::Number(number(after)), Value::Number(number(to))];
        let rows = self.select("reading parts of the evidence log", sql, values)?;
        self.read(&rows, |row| {
            let file = text(row.try_get(1)?, "a name of a file")?;
            Ok(NumberedPart { number: wide(row.try_get(0)?)?, file, leaves: row.try_get(2)? })
        })
    }

    fn checkpoints(&self, beyond: u64) -> Result<Vec<SharedCheckpoint>, ArchiveError> {
        let sql = format!(
            "SELECT size, parts, note FROM {} WHERE size > $1 ORDER BY size LIMIT {PAGE_OF_CHECKPOINTS}",
            self.table("log_checkpoint")
        );
        let values = vec![Value::Number(number(beyond))];
        let rows = self.select("reading checkpoints", sql, values)?;
        self.read(&rows, checkpoint_of)
    }

    fn checkpoint(&self, size: u64) -> Result<Option<SharedCheckpoint>, ArchiveError> {
        let sql = format!(
            "SELECT size, parts, note FROM {} WHERE size = $1",
            self.table("log_checkpoint")
        );
        let rows = self.select("reading a checkpoint", sql, vec![Value::Number(number(size))])?;
        Ok(self.read(&rows, checkpoint_of)?.pop())
    }

    fn take(&self, holder: &str, lease: Duration) -> Result<Option<(i64, i64)>, ArchiveError> {
        let schema = self.link.address().schema().to_owned();
        self.link.ask(Take { schema, holder: holder.to_owned(), lease })
    }

    fn publish(
        &self,
        epoch: i64,
        previous: u64,
        checkpoint: &SharedCheckpoint,
    ) -> Result<bool, ArchiveError> {
        let schema = self.link.address().schema().to_owned();
        self.link.ask(Publish { schema, epoch, previous, checkpoint: checkpoint.clone() })
    }

    fn give_back(&self, epoch: i64) -> Result<(), ArchiveError> {
        let sql = format!("UPDATE {} SET lease_until = 0 WHERE epoch = $1", self.table("log"));
        self.select("releasing the evidence log", sql, vec![Value::Number(epoch)]).map(drop)
    }

    fn files(&self, from: &str) -> Result<Vec<(String, Vec<u8>)>, ArchiveError> {
        let table = self.table("log_file");
        let sql = format!("SELECT name, sha256 FROM {table} WHERE name >= $1 ORDER BY name");
        let values = vec![Value::Bytes(from.as_bytes().to_vec())];
        let rows = self.select("listing time stamps", sql, values)?;
        self.read(&rows, |row| Ok((text(row.try_get(0)?, "a name")?, row.try_get(1)?)))
    }

    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        let sql = format!("SELECT bytes FROM {} WHERE name = $1", self.table("log_file"));
        let values = vec![Value::Bytes(name.as_bytes().to_vec())];
        let rows = self.select("reading a time stamp", sql, values)?;
        Ok(self.read(&rows, |row| Ok(row.try_get(0)?))?.pop())
    }

    fn put_file(&self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError> {
        let sql = format!(
            "INSERT INTO {} (name, sha256, bytes) VALUES ($1, sha256($2), $2)
             ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes",
            self.table("log_file")
        );
        let values = vec![Value::Bytes(name.as_bytes().to_vec()), Value::Bytes(bytes.to_vec())];
        self.select("keeping a time stamp", sql, values).map(drop)
    }
}

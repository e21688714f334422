//! The way in: a batch is one transaction, captures and counts and marks together, and the same batch
//! again changes nothing.
//!
//! A large batch is copied into a table that ends with the transaction and put in from there; for a
//! small one making that table would cost more than the rows, and they travel as arrays.
//!
//! Locks are taken in one order everywhere (captures by key, hosts by key, files), so that batches of
//! several writers wait for each other and never in a circle.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row, Transaction};

use super::PostgresCaptures;
use super::failure::Failure;
use super::request::{Request, Value, begin, typed};
use super::row::{Stored, arrays, columns, said_columns, staged_columns, staged_types, text};
use crate::archive::{
    Applied, ArchiveError, ArchiveErrorKind, CaptureBatch, CaptureSink, FileMark,
};

/// From this many captures on a batch is copied.
const COPY_MIN: usize = 500;

/// Where rows are copied to.
const STAGING: &str = "pg_temp.pressmark_staging";

/// The largest number a column holds.
const NUMBER_MAX: &str = "9223372036854775807";

/// A batch, its files numbered.
struct Apply {
    schema: String,
    /// In order, each place once.
    rows: Vec<Stored>,
    /// Files, how far each is taken in, and the sizes of those that are sealed.
    marks: (Vec<i32>, Vec<Option<i64>>, Vec<Option<i64>>),
    #[cfg(test)]
    before_commit: super::tables::Hook,
}

impl Apply {
    /// A record that is there stays one row, which says what was said of it last; one that says the same
    /// is not written again.
    ///
    /// The statement that puts rows in from `staging`, where parameters from `first` on are the marks.
    /// `with` comes before all else. Answers how many captures were not there before.
    fn sql(&self, with: &str, staging: &str, first: usize) -> String {
        let schema = &self.schema;
        let columns = columns();
        let said = said_columns();
        let of = |row: &str| said.map(|column| format!("{row}.{column}")).join(", ");
        let (old, new, said) = (of("c"), of("excluded"), said.join(", "));
        let (ids, marks, sizes) = (first, first + 1, first + 2);
        format!(
            "WITH {with}put AS (
                INSERT INTO {schema}.capture AS c ({columns}) SELECT {columns} FROM {staging}
                ON CONFLICT (key, at, file, \"offset\") DO UPDATE SET ({said}) = ({new})
                WHERE ({old}) IS DISTINCT FROM ({new})
                RETURNING key, at, file, \"offset\", xmax = 0 AS is_new
            ), added AS (SELECT * FROM put WHERE is_new
            ), counted AS (
                INSERT INTO {schema}.host AS h (key, captures, bytes, first, last)
                SELECT s.host, count(*), LEAST(sum(s.length), {NUMBER_MAX})::int8, min(at), max(at)
                FROM added JOIN {staging} AS s USING (key, at, file, \"offset\")
                GROUP BY s.host ORDER BY s.host
                ON CONFLICT (key) DO UPDATE SET
                    captures = h.captures + excluded.captures,
                    bytes = LEAST(h.bytes::numeric + excluded.bytes, {NUMBER_MAX})::int8,
                    first = LEAST(h.first, excluded.first),
                    last = GREATEST(h.last, excluded.last)
            ), marked AS (
                UPDATE {schema}.file AS f SET
                    indexed_to = GREATEST(f.indexed_to, m.indexed_to),
                    sealed_size = coalesce(m.sealed_size, f.sealed_size)
                FROM unnest(${ids}::int4[], ${marks}::int8[], ${sizes}::int8[])
                    AS m (id, indexed_to, sealed_size)
                WHERE f.id = m.id
            ) SELECT count(*) FROM added"
        )
    }

    fn mark_values(&self) -> [Value; 3] {
        let (ids, marks, sizes) = &self.marks;
        [
            Value::ManyIds(ids.clone()),
            Value::ManyNumbers(marks.clone()),
            Value::ManyNumbers(sizes.clone()),
        ]
    }

    async fn put_arrays(&self, transaction: &Transaction<'_>) -> Result<Row, Failure> {
        let columns = staged_columns();
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let arrays_sql: Vec<String> = columns
            .iter()
            .enumerate()
            .map(|(at, (_, sql))| format!("${}::{sql}[]", at + 1))
            .collect();
        let with = format!(
            "staging AS (SELECT * FROM unnest({}) AS t ({})), ",
            arrays_sql.join(", "),
            names.join(", ")
        );
        let sql = self.sql(&with, "staging", columns.len() + 1);
        let arrays = arrays(&self.rows);
        let marks = self.mark_values();
        let mut values: Vec<(&(dyn ToSql + Sync), Type)> = Vec::with_capacity(arrays.len() + 3);
        for (array, kind) in &arrays {
            values.push((&**array, kind.clone()));
        }
        values.extend(typed(&marks));
        Ok(transaction.query_typed_one(&sql, &values).await?)
    }

    async fn put_copied(&self, transaction: &Transaction<'_>) -> Result<Row, Failure> {
        let columns = staged_columns();
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let declared: Vec<String> =
            columns.iter().map(|(name, sql)| format!("{name} {sql}")).collect();
        let make = format!(
            "CREATE TEMPORARY TABLE pressmark_staging ({}) ON COMMIT DROP",
            declared.join(", ")
        );
        transaction.batch_execute(&make).await?;
        let copy = format!("COPY {STAGING} ({}) FROM STDIN (FORMAT binary)", names.join(", "));
        {
            // The one statement with a name. It is closed at the end of this block, before the
            // transaction ends, so that a pooler sees both on one connection.
            let copy = transaction.prepare(&copy).await?;
            let sink = transaction.copy_in(&copy).await?;
            let writer =
                tokio_postgres::binary_copy::BinaryCopyInWriter::new(sink, &staged_types());
            let mut writer = pin!(writer);
            for row in &self.rows {
                writer.as_mut().write(&row.values()).await?;
            }
            writer.finish().await?;
        }
        let sql = self.sql("", STAGING, 1);
        Ok(transaction.query_typed_one(&sql, &typed(&self.mark_values())).await?)
    }
}

impl Request for Apply {
    type Answer = u64;

    fn doing(&self) -> &'static str {
        "putting captures in"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<u64, Failure> {
        let transaction = begin(client, None).await?;
        let added = if self.rows.len() < COPY_MIN {
            self.put_arrays(&transaction).await?
        } else {
            self.put_copied(&transaction).await?
        };
        let added: i64 = added.try_get(0)?;
        #[cfg(test)]
        self.before_commit.call();
        transaction.commit().await?;
        u64::try_from(added).map_err(|_| Failure::Row("a count below nothing".to_owned()))
    }
}

/// Gives files their numbers, in the order they come in.
struct NameFiles {
    schema: String,
    names: Vec<Vec<u8>>,
}

impl Request for NameFiles {
    type Answer = Vec<Row>;

    fn doing(&self) -> &'static str {
        "naming files"
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<Vec<Row>, Failure> {
        let schema = &self.schema;
        let names = Value::ManyBytes(self.names.clone());
        // Not by ON CONFLICT alone, which would use a number up for each name that is known.
        let add = format!(
            "INSERT INTO {schema}.file (name)
             SELECT t.name FROM unnest($1) WITH ORDINALITY AS t (name, at)
             WHERE NOT EXISTS (SELECT 1 FROM {schema}.file AS f WHERE f.name = t.name)
             ORDER BY t.at ON CONFLICT (name) DO NOTHING"
        );
        client.execute_typed(&add, &[names.typed()]).await?;
        let read = format!("SELECT id, name FROM {schema}.file WHERE name = ANY($1)");
        Ok(client.query_typed(&read, &[names.typed()]).await?)
    }
}

/// Takes the captures of files out, counts what is left, and sets their marks back.
struct Forget {
    schema: String,
    files: Vec<i32>,
}

impl Request for Forget {
    type Answer = ();

    fn doing(&self) -> &'static str {
        "taking captures out"
    }

    fn time_max(&self) -> Duration {
        Duration::from_secs(3600)
    }

    async fn ask<'a>(&'a self, client: &'a mut Client) -> Result<(), Failure> {
        let schema = &self.schema;
        let files = Value::ManyIds(self.files.clone());
        let transaction = begin(client, None).await?;
        // A writer locks this table before it puts captures in: what is counted below is complete.
        transaction.batch_execute(&format!("LOCK TABLE {schema}.host IN EXCLUSIVE MODE")).await?;
        let remove = format!("DELETE FROM {schema}.capture WHERE file = ANY($1)");
        transaction.execute_typed(&remove, &[files.typed()]).await?;
        // The host of a urlkey is what comes before its parenthesis, as in `base::surt::host_of_key`.
        let count = format!(
            "DELETE FROM {schema}.host;
             INSERT INTO {schema}.host (key, captures, bytes, first, last)
             SELECT CASE
                 WHEN position('\\x29'::bytea IN key) = 0 THEN ''::bytea
                 WHEN position('\\x2f'::bytea IN host) + position('\\x3f'::bytea IN host) > 0 THEN ''::bytea
                 ELSE host END AS host_key,
                 count(*), LEAST(sum(length), {NUMBER_MAX})::int8, min(at), max(at)
             FROM {schema}.capture, LATERAL (
                 SELECT substring(key FROM 1 FOR greatest(position('\\x29'::bytea IN key) - 1, 0)) AS host
             ) AS h
             GROUP BY host_key ORDER BY host_key"
        );
        transaction.batch_execute(&count).await?;
        let reset = format!(
            "UPDATE {schema}.file SET indexed_to = 0, sealed_size = NULL WHERE id = ANY($1)"
        );
        transaction.execute_typed(&reset, &[files.typed()]).await?;
        Ok(transaction.commit().await?)
    }
}

impl PostgresCaptures {
    fn schema(&self) -> String {
        self.link.address().schema().to_owned()
    }

    /// The marks of the files that a condition leaves.
    fn marks_where(&self, rest: &str, values: Vec<Value>) -> Result<Vec<FileMark>, ArchiveError> {
        let table = self.table("file");
        let sql = format!("SELECT name, indexed_to, sealed_size FROM {table} {rest}");
        let rows = self.select("reading marks", sql, values)?;
        rows.iter().map(|row| mark_of(row).map_err(|why| self.unsound(&why))).collect()
    }

    /// The numbers of files, given now where they have none.
    fn file_ids(&self, names: &[Arc<str>]) -> Result<Vec<i32>, ArchiveError> {
        let mut unknown: Vec<Vec<u8>> = Vec::new();
        for name in names.iter().filter(|name| self.files.id(name).is_none()) {
            if !unknown.iter().any(|other| other == name.as_bytes()) {
                unknown.push(name.as_bytes().to_vec());
            }
        }
        if !unknown.is_empty() {
            for row in self.link.ask(NameFiles { schema: self.schema(), names: unknown })? {
                self.learn(&row)?;
            }
        }
        let id = |name: &Arc<str>| {
            self.files.id(name).ok_or_else(|| {
                self.unsound(&Failure::Row(format!("it assigned no number to the file {name}")))
            })
        };
        names.iter().map(id).collect()
    }
}

impl CaptureSink for PostgresCaptures {
    fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError> {
        let CaptureBatch { captures, marks } = batch;
        let all = captures.len() as u64;
        if captures.is_empty() && marks.is_empty() {
            return Ok(Applied::default());
        }
        let request = |why: String| ArchiveError::new(ArchiveErrorKind::Request, why);
        let names: Vec<Arc<str>> = captures.iter().map(|c| Arc::clone(&c.file)).collect();
        let ids = self.file_ids(&names)?;
        let stored = captures.into_iter().zip(ids).map(|(capture, id)| Stored::of(capture, id));
        let mut rows: Vec<Stored> = stored.collect::<Result<_, _>>().map_err(request)?;
        // Of several at one place the last one, as with a batch of its own.
        rows.reverse();
        rows.sort_by(|a, b| a.place.cmp(&b.place));
        rows.dedup_by(|a, b| a.place == b.place);
        let names: Vec<Arc<str>> = marks.iter().map(|mark| Arc::clone(&mark.file)).collect();
        let mut by_file = BTreeMap::new();
        for (mark, id) in marks.into_iter().zip(self.file_ids(&names)?) {
            let number = |n: u64| {
                let much = || request(format!("{} has no {n} bytes", mark.file));
                i64::try_from(n).map_err(|_| much())
            };
            let (to, size): &mut (i64, Option<i64>) = by_file.entry(id).or_default();
            *to = (*to).max(number(mark.indexed_to)?);
            *size = mark.sealed_size.map(number).transpose()?.or(*size);
        }
        let marks = (
            by_file.keys().copied().collect(),
            by_file.values().map(|(to, _)| Some(*to)).collect(),
            by_file.values().map(|(_, size)| *size).collect(),
        );
        let added = self.link.ask(Apply {
            schema: self.schema(),
            rows,
            marks,
            #[cfg(test)]
            before_commit: self.before_commit.clone(),
        })?;
        Ok(Applied { added, known: all.saturating_sub(added) })
    }

    fn marks(&self) -> Result<Vec<FileMark>, ArchiveError> {
        self.marks_where("ORDER BY id", Vec::new())
    }

    fn mark_of(&self, file: &str) -> Result<Option<FileMark>, ArchiveError> {
        Ok(self.marks_of(&[file])?.pop().flatten())
    }

    fn marks_of(&self, files: &[&str]) -> Result<Vec<Option<FileMark>>, ArchiveError> {
        let names = files.iter().map(|file| file.as_bytes().to_vec()).collect();
        let marks = self.marks_where("WHERE name = ANY($1)", vec![Value::ManyBytes(names)])?;
        let mut known: HashMap<_, _> =
            marks.into_iter().map(|mark| (Arc::clone(&mark.file), mark)).collect();
        Ok(files.iter().map(|file| known.remove(*file)).collect())
    }

    /// Every batch is durable when [`Self::apply`] returns.
    fn flush(&self) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn forget(&self, files: &[Arc<str>]) -> Result<(), ArchiveError> {
        let files = self.file_ids(files)?;
        self.link.ask(Forget { schema: self.schema(), files })
    }

    /// Only logged: a batch is in as a whole or not at all, so that one which failed leaves nothing that
    /// contradicts the files, and the marks say what to read again.
    fn mark_damaged(&self, why: &str) {
        tracing::warn!(why, "the database of captures was not updated");
    }
}

fn mark_of(row: &Row) -> Result<FileMark, Failure> {
    let number = |n: i64| u64::try_from(n).map_err(|_| Failure::Row("a mark below 0".to_owned()));
    let sealed: Option<i64> = row.try_get(2)?;
    Ok(FileMark {
        file: text(row.try_get(0)?, "a name of a file")?.into(),
        indexed_to: number(row.try_get(1)?)?,
        sealed_size: sealed.map(number).transpose()?,
    })
}

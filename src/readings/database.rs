//! The one file that names SQLite: the tables of readings and versions, as bytes under keys. The other
//! files of this folder define what the bytes mean.
//!
//! ```text
//! addresses   hash of an address → the address
//! readings    payload digest + address + status → a page; most are packed against an earlier one
//! pages       urlkey → the state of the page's fold
//! chunks      page and number / 32 → up to 32 versions of the page
//! versions    buckets of what is found by its key: versions by time, marks of files, pages that wait
//! speakers    buckets of speakers and the addresses of pages that quote them
//! ```
//!
//! Any number of processes may have it open: the engine's write-ahead log lets them read while one of
//! them writes. Commits are not synced one by one, since all of it can be derived again; the log is
//! synced before its content is moved into the file, so that a loss of power loses the last of it and
//! damages nothing.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};

/// How long a process waits for another one that is writing.
const BUSY_MAX: Duration = Duration::from_secs(5);

/// Statements that are kept ready.
const STATEMENTS_MAX: usize = 64;

/// Memory for pages of the file, in KiB.
const CACHE_KIB: i64 = 8 << 10;

/// Versions of one page that share a chunk.
pub(super) const CHUNK_VERSIONS: usize = 32;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS addresses(id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, url TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS readings(id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
    address INTEGER NOT NULL, base INTEGER, value BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS bases ON readings(address, id) WHERE base IS NULL;
CREATE INDEX IF NOT EXISTS based ON readings(base) WHERE base IS NOT NULL;
CREATE TABLE IF NOT EXISTS speakers(first BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions(first BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pages(id INTEGER PRIMARY KEY, urlkey TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL, state BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS chunks(id INTEGER PRIMARY KEY, value BLOB NOT NULL);
";

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum DatabaseError {
    /// What is there is no store, or a damaged one.
    #[error("the store of readings is damaged: {0}")]
    Damaged(String),
    /// Another process is writing, or the disk refuses.
    #[error("the store of readings cannot be used: {0}")]
    Unusable(String),
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        let why = error.to_string();
        match error {
            rusqlite::Error::SqliteFailure(failure, _)
                if !matches!(
                    failure.code,
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch
                ) =>
            {
                // A schema that lacks a table is one that was damaged; its code is that of any mistake.
                match failure.code {
                    ErrorCode::Unknown if why.contains("no such") => Self::Damaged(why),
                    ErrorCode::Unknown if why.contains("malformed") => Self::Damaged(why),
                    _ => Self::Unusable(why),
                }
            }
            _ => Self::Damaged(why),
        }
    }
}

type Result<T> = std::result::Result<T, DatabaseError>;

/// The stored data about a page's versions.
#[derive(Debug, Clone)]
pub(super) struct PageRow {
    pub id: i64,
    pub revision: i64,
    pub state: Vec<u8>,
}

/// A reading as it is kept.
#[derive(Debug, Clone)]
pub(super) struct ReadingRow {
    /// The reading that it is packed against.
    pub base: Option<i64>,
    pub value: Vec<u8>,
}

/// The tables of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// What goes when versions are forgotten.
    Versions,
    Speakers,
}

impl Table {
    fn name(self) -> &'static str {
        match self {
            Self::Versions => "versions",
            Self::Speakers => "speakers",
        }
    }
}

/// The tables.
#[derive(Debug)]
pub(super) struct Database {
    connection: Connection,
}

/// How it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// To read and write; made where there is none.
    Write,
    /// To read, where nothing can be written: no other process can, either.
    ReadOnly,
}

impl Database {
    /// The store in this file.
    pub(super) fn open(path: &Path, access: Access) -> Result<Self> {
        let connection = match access {
            Access::Write => Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_WRITE
                    | OpenFlags::SQLITE_OPEN_CREATE
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?,
            Access::ReadOnly => {
                let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f");
                let uri = format!("file:{}?immutable=1", escaped.replace('#', "%23"));
                Connection::open_with_flags(
                    uri,
                    OpenFlags::SQLITE_OPEN_READ_ONLY
                        | OpenFlags::SQLITE_OPEN_URI
                        | OpenFlags::SQLITE_OPEN_NO_MUTEX,
                )?
            }
        };
        connection.busy_timeout(BUSY_MAX)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
        if access == Access::Write {
            connection.pragma_update(None, "journal_mode", "wal")?;
            connection.pragma_update(None, "synchronous", "normal")?;
            let known: i64 = connection.query_row(
                "SELECT count(*) FROM sqlite_master WHERE name = 'chunks'",
                [],
                |row| row.get(0),
            )?;
            if known == 0 {
                let database = Self { connection };
                database.write(|| {
                    database.connection.execute_batch(SCHEMA)?;
                    // Another process may have made it in this moment.
                    [Table::Versions, Table::Speakers].into_iter().try_for_each(|table| {
                        match database.bucket(table, b"")? {
                            Some(_) => Ok(()),
                            None => super::sorted::begin(&database, table),
                        }
                    })
                })?;
                return Ok(database);
            }
        }
        // Damage shows at the first question, and not in the middle of an answer.
        let database = Self { connection };
        super::sorted::get(&database, Table::Versions, b"")?;
        Ok(database)
    }

    /// Runs `work` as one transaction: all of it or nothing is kept.
    pub(super) fn write<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = work().and_then(|done| {
            self.connection.execute_batch("COMMIT")?;
            Ok(done)
        });
        if done.is_err() && !self.connection.is_autocommit() {
            // What failed is reported; a transaction left open would block all others.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        done
    }

    /// Runs `work` on one state of the store, independent of concurrent writes.
    pub(super) fn read<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.connection.execute_batch("BEGIN DEFERRED")?;
        let done = work();
        // Nothing was written.
        let _ = self.connection.execute_batch("ROLLBACK");
        done
    }

    fn one<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.connection.prepare_cached(sql)?.query_row(values, read).optional()?)
    }

    fn all<T>(
        &self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map(values, read)?;
        Ok(found.collect::<rusqlite::Result<Vec<T>>>()?)
    }

    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        Ok(self.connection.prepare_cached(sql)?.execute(values)?)
    }

    /// The bytes that its file takes, and those of them that are free.
    pub(super) fn bytes(&self) -> Result<(u64, u64)> {
        let number = |name: &str| -> Result<i64> {
            Ok(self.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?)
        };
        let size = number("page_size")?;
        let all = number("page_count")?.saturating_mul(size);
        let free = number("freelist_count")?.saturating_mul(size);
        let bytes = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok((bytes(all), bytes(free)))
    }

    pub(super) fn reading(&self, key: &[u8]) -> Result<Option<ReadingRow>> {
        let sql = "SELECT base, value FROM readings WHERE key = ?1";
        self.one(sql, [key], |row| Ok(ReadingRow { base: row.get(0)?, value: row.get(1)? }))
    }

    pub(super) fn has_reading(&self, key: &[u8]) -> Result<bool> {
        Ok(self.one("SELECT 1 FROM readings WHERE key = ?1", [key], |_| Ok(()))?.is_some())
    }

    /// A whole reading: its key and value.
    pub(super) fn base(&self, id: i64) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        let sql = "SELECT key, value FROM readings WHERE id = ?1 AND base IS NULL";
        self.one(sql, [id], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The newest whole reading of an address, and how many are packed against it.
    pub(super) fn newest_base(&self, address: i64) -> Result<Option<(i64, i64)>> {
        let sql =
            "SELECT id FROM readings WHERE address = ?1 AND base IS NULL ORDER BY id DESC LIMIT 1";
        let Some(id) = self.one(sql, [address], |row| row.get::<_, i64>(0))? else {
            return Ok(None);
        };
        let sql = "SELECT count(*) FROM readings WHERE base = ?1";
        let based = self.one(sql, [id], |row| row.get(0))?.unwrap_or(0);
        Ok(Some((id, based)))
    }

    pub(super) fn put_reading(
        &self,
        key: &[u8],
        address: i64,
        base: Option<i64>,
        value: &[u8],
    ) -> Result<()> {
        let sql =
            "INSERT OR IGNORE INTO readings(key, address, base, value) VALUES(?1, ?2, ?3, ?4)";
        self.run(sql, params![key, address, base, value])?;
        Ok(())
    }

    /// The number of an address, which it gets where it has none.
    pub(super) fn address(&self, hash: &[u8], url: &str) -> Result<i64> {
        if let Some(id) = self.address_of(hash)? {
            return Ok(id);
        }
        self.run("INSERT INTO addresses(hash, url) VALUES(?1, ?2)", params![hash, url])?;
        Ok(self.connection.last_insert_rowid())
    }

    /// The number of an address, where it has one.
    pub(super) fn address_of(&self, hash: &[u8]) -> Result<Option<i64>> {
        self.one("SELECT id FROM addresses WHERE hash = ?1", [hash], |row| row.get(0))
    }

    /// The last bucket that begins at this key or before it.
    pub(super) fn bucket(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let name = table.name();
        let sql = format!("SELECT value FROM {name} WHERE first <= ?1 ORDER BY first DESC LIMIT 1");
        self.one(&sql, [key], |row| row.get(0))
    }

    pub(super) fn put_bucket(&self, table: Table, first: &[u8], value: &[u8]) -> Result<()> {
        let sql = format!("INSERT OR REPLACE INTO {} VALUES(?1, ?2)", table.name());
        self.run(&sql, params![first, value])?;
        Ok(())
    }

    /// Takes the oldest readings out, `count` of them and those that are packed against them.
    pub(super) fn drop_oldest_readings(&self, count: i64) -> Result<usize> {
        let sql = "SELECT id FROM readings ORDER BY id LIMIT 1 OFFSET ?1";
        let until = self.one(sql, [count], |row| row.get::<_, i64>(0))?.unwrap_or(i64::MAX);
        let sql = "DELETE FROM readings WHERE id < ?1 OR base < ?1";
        self.run(sql, [until])
    }

    pub(super) fn count_readings(&self) -> Result<i64> {
        Ok(self.one("SELECT count(*) FROM readings", [], |row| row.get(0))?.unwrap_or(0))
    }

    pub(super) fn page(&self, urlkey: &str) -> Result<Option<PageRow>> {
        let sql = "SELECT id, revision, state FROM pages WHERE urlkey = ?1";
        self.one(sql, [urlkey], |row| {
            Ok(PageRow { id: row.get(0)?, revision: row.get(1)?, state: row.get(2)? })
        })
    }

    pub(super) fn put_page(&self, urlkey: &str, revision: i64, state: &[u8]) -> Result<i64> {
        let sql = "INSERT INTO pages(urlkey, revision, state) VALUES(?1, ?2, ?3)
            ON CONFLICT(urlkey) DO UPDATE SET revision = ?2, state = ?3 RETURNING id";
        let id = self.one(sql, params![urlkey, revision, state], |row| row.get(0))?;
        id.ok_or_else(|| DatabaseError::Damaged("a page was not assigned a number".to_owned()))
    }

    fn chunk_id(page: i64, number: usize) -> i64 {
        let chunk = i64::try_from(number / CHUNK_VERSIONS).unwrap_or(i64::MAX).min((1 << 24) - 1);
        (page << 24) | chunk
    }

    /// The chunk that holds the version at this place, from 0.
    pub(super) fn chunk(&self, page: i64, number: usize) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT value FROM chunks WHERE id = ?1";
        self.one(sql, [Self::chunk_id(page, number)], |row| row.get(0))
    }

    /// All chunks of a page, in order.
    pub(super) fn chunks(&self, page: i64) -> Result<Vec<Vec<u8>>> {
        let sql = "SELECT value FROM chunks WHERE id >= ?1 AND id < ?2 ORDER BY id";
        self.all(sql, [page << 24, (page + 1) << 24], |row| row.get(0))
    }

    pub(super) fn put_chunk(&self, page: i64, number: usize, value: &[u8]) -> Result<()> {
        let id = Self::chunk_id(page, number);
        self.run("INSERT OR REPLACE INTO chunks VALUES(?1, ?2)", params![id, value])?;
        Ok(())
    }

    /// Takes out the chunks from the one of this place on.
    pub(super) fn cut_chunks(&self, page: i64, from: usize) -> Result<()> {
        let sql = "DELETE FROM chunks WHERE id >= ?1 AND id < ?2";
        self.run(sql, [Self::chunk_id(page, from), (page + 1) << 24])?;
        Ok(())
    }

    /// Changes whenever versions are forgotten.
    pub(super) fn epoch(&self) -> Result<i64> {
        Ok(self.connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
    }

    /// Forgets all pages' versions and marks of files; readings stay.
    pub(super) fn clear_versions(&self) -> Result<()> {
        for table in ["versions", "chunks", "pages"] {
            self.run(&format!("DELETE FROM {table}"), [])?;
        }
        super::sorted::begin(self, Table::Versions)?;
        let epoch = (self.epoch()? + 1) & 0x7fff_ffff;
        Ok(self.connection.pragma_update(None, "user_version", epoch)?)
    }

    /// Takes everything out.
    pub(super) fn clear(&self) -> Result<()> {
        self.clear_versions()?;
        for table in ["readings", "speakers", "addresses"] {
            self.run(&format!("DELETE FROM {table}"), [])?;
        }
        super::sorted::begin(self, Table::Speakers)
    }
}

//! The database as both sides of the contract use it: its tables by name, names of files by their
//! numbers, rows as captures.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_postgres::Row;

use super::Address;
use super::failure::Failure;
use super::pool::{Link, PATIENCE};
use super::request::{Statement, Value};
use super::row::{capture_of, place_of, text};
use super::schema::{Migrate, NEWEST};
use crate::archive::{ArchiveError, ArchiveErrorKind, Capture};

/// Called by a test when a batch is about to be committed.
#[cfg(test)]
#[derive(Clone, Default)]
pub(super) struct Hook(Arc<std::sync::Mutex<Option<HookCall>>>);

#[cfg(test)]
type HookCall = Box<dyn FnOnce() + Send>;

#[cfg(test)]
impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

#[cfg(test)]
impl Hook {
    pub(super) fn set(&self, call: impl FnOnce() + Send + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(call));
    }

    pub(super) fn call(&self) {
        let call = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(call) = call {
            call();
        }
    }
}

/// The captures in a database.
#[derive(Debug)]
pub struct PostgresCaptures {
    pub(super) link: Link,
    pub(super) files: Files,
    /// Called once, when the next batch is about to be committed.
    #[cfg(test)]
    pub(super) before_commit: Hook,
}

/// Names of files by their numbers, and back. Neither ever changes.
#[derive(Debug, Default)]
pub(super) struct Files(RwLock<Names>);

#[derive(Debug, Default)]
struct Names {
    by_id: HashMap<i32, Arc<str>>,
    by_name: HashMap<Arc<str>, i32>,
}

impl Files {
    pub(super) fn id(&self, name: &str) -> Option<i32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_name.get(name).copied()
    }

    fn name(&self, id: i32) -> Option<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    pub(super) fn learn(&self, id: i32, name: Arc<str>) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        names.by_name.insert(Arc::clone(&name), id);
        names.by_id.insert(id, name);
    }
}

impl PostgresCaptures {
    /// The captures at an address, whose tables are made or brought up to this program's version. The
    /// second part says as text what was done.
    ///
    /// # Errors
    /// [`ArchiveErrorKind::Away`] when the database does not answer for fifteen seconds,
    /// [`ArchiveErrorKind::ReadOnly`] when its user may not make the tables,
    /// [`ArchiveErrorKind::Newer`] for those of a newer program, and other kinds as it refuses.
    pub fn open(address: Address) -> Result<(Self, Vec<String>), ArchiveError> {
        Self::open_with(address, PATIENCE)
    }

    pub(super) fn open_with(
        address: Address,
        patience: Duration,
    ) -> Result<(Self, Vec<String>), ArchiveError> {
        let schema = address.schema().to_owned();
        let shown = address.shown();
        let link = Link::new(address, patience)?;
        let before = link.ask(Migrate { schema: schema.clone() })?;
        let note = (before < NEWEST).then(|| match before {
            0 => format!("made the tables of captures in {shown}, schema {schema}"),
            _ => format!("brought the tables in {shown} from version {before} to {NEWEST}"),
        });
        let captures = Self {
            link,
            files: Files::default(),
            #[cfg(test)]
            before_commit: Hook::default(),
        };
        Ok((captures, note.into_iter().collect()))
    }

    /// The name of a table, with its schema.
    pub(super) fn table(&self, name: &str) -> String {
        format!("{}.{name}", self.link.address().schema())
    }

    pub(super) fn select(
        &self,
        doing: &'static str,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, ArchiveError> {
        self.link.ask(Statement { doing, sql, values })
    }

    /// An answer that does not decode, or names what is not there.
    pub(super) fn unsound(&self, failure: &Failure) -> ArchiveError {
        let database = self.link.address().shown();
        ArchiveError::new(
            ArchiveErrorKind::Damaged,
            format!("the database {database}: {}", failure.why()),
        )
    }

    /// Learns the names of these files.
    fn learn_names(&self, rows: &[Row]) -> Result<(), ArchiveError> {
        let mut unknown = Vec::new();
        for row in rows {
            let file = place_of(row).map_err(|why| self.unsound(&why))?.file;
            if self.files.name(file).is_none() && !unknown.contains(&file) {
                unknown.push(file);
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let sql = format!("SELECT id, name FROM {} WHERE id = ANY($1)", self.table("file"));
        for row in self.select("reading names of files", sql, vec![Value::ManyIds(unknown)])? {
            self.learn(&row)?;
        }
        Ok(())
    }

    /// Learns a file from a row that begins with its number and its name.
    pub(super) fn learn(&self, row: &Row) -> Result<(), ArchiveError> {
        let read = || -> Result<(), Failure> {
            self.files.learn(row.try_get(0)?, text(row.try_get(1)?, "a name of a file")?.into());
            Ok(())
        };
        read().map_err(|why| self.unsound(&why))
    }

    /// The number of a file; `None` where there is none of that name.
    pub(super) fn file_id(&self, name: &str) -> Result<Option<i32>, ArchiveError> {
        if let Some(id) = self.files.id(name) {
            return Ok(Some(id));
        }
        let sql = format!("SELECT id, name FROM {} WHERE name = $1", self.table("file"));
        let name_bytes = Value::Bytes(name.as_bytes().to_vec());
        for row in self.select("looking a file up", sql, vec![name_bytes])? {
            self.learn(&row)?;
        }
        Ok(self.files.id(name))
    }

    /// Rows of captures as such, their files learnt.
    pub(super) fn captures_of(&self, rows: &[Row]) -> Result<Vec<Capture>, ArchiveError> {
        self.learn_names(rows)?;
        let capture = |row: &Row| {
            let file = place_of(row)?.file;
            let name = self.files.name(file).ok_or_else(|| {
                Failure::Row(format!(
                    "a capture is in file number {file}, which its tables do not have"
                ))
            })?;
            capture_of(row, name)
        };
        rows.iter().map(|row| capture(row).map_err(|why| self.unsound(&why))).collect()
    }
}

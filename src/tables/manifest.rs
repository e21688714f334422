//! The contents and the progress of the tables: `_manifest.json`. Names that begin with `_` are ignored by
//! Hive, Spark and Trino.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::target::{MANIFEST, Part};
use super::{Month, Table, TablesError, Target};

/// The format of the manifest and of the tables: if it changes, they are all written again.
pub(super) const FORM: u32 = 3;

/// The parts of each month.
pub(super) type Months = BTreeMap<Month, Vec<Part>>;

/// The contents of the tables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format.
    pub form: u32,
    /// The program that wrote it last: `pressmark/0.1.0`.
    pub software: String,
    /// The code that read the pages.
    pub derivation: String,
    /// The offset up to which the tables have the captures of each WARC file.
    pub marks: BTreeMap<String, u64>,
    /// Months that are being written: their files may be from two runs until the next run is complete.
    pub rewriting: BTreeMap<Table, Vec<Month>>,
    /// The files of each table and month.
    pub tables: BTreeMap<Table, Months>,
}

impl Manifest {
    /// The manifest at the target; `None` if no tables were written yet.
    ///
    /// # Errors
    /// When it cannot be read or is invalid.
    pub fn load(target: &dyn Target) -> Result<Option<Self>, TablesError> {
        let Some(bytes) = target.read(MANIFEST)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|why| TablesError::Manifest {
            place: target.place(MANIFEST),
            why: format!("it cannot be read as a manifest: {why}"),
        })
    }

    /// Replaces the manifest at the target.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, target: &dyn Target) -> Result<(), TablesError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|why| TablesError::Manifest {
            place: target.place(MANIFEST),
            why: why.to_string(),
        })?;
        bytes.push(b'\n');
        target.write(MANIFEST, &bytes)
    }

    /// The parts of a table, month after month.
    pub fn parts(&self, table: Table) -> impl Iterator<Item = &Part> {
        self.tables.get(&table).into_iter().flat_map(BTreeMap::values).flatten()
    }
}

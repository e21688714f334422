//! Tables of an archive for analysis: captures, versions, changes, quotations and figures as Parquet,
//! partitioned by month, kept up to date.
//!
//! Defines the rows ([`Table`], `rows`), which months have to be written again ([`mod@touched`]), and how
//! files get to their place ([`Target`], [`Manifest`]). Deliberately answers no queries: DuckDB, Spark, Trino and
//! pandas do.
//!
//! ```text
//!  _manifest.json                          marks of the WARC files, and every part: rows, bytes, digest
//!  _lock  _staging/                        one run at a time; parts while they are made
//!  captures/month=2026-01/part-00000.parquet      by urlkey and time
//!  versions/month=2026-01/part-00000.parquet      by urlkey and number, in the month of their first capture
//!  changes/…  quotations/…  figures/…
//! ```
//!
//! In reading order: the tables and their columns ([`Table`], [`Month`]), rows of them (`rows`), the pages of the
//! archive in one pass (`walk`), which months are touched (`touched`), rows on their way to a file (`spool`,
//! `parts`), where files go (`target`, `manifest`; `objects` and its lock, `lease`), and a run (`update`).
//!
//! The tables follow the index, which follows the WARC files: a mark for each file records which captures
//! the tables have. Only months that newer captures affect are written again, each as a whole. The marks are updated last:
//! a killed run leaves marks that are too low, and the next one writes the same months again.

mod columns;
mod error;
mod lease;
mod manifest;
mod month;
mod objects;
#[cfg(test)]
mod objects_tests;
mod parts;
mod rows;
mod spool;
mod target;
#[cfg(test)]
mod tests;
mod touched;
mod update;
mod walk;

pub use columns::Table;
pub use error::TablesError;
pub use manifest::Manifest;
pub use month::Month;
pub use objects::{ObjectFolder, ObjectsOptions};
pub use target::{Folder, Part, Target};
pub use update::{Options, PART_BYTES_MAX, Updated, update};

//! Where each capture lies: by urlkey and time, by payload, by host; and how far each WARC file has
//! been read.
//!
//! Everything here is derived. It holds nothing that the WARC files do not say; deleting it loses
//! time and no facts, and an index built anew answers every query the same. It knows entries and
//! the numbers of files, and deliberately neither opens a WARC nor knows where one lies.
//!
//! In reading order: a capture ([`IndexEntry`]), the bytes it becomes (`key`, `value`, `blocks`),
//! the tables ([`Index`], [`IndexBatch`]), questions ([`Query`], [`Scan`]), what of the answers is
//! wanted ([`Filter`]), and the lines that others read ([`cdx`]).

pub mod blocks;
pub mod cdx;
pub mod entry;
mod error;
pub mod files;
pub mod filter;
mod key;
pub mod query;
pub mod tables;
#[cfg(test)]
mod tests;
mod value;

pub use crate::base::surt::{KeyRange, MatchType};
pub use entry::{FileId, IndexEntry, Position, RecordId, RecordKind, RefersTo};
pub use error::IndexError;
pub use files::FileState;
pub use filter::{Filter, FilterError};
pub use query::{Query, Results, Scan, Sort};
pub use tables::{Applied, HostCount, Index, IndexBatch, Mark};

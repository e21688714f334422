//! The contracts between what reads and writes an archive and what keeps it: where captures lie
//! ([`Captures`], [`CaptureSink`]) and where the bytes of WARC files come from ([`WarcFiles`]).
//!
//! Knows no backend, no path and no record format. In reading order: a capture ([`Capture`]),
//! questions ([`Query`], [`Filter`]), the traits (`contract`, `follow`, `objects`), answers made from scans
//! (`answering`), what can fail ([`ArchiveError`]), and the lines that others read ([`cdx`]).

mod answering;
pub mod capture;
pub mod cdx;
mod contract;
mod error;
pub mod filter;
mod follow;
mod objects;
mod query;
#[cfg(test)]
pub(crate) mod suite;
mod wire;

pub use crate::base::surt::{KeyRange, MatchType};
pub(crate) use answering::{Answering, Scans};
pub use capture::{Capture, CaptureIn, Form, RecordId, RecordKind, RefersTo};
pub use contract::{
    Answers, Applied, Bytes, CaptureBatch, CaptureSink, CaptureStore, Captures, FileInfo, FileMark,
    HostCount, HostCounts, LOAD_BATCH, WarcFiles,
};
pub use error::{ArchiveError, ArchiveErrorKind};
pub use filter::{Filter, FilterError};
pub use follow::{Follower, Seen};
pub use objects::{FilePart, ObjectError, ObjectErrorKind, ObjectInfo, Objects, Pending};
pub use query::{Cursor, Query, Sort};

//! The contracts between what reads and writes an archive and what keeps it: where captures are
//! ([`Captures`], [`CaptureSink`]) and where the bytes of WARC files come from ([`WarcFiles`]).
//!
//! Knows no backend, no path and no record format. In reading order: a capture ([`Capture`]),
//! questions ([`Query`], [`Filter`]), the traits (`contract`, `follow`, `objects`, `shared_log`), answers made from scans
//! (`answering`), what can fail ([`ArchiveError`]), and the lines that others read ([`cdx`]).

mod answering;
mod beside;
pub mod capture;
pub mod cdx;
mod contract;
mod error;
#[cfg(test)]
pub(crate) mod fake_objects;
pub mod filter;
mod follow;
mod objects;
mod query;
mod sending;
mod shared_log;
#[cfg(test)]
pub(crate) mod suite;
mod wire;

pub use crate::base::surt::{KeyRange, MatchType};
pub(crate) use answering::{Answering, Scans};
pub use beside::Beside;
pub use capture::{BESIDE_RENDERING, Capture, CaptureIn, Form, RecordId, RecordKind, RefersTo};
pub use contract::{
    Answers, Applied, BATCH_BYTES, Bytes, CaptureBatch, CaptureSink, CaptureStore, Captures,
    FileInfo, FileMark, HostCount, HostCounts, LOAD_BATCH, WarcFiles, next_batch,
};
pub use error::{ArchiveError, ArchiveErrorKind};
pub use filter::{Filter, FilterError};
pub use follow::{Follower, Seen};
pub use objects::{
    ChangeableObjects, Erased, FilePart, ObjectError, ObjectErrorKind, ObjectInfo, Objects, Over,
    Pending, UploadInfo,
};
pub use query::{Cursor, Query, Sort};
pub use sending::{received, send_over};
pub use shared_log::{
    LogPart, LogSource, NumberedPart, SharedCheckpoint, SharedLog, SharedLogState,
};

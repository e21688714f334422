//! Why nothing was exported.

use std::io;

use crate::archive::ArchiveError;
use crate::store::StoreError;
use crate::wacz::WaczError;
use crate::warc::ReadError;

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No capture is selected.
    #[error("nothing in the archive matches the request")]
    Nothing,
    /// None of the captures can be read.
    #[error("none of the {captures} captures can be read; the first: {why}")]
    Unreadable {
        /// How many are selected.
        captures: usize,
        /// Why the first of them cannot be read.
        why: String,
    },
    /// The index cannot answer.
    #[error("asking the index: {0}")]
    Index(#[from] ArchiveError),
    /// The archive cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A WARC file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The package cannot be made.
    #[error(transparent)]
    Package(#[from] WaczError),
    /// The file, or a temporary one, cannot be written.
    #[error("writing {path}: {why}")]
    Write {
        /// The file.
        path: String,
        /// What the system reported.
        why: io::Error,
    },
}

/// The failure of a temporary file.
pub(super) fn temporary(why: io::Error) -> ExportError {
    ExportError::Write { path: "a temporary file".to_owned(), why }
}

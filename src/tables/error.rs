//! Why tables were not written.

use std::io;

use crate::archive::{ArchiveError, ObjectError};
use crate::store::StoreError;

/// Why tables were not written. Tables already written stay, and the next run continues from there.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The archive cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index cannot answer.
    #[error("asking the index: {0}")]
    Index(#[from] ArchiveError),
    /// There are no captures.
    #[error("nothing has been captured yet")]
    Nothing,
    /// Another run writes the same tables.
    #[error("another run writes these tables ({holder})")]
    Locked {
        /// The holder of the lock.
        holder: String,
    },
    /// The target holds something other than tables.
    #[error("{place} holds {what}")]
    Taken {
        /// The folder.
        place: String,
        /// What it holds.
        what: String,
    },
    /// The manifest is invalid.
    #[error("{place}: {why}")]
    Manifest {
        /// The manifest.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// An operation of the object storage failed.
    #[error("{doing} {place}: {why}")]
    Objects {
        /// The operation.
        doing: &'static str,
        /// The object.
        place: String,
        /// The reason.
        why: ObjectError,
    },
    /// A file cannot be read or written.
    #[error("{doing} {place}: {why}")]
    File {
        /// The operation.
        doing: &'static str,
        /// The file.
        place: String,
        /// What the system reported.
        why: io::Error,
    },
}

impl TablesError {
    /// The error for a failed file operation.
    pub(super) fn file(
        doing: &'static str,
        place: impl ToString,
    ) -> impl FnOnce(io::Error) -> Self {
        let place = place.to_string();
        move |why| Self::File { doing, place, why }
    }

    /// Whether the disk is full.
    #[must_use]
    pub fn is_out_of_disk(&self) -> bool {
        matches!(self, Self::File { why, .. } if why.kind() == io::ErrorKind::StorageFull)
    }
}

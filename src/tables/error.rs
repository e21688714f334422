//! Why tables were not written.

use std::io;

use crate::archive::{ArchiveError, ObjectError};
use crate::store::StoreError;

/// Why tables were not written. What was written before stays, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The archive cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index cannot answer.
    #[error("asking the index: {0}")]
    Index(#[from] ArchiveError),
    /// There is nothing captured.
    #[error("nothing was captured yet")]
    Nothing,
    /// Another run writes the same tables.
    #[error("another run writes these tables ({holder})")]
    Locked {
        /// Who.
        holder: String,
    },
    /// Something else lies where the tables are to be.
    #[error("{place} holds {what}")]
    Taken {
        /// The folder.
        place: String,
        /// What lies there.
        what: String,
    },
    /// The manifest cannot be understood.
    #[error("{place}: {why}")]
    Manifest {
        /// The manifest.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// The object storage that the tables are in does not do it.
    #[error("{doing} {place}: {why}")]
    Objects {
        /// What was being done.
        doing: &'static str,
        /// The object.
        place: String,
        /// Why.
        why: ObjectError,
    },
    /// A file cannot be read or written.
    #[error("{doing} {place}: {why}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        place: String,
        /// What the system reported.
        why: io::Error,
    },
}

impl TablesError {
    /// What a failure of a file is.
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

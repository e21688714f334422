//! What could not be done with the index.

use super::FileId;
use super::value::ValueError;
use crate::kv::KvError;

/// Why the index could not answer or take something in.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The store beneath it failed.
    #[error("the index failed: {0}")]
    Kv(#[from] KvError),
    /// The index was written by a newer program.
    #[error("the index has format {found}; this program knows up to {known}")]
    Newer {
        /// The format found.
        found: u64,
        /// The newest format known.
        known: u64,
    },
    /// It has been closed.
    #[error("the index has been closed")]
    Closed,
    /// An entry does not decode.
    #[error("the index is damaged at {key}: {source}")]
    Value {
        /// The key, escaped.
        key: String,
        /// What is wrong with its value.
        source: ValueError,
    },
    /// An entry names a file that the index does not know.
    #[error("the index does not know the file number {}", .0.0)]
    UnknownFile(FileId),
}

impl IndexError {
    /// Whether the way out is to set the index aside and rebuild it from the WARC files.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        match self {
            Self::Kv(error) => error.is_damage(),
            Self::Newer { .. } | Self::Value { .. } | Self::UnknownFile(_) => true,
            Self::Closed => false,
        }
    }

    /// Whether another process holds the index.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Kv(error) if error.is_locked())
    }
}

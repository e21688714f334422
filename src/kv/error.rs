//! What could not be done with a store, by what the caller can do about it: wait
//! ([`KvError::Locked`]), make room or give rights ([`KvError::Io`]), or rebuild
//! ([`KvError::is_damage`]).

use std::io;
use std::path::PathBuf;

/// What could not be done with a store.
#[derive(Debug, thiserror::Error)]
pub enum KvError {
    /// Another process (or another handle of this one) holds the directory.
    #[error("{} is in use by another process", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The file system refused.
    #[error("could not {what} {}: {source}", dir.display())]
    Io {
        /// What was being done.
        what: &'static str,
        /// The directory.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is on disk is not what was written. The next open sets the directory aside.
    #[error("could not {what} {}: the store is damaged: {why}", dir.display())]
    Damaged {
        /// What was being done.
        what: &'static str,
        /// The directory.
        dir: PathBuf,
        /// What the engine said.
        why: String,
    },
    /// An earlier operation failed inside the engine; nothing more is answered from this handle.
    #[error("{} cannot be used after an earlier failure: {why}", dir.display())]
    Poisoned {
        /// The directory.
        dir: PathBuf,
        /// The earlier failure.
        why: String,
        /// Whether that was damage; otherwise the system refused, and nothing is wrong on disk.
        damage: bool,
    },
    /// The store has been closed.
    #[error("{} has been closed", dir.display())]
    Closed {
        /// The directory.
        dir: PathBuf,
    },
}

impl KvError {
    /// Whether the way out is to throw the store away and rebuild it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Poisoned { damage: true, .. })
    }

    /// Whether another process holds the directory.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }
}

/// Whether an I/O error says that the content is wrong, rather than that the system refuses.
pub(super) fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::UnexpectedEof
            | Kind::InvalidData
            | Kind::InvalidInput
            | Kind::NotFound
            | Kind::AlreadyExists
            | Kind::IsADirectory
            | Kind::NotADirectory
    )
}

//! What can go wrong with the evidence log: an internal error. Damage and forgery are findings.

use std::io;
use std::path::Path;

/// Why the log could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The disk failed.
    #[error("{doing} {path}: {why}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: String,
        /// What the system said.
        why: io::Error,
    },
    /// The key can be read by others.
    #[error(
        "{path} may be read by others (mode {mode:03o}); the key of the log is for its owner alone"
    )]
    KeyExposed {
        /// The file.
        path: String,
        /// Its permission bits.
        mode: u32,
    },
    /// The key is missing though there is a log, or is not a key.
    #[error("{path}: {why}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A part of the log is not what was written.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The file below the archive root.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A record that the log does not hold.
    #[error("the record at {offset} of {file} is not in the evidence log")]
    Unlogged {
        /// Its file.
        file: String,
        /// Where it begins in it.
        offset: u64,
    },
    /// A bundle that cannot be made, or would not hold when it is checked.
    #[error("no bundle: {why}")]
    Bundle {
        /// Why not.
        why: String,
    },
    /// The shared log does not answer, is of another history, or does not allow it.
    #[error("the shared evidence log: {why}")]
    Shared {
        /// What is wrong, and what to do.
        why: String,
    },
    /// Another process extends the log.
    #[error("another process extends the evidence log")]
    Busy,
    /// The archive could not be read.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl EvidenceError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::KeyExposed { .. } => {
                "`chmod 600` it; where others may have read it, `pressmark evidence new-key` replaces it"
            }
            Self::Key { .. } => {
                "restore the key from its copy; if it is lost, `pressmark evidence new-key --lost` begins with a new one and records that in the log"
            }
            Self::Damaged { .. } => "`pressmark verify` shows what is damaged",
            Self::Busy => "wait until it has finished",
            Self::Unlogged { .. } => {
                "`pressmark evidence extend` adds the missing records to the log"
            }
            Self::Store(why) => return why.hint(),
            Self::Io { .. } | Self::Bundle { .. } | Self::Shared { .. } => return None,
        })
    }
}

/// Makes an error of the disk.
pub(super) fn io(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> EvidenceError + use<> {
    let path = path.display().to_string();
    move |why| EvidenceError::Io { doing, path, why }
}

/// Makes an error of damage.
pub(super) fn damaged(path: &str, why: impl Into<String>) -> EvidenceError {
    EvidenceError::Damaged { path: path.to_owned(), why: why.into() }
}

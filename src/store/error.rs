//! What can go wrong with the archive on disk: an internal error, with what to do about it.

use std::io;

use crate::archive::{ArchiveError, ArchiveErrorKind, Capture};

/// Why the archive could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No archive at the root.
    #[error("there is no archive in {root}")]
    NoArchive {
        /// The root.
        root: String,
    },
    /// A symbolic link where the archive would be written to.
    #[error("{path} is a symbolic link; writes would go elsewhere")]
    Link {
        /// The link.
        path: String,
    },
    /// A format file that is not one of Pressmark's.
    #[error("{path} should begin with \"pressmark archive\", but says {found:?}")]
    NotAnArchive {
        /// The file.
        path: String,
        /// What it says.
        found: String,
    },
    /// A newer program laid it out.
    #[error("the archive has format {found}, and this program knows formats up to {known}")]
    NewerFormat {
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Another process writes.
    #[error("another process writes to this archive{}", holder_words(.holder))]
    Locked {
        /// What the lock file says of it.
        holder: String,
    },
    /// The index is held by another process.
    #[error("the index is in use by another process")]
    IndexBusy,
    /// A process that stays answers from the archive.
    #[error("a server or another command that reads this archive is running")]
    InUse,
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
    /// The index failed.
    #[error("{doing} the index: {why}")]
    Index {
        /// What was being done.
        doing: &'static str,
        /// What it said.
        why: String,
    },
    /// The server that keeps the captures does not answer.
    #[error("{why}")]
    Away {
        /// The request, and why it was not answered.
        why: String,
    },
    /// The object storage that holds a WARC file does not answer or refuses.
    #[error("{why}")]
    StorageAway {
        /// The request, and why it was not answered.
        why: String,
    },
    /// Captures in blocks beside the index cannot be read.
    #[error("{why}")]
    Blocks {
        /// What was read, and why that failed.
        why: String,
        /// Whether that is because the server that keeps them does not answer.
        is_away: bool,
    },
    /// A record that the index names cannot be read.
    #[error("the record at {offset} in {file} cannot be read: {why}")]
    Record {
        /// The WARC file.
        file: String,
        /// Where the record begins.
        offset: u64,
        /// What is wrong with it.
        why: String,
    },
    /// What a capture refers to was removed by order, so its payload is not there any more: nothing is damaged.
    #[error("the payload of the capture of {} of {} was removed by order", .0.url, .0.date.to_rfc3339())]
    Removed(Box<Capture>),
    /// No WARC file can be read, so that nothing can be rebuilt from them.
    #[error(
        "none of the {count} WARC files can be read, and nothing was changed; the first is {file}: {why}"
    )]
    NoFileReadable {
        /// How many there are.
        count: usize,
        /// The first of them.
        file: String,
        /// Why it cannot be read.
        why: String,
    },
    /// The captures are kept where another archive keeps its own.
    #[error(
        "store.captures has the captures of {files} WARC files ({file} among them), and none of this archive: its schema is another archive's"
    )]
    CapturesTaken {
        /// How many files.
        files: usize,
        /// The first of them.
        file: String,
    },
    /// Writing has failed before, so nothing more is written.
    #[error("writing has stopped after an error: {0}")]
    Stopped(String),
}

fn holder_words(holder: &str) -> String {
    if holder.is_empty() { String::new() } else { format!(" ({holder})") }
}

/// What to try where the system refused to write.
#[must_use]
pub fn hint_of(why: &io::Error) -> Option<&'static str> {
    match why.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free some disk space or move the archive; all acknowledged writes are safe")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("the archive must be writable for this; reading needs only read rights")
        }
        _ => None,
    }
}

impl StoreError {
    /// A failure of the captures' backend while `doing` something, with its own advice: wait for a server that is
    /// away or an index that is busy, rebuild a damaged one.
    #[must_use]
    pub fn of_index(doing: &'static str, error: ArchiveError) -> Self {
        match error.kind {
            ArchiveErrorKind::Busy => Self::IndexBusy,
            ArchiveErrorKind::Away => Self::Away { why: error.why },
            ArchiveErrorKind::Beside { is_away } => Self::Blocks { why: error.why, is_away },
            ArchiveErrorKind::Newer { found, known } => {
                let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
                Self::NewerFormat { found: narrow(found), known: narrow(known) }
            }
            _ => Self::Index { doing, why: error.why },
        }
    }

    /// Whether waiting helps: the index is busy, or the server that keeps it does not answer.
    #[must_use]
    pub fn passes(&self) -> bool {
        matches!(self, Self::IndexBusy | Self::Away { .. } | Self::Blocks { is_away: true, .. })
    }

    /// Whether a server that the archive is on does not answer: nothing is damaged, and the same question may be
    /// answered later.
    #[must_use]
    pub fn is_away(&self) -> bool {
        let is_blocks = matches!(self, Self::Blocks { is_away: true, .. });
        is_blocks || matches!(self, Self::Away { .. } | Self::StorageAway { .. })
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoArchive { .. } => {
                "`pressmark crawl URL` or `pressmark init` creates one, --archive DIR names another place"
            }
            Self::Link { .. } => {
                "move the whole archive to where there is room, and name that place with --archive; nothing was written"
            }
            Self::NotAnArchive { .. } => {
                "--archive names the root of an archive, which holds warc/"
            }
            Self::NewerFormat { .. } => "use a newer version of the program; nothing was changed",
            Self::Locked { .. } | Self::IndexBusy => {
                "wait until it has finished, or stop it; the lock ends with the process"
            }
            Self::InUse => {
                "stop `serve`, `watch`, `view` and other commands on this archive, and try again; nothing was changed"
            }
            Self::Io { why, .. } => return hint_of(why),
            Self::Index { .. } => "`pressmark reindex` rebuilds it from the WARC files",
            Self::Away { .. } => {
                "`pressmark config check` tries the address in store.captures; nothing is lost in the meantime"
            }
            Self::StorageAway { .. } => {
                "`pressmark config check` tries the storage in store.remote; nothing is lost in the meantime"
            }
            Self::Blocks { .. } => {
                "`pressmark config check` tries the place in store.zipnum; the index and the WARC files are not affected"
            }
            Self::Record { .. } => "`pressmark verify` shows what else is damaged",
            Self::Removed(_) => "`pressmark history URL` says when it was removed, and why",
            Self::NoFileReadable { .. } => {
                "name the storage that has them in store.remote, and try it with `pressmark config check`; `pressmark verify` lists the files"
            }
            Self::CapturesTaken { .. } => {
                "give each archive its own schema (store.captures_schema, PRESSMARK_STORE_CAPTURES_SCHEMA); if those files were this archive's and are lost, `pressmark reindex` removes their captures"
            }
            Self::Stopped(_) => return None,
        })
    }
}

/// Converts a failure to one of the store.
pub(super) fn index_error<E: Into<ArchiveError>>(doing: &'static str) -> impl Fn(E) -> StoreError {
    move |error| StoreError::of_index(doing, error.into())
}

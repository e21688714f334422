//! Why an archive could not answer or take something in, by what the caller can do: wait, ask for
//! less, rebuild, or give up.

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ArchiveErrorKind {
    /// Another process holds what is needed, and does not answer for it. Trying again may help.
    Busy,
    /// The process that answered has ended; another one can be asked.
    Gone,
    /// The place cannot be written, and what was asked for needs that.
    ReadOnly,
    /// Written by a newer program.
    Newer {
        /// The format found.
        found: u64,
        /// The newest format known.
        known: u64,
    },
    /// What is stored does not decode, or contradicts the WARC files: rebuild it from them.
    Damaged,
    /// A query reached its limit of captures read.
    ScanLimit {
        /// How many captures it read.
        scanned: u64,
    },
    /// The request itself cannot be answered.
    Request,
    /// The system refused: disk, memory, permissions.
    System,
    /// The server that keeps it does not answer. What is asked later may be answered.
    Away,
    /// Captures that lie beside the index, and are only read, cannot be read. The index is intact.
    Beside {
        /// Whether that is because the server that keeps them does not answer.
        is_away: bool,
    },
}

/// Why an archive could not answer or take something in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{why}")]
pub struct ArchiveError {
    /// What kind of failure it is.
    pub kind: ArchiveErrorKind,
    /// What failed and why, as text.
    pub why: String,
}

impl ArchiveError {
    /// An error of that kind.
    #[must_use]
    pub fn new(kind: ArchiveErrorKind, why: impl Into<String>) -> Self {
        Self { kind, why: why.into() }
    }

    /// The error of a query that reached its limit of captures read.
    #[must_use]
    pub fn scan_limit(scanned: u64) -> Self {
        Self::new(
            ArchiveErrorKind::ScanLimit { scanned },
            format!("the query was stopped after {scanned} captures; narrow it"),
        )
    }

    /// Whether the way out is to set the index aside and rebuild it from the WARC files.
    #[must_use]
    pub fn needs_rebuild(&self) -> bool {
        matches!(self.kind, ArchiveErrorKind::Damaged | ArchiveErrorKind::Newer { .. })
    }

    /// Whether the server that keeps it does not answer.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.kind == ArchiveErrorKind::Away
    }

    /// Whether another process holds what is needed.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.kind == ArchiveErrorKind::Busy
    }
}

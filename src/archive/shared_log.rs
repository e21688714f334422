//! One evidence log of several archives, as a server keeps it between them: what each registers, in one
//! order, and the checkpoints that were signed over it. Knows no leaf: what is registered are bytes.

use std::fmt::Debug;
use std::time::Duration;

use super::ArchiveError;

/// How far a WARC file has been registered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogSource {
    /// The place of its last record: offset, and raw bytes of its member before. `None` before the first.
    pub place: Option<(u64, u32)>,
    /// Up to where its bytes are covered by a statement.
    pub span: u64,
    /// Whether it is sealed and registered whole.
    pub sealed: bool,
}

/// A part of one file, or of no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    /// The name of the file; empty for a part of no file.
    pub file: String,
    /// How far the file was registered before; `None` for its first part.
    pub before: Option<LogSource>,
    /// How far it is with this part.
    pub after: LogSource,
    /// The leaves, in order, in the bytes of the archives.
    pub leaves: Vec<u8>,
}

/// A part with its number. Numbers begin with 1 and have no gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberedPart {
    /// Its place in the order of all parts.
    pub number: u64,
    /// The file.
    pub file: String,
    /// The leaves.
    pub leaves: Vec<u8>,
}

/// A checkpoint over the first parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedCheckpoint {
    /// How many leaves it covers.
    pub size: u64,
    /// The number of the last part that it covers.
    pub parts: u64,
    /// The signed note, as it is kept.
    pub note: Vec<u8>,
}

/// The state of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SharedLogState {
    /// The number of the last part; 0 where the log has not begun.
    pub parts: u64,
    /// The number of the last part that a checkpoint covers.
    pub signed: u64,
    /// How many leaves the newest checkpoint covers.
    pub size: u64,
    /// For how long the first part without a checkpoint has been waiting, in microseconds.
    pub waiting: u64,
}

/// Keeps the log between the archives. Blocks; every call may be made again whole.
pub trait SharedLog: Debug + Send + Sync {
    /// Begins the log with a part, where it has not begun; changes nothing otherwise.
    ///
    /// # Errors
    /// When the server fails or does not answer.
    fn begin(&self, archive: &str, leaves: &[u8]) -> Result<(), ArchiveError>;

    /// The state of the log.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn state(&self) -> Result<SharedLogState, ArchiveError>;

    /// The files of an archive that were registered, and how far.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn sources(&self, archive: &str) -> Result<Vec<(String, LogSource)>, ArchiveError>;

    /// Registers parts of an archive behind all others, together or not at all. One that is registered
    /// already is passed over.
    ///
    /// # Errors
    /// [`Request`](super::ArchiveErrorKind::Request) when a file is registered otherwise than the part
    /// says, by this archive or another; as [`Self::begin`].
    fn register(&self, archive: &str, parts: &[LogPart]) -> Result<(), ArchiveError>;

    /// The parts after a number and up to another, in order: the first of them, up to a limit.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn parts(&self, after: u64, to: u64) -> Result<Vec<NumberedPart>, ArchiveError>;

    /// The checkpoints over more leaves than these, the smallest first, up to a limit.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn checkpoints(&self, beyond: u64) -> Result<Vec<SharedCheckpoint>, ArchiveError>;

    /// The checkpoint of this size.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn checkpoint(&self, size: u64) -> Result<Option<SharedCheckpoint>, ArchiveError>;

    /// Leases the log: the holder may publish the next checkpoint. The number of the lease, and what the server's clock
    /// says, in microseconds since 1970; `None` while one of another name has it.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn take(&self, holder: &str, lease: Duration) -> Result<Option<(i64, i64)>, ArchiveError>;

    /// Publishes the checkpoint that follows the one of `previous` leaves, and ends the lease. Returns whether it was kept:
    /// not where another holder got the lease meanwhile.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn publish(
        &self,
        epoch: i64,
        previous: u64,
        checkpoint: &SharedCheckpoint,
    ) -> Result<bool, ArchiveError>;

    /// Ends the lease.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn give_back(&self, epoch: i64) -> Result<(), ArchiveError>;

    /// What is kept beside the checkpoints (time stamps, cosignatures), of names from `from` on in the order of their bytes:
    /// names, and SHA-256 of the bytes.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn files(&self, from: &str) -> Result<Vec<(String, Vec<u8>)>, ArchiveError>;

    /// One of these.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn file(&self, name: &str) -> Result<Option<Vec<u8>>, ArchiveError>;

    /// Keeps one of these.
    ///
    /// # Errors
    /// As [`Self::begin`].
    fn put_file(&self, name: &str, bytes: &[u8]) -> Result<(), ArchiveError>;
}

//! Data that is derived from WARC files and keeps up with them: the index of captures, the versions of
//! pages, and whatever comes later.
//!
//! The fsync of a WARC file is the commit. A follower may lag behind it and is never ahead; it has a mark
//! for each file, and may be deleted and rebuilt at any time. The driver is [`crate::store::follow`].

use std::sync::Arc;

use super::{ArchiveError, Capture, FileMark};

/// A whole record, as a follower is shown it.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The name of its file.
    pub file: &'a Arc<str>,
    /// Where its member begins.
    pub offset: u64,
    /// Where its member ends.
    pub end: u64,
    /// The header, from the version line to the empty line.
    pub header: &'a [u8],
    /// What it is to the index; `None` for requests, warcinfo records and notes with a response.
    pub capture: Option<Capture>,
}

/// What keeps up with the WARC files.
pub trait Follower {
    /// Up to which offset of a file everything was taken in and committed; 0 for a file that is new to it.
    ///
    /// # Errors
    /// When that cannot be read.
    fn mark(&self, file: &str) -> Result<u64, ArchiveError>;

    /// Takes in the next record of a file. Records come in the order of the file, from the mark on; after a
    /// crash or a failed commit some come again.
    ///
    /// # Errors
    /// When it cannot be taken in; following ends then.
    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError>;

    /// Makes what was taken in durable, and then the mark: a crash in between leaves one that is too low and
    /// never one that is too high.
    ///
    /// # Errors
    /// When it cannot be written; following ends then.
    fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError>;
}

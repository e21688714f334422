//! A capture with the number of its file: the form in which this backend keeps it.

use crate::archive::CaptureIn;
use crate::base::Timestamp;

/// The number that stands for a WARC file in the index; the index gives its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A capture as it is kept in the tables.
pub type IndexEntry = CaptureIn<FileId>;

/// Where an entry is among those of its urlkey: by time, then by place on disk.
pub type Position = (Timestamp, FileId, u64);

impl IndexEntry {
    /// Its place among the captures of its urlkey. Two entries of the same place are the same
    /// record.
    #[must_use]
    pub fn position(&self) -> Position {
        (self.date, self.file, self.offset)
    }
}

//! The duties of a backend: answer where captures are, take captures in, and give the bytes of WARC files.
//! The traits are blocking; async callers use a thread pool.
//!
//! Every backend passes the suite in `suite.rs`.

use std::fmt::Debug;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ArchiveError, ArchiveErrorKind, Capture, Query, Sort, wire};
use crate::base::{Digest, Timestamp};

/// Captures, one at a time. Ends after the first error.
pub type Answers<'a> = Box<dyn Iterator<Item = Result<Capture, ArchiveError>> + Send + 'a>;

/// How much there is of each host, in the order of urlkeys.
pub type HostCounts<'a> = Box<dyn Iterator<Item = Result<HostCount, ArchiveError>> + Send + 'a>;

/// How much there is of one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostCount {
    /// Host and port in the usual order (`example.com:8080`); empty for URLs without a host.
    pub host: String,
    /// Captures of all kinds.
    pub captures: u64,
    /// Their bytes on disk, compressed.
    pub bytes: u64,
    /// The earliest of them.
    #[serde(with = "wire::time")]
    pub first: Timestamp,
    /// The latest of them.
    #[serde(with = "wire::time")]
    pub last: Timestamp,
}

/// Where each capture is.
pub trait Captures: Send + Sync + Debug {
    /// Answers to a query, one at a time.
    fn scan(&self, query: &Query) -> Answers<'_>;

    /// All captures of exactly `url` by their distance in time from `at`; the earlier of two that
    /// are equally far comes first.
    fn nearest(&self, url: &str, at: Timestamp) -> Answers<'_> {
        self.scan(&Query { sort: Sort::Closest(at), ..Query::exactly(url) })
    }

    /// The earliest whole capture of the payload with this digest, under any URL.
    ///
    /// # Errors
    /// When the backend fails.
    fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError>;

    /// Counts of every host.
    fn hosts(&self) -> HostCounts<'_>;

    /// The count of the host of `url`; `None` where nothing of it was captured.
    ///
    /// # Errors
    /// When the backend fails.
    fn host_of(&self, url: &str) -> Result<Option<HostCount>, ArchiveError>;

    /// How many bytes the backend takes; `None` where it cannot say.
    ///
    /// # Errors
    /// When the backend fails.
    fn bytes(&self) -> Result<Option<u64>, ArchiveError>;
}

/// How far a WARC file has been taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMark {
    /// The file.
    pub file: Arc<str>,
    /// Every record that ends at or before this offset is in, or is in this batch.
    pub indexed_to: u64,
    /// The file's size, when nothing more will be appended to it.
    pub sealed_size: Option<u64>,
}

/// What is taken in together: captures, and the marks they justify.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureBatch {
    /// Captures, in any order, of any URLs.
    pub captures: Vec<Capture>,
    /// High-water marks. They are written after the captures, so that a crash in between leaves a
    /// mark that is too low and never one that is too high.
    pub marks: Vec<FileMark>,
}

/// What a batch did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// Captures that were not there before.
    pub added: u64,
    /// Captures that were, and are there once.
    pub known: u64,
}

/// How many captures of a load are put in together.
pub const LOAD_BATCH: usize = 5_000;
/// The bytes of their texts from which on fewer are put in together: addresses may be very long.
pub const BATCH_BYTES: usize = 4 << 20;

/// The next captures of a load that are put in together; none at the end.
///
/// # Errors
/// The first error of `captures`; those before it are lost with the load.
pub fn next_batch<E>(
    captures: &mut dyn Iterator<Item = Result<Capture, E>>,
) -> Result<Vec<Capture>, E> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < LOAD_BATCH && bytes < BATCH_BYTES {
        let Some(capture) = captures.next().transpose()? else { break };
        bytes += capture.text_bytes();
        batch.push(capture);
    }
    Ok(batch)
}

/// The writer's side of [`Captures`].
pub trait CaptureSink: Send + Sync + Debug {
    /// Takes in a batch. A record that is there already (same urlkey, time, file and offset) stays
    /// one capture, so that a batch may be applied again. Large batches are cheaper; 1,000 is good.
    /// Nothing is durable before [`Self::flush`].
    ///
    /// # Errors
    /// When the backend fails; part of the captures may then be in, and no mark is.
    fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError>;

    /// Takes in many captures that come in the order of the index (urlkey, then time), and then the marks.
    /// A backend may keep what it derives from them in temporary files in `tmp`, or in the system's folder,
    /// until it can be put in in order, too. Interrupted, part of the captures is in, and no mark is.
    ///
    /// # Errors
    /// When the backend or a temporary file fails, or `captures` gives an error.
    fn load(
        &self,
        captures: &mut dyn Iterator<Item = Result<Capture, ArchiveError>>,
        marks: Vec<FileMark>,
        tmp: Option<&Path>,
    ) -> Result<(), ArchiveError> {
        let _ = tmp;
        loop {
            let batch = next_batch(captures)?;
            if batch.is_empty() {
                break;
            }
            self.apply(CaptureBatch { captures: batch, marks: Vec::new() })?;
        }
        self.apply(CaptureBatch { captures: Vec::new(), marks }).map(drop)
    }

    /// What is known of every file.
    ///
    /// # Errors
    /// When the backend fails.
    fn marks(&self) -> Result<Vec<FileMark>, ArchiveError>;

    /// What is known of one file; `None` for a file that was never named.
    ///
    /// # Errors
    /// When the backend fails.
    fn mark_of(&self, file: &str) -> Result<Option<FileMark>, ArchiveError> {
        Ok(self.marks()?.into_iter().find(|mark| &*mark.file == file))
    }

    /// What is known of each of these files, in their order.
    ///
    /// # Errors
    /// When the backend fails.
    fn marks_of(&self, files: &[&str]) -> Result<Vec<Option<FileMark>>, ArchiveError> {
        files.iter().map(|file| self.mark_of(file)).collect()
    }

    /// Takes out every capture of these files, and how far they were taken in, so that the files are read
    /// again from their start.
    ///
    /// # Errors
    /// When the backend fails, or is one that is deleted and rebuilt instead.
    fn forget(&self, files: &[Arc<str>]) -> Result<(), ArchiveError> {
        let _ = files;
        let why = "captures are not taken out of this index; it is deleted and rebuilt";
        Err(ArchiveError::new(ArchiveErrorKind::Request, why))
    }

    /// Makes everything taken in so far durable.
    ///
    /// # Errors
    /// When the backend fails; then nothing is promised.
    fn flush(&self) -> Result<(), ArchiveError>;

    /// Whether captures before a mark may be missing, since the system went down while it was open:
    /// every WARC file should then be read again from its start.
    fn is_suspect(&self) -> bool {
        false
    }

    /// Notes that it was brought in line with the WARC files.
    ///
    /// # Errors
    /// When that cannot be written.
    fn mark_consistent(&self) -> Result<(), ArchiveError> {
        Ok(())
    }

    /// Flushes and ends in order; nothing is answered after that.
    ///
    /// # Errors
    /// As [`Self::flush`].
    fn close(&self) -> Result<(), ArchiveError> {
        self.flush()
    }

    /// Notes that it contradicts the WARC files, so that the next open rebuilds it.
    fn mark_damaged(&self, why: &str);
}

/// A backend that answers and takes in.
pub trait CaptureStore: Captures + CaptureSink {}

impl<T: Captures + CaptureSink> CaptureStore for T {}

/// What is known of a WARC file without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its name, as captures have it.
    pub name: Arc<str>,
    /// Its length in bytes now.
    pub length: u64,
    /// Whether nothing more is appended to it.
    pub is_sealed: bool,
}

/// Bytes of a WARC file, from any place in it.
pub trait Bytes: Read + Seek + Send {}

impl<T: Read + Seek + Send> Bytes for T {}

/// The WARC files of an archive, by name.
pub trait WarcFiles: Send + Sync + Debug {
    /// All files, by name.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn list(&self) -> Result<Vec<FileInfo>, ArchiveError>;

    /// What is known of one file; `None` where there is none of that name.
    ///
    /// # Errors
    /// When that cannot be determined.
    fn info(&self, name: &str) -> Result<Option<FileInfo>, ArchiveError> {
        Ok(self.list()?.into_iter().find(|info| &*info.name == name))
    }

    /// The bytes of a file, placed at its start. A file that is still being written ends where it
    /// ended when it was opened, or later.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be opened.
    fn open(&self, name: &str) -> Result<Box<dyn Bytes>, ArchiveError>;
}

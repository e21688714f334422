//! The index behind the contracts of [`crate::archive`]: numbers of files become names on the way out
//! and back on the way in.

use std::path::Path;

use crate::archive::{
    Answers, Applied, ArchiveError, ArchiveErrorKind, Capture, CaptureBatch, CaptureSink, Captures,
    FileMark, HostCount, HostCounts, Query, next_batch,
};
use crate::base::Digest;

use super::{FileState, Index, IndexBatch, IndexEntry, IndexError, Mark};

impl From<IndexError> for ArchiveError {
    fn from(error: IndexError) -> Self {
        let kind = match &error {
            error if error.is_locked() => ArchiveErrorKind::Busy,
            IndexError::Newer { found, known } => {
                ArchiveErrorKind::Newer { found: *found, known: *known }
            }
            error if error.needs_rebuild() => ArchiveErrorKind::Damaged,
            _ => ArchiveErrorKind::System,
        };
        Self::new(kind, error.to_string())
    }
}

impl Captures for Index {
    fn scan(&self, query: &Query) -> Answers<'_> {
        Box::new(self.query(query))
    }

    fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError> {
        let entry = self.lookup_digest(digest)?;
        Ok(entry.map(|entry| {
            let name = self.file_name(entry.file);
            entry.in_file(name)
        }))
    }

    fn hosts(&self) -> HostCounts<'_> {
        Box::new(self.host_counts().map(|count| count.map_err(ArchiveError::from)))
    }

    fn host_of(&self, url: &str) -> Result<Option<HostCount>, ArchiveError> {
        Ok(self.host_count(url)?)
    }

    fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(Some(self.size_on_disk()?))
    }
}

impl Index {
    /// The captures with the numbers of their files.
    fn numbered(&self, captures: Vec<Capture>) -> Result<Vec<IndexEntry>, IndexError> {
        let mut entries = Vec::with_capacity(captures.len());
        let mut last = None;
        for capture in captures {
            // Captures of one file come together.
            let file = match &last {
                Some((name, id)) if *name == capture.file => *id,
                _ => self.file_id(&capture.file)?,
            };
            last = Some((capture.file.clone(), file));
            entries.push(capture.in_file(file));
        }
        Ok(entries)
    }

    fn numbered_marks(&self, marks: Vec<FileMark>) -> Result<Vec<Mark>, IndexError> {
        let numbered = |FileMark { file, indexed_to, sealed_size }| {
            Ok(Mark { file: self.file_id(&file)?, indexed_to, sealed_size })
        };
        marks.into_iter().map(numbered).collect()
    }
}

impl CaptureSink for Index {
    fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError> {
        let entries = self.numbered(batch.captures)?;
        let marks = self.numbered_marks(batch.marks)?;
        Ok(self.apply_entries(IndexBatch { entries, marks })?)
    }

    fn load(
        &self,
        captures: &mut dyn Iterator<Item = Result<Capture, ArchiveError>>,
        marks: Vec<FileMark>,
        tmp: Option<&Path>,
    ) -> Result<(), ArchiveError> {
        let mut load = self.begin_load(tmp);
        loop {
            let batch = next_batch(captures)?;
            if batch.is_empty() {
                break;
            }
            load.captures(self.numbered(batch)?)?;
        }
        load.finish(self.numbered_marks(marks)?)
    }

    fn marks(&self) -> Result<Vec<FileMark>, ArchiveError> {
        Ok(self.files().into_iter().map(FileState::into_mark).collect())
    }

    fn mark_of(&self, file: &str) -> Result<Option<FileMark>, ArchiveError> {
        Ok(self.file_named(file).map(FileState::into_mark))
    }

    fn flush(&self) -> Result<(), ArchiveError> {
        Ok(Index::flush(self)?)
    }

    fn is_suspect(&self) -> bool {
        Index::is_suspect(self)
    }

    fn mark_consistent(&self) -> Result<(), ArchiveError> {
        Ok(Index::mark_consistent(self)?)
    }

    fn close(&self) -> Result<(), ArchiveError> {
        Ok(Index::close(self)?)
    }

    fn mark_damaged(&self, why: &str) {
        Index::mark_damaged(self, why);
    }
}

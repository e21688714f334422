//! Many captures put into the index in its own order: one sort outside of memory and one pass.
//!
//! An index that grows at its end is written once; one that takes captures in the order of the files rewrites
//! its pages again and again. Marks come last, so that an interrupted load is repeated, and what it put in
//! stays as it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::{
    ArchiveError, ArchiveErrorKind, Capture, CaptureSink, FileMark, Follower, Seen,
};
use crate::sorted::{SortOptions, Sorter};

use super::layout::Layout;

/// A follower that puts captures in only after all files are read.
#[derive(Debug)]
pub struct SortedCaptures {
    sorter: Sorter,
    /// Where temporary files go; the system's folder where there is none.
    tmp: Option<PathBuf>,
    marks: BTreeMap<Arc<str>, FileMark>,
}

impl SortedCaptures {
    /// An empty one, with temporary files in the archive.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let dir = Some(layout.tmp_dir()).filter(|dir| dir.is_dir());
        let options = SortOptions { dir: dir.clone(), ..SortOptions::default() };
        Self { sorter: Sorter::new(options), tmp: dir, marks: BTreeMap::new() }
    }

    /// Puts everything in, in order, and then the marks.
    ///
    /// # Errors
    /// When a temporary file cannot be written or read, or the index fails.
    pub fn load(self, index: &dyn CaptureSink) -> Result<(), ArchiveError> {
        let mut rows = self.sorter.finish().map_err(failed)?;
        let mut captures = std::iter::from_fn(|| match rows.next_row() {
            Ok(row) => row.map(capture_of),
            Err(why) => Some(Err(failed(why))),
        });
        index.load(&mut captures, self.marks.into_values().collect(), self.tmp.as_deref())
    }
}

impl Follower for SortedCaptures {
    fn mark(&self, _: &str) -> Result<u64, ArchiveError> {
        Ok(0)
    }

    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
        match record.capture {
            Some(capture) => self.sorter.push(&row(&capture)).map_err(failed),
            None => Ok(()),
        }
    }

    fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError> {
        self.marks.insert(Arc::clone(&mark.file), mark.clone());
        Ok(())
    }
}

/// `urlkey 00 time, 8 big-endian with its sign flipped | the capture | the length of that, 4`: the order of
/// the index.
fn row(capture: &Capture) -> Vec<u8> {
    let mut row = Vec::with_capacity(capture.urlkey.len() + 200);
    row.extend_from_slice(capture.urlkey.as_bytes());
    row.push(0);
    let time = capture.date.unix_micros().cast_unsigned() ^ (1 << 63);
    row.extend_from_slice(&time.to_be_bytes());
    // A value of texts and numbers always encodes, to less than 4 GiB.
    let encoded = postcard::to_allocvec(capture).unwrap_or_default();
    row.extend_from_slice(&encoded);
    row.extend_from_slice(&(encoded.len() as u32).to_be_bytes());
    row
}

fn capture_of(row: &[u8]) -> Result<Capture, ArchiveError> {
    let encoded = row.split_last_chunk::<4>().and_then(|(rest, length)| {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest.get(rest.len().checked_sub(length)?..)
    });
    postcard::from_bytes(encoded.unwrap_or_default()).map_err(failed)
}

fn failed(why: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::System, format!("sorting captures: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{Captures, LOAD_BATCH, Query, suite};
    use crate::index::Index;
    use crate::kv::KvOptions;

    #[test]
    fn captures_come_out_as_they_were_and_marks_come_last() {
        let dir = tempfile::tempdir().unwrap();
        let (index, _) = Index::open(dir.path(), &KvOptions::default()).unwrap();
        let mut sorted = SortedCaptures::new(&Layout::new(dir.path()));
        let mut wanted = Vec::new();
        for n in 0..LOAD_BATCH as u64 + 100 {
            let url = format!("http://example/{}", n * 7919 % 1000);
            let capture = suite::capture(&url, suite::at("2025"), 0, n);
            let seen = Seen {
                file: &capture.file,
                offset: capture.offset,
                end: capture.offset + capture.length,
                header: b"",
                capture: Some(capture.clone()),
            };
            sorted.record(seen).unwrap();
            wanted.push(capture);
        }
        let file: Arc<str> = Arc::clone(&wanted[0].file);
        for indexed_to in [5, 1_000_000] {
            let mark = FileMark { file: Arc::clone(&file), indexed_to, sealed_size: None };
            sorted.commit(&mark).unwrap();
        }
        assert_eq!(index.mark_of(&file).unwrap(), None);
        sorted.load(&index).unwrap();
        assert_eq!(index.mark_of(&file).unwrap().map(|m| m.indexed_to), Some(1_000_000));
        let mut found: Vec<Capture> =
            Captures::scan(&index, &Query::everything()).map(Result::unwrap).collect();
        let place = |c: &Capture| (c.file.clone(), c.offset);
        found.sort_by_key(place);
        wanted.sort_by_key(place);
        assert_eq!(found, wanted);
    }
}

//! Drives followers of WARC files from their marks to those of the index, which are those of what is durable.

use std::sync::Arc;

use crate::archive::{ArchiveError, Bytes, FileMark, Follower};

use super::StoreError;
use super::error::index_error;
use super::lookup::Reader;
use super::records::{RECORDS_BETWEEN_COMMITS, Records};
use crate::warc::ReadError;

/// Why following ended before its end.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A WARC file cannot be read at the follower's mark.
    #[error(transparent)]
    File(#[from] StoreError),
    /// The follower could not take something in.
    #[error(transparent)]
    Follower(#[from] ArchiveError),
}

/// Shows a follower every record between its marks and those of the index, file by file, and has it commit
/// now and then and at the end of each file. `progress` gets the number of records shown.
///
/// # Errors
/// When a file cannot be read, or the follower fails; what was committed stays.
pub fn follow(
    reader: &Reader,
    follower: &mut dyn Follower,
    progress: &mut dyn FnMut(u64),
) -> Result<(), FollowError> {
    let mut before = 0;
    for mark in reader.sink().marks().map_err(index_error("asking"))? {
        let from = follower.mark(&mark.file)?;
        if from < mark.indexed_to {
            let mut tell = |shown| progress(before + shown);
            before += one_file(reader, follower, &mark, from, &mut tell)?;
        }
    }
    Ok(())
}

fn one_file(
    reader: &Reader,
    follower: &mut dyn Follower,
    mark: &FileMark,
    from: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, FollowError> {
    let file = &mark.file;
    let unanswered = reader.storage_unanswered();
    let fail = |offset: u64, why: String| {
        let damaged = StoreError::Record { file: file.to_string(), offset, why };
        reader.storage_answered_since(unanswered).err().unwrap_or(damaged)
    };
    let input: Box<dyn Bytes> =
        reader.files().open(file).map_err(|why| fail(from, why.to_string()))?;
    let mut records = Records::new(input, file, from, reader.reading_of(file));
    let (mut reached, mut shown) = (from, 0);
    while reached < mark.indexed_to {
        let found = match records.next() {
            Ok(found) => found,
            // The index has nothing there either: the file is damaged at its end.
            Err(ReadError::NoRecord { .. }) if shown == 0 && from > 0 => None,
            Err(why) => return Err(fail(reached, why.to_string()).into()),
        };
        let Some(mut found) = found else { break };
        if found.offset >= mark.indexed_to {
            break;
        }
        // A damaged record is skipped; `verify` reports it.
        let Some(seen) = found.seen(file) else { continue };
        reached = seen.end;
        follower.record(seen)?;
        shown += 1;
        if shown % RECORDS_BETWEEN_COMMITS == 0 {
            let sealed_size = None;
            let indexed_to = reached.min(mark.indexed_to);
            follower.commit(&FileMark { file: Arc::clone(file), indexed_to, sealed_size })?;
            progress(shown);
        }
    }
    progress(shown);
    follower.commit(mark)?;
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::archive::{ArchiveErrorKind, Seen};
    use crate::store::Layout;

    /// Takes in the offsets of records, and fails on request.
    #[derive(Default)]
    struct Offsets {
        marks: HashMap<String, u64>,
        pending: Vec<u64>,
        committed: Vec<u64>,
        captures: usize,
        fails: bool,
    }

    impl Follower for Offsets {
        fn mark(&self, file: &str) -> Result<u64, ArchiveError> {
            Ok(self.marks.get(file).copied().unwrap_or(0))
        }

        fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
            assert!(record.header.starts_with(b"WARC/1."), "the header is handed over");
            assert!(record.offset < record.end);
            self.captures += usize::from(record.capture.is_some());
            self.pending.push(record.offset);
            Ok(())
        }

        fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError> {
            if self.fails {
                self.pending.clear();
                return Err(ArchiveError::new(ArchiveErrorKind::System, "full"));
            }
            self.marks.insert(mark.file.to_string(), mark.indexed_to);
            self.committed.append(&mut self.pending);
            Ok(())
        }
    }

    fn record(kind: &str, n: usize) -> String {
        let block = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{}", n % 10);
        format!(
            "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://example/{n}\r\n\
             WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{n:032x}>\r\n\
             Content-Type: application/http;msgtype={kind}\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
            block.len()
        )
    }

    #[test]
    fn a_follower_is_shown_every_record_behind_its_mark_once() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        layout.create().unwrap();
        let file = layout.warc_dir().join("one.warc");
        let count = usize::try_from(RECORDS_BETWEEN_COMMITS).unwrap() + 500;
        let records: Vec<String> = (0..count)
            .map(|n| record(if n % 2 == 0 { "response" } else { "request" }, n))
            .collect();
        let (first, rest) = records.split_at(10);
        std::fs::write(&file, first.concat()).unwrap();
        let mut offsets = Offsets::default();
        let catch_up = |offsets: &mut Offsets| {
            let (reader, _) = Reader::open(root.path(), 1 << 20).unwrap();
            let mut shown = 0;
            follow(&reader, offsets, &mut |n| shown = n).map(|()| shown)
        };
        assert_eq!(catch_up(&mut offsets).unwrap(), 10);
        assert_eq!(catch_up(&mut offsets).unwrap(), 0, "nothing is new");
        std::fs::write(&file, [first.concat(), rest.concat()].concat()).unwrap();
        offsets.fails = true;
        assert!(matches!(catch_up(&mut offsets), Err(FollowError::Follower(_))));
        offsets.fails = false;
        assert_eq!(catch_up(&mut offsets).unwrap(), u64::try_from(rest.len()).unwrap());
        let mut at = 0;
        let starts = records.iter().map(|record| {
            let start = at;
            at += record.len() as u64;
            start
        });
        assert_eq!(offsets.committed, starts.collect::<Vec<u64>>());
        assert_eq!(offsets.marks["one.warc"], std::fs::metadata(&file).unwrap().len());
        assert!(offsets.captures >= count / 2, "requests are shown, and are no captures");
    }
}

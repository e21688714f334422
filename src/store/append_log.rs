//! What a run appended, for code that keeps account of the records: a mark for each record, and the
//! SHA-256 of each file, computed as the bytes are written.
//!
//! Everything here can be read from the WARC files too, and is read there where it is missing here:
//! after a crash, or past [`RECORDS_MAX`]. It saves reading everything again that has just been written.

use std::collections::BTreeMap;

use crate::base::{DigestAlgorithm, Hasher, Timestamp};
use crate::warc::{Fields, Packed, Placement};

/// What stands for a record in the account: made of its fields and of its header as it is packed,
/// from the version line to the empty line.
pub type RecordMark = fn(&Fields, &[u8]) -> [u8; 32];

/// At most this many records are held, of all files together: 12 MiB. Of files beyond that only the
/// digest is kept.
const RECORDS_MAX: usize = 256 * 1024;

/// A record that was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkedRecord {
    /// The offset of its first byte.
    pub offset: u64,
    /// The offset after its last byte.
    pub end: u64,
    /// Its mark.
    pub mark: [u8; 32],
}

/// What was appended to one file, from its first byte on.
#[derive(Debug, Clone)]
pub struct FileAppends {
    /// The offset of the last record that an earlier call handed over; `None` where none was.
    pub after: Option<u64>,
    /// The records behind that one, in order; `None` where they were too many.
    pub records: Option<Vec<MarkedRecord>>,
    /// How many bytes were appended.
    pub length: u64,
    sha256: Hasher,
    waiting: Waiting,
}

/// What was appended and not handed over yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many records.
    pub records: u64,
    /// When the oldest of them was on the disk; `None` where there is none.
    pub since: Option<Timestamp>,
}

impl FileAppends {
    /// The SHA-256 of all bytes that were appended.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.sha256.clone().finish().as_bytes());
        out
    }
}

/// A packed record that is in its file.
#[derive(Debug)]
pub(super) struct Written {
    pub packed: Packed,
    pub at: Placement,
    pub mark: [u8; 32],
}

/// What a run appended to its files, by their final names.
#[derive(Debug, Default)]
pub struct AppendLog {
    files: BTreeMap<String, FileAppends>,
    held: usize,
}

impl AppendLog {
    /// What was appended to a file, if it was begun in this run. The records are handed over: the
    /// next call has those that came after.
    pub fn take(&mut self, name: &str) -> Option<FileAppends> {
        let file = self.files.get_mut(name)?;
        let records = file.records.as_mut().map(std::mem::take);
        self.held -= records.as_ref().map_or(0, Vec::len);
        let last = records.iter().flatten().last().map(|record| record.offset);
        let after = file.after;
        file.after = last.or(after);
        file.waiting = Waiting::default();
        let (length, sha256) = (file.length, file.sha256.clone());
        Some(FileAppends { after, records, length, sha256, waiting: Waiting::default() })
    }

    /// Forgets a file: it is sealed and accounted for.
    pub fn forget(&mut self, name: &str) {
        if let Some(file) = self.files.remove(name) {
            self.held -= file.records.map_or(0, |records| records.len());
        }
    }

    /// What waits to be handed over, of all files together.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        let each = || self.files.values().map(|file| file.waiting);
        Waiting {
            records: each().map(|waiting| waiting.records).sum(),
            since: each().filter_map(|waiting| waiting.since).min(),
        }
    }

    /// Records that were appended to `name`, in order and from the file's start on, and are durable now.
    pub(super) fn add(&mut self, name: &str, written: Vec<Written>, now: Timestamp) {
        if !self.files.contains_key(name) {
            let sha256 = Hasher::new(DigestAlgorithm::Sha256);
            let (records, waiting) = (Some(Vec::new()), Waiting::default());
            let begun = FileAppends { after: None, records, length: 0, sha256, waiting };
            self.files.insert(name.to_owned(), begun);
        }
        let Some(file) = self.files.get_mut(name) else { return };
        for Written { mut packed, at, mark } in written {
            if packed.write_to(&mut file.sha256).is_err() {
                // Its temporary file cannot be read again; the WARC file can.
                self.forget(name);
                return;
            }
            file.length += at.length;
            file.waiting.records += 1;
            file.waiting.since.get_or_insert(now);
            match &mut file.records {
                Some(records) if self.held < RECORDS_MAX => {
                    records.push(MarkedRecord {
                        offset: at.offset,
                        end: at.offset + at.length,
                        mark,
                    });
                    self.held += 1;
                }
                Some(records) => {
                    self.held -= records.len();
                    file.records = None;
                }
                None => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8], offset: u64) -> Written {
        let at = Placement { offset, length: bytes.len() as u64 };
        Written { packed: Packed::Memory(bytes.to_vec()), at, mark: [bytes[0]; 32] }
    }

    #[test]
    fn records_are_handed_over_once_and_the_digest_goes_on() {
        let mut trail = AppendLog::default();
        assert!(trail.take("a").is_none());
        let at = Timestamp::from_unix_seconds;
        trail.add("a", vec![written(b"one", 0), written(b"two2", 3)], at(7));
        assert_eq!(trail.waiting(), Waiting { records: 2, since: Some(at(7)) });
        let first = trail.take("a").unwrap();
        let places = |file: &FileAppends| -> Vec<(u64, u64)> {
            file.records.iter().flatten().map(|r| (r.offset, r.end)).collect()
        };
        assert_eq!(places(&first), [(0, 3), (3, 7)]);
        assert_eq!(trail.waiting(), Waiting::default());
        trail.add("a", vec![written(b"three", 7)], at(8));
        trail.add("b", vec![written(b"one", 0)], at(9));
        assert_eq!(trail.waiting(), Waiting { records: 2, since: Some(at(8)) });
        trail.forget("b");
        let second = trail.take("a").unwrap();
        assert_eq!((places(&second), second.length), (vec![(7, 12)], 12));
        assert_eq!((first.after, second.after), (None, Some(3)));
        let whole = DigestAlgorithm::Sha256.digest(b"onetwo2three");
        assert_eq!(second.sha256(), whole.as_bytes());
        trail.forget("a");
        assert!(trail.take("a").is_none());
        assert_eq!(trail.held, 0);
    }

    #[test]
    fn past_the_bound_only_the_digest_is_kept() {
        let mut trail = AppendLog { held: RECORDS_MAX - 1, ..AppendLog::default() };
        trail.add(
            "a",
            vec![written(b"1", 0), written(b"2", 1), written(b"3", 2)],
            Timestamp::default(),
        );
        assert_eq!(trail.waiting().records, 3, "counted though they are not kept");
        let file = trail.take("a").unwrap();
        assert!(file.records.is_none());
        assert_eq!(file.length, 3);
        assert_eq!(trail.held, RECORDS_MAX - 1);
    }
}

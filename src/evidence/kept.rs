//! Leaves of files that lie in an object storage alone, made while `verify` reads these files: the check of the log takes them
//! from a temporary file, and no file is fetched a second time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use super::leaf::{ENTRY_LEN, entry_of, record_text};
use crate::base::Timestamp;
use crate::store::verify::Noted;
use crate::warc::name;

/// A leaf: offset, within, end, whether there is a date, the date, the entry.
const LEAF_LEN: usize = 8 + 4 + 8 + 1 + 8 + ENTRY_LEN;
/// So many are read at once.
const LEAVES_AT_ONCE: u64 = 1_000;

/// A record and its leaf.
#[derive(Debug, Clone)]
pub(super) struct Derived {
    pub offset: u64,
    pub within: u32,
    /// Where it ends in the file; zero where it shares its member.
    pub end: u64,
    pub entry: [u8; ENTRY_LEN],
    pub date: Option<Timestamp>,
}

/// Leaves on their way to the temporary file.
#[derive(Debug)]
pub struct LeafSpool {
    out: BufWriter<File>,
    count: u64,
    files: BTreeMap<String, (u64, u64)>,
    /// Where the leaves of the file that is read begin, and whether all of them are there.
    begun: (u64, bool),
}

/// Leaves that were kept, by the names of their files.
#[derive(Debug)]
pub struct KeptLeaves {
    file: Arc<File>,
    files: BTreeMap<String, (u64, u64)>,
}

impl LeafSpool {
    /// An empty one.
    ///
    /// # Errors
    /// When no temporary file can be made.
    pub fn new() -> io::Result<Self> {
        let out = BufWriter::with_capacity(1 << 18, tempfile::tempfile()?);
        Ok(Self { out, count: 0, files: BTreeMap::new(), begun: (0, true) })
    }

    /// Keeps what was come across. Where it cannot be kept the file is read again.
    pub fn note(&mut self, noted: &Noted<'_>) {
        match noted {
            Noted::Record { header, offset, within, length } => {
                let fields = &header.fields;
                let within = u32::try_from(*within);
                // Of a block without a digest the leaf has one that is counted.
                let (true, Ok(within)) = (fields.contains(name::BLOCK_DIGEST), within) else {
                    self.begun.1 = false;
                    return;
                };
                let derived = Derived {
                    offset: *offset,
                    within,
                    end: length.map_or(0, |length| offset + length),
                    entry: entry_of(&record_text(fields, &header.raw, None)),
                    date: fields.date().max(fields.refers_to_date()),
                };
                self.begun.1 &= self.out.write_all(&bytes_of(&derived)).is_ok();
                self.count += 1;
            }
            Noted::End { file, is_sound } => {
                let (start, is_whole) = self.begun;
                if is_whole && *is_sound {
                    self.files.insert((*file).to_owned(), (start, self.count));
                }
                self.begun = (self.count, is_whole);
                // Of what is behind a failed write the place is not known.
                if !is_whole && self.out.flush().is_ok() {
                    self.begun.1 = true;
                }
            }
        }
    }

    /// What was kept.
    ///
    /// # Errors
    /// When the temporary file cannot be written.
    pub fn finish(self) -> io::Result<KeptLeaves> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let whole = file.metadata()?.len() == self.count * LEAF_LEN as u64;
        let files = if whole { self.files } else { BTreeMap::new() };
        Ok(KeptLeaves { file: Arc::new(file), files })
    }
}

impl KeptLeaves {
    /// The leaves of a file, in order; `None` where they were not kept.
    pub(super) fn of(&self, name: &str) -> Option<LeafReader> {
        let (from, to) = *self.files.get(name)?;
        Some(LeafReader { file: Arc::clone(&self.file), left: (from, to), held: Vec::new() })
    }
}

/// Leaves of one file.
pub(super) struct LeafReader {
    file: Arc<File>,
    left: (u64, u64),
    /// Those in hand, the next one last.
    held: Vec<Derived>,
}

impl LeafReader {
    /// The next one; `None` after the last.
    pub fn next(&mut self) -> io::Result<Option<Derived>> {
        let (from, to) = self.left;
        if self.held.is_empty() && from < to {
            let count = (to - from).min(LEAVES_AT_ONCE);
            let mut bytes = vec![0; usize::try_from(count).unwrap_or(0) * LEAF_LEN];
            self.file.read_exact_at(&mut bytes, from * LEAF_LEN as u64)?;
            self.held = bytes.chunks_exact(LEAF_LEN).rev().filter_map(leaf_of).collect();
            self.left.0 += count;
        }
        Ok(self.held.pop())
    }
}

fn bytes_of(leaf: &Derived) -> [u8; LEAF_LEN] {
    let mut bytes = [0; LEAF_LEN];
    let (place, entry) = bytes.split_at_mut(LEAF_LEN - ENTRY_LEN);
    place[..8].copy_from_slice(&leaf.offset.to_le_bytes());
    place[8..12].copy_from_slice(&leaf.within.to_le_bytes());
    place[12..20].copy_from_slice(&leaf.end.to_le_bytes());
    place[20] = u8::from(leaf.date.is_some());
    let date = leaf.date.map_or(0, Timestamp::unix_micros);
    place[21..].copy_from_slice(&date.to_le_bytes());
    entry.copy_from_slice(&leaf.entry);
    bytes
}

fn leaf_of(bytes: &[u8]) -> Option<Derived> {
    let number =
        |from: usize| Some(u64::from_le_bytes(bytes.get(from..from + 8)?.try_into().ok()?));
    let date = Timestamp::from_unix_micros(number(21)?.cast_signed());
    Some(Derived {
        offset: number(0)?,
        within: u32::from_le_bytes(bytes.get(8..12)?.try_into().ok()?),
        end: number(12)?,
        entry: bytes.get(29..)?.try_into().ok()?,
        date: (*bytes.get(20)? == 1).then_some(date),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_read_as_they_were_written() {
        let dates = [None, Some(Timestamp::from_unix_micros(-5)), Some(Timestamp::default())];
        for (n, date) in (1_u8..).zip(dates) {
            let number = u64::from(n);
            let leaf = Derived {
                offset: number << 40,
                within: u32::from(n),
                end: u64::MAX - number,
                entry: [n; ENTRY_LEN],
                date,
            };
            let read = leaf_of(&bytes_of(&leaf)).unwrap();
            assert_eq!(
                (read.offset, read.within, read.end, read.entry, read.date),
                (leaf.offset, leaf.within, leaf.end, leaf.entry, leaf.date)
            );
        }
        assert!(leaf_of(b"short").is_none());
    }
}

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
use crate::warc::{Fields, name};

/// A leaf: offset, within, end, which dates there are, both dates, where its round of drand is written and how
/// long that is, the entry.
const LEAF_LEN: usize = 8 + 4 + 8 + 1 + 8 + 8 + 8 + 4 + ENTRY_LEN;
/// The bits of the dates that there are.
const DATE: u8 = 1;
const OWN_DATE: u8 = 2;
/// How many leaves are read at once.
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
    /// The date of the record alone.
    pub own_date: Option<Timestamp>,
    /// The round of drand that its header holds, as text.
    pub round: Option<String>,
}

impl Derived {
    /// The leaf of a record by its header; `place` is its offset, its number within its member and its end.
    pub fn of(
        fields: &Fields,
        (offset, within, end): (u64, u32, u64),
        entry: [u8; ENTRY_LEN],
    ) -> Self {
        let own_date = fields.date();
        // Another archive's copy has the date of that archive, and refers to the exchange that delivered it: a record cannot
        // have been made before what it refers to.
        let date = own_date.max(fields.refers_to_date());
        let round = fields.text(name::DRAND_ROUND).map(std::borrow::Cow::into_owned);
        Self { offset, within, end, entry, date, own_date, round }
    }
}

/// A text in the second file.
type Place = (u64, u32);

/// Leaves on their way to the temporary file.
#[derive(Debug)]
pub struct LeafSpool {
    out: BufWriter<File>,
    count: u64,
    /// Rounds of drand, one after the other; records that follow each other mostly share one.
    rounds: BufWriter<File>,
    rounds_len: u64,
    last_round: Option<(String, Place)>,
    files: BTreeMap<String, (u64, u64)>,
    /// Where the leaves of the file that is read begin, and whether all of them are there.
    begun: (u64, bool),
}

/// Leaves that were kept, by the names of their files.
#[derive(Debug)]
pub struct KeptLeaves {
    file: Arc<File>,
    rounds: Arc<File>,
    files: BTreeMap<String, (u64, u64)>,
}

impl LeafSpool {
    /// An empty one.
    ///
    /// # Errors
    /// When no temporary file can be made.
    pub fn new() -> io::Result<Self> {
        let out = BufWriter::with_capacity(1 << 18, tempfile::tempfile()?);
        let rounds = BufWriter::new(tempfile::tempfile()?);
        let (rounds_len, last_round) = (0, None);
        let (files, begun) = (BTreeMap::new(), (0, true));
        Ok(Self { out, count: 0, rounds, rounds_len, last_round, files, begun })
    }

    /// Where a round is written; it is written where it is not the one before.
    fn place_of(&mut self, round: &str) -> io::Result<Place> {
        if let Some((last, place)) = &self.last_round
            && last == round
        {
            return Ok(*place);
        }
        self.rounds.write_all(round.as_bytes())?;
        let length = u32::try_from(round.len()).map_err(io::Error::other)?;
        let place = (self.rounds_len, length);
        self.rounds_len += u64::from(length);
        self.last_round = Some((round.to_owned(), place));
        Ok(place)
    }

    /// Keeps a leaf that was made while reading. Where it cannot be kept the file is read again.
    pub fn note(&mut self, noted: &Noted<'_>) {
        match noted {
            Noted::Record { header, offset, within, length } => {
                let fields = &header.fields;
                let within = u32::try_from(*within);
                // The leaf of a block without a digest has one that is computed.
                let (true, Ok(within)) = (fields.contains(name::BLOCK_DIGEST), within) else {
                    self.begun.1 = false;
                    return;
                };
                let end = length.map_or(0, |length| offset + length);
                let entry = entry_of(&record_text(fields, &header.raw, None));
                let derived = Derived::of(fields, (*offset, within, end), entry);
                let place = derived.round.as_deref().map(|round| self.place_of(round));
                let written = place.transpose().and_then(|place| {
                    self.out.write_all(&bytes_of(&derived, place.unwrap_or_default()))
                });
                self.begun.1 &= written.is_ok();
                self.count += 1;
            }
            Noted::End { file, is_sound } => {
                let (start, is_whole) = self.begun;
                if is_whole && *is_sound {
                    self.files.insert((*file).to_owned(), (start, self.count));
                }
                self.begun = (self.count, is_whole);
                // After a failed write the place of what follows is not known.
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
        let rounds = self.rounds.into_inner().map_err(io::IntoInnerError::into_error)?;
        let whole = file.metadata()?.len() == self.count * LEAF_LEN as u64
            && rounds.metadata()?.len() == self.rounds_len;
        let files = if whole { self.files } else { BTreeMap::new() };
        Ok(KeptLeaves { file: Arc::new(file), rounds: Arc::new(rounds), files })
    }
}

impl KeptLeaves {
    /// The leaves of a file, in order; `None` where they were not kept.
    pub(super) fn of(&self, name: &str) -> Option<LeafReader> {
        let (from, to) = *self.files.get(name)?;
        let (file, rounds) = (Arc::clone(&self.file), Arc::clone(&self.rounds));
        Some(LeafReader { file, rounds, left: (from, to), held: Vec::new() })
    }
}

/// Leaves of one file.
pub(super) struct LeafReader {
    file: Arc<File>,
    rounds: Arc<File>,
    left: (u64, u64),
    /// Leaves in memory, the next one last, and where the round of each is.
    held: Vec<(Derived, Place)>,
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
        let Some((mut leaf, (at, length))) = self.held.pop() else { return Ok(None) };
        if length > 0 {
            let mut text = vec![0; usize::try_from(length).map_err(io::Error::other)?];
            self.rounds.read_exact_at(&mut text, at)?;
            leaf.round = Some(String::from_utf8(text).map_err(io::Error::other)?);
        }
        Ok(Some(leaf))
    }
}

fn bytes_of(leaf: &Derived, round: Place) -> [u8; LEAF_LEN] {
    let mut bytes = [0; LEAF_LEN];
    let (place, entry) = bytes.split_at_mut(LEAF_LEN - ENTRY_LEN);
    place[..8].copy_from_slice(&leaf.offset.to_le_bytes());
    place[8..12].copy_from_slice(&leaf.within.to_le_bytes());
    place[12..20].copy_from_slice(&leaf.end.to_le_bytes());
    let bit = |date: Option<Timestamp>, bit| if date.is_some() { bit } else { 0 };
    place[20] = bit(leaf.date, DATE) | bit(leaf.own_date, OWN_DATE);
    let micros = |date: Option<Timestamp>| date.map_or(0, Timestamp::unix_micros).to_le_bytes();
    place[21..29].copy_from_slice(&micros(leaf.date));
    place[29..37].copy_from_slice(&micros(leaf.own_date));
    place[37..45].copy_from_slice(&round.0.to_le_bytes());
    place[45..].copy_from_slice(&round.1.to_le_bytes());
    entry.copy_from_slice(&leaf.entry);
    bytes
}

/// A leaf without its round, and where that is written.
fn leaf_of(bytes: &[u8]) -> Option<(Derived, Place)> {
    let number =
        |from: usize| Some(u64::from_le_bytes(bytes.get(from..from + 8)?.try_into().ok()?));
    let short = |from: usize| Some(u32::from_le_bytes(bytes.get(from..from + 4)?.try_into().ok()?));
    let dates = *bytes.get(20)?;
    let date = |from: usize, bit: u8| {
        let date = Timestamp::from_unix_micros(number(from)?.cast_signed());
        Some((dates & bit != 0).then_some(date))
    };
    let leaf = Derived {
        offset: number(0)?,
        within: short(8)?,
        end: number(12)?,
        entry: bytes.get(49..)?.try_into().ok()?,
        date: date(21, DATE)?,
        own_date: date(29, OWN_DATE)?,
        round: None,
    };
    Some((leaf, (number(37)?, short(45)?)))
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
                own_date: date.map(|date| date.plus(std::time::Duration::from_secs(1))),
                round: None,
            };
            let (read, place) = leaf_of(&bytes_of(&leaf, (number << 33, 7))).unwrap();
            assert_eq!(place, (number << 33, 7));
            assert_eq!(
                (read.offset, read.within, read.end, read.entry, read.date, read.own_date),
                (leaf.offset, leaf.within, leaf.end, leaf.entry, leaf.date, leaf.own_date)
            );
        }
        assert!(leaf_of(b"short").is_none());
    }
}

//! Scans of the index, which queries are answered from. No question gathers a host in memory: a scan
//! holds one block at either end, and stops at a named number of captures.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{FileId, Index, IndexEntry, IndexError, Position, blocks, key};
use crate::archive::{Answering, ArchiveError, Capture, Cursor, KeyRange, Query, Scans, Sort};
use crate::base::Timestamp;
use crate::kv::Range;

impl Index {
    /// Answers to `query`, one at a time. Ends after the first error.
    #[must_use]
    pub(crate) fn query(&self, query: &Query) -> Answering<Named<'_>> {
        let mut scan = self.scan(&query.keys, query.from, query.to);
        match (&query.after, query.sort) {
            (Some(cursor), Sort::Ascending) => self.start_after(&mut scan, cursor, query),
            (Some(cursor), Sort::Descending) => self.end_before(&mut scan, cursor, query),
            _ => {}
        }
        let named =
            |scan: Scan, backwards: bool| Named { index: self, file: None, scan, backwards };
        let scans = match query.sort {
            Sort::Ascending => Scans::InOrder(named(scan, false)),
            Sort::Descending => Scans::InOrder(named(scan, true)),
            Sort::Closest(at) if query.names_one_key() => {
                let to = query.to.map_or(at, |to| to.min(at));
                let from = query.from.map_or(at, |from| from.max(at));
                let before = self.scan(&query.keys, query.from, Some(to));
                let after = self.scan(&query.keys, Some(from), query.to);
                Scans::Closest { at, before: named(before, true), after: named(after, false) }
            }
            Sort::Closest(at) => Scans::Unsorted { at, scan: named(scan, false) },
        };
        Answering::new(query, scans)
    }

    /// Lets an ascending scan begin behind a place.
    fn start_after(&self, scan: &mut Scan, cursor: &Cursor, query: &Query) {
        let (stored, position) = self.place(cursor, FileId(0));
        let at = key::block_at(&stored, position);
        // The block that has the place, or the first one after it.
        let before = self.captures.range(..=&at[..]).next_back().and_then(Result::ok);
        let start = before
            .filter(|(key, _)| key::parse_block(key).is_some_and(|(key, _)| key == stored))
            .map_or(at, |(key, _)| key.to_vec());
        let (first, end) = key::blocks_in(&query.keys);
        let start = start.max(first);
        scan.range = match &end {
            Some(end) if start >= *end => None,
            Some(end) => Some(self.captures.range(&start[..]..&end[..])),
            None => Some(self.captures.range(&start[..]..)),
        };
        scan.last_front = Some((stored, position));
    }

    /// Lets a descending scan begin before a place.
    fn end_before(&self, scan: &mut Scan, cursor: &Cursor, query: &Query) {
        let (stored, position) = self.place(cursor, FileId(u32::MAX));
        let at = key::block_at(&stored, position);
        let (start, end) = key::blocks_in(&query.keys);
        let end = end.map_or(at.clone(), |end| end.min(at));
        scan.range = (start < end).then(|| self.captures.range(&start[..]..=&end[..]));
        scan.last_back = Some((stored, position));
    }

    /// A cursor as a place in the tables. For a file that is not known, captures of the very
    /// microsecond are given again rather than left out.
    fn place(&self, cursor: &Cursor, unknown: FileId) -> (Vec<u8>, Position) {
        let file = self.file_named(&cursor.file).map_or(unknown, |file| file.id);
        (key::stored(&cursor.urlkey).into_owned(), (cursor.date, file, cursor.offset))
    }

    /// All captures in a range of urlkeys, from either end, without filters or limits.
    #[must_use]
    pub(crate) fn scan(
        &self,
        keys: &KeyRange,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) -> Scan {
        let (mut start, mut end) = key::blocks_in(keys);
        if let Some(stored) = single_key(&start, end.as_deref()) {
            // One urlkey: whole blocks outside the period need not be read.
            let earliest = from.and_then(|from| {
                let at = key::block(&stored, from);
                let before = self.captures.range(&start[..]..&at[..]).next_back();
                // The block before may reach into the period. An error shows in the scan itself.
                before.and_then(Result::ok).map(|(key, _)| key.to_vec())
            });
            let latest = to.map(|to| key::block(&stored, to));
            start = earliest.unwrap_or(start);
            end = latest.or(end);
        }
        let range = match &end {
            Some(end) => self.captures.range(&start[..]..&end[..]),
            None => self.captures.range(&start[..]..),
        };
        Scan {
            range: Some(range),
            keys: keys.clone(),
            from,
            to,
            front: VecDeque::new(),
            back: VecDeque::new(),
            last_front: None,
            last_back: None,
        }
    }
}

/// The stored urlkey, when the bounds are those of one urlkey that is not cut.
fn single_key(start: &[u8], end: Option<&[u8]>) -> Option<Vec<u8>> {
    let key = end?.strip_suffix(b"\x01")?;
    (key == start && !key::is_cut(key)).then(|| key.to_vec())
}

/// Captures in the order of their keys, from either end. Ends after the first error.
#[derive(Debug)]
pub(crate) struct Scan {
    range: Option<Range>,
    keys: KeyRange,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    front: VecDeque<IndexEntry>,
    back: VecDeque<IndexEntry>,
    // A block may be split or get another key while the scan is under way; what was given out
    // already is not given out again.
    last_front: Option<(Vec<u8>, Position)>,
    last_back: Option<(Vec<u8>, Position)>,
}

impl Scan {
    /// The entries of the next block that has any in the period; `None` at the end.
    fn block(&mut self, from_back: bool) -> Option<Result<VecDeque<IndexEntry>, IndexError>> {
        loop {
            let range = self.range.as_mut()?;
            let block = if from_back { range.next_back() } else { range.next() };
            let (key, value) = match block {
                Some(Ok(block)) => block,
                Some(Err(error)) => return Some(Err(self.stop(error.into()))),
                None => {
                    self.range = None;
                    return None;
                }
            };
            // A block that begins after the period has nothing in it.
            let Some((stored, begins)) = key::parse_block(&key) else { continue };
            if self.to.is_some_and(|to| begins >= to) {
                continue;
            }
            let is_cut = key::is_cut(stored);
            let entries = match blocks::read(&key, &value) {
                Ok(entries) => entries,
                Err(error) => return Some(Err(self.stop(error))),
            };
            let wanted = |entry: &IndexEntry| {
                self.from.is_none_or(|from| from <= entry.date)
                    && self.to.is_none_or(|to| entry.date < to)
                    && (!is_cut || self.keys.contains(entry.urlkey.as_bytes()))
            };
            let fresh = |entry: &IndexEntry| {
                let place = (stored, entry.position());
                let front = self.last_front.as_ref().map(|(key, at)| (&key[..], *at));
                let back = self.last_back.as_ref().map(|(key, at)| (&key[..], *at));
                front.is_none_or(|front| front < place) && back.is_none_or(|back| place < back)
            };
            let entries: VecDeque<IndexEntry> =
                entries.into_iter().filter(|entry| wanted(entry) && fresh(entry)).collect();
            let end = if from_back { entries.front() } else { entries.back() };
            let Some(end) = end.map(|entry| (stored.to_vec(), entry.position())) else { continue };
            if from_back {
                self.last_back = Some(end);
            } else {
                self.last_front = Some(end);
            }
            return Some(Ok(entries));
        }
    }

    fn stop(&mut self, error: IndexError) -> IndexError {
        self.range = None;
        self.front.clear();
        self.back.clear();
        error
    }
}

impl Iterator for Scan {
    type Item = Result<IndexEntry, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.front.is_empty() {
            match self.block(false) {
                Some(Ok(entries)) => self.front = entries,
                Some(Err(error)) => return Some(Err(error)),
                // The two ends have met: the rest is what the other end has read.
                None => return self.back.pop_front().map(Ok),
            }
        }
        self.front.pop_front().map(Ok)
    }
}

impl DoubleEndedIterator for Scan {
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.back.is_empty() {
            match self.block(true) {
                Some(Ok(entries)) => self.back = entries,
                Some(Err(error)) => return Some(Err(error)),
                None => return self.front.pop_back().map(Ok),
            }
        }
        self.back.pop_back().map(Ok)
    }
}

impl std::iter::FusedIterator for Scan {}

/// A scan in one direction, whose captures name their files.
pub(crate) struct Named<'a> {
    index: &'a Index,
    /// The file named last: neighbours mostly share theirs.
    file: Option<(FileId, Arc<str>)>,
    scan: Scan,
    backwards: bool,
}

impl Named<'_> {
    fn name(&mut self, entry: IndexEntry) -> Capture {
        let name = match &self.file {
            Some((id, name)) if *id == entry.file => Arc::clone(name),
            _ => {
                let name = self.index.file_name(entry.file);
                self.file = Some((entry.file, Arc::clone(&name)));
                name
            }
        };
        entry.in_file(name)
    }
}

impl Iterator for Named<'_> {
    type Item = Result<Capture, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = if self.backwards { self.scan.next_back() } else { self.scan.next() }?;
        Some(entry.map(|entry| self.name(entry)).map_err(ArchiveError::from))
    }
}

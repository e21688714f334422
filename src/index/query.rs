//! Questions to the index, and answers one at a time. No question gathers a host in memory: a scan
//! holds one block at either end, and stops at a named number of captures.

use std::collections::{BTreeMap, VecDeque};

use super::{Filter, Index, IndexEntry, IndexError, KeyRange, MatchType, Position, blocks, key};
use crate::base::Timestamp;
use crate::kv::Range;

/// In which order answers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By urlkey, then time.
    #[default]
    Ascending,
    /// The other way round.
    Descending,
    /// By distance in time; the earlier of two that are equally far comes first.
    Closest(Timestamp),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Which urlkeys.
    pub keys: KeyRange,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
    /// In which order.
    pub sort: Sort,
    /// How many answers at most.
    pub limit: Option<usize>,
    /// All of these have to agree.
    pub filters: Vec<Filter>,
    /// How many captures may be looked at before the query ends with
    /// [`IndexError::ScanLimit`].
    pub captures_scanned_max: u64,
}

impl Query {
    /// Ten million captures: some ten seconds of reading.
    pub const CAPTURES_SCANNED_MAX: u64 = 10_000_000;

    /// How many answers a closest-first query over more than one URL keeps when it has no limit.
    pub const CLOSEST_KEPT_MAX: usize = 10_000;

    /// All captures of `uri` by that match type, oldest first.
    #[must_use]
    pub fn new(uri: &str, match_type: MatchType) -> Self {
        Self::of(KeyRange::of(uri, match_type))
    }

    /// All captures in a range of urlkeys.
    #[must_use]
    pub fn of(keys: KeyRange) -> Self {
        Self {
            keys,
            from: None,
            to: None,
            sort: Sort::Ascending,
            limit: None,
            filters: Vec::new(),
            captures_scanned_max: Self::CAPTURES_SCANNED_MAX,
        }
    }

    fn names_one_key(&self) -> bool {
        self.keys.end.as_deref().and_then(|end| end.strip_suffix(b"\x01")) == Some(&self.keys.start)
    }
}

impl Index {
    /// Answers to `query`, one at a time. Ends after the first error.
    #[must_use]
    pub fn query(&self, query: &Query) -> Results<'_> {
        let scan = self.scan(&query.keys, query.from, query.to);
        let source = match query.sort {
            Sort::Ascending => Source::Forward(scan),
            Sort::Descending => Source::Backward(scan),
            Sort::Closest(at) if query.names_one_key() => {
                let middle = |bound: Option<Timestamp>| bound.map_or(at, |bound| bound.min(at));
                let after = query.from.map_or(at, |from| from.max(at));
                Source::Closest(Box::new(Closest {
                    at,
                    before: self.scan(&query.keys, query.from, Some(middle(query.to))),
                    after: self.scan(&query.keys, Some(after), query.to),
                    last_before: None,
                    next_after: None,
                }))
            }
            Sort::Closest(at) => Source::Unsorted { scan, at },
        };
        Results {
            index: self,
            source: Some(source),
            filters: query.filters.clone(),
            left: query.limit.unwrap_or(usize::MAX),
            limit: query.limit,
            scanned: 0,
            scanned_max: query.captures_scanned_max,
        }
    }

    /// All captures in a range of urlkeys, from either end, without filters or limits.
    #[must_use]
    pub fn scan(&self, keys: &KeyRange, from: Option<Timestamp>, to: Option<Timestamp>) -> Scan {
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

    /// All captures of exactly this URL, oldest first; from either end.
    #[must_use]
    pub fn captures_of(&self, uri: &str) -> Scan {
        self.scan(&KeyRange::of(uri, MatchType::Exact), None, None)
    }

    /// The newest capture of exactly this URL, of any kind.
    ///
    /// # Errors
    /// When the store fails or an entry does not decode.
    pub fn newest(&self, uri: &str) -> Result<Option<IndexEntry>, IndexError> {
        self.captures_of(uri).next_back().transpose()
    }

    /// The capture of exactly this URL that is closest to `at`, of any kind; the earlier of two
    /// that are equally far.
    ///
    /// # Errors
    /// When the store fails or an entry does not decode.
    pub fn closest(&self, uri: &str, at: Timestamp) -> Result<Option<IndexEntry>, IndexError> {
        self.by_distance(uri, at).next().transpose()
    }

    /// All captures of exactly this URL by their distance from `at`: the same as a query, for who
    /// looks for the first that has some property.
    #[must_use]
    pub fn by_distance(&self, uri: &str, at: Timestamp) -> Results<'_> {
        let sort = Sort::Closest(at);
        self.query(&Query { sort, ..Query::new(uri, MatchType::Exact) })
    }
}

/// The stored urlkey, when the bounds are those of one urlkey that is not cut.
fn single_key(start: &[u8], end: Option<&[u8]>) -> Option<Vec<u8>> {
    let key = end?.strip_suffix(b"\x01")?;
    (key == start && !key::is_cut(key)).then(|| key.to_vec())
}

/// Captures in the order of their keys, from either end. Ends after the first error.
#[derive(Debug)]
pub struct Scan {
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

/// Answers to a query.
#[derive(Debug)]
pub struct Results<'a> {
    index: &'a Index,
    source: Option<Source>,
    filters: Vec<Filter>,
    left: usize,
    limit: Option<usize>,
    scanned: u64,
    scanned_max: u64,
}

#[derive(Debug)]
enum Source {
    Forward(Scan),
    Backward(Scan),
    Closest(Box<Closest>),
    /// By distance over many urlkeys: everything has to be looked at before the first answer.
    Unsorted {
        scan: Scan,
        at: Timestamp,
    },
    Sorted(std::vec::IntoIter<IndexEntry>),
}

/// Two scans of one urlkey away from an instant, merged.
#[derive(Debug)]
struct Closest {
    at: Timestamp,
    before: Scan,
    after: Scan,
    last_before: Option<IndexEntry>,
    next_after: Option<IndexEntry>,
}

impl Closest {
    fn next(&mut self) -> Option<Result<IndexEntry, IndexError>> {
        if self.last_before.is_none() {
            match self.before.next_back() {
                Some(Err(error)) => return Some(Err(error)),
                found => self.last_before = found.and_then(Result::ok),
            }
        }
        if self.next_after.is_none() {
            match self.after.next() {
                Some(Err(error)) => return Some(Err(error)),
                found => self.next_after = found.and_then(Result::ok),
            }
        }
        let before_wins = match (&self.last_before, &self.next_after) {
            (Some(before), Some(after)) => {
                distance(before.date, self.at) <= distance(after.date, self.at)
            }
            (before, _) => before.is_some(),
        };
        if before_wins { self.last_before.take() } else { self.next_after.take() }.map(Ok)
    }
}

fn distance(a: Timestamp, b: Timestamp) -> u64 {
    a.unix_micros().abs_diff(b.unix_micros())
}

impl Results<'_> {
    fn advance(&mut self) -> Option<Result<IndexEntry, IndexError>> {
        match self.source.as_mut()? {
            Source::Forward(scan) => scan.next(),
            Source::Backward(scan) => scan.next_back(),
            Source::Closest(closest) => closest.next(),
            Source::Sorted(entries) => return entries.next().map(Ok),
            Source::Unsorted { .. } => return self.sort_by_distance(),
        }
        .map(|entry| {
            self.scanned += 1;
            match entry {
                Ok(_) if self.scanned > self.scanned_max => {
                    Err(IndexError::ScanLimit { scanned: self.scanned_max })
                }
                entry => entry,
            }
        })
    }

    fn wanted(&self, entry: &IndexEntry) -> bool {
        // The name costs a look-up, and most queries have no filter.
        self.filters.is_empty() || {
            let name = self.index.file_name(entry.file);
            self.filters.iter().all(|filter| filter.matches(entry, &name))
        }
    }

    /// Keeps the closest so many, and gives out the first.
    fn sort_by_distance(&mut self) -> Option<Result<IndexEntry, IndexError>> {
        let Some(Source::Unsorted { scan, at }) = self.source.take() else { return None };
        let kept_max = self.limit.unwrap_or(Query::CLOSEST_KEPT_MAX);
        let mut kept: BTreeMap<(u64, u64), IndexEntry> = BTreeMap::new();
        for entry in scan {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Some(Err(error)),
            };
            self.scanned += 1;
            if self.scanned > self.scanned_max {
                return Some(Err(IndexError::ScanLimit { scanned: self.scanned_max }));
            }
            if self.wanted(&entry) {
                // The running number keeps entries apart that are equally far.
                kept.insert((distance(entry.date, at), self.scanned), entry);
                if kept.len() > kept_max {
                    kept.pop_last();
                }
            }
        }
        let sorted: Vec<IndexEntry> = kept.into_values().collect();
        let mut sorted = sorted.into_iter();
        let first = sorted.next();
        self.source = Some(Source::Sorted(sorted));
        first.map(Ok)
    }
}

impl Iterator for Results<'_> {
    type Item = Result<IndexEntry, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            self.source = None;
        }
        loop {
            match self.advance() {
                Some(Ok(entry)) => {
                    if self.wanted(&entry) {
                        self.left -= 1;
                        return Some(Ok(entry));
                    }
                }
                Some(Err(error)) => {
                    self.source = None;
                    return Some(Err(error));
                }
                None => {
                    self.source = None;
                    return None;
                }
            }
        }
    }
}

impl std::iter::FusedIterator for Results<'_> {}

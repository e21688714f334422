//! Captures that are kept in two places, answered as one: one that is written to, and one that is only read.
//!
//! A capture that is in both is given once. Captures of one instant come in the order of the first place, followed
//! by those that only the second has.

use std::iter::Peekable;
use std::path::Path;
use std::sync::Arc;

use super::{
    Answers, Applied, ArchiveError, Capture, CaptureBatch, CaptureSink, CaptureStore, Captures,
    FileMark, HostCount, HostCounts, Query, Sort,
};
use crate::base::{Digest, Timestamp};

/// Two places of captures.
#[derive(Debug)]
pub struct Beside {
    /// What takes captures in. Counts of hosts are its own: what was moved elsewhere was counted there.
    first: Arc<dyn CaptureStore>,
    /// What is only read.
    second: Arc<dyn Captures>,
}

impl Beside {
    /// What `first` has, and beside it what `second` has.
    #[must_use]
    pub fn new(first: Arc<dyn CaptureStore>, second: Arc<dyn Captures>) -> Self {
        Self { first, second }
    }
}

impl Captures for Beside {
    fn scan(&self, query: &Query) -> Answers<'_> {
        let merged = Merged {
            first: self.first.scan(query).peekable(),
            second: self.second.scan(query).peekable(),
            sort: query.sort,
            ready: Vec::new(),
            is_ended: false,
        };
        Box::new(merged.take(query.limit.unwrap_or(usize::MAX)))
    }

    fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError> {
        match self.first.by_payload(digest)? {
            Some(found) => Ok(Some(found)),
            None => self.second.by_payload(digest),
        }
    }

    fn hosts(&self) -> HostCounts<'_> {
        self.first.hosts()
    }

    fn host_of(&self, url: &str) -> Result<Option<HostCount>, ArchiveError> {
        self.first.host_of(url)
    }

    fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
        self.first.bytes()
    }
}

impl CaptureSink for Beside {
    fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError> {
        self.first.apply(batch)
    }

    fn load(
        &self,
        captures: &mut dyn Iterator<Item = Result<Capture, ArchiveError>>,
        marks: Vec<FileMark>,
        tmp: Option<&Path>,
    ) -> Result<(), ArchiveError> {
        self.first.load(captures, marks, tmp)
    }

    fn marks(&self) -> Result<Vec<FileMark>, ArchiveError> {
        self.first.marks()
    }

    fn mark_of(&self, file: &str) -> Result<Option<FileMark>, ArchiveError> {
        self.first.mark_of(file)
    }

    fn marks_of(&self, files: &[&str]) -> Result<Vec<Option<FileMark>>, ArchiveError> {
        self.first.marks_of(files)
    }

    fn forget(&self, files: &[Arc<str>]) -> Result<(), ArchiveError> {
        self.first.forget(files)
    }

    fn flush(&self) -> Result<(), ArchiveError> {
        self.first.flush()
    }

    fn is_suspect(&self) -> bool {
        self.first.is_suspect()
    }

    fn mark_consistent(&self) -> Result<(), ArchiveError> {
        self.first.mark_consistent()
    }

    fn close(&self) -> Result<(), ArchiveError> {
        self.first.close()
    }

    fn mark_damaged(&self, why: &str) {
        self.first.mark_damaged(why);
    }
}

type Scanned = Result<Capture, ArchiveError>;

/// What two scans in the same order give, each capture once.
struct Merged<I: Iterator<Item = Scanned>> {
    first: Peekable<I>,
    second: Peekable<I>,
    sort: Sort,
    /// Captures that are at the same place of the order, the next one last.
    ready: Vec<Capture>,
    is_ended: bool,
}

/// A place in the order: smaller ones come first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
enum Place {
    Key(String, Timestamp),
    Reversed(std::cmp::Reverse<(String, Timestamp)>),
    Distance(u64),
}

fn place(sort: Sort, capture: &Capture) -> Place {
    match sort {
        Sort::Ascending => Place::Key(capture.urlkey.clone(), capture.date),
        Sort::Descending => {
            Place::Reversed(std::cmp::Reverse((capture.urlkey.clone(), capture.date)))
        }
        Sort::Closest(at) => Place::Distance(capture.date.unix_micros().abs_diff(at.unix_micros())),
    }
}

impl<I: Iterator<Item = Scanned>> Merged<I> {
    /// Gathers the captures of the next place.
    fn gather(&mut self) -> Result<(), ArchiveError> {
        let peeked = |scan: &mut Peekable<I>, sort| match scan.peek() {
            Some(Ok(capture)) => Ok(Some(place(sort, capture))),
            Some(Err(why)) => Err(why.clone()),
            None => Ok(None),
        };
        let places = [peeked(&mut self.first, self.sort)?, peeked(&mut self.second, self.sort)?];
        let Some(next) = places.into_iter().flatten().min() else { return Ok(()) };
        for scan in [&mut self.first, &mut self.second] {
            let sort = self.sort;
            let is_there =
                |got: &Scanned| got.as_ref().is_ok_and(|capture| place(sort, capture) == next);
            while let Some(got) = scan.next_if(is_there) {
                let capture = got?;
                let is_same = |known: &Capture| {
                    known.is_same_record(&capture)
                        && (known.date, &known.urlkey) == (capture.date, &capture.urlkey)
                };
                if !self.ready.iter().any(is_same) {
                    self.ready.push(capture);
                }
            }
        }
        if matches!(self.sort, Sort::Closest(_)) {
            // Of two that are equally far the earlier one comes first.
            self.ready.sort_by_key(|capture| capture.date);
        }
        self.ready.reverse();
        Ok(())
    }
}

impl<I: Iterator<Item = Scanned>> Iterator for Merged<I> {
    type Item = Scanned;

    fn next(&mut self) -> Option<Scanned> {
        if self.is_ended {
            return None;
        }
        if self.ready.is_empty()
            && let Err(why) = self.gather()
        {
            self.is_ended = true;
            self.ready.clear();
            return Some(Err(why));
        }
        let next = self.ready.pop();
        self.is_ended = next.is_none();
        next.map(Ok)
    }
}

//! Answers to a query, made from scans: filters, limits and distance in time, the same for every backend. A scan
//! gives captures in order and does not know about these.

use std::collections::BTreeMap;
use std::iter::{FusedIterator, Peekable};

use super::{ArchiveError, Capture, Filter, Query};
use crate::base::Timestamp;

/// What one step of a scan gives.
type Scanned = Result<Capture, ArchiveError>;

/// The scans that a query is answered from. Each ends after its first error.
pub(crate) enum Scans<S> {
    /// In the order of the query.
    InOrder(S),
    /// Of one urlkey, away from an instant: backwards what is before it, forwards the rest.
    Closest {
        /// The instant.
        at: Timestamp,
        /// Newest first.
        before: S,
        /// Oldest first.
        after: S,
    },
    /// By distance over many urlkeys: everything has to be checked before the first answer.
    Unsorted {
        /// The instant.
        at: Timestamp,
        /// In any order.
        scan: S,
    },
}

/// Answers to a query, one at a time. Ends after the first error.
pub(crate) struct Answering<S: Iterator<Item = Scanned>> {
    source: Option<Source<S>>,
    filters: Vec<Filter>,
    left: usize,
    limit: Option<usize>,
    scanned: u64,
    scanned_max: u64,
}

enum Source<S: Iterator<Item = Scanned>> {
    InOrder(S),
    Closest(Box<Closest<S>>),
    Unsorted { at: Timestamp, scan: S },
    Sorted(std::vec::IntoIter<Capture>),
}

/// Two scans of one urlkey away from an instant, merged.
struct Closest<S: Iterator<Item = Scanned>> {
    at: Timestamp,
    before: Peekable<S>,
    after: Peekable<S>,
}

impl<S: Iterator<Item = Scanned>> Closest<S> {
    fn next(&mut self) -> Option<Scanned> {
        let before_wins = match (self.before.peek(), self.after.peek()) {
            (Some(Ok(before)), Some(Ok(after))) => {
                distance(before.date, self.at) <= distance(after.date, self.at)
            }
            // An error comes first.
            (Some(Err(_)), _) | (_, None) => true,
            (None, _) | (_, Some(Err(_))) => false,
        };
        if before_wins { self.before.next() } else { self.after.next() }
    }
}

fn distance(a: Timestamp, b: Timestamp) -> u64 {
    a.unix_micros().abs_diff(b.unix_micros())
}

impl<S: Iterator<Item = Scanned>> Answering<S> {
    /// The answers to `query` from the scans that its order asks for.
    pub(crate) fn new(query: &Query, scans: Scans<S>) -> Self {
        let source = match scans {
            Scans::InOrder(scan) => Source::InOrder(scan),
            Scans::Closest { at, before, after } => Source::Closest(Box::new(Closest {
                at,
                before: before.peekable(),
                after: after.peekable(),
            })),
            Scans::Unsorted { at, scan } => Source::Unsorted { at, scan },
        };
        Self {
            source: Some(source),
            filters: query.filters.clone(),
            left: query.limit.unwrap_or(usize::MAX),
            limit: query.limit,
            scanned: 0,
            scanned_max: query.captures_scanned_max,
        }
    }

    fn advance(&mut self) -> Option<Scanned> {
        let found = match self.source.as_mut()? {
            Source::InOrder(scan) => scan.next(),
            Source::Closest(closest) => closest.next(),
            Source::Sorted(captures) => return captures.next().map(Ok),
            Source::Unsorted { .. } => return self.sort_by_distance(),
        }?;
        self.scanned += 1;
        Some(match found {
            Ok(_) if self.scanned > self.scanned_max => {
                Err(ArchiveError::scan_limit(self.scanned_max))
            }
            found => found,
        })
    }

    fn wanted(&self, capture: &Capture) -> bool {
        self.filters.iter().all(|filter| filter.matches(capture))
    }

    /// Keeps the closest ones, up to the limit, and returns the first.
    fn sort_by_distance(&mut self) -> Option<Scanned> {
        let Some(Source::Unsorted { at, scan }) = self.source.take() else { return None };
        let kept_max = self.limit.unwrap_or(Query::CLOSEST_KEPT_MAX);
        let mut kept: BTreeMap<(u64, u64), Capture> = BTreeMap::new();
        for capture in scan {
            let capture = match capture {
                Ok(capture) => capture,
                Err(error) => return Some(Err(error)),
            };
            self.scanned += 1;
            if self.scanned > self.scanned_max {
                return Some(Err(ArchiveError::scan_limit(self.scanned_max)));
            }
            if self.wanted(&capture) {
                // The running number keeps captures apart that are equally far.
                kept.insert((distance(capture.date, at), self.scanned), capture);
                if kept.len() > kept_max {
                    kept.pop_last();
                }
            }
        }
        let mut sorted = kept.into_values().collect::<Vec<_>>().into_iter();
        let first = sorted.next();
        self.source = Some(Source::Sorted(sorted));
        first.map(Ok)
    }
}

impl<S: Iterator<Item = Scanned>> Iterator for Answering<S> {
    type Item = Scanned;

    fn next(&mut self) -> Option<Scanned> {
        if self.left == 0 {
            self.source = None;
        }
        loop {
            match self.advance() {
                Some(Ok(capture)) => {
                    if self.wanted(&capture) {
                        self.left -= 1;
                        return Some(Ok(capture));
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

impl<S: Iterator<Item = Scanned>> FusedIterator for Answering<S> {}

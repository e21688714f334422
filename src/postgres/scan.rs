//! Scans, page by page, and answers to queries made of them. A page is a transaction of its own that
//! continues behind the last, so that a scan holds no connection between two pages and outlives a
//! restart of the database.

use std::collections::VecDeque;

use super::PostgresCaptures;
use super::request::Value;
use super::row::{Place, columns, place_of};
use crate::archive::{Answering, ArchiveError, Capture, Cursor, KeyRange, Query, Scans, Sort};
use crate::base::Timestamp;
use crate::base::surt::{stored, stored_bounds};

/// The first page is small, since most callers need no more; the next ones grow to [`PAGE_MAX`].
const PAGE_FIRST: usize = 64;
const PAGE_MAX: usize = 2_000;

/// Which keys a scan goes over.
#[derive(Debug, Clone)]
enum Keys {
    One(Vec<u8>),
    Range(Vec<u8>, Option<Vec<u8>>),
}

/// Captures in one direction, without filters or limits. Ends after the first error.
pub(super) struct Scan<'a> {
    captures: &'a PostgresCaptures,
    /// In full, for urlkeys that are cut in the table.
    range: KeyRange,
    keys: Keys,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    backwards: bool,
    /// What was read last.
    after: Option<Place>,
    page: VecDeque<Capture>,
    size: usize,
    ended: bool,
    /// Why it could not begin.
    failed: Option<ArchiveError>,
}

impl<'a> Scan<'a> {
    fn new(captures: &'a PostgresCaptures, query: &Query, backwards: bool) -> Self {
        let keys = match query.names_one_key().then(|| str::from_utf8(&query.keys.start)) {
            Some(Ok(urlkey)) => Keys::One(stored(urlkey).into_owned()),
            _ => {
                let (start, end) = stored_bounds(&query.keys);
                Keys::Range(start, end)
            }
        };
        // Filters may leave out most of a page.
        let wanted = query.limit.filter(|_| query.filters.is_empty());
        Self {
            captures,
            range: query.keys.clone(),
            keys,
            from: query.from,
            to: query.to,
            backwards,
            after: None,
            page: VecDeque::new(),
            size: wanted.unwrap_or(PAGE_FIRST).clamp(1, PAGE_MAX),
            ended: false,
            failed: None,
        }
    }

    /// Begins behind a cursor. For a file that is not known, captures of the very microsecond are given
    /// again rather than left out.
    fn begin_after(&mut self, cursor: &Cursor) -> Result<(), ArchiveError> {
        let unknown = if self.backwards { i32::MAX } else { i32::MIN };
        self.after = Some(Place {
            key: stored(&cursor.urlkey).into_owned(),
            at: cursor.date.unix_micros(),
            file: self.captures.file_id(&cursor.file)?.unwrap_or(unknown),
            offset: i64::try_from(cursor.offset).unwrap_or(i64::MAX),
        });
        Ok(())
    }

    /// The statement of the next page.
    fn statement(&self) -> (String, Vec<Value>) {
        let mut values = Vec::new();
        let mut conditions: Vec<String> = Vec::new();
        let mut put = |value: Value| {
            values.push(value);
            format!("${}", values.len())
        };
        let (beyond, order) = if self.backwards { ("<", " DESC") } else { (">", "") };
        let mut parts: Vec<(&str, Value)> = Vec::new();
        if let Some(Place { key, at, file, offset }) = &self.after {
            parts.push(("key", Value::Bytes(key.clone())));
            parts.push(("at", Value::Number(*at)));
            parts.push(("file", Value::Id(*file)));
            parts.push(("\"offset\"", Value::Number(*offset)));
        }
        match &self.keys {
            Keys::One(key) => {
                conditions.push(format!("key = {}", put(Value::Bytes(key.clone()))));
            }
            Keys::Range(start, end) => {
                conditions.push(format!("key >= {}", put(Value::Bytes(start.clone()))));
                if let Some(end) = end {
                    conditions.push(format!("key < {}", put(Value::Bytes(end.clone()))));
                }
            }
        }
        if !parts.is_empty() {
            let (names, places): (Vec<&str>, Vec<String>) =
                parts.into_iter().map(|(name, value)| (name, put(value))).unzip();
            conditions.push(format!("({}) {beyond} ({})", names.join(", "), places.join(", ")));
        }
        if let Some(from) = self.from {
            conditions.push(format!("at >= {}", put(Value::Number(from.unix_micros()))));
        }
        if let Some(to) = self.to {
            conditions.push(format!("at < {}", put(Value::Number(to.unix_micros()))));
        }
        let order = ["key", "at", "file", "\"offset\""].map(|column| format!("{column}{order}"));
        let sql = format!(
            "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT {}",
            columns(),
            self.captures.table("capture"),
            conditions.join(" AND "),
            order.join(", "),
            self.size
        );
        (sql, values)
    }

    fn next_page(&mut self) -> Result<(), ArchiveError> {
        let (sql, values) = self.statement();
        let rows = self.captures.select("looking captures up", sql, values)?;
        self.ended = rows.len() < self.size;
        let Some(last) = rows.last() else { return Ok(()) };
        let last = place_of(last).map_err(|why| self.captures.unsound(&why))?;
        let inside = |capture: &Capture| self.range.contains(capture.urlkey.as_bytes());
        let captures = self.captures.captures_of(&rows)?;
        self.page = captures.into_iter().filter(inside).collect();
        self.after = Some(last);
        self.size = (self.size * 4).clamp(PAGE_FIRST, PAGE_MAX);
        Ok(())
    }
}

impl Iterator for Scan<'_> {
    type Item = Result<Capture, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.ended = true;
            return Some(Err(error));
        }
        while self.page.is_empty() && !self.ended {
            if let Err(error) = self.next_page() {
                self.ended = true;
                return Some(Err(error));
            }
        }
        self.page.pop_front().map(Ok)
    }
}

/// Answers to a query. Nothing is asked before the first answer is.
pub(super) fn answers<'a>(captures: &'a PostgresCaptures, query: &Query) -> Answering<Scan<'a>> {
    let one_way = |backwards: bool| {
        let mut scan = Scan::new(captures, query, backwards);
        if let Some(cursor) = &query.after
            && let Err(error) = scan.begin_after(cursor)
        {
            scan.failed = Some(error);
        }
        Scans::InOrder(scan)
    };
    let scans = match query.sort {
        Sort::Ascending => one_way(false),
        Sort::Descending => one_way(true),
        Sort::Closest(at) if query.names_one_key() => {
            let to = query.to.map_or(at, |to| to.min(at));
            let from = query.from.map_or(at, |from| from.max(at));
            // Most want one, and it may be on either side.
            let part = |backwards: bool, query: &Query| {
                let mut scan = Scan::new(captures, query, backwards);
                scan.size = scan.size.min(8);
                scan
            };
            let before = part(true, &Query { to: Some(to), ..query.clone() });
            let after = part(false, &Query { from: Some(from), ..query.clone() });
            Scans::Closest { at, before, after }
        }
        Sort::Closest(at) => {
            let mut scan = Scan::new(captures, query, false);
            scan.size = PAGE_MAX;
            Scans::Unsorted { at, scan }
        }
    };
    Answering::new(query, scans)
}

//! The rows of an answer, read from the index batch by batch, so that no query is open between two pieces of
//! an answer, however long a client takes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use axum::http::StatusCode;

use super::super::Serve;
use super::super::reply::Refusal;
use super::ask::{Asking, Order};
use super::closest;
use super::collapse::Collapsing;
use super::resume::Start;
use crate::archive::{Capture, Cursor, Query, RecordKind};
use crate::base::Timestamp;
use crate::base::surt::{is_near, near_keys};

/// A row: a capture as it is reported, and the capture it repeats if revisits are resolved.
#[derive(Debug, Clone)]
pub struct Row {
    /// The capture.
    pub capture: Capture,
    /// For a revisit: the capture that holds its payload.
    pub original: Option<Capture>,
}

/// How many captures the first batch has, and the largest.
const BATCH_MIN: usize = 64;
const BATCH_MAX: usize = 4096;

/// The rows of an answer. Ends after the first error.
pub struct Rows {
    state: Arc<Serve>,
    asking: Arc<Asking>,
    /// The key of near addresses, if only they are held.
    near: Option<String>,
    batch: VecDeque<Capture>,
    batch_size: usize,
    /// Rows that are closest to a time, made several at once.
    closest: Closest,
    collapsing: Collapsing,
    after: Option<Cursor>,
    is_over: bool,
    /// Whether it ended because the read limit was reached.
    is_stopped: bool,
    scanned: u64,
    /// The deadline for reading the piece that is being made.
    until: Instant,
}

/// Rows that are closest to a time, as far as they were asked for.
#[derive(Default)]
struct Closest {
    rows: VecDeque<Row>,
    /// How many were returned.
    given: usize,
    is_all: bool,
}

impl Rows {
    /// The requested rows, from `start` on.
    pub fn new(state: &Arc<Serve>, asking: &Arc<Asking>, start: Option<&Start>) -> Self {
        let marks = start.map_or(&[][..], |start| &start.marks);
        Self {
            state: Arc::clone(state),
            collapsing: Collapsing::new(&asking.collapse, marks),
            asking: Arc::clone(asking),
            near: None,
            batch: VecDeque::new(),
            batch_size: BATCH_MIN,
            closest: Closest::default(),
            after: start.map(|start| start.after.clone()),
            is_over: false,
            is_stopped: false,
            scanned: 0,
            until: Instant::now() + state.options.request_timeout,
        }
    }

    /// Another piece of the answer is made from here on.
    pub fn begin_piece(&mut self) {
        self.until = Instant::now() + self.state.options.request_timeout;
    }

    /// The same for a caller that takes at most this many rows: the first batch has no more.
    pub fn for_at_most(mut self, rows: Option<u64>) -> Self {
        let rows = rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(BATCH_MIN);
        self.batch_size = rows.clamp(1, BATCH_MIN);
        self
    }

    /// The same, or the rows of near addresses if nothing of the address is held.
    ///
    /// # Errors
    /// When the archive cannot answer.
    pub fn or_near(state: &Arc<Serve>, asking: &Arc<Asking>) -> Result<Self, Refusal> {
        let rows = Self::new(state, asking, None);
        let Some((keys, near)) = near_keys(&asking.url) else { return Ok(rows) };
        let held = Query { limit: Some(1), ..asking.query() };
        if state.reader.query(&held).next().transpose()?.is_some() {
            return Ok(rows);
        }
        let asking = Arc::new(Asking { keys, ..(**asking).clone() });
        Ok(Self { near: Some(near), ..Self::new(state, &asking, None) })
    }

    /// Where the rest begins, after the last returned row. None if rows are ordered by distance.
    pub fn start(&self) -> Option<Start> {
        match self.asking.order {
            Order::Closest(_) => None,
            _ => Some(Start { after: self.after.clone()?, marks: self.collapsing.marks() }),
        }
    }

    /// The next row.
    pub fn next(&mut self) -> Option<Result<Row, Refusal>> {
        if let Order::Closest(at) = self.asking.order {
            return self.next_closest(at);
        }
        loop {
            let capture = match self.next_capture()? {
                Ok(capture) => capture,
                Err(refusal) => return Some(Err(refusal)),
            };
            self.after = Some(Cursor::after(&capture));
            match row_of(&self.state, &self.asking, self.near.as_deref(), capture) {
                Ok(Some(row)) if self.collapsing.keeps(&row.capture) => return Some(Ok(row)),
                Ok(_) => {}
                Err(refusal) => {
                    self.is_over = true;
                    return Some(Err(refusal));
                }
            }
        }
    }

    fn next_closest(&mut self, at: Timestamp) -> Option<Result<Row, Refusal>> {
        loop {
            while let Some(row) = self.closest.rows.pop_front() {
                self.closest.given += 1;
                if self.collapsing.keeps(&row.capture) {
                    return Some(Ok(row));
                }
            }
            if self.closest.is_all {
                return None;
            }
            // Rows by distance cannot be resumed: earlier ones are read again.
            let near = self.near.as_deref();
            match closest::rows(&self.state, &self.asking, at, near, self.batch_size) {
                Ok((mut rows, is_all)) => {
                    rows.drain(..self.closest.given.min(rows.len()));
                    self.closest.rows = rows;
                    self.closest.is_all = is_all;
                }
                Err(refusal) => {
                    self.closest.is_all = true;
                    return Some(Err(refusal));
                }
            }
            self.batch_size = self.batch_size.saturating_mul(8);
        }
    }

    /// Whether there is another row, or the unread part might have one. The row is consumed.
    pub fn has_more(&mut self) -> bool {
        self.is_stopped || self.next().is_some()
    }

    fn stopped(&mut self, refusal: Refusal) -> Refusal {
        (self.is_over, self.is_stopped) = (true, true);
        refusal
    }

    /// Whether the rows ended because a limit of reads or of time was reached; there may be more of them.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    fn next_capture(&mut self) -> Option<Result<Capture, Refusal>> {
        if let Some(capture) = self.batch.pop_front() {
            return Some(Ok(capture));
        }
        if self.is_over {
            return None;
        }
        let max = self.state.options.captures_scanned_max;
        if self.scanned >= max {
            return Some(Err(self.stopped(too_many(max))));
        }
        if Instant::now() > self.until {
            return Some(Err(self.stopped(too_long())));
        }
        let left = usize::try_from(max - self.scanned).unwrap_or(usize::MAX);
        let size = self.batch_size.min(left);
        let query = Query { after: self.after.clone(), limit: Some(size), ..self.asking.query() };
        for capture in self.state.reader.query(&query) {
            match capture {
                Ok(capture) => self.batch.push_back(capture),
                Err(why) => {
                    self.is_over = true;
                    return Some(Err(why.into()));
                }
            }
        }
        self.scanned += self.batch.len() as u64;
        self.is_over = self.batch.len() < size;
        self.batch_size = (self.batch_size * 4).min(BATCH_MAX);
        self.batch.pop_front().map(Ok)
    }
}

/// The refusal of a query that takes too long.
fn too_long() -> Refusal {
    Refusal::new(
        StatusCode::GATEWAY_TIMEOUT,
        "reading took longer than serve.request_timeout; request less, or use paging",
    )
}

/// The refusal of a query that reads too much.
pub fn too_many(max: u64) -> Refusal {
    Refusal::bad(format!(
        "{max} captures were read, the maximum (serve.captures_scanned_max); request less, or use paging"
    ))
}

/// A capture as a row, if it matches the query.
pub fn row_of(
    state: &Serve,
    asking: &Asking,
    near: Option<&str>,
    mut capture: Capture,
) -> Result<Option<Row>, Refusal> {
    if !asking.is_row(&capture) || near.is_some_and(|near| !is_near(&capture.urlkey, near)) {
        return Ok(None);
    }
    let mut original = None;
    if capture.kind == RecordKind::Revisit {
        // Its own status is that of the revisit, not of the page.
        capture.status = None;
        if asking.resolve {
            original = state.reader.original_of(&capture)?;
        }
        if let Some(original) = &original {
            capture.status = original.status;
            capture.mime.clone_from(&original.mime);
        }
    }
    let is_asked = asking.filters.iter().all(|filter| filter.matches(&capture));
    Ok(is_asked.then_some(Row { capture, original }))
}

//! Rows as text, piece by piece: the text before the first row, each row, the text after the last.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;

use super::super::body::{Pieces, pieces};
use super::super::reply::{Refusal, put, with_type};
use super::rows::{Row, Rows};
use crate::app::pool::Pool;

/// How many bytes a piece has at least, unless it is the last.
const PIECE: usize = 64 * 1024;

/// How rows are written.
pub trait Form: Send + 'static {
    /// The media type of the answer.
    fn media_type(&self) -> &'static str;
    /// Writes the text before the first row.
    fn begin(&mut self, _out: &mut String) {}
    /// A row.
    fn row(&mut self, row: &Row, out: &mut String);
    /// Writes the text after the last row. `rest` is where the rest of the answer begins, if the answer ended before
    /// its last row and a key was requested.
    fn end(&mut self, _rest: Option<String>, _out: &mut String) {}
}

/// How much of the rows is written.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extent {
    /// Rows that are skipped first.
    pub skip: u64,
    /// Rows that are written at most.
    pub limit: Option<u64>,
    /// Whether the answer ends with where its rest begins.
    pub wants_key: bool,
}

impl Extent {
    /// How many rows are read for it at most.
    pub fn to_read(self) -> Option<u64> {
        // One more row shows whether there is a rest.
        let ahead = self.skip.saturating_add(u64::from(self.wants_key));
        self.limit.map(|limit| limit.saturating_add(ahead))
    }
}

struct Writing<F> {
    rows: Rows,
    form: F,
    extent: Extent,
    written: u64,
    is_begun: bool,
    is_over: bool,
}

impl<F: Form> Writing<F> {
    /// Writes until a piece is full or all is written.
    fn fill(&mut self) -> Result<String, Refusal> {
        let mut out = String::new();
        self.rows.begin_piece();
        if !self.is_begun {
            self.is_begun = true;
            while self.extent.skip > 0 && self.rows.next().transpose()?.is_some() {
                self.extent.skip -= 1;
            }
            self.form.begin(&mut out);
        }
        while out.len() < PIECE && !self.is_over {
            if self.extent.limit.is_some_and(|limit| self.written >= limit) {
                self.end(true, &mut out)?;
                break;
            }
            match self.rows.next() {
                None => self.end(false, &mut out)?,
                Some(Ok(row)) => {
                    self.written += 1;
                    self.form.row(&row, &mut out);
                }
                // With a key the client continues from here.
                Some(Err(_)) if self.extent.wants_key && self.rows.is_stopped() => {
                    self.end(true, &mut out)?;
                }
                Some(Err(refusal)) => return Err(refusal),
            }
        }
        Ok(out)
    }

    fn end(&mut self, is_cut: bool, out: &mut String) -> Result<(), Refusal> {
        self.is_over = true;
        let mut rest = None;
        if is_cut && self.extent.wants_key {
            rest = self.rows.start().map(|start| start.key());
            // Nothing follows the last row.
            if rest.is_some() && !self.rows.has_more() {
                rest = None;
            }
        }
        self.form.end(rest, out);
        Ok(())
    }
}

impl<F: Form> Pieces for Writing<F> {
    fn next(&mut self) -> Option<Result<Bytes, String>> {
        if self.is_over {
            return None;
        }
        Some(self.fill().map(Bytes::from).map_err(|refusal| refusal.reason))
    }
}

/// The answer of these rows in that form. Its first piece is made at once, so that errors are reported by
/// the status.
///
/// # Errors
/// When the archive cannot answer, or more would have to be read than may before the first row.
pub fn answer<F: Form>(
    pool: &Pool,
    rows: Rows,
    form: F,
    extent: Extent,
) -> Result<Response, Refusal> {
    let media_type = form.media_type();
    let mut writing = Writing { rows, form, extent, written: 0, is_begun: false, is_over: false };
    let first = Bytes::from(writing.fill()?);
    let body = if writing.is_over {
        Body::from(first)
    } else {
        pieces(pool, first, Box::new(writing), None)
    };
    let mut response = with_type(StatusCode::OK, media_type, body);
    put(&mut response, CACHE_CONTROL, "no-cache");
    Ok(response)
}

//! Answers in pages of a number of rows. The end of a page is cached, so that the next page need
//! not count to its beginning, and begins there even if the archive has grown since.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::Serve;
use super::super::params::{Params, wrong};
use super::super::reply::Refusal;
use super::ask::{Asking, Order, positive};
use super::resume::Start;
use super::rows::Rows;

/// How many rows `pageSize=1` is: as many lines as a block of the indexes that clients count in.
pub const BLOCK_ROWS: u64 = 3000;
/// `pageSize` without one, and the largest.
const BLOCKS: u64 = 1;
const BLOCKS_MAX: u64 = 20;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 0 on.
    pub number: u64,
    /// How many blocks it has.
    pub blocks: u64,
}

impl Page {
    /// How many rows it has.
    pub fn rows(self) -> u64 {
        self.blocks * BLOCK_ROWS
    }
}

/// `page` and `pageSize`; the first part is none if no page is requested.
///
/// # Errors
/// When one is not a number.
pub fn asked_page(params: &Params) -> Result<(Option<Page>, u64), Refusal> {
    let blocks = positive(params, "pageSize")?.unwrap_or(BLOCKS);
    if blocks > BLOCKS_MAX {
        return Err(wrong("pageSize", &format!("at most {BLOCKS_MAX}"), &blocks.to_string()));
    }
    let number = params.value::<u64>("page", "a whole number of at least 0")?;
    Ok((number.map(|number| Page { number, blocks }), blocks))
}

/// Where pages begin that may be requested next.
#[derive(Debug, Default)]
pub struct PageStarts(Mutex<VecDeque<((String, u64), Start)>>);

/// At most this many are remembered.
const REMEMBERED_MAX: usize = 1024;

impl PageStarts {
    /// The latest page not after this one whose beginning is known, and that.
    fn known(&self, asking: &str, number: u64) -> Option<(u64, Start)> {
        // The data behind the lock is always consistent.
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_query = known.iter().filter(|((query, page), _)| query == asking && *page <= number);
        let nearest = of_query.max_by_key(|((_, page), _)| *page)?;
        Some((nearest.0.1, nearest.1.clone()))
    }

    /// Stores where a page begins.
    pub fn keep(&self, asking: &str, number: u64, start: Start) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|((query, page), _)| query != asking || *page != number);
        known.push_back(((asking.to_owned(), number), start));
        if known.len() > REMEMBERED_MAX {
            known.pop_front();
        }
    }
}

/// Distinguishes the pages of a query from those of others.
pub fn identity(asking: &Asking, page: Page) -> String {
    format!("{}\n{}", asking.identity, page.blocks)
}

/// The rows of a page and those after it. `None` if the page is after the last row and is not the
/// first.
///
/// # Errors
/// When the archive cannot answer, or more would have to be read than may.
pub fn rows_of(
    state: &Arc<Serve>,
    asking: &Arc<Asking>,
    page: Page,
) -> Result<Option<Rows>, Refusal> {
    let identity = identity(asking, page);
    let (number, mut rows) = match state.page_starts.known(&identity, page.number) {
        Some((number, start)) if !matches!(asking.order, Order::Closest(_)) => {
            (number, Rows::new(state, asking, Some(&start)))
        }
        _ => (0, Rows::new(state, asking, None)),
    };
    let mut skip = (page.number - number).saturating_mul(page.rows());
    while skip > 0 {
        match rows.next().transpose()? {
            Some(_) => skip -= 1,
            None => return Ok(None),
        }
    }
    if let Some(start) = rows.start().filter(|_| page.number > number) {
        state.page_starts.keep(&identity, page.number, start.clone());
        rows = Rows::new(state, asking, Some(&start));
    }
    Ok(Some(rows))
}

/// How many rows there are in all.
///
/// # Errors
/// As [`rows_of`].
pub fn count(state: &Arc<Serve>, asking: &Arc<Asking>) -> Result<u64, Refusal> {
    let mut rows = Rows::new(state, asking, None);
    let mut count = 0;
    while rows.next().transpose()?.is_some() {
        count += 1;
    }
    Ok(count)
}

//! Rows by their distance from a time, the earlier of two that are equally far first.
//!
//! For one address the index gives them in that order. For several, all are read and the nearest kept.

use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use super::super::Serve;
use super::super::reply::Refusal;
use super::ask::Asking;
use super::ask::Order;
use super::rows::{Row, Rows, row_of, too_many};
use crate::archive::{Query, Sort};
use crate::base::Timestamp;

/// How many rows are kept at most.
const KEPT_MAX: usize = Query::CLOSEST_KEPT_MAX;

/// The rows closest to `at`, among the closest `captures_max` captures; and whether there are no
/// further rows.
///
/// # Errors
/// When the archive cannot answer, or more would have to be read than may.
pub fn rows(
    state: &Arc<Serve>,
    asking: &Arc<Asking>,
    at: Timestamp,
    near: Option<&str>,
    captures_max: usize,
) -> Result<(VecDeque<Row>, bool), Refusal> {
    let query = Query { sort: Sort::Closest(at), limit: Some(captures_max), ..asking.query() };
    if query.names_one_key() {
        let max = state.options.captures_scanned_max;
        let mut found = VecDeque::new();
        let mut scanned = 0;
        for capture in state.reader.query(&query) {
            if found.len() >= KEPT_MAX {
                return Ok((found, true));
            }
            if scanned as u64 >= max {
                return Err(too_many(max));
            }
            scanned += 1;
            found.extend(row_of(state, asking, near, capture?)?);
        }
        return Ok((found, scanned < captures_max));
    }
    let all = Asking { order: Order::Ascending, collapse: Vec::new(), ..(**asking).clone() };
    let mut all = Rows::new(state, &Arc::new(all), None);
    let mut kept: BinaryHeap<Kept> = BinaryHeap::new();
    let mut number = 0;
    while let Some(row) = all.next() {
        let row = row?;
        if near.is_some_and(|near| !crate::base::surt::is_near(&row.capture.urlkey, near)) {
            continue;
        }
        number += 1;
        let date = row.capture.date;
        let far = (date.unix_micros().abs_diff(at.unix_micros()), date, number);
        kept.push(Kept { far, row });
        if kept.len() > KEPT_MAX {
            kept.pop();
        }
    }
    Ok((kept.into_sorted_vec().into_iter().map(|kept| kept.row).collect(), true))
}

struct Kept {
    far: (u64, Timestamp, u64),
    row: Row,
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        self.far == other.far
    }
}

impl Eq for Kept {}

impl PartialOrd for Kept {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Kept {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.far.cmp(&other.far)
    }
}

//! What comes next, and why then.

use crate::crawl::DueLine;

/// What comes next, soonest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// A line for each URL, in the fields of the contract.
    pub lines: Vec<DueLine>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// The first `limit` of these lines, by time; of each list there may be one more than is asked for.
#[must_use]
pub fn due(mut lines: Vec<DueLine>, limit: usize) -> Due {
    // WARC-Dates sort as their times do.
    lines.sort_by(|a, b| a.at.cmp(&b.at));
    let is_cut = lines.len() > limit;
    lines.truncate(limit);
    Due { lines, is_cut }
}

//! What comes next, as text.

use super::Table;
use crate::base::Timestamp;
use crate::crawl::DueLine;

/// A row for each URL.
#[must_use]
pub fn table(lines: &[DueLine], now: Timestamp) -> Table {
    let now = now.to_warc_date();
    let rows = lines.iter().map(|line| {
        let when = if line.at <= now { "now".to_owned() } else { seconds(&line.at) };
        vec![when, line.list.clone(), line.url.clone(), line.because.clone()]
    });
    Table { head: &["when (UTC)", "list", "URL", "because"], right: &[], rows: rows.collect() }
}

/// A WARC-Date without its fraction of a second.
fn seconds(date: &str) -> String {
    Timestamp::parse(date).map_or_else(|| date.to_owned(), Timestamp::to_rfc3339)
}

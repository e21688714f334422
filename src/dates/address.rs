//! The date in an address. Only the path is read: hosts and queries hold other numbers.

use jiff::civil::Date;

use super::names::{Reach, month_of};
use super::{PageTime, civil, day_of, day_only};

/// The date in an address: `/2025/11/04/`, `/2025-11-04-`, `/20251104/`.
#[must_use]
pub fn in_url(url: &str) -> Option<PageTime> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.get(path.find('/')?..)?;
    let path = path.split(['?', '#']).next()?;
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit());
        if !starts {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let found = match run {
            4 => dated_path(path.get(at..)?),
            8 => compact(path.get(at..at + 8)?),
            _ => None,
        };
        if let Some(date) = found.filter(|d| (1990..=2100).contains(&d.year())) {
            return Some(day_only(date));
        }
        at += run;
    }
    None
}

fn compact(digits: &str) -> Option<Date> {
    day_of(
        digits.get(..4)?.parse().ok()?,
        digits.get(4..6)?.parse().ok()?,
        digits.get(6..8)?.parse().ok()?,
    )
}

fn dated_path(path: &str) -> Option<Date> {
    let year: u32 = path.get(..4)?.parse().ok()?;
    let mark = path.get(4..5)?;
    if !matches!(mark, "/" | "-" | "_" | ".") {
        return None;
    }
    let (month, rest) = path.get(5..)?.split_once(mark)?;
    let month = month.parse().ok().or_else(|| month_of(month, "", Reach::Prose))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if !(1..=2).contains(&end) {
        return None;
    }
    civil(year, month, rest.get(..end)?.parse().ok()?)
}

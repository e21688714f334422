//! Dates written for machines: ISO 8601 and RFC 3339 and the ways pages miss them, HTTP dates
//! (RFC 9110, section 5.6.7), seconds and milliseconds since 1970.

use super::clock::clock_of;
use super::human::{find_human, find_month};
use super::{Order, YEAR_MAX, at_time, day_of, day_only, month_only};
use crate::base::Timestamp;
use crate::extract::page::PageTime;

/// A date and time written for machines: of an attribute or of JSON. A month without a day stays
/// one (`2025-11`).
#[must_use]
pub fn parse_machine(text: &str) -> Option<PageTime> {
    parse_machine_in(text, Order::MonthFirst)
}

/// As [`parse_machine`], with the order of numbers that the language of the page expects: attributes
/// too are filled with what the site's template shows to readers.
#[must_use]
pub fn parse_machine_in(text: &str, order: Order) -> Option<PageTime> {
    let text = text.trim();
    if text.len() < 4 || text.len() > 80 {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.len() {
            8 => parse_iso(text),
            10 => from_epoch(text.parse().ok()?),
            13 => from_epoch(text.parse::<i64>().ok()? / 1000),
            _ => None,
        };
    }
    if let Some(found) = parse_iso(text) {
        return Some(found);
    }
    if text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && text.contains(':')
        && let Some(at) = Timestamp::parse_http_date(text)
        && (text.ends_with("GMT") || text.ends_with("UTC") || text.ends_with("+0000"))
    {
        return Some(PageTime { text: at.to_rfc3339(), instant: at, day_only: false });
    }
    find_human(text, order).or_else(|| month_of_machine(text)).or_else(|| find_month(text))
}

fn from_epoch(seconds: i64) -> Option<PageTime> {
    let instant = Timestamp::from_unix_seconds(seconds);
    let year: i16 = instant.to_rfc3339().get(..4)?.parse().ok()?;
    (1995..=YEAR_MAX).contains(&year).then(|| PageTime {
        text: instant.to_rfc3339(),
        instant,
        day_only: false,
    })
}

/// `2025-11-04`, `2025/11/4`, `20251104`, with or without a time and an offset in any spelling.
fn parse_iso(text: &str) -> Option<PageTime> {
    let bytes = text.as_bytes();
    let year: i16 = text.get(..4)?.parse().ok()?;
    let (month, day, rest) = if bytes.get(4).is_some_and(u8::is_ascii_digit) {
        (text.get(4..6)?, text.get(6..8)?, text.get(8..)?)
    } else {
        let mark = text.get(4..5)?;
        if !matches!(mark, "-" | "/" | ".") {
            return None;
        }
        let (month, rest) = text.get(5..)?.split_once(mark)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        (month, rest.get(..end)?, rest.get(end..)?)
    };
    let date = day_of(year, month.parse().ok()?, day.parse().ok()?)?;
    let rest = rest.trim_start_matches(['T', 't', ' ', ',', 'Z']);
    match clock_of(rest) {
        Some((hour, minute, second, zone)) => at_time(date, hour, minute, second, zone),
        None => Some(day_only(date)),
    }
}

/// `2025-11`, `2025/11`, with nothing after it.
fn month_of_machine(text: &str) -> Option<PageTime> {
    let (year, month) = text.split_once(['-', '/'])?;
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !is_number(year) || !is_number(month) {
        return None;
    }
    month_only(day_of(year.parse().ok()?, month.parse().ok()?, 1)?)
}

//! Dates written for machines: ISO 8601 and RFC 3339, RFC 822 and HTTP dates (RFC 9110, section 5.6.7),
//! the default formats of programming languages, seconds and milliseconds since 1970, and the ways in which pages,
//! feeds and sitemaps deviate from all of these.

use jiff::civil::{Date, ISOWeekDate, Weekday};

use super::clock::{Clock, clock_of, find_clock};
use super::digits::ascii_digits;
use super::human::{clock_behind, find_in_field};
use super::{
    PageTime, Style, YEAR_MAX, at_time, day_of, day_only, find_month, instant, month_only,
};
use crate::base::Timestamp;

/// Longer texts are not dates.
const FIELD_BYTES_MAX: usize = 80;

/// What was read of a field.
#[derive(Debug, Clone, Copy)]
enum Field {
    /// ISO 8601 or an instant: a clock time without a zone is UTC, since these forms demand one.
    Exact(Date, Option<Clock>),
    /// Written as for people: a clock time counts for a page only next to a zone.
    Loose(Date, Option<Clock>),
    /// The first day of a month or of a year that is given without a day.
    Month(Date),
    Year(Date),
}

/// A date and time written for machines: of an attribute or of JSON. A month without a day stays
/// one (`2025-11`).
#[must_use]
pub fn parse_machine(text: &str) -> Option<PageTime> {
    parse_machine_in(text, Style::of_language(""))
}

/// As [`parse_machine`], with the order of numbers and the names of months that the language of the page
/// expects: attributes too are filled with what the site's template shows to readers.
#[must_use]
pub fn parse_machine_in(text: &str, style: impl Into<Style>) -> Option<PageTime> {
    let style = style.into();
    match read(text, style)? {
        Field::Exact(date, Some(clock)) => at_time(date, clock),
        Field::Loose(date, Some(clock)) if clock.zone.is_some() => at_time(date, clock),
        Field::Exact(date, None) | Field::Loose(date, _) => Some(day_only(date)),
        Field::Month(first) => month_only(first),
        // A year alone, as a page declares it, is less precise than the dates in its lines.
        Field::Year(_) => None,
    }
}

/// The instant that a feed or a sitemap gives for an entry: the start of the given period, in UTC where no
/// zone is given. `None` for text that is not a date and for what programs write for a missing date (1970, year 1).
///
/// It is compared with the date that the same source gives for the same entry at another time.
#[must_use]
pub fn instant_of(text: &str, style: impl Into<Style>) -> Option<Timestamp> {
    match read(text, style.into())? {
        Field::Exact(date, clock) | Field::Loose(date, clock) => {
            let clock = clock.unwrap_or(Clock::MIDNIGHT);
            instant(date, clock).map(|(at, _)| at)
        }
        Field::Month(first) | Field::Year(first) => {
            instant(first, Clock::MIDNIGHT).map(|(at, _)| at)
        }
    }
}

fn read(text: &str, style: Style) -> Option<Field> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if text.len() < 4 || text.len() > FIELD_BYTES_MAX {
        return None;
    }
    let text = ascii_digits(&text);
    let found = of_number(&text)
        .or_else(|| iso(&text))
        .or_else(|| loose(&text, style))
        .or_else(|| month_of_machine(&text).map(Field::Month))
        .or_else(|| named_month(&text, style).map(Field::Month))
        .or_else(|| year_alone(&text).map(Field::Year))?;
    (!found.is_placeholder()).then_some(found)
}

impl Field {
    /// Whether it is a placeholder that programs write for a missing date: the start of their epoch.
    fn is_placeholder(&self) -> bool {
        let (Self::Exact(date, clock) | Self::Loose(date, clock)) = self else { return false };
        let is_midnight = clock.is_none_or(|c| (c.hour, c.minute, c.second) == (0, 0, 0));
        let day = (date.year(), date.month(), date.day());
        match day {
            // Of Unix, in any zone; of OLE and Excel; of SQL Server.
            (1970, 1, 1) | (1969, 12, 31) => true,
            (1899, 11 | 12, 30) | (1899, 12, 31) | (1900, 1, 1) => is_midnight,
            _ => false,
        }
    }
}

/// Digits alone: `20251104`, `20251104093000`, and counts since 1970.
fn of_number(text: &str) -> Option<Field> {
    let text = text.strip_prefix('@').unwrap_or(text);
    // `/Date(1725530400000)/` is what .NET makes of a time in JSON.
    let inner = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/"));
    let text = inner.map_or(text, |t| t.split(['+', '-']).next().unwrap_or(t));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    if !fraction.is_empty() {
        return (whole.len() == 10).then(|| since_1970(whole.parse().ok()?)).flatten();
    }
    let compact = |digits: &str| {
        let date = day_of(
            digits.get(..4)?.parse().ok()?,
            digits.get(4..6)?.parse().ok()?,
            digits.get(6..8)?.parse().ok()?,
        )?;
        match digits.get(8..).filter(|rest| !rest.is_empty()) {
            Some(rest) => {
                Some(Field::Exact(date, Some(clock_of(rest.get(..6).unwrap_or(rest), true)?)))
            }
            None => Some(Field::Exact(date, None)),
        }
    };
    match whole.len() {
        8 | 12 | 14 | 17 => compact(whole),
        // As a count of seconds, what begins with "20" is in 2033 and later.
        10 if whole.starts_with("20") && compact(whole).is_some() => compact(whole),
        10 => since_1970(whole.parse().ok()?),
        13 => since_1970(whole.parse::<i64>().ok()? / 1_000),
        16 => since_1970(whole.parse::<i64>().ok()? / 1_000_000),
        19 => since_1970(whole.parse::<i64>().ok()? / 1_000_000_000),
        _ => None,
    }
}

fn since_1970(seconds: i64) -> Option<Field> {
    let at = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    let clock = Clock {
        hour: at.hour(),
        minute: at.minute(),
        second: at.second(),
        zone: Some(0),
        ..Clock::MIDNIGHT
    };
    (1995..=YEAR_MAX).contains(&at.year()).then_some(Field::Exact(at.date(), Some(clock)))
}

/// `2025-11-04`, `2025/11/4`, `20251104`, `2025-W45-2`, `2025-308`, with or without a time and an offset in
/// any spelling.
fn iso(text: &str) -> Option<Field> {
    let (date, rest) = iso_day(text)?;
    let is_iso = rest.starts_with(['T', 't']);
    let rest = rest.trim_start_matches(['T', 't', ' ', ',', 'Z']);
    match clock_of(rest, is_iso) {
        Some(clock) => Some(Field::Exact(date, Some(clock))),
        // "2025-11-04 - 09:30", "2025/11/04 (Tue) 09:30".
        None => {
            let clock = find_clock(rest).map(|(_, clock)| clock).or_else(|| clock_behind(rest));
            Some(clock.map_or(Field::Exact(date, None), |clock| Field::Loose(date, Some(clock))))
        }
    }
}

/// The day that a text begins with, and what follows it.
fn iso_day(text: &str) -> Option<(Date, &str)> {
    let bytes = text.as_bytes();
    let year: i16 =
        text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    if bytes.get(4).is_some_and(u8::is_ascii_digit) {
        let date = day_of(year, text.get(4..6)?.parse().ok()?, text.get(6..8)?.parse().ok()?)?;
        return Some((date, text.get(8..)?));
    }
    if let Some(found) = week(year, text.get(4..)?).or_else(|| ordinal(year, text.get(4..)?)) {
        return Some(found);
    }
    let mark = text.get(4..5)?;
    if !matches!(mark, "-" | "/" | ".") {
        return None;
    }
    let (month, rest) = text.get(5..)?.split_once(mark)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    // "2025-11-0409:30:00": the sign between day and time was lost.
    let end = if end > 2 { 2 } else { end };
    let date = day_of(year, month.parse().ok()?, rest.get(..end)?.parse().ok()?)?;
    Some((date, rest.get(end..)?))
}

/// `-W45-2`, `W452`, `-W45`: ISO 8601-1, section 5.2.4.
fn week(year: i16, text: &str) -> Option<(Date, &str)> {
    let text = text.strip_prefix('-').unwrap_or(text).strip_prefix('W')?;
    let week: i8 = text.get(..2)?.parse().ok()?;
    let rest = text.get(2..)?;
    let behind = rest.strip_prefix('-').unwrap_or(rest);
    let (day, rest) = match behind.bytes().next().filter(u8::is_ascii_digit) {
        Some(digit) => ((digit - b'0').cast_signed(), behind.get(1..)?),
        None => (1, rest),
    };
    let day = Weekday::from_monday_one_offset(day).ok()?;
    let date = ISOWeekDate::new(year, week, day).ok()?.date();
    Some((day_of(date.year(), date.month(), date.day())?, rest))
}

/// `-308`: the day of the year, ISO 8601-1, section 5.2.3.
fn ordinal(year: i16, text: &str) -> Option<(Date, &str)> {
    let text = text.strip_prefix('-')?;
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    if end != 3 || text[end..].starts_with(['-', '/', '.']) {
        return None;
    }
    let first = day_of(year, 1, 1)?;
    let date = first.with().day_of_year(text[..3].parse().ok()?).build().ok()?;
    Some((date, &text[end..]))
}

/// RFC 822 and what is written as for people: `Tue, 04 Nov 2025 09:30:00 GMT`, `Nov 4, 2025 9:30 AM`,
/// `04.11.2025 09:30`, `Tue Nov  4 09:30:00 CET 2025`. The clock time may be anywhere.
fn loose(text: &str, style: Style) -> Option<Field> {
    if let Some((range, clock)) = find_clock(text) {
        let around = format!("{} {}", &text[..range.start], &text[range.end..]);
        if let Some((date, _)) = find_in_field(&around, style) {
            return Some(Field::Loose(date, Some(clock)));
        }
    }
    let (date, range) = find_in_field(text, style)?;
    Some(Field::Loose(date, clock_behind(&text[range.end..])))
}

/// `2025-11`, `2025/11`, with nothing after it.
fn month_of_machine(text: &str) -> Option<Date> {
    let (year, month) = text.split_once(['-', '/'])?;
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !is_number(year) || !is_number(month) {
        return None;
    }
    day_of(year.parse().ok()?, month.parse().ok()?, 1)
}

fn named_month(text: &str, style: Style) -> Option<Date> {
    let found = find_month(text, style)?;
    let month = found.text.get(5..7)?.parse().ok()?;
    day_of(found.text.get(..4)?.parse().ok()?, month, 1)
}

fn year_alone(text: &str) -> Option<Date> {
    if text.len() != 4 {
        return None;
    }
    day_of(text.parse().ok()?, 1, 1)
}

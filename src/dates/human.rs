//! Dates written for people: day, month and year with the month's name, and numbers alone.
//!
//! Owns where in a text the first date stands. The parts of a date are in [`parts`].

mod parts;
mod tokens;

use std::ops::Range;

use jiff::civil::Date;

use super::clock::{Clock, clock_of, half_of_the_day_before};
use super::digits::{ascii_digits, digit_of};
use super::names::Reach;
use super::{PageTime, Style, at_time, civil, day_only, month_only};
pub(super) use parts::Numbers;
use parts::{Reader, month_at, number};
use tokens::tokens;

/// How much of a text is searched for a human date, in bytes.
const SEARCH_BYTES_MAX: usize = 400;

/// The first date in a text written for people.
#[must_use]
pub fn find_human(text: &str, style: impl Into<Style>) -> Option<PageTime> {
    find_human_at(text, style).map(|(found, _)| found)
}

/// The first date in a text, and which bytes of the text are its day, month and year.
#[must_use]
pub fn find_human_at(text: &str, style: impl Into<Style>) -> Option<(PageTime, Range<usize>)> {
    let text = searched(text);
    let (date, range) = find(text, style.into(), Reach::Prose)?;
    Some((with_clock(date, &text[range.end..]), range))
}

/// The first date in a field that holds a date and little else, and where it is.
pub(super) fn find_in_field(text: &str, style: Style) -> Option<(Date, Range<usize>)> {
    find(searched(text), style, Reach::Field)
}

fn searched(text: &str) -> &str {
    &text[..text.floor_char_boundary(SEARCH_BYTES_MAX)]
}

fn find(text: &str, style: Style, reach: Reach) -> Option<(Date, Range<usize>)> {
    // Dates without a digit are those in Chinese words.
    if !text.contains(|c: char| digit_of(c).is_some() || c == '年') {
        return None;
    }
    let tokens = tokens(text);
    let reader = Reader { style, reach };
    (0..tokens.len()).find_map(|at| {
        let (date, used) = reader.date_at(&tokens, at)?;
        let end = tokens.get(at + used - 1).map_or(text.len(), |token| token.end);
        Some((date, tokens[at].start..end))
    })
}

/// The first month of a year that a text names, where it names no day: "June 2022".
#[must_use]
pub fn find_month(text: &str, style: impl Into<Style>) -> Option<PageTime> {
    let (text, style) = (searched(text), style.into());
    let tokens = tokens(text);
    (0..tokens.len()).find_map(|at| {
        let month = month_at(&tokens, at, style, Reach::Prose)?;
        let (year, 4) = number(tokens.get(at + month.used))? else { return None };
        month_only(civil(year, month.value, 1)?)
    })
}

/// The numbers of a date in a text without a month's name; they may be evidence for the order of numbers.
pub(super) fn numbers_in(text: &str, style: Style) -> Option<Numbers> {
    let tokens = tokens(searched(text));
    (0..tokens.len()).find_map(|at| Numbers::at(&tokens, at, style))
}

/// Adds the clock time that follows, where it has a zone.
fn with_clock(date: Date, rest: &str) -> PageTime {
    match clock_behind(rest) {
        Some(clock) if clock.zone.is_some() => {
            at_time(date, clock).unwrap_or_else(|| day_only(date))
        }
        _ => day_only(date),
    }
}

/// The clock time that follows a date: "at 9:30 a.m. EST", "à 9h30", "kl. 17.42", "下午5:42".
pub(super) fn clock_behind(rest: &str) -> Option<Clock> {
    let near: String = rest.chars().take(40).collect();
    let near = ascii_digits(&near);
    let at = near.find(|c: char| c.is_ascii_digit())?;
    let (gap, rest) = near.split_at(at);
    if gap.chars().count() > 12 {
        return None;
    }
    // French writes 9h30, German and Italian 9.30.
    let mut text = rest.to_owned();
    let mark = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    if text[mark..].starts_with(['h', '.']) {
        text.replace_range(mark..=mark, ":");
    }
    let clock = clock_of(&text, false)?;
    half_of_the_day_before(gap, clock)
}

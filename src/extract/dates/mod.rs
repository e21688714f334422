//! Dates as pages write them, for machines and for people.
//!
//! Machine forms ([`machine`]): RFC 3339 and the ways pages miss it, HTTP dates, seconds since 1970.
//! Human forms ([`human`]): day, month and year with the month's name in the main languages of the
//! press, and numeric dates, whose order the language decides. Addresses ([`address`]). A clock time
//! ([`clock`]) counts only beside a zone that is known: else the day is all that is sure. Nothing here
//! knows today's date.

mod address;
mod clock;
mod human;
mod machine;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

pub use address::in_url;
pub use human::{find_human, find_human_at, find_month};
pub use machine::{parse_machine, parse_machine_in};

use super::page::PageTime;
use crate::base::Timestamp;

/// Years before this are no dates of web pages (a newspaper's archive may go back far).
const YEAR_MIN: i16 = 1800;
/// Years after this are no dates of publication.
const YEAR_MAX: i16 = 2100;

/// Which number comes first in `04/11/2025`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Day, month, year: most of the world.
    #[default]
    DayFirst,
    /// Month, day, year: the United States.
    MonthFirst,
}

impl Order {
    /// The order that readers of a language expect; English without a region is taken for American.
    #[must_use]
    pub fn of_language(tag: &str) -> Self {
        let lower = tag.to_ascii_lowercase();
        match lower.as_str() {
            "" | "en" | "en-us" | "en_us" | "es-us" | "fil" | "en-ph" => Self::MonthFirst,
            _ => Self::DayFirst,
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::DayFirst => Self::MonthFirst,
            Self::MonthFirst => Self::DayFirst,
        }
    }
}

/// Whether a text begins as ISO 8601 has it, `2025-11-04`.
#[must_use]
pub fn is_year_first(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..4).all(is_digit) && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-')
}

/// A month of which no day is said.
fn month_only(first: Date) -> Option<PageTime> {
    let mut time = day_only(first);
    time.text.truncate(7);
    (time.text.len() == 7).then_some(time)
}

fn day_of(year: i16, month: i8, day: i8) -> Option<Date> {
    if !(YEAR_MIN..=YEAR_MAX).contains(&year) {
        return None;
    }
    Date::new(year, month, day).ok()
}

fn civil(year: u32, month: u32, day: u32) -> Option<Date> {
    day_of(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
}

/// A bare day.
#[must_use]
pub fn day_only(date: Date) -> PageTime {
    let seconds = DateTime::from(date)
        .to_zoned(TimeZone::UTC)
        .map_or(0, |zoned| zoned.timestamp().as_second());
    PageTime {
        text: date.to_string(),
        instant: Timestamp::from_unix_seconds(seconds),
        day_only: true,
    }
}

/// `offset` in seconds east; none is read as UTC, since the form demands one.
fn at_time(date: Date, hour: i8, minute: i8, second: i8, offset: Option<i32>) -> Option<PageTime> {
    let at = date.at(hour, minute, second, 0);
    let offset = offset.unwrap_or(0);
    let zone = Offset::from_seconds(offset).ok()?;
    let stamp = zone.to_timestamp(at).ok()?;
    let zone_text = if offset == 0 {
        "Z".to_owned()
    } else {
        let sign = if offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", offset.abs() / 3600, offset.abs() / 60 % 60)
    };
    Some(PageTime {
        text: format!("{date}T{hour:02}:{minute:02}:{second:02}{zone_text}"),
        instant: Timestamp::from_unix_seconds(stamp.as_second()),
        day_only: false,
    })
}

#[cfg(test)]
mod tests;

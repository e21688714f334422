//! The one reader of dates: for pages, feeds and sitemaps.
//!
//! In reading order: what the words mean ([`names`]), digits of all scripts ([`digits`]), years of other
//! calendars ([`calendars`]), clock times and zones ([`clock`]); then the forms: ISO 8601, RFC 3339, RFC
//! 822 and deviations from them ([`machine`]), dates in texts written for people ([`human`]), dates in
//! addresses ([`address`]). Which number is the day in `04/11/2025` is a [`Style`]: of the language, or
//! decided by the other dates of the same source ([`style`]).
//!
//! A found date is read in two ways. A page's date keeps only what is given ([`PageTime`]): a clock
//! time written for people counts only next to a zone that is known. The instant of a feed's or sitemap's
//! date ([`instant_of`]) counts a time without a zone as UTC, since it is compared only with what
//! the same source says at other times. No code here knows today's date, and text
//! relative to it ("2 hours ago") is not read.

mod address;
mod calendars;
mod clock;
mod digits;
mod human;
mod machine;
pub mod names;
mod style;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

pub use address::in_url;
pub(crate) use digits::digit_of;
pub use human::{find_human, find_human_at, find_month};
pub use machine::{instant_of, parse_machine, parse_machine_in};
pub use names::{is_month_name, names_a_weekday};
pub use style::{Order, Style};

use crate::base::Timestamp;
use clock::Clock;

/// Years before this are not dates of web pages (a newspaper's archive may go back far).
const YEAR_MIN: i16 = 1800;
/// Years after this are not dates of publication.
const YEAR_MAX: i16 = 2100;

/// A time as a page declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageTime {
    /// RFC 3339 with the declared offset (or `Z`), a bare date `2025-11-04` where only a day is said,
    /// or `2025-11` where only a month is.
    pub text: String,
    /// The instant; the start of the day or of the month (UTC) for a bare one.
    pub instant: Timestamp,
    /// Whether there is no clock time: only a day, or only a month, is known.
    pub day_only: bool,
}

/// Whether a text begins as ISO 8601 has it, `2025-11-04`.
#[must_use]
pub fn is_year_first(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..4).all(is_digit) && bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-')
}

/// A month without a day.
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

/// A day of the Gregorian calendar; a year of the Buddhist era is converted to it.
fn civil(year: u32, month: u32, day: u32) -> Option<Date> {
    let year = calendars::common_year(year);
    day_of(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
}

/// The year that two digits stand for: the web's pages are of 1970 and later (POSIX `strptime`, `%y`,
/// draws the line at 69, too).
fn year_of_two_digits(year: u32) -> u32 {
    if year < 70 { 2000 + year } else { 1900 + year }
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

/// The instant, where no zone is read as UTC, and the offset that it was read with.
fn instant(date: Date, clock: Clock) -> Option<(Timestamp, i32)> {
    let date = if clock.is_end_of_day { date.checked_add(1.day()).ok()? } else { date };
    let at = date.at(clock.hour, clock.minute, clock.second, clock.micros.checked_mul(1_000)?);
    let offset = clock.zone.unwrap_or(0);
    let stamp = Offset::from_seconds(offset).ok()?.to_timestamp(at).ok()?;
    Some((Timestamp::from_unix_micros(stamp.as_microsecond()), offset))
}

/// A day and a time, in whole seconds; no zone is read as UTC.
fn at_time(date: Date, clock: Clock) -> Option<PageTime> {
    let (at, offset) = instant(date, clock)?;
    let date = if clock.is_end_of_day { date.checked_add(1.day()).ok()? } else { date };
    let zone_text = if offset == 0 {
        "Z".to_owned()
    } else {
        let sign = if offset < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", offset.abs() / 3600, offset.abs() / 60 % 60)
    };
    Some(PageTime {
        text: format!(
            "{date}T{:02}:{:02}:{:02}{zone_text}",
            clock.hour, clock.minute, clock.second
        ),
        instant: at.floor_second(),
        day_only: false,
    })
}

#[cfg(test)]
mod tests;

//! Capture time, in the four forms that are in use: WARC-Date, 14 digits, HTTP date, RFC 3339.
//!
//! An instant has microseconds, since that is what we write into `WARC-Date`. A stamp of fewer
//! digits than 14 is not an instant but a period; [`TimeRange`] says which.

use std::fmt;
use std::time::Duration;

use jiff::civil;
use jiff::tz::TimeZone;

/// An instant in UTC, in microseconds since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

/// A period of time: from `start` to just before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The first instant in it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

/// Why a text is not a time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a time such as 20251104, 2025-11-04, 2025-11-04T09:30:00Z, \"yesterday\" or \"3 days ago\", but found {0:?}"
)]
pub struct TimestampError(String);

const SECOND: i64 = 1_000_000;

impl Timestamp {
    /// The instant this many microseconds after 1970, UTC.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant this many seconds after 1970, UTC.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(SECOND))
    }

    /// Microseconds since 1970, UTC.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// This instant and `by` more.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This instant less `by`.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The instant at the start of its second.
    #[must_use]
    pub fn floor_second(self) -> Self {
        Self(self.0.div_euclid(SECOND) * SECOND)
    }

    fn civil(self) -> civil::DateTime {
        // Every i64 that a WARC can name is within jiff's range; one that does not is shown as 1970.
        jiff::Timestamp::from_microsecond(self.0)
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(TimeZone::UTC)
            .datetime()
    }

    fn from_civil(at: civil::DateTime) -> Option<Self> {
        at.to_zoned(TimeZone::UTC).ok().map(|z| Self(z.timestamp().as_microsecond()))
    }

    /// `2025-11-05T00:00:00.123456Z`: the form of `WARC-Date` (WARC/1.1 section 5.4), always with
    /// six digits of fraction.
    #[must_use]
    pub fn to_warc_date(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second(),
            c.subsec_nanosecond() / 1_000
        )
    }

    /// `2025-11-05T00:00:00Z`: RFC 3339 in whole seconds.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second()
        )
    }

    /// `20251105000000`: the stamp of CDX lines and archival URLs.
    #[must_use]
    pub fn to_stamp14(self) -> String {
        let c = self.civil();
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second()
        )
    }

    /// `20251105000000123`: 14 digits and milliseconds, the stamp of WARC file names.
    #[must_use]
    pub fn to_stamp17(self) -> String {
        format!("{}{:03}", self.to_stamp14(), self.0.rem_euclid(SECOND) / 1_000)
    }

    /// `Wed, 05 Nov 2025 00:00:00 GMT`: IMF-fixdate (RFC 9110 section 5.6.7).
    #[must_use]
    pub fn to_http_date(self) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let c = self.civil();
        let day = usize::from(c.weekday().to_monday_zero_offset().unsigned_abs()) % 7;
        let month = usize::from(c.month().unsigned_abs()).saturating_sub(1) % 12;
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
            DAYS[day],
            c.day(),
            MONTHS[month],
            c.year(),
            c.hour(),
            c.minute(),
            c.second()
        )
    }

    /// Reads RFC 3339, a `WARC-Date` of any precision, or 14 digits, as one instant (the start of
    /// the period where the text names a period). `None` when it is none of these.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        TimeRange::parse_absolute(text).map(|range| range.start)
    }

    /// Reads an HTTP date in its three forms (RFC 9110 section 5.6.7) and the usual slips of
    /// servers (`UTC`, `+0000`, a missing weekday). `None` when it is none.
    #[must_use]
    pub fn parse_http_date(text: &str) -> Option<Self> {
        const MONTHS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
        let month_of = |word: &str| {
            let head = word.get(..3)?.to_ascii_lowercase();
            let at = MONTHS.find(&head)?;
            at.is_multiple_of(3).then_some(i8::try_from(at / 3 + 1).ok()?)
        };
        let (mut day, mut month, mut year, mut clock) = (None, None, None, None);
        for word in text.split(|c: char| c.is_ascii_whitespace() || c == ',' || c == '-') {
            if word.contains(':') {
                let mut parts = word.split(':').map(|p| p.parse::<i8>().ok());
                clock = Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)));
            } else if let Ok(number) = word.parse::<i16>() {
                if word.starts_with('+') {
                    continue;
                }
                match (word.len(), day) {
                    (1 | 2, None) => day = i8::try_from(number).ok(),
                    (2, Some(_)) => year = Some(number + if number < 70 { 2000 } else { 1900 }),
                    (4, _) => year = Some(number),
                    _ => return None,
                }
            } else if let Some(found) = month_of(word) {
                month = Some(found);
            }
        }
        let (hour, minute, second) = clock?;
        // A leap second is written 60; civil time has no place for it.
        let at = civil::DateTime::new(year?, month?, day?, hour, minute, second.min(59), 0).ok()?;
        Self::from_civil(at)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_warc_date())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_warc_date())
    }
}

impl TimeRange {
    /// All of time.
    pub const ALL: Self = Self { start: Timestamp(i64::MIN), end: Timestamp(i64::MAX) };

    /// From the start of one period to the end of another; without limit where one is not given.
    #[must_use]
    pub fn from_to(from: Option<Self>, to: Option<Self>) -> Self {
        Self {
            start: from.map_or(Self::ALL.start, |from| from.start),
            end: to.map_or(Self::ALL.end, |to| to.end),
        }
    }

    /// Whether `at` is in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// Reads a time as a person writes it on the command line: 1 to 14 digits (a prefix means the
    /// whole period), RFC 3339, a date, `now`, `today`, `yesterday`, or `3 days ago` (seconds to
    /// years). All in UTC.
    ///
    /// # Errors
    /// When it is none of these, or names a day that does not exist.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, TimestampError> {
        let folded = text.trim().to_ascii_lowercase();
        let day = |at: Timestamp| {
            let start = Timestamp(at.0.div_euclid(86_400 * SECOND) * 86_400 * SECOND);
            Self { start, end: start.plus(Duration::from_hours(24)) }
        };
        let instant = |at: Timestamp| Self { start: at, end: Timestamp(at.0.saturating_add(1)) };
        match folded.as_str() {
            "now" => return Ok(instant(now)),
            "today" => return Ok(day(now)),
            "yesterday" => return Ok(day(now.minus(Duration::from_hours(24)))),
            _ => {}
        }
        if let Some(amount) = folded.strip_suffix(" ago") {
            return Self::ago(amount, now)
                .map(instant)
                .ok_or_else(|| TimestampError(text.to_owned()));
        }
        Self::parse_absolute(text).ok_or_else(|| TimestampError(text.to_owned()))
    }

    fn ago(amount: &str, now: Timestamp) -> Option<Timestamp> {
        let (number, unit) = amount.trim().split_once(' ')?;
        let number: u64 = match number {
            "a" | "an" | "one" => 1,
            digits => digits.parse().ok()?,
        };
        let seconds = match unit.trim().trim_end_matches('s') {
            "second" | "sec" => 1,
            "minute" | "min" => 60,
            "hour" | "hr" => 3_600,
            "day" => 86_400,
            "week" => 7 * 86_400,
            "month" => 30 * 86_400,
            "year" => 365 * 86_400,
            _ => return None,
        };
        Some(now.minus(Duration::from_secs(number.checked_mul(seconds)?)))
    }

    fn parse_absolute(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.is_empty() && text.len() <= 17 && text.bytes().all(|b| b.is_ascii_digit()) {
            return Self::from_digits(text);
        }
        Self::from_w3c(text)
    }

    /// A stamp of 1 to 14 digits as the period it names; 17 digits carry milliseconds.
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        if digits.is_empty() || digits.len() > 17 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        if digits.len() > 14 {
            let base = Self::from_digits(&digits[..14])?;
            let fraction: i64 = format!("{:0<6}", &digits[14..]).parse().ok()?;
            let start = Timestamp(base.start.0 + fraction);
            return Some(Self { start, end: Timestamp(start.0 + 1_000) });
        }
        // The earliest and the latest full stamp that begin with these digits.
        let low = complete(digits, Edge::Low)?;
        let high = complete(digits, Edge::High)?;
        Some(Self { start: low, end: high.plus(Duration::from_secs(1)) })
    }

    /// A W3C profile date (WARC/1.1 annex on dates): year, month, day, minute, second or fraction,
    /// with any offset.
    fn from_w3c(text: &str) -> Option<Self> {
        let (date, time) = match text.find(['T', 't', ' ']) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let digits: String = date.chars().filter(|c| *c != '-').collect();
        let shape_fits = match date.len() {
            4 => true,
            7 => date.as_bytes()[4] == b'-',
            10 => date.as_bytes()[4] == b'-' && date.as_bytes()[7] == b'-',
            _ => false,
        };
        if !shape_fits || !matches!(digits.len(), 4 | 6 | 8) {
            return None;
        }
        let base = Self::from_digits(&digits)?;
        let Some(time) = time else { return Some(base) };
        if digits.len() != 8 {
            return None;
        }
        let (clock, offset_seconds) = split_offset(time)?;
        let (clock, fraction) =
            clock.split_once(['.', ',']).map_or((clock, None), |(c, f)| (c, Some(f)));
        let parts: Vec<&str> = clock.split(':').collect();
        if !(2..=3).contains(&parts.len()) || parts.iter().any(|p| p.len() != 2) {
            return None;
        }
        let number = |at: usize| parts.get(at).map_or(Some(0), |p| p.parse::<i64>().ok());
        let (hour, minute, second) = (number(0)?, number(1)?, number(2)?);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (micros, step) = match fraction {
            None => (0, if parts.len() == 3 { SECOND } else { 60 * SECOND }),
            Some(f) if !f.is_empty() && f.bytes().all(|b| b.is_ascii_digit()) => {
                let six: String = f.chars().chain("000000".chars()).take(6).collect();
                (six.parse().ok()?, 1)
            }
            Some(_) => return None,
        };
        let of_day =
            (hour * 3_600 + minute * 60 + second.min(59) - offset_seconds) * SECOND + micros;
        let start = Timestamp(base.start.0.checked_add(of_day)?);
        Some(Self { start, end: Timestamp(start.0.checked_add(step)?) })
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Low,
    High,
}

/// Fills the missing digits of a stamp with the lowest or highest that make a real time.
fn complete(digits: &str, edge: Edge) -> Option<Timestamp> {
    let field = |from: usize, len: usize, low: i64, high: i64| -> Option<i64> {
        let have = digits.get(from.min(digits.len())..(from + len).min(digits.len()))?;
        let fill = |c: &str| format!("{have}{}", c.repeat(len - have.len())).parse::<i64>().ok();
        if have.len() == len {
            let value = have.parse().ok()?;
            return (low..=high).contains(&value).then_some(value);
        }
        let (lowest, highest) = (fill("0")?.max(low), fill("9")?.min(high));
        (lowest <= highest).then_some(if edge == Edge::Low { lowest } else { highest })
    };
    let year = field(0, 4, 0, 9999)?;
    let month = field(4, 2, 1, 12)?;
    let first = civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
    let day = field(6, 2, 1, i64::from(first.days_in_month()))?;
    let (hour, minute, second) = (field(8, 2, 0, 23)?, field(10, 2, 0, 59)?, field(12, 2, 0, 59)?);
    let small = |n: i64| i8::try_from(n).ok();
    let date = civil::Date::new(first.year(), first.month(), small(day)?).ok()?;
    Timestamp::from_civil(date.at(small(hour)?, small(minute)?, small(second)?, 0))
}

/// Separates a clock time from its zone; no zone is UTC. The offset in seconds east of UTC.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, 0)) };
    let sign = if time.as_bytes()[at] == b'-' { -1 } else { 1 };
    let digits: String = time[at + 1..].chars().filter(|c| *c != ':').collect();
    // Anything may be there, characters of several bytes included.
    let (hours, minutes) = match digits.len() {
        _ if !digits.bytes().all(|c| c.is_ascii_digit()) => return None,
        2 => (digits.parse::<i64>().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse::<i64>().ok()?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some((&time[..at], sign * (hours * 3_600 + minutes * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_762_300_800); // 2025-11-05T00:00:00Z

    #[test]
    fn an_instant_prints_in_the_four_forms() {
        let at = Timestamp::from_unix_micros(NOW.unix_micros() + 123_456);
        assert_eq!(at.to_warc_date(), "2025-11-05T00:00:00.123456Z");
        assert_eq!(at.to_rfc3339(), "2025-11-05T00:00:00Z");
        assert_eq!(at.to_stamp14(), "20251105000000");
        assert_eq!(at.to_stamp17(), "20251105000000123");
        assert_eq!(at.to_http_date(), "Wed, 05 Nov 2025 00:00:00 GMT");
        assert_eq!(Timestamp::parse(&at.to_warc_date()), Some(at));
    }

    #[test]
    fn a_time_is_read_as_people_write_it() {
        for (text, start, end) in [
            ("2", "2000-01-01T00:00:00Z", "3000-01-01T00:00:00Z"),
            ("2025", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("20250", "2025-01-01T00:00:00Z", "2025-10-01T00:00:00Z"),
            ("202502", "2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z"),
            ("2025022", "2025-02-20T00:00:00Z", "2025-03-01T00:00:00Z"),
            ("20251104093000", "2025-11-04T09:30:00Z", "2025-11-04T09:30:01Z"),
            ("2025-11-04", "2025-11-04T00:00:00Z", "2025-11-05T00:00:00Z"),
            ("2025-11", "2025-11-01T00:00:00Z", "2025-12-01T00:00:00Z"),
            ("2025-11-04T09:30Z", "2025-11-04T09:30:00Z", "2025-11-04T09:31:00Z"),
            ("2025-11-04 09:30:00", "2025-11-04T09:30:00Z", "2025-11-04T09:30:01Z"),
            ("2025-11-04T09:30:00+05:30", "2025-11-04T04:00:00Z", "2025-11-04T04:00:01Z"),
            ("2025-11-04T00:00:00-0100", "2025-11-04T01:00:00Z", "2025-11-04T01:00:01Z"),
            ("yesterday", "2025-11-04T00:00:00Z", "2025-11-05T00:00:00Z"),
            ("Today", "2025-11-05T00:00:00Z", "2025-11-06T00:00:00Z"),
        ] {
            let got = TimeRange::parse(text, NOW).unwrap();
            assert_eq!(
                (got.start.to_rfc3339(), got.end.to_rfc3339()),
                (start.into(), end.into()),
                "{text}"
            );
        }
        let ago = TimeRange::parse("3 days ago", NOW).unwrap();
        assert_eq!(ago.start.to_rfc3339(), "2025-11-02T00:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "soon",
            "20251301",
            "20250230",
            "2025-02-30",
            "2025-11-04T25:00:00Z",
            "-1",
            "2025-11-04T09:30:00.Z",
            "three days ago",
            "123456789012345678",
            "2025-1-1",
            "2025-11-04T09:30-1é",
            "2025-11-04T09:30+€",
            "2025-11-04T09:30-é",
            "é",
        ] {
            assert!(TimeRange::parse(text, NOW).is_err(), "{text}");
        }
    }

    #[test]
    fn http_dates_are_read_in_their_three_forms_and_usual_slips() {
        for text in [
            "Wed, 05 Nov 2025 00:00:00 GMT",
            "Wednesday, 05-Nov-25 00:00:00 GMT",
            "Wed Nov  5 00:00:00 2025",
            "05 Nov 2025 00:00:00 +0000",
            "wed, 5 november 2025 00:00:00 utc",
        ] {
            assert_eq!(Timestamp::parse_http_date(text), Some(NOW), "{text}");
        }
        for text in ["", "0", "-1", "120", "Wed, 31 Feb 2025 00:00:00 GMT", "GMT", "1:2"] {
            assert_eq!(Timestamp::parse_http_date(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics_and_warc_dates_round_trip(text in "\\PC{0,30}", micros in -62_000_000_000_000_000i64..250_000_000_000_000_000) {
            let _ = TimeRange::parse(&text, NOW);
            let _ = Timestamp::parse_http_date(&text);
            let at = Timestamp::from_unix_micros(micros);
            proptest::prop_assert_eq!(Timestamp::parse(&at.to_warc_date()), Some(at));
        }
    }
}

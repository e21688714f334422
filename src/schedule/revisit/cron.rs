//! Cron expressions: the only file that names croner.
//!
//! Five fields (or six, with seconds first; or seven, with a year), names and the usual extensions,
//! in UTC as all times of the program are.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use croner::time::{CivilDateTime, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::base::Timestamp;

/// A cron expression.
#[derive(Clone)]
pub struct Cron {
    text: String,
    parsed: Arc<croner::Cron>,
}

/// Why a text is not a cron expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a cron expression such as \"*/15 * * * *\", but found {text:?}: {why}")]
pub struct CronError {
    text: String,
    why: String,
}

impl Cron {
    /// The first time after `now` that it names; `None` when there is none within croner's
    /// horizon.
    #[must_use]
    pub fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let now = Utc::of(now)?;
        self.parsed.find_next_occurrence(&now, false).ok()?.timestamp()
    }

    /// The expression as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let text = text.trim();
        match text.parse::<croner::Cron>() {
            Ok(parsed) => Ok(Self { text: text.to_owned(), parsed: Arc::new(parsed) }),
            Err(why) => {
                Err(CronError { text: text.to_owned(), why: format!("{why}").to_lowercase() })
            }
        }
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Cron {}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cron({:?})", self.text)
    }
}

/// A UTC time as croner wants it.
#[derive(Clone, Copy)]
struct Utc(DateTime);

impl Utc {
    fn of(at: Timestamp) -> Option<Self> {
        let second = at.unix_micros().div_euclid(1_000_000);
        let at = jiff::Timestamp::from_second(second).ok()?;
        Some(Self(at.to_zoned(TimeZone::UTC).datetime()))
    }

    fn timestamp(self) -> Option<Timestamp> {
        let zoned = self.0.to_zoned(TimeZone::UTC).ok()?;
        Some(Timestamp::from_unix_seconds(zoned.timestamp().as_second()))
    }
}

impl CronDateTime for Utc {
    fn to_civil(&self) -> CivilDateTime {
        let part = |value: i8| u32::from(value.unsigned_abs());
        // Every date of jiff's is a date of croner's, so the fallback is never taken.
        CivilDateTime::from_ymd_hms_opt(
            i32::from(self.0.year()),
            part(self.0.month()),
            part(self.0.day()),
            part(self.0.hour()),
            part(self.0.minute()),
            part(self.0.second()),
        )
        .unwrap_or_else(|| {
            CivilDateTime::new(
                croner::time::CivilDate::from_parts_unchecked(1970, 1, 1),
                croner::time::CivilTime::from_parts_unchecked(0, 0, 0),
            )
        })
    }

    fn civil_weekday(&self) -> Weekday {
        let day = self.0.weekday().to_sunday_zero_offset().unsigned_abs();
        Weekday::from_days_from_sunday(u32::from(day))
    }

    fn resolve_civil(
        &self,
        civil: CivilDateTime,
    ) -> Result<Resolution<Self>, croner::errors::CronError> {
        let bad = || croner::errors::CronError::InvalidDate;
        let part = |value: u32| i8::try_from(value).map_err(|_| bad());
        let at = DateTime::new(
            i16::try_from(civil.year()).map_err(|_| bad())?,
            part(civil.month())?,
            part(civil.day())?,
            part(civil.hour())?,
            part(civil.minute())?,
            part(civil.second())?,
            0,
        );
        at.map(|at| Resolution::Single(Self(at))).map_err(|_| bad())
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(jiff::SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_name_their_next_time_in_utc() {
        for (text, now, next) in [
            ("*/15 * * * *", "2025-11-05T10:07:30Z", "2025-11-05T10:15:00Z"),
            ("0 6 * * MON-FRI", "2025-11-07T06:00:00Z", "2025-11-10T06:00:00Z"),
            ("0 0 29 2 *", "2025-11-05T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("@daily", "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"),
        ] {
            let cron: Cron = text.parse().unwrap();
            let found = cron.after(Timestamp::parse(now).unwrap()).unwrap();
            assert_eq!(found.to_rfc3339(), next, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused_by_name() {
        for text in ["", "every day", "61 * * * *", "* * *"] {
            let why = text.parse::<Cron>().unwrap_err().to_string();
            assert!(why.contains(&format!("{text:?}")), "{why}");
        }
    }
}

//! A month of UTC, by which tables are partitioned.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::Timestamp;

/// A month: `2026-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// The month in which an instant is.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let stamp = at.to_stamp14();
        let digits = |part: Option<&str>| part.and_then(|part| part.parse().ok()).unwrap_or(0);
        Self { year: digits(stamp.get(..4)), month: digits(stamp.get(4..6)) as u8 }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected a month such as 2026-01, but found {text:?}");
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let (Ok(year), Ok(month)) = (year.parse(), month.parse()) else { return Err(wrong()) };
        let made = Self { year, month };
        if (1..=12).contains(&month) && made.to_string() == text { Ok(made) } else { Err(wrong()) }
    }
}

impl Serialize for Month {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Month {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_they_are_written() {
        let month = Month::of(Timestamp::parse("2026-01-31T23:59:59.999999Z").unwrap());
        assert_eq!(month.to_string(), "2026-01");
        assert_eq!("2026-01".parse(), Ok(month));
        assert!(month < "2026-02".parse().unwrap() && month > "2025-12".parse().unwrap());
        for wrong in ["", "2026", "2026-1", "2026-00", "2026-13", "26-01", "2026-01-01", "../../x"]
        {
            assert!(wrong.parse::<Month>().is_err(), "{wrong}");
        }
    }
}

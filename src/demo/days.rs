//! The days that the demonstration site speaks of, counted back from the moment it is started: its
//! stories are as recent as the captures of them.

use std::time::Duration;

use crate::base::Timestamp;
use crate::cite::date::Date;

const DAY: Duration = Duration::from_secs(86_400);

const WEEKDAYS: [&str; 7] =
    ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// When the site was started, from which all its days are counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days(pub Timestamp);

impl Days {
    /// The instant this long before the start, to the minute, as an outlet declares it.
    pub(super) fn declared(self, before: Duration) -> String {
        let at = self.before(before).floor_second();
        format!("{}:00+00:00", at.to_rfc3339().chars().take(16).collect::<String>())
    }

    /// Its day in words: `4 March 2031`.
    pub(super) fn in_words(self, before: Duration) -> String {
        Date::of(self.before(before)).day_full_month_year()
    }

    /// The text with `{day}` as the day of the week of the instant this long before, and `{later}` as the
    /// day and month of two weeks after the start.
    pub(super) fn filled(self, text: &str, before: Duration) -> String {
        let since = self.before(before).since(Timestamp::from_unix_seconds(0));
        let weekday = usize::try_from(since.as_secs() / DAY.as_secs() % 7).unwrap_or(0);
        let later = Date::of(self.0.plus(DAY * 14)).day_full_month_year();
        let later = later.rsplit_once(' ').map_or(later.as_str(), |(day, _year)| day);
        text.replace("{day}", WEEKDAYS.get(weekday).unwrap_or(&"Monday")).replace("{later}", later)
    }

    fn before(self, before: Duration) -> Timestamp {
        let micros = i64::try_from(before.as_micros()).unwrap_or(0);
        Timestamp::from_unix_micros(self.0.unix_micros().saturating_sub(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_back_from_the_start() {
        // A Wednesday.
        let days = Days(Timestamp::parse("2025-11-05T10:20:30.5Z").unwrap());
        assert_eq!(days.declared(DAY), "2025-11-04T10:20:00+00:00");
        assert_eq!(days.in_words(DAY * 5), "31 October 2025");
        assert_eq!(days.filled("on {day}, until {later}", DAY * 2), "on Monday, until 19 November");
    }
}

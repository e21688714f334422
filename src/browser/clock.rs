//! The clock of a page set to another time, and its random numbers made the same each time.
//!
//! Pages show "3 hours ago" and choose what they show by chance. Seen with the time of its capture a page says what
//! it said then, and two pictures of it are the same. Nothing of the page is changed: a script runs before its own.
//! Set are `Date`, `performance.timeOrigin`, `Temporal.Now`, `Intl.DateTimeFormat` without a time, `Math.random`,
//! `crypto.getRandomValues` and `crypto.randomUUID`.

use crate::base::Timestamp;

/// A function of JavaScript that takes the time in milliseconds since 1970 and sets the clock of its realm.
pub const FUNCTION: &str = include_str!("clock.js");

/// A script that sets the clock to a time, from where it goes on.
pub(super) fn script(at: Timestamp) -> String {
    let at = at.unix_micros().div_euclid(1_000);
    format!("({})({at});", FUNCTION.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_in_milliseconds() {
        let at = Timestamp::parse("2025-11-05T00:00:00.123456Z").unwrap();
        assert!(script(at).ends_with("})(1762300800123);"));
    }
}

//! Years and days of other calendars than the Gregorian: eras of Japan and Taiwan, the Buddhist era of
//! Thailand, the solar calendar of Iran.
//!
//! Calendars whose months are observed or tabulated (Islamic, Hebrew, Nepali, Ethiopian) are left out on
//! purpose: dates in them are not read.

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// The names of eras and the year before their first.
const ERAS: &[(&str, u32)] = &[
    ("令和", 2018),
    ("平成", 1988),
    ("昭和", 1925),
    ("大正", 1911),
    ("明治", 1867),
    ("民國", 1911),
    ("民国", 1911),
    ("中華民國", 1911),
];

/// The letters that stand for the Japanese eras: `R3.7.21`.
const ERA_LETTERS: &[(&str, u32)] = &[("R", 2018), ("H", 1988), ("S", 1925)];

/// The era that a text ends with: where its name begins, and the year before its first.
pub(super) fn era_at_end(text: &str) -> Option<(usize, u32)> {
    let found = ERAS.iter().filter(|(name, _)| text.ends_with(name));
    let (name, before) = found.max_by_key(|(name, _)| name.len())?;
    Some((text.len() - name.len(), *before))
}

/// The year before the first of the era that a letter stands for.
pub(super) fn era_letter(word: &str) -> Option<u32> {
    ERA_LETTERS.iter().find(|(letter, _)| *letter == word).map(|(_, before)| *before)
}

/// The months of the solar calendar of Iran, Farvardin first, with what Afghanistan calls them.
const SOLAR: [&[&str]; 12] = [
    &["فروردین", "حمل"],
    &["اردیبهشت", "ثور"],
    &["خرداد", "جوزا"],
    &["تیر", "سرطان"],
    &["مرداد", "امرداد", "اسد"],
    &["شهریور", "سنبله"],
    &["مهر", "میزان"],
    &["آبان", "عقرب"],
    &["آذر", "قوس"],
    &["دی", "جدی"],
    &["بهمن", "دلو"],
    &["اسفند", "حوت"],
];

/// The month of the solar calendar that a word names.
pub(super) fn solar_month(word: &str) -> Option<u32> {
    // Arabic and Persian write the letters yeh and kaf in two ways.
    let word = word.replace('ي', "ی").replace('ك', "ک");
    let at = SOLAR.iter().position(|names| names.contains(&word.as_str()))?;
    u32::try_from(at + 1).ok()
}

/// Whether a number is a year of the solar calendar: 1921 to 2121.
pub(super) fn is_solar_year(year: u32) -> bool {
    (1300..=1500).contains(&year)
}

/// A day of the solar calendar. Its leap years are those of the cycle of 33 years, which is that of
/// the official calendar from 1343 to 1472 and a day off in a few years before.
pub(super) fn solar(year: u32, month: u32, day: u32) -> Option<Date> {
    let is_leap = |year: u32| (8 * year + 29) % 33 < 8;
    let length = match month {
        1..=6 => 31,
        7..=11 => 30,
        12 if is_leap(year) => 30,
        12 => 29,
        _ => return None,
    };
    if !is_solar_year(year) || day == 0 || day > length {
        return None;
    }
    // 1 Farvardin 1300.
    let first = date(1921, 3, 21);
    let leaps = (1300..year).filter(|year| is_leap(*year)).count();
    let days = (year - 1300) * 365 + (month - 1) * 30 + (month - 1).min(6) + day - 1;
    let days = i64::from(days) + i64::try_from(leaps).ok()?;
    first.checked_add(days.days()).ok()
}

/// The Gregorian year that a year is, where it is one of the Buddhist era, 543 years ahead.
pub(super) fn common_year(year: u32) -> u32 {
    if (2400..=2700).contains(&year) { year - 543 } else { year }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_solar_calendar_are_those_of_the_official_one() {
        // Nowruz as the University of Tehran publishes it, and days next to it.
        for (solar_day, want) in [
            ((1300, 1, 1), date(1921, 3, 21)),
            ((1357, 11, 22), date(1979, 2, 11)),
            ((1399, 12, 30), date(2021, 3, 20)),
            ((1400, 1, 1), date(2021, 3, 21)),
            ((1400, 4, 30), date(2021, 7, 21)),
            ((1402, 12, 29), date(2024, 3, 19)),
            ((1403, 1, 1), date(2024, 3, 20)),
            ((1403, 12, 30), date(2025, 3, 20)),
            ((1404, 1, 1), date(2025, 3, 21)),
            ((1408, 12, 30), date(2030, 3, 20)),
        ] {
            let (year, month, day) = solar_day;
            assert_eq!(solar(year, month, day), Some(want), "{solar_day:?}");
        }
        for (year, month, day) in
            [(1400, 12, 30), (1400, 7, 31), (1400, 13, 1), (1400, 0, 1), (1299, 1, 1)]
        {
            assert_eq!(solar(year, month, day), None);
        }
    }

    #[test]
    fn eras_are_found_at_the_end_of_what_stands_before_their_year() {
        assert_eq!(era_at_end("公開日令和"), Some(("公開日".len(), 2018)));
        assert_eq!(era_at_end("中華民國"), Some((0, 1911)));
        assert_eq!(era_at_end("令"), None);
        assert_eq!(common_year(2564), 2021);
        assert_eq!(common_year(2021), 2021);
        assert_eq!(solar_month("تير"), Some(4));
    }
}

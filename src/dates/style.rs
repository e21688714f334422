//! What decides how a date is read that could be read in two ways: the language of its text, and the
//! other dates of the same source.

use jiff::civil::Date;

use super::civil;
use super::clock::find_clock;
use super::digits::ascii_digits;
use super::human::{Numbers, numbers_in};

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
    /// The order that readers of a language expect; English without a region is taken as American.
    #[must_use]
    pub fn of_language(tag: &str) -> Self {
        let lower = tag.to_ascii_lowercase();
        match lower.as_str() {
            "" | "en" | "en-us" | "en_us" | "es-us" | "fil" | "en-ph" => Self::MonthFirst,
            _ => Self::DayFirst,
        }
    }

    /// The opposite order.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::DayFirst => Self::MonthFirst,
            Self::MonthFirst => Self::DayFirst,
        }
    }
}

/// How a source writes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Which number comes first.
    pub order: Order,
    /// The primary language, in lower case, padded with zeros; empty where none is given.
    language: [u8; 3],
}

/// At most this many dates of a source are read.
const EVIDENCE_MAX: usize = 1_000;
/// The span of a list is evidence only with at least this many different dates.
const LIST_MIN: usize = 3;

impl Style {
    /// The style of a language, by its tag (`en-GB`); an empty tag is not a language.
    #[must_use]
    pub fn of_language(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or("").to_ascii_lowercase();
        let mut language = [0; 3];
        if (2..=3).contains(&primary.len()) && primary.is_ascii() {
            language[..primary.len()].copy_from_slice(primary.as_bytes());
        }
        Self { order: Order::of_language(tag), language }
    }

    /// The style of a source, by its dates and the language that it declares; an empty tag is not a language.
    ///
    /// The first of these rules that gives an answer decides. A date whose first or second number is above
    /// twelve, or that agrees with its day of the week in one order only. The order in which three and
    /// more dates span less than half of the time that they span in the other: a source lists its latest
    /// publications. The language. A clock time with a.m. or p.m., which is written next to the month first. Else
    /// the day comes first.
    #[must_use]
    pub fn of_source<'a>(dates: impl IntoIterator<Item = &'a str>, tag: &str) -> Self {
        let of_language = Self::of_language(tag);
        // What begins with its year, or has a month's name, is not evidence.
        let is_open = |text: &&str| {
            text.contains(['/', '-', '–', '／'])
                && !text.trim_start().get(..4).is_some_and(is_digits)
        };
        let folded: Vec<_> =
            dates.into_iter().filter(is_open).take(EVIDENCE_MAX).map(ascii_digits).collect();
        let numbers: Vec<Numbers> =
            folded.iter().filter_map(|text| numbers_in(text, of_language)).collect();
        let order = by_certain(&numbers)
            .or_else(|| by_span(&numbers))
            .or_else(|| (!tag.is_empty()).then_some(of_language.order))
            .unwrap_or_else(|| {
                let is_twelve_hours = |text: &str| {
                    find_clock(text).is_some_and(|(range, _)| {
                        text[range].to_ascii_lowercase().trim_end().ends_with('m')
                    })
                };
                match folded.iter().any(|text| is_twelve_hours(text)) {
                    true => Order::MonthFirst,
                    false => Order::DayFirst,
                }
            });
        Self { order, ..of_language }
    }

    /// The same with the other order of numbers.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self { order: self.order.other(), ..self }
    }

    /// The primary language, in lower case; empty where none is given.
    pub(super) fn language(&self) -> &str {
        let length = self.language.iter().position(|b| *b == 0).unwrap_or(self.language.len());
        std::str::from_utf8(&self.language[..length]).unwrap_or("")
    }

    /// Whether the language writes the year first in numbers alone.
    pub(super) fn is_year_first(&self) -> bool {
        matches!(self.language(), "zh" | "ja" | "ko" | "hu" | "lt" | "mn" | "eu" | "fa" | "ps")
    }
}

impl From<Order> for Style {
    fn from(order: Order) -> Self {
        Self { order, ..Self::default() }
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// The order of the dates that can be read in one order only, if they agree.
fn by_certain(numbers: &[Numbers]) -> Option<Order> {
    let mut orders = numbers.iter().filter_map(Numbers::certain);
    let first = orders.next()?;
    orders.all(|order| order == first).then_some(first)
}

fn by_span(numbers: &[Numbers]) -> Option<Order> {
    let span = |order: Order| {
        let days = numbers.iter().filter_map(|n| n.read(order)).map(ordinal);
        let mut days: Vec<i64> = days.collect();
        days.sort_unstable();
        days.dedup();
        (days.len() >= LIST_MIN).then(|| days.last().unwrap_or(&0) - days.first().unwrap_or(&0))
    };
    let (day_first, month_first) = (span(Order::DayFirst)?, span(Order::MonthFirst)?);
    if day_first * 2 < month_first {
        Some(Order::DayFirst)
    } else if month_first * 2 < day_first {
        Some(Order::MonthFirst)
    } else {
        None
    }
}

fn ordinal(date: Date) -> i64 {
    let first = civil(1800, 1, 1).unwrap_or(Date::MIN);
    i64::from(first.until(date).map_or(0, |span| span.get_days()))
}

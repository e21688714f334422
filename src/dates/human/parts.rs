//! A date that begins at a token: which tokens are its year, its month and its day.

use jiff::civil::{Date, Weekday};

use super::tokens::{Kind, Token};
use crate::dates::calendars::{era_at_end, era_letter, is_solar_year, solar, solar_month};
use crate::dates::digits::chinese;
use crate::dates::names::{Reach, long_month_of, month_of, weekday_of};
use crate::dates::{Order, Style, civil, year_of_two_digits};

/// Words behind a year, before its month or day: "2021. gada 21. jūlijs", "2021eko uztailaren 21a".
const YEAR_WORDS: &[&str] = &[
    "m",
    "gada",
    "gads",
    "g",
    "eko",
    "ko",
    "ж",
    "жылғы",
    "жылы",
    "жыл",
    "жылдын",
    "оны",
    "он",
    "yil",
    "yili",
    "il",
    "ildə",
    "ci",
    "cı",
    "cu",
    "cü",
    "ခုနှစ်",
];

/// Words that are between the parts: "4th of", "4 de", "4. ", "le 1er".
const BETWEEN: &[&str] = &[
    "de",
    "del",
    "of",
    "st",
    "nd",
    "rd",
    "th",
    "er",
    "º",
    "da",
    "di",
    "d",
    "ta",
    "i",
    "den",
    "do",
    "năm",
    "พ.ศ",
    "ค.ศ",
    "dhen",
    "mh",
    "a",
    "o",
    "ng",
    "من",
    "ឆ្នាំ",
];

/// Words after which three numbers of two digits are a date.
const BEFORE_A_DAY: &[&str] = &[
    "am", "vom", "stand", "on", "le", "du", "el", "il", "em", "op", "van", "den", "på", "pe", "z",
    "из", "от", "date", "datum", "data", "fecha", "дата", "tarih", "dato",
];

/// The months of Vietnamese in words, behind "tháng".
const VIETNAMESE: &[(&str, u32)] = &[
    ("giêng", 1),
    ("một", 1),
    ("hai", 2),
    ("ba", 3),
    ("tư", 4),
    ("năm", 5),
    ("sáu", 6),
    ("bảy", 7),
    ("tám", 8),
    ("chín", 9),
    ("mười", 10),
    ("chạp", 12),
];

pub(super) fn number(token: Option<&Token<'_>>) -> Option<(u32, usize)> {
    match token?.kind {
        Kind::Number { value, digits } => Some((value, digits)),
        Kind::Word(_) => None,
    }
}

fn word<'a>(token: Option<&Token<'a>>) -> Option<&'a str> {
    match token?.kind {
        Kind::Word(word) => Some(word),
        Kind::Number { .. } => None,
    }
}

fn is_one_of(token: Option<&Token<'_>>, list: &[&str]) -> bool {
    word(token).is_some_and(|word| list.contains(&word.to_lowercase().as_str()))
}

/// A month, and what is needed to read the year next to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Month {
    pub value: u32,
    /// How many tokens name it.
    pub used: usize,
    calendar: Calendar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Calendar {
    Gregorian,
    /// With a month of Thai, next to which years of two digits are Buddhist.
    Thai,
    /// The solar calendar of Iran.
    Solar,
}

/// The month that is named from token `at` on.
pub(super) fn month_at(
    tokens: &[Token<'_>],
    at: usize,
    style: Style,
    reach: Reach,
) -> Option<Month> {
    let name = word(tokens.get(at))?;
    let next = || tokens.iter().skip(at + 1).map_while(|token| word(Some(token)));
    if let Some((value, used)) = long_month_of(name, next(), style.language(), reach) {
        return Some(Month { value, used, calendar: Calendar::Gregorian });
    }
    if let Some(value) = month_of(name, style.language(), reach) {
        let is_thai = name.starts_with(|c: char| matches!(c, '\u{e01}'..='\u{e4e}'));
        let calendar = if is_thai { Calendar::Thai } else { Calendar::Gregorian };
        return Some(Month { value, used: 1, calendar });
    }
    if let Some(value) = solar_month(name) {
        return Some(Month { value, used: 1, calendar: Calendar::Solar });
    }
    matches!(name.to_lowercase().as_str(), "tháng" | "thg")
        .then(|| vietnamese(tokens, at + 1))
        .flatten()
}

/// The month behind "tháng", by its number or in words.
fn vietnamese(tokens: &[Token<'_>], at: usize) -> Option<Month> {
    let month = |value, used| Month { value, used, calendar: Calendar::Gregorian };
    if let Some((value @ 1..=12, 1..=2)) = number(tokens.get(at)) {
        return Some(month(value, 2));
    }
    let of = |at: usize| {
        let name = word(tokens.get(at))?.to_lowercase();
        VIETNAMESE.iter().find(|(word, _)| *word == name).map(|(_, value)| *value)
    };
    match (of(at)?, of(at + 1)) {
        (10, Some(ones @ 1..=2)) => Some(month(10 + ones, 3)),
        (value, _) => Some(month(value, 2)),
    }
}

/// What decides how a date is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    pub style: Style,
    pub reach: Reach,
}

type Found = Option<(Date, usize)>;

impl Reader {
    /// A date that begins at token `at`, and how many tokens it takes.
    pub(super) fn date_at(&self, all: &[Token<'_>], at: usize) -> Found {
        let tokens = all.get(at..)?;
        match tokens.first()?.kind {
            Kind::Number { value, digits } => self
                .by_units(tokens)
                .or_else(|| units_then_year(tokens))
                .or_else(|| self.numeric(all, at))
                .or_else(|| if digits <= 2 { self.day_month_year(value, tokens) } else { None })
                .or_else(|| self.year_first(value, digits, tokens)),
            Kind::Word(name) => self
                .month_day_year(tokens)
                .or_else(|| self.of_era(name, tokens))
                .or_else(|| in_chinese_words(name).map(|date| (date, 1))),
        }
    }

    fn month_at(&self, tokens: &[Token<'_>], at: usize) -> Option<Month> {
        let month = month_at(tokens, at, self.style, self.reach)?;
        // Arab papers give the name of the month twice: "يوليو/تموز".
        let other = tokens.get(at + month.used).filter(|token| token.before.trim() == "/");
        let again = other.and_then(|_| month_at(tokens, at + month.used, self.style, self.reach));
        match again.filter(|again| again.value == month.value) {
            Some(again) => Some(Month { used: month.used + again.used, ..month }),
            None => Some(month),
        }
    }

    /// `2025年11月4日`, `2025년 11월 4일`, `2025 оны 11 сарын 4`, in Taiwan `114年11月4日`.
    fn by_units(&self, tokens: &[Token<'_>]) -> Found {
        let year = match number(tokens.first())? {
            (year, 4) => year,
            (year, 3) if self.style.language() == "zh" => year + 1911,
            (year, 2) if self.style.language() == "zh" => year_of_two_digits(year),
            _ => return None,
        };
        month_and_day_by_units(tokens, 1)
            .and_then(|(month, day)| Some((civil(year, month, day)?, 5)))
    }

    /// `令和7年11月4日`, `令和元年`, `民國114年11月4日`, `R7.11.4`.
    fn of_era(&self, name: &str, tokens: &[Token<'_>]) -> Found {
        if let Some((_, before)) = name.strip_suffix("元年").and_then(era_at_end) {
            let (month, day) = month_and_day_by_units(tokens, 0)?;
            return Some((civil(before + 1, month, day)?, 4));
        }
        let letter = || era_letter(name).filter(|_| self.style.language() == "ja");
        let before = era_at_end(name).map(|(_, before)| before).or_else(letter)?;
        let (year, 1..=3) = number(tokens.get(1))? else { return None };
        if let Some((month, day)) = month_and_day_by_units(tokens, 2) {
            return Some((civil(before + year, month, day)?, 6));
        }
        let is_point = |at: usize| tokens.get(at).is_some_and(|token| token.before.trim() == ".");
        if !(is_point(2) && is_point(3)) {
            return None;
        }
        let ((month, _), (day, _)) = (number(tokens.get(2))?, number(tokens.get(3))?);
        Some((civil(before + year, month, day)?, 4))
    }

    /// `2025-11-04`, `04.11.2025`, `11/4/2025`; `04.11.25` where a clock time or nothing follows.
    fn numeric(&self, all: &[Token<'_>], at: usize) -> Found {
        let numbers = Numbers::at(all, at, self.style)?;
        if numbers.year_digits == 2 && self.reach == Reach::Prose && !numbers.is_sure(all, at) {
            return None;
        }
        Some((numbers.read(self.style.order)?, 3))
    }

    /// `4 November 2025`, `4. November 2025`, `4 de noviembre de 2025`, `1er novembre 2025`,
    /// `21 tháng 7 năm 2021`.
    fn day_month_year(&self, day: u32, tokens: &[Token<'_>]) -> Found {
        let mut at = 1;
        while is_one_of(tokens.get(at), BETWEEN) && at < 3 {
            at += 1;
        }
        let month = self.month_at(tokens, at)?;
        at += month.used;
        let behind = at;
        while is_one_of(tokens.get(at), BETWEEN) && at < behind + 3 {
            at += 1;
        }
        let year = self.year_at(tokens, at, month, tokens.get(behind - month.used)?.before)?;
        Some((self.day(year, month, day)?, at + 1))
    }

    /// `November 4, 2025`, `Nov. 4th 2025`.
    fn month_day_year(&self, tokens: &[Token<'_>]) -> Found {
        let month = self.month_at(tokens, 0)?;
        let mut at = month.used;
        let (day, 1..=2) = number(tokens.get(at))? else { return None };
        at += 1;
        if is_one_of(tokens.get(at), BETWEEN) {
            at += 1;
        }
        let year = self.year_at(tokens, at, month, tokens.get(month.used)?.before)?;
        Some((self.day(year, month, day)?, at + 1))
    }

    /// `2025. november 4.`, `2025 m. lapkričio 4`, `2025eko azaroaren 4a`, `2025. gada 4. novembris`.
    fn year_first(&self, year: u32, digits: usize, tokens: &[Token<'_>]) -> Found {
        if digits != 4 {
            return None;
        }
        let mut at = 1;
        while is_one_of(tokens.get(at), YEAR_WORDS) && at < 3 {
            at += 1;
        }
        if let Some(month) = self.month_at(tokens, at) {
            let (day, 1..=2) = number(tokens.get(at + month.used))? else { return None };
            return Some((self.day(year, month, day)?, at + month.used + 1));
        }
        // The day before the month, where a word has said that the first number is the year.
        let (day, 1..=2) = number(tokens.get(at)).filter(|_| at > 1)? else { return None };
        let month = self.month_at(tokens, at + 1)?;
        Some((self.day(year, month, day)?, at + 1 + month.used))
    }

    /// The year at a token. Two digits are one in a field, behind an apostrophe, where hyphens join all
    /// parts, and next to a month of Thai. `joined` is what is between the first two parts.
    fn year_at(&self, tokens: &[Token<'_>], at: usize, month: Month, joined: &str) -> Option<u32> {
        let token = tokens.get(at)?;
        match number(Some(token))? {
            (year, 4) => Some(year),
            (year, 2) if month.calendar == Calendar::Thai => Some(2500 + year),
            (year, 2) => {
                // "May 16-20" is a span of days.
                let is_span = token.before.contains(['-', '–']) && token.before != joined;
                let is_short = token.before.ends_with(['\'', '’'])
                    || token.before == "-" && joined == "-"
                    || self.reach == Reach::Field && !is_span;
                is_short.then(|| year_of_two_digits(year))
            }
            _ => None,
        }
    }

    fn day(&self, year: u32, month: Month, day: u32) -> Option<Date> {
        match month.calendar {
            Calendar::Solar => solar(year, month.value, day),
            Calendar::Gregorian | Calendar::Thai => civil(year, month.value, day),
        }
    }
}

/// Month and day as East Asia writes them, behind a year or the word for it at token `at`.
fn month_and_day_by_units(tokens: &[Token<'_>], at: usize) -> Option<(u32, u32)> {
    const YEAR: &[char] = &['年', '년'];
    const MONTH: &[char] = &['月', '월'];
    let year = word(tokens.get(at))?;
    let is_year = year.starts_with(YEAR) || year.ends_with('年') || matches!(year, "оны" | "он");
    let (month, 1..=2) = number(tokens.get(at + 1))? else { return None };
    let unit = word(tokens.get(at + 2))?;
    let is_month = unit.starts_with(MONTH) || matches!(unit, "сарын" | "сар");
    let (day, 1..=2) = number(tokens.get(at + 3))? else { return None };
    (is_year && is_month).then_some((month, day))
}

/// `7月21日, 2021`, `7월 21일 2021년`.
fn units_then_year(tokens: &[Token<'_>]) -> Found {
    let (month, 1..=2) = number(tokens.first())? else { return None };
    let (day, 1..=2) = number(tokens.get(2))? else { return None };
    let (year, 4) = number(tokens.get(4))? else { return None };
    let is_month = word(tokens.get(1))?.starts_with(['月', '월']);
    let is_day = word(tokens.get(3)).is_some_and(|unit| matches!(unit, "日" | "号" | "號" | "일"));
    let is_beside = tokens.get(4)?.before.trim_matches([' ', ',', '，', '、']).is_empty();
    (is_month && is_day && is_beside).then(|| civil(year, month, day))?.map(|date| (date, 5))
}

/// `二〇二一年七月二十一日`, `民國一一〇年七月二十一日`: all in words, and so all in one.
fn in_chinese_words(text: &str) -> Option<Date> {
    const DIGITS: &str = "〇零一二三四五六七八九十元";
    let (before, rest) = text.split_once('年')?;
    let (month, rest) = rest.split_once('月')?;
    let day = rest.split(['日', '號', '号']).next().filter(|day| day.len() < rest.len())?;
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| DIGITS.contains(*c))
        .last()
        .map_or(before.len(), |(at, _)| at);
    let (name, digits) = before.split_at(start);
    let year = chinese(digits)?;
    let year = match era_at_end(name) {
        Some((_, before)) => before + year,
        None if digits.chars().count() == 4 => year,
        None => return None,
    };
    civil(year, chinese(month)?, chinese(day)?)
}

/// Three numbers that are a date.
#[derive(Debug, Clone, Copy)]
pub(in crate::dates) struct Numbers {
    first: u32,
    second: u32,
    year: u32,
    /// Two or four.
    year_digits: usize,
    mark: Mark,
    weekday: Option<Weekday>,
    is_solar: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// The year is first: month and day follow.
    Year,
    Point,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Last,
}

impl Numbers {
    /// The numbers at token `at`, whatever order they are in.
    pub(super) fn at(all: &[Token<'_>], at: usize, style: Style) -> Option<Self> {
        let tokens = all.get(at..)?;
        let ((a, a_digits), (b, b_digits), (c, c_digits)) =
            (number(tokens.first())?, number(tokens.get(1))?, number(tokens.get(2))?);
        let (mark, second_mark) = (tokens[1].before.trim(), tokens[2].before.trim());
        if mark != second_mark || !matches!(mark, "-" | "/" | "." | "–") || b_digits > 2 {
            return None;
        }
        let place = match (a_digits, c_digits) {
            (4, _) => Place::First,
            (_, 4) => Place::Last,
            // Of numbers of two digits each, the one that is not a day is the year.
            (2, 1..=2) if a > 31 || style.is_year_first() && c <= 31 => Place::First,
            (1..=2, 2) => Place::Last,
            _ => return None,
        };
        let (first, second, year, year_digits) = match place {
            Place::First => (c, b, a, a_digits),
            Place::Last => (a, b, c, c_digits),
        };
        let before = at.checked_sub(1).and_then(|at| all.get(at));
        let is_beside = tokens[0].before.chars().all(|c| c == ' ' || c == ',' || c == '.');
        let weekday = word(before)
            .filter(|_| is_beside && place == Place::Last)
            .and_then(|name| weekday_of(name, style.language()));
        let is_persian = tokens[0].text.starts_with(|c: char| matches!(c, '\u{6f0}'..='\u{6f9}'));
        let is_solar = place == Place::First
            && is_solar_year(a)
            && (matches!(style.language(), "fa" | "ps") || is_persian && style.language() != "ar");
        let mark = match (place, mark) {
            (Place::First, _) => Mark::Year,
            (Place::Last, ".") => Mark::Point,
            (Place::Last, _) => Mark::Other,
        };
        let year = if year_digits == 2 { year_of_two_digits(year) } else { year };
        Some(Self { first, second, year, year_digits, mark, weekday, is_solar })
    }

    /// The order that follows from the numbers themselves.
    pub(in crate::dates) fn certain(&self) -> Option<Order> {
        if self.mark != Mark::Other {
            return None;
        }
        match (self.first > 12, self.second > 12) {
            (true, false) => return Some(Order::DayFirst),
            (false, true) => return Some(Order::MonthFirst),
            _ => {}
        }
        let weekday = self.weekday?;
        let fits = |day: u32, month: u32| {
            civil(self.year, month, day).is_some_and(|date| date.weekday() == weekday)
        };
        match (fits(self.first, self.second), fits(self.second, self.first)) {
            (true, false) => Some(Order::DayFirst),
            (false, true) => Some(Order::MonthFirst),
            _ => None,
        }
    }

    /// The day, in the order that is certain, else in this one.
    pub(in crate::dates) fn read(&self, order: Order) -> Option<Date> {
        if self.is_solar {
            return solar(self.year, self.second, self.first);
        }
        let (day, month) = match (self.mark, self.certain().unwrap_or(order)) {
            (Mark::Year, _) => (self.first, self.second),
            // Dates with points are never in the American order, unless the second number is not a month.
            (Mark::Point, _) if self.second > 12 => (self.second, self.first),
            (Mark::Point, _) | (Mark::Other, Order::DayFirst) => (self.first, self.second),
            (Mark::Other, Order::MonthFirst) => (self.second, self.first),
        };
        civil(self.year, month, day)
    }

    /// Whether a date with a year of two digits is a date in running text, and not a version number, an address
    /// of a network or a score.
    fn is_sure(&self, all: &[Token<'_>], at: usize) -> bool {
        let is_two = |token: &Token<'_>| number(Some(token)).is_some_and(|(_, digits)| digits == 2);
        let Some(tokens) = all.get(at..at + 3).filter(|tokens| tokens.iter().all(is_two)) else {
            return false;
        };
        let is_glued = |token: &Token<'_>| token.before.ends_with(['.', '/', '-', ':']);
        let before = at == 0 && tokens[0].before.is_empty() || !is_glued(&tokens[0]);
        let is_joined = tokens[1].before.len() == 1 && tokens[2].before.len() == 1;
        let next = all.get(at + 3);
        let is_clock = next.is_some_and(|hour| {
            let minute = all.get(at + 4);
            number(Some(hour)).is_some_and(|(hour, digits)| hour < 24 && digits <= 2)
                && minute.is_some_and(|m| {
                    matches!(m.before, ":" | ".")
                        && number(Some(m)).is_some_and(|(m, d)| m < 60 && d == 2)
                })
                && !is_glued(hour)
        });
        let is_called = tokens[0].before.contains(':')
            || is_one_of(at.checked_sub(1).and_then(|at| all.get(at)), BEFORE_A_DAY);
        let is_alone = next.is_none() && (at == 0 || is_called);
        before && is_joined && (1990..2050).contains(&self.year) && (is_clock || is_alone)
    }
}

//! Dates as pages write them, for machines and for people.
//!
//! Machine forms: RFC 3339 and the ways pages miss it, HTTP dates, seconds since 1970. Human forms:
//! day, month and year with the month's name in the main languages of the press, and numeric dates,
//! whose order the language decides. A clock time counts only beside a zone that is known: else
//! the day is all that is sure. Nothing here knows today's date.

use std::ops::Range;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::month_names::month_of;
use super::page::PageTime;
use crate::base::Timestamp;

/// Years before this are no dates of web pages (a newspaper's archive may go back far).
const YEAR_MIN: i16 = 1800;
/// Years after this are no dates of publication.
const YEAR_MAX: i16 = 2100;
/// How much of a text is searched for a human date, in bytes.
const SEARCH_BYTES_MAX: usize = 400;

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
}

/// A date and time written for machines: of an attribute or of JSON. A month without a day stays
/// one (`2025-11`).
#[must_use]
pub fn parse_machine(text: &str) -> Option<PageTime> {
    parse_machine_in(text, Order::MonthFirst)
}

/// As [`parse_machine`], with the order of numbers that the language of the page expects: attributes
/// too are filled with what the site's template shows to readers.
#[must_use]
pub fn parse_machine_in(text: &str, order: Order) -> Option<PageTime> {
    let text = text.trim();
    if text.len() < 4 || text.len() > 80 {
        return None;
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.len() {
            8 => parse_iso(text),
            10 => from_epoch(text.parse().ok()?),
            13 => from_epoch(text.parse::<i64>().ok()? / 1000),
            _ => None,
        };
    }
    if let Some(found) = parse_iso(text) {
        return Some(found);
    }
    if text.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
        && text.contains(':')
        && let Some(at) = Timestamp::parse_http_date(text)
        && (text.ends_with("GMT") || text.ends_with("UTC") || text.ends_with("+0000"))
    {
        return Some(PageTime { text: at.to_rfc3339(), instant: at, day_only: false });
    }
    find_human(text, order).or_else(|| month_of_machine(text)).or_else(|| find_month(text))
}

fn from_epoch(seconds: i64) -> Option<PageTime> {
    let instant = Timestamp::from_unix_seconds(seconds);
    let year: i16 = instant.to_rfc3339().get(..4)?.parse().ok()?;
    (1995..=YEAR_MAX).contains(&year).then(|| PageTime {
        text: instant.to_rfc3339(),
        instant,
        day_only: false,
    })
}

/// `2025-11-04`, `2025/11/4`, `20251104`, with or without a time and an offset in any spelling.
fn parse_iso(text: &str) -> Option<PageTime> {
    let bytes = text.as_bytes();
    let year: i16 = text.get(..4)?.parse().ok()?;
    let (month, day, rest) = if bytes.get(4).is_some_and(u8::is_ascii_digit) {
        (text.get(4..6)?, text.get(6..8)?, text.get(8..)?)
    } else {
        let mark = text.get(4..5)?;
        if !matches!(mark, "-" | "/" | ".") {
            return None;
        }
        let (month, rest) = text.get(5..)?.split_once(mark)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        (month, rest.get(..end)?, rest.get(end..)?)
    };
    let date = day_of(year, month.parse().ok()?, day.parse().ok()?)?;
    let rest = rest.trim_start_matches(['T', 't', ' ', ',', 'Z']);
    match clock_of(rest) {
        Some((hour, minute, second, zone)) => at_time(date, hour, minute, second, zone),
        None => Some(day_only(date)),
    }
}

/// `2025-11`, `2025/11`, with nothing after it.
fn month_of_machine(text: &str) -> Option<PageTime> {
    let (year, month) = text.split_once(['-', '/'])?;
    let is_number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !is_number(year) || !is_number(month) {
        return None;
    }
    month_only(day_of(year.parse().ok()?, month.parse().ok()?, 1)?)
}

/// The first month of a year that a text names, where it names no day: "June 2022".
#[must_use]
pub fn find_month(text: &str) -> Option<PageTime> {
    let tokens = tokens(text.get(..text.len().min(SEARCH_BYTES_MAX)).unwrap_or(""));
    tokens.windows(2).find_map(|pair| {
        let month = month_of(word(pair.first())?)?;
        let (year, 4) = number(pair.get(1))? else { return None };
        month_only(civil(year, month, 1)?)
    })
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

/// `09:30`, `09:30:00.123`, then an offset: `Z`, `+01:00`, `-0500`, `+01`, ` GMT`, ` EST`.
fn clock_of(text: &str) -> Option<(i8, i8, i8, Option<i32>)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let mut parts = text.get(..end)?.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let second: i8 = parts.next().and_then(|s| s.parse().ok()).unwrap_or(0);
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) {
        return None;
    }
    let rest = text.get(end..)?;
    let rest = match rest.strip_prefix(['.', ',']) {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let rest = rest.trim();
    let (hour, rest) = match half_of_day(rest) {
        Some((pm, after)) => (twelve_hours(hour, pm)?, after.trim()),
        None => (hour, rest),
    };
    Some((hour, minute, second.min(59), offset_of(rest)))
}

fn half_of_day(text: &str) -> Option<(bool, &str)> {
    let lower = text.get(..4).or(text.get(..2))?.to_ascii_lowercase();
    for (form, pm) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
        if lower.starts_with(form) {
            return Some((pm, text.get(form.len()..)?));
        }
    }
    None
}

fn twelve_hours(hour: i8, pm: bool) -> Option<i8> {
    match (hour, pm) {
        (12, false) => Some(0),
        (12, true) => Some(12),
        (1..=11, true) => Some(hour + 12),
        (0..=23, _) => Some(hour),
        _ => None,
    }
}

/// Seconds east of UTC; none where no zone is said or known.
fn offset_of(text: &str) -> Option<i32> {
    let text = text.trim_start_matches(['(', ' ']);
    let sign = match text.as_bytes().first()? {
        b'Z' | b'z' => return Some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return zone_named(text),
    };
    let digits: String = text
        .get(1..)?
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == ':')
        .filter(|c| *c != ':')
        .collect();
    let (hours, minutes): (i32, i32) = match digits.len() {
        1 | 2 => (digits.parse().ok()?, 0),
        3 => (digits.get(..1)?.parse().ok()?, digits.get(1..)?.parse().ok()?),
        4.. => (digits.get(..2)?.parse().ok()?, digits.get(2..4)?.parse().ok()?),
        _ => return None,
    };
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Abbreviations that mean one offset in the press. "ET" and "CT" do not: they change with the
/// season, and are read as no zone.
fn zone_named(text: &str) -> Option<i32> {
    let word: String = text.chars().take_while(char::is_ascii_alphabetic).collect();
    let hours = match word.to_ascii_uppercase().as_str() {
        "GMT" | "UTC" | "WET" => 0,
        "BST" | "CET" | "MEZ" | "WEST" => 1,
        "CEST" | "MESZ" | "EET" | "SAST" => 2,
        "EEST" | "MSK" | "TRT" => 3,
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        "BRT" => -3,
        "IST" => return Some(5 * 3600 + 1800),
        _ => return None,
    };
    Some(hours * 3600)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Number { value: u32, digits: usize },
    Word(&'a str),
}

/// Numbers and words with what stands before each: the punctuation decides what belongs together.
fn tokens(text: &str) -> Vec<(Token<'_>, &str, usize)> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(skip) = text[at..].find(char::is_alphanumeric) {
        let start = at + skip;
        let is_digit = text[start..].starts_with(|c: char| c.is_ascii_digit());
        // Japanese, Chinese and Korean write 年, 월 right after the digits.
        let end =
            text[start..]
                .find(|c: char| {
                    if is_digit { !c.is_ascii_digit() } else { !c.is_alphabetic() && !is_mark(c) }
                })
                .map_or(text.len(), |length| start + length);
        // Texts of elements side by side run together: "HealthDecember 22, 2022".
        let end = if is_digit { end } else { seam(&text[start..end]).map_or(end, |at| start + at) };
        let end = if end == start {
            start + text[start..].chars().next().map_or(1, char::len_utf8)
        } else {
            end
        };
        let word = &text[start..end];
        let token = match word.parse::<u32>() {
            Ok(value) if is_digit && word.len() <= 4 => Token::Number { value, digits: word.len() },
            _ => Token::Word(word),
        };
        out.push((token, &text[at..start], end));
        at = end;
        if out.len() > 80 {
            break;
        }
    }
    out
}

/// Where a capital follows a small letter, and begins the name of a month.
fn seam(word: &str) -> Option<usize> {
    let mut was_small = false;
    word.char_indices().find_map(|(at, c)| {
        let is_seam = was_small && c.is_uppercase() && month_of(&word[at..]).is_some();
        was_small = c.is_lowercase();
        is_seam.then_some(at)
    })
}

/// Vowel signs of Indic and Thai script are no letters to Unicode, and are parts of words.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{97f}' | '\u{980}'..='\u{9ff}' | '\u{b80}'..='\u{bff}' | '\u{e30}'..='\u{e4e}' | '\u{64b}'..='\u{652}')
}

/// The first date in a text written for people.
#[must_use]
pub fn find_human(text: &str, order: Order) -> Option<PageTime> {
    find_human_at(text, order).map(|(found, _)| found)
}

/// The first date in a text, and which bytes of the text are its day, month and year.
#[must_use]
pub fn find_human_at(text: &str, order: Order) -> Option<(PageTime, Range<usize>)> {
    let mut end = text.len().min(SEARCH_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    if !text.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let tokens = tokens(text);
    for at in 0..tokens.len() {
        if let Some((date, used)) = date_at(&tokens[at..], order) {
            let after = tokens.get(at + used - 1).map_or(text.len(), |token| token.2);
            let start = at.checked_sub(1).and_then(|i| tokens.get(i)).map_or(0, |token| token.2);
            let start = start + tokens[at].1.len();
            return Some((with_clock(date, &text[after..]), start..after));
        }
    }
    None
}

/// Adds the clock time that follows, where it has a zone.
fn with_clock(date: Date, rest: &str) -> PageTime {
    let near: String = rest.chars().take(40).collect();
    if let Some(at) = near.find(|c: char| c.is_ascii_digit()) {
        let gap = &near[..at];
        // French writes 9h30, German and Italian 9.30.
        let mut clock = near[at..].to_owned();
        let mark = clock.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        if clock[mark..].starts_with(['h', '.']) {
            clock.replace_range(mark..=mark, ":");
        }
        if gap.chars().count() <= 12
            && let Some((hour, minute, second, Some(offset))) = clock_of(&clock)
            && let Some(found) = at_time(date, hour, minute, second, Some(offset))
        {
            return found;
        }
    }
    day_only(date)
}

type Tokens<'a, 'b> = &'b [(Token<'a>, &'a str, usize)];

/// A date that begins at the first token, and how many tokens it takes.
fn date_at(tokens: Tokens<'_, '_>, order: Order) -> Option<(Date, usize)> {
    match tokens.first()?.0 {
        Token::Number { value, digits } => east_asian(tokens)
            .or_else(|| numeric(tokens, order))
            .or_else(|| if digits <= 2 { day_month_year(value, tokens) } else { None })
            .or_else(|| year_month_day(value, digits, tokens)),
        Token::Word(word) => month_day_year(word, tokens),
    }
}

fn number(token: Option<&(Token<'_>, &str, usize)>) -> Option<(u32, usize)> {
    match token?.0 {
        Token::Number { value, digits } => Some((value, digits)),
        Token::Word(_) => None,
    }
}

fn word<'a>(token: Option<&(Token<'a>, &'a str, usize)>) -> Option<&'a str> {
    match token?.0 {
        Token::Word(word) => Some(word),
        Token::Number { .. } => None,
    }
}

fn civil(year: u32, month: u32, day: u32) -> Option<Date> {
    day_of(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
}

/// `2025年11月4日`, `2025년 11월 4일`.
fn east_asian(tokens: Tokens<'_, '_>) -> Option<(Date, usize)> {
    let (year, 4) = number(tokens.first())? else { return None };
    let first = word(tokens.get(1))?;
    if !first.starts_with(['年', '년']) {
        return None;
    }
    let (month, _) = number(tokens.get(2))?;
    let (day, _) = number(tokens.get(4))?;
    word(tokens.get(3)).filter(|w| w.starts_with(['月', '월']))?;
    Some((civil(year, month, day)?, 5))
}

/// `2025-11-04`, `04.11.2025`, `11/4/2025`, `4/11/25` no: two digits of a year are too unsure.
fn numeric(tokens: Tokens<'_, '_>, order: Order) -> Option<(Date, usize)> {
    let (a, a_digits) = number(tokens.first())?;
    let (b, _) = number(tokens.get(1))?;
    let (c, c_digits) = number(tokens.get(2))?;
    let (first, second) = (tokens[1].1.trim(), tokens[2].1.trim());
    if first != second || !matches!(first, "-" | "/" | "." | "–") {
        return None;
    }
    if a_digits == 4 {
        return Some((civil(a, b, c)?, 3));
    }
    if c_digits != 4 {
        return None;
    }
    let (day, month) = match (a > 12, b > 12) {
        (true, _) => (a, b),
        (_, true) => (b, a),
        // Points are never American.
        _ if matches!(first, "/" | "-") && order == Order::MonthFirst => (b, a),
        _ => (a, b),
    };
    Some((civil(c, month, day)?, 3))
}

/// Words that stand between the parts: "4th of", "4 de", "4. ", "le 1er".
fn is_between(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "de" | "del"
            | "of"
            | "st"
            | "nd"
            | "rd"
            | "th"
            | "er"
            | "º"
            | "da"
            | "di"
            | "d"
            | "ta"
            | "i"
            | "den"
    )
}

/// `4 November 2025`, `4. November 2025`, `4 de noviembre de 2025`, `1er novembre 2025`.
fn day_month_year(day: u32, tokens: Tokens<'_, '_>) -> Option<(Date, usize)> {
    let mut at = 1;
    while word(tokens.get(at)).is_some_and(is_between) && at < 3 {
        at += 1;
    }
    let month = month_of(word(tokens.get(at))?)?;
    at += 1;
    while word(tokens.get(at)).is_some_and(is_between) && at < 5 {
        at += 1;
    }
    let (year, 4) = number(tokens.get(at))? else { return None };
    Some((civil(year, month, day)?, at + 1))
}

/// `November 4, 2025`, `Nov. 4th 2025`.
fn month_day_year(first: &str, tokens: Tokens<'_, '_>) -> Option<(Date, usize)> {
    let month = month_of(first)?;
    let (day, 1..=2) = number(tokens.get(1))? else { return None };
    let mut at = 2;
    if word(tokens.get(at)).is_some_and(is_between) {
        at += 1;
    }
    let (year, 4) = number(tokens.get(at))? else { return None };
    Some((civil(year, month, day)?, at + 1))
}

/// `2025. november 4.`, `2025 m. lapkričio 4`.
fn year_month_day(year: u32, digits: usize, tokens: Tokens<'_, '_>) -> Option<(Date, usize)> {
    if digits != 4 {
        return None;
    }
    let mut at = 1;
    if word(tokens.get(at)).is_some_and(|w| w == "m") {
        at += 1;
    }
    let month = month_of(word(tokens.get(at))?)?;
    let (day, 1..=2) = number(tokens.get(at + 1))? else { return None };
    Some((civil(year, month, day)?, at + 2))
}

/// The date in an address: `/2025/11/04/`, `/2025-11-04-`, `/20251104/`.
#[must_use]
pub fn in_url(url: &str) -> Option<PageTime> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = path.get(path.find('/')?..)?;
    let path = path.split(['?', '#']).next()?;
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_digit());
        if !starts {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let found = match run {
            4 => dated_path(path.get(at..)?),
            8 => compact(path.get(at..at + 8)?),
            _ => None,
        };
        if let Some(date) = found.filter(|d| (1990..=2100).contains(&d.year())) {
            return Some(day_only(date));
        }
        at += run;
    }
    None
}

fn compact(digits: &str) -> Option<Date> {
    day_of(
        digits.get(..4)?.parse().ok()?,
        digits.get(4..6)?.parse().ok()?,
        digits.get(6..8)?.parse().ok()?,
    )
}

fn dated_path(path: &str) -> Option<Date> {
    let year: u32 = path.get(..4)?.parse().ok()?;
    let mark = path.get(4..5)?;
    if !matches!(mark, "/" | "-" | "_" | ".") {
        return None;
    }
    let (month, rest) = path.get(5..)?.split_once(mark)?;
    let month = month.parse().ok().or_else(|| month_of(month))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if !(1..=2).contains(&end) {
        return None;
    }
    civil(year, month, rest.get(..end)?.parse().ok()?)
}

#[cfg(test)]
#[path = "dates_tests.rs"]
mod tests;

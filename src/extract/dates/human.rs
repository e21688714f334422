//! Dates written for people: day, month and year with the month's name in any language of
//! [`month_names`](super::super::month_names), and numbers alone, whose order the language decides.

use std::ops::Range;

use jiff::civil::Date;

use super::clock::clock_of;
use super::{Order, at_time, civil, day_only, month_only};
use crate::extract::month_names::month_of;
use crate::extract::page::PageTime;

/// How much of a text is searched for a human date, in bytes.
const SEARCH_BYTES_MAX: usize = 400;

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

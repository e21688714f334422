//! A text as numbers and words, each with what is before it: the punctuation decides what belongs
//! together.

use crate::dates::calendars::era_at_end;
use crate::dates::digits::digit_of;
use crate::dates::names::{Reach, month_of};

/// At most this many tokens are read.
const TOKENS_MAX: usize = 81;

/// A number or a word.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::dates) enum Kind<'a> {
    /// At most four digits, of any script.
    Number {
        value: u32,
        digits: usize,
    },
    Word(&'a str),
}

/// A token with its place.
#[derive(Debug, Clone, Copy)]
pub(in crate::dates) struct Token<'a> {
    pub kind: Kind<'a>,
    /// What is between the token before and this one.
    pub before: &'a str,
    pub text: &'a str,
    pub start: usize,
    pub end: usize,
}

pub(in crate::dates) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(skip) = text[at..].find(char::is_alphanumeric) {
        let start = at + skip;
        let is_digit = text[start..].starts_with(|c: char| digit_of(c).is_some());
        let ends = |c: char| match is_digit {
            true => digit_of(c).is_none(),
            false => digit_of(c).is_some() || !(c.is_alphabetic() || is_mark(c)),
        };
        // Japanese, Chinese and Korean write 年, 월 right after the digits.
        let end = text[start..].find(ends).map_or(text.len(), |length| start + length);
        let mut end = if is_digit { end } else { word_end(text, start, end) };
        if end == start {
            end = start + text[start..].chars().next().map_or(1, char::len_utf8);
        }
        let word = &text[start..end];
        let kind = match is_digit.then(|| small_number(word)).flatten() {
            Some((value, digits)) => Kind::Number { value, digits },
            None => Kind::Word(word),
        };
        out.push(Token { kind, before: &text[at..start], text: word, start, end });
        at = end;
        if out.len() >= TOKENS_MAX {
            break;
        }
    }
    out
}

/// The value of a number and how many digits it has; `None` for more than four of them.
fn small_number(digits: &str) -> Option<(u32, usize)> {
    let count = digits.chars().count();
    if count > 4 {
        return None;
    }
    let value = digits.chars().try_fold(0, |sum, c| Some(sum * 10 + digit_of(c)?))?;
    Some((value, count))
}

/// Where a word ends that runs to `end` as far as its characters go.
fn word_end(text: &str, start: usize, end: usize) -> usize {
    let word = &text[start..end];
    // Texts of elements side by side run together: "HealthDecember 22, 2022".
    if let Some(at) = seam(word) {
        return start + at;
    }
    // The name of an era, with its year right behind it, is a word of its own.
    if let Some((at, _)) = era_at_end(word).filter(|(at, _)| *at > 0) {
        return start + at;
    }
    // Thai and Lao short forms have a stop inside: "ก.ค.".
    let is_thai = |c: char| matches!(c, '\u{e01}'..='\u{e4e}' | '\u{e81}'..='\u{ece}');
    if word.chars().count() <= 3
        && word.starts_with(is_thai)
        && let Some(rest) = text[end..].strip_prefix('.').filter(|rest| rest.starts_with(is_thai))
    {
        let length = rest.find(|c: char| !is_thai(c)).unwrap_or(rest.len());
        return end + 1 + length;
    }
    end
}

/// Where a capital follows a small letter, and begins the name of a month.
fn seam(word: &str) -> Option<usize> {
    let mut was_small = false;
    word.char_indices().find_map(|(at, c)| {
        let is_seam =
            was_small && c.is_uppercase() && month_of(&word[at..], "", Reach::Prose).is_some();
        was_small = c.is_lowercase();
        is_seam.then_some(at)
    })
}

/// Signs of Indic, Thai and other scripts that are not letters to Unicode and are parts of words, the
/// joiners between letters, and accents that stand by themselves.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{652}' | '\u{670}'
        | '\u{900}'..='\u{dff}' | '\u{e30}'..='\u{e4e}' | '\u{eb0}'..='\u{ece}'
        | '\u{1000}'..='\u{109f}' | '\u{17b0}'..='\u{17d3}' | '\u{200c}' | '\u{200d}')
}

//! A sentence cut into the small pieces that figures are made of.
//!
//! Owns the cut into numbers, words and marks, with which of them are glued together. Deliberately gives no
//! meaning to them. One pass, linear.

use super::super::numbers::{Decimal, Notation, digits};
use super::han;
use crate::dates::digit_of;
use crate::language::Table;

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Digits, with their value where it is one.
    Number(Option<Decimal>),
    /// Letters (and digits behind letters: "A320").
    Word,
    /// A currency symbol.
    Currency(&'static str),
    /// "%" or "‰".
    Percent,
    /// "-", "–", "—", "−".
    Hyphen,
    /// "+".
    Plus,
    /// ":".
    Colon,
    /// "/".
    Slash,
    /// ",".
    Comma,
    /// ".".
    Dot,
    /// "°".
    Degree,
    /// "(" or ")".
    Bracket,
    /// Anything else.
    Other,
}

/// A piece and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bit {
    pub(super) piece: Piece,
    pub(super) start: usize,
    pub(super) end: usize,
    /// No white space is before it.
    pub(super) glued: bool,
}

/// The pieces of `text[from..to]`.
pub(super) fn bits(
    text: &str,
    from: usize,
    to: usize,
    notation: Notation,
    table: Option<&Table>,
) -> Vec<Bit> {
    let mut out: Vec<Bit> = Vec::new();
    let mut at = from;
    let Some(sentence) = text.get(..to) else { return out };
    while let Some(c) = sentence.get(at..).and_then(|rest| rest.chars().next()) {
        if c.is_whitespace() || c == '\u{ad}' || c == '\u{200b}' {
            at += c.len_utf8();
            continue;
        }
        let han = table.filter(|table| is_wide(c) && table.is("no-spaces"));
        let (piece, end) = if let Some((end, value)) = han.and_then(|_| han::number(sentence, at)) {
            (Piece::Number(Some(value)), end)
        } else if is_wide(c) {
            let after_number =
                out.iter().rev().take(3).any(|bit| matches!(bit.piece, Piece::Number(_)));
            (Piece::Word, wide_end(sentence, at, after_number, table))
        } else if digit_of(c).is_some() && !c.is_ascii() {
            let (end, value) = other_digits(sentence, at, notation);
            (Piece::Number(value), end)
        } else if c.is_ascii_digit() {
            let (length, value) = digits(&sentence[at..], notation);
            (Piece::Number(value), at + length.max(1))
        } else if c.is_alphabetic() {
            (Piece::Word, word_end(sentence, at, table))
        } else {
            (mark(c), at + c.len_utf8())
        };
        let glued = out.last().is_some_and(|last| last.end == at);
        // "3½": the fraction is a part of the number it is after.
        if let Some(part) = vulgar(c) {
            match out.last_mut() {
                Some(Bit { piece: Piece::Number(Some(whole)), end: last, .. }) if glued => {
                    *whole = whole.plus(part).unwrap_or(*whole);
                    *last = end;
                }
                _ => out.push(Bit { piece: Piece::Number(Some(part)), start: at, end, glued }),
            }
            at = end;
            continue;
        }
        out.push(Bit { piece, start: at, end, glued });
        at = end;
    }
    out
}

/// The value of a fraction in one character, where it is exact in decimals.
fn vulgar(c: char) -> Option<Decimal> {
    Decimal::parse(match c {
        '½' => "0.5",
        '¼' => "0.25",
        '¾' => "0.75",
        '⅕' => "0.2",
        '⅖' => "0.4",
        '⅗' => "0.6",
        '⅘' => "0.8",
        '⅛' => "0.125",
        '⅜' => "0.375",
        '⅝' => "0.625",
        '⅞' => "0.875",
        _ => return None,
    })
}

fn mark(c: char) -> Piece {
    if let Some(currency) = super::units::symbol(c) {
        return Piece::Currency(currency);
    }
    match c {
        '%' | '‰' | '％' | '٪' => Piece::Percent,
        '-' | '–' | '—' | '―' | '‑' | '‒' | '−' => Piece::Hyphen,
        '+' => Piece::Plus,
        ':' => Piece::Colon,
        '/' => Piece::Slash,
        ',' => Piece::Comma,
        '.' => Piece::Dot,
        '°' | 'º' => Piece::Degree,
        '(' | ')' | '[' | ']' => Piece::Bracket,
        _ => Piece::Other,
    }
}

/// Han, kana and Hangul: no space is between a number and its unit.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c as u32, 0x3005 | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af)
}

/// What says percent before a number in Chinese.
pub(super) const HAN_PERCENT: [&str; 1] = ["百分之"];

/// The end of the run of wide letters at `at`; behind a number, of the unit that stands there.
fn wide_end(text: &str, at: usize, after_number: bool, table: Option<&Table>) -> usize {
    let rest = &text[at..];
    if let Some(percent) = HAN_PERCENT.iter().find(|words| rest.starts_with(**words))
        && table.is_some_and(|table| table.is("no-spaces"))
    {
        return at + percent.len();
    }
    if after_number && let Some(table) = table {
        let units = table
            .scale
            .keys()
            .chain(table.currency.keys())
            .chain(table.duration.keys())
            .chain(table.measure.keys())
            .chain(DATE_UNITS)
            .copied()
            .chain(table.clock_after.iter().copied())
            .chain(table.percent.iter().chain(&table.points).flatten().copied());
        if let Some(unit) =
            units.filter(|unit| rest.starts_with(unit)).max_by_key(|unit| unit.len())
        {
            return at + unit.len();
        }
    }
    let is_han = table.is_some_and(|table| table.is("no-spaces"));
    let run = rest.char_indices().take_while(|&(offset, c)| {
        let begins = |at: usize| {
            han::number(text, at).is_some()
                || HAN_PERCENT.iter().any(|words| text[at..].starts_with(*words))
        };
        is_wide(c) && !(is_han && offset > 0 && begins(at + offset))
    });
    at + run.map(|(_, c)| c.len_utf8()).sum::<usize>()
}

/// Year, month and day behind their numbers.
const DATE_UNITS: &[&str] = &["年", "月", "日", "년", "월", "일"];

/// A number in the digits of another script: "١٢٫٥", "१२,५००".
fn other_digits(text: &str, at: usize, notation: Notation) -> (usize, Option<Decimal>) {
    const CHARS_MAX: usize = 40;
    let mut plain = String::new();
    let mut end = at;
    let mut chars = text[at..].chars().take(CHARS_MAX).peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().is_some_and(|n| digit_of(*n).is_some());
        match (digit_of(c).and_then(|d| char::from_digit(d, 10)), c) {
            (Some(digit), _) => plain.push(digit),
            (None, '٫') if next => plain.push(if notation.comma_decimal { ',' } else { '.' }),
            (None, '٬') if next => plain.push(if notation.comma_decimal { '.' } else { ',' }),
            (None, ',' | '.') if next => plain.push(c),
            _ => break,
        }
        end += c.len_utf8();
    }
    let (read, value) = digits(&plain, notation);
    (end, value.filter(|_| read == plain.len()))
}

/// The end of the word at `at`. Digits behind letters are a part of it ("A320"), except those behind what is written
/// together with a number: the letters of a currency ("Rp1,2") and of scripts without capitals ("لـ240").
fn word_end(text: &str, at: usize, table: Option<&Table>) -> usize {
    let parts_number = |end: usize| {
        let letters = &text[at..end];
        let caseless = |c: char| matches!(c as u32, 0x0590..=0x06ff);
        letters.ends_with(caseless)
            || super::units::money_letters(letters).is_some()
            || table
                .is_some_and(|t| t.currency_before.contains_key(letters.to_lowercase().as_str()))
    };
    let mut end = at;
    let mut chars = text[at..].chars().peekable();
    while let Some(c) = chars.next() {
        let inner = matches!(c, '’' | '\'' | '.' | '\u{200c}')
            && chars.peek().is_some_and(|n| n.is_alphabetic());
        let combines = matches!(c as u32, 0x0591..=0x05c7 | 0x064b..=0x065f | 0x0900..=0x0d7f);
        if is_wide(c) && end > at
            || !(c.is_alphanumeric() || inner || c == 'º' || combines)
            || (c.is_ascii_digit() && (end == at || parts_number(end)))
        {
            break;
        }
        end += c.len_utf8();
    }
    end.max(at + text[at..].chars().next().map_or(1, char::len_utf8))
}

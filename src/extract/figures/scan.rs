//! A sentence cut into the small pieces that figures are made of.
//!
//! Owns the cut into numbers, words and marks, with what stands glued to what. Deliberately gives no
//! meaning to them. One pass, linear.

use super::super::numbers::{Decimal, Notation, digits};

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

/// A piece and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bit {
    pub(super) piece: Piece,
    pub(super) start: usize,
    pub(super) end: usize,
    /// No white space stands before it.
    pub(super) glued: bool,
}

/// The pieces of `text[from..to]`.
pub(super) fn bits(text: &str, from: usize, to: usize, notation: Notation) -> Vec<Bit> {
    let mut out: Vec<Bit> = Vec::new();
    let mut at = from;
    let Some(sentence) = text.get(..to) else { return out };
    while let Some(c) = sentence.get(at..).and_then(|rest| rest.chars().next()) {
        if c.is_whitespace() || c == '\u{ad}' || c == '\u{200b}' {
            at += c.len_utf8();
            continue;
        }
        let (piece, end) = if c.is_ascii_digit() {
            let (length, value) = digits(&sentence[at..], notation);
            (Piece::Number(value), at + length.max(1))
        } else if c.is_alphabetic() {
            (Piece::Word, word_end(sentence, at))
        } else {
            (mark(c), at + c.len_utf8())
        };
        let glued = out.last().is_some_and(|last| last.end == at);
        out.push(Bit { piece, start: at, end, glued });
        at = end;
    }
    out
}

fn mark(c: char) -> Piece {
    if let Some(currency) = super::units::symbol(c) {
        return Piece::Currency(currency);
    }
    match c {
        '%' | '‰' | '％' | '٪' => Piece::Percent,
        '-' | '–' | '—' | '‑' | '‒' | '−' => Piece::Hyphen,
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

fn word_end(text: &str, at: usize) -> usize {
    let mut end = at;
    let mut chars = text[at..].chars().peekable();
    while let Some(c) = chars.next() {
        let inner =
            matches!(c, '’' | '\'' | '.') && chars.peek().is_some_and(|n| n.is_alphabetic());
        if !(c.is_alphanumeric() || inner || c == 'º') || (c.is_ascii_digit() && end == at) {
            break;
        }
        end += c.len_utf8();
    }
    end.max(at + text[at..].chars().next().map_or(1, char::len_utf8))
}

//! The words of an article outside its quotations, as tokens.
//!
//! Owns the cut into words and marks; a whole quotation is one token, so that the sentence around it
//! can be read as if nothing were said. Deliberately knows no grammar. One pass, linear.

use std::ops::Range;

use super::marks::Span;
use crate::extract::page::{Block, Sentence};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word; whether it begins with a capital.
    Word {
        /// Whether it begins with a capital letter.
        capital: bool,
    },
    /// A word of digits.
    Number,
    /// A comma.
    Comma,
    /// A colon.
    Colon,
    /// A semicolon.
    Semicolon,
    /// The end of a sentence.
    Stop,
    /// A dash.
    Dash,
    /// An opening bracket.
    Open,
    /// A closing bracket.
    Close,
    /// A quotation, by its index.
    Quote(usize),
}

/// A token and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The word in lower case, without a trailing stop; empty for marks.
    pub(crate) lower: String,
}

impl Token {
    pub(crate) fn is_capital(&self) -> bool {
        self.kind == Kind::Word { capital: true }
    }

    pub(crate) fn is_word(&self) -> bool {
        matches!(self.kind, Kind::Word { .. })
    }

    /// Whether the word is a possessive: "Clinton's", "workers’".
    pub(crate) fn is_possessive(&self) -> bool {
        self.lower.ends_with("'s")
            || self.lower.ends_with("’s")
            || self.lower.ends_with("s’")
            || self.lower.ends_with("s'")
    }
}

/// The tokens of an article, and where each sentence of the text around the quotations is in them.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) list: Vec<Token>,
    /// Runs of tokens without the stop that ends them, with the index of their block.
    pub(crate) sentences: Vec<(Range<usize>, usize)>,
    /// For every quotation, the index of its token and of its sentence in `sentences`.
    pub(crate) of_quote: Vec<(usize, usize)>,
}

/// Cuts the text; `spans` are in order and do not overlap.
pub(crate) fn tokens(
    text: &str,
    blocks: &[Block],
    sentences: &[Sentence],
    spans: &[Span],
) -> Tokens {
    let mut out = Tokens { of_quote: vec![(0, 0); spans.len()], ..Tokens::default() };
    let mut next_span = 0;
    let mut next_sentence = 0;
    for (index, block) in blocks.iter().enumerate() {
        if text.get(block.range.clone()).is_none() {
            continue;
        }
        while sentences.get(next_sentence).is_some_and(|s| s.range.end <= block.range.start) {
            next_sentence += 1;
        }
        while spans.get(next_span).is_some_and(|s| s.start < block.range.start) {
            next_span += 1;
        }
        let mut from = out.list.len();
        let mut at = block.range.start;
        let end = block.range.end;
        while at < end {
            let mut stopped = false;
            while sentences.get(next_sentence).is_some_and(|s| s.range.end <= at) {
                stopped = true;
                next_sentence += 1;
            }
            if stopped {
                close_sentence(&mut out, &mut from, index);
            }
            if let Some(span) =
                spans.get(next_span).filter(|span| span.start == at && span.end <= end)
            {
                out.of_quote[next_span] = (out.list.len(), out.sentences.len());
                out.list.push(Token {
                    kind: Kind::Quote(next_span),
                    start: at,
                    end: span.end,
                    lower: String::new(),
                });
                at = span.end;
                next_span += 1;
                // Sentence ends inside the quotation do not end the sentence around it.
                while sentences.get(next_sentence).is_some_and(|s| s.range.end < at) {
                    next_sentence += 1;
                }
                continue;
            }
            let sentence_end = sentences.get(next_sentence).map_or(end, |s| s.range.end).min(end);
            at = push_token(text, at, sentence_end.max(at + 1), &mut out.list);
        }
        close_sentence(&mut out, &mut from, index);
    }
    out
}

fn close_sentence(out: &mut Tokens, from: &mut usize, block: usize) {
    if out.list.len() > *from {
        out.sentences.push((*from..out.list.len(), block));
        let end = out.list.last().map_or(0, |t| t.end);
        out.list.push(Token { kind: Kind::Stop, start: end, end, lower: String::new() });
    }
    *from = out.list.len();
}

/// Pushes the token at `at`, if one begins there, and gives the byte to continue at.
fn push_token(text: &str, at: usize, sentence_end: usize, list: &mut Vec<Token>) -> usize {
    let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { return at + 1 };
    let after = at + c.len_utf8();
    if c.is_alphanumeric() || c == '@' {
        let end = word_end(text, at, sentence_end);
        let word = &text[at..end];
        let number = c.is_ascii_digit();
        let kind = if number { Kind::Number } else { Kind::Word { capital: c.is_uppercase() } };
        list.push(Token { kind, start: at, end, lower: word.trim_end_matches('.').to_lowercase() });
        return end;
    }
    let kind = match c {
        ',' | '،' | '，' | '、' => Kind::Comma,
        ':' | '：' => Kind::Colon,
        ';' | '؛' => Kind::Semicolon,
        '—' | '–' | '―' | '|' | '•' | '…' => Kind::Dash,
        '-' if text[after..].starts_with([' ', '-']) => Kind::Dash,
        '(' | '[' | '（' => Kind::Open,
        ')' | ']' | '）' => Kind::Close,
        _ => return after,
    };
    if !(kind == Kind::Dash
        && list.last().is_some_and(|last| last.kind == Kind::Dash && last.end == at))
    {
        list.push(Token { kind, start: at, end: after, lower: String::new() });
    }
    after
}

fn word_end(text: &str, at: usize, sentence_end: usize) -> usize {
    let mut end = at;
    let mut chars = text[at..].chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let joins = c.is_alphanumeric()
            || c == '@'
            || c == '_'
            || (matches!(c, '’' | '\'' | '-' | '.' | '&' | '·' | '‑')
                && next.is_some_and(char::is_alphanumeric))
            || (matches!(c, '’' | '\'')
                && text[at..end].ends_with('s')
                && next.is_some_and(|n| n == ' '))
            || (c == '.' && end + 1 < sentence_end);
        if !joins || end - at > 120 {
            break;
        }
        end += c.len_utf8();
        if c == '.' && !next.is_some_and(char::is_alphanumeric) {
            break;
        }
    }
    end.max(at + 1)
}

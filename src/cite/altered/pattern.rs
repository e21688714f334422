//! A parsed quotation: the words that have to stand in the text, and the marks between them.

use std::ops::Range;

use super::Kind;

/// Notes of the quoter that are not words of the source.
const NOTES: [&str; 13] = [
    "sic",
    "sic!",
    "emphasis added",
    "emphasis mine",
    "my emphasis",
    "emphasis in original",
    "emphasis in the original",
    "italics added",
    "italics mine",
    "my italics",
    "hervorhebung von mir",
    "énfasis añadido",
    "c’est moi qui souligne",
];

/// Words that have to stand in the text, in order.
#[derive(Debug, Clone, Default)]
pub(super) struct Segment {
    pub(super) words: String,
    /// The bytes of `words` whose case is the quoter's, and the word in the quotation.
    pub(super) cases: Vec<(Range<usize>, String)>,
}

/// What stands between two segments.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    pub(super) kind: Kind,
    pub(super) given: String,
}

/// A quotation: segments, with a gap between each two.
#[derive(Debug, Clone, Default)]
pub(super) struct Pattern {
    pub(super) segments: Vec<Segment>,
    pub(super) gaps: Vec<Gap>,
}

/// Whether a bracket after which a word continues holds a letter of another case, or a part of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    Case,
    Part,
}

/// Parses a quotation; none if it has no word.
pub(super) fn parse(quote: &str, prefix: Prefix) -> Option<Pattern> {
    let mut pattern = Pattern { segments: vec![Segment::default()], gaps: Vec::new() };
    let mut at = 0;
    while let Some(c) = quote[at..].chars().next() {
        let rest = &quote[at..];
        if let Some(length) = ellipsis(rest) {
            pattern.part(Kind::Omission, rest[..length].trim());
            at += length;
            continue;
        }
        let close = match c {
            '[' => rest.find(']'),
            '(' => {
                rest.find(')').filter(|end| is_omission(&rest[1..*end]) || is_note(&rest[1..*end]))
            }
            _ => None,
        };
        let Some(close) = close else {
            pattern.last().words.push(c);
            at += c.len_utf8();
            continue;
        };
        let inside = rest[1..close].trim();
        at += close + 1;
        if is_note(inside) {
            continue;
        }
        if is_omission(inside) {
            pattern.part(Kind::Omission, &rest[..=close]);
            continue;
        }
        let is_letter = |c: char| c.is_alphanumeric();
        let goes_on = quote[at..].starts_with(is_letter);
        let before = &quote[..at - close - 1];
        let is_joined = before.ends_with(is_letter);
        let word = word_around(quote, at - close - 1, at);
        if goes_on && !is_joined && prefix == Prefix::Case && inside.chars().count() <= 3 {
            let begin = pattern.last().words.len();
            pattern.last().words.push_str(inside);
            let end = pattern.last().words.len();
            pattern.last().cases.push((begin..end, word));
        } else if goes_on || is_joined {
            pattern.part(Kind::Part, &word);
        } else {
            pattern.part(Kind::Insertion, &rest[..=close]);
        }
    }
    let has_word = pattern.segments.iter().any(|s| s.words.chars().any(char::is_alphanumeric));
    has_word.then_some(pattern)
}

impl Pattern {
    fn last(&mut self) -> &mut Segment {
        if self.segments.is_empty() {
            self.segments.push(Segment::default());
        }
        let last = self.segments.len() - 1;
        &mut self.segments[last]
    }

    fn part(&mut self, kind: Kind, given: &str) {
        self.gaps.push(Gap { kind, given: given.to_owned() });
        self.segments.push(Segment::default());
    }
}

/// The bytes that a sign for words left out takes at the start: "…", "...", ". . .", with a full stop
/// before or after.
fn ellipsis(text: &str) -> Option<usize> {
    let (mut dots, mut end) = (0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '.' => dots += 1,
            '…' => dots += 3,
            ' ' | '\u{a0}' if dots > 0 => continue,
            _ => break,
        }
        end = at + c.len_utf8();
    }
    (dots >= 3).then_some(end)
}

fn is_omission(inside: &str) -> bool {
    let inside = inside.trim();
    inside.is_empty()
        || ellipsis(inside) == Some(inside.len())
        || matches!(inside, "--" | "—" | "–" | "..")
}

fn is_note(inside: &str) -> bool {
    NOTES.contains(&inside.trim().to_lowercase().as_str())
}

/// The word that the bytes lie in.
fn word_around(quote: &str, from: usize, to: usize) -> String {
    let begin = quote[..from].rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let end = quote[to..].find(char::is_whitespace).map_or(quote.len(), |at| to + at);
    let word = quote.get(begin..end).or_else(|| quote.get(from..to)).unwrap_or("");
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '[' && c != ']').to_owned()
}

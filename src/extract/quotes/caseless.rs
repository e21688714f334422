//! Speakers in scripts without capitals, by the tables of `language`.
//!
//! Owns the commonest attributions of each grammar: a topic or a subject mark before the words (田中氏は「…」と
//! 述べた), a name and a verb on either side (张伟说：“…”), a verb and a name (قال أحمد: «…»), source phrases. What is
//! quoted is masked first, so that no word of a quotation is taken for one of the sentence around it.
//! Deliberately resolves no pronoun: the caller tracks the last speaker. Looks at most a sentence's head to
//! either side.

mod korean;
mod spaced;
mod wide;

use std::ops::Range;

use super::attribution::{Attribution, Way};
use super::marks::Span;
use crate::extract::page::Block;
use crate::language::{Table, table};

/// Bytes read on either side of a quotation.
const REACH_BYTES: usize = 240;

/// A speaker and a cue, as ranges of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The words that name the speaker; none where a pronoun is there, or nothing.
    pub(super) name: Option<Range<usize>>,
    pub(super) cue: Option<Range<usize>>,
}

/// The text with every quotation blanked out, byte for byte.
#[derive(Debug, Default)]
pub(super) struct Masked(String);

impl Masked {
    pub(super) fn new(text: &str, spans: &[Span]) -> Self {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for span in spans {
            let (Some(before), true) = (text.get(at..span.start), span.end <= text.len()) else {
                continue;
            };
            out.push_str(before);
            // One mark at either end, so that a name does not reach over a quotation.
            let length = span.end - span.start;
            out.extend(std::iter::repeat_n(MASK, length));
            at = span.end;
        }
        out.push_str(text.get(at..).unwrap_or(""));
        Self(out)
    }
}

/// What is in place of a quoted byte.
const MASK: char = '\u{1}';

/// The table of a language that writes no capitals.
pub(super) fn grammar(language: &str) -> Option<&'static Table> {
    table(language).filter(|table| table.is("no-capitals"))
}

/// Which spans have an attribution, and which a block or post around them.
pub(super) fn attribute(
    text: &str,
    spans: &[Span],
    blocks: &[Block],
    language: &str,
) -> Vec<Option<Attribution>> {
    let Some(table) = grammar(language) else { return vec![None; spans.len()] };
    let masked = Masked::new(text, spans);
    let said = |span: &Span| {
        let block = blocks.get(span.block)?;
        find(&masked, &block.range, &(span.start..span.end), table)
    };
    spans
        .iter()
        .map(|span| said(span).map(|_| Attribution { mention: None, cue: None, way: Way::Beside }))
        .collect()
}

/// Who speaks the quotation `quote`, in a block of a language without capitals.
pub(super) fn find(
    masked: &Masked,
    block: &Range<usize>,
    quote: &Range<usize>,
    table: &'static Table,
) -> Option<Found> {
    crate::extract::work::step();
    let text = masked.0.as_str();
    let mut from = block.start.max(quote.start.saturating_sub(REACH_BYTES));
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut to = block.end.min(text.len()).min(quote.end + REACH_BYTES).max(quote.end);
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let before = text.get(from..quote.start)?;
    let from = from + sentence_start(before);
    let before = text.get(from..quote.start)?;
    let after = text.get(quote.end..to)?;
    // Words behind a colon, or behind a verb of saying and a comma, have their attribution before them.
    let lead = before.trim_end();
    let bare = lead.trim_end_matches([',', '،', '，']);
    let said = bare.len() < lead.len()
        && bare.split_whitespace().next_back().is_some_and(|word| table.say.contains(word));
    let introduced = lead.ends_with([':', '：']) || said;
    // 「…」。山本さんは…: the sentence behind names the speaker.
    let next = (table.is("no-spaces") && before.trim().is_empty() && !table.topic.is_empty())
        .then(|| after.strip_prefix('。'))
        .flatten();
    let after = match next {
        Some(rest) => &after[..'。'.len_utf8() + sentence_end(rest)],
        None if introduced => "",
        None => &after[..sentence_end(after)],
    };
    let place = Place {
        before: Part { text: before, at: from },
        after: Part { text: after, at: quote.end },
        table,
    };
    if table.is("no-spaces") { wide::find(&place) } else { spaced::find(&place) }
}

/// The one person whom the text right before `at` names with a title and a mark of the subject; none where it names
/// several, or in a language whose names nothing sets apart.
pub(super) fn named_before(
    masked: &Masked,
    at: usize,
    table: &'static Table,
) -> Option<Range<usize>> {
    const BYTES: usize = 360;
    let text = masked.0.as_str();
    let mut from = at.saturating_sub(BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let part = Part { text: text.get(from..at)?, at: from };
    let found = if !table.topic.is_empty() {
        wide::named(part, table)
    } else if !table.particle.is_empty() {
        korean::named(part, table)
    } else if table.is("no-spaces") {
        wide::chinese_named(part, table)
    } else {
        return None;
    };
    let last = found.last()?;
    let one = found.iter().all(|other| text.get(other.clone()) == text.get(last.clone()));
    one.then(|| last.clone())
}

/// Whether nothing but an attribution is between two quotations, so that they are one.
pub(super) fn joins(text: &str, first: &Span, second: &Span, table: &Table) -> bool {
    let Some(between) = text.get(first.end..second.start) else { return false };
    let inner = text.get(first.inner_start..first.inner_end).unwrap_or("");
    let comma = |c: char| matches!(c, ',' | '，' | '،' | '、');
    let breaks = inner.trim_end().ends_with(comma) || between.trim_start().starts_with(comma);
    let goes_on = between.trim_end().ends_with(comma);
    let cued = table.say.iter().any(|verb| between.contains(verb));
    first.block == second.block
        && breaks
        && goes_on
        && cued
        && between.chars().count() <= 60
        && !between.contains(['。', '！', '？', '.', '؟', '।', '\n'])
}

/// Part of the text, and where it begins.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    at: usize,
}

impl Part<'_> {
    /// The range in the text of a piece of this part.
    fn range(&self, piece: &str) -> Range<usize> {
        let start = self.at + (piece.as_ptr() as usize - self.text.as_ptr() as usize);
        start..start + piece.len()
    }
}

/// What is around a quotation.
struct Place<'a> {
    before: Part<'a>,
    after: Part<'a>,
    table: &'static Table,
}

/// Behind the last stop of the text before a quotation.
fn sentence_start(before: &str) -> usize {
    let stop = before.char_indices().rev().find(|&(at, c)| {
        let next = &before[at + c.len_utf8()..];
        matches!(c, '。' | '！' | '？' | '؟' | '।' | '\n' | '!' | '?' | '；')
            || c == '.' && next.starts_with([' ', MASK])
    });
    stop.map_or(0, |(at, c)| at + c.len_utf8())
}

/// The first stop of the text behind a quotation, or the next quotation.
fn sentence_end(after: &str) -> usize {
    let stop = after.char_indices().find(|&(at, c)| {
        let next = &after[at + c.len_utf8()..];
        matches!(c, '。' | '！' | '？' | '؟' | '।' | '\n' | '!' | '?' | MASK)
            || c == '.' && (next.is_empty() || next.starts_with([' ', '\u{a0}']))
    });
    stop.map_or(after.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_behind_the_last_stop_and_ends_at_the_next() {
        assert_eq!(sentence_start("一。二说："), "一。".len());
        assert_eq!(sentence_start("no stop"), 0);
        assert_eq!(sentence_end("说。后"), "说".len());
        assert_eq!(sentence_end(" said. Then"), " said".len());
        assert_eq!(sentence_end(" 12.5 more"), " 12.5 more".len());
    }
}

//! Sentences with their byte ranges.
//!
//! Owns where a sentence ends. Deliberately does not look across blocks, does not change a byte, and
//! drops none: the sentences of a block cover everything in it but white space between them.
//! A quotation that holds several sentences is split at its inner sentence ends, and the closing
//! mark goes with the sentence it closes; a question or exclamation inside quotation marks that an
//! attribution follows ("Why?" she said.) stays one sentence with it.
//!
//! The idea is the usual one of rule segmenters (candidate stops, then exceptions by the word before
//! and the word after; compare Unicode Standard Annex #29, section 5); every search to either side is
//! capped, so the work is linear in the text. `docs/quotations.md` has the measurements.

mod abbreviations;
mod stops;

use super::page::{Block, BlockKind, Sentence};
use abbreviations::{Stop, dotted_ordinals, follows_clock, is_starter, stop_after};
use stops::{
    char_at, closers, ends_with_quote, is_open_quote, is_stop, is_wide_stop, skip_openers,
    skip_space, stop_run, wide_boundary,
};

/// Bytes read behind a stop for the word before it.
const WORD_BYTES_MAX: usize = 32;
/// Words read after a closing mark for an attribution.
const ATTRIBUTION_WORDS_MAX: usize = 6;

/// The sentences of `text`, block by block, in order. `language` is a BCP 47 tag; without one, the
/// script of the text decides between English rules and those of its script.
///
/// Ranges are on character boundaries, have no white space around them, never cross a block and never
/// overlap. Blocks whose ranges do not fit the text are skipped.
#[must_use]
pub fn sentences(text: &str, blocks: &[Block], language: Option<&str>) -> Vec<Sentence> {
    let language = primary_language(language);
    let mut out = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        let Some(slice) = text.get(block.range.clone()) else { continue };
        let breaks_lines = !matches!(block.kind, BlockKind::Preformatted);
        let mut splitter = Splitter { text: slice, language: &language, breaks_lines };
        splitter.split(|start, end| {
            out.push(Sentence {
                range: block.range.start + start..block.range.start + end,
                block: index,
            });
        });
    }
    out
}

/// The primary subtag in lower case; "en" where none is given.
pub(super) fn primary_language(language: Option<&str>) -> String {
    let tag = language.unwrap_or("en");
    let primary = tag.split(['-', '_']).next().unwrap_or("en").trim().to_ascii_lowercase();
    if primary.is_empty() || primary.len() > 8 { "en".to_owned() } else { primary }
}

struct Splitter<'a> {
    text: &'a str,
    language: &'a str,
    breaks_lines: bool,
}

impl Splitter<'_> {
    fn split(&mut self, mut emit: impl FnMut(usize, usize)) {
        let text = self.text;
        let mut start = 0;
        let mut at = 0;
        let mut blank = true;
        while let Some(c) = char_at(text, at) {
            let end = if c == '\n' {
                if blank { None } else { self.line_break(at) }
            } else if is_stop(c, self.language) || is_greek_question(text, at, c) {
                let run_end = stop_run(text, at, self.language).max(at + c.len_utf8());
                let close_end = closers(text, run_end);
                if self.is_boundary(start, at, run_end, close_end) {
                    Some(close_end)
                } else {
                    blank = false;
                    at = run_end;
                    continue;
                }
            } else {
                None
            };
            match end {
                Some(end) => {
                    push_trimmed(text, start, end, &mut emit);
                    start = end;
                    blank = true;
                    at = end.max(at + c.len_utf8());
                }
                None => {
                    blank = blank && c.is_whitespace();
                    at += c.len_utf8();
                }
            }
        }
        push_trimmed(text, start, text.len(), &mut emit);
    }

    /// A line break inside a block ends a sentence unless the next line continues in lower case.
    fn line_break(&self, at: usize) -> Option<usize> {
        if !self.breaks_lines {
            return None;
        }
        let next = self.text[at..].chars().take(64).find(|c| !c.is_whitespace())?;
        if next.is_lowercase() || matches!(next, ',' | ';' | ')' | '–' | '—') {
            None
        } else {
            Some(at)
        }
    }

    /// Whether a sentence ends with the stops `at..run_end` and the closing marks up to `close_end`.
    fn is_boundary(&self, start: usize, at: usize, run_end: usize, close_end: usize) -> bool {
        let text = self.text;
        let Some(stop) = char_at(text, at) else { return false };
        let run = &text[at..run_end];
        let Some(after) = char_at(text, close_end) else { return true };
        if is_wide_stop(stop) {
            return wide_boundary(text, close_end);
        }
        if !after.is_whitespace() {
            return self.glued_boundary(at, run, close_end);
        }
        let next_start = skip_space(text, close_end);
        let Some(next) = char_at(text, skip_openers(text, next_start)) else { return true };
        let closed = close_end > run_end && ends_with_quote(&text[run_end..close_end]);
        let word_at = skip_openers(text, next_start);
        let next_word = word_from(text, word_at);
        if next.is_lowercase() && !begins_like_a_brand(next_word) {
            return false;
        }
        if matches!(next, ',' | ';' | ':' | ')' | ']' | '?' | '!' | '.' | '…') {
            return false;
        }
        if matches!(next, '—' | '–' | '-' | '―') && closed {
            return false;
        }
        // —¿Cuándo? —preguntó Luis: dashes in place of marks.
        let dash = matches!(next, '—' | '–' | '―').then(|| word_at + next.len_utf8());
        if dash.is_some_and(|at| self.is_dialogue(skip_space(text, at))) {
            return false;
        }
        match stop {
            '.' if run == "." => self.full_stop(start, at, closed, next, word_at, next_word),
            '.' | '…' => self.ellipsis(run, closed, next_word),
            _ if closed => !self.is_attribution(next_start),
            _ => true,
        }
    }

    /// A single full stop before white space.
    fn full_stop(
        &self,
        start: usize,
        at: usize,
        closed: bool,
        next: char,
        word_at: usize,
        next_word: &str,
    ) -> bool {
        let text = self.text;
        let word = word_before(text, at);
        let word_start = at - word.len();
        if closed {
            // "…for Trump Inc." said: a stop inside the marks ends the sentence, unless it is the
            // stop of an abbreviation and an attribution or the rest of the clause follows.
            return !(self.is_attribution(skip_space(text, word_at)) && word.len() < 6);
        }
        let before = text[..word_start].chars().next_back();
        let tight = before.is_some_and(|c| matches!(c, ',' | '(' | '[') || c.is_ascii_digit());
        let comma = tight
            || previous_mark(text, word_start).is_some_and(|c| c == ',' || c.is_ascii_digit());
        if word.chars().all(|c| c.is_ascii_digit()) && !word.is_empty() {
            // "1. Text" at the head of a block or sentence is an enumeration.
            let leads = text[start..word_start].trim().is_empty() && word.len() <= 3;
            let ordinal = dotted_ordinals(self.language)
                && word.len() <= 2
                && !is_starter(self.language, next_word);
            return !(leads || ordinal);
        }
        let mut letters = word.chars();
        if let (Some(letter), None) = (letters.next(), letters.next()) {
            if letter.is_uppercase() && self.initial_continues(letter, word_start, next_word, next)
            {
                return false;
            }
            if letter.is_alphabetic() && letter.is_lowercase() && word_start == start {
                return false;
            }
        }
        match stop_after(self.language, word, comma) {
            Some(Stop::Never) => !next.is_alphanumeric(),
            Some(Stop::BeforeNumber) => {
                !(next.is_ascii_digit()
                    || next == '#'
                    || (next.is_uppercase() && is_roman(next_word)))
            }
            Some(Stop::BeforeStarter) => {
                // "St. Louis", "U.S. Senate" go on; "in the U.S. The" does not.
                is_starter(self.language, next_word) || !next.is_alphanumeric()
            }
            Some(Stop::BeforeCapital) => next.is_uppercase(),
            Some(Stop::Clock) => next.is_uppercase() && !follows_clock(next_word),
            None => true,
        }
    }

    /// Whether the single capital before the stop is an initial of a name that continues.
    fn initial_continues(
        &self,
        letter: char,
        word_start: usize,
        next_word: &str,
        next: char,
    ) -> bool {
        if !next.is_uppercase() {
            return false;
        }
        let text = self.text;
        let before = previous_word(text, word_start);
        // "Plan B. The", "Hepatitis C. He", "Vitamin D. It": the next word decides.
        if is_starter(self.language, next_word) && next_word.chars().count() > 1 {
            return false;
        }
        if letter == 'I' && before.is_some_and(|w| w.chars().all(char::is_lowercase)) {
            return false;
        }
        true
    }

    fn ellipsis(&self, run: &str, closed: bool, next_word: &str) -> bool {
        // Four dots are an ellipsis and a full stop.
        if run.matches('.').count() >= 4 || closed {
            return true;
        }
        let first = next_word.split(['’', '\'']).next().unwrap_or("");
        first != "I" && !next_word.is_empty()
    }

    /// A stop with no white space after it.
    fn glued_boundary(&self, at: usize, run: &str, close_end: usize) -> bool {
        // "…the end.”The next" and "…der Satz.Der nächste": a missing space, distinguished from "example.com",
        // "U.S.A" and "3.5" by two lower-case letters before and a capital with a lower-case letter after.
        let text = self.text;
        let mut after = text[close_end..].chars();
        let (Some(first), Some(second)) = (after.next(), after.next()) else { return true };
        let opens = is_open_quote(first) && second.is_alphabetic();
        let capital = first.is_uppercase() && second.is_lowercase();
        if !(capital || opens) || run.len() > 3 {
            return false;
        }
        let word = word_before(text, at);
        let mut lower = word.chars().rev().take(2);
        let two_lower =
            word.chars().count() >= 2 && lower.all(char::is_lowercase) && !word.contains('.');
        let plain = word.chars().all(|c| c.is_alphabetic());
        let next = word_from(text, close_end);
        two_lower
            && plain
            && !next.contains(['.', '/', '@'])
            && stop_after(self.language, word, false).is_none()
    }

    /// Whether the words from `at`, behind a dash, name the speaker of what is before it.
    fn is_dialogue(&self, at: usize) -> bool {
        // "– Kto zapłaci? – zapytał Marek Wrona.": the press of most languages sets dialogue so.
        self.language != "en"
            && char_at(self.text, at).is_some_and(char::is_lowercase)
            && self.is_attribution(at)
    }

    /// Whether the words from `at` are an attribution: up to a few words and then a verb of saying.
    fn is_attribution(&self, at: usize) -> bool {
        let mut from = at;
        for index in 0..ATTRIBUTION_WORDS_MAX {
            let word = word_from(self.text, from);
            if word.is_empty() {
                return false;
            }
            if super::quotes::is_saying(word) {
                return true;
            }
            let name_like = word.chars().next().is_some_and(char::is_uppercase)
                || word.ends_with('.')
                || (index <= 3
                    && word
                        .chars()
                        .all(|c| c.is_alphanumeric() || c == '-' || c == '’' || c == '\''));
            if !name_like {
                return false;
            }
            let next = skip_space(self.text, from + word.len());
            if next == from + word.len() {
                return false;
            }
            from = next;
        }
        false
    }
}

/// Whether a semicolon ends a question: behind a Greek letter and before a Greek capital, whatever language the
/// text is in.
fn is_greek_question(text: &str, at: usize, c: char) -> bool {
    let is_greek = |c: char| matches!(c, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}');
    c == ';'
        && text[..at].chars().next_back().is_some_and(is_greek)
        && text[at + 1..]
            .chars()
            .find(|c| c.is_alphabetic())
            .is_none_or(|c| is_greek(c) && c.is_uppercase())
}

fn push_trimmed(text: &str, start: usize, end: usize, emit: &mut impl FnMut(usize, usize)) {
    let slice = &text[start..end];
    let left = slice.len() - slice.trim_start().len();
    let kept = slice.trim();
    if !kept.is_empty() {
        emit(start + left, start + left + kept.len());
    }
}

/// The word (with inner stops) right before `at`.
fn word_before(text: &str, at: usize) -> &str {
    let mut start = at;
    for c in text[..at].chars().rev() {
        if !(c.is_alphanumeric() || matches!(c, '.' | '-' | '’' | '\'' | 'º' | 'ª'))
            || at - start > WORD_BYTES_MAX
        {
            break;
        }
        start -= c.len_utf8();
    }
    let word = &text[start..at];
    let word = word.trim_start_matches(['.', '-', '’', '\'']);
    // "a well-known Gov": only the last part of a hyphened word can be an abbreviation.
    match word.rfind('-') {
        Some(hyphen) if !word[hyphen..].contains('.') => &word[hyphen + 1..],
        _ => word,
    }
}

/// The word before the one that begins at `at`, if only white space is between.
fn previous_word(text: &str, at: usize) -> Option<&str> {
    let head = text[..at].trim_end();
    if head.len() == at {
        return None;
    }
    let word = word_before(text, head.len());
    (!word.is_empty()).then_some(word)
}

/// The mark or character before `at`, one space skipped.
fn previous_mark(text: &str, at: usize) -> Option<char> {
    let mut back = text[..at].chars().rev();
    match back.next() {
        Some(' ' | '\u{a0}') => back.next(),
        other => other,
    }
}

/// The word that begins at `at`: up to white space, without trailing marks; capped.
fn word_from(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let mut end = 0;
    for c in rest.chars() {
        if c.is_whitespace() || end > WORD_BYTES_MAX {
            break;
        }
        end += c.len_utf8();
    }
    rest[..end].trim_end_matches(|c: char| !c.is_alphanumeric() && c != '.')
}

/// "iPhone", "eBay": lower case first, a capital within.
fn begins_like_a_brand(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_lowercase) && chars.next().is_some_and(char::is_uppercase)
}

fn is_roman(word: &str) -> bool {
    let word = word.trim_end_matches('.');
    !word.is_empty() && word != "I" && word.len() < 8 && word.bytes().all(|b| b"IVXLC".contains(&b))
}

/// Whether the word (lower case) opens sentences and names no one: "the", "but", "in".
pub(super) fn is_common_opening(word: &str) -> bool {
    is_starter("en", word)
}

#[cfg(test)]
mod tests;

//! Figures with what they count.
//!
//! Owns what counts as a figure, its value, unit, hedge and counted thing. Deliberately leaves out
//! numbers that only name something ("F-35", "Section 230", phone numbers, addresses). A figure never
//! crosses a sentence; a date and a number next to it are two. Every search to either side is capped, so
//! the work is linear. `docs/quotations.md` lists the forms of the values.

mod amount;
mod dates;
mod designation;
mod han;
mod moments;
mod quantity;
mod scan;
mod units;

use std::ops::Range;

use super::numbers::{Decimal, Notation};
use super::page::{Block, Figure, FigureKind, Sentence};
use super::sentences::primary_language;
use crate::language::{Table, table};
use scan::{Bit, Piece};

/// How much of a sentence is read, in bytes: its pieces take sixty times the memory of its text, and
/// no real sentence is as long.
const SENTENCE_BYTES_MAX: usize = 64 * 1024;
/// Bytes searched before a figure for a hedge.
const HEDGE_BYTES_MAX: usize = 40;
/// Words searched behind a figure for what it counts.
const COUNTED_WORDS_MAX: usize = 4;

/// The figures of an article, in order. `language` is a BCP 47 tag; English without one.
#[must_use]
pub fn figures(
    text: &str,
    blocks: &[Block],
    sentences: &[Sentence],
    language: Option<&str>,
) -> Vec<Figure> {
    let language = primary_language(language);
    let notation = Notation::of(&language);
    let table = table(&language);
    let mut out = Vec::new();
    let mut lower = Lower::default();
    for sentence in sentences {
        if text.get(sentence.range.clone()).is_none() || blocks.get(sentence.block).is_none() {
            continue;
        }
        let from = sentence.range.start;
        let end = sentence.range.end.min(text.floor_char_boundary(from + SENTENCE_BYTES_MAX));
        let bits = scan::bits(text, from, end, notation, table);
        lower.fill(text, &bits);
        let reader = Reader { text, bits: &bits, lower: &lower, language: &language, table, from };
        let mut at = 0;
        while at < bits.len() {
            match reader.figure(at) {
                Step::Found(end, figure) => {
                    out.push(figure);
                    at = end.max(at + 1);
                }
                Step::Skip(end) => at = end.max(at + 1),
            }
        }
    }
    out
}

/// What is at a piece.
enum Step {
    /// A figure, and the piece behind it.
    Found(usize, Figure),
    /// No figure up to this piece.
    Skip(usize),
}

/// What is known of a figure before hedge and counted thing are looked for.
struct Draft {
    kind: FigureKind,
    end: usize,
    value: Option<String>,
    unit: Option<String>,
}

/// The pieces of one sentence.
struct Reader<'a> {
    text: &'a str,
    bits: &'a [Bit],
    lower: &'a Lower,
    language: &'a str,
    table: Option<&'static Table>,
    /// The first byte of the sentence.
    from: usize,
}

/// The words of a sentence in lower case, each made once: every form that a figure can have asks for
/// them again.
#[derive(Default)]
struct Lower {
    text: String,
    ends: Vec<usize>,
}

impl Lower {
    fn fill(&mut self, text: &str, bits: &[Bit]) {
        self.text.clear();
        self.ends.clear();
        for bit in bits {
            if bit.piece == Piece::Word {
                let word = text.get(bit.start..bit.end).unwrap_or("");
                match word.is_ascii() {
                    true => self.text.extend(word.chars().map(|c| c.to_ascii_lowercase())),
                    // As a whole word: a sigma at its end is another letter.
                    false => self.text.push_str(&word.to_lowercase()),
                }
            }
            self.ends.push(self.text.len());
        }
    }

    /// The word at a piece; empty where there is none.
    fn get(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(at).copied());
        range.and_then(|(start, end)| self.text.get(start..end)).unwrap_or("")
    }
}

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        super::work::step();
        match self.bits.get(at) {
            Some(bit) if bit.piece == Piece::Word => {
                self.text.get(bit.start..bit.end).unwrap_or("")
            }
            _ => "",
        }
    }

    fn lower(&self, at: usize) -> &str {
        super::work::step();
        self.lower.get(at)
    }

    fn piece(&self, at: usize) -> Piece {
        super::work::step();
        self.bits.get(at).map_or(Piece::Other, |bit| bit.piece)
    }

    fn is_glued(&self, at: usize) -> bool {
        self.bits.get(at).is_some_and(|bit| bit.glued)
    }

    fn is_capital(&self, at: usize) -> bool {
        self.word(at).chars().next().is_some_and(char::is_uppercase)
    }

    /// The figure that begins at a piece.
    fn figure(&self, at: usize) -> Step {
        if let Piece::Number(_) = self.piece(at)
            && let Some(end) = self.designation(at)
        {
            return Step::Skip(end);
        }
        if let Some(end) = self.bare_day(at) {
            return Step::Skip(end);
        }
        let draft = self.moment(at).or_else(|| self.quantity(at));
        match draft {
            Some(draft) => {
                let end = draft.end;
                Step::Found(end, self.finish(at, draft))
            }
            None if matches!(self.piece(at), Piece::Word) => Step::Skip(self.word_skip(at)),
            None => Step::Skip(at + 1),
        }
    }

    /// Adds hedge and counted thing, and makes the figure.
    fn finish(&self, at: usize, draft: Draft) -> Figure {
        let mut draft = draft;
        let mut start = self.bits[at].start;
        let end = self.bits[draft.end - 1].end;
        if let Some(sign) = self.minus(at, draft.kind) {
            start = sign;
            draft.value = draft.value.map(|value| format!("-{value}"));
        }
        let range = start..end;
        let hedge = self.hedge(start, draft.end);
        let counts = match draft.kind {
            FigureKind::Date | FigureKind::Ordinal => None,
            FigureKind::Time if draft.unit.is_none() => None,
            FigureKind::Money | FigureKind::Measure | FigureKind::Time | FigureKind::Percent => {
                self.counted_of(draft.end)
            }
            FigureKind::Range if draft.unit.is_some() => self.counted_of(draft.end),
            FigureKind::Number | FigureKind::Range => self.counted(draft.end),
        };
        Figure {
            kind: draft.kind,
            text: self.text[range.clone()].to_owned(),
            range,
            value: draft.value,
            unit: draft.unit,
            hedge,
            counts,
        }
    }

    /// Where the minus before an amount is: "−3.5%", "-12 °C"; not a hyphen of a word or a range.
    fn minus(&self, at: usize, kind: FigureKind) -> Option<usize> {
        let signed = matches!(
            kind,
            FigureKind::Number | FigureKind::Percent | FigureKind::Money | FigureKind::Measure
        );
        if let Some(start) = self.minus_word(at).filter(|_| signed) {
            return Some(start);
        }
        let before = at.checked_sub(1).filter(|_| signed && self.is_glued(at))?;
        let bit = self.bits.get(before).filter(|bit| bit.piece == Piece::Hyphen)?;
        let sign = self.text.get(bit.start..bit.end)?;
        let apart =
            !bit.glued || before.checked_sub(1).is_some_and(|b| self.piece(b) == Piece::Bracket);
        let number =
            before.checked_sub(1).is_some_and(|b| matches!(self.piece(b), Piece::Number(_)));
        (apart && !number && matches!(sign, "-" | "−" | "–")).then_some(bit.start)
    }

    /// Where a word for "minus" begins that is before an amount, and behind no other one.
    fn minus_word(&self, at: usize) -> Option<usize> {
        let before = at.checked_sub(1)?;
        let bit = self.bits.get(before).filter(|bit| bit.piece == Piece::Word)?;
        let is_counted =
            before.checked_sub(1).is_some_and(|b| matches!(self.piece(b), Piece::Number(_)));
        let word = self.lower(before);
        let length = match self.table {
            None => matches!(word, "minus" | "negative").then_some(word.len()),
            Some(table) if table.is("no-spaces") => {
                table.minus.iter().filter(|m| word.ends_with(**m)).map(|m| m.len()).max()
            }
            Some(table) => table.minus.contains(word).then_some(word.len()),
        };
        // "Au moins trois", "al menos 15": the word ends a hedge.
        let is_hedge = self.hedge_before(bit.end).is_some();
        // The letters of these words keep their length in lower case.
        length
            .filter(|_| !is_counted && !is_hedge)
            .map(|length| bit.end - length.min(bit.end - bit.start))
    }

    /// The hedge that ends at `start`.
    fn hedge_before(&self, start: usize) -> Option<&str> {
        let mut from = start.saturating_sub(HEDGE_BYTES_MAX).max(self.from);
        while !self.text.is_char_boundary(from) {
            from += 1;
        }
        let before = self.text.get(from..start)?.trim_end();
        let before =
            before.strip_suffix(" the").or_else(|| before.strip_suffix(" a")).unwrap_or(before);
        // Lower case keeps lengths for the letters hedges are made of.
        let lower = before.to_lowercase();
        let length = units::hedge(&lower, self.table).filter(|_| lower.len() == before.len())?;
        before.get(before.len() - length..)
    }

    /// The hedge before, else the one behind ("or more").
    fn hedge(&self, start: usize, end: usize) -> Option<String> {
        if let Some(hedge) = self.hedge_before(start) {
            return Some(hedge.to_owned());
        }
        let (one, two) = (self.lower(end), self.lower(end + 1));
        if one == "or" && matches!(two, "more" | "so" | "fewer" | "less" | "older" | "younger") {
            return Some(self.span(end..end + 2));
        }
        if self.piece(end) == Piece::Plus && self.is_glued(end) {
            return Some("+".to_owned());
        }
        None
    }

    fn span(&self, range: Range<usize>) -> String {
        let (Some(first), Some(last)) =
            (self.bits.get(range.start), self.bits.get(range.end.wrapping_sub(1)))
        else {
            return String::new();
        };
        self.text.get(first.start..last.end).unwrap_or("").to_owned()
    }

    /// What a number counts: the words up to the first plural noun.
    fn counted(&self, from: usize) -> Option<String> {
        let mut from = from;
        if self.piece(from) == Piece::Plus {
            from += 1;
        }
        if self.lower(from) == "or"
            && matches!(self.lower(from + 1), "more" | "so" | "fewer" | "less")
        {
            from += 2;
        }
        if matches!(self.lower(from), "of" | "de" | "des" | "du" | "der" | "dos" | "das") {
            from += 1;
            while matches!(
                self.lower(from),
                "the"
                    | "its"
                    | "their"
                    | "his"
                    | "her"
                    | "these"
                    | "those"
                    | "los"
                    | "las"
                    | "ses"
                    | "our"
            ) {
                from += 1;
            }
        }
        if self.piece(from) == Piece::Hyphen
            && self.is_glued(from)
            && self.is_glued(from + 1)
            && !self.word(from + 1).is_empty()
        {
            // "12-member panel".
            return Some(self.word(from + 1).to_owned());
        }
        let mut end = from;
        let mut best = None;
        while end < from + COUNTED_WORDS_MAX {
            let word = self.word(end);
            let lower = word.to_lowercase();
            if word.is_empty() || units::ends_counted(&lower) {
                break;
            }
            end += 1;
            let noun = self.language == "de" && self.is_capital(end - 1);
            if noun
                || units::is_plural(&lower)
                || (self.language != "en" && lower.len() == 3 && lower.ends_with('s'))
            {
                best = Some(end);
                // "security controls" continues only through hyphens; the first plural is the head.
                break;
            }
            if self.piece(end) == Piece::Hyphen
                && self.is_glued(end)
                && !self.word(end + 1).is_empty()
            {
                end += 1;
            }
        }
        let one = self.bits.get(from.wrapping_sub(1)).is_some_and(|bit| {
            matches!(self.text[bit.start..bit.end].to_lowercase().as_str(), "one" | "1")
        });
        let end =
            best.or_else(|| (one && units::one_counts(self.lower(from))).then_some(from + 1))?;
        Some(self.span(from..end))
    }

    /// What a share or an amount is of: "40 percent of voters", "$5 million in fines".
    fn counted_of(&self, from: usize) -> Option<String> {
        if !matches!(self.lower(from), "of" | "in" | "de" | "der" | "des") {
            return None;
        }
        let mut start = from + 1;
        while matches!(
            self.lower(start),
            "the"
                | "all"
                | "its"
                | "their"
                | "his"
                | "her"
                | "los"
                | "las"
                | "les"
                | "our"
                | "these"
                | "those"
        ) {
            start += 1;
        }
        if !matches!(self.piece(start), Piece::Word) {
            return None;
        }
        let known_place = self.lower(from) == "in"
            && (self.is_capital(start) || dates::month(self.language, self.lower(start)).is_some());
        if known_place {
            return None;
        }
        self.counted(start).or_else(|| {
            (!units::ends_counted(self.lower(start))).then(|| self.word(start).to_owned())
        })
    }
}

/// A range of two values.
fn range_value(low: Decimal, high: Decimal) -> String {
    format!("{}..{}", low.text(), high.text())
}

#[cfg(test)]
mod tests;

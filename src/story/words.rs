//! The words of an article as stories are compared: what is one word, whatever its case and marks, and where
//! it stands.
//!
//! A figure is one word, its value: "five" and "5" are one, and so are "$50M" and "$50 million". A character of
//! a script without spaces is a word. Deliberately decides nothing about what words mean: that is
//! [`super::lexicon`].

use std::ops::Range;

use crate::base::normal_form;
use crate::extract::page::{Figure, Page};

use super::hash::hash_of;
use super::lexicon::{Concept, Lexicon};

/// The most words of one article that are read.
pub(super) const WORDS_MAX: usize = 60_000;

/// Letters that the stem of a longer word keeps. A word and its inflections mostly share this many, and two
/// words of one story mostly do not (the "truncation" of information retrieval, which needs no language).
const STEM_LETTERS: usize = 5;

/// A word of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it begins in the text, in bytes.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// The word, folded.
    pub key: u64,
    /// What its inflections share.
    pub stem: u64,
    /// What it means in every language, where that is known.
    pub concept: Option<Concept>,
    /// What it is.
    pub kind: WordKind,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WordKind {
    /// An article, a pronoun, a preposition: it says nothing by itself.
    Small,
    /// The value of a figure.
    Number,
    /// A word with a capital, not at the beginning of a sentence.
    Name,
    /// A character of a script without spaces.
    Character,
    /// Every other.
    Plain,
}

impl Word {
    /// How much it says beside other words.
    pub(super) fn weight(&self) -> f32 {
        match self.kind {
            WordKind::Small => 0.15,
            WordKind::Number | WordKind::Name => 1.3,
            WordKind::Character => 0.5,
            WordKind::Plain => 1.0,
        }
    }

    /// Whether it says something by itself.
    pub(super) fn is_content(&self) -> bool {
        self.kind != WordKind::Small
    }

    /// Its place.
    pub(super) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The primary subtag of a page's language, in lower case; empty where none is known.
pub(super) fn language_of(page: &Page) -> String {
    let tag = page.language.as_ref().map_or("", |fact| fact.value.as_str());
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a character is a word by itself.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

/// Whether a character is inside a word where letters are on both sides of it.
fn joins(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ' | '\u{ad}' | '\u{200c}' | '\u{200d}' | '·')
}

/// Whether a character is not part of what is read.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The words of a page's text, in order.
pub(super) fn words(page: &Page, lexicon: &Lexicon) -> Vec<Word> {
    let mut out = Vec::with_capacity(page.text.len() / 6);
    let mut figures = page.figures.iter().filter(|figure| is_whole(figure)).peekable();
    let mut sentences = page.sentences.iter().map(|sentence| sentence.range.start).peekable();
    let mut begins = false;
    let mut at = 0;
    let mut folded = String::new();
    while let Some(c) = page.text.get(at..).and_then(|rest| rest.chars().next()) {
        if out.len() >= WORDS_MAX {
            break;
        }
        while sentences.next_if(|start| *start <= at).is_some() {
            begins = true;
        }
        while figures.next_if(|figure| figure.range.start < at).is_some() {}
        if let Some(figure) = figures.next_if(|figure| figure.range.start == at)
            && figure.range.end > at
        {
            out.push(of_figure(figure));
            at = figure.range.end;
            begins = false;
            continue;
        }
        if !c.is_alphanumeric() {
            at += c.len_utf8();
            continue;
        }
        let stop = figures.peek().map_or(page.text.len(), |figure| figure.range.start);
        let end = end_of_word(&page.text, at, stop);
        let text = page.text.get(at..end).unwrap_or_default();
        out.push(of_text(text, at, std::mem::take(&mut begins), lexicon, &mut folded));
        at = end;
    }
    out
}

/// Whether the value of a figure stands for all of its words.
fn is_whole(figure: &Figure) -> bool {
    figure.value.is_some()
}

fn of_figure(figure: &Figure) -> Word {
    let key = hash_of(&("#", &figure.value, &figure.unit));
    Word {
        start: narrow(figure.range.start),
        end: narrow(figure.range.end),
        key,
        stem: key,
        concept: None,
        kind: WordKind::Number,
    }
}

/// A place in a text, none of which is longer than the extractor's limit of 32 MiB.
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn end_of_word(text: &str, at: usize, stop: usize) -> usize {
    let rest = text.get(at..stop.max(at)).unwrap_or_default();
    let mut chars = rest.char_indices().peekable();
    let Some((_, first)) = chars.next() else { return text.ceil_char_boundary(at + 1) };
    if is_unspaced(first) {
        return at + first.len_utf8();
    }
    let mut end = first.len_utf8();
    while let Some((place, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let inside = c.is_alphanumeric() && !is_unspaced(c)
            || normal_form::combining_class(c) != 0
            || joins(c) && next.is_some_and(char::is_alphanumeric);
        if !inside {
            break;
        }
        end = place + c.len_utf8();
    }
    at + end
}

/// The key of the first word of a name.
pub(super) fn first_key(name: &str) -> Option<u64> {
    let at = name.find(char::is_alphanumeric)?;
    let word = name.get(at..end_of_word(name, at, name.len()))?;
    let mut folded = String::new();
    fold(word, &mut folded);
    Some(hash_of(folded.strip_suffix("'s").unwrap_or(&folded)))
}

fn of_text(text: &str, at: usize, begins: bool, lexicon: &Lexicon, folded: &mut String) -> Word {
    fold(text, folded);
    // "bridge's" is the bridge.
    let bare = folded.strip_suffix("'s").unwrap_or(folded);
    let first = text.chars().next().unwrap_or(' ');
    let kind = if is_unspaced(first) {
        WordKind::Character
    } else if lexicon.is_small(bare) {
        WordKind::Small
    } else if first.is_uppercase() && !begins {
        WordKind::Name
    } else {
        WordKind::Plain
    };
    let stem = match bare.char_indices().nth(STEM_LETTERS) {
        Some((end, _)) => hash_of(&bare[..end]),
        None => hash_of(bare.strip_suffix('s').filter(|rest| rest.len() > 2).unwrap_or(bare)),
    };
    Word {
        start: narrow(at),
        end: narrow(at + text.len()),
        key: hash_of(bare),
        stem,
        concept: lexicon.concept(bare),
        kind,
    }
}

/// A word in lower case, in Form C, with one kind of apostrophe and nothing that cannot be seen.
pub(super) fn fold(text: &str, into: &mut String) {
    into.clear();
    if text.is_ascii() {
        into.extend(text.chars().map(|c| c.to_ascii_lowercase()));
        return;
    }
    // As a whole word: a sigma at its end is another letter.
    let lower = normal_form::composed(text).to_lowercase();
    let visible = lower.chars().filter(|c| !is_invisible(*c));
    into.extend(visible.map(|c| if joins(c) { '\'' } else { c }));
}

/// The words that lie in a range of the text.
pub(super) fn within(words: &[Word], range: &Range<usize>) -> Range<usize> {
    let first = words.partition_point(|word| (word.start as usize) < range.start);
    let end = words.partition_point(|word| (word.end as usize) <= range.end);
    first..end.max(first)
}

//! Where an attribution between commas ends inside the marks: «La jetée, explique Marc Roy, est vieille.»
//!
//! Owns the end of the attribution and the start of the speech behind the name. Deliberately finds no attribution. It reads a few
//! marks.

use super::super::lexicon::pronoun;
use super::first_words;
use crate::base::word_map::WordSet;
use crate::extract::work::step;
use crate::language::table;

/// Commas and stops read for the end of an attribution.
const ATTRIBUTION_MARKS_MAX: usize = 6;

/// Where an attribution without dashes ends: the stop of its sentence, a colon, or the comma behind which the speech
/// continues: "explique Marc Roy, est vieille", "dit Luc Petit, maire de Rosmoor. Il faut agir".
pub(super) fn attribution_end(text: &str, language: &str) -> Option<(usize, char)> {
    let ends = |&(at, c): &(usize, char)| {
        step();
        let next = &text[at + c.len_utf8()..];
        let gap = next.is_empty() || next.starts_with([' ', '\u{a0}', '\u{202f}']);
        // "explique M. Roy": no stop.
        let title = c == '.'
            && gap
            && !next.is_empty()
            && ["M", "MM", "Dr", "Pr", "St", "Sr", "Sra", "Sig"].iter().any(|title| {
                let head = text[..at].strip_suffix(title);
                head.is_some_and(|head| head.is_empty() || head.ends_with([' ', '\u{a0}']))
            });
        matches!(c, ',' | '.') && gap && !title || c == ':'
    };
    let mut marks = text.char_indices().filter(ends).take(ATTRIBUTION_MARKS_MAX).peekable();
    let mut first = true;
    while let Some((at, c)) = marks.next() {
        if c != ',' {
            return Some((at, c));
        }
        let rest = &text[at + 1..];
        let segment = marks.peek().map_or(rest, |&(next, _)| &text[at + 1..next]);
        let closing = marks.peek().map(|&(_, c)| c);
        // What was apposed to the speaker is skipped once: what follows its comma is speech.
        // "a dit le chef, Luc Perrin": the name of an office.
        let named = text[..at].split_whitespace().any(|word| word.starts_with(char::is_uppercase));
        let names = segment.trim_start().starts_with(char::is_uppercase);
        let speech = || if names { named } else { goes_on(segment, closing, rest, language) };
        if !first || speech() {
            return Some((at, c));
        }
        first = closing == Some('.') || closing.is_none();
    }
    None
}

/// Whether speech continues in what follows the comma of an attribution, up to the next comma or stop; else it is
/// apposed to the speaker, or says when and where it was said.
fn goes_on(segment: &str, closing: Option<char>, rest: &str, language: &str) -> bool {
    let Some(table) = table(language) else { return false };
    let words = first_words(segment, 9);
    let lower = |at: usize| words.get(at).map_or(String::new(), |(word, _)| word.to_lowercase());
    let (first, second) = (lower(0), lower(1));
    let bare = |word: &str| {
        word.split_once(['’', '\'']).map_or(word.to_owned(), |(_, rest)| rest.to_owned())
    };
    let stopped = closing != Some(',');
    // Whether anything is said behind the segment.
    let more =
        rest.get(segment.len() + 1..).is_some_and(|more| more.contains(char::is_alphanumeric));
    let has = |list: &WordSet, word: &str| list.contains(word);
    if words.first().is_some_and(|(word, _)| word.starts_with(|c: char| c.is_ascii_digit())) {
        return false;
    }
    if table.is_role(&first) || table.is_role(&bare(&first)) || table.is_role(&second) {
        return false;
    }
    let verb = first.chars().count() > 4
        && !elided_head(&first)
        && table.finite_end.iter().any(|ending| first.ends_with(ending));
    if verb || has(&table.finite, &first) || pronoun(language, &first).is_some() {
        return true;
    }
    if has(&table.relative, &first) {
        return false;
    }
    let elided = elided_head(&first);
    let article = has(&table.determiner, &first) && !has(&table.preposition, &first) || elided;
    if article {
        // "une habitante du port, ": only a comma shows it.
        let an = has(&table.an, &first) || first.starts_with("un’") || first.starts_with("un'");
        if !stopped {
            return words.len() > 6 || !an;
        }
        // "les larmes aux yeux. La maison, les bêtes": how it was said has no verb.
        let is_verb = |(word, _): &(String, bool)| {
            let word = word.to_lowercase();
            has(&table.finite, &word)
                || word.chars().count() > 4
                    && table.finite_end.iter().any(|ending| word.ends_with(ending))
        };
        return !more || words.iter().skip(1).any(is_verb);
    }
    if has(&table.preposition, &first) || has(&table.adverb, &first) || has(&table.calendar, &first)
    {
        // "mardi. Il faut agir", "en marge du conseil. Nous attendons": when it was said.
        return !(stopped && more);
    }
    if has(&table.clause, &first) || has(&table.negation, &first) {
        return true;
    }
    // "pêcheur au port", "présidente de l’association": a noun without an article.
    let hangs = has(&table.preposition, &second)
        || second
            .split_once(['’', '\''])
            .is_some_and(|(head, _)| matches!(head, "d" | "l" | "dell" | "all"));
    words.len() > 1 && !hangs && !first.is_empty()
}

/// Whether a word bears another in front: "l’élu".
fn elided_head(word: &str) -> bool {
    word.contains(['’', '\''])
}

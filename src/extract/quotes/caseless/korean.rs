//! Korean: words with spaces between them, whose endings mark the subject and the words that were said.
//!
//! Owns which word bears the mark of the subject, and what of it is a name and what an office.

use std::ops::Range;

use super::spaced::{Word, words};
use super::{Found, Part, Place};
use crate::language::Table;

/// Words behind a quotation in which Korean says whose words they were.
const SAID_REACH: usize = 7;

/// Korean: the subject bears a particle and stands before the words or behind them.
pub(super) fn find(place: &Place<'_>) -> Option<Found> {
    let table = place.table;
    let before = words(place.before, table);
    let after = words(place.after, table);
    let verb = after.iter().find(|word| word.says || is_korean_verb(word.text));
    let cue = verb.map(|word| word.range.clone());
    // What is right behind the mark, without a space: "…"라고, "…"며.
    let quoting = !place.after.text.starts_with(char::is_whitespace)
        && after.first().is_some_and(|word| table.quoting.contains(word.text));
    for phrase in &table.source_after {
        let at = before.iter().position(|word| {
            phrase.len() == 2
                && word.text.ends_with(phrase[0])
                && before.iter().any(|next| next.text == phrase[1])
        });
        if let Some(at) = at {
            let name = korean_name(&before, at, phrase[0], table)?;
            return Some(Found { name: Some(name), cue });
        }
    }
    // "…" 어부 최진우 씨의 말이다: whose words they were.
    if let Some(at) = after
        .iter()
        .take(SAID_REACH)
        .position(|word| table.says_behind.contains(word.text))
        .and_then(|at| at.checked_sub(1))
        && let Some(name) = korean_name(&after, at, "의", table)
    {
        return Some(Found { name: Some(name), cue: Some(after[at + 1].range.clone()) });
    }
    let quoted = quoting || before.last().is_some_and(|word| word.ends);
    if !quoted {
        return None;
    }
    let subject = |words: &[Word<'_>], from: usize, last: bool| {
        let fits = |at: &usize| !words[*at].masked && particle(words[*at].text, table).is_some();
        let mut range = from..words.len();
        if last { range.rev().find(fits) } else { range.find(fits) }
    };
    if let Some(at) = subject(&before, 0, true)
        && let Some(ending) = particle(before[at].text, table)
        && let Some(name) = korean_name(&before, at, ending, table)
    {
        return Some(Found { name: Some(name), cue });
    }
    if quoting
        && let Some(at) = subject(&after, 1, false).filter(|at| *at <= 4)
        && let Some(ending) = particle(after[at].text, table)
        && let Some(name) = korean_name(&after, at, ending, table)
    {
        return Some(Found { name: Some(name), cue });
    }
    (quoting && cue.is_some()).then_some(Found { name: None, cue })
}

fn is_korean_verb(word: &str) -> bool {
    ["했다", "물었다", "밝혔다"].iter().any(|end| word.ends_with(end))
}

/// The subject particle at the end of a word.
fn particle<'t>(word: &str, table: &'t Table) -> Option<&'t str> {
    let ends = table.particle.iter().filter(|p| word.ends_with(**p) && word.len() > p.len());
    ends.max_by_key(|p| p.len()).copied()
}

/// Whether a word could be a Korean name: a family name and two or three syllables more.
fn is_korean_name(word: &str, table: &Table) -> bool {
    let letters = word.chars().count();
    (3..=4).contains(&letters) && table.family.iter().any(|family| word.starts_with(family))
}

/// The Korean names in a text that a title with the mark of the subject follows, in order.
pub(super) fn named(part: Part<'_>, table: &Table) -> Vec<Range<usize>> {
    let words = words(part, table);
    let title = |word: &str| {
        particle(word, table)
            .and_then(|ending| word.strip_suffix(ending))
            .is_some_and(|stem| table.role.contains(stem))
    };
    words
        .windows(2)
        .filter(|pair| !pair[1].leads && title(pair[1].text) && is_korean_name(pair[0].text, table))
        .map(|pair| pair[0].range.clone())
        .collect()
}

/// The name that ends with the word at `at`, which bears `ending`; titles behind it are not part of it.
fn korean_name(words: &[Word<'_>], at: usize, ending: &str, table: &Table) -> Option<Range<usize>> {
    let word = &words[at];
    let stem = word.text.strip_suffix(ending)?;
    if table.he.contains(word.text) || table.she.contains(word.text) || table.he.contains(stem) {
        return None;
    }
    let is_name = |word: &str| is_korean_name(word, table);
    if table.role.contains(stem) && at > 0 && !words[at].leads {
        // "김영희 부시장은": the name before its title.
        let mut name = at - 1;
        while name > 0 && table.role.contains(words[name].text) && !words[name].leads {
            name -= 1;
        }
        // "항만 관계자는": one of a body, and no name.
        if table.several.contains(stem) && !is_name(words[name].text) {
            return Some(words[name].range.start..word.range.start + stem.len());
        }
        return Some(words[name].range.clone());
    }
    // "김영수 항만소장은": an office written together with what it is of.
    let title = table
        .role
        .iter()
        .filter(|role| stem.ends_with(**role) && stem.len() > role.len())
        .max_by_key(|role| role.len());
    if let Some(title) = title.filter(|title| !matches!(**title, "씨" | "님" | "군" | "양")) {
        let rest = &stem[..stem.len() - title.len()];
        let glued = is_name(rest) && rest.chars().count() > 2;
        if !glued && rest.chars().count() > 1 {
            let name = at > 0 && !words[at].leads && is_name(words[at - 1].text);
            let own = word.range.start..word.range.start + stem.len();
            return Some(if name { words[at - 1].range.clone() } else { own });
        }
    }
    let stem = title.map_or(stem, |role| &stem[..stem.len() - role.len()]);
    // "이순자(67)씨는": the age is not part of the name.
    let open = stem.strip_suffix(')').and_then(|inner| inner.rfind('('));
    let stem = open.map_or(stem, |at| &stem[..at]);
    Some(word.range.start..word.range.start + stem.len())
}

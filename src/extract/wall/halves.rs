//! Walls in two halves: what is kept back ("the whole article") and what is asked for ("log in"), in whatever
//! wording is between them.

use std::sync::LazyLock;

use crate::base::phrases::{PhraseFinder, finder_of};
use crate::language::{Table, every};

/// What a wall keeps back, and what it asks for: together in one short line they are a wall, in whatever order.
const WALL_READ: &[&str] = &[
    "continue reading",
    "keep reading",
    "to read on",
    "the full article",
    "the full story",
    "this full article",
    "the rest of this",
    "the whole article",
    "the complete article",
    "read this article",
    "read this story",
    "to read more",
    "want to read more",
    "the rest of the",
    "read the full",
];
const WALL_JOIN: &[&str] = &[
    "subscribe ",
    "sign in ",
    "log in ",
    "sign up ",
    "register ",
    "become a member",
    "become a subscriber",
    "create a free account",
    "create an account",
    "start your free trial",
];

static HALVES: LazyLock<Option<(Half, Half)>> = LazyLock::new(|| {
    let read = Half::new(WALL_READ, |table| &table.wall_read)?;
    Some((read, Half::new(WALL_JOIN, |table| &table.wall_join)?))
});

/// What walls keep back, in every language.
pub(super) fn kept_back() -> Vec<&'static str> {
    super::everywhere(WALL_READ, |table| &table.wall_read)
}

/// Phrases, each with the number of its language.
struct Half {
    phrases: PhraseFinder,
    languages: Vec<usize>,
}

impl Half {
    fn new(
        english: &[&'static str],
        of: fn(&'static Table) -> &'static Vec<&'static str>,
    ) -> Option<Self> {
        let foreign =
            every().zip(1..).flat_map(|(table, n)| of(table).iter().map(move |p| (*p, n)));
        let (all, languages): (Vec<&str>, Vec<usize>) =
            english.iter().map(|phrase| (*phrase, 0)).chain(foreign).unzip();
        Some(Self { phrases: finder_of(all)?, languages })
    }

    /// The languages of the phrases that are in a text.
    fn within<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        let found = self.phrases.find_overlapping_iter(text);
        found.filter_map(|found| self.languages.get(found.pattern().as_usize()).copied())
    }
}

/// Longer lines are sentences about subscribers, in characters.
const HALVES_CHARACTERS_MAX: usize = 120;

/// Whether a short line says what is kept back and what is asked for, in one language: "Läs hela artikeln – bli
/// prenumerant". A sentence of a story mentions both in the past, or of a third person, and ends with its stop;
/// what asks begins or ends the line, or begins its last sentence.
pub(super) fn has_both(lower: &str) -> bool {
    if lower.len() > HALVES_CHARACTERS_MAX * 3 || lower.chars().count() > HALVES_CHARACTERS_MAX {
        return false;
    }
    let Some((read, join)) = HALVES.as_ref() else { return false };
    let kept_back: Vec<usize> = read.within(lower).collect();
    if kept_back.is_empty() {
        return false;
    }
    // A space ends the words that begin others: "subscribe", "subscribers".
    let asks =
        |part: &str| join.within(&format!("{part} ")).any(|language| kept_back.contains(&language));
    let is_plain = !lower.contains(['“', '”', '"', '„', '«', '»', '「']);
    let clauses =
        || lower.split(['.', ',', '!', '?', ':', '–', '—', '。', '，', '、', '،', '؟', '|']);
    // A clause of a few words is a request; one of many is a statement.
    let is_short = |clause: &&str| clause.split_whitespace().count() <= HALF_WORDS_MAX;
    is_plain && clauses().filter(is_short).any(asks)
}

/// Words of a clause that asks for something, at most.
const HALF_WORDS_MAX: usize = 10;

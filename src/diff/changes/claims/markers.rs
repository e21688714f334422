//! Which words negate and which hedge a claim: for English here, for other languages in their
//! tables. A language without a table uses those of English.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::diff::tokens;
use crate::language::{self, Table};

const NEGATIONS: &str = "not no never none nor neither without nobody nothing cannot nowhere hardly barely ain't \
    rarely seldom refused refuses refusing refuse declined declines denied denies denying failed fails";

const HEDGES: &str = "could may might would possibly perhaps probably likely maybe potentially potential possible \
    probable allegedly alleged reportedly apparently apparent seemingly seems seem seemed appears appear appeared \
    suspected purported purportedly supposedly supposed presumably believed suggests suggest suggested tentatively \
    unconfirmed accused almost nearly virtually practically if unless claims claimed claim alleges alleging purports \
    contends contended feared believe believes";

const PHRASES: &str = "said to have | said to be | is said to | are said to | was said to | were said to | thought to | \
    understood to | expected to | according to | tried to | tries to | trying to | try to | attempted to | sought to | \
    provided that | as long as | planned to | plans to | intended to | intends to | wanted to | wants to | \
    charged with | witnesses said | witnesses say | police said | police say | officials said | in part | sources say | sources said | officials say | police believe | is alleged | are alleged | was alleged | said to | \
    suspect that | suspects that | suspected that | thought that | think that | fear that | on suspicion of | hoped to | hopes to | threatened to | promised to | vowed to | aims to";

const BEFORE_NUMBER: &str = "about | around | approximately | roughly | some | over | under | circa | at least | \
    at most | up to | more than | less than | fewer than | close to | as many | just over | just under";

/// Words that are hedges as verbs and nouns otherwise.
const NOUNS: [&str; 2] = ["claims", "claim"];

/// Words before a noun.
const BEFORE_NOUN: [&str; 22] = [
    "the",
    "a",
    "an",
    "his",
    "her",
    "its",
    "their",
    "our",
    "my",
    "your",
    "of",
    "these",
    "those",
    "such",
    "this",
    "that",
    "no",
    "any",
    "false",
    "insurance",
    "legal",
    "for",
];

/// Prefixes that negate a word, in the languages of the press.
const PREFIXES: [&str; 12] =
    ["un", "in", "im", "il", "ir", "dis", "non", "ne", "nie", "не", "nicht", "ikke"];

/// What a word or a phrase does to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// It negates.
    Negation,
    /// It hedges.
    Hedge,
    /// It hedges the number that follows.
    BeforeNumber,
    /// It does both: "unlikely".
    Both,
}

/// The markers of one language.
#[derive(Default)]
pub(super) struct Markers {
    /// By the first token: the further tokens, the longer ones first.
    by_first: HashMap<String, Vec<(Vec<String>, Sign)>>,
    /// Parts of words, for languages whose words have endings that are not part of the marker.
    parts: Vec<(String, Sign)>,
    /// Letters that are written together with the next word.
    prefixes: Vec<char>,
    /// What negates inside a verb: "imzaladı", "imzalamadı".
    infixes: &'static [&'static str],
    numbers: Option<&'static Table>,
}

static ENGLISH: LazyLock<Markers> = LazyLock::new(|| {
    let mut markers = Markers::default();
    NEGATIONS.split_whitespace().for_each(|word| markers.add(word, Sign::Negation));
    HEDGES.split_whitespace().for_each(|word| markers.add(word, Sign::Hedge));
    PHRASES.split('|').for_each(|phrase| markers.add(phrase, Sign::Hedge));
    BEFORE_NUMBER.split('|').for_each(|phrase| markers.add(phrase, Sign::BeforeNumber));
    markers.add("unlikely", Sign::Both);
    markers.add("yet to", Sign::Negation);
    markers.sort();
    markers
});

static OTHERS: LazyLock<HashMap<&'static str, Markers>> =
    LazyLock::new(|| language::all().map(|table| (table.name, Markers::of_table(table))).collect());

/// A word as markers are compared: lower case, apostrophes straight.
pub(super) fn plain(word: &str) -> String {
    word.to_lowercase().replace('’', "'")
}

impl Markers {
    /// The markers of a language, by its BCP 47 tag.
    pub(super) fn of(language: Option<&str>) -> &'static Self {
        let primary = language.and_then(|tag| tag.split(['-', '_']).next()).map(str::to_lowercase);
        let table = primary.and_then(|code| language::table(&code));
        table.and_then(|table| OTHERS.get(table.name)).unwrap_or(&ENGLISH)
    }

    fn of_table(table: &'static Table) -> Self {
        let mut markers = Self { numbers: Some(table), ..Self::default() };
        table.negation.iter().for_each(|word| markers.add(word, Sign::Negation));
        for phrase in &table.hedge {
            markers.add(&phrase.join(" "), Sign::BeforeNumber);
        }
        for phrase in &table.claim {
            markers.add(&phrase.join(" "), Sign::Hedge);
        }
        if table.is("negative-infix") {
            markers.infixes = &["ma", "me", "m"];
        }
        markers.prefixes =
            table.prefix.iter().filter_map(|letters| letters.chars().next()).collect();
        if !table.particle.is_empty() {
            // Words with endings: a marker of two characters or more is found inside them.
            let inside =
                |phrase: String, sign| (phrase.chars().count() >= 2).then_some((phrase, sign));
            let negations =
                table.negation.iter().filter_map(|w| inside((*w).to_owned(), Sign::Negation));
            let claims = table.claim.iter().filter(|phrase| phrase.len() == 1);
            let claims = claims.filter_map(|phrase| inside(phrase.concat(), Sign::Hedge));
            markers.parts = negations.chain(claims).collect();
            markers.parts.sort();
        }
        markers.sort();
        markers
    }

    fn add(&mut self, phrase: &str, sign: Sign) {
        let phrase = plain(phrase.trim());
        let words = tokens::tokenize(&phrase, 0..phrase.len());
        let mut words = words.into_iter().filter_map(|token| phrase.get(token.range));
        if let Some(first) = words.next() {
            let rest = words.map(str::to_owned).collect();
            self.by_first.entry(first.to_owned()).or_default().push((rest, sign));
        }
    }

    fn sort(&mut self) {
        let strength = |sign: Sign| match sign {
            Sign::Both => 0,
            Sign::Negation => 1,
            Sign::Hedge => 2,
            Sign::BeforeNumber => 3,
        };
        for list in self.by_first.values_mut() {
            list.sort_by_key(|(rest, sign)| (std::cmp::Reverse(rest.len()), strength(*sign)));
        }
    }

    /// The longest marker that begins with `word`, and its number of tokens; `word_at` gives the words
    /// after it.
    pub(super) fn at(
        &self,
        word: &str,
        word_at: impl Fn(usize) -> String,
    ) -> Option<(Sign, usize)> {
        if word.ends_with("n't") {
            return Some((Sign::Negation, 1));
        }
        let bare = word.chars().next().filter(|c| self.prefixes.contains(c));
        let bare = bare.and_then(|c| word.get(c.len_utf8()..));
        // "n'a", "qu'aurait": the word after the apostrophe.
        let elided = word.split_once('\'').map(|(_, rest)| rest);
        let lists = [Some(word), bare, elided].into_iter().flatten();
        let found = lists.filter_map(|word| self.by_first.get(word)).flatten().find(|(rest, _)| {
            rest.iter().enumerate().all(|(step, wanted)| word_at(step + 1) == *wanted)
        });
        let part = || self.parts.iter().find(|(part, _)| word.contains(part.as_str()));
        found
            .map(|(rest, sign)| (*sign, rest.len() + 1))
            .or_else(|| part().map(|(_, sign)| (*sign, 1)))
    }

    /// Whether a hedge is a noun after `before`.
    pub(super) fn is_noun(&self, word: &str, before: &str) -> bool {
        NOUNS.contains(&word) && BEFORE_NOUN.contains(&before)
    }

    /// Whether a word counts.
    pub(super) fn counts(&self, word: &str) -> bool {
        self.numbers
            .is_some_and(|table| table.number.contains_key(word) || table.scale.contains_key(word))
    }

    /// Whether `long` is `short` negated by a prefix: "unable", "nebyl".
    pub(super) fn negates(&self, long: &str, short: &str) -> bool {
        let enough = if self.numbers.is_some() { 3 } else { 4 };
        let inside = |infix: &&str| {
            long.match_indices(*infix).any(|(at, infix)| {
                let (head, tail) = (&long[..at], &long[at + infix.len()..]);
                at > 1 && short.strip_prefix(head) == Some(tail)
            })
        };
        short.chars().count() >= enough
            && (PREFIXES.iter().any(|prefix| long.strip_prefix(prefix) == Some(short))
                || self.infixes.iter().any(inside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(language: &str, text: &str) -> Option<(Sign, usize)> {
        let text = plain(text);
        let words: Vec<&str> = tokens::tokenize(&text, 0..text.len())
            .into_iter()
            .filter_map(|token| text.get(token.range))
            .collect();
        let markers = Markers::of(Some(language));
        let word = |at: usize| words.get(at).copied().unwrap_or_default().to_owned();
        markers.at(&word(0), word)
    }

    #[test]
    fn markers_are_known_in_every_language() {
        let cases = [
            ("en", "according to the union", Some((Sign::Hedge, 2))),
            ("en", "couldn't", Some((Sign::Negation, 1))),
            ("en-GB", "at least four", Some((Sign::BeforeNumber, 2))),
            ("de-AT", "keine Einigung", Some((Sign::Negation, 1))),
            ("de", "mutmaßlicher Dieb", Some((Sign::Hedge, 1))),
            ("fr", "n’aurait", Some((Sign::Hedge, 1))),
            ("fr", "soi-disant expert", Some((Sign::Hedge, 3))),
            ("es", "tal vez", Some((Sign::Hedge, 2))),
            ("pt", "supostamente", Some((Sign::Hedge, 1))),
            ("it", "sarebbe", Some((Sign::Hedge, 1))),
            ("pl", "rzekomo", Some((Sign::Hedge, 1))),
            ("uk", "нібито", Some((Sign::Hedge, 1))),
            ("tr", "değil", Some((Sign::Negation, 1))),
            ("ar", "ولم", Some((Sign::Negation, 1))),
            ("ja", "とみられる", Some((Sign::Hedge, 5))),
            ("zh", "涉嫌", Some((Sign::Hedge, 2))),
            ("ko", "않았다", Some((Sign::Negation, 1))),
            ("de", "Hafen", None),
            ("en", "harbour", None),
        ];
        for (language, text, expected) in cases {
            assert_eq!(first(language, text), expected, "{language}: {text}");
        }
        assert!(Markers::of(Some("cs")).negates("nebyl", "byl"));
        assert!(!Markers::of(Some("en")).negates("into", "to"));
    }
}

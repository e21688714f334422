//! What words mean across languages, as far as a story needs it: which say nothing by themselves, and which
//! name one thing in several languages (`lexicon.txt`).
//!
//! The small words are those of the tables of [`crate::language`]; English, which has no table, has its list
//! here. Deliberately no grammar: a word is looked up as it is.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::language::{Table, table};

/// The number of a line of `lexicon.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Concept(u16);

/// What a concept is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConceptKind {
    /// What happened to those that a figure counts: "dead".
    Event,
    /// What a figure counts: "ships".
    Noun,
    /// A noun that says no more than "people".
    People,
    /// Everything else.
    Word,
}

/// The languages of `lexicon.txt`, in the order of its columns.
const COLUMNS: [&str; 7] = ["en", "de", "fr", "es", "it", "pt", "nl"];

struct Line {
    name: &'static str,
    kind: ConceptKind,
}

/// The words of one column.
#[derive(Default)]
struct Column {
    whole: HashMap<&'static str, Concept>,
    /// Beginnings of words.
    begins: HashMap<&'static str, Concept>,
    /// How long those are, in bytes: the shortest and the longest.
    lengths: (usize, usize),
    /// Their first bytes, as many as the shortest has: most words begin with none of them.
    heads: HashSet<&'static [u8]>,
}

struct Concepts {
    lines: Vec<Line>,
    columns: Vec<Column>,
}

static CONCEPTS: LazyLock<Concepts> = LazyLock::new(|| read(include_str!("lexicon.txt")));

fn read(source: &'static str) -> Concepts {
    let mut lines = Vec::new();
    let mut columns: Vec<Column> = COLUMNS.iter().map(|_| Column::default()).collect();
    for line in source.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let Some((head, words)) = line.split_once(':') else { continue };
        let (name, kind) = head.trim().split_once(' ').unwrap_or((head.trim(), "word"));
        let kind = match kind {
            "event" => ConceptKind::Event,
            "noun" => ConceptKind::Noun,
            "people" => ConceptKind::People,
            _ => ConceptKind::Word,
        };
        let concept = Concept(u16::try_from(lines.len()).unwrap_or(u16::MAX));
        lines.push(Line { name, kind });
        for (column, cell) in columns.iter_mut().zip(words.split('/')) {
            for word in cell.split_whitespace() {
                match word.strip_suffix('*') {
                    Some(begin) => column.begins.entry(begin).or_insert(concept),
                    None => column.whole.entry(word).or_insert(concept),
                };
            }
        }
    }
    for column in &mut columns {
        let lengths = || column.begins.keys().map(|begin| begin.len());
        column.lengths = (lengths().min().unwrap_or(1), lengths().max().unwrap_or(0));
        let shortest = column.lengths.0;
        column.heads =
            column.begins.keys().filter_map(|begin| begin.as_bytes().get(..shortest)).collect();
    }
    Concepts { lines, columns }
}

impl Concept {
    fn line(self) -> Option<&'static Line> {
        CONCEPTS.lines.get(usize::from(self.0))
    }

    /// What it is good for.
    pub(super) fn kind(self) -> ConceptKind {
        self.line().map_or(ConceptKind::Word, |line| line.kind)
    }

    /// Its name in English, for people.
    pub(super) fn name(self) -> String {
        self.line().map_or_else(String::new, |line| line.name.replace('_', " "))
    }

    /// Whether it denies what is next to it.
    fn is_denial(self) -> bool {
        self.line().is_some_and(|line| line.name == "no")
    }

    /// A number for it that no hash of a word is likely to be.
    pub(super) fn key(self) -> u64 {
        (u64::from(self.0) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The words of one language.
#[derive(Clone, Copy)]
pub(super) struct Lexicon {
    table: Option<&'static Table>,
    is_english: bool,
    column: Option<&'static Column>,
}

impl Lexicon {
    /// The words of a primary language subtag; those of English where it is empty.
    pub(super) fn of(language: &str) -> Self {
        let is_english = matches!(language, "en" | "");
        let code = if is_english { "en" } else { language };
        let at = COLUMNS.iter().position(|column| *column == code);
        let column = at.and_then(|at| CONCEPTS.columns.get(at));
        Self { table: if is_english { None } else { table(language) }, is_english, column }
    }

    /// Whether a word, in lower case, says nothing by itself.
    pub(super) fn is_small(&self, word: &str) -> bool {
        if self.is_english {
            return SMALL.contains(word);
        }
        self.table.is_some_and(|table| {
            let lists = [
                &table.determiner,
                &table.preposition,
                &table.clause,
                &table.aux,
                &table.join,
                &table.he,
                &table.she,
                &table.they,
                &table.it,
            ];
            lists.iter().any(|words| words.contains(word))
        })
    }

    /// What a word, in lower case, means in every language.
    pub(super) fn concept(&self, word: &str) -> Option<Concept> {
        let column = self.column?;
        if let Some(concept) = column.whole.get(word) {
            return Some(*concept);
        }
        let (shortest, longest) = column.lengths;
        if !word.as_bytes().get(..shortest).is_some_and(|head| column.heads.contains(head)) {
            return None;
        }
        let ends = (shortest..=longest.min(word.len())).rev();
        ends.filter_map(|end| word.get(..end)).find_map(|begin| column.begins.get(begin)).copied()
    }

    /// Whether a word, in lower case, negates what is next to it.
    pub(super) fn negates(&self, word: &str) -> bool {
        // The lists of the tables have hedges and "without" among them, too.
        match (self.column, self.table) {
            (Some(_), _) => self.concept(word).is_some_and(Concept::is_denial),
            (None, Some(table)) => table.negation.contains(word),
            (None, None) => false,
        }
    }
}

static SMALL: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    "the a an and or but nor so yet of for from in at with on to by about against over under into \
     between among through within without during after before until since as than that this these \
     those it its it's he she they we you i me him her them us his their our my your is are was were \
     be been being am has have had having do does did doing done will would shall should can could \
     may might must not no if when while where who whom whose which what why how there here all any \
     some each both more most very just only also too then up down out off again now own same such \
     said says say i'm i've i'll i'd we're we've we'll we'd you're they're they've he's she's that's \
     there's don't didn't doesn't isn't wasn't weren't won't can't cannot couldn't wouldn't shouldn't"
        .split_whitespace()
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_a_name_and_words_in_every_language() {
        for line in include_str!("lexicon.txt").lines().filter(|line| !line.starts_with('#')) {
            if line.is_empty() {
                continue;
            }
            let (head, words) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
            let kind = head.split_once(' ').map(|(_, kind)| kind);
            assert!(matches!(kind, Some("event" | "noun" | "people" | "word")), "{line}");
            let cells: Vec<&str> = words.split('/').collect();
            assert_eq!(cells.len(), COLUMNS.len(), "{line}");
            assert!(cells.iter().all(|cell| !cell.trim().is_empty()), "{line}");
        }
        let names: HashSet<&str> = CONCEPTS.lines.iter().map(|line| line.name).collect();
        assert_eq!(names.len(), CONCEPTS.lines.len(), "a name stands twice");
    }

    #[test]
    fn one_thing_has_one_concept_in_every_language() {
        let cases = [
            ("dead", [("en", "killed"), ("de", "toten"), ("fr", "morts"), ("es", "fallecidos")]),
            (
                "injured",
                [("en", "injured"), ("de", "verletzte"), ("fr", "blessés"), ("it", "feriti")],
            ),
            ("ships", [("en", "vessels"), ("de", "schiffe"), ("pt", "barcos"), ("nl", "schepen")]),
            (
                "persons",
                [("en", "people"), ("de", "menschen"), ("it", "persone"), ("nl", "mensen")],
            ),
        ];
        for (name, words) in cases {
            for (language, word) in words {
                let found = Lexicon::of(language).concept(word).map(Concept::name);
                assert_eq!(found.as_deref(), Some(name), "{language} {word}");
            }
        }
        assert_eq!(Lexicon::of("en").concept("table"), None);
        assert_eq!(Lexicon::of("ja").concept("killed"), None);
    }
}

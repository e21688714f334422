//! Who speaks, over all articles: names of one person joined, and offices that an article gives to a name.
//!
//! "Anna Roe", "Mayor Roe" and "Ana Roe" are one person; so is "the mayor" where an article calls her so. A
//! single name that two people of the story have identifies neither. What is not a name and is given to none
//! stays an office ("a police spokesman").

use std::collections::{BTreeSet, HashMap, HashSet};

use super::alike::Speakers;
use super::article::Prepared;
use super::hash::hash_of;
use super::union::Union;
use super::words::fold;
use crate::base::normal_form::ascii_letters;
use crate::diff::same_speaker;
use crate::extract::is_title;
use crate::language::{Table, table};

/// At most this many names are compared with each other; of the others only equal ones are joined.
const NAMES_MAX: usize = 300;

/// Words before a name in which its office is.
const BEFORE: usize = 6;
/// Words behind it.
const BEHIND: usize = 7;

/// Who a speaker is, as far as the articles tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Who {
    /// A person or a body of this number.
    Named(usize),
    /// An office that no article gives to a name.
    Office(usize),
    /// A name that several people bear.
    Unknown,
}

/// The speakers of a story.
#[derive(Debug, Default)]
pub(super) struct People {
    /// By language, and name as it is.
    who: HashMap<String, HashMap<String, Who>>,
    /// The fullest name of each person.
    names: Vec<String>,
    /// The words of each office that say something, folded.
    offices: Vec<Vec<String>>,
}

/// A name taken apart.
struct Name {
    /// Its words without titles, in lower case and ASCII where they are Latin.
    words: Vec<String>,
    /// Its state.
    text: String,
}

impl People {
    /// The speakers of all quotations.
    pub(super) fn of(all: &[Prepared<'_>]) -> Self {
        let mut spoken: BTreeSet<(String, String)> = BTreeSet::new();
        for article in all {
            for speaker in article.page.quotes.iter().filter_map(|quote| quote.speaker.as_ref()) {
                spoken.insert((article.language.clone(), speaker.name.clone()));
            }
        }
        let mut out = Self::default();
        let mut names: Vec<((String, String), Name)> = Vec::new();
        let mut offices: Vec<((String, String), Vec<String>)> = Vec::new();
        for key in spoken {
            match parse(&key.0, &key.1) {
                Parsed::Name(words) => {
                    let text = key.1.clone();
                    names.push((key, Name { words, text }));
                }
                Parsed::Office(words) => offices.push((key, words)),
            }
        }
        out.join_names(names);
        out.give_offices(all, offices);
        out
    }

    fn join_names(&mut self, mut names: Vec<((String, String), Name)>) {
        // Full names first: they are distinct by themselves.
        names.sort_by_key(|(_, name)| name.words.len() < 2);
        let full = names.partition_point(|(_, name)| name.words.len() >= 2);
        let mut union = Union::new(full);
        let mut by_words: HashMap<&[String], usize> = HashMap::new();
        for (at, (_, name)) in names.iter().take(full).enumerate() {
            match by_words.get(name.words.as_slice()) {
                Some(&known) => union.join(at, known),
                None => {
                    if by_words.len() < NAMES_MAX {
                        let same = |other: &usize| {
                            names.get(*other).is_some_and(|(_, o)| is_one(&o.words, &name.words))
                        };
                        let known = by_words.values().copied();
                        known.filter(same).for_each(|other| union.join(at, other));
                    }
                    by_words.insert(&name.words, at);
                }
            }
        }
        let mut last_words: HashMap<&str, Vec<usize>> = HashMap::new();
        for set in union.sets() {
            let person = self.names.len();
            let members = || set.iter().filter_map(|&at| names.get(at));
            let fullest = members().max_by_key(|(_, name)| (name.words.len(), name.text.len()));
            self.names.push(fullest.map_or_else(String::new, |(_, name)| name.text.clone()));
            for (key, name) in members() {
                self.put(key, Who::Named(person));
                // East Asian names have the family name first.
                for word in [name.words.first(), name.words.last()].into_iter().flatten() {
                    let bearers = last_words.entry(word).or_default();
                    if !bearers.contains(&person) {
                        bearers.push(person);
                    }
                }
            }
        }
        let mut singles: HashMap<&str, usize> = HashMap::new();
        for (key, name) in names.iter().skip(full) {
            let word = name.words.first().map_or("", String::as_str);
            let who = match last_words.get(word).map(Vec::as_slice) {
                Some([person]) => Who::Named(*person),
                Some([_, ..]) => Who::Unknown,
                _ => Who::Named(*singles.entry(word).or_insert_with(|| {
                    self.names.push(name.text.clone());
                    self.names.len() - 1
                })),
            };
            self.put(key, who);
        }
    }

    fn put(&mut self, (language, name): &(String, String), who: Who) {
        self.who.entry(language.clone()).or_default().insert(name.clone(), who);
    }

    /// Gives offices to the people whom an article calls so.
    fn give_offices(
        &mut self,
        all: &[Prepared<'_>],
        offices: Vec<((String, String), Vec<String>)>,
    ) {
        let mut persons: HashMap<u64, Vec<usize>> = HashMap::new();
        for (person, name) in self.names.iter().enumerate() {
            let last = name.split_whitespace().next_back().unwrap_or_default();
            let mut folded = String::new();
            fold(last, &mut folded);
            persons.entry(hash_of(folded.as_str())).or_default().push(person);
        }
        let wanted: HashSet<u64> = offices
            .iter()
            .filter_map(|(_, words)| words.last())
            .map(|word| hash_of(word.as_str()))
            .collect();
        // How often each person is next to the last word of each office.
        let mut beside: HashMap<u64, HashMap<usize, usize>> = HashMap::new();
        if !wanted.is_empty() {
            for article in all {
                for (at, word) in article.words.iter().enumerate() {
                    let Some([person]) = persons.get(&word.key).map(Vec::as_slice) else {
                        continue;
                    };
                    let near = article.words.get(at.saturating_sub(BEFORE)..);
                    let near = near.unwrap_or_default().iter().take(BEFORE.min(at) + BEHIND);
                    for office in near.filter(|near| wanted.contains(&near.key)) {
                        *beside.entry(office.key).or_default().entry(*person).or_default() += 1;
                    }
                }
            }
        }
        for (key, words) in offices {
            let found = words.last().and_then(|word| beside.get(&hash_of(word.as_str())));
            let mut ranked: Vec<(usize, usize)> =
                found.into_iter().flatten().map(|(&person, &times)| (times, person)).collect();
            ranked.sort_unstable_by(|a, b| b.cmp(a));
            let who = match ranked.as_slice() {
                [(_, person)] => Who::Named(*person),
                [(most, person), (next, _), ..] if most >= &(next * 3) => Who::Named(*person),
                _ => {
                    let at = self.offices.iter().position(|known| *known == words);
                    Who::Office(at.unwrap_or_else(|| {
                        self.offices.push(words);
                        self.offices.len() - 1
                    }))
                }
            };
            self.put(&key, who);
        }
    }

    /// Who a speaker of an article in this language is.
    pub(super) fn who(&self, language: &str, name: &str) -> Who {
        let known = self.who.get(language).and_then(|names| names.get(name));
        known.copied().unwrap_or(Who::Unknown)
    }

    /// The fullest name of a person.
    pub(super) fn name(&self, person: usize) -> Option<&str> {
        self.names.get(person).map(String::as_str)
    }

    /// Whether two speakers are one.
    pub(super) fn compare(&self, a: Option<Who>, b: Option<Who>) -> Speakers {
        match (a, b) {
            (Some(Who::Named(a)), Some(Who::Named(b))) if a == b => Speakers::Same,
            (Some(Who::Named(_)), Some(Who::Named(_))) => Speakers::Different,
            (Some(Who::Office(a)), Some(Who::Office(b))) => {
                let (a, b) = (self.offices.get(a), self.offices.get(b));
                let shares = a.zip(b).is_some_and(|(a, b)| a.iter().any(|word| b.contains(word)));
                if shares { Speakers::Same } else { Speakers::Unknown }
            }
            _ => Speakers::Unknown,
        }
    }
}

/// Whether two full names are one person's: the same words in any order, a middle name or an initial more,
/// or a slip of spelling.
fn is_one(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let initial = |x: &str, y: &str| {
        x.chars().count() == 1 && y.starts_with(x) || y.chars().count() == 1 && x.starts_with(y)
    };
    let ends = short.last() == long.last()
        && short.first().zip(long.first()).is_some_and(|(x, y)| x == y || initial(x, y));
    ends || short.iter().all(|word| long.contains(word))
        || short.len() == long.len() && same_speaker(&a.join(" "), &b.join(" "))
}

enum Parsed {
    Name(Vec<String>),
    Office(Vec<String>),
}

/// Whether a word, in lower case, is a title, an office or a body.
fn is_office(word: &str, table: Option<&Table>) -> bool {
    let bare = word.trim_end_matches('.');
    is_title(bare)
        || OFFICES.contains(&bare)
        || table.is_some_and(|table| table.is_role(bare) || table.body.contains(bare))
}

/// Whether a name has the word of an office or a body in it: "Health Ministry".
pub(super) fn is_body(language: &str, name: &str) -> bool {
    let table = table(language);
    name.to_lowercase().split_whitespace().any(|word| is_office(word, table) && !is_title(word))
}

/// English offices and bodies that no title is.
const OFFICES: [&str; 40] = [
    "spokesman",
    "spokeswoman",
    "spokesperson",
    "official",
    "officials",
    "source",
    "sources",
    "police",
    "ministry",
    "government",
    "council",
    "company",
    "firm",
    "union",
    "army",
    "military",
    "statement",
    "report",
    "witness",
    "witnesses",
    "residents",
    "resident",
    "prosecutor",
    "prosecutors",
    "lawyer",
    "lawyers",
    "authorities",
    "agency",
    "court",
    "department",
    "operator",
    "owner",
    "neighbour",
    "neighbor",
    "hospital",
    "doctor",
    "doctors",
    "office",
    "people",
    "person",
];

fn parse(language: &str, name: &str) -> Parsed {
    let table = table(language);
    let lexicon = super::lexicon::Lexicon::of(language);
    let mut folded = String::new();
    let mut words = Vec::new();
    for word in name.split(|c: char| c.is_whitespace() || matches!(c, ',' | '(' | ')')) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
        let bare = word.trim_end_matches("’s").trim_end_matches("'s").trim_end_matches('.');
        if bare.is_empty() {
            continue;
        }
        fold(bare, &mut folded);
        let starts = bare.chars().next().is_some_and(|c| c.is_uppercase() || !c.is_lowercase());
        words.push((folded.clone(), starts));
    }
    let is_small = |word: &str| lexicon.is_small(word);
    // "Mayor Anna Roe" without the title; what is left begins with a capital that is not an office.
    let rest: Vec<&(String, bool)> =
        words.iter().skip_while(|(word, _)| is_office(word, table)).collect();
    let is_name = rest.first().is_some_and(|(word, starts)| *starts && !is_small(word))
        && rest.iter().all(|(word, starts)| *starts || is_small(word) || word.len() <= 3)
        && !rest.iter().any(|(word, _)| is_office(word, table));
    if is_name {
        let name = rest.iter().map(|(word, _)| ascii_letters(word).to_lowercase()).collect();
        return Parsed::Name(name);
    }
    let telling: Vec<String> =
        words.iter().map(|(word, _)| word.clone()).filter(|word| !is_small(word)).collect();
    Parsed::Office(if telling.is_empty() {
        words.into_iter().map(|(word, _)| word).collect()
    } else {
        telling
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_an_office() {
        let cases = [
            ("en", "Anna Roe", Some("anna roe")),
            ("en", "Mayor Anna Roe", Some("anna roe")),
            ("en", "the mayor", None),
            ("en", "a police spokesman", None),
            ("en", "Police", None),
            ("de", "Sprecherin des Ministeriums", None),
            ("de", "Monika Strehl", Some("monika strehl")),
            ("de", "Polizei", None),
            ("nl", "Jan van der Berg", Some("jan van der berg")),
            ("ja", "山田太郎", Some("山田太郎")),
            ("en", "", None),
        ];
        for (language, name, expected) in cases {
            let found = match parse(language, name) {
                Parsed::Name(words) => Some(words.join(" ")),
                Parsed::Office(_) => None,
            };
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn names_of_one_person_are_one() {
        let words = |name: &str| -> Vec<String> {
            name.to_lowercase().split(' ').map(str::to_owned).collect()
        };
        let cases = [
            ("Anna Roe", "Anna Roe", true),
            ("Anna Maria Roe", "Anna Roe", true),
            ("A Roe", "Anna Roe", true),
            ("Anna Rowe", "Anna Roe", true),
            ("Ben Roe", "Anna Roe", false),
            ("Anna Lind", "Anna Roe", false),
        ];
        for (a, b, expected) in cases {
            assert_eq!(is_one(&words(a), &words(b)), expected, "{a} {b}");
        }
    }
}

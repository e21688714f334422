//! What the search room and its index say to each other: plain values, none of which know what the index is made
//! with.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Why the index did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// What lies there is no index, or a damaged one.
    #[error("the search index is damaged: {0}")]
    Damaged(String),
    /// The disk refuses, or something is in the way.
    #[error("the search index cannot be used: {0}")]
    Unusable(String),
}

/// By what passages are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Words of the text.
    Text,
    /// Words of the headline.
    Headline,
    /// Words of the names of the authors.
    Byline,
    /// Words of the names of those who are quoted.
    Speaker,
    /// Long words of German texts, backwards.
    Tail,
    /// The host, as urlkeys begin with it.
    Host,
}

/// What the index has, as of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// What tells the store of readings whose versions are in.
    pub identity: String,
    /// The number that the next page gets.
    pub pages: u64,
    /// Up to where the captures of each WARC file are in.
    pub files: BTreeMap<String, u64>,
    /// Redirects whose page was not captured since.
    #[serde(default)]
    pub redirects: OpenRedirects,
}

/// At most this many redirects are remembered whose page is not known yet, the newest.
const REDIRECTS_MAX: usize = 1_000;

/// Addresses that pages redirect to and that were not captured since, by their urlkeys, each with the page.
///
/// A crawl settles redirects as it captures, and the store of readings forgets then what waited for what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRedirects(VecDeque<(String, String)>);

impl OpenRedirects {
    /// Remembers that a page leads to this key.
    pub fn add(&mut self, to: String, page: &str) {
        if !self.0.iter().any(|(known, from)| *known == to && from == page) {
            self.0.push_back((to, page.to_owned()));
        }
        let beyond = self.0.len().saturating_sub(REDIRECTS_MAX);
        self.0.drain(..beyond);
    }

    /// The pages that lead to this key.
    pub fn to<'r>(&'r self, key: &'r str) -> impl Iterator<Item = &'r str> {
        self.0.iter().filter(move |(to, _)| to == key).map(|(_, page)| page.as_str())
    }

    /// Forgets those that lead to this key.
    pub fn forget(&mut self, key: &str) {
        self.0.retain(|(to, _)| to != key);
    }
}

/// What is known of a page whose versions are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageInside {
    /// Its number.
    pub page: u64,
    /// How many of its versions are in.
    pub versions: u64,
    /// What tells these versions from others.
    pub sign: u64,
}

/// A version to be put in.
#[derive(Debug, Default)]
pub struct Entry<'e> {
    /// The urlkey of its page.
    pub key: &'e str,
    /// The host, as the urlkey begins with it.
    pub host: &'e str,
    /// The number of its page, how many versions there are with it, and what tells these from others.
    pub inside: PageInside,
    /// When it was captured first, in seconds since 1970.
    pub date: i64,
    /// The words of each passage of its text that is new.
    pub passages: Vec<Vec<&'e str>>,
    /// The words of its headline, where that is new.
    pub headline: Vec<String>,
    /// Those of the names of its authors.
    pub byline: Vec<String>,
    /// Those of the names of who is quoted.
    pub speakers: Vec<String>,
    /// Whether long words are to be found by their ends.
    pub has_compounds: bool,
}

/// A passage that has what was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// The number of its page.
    pub page: u64,
    /// When the version that brought it was captured first, in seconds since 1970.
    pub date: i64,
    /// Where it lies.
    pub place: (u32, u32),
}

/// The fewest characters of a word that may be a compound.
pub const COMPOUND_CHARS_MIN: usize = 7;

/// A word backwards, where it may be a compound.
#[must_use]
pub fn tail_of(word: &str) -> Option<String> {
    (word.chars().nth(COMPOUND_CHARS_MIN - 1).is_some()).then(|| word.chars().rev().collect())
}

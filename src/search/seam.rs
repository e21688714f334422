//! The interface between the search and its index: plain values that do not depend on the implementation of
//! the index.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Why an operation of the index failed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The files are not an index, or a damaged one.
    #[error("the search index is damaged: {0}")]
    Damaged(String),
    /// The disk failed, or another file is in the way.
    #[error("the search index cannot be used: {0}")]
    Unusable(String),
}

/// The fields by which passages are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Words of the text.
    Text,
    /// Words of the headline.
    Headline,
    /// Words of the names of the authors.
    Byline,
    /// Words of the names of the speakers.
    Speaker,
    /// Long words of German texts, backwards.
    Tail,
    /// The host, as urlkeys begin with it.
    Host,
}

/// The contents of the index, as of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Identifies the store of readings whose versions are indexed.
    pub identity: String,
    /// The number that the next page gets.
    pub pages: u64,
    /// The offset up to which the captures of each WARC file are indexed.
    pub files: BTreeMap<String, u64>,
    /// Redirects whose page was not captured since.
    #[serde(default)]
    pub redirects: OpenRedirects,
}

/// At most this many redirects with an unknown page are kept, the newest.
const REDIRECTS_MAX: usize = 1_000;

/// Addresses that pages redirect to and that were not captured since, by their urlkeys, each with the page.
///
/// A crawl resolves redirects as it captures, and the store of readings then drops its list of open ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRedirects(VecDeque<(String, String)>);

impl OpenRedirects {
    /// Records that a page leads to this key.
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

    /// Removes those that lead to this key.
    pub fn forget(&mut self, key: &str) {
        self.0.retain(|(to, _)| to != key);
    }
}

/// The state of a page whose versions are indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PageInside {
    /// Its number.
    pub page: u64,
    /// How many of its versions are indexed.
    pub versions: u64,
    /// Identifies these versions.
    pub sign: u64,
}

/// A version to be added.
#[derive(Debug, Default)]
pub struct Entry<'e> {
    /// The urlkey of its page.
    pub key: &'e str,
    /// The host, as the urlkey begins with it.
    pub host: &'e str,
    /// The number of its page, and the count and sign of its versions including this one.
    pub inside: PageInside,
    /// When it was captured first, in seconds since 1970.
    pub date: i64,
    /// The words of each new passage of its text.
    pub passages: Vec<Vec<&'e str>>,
    /// The words of its headline, if that is new.
    pub headline: Vec<String>,
    /// Those of the names of its authors.
    pub byline: Vec<String>,
    /// Those of the names of the speakers.
    pub speakers: Vec<String>,
    /// Whether long words are also indexed backwards.
    pub has_compounds: bool,
}

/// A passage that matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// The number of its page.
    pub page: u64,
    /// When the version that added it was first captured, in seconds since 1970.
    pub date: i64,
    /// Where it is.
    pub place: (u32, u32),
}

/// The fewest characters of a word that may be a compound.
pub const COMPOUND_CHARS_MIN: usize = 7;

/// A word backwards, if it may be a compound.
#[must_use]
pub fn tail_of(word: &str) -> Option<String> {
    (word.chars().nth(COMPOUND_CHARS_MIN - 1).is_some()).then(|| word.chars().rev().collect())
}

//! Maps and sets of words, looked up for every word of a page.
//!
//! They hash with foldhash, with another seed in each process: the words looked up come from the web, so a hash that
//! is the same everywhere could be made to collide, and SipHash, the default, took 4 % of the time of a page.

use std::collections::{HashMap, HashSet};

use foldhash::fast::RandomState;

/// A map whose keys come from tables or from one page.
pub type WordMap<K, V> = HashMap<K, V, RandomState>;

/// A set of names of one page.
pub type NameSet = HashSet<String, RandomState>;

/// A set of numbers that stand for words.
pub type NumberSet = HashSet<u64, RandomState>;

/// A set of words of tables.
pub type WordSet = HashSet<&'static str, RandomState>;

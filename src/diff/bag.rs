//! The words of a text as a bag: how similar two texts are, and which of many texts share rare words.
//!
//! The similarity of two bags is the weighted share of words they have in common (Dice's measure). A
//! comparison costs the steps of the smaller bag, times a logarithm of how much larger the other is, so
//! that one text of ten thousand words, compared with a thousand short ones, is not read a thousand times.

use std::cmp::Ordering;

use super::budget::Budget;
use super::normal::Map;
use super::tokens::{self, Class};

/// The share of its weight that an unmatched number keeps when the other side has an unmatched number too.
const NUMBER_CREDIT: f32 = 0.5;
/// From this ratio of sizes on, the larger bag is searched instead of scanned.
const MUCH_LARGER: usize = 8;
/// A word in more texts than this yields no candidates.
const POSTINGS_MAX: usize = 24;
/// At most this many candidates are taken, those that share most.
const SHORTLIST_MAX: usize = 8;
/// Words of less weight yield no candidates.
const TELLING_MIN: f32 = 0.5;

/// The words of a text, sorted by identity, each with its weight.
pub(super) struct Bag {
    words: Vec<(u64, f32)>,
    numbers: Vec<(u64, f32)>,
    total: f32,
    /// The total weight of the numbers.
    in_numbers: f32,
}

impl Bag {
    /// The bag of a text; `rarity` returns the share of its weight that a word keeps.
    pub(super) fn new(text: &str, rarity: impl Fn(u64) -> f32) -> Self {
        let mut words = Vec::new();
        let mut numbers = Vec::new();
        for token in tokens::tokenize(text, 0..text.len()) {
            if !token.is_word() {
                continue;
            }
            let id = tokens::caseless_id(text.get(token.range.clone()).unwrap_or_default());
            let weight = token.weight() * rarity(id);
            if token.class == Class::Number {
                numbers.push((id, weight));
            }
            words.push((id, weight));
        }
        Self::sorted(words, numbers)
    }

    /// The bag of a text, every word at its own weight.
    pub(super) fn plain(text: &str) -> Self {
        Self::new(text, |_| 1.0)
    }

    fn sorted(mut words: Vec<(u64, f32)>, mut numbers: Vec<(u64, f32)>) -> Self {
        words.sort_unstable_by_key(|&(id, _)| id);
        numbers.sort_unstable_by_key(|&(id, _)| id);
        let weight = |words: &[(u64, f32)]| words.iter().map(|&(_, weight)| weight).sum();
        let (total, in_numbers) = (weight(&words), weight(&numbers));
        Self { words, numbers, total, in_numbers }
    }

    /// All the words of several bags.
    pub(super) fn joined(bags: &[&Self]) -> Self {
        let words = bags.iter().flat_map(|bag| bag.words.iter().copied()).collect();
        let numbers = bags.iter().flat_map(|bag| bag.numbers.iter().copied()).collect();
        Self::sorted(words, numbers)
    }

    /// The total weight of all words.
    pub(super) fn total(&self) -> f32 {
        self.total
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// The steps that a comparison with `other` takes.
    pub(super) fn steps_to(&self, other: &Self) -> usize {
        let (short, long) =
            (self.len().min(other.len()).max(1), self.len().max(other.len()).max(1));
        match long / short {
            0..MUCH_LARGER => short + long,
            times => short * (2 + times.ilog2() as usize),
        }
    }

    /// The weight of the words in common.
    pub(super) fn common(&self, other: &Self) -> f32 {
        shared(&self.words, &other.words)
    }

    /// The weight of the numbers of each side that have no equal on the other, the smaller one.
    fn changed_numbers(&self, other: &Self) -> f32 {
        if self.numbers.is_empty() || other.numbers.is_empty() {
            return 0.0;
        }
        self.in_numbers.min(other.in_numbers) - shared(&self.numbers, &other.numbers)
    }

    /// From 0 for nothing in common to 1 for the same words.
    pub(super) fn alike(&self, other: &Self) -> f32 {
        let both = self.total + other.total;
        if both <= 0.0 {
            return 0.0;
        }
        // Credit stays below what the numbers weigh, so that the sum cannot pass one.
        let credit = NUMBER_CREDIT * self.changed_numbers(other).max(0.0);
        (2.0 * (self.common(other) + credit) / both).min(1.0)
    }

    /// An upper bound of [`Self::alike`], computed without comparing words.
    pub(super) fn alike_at_most(&self, other: &Self) -> f32 {
        let both = self.total + other.total;
        if both <= 0.0 {
            return 0.0;
        }
        // A word is in common or unmatched, so credit adds nothing except rounding errors.
        2.0 * self.total.min(other.total) / both + 1e-3
    }

    /// The share of these words that `whole` holds, from 0 to 1.
    pub(super) fn held(&self, whole: &Self) -> f32 {
        if self.total <= 0.0 { 0.0 } else { self.common(whole) / self.total }
    }
}

/// The weight of what two sorted lists share, each item once.
fn shared(a: &[(u64, f32)], b: &[(u64, f32)]) -> f32 {
    let mut sum = 0.0;
    meet(a, b, |x, y| sum += x.1.min(y.1));
    sum
}

/// Calls `both` for what two sorted lists share, each item once.
fn meet(a: &[(u64, f32)], b: &[(u64, f32)], mut both: impl FnMut(&(u64, f32), &(u64, f32))) {
    let skips = a.len().max(b.len()) >= a.len().min(b.len()).saturating_mul(MUCH_LARGER);
    let next = |list: &[(u64, f32)], at: usize, than: u64| {
        let rest = list.get(at + 1..).unwrap_or_default();
        at + 1 + if skips { behind(rest, |&(id, _)| id < than) } else { 0 }
    };
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.0.cmp(&y.0) {
            Ordering::Less => i = next(a, i, y.0),
            Ordering::Greater => j = next(b, j, x.0),
            Ordering::Equal => {
                both(x, y);
                (i, j) = (i + 1, j + 1);
            }
        }
    }
}

/// How many leading items are `below`, found by exponential search (Bentley and Yao 1976).
fn behind<T>(sorted: &[T], below: impl Fn(&T) -> bool) -> usize {
    let mut high = 1;
    while sorted.get(high - 1).is_some_and(&below) {
        high *= 2;
    }
    let (low, high) = (high / 2, high.min(sorted.len()));
    low + sorted.get(low..high).unwrap_or_default().partition_point(below)
}

/// Which of many texts hold a word.
pub(super) struct Postings(Map<u64, Vec<usize>>);

impl Postings {
    /// Of the texts of these bags, by their places.
    pub(super) fn of<'b>(bags: impl IntoIterator<Item = &'b Bag>) -> Self {
        let mut postings: Map<u64, Vec<usize>> = Map::default();
        for (at, bag) in bags.into_iter().enumerate() {
            for &(word, _) in bag.words.iter().filter(|(_, weight)| *weight >= TELLING_MIN) {
                let list = postings.entry(word).or_default();
                if list.last() != Some(&at) {
                    list.push(at);
                }
            }
        }
        Self(postings)
    }

    /// The texts that share most with a bag, by words that few of them hold; none where the budget is
    /// spent.
    pub(super) fn shortlist(&self, bag: &Bag, budget: &Budget) -> Option<Vec<usize>> {
        let mut shared: Map<usize, f32> = Map::default();
        for &(word, weight) in &bag.words {
            let Some(list) = self.0.get(&word).filter(|list| list.len() <= POSTINGS_MAX) else {
                continue;
            };
            if !budget.spend(list.len()) {
                return None;
            }
            for &at in list {
                *shared.entry(at).or_default() += weight;
            }
        }
        let mut ranked: Vec<(usize, f32)> = shared.into_iter().collect();
        ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Some(ranked.into_iter().take(SHORTLIST_MAX).map(|(at, _)| at).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_larger_bag_is_searched_with_the_same_result(
            a in proptest::collection::vec(0_u64..40, 0..6),
            b in proptest::collection::vec(0_u64..40, 0..200),
        ) {
            let (mut a, mut b) = (a, b);
            a.sort_unstable();
            b.sort_unstable();
            let mut plain = Vec::new();
            let mut rest = b.clone();
            for x in &a {
                if let Some(at) = rest.iter().position(|y| y == x) {
                    plain.push(*x);
                    rest.remove(at);
                }
            }
            let weighed = |ids: &[u64]| ids.iter().map(|&id| (id, 1.0)).collect::<Vec<_>>();
            for (x, y) in [(&a, &b), (&b, &a)] {
                let mut found = Vec::new();
                meet(&weighed(x), &weighed(y), |id, _| found.push(id.0));
                prop_assert_eq!(&found, &plain);
            }
        }

        #[test]
        fn the_bound_on_likeness_holds(a in "[a-c0-9 ]{0,30}", b in "[a-c0-9 ]{0,80}") {
            let (a, b) = (Bag::plain(&a), Bag::plain(&b));
            prop_assert!(a.alike(&b) <= a.alike_at_most(&b));
            prop_assert_eq!(a.alike(&b), b.alike(&a));
        }
    }
}

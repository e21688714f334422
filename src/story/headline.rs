//! The most typical of several headlines: the one that shares the most words with the others.

use std::collections::{BTreeMap, BTreeSet};

use super::words::fold;
use crate::extract::page::Page;

/// At most this many headlines are compared.
const HEADLINES_MAX: usize = 1_000;

/// The index of the most typical headline: its words are in the most of the others, as a share of its own, so
/// that a long one has no lead. Of two alike the first. None where all are empty.
#[must_use]
pub fn typical_headline(headlines: &[&str]) -> Option<usize> {
    let words: Vec<BTreeSet<String>> =
        headlines.iter().take(HEADLINES_MAX).map(|h| words(h)).collect();
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for word in words.iter().flatten() {
        *counts.entry(word).or_default() += 1;
    }
    let score = |words: &BTreeSet<String>| {
        let shared: usize =
            words.iter().map(|word| counts.get(word).copied().unwrap_or(0) - 1).sum();
        // The square root lets three words in common beat one.
        shared as f64 / (words.len() as f64).sqrt()
    };
    let mut best: Option<(f64, usize)> = None;
    for (at, words) in words.iter().enumerate().filter(|(_, words)| !words.is_empty()) {
        let own = score(words);
        if best.is_none_or(|(known, _)| own > known) {
            best = Some((own, at));
        }
    }
    best.map(|(_, at)| at)
}

/// The words of a page's headline that say something.
pub(super) fn headline_words(page: &Page) -> BTreeSet<String> {
    page.headline.as_ref().map(|fact| words(&fact.value)).unwrap_or_default()
}

/// The words of a headline that say something; where letters are all of it, every character.
fn words(headline: &str) -> BTreeSet<String> {
    let mut folded = String::new();
    fold(headline, &mut folded);
    let spaced = folded.contains(' ');
    if !spaced && !folded.is_ascii() {
        return folded.chars().filter(|c| c.is_alphanumeric()).map(String::from).collect();
    }
    let parts = folded.split(|c: char| !c.is_alphanumeric() && c != '\'');
    parts.filter(|word| word.chars().count() > 2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_that_shares_the_most_words_is_typical() {
        let cases: [(&[&str], Option<usize>); 5] = [
            (
                &[
                    "Bridge closed after cracks found",
                    "Harbour bridge closed",
                    "Council in turmoil",
                ],
                Some(1),
            ),
            (&["", "One"], Some(1)),
            (&["", ""], None),
            (&[], None),
            (&["港の橋が閉鎖", "橋が閉鎖された港", "市長が辞任"], Some(0)),
        ];
        for (headlines, expected) in cases {
            assert_eq!(typical_headline(headlines), expected, "{headlines:?}");
        }
    }
}

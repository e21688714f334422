//! Which stretches of a text are indexed: all of a page's first version, and of each later one what
//! the version before did not have.
//!
//! A stretch is a run of new paragraphs, or the boundary of two that were not adjacent before, with
//! [`CONTEXT`] words around it; long ones are cut into passages that overlap by as much. So every run of up to
//! [`WINDOW`] words that any version of the page has lies whole in one passage of the page, and unchanged text
//! is indexed once however many versions have it.
//!
//! ```text
//! version 1   | a a a a | b b b b | c c c c |      one passage: a a a a b b b b c c c c
//! version 2   | a a a a | x x | c c c c |          one passage: . a a a x x c c c .
//! ```

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use super::fold::{Token, tokens};

/// Words of context around a new stretch.
const CONTEXT: usize = 7;

/// A phrase of up to this many words is whole in a passage.
pub const WINDOW: usize = CONTEXT + 1;

/// The longest passage, in words. Shorter ones show better which words are near each other, but take more
/// space: each word is stored once for each passage that has it.
const PASSAGE_WORDS_MAX: usize = 256;

/// A text as words, by paragraphs.
#[derive(Debug, Clone, Default)]
pub struct Text {
    words: Vec<String>,
    /// For each paragraph with words, the index of its end, and a hash of its words.
    paragraphs: Vec<(usize, u64)>,
}

impl Text {
    /// The words of a text whose paragraphs are separated by line ends.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut out = Self::default();
        for line in text.split('\n') {
            let before = out.words.len();
            out.words.extend(tokens(line).into_iter().map(|Token { text, .. }| text));
            if out.words.len() > before {
                let mut hasher = DefaultHasher::new();
                out.words[before..].hash(&mut hasher);
                out.paragraphs.push((out.words.len(), hasher.finish()));
            }
        }
        out
    }

    /// The distinct words of each passage that is not in `before`; of all passages without one.
    #[must_use]
    pub fn passages(&self, before: Option<&Self>) -> Vec<Vec<&str>> {
        let mut passages = Vec::new();
        for stretch in self.new_since(before) {
            let mut from = stretch.start;
            loop {
                let to = stretch.end.min(from + PASSAGE_WORDS_MAX);
                let mut words: Vec<&str> =
                    self.words[from..to].iter().map(String::as_str).collect();
                words.sort_unstable();
                words.dedup();
                passages.push(words);
                if to == stretch.end {
                    break;
                }
                from = to - CONTEXT;
            }
        }
        passages
    }

    /// The stretches that are not in `before`, with their context.
    fn new_since(&self, before: Option<&Self>) -> Vec<Range<usize>> {
        let Some(before) = before else {
            let all = (!self.words.is_empty()).then_some(0..self.words.len());
            return all.into_iter().collect();
        };
        let known: HashSet<u64> = before.paragraphs.iter().map(|(_, hash)| *hash).collect();
        let pairs = before.paragraphs.windows(2);
        let seams: HashSet<(u64, u64)> = pairs.map(|pair| (pair[0].1, pair[1].1)).collect();
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut add = |new: Range<usize>| {
            let wide = new.start.saturating_sub(CONTEXT)..(new.end + CONTEXT).min(self.words.len());
            match found.last_mut() {
                Some(last) if wide.start <= last.end => last.end = last.end.max(wide.end),
                _ => found.push(wide),
            }
        };
        let mut last: Option<(usize, u64)> = None;
        for (end, hash) in &self.paragraphs {
            let start = last.map_or(0, |(end, _)| end);
            if last.is_some_and(|(_, last)| !seams.contains(&(last, *hash))) {
                add(start..start);
            }
            if !known.contains(hash) {
                add(start..*end);
            }
            last = Some((*end, *hash));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The passages as texts; `before` and `now` by paragraphs.
    fn passages(before: Option<&str>, now: &str) -> Vec<String> {
        let before = before.map(|text| Text::new(&text.replace('|', "\n")));
        let now = Text::new(&now.replace('|', "\n"));
        now.passages(before.as_ref()).into_iter().map(|words| words.join(" ")).collect()
    }

    #[test]
    fn what_is_new_is_indexed_with_the_words_around_it() {
        let long = "m n o p q r s t u v w x y z";
        let cases = [
            (None, "c a b a", vec!["a b c"]),
            (None, "", vec![]),
            (None, "...|—", vec![]),
            (Some("a b c"), "a b c", vec![]),
            (Some("a b|c"), "A b.|…|c", vec![]),
            // A paragraph added, one removed, and two swapped.
            (Some("a b"), "a b|c d", vec!["a b c d"]),
            (Some("a b|x|c d"), "a b|c d", vec!["a b c d"]),
            (Some("a b|x|c d"), "c d|a b", vec!["a b c d"]),
        ];
        for (before, now, expected) in cases {
            assert_eq!(passages(before, now), expected, "{before:?} → {now}");
        }
        let (before, now) = (format!("{long}|end"), format!("{long}|1 2|end"));
        assert_eq!(passages(Some(&before), &now), ["1 2 end t u v w x y z"]);
    }

    proptest! {
        /// Every run of [`WINDOW`] words of any version is in a passage of that version or an earlier one.
        #[test]
        fn every_window_lies_in_a_passage(
            versions in proptest::collection::vec(
                proptest::collection::vec((0_u8..12, 1_usize..9), 0..14), 1..5),
            long in 0_usize..600,
        ) {
            let mut before: Option<Text> = None;
            let mut known: Vec<HashSet<String>> = Vec::new();
            for (number, version) in versions.iter().enumerate() {
                let paragraph = |(name, length): &(u8, usize)| {
                    (0..*length).map(|at| format!("w{name}x{at}")).collect::<Vec<_>>().join(" ")
                };
                let mut paragraphs: Vec<String> = version.iter().map(paragraph).collect();
                if number == 0 {
                    paragraphs.push((0..long).map(|at| format!("l{at}")).collect::<Vec<_>>().join(" "));
                }
                let now = Text::new(&paragraphs.join("\n\n"));
                for passage in now.passages(before.as_ref()) {
                    prop_assert!(passage.len() <= PASSAGE_WORDS_MAX);
                    known.push(passage.into_iter().map(str::to_owned).collect());
                }
                for window in now.words.windows(WINDOW.min(now.words.len()).max(1)) {
                    let is_in = |passage: &HashSet<String>| window.iter().all(|word| passage.contains(word));
                    prop_assert!(known.iter().any(is_in), "{window:?}");
                }
                before = Some(now);
            }
        }
    }
}

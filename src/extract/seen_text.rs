//! Whether a caption or a standfirst says anything that the article does not say without it.
//!
//! Runs of words identify a repeated sentence, single words one that was rephrased. Which words
//! are the same is decided by their letters alone; nothing is stemmed.

use std::hash::{BuildHasher, Hash};

use crate::base::word_map::NumberSet;

/// A run of this many words that is elsewhere too is a repetition.
const RUN_WORDS: usize = 3;
/// Shorter words are mostly grammar.
const TELLING_CHARS_MIN: usize = 4;
/// Where this share of the longer words has been said, nothing new is: 4 of 5.
const TELLING_KNOWN: usize = 4;
/// See [`TELLING_KNOWN`].
const TELLING_OF: usize = 5;

/// What has been said, as runs of words and as words: a caption or standfirst next to the prose that
/// says nothing else is left out.
#[derive(Default)]
pub struct SeenText {
    runs: NumberSet,
    words: NumberSet,
}

impl SeenText {
    /// Records a text.
    pub fn note(&mut self, text: &str) {
        let words = self.numbers(text);
        self.words.extend(words.iter().filter(|(_, tells)| *tells).map(|(word, _)| *word));
        let runs = self.runs(&words);
        self.runs.extend(runs);
    }

    /// Whether most of the runs of these words have been said.
    #[must_use]
    pub fn repeats(&self, text: &str) -> bool {
        let runs = self.runs(&self.numbers(text));
        runs.iter().filter(|run| self.runs.contains(run)).count() * 2 > runs.len()
    }

    /// Whether nearly all words of these that carry meaning have been said, or most of their runs.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        let words = self.numbers(text);
        let (mut tell, mut known) = (0, 0);
        for (word, _) in words.iter().filter(|(_, tells)| *tells) {
            tell += 1;
            known += usize::from(self.words.contains(word));
        }
        (tell > 0 && known * TELLING_OF >= tell * TELLING_KNOWN) || self.repeats(text)
    }

    /// The words of a text, in lower case and each as a number, and whether it is long enough to carry
    /// meaning.
    fn numbers(&self, text: &str) -> Vec<(u64, bool)> {
        let folded = text.to_lowercase();
        let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let tells = |word: &str| word.chars().nth(TELLING_CHARS_MIN - 1).is_some();
        words.map(|word| (self.number(&word), tells(word))).collect()
    }

    fn runs(&self, words: &[(u64, bool)]) -> Vec<u64> {
        let runs = words.windows(RUN_WORDS.min(words.len().max(1)));
        runs.map(|run| self.number(&run)).collect()
    }

    /// One set's hash for both, so that equal words are equal numbers.
    fn number(&self, what: &impl Hash) -> u64 {
        self.words.hasher().hash_one(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_the_text_says_nothing_new() {
        let mut said = SeenText::default();
        said.note("The ministers, who had met twice before, agreed on the plan for the bridge.");
        for (text, is) in [
            ("“The ministers who had met twice before”", true),
            ("Ministers agreed on the bridge", true),
            ("Crowds wait at the bridge on Tuesday", false),
            ("The old toll house in 1931", false),
            ("", false),
        ] {
            assert_eq!(said.has(text), is, "{text}");
        }
    }
}

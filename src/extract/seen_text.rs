//! Whether a caption or a standfirst says anything that the article does not say without it.
//!
//! Runs of words tell a repeated sentence, single words one that was rephrased. Which words
//! are the same is decided by their letters alone; nothing is stemmed.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A run of this many words that stands elsewhere too is a repetition.
const RUN_WORDS: usize = 3;
/// Shorter words are mostly grammar.
const TELLING_CHARS_MIN: usize = 4;
/// Where this share of the longer words has been said, nothing new is: 4 of 5.
const TELLING_KNOWN: usize = 4;
/// See [`TELLING_KNOWN`].
const TELLING_OF: usize = 5;

/// What has been said, as runs of words and as words: a caption or standfirst beside the prose that
/// says nothing else is left out.
#[derive(Default)]
pub struct SeenText {
    runs: HashSet<u64>,
    words: HashSet<u64>,
}

impl SeenText {
    /// Takes in a text.
    pub fn hear(&mut self, text: &str) {
        let words = numbers(text);
        self.words.extend(words.iter().filter(|(_, tells)| *tells).map(|(word, _)| *word));
        self.runs.extend(runs(&words));
    }

    /// Whether most of the runs of these words have been said.
    #[must_use]
    pub fn repeats(&self, text: &str) -> bool {
        let runs = runs(&numbers(text));
        runs.iter().filter(|run| self.runs.contains(run)).count() * 2 > runs.len()
    }

    /// Whether nearly all words of these that tell something have been said, or most of their runs.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        let words = numbers(text);
        let (mut tell, mut known) = (0, 0);
        for (word, _) in words.iter().filter(|(_, tells)| *tells) {
            tell += 1;
            known += usize::from(self.words.contains(word));
        }
        (tell > 0 && known * TELLING_OF >= tell * TELLING_KNOWN) || self.repeats(text)
    }
}

/// The words of a text, in lower case and each as a number, and whether it is long enough to tell
/// something.
fn numbers(text: &str) -> Vec<(u64, bool)> {
    let folded = text.to_lowercase();
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| (number(&word), word.chars().count() >= TELLING_CHARS_MIN)).collect()
}

fn runs(words: &[(u64, bool)]) -> Vec<u64> {
    words.windows(RUN_WORDS.min(words.len().max(1))).map(|run| number(&run)).collect()
}

fn number(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_the_text_says_nothing_new() {
        let mut said = SeenText::default();
        said.hear("The ministers, who had met twice before, agreed on the plan for the bridge.");
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

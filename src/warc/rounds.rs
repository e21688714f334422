//! Rounds of public randomness that the main records of captures commit to, newest last.
//!
//! A round is a text that could not be known before its time. A record that holds it was therefore made after that time.
//! The text is opaque here; where rounds come from, and what they prove, is not known to records.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Timestamp;

/// How many rounds are remembered: more than are fetched during the longest exchange.
const ROUNDS_MAX: usize = 512;

/// The newest rounds; a handle that is shared between the code that fetches rounds and the code that makes records.
#[derive(Debug, Clone, Default)]
pub struct Rounds(Arc<Mutex<VecDeque<(Timestamp, String)>>>);

impl Rounds {
    /// Adds a round that was published at this time; one that is not newer than the last is left out. Whether it was added.
    pub fn add(&self, published: Timestamp, text: String) -> bool {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rounds.back().is_some_and(|(last, _)| *last >= published) {
            return false;
        }
        if rounds.len() >= ROUNDS_MAX {
            rounds.pop_front();
        }
        rounds.push_back((published, text));
        true
    }

    /// The newest round that was published at `date` or before, as text. An exchange that took long commits to a round from
    /// before it began, so that no record carries a round that is later than its own date.
    #[must_use]
    pub fn at(&self, date: Timestamp) -> Option<String> {
        let rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = rounds.iter().rev().find(|(published, _)| *published <= date);
        known.map(|(_, text)| text.clone())
    }

    /// The newest round, and when it was published.
    #[must_use]
    pub fn newest(&self) -> Option<(Timestamp, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).back().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_gets_the_newest_round_that_is_not_later_than_itself() {
        let at = Timestamp::from_unix_seconds;
        let rounds = Rounds::default();
        assert_eq!(rounds.at(at(100)), None);
        assert!(rounds.add(at(10), "a".to_owned()));
        assert!(rounds.add(at(40), "b".to_owned()));
        assert!(!rounds.add(at(40), "b".to_owned()), "the same again");
        assert!(!rounds.add(at(30), "late".to_owned()), "one that is older");
        for (date, expected) in [(9, None), (10, Some("a")), (39, Some("a")), (40, Some("b"))] {
            assert_eq!(rounds.at(at(date)).as_deref(), expected, "at {date}");
        }
        assert_eq!(rounds.newest(), Some((at(40), "b".to_owned())));
        for second in 41..2_000 {
            rounds.add(at(second), second.to_string());
        }
        assert_eq!(rounds.at(at(40)), None, "the oldest are forgotten");
        assert_eq!(rounds.at(at(1_999)).as_deref(), Some("1999"));
    }
}

//! Between which times the record of a capture was made, as others' signatures show.
//!
//! **Not before**: the record's header holds a round of drand. Its signature could not be known before its time, so the record
//! was written after that. **Not after**: the record's leaf is in the tree of a checkpoint that a time-stamp authority has
//! signed, so the record existed then. Both are about the record; that the bytes in it had just come from the server, and had
//! not been kept back, is only the archive's statement.

use std::time::Duration;

use data_encoding::HEXLOWER;

use super::drand::{Chain, DrandError, Round};
use super::token::Token;
use crate::base::Timestamp;

/// What the record was made after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotBefore {
    /// When the round was published.
    pub time: Timestamp,
    /// The hash of its chain, hexadecimal.
    pub chain: String,
    /// Its number.
    pub round: u64,
}

/// What the record was made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAfter {
    /// The latest time that the stamp allows: what it states, and its accuracy.
    pub time: Timestamp,
    /// The authority, as file names have it.
    pub authority: String,
    /// Who signed the stamp.
    pub signer: String,
}

/// Both bounds, as far as they are proved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interval {
    /// The lower one.
    pub not_before: Option<NotBefore>,
    /// The upper one.
    pub not_after: Option<NotAfter>,
}

impl NotBefore {
    /// The bound that a round gives.
    ///
    /// # Errors
    /// When the round is not one of the chain, or does not verify.
    pub fn of(round: &Round, chain: &Chain) -> Result<Self, DrandError> {
        let time = chain.verify(round)?;
        Ok(Self { time, chain: HEXLOWER.encode(&round.chain), round: round.number })
    }
}

impl NotAfter {
    /// The latest time that a token allows: what it states, and its accuracy.
    #[must_use]
    pub fn latest(token: &Token) -> Timestamp {
        token.time.plus(token.accuracy)
    }

    /// The earliest bound that tokens over the checkpoint give; each with the label of its authority.
    pub fn of<'t>(tokens: impl Iterator<Item = (&'t str, &'t Token)>) -> Option<Self> {
        let (authority, token) = tokens.min_by_key(|(_, token)| Self::latest(token))?;
        let (authority, signer) = (authority.to_owned(), token.signer.clone());
        Some(Self { time: Self::latest(token), authority, signer })
    }

    /// The bound in whole seconds, RFC 3339: rounded up, so that what is stated is never tighter than what is proved.
    #[must_use]
    pub fn text(&self) -> String {
        self.time.plus(Duration::from_micros(999_999)).to_rfc3339()
    }
}

impl Interval {
    /// The bounds as a text for people: each with its reason.
    #[must_use]
    pub fn text(&self) -> String {
        let before = self.not_before.as_ref().map(|bound| {
            format!(
                "not before {}, because the record holds round {} of the drand chain {}, which was not known earlier",
                bound.time.to_rfc3339(),
                bound.round,
                bound.chain
            )
        });
        let after = self.not_after.as_ref().map(|bound| {
            format!(
                "not after {}, because {} has stamped a checkpoint over it",
                bound.text(),
                bound.signer
            )
        });
        match (before, after) {
            (Some(before), Some(after)) => format!("made {before}, and {after}"),
            (Some(before), None) => {
                format!("made {before}; until when it was made rests on the archive's word")
            }
            (None, Some(after)) => {
                format!("made {after}; since when it may be rests on the archive's word")
            }
            (None, None) => "when it was made rests on the archive's word alone".to_owned(),
        }
    }

    /// What contradicts the bounds, given the date that the record states; `None` where nothing does.
    #[must_use]
    pub fn contradiction(&self, date: Option<Timestamp>) -> Option<String> {
        let before = self.not_before.as_ref()?;
        if date.is_some_and(|date| before.time > date) {
            return Some(format!(
                "the record is dated before round {} of drand, which it holds: its date is false",
                before.round
            ));
        }
        let after = self.not_after.as_ref()?;
        (before.time > after.time).then(|| {
            format!(
                "the stamp of {} is older than round {} of drand, which the record holds",
                after.authority, before.round
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_are_the_round_and_the_earliest_stamp_with_its_accuracy() {
        let at = Timestamp::from_unix_seconds;
        let token = |time: i64, accuracy: u64| Token {
            time: at(time),
            accuracy: Duration::from_secs(accuracy),
            serial: String::new(),
            signer: format!("CN={time}"),
            chain: Vec::new(),
        };
        let tokens = [("a", token(100, 60)), ("b", token(130, 1)), ("c", token(140, 0))];
        let after = NotAfter::of(tokens.iter().map(|(label, token)| (*label, token))).unwrap();
        assert_eq!((after.time, after.authority.as_str()), (at(131), "b"));
        assert_eq!(NotAfter::of(std::iter::empty()), None);
        let before = NotBefore { time: at(90), chain: "52".to_owned(), round: 7 };
        let whole = Interval { not_before: Some(before), not_after: Some(after) };
        assert_eq!(whole.contradiction(Some(at(90))), None);
        assert!(whole.contradiction(Some(at(89))).unwrap().contains("its date is false"));
        let late = NotBefore { time: at(132), ..whole.not_before.clone().unwrap() };
        let late = Interval { not_before: Some(late), ..whole.clone() };
        assert!(late.contradiction(Some(at(200))).unwrap().contains("older than round 7"));
        assert!(
            whole
                .text()
                .contains("not before 1970-01-01T00:01:30Z, because the record holds round 7")
        );
        assert!(whole.text().contains("not after 1970-01-01T00:02:11Z, because CN=130"));
        let mut fine = whole.clone();
        let bound = fine.not_after.as_mut().unwrap();
        bound.time = bound.time.plus(Duration::from_millis(1));
        assert!(fine.text().contains("not after 1970-01-01T00:02:12Z"), "{}", fine.text());
        assert!(Interval::default().text().contains("word alone"));
    }
}

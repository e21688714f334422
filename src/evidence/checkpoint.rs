//! Checkpoints (c2sp.org/tlog-checkpoint): how large the log was, its root hash, when, signed.
//!
//! ```text
//! pressmark/3f2a9c…                      the log's name
//! 1234                                   how many leaves
//! BASE64                                 the root hash
//! time 2025-11-05T00:00:00.000000Z       when, by our clock
//! previous 1200                          the size of the checkpoint before; 0 for the first
//! drand CHAIN ROUND SIGNATURE            a public random value: it was signed after that; not in every one
//!
//! — pressmark/3f2a9c… BASE64             the signature
//! ```
//!
//! The last lines of the text are extension lines, which other readers pass over.

use tlog_tiles::Hash;

use super::drand::Round;
use super::key::LogKey;
use super::note::{Note, VerifierKey};
use crate::base::Timestamp;

/// A checkpoint with its signatures.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root hash over them.
    pub root: Hash,
    /// When it was signed, by our clock.
    pub time: Option<Timestamp>,
    /// The size of the checkpoint before.
    pub previous: Option<u64>,
    /// The round of drand that it carries: not verified.
    pub round: Option<Round>,
    /// The signed note, whole.
    pub note: Note,
}

impl Checkpoint {
    /// Signs a checkpoint with each of `keys`.
    #[must_use]
    pub fn sign(
        origin: &str,
        (size, root): (u64, Hash),
        time: Timestamp,
        previous: u64,
        round: Option<&Round>,
        keys: &[&LogKey],
    ) -> Self {
        let mut text = format!(
            "{origin}\n{size}\n{root}\ntime {}\nprevious {previous}\n",
            time.to_warc_date()
        );
        if let Some(round) = round {
            text.push_str(&format!("drand {}\n", round.text()));
        }
        let mut note = Note { text, signatures: Vec::new() };
        for key in keys {
            key.sign_note(origin, &mut note);
        }
        let origin = origin.to_owned();
        let (time, previous, round) = (Some(time), Some(previous), round.cloned());
        Self { origin, size, root, time, previous, round, note }
    }

    /// Reads a checkpoint; `None` where it is not one, or not exactly as it would be written.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let note = Note::parse(std::str::from_utf8(bytes).ok()?)?;
        let body = tlog_tiles::Checkpoint::from_bytes(note.text.as_bytes()).ok()?;
        if body.to_bytes() != note.text.as_bytes() {
            return None;
        }
        let line = |name: &str| {
            body.extension().lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '))
        };
        Some(Self {
            origin: body.origin().to_owned(),
            size: body.size(),
            root: *body.hash(),
            time: line("time").and_then(Timestamp::parse),
            previous: line("previous").and_then(|n| n.parse().ok()),
            round: line("drand").and_then(Round::parse),
            note,
        })
    }

    /// The whole note.
    #[must_use]
    pub fn render(&self) -> String {
        self.note.render()
    }

    /// Whether `key` signed it.
    #[must_use]
    pub fn signed_by(&self, key: &VerifierKey) -> bool {
        self.origin == key.name && self.note.signed_by(key)
    }
}

/// The name that a checkpoint of this size is kept under.
#[must_use]
pub fn file_name(size: u64) -> String {
    format!("{size:012}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkpoint of Go's checksum database, which the authors of the specification show to their witness, with its key.
    #[test]
    fn a_checkpoint_of_another_log_is_read_and_verifies() {
        let text = "go.sum database tree\n35225469\nvt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=\n\n\u{2014} sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=\n";
        let key = VerifierKey::parse(
            "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        );
        let key = key.unwrap();
        let read = Checkpoint::parse(text.as_bytes()).unwrap();
        assert_eq!((read.origin.as_str(), read.size), ("go.sum database tree", 35_225_469));
        assert_eq!((read.time, read.previous, &read.round), (None, None, &None));
        assert!(read.note.signed_by(&key));
        let other = text.replace("35225469", "35225468");
        assert!(!Checkpoint::parse(other.as_bytes()).unwrap().note.signed_by(&key));
    }

    #[test]
    fn a_checkpoint_reads_back_and_no_byte_of_it_can_change() {
        let dir = tempfile::tempdir().unwrap();
        let key = LogKey::make(&dir.path().join("k")).unwrap();
        let now = Timestamp::from_unix_seconds(1_762_300_800);
        let round = Round {
            chain: [1; 32],
            number: 9,
            signature: vec![2; 48],
            previous: Some(vec![3; 96]),
        };
        let made = Checkpoint::sign("o/x", (7, Hash([5; 32])), now, 3, Some(&round), &[&key]);
        let text = made.render();
        assert_eq!(Checkpoint::parse(text.as_bytes()), Some(made));
        let public = key.verifier("o/x");
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let fine = Checkpoint::parse(&bytes).is_some_and(|c| c.signed_by(&public));
                assert!(!fine, "byte {at}, bit {bit}");
            }
        }
        assert!(!Checkpoint::parse(text.as_bytes()).unwrap().signed_by(&key.verifier("o/y")));
    }
}

//! A comparison with a peer, as it is printed.

use serde::{Serialize, Serializer};

use super::proved::{AskedWith, ProofFacts};
use super::verdict::{Variant, Verdict};
use crate::archive::Capture;
use crate::base::{Digest, Timestamp};
use crate::diff::json::JsonChange;
use crate::history::CaptureJson;

/// What became of one comparison, or why there is none.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// Two captures were compared.
    Compared(Box<Comparison>),
    /// A capture that the peer lists could not be compared.
    Unproved {
        /// The peer.
        peer: String,
        /// The address.
        url: String,
        /// When the peer says that it captured it.
        date: String,
        /// Why.
        why: String,
    },
}

/// Two captures, compared.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The peer.
    pub peer: String,
    /// The address.
    pub url: String,
    /// How they compare.
    #[serde(serialize_with = "verdict")]
    pub verdict: Verdict,
    /// What makes it a variant.
    #[serde(serialize_with = "variant")]
    pub variant: Option<Variant>,
    /// Whether this archive has captures before and after theirs that say the same as each other, so that no edit in between
    /// explains a difference.
    pub confirmed: bool,
    /// Seconds between the two captures.
    pub apart_seconds: u64,
    /// The capture of this archive.
    #[serde(serialize_with = "capture")]
    pub ours: Capture,
    /// What it was asked with.
    pub asked_with: AskedWith,
    /// That of the peer.
    pub theirs: Theirs,
    /// The headline of the page here.
    pub headline: Option<String>,
    /// What differs, from ours to theirs.
    pub changes: Vec<JsonChange>,
    /// Of texts in two languages: figures that only one has.
    pub figures: Vec<String>,
    /// Whether a finer comparison exists, which was too expensive.
    pub coarse: bool,
    /// The file with both proofs, where one was written.
    pub bundle: Option<String>,
}

/// A capture of a peer whose proof holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Theirs {
    /// When, as 14 digits.
    pub timestamp: String,
    /// When, as `WARC-Date` writes it.
    pub date: String,
    /// The record.
    pub record_id: String,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The server's address that they had.
    pub ip: Option<String>,
    /// SHA-256 of the payload, its content coding undone.
    #[serde(serialize_with = "digest")]
    pub digest: Digest,
    /// What they asked with.
    pub asked_with: AskedWith,
    /// Where it is in their log.
    pub proof: ProofFacts,
}

impl Comparison {
    /// Whether it is one of what differs: variants, and differences in substance.
    #[must_use]
    pub fn is_difference(&self) -> bool {
        self.verdict.rank() >= 2
    }

    /// When the peer captured it.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp::parse(&self.theirs.date).unwrap_or(Timestamp::from_unix_seconds(0))
    }
}

/// What is said of a capture that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnprovedJson<'a> {
    peer: &'a str,
    url: &'a str,
    verdict: &'static str,
    date: &'a str,
    why: &'a str,
}

impl Outcome {
    /// The line of it in JSON, where it is not a comparison.
    #[must_use]
    pub fn unproved(&self) -> Option<UnprovedJson<'_>> {
        match self {
            Self::Compared(_) => None,
            Self::Unproved { peer, url, date, why } => {
                Some(UnprovedJson { peer, url, verdict: "unproved", date, why })
            }
        }
    }
}

fn verdict<S: Serializer>(verdict: &Verdict, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(verdict.label())
}

fn variant<S: Serializer>(variant: &Option<Variant>, to: S) -> Result<S::Ok, S::Error> {
    variant.map(Variant::label).serialize(to)
}

fn capture<S: Serializer>(capture: &Capture, to: S) -> Result<S::Ok, S::Error> {
    CaptureJson::from(capture).serialize(to)
}

fn digest<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(digest)
}

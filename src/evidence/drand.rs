//! Rounds of drand: public random values, each signed by a threshold of independent operators at a time that is fixed
//! beforehand. What contains a round was made after that time, since the signature could not be known earlier.
//!
//! ```text
//! drand CHAIN ROUND SIGNATURE [PREVIOUS]     a line of a checkpoint
//! WARC-Drand-Round: CHAIN ROUND SIGNATURE [PREVIOUS]     a field of the main record of a capture
//! ```
//!
//! `CHAIN` is the chain's hash, `PREVIOUS` the signature of the round before, which chained schemes sign too; all
//! hexadecimal. The hash covers the public key, the genesis time and the period, so a chain's description needs no trust
//! beyond its hash. Source: docs.drand.love, "Specification" and "HTTP API"; RFC 9380 for the hash to the curve.

mod bls;
pub mod chain;
pub mod kept;
pub mod newest;

pub use chain::{Chain, Scheme};

use data_encoding::HEXLOWER;

use super::leaf::sha256;
use crate::base::Timestamp;

/// The longest answer that is read as a round or a chain, in bytes.
pub const JSON_BYTES_MAX: usize = 16 * 1024;

/// Why a round or a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrandError {
    /// It is not of the form.
    #[error("it is not of the form: {0}")]
    Form(String),
    /// The scheme is not known here.
    #[error("its scheme, {0:?}, is not known to this program")]
    Scheme(String),
    /// The description does not have the hash that it is known by.
    #[error("its description does not have the hash {0}")]
    Hash(String),
    /// The round is of another chain.
    #[error("it is a round of the chain {0}")]
    OtherChain(String),
    /// The signature does not verify.
    #[error("the signature of round {0} does not verify with the key of its chain")]
    Signature(u64),
}

/// A round of a chain. Nothing of it is believed before [`Chain::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The hash of its chain.
    pub chain: [u8; 32],
    /// Its number, from 1.
    pub number: u64,
    /// The signature over it.
    pub signature: Vec<u8>,
    /// The signature of the round before, where the scheme is chained.
    pub previous: Option<Vec<u8>>,
}

fn hex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(text.as_bytes()).ok()
}

impl Round {
    /// As a checkpoint and a record have it.
    #[must_use]
    pub fn text(&self) -> String {
        let chain = HEXLOWER.encode(&self.chain);
        let mut out = format!("{chain} {} {}", self.number, HEXLOWER.encode(&self.signature));
        if let Some(previous) = &self.previous {
            out.push(' ');
            out.push_str(&HEXLOWER.encode(previous));
        }
        out
    }

    /// Reads what [`Self::text`] writes, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let chain = hex(words.next()?)?.try_into().ok()?;
        let number = words.next()?.parse().ok()?;
        let signature = hex(words.next()?)?;
        let previous = words.next().map(hex);
        let previous = match previous {
            Some(decoded) => Some(decoded?),
            None => None,
        };
        let round = Self { chain, number, signature, previous };
        // One text for one round: no leading zeros or signs, nothing after it.
        (round.text() == text).then_some(round)
    }

    /// Reads the answer of `GET /CHAIN/public/latest` or `/CHAIN/public/ROUND`.
    ///
    /// # Errors
    /// When it is not JSON of that form.
    pub fn from_json(bytes: &[u8], chain: &Chain) -> Result<Self, DrandError> {
        #[derive(serde::Deserialize)]
        struct Answer {
            round: u64,
            signature: String,
            previous_signature: Option<String>,
        }
        let form = |why: String| DrandError::Form(why);
        if bytes.len() > JSON_BYTES_MAX {
            return Err(form("it is too long".to_owned()));
        }
        let answer: Answer = serde_json::from_slice(bytes).map_err(|why| form(why.to_string()))?;
        let of = |what: &str, text: &str| {
            hex(text).ok_or_else(|| form(format!("its {what} is not hexadecimal")))
        };
        let previous = answer.previous_signature.filter(|_| chain.scheme.is_chained());
        Ok(Self {
            chain: chain.hash(),
            number: answer.round,
            signature: of("signature", &answer.signature)?,
            previous: previous.map(|text| of("previous signature", &text)).transpose()?,
        })
    }
}

impl Chain {
    /// When a round is published; `None` for round 0, which does not exist, and beyond the range of times.
    #[must_use]
    pub fn time_of(&self, round: u64) -> Option<Timestamp> {
        let past =
            i64::try_from(round.checked_sub(1)?).ok()?.checked_mul(i64::from(self.period))?;
        let seconds = self.genesis.checked_add(past)?;
        // Timestamps count microseconds.
        seconds.checked_mul(1_000_000)?;
        Some(Timestamp::from_unix_seconds(seconds))
    }

    /// Checks a round with the key of this chain; the time before which it could not be known.
    ///
    /// # Errors
    /// When it is of another chain, or its signature does not verify.
    pub fn verify(&self, round: &Round) -> Result<Timestamp, DrandError> {
        if round.chain != self.hash() {
            return Err(DrandError::OtherChain(HEXLOWER.encode(&round.chain)));
        }
        let time = self.time_of(round.number);
        let time = time.ok_or_else(|| DrandError::Form("it has no such round".to_owned()))?;
        let message = match (self.scheme.is_chained(), &round.previous) {
            (false, None) => sha256(&round.number.to_be_bytes()),
            // The lengths are fixed, so that the two parts cannot be divided otherwise. The first round signs the seed.
            (true, Some(previous))
                if previous.len() == 96 || (round.number == 1 && previous.len() == 32) =>
            {
                sha256(&[previous.as_slice(), &round.number.to_be_bytes()].concat())
            }
            _ => {
                return Err(DrandError::Form(
                    "a previous signature where there is none, or none".to_owned(),
                ));
            }
        };
        match bls::verifies(self.scheme, &self.public, &message, &round.signature) {
            true => Ok(time),
            false => Err(DrandError::Signature(round.number)),
        }
    }
}

#[cfg(test)]
mod tests;

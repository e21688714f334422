//! A digest and the algorithm it was made with; its labelled text forms.
//!
//! Text forms follow common practice: SHA-1 in upper-case base32 (as the Internet Archive and
//! warcio write it), SHA-256 in lower-case hexadecimal. Both base32 and hexadecimal are read for
//! either algorithm, in any case.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32, BASE32_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::Digest as _;

/// A digest algorithm that we write and check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum DigestAlgorithm {
    /// SHA-1, 20 bytes: what most existing archives hold.
    Sha1,
    /// SHA-256, 32 bytes: our default.
    #[default]
    Sha256,
}

impl DigestAlgorithm {
    /// The label before the colon: `sha1` or `sha256`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }

    /// How many bytes a digest of this algorithm has.
    #[must_use]
    pub fn digest_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The digest of `bytes`.
    #[must_use]
    pub fn digest(self, bytes: &[u8]) -> Digest {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish()
    }
}

impl FromStr for DigestAlgorithm {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let folded = text.trim().to_ascii_lowercase();
        match folded.as_str() {
            "sha1" | "sha-1" => Ok(Self::Sha1),
            "sha256" | "sha-256" => Ok(Self::Sha256),
            _ => Err(DigestError::UnknownAlgorithm(text.to_owned())),
        }
    }
}

/// Why a text is not a digest of a known algorithm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no colon between a label and a value.
    #[error("expected ALGORITHM:VALUE, but found {0:?}")]
    NoLabel(String),
    /// An algorithm that we do not compute.
    #[error("unknown digest algorithm {0:?}; known are sha1 and sha256")]
    UnknownAlgorithm(String),
    /// The value is neither base32 nor hexadecimal of the right length.
    #[error("{value:?} is not a {algorithm} value in base32 or hexadecimal")]
    BadValue {
        /// The algorithm's label.
        algorithm: &'static str,
        /// The text after the colon.
        value: String,
    },
}

/// Algorithm and bytes. Digests of different algorithms are unequal by `==`, so code that checks
/// whether two payloads are the same should call [`Digest::same_bytes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    // Digests shorter than 32 bytes are padded with zeros, so that the derived order and equality hold.
    bytes: [u8; 32],
}

impl Digest {
    /// A digest from its raw bytes; `None` when their number is not that of the algorithm.
    #[must_use]
    pub fn from_bytes(algorithm: DigestAlgorithm, raw: &[u8]) -> Option<Self> {
        if raw.len() != algorithm.digest_len() {
            return None;
        }
        let mut bytes = [0; 32];
        bytes[..raw.len()].copy_from_slice(raw);
        Some(Self { algorithm, bytes })
    }

    /// Which algorithm made it.
    #[must_use]
    pub fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The raw bytes: 20 for SHA-1, 32 for SHA-256.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.algorithm.digest_len()]
    }

    /// Whether the two stand for the same bytes: `None` when the algorithms differ, since then it
    /// cannot be known.
    #[must_use]
    pub fn same_bytes(&self, other: &Self) -> Option<bool> {
        (self.algorithm == other.algorithm).then(|| self.bytes == other.bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match self.algorithm {
            DigestAlgorithm::Sha1 => BASE32.encode(self.as_bytes()),
            DigestAlgorithm::Sha256 => HEXLOWER.encode(self.as_bytes()),
        };
        write!(f, "{}:{value}", self.algorithm.label())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let (label, value) =
            text.trim().split_once(':').ok_or_else(|| DigestError::NoLabel(text.to_owned()))?;
        let algorithm: DigestAlgorithm = label.parse()?;
        let upper = value.to_ascii_uppercase();
        let raw = if value.len() == algorithm.digest_len() * 2 {
            HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok()
        } else {
            BASE32_NOPAD.decode(upper.trim_end_matches('=').as_bytes()).ok()
        };
        raw.and_then(|raw| Self::from_bytes(algorithm, &raw)).ok_or_else(|| DigestError::BadValue {
            algorithm: algorithm.label(),
            value: value.to_owned(),
        })
    }
}

/// A digest that is being computed, fed in pieces.
#[derive(Debug, Clone)]
pub struct Hasher(State);

#[derive(Debug, Clone)]
enum State {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
}

impl Hasher {
    /// An empty hasher.
    #[must_use]
    pub fn new(algorithm: DigestAlgorithm) -> Self {
        Self(match algorithm {
            DigestAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            DigestAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
        })
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(h) => h.update(bytes),
            State::Sha256(h) => h.update(bytes),
        }
    }

    /// The digest of all bytes taken in.
    #[must_use]
    pub fn finish(self) -> Digest {
        let mut bytes = [0; 32];
        let algorithm = match self.0 {
            State::Sha1(h) => {
                bytes[..20].copy_from_slice(&h.finalize());
                DigestAlgorithm::Sha1
            }
            State::Sha256(h) => {
                bytes.copy_from_slice(&h.finalize());
                DigestAlgorithm::Sha256
            }
        };
        Digest { algorithm, bytes }
    }
}

impl std::io::Write for Hasher {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.update(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests_print_as_the_field_writes_them() {
        let sha1 = DigestAlgorithm::Sha1.digest(b"");
        assert_eq!(sha1.to_string(), "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ");
        let sha256 = DigestAlgorithm::Sha256.digest(b"abc");
        assert_eq!(
            sha256.to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn both_encodings_are_read_in_any_case() {
        let sha1 = DigestAlgorithm::Sha1.digest(b"");
        for text in [
            "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ",
            "SHA1:3i42h3s6nnfq2msvx7xzkyayscx5qbyj",
            "sha-1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "sha1:DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
        ] {
            assert_eq!(text.parse::<Digest>(), Ok(sha1), "{text}");
        }
        let sha256 = DigestAlgorithm::Sha256.digest(b"abc");
        let base32 = format!("sha256:{}", BASE32.encode(sha256.as_bytes()));
        assert_eq!(base32.parse::<Digest>(), Ok(sha256));
    }

    #[test]
    fn what_is_no_digest_is_refused_by_name() {
        assert!(matches!("abc".parse::<Digest>(), Err(DigestError::NoLabel(_))));
        assert!(matches!("md5:00".parse::<Digest>(), Err(DigestError::UnknownAlgorithm(_))));
        assert!(matches!("sha1:zz".parse::<Digest>(), Err(DigestError::BadValue { .. })));
    }

    #[test]
    fn digests_of_two_algorithms_cannot_be_compared() {
        let a = DigestAlgorithm::Sha1.digest(b"a");
        let b = DigestAlgorithm::Sha256.digest(b"a");
        assert_eq!(a.same_bytes(&b), None);
        assert_eq!(a.same_bytes(&a), Some(true));
    }
}

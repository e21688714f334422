//! A digest as other writers label it: every algorithm that WARC files are known to hold.
//!
//! Owns reading `ALGORITHM:VALUE` in each form in use, and computing the same. Deliberately
//! apart from [`super::Digest`], which is what captures are found and compared by: these are only
//! checked against the bytes they were made of.
//!
//! | label | bytes | written by |
//! |---|---|---|
//! | `sha1` | 20 | most, in base32 |
//! | `sha256` | 32 | browser crawlers in hexadecimal, others in base32 |
//! | `sha384`, `sha512` | 48, 64 | few |
//! | `md5` | 16 | early crawlers and converters of ARC |
//! | `blake3` | 32 | crawlers in Go |
//!
//! A label may have a dash (`sha-256`) and any case; a value may be hexadecimal, base32 or base64.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE32_NOPAD, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::Digest as _;

/// An algorithm that can be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChecksumAlgorithm {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha384,
    /// FIPS 180-4.
    Sha512,
    /// BLAKE3 at its default length.
    Blake3,
}

impl ChecksumAlgorithm {
    /// Every one of them.
    pub const ALL: [Self; 6] =
        [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512, Self::Blake3];

    /// The label before the colon.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Blake3 => "blake3",
        }
    }

    /// How many bytes a value has.
    #[must_use]
    pub fn value_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 | Self::Blake3 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// Why a text is not a checksum that can be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChecksumError {
    /// There is no colon between a label and a value.
    #[error("expected ALGORITHM:VALUE, but found {0:?}")]
    NoLabel(String),
    /// An algorithm that is not computed here.
    #[error("the digest algorithm {0:?} is not known here")]
    UnknownAlgorithm(String),
    /// The value is not of the right length in any known encoding.
    #[error("{value:?} is not a {algorithm} value in hexadecimal, base32 or base64")]
    BadValue {
        /// The algorithm's label.
        algorithm: &'static str,
        /// The text after the colon.
        value: String,
    },
}

/// Algorithm and value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Checksum {
    algorithm: ChecksumAlgorithm,
    value: Box<[u8]>,
}

impl Checksum {
    /// Which algorithm made it.
    #[must_use]
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.value
    }
}

/// Labelled, in lower-case hexadecimal.
impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.label(), HEXLOWER.encode(&self.value))
    }
}

impl FromStr for Checksum {
    type Err = ChecksumError;

    fn from_str(text: &str) -> Result<Self, ChecksumError> {
        let (label, value) =
            text.trim().split_once(':').ok_or_else(|| ChecksumError::NoLabel(shown(text)))?;
        let folded = label.trim().to_ascii_lowercase().replace('-', "");
        let algorithm = ChecksumAlgorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.label() == folded)
            .ok_or_else(|| ChecksumError::UnknownAlgorithm(shown(label)))?;
        let value = value.trim();
        let raw = decode(value, algorithm.value_len()).ok_or_else(|| ChecksumError::BadValue {
            algorithm: algorithm.label(),
            value: shown(value),
        })?;
        Ok(Self { algorithm, value: raw.into() })
    }
}

/// A text for a message: the start of one that is longer than any checksum.
fn shown(text: &str) -> String {
    match text.char_indices().nth(150) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The bytes of a value, in the encoding that its length shows.
fn decode(value: &str, len: usize) -> Option<Vec<u8>> {
    let bare = value.trim_end_matches('=').as_bytes();
    // No encoding is longer than hexadecimal.
    if bare.len() > len * 2 {
        return None;
    }
    let raw = if bare.len() == len * 2 {
        HEXLOWER_PERMISSIVE.decode(bare)
    } else if bare.len() == BASE32_NOPAD.encode_len(len) {
        BASE32_NOPAD.decode(&bare.to_ascii_uppercase())
    } else if bare.iter().any(|c| matches!(c, b'-' | b'_')) {
        BASE64URL_NOPAD.decode(bare)
    } else {
        BASE64_NOPAD.decode(bare)
    };
    raw.ok().filter(|raw| raw.len() == len)
}

/// A checksum that is being computed, fed in pieces.
#[derive(Debug, Clone)]
pub struct ChecksumHasher(State);

#[derive(Debug, Clone)]
enum State {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Blake3(Box<blake3::Hasher>),
}

impl ChecksumHasher {
    /// An empty hasher.
    #[must_use]
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        Self(match algorithm {
            ChecksumAlgorithm::Md5 => State::Md5(md5::Md5::new()),
            ChecksumAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            ChecksumAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            ChecksumAlgorithm::Sha384 => State::Sha384(sha2::Sha384::new()),
            ChecksumAlgorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
            ChecksumAlgorithm::Blake3 => State::Blake3(Box::new(blake3::Hasher::new())),
        })
    }

    /// Takes in more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Md5(h) => h.update(bytes),
            State::Sha1(h) => h.update(bytes),
            State::Sha256(h) => h.update(bytes),
            State::Sha384(h) => h.update(bytes),
            State::Sha512(h) => h.update(bytes),
            State::Blake3(h) => _ = h.update(bytes),
        }
    }

    /// The checksum of all bytes taken in.
    #[must_use]
    pub fn finish(self) -> Checksum {
        let (algorithm, value): (_, Box<[u8]>) = match self.0 {
            State::Md5(h) => (ChecksumAlgorithm::Md5, h.finalize()[..].into()),
            State::Sha1(h) => (ChecksumAlgorithm::Sha1, h.finalize()[..].into()),
            State::Sha256(h) => (ChecksumAlgorithm::Sha256, h.finalize()[..].into()),
            State::Sha384(h) => (ChecksumAlgorithm::Sha384, h.finalize()[..].into()),
            State::Sha512(h) => (ChecksumAlgorithm::Sha512, h.finalize()[..].into()),
            State::Blake3(h) => (ChecksumAlgorithm::Blake3, h.finalize().as_bytes()[..].into()),
        };
        Checksum { algorithm, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Checksum {
        let mut hasher = ChecksumHasher::new(algorithm);
        bytes.chunks(2).for_each(|piece| hasher.update(piece));
        hasher.finish()
    }

    #[test]
    fn published_values_of_abc_are_computed() {
        // RFC 1321 A.5, FIPS 180-4 examples, the BLAKE3 reference.
        for text in [
            "md5:900150983cd24fb0d6963f7d28e17f72",
            "sha1:a9993e364706816aba3e25717850c26c9cd0d89d",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
        ] {
            let checksum: Checksum = text.parse().unwrap();
            assert_eq!(of(checksum.algorithm(), b"abc"), checksum);
            assert_eq!(checksum.to_string(), text);
        }
    }

    #[test]
    fn every_encoding_and_label_is_read() {
        let wanted = of(ChecksumAlgorithm::Sha1, b"abc");
        for text in [
            "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5",
            "SHA-1: vgmt4nsha2awvor6evyxqugcnsonbwe5",
            "sha1:A9993E364706816ABA3E25717850C26C9CD0D89D",
            "sha1:qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "sha1:qZk-NkcGgWq6PiVxeFDCbJzQ2J0",
        ] {
            assert_eq!(text.parse(), Ok(wanted.clone()), "{text}");
        }
        for algorithm in ChecksumAlgorithm::ALL {
            let value = of(algorithm, b"x");
            for encoding in [HEXLOWER, BASE32_NOPAD, data_encoding::BASE32, BASE64_NOPAD] {
                let text = format!("{}:{}", algorithm.label(), encoding.encode(value.as_bytes()));
                assert_eq!(text.parse(), Ok(value.clone()), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_checksum_is_refused() {
        for (text, wanted) in [
            ("abc", "NoLabel"),
            ("crc32:00000000", "UnknownAlgorithm"),
            ("sha1:zz", "BadValue"),
            ("md5:", "BadValue"),
            ("md5:900150983cd24fb0d6963f7d28e17f7", "BadValue"),
        ] {
            let error = text.parse::<Checksum>().unwrap_err();
            assert!(format!("{error:?}").starts_with(wanted), "{text}: {error:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            let _ = text.parse::<Checksum>();
            let _ = format!("sha256:{text}").parse::<Checksum>();
        }
    }
}

//! Headers of Bitcoin blocks that the user supplies: a proof of OpenTimestamps is checked against them.
//!
//! ```text
//! 358391 0200…      height, and the 80 bytes of the header in hexadecimal, as `bitcoin-cli getblockheader HASH false` prints
//!  0  version       4 bytes, as all numbers here the lowest first
//!  4  previous      32 bytes: SHA-256 of SHA-256 of the header before
//! 36  Merkle root   32 bytes: what a proof leads to
//! 68  time          4 bytes, POSIX
//! 72  bits          4 bytes: the work that the header's digest has to show
//! 76  nonce         4 bytes
//! ```
//!
//! The work is checked, so that no byte of a header can be mistyped. That a header is the one of that height in the chain of
//! most work is the statement of its source: the user's own node, or several explorers that agree.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER_PERMISSIVE;

use super::leaf::sha256;
use crate::base::Timestamp;

/// Bytes of a header.
const HEADER_BYTES: usize = 80;
/// How far the time in a header may be behind or ahead of the truth: two hours ahead is refused by nodes (BIP 113 and
/// `MAX_FUTURE_BLOCK_TIME`).
pub const TIME_ERROR: std::time::Duration = std::time::Duration::from_hours(2);

/// A header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What a proof leads to.
    pub merkle_root: [u8; 32],
    /// When its miner says it was made.
    pub time: Timestamp,
}

/// Headers by their heights.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(BTreeMap<u64, Header>);

impl Headers {
    /// Reads a list of headers; empty lines and those that begin with `#` are passed over.
    ///
    /// # Errors
    /// Which line is malformed, as text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut headers = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |why: &str| format!("line {number}: {why}");
            let (height, hex) = line
                .split_once(char::is_whitespace)
                .ok_or_else(|| wrong("it should be a height, a blank and a header"))?;
            let height = height.parse().map_err(|_| wrong("its height is no number"))?;
            let bytes = HEXLOWER_PERMISSIVE.decode(hex.trim().as_bytes());
            let bytes: [u8; HEADER_BYTES] = bytes
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| wrong("a header is 80 bytes in hexadecimal"))?;
            let header = header(&bytes)
                .ok_or_else(|| wrong("its digest does not show the work that it states"))?;
            if headers.insert(height, header).is_some_and(|other| other != header) {
                return Err(wrong("another header of the same height"));
            }
        }
        Ok(Self(headers))
    }

    /// The header at a height.
    #[must_use]
    pub fn at(&self, height: u64) -> Option<&Header> {
        self.0.get(&height)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads a header; `None` where its digest is larger than its bits allow.
fn header(bytes: &[u8; HEADER_BYTES]) -> Option<Header> {
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let target = target(number(72)?)?;
    let mut digest = sha256(&sha256(bytes));
    digest.reverse();
    let merkle_root = bytes.get(36..68)?.try_into().ok()?;
    let time = Timestamp::from_unix_seconds(i64::from(number(68)?));
    (digest <= target).then_some(Header { merkle_root, time })
}

/// The largest digest, highest byte first: a mantissa of three bytes, and how many bytes the number has.
fn target(bits: u32) -> Option<[u8; 32]> {
    let [length, mantissa @ ..] = bits.to_be_bytes();
    let start = 32_usize.checked_sub(usize::from(length))?;
    // The highest bit is a sign, and nothing is below zero.
    if mantissa[0] & 0x80 != 0 {
        return None;
    }
    let mut out = [0; 32];
    for (at, byte) in mantissa.into_iter().enumerate() {
        match out.get_mut(start + at) {
            Some(place) => *place = byte,
            None if byte == 0 => {}
            None => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The genesis block.
    const GENESIS: &str = "0 0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";

    #[test]
    fn the_first_block_is_read_and_no_digit_of_it_can_be_mistyped() {
        let headers = Headers::parse(&format!("# mine\n\n{GENESIS}\n")).unwrap();
        let first = headers.at(0).unwrap();
        assert_eq!(first.time.to_rfc3339(), "2009-01-03T18:15:05Z");
        let shown: Vec<u8> = first.merkle_root.iter().rev().copied().collect();
        assert_eq!(
            HEXLOWER_PERMISSIVE.encode(&shown),
            "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
        );
        assert_eq!(headers.at(1), None);
        for at in 2..GENESIS.len() {
            let mut changed = GENESIS.to_owned().into_bytes();
            changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            let read = Headers::parse(&changed);
            // A lower stated work is easier to meet, but the digest no longer fits, since it has changed.
            assert!(read.is_err(), "{changed}");
        }
        for (wrong, words) in [
            ("x", "a height, a blank"),
            ("x 00", "no number"),
            ("1 00", "80 bytes"),
            (&format!("{GENESIS}\n1 {}", &GENESIS[2..158]), "80 bytes"),
        ] {
            assert!(Headers::parse(wrong).unwrap_err().contains(words), "{wrong}");
        }
    }

    #[test]
    fn a_target_is_a_mantissa_and_a_length() {
        let of = |bits| target(bits).map(|out| (out.iter().position(|b| *b != 0), out));
        let first = of(0x1d00_ffff).unwrap();
        assert_eq!((first.0, first.1[4], first.1[5], first.1[6]), (Some(4), 0xff, 0xff, 0));
        assert_eq!(target(0x0100_0000), Some([0; 32]));
        for none in [0x2100_0001, 0x0180_0000, 0x0100_0001, 0xff12_3456] {
            assert_eq!(target(none), None, "{none:#x}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([0-9]{1,21} [0-9a-f]{0,170}\n?){0,3}", bits in 0u32..) {
            let _ = Headers::parse(&text);
            let _ = target(bits);
        }
    }
}

//! Parts of what is removed, by which it is recognised in other files. A part is known by two digests and no byte of it, so
//! that the journal of a purge may hold it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::base::DigestAlgorithm;

/// How long a part is, in bytes: long enough to occur in one text alone.
pub(super) const PART: usize = 48;
/// At most this many parts of one payload are searched for.
pub(super) const PARTS_MAX: usize = 4;
/// An odd number: the rolling digest of a part is the polynomial of its bytes at this place, modulo 2^64.
const AT: u64 = 0x9e37_79b9_7f4a_7c15;

/// A part of what is removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// A digest that can be made for each place of a file from that of the place before.
    rolling: u64,
    /// SHA-256, as other digests are written.
    digest: String,
}

impl Part {
    /// The part with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { rolling: rolling(bytes), digest: digest(bytes) }
    }
}

fn rolling(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, byte| with(sum, *byte))
}

fn with(sum: u64, byte: u8) -> u64 {
    sum.wrapping_mul(AT).wrapping_add(u64::from(byte) + 1)
}

fn digest(bytes: &[u8]) -> String {
    DigestAlgorithm::Sha256.digest(bytes).to_string()
}

/// Parts of these bytes, evenly spread; none of what is shorter than a part, or all of one byte.
pub(super) fn parts_of(bytes: &[u8]) -> Vec<Part> {
    let count = (bytes.len() / PART).min(PARTS_MAX);
    let step = bytes.len().checked_div(count).unwrap_or(0);
    let parts = (0..count).map(|n| &bytes[n * step..n * step + PART]);
    parts.filter(|part| part.iter().any(|byte| *byte != part[0])).map(Part::of).collect()
}

/// Finds parts in bytes.
pub(super) struct Finder<'a> {
    by_rolling: HashMap<u64, Vec<&'a str>>,
    /// Whether a part has a rolling digest that begins with these 16 bits: most places are none, and are passed over fast.
    begins: Vec<bool>,
    /// What the first byte of a part contributes to its rolling digest, but for the byte.
    first: u64,
}

impl<'a> Finder<'a> {
    pub fn new(parts: &'a [Part]) -> Self {
        let mut begins = vec![false; 1 << 16];
        let mut by_rolling: HashMap<u64, Vec<&str>> = HashMap::new();
        for part in parts {
            begins[place(part.rolling)] = true;
            by_rolling.entry(part.rolling).or_default().push(&part.digest);
        }
        let first = (1..PART).fold(1_u64, |power, _| power.wrapping_mul(AT));
        Self { by_rolling, begins, first }
    }

    /// Whether a part is in these bytes.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        if self.by_rolling.is_empty() || bytes.len() < PART {
            return false;
        }
        let mut sum = rolling(&bytes[..PART]);
        if self.is_part(sum, &bytes[..PART]) {
            return true;
        }
        bytes.windows(PART + 1).any(|both| {
            let gone = (u64::from(both[0]) + 1).wrapping_mul(self.first);
            sum = with(sum.wrapping_sub(gone), both[PART]);
            self.is_part(sum, &both[1..])
        })
    }

    fn is_part(&self, sum: u64, bytes: &[u8]) -> bool {
        self.begins[place(sum)]
            && self.by_rolling.get(&sum).is_some_and(|known| known.contains(&&*digest(bytes)))
    }
}

fn place(sum: u64) -> usize {
    usize::from((sum >> 48) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_at_every_place_and_nothing_else_is() {
        let body: Vec<u8> = (0..4_000_u32).map(|n| (n * n % 251) as u8).collect();
        let parts = parts_of(&body);
        assert_eq!(parts.len(), PARTS_MAX);
        assert!(parts_of(&[7; 4_000]).is_empty() && parts_of(b"short").is_empty());
        let finder = Finder::new(&parts);
        for before in [0, 1, 47, 48, 1_000] {
            let text =
                [vec![b'.'; before], body[1_000..1_000 + PART].to_vec(), vec![b'.'; 9]].concat();
            assert!(finder.is_in(&text), "{before}");
            assert!(!finder.is_in(&text[..before + PART - 1]), "{before}");
        }
        assert!(
            !finder.is_in(&[b'.'; 300]) && !finder.is_in(b"") && !finder.is_in(&body[..PART - 1])
        );
        assert!(!Finder::new(&[]).is_in(&body));
        // Two texts with one rolling digest are told apart.
        let other = Part { digest: digest(b"another text"), ..Part::of(&body[..PART]) };
        assert!(!Finder::new(&[other]).is_in(&body));
    }
}

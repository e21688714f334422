//! A hash whose values are the same on every machine and in every build: SipHash-1-3 (Aumasson and Bernstein 2012)
//! with a key of zeros. What is derived from them is kept on disk.
//!
//! The hash of the standard library promises no values, and those that are made from hashes that are easily forged
//! would let a page be taken for another.

use std::hash::{Hash, Hasher};

/// The hash of a value.
pub(super) fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = Sip13::new();
    value.hash(&mut hasher);
    hasher.finish()
}

struct Sip13 {
    v: [u64; 4],
    /// Bytes that do not make a word yet, the first in the lowest place, and how many.
    tail: u64,
    tail_bytes: u32,
    length: u64,
}

impl Sip13 {
    fn new() -> Self {
        let v = [
            0x736f_6d65_7073_6575,
            0x646f_7261_6e64_6f6d,
            0x6c79_6765_6e65_7261,
            0x7465_6462_7974_6573,
        ];
        Self { v, tail: 0, tail_bytes: 0, length: 0 }
    }

    fn word(&mut self, word: u64) {
        self.v[3] ^= word;
        round(&mut self.v);
        self.v[0] ^= word;
    }
}

fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[1]);
    v[0] = v[0].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

impl Hasher for Sip13 {
    fn write(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u64);
        let mut rest = bytes;
        if self.tail_bytes == 0 {
            while let Some((word, after)) = rest.split_first_chunk::<8>() {
                self.word(u64::from_le_bytes(*word));
                rest = after;
            }
        }
        for byte in rest {
            self.tail |= u64::from(*byte) << (8 * self.tail_bytes);
            self.tail_bytes += 1;
            if self.tail_bytes == 8 {
                let word = std::mem::take(&mut self.tail);
                self.tail_bytes = 0;
                self.word(word);
            }
        }
    }

    // Numbers are the same bytes on every machine.
    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }

    fn write_u32(&mut self, number: u32) {
        self.write(&number.to_le_bytes());
    }

    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write(&(number as u64).to_le_bytes());
    }

    fn write_isize(&mut self, number: isize) {
        self.write(&(number as i64).to_le_bytes());
    }

    fn finish(&self) -> u64 {
        let mut v = self.v;
        let last = (self.length << 56) | self.tail;
        v[3] ^= last;
        round(&mut v);
        v[0] ^= last;
        v[2] ^= 0xff;
        for _ in 0..3 {
            round(&mut v);
        }
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes 0, 1, 2 and so on, in parts of any length.
    #[test]
    fn bytes_hash_as_siphash_says() {
        for (length, expected) in VECTORS {
            let bytes: Vec<u8> = (0..length).collect();
            for part in 1..=16 {
                let mut hasher = Sip13::new();
                bytes.chunks(part).for_each(|part| hasher.write(part));
                assert_eq!(hasher.finish(), expected, "{length} bytes in parts of {part}");
            }
        }
    }

    /// What the standard library makes of values has a part in the hashes that are kept.
    #[test]
    fn values_hash_as_they_did() {
        let number: u64 = 0x0102_0304_0506_0708;
        for (hash, bytes) in [
            (hash_of("bridge"), &b"bridge\xff"[..]),
            (hash_of(&number), b"\x08\x07\x06\x05\x04\x03\x02\x01"),
            (hash_of(&("a", Some(1_u16))), b"a\xff\x01\0\0\0\0\0\0\0\x01\0"),
            (hash_of(&[number][..]), b"\x01\0\0\0\0\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01"),
        ] {
            let mut hasher = Sip13::new();
            hasher.write(bytes);
            assert_eq!(hash, hasher.finish(), "{bytes:?}");
        }
    }

    const VECTORS: [(u8, u64); 8] = [
        (0, 0xd1fb_a762_150c_532c),
        (1, 0x68a9_1412_8e01_e473),
        (7, 0x2f09_8ab0_c751_325a),
        (8, 0xead4_11e6_7ebe_2eea),
        (9, 0x7592_7f9d_9512_4362),
        (15, 0xf30e_b725_bb91_c9ea),
        (16, 0x8972_1884_33a5_c5b7),
        (63, 0x385d_3e39_e5f3_7359),
    ];
}

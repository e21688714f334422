//! Small values as bytes and back: variable-length integers, texts and byte strings.
//!
//! Owns the primitive forms that the queue's entries, its journal and a page's history are made
//! of. Knows no fields and no versions; each user writes its own version byte first. Integers are
//! LEB128 (DWARF 5, section 7.6), signed ones zigzagged first, so that small numbers of either
//! sign are short.

/// Bytes in the making.
#[derive(Debug, Default)]
pub(in crate::schedule) struct Packer(Vec<u8>);

impl Packer {
    /// An empty one that begins with `version`.
    pub(in crate::schedule) fn new(version: u8) -> Self {
        Self(vec![version])
    }

    pub(in crate::schedule) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(in crate::schedule) fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    pub(in crate::schedule) fn real(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_bits().to_le_bytes());
    }

    pub(in crate::schedule) fn bytes(&mut self, value: &[u8]) {
        self.number(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    pub(in crate::schedule) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }

    pub(in crate::schedule) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Bytes being read. Every method gives `None` past the end and on what no [`Packer`] writes.
#[derive(Debug, Clone, Copy)]
pub(in crate::schedule) struct Unpacker<'a>(&'a [u8]);

impl<'a> Unpacker<'a> {
    pub(in crate::schedule) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(in crate::schedule) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(in crate::schedule) fn number(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return None;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(in crate::schedule) fn number_u32(&mut self) -> Option<u32> {
        u32::try_from(self.number()?).ok()
    }

    pub(in crate::schedule) fn number_u16(&mut self) -> Option<u16> {
        u16::try_from(self.number()?).ok()
    }

    pub(in crate::schedule) fn signed(&mut self) -> Option<i64> {
        let raw = self.number()?;
        Some((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()))
    }

    pub(in crate::schedule) fn real(&mut self) -> Option<f64> {
        let (head, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(f64::from_bits(u64::from_le_bytes(*head)))
    }

    pub(in crate::schedule) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let head = self.0.get(..length)?;
        self.0 = &self.0[length..];
        Some(head)
    }

    pub(in crate::schedule) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// Whether everything was read.
    pub(in crate::schedule) fn is_done(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(n in any::<u64>(), i in any::<i64>(), r in any::<f64>(),
                                       t in ".{0,40}", b in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut packer = Packer::new(7);
            packer.number(n);
            packer.signed(i);
            packer.real(r);
            packer.text(&t);
            packer.bytes(&b);
            let bytes = packer.finish();
            let mut reader = Unpacker::new(&bytes);
            prop_assert_eq!(reader.byte(), Some(7));
            prop_assert_eq!(reader.number(), Some(n));
            prop_assert_eq!(reader.signed(), Some(i));
            prop_assert_eq!(reader.real().map(f64::to_bits), Some(r.to_bits()));
            prop_assert_eq!(reader.text(), Some(t.as_str()));
            prop_assert_eq!(reader.bytes(), Some(b.as_slice()));
            prop_assert!(reader.is_done());
        }

        #[test]
        fn any_bytes_are_read_without_harm(b in proptest::collection::vec(any::<u8>(), 0..40)) {
            let mut reader = Unpacker::new(&b);
            while reader.bytes().is_some() || reader.signed().is_some() || reader.real().is_some() {}
        }
    }
}

//! Values in Thrift's compact protocol, as far as Parquet's metadata needs them.
//!
//! `thrift-compact-protocol.md`: a field is a byte of distance and type and then its value; integers are
//! zigzag varints; a structure ends with a zero byte.

const BOOL_TRUE: u8 = 1;
const BOOL_FALSE: u8 = 2;
const I8: u8 = 3;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A structure that is being written.
#[derive(Debug, Default)]
pub(super) struct Struct {
    bytes: Vec<u8>,
    last: i16,
}

pub(super) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

impl Struct {
    pub fn new() -> Self {
        Self::default()
    }

    /// Fields come in the order of their numbers, no more than 15 apart.
    fn field(mut self, number: i16, kind: u8) -> Self {
        let distance = number - self.last;
        debug_assert!((1..=15).contains(&distance));
        self.bytes.push((distance as u8) << 4 | kind);
        self.last = number;
        self
    }

    pub fn i32(self, number: i16, value: i32) -> Self {
        let mut to = self.field(number, I32);
        put_varint(&mut to.bytes, zigzag(i64::from(value)));
        to
    }

    pub fn i64(self, number: i16, value: i64) -> Self {
        let mut to = self.field(number, I64);
        put_varint(&mut to.bytes, zigzag(value));
        to
    }

    pub fn i8(self, number: i16, value: i8) -> Self {
        let mut to = self.field(number, I8);
        to.bytes.push(value.cast_unsigned());
        to
    }

    pub fn bool(self, number: i16, value: bool) -> Self {
        self.field(number, if value { BOOL_TRUE } else { BOOL_FALSE })
    }

    pub fn binary(self, number: i16, value: &[u8]) -> Self {
        let mut to = self.field(number, BINARY);
        put_varint(&mut to.bytes, value.len() as u64);
        to.bytes.extend_from_slice(value);
        to
    }

    pub fn maybe_binary(self, number: i16, value: Option<&[u8]>) -> Self {
        match value {
            Some(value) => self.binary(number, value),
            None => self,
        }
    }

    pub fn structure(self, number: i16, value: Self) -> Self {
        let mut to = self.field(number, STRUCT);
        to.bytes.extend(value.end());
        to
    }

    fn list(self, number: i16, kind: u8, count: usize) -> Self {
        let mut to = self.field(number, LIST);
        if count < 15 {
            to.bytes.push((count as u8) << 4 | kind);
        } else {
            to.bytes.push(0xf0 | kind);
            put_varint(&mut to.bytes, count as u64);
        }
        to
    }

    pub fn i32s(self, number: i16, values: &[i32]) -> Self {
        let mut to = self.list(number, I32, values.len());
        values.iter().for_each(|value| put_varint(&mut to.bytes, zigzag(i64::from(*value))));
        to
    }

    pub fn binaries(self, number: i16, values: &[&[u8]]) -> Self {
        let mut to = self.list(number, BINARY, values.len());
        for value in values {
            put_varint(&mut to.bytes, value.len() as u64);
            to.bytes.extend_from_slice(value);
        }
        to
    }

    pub fn structures(self, number: i16, values: impl ExactSizeIterator<Item = Self>) -> Self {
        let mut to = self.list(number, STRUCT, values.len());
        values.for_each(|value| to.bytes.extend(value.end()));
        to
    }

    /// The bytes of the finished structure.
    pub fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_protocol_has_them() {
        let inner = Struct::new().bool(1, true);
        let made = Struct::new()
            .i32(1, -1)
            .i64(3, 300)
            .bool(4, false)
            .binary(5, b"ab")
            .i32s(6, &[1, 2])
            .structure(8, inner)
            .end();
        assert_eq!(
            made,
            [0x15, 1, 0x26, 0xd8, 4, 0x12, 0x18, 2, b'a', b'b', 0x19, 0x25, 2, 4, 0x2c, 0x11, 0, 0]
        );
        let long = Struct::new().i32s(1, &[0; 15]).end();
        assert_eq!(&long[..3], [0x19, 0xf5, 15]);
    }
}

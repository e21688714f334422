//! The values of a column in one row group: which rows have one, the values plain or by a dictionary, and
//! what statistics say of them.

use std::collections::HashMap;

use super::column::{Kind, Value};
use super::thrift::{Struct, put_varint};

/// The longest text that statistics have.
const STATISTICS_BYTES_MAX: usize = 1024;
/// Texts are written by a dictionary while that is no longer than this, as Arrow's writer has it.
const DICTIONARY_BYTES_MAX: usize = 1 << 20;

/// The values of a column in the row group that is being filled.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Whether there is a value, as runs: how many rows, and whether they have one.
    runs: Vec<(u32, bool)>,
    nulls: u64,
    /// Values as they are; of texts those that no dictionary has.
    plain: Vec<u8>,
    /// Truth values, eight a byte.
    bits: usize,
    texts: Texts,
    min: Option<Vec<u8>>,
    max: Option<Vec<u8>>,
    ints: Option<(i64, i64)>,
    doubles: Option<(f64, f64)>,
    /// A text is too long for statistics, or a number is not a number (NaN).
    is_unbounded: bool,
}

/// Texts by their number in a dictionary.
#[derive(Debug, Default)]
struct Texts {
    numbers: HashMap<Box<str>, u32>,
    /// The texts, each behind its length.
    entries: Vec<u8>,
    /// Where each begins in `entries`.
    begins: Vec<usize>,
    /// For each value the number of its text.
    indexes: Vec<u32>,
    /// Whether there are too many different ones, so that values are plain.
    is_given_up: bool,
}

/// The pages of a column.
pub(super) struct Pages {
    /// The different texts, where values name them by number: how many, and the page.
    pub dictionary: Option<(usize, Vec<u8>)>,
    /// Levels and values.
    pub data: Vec<u8>,
}

impl Values {
    /// Takes the value of the next row. Gives back how many bytes it takes.
    pub fn push(&mut self, kind: Kind, value: &Value<'_>) -> usize {
        let taken = self.take(kind, value);
        let is_there = taken.is_some();
        self.nulls += u64::from(!is_there);
        match self.runs.last_mut() {
            Some((count, there)) if *there == is_there => *count += 1,
            _ => self.runs.push((1, is_there)),
        }
        taken.unwrap_or(0)
    }

    /// `None` where the value is missing, or not of the column's kind.
    fn take(&mut self, kind: Kind, value: &Value<'_>) -> Option<usize> {
        match (kind, value) {
            (Kind::Text, Value::Text(text)) => {
                self.text(text);
                Some(text.len() + 4)
            }
            (Kind::Bool, Value::Bool(value)) => {
                if self.bits.is_multiple_of(8) {
                    self.plain.push(0);
                }
                if let Some(last) = self.plain.last_mut() {
                    *last |= u8::from(*value) << (self.bits % 8);
                }
                self.bits += 1;
                Some(1)
            }
            (Kind::Double, Value::Double(value)) => {
                self.plain.extend_from_slice(&value.to_le_bytes());
                self.is_unbounded |= value.is_nan();
                let (min, max) = self.doubles.unwrap_or((*value, *value));
                self.doubles = Some((min.min(*value), max.max(*value)));
                Some(8)
            }
            (Kind::Int64 | Kind::Time, Value::Int(value)) => {
                self.plain.extend_from_slice(&value.to_le_bytes());
                self.int(*value);
                Some(8)
            }
            (Kind::Int16, Value::Int(value)) if i16::try_from(*value).is_err() => None,
            (Kind::Int16 | Kind::Int32, Value::Int(value)) => {
                let narrow = i32::try_from(*value).ok()?;
                self.plain.extend_from_slice(&narrow.to_le_bytes());
                self.int(*value);
                Some(4)
            }
            _ => None,
        }
    }

    fn text(&mut self, text: &str) {
        if self.texts.is_given_up {
            put_text(&mut self.plain, text.as_bytes());
        } else if !self.texts.push(text) {
            self.texts.spell_out(&mut self.plain);
        }
        let bytes = text.as_bytes();
        if bytes.len() > STATISTICS_BYTES_MAX {
            self.is_unbounded = true;
        }
        if self.is_unbounded {
            return;
        }
        if self.min.as_ref().is_none_or(|min| bytes < min.as_slice()) {
            self.min = Some(bytes.to_vec());
        }
        if self.max.as_ref().is_none_or(|max| bytes > max.as_slice()) {
            self.max = Some(bytes.to_vec());
        }
    }

    fn int(&mut self, value: i64) {
        let (min, max) = self.ints.unwrap_or((value, value));
        self.ints = Some((min.min(value), max.max(value)));
    }

    /// The pages: levels that say which rows have a value, and the values.
    pub fn pages(&mut self) -> Pages {
        // A dictionary of texts of which most stand once saves nothing.
        if self.texts.begins.len() * 2 > self.texts.indexes.len() {
            self.texts.spell_out(&mut self.plain);
        }
        let mut levels = Vec::new();
        for (count, is_there) in &self.runs {
            put_varint(&mut levels, u64::from(*count) << 1);
            levels.push(u8::from(*is_there));
        }
        let mut data = Vec::with_capacity(4 + levels.len() + self.plain.len());
        data.extend_from_slice(&(levels.len() as u32).to_le_bytes());
        data.extend_from_slice(&levels);
        let texts = std::mem::take(&mut self.texts);
        if texts.indexes.is_empty() {
            data.extend_from_slice(&self.plain);
            return Pages { dictionary: None, data };
        }
        let width = (usize::BITS - (texts.begins.len() - 1).leading_zeros()).max(1);
        data.push(width as u8);
        put_hybrid(&mut data, &texts.indexes, width as usize);
        Pages { dictionary: Some((texts.begins.len(), texts.entries)), data }
    }

    /// What is known of all values: how many are missing, the least and the greatest.
    pub fn statistics(&self, kind: Kind) -> Struct {
        let bounds = match (kind, self.ints) {
            _ if self.is_unbounded => None,
            (Kind::Text, _) => self.max.clone().zip(self.min.clone()),
            // Zeros of both signs are the same number, and readers want the lesser one as the least.
            (Kind::Double, _) => self.doubles.map(|(min, max)| {
                let min = if min == 0.0 { -0.0 } else { min };
                let max = if max == 0.0 { 0.0 } else { max };
                (max.to_le_bytes().to_vec(), min.to_le_bytes().to_vec())
            }),
            (Kind::Int16 | Kind::Int32, Some((min, max))) => {
                Some(((max as i32).to_le_bytes().to_vec(), (min as i32).to_le_bytes().to_vec()))
            }
            (Kind::Int64 | Kind::Time, Some((min, max))) => {
                Some((max.to_le_bytes().to_vec(), min.to_le_bytes().to_vec()))
            }
            (Kind::Bool, _) | (_, None) => None,
        };
        let (max, min) = bounds.unzip();
        Struct::new()
            .i64(3, self.nulls as i64)
            .maybe_binary(5, max.as_deref())
            .maybe_binary(6, min.as_deref())
    }
}

impl Texts {
    /// Takes a text; whether the dictionary may continue.
    fn push(&mut self, text: &str) -> bool {
        let number = match self.numbers.get(text) {
            Some(number) => *number,
            None => {
                let number = self.begins.len() as u32;
                self.begins.push(self.entries.len());
                put_text(&mut self.entries, text.as_bytes());
                self.numbers.insert(text.into(), number);
                number
            }
        };
        self.indexes.push(number);
        self.entries.len() <= DICTIONARY_BYTES_MAX
    }

    /// Writes the values without a dictionary, and takes no more.
    fn spell_out(&mut self, plain: &mut Vec<u8>) {
        for index in &self.indexes {
            let at = *index as usize;
            let end = self.begins.get(at + 1).copied().unwrap_or(self.entries.len());
            let entry = self.begins.get(at).and_then(|begin| self.entries.get(*begin..end));
            plain.extend_from_slice(entry.unwrap_or_default());
        }
        *self = Self { is_given_up: true, ..Self::default() };
    }
}

fn put_text(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Numbers of `width` bits as runs of equal ones and, between those, packed in groups of eight (`Encodings.md`,
/// "RLE/bit-packing hybrid").
fn put_hybrid(out: &mut Vec<u8>, numbers: &[u32], width: usize) {
    let mut packed: Vec<u32> = Vec::new();
    let mut rest = numbers;
    while let Some(first) = rest.first() {
        let run = rest.iter().take_while(|number| *number == first).count();
        let open = (8 - packed.len() % 8) % 8;
        if run < 8 + open {
            packed.extend_from_slice(&rest[..run]);
            rest = &rest[run..];
            continue;
        }
        packed.extend_from_slice(&rest[..open]);
        put_packed(out, &mut packed, width);
        put_varint(out, ((run - open) as u64) << 1);
        out.extend_from_slice(&first.to_le_bytes()[..width.div_ceil(8)]);
        rest = &rest[run..];
    }
    // Readers know how many there are: what fills the last group up is not read.
    packed.resize(packed.len().next_multiple_of(8), 0);
    put_packed(out, &mut packed, width);
}

fn put_packed(out: &mut Vec<u8>, packed: &mut Vec<u32>, width: usize) {
    if packed.is_empty() {
        return;
    }
    put_varint(out, ((packed.len() / 8) as u64) << 1 | 1);
    let (mut held, mut bits) = (0_u64, 0);
    for number in packed.drain(..) {
        held |= u64::from(number) << bits;
        bits += width;
        while bits >= 8 {
            out.push((held & 0xff) as u8);
            held >>= 8;
            bits -= 8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_runs_of_missing_values_before_its_values() {
        let mut values = Values::default();
        for value in [Value::Int(7), Value::Null, Value::Null, Value::Int(70_000), Value::Text("x")]
        {
            values.push(Kind::Int16, &value);
        }
        assert_eq!(values.pages().data, [4, 0, 0, 0, 2, 1, 8, 0, 7, 0, 0, 0]);
        assert_eq!((values.nulls, values.ints), (4, Some((7, 7))));
    }

    #[test]
    fn truth_values_are_eight_a_byte() {
        let mut values = Values::default();
        for at in 0..9 {
            values.push(Kind::Bool, &Value::Bool(at % 3 == 0));
        }
        assert_eq!(values.pages().data, [2, 0, 0, 0, 18, 1, 0b0100_1001, 0]);
    }

    #[test]
    fn texts_that_come_again_are_named_by_number_and_others_are_spelled_out() {
        let mut values = Values::default();
        for text in ["a", "a", "bc", "a"] {
            values.push(Kind::Text, &Value::Text(text));
        }
        let pages = values.pages();
        assert_eq!(pages.dictionary, Some((2, vec![1, 0, 0, 0, b'a', 2, 0, 0, 0, b'b', b'c'])));
        assert_eq!(pages.data, [2, 0, 0, 0, 8, 1, 1, 3, 0b0100]);
        for count in [3, 70_000] {
            let mut values = Values::default();
            let mut plain = Vec::new();
            for n in 0..count {
                let text = format!("text {n:09}");
                values.push(Kind::Text, &Value::Text(&text));
                put_text(&mut plain, text.as_bytes());
            }
            let pages = values.pages();
            assert!(pages.dictionary.is_none(), "{count}");
            assert!(pages.data.ends_with(&plain), "{count}");
        }
    }

    /// Reads the hybrid form as the format describes it.
    fn read_hybrid(mut bytes: &[u8], width: usize, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let (mut header, mut shift) = (0_u64, 0);
            loop {
                let (byte, rest) = bytes.split_first().unwrap();
                bytes = rest;
                header |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let length = (header >> 1) as usize;
            if header & 1 == 0 {
                let (value, rest) = bytes.split_at(width.div_ceil(8));
                let value = value.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
                numbers.extend(std::iter::repeat_n(value, length));
                bytes = rest;
            } else {
                let (packed, rest) = bytes.split_at(length * width);
                let bit = |at: usize| u32::from(packed[at / 8] >> (at % 8) & 1);
                let number = |at: usize| (0..width).fold(0, |n, b| n | bit(at * width + b) << b);
                numbers.extend((0..length * 8).map(number));
                bytes = rest;
            }
        }
        numbers.truncate(count);
        numbers
    }

    #[test]
    fn numbers_are_read_back_from_runs_and_groups() {
        for (different, width) in [(1, 1), (2, 1), (3, 2), (200, 8), (300, 9), (70_000, 17)] {
            let mut state = 7_u32;
            let mut numbers = Vec::new();
            while numbers.len() < 5_000 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let run = if state.is_multiple_of(5) { (state >> 20) as usize % 40 } else { 1 };
                numbers.extend(std::iter::repeat_n((state >> 8) % different, run));
            }
            let mut out = Vec::new();
            put_hybrid(&mut out, &numbers, width);
            assert_eq!(read_hybrid(&out, width, numbers.len()), numbers, "{different}");
        }
    }
}

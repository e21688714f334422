//! Bodies of `application/warc-fields`: named fields as a block, written and read.
//!
//! ISO 28500:2017 (WARC/1.1) section 8.3: the grammar is that of a record's own fields.

use super::fields::Fields;
use super::parse::{HeaderLimits, ParseError, parse_fields};

/// The media type of such a block.
pub const MEDIA_TYPE: &str = "application/warc-fields";

/// The fields as a block: a line each, as they are.
#[must_use]
pub fn write(fields: &Fields) -> Vec<u8> {
    fields.as_bytes().to_vec()
}

/// The fields of a block, leniently: lines without a colon are passed over, the empty line that
/// some writers put at the end may be there or not.
///
/// # Errors
/// When the block is longer, or has more fields, than a record header may have.
pub fn read(block: &[u8]) -> Result<Fields, ParseError> {
    parse_fields(block, &HeaderLimits::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut fields = Fields::new();
        fields.push("software", "pressmark/0.1.0");
        fields.push("operator", "Ünïted Archive <a@example.org>");
        fields.push("via", "");
        assert_eq!(read(&write(&fields)), Ok(fields));
    }

    #[test]
    fn blocks_of_other_writers_are_read() {
        for (block, expected) in [
            (&b""[..], vec![]),
            (b"a: b", vec![("a", "b")]),
            (b"a: b\nc: d\n\n", vec![("a", "b"), ("c", "d")]),
            (b"a: one\r\n two\r\n\r\n", vec![("a", "one two")]),
            (b"\xef\xbb\xbf\r\njunk\r\na:b\r\n\r\nc: after the end\r\n", vec![("a", "b")]),
            (b"content-length: 12\r\n", vec![("content-length", "12")]),
        ] {
            let got = read(block).unwrap();
            let texts: Vec<_> = expected.iter().map(|(n, _)| got.text(n).unwrap()).collect();
            assert_eq!(texts, expected.iter().map(|(_, v)| *v).collect::<Vec<_>>());
            assert_eq!(got.len(), expected.len(), "{block:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(block in proptest::collection::vec(0u8.., 0..200)) {
            let _ = read(&block);
        }
    }
}

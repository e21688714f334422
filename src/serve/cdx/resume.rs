//! Where the rest of an answer begins: after a capture, distinguished from others of its microsecond by file
//! and offset, so that no row is lost or repeated. To a client it is an opaque text.

use data_encoding::BASE64URL_NOPAD;

use super::super::reply::Refusal;
use super::collapse::Mark;
use crate::archive::Cursor;
use crate::base::Timestamp;

/// Where the rest of an answer begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// After this capture.
    pub after: Cursor,
    /// What the rows before it were collapsed to.
    pub marks: Vec<Mark>,
}

impl Start {
    /// As a text of letters, digits, `-` and `_`.
    pub fn key(&self) -> String {
        let Cursor { urlkey, date, file, offset } = &self.after;
        let marks: Vec<String> = self.marks.iter().map(|m| BASE64URL_NOPAD.encode(m)).collect();
        let text =
            format!("1\0{urlkey}\0{}\0{file}\0{offset}\0{}", date.unix_micros(), marks.join(" "));
        BASE64URL_NOPAD.encode(text.as_bytes())
    }

    /// Reads such a text.
    ///
    /// # Errors
    /// When it is not valid.
    pub fn parse(key: &str) -> Result<Self, Refusal> {
        Self::read(key.trim()).ok_or_else(|| {
            Refusal::bad("resumeKey: expected the key at the end of an earlier answer")
        })
    }

    fn read(key: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(key.as_bytes()).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let parts: Vec<&str> = text.split('\0').collect();
        let ["1", urlkey, date, file, offset, marks] = parts.as_slice() else { return None };
        let mark = |text: &str| {
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
            Mark::try_from(bytes).ok()
        };
        let marks = marks.split(' ').filter(|text| !text.is_empty());
        Some(Self {
            after: Cursor {
                urlkey: (*urlkey).to_owned(),
                date: Timestamp::from_unix_micros(date.parse().ok()?),
                file: (*file).to_owned(),
                offset: offset.parse().ok()?,
            },
            marks: marks.map(mark).collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_is_read_as_it_was_written(
            urlkey in "[!-~é]{1,40}", date in any::<i64>(), file in "[!-~]{1,20}",
            offset in any::<u64>(), marks in proptest::collection::vec(any::<[u8; 8]>(), 0..3),
        ) {
            let date = Timestamp::from_unix_micros(date);
            let start = Start { after: Cursor { urlkey, date, file, offset }, marks };
            let key = start.key();
            prop_assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(Start::parse(&key), Ok(start));
        }

        #[test]
        fn any_text_is_a_key_or_refused(text in "\\PC{0,60}") {
            let _ = Start::parse(&text);
        }
    }
}

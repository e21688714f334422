//! Named fields of a record header: ordered, repeatable, found whatever their case.
//!
//! The fields are kept as the bytes they are written in, with the spans of names and values beside
//! them: what was read prints back byte for byte, folding and odd encodings included, and what is
//! built is already in its written form. Nothing here knows which field means what; see
//! [`super::record`] for the typed view and [`super::rules`] for the standard's rules.
//!
//! ISO 28500:2017 (WARC/1.1) sections 4 and 5.

use std::borrow::Cow;
use std::fmt;

/// The names of the standard's fields, and of the adopted extensions, as they are written.
pub mod name {
    /// The record's globally unique identifier (section 5.2).
    pub const RECORD_ID: &str = "WARC-Record-ID";
    /// The block's length in bytes (section 5.3).
    pub const CONTENT_LENGTH: &str = "Content-Length";
    /// When the capture began (section 5.4).
    pub const DATE: &str = "WARC-Date";
    /// The kind of record (section 5.5).
    pub const TYPE: &str = "WARC-Type";
    /// The media type of the block (section 5.6).
    pub const CONTENT_TYPE: &str = "Content-Type";
    /// Records of the same capture event (section 5.7); repeatable.
    pub const CONCURRENT_TO: &str = "WARC-Concurrent-To";
    /// The digest of the block (section 5.8).
    pub const BLOCK_DIGEST: &str = "WARC-Block-Digest";
    /// The digest of the payload (section 5.9).
    pub const PAYLOAD_DIGEST: &str = "WARC-Payload-Digest";
    /// The address that was asked (section 5.10).
    pub const IP_ADDRESS: &str = "WARC-IP-Address";
    /// The record that this one adds to (section 5.11).
    pub const REFERS_TO: &str = "WARC-Refers-To";
    /// The target URI of the record referred to (section 5.12).
    pub const REFERS_TO_TARGET_URI: &str = "WARC-Refers-To-Target-URI";
    /// The date of the record referred to (section 5.13).
    pub const REFERS_TO_DATE: &str = "WARC-Refers-To-Date";
    /// The URI whose capture gave rise to the record (section 5.14).
    pub const TARGET_URI: &str = "WARC-Target-URI";
    /// Why the block was cut short (section 5.15).
    pub const TRUNCATED: &str = "WARC-Truncated";
    /// The warcinfo record that describes this one (section 5.16).
    pub const WARCINFO_ID: &str = "WARC-Warcinfo-ID";
    /// The file's name (section 5.17); warcinfo only.
    pub const FILENAME: &str = "WARC-Filename";
    /// How a revisit is to be read (section 5.18); revisit only.
    pub const PROFILE: &str = "WARC-Profile";
    /// The payload's media type by an independent check (section 5.19).
    pub const IDENTIFIED_PAYLOAD_TYPE: &str = "WARC-Identified-Payload-Type";
    /// Which segment this is, from 1 (section 5.20).
    pub const SEGMENT_NUMBER: &str = "WARC-Segment-Number";
    /// The first segment's record (section 5.21); continuation only.
    pub const SEGMENT_ORIGIN_ID: &str = "WARC-Segment-Origin-ID";
    /// The length of all segments together (section 5.22); last continuation only.
    pub const SEGMENT_TOTAL_LENGTH: &str = "WARC-Segment-Total-Length";
    /// The protocols spoken, highest first (adopted IIPC extension); repeatable.
    pub const PROTOCOL: &str = "WARC-Protocol";
    /// The IANA name of the TLS cipher suite (adopted IIPC extension).
    pub const CIPHER_SUITE: &str = "WARC-Cipher-Suite";
    /// Joins the records of a page that was rendered, as Browsertrix writes it; not of the standard.
    pub const PAGE_ID: &str = "WARC-Page-ID";
    /// A public random value that was known when the record was made (not of the standard).
    pub const DRAND_ROUND: &str = "WARC-Drand-Round";
    /// The record of the certificates that the server showed (not of the standard).
    pub const CERTIFICATES: &str = "WARC-Server-Certificates";

    /// Every name above, in the order of the standard.
    pub const ALL: [&str; 23] = [
        RECORD_ID,
        CONTENT_LENGTH,
        DATE,
        TYPE,
        CONTENT_TYPE,
        CONCURRENT_TO,
        BLOCK_DIGEST,
        PAYLOAD_DIGEST,
        IP_ADDRESS,
        REFERS_TO,
        REFERS_TO_TARGET_URI,
        REFERS_TO_DATE,
        TARGET_URI,
        TRUNCATED,
        WARCINFO_ID,
        FILENAME,
        PROFILE,
        IDENTIFIED_PAYLOAD_TYPE,
        SEGMENT_NUMBER,
        SEGMENT_ORIGIN_ID,
        SEGMENT_TOTAL_LENGTH,
        PROTOCOL,
        CIPHER_SUITE,
    ];
}

/// Where one field is in the written bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) name: (usize, usize),
    pub(super) value: (usize, usize),
}

/// Named fields in order.
#[derive(Clone, Eq, Default)]
pub struct Fields {
    written: Vec<u8>,
    spans: Vec<Span>,
}

impl Fields {
    /// No fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Fields as they were in a file; the spans are within `written`.
    pub(super) fn from_written(written: Vec<u8>, spans: Vec<Span>) -> Self {
        Self { written, spans }
    }

    /// Adds a field at the end.
    ///
    /// Accepts any bytes, so that nothing from the web can break a header: line breaks and other control characters
    /// in the value become spaces, bytes of the name that are not token bytes become `-`.
    pub fn push(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let name_start = self.written.len();
        self.written.extend(name.bytes().map(|c| if is_token_byte(c) { c } else { b'-' }));
        let name = (name_start, self.written.len());
        self.written.extend_from_slice(b": ");
        let value_start = self.written.len();
        let trimmed = value.as_ref().trim_ascii();
        self.written.extend(
            trimmed.iter().map(|&c| if c < 0x20 && c != b'\t' || c == 0x7f { b' ' } else { c }),
        );
        let value = (value_start, self.written.len());
        self.written.extend_from_slice(b"\r\n");
        self.spans.push(Span { name, value });
    }

    /// Replaces every field of this name by one, at the place of the first, or adds it at the end.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        let mut rebuilt = Self::new();
        let mut placed = false;
        for (index, span) in self.spans.iter().enumerate() {
            let field_name = &self.written[span.name.0..span.name.1];
            if !field_name.eq_ignore_ascii_case(name.as_bytes()) {
                rebuilt.copy_line(self, index);
            } else if !placed {
                placed = true;
                rebuilt.push(name, value.as_ref());
            }
        }
        if !placed {
            rebuilt.push(name, value);
        }
        *self = rebuilt;
    }

    /// Copies one line of `from` with its bytes as they are.
    fn copy_line(&mut self, from: &Self, index: usize) {
        let span = from.spans[index];
        let end = from.spans.get(index + 1).map_or(from.written.len(), |next| next.name.0);
        let shift = |at: usize| at - span.name.0 + self.written.len();
        let moved = Span {
            name: (shift(span.name.0), shift(span.name.1)),
            value: (shift(span.value.0), shift(span.value.1)),
        };
        self.written.extend_from_slice(&from.written[span.name.0..end]);
        self.spans.push(moved);
    }

    /// The value of the first field of this name, as written: without the blanks around it, but
    /// with line folding in it. Empty values are values.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.all(name).next()
    }

    /// The values of every field of this name, in order, as [`Self::get`] gives them.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The value of the first field of this name as text: unfolded, with bytes that are no UTF-8
    /// replaced, and RFC 2047 encoded words of UTF-8 and Latin-1 decoded (section 4 asks readers
    /// to understand them).
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(value_text)
    }

    /// Whether there is a field of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Name and value of every field, in order, as written.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans.iter().map(|span| {
            (&self.written[span.name.0..span.name.1], &self.written[span.value.0..span.value.1])
        })
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The lines as they are written, each with its line break, without the empty line at the end.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.written
    }
}

/// Fields are the same when they are written the same.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.iter() {
            map.entry(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value));
        }
        map.finish()
    }
}

/// A `token` byte (section 4): visible ASCII that is not a separator.
pub(super) fn is_token_byte(c: u8) -> bool {
    c.is_ascii_alphanumeric() || b"-!#$%&'*+.^_`|~".contains(&c)
}

/// A written value as text: see [`Fields::text`].
pub(super) fn value_text(value: &[u8]) -> Cow<'_, str> {
    let unfolded: Cow<'_, [u8]> = if value.contains(&b'\n') || value.contains(&b'\r') {
        Cow::Owned(unfold(value))
    } else {
        Cow::Borrowed(value)
    };
    let text = match unfolded {
        Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    };
    if text.contains("=?") { Cow::Owned(decode_words(&text)) } else { text }
}

/// Joins folded lines: a line break and the blanks after it mean one space (section 4, LWS).
fn unfold(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for line in value.split(|&c| c == b'\n') {
        let line = line.trim_ascii();
        if !line.is_empty() {
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(line);
        }
    }
    out
}

/// Decodes the encoded words of a text (RFC 2047 section 2); anything else stays as it is.
fn decode_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        // Blanks between two encoded words are not shown (section 6.2).
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        match decode_word(from) {
            Some((decoded, used)) => {
                out.push_str(&decoded);
                rest = &from[used..];
                after_word = true;
            }
            None => {
                out.push_str("=?");
                rest = &from[2..];
                after_word = false;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The longest encoded word that is decoded, in bytes. Section 2 has 75, and longer ones are seen; but each `=?` of
/// a value may begin one, and must not be looked for to the value's end.
const WORD_BYTES_MAX: usize = 4096;

/// The word that `text` begins with, decoded, and how many bytes of `text` it took.
fn decode_word(text: &str) -> Option<(String, usize)> {
    let text = &text[..text.floor_char_boundary(WORD_BYTES_MAX)];
    let mut parts = text.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, tail) = (parts.next()?, parts.next()?, parts.next()?);
    let encoded = &tail[..tail.find("?=")?];
    let used = 2 + charset.len() + 1 + encoding.len() + 1 + encoded.len() + 2;
    let bytes = match encoding {
        "B" | "b" => data_encoding::BASE64.decode(encoded.as_bytes()).ok()?,
        "Q" | "q" => decode_q(encoded)?,
        _ => return None,
    };
    let charset = charset.to_ascii_lowercase();
    let decoded = match charset.as_str() {
        "utf-8" | "us-ascii" => String::from_utf8(bytes).ok()?,
        "iso-8859-1" => bytes.into_iter().map(char::from).collect(),
        _ => return None,
    };
    Some((decoded, used))
}

/// The `Q` encoding (RFC 2047 section 4.2).
fn decode_q(encoded: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(c) = bytes.next() {
        out.push(match c {
            b'_' => b' ',
            b'=' => {
                let pair = [bytes.next()?, bytes.next()?];
                *data_encoding::HEXLOWER_PERMISSIVE.decode(&pair).ok()?.first()?
            }
            b' ' | b'?' => return None,
            _ => c,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_case_and_repeats_are_kept_and_names_are_found_in_any_case() {
        let mut fields = Fields::new();
        fields.push("WARC-Type", "response");
        fields.push("warc-CONCURRENT-to", "<urn:a>");
        fields.push("WARC-Concurrent-To", "<urn:b>");
        assert_eq!(fields.get("warc-type"), Some(&b"response"[..]));
        let all: Vec<_> = fields.all(name::CONCURRENT_TO).collect();
        assert_eq!(all, [&b"<urn:a>"[..], b"<urn:b>"]);
        assert_eq!(
            fields.as_bytes(),
            b"WARC-Type: response\r\nwarc-CONCURRENT-to: <urn:a>\r\nWARC-Concurrent-To: <urn:b>\r\n"
        );
    }

    #[test]
    fn no_value_can_break_out_of_its_line() {
        let mut fields = Fields::new();
        fields.push("X: Y\r\nZ", "a\r\nWARC-Type: warcinfo\r\n\r\n\0b");
        assert_eq!(fields.as_bytes(), b"X--Y--Z: a  WARC-Type: warcinfo     b\r\n");
        assert_eq!(fields.len(), 1);
    }

    #[test]
    fn set_replaces_in_place_and_drops_repeats() {
        let mut fields = Fields::new();
        for (name, value) in [("A", "1"), ("B", "2"), ("a", "3"), ("C", "4")] {
            fields.push(name, value);
        }
        fields.set("A", "9");
        fields.set("D", "5");
        assert_eq!(fields.as_bytes(), b"A: 9\r\nB: 2\r\nC: 4\r\nD: 5\r\n");
        assert_eq!(fields.get("c"), Some(&b"4"[..]));
    }

    #[test]
    fn values_are_unfolded_and_encoded_words_are_understood() {
        for (value, text) in [
            (&b"plain"[..], "plain"),
            (b"one\r\n  two\r\n\tthree", "one two three"),
            (b"caf\xe9", "caf\u{fffd}"),
            ("köln".as_bytes(), "köln"),
            (b"=?utf-8?Q?K=C3=B6ln_am_Rhein?=", "Köln am Rhein"),
            (b"=?ISO-8859-1?q?K=F6ln?= =?utf-8?B?w6k=?= x", "Kölné x"),
            (b"=?utf-8?Q?broken", "=?utf-8?Q?broken"),
            (b"=?koi8-r?B?w6k=?=", "=?koi8-r?B?w6k=?="),
        ] {
            assert_eq!(value_text(value), text);
        }
        // Each of these may begin a word without an end: searching for the end from each would take hours.
        let many = "=?x ".repeat(1 << 20);
        assert_eq!(value_text(many.as_bytes()), many);
    }

    proptest::proptest! {
        #[test]
        fn any_value_becomes_one_line(name in "\\PC{0,12}", value in proptest::collection::vec(0u8.., 0..40)) {
            let mut fields = Fields::new();
            fields.push(&name, &value);
            proptest::prop_assert_eq!(fields.as_bytes().iter().filter(|c| **c == b'\n').count(), 1);
            let _ = value_text(&value);
        }
    }
}

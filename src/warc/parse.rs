//! Bytes to a record's header: version line and fields, strictly or leniently.
//!
//! Lenient reading takes what existing archives hold: bare line feeds, blanks before the colon,
//! lines without a colon, drafts of the format, versions to come. Every such thing is returned as a
//! [`Warning`]; nothing is printed, and the raw bytes are kept with the parsed view. Strict reading
//! makes the first warning an error. What the fields should be is left to [`super::rules`].
//!
//! ISO 28500:2017 (WARC/1.1) section 4.

use super::fields::{Fields, Span, is_token_byte, name, value_text};
use super::record::Version;

/// How much is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Whatever can be understood is taken, with warnings.
    #[default]
    Lenient,
    /// The first thing that is against the grammar is an error.
    Strict,
}

/// Bounds on a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeaderLimits {
    /// The longest header in bytes. A target URI takes up to 16 KiB in ours, and the largest
    /// headers seen in public archives are below 64 KiB; but earlier versions of this program
    /// listed every interim response of an exchange, of which a head limit of 1 MiB let in 65,536.
    pub header_bytes_max: usize,
    /// The most fields.
    pub fields_max: usize,
}

impl Default for HeaderLimits {
    fn default() -> Self {
        Self { header_bytes_max: 8 * 1024 * 1024, fields_max: 100_000 }
    }
}

/// Something in a header that is against the grammar, and was taken anyway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A short, stable name of the rule.
    pub rule: &'static str,
    /// What was found, as text.
    pub what: String,
}

/// Why bytes are not a record header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The first line names no WARC version.
    #[error("expected a version line such as WARC/1.1, but found {found:?}")]
    NotWarc {
        /// The first bytes of the line.
        found: String,
    },
    /// The header has no end within the limit.
    #[error("the record header is longer than {max} bytes")]
    TooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// There are more fields than are taken.
    #[error("the record header has more than {max} fields")]
    TooManyFields {
        /// The limit.
        max: usize,
    },
    /// The bytes end before the empty line that ends a header.
    #[error("the record header does not end")]
    Unfinished,
    /// Strict reading met something against the grammar.
    #[error("{what}")]
    Strict {
        /// The rule's name.
        rule: &'static str,
        /// What was found.
        what: String,
    },
    /// There is no usable `Content-Length`, so that the block's end cannot be known.
    #[error("expected a Content-Length in digits, but found {found}")]
    ContentLength {
        /// What was there, quoted, or `none`.
        found: String,
    },
}

/// The format of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// ISO 28500.
    #[default]
    Warc,
    /// The Internet Archive's ARC, which WARC replaced: one line before each block, of which the
    /// fields are made up.
    Arc,
}

/// A header as it was in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordHeader {
    /// The format it was in.
    pub form: Form,
    /// The version its first line names.
    pub version: Version,
    /// Its fields, with their bytes as they were; of an ARC record those that its line stands for.
    pub fields: Fields,
    /// Its bytes, from the version line to the empty line, both included; of an ARC record its line.
    pub raw: Vec<u8>,
    /// The block's length in bytes, as `Content-Length` says.
    pub content_length: u64,
}

/// How many bytes the header takes that `bytes` begins with, its empty line included; `None` when
/// its end is not among them. Bare line feeds end lines too.
#[must_use]
pub fn header_len(bytes: &[u8]) -> Option<usize> {
    header_len_from(bytes, 0)
}

/// As [`header_len`], for bytes of which the first `seen` are known to hold no end.
pub(super) fn header_len_from(bytes: &[u8], seen: usize) -> Option<usize> {
    // An end is at most four bytes long, so three of those seen may begin it.
    let from = seen.saturating_sub(3);
    memchr::memchr_iter(b'\n', &bytes[from..]).find_map(|at| {
        let next = from + at + 1;
        match bytes.get(next..)? {
            [b'\n', ..] => Some(next + 1),
            [b'\r', b'\n', ..] => Some(next + 2),
            _ => None,
        }
    })
}

/// Reads the header that `bytes` is, from its version line to its empty line.
///
/// # Errors
/// When it is over the limits, is no WARC header, has no usable `Content-Length`, or, in strict
/// mode, is against the grammar.
pub fn parse_header(
    bytes: &[u8],
    mode: Mode,
    limits: &HeaderLimits,
) -> Result<(RecordHeader, Vec<Warning>), ParseError> {
    if bytes.len() > limits.header_bytes_max {
        return Err(ParseError::TooLong { max: limits.header_bytes_max });
    }
    let end = header_len(bytes).ok_or(ParseError::Unfinished)?;
    let bytes = &bytes[..end];
    let line_end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let mut warnings = Vec::new();
    let version = version_line(&bytes[..line_end], &mut warnings)?;
    let body_end = end - if bytes.ends_with(b"\r\n") { 2 } else { 1 };
    let body = &bytes[line_end.min(body_end)..body_end];
    let spans = field_spans(body, limits, &mut warnings)?;
    let fields = Fields::from_written(body.to_vec(), spans);
    let content_length = content_length(&fields, &mut warnings)?;
    if let (Mode::Strict, Some(first)) = (mode, warnings.first()) {
        return Err(ParseError::Strict { rule: first.rule, what: first.what.clone() });
    }
    let form = Form::Warc;
    Ok((RecordHeader { form, version, fields, raw: bytes.to_vec(), content_length }, warnings))
}

/// Reads the fields of a block of them, up to its end or the first empty line.
///
/// # Errors
/// When it is over the limits.
pub(super) fn parse_fields(block: &[u8], limits: &HeaderLimits) -> Result<Fields, ParseError> {
    let body = &block[..header_len(block).unwrap_or(block.len())];
    if body.len() > limits.header_bytes_max {
        return Err(ParseError::TooLong { max: limits.header_bytes_max });
    }
    let spans = field_spans(body, limits, &mut Vec::new())?;
    Ok(Fields::from_written(body.to_vec(), spans))
}

fn version_line(line: &[u8], warnings: &mut Vec<Warning>) -> Result<Version, ParseError> {
    let refuse = || ParseError::NotWarc { found: excerpt(line) };
    let text = line.strip_prefix(b"WARC/").ok_or_else(refuse)?;
    let text = std::str::from_utf8(text).map_err(|_| refuse())?;
    let trimmed = text.trim_end();
    let (major, minor) = trimmed.split_once('.').ok_or_else(refuse)?;
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let version = Version {
        major: number(major).ok_or_else(refuse)?,
        minor: number(minor).ok_or_else(refuse)?,
    };
    if !version.is_known() {
        warn(warnings, "version", format!("{version} is an unknown version"));
    }
    if !text.ends_with("\r\n") || text.len() != trimmed.len() + 2 {
        warn(warnings, "line-break", "the version line does not end in CR LF".to_owned());
    }
    Ok(version)
}

/// Finds the fields of a header's lines. A line that begins with a blank continues the one before.
fn field_spans(
    body: &[u8],
    limits: &HeaderLimits,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Span>, ParseError> {
    let mut spans: Vec<Span> = Vec::with_capacity(16);
    let mut at = 0;
    while at < body.len() {
        let end = memchr::memchr(b'\n', &body[at..]).map_or(body.len(), |i| at + i + 1);
        let line = &body[at..end];
        if !line.ends_with(b"\r\n") {
            warn_once(warnings, "line-break", || {
                format!("a line does not end in CR LF: {:?}", excerpt(line))
            });
        }
        let text = trim_line(line);
        if matches!(line.first(), Some(b' ' | b'\t')) {
            match spans.last_mut() {
                // An empty continuation adds nothing and must not reach over the line break.
                Some(last) if !text.is_empty() => last.value.1 = at + text.len(),
                Some(_) => {}
                None => warn(warnings, "folding", "the first field line is folded".to_owned()),
            }
        } else if let Some(colon) = memchr::memchr(b':', text) {
            if spans.len() >= limits.fields_max {
                return Err(ParseError::TooManyFields { max: limits.fields_max });
            }
            spans.push(field_span(text, at, colon, warnings));
        } else {
            warn(warnings, "field-line", format!("a line without a colon: {:?}", excerpt(line)));
        }
        at = end;
    }
    Ok(spans)
}

fn field_span(text: &[u8], at: usize, colon: usize, warnings: &mut Vec<Warning>) -> Span {
    let name = text[..colon].trim_ascii_end();
    if name.len() != colon || name.is_empty() || !name.iter().all(|c| is_token_byte(*c)) {
        warn(warnings, "field-name", format!("{:?} is not a field name", excerpt(&text[..colon])));
    }
    let value = &text[colon + 1..];
    let lead = value.len() - value.trim_ascii_start().len();
    let start = at + colon + 1 + lead;
    let end = (at + text.len()).max(start);
    if std::str::from_utf8(value).is_err() {
        let shown = excerpt(text);
        warn(warnings, "utf-8", format!("a value is not UTF-8: {shown:?}"));
    }
    Span { name: (at, at + name.len()), value: (start, end) }
}

/// The block's length: digits alone, once, or repeated with the same number.
fn content_length(fields: &Fields, warnings: &mut Vec<Warning>) -> Result<u64, ParseError> {
    let mut found: Option<u64> = None;
    for value in fields.all(name::CONTENT_LENGTH) {
        let text = value_text(value);
        let refuse = || ParseError::ContentLength { found: format!("{:?}", excerpt(value)) };
        let digits = text.trim();
        if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(refuse());
        }
        let number = digits.parse().map_err(|_| refuse())?;
        match found {
            Some(first) if first != number => return Err(refuse()),
            Some(_) => warn(warnings, "repeated-field", "Content-Length is repeated".to_owned()),
            None => found = Some(number),
        }
    }
    found.ok_or_else(|| ParseError::ContentLength { found: "none".to_owned() })
}

fn trim_line(line: &[u8]) -> &[u8] {
    line.trim_ascii_end()
}

/// The first bytes of something, for a message.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(60)];
    let mut text = String::from_utf8_lossy(shown.trim_ascii_end()).into_owned();
    if bytes.len() > shown.len() {
        text.push('…');
    }
    text
}

/// The most warnings that one header gives: a header of thousands of bad lines is one fact.
const WARNINGS_MAX: usize = 16;

fn warn(warnings: &mut Vec<Warning>, rule: &'static str, what: String) {
    if warnings.len() < WARNINGS_MAX {
        warnings.push(Warning { rule, what });
    }
}

fn warn_once(warnings: &mut Vec<Warning>, rule: &'static str, what: impl FnOnce() -> String) {
    if warnings.iter().all(|warning| warning.rule != rule) {
        warn(warnings, rule, what());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lenient(bytes: &[u8]) -> Result<(RecordHeader, Vec<Warning>), ParseError> {
        parse_header(bytes, Mode::Lenient, &HeaderLimits::default())
    }

    #[test]
    fn a_header_is_read_in_every_version_of_the_format() {
        for (line, version) in [
            ("WARC/0.17", Version::V0_17),
            ("WARC/0.18", Version::V0_18),
            ("WARC/1.0", Version::V1_0),
            ("WARC/1.1", Version::V1_1),
        ] {
            let bytes = format!("{line}\r\nContent-Length: 7\r\nWARC-Type: request\r\n\r\nblock");
            let (header, warnings) = lenient(bytes.as_bytes()).unwrap();
            assert_eq!((header.version, header.content_length), (version, 7));
            assert_eq!(warnings, []);
            assert_eq!(header.raw, &bytes.as_bytes()[..bytes.len() - 5]);
        }
        let (header, warnings) = lenient(b"WARC/2.7\r\nContent-Length: 0\r\n\r\n").unwrap();
        assert_eq!(header.version, Version { major: 2, minor: 7 });
        assert_eq!(warnings[0].rule, "version");
    }

    #[test]
    fn folding_odd_encodings_and_repeats_survive() {
        let bytes = b"WARC/1.0\r\nWARC-Filename: a\r\n \tb \r\nX: caf\xe9\r\nX:\r\nX:two\r\nContent-Length:0\r\n\r\n";
        let (header, warnings) = lenient(bytes).unwrap();
        assert_eq!(header.fields.text("warc-filename").as_deref(), Some("a b"));
        let all: Vec<_> = header.fields.all("x").collect();
        assert_eq!(all, [&b"caf\xe9"[..], b"", b"two"]);
        assert_eq!(header.fields.as_bytes(), &bytes[10..bytes.len() - 2]);
        assert_eq!(warnings.iter().map(|w| w.rule).collect::<Vec<_>>(), ["utf-8"]);
    }

    #[test]
    fn what_is_against_the_grammar_is_a_warning_or_strictly_an_error() {
        for (bytes, rule) in [
            (&b"WARC/1.0\nContent-Length: 0\n\n"[..], "line-break"),
            (b"WARC/1.0\r\nContent-Length : 0\r\n\r\n", "field-name"),
            (b"WARC/1.0\r\nno colon\r\nContent-Length: 0\r\n\r\n", "field-line"),
            (b"WARC/1.0\r\n folded\r\nContent-Length: 0\r\n\r\n", "folding"),
            (b"WARC/1.0\r\nContent-Length: 0\r\ncontent-length: 0\r\n\r\n", "repeated-field"),
            (b"WARC/1.0\r\nContent-Length: 0\r\n: x\r\n\r\n", "field-name"),
        ] {
            let (_, warnings) = lenient(bytes).unwrap();
            assert_eq!(warnings[0].rule, rule, "{:?}", excerpt(bytes));
            let strict = parse_header(bytes, Mode::Strict, &HeaderLimits::default());
            assert!(matches!(strict, Err(ParseError::Strict { rule: r, .. }) if r == rule));
        }
    }

    #[test]
    fn what_is_no_header_is_refused_by_name() {
        let many = format!("WARC/1.1\r\n{}\r\n", "a: b\r\n".repeat(100_001));
        let long = format!("WARC/1.1\r\na: {}\r\n\r\n", "x".repeat(9_000_000));
        for (bytes, expected) in [
            (&b"HTTP/1.1 200 OK\r\n\r\n"[..], "NotWarc"),
            (b"WARC/1\r\n\r\n", "NotWarc"),
            (b"WARC/1.x\r\n\r\n", "NotWarc"),
            (b"WARC/1.99999\r\n\r\n", "NotWarc"),
            (b"WARC/1.+1\r\n\r\n", "NotWarc"),
            (b"WARC/1.1\r\nContent-Length: 1", "Unfinished"),
            (b"", "Unfinished"),
            (b"WARC/1.1\r\n\r\n", "ContentLength"),
            (b"WARC/1.1\r\nContent-Length: -1\r\n\r\n", "ContentLength"),
            (b"WARC/1.1\r\nContent-Length: +1\r\n\r\n", "ContentLength"),
            (b"WARC/1.1\r\nContent-Length:\r\n\r\n", "ContentLength"),
            (b"WARC/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n", "ContentLength"),
            (b"WARC/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "ContentLength"),
            (many.as_bytes(), "TooManyFields"),
            (long.as_bytes(), "TooLong"),
        ] {
            let got = format!("{:?}", lenient(bytes).unwrap_err());
            assert!(got.starts_with(expected), "{:?} gave {got}", excerpt(bytes));
        }
        let (header, _) =
            lenient(b"WARC/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n").unwrap();
        assert_eq!(header.content_length, u64::MAX);
    }

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        let bytes = b"WARC/1.1\r\nContent-Length: 0\r\n\r\nrest";
        let end = bytes.len() - 4;
        for cut in 0..bytes.len() {
            let expected = (cut >= end).then_some(end);
            assert_eq!(header_len(&bytes[..cut]), expected);
            if header_len(&bytes[..cut]).is_none() {
                assert_eq!(header_len_from(bytes, cut), Some(end), "{cut}");
            }
        }
        assert_eq!(header_len(b"\n\n"), Some(2));
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(0u8.., 0..200), tail in "[a-zA-Z:\\- \r\n\t]{0,80}") {
            let _ = lenient(&bytes);
            let _ = lenient(format!("WARC/1.1\r\nContent-Length: 3\r\n{tail}\r\n\r\n").as_bytes());
        }
    }
}

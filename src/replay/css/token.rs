//! The ends and values of CSS tokens (CSS Syntax 3, section 4.3).

use encoding_rs::Encoding;

/// How far a token extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// This many bytes.
    Whole(usize),
    /// Beyond the available bytes.
    More,
}

/// A string or a url token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Text {
    /// Where its inner text ends.
    pub(super) inner_end: usize,
    /// Its length with its marks.
    pub(super) length: usize,
    /// Whether it is broken, so that it names nothing.
    pub(super) is_bad: bool,
}

/// A token that is skipped without being parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skip {
    Comment,
    Name,
    String(u8),
    Url,
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'\x0c')
}

/// Whether a byte may be in a name. Digits begin no name, but a number takes what follows as its
/// unit, so that the `url(` of `1url(` does not count.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\\' | b'\0') || byte >= 0x80
}

/// How many bytes a backslash and what it escapes take; none if more input is needed. Zero if
/// the backslash escapes nothing.
fn escape(bytes: &[u8], is_last: bool) -> Option<usize> {
    let Some(&next) = bytes.get(1) else { return is_last.then_some(1) };
    if is_newline(next) {
        return Some(0);
    }
    if !next.is_ascii_hexdigit() {
        return Some(2);
    }
    let digits = bytes[1..].iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
    let end = 1 + digits;
    match bytes.get(end) {
        Some(b'\r') => match bytes.get(end + 1) {
            Some(b'\n') => Some(end + 2),
            None if !is_last => None,
            _ => Some(end + 1),
        },
        Some(byte) if is_blank(*byte) => Some(end + 1),
        None if !is_last => None,
        _ => Some(end),
    }
}

pub(super) fn comment(bytes: &[u8], is_last: bool) -> Read {
    match memchr::memmem::find(&bytes[2..], b"*/") {
        Some(at) => Read::Whole(at + 4),
        None if is_last => Read::Whole(bytes.len()),
        None => Read::More,
    }
}

/// A name, whose end is known once another byte is available.
pub(super) fn name(bytes: &[u8], is_last: bool) -> Read {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'\\' {
            match escape(&bytes[at..], is_last) {
                None => return Read::More,
                Some(0) => break,
                Some(length) => at += length,
            }
        } else if is_name(byte) {
            at += 1;
        } else {
            break;
        }
    }
    if at >= bytes.len() && !is_last { Read::More } else { Read::Whole(at.min(bytes.len())) }
}

/// A string that begins with `quote`.
pub(super) fn string(bytes: &[u8], quote: u8, is_last: bool) -> Option<Text> {
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => match (bytes.get(at + 1), bytes.get(at + 2)) {
                (Some(b'\r'), Some(b'\n')) => at += 3,
                (Some(b'\r'), None) if !is_last => return None,
                (Some(_), _) => at += 2,
                (None, _) if is_last => at += 1,
                (None, _) => return None,
            },
            _ if byte == quote => {
                return Some(Text { inner_end: at, length: at + 1, is_bad: false });
            }
            _ if is_newline(byte) => return Some(Text { inner_end: at, length: at, is_bad: true }),
            _ => at += 1,
        }
    }
    let end = bytes.len();
    is_last.then_some(Text { inner_end: end, length: end, is_bad: false })
}

/// What follows `url(` and blanks, up to the closing parenthesis.
pub(super) fn url(bytes: &[u8], is_last: bool) -> Option<Text> {
    let (mut at, mut inner_end, mut is_bad) = (0, None, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b')' => {
                return Some(Text { inner_end: inner_end.unwrap_or(at), length: at + 1, is_bad });
            }
            _ if is_blank(byte) => {
                inner_end.get_or_insert(at);
                at += 1;
            }
            b'\\' => {
                is_bad |= inner_end.is_some();
                match escape(&bytes[at..], is_last)? {
                    0 => {
                        is_bad = true;
                        at += 1;
                    }
                    length => at += length,
                }
            }
            _ => {
                let breaks =
                    matches!(byte, b'"' | b'\'' | b'(' | 1..=8 | 0x0b | 0x0e..=0x1f | 0x7f);
                is_bad |= breaks || inner_end.is_some();
                at += 1;
            }
        }
    }
    let end = bytes.len();
    is_last.then_some(Text { inner_end: inner_end.unwrap_or(end), length: end, is_bad })
}

impl Skip {
    /// How many of the bytes belong to the token, and whether it has ended.
    pub(super) fn over(self, bytes: &[u8], is_last: bool) -> (usize, bool) {
        let more = |read: Read| match read {
            Read::Whole(length) => (length, true),
            Read::More => (0, false),
        };
        match self {
            Self::Comment => match memchr::memmem::find(bytes, b"*/") {
                Some(at) => (at + 2, true),
                // A star at the end may be the first half of `*/`.
                None if !is_last && bytes.last() == Some(&b'*') => (bytes.len() - 1, false),
                None => (bytes.len(), false),
            },
            Self::Name => match name(bytes, is_last) {
                Read::More => partly(bytes),
                whole => more(whole),
            },
            Self::String(quote) => {
                // Parsed as if the opening mark preceded it.
                let mut at = 0;
                while let Some(&byte) = bytes.get(at) {
                    match byte {
                        b'\\' => match (bytes.get(at + 1), bytes.get(at + 2)) {
                            (Some(b'\r'), Some(b'\n')) => at += 3,
                            (Some(b'\r') | None, None) if !is_last => return (at, false),
                            (Some(_), _) => at += 2,
                            (None, _) => at += 1,
                        },
                        _ if byte == quote => return (at + 1, true),
                        _ if is_newline(byte) => return (at, true),
                        _ => at += 1,
                    }
                }
                (bytes.len(), false)
            }
            Self::Url => {
                let mut at = 0;
                while let Some(&byte) = bytes.get(at) {
                    match byte {
                        b')' => return (at + 1, true),
                        b'\\' if at + 1 == bytes.len() && !is_last => return (at, false),
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
                (bytes.len(), false)
            }
        }
    }
}

/// All of a name that continues, except an incomplete escape.
fn partly(bytes: &[u8]) -> (usize, bool) {
    let tail = bytes.len().saturating_sub(8);
    let cut = bytes[tail..].iter().rposition(|b| *b == b'\\').map_or(bytes.len(), |at| tail + at);
    (cut, false)
}

/// Raw text of a name, string or url token with its escapes undone.
pub(super) fn unescaped(raw: &[u8], encoding: &'static Encoding) -> String {
    let (text, _) = encoding.decode_without_bom_handling(raw);
    if !text.contains(['\\', '\0']) {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find(['\\', '\0']) {
        out.push_str(&rest[..at]);
        let bytes = &rest.as_bytes()[at..];
        if bytes[0] == b'\0' {
            out.push('\u{fffd}');
            rest = &rest[at + 1..];
            continue;
        }
        let after = &rest[at + 1..];
        if after.as_bytes().first().is_some_and(u8::is_ascii_hexdigit) {
            let length = escape(bytes, true).unwrap_or(1).max(1);
            let digits = after.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
            let code = u32::from_str_radix(&after[..digits], 16).unwrap_or(0);
            let c = char::from_u32(code).filter(|c| *c != '\0').unwrap_or('\u{fffd}');
            out.push(c);
            rest = rest.get(at + length..).unwrap_or_default();
            continue;
        }
        // An escaped line end continues the line; any other character stands for itself.
        let next = after.chars().next();
        let taken = match next {
            Some('\r') if after[1..].starts_with('\n') => 2,
            Some('\n' | '\r' | '\x0c') => 1,
            Some(c) => {
                out.push(c);
                c.len_utf8()
            }
            None => 0,
        };
        rest = &after[taken..];
    }
    out.push_str(rest);
    out
}

/// An address escaped for a string.
pub(super) fn in_string(url: &str, quote: u8) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        if c == '\\' || c == char::from(quote) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// An address escaped for `url(…)` without quotation marks.
pub(super) fn in_url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        if matches!(c, '"' | '\'' | '(' | ')' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

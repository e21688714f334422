//! One spelling for every path and pattern, so that they can be compared octet by octet.
//!
//! RFC 9309 section 2.2.2: octets outside ASCII are percent-encoded; a percent-encoded octet of
//! the unreserved set is decoded; any other stays as it is, its digits in upper case (RFC 3986
//! section 6.2.2). What no URI may hold as it is (space, quotes, braces) is encoded too, since the
//! URL parser does the same to the address that is asked for. A literal `*` or `$` of a path is
//! written `%2A` or `%24`, as RFC 9309 section 2.2.3 writes them in patterns.

/// What a `*` or `$` stands for in the text at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signs {
    /// Wildcard and end of match: the text is a pattern.
    Pattern,
    /// Themselves: the text is a path.
    Literal,
}

/// The one spelling of `text`: ASCII, every escape in upper case. Linear in its length.
pub(super) fn normalise(text: &[u8], signs: Signs) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&octet) = text.get(at) {
        at += 1;
        if octet == b'%' {
            match (text.get(at).copied().and_then(hex), text.get(at + 1).copied().and_then(hex)) {
                (Some(high), Some(low)) => {
                    at += 2;
                    let value = high << 4 | low;
                    if is_unreserved(value) {
                        out.push(char::from(value));
                    } else {
                        push_escape(&mut out, value);
                    }
                }
                // Not an escape: the sign stands for itself, on both sides alike.
                _ => out.push('%'),
            }
        } else if must_be_escaped(octet)
            || (signs == Signs::Literal && matches!(octet, b'*' | b'$'))
        {
            push_escape(&mut out, octet);
        } else {
            out.push(char::from(octet));
        }
    }
    out
}

/// `normal` with `%3A` and `%2F` decoded after the first `?`; `None` where that changes nothing.
///
/// In a query they are data either way (RFC 3986 section 3.4), and the table of RFC 9309 section
/// 2.2.2 takes `?baz=https://foo.bar` and `?baz=https%3A%2F%2Ffoo.bar` for the same.
pub(super) fn fold_query(normal: &str) -> Option<String> {
    let (path, query) = normal.split_once('?')?;
    let folded = query.replace("%3A", ":").replace("%2F", "/");
    (folded != query).then(|| format!("{path}?{folded}"))
}

/// Appends `%XX`.
pub(super) fn push_escape(out: &mut String, octet: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(DIGITS[usize::from(octet >> 4)]));
    out.push(char::from(DIGITS[usize::from(octet & 15)]));
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// RFC 3986 section 2.3.
fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')
}

/// Whether no URI may hold this octet as it is (RFC 3986 appendix A).
fn must_be_escaped(octet: u8) -> bool {
    !octet.is_ascii_graphic()
        || matches!(octet, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_get_one_spelling() {
        for (text, want) in [
            ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
            ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
            ("/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84"),
            ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
            ("/a b\"<>{}|\\^`", "/a%20b%22%3C%3E%7B%7D%7C%5C%5E%60"),
            ("/a%2fb", "/a%2Fb"),
            ("/%zz%a%", "/%zz%a%"),
            ("/%%41", "/%A"),
            ("/a*b$c", "/a%2Ab%24c"),
            ("", ""),
        ] {
            assert_eq!(normalise(text.as_bytes(), Signs::Literal), want, "{text}");
        }
        assert_eq!(normalise(b"/a*%2a$", Signs::Pattern), "/a*%2A$");
    }

    #[test]
    fn a_query_may_spell_its_slashes_either_way() {
        assert_eq!(fold_query("/a?u=https%3A%2F%2Fb").as_deref(), Some("/a?u=https://b"));
        assert_eq!(fold_query("/a%2Fb?u=1"), None);
        assert_eq!(fold_query("/a%2Fb"), None);
    }
}

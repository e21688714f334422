//! `<meta http-equiv=refresh>` and the `Refresh` field: seconds and an address.
//!
//! HTML standard, section 4.2.5.3, "shared declarative refresh steps".

use std::ops::Range;

/// The range of the address in the value of a refresh; none if it has none.
pub(super) fn address(value: &str) -> Option<Range<usize>> {
    let bytes = value.as_bytes();
    let skip = |mut at: usize, fits: fn(&u8) -> bool| {
        while bytes.get(at).is_some_and(fits) {
            at += 1;
        }
        at
    };
    let from = skip(0, u8::is_ascii_whitespace);
    let digits = skip(from, u8::is_ascii_digit);
    if digits == from && bytes.get(from) != Some(&b'.') {
        return None;
    }
    let after = skip(digits, |b| b.is_ascii_digit() || *b == b'.');
    let mut at = skip(after, u8::is_ascii_whitespace);
    match bytes.get(at) {
        Some(b';' | b',') => at = skip(at + 1, u8::is_ascii_whitespace),
        Some(_) if at > after => {}
        _ => return None,
    }
    // `url` and `=` may be missing: then the address begins here.
    if bytes.get(at..at + 3).is_some_and(|word| word.eq_ignore_ascii_case(b"url")) {
        let equals = skip(at + 3, u8::is_ascii_whitespace);
        if bytes.get(equals) == Some(&b'=') {
            at = skip(equals + 1, u8::is_ascii_whitespace);
        }
    }
    let quote = bytes.get(at).copied().filter(|b| matches!(b, b'"' | b'\''));
    let start = at + usize::from(quote.is_some());
    let rest = bytes.get(start..)?;
    let length = quote.and_then(|quote| memchr::memchr(quote, rest)).unwrap_or(rest.len());
    (length > 0).then_some(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_where_browsers_find_it() {
        let cases = [
            ("5; url=http://a.example/", Some("http://a.example/")),
            ("0;URL='/x y' and more", Some("/x y")),
            ("0;url=\"x", Some("x")),
            (" 0 , url = x", Some("x")),
            ("0 x", Some("x")),
            ("0.5;x", Some("x")),
            (".5;x", Some("x")),
            ("0;urlx", Some("urlx")),
            ("0;url x", Some("url x")),
            ("5", None),
            ("5;", None),
            ("5x", None),
            ("; url=x", None),
            ("", None),
            ("url=x", None),
        ];
        for (value, expected) in cases {
            assert_eq!(address(value).map(|range| &value[range]), expected, "{value:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(value in "[0-9 .;,=urlUé'\"]{0,20}") {
            if let Some(range) = address(&value) {
                proptest::prop_assert!(value.get(range).is_some());
            }
        }
    }
}

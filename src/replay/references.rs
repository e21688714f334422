//! Decodes and encodes character references of HTML in attribute values and in text.
//!
//! HTML standard, section 13.2.5.72 and following. The tokenizer that finds tags passes attributes on
//! undecoded, so that only a browser would recognise `http&#58;//…` as an address.

use std::borrow::Cow;
use std::fmt::Write as _;

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// The context of a text: a reference without a semicolon is parsed differently in attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// An attribute value.
    Attribute,
    /// Text between tags.
    Text,
}

/// A text with every character reference decoded.
pub(super) fn decoded(text: &str, place: Place) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        let taken = match after.strip_prefix('#') {
            Some(number) => numeric(number, &mut out).map(|length| length + 2),
            None => named(after, place, &mut out).map(|length| length + 1),
        };
        let taken = taken.unwrap_or_else(|| {
            out.push('&');
            1
        });
        rest = &rest[taken..];
        let next = memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}

/// A value escaped for an attribute in double quotes, except `"`, which the
/// writer of tags escapes.
pub(super) fn for_attribute(value: &str) -> Cow<'_, str> {
    if !value.contains(['&', '\r', '\0']) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len() + 16);
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '\r' => out.push_str("&#13;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Decodes a numeric reference after `&#`; returns how many bytes it takes.
fn numeric(text: &str, out: &mut String) -> Option<usize> {
    let (radix, skip) = if text.starts_with(['x', 'X']) { (16, 1) } else { (10, 0) };
    let digits = &text[skip..];
    let length = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
    if length == 0 {
        return None;
    }
    // A number with too many digits is not a character.
    let number = u32::from_str_radix(digits[..length].trim_start_matches('0'), radix);
    let number = match number {
        Ok(number) => number,
        Err(_) if digits[..length].bytes().all(|b| b == b'0') => 0,
        Err(_) => u32::MAX,
    };
    let c1 = number.checked_sub(0x80).and_then(|at| C1_REPLACEMENTS.get(at as usize).copied());
    let character = match (number, c1) {
        (0, _) => '\u{fffd}',
        (_, Some(Some(c))) => c,
        _ => char::from_u32(number).unwrap_or('\u{fffd}'),
    };
    out.push(character);
    let semicolon = usize::from(digits[length..].starts_with(';'));
    Some(skip + length + semicolon)
}

/// Decodes a named reference after `&`; returns how many bytes it takes.
fn named(text: &str, place: Place, out: &mut String) -> Option<usize> {
    let run = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let whole = run + usize::from(text[run..].starts_with(';'));
    // The longest matching name: with its semicolon, or one of the old names without.
    for length in (1..=whole.min(40)).rev() {
        let Some(name) = text.get(..length) else { continue };
        let Some(&(first, second)) = NAMED_ENTITIES.get(name) else { continue };
        let Some(first) = char::from_u32(first).filter(|c| *c != '\0') else { continue };
        let next = text[length..].bytes().next();
        let goes_on = next.is_some_and(|b| b == b'=' || b.is_ascii_alphanumeric());
        if place == Place::Attribute && !name.ends_with(';') && goes_on {
            return None;
        }
        out.push(first);
        out.extend(char::from_u32(second).filter(|c| *c != '\0'));
        return Some(length);
    }
    None
}

/// Text escaped for use between tags; used for style sheets in SVG.
pub(super) fn for_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            '\r' => {
                // Writing into a String cannot fail.
                let _ = write!(out, "&#13;");
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_undone_as_browsers_do() {
        let cases = [
            ("a&amp;b", "a&b", "a&b"),
            ("a&ampb", "a&ampb", "a&b"),
            ("a&amp=b", "a&amp=b", "a&=b"),
            ("a&amp b", "a& b", "a& b"),
            ("http&colon;&sol;&sol;x", "http://x", "http://x"),
            ("http&#58;&#x2f;&#X2F;x", "http://x", "http://x"),
            ("&#58x", ":x", ":x"),
            (
                "&#x80;&#0;&#xD800;&#x110000;&#99999999999;",
                "€\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
                "€\u{fffd}\u{fffd}\u{fffd}\u{fffd}",
            ),
            ("&;&#;&#x;&unknown;", "&;&#;&#x;&unknown;", "&;&#;&#x;&unknown;"),
            ("&notit;", "&notit;", "¬it;"),
            ("&notin;", "∉", "∉"),
            ("&NotEqualTilde;", "≂\u{338}", "≂\u{338}"),
            ("?a=1&copy=2&lt=3", "?a=1&copy=2&lt=3", "?a=1©=2<=3"),
            ("&é&", "&é&", "&é&"),
        ];
        for (text, attribute, data) in cases {
            assert_eq!(decoded(text, Place::Attribute), attribute, "{text}");
            assert_eq!(decoded(text, Place::Text), data, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(text in "\\PC{0,40}") {
            let attribute = for_attribute(&text);
            proptest::prop_assert_eq!(decoded(&attribute, Place::Attribute), text.as_str());
            let shown = for_text(&text);
            proptest::prop_assert_eq!(decoded(&shown, Place::Text), text.as_str());
        }

        #[test]
        fn any_text_is_read(text in "[&#;xXa-z0-9=]{0,30}") {
            let _ = decoded(&text, Place::Attribute);
            let _ = decoded(&text, Place::Text);
        }
    }
}

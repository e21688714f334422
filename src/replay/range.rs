//! Byte ranges and entity tags of what is answered as captured (RFC 9110 sections 8.8, 13.1 and 14).

use std::ops::Range;

/// What a `Range` field asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ranges {
    /// Everything: there is no field, it is not in bytes, malformed, or asks for several ranges.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that are not there: 416.
    None,
}

/// Reads a `Range` field for a body of `length` bytes. Several ranges are answered with everything,
/// which the RFC lets a server do.
#[must_use]
pub fn parse(field: Option<&str>, length: u64) -> Ranges {
    let Some(spec) = field.and_then(bytes_unit) else { return Ranges::Whole };
    let Some((first, last)) = spec.split_once('-') else { return Ranges::Whole };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| -> Option<u64> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // More than fits is more than there is.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let range = match (first.is_empty(), number(first), number(last)) {
        (true, _, Some(0)) => return Ranges::None,
        (true, _, Some(suffix)) => length.saturating_sub(suffix)..length,
        (false, Some(from), None) if last.is_empty() => from..length,
        (false, Some(from), Some(to)) if from <= to => from..to.saturating_add(1).min(length),
        _ => return Ranges::Whole,
    };
    if range.start >= range.end { Ranges::None } else { Ranges::Part(range) }
}

fn bytes_unit(field: &str) -> Option<&str> {
    let (unit, spec) = field.split_once('=')?;
    let is_one = unit.trim().eq_ignore_ascii_case("bytes") && !spec.contains(',');
    is_one.then(|| spec.trim())
}

/// Whether an `If-None-Match` field names a tag: the answer is 304 then. Weak comparison.
#[must_use]
pub fn matches(if_none_match: Option<&str>, etag: &str) -> bool {
    let plain = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Some(field) = if_none_match else { return false };
    field.trim() == "*" || field.split(',').any(|tag| plain(tag) == plain(etag))
}

/// Whether a `Range` field counts beside an `If-Range` field: strong comparison with a tag. A date is
/// none of ours.
#[must_use]
pub fn range_counts(if_range: Option<&str>, etag: &str) -> bool {
    if_range.is_none_or(|field| field.trim() == etag && !etag.starts_with("W/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        let part = |range: Range<u64>| Ranges::Part(range);
        let cases = [
            (None, Ranges::Whole),
            (Some("bytes=0-0"), part(0..1)),
            (Some("bytes=5-"), part(5..10)),
            (Some("bytes=-3"), part(7..10)),
            (Some("bytes=-30"), part(0..10)),
            (Some("bytes=2-99999999999999999999999"), part(2..10)),
            (Some(" Bytes = 2 - 4 "), part(2..5)),
            (Some("bytes=10-"), Ranges::None),
            (Some("bytes=-0"), Ranges::None),
            (Some("bytes=4-2"), Ranges::Whole),
            (Some("bytes=0-1,3-4"), Ranges::Whole),
            (Some("lines=0-1"), Ranges::Whole),
            (Some("bytes=a-b"), Ranges::Whole),
            (Some("bytes=+1-2"), Ranges::Whole),
            (Some(""), Ranges::Whole),
        ];
        for (field, expected) in cases {
            assert_eq!(parse(field, 10), expected, "{field:?}");
        }
        assert_eq!(parse(Some("bytes=0-"), 0), Ranges::None);
    }

    #[test]
    fn tags_are_compared_as_the_rfc_says() {
        assert!(matches(Some("\"a\", W/\"b\""), "\"b\""));
        assert!(matches(Some("*"), "\"b\""));
        assert!(!matches(Some("\"a\""), "\"b\""));
        assert!(!matches(None, "\"b\""));
        assert!(range_counts(None, "W/\"a\""));
        assert!(range_counts(Some("\"a\""), "\"a\""));
        assert!(!range_counts(Some("W/\"a\""), "W/\"a\""));
        assert!(!range_counts(Some("Wed, 05 Nov 2025 00:00:00 GMT"), "\"a\""));
    }
}

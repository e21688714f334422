//! Parts of an answer: `Range` and `If-Range` (RFC 9110 sections 13.1.5 and 14.2). One range is given; a
//! request for several is answered with the whole, as the section allows.

use std::ops::Range;

use axum::http::HeaderMap;
use axum::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};

use crate::base::Timestamp;

/// The requested part of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
    /// A range outside of it.
    Unsatisfiable,
}

/// The part that a `Range` field requests of a representation of `length` bytes. Other units and several ranges
/// request the whole.
pub fn part_of(field: &str, length: u64) -> Part {
    let Some(spec) = field.trim().strip_prefix("bytes=") else { return Part::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Part::Whole };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // A number that is too long is beyond every end.
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first.is_empty(), number(first), last.is_empty(), number(last)) {
        // The last bytes: a suffix range.
        (true, _, _, Some(0)) => Part::Unsatisfiable,
        (true, _, _, Some(_)) if length == 0 => Part::Unsatisfiable,
        (true, _, _, Some(count)) => Part::Bytes(length.saturating_sub(count)..length),
        (_, Some(first), true, _) if first < length => Part::Bytes(first..length),
        (_, Some(first), _, Some(last)) if last < first => Part::Whole,
        (_, Some(first), _, Some(last)) if first < length => {
            Part::Bytes(first..last.saturating_add(1).min(length))
        }
        (_, Some(_), true, _) | (_, Some(_), _, Some(_)) => Part::Unsatisfiable,
        _ => Part::Whole,
    }
}

/// The part that a request asks for of a representation with this validator. A strong `etag` is compared with
/// `If-Range`; a date there never matches, since a representation may change within a second.
pub fn asked_part(headers: &HeaderMap, length: u64, etag: Option<&str>) -> Part {
    let text =
        |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let Some(range) = text(RANGE) else { return Part::Whole };
    if headers.get_all(RANGE).iter().count() > 1 {
        return Part::Whole;
    }
    let condition = headers.contains_key(IF_RANGE).then(|| text(IF_RANGE).unwrap_or_default());
    match condition {
        Some(condition) if Some(condition.trim()) != etag => Part::Whole,
        _ => part_of(range, length),
    }
}

/// Whether the client has this representation already (RFC 9110 section 13.2.2).
pub fn is_known(headers: &HeaderMap, etag: Option<&str>, modified: Option<Timestamp>) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        let Some(etag) = etag else { return false };
        let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        return headers.get_all(IF_NONE_MATCH).iter().any(|field| {
            let field = field.to_str().unwrap_or_default();
            field.trim() == "*" || field.split(',').any(|tag| bare(tag) == bare(etag))
        });
    }
    let since = headers.get(IF_MODIFIED_SINCE).and_then(|field| field.to_str().ok());
    match (since.and_then(Timestamp::parse_http_date), modified) {
        (Some(since), Some(modified)) => modified.floor_second() <= since,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_name_bytes() {
        for (field, length, part) in [
            ("bytes=0-0", 10, Part::Bytes(0..1)),
            ("bytes=0-9", 10, Part::Bytes(0..10)),
            ("bytes=3-", 10, Part::Bytes(3..10)),
            ("bytes=3-99", 10, Part::Bytes(3..10)),
            ("bytes=-4", 10, Part::Bytes(6..10)),
            ("bytes=-99", 10, Part::Bytes(0..10)),
            ("bytes=10-", 10, Part::Unsatisfiable),
            ("bytes=10-12", 10, Part::Unsatisfiable),
            ("bytes=-0", 10, Part::Unsatisfiable),
            ("bytes=0-", 0, Part::Unsatisfiable),
            ("bytes=-1", 0, Part::Unsatisfiable),
            ("bytes=99999999999999999999-", 10, Part::Unsatisfiable),
            ("bytes=0-99999999999999999999", 10, Part::Bytes(0..10)),
            ("bytes=5-3", 10, Part::Whole),
            ("bytes=0-1,3-4", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("bytes=a-b", 10, Part::Whole),
            ("bytes=+1-2", 10, Part::Whole),
            ("lines=0-1", 10, Part::Whole),
            ("", 10, Part::Whole),
        ] {
            assert_eq!(part_of(field, length), part, "{field}");
        }
    }

    #[test]
    fn a_range_is_given_where_the_condition_holds() {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, "bytes=1-2".parse().unwrap());
        let tag = Some("\"a\"");
        assert_eq!(asked_part(&headers, 9, tag), Part::Bytes(1..3));
        for (condition, part) in
            [("\"a\"", Part::Bytes(1..3)), ("\"b\"", Part::Whole), ("W/\"a\"", Part::Whole)]
        {
            headers.insert(IF_RANGE, condition.parse().unwrap());
            assert_eq!(asked_part(&headers, 9, tag), part, "{condition}");
        }
    }

    #[test]
    fn what_the_client_has_is_known() {
        let at = Timestamp::parse("2025-11-05T00:00:00Z");
        let with = |name, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            is_known(&headers, Some("\"a\""), at)
        };
        assert!(with(IF_NONE_MATCH, "\"b\", W/\"a\""));
        assert!(with(IF_NONE_MATCH, "*"));
        assert!(!with(IF_NONE_MATCH, "\"b\""));
        assert!(with(IF_MODIFIED_SINCE, "Wed, 05 Nov 2025 00:00:00 GMT"));
        assert!(!with(IF_MODIFIED_SINCE, "Tue, 04 Nov 2025 00:00:00 GMT"));
        assert!(!with(IF_MODIFIED_SINCE, "soon"));
    }

    proptest! {
        #[test]
        fn a_range_lies_inside(field in "(bytes=)?[-0-9, a]{0,24}", length in 0_u64..1000) {
            if let Part::Bytes(range) = part_of(&field, length) {
                prop_assert!(range.start < range.end && range.end <= length);
            }
        }
    }
}

//! Parts of an answer: `Range` and `If-Range` (RFC 9110 sections 13.1.5 and 14.2) of a request to the server.

use axum::http::HeaderMap;
use axum::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};

use crate::base::Timestamp;
use crate::http::range::part_of;

pub use crate::http::range::Part;

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
}

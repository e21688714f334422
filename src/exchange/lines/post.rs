//! The query that is appended to the urlkey for a request body, so that two POST requests to one URL
//! have two keys.
//!
//! Follows what cdxj-indexer, pywb and wabac.js agree on ("Request Body Canonicalization" of the
//! Webrecorder specifications): `__wb_method=POST` and then, by the media type of the body,
//!
//! | media type | query |
//! |---|---|
//! | `application/x-www-form-urlencoded` | the body, its escapes undone |
//! | `multipart/…` | `name=value` of each part, escaped |
//! | `application/json` | `name=value` of each scalar, escaped, its name without those above it; a name that was there is `name.2_` |
//! | `text/plain` | as JSON where it is JSON, else as any other |
//! | any other | `__wb_post_data=` and the body in base64 |
//!
//! at most 4,096 characters. Where the three differ: `true`, `false`, `null` and numbers are written
//! as JavaScript writes them, as pywb and wabac.js do (cdxj-indexer writes Python's `True`, `None`,
//! `2.0`); JSON of several lines is taken as in cdxj-indexer; AMF is taken as any other body.

use data_encoding::BASE64;

use crate::base::percent::{form_encoded, percent_decoded};

mod json;

/// How many characters of a query are kept.
const QUERY_CHARS_MAX: usize = 4096;

/// The query of a request body, without the method; empty where there is none. Total: whatever the
/// body holds. `media_type` is the value of `Content-Type`.
#[must_use]
pub fn body_query(body: &[u8], media_type: &str) -> String {
    let is = |start: &str| media_type.starts_with(start);
    let query = if is("application/x-www-form-urlencoded") {
        match std::str::from_utf8(body) {
            // An escaped character takes twelve bytes at most.
            Ok(text) => {
                let start = &text[..text.floor_char_boundary(QUERY_CHARS_MAX * 12)];
                percent_decoded(&start.replace('+', " "))
            }
            Err(_) => binary(body),
        }
    } else if is("multipart/") {
        multipart(body, media_type).unwrap_or_else(|| binary(body))
    } else if is("application/json") {
        json::query(body).unwrap_or_default()
    } else if is("text/plain") {
        json::query(body).unwrap_or_else(|| binary(body))
    } else {
        binary(body)
    };
    match query.char_indices().nth(QUERY_CHARS_MAX) {
        Some((end, _)) => query[..end].to_owned(),
        None => query,
    }
}

/// The URL that a request with this method and body query has as its key.
#[must_use]
pub fn with_query(url: &str, method: &str, query: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    let mut out = format!("{url}{joint}__wb_method={method}");
    if !query.is_empty() {
        out.push('&');
        out.push_str(query);
    }
    out
}

fn binary(body: &[u8]) -> String {
    // Three bytes are four characters; what is beyond is cut off anyway.
    let start = &body[..body.len().min(QUERY_CHARS_MAX)];
    format!("__wb_post_data={}", BASE64.encode(start))
}

fn push_pair(query: &mut String, name: &[u8], value: &[u8]) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(&form_encoded(name));
    query.push('=');
    query.push_str(&form_encoded(value));
}

/// The parts of a form (RFC 7578); `None` where the type names no boundary or the body has none.
fn multipart(body: &[u8], media_type: &str) -> Option<String> {
    let at = media_type.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let rest = &media_type[at..];
    let boundary = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(';').next()?.trim(),
    };
    if boundary.is_empty() {
        return None;
    }
    let delimiter = format!("--{boundary}");
    let mut ends = memchr::memmem::find_iter(body, delimiter.as_bytes());
    let mut from = ends.next()? + delimiter.len();
    let mut query = String::new();
    for end in ends {
        if let Some((name, value)) = part(&body[from..end]) {
            // A byte is one character at least.
            push_pair(&mut query, &name, &value[..value.len().min(QUERY_CHARS_MAX)]);
        }
        if query.len() > QUERY_CHARS_MAX * 4 {
            break;
        }
        from = end + delimiter.len();
    }
    Some(query)
}

/// Name and content of what is between two boundaries.
fn part(piece: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let piece = piece.strip_prefix(b"\r\n").or_else(|| piece.strip_prefix(b"\n"))?;
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
    let (head, content) = match memchr::memmem::find(piece, b"\r\n\r\n") {
        Some(at) => (&piece[..at], &piece[at + 4..]),
        None => memchr::memmem::find(piece, b"\n\n").map(|at| (&piece[..at], &piece[at + 2..]))?,
    };
    let head = String::from_utf8_lossy(head);
    let line =
        head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = line.split(';').find_map(|field| field.trim().strip_prefix("name="))?;
    Some((name.trim_matches('"').as_bytes().to_vec(), content))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies_become_queries_by_their_media_type() {
        let form = "application/x-www-form-urlencoded";
        for (media_type, body, wanted) in [
            (form, &b"a=1&b=two+words&c=%C3%BC%26%3D&A=Z"[..], "a=1&b=two words&c=\u{fc}&=&A=Z"),
            (form, b"a=\xff", "__wb_post_data=YT3/"),
            (form, b"", ""),
            ("", b"\x00\x01\xffbinary", "__wb_post_data=AAH/YmluYXJ5"),
            ("text/plain", b"plain text", "__wb_post_data=cGxhaW4gdGV4dA=="),
            ("text/plain", b"{\"x\":1}", "x=1"),
            ("text/plain", b"17", ""),
            ("application/json", b"bad json", ""),
            ("application/json", b"{\"x\":1}\n{\"x\":2,\"y\":\"z\"}", "x=1&x.2_=2&y=z"),
            (
                "application/json; charset=utf-8",
                br#"{"a":1,"b":[true,null,1.5,2.0,{"a":"x y","a2":""}],"c":{"d":{"a":false}},"e":1e-7,"f":1e22,"g":"\u00e9","e":5}"#,
                "a=1&b=true&b.2_=null&b.3_=1.5&b.4_=2&a.2_=x+y&a2=&a.3_=false&e=5&f=1e%2B22&g=%C3%A9",
            ),
            (
                "multipart/form-data; boundary=xx",
                b"--xx\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\nval ue\r\n--xx\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n\r\nfile \xff body\r\n--xx--\r\n",
                "field=val+ue&f=file+%FF+body",
            ),
            ("multipart/form-data", b"--xx", "__wb_post_data=LS14eA=="),
            ("multipart/form-data; boundary=", b"a", "__wb_post_data=YQ=="),
        ] {
            assert_eq!(body_query(body, media_type), wanted, "{media_type}");
        }
        let long = body_query(&[b'x'; 9_000], form);
        assert_eq!(long.len(), QUERY_CHARS_MAX);
        assert_eq!(body_query(&[0; 9_000], "").len(), QUERY_CHARS_MAX);
    }

    #[test]
    fn the_method_and_the_query_are_appended_to_the_url() {
        assert_eq!(with_query("http://a/", "POST", ""), "http://a/?__wb_method=POST");
        assert_eq!(with_query("http://a/?b", "PUT", "c=1"), "http://a/?b&__wb_method=PUT&c=1");
    }

    proptest! {
        #[test]
        fn any_body_gives_a_bounded_query(
            body in prop::collection::vec(any::<u8>(), 0..300),
            kind in prop::sample::select(vec![
                "application/json", "text/plain", "multipart/form-data; boundary=a",
                "application/x-www-form-urlencoded", "image/png", "multipart/x; boundary=\"",
            ]),
        ) {
            prop_assert!(body_query(&body, kind).chars().count() <= QUERY_CHARS_MAX);
        }
    }
}

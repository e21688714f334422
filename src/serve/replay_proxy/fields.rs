//! The header fields that the replay proxy sends: those of the capture, except those of a connection or of
//! the form in which the payload is sent.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::serve::replay::Record;
use crate::serve::reply::put;

/// Fields of a connection (RFC 9110 section 7.6.1), of a proxy, or of the form in which a payload was sent; and
/// those by which a server makes the browser contact another one.
const LEFT_OUT: [&str; 18] = [
    "alt-svc",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "expect-ct",
    "keep-alive",
    "nel",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "public-key-pins",
    "report-to",
    "reporting-endpoints",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// How many fields of a capture are sent.
const FIELDS_MAX: usize = 90;

/// Replaces the fields of the archive's answer by those of the capture, except the length, the
/// coding and the range of what is sent.
pub(super) fn replace(response: &mut Response, record: &Record, asked: &HeaderMap) {
    let made = std::mem::take(response.headers_mut());
    let headers = response.headers_mut();
    for (name, value) in record.archived.fields().take(FIELDS_MAX) {
        let name = name.to_ascii_lowercase();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        // A field that is not valid in a head is still in the record.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    for name in [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE] {
        if let Some(value) = made.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    if record.archived.get("content-type").is_none()
        && let Some(media_type) = record.archived.media_type()
    {
        // A record without HTTP has its type in its own header.
        headers.insert("content-type", media_type.clone());
    }
    allow(headers, asked);
}

/// Lets a page read an answer of another origin if its server would have: if it allows an origin by name, or
/// its answers vary with the requesting origin.
fn allow(headers: &mut HeaderMap, asked: &HeaderMap) {
    let Some(origin) = asked.get("origin") else { return };
    let depends = match headers.get(ACCESS_CONTROL_ALLOW_ORIGIN) {
        Some(allowed) => allowed != "*" && allowed != origin,
        None => varies_by_origin(headers),
    };
    if depends {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.entry(ACCESS_CONTROL_ALLOW_CREDENTIALS).or_insert(HeaderValue::from_static("true"));
    }
}

fn varies_by_origin(headers: &HeaderMap) -> bool {
    headers
        .get_all(VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').any(|name| name.trim().eq_ignore_ascii_case("origin")))
}

/// A browser's check whether a page may send a request to another origin (Fetch standard, CORS-preflight request).
pub(in crate::serve) struct Preflight {
    origin: HeaderValue,
    method: HeaderValue,
    headers: Option<HeaderValue>,
}

impl Preflight {
    /// The preflight of a request, if it is one.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Some(Self {
            origin: headers.get("origin")?.clone(),
            method: headers.get("access-control-request-method")?.clone(),
            headers: headers.get("access-control-request-headers").cloned(),
        })
    }

    /// Allows the request: the captured answer to the request itself determines what the page may read.
    pub fn response(self) -> Response {
        let mut response = StatusCode::NO_CONTENT.into_response();
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.method);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        if let Some(names) = self.headers {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
        }
        put(&mut response, VARY, "origin");
        response
    }
}

/// The range of a whole that a capture holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CapturedRange {
    first: u64,
    last: u64,
    whole: Option<u64>,
}

impl CapturedRange {
    /// Whether it is all there is.
    pub fn is_whole(self) -> bool {
        self.first == 0 && self.whole == Some(self.last + 1)
    }
}

/// The range that a capture with status 206 says it holds.
pub(super) fn range_of(record: &Record) -> Option<CapturedRange> {
    if record.archived.status != StatusCode::PARTIAL_CONTENT {
        return None;
    }
    parse_range(std::str::from_utf8(record.archived.get("content-range")?).ok()?)
}

/// `bytes 0-9/10` (RFC 9110 section 14.4); no whole for `*`.
fn parse_range(text: &str) -> Option<CapturedRange> {
    let (range, whole) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let last: u64 = last.trim().parse().ok()?;
    let first = first.trim().parse().ok().filter(|first| *first <= last && last < u64::MAX)?;
    Some(CapturedRange { first, last, whole: whole.trim().parse().ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (text, whole) in [
            ("bytes 0-9/10", Some(true)),
            ("bytes 0-9/11", Some(false)),
            ("bytes 1-9/10", Some(false)),
            ("bytes 0-9/*", Some(false)),
            ("bytes */10", None),
            ("bytes 9-0/10", None),
            ("lines 0-9/10", None),
            ("", None),
        ] {
            assert_eq!(parse_range(text).map(CapturedRange::is_whole), whole, "{text}");
        }
    }

    #[test]
    fn a_page_may_read_what_its_server_let_it_read() {
        let fields = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
            });
            pairs.collect::<HeaderMap>()
        };
        let asked = fields(&[("origin", "https://a.example")]);
        for (captured, allowed) in [
            (&[][..], None),
            (&[("vary", "Accept, Origin")][..], Some("https://a.example")),
            (&[("access-control-allow-origin", "*")][..], Some("*")),
            (
                &[("access-control-allow-origin", "https://b.example")][..],
                Some("https://a.example"),
            ),
        ] {
            let mut headers = fields(captured);
            allow(&mut headers, &asked);
            let found = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN).map(|v| v.to_str().unwrap());
            assert_eq!(found, allowed, "{captured:?}");
            let mut same = fields(captured);
            allow(&mut same, &HeaderMap::new());
            assert_eq!(same, fields(captured));
        }
    }
}

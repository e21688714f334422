//! The answer for what the archive does not hold: a 404 that says so and names the archive.

use std::fmt;

use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::Response;

use crate::base::markup::escaped;
use crate::serve::reply::{put, with_type};

/// Marks an answer as made by the archive itself.
pub(in crate::serve) const MISSING: HeaderName = HeaderName::from_static("x-pressmark-missing");

/// Why nothing is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Why {
    /// There is no capture of the address.
    NotHeld,
    /// There is none of a request with that body.
    NotPosted,
    /// The record with its payload is not in this archive.
    PayloadElsewhere,
    /// It would keep a connection open both ways.
    Socket,
    /// Its body is longer than any that is compared.
    LongBody,
    /// It is not an address of a page.
    NoAddress,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHeld => "the archive has no capture of this address",
            Self::NotPosted => "the archive has no capture of a request with this body",
            Self::PayloadElsewhere => "the record that holds its payload is not in this archive",
            Self::Socket => "two-way connections (WebSocket) are not replayed",
            Self::LongBody => "the body of the request is too long to be compared",
            Self::NoAddress => "this is not the address of a page",
        })
    }
}

/// The answer: a page where a browser opens one, else a line of text. `more` is markup at the end of the page.
pub(in crate::serve) fn missing(url: &str, headers: &HeaderMap, why: Why, more: &str) -> Response {
    let dest = headers.get("sec-fetch-dest").and_then(|value| value.to_str().ok());
    let status = StatusCode::NOT_FOUND;
    let mut response = match dest {
        Some("document" | "iframe" | "frame" | "object" | "embed") => {
            let (url, why) = (escaped(url), escaped(&why.to_string()));
            let page = format!(
                "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Not in the archive</title>\
                 <h1>Not in the archive</h1><p>{url}<p>Pressmark: {why}.{more}</html>\n"
            );
            let mut response = with_type(status, "text/html; charset=utf-8", page);
            put(&mut response, CONTENT_SECURITY_POLICY, "default-src 'none'");
            response
        }
        _ => with_type(status, "text/plain; charset=utf-8", format!("Pressmark: {why}: {url}\n")),
    };
    put(&mut response, MISSING, &why.to_string());
    put(&mut response, CACHE_CONTROL, "no-store");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_text_in_the_answer() {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-dest", "document".parse().unwrap());
        let response = missing("http://a.example/<script>", &headers, Why::NotHeld, "");
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(response.headers().contains_key(MISSING));
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        let plain = missing("http://a.example/x", &HeaderMap::new(), Why::Socket, "");
        assert!(plain.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    }
}

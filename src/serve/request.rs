//! A request: its target as it was sent, its headers, and the address under which the client
//! reaches the server.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::http::request::Parts;

use super::Options;

/// The address under which the client reaches the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// `http` or `https`.
    pub scheme: String,
    /// Host, and port where it is not the scheme's own.
    pub host: String,
    /// What is before every path: empty, or `/` and segments.
    pub base: String,
    /// Whether this is the replay origin.
    pub is_replay: bool,
    /// The root of the replay origin, if it is another origin.
    pub replay: Option<String>,
    /// The root of the reader's origin, if it is another origin.
    pub reader: Option<String>,
}

impl Site {
    /// The address of everything, without a slash at its end.
    pub fn root(&self) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.base)
    }
}

/// A request without its body.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The path as it was sent, below the base path.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: Option<String>,
    /// The header fields.
    pub headers: HeaderMap,
    /// Under which address the server is known.
    pub site: Site,
}

impl Asked {
    /// The value of a field, if it occurs once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The guard sets it; without one, links would have no base.
        let site = parts.extensions.get::<Site>().cloned().unwrap_or_else(|| Site {
            scheme: "http".to_owned(),
            host: "localhost".to_owned(),
            base: String::new(),
            is_replay: false,
            replay: None,
            reader: None,
        });
        Ok(Self {
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            headers: parts.headers.clone(),
            site,
        })
    }
}

/// The value of a forwarded header of a trusted client: its last value, which is
/// that of the nearest proxy.
fn forwarded<'h>(headers: &'h HeaderMap, name: &str, is_trusted: bool) -> Option<&'h str> {
    let value = headers.get_all(name).iter().next_back().filter(|_| is_trusted)?;
    let last = value.to_str().ok()?.rsplit(',').next()?.trim();
    (!last.is_empty()).then_some(last)
}

/// Whether a text can be a host with or without a port, as it is in a URL.
fn is_host(text: &str) -> bool {
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b':' | b'[' | b']');
    !text.is_empty() && text.len() <= 255 && text.bytes().all(plain)
}

/// A host without its port, in lower case.
pub fn bare_host(host: &str) -> String {
    let end = match host.strip_prefix('[') {
        Some(rest) => rest.find(']').map_or(host.len(), |at| at + 2),
        None => host.find(':').unwrap_or(host.len()),
    };
    host[..end].trim_end_matches('.').to_ascii_lowercase()
}

/// The address under which the server is reached, and the client. `local` is the address of the listener; `None`
/// if the named host is invalid.
pub fn site_of(
    headers: &HeaderMap,
    peer: SocketAddr,
    local: SocketAddr,
    options: &Options,
) -> Option<(Site, String)> {
    let is_trusted = options.trusted_proxies.iter().any(|network| network.contains(peer.ip()));
    let host = match forwarded(headers, "x-forwarded-host", is_trusted) {
        Some(host) => host.to_owned(),
        None => match headers.get(HOST) {
            Some(host) => host.to_str().ok()?.to_owned(),
            // HTTP/1.0 names none.
            None => local.to_string(),
        },
    };
    if !is_host(&host) {
        return None;
    }
    let scheme = match forwarded(headers, "x-forwarded-proto", is_trusted) {
        Some("https") => "https",
        _ => "http",
    };
    let client = forwarded(headers, "x-forwarded-for", is_trusted)
        .map_or_else(|| peer.ip().to_string(), str::to_owned);
    let site = Site {
        scheme: scheme.to_owned(),
        host,
        base: options.base_path.clone(),
        is_replay: false,
        replay: None,
        reader: None,
    };
    Some((site, client))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn forwarded_headers_count_where_the_peer_is_trusted() {
        let mut options = Options::of(&Settings::default()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(HOST, "inner:8080".parse().unwrap());
        headers.insert("x-forwarded-host", "evil.example, archive.example".parse().unwrap());
        headers.insert("x-forwarded-proto", "https".parse().unwrap());
        headers.insert("x-forwarded-for", "203.0.113.7".parse().unwrap());
        let (peer, local) = ("192.0.2.9:5".parse().unwrap(), "127.0.0.1:80".parse().unwrap());
        let (site, client) = site_of(&headers, peer, local, &options).unwrap();
        assert_eq!((site.root().as_str(), client.as_str()), ("http://inner:8080", "192.0.2.9"));
        options
            .trusted_proxies
            .push(super::super::options::Network::parse("192.0.2.0/24").unwrap());
        options.base_path = "/reader".to_owned();
        let (site, client) = site_of(&headers, peer, local, &options).unwrap();
        assert_eq!(site.root(), "https://archive.example/reader");
        assert_eq!(client, "203.0.113.7");
        headers.insert("x-forwarded-host", "a\"b".parse().unwrap());
        assert_eq!(site_of(&headers, peer, local, &options), None);
    }

    #[test]
    fn a_host_is_known_without_its_port() {
        for (host, bare) in
            [("A.example:80", "a.example"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("x.", "x")]
        {
            assert_eq!(bare_host(host), bare);
        }
    }
}

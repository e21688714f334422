//! What is sent to some hosts and shown to no one: cookies, keys, passwords.
//!
//! A [`Secret`] prints as dots wherever it is printed, so that no log, no error and no warcinfo
//! can hold one by accident. What it deliberately does not do: read files (the settings do), or
//! decide what of a request is archived.

use std::fmt;

use crate::base::{HostKey, TargetUri, UserPart};

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the request alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// What one host, or a domain, is sent: on one scheme and one port, unless it is said that both
/// schemes are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCredentials {
    /// The host; with a dot before it, the domain and every host below it.
    pub host: String,
    /// The port on which they are sent over TLS.
    pub https_port: Option<u16>,
    /// The port on which they are sent without it, where anyone on the way can read them.
    pub http_port: Option<u16>,
    /// Header fields, in order: `Authorization`, `Cookie` and whatever else was asked for.
    pub fields: Vec<(String, Secret)>,
}

/// What all hosts are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    hosts: Vec<HostCredentials>,
    /// What a single URL is sent, because it was written with a user and a password in it.
    urls: Vec<(TargetUri, Secret)>,
}

impl Credentials {
    /// Those of these hosts.
    #[must_use]
    pub fn new(hosts: Vec<HostCredentials>) -> Self {
        Self { hosts, urls: Vec::new() }
    }

    /// Adds what this URL alone is sent as its `Authorization` (RFC 7617).
    pub fn add_user(&mut self, uri: TargetUri, user: &UserPart) {
        let pair = format!("{}:{}", user.name, user.password);
        let coded = data_encoding::BASE64.encode(pair.as_bytes());
        self.urls.push((uri.without_fragment(), Secret::new(format!("Basic {coded}"))));
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.urls.is_empty()
    }

    /// The fields that a request for `uri` carries. Those of its scheme and port alone; the host
    /// itself counts before a domain, and the nearer domain before the farther one. What was in
    /// the URL itself counts before an `Authorization` of its host.
    #[must_use]
    pub fn fields_for(&self, uri: &TargetUri) -> Vec<(&str, &Secret)> {
        let host = uri.host_key();
        let own = self
            .hosts
            .iter()
            .filter(|of| of.host_matches(&host) && of.port_matches(uri))
            .max_by_key(|of| (!of.host.starts_with('.'), of.host.len()));
        let of_url = self
            .urls
            .iter()
            .find(|(known, _)| known.url().as_str() == uri.without_fragment().url().as_str());
        let of_url = of_url.map(|(_, secret)| ("Authorization", secret));
        let replaces = |name: &str| of_url.is_some() && name.eq_ignore_ascii_case("authorization");
        let of_host = own.map_or(&[][..], |of| of.fields.as_slice()).iter();
        of_url
            .into_iter()
            .chain(
                of_host.map(|(name, secret)| (name.as_str(), secret)).filter(|(n, _)| !replaces(n)),
            )
            .collect()
    }
}

impl HostCredentials {
    fn host_matches(&self, host: &HostKey) -> bool {
        match self.host.strip_prefix('.') {
            Some(domain) => host.is_in_domain(domain),
            None => *host == HostKey::new(&self.host),
        }
    }

    fn port_matches(&self, uri: &TargetUri) -> bool {
        let port = if uri.is_https() { self.https_port } else { self.http_port };
        port == Some(uri.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str, value: &str, https: Option<u16>, http: Option<u16>) -> HostCredentials {
        let fields = vec![("Cookie".to_owned(), Secret::new(value))];
        HostCredentials { host: host.to_owned(), https_port: https, http_port: http, fields }
    }

    #[test]
    fn the_nearest_host_counts_and_nothing_leaves_its_scheme_and_port() {
        let all = Credentials::new(vec![
            of(".example.org", "domain", Some(443), None),
            of(".news.example.org", "near", Some(443), None),
            of("www.example.org", "host", Some(443), None),
            of("www.example.org", "other port", Some(8443), None),
            of("plain.example.net", "clear", None, Some(80)),
            of("both.example.net", "both", Some(443), Some(8080)),
        ]);
        for (uri, want) in [
            ("https://example.org/", Some("domain")),
            ("https://a.example.org/", Some("domain")),
            ("https://a.example.org:8443/", None),
            ("https://x.news.example.org/", Some("near")),
            ("https://www.example.org:443/", Some("host")),
            ("https://www.example.org:8443/", Some("other port")),
            ("https://www.example.org:8444/", None),
            ("http://www.example.org/", None),
            ("http://www.example.org:443/", None),
            ("http://plain.example.net/", Some("clear")),
            ("https://plain.example.net/", None),
            ("http://plain.example.net:81/", None),
            ("https://both.example.net/", Some("both")),
            ("http://both.example.net/", None),
            ("http://both.example.net:8080/", Some("both")),
            ("https://badexample.org/", None),
        ] {
            let uri = TargetUri::parse(uri).unwrap();
            let fields = all.fields_for(&uri);
            assert_eq!(fields.first().map(|(_, secret)| secret.expose()), want, "{uri}");
        }
    }

    #[test]
    fn what_stood_in_a_url_is_sent_to_it_and_nowhere_else() {
        let mut own = of("a.org", "s=1", Some(443), None);
        own.fields.push(("authorization".to_owned(), Secret::new("Bearer x")));
        let mut all = Credentials::new(vec![own]);
        let (uri, user) = TargetUri::given("https://ann:p%40ss@a.org/feed?x#y").unwrap();
        all.add_user(uri, &user.unwrap());
        let fields = |uri: &str| -> Vec<String> {
            let uri = TargetUri::parse(uri).unwrap();
            all.fields_for(&uri).iter().map(|(n, v)| format!("{n}: {}", v.expose())).collect()
        };
        assert_eq!(
            fields("https://a.org/feed?x"),
            ["Authorization: Basic YW5uOnBAc3M=", "Cookie: s=1"]
        );
        assert_eq!(fields("https://a.org/"), ["Cookie: s=1", "authorization: Bearer x"]);
        assert!(fields("http://a.org/feed?x").is_empty());
        assert!(fields("https://a.org:444/feed?x").is_empty());
    }

    #[test]
    fn secrets_are_not_printed() {
        let shown =
            format!("{:?}", Credentials::new(vec![of("a.org", "hunter2", Some(443), None)]));
        assert!(!shown.contains("hunter2") && shown.contains("•••"), "{shown}");
    }
}

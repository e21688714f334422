//! What is sent to some hosts and shown to no one: cookies, keys, passwords.
//!
//! A [`Secret`] prints as dots wherever it is printed, so that no log, no error and no warcinfo
//! can hold one by accident. What it deliberately does not do: read files (the settings do), or
//! decide what of a request is archived.

use std::fmt;

use crate::base::{HostKey, TargetUri};

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

/// What one host, or a domain, is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCredentials {
    /// The host; with a dot before it, the domain and every host below it.
    pub host: String,
    /// Header fields, in order: `Authorization`, `Cookie` and whatever else was asked for.
    pub fields: Vec<(String, Secret)>,
    /// Whether they are sent without TLS, too, where anyone on the way can read them.
    pub is_sent_in_clear: bool,
}

/// What all hosts are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    hosts: Vec<HostCredentials>,
}

impl Credentials {
    /// Those of these hosts.
    #[must_use]
    pub fn new(hosts: Vec<HostCredentials>) -> Self {
        Self { hosts }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The fields that a request for `uri` carries. The host itself counts before a domain, and
    /// the nearer domain before the farther one. None for `http:` unless that was allowed.
    #[must_use]
    pub fn fields_for(&self, uri: &TargetUri) -> &[(String, Secret)] {
        let host = uri.host_key();
        self.hosts
            .iter()
            .filter(|of| of.host_matches(&host))
            .max_by_key(|of| (!of.host.starts_with('.'), of.host.len()))
            .filter(|of| uri.is_https() || of.is_sent_in_clear)
            .map_or(&[], |of| of.fields.as_slice())
    }
}

impl HostCredentials {
    fn host_matches(&self, host: &HostKey) -> bool {
        match self.host.strip_prefix('.') {
            Some(domain) => host.is_in_domain(domain),
            None => *host == HostKey::new(&self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(host: &str, value: &str, is_sent_in_clear: bool) -> HostCredentials {
        let fields = vec![("Cookie".to_owned(), Secret::new(value))];
        HostCredentials { host: host.to_owned(), fields, is_sent_in_clear }
    }

    #[test]
    fn the_nearest_host_counts_and_nothing_leaves_in_clear_unasked() {
        let all = Credentials::new(vec![
            of(".example.org", "domain", false),
            of(".news.example.org", "near", false),
            of("www.example.org", "host", false),
            of("plain.example.net", "clear", true),
        ]);
        for (uri, want) in [
            ("https://example.org/", Some("domain")),
            ("https://a.example.org/", Some("domain")),
            ("https://x.news.example.org/", Some("near")),
            ("https://www.example.org:8443/", Some("host")),
            ("http://www.example.org/", None),
            ("http://plain.example.net/", Some("clear")),
            ("https://badexample.org/", None),
        ] {
            let fields = all.fields_for(&TargetUri::parse(uri).unwrap());
            assert_eq!(fields.first().map(|(_, secret)| secret.expose()), want, "{uri}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let shown = format!("{:?}", Credentials::new(vec![of("a.org", "hunter2", false)]));
        assert!(!shown.contains("hunter2") && shown.contains("•••"), "{shown}");
    }
}

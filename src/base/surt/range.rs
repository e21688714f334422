//! Which urlkeys a match type names, as pywb's CDX server reads `matchType`.

use std::str::FromStr;

use super::urlkey;

/// How much of a URI has to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum MatchType {
    /// The whole urlkey.
    #[default]
    Exact,
    /// The urlkey begins with this one.
    Prefix,
    /// The same host, any path.
    Host,
    /// The same host or one below it.
    Domain,
}

/// Why a text is not a match type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected exact, prefix, host or domain, but found {0:?}")]
pub struct MatchTypeError(String);

impl FromStr for MatchType {
    type Err = MatchTypeError;

    fn from_str(text: &str) -> Result<Self, MatchTypeError> {
        match text {
            "exact" => Ok(Self::Exact),
            "prefix" => Ok(Self::Prefix),
            "host" => Ok(Self::Host),
            "domain" => Ok(Self::Domain),
            _ => Err(MatchTypeError(text.to_owned())),
        }
    }
}

impl MatchType {
    /// The match type that a wildcard asks for, and the URI without it: `*.example.com` is a
    /// domain, `example.com/a*` a prefix, anything else exact.
    #[must_use]
    pub fn from_wildcard(uri: &str) -> (Self, &str) {
        if let Some(domain) = uri.strip_prefix("*.") {
            (Self::Domain, domain)
        } else if let Some(prefix) = uri.strip_suffix('*') {
            (Self::Prefix, prefix)
        } else {
            (Self::Exact, uri)
        }
    }

    /// The word for it: `exact`, `prefix`, `host` or `domain`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Host => "host",
            Self::Domain => "domain",
        }
    }
}

/// Urlkeys from `start` to just before `end`, in byte order. As no urlkey has a control character,
/// the same bounds hold for keys that continue after the urlkey with a zero byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key in it.
    pub start: Vec<u8>,
    /// The first key after it; `None` where every key after `start` is in it.
    pub end: Option<Vec<u8>>,
}

impl KeyRange {
    /// The keys that agree with `uri`.
    #[must_use]
    pub fn of(uri: &str, match_type: MatchType) -> Self {
        Self::of_key(urlkey(uri), uri, match_type)
    }

    /// All keys there are.
    #[must_use]
    pub fn all() -> Self {
        Self { start: Vec::new(), end: None }
    }

    fn of_key(mut key: String, uri: &str, match_type: MatchType) -> Self {
        let between = |start: String, end: String| Self {
            start: start.into_bytes(),
            end: Some(end.into_bytes()),
        };
        match match_type {
            // pywb ends the range at "!", which is after the space that follows a key in a CDX
            // line; a control character names the same keys and holds for both kinds of key.
            MatchType::Exact => between(key.clone(), key + "\u{1}"),
            MatchType::Prefix => {
                // Canonicalising removes both, but a user who writes them means them.
                for ending in ['/', '?'] {
                    if uri.ends_with(ending) && !key.ends_with(ending) {
                        key.push(ending);
                    }
                }
                let start = key.into_bytes();
                Self { end: after(&start), start }
            }
            MatchType::Host => {
                let host = key.split(")/").next().unwrap_or_default();
                between(format!("{host})/"), format!("{host}*"))
            }
            MatchType::Domain => {
                let host = key.split(")/").next().unwrap_or_default();
                // A top-level domain has no pages of its own.
                let first = if host.contains(',') { ")/" } else { "," };
                between(format!("{host}{first}"), format!("{host}-"))
            }
        }
    }

    /// Whether `key` is in it.
    #[must_use]
    pub fn contains(&self, key: &[u8]) -> bool {
        *self.start <= *key && self.end.as_deref().is_none_or(|end| key < end)
    }
}

/// The smallest text after all that begin with `start`.
fn after(start: &[u8]) -> Option<Vec<u8>> {
    let keep = start.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = start[..=keep].to_vec();
    end[keep] += 1;
    Some(end)
}

/// The address of a host's front page; an address stays as it is.
#[must_use]
pub fn address_of_host(host: &str) -> String {
    if host.contains("://") { host.to_owned() } else { format!("http://{host}/") }
}

/// The host part of a urlkey, reversed as it is there (`com,example`, with the port where the
/// key has one); `None` for keys without a host.
#[must_use]
pub fn host_of_key(key: &str) -> Option<&str> {
    let (host, _) = key.split_once(')')?;
    (!host.contains(['/', '?'])).then_some(host)
}

/// The host part of a urlkey in the usual order: `com,example:8080` is `example.com:8080`.
pub(crate) fn plain_host(host: &str) -> String {
    let (labels, port) = host.split_once(':').map_or((host, None), |(h, p)| (h, Some(p)));
    let mut plain = labels.rsplit(',').collect::<Vec<_>>().join(".");
    if let Some(port) = port {
        plain.push(':');
        plain.push_str(port);
    }
    plain
}

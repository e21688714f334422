//! The URI exactly as asked for, and a parsed view of it.
//!
//! The text is evidence and is never rewritten: what was asked for is what is stored. The parsed
//! view (WHATWG URL) is what is dialled and what the request line carries.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::HostKey;

/// An `http` or `https` URI with a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetUri {
    text: String,
    url: Url,
}

/// Why a text cannot be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetUriError {
    /// It does not parse as a URL at all.
    #[error("{text:?} is not a URL: {why}")]
    NotAUrl {
        /// What was given.
        text: String,
        /// What the parser said.
        why: String,
    },
    /// A scheme that is not HTTP.
    #[error("{text:?} has the scheme {scheme:?}; only http and https can be captured")]
    Scheme {
        /// What was given.
        text: String,
        /// Its scheme.
        scheme: String,
    },
    /// Longer than any server takes.
    #[error("the URL is {length} bytes long; at most {max} are taken: {start}…")]
    TooLong {
        /// Its length in bytes.
        length: usize,
        /// The limit in bytes.
        max: usize,
        /// Its first bytes.
        start: String,
    },
}

impl TargetUri {
    /// The longest URI that is taken, in bytes: the request line has to fit where servers
    /// commonly stop reading.
    pub const LENGTH_MAX: usize = 16 * 1024;

    /// Reads a URI as given.
    ///
    /// # Errors
    /// When it is no URL, has another scheme than `http` or `https`, or is over
    /// [`Self::LENGTH_MAX`] bytes.
    pub fn parse(text: &str) -> Result<Self, TargetUriError> {
        let text = text.trim();
        if text.len() > Self::LENGTH_MAX {
            return Err(TargetUriError::TooLong {
                length: text.len(),
                max: Self::LENGTH_MAX,
                start: text.chars().take(60).collect(),
            });
        }
        let url = Url::parse(text).map_err(|why| TargetUriError::NotAUrl {
            text: text.to_owned(),
            why: why.to_string(),
        })?;
        Self::from_url(text.to_owned(), url)
    }

    /// Resolves a reference found in a page or a `Location` field against this URI (or against a
    /// `<base>` given as `base`).
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn join(&self, reference: &str) -> Result<Self, TargetUriError> {
        let url = self.url.join(reference.trim()).map_err(|why| TargetUriError::NotAUrl {
            text: reference.to_owned(),
            why: why.to_string(),
        })?;
        let text = url.as_str().to_owned();
        if text.len() > Self::LENGTH_MAX {
            return Err(TargetUriError::TooLong {
                length: text.len(),
                max: Self::LENGTH_MAX,
                start: text.chars().take(60).collect(),
            });
        }
        Self::from_url(text, url)
    }

    fn from_url(text: String, url: Url) -> Result<Self, TargetUriError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(TargetUriError::Scheme { scheme: url.scheme().to_owned(), text });
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(TargetUriError::NotAUrl { text, why: "empty host".to_owned() });
        }
        Ok(Self { text, url })
    }

    /// The text as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parsed view.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it is asked for over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The host as dialled: a name, an IPv4 address, or an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or("")
    }

    /// The port as dialled.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(80)
    }

    /// The politeness key.
    #[must_use]
    pub fn host_key(&self) -> HostKey {
        HostKey::new(self.host())
    }

    /// `scheme://host[:port]`, the unit that robots.txt governs (RFC 9309 section 2.3).
    #[must_use]
    pub fn authority(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Path and query as the request line carries them: never empty, without the fragment.
    #[must_use]
    pub fn request_target(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }

    /// The URI of this authority's robots.txt.
    #[must_use]
    pub fn robots_txt(&self) -> Self {
        let text = format!("{}/robots.txt", self.authority());
        // An authority that parsed once parses again; the URI itself is the harmless way out.
        Self::parse(&text).unwrap_or_else(|_| self.clone())
    }

    /// The same URI without its fragment, which no server ever sees.
    #[must_use]
    pub fn without_fragment(&self) -> Self {
        match self.text.split_once('#') {
            None => self.clone(),
            Some((text, _)) => {
                let mut url = self.url.clone();
                url.set_fragment(None);
                Self { text: text.to_owned(), url }
            }
        }
    }
}

impl fmt::Display for TargetUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for TargetUri {
    type Err = TargetUriError;

    fn from_str(text: &str) -> Result<Self, TargetUriError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_kept_and_the_view_is_parsed() {
        let uri = TargetUri::parse("HTTP://Example.ORG:80/a b?q=ü#frag").unwrap();
        assert_eq!(uri.as_str(), "HTTP://Example.ORG:80/a b?q=ü#frag");
        assert_eq!(uri.host(), "example.org");
        assert_eq!(uri.port(), 80);
        assert_eq!(uri.request_target(), "/a%20b?q=%C3%BC");
        assert_eq!(uri.robots_txt().as_str(), "http://example.org/robots.txt");
        assert_eq!(uri.without_fragment().as_str(), "HTTP://Example.ORG:80/a b?q=ü");
    }

    #[test]
    fn what_cannot_be_asked_for_is_refused_by_name() {
        assert!(matches!(TargetUri::parse("nonsense"), Err(TargetUriError::NotAUrl { .. })));
        assert!(matches!(TargetUri::parse("ftp://a/b"), Err(TargetUriError::Scheme { .. })));
        assert!(matches!(TargetUri::parse("http://"), Err(TargetUriError::NotAUrl { .. })));
        let long = format!("http://a/{}", "x".repeat(TargetUri::LENGTH_MAX));
        assert!(matches!(TargetUri::parse(&long), Err(TargetUriError::TooLong { .. })));
    }
}

//! The site of replay: an origin and a path, with which every address it writes begins.

use std::fmt::Write as _;

use url::Url;

use super::{Address, Modifier};

/// The origin and the base path under which readers reach replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    origin: String,
    base_path: String,
    is_ip6: bool,
}

/// Why a text is not a valid site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// The origin is not `http` or `https`, or is more than scheme, host and port.
    #[error("{0:?} is not an origin: expected http://HOST[:PORT] or https://HOST[:PORT]")]
    Origin(String),
    /// The path does not begin with a slash, or has characters that are not allowed.
    #[error(
        "{0:?} is not a base path: expected \"\" or a path of letters, digits, \"-\", \".\", \"_\", \"~\" and \"/\" that begins with \"/\""
    )]
    BasePath(String),
}

impl Site {
    /// A site at `origin` (`http://127.0.0.1:8080`), below `base_path` (empty, or such as `/archive`;
    /// slashes at its end are ignored). Both go into headers and pages, so neither may contain anything
    /// but these forms, wherever they come from (for example the `Host` field of a request).
    ///
    /// # Errors
    /// When either has another form.
    pub fn new(origin: &str, base_path: &str) -> Result<Self, SiteError> {
        let wrong = || SiteError::Origin(origin.chars().take(200).collect());
        let url = Url::parse(origin).map_err(|_| wrong())?;
        let written = url.origin().ascii_serialization();
        let is_whole = origin.trim_end_matches('/').eq_ignore_ascii_case(&written)
            || origin.trim_end_matches('/').eq_ignore_ascii_case(&with_default_port(&url));
        let host_fits = url.host_str().is_some_and(|host| {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b))
        });
        if !matches!(url.scheme(), "http" | "https") || !is_whole || !host_fits {
            return Err(wrong());
        }
        let path = base_path.trim_end_matches('/');
        let fits = path.is_empty()
            || path.starts_with('/')
                && !path.contains("//")
                && path.split('/').all(|part| part != "." && part != "..")
                && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~".contains(&b));
        if !fits {
            return Err(SiteError::BasePath(base_path.chars().take(200).collect()));
        }
        let is_ip6 = matches!(url.host(), Some(url::Host::Ipv6(_)));
        Ok(Self { origin: written, base_path: path.to_owned(), is_ip6 })
    }

    /// `http://127.0.0.1:8080`, without a slash at its end.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The base path, without a slash at its end; empty if there is none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The prefix of every archival path: `/web/` below the base path.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{}/web/", self.base_path)
    }

    /// The path of an address: `/web/20251105000000mp_/http://example.com/a`.
    #[must_use]
    pub fn path_of(&self, address: &Address) -> String {
        format!("{}{address}", self.prefix())
    }

    /// The whole URL of an address.
    #[must_use]
    pub fn url_of(&self, address: &Address) -> String {
        format!("{}{}", self.origin, self.path_of(address))
    }

    /// The path of any URL text at a time: the text must have been serialised by a URL parser.
    pub(super) fn path_to(&self, stamp: &str, modifier: Modifier, url: &str) -> String {
        let mut out = String::with_capacity(self.base_path.len() + 24 + url.len());
        // Writing into a String cannot fail.
        let _ = write!(out, "{}/web/{stamp}{}/{url}", self.base_path, modifier.as_str());
        out
    }

    /// The source expression of a content security policy that matches replay and nothing else.
    ///
    /// An IPv6 address cannot be written in one (CSP 3 section 2.3.1), so that `'self'` stands there.
    pub(super) fn source_expression(&self) -> String {
        if self.is_ip6 { "'self'".to_owned() } else { format!("{}{}", self.origin, self.prefix()) }
    }
}

fn with_default_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    format!("{}://{host}:{}", url.scheme(), url.port_or_known_default().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_and_base_paths_are_taken_only_whole() {
        let cases = [
            ("http://127.0.0.1:8080", "", Some("/web/")),
            ("http://127.0.0.1:8080/", "/", Some("/web/")),
            ("https://archive.example", "/press/", Some("/press/web/")),
            ("https://archive.example:443", "/a/b", Some("/a/b/web/")),
            ("http://[::1]:8080", "", Some("/web/")),
            ("http://archive.example/path", "", None),
            ("http://user@archive.example", "", None),
            ("http://a.example; script-src *", "", None),
            ("http://a.example,b.example", "", None),
            ("ftp://archive.example", "", None),
            ("archive.example", "", None),
            ("http://a.example", "web", None),
            ("http://a.example", "/a;b", None),
            ("http://a.example", "/../x", None),
            ("http://a.example", "//x", None),
            ("http://a.example", "/a\r\nX: y", None),
        ];
        for (origin, path, prefix) in cases {
            let site = Site::new(origin, path).ok();
            assert_eq!(site.map(|site| site.prefix()).as_deref(), prefix, "{origin} {path}");
        }
    }

    #[test]
    fn an_ipv6_address_is_matched_as_self() {
        let site = Site::new("http://[::1]:8080", "").unwrap();
        assert_eq!(site.source_expression(), "'self'");
        let site = Site::new("http://localhost:8080", "/x").unwrap();
        assert_eq!(site.source_expression(), "http://localhost:8080/x/web/");
    }
}

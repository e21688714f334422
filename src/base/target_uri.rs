//! The URI as asked for, and a parsed view of it.
//!
//! The text is evidence: what was asked for is what is stored, as long as it is a URI (RFC 3986).
//! Other text of a person or a page (blanks, letters beyond ASCII, backslashes) is stored as a
//! browser would write it. The parsed view (WHATWG URL) is what is dialled and what the request line
//! carries.
//!
//! A user and a password in a URL are not part of it: they are left out wherever a URI is made, so
//! that none is ever logged, listed or archived by mistake. [`TargetUri::given`] hands them out
//! beside it.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::HostKey;
use super::percent::percent_decoded;

/// An `http` or `https` URI with a host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TargetUri {
    text: String,
    url: Url,
}

/// A user and a password from a URL. They are not printed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UserPart {
    /// The user's name, percent escapes undone.
    pub name: String,
    /// The password, percent escapes undone; empty where there is none.
    pub password: String,
}

impl fmt::Debug for UserPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

/// Why a text cannot be asked for. No message holds a user or a password.
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

    /// Reads a URI. A user and a password in it are left out.
    ///
    /// # Errors
    /// When it is not a URL, has another scheme than `http` or `https`, or is over
    /// [`Self::LENGTH_MAX`] bytes.
    pub fn parse(text: &str) -> Result<Self, TargetUriError> {
        Self::read(text).map(|(uri, _)| uri)
    }

    /// Reads a URI that a person wrote, on the command line or in a job: what is not a URI by the
    /// letter of RFC 3986 is made one, down to characters that browsers leave (`|`, brackets, a
    /// percent sign alone). The second part is the user and password from it.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn given(text: &str) -> Result<(Self, Option<UserPart>), TargetUriError> {
        let (uri, user) = Self::read(text)?;
        if is_uri(&uri.text) {
            return Ok((uri, user));
        }
        // The escaped text is still a URL; if it were not, the form that a browser makes of it is used.
        Ok((Self::parse(&escaped(&uri.text)).unwrap_or(uri), user))
    }

    /// Reads the address of a receiver that is configured, whose user and password go with it. Not for
    /// anything that is captured.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn with_user(text: &str) -> Result<Self, TargetUriError> {
        let text = text.trim();
        Self::from_url(text.to_owned(), parse_url(text)?)
    }

    fn read(text: &str) -> Result<(Self, Option<UserPart>), TargetUriError> {
        let text = text.trim();
        if text.len() > Self::LENGTH_MAX {
            return Err(too_long(text));
        }
        let mut url = parse_url(text)?;
        let user = take_user(&mut url);
        // As given where it is a URI, or where a browser would write it so.
        let is_kept = user.is_none() && (is_uri(text) || text == url.as_str());
        let text = if is_kept { text } else { url.as_str() };
        if text.len() > Self::LENGTH_MAX {
            return Err(too_long(text));
        }
        Ok((Self::from_url(text.to_owned(), url)?, user))
    }

    /// Resolves a reference found in a page or a `Location` field against this URI (or against a
    /// `<base>` given as `base`).
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn join(&self, reference: &str) -> Result<Self, TargetUriError> {
        let mut url = self.url.join(reference.trim()).map_err(|why| TargetUriError::NotAUrl {
            text: without_user(reference),
            why: why.to_string(),
        })?;
        take_user(&mut url);
        let text = url.as_str().to_owned();
        if text.len() > Self::LENGTH_MAX {
            return Err(too_long(&text));
        }
        Self::from_url(text, url)
    }

    /// Resolves a `Location` field as its bytes stand: those that are not ASCII are escaped as they are,
    /// since their encoding is not declared, and the server has to receive its own bytes. Browsers do the
    /// same.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn join_bytes(&self, reference: &[u8]) -> Result<Self, TargetUriError> {
        let mut text = String::with_capacity(reference.len());
        for byte in reference {
            match byte {
                0x80.. => text.push_str(&format!("%{byte:02X}")),
                _ => text.push(char::from(*byte)),
            }
        }
        self.join(&text)
    }

    fn from_url(text: String, url: Url) -> Result<Self, TargetUriError> {
        if !matches!(url.scheme(), "http" | "https") {
            // "user:password@host" reads as a scheme; a mail address holds no password.
            let text = if url.scheme() == "mailto" { text } else { without_user(&text) };
            return Err(TargetUriError::Scheme { scheme: url.scheme().to_owned(), text });
        }
        if url.host_str().is_none_or(str::is_empty) {
            let text = without_user(&text);
            return Err(TargetUriError::NotAUrl { text, why: "empty host".to_owned() });
        }
        Ok(Self { text, url })
    }

    /// The text: as given where it is a URI.
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
        // An authority that parsed once parses again; the URI itself is a safe fallback.
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

fn parse_url(text: &str) -> Result<Url, TargetUriError> {
    Url::parse(text)
        .map_err(|why| TargetUriError::NotAUrl { text: without_user(text), why: why.to_string() })
}

fn too_long(text: &str) -> TargetUriError {
    TargetUriError::TooLong {
        length: text.len(),
        max: TargetUri::LENGTH_MAX,
        start: without_user(text).chars().take(60).collect(),
    }
}

/// Takes the user and the password out of a URL.
fn take_user(url: &mut Url) -> Option<UserPart> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let name = percent_decoded(url.username());
    let password = percent_decoded(url.password().unwrap_or(""));
    // Both are refused only where there is no host, and then there is no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(UserPart { name, password })
}

/// A text with anything in it that may be a user and a password left out, for a message: where a
/// URL cannot be read, their end is not known.
fn without_user(text: &str) -> String {
    let start = text.find("//").map_or(0, |at| at + 2);
    match text[start..].rfind('@') {
        Some(at) => format!("{}…{}", &text[..start], &text[start + at..]),
        None => text.to_owned(),
    }
}

/// Where the authority of `scheme://authority…` ends; none where there is no authority.
fn authority_end(text: &str) -> Option<(usize, usize)> {
    let begin = text.find("://")? + 3;
    let end = text[begin..].find(['/', '?', '#']).map_or(text.len(), |at| begin + at);
    Some((begin, end))
}

/// RFC 3986 appendix A: unreserved, sub-delims, ":" and "@".
fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

fn is_escape(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'%'
        && bytes.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a text is an `http` or `https` URI by the grammar of RFC 3986, without a user part.
fn is_uri(text: &str) -> bool {
    let Some((begin, end)) = authority_end(text) else { return false };
    let scheme = &text[..begin - 3];
    let is_http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let (bytes, authority) = (text.as_bytes(), &text[begin..end]);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let is_literal = |host: &str| {
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        inner.is_some_and(|inner| {
            inner.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
        })
    };
    let is_name = |host: &str| {
        let bytes = host.as_bytes();
        (0..bytes.len()).all(|at| {
            let byte = bytes[at];
            (is_pchar(byte) && !matches!(byte, b':' | b'@')) || is_escape(bytes, at)
        })
    };
    let mut fragment = false;
    is_http
        && !host.is_empty()
        && (is_literal(host) || is_name(host))
        && port.bytes().all(|b| b.is_ascii_digit())
        && (end..bytes.len()).all(|at| match bytes[at] {
            b'#' => !std::mem::replace(&mut fragment, true),
            byte => is_pchar(byte) || matches!(byte, b'/' | b'?') || is_escape(bytes, at),
        })
}

/// A URL as a browser writes it with everything escaped that RFC 3986 does not let stand.
fn escaped(text: &str) -> String {
    let end = authority_end(text).map_or(0, |(_, end)| end);
    let (bytes, mut fragment) = (text.as_bytes(), false);
    let mut out = text[..end].to_owned();
    for (at, byte) in bytes.iter().enumerate().skip(end) {
        let stays = match byte {
            b'#' => !std::mem::replace(&mut fragment, true),
            b'/' | b'?' => true,
            byte => is_pchar(*byte) || is_escape(bytes, at),
        };
        if stays {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
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
        let uri = TargetUri::parse("HTTP://Example.ORG:80/a%20b?q=%c3%bc#frag").unwrap();
        assert_eq!(uri.as_str(), "HTTP://Example.ORG:80/a%20b?q=%c3%bc#frag");
        assert_eq!(uri.host(), "example.org");
        assert_eq!(uri.port(), 80);
        assert_eq!(uri.request_target(), "/a%20b?q=%c3%bc");
        assert_eq!(uri.robots_txt().as_str(), "http://example.org/robots.txt");
        assert_eq!(uri.without_fragment().as_str(), "HTTP://Example.ORG:80/a%20b?q=%c3%bc");
    }

    #[test]
    fn what_is_no_uri_is_written_as_one() {
        for (text, parsed, given) in [
            ("http://a.org/x", "http://a.org/x", "http://a.org/x"),
            ("http://A.org/a b?q=ü#ß", "http://a.org/a%20b?q=%C3%BC#%C3%9F", ""),
            ("http://b\u{fc}cher.example/", "http://xn--bcher-kva.example/", ""),
            ("http:\\\\a.org\\x", "http://a.org/x", ""),
            ("https:a.org", "https://a.org/", ""),
            (
                "http://a.org/a|b?c[]=1{2}^`#d#e",
                "http://a.org/a|b?c[]=1{2}^`#d#e",
                "http://a.org/a%7Cb?c%5B%5D=1%7B2%7D%5E%60#d%23e",
            ),
            (
                "http://a.org/100%?50%25&%zz",
                "http://a.org/100%?50%25&%zz",
                "http://a.org/100%25?50%25&%25zz",
            ),
            ("http://[2001:DB8::1]:81/", "http://[2001:DB8::1]:81/", ""),
            ("http://a.org/\t x\n", "http://a.org/%20x", ""),
            ("http://a.org/\"<>", "http://a.org/%22%3C%3E", ""),
        ] {
            let uri = TargetUri::parse(text).unwrap();
            if parsed != text {
                assert_eq!(uri.as_str(), parsed, "{text}");
            }
            let (by_hand, user) = TargetUri::given(text).unwrap();
            assert_eq!(by_hand.as_str(), if given.is_empty() { parsed } else { given }, "{text}");
            assert_eq!(user, None);
            assert!(is_uri(by_hand.as_str()), "{by_hand}");
            // It is a URI from now on, however often it is read.
            assert_eq!(TargetUri::parse(by_hand.as_str()).unwrap(), by_hand);
        }
    }

    #[test]
    fn a_user_and_a_password_leave_the_url() {
        for text in [
            "http://ann:pa%3Ass@a.org/x?y#z",
            "http://ann:pa:ss@a.org/x?y#z",
            "HTTP://ann:pa%3ass@A.org:80/x?y#z",
        ] {
            let (uri, user) = TargetUri::given(text).unwrap();
            assert_eq!(uri.as_str(), "http://a.org/x?y#z", "{text}");
            let user = user.unwrap();
            assert_eq!((user.name.as_str(), user.password.as_str()), ("ann", "pa:ss"));
            assert!(!format!("{user:?}").contains("ann"));
            assert_eq!(TargetUri::parse(text).unwrap(), uri);
            assert_eq!(uri.url().username(), "");
            assert!(TargetUri::with_user(text).unwrap().url().password().is_some());
        }
        let uri = TargetUri::parse("http://a.org/").unwrap();
        assert_eq!(uri.join("//ann:hunter2@b.org/").unwrap().as_str(), "http://b.org/");
        // An at sign behind the authority does not mark a user.
        assert_eq!(TargetUri::parse("http://a.org/@x").unwrap().as_str(), "http://a.org/@x");
        let long = format!("http://ann:hunter2@a.org/{}", "x".repeat(TargetUri::LENGTH_MAX));
        for text in [
            "http://ann:hunter2@",
            "ftp://ann:hunter2@a.org/",
            "http://ann:hunter2/x@a.org:b/",
            "ann:hunter2@a.org",
            "http://ann:hunter2@a.org:99999/",
            &long,
        ] {
            let why = TargetUri::given(text).unwrap_err().to_string();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_given_becomes_a_uri_and_stays_it(
            text in "https?://[a-z\u{e9}]{1,5}\\.org(:[0-9]{1,4})?(/|\\?|#)\\PC{0,30}"
        ) {
            if let Ok((uri, _)) = TargetUri::given(&text) {
                proptest::prop_assert!(is_uri(uri.as_str()), "{}", uri);
                proptest::prop_assert_eq!(&TargetUri::parse(uri.as_str()).unwrap(), &uri);
                let key = |text: &str| crate::base::surt::urlkey(text);
                proptest::prop_assert_eq!(key(uri.as_str()), key(uri.url().as_str()));
            }
        }
    }

    #[test]
    fn bytes_of_a_location_come_back_as_they_were_sent() {
        let from = TargetUri::parse("http://a.example/d/x").unwrap();
        for (location, want) in [
            (&b"/caf\xe9?q=\xe9&r"[..], "http://a.example/caf%E9?q=%E9&r"),
            ("/café?q=é".as_bytes(), "http://a.example/caf%C3%A9?q=%C3%A9"),
            (b"?q=\x93\xfa%20 z", "http://a.example/d/x?q=%93%FA%20%20z"),
            ("//bücher.example/ü".as_bytes(), "http://xn--bcher-kva.example/%C3%BC"),
            (b" ../y#\xe9 ", "http://a.example/y#%E9"),
        ] {
            assert_eq!(from.join_bytes(location).unwrap().as_str(), want);
        }
        assert!(from.join_bytes(b"//b\xfccher.example/").is_err());
        assert!(from.join_bytes(b"ftp://a/").is_err());
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

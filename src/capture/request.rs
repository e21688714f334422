//! The bytes of a request: who we are, what we can read, what we already have.
//!
//! Owns their order and their checks: a field that would end its line early is refused, so that no
//! configured header and no earlier response can add a request of its own (RFC 9112 section 11.1).
//! Deliberately sends nothing, and prints no cookie and no password in `Debug`.

use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64;

use crate::base::TargetUri;
use crate::http::{Head, Method};

/// Says from the head of a response whether its body is wanted; why not, where it is not.
#[derive(Clone)]
pub struct BodyFilter(Arc<Wants>);

type Wants = dyn Fn(&Head) -> Result<(), String> + Send + Sync;

impl BodyFilter {
    /// A filter that asks this function.
    pub fn new(wants: impl Fn(&Head) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(wants))
    }

    pub(super) fn judge(&self, head: &Head) -> Result<(), String> {
        (self.0)(head)
    }
}

/// Says whether a request may still be sent, and whether its answer may still be read.
#[derive(Clone)]
pub struct MaySend {
    send: Arc<Says>,
    go_on: Arc<Says>,
}

type Says = dyn Fn() -> bool + Send + Sync;

impl MaySend {
    /// What these functions say: the first right before the first byte of a request, the second several
    /// times a second while the answer is read. An answer that may not be read to its end is cut off.
    pub fn new(
        send: impl Fn() -> bool + Send + Sync + 'static,
        go_on: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self { send: Arc::new(send), go_on: Arc::new(go_on) }
    }

    pub(super) fn says_yes(&self) -> bool {
        (self.send)()
    }

    pub(super) fn goes_on(&self) -> bool {
        (self.go_on)()
    }
}

impl PartialEq for MaySend {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.send, &other.send)
    }
}

impl Eq for MaySend {}

impl PartialEq for BodyFilter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for BodyFilter {}

/// What is asked for besides the URI, which the permit holds.
#[derive(Clone, PartialEq, Eq)]
pub struct CaptureRequest {
    /// GET or HEAD.
    pub method: Method,
    /// The whole `User-Agent` field: product token and contact (RFC 9309 section 2.2.1).
    pub user_agent: String,
    /// The `Accept` field.
    pub accept: String,
    /// The `Accept-Language` field; none sends none.
    pub accept_language: Option<String>,
    /// The `Accept-Encoding` field; empty sends none.
    ///
    /// Default `gzip, br`: pages travel and rest packed, and readers of archives (pywb, Wayback
    /// software, browsers) undo both. `zstd` is read here as well, but by few of them, and an
    /// archive outlives its reader; `deflate` has two meanings in the wild.
    pub accept_encoding: String,
    /// The page that led here.
    pub referer: Option<String>,
    /// `If-None-Match`: the last capture's `ETag` as it was there. Left out where it cannot
    /// stand in a field, since it comes from the web.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`: the last capture's `Last-Modified`. Left out likewise.
    pub if_modified_since: Option<String>,
    /// More fields, in order. One named `Accept`, `Accept-Language`, `Accept-Encoding` or
    /// `Referer` takes the place of the default one.
    pub headers: Vec<(String, String)>,
    /// Fields that are secrets: `Authorization`, `Cookie`, keys. They go after the others, and an
    /// exchange that carried any says so, since what it leaves behind holds them.
    pub credentials: Vec<(String, String)>,
    /// What servers of this navigation asked to be sent back, as the `Cookie` field has it; one
    /// field with that of the credentials.
    pub cookie: Option<String>,
    /// Which bodies of 200 are read to their end; the part of another that was received is kept, and marked
    /// `WARC-Truncated: unspecified`. Without it all are.
    pub wanted: Option<BodyFilter>,
    /// A response longer than this is cut there, where the network's own limit is not lower.
    pub response_bytes_max: Option<u64>,
    /// Asked right before the first byte goes out, however long the way there took; where it says no,
    /// nothing is sent.
    pub may_send: Option<MaySend>,
}

impl CaptureRequest {
    /// A plain GET of a page.
    #[must_use]
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            user_agent: user_agent.into(),
            accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8".to_owned(),
            accept_language: None,
            accept_encoding: "gzip, br".to_owned(),
            referer: None,
            if_none_match: None,
            if_modified_since: None,
            headers: Vec::new(),
            credentials: Vec::new(),
            cookie: None,
            wanted: None,
            response_bytes_max: None,
            may_send: None,
        }
    }
}

impl CaptureRequest {
    /// Has the cookies of a navigation sent. One of a name that is configured is left out: what the
    /// operator says holds.
    pub fn add_cookies(&mut self, cookies: &str) {
        let name = |pair: &str| pair.split('=').next().unwrap_or_default().trim().to_owned();
        let given = self.given().filter(|(name, _)| is_cookie(name));
        let names: Vec<String> = given.flat_map(|(_, value)| value.split(';')).map(name).collect();
        let new: Vec<&str> =
            cookies.split("; ").filter(|pair| !names.contains(&name(pair))).collect();
        self.cookie = (!new.is_empty()).then(|| new.join("; "));
    }

    /// Has fields sent that a page's scripts have set. One of a name that is configured or written by this module is
    /// left out, and one that cannot be written: what the operator says holds, and a page stops no request.
    pub fn add_fields(&mut self, fields: Vec<(String, String)>) {
        let is_ours = |name: &str| {
            let mut ours = RESERVED.iter().chain(&OURS).copied();
            ours.any(|ours| ours.eq_ignore_ascii_case(name))
        };
        let given: Vec<String> = self.given().map(|(name, _)| name.to_ascii_lowercase()).collect();
        self.headers.extend(fields.into_iter().filter(|(name, value)| {
            let is_given = given.contains(&name.to_ascii_lowercase());
            !is_given && !is_ours(name) && is_token(name) && is_value(value)
        }));
    }
}

impl fmt::Debug for CaptureRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of configured fields may be secrets too, so only their names are shown.
        f.debug_struct("CaptureRequest")
            .field("method", &self.method)
            .field("user_agent", &self.user_agent)
            .field("if_none_match", &self.if_none_match)
            .field("if_modified_since", &self.if_modified_since)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field(
                "credentials",
                &self.credentials.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            )
            .field("cookie", &self.cookie.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

/// Why a request cannot be written. Values are never repeated: they may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A field name that is not a token (RFC 9110 section 5.6.2).
    #[error("the request field name {0:?} is not a token")]
    Name(String),
    /// A value that would end its line, or holds another control character.
    #[error("the value of the request field {0} holds a control character")]
    Value(String),
    /// A field that only this module writes.
    #[error(
        "the request field {0} cannot be set: it controls the framing or the target of the exchange"
    )]
    Reserved(String),
    /// A method that is not captured.
    #[error("the method {0} cannot be captured")]
    Method(&'static str),
}

/// Which form of the request target is sent (RFC 9112 section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetForm {
    /// Path and query, to the server itself.
    Origin,
    /// The whole URI, to a proxy.
    Absolute,
}

/// Fields that frame the message, name the server or the client, or belong to the connection.
const RESERVED: [&str; 11] = [
    "host",
    "user-agent",
    "connection",
    "keep-alive",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "proxy-authorization",
];

/// Fields that have a place of their own in a request.
const OURS: [&str; 7] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "cookie",
    "if-modified-since",
    "if-none-match",
    "referer",
];

impl CaptureRequest {
    /// The request's bytes.
    pub(super) fn bytes(&self, uri: &TargetUri, form: TargetForm) -> Result<Vec<u8>, RequestError> {
        if self.method == Method::Connect {
            return Err(RequestError::Method("CONNECT"));
        }
        self.check_extra()?;
        let mut out = Fields(Vec::with_capacity(512));
        let url = uri.url();
        let host = match url.port() {
            Some(port) => format!("{}:{port}", uri.host()),
            None => uri.host().to_owned(),
        };
        let target = match form {
            TargetForm::Origin => uri.request_target(),
            TargetForm::Absolute => format!("{}://{host}{}", url.scheme(), uri.request_target()),
        };
        // The parsed URL holds neither blanks nor control characters: they are percent-encoded.
        out.0.extend_from_slice(
            format!("{} {target} HTTP/1.1\r\n", self.method.as_str()).as_bytes(),
        );
        out.push("Host", &host)?;
        out.push("User-Agent", &self.user_agent)?;
        self.push_ours(&mut out, uri)?;
        for (name, value) in self.given().filter(|(name, _)| !is_cookie(name)) {
            out.push(name, value)?;
        }
        // RFC 6265 section 5.4: a request has one field of this name.
        let given = self.given().filter(|(name, _)| is_cookie(name)).map(|(_, value)| value);
        let cookies: Vec<&str> = given.chain(self.cookie.as_deref()).collect();
        if !cookies.is_empty() {
            out.push("Cookie", &cookies.join("; "))?;
        }
        // HTTP/1.0 servers keep a connection only when asked to.
        out.push("Connection", "keep-alive")?;
        out.0.extend_from_slice(b"\r\n");
        Ok(out.0)
    }

    /// The fields that were given, secrets last.
    fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        let both = self.headers.iter().chain(&self.credentials);
        both.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn push_ours(&self, out: &mut Fields, uri: &TargetUri) -> Result<(), RequestError> {
        let ours = [
            ("Accept", Some(self.accept.as_str())),
            ("Accept-Language", self.accept_language.as_deref()),
            ("Accept-Encoding", Some(self.accept_encoding.as_str())),
            ("Referer", self.referer.as_deref().filter(|from| may_send_referer(from, uri))),
        ];
        for (name, value) in ours {
            let replaced = self.given().any(|(given, _)| given.eq_ignore_ascii_case(name));
            if let Some(value) = value.filter(|value| !value.is_empty() && !replaced) {
                out.push(name, value)?;
            }
        }
        let conditions = [
            ("If-None-Match", &self.if_none_match),
            ("If-Modified-Since", &self.if_modified_since),
        ];
        for (name, value) in conditions {
            if let Some(value) = value.as_deref().filter(|value| is_value(value)) {
                out.push(name, value)?;
            }
        }
        Ok(())
    }

    fn check_extra(&self) -> Result<(), RequestError> {
        for (name, _) in self.given() {
            if RESERVED.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
                return Err(RequestError::Reserved(name.to_owned()));
            }
        }
        Ok(())
    }
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie")
}

/// The value of an authorization field (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()))
}

/// RFC 9110 section 10.1.3: a secure page is not named to an insecure one.
fn may_send_referer(referer: &str, uri: &TargetUri) -> bool {
    is_value(referer) && (uri.is_https() || !referer.starts_with("https:"))
}

struct Fields(Vec<u8>);

impl Fields {
    fn push(&mut self, name: &str, value: &str) -> Result<(), RequestError> {
        if !is_token(name) {
            return Err(RequestError::Name(name.to_owned()));
        }
        if !is_value(value) {
            return Err(RequestError::Value(name.to_owned()));
        }
        self.0.extend_from_slice(format!("{name}: {}\r\n", value.trim()).as_bytes());
        Ok(())
    }
}

fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn is_value(value: &str) -> bool {
    value.bytes().all(|b| b == b'\t' || (b >= 0x20 && b != 0x7f))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(request: &CaptureRequest, uri: &str) -> Result<String, RequestError> {
        let uri = TargetUri::parse(uri).unwrap();
        request.bytes(&uri, TargetForm::Origin).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_request_says_who_we_are_and_what_we_have() {
        let mut request = CaptureRequest::new("Pressmark/0 (+https://example.org/bot)");
        request.accept_language = Some("de, en;q=0.5".to_owned());
        request.if_none_match = Some("W/\"x\"".to_owned());
        request.if_modified_since = Some("Wed, 05 Nov 2025 00:00:00 GMT".to_owned());
        request.headers.push(("X-Job".to_owned(), "a".to_owned()));
        request.credentials.push(("cookie".to_owned(), "session=2".to_owned()));
        request.credentials.push(("Authorization".to_owned(), "Basic bWU6cHc=".to_owned()));
        request.cookie = Some("consent=1".to_owned());
        assert_eq!(
            bytes(&request, "http://Example.org:8080/a b?q#frag").unwrap(),
            "GET /a%20b?q HTTP/1.1\r\n\
             Host: example.org:8080\r\n\
             User-Agent: Pressmark/0 (+https://example.org/bot)\r\n\
             Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
             Accept-Language: de, en;q=0.5\r\n\
             Accept-Encoding: gzip, br\r\n\
             If-None-Match: W/\"x\"\r\n\
             If-Modified-Since: Wed, 05 Nov 2025 00:00:00 GMT\r\n\
             X-Job: a\r\n\
             Authorization: Basic bWU6cHc=\r\n\
             Cookie: session=2; consent=1\r\n\
             Connection: keep-alive\r\n\r\n"
        );
    }

    #[test]
    fn to_a_proxy_goes_the_whole_uri_without_its_user() {
        let uri = TargetUri::parse("http://me:pw@[2001:db8::1]:81/a?b#c").unwrap();
        let bytes = CaptureRequest::new("x").bytes(&uri, TargetForm::Absolute).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.starts_with(
                "GET http://[2001:db8::1]:81/a?b HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n"
            )
        );
        assert!(!text.contains("Authorization"), "{text}");
    }

    #[test]
    fn nothing_can_add_a_line_of_its_own() {
        let plain = CaptureRequest::new("x");
        for (name, value) in [
            ("X", "a\r\nY: b"),
            ("X", "a\nY"),
            ("X", "a\0"),
            ("X\r\nY", "a"),
            ("", "a"),
            ("X Y", "a"),
        ] {
            let mut request = plain.clone();
            request.headers.push((name.to_owned(), value.to_owned()));
            assert!(bytes(&request, "http://a/").is_err(), "{name:?}: {value:?}");
        }
        for name in ["host", "Content-Length", "TRANSFER-ENCODING", "User-Agent", "connection"] {
            let mut request = plain.clone();
            request.headers.push((name.to_owned(), "a".to_owned()));
            assert_eq!(bytes(&request, "http://a/"), Err(RequestError::Reserved(name.to_owned())));
        }
        assert!(bytes(&CaptureRequest::new("x\r\ny"), "http://a/").is_err());
        // What comes from the web is left out instead.
        let mut request = plain.clone();
        request.if_none_match = Some("\"a\r\nX: y\"".to_owned());
        request.referer = Some("http://b/\r\nX: y".to_owned());
        assert_eq!(bytes(&request, "http://a/"), bytes(&plain, "http://a/"));
    }

    #[test]
    fn cookies_of_a_navigation_stand_beside_those_that_are_configured() {
        let mut request = CaptureRequest::new("x");
        request.add_cookies("a=1; b=2");
        assert!(bytes(&request, "http://a/").unwrap().contains("\r\nCookie: a=1; b=2\r\n"));
        request.headers.push(("cookie".to_owned(), "consent=1".to_owned()));
        request.credentials.push(("Cookie".to_owned(), "s=1;t=2".to_owned()));
        request.add_cookies("consent=0; t=3; u=4");
        let text = bytes(&request, "http://a/").unwrap();
        assert!(text.contains("\r\nCookie: consent=1; s=1;t=2; u=4\r\n"), "{text}");
        request.add_cookies("consent=0");
        assert_eq!(request.cookie, None);
    }

    #[test]
    fn fields_of_scripts_stand_behind_those_that_are_configured() {
        let mut request = CaptureRequest::new("x");
        request.headers.push(("X-Key".to_owned(), "ours".to_owned()));
        request.credentials.push(("Authorization".to_owned(), "ours".to_owned()));
        let fields = [
            ("x-key", "a"),
            ("authorization", "a"),
            ("Host", "b"),
            ("user-agent", "a"),
            ("Accept", "a"),
            ("Cookie", "a=1"),
            ("If-None-Match", "a"),
            ("X Y", "a"),
            ("X-Line", "a\r\nX-Other: b"),
            ("X-Inertia", "true"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut want = request.clone();
        request.add_fields(fields.to_vec());
        want.headers.push(("X-Inertia".to_owned(), "true".to_owned()));
        assert_eq!(bytes(&request, "http://a/"), bytes(&want, "http://a/"));
    }

    #[test]
    fn a_secure_page_is_not_named_to_an_insecure_one() {
        let mut request = CaptureRequest::new("x");
        request.referer = Some("https://b/secret".to_owned());
        assert!(!bytes(&request, "http://a/").unwrap().contains("Referer"));
        assert!(bytes(&request, "https://a/").unwrap().contains("Referer: https://b/secret\r\n"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let mut request = CaptureRequest::new("x");
        request.cookie = Some("SECRET".to_owned());
        request.credentials.push(("Authorization".to_owned(), "SECRET".to_owned()));
        request.headers.push(("X-Key".to_owned(), "SECRET".to_owned()));
        assert!(!format!("{request:?}").contains("SECRET"));
        request.headers.push(("X".to_owned(), "SECRET\n".to_owned()));
        assert!(!bytes(&request, "http://a/").unwrap_err().to_string().contains("SECRET"));
    }
}

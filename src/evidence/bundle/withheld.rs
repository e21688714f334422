//! What of a request does not go into a bundle: the credentials that were sent with it.
//!
//! A request is withheld as a whole record, since its digest is over all of its block: the leaf, the
//! header of the record and with it the digest of the block stay in the bundle, and the request is
//! shown with the secret values left out, which proves nothing. Its member stays in the archive alone.
//!
//! Job and credentials files can add fields of any name. So the fields that may be shown are listed,
//! and all others are treated as secrets.

use crate::warc::Fields;

/// Fields of requests whose values are not secret (RFC 9110, Fetch Metadata, client hints).
const SHOWN: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "dnt",
    "expect",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "origin",
    "pragma",
    "priority",
    "proxy-connection",
    "range",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "sec-gpc",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade-insecure-requests",
    "user-agent",
];

/// What replaces a secret.
const INSTEAD: &str = "[withheld]";

/// A request of which something is withheld.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// The header of its record, byte for byte.
    pub header: Vec<u8>,
    /// The names of the fields whose values are left out, as they were first sent, in lower case;
    /// `body` for the body.
    pub names: Vec<String>,
    /// The request without them.
    pub shown: String,
}

impl Withheld {
    /// What of a record must be withheld; `None` where it is not a request, or holds no secrets.
    #[must_use]
    pub fn of(fields: &Fields, header: &[u8], block: &[u8]) -> Option<Self> {
        if fields.record_kind().is_none_or(|kind| kind.as_str() != "request") {
            return None;
        }
        let mut out = Self { header: header.to_vec(), names: Vec::new(), shown: String::new() };
        let mut rest = block;
        let mut is_first = true;
        let mut hides = false;
        while let Some(line) = take_line(&mut rest) {
            if line.is_empty() {
                break;
            }
            let text = printable(line);
            if std::mem::take(&mut is_first) {
                out.request_line(&text);
            } else if line[0] == b' ' || line[0] == b'\t' {
                // A line that continues with the field before it (RFC 9112 section 5.2).
                out.shown.push_str(if hides { INSTEAD } else { &text });
            } else {
                hides = out.field(&text);
            }
            out.shown.push_str("\r\n");
        }
        out.shown.push_str("\r\n");
        if !rest.is_empty() {
            out.name("body");
            out.shown.push_str(INSTEAD);
        }
        (!out.names.is_empty()).then_some(out)
    }

    fn request_line(&mut self, text: &str) {
        let parts: Vec<&str> = text.split(' ').collect();
        let is_plain = matches!(parts.as_slice(), [method, target, version]
            if is_token(method) && version.starts_with("HTTP/") && !has_user(target));
        if is_plain {
            self.shown.push_str(text);
        } else {
            self.name("request line");
            self.shown.push_str(INSTEAD);
        }
    }

    /// Takes in a field; whether its value is left out.
    fn field(&mut self, text: &str) -> bool {
        let name = text.split_once(':').map(|(name, _)| name.trim_end());
        let Some(name) = name.filter(|name| is_token(name)) else {
            self.name("a line that is not a field");
            self.shown.push_str(INSTEAD);
            return true;
        };
        let lower = name.to_ascii_lowercase();
        if SHOWN.contains(&lower.as_str()) {
            self.shown.push_str(text);
            return false;
        }
        self.name(&lower);
        self.shown.push_str(&format!("{name}: {INSTEAD}"));
        true
    }

    fn name(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }
}

/// The next line without its end; `None` where there is none.
fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let at = memchr::memchr(b'\n', rest);
    let (line, after) = at.map_or((*rest, &[][..]), |at| (&rest[..at], &rest[at + 1..]));
    *rest = after;
    Some(line.strip_suffix(b"\r").unwrap_or(line))
}

fn printable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Whether an address names a user, and maybe a password (RFC 3986 section 3.2.1).
#[must_use]
pub fn has_user(address: &str) -> bool {
    address
        .split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
        .is_some_and(|authority| authority.contains('@'))
}

/// A name as RFC 9110 section 5.1 has it.
fn is_token(name: &str) -> bool {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(block: &str) -> Option<(Vec<String>, String)> {
        let mut fields = Fields::new();
        fields.push("WARC-Type", "request");
        let withheld = Withheld::of(&fields, b"WARC/1.1\r\n\r\n", block.as_bytes())?;
        Some((withheld.names, withheld.shown))
    }

    #[test]
    fn credentials_of_any_name_are_left_out_and_the_rest_is_shown() {
        let plain = "GET /a HTTP/1.1\r\nHost: a.example\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n";
        assert_eq!(of(plain), None);
        for (secret, name) in [
            ("Authorization: Basic c2VjcmV0", "authorization"),
            ("COOKIE: session=secret", "cookie"),
            ("Proxy-Authorization: Bearer secret", "proxy-authorization"),
            ("X-Api-Key: secret", "x-api-key"),
            ("X-Key : secret", "x-key"),
            ("X-Key:\r\n secret", "x-key"),
            ("X-Key: a\r\n\tsecret\r\n secret", "x-key"),
            ("secret", "a line that is not a field"),
            ("se cret: secret", "a line that is not a field"),
            (": secret", "a line that is not a field"),
        ] {
            for end in ["\r\n", "\n"] {
                let block = plain.replace("Accept: */*", &format!("{secret}\r\nAccept: */*"));
                let (names, shown) = of(&block.replace("\r\n", end)).unwrap();
                assert_eq!(names, [name], "{secret}");
                assert!(!shown.contains("secret") && !shown.contains("c2VjcmV0"), "{shown}");
                for kept in ["GET /a HTTP/1.1", "Host: a.example", "Accept: */*", INSTEAD] {
                    assert!(shown.contains(kept), "{shown}");
                }
            }
        }
        let proxied = plain.replace("GET /a", "GET http://ann:secret@a.example/a");
        for odd in [proxied, plain.replace("GET /a HTTP/1.1", "Authorization: secret")] {
            let (names, shown) = of(&odd).unwrap();
            assert_eq!(names, ["request line"]);
            assert!(!shown.contains("secret"), "{shown}");
        }
        let posted = "POST /login HTTP/1.1\r\nHost: a.example\r\nContent-Length: 6\r\n\r\nsecret";
        let (names, shown) = of(posted).unwrap();
        assert_eq!(names, ["body"]);
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn responses_are_evidence_as_they_are() {
        let mut fields = Fields::new();
        fields.push("WARC-Type", "response");
        let block = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\r\nbody";
        assert_eq!(Withheld::of(&fields, b"", block), None);
    }

    proptest::proptest! {
        /// For any request, the value of a field whose name is not listed is never shown.
        #[test]
        fn no_secret_is_ever_shown(
            before in "[A-Za-z: \r\n]{0,40}",
            name in "[A-Za-z-]{1,12}",
            after in "[ -~\r\n]{0,40}",
        ) {
            let lower = name.to_ascii_lowercase();
            proptest::prop_assume!(!SHOWN.contains(&lower.as_str()));
            let block = format!("GET / HTTP/1.1\r\n{before}\r\n{name}: 5ecret5\r\n{after}");
            if let Some((_, shown)) = of(&block) {
                proptest::prop_assert!(!shown.contains("5ecret5"), "{}", shown);
            } else {
                proptest::prop_assert!(false, "nothing was withheld of {}", block);
            }
        }
    }
}

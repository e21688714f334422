//! The head of a captured response, as a reader gets it: which fields take effect, and which are only shown.
//!
//! Every archived field is sent under `X-Archive-Orig-`, where it has no effect and where clients of
//! archives look for it. Few also take effect: the type of the body (`Content-Type`, decided elsewhere), its
//! language, whether it is a download, and where a redirect leads, inside the archive. Cookies,
//! policies, links to preload, refreshes, caching and authentication never take effect.

use super::{Links, refresh};
use crate::http::Head;

/// The prefix of fields that are only shown.
pub const PREFIX: &str = "X-Archive-Orig-";

/// The most archived fields that are sent, and the most bytes of them: clients and proxies in
/// front of them accept heads of 16 to 64 KiB.
const FIELDS_MAX: usize = 100;
const FIELD_BYTES_MAX: usize = 8 * 1024;
const BYTES_MAX: usize = 24 * 1024;

/// A field of an answer: a name that is a token, and a value without control characters.
pub type Field = (String, String);

/// How the status of a captured response is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It is answered unchanged.
    Kept(u16),
    /// It cannot be answered to a reader who asked for a page: it is about another connection (1xx,
    /// 407, 408, 421), about a cache (304), or not a status at all. A page of the reader has to report it.
    Stated(Option<u16>),
}

impl Status {
    /// How a status is answered.
    #[must_use]
    pub fn of(archived: Option<u16>) -> Self {
        match archived {
            Some(304 | 407 | 408 | 421) => Self::Stated(archived),
            Some(status @ 200..=599) => Self::Kept(status),
            other => Self::Stated(other),
        }
    }

    /// Whether a redirect is answered.
    #[must_use]
    pub fn is_redirect(self) -> bool {
        matches!(self, Self::Kept(301 | 302 | 303 | 307 | 308))
    }

    /// Whether the answer has a body (RFC 9110 section 6.4.1).
    #[must_use]
    pub fn has_body(self) -> bool {
        !matches!(self, Self::Kept(204 | 205))
    }
}

/// Every archived field under the prefix, in order, as far as they fit; the others are counted in
/// `X-Archive-Fields-Left-Out`.
#[must_use]
pub fn archived(head: &Head) -> Vec<Field> {
    let (mut out, mut bytes, mut left_out) = (Vec::new(), 0, 0_usize);
    for field in head.fields() {
        let Some(name) = token(field.name) else {
            left_out += 1;
            continue;
        };
        let value = visible(&field.unfolded());
        let length = PREFIX.len() + name.len() + value.len() + 4;
        if out.len() >= FIELDS_MAX || value.len() > FIELD_BYTES_MAX || bytes + length > BYTES_MAX {
            left_out += 1;
            continue;
        }
        bytes += length;
        out.push((format!("{PREFIX}{name}"), value));
    }
    if left_out > 0 {
        out.push(("X-Archive-Fields-Left-Out".to_owned(), left_out.to_string()));
    }
    out
}

/// The archived fields that take effect, under their own names: `Location` of a redirect, `Content-Language`,
/// `Content-Disposition`.
#[must_use]
pub fn acting(head: &Head, status: Status, links: &Links) -> Vec<Field> {
    let mut out = Vec::new();
    if status.is_redirect()
        && let Some(location) = location(head, links)
    {
        out.push(("Location".to_owned(), location));
    }
    for name in ["Content-Language", "Content-Disposition"] {
        if let Some(value) = head.get(name) {
            let value = visible(&value);
            if !value.is_empty() && value.len() <= FIELD_BYTES_MAX && value.is_ascii() {
                out.push((name.to_owned(), value));
            }
        }
    }
    out
}

/// The target of a redirect, inside the archive; none if the target cannot be archived.
///
/// The target page is shown in the same way as this one.
#[must_use]
pub fn location(head: &Head, links: &Links) -> Option<String> {
    let raw = head.get("Location")?;
    let mut reference = String::with_capacity(raw.len());
    for byte in raw.iter() {
        match byte {
            // As browsers do: their encoding is not declared.
            0x80.. => reference.push_str(&format!("%{byte:02X}")),
            _ => reference.push(char::from(*byte)),
        }
    }
    let fragment_of_own = reference.trim().is_empty();
    if fragment_of_own {
        return None;
    }
    links.rewritten_location(&reference).map(|path| visible(path.as_bytes()))
}

/// The target of a `Refresh` field, inside the archive. The field has no effect.
#[must_use]
pub fn refresh(head: &Head, links: &Links) -> Option<String> {
    let value = head.get_text("Refresh")?;
    let range = refresh::address(&value)?;
    links.rewritten(&value[range], links.page())
}

/// A valid field name: a token (RFC 9110 section 5.6.2).
fn token(name: &[u8]) -> Option<&str> {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b);
    let is_token = !name.is_empty() && name.len() <= 200 && name.iter().all(fits);
    is_token.then(|| std::str::from_utf8(name).ok()).flatten()
}

/// A value on one line, in ASCII: control characters are spaces, other bytes are percent-escaped, so
/// that no client parses another header from it.
fn visible(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value {
        match byte {
            b' '..=b'~' => out.push(char::from(*byte)),
            0x80.. => out.push_str(&format!("%{byte:02X}")),
            _ => out.push(' '),
        }
    }
    out.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::TargetUri;
    use crate::replay::{Modifier, Site};

    fn links() -> Links {
        let site = Site::new("http://localhost", "").unwrap();
        let document = TargetUri::parse("http://example.com/a/b").unwrap();
        Links::new(&site, &document, "20251105000000", Modifier::Main)
    }

    fn head(fields: &str) -> Head {
        Head::parse(format!("HTTP/1.1 302 Found\r\n{fields}\r\n\r\n").as_bytes())
    }

    #[test]
    fn only_fields_that_may_act_do() {
        let head = head(
            "Set-Cookie: a=b\r\nContent-Security-Policy: x\r\nLink: <http://l/>; rel=preload\r\n\
             Refresh: 0;url=/x\r\nWWW-Authenticate: Basic\r\nClear-Site-Data: \"*\"\r\n\
             Strict-Transport-Security: max-age=1\r\nAccess-Control-Allow-Origin: *\r\n\
             Service-Worker-Allowed: /\r\nContent-Language: de\r\nLocation: ../c\r\nAlt-Svc: h3=\":1\"\r\n\
             NEL: {}\r\nReport-To: {}\r\nSourceMap: /x\r\nSpeculation-Rules: \"/r\"\r\nTransfer-Encoding: chunked",
        );
        let acting = acting(&head, Status::Kept(302), &links());
        let expected = [
            ("Location", "/web/20251105000000mp_/http://example.com/c"),
            ("Content-Language", "de"),
        ];
        let expected: Vec<Field> =
            expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(acting, expected);
        let shown = archived(&head);
        assert_eq!(shown.len(), 17);
        assert!(shown.iter().all(|(name, _)| name.starts_with(PREFIX)));
        assert!(shown.contains(&("X-Archive-Orig-Set-Cookie".to_owned(), "a=b".to_owned())));
        assert_eq!(
            refresh(&head, &links()).as_deref(),
            Some("/web/20251105000000mp_/http://example.com/x")
        );
    }

    #[test]
    fn redirects_stay_in_the_archive() {
        let to =
            |location: &str| super::location(&head(&format!("Location: {location}")), &links());
        let cases = [
            ("http://other.example/x", Some("http://other.example/x")),
            ("//other.example", Some("http://other.example/")),
            ("", None),
            ("#top", Some("http://example.com/a/b#top")),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("/x\ty", Some("http://example.com/xy")),
            ("/é", Some("http://example.com/%C3%A9")),
        ];
        for (location, url) in cases {
            let expected = url.map(|url| format!("/web/20251105000000mp_/{url}"));
            assert_eq!(to(location), expected, "{location}");
        }
    }

    #[test]
    fn statuses_of_other_connections_are_reported_and_not_sent() {
        for (archived, status) in [
            (Some(200), Status::Kept(200)),
            (Some(404), Status::Kept(404)),
            (Some(503), Status::Kept(503)),
            (Some(100), Status::Stated(Some(100))),
            (Some(304), Status::Stated(Some(304))),
            (Some(407), Status::Stated(Some(407))),
            (Some(999), Status::Stated(Some(999))),
            (None, Status::Stated(None)),
        ] {
            assert_eq!(Status::of(archived), status);
        }
    }

    #[test]
    fn heads_have_a_limit_and_say_what_was_left_out() {
        let many: String = (0..300).map(|n| format!("A{n}: b\r\n")).collect();
        let shown = archived(&head(many.trim_end()));
        assert_eq!(shown.len(), FIELDS_MAX + 1);
        assert_eq!(shown[FIELDS_MAX].1, "200");
        let long = format!("A: {}\r\nB: c", "x".repeat(FIELD_BYTES_MAX + 1));
        let shown = archived(&head(&long));
        assert_eq!(shown[0].0, "X-Archive-Orig-B");
        assert_eq!(shown[1].1, "1");
    }

    proptest! {
        #[test]
        fn nothing_archived_begins_another_header(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let head = Head::parse(&[b"HTTP/1.1 302 Found\r\n".as_slice(), &bytes].concat());
            let mut fields = archived(&head);
            fields.extend(acting(&head, Status::Kept(302), &links()));
            for (name, value) in fields {
                prop_assert!(name.bytes().all(|b| b.is_ascii_graphic() && b != b':'));
                prop_assert!(value.bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
        }

        #[test]
        fn a_location_never_leaves_the_archive(location in "[ -~é\t]{0,40}") {
            if let Some(path) = super::location(&head(&format!("Location: {location}")), &links()) {
                prop_assert!(path.starts_with("/web/20251105000000mp_/http"), "{}", path);
            }
        }
    }
}

//! Archival URLs: `<time><modifier>/<url>`, as pywb and the Wayback Machine write them.
//!
//! Parsing accepts what clients and proxies really send: no time, 1 to 14 digits (17 with milliseconds),
//! no scheme, an escaped scheme (`http%3A//`, by cdx_toolkit and others that quote the whole URL), and
//! slashes that a proxy has merged (`http:/example.com`). Writing gives one form.

use std::fmt;

use super::Modifier;
use crate::base::percent::percent_decoded;
use crate::base::{TargetUri, TargetUriError, TimeRange, Timestamp};

/// A parsed archival URL: which URL, when, and for what purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The digits as given: 1 to 14, or 17; none for the newest capture.
    pub stamp: Option<String>,
    /// The purpose.
    pub modifier: Modifier,
    /// Which URL.
    pub target: TargetUri,
}

/// Why a path is not an archival URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing follows the time.
    #[error("no URL follows the time")]
    NoUrl,
    /// The digits are not a valid time: there is no 32nd of a month.
    #[error("{0:?} is not a time: expected 1 to 14 digits such as 20251104 or 20251104093000")]
    Time(String),
    /// A `*` in the place of the time asks for a list, not for replay.
    #[error("\"*\" asks for a list of captures")]
    List(TargetUri),
    /// The rest is not the URL of a page.
    #[error(transparent)]
    Target(#[from] TargetUriError),
}

impl Address {
    /// The address of a capture.
    #[must_use]
    pub fn of(target: TargetUri, at: Timestamp, modifier: Modifier) -> Self {
        Self { stamp: Some(at.to_stamp14()), modifier, target }
    }

    /// Parses what follows `/web/` in a request target, unchanged: percent escapes are not
    /// undone, and the query belongs to it.
    ///
    /// # Errors
    /// When no `http` or `https` URL follows, when the digits are not a valid time, and for `*`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let Some((digits, modifier, rest)) = cut(text) else {
            return Ok(Self { stamp: None, modifier: Modifier::Page, target: target(text)? });
        };
        if digits.ends_with('*') {
            return Err(AddressError::List(target(rest)?));
        }
        if !digits.is_empty() && TimeRange::from_digits(digits).is_none() {
            return Err(AddressError::Time(digits.to_owned()));
        }
        let stamp = (!digits.is_empty()).then(|| digits.to_owned());
        Ok(Self { stamp, modifier, target: target(rest)? })
    }

    /// The period that the digits name; none for the newest capture.
    #[must_use]
    pub fn period(&self) -> Option<TimeRange> {
        self.stamp.as_deref().and_then(TimeRange::from_digits)
    }

    /// Whether the digits are those of a capture made at `at`: that capture is answered under such an
    /// address, and other addresses are redirected there.
    #[must_use]
    pub fn names(&self, at: Timestamp) -> bool {
        let stamp = self.stamp.as_deref();
        stamp == Some(at.to_stamp14().as_str()) || stamp == Some(at.to_stamp17().as_str())
    }
}

impl fmt::Display for Address {
    /// `20251105000000mp_/http://example.com/a`: what follows `/web/`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = self.stamp.as_deref().unwrap_or("");
        let modifier = self.modifier.as_str();
        if !stamp.is_empty() || !modifier.is_empty() {
            write!(f, "{stamp}{modifier}/")?;
        }
        f.write_str(self.target.as_str())
    }
}

/// Time, modifier and the rest, if the first segment is a time, a modifier, or both.
fn cut(text: &str) -> Option<(&str, Modifier, &str)> {
    let (first, rest) = text.split_once('/')?;
    let digits = first.bytes().take_while(u8::is_ascii_digit).count();
    let fits = matches!(digits, 0..=14 | 17) && !first.is_empty();
    let star = usize::from(first[digits..].starts_with('*'));
    let modifier = Modifier::parse(&first[digits + star..])?;
    fits.then_some((&first[..digits + star], modifier, rest))
}

/// The URL at the end of an archival URL.
fn target(text: &str) -> Result<TargetUri, AddressError> {
    let text = text.trim_start_matches('/');
    if text.is_empty() {
        return Err(AddressError::NoUrl);
    }
    let decoded;
    // If the colon of the scheme is escaped, the whole URL was quoted.
    let text = if is_quoted(text) {
        decoded = percent_decoded(text);
        decoded.as_str()
    } else {
        text
    };
    let uri = if has_scheme(text) { text.to_owned() } else { format!("http://{text}") };
    Ok(TargetUri::given(&uri)?.0)
}

fn is_quoted(text: &str) -> bool {
    let head = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    head.starts_with("http%3a") || head.starts_with("https%3a")
}

/// Whether a text begins with a scheme rather than with a host and perhaps a port.
fn has_scheme(text: &str) -> bool {
    let Some((before, after)) = text.split_once(':') else { return false };
    let is_scheme = before.starts_with(|c: char| c.is_ascii_alphabetic())
        && before.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    // `example.com:8080/a` and `localhost:8080` have a port.
    let port = after.split(['/', '?', '#']).next().unwrap_or("");
    let is_port = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    is_scheme && !is_port
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn archival_urls_are_read_as_clients_write_them() {
        let cases = [
            ("20251105000000/http://example.com/a", "20251105000000/http://example.com/a"),
            (
                "20251105000000mp_/http://example.com/a?b=c",
                "20251105000000mp_/http://example.com/a?b=c",
            ),
            ("2025id_/https://example.com/", "2025id_/https://example.com/"),
            ("2if_/http://example.com/", "2if_/http://example.com/"),
            (
                "20251105000000123im_/http://example.com/",
                "20251105000000123im_/http://example.com/",
            ),
            ("2025fr_/http://example.com/", "2025if_/http://example.com/"),
            ("2025wkrf_/http://example.com/", "2025js_/http://example.com/"),
            ("2025xy_/http://example.com/", "2025oe_/http://example.com/"),
            ("cs_/http://example.com/", "cs_/http://example.com/"),
            ("http://example.com/a", "http://example.com/a"),
            ("example.com/a", "http://example.com/a"),
            ("example.com:8080/a", "http://example.com:8080/a"),
            ("localhost:8080", "http://localhost:8080"),
            ("//example.com/a", "http://example.com/a"),
            ("2025/example.com/a", "2025/http://example.com/a"),
            ("2025//example.com/a", "2025/http://example.com/a"),
            ("2025/http:/example.com/a", "2025/http://example.com/a"),
            ("2025/https:/example.com/a//b", "2025/https://example.com/a//b"),
            ("2025id_/http%3A//example.com/a", "2025id_/http://example.com/a"),
            (
                "2025id_/https%3a%2F%2Fexample.com%2Fa%3Fb%3D%2525",
                "2025id_/https://example.com/a?b=%25",
            ),
            ("2025/http://example.com/%2e%2e/%C3%A9", "2025/http://example.com/%2e%2e/%C3%A9"),
            ("2025/http://user:secret@example.com/", "2025/http://example.com/"),
            ("1.example/2025/x", "http://1.example/2025/x"),
            (
                "2025/http://example.com/?u=http%3A//other.example/",
                "2025/http://example.com/?u=http%3A//other.example/",
            ),
        ];
        for (text, printed) in cases {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), printed, "{text}");
            assert_eq!(Address::parse(printed).unwrap(), address, "{text}");
        }
    }

    #[test]
    fn what_is_no_archival_url_is_refused_with_a_reason() {
        let time = |text: &str| matches!(Address::parse(text), Err(AddressError::Time(_)));
        assert!(time("20251399/http://example.com/"));
        assert!(time("20250230000000/http://example.com/"));
        for text in ["", "2025/", "2025mp_//"] {
            assert_eq!(Address::parse(text), Err(AddressError::NoUrl), "{text:?}");
        }
        for text in ["*/http://example.com/", "2025*/example.com"] {
            assert!(matches!(Address::parse(text), Err(AddressError::List(_))), "{text}");
        }
        for text in [
            "2025/javascript:alert(1)",
            "2025/data:text/html,x",
            "2025/ftp://example.com/",
            "2025/file:///etc/passwd",
            "2025/http://",
            "2025",
        ] {
            let refused = Address::parse(text);
            // `2025` alone is a host to URL parsers: an IPv4 address as one number.
            let is_number = refused.as_ref().is_ok_and(|a| a.target.host() == "0.0.7.233");
            assert!(
                is_number || matches!(refused, Err(AddressError::Target(_))),
                "{text}: {refused:?}"
            );
        }
    }

    #[test]
    fn only_whole_stamps_name_a_capture() {
        let at = Timestamp::parse("2025-11-05T00:00:00.123456Z").unwrap();
        let names = |text: &str| Address::parse(text).unwrap().names(at);
        assert!(names("20251105000000/http://example.com/"));
        assert!(names("20251105000000123/http://example.com/"));
        assert!(!names("20251105/http://example.com/"));
        assert!(!names("20251105000000124/http://example.com/"));
        assert!(!names("http://example.com/"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_was_printed_is_read_again(text in "\\PC{0,60}") {
            if let Ok(address) = Address::parse(&text) {
                let again = Address::parse(&address.to_string());
                prop_assert_eq!(again, Ok(address));
            }
        }

        #[test]
        fn near_misses_are_read_or_refused(text in "[0-9]{0,18}[*a-z_]{0,5}/{0,2}(https?|ftp)?[:%3aA/]{0,5}[a-z.:0-9\\[\\]@?#/%]{0,20}") {
            if let Ok(address) = Address::parse(&text) {
                let again = Address::parse(&address.to_string());
                prop_assert_eq!(again, Ok(address));
            }
        }
    }
}

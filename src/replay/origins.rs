//! Origins of captured hosts: where each captured host at a time answers in the rerouted view.
//!
//! ```text
//!  20251105000000s-www--news-0site--example.localhost:8081
//!  └ time         │ └ www.news-site.example          └ base, as the reader reaches it
//!                 └ https
//! ```
//!
//! A page at such an origin finds what it names relatively, keeps its cookies and its storage, and shares neither
//! with another site of the archive nor with the reader. The name of the host is encoded so that no two hosts have
//! the same name: `.` is `--`, `-` is `-0`, a letter or a digit stands for itself, any other byte (the colon of a port,
//! `_`, a `.` at the end) is `-2` and two hexadecimal digits. A name that is too long for one label (63 bytes, RFC
//! 1035 section 2.3.4) has several: a letter in the place of the first `-` is their number (`b` is two), and an `x`
//! stands where a label would begin or end with a hyphen.

use std::fmt::Write as _;

use url::Url;

use crate::base::TimeRange;

/// The longest label of a name, and the longest name.
const LABEL_MAX: usize = 63;
const NAME_MAX: usize = 253;
/// Digits of a time in a name.
const STAMP_DIGITS: usize = 14;
/// More labels do not fit into a name.
const LABELS_MAX: usize = 5;

/// Where captured hosts have their origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    scheme: &'static str,
    base: String,
}

/// What an origin represents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The time, 14 digits.
    pub stamp: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host, with its port where it is not the scheme's own.
    pub host: String,
    /// The name after its labels.
    pub base: String,
}

impl Place {
    /// The period that the digits name.
    #[must_use]
    pub fn at(&self) -> Option<TimeRange> {
        TimeRange::from_digits(&self.stamp)
    }

    /// The captured origin: `https://www.example.com`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// What a host, given without its port, represents; none if it is not such a name. Labels in front belong to the
    /// captured host: scripts write `"cdn." + location.host`.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        if !name.is_ascii() || name.len() > NAME_MAX {
            return None;
        }
        let labels: Vec<&str> = name.split('.').collect();
        for (at, label) in labels.iter().enumerate() {
            let Some((stamp, scheme, count, first)) = first_label(label) else { continue };
            let rest = labels.get(at + 1..at + count)?;
            let code = if count == 1 {
                first.to_owned()
            } else {
                let mut code = first.strip_suffix('x')?.to_owned();
                for piece in rest {
                    code.push_str(piece.strip_prefix('x')?.strip_suffix('x')?);
                }
                code
            };
            let mut host: String = labels[..at].iter().map(|label| format!("{label}.")).collect();
            host.push_str(&decoded(&code)?);
            let base = labels[at + count..].join(".");
            return Some(Self { stamp: stamp.to_owned(), scheme, host, base });
        }
        None
    }
}

/// Time, scheme, number of labels and beginning of the host of a first label.
fn first_label(label: &str) -> Option<(&str, &'static str, usize, &str)> {
    let (stamp, rest) = label.split_at_checked(STAMP_DIGITS)?;
    if !stamp.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let scheme = match rest.as_bytes().first()? {
        b's' => "https",
        b'h' => "http",
        _ => return None,
    };
    let count = match rest.as_bytes().get(1)? {
        b'-' => 1,
        mark @ b'b'..=b'e' => usize::from(mark - b'a') + 1,
        _ => return None,
    };
    Some((stamp, scheme, count, &rest[2..]))
}

impl Origins {
    /// Origins below a name, with an optional port: `localhost:8081`. None if the text is not a host.
    #[must_use]
    pub fn new(is_secure: bool, base: &str) -> Option<Self> {
        let scheme = if is_secure { "https" } else { "http" };
        let url = Url::parse(&format!("{scheme}://{base}/")).ok()?;
        let is_name = url.domain().is_some() && url.path() == "/" && url.query().is_none();
        let fits = base.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:".contains(&b));
        (is_name && fits).then(|| Self { scheme, base: base.to_ascii_lowercase() })
    }

    /// The name, with its port.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The origin of a captured address at a time; none if it is neither `http` nor `https`, or its host is too
    /// long for a name.
    #[must_use]
    pub fn origin_of(&self, stamp: &str, url: &Url) -> Option<String> {
        let mark = match url.scheme() {
            "https" => 's',
            "http" => 'h',
            _ => return None,
        };
        let mut host = url.host_str()?.to_ascii_lowercase();
        if let Some(port) = url.port() {
            // Writing into a String cannot fail.
            let _ = write!(host, ":{port}");
        }
        let stamp: String = stamp.chars().filter(char::is_ascii_digit).take(STAMP_DIGITS).collect();
        if stamp.len() < STAMP_DIGITS {
            return None;
        }
        let labels = labels(&format!("{stamp}{mark}"), &encoded(&host))?;
        let name = format!("{labels}.{}", self.base);
        let length = name.split(':').next().map_or(0, str::len);
        (length <= NAME_MAX).then(|| format!("{}://{name}", self.scheme))
    }

    /// The absolute address of a captured one.
    #[must_use]
    pub fn url_of(&self, stamp: &str, url: &Url) -> Option<String> {
        let mut out = self.origin_of(stamp, url)?;
        out.push_str(&url[url::Position::BeforePath..]);
        Some(out)
    }

    /// The source expression of a content security policy that matches all of them and nothing else.
    #[must_use]
    pub fn source_expression(&self) -> String {
        format!("{}://*.{}", self.scheme, self.base)
    }

    /// What one of these origins represents; none for any other origin.
    #[must_use]
    pub fn place_of(&self, origin: &str) -> Option<Place> {
        let rest = origin.strip_prefix(self.scheme)?.strip_prefix("://")?;
        let name = rest.strip_suffix(&self.base)?.strip_suffix('.')?;
        let base = self.base.split(':').next()?;
        Place::of(&format!("{name}.{base}")).filter(|place| place.base == base)
    }
}

fn encoded(host: &str) -> String {
    let mut out = String::with_capacity(host.len() + 16);
    let last = host.len().saturating_sub(1);
    for (at, byte) in host.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'.' if at < last => out.push_str("--"),
            b'-' => out.push_str("-0"),
            // Writing into a String cannot fail.
            _ => write!(out, "-2{byte:02x}").unwrap_or_default(),
        }
    }
    out
}

fn decoded(code: &str) -> Option<String> {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            'a'..='z' | '0'..='9' => out.push(c),
            '-' => {
                let mark = rest.chars().next()?;
                rest = &rest[mark.len_utf8()..];
                match mark {
                    '-' => out.push('.'),
                    '0' => out.push('-'),
                    '2' => {
                        let (digits, after) = rest.split_at_checked(2)?;
                        let byte = u8::from_str_radix(digits, 16).ok()?;
                        let is_other = byte.is_ascii_graphic()
                            && !byte.is_ascii_alphanumeric()
                            && byte != b'-';
                        out.push(is_other.then(|| char::from(byte))?);
                        rest = after;
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The labels of a host: one, or as many as needed.
fn labels(head: &str, code: &str) -> Option<String> {
    if head.len() + 1 + code.len() <= LABEL_MAX {
        return Some(format!("{head}-{code}"));
    }
    let (first, rest) = code.split_at_checked(LABEL_MAX - head.len() - 2)?;
    let rest: Vec<&str> = rest
        .as_bytes()
        .chunks(LABEL_MAX - 2)
        .map(std::str::from_utf8)
        .collect::<Result<_, _>>()
        .ok()?;
    let count = rest.len() + 1;
    let mark = u8::try_from(count).ok().filter(|_| count <= LABELS_MAX)? + b'a' - 1;
    let mut out = format!("{head}{}{first}x", char::from(mark));
    for piece in rest {
        // Writing into a String cannot fail.
        let _ = write!(out, ".x{piece}x");
    }
    Some(out)
}

/// The path of the script that every rerouted origin has.
pub const SCRIPT_PATH: &str = "/.pressmark/reroute.js";

/// The beginning of a document that is nested in another of this origin.
pub(super) fn script_in(origin: &str) -> String {
    format!("<script src=\"{origin}{SCRIPT_PATH}\" data-role=\"page\"></script>")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origins() -> Origins {
        Origins::new(false, "localhost:8081").unwrap()
    }

    fn origin(url: &str) -> Option<String> {
        origins().origin_of("20251105000000", &Url::parse(url).unwrap())
    }

    #[test]
    fn hosts_have_names_that_say_which_they_are() {
        let long = format!("http://{}.example/", ["abcdefghi"; 20].join("."));
        for (url, name) in [
            ("https://www.example.com/x", Some("20251105000000s-www--example--com")),
            ("http://news-site.example/", Some("20251105000000h-news-0site--example")),
            ("http://a.example:8080/", Some("20251105000000h-a--example-23a8080")),
            ("http://a_b.example./", Some("20251105000000h-a-25fb--example-22e")),
            ("http://[::1]/", Some("20251105000000h--25b-23a-23a1-25d")),
            ("http://bücher.example/", Some("20251105000000h-xn-0-0bcher-0kva--example")),
            (long.as_str(), None),
            ("ftp://a.example/", None),
        ] {
            let expected = name.map(|name| format!("http://{name}.localhost:8081"));
            assert_eq!(origin(url), expected, "{url}");
        }
        let several = format!("https://{}.example/", ["abcdefghi"; 12].join("."));
        let name = origin(&several).unwrap();
        assert!(name.starts_with("http://20251105000000sc"), "{name}");
        let place = origins().place_of(&name).unwrap();
        assert_eq!(format!("{}/", place.origin()), several);
    }

    #[test]
    fn scripts_may_put_labels_in_front() {
        let place = Place::of("cdn.20251105000000s-example--com.localhost").unwrap();
        assert_eq!(
            (place.origin().as_str(), place.base.as_str()),
            ("https://cdn.example.com", "localhost")
        );
    }

    #[test]
    fn what_is_no_name_stands_for_nothing() {
        for name in [
            "localhost",
            "20251105000000s-.localhost",
            "2025110500000s-a.localhost",
            "20251105000000x-a.localhost",
            "20251105000000s-a-1.localhost",
            "20251105000000s-a-261.localhost",
            "20251105000000s-a-200.localhost",
            "20251105000000sba.localhost",
            "20251105000000sbax.b.localhost",
            "20251105000000s-A.localhost",
            "20251105000000s-é.localhost",
        ] {
            assert_eq!(Place::of(name), None, "{name}");
        }
        for origin in [
            "http://localhost:8081",
            "http://20251105000000s-a--example.localhost:9",
            "https://20251105000000s-a--example.localhost:8081",
            "http://20251105000000s-a--example.evil.localhost:8081",
            "http://20251105000000s-a--example.evil.example",
            "null",
        ] {
            assert_eq!(origins().place_of(origin), None, "{origin}");
        }
        for base in ["", "a/b", "a?b", "user@a", "127.0.0.1:80", "[::1]", "a b"] {
            assert_eq!(Origins::new(false, base), None, "{base}");
        }
    }

    proptest! {
        #[test]
        fn no_two_hosts_have_one_name(
            host in "[a-z0-9]([a-z0-9_-]{0,20}[.-]{0,2}){0,8}[a-z0-9]",
            port in proptest::option::of(1_u16..),
        ) {
            let port = port.map(|port| format!(":{port}")).unwrap_or_default();
            if let Ok(url) = Url::parse(&format!("http://{host}{port}/a?b"))
                && let Some(name) = origins().origin_of("20251105000000", &url)
            {
                let place = origins().place_of(&name).unwrap();
                prop_assert_eq!(place.origin(), url.origin().ascii_serialization());
                let labels = name.strip_prefix("http://").unwrap().split([':', '.']);
                for label in labels {
                    prop_assert!(label.len() <= LABEL_MAX && !label.starts_with('-'));
                }
            }
        }

        #[test]
        fn any_name_is_read_or_refused(name in "(cdn\\.)?20251105000000[sh][-b-e]\\PC{0,80}") {
            let _ = Place::of(&name);
        }
    }
}

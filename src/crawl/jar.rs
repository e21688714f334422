//! The cookies of one navigation: from a URL along its redirects, as far as they are followed.
//!
//! Some servers answer with a cookie and a redirect, and show the page only to a client that sends the
//! cookie back. So what a response sets is sent along its redirects (RFC 6265), and forgotten when they
//! end: a later look begins without cookies, as the one before did, and no visitor is recognised again.
//! A navigation that is interrupted by the end of the process continues without them. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::base::{TargetUri, Timestamp};

use super::engine::hash_of;

/// The most cookies that are kept: browsers hold as many for a site (RFC 6265, 6.1).
const COOKIES_MAX: usize = 50;
/// A longer cookie is ignored (RFC 6265, 6.1).
const COOKIE_BYTES_MAX: usize = 4096;
/// What is sent at most: servers commonly stop reading a head of 8 KiB.
const SENT_BYTES_MAX: usize = 6 * 1024;
/// A navigation that takes longer has ended.
const LIFE: Duration = Duration::from_hours(1);

/// A cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    /// The host it is for, and whether hosts below it have it, too.
    host: String,
    is_for_subdomains: bool,
    path: String,
    is_secure: bool,
}

/// The cookies of a navigation, and what it asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Jar {
    cookies: Vec<Cookie>,
    /// What was asked for: its URL and the cookies sent, by hash.
    trail: Vec<(u64, u64)>,
    begun: Option<Timestamp>,
    /// Whether it began at a page that was there at the last look: it is followed to its end, though
    /// what it leads to was captured before.
    insists: bool,
}

impl Jar {
    /// What is sent to a URL; `None` where nothing is.
    pub fn header(&self, uri: &TargetUri) -> Option<String> {
        let mut fit: Vec<&Cookie> = self.cookies.iter().filter(|one| one.fits(uri)).collect();
        // RFC 6265, 5.4: longer paths first, then those that are older.
        fit.sort_by_key(|one| std::cmp::Reverse(one.path.len()));
        let mut out = String::new();
        for one in fit {
            if out.len() + one.name.len() + one.value.len() + 3 > SENT_BYTES_MAX {
                break;
            }
            if !out.is_empty() {
                out.push_str("; ");
            }
            if !one.name.is_empty() {
                out.push_str(&one.name);
                out.push('=');
            }
            out.push_str(&one.value);
        }
        (!out.is_empty()).then_some(out)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }

    /// Whether the navigation took so long that it has ended.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.begun.is_none_or(|begun| now.since(begun) > LIFE)
    }

    /// Notes that a URL is asked for now.
    pub fn asks(&mut self, uri: &TargetUri, now: Timestamp) {
        self.begun.get_or_insert(now);
        self.trail.push((hash_of(uri), self.sent(uri)));
    }

    /// Takes in the `Set-Cookie` fields of a response. `was_page` says whether the URL was a page at the
    /// last look.
    pub fn take_in<'a>(
        &mut self,
        uri: &TargetUri,
        fields: impl Iterator<Item = std::borrow::Cow<'a, str>>,
        was_page: bool,
        now: Timestamp,
    ) {
        for field in fields {
            let Some((cookie, is_over)) = read(&field, uri, now) else { continue };
            self.insists |= was_page && !is_over;
            let is_same = |old: &Cookie| {
                (&old.name, &old.host, &old.path) == (&cookie.name, &cookie.host, &cookie.path)
            };
            self.cookies.retain(|old| !is_same(old));
            if !is_over {
                self.cookies.push(cookie);
            }
            if self.cookies.len() > COOKIES_MAX {
                self.cookies.remove(0);
            }
        }
    }

    /// The navigation began at a page that was there, and is followed to its end.
    pub fn insist(&mut self) {
        self.insists = true;
    }

    /// Whether the navigation asked for a URL.
    pub fn has_asked(&self, uri: &TargetUri) -> bool {
        let hash = hash_of(uri);
        self.trail.iter().any(|(asked, _)| *asked == hash)
    }

    /// Whether a URL that is known is to be asked for again, since the navigation leads there: it brings
    /// cookies that it did not bring before.
    pub fn asks_again(&self, to: &TargetUri, hops_max: u32) -> bool {
        if u32::try_from(self.trail.len()).unwrap_or(u32::MAX) > hops_max {
            return false;
        }
        let sent = self.sent(to);
        match self.has_asked(to) {
            true => sent != 0 && !self.trail.contains(&(hash_of(to), sent)),
            false => self.insists,
        }
    }

    /// What would be sent to a URL, by hash; 0 for nothing.
    fn sent(&self, uri: &TargetUri) -> u64 {
        self.header(uri).map_or(0, |header| {
            let mut hasher = DefaultHasher::new();
            header.hash(&mut hasher);
            hasher.finish().max(1)
        })
    }
}

impl Cookie {
    /// Whether it is sent to a URL (RFC 6265, 5.4).
    fn fits(&self, uri: &TargetUri) -> bool {
        let host = uri.host();
        let is_host = host == self.host || (self.is_for_subdomains && is_below(host, &self.host));
        is_host && (uri.is_https() || !self.is_secure) && is_on(uri.url().path(), &self.path)
    }
}

/// Whether a host is below another one.
fn is_below(host: &str, above: &str) -> bool {
    host.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'))
        && !host.starts_with('[')
        && !host.ends_with(|c: char| c.is_ascii_digit())
}

/// Whether a path matches that of a cookie (RFC 6265, 5.1.4).
fn is_on(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

/// Reads a `Set-Cookie` field (RFC 6265, 5.2 and 5.3), and whether it takes the cookie back. `None` for
/// an invalid one.
fn read(field: &str, uri: &TargetUri, now: Timestamp) -> Option<(Cookie, bool)> {
    if field.len() > COOKIE_BYTES_MAX || field.chars().any(|c| c.is_control() && c != '\t') {
        return None;
    }
    let mut parts = field.split(';');
    let pair = parts.next()?;
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
    if name.is_empty() && value.is_empty() {
        return None;
    }
    let host = uri.host().to_owned();
    let own = uri.url().path();
    let path = own.rfind('/').filter(|at| *at > 0).map_or("/", |at| &own[..at]).to_owned();
    let mut cookie = Cookie { name, value, host, is_for_subdomains: false, path, is_secure: false };
    let (mut by_age, mut by_date) = (None, None);
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "secure" => cookie.is_secure = true,
            "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
            "max-age" => by_age = value.parse::<i64>().ok().map(|age| age <= 0).or(by_age),
            "expires" => by_date = Timestamp::parse_http_date(value).map(|at| at <= now),
            "domain" => {
                let domain = value.strip_prefix('.').unwrap_or(value).to_ascii_lowercase();
                if domain.is_empty() {
                    continue;
                }
                // No host may set a cookie for a whole top-level domain.
                if domain != cookie.host
                    && !(domain.contains('.') && is_below(&cookie.host, &domain))
                {
                    return None;
                }
                (cookie.host, cookie.is_for_subdomains) = (domain, true);
            }
            _ => {}
        }
    }
    if cookie.is_secure && !uri.is_https() {
        return None;
    }
    Some((cookie, by_age.or(by_date).unwrap_or(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> TargetUri {
        TargetUri::parse(text).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-03-02T00:00:00Z").unwrap()
    }

    fn set(jar: &mut Jar, by: &str, fields: &[&str]) {
        jar.take_in(&uri(by), fields.iter().map(|field| (*field).into()), false, now());
    }

    #[test]
    fn a_cookie_goes_where_it_is_for_and_nowhere_else() {
        let by = "https://www.a.example/gate/in?x";
        for (field, to, want) in [
            ("s=1", "https://www.a.example/gate/x", Some("s=1")),
            ("s=1", "https://www.a.example/gates", None),
            ("s=1; Path=/", "https://www.a.example/", Some("s=1")),
            ("s=1; path=/news; HttpOnly; SameSite=Lax", "http://www.a.example/news/1", Some("s=1")),
            ("s=1; Path=/", "https://b.www.a.example/", None),
            ("s=1; Path=/", "https://a.example/", None),
            ("s=1; Path=/; Domain=.A.example", "https://a.example/", Some("s=1")),
            ("s=1; Path=/; Domain=a.example", "https://m.a.example/", Some("s=1")),
            ("s=1; Path=/; Domain=a.example", "https://nota.example/", None),
            ("s=1; Path=/; Domain=example", "https://b.example/", None),
            ("s=1; Path=/; Domain=b.example", "https://b.example/", None),
            ("s=1; Path=/; Secure", "https://www.a.example/", Some("s=1")),
            ("s=1; Path=/; Secure", "http://www.a.example/", None),
            ("s=1; Path=/; Max-Age=0", "https://www.a.example/", None),
            ("s=1; Path=/; Expires=Thu, 01-Jan-1970 00:00:00 GMT", "https://www.a.example/", None),
            (
                "s=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60",
                "https://www.a.example/",
                Some("s=1"),
            ),
            (
                "s=1; Path=/; Expires=Sat, 02 Jan 2027 00:00:00 GMT",
                "https://www.a.example/",
                Some("s=1"),
            ),
            ("alone; Path=/", "https://www.a.example/", Some("alone")),
            ("q=\"a b\"; Path=/", "https://www.a.example/", Some("q=\"a b\"")),
            ("=; Path=/", "https://www.a.example/", None),
            ("s=1\r\nX: y; Path=/", "https://www.a.example/", None),
        ] {
            let mut jar = Jar::default();
            set(&mut jar, by, &[field]);
            assert_eq!(jar.header(&uri(to)).as_deref(), want, "{field} to {to}");
        }
    }

    #[test]
    fn a_later_cookie_takes_the_place_of_an_earlier_one_and_longer_paths_come_first() {
        let mut jar = Jar::default();
        set(&mut jar, "http://a.example/", &["a=1", "b=2; Path=/x/y", "a=3", "c=4"]);
        assert_eq!(jar.header(&uri("http://a.example/x/y")).unwrap(), "b=2; a=3; c=4");
        set(&mut jar, "http://a.example/", &["a=; Max-Age=-1"]);
        assert_eq!(jar.header(&uri("http://a.example/")).unwrap(), "c=4");
        let many: Vec<String> = (0..200).map(|n| format!("n{n}={}", "x".repeat(400))).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        set(&mut jar, "http://a.example/", &many);
        assert_eq!(jar.cookies.len(), COOKIES_MAX);
        assert!(jar.header(&uri("http://a.example/")).unwrap().len() <= SENT_BYTES_MAX);
        set(&mut jar, "http://a.example/", &[&format!("big={}", "x".repeat(5_000))]);
        assert!(!jar.header(&uri("http://a.example/")).unwrap().contains("big"));
    }

    #[test]
    fn a_navigation_goes_back_only_with_other_cookies_and_not_without_end() {
        let (page, gate) = (uri("http://a.example/p"), uri("http://a.example/gate"));
        let mut jar = Jar::default();
        jar.asks(&page, now());
        assert!(!jar.asks_again(&page, 10));
        set(&mut jar, "http://a.example/p", &["s=1"]);
        // What is new to it is asked for if it is new to the queue, too.
        assert!(jar.asks_again(&page, 10) && !jar.asks_again(&gate, 10));
        jar.asks(&gate, now());
        jar.asks(&page, now());
        assert!(!jar.asks_again(&page, 10), "it has brought these");
        for n in 0..100 {
            set(&mut jar, "http://a.example/p", &[&format!("s={}", n + 2)]);
            if !jar.asks_again(&page, 10) {
                break;
            }
            jar.asks(&page, now());
        }
        assert_eq!(jar.trail.len(), 11);
        assert!(!jar.is_over(now()) && jar.is_over(now().plus(LIFE * 2)));
        // A page that was there is followed wherever it leads now.
        let mut jar = Jar::default();
        jar.asks(&page, now());
        jar.take_in(&page, ["s=1".into()].into_iter(), true, now());
        assert!(jar.asks_again(&gate, 10));
    }
}

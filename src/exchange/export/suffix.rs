//! Which part of a host name anyone may register names under, by the Public Suffix List
//! (publicsuffix.org), as Common Crawl's index has it.
//!
//! ```text
//!  www.  page  .  blogspot  .  co.uk
//!               └ private suffix ────┘   under which a company gives out names
//!       └ private domain ────────────┘
//!                            └ registry suffix
//!                 └ registered domain ┘
//! ```
//!
//! The list is compiled in. A name under no suffix of the list is taken by the list's default rule, `*`: its last label is
//! the suffix, of a registry and in all. A single label under no suffix, as `localhost`, has none of the four, and neither
//! has an IP address.

use std::net::IpAddr;

use psl::Type;

/// The suffixes of a host name, and the names right below them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Suffixes<'a> {
    /// `co.uk`: one of a registry.
    pub registry: Option<&'a str>,
    /// `blogspot.co.uk`: the name that was registered there.
    pub registered: Option<&'a str>,
    /// `blogspot.co.uk`: that of a registry or a company.
    pub private: Option<&'a str>,
    /// `page.blogspot.co.uk`.
    pub private_domain: Option<&'a str>,
}

impl<'a> Suffixes<'a> {
    /// Of a host name in lower case and without a dot at its end; an IP address has none.
    pub fn of(host: &'a str) -> Self {
        if host.parse::<IpAddr>().is_ok() {
            return Self::default();
        }
        let Some((private, mut kind)) = suffix(host) else { return Self::default() };
        // What is above a private suffix, as far as it is one, too.
        let mut registry = Some(private);
        while let (Some(Type::Private), Some(name)) = (kind, registry) {
            let above = name.split_once('.').and_then(|(_, above)| suffix(above));
            (registry, kind) = above.map_or((None, None), |(name, kind)| (Some(name), kind));
        }
        Self {
            registry,
            registered: registry.and_then(|suffix| below(host, suffix)),
            private: Some(private),
            private_domain: below(host, private),
        }
    }
}

/// The longest suffix on the list, and of which part of the list it is; by the default rule the last of several labels,
/// of no part.
fn suffix(name: &str) -> Option<(&str, Option<Type>)> {
    let is_suffix = |found: &psl::Suffix<'_>| found.is_known() || name.contains('.');
    let found = psl::suffix(name.as_bytes()).filter(is_suffix)?;
    let suffix = name.get(name.len().checked_sub(found.as_bytes().len())?..)?;
    Some((suffix, found.typ()))
}

/// The suffix with one label before it; none where the host is the suffix.
fn below<'a>(host: &'a str, suffix: &str) -> Option<&'a str> {
    let rest = host.strip_suffix(suffix)?.strip_suffix('.')?;
    let from = rest.rfind('.').map_or(0, |dot| dot + 1);
    (from < rest.len()).then(|| &host[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_those_of_common_crawl() {
        // Host, and the four in the order of the columns: suffix and domain, of a registry and in all.
        for (host, registry, registered, private, private_domain) in [
            ("www.example.com", "com", "example.com", "com", "example.com"),
            ("example.co.uk", "co.uk", "example.co.uk", "co.uk", "example.co.uk"),
            ("a.b.github.io", "io", "github.io", "github.io", "b.github.io"),
            ("github.io", "io", "github.io", "github.io", ""),
            ("com", "com", "", "com", ""),
            ("www.ck", "ck", "www.ck", "ck", "www.ck"),
            ("a.b.ck", "b.ck", "a.b.ck", "b.ck", "a.b.ck"),
            ("x.xn--p1ai", "xn--p1ai", "x.xn--p1ai", "xn--p1ai", "x.xn--p1ai"),
            ("localhost", "", "", "", ""),
            ("a.example", "example", "a.example", "example", "a.example"),
            ("www.a.example", "example", "a.example", "example", "a.example"),
            ("news.corp.internal", "internal", "corp.internal", "internal", "corp.internal"),
            ("example", "", "", "", ""),
            ("127.0.0.1", "", "", "", ""),
            ("::1", "", "", "", ""),
            ("", "", "", "", ""),
            (".com", "com", "", "com", ""),
        ] {
            let some = |text: &'static str| (!text.is_empty()).then_some(text);
            let wanted = Suffixes {
                registry: some(registry),
                registered: some(registered),
                private: some(private),
                private_domain: some(private_domain),
            };
            assert_eq!(Suffixes::of(host), wanted, "{host}");
        }
    }
}

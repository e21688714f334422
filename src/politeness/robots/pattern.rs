//! One path pattern of a rule, ready to be matched: `*`, a final `$`, and the octets it counts.
//!
//! RFC 9309 sections 2.2.2 and 2.2.3. A pattern is cut at its stars; the first piece is anchored,
//! each further one is taken where it is found first, and the last has to end the path where `$`
//! asks for it. Taking the first place is never wrong: what a later place leaves over, an earlier
//! one leaves over too. So no step goes back, and the time is linear in path and pattern together
//! (the search itself is two-way string matching, Crochemore and Perrin 1991).

use memchr::memmem;

use super::normal::{Signs, fold_query, normalise};

/// A path as patterns see it.
#[derive(Debug, Clone)]
pub(super) struct MatchPath {
    normal: String,
    folded: Option<String>,
}

impl MatchPath {
    /// Of a path and query; a fragment is dropped, a missing first slash is put there.
    pub(super) fn new(path_and_query: &str) -> Self {
        let path = path_and_query.split('#').next().unwrap_or("");
        let mut normal = normalise(path.as_bytes(), Signs::Literal);
        if !normal.starts_with('/') {
            normal.insert(0, '/');
        }
        let folded = fold_query(&normal);
        Self { normal, folded }
    }

    /// Whether it is the one path that no rule can forbid (RFC 9309 section 2.2.2).
    pub(super) fn is_robots_txt(&self) -> bool {
        self.normal == "/robots.txt"
    }
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// One spelling; each `*` is a wildcard; the final `$` is taken off.
    text: Box<str>,
    /// The same with a folded query, where that differs.
    folded: Option<Box<str>>,
    /// Whether a `$` ended it.
    ends: bool,
    octets: u32,
}

impl Pattern {
    /// Of the value of an `Allow` or `Disallow` line; `None` for an empty one, which is not a rule.
    pub(super) fn new(value: &str) -> Option<Self> {
        if value.is_empty() {
            return None;
        }
        let normal = normalise(value.as_bytes(), Signs::Pattern);
        let octets = u32::try_from(normal.len()).unwrap_or(u32::MAX);
        let (body, ends) = match normal.strip_suffix('$') {
            Some(body) => (body, true),
            None => (normal.as_str(), false),
        };
        // A `$` elsewhere is a literal, and paths spell that `%24`.
        let text = body.replace('$', "%24");
        let folded = fold_query(&text).map(String::into_boxed_str);
        Some(Self { text: text.into_boxed_str(), folded, ends, octets })
    }

    /// Its length in octets, stars and end sign included: the longest of the matching rules wins.
    pub(super) fn octets(&self) -> u32 {
        self.octets
    }

    /// Whether it can match any path at all: paths begin with a slash.
    pub(super) fn can_match(&self) -> bool {
        self.text.starts_with(['/', '*'])
    }

    /// Whether it matches from the first octet of `path`.
    pub(super) fn matches(&self, path: &MatchPath) -> bool {
        if fits(self.text.as_bytes(), self.ends, path.normal.as_bytes()) {
            return true;
        }
        if self.folded.is_none() && path.folded.is_none() {
            return false;
        }
        let text = self.folded.as_deref().unwrap_or(&self.text);
        let path = path.folded.as_deref().unwrap_or(&path.normal);
        fits(text.as_bytes(), self.ends, path.as_bytes())
    }
}

fn fits(pattern: &[u8], ends: bool, path: &[u8]) -> bool {
    let mut pieces = pattern.split(|octet| *octet == b'*').peekable();
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    if pieces.peek().is_none() {
        return !ends || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if ends && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        if piece.is_empty() {
            continue;
        }
        let Some(at) = memmem::find(rest, piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, path: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(&MatchPath::new(path))
    }

    #[test]
    fn stars_and_the_end_sign_mean_what_the_standard_says() {
        for (pattern, path, want) in [
            ("/", "/", true),
            ("/fish", "/fish.html", true),
            ("/fish", "/Fish", false),
            ("/fish/", "/fish", false),
            ("/fish*", "/fishheads/yummy.html", true),
            ("/*.php", "/folder/filename.php?parameters", true),
            ("/*.php", "/", false),
            ("/*.php$", "/filename.php", true),
            ("/*.php$", "/filename.php/", false),
            ("/*.php$", "/a.php/b.php", true),
            ("/fish*.php", "/fishheads/catfish.php?x", true),
            ("/a$b", "/a$b", true),
            ("/a$b", "/a", false),
            ("*", "/", true),
            ("*$", "/x", true),
            ("/**$", "/x", true),
            ("$", "/", false),
            ("/$", "/", true),
            ("/$", "/x", false),
            ("/a*$", "/abc", true),
            ("/a*b*a$", "/aba", true),
            ("/a*a$", "/a", false),
            ("/x*%2A", "/xy*", true),
            ("/x%24", "/x$", true),
            ("foo", "/foo", false),
        ] {
            assert_eq!(check(pattern, path), want, "{pattern} on {path}");
        }
    }

    #[test]
    fn twenty_stars_on_a_long_path_take_no_time() {
        let path = MatchPath::new(&format!("/{}", "a".repeat(2_000)));
        let rules: Vec<Pattern> = ["/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "/*aab*aab*aab$"]
            .iter()
            .filter_map(|text| Pattern::new(text))
            .collect();
        // By going back over the path, once would outlive the machine; at 0.4 s each, as matching
        // with lists of positions takes, the runner's limit for a slow test is met.
        for _ in 0..5_000 {
            assert!(rules.iter().all(|rule| !rule.matches(&path)));
        }
    }

    /// The definition, by dynamic programming: slow and plain.
    fn by_definition(pattern: &[u8], ends: bool, path: &[u8]) -> bool {
        let mut reach = vec![false; path.len() + 1];
        reach[0] = true;
        for octet in pattern {
            let mut next = vec![false; path.len() + 1];
            let mut seen = false;
            for at in 0..=path.len() {
                seen |= reach[at];
                if *octet == b'*' {
                    next[at] = seen;
                } else if at < path.len() && reach[at] && path[at] == *octet {
                    next[at + 1] = true;
                }
            }
            reach = next;
        }
        if ends { reach[path.len()] } else { reach.contains(&true) }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2_000))]
        #[test]
        fn matching_is_as_defined(pattern in "[ab*]{0,12}", ends in proptest::bool::ANY, path in "[ab]{0,16}") {
            let (pattern, path) = (format!("/{pattern}"), format!("/{path}"));
            proptest::prop_assert_eq!(
                fits(pattern.as_bytes(), ends, path.as_bytes()),
                by_definition(pattern.as_bytes(), ends, path.as_bytes())
            );
        }
    }
}

//! In or out: whether a URL belongs to a job, and which rule said so.
//!
//! Rules are tried in a fixed order, and the first that applies decides:
//!
//! 1. a prerequisite (robots.txt) is in;
//! 2. an exclude rule is out, whatever else would take it in;
//! 3. a part of a page (embed) is in or out by the rule on requisites;
//! 4. a seed, and what a seed redirects to, is in;
//! 5. more hops than allowed is out;
//! 6. what a feed or sitemap of the job names is in, where the job's options say so;
//! 7. an include rule is in;
//! 8. everything else is out.
//!
//! Within includes and excludes the order is that of the job file, so that the rule named is the
//! first one a reader would find. SURT prefixes are Heritrix's: `com,example)/news` for a path,
//! `com,example,` for a domain with all below it. What it deliberately does not do: clean URLs
//! (`clean`), guard against traps (`traps`), know robots.txt.

use globset::{Glob, GlobSet, GlobSetBuilder};
use regex::{RegexSet, RegexSetBuilder};

use super::discovery::{DiscoveryPath, Step};
use crate::base::surt::urlkey;
use crate::base::{ByteSize, HostKey, MediaType, TargetUri};

/// The ruling on a URL to which no rule applies.
const NO_INCLUDE_RULE: &str = "no include rule";

/// One rule of a job, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A SURT prefix, or a URL that stands for its own.
    Surt(String),
    /// Exactly this host.
    Host(String),
    /// This domain and everything below it.
    Domain(String),
    /// A glob over the whole URL; `*` matches slashes, too.
    Glob(String),
    /// A regular expression, found anywhere in the URL.
    Regex(String),
}

impl Rule {
    fn name(&self) -> String {
        match self {
            Self::Surt(text) => format!("surt {text:?}"),
            Self::Host(text) => format!("host {text:?}"),
            Self::Domain(text) => format!("domain {text:?}"),
            Self::Glob(text) => format!("glob {text:?}"),
            Self::Regex(text) => format!("regex {text:?}"),
        }
    }
}

/// Which parts of a page are fetched with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Requisites {
    /// None.
    #[default]
    None,
    /// Those on hosts that an include rule takes in, or that the page itself is on.
    SameScope,
    /// All, whatever host they are on.
    AnyHost,
}

/// The rules of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeOptions {
    /// Takes in.
    pub include: Vec<Rule>,
    /// Leaves out, and outranks `include`.
    pub exclude: Vec<Rule>,
    /// Whether what a feed or sitemap of the job names is in, whatever its host: a publisher says there
    /// which pages are its own.
    pub named_by_sources: bool,
    /// How many links from a seed are followed; without a limit when `None`.
    pub hops_max: Option<u32>,
    /// Which parts of a page are fetched with it.
    pub requisites: Requisites,
    /// How many embeds and redirects in a row a requisite may be away from its page.
    pub transclusion_hops_max: u32,
    /// Media types whose bodies are fetched, with `*` for any: `text/*`. All when empty.
    pub media_types: Vec<String>,
    /// Media types whose bodies are not fetched; outranks `media_types`.
    pub media_types_exclude: Vec<String>,
    /// The largest body that is fetched, in bytes, where its length is known beforehand.
    pub payload_bytes_max: Option<ByteSize>,
}

impl Default for ScopeOptions {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            named_by_sources: false,
            hops_max: None,
            requisites: Requisites::None,
            transclusion_hops_max: 3,
            media_types: Vec::new(),
            media_types_exclude: Vec::new(),
            payload_bytes_max: None,
        }
    }
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scope.{list}[{index}]: {rule} cannot be used: {why}")]
pub struct ScopeError {
    /// `include`, `exclude`, `media_types` or `media_types_exclude`.
    pub list: &'static str,
    /// Its place in the list, from 0.
    pub index: usize,
    /// The rule.
    pub rule: String,
    /// What is wrong with it.
    pub why: String,
}

/// In or out, and which rule said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It belongs.
    In(String),
    /// It does not.
    Out(String),
}

impl Ruling {
    /// Whether it is in.
    #[must_use]
    pub fn is_in(&self) -> bool {
        matches!(self, Self::In(_))
    }

    /// The rule that decided.
    #[must_use]
    pub fn rule(&self) -> &str {
        match self {
            Self::In(rule) | Self::Out(rule) => rule,
        }
    }
}

/// A job's scope, ready for use.
#[derive(Debug, Clone)]
pub struct Scope {
    options: ScopeOptions,
    include: Matcher,
    exclude: Matcher,
}

impl Scope {
    /// Prepares the rules.
    ///
    /// # Errors
    /// For the first rule that cannot be used: a glob or regex that does not parse, an empty host.
    pub fn new(options: ScopeOptions) -> Result<Self, ScopeError> {
        let include = Matcher::new("include", &options.include)?;
        let exclude = Matcher::new("exclude", &options.exclude)?;
        for (list, types) in [
            ("media_types", &options.media_types),
            ("media_types_exclude", &options.media_types_exclude),
        ] {
            for (index, pattern) in types.iter().enumerate() {
                if !pattern.contains('/') {
                    let why = "expected type/subtype, type/* or */*".to_owned();
                    return Err(ScopeError { list, index, rule: format!("{pattern:?}"), why });
                }
            }
        }
        Ok(Self { options, include, exclude })
    }

    /// Whether a URL that was found by `path` belongs. `via` is the page it was found on.
    #[must_use]
    pub fn judge(&self, uri: &TargetUri, path: &DiscoveryPath, via: Option<&TargetUri>) -> Ruling {
        let inside = |rule: &str| Ruling::In(rule.to_owned());
        if path.steps().next_back() == Some(Step::Prerequisite) {
            return inside("prerequisite");
        }
        let subject = Subject::new(uri);
        if let Some(rule) = self.exclude_rule(&subject) {
            return Ruling::Out(rule);
        }
        if path.is_requisite() {
            return self.judge_requisite(&subject, path, via);
        }
        if path.steps().all(|step| step == Step::Redirect) && path.hops() == 0 {
            let rule = if path.to_string().is_empty() { "seed" } else { "redirect of a seed" };
            return inside(rule);
        }
        if let Some(max) = self.options.hops_max
            && path.hops() > max
        {
            return Ruling::Out(format!("hops_max {max} ({} hops)", path.hops()));
        }
        match self.include.first(&subject) {
            Some(index) => Ruling::In(format!("include {}", self.options.include[index].name())),
            None => Ruling::Out(NO_INCLUDE_RULE.to_owned()),
        }
    }

    /// The same for what a feed or sitemap of the job names, or what that redirects to.
    #[must_use]
    pub fn judge_named(
        &self,
        uri: &TargetUri,
        path: &DiscoveryPath,
        via: Option<&TargetUri>,
    ) -> Ruling {
        let ruling = self.judge(uri, path, via);
        match ruling {
            Ruling::Out(rule) if self.options.named_by_sources && rule == NO_INCLUDE_RULE => {
                Ruling::In("named by a source".to_owned())
            }
            other => other,
        }
    }

    /// Whether an include rule takes in a URL and no exclude rule leaves it out, however it was found.
    #[must_use]
    pub fn includes(&self, uri: &TargetUri) -> bool {
        let subject = Subject::new(uri);
        self.exclude_rule(&subject).is_none() && self.include.first(&subject).is_some()
    }

    /// The exclude rule that leaves a URL out, whatever else would take it in.
    #[must_use]
    pub fn excluded(&self, uri: &TargetUri) -> Option<String> {
        self.exclude_rule(&Subject::new(uri))
    }

    fn exclude_rule(&self, subject: &Subject<'_>) -> Option<String> {
        let index = self.exclude.first(subject)?;
        Some(format!("exclude {}", self.options.exclude[index].name()))
    }

    fn judge_requisite(
        &self,
        subject: &Subject<'_>,
        path: &DiscoveryPath,
        via: Option<&TargetUri>,
    ) -> Ruling {
        let max = self.options.transclusion_hops_max;
        let away = path.trailing_transclusions();
        if away > max {
            return Ruling::Out(format!("transclusion_hops_max {max} ({away} away)"));
        }
        match self.options.requisites {
            Requisites::None => Ruling::Out("requisites none".to_owned()),
            Requisites::AnyHost => Ruling::In("requisites any-host".to_owned()),
            Requisites::SameScope => {
                let same_host = via.is_some_and(|via| via.host_key() == subject.host);
                if same_host || self.include.first(subject).is_some() {
                    Ruling::In("requisites same-scope".to_owned())
                } else {
                    Ruling::Out("requisites same-scope (another host)".to_owned())
                }
            }
        }
    }

    /// Whether a body of this media type and length is fetched, from the head of the response.
    #[must_use]
    pub fn judge_body(&self, media_type: &MediaType, length: Option<u64>) -> Ruling {
        let essence = media_type.essence();
        let find = |list: &[String]| list.iter().find(|p| type_matches(p, essence)).cloned();
        if let Some(pattern) = find(&self.options.media_types_exclude) {
            return Ruling::Out(format!("media_types_exclude {pattern:?} ({essence})"));
        }
        if let (Some(max), Some(length)) = (self.options.payload_bytes_max, length)
            && length > max.0
        {
            return Ruling::Out(format!("payload_bytes_max {max} ({length} bytes)"));
        }
        if self.options.media_types.is_empty() {
            return Ruling::In("all media types".to_owned());
        }
        match find(&self.options.media_types) {
            Some(pattern) => Ruling::In(format!("media_types {pattern:?}")),
            None => Ruling::Out(format!("media_types ({essence})")),
        }
    }
}

fn type_matches(pattern: &str, essence: &str) -> bool {
    let pattern = pattern.trim().to_ascii_lowercase();
    match pattern.split_once('/') {
        Some(("*", "*")) => true,
        Some((kind, "*")) => essence.split_once('/').is_some_and(|(k, _)| k == kind),
        _ => pattern == essence,
    }
}

/// What rules are matched against, made once for a URL.
struct Subject<'a> {
    text: &'a str,
    host: HostKey,
    key: String,
}

impl<'a> Subject<'a> {
    fn new(uri: &'a TargetUri) -> Self {
        Self { text: uri.as_str(), host: uri.host_key(), key: urlkey(uri.as_str()) }
    }
}

/// A list of rules: all globs in one automaton and all regexes in another, since a job may have
/// hundreds of either.
#[derive(Debug, Clone)]
struct Matcher {
    globs: GlobSet,
    glob_rules: Vec<usize>,
    regexes: RegexSet,
    regex_rules: Vec<usize>,
    /// Hosts, domains and SURT prefixes, in the order of the list.
    plain: Vec<(usize, Plain)>,
}

#[derive(Debug, Clone)]
enum Plain {
    Host(HostKey),
    Domain(String),
    Surt { prefix: String, exact: Option<String> },
}

impl Matcher {
    fn new(list: &'static str, rules: &[Rule]) -> Result<Self, ScopeError> {
        let mut globs = GlobSetBuilder::new();
        let (mut glob_rules, mut regex_rules) = (Vec::new(), Vec::new());
        let (mut regexes, mut plain) = (Vec::new(), Vec::new());
        for (index, rule) in rules.iter().enumerate() {
            let fail = |why: String| ScopeError { list, index, rule: rule.name(), why };
            match rule {
                Rule::Glob(text) => {
                    globs.add(Glob::new(text).map_err(|why| fail(why.kind().to_string()))?);
                    glob_rules.push(index);
                }
                Rule::Regex(text) => {
                    let why = |why: regex::Error| fail(first_line(&why.to_string()));
                    regex::Regex::new(text).map_err(why)?;
                    regexes.push(text);
                    regex_rules.push(index);
                }
                Rule::Host(text) | Rule::Domain(text)
                    if text.trim_matches(['.', ' ']).is_empty() =>
                {
                    return Err(fail("it is empty".to_owned()));
                }
                Rule::Host(text) => plain.push((index, Plain::Host(HostKey::new(text.trim())))),
                Rule::Domain(text) => {
                    plain.push((index, Plain::Domain(text.trim().to_ascii_lowercase())));
                }
                Rule::Surt(text) => plain.push((index, surt(text).map_err(fail)?)),
            }
        }
        let all = |why: String| ScopeError { list, index: 0, rule: "all rules".to_owned(), why };
        Ok(Self {
            globs: globs.build().map_err(|why| all(why.to_string()))?,
            glob_rules,
            regexes: RegexSetBuilder::new(&regexes).build().map_err(|why| all(why.to_string()))?,
            regex_rules,
            plain,
        })
    }

    /// The place of the first rule that matches.
    fn first(&self, subject: &Subject<'_>) -> Option<usize> {
        let plain = self.plain.iter().find(|(_, plain)| plain.matches(subject)).map(|(i, _)| *i);
        let glob = self.globs.matches(subject.text).first().map(|at| self.glob_rules[*at]);
        let regex = self.regexes.matches(subject.text).iter().next().map(|at| self.regex_rules[at]);
        [plain, glob, regex].into_iter().flatten().min()
    }
}

impl Plain {
    fn matches(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::Host(host) => *host == subject.host,
            Self::Domain(domain) => subject.host.is_in_domain(domain),
            Self::Surt { prefix, exact } => {
                subject.key.starts_with(prefix) || exact.as_ref() == Some(&subject.key)
            }
        }
    }
}

/// Reads `com,example)/news`, Heritrix's `http://(com,example,)/news`, or a URL.
fn surt(text: &str) -> Result<Plain, String> {
    let text = text.trim();
    let heritrix = text.split_once("://(").map(|(_, rest)| rest.replacen(",)", ")", 1));
    let as_key = heritrix.as_deref().unwrap_or(text);
    if heritrix.is_none() && text.contains("://") {
        let key = urlkey(text);
        // A URL that ends in a slash names the folder: the folder's own key has no slash.
        if text.ends_with('/') && !key.ends_with('/') {
            return Ok(Plain::Surt { prefix: format!("{key}/"), exact: Some(key) });
        }
        return Ok(Plain::Surt { prefix: key, exact: None });
    }
    if as_key.is_empty() || !(as_key.contains(',') || as_key.contains(')')) {
        return Err("expected a SURT prefix such as \"org,example)/news\", or a URL".to_owned());
    }
    let prefix = as_key.to_lowercase();
    // "com,example," also stands for the domain itself, whose key continues with ")".
    let exact = None;
    Ok(Plain::Surt { prefix, exact })
}

fn first_line(text: &str) -> String {
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or(text).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(options: ScopeOptions, url: &str, path: &str) -> String {
        let uri = TargetUri::parse(url).unwrap();
        let via = TargetUri::parse("https://www.example.org/page").unwrap();
        let path = DiscoveryPath::parse(path).unwrap();
        let ruling = Scope::new(options).unwrap().judge(&uri, &path, Some(&via));
        format!("{}: {}", if ruling.is_in() { "in" } else { "out" }, ruling.rule())
    }

    fn rules() -> ScopeOptions {
        ScopeOptions {
            include: vec![
                Rule::Surt("https://www.example.org/news/".to_owned()),
                Rule::Surt("org,paper)/world".to_owned()),
                Rule::Surt("http://(net,wire,)/a".to_owned()),
                Rule::Domain("media.example".to_owned()),
                Rule::Host("one.example.com".to_owned()),
                Rule::Glob("https://*.blog/*/post-*".to_owned()),
                Rule::Regex(r"/20\d\d/\d\d/".to_owned()),
            ],
            exclude: vec![
                Rule::Regex(r"[?&]replytocom=".to_owned()),
                Rule::Glob("*/login*".to_owned()),
            ],
            hops_max: Some(2),
            requisites: Requisites::SameScope,
            ..ScopeOptions::default()
        }
    }

    #[test]
    fn the_verdict_names_the_rule_that_decided() {
        for (url, path, expected) in [
            (
                "https://www.example.org/news/a",
                "L",
                r#"in: include surt "https://www.example.org/news/""#,
            ),
            (
                "https://example.org/news",
                "L",
                r#"in: include surt "https://www.example.org/news/""#,
            ),
            ("https://www.example.org/newsroom", "L", "out: no include rule"),
            ("http://paper.org/worldwide", "L", r#"in: include surt "org,paper)/world""#),
            ("http://wire.net/a/1", "L", r#"in: include surt "http://(net,wire,)/a""#),
            ("http://x.media.example/", "L", r#"in: include domain "media.example""#),
            ("http://xmedia.example/", "L", "out: no include rule"),
            ("http://one.example.com/", "L", r#"in: include host "one.example.com""#),
            ("http://two.example.com/", "L", "out: no include rule"),
            ("https://my.blog/x/post-1", "L", r#"in: include glob "https://*.blog/*/post-*""#),
            ("http://z.org/2025/11/05", "LL", r#"in: include regex "/20\\d\\d/\\d\\d/""#),
            ("http://z.org/2025/11/05", "LLL", "out: hops_max 2 (3 hops)"),
            ("http://z.org/2025/11/?replytocom=3", "L", r#"out: exclude regex "[?&]replytocom=""#),
            ("http://media.example/login", "", r#"out: exclude glob "*/login*""#),
            ("http://anywhere.org/", "", "in: seed"),
            ("http://elsewhere.org/", "R", "in: redirect of a seed"),
            ("http://elsewhere.org/", "LR", "out: no include rule"),
            ("http://elsewhere.org/robots.txt", "P", "in: prerequisite"),
            ("http://cdn.org/x.png", "LE", "out: requisites same-scope (another host)"),
            ("https://www.example.org/x.png", "LE", "in: requisites same-scope"),
            ("https://media.example/x.png", "LLLE", "in: requisites same-scope"),
            ("https://www.example.org/x.png", "LEEEE", "out: transclusion_hops_max 3 (4 away)"),
        ] {
            assert_eq!(judge(rules(), url, path), expected, "{url} by {path:?}");
        }
        let any = ScopeOptions { requisites: Requisites::AnyHost, ..rules() };
        assert_eq!(judge(any, "http://cdn.org/x.png", "LE"), "in: requisites any-host");
    }

    #[test]
    fn bodies_are_judged_by_type_and_length() {
        let options = ScopeOptions {
            media_types: vec!["text/*".to_owned(), "application/pdf".to_owned()],
            media_types_exclude: vec!["text/css".to_owned()],
            payload_bytes_max: Some(ByteSize(1_000)),
            ..ScopeOptions::default()
        };
        let scope = Scope::new(options).unwrap();
        for (media_type, length, inside) in [
            ("text/html; charset=utf-8", Some(1_000), true),
            ("text/html", None, true),
            ("text/html", Some(1_001), false),
            ("text/css", None, false),
            ("application/pdf", None, true),
            ("video/mp4", None, false),
        ] {
            let ruling = scope.judge_body(&MediaType::parse(media_type), length);
            assert_eq!(ruling.is_in(), inside, "{media_type} {length:?}: {}", ruling.rule());
        }
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_named_with_its_place() {
        for (rule, expected) in [
            (
                Rule::Regex("(".to_owned()),
                r#"scope.include[1]: regex "(" cannot be used: error: unclosed group"#,
            ),
            (
                Rule::Glob("[".to_owned()),
                r#"scope.include[1]: glob "[" cannot be used: unclosed character class; missing ']'"#,
            ),
            (
                Rule::Domain(".".to_owned()),
                r#"scope.include[1]: domain "." cannot be used: it is empty"#,
            ),
            (
                Rule::Surt("news".to_owned()),
                r#"scope.include[1]: surt "news" cannot be used: expected a SURT prefix such as "org,example)/news", or a URL"#,
            ),
        ] {
            let include = vec![Rule::Host("a.org".to_owned()), rule];
            let why = Scope::new(ScopeOptions { include, ..ScopeOptions::default() }).unwrap_err();
            assert_eq!(why.to_string(), expected);
        }
    }
}

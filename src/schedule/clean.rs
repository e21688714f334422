//! URL cleaning: what is taken off a URL before it is queued, and why; and variants of a page.
//!
//! Everything that is taken off is returned with its reason, to be recorded by the caller: two
//! URLs are never merged silently. Variants (AMP, print, mobile) are not merged at all: that
//! a page names another one as canonical is a fact about the two, and both stay captures of their
//! own. What it deliberately does not do: canonicalise (that is the urlkey's business), sort
//! parameters, guess which parameters a site ignores.

use crate::base::TargetUri;

/// What a parameter is for, where it is known to change nothing that a reader sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Says where a reader came from, for statistics.
    Tracking,
    /// An advertising network's click.
    Click,
    /// A mail or newsletter's reader.
    Mail,
    /// A visitor's session.
    Session,
    /// Never sent to the server.
    Fragment,
    /// Named by the job.
    Configured,
}

impl Reason {
    /// Its word in records.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Tracking => "tracking",
            Self::Click => "click",
            Self::Mail => "mail",
            Self::Session => "session",
            Self::Fragment => "fragment",
            Self::Configured => "configured",
        }
    }
}

/// Parameters by name; a `*` at the end stands for any rest. From the vendors' own documentation
/// of link tagging: Google Analytics and Ads, Matomo, Adobe, Meta, Microsoft Ads, X, TikTok,
/// LinkedIn, Yandex, Mailchimp, HubSpot, Marketo, Drip, Vero, Olytics, and AT Internet.
const PARAMETERS: [(&str, Reason); 58] = [
    ("utm_*", Reason::Tracking),
    ("mtm_*", Reason::Tracking),
    ("pk_campaign", Reason::Tracking),
    ("pk_kwd", Reason::Tracking),
    ("pk_source", Reason::Tracking),
    ("pk_medium", Reason::Tracking),
    ("pk_content", Reason::Tracking),
    ("piwik_campaign", Reason::Tracking),
    ("piwik_kwd", Reason::Tracking),
    ("matomo_campaign", Reason::Tracking),
    ("ga_source", Reason::Tracking),
    ("ga_medium", Reason::Tracking),
    ("ga_campaign", Reason::Tracking),
    ("_ga", Reason::Tracking),
    ("_gl", Reason::Tracking),
    ("s_cid", Reason::Tracking),
    ("s_kwcid", Reason::Tracking),
    ("ito", Reason::Tracking),
    ("xtor", Reason::Tracking),
    ("at_campaign", Reason::Tracking),
    ("at_medium", Reason::Tracking),
    ("at_custom*", Reason::Tracking),
    ("ns_mchannel", Reason::Tracking),
    ("ns_source", Reason::Tracking),
    ("ns_campaign", Reason::Tracking),
    ("ns_linkname", Reason::Tracking),
    ("ns_fee", Reason::Tracking),
    ("guccounter", Reason::Tracking),
    ("guce_referrer", Reason::Tracking),
    ("guce_referrer_sig", Reason::Tracking),
    ("__twitter_impression", Reason::Tracking),
    ("ref_src", Reason::Tracking),
    ("ref_url", Reason::Tracking),
    ("fbclid", Reason::Click),
    ("fb_action_ids", Reason::Click),
    ("fb_action_types", Reason::Click),
    ("gclid", Reason::Click),
    ("gclsrc", Reason::Click),
    ("dclid", Reason::Click),
    ("gbraid", Reason::Click),
    ("wbraid", Reason::Click),
    ("msclkid", Reason::Click),
    ("twclid", Reason::Click),
    ("ttclid", Reason::Click),
    ("li_fat_id", Reason::Click),
    ("yclid", Reason::Click),
    ("igshid", Reason::Click),
    ("mc_cid", Reason::Mail),
    ("mc_eid", Reason::Mail),
    ("_hsenc", Reason::Mail),
    ("_hsmi", Reason::Mail),
    ("hsCtaTracking", Reason::Mail),
    ("mkt_tok", Reason::Mail),
    ("__s", Reason::Mail),
    ("vero_id", Reason::Mail),
    ("oly_enc_id", Reason::Mail),
    ("phpsessid", Reason::Session),
    ("aspsessionid*", Reason::Session),
];

/// Names that are sessions only when the value looks like one, since sites use them for other
/// things too: 20 or more letters and digits.
const SESSIONS: [&str; 6] = ["sid", "sessionid", "session_id", "jsessionid", "cfid", "cftoken"];

/// What is cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CleanOptions {
    /// Whether the parameters of the built-in table go.
    pub tracking: Switch,
    /// Whether session ids go.
    pub sessions: Switch,
    /// Further parameters that go; `*` at the end stands for any rest.
    pub remove: Vec<String>,
    /// Parameters that stay, whatever else is said.
    pub keep: Vec<String>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Switch {
    /// On.
    #[default]
    On,
    /// Off.
    Off,
}

impl Default for CleanOptions {
    fn default() -> Self {
        Self { tracking: Switch::On, sessions: Switch::On, remove: Vec::new(), keep: Vec::new() }
    }
}

/// A part that was taken off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The part as it was, such as `utm_source=feed`.
    pub part: String,
    /// Why.
    pub reason: Reason,
}

/// A URL and what was taken off it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// What is left; the URL as given when nothing was taken off.
    pub uri: TargetUri,
    /// What was taken off, in the order in which it stood.
    pub removed: Vec<Removed>,
}

/// Cleans one URL. What is left is otherwise byte for byte as it was: no reordering, no decoding.
#[must_use]
pub fn clean(uri: &TargetUri, options: &CleanOptions) -> Cleaned {
    let mut removed = Vec::new();
    let (rest, fragment) = split_kept(uri.as_str(), '#');
    let (path, query) = split_kept(rest, '?');
    let mut text = without_path_session(path, options, &mut removed);
    if let Some(query) = query {
        let mut kept: Vec<&str> = Vec::new();
        for part in query.split('&') {
            match reason(part, options) {
                Some(reason) => removed.push(Removed { part: part.to_owned(), reason }),
                None => kept.push(part),
            }
        }
        // A query that was empty stays empty; one that lost all its parameters goes.
        if !kept.is_empty() {
            text.push('?');
            text.push_str(&kept.join("&"));
        }
    }
    if let Some(fragment) = fragment {
        removed.push(Removed { part: format!("#{fragment}"), reason: Reason::Fragment });
    }
    if removed.is_empty() {
        return Cleaned { uri: uri.clone(), removed };
    }
    match TargetUri::parse(&text) {
        Ok(uri) => Cleaned { uri, removed },
        // What was a URL before stays one without a parameter; if not, it stays as it was.
        Err(_) => Cleaned { uri: uri.clone(), removed: Vec::new() },
    }
}

fn split_kept(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Java's `;jsessionid=…` and ASP.NET's `/(S(…))/` in the path.
fn without_path_session(path: &str, options: &CleanOptions, removed: &mut Vec<Removed>) -> String {
    let mut text = path.to_owned();
    if options.sessions == Switch::Off {
        return text;
    }
    if let Some(at) = text.to_ascii_lowercase().find(";jsessionid=") {
        let end = text[at..].find('/').map_or(text.len(), |slash| at + slash);
        removed.push(Removed { part: text[at..end].to_owned(), reason: Reason::Session });
        text.replace_range(at..end, "");
    }
    if let Some(at) = text.find("/(S(")
        && let Some(length) = text[at..].find("))")
        && text[at + length + 2..].starts_with('/')
    {
        let part = text[at + 1..at + length + 2].to_owned();
        removed.push(Removed { part, reason: Reason::Session });
        text.replace_range(at..at + length + 2, "");
    }
    text
}

fn reason(part: &str, options: &CleanOptions) -> Option<Reason> {
    let (name, value) = split_kept(part, '=');
    let is = |pattern: &str| name_matches(pattern, name);
    if name.is_empty() || options.keep.iter().any(|pattern| is(pattern)) {
        return None;
    }
    if options.remove.iter().any(|pattern| is(pattern)) {
        return Some(Reason::Configured);
    }
    let known = PARAMETERS.iter().find(|(pattern, _)| is(pattern)).map(|(_, reason)| *reason);
    let session = || {
        let value = value.unwrap_or("");
        let looks_like_one =
            value.len() >= 20 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (looks_like_one && SESSIONS.iter().any(|pattern| is(pattern))).then_some(Reason::Session)
    };
    known.or_else(session).filter(|reason| match reason {
        Reason::Session => options.sessions == Switch::On,
        _ => options.tracking == Switch::On,
    })
}

fn name_matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)),
        None => pattern.eq_ignore_ascii_case(name),
    }
}

/// How a page differs from the one that it names as canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantKind {
    /// The AMP form.
    Amp,
    /// The form for printing.
    Print,
    /// The form for small screens.
    Mobile,
    /// Another address of what is said to be the same.
    Other,
    /// The canonical one is a front page or on an unrelated host: not to be trusted.
    Doubtful,
}

impl VariantKind {
    /// Its word in records.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Amp => "amp",
            Self::Print => "print",
            Self::Mobile => "mobile",
            Self::Other => "other",
            Self::Doubtful => "doubtful",
        }
    }
}

/// A fact: one page says that another is its canonical form. Nothing is merged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// The page that says so.
    pub uri: TargetUri,
    /// The one it names.
    pub of: TargetUri,
    /// How they differ.
    pub kind: VariantKind,
}

/// What `rel=canonical` says of a page; `None` when it names the page itself.
#[must_use]
pub fn variant(uri: &TargetUri, canonical: &TargetUri) -> Option<Variant> {
    let options = CleanOptions::default();
    let (page, of) = (clean(uri, &options).uri, clean(canonical, &options).uri);
    if page.url() == of.url() {
        return None;
    }
    let front = of.url().path() == "/" && of.url().query().is_none() && page.url().path() != "/";
    let kind = if front || !related(page.host(), of.host()) {
        VariantKind::Doubtful
    } else {
        let (has, had) = (marks(&page), marks(&of));
        [VariantKind::Amp, VariantKind::Print, VariantKind::Mobile]
            .into_iter()
            .find(|kind| has.contains(kind) && !had.contains(kind))
            .unwrap_or(VariantKind::Other)
    };
    Some(Variant { uri: uri.clone(), of: canonical.clone(), kind })
}

/// Whether two hosts are one, or share their last two labels.
fn related(a: &str, b: &str) -> bool {
    let tail = |host: &str| {
        let mut labels: Vec<String> =
            host.rsplit('.').take(2).map(str::to_ascii_lowercase).collect();
        labels.reverse();
        labels.join(".")
    };
    a.eq_ignore_ascii_case(b) || tail(a) == tail(b)
}

fn marks(uri: &TargetUri) -> Vec<VariantKind> {
    let words: Vec<String> = uri
        .url()
        .path()
        .split(['/', '.', '-', '_'])
        .chain(uri.url().query().unwrap_or("").split(['&', '=']))
        .map(str::to_ascii_lowercase)
        .collect();
    let has = |word: &str| words.iter().any(|w| w == word);
    let label = |word: &str| uri.host().split('.').next().is_some_and(|first| first == word);
    let mut found = Vec::new();
    if has("amp") || label("amp") {
        found.push(VariantKind::Amp);
    }
    if has("print") || has("printable") || has("drucken") || has("imprimer") {
        found.push(VariantKind::Print);
    }
    if label("m") || label("mobile") || label("mobil") || has("mobile") {
        found.push(VariantKind::Mobile);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(url: &str, options: &CleanOptions) -> (String, Vec<String>) {
        let cleaned = clean(&TargetUri::parse(url).unwrap(), options);
        let said = cleaned.removed.iter().map(|r| format!("{} ({})", r.part, r.reason.label()));
        (cleaned.uri.as_str().to_owned(), said.collect())
    }

    #[test]
    fn what_changes_nothing_is_taken_off_and_named() {
        let none: &[&str] = &[];
        for (url, left, removed) in [
            ("http://a.org/x?b=1&a=2", "http://a.org/x?b=1&a=2", none),
            ("http://a.org/x?utm_source=feed", "http://a.org/x", &["utm_source=feed (tracking)"]),
            (
                "http://a.org/x?id=7&UTM_Medium=y&fbclid=z&q=%C3%BC#top",
                "http://a.org/x?id=7&q=%C3%BC",
                &["UTM_Medium=y (tracking)", "fbclid=z (click)", "#top (fragment)"],
            ),
            ("http://a.org/x?", "http://a.org/x?", none),
            ("http://a.org/x?&a", "http://a.org/x?&a", none),
            ("http://a.org/#!/story", "http://a.org/", &["#!/story (fragment)"]),
            (
                "http://a.org/x;JSESSIONID=0A1B/y?z=1",
                "http://a.org/x/y?z=1",
                &[";JSESSIONID=0A1B (session)"],
            ),
            (
                "http://a.org/(S(lit3py55t21z5v55vlm25s55))/x.aspx",
                "http://a.org/x.aspx",
                &["(S(lit3py55t21z5v55vlm25s55)) (session)"],
            ),
            ("http://a.org/x?sid=42", "http://a.org/x?sid=42", none),
            (
                "http://a.org/x?sid=0123456789abcdef0123",
                "http://a.org/x",
                &["sid=0123456789abcdef0123 (session)"],
            ),
            ("http://a.org/x?gclid", "http://a.org/x", &["gclid (click)"]),
        ] {
            let (text, said) = check(url, &CleanOptions::default());
            assert_eq!(
                (text.as_str(), said),
                (left, removed.iter().map(|s| (*s).to_owned()).collect()),
                "{url}"
            );
        }
    }

    #[test]
    fn a_job_may_name_more_and_keep_some() {
        let options = CleanOptions {
            remove: vec!["ref".to_owned(), "cmp_*".to_owned()],
            keep: vec!["utm_id".to_owned()],
            ..CleanOptions::default()
        };
        let (text, said) = check("http://a.org/?ref=x&utm_id=1&utm_term=2&cmp_a=3", &options);
        assert_eq!(text, "http://a.org/?utm_id=1");
        assert_eq!(said, ["ref=x (configured)", "utm_term=2 (tracking)", "cmp_a=3 (configured)"]);
        let off = CleanOptions {
            tracking: Switch::Off,
            sessions: Switch::Off,
            ..CleanOptions::default()
        };
        assert_eq!(check("http://a.org/;jsessionid=1?gclid=2", &off).1, Vec::<String>::new());
    }

    #[test]
    fn variants_are_facts_and_doubtful_ones_are_said_to_be() {
        for (page, canonical, kind) in [
            ("https://a.org/x/amp", "https://a.org/x", Some(VariantKind::Amp)),
            ("https://amp.a.org/x", "https://www.a.org/x", Some(VariantKind::Amp)),
            ("https://a.org/x?outputType=amp", "https://a.org/x", Some(VariantKind::Amp)),
            ("https://a.org/print/x", "https://a.org/x", Some(VariantKind::Print)),
            ("https://m.a.org/x", "https://www.a.org/x", Some(VariantKind::Mobile)),
            ("https://a.org/x?page=2", "https://a.org/x", Some(VariantKind::Other)),
            ("https://a.org/example", "https://a.org/other", Some(VariantKind::Other)),
            ("https://a.org/x", "https://a.org/", Some(VariantKind::Doubtful)),
            ("https://a.org/x", "https://b.org/x", Some(VariantKind::Doubtful)),
            ("https://a.org/x?utm_source=y#z", "https://a.org/x", None),
        ] {
            let uri = |text| TargetUri::parse(text).unwrap();
            let found = variant(&uri(page), &uri(canonical)).map(|v| v.kind);
            assert_eq!(found, kind, "{page} -> {canonical}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(path in "[a-z;=/()A-Z.]{0,30}", query in "[a-z_=&?%#;]{0,40}") {
            let Ok(uri) = TargetUri::parse(&format!("http://a.org/{path}?{query}")) else { return Ok(()) };
            let options = CleanOptions::default();
            let mut uri = clean(&uri, &options).uri;
            // A path may hold one session id behind another; each round takes one.
            for _ in 0..20 {
                let next = clean(&uri, &options);
                if next.removed.is_empty() {
                    prop_assert_eq!(&next.uri, &uri);
                    return Ok(());
                }
                prop_assert!(next.uri.as_str().len() < uri.as_str().len());
                uri = next.uri;
            }
        }
    }
}

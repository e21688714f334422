//! Who wrote it: names from JSON-LD, `meta`, microdata and the byline a reader sees, cleaned.
//!
//! A name is cleaned of "By", of job titles, places and addresses, and parted where several stand
//! in one text. Agencies and staffs are told from people by their words.

use super::declared::{Declared, squeeze};
use super::dom::Dom;
use super::flow::Flow;
use super::json_ld::LdArticle;
use super::page::{Author, Fact, Origin};

/// The most names of one byline.
const AUTHORS_MAX: usize = 20;

const METAS: &[&str] = &[
    "author",
    "article:author",
    "byl",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "dc:creator",
    "article:author_name",
    "og:article:author",
    "cxenseparse:author",
    "bylines",
    "twitter:data1",
    "shareaholic:article_author_name",
    "rbauthors",
];

/// The byline.
pub fn find(
    dom: &Dom,
    flow: &Flow,
    declared: &Declared,
    ld: &LdArticle,
    kept: &[usize],
    site: Option<&str>,
) -> Vec<Fact<Author>> {
    let from_ld = ld
        .authors
        .iter()
        .flat_map(|n| split(&n.name).into_iter().map(|name| (name, n.organisation)))
        .collect();
    let mut found = facts(from_ld, Origin::JsonLd, site);
    if found.is_empty() || found.iter().all(|f| f.value.organisation) {
        for name in METAS {
            if *name == "twitter:data1"
                && !declared
                    .meta(&["twitter:label1"])
                    .is_some_and(|l| l.to_lowercase().contains("written by"))
            {
                continue;
            }
            let names = declared.all(name).flat_map(split).map(|n| (n, false)).collect();
            let origin = if name.contains("article:") { Origin::OpenGraph } else { Origin::Meta };
            found = better(found, facts(names, origin, site));
        }
    }
    if found.is_empty() || found.iter().all(|f| f.value.organisation) {
        found = better(found, facts(microdata(dom, declared), Origin::Microdata, site));
    }
    if found.is_empty() || found.iter().all(|f| f.value.organisation) {
        let names = visible(dom, flow, kept);
        found = better(found, facts(names, Origin::Visible, site));
    }
    found
}

/// People before organisations, the earlier source before the later one.
fn better(old: Vec<Fact<Author>>, new: Vec<Fact<Author>>) -> Vec<Fact<Author>> {
    let people = |list: &[Fact<Author>]| list.iter().any(|f| !f.value.organisation);
    if old.is_empty() || (!people(&old) && people(&new)) { new } else { old }
}

fn facts(names: Vec<(String, bool)>, origin: Origin, site: Option<&str>) -> Vec<Fact<Author>> {
    let mut out: Vec<Fact<Author>> = Vec::new();
    for (name, organisation) in names {
        let Some(name) = clean(&name) else { continue };
        let is_site = site.is_some_and(|s| s.eq_ignore_ascii_case(&name));
        let organisation = organisation || is_site || is_organisation(&name);
        if !out.iter().any(|f| f.value.name.eq_ignore_ascii_case(&name)) && out.len() < AUTHORS_MAX
        {
            out.push(Fact { value: Author { name, organisation }, origin });
        }
    }
    out
}

fn microdata(dom: &Dom, declared: &Declared) -> Vec<(String, bool)> {
    let mut names = Vec::new();
    for (property, id) in &declared.properties {
        if property != "author" && property != "creator" {
            continue;
        }
        let inner = dom
            .walk(*id)
            .filter_map(|step| match step {
                super::dom::Step::Enter(inner) => Some(inner),
                _ => None,
            })
            .take(40)
            .find(|inner| dom.attr(*inner, "itemprop") == Some("name"));
        let at = inner.unwrap_or(*id);
        let text =
            dom.attr(at, "content").map_or_else(|| squeeze(&dom.text_below(at, 200)), squeeze);
        if text.len() <= 120 {
            names.extend(split(&text).into_iter().map(|n| (n, false)));
        }
    }
    for id in &declared.author_links {
        let text = squeeze(&dom.text_below(*id, 200));
        if names.is_empty() && text.len() <= 80 {
            names.extend(split(&text).into_iter().map(|n| (n, false)));
        }
    }
    names
}

/// Bylines in short texts before and just inside the article: named so by class, or beginning
/// with "By".
fn visible(dom: &Dom, flow: &Flow, kept: &[usize]) -> Vec<(String, bool)> {
    let first = kept.first().copied().unwrap_or(0);
    let near = first.saturating_sub(14)..(first + 3).min(flow.blocks.len());
    let mut named: Vec<(String, bool)> = Vec::new();
    for block in &flow.blocks[near] {
        let words = flow.words(block);
        if words.len() > 140 {
            continue;
        }
        let begins = strip_by(words).is_some_and(|rest| {
            looks_like_names(rest.split(['\n', '|', '•', '·']).next().unwrap_or(rest))
        });
        let classed =
            std::iter::once(block.node).chain(dom.ancestors(block.node).take(2)).any(|id| {
                let class = dom.attr(id, "class").unwrap_or("").to_ascii_lowercase();
                class.contains("byline")
                    || class.contains("author-name")
                    || class.contains("author__name")
                    || class.contains("authorname")
            });
        if begins
            || (classed
                && looks_like_names(words.split(['\n', '|', '•', '·']).next().unwrap_or(words)))
        {
            let line = words.split(['\n', '|', '•', '·']).next().unwrap_or(words);
            named.extend(split(line).into_iter().map(|n| (n, false)));
            if !named.is_empty() {
                break;
            }
        }
    }
    named
}

const BY: &[&str] = &[
    "written by",
    "posted by",
    "reported by",
    "story by",
    "words by",
    "by",
    "von",
    "par",
    "por",
    "di",
    "door",
    "av",
    "af",
    "от",
    "автор:",
    "author:",
    "autor:",
    "auteur :",
    "text:",
    "texte :",
    "texto:",
    "reporting by",
    "reviewed by",
];

fn strip_by(text: &str) -> Option<&str> {
    let text = text.trim();
    let lower = text.to_lowercase();
    BY.iter().find_map(|by| {
        let rest = lower.strip_prefix(by)?;
        let ends = by.ends_with(':') || rest.starts_with([' ', ':', '\n', '\u{a0}']);
        // Folding may change lengths outside ASCII: cut only where it did not.
        let cut = text.get(by.len()..)?;
        ends.then(|| cut.trim_start_matches([' ', ':', '\n', '\u{a0}']))
    })
}

fn looks_like_names(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    !words.is_empty()
        && words.len() <= 12
        && words.iter().filter(|w| w.starts_with(char::is_uppercase)).count() * 2 >= words.len()
        && words[0].starts_with(char::is_uppercase)
}

/// Parts a text that names several.
fn split(text: &str) -> Vec<String> {
    let text = squeeze(text);
    let text = strip_by(&text).unwrap_or(&text);
    if text.len() > 400 || text.contains("://") || text.starts_with("www.") || text.starts_with('/')
    {
        return Vec::new();
    }
    let mut parts: Vec<String> = vec![String::new()];
    let words: Vec<&str> = text.split_whitespace().collect();
    for word in words {
        let Some(last) = parts.last_mut() else { break };
        if matches!(
            word,
            "and" | "&" | "und" | "et" | "y" | "with" | "|" | "/" | "•" | "·" | "и" | "en"
        ) {
            parts.push(String::new());
            continue;
        }
        if !last.is_empty() {
            last.push(' ');
        }
        let bare = word.trim_end_matches([',', ';']);
        last.push_str(bare);
        if bare.len() < word.len() {
            parts.push(String::new());
        }
    }
    parts.retain(|p| !p.trim().is_empty());
    parts
}

const TITLES: &[&str] = &[
    "reporter",
    "correspondent",
    "editor",
    "writer",
    "staff",
    "contributor",
    "columnist",
    "journalist",
    "producer",
    "in ",
    "at ",
    "updated",
    "published",
    "md",
    "phd",
    "ph.d.",
    "m.d.",
    "jr",
    "redakteur",
    "rédact",
    "for ",
    "special to",
    "photograph",
    "chief",
    "bureau",
    "min read",
    "minutes",
    "news desk",
];

/// A name without what is no name; none where nothing is left.
fn clean(name: &str) -> Option<String> {
    let name = squeeze(&super::json_ld::unescape(name));
    let name = strip_by(&name).unwrap_or(&name);
    let name = name.split(['(', '|', '<', '[']).next().unwrap_or(name);
    let name = name.split(" - ").next().unwrap_or(name);
    let name = name
        .trim_matches(|c: char| !c.is_alphanumeric() && c != '.' && c != '"' && c != '’')
        .trim();
    let lower = name.to_lowercase();
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let is_role = TITLES.iter().any(|t| lower == *t || (lower.starts_with(t) && t.ends_with(' ')));
    let bad = letters < 2
        || name.len() > 80
        || name.split_whitespace().count() > 7
        || is_role
        || name.contains('@')
        || name.contains("http")
        || matches!(
            lower.as_str(),
            "admin"
                | "administrator"
                | "author"
                | "authors"
                | "null"
                | "none"
                | "undefined"
                | "unknown"
                | "webmaster"
                | "user"
                | "guest"
                | "share"
                | "follow"
                | "editor"
                | "root"
        )
        || (name.bytes().filter(u8::is_ascii_digit).count() > 4);
    (!bad).then(|| name.to_owned())
}

fn is_organisation(name: &str) -> bool {
    let lower = format!(" {} ", name.to_lowercase());
    [
        " news ",
        " staff ",
        " team ",
        " agency",
        " press ",
        " associated press",
        " reuters ",
        " afp ",
        " dpa ",
        " bbc ",
        " editorial",
        " redaktion",
        " redaction",
        " rédaction",
        " redacción",
        " redação",
        " desk ",
        " times ",
        " post ",
        " magazine ",
        " inc ",
        " inc. ",
        " llc",
        " ltd",
        " editors ",
        " newsroom",
        " wire ",
        " bloomberg ",
        " efe ",
        " ansa ",
        " ap ",
        " upi ",
        " tass ",
        " xinhua ",
        " bureau ",
        " board ",
        " university ",
        " institute ",
        " foundation ",
        " association ",
        " department ",
        " group ",
        " media ",
        ".com ",
        ".org ",
        " network ",
        " online ",
        " web ",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

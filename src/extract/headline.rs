//! The headline: which of the several that a page carries is the one above the article.
//!
//! Candidates are the `h1`, JSON-LD, Open Graph and `title`. A reader's headline is the `h1`; but
//! pages put their own name or nothing into it, and several stand on some. The one taken is the
//! `h1` that another source confirms, else the best of the others with the outlet's name cut off.

use std::collections::HashSet;

use super::declared::{Declared, squeeze};
use super::dom::{Dom, NodeId};
use super::json_ld::{LdArticle, unescape};
use super::page::{Disagreement, Fact, Origin};

/// Longer ones are paragraphs in a heading.
const HEADLINE_BYTES_MAX: usize = 600;

/// The headline, the element it stands in, and what the sources said where they differ.
pub struct Found {
    pub fact: Option<Fact<String>>,
    pub node: Option<NodeId>,
    pub disagreement: Option<Disagreement>,
}

/// Chooses the headline.
pub fn find(dom: &Dom, declared: &Declared, ld: &LdArticle) -> Found {
    let clean = |text: &str| {
        let text = squeeze(&unescape(text));
        (!text.is_empty() && text.len() <= HEADLINE_BYTES_MAX).then_some(text)
    };
    let json = if is_of_article(ld) { ld.headline.as_deref().and_then(clean) } else { None };
    let og = declared.meta(&["og:title"]).and_then(clean);
    let twitter = declared
        .meta(&[
            "twitter:title",
            "twitter:text:title",
            "sailthru.title",
            "dc.title",
            "parsely-title",
        ])
        .and_then(clean);
    let title = declared.title.as_deref().and_then(clean);
    let site = site_names(declared, ld);
    let mut others: Vec<(Origin, String)> = Vec::new();
    for (origin, text) in [
        (Origin::JsonLd, &json),
        (Origin::OpenGraph, &og),
        (Origin::Meta, &twitter),
        (Origin::Markup, &title),
    ] {
        if let Some(text) = text {
            others.push((origin, cut_site(text, &site)));
        }
    }
    let visible: Vec<(NodeId, String)> = declared
        .h1
        .iter()
        .take(12)
        .filter_map(|id| clean(&dom.text_below(*id, HEADLINE_BYTES_MAX)).map(|text| (*id, text)))
        .filter(|(_, text)| !site.iter().any(|name| same(name, text)))
        .collect();
    let best = visible
        .iter()
        .map(|(id, text)| {
            (others.iter().map(|(_, o)| likeness(o, text)).max().unwrap_or(0), *id, text)
        })
        .max_by_key(|(like, id, _)| (*like, std::cmp::Reverse(*id)));
    let (fact, node) = match best {
        Some((like, id, text))
            if like >= 50
                || others.is_empty()
                || (visible.len() == 1 && text.len() > 20 && like > 0) =>
        {
            (Some(Fact { value: text.clone(), origin: Origin::Markup }), Some(id))
        }
        other => match others.first() {
            Some((origin, text)) => (Some(Fact { value: text.clone(), origin: *origin }), None),
            None => (
                other.map(|(_, _, text)| Fact { value: text.clone(), origin: Origin::Markup }),
                other.map(|o| o.1),
            ),
        },
    };
    let disagreement = disagreement(fact.as_ref(), &others);
    Found { fact, node, disagreement }
}

fn is_of_article(ld: &LdArticle) -> bool {
    !ld.types.is_empty()
        && !ld
            .types
            .iter()
            .all(|t| matches!(t.as_str(), "WebPage" | "WebSite" | "CreativeWork" | "ItemPage"))
}

/// Sources that say clearly something else; a cut or a site's name is no difference.
fn disagreement(fact: Option<&Fact<String>>, others: &[(Origin, String)]) -> Option<Disagreement> {
    let fact = fact?;
    let differ: Vec<(Origin, String)> = others
        .iter()
        .filter(|(origin, text)| *origin != Origin::Markup && likeness(text, &fact.value) < 50)
        .cloned()
        .collect();
    if differ.is_empty() {
        return None;
    }
    let mut candidates = vec![(fact.origin, fact.value.clone())];
    candidates.extend(differ);
    Some(Disagreement { field: "headline", candidates })
}

/// Names of the outlet as the page gives them.
fn site_names(declared: &Declared, ld: &LdArticle) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    names.extend(declared.meta(&["og:site_name"]).map(squeeze));
    names.extend(
        declared
            .meta(&["application-name", "apple-mobile-web-app-title", "al:ios:app_name"])
            .map(squeeze),
    );
    names.extend(ld.publisher.clone());
    names.retain(|n| !n.is_empty());
    names
}

fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn same(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

/// How much two texts share, 0 to 100: words of the shorter one found in the longer one.
fn likeness(a: &str, b: &str) -> u32 {
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (a, b) = (words(a), words(b));
    let (small, large) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    if small.is_empty() {
        return 0;
    }
    let shared = small.intersection(large).count();
    // One shared word of one is no likeness of a headline.
    if small.len() == 1 && large.len() > 4 {
        return 30 * u32::from(shared == 1);
    }
    u32::try_from(shared * 100 / small.len()).unwrap_or(0)
}

const MARKS: [&str; 9] = [" | ", " - ", " – ", " — ", " :: ", " » ", " · ", " • ", " / "];

/// Cuts the outlet's name off the end, or off the start.
fn cut_site(text: &str, site: &[String]) -> String {
    let mut text = text.to_owned();
    for _ in 0..2 {
        let last = MARKS.iter().filter_map(|mark| text.rfind(mark).map(|at| (at, *mark))).max();
        let Some((at, mark)) = last else { break };
        let (head, tail) = (text[..at].trim(), text[at + mark.len()..].trim());
        let named =
            site.iter().any(|name| same(name, tail) || folded(tail).contains(&folded(name)));
        let short = tail.split_whitespace().count() <= 4 && head.split_whitespace().count() >= 4;
        if named || (short && mark == " | ") || (short && site.is_empty()) {
            text = head.to_owned();
        } else if site.iter().any(|name| same(name, head)) {
            text = tail.to_owned();
        } else {
            break;
        }
    }
    text
}

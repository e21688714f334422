//! The authors: names from JSON-LD, `meta`, microdata and the byline a reader sees.
//!
//! In reading order: the sources and which of them is trusted (here), where a reader sees a byline
//! ([`visible`]), a byline split into names ([`mod@line`], [`piece`], [`person`], [`east_asian`]), and the word lists
//! ([`lexicon`], [`given`]). Agencies and staffs are distinguished from people by their words. Deliberately knows
//! nothing of how names are set in citations.

mod east_asian;
pub(crate) mod given;
mod lexicon;
mod line;
mod person;
mod piece;
#[cfg(test)]
mod tests;
mod visible;

use super::declared::Declared;
use super::dom::Dom;
use super::embedded::Article;
use super::flow::Flow;
use super::json_ld::{self, LdArticle};
use super::page::{Author, Fact, Origin};
use crate::base::normal_form::composed;
use line::Context;

/// Whether a word is a generation behind a name, in any case: "Jr.", "III".
#[must_use]
pub(crate) fn is_generation(word: &str) -> bool {
    lexicon::GENERATIONS.contains(&word.to_lowercase().as_str())
}

/// The most names of one byline; investigations of many newsrooms have dozens.
const AUTHORS_MAX: usize = 100;

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

/// Those that name one author at a time, often family name first.
const ONE_NAME_METAS: &[&str] = &["dc.creator", "dcterms.creator", "citation_author", "dc:creator"];

/// Where the byline is looked for.
pub struct Sources<'a> {
    pub dom: &'a Dom,
    pub flow: &'a Flow,
    pub declared: &'a Declared,
    pub ld: &'a LdArticle,
    /// The data for scripts, where the article is read from them.
    pub state: Option<&'a Article>,
    /// The blocks of the article, by index.
    pub kept: &'a [usize],
}

/// The byline. `site` is the outlet, `language` the tag of the page; both may not be known.
pub fn find(from: &Sources<'_>, site: Option<&str>, language: Option<&str>) -> Vec<Fact<Author>> {
    let Sources { dom, flow, declared, ld, state, kept } = *from;
    let primary = language.map(|l| l.split(['-', '_']).next().unwrap_or(l).to_ascii_lowercase());
    let context = Context { language: primary.as_deref().unwrap_or(""), site, is_one: false };
    let lacks = |found: &[Fact<Author>]| found.iter().all(|f| f.value.organisation);
    let from_ld = ld.authors.iter().flat_map(|name| of_ld(name, &context)).collect();
    let mut found = facts(from_ld, Origin::JsonLd);
    if let Some(state) = state.filter(|_| lacks(&found)) {
        let names = state.authors.iter().flat_map(|name| line::read(&name.name, &context));
        found = better(found, facts(names.collect(), Origin::State));
    }
    if lacks(&found) {
        for name in METAS {
            if *name == "twitter:data1"
                && !declared
                    .meta(&["twitter:label1"])
                    .is_some_and(|l| l.to_lowercase().contains("written by"))
            {
                continue;
            }
            let context = Context { is_one: ONE_NAME_METAS.contains(name), ..context };
            let names = declared.all(name).flat_map(|text| line::read(text, &context)).collect();
            let origin = if name.contains("article:") { Origin::OpenGraph } else { Origin::Meta };
            found = better(found, facts(names, origin));
        }
    }
    if lacks(&found) {
        let names = visible::microdata(dom, declared, &context);
        found = better(found, facts(names, Origin::Microdata));
    }
    if lacks(&found) {
        let names = visible::near_headline(dom, flow, kept, &context);
        found = better(found, facts(names, Origin::Visible));
    }
    if found.is_empty() {
        found = facts(visible::below(dom, flow, kept, &context), Origin::Visible);
    }
    without_outlet(found, site)
}

/// Beside people, the outlet, its desks and staff, and the agencies that a line names with them are not
/// authors. An agency that the page declares as an author of its own is one.
fn without_outlet(found: Vec<Fact<Author>>, site: Option<&str>) -> Vec<Fact<Author>> {
    if !found.iter().any(|f| !f.value.organisation) {
        return found;
    }
    const OWN: [&str; 14] = [
        "the",
        "staff",
        "team",
        "redaktion",
        "redaction",
        "rédaction",
        "redacción",
        "newsroom",
        "editors",
        "desk",
        "online",
        "contributors",
        "writers",
        "reporters",
    ];
    let fold = |text: &str| -> String {
        let lower = text.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !OWN.contains(w));
        words.collect()
    };
    let site = site.map(fold);
    let is_own = |author: &Author| {
        let name = fold(&author.name);
        author.organisation && (name.is_empty() || site.as_deref() == Some(name.as_str()))
    };
    let is_beside = |fact: &Fact<Author>| {
        let name = &fact.value.name;
        fact.value.organisation
            && (lexicon::is_desk(name)
                || !matches!(fact.origin, Origin::JsonLd | Origin::Meta) && lexicon::is_wire(name))
    };
    found.into_iter().filter(|f| !is_own(&f.value) && !is_beside(f)).collect()
}

/// The names of one author in JSON-LD: parts where it has them; a body's name is never split.
fn of_ld(name: &json_ld::Name, context: &Context<'_>) -> Vec<Author> {
    if let (false, Some((given, family))) = (name.organisation, &name.parts) {
        let author = person::of_parts(given, family, "", context);
        return if author.name.is_empty() { Vec::new() } else { vec![author] };
    }
    let mut found = line::read(&name.name, context);
    if name.organisation && !found.is_empty() {
        let is_person = found.len() == 1 && !found[0].organisation && found[0].name == name.name;
        if is_person || found.iter().any(|author| author.organisation) {
            let name = composed(&super::declared::squeeze(&name.name)).into_owned();
            found = vec![Author { name, organisation: true, family: None }];
        }
        found.iter_mut().for_each(|author| author.organisation = true);
    }
    found
}

/// People before organisations, the earlier source before the later one.
fn better(old: Vec<Fact<Author>>, new: Vec<Fact<Author>>) -> Vec<Fact<Author>> {
    let people = |list: &[Fact<Author>]| list.iter().any(|f| !f.value.organisation);
    if old.is_empty() || (!people(&old) && people(&new)) { new } else { old }
}

/// Each name once; beside people the outlet is not an author.
fn facts(names: Vec<Author>, origin: Origin) -> Vec<Fact<Author>> {
    let mut out: Vec<Fact<Author>> = Vec::new();
    for author in names {
        let lower = author.name.to_lowercase();
        if !out.iter().any(|f| f.value.name.to_lowercase() == lower) && out.len() < AUTHORS_MAX {
            out.push(Fact { value: author, origin });
        }
    }
    out
}

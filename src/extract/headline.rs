//! The headline: which of the several that a page carries is the one above the article.
//!
//! Candidates are the `h1`, JSON-LD, Open Graph and `title`. A reader's headline is the `h1`; but
//! pages put their own name or nothing into it, and several stand on some. The one taken is the
//! `h1` that another source confirms, else the best of the others with the outlet's name cut off. A `title`
//! alone, which templates fill with anything, does not win against an `h1` that has the form of a headline
//! and is in the article.

use std::collections::HashSet;

use super::declared::{Declared, squeeze};
use super::dom::{Dom, NodeId};
use super::json_ld::{LdArticle, unescape};
use super::page::{Disagreement, Fact, Origin};
use super::tag::Tag;
use crate::dates::{Order, find_human, find_human_at};

/// Longer ones are paragraphs in a heading.
const HEADLINE_BYTES_MAX: usize = 600;

/// The headline, the element it is in, and what the sources said where they differ.
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
    let mut site = site_names(declared, ld);
    let headings: Vec<(NodeId, String)> = declared
        .h1
        .iter()
        .take(12)
        .filter_map(|id| clean(&dom.text_below(*id, HEADLINE_BYTES_MAX)).map(|text| (*id, text)))
        .collect();
    site.extend(outlet_beside(dom, title.as_deref(), &headings, &[&og, &json]));
    site.extend(outlet_before(title.as_deref(), &headings, &[&og, &json]));
    // An outlet's name in the only heading of the first level leaves the headline to the next level.
    let of_outlet =
        |(id, text): &(NodeId, String)| is_of_outlet(dom, *id) || is_end_of(title.as_deref(), text);
    let headings = if headings.iter().all(of_outlet) {
        let below = second_level(dom, clean);
        let confirmed = |(_, text): &(NodeId, String)| {
            headings.is_empty() || begins_title(title.as_deref(), text)
        };
        if below.iter().any(confirmed) {
            site.extend(headings.iter().map(|(_, text)| text.clone()));
            below
        } else {
            headings
        }
    } else {
        // Of two headings, one is the title's beginning and the other its end.
        let is_first = |(_, text): &(NodeId, String)| begins_title(title.as_deref(), text);
        if headings.iter().any(is_first) {
            let ends = headings.iter().filter(|(_, text)| is_end_of(title.as_deref(), text));
            site.extend(ends.map(|(_, text)| text.clone()));
        }
        headings
    };
    let says_nothing =
        |text: &str| is_placeholder(text) || site.iter().any(|name| same(name, text));
    let in_article = |id: NodeId| dom.ancestors(id).any(|above| dom.tag(above) == Tag::Article);
    let mut others: Vec<(Origin, String)> = Vec::new();
    for (origin, text) in [
        (Origin::JsonLd, &json),
        (Origin::OpenGraph, &og),
        (Origin::Meta, &twitter),
        (Origin::Markup, &title),
    ] {
        if let Some(text) = text {
            // Outside of an article a heading may be the outlet's name.
            let is_heading =
                |part: &str| headings.iter().any(|(id, text)| same(text, part) && in_article(*id));
            let text = cut_site(text, &site, is_heading);
            if !says_nothing(&text) {
                others.push((origin, text));
            }
        }
    }
    let visible: Vec<(NodeId, String)> =
        headings.iter().filter(|(_, text)| !says_nothing(text)).cloned().collect();
    let title_alone = others.iter().all(|(origin, _)| *origin == Origin::Markup);
    // "News" as a title says less than any heading that has the form of a headline.
    let title_is_one = others.first().is_some_and(|(_, text)| has_form(text));
    let stands_as_one = |id: NodeId, text: &str| {
        title_alone
            && has_form(text)
            && (in_article(id) && visible.len() == 1 || !title_is_one)
            && !is_of_outlet(dom, id)
    };
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
                || (visible.len() == 1
                    && text.len() > 20
                    && others.iter().any(|(_, other)| shares_a_word(other, text))
                    && !is_of_outlet(dom, id))
                || stands_as_one(id, text) =>
        {
            let value = plain(text, &site, &others);
            (Some(Fact { value, origin: Origin::Markup }), Some(id))
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

/// Whether a text is all that is after the last mark of the title.
fn is_end_of(title: Option<&str>, text: &str) -> bool {
    let Some(title) = title else { return false };
    let last = MARKS.iter().filter_map(|mark| title.rfind(mark).map(|at| (at, *mark))).max();
    last.is_some_and(|(at, mark)| same(title[at + mark.len()..].trim(), text))
}

/// Whether the title begins with a text and continues behind a mark.
fn begins_title(title: Option<&str>, text: &str) -> bool {
    let rest = title.and_then(|title| title.trim_start().strip_prefix(text));
    has_form(text) && rest.is_some_and(|rest| MARKS.iter().any(|mark| rest.starts_with(mark)))
}

/// The first heading of the second level in the article, where the page has none of the first.
fn second_level(dom: &Dom, clean: impl Fn(&str) -> Option<String>) -> Vec<(NodeId, String)> {
    let is_one = |id: &NodeId| {
        dom.tag(*id) == Tag::H2
            && !is_of_outlet(dom, *id)
            && dom.ancestors(*id).any(|up| matches!(dom.tag(up), Tag::Article | Tag::Main))
    };
    let first = dom.elements().find(is_one);
    let text = |id: NodeId| clean(&dom.text_below(id, HEADLINE_BYTES_MAX)).map(|text| (id, text));
    first.and_then(text).filter(|(_, text)| has_form(text)).into_iter().collect()
}

/// What templates leave where a headline should be.
const PLACEHOLDERS: &str = "untitled|untitled document|untitled page|untitled article|no title|title|page title|document|new document|\
    new page|home|homepage|home page|index|default|article|story|post|news|blog|welcome|loading|loading...|please wait|null|undefined|\
    none|nan|test|ohne titel|unbenanntes dokument|unbenannt|startseite|sans titre|document sans titre|accueil|sin título|sin titulo|\
    documento sin título|inicio|portada|senza titolo|documento senza titolo|sem título|início|zonder titel|uten navn|namnlös|bez tytułu|\
    bez názvu|cím nélkül|başlıksız|без названия|без назви|главная|χωρίς τίτλο|بدون عنوان|ללא כותרת|无标题|无标题文档|無標題|無題|首页|제목 없음|홈";

/// Whether a text stands for a headline that was not filled in.
fn is_placeholder(text: &str) -> bool {
    let lower = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    lower.is_empty() || PLACEHOLDERS.split('|').any(|p| p == lower) || text.contains("{{")
}

/// Whether a text has the form of a headline: more than a name or a section has.
fn has_form(text: &str) -> bool {
    let words = text.split_whitespace().count();
    let unspaced = text
        .chars()
        .filter(|c| matches!(c, '\u{e00}'..='\u{eff}' | '\u{2e80}'..='\u{9fff}'))
        .count();
    words >= 4 || unspaced >= 8 || (words == 3 && text.len() >= 18)
}

/// Whether a heading is that of the outlet and not of a story: in its logo, its masthead, or a link to the
/// front page.
fn is_of_outlet(dom: &Dom, id: NodeId) -> bool {
    const PARTS: [&str; 11] = [
        "logo",
        "brand",
        "branding",
        "masthead",
        "site-title",
        "sitetitle",
        "site-name",
        "sitename",
        "site-header",
        "blog-title",
        "navbar",
    ];
    let is_home = |id: NodeId| {
        dom.tag(id) == Tag::A
            && dom.attr(id, "href").is_some_and(|href| {
                let rest = href.trim().split_once("://").map_or(href.trim(), |(_, rest)| rest);
                let path = rest.split_once('/').map_or("", |(_, path)| path);
                rest == "/"
                    || rest == "#"
                    || (!rest.starts_with('/') && path.is_empty() && href.contains("://"))
            })
    };
    let is_named = |id: NodeId| {
        ["class", "id"].iter().filter_map(|key| dom.attr(id, key)).any(|names| {
            let names = names.to_ascii_lowercase();
            names.split_ascii_whitespace().any(|name| PARTS.iter().any(|part| name.contains(part)))
        })
    };
    let within: Vec<NodeId> = std::iter::once(id).chain(dom.ancestors(id).take(6)).collect();
    let inside = dom.first_child(id).is_some_and(is_home);
    let apart = |tag: Tag| matches!(tag, Tag::Nav | Tag::Footer | Tag::Aside);
    // Inside of an article a class such as "article-logo" is of the article.
    let own = within.iter().position(|id| dom.tag(*id) == Tag::Article).unwrap_or(within.len());
    inside || within[..own].iter().any(|id| is_home(*id) || is_named(*id) || apart(dom.tag(*id)))
}

/// Names of the outlet that no source calls so: what is next to a mark in the title and is all that the
/// heading of its logo says, or another source where a heading has a headline.
fn outlet_beside(
    dom: &Dom,
    title: Option<&str>,
    headings: &[(NodeId, String)],
    others: &[&Option<String>],
) -> Vec<String> {
    let Some(title) = title else { return Vec::new() };
    let ends = title_ends(title);
    let is_end = |text: &str| same(title, text) || ends.iter().any(|end| same(end, text));
    // A class such as "blog-title" stands on headlines, too: what has their form is one, unless another
    // heading has it.
    let stands_alone = |id: NodeId| {
        let is_other = |(other, text): &(NodeId, String)| {
            *other != id && has_form(text) && !is_of_outlet(dom, *other)
        };
        !headings.iter().any(is_other)
    };
    let is_name = |(id, text): &&(NodeId, String)| {
        is_of_outlet(dom, *id) && !(has_form(text) && stands_alone(*id))
    };
    let of_headings = headings.iter().filter(is_name).map(|(_, text)| text);
    let is_beaten = |other: &str| {
        let is_like = |text: &str| likeness(text, other) >= 50;
        let beats = |(id, text): &(NodeId, String)| {
            has_form(text) && !is_like(text) && !is_of_outlet(dom, *id)
        };
        // The headline is like one heading and unlike those of the parts below it.
        headings.iter().any(beats) && !headings.iter().any(|(_, text)| is_like(text))
    };
    let of_others =
        others.iter().filter_map(|other| other.as_ref()).filter(|other| is_beaten(other));
    of_headings.chain(of_others).filter(|text| is_end(text)).cloned().collect()
}

/// Names of a blog before its story: "Lessons Learned: The lean startup", where another source says the story
/// alone, and a heading that is an address.
fn outlet_before(
    title: Option<&str>,
    headings: &[(NodeId, String)],
    others: &[&Option<String>],
) -> Vec<String> {
    let of_title = others.iter().filter_map(|other| {
        let head = title?.strip_suffix(other.as_deref()?)?.trim_end();
        let name = head.strip_suffix(':')?.trim();
        headings.iter().any(|(_, text)| same(text, name)).then(|| name.to_owned())
    });
    let is_address = |text: &&str| {
        text.split_once('.').is_some_and(|(name, end)| {
            name.len() > 2 && (2..=12).contains(&end.len()) && !text.contains(char::is_whitespace)
        })
    };
    let addresses = headings.iter().map(|(_, text)| text.as_str()).filter(is_address);
    of_title.chain(addresses.map(str::to_owned)).collect()
}

/// Sections that are after a headline as a label.
const SECTIONS: [&str; 8] =
    ["opinion", "opinions", "editorial", "commentary", "analysis", "column", "letters", "op-ed"];

/// A heading without the parts that are not the headline: the outlet's name or a section behind a mark, a date or a
/// label before what another source says, a source and a count behind it.
fn plain(text: &str, site: &[String], others: &[(Origin, String)]) -> String {
    let last = MARKS.iter().filter_map(|mark| text.rfind(mark).map(|at| (at, *mark))).max();
    if let Some((at, mark)) = last {
        let (head, tail) = (text[..at].trim(), text[at + mark.len()..].trim());
        let section = mark == " | " && SECTIONS.contains(&tail.to_lowercase().as_str());
        if has_form(head) && (section || site.iter().any(|name| same(name, tail))) {
            return head.to_owned();
        }
    }
    for (_, other) in others.iter().filter(|(_, other)| has_form(other)) {
        let label = text.strip_suffix(other.as_str()).is_some_and(|rest| {
            let rest = rest.trim();
            let few = rest.split_whitespace().count();
            few == 1 && rest.ends_with(':')
                || (1..=5).contains(&few)
                    && rest.len() >= 8
                    && find_human(rest, Order::DayFirst).is_some()
        });
        let behind = text.strip_prefix(other.as_str()).is_some_and(|rest| {
            let mut words = rest.split_whitespace();
            words.clone().count() <= 3
                && words.all(|w| w.starts_with('(') && w.ends_with(')') || w.parse::<u32>().is_ok())
        });
        // "Sandhaven Werft baut zwei neue Fähren": the kicker in the heading.
        let kicker = text.strip_suffix(other.as_str()).is_some_and(|rest| {
            rest.ends_with(' ')
                && (1..=2).contains(&rest.split_whitespace().count())
                && rest.starts_with(char::is_uppercase)
                && other.starts_with(char::is_uppercase)
                && other.split_whitespace().count() >= 4
        });
        if label || behind || kicker {
            return other.clone();
        }
    }
    text.to_owned()
}

/// What is before the first and behind the last mark of a title that splits it.
fn title_ends(title: &str) -> Vec<&str> {
    let first = MARKS.iter().filter_map(|mark| title.find(mark).map(|at| (at, *mark))).min();
    let last = MARKS.iter().filter_map(|mark| title.rfind(mark).map(|at| (at, *mark))).max();
    let head = first.map(|(at, _)| title[..at].trim());
    let tail = last.map(|(at, mark)| title[at + mark.len()..].trim());
    head.into_iter().chain(tail).collect()
}

fn is_of_article(ld: &LdArticle) -> bool {
    !ld.types.is_empty()
        && !ld
            .types
            .iter()
            .all(|t| matches!(t.as_str(), "WebPage" | "WebSite" | "CreativeWork" | "ItemPage"))
}

/// Sources that clearly say something else; a cut or a site's name is not a difference.
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

/// Whether two texts share a word that says something: "for" and "a" stand in any two headlines.
fn shares_a_word(a: &str, b: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|w| w.chars().count() > 3 || !w.is_ascii())
            .map(str::to_lowercase)
            .collect()
    };
    !words(a).is_disjoint(&words(b))
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
    // A text of one word is not a similar headline because the other has that word.
    if small.len() == 1 && large.len() > 4 {
        return 30 * u32::from(shared == 1);
    }
    u32::try_from(shared * 100 / small.len()).unwrap_or(0)
}

const MARKS: [&str; 11] =
    [" | ", " - ", " – ", " — ", " :: ", " » ", " « ", " · ", " • ", " / ", "："];

/// Cuts the outlet's name off the end, or off the start. The text of a heading is not an outlet's name.
fn cut_site(text: &str, site: &[String], is_heading: impl Fn(&str) -> bool) -> String {
    let mut text = text.to_owned();
    // "Kai: Yard builds two ferries", "Kai » Business » Yard builds two ferries".
    if let Some((head, tail)) = text.split_once(": ")
        && site.iter().any(|name| same(name, head))
    {
        text = tail.trim().to_owned();
    }
    if let Some((path, tail)) = text.rsplit_once(" » ")
        && path.split(" » ").all(|part| part.split_whitespace().count() <= 2)
        && tail.split_whitespace().count() >= 4
    {
        return tail.trim().to_owned();
    }
    // "船厂建造两艘渡轮_新闻_沙湾网".
    while let Some((head, tail)) = text.rsplit_once('_') {
        let is_wide = crate::language::is_east_asian;
        if !(head.ends_with(is_wide) && tail.starts_with(is_wide) && tail.chars().count() <= 10) {
            break;
        }
        text = head.to_owned();
    }
    let mut left = 2;
    while left > 0 {
        let last = MARKS.iter().filter_map(|mark| text.rfind(mark).map(|at| (at, *mark))).max();
        let Some((at, mark)) = last else { break };
        let (head, tail) = (text[..at].trim(), text[at + mark.len()..].trim());
        let named =
            site.iter().any(|name| same(name, tail) || folded(tail).contains(&folded(name)));
        let short = tail.split_whitespace().count() <= 4 && head.split_whitespace().count() >= 4;
        // "Pier to close - 5 March 2024 - The Post".
        let dated = tail.len() <= 30
            && tail.split_whitespace().count() <= 4
            && find_human_at(tail, Order::DayFirst)
                .is_some_and(|(_, range)| range.len() + 2 >= tail.len());
        // A day is cut off beside the names.
        left -= usize::from(!dated);
        if is_heading(tail) {
            return tail.to_owned();
        }
        if named || dated || (short && mark == " | ") || (short && site.is_empty()) {
            text = head.to_owned();
        } else if site.iter().any(|name| same(name, head)) {
            text = tail.to_owned();
        } else {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests;

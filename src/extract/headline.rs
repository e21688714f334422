//! The headline: which of the several that a page carries is the one above the article.
//!
//! Candidates are the `h1`, JSON-LD, Open Graph and `title`. A reader's headline is the `h1`; but
//! pages put their own name or nothing into it, and several stand on some. The one taken is the
//! `h1` that another source confirms, else the best of the others with the outlet's name cut off. A `title`
//! alone, which templates fill with anything, does not win against an `h1` that has the form of a headline
//! and stands in the article.

use std::collections::HashSet;

use super::declared::{Declared, squeeze};
use super::dom::{Dom, NodeId};
use super::json_ld::{LdArticle, unescape};
use super::page::{Disagreement, Fact, Origin};
use super::tag::Tag;
use crate::dates::{Order, find_human};

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
    let mut site = site_names(declared, ld);
    let headings: Vec<(NodeId, String)> = declared
        .h1
        .iter()
        .take(12)
        .filter_map(|id| clean(&dom.text_below(*id, HEADLINE_BYTES_MAX)).map(|text| (*id, text)))
        .collect();
    site.extend(outlet_beside(dom, title.as_deref(), &headings, &[&og, &json]));
    site.extend(outlet_before(title.as_deref(), &headings, &[&og, &json]));
    let headings = if headings.is_empty() { second_level(dom, clean) } else { headings };
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

/// Names of the outlet that no source calls so: what stands beside a mark in the title and is all that the
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

/// Sections that stand behind a headline as a label.
const SECTIONS: [&str; 8] =
    ["opinion", "opinions", "editorial", "commentary", "analysis", "column", "letters", "op-ed"];

/// A heading without what is no part of the headline: the outlet's name or a section behind a mark, a date or a
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

/// What stands before the first and behind the last mark of a title that parts it.
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
    // One shared word of one is no likeness of a headline.
    if small.len() == 1 && large.len() > 4 {
        return 30 * u32::from(shared == 1);
    }
    u32::try_from(shared * 100 / small.len()).unwrap_or(0)
}

const MARKS: [&str; 10] = [" | ", " - ", " – ", " — ", " :: ", " » ", " « ", " · ", " • ", " / "];

/// Cuts the outlet's name off the end, or off the start. What a heading says is no outlet's name.
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
        let is_wide = |c: char| matches!(c as u32, 0x3040..=0x9fff | 0xac00..=0xd7af);
        if !(head.ends_with(is_wide) && tail.starts_with(is_wide) && tail.chars().count() <= 10) {
            break;
        }
        text = head.to_owned();
    }
    for _ in 0..2 {
        let last = MARKS.iter().filter_map(|mark| text.rfind(mark).map(|at| (at, *mark))).max();
        let Some((at, mark)) = last else { break };
        let (head, tail) = (text[..at].trim(), text[at + mark.len()..].trim());
        let named =
            site.iter().any(|name| same(name, tail) || folded(tail).contains(&folded(name)));
        let short = tail.split_whitespace().count() <= 4 && head.split_whitespace().count() >= 4;
        if is_heading(tail) {
            return tail.to_owned();
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::json_ld;

    fn of(head: &str, body: &str) -> Option<String> {
        let html = format!("<!doctype html><html><head>{head}</head><body>{body}</body></html>");
        let dom = Dom::parse(&html, &mut Vec::new());
        find(&dom, &Declared::read(&dom), &json_ld::read(&dom)).fact.map(|fact| fact.value)
    }

    #[test]
    fn a_heading_beats_a_title_that_says_nothing_of_the_story() {
        let story = "<article><h1>Town votes for a new bridge</h1><p>Text.</p></article>";
        let logo = "<header><h1 class=\"logo\"><a href=\"/\">The Mill Post</a></h1></header>";
        for (head, body) in [
            ("<title>The Mill Post</title>", story),
            ("<title>Untitled Document</title>", story),
            ("<title>untitled</title>", story),
            ("<title>Unbenanntes Dokument</title>", story),
            ("<title>Sans titre</title>", story),
            ("<title>Без названия</title>", story),
            ("<title>{{pageTitle}}</title>", story),
            ("<title></title>", story),
            ("", story),
            ("<title>Millbrook local news and sport</title>", story),
            ("<title>The Mill Post | Millbrook local news and sport</title>", story),
            ("<title>Home</title><meta property=\"og:title\" content=\"Home\">", story),
            (
                "<title>The Mill Post</title><meta property=\"og:site_name\" content=\"The Mill Post\">\
                 <meta property=\"og:title\" content=\"The Mill Post\">",
                story,
            ),
            (
                "<title>Local news - The Mill Post</title><meta property=\"og:title\" content=\"The Mill Post\">",
                story,
            ),
            (
                "<title>The Mill Post</title><script type=\"application/ld+json\">\
                 {\"@type\":\"NewsArticle\",\"headline\":\"Untitled\"}</script>",
                story,
            ),
            ("<title>Local news - The Mill Post</title>", &format!("{logo}{story}")),
        ] {
            assert_eq!(of(head, body).as_deref(), Some("Town votes for a new bridge"), "{head}");
        }
    }

    #[test]
    fn a_title_beats_a_heading_that_is_none_of_the_story() {
        for (head, body, wanted) in [
            (
                "<title>Town votes for a new bridge - The Mill Post</title>",
                "<header class=\"masthead\"><h1>The Mill Post</h1></header><p>Text.</p>",
                "Town votes for a new bridge",
            ),
            (
                "<title>Town votes for a new bridge | The Mill Post</title>",
                "<h1><a href=\"https://millpost.example/\">Your daily Mill Post of Millbrook</a></h1>",
                "Town votes for a new bridge",
            ),
            (
                "<title>Town votes for a new bridge</title>",
                "<h1>News</h1>",
                "Town votes for a new bridge",
            ),
            (
                "<title>Town votes for a new bridge</title>",
                "<aside><h1>Ten walks for a long weekend</h1></aside>",
                "Town votes for a new bridge",
            ),
            (
                "<meta property=\"og:title\" content=\"Town votes for a new bridge\"><title>X</title>",
                "<h1>Local news and sport for all</h1>",
                "Town votes for a new bridge",
            ),
            (
                "<title>Superfloods: what they are - The Mill Post</title>\
                 <meta property=\"og:site_name\" content=\"The Mill Post\">",
                "",
                "Superfloods: what they are",
            ),
            ("<title>Q&amp;amp;A: the bridge</title>", "", "Q&A: the bridge"),
        ] {
            assert_eq!(of(head, body).as_deref(), Some(wanted), "{head}");
        }
    }

    #[test]
    fn a_headline_may_be_short_where_the_outlet_has_a_long_name() {
        let title = "<title>The Mill Post, news and sport from the valley - Bridge closed</title>";
        let story = "<article><h1>Bridge closed</h1></article>";
        assert_eq!(of(title, story).as_deref(), Some("Bridge closed"));
        let og = format!("{title}<meta property=\"og:title\" content=\"Bridge closed\">");
        assert_eq!(of(&og, "").as_deref(), Some("Bridge closed"));
    }
}

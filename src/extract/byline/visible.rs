//! Where a reader sees the author: microdata, the lines around the headline, the box below the article.
//!
//! Finds texts and leaves their reading to [`super::line`]. Bylines of other stories, in rails and lists
//! of links, are elsewhere and are never read.

use super::lexicon::BY;
use super::line::{self, Context, begins};
use super::piece::is_lower_word;
use crate::extract::declared::{Declared, squeeze};
use crate::extract::dom::{Dom, NodeId, Step};
use crate::extract::flow::Flow;
use crate::extract::page::Author;
use crate::extract::tag::Tag;

/// Longer blocks are prose.
const BLOCK_BYTES_MAX: usize = 400;
/// At most this many elements inside a block or a property are examined.
const ELEMENTS_MAX: usize = 60;

/// Class names of bylines, and of the names in them, as whole names and as parts.
const CLASSES: &str = "author authors autor autores auteur auteurs autore autori author-name authorname post-author posted-by byl writer \
    reporter fn firma signature signe redactor journalist forfatter skribent yazar yazarlar \
    muhabir penulis wartawan kirjoittaja szerzo autori autorzy autorka zpracoval avtor skribenter journalister \
    journaliste periodista giornalista verslaggever";
const CLASS_PARTS: &str = "byline by-line author-name author__name author_name authorname authors-name name-author entry-author post-author \
    article-author article__author article_author story-author story__author author-link author-list byauthor autor-name auteur-nom \
    contributor-name article-byline articleautor dateline-author";
/// Parts of class names that are about an author, and hold no byline.
const NOT_CLASSES: &str = "bio box image img avatar photo social follow role title job desc about comment related more recommend rail card-list \
    teaser newsletter tooltip";
/// Class names of boxes about the author below an article.
const BOXES: &str = "author-box authorbox author_box author-bio authorbio author_bio about-author about-the-author author-info author-card \
    author-profile author-block author-description post-author entry-author article-author autorenbox autor-box autorbox bio-box";

/// Authors in microdata, of the article's own scope.
pub(super) fn microdata(dom: &Dom, declared: &Declared, context: &Context<'_>) -> Vec<Author> {
    let mut names = Vec::new();
    let mut scope: Option<NodeId> = None;
    for (property, id) in &declared.properties {
        if property != "author" && property != "creator" {
            continue;
        }
        let own = dom.ancestors(*id).find(|up| dom.attr(*up, "itemscope").is_some());
        let kind = own.and_then(|up| dom.attr(up, "itemtype")).unwrap_or("").to_ascii_lowercase();
        // The writers of comments and of other stories are authors, too.
        if ["comment", "review", "product", "itemlist"].iter().any(|k| kind.contains(k)) {
            continue;
        }
        if !names.is_empty() && own != scope {
            continue;
        }
        scope = own;
        let inner = inside(dom, *id).find(|inner| dom.attr(*inner, "itemprop") == Some("name"));
        let at = inner.unwrap_or(*id);
        let text =
            dom.attr(at, "content").map_or_else(|| squeeze(&dom.text_below(at, 200)), squeeze);
        if text.len() <= 200 {
            names.extend(line::read(&text, context));
        }
    }
    // The authors of one line; those of comments and of other stories are elsewhere.
    let mut home: Option<NodeId> = None;
    let has_properties = !names.is_empty();
    for id in declared.author_links.iter().take(LINKS_MAX) {
        let near = home.is_none_or(|home| dom.parent(*id) == Some(home));
        if has_properties || !near || is_in_comment(dom, *id) {
            continue;
        }
        let text = squeeze(&dom.text_below(*id, 200));
        if text.len() <= 80 {
            let found = line::read(&text, context);
            if !found.is_empty() {
                home = home.or_else(|| dom.parent(*id));
            }
            names.extend(found);
        }
    }
    names
}

/// At most this many links to authors are examined.
const LINKS_MAX: usize = 40;

/// Whether an element is in a comment of a reader.
fn is_in_comment(dom: &Dom, id: NodeId) -> bool {
    const LEVELS_MAX: usize = 8;
    dom.ancestors(id).take(LEVELS_MAX).any(|up| {
        ["class", "id"].iter().filter_map(|key| dom.attr(up, key)).any(|names| {
            let names = names.to_ascii_lowercase();
            let mut names = names.split_ascii_whitespace();
            names.any(|name| {
                matches!(name, "comment" | "comments" | "commentlist" | "comment-list" | "replies")
                    || name.starts_with("comment-") && !name.starts_with("comment-article")
            })
        })
    })
}

/// The elements inside an element, without the element itself.
fn inside(dom: &Dom, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    let entered = dom.walk(id).filter_map(|step| match step {
        Step::Enter(inner) => Some(inner),
        _ => None,
    });
    entered.take(ELEMENTS_MAX).filter(move |inner| *inner != id)
}

/// Bylines in short texts before and just inside the article: named so by class, or beginning with
/// "By".
pub(super) fn near_headline(
    dom: &Dom,
    flow: &Flow,
    kept: &[usize],
    context: &Context<'_>,
) -> Vec<Author> {
    let first = kept.first().copied().unwrap_or(0);
    let near = first.saturating_sub(14)..(first + 3).min(flow.blocks.len());
    let mut found: Vec<Author> = Vec::new();
    // The element whose class said that it is a byline.
    let mut holder: Option<NodeId> = None;
    for block in &flow.blocks[near] {
        let words = flow.words(block);
        if words.len() > BLOCK_BYTES_MAX {
            continue;
        }
        let outer = std::iter::once(block.node).chain(dom.ancestors(block.node).take(2));
        let outer = outer.into_iter().find(|id| is_classed(dom, *id));
        if holder.is_some() && outer != holder {
            break;
        }
        let inner = inside(dom, block.node).find(|id| is_classed(dom, *id));
        let names = match (outer, inner) {
            (_, Some(inner)) if outer.is_none() => {
                named(&squeeze(&dom.text_below(inner, BLOCK_BYTES_MAX)), context)
            }
            (Some(_), _) => named(words, context),
            _ if begins_by(words) => named(words, context),
            _ => continue,
        };
        if !names.is_empty() {
            holder = outer;
            found.extend(names);
            if holder.is_none() {
                break;
            }
        }
    }
    if found.is_empty() {
        let near = first.saturating_sub(14)..(first + 3).min(flow.blocks.len());
        found = bare_line(flow, near, dom, context);
    }
    found
}

/// A line of names and nothing else between the headline and a line with a day.
fn bare_line(
    flow: &Flow,
    near: std::ops::Range<usize>,
    dom: &Dom,
    context: &Context<'_>,
) -> Vec<Author> {
    const LINE_BYTES_MAX: usize = 90;
    const BELOW_MAX: usize = 4;
    let blocks = &flow.blocks[near];
    let is_headline = |at: usize| {
        let node = blocks[at].node;
        std::iter::once(node).chain(dom.ancestors(node).take(2)).any(|id| dom.tag(id) == Tag::H1)
    };
    let Some(headline) = (0..blocks.len()).rev().find(|at| is_headline(*at)) else {
        return Vec::new();
    };
    let end = blocks.len().min(headline + 1 + BELOW_MAX);
    for at in headline + 1..end {
        let words = flow.words(&blocks[at]).trim();
        let day = blocks.get(at + 1).is_some_and(|block| is_day(flow.words(block)));
        if words.len() > LINE_BYTES_MAX || words.contains(char::is_numeric) || !day {
            continue;
        }
        let names = line::read(words, context);
        let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
        let covered: usize = names.iter().map(|author| letters(&author.name)).sum();
        let is_person = |author: &Author| {
            let several = author.name.split(' ').count() >= 2;
            let first: String = author.name.chars().take(1).collect();
            let short = (2..=4).contains(&author.name.chars().count());
            !author.organisation
                && (several
                    || short
                        && crate::language::table("zh")
                            .is_some_and(|zh| zh.family.contains(first.as_str()))
                    || short && has_role(words))
        };
        let whole = covered * 10 >= letters(words) * 6 && !words.ends_with(['.', '!', '?', ':']);
        if whole && !names.is_empty() && names.len() <= 4 && names.iter().all(is_person) {
            return names;
        }
    }
    Vec::new()
}

/// Whether a line in an East Asian script says that its name is a reporter.
fn has_role(words: &str) -> bool {
    ["기자", "记者", "記者"].iter().any(|role| words.contains(role))
}

/// Whether a short line gives a day: numbers of a day and a year, or three numbers.
fn is_day(text: &str) -> bool {
    const DAY_BYTES_MAX: usize = 80;
    let text = text.trim();
    let runs: Vec<usize> = text
        .split(|c: char| !c.is_numeric())
        .filter(|run| !run.is_empty())
        .map(|run| run.chars().count())
        .collect();
    text.len() <= DAY_BYTES_MAX
        && !text.ends_with(['!', '?'])
        && runs.len() >= 2
        && (runs.contains(&4) || runs.len() >= 3)
}

/// The names of a line, where it is made of names and little else.
fn named(text: &str, context: &Context<'_>) -> Vec<Author> {
    let text = text.replace(['\n', '\t'], " | ");
    let words = text.split_whitespace().filter(|w| w.chars().any(char::is_alphabetic)).count();
    let cased = text.split_whitespace().filter(|w| w.starts_with(char::is_lowercase));
    let plain = cased.filter(|w| !is_lower_word(w)).count();
    if words > 60 || (words > 12 && plain * 2 > words) {
        return Vec::new();
    }
    line::read(&text, context)
}

/// Whether a text begins with a word for "by", and continues with names and no sentence.
fn begins_by(text: &str) -> bool {
    let line = text.split(['\n', '|', '•', '·']).next().unwrap_or(text);
    let Some(after) = BY
        .iter()
        .filter_map(|by| Some((by, begins(line, by)?)))
        .map(|(by, at)| (*by, &line[at..]))
        .max_by_key(|(by, _)| by.len())
    else {
        return false;
    };
    let (by, rest) = after;
    let is_open = by.ends_with([':', '：', '/', '／', '｜']);
    if !is_open && !rest.starts_with([' ', ':', '\u{a0}', '：']) {
        return false;
    }
    let words: Vec<&str> =
        rest.trim_start_matches([' ', ':', '\u{a0}']).split_whitespace().collect();
    let Some(first) = words.first() else { return false };
    let capitals = words.iter().filter(|w| w.starts_with(char::is_uppercase)).count();
    let has_case = first.chars().any(|c| c.is_uppercase() || c.is_lowercase());
    if has_case {
        return words.len() <= 40
            && capitals * 2 >= words.len()
            && first.starts_with(char::is_uppercase)
            && !rest.trim_end().ends_with('.')
            || (first.starts_with(char::is_uppercase)
                && words.len() <= 6
                && capitals * 2 >= words.len());
    }
    // Without capitals a colon distinguishes a byline from a sentence.
    is_open && words.len() <= 8
}

fn is_classed(dom: &Dom, id: NodeId) -> bool {
    let Some(class) = dom.attr(id, "class") else { return false };
    let class = class.to_ascii_lowercase();
    let names = || class.split_ascii_whitespace();
    if names().any(|name| {
        NOT_CLASSES.split_ascii_whitespace().any(|not| parts(name).any(|part| part == not))
    }) {
        return false;
    }
    names().any(|name| {
        CLASSES.split_ascii_whitespace().any(|wanted| wanted == name)
            || CLASS_PARTS.split_ascii_whitespace().any(|part| name.contains(part))
    })
}

fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_'])
}

/// The name in a box about the author right below the article.
pub(super) fn below(dom: &Dom, flow: &Flow, kept: &[usize], context: &Context<'_>) -> Vec<Author> {
    let Some(last) = kept.last().copied() else { return Vec::new() };
    let after = (last + 1).min(flow.blocks.len())..(last + 9).min(flow.blocks.len());
    for block in &flow.blocks[after] {
        let words = flow.words(block);
        let is_box = dom.ancestors(block.node).take(4).chain([block.node]).any(|id| {
            let class = dom.attr(id, "class").unwrap_or("").to_ascii_lowercase();
            BOXES.split_ascii_whitespace().any(|name| class.contains(name))
        });
        // The heading of the box ("About the author") is not a name: a name is marked, or a link.
        let here = || std::iter::once(block.node).chain(dom.ancestors(block.node).take(1));
        let is_marked = here().any(|id| is_classed(dom, id))
            || inside(dom, block.node)
                .any(|id| is_classed(dom, id) || matches!(dom.tag(id), Tag::A | Tag::Strong));
        if !is_box || !is_marked || words.len() > 80 {
            continue;
        }
        let names = line::read(words, context);
        let is_name = names.len() == 1
            && !names[0].organisation
            && (2..=5).contains(&names[0].name.split(' ').count());
        if is_name {
            return names;
        }
    }
    Vec::new()
}

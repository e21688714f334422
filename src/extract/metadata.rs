//! What the page states about itself, each fact with its origin.
//!
//! The sources are gathered by [`super::declared`] and [`super::json_ld`]; the three facts that
//! need weighing have files of their own ([`super::headline`], [`super::published`],
//! [`super::byline`]). What remains is here: publisher, section, language, canonical address,
//! access, and the lead picture.

use url::Url;

use super::declared::{Declared, squeeze};
use super::dom::{Dom, NodeId, Tag};
use super::embedded::Article;
use super::flow::Flow;
use super::json_ld::{LdArticle, unescape};
use super::page::{Access, Fact, Image, MediaKind, Origin, Page};
use super::wall::{self, Wall};
use super::{article, byline, caption, headline, published};
use crate::dates::Style;
use crate::language::detect;

/// What the facts are read from.
pub struct Sources<'a> {
    pub dom: &'a Dom,
    pub flow: &'a Flow,
    pub declared: &'a Declared,
    pub ld: &'a LdArticle,
    /// The data for scripts, where the article is read from them.
    pub state: Option<&'a Article>,
    /// The blocks of the article, by index.
    pub kept: &'a [usize],
    pub url: Option<&'a str>,
    pub base: Option<&'a Url>,
}

/// Fills in the facts of a page whose text is already there.
pub fn fill(from: &Sources<'_>, head: headline::Found, page: &mut Page) {
    let Sources { dom, flow, declared, ld, state, kept, url, base } = *from;
    page.publisher = publisher(declared, ld, url);
    page.section = section(from);
    let of_site = language(declared, ld, state);
    page.language = agreed(of_site.clone(), &page.text);
    // Bylines and dates are the template's: in the language declared, where one is.
    let of_site = of_site.or_else(|| page.language.clone());
    page.canonical = canonical(declared, base);
    let style = Style::of_language(of_site.as_ref().map_or("", |f| f.value.as_str()));
    let addresses =
        [url, page.canonical.as_ref().map(|fact| fact.value.as_str()), declared.meta(&["og:url"])];
    let place = published::Place { dom, flow, state, headline: head.node, kept, addresses, style };
    let found = published::find(&place, declared, ld);
    (page.published, page.modified) = (found.published, found.modified);
    page.headline = head.fact;
    page.disagreements.extend(head.disagreement);
    page.disagreements.extend(found.disagreements);
    let site = page.publisher.as_ref().map(|f| f.value.as_str());
    let language = of_site.as_ref().map(|f| f.value.as_str());
    page.byline =
        byline::find(&byline::Sources { dom, flow, declared, ld, state, kept }, site, language);
    page.access = access(from, page);
    page.lead_image = lead_image(from).or_else(|| first_picture(page));
    page.description = description(declared);
}

fn fact(text: Option<&str>, origin: Origin) -> Option<Fact<String>> {
    let value = squeeze(&unescape(text?));
    (!value.is_empty() && value.len() <= 400).then_some(Fact { value, origin })
}

fn publisher(declared: &Declared, ld: &LdArticle, url: Option<&str>) -> Option<Fact<String>> {
    let ld_name = ld.publisher.as_deref().filter(|p| !p.starts_with("http") && !p.starts_with('#'));
    fact(ld_name, Origin::JsonLd)
        .or_else(|| fact(declared.meta(&["og:site_name"]), Origin::OpenGraph))
        .or_else(|| {
            let names = [
                "publisher",
                "dc.publisher",
                "citation_journal_title",
                "application-name",
                "article:publisher",
            ];
            let value = declared.meta(&names).filter(|v| !v.starts_with("http"));
            fact(value, Origin::Meta)
        })
        .or_else(|| {
            let host = Url::parse(url?).ok()?.host_str()?.to_owned();
            fact(Some(host.strip_prefix("www.").unwrap_or(&host)), Origin::Url)
        })
}

fn section(from: &Sources<'_>) -> Option<Fact<String>> {
    let declared = from.declared;
    fact(from.ld.section.as_deref(), Origin::JsonLd)
        .or_else(|| fact(from.state?.section.as_deref(), Origin::State))
        .or_else(|| {
            fact(
                declared.meta(&["article:section", "og:section", "og:article:section"]),
                Origin::OpenGraph,
            )
        })
        .or_else(|| {
            let names = [
                "section",
                "parsely-section",
                "sailthru.section",
                "cxenseparse:section",
                "article.section",
                "category",
            ];
            fact(declared.meta(&names), Origin::Meta)
        })
        .or_else(|| {
            let (_, id) = declared.properties.iter().find(|(p, _)| p == "articlesection")?;
            fact(Some(&from.dom.text_below(*id, 200)), Origin::Microdata)
        })
        .or_else(|| {
            // `/world/2025/…`, `/sport/football/…`: the first part, where more follow it.
            let url = Url::parse(from.url?).ok()?;
            let parts: Vec<&str> = url.path_segments()?.filter(|p| !p.is_empty()).collect();
            let first = parts.first().filter(|_| parts.len() >= 2)?;
            let plain = first.len() >= 3
                && first.len() <= 24
                && first.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                && !matches!(
                    *first,
                    "news"
                        | "article"
                        | "articles"
                        | "story"
                        | "stories"
                        | "blog"
                        | "post"
                        | "posts"
                        | "web"
                        | "amp"
                        | "www"
                );
            plain.then(|| Fact { value: first.replace('-', " "), origin: Origin::Url })
        })
}

/// BCP 47 case: `en-US`, `zh-Hans`.
fn tag_of(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "-");
    let mut parts = text.split('-');
    let first = parts.next()?.to_ascii_lowercase();
    if !(2..=3).contains(&first.len()) || !first.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let mut tag = first;
    for part in parts.take(3) {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            break;
        }
        tag.push('-');
        match part.len() {
            2 => tag.push_str(&part.to_ascii_uppercase()),
            4 => {
                tag.push_str(&part[..1].to_ascii_uppercase());
                tag.push_str(&part[1..].to_ascii_lowercase());
            }
            _ => tag.push_str(part),
        }
    }
    Some(tag)
}

fn language(declared: &Declared, ld: &LdArticle, state: Option<&Article>) -> Option<Fact<String>> {
    let of = |text: Option<&str>, origin| Some(Fact { value: tag_of(text?)?, origin });
    of(declared.language.as_deref(), Origin::Markup)
        .or_else(|| of(ld.language.as_deref(), Origin::JsonLd))
        .or_else(|| of(state?.language.as_deref(), Origin::State))
        .or_else(|| {
            of(
                declared.meta(&["content-language", "language", "dc.language", "dcterms.language"]),
                Origin::Meta,
            )
        })
        .or_else(|| of(declared.meta(&["og:locale"]), Origin::OpenGraph))
}

/// The language declared, else that of the text. English is what templates say by default, so that a text
/// in another language corrects it; any other language is declared on purpose, except for Russian where the text
/// has the letters of Ukrainian.
pub fn agreed(declared: Option<Fact<String>>, text: &str) -> Option<Fact<String>> {
    let is_doubtful = |tag: &str| {
        let tag = tag.to_ascii_lowercase();
        tag.starts_with("en") || tag.starts_with("ru") && detect::is_ukrainian(text)
    };
    if let Some(fact) = declared.as_ref().filter(|f| !is_doubtful(&f.value)) {
        return Some(fact.clone());
    }
    let (value, found) = detect::language(declared.as_ref().map(|f| f.value.as_str()), text)?;
    match declared {
        Some(fact) if !found => Some(fact),
        _ => Some(Fact { value, origin: Origin::Inferred }),
    }
}

fn canonical(declared: &Declared, base: Option<&Url>) -> Option<Fact<String>> {
    let resolve = |text: &str| match base {
        Some(base) => base.join(text).ok(),
        None => Url::parse(text).ok(),
    };
    let of = |text: Option<&str>, origin| {
        let url = resolve(text?)?;
        matches!(url.scheme(), "http" | "https").then(|| Fact { value: String::from(url), origin })
    };
    of(declared.canonical.as_deref(), Origin::Markup)
        .or_else(|| of(declared.meta(&["og:url"]), Origin::OpenGraph))
}

fn access(from: &Sources<'_>, page: &Page) -> Access {
    let declared = from.declared;
    let tier = declared
        .meta(&[
            "article:content_tier",
            "article:opinion_tier",
            "content_tier",
            "tier",
            "cxenseparse:access",
            "access",
            "isaccessibleforfree",
            "paywall",
        ])
        .unwrap_or_default()
        .to_ascii_lowercase();
    let by_tier = match tier.as_str() {
        "metered" => Some(Access::Metered),
        "locked" | "paid" | "premium" | "subscriber" | "false" | "hard" => Some(Access::Paid),
        "free" | "true" => Some(Access::Free),
        _ => None,
    };
    if let Some(tier) = by_tier {
        return tier;
    }
    match from.ld.free {
        Some(false) => return Access::Paid,
        Some(true) => return if from.ld.paid_part { Access::Metered } else { Access::Free },
        None => {}
    }
    // A sentence of the wall after a short stub.
    if page.text.len() < STUB_BYTES_MAX && shows_wall(from) {
        return Access::Paid;
    }
    if page.text.len() < LOGIN_BYTES_MAX && page.published.is_none() && asks_to_log_in(from) {
        return Access::Paid;
    }
    Access::Free
}

/// The longest text of a page that asks its readers to log in, in bytes.
const LOGIN_BYTES_MAX: usize = 600;
/// At most this much of it may be sentences, in bytes.
const LOGIN_PROSE_BYTES_MAX: usize = 240;

/// Whether the page is a login page: it has a field for a password, and no text that is longer than
/// what asks for it.
fn asks_to_log_in(from: &Sources<'_>) -> bool {
    let (dom, flow) = (from.dom, from.flow);
    // The field of a bar or of a box that opens over the page stands on every page.
    let is_of_site = |id: NodeId| {
        let tag = dom.tag(id);
        matches!(tag, Tag::Header | Tag::Nav | Tag::Footer | Tag::Aside | Tag::Dialog)
            || flow.marks[id as usize].hidden
            || dom.attr(id, "class").is_some_and(|names| {
                ["modal", "popup", "overlay", "dropdown"].iter().any(|word| names.contains(word))
            })
    };
    let is_password = |id: &NodeId| {
        dom.tag(*id) == Tag::Input
            && dom.attr(*id, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("password"))
            && !dom.ancestors(*id).any(is_of_site)
    };
    let prose = || flow.blocks.iter().map(|b| article::prose_of(flow, b) as usize).sum::<usize>();
    dom.elements().any(|id| is_password(&id)) && prose() < LOGIN_PROSE_BYTES_MAX
}

/// The longest text that may be the beginning of an article behind a wall, in bytes.
const STUB_BYTES_MAX: usize = 3_000;
/// Longer blocks are not walls, in bytes.
const WALL_BLOCK_BYTES_MAX: usize = 400;
/// A wall is at most this many blocks behind the text, or in the element that holds the article.
const WALL_BLOCKS_MAX: usize = 4;

/// Whether a wall is where the article would continue: in the element that holds the article, or right
/// behind its text. The bars and footers of a site address subscribers on free pages, too.
fn shows_wall(from: &Sources<'_>) -> bool {
    let Sources { dom, flow, kept, .. } = *from;
    let last = kept.last().copied();
    let home = last.and_then(|at| {
        dom.ancestors(flow.blocks[at].node)
            .find(|id| matches!(dom.tag(*id), Tag::Article | Tag::Main))
    });
    let is_bar = |node: NodeId| {
        let mut around = std::iter::once(node).chain(dom.ancestors(node));
        around.any(|id| {
            let tag = dom.tag(id);
            let inside = home.is_some() && dom.ancestors(id).any(|up| Some(up) == home);
            tag == Tag::Nav
                || (matches!(tag, Tag::Header | Tag::Footer | Tag::Menu) && !inside)
                || (!inside && is_named_bar(dom, id))
        })
    };
    flow.blocks.iter().enumerate().any(|(at, block)| {
        let words = flow.words(block);
        let inside = home.is_some_and(|home| dom.ancestors(block.node).any(|up| up == home));
        let behind = last.is_none_or(|last| at > last && at <= last + WALL_BLOCKS_MAX);
        // What is elsewhere is not a wall, whatever it says.
        if words.len() > WALL_BLOCK_BYTES_MAX || !(inside || behind) {
            return false;
        }
        let Some(wall) = wall::of(words, flow.lists(block)) else { return false };
        let fits = match wall {
            Wall::Here => inside || behind || last.is_none(),
            Wall::Beside => (inside || home.is_none()) && behind,
        };
        fits && !is_bar(block.node)
    })
}

/// Whether an element is named a bar or a footer of the site.
fn is_named_bar(dom: &Dom, id: NodeId) -> bool {
    let names = [dom.attr(id, "class"), dom.attr(id, "id")];
    names.into_iter().flatten().any(|name| {
        let name = name.to_ascii_lowercase();
        ["footer", "topbar", "top-bar", "header", "navbar", "masthead", "toolbar"]
            .iter()
            .any(|part| name.contains(part))
    })
}

/// The summary that the page declares.
fn description(declared: &Declared) -> Option<Fact<String>> {
    let of = |names: &[&str], origin| {
        let value = squeeze(&unescape(declared.meta(names)?));
        let fits = (1..=DESCRIPTION_BYTES_MAX).contains(&value.len());
        fits.then_some(Fact { value, origin })
    };
    of(&["description", "dc.description"], Origin::Meta)
        .or_else(|| of(&["og:description", "twitter:description"], Origin::OpenGraph))
}

/// Longer ones are the text of the article, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 1_000;

/// The first picture of the article, where the page declares none: the one that readers take for it.
fn first_picture(page: &Page) -> Option<Image> {
    let first = page.media.first().filter(|media| media.kind == MediaKind::Picture)?;
    Some(Image { src: first.src.clone(), caption: first.caption.clone() })
}

fn lead_image(from: &Sources<'_>) -> Option<Image> {
    let declared = from.declared.meta(&[
        "og:image",
        "og:image:url",
        "og:image:secure_url",
        "twitter:image",
        "twitter:image:src",
    ]);
    let written = declared.or(from.ld.image.as_deref())?;
    let src = match from.base {
        Some(base) => base.join(written.trim()).map_or_else(|_| written.to_owned(), String::from),
        None => written.to_owned(),
    };
    let described = || {
        let alt = from.declared.meta(&["og:image:alt", "twitter:image:alt"]);
        alt.map(squeeze).filter(|c| !c.is_empty())
    };
    let caption = caption::below(from.dom, &src).or_else(described);
    Some(Image { src, caption })
}

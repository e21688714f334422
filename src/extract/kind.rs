//! What kind of page it is: an article of some kind, a list, or something that is in the way.
//!
//! Walls (bot checks, consent, "not found" said with a success status) are distinguished from short pages
//! by their own words, in the title and the text. A long article about CAPTCHAs stays an article:
//! walls are short.

use url::Url;

use super::declared::Declared;
use super::dom::Dom;
use super::flow::Flow;
use super::json_ld::LdArticle;
use super::page::{BlockKind, Page, PageKind};
use super::{shell, stand_in, wall};

/// Pages with more article text than this are not walls, in bytes.
const WALL_BYTES_MAX: usize = 1_500;

/// The least text apart from a wall that is an article, in bytes.
const SHORT_ARTICLE_BYTES_MIN: usize = 140;

/// At most this many blocks of the text are searched for words of stand-in pages, which come first in the text.
const FIRST_BLOCKS: usize = 3;

/// What the verdict is based on.
pub struct Evidence<'a> {
    pub dom: &'a Dom,
    pub flow: &'a Flow,
    pub declared: &'a Declared,
    pub ld: &'a LdArticle,
    pub url: Option<&'a str>,
    pub status: Option<u16>,
}

/// The kind of a page whose text and facts are there.
pub fn of(evidence: &Evidence<'_>, page: &Page) -> PageKind {
    if let Some(wall) = wall(evidence, page) {
        return wall;
    }
    let is_answer = evidence.status.is_none_or(|status| status < 400);
    if is_answer && shell::is_shell(evidence.dom, evidence.flow, page) {
        return PageKind::Shell;
    }
    let url = evidence.url.and_then(|u| Url::parse(u).ok());
    let path = url.as_ref().map_or("", |u| u.path()).to_ascii_lowercase();
    let ld = evidence.ld;
    if ld.is_a("LiveBlogPosting") || ld.page_types.iter().any(|t| t == "LiveBlogPosting") {
        return PageKind::Live;
    }
    let entries = page.blocks.iter().filter(|b| matches!(b.kind, BlockKind::LiveEntry(_))).count();
    let live_path = path.contains("/live/")
        || path.contains("/live-")
        || path.contains("-live-")
        || path.contains("liveblog")
        || path.contains("live-blog")
        || path.contains("/liveticker");
    // Entries are only recognised where they hold most of the prose.
    if entries >= 3 || (live_path && page.text.len() > 2_000) {
        return PageKind::Live;
    }
    let prose: usize = page
        .blocks
        .iter()
        .filter(|b| matches!(b.kind, BlockKind::Paragraph | BlockKind::Quote | BlockKind::ListItem))
        .map(|b| b.range.len())
        .sum();
    let og = evidence.declared.meta(&["og:type"]).unwrap_or_default().to_ascii_lowercase();
    let says_article = og == "article"
        || og == "news"
        || ld.types.iter().any(|t| t.ends_with("Article") || t == "BlogPosting" || t == "Report");
    if !path.is_empty() && is_root(&path) && !(says_article && prose > 1_500) {
        return PageKind::Front;
    }
    let is_video = og.starts_with("video") || (ld.is_a("VideoObject") && !says_article);
    if is_video && prose < 1_500 {
        return PageKind::Video;
    }
    if !says_article && is_list(evidence, prose) {
        return PageKind::List;
    }
    if is_opinion(&path, ld, page) {
        return PageKind::Opinion;
    }
    if prose < 200 && !says_article && page.headline.is_none() {
        PageKind::Other
    } else {
        PageKind::Article
    }
}

fn is_root(path: &str) -> bool {
    let bare = path.trim_matches('/');
    bare.is_empty() || matches!(bare, "index.html" | "index.htm" | "index.php" | "home" | "default.aspx")
        // `/en/`, `/de-de/`: editions.
        || (bare.len() <= 5 && bare.len() != 3 && bare.split('-').all(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_lowercase())))
}

fn is_list(evidence: &Evidence<'_>, prose: usize) -> bool {
    let types = &evidence.ld.page_types;
    let says_list =
        types.iter().any(|t| matches!(t.as_str(), "CollectionPage" | "SearchResultsPage"));
    // Many headlines that are links, and hardly anything that is not one.
    let linked = evidence
        .flow
        .blocks
        .iter()
        .filter(|b| b.linked * 10 >= b.range.len() * 9 && b.range.len() >= 25)
        .count();
    (says_list && prose < 1_500) || (linked >= 15 && prose < linked * 60 && prose < 2_500)
}

fn is_opinion(path: &str, ld: &LdArticle, page: &Page) -> bool {
    let section = page.section.as_ref().map(|f| f.value.to_lowercase()).unwrap_or_default();
    let words = [
        "opinion",
        "opinions",
        "commentisfree",
        "comment",
        "editorial",
        "editorials",
        "op-ed",
        "columnists",
        "columns",
        "meinung",
        "kommentar",
        "debatte",
        "tribune",
        "tribunes",
        "idees",
        "opinión",
        "opiniao",
        "opinião",
        "opinioni",
        "ledare",
        "letters",
        "perspective",
        "viewpoint",
        "voices",
        "blogs de opinion",
        "opinie",
    ];
    ld.types.iter().any(|t| t == "OpinionNewsArticle")
        || words.iter().any(|w| section == *w || section.starts_with(&format!("{w} ")))
        || path.split('/').take(4).any(|part| words.contains(&part))
}

/// Whether something replaces the article.
fn wall(evidence: &Evidence<'_>, page: &Page) -> Option<PageKind> {
    if page.text.len() > WALL_BYTES_MAX {
        return None;
    }
    let title = evidence.declared.title.as_deref().unwrap_or_default().to_lowercase();
    let headline = page.headline.as_ref().map(|f| f.value.to_lowercase()).unwrap_or_default();
    let text = page.text.to_lowercase();
    let visible: usize = evidence.flow.text.len();
    // A short text on a page full of other things is a short article, or a page for an address
    // that is gone; a wall has the page to itself.
    let alone = visible < 6_000;
    let mut whole = String::new();
    if alone {
        whole = evidence.flow.text.to_lowercase();
    }
    let heads = [title.as_str(), headline.as_str()];
    let status_blocks = matches!(evidence.status, Some(401 | 403 | 429 | 451 | 503));
    // Blocks are side by side in the text of the page.
    let in_block = || {
        let mut blocks = evidence.flow.blocks.iter();
        blocks.any(|block| stand_in::says_blocked(&evidence.flow.words(block).to_lowercase()))
    };
    // All of the text is read for it, so it is checked last.
    let is_article = || says_article(evidence, page) && apart(page) >= SHORT_ARTICLE_BYTES_MIN;
    let is_dated = || (page.published.is_some() || !page.byline.is_empty()) && is_article();
    if heads.iter().any(|head| stand_in::title_says_blocked(head))
        && (status_blocks || alone && !is_dated())
        || (alone
            && visible < 2_500
            && (stand_in::says_blocked(&whole) || in_block())
            && !is_article())
    {
        return Some(PageKind::Block);
    }
    let first_blocks =
        || page.blocks.iter().take(FIRST_BLOCKS).filter_map(|block| text.get(block.range.clone()));
    let gone = heads.iter().any(|head| stand_in::title_says_gone(head)) && !is_dated()
        || (alone && text.len() < 600 && first_blocks().any(stand_in::says_gone) && !is_article());
    if gone && text.len() < 800 {
        return Some(PageKind::SoftNotFound);
    }
    let consent_host = evidence.url.is_some_and(|u| {
        u.contains("//consent.") || u.contains("//myprivacy.") || u.contains("/consent?")
    });
    if consent_host
        || (alone
            && asks_for_consent(evidence, &whole, &title)
            && !has_article(evidence, page, &text, visible))
    {
        return Some(PageKind::Consent);
    }
    None
}

/// Whether the page states about itself that it is an article: a day, an author, or a declared type.
fn says_article(evidence: &Evidence<'_>, page: &Page) -> bool {
    let og = evidence.declared.meta(&["og:type"]).unwrap_or_default();
    page.published.is_some()
        || !page.byline.is_empty()
        || og.eq_ignore_ascii_case("article")
        || evidence.ld.types.iter().any(|t| t.ends_with("Article"))
}

/// How much of the text stands in blocks without words of a page that stands in, in bytes: an article that
/// reports something removed has its other paragraphs, and a page for an article that is gone has none.
fn apart(page: &Page) -> usize {
    let is_apart = |words: &&str| {
        let lower = words.to_lowercase();
        !stand_in::says_gone(&lower) && !stand_in::says_blocked(&lower)
    };
    let words = page.blocks.iter().filter_map(|block| page.text.get(block.range.clone()));
    words.filter(is_apart).map(str::len).sum()
}

/// Whether the page asks for consent: by its phrases, or in a paragraph that counts its partners.
fn asks_for_consent(evidence: &Evidence<'_>, whole: &str, title: &str) -> bool {
    let counts = |block| wall::counts_partners(&evidence.flow.words(block).to_lowercase());
    wall::asks_for_consent(whole)
        || wall::asks_for_consent(title)
        || evidence.flow.blocks.iter().any(counts)
}

/// Whether the page carries more than the wall. A short article below a cookie banner has a date, an
/// author or a declared type, and its text says nothing of consent; a wall in place of an article has
/// its facts too, but no text besides the wall's own.
fn has_article(evidence: &Evidence<'_>, page: &Page, text: &str, visible: usize) -> bool {
    let dated = page.published.is_some() || !page.byline.is_empty();
    let declared = says_article(evidence, page);
    let apart = !wall::asks_for_consent(text) && !text.lines().any(wall::counts_partners);
    (declared && apart && text.len() >= SHORT_ARTICLE_BYTES_MIN)
        || (dated && text.len() > 400)
        || (apart && page.headline.is_some() && text.len() > 600)
        || (text.len() * 2 > visible && text.len() > 1_000)
}

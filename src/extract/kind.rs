//! What kind of page it is: an article of some kind, a list, or something that stands in the way.
//!
//! Walls (bot checks, consent, "not found" said with a success status) are told from short pages
//! by their own words, in the title and the text. A long article about CAPTCHAs stays an article:
//! walls are short.

use url::Url;

use super::declared::Declared;
use super::flow::Flow;
use super::json_ld::LdArticle;
use super::page::{BlockKind, Page, PageKind};
use super::wall;

/// Pages with more article text than this are no walls, in bytes.
const WALL_BYTES_MAX: usize = 1_500;

/// The least text apart from a wall that is an article, in bytes.
const SHORT_ARTICLE_BYTES_MIN: usize = 140;

const BLOCK_PHRASES: &[&str] = &[
    "just a moment...",
    "attention required! | cloudflare",
    "checking your browser before",
    "verify you are human",
    "verifying you are human",
    "verify that you are human",
    "are you a robot",
    "are you human?",
    "i'm not a robot",
    "not a bot",
    "access denied",
    "access to this page has been denied",
    "pardon our interruption",
    "request unsuccessful. incapsula",
    "unusual traffic from your",
    "unusual activity from your",
    "enable javascript and cookies to continue",
    "please enable cookies and",
    "you have been blocked",
    "your access to this site has been limited",
    "error 1020",
    "error 1015",
    "press & hold to confirm",
    "press and hold",
    "ddos protection by",
    "security check to access",
    "403 forbidden",
    "error 403",
    "bot detection",
    "please complete the security check",
    "human verification",
    "captcha",
    "your request has been blocked",
    "429 too many requests",
    "too many requests",
    "not available in your region",
    "451 unavailable",
    "unavailable due to legal reasons",
    "unavailable for legal reasons",
    "this content is not available in your country",
];

const GONE_PHRASES: &[&str] = &[
    "page not found",
    "404 not found",
    "error 404",
    "404 error",
    "404 - ",
    "404: ",
    "page you requested could not be found",
    "page you are looking for",
    "page you were looking for",
    "page you're looking for",
    "page can't be found",
    "page cannot be found",
    "page doesn't exist",
    "page does not exist",
    "no longer available",
    "article not found",
    "story not found",
    "has been removed",
    "couldn't find the page",
    "could not be found",
    "can't find that page",
    "can’t find",
];

/// What the verdict is made from.
pub struct Evidence<'a> {
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
    // Entries are only told where they hold most of the prose.
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

/// Whether something stands in place of the article.
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
    let said = |phrases: &[&str], texts: &[&str]| {
        phrases.iter().any(|p| texts.iter().any(|t| t.contains(p)))
    };
    let heads = [title.as_str(), headline.as_str()];
    let status_blocks = matches!(evidence.status, Some(401 | 403 | 429 | 451 | 503));
    let blocked = |texts: &[&str]| {
        said(BLOCK_PHRASES, texts) || texts.iter().any(|text| wall::says_blocked(text))
    };
    if blocked(&heads) && (alone || status_blocks)
        || (alone && visible < 2_500 && blocked(&[&whole, &text]))
    {
        return Some(PageKind::Block);
    }
    let is_404 =
        |head: &str| head.trim() == "404" || head.starts_with("404 ") || head.ends_with(" 404");
    let gone = |texts: &[&str]| {
        said(GONE_PHRASES, texts) || texts.iter().any(|text| wall::says_gone(text))
    };
    if gone(&heads)
        || heads.iter().any(|h| is_404(h))
        || (alone && text.len() < 600 && gone(&[&text]))
    {
        // An article with a date and an author that has been removed from somewhere is one.
        if text.len() < 800 {
            return Some(PageKind::SoftNotFound);
        }
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
    let og = evidence.declared.meta(&["og:type"]).unwrap_or_default();
    let dated = page.published.is_some() || !page.byline.is_empty();
    let told = dated
        || og.eq_ignore_ascii_case("article")
        || evidence.ld.types.iter().any(|t| t.ends_with("Article"));
    let apart = !wall::asks_for_consent(text) && !text.lines().any(wall::counts_partners);
    (told && apart && text.len() >= SHORT_ARTICLE_BYTES_MIN)
        || (dated && text.len() > 400)
        || (apart && page.headline.is_some() && text.len() > 600)
        || (text.len() * 2 > visible && text.len() > 1_000)
}

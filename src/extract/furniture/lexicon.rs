//! The words and the parts of names by which furniture and bodies of articles are recognised. Each came
//! from measurement on public sets (docs/extraction.md).

use std::sync::LazyLock;

use crate::base::phrases::{PhraseFinder, finder_of};
use crate::base::word_map::WordMap;

/// Words that mark furniture wherever they are in a name.
const FURNITURE_WORDS: &str = "nav navigation navbar menu breadcrumb breadcrumbs rail aside \
    share sharing shares sharebar addthis sharethis comment comments commenting disqus respond \
    related recommended recommendation recommendations recirc recirculation outbrain taboola zergnet \
    newsletter newsletters subscribe subscription signup gallery slideshow carousel slider swiper promo promos promoted sponsor \
    sponsored advert advertisement advertising adsense ads ad adslot dfp cookie cookies consent gdpr \
    popular trending mostread login signin register paywall tags taglist tagcloud pagination pager \
    footer masthead toolbar tooltip popup modal overlay lightbox dialog search \
    skiplink print printonly noprint feedback rating ratings vote poll survey widgets \
    sticky banner interstitial upsell donate donation bookmark follow followus app qr \
    teaser teasers readmore nextprev prevnext whatsapp telegram messenger";

/// Parts that mark furniture also inside a glued word.
const FURNITURE_PARTS: &[&str] = &[
    "version-history",
    "versionhistory",
    "revision-history",
    "breadcrumb",
    "newsletter",
    "sharebar",
    "sharing",
    "sharedaddy",
    "share-",
    "jp-relatedposts",
    "relatedpost",
    "related-",
    "relatedarticle",
    "relatedcontent",
    "relatedstor",
    "mostread",
    "most-read",
    "mostpopular",
    "most-popular",
    "trending",
    "recommend",
    "outbrain",
    "taboola",
    "advert",
    "commentlist",
    "comment-",
    "comments",
    "disqus",
    "cookie",
    "signup",
    "sign-up",
    "subscribe",
    "authorbio",
    "author-bio",
    "author-box",
    "authorbox",
    "about-author",
    "aboutauthor",
    "author-info",
    "author-card",
    "author-profile",
    "read-more",
    "readmore",
    "read-next",
    "readnext",
    "readalso",
    "read-also",
    "also-read",
    "see-also",
    "more-stories",
    "morestories",
    "more-from",
    "morefrom",
    "up-next",
    "upnext",
    "next-article",
    "next-post",
    "prev-post",
    "post-navigation",
    "post-nav",
    "postnav",
    "post-tags",
    "tag-list",
    "entry-footer",
    "entry-meta",
    "post-meta",
    "postmeta",
    "article-meta",
    "meta-info",
    "article-footer",
    "post-footer",
    "you-may",
    "youmay",
    "you-might",
    "promo",
    "sponsor",
    "paywall",
    "call-to-action",
    "pagination",
    "printfriendly",
    "in-this-article",
    "table-of-contents",
    "tableofcontents",
    "toc_container",
    "ez-toc",
    "lwptoc",
    "scroll-to",
    "skip-link",
    "skip-to",
    "back-to-top",
    "inline-newsletter",
    "google-preferred",
    "preferred-source",
    "onetrust",
    "cookielaw",
    "cky-",
    "cmplz",
    "moove",
    "widget-area",
    "app-download",
    "download-app",
];

/// Words that mark furniture unless the element holds the article.
const DOUBTFUL_WORDS: &str = "header top meta info box callout cta button btn tool tools action \
    actions list author authors byline bio profile more next prev previous latest";

/// Parts of names that mark the body of an article, and how surely.
const BODY_PARTS: &[(&str, u8)] = &[
    ("articlebody", 3),
    ("article-body", 3),
    ("article_body", 3),
    ("article__body", 3),
    ("storybody", 3),
    ("story-body", 3),
    ("story_body", 3),
    ("story__body", 3),
    ("entry-content", 3),
    ("entry_content", 3),
    ("entrycontent", 3),
    ("post-content", 3),
    ("post_content", 3),
    ("postcontent", 3),
    ("post-body", 3),
    ("post_body", 3),
    ("postbody", 3),
    ("post__body", 3),
    ("post__content", 3),
    ("article-content", 3),
    ("article_content", 3),
    ("article__content", 3),
    ("articlecontent", 3),
    ("article-text", 3),
    ("article_text", 3),
    ("articletext", 3),
    ("article__text", 3),
    ("story-content", 3),
    ("storycontent", 3),
    ("storytext", 3),
    ("story-text", 3),
    ("content-body", 2),
    ("body-content", 2),
    ("body-copy", 2),
    ("bodycopy", 2),
    ("body-text", 2),
    ("bodytext", 2),
    ("rich-text", 1),
    ("richtext", 1),
    ("page-content", 1),
    ("main-content", 1),
    ("blog-content", 2),
    ("news-content", 2),
    ("newsbody", 2),
    ("news-body", 2),
    ("news-text", 2),
    ("single-content", 2),
    ("article-main", 2),
    ("articlemain", 2),
    ("td-post-content", 3),
    ("caas-body", 3),
    ("wysiwyg", 1),
];

/// What a word of a name says.
#[derive(Clone, Copy)]
pub(super) enum Word {
    Furniture,
    Doubtful,
}

pub(super) static WORDS: LazyLock<WordMap<&'static str, Word>> = LazyLock::new(|| {
    let doubtful = DOUBTFUL_WORDS.split_ascii_whitespace().map(|w| (w, Word::Doubtful));
    doubtful.chain(FURNITURE_WORDS.split_ascii_whitespace().map(|w| (w, Word::Furniture))).collect()
});

/// Parts that mark text for screen readers only, which no one sees.
const HIDDEN_PARTS: &[&str] = &[
    "screen-reader",
    "visually-hidden",
    "visuallyhidden",
    "sr-only",
    "a11y-hidden",
    "screenreader",
];

/// Parts that mark a box of the article: facts, key points, a pull quote.
const INSET_PARTS: &[&str] = &[
    "factbox",
    "fact-box",
    "fact_box",
    "factsbox",
    "facts-box",
    "infobox",
    "info-box",
    "info_box",
    "keypoint",
    "key-point",
    "key_point",
    "keyfact",
    "key-fact",
    "key_fact",
    "takeaway",
    "highlights",
    "at-a-glance",
    "explainer",
    "pullquote",
    "pull-quote",
    "pull_quote",
    "pulled-quote",
    "summary-box",
    "summarybox",
    "faktenbox",
    "faktenkasten",
    "fakten-",
    "infokasten",
    "stichpunkte",
    "encadre",
    "essentiel",
    "chiffres-cles",
    "despiece",
    "recuadro",
    "destacado",
    "claves",
    "scheda",
    "riquadro",
    "faktaruta",
    "faktaboks",
    "ramka",
    "kader",
];

/// What a part of a name says; of a body, how sure it is.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Furniture,
    Hidden,
    Body(u8),
    Inset,
}

pub(super) static PARTS: LazyLock<Option<(PhraseFinder, Vec<Part>)>> = LazyLock::new(|| {
    let furniture = FURNITURE_PARTS.iter().map(|p| (*p, Part::Furniture));
    let body = BODY_PARTS.iter().map(|(p, sure)| (*p, Part::Body(*sure)));
    let hidden = HIDDEN_PARTS.iter().map(|p| (*p, Part::Hidden));
    let inset = INSET_PARTS.iter().map(|p| (*p, Part::Inset));
    let (patterns, parts): (Vec<_>, Vec<_>) =
        furniture.chain(body).chain(hidden).chain(inset).unzip();
    // The patterns are constants: they either always build or never.
    finder_of(patterns).map(|matcher| (matcher, parts))
});

//! The pictures and players that a reader sees in the article: what they show, and the text in place of a
//! picture for readers who do not see it.
//!
//! Collected from the headline to the end of the text. Deliberately left out: what belongs to other pages
//! (teasers, advertisements), portraits of authors, icons and counting pixels.

use url::Url;

use super::article::Survey;
use super::declared::squeeze;
use super::dom::{Dom, NodeId, Step, Tag};
use super::page::{Media, MediaKind};

/// The most pictures and players that are kept of one page.
const MEDIA_MAX: usize = 200;
/// A caption or a description is cut after this many bytes.
const WORDS_BYTES_MAX: usize = 1_000;
/// A picture that is declared smaller than this in both directions is an icon, in pixels.
const ICON_PIXELS_MAX: u32 = 64;

/// Words in the names of pictures that do not belong to the article.
const PORTRAITS: [&str; 5] = ["avatar", "icon", "logo", "emoji", "smiley"];

/// Words in the names of pictures that head an article.
const LEADS: [&str; 4] = ["hero", "lead", "cover", "featured"];
/// A picture before the article does not belong to it where it is declared narrower, in pixels.
const LEAD_PIXELS_MIN: u32 = 400;
/// At most this many of the elements before the article are searched for it.
const LEAD_REACH: usize = 2;
/// An element with more children before the article is a list.
const SIBLINGS_MAX: usize = 24;

/// Attributes that may hold the address of a picture, those that scripts read first.
const SOURCES: [&str; 8] = [
    "data-src",
    "data-original",
    "data-lazy-src",
    "src",
    "data-srcset",
    "data-lazy-srcset",
    "srcset",
    "poster",
];

/// The pictures and players of the article whose text is in `container`, in order.
pub(super) fn read(
    survey: &Survey<'_>,
    container: NodeId,
    headline: Option<NodeId>,
    kept: &[usize],
    base: Option<&Url>,
) -> Vec<Media> {
    let dom = survey.dom;
    let own = |id: NodeId| {
        let mut up = std::iter::once(id).chain(dom.ancestors(id));
        up.find(|id| matches!(dom.tag(*id), Tag::Article | Tag::Main))
    };
    let home = own(container).unwrap_or(Dom::ROOT);
    let (Some(first), Some(last)) = (kept.first(), kept.last()) else { return Vec::new() };
    let node_of = |at: &usize| survey.flow.blocks[*at].node;
    let begin = headline.unwrap_or_else(|| node_of(first));
    let end = node_of(last);
    let mut found: Vec<Media> = lead_before(survey, home, base);
    // Whether the walk is between headline and end of text; behind that only figures with captions count.
    let (mut begun, mut ended) = (container != Dom::ROOT && headline.is_none(), false);
    let mut walk = dom.walk(home);
    while let Some(step) = walk.next() {
        match step {
            Step::Enter(id) => {
                begun |= id == begin || id == container;
                let tag = dom.tag(id);
                let is_medium = matches!(tag, Tag::Img | Tag::Iframe | Tag::Video | Tag::Audio);
                let is_out = is_foreign(survey, id)
                    && !(id == home || dom.ancestors(container).any(|up| up == id));
                if is_medium && begun && !is_out {
                    let behind = ended && caption_of(dom, id).is_none();
                    found.extend(medium(dom, id, tag, base).filter(|_| !behind));
                }
                let is_leaf = is_medium || matches!(tag, Tag::Script | Tag::Style | Tag::Noscript);
                if is_out || is_leaf {
                    walk.skip_children(id);
                }
            }
            Step::Leave(id) => ended |= id == end || id == container,
            Step::Text(_) => {}
        }
        if found.len() >= MEDIA_MAX {
            break;
        }
    }
    found
}

/// The large picture right before the element of the article, in the element that holds both.
fn lead_before(survey: &Survey<'_>, home: NodeId, base: Option<&Url>) -> Vec<Media> {
    let dom = survey.dom;
    let Some(up) = dom.parent(home).filter(|up| {
        dom.tag(home) == Tag::Article && matches!(dom.tag(*up), Tag::Main | Tag::Body | Tag::Div)
    }) else {
        return Vec::new();
    };
    // The last elements before the article: a picture, or a frame with nothing else in it.
    let mut before: Vec<NodeId> =
        dom.children(up).take_while(|id| *id != home).take(SIBLINGS_MAX).collect();
    if before.len() == SIBLINGS_MAX {
        return Vec::new();
    }
    before.reverse();
    let picture = before.into_iter().take(LEAD_REACH).find_map(|id| {
        if is_foreign(survey, id) || matches!(dom.tag(id), Tag::Article | Tag::Nav | Tag::Aside) {
            return None;
        }
        let is_img = |id: &NodeId| dom.tag(*id) == Tag::Img;
        std::iter::once(id).chain(dom.children(id).take(4)).find(is_img)
    });
    let is_large = |id: NodeId| {
        let wide = dom.attr(id, "width").and_then(|w| w.trim().trim_end_matches("px").parse().ok());
        let named = dom.attr(id, "class").is_some_and(|names| {
            let mut parts = names.split(|c: char| !c.is_ascii_alphabetic());
            parts.any(|part| LEADS.iter().any(|word| part.eq_ignore_ascii_case(word)))
        });
        named || wide.is_some_and(|width: u32| width >= LEAD_PIXELS_MIN)
    };
    let picture = picture.filter(|id| is_large(*id) && !is_foreign(survey, *id));
    picture.and_then(|id| medium(dom, id, Tag::Img, base)).into_iter().collect()
}

/// Whether an element holds nothing of the article: furniture, a byline, a link to another page.
fn is_foreign(survey: &Survey<'_>, id: NodeId) -> bool {
    let (dom, marks) = (survey.dom, survey.flow.marks[id as usize]);
    let is_portrait = || {
        ["class", "id"].iter().filter_map(|key| dom.attr(id, key)).any(|names| {
            names
                .split(|c: char| !c.is_ascii_alphabetic())
                .any(|part| PORTRAITS.iter().any(|word| part.eq_ignore_ascii_case(word)))
        })
    };
    survey.furniture[id as usize]
        || marks.hidden
        || marks.byline
        || marks.struck
        || is_portrait()
        || dom.tag(id) == Tag::A && leads_away(dom, id)
}

/// Whether a link leads to another page and not to the picture in it.
fn leads_away(dom: &Dom, link: NodeId) -> bool {
    let Some(href) = dom.attr(link, "href").map(str::trim) else { return false };
    let path = href.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_picture = ["jpg", "jpeg", "png", "webp", "gif", "avif", "svg"]
        .iter()
        .any(|ending| path.ends_with(&format!(".{ending}")));
    // A picture with a caption below it is the article's, wherever it leads.
    let is_captioned = || caption_of(dom, link).is_some();
    !(path.is_empty() || is_picture || is_captioned())
}

fn medium(dom: &Dom, id: NodeId, tag: Tag, base: Option<&Url>) -> Option<Media> {
    let pixels = |name: &str| {
        let value = dom.attr(id, name)?.trim().trim_end_matches("px");
        value.parse::<u32>().ok()
    };
    let is_small = |most: u32| {
        let (width, height) = (pixels("width"), pixels("height"));
        width.is_some_and(|w| w <= most) && height.is_none_or(|h| h <= most)
            || height.is_some_and(|h| h <= most.min(10))
    };
    let kind = if tag == Tag::Img { MediaKind::Picture } else { MediaKind::Player };
    if is_small(if tag == Tag::Img { ICON_PIXELS_MAX } else { 10 }) {
        return None;
    }
    let written = source_of(dom, id)?;
    let src = match base {
        Some(base) => base.join(&written).map_or(written, String::from),
        None => written,
    };
    if kind == MediaKind::Player && is_of_page(&src) {
        return None;
    }
    let words = |text: &str| Some(squeeze(text)).filter(|text| !text.is_empty());
    let alt = if tag == Tag::Img { dom.attr(id, "alt") } else { dom.attr(id, "title") };
    let alt = alt.and_then(words).filter(|alt| alt.len() <= WORDS_BYTES_MAX);
    Some(Media { kind, src, alt, caption: caption_of(dom, id) })
}

/// The address of what an element shows; none for a place that a script fills.
fn source_of(dom: &Dom, id: NodeId) -> Option<String> {
    let of = |id: NodeId| {
        SOURCES.iter().find_map(|name| {
            let value = dom.attr(id, name)?.trim();
            let is_set = name.ends_with("srcset");
            let first = if is_set { value.split([',', ' ']).next()? } else { value };
            let is_real = !first.is_empty()
                && !first.starts_with("data:")
                && !first.starts_with("about:")
                && !first.starts_with("javascript:")
                && !first.starts_with("blob:");
            is_real.then(|| first.to_owned())
        })
    };
    let sources = |of_what: NodeId| {
        dom.children(of_what).filter(|child| dom.tag(*child) == Tag::Source).find_map(of)
    };
    let picture = dom.parent(id).filter(|up| dom.tag(*up) == Tag::Picture);
    of(id).or_else(|| sources(id)).or_else(|| picture.and_then(sources))
}

/// Whether a frame is part of the page but not of the article: advertisements, counters, consent,
/// comments, buttons of social networks.
fn is_of_page(src: &str) -> bool {
    const WORDS: [&str; 16] = [
        "doubleclick",
        "googlesyndication",
        "adservice",
        "adserver",
        "/ads/",
        "//ads.",
        "//ad.",
        "googletagmanager",
        "recaptcha",
        "disqus",
        "plugins/like",
        "plugins/share",
        "consent",
        "cookie",
        "newsletter",
        "taboola",
    ];
    WORDS.iter().any(|word| src.contains(word))
}

/// The caption of the figure that an element is in.
fn caption_of(dom: &Dom, id: NodeId) -> Option<String> {
    let figure = dom.ancestors(id).take(8).find(|up| dom.tag(*up) == Tag::Figure)?;
    let caption = dom.walk(figure).find_map(|step| match step {
        Step::Enter(id) if dom.tag(id) == Tag::Figcaption => Some(id),
        _ => None,
    })?;
    Some(squeeze(&dom.text_below(caption, WORDS_BYTES_MAX))).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::extract::page::MediaKind;
    use crate::extract::{Hints, extract};

    const TEXT: &str =
        "The boat has carried post, bread and the sick across the sound for ten years.";

    fn found(inside: &str) -> Vec<String> {
        let html = format!(
            "<main><article><h1>Night boat is dropped</h1><div class=article-body><p>{TEXT}</p>{inside}\
             <p>{TEXT} Again.</p></div></article></main>"
        );
        let media = extract(html.as_bytes(), &Hints::default()).page.media;
        let say = |m: super::Media| {
            let mark = if m.kind == MediaKind::Player { "player " } else { "" };
            format!("{mark}{} {}", m.src, m.alt.or(m.caption).unwrap_or_default())
        };
        media.into_iter().map(say).map(|text| text.trim().to_owned()).collect()
    }

    #[test]
    fn pictures_and_players_of_the_article_are_collected() {
        for (inside, wanted) in [
            ("<figure><img src=/a.jpg alt='The pier'></figure>", "/a.jpg The pier"),
            ("<p><img src='data:image/gif;base64,R0' data-src=/a.jpg></p>", "/a.jpg"),
            ("<picture><source srcset='/a.webp 640w'><img src='data:x'></picture>", "/a.webp"),
            ("<figure><a href=/big.jpg><img src=/a.jpg></a></figure>", "/a.jpg"),
            (
                "<figure><img src=/a.jpg><figcaption>Ida Holt</figcaption></figure>",
                "/a.jpg Ida Holt",
            ),
            ("<iframe src=https://video.example/e/1></iframe>", "player https://video.example/e/1"),
            ("<video><source src=/v.mp4></video>", "player /v.mp4"),
            ("<audio src=/a.mp3></audio>", "player /a.mp3"),
        ] {
            assert_eq!(found(inside), [wanted], "{inside}");
        }
    }

    #[test]
    fn what_belongs_to_the_page_is_left_out() {
        for inside in [
            "<img src=/p.gif width=1 height=1>",
            "<a href=/other-story><img src=/t.jpg></a>",
            "<div class=ad-slot><img src=/ad.jpg></div>",
            "<div class=author><img src=/face.jpg></div>",
            "<img class=avatar src=/face.jpg>",
            "<iframe src=https://ads.example/1></iframe>",
            "<iframe src=https://x.example/1 width=1 height=1></iframe>",
            "<img src='data:image/gif;base64,R0'>",
            "<aside class=related><img src=/r.jpg></aside>",
        ] {
            assert_eq!(found(inside), [""; 0], "{inside}");
        }
    }
}

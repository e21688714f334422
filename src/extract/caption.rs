//! The caption below the lead picture, as a reader sees it.
//!
//! The picture is known by its declared address; the figure that shows it names the same file, often
//! in another size. What `og:image:alt` says is a description for those who do not see the picture,
//! and serves where no caption is shown.

use super::declared::squeeze;
use super::dom::{Dom, Step};
use super::tag::Tag;

/// A caption is cut after this many bytes.
const CAPTION_BYTES_MAX: usize = 2_000;

/// Attributes that may hold the address of a picture.
const SOURCES: [&str; 6] =
    ["src", "srcset", "data-src", "data-srcset", "data-original", "data-lazy-src"];

/// The caption of the first figure that shows the picture at `src`.
pub(super) fn below(dom: &Dom, src: &str) -> Option<String> {
    let wanted = file(src);
    if wanted.len() < 3 {
        return None;
    }
    let said = |caption: u32| {
        Some(squeeze(&dom.text_below(caption, CAPTION_BYTES_MAX))).filter(|text| !text.is_empty())
    };
    let figures = dom.elements().filter(|&id| dom.tag(id) == Tag::Figure);
    let below = figures.filter(|&figure| shows(dom, figure, wanted)).find_map(|figure| {
        let caption = dom.walk(figure).find_map(|step| match step {
            Step::Enter(id) if dom.tag(id) == Tag::Figcaption => Some(id),
            _ => None,
        })?;
        said(caption)
    });
    // Older pages have no figures: the caption is what calls itself one, next to the picture.
    below.or_else(|| {
        let named = dom.elements().filter(|&id| {
            let class = dom.attr(id, "class").unwrap_or_default().to_ascii_lowercase();
            class
                .split_ascii_whitespace()
                .any(|c| c == "caption" || c.ends_with("-caption") || c.ends_with("_caption"))
        });
        let mut beside = named.filter(|&id| {
            dom.parent(id).is_some_and(|up| dom.children(up).count() <= 4 && shows(dom, up, wanted))
        });
        beside.find_map(said)
    })
}

fn shows(dom: &Dom, figure: u32, wanted: &str) -> bool {
    dom.walk(figure).any(|step| {
        let Step::Enter(id) = step else { return false };
        matches!(dom.tag(id), Tag::Img | Tag::Source)
            && SOURCES.iter().filter_map(|name| dom.attr(id, name)).any(|value| {
                value.split([',', ' ']).any(|part| !part.is_empty() && file(part) == wanted)
            })
    })
}

/// The name of the file an address ends in, without ending, query and size.
fn file(address: &str) -> &str {
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match stem.rsplit_once(['-', '_', '@']) {
        Some((bare, size)) if !bare.is_empty() && is_size(size) => bare,
        _ => stem,
    }
}

/// "1024x683", "800w", "2x".
fn is_size(part: &str) -> bool {
    part.starts_with(|c: char| c.is_ascii_digit())
        && part.contains(['x', 'w'])
        && part.chars().all(|c| c.is_ascii_digit() || matches!(c, 'x' | 'w' | 'h'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caption_is_that_of_the_picture() {
        let html = "<figure><img src=/a/other.jpg><figcaption>Another</figcaption></figure>\
            <figure><picture><source srcset='/a/boats-640x427.webp 640w, /a/boats.webp 1200w'>\
            <img src=data:x></picture><figcaption>Boats <b>at dawn</b></figcaption></figure>";
        let dom = Dom::parse(html, &mut Vec::new());
        let caption = below(&dom, "https://cdn.example/p/boats-1200x800.jpg?q=80");
        assert_eq!(caption.as_deref(), Some("Boats at dawn"));
        assert_eq!(below(&dom, "https://cdn.example/p/quay.jpg"), None);
        let html = "<div><img src=/a/boats.jpg><p class='photo-caption'>Boats at noon</p></div>";
        let dom = Dom::parse(html, &mut Vec::new());
        assert_eq!(below(&dom, "/a/boats.jpg").as_deref(), Some("Boats at noon"));
    }
}

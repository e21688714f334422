//! The links and embedded resources of a page or a style sheet, for crawling.
//!
//! Every address is resolved against `<base>`, cut at its fragment, `http` or `https`, and listed
//! once for each kind. Each carries a letter for how it was found, as Heritrix writes its
//! discovery path (its glossary, "discovery path"): L a link, E an embed, R a redirect, X
//! speculative, P a prerequisite, M a manifest. Forms are not followed: submitting them may have
//! side effects. Nothing is guessed from the text of scripts.

mod refresh;

use std::collections::HashSet;

use encoding_rs::{Encoding, UTF_8};
use url::Url;

use self::refresh::Refresh;
pub use self::refresh::{refresh_of_field, refresh_of_html};
use super::css::{self, CssLink};
use crate::extract::base_url::{base_of, resolve};
use crate::extract::dom::{Dom, NodeId, Step, Tag};
use crate::extract::{Hints, bounded, charset, first_bytes, json};

/// The most addresses that are listed for one document.
pub const OUTLINKS_MAX: usize = 50_000;
/// The longest address that is listed, in bytes.
pub const OUTLINK_BYTES_MAX: usize = 8 * 1024;
/// The most markup inside `noscript` that is read, in bytes, for one document.
const NOSCRIPT_BYTES_MAX: usize = 1024 * 1024;
/// The longest JSON-LD that is searched for addresses, in bytes.
const JSON_LD_BYTES_MAX: usize = 1024 * 1024;

/// The most objects of it that are searched.
const JSON_LD_OBJECTS_MAX: usize = 20_000;

/// How an address was found: a letter of the discovery path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Hop {
    /// `L`: a link that a reader follows.
    Link,
    /// `E`: a resource that a browser fetches to show the page.
    Embed,
    /// `R`: a redirect by `meta refresh`.
    Redirect,
    /// `X`: an address that may or may not be fetched by a browser.
    Speculative,
    /// `P`: a resource that must be fetched first (robots.txt); never found in a page.
    Prerequisite,
    /// `M`: a list of further addresses: a sitemap or feed that the page declares.
    Manifest,
}

impl Hop {
    /// The letter of the discovery path.
    #[must_use]
    pub fn letter(self) -> char {
        match self {
            Self::Link => 'L',
            Self::Embed => 'E',
            Self::Redirect => 'R',
            Self::Speculative => 'X',
            Self::Prerequisite => 'P',
            Self::Manifest => 'M',
        }
    }
}

/// The purpose of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutlinkKind {
    /// Another page.
    Link,
    /// A part of this page: picture, style, script, frame, font, media.
    Requisite,
}

/// An address found in a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outlink {
    /// The absolute address, without fragment.
    pub url: String,
    /// How it was found.
    pub hop: Hop,
    /// Its purpose.
    pub kind: OutlinkKind,
}

/// The addresses of an HTML payload (already content-decoded), in document order.
#[must_use]
pub fn links_of_html(payload: &[u8], hints: &Hints<'_>) -> Vec<Outlink> {
    let mut notes = Vec::new();
    let payload = first_bytes(payload, &mut notes);
    let decoded = charset::decode(payload, hints.content_type, hints.url, &mut notes);
    let dom = Dom::parse(bounded(&decoded.text, &mut notes).0, &mut notes);
    let encoding = Encoding::for_label(decoded.label.as_bytes()).unwrap_or(UTF_8);
    let mut found = Gatherer::new(hints.url);
    found.base = base_of(&dom, hints.url);
    found.encoding = encoding;
    found.document(&dom, true);
    found.out
}

/// The addresses of a style sheet, in order; `url` is its own address.
#[must_use]
pub fn links_of_css(bytes: &[u8], url: Option<&str>) -> Vec<Outlink> {
    // CSS Syntax 3 section 3.2: the mark, then `@charset`, then UTF-8. Addresses are almost
    // always ASCII, so a wrong guess does no harm.
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => {
            encoding.decode_without_bom_handling(bytes.get(length..).unwrap_or_default()).0
        }
        None => String::from_utf8_lossy(bytes),
    };
    let mut found = Gatherer::new(url);
    found.css(bounded(&text, &mut Vec::new()).0);
    found.out
}

struct Gatherer {
    base: Option<Url>,
    /// The encoding of the document; addresses in style sheets and data in scripts are in UTF-8.
    encoding: &'static Encoding,
    is_noscript: bool,
    out: Vec<Outlink>,
    seen: HashSet<(String, OutlinkKind)>,
    noscript_left: usize,
}

impl Gatherer {
    fn new(url: Option<&str>) -> Self {
        Self {
            base: url.and_then(|u| Url::parse(u).ok()),
            encoding: UTF_8,
            is_noscript: false,
            out: Vec::new(),
            seen: HashSet::new(),
            noscript_left: NOSCRIPT_BYTES_MAX,
        }
    }

    fn add(&mut self, reference: &str, hop: Hop, kind: OutlinkKind) {
        self.add_in(self.encoding, reference, hop, kind);
    }

    fn add_in(
        &mut self,
        encoding: &'static Encoding,
        reference: &str,
        hop: Hop,
        kind: OutlinkKind,
    ) {
        let reference = reference.trim();
        if reference.is_empty()
            || reference.starts_with('#')
            || reference.len() > OUTLINK_BYTES_MAX
            || self.out.len() >= OUTLINKS_MAX
            || is_no_address(reference)
        {
            return;
        }
        let Some(mut url) = resolve(self.base.as_ref(), reference, encoding) else { return };
        if !matches!(url.scheme(), "http" | "https") {
            return;
        }
        url.set_fragment(None);
        let text = String::from(url);
        if text.len() <= OUTLINK_BYTES_MAX && self.seen.insert((text.clone(), kind)) {
            self.out.push(Outlink { url: text, hop, kind });
        }
    }

    fn link(&mut self, reference: &str) {
        self.add(reference, Hop::Link, OutlinkKind::Link);
    }

    fn embed(&mut self, reference: &str) {
        self.add(reference, Hop::Embed, OutlinkKind::Requisite);
    }

    fn document(&mut self, dom: &Dom, with_noscript: bool) {
        for step in dom.walk(Dom::ROOT) {
            match step {
                Step::Enter(Dom::ROOT) => {}
                Step::Enter(id) => {
                    self.element(dom, id);
                    match dom.tag(id) {
                        Tag::Style => self.css(&dom.text_below(id, usize::MAX)),
                        Tag::Script => self.json_ld(dom, id),
                        Tag::Noscript if with_noscript => self.noscript(dom, id),
                        _ => {}
                    }
                }
                _ => {}
            }
            if self.out.len() >= OUTLINKS_MAX {
                return;
            }
        }
    }

    fn element(&mut self, dom: &Dom, id: NodeId) {
        let tag = dom.tag(id);
        let is_amp = tag == Tag::Other && dom.other_name(id).starts_with("amp-");
        for (name, value) in dom.attrs(id) {
            match (name, tag) {
                ("href", Tag::A | Tag::Area) => self.link(value),
                ("href", Tag::Link) => self.link_element(dom, id, value),
                ("imagesrcset", Tag::Link) => self.srcset(value),
                ("content", Tag::Meta) => self.meta(dom, id, value),
                (
                    "src",
                    Tag::Iframe | Tag::Frame | Tag::Img | Tag::Source | Tag::Video | Tag::Audio,
                )
                | ("src", Tag::Script | Tag::Embed | Tag::Track | Tag::Input)
                | ("poster", Tag::Video)
                | ("data", Tag::Object)
                | ("background", Tag::Body | Tag::Table | Tag::Td | Tag::Th | Tag::Tr) => {
                    self.embed(value)
                }
                ("href" | "xlink:href", Tag::Other)
                    if matches!(dom.other_name(id), "image" | "use") =>
                {
                    self.embed(value);
                }
                ("src" | "poster", Tag::Other) if is_amp => self.embed(value),
                ("srcset", _) => self.srcset(value),
                ("style", _) => self.css(value),
                ("longdesc", Tag::Img)
                | ("cite", Tag::Blockquote | Tag::Q | Tag::Del | Tag::Ins) => {
                    self.add(value, Hop::Speculative, OutlinkKind::Link);
                }
                _ if name.starts_with("data-") => self.lazy(name, value),
                _ => {}
            }
        }
    }

    /// Attributes from which scripts load pictures and frames later.
    fn lazy(&mut self, name: &str, value: &str) {
        match name {
            "data-src"
            | "data-original"
            | "data-lazy-src"
            | "data-lazy"
            | "data-hi-res-src"
            | "data-image"
            | "data-img"
            | "data-img-src"
            | "data-bg"
            | "data-background"
            | "data-background-image"
            | "data-bgset"
            | "data-poster"
            | "data-full-src"
            | "data-large_image"
            | "data-thumb"
            | "data-original-src"
            | "data-echo"
            | "data-actualsrc"
            | "data-iframe-src" => {
                if value.contains(", ")
                    || value.contains(" 1x")
                    || value.ends_with('w') && value.contains(' ')
                {
                    self.srcset(value);
                } else if value.contains("url(") {
                    self.css(value);
                } else if value.contains(['/', '.']) {
                    self.add(value, Hop::Embed, OutlinkKind::Requisite);
                }
            }
            "data-srcset" | "data-lazy-srcset" | "data-original-set" | "data-src-set" => {
                self.srcset(value)
            }
            _ => {}
        }
    }

    fn link_element(&mut self, dom: &Dom, id: NodeId, href: &str) {
        let rel = dom.attr(id, "rel").unwrap_or_default().to_ascii_lowercase();
        let mut words = rel.split_ascii_whitespace();
        if words.clone().any(|w| {
            matches!(
                w,
                "stylesheet"
                    | "icon"
                    | "apple-touch-icon"
                    | "apple-touch-icon-precomposed"
                    | "mask-icon"
                    | "preload"
                    | "modulepreload"
                    | "manifest"
                    | "apple-touch-startup-image"
                    | "image_src"
            )
        }) {
            self.embed(href);
        } else if words.clone().any(|w| matches!(w, "prefetch" | "prerender")) {
            self.add(href, Hop::Speculative, OutlinkKind::Requisite);
        } else if words
            .clone()
            .any(|w| w == "sitemap" || (w == "alternate" && is_feed(dom.attr(id, "type"))))
        {
            self.add(href, Hop::Manifest, OutlinkKind::Link);
        } else if words.any(|w| {
            matches!(
                w,
                "canonical"
                    | "alternate"
                    | "next"
                    | "prev"
                    | "previous"
                    | "amphtml"
                    | "author"
                    | "help"
                    | "license"
                    | "search"
                    | "up"
                    | "first"
                    | "last"
                    | "start"
                    | "contents"
                    | "index"
                    | "bookmark"
                    | "shortlink"
                    | "archives"
                    | "tag"
            )
        }) {
            self.link(href);
        }
    }

    fn meta(&mut self, dom: &Dom, id: NodeId, content: &str) {
        if dom.attr(id, "http-equiv").is_some_and(|v| v.eq_ignore_ascii_case("refresh")) {
            if let Some(refresh) = Refresh::parse(content) {
                let hop = match refresh.is_redirect() {
                    true if self.is_noscript => Hop::Speculative,
                    true => Hop::Redirect,
                    false => Hop::Link,
                };
                self.add(refresh.target, hop, OutlinkKind::Link);
            }
            return;
        }
        let name = dom.attr(id, "property").or_else(|| dom.attr(id, "name")).unwrap_or_default();
        match name {
            "og:image"
            | "og:image:url"
            | "og:image:secure_url"
            | "twitter:image"
            | "twitter:image:src"
            | "thumbnail"
            | "og:video"
            | "og:video:url"
            | "og:audio"
            | "msapplication-TileImage" => {
                self.add(content, Hop::Speculative, OutlinkKind::Requisite);
            }
            "og:url" | "twitter:url" => self.add(content, Hop::Speculative, OutlinkKind::Link),
            _ => {}
        }
    }

    /// Candidates of an image source set (WHATWG HTML, "parsing a srcset attribute").
    fn srcset(&mut self, value: &str) {
        let mut rest = value;
        for _ in 0..200 {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
            if rest.is_empty() {
                return;
            }
            let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
            let (candidate, after) = rest.split_at(end);
            let bare = candidate.trim_end_matches(',');
            self.embed(bare);
            rest = if bare.len() < candidate.len() {
                after
            } else {
                // Descriptors may contain commas inside parentheses, but do so only in tests.
                after.find(',').map_or("", |comma| &after[comma + 1..])
            };
        }
    }

    fn css(&mut self, text: &str) {
        for CssLink(target) in css::links(text) {
            self.add_in(UTF_8, &target, Hop::Embed, OutlinkKind::Requisite);
            if self.out.len() >= OUTLINKS_MAX {
                return;
            }
        }
    }

    fn noscript(&mut self, dom: &Dom, id: NodeId) {
        let inner = dom.text_below(id, self.noscript_left);
        if !inner.contains('<') || inner.len() > self.noscript_left {
            return;
        }
        self.noscript_left -= inner.len();
        let inner = Dom::parse(&inner, &mut Vec::new());
        self.is_noscript = true;
        self.document(&inner, false);
        self.is_noscript = false;
    }

    /// Addresses in schema.org data: never needed to show the page, but often useful.
    fn json_ld(&mut self, dom: &Dom, id: NodeId) {
        if !dom
            .attr(id, "type")
            .is_some_and(|t| t.trim().eq_ignore_ascii_case("application/ld+json"))
        {
            return;
        }
        let text = dom.text_below(id, JSON_LD_BYTES_MAX);
        let fits = text.len() <= JSON_LD_BYTES_MAX;
        let Some(value) = fits.then(|| json::read(&text, JSON_LD_OBJECTS_MAX)).flatten() else {
            return;
        };
        let mut open: Vec<(&str, &serde_json::Value)> = vec![("", &value)];
        while let Some((key, value)) = open.pop() {
            match value {
                serde_json::Value::Array(items) => {
                    open.extend(items.iter().rev().map(|i| (key, i)))
                }
                serde_json::Value::Object(fields) => {
                    open.extend(fields.iter().rev().map(|(k, v)| (k.as_str(), v)));
                }
                serde_json::Value::String(text) if text.starts_with("http") => match key {
                    "contentUrl" | "thumbnailUrl" | "image" | "logo" | "thumbnail" => {
                        self.add_in(UTF_8, text, Hop::Speculative, OutlinkKind::Requisite);
                    }
                    "url" | "mainEntityOfPage" | "embedUrl" | "item" => {
                        self.add_in(UTF_8, text, Hop::Speculative, OutlinkKind::Link);
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

fn is_feed(kind: Option<&str>) -> bool {
    kind.is_some_and(|k| {
        let k = k.to_ascii_lowercase();
        k.contains("rss") || k.contains("atom") || k.contains("feed+json")
    })
}

/// Schemes without anything to fetch; checked before the more expensive parsing.
fn is_no_address(reference: &str) -> bool {
    let head = reference.get(..11).unwrap_or(reference).to_ascii_lowercase();
    ["javascript:", "mailto:", "data:", "tel:", "about:", "blob:", "sms:", "whatsapp:"]
        .iter()
        .any(|scheme| head.starts_with(scheme))
}

#[cfg(test)]
mod tests;

//! Payload bytes to what the page says: pure and total.
//!
//! [`extract`] never fails and never panics: it always gives a page, and notes on what it was
//! unsure of. It is a function of payload, hints and [`EXTRACTOR`] alone, and fetches nothing.
//!
//! In reading order: bytes to text ([`charset`]), text to a tree ([`dom`], [`tag`]), the tree to a
//! stream of blocks ([`flow`]), what names say ([`furniture`]), which blocks are the article
//! ([`article`], [`insets`]), what belongs to it beside the prose ([`parts`]), and what the page says of
//! itself ([`metadata`]). Where the markup has no text, the article is looked for in the data that the page
//! carries ([`embedded`]); where there is none either, it may be a page that scripts fill ([`shell`]), or one that
//! names another form of itself ([`alternate`]). What it links to, for the queue, is handled by `outlinks`.

pub mod alternate;
mod article;
pub(crate) mod base_url;
mod boxes;
pub(crate) mod byline;
mod caption;
#[cfg(test)]
mod cases;
pub mod charset;
mod copies;
mod declared;
pub mod dom;
mod edges;
mod embedded;
pub mod figures;
mod flow;
mod furniture;
#[cfg(test)]
mod growth;
mod headline;
mod insets;
pub(crate) mod json;
mod json_ld;
mod json_loose;
mod kicker;
mod kind;
mod line_words;
mod lines;
mod live_entries;
mod media;
mod metadata;
mod names;
mod notices;
mod numbers;
mod outside_tags;
pub mod page;
mod page_lines;
mod parts;
mod phrase_bits;
mod phrase_lists;
mod published;
pub mod quotes;
mod reading;
mod seen_text;
pub mod sentences;
mod shell;
mod shown;
mod shown_dates;
mod speakers;
mod stand_in;
mod tag;
mod wall;
mod words;
mod work;

use std::borrow::Cow;

use declared::Declared;
pub(crate) use dom::Dom;
use dom::Tag;
use embedded::Embedded;
use flow::{Flow, Shape};
use json_ld::LdArticle;
use outside_tags::bytes_outside_tags;
use page::{ArticleLink, Block, BlockKind, Extraction, Page, PageKind, Struck};
use parts::{Part, Role};
pub(crate) use quotes::{is_saying, is_title};
use shown::Shown;

/// The extractor and its version, which travels with everything derived.
pub const EXTRACTOR: &str = "pressmark/1";

/// The most bytes of a decoded document that are read; the rest is left out, with a note.
pub const DOCUMENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Less text than this in `noscript` is a remark on scripts, in bytes.
const NOSCRIPT_BYTES_MIN: usize = 300;
/// At most this much of one is read to decide that, in bytes.
const NOSCRIPT_BYTES_MAX: usize = 256 * 1024;

/// What is known of a payload besides its bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The address it was captured from.
    pub url: Option<&'a str>,
    /// The value of the `Content-Type` field.
    pub content_type: Option<&'a str>,
    /// The HTTP status.
    pub status: Option<u16>,
}

/// What the page says.
///
/// `payload` is the body after transfer and content decoding.
#[must_use]
pub fn extract(payload: &[u8], hints: &Hints<'_>) -> Extraction {
    let mut notes = Vec::new();
    let first = first_bytes(payload, &mut notes);
    let decoded = charset::decode(first, hints.content_type, hints.url, &mut notes);
    let (document, cut) = bounded(&decoded.text, &mut notes);
    let parsed = Parsed::read(document, &mut notes);
    if parsed.flow.cut {
        notes.push(format!("text after {} bytes was left out", flow::FLOW_BYTES_MAX));
    }
    let coarse = cut || parsed.flow.cut || first.len() < payload.len();
    let mut page = parsed.page(hints, None);
    if lacks_text(&page, hints)
        && let Some(found) = embedded::find(&parsed.dom, &parsed.declared, &parsed.ld, hints.url)
    {
        let longer = found.behind(document, &parsed.declared);
        let behind = Behind { from: document.len(), found: &found };
        let read = Parsed::read(&longer, &mut Vec::new()).page(hints, Some(&behind));
        if read.prose_bytes() > TEXT_BYTES_MIN.max(page.prose_bytes() * 3) {
            notes.push(format!("the markup has no text: it is that of {}", found.origin.label()));
            page = read;
        }
    }
    page.coarse = coarse;
    Extraction { page, charset: decoded.label, notes }
}

/// Less prose than this is not an article where data of the page have one, in bytes.
const TEXT_BYTES_MIN: usize = 250;

/// Whether a page that may be an article has next to no text of one.
fn lacks_text(page: &Page, hints: &Hints<'_>) -> bool {
    // A wall of consent is about itself; a page for missing content has no text, whatever its data say.
    let is_walled = page.kind == PageKind::Consent;
    let may_be = !matches!(
        page.kind,
        PageKind::Front
            | PageKind::List
            | PageKind::Live
            | PageKind::Block
            | PageKind::SoftNotFound
    );
    may_be
        && hints.status.is_none_or(|status| status < 400)
        && (is_walled || page.prose_bytes() < TEXT_BYTES_MIN)
}

/// An article that was put behind the end of its document.
struct Behind<'a> {
    /// How long the document is without it, in bytes.
    from: usize,
    found: &'a Embedded,
}

/// A document and what is in it, before anything is chosen.
struct Parsed {
    dom: Dom,
    ld: LdArticle,
    flow: Flow,
    declared: Declared,
}

impl Parsed {
    fn read(document: &str, notes: &mut Vec<String>) -> Self {
        let mut dom = Dom::parse(document, notes);
        let mut ld = json_ld::read(&dom);
        let mut flow = flow::read(&dom, Shown::read(&dom, &ld));
        if is_in_noscript(&dom, &flow) {
            dom = Dom::parse_without_scripts(document, &mut Vec::new());
            ld = json_ld::read(&dom);
            flow = flow::read(&dom, Shown::read(&dom, &ld));
        }
        let declared = Declared::read(&dom);
        Self { dom, ld, flow, declared }
    }

    /// The page; where an article was put behind its document, what comes from there has no place in it.
    fn page(&self, hints: &Hints<'_>, behind: Option<&Behind<'_>>) -> Page {
        let Self { dom, ld, flow, declared } = self;
        let base = base_url::base_of(dom, hints.url);
        let mut head = headline::find(dom, declared, ld);
        let survey = article::Survey::new(dom, flow, head.node);
        let container = survey.container();
        let container = survey.of_headline(container, head.node).unwrap_or(container);
        let container = live_entries::home(&survey, container, head.node).unwrap_or(container);
        let mut kept = survey.blocks(container);
        kept.retain(|at| Some(flow.blocks[*at].node) != head.node);
        let declares_live = ld.is_a("LiveBlogPosting");
        let parts = parts::place(&survey, container, &kept, head.node, declared, declares_live);
        let beside = survey.beside(container, head.node, &parts);
        let mut page = Page::default();
        compose(dom, flow, parts, base.as_ref(), &mut page);
        if let Some(behind) = behind {
            page.text_origin = Some(behind.found.origin);
            for block in &mut page.blocks {
                block.source = block.source.take().filter(|source| source.end <= behind.from);
            }
            let is_behind = |id| embedded::is_behind(dom, id, behind.from);
            if let Some(fact) = head.fact.as_mut().filter(|_| head.node.is_some_and(is_behind)) {
                fact.origin = behind.found.origin;
            }
        }
        let sources = metadata::Sources {
            dom,
            flow,
            declared,
            ld,
            state: behind.map(|behind| &behind.found.article),
            kept: &kept,
            url: hints.url,
            base: base.as_ref(),
        };
        page.media = media::read(&survey, container, head.node, &kept, base.as_ref());
        page.kicker = kicker::find(&survey, head.node);
        metadata::fill(&sources, head, &mut page);
        let evidence =
            kind::Evidence { dom, flow, declared, ld, url: hints.url, status: hints.status };
        page.kind = kind::of(&evidence, &page);
        reading::read(&mut page);
        let shown = beside.into_iter().map(|at| (at, flow.words(&flow.blocks[at])));
        notices::beside(&ld.corrections, shown, &mut page);
        page
    }
}

/// Whether the article is in `noscript`, for browsers without scripts: more text than the page has
/// sentences elsewhere.
fn is_in_noscript(dom: &Dom, flow: &Flow) -> bool {
    let longest = dom
        .elements()
        .filter(|id| dom.tag(*id) == Tag::Noscript)
        .map(|id| bytes_outside_tags(&dom.text_below(id, NOSCRIPT_BYTES_MAX)))
        .max();
    longest.is_some_and(|longest| {
        let prose =
            || flow.blocks.iter().map(|b| article::prose_of(flow, b) as usize).sum::<usize>();
        longest >= NOSCRIPT_BYTES_MIN && prose() < longest
    })
}

/// What a local file of plain text says: its paragraphs are separated by blank lines.
#[must_use]
pub fn extract_text_file(text: &str) -> Extraction {
    let mut notes = Vec::new();
    let (text, coarse) = bounded(text, &mut notes);
    let unified: Cow<'_, str> = if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n").into()
    } else {
        text.into()
    };
    let mut page = Page { coarse, ..Page::default() };
    let mut paragraph = String::new();
    for line in unified.lines().chain(std::iter::once("")) {
        let line = line.trim();
        if !line.is_empty() {
            if !paragraph.is_empty() {
                paragraph.push('\n');
            }
            paragraph.push_str(line);
        } else if !paragraph.is_empty() {
            push_block(&mut page, BlockKind::Paragraph, &paragraph, None);
            paragraph.clear();
        }
    }
    page.language = metadata::agreed(None, &page.text);
    reading::read(&mut page);
    Extraction { page, charset: "utf-8".to_owned(), notes }
}

/// The bytes that are decoded: the rest of a longer payload is not decoded.
pub(crate) fn first_bytes<'a>(payload: &'a [u8], notes: &mut Vec<String>) -> &'a [u8] {
    let Some(first) = payload.get(..DOCUMENT_BYTES_MAX) else { return payload };
    if first.len() < payload.len() {
        notes.push(format!("only the first {DOCUMENT_BYTES_MAX} bytes were read"));
    }
    first
}

/// The part of a text that is read, and whether the rest was cut; one in another encoding may be longer
/// than its bytes were.
pub(crate) fn bounded<'a>(text: &'a str, notes: &mut Vec<String>) -> (&'a str, bool) {
    if text.len() <= DOCUMENT_BYTES_MAX {
        return (text, false);
    }
    notes.push(format!("only the first {DOCUMENT_BYTES_MAX} bytes were read"));
    let mut end = DOCUMENT_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], true)
}

fn push_block(
    page: &mut Page,
    kind: BlockKind,
    words: &str,
    source: Option<std::ops::Range<usize>>,
) -> usize {
    if !page.text.is_empty() {
        page.text.push_str("\n\n");
    }
    let start = page.text.len();
    page.text.push_str(words);
    page.blocks.push(Block { kind, range: start..page.text.len(), source });
    start
}

fn kind_of(shape: Shape, role: Role) -> BlockKind {
    match (role, shape) {
        (Role::Standfirst, _) => BlockKind::Standfirst,
        (Role::Post, _) => BlockKind::Post,
        (Role::Entry(time), _) => BlockKind::LiveEntry(time),
        (Role::Body, Shape::Heading(level)) => BlockKind::Subheading(level),
        (Role::Body, Shape::Item) => BlockKind::ListItem,
        (Role::Body, Shape::Quote) => BlockKind::Quote,
        (Role::Body, Shape::Caption) => BlockKind::Caption,
        (Role::Body, Shape::Row) => BlockKind::TableRow,
        (Role::Body, Shape::Preformatted) => BlockKind::Preformatted,
        (Role::Body, Shape::Paragraph | Shape::Loose) => BlockKind::Paragraph,
    }
}

fn compose(dom: &Dom, flow: &Flow, parts: Vec<Part>, base: Option<&url::Url>, page: &mut Page) {
    let mut links = flow.links.iter().peekable();
    let mut struck = flow.struck.iter().peekable();
    for part in parts {
        let block = &flow.blocks[part.block];
        let kind = kind_of(block.shape, part.role);
        let start = push_block(page, kind, flow.words(block), block.source.clone());
        while let Some(passage) = struck.next_if(|passage| passage.at <= block.range.end) {
            if passage.at >= block.range.start {
                let at = passage.at - block.range.start + start;
                page.struck.push(Struck { words: passage.words.clone(), at });
            }
        }
        while let Some(link) = links.next_if(|link| link.range.start < block.range.end) {
            if link.range.start >= block.range.start {
                let shift = |at: usize| at - block.range.start + start;
                let Some(written) = dom.attr(link.node, "href") else { continue };
                let href = base
                    .and_then(|base| base.join(written.trim()).ok())
                    .map_or_else(|| written.to_owned(), String::from);
                page.links.push(ArticleLink {
                    href,
                    range: shift(link.range.start)..shift(link.range.end.min(block.range.end)),
                });
            }
        }
    }
}

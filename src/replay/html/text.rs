//! Text that is not for reading: style sheets, and pages inside `noscript`.

use lol_html::html_content::{TextChunk, TextType};

use super::super::references::{self, Place};
use super::super::{CssRewriter, Scripts, css};
use super::{HtmlOptions, HtmlRewriter, Page};

/// The longest style sheet in SVG that is rewritten: its references have to be undone first.
const SVG_STYLE_BYTES_MAX: usize = 1024 * 1024;

/// The rewriter of what stands in a `noscript`.
#[derive(Debug)]
pub(super) struct Nested(HtmlRewriter);

/// Text of a `style` element. In HTML it is the style sheet; in SVG it is text in which references
/// mean what they mean elsewhere.
pub(super) fn style(chunk: &mut TextChunk<'_>, page: &mut Page) {
    if page.rules.links.rewrites_nothing() {
        return;
    }
    if chunk.text_type() == TextType::Data {
        return svg_style(chunk, page);
    }
    let css = page.css.get_or_insert_with(|| CssRewriter::new(page.rules.links.clone()));
    let mut out = css.push(chunk.as_str().as_bytes());
    if chunk.last_in_text_node() {
        out.extend(css.finish());
        page.css = None;
    }
    chunk.set_str(String::from_utf8_lossy(&out).into_owned());
}

fn svg_style(chunk: &mut TextChunk<'_>, page: &mut Page) {
    page.svg_style.push_str(chunk.as_str());
    let is_whole = chunk.last_in_text_node();
    if !is_whole && page.svg_style.len() <= SVG_STYLE_BYTES_MAX {
        chunk.set_str(String::new());
        return;
    }
    let raw = std::mem::take(&mut page.svg_style);
    let decoded = references::decoded(&raw, Place::Text);
    let new = is_whole.then(|| css::rewrite_text(&decoded, &page.rules.links)).flatten();
    chunk.set_str(new.map_or(raw, |css| references::for_text(&css)));
}

/// Text of a `noscript`, which is a piece of the page where scripts do not run (HTML standard, section
/// 4.12.2), though the tokenizer takes it for text.
pub(super) fn noscript(chunk: &mut TextChunk<'_>, page: &mut Page) {
    if page.rules.links.rewrites_nothing() || page.rules.depth >= super::DEPTH_MAX {
        return;
    }
    let nested = page.noscript.get_or_insert_with(|| {
        let options = HtmlOptions { scripts: Scripts::Never, ..HtmlOptions::default() };
        let rewriter =
            HtmlRewriter::at_depth(page.rules.links.clone(), options, page.rules.depth + 1);
        Box::new(Nested(rewriter))
    });
    let mut out = nested.0.push(chunk.as_str().as_bytes());
    if chunk.last_in_text_node() {
        out.extend(nested.0.finish());
        let refresh = nested.0.report().refresh;
        page.rules.refresh = page.rules.refresh.take().or(refresh);
        page.noscript = None;
    }
    chunk.set_str(String::from_utf8_lossy(&out).into_owned());
}

//! Text that is not content: style sheets, and pages inside `noscript`.

use lol_html::html_content::{TextChunk, TextType};
use lol_html::send::Element;
use serde_json::{Map, Value};

use super::super::references::{self, Place};
use super::super::{CssRewriter, Links, Modifier, Scripts, css};
use super::{HtmlOptions, HtmlRewriter, Page};

/// The longest style sheet in SVG that is rewritten: its references have to be decoded first.
const SVG_STYLE_BYTES_MAX: usize = 1024 * 1024;

/// The rewriter of the content of a `noscript`.
#[derive(Debug)]
pub(super) struct Nested(HtmlRewriter);

/// Text of a `style` element. In HTML it is the style sheet itself; in SVG references in it
/// are decoded.
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

/// The longest import map that is rewritten.
const IMPORT_MAP_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Notes whether a script is an import map: data of the page that gives the addresses of its modules.
pub(super) fn begin_script(el: &Element<'_, '_>, page: &mut Page) {
    if page.rules.links.is_rerouted() && el.tag_name() == "script" {
        let media_type = el.get_attribute("type").unwrap_or_default();
        let is_map = media_type.trim().eq_ignore_ascii_case("importmap");
        page.import_map = is_map.then(String::new);
    }
}

/// Text of an import map, rewritten once it is complete. Text that is not JSON passes unchanged.
pub(super) fn import_map(chunk: &mut TextChunk<'_>, page: &mut Page) {
    let Some(text) = &mut page.import_map else { return };
    text.push_str(chunk.as_str());
    if text.len() <= IMPORT_MAP_BYTES_MAX && !chunk.last_in_text_node() {
        chunk.set_str(String::new());
        return;
    }
    let text = page.import_map.take().unwrap_or_default();
    let new = match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(mut map)) => {
            let links = &page.rules.links;
            lead(map.get_mut("imports"), links);
            if let Some(Value::Object(scopes)) = map.get_mut("scopes") {
                let all = std::mem::take(scopes);
                *scopes = Map::from_iter(all.into_iter().map(|(scope, mut imports)| {
                    lead(Some(&mut imports), links);
                    (links.rewritten(&scope, Modifier::Script).unwrap_or(scope), imports)
                }));
            }
            // The text must not end the element.
            Value::Object(map).to_string().replace("</", "<\\/")
        }
        _ => text,
    };
    chunk.set_str(new);
}

/// Rewrites the addresses of a part of an import map.
fn lead(part: Option<&mut Value>, links: &Links) {
    let Some(Value::Object(part)) = part else { return };
    for address in part.values_mut() {
        if let Value::String(text) = address
            && let Some(new) = links.rewritten(text, Modifier::Script)
        {
            *text = new;
        }
    }
}

/// Text of a `noscript`, which is part of the page if scripts do not run (HTML standard, section
/// 4.12.2), although the tokenizer treats it as text.
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

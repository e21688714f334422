//! The body of an article as data keep it, as HTML.
//!
//! Owns the forms: a text of HTML or of plain paragraphs, lists of either, and trees of blocks as content
//! systems and editors write them (Contentful, Portable Text, Draft.js, Editor.js, ProseMirror, Slate, Arc,
//! Drupal, WordPress). They differ in names alone: one member says what a node is, another holds its words or its
//! children. Deliberately does not judge what belongs to the article except for the kinds of node
//! that never do. What the names stand for is in `node`.

mod node;

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::super::dom::resolved;
use super::super::outside_tags::bytes_outside_tags;
use crate::base::markup::escaped;
use node::{
    CHILDREN, INLINE, WORDS, has_tags, is_inline, is_never_text, kind_of, link_of, react, tag_of,
};

/// The most HTML that is made of one body, in bytes.
const BYTES_MAX: usize = 2 * 1024 * 1024;
/// Deeper nodes are left out.
const DEPTH_MAX: usize = 40;

/// The body as HTML, and how much of it is words, in bytes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Body {
    /// Paragraphs, headings, lists and quotations.
    pub html: String,
    /// How much of it is not markup.
    pub words: usize,
}

/// What a body in data says; `steps` is how many nodes may still be visited, for all bodies of a page.
pub fn read(value: &Value, steps: &mut usize) -> Body {
    let mut writer = Writer { html: String::new(), steps };
    writer.blocks(value, 0);
    let words = bytes_outside_tags(&writer.html);
    Body { html: writer.html, words }
}

struct Writer<'a> {
    html: String,
    steps: &'a mut usize,
}

impl Writer<'_> {
    /// Whether another node may be written.
    fn may(&mut self, depth: usize) -> bool {
        if depth > DEPTH_MAX || *self.steps == 0 || self.html.len() > BYTES_MAX {
            return false;
        }
        *self.steps -= 1;
        true
    }

    fn blocks(&mut self, value: &Value, depth: usize) {
        if !self.may(depth) {
            return;
        }
        match value {
            Value::String(text) => self.text(text, "p"),
            Value::Array(all) => {
                if let Some((tag, children)) = react(all) {
                    self.element(tag, children, depth);
                    return;
                }
                let is_line = |inner: &Value| is_inline(inner) && !inner.is_string();
                if !all.is_empty() && all.iter().all(is_line) {
                    self.line(value, "p", depth);
                } else {
                    all.iter().for_each(|inner| self.blocks(inner, depth + 1));
                }
            }
            Value::Object(object) => self.node(object, depth),
            _ => {}
        }
    }

    /// An element of React's: what it is by its tag.
    fn element(&mut self, tag: &str, children: &Value, depth: usize) {
        if matches!(
            tag,
            "script" | "style" | "nav" | "header" | "footer" | "aside" | "form" | "button"
        ) {
            return;
        }
        let kept =
            ["p", "h2", "h3", "h4", "li", "blockquote"].into_iter().find(|kept| *kept == tag);
        match kept {
            Some(kept) => self.line(children, kept, depth),
            None => self.blocks(children, depth + 1),
        }
    }

    fn node(&mut self, object: &Map<String, Value>, depth: usize) {
        let kind = kind_of(object);
        if is_never_text(&kind) {
            return;
        }
        let (tag, is_list) = tag_of(object);
        // A list of Arc's and Draft's holds its items in a member of its own.
        if is_list {
            let items = CHILDREN.iter().find_map(|key| object.get(*key).filter(|v| v.is_array()));
            if let Some(Value::Array(items)) = items {
                for item in items {
                    self.line(item, "li", depth + 1);
                }
                return;
            }
        }
        if let Some(text) = WORDS.iter().find_map(|key| object.get(*key).and_then(Value::as_str)) {
            self.text(text, tag);
            return;
        }
        for key in CHILDREN {
            let Some(inner) = object.get(*key) else { continue };
            match inner {
                Value::Array(all) if !all.is_empty() && all.iter().all(is_inline) => {
                    let are_paragraphs = all.iter().all(Value::is_string) && all.len() > 1;
                    if are_paragraphs && tag == "p" {
                        all.iter().for_each(|text| self.blocks(text, depth + 1));
                    } else {
                        self.line(inner, tag, depth);
                    }
                    return;
                }
                Value::Array(all) if !all.is_empty() && tag != "p" => {
                    // A quotation or an item around paragraphs.
                    self.line(inner, tag, depth);
                    return;
                }
                Value::Array(all) if !all.is_empty() => {
                    all.iter().for_each(|inner| self.blocks(inner, depth + 1));
                    return;
                }
                Value::Object(inner) => {
                    let before = self.html.len();
                    // "data" of Editor.js has the words of its block, whose kind is said outside.
                    let words =
                        WORDS.iter().find_map(|key| inner.get(*key).and_then(Value::as_str));
                    match words.filter(|_| kind_of(inner).is_empty()) {
                        Some(text) => self.text(text, tag),
                        None => self.node(inner, depth + 1),
                    }
                    if self.html.len() > before {
                        return;
                    }
                }
                _ => {}
            }
        }
    }

    /// A text as a block: HTML as it is, or a paragraph for each line.
    fn text(&mut self, text: &str, tag: &str) {
        let resolved = if text.contains('<') { text.into() } else { resolved(text) };
        let text = resolved.trim();
        if text.is_empty() {
            return;
        }
        let is_html = has_tags(text);
        let has_blocks = is_html
            && ["<p", "<div", "<h2", "<ul", "<br", "<section", "<article"]
                .iter()
                .any(|b| text.contains(b));
        if has_blocks {
            self.html.push_str(text);
            self.html.push('\n');
            return;
        }
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            // Pages of old systems write their text in Markdown; its headings are those of any text.
            let (tag, line) = match line.trim_start_matches('#') {
                rest if rest.len() < line.len() && rest.starts_with(' ') && tag == "p" => {
                    ("h2", rest.trim())
                }
                _ => (tag, line),
            };
            let words = if is_html { line.into() } else { escaped(line) };
            let _ = writeln!(self.html, "<{tag}>{words}</{tag}>");
        }
    }

    /// All words below a node as one block.
    fn line(&mut self, value: &Value, tag: &str, depth: usize) {
        let mut words = String::new();
        self.words(value, &mut words, depth);
        if !words.trim().is_empty() {
            let _ = writeln!(self.html, "<{tag}>{}</{tag}>", words.trim());
        }
    }

    fn words(&mut self, value: &Value, out: &mut String, depth: usize) {
        if !self.may(depth) || out.len() > BYTES_MAX {
            return;
        }
        match value {
            Value::String(text) if has_tags(text) => out.push_str(text),
            Value::String(text) => out.push_str(&escaped(text)),
            Value::Array(all) => match react(all) {
                Some((_, children)) => self.words(children, out, depth + 1),
                None => all.iter().for_each(|inner| self.words(inner, out, depth + 1)),
            },
            Value::Object(object) => {
                let kind = kind_of(object);
                if matches!(kind.as_str(), "linebreak" | "hardbreak" | "hard_break" | "br") {
                    out.push_str("<br>");
                    return;
                }
                if is_never_text(&kind) {
                    return;
                }
                let inner = WORDS
                    .iter()
                    .find_map(|key| object.get(*key).filter(|v| v.is_string()))
                    .or_else(|| {
                        CHILDREN.iter().find_map(|key| {
                            object.get(*key).filter(|v| v.is_array() || v.is_object())
                        })
                    });
                let Some(inner) = inner else { return };
                if let Some(href) = link_of(object) {
                    let _ = write!(out, "<a href=\"{}\">", escaped(href));
                    self.words(inner, out, depth + 1);
                    out.push_str("</a>");
                } else {
                    self.words(inner, out, depth + 1);
                }
                if !INLINE.contains(&kind.as_str()) && !kind.is_empty() {
                    out.push(' ');
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(value: &Value) -> String {
        let html = read(value, &mut 10_000).html;
        html.trim().replace('\n', "")
    }

    #[test]
    fn every_form_of_a_body_becomes_the_same_paragraphs() {
        let want = "<h2>Why</h2><p>One &amp; two.</p><p>Three.</p>";
        for (form, value) in [
            ("html", json!("<h2>Why</h2><p>One &amp; two.</p><p>Three.</p>")),
            (
                "escaped html",
                json!(
                    "&lt;h2&gt;Why&lt;/h2&gt;&lt;p&gt;One &amp;amp; two.&lt;/p&gt;&lt;p&gt;Three.&lt;/p&gt;"
                ),
            ),
            (
                "rendered",
                json!({"rendered": "<h2>Why</h2><p>One &amp; two.</p><p>Three.</p>", "protected": false}),
            ),
            ("markdown", json!("## Why\n\nOne & two.\n\nThree.")),
            (
                "contentful",
                json!({"json": {"nodeType": "document", "data": {}, "content": [
                {"nodeType": "heading-2", "data": {}, "content": [{"nodeType": "text", "value": "Why", "marks": []}]},
                {"nodeType": "paragraph", "data": {}, "content": [
                    {"nodeType": "text", "value": "One & ", "marks": []}, {"nodeType": "text", "value": "two.", "marks": [{"type": "bold"}]}]},
                {"nodeType": "embedded-asset-block", "data": {}, "content": []},
                {"nodeType": "paragraph", "data": {}, "content": [{"nodeType": "text", "value": "Three.", "marks": []}]}]}}),
            ),
            (
                "portable text",
                json!([
                {"_type": "block", "style": "h2", "children": [{"_type": "span", "text": "Why"}]},
                {"_type": "block", "style": "normal", "children": [{"_type": "span", "text": "One & "}, {"_type": "span", "text": "two."}]},
                {"_type": "image", "caption": "A picture."},
                {"_type": "block", "style": "normal", "children": [{"_type": "span", "text": "Three."}]}]),
            ),
            (
                "draft",
                json!({"blocks": [
                {"type": "header-two", "text": "Why"}, {"type": "unstyled", "text": "One & two."}, {"type": "unstyled", "text": "Three."}],
                "entityMap": {}}),
            ),
            (
                "editor.js",
                json!({"time": 1, "blocks": [
                {"type": "header", "data": {"text": "Why", "level": 2}}, {"type": "paragraph", "data": {"text": "One & two."}},
                {"type": "paragraph", "data": {"text": "Three."}}]}),
            ),
            (
                "prosemirror",
                json!({"type": "doc", "content": [
                {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Why"}]},
                {"type": "paragraph", "content": [{"type": "text", "text": "One & "}, {"type": "text", "text": "two."}]},
                {"type": "paragraph", "content": [{"type": "text", "text": "Three."}]}]}),
            ),
            (
                "slate",
                json!([
                {"type": "h2", "children": [{"text": "Why"}]},
                {"type": "paragraph", "children": [{"text": "One & "}, {"text": "two.", "bold": true}]},
                {"type": "paragraph", "children": [{"text": "Three."}]}]),
            ),
            (
                "arc",
                json!([
                {"_id": "a", "type": "header", "level": 2, "content": "Why"},
                {"_id": "b", "type": "text", "content": "One &amp; two."},
                {"_id": "c", "type": "interstitial_link", "content": "Read also"},
                {"_id": "d", "type": "text", "content": "Three."}]),
            ),
            (
                "tags",
                json!([{"tag": "h2", "children": ["Why"]}, {"tag": "p", "children": ["One & ", {"tag": "b", "children": ["two."]}]},
                {"tag": "p", "children": ["Three."]}]),
            ),
            (
                "react",
                json!([["$", "h2", null, {"children": "Why"}],
                ["$", "p", null, {"children": ["One & ", ["$", "b", null, {"children": "two."}]]}],
                ["$", "p", null, {"children": "Three."}]]),
            ),
        ] {
            assert_eq!(of(&value), want, "{form}");
        }
        let paragraphs = json!(["One & two.", "Three."]);
        assert_eq!(of(&paragraphs), "<p>One &amp; two.</p><p>Three.</p>");
        let list = json!({"type": "list", "items": [{"type": "text", "content": "One"}, {"type": "text", "content": "Two"}]});
        assert_eq!(of(&list), "<li>One</li><li>Two</li>");
        let link = json!({"type": "paragraph", "content": [{"type": "text", "text": "See "},
            {"type": "link", "attrs": {"href": "/a?b&c"}, "content": [{"type": "text", "text": "this"}]}]});
        assert_eq!(of(&link), "<p>See <a href=\"/a?b&amp;c\">this</a></p>");
    }

    #[test]
    fn a_tree_without_end_is_cut() {
        let mut deep = json!("The end.");
        for _ in 0..100 {
            deep = json!({"content": [deep]});
        }
        assert_eq!(of(&deep), "");
        let wide = json!(vec!["A sentence."; 100]);
        assert!(read(&wide, &mut 10).words <= 10 * "A sentence.".len());
    }
}

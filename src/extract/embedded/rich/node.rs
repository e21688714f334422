//! What a node of a body in data is: its kind, by the names that content systems and editors give to it, and what those
//! stand for in HTML.

use serde_json::{Map, Value};

/// Members that say what a node is, surest first.
const KINDS: &[&str] = &[
    "nodeType",
    "_type",
    "type",
    "blockName",
    "tag",
    "tagName",
    "kind",
    "acf_fc_layout",
    "__typename",
    "component",
];
/// Members that hold the words of a node.
pub(super) const WORDS: &[&str] = &[
    "processed",
    "rendered",
    "html",
    "text",
    "value",
    "content",
    "body",
    "copy",
    "paragraph",
    "innerHTML",
    "markdown",
];
/// Members that hold its children.
pub(super) const CHILDREN: &[&str] = &[
    "content_elements",
    "content",
    "children",
    "blocks",
    "nodes",
    "paragraphs",
    "items",
    "body",
    "elements",
    "components",
    "sections",
    "rows",
    "json",
    "document",
    "root",
    "data",
    "attributes",
    "fields",
    "primary",
    "props",
    "value",
    "text",
    "rawContent",
    "model",
];
/// Kinds of node that are never the text of an article, by a part of their name.
const NOT_TEXT: &[&str] = &[
    "image",
    "picture",
    "photo",
    "video",
    "audio",
    "podcast",
    "gallery",
    "slideshow",
    "embed",
    "advert",
    "newsletter",
    "related",
    "promo",
    "teaser",
    "interstitial",
    "recommend",
    "widget",
    "iframe",
    "script",
    "style",
    "button",
    "share",
    "divider",
    "readmore",
    "read_more",
    "map",
    "poll",
    "comment",
    "outbrain",
    "taboola",
    "media",
    "asset",
    "ad",
    "ads",
    "break",
    "hr",
    "svg",
];
/// Kinds that are in a line of text.
pub(super) const INLINE: &[&str] = &[
    "span",
    "text",
    "link",
    "hyperlink",
    "entry-hyperlink",
    "asset-hyperlink",
    "a",
    "strong",
    "em",
    "b",
    "i",
    "u",
    "bold",
    "italic",
    "mark",
    "code",
    "sub",
    "sup",
    "linebreak",
    "hardbreak",
    "hard_break",
    "br",
    "autolink",
];

/// What a node is, as a tag of HTML.
pub(super) fn tag_of(object: &Map<String, Value>) -> (&'static str, bool) {
    let style = object.get("style").and_then(Value::as_str).unwrap_or_default();
    let kind = kind_of(object);
    let level = object
        .get("level")
        .or_else(|| object.get("attrs")?.get("level"))
        .or_else(|| object.get("data")?.get("level"))
        .and_then(Value::as_u64);
    let named = format!("{kind} {style}");
    let is = |part: &str| named.contains(part);
    let is_item =
        object.contains_key("listItem") || is("list-item") || is("listitem") || is("list_item");
    if is("quote") {
        ("blockquote", false)
    } else if is_item || kind == "li" {
        ("li", false)
    } else if is("head") || is_level(&kind) || is_level(style) {
        let is_lower = level.is_some_and(|level| level > 2) || is("h3") || is("heading-3");
        (if is_lower { "h3" } else { "h2" }, false)
    } else if is("list") || kind == "ul" || kind == "ol" {
        ("ul", true)
    } else {
        ("p", false)
    }
}

fn is_level(name: &str) -> bool {
    matches!(name.as_bytes(), [b'h', b'1'..=b'6'])
}

pub(super) fn kind_of(object: &Map<String, Value>) -> String {
    let named = KINDS.iter().find_map(|key| object.get(*key).and_then(Value::as_str));
    named.unwrap_or_default().to_ascii_lowercase()
}

pub(super) fn is_never_text(kind: &str) -> bool {
    let mut parts = kind.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| NOT_TEXT.contains(&part))
        || NOT_TEXT.iter().any(|name| name.len() > 4 && *name != "style" && kind.contains(name))
}

/// Whether a node is in a line: a text, or a node of such a kind. A text alone in a list is a
/// paragraph.
pub(super) fn is_inline(value: &Value) -> bool {
    match value {
        Value::String(_) => true,
        Value::Object(object) => {
            let kind = kind_of(object);
            INLINE.contains(&kind.as_str())
                || kind.is_empty() && object.get("text").is_some_and(Value::is_string)
        }
        _ => false,
    }
}

/// Where a node of a line leads, if it is a link.
pub(super) fn link_of(object: &Map<String, Value>) -> Option<&str> {
    let of = |object: &Value| {
        let address = ["href", "uri", "url"].iter().find_map(|key| object.get(*key)?.as_str());
        address.map(str::to_owned)
    };
    let direct = ["href", "uri", "url"].iter().find_map(|key| object.get(*key)?.as_str());
    direct.or_else(|| {
        let inner = object.get("data").or_else(|| object.get("attrs"))?;
        of(inner)?;
        ["href", "uri", "url"].iter().find_map(|key| inner.get(*key)?.as_str())
    })
}

/// The tag and the children of an element as React sends it: `["$", "p", null, {"children": …}]`.
pub(super) fn react(all: &[Value]) -> Option<(&str, &Value)> {
    match all {
        [Value::String(mark), Value::String(tag), _, Value::Object(properties), ..]
            if mark == "$" =>
        {
            Some((tag, properties.get("children").unwrap_or(&Value::Null)))
        }
        _ => None,
    }
}

/// Whether a text has tags of HTML, and not just a sign for "less than".
pub(super) fn has_tags(text: &str) -> bool {
    text.split('<').skip(1).any(|behind| {
        behind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && behind.contains('>')
    })
}

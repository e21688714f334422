//! JSON Feed, and almost valid JSON: truncated, with line breaks in its texts, with commas after the
//! last of a list, with something before or after it.

use serde_json::Value;

use super::draft::{Draft, Link};
use super::xml_feed::FIELD_BYTES_MAX;
use super::{FeedKind, ITEMS_MAX, Source};
use crate::extract::json;

/// The longest text before the first brace, in bytes: `)]}'`, the name of a callback.
const PREFIX_BYTES_MAX: usize = 64;

/// How many objects of a JSON Feed are read: ten for each item that is kept.
const OBJECTS_MAX: usize = 10 * ITEMS_MAX;

const NO_VALUES: [&str; 3] = ["NaN", "Infinity", "undefined"];

/// The document without the text before its first brace; `None` if it is not JSON.
pub(super) fn start_of(text: &str) -> Option<&str> {
    let head = &text[..text.floor_char_boundary(PREFIX_BYTES_MAX)];
    let at = head.find('{')?;
    (!head[..at].contains(['<', '"'])).then(|| &text[at..])
}

/// Reads JSON Feed; `None` if it is not one.
pub(super) fn read(text: &str, notes: &mut Vec<String>) -> Option<Source> {
    let value = parse(text, notes)?;
    let version = value["version"].as_str().unwrap_or_default();
    let mut items: Vec<&Value> =
        value["items"].as_array().map(|items| items.iter().collect()).unwrap_or_default();
    let has_addresses = || items.iter().any(|item| item["url"].is_string());
    if !version.contains("jsonfeed.org/version/") && !has_addresses() {
        return None;
    }
    if items.len() > ITEMS_MAX {
        notes.push(format!("items after the first {ITEMS_MAX} were left out"));
        items.truncate(ITEMS_MAX);
    }
    Some(Source {
        kind: FeedKind::Json,
        title: value["title"].as_str().unwrap_or_default().to_owned(),
        language: value["language"].as_str().unwrap_or_default().to_owned(),
        site: String::new(),
        items: items.into_iter().map(item).collect(),
        next: value["next_url"].as_str().map(str::to_owned).into_iter().collect(),
        base: None,
    })
}

fn item(item: &Value) -> Draft {
    // JSON Feed 1.1: a numeric id is read as its text; so is a date.
    let text = |name: &str| match &item[name] {
        Value::String(text) if text.len() <= FIELD_BYTES_MAX => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    // An item of a link blog has both; its own page comes first.
    let url = Some(text("url")).filter(|url| !url.trim().is_empty());
    let href = url.unwrap_or_else(|| text("external_url"));
    Draft {
        title: text("title"),
        links: vec![Link { href, ..Link::default() }],
        id: text("id"),
        published: vec![text("date_published")],
        updated: vec![text("date_modified")],
        ..Draft::default()
    }
}

fn parse(text: &str, notes: &mut Vec<String>) -> Option<Value> {
    if let Some(value) = json::read(text, OBJECTS_MAX) {
        return Some(value);
    }
    let (tamed, is_whole) = tamed(text);
    match json::read(&tamed, OBJECTS_MAX) {
        Some(value) => {
            notes.push(if is_whole {
                "the JSON has minor errors; it was read as intended".to_owned()
            } else {
                "the feed is truncated; its complete items were read".to_owned()
            });
            Some(value)
        }
        None => {
            notes.push("this is not JSON, or it exceeds the limits of the reader".to_owned());
            None
        }
    }
}

/// A document with common mistakes corrected, up to the brace that closes its first one; if there is none,
/// up to the last whole object of the top-level list. The second part says which.
fn tamed(text: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    // The end of the last whole object of the list, in `out`.
    let mut whole = None;
    let mut depth = 0_u32;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                let Some(length) = string(&text[at..], &mut out) else { break };
                while chars.next_if(|(next, _)| *next < at + length).is_some() {}
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                // A comma after the last.
                let end = out.trim_end().trim_end_matches(',').len();
                out.truncate(end);
                out.push(c);
                if depth == 0 {
                    return (out, true);
                }
                // `{ "items": [ {…} <- here`
                if c == '}' && depth == 2 {
                    whole = Some(out.len());
                }
            }
            '/' if text[at..].starts_with("//") => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            '/' if text[at..].starts_with("/*") => {
                let end = text[at + 2..].find("*/").map_or(text.len(), |n| at + n + 4);
                while chars.next_if(|(next, _)| *next < end).is_some() {}
            }
            // JavaScript names for values that JSON lacks.
            'N' | 'I' | 'u' => match NO_VALUES.iter().find(|name| text[at..].starts_with(**name)) {
                Some(name) => {
                    out.push_str("null");
                    while chars.next_if(|(next, _)| *next < at + name.len()).is_some() {}
                }
                None => out.push(c),
            },
            _ => out.push(c),
        }
    }
    match whole {
        Some(end) => {
            out.truncate(end);
            out.push_str("]}");
        }
        None => out.clear(),
    }
    (out, false)
}

/// Copies a string with its quotation marks, and escapes what is not allowed in it; returns its length, or
/// `None` if it does not end.
fn string(text: &str, out: &mut String) -> Option<usize> {
    let mut chars = text.char_indices().skip(1).peekable();
    out.push('"');
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                out.push('"');
                return Some(at + 1);
            }
            '\\' => {
                let (_, escaped) = chars.next()?;
                match escaped {
                    '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {
                        out.push('\\');
                        out.push(escaped);
                    }
                    'u' => {
                        let code = text.get(at + 2..at + 6).filter(|code| is_hex(code));
                        out.push_str(
                            &code.map_or_else(|| "u".to_owned(), |code| unit(text, at, code)),
                        );
                        let digits = code.map_or(0, str::len);
                        while chars.next_if(|(next, _)| *next < at + 2 + digits).is_some() {}
                    }
                    // `\'` of JavaScript, and meaningless escapes.
                    other => out.push(other),
                }
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    None
}

fn is_hex(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The escape of a unit of UTF-16 at `at`, or that of U+FFFD if it is an unpaired surrogate.
fn unit(text: &str, at: usize, code: &str) -> String {
    let value = |code: &str| u32::from_str_radix(code, 16).unwrap_or(0);
    let beside = |from: Option<usize>| {
        let escape = text.get(from?..from? + 6)?.strip_prefix("\\u")?;
        is_hex(escape).then(|| value(escape))
    };
    let is_whole = match value(code) {
        0xd800..=0xdbff => beside(Some(at + 6)).is_some_and(|low| (0xdc00..=0xdfff).contains(&low)),
        0xdc00..=0xdfff => {
            beside(at.checked_sub(6)).is_some_and(|high| (0xd800..=0xdbff).contains(&high))
        }
        _ => true,
    };
    if is_whole { format!("\\u{code}") } else { "\\ufffd".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_is_meant() {
        for (text, want) in [
            ("{\"a\":\"x\ny\tz\"}", "{\"a\":\"x\\ny\\tz\"}"),
            ("{\"a\":[1,2,],}", "{\"a\":[1,2]}"),
            ("{\"a\":\"it\\'s\", // why\n \"b\": /* c */ 1}", "{\"a\":\"it's\", \n \"b\":  1}"),
            ("{\"a\":NaN,\"b\":undefined}", "{\"a\":null,\"b\":null}"),
            ("{\"a\":\"\\ud83d x \\ud83d\\ude00\"}", "{\"a\":\"\\ufffd x \\ud83d\\ude00\"}"),
            ("{\"a\":1});</script>", "{\"a\":1}"),
            ("{\"i\":[{\"u\":1},{\"u\":2},{\"u\"", "{\"i\":[{\"u\":1},{\"u\":2}]}"),
            ("{\"i\":[{\"u\":1},{\"u\":\"2", "{\"i\":[{\"u\":1}]}"),
            ("{\"i\":[", ""),
        ] {
            assert_eq!(tamed(text).0, want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_right_is_left_as_it_is(text in "[a-z\\\\\"\n\u{1}é😀'/]{0,20}", number in proptest::num::i64::ANY) {
            let value = serde_json::json!({"a": [text, number, null], "b": {"c": true}});
            let written = value.to_string();
            let (tamed, is_whole) = tamed(&written);
            proptest::prop_assert!(is_whole);
            proptest::prop_assert_eq!(serde_json::from_str::<Value>(&tamed).unwrap(), value);
        }

        #[test]
        fn any_text_is_read(text in "[\\\\{\\\\}\\\\[\\\\],:\"a-e0-9\\\\\\\\/*\n u]{0,80}") {
            let (tamed, is_whole) = tamed(&format!("{{{text}"));
            let _ = (serde_json::from_str::<Value>(&tamed).is_ok(), is_whole);
        }
    }
}

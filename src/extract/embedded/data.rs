//! The data that a page carries for its scripts, as values.
//!
//! Owns where it is found: scripts of JSON (`__NEXT_DATA__`, Angular's state, what SvelteKit has fetched),
//! the flat lists of Nuxt 3, literals that a script assigns (`window.__INITIAL_STATE__ = {…}`), the stream
//! of Next's app router (`self.__next_f.push(…)`), and attributes (`data-page="{…}"`). Deliberately does
//! not know what the data say. JSON-LD is read elsewhere.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::dom::{Dom, NodeId, Tag};
use super::super::json;
use super::js_value::{self, Budget};

/// The most that is read of one page, in bytes.
const BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most values, all data together.
const VALUES_MAX: usize = 300_000;
/// The most objects of one text of JSON.
const OBJECTS_MAX: usize = 50_000;
/// Shorter data hold no article, in bytes.
const DATA_BYTES_MIN: usize = 300;
/// The most places of one page where a literal may begin.
const LITERALS_MAX: usize = 200;
/// The most texts of JSON that are in strings of the data.
const INNER_MAX: usize = 20;
/// The deepest nesting of Nuxt's lists.
const FLAT_DEPTH_MAX: usize = 60;

/// All data of a page, in the order of the document.
pub fn read(dom: &Dom) -> Vec<Value> {
    let mut reader = Reader {
        left: BYTES_MAX,
        budget: Budget { values: VALUES_MAX, bytes: BYTES_MAX },
        literals: LITERALS_MAX,
        found: Vec::new(),
        stream: String::new(),
    };
    for id in dom.elements() {
        if dom.tag(id) == Tag::Script {
            reader.script(dom, id);
        } else {
            reader.attributes(dom, id);
        }
    }
    reader.end_stream();
    reader.inner();
    reader.found
}

struct Reader {
    left: usize,
    budget: Budget,
    literals: usize,
    found: Vec<Value>,
    /// The pieces that Next's app router was given.
    stream: String,
}

impl Reader {
    fn script(&mut self, dom: &Dom, id: NodeId) {
        let kind = dom.attr(id, "type").unwrap_or_default().trim().to_ascii_lowercase();
        if kind.contains("ld+json") || dom.attr(id, "src").is_some() {
            return;
        }
        let is_json = kind.contains("json");
        let is_code = kind.is_empty() || kind.contains("javascript") || kind == "module";
        if !is_json && !is_code {
            return;
        }
        let text = dom.text_below(id, self.left);
        if text.len() < DATA_BYTES_MIN && !text.contains("__next_f") || text.len() > self.left {
            return;
        }
        self.left -= text.len();
        if !is_json {
            self.literals(&text);
            return;
        }
        let Some(value) = parse(&text) else { return };
        let is_flat =
            dom.attr(id, "id") == Some("__NUXT_DATA__") || dom.attr(id, "data-nuxt-data").is_some();
        match value {
            Value::Array(all) if is_flat => self.found.extend(unfold(&all, &mut self.budget)),
            value => self.found.push(value),
        }
    }

    fn attributes(&mut self, dom: &Dom, id: NodeId) {
        for (_, value) in dom.attrs(id) {
            if value.len() >= DATA_BYTES_MIN
                && value.len() <= self.left
                && value.trim_start().starts_with('{')
            {
                self.left -= value.len();
                self.found.extend(json::read(value, OBJECTS_MAX));
            }
        }
    }

    /// The literals that a script assigns, and what it gives to Next's stream.
    fn literals(&mut self, text: &str) {
        let mut at = 0;
        while let Some(ahead) = memchr::memchr2(b'=', b'(', &text.as_bytes()[at..]) {
            let mark = at + ahead;
            at = mark + 1;
            let begins = if text.as_bytes()[mark] == b'=' {
                begins_literal(text, mark)
            } else {
                text[..mark].ends_with("__next_f.push").then_some(at)
            };
            let Some(begin) = begins else { continue };
            let Some(left) = self.literals.checked_sub(1) else { return };
            let Some((value, end)) = js_value::read(text, begin, &mut self.budget) else {
                self.literals = left;
                continue;
            };
            at = end;
            if text.as_bytes()[mark] == b'(' {
                if let Some(Value::String(piece)) = value.get(1) {
                    self.stream.push_str(piece);
                }
            } else if end - begin >= DATA_BYTES_MIN {
                self.found.push(value);
            }
        }
    }

    /// The rows of Next's stream: a number in hexadecimal, a colon, a value; texts have their length in
    /// front, and are named by `$` and their number elsewhere.
    fn end_stream(&mut self) {
        let stream = std::mem::take(&mut self.stream);
        let mut texts: HashMap<&str, &str> = HashMap::new();
        let mut rows = Vec::new();
        let mut rest = stream.as_str();
        while let Some((name, behind)) = rest.split_once(':') {
            if let Some((length, text)) = behind.strip_prefix('T').and_then(|b| b.split_once(',')) {
                let length = usize::from_str_radix(length, 16).unwrap_or(0).min(text.len());
                let Some(words) = text.get(..length) else { break };
                texts.insert(name.trim(), words);
                rest = &text[length..];
                continue;
            }
            let (row, after) = behind.split_once('\n').unwrap_or((behind, ""));
            if let Some(begin) = row.find(['{', '[']).filter(|begin| *begin <= 2) {
                rows.extend(json::read(&row[begin..], OBJECTS_MAX));
            }
            rest = after;
        }
        for mut row in rows {
            fill(&mut row, &texts, &mut self.budget);
            self.found.push(row);
        }
    }

    /// JSON that is in strings of the data, as SvelteKit and GraphQL caches keep answers.
    fn inner(&mut self) {
        let mut inner = Vec::new();
        let mut open: Vec<&Value> = self.found.iter().collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Array(all) => open.extend(all),
                Value::Object(object) => open.extend(object.values()),
                Value::String(text)
                    if text.len() >= DATA_BYTES_MIN
                        && text.len() <= self.left
                        && text.starts_with(['{', '['])
                        && inner.len() < INNER_MAX =>
                {
                    self.left -= text.len();
                    inner.extend(json::read(text, OBJECTS_MAX));
                }
                _ => {}
            }
        }
        self.found.extend(inner);
    }
}

/// JSON as scripts carry it: in a comment, or with the marks of Angular's older state.
fn parse(text: &str) -> Option<Value> {
    let text = text.trim();
    let text = text.strip_prefix("<!--").unwrap_or(text);
    let text = text.strip_suffix("-->").unwrap_or(text).trim();
    json::read(text, OBJECTS_MAX).or_else(|| {
        let marks = [("&q;", "\""), ("&s;", "'"), ("&l;", "<"), ("&g;", ">"), ("&a;", "&")];
        if !text.contains("&q;") {
            return None;
        }
        let plain = marks.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        json::read(&plain, OBJECTS_MAX)
    })
}

/// The start of the literal that is assigned at `mark`, if there is one: behind a name, and big enough.
fn begins_literal(text: &str, mark: usize) -> Option<usize> {
    let named = text[..mark].trim_end();
    let is_named = named.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | ']'));
    let behind = &text[mark + 1..];
    let value = behind.trim_start();
    let begins = ["{", "[", "JSON.parse(", "(function("].iter().any(|m| value.starts_with(m));
    (is_named && begins && value.len() >= DATA_BYTES_MIN)
        .then(|| mark + 1 + behind.len() - value.len())
}

/// The value that a flat list of Nuxt's stands for: each place holds a value whose members are numbers of
/// other places, and the first is the whole.
fn unfold(all: &[Value], budget: &mut Budget) -> Option<Value> {
    unfold_at(all, 0, 0, budget)
}

fn unfold_at(all: &[Value], at: usize, depth: usize, budget: &mut Budget) -> Option<Value> {
    budget.values = budget.values.checked_sub(1)?;
    if depth > FLAT_DEPTH_MAX {
        return None;
    }
    let place = |value: &Value| value.as_u64().and_then(|at| usize::try_from(at).ok());
    let mut inner = |value: &Value| match place(value) {
        Some(at) => unfold_at(all, at, depth + 1, budget).unwrap_or_default(),
        None => Value::Null,
    };
    Some(match all.get(at)? {
        Value::Object(object) => {
            let members = object.iter().map(|(name, value)| (name.clone(), inner(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(list) => match list.first() {
            // A tag for the type of the value, and its place or its text.
            Some(Value::String(mark)) if mark == "Date" => list.get(1).cloned().unwrap_or_default(),
            Some(Value::String(mark)) if mark == "Set" || mark == "Map" => {
                Value::Array(list.iter().skip(1).map(inner).collect())
            }
            Some(Value::String(_)) => list.get(1).map(inner).unwrap_or_default(),
            _ => Value::Array(list.iter().map(inner).collect()),
        },
        Value::String(text) => {
            budget.bytes = budget.bytes.checked_sub(text.len())?;
            Value::String(text.clone())
        }
        plain => plain.clone(),
    })
}

/// Inserts texts of the stream where they are referenced.
fn fill(value: &mut Value, texts: &HashMap<&str, &str>, budget: &mut Budget) {
    match value {
        Value::String(text) => {
            let named = text.strip_prefix('$').and_then(|name| texts.get(name));
            if let Some(words) = named
                && let Some(left) = budget.bytes.checked_sub(words.len())
            {
                budget.bytes = left;
                *text = (*words).to_owned();
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|inner| fill(inner, texts, budget)),
        Value::Object(object) => {
            object.values_mut().for_each(|inner| fill(inner, texts, budget));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(html: &str) -> Vec<Value> {
        read(&Dom::parse(html, &mut Vec::new()))
    }

    #[test]
    fn data_is_found_wherever_frameworks_put_it() {
        let long = "x".repeat(DATA_BYTES_MIN);
        let want = json!({"title": "T", "body": long});
        let text = want.to_string();
        let quoted = text.replace('"', "&quot;");
        let flat =
            format!("[{{\"a\":1}},[\"Reactive\",2],{{\"title\":3,\"body\":4}},\"T\",\"{long}\"]");
        for (html, want) in [
            (
                format!("<script id=__NEXT_DATA__ type=application/json>{text}</script>"),
                want.clone(),
            ),
            (format!("<script>window.__INITIAL_STATE__ = {text};</script>"), want.clone()),
            (
                format!(
                    "<script>window['__S']={{title:'T',body:\"{long}\"}};(function(){{}})()</script>"
                ),
                want.clone(),
            ),
            (format!("<script>var s=JSON.parse({});</script>", json!(text)), want.clone()),
            (
                format!(
                    "<script>window.__NUXT__=(function(a){{return {{title:\"T\",body:a}}}}(\"{long}\"));</script>"
                ),
                want.clone(),
            ),
            (format!("<div id=app data-page=\"{quoted}\"></div>"), want.clone()),
            (
                format!(
                    "<script id=ng-state type=application/json>{}</script>",
                    text.replace('"', "&q;")
                ),
                want.clone(),
            ),
            (
                format!("<script type=application/json id=__NUXT_DATA__>{flat}</script>"),
                json!({"a": want}),
            ),
            (
                format!(
                    "<script>self.__next_f.push([1,\"1:{{\\\"title\\\":\\\"T\\\",\\\"body\\\":\\\"$2\\\"}}\\n2:T{:x},{}\"])</script>\
                     <script>self.__next_f.push([1,\"{}\"])</script>",
                    long.len(),
                    &long[..100],
                    &long[100..]
                ),
                want.clone(),
            ),
        ] {
            assert_eq!(of(&html), [want], "{html}");
        }
    }

    #[test]
    fn an_answer_kept_as_a_text_is_read() {
        let long = "x".repeat(DATA_BYTES_MIN);
        let inner = json!({"title": "T", "body": long});
        let outer = json!({"status": 200, "body": inner.to_string()});
        let found = of(&format!("<script type=application/json data-url=/a>{outer}</script>"));
        assert_eq!(found, [outer, inner]);
    }

    #[test]
    fn code_and_small_data_are_passed_over() {
        let code = "var a = {b: function () { return 1 }, c: [1, 2, d()]};".repeat(50);
        for html in [
            format!("<script>{code}</script>"),
            "<script>var a={};</script>".to_owned(),
            format!("<script type=application/ld+json>{{\"a\":\"{}\"}}</script>", "x".repeat(500)),
        ] {
            assert_eq!(of(&html), [] as [Value; 0], "{html}");
        }
    }

    #[test]
    fn a_flat_list_that_names_itself_ends() {
        let html = format!(
            "<script type=application/json id=__NUXT_DATA__>[[0,0,0],\"{}\"]</script>",
            "x".repeat(500)
        );
        assert!(of(&html).len() <= 1);
    }
}

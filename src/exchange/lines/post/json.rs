//! The query of a JSON body.

use std::cell::Cell;
use std::collections::HashMap;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{QUERY_CHARS_MAX, push_pair};

/// The query of a JSON text, or of several, one a line; `None` where it is none.
pub(super) fn query(body: &[u8]) -> Option<String> {
    let mut pairs = Pairs::default();
    if let Ok(node) = read(body) {
        pairs.add(node.as_ref());
    } else {
        if !body.contains(&b'\n') {
            return None;
        }
        for line in body.split(|byte| *byte == b'\n') {
            pairs.add(read(line).ok()?.as_ref());
        }
    }
    Some(pairs.query)
}

/// One JSON text; `None` where nothing in it has a name.
fn read(text: &[u8]) -> serde_json::Result<Option<Node>> {
    let left = Cell::new(KEPT_BYTES_MAX);
    let mut from = serde_json::Deserializer::from_slice(text);
    let node = Reading { left: &left, named: false, replaces: false }.deserialize(&mut from)?;
    from.end()?;
    Ok(node)
}

#[derive(Default)]
struct Pairs {
    query: String,
    /// How often each name was there.
    seen: HashMap<String, u32>,
}

impl Pairs {
    fn add(&mut self, node: Option<&Node>) {
        if let Some(node) = node {
            self.add_named(node, "");
        }
    }

    fn add_named(&mut self, node: &Node, name: &str) {
        match node {
            Node::Object(fields) => {
                fields.iter().for_each(|(name, node)| self.add_named(node, name));
            }
            Node::List(items) => items.iter().for_each(|node| self.add_named(node, name)),
            Node::Scalar(_) if name.is_empty() || self.query.len() > QUERY_CHARS_MAX * 4 => {}
            Node::Scalar(value) => {
                let count = self.seen.entry(name.to_owned()).or_insert(0);
                *count += 1;
                match *count {
                    1 => push_pair(&mut self.query, name.as_bytes(), value.as_bytes()),
                    n => {
                        let name = format!("{name}.{n}_");
                        push_pair(&mut self.query, name.as_bytes(), value.as_bytes());
                    }
                }
            }
        }
    }
}

/// A JSON value, the fields of an object in their order; of two of one name the last counts, at the
/// place of the first. Numbers are text as JavaScript writes them.
enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Scalar(String),
}

/// How many bytes of names and values are kept of a text: far more than a query has, since what comes
/// later may take the place of what came first, and little enough for memory.
const KEPT_BYTES_MAX: usize = 256 * 1024;

/// Reads a value. What is beyond the bound is skipped.
#[derive(Clone, Copy)]
struct Reading<'k> {
    /// How many bytes may still be kept.
    left: &'k Cell<usize>,
    /// Whether a scalar here has a name; one that has none is in no query.
    named: bool,
    /// Whether a scalar here takes the place of another, and so no more memory.
    replaces: bool,
}

impl Reading<'_> {
    /// Takes this many bytes of what may be kept; whether there were any left.
    fn takes(&self, bytes: usize) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(bytes));
        left > 0
    }

    fn scalar(&self, text: impl FnOnce() -> String) -> Option<Node> {
        if !self.named {
            return None;
        }
        let text = text();
        (self.replaces || self.takes(text.len() + 1)).then_some(Node::Scalar(text))
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Option<Node>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<Node>, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Option<Node>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Option<Node>, E> {
        Ok(self.scalar(|| "null".to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Option<Node>, E> {
        Ok(self.scalar(|| value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<Node>, E> {
        Ok(self.scalar(|| value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<Node>, E> {
        Ok(self.scalar(|| value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Option<Node>, E> {
        Ok(self.scalar(|| number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Option<Node>, E> {
        // The query is cut where a value reaches beyond it.
        let end = value.floor_char_boundary(QUERY_CHARS_MAX * 4);
        Ok(self.scalar(|| value[..end].to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<Node>, A::Error> {
        let mut items = Vec::new();
        while self.left.get() > 0 {
            match seq.next_element_seed(Reading { replaces: false, ..self })? {
                Some(item) => items.extend(item),
                None => break,
            }
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok((!items.is_empty()).then_some(Node::List(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Node>, A::Error> {
        let mut fields: Vec<(String, Node)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let place = places.get(&name).copied();
            if place.is_none() && !self.takes(name.len() + 1) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let (named, replaces) = (!name.is_empty(), place.is_some());
            let value = map.next_value_seed(Reading { named, replaces, ..self })?;
            // A value that gives nothing has its place anyway.
            let value = value.unwrap_or(Node::List(Vec::new()));
            match place {
                Some(at) => fields[at].1 = value,
                None => {
                    places.insert(name.clone(), fields.len());
                    fields.push((name, value));
                }
            }
        }
        Ok((!fields.is_empty()).then_some(Node::Object(fields)))
    }
}

/// A number as JavaScript's `Number.prototype.toString` writes it, as far as the body query of pywb
/// does: whole numbers without a fraction, others with the fewest digits that say which one it is.
fn number(value: f64) -> String {
    // ECMA-262 section 6.1.6.1.20: decimal notation from 1e-6 up to 1e21.
    let size = value.abs();
    if value == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e21).contains(&size) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (value, wanted) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1.5e300, "1.5e+300"),
            (1e-6, "0.000001"),
            (1.25e-7, "1.25e-7"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(number(value), wanted);
        }
    }

    #[test]
    fn a_long_text_keeps_its_first_names_and_what_takes_their_place() {
        let many = |what: &str| std::iter::repeat_n(what, 400_000).collect::<Vec<_>>().join(",");
        for (body, wanted) in [
            // What has no name is not part of the query, however much of it there is.
            (format!("[{},{{\"a\":1}}]", many("0")), "a=1"),
            (format!("[{},{{\"a\":1}}]", many("[]")), "a=1"),
            (format!("[{},{{\"a\":1}}]", many("{}")), "a=1"),
            (format!("{{\"a\":1,\"b\":[{}],\"a\":2}}", many("[]")), "a=2"),
            (format!("{{\"a\":1,\"b\":[{}],\"a\":2}}", many("0")), "a=2&b=0&b.2_=0"),
            (format!("{{\"a\":\"{}\"}}", many("x")), "a=x%2Cx%2C"),
        ] {
            let query = query(body.as_bytes()).unwrap();
            assert!(query.starts_with(wanted), "{:?}", &query[..query.len().min(100)]);
            assert!(query.len() < 60 * 1024, "{}", query.len());
        }
        let many: Vec<_> = (0..400_000).map(|n| format!("\"{n}\":{{}}")).collect();
        let body = format!("{{{},\"1\":3}}", many.join(","));
        assert_eq!(query(body.as_bytes()).as_deref(), Some("1=3"));
    }
}

//! The query that a request body is appended to the urlkey as, so that two POST requests to one URL
//! have two keys.
//!
//! Follows what cdxj-indexer, pywb and wabac.js agree on ("Request Body Canonicalization" of the
//! Webrecorder specifications): `__wb_method=POST` and then, by the media type of the body,
//!
//! | media type | query |
//! |---|---|
//! | `application/x-www-form-urlencoded` | the body, its escapes undone |
//! | `multipart/…` | `name=value` of each part, escaped |
//! | `application/json` | `name=value` of each scalar, escaped, its name without those above it; a name that was there is `name.2_` |
//! | `text/plain` | as JSON where it is JSON, else as any other |
//! | any other | `__wb_post_data=` and the body in base64 |
//!
//! at most 4,096 characters. Where the three differ: `true`, `false`, `null` and numbers are written
//! as JavaScript writes them, as pywb and wabac.js do (cdxj-indexer writes Python's `True`, `None`,
//! `2.0`); JSON of several lines is taken as in cdxj-indexer; AMF is taken as any other body.

use data_encoding::BASE64;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::base::percent::{form_encoded, percent_decoded};

/// How many characters of a query are kept.
const QUERY_CHARS_MAX: usize = 4096;

/// The query of a request body, without the method; empty where there is none. Total: whatever the
/// body holds. `media_type` is the value of `Content-Type`.
#[must_use]
pub fn body_query(body: &[u8], media_type: &str) -> String {
    let is = |start: &str| media_type.starts_with(start);
    let query = if is("application/x-www-form-urlencoded") {
        match std::str::from_utf8(body) {
            Ok(text) => percent_decoded(&text.replace('+', " ")),
            Err(_) => binary(body),
        }
    } else if is("multipart/") {
        multipart(body, media_type).unwrap_or_else(|| binary(body))
    } else if is("application/json") {
        json(body).unwrap_or_default()
    } else if is("text/plain") {
        json(body).unwrap_or_else(|| binary(body))
    } else {
        binary(body)
    };
    match query.char_indices().nth(QUERY_CHARS_MAX) {
        Some((end, _)) => query[..end].to_owned(),
        None => query,
    }
}

/// The URL that a request with this method and body query has as its key.
#[must_use]
pub fn with_query(url: &str, method: &str, query: &str) -> String {
    let joint = if url.contains('?') { '&' } else { '?' };
    let mut out = format!("{url}{joint}__wb_method={method}");
    if !query.is_empty() {
        out.push('&');
        out.push_str(query);
    }
    out
}

fn binary(body: &[u8]) -> String {
    // Three bytes are four characters; what is beyond is cut off anyway.
    let start = &body[..body.len().min(QUERY_CHARS_MAX)];
    format!("__wb_post_data={}", BASE64.encode(start))
}

fn push_pair(query: &mut String, name: &[u8], value: &[u8]) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(&form_encoded(name));
    query.push('=');
    query.push_str(&form_encoded(value));
}

/// The parts of a form (RFC 7578); `None` where the type names no boundary or the body has none.
fn multipart(body: &[u8], media_type: &str) -> Option<String> {
    let at = media_type.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let rest = &media_type[at..];
    let boundary = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split(';').next()?.trim(),
    };
    if boundary.is_empty() {
        return None;
    }
    let delimiter = format!("--{boundary}");
    let mut ends = memchr::memmem::find_iter(body, delimiter.as_bytes());
    let mut from = ends.next()? + delimiter.len();
    let mut query = String::new();
    for end in ends {
        if let Some((name, value)) = part(&body[from..end]) {
            push_pair(&mut query, &name, value);
        }
        if query.len() > QUERY_CHARS_MAX * 4 {
            break;
        }
        from = end + delimiter.len();
    }
    Some(query)
}

/// Name and content of what stands between two boundaries.
fn part(piece: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let piece = piece.strip_prefix(b"\r\n").or_else(|| piece.strip_prefix(b"\n"))?;
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    let piece = piece.strip_suffix(b"\r").unwrap_or(piece);
    let (head, content) = match memchr::memmem::find(piece, b"\r\n\r\n") {
        Some(at) => (&piece[..at], &piece[at + 4..]),
        None => memchr::memmem::find(piece, b"\n\n").map(|at| (&piece[..at], &piece[at + 2..]))?,
    };
    let head = String::from_utf8_lossy(head);
    let line =
        head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = line.split(';').find_map(|field| field.trim().strip_prefix("name="))?;
    Some((name.trim_matches('"').as_bytes().to_vec(), content))
}

/// The query of a JSON text, or of several, one a line; `None` where it is none.
fn json(body: &[u8]) -> Option<String> {
    let mut pairs = Pairs::default();
    if let Ok(node) = serde_json::from_slice::<Node>(body) {
        pairs.add(&node, "");
    } else {
        if !body.contains(&b'\n') {
            return None;
        }
        for line in body.split(|byte| *byte == b'\n') {
            let node = serde_json::from_slice::<Node>(line).ok()?;
            pairs.add(&node, "");
        }
    }
    Some(pairs.query)
}

#[derive(Default)]
struct Pairs {
    query: String,
    /// How often each name was there.
    seen: std::collections::HashMap<String, u32>,
}

impl Pairs {
    fn add(&mut self, node: &Node, name: &str) {
        match node {
            Node::Object(fields) => fields.iter().for_each(|(name, node)| self.add(node, name)),
            Node::List(items) => items.iter().for_each(|node| self.add(node, name)),
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

impl<'de> serde::Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar("null".to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Scalar(number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields: Vec<(String, Node)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        while let Some((name, value)) = map.next_entry::<String, Node>()? {
            match places.get(&name) {
                Some(at) => fields[*at] = (name, value),
                None => {
                    places.insert(name.clone(), fields.len());
                    fields.push((name, value));
                }
            }
        }
        Ok(Node::Object(fields))
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bodies_become_queries_by_their_media_type() {
        let form = "application/x-www-form-urlencoded";
        for (media_type, body, wanted) in [
            (form, &b"a=1&b=two+words&c=%C3%BC%26%3D&A=Z"[..], "a=1&b=two words&c=\u{fc}&=&A=Z"),
            (form, b"a=\xff", "__wb_post_data=YT3/"),
            (form, b"", ""),
            ("", b"\x00\x01\xffbinary", "__wb_post_data=AAH/YmluYXJ5"),
            ("text/plain", b"plain text", "__wb_post_data=cGxhaW4gdGV4dA=="),
            ("text/plain", b"{\"x\":1}", "x=1"),
            ("text/plain", b"17", ""),
            ("application/json", b"bad json", ""),
            ("application/json", b"{\"x\":1}\n{\"x\":2,\"y\":\"z\"}", "x=1&x.2_=2&y=z"),
            (
                "application/json; charset=utf-8",
                br#"{"a":1,"b":[true,null,1.5,2.0,{"a":"x y","a2":""}],"c":{"d":{"a":false}},"e":1e-7,"f":1e22,"g":"\u00e9","e":5}"#,
                "a=1&b=true&b.2_=null&b.3_=1.5&b.4_=2&a.2_=x+y&a2=&a.3_=false&e=5&f=1e%2B22&g=%C3%A9",
            ),
            (
                "multipart/form-data; boundary=xx",
                b"--xx\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\nval ue\r\n--xx\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n\r\nfile \xff body\r\n--xx--\r\n",
                "field=val+ue&f=file+%FF+body",
            ),
            ("multipart/form-data", b"--xx", "__wb_post_data=LS14eA=="),
            ("multipart/form-data; boundary=", b"a", "__wb_post_data=YQ=="),
        ] {
            assert_eq!(body_query(body, media_type), wanted, "{media_type}");
        }
        let long = body_query(&[b'x'; 9_000], form);
        assert_eq!(long.len(), QUERY_CHARS_MAX);
        assert_eq!(body_query(&[0; 9_000], "").len(), QUERY_CHARS_MAX);
    }

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
    fn the_method_and_the_query_are_appended_to_the_url() {
        assert_eq!(with_query("http://a/", "POST", ""), "http://a/?__wb_method=POST");
        assert_eq!(with_query("http://a/?b", "PUT", "c=1"), "http://a/?b&__wb_method=PUT&c=1");
    }

    proptest! {
        #[test]
        fn any_body_gives_a_bounded_query(
            body in prop::collection::vec(any::<u8>(), 0..300),
            kind in prop::sample::select(vec![
                "application/json", "text/plain", "multipart/form-data; boundary=a",
                "application/x-www-form-urlencoded", "image/png", "multipart/x; boundary=\"",
            ]),
        ) {
            prop_assert!(body_query(&body, kind).chars().count() <= QUERY_CHARS_MAX);
        }
    }
}

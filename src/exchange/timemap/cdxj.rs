//! TimeMaps and index lines in CDXJ: a key, a stamp and an object of JSON a line, lines about the whole behind a `!`.
//!
//! ```text
//! !meta {"original_uri": "http://a.example/"}                              as MemGator and this program write it
//! 20200101000000 {"uri": "http://web.example/web/20200101000000/http://a.example/", "datetime": "…"}
//!
//! example,a)/ 20200101000000 {"url": "http://a.example/", "status": "200"}  an index line, as pywb writes it
//! ```

use serde_json::{Map, Value};

use super::TimeMap;
use super::json::{index_line, push};
use crate::base::{TargetUri, TimeRange};

/// Reads either, line by line. A line that is of neither form is passed over.
pub(super) fn read(text: &str, from: &TargetUri) -> TimeMap {
    let mut map = TimeMap::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix('!') {
            Some(said) => about(said, from, &mut map),
            None => memento(line, from, &mut map),
        }
    }
    map
}

/// The words before the object of a line, and the object.
fn parts(line: &str) -> Option<(&str, Map<String, Value>)> {
    let (before, object) = line.split_at(line.find('{')?);
    Some((before.trim(), serde_json::from_str(object).ok()?))
}

/// A line about the whole: the page, and the next page of the TimeMap. What it says besides is not needed.
fn about(line: &str, from: &TargetUri, map: &mut TimeMap) {
    let Some(("meta", object)) = parts(line) else { return };
    let original = object.get("original_uri").and_then(Value::as_str);
    map.original = map.original.take().or_else(|| original.map(str::to_owned));
    // So this program names it.
    let page = object.get("next_page_uri").and_then(Value::as_str);
    map.pages.extend(page.and_then(|text| from.join(text).ok()));
}

fn memento(line: &str, from: &TargetUri, map: &mut TimeMap) {
    let Some((before, object)) = parts(line) else {
        map.passed_over += 1;
        return;
    };
    let stamp = before.split_ascii_whitespace().next_back();
    let stamp = stamp.filter(|stamp| stamp.len() == 14);
    let at = stamp.and_then(TimeRange::from_digits).map(|range| range.start);
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    match text("uri") {
        Some(address) => push(from.join(address).ok().filter(|_| at.is_some()), at, None, map),
        None => index_line(stamp, text("url").or_else(|| text("original")), from, map),
    }
}

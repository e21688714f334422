//! TimeMaps and lists of captures in JSON.

use serde_json::{Map, Value};

use super::{Listed, MEMENTOS_MAX, TimeMap};
use crate::base::{TargetUri, TimeRange, Timestamp};

/// Reads either: a value as a whole, or an object a line.
pub(super) fn read(text: &str, from: &TargetUri) -> Result<TimeMap, String> {
    let mut map = TimeMap::default();
    let whole: Result<Value, _> = serde_json::from_str(text);
    match whole {
        Ok(Value::Object(object)) if object.contains_key("timestamp") => {
            capture(&object, from, &mut map);
        }
        Ok(Value::Object(object)) => memgator(&object, from, &mut map),
        Ok(Value::Array(rows)) => table(&rows, from, &mut map)?,
        Ok(_) => return Err("it is a JSON value and not a list".to_owned()),
        Err(why) => lines(text, from, &mut map).ok_or_else(|| why.to_string())?,
    }
    Ok(map)
}

/// `{"original_uri": …, "mementos": {"list": [{"datetime": …, "uri": …}]}}`, as MemGator writes it; `pages` as ours.
fn memgator(object: &Map<String, Value>, from: &TargetUri, map: &mut TimeMap) {
    map.original = object.get("original_uri").and_then(Value::as_str).map(str::to_owned);
    let list = object.get("mementos").and_then(|mementos| mementos.get("list"));
    for memento in list.and_then(Value::as_array).into_iter().flatten() {
        let address = memento.get("uri").and_then(Value::as_str);
        let at = memento.get("datetime").and_then(Value::as_str).and_then(Timestamp::parse);
        push(address.and_then(|text| from.join(text).ok()), at, None, map);
    }
    let next = object.get("pages").and_then(|pages| pages.get("next"));
    let page = next.and_then(|next| next.get("uri"));
    let page = page.map(|uri| uri.get("json_format").unwrap_or(uri));
    map.pages.extend(page.and_then(Value::as_str).and_then(|text| from.join(text).ok()));
}

/// Rows whose first names the columns, as the Wayback Machine writes its index lines.
fn table(rows: &[Value], from: &TargetUri, map: &mut TimeMap) -> Result<(), String> {
    let Some((head, rows)) = rows.split_first() else { return Ok(()) };
    if head.is_object() {
        for row in std::iter::once(head).chain(rows) {
            match row {
                Value::Object(object) => capture(object, from, map),
                _ => map.passed_over += 1,
            }
        }
        return Ok(());
    }
    let head: Vec<&str> = head.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let column = |names: &[&str]| head.iter().position(|name| names.contains(name));
    let (Some(at), Some(url)) = (column(&["timestamp"]), column(&["original", "url"])) else {
        return Err("its first row does not name the columns timestamp and original".to_owned());
    };
    for row in rows {
        let cell = |at: usize| row.get(at).and_then(Value::as_str);
        index_line(cell(at), cell(url), from, map);
    }
    Ok(())
}

/// An object a line. `None` where a line is none.
fn lines(text: &str, from: &TargetUri, map: &mut TimeMap) -> Option<()> {
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let object: Map<String, Value> = serde_json::from_str(line).ok()?;
        capture(&object, from, map);
    }
    Some(())
}

fn capture(object: &Map<String, Value>, from: &TargetUri, map: &mut TimeMap) {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    index_line(text("timestamp"), text("url").or_else(|| text("original")), from, map);
}

/// An index line, as the memento that its archive has of it.
pub(super) fn index_line(
    stamp: Option<&str>,
    url: Option<&str>,
    from: &TargetUri,
    map: &mut TimeMap,
) {
    let at = stamp.and_then(TimeRange::from_digits).map(|range| range.start);
    let address = stamp.zip(at).zip(url).and_then(|((stamp, _), url)| {
        TargetUri::parse(&format!("{}{stamp}/{url}", mementos_below(from)?)).ok()
    });
    map.original = map.original.take().or_else(|| url.map(str::to_owned));
    push(address, at, url, map);
}

/// Adds a memento, where its address is one and there is room.
pub(super) fn push(
    address: Option<TargetUri>,
    at: Option<Timestamp>,
    url: Option<&str>,
    map: &mut TimeMap,
) {
    match address {
        Some(uri) if map.mementos.len() < MEMENTOS_MAX => map.mementos.push(Listed {
            uri: uri.without_fragment(),
            at,
            original: url.map(str::to_owned),
        }),
        _ => map.passed_over += 1,
    }
}

/// Where the mementos of an archive are that answers with index lines at `from`: below what is before
/// `timemap/` or `cdx` in its path, and below `/web/` where nothing does.
fn mementos_below(from: &TargetUri) -> Option<String> {
    let text = from.as_str();
    let path = text.find("://")? + 3;
    let path = path + text[path..].find('/')?;
    let rest = text[path..].split('?').next().unwrap_or_default();
    let end = rest.find("/timemap/").or_else(|| rest.find("/cdx"))?;
    let below = if end == 0 { "/web" } else { &rest[..end] };
    Some(format!("{}{below}/", &text[..path]))
}

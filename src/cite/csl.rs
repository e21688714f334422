//! CSL-JSON 1.0.2, as citation processors and reference managers read it: a list of one item.
//!
//! The archive's address stands in `archive_location`, its time and the digest in `note`, since the
//! format has no field for them; the same facts stand under `custom` for programs.

use serde_json::{Map, Value, json};

use super::date::Date;
use super::folded::is_east_asian;
use super::names::{Name, Order};
use super::prose::{captured, place, proof};
use super::source::Source;

pub(super) fn render(source: &Source) -> String {
    let list = Value::Array(vec![item(source)]);
    // A value of strings and numbers is always JSON.
    serde_json::to_string_pretty(&list).unwrap_or_default()
}

/// The item.
pub(super) fn item(source: &Source) -> Value {
    let mut item = Map::new();
    let mut put = |field: &str, value: Value| {
        item.insert(field.to_owned(), value);
    };
    put("id", Value::from(source.key()));
    put("type", Value::from(if source.is_news { "article-newspaper" } else { "webpage" }));
    put("title", Value::from(source.title()));
    if !source.authors.is_empty() {
        put("author", source.authors.iter().map(|a| name(&a.value)).collect());
    }
    put("container-title", Value::from(source.outlet()));
    if let Some(date) = &source.published {
        put("issued", parts(date.value));
    }
    put("accessed", parts(Date::of(source.capture.at)));
    put("URL", Value::from(source.capture.link()));
    put("archive", Value::from(source.archive.name.clone()));
    put("archive_location", Value::from(location(source)));
    if let Some(language) = &source.language {
        put("language", Value::from(language.value.clone()));
    }
    put("note", Value::from(note(source)));
    put("custom", custom(source));
    Value::Object(item)
}

fn location(source: &Source) -> String {
    source
        .archive_url()
        .or_else(|| source.capture.record_id.clone())
        .unwrap_or_else(|| source.capture.at.to_rfc3339())
}

fn parts(date: Date) -> Value {
    json!({ "date-parts": [date.parts()] })
}

fn name(name: &Name) -> Value {
    match name {
        Name::Whole(name) | Name::Organisation(name) => json!({ "literal": name }),
        Name::Person(p) => {
            let mut parts = Map::new();
            let all = [
                ("family", &p.family),
                ("given", &p.given),
                ("non-dropping-particle", &p.particle),
                ("suffix", &p.suffix),
            ];
            for (field, value) in all {
                if !value.is_empty() {
                    parts.insert(field.to_owned(), Value::from(value.clone()));
                }
            }
            // Processors know this of names in East Asian script by themselves.
            if p.order == Order::FamilyFirst && !p.family.chars().all(is_east_asian) {
                parts.insert("static-ordering".to_owned(), Value::from(true));
            }
            Value::Object(parts)
        }
    }
}

fn note(source: &Source) -> String {
    let mut note =
        format!("Archived copy of {}, {}, {}.", captured(source), place(source), proof(source));
    if let Some(modified) = &source.modified {
        note.push_str(&format!(" Last modified {}.", modified.value.iso()));
    }
    if let Some(quotation) = &source.quotation {
        note.push_str(&format!(" Quoted {}, {}.", quotation.in_marks(), quotation.link(source)));
    }
    note.push_str(&format!(" {}.", source.origins_note()));
    note
}

fn custom(source: &Source) -> Value {
    let origins: Map<String, Value> = source
        .origins()
        .into_iter()
        .map(|(name, origin)| (name.to_owned(), Value::from(origin.label())))
        .collect();
    json!({
        "captured": source.capture.at.to_warc_date(),
        "digest": source.capture.digest,
        "record-id": source.capture.record_id,
        "archive-url": source.archive_url(),
        "modified": source.modified.as_ref().map(|d| d.value.iso()),
        "origins": origins,
        "quotation": source.quotation.as_ref().map(|q| json!({
            "link": q.link(source),
            "target": q.target(source),
        })),
    })
}

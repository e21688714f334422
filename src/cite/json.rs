//! A citation as one JSON object: its text in the style that was asked for, and every fact with where
//! it came from.

use serde_json::{Map, Value, json};

use super::altered::Alteration;
use super::names::Name;
use super::source::{DateFact, Source};
use super::{Style, cite};
use crate::extract::page::Fact;

/// The object; `capture` is the capture as other commands print it.
#[must_use]
pub fn to_json(source: &Source, style: Style, capture: &Value) -> Value {
    let text = |fact: &Option<Fact<String>>| {
        fact.as_ref().map(|f| json!({ "value": f.value, "origin": f.origin.label() }))
    };
    let date = |fact: &Option<DateFact>| {
        fact.as_ref().map(|f| json!({ "value": f.value.iso(), "origin": f.origin.label() }))
    };
    json!({
        "url": source.capture.url,
        "timestamp": source.capture.at.to_stamp14(),
        "style": style.label(),
        "citation": cite(source, style),
        "capture": capture,
        "digest": source.capture.digest,
        "record_id": source.capture.record_id,
        "archive": { "name": source.archive.name, "url": source.archive_url() },
        "kind": if source.is_news { "news" } else { "web" },
        "url_status": source.standing.label(),
        "headline": text(&source.headline),
        "authors": source.authors.iter().map(author).collect::<Vec<_>>(),
        "publisher": text(&source.publisher),
        "published": date(&source.published),
        "modified": date(&source.modified),
        "language": text(&source.language),
        "robust_link": robust_link(source),
        "quote": source.quotation.as_ref().map(|q| json!({
            "exact": q.exact,
            "given": q.altered.as_ref().map(|a| a.given.clone()),
            "alterations": q.altered.as_ref().map_or(Vec::new(), |a| {
                a.alterations.iter().map(alteration).collect()
            }),
            "prefix": q.prefix,
            "suffix": q.suffix,
            "start": q.range.as_ref().map(|r| r.start),
            "end": q.range.as_ref().map(|r| r.end),
            "link": q.link(source),
            "live_link": q.live_link(source),
            "target": q.target(source),
        })),
    })
}

fn alteration(alteration: &Alteration) -> Value {
    json!({
        "kind": alteration.kind.label(),
        "given": alteration.given,
        "stands": alteration.stands,
    })
}

fn author(author: &Fact<Name>) -> Value {
    let parts = match &author.value {
        Name::Person(p) => (Some(&p.given), Some(&p.particle), Some(&p.family), Some(&p.suffix)),
        Name::Whole(_) | Name::Organisation(_) => (None, None, None, None),
    };
    json!({
        "name": author.value.direct(),
        "given": parts.0,
        "particle": parts.1,
        "family": parts.2,
        "suffix": parts.3,
        "organisation": matches!(author.value, Name::Organisation(_)),
        "origin": author.origin.label(),
    })
}

fn robust_link(source: &Source) -> Value {
    let mut link = Map::new();
    link.insert("originalurl".to_owned(), Value::from(source.capture.link()));
    link.insert("versionurl".to_owned(), Value::from(source.archive_url()));
    link.insert("versiondate".to_owned(), Value::from(source.capture.at.to_rfc3339()));
    Value::Object(link)
}

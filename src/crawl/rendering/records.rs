//! What a rendering is kept as.

use crate::base::{TargetUri, Timestamp};
use crate::browser::{BrowserOptions, Rendering};
use crate::warc::{Derived, DerivedPart, RecordId};

/// The records of a rendering.
pub(super) fn of(
    mut rendering: Rendering,
    uri: &TargetUri,
    page_id: &str,
    record_id: &str,
    at: Timestamp,
    options: &BrowserOptions,
) -> Derived {
    let info = rendering.page_info(page_id, uri.as_str(), &at.to_warc_date(), options);
    let named = |prefix: &str| format!("urn:{prefix}:{uri}");
    let part = |uri: String, media_type, block: Vec<u8>| DerivedPart {
        is_conversion: false,
        uri,
        media_type,
        block,
    };
    let mut parts = Vec::new();
    // What a page led to is another page, which is captured at its own address.
    if rendering.leads_to.is_some() {
        rendering.document = None;
        rendering.text = None;
        rendering.view = None;
        rendering.thumbnail = None;
    }
    if let Some(document) = rendering.document {
        let media_type = "text/html; charset=utf-8";
        let block = document.into_bytes();
        parts.push(DerivedPart { is_conversion: true, uri: uri.to_string(), media_type, block });
    }
    let text = rendering.text.map(String::into_bytes);
    for (prefix, media_type, block) in [
        ("view", "image/png", rendering.view),
        ("thumbnail", "image/jpeg", rendering.thumbnail),
        ("text", "text/plain; charset=utf-8", text),
        ("pageinfo", "application/json", Some(info.to_string().into_bytes())),
    ] {
        parts.extend(block.map(|block| part(named(prefix), media_type, block)));
    }
    let refers_to = RecordId::parse(record_id);
    Derived { date: at, page_id: page_id.to_owned(), refers_to, parts }
}

//! Captures as the rows of a table.

use crate::answers::captures::Failure;
use crate::answers::removed::Removed;
use crate::archive::{Capture, RecordKind};

/// The names of the columns.
pub const HEAD: [&str; 6] = ["captured (UTC)", "status", "type", "kept as", "bytes", "URL"];

/// Which columns hold numbers.
pub const IS_NUMBER: [bool; 6] = [false, true, false, false, true, false];

/// A row; `failure` is what the report says, where the capture is one that could be read, and `removed` what was removed of it by
/// order.
#[must_use]
pub fn row(entry: &Capture, failure: Option<&Failure>, removed: Option<&Removed>) -> Vec<String> {
    let mut url = entry.url.clone();
    if let Some(removed) = removed {
        // The last column may be as long as it needs.
        url = format!("{url} ({})", removed.how());
        let (status, kept) = (status(entry), "removed".to_owned());
        let (date, length) = (entry.date.to_rfc3339(), entry.length.to_string());
        return vec![date, status, text(None), kept, length, url];
    }
    let (status, mime, kept) = match entry.kind {
        RecordKind::Metadata => {
            if let Some(detail) = failure.and_then(|failure| failure.detail.as_ref()) {
                // The last column may be as long as it needs.
                url = format!("{url} ({detail})");
            }
            (text(failure.and_then(|failure| failure.reason.as_ref())), text(None), "failure")
        }
        RecordKind::Revisit if entry.status == Some(304) => {
            ("304".to_owned(), text(None), "not modified")
        }
        RecordKind::Revisit if entry.copied_from().is_some() => {
            (status(entry), text(None), "another archive's copy")
        }
        RecordKind::Revisit => (status(entry), text(None), "revisit"),
        RecordKind::Resource => (text(None), entry.mime.clone(), "resource"),
        RecordKind::Conversion => (status(entry), entry.mime.clone(), "conversion"),
        _ if entry.truncated => (status(entry), entry.mime.clone(), "cut response"),
        _ => (status(entry), entry.mime.clone(), "response"),
    };
    vec![entry.date.to_rfc3339(), status, mime, kept.to_owned(), entry.length.to_string(), url]
}

fn text(text: Option<&String>) -> String {
    text.map_or("-", String::as_str).to_owned()
}

fn status(entry: &Capture) -> String {
    entry.status.map_or_else(|| text(None), |status| status.to_string())
}

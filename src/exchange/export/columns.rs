//! Captures as rows of a table with the columns of Common Crawl's index ("cc-index-table", its
//! `cc-index-schema-flat.json`), so that users of that index find the same names here.
//!
//! What Common Crawl detects in payloads (`content_mime_detected`, `content_charset`, `content_languages`) has
//! columns and no values. Offsets and lengths have 64 bits, since WARC files may be longer than 2 GiB.

use super::suffix::Suffixes;
use crate::archive::{Capture, RecordKind};
use crate::base::TargetUri;
use crate::parquet::{Column, Kind, Value};

const fn text(name: &'static str) -> Column {
    Column { name, kind: Kind::Text }
}

/// The columns, in the order of Common Crawl's; then ours.
pub(crate) const COLUMNS: &[Column] = &[
    text("url_surtkey"),
    text("url"),
    text("url_host_name"),
    text("url_host_tld"),
    text("url_host_2nd_last_part"),
    text("url_host_3rd_last_part"),
    text("url_host_4th_last_part"),
    text("url_host_5th_last_part"),
    text("url_host_registry_suffix"),
    text("url_host_registered_domain"),
    text("url_host_private_suffix"),
    text("url_host_private_domain"),
    text("url_host_name_reversed"),
    text("url_protocol"),
    Column { name: "url_port", kind: Kind::Int32 },
    text("url_path"),
    text("url_query"),
    Column { name: "fetch_time", kind: Kind::Time },
    Column { name: "fetch_status", kind: Kind::Int16 },
    text("fetch_redirect"),
    text("content_digest"),
    text("content_mime_type"),
    text("content_mime_detected"),
    text("content_charset"),
    text("content_languages"),
    text("content_truncated"),
    text("warc_filename"),
    Column { name: "warc_record_offset", kind: Kind::Int64 },
    Column { name: "warc_record_length", kind: Kind::Int64 },
    text("warc_segment"),
    text("warc_record_type"),
    text("warc_record_id"),
];

/// The outlet that an address belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Outlet {
    /// The host name, in lower case.
    pub host: Option<String>,
    /// The name that was registered, of which the host is a part: `example.co.uk`.
    pub registered_domain: Option<String>,
}

impl Outlet {
    /// Of the page at `url`; without both where that has no host.
    pub fn of(url: &str) -> Self {
        let Ok(uri) = TargetUri::parse(url) else { return Self::default() };
        let Some(host) = uri.url().host_str() else { return Self::default() };
        let host = host.strip_suffix('.').unwrap_or(host);
        let suffixes = uri.url().domain().map_or_else(Suffixes::default, |_| Suffixes::of(host));
        let registered_domain = suffixes.registered.map(str::to_owned);
        Self { host: Some(host.to_owned()), registered_domain }
    }
}

/// Passes the row of a capture to `then`.
pub(crate) fn with_row<T>(capture: &Capture, then: impl FnOnce(&[Value<'_>]) -> T) -> T {
    let uri = TargetUri::parse(&capture.url).ok();
    let url = uri.as_ref().map(TargetUri::url);
    // Of a look-up the name that was looked up.
    let looked_up = capture.url.strip_prefix("dns:").map(str::to_ascii_lowercase);
    let is_name = looked_up.is_some() || url.is_some_and(|url| url.domain().is_some());
    let host = looked_up.or_else(|| url.and_then(|url| url.host_str()).map(str::to_owned));
    let host = host.unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(&host);
    // An address has no parts.
    let parts: Vec<&str> = if is_name { host.rsplit('.').collect() } else { Vec::new() };
    let suffixes = if is_name { Suffixes::of(host) } else { Suffixes::default() };
    let reversed = parts.join(".");
    let part = |n: usize| parts.get(n).map_or(Value::Null, |part| Value::Text(part));
    let path = url.map(|url| url.path().to_owned());
    let query = url.and_then(|url| url.query().map(str::to_owned));
    let digest = capture.digest.map(|digest| {
        let digest = digest.to_string();
        // SHA-1 without its label, as there.
        digest.strip_prefix("sha1:").map(str::to_owned).unwrap_or(digest)
    });
    let record_id = capture.record_id.as_ref().map(ToString::to_string);
    let mime = (capture.kind != RecordKind::Revisit).then_some(capture.mime.as_str());
    let row = [
        Value::Text(&capture.urlkey),
        Value::Text(&capture.url),
        or_null(Some(host).filter(|host| !host.is_empty())),
        part(0),
        part(1),
        part(2),
        part(3),
        part(4),
        or_null(suffixes.registry),
        or_null(suffixes.registered),
        or_null(suffixes.private),
        or_null(suffixes.private_domain),
        or_null(Some(reversed.as_str()).filter(|host| !host.is_empty())),
        or_null(url.map(|url| url.scheme())),
        url.and_then(|url| url.port()).map_or(Value::Null, |port| Value::Int(i64::from(port))),
        or_null(path.as_deref()),
        or_null(query.as_deref()),
        Value::Int(capture.date.unix_micros()),
        capture.status.map_or(Value::Null, |status| Value::Int(i64::from(status))),
        Value::Null,
        or_null(digest.as_deref()),
        or_null(mime.filter(|mime| *mime != "unk")),
        Value::Null,
        Value::Null,
        Value::Null,
        or_null(capture.truncated.then_some("unspecified")),
        Value::Text(&capture.file),
        int(capture.offset),
        int(capture.length),
        Value::Null,
        Value::Text(capture.kind.as_str()),
        or_null(record_id.as_deref()),
    ];
    then(&row)
}

fn or_null(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::Null, Value::Text)
}

fn int(value: u64) -> Value<'static> {
    i64::try_from(value).map_or(Value::Null, Value::Int)
}

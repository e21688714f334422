//! The status and the header fields of a capture, as they are sent: all of them under `X-Archive-Orig-`, and
//! those that may take effect unchanged.

use axum::http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::super::memento::Modifier;
use super::super::original::in_header;
use super::super::reply::put;
use super::super::request::Site;
use crate::archive::{Capture, RecordKind};
use crate::base::TargetUri;
use crate::http::Head;
use crate::store::Loaded;

/// How many fields of a capture are sent on.
const FIELDS_MAX: usize = 80;
/// How many bytes they have in total.
const FIELD_BYTES_MAX: usize = 32 * 1024;
/// Raw payloads are for programs. In a browser they run no script and load nothing.
const RAW_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// What a capture's head says.
#[derive(Debug, Clone)]
pub struct Archived {
    /// The status that is sent.
    pub status: StatusCode,
    /// The status that was captured.
    captured: u16,
    /// Names and values of fields in the order of the head; of a revisit its own go before those of the
    /// record that holds the payload.
    fields: Vec<(String, Vec<u8>)>,
    /// The fields of an answer that is sent raw.
    raw: HeaderMap,
}

impl Archived {
    /// What the head of a capture says.
    pub fn of(loaded: &Loaded) -> Self {
        let own = Head::parse(&loaded.head);
        let is_revisit = loaded.entry.kind == RecordKind::Revisit;
        let mut fields = list(&own);
        if is_revisit {
            // The fields of the revisit win (RFC 9111 section 3.2 for a 304; they are always newer).
            let older = list(&loaded.payload_head());
            let is_new = |name: &str, fields: &[(String, Vec<u8>)]| {
                fields.iter().all(|(known, _)| !known.eq_ignore_ascii_case(name))
            };
            let added: Vec<_> =
                older.into_iter().filter(|(name, _)| is_new(name, &fields)).collect();
            fields.extend(added);
        }
        // A document that a browser made has no head; its own type counts, and not what it says of another one.
        if loaded.entry.kind == RecordKind::Conversion
            && let Some(content_type) = loaded.content_type()
        {
            fields.push(("Content-Type".to_owned(), content_type.into_bytes()));
        }
        // A 304 means that the page is unchanged: it is shown with its original status.
        let holder = loaded.holder();
        let status = match loaded.entry.status {
            Some(304) if loaded.original.is_some() => holder.entry.status,
            None if is_revisit => holder.entry.status,
            status => status,
        };
        let captured = status.unwrap_or(200);
        let raw = raw(&fields, loaded.content_type().as_deref());
        Self { status: sent_status(status), captured, fields, raw }
    }

    /// How many bytes it takes, roughly.
    pub fn bytes(&self) -> usize {
        // The fields are stored twice, and the maps and texts have overhead.
        self.fields.iter().map(|(name, value)| 2 * (name.len() + value.len()) + 200).sum()
    }

    /// An equivalent head, in bytes.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} -\r\n", self.captured).into_bytes();
        for (name, value) in &self.fields {
            head.extend_from_slice(name.as_bytes());
            head.extend_from_slice(b": ");
            head.extend(value.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// Names and values of the fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The media type of the payload, where it is known.
    pub fn media_type(&self) -> Option<&HeaderValue> {
        self.raw.get(CONTENT_TYPE)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let found = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    }

    /// Puts the fields into an answer that is sent raw.
    pub fn put(&self, response: &mut Response, site: &Site, modifier: Modifier, capture: &Capture) {
        let headers = response.headers_mut();
        headers.reserve(self.raw.len() + 8);
        for (name, value) in &self.raw {
            headers.append(name.clone(), value.clone());
        }
        if let Some(to) = self.leads_to(capture).filter(|_| self.status.is_redirection()) {
            let (root, stamp) = (site.root(), capture.date.to_stamp14());
            let to = format!("{root}/web/{stamp}{}/{}", modifier.as_str(), in_header(to.as_str()));
            put(response, LOCATION, &to);
        }
    }

    /// Where a redirect leads.
    fn leads_to(&self, capture: &Capture) -> Option<TargetUri> {
        let own = TargetUri::parse(&capture.url).ok()?;
        own.join_bytes(self.get("location")?).ok()
    }
}

/// The fields of an answer that is sent raw: the captured ones, and those that disable active content.
fn raw(fields: &[(String, Vec<u8>)], content_type: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut bytes = 0;
    for (name, value) in fields.iter().take(FIELDS_MAX) {
        bytes += name.len() + value.len();
        if bytes > FIELD_BYTES_MAX {
            break;
        }
        let name = format!("x-archive-orig-{}", name.to_ascii_lowercase());
        // A field that is not valid in a head is still in the record.
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_bytes(value))
        else {
            continue;
        };
        headers.append(name, value);
    }
    let media_type = content_type.and_then(|text| HeaderValue::from_str(text).ok());
    let unknown = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, media_type.unwrap_or(unknown));
    let language = fields.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-language"));
    if let Some(language) = language.and_then(|(_, value)| HeaderValue::from_bytes(value).ok()) {
        headers.insert(CONTENT_LANGUAGE, language);
    }
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(RAW_POLICY));
    headers
}

/// The fields of a head, folds undone.
fn list(head: &Head) -> Vec<(String, Vec<u8>)> {
    head.fields()
        .map(|field| {
            let name = String::from_utf8_lossy(field.name).into_owned();
            (name, field.unfolded().into_owned())
        })
        .collect()
}

/// The status that a capture is sent with. A record without HTTP counts as 200; anything but a final status that a
/// client can read becomes a gateway error.
fn sent_status(status: Option<u16>) -> StatusCode {
    match status {
        None => StatusCode::OK,
        Some(status @ 200..=599) => StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY),
        Some(_) => StatusCode::BAD_GATEWAY,
    }
}

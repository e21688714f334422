//! A memento: a capture as it was, or made ready for a browser that shows it here.
//!
//! In reading order: what is sent of a payload (`payload`), the header fields (`headers`), what is said above a
//! page (`banner`), a capture made ready for a browser (`shown`), the answers (below). Which capture is sent is decided in
//! [`super::memento`]; what a page becomes by rewriting in [`crate::replay`].

mod banner;
mod headers;
mod payload;
mod shown;

use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_RANGE, ETAG, LINK, VARY,
};
use axum::response::{IntoResponse, Response};

use super::Serve;
use super::body::pieces;
use super::memento::{
    Chosen, MEMENTO_DATETIME, Modifier, Neighbours, Use, choose, memento_links, not_held, redirect,
    uri_m,
};
use super::original::in_header;
use super::range::{Part, asked_part, is_known};
use super::reply::{Refusal, put};
use super::request::{Asked, Site};
use crate::archive::{Capture, RecordKind};
use crate::base::TimeRange;
use crate::store::Loaded;

use headers::Archived;
use payload::Payload;
use shown::Showing;

/// The answer to `/web/STAMP[MODIFIER]/URL`.
pub async fn answer(
    state: &Arc<Serve>,
    asked: Asked,
    at: Option<TimeRange>,
    modifier: Modifier,
    url: String,
) -> Result<Response, Refusal> {
    if shown::is_service_worker(&asked) {
        let reason = "a captured script is no service worker of the archive";
        return Err(Refusal::new(StatusCode::FORBIDDEN, reason));
    }
    state
        .ask(move |state| {
            let wanted = if modifier.is_part() { Use::Part } else { Use::Page };
            let Some(chosen) = choose(&state.reader, &url, at, wanted)? else {
                return match modifier {
                    Modifier::Frame | Modifier::Banner => shown::missing(&asked, modifier),
                    _ if modifier.is_part() => shown::missing(&asked, modifier),
                    _ => Err(not_held(&url)),
                };
            };
            if !chosen.is_exact && !modifier.is_part() {
                // The address of a memento is that of its own second and no other.
                return Ok(redirect(&uri_m(&asked.site, modifier, &chosen.capture)));
            }
            memento(state, &asked, modifier, &url, at, &chosen)
        })
        .await
}

/// A capture as it is sent.
fn memento(
    state: &Arc<Serve>,
    asked: &Asked,
    modifier: Modifier,
    url: &str,
    at: Option<TimeRange>,
    chosen: &Chosen,
) -> Result<Response, Refusal> {
    let capture = &chosen.capture;
    let loaded = Arc::new(state.reader.load(capture)?);
    if loaded.holder().entry.kind == RecordKind::Revisit && has_body(&loaded) {
        let reason = format!(
            "{} was captured at {} as it had been before, and the record that holds its payload is not in this archive",
            capture.url,
            capture.date.to_rfc3339()
        );
        return Err(Refusal::missing(reason));
    }
    let archived = Archived::of(&loaded);
    let around = match modifier.is_part() {
        true => None,
        false => Some(Neighbours::around(&state.reader, capture)?),
    };
    let mut response = match modifier {
        Modifier::Raw(_) => {
            let mut response = identity(state, asked, &loaded, archived.status)?;
            archived.put(&mut response, &asked.site, modifier, capture);
            response
        }
        _ => {
            let asked_for = at.map(|at| at.start).filter(|_| !chosen.is_exact);
            let around = around.as_ref();
            let showing = Showing { state, asked, modifier, capture, asked_for, around };
            showing.answer(&loaded, &archived)?
        }
    };
    if !chosen.is_exact {
        put(&mut response, CONTENT_LOCATION, &uri_m(&asked.site, modifier, capture));
    }
    put(&mut response, MEMENTO_DATETIME, &capture.date.to_http_date());
    put(&mut response, LINK, &links(&asked.site, url, capture, around.as_ref()));
    put(&mut response, CACHE_CONTROL, cache(chosen, modifier));
    Ok(response)
}

/// Whether the capture should have a payload that another record holds.
fn has_body(loaded: &Loaded) -> bool {
    !matches!(loaded.entry.status, Some(204 | 304))
}

/// What a capture holds never changes; which capture is nearest may, and so may what stands around a page.
fn cache(chosen: &Chosen, modifier: Modifier) -> &'static str {
    let is_page = !modifier.is_part() && !matches!(modifier, Modifier::Raw(_));
    if chosen.is_exact && !is_page { "private, max-age=86400" } else { "private, no-cache" }
}

/// A page is linked with its neighbours; a part of one, of which there are many, with what names them.
fn links(site: &Site, url: &str, capture: &Capture, around: Option<&Neighbours>) -> String {
    let Some(around) = around else {
        let (root, original) = (site.root(), in_header(&capture.url));
        return format!(
            "<{original}>; rel=\"original\", <{root}/web/{original}>; rel=\"timegate\", <{root}/web/timemap/link/{original}>; rel=\"timemap\"; type=\"application/link-format\""
        );
    };
    // The address as it was captured is what the memento is of.
    let url = if crate::base::surt::urlkey(url) == capture.urlkey { &capture.url } else { url };
    memento_links(site, url, capture, around, true)
}

/// The payload as it was captured: without its transfer coding, with its content coding where the client
/// takes that.
fn identity(
    state: &Arc<Serve>,
    asked: &Asked,
    loaded: &Loaded,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let unreadable = |why: std::io::Error| {
        Refusal::failed(format!("reading the capture of {}: {why}", loaded.entry.url))
    };
    let accepted = asked.header("accept-encoding");
    let payload = Payload::of(loaded, accepted, state.options.decoded_bytes_max);
    let payload = payload.map_err(unreadable)?;
    let etag = etag_of(loaded, payload.mark());
    let mut response = if status.is_success() && is_known(&asked.headers, etag.as_deref(), None) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let part = match status {
            StatusCode::OK => asked_part(&asked.headers, payload.length(), etag.as_deref()),
            _ => Part::Whole,
        };
        let (status, range) = match part {
            Part::Whole => (status, 0..payload.length()),
            Part::Bytes(range) => (StatusCode::PARTIAL_CONTENT, range),
            Part::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, 0..0),
        };
        let mut response = status.into_response();
        let whole = payload.length();
        match status {
            StatusCode::PARTIAL_CONTENT => {
                let text = format!("bytes {}-{}/{whole}", range.start, range.end - 1);
                put(&mut response, CONTENT_RANGE, &text);
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                put(&mut response, CONTENT_RANGE, &format!("bytes */{whole}"));
            }
            _ => {}
        }
        let length = range.end - range.start;
        let vary = payload.varies();
        if let Some(coding) = payload.coding() {
            put(&mut response, CONTENT_ENCODING, coding);
        }
        if vary {
            put(&mut response, VARY, "accept-encoding");
        }
        *response.body_mut() = match payload.part(range) {
            Ok(bytes) => Body::from(bytes),
            Err(rest) => {
                pieces(&state.pool, axum::body::Bytes::new(), Box::new(rest), Some(length))
            }
        };
        put(&mut response, CONTENT_LENGTH, &length.to_string());
        response
    };
    if let Some(etag) = &etag {
        put(&mut response, ETAG, etag);
    }
    put(&mut response, ACCEPT_RANGES, "bytes");
    Ok(response)
}

/// A strong validator of what is sent: the digest of the payload, and what tells its forms apart.
fn etag_of(loaded: &Loaded, form: &str) -> Option<String> {
    let digest = loaded.holder().entry.digest?.to_string().replace(':', "-");
    Some(format!("\"{digest}{form}\""))
}

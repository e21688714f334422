//! A memento: a capture as it was, or made ready for a browser that shows it here.
//!
//! In reading order: the payload as it is sent (`payload`), the header fields (`headers`), a loaded capture
//! (`record`), the banner above a page (`banner`), a capture rewritten for a browser (`form`) and
//! answered (`shown`), what a browser made of a page (`rendered`), the answers (below). Which capture is sent is decided in
//! [`super::memento`]; what a page becomes by rewriting in [`crate::replay`].

mod banner;
mod form;
mod headers;
mod payload;
mod record;
mod rendered;
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
    Chosen, MEMENTO_DATETIME, Modifier, Neighbours, Use, choose, choose_part, is_second,
    memento_links, not_held, redirect, uri_m,
};
use super::original::in_header;
use super::range::{Part, asked_part, is_known};
use super::reply::{Refusal, put};
use super::request::{Asked, Site};
use crate::answers::removed;
use crate::archive::Capture;
use crate::base::TimeRange;

pub use banner::banner;
pub use form::Forms;
pub use record::{Record, Records};

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
        let reason = "a captured script cannot be a service worker of the archive";
        return Err(Refusal::new(StatusCode::FORBIDDEN, reason));
    }
    if shown::is_forbidden_script(state, &asked) {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "captured scripts do not run here"));
    }
    state
        .ask(move |state| {
            if modifier == Modifier::Rendered {
                return rendered::answer(state, &asked, at, &url);
            }
            let chosen = match modifier.is_part() {
                true => choose_part(state, &url, at)?,
                false => choose(state, &url, at, Use::Page)?,
            };
            // A capture that was removed by order is not replaced by another one.
            let second = at.filter(|range| is_second(*range));
            let exact = chosen.as_ref().is_some_and(|chosen| chosen.is_exact);
            if (second.is_some() || chosen.is_none()) && !exact && !modifier.is_part() {
                let removed = removed::of_page(&state.reader, &url, second)?;
                if let Some(removed) = removed {
                    return Err(Refusal::new(StatusCode::GONE, removed.text(&url)));
                }
            }
            let Some(chosen) = chosen else {
                return match modifier {
                    Modifier::Frame | Modifier::Banner => shown::missing(&asked, modifier),
                    _ if modifier.is_part() => shown::missing(&asked, modifier),
                    _ => Err(not_held(&url)),
                };
            };
            if !chosen.is_exact && !modifier.is_part() {
                // A memento is only answered at the address of its own second.
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
    let record = state.records.of(state, capture)?;
    if record.is_without_payload {
        return Err(match removed::of_capture(&state.reader, capture)? {
            Some(removed) => Refusal::new(StatusCode::GONE, removed.text(&capture.url)),
            None => record.payload_missing(),
        });
    }
    let around = match modifier.is_part() {
        true => None,
        false => Some(Neighbours::around(&state.reader, capture)?),
    };
    let mut response = match modifier {
        Modifier::Raw(_) => {
            let mut response = identity(state, asked, &record, record.archived.status)?;
            record.archived.put(&mut response, &asked.site, modifier, capture);
            response
        }
        _ => {
            let asked_for = at.map(|at| at.start).filter(|_| !chosen.is_exact);
            let around = around.as_ref();
            let showing = Showing { state, asked, modifier, capture, asked_for, around };
            showing.answer(&record)?
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

/// The content of a capture never changes; the nearest capture may change, and so may the frame of a page.
fn cache(chosen: &Chosen, modifier: Modifier) -> &'static str {
    let is_page = !modifier.is_part() && !matches!(modifier, Modifier::Raw(_));
    if chosen.is_exact && !is_page { "private, max-age=86400" } else { "private, no-cache" }
}

/// A page is linked with its neighbours; a part of a page, of which there are many, only with its TimeGate and TimeMap.
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
///
/// # Errors
/// When it cannot be read.
pub fn identity(
    state: &Arc<Serve>,
    asked: &Asked,
    record: &Arc<Record>,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let payload = record.sent(state, asked.header("accept-encoding"))?;
    let (etag, varies) = (record.etag(payload.mark()), payload.varies());
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
        if let Some(coding) = payload.coding() {
            put(&mut response, CONTENT_ENCODING, coding);
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
    if varies {
        put(&mut response, VARY, "accept-encoding");
    }
    put(&mut response, ACCEPT_RANGES, "bytes");
    Ok(response)
}

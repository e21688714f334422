//! One request of the replay proxy: which capture answers it, and what is sent of it.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};

use super::fields::{self, Preflight};
use super::missing::{Why, missing};
use super::posted::{self, Posted};
use super::{Missing, Moment, Shared};
use crate::archive::Capture;
use crate::base::{TargetUri, TimeRange, Timestamp};
use crate::serve::Serve;
use crate::serve::memento::{MEMENTO_DATETIME, Use, accept_datetime, choose, choose_part};
use crate::serve::replay::{Record, identity};
use crate::serve::reply::{Refusal, put};
use crate::serve::request::{Asked, Site};

/// The longest body of a request that is compared: JSON beyond has no key of its own either.
const BODY_BYTES_MAX: usize = 4 << 20;

/// A request, once its body is read.
struct Wanted {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Bytes,
    at: Option<TimeRange>,
}

/// Answers a request for an address.
pub(super) async fn answer(request: Request<Body>, url: &str, shared: &Arc<Shared>) -> Response {
    let (parts, body) = request.into_parts();
    let (method, headers) = (parts.method, parts.headers);
    let at = match moment(shared.moment, &headers) {
        Ok(at) => at.map(second_of),
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(uri) = TargetUri::parse(url) else {
        return report_missing(shared, &method, url, &headers, Why::NoAddress);
    };
    if headers.contains_key("upgrade") {
        return report_missing(shared, &method, url, &headers, Why::Socket);
    }
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return report_missing(shared, &method, url, &headers, Why::LongBody);
    };
    let url = uri.without_fragment().as_str().to_owned();
    let wanted = Wanted { method, url, headers, body, at };
    let (method, url, headers) =
        (wanted.method.clone(), wanted.url.clone(), wanted.headers.clone());
    match shared.state.ask(move |state| found(state, &wanted)).await {
        Ok(Ok(mut response)) => {
            shared.note_answered();
            if shared.moment != Moment::Asked {
                // A page sees only what its server sent.
                response.headers_mut().remove(MEMENTO_DATETIME);
            }
            response
        }
        Ok(Err(why)) => report_missing(shared, &method, &url, &headers, why),
        Err(refusal) => refusal.into_response(),
    }
}

/// The answer for a missing capture, which is counted.
fn report_missing(
    shared: &Shared,
    method: &Method,
    url: &str,
    headers: &HeaderMap,
    why: Why,
) -> Response {
    let url: String = url.chars().take(4_000).collect();
    shared.note_missing(Missing {
        method: method.to_string(),
        url: url.clone(),
        why: why.to_string(),
    });
    missing(&url, headers, why, "")
}

/// The answer from the archive, or why there is none.
fn found(state: &Arc<Serve>, wanted: &Wanted) -> Result<Result<Response, Why>, Refusal> {
    let Wanted { method, url, headers, at, .. } = wanted;
    let capture = match *method {
        Method::GET | Method::HEAD => read(state, url, headers, *at)?,
        Method::OPTIONS if headers.contains_key("access-control-request-method") => {
            // A CORS preflight: recording programs seldom capture them.
            return Ok(match Preflight::of(headers) {
                Some(preflight) if choose_part(state, url, *at)?.is_some() => {
                    Ok(preflight.response())
                }
                _ => Err(Why::NotHeld),
            });
        }
        _ => {
            let media_type = headers.get("content-type").and_then(|value| value.to_str().ok());
            let posted = Posted::new(method.as_str(), url, media_type, &wanted.body);
            match posted::find(state, &posted, *at)? {
                Some(capture) => Some(capture),
                None => return Ok(Err(Why::NotPosted)),
            }
        }
    };
    let Some(capture) = capture else { return Ok(Err(Why::NotHeld)) };
    let record = state.records.of(state, &capture)?;
    if record.is_without_payload {
        return Ok(Err(Why::PayloadElsewhere));
    }
    sent(state, wanted, &capture, &record).map(Ok)
}

/// The capture that answers a request without a body.
fn read(
    state: &Arc<Serve>,
    url: &str,
    headers: &HeaderMap,
    at: Option<TimeRange>,
) -> Result<Option<Capture>, Refusal> {
    let dest = headers.get("sec-fetch-dest").and_then(|value| value.to_str().ok());
    // A program that does not declare a destination gets a page.
    let is_page = matches!(dest, None | Some("document" | "iframe" | "frame" | "object" | "embed"));
    let chosen = match is_page {
        true => choose(state, url, at, Use::Page)?,
        false => choose_part(state, url, at)?,
    };
    Ok(chosen.map(|chosen| chosen.capture))
}

/// A capture as its server sent it: status, header fields, payload.
fn sent(
    state: &Arc<Serve>,
    wanted: &Wanted,
    capture: &Capture,
    record: &Arc<Record>,
) -> Result<Response, Refusal> {
    let mut headers = wanted.headers.clone();
    let captured_range = fields::range_of(record);
    let mut status = record.archived.status;
    if let Some(range) = captured_range {
        if range.is_whole() {
            // The capture is complete, so any part can be sent.
            status = StatusCode::OK;
        } else {
            headers.remove("range");
        }
    }
    let asked = Asked { path: String::new(), query: None, headers, site: nowhere() };
    let mut response = identity(state, &asked, record, status)?;
    fields::replace(&mut response, record, &wanted.headers);
    put(&mut response, MEMENTO_DATETIME, &capture.date.to_http_date());
    Ok(response)
}

/// A placeholder: a proxy has no address of its own in its answers.
fn nowhere() -> Site {
    Site {
        scheme: "http".to_owned(),
        host: String::new(),
        base: String::new(),
        is_replay: true,
        replay: None,
        reader: None,
    }
}

/// The time that a request is answered for; none for the newest.
fn moment(moment: Moment, headers: &HeaderMap) -> Result<Option<Timestamp>, Refusal> {
    match (moment, headers.get("accept-datetime")) {
        (Moment::Fixed(at), _) => Ok(Some(at)),
        (Moment::Asked, None) => Ok(None),
        (Moment::Asked, Some(value)) => {
            accept_datetime(value.to_str().unwrap_or_default()).map(Some)
        }
    }
}

/// The second that a time is in: captures of that second are exact.
pub(super) fn second_of(at: Timestamp) -> TimeRange {
    let start = at.floor_second();
    TimeRange { start, end: start.plus(std::time::Duration::from_secs(1)) }
}

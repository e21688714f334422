//! A request at a rerouted origin: which capture answers it, and how.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, LOCATION, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};

use super::{IsRerouted, SERVICE_WORKER_ALLOWED, add, frame_root, origins, script_response};
use crate::base::TargetUri;
use crate::http::Head;
use crate::replay::headers::Status;
use crate::replay::reroute::{self, Dest, Rerouting, SCRIPT_PATH};
use crate::replay::{self, Captured, Origins, Place, policy};
use crate::serve::Serve;
use crate::serve::memento::{Use, choose, choose_part};
use crate::serve::original::in_header;
use crate::serve::page_info::page_info;
use crate::serve::replay::{Record, identity};
use crate::serve::replay_proxy::{MISSING, Posted, Preflight, Why, find_posted, missing};
use crate::serve::reply::{Refusal, put, with_type};
use crate::serve::request::{Asked, Site};

/// The longest body of a request that is compared.
const BODY_BYTES_MAX: usize = 4 << 20;

/// A request, once its body is read.
struct Wanted {
    method: Method,
    url: TargetUri,
    headers: HeaderMap,
    body: Bytes,
    place: Place,
    origins: Origins,
    site: Site,
}

/// The answer at a rerouted origin.
pub async fn answer(
    state: &Arc<Serve>,
    place: Place,
    site: Site,
    request: Request<Body>,
) -> Response {
    let mut response = match origins(&state.options, &site) {
        Some(origins) => answered(state, place, site, origins, request).await,
        None => Refusal::missing("the rerouted view is off").into_response(),
    };
    response.extensions_mut().insert(IsRerouted);
    response
}

async fn answered(
    state: &Arc<Serve>,
    place: Place,
    site: Site,
    origins: Origins,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let frame = frame_origin(&origins, &site);
    let field = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let (dest, worker) = (field("sec-fetch-dest"), field("service-worker"));
    if parts.uri.path() == SCRIPT_PATH {
        let mut response = script_response(&state.options);
        put(&mut response, SERVICE_WORKER_ALLOWED, "/");
        return guarded(response, &origins, &frame);
    }
    if policy::is_service_worker(worker, dest) {
        let reason = "a captured script cannot be a service worker of the archive";
        return Refusal::new(StatusCode::FORBIDDEN, reason).into_response();
    }
    let path = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let url = TargetUri::parse(&format!("{}{path}", place.origin()));
    match dest {
        // Without Sec-Fetch-Dest it is not known that the answer stays in the frame.
        None => {
            let reason = "this view needs a browser that sends Sec-Fetch-Dest";
            return Refusal::new(StatusCode::FORBIDDEN, reason).into_response();
        }
        Some("document") => {
            let url = url.map_or_else(|_| place.origin(), |url| url.as_str().to_owned());
            let root = frame_root(&origins, &site);
            let mut response = StatusCode::FOUND.into_response();
            let to = format!("{root}/rerouted/{}/{}", place.stamp, in_header(&url));
            put(&mut response, LOCATION, &to);
            put(&mut response, CACHE_CONTROL, "no-store");
            return guarded(response, &origins, &frame);
        }
        Some(_) => {}
    }
    if parts.uri.path() == "/.pressmark/start" {
        let page = format!(
            "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Opening</title>\
             <script src=\"{SCRIPT_PATH}\" data-role=\"start\"></script>"
        );
        let mut response = with_type(StatusCode::OK, "text/html; charset=utf-8", page);
        put(&mut response, CACHE_CONTROL, "no-store");
        return guarded(response, &origins, &frame);
    }
    let respond = |why: Why, url: &str| {
        // In a frame, this page notifies the frame around the view.
        let script = format!("<script src=\"{SCRIPT_PATH}\" data-role=\"missing\"></script>");
        let mut response = missing(url, &parts.headers, why, &script);
        // The reason is not content of any site: every origin of the archive may read it.
        if let Some(origin) = own_origin(&origins, &parts.headers) {
            put(&mut response, ACCESS_CONTROL_ALLOW_ORIGIN, &origin);
            put(&mut response, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            put(&mut response, ACCESS_CONTROL_EXPOSE_HEADERS, MISSING.as_str());
            put(&mut response, VARY, "origin");
        }
        guarded(response, &origins, &frame)
    };
    let Ok(url) = url else { return respond(Why::NoAddress, path) };
    if parts.headers.contains_key("upgrade") {
        return respond(Why::Socket, url.as_str());
    }
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return respond(Why::LongBody, url.as_str());
    };
    let (method, headers) = (parts.method.clone(), parts.headers.clone());
    let name = url.as_str().to_owned();
    let wanted =
        Wanted { method, url, headers, body, place, origins: origins.clone(), site: site.clone() };
    match state.ask(move |state| found(state, &wanted)).await {
        Ok(Ok(response)) => response,
        Ok(Err(why)) => respond(why, &name),
        Err(refusal) => guarded(refusal.into_response(), &origins, &frame),
    }
}

/// The origin of the frames.
fn frame_origin(origins: &Origins, site: &Site) -> String {
    format!("{}://{}", site.scheme, origins.base())
}

/// An answer of the server with the policy of the view.
fn guarded(mut response: Response, origins: &Origins, frame: &str) -> Response {
    for (name, value) in reroute::guarding(origins, frame) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The `Origin` of a request, where it is one of these.
fn own_origin(origins: &Origins, headers: &HeaderMap) -> Option<String> {
    let origin = headers.get("origin")?.to_str().ok()?;
    origins.place_of(origin).map(|_| origin.to_owned())
}

fn found(state: &Arc<Serve>, wanted: &Wanted) -> Result<Result<Response, Why>, Refusal> {
    let Wanted { method, url, headers, place, .. } = wanted;
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let dest = match field("x-pressmark-dest") {
        // Our service worker passes on the destination of the page's request: its own request does not have it.
        Some(dest) if field("sec-fetch-dest") == Some("empty") => {
            Dest::of(Some(dest), Some("same-origin"))
        }
        _ => Dest::of(field("sec-fetch-dest"), field("sec-fetch-mode")),
    };
    let (at, text) = (place.at(), url.as_str());
    let capture = match *method {
        Method::GET | Method::HEAD if dest == Dest::Page => choose(state, text, at, Use::Page)?,
        Method::GET | Method::HEAD => choose_part(state, text, at)?,
        Method::OPTIONS if headers.contains_key("access-control-request-method") => {
            let is_own = own_origin(&wanted.origins, headers).is_some();
            return Ok(match Preflight::of(headers) {
                Some(preflight) if is_own && choose_part(state, text, at)?.is_some() => {
                    Ok(preflight.response())
                }
                _ => Err(Why::NotHeld),
            });
        }
        _ => {
            let posted = Posted::new(method.as_str(), text, field("content-type"), &wanted.body);
            return match find_posted(state, &posted, at)? {
                Some(capture) => {
                    let record = state.records.of(state, &capture)?;
                    sent(state, wanted, &record, dest)
                }
                None => Ok(Err(Why::NotPosted)),
            };
        }
    }
    .map(|chosen| chosen.capture);
    let Some(capture) = capture else { return Ok(Err(Why::NotHeld)) };
    let record = state.records.of(state, &capture)?;
    if record.is_without_payload {
        return Ok(Err(Why::PayloadElsewhere));
    }
    sent(state, wanted, &record, dest)
}

/// A capture as the view sends it.
fn sent(
    state: &Arc<Serve>,
    wanted: &Wanted,
    record: &Arc<Record>,
    dest: Dest,
) -> Result<Result<Response, Why>, Refusal> {
    let Wanted { headers, origins, site, place, url, .. } = wanted;
    let frame = frame_origin(origins, site);
    if dest == Dest::Worker && record.archived.status.is_success() {
        let script = reroute::worker_script();
        let response = with_type(StatusCode::OK, "text/javascript; charset=utf-8", script);
        return Ok(Ok(guarded(response, origins, &frame)));
    }
    let head = Head::parse(&record.archived.head());
    let prefix = record.prefix()?;
    let stands = origins.origin_of(&place.stamp, url.url()).unwrap_or_else(|| frame.clone());
    let own = replay::Site::new(&stands, "").map_err(|why| Refusal::bad(why.to_string()))?;
    let hosts = match dest {
        Dest::Page => hosts_of(state, record)?,
        _ => Vec::new(),
    };
    let how = Rerouting {
        origins,
        site: &own,
        target: url,
        stamp: &place.stamp,
        dest,
        hosts: &hosts,
        frame: &frame,
    };
    let mut made = reroute::answer(&Captured { head: &head, prefix: &prefix }, how);
    let Status::Kept(status) = made.status else { return Ok(Err(Why::NotHeld)) };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut response = if made.body.is_identity() {
        as_captured(state, headers, record, status)?
    } else {
        let payload = record.decoded(state)?;
        let mut bytes = made.body.push(&payload);
        bytes.extend(made.body.finish());
        if !made.status.has_body() {
            bytes.clear();
        }
        let mut response = Response::new(Body::from(bytes));
        *response.status_mut() = status;
        response
    };
    for (name, value) in &made.headers {
        add(&mut response, name, value);
    }
    put(&mut response, CACHE_CONTROL, "private, no-cache");
    allow(&mut response, wanted, record);
    Ok(Ok(response))
}

/// The payload as it was captured, a range of it where one is asked for, without any field but those of its form.
fn as_captured(
    state: &Arc<Serve>,
    headers: &HeaderMap,
    record: &Arc<Record>,
    status: StatusCode,
) -> Result<Response, Refusal> {
    let nowhere = Site {
        scheme: "http".to_owned(),
        host: String::new(),
        base: String::new(),
        is_replay: true,
        replay: None,
        reader: None,
    };
    let asked = Asked { path: String::new(), query: None, headers: headers.clone(), site: nowhere };
    let mut response = identity(state, &asked, record, status)?;
    let made = std::mem::take(response.headers_mut());
    for name in [CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE] {
        if let Some(value) = made.get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    Ok(response)
}

/// Lets a page of another captured site read an answer if the captured server did, but no page of the live web.
fn allow(response: &mut Response, wanted: &Wanted, record: &Record) {
    let Some(origin) = own_origin(&wanted.origins, &wanted.headers) else { return };
    let asks = wanted.origins.place_of(&origin).map(|place| place.origin());
    let text = |name: &str| {
        let value = record.archived.get(name)?;
        Some(String::from_utf8_lossy(value).trim().to_owned())
    };
    let is_allowed = match text("access-control-allow-origin") {
        Some(allowed) => allowed == "*" || Some(&allowed) == asks.as_ref(),
        None => text("vary").is_some_and(|value| {
            value.split(',').any(|name| name.trim().eq_ignore_ascii_case("origin"))
        }),
    };
    if is_allowed {
        put(response, ACCESS_CONTROL_ALLOW_ORIGIN, &origin);
        put(response, ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        let exposed = text("access-control-expose-headers").unwrap_or_default();
        if !exposed.is_empty() && exposed != "*" {
            put(response, ACCESS_CONTROL_EXPOSE_HEADERS, &exposed);
        }
        response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    }
}

/// The captured origins that modules of a page may name: those in its markup, and those of the parts that it had
/// when it was rendered.
fn hosts_of(state: &Serve, record: &Arc<Record>) -> Result<Vec<String>, Refusal> {
    let mut hosts = reroute::origins_in(&record.decoded(state)?);
    if let Some(bytes) = page_info(&state.reader, record.capture()) {
        hosts.extend(reroute::origins_in(&bytes));
        hosts.sort();
        hosts.dedup();
        hosts.truncate(reroute::ORIGINS_MAX);
    }
    Ok(hosts)
}

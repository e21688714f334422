//! The web reader: each of its addresses is answered by [`crate::reader`], in the pool.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, ETAG, LOCATION, SET_COOKIE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::Serve;
use super::page_site::page_site;
use super::params::{Params, wrong};
use super::range::is_known;
use super::reply::{Refusal, put, with_type};
use super::request::{self, Asked};
use crate::answers::absent::absent;
use crate::answers::pictures;
use crate::base::{DigestAlgorithm, Timestamp};
use crate::reader::{Cache, PATHS, PageAnswer, PageRequest, SEEN_COOKIE, SEEN_PATH, answer};
use crate::render::web::{self, PLAIN_POLICY, POLICY, Site};

/// How long a browser keeps what was marked as seen, in seconds: two years.
const SEEN_SECONDS: u64 = 2 * 365 * 86_400;

/// Every address of the reader.
pub fn routes() -> Router<Arc<Serve>> {
    let all = PATHS.iter().fold(Router::new(), |router, path| router.route(path, get(page)));
    all.route(SEEN_PATH, post(mark)).route("/picture", get(picture))
}

/// A page.
async fn page(State(state): State<Arc<Serve>>, asked: Asked) -> Result<Response, Refusal> {
    let parameters = Params::parse(asked.query.as_deref());
    let known = asked.clone();
    let (found, base) =
        state.ask(move |state| Ok(found(state, &asked, &parameters, false))).await?;
    Ok(sent(&found, &base, &known))
}

/// The picture of a page that was made at a time. It never changes under its address and has no active content.
async fn picture(State(state): State<Arc<Serve>>, asked: Asked) -> Result<Response, Refusal> {
    let parameters = Params::parse(asked.query.as_deref());
    let read = state.ask(move |state| {
        let (url, at) = (parameters.needed("url")?, parameters.needed("at")?);
        let at = Timestamp::parse(at).ok_or_else(|| wrong("at", "a time", at))?;
        Ok(pictures::picture(&state.archive, url, at)?)
    });
    let mut response = with_type(StatusCode::OK, "image/png", read.await?);
    let headers = response.headers_mut();
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(CACHE_CONTROL, kept);
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PLAIN_POLICY));
    Ok(response)
}

/// Marks changes as seen. Only a form of the reader's own pages may do that.
async fn mark(
    State(state): State<Arc<Serve>>,
    asked: Asked,
    form: Bytes,
) -> Result<Response, Refusal> {
    if !is_own(&asked) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "this form can only be sent from the reader's own pages",
        ));
    }
    let form = String::from_utf8_lossy(&form).into_owned();
    let parameters = Params::parse(Some(&form));
    let known = asked.clone();
    let (found, base) = state.ask(move |state| Ok(found(state, &asked, &parameters, true))).await?;
    Ok(sent(&found, &base, &known))
}

/// Whether a form was sent by a page of this server (Fetch Metadata; else the `Origin` of the form, which
/// browsers send with every POST).
fn is_own(asked: &Asked) -> bool {
    if let Some(from) = asked.header("sec-fetch-site") {
        return matches!(from, "same-origin" | "none");
    }
    let own = format!("{}://{}", asked.site.scheme, asked.site.host);
    asked.header("origin").is_none_or(|origin| origin == own)
}

fn site(state: &Serve, own: &request::Site) -> Site {
    page_site(&state.options, own, state.clock().now())
}

/// A refusal as a page for a person. For a page that is not held it says why, and what is held near it.
pub async fn refused(state: &Arc<Serve>, own: &request::Site, refusal: &Refusal) -> Response {
    let (status, site) = (refusal.status, site(state, own));
    let mut page = None;
    if let Some(url) = refusal.absent.clone() {
        let site = site.clone();
        // If the details cannot be read, only the refusal is shown.
        let details = state.ask(move |state| {
            let found = absent(&state.archive, &url)?;
            Ok(found.map(|found| web::absent(&site, &found)))
        });
        page = details.await.ok().flatten();
    }
    let page = page.unwrap_or_else(|| web::error(&site, status.as_u16(), &refusal.reason));
    refusal_page(status, page, POLICY)
}

/// The same without content of the archive, for clients that may not read it, and for the replay origin, which
/// has only a link to the reader.
pub fn refused_plainly(state: &Serve, own: &request::Site, refusal: &Refusal) -> Response {
    let site = site(state, own);
    let page = web::plain_error(
        &site,
        refusal.status.as_u16(),
        &refusal.reason,
        refusal.absent.as_deref(),
    );
    refusal_page(refusal.status, page, PLAIN_POLICY)
}

fn refusal_page(status: StatusCode, page: String, policy: &'static str) -> Response {
    let mut response = with_type(status, "text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

fn found(state: &Serve, asked: &Asked, parameters: &Params, is_post: bool) -> (PageAnswer, String) {
    let own = &asked.site;
    let site = site(state, own);
    let cookie = seen(asked);
    let request = PageRequest {
        is_post,
        path: &asked.path,
        parameters: parameters.pairs(),
        seen: cookie.as_deref(),
    };
    (answer(&state.archive, &site, &request), own.base.clone())
}

/// What this browser has marked as seen.
fn seen(asked: &Asked) -> Option<String> {
    let cookies = asked.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    let found =
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == SEEN_COOKIE);
    found.map(|(_, value)| value.to_owned())
}

/// The answer with its headers; 304 if the client has it.
fn sent(found: &PageAnswer, base: &str, asked: &Asked) -> Response {
    let digest = DigestAlgorithm::Sha256.digest(found.body.as_bytes());
    let mark: String =
        digest.as_bytes().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{mark}\"");
    let status = StatusCode::from_u16(found.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if found.status == 200 && is_known(&asked.headers, Some(&etag), None) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        with_type(status, found.content_type, found.body.clone())
    };
    let cache = match found.cache {
        Cache::Forever => "public, max-age=31536000, immutable",
        // Always revalidated, so that the newest capture is included.
        Cache::None => "no-cache",
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if found.status == 200 {
        put(&mut response, ETAG, &etag);
    }
    if found.content_type.starts_with("text/html") {
        response
            .headers_mut()
            .insert(HeaderName::from_static("vary"), HeaderValue::from_static("Cookie"));
    }
    if let Some(location) = &found.location {
        put(&mut response, LOCATION, location);
    }
    if let Some(seen) = &found.seen {
        let secure = if asked.site.scheme == "https" { "; Secure" } else { "" };
        let cookie = format!(
            "{SEEN_COOKIE}={seen}; Path={base}/changes; Max-Age={SEEN_SECONDS}; HttpOnly; SameSite=Strict{secure}"
        );
        put(&mut response, SET_COOKIE, &cookie);
    }
    response
}

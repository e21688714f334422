//! Memento (RFC 7089): the TimeGate, TimeMaps and mementos, all below `/web/`.
//!
//! In reading order: parsing an address below `/web/` (`target`), selecting the capture (`find`), the
//! `Link` header (`links`), the answers (`timegate`, `timemap`; a memento itself is made by
//! [`super::replay`]).

mod find;
mod links;
mod target;
mod timegate;
mod timemap;

pub use find::{Chosen, Use, choose, choose_part, is_second, is_without_payload, mementos};
pub use links::{Neighbours, memento_links, uri_m};
pub use target::{Modifier, Target};
pub use timegate::accept_datetime;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION, VARY};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Serve;
use super::replay;
use super::reply::{Refusal, put};
use super::request::Asked;

/// `Accept-Datetime`
pub const ACCEPT_DATETIME: &str = "accept-datetime";
/// `Memento-Datetime`
pub const MEMENTO_DATETIME: HeaderName = HeaderName::from_static("memento-datetime");

/// Everything below `/web/`.
pub async fn web(State(state): State<Arc<Serve>>, asked: Asked) -> Response {
    let rest = asked.path.strip_prefix("/web").unwrap_or_default();
    let rest = rest.strip_prefix('/').unwrap_or(rest).to_owned();
    let target = Target::of(&rest, asked.query.as_deref());
    let is_timegate = matches!(target, Ok(Target::TimeGate { .. }));
    let answer = match target {
        Ok(Target::TimeGate { url }) => timegate::answer(&state, asked, url).await,
        Ok(Target::TimeMap { form, from, url }) => {
            timemap::answer(&state, asked, form, from, url).await
        }
        Ok(Target::Memento { at, modifier, url }) => {
            replay::answer(&state, asked, at, modifier, url).await
        }
        Ok(Target::Calendar { url }) => Ok(to_page(&asked, &url)),
        Err(refusal) => Err(refusal),
    };
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    if is_timegate {
        // Every answer of a TimeGate depends on the requested time (RFC 7089 section 4.5).
        put(&mut response, VARY, ACCEPT_DATETIME);
    }
    response
}

/// `/web/*/URL`: the page's own page in the reader.
fn to_page(asked: &Asked, url: &str) -> Response {
    redirect(&format!("{}{}", asked.site.root(), page_path(url)))
}

/// The reader's page of an address; for `http://a.example/x*` the one that lists addresses with that prefix.
fn page_path(url: &str) -> String {
    let page = if url.ends_with('*') { "/search?q=" } else { "/page?url=" };
    let url: String = url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
    format!("{page}{url}")
}

/// A temporary redirect (302).
pub fn redirect(location: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    put(&mut response, LOCATION, location);
    put(&mut response, CACHE_CONTROL, "no-cache");
    response
}

/// The refusal of a page of which nothing is held.
pub fn not_held(url: &str) -> Refusal {
    let short: String = url.chars().take(500).collect();
    let refusal = Refusal::missing(format!("no capture of {short}"));
    Refusal { absent: Some(url.to_owned()), ..refusal }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_asks_for_a_list() {
        assert_eq!(page_path("http://a.example/x"), "/page?url=http%3A%2F%2Fa.example%2Fx");
        assert_eq!(page_path("http://a.example/x*"), "/search?q=http%3A%2F%2Fa.example%2Fx*");
    }
}

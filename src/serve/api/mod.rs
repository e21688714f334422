//! `/api/…`: what the command line prints (`answers`) and the pages of the reader show (`reader`), as JSON, and
//! the document that describes it. One table
//! ([`table`]) defines the endpoints, with their parameters and schemas; the answers, the check of
//! parameters and the OpenAPI document are all derived from it.
//!
//! One thing is an object; a list is JSON Lines, written while it is read, into a spool (`spool`) so that the
//! archive never waits for a client.

mod answers;
mod openapi;
mod reader;
mod spool;
mod table;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use axum::response::Response;
use axum::routing::get;

use super::Serve;
use super::params::Params;
use super::reply::{Refusal, put, with_type};
use super::request::Asked;

use spool::{Spool, Writer};
use table::{ENDPOINTS, Endpoint, Kind};

/// The addresses of the API.
pub fn router() -> Router<Arc<Serve>> {
    Router::new().route("/api/openapi.json", get(document)).route("/api/{name}", get(answer))
}

async fn document(asked: Asked) -> Response {
    let text = openapi::document(&asked.site.root());
    let mut response = with_type(StatusCode::OK, "application/json", text);
    put(&mut response, CACHE_CONTROL, "no-cache");
    response
}

async fn answer(
    State(state): State<Arc<Serve>>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    let endpoint = ENDPOINTS
        .iter()
        .find(|endpoint| endpoint.name == name)
        .ok_or_else(|| Refusal::missing("unknown endpoint; /api/openapi.json lists them all"))?;
    let params = Params::parse(asked.query.as_deref());
    endpoint.check(&params)?;
    let body = spooled(&state, endpoint, params).await?;
    let mut response = with_type(StatusCode::OK, endpoint.kind.media_type(), body);
    if matches!(endpoint.kind, Kind::File(_)) {
        put(&mut response, CONTENT_DISPOSITION, "attachment; filename=\"evidence.zip\"");
    }
    put(&mut response, CACHE_CONTROL, "no-cache");
    Ok(response)
}

/// The answer, sent while it is written. An error before its first byte sets the status; after that the
/// connection is cut.
async fn spooled(
    state: &Arc<Serve>,
    endpoint: &'static Endpoint,
    params: Params,
) -> Result<axum::body::Body, Refusal> {
    let spool = Spool::default();
    let mut writer = Writer::new(spool.clone());
    let work = {
        let state = Arc::clone(state);
        async move {
            let pool = state.pool.clone();
            let done = pool.run(move || {
                let answered = (endpoint.answer)(&state, &params, &mut writer);
                writer.end(answered);
            });
            done.await
        }
    };
    let ended = spool.clone();
    tokio::spawn(async move {
        if let Err(why) = work.await {
            ended.fail(why.into());
        }
    });
    spool.begun().await?;
    Ok(spool.body())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_document_describes_every_question_and_nothing_else() {
        let document: serde_json::Value =
            serde_json::from_str(&openapi::document("http://a.example")).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
        let names: Vec<String> = ENDPOINTS.iter().map(|e| format!("/api/{}", e.name)).collect();
        assert_eq!(described, names.iter().map(String::as_str).collect());
        // Every reference has a target.
        let text = document.to_string();
        for (at, _) in text.match_indices("\"$ref\":\"") {
            let path = text[at + 8..].split('"').next().unwrap();
            let pointer = path.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{path}");
        }
        assert!(!text.contains("$schema") && !text.contains("$id"));
    }

    #[test]
    fn parameters_that_are_not_described_are_refused() {
        let endpoint = ENDPOINTS.iter().find(|e| e.name == "captures").unwrap();
        for (query, says) in [
            ("", "url is missing"),
            ("url=a&colour=red", "colour"),
            ("url=a&limit=x", "limit"),
            ("url=a&url=b", "url"),
        ] {
            let why = endpoint.check(&Params::parse(Some(query))).unwrap_err();
            assert!(why.reason.contains(says), "{query}: {}", why.reason);
        }
        assert!(endpoint.check(&Params::parse(Some("url=a&filter=x&filter=y"))).is_ok());
    }
}

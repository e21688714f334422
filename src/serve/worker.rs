//! `/worker/NAME` on the replay origin: the files of a client-side replay that the operator installed
//! (`serve.replay_worker`), such as a service worker and the page that starts it. None of them is ours.

use std::io::Read;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;

use super::Serve;
use super::reply::{Refusal, put, with_type};
use super::request::Asked;

/// A longer file is not part of a client-side replay.
const BYTES_MAX: u64 = 64 << 20;
const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");
/// The permissions of these files: run, and request from this origin.
const POLICY: &str =
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'";

/// A file of the directory, which has no folders.
pub async fn file(
    State(state): State<Arc<Serve>>,
    Path(name): Path<String>,
    asked: Asked,
) -> Result<Response, Refusal> {
    state
        .ask(move |state| {
            let missing = || Refusal::missing("no such file is installed here");
            let dir = state.options.replay_worker.as_ref().ok_or_else(missing)?;
            // A name is one component and not a hidden file.
            if name.starts_with('.') || name.contains(['/', '\\', '\0']) {
                return Err(missing());
            }
            let file = std::fs::File::open(dir.join(&name)).map_err(|_| missing())?;
            if !file.metadata().is_ok_and(|found| found.is_file()) {
                return Err(missing());
            }
            let mut bytes = Vec::new();
            file.take(BYTES_MAX)
                .read_to_end(&mut bytes)
                .map_err(|why| Refusal::failed(format!("reading {name}: {why}")))?;
            let mut response = with_type(StatusCode::OK, media_type(&name), bytes);
            put(&mut response, CONTENT_SECURITY_POLICY, POLICY);
            put(&mut response, SERVICE_WORKER_ALLOWED, &format!("{}/", asked.site.base));
            put(&mut response, CACHE_CONTROL, "no-cache");
            Ok(response)
        })
        .await
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

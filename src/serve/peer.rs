//! `POST /peer`: requests of the known peer archives.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderName, Request, StatusCode};
use axum::response::Response;

use super::Serve;
use super::reply::{Refusal, no_such_address, put, with_type};
use crate::app::peers::proving;
use crate::peer::message::{REQUEST_BYTES_MAX, SIGNATURE_FIELD};

const SIGNATURE: HeaderName = HeaderName::from_static(SIGNATURE_FIELD);

/// Answers a signed request; as for an unknown address if this archive has no peers.
pub async fn ask(
    State(state): State<Arc<Serve>>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let signature = request.headers().get(SIGNATURE).and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let body = to_bytes(request.into_body(), REQUEST_BYTES_MAX).await;
    let body = body.map_err(|_| Refusal::bad("the request is too long or incomplete"))?;
    let answered = state.ask(move |state| {
        let proving = || proving(&state.setup.settings);
        let now = state.clock().now();
        Ok(state.answering.answer(&state.archive, &proving, &body, &signature, now))
    });
    let Some(reply) = answered.await? else { return Err(no_such_address().await) };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = with_type(status, reply.media_type, reply.body);
    put(&mut response, CACHE_CONTROL, "no-store");
    if let Some(signature) = &reply.signature {
        put(&mut response, SIGNATURE, signature);
    }
    if let Some(wait) = reply.retry_after {
        put(&mut response, RETRY_AFTER, &wait.to_string());
    }
    Ok(response)
}

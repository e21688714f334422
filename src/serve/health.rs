//! `/healthz` and `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;

use super::Serve;
use super::reply::{Refusal, put, with_type};
use crate::archive::Query;

const PLAIN: &str = "text/plain; charset=utf-8";

/// `ok` if the index answers and no other part of the process reports a failure; else 503 and the failures.
pub async fn healthz(State(state): State<Arc<Serve>>) -> Response {
    let answers = state
        .ask(|state| {
            let first = Query { limit: Some(1), ..Query::everything() };
            Ok(state.reader.query(&first).next().transpose().map(drop)?)
        })
        .await;
    let mut ailments: Vec<String> = Vec::new();
    if let Err(Refusal { reason, .. }) = answers {
        ailments.push(format!("the archive is unavailable: {reason}"));
    }
    let mut complaints = Vec::new();
    if let Some(beside) = &state.beside {
        ailments.extend(beside.ailments());
        complaints = beside.complaints();
    }
    let status = if ailments.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    if ailments.is_empty() {
        ailments.push("ok".to_owned());
    }
    let lines: String =
        ailments.iter().chain(&complaints).map(|line| format!("{line}\n")).collect();
    let mut response = with_type(status, PLAIN, lines);
    put(&mut response, CACHE_CONTROL, "no-store");
    response
}

/// The counts, in Prometheus' text format.
pub async fn metrics(State(state): State<Arc<Serve>>) -> Response {
    let mut text = state.beside.as_ref().map_or_else(String::new, |beside| beside.metrics());
    text.push_str(&state.counts.render());
    let mut response = with_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", text);
    put(&mut response, CACHE_CONTROL, "no-store");
    response
}

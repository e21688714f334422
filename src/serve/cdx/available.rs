//! `/wayback/available`: the Wayback Machine's availability API. Whether a page is held, and its capture
//! closest to a time.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::Response;
use serde_json::json;

use super::super::Serve;
use super::super::memento::{Modifier, Use, choose, is_without_payload, uri_m};
use super::super::original::original;
use super::super::params::{Params, wrong};
use super::super::reply::{Refusal, put, with_type};
use super::super::request::Asked;
use crate::archive::RecordKind;
use crate::base::TimeRange;

/// The capture closest to a time, the newest without one; captures that are not errors are preferred.
pub async fn available(State(state): State<Arc<Serve>>, asked: Asked) -> Result<Response, Refusal> {
    state
        .ask(move |state| {
            let params = Params::parse(asked.query.as_deref());
            let given = params.needed("url")?;
            let url = original(given, None)?;
            let stamp = params.text("timestamp");
            let at = stamp.map(|text| {
                let range = TimeRange::from_digits(text).filter(|_| text.len() <= 14);
                range.ok_or_else(|| wrong("timestamp", "a time of 1 to 14 digits", text))
            });
            let chosen = choose(state, &url, at.transpose()?, Use::Part)?;
            let mut body = json!({"url": given, "archived_snapshots": {}});
            if let Some(stamp) = stamp {
                body["timestamp"] = stamp.into();
            }
            // A capture without its payload cannot be shown.
            let chosen = match chosen {
                Some(chosen) if is_without_payload(state, &chosen.capture)? => None,
                chosen => chosen,
            };
            if let Some(chosen) = chosen {
                let capture = &chosen.capture;
                let status = match (capture.status, capture.kind) {
                    (Some(status), _) => status.to_string(),
                    (None, RecordKind::Response) => "-".to_owned(),
                    (None, _) => "200".to_owned(),
                };
                body["archived_snapshots"]["closest"] = json!({
                    "status": status,
                    "available": true,
                    "url": uri_m(&asked.site, Modifier::None, capture),
                    "timestamp": capture.date.to_stamp14(),
                });
            }
            let mut response = with_type(StatusCode::OK, "application/json", format!("{body}\n"));
            put(&mut response, CACHE_CONTROL, "no-cache");
            Ok(response)
        })
        .await
}

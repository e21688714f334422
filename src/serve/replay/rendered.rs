//! The document that a browser made of a page (`/web/STAMPrd_/URL`): rewritten as a capture is, without a banner, and its
//! scripts never run. It is no memento, since no server ever sent it: no TimeGate leads here, and no TimeMap lists it.

use std::sync::Arc;

use axum::http::header::CACHE_CONTROL;
use axum::response::Response;

use super::super::Serve;
use super::super::memento::{Modifier, redirect};
use super::super::original::in_header;
use super::super::reply::{Refusal, put};
use super::super::request::{Asked, Site};
use super::shown::Showing;
use crate::archive::{Capture, Form};
use crate::base::TimeRange;

/// The rendering of a page at a time, the newest without one; another time than its own leads to its own address.
///
/// # Errors
/// When there is none, it cannot be read, or the archive cannot answer.
pub fn answer(
    state: &Arc<Serve>,
    asked: &Asked,
    at: Option<TimeRange>,
    url: &str,
) -> Result<Response, Refusal> {
    let found = state.reader.find_form(url, Form::Rendered, at.map(|at| at.start))?;
    let capture =
        found.ok_or_else(|| Refusal::missing(format!("there is no rendering of {url}")))?;
    if at != TimeRange::from_digits(&capture.date.to_stamp17()) {
        return Ok(redirect(&address(&asked.site, &capture)));
    }
    let record = state.records.of(state, &capture)?;
    let (modifier, capture) = (Modifier::Rendered, &capture);
    let showing = Showing { state, asked, modifier, capture, asked_for: None, around: None };
    let mut response = showing.answer(&record)?;
    put(&mut response, CACHE_CONTROL, "private, no-cache");
    Ok(response)
}

/// The address of a rendering. A second may have several: the fraction distinguishes them.
fn address(site: &Site, capture: &Capture) -> String {
    let (root, stamp) = (site.root(), capture.date.to_stamp17());
    let modifier = Modifier::Rendered.as_str();
    format!("{root}/web/{stamp}{modifier}/{}", in_header(&capture.url))
}

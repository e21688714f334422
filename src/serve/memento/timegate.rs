//! `/web/URL`: the TimeGate (RFC 7089 section 4, pattern 2.1). Always 302 if something is held, 404 if
//! nothing is, 410 if all was removed by order, 400 if the time is invalid; all of them vary with `Accept-Datetime`.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::LINK;
use axum::response::Response;

use super::super::Serve;
use super::super::reply::{Refusal, put};
use super::super::request::Asked;
use super::find::{Use, choose, is_without_payload};
use super::links::{Neighbours, memento_links, uri_m};
use super::target::Modifier;
use super::{ACCEPT_DATETIME, not_held, redirect};
use crate::answers::removed;
use crate::base::{TimeRange, Timestamp};

/// The answer of the TimeGate.
pub async fn answer(state: &Arc<Serve>, asked: Asked, url: String) -> Result<Response, Refusal> {
    let at = match asked.headers.get(ACCEPT_DATETIME) {
        None => None,
        Some(value) => Some(accept_datetime(value.to_str().unwrap_or_default())?),
    };
    state
        .ask(move |state| {
            let at = at.map(|at| TimeRange { start: at, end: at.plus(SECOND) });
            let chosen = choose(state, &url, at, Use::Near)?;
            let is_lost = match &chosen {
                Some(chosen) => is_without_payload(state, &chosen.capture)?,
                None => true,
            };
            if is_lost && let Some(removed) = removed::of_page(&state.reader, &url, None)? {
                return Err(Refusal::new(StatusCode::GONE, removed.text(&url)));
            }
            let Some(chosen) = chosen else { return Err(not_held(&url)) };
            let around = Neighbours::around(&state.reader, &chosen.capture)?;
            let mut response = redirect(&uri_m(&asked.site, Modifier::None, &chosen.capture));
            let links = memento_links(&asked.site, &url, &chosen.capture, &around, false);
            put(&mut response, LINK, &links);
            Ok(response)
        })
        .await
}

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

/// The time of an `Accept-Datetime`: RFC 1123 in GMT and nothing else (RFC 7089 section 2.1.1).
///
/// # Errors
/// When it is not such a time.
pub fn accept_datetime(text: &str) -> Result<Timestamp, Refusal> {
    let text = text.trim();
    // It has to be unchanged when printed again, which rejects a day 99 or a wrong weekday.
    Timestamp::parse_http_date(text).filter(|at| at.to_http_date() == text).ok_or_else(|| {
        let text: String = text.chars().take(100).collect();
        Refusal::bad(format!(
            "Accept-Datetime: expected a time such as \"Wed, 05 Nov 2025 00:00:00 GMT\", but found {text:?}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_is_rfc_1123_in_gmt() {
        for text in ["Wed, 05 Nov 2025 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"] {
            assert!(accept_datetime(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "Sun",
            "2025-11-05T00:00:00Z",
            "Wed, 05 Nov 2025 00:00:00 +0100",
            "Wed, 05 Nov 2025 00:00:00",
            "Tue, 05 Nov 2025 00:00:00 GMT",
            "Wed, 99 Nov 2025 00:00:00 GMT",
            "Wed, 5 Nov 2025 00:00:00 GMT",
            "Wed, 05 Nov 2025 24:00:00 GMT",
            "Wednesday, 05-Nov-25 00:00:00 GMT",
            "Wed Nov  5 00:00:00 2025",
        ] {
            assert!(accept_datetime(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_none(text in "\\PC{0,40}") {
            let _ = accept_datetime(&text);
        }
    }
}

//! How an answer is made, and how a refusal is reported.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::answers::AnswerError;
use crate::app::pool::PoolError;
use crate::archive::{ArchiveError, ArchiveErrorKind};
use crate::evidence::EvidenceError;
use crate::store::StoreError;

/// A request that is not answered, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// What could not be done and why, for a person.
    pub reason: String,
    /// The requested page, if the reason is that it is not held: a person gets details.
    pub absent: Option<String>,
}

impl Refusal {
    /// A refusal with that status.
    pub fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), absent: None }
    }

    /// The request is wrong.
    pub fn bad(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    /// It does not exist.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, reason)
    }

    /// The archive cannot answer.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
    }
}

impl From<PoolError> for Refusal {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Full => Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            PoolError::Broken => Self::failed(error.to_string()),
        }
    }
}

impl From<ArchiveError> for Refusal {
    fn from(error: ArchiveError) -> Self {
        let status = match error.kind {
            ArchiveErrorKind::Busy
            | ArchiveErrorKind::Gone
            | ArchiveErrorKind::Away
            | ArchiveErrorKind::Beside { is_away: true } => StatusCode::SERVICE_UNAVAILABLE,
            ArchiveErrorKind::ScanLimit { .. } | ArchiveErrorKind::Request => {
                StatusCode::BAD_REQUEST
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.why)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let status = match error.passes() {
            true => StatusCode::SERVICE_UNAVAILABLE,
            false => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl From<AnswerError> for Refusal {
    fn from(error: AnswerError) -> Self {
        let text = error.to_string();
        if error.passes() {
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, text);
        }
        match error {
            AnswerError::NoCapture(_)
            | AnswerError::OneVersion { .. }
            | AnswerError::NothingToCite { .. }
            | AnswerError::WordsMissing(_)
            | AnswerError::NoArticle { .. }
            | AnswerError::Evidence { why: EvidenceError::Unlogged { .. }, .. } => {
                Self::missing(text)
            }
            AnswerError::Removed { .. } => Self::new(StatusCode::GONE, text),
            AnswerError::Request(_) => Self::bad(text),
            AnswerError::PayloadElsewhere { .. }
            | AnswerError::Io { .. }
            | AnswerError::Evidence { .. }
            | AnswerError::Store { .. } => Self::failed(text),
        }
    }
}

impl IntoResponse for Refusal {
    /// A JSON object with the reason: programs read it, and people can.
    fn into_response(self) -> Response {
        let body = json!({"message": &self.reason, "status": self.status.as_u16()}).to_string();
        let mut response = with_type(self.status, "application/json", body + "\n");
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        // For handlers that make a page of it for a person.
        response.extensions_mut().insert(self);
        response
    }
}

/// A whole answer of that media type.
pub fn with_type(status: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// Adds a field whose value was made from data; does nothing if the value is not valid in a head.
pub fn put(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The answer for an unknown address.
pub async fn no_such_address() -> Refusal {
    Refusal::missing("there is nothing at this address")
}

/// The answer to a method that the address does not accept.
pub async fn wrong_method(method: Method) -> Refusal {
    let reason = format!("{} is not allowed here; use GET or HEAD", method.as_str());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason)
}

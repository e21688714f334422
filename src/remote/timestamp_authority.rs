//! One question to a time-stamp authority over HTTP (RFC 3161 section 3.4).
//!
//! It moves bytes and judges none of them: what a response proves is decided by the caller.

use std::time::Duration;

use super::client::{Route, client};

/// How long one question may take in all.
const TIME_MAX: Duration = Duration::from_secs(30);
/// The longest response that is read; one with a long chain has a tenth of it.
const RESPONSE_BYTES_MAX: usize = 128 * 1024;

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The client cannot be set up.
    #[error("setting up the client for time stamps: {0}")]
    Client(String),
    /// The authority could not be reached, or broke off.
    #[error("it could not be reached: {0}")]
    Unreached(String),
    /// It answered something else.
    #[error("it answered with status {0}")]
    Status(u16),
    /// It answered too much.
    #[error("its answer is longer than {RESPONSE_BYTES_MAX} bytes")]
    TooLong,
}

/// Asks time-stamp authorities.
#[derive(Debug, Clone)]
pub struct Asker(reqwest::Client);

impl Asker {
    /// A client that follows no redirect and uses no proxy but that of the route.
    ///
    /// # Errors
    /// When TLS or the proxy cannot be set up.
    pub fn new(user_agent: &str, route: &Route) -> Result<Self, AuthorityError> {
        client(user_agent, TIME_MAX, route).map(Self).map_err(AuthorityError::Client)
    }

    /// Sends a request and gives the response, both DER.
    ///
    /// # Errors
    /// When none came.
    pub async fn ask(&self, url: &str, request: Vec<u8>) -> Result<Vec<u8>, AuthorityError> {
        let unreached =
            |why: reqwest::Error| AuthorityError::Unreached(why.without_url().to_string());
        let sent = self
            .0
            .post(url)
            .header("content-type", "application/timestamp-query")
            .header("accept", "application/timestamp-reply")
            .body(request)
            .send()
            .await;
        let mut reply = sent.map_err(unreached)?;
        if reply.status() != reqwest::StatusCode::OK {
            return Err(AuthorityError::Status(reply.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(piece) = reply.chunk().await.map_err(unreached)? {
            if bytes.len() + piece.len() > RESPONSE_BYTES_MAX {
                return Err(AuthorityError::TooLong);
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

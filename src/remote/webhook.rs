//! One POST of a JSON message. The payload is described in `docs/reference/webhook.md`.

use std::time::Duration;

/// How long one attempt may take in all.
const ATTEMPT_TIME_MAX: Duration = Duration::from_secs(30);

/// Why a message did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The client cannot be set up.
    #[error("setting up the client for webhooks: {0}")]
    Client(String),
    /// The receiver could not be reached, or broke off.
    #[error("the receiver could not be reached: {0}")]
    Unreached(String),
    /// The receiver answered that it does not want it now; it may later.
    #[error("the receiver answered {status}")]
    Later {
        /// The status.
        status: u16,
        /// How long it asks to wait.
        wait: Option<Duration>,
    },
    /// The receiver answered that it does not want it at all.
    #[error("the receiver refused it with {status}")]
    Refused {
        /// The status.
        status: u16,
    },
}

impl WebhookError {
    /// Whether another attempt may help, and the pause that the receiver asked for.
    #[must_use]
    pub fn retry(&self) -> Option<Option<Duration>> {
        match self {
            Self::Client(_) | Self::Refused { .. } => None,
            Self::Unreached(_) => Some(None),
            Self::Later { wait, .. } => Some(*wait),
        }
    }
}

/// Posts messages.
#[derive(Debug, Clone)]
pub struct Poster(reqwest::Client);

impl Poster {
    /// A client that follows no redirect and uses no proxy of the environment.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(user_agent: &str) -> Result<Self, WebhookError> {
        super::client(user_agent, ATTEMPT_TIME_MAX)
            .map(Self)
            .map_err(|why| WebhookError::Client(why.to_string()))
    }

    /// Posts one message. `id` is the same for every attempt, so that a receiver can tell
    /// repetitions.
    ///
    /// # Errors
    /// When it did not arrive.
    pub async fn post(&self, url: &str, id: &str, body: &[u8]) -> Result<(), WebhookError> {
        let sent = self
            .0
            .post(url)
            .header("content-type", "application/json")
            .header("x-pressmark-delivery", id)
            .body(body.to_vec())
            .send()
            .await;
        // The URL may hold a key, so it is not repeated.
        let reply = sent.map_err(|why| WebhookError::Unreached(why.without_url().to_string()))?;
        let status = reply.status().as_u16();
        let wait = reply.headers().get("retry-after").and_then(|v| v.to_str().ok());
        let wait = wait.and_then(|v| v.trim().parse().ok()).map(Duration::from_secs);
        match status {
            200..=299 => Ok(()),
            408 | 425 | 429 | 500..=599 => Err(WebhookError::Later { status, wait }),
            _ => Err(WebhookError::Refused { status }),
        }
    }
}

//! One request to another archive's server.
//!
//! It moves bytes and judges none of them: what an answer proves is decided by the caller.

use std::time::Duration;

use super::client::{Route, client};

/// How long one request may take in all.
const TIME_MAX: Duration = Duration::from_secs(60);
/// The longest signature field that is read.
const SIGNATURE_BYTES_MAX: usize = 200;

/// What a peer answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The signature over it; empty where there is none.
    pub signature: String,
    /// For how long the peer wants not to be asked.
    pub retry_after: Option<Duration>,
}

/// Asks peers.
#[derive(Debug, Clone)]
pub struct PeerClient(reqwest::Client);

impl PeerClient {
    /// A client that follows no redirect and uses no proxy but that of the route.
    ///
    /// # Errors
    /// When TLS or the proxy cannot be set up, as text.
    pub fn new(user_agent: &str, route: &Route) -> Result<Self, String> {
        let client = client(user_agent, TIME_MAX, route).map(Self);
        client.map_err(|why| format!("setting up the client for peers: {why}"))
    }

    /// Sends a signed request to the server at `url`; the answer may have at most `bytes_max` bytes.
    ///
    /// # Errors
    /// When nothing came back, or too much, as text.
    pub async fn ask(
        &self,
        url: &str,
        field: &'static str,
        signature: &str,
        body: Vec<u8>,
        bytes_max: u64,
    ) -> Result<PeerAnswer, String> {
        let unreached =
            |why: reqwest::Error| format!("it could not be reached: {}", why.without_url());
        let url = format!("{}/peer", url.trim_end_matches('/'));
        let request = self.0.post(url).header("content-type", "application/json");
        let sent = request.header(field, signature).body(body).send().await;
        let mut reply = sent.map_err(unreached)?;
        let status = reply.status().as_u16();
        let text = |name: &str| reply.headers().get(name).and_then(|value| value.to_str().ok());
        let signature = text(field).unwrap_or_default();
        let signature = signature.get(..signature.len().min(SIGNATURE_BYTES_MAX));
        let signature = signature.unwrap_or_default().to_owned();
        let retry_after = text("retry-after").and_then(|value| value.parse().ok());
        let mut bytes = Vec::new();
        while let Some(piece) = reply.chunk().await.map_err(unreached)? {
            if bytes.len() as u64 + piece.len() as u64 > bytes_max {
                return Err(format!("its answer is longer than {bytes_max} bytes"));
            }
            bytes.extend_from_slice(&piece);
        }
        let retry_after = retry_after.map(Duration::from_secs);
        Ok(PeerAnswer { status, body: bytes, signature, retry_after })
    }
}

//! One question to a drand server over HTTP (docs.drand.love, "HTTP API").
//!
//! It moves bytes and judges none of them: what a round proves is decided by the caller.

use std::time::Duration;

use super::client::{Route, client};

/// How long one question may take in all: what waits for a round does not wait long.
const TIME_MAX: Duration = Duration::from_secs(3);
/// The longest answer that is read; a round has a tenth of it.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

/// Asks drand servers.
#[derive(Debug, Clone)]
pub struct Asker(reqwest::Client);

impl Asker {
    /// A client that follows no redirect and uses no proxy but that of the route.
    ///
    /// # Errors
    /// When TLS or the proxy cannot be set up, as text.
    pub fn new(user_agent: &str, route: &Route) -> Result<Self, String> {
        let client = client(user_agent, TIME_MAX, route).map(Self);
        client.map_err(|why| format!("setting up the client for drand: {why}"))
    }

    /// The newest round of a chain that the server below `prefix` has, as JSON.
    ///
    /// # Errors
    /// When none came, as text.
    pub async fn latest(&self, prefix: &str, chain_hex: &str) -> Result<Vec<u8>, String> {
        let unreached =
            |why: reqwest::Error| format!("it could not be reached: {}", why.without_url());
        let url = format!("{}/{chain_hex}/public/latest", prefix.trim_end_matches('/'));
        let sent = self.0.get(url).header("accept", "application/json").send().await;
        let mut reply = sent.map_err(unreached)?;
        if reply.status() != reqwest::StatusCode::OK {
            return Err(format!("it answered with status {}", reply.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(piece) = reply.chunk().await.map_err(unreached)? {
            if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(format!("its answer is longer than {ANSWER_BYTES_MAX} bytes"));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }
}

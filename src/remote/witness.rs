//! One question to a witness over HTTP (c2sp.org/tlog-witness, `add-checkpoint`).
//!
//! It moves bytes and judges none of them: what an answer proves is decided by the caller.

use std::time::Duration;

use super::client::{Route, client};

/// How long one question may take in all.
const TIME_MAX: Duration = Duration::from_secs(20);
/// The longest answer that is read: a hundred times what a witness with several keys sends.
const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Asks witnesses.
#[derive(Debug, Clone)]
pub struct Submitter(reqwest::Client);

impl Submitter {
    /// A client that follows no redirect and uses no proxy but that of the route.
    ///
    /// # Errors
    /// When TLS or the proxy cannot be set up, as text.
    pub fn new(user_agent: &str, route: &Route) -> Result<Self, String> {
        let client = client(user_agent, TIME_MAX, route).map(Self);
        client.map_err(|why| format!("setting up the client for witnesses: {why}"))
    }

    /// Submits a checkpoint with its proof below a submission prefix.
    ///
    /// # Errors
    /// When nothing came back, as text.
    pub async fn add_checkpoint(&self, prefix: &str, body: String) -> Result<Answer, String> {
        let unreached =
            |why: reqwest::Error| format!("it could not be reached: {}", why.without_url());
        let url = format!("{}/add-checkpoint", prefix.trim_end_matches('/'));
        let sent = self.0.post(url).header("content-type", "text/plain").body(body).send().await;
        let mut reply = sent.map_err(unreached)?;
        let status = reply.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(piece) = reply.chunk().await.map_err(unreached)? {
            if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
                return Err(format!("its answer is longer than {ANSWER_BYTES_MAX} bytes"));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(Answer { status, body: bytes })
    }
}

//! One question to a calendar of OpenTimestamps over HTTP.
//!
//! It moves bytes and judges none of them: what an answer proves is decided by the caller.

use std::time::Duration;

use data_encoding::HEXLOWER;

use super::client::{Route, client};

/// How long one question may take in all.
const TIME_MAX: Duration = Duration::from_secs(30);
/// The longest answer that is read: what a calendar sends has some hundred bytes, with a transaction some thousand.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// The form in which calendars answer.
const MEDIA_TYPE: &str = "application/vnd.opentimestamps.v1";

/// Asks calendars.
#[derive(Debug, Clone)]
pub struct Calendars(reqwest::Client);

impl Calendars {
    /// A client that follows no redirect and uses no proxy but that of the route.
    ///
    /// # Errors
    /// When TLS or the proxy cannot be set up, as text.
    pub fn new(user_agent: &str, route: &Route) -> Result<Self, String> {
        let client = client(user_agent, TIME_MAX, route).map(Self);
        client.map_err(|why| format!("setting up the client for calendars: {why}"))
    }

    /// Submits a digest below a calendar's address: the beginning of a proof.
    ///
    /// # Errors
    /// When none came, as text.
    pub async fn submit(&self, url: &str, digest: &[u8; 32]) -> Result<Vec<u8>, String> {
        let url = format!("{}/digest", url.trim_end_matches('/'));
        let sent = self.0.post(url).header("accept", MEDIA_TYPE).body(digest.to_vec());
        match answer(sent).await? {
            (200, bytes) => Ok(bytes),
            (status, _) => Err(format!("it answered with status {status}")),
        }
    }

    /// What a calendar has of a message by now; `None` where that is not in a block yet.
    ///
    /// # Errors
    /// When no answer came, as text.
    pub async fn rest(&self, url: &str, message: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let url = format!("{}/timestamp/{}", url.trim_end_matches('/'), HEXLOWER.encode(message));
        match answer(self.0.get(url).header("accept", MEDIA_TYPE)).await? {
            (200, bytes) => Ok(Some(bytes)),
            (404, _) => Ok(None),
            (status, _) => Err(format!("it answered with status {status}")),
        }
    }
}

async fn answer(sent: reqwest::RequestBuilder) -> Result<(u16, Vec<u8>), String> {
    let unreached = |why: reqwest::Error| format!("it could not be reached: {}", why.without_url());
    let mut reply = sent.send().await.map_err(unreached)?;
    let mut bytes = Vec::new();
    while let Some(piece) = reply.chunk().await.map_err(unreached)? {
        if bytes.len() + piece.len() > ANSWER_BYTES_MAX {
            return Err(format!("its answer is longer than {ANSWER_BYTES_MAX} bytes"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok((reply.status().as_u16(), bytes))
}

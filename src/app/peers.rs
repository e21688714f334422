//! Peers as the commands and the server need them: what the settings say of them, and the way to them.

use std::time::Duration;

use super::evidence::{authorities, options, witnesses};
use super::route::route;
use crate::config::{Settings, keys};
use crate::peer::answering::{AnsweringOptions, Proving};
use crate::peer::asking::{Answered, Ask};
use crate::peer::message::SIGNATURE_FIELD;
use crate::peer::{Answering, Peer};
use crate::remote::peer::PeerClient;
use crate::store::Layout;
use crate::witness::rate::Rate;

/// The longest wait for a peer that wants to be asked later; there is one wait.
const WAIT_MAX: Duration = Duration::from_secs(65);

/// What proofs for peers are made with.
///
/// # Errors
/// When the settings of the evidence log cannot be used, as text.
pub fn proving(settings: &Settings) -> Result<Proving, String> {
    let trust = authorities(settings)?.trust;
    Ok(Proving { log: options(settings), trust, policy: witnesses(settings)?.policy })
}

/// What answers the peers of an archive.
#[must_use]
pub fn answering(settings: &Settings, layout: &Layout) -> Answering {
    let per_minute = u32::try_from(settings.integer(keys::PEER_REQUESTS_PER_MINUTE));
    let per_minute = per_minute.unwrap_or(u32::MAX);
    let options = AnsweringOptions {
        requests: Rate { per_minute, burst: per_minute.max(4) },
        proof_bytes_max: settings.bytes(keys::PEER_PROOF_BYTES_MAX),
    };
    Answering::new(layout, options)
}

/// Sends requests to peers over HTTP, one at a time.
pub struct Courier {
    client: PeerClient,
    runtime: tokio::runtime::Runtime,
}

impl Courier {
    /// Not to be called inside a runtime.
    ///
    /// # Errors
    /// When the network cannot be set up, as text.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|why| why.to_string())?;
        let client = PeerClient::new(&settings.user_agent(), &route(settings))?;
        Ok(Self { client, runtime })
    }
}

impl Ask for Courier {
    fn ask(
        &self,
        peer: &Peer,
        body: &[u8],
        signature: &str,
        bytes_max: u64,
    ) -> Result<Answered, String> {
        let ask =
            || self.client.ask(&peer.url, SIGNATURE_FIELD, signature, body.to_vec(), bytes_max);
        self.runtime.block_on(async {
            let mut answer = ask().await?;
            if let Some(wait) = answer.retry_after.filter(|wait| *wait <= WAIT_MAX) {
                // A request that came too early was not accepted, so the same one can be sent later.
                tokio::time::sleep(wait).await;
                answer = ask().await?;
            }
            Ok(Answered { status: answer.status, body: answer.body, signature: answer.signature })
        })
    }
}

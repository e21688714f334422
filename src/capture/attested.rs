//! What a relay attests of a session: the connection is brought to its end, so that both sides have seen the same bytes, and
//! the relay's note is fetched.
//!
//! The note is kept as it came. Here it is only compared with the bytes that were kept: a note that does not agree
//! would prove nothing, and is left out with a message on why. Readers of the archive check what it proves.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use super::recorded::{Flows, Taps};
use super::secrets::SecretLog;
use super::stream::BoxStream;
use crate::base::{Digest, DigestAlgorithm};
use crate::http::{AttestedSession, Head};

/// How long the server may take to end the connection; then the relay ends it.
const END_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the note may take.
const NOTE_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest answer with a note, in bytes.
const ANSWER_BYTES_MAX: u64 = 16 * 1024;

/// A session that is to be attested.
#[derive(Debug)]
pub(super) struct Attesting {
    /// What went by.
    pub(super) taps: Taps,
    /// Its secrets.
    pub(super) secrets: Arc<SecretLog>,
    /// What the relay calls it.
    pub(super) session: String,
}

/// Brings a connection to its end: `close_notify`, then whatever the server still sends. Its plaintext is not read: after a
/// whole response it is the server's own `close_notify`, and anything else shows in the comparison.
pub(super) async fn end(stream: &mut BoxStream) {
    let deadline = Instant::now() + END_TIMEOUT;
    let _ = timeout_at(deadline, stream.shutdown()).await;
    let mut space = [0; 4096];
    while let Ok(Ok(1..)) = timeout_at(deadline, stream.read(&mut space)).await {}
}

/// The session as it is kept, with the note that `relay` leads to the holder of.
///
/// # Errors
/// Why it is not attested, as text.
pub(super) async fn note(
    attesting: Attesting,
    mut relay: BoxStream,
    host: &str,
) -> Result<AttestedSession, String> {
    let Attesting { taps, secrets, session } = attesting;
    let Flows { sent, received, is_over } = taps.take();
    if is_over {
        return Err("the session is longer than what is kept of one".to_owned());
    }
    // Of megabytes it is computed beside the request for the note.
    let hashing = tokio::task::spawn_blocking(move || {
        let digest = DigestAlgorithm::Sha256.digest(&received);
        (received, digest)
    });
    let request =
        format!("GET /session/{session} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let asked = async {
        relay.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        (&mut relay).take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = match timeout(NOTE_TIMEOUT, asked).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => return Err(format!("asking the relay for its note: {why}")),
        Err(_) => return Err("the relay takes too long over its note".to_owned()),
    };
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.map_or(answer.len(), |end| end + 4));
    match Head::parse(head).status {
        Some(200) if !body.is_empty() => {}
        status => return Err(format!("the relay has no note on the session (status {status:?})")),
    }
    let (received, received_digest) =
        hashing.await.map_err(|why| format!("hashing the session: {why}"))?;
    let line = |what: &str, bytes: &[u8], digest: &Digest| {
        format!("\n{what} {} {}\n", bytes.len(), HEXLOWER.encode(digest.as_bytes()))
    };
    let sent_digest = DigestAlgorithm::Sha256.digest(&sent);
    let text = String::from_utf8_lossy(body);
    for line in [line("sent", &sent, &sent_digest), line("received", &received, &received_digest)] {
        if !text.contains(&line) {
            return Err("the relay saw other bytes than the two ends: it cut the connection, or a byte was lost".to_owned());
        }
    }
    let (note, secrets) = (body.to_vec(), secrets.text().into_bytes());
    Ok(AttestedSession { note, sent, received, received_digest, secrets })
}

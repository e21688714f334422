//! A session from its bytes: the relay's signature, the handshake, the certificate, and the plaintext beside the records that
//! were kept of it.
//!
//! Every byte that the relay signed is accounted for: a record that does not open, a message that should not be there, or
//! bytes beyond the last record make the session fail.

use super::attestation::{Attestation, Flow, signed_by};
use super::chain::{self, Roots};
use super::opened::Session;
use super::parts::{Kept, Secrets};
use crate::base::{Digest, DigestAlgorithm, Hasher, TargetUri, Timestamp};
use crate::evidence::leaf::sha256;
use crate::evidence::note::{Note, VerifierKey};
use crate::http::{
    Ending, Head, HeadLimits, Method, ResponseReader, STORED_HEAD_BYTES_MAX, Step, payload,
    shape_of,
};

/// How far the time of a record may be outside its session: clocks of archive and relay differ.
const CLOCK_SKEW_MAX: std::time::Duration = std::time::Duration::from_mins(10);

/// What the records say that a session was.
#[derive(Debug, Clone)]
pub struct Claimed<'a> {
    /// The target URI of the capture.
    pub url: &'a str,
    /// When it was captured.
    pub date: Timestamp,
    /// The block of the request record.
    pub request: &'a [u8],
    /// The block of the response record; of a revisit, the head alone.
    pub response: &'a [u8],
    /// For a revisit: the payload digest that it states.
    pub payload: Option<Digest>,
    /// Whether the record says that it was cut.
    pub truncated: bool,
    /// Blocks of interim responses, which came before the response.
    pub interim: &'a [u8],
}

/// What a session proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What the relay says.
    pub attestation: Attestation,
    /// The relay whose key signed it, where that is known; else the name that it gives itself.
    pub relay: String,
    /// Whether its key is one of those that were given.
    pub relay_is_known: bool,
    /// The cipher suite.
    pub suite: &'static str,
    /// How many bytes of the server's plaintext there are.
    pub plaintext: usize,
}

/// Checks a session.
///
/// # Errors
/// The first thing that does not hold, as text.
pub fn verify(
    kept: &Kept,
    claimed: &Claimed<'_>,
    relays: &[VerifierKey],
    roots: &Roots,
) -> Result<Verified, String> {
    let (attestation, note) =
        Attestation::parse(&kept.note).ok_or("the relay's note is not of the form")?;
    let (relay, relay_is_known) = relay_of(&note, relays)?;
    for (what, bytes, flow) in
        [("sent", &kept.sent, attestation.sent), ("received", &kept.received, attestation.received)]
    {
        let own = Flow { length: bytes.len() as u64, sha256: sha256(bytes) };
        if own != flow {
            return Err(format!("the bytes that were {what} are not those that the relay signed"));
        }
    }
    about(&attestation, claimed)?;
    let secrets = Secrets::parse(&kept.secrets)?;
    let session = Session::read(kept, &secrets)?;
    // The roots and the certificate have to hold when the connection was made.
    let at = attestation.begin;
    let verify = (session.scheme, session.signed.as_slice(), session.signature.as_slice());
    chain::check(&session.chain, roots, &attestation.host, at, verify)?;
    beside(&session, claimed)?;
    Ok(Verified {
        attestation,
        relay,
        relay_is_known,
        suite: session.suite.name(),
        plaintext: session.received.len(),
    })
}

/// Who signed a note. A key that was given and has not signed is a failure; without one, the name alone is reported.
fn relay_of(note: &Note, relays: &[VerifierKey]) -> Result<(String, bool), String> {
    if let Some(relay) = signed_by(note, relays) {
        return Ok((relay.name.clone(), true));
    }
    match note.signatures.as_slice() {
        [only] if relays.is_empty() => Ok((only.name.clone(), false)),
        _ => Err("no relay whose key was given has signed the session".to_owned()),
    }
}

/// Whether a session is of what the record says: its host and port, the address that was asked for, and its time.
fn about(attestation: &Attestation, claimed: &Claimed<'_>) -> Result<(), String> {
    let uri = TargetUri::parse(claimed.url).map_err(|_| "the record has no address of a server")?;
    if !uri.is_https() {
        return Err("the record is of no https address".to_owned());
    }
    let host = uri.host().trim_end_matches('.');
    if !host.eq_ignore_ascii_case(&attestation.host) || uri.port() != attestation.port {
        return Err(format!(
            "the session is with {}:{}, and the record of {}",
            attestation.host,
            attestation.port,
            uri.authority()
        ));
    }
    let early = attestation.begin.since(claimed.date);
    let late = claimed.date.since(attestation.end);
    if early.max(late) > CLOCK_SKEW_MAX {
        return Err(format!(
            "the record is of {}, and the session of {} to {}",
            claimed.date.to_warc_date(),
            attestation.begin.to_warc_date(),
            attestation.end.to_warc_date()
        ));
    }
    asks_for(claimed.request, &uri)
}

/// Whether a request is one GET of this address and nothing more. A server has many pages, some of them written by others:
/// its answer proves something only for the page that was requested.
fn asks_for(request: &[u8], uri: &TargetUri) -> Result<(), String> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
    if end != Some(request.len()) {
        return Err("the request is not one head and nothing more".to_owned());
    }
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let expected = format!("GET {} HTTP/1.1", uri.request_target());
    if line != expected.as_bytes() {
        return Err(format!(
            "what was asked for is {:?}, and the record is of {uri}",
            String::from_utf8_lossy(line)
        ));
    }
    let host = match uri.url().port() {
        Some(port) => format!("{}:{port}", uri.host()),
        None => uri.host().to_owned(),
    };
    let head = Head::parse(request);
    if !head.oddities().is_empty() {
        return Err("the request is written so that servers may read it in several ways".to_owned());
    }
    let hosts: Vec<_> = head.get_all("host").collect();
    match hosts.as_slice() {
        [only] if only.eq_ignore_ascii_case(host.as_bytes()) => Ok(()),
        _ => Err(format!("the request names another host than {host}, or several")),
    }
}

/// Whether the plaintext is what the records hold.
fn beside(session: &Session, claimed: &Claimed<'_>) -> Result<(), String> {
    if session.sent != claimed.request {
        return Err("what was sent is not the request record".to_owned());
    }
    let rest = session.received.strip_prefix(claimed.interim);
    let rest = rest.ok_or("what was received does not begin with the interim responses")?;
    if !claimed.truncated {
        is_whole(rest, session.is_closed)?;
    }
    let Some(payload) = claimed.payload else {
        let more = rest.strip_prefix(claimed.response);
        let more = more.ok_or("what was received is not the response record")?;
        return match more.is_empty() || claimed.truncated {
            true => Ok(()),
            false => Err(format!("{} bytes follow the response record in the session", more.len())),
        };
    };
    if !rest.starts_with(claimed.response) {
        return Err("what was received does not begin with the head of the revisit".to_owned());
    }
    let counted = payload_digest(rest, payload.algorithm())?;
    if counted != payload {
        return Err(format!(
            "what was received has the payload digest {counted}, and the revisit states {payload}"
        ));
    }
    Ok(())
}

/// Whether a response goes on to the end that its head announces, and no further. The party that captures can close the
/// connection early: the beginning of a page is not the page.
fn is_whole(response: &[u8], is_closed: bool) -> Result<(), String> {
    let limits = HeadLimits { header_bytes_max: STORED_HEAD_BYTES_MAX };
    let mut reader = ResponseReader::new(Method::Get, limits);
    let mut consumed = 0;
    loop {
        let progress = reader.feed(&response[consumed..]);
        consumed += progress.consumed;
        if progress.step != Step::Interim {
            break;
        }
    }
    let ends_itself = reader.expected() == Some(0);
    match (reader.finish(), response.len() - consumed) {
        (Ending::Complete, 0) if ends_itself || is_closed => Ok(()),
        (Ending::Complete, 0) => {
            Err("the server did not say that the response is whole".to_owned())
        }
        (Ending::Complete, more) => Err(format!("{more} bytes follow the response in the session")),
        (Ending::Cut | Ending::NoStatusLine, _) => {
            Err("the session ends before the response does, and the record does not say so"
                .to_owned())
        }
    }
}

/// The digest of the payload of a whole response.
fn payload_digest(response: &[u8], algorithm: DigestAlgorithm) -> Result<Digest, String> {
    let shape = shape_of(response, Method::Get);
    let mut hasher = Hasher::new(algorithm);
    let mut reader = payload(std::io::Cursor::new(response), &shape);
    std::io::copy(&mut reader, &mut hasher).map_err(|why| why.to_string())?;
    Ok(hasher.finish())
}

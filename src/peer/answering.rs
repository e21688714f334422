//! The side that answers: a request is checked, then the agreement, and only then the archive is asked.
//!
//! The order matters. A request of no known peer gets one and the same answer, whatever it asks; one beyond the agreement an
//! empty list, from the agreement alone. What is handed over is the capture and what proves it, and none of the records that
//! tell how it was found: no metadata, no robots.txt, no name resolution, no warcinfo.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::agreement::{Peer, PeerError, Peers};
use super::message::{
    CAPTURES_MAX, FORMAT, List, Listed, Refused, Request, Wanted, is_request_signed, sign_answer,
};
use crate::answers::Archive;
use crate::archive::{Capture, Query, RecordKind};
use crate::base::{TargetUri, TimeRange, Timestamp};
use crate::evidence::bundle::{Bundle, Making, Piece, Role, Texts, gather, write_zip};
use crate::evidence::key::Options;
use crate::evidence::note::VerifierKey;
use crate::evidence::session::KeptPart;
use crate::evidence::{EvidenceError, LogKey, Policy, Trust};
use crate::store::Layout;
use crate::witness::rate::{Buckets, Rate};

/// How far the clocks of two archives may be apart, and for how long a request may be on its way.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_mins(5);
/// How long what is known of peers is used before it is read again.
const READ_EVERY: Duration = Duration::from_secs(2);
/// The most requests that are remembered, so that none is answered twice.
const NONCES_MAX: usize = 100_000;
/// How many captures of one address are looked through for those of a window.
const SCANNED_MAX: u64 = 100_000;

/// How an archive answers its peers.
#[derive(Debug, Clone)]
pub struct AnsweringOptions {
    /// What one peer may ask.
    pub requests: Rate,
    /// The longest proof that is made, in bytes.
    pub proof_bytes_max: u64,
}

/// What proofs are made with.
#[derive(Debug, Clone)]
pub struct Proving {
    /// The log's key.
    pub log: Options,
    /// What time stamps must lead to.
    pub trust: Trust,
    /// Whose cosignatures are looked for.
    pub policy: Policy,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The media type of the body.
    pub media_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// The signature over all of it; `None` for an answer to an unknown client.
    pub signature: Option<String>,
    /// Seconds until the next request is answered.
    pub retry_after: Option<u64>,
}

/// What answers peers.
#[derive(Debug)]
pub struct Answering {
    peers: Peers,
    requests: Mutex<Buckets<[u8; 32]>>,
    nonces: Mutex<HashMap<([u8; 32], String), Timestamp>>,
    known: Mutex<Option<(Timestamp, Known)>>,
    options: AnsweringOptions,
}

/// The key of this archive and its peers.
type Known = Option<std::sync::Arc<(LogKey, Vec<Peer>)>>;

fn lock_of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The data behind each is consistent at every moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const JSON: &str = "application/json";

fn json(status: u16, value: &impl serde::Serialize) -> Reply {
    let mut body = serde_json::to_vec(value).unwrap_or_default();
    body.push(b'\n');
    Reply { status, media_type: JSON, body, signature: None, retry_after: None }
}

fn refused(status: u16, why: &str) -> Reply {
    json(status, &Refused { format: FORMAT.to_owned(), refused: why.to_owned() })
}

/// The one answer to every unknown client.
fn unknown() -> Reply {
    refused(403, "this is not a request that a known peer has signed for this archive")
}

impl Answering {
    /// What answers the peers of this archive.
    #[must_use]
    pub fn new(layout: &Layout, options: AnsweringOptions) -> Self {
        Self {
            peers: Peers::of(layout),
            requests: Mutex::new(Buckets::new(options.requests)),
            nonces: Mutex::default(),
            known: Mutex::default(),
            options,
        }
    }

    fn known(&self, now: Timestamp) -> Result<Known, PeerError> {
        let mut known = lock_of(&self.known);
        if let Some((at, known)) = known.as_ref()
            && now >= *at
            && now.since(*at) < READ_EVERY
        {
            return Ok(known.clone());
        }
        let peers = self.peers.all()?;
        let fresh = match self.peers.key()? {
            Some(key) if !peers.is_empty() => Some(std::sync::Arc::new((key, peers))),
            _ => None,
        };
        *known = Some((now, fresh.clone()));
        Ok(fresh)
    }

    /// Answers a request; `None` where this archive has no peers, so that there is nothing at the address. Blocks.
    ///
    /// `proving` is asked for what a proof is made with, when one is made.
    #[must_use]
    pub fn answer(
        &self,
        archive: &Archive,
        proving: &dyn Fn() -> Result<Proving, String>,
        body: &[u8],
        signature: &str,
        now: Timestamp,
    ) -> Option<Reply> {
        let known = match self.known(now) {
            Ok(known) => known?,
            Err(why) => {
                tracing::error!(%why, "peers cannot be answered");
                return Some(refused(500, "this archive cannot answer its peers at the moment"));
            }
        };
        let (key, peers) = &*known;
        let Some((request, peer, public)) = admitted(key, peers, body, signature) else {
            return Some(unknown());
        };
        let mut reply = match self.may_ask(&request, public, now) {
            Ok(()) => {
                answered(archive, self.options.proof_bytes_max, proving, peer, &request.ask, now)
            }
            Err(reply) => reply,
        };
        reply.signature = Some(sign_answer(key, body, reply.status, &reply.body));
        Some(reply)
    }

    /// Whether a request of a known peer is answered: it is of now, the first of its kind, and not one too many.
    fn may_ask(&self, request: &Request, public: [u8; 32], now: Timestamp) -> Result<(), Reply> {
        let time = Timestamp::parse(&request.time).unwrap_or(Timestamp::from_unix_seconds(0));
        if now.since(time).max(time.since(now)) > CLOCK_SKEW_MAX {
            let why = format!(
                "the request has the time {}, and it is {} here",
                request.time,
                now.to_warc_date()
            );
            return Err(refused(400, &why));
        }
        if let Err(wait) = lock_of(&self.requests).take(public, now) {
            let mut reply = refused(429, "more requests than this archive answers");
            reply.retry_after = Some(wait.as_secs().max(1));
            return Err(reply);
        }
        let mut nonces = lock_of(&self.nonces);
        if nonces.len() >= NONCES_MAX {
            nonces.retain(|_, seen| now.since(*seen) <= 2 * CLOCK_SKEW_MAX);
        }
        if nonces.len() >= NONCES_MAX {
            return Err(refused(503, "more requests than this archive remembers"));
        }
        if nonces.insert((public, request.nonce.clone()), now).is_some() {
            return Err(refused(400, "this request was answered before"));
        }
        Ok(())
    }
}

/// The request and the peer that signed it for this archive.
fn admitted<'p>(
    key: &LogKey,
    peers: &'p [Peer],
    body: &[u8],
    signature: &str,
) -> Option<(Request, &'p Peer, [u8; 32])> {
    let request = Request::parse(body)?;
    let of = |peer: &Peer| peer.verifier().filter(|key| hex(key) == request.from);
    let (peer, verifier) = peers.iter().find_map(|peer| Some((peer, of(peer)?)))?;
    let is_for_us = hex(&key.verifier("")) == request.to;
    (is_for_us && is_request_signed(&verifier, body, signature)).then_some((
        request,
        peer,
        verifier.public,
    ))
}

fn hex(key: &VerifierKey) -> String {
    data_encoding::HEXLOWER.encode(&key.public)
}

/// The answer to what a peer asks.
fn answered(
    archive: &Archive,
    proof_bytes_max: u64,
    proving: &dyn Fn() -> Result<Proving, String>,
    peer: &Peer,
    ask: &Wanted,
    now: Timestamp,
) -> Reply {
    match ask {
        Wanted::Captures { url, since, until } => {
            let none = List {
                format: FORMAT.to_owned(),
                agreed: false,
                captures: Vec::new(),
                more: false,
            };
            let Some((start, end)) = Timestamp::parse(since).zip(Timestamp::parse(until)) else {
                return refused(400, "the window does not have two times");
            };
            let window = peer.window(TimeRange { start, end });
            let Some(window) = window.filter(|_| peer.shares(url)) else { return json(200, &none) };
            match listed(archive, peer, url, window) {
                Ok(list) => json(200, &list),
                Err(why) => {
                    tracing::error!(%why, "captures cannot be listed for a peer");
                    refused(500, "the index cannot answer at the moment")
                }
            }
        }
        Wanted::Proof { url, date, record_id } => {
            let none = || refused(404, "no agreed capture has this time and record");
            let Some(at) = Timestamp::parse(date) else { return none() };
            let window = TimeRange { start: at, end: at.plus(Duration::from_micros(1)) };
            let Some(window) = peer.window(window).filter(|_| peer.shares(url)) else {
                return none();
            };
            let found = captures(archive, peer, url, window, CAPTURES_MAX);
            let found = found.ok().and_then(|mut found| {
                found.retain(|capture| {
                    capture.url == *url && record_of(capture).as_deref() == Some(record_id)
                });
                found.pop()
            });
            let Some(capture) = found else { return none() };
            match proved(archive, peer, &capture, proving, proof_bytes_max, now) {
                Ok(Ok(zip)) => Reply {
                    status: 200,
                    media_type: "application/zip",
                    body: zip,
                    signature: None,
                    retry_after: None,
                },
                Ok(Err(why)) => refused(409, why),
                Err(why) => {
                    tracing::error!(%why, "a proof for a peer cannot be made");
                    refused(500, "the proof cannot be made at the moment")
                }
            }
        }
    }
}

fn record_of(capture: &Capture) -> Option<String> {
    capture.record_id.as_ref().map(ToString::to_string)
}

/// What this archive captured itself of an address in a window that was agreed on, oldest first.
fn captures(
    archive: &Archive,
    peer: &Peer,
    url: &str,
    window: TimeRange,
    limit: usize,
) -> Result<Vec<Capture>, String> {
    let query = Query {
        from: Some(window.start),
        to: Some(window.end),
        captures_scanned_max: SCANNED_MAX,
        ..Query::exactly(url)
    };
    let mut found = Vec::new();
    for capture in archive.captures().scan(&query) {
        let capture = capture.map_err(|why| why.to_string())?;
        let is_own = matches!(capture.kind, RecordKind::Response | RecordKind::Revisit)
            && capture.status.is_some()
            && capture.copied_from().is_none();
        // Spellings that the index takes for one may be on two sides of an agreement.
        if is_own && capture.record_id.is_some() && peer.shares(&capture.url) {
            found.push(capture);
        }
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

fn listed(archive: &Archive, peer: &Peer, url: &str, window: TimeRange) -> Result<List, String> {
    let mut found = captures(archive, peer, url, window, CAPTURES_MAX + 1)?;
    let more = found.len() > CAPTURES_MAX;
    found.truncate(CAPTURES_MAX);
    let captures = found.iter().map(|capture| Listed {
        url: capture.url.clone(),
        date: capture.date.to_warc_date(),
        record_id: record_of(capture).unwrap_or_default(),
    });
    Ok(List { format: FORMAT.to_owned(), agreed: true, captures: captures.collect(), more })
}

/// The proof of a capture as a zip; or why a peer gets none, as text.
pub(super) fn proved(
    archive: &Archive,
    peer: &Peer,
    capture: &Capture,
    proving: &dyn Fn() -> Result<Proving, String>,
    bytes_max: u64,
    now: Timestamp,
) -> Result<Result<Vec<u8>, &'static str>, String> {
    let Proving { log, trust, policy } = proving()?;
    let pieces = match pieces(archive, peer, capture)? {
        Ok(pieces) => pieces,
        Err(why) => return Ok(Err(why)),
    };
    let length: usize = pieces.iter().map(|piece| piece.member.len()).sum();
    if length as u64 > bytes_max {
        return Ok(Err("the capture is longer than the limit"));
    }
    let reader = archive.reader();
    let making = Making { trust: &trust, made: now, kept: &[], policy: &policy };
    let bundle = match Bundle::prove(reader.layout(), pieces, Texts::default(), &making) {
        Ok(bundle) => bundle,
        Err(EvidenceError::Unlogged { .. }) => {
            return Ok(Err("the capture is not in the log yet"));
        }
        Err(why) => return Err(why.to_string()),
    };
    let write = || -> Result<Vec<u8>, String> {
        let key = bundle.signer(reader.layout(), &log).map_err(|why| why.to_string())?;
        let contents = bundle.signed(&key).map_err(|why| why.to_string())?;
        let dir = tempfile::tempdir().map_err(|why| why.to_string())?;
        let path = dir.path().join("proof.zip");
        write_zip(&path, &contents).map_err(|why| why.to_string())?;
        std::fs::read(&path).map_err(|why| why.to_string())
    };
    write().map(Ok)
}

/// The records of a capture that a peer gets: its own, its request, the payload of a revisit; and of what a redirect leads to,
/// what was agreed on. Or why it gets none.
pub(super) fn pieces(
    archive: &Archive,
    peer: &Peer,
    capture: &Capture,
) -> Result<Result<Vec<Piece>, &'static str>, String> {
    let loaded = archive.reader().load(capture).map_err(|why| why.to_string())?;
    let mut pieces = gather(archive.reader(), &loaded).map_err(|why| why.to_string())?;
    // What a server answers to a password is not for others, whatever the address.
    if pieces.iter().any(|piece| piece.withheld.is_some()) {
        return Ok(Err("the capture was made with credentials"));
    }
    let is_shared = |piece: &Piece| {
        let uri = crate::evidence::bundle::unbracketed(&piece.uri);
        TargetUri::parse(uri).is_ok() && peer.shares(uri)
    };
    pieces.retain(|piece| match piece.role {
        Role::Capture => true,
        // What a relay attested of the session proves the capture as well.
        Role::Exchange => piece.kind == "request" || KeptPart::of(&piece.media_type).is_some(),
        Role::Payload => piece.kind == "response" && is_shared(piece),
        Role::Warcinfo
        | Role::Redirect
        | Role::Dns
        | Role::Robots
        | Role::Certificates
        | Role::Rendering => false,
    });
    let is_whole = capture.kind != RecordKind::Revisit
        || pieces.iter().any(|piece| piece.role == Role::Payload);
    Ok(if is_whole { Ok(pieces) } else { Err("its payload is not covered by the agreement") })
}

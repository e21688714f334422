//! A comparison with one peer: its captures of an address in a window are listed, the proof of each is fetched and checked,
//! and what it holds is compared with the captures of this archive that lie next to it in time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::agreement::{Peer, PeerError};
use super::comparison::{Comparison, Outcome, Theirs};
use super::message::{LIST_BYTES_MAX, List, Listed, Refused, Request, Wanted, is_answer_signed};
use super::pair::{self, PairDir};
use super::proved::{self, AskedWith, ProvedCapture, contents_of};
use super::verdict::{Captured, Judged, judge, shown};
use crate::answers::{AnswerError, Archive};
use crate::archive::{Capture, Query, RecordKind};
use crate::base::{Clock, Digest, DigestAlgorithm, TimeRange, Timestamp};
use crate::diff::{Fingerprint, json};
use crate::evidence::note::VerifierKey;
use crate::evidence::{LogKey, Trust};
use crate::extract::page::Page;
use crate::history::DECODED_BYTES_MAX;
use crate::http::Head;

/// How far outside the window a capture of this archive may lie to be compared with one inside.
const NEAR: Duration = Duration::from_hours(24);
/// The most captures of this archive that are taken for one address.
const OURS_MAX: usize = 2000;

/// What came back from a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The signature over it.
    pub signature: String,
}

/// Brings requests to peers.
pub trait Ask {
    /// Sends a request to a peer, and gives back an answer of at most so many bytes.
    ///
    /// # Errors
    /// Why nothing came back, as text.
    fn ask(
        &self,
        peer: &Peer,
        body: &[u8],
        signature: &str,
        bytes_max: u64,
    ) -> Result<Answered, String>;
}

/// What comparisons are made with.
pub struct Asking<'a> {
    /// This archive.
    pub archive: &'a Archive,
    /// Its key for peers.
    pub key: &'a LogKey,
    /// What time stamps of proofs must lead to.
    pub trust: &'a Trust,
    /// How requests are sent.
    pub ask: &'a dyn Ask,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// The longest proof that is fetched, in bytes.
    pub proof_bytes_max: u64,
    /// The most captures of a peer that are compared for one address.
    pub captures_max: usize,
    /// Where both proofs of what differs are written.
    pub pairs: Option<PairDir<'a>>,
}

/// Why nothing was compared.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It was not agreed on.
    #[error("captures of {url} in this window were not agreed on with {peer}")]
    NotAgreed {
        /// The peer.
        peer: String,
        /// The address.
        url: String,
    },
    /// The peer did not answer as it should.
    #[error("asking {peer}: {why}")]
    Peer {
        /// The peer.
        peer: String,
        /// What went wrong.
        why: String,
    },
    /// This archive cannot answer.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The peer's entry cannot be used.
    #[error(transparent)]
    Known(#[from] PeerError),
}

/// What was compared of one address.
#[derive(Debug, Default)]
pub struct Compared {
    /// The outcomes, oldest capture of the peer first.
    pub outcomes: Vec<Outcome>,
    /// Captures of this archive that lie in the window or near it.
    pub ours: usize,
    /// Captures that the peer lists.
    pub theirs: usize,
    /// Whether the peer has more than were compared.
    pub more: bool,
}

/// A capture of this archive, read.
struct Ours {
    capture: Capture,
    page: Arc<Page>,
    digest: Digest,
    shown: u64,
    redirected_to: Option<String>,
}

impl Asking<'_> {
    /// Compares what both have of an address in a window.
    ///
    /// # Errors
    /// When it was not agreed on, the peer does not answer, or this archive cannot be read. A single capture that cannot be
    /// proved or read is an outcome.
    pub fn compare(&self, peer: &Peer, url: &str, window: TimeRange) -> Result<Compared, AskError> {
        let agreed = peer.window(window).filter(|_| peer.shares(url));
        let window = agreed
            .ok_or_else(|| AskError::NotAgreed { peer: peer.name.clone(), url: url.to_owned() })?;
        let log = VerifierKey::parse(&peer.log);
        let (public, log) = peer
            .verifier()
            .zip(log)
            .ok_or_else(|| PeerError::Given(format!("a key of {} cannot be read", peer.name)))?;
        let ours = self.ours(url, window)?;
        let mut compared = Compared { ours: ours.len(), ..Compared::default() };
        if ours.is_empty() {
            // Nothing is asked of a peer that would not be compared.
            return Ok(compared);
        }
        let wanted = Wanted::Captures {
            url: url.to_owned(),
            since: window.start.to_warc_date(),
            until: window.end.to_warc_date(),
        };
        let failed = |why: String| AskError::Peer { peer: peer.name.clone(), why };
        let body = self.asked(peer, &public, wanted, LIST_BYTES_MAX as u64).map_err(failed)?;
        let list = List::parse(&body).map_err(failed)?;
        if !list.agreed {
            return Err(failed("its agreement does not cover this address or window".to_owned()));
        }
        let is_asked_for = |listed: &Listed| {
            Timestamp::parse(&listed.date).is_some_and(|at| window.contains(at))
                && peer.shares(&listed.url)
                && crate::base::surt::urlkey(&listed.url) == crate::base::surt::urlkey(url)
        };
        if !list.captures.iter().all(is_asked_for) {
            return Err(failed("it lists captures that were not asked for".to_owned()));
        }
        compared.theirs = list.captures.len();
        let from = list.captures.len().saturating_sub(self.captures_max);
        compared.more = list.more || from > 0;
        let mut read = HashMap::new();
        for listed in &list.captures[from..] {
            let outcome = match self.proved(peer, &public, &log, listed) {
                Ok((theirs, zip)) => self.beside(peer, &theirs, &zip, &ours, &mut read)?,
                Err(why) => Outcome::Unproved {
                    peer: peer.name.clone(),
                    url: listed.url.clone(),
                    date: listed.date.clone(),
                    why,
                },
            };
            compared.outcomes.push(outcome);
        }
        Ok(compared)
    }

    /// The captures of this archive in the window and near it, oldest first.
    fn ours(&self, url: &str, window: TimeRange) -> Result<Vec<Capture>, AskError> {
        let query = Query {
            from: Some(window.start.minus(NEAR)),
            to: Some(window.end.plus(NEAR)),
            limit: Some(OURS_MAX),
            ..Query::exactly(url)
        };
        let mut found = Vec::new();
        for capture in self.archive.captures().scan(&query) {
            let capture = capture.map_err(|why| {
                AnswerError::Request(format!("looking for captures of {url}: {}", why.why))
            })?;
            let is_own = matches!(capture.kind, RecordKind::Response | RecordKind::Revisit)
                && capture.status.is_some()
                && capture.copied_from().is_none();
            if is_own {
                found.push(capture);
            }
        }
        Ok(found)
    }

    /// The body of a signed answer to a request.
    fn asked(
        &self,
        peer: &Peer,
        public: &VerifierKey,
        wanted: Wanted,
        bytes_max: u64,
    ) -> Result<Vec<u8>, String> {
        let request = Request::new(self.key, public, self.clock.now(), wanted)?;
        let (body, signature) = request.signed(self.key);
        let answer = self.ask.ask(peer, &body, &signature, bytes_max)?;
        if answer.status == 404 && answer.signature.is_empty() {
            return Err("no archive with peers answers at its address".to_owned());
        }
        if !is_answer_signed(public, &body, answer.status, &answer.body, &answer.signature) {
            return Err(format!(
                "an answer with status {} that its key has not signed: it may not know this archive, or be another one",
                answer.status
            ));
        }
        if answer.status != 200 {
            let why = serde_json::from_slice(&answer.body).map(|refused: Refused| refused.refused);
            let why = why.unwrap_or_default();
            return Err(format!(
                "status {}: {}",
                answer.status,
                why.chars().take(300).collect::<String>()
            ));
        }
        Ok(answer.body)
    }

    /// A capture of the peer with its proof, which was checked.
    fn proved(
        &self,
        peer: &Peer,
        public: &VerifierKey,
        log: &VerifierKey,
        listed: &Listed,
    ) -> Result<(ProvedCapture, Vec<u8>), String> {
        let wanted = Wanted::Proof {
            url: listed.url.clone(),
            date: listed.date.clone(),
            record_id: listed.record_id.clone(),
        };
        let zip = self.asked(peer, public, wanted, self.proof_bytes_max)?;
        let proved = proved::read(&contents_of(&zip)?, log, self.trust, listed)?;
        Ok((proved, zip))
    }

    /// A capture of the peer beside those of this archive that lie next to it in time.
    fn beside(
        &self,
        peer: &Peer,
        theirs: &ProvedCapture,
        zip: &[u8],
        ours: &[Capture],
        read: &mut HashMap<usize, Arc<Ours>>,
    ) -> Result<Outcome, AskError> {
        let behind = ours.partition_point(|capture| capture.date <= theirs.date);
        let mut near = Vec::new();
        for at in
            [behind.checked_sub(1), (behind < ours.len()).then_some(behind)].into_iter().flatten()
        {
            let own = match read.get(&at) {
                Some(own) => Arc::clone(own),
                None => {
                    let own = Arc::new(self.read(&ours[at])?);
                    read.insert(at, Arc::clone(&own));
                    own
                }
            };
            near.push(own);
        }
        let confirmed = match near.as_slice() {
            [before, after] => {
                before.digest == after.digest
                    || Fingerprint::of(&before.page) == Fingerprint::of(&after.page)
            }
            [only] => only.capture.date == theirs.date,
            _ => false,
        };
        let apart = |own: &Ours| {
            own.capture.date.since(theirs.date).max(theirs.date.since(own.capture.date))
        };
        let judged = near.into_iter().map(|own| {
            let judged = judged(&own, theirs);
            (judged.verdict.rank(), apart(&own), own, judged)
        });
        let best = judged.min_by_key(|(rank, apart, ..)| (*rank, *apart));
        let Some((_, apart, own, judged)) = best else {
            return Ok(Outcome::Unproved {
                peer: peer.name.clone(),
                url: theirs.url.clone(),
                date: theirs.date.to_warc_date(),
                why: "this archive has no capture next to it".to_owned(),
            });
        };
        let mut comparison = self.comparison(peer, theirs, &own, &judged, confirmed, apart);
        if let Some(pairs) = self.pairs.as_ref().filter(|_| comparison.is_difference()) {
            let path = pair::write(self.archive, pairs, &comparison, zip, self.clock.now());
            let path =
                path.map_err(|why| AnswerError::Request(format!("writing both proofs: {why}")))?;
            comparison.bundle = Some(path.display().to_string());
        }
        Ok(Outcome::Compared(Box::new(comparison)))
    }

    fn comparison(
        &self,
        peer: &Peer,
        theirs: &ProvedCapture,
        own: &Ours,
        judged: &Judged,
        confirmed: bool,
        apart: Duration,
    ) -> Comparison {
        let changes = &judged.comparison.changes;
        Comparison {
            peer: peer.name.clone(),
            url: theirs.url.clone(),
            verdict: judged.verdict,
            variant: judged.verdict.variant(),
            confirmed,
            apart_seconds: apart.as_secs(),
            ours: own.capture.clone(),
            asked_with: self.asked_with(&own.capture),
            theirs: Theirs {
                timestamp: theirs.date.to_stamp14(),
                date: theirs.date.to_warc_date(),
                record_id: theirs.record_id.clone(),
                status: theirs.status,
                ip: theirs.ip.clone(),
                digest: theirs.digest,
                asked_with: theirs.asked_with.clone(),
                proof: theirs.proof.clone(),
            },
            headline: own.page.headline.as_ref().map(|headline| headline.value.clone()),
            changes: changes.iter().map(|c| json::change(c, &own.page, &theirs.page)).collect(),
            figures: judged.figures.clone(),
            coarse: judged.comparison.coarse,
            bundle: None,
        }
    }

    fn read(&self, capture: &Capture) -> Result<Ours, AnswerError> {
        let doing = format!("reading {}", capture.url);
        let loaded = self.archive.record(capture, &doing)?;
        let head = Head::parse(&loaded.head);
        let redirected_to = proved::redirect(&head, &capture.url);
        let decoded = loaded
            .decoded(DECODED_BYTES_MAX)
            .map_err(|why| AnswerError::Io { doing: doing.clone(), why })?;
        let page = match redirected_to {
            Some(_) => Arc::default(),
            None => self.archive.reading_of(&loaded, &doing)?,
        };
        Ok(Ours {
            capture: capture.clone(),
            page,
            digest: DigestAlgorithm::Sha256.digest(&decoded),
            shown: shown(&decoded, loaded.content_type().as_deref(), &capture.url),
            redirected_to,
        })
    }

    /// What this archive asked with, from the request that was kept with the capture.
    fn asked_with(&self, capture: &Capture) -> AskedWith {
        let request = pair::request_of(self.archive, capture);
        request.map(|request| AskedWith::of(&request)).unwrap_or_default()
    }
}

fn judged(own: &Ours, theirs: &ProvedCapture) -> Judged {
    let status = own.capture.status.map(|status| if status == 304 { 200 } else { status });
    let ours = Captured {
        page: &own.page,
        url: &own.capture.url,
        status,
        redirected_to: own.redirected_to.as_deref(),
        digest: own.digest,
        shown: own.shown,
        truncated: own.capture.truncated,
    };
    judge(&ours, &theirs.captured())
}

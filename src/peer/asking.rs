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

/// How far outside the window a capture of this archive may be to be compared with one inside.
const NEAR: Duration = Duration::from_hours(24);
/// A peer that has not answered this many times in a row is asked for no further proof of an address: each question may take a
/// minute.
const SILENT_MAX: usize = 3;
/// The most lists that are asked for of one address: a peer lists a limited number of captures at a time.
const LISTS_MAX: usize = 100;

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
    /// Sends a request to a peer, and gives back an answer of at most `bytes_max` bytes.
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
    #[error("captures of {url} in this window are not covered by the agreement with {peer}")]
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

/// Why there is no answer that can be used.
struct Refusal {
    why: String,
    /// Whether nothing came back at all.
    is_silence: bool,
}

impl Refusal {
    fn said(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_silence: false }
    }
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
        let near = TimeRange { start: window.start.minus(NEAR), end: window.end.plus(NEAR) };
        let ours = self.own(Query::exactly(url), near, usize::MAX, |_| ())?;
        let mut compared = Compared { ours: ours.len(), ..Compared::default() };
        if ours.is_empty() {
            // Nothing is asked of a peer that would not be compared.
            return Ok(compared);
        }
        let failed = |why: String| AskError::Peer { peer: peer.name.clone(), why };
        let (list, more) = self.listed(peer, &public, url, window).map_err(failed)?;
        compared.theirs = list.len();
        let from = list.len().saturating_sub(self.captures_max);
        compared.more = more || from > 0;
        let (mut read, mut silent) = (HashMap::new(), 0);
        for listed in &list[from..] {
            let proved = match silent < SILENT_MAX {
                true => self.proved(peer, &public, &log, listed),
                false => {
                    Err(Refusal::said("it was not requested, since the peer has stopped answering"))
                }
            };
            silent = match &proved {
                Err(why) if why.is_silence => silent + 1,
                // What was not asked for says nothing.
                _ if silent >= SILENT_MAX => silent,
                _ => 0,
            };
            let outcome = match proved {
                Ok((theirs, zip)) => self.beside(peer, &theirs, &zip, near, &mut read)?,
                Err(why) => Outcome::Unproved {
                    peer: peer.name.clone(),
                    url: listed.url.clone(),
                    date: listed.date.clone(),
                    why: why.why,
                },
            };
            compared.outcomes.push(outcome);
        }
        Ok(compared)
    }

    /// What `take` takes of captures that this archive made itself in a range, at most `limit` of them.
    fn own<T>(
        &self,
        query: Query,
        range: TimeRange,
        limit: usize,
        take: impl Fn(Capture) -> T,
    ) -> Result<Vec<T>, AskError> {
        let query = Query { from: Some(range.start), to: Some(range.end), ..query };
        let mut found = Vec::new();
        for capture in self.archive.captures().scan(&query) {
            let capture = capture.map_err(|why| {
                AnswerError::Request(format!("looking for captures: {}", why.why))
            })?;
            let is_own = matches!(capture.kind, RecordKind::Response | RecordKind::Revisit)
                && capture.status.is_some()
                && capture.copied_from().is_none();
            if is_own {
                found.push(take(capture));
            }
            if found.len() >= limit {
                break;
            }
        }
        Ok(found)
    }

    /// What a peer has of an address in a window, oldest first, list after list; and whether it has more than that.
    fn listed(
        &self,
        peer: &Peer,
        public: &VerifierKey,
        url: &str,
        window: TimeRange,
    ) -> Result<(Vec<Listed>, bool), String> {
        let (mut all, mut since): (Vec<Listed>, _) = (Vec::new(), window.start);
        for _ in 0..LISTS_MAX {
            let wanted = Wanted::Captures {
                url: url.to_owned(),
                since: since.to_warc_date(),
                until: window.end.to_warc_date(),
            };
            let body = self.asked(peer, public, wanted, LIST_BYTES_MAX as u64);
            let list = List::parse(&body.map_err(|why| why.why)?)?;
            if !list.agreed {
                return Err("its agreement does not cover this address or window".to_owned());
            }
            let asked_for = TimeRange { start: since, end: window.end };
            let is_asked_for = |listed: &Listed| {
                Timestamp::parse(&listed.date).is_some_and(|at| asked_for.contains(at))
                    && peer.shares(&listed.url)
                    && crate::base::surt::urlkey(&listed.url) == crate::base::surt::urlkey(url)
            };
            if !list.captures.iter().all(is_asked_for) {
                return Err("it lists captures that were not requested".to_owned());
            }
            let last = list.captures.iter().filter_map(|one| Timestamp::parse(&one.date)).max();
            all.extend(list.captures);
            let next = last.map(|last| last.plus(Duration::from_micros(1)));
            match next.filter(|next| list.more && *next < window.end) {
                Some(next) => since = next,
                None => return Ok((all, list.more)),
            }
        }
        Ok((all, true))
    }

    /// The body of a signed answer to a request.
    fn asked(
        &self,
        peer: &Peer,
        public: &VerifierKey,
        wanted: Wanted,
        bytes_max: u64,
    ) -> Result<Vec<u8>, Refusal> {
        let request = Request::new(self.key, public, self.clock.now(), wanted);
        let (body, signature) = request.map_err(Refusal::said)?.signed(self.key);
        let answer = self.ask.ask(peer, &body, &signature, bytes_max);
        let answer = answer.map_err(|why| Refusal { why, is_silence: true })?;
        if answer.status == 404 && answer.signature.is_empty() {
            return Err(Refusal::said("no archive with peers answers at its address"));
        }
        if !is_answer_signed(public, &body, answer.status, &answer.body, &answer.signature) {
            return Err(Refusal::said(format!(
                "an answer with status {} that its key has not signed: it may not know this archive, or it is another archive",
                answer.status
            )));
        }
        if answer.status != 200 {
            let why = serde_json::from_slice(&answer.body).map(|refused: Refused| refused.refused);
            let why: String = why.unwrap_or_default().chars().take(300).collect();
            return Err(Refusal::said(format!("status {}: {why}", answer.status)));
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
    ) -> Result<(ProvedCapture, Vec<u8>), Refusal> {
        let wanted = Wanted::Proof {
            url: listed.url.clone(),
            date: listed.date.clone(),
            record_id: listed.record_id.clone(),
        };
        let zip = self.asked(peer, public, wanted, self.proof_bytes_max)?;
        let contents = contents_of(&zip).map_err(Refusal::said)?;
        let proved = proved::read(&contents, log, self.trust, listed).map_err(Refusal::said)?;
        Ok((proved, zip))
    }

    /// A capture of the peer beside those of this archive that lie next to it in time.
    fn beside(
        &self,
        peer: &Peer,
        theirs: &ProvedCapture,
        zip: &[u8],
        range: TimeRange,
        read: &mut HashMap<(Arc<str>, u64), Arc<Ours>>,
    ) -> Result<Outcome, AskError> {
        // The nearest of ours that is not later than theirs, and the nearest that is.
        let behind = theirs.date.plus(Duration::from_micros(1));
        let before = TimeRange { start: range.start, end: behind };
        let after = TimeRange { start: behind, end: range.end };
        let query = || Query::exactly(&theirs.url);
        let mut ours = self.own(query().newest_first(), before, 1, |own| own)?;
        ours.extend(self.own(query(), after, 1, |own| own)?);
        let mut near = Vec::new();
        for capture in ours {
            let place = (Arc::clone(&capture.file), capture.offset);
            let own = match read.get(&place) {
                Some(own) => Arc::clone(own),
                None => {
                    let own = Arc::new(self.read(&capture)?);
                    read.insert(place, Arc::clone(&own));
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
                why: "this archive has no capture to compare with it".to_owned(),
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

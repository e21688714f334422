//! URLs that another process asks a run without an end to capture: that run holds the archive, and
//! the other process does not wait for its end.
//!
//! Owns what a run knows of such a request, and what it reports while the run is in progress. Knows nothing
//! of how a request arrives and how the answer is sent back: it has a channel for that.

use std::collections::HashSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

use crate::base::{Digest, TargetUri, Timestamp};
use crate::schedule::{Ask, DiscoveryPath, Found, Phase, Priority};

use super::engine::{Crawl, Run, hash_of};
use super::options::CrawlError;
use super::outcome::{Finished, Outcome, Stored};
use super::report::VersionCount;

/// What another process asks for.
#[derive(Debug)]
pub struct HandOver {
    /// What to capture now.
    pub uris: Vec<TargetUri>,
    /// How many links away from them pages are followed.
    pub depth: u32,
    /// Whether a page's images, styles, scripts and fonts are captured with it.
    pub requisites: bool,
    /// No more pages than this, requisites counted as well.
    pub pages_max: Option<u64>,
    /// Where the outcomes are reported. Where it is dropped before the last one, the run has ended.
    pub reports: UnboundedSender<Answer>,
}

/// A report on a request.
#[derive(Debug)]
pub enum Answer {
    /// What became of a URL.
    Url(Box<HandedOver>),
    /// All outcomes were reported.
    Complete,
}

/// What became of one URL, as it is reported to another process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandedOver {
    url: String,
    at: String,
    outcome: String,
    status: Option<u16>,
    truncated: bool,
    step: String,
    why: String,
    path: String,
    via: Option<String>,
    media_type: Option<String>,
    bytes: u64,
    took_ms: u64,
    digest: Option<String>,
    /// How many new versions of pages were reported after it: its own, and those of pages that led to it.
    pub versions: u64,
    /// How many changes were found in it.
    pub changes: u64,
}

impl HandedOver {
    fn of(finished: &Finished, counted: VersionCount) -> Self {
        let mut out = Self {
            url: finished.uri.to_string(),
            at: finished.at.to_warc_date(),
            outcome: String::new(),
            status: None,
            truncated: false,
            step: String::new(),
            why: String::new(),
            path: finished.path.clone(),
            via: finished.via.clone(),
            media_type: finished.media_type.clone(),
            bytes: finished.bytes,
            took_ms: u64::try_from(finished.took.as_millis()).unwrap_or(u64::MAX),
            digest: finished.digest.map(|digest| digest.to_string()),
            versions: counted.versions,
            changes: counted.changes,
        };
        let word = match &finished.outcome {
            Outcome::Fetched { status, stored, truncated } => {
                out.status = *status;
                out.truncated = truncated.is_some();
                match stored {
                    Stored::New => "new",
                    Stored::Revisit => "revisit",
                    Stored::NotModified => "not-modified",
                }
            }
            Outcome::Failed { step, why } => {
                (*step).clone_into(&mut out.step);
                out.why.clone_from(why);
                "failed"
            }
            Outcome::Refused { why } => {
                out.why.clone_from(why);
                "refused"
            }
            Outcome::RobotsUnreachable { why } => {
                out.why.clone_from(why);
                "robots-unreachable"
            }
        };
        word.clone_into(&mut out.outcome);
        out
    }

    /// The outcome as the other process's own run would report it; `None` for one that no run reports.
    #[must_use]
    pub fn finished(&self) -> Option<Finished> {
        let stored = |stored| {
            let truncated = self.truncated.then_some("unspecified");
            Outcome::Fetched { status: self.status, stored, truncated }
        };
        let why = self.why.clone();
        let outcome = match self.outcome.as_str() {
            "new" => stored(Stored::New),
            "revisit" => stored(Stored::Revisit),
            "not-modified" => stored(Stored::NotModified),
            "failed" => Outcome::Failed { step: step_of(&self.step), why },
            "refused" => Outcome::Refused { why },
            "robots-unreachable" => Outcome::RobotsUnreachable { why },
            _ => return None,
        };
        Some(Finished {
            uri: TargetUri::parse(&self.url).ok()?,
            at: Timestamp::parse(&self.at)?,
            outcome,
            path: self.path.clone(),
            via: self.via.clone(),
            media_type: self.media_type.clone(),
            bytes: self.bytes,
            took: Duration::from_millis(self.took_ms),
            digest: self.digest.as_ref().and_then(|text| text.parse::<Digest>().ok()),
            place: None,
            unread: None,
        })
    }
}

/// The step at which an exchange failed, as the word of this program that it is.
fn step_of(word: &str) -> &'static str {
    let known = ["dns", "connect", "tls", "timeout", "reset", "address-refused"];
    known.into_iter().find(|step| *step == word).unwrap_or("failed")
}

/// A request that a run works on.
#[derive(Debug)]
pub(super) struct Handed {
    pub depth: u32,
    pub requisites: bool,
    pages_left: u64,
    /// URLs, by hash, whose outcome is still to be reported.
    pending: HashSet<u64>,
    /// URLs that were asked for on its behalf: each once.
    asked: HashSet<u64>,
    /// What was asked for by name, and when.
    uris: Vec<TargetUri>,
    since: Timestamp,
    reports: UnboundedSender<Answer>,
}

impl Crawl {
    /// Takes a request in: its URLs are asked for as if they were on the command line of this run.
    pub(super) fn take_in_hand(
        &mut self,
        run: &mut Run<'_>,
        order: HandOver,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let HandOver { uris, depth, requisites, pages_max, reports } = order;
        let pages_left = pages_max.unwrap_or(u64::MAX);
        let (pending, asked) = (HashSet::new(), HashSet::new());
        let since = now;
        let mut handed = Handed {
            depth,
            requisites,
            pages_left,
            pending,
            asked,
            uris: uris.clone(),
            since,
            reports,
        };
        let found: Vec<Found> = uris
            .into_iter()
            .filter(|uri| handed.admits(hash_of(uri)))
            .map(|uri| Found {
                uri,
                path: DiscoveryPath::seed(),
                via: None,
                due: now,
                because: "asked for by name".to_owned(),
                priority: Priority::Seed,
                job: run.job.name.clone(),
                settings: String::new(),
                ask: Ask::Again,
            })
            .collect();
        self.frontier.add_all(found, now)?;
        if handed.pending.is_empty() {
            let _ = handed.reports.send(Answer::Complete);
        } else {
            run.handed.push(handed);
        }
        Ok(())
    }
}

/// How often the hosts of URLs that were handed over are reserved for this process.
const MINDED_EVERY: Duration = Duration::from_secs(1);
/// After this time, URLs that were asked for are known to all workers that share the queue.
const KNOWN_AFTER: Duration = Duration::from_secs(5);

impl Crawl {
    /// Where the queue is shared: reserves the hosts of URLs that were handed over for this process, which
    /// alone can report their outcomes; and reports which of them another process captured.
    pub(super) fn mind_handed(
        &mut self,
        run: &mut Run<'_>,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        if run.handed.is_empty() || now < run.handed_at {
            return Ok(());
        }
        run.handed_at = now.plus(MINDED_EVERY);
        let mut elsewhere: Vec<TargetUri> = Vec::new();
        for handed in &run.handed {
            let is_known = now.since(handed.since) >= KNOWN_AFTER;
            for uri in handed.uris.iter().filter(|uri| handed.waits_for(hash_of(uri))) {
                let host = uri.host_key();
                if !self.frontier.guard(&host).is_none_or(|guard| guard.holds()) {
                    // Where another process holds it, that process is notified.
                    let _ = self.frontier.reserve(&host, now)?;
                }
                let known = if is_known { self.frontier.known(uri)? } else { None };
                if known.is_some_and(|known| known.phase != Phase::Queued && known.due > now) {
                    elsewhere.push(uri.clone());
                }
            }
        }
        for uri in elsewhere {
            let why = "another process that shares the queue captured it into its own archive";
            let refused = Outcome::Refused { why: why.to_owned() };
            let finished = Finished::without_exchange(uri, now, refused);
            run.hand_back(&finished, VersionCount::default());
        }
        Ok(())
    }
}

impl Handed {
    /// Whether a URL is asked for on its behalf: each once, and no more pages than it may have.
    pub fn admits(&mut self, hash: u64) -> bool {
        if self.pages_left == 0 || !self.asked.insert(hash) {
            return false;
        }
        self.pages_left -= 1;
        self.pending.insert(hash);
        true
    }

    /// A URL that was asked for before is asked for again.
    pub fn waits_again(&mut self, hash: u64) {
        self.asked.insert(hash);
        self.pending.insert(hash);
    }

    /// Whether the outcome of a URL is still to be reported.
    pub fn waits_for(&self, hash: u64) -> bool {
        self.pending.contains(&hash)
    }
}

impl Run<'_> {
    /// Reports what became of a URL to those who asked for it. To be called after its links were
    /// taken in, too: a request that waits for nothing more receives no further reports.
    pub(super) fn hand_back(&mut self, finished: &Finished, counted: VersionCount) {
        let hash = hash_of(&finished.uri);
        self.handed.retain_mut(|handed| {
            if handed.pending.remove(&hash) {
                // The other process may have gone; the URL is captured anyway.
                let outcome = Box::new(HandedOver::of(finished, counted));
                let _ = handed.reports.send(Answer::Url(outcome));
            }
            let is_complete = handed.pending.is_empty();
            if is_complete {
                let _ = handed.reports.send(Answer::Complete);
            }
            !is_complete
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_read_back_as_a_run_has_it() {
        let uri = TargetUri::parse("http://a.example/x").unwrap();
        let outcomes = [
            Outcome::Fetched { status: Some(404), stored: Stored::New, truncated: None },
            Outcome::Fetched { status: None, stored: Stored::Revisit, truncated: None },
            Outcome::Fetched { status: Some(304), stored: Stored::NotModified, truncated: None },
            Outcome::Failed { step: "dns", why: "no such host".to_owned() },
            Outcome::Refused { why: "robots.txt line 2".to_owned() },
            Outcome::RobotsUnreachable { why: "503".to_owned() },
        ];
        for outcome in outcomes {
            let finished = Finished {
                uri: uri.clone(),
                at: Timestamp::from_unix_seconds(1_000),
                outcome: outcome.clone(),
                path: "LR".to_owned(),
                via: Some("http://a.example/".to_owned()),
                media_type: Some("text/html".to_owned()),
                bytes: 12,
                took: Duration::from_millis(34),
                digest: None,
                place: None,
                unread: None,
            };
            let line =
                serde_json::to_string(&HandedOver::of(&finished, VersionCount::default())).unwrap();
            let back: HandedOver = serde_json::from_str(&line).unwrap();
            let read = back.finished().unwrap();
            assert_eq!((read.outcome, read.uri), (outcome, uri.clone()));
            assert_eq!((read.path, read.bytes, read.took), (finished.path, 12, finished.took));
        }
        let line = r#"{"url":"x","at":"","outcome":"made up"}"#;
        assert!(serde_json::from_str::<HandedOver>(line).is_err());
    }
}

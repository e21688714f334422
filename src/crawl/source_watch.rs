//! Whether the sources of jobs are well, and whether anything comes of them: each look is noted, a
//! source that began to fail or works again is reported, and a source or host that is silent for
//! longer than its past explains is an alarm.

use std::time::Duration;

use crate::base::{HostKey, Timestamp};
use crate::schedule::{Claim, NamedBy};

use super::engine::{Crawl, Run};
use super::follow_up::trailing_redirects;
use super::followed::Followed;
use super::observer::{Observer, RunProblem, SourceChange};
use super::options::CrawlError;
use super::source_book::{HOST, SourceLook, SourceRecord, SourceState, kind_of};
use super::sources::{Read, Role};
use super::step::{HostResponse, StepOutcome};

/// How often the hosts of sources are checked.
const LISTEN_EVERY: Duration = Duration::from_secs(60);
/// How often records are written, and when a run ends: a kill loses no more than this of when
/// something arrived.
const KEEP_EVERY: Duration = Duration::from_mins(15);
/// A source is asked again after this time at the latest, whatever its state: what it names meanwhile
/// may have gone from it when it works again.
pub(super) const SOURCE_AGAIN: Duration = Duration::from_hours(6);

impl Crawl {
    /// Notes a look at a source of a job, and how many things it named that were new to the job.
    pub(super) fn note_source_visit(
        &mut self,
        followed: &Followed,
        claim: &Claim,
        stepped: &StepOutcome,
        (read, fresh): (Option<Read>, u64),
        now: Timestamp,
        observer: &mut dyn Observer,
    ) {
        if followed.role == Role::Page {
            return self.note_host_article(followed, claim, stepped, now, observer);
        }
        let (state, detail) = self.state_of(followed, claim, stepped, read);
        let look = SourceLook {
            at: now,
            state,
            detail,
            entries: read.map(|read| read.entries),
            fresh,
            to: stepped.redirect.as_ref().map(|to| to.without_fragment().to_string()),
        };
        self.note_look(followed, claim.uri().as_str(), &look, observer);
        if fresh > 0 {
            // The sources that redirect to it brought it.
            let job = followed.rules.name();
            for url in self.leading_to(job, claim.uri().as_str()) {
                if let Some(record) = self.sources.of(job, &url) {
                    record.rhythm.look(now, true);
                    self.clear_alarm(job, &url, observer);
                }
            }
        }
    }

    /// A source that robots.txt keeps us from.
    pub(super) fn source_was_refused(
        &mut self,
        claim: &Claim,
        state: SourceState,
        why: &str,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) {
        for followed in self.followed(claim) {
            if followed.role != Role::Page {
                let look = SourceLook {
                    at: now,
                    state: Some(state),
                    detail: why.to_owned(),
                    entries: None,
                    fresh: 0,
                    to: None,
                };
                self.note_look(&followed, claim.uri().as_str(), &look, observer);
            }
        }
    }

    fn note_look(
        &mut self,
        followed: &Followed,
        url: &str,
        look: &SourceLook,
        observer: &mut dyn Observer,
    ) {
        let job = followed.rules.name();
        let Some(record) = self.sources.of(job, url) else { return };
        kind_of(followed.role).clone_into(&mut record.kind);
        let was = record.look(look);
        let (state, detail) = (record.state, record.detail.clone());
        if let Some(was) = was.filter(|was| !(was.is_well() && state.is_well())) {
            let change = SourceChange {
                job: job.to_owned(),
                url: url.to_owned(),
                kind: kind_of(followed.role).to_owned(),
                was,
                state,
                detail,
            };
            observer.source(&change);
        }
        if look.fresh > 0 {
            self.clear_alarm(job, url, observer);
        }
    }

    /// What the answer says of a source, in a word and in detail; no word where the server only confirms
    /// what it said before.
    fn state_of(
        &self,
        followed: &Followed,
        claim: &Claim,
        stepped: &StepOutcome,
        read: Option<Read>,
    ) -> (Option<SourceState>, String) {
        let media_type = || {
            let finished = stepped.finished.as_ref();
            finished.and_then(|finished| finished.media_type.clone()).unwrap_or_default()
        };
        let status = match &stepped.met {
            HostResponse::Failure { why } => {
                return (Some(SourceState::Unreachable), (*why).to_owned());
            }
            HostResponse::OurRefusal => {
                return (Some(SourceState::Unreachable), "address refused".to_owned());
            }
            HostResponse::Reply { status, .. } => *status,
        };
        let state = match status {
            304 => return (None, "304".to_owned()),
            300..=399 => {
                let Followed { rules, owner, role } = followed;
                let is_near = trailing_redirects(&owner.path) < self.options.redirect_hops_max;
                let is_followed = stepped.redirect.as_ref().filter(|_| is_near).is_some_and(|to| {
                    let path = owner.path.then(crate::schedule::Step::Redirect);
                    rules.follows(to, &path, *role, (claim.uri(), &owner.settings))
                });
                if is_followed { SourceState::Redirected } else { SourceState::LedAstray }
            }
            404 | 410 => SourceState::NotFound,
            429 | 500..=599 | 0 => SourceState::ServerError,
            400..=499 => SourceState::Refused,
            _ => match read {
                Some(Read { is_source: true, entries: 1.. }) => SourceState::Good,
                Some(Read { is_source: false, .. }) | None
                    if stepped.redirect.as_ref().is_some_and(|to| to != claim.uri()) =>
                {
                    // A page in its place that sends its reader on.
                    SourceState::Redirected
                }
                Some(Read { is_source: true, .. }) => {
                    return (Some(SourceState::Empty), format!("{status}, {}", media_type()));
                }
                _ => return (Some(SourceState::NotASource), format!("{status}, {}", media_type())),
            },
        };
        (Some(state), status.to_string())
    }

    /// The sources of a job that lead to this one by redirects.
    fn leading_to(&self, job: &str, url: &str) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut ends = vec![url.to_owned()];
        while let Some(end) = ends.pop() {
            for name in self.sources.names(job) {
                let leads =
                    self.sources.get(job, &name).is_some_and(|r| r.to.as_ref() == Some(&end));
                if leads && !found.contains(&name) {
                    found.push(name.clone());
                    ends.push(name);
                }
            }
        }
        found
    }

    /// Notes that an article of a host was captured that the job had not captured before.
    fn note_host_article(
        &mut self,
        followed: &Followed,
        claim: &Claim,
        stepped: &StepOutcome,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) {
        let NamedBy { looked, path, .. } = &followed.owner;
        let is_new = claim.entry.visits == 0 && !looked && path.hops() > 0 && !path.is_requisite();
        let is_article = matches!(stepped.met, HostResponse::Reply { status: 200, .. })
            && stepped.is_worth_watching;
        if !is_new || !is_article {
            return;
        }
        let job = followed.rules.name();
        let host = claim.host.as_str();
        let Some(record) = self.sources.of(job, host) else { return };
        HOST.clone_into(&mut record.kind);
        record.rhythm.listen(now, true);
        self.clear_alarm(job, host, observer);
    }

    /// Notes that a new page of a host was named.
    pub(super) fn named_on(&mut self, job: &str, host: &HostKey, now: Timestamp) {
        // Nothing is expected of a host from which nothing ever came.
        if self.sources.get(job, host.as_str()).is_some()
            && let Some(record) = self.sources.of(job, host.as_str())
        {
            record.named_at = now.unix_micros();
        }
    }

    /// Something arrived: an alarm that was raised is cleared.
    fn clear_alarm(&mut self, job: &str, url: &str, observer: &mut dyn Observer) {
        let Some(record) = self.sources.of(job, url) else { return };
        if std::mem::take(&mut record.alarmed) {
            let kind = record.kind.clone();
            observer.trouble(&RunProblem::Resumed {
                job: job.to_owned(),
                url: url.to_owned(),
                kind,
            });
        }
    }

    /// Checks the hosts of the jobs that are followed, raises the alarm for what is silent for too
    /// long, and writes down what arrived.
    pub(super) fn watch_sources(
        &mut self,
        run: &mut Run<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        if run.care.sources_at.is_some_and(|at| now.since(at) < LISTEN_EVERY) {
            return Ok(());
        }
        run.care.sources_at = Some(now);
        self.listen(now, observer);
        if run.care.sources_kept.is_none_or(|at| now.since(at) >= KEEP_EVERY) {
            run.care.sources_kept = Some(now);
            self.sources.keep()?;
        }
        Ok(())
    }

    fn listen(&mut self, now: Timestamp, observer: &mut dyn Observer) {
        let jobs: Vec<String> = self.rules.keys().cloned().collect();
        for job in &jobs {
            for url in self.sources.names(job) {
                let is_host = self.sources.get(job, &url).is_some_and(|r| r.kind == HOST);
                let was_silent = self.sources.get(job, &url).and_then(SourceRecord::silent_since);
                if !is_host && was_silent.is_none() {
                    continue;
                }
                let Some(record) = self.sources.of(job, &url) else { continue };
                if is_host {
                    record.rhythm.listen(now, false);
                }
                let silent = record.silent_since();
                let usual = record.rhythm.silence().unwrap_or_default();
                let kind = record.kind.clone();
                match silent {
                    Some(since) if !record.alarmed => {
                        record.alarmed = true;
                        let job = job.clone();
                        observer.trouble(&RunProblem::Silent { job, url, kind, since, usual });
                    }
                    // Nothing is expected of it any longer.
                    None if record.alarmed => {
                        record.alarmed = false;
                        let job = job.clone();
                        observer.trouble(&RunProblem::Resumed { job, url, kind });
                    }
                    _ => {}
                }
            }
        }
    }

    /// At the end of a run: reports on the sources of its jobs.
    pub(super) fn tell_sources(
        &mut self,
        run: &mut Run<'_>,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        self.listen(self.now(), observer);
        self.sources.keep()?;
        run.report.sources = self.sources.lines(|job| self.rules.contains_key(job));
        Ok(())
    }

    /// Reports again what is wrong with sources, for an observer that was not there at the time.
    pub(super) fn recall_sources(&mut self, observer: &mut dyn Observer) {
        let jobs: Vec<String> = self.rules.keys().cloned().collect();
        for job in &jobs {
            for url in self.sources.names(job) {
                let Some(record) = self.sources.get(job, &url) else { continue };
                if !record.state.is_well() {
                    let (url, detail) = (url.clone(), record.detail.clone());
                    let (was, state) = (record.state, record.state);
                    let kind = record.kind.clone();
                    observer.source(&SourceChange {
                        job: job.clone(),
                        url,
                        kind,
                        was,
                        state,
                        detail,
                    });
                }
                if let Some(since) = record.silent_since().filter(|_| record.alarmed) {
                    let (job, kind) = (job.clone(), record.kind.clone());
                    let usual = record.rhythm.silence().unwrap_or_default();
                    observer.trouble(&RunProblem::Silent { job, url, kind, since, usual });
                }
            }
        }
    }

    /// Forgets the sources that a job gave up.
    pub(super) fn forget_sources(&mut self, job: &str) -> Result<(), CrawlError> {
        for url in self.sources.names(job) {
            let is_host = self.sources.get(job, &url).is_some_and(|record| record.kind == HOST);
            let Ok(uri) = crate::base::TargetUri::parse(&url) else { continue };
            let known = self.frontier.known(&uri)?;
            let is_of =
                known.is_some_and(|known| known.named_by.iter().any(|one| *one.job == *job));
            if !is_host && !is_of {
                self.sources.remove(job, &url)?;
            }
        }
        Ok(())
    }
}

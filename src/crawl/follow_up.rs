//! What follows from an exchange: what the page leads to, and when it is visited again.

use crate::base::{HostKey, Timestamp};
use crate::politeness::{Answer, Refusal, RobotsFetch, RobotsTarget};
use crate::schedule::revisit::Schedule;
use crate::schedule::{
    Added, Ask, Claim, DiscoveryPath, Disposition, Found, NextVisit, Priority, Step as PathStep,
};

use super::engine::{Crawl, Run, hash_of};
use super::followed::{FORBIDDEN_AGAIN, is_named};
use super::found::Leading;
use super::job::Take;
use super::observer::Observer;
use super::options::CrawlError;
use super::outcome::{Finished, Outcome};
use super::revisit;
use super::source_book::SourceState;
use super::step::{HostResponse, StepOutcome};

/// How often a URL that was put off with 429 or 503 is asked again in one run.
const PUT_OFF_MAX: u32 = 3;

impl Crawl {
    /// A page's exchange has ended.
    pub(super) fn page_came(
        &mut self,
        run: &mut Run<'_>,
        mut claim: Claim,
        mut stepped: StepOutcome,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        self.frontier.refresh(&mut claim);
        // What a page needs to be shown counts as the page does: it costs servers and disk no less.
        run.pages += 1;
        let navigates = self.goes_on(&claim, &stepped)?;
        let jobs = self.followed(&claim);
        Self::keep_variant(&mut claim, &stepped);
        for followed in &jobs {
            let (found, read) =
                self.found_by_job(run, followed, &claim, &mut stepped, now, observer)?;
            let hosts: Vec<HostKey> = found.iter().map(|one| one.uri.host_key()).collect();
            let added = self.frontier.add_all(found, now)?;
            let is_fresh = |added: &Added| matches!(added, Added::Added | Added::Joined);
            // Where it is not known what became of them, nothing is called new.
            let added = added.unwrap_or_default();
            let fresh_on = added.iter().zip(&hosts).filter(|(added, _)| is_fresh(added));
            let mut fresh = 0;
            for (_, host) in fresh_on {
                fresh += 1;
                self.named_on(followed.rules.name(), host, now);
            }
            self.note_source_visit(followed, &claim, &stepped, (read, fresh), now, observer);
        }
        let again = self.asks_again(&stepped);
        let found = self.found_on(run, &claim, &stepped, again, now);
        self.frontier.add_all(found, now)?;
        // A redirect to the URL itself: it is not done yet.
        let goes_on = again
            && stepped.redirect.as_ref().is_some_and(|to| to.without_fragment() == *claim.uri());
        self.spend(run, &claim, &stepped);
        let uri = claim.uri().clone();
        // Only now: a kill before this has the source report the same edits again.
        if let Some((said, is_changed)) = &stepped.said {
            self.book.keep_said(&uri, said, *is_changed)?;
            self.leave_said(&uri)?;
        }
        let host = claim.host.clone();
        let at = self.next_at(&uri, &host, now)?;
        if run.paced.insert(host.clone())
            && let Some((asked, kept)) = self.capped_delay(&uri)?
        {
            run.report.hosts.entry(host.to_string()).or_default().capped = Some((asked, kept));
            observer.note(&format!(
                "{host} asks for a Crawl-delay of {} s; {} s are used (politeness.crawl_delay_max)",
                asked.as_secs_f64(),
                kept.as_secs_f64()
            ));
        }
        run.report.hosts.entry(host.to_string()).or_default().delay = at.since(stepped.ended);
        if let Some(did) = put_off(run.job.take, &claim, &stepped) {
            if let Some(jar) = stepped.jar.take().filter(|jar| !jar.is_empty()) {
                run.navigations.insert(hash_of(&uri), jar);
            }
            let why = &format!("the server {did}; requested again when its host permits");
            self.frontier.snooze(claim, at, why, now)?;
            return Ok(self.frontier.host_wait(&host, at, now)?);
        }
        let counted = self.tell(run, &claim, &mut stepped, observer)?;
        if navigates {
            self.navigate(run, &claim, &mut stepped)?;
        }
        if let Some(finished) = stepped.finished.as_ref().filter(|_| !goes_on) {
            run.hand_back(finished, counted);
        }
        let learned = if jobs.is_empty() {
            self.learn(run, &claim, &stepped, now)?
        } else {
            self.learn_for_jobs(&jobs, &claim, &stepped, now)?
        };
        let disposition = Disposition {
            next: learned.next,
            host_ready_at: Some(at),
            memo: learned.memo,
            priority: None,
        };
        Ok(self.frontier.finish(claim, disposition, now)?)
    }

    /// What the look teaches about the page, and when it is visited again.
    fn learn(
        &mut self,
        run: &Run<'_>,
        claim: &Claim,
        stepped: &StepOutcome,
        now: Timestamp,
    ) -> Result<revisit::Learned, CrawlError> {
        let others = self.schedules_of_others(claim, stepped);
        if claim.entry.path != DiscoveryPath::seed() && others.is_empty() {
            return Ok(revisit::Learned::retire("captured"));
        }
        let host = self.book.revisits(&claim.host, self.options.looks_per_day, now)?;
        let params = &self.options.revisit;
        if run.job.take != Take::Queue {
            let mut schedules = others;
            if schedules.is_empty() {
                schedules.push(Schedule::Adaptive(Box::new(params.clone())));
            }
            let learned =
                revisit::look(claim, stepped, host, &schedules, params, now, self.options.seed);
            self.book.keep_revisits(&claim.host)?;
            self.leave_host(&claim.host, now)?;
            return Ok(learned);
        }
        if !stepped.is_worth_watching || run.job.once {
            return Ok(revisit::Learned::retire("captured"));
        }
        let (due, because) = revisit::first_look(stepped, host, params, now, self.options.seed);
        if let Some(watched) = &mut self.watched {
            let again = Found {
                uri: claim.uri().clone(),
                path: DiscoveryPath::seed(),
                via: None,
                due,
                because,
                priority: Priority::Seed,
                job: claim.job.to_string(),
                settings: String::new(),
                ask: Ask::IfNew,
            };
            watched.add(again, now)?;
        }
        Ok(revisit::Learned::retire("captured, and watched from now on"))
    }

    /// What the page leads to: its redirect, its requisites, its links; for this run, and for the requests that
    /// handed it over.
    fn found_on(
        &mut self,
        run: &mut Run<'_>,
        claim: &Claim,
        stepped: &StepOutcome,
        again: bool,
        now: Timestamp,
    ) -> Vec<Found> {
        let name = &run.job.name;
        let own = claim.named_by.iter().find(|owner| *owner.job == **name);
        let path = own.map_or(&claim.entry.path, |owner| &owner.path);
        let job = own.map_or(&claim.job, |owner| &owner.job);
        let page = Leading {
            from: claim.uri(),
            path,
            priority: claim.priority,
            job,
            redirect_hops_max: if run.job.once { 0 } else { self.options.redirect_hops_max },
            now,
        };
        let hash = hash_of(claim.uri());
        let mut found = Vec::new();
        let mut is_handed = false;
        for handed in run.handed.iter_mut().filter(|handed| handed.waits_for(hash)) {
            is_handed = true;
            let wants = (handed.depth, handed.requisites);
            found.extend(page.leads_to(stepped, again, wants, &mut |hash| handed.admits(hash)));
            let to = stepped.redirect.as_ref().filter(|_| again);
            if let Some(to) = to {
                handed.waits_again(hash_of(&to.without_fragment()));
            }
        }
        // Jobs decide what they follow.
        let is_followed = claim.named_by.iter().any(|owner| self.rules.contains_key(&*owner.job));
        if !is_handed && !is_followed {
            let (wants, asked) = ((run.job.depth, run.job.requisites), &mut run.asked);
            found.extend(page.leads_to(stepped, again, wants, &mut |hash| asked.insert(hash)));
        }
        found
    }

    /// The exchange for a robots.txt has ended.
    pub(super) fn robots_came(
        &mut self,
        run: &mut Run<'_>,
        target: RobotsTarget,
        claim: Box<Claim>,
        stepped: &StepOutcome,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        let mut too_often = false;
        if let Some(to) = &stepped.redirect {
            match target.redirected(to.clone()) {
                Some(next) => return self.ask_robots(run, next, claim, now),
                None => too_often = true,
            }
        }
        let fetch =
            if too_often { RobotsFetch::RedirectedTooOften } else { stepped.robots_fetch() };
        let governed = target.governs().clone();
        self.learn_robots(&target, fetch)?;
        if let Some(known) = self.book.robots(&governed)? {
            self.sitemaps_of_robots(run, &claim, &known, target.uri(), now, observer)?;
        }
        run.asking_robots.remove(&governed.authority());
        // A refused URL does not wait for the host's pace.
        if target.uri().host_key() != claim.host {
            self.wait_for_pace(target.uri(), now)?;
        }
        match self.ask_for(&claim, now)? {
            Answer::Refused(refusal) => match &stepped.page_failure {
                Some(failed) => self.page_failed(run, *claim, failed, now, observer),
                None => self.refused(run, *claim, &refusal, now, observer),
            },
            _ => {
                self.frontier.release(*claim)?;
                self.wait_for_pace(&governed, now)
            }
        }
    }

    /// The host could not be reached even for its robots.txt, which was asked for on behalf of
    /// this page.
    fn page_failed(
        &mut self,
        run: &mut Run<'_>,
        claim: Claim,
        failed: &Finished,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        self.note(run, failed, observer)?;
        let counted = self.tell_origins(run, &claim, observer)?;
        run.hand_back(failed, counted);
        if let Outcome::Failed { step, .. } = &failed.outcome {
            self.source_was_refused(&claim, SourceState::Unreachable, step, now, observer);
        }
        let why = "its host could not be reached".to_owned();
        let next = match run.job.take {
            Take::Queue => NextVisit::Retire { why },
            Take::Due | Take::Jobs | Take::Forever => {
                let due = self.next_at(claim.uri(), &claim.host, now)?;
                NextVisit::At { due, because: why }
            }
        };
        let disposition = Disposition { next, host_ready_at: None, memo: None, priority: None };
        Ok(self.frontier.finish(claim, disposition, now)?)
    }

    /// robots.txt keeps us from a URL.
    pub(super) fn refused(
        &mut self,
        run: &mut Run<'_>,
        claim: Claim,
        refusal: &Refusal,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let why = refusal.to_string();
        let outcome = match refusal {
            Refusal::Disallowed { .. } => Outcome::Refused { why: why.clone() },
            Refusal::RobotsUnreachable(_) => Outcome::RobotsUnreachable { why: why.clone() },
        };
        let finished = Finished {
            path: claim.entry.path.to_string(),
            via: claim.entry.via.clone(),
            ..Finished::without_exchange(claim.uri().clone(), now, outcome)
        };
        self.note(run, &finished, observer)?;
        let counted = self.tell_origins(run, &claim, observer)?;
        let state = match refusal {
            Refusal::Disallowed { .. } => SourceState::RobotsForbid,
            Refusal::RobotsUnreachable(_) => SourceState::RobotsUnreachable,
        };
        run.hand_back(&finished, counted);
        self.source_was_refused(&claim, state, &why, now, observer);
        if let Refusal::Disallowed { disputed: true, .. } = refusal
            && run.report.disputed(claim.uri(), &why)
        {
            observer.note(&format!(
                "{}: {why} (politeness.robots_reading, or robots_reading of a job, chooses)",
                claim.uri()
            ));
        }
        let next = match refusal {
            // Nothing is known of the page yet: it stays where it is in the queue, and this run does not
            // wait for it.
            Refusal::RobotsUnreachable(stay_out) => {
                run.left_for_later.insert(hash_of(claim.uri()));
                return Ok(self.frontier.snooze(claim, stay_out.retry_at, &why, now)?);
            }
            Refusal::Disallowed { .. } if run.job.take != Take::Queue && is_named(&claim) => {
                NextVisit::At { due: now.plus(FORBIDDEN_AGAIN), because: why }
            }
            Refusal::Disallowed { .. } => NextVisit::Retire { why },
        };
        let disposition = Disposition { next, host_ready_at: None, memo: None, priority: None };
        Ok(self.frontier.finish(claim, disposition, now)?)
    }
}

/// Why a URL is asked for again in the same run, where the server gave no final answer.
pub(super) fn put_off(take: Take, claim: &Claim, stepped: &StepOutcome) -> Option<&'static str> {
    let times = claim.entry.snoozes;
    match (&stepped.met, take) {
        (HostResponse::Reply { status: 429 | 503, .. }, Take::Queue) if times < PUT_OFF_MAX => {
            Some("put us off")
        }
        // A server that hangs up on a fresh connection may be starting again: one reset is not a
        // failure of the page.
        (HostResponse::Failure { why: "reset" }, Take::Queue) if times == 0 => Some("hung up"),
        _ => None,
    }
}

pub(super) fn trailing_redirects(path: &DiscoveryPath) -> u32 {
    let trailing = path.steps().rev().take_while(|step| *step == PathStep::Redirect).count();
    u32::try_from(trailing).unwrap_or(u32::MAX)
}

//! The jobs of a claim that this run follows: what each wants of the URL, and when all of them
//! together want it visited again.

use std::sync::Arc;
use std::time::Duration;

use crate::base::Timestamp;
use crate::schedule::revisit::Schedule;
use crate::schedule::{Claim, NamedBy, Priority};

use super::engine::Crawl;
use super::hosts::StoredEntries;
use super::job_context::Following;
use super::options::CrawlError;
use super::revisit::{self, Learned};
use super::rules::{JobRules, original_of, variants_in};
use super::source_watch::SOURCE_AGAIN;
use super::sources::{Role, is_source_word};
use super::step::{HostResponse, StepOutcome};

/// What robots.txt forbids is asked about again after this, where a job names it.
pub(super) const FORBIDDEN_AGAIN: Duration = Duration::from_hours(24);

/// A job that names the URL of a claim and is followed.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    pub rules: Arc<JobRules>,
    /// How it found the URL.
    pub owner: NamedBy,
    /// What the URL is to it.
    pub role: Role,
}

/// When a job wants a URL visited again.
enum Wish {
    Never(&'static str),
    By(Schedule),
}

impl Crawl {
    /// The jobs of a claim that are followed, those that named it first in front.
    pub(super) fn followed(&self, claim: &Claim) -> Vec<Followed> {
        let of = |owner: &NamedBy| {
            let rules = Arc::clone(self.rules.get(&*owner.job)?);
            let role = role_of(&rules, claim, owner);
            Some(Followed { rules, owner: owner.clone(), role })
        };
        claim.named_by.iter().filter_map(of).collect()
    }

    /// What jobs want of a claim.
    ///
    /// # Errors
    /// When what its source said before cannot be read.
    pub(super) fn following(&mut self, claim: &Claim) -> Result<Vec<Following>, CrawlError> {
        let jobs = self.followed(claim);
        let said = match jobs.iter().any(|job| job.role.is_dated()) {
            true => {
                self.take_over_said(claim.uri())?;
                self.book.said(claim.uri())?
            }
            false => StoredEntries::default(),
        };
        let said = Arc::new(said);
        let of = |followed: Followed| Following {
            said: Arc::clone(&said),
            role: followed.role,
            is_first: !followed.owner.looked,
            found_as: original_of(&followed.owner.settings).map(str::to_owned),
            variants: variants_in(&followed.owner.settings),
            path: followed.owner.path,
            rules: followed.rules,
        };
        Ok(jobs.into_iter().map(of).collect())
    }

    /// When a page or source of jobs is visited again: when the most urgent of them wants it.
    pub(super) fn learn_for_jobs(
        &mut self,
        jobs: &[Followed],
        claim: &Claim,
        stepped: &StepOutcome,
        now: Timestamp,
    ) -> Result<Learned, CrawlError> {
        let mut schedules = Vec::new();
        let mut never = None;
        for followed in jobs {
            match followed.wish(claim, stepped, now) {
                Wish::By(schedule) => schedules.push(schedule),
                Wish::Never(why) => never = never.or(Some(why)),
            }
        }
        schedules.extend(self.schedules_of_others(claim, stepped));
        if let (true, Some(why)) = (schedules.is_empty(), never) {
            return Ok(Learned::retire(why));
        }
        let host = self.book.revisits(&claim.host, self.options.looks_per_day, now)?;
        let params = &self.options.revisit;
        let mut learned =
            revisit::look(claim, stepped, host, &schedules, params, now, self.options.seed);
        self.book.keep_revisits(&claim.host)?;
        self.leave_host(&claim.host, now)?;
        let sources = jobs.iter().filter(|followed| followed.role != Role::Page);
        if let Some(every) = sources.map(|followed| followed.rules.spec.sources_every).min() {
            learned.not_later_than(now.plus(every.max(SOURCE_AGAIN)));
        }
        Ok(learned)
    }

    /// What the jobs want that name a page, too, and are not followed in this run. One whose file is
    /// gone wants nothing.
    pub(super) fn schedules_of_others(
        &self,
        claim: &Claim,
        stepped: &StepOutcome,
    ) -> Vec<Schedule> {
        let page = matches!(stepped.met, HostResponse::Reply { status: 200 | 304, .. });
        let of = |owner: &NamedBy| {
            if self.rules.contains_key(&*owner.job) || owner.path.is_requisite() {
                return None;
            }
            let record = self.job_book.get(&owner.job).filter(|record| !record.gone)?;
            let is_source = owner.settings.split_whitespace().any(is_source_word);
            if is_source {
                return Some(record.schedule_of_sources());
            }
            (stepped.is_worth_watching || !page).then(|| record.schedule())
        };
        claim.named_by.iter().filter_map(of).collect()
    }
}

impl Followed {
    fn wish(&self, claim: &Claim, stepped: &StepOutcome, now: Timestamp) -> Wish {
        let spec = &self.rules.spec;
        let answered = matches!(stepped.met, HostResponse::Reply { status: 200..=399, .. });
        if self.owner.path.is_requisite() && answered {
            return Wish::Never("captured");
        }
        if self.role != Role::Page {
            return Wish::By(spec.schedule_of_sources());
        }
        let page = matches!(stepped.met, HostResponse::Reply { status: 200 | 304, .. });
        if page && !stepped.is_worth_watching {
            return Wish::Never("captured; not a page that is edited");
        }
        if spec.age_max.is_some_and(|max| now.since(claim.entry.found_at) > max) {
            return Wish::Never("found longer ago than schedule.age_max");
        }
        Wish::By(spec.schedule.clone())
    }
}

/// What a claim's URL is to a job that names it.
pub(super) fn role_of(rules: &JobRules, claim: &Claim, owner: &NamedBy) -> Role {
    let via = owner.via.as_deref();
    Role::of(&rules.spec, &claim.entry.uri, via, &owner.path, &owner.settings)
}

/// Whether a job names the URL of a claim itself.
pub(super) fn is_named(claim: &Claim) -> bool {
    claim.priority == Priority::Seed
}

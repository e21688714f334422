//! The jobs of a run: which are followed, what their files name, and how they differ from what they
//! were when they were followed last: renamed, changed, gone.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use crate::base::{TargetUri, Timestamp};
use crate::schedule::{Ask, Claim, Found, NamedBy};

use super::belonging::belongs;
use super::engine::{Crawl, JobFiles};
use super::entry_words::is_named_by_source;
use super::job_book::{JobRecord, named_hash, renames};
use super::observer::Observer;
use super::options::CrawlError;
use super::rules::JobRules;
use super::sources::{self, Role};

/// A source is named by another, and that by a third; a longer chain is not followed.
const SOURCES_IN_A_ROW_MAX: u32 = 16;

impl Crawl {
    /// Sets the jobs that are followed. Without any, all that the queue holds is served.
    pub fn set_jobs(&mut self, jobs: Vec<Arc<JobRules>>) {
        self.rules = jobs.into_iter().map(|job| (job.name().to_owned(), job)).collect();
    }

    /// Sets the check whether the file of a job is still there; without it all are.
    pub fn set_job_files(&mut self, is_there: JobFiles) {
        self.job_files = Some(is_there);
    }

    /// The jobs that are followed, sorted by name: a map has no stable order.
    fn jobs(&self) -> Vec<Arc<JobRules>> {
        let mut jobs: Vec<Arc<JobRules>> = self.rules.values().cloned().collect();
        jobs.sort_by(|a, b| a.name().cmp(b.name()));
        jobs
    }

    /// Compares the jobs with what they were: a renamed one keeps its pages, and what was taken out of
    /// a file is given up.
    pub(super) fn adopt_jobs(
        &mut self,
        observer: &mut dyn Observer,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let mut fresh: HashMap<String, JobRecord> = HashMap::new();
        for rules in self.jobs() {
            let record = JobRecord::of(&rules.spec, rules.named(), now);
            fresh.insert(rules.name().to_owned(), record);
        }
        if fresh.is_empty() {
            return Ok(());
        }
        self.note_gone(&fresh)?;
        self.rename_jobs(&fresh, observer)?;
        for rules in self.jobs() {
            let Some(record) = fresh.remove(rules.name()) else { continue };
            let was = self.job_book.get(rules.name());
            let is_as_before = was.is_some_and(|was| was.shape == record.shape);
            let has_some = self.frontier.counts_of_job(rules.name()).total() > 0
                || self.frontier.shared().is_some();
            if !is_as_before && has_some {
                let given_up = self.give_up_lost(&rules, now)?;
                if given_up > 0 {
                    let name = rules.name();
                    observer.note(&format!("{given_up} URLs no longer belong to the job {name}"));
                }
                self.forget_sources(rules.name())?;
            }
            // Only now: a kill before this checks the pages again.
            self.job_book.put(rules.name(), record)?;
        }
        Ok(())
    }

    /// Notes of the jobs that are not followed now whether their files are gone.
    fn note_gone(&mut self, fresh: &HashMap<String, JobRecord>) -> Result<(), CrawlError> {
        let others: Vec<(String, JobRecord)> = self
            .job_book
            .iter()
            .filter(|(name, _)| !fresh.contains_key(*name))
            .map(|(name, record)| (name.to_owned(), record.clone()))
            .collect();
        for (name, record) in others {
            // One that is where another job is now was renamed, or is gone.
            let is_replaced = fresh.values().any(|new| has_file(new) && new.file == record.file);
            let is_there = |is_there: &(dyn Fn(&Path) -> bool + Send)| is_there(&record.file);
            let is_missing = has_file(&record) && !self.job_files.as_deref().is_none_or(is_there);
            let gone = is_replaced || is_missing;
            self.job_book.put(&name, record.with_gone(gone))?;
        }
        Ok(())
    }

    fn rename_jobs(
        &mut self,
        fresh: &HashMap<String, JobRecord>,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let own = |(name, record): (&str, &JobRecord)| (name.to_owned(), record.clone());
        let is_gone = |record: &JobRecord| record.gone || !has_file(record);
        let gone: Vec<_> = self
            .job_book
            .iter()
            .filter(|(name, record)| !fresh.contains_key(*name) && is_gone(record))
            .map(own)
            .collect();
        let new: Vec<_> = fresh
            .iter()
            .filter(|(name, _)| self.job_book.get(name).is_none())
            .map(|(name, record)| own((name, record)))
            .collect();
        for (old, new) in renames(&gone, &new) {
            self.frontier.rename_job(&old, &new)?;
            if let Some(began) = self.book.unfinished(&old)? {
                self.book.set_unfinished(&new, Some(began))?;
                self.book.set_unfinished(&old, None)?;
            }
            // The old record stays until its pages were checked under the new name.
            if let Some(was) = self.job_book.get(&old).cloned() {
                self.job_book.put(&new, was)?;
            }
            self.job_book.remove(&old)?;
            self.sources.rename(&old, &new)?;
            self.renamed.insert(old.clone(), new.clone());
            observer.note(&format!("the job {old} is now called {new}; it keeps its pages"));
        }
        Ok(())
    }

    /// Has a job give up what does not belong to it any longer.
    fn give_up_lost(&mut self, rules: &JobRules, now: Timestamp) -> Result<u64, CrawlError> {
        let followed = self.followed_sources(rules)?;
        let mut is_followed = |text: &str| {
            TargetUri::parse(text).is_ok_and(|uri| followed.contains(&named_hash(&uri)))
        };
        let mut gives_up =
            |uri: &TargetUri, owner: &NamedBy| belongs(rules, uri, owner, &mut is_followed).err();
        Ok(self.frontier.disown(rules.name(), &mut gives_up, now)?)
    }

    /// What of all that a job owns is named by it, or led to by something that is: sources, and what
    /// redirects are between.
    fn followed_sources(&self, rules: &JobRules) -> Result<HashSet<u64>, CrawlError> {
        let mut followed: HashSet<u64> = rules.spec.named().map(|uri| named_hash(&uri)).collect();
        let mut led_to: Vec<(TargetUri, NamedBy)> = Vec::new();
        for item in self.frontier.owned_by(rules.name()) {
            let (entry, owner) = item?;
            if leads_on(rules, &entry.uri, &owner) {
                led_to.push((entry.uri, owner));
            }
        }
        for _ in 0..SOURCES_IN_A_ROW_MAX {
            let before = followed.len();
            led_to.retain(|(uri, owner)| {
                let mut is_followed = |text: &str| {
                    TargetUri::parse(text).is_ok_and(|via| followed.contains(&named_hash(&via)))
                };
                let is_in = belongs(rules, uri, owner, &mut is_followed).is_ok();
                if is_in {
                    followed.insert(named_hash(uri));
                }
                !is_in
            });
            if followed.len() == before {
                break;
            }
        }
        Ok(followed)
    }

    /// Takes from a claim the jobs that it no longer belongs to, by what their files say now; why the
    /// last of them gave it up.
    pub(super) fn take_from_lost(&self, claim: &mut Claim) -> Result<Option<String>, CrawlError> {
        let mut lost = None;
        let mut stays = Vec::with_capacity(claim.named_by.len());
        for owner in std::mem::take(&mut claim.named_by) {
            let rules = self.rules.get(&*owner.job);
            match rules.map(|rules| self.is_of(rules, claim.uri(), &owner, 0)).transpose()? {
                Some(Err(why)) => lost = Some(why),
                Some(Ok(())) | None => stays.push(owner),
            }
        }
        claim.named_by = stays;
        Ok(lost)
    }

    /// Whether a URL belongs to a job, asking the queue for what led to it.
    fn is_of(
        &self,
        rules: &JobRules,
        uri: &TargetUri,
        owner: &NamedBy,
        depth: u32,
    ) -> Result<Result<(), String>, CrawlError> {
        let mut trouble = None;
        let mut is_followed = |text: &str| {
            let Ok(via) = TargetUri::parse(text) else { return false };
            if rules.names(&via) {
                return rules.scope.excluded(&via).is_none();
            }
            let known = match self.frontier.known(&via) {
                Ok(known) => known,
                Err(why) => {
                    trouble = Some(why);
                    return false;
                }
            };
            let named_by = known.map(|known| known.named_by).unwrap_or_default();
            let own = named_by.iter().find(|other| *other.job == *rules.name());
            let Some(own) = own.filter(|_| depth < SOURCES_IN_A_ROW_MAX) else { return false };
            matches!(self.is_of(rules, &via, own, depth + 1), Ok(Ok(())))
        };
        let is_in = belongs(rules, uri, owner, &mut is_followed);
        match trouble {
            Some(why) => Err(why.into()),
            None => Ok(is_in),
        }
    }

    /// Queues what the jobs name: now, or where it is not known yet. A job whose last run was
    /// killed or stopped is resumed where it was left: what it names is in the queue already, and
    /// what was captured since that run began is not asked for again.
    pub(super) fn add_named(&mut self, ask: Ask, now: Timestamp) -> Result<(), CrawlError> {
        let mut has_begun = false;
        for rules in self.jobs() {
            let is_run = ask == Ask::Again;
            let goes_on = is_run && self.book.unfinished(rules.name())?.is_some();
            let ask = if goes_on { Ask::IfNew } else { ask };
            let named = sources::named_by(&rules.spec, now);
            let named = named.filter(|found| rules.scope.excluded(&found.uri).is_none());
            self.frontier.add_all(named.map(|found| Found { ask, ..found }).collect(), now)?;
            if is_run && !goes_on {
                // Only now: a kill before this asks for all of it again.
                self.book.set_unfinished(rules.name(), Some(now))?;
                has_begun = true;
            }
        }
        if has_begun {
            self.frontier.checkpoint(now)?;
        }
        Ok(())
    }

    /// The jobs that are followed and whose last run was not finished.
    ///
    /// # Errors
    /// When the state tables cannot be read.
    pub fn unfinished_jobs(&self) -> Result<Vec<String>, CrawlError> {
        let mut jobs = Vec::new();
        for name in self.rules.keys() {
            if self.book.unfinished(name)?.is_some() {
                jobs.push(name.clone());
            }
        }
        jobs.sort();
        Ok(jobs)
    }
}

fn has_file(record: &JobRecord) -> bool {
    !record.file.as_os_str().is_empty()
}

/// Whether something else may belong to the job because this URL does.
fn leads_on(rules: &JobRules, uri: &TargetUri, owner: &NamedBy) -> bool {
    let via = owner.via.as_deref();
    via.is_some()
        && (Role::of(&rules.spec, uri, via, &owner.path, &owner.settings) != Role::Page
            || owner.path.hops() == 0
            || is_named_by_source(&owner.settings))
}

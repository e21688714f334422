//! What a run owes to jobs: what they name, what their pages lead to, when those are looked at
//! again, and their limits; and what a run for ever owes to its operator: a pause while the disk is
//! full, an alarm when nothing moves.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::base::{TargetUri, Timestamp};
use crate::politeness::CachedRobots;
use crate::schedule::clean::clean;
use crate::schedule::{Ask, Claim, DiscoveryPath, Found, Priority, Step as PathStep};

use super::ending::trailing_redirects;
use super::engine::{Crawl, Run};
use super::following::{Following, known};
use super::learn::{self, Learned};
use super::observer::{Observer, Trouble};
use super::options::CrawlError;
use super::rules::{JobRules, found_as, original_of, variants_in, with_variant};
use super::serving::Spent;
use super::sources::{self, Role, Rulings};
use super::step::{Met, Stepped};

/// How often the disk is looked at while there is room.
const DISK_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked at while there is none.
const DISK_EVERY_FULL: Duration = Duration::from_secs(60);
/// What robots.txt forbids is asked about again after this, where a job names it.
pub(super) const FORBIDDEN_AGAIN: Duration = Duration::from_hours(24);

/// What a run for ever is told while it runs.
#[derive(Debug)]
pub enum Order {
    /// These are the jobs from now on.
    Jobs(Vec<Arc<JobRules>>),
}

/// What a run keeps for its jobs and its operator.
#[derive(Debug, Default)]
pub(super) struct Care {
    pub(super) spent: HashMap<String, Spent>,
    /// Until when the disk is not looked at again.
    disk_at: Option<Timestamp>,
    /// What is free, as long as that is too little.
    disk_low: Option<u64>,
    /// Since when something could be fetched and nothing was.
    ready_since: Option<Timestamp>,
    stalled: bool,
}

impl Crawl {
    /// Sets the jobs that are followed. Without any, all that the queue holds is served.
    pub fn set_jobs(&mut self, jobs: Vec<Arc<JobRules>>) {
        self.rules = jobs.into_iter().map(|job| (job.name().to_owned(), job)).collect();
    }

    /// Where a run for ever takes orders from.
    pub fn take_orders(&mut self, orders: UnboundedReceiver<Order>) {
        self.orders = Some(orders);
    }

    /// Asks for the free disk in another way than of the system, for tests of a full one.
    pub fn set_disk_gauge(&mut self, gauge: Box<dyn Fn() -> Option<u64> + Send>) {
        self.gauge = Some(gauge);
    }

    /// Moves what is queued there into this queue, so that one run serves both; what is moved is
    /// looked at once, now. A kill on the way loses nothing.
    ///
    /// # Errors
    /// When either queue cannot be read or written.
    pub fn take_over(&mut self, from: &mut crate::schedule::Frontier) -> Result<u64, CrawlError> {
        use crate::schedule::{Disposition, Next, NextVisit};
        let now = self.now();
        let far = now.plus(Duration::from_hours(24 * 3650));
        let mut moved = 0;
        while let Next::Ready(claim) = from.next(far, &mut |_| false)? {
            let found = Found {
                uri: claim.uri().clone(),
                path: claim.entry.path.clone(),
                via: claim.entry.via.clone(),
                due: now,
                because: "left in the queue by an earlier run".to_owned(),
                priority: claim.priority,
                job: claim.job.to_string(),
                settings: claim.entry.settings.clone(),
                ask: Ask::Again,
            };
            self.frontier.add(found, now)?;
            let why = "taken over by a run for ever".to_owned();
            let disposition = Disposition {
                next: NextVisit::Retire { why },
                host_ready_at: None,
                memo: None,
                priority: None,
            };
            from.finish(*claim, disposition, now)?;
            moved += 1;
        }
        Ok(moved)
    }

    pub(super) fn rules_of(&self, claim: &Claim) -> Option<Arc<JobRules>> {
        self.rules.get(&*claim.job).cloned()
    }

    /// What a job wants of a claim.
    pub(super) fn following(&self, claim: &Claim) -> Option<Following> {
        let rules = self.rules_of(claim)?;
        let entry = &claim.entry;
        let role =
            Role::of(&rules.spec, &entry.uri, entry.via.as_deref(), &entry.path, &entry.settings);
        Some(Following {
            role,
            path: entry.path.clone(),
            is_first: entry.visits == 0,
            found_as: original_of(&entry.settings).map(str::to_owned),
            variants: variants_in(&entry.settings),
            rules,
        })
    }

    /// Queues what the jobs name: now, or where it was never heard of. A job whose last run was
    /// killed or stopped is taken up where it was left: what it names is in the queue already, and
    /// what was captured since that run began is not asked for again.
    pub(super) fn add_named(&mut self, ask: Ask, now: Timestamp) -> Result<(), CrawlError> {
        let mut jobs: Vec<Arc<JobRules>> = self.rules.values().cloned().collect();
        // The order of a map is not the same twice; that of a queue should be.
        jobs.sort_by(|a, b| a.name().cmp(b.name()));
        let mut has_begun = false;
        for rules in jobs {
            let is_run = ask == Ask::Again;
            let goes_on = is_run && self.book.unfinished(rules.name())?.is_some();
            let ask = if goes_on { Ask::IfNew } else { ask };
            let named = sources::named_by(&rules.spec, now);
            self.frontier.add_all(named.map(|found| Found { ask, ..found }), now)?;
            if is_run && !goes_on {
                // Only now: a kill before this asks for all of it again.
                self.book.set_unfinished(rules.name(), Some(now))?;
                has_begun = true;
            }
        }
        if has_begun {
            self.frontier.checkpoint()?;
        }
        Ok(())
    }

    /// The jobs that are followed and whose last run did not come to its end.
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

    /// What a job's page or source leads to, as far as the queue and the trap guard allow it.
    pub(super) fn found_by_job(
        &mut self,
        run: &mut Run<'_>,
        rules: &JobRules,
        claim: &Claim,
        stepped: &mut Stepped,
        now: Timestamp,
    ) -> Result<Vec<Found>, CrawlError> {
        let mut offered = Vec::new();
        let entry = &claim.entry;
        let role =
            Role::of(&rules.spec, &entry.uri, entry.via.as_deref(), &entry.path, &entry.settings);
        if let Some(to) = stepped.redirect.as_ref().map(TargetUri::without_fragment) {
            let path = entry.path.then(PathStep::Redirect);
            let is_near = trailing_redirects(&entry.path) < self.options.redirect_hops_max;
            if is_near && rules.follows(&to, &path, role, &entry.uri) {
                offered.push(Found {
                    uri: to,
                    path,
                    via: Some(entry.uri.as_str().to_owned()),
                    due: now,
                    because: format!("{} redirects to it", entry.uri),
                    priority: claim.priority,
                    job: claim.job.to_string(),
                    settings: role.settings().to_owned(),
                    ask: Ask::IfNew,
                });
            }
        }
        let Some(gathered) = stepped.gathered.take() else { return Ok(offered) };
        let mut originals: HashMap<String, TargetUri> = gathered
            .cleaned
            .into_iter()
            .map(|(original, cleaned)| (cleaned.uri.as_str().to_owned(), original))
            .collect();
        run.report.left_out += gathered.left_out.len() as u64;
        for left in gathered.left_out {
            tracing::debug!(url = %left.uri, why = %left.why, via = %entry.uri, "left out");
        }
        for note in gathered.notes {
            tracing::debug!(url = %entry.uri, note = %note, "source");
        }
        if let Some(found) = &gathered.variant {
            let kind = found.kind.label();
            tracing::debug!(url = %found.uri, of = %found.of, kind, "a variant");
        }
        for mut found in gathered.found {
            if let Some(original) = originals.remove(found.uri.as_str()) {
                found.settings = found_as(&found.settings, &original);
            }
            if found.ask == Ask::Again {
                found.ask = Ask::Signal;
            }
            offered.push(found);
        }
        self.admitted(run, rules, offered, now)
    }

    /// Keeps with the queue's entry what its page says it is a variant of, so that every later
    /// capture says so in its metadata record. A look that read no page leaves it as it is.
    pub(super) fn keep_variant(claim: &mut Claim, stepped: &Stepped) {
        if let Some(gathered) = &stepped.gathered {
            // It is a fact of the page: whoever names it first says it for all.
            if let Some(first) = claim.named_by.first_mut() {
                first.settings = with_variant(&first.settings, gathered.variant.as_ref());
            }
        }
    }

    /// What may be queued of it: what is known already, and what trips no guard.
    fn admitted(
        &mut self,
        run: &mut Run<'_>,
        rules: &JobRules,
        offered: Vec<Found>,
        now: Timestamp,
    ) -> Result<Vec<Found>, CrawlError> {
        let mut found = Vec::with_capacity(offered.len());
        for one in offered {
            if self.frontier.get(&one.uri)?.is_some() {
                found.push(one);
                continue;
            }
            self.count_host(rules, &one.uri)?;
            if let Err(trap) = rules.admit(&one.uri, now) {
                run.report.left_out += 1;
                tracing::debug!(url = %one.uri, rule = trap.rule, what = %trap.what, "a trap");
                continue;
            }
            found.push(one);
        }
        Ok(found)
    }

    /// Counts what earlier processes, or the job before it was read again, let in of a host: the
    /// budgets of the trap guard are for the job's life. The queue itself says what was let in, so
    /// no kill makes it forget any.
    fn count_host(&self, rules: &JobRules, uri: &TargetUri) -> Result<(), CrawlError> {
        let host = uri.host_key();
        if !rules.is_first_of(&host) {
            return Ok(());
        }
        for entry in self.frontier.entries_of(&host, rules.name()) {
            let (entry, own) = entry?;
            // What the job names itself is put to no guard.
            if own.via.is_some() {
                rules.count(&entry.uri);
            }
        }
        Ok(())
    }

    /// Queues the sitemaps that a robots.txt names, where the job of the URL it was asked for
    /// wants them.
    pub(super) fn sitemaps_of_robots(
        &mut self,
        run: &mut Run<'_>,
        claim: &Claim,
        robots: &CachedRobots,
        uri: &TargetUri,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let (Some(rules), Some(text)) = (self.rules_of(claim), robots.rules()) else {
            return Ok(());
        };
        let path = DiscoveryPath::seed().then(PathStep::Prerequisite);
        let reader = self.reader.clone();
        let mut rulings = Rulings {
            scope: &|uri, path, via| rules.scope.judge(uri, path, via),
            clean: &|uri| clean(uri, &rules.spec.clean),
            admit: &mut |_| Ok(()),
            known: &|uri| known(&reader, uri),
        };
        let named =
            sources::named_by_robots(&rules.spec, uri, &path, &text.sitemaps, now, &mut rulings);
        let found = self.admitted(run, &rules, named.found, now)?;
        self.frontier.add_all(found, now)?;
        Ok(())
    }

    /// When a page or source of a job is looked at again.
    pub(super) fn learn_for_job(
        &mut self,
        rules: &JobRules,
        claim: &Claim,
        stepped: &Stepped,
        now: Timestamp,
    ) -> Result<Learned, CrawlError> {
        let entry = &claim.entry;
        let answered = matches!(stepped.met, Met::Reply { status: 200..=399, .. });
        if entry.path.is_requisite() && answered {
            return Ok(Learned::retire("captured"));
        }
        let role =
            Role::of(&rules.spec, &entry.uri, entry.via.as_deref(), &entry.path, &entry.settings);
        let schedule = match role {
            Role::Page => rules.spec.schedule.clone(),
            Role::Feed | Role::Sitemap | Role::Section => rules.spec.schedule_of_sources(),
        };
        if role == Role::Page {
            let page = matches!(stepped.met, Met::Reply { status: 200 | 304, .. });
            if page && !stepped.is_worth_watching {
                return Ok(Learned::retire("captured; not a page that is edited"));
            }
            if rules.spec.age_max.is_some_and(|max| now.since(entry.found_at) > max) {
                return Ok(Learned::retire("found longer ago than schedule.age_max"));
            }
        }
        let host = self.book.revisits(&claim.host, self.options.looks_per_day, now)?;
        let params = &self.options.revisit;
        let learned = learn::look(claim, stepped, host, &schedule, params, now, self.options.seed);
        self.book.keep_revisits(&claim.host)?;
        Ok(learned)
    }

    /// Counts what a claim cost its job.
    pub(super) fn spend(&mut self, run: &mut Run<'_>, claim: &Claim, stepped: &Stepped) {
        let Some(rules) = self.rules_of(claim) else { return };
        let since = run.report.started;
        let spent = run.care.spent.entry(rules.name().to_owned());
        let spent = spent.or_insert(Spent { since, pages: 0, bytes: 0 });
        spent.pages += u64::from(!claim.entry.path.is_requisite());
        spent.bytes += stepped.finished.as_ref().map_or(0, |finished| finished.bytes);
        let limits = &rules.spec.limits;
        let is_spent = limits.pages_max.is_some_and(|max| spent.pages >= max)
            || limits.bytes_max.is_some_and(|max| spent.bytes >= max);
        if is_spent {
            self.serve(run);
        }
    }

    pub(super) fn disk_free(&self) -> Option<u64> {
        self.gauge.as_ref().map_or_else(|| self.store.disk_free(), |gauge| gauge())
    }

    /// For a run for ever: whether there is room to fetch; else when to look again.
    pub(super) fn pause_for_disk(
        &mut self,
        run: &mut Run<'_>,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Option<Timestamp> {
        if let Some(at) = run.care.disk_at.filter(|at| now < *at) {
            return run.care.disk_low.map(|_| at);
        }
        let wanted = self.options.disk_free_min;
        match self.disk_free() {
            Some(free) if free < wanted => {
                let at = now.plus(DISK_EVERY_FULL);
                if run.care.disk_low.replace(free).is_none() {
                    observer.trouble(&Trouble::DiskLow { free, wanted });
                }
                run.care.disk_at = Some(at);
                Some(at)
            }
            _ => {
                run.care.disk_at = Some(now.plus(DISK_EVERY));
                if run.care.disk_low.take().is_some() {
                    observer.trouble(&Trouble::DiskBack);
                }
                self.serve(run);
                None
            }
        }
    }

    /// For a run for ever: raises the alarm when something could be fetched and nothing is.
    pub(super) fn watch_for_stall(&mut self, run: &mut Run<'_>, observer: &mut dyn Observer) {
        let now = self.now();
        let could = run.care.disk_low.is_none()
            && (!run.is_idle() || self.frontier.ready_hosts(now, 1) > 0);
        if !could {
            run.care.ready_since = None;
            return;
        }
        let since = *run.care.ready_since.get_or_insert(now);
        if !run.care.stalled && now.since(since) >= self.options.stall_after {
            run.care.stalled = true;
            observer.trouble(&Trouble::Stalled { since });
        }
    }

    /// Something came to its end: nothing stalls.
    pub(super) fn moved(run: &mut Run<'_>, observer: &mut dyn Observer) {
        run.care.ready_since = None;
        if std::mem::take(&mut run.care.stalled) {
            observer.trouble(&Trouble::Moving);
        }
    }

    /// Follows an order.
    pub(super) fn obey(&mut self, run: &mut Run<'_>, order: Order) -> Result<(), CrawlError> {
        let Order::Jobs(jobs) = order;
        self.set_jobs(jobs);
        let now = self.now();
        self.add_named(Ask::IfNew, now)?;
        self.serve(run);
        Ok(())
    }
}

/// Whether a job names the URL of a claim itself.
pub(super) fn is_named(claim: &Claim) -> bool {
    claim.priority == Priority::Seed
}

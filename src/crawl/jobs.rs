//! What a run owes to its jobs and its operator while it is running: the jobs' limits, a pause while the
//! disk is full, an alarm when nothing moves, and the orders it is given.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::base::{TargetUri, Timestamp};
use crate::schedule::{Ask, Claim, Found};

use super::engine::{Crawl, Run};
use super::followed::Followed;
use super::handover::HandOver;
use super::observer::{Observer, RunProblem};
use super::options::CrawlError;
use super::quotas::Spent;
use super::rules::JobRules;
use super::step::StepOutcome;

/// How often the disk is checked while there is room.
const DISK_EVERY: Duration = Duration::from_secs(5);
/// How often it is checked while there is no room.
const DISK_EVERY_FULL: Duration = Duration::from_secs(60);

/// Orders to a run without an end while it runs.
#[derive(Debug)]
pub enum Order {
    /// These are the jobs from now on.
    Jobs(Vec<Arc<JobRules>>),
    /// Capture this, for another process.
    Capture(HandOver),
    /// Open the crawl log again: it was moved away.
    ReopenLog,
}

/// What a run keeps for its jobs and its operator.
#[derive(Debug, Default)]
pub(super) struct RunHealth {
    pub(super) spent: HashMap<String, Spent>,
    /// Until when the disk is not checked again.
    disk_at: Option<Timestamp>,
    /// What is free, as long as that is too little.
    disk_low: Option<u64>,
    /// Since when something could be fetched and nothing was.
    ready_since: Option<Timestamp>,
    stalled: bool,
    /// When the sources were last checked for news, and when what is known of them was written.
    pub(super) sources_at: Option<Timestamp>,
    pub(super) sources_kept: Option<Timestamp>,
    /// How many pages that were given up are still being read.
    stuck: usize,
}

impl Crawl {
    /// Sets the channel of orders to a run without an end.
    pub fn take_orders(&mut self, orders: UnboundedReceiver<Order>) {
        self.orders = Some(orders);
    }

    /// Replaces the system's measure of free disk, for tests of a full one.
    pub fn set_disk_gauge(&mut self, gauge: Box<dyn Fn() -> Option<u64> + Send>) {
        self.gauge = Some(gauge);
    }

    /// Has `gate` called before each page is read, on the thread that reads it; for tests of pages that
    /// take long.
    pub fn set_reading_gate(&mut self, gate: Arc<dyn Fn(&TargetUri) + Send + Sync>) {
        self.reading_gate = Some(gate);
    }

    /// Moves what is queued there into this queue, so that one run serves both; what is moved is
    /// visited once, now. A kill on the way loses nothing.
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
            self.frontier.add_all(vec![found], now)?;
            let why = "taken over by a continuous run".to_owned();
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

    /// Counts what a claim cost its jobs.
    pub(super) fn spend(&mut self, run: &mut Run<'_>, claim: &Claim, stepped: &StepOutcome) {
        let since = run.report.started;
        let bytes = stepped.finished.as_ref().map_or(0, |finished| finished.bytes);
        let mut is_spent = false;
        for Followed { rules, .. } in self.followed(claim) {
            let spent = run.care.spent.entry(rules.name().to_owned());
            let spent = spent.or_insert(Spent { since, pages: 0, bytes: 0 });
            spent.pages += 1;
            spent.bytes += bytes;
            let limits = &rules.spec.limits;
            is_spent |= limits.pages_max.is_some_and(|max| spent.pages >= max)
                || limits.bytes_max.is_some_and(|max| spent.bytes >= max);
        }
        if is_spent {
            self.serve(run);
        }
    }

    pub(super) fn disk_free(&self) -> Option<u64> {
        self.gauge.as_ref().map_or_else(|| self.store.disk_free(), |gauge| gauge())
    }

    /// For a run without an end: whether there is room to fetch; else when to check again.
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
                    observer.trouble(&RunProblem::DiskLow { free, wanted });
                }
                run.care.disk_at = Some(at);
                Some(at)
            }
            _ => {
                run.care.disk_at = Some(now.plus(DISK_EVERY));
                if run.care.disk_low.take().is_some() {
                    observer.trouble(&RunProblem::DiskBack);
                }
                self.serve(run);
                None
            }
        }
    }

    /// For a run without an end: raises the alarm when something could be fetched and nothing is.
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
            observer.trouble(&RunProblem::Stalled { since });
        }
    }

    /// Reports when pages that were given up are still being read, and when none is any more.
    pub(super) fn watch_readings(&mut self, run: &mut Run<'_>, observer: &mut dyn Observer) {
        let readings = self.readers.stuck();
        if readings != run.care.stuck {
            run.care.stuck = readings;
            observer.trouble(&RunProblem::ReadingsStuck { readings });
        }
    }

    /// Something ended: nothing stalls.
    pub(super) fn moved(run: &mut Run<'_>, observer: &mut dyn Observer) {
        run.care.ready_since = None;
        if std::mem::take(&mut run.care.stalled) {
            observer.trouble(&RunProblem::Moving);
        }
    }

    /// Follows an order.
    pub(super) fn obey(
        &mut self,
        run: &mut Run<'_>,
        order: Order,
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let now = self.now();
        match order {
            Order::Jobs(jobs) => {
                self.set_jobs(jobs);
                self.adopt_jobs(observer, now)?;
                self.add_named(Ask::IfNew, now)?;
                self.serve(run);
            }
            Order::Capture(order) => self.take_in_hand(run, order, now)?,
            Order::ReopenLog => {
                if let Err(why) = self.reopen_log() {
                    observer.note(&format!("the crawl log continues in the same file: {why}"));
                }
            }
        }
        Ok(())
    }
}

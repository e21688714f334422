//! What the pages and sources of jobs lead to, as far as the queue and the guards allow it.

use std::collections::HashMap;

use crate::base::{TargetUri, Timestamp};
use crate::politeness::CachedRobots;
use crate::schedule::clean::clean;
use crate::schedule::revisit::next_visit;
use crate::schedule::traps::day_of;
use crate::schedule::{
    Ask, Claim, DiscoveryPath, Found, KnownUrl, PageMemory, Phase, Priority, Step as PathStep,
};

use super::engine::{Crawl, Run, hash_of};
use super::entry_words::{by_source, is_named_by_source};
use super::follow_up::trailing_redirects;
use super::followed::Followed;
use super::job_context::known;
use super::observer::Observer;
use super::options::CrawlError;
use super::rules::{JobRules, found_as, with_variant};
use super::sources::{self, Gathered, Read, Rulings, is_source_word};
use super::step::StepOutcome;

/// The cookies of this many navigations are kept at once.
const NAVIGATIONS_MAX: usize = 10_000;
/// So many parts of rendered pages are remembered at once.
const RENDERED_PARTS_MAX: usize = 100_000;

impl Crawl {
    /// What a job's page or source leads to, as far as the queue and the trap guard allow it.
    pub(super) fn found_by_job(
        &mut self,
        run: &mut Run<'_>,
        followed: &Followed,
        claim: &Claim,
        stepped: &mut StepOutcome,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<(Vec<Found>, Option<Read>), CrawlError> {
        let mut offered = Vec::new();
        let mut read = None;
        let Followed { rules, owner, role } = followed;
        let from = claim.uri();
        if let Some(to) = stepped.redirect.as_ref().map(TargetUri::without_fragment) {
            let path = owner.path.then(PathStep::Redirect);
            let is_named = is_named_by_source(&owner.settings);
            let settings = if is_named { by_source() } else { role.settings() };
            // A URL that the navigation has asked for already keeps its settings.
            let is_back = stepped.jar.as_ref().is_some_and(|jar| jar.has_asked(&to));
            let settings = if is_back { "" } else { settings };
            let ask = if self.asks_again(stepped) { Ask::Again } else { Ask::IfNew };
            let is_near = trailing_redirects(&owner.path) < self.options.redirect_hops_max;
            if is_near && rules.follows(&to, &path, *role, (from, &owner.settings)) {
                offered.push(Found {
                    uri: to,
                    path,
                    via: Some(from.as_str().to_owned()),
                    due: now,
                    because: format!("{from} redirects to it"),
                    priority: claim.priority,
                    job: rules.name().to_owned(),
                    settings: settings.to_owned(),
                    ask,
                });
            }
        }
        if stepped.said.is_none() {
            // Each job compared the same entries with the same past.
            let mut said = stepped.gathered.iter_mut().map(|(_, gathered)| &mut gathered.said);
            stepped.said = said.find_map(Option::take);
        }
        let mut of_job = Vec::new();
        for (job, mut gathered) in std::mem::take(&mut stepped.gathered) {
            let is_called = self.renamed.get(&job).unwrap_or(&job);
            if is_called == rules.name() {
                let names = gathered.found.iter_mut().map(|found| &mut found.job);
                names.for_each(|name| rules.name().clone_into(name));
                of_job.push(gathered)
            } else {
                stepped.gathered.push((job, gathered))
            }
        }
        for gathered in of_job {
            read = read.or(gathered.read);
            offered.extend(take_in(run, gathered, from, observer));
        }
        Ok((self.admitted(run, followed, offered, now, observer)?, read))
    }

    /// Keeps with the queue's entry what its page says it is a variant of, so that every later
    /// capture says so in its metadata record. A look that read no page leaves it as it is.
    pub(super) fn keep_variant(claim: &mut Claim, stepped: &StepOutcome) {
        // It is a fact of the page: the first job that names it says it for all.
        if let (Some((_, gathered)), Some(first)) =
            (stepped.gathered.first(), claim.named_by.first_mut())
        {
            first.settings = with_variant(&first.settings, gathered.variant.as_ref());
        }
    }

    /// Whether the redirect of a step is followed though what it leads to is known.
    pub(super) fn asks_again(&self, stepped: &StepOutcome) -> bool {
        let navigation = stepped.jar.as_ref().zip(stepped.redirect.as_ref());
        navigation.is_some_and(|(jar, to)| {
            jar.asks_again(&to.without_fragment(), self.options.redirect_hops_max)
        })
    }

    /// Whether a navigation continues to what its redirect leads to: that is asked for because of it, and
    /// was not to be asked for anyway. To be asked before that is queued.
    pub(super) fn goes_on(&self, claim: &Claim, stepped: &StepOutcome) -> Result<bool, CrawlError> {
        let Some(to) = stepped.redirect.as_ref().map(TargetUri::without_fragment) else {
            return Ok(false);
        };
        if self.asks_again(stepped) || to == *claim.uri() {
            return Ok(self.asks_again(stepped));
        }
        let known = self.frontier.known(&to)?;
        Ok(known.is_none_or(|known| known.entry.visits == 0))
    }

    /// Keeps the cookies of a navigation for the URL that it continues to.
    pub(super) fn navigate(
        &self,
        run: &mut Run<'_>,
        claim: &Claim,
        stepped: &mut StepOutcome,
    ) -> Result<(), CrawlError> {
        let Some((jar, to)) = stepped.jar.take().zip(stepped.redirect.as_ref()) else {
            return Ok(());
        };
        let to = to.without_fragment();
        // A URL out of scope is in no queue. A jar without cookies is kept too: it holds the trail.
        if to != *claim.uri() && !self.is_due(&to)? {
            return Ok(());
        }
        if run.navigations.len() >= NAVIGATIONS_MAX {
            let now = self.now();
            run.navigations.retain(|_, jar| !jar.is_over(now));
        }
        if run.navigations.len() < NAVIGATIONS_MAX {
            run.navigations.insert(hash_of(&to), jar);
        }
        Ok(())
    }

    /// The part of it that may be queued: URLs that are known, and URLs that trip no guard.
    fn admitted(
        &mut self,
        run: &mut Run<'_>,
        followed: &Followed,
        offered: Vec<Found>,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) -> Result<Vec<Found>, CrawlError> {
        let rules = &followed.rules;
        let mut found = Vec::with_capacity(offered.len());
        let uris: Vec<&TargetUri> = offered.iter().map(|one| &one.uri).collect();
        let known = self.frontier.known_all(&uris)?;
        for (mut one, known) in offered.into_iter().zip(known) {
            if let Some(known) = known {
                let joins = !known.named_by.iter().any(|other| *other.job == one.job);
                if joins && one.ask != Ask::Signal {
                    one.due = self.due_for(rules, &one, &known, now)?;
                }
                if one.ask == Ask::Signal && !one.settings.split_whitespace().any(is_source_word) {
                    self.put_off_signal(&mut one, &known.entry.memo, now);
                }
                found.push(one);
                continue;
            }
            if is_no_trap(&one.settings) {
                found.push(one);
                continue;
            }
            self.count_host(rules, &one.uri, now)?;
            if let Err(trap) = rules.admit(&one.uri, now) {
                let rule = format!("traps.{}", trap.rule);
                let why = format!("{rule}: {}", trap.what);
                run.leave_out(&one.uri, &rule, &why, observer);
                tracing::debug!(url = %one.uri, rule = trap.rule, what = %trap.what, "a trap");
                continue;
            }
            found.push(one);
        }
        Ok(found)
    }

    /// Delays the visit of a page where the signals before this one were in vain.
    fn put_off_signal(&self, found: &mut Found, memo: &[u8], now: Timestamp) {
        let history = PageMemory::of_bytes(memo).and_then(|memory| memory.history);
        let Some(history) = history else { return };
        let due = history.follows_signal_at(now, self.options.revisit.interval_min);
        if due > now {
            let vain = history.vain_signals;
            found.due = due;
            found.because =
                format!("{}; postponed, since {vain} signals brought no change", found.because);
        }
    }

    /// When a job that finds a page which was captured for others wants it visited: by its own
    /// schedule, counted from the last look. A source is read for it at once.
    fn due_for(
        &mut self,
        rules: &JobRules,
        one: &Found,
        known: &KnownUrl,
        now: Timestamp,
    ) -> Result<Timestamp, CrawlError> {
        let history = PageMemory::of_bytes(&known.entry.memo).and_then(|memory| memory.history);
        let (Some(history), Phase::Waiting, true) =
            (history, known.phase, !one.settings.split_whitespace().any(is_source_word))
        else {
            return Ok(one.due);
        };
        let host = one.uri.host_key();
        let host = self.book.revisits(&host, self.options.looks_per_day, now)?;
        let schedule = &rules.spec.schedule;
        let visit = next_visit(schedule, &history, host, history.looked, self.options.seed);
        Ok(visit.map_or(known.due, |visit| visit.at.max(now)))
    }

    /// Counts what earlier processes, or the job before it was read again, let in of a host today. The
    /// queue itself says what was let in, so no kill makes it forget any.
    fn count_host(
        &self,
        rules: &JobRules,
        uri: &TargetUri,
        now: Timestamp,
    ) -> Result<(), CrawlError> {
        let host = uri.host_key();
        if !rules.is_first_of(&host, now) {
            return Ok(());
        }
        let today = day_of(now);
        for entry in self.frontier.entries_of(&host, rules.name()) {
            let (entry, own) = entry?;
            let is_guarded = own.via.is_some() && !is_no_trap(&own.settings);
            if is_guarded && entry.found_at >= today {
                rules.count(&entry.uri, now);
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
        observer: &mut dyn Observer,
    ) -> Result<(), CrawlError> {
        let Some(text) = robots.rules() else { return Ok(()) };
        let path = DiscoveryPath::seed().then(PathStep::Prerequisite);
        for followed in self.followed(claim) {
            let rules = &followed.rules;
            let reader = self.reader.clone();
            let mut rulings = Rulings {
                scope: &|uri, path, via| rules.scope.judge(uri, path, via),
                named: &|uri, path, via| rules.scope.judge_named(uri, path, via),
                clean: &|uri| clean(uri, &rules.spec.clean),
                admit: &mut |_| Ok(()),
                known: &|uri| known(&reader, uri),
            };
            let spec = &rules.spec;
            let maps = &text.sitemaps;
            let named = sources::named_by_robots(spec, uri, &path, maps, now, &mut rulings);
            let found = self.admitted(run, &followed, named.found, now, observer)?;
            self.frontier.add_all(found, now)?;
        }
        Ok(())
    }
}

impl Run<'_> {
    /// Counts a URL that was left out; not one that a rendering has fetched as a part of a page.
    fn leave_out(&mut self, uri: &TargetUri, rule: &str, why: &str, observer: &mut dyn Observer) {
        if self.rendered_parts.contains(&hash_of(&uri.without_fragment())) {
            return;
        }
        self.report.leave_out(uri.as_str(), rule, why);
        observer.left_out(rule);
    }

    /// Notes a part that a rendering has fetched.
    pub(super) fn note_part(&mut self, uri: &TargetUri) {
        // Without an end a run would note more and more; those of the pages under way matter alone.
        if self.rendered_parts.len() >= RENDERED_PARTS_MAX {
            self.rendered_parts.clear();
        }
        self.rendered_parts.insert(hash_of(&uri.without_fragment()));
    }
}

/// Whether a publisher names it: a source, or what a source names.
fn is_no_trap(settings: &str) -> bool {
    is_named_by_source(settings) || settings.split_whitespace().any(is_source_word)
}

/// The URLs that a page names, after what was left out and the notes were reported.
fn take_in(
    run: &mut Run<'_>,
    gathered: Gathered,
    from: &TargetUri,
    observer: &mut dyn Observer,
) -> Vec<Found> {
    let mut originals: HashMap<String, TargetUri> = gathered
        .cleaned
        .into_iter()
        .map(|(original, cleaned)| (cleaned.uri.as_str().to_owned(), original))
        .collect();
    for left in gathered.left_out {
        run.leave_out(&left.uri, &left.rule, &left.why, observer);
        tracing::debug!(url = %left.uri, why = %left.why, via = %from, "left out");
    }
    for note in gathered.notes {
        tracing::debug!(url = %from, note = %note, "source");
    }
    if let Some(found) = &gathered.variant {
        let kind = found.kind.label();
        tracing::debug!(url = %found.uri, of = %found.of, kind, "a variant");
    }
    let named = gathered.found.into_iter().map(|mut found| {
        if let Some(original) = originals.remove(found.uri.as_str()) {
            found.settings = found_as(&found.settings, &original);
        }
        if found.ask == Ask::Again {
            found.ask = Ask::Signal;
        }
        found
    });
    named.collect()
}

/// A page of no job's, as far as it leads on.
pub(super) struct Leading<'a> {
    pub from: &'a TargetUri,
    pub path: &'a DiscoveryPath,
    pub priority: Priority,
    pub job: &'a str,
    pub redirect_hops_max: u32,
    pub now: Timestamp,
}

impl Leading<'_> {
    /// Where it leads: its redirect, its requisites, its links, as far as they are wanted (a depth, and
    /// whether requisites are). `admits` is asked for each URL, by its hash; what is asked for `again` was
    /// admitted before.
    pub fn leads_to(
        &self,
        stepped: &StepOutcome,
        again: bool,
        (depth, requisites): (u32, bool),
        admits: &mut dyn FnMut(u64) -> bool,
    ) -> Vec<Found> {
        let mut found = Vec::new();
        let mut offer = |uri: TargetUri, letter: PathStep, priority: Priority, because: &str| {
            let path = self.path.then(letter);
            let is_admitted = admits(hash_of(&uri));
            if !(is_admitted || again && letter == PathStep::Redirect) {
                return;
            }
            found.push(Found {
                uri,
                path,
                via: Some(self.from.as_str().to_owned()),
                due: self.now,
                because: because.to_owned(),
                priority,
                job: self.job.to_owned(),
                settings: String::new(),
                ask: Ask::Again,
            });
        };
        if let Some(to) = &stepped.redirect
            && trailing_redirects(self.path) < self.redirect_hops_max
        {
            offer(to.without_fragment(), PathStep::Redirect, self.priority, "redirected to");
        }
        for link in &stepped.links {
            let Ok(uri) = TargetUri::parse(&link.url) else { continue };
            let letter = PathStep::of(link.hop.letter()).unwrap_or(PathStep::Speculative);
            if link.is_requisite {
                // A frame's pictures are shown with the page; what they would lead to is not.
                if requisites && self.path.trailing_transclusions() < 3 {
                    offer(uri, letter, Priority::Requisite, "needed to show a page");
                }
            } else if self.path.hops() < depth
                && !self.path.is_requisite()
                && same_site(self.from, &uri)
            {
                offer(uri, letter, Priority::Normal, "linked from a page");
            }
        }
        found
    }
}

/// Whether a link stays on the site of the page: the same host, `www.` or not.
fn same_site(from: &TargetUri, to: &TargetUri) -> bool {
    let bare = |uri: &TargetUri| uri.host().trim_start_matches("www.").to_ascii_lowercase();
    bare(from) == bare(to)
}

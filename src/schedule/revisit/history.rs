//! What is remembered of a page and of its host from look to look, and the bytes it is kept in.

use std::time::Duration;

use super::model::{Belief, GRID, Prior, Shape, hours};
use crate::base::Timestamp;
use crate::schedule::packing::{Packer, Unpacker};

/// What one look at a page showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// Whether the article's text differs from that of the look before. This alone is a change.
    pub text_changed: bool,
    /// Whether the bytes differ. Kept as a statistic; they nearly always do (95 % of news pages).
    pub bytes_changed: bool,
    /// Whether a sitemap's lastmod or a feed's date had moved since the look before.
    pub signalled: bool,
}

/// A page as the policy knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PageHistory {
    /// How its edits thin out.
    pub shape: Shape,
    /// When it was published, or first seen where that is not known.
    pub born: Timestamp,
    /// The last look.
    pub looked: Timestamp,
    /// The last look that found a changed text.
    pub changed: Option<Timestamp>,
    /// How many looks there were.
    pub looks: u32,
    /// How many of them found a changed text.
    pub changes: u32,
    /// How many found changed bytes.
    pub byte_changes: u32,
    /// How many signals in a row asked for a look that found no changed text.
    pub vain_signals: u32,
    belief: Belief,
}

/// The version of a host's bytes.
const VERSION: u8 = 1;
/// The version of a page's bytes.
const PAGE_VERSION: u8 = 2;
/// Its bytes before vain signals were counted.
const PAGE_VERSION_WITHOUT_VAIN: u8 = 1;
/// This many signals in vain give no reason for doubt: an editor may save a page as it is.
const VAIN_SIGNALS_FREE: u32 = 2;
/// A look this much earlier than the last one shows that the clock was set back.
const CLOCK_SET_BACK: Duration = Duration::from_hours(24);
/// The longest time that a signal is put off.
const SIGNAL_WAIT_MAX: Duration = Duration::from_hours(24);

impl PageHistory {
    /// A page whose first look was at `looked`. `born` is its publication date where the page says
    /// one that is not later than the look, else when it was found.
    #[must_use]
    pub fn new(shape: Shape, born: Timestamp, looked: Timestamp, prior: &Prior) -> Self {
        Self {
            shape,
            born: born.min(looked),
            looked,
            changed: None,
            looks: 1,
            changes: 0,
            byte_changes: 0,
            vain_signals: 0,
            belief: Belief::prior(prior),
        }
    }

    /// Takes in a look, and updates the host's history with what it shows. A look that is not later
    /// than the last one is ignored, unless it is early enough to show that the clock was set back:
    /// then the page is treated as if this had been the last look.
    pub fn observe(&mut self, seen: &Observation, host: &mut HostHistory, prior: &Prior) {
        if seen.at <= self.looked {
            // The looks before were made under a clock that was ahead: how long ago is not known.
            if self.looked.since(seen.at) >= CLOCK_SET_BACK {
                self.looked = seen.at;
                self.born = self.born.min(seen.at);
                self.changed = self.changed.map(|at| at.min(seen.at));
            }
            return;
        }
        let base = self.exposure(prior, self.looked, seen.at);
        let burst = self.burst(prior, self.looked, seen.at);
        host.learn(seen, 1.0 - Belief::prior(prior).unchanged(base, burst));
        let exposure = base * host.factor();
        self.belief = self.belief.after(exposure, burst, seen.text_changed, prior);
        self.looked = seen.at;
        self.looks = self.looks.saturating_add(1);
        if seen.text_changed {
            self.changed = Some(seen.at);
            self.changes = self.changes.saturating_add(1);
        }
        self.byte_changes = self.byte_changes.saturating_add(u32::from(seen.bytes_changed));
        if seen.text_changed {
            self.vain_signals = 0;
        } else if seen.signalled {
            self.vain_signals = self.vain_signals.saturating_add(1);
        }
    }

    /// When a signal that comes now is followed: at once, and ever later where those before it were in
    /// vain. A source whose dates move with every reading costs its host a look a day and page at last.
    #[must_use]
    pub fn follows_signal_at(&self, now: Timestamp, interval_min: Duration) -> Timestamp {
        let Some(doubts) = self.vain_signals.checked_sub(VAIN_SIGNALS_FREE).filter(|n| *n > 0)
        else {
            return now;
        };
        let wait = interval_min.saturating_mul(1 << doubts.min(16));
        self.looked.plus(wait.min(SIGNAL_WAIT_MAX)).max(now)
    }

    /// The belief about its factor.
    #[must_use]
    pub fn belief(&self) -> &Belief {
        &self.belief
    }

    /// Expected edits of an average page of its age between two times.
    pub(super) fn exposure(&self, prior: &Prior, from: Timestamp, to: Timestamp) -> f64 {
        prior.between(self.shape, hours(self.born, from), hours(self.born, to))
    }

    /// Expected edits of the burst after the last change between two times.
    pub(super) fn burst(&self, prior: &Prior, from: Timestamp, to: Timestamp) -> f64 {
        match (self.shape, self.changed) {
            (Shape::Article, Some(at)) => prior.burst_between(hours(at, from), hours(at, to)),
            _ => 0.0,
        }
    }

    /// Its bytes, version first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Packer::new(PAGE_VERSION);
        out.number(u64::from(self.shape == Shape::Steady));
        out.signed(self.born.unix_micros());
        let after = |at: Timestamp| at.unix_micros().wrapping_sub(self.born.unix_micros());
        out.signed(after(self.looked));
        out.number(u64::from(self.changed.is_some()));
        out.signed(self.changed.map_or(0, after));
        out.number(u64::from(self.looks));
        out.number(u64::from(self.changes));
        out.number(u64::from(self.byte_changes));
        out.number(u64::from(self.vain_signals));
        for weight in self.belief.weights() {
            out.number(u64::from(weight.to_bits()));
        }
        out.finish()
    }

    /// Reads what [`Self::to_bytes`] of this or an earlier version wrote; `None` for anything else.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker::new(bytes);
        let version = from.byte()?;
        if !matches!(version, PAGE_VERSION | PAGE_VERSION_WITHOUT_VAIN) {
            return None;
        }
        let shape = match from.number()? {
            0 => Shape::Article,
            1 => Shape::Steady,
            _ => return None,
        };
        let born = from.signed()?;
        let looked = Timestamp::from_unix_micros(born.wrapping_add(from.signed()?));
        let has_changed = from.number()? == 1;
        let changed = Timestamp::from_unix_micros(born.wrapping_add(from.signed()?));
        let (looks, changes) = (from.number_u32()?, from.number_u32()?);
        let byte_changes = from.number_u32()?;
        let vain_signals = if version == PAGE_VERSION { from.number_u32()? } else { 0 };
        let mut weights = [0.0; GRID];
        for weight in &mut weights {
            *weight = f32::from_bits(from.number_u32()?);
        }
        let born = Timestamp::from_unix_micros(born);
        let belief = Belief::of_weights(weights);
        let changed = has_changed.then_some(changed);
        let page = Self {
            shape,
            born,
            looked,
            changed,
            looks,
            changes,
            byte_changes,
            vain_signals,
            belief,
        };
        from.is_done().then_some(page)
    }
}

/// A host as the policy knows it: how its pages differ from the average, how far its signals can
/// be trusted, and how its budget is being spent.
#[derive(Debug, Clone, PartialEq)]
pub struct HostHistory {
    /// Looks that its pages may have, a day.
    pub visits_per_day: f64,
    /// Changes seen, and changes expected of average pages over the same looks.
    seen: f64,
    expected: f64,
    /// Changes that a signal announced, and all changes, since it gave its first signal.
    announced: f64,
    announceable: f64,
    /// The natural logarithm of the value a look must have.
    log_threshold: f64,
    /// When the threshold was last moved.
    moved: Timestamp,
}

/// How much the average page weighs against what a host's own pages have shown, in changes.
const HOST_PRIOR: f64 = 6.0;
/// A look must be worth this much at the start: one chance in twenty of catching an edit.
const THRESHOLD_START: f64 = 0.05;

impl HostHistory {
    /// A host of which nothing is known, with this budget of looks a day.
    #[must_use]
    pub fn new(visits_per_day: f64, now: Timestamp) -> Self {
        Self {
            visits_per_day: visits_per_day.max(0.1),
            seen: 0.0,
            expected: 0.0,
            announced: 0.0,
            announceable: 0.0,
            log_threshold: THRESHOLD_START.ln(),
            moved: now,
        }
    }

    /// How much more its pages are edited than average ones.
    #[must_use]
    pub fn factor(&self) -> f64 {
        ((HOST_PRIOR + self.seen) / (HOST_PRIOR + self.expected)).clamp(0.05, 20.0)
    }

    /// The share of its changes that a signal announces, 0 where it gives none.
    #[must_use]
    pub fn announced_share(&self) -> f64 {
        // Two silent changes are assumed, so that trust has to be earned.
        self.announced / (self.announceable + 2.0)
    }

    /// The value that a look must have: the chance that it catches an edit, with waiting added.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.log_threshold.exp()
    }

    /// Notes that a look of this host is being spent. The threshold rises with every look and
    /// falls with time, so that it comes to rest where looks come at the budget's pace; it moves
    /// by a factor of e when a day's budget is spent at once, or a day passes with no look.
    pub fn spend(&mut self, now: Timestamp, range: (f64, f64)) {
        let days = (hours(self.moved, now) / 24.0).max(0.0);
        self.moved = self.moved.max(now);
        self.log_threshold += 1.0 / self.visits_per_day - days;
        self.log_threshold = self.log_threshold.clamp(range.0.ln(), range.1.ln());
    }

    fn learn(&mut self, seen: &Observation, expected: f64) {
        // Old evidence fades: about a thousand expected changes are remembered.
        const MEMORY: f64 = 1_000.0;
        if self.expected > MEMORY {
            self.seen *= 0.5;
            self.expected *= 0.5;
        }
        self.expected += expected;
        if seen.text_changed {
            self.seen += 1.0;
        }
        if seen.signalled || self.announced > 0.0 {
            if self.announceable > MEMORY {
                self.announced *= 0.5;
                self.announceable *= 0.5;
            }
            if seen.text_changed {
                self.announceable += 1.0;
                self.announced += f64::from(u8::from(seen.signalled));
            }
        }
    }

    /// Its bytes, version first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Packer::new(VERSION);
        for value in [
            self.visits_per_day,
            self.seen,
            self.expected,
            self.announced,
            self.announceable,
            self.log_threshold,
        ] {
            out.real(value);
        }
        out.signed(self.moved.unix_micros());
        out.finish()
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for anything else.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = Unpacker::new(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let mut real = || from.real().filter(|value| value.is_finite());
        let host = Self {
            visits_per_day: real()?.max(0.1),
            seen: real()?,
            expected: real()?,
            announced: real()?,
            announceable: real()?,
            log_threshold: real()?,
            moved: Timestamp::from_unix_micros(from.signed()?),
        };
        from.is_done().then_some(host)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_unix_seconds(minutes * 60)
    }

    fn look(minutes: i64, text_changed: bool, signalled: bool) -> Observation {
        Observation { at: at(minutes), text_changed, bytes_changed: true, signalled }
    }

    #[test]
    fn a_history_comes_back_from_its_bytes_and_is_small() {
        let prior = Prior::default();
        let mut host = HostHistory::new(100.0, at(0));
        let mut page = PageHistory::new(Shape::Article, at(-5), at(0), &prior);
        for n in 1..40 {
            page.observe(&look(n * n, n % 5 == 0, n % 10 == 0), &mut host, &prior);
            host.spend(at(n * n), (0.01, 0.9));
        }
        let bytes = page.to_bytes();
        assert!(bytes.len() < 120, "{}", bytes.len());
        let back = PageHistory::of_bytes(&bytes).unwrap();
        assert_eq!((back.looks, back.changes, back.changed), (40, 7, Some(at(35 * 35))));
        assert!((back.belief().mean() - page.belief().mean()).abs() < 1e-4);
        assert_eq!(HostHistory::of_bytes(&host.to_bytes()), Some(host));
    }

    #[test]
    fn a_history_of_the_version_before_is_read() {
        let page = PageHistory::new(Shape::Article, at(0), at(5), &Prior::default());
        let new = page.to_bytes();
        // Its bytes had no count of vain signals, which is the one byte before the weights.
        let weights: usize = {
            let mut out = Packer::new(0);
            page.belief.weights().iter().for_each(|w| out.number(u64::from(w.to_bits())));
            out.finish().len() - 1
        };
        let at = new.len() - weights - 1;
        let mut old = [&new[..at], &new[at + 1..]].concat();
        old[0] = PAGE_VERSION_WITHOUT_VAIN;
        assert_eq!(PageHistory::of_bytes(&old), Some(page));
    }

    #[test]
    fn signals_in_vain_are_followed_ever_later_and_at_once_again_when_one_was_true() {
        let prior = Prior::default();
        let mut host = HostHistory::new(100.0, at(0));
        let mut page = PageHistory::new(Shape::Article, at(0), at(0), &prior);
        let min = Duration::from_mins(5);
        let mut waits = Vec::new();
        for n in 1..=14 {
            page.observe(&look(n, false, true), &mut host, &prior);
            waits.push(page.follows_signal_at(at(n), min).since(at(n)).as_secs() / 60);
        }
        assert_eq!(waits[..6], [0, 0, 10, 20, 40, 80]);
        assert_eq!(waits[13], 24 * 60);
        page.observe(&look(15, true, true), &mut host, &prior);
        assert_eq!(page.follows_signal_at(at(15), min), at(15));
    }

    #[test]
    fn a_host_whose_pages_change_more_teaches_its_other_pages() {
        let prior = Prior::default();
        let mut lively = HostHistory::new(100.0, at(0));
        let mut quiet = HostHistory::new(100.0, at(0));
        for n in 0..200 {
            let born = at(n);
            let mut page = PageHistory::new(Shape::Article, born, born, &prior);
            page.observe(&look(n + 300, n % 2 == 0, false), &mut lively, &prior);
            let mut page = PageHistory::new(Shape::Article, born, born, &prior);
            page.observe(&look(n + 300, false, false), &mut quiet, &prior);
        }
        assert!(lively.factor() > 1.5 && quiet.factor() < 0.4);
    }

    #[test]
    fn the_threshold_rises_when_spending_is_over_the_budget_and_falls_when_it_is_not() {
        let mut host = HostHistory::new(24.0, at(0));
        let start = host.threshold();
        for n in 0..120 {
            host.spend(at(n * 30), (0.001, 0.9));
        }
        assert!(host.threshold() > start);
        host.spend(at(120 * 30).plus(Duration::from_hours(240)), (0.001, 0.9));
        assert!(host.threshold() < start);
    }

    #[test]
    fn trust_in_signals_is_earned_and_lost() {
        let prior = Prior::default();
        let mut host = HostHistory::new(24.0, at(0));
        let feed = |host: &mut HostHistory, signalled| {
            for n in 0..50 {
                let mut page = PageHistory::new(Shape::Article, at(0), at(0), &prior);
                page.observe(&look(60 + n, true, signalled), host, &prior);
            }
        };
        assert!(host.announced_share() < 0.01);
        feed(&mut host, true);
        assert!(host.announced_share() > 0.9);
        feed(&mut host, false);
        assert!(host.announced_share() < 0.6);
    }

    proptest! {
        #[test]
        fn any_bytes_are_no_history_or_one(bytes in proptest::collection::vec(any::<u8>(), 0..140)) {
            for version in [VERSION, PAGE_VERSION] {
                let mut versioned = vec![version];
                versioned.extend_from_slice(&bytes);
                let _ = PageHistory::of_bytes(&versioned);
                let _ = HostHistory::of_bytes(&versioned);
            }
        }
    }
}

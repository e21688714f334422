//! The keeper's time, as a worker can tell it: from what the keeper said last and the monotonic clock of
//! this machine. Neither a wrong wall clock nor one that is set moves it.

use std::time::Duration;

use super::super::guard::Watch;
use super::micros;
use crate::base::Timestamp;

/// When the keeper said a time, by the watch: between asking and having the answer.
#[derive(Debug, Clone, Copy)]
struct Said {
    keeper: i64,
    asked: i64,
    answered: i64,
}

impl Said {
    fn doubt(self) -> i64 {
        self.answered - self.asked
    }

    /// Whether both cannot be right of one clock that goes evenly.
    fn contradicts(self, other: Self) -> bool {
        self.keeper - self.answered > other.keeper - other.asked
            || other.keeper - other.answered > self.keeper - self.asked
    }
}

/// The keeper's time and the caller's, next to each other.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) watch: Watch,
    said: Option<Said>,
    /// What the caller's clock showed last, and the watch then.
    caller: (i64, i64),
}

impl Times {
    pub(super) fn new() -> Self {
        Self { watch: Watch::new(), said: None, caller: (0, 0) }
    }

    /// Notes what the caller's clock shows.
    pub(super) fn caller_is(&mut self, now: Timestamp) {
        self.caller = (now.unix_micros(), self.watch.now());
    }

    /// What the caller's clock shows now.
    pub(super) fn caller(&self) -> i64 {
        self.caller_at(self.watch.now())
    }

    /// What the caller's clock shows at a time of the watch.
    fn caller_at(&self, watch: i64) -> i64 {
        let (at, seen) = self.caller;
        at.saturating_add(watch - seen)
    }

    pub(super) fn is_known(&self) -> bool {
        self.said.is_some()
    }

    /// Notes what the keeper said to something that was asked at a time of the watch. What was said at
    /// leisure is worth less than what was said at once, until clocks may have drifted apart.
    pub(super) fn keeper_is(&mut self, keeper: i64, asked: i64) {
        let new = Said { keeper, asked, answered: self.watch.now() };
        let is_better = self.said.is_none_or(|old| {
            let drift = (new.answered - old.answered) / 1_000;
            new.doubt() <= old.doubt() + drift || new.contradicts(old)
        });
        if is_better {
            self.said = Some(new);
        }
    }

    /// The keeper's time at the least: what is due then is due.
    pub(super) fn keeper_low(&self) -> i64 {
        self.keeper_low_at(self.watch.now())
    }

    fn keeper_low_at(&self, watch: i64) -> i64 {
        self.said.map_or(i64::MIN / 2, |said| said.keeper + (watch - said.answered))
    }

    /// The keeper's time at the most: a pause that begins then is not too short.
    pub(super) fn keeper_high(&self) -> i64 {
        self.keeper_high_at(self.watch.now())
    }

    fn keeper_high_at(&self, watch: i64) -> i64 {
        self.said.map_or(i64::MIN / 2, |said| said.keeper + (watch - said.asked))
    }

    /// By the keeper's clock, when something is due that the caller says.
    pub(super) fn due(&self, at: Timestamp) -> i64 {
        // Both clocks at one time of the watch: a thread that waits between two readings would shift the result.
        let watch = self.watch.now();
        let after = at.unix_micros().saturating_sub(self.caller_at(watch));
        self.keeper_low_at(watch).saturating_add(after)
    }

    /// By the keeper's clock, before when a host is not asked.
    pub(super) fn ready(&self, at: Timestamp) -> i64 {
        let watch = self.watch.now();
        let after = at.unix_micros().saturating_sub(self.caller_at(watch));
        self.keeper_high_at(watch).saturating_add(after)
    }

    /// By the caller's clock, a time of the keeper's.
    pub(super) fn to_caller(&self, keeper: i64) -> Timestamp {
        let watch = self.watch.now();
        let after = keeper.saturating_sub(self.keeper_low_at(watch));
        Timestamp::from_unix_micros(self.caller_at(watch).saturating_add(after))
    }

    /// This long after now, by the caller's clock.
    pub(super) fn after(&self, time: Duration) -> Timestamp {
        Timestamp::from_unix_micros(self.caller().saturating_add(micros(time)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keepers_time_is_computed_without_the_callers_clock() {
        let mut times = Times::new();
        assert!(!times.is_known());
        let caller = Timestamp::from_unix_seconds(5_000);
        times.caller_is(caller);
        times.keeper_is(1_000_000_000, times.watch.now());
        // A clock that is set moves nothing.
        let before = times.keeper_low();
        times.caller_is(caller.plus(Duration::from_secs(300)));
        assert!(times.keeper_low() - before < 1_000_000);
        let later = Timestamp::from_unix_seconds(5_310);
        assert!((times.due(later) - before - 10_000_000).abs() < 1_000_000);
        // The watch continues between the two calls, and changes neither.
        let ready = times.ready(later);
        let due = times.due(later);
        assert!(ready >= due, "a pause is rather too long");
        let back = times.to_caller(times.due(later)).unix_micros() - later.unix_micros();
        assert!(back.abs() < 1_000_000, "{back}");
    }

    #[test]
    fn an_answer_that_took_long_is_believed_only_where_it_cannot_be_otherwise() {
        let mut times = Times::new();
        times.keeper_is(1_000_000_000, times.watch.now());
        let before = times.keeper_low();
        // Asked for ten seconds ago, and answered somewhere in between.
        let long_ago = times.watch.now() - 10_000_000;
        times.keeper_is(before - 2_000_000, long_ago);
        assert!(times.keeper_low() >= before);
        // The keeper's clock was set back by an hour.
        times.keeper_is(before - 3_600_000_000, long_ago);
        assert!(times.keeper_low() < before - 3_000_000_000);
    }
}

//! governor, as the last check before a socket opens. The only file that names it.
//!
//! A queue that sleeps until [`super::next_at`] cannot be too early; this catches the one that has
//! a fault. One direct limiter for each host (or address) that is active, replaced when its delay
//! changes, since a keyed limiter has one rate for all its keys; and one for the whole program.
//! The clock is handed in, so that nothing here reads one either.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::base::Timestamp;

/// The time that was passed in last. It never goes back, since a rate has no meaning on a clock
/// that does.
#[derive(Debug, Clone, Default)]
struct PassedClock(Arc<AtomicU64>);

impl PassedClock {
    fn move_to(&self, now: Timestamp) {
        self.0.fetch_max(nanos(now), Ordering::AcqRel);
    }
}

impl Clock for PassedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.load(Ordering::Acquire).into()
    }
}

/// Nanoseconds since 1970, as far as they go: from 1970 to 2554.
fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.unix_micros()).unwrap_or(0).saturating_mul(1_000)
}

/// One request in each period, or a burst of a second's worth: a governor limiter on our clock.
struct Limiter {
    clock: PassedClock,
    inner: RateLimiter<NotKeyed, InMemoryState, PassedClock, NoOpMiddleware<Nanos>>,
}

impl Limiter {
    fn new(quota: Quota, now: Timestamp) -> Self {
        let clock = PassedClock::default();
        clock.move_to(now);
        let inner = RateLimiter::direct_with_clock(quota, clock.clone());
        Self { clock, inner }
    }

    /// Takes one request, or says when there will be one.
    fn take(&self, now: Timestamp) -> Result<(), Timestamp> {
        self.clock.move_to(now);
        self.inner.check().map_err(|until| {
            // Rounded up to our microsecond: earlier would be refused again.
            let micros = until.earliest_possible().as_u64().div_ceil(1_000);
            Timestamp::from_unix_micros(i64::try_from(micros).unwrap_or(i64::MAX))
        })
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("now", &self.clock.now()).finish_non_exhaustive()
    }
}

/// The last check of each active host, or address, by its key.
#[derive(Debug)]
pub struct LastCheck<K> {
    active: HashMap<K, Active>,
}

#[derive(Debug)]
struct Active {
    delay: Duration,
    /// When a request was last let through.
    passed: Timestamp,
    limiter: Limiter,
}

impl<K> Default for LastCheck<K> {
    fn default() -> Self {
        Self { active: HashMap::new() }
    }
}

impl<K: Hash + Eq> LastCheck<K> {
    /// Lets a request through, or says when it may go. `delay` is the least time between two
    /// requests' beginnings now; zero lets everything through, and costs a look-up and no more.
    ///
    /// # Errors
    /// With the earliest time, when less than `delay` has passed since the last one.
    pub fn pass(&mut self, key: K, delay: Duration, now: Timestamp) -> Result<(), Timestamp> {
        let known = self.active.get_mut(&key);
        let Some(quota) = Quota::with_period(delay) else {
            // Remembered all the same where it is known, so that a delay that comes back counts.
            if let Some(active) = known {
                active.passed = active.passed.max(now);
                active.delay = delay;
            }
            return Ok(());
        };
        let Some(active) = known else {
            let limiter = Limiter::new(quota, now);
            limiter.take(now)?;
            self.active.insert(key, Active { delay, passed: now, limiter });
            return Ok(());
        };
        if active.delay != delay {
            // A new limiter would let one through at once: the last request is counted in it first.
            // It has never been asked, so that it cannot refuse.
            active.limiter = Limiter::new(quota, active.passed);
            active.limiter.take(active.passed)?;
            active.delay = delay;
        }
        active.limiter.take(now)?;
        active.passed = now;
        Ok(())
    }

    /// Forgets the keys of which nothing was asked for `idle`, and longer than their own delay.
    pub fn forget_idle(&mut self, idle: Duration, now: Timestamp) {
        self.active.retain(|_, active| now.since(active.passed) < idle.max(active.delay));
    }

    /// How many are active.
    #[must_use]
    pub fn len(&self) -> usize {
        self.active.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.active.is_empty()
    }
}

/// The cap of the whole program, in requests per second.
#[derive(Debug)]
pub struct GlobalCap(Limiter);

impl GlobalCap {
    /// A cap that starts at `now`. Requests are spread evenly, none in a burst; half a request a
    /// second is one in two seconds. `None` for a rate that caps nothing: zero, or none at all.
    #[must_use]
    pub fn new(per_second: f64, now: Timestamp) -> Option<Self> {
        let period = Duration::try_from_secs_f64(per_second.recip()).ok()?;
        Some(Self(Limiter::new(Quota::with_period(period)?, now)))
    }

    /// Takes one request.
    ///
    /// # Errors
    /// With the earliest time at which there is one.
    pub fn pass(&self, now: Timestamp) -> Result<(), Timestamp> {
        self.0.take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::HostKey;

    const START: Timestamp = Timestamp::from_unix_seconds(1_762_300_800);

    fn at(ms: u64) -> Timestamp {
        START.plus(Duration::from_millis(ms))
    }

    #[test]
    fn a_second_request_inside_the_delay_is_held_back() {
        let mut check = LastCheck::default();
        let (a, b) = (HostKey::new("a.test"), HostKey::new("b.test"));
        let delay = Duration::from_secs(2);
        assert_eq!(check.pass(a.clone(), delay, at(0)), Ok(()));
        assert_eq!(check.pass(b, delay, at(1)), Ok(()));
        assert_eq!(check.pass(a.clone(), delay, at(1_999)), Err(at(2_000)));
        assert_eq!(check.pass(a.clone(), delay, at(2_000)), Ok(()));
        assert_eq!(check.pass(a, delay, at(2_001)), Err(at(4_000)));
    }

    #[test]
    fn a_changed_delay_counts_from_the_last_request() {
        let mut check = LastCheck::default();
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(10));
        assert_eq!(check.pass("a", short, at(0)), Ok(()));
        assert_eq!(check.pass("a", long, at(5_000)), Err(at(10_000)));
        assert_eq!(check.pass("a", short, at(5_000)), Ok(()));
        assert_eq!(check.pass("a", Duration::ZERO, at(5_001)), Ok(()));
        assert_eq!(check.pass("a", short, at(5_500)), Err(at(6_001)));
    }

    #[test]
    fn no_delay_needs_no_limiter_and_the_idle_are_forgotten() {
        let mut check = LastCheck::default();
        for ms in 0..100 {
            assert_eq!(check.pass(1, Duration::ZERO, at(ms)), Ok(()));
        }
        assert!(check.is_empty());
        check.pass(2, Duration::from_secs(600), at(0)).unwrap();
        check.forget_idle(Duration::from_secs(1), at(500_000));
        assert_eq!(check.len(), 1, "its own delay is not over");
        check.forget_idle(Duration::from_secs(1), at(600_000));
        assert!(check.is_empty());
    }

    #[test]
    fn the_cap_spreads_requests_over_the_second() {
        let cap = GlobalCap::new(10.0, START).unwrap();
        let passed = (0..1_000).filter(|ms| cap.pass(at(*ms)).is_ok()).count();
        assert_eq!(passed, 10);
        assert_eq!(cap.pass(at(999)), Err(at(1_000)));
    }

    #[test]
    fn less_than_one_request_a_second_is_less_than_one() {
        let cap = GlobalCap::new(0.4, START).unwrap();
        assert_eq!(cap.pass(at(0)), Ok(()));
        assert_eq!(cap.pass(at(1_000)), Err(at(2_500)));
        assert_eq!(cap.pass(at(2_500)), Ok(()));
        for none in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(GlobalCap::new(none, START).is_none(), "{none}");
        }
    }

    #[test]
    fn a_clock_that_goes_back_lets_nothing_through_early() {
        let mut check = LastCheck::default();
        let delay = Duration::from_secs(2);
        assert_eq!(check.pass("a", delay, at(10_000)), Ok(()));
        assert_eq!(check.pass("a", delay, at(0)), Err(at(12_000)));
    }
}

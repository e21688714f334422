//! Whether a host is still leased, for code that is about to send it a request: on another thread, and any
//! time after the host was leased.
//!
//! Measured by the monotonic clock of the machine, counted from before the lease was asked for: a wall clock
//! may be wrong or set. None of a machine's clocks shows that it slept as a whole; workers belong on machines
//! that do not.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// An exchange under way ends this long before the end of its lease, in microseconds.
const END: i64 = 500_000;

/// Time of this process, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch(Instant);

impl Watch {
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// What it shows.
    pub(super) fn now(self) -> i64 {
        i64::try_from(self.0.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// The lease of one host. Clones see it end and continue.
#[derive(Debug, Clone)]
pub struct LeaseGuard {
    watch: Watch,
    /// When it ends, as this machine can tell; 0 when it was lost.
    expires: Arc<AtomicI64>,
    /// With less than this left the host is not asked: longer than its pace, so that the next worker
    /// asks it late enough even where this worker ends before it can report when it asked.
    margin: Arc<AtomicI64>,
}

impl LeaseGuard {
    pub(super) fn new(watch: Watch) -> Self {
        Self { watch, expires: Arc::default(), margin: Arc::default() }
    }

    /// Whether the host may be asked now.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.left() > self.margin.load(Ordering::Acquire)
    }

    /// Whether an exchange that is under way may continue: the lease has not ended, so that no other worker asks
    /// the host meanwhile. Longer than any exchange while the keeper answers, since it is renewed.
    #[must_use]
    pub fn lasts(&self) -> bool {
        self.left() > END
    }

    /// How much is left of it, in microseconds.
    pub(super) fn left(&self) -> i64 {
        self.expires.load(Ordering::Acquire).saturating_sub(self.watch.now())
    }

    /// It lasts for `lease` from a time of the watch on.
    pub(super) fn renew(&self, from: i64, lease: Duration) {
        self.expires.store(from.saturating_add(super::shared::micros(lease)), Ordering::Release);
    }

    pub(super) fn set_margin(&self, margin: i64) {
        self.margin.store(margin, Ordering::Release);
    }

    /// It is over.
    pub(super) fn end(&self) {
        self.expires.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_asked_while_more_than_the_margin_is_left_and_not_when_it_was_lost() {
        let guard = LeaseGuard::new(Watch::new());
        assert!(!guard.holds(), "nothing was leased");
        let now = guard.watch.now();
        guard.renew(now, Duration::from_secs(100));
        guard.set_margin(10_000_000);
        assert!(guard.clone().holds());
        guard.set_margin(200_000_000);
        assert!(guard.lasts(), "what is under way goes on");
        assert!(!guard.holds(), "the next one may ask it before its pace allows that");
        guard.renew(now, Duration::from_secs(300));
        assert!(guard.holds());
        guard.end();
        assert!(!guard.clone().holds() && !guard.lasts());
        guard.renew(guard.watch.now(), Duration::from_micros(END.unsigned_abs()));
        assert!(!guard.lasts(), "it ends before the next one may ask");
    }
}

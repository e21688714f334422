//! How often a client may ask: a bucket of requests for each client, filled again at an even rate.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use crate::base::Timestamp;

/// With more askers than this, those whose buckets are full again are forgotten.
const ASKERS_MAX: usize = 10_000;

/// How much is allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Requests in a minute.
    pub per_minute: u32,
    /// Requests at once.
    pub burst: u32,
}

/// The buckets of all askers.
#[derive(Debug)]
pub struct Buckets<A> {
    rate: Rate,
    /// What is left of each, and when that was.
    left: HashMap<A, (f64, Timestamp)>,
}

impl<A: Eq + Hash> Buckets<A> {
    /// Full ones.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { rate, left: HashMap::new() }
    }

    fn filled(&self, (left, at): (f64, Timestamp), now: Timestamp) -> f64 {
        let more = now.since(at).as_secs_f64() * f64::from(self.rate.per_minute) / 60.0;
        (left + more).min(f64::from(self.rate.burst))
    }

    /// Takes one request of this asker.
    ///
    /// # Errors
    /// With how long to wait for the next.
    pub fn take(&mut self, asker: A, now: Timestamp) -> Result<(), Duration> {
        let full = f64::from(self.rate.burst);
        if self.left.len() >= ASKERS_MAX {
            let rate = Self { rate: self.rate, left: HashMap::new() };
            self.left.retain(|_, known| rate.filled(*known, now) < full);
            // All of them ask without a pause: no other asker is admitted until one rests.
            if self.left.len() >= ASKERS_MAX && !self.left.contains_key(&asker) {
                return Err(Duration::from_secs(1));
            }
        }
        let left = self.left.get(&asker).map_or(full, |known| self.filled(*known, now));
        if left < 1.0 {
            let wait = (1.0 - left) * 60.0 / f64::from(self.rate.per_minute.max(1));
            return Err(Duration::from_secs_f64(wait.max(1.0)));
        }
        self.left.insert(asker, (left - 1.0, now));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asker_has_a_burst_and_then_one_after_the_other() {
        let begin = Timestamp::from_unix_seconds(1_762_300_800);
        let mut buckets = Buckets::new(Rate { per_minute: 6, burst: 3 });
        for _ in 0..3 {
            assert_eq!(buckets.take("a", begin), Ok(()));
        }
        assert_eq!(buckets.take("a", begin), Err(Duration::from_secs(10)));
        assert_eq!(buckets.take("b", begin), Ok(()), "the buckets are each one's own");
        let later = begin.plus(Duration::from_secs(10));
        assert_eq!(buckets.take("a", later), Ok(()));
        assert!(buckets.take("a", later).is_err());
        // A clock that goes back gives nothing, and takes nothing.
        assert!(buckets.take("a", begin).is_err());
    }

    #[test]
    fn the_number_of_remembered_askers_is_limited() {
        let begin = Timestamp::from_unix_seconds(1_762_300_800);
        let mut buckets = Buckets::new(Rate { per_minute: 60, burst: 1 });
        for asker in 0..ASKERS_MAX {
            assert_eq!(buckets.take(asker, begin), Ok(()));
        }
        assert!(buckets.take(ASKERS_MAX, begin).is_err());
        assert_eq!(buckets.take(ASKERS_MAX, begin.plus(Duration::from_secs(2))), Ok(()));
        assert_eq!(buckets.left.len(), 1);
    }
}

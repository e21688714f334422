//! Random jitter for waits, so that many waiters for the same thing do not return together. It affects nothing that is kept.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A number from 0 to 1 that differs each time.
#[must_use]
pub fn fraction() -> f64 {
    // The keys of each such state are random.
    let random = RandomState::new().build_hasher().finish();
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lie_between_0_and_1_and_differ() {
        let all: Vec<f64> = (0..50).map(|_| fraction()).collect();
        assert!(all.iter().all(|n| (0.0..=1.0).contains(n)));
        assert!(all.iter().any(|n| *n < 0.5) && all.iter().any(|n| *n > 0.5));
    }
}

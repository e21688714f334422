//! What names resolved to recently, so that a host is looked up once in a while and not for each
//! connection: one record of the lookup is evidence, a thousand that say the same only take space.
//!
//! Owns answers for as long as they hold. The system's resolver does not report how long its answer
//! may be kept (and caches for that long itself), so one time holds for all. An answer is forgotten
//! at once where none of its addresses can be reached. Deliberately judges no address: the rules
//! are applied to each one right before it is dialled, whether it was looked up just now or not.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// With more names than this in memory the expired ones are dropped, and all where that is not
/// enough.
const REMEMBERED_MAX: usize = 10_000;

#[derive(Debug)]
struct Answer {
    addresses: Vec<IpAddr>,
    until: Instant,
}

/// Answers of name resolution.
#[derive(Debug)]
pub(super) struct Names {
    age_max: Duration,
    // Held for a map operation and never across an await.
    known: Mutex<HashMap<String, Answer>>,
}

impl Names {
    pub(super) fn new(age_max: Duration) -> Self {
        Self { age_max, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The addresses of a name, where an answer for it still holds.
    pub(super) fn get(&self, name: &str) -> Option<Vec<IpAddr>> {
        let known = self.known();
        let answer = known.get(name).filter(|answer| Instant::now() < answer.until)?;
        Some(answer.addresses.clone())
    }

    /// Keeps an answer; whether it is news: the first one, or one after the last had expired.
    pub(super) fn learn(&self, name: &str, addresses: &[IpAddr]) -> bool {
        let now = Instant::now();
        let mut known = self.known();
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, answer| now < answer.until);
            if known.len() >= REMEMBERED_MAX {
                known.clear();
            }
        }
        let answer = Answer { addresses: addresses.to_vec(), until: now + self.age_max };
        let before = known.insert(name.to_owned(), answer);
        before.is_none_or(|before| before.until <= now || before.addresses != addresses)
    }

    /// Drops what is known of a name.
    pub(super) fn forget(&self, name: &str) {
        self.known().remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_holds_for_its_time_and_until_it_is_forgotten() {
        let names = Names::new(Duration::from_secs(60));
        let one: Vec<IpAddr> = vec!["192.0.2.1".parse().unwrap()];
        assert_eq!(names.get("a.example"), None);
        assert!(names.learn("a.example", &one));
        assert!(!names.learn("a.example", &one), "it says the same");
        assert_eq!(names.get("a.example"), Some(one.clone()));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(names.get("a.example"), None);
        assert!(names.learn("a.example", &one));
        names.forget("a.example");
        assert_eq!(names.get("a.example"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn memory_has_a_bound() {
        let names = Names::new(Duration::from_secs(60));
        for n in 0..50_000 {
            names.learn(&format!("{n}.example"), &[]);
        }
        assert!(names.known().len() <= REMEMBERED_MAX);
    }
}

//! Whose turn it is at an address: many names lead to one machine, and politeness to each name is
//! not yet politeness to that machine.
//!
//! Each request takes a turn; turns of one address are apart by a fixed time, and are given out in the
//! order in which they are asked for. A request that waits for one gets a message when it comes and keeps it.
//! Pages and what pages need have lines of their own, so that a page of fifty thousand images does not
//! hold up the pages of everyone behind the same address. Never sleeps and reads no clock.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::base::{HostKey, Timestamp};

/// In which of an address's two lines a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Line {
    /// Of pages, and of what they are found by.
    Pages,
    /// Of what pages need to be shown.
    Parts,
}

/// With more addresses, or turns that wait, than this in memory, those whose time is over are forgotten.
const REMEMBERED_MAX: usize = 65_536;
/// A turn that was not taken is kept for this long: its request may have to wait for the host as well.
const KEPT: Duration = Duration::from_mins(10);

/// A clock that goes back by more was set.
const SET_BACK: Duration = Duration::from_mins(1);

/// The turns of all addresses.
#[derive(Debug, Default)]
pub struct AddressPace {
    apart: Duration,
    newest: Timestamp,
    /// When the next turn of a line is.
    next: HashMap<(IpAddr, Line), Timestamp>,
    /// Turns that were given out and not taken yet.
    waiting: HashMap<(HostKey, Line), (IpAddr, Timestamp)>,
}

impl AddressPace {
    /// Turns that are `apart` from each other; with zero there is no waiting.
    #[must_use]
    pub fn new(apart: Duration) -> Self {
        Self { apart, ..Self::default() }
    }

    /// Takes a turn at `address` for a request to `host`.
    ///
    /// # Errors
    /// With the time of its turn, where that is not now; until then, and for ten minutes, it is kept.
    pub fn take(
        &mut self,
        host: &HostKey,
        line: Line,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        if self.apart.is_zero() {
            return Ok(());
        }
        self.forget(now);
        let own = (host.clone(), line);
        match self.waiting.get(&own) {
            Some((at_address, at)) if *at_address == address && now < at.plus(KEPT) => {
                if now < *at {
                    return Err(*at);
                }
                self.waiting.remove(&own);
                return Ok(());
            }
            // A turn at another address, or of long ago.
            Some(_) => drop(self.waiting.remove(&own)),
            None => {}
        }
        let next = self.next.entry((address, line)).or_insert(now);
        let at = (*next).max(now);
        *next = at.plus(self.apart);
        if at <= now {
            return Ok(());
        }
        self.waiting.insert(own, (address, at));
        Err(at)
    }

    fn forget(&mut self, now: Timestamp) {
        // A clock that was set back makes no request wait for years.
        if self.newest.since(now) > SET_BACK {
            self.next.clear();
            self.waiting.clear();
            self.newest = now;
        }
        self.newest = self.newest.max(now);
        if self.waiting.len() > REMEMBERED_MAX {
            self.waiting.retain(|_, (_, at)| now < at.plus(KEPT));
        }
        if self.next.len() > REMEMBERED_MAX {
            self.next.retain(|_, next| now < *next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    const APART: Duration = Duration::from_millis(200);

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_micros(1_000_000_000_000_000 + ms * 1_000)
    }

    fn host(n: usize) -> HostKey {
        HostKey::new(&format!("n{n}.example"))
    }

    #[test]
    fn turns_of_an_address_are_apart_and_kept_for_hosts_that_wait() {
        let mut pace = AddressPace::new(APART);
        let mut take = |n, line, address, ms| pace.take(&host(n), line, address, at(ms));
        assert_eq!(take(0, Line::Parts, ONE, 0), Ok(()));
        assert_eq!(take(1, Line::Parts, ONE, 0), Err(at(200)));
        assert_eq!(take(2, Line::Parts, ONE, 1), Err(at(400)));
        // Asking again moves nothing, and no request takes the turn of another.
        assert_eq!(take(1, Line::Parts, ONE, 100), Err(at(200)));
        assert_eq!(take(3, Line::Parts, ONE, 300), Err(at(600)));
        assert_eq!(take(1, Line::Parts, ONE, 310), Ok(()));
        assert_eq!(take(2, Line::Parts, ONE, 400), Ok(()));
        // A host that has had a turn is after all others again.
        assert_eq!(take(2, Line::Parts, ONE, 400), Err(at(800)));
        assert_eq!(take(4, Line::Parts, OTHER, 400), Ok(()), "another address");
        assert_eq!(take(5, Line::Pages, ONE, 400), Ok(()), "a page does not wait for parts");
        assert_eq!(take(6, Line::Pages, ONE, 400), Err(at(600)));
        // An address that was left alone.
        assert_eq!(take(7, Line::Parts, ONE, 60_000), Ok(()));
    }

    #[test]
    fn a_turn_at_another_address_or_of_long_ago_is_none() {
        let mut pace = AddressPace::new(APART);
        assert_eq!(pace.take(&host(0), Line::Pages, ONE, at(0)), Ok(()));
        assert_eq!(pace.take(&host(1), Line::Pages, ONE, at(0)), Err(at(200)));
        assert_eq!(pace.take(&host(1), Line::Pages, OTHER, at(0)), Ok(()));
        assert_eq!(pace.take(&host(2), Line::Pages, ONE, at(0)), Err(at(400)));
        let late = 400 + 600_000;
        assert_eq!(pace.take(&host(3), Line::Pages, ONE, at(late)), Ok(()));
        assert_eq!(pace.take(&host(2), Line::Pages, ONE, at(late)), Err(at(late + 200)));
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_host_wait_for_years() {
        let mut pace = AddressPace::new(APART);
        let year = 365 * 86_400_000;
        assert_eq!(pace.take(&host(0), Line::Pages, ONE, at(year)), Ok(()));
        assert_eq!(pace.take(&host(1), Line::Pages, ONE, at(0)), Ok(()));
        assert_eq!(pace.take(&host(2), Line::Pages, ONE, at(0)), Err(at(200)));
    }

    #[test]
    fn of_thousands_of_names_a_fixed_number_a_second_pass_and_all_in_the_end() {
        let mut pace = AddressPace::new(APART);
        let mut left: Vec<(usize, i64)> = (0..5_000).map(|n| (n, 0)).collect();
        let mut passed = Vec::new();
        while let Some((n, ms)) = left.pop() {
            match pace.take(&host(n), Line::Parts, ONE, at(ms)) {
                Ok(()) => passed.push(ms),
                Err(until) => {
                    left.insert(0, (n, (until.unix_micros() - at(0).unix_micros()) / 1_000))
                }
            }
        }
        passed.sort_unstable();
        assert_eq!(passed.len(), 5_000);
        assert!(passed.windows(2).all(|two| two[1] - two[0] >= 200), "{passed:?}");
        assert_eq!(passed.last(), Some(&(4_999 * 200)));
    }

    #[test]
    fn without_a_distance_no_host_waits() {
        let mut pace = AddressPace::new(Duration::ZERO);
        for n in 0..10 {
            assert_eq!(pace.take(&host(n), Line::Pages, ONE, at(0)), Ok(()));
        }
    }
}

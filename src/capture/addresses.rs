//! How many connections one address may have: many names lead to one machine, and politeness to
//! each name is not yet politeness to that machine.
//!
//! A place is held as long as its connection is open, idle or not. A caller that waits for one closes an
//! idle connection to the same address, if there is any; and a connection to an address that has
//! no free place is not kept idle.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::pool::Pool;

/// With more addresses than this in memory those without a connection are forgotten.
const REMEMBERED_MAX: usize = 4_096;

/// The places of every address.
#[derive(Debug)]
pub(super) struct Addresses {
    each_max: usize,
    places: Mutex<HashMap<IpAddr, Arc<Semaphore>>>,
}

impl Addresses {
    pub(super) fn new(each_max: usize) -> Self {
        Self { each_max: each_max.clamp(1, Semaphore::MAX_PERMITS), places: Mutex::default() }
    }

    fn of(&self, address: IpAddr) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() > REMEMBERED_MAX {
            places.retain(|_, of_one| of_one.available_permits() < self.each_max);
        }
        let fresh = || Arc::new(Semaphore::new(self.each_max));
        Arc::clone(places.entry(address).or_insert_with(fresh))
    }

    /// A place at an address. `None` only when the capturer is going away.
    pub(super) async fn place(&self, address: IpAddr, pool: &Pool) -> Option<OwnedSemaphorePermit> {
        let places = self.of(address);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            return Some(place);
        }
        pool.close_one_of(address);
        places.acquire_owned().await.ok()
    }

    /// Whether an address has a free place, so that a connection to it may be kept idle.
    pub(super) fn has_room(&self, address: IpAddr) -> bool {
        self.of(address).available_permits() > 0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_address_has_places_up_to_its_limit() {
        let pool = Pool::new(10, 1, Duration::from_secs(30));
        let addresses = Addresses::new(2);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        let first = addresses.place(one, &pool).await.unwrap();
        assert!(addresses.has_room(one));
        let _second = addresses.place(one, &pool).await.unwrap();
        assert!(!addresses.has_room(one));
        assert!(addresses.place(other, &pool).await.is_some(), "another address has its own");
        let third = addresses.place(one, &pool);
        tokio::pin!(third);
        let waits = tokio::time::timeout(Duration::from_secs(60), &mut third).await;
        assert!(waits.is_err(), "there was a third place");
        drop(first);
        assert!(third.await.is_some());
    }

    #[test]
    fn addresses_without_connections_are_forgotten() {
        let addresses = Addresses::new(1);
        for n in 0..10_000_u32 {
            addresses.of(IpAddr::from(n.to_be_bytes()));
        }
        assert!(addresses.places.lock().unwrap().len() <= REMEMBERED_MAX + 2);
    }
}

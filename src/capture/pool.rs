//! Connections that are kept alive, bounded in all and per host.
//!
//! Owns idle connections and the count of all of them. A connection comes back only from an
//! exchange that ended exactly where its framing said ([`super::drive`] decides), and goes out
//! again only while it is silent: bytes that were not asked for make it unusable. Time is tokio's,
//! so that a test can move it. Deliberately opens nothing.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::attested::Attesting;
use super::stream::BoxStream;
use crate::base::TargetUri;
use crate::http::{DnsFacts, TlsFacts};

/// What a connection can be used again for. Pins and the proxy belong to the whole capturer, so
/// equal keys lead to equal places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    https: bool,
    host: String,
    port: u16,
}

impl Key {
    pub(super) fn of(uri: &TargetUri) -> Self {
        Self { https: uri.is_https(), host: uri.host().to_owned(), port: uri.port() }
    }
}

/// A connection that was just made.
pub(super) struct Dialed {
    pub(super) stream: BoxStream,
    pub(super) peer: Option<std::net::IpAddr>,
    pub(super) dns: Option<DnsFacts>,
    pub(super) tls: Option<TlsFacts>,
    pub(super) warning: Option<String>,
    /// What a relay is to attest of it.
    pub(super) attesting: Option<Attesting>,
    /// Its place at its address.
    pub(super) place: Option<OwnedSemaphorePermit>,
}

/// An established connection, and what is known about it.
pub(super) struct Connection {
    pub(super) stream: BoxStream,
    pub(super) peer: Option<std::net::IpAddr>,
    pub(super) tls: Option<TlsFacts>,
    pub(super) warning: Option<String>,
    /// Name resolution, for the first exchange alone.
    pub(super) dns: Option<DnsFacts>,
    /// What a relay is to attest of it.
    pub(super) attesting: Option<Attesting>,
    /// Held for its place in the bound.
    _slot: OwnedSemaphorePermit,
    /// Held for its place at its address.
    _place: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub(super) fn new(dialed: Dialed, slot: OwnedSemaphorePermit) -> Self {
        Self {
            stream: dialed.stream,
            peer: dialed.peer,
            tls: dialed.tls,
            warning: dialed.warning,
            dns: dialed.dns,
            attesting: dialed.attesting,
            _slot: slot,
            _place: dialed.place,
        }
    }
}

struct Idle {
    connection: Connection,
    since: Instant,
    until: Instant,
}

#[derive(Default)]
struct Shelf {
    idle: HashMap<Key, Vec<Idle>>,
    count: usize,
    waiting: usize,
    swept: Option<Instant>,
}

impl Shelf {
    fn oldest(&mut self) -> Option<Idle> {
        let oldest = |list: &Vec<Idle>| list.first().map(|idle| idle.since);
        let key =
            self.idle.iter().min_by_key(|(_, list)| oldest(list)).map(|(key, _)| key.clone())?;
        self.remove(&key, 0)
    }

    fn remove(&mut self, key: &Key, at: usize) -> Option<Idle> {
        let list = self.idle.get_mut(key)?;
        let idle = (at < list.len()).then(|| list.remove(at));
        if list.is_empty() {
            self.idle.remove(key);
        }
        self.count -= usize::from(idle.is_some());
        idle
    }

    /// Drops what has expired; at most once in a while, since it goes over everything.
    fn sweep(&mut self, now: Instant, every: Duration) {
        if self.swept.is_some_and(|at| now < at + every) {
            return;
        }
        self.swept = Some(now);
        self.idle.retain(|_, list| {
            list.retain(|idle| now < idle.until);
            !list.is_empty()
        });
        self.count = self.idle.values().map(Vec::len).sum();
    }
}

/// The idle connections of one capturer.
pub(super) struct Pool {
    // A std mutex: held for a few map operations and never across an await.
    shelf: Mutex<Shelf>,
    slots: Arc<Semaphore>,
    per_host_max: usize,
    idle_timeout: Duration,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("idle", &self.idle_count()).finish_non_exhaustive()
    }
}

impl Pool {
    pub(super) fn new(connections_max: usize, per_host_max: usize, idle_timeout: Duration) -> Self {
        let slots = Arc::new(Semaphore::new(connections_max.clamp(1, Semaphore::MAX_PERMITS)));
        Self { shelf: Mutex::default(), slots, per_host_max, idle_timeout }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // A panic elsewhere leaves the map whole: every change of it is a single step.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn idle_count(&self) -> usize {
        self.shelf().count
    }

    /// A connection that is still good, newest first: the one the server least likely gave up.
    pub(super) async fn take(&self, key: &Key) -> Option<Connection> {
        loop {
            let idle = {
                let mut shelf = self.shelf();
                let newest = shelf.idle.get(key)?.len().checked_sub(1)?;
                shelf.remove(key, newest)?
            };
            let mut connection = idle.connection;
            if Instant::now() < idle.until && is_silent(&mut connection.stream).await {
                return Some(connection);
            }
        }
    }

    /// A place for a new connection; an idle one of another host makes room.
    pub(super) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        let waiting = {
            let mut shelf = self.shelf();
            if let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() {
                return Some(slot);
            }
            // From here on, what comes back is closed instead of kept, until we have our place.
            shelf.waiting += 1;
            drop(shelf.oldest());
            Waiting(self)
        };
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        drop(waiting);
        slot
    }

    /// Keeps a connection for the next exchange, at most as long as the server says it will.
    pub(super) fn keep(&self, key: Key, connection: Connection, server_says: Option<Duration>) {
        let now = Instant::now();
        let mut shelf = self.shelf();
        shelf.sweep(now, self.idle_timeout / 2);
        if shelf.waiting > 0 || self.per_host_max == 0 {
            return;
        }
        let kept_for = server_says.map_or(self.idle_timeout, |says| says.min(self.idle_timeout));
        let idle = Idle { connection, since: now, until: now + kept_for };
        let list = shelf.idle.entry(key.clone()).or_default();
        list.push(idle);
        let over = list.len() > self.per_host_max;
        shelf.count += 1;
        if over {
            drop(shelf.remove(&key, 0));
        }
    }

    /// Closes an idle connection to this address, if there is any.
    pub(super) fn close_one_of(&self, address: std::net::IpAddr) {
        let mut shelf = self.shelf();
        let found = shelf.idle.iter().find_map(|(key, list)| {
            let at = list.iter().position(|idle| idle.connection.peer == Some(address))?;
            Some((key.clone(), at))
        });
        if let Some((key, at)) = found {
            drop(shelf.remove(&key, at));
        }
    }

    /// Closes every idle connection.
    pub(super) fn clear(&self) {
        let mut shelf = self.shelf();
        shelf.idle.clear();
        shelf.count = 0;
    }
}

/// Counts a caller that waits, until it stops waiting.
struct Waiting<'a>(&'a Pool);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.shelf().waiting -= 1;
    }
}

/// Whether nothing has come on a connection on which nothing was asked: no byte, no end.
async fn is_silent(stream: &mut BoxStream) -> bool {
    poll_fn(|cx| {
        let mut space = [0u8; 1];
        let mut buffer = ReadBuf::new(&mut space);
        Poll::Ready(Pin::new(&mut *stream).poll_read(cx, &mut buffer).is_pending())
    })
    .await
}

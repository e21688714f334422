//! The replay proxy: an HTTP proxy that answers from the archive and never from the web. A client of it
//! sees captures at their original addresses with nothing rewritten.
//!
//! In reading order: connections, CONNECT and TLS (`wire`), a request answered (`answer`), requests that have a body
//! (`posted`), the header fields that are sent (`fields`), the answer for missing captures (`missing`).
//!
//! It opens no connection of its own. For `https` it answers with certificates of a throw-away authority
//! ([`Authority`]) which its own browser accepts by the digest of their key; other programs get the certificate of
//! the authority from the proxy itself, at `/ca.pem`.

mod answer;
mod fields;
mod missing;
mod posted;
mod wire;

pub(super) use fields::Preflight;
pub(super) use missing::{MISSING, Why, missing};
pub(super) use posted::{Posted, find as find_posted};

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::net::TcpListener;

use super::Serve;
use super::memento::{Use, choose};
use crate::archive::Capture;
use crate::base::Timestamp;
use crate::browser::{Authority, Traffic};

/// How many missing addresses are listed.
const LISTED_MAX: usize = 1_000;

/// The time for which requests are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// This time: the nearest capture counts.
    Fixed(Timestamp),
    /// That of the request's `Accept-Datetime`, the newest without one.
    Asked,
}

/// A request for what the archive does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The method.
    pub method: String,
    /// The address.
    pub url: String,
    /// Why nothing is sent.
    pub why: String,
}

/// The requests to a proxy so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Traded {
    /// Requests that were answered with a capture.
    pub answered: u64,
    /// Requests that were answered with our own 404.
    pub missing: u64,
    /// The first missing addresses, each once.
    pub missing_parts: Vec<Missing>,
}

/// What requests share.
pub(super) struct Shared {
    state: Arc<Serve>,
    authority: Authority,
    moment: Moment,
    log: Mutex<Log>,
}

struct Log {
    traded: Traded,
    open: usize,
    changed: Instant,
}

/// A running replay proxy; it ends when dropped.
pub struct ReplayProxy {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for ReplayProxy {
    fn drop(&mut self) {
        // The connections belong to the task and end with it.
        self.task.abort();
    }
}

impl ReplayProxy {
    /// Listens at an address; port 0 picks one.
    ///
    /// # Errors
    /// When the address cannot be bound, or no certificate can be made.
    pub async fn start(state: Arc<Serve>, bind: &str, moment: Moment) -> io::Result<Self> {
        let authority = Authority::new().map_err(io::Error::other)?;
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let log = Log { traded: Traded::default(), open: 0, changed: Instant::now() };
        let shared = Arc::new(Shared { state, authority, moment, log: Mutex::new(log) });
        let task = tokio::spawn(wire::accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, task })
    }

    /// The SHA-256 of the key of its certificates in base64.
    #[must_use]
    pub fn key_digest(&self) -> &str {
        self.shared.authority.key_digest()
    }

    /// The requests so far.
    #[must_use]
    pub fn traded(&self) -> Traded {
        self.shared.log().traded.clone()
    }
}

impl Traffic for ReplayProxy {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn idle(&self) -> Duration {
        let log = self.shared.log();
        if log.open > 0 { Duration::ZERO } else { log.changed.elapsed() }
    }

    fn is_held(&self) -> bool {
        // An archive has no per-host delays.
        false
    }
}

impl Shared {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_answered(&self) {
        self.log().traded.answered += 1;
    }

    fn note_missing(&self, missing: Missing) {
        let traded = &mut self.log().traded;
        traded.missing += 1;
        let is_known = |known: &Missing| known.url == missing.url && known.method == missing.method;
        if traded.missing_parts.len() < LISTED_MAX && !traded.missing_parts.iter().any(is_known) {
            traded.missing_parts.push(missing);
        }
    }
}

impl Serve {
    /// The capture of a page that is nearest to a time, the newest without one. A redirect of a page to itself is
    /// skipped, as in replay. Blocks.
    ///
    /// # Errors
    /// When the archive cannot answer; as text.
    pub fn nearest(&self, url: &str, at: Option<Timestamp>) -> Result<Option<Capture>, String> {
        let chosen = choose(self, url, at.map(answer::second_of), Use::Page);
        Ok(chosen.map_err(|refusal| refusal.reason)?.map(|chosen| chosen.capture))
    }
}

/// A request that is being answered, as far as the settling of a page is concerned.
struct Open(Arc<Shared>);

impl Open {
    fn begin(shared: &Arc<Shared>) -> Self {
        let mut log = shared.log();
        log.open += 1;
        log.changed = Instant::now();
        drop(log);
        Self(Arc::clone(shared))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut log = self.0.log();
        log.open -= 1;
        log.changed = Instant::now();
    }
}

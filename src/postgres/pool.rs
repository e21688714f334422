//! A pool of connections, and requests that are sent again when one is lost.
//!
//! A pool of our own rather than a crate's: a connection is kept only after a request that went well,
//! so that none is ever tested, recycled or left in a state, and what a lost one did is asked again
//! here in any case.
//!
//! A database may become unreachable silently: packets are dropped, or a proxy keeps the connection and
//! forwards nothing, which no TCP keepalive notices. A request that is not answered for [`SILENCE`] is
//! therefore checked: a probe is sent over a new connection, and where that is not answered either, the
//! request is given up. After that requests fail at once, until the database answers a probe in the
//! background: no request waits in vain twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_postgres::Client;

use super::Address;
use super::failure::{Failure, Verdict, given_up};
use super::request::Request;
use super::tls::Tls;
use crate::archive::{ArchiveError, ArchiveErrorKind};

/// How many connections one process has at most. A pooler or server has some hundred for all.
const CONNECTIONS_MAX: usize = 8;

/// For how long a request is tried while the database does not answer: a restart takes some seconds.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// After this time without an answer the database is probed. A slow request continues.
const SILENCE: Duration = Duration::from_secs(3);
/// How long a connection, or an answer to a probe, may take.
const PROBE_MAX: Duration = Duration::from_secs(5);
/// Between two probes of a database that was silent.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// The first pause between two tries; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The way to the database for threads that block. Clones share it.
#[derive(Clone)]
pub(super) struct Link {
    pool: Arc<Pool>,
    /// Runs the connections; threads of the caller only wait.
    runtime: Arc<Threads>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("address", &self.pool.address).finish_non_exhaustive()
    }
}

struct Threads(Option<Runtime>);

impl Drop for Threads {
    fn drop(&mut self) {
        // Dropped by the last handle, maybe where nothing may block.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Link {
    /// The way to a database. Nothing is connected before the first request.
    ///
    /// # Errors
    /// When TLS or a thread cannot be set up.
    pub(super) fn new(address: Address, patience: Duration) -> Result<Self, ArchiveError> {
        let fail = |why: String| {
            let why =
                format!("setting up the connection to the database {}: {why}", address.shown());
            ArchiveError::new(ArchiveErrorKind::System, why)
        };
        let tls = Tls::new(address.roots_file()).map_err(fail)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|why| fail(why.to_string()))?;
        let pool = Pool {
            address,
            tls,
            patience,
            idle: Mutex::new(Vec::new()),
            permits: Semaphore::new(CONNECTIONS_MAX),
            is_away: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
            is_probing: AtomicBool::new(false),
        };
        Ok(Self { pool: Arc::new(pool), runtime: Arc::new(Threads(Some(runtime))) })
    }

    pub(super) fn address(&self) -> &Address {
        &self.pool.address
    }

    /// Asks, and waits for the answer. May be called from any thread, also one of another runtime,
    /// which it then holds up.
    pub(super) fn ask<R: Request>(&self, request: R) -> Result<R::Answer, ArchiveError> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let pool = Arc::clone(&self.pool);
        let ended =
            || ArchiveError::new(ArchiveErrorKind::System, "the connection to the database ended");
        let runtime = self.runtime.0.as_ref().ok_or_else(ended)?;
        runtime.spawn(async move {
            let answer = pool.ask(&request).await;
            if pool.is_silent.load(Ordering::Relaxed) {
                pool.begin_probing();
            }
            // The caller waits for it.
            let _ = reply.send(answer);
        });
        answer.recv().map_err(|_| ended())?
    }
}

struct Pool {
    address: Address,
    tls: Tls,
    patience: Duration,
    idle: Mutex<Vec<Connected>>,
    permits: Semaphore,
    /// Set when a request was given up: the next ones try once, until one is answered.
    is_away: AtomicBool,
    /// Set when the database did not even answer a probe: the next ones fail at once, until it does.
    is_silent: AtomicBool,
    is_probing: AtomicBool,
}

/// A connection. Its socket is closed with it, whatever it waits for: a transaction that is under way on it
/// is then rolled back at once by the server, and holds no locks.
struct Connected {
    client: Client,
    runs: AbortHandle,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.runs.abort();
    }
}

impl Pool {
    async fn ask<R: Request>(&self, request: &R) -> Result<R::Answer, ArchiveError> {
        let began = Instant::now();
        if self.is_silent.load(Ordering::Relaxed) {
            let database = self.address.shown();
            return Err(given_up(&database, request.doing(), &Failure::Silent, Duration::ZERO));
        }
        let was_away = self.is_away.load(Ordering::Relaxed);
        let patience = if was_away { Duration::ZERO } else { self.patience };
        let mut pause = PAUSE_MIN;
        loop {
            let failure = match self.once(request).await {
                Ok(answer) => {
                    self.is_away.store(false, Ordering::Relaxed);
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            let verdict = failure.verdict();
            if verdict == Verdict::Away {
                // The other idle connections were most likely lost with it.
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
            let is_over = match verdict {
                Verdict::Refused(_) => true,
                Verdict::Away => began.elapsed() + pause > patience,
                // The connection is not the cause.
                Verdict::Clash => began.elapsed() + pause > self.patience,
            };
            if is_over {
                let is_away = verdict == Verdict::Away;
                self.is_away.store(is_away, Ordering::Relaxed);
                if failure.is_silence() {
                    self.is_silent.store(true, Ordering::Relaxed);
                }
                let database = self.address.shown();
                return Err(given_up(&database, request.doing(), &failure, began.elapsed()));
            }
            tracing::debug!(why = failure.why(), doing = request.doing(), "retrying the database");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn once<R: Request>(&self, request: &R) -> Result<R::Answer, Failure> {
        let permit = self.permits.acquire().await;
        let mut connected = match self.kept() {
            Some(connected) => connected,
            None => self.connect().await?,
        };
        let time_max = request.time_max();
        let answer = tokio::select! {
            answer = tokio::time::timeout(time_max, request.ask(&mut connected.client)) => {
                answer.map_err(|_| Failure::TimedOut(time_max))??
            }
            () = self.silence() => return Err(Failure::Silent),
        };
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connected);
        drop(permit);
        Ok(answer)
    }

    /// Ends when the database does not answer a probe.
    async fn silence(&self) {
        let mut pause = SILENCE;
        loop {
            tokio::time::sleep(pause).await;
            if let Err(failure) = self.probe().await
                && failure.is_silence()
            {
                return;
            }
            // It is there, and the request takes its time.
            pause = (pause * 2).min(SILENCE * 16);
        }
    }

    /// Sends a probe over a new connection.
    async fn probe(&self) -> Result<(), Failure> {
        let connected = self.connect().await?;
        let answer = connected.client.query_typed("SELECT 1", &[]);
        tokio::time::timeout(PROBE_MAX, answer).await.map_err(|_| Failure::Silent)??;
        Ok(())
    }

    /// Probes the database in the background until it answers, if only that it refuses.
    fn begin_probing(self: &Arc<Self>) {
        if self.is_probing.swap(true, Ordering::Relaxed) {
            return;
        }
        // Not kept alive by this: it ends with the last handle of the pool.
        let pool = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(PROBE_EVERY).await;
                let Some(pool) = pool.upgrade() else { return };
                if pool.probe().await.is_err_and(|failure| failure.is_silence()) {
                    continue;
                }
                pool.is_silent.store(false, Ordering::Relaxed);
                pool.is_probing.store(false, Ordering::Relaxed);
                return;
            }
        });
    }

    fn kept(&self) -> Option<Connected> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connected) = idle.pop() {
            if !connected.client.is_closed() {
                return Some(connected);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Connected, Failure> {
        let connecting = self.address.config.connect(self.tls.clone());
        // The time that the address names is for the socket alone.
        let connected = tokio::time::timeout(self.connect_max(), connecting).await;
        let (client, connection) = connected.map_err(|_| Failure::Silent)??;
        let task = tokio::spawn(async move {
            if let Err(why) = connection.await {
                tracing::debug!(why = why.to_string(), "a connection to the database ended");
            }
        });
        Ok(Connected { client, runs: task.abort_handle() })
    }

    /// How long a connection may take, the answers of the server included: each host that is named has its
    /// time for the socket.
    fn connect_max(&self) -> Duration {
        let config = &self.address.config;
        let hosts = config.get_hosts().len().max(config.get_hostaddrs().len()).max(1);
        let each = config.get_connect_timeout().copied().unwrap_or(PROBE_MAX);
        let hosts = u32::try_from(hosts).unwrap_or(1);
        each.saturating_mul(hosts).max(PROBE_MAX)
    }
}

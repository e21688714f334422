//! Listening: connections and their limits, and the orderly stop.
//!
//! A connection that sends its head too slowly, is idle or reads nothing of its answer is ended. If
//! all places are taken, the connection that has been idle for longest is closed; if all are being
//! answered, the one that has taken longest, provided it exceeds the write timeout.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep};

use super::guard::Guard;
use super::{Serve, replay_router, router};

/// The longest head of a request that is read, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long requests in flight may continue after a stop was requested.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

/// A server that has bound its addresses and does not answer yet.
#[derive(Debug)]
pub struct Listening {
    reader: TcpListener,
    replay: Option<TcpListener>,
    /// Where the reader listens.
    pub address: SocketAddr,
    /// Where the replay origin listens.
    pub replay_address: Option<SocketAddr>,
}

impl Listening {
    /// Binds the addresses; port 0 picks one.
    ///
    /// # Errors
    /// When one cannot be bound; the text names it.
    pub async fn bind(bind: &str, replay_bind: Option<&str>) -> Result<Self, (String, io::Error)> {
        let listen = async |address: &str| {
            let bound = TcpListener::bind(address).await;
            bound
                .and_then(|listener| Ok((listener.local_addr()?, listener)))
                .map_err(|why| (address.to_owned(), why))
        };
        let (address, reader) = listen(bind).await?;
        let replay = match replay_bind {
            Some(bind) => Some(listen(bind).await?),
            None => None,
        };
        let replay_address = replay.as_ref().map(|(address, _)| *address);
        Ok(Self { reader, replay: replay.map(|(_, listener)| listener), address, replay_address })
    }
}

/// A server that answers.
pub struct Server {
    state: Arc<Serve>,
    listening: Listening,
}

impl Server {
    /// A server of `state` at these addresses.
    #[must_use]
    pub fn new(state: Arc<Serve>, listening: Listening) -> Self {
        Self { state, listening }
    }

    /// Answers until `stop` completes; requests in flight then have a limited time to finish.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let Self { state, listening } = self;
        let Listening { reader, replay, address, replay_address } = listening;
        let graceful = Arc::new(GracefulShutdown::new());
        let options = &state.options;
        let places = Arc::new(Places::new(options.connections_max, options.write_timeout));
        let mut loops = Vec::new();
        let guard = Guard::new(Arc::clone(&state), address, replay_address, false);
        let with = |guard| Loop {
            state: Arc::clone(&state),
            guard,
            graceful: Arc::clone(&graceful),
            places: Arc::clone(&places),
        };
        loops.push(tokio::spawn(with(guard).run(reader, router(Arc::clone(&state)))));
        if let (Some(replay), Some(own)) = (replay, replay_address) {
            let guard = Guard::new(Arc::clone(&state), own, Some(address), true);
            loops.push(tokio::spawn(with(guard).run(replay, replay_router(Arc::clone(&state)))));
        }
        stop.await;
        for accepting in loops {
            accepting.abort();
            // It holds the watcher of connections until it ends.
            let _ = accepting.await;
        }
        places.clear_idle();
        if let Some(graceful) = Arc::into_inner(graceful)
            && tokio::time::timeout(STOP_DEADLINE, graceful.shutdown()).await.is_err()
        {
            tracing::warn!("requests that took longer than {STOP_DEADLINE:?} were cut off");
        }
    }
}

/// Accepts connections at one address.
struct Loop {
    state: Arc<Serve>,
    guard: Guard,
    graceful: Arc<GracefulShutdown>,
    places: Arc<Places>,
}

impl Loop {
    async fn run(self, listener: TcpListener, router: Router) {
        let guard = Arc::new(self.guard);
        loop {
            let Ok((stream, peer)) = listener.accept().await else {
                // Most likely too many open files: wait until some are closed.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            self.places.free_one().await;
            // Small answers should not wait for the next.
            let _ = stream.set_nodelay(true);
            let busy = Arc::new(Busy::default());
            let service = {
                let (guard, router, busy) = (Arc::clone(&guard), router.clone(), Arc::clone(&busy));
                service_fn(move |request| {
                    let (guard, router) = (Arc::clone(&guard), router.clone());
                    let in_flight = InFlight::new(Arc::clone(&busy));
                    async move {
                        Ok::<_, Infallible>(guard.answer(router, request, peer, in_flight).await)
                    }
                })
            };
            let options = &self.state.options;
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(options.idle_timeout)
                .max_buf_size(HEAD_BYTES_MAX)
                .max_headers(100)
                .serve_connection(
                    TokioIo::new(Steady::new(stream, options.write_timeout)),
                    service,
                );
            let connection = self.graceful.watch(connection);
            let open = Open::new(Arc::clone(&self.state));
            let task = tokio::spawn(async move {
                let _open = open;
                // Slow or broken clients are not errors of the server.
                if let Err(why) = connection.await {
                    tracing::debug!(%peer, %why, "a connection ended");
                }
            });
            self.places.take(Place { task: task.abort_handle(), busy });
        }
    }
}

/// A connection that is counted as open until it is dropped.
struct Open(Arc<Serve>);

impl Open {
    fn new(state: Arc<Serve>) -> Self {
        state.counts.opened();
        Self(state)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.counts.closed();
    }
}

/// Whether a connection is being answered, and since when.
#[derive(Default)]
struct Busy {
    requests: AtomicUsize,
    since: Mutex<Option<Instant>>,
}

impl Busy {
    fn since(&self) -> MutexGuard<'_, Option<Instant>> {
        // The data behind the lock is always consistent.
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::SeqCst) == 0
    }
}

/// A request that is being answered: its connection is not ended to make room.
pub struct InFlight(Arc<Busy>);

impl InFlight {
    fn new(busy: Arc<Busy>) -> Self {
        busy.requests.fetch_add(1, Ordering::SeqCst);
        *busy.since() = Some(Instant::now());
        Self(busy)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Place {
    task: AbortHandle,
    busy: Arc<Busy>,
}

/// The connections that are open, oldest first.
struct Places {
    max: usize,
    /// An answer that takes longer than this may be cut to make room.
    patience: Duration,
    taken: Mutex<VecDeque<Place>>,
}

impl Places {
    fn new(max: usize, patience: Duration) -> Self {
        Self { max, patience, taken: Mutex::default() }
    }

    fn taken(&self) -> MutexGuard<'_, VecDeque<Place>> {
        // The data behind the lock is always consistent.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, place: Place) {
        self.taken().push_back(place);
    }

    /// Returns when there is room for one more.
    async fn free_one(&self) {
        loop {
            {
                let mut taken = self.taken();
                if taken.len() < self.max {
                    return;
                }
                taken.retain(|place| !place.task.is_finished());
                if taken.len() < self.max {
                    return;
                }
                let idle = taken.iter().position(|place| place.busy.is_idle());
                if let Some(place) =
                    idle.or_else(|| self.slowest(&taken)).and_then(|at| taken.remove(at))
                {
                    place.task.abort();
                    return;
                }
            }
            // All are being answered, and none for long.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The connection that has been answered for longest, where that is longer than there is patience:
    /// clients that take a byte now and then would else keep out all others.
    fn slowest(&self, taken: &VecDeque<Place>) -> Option<usize> {
        let since = taken.iter().enumerate().filter_map(|(at, place)| {
            let since = (*place.busy.since())?;
            (since.elapsed() > self.patience).then_some((since, at))
        });
        since.min().map(|(_, at)| at)
    }

    /// Ends the connections that do nothing.
    fn clear_idle(&self) {
        for place in self.taken().iter() {
            if place.busy.is_idle() {
                place.task.abort();
            }
        }
    }
}

/// A stream whose other end has to take something now and then.
struct Steady {
    inner: TcpStream,
    patience: Duration,
    /// When patience ends, while the other end takes nothing.
    until: Option<Pin<Box<Sleep>>>,
}

impl Steady {
    fn new(inner: TcpStream, patience: Duration) -> Self {
        Self { inner, patience, until: None }
    }

    /// What became of a write: it went on, or waits for no longer than there is patience.
    fn watched<T>(
        &mut self,
        polled: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.until = None;
            return polled;
        }
        let patience = self.patience;
        let until = self
            .until
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + patience)));
        match until.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client does not read its answer",
            ))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Steady {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl AsyncWrite for Steady {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.watched(polled, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.watched(polled, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(context);
        self.watched(polled, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(context);
        self.watched(polled, context)
    }
}

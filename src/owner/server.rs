//! The owner's side: one thread accepts, one thread serves each asker. Askers come from the same
//! machine and the same user; what they send is bounded anyway.

use std::io::{self, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::archive::{ArchiveError, ArchiveErrorKind, Capture, CaptureStore, Query, Sort};

use super::Place;
use super::frame::{receive, send};
use super::protocol::{Greeting, Reply, Request};

/// How many askers are served at once; more wait until one leaves.
const ASKERS_MAX: usize = 256;

/// A page of answers has at most this many.
pub(super) const PAGE_MAX: usize = 1_000;

/// By distance a page begins at the nearest again, so that it may be longer.
pub(super) const CLOSEST_MAX: usize = 100_000;

/// How long an asker may take to receive a reply.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// The socket of an owner, answering until it is dropped.
#[derive(Debug)]
pub struct Server {
    place: Place,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    /// `None` while the owner opens the index: askers wait for the greeting.
    store: Mutex<Option<Arc<dyn CaptureStore>>>,
    ready: Condvar,
    ended: AtomicBool,
    /// The sockets of those being served, to wake their threads at the end.
    askers: Mutex<Vec<(u64, UnixStream)>>,
    left: Condvar,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Server {
    /// Listens at a place whose lock the caller holds. Askers are greeted when the store is given
    /// by [`Self::ready`].
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub(super) fn listen(place: &Place) -> io::Result<Self> {
        let listener = place.listen()?;
        let shared = Arc::new(Shared {
            store: Mutex::new(None),
            ready: Condvar::new(),
            ended: AtomicBool::new(false),
            askers: Mutex::new(Vec::new()),
            left: Condvar::new(),
        });
        let served = Arc::clone(&shared);
        let accepting = std::thread::Builder::new()
            .name("index-owner".to_owned())
            .spawn(move || accept(&listener, &served))?;
        Ok(Self { place: place.clone(), shared, accepting: Some(accepting) })
    }

    /// From now on answers come from this store.
    pub(super) fn ready(&self, store: Arc<dyn CaptureStore>) {
        *self.shared.store.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
        self.shared.ready.notify_all();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Release);
        // Wakes the accepting thread, which then sees that it has ended.
        let _ = self.place.connect();
        self.place.leave();
        self.shared.ready.notify_all();
        self.shared.left.notify_all();
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let askers = self.shared.askers.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, socket) in askers.iter() {
            let _ = socket.shutdown(std::net::Shutdown::Both);
        }
        drop(askers);
        self.shared.store.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    let mut number = 0;
    for asker in listener.incoming() {
        if shared.ended.load(Ordering::Acquire) {
            return;
        }
        let Ok(socket) = asker else {
            // Out of descriptors, for example: those who are served give some back.
            std::thread::sleep(Duration::from_millis(10));
            continue;
        };
        number += 1;
        let Ok(kept) = socket.try_clone() else { continue };
        {
            let mut askers = shared.askers.lock().unwrap_or_else(PoisonError::into_inner);
            while askers.len() >= ASKERS_MAX && !shared.ended.load(Ordering::Acquire) {
                askers = shared.left.wait(askers).unwrap_or_else(PoisonError::into_inner);
            }
            askers.push((number, kept));
        }
        let served = Arc::clone(shared);
        let serve = move || {
            // Whatever ended it, the asker sees that its connection is gone and asks again.
            let _ = serve(&socket, &served);
            let mut askers = served.askers.lock().unwrap_or_else(PoisonError::into_inner);
            askers.retain(|(other, _)| *other != number);
            served.left.notify_one();
        };
        if std::thread::Builder::new().name("index-asker".to_owned()).spawn(serve).is_err() {
            let mut askers = shared.askers.lock().unwrap_or_else(PoisonError::into_inner);
            askers.retain(|(other, _)| *other != number);
        }
    }
}

fn serve(socket: &UnixStream, shared: &Shared) -> io::Result<()> {
    socket.set_write_timeout(Some(SEND_TIMEOUT))?;
    let store = {
        let mut store = shared.store.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if shared.ended.load(Ordering::Acquire) {
                return Ok(());
            }
            match &*store {
                Some(store) => break Arc::downgrade(store),
                None => {
                    store = shared.ready.wait(store).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    };
    let mut to = socket;
    send(&mut to, &Greeting::own())?;
    let mut from = BufReader::new(socket);
    while let Some(request) = receive(&mut from)? {
        // Between requests no thread keeps the store open.
        let Some(store) = store.upgrade() else { return Ok(()) };
        let reply = answer(&*store, request).unwrap_or_else(Reply::Failed);
        drop(store);
        send(&mut to, &reply)?;
    }
    Ok(())
}

/// The answers to a query, and the error that ended them.
pub(super) fn page_of(
    store: &dyn CaptureStore,
    page: &Query,
) -> (Vec<Capture>, Option<ArchiveError>) {
    let mut captures = Vec::new();
    for capture in store.scan(page) {
        match capture {
            Ok(capture) => captures.push(capture),
            Err(error) => return (captures, Some(error)),
        }
    }
    (captures, None)
}

fn answer(store: &dyn CaptureStore, request: Request) -> Result<Reply, ArchiveError> {
    Ok(match request {
        Request::Scan(query) => {
            let max = if matches!(query.sort, Sort::Closest(_)) { CLOSEST_MAX } else { PAGE_MAX };
            let limit = Some(query.limit.unwrap_or(PAGE_MAX).min(max));
            let page = Query { limit, ..query };
            let (captures, error) = page_of(store, &page);
            Reply::Captures(captures, error)
        }
        Request::ByPayload(text) => {
            let digest = text.parse().map_err(|why: crate::base::digest::DigestError| {
                ArchiveError::new(ArchiveErrorKind::Request, why.to_string())
            })?;
            Reply::Capture(store.by_payload(&digest)?)
        }
        Request::Hosts { after } => {
            let mut hosts = store.hosts();
            if let Some(after) = after {
                for host in hosts.by_ref() {
                    if host?.host == after {
                        break;
                    }
                }
            }
            Reply::Hosts(hosts.take(PAGE_MAX * 10).collect::<Result<_, _>>()?)
        }
        Request::HostOf(url) => Reply::Host(store.host_of(&url)?),
        Request::Bytes => Reply::Bytes(store.bytes()?),
        Request::Apply(batch) => Reply::Applied(store.apply(batch)?),
        Request::Marks => Reply::Marks(store.marks()?),
        Request::MarkOf(file) => Reply::Marks(store.mark_of(&file)?.into_iter().collect()),
        Request::Flush => {
            store.flush()?;
            Reply::Done
        }
        Request::MarkDamaged(why) => {
            store.mark_damaged(&why);
            Reply::Done
        }
    })
}

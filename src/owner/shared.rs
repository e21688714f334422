//! The index of an archive from any process: owned here, or asked for where it is owned. When the
//! owner is gone, the next request takes the index over or finds the new owner, so that no caller
//! sees the change.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::archive::{
    Answers, Applied, ArchiveError, ArchiveErrorKind, Capture, CaptureBatch, CaptureSink,
    CaptureStore, Captures, Cursor, FileMark, HostCount, HostCounts, Query, Sort,
};
use crate::base::Digest;

use super::server::{CLOSEST_MAX, PAGE_MAX, page_of};
use super::{Client, Place, Server};

/// A backend that was opened, and notes about what had to be done.
#[derive(Debug)]
pub struct Opened {
    /// The backend.
    pub store: Arc<dyn CaptureStore>,
    /// What was repaired, set aside or caught up, as text.
    pub notes: Vec<String>,
}

/// Opens the backend for its one owner.
pub type Opener = Box<dyn Fn() -> Result<Opened, ArchiveError> + Send + Sync>;

/// How long a process waits for an owner to appear or the index to become free. Opening an index
/// after a crash may take seconds; the owner greets when it is done, and that wait is longer.
const WAIT_MAX: Duration = Duration::from_secs(15);

/// Between two tries.
const TRY_EVERY: Duration = Duration::from_millis(5);

/// The first page of an answer is small, since most askers want no more.
const FIRST_PAGE: usize = 64;

/// The index, owned or asked for.
pub struct SharedCaptures {
    place: Place,
    opener: Opener,
    // Many readers and a rare change: the owner ended, or this process took over.
    mode: RwLock<Option<Arc<Mode>>>,
    /// Held while a mode is looked for, so that one thread does it.
    acquiring: Mutex<()>,
    notes: Mutex<Vec<String>>,
}

enum Mode {
    Owner(Owner),
    Asker(Client),
}

struct Owner {
    store: Option<Arc<dyn CaptureStore>>,
    server: Option<Server>,
    _lock: File,
}

impl Drop for Owner {
    /// No request is answered any more, the index is closed, and then the lock is free.
    fn drop(&mut self) {
        drop(self.server.take());
        if let Some(store) = self.store.take() {
            // Not closed in order, the next owner reads the WARC files from the last marks.
            let _ = store.close();
        }
    }
}

impl Mode {
    fn store(&self) -> Result<&dyn CaptureStore, ArchiveError> {
        match self {
            Self::Owner(Owner { store: Some(store), .. }) => Ok(&**store),
            Self::Asker(client) => Ok(client),
            Self::Owner(_) => {
                Err(ArchiveError::new(ArchiveErrorKind::Gone, "the index has been closed"))
            }
        }
    }
}

impl std::fmt::Debug for SharedCaptures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedCaptures").field("place", &self.place).finish_non_exhaustive()
    }
}

impl SharedCaptures {
    /// The index at `place`: asked for where a process owns it, else opened by `opener` and owned.
    ///
    /// # Errors
    /// When it can be neither asked for nor opened.
    pub fn open(place: Place, opener: Opener) -> Result<Self, ArchiveError> {
        let shared = Self {
            place,
            opener,
            mode: RwLock::new(None),
            acquiring: Mutex::new(()),
            notes: Mutex::new(Vec::new()),
        };
        shared.mode()?;
        Ok(shared)
    }

    /// Whether this process owns the index now.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        let mode = self.mode.read().unwrap_or_else(PoisonError::into_inner);
        matches!(mode.as_deref(), Some(Mode::Owner(_)))
    }

    /// Notes of what was repaired or caught up since the last call.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn mode(&self) -> Result<Arc<Mode>, ArchiveError> {
        let current = || self.mode.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(mode) = current() {
            return Ok(mode);
        }
        let _acquiring = self.acquiring.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mode) = current() {
            return Ok(mode);
        }
        let mode = Arc::new(self.acquire()?);
        *self.mode.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&mode));
        Ok(mode)
    }

    fn acquire(&self) -> Result<Mode, ArchiveError> {
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            match Client::connect(&self.place) {
                Ok(client) => return Ok(Mode::Asker(client)),
                Err(error) if error.kind != ArchiveErrorKind::Gone => return Err(error),
                Err(_) => {}
            }
            let fail = |why: std::io::Error| {
                let dir = self.place.dir().display();
                let kind = match why.kind() {
                    std::io::ErrorKind::PermissionDenied
                    | std::io::ErrorKind::ReadOnlyFilesystem => ArchiveErrorKind::ReadOnly,
                    _ => ArchiveErrorKind::System,
                };
                ArchiveError::new(kind, format!("using {dir}: {why}"))
            };
            if let Some(lock) = self.place.try_lock().map_err(fail)? {
                let server = Server::listen(&self.place).map_err(fail)?;
                match (self.opener)() {
                    Ok(Opened { store, notes }) => {
                        self.notes.lock().unwrap_or_else(PoisonError::into_inner).extend(notes);
                        server.ready(Arc::clone(&store));
                        let (store, server) = (Some(store), Some(server));
                        return Ok(Mode::Owner(Owner { store, server, _lock: lock }));
                    }
                    // An older version of the program, which knows no owner, may have it.
                    Err(error) if error.is_busy() && Instant::now() < deadline => {}
                    Err(error) => return Err(error),
                }
            } else if Instant::now() >= deadline {
                let why = "another process has the index and does not serve it";
                return Err(ArchiveError::new(ArchiveErrorKind::Busy, why));
            }
            std::thread::sleep(TRY_EVERY);
        }
    }

    /// Asks, and asks again where the owner ended meanwhile. Every request can be repeated: a batch
    /// that was applied is applied to no effect.
    fn ask<T>(
        &self,
        request: impl Fn(&dyn CaptureStore) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        const TRIES: usize = 20;
        let mut tried = 0;
        loop {
            let mode = self.mode()?;
            match mode.store().and_then(&request) {
                Err(error) if error.kind == ArchiveErrorKind::Gone && tried < TRIES => {
                    tried += 1;
                    let mut current = self.mode.write().unwrap_or_else(PoisonError::into_inner);
                    // Another thread may have found the new owner already.
                    if current.as_ref().is_some_and(|now| Arc::ptr_eq(now, &mode)) {
                        *current = None;
                    }
                }
                answer => return answer,
            }
        }
    }
}

/// Answers page by page; where the owner changes between two pages, nothing is lost or doubled.
struct Pages<'a> {
    shared: &'a SharedCaptures,
    query: Query,
    page: std::vec::IntoIter<Capture>,
    /// How many have been given out.
    given: usize,
    size: usize,
    ended: bool,
    /// What ended the last page, given out after it.
    error: Option<ArchiveError>,
}

impl Pages<'_> {
    fn next_page(&mut self) -> Result<(), ArchiveError> {
        let left = self.query.limit.map_or(usize::MAX, |limit| limit.saturating_sub(self.given));
        if left == 0 {
            self.ended = true;
            return Ok(());
        }
        // Answers by distance cannot be continued from a place: what was given is asked for again and
        // passed over, and each page is twice as large as all before it.
        let is_by_distance = matches!(self.query.sort, Sort::Closest(_));
        let skip = if is_by_distance { self.given } else { 0 };
        let wanted = self.size.max(skip).min(left).saturating_add(skip);
        let page = Query { limit: Some(wanted), ..self.query.clone() };
        let (captures, error) = self.shared.ask(|store| match page_of(store, &page) {
            (_, Some(error)) if error.kind == ArchiveErrorKind::Gone => Err(error),
            page => Ok(page),
        })?;
        self.query.captures_scanned_max =
            self.query.captures_scanned_max.saturating_sub(captures.len() as u64);
        self.ended = captures.len() < wanted;
        self.error = error;
        if let (Some(last), false) = (captures.last(), is_by_distance) {
            self.query.after = Some(Cursor::after(last));
        }
        if self.ended && is_by_distance && captures.len() == CLOSEST_MAX {
            let why = format!("more than {CLOSEST_MAX} captures by distance; a period is needed");
            return Err(ArchiveError::new(ArchiveErrorKind::Request, why));
        }
        self.page = captures.into_iter();
        for _ in 0..skip {
            self.page.next();
        }
        self.size = PAGE_MAX;
        Ok(())
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<Capture, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(capture) = self.page.next() {
                self.given += 1;
                return Some(Ok(capture));
            }
            if let Some(error) = self.error.take() {
                self.ended = true;
                return Some(Err(error));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.next_page() {
                self.ended = true;
                return Some(Err(error));
            }
        }
    }
}

impl Captures for SharedCaptures {
    fn scan(&self, query: &Query) -> Answers<'_> {
        Box::new(Pages {
            shared: self,
            query: query.clone(),
            page: Vec::new().into_iter(),
            given: 0,
            size: FIRST_PAGE,
            ended: false,
            error: None,
        })
    }

    fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError> {
        self.ask(|store| store.by_payload(digest))
    }

    fn hosts(&self) -> HostCounts<'_> {
        match self.ask(|store| store.hosts().collect::<Result<Vec<_>, _>>()) {
            Ok(hosts) => Box::new(hosts.into_iter().map(Ok)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    }

    fn host_of(&self, url: &str) -> Result<Option<HostCount>, ArchiveError> {
        self.ask(|store| store.host_of(url))
    }

    fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
        self.ask(|store| store.bytes())
    }
}

impl CaptureSink for SharedCaptures {
    fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError> {
        if self.is_owner() {
            // No copy is kept for a second try: this process is not gone.
            let mode = self.mode()?;
            return mode.store()?.apply(batch);
        }
        self.ask(|store| store.apply(batch.clone()))
    }

    fn load(
        &self,
        captures: &mut dyn Iterator<Item = Result<Capture, ArchiveError>>,
        marks: Vec<FileMark>,
        tmp: Option<&Path>,
    ) -> Result<(), ArchiveError> {
        // An iterator is read once: nothing is tried again.
        let mode = self.mode()?;
        mode.store()?.load(captures, marks, tmp)
    }

    fn marks(&self) -> Result<Vec<FileMark>, ArchiveError> {
        self.ask(|store| store.marks())
    }

    fn mark_of(&self, file: &str) -> Result<Option<FileMark>, ArchiveError> {
        self.ask(|store| store.mark_of(file))
    }

    fn flush(&self) -> Result<(), ArchiveError> {
        self.ask(|store| store.flush())
    }

    fn mark_damaged(&self, why: &str) {
        if let Ok(mode) = self.mode()
            && let Ok(store) = mode.store()
        {
            store.mark_damaged(why);
        }
    }
}

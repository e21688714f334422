//! Sends sealed files, reads them back, and evicts local copies.
//!
//! Each step is written down before the next one relies on it, and each may be taken again:
//!
//! ```text
//! sealed ──► uploading (parts)  ──► uploaded ──► verified ──► evicted
//!            made where there is     read back,    the file is    the local file
//!            no such object          hashed        removed        is not there
//! ```
//!
//! After a kill between any two, the state is the one before, or the object says that the step was taken. A failure only
//! delays: the file stays where it is and is tried again, with growing pauses. Capture never waits for any of this: one
//! thread of its own does it, one file after the other, several parts of it under way at once. Objects are never written
//! over and never deleted.
//!
//! Its steps are in `steps` and `evict`; what a kill may leave is discarded (`leaked`), and counts of it all are kept
//! (`progress`). Beside it: the ledger made again from the objects (`rebuild`), what `verify` asks of them (`check`), and
//! files that return or are removed by order ([`withdraw`]).

mod check;
mod evict;
mod leaked;
pub mod prefix;
mod progress;
mod rebuild;
mod steps;
pub mod withdraw;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use crate::archive::{ObjectError, ObjectErrorKind, Objects};
use crate::base::{Clock, Timestamp, chance};

use super::bucket::{Bucket, Entry, Ledger, State};
use super::layout::{Layout, is_open};

pub(super) use check::{changed, check};
pub use progress::{Progress, UploadCounts};
pub use rebuild::{RebuildError, Rebuilt, is_outdated, rebuild};

/// What is sent and what may be evicted.
#[derive(Debug, Clone, Copy)]
pub struct UploadOptions {
    /// Longer files are sent in parts of this length; a server takes no shorter ones than 5 MiB.
    pub part_bytes: u64,
    /// How many parts are under way at once.
    pub requests_max: usize,
    /// Local copies older than this go; `None` keeps them.
    pub local_age_max: Option<Duration>,
    /// With more bytes of WARC files than this on the local disk the oldest copies go; `None` keeps them.
    pub local_bytes_max: Option<u64>,
    /// How often sealed files are looked for.
    pub every: Duration,
    /// The wait after a failure, doubling up to [`Self::wait_max`]. Half of it is random.
    pub wait_min: Duration,
    /// The longest wait.
    pub wait_max: Duration,
    /// How often unfinished uploads of earlier processes are looked for.
    pub leaked_every: Duration,
    /// How old an upload that the ledger does not name has to be, by the server's clock, to be aborted.
    pub leaked_age: Duration,
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self {
            part_bytes: 8 << 20,
            requests_max: 4,
            local_age_max: None,
            local_bytes_max: None,
            every: Duration::from_secs(10),
            wait_min: Duration::from_secs(2),
            wait_max: Duration::from_mins(5),
            leaked_every: Duration::from_hours(12),
            leaked_age: Duration::from_hours(24),
        }
    }
}

/// How often a stop request is checked for.
const STOP_EVERY: Duration = Duration::from_millis(100);
/// How long the thread may take to notice that it is to stop. Nothing is lost when it takes longer.
const STOP_WAIT_MAX: Duration = Duration::from_secs(2);

/// Why a step failed.
#[derive(Debug)]
enum Halt {
    Stopped,
    /// The whole storage is unavailable.
    Storage(ObjectError),
    /// Something is wrong with this file; others may succeed.
    File(String),
    /// The local disk did not do it.
    Disk(io::Error),
}

impl From<io::Error> for Halt {
    fn from(why: io::Error) -> Self {
        Self::Disk(why)
    }
}

impl From<ObjectError> for Halt {
    fn from(why: ObjectError) -> Self {
        match why.kind {
            ObjectErrorKind::Exists | ObjectErrorKind::Changed => Self::File(why.why),
            _ => Self::Storage(why),
        }
    }
}

/// What a pass over the local files left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Files that are not verified in the storage.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What went wrong, as text.
    pub why: Vec<String>,
    /// Whether trying again soon may help.
    is_storage: bool,
}

const RUN: u8 = 0;
const LAST: u8 = 1;
const STOP: u8 = 2;

/// Sends the sealed files of an archive while it lives. One for each archive at a time: its owner holds the
/// writer's lock.
#[derive(Debug)]
pub struct Uploader {
    thread: Option<JoinHandle<()>>,
    mode: Arc<AtomicU8>,
    left: Arc<Mutex<Left>>,
    progress: Arc<Progress>,
}

impl Drop for Uploader {
    fn drop(&mut self) {
        self.mode.store(STOP, Ordering::Relaxed);
    }
}

impl Uploader {
    /// Starts sending; `None` where the layout has no object storage. `say` gets messages when a problem begins and ends.
    #[must_use]
    pub fn start(
        layout: Layout,
        options: UploadOptions,
        clock: Arc<dyn Clock>,
        say: impl Fn(&str) + Send + 'static,
    ) -> Option<Self> {
        let bucket = Arc::clone(layout.bucket()?);
        let left = Arc::<Mutex<Left>>::default();
        let work = Work::new(layout, bucket, options, clock);
        let (mode, progress) = (Arc::clone(&work.mode), Arc::clone(&work.progress));
        let shown = Arc::clone(&left);
        let thread = std::thread::Builder::new()
            .name("upload".to_owned())
            .spawn(move || work.run(&shown, &say))
            .ok();
        Some(Self { thread, mode, left, progress })
    }

    /// Counts of what it does, to be read while it runs.
    #[must_use]
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Sends what is left, for as long as that goes well and `is_stopped` says no, and ends; what is left then, as
    /// text.
    #[must_use]
    pub fn finish(mut self, is_stopped: &dyn Fn() -> bool) -> Vec<String> {
        self.mode.store(LAST, Ordering::Relaxed);
        let mut stopping = Duration::ZERO;
        let Some(thread) = self.thread.take() else { return Vec::new() };
        while !thread.is_finished() && stopping < STOP_WAIT_MAX {
            if is_stopped() {
                self.mode.store(STOP, Ordering::Relaxed);
                stopping += STOP_EVERY / 2;
            }
            std::thread::sleep(STOP_EVERY / 2);
        }
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes = left.why.clone();
        if left.files > 0 {
            notes.push(format!(
                "{} WARC files ({} bytes) are not in the object storage yet; the next run continues with them",
                left.files, left.bytes
            ));
        }
        notes
    }
}

/// The state of the thread.
pub(super) struct Work {
    pub layout: Layout,
    pub bucket: Arc<Bucket>,
    pub options: UploadOptions,
    pub clock: Arc<dyn Clock>,
    pub mode: Arc<AtomicU8>,
    pub progress: Arc<Progress>,
    /// When unfinished uploads were looked for last.
    looked: Cell<Option<Timestamp>>,
}

/// A sealed file that is here.
#[derive(Debug, Clone)]
struct Sealed {
    /// Below the root.
    file: String,
    path: PathBuf,
    bytes: u64,
    modified: SystemTime,
}

impl Work {
    pub(super) fn new(
        layout: Layout,
        bucket: Arc<Bucket>,
        options: UploadOptions,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (mode, progress) = (Arc::default(), Arc::default());
        Self { layout, bucket, options, clock, mode, progress, looked: Cell::new(None) }
    }

    fn run(&self, left: &Mutex<Left>, say: &dyn Fn(&str)) {
        let mut wait = self.options.wait_min;
        let mut reported: Option<Vec<String>> = None;
        loop {
            let is_last = self.mode.load(Ordering::Relaxed) != RUN;
            let after = self.pass();
            if reported.as_ref() != Some(&after.why) {
                let before = reported.replace(after.why.clone()).unwrap_or_default();
                after.why.iter().for_each(|why| say(why));
                if !before.is_empty() && after.why.is_empty() {
                    say("the object storage accepts WARC files again");
                }
                let why = Some(after.why.join("; ")).filter(|why| !why.is_empty());
                let now = self.clock.now();
                // What an earlier process noted is no longer true either.
                let noted = || self.ledger().trouble().ok().flatten();
                if self.ledger().exists() && noted() != why {
                    // Only `status` uses it.
                    let _ = self.ledger().put(&trouble(why, now));
                }
            }
            let is_storage = after.is_storage;
            *left.lock().unwrap_or_else(PoisonError::into_inner) = after;
            if is_last || self.is_stopped() {
                return;
            }
            let pause = if is_storage {
                let pause = wait.mul_f64(0.5 + chance::fraction() / 2.0);
                wait = (wait * 2).min(self.options.wait_max);
                pause
            } else {
                wait = self.options.wait_min;
                self.options.every
            };
            let mut waited = Duration::ZERO;
            while waited < pause && self.mode.load(Ordering::Relaxed) == RUN {
                std::thread::sleep(STOP_EVERY.min(pause));
                waited += STOP_EVERY;
            }
            if self.is_stopped() {
                return;
            }
        }
    }

    fn ledger(&self) -> &Ledger {
        self.layout.ledger()
    }

    fn objects(&self) -> &dyn Objects {
        &**self.bucket.objects()
    }

    fn is_stopped(&self) -> bool {
        self.mode.load(Ordering::Relaxed) == STOP
    }

    /// Takes every sealed file as many steps as possible, and evicts what may be evicted.
    pub(super) fn pass(&self) -> Left {
        let mut left = Left::default();
        if let Err(why) = self.prepare() {
            let place = self.objects().place();
            let why = why.to_string();
            left.why.push(if why.starts_with(place) { why } else { format!("{place}: {why}") });
            left.is_storage = true;
        }
        let files = match self.sealed() {
            Ok(files) => files,
            Err(why) => {
                left.why.push(why.to_string());
                return left;
            }
        };
        self.queue(&files);
        let mut verified = Vec::new();
        let mut failed = 0;
        for sealed in files {
            let is_known = self.is_verified(&sealed);
            let done = match is_known {
                Ok(false) if !self.is_stopped() && !left.is_storage => self.tried(&sealed),
                known => known,
            };
            match done {
                Ok(true) => {
                    verified.push(sealed);
                    continue;
                }
                Ok(false) | Err(Halt::Stopped) => failed -= 1_i64,
                Err(Halt::Storage(why)) => {
                    left.why.push(format!("{}: {why}", self.objects().place()));
                    left.is_storage = true;
                }
                Err(Halt::File(why)) => left.why.push(format!("{}: {why}", sealed.file)),
                Err(Halt::Disk(why)) => left.why.push(format!("{}: {why}", sealed.file)),
            }
            failed += 1;
            left.files += 1;
            left.bytes += sealed.bytes;
        }
        self.progress.change(|counts| counts.failed_files = u64::try_from(failed).unwrap_or(0));
        if !left.is_storage && !self.is_stopped() {
            self.throw_away_leaked();
        }
        if !left.is_storage && !self.is_stopped() {
            match self.evict(verified) {
                Ok(()) | Err(Halt::Stopped) => {}
                Err(Halt::Storage(why)) => {
                    left.why.push(format!("{}: {why}", self.objects().place()));
                    left.is_storage = true;
                }
                Err(Halt::File(why)) => left.why.push(why),
                Err(Halt::Disk(why)) => left.why.push(why.to_string()),
            }
        }
        if let Ok(files) = self.sealed() {
            self.queue(&files);
        }
        // A ledger that was not shortened is still valid.
        let _ = self.ledger().tidy();
        left
    }

    /// Makes sure that the ledger is about this storage, and that the storage names this archive.
    pub(super) fn prepare(&self) -> Result<(), RebuildError> {
        if is_outdated(self.objects(), &self.layout)?.is_some() {
            rebuild(self.objects(), &self.layout, self.clock.now())?;
        }
        if self.ledger().place()?.is_some_and(|(_, is_claimed)| is_claimed) {
            return Ok(());
        }
        prefix::claim(self.objects(), &self.layout)?;
        let at = self.clock.now().to_warc_date();
        Ok(self.ledger().put(&Entry::of_place(self.objects().place(), true, at))?)
    }

    /// Counts what is to be sent.
    fn queue(&self, files: &[Sealed]) {
        let waiting =
            || files.iter().filter(|sealed| !matches!(self.is_verified(sealed), Ok(true)));
        let since = |sealed: &Sealed| evict::at(sealed.modified);
        self.progress.oldest(waiting().map(since).min());
        self.progress.change(|counts| {
            counts.queued_files = waiting().count() as u64;
            counts.queued_bytes = waiting().map(|sealed| sealed.bytes).sum();
        });
    }

    /// Takes a file that is not verified as many steps as possible, and counts it.
    fn tried(&self, sealed: &Sealed) -> Result<bool, Halt> {
        self.progress.change(|counts| counts.in_flight = 1);
        let done = self.one(sealed);
        self.progress.change(|counts| {
            counts.in_flight = 0;
            match &done {
                Ok(true) => {
                    counts.verified += 1;
                    counts.queued_files = counts.queued_files.saturating_sub(1);
                    counts.queued_bytes = counts.queued_bytes.saturating_sub(sealed.bytes);
                }
                Ok(false) | Err(Halt::Stopped) => {}
                Err(_) => counts.failures += 1,
            }
        });
        done
    }

    fn sealed(&self) -> Result<Vec<Sealed>, super::StoreError> {
        let mut sealed = Vec::new();
        for path in self.layout.warc_files()?.into_iter().filter(|path| !is_open(path)) {
            let Some(file) = self.layout.place_of(&path) else { continue };
            // One that is elsewhere is not here.
            let Ok(about) = fs::metadata(&path) else { continue };
            let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            sealed.push(Sealed { file, path, bytes: about.len(), modified });
        }
        Ok(sealed)
    }

    fn is_verified(&self, sealed: &Sealed) -> Result<bool, Halt> {
        let entry = self.ledger().get(&sealed.file)?;
        Ok(entry.is_some_and(|e| e.state == State::Verified && e.bytes == sealed.bytes))
    }
}

/// The line that says what is wrong with the storage as a whole, or that nothing is.
pub(super) fn trouble(why: Option<String>, now: Timestamp) -> Entry {
    Entry {
        file: String::new(),
        state: State::Local,
        bytes: 0,
        sha256: None,
        etag: String::new(),
        upload: None,
        at: now.to_warc_date(),
        why,
        place: None,
    }
}

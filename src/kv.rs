//! Ordered keys and values on disk: open, trees, batches, ranges, flush. The only file that names
//! sled (0.34); replacing the engine means rewriting this file and nothing else.
//!
//! Keys and values are opaque bytes. Nothing counts as durable until [`Kv::flush`] has returned:
//! sled's own flush on Linux ends without an fsync, so ours adds it.
//!
//! What is kept here is derived, so damage is never a reason to stop: [`Kv::open`] repairs what can be
//! repaired, and otherwise renames the directory to `NAME.damaged-N` and starts empty, with a message. Panics
//! inside the engine become errors; the handle then answers only [`KvError::Poisoned`], and the next open
//! starts afresh.
//!
//! What it deliberately does not do: know what the bytes mean, or share a directory between
//! processes (the second one gets [`KvError::Locked`]).

mod directory;
mod error;
mod guard;
mod options;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::{Bound, Deref, RangeBounds};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

pub use directory::set_aside;
pub use error::KvError;
pub use options::{KvOptions, after_prefix};

use error::is_damage;

/// Where the engine itself keeps what this file has to know of it.
const STATE: &str = "kv.state";
const CLOSES: &[u8] = b"closes";

struct Failure {
    why: String,
    damage: bool,
}

/// What the trees of one store share with it.
struct Shared {
    dir: PathBuf,
    /// Set by the first failure inside the engine; an `OnceLock` and no mutex, since it is read on
    /// every operation and written once.
    failure: OnceLock<Failure>,
    closed: AtomicBool,
    /// Whether the marker of the last orderly close still holds.
    marker: directory::Marker,
}

impl Shared {
    /// Runs one operation of the engine: refuses after a failure, and turns errors and panics into
    /// [`KvError`].
    fn run<T>(
        &self,
        what: &'static str,
        operation: impl FnOnce() -> sled::Result<T>,
    ) -> Result<T, KvError> {
        if let Some(Failure { why, damage }) = self.failure.get() {
            let (why, damage) = (why.clone(), *damage);
            return Err(KvError::Poisoned { dir: self.dir.clone(), why, damage });
        }
        if self.closed.load(Ordering::Acquire) {
            return Err(KvError::Closed { dir: self.dir.clone() });
        }
        match guard::catch(operation) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(sled::Error::Io(source))) if !is_damage(&source) => {
                // The engine refuses from then on; so do we.
                self.fail(what, &source, false);
                Err(KvError::Io { what, dir: self.dir.clone(), source })
            }
            Ok(Err(error)) => Err(self.damaged(what, describe(&error))),
            Err(panic) => Err(self.damaged(what, panic)),
        }
    }

    /// Runs one operation that changes the log, after the marker of the last orderly close was taken away.
    fn write<T>(
        &self,
        what: &'static str,
        operation: impl FnOnce() -> sled::Result<T>,
    ) -> Result<T, KvError> {
        self.marker.withdraw(&self.dir).map_err(|source| KvError::Io {
            what,
            dir: self.dir.clone(),
            source,
        })?;
        self.run(what, operation)
    }

    fn fail(&self, what: &str, why: &dyn fmt::Display, damage: bool) {
        // The first failure stays: what comes after it follows from it.
        let _ = self.failure.set(Failure { why: format!("could not {what}: {why}"), damage });
    }

    fn damaged(&self, what: &'static str, why: String) -> KvError {
        self.fail(what, &why, true);
        directory::mark_damaged(&self.dir, &why);
        KvError::Damaged { what, dir: self.dir.clone(), why }
    }
}

/// An open store.
pub struct Kv {
    // `None` only while dropping.
    db: Option<sled::Db>,
    shared: Arc<Shared>,
    was_clean: bool,
    repaired: bool,
    suspect: bool,
    durable: directory::Durable,
}

impl fmt::Debug for Kv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kv").field("dir", &self.shared.dir).finish_non_exhaustive()
    }
}

impl Kv {
    /// Opens the store in `dir`, making it where there is none.
    ///
    /// A directory that is held is asked for again for half a second: the engine lets go of it a
    /// little after its last handle is gone, and a caller that reopens at once should not see that.
    ///
    /// The second part says as text what was repaired or set aside; it is empty for a store that
    /// was in order. When it is not empty, what the store answers may be incomplete and should be
    /// rebuilt from its source ([`Self::was_repaired`] says the same).
    ///
    /// # Errors
    /// [`KvError::Locked`] when another process holds it; [`KvError::Io`] when the file system
    /// refuses (no permission, disk full, read-only). Damage is not an error.
    pub fn open(dir: &Path, options: &KvOptions) -> Result<(Self, Vec<String>), KvError> {
        const TRIES: u32 = 20;
        for _ in 1..TRIES {
            match Self::open_now(dir, options) {
                Err(KvError::Locked { .. }) => {
                    std::thread::sleep(std::time::Duration::from_millis(25));
                }
                answer => return answer,
            }
        }
        Self::open_now(dir, options)
    }

    fn open_now(dir: &Path, options: &KvOptions) -> Result<(Self, Vec<String>), KvError> {
        let io_error = |what, source| directory::io_error(what, dir, source);
        let is_new = !dir.join("db").exists();
        let suspect = !is_new && directory::may_have_lost_power(dir);
        let (mut marker, mut notes) = directory::prepare(dir)?;
        let db = match start(dir, options)? {
            Ok(db) => db,
            Err(first) => {
                marker = None;
                directory::remove_marker(dir).map_err(|e| io_error("repair", e))?;
                let moved =
                    directory::move_snapshots_away(dir).map_err(|e| io_error("repair", e))?;
                let second = if moved { start(dir, options)? } else { Err(first.clone()) };
                match second {
                    Ok(db) => {
                        directory::drop_moved_snapshots(dir);
                        notes.push(format!(
                            "the snapshot in {} was unusable ({first}); the store was read again from its log",
                            dir.display()
                        ));
                        db
                    }
                    Err(second) => {
                        notes.push(directory::quarantine(dir, &second)?);
                        directory::create(dir).map_err(|e| io_error("make the directory", e))?;
                        start(dir, options)?.map_err(|why| KvError::Damaged {
                            what: "start afresh in",
                            dir: dir.to_path_buf(),
                            why,
                        })?
                    }
                }
            }
        };
        let durable = directory::Durable::new(dir).map_err(|e| io_error("open", e))?;
        let shared = Arc::new(Shared {
            dir: dir.to_path_buf(),
            failure: OnceLock::new(),
            closed: AtomicBool::new(false),
            marker: directory::Marker::default(),
        });
        let repaired = !notes.is_empty();
        let mut kv = Self { db: Some(db), shared, was_clean: false, repaired, suspect, durable };
        if let Some(marker) = marker {
            // The count is the last thing a close writes into the log, so that it is missing when
            // the engine took a damaged place for the torn end of its log and left out the rest.
            kv.was_clean = kv.closes()? == marker.closes;
            if !kv.was_clean {
                notes.push(format!("the log of {} lost its last writes", dir.display()));
                kv.repaired = true;
            }
            kv.suspect &= !kv.was_clean;
            if kv.was_clean {
                kv.shared.marker.hold(dir, &marker).map_err(|e| io_error("open", e))?;
            } else {
                directory::remove_marker(dir).map_err(|e| io_error("open", e))?;
            }
        }
        Ok((kv, notes))
    }

    /// How many orderly closes the log knows of.
    fn closes(&self) -> Result<u64, KvError> {
        let bytes = self.tree(STATE)?.get(CLOSES)?;
        Ok(bytes.and_then(|b| b.as_ref().try_into().ok()).map_or(0, u64::from_be_bytes))
    }

    /// Whether the last user closed it in order. False for a new store, after a crash, and after a
    /// repair.
    #[must_use]
    pub fn was_clean(&self) -> bool {
        self.was_clean
    }

    /// Whether opening repaired or set something aside, so that entries may be missing.
    #[must_use]
    pub fn was_repaired(&self) -> bool {
        self.repaired
    }

    /// Whether the system may have gone down while it was open, and [`Self::mark_consistent`] was not called
    /// since. Of what was not flushed, anything may then be there or not, a later change without an earlier
    /// one; and since the engine uses the place of what was replaced before the replacement is on the disk,
    /// older entries may be missing as well.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.suspect
    }

    /// Notes that what it holds was compared with its source, or mended.
    ///
    /// # Errors
    /// When the note cannot be written; the next open is then [`Self::is_suspect`], as it was.
    pub fn mark_consistent(&self) -> Result<(), KvError> {
        let dir = &self.shared.dir;
        directory::note_boot(dir)
            .map_err(|source| directory::io_error("note the boot in", dir, source))
    }

    /// The directory it is in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    fn db(&self) -> Result<&sled::Db, KvError> {
        self.db.as_ref().ok_or_else(|| KvError::Closed { dir: self.shared.dir.clone() })
    }

    /// The tree of that name, made where there is none.
    ///
    /// # Errors
    /// When the engine cannot read or write.
    pub fn tree(&self, name: &str) -> Result<Tree, KvError> {
        let db = self.db()?;
        let known = self.shared.run("open a tree of", || {
            Ok(db.tree_names().iter().any(|known| known == name.as_bytes()))
        })?;
        let open = || db.open_tree(name.as_bytes());
        let tree = if known {
            self.shared.run("open a tree of", open)?
        } else {
            self.shared.write("make a tree in", open)?
        };
        Ok(Tree { tree, shared: Arc::clone(&self.shared) })
    }

    /// Makes everything written so far durable: when this returns, it survives a power cut (as far
    /// as fsync does).
    ///
    /// # Errors
    /// When the engine cannot write or the file system cannot sync; then nothing is promised.
    pub fn flush(&self) -> Result<(), KvError> {
        let db = self.db()?;
        if self.shared.marker.holds(&self.shared.dir) {
            return Ok(());
        }
        self.shared.run("flush", || db.flush().map(|_| ()))?;
        self.durable.sync(&self.shared.dir).map_err(|source| {
            self.shared.fail("sync", &source, false);
            KvError::Io { what: "sync", dir: self.shared.dir.clone(), source }
        })
    }

    /// How many bytes it takes on disk.
    ///
    /// # Errors
    /// When the engine cannot say.
    pub fn size_on_disk(&self) -> Result<u64, KvError> {
        let db = self.db()?;
        self.shared.run("measure", || db.size_on_disk())
    }

    /// Notes that it contradicts its source, so that the next open sets it aside.
    pub fn mark_damaged(&self, why: &str) {
        let _ = self.shared.damaged("trust", why.to_owned());
    }

    /// Flushes, and marks all as in order. Trees still held answer [`KvError::Closed`] from then on;
    /// the directory is free for another open when they are gone.
    ///
    /// # Errors
    /// As [`Self::flush`]; then no mark is left and the next open takes it for a crash.
    pub fn close(mut self) -> Result<(), KvError> {
        // Nothing was written: the marker of the close before still says what is true, and there is nothing to
        // sync. A sync would take long: the engine overwrites every free part of its log when it opens.
        if self.shared.marker.holds(&self.shared.dir) {
            self.shared.closed.store(true, Ordering::Release);
            self.let_go().map_err(|why| self.shared.damaged("close", why))?;
            return Ok(());
        }
        let closes = self.closes()? + 1;
        self.tree(STATE)?.insert(CLOSES, &closes.to_be_bytes())?;
        self.flush()?;
        self.shared.closed.store(true, Ordering::Release);
        self.let_go().map_err(|why| self.shared.damaged("close", why))?;
        directory::write_clean_marker(&self.shared.dir, closes).map_err(|source| KvError::Io {
            what: "mark as closed",
            dir: self.shared.dir.clone(),
            source,
        })
    }

    /// Drops the engine and waits until its worker threads, too, have let go of the lock, some
    /// milliseconds later. While trees are alive there is nothing to wait for.
    fn let_go(&mut self) -> Result<(), String> {
        let Some(db) = self.db.take() else { return Ok(()) };
        let dropped = guard::catch(move || drop(db));
        if dropped.is_ok() && Arc::strong_count(&self.shared) == 1 {
            directory::wait_for_lock(&self.shared.dir);
        }
        dropped
    }
}

impl Drop for Kv {
    fn drop(&mut self) {
        // The error cannot be reported; the store is simply not marked as closed in order.
        let _ = self.let_go();
    }
}

/// Opens the engine on a thread of its own, panics caught. The inner error is damage, as text.
fn start(dir: &Path, options: &KvOptions) -> Result<Result<sled::Db, String>, KvError> {
    let config = sled::Config::new()
        .path(dir)
        .cache_capacity(options.cache_bytes)
        .mode(sled::Mode::LowSpace)
        .flush_every_ms(options.flush_every_ms.map(|every| every.max(1)));
    let io_error = |source| KvError::Io { what: "open", dir: dir.to_path_buf(), source };
    let opened = guard::catch_on_own_thread("kv-open", move || config.open()).map_err(io_error)?;
    match opened {
        Ok(Ok(db)) => Ok(Ok(db)),
        Ok(Err(sled::Error::Io(source))) => {
            // The engine reports a held lock as an I/O error of kind `Other` with this text.
            if source.to_string().contains("could not acquire lock") {
                Err(KvError::Locked { dir: dir.to_path_buf() })
            } else if is_damage(&source) {
                Ok(Err(source.to_string()))
            } else {
                Err(io_error(source))
            }
        }
        Ok(Err(error)) => Ok(Err(describe(&error))),
        Err(panic) => Ok(Err(panic)),
    }
}

fn describe(error: &sled::Error) -> String {
    match error {
        sled::Error::Corruption { at: Some(at), .. } => format!("wrong checksum at {at:?}"),
        sled::Error::Corruption { at: None, .. } => "wrong checksum".to_owned(),
        sled::Error::CollectionNotFound(_) => "a tree is missing".to_owned(),
        sled::Error::Unsupported(why) | sled::Error::ReportableBug(why) => why.clone(),
        sled::Error::Io(why) => why.to_string(),
    }
}

/// A key or a value as it is in the engine's memory; cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(sled::IVec);

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Changes to one tree that are applied together or not at all.
#[derive(Debug, Default, Clone)]
pub struct Batch(sled::Batch);

impl Batch {
    /// Sets `key` to `value`.
    pub fn insert(&mut self, key: &[u8], value: &[u8]) {
        self.0.insert(key, value);
    }

    /// Removes `key`.
    pub fn remove(&mut self, key: &[u8]) {
        self.0.remove(key);
    }
}

/// A named, ordered map of keys to values. Clones are handles on the same tree.
#[derive(Clone)]
pub struct Tree {
    tree: sled::Tree,
    shared: Arc<Shared>,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tree({})", self.tree.name().escape_ascii())
    }
}

impl Tree {
    /// The value of `key`.
    ///
    /// # Errors
    /// As every method here: when the engine cannot read or write, or has failed before.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>, KvError> {
        self.shared.run("read", || self.tree.get(key)).map(|found| found.map(Bytes))
    }

    /// Sets `key` to `value`; gives back the value that was there.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn insert(&self, key: &[u8], value: &[u8]) -> Result<Option<Bytes>, KvError> {
        self.shared.write("write", || self.tree.insert(key, value)).map(|old| old.map(Bytes))
    }

    /// Removes `key`; gives back the value that was there.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn remove(&self, key: &[u8]) -> Result<Option<Bytes>, KvError> {
        self.shared.write("write", || self.tree.remove(key)).map(|old| old.map(Bytes))
    }

    /// Whether there is such a key.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn contains(&self, key: &[u8]) -> Result<bool, KvError> {
        self.shared.run("read", || self.tree.contains_key(key))
    }

    /// Applies all changes of `batch` together.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn apply(&self, batch: Batch) -> Result<(), KvError> {
        self.shared.write("write", || self.tree.apply_batch(batch.0))
    }

    /// The smallest key and its value.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn first(&self) -> Result<Option<(Bytes, Bytes)>, KvError> {
        self.range::<&[u8], _>(..).next().transpose()
    }

    /// The greatest key and its value.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn last(&self) -> Result<Option<(Bytes, Bytes)>, KvError> {
        self.range::<&[u8], _>(..).next_back().transpose()
    }

    /// Entries whose keys are in `range`, in order, from either end, each as it is when it is reached.
    /// The iterator ends after the first error.
    pub fn range<K: AsRef<[u8]>, R: RangeBounds<K>>(&self, range: R) -> Range {
        let owned = |bound: Bound<&K>| bound.map(|key| sled::IVec::from(key.as_ref()));
        let bounds = (owned(range.start_bound()), owned(range.end_bound()));
        Range {
            inner: Some(self.tree.range::<sled::IVec, _>(bounds)),
            shared: Arc::clone(&self.shared),
        }
    }

    /// Entries whose keys begin with `prefix`.
    pub fn scan_prefix(&self, prefix: &[u8]) -> Range {
        let end = after_prefix(prefix);
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.range::<&[u8], _>((Bound::Included(prefix), end))
    }

    /// How many entries there are. Reads all of them: O(n).
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn len(&self) -> Result<u64, KvError> {
        self.range::<&[u8], _>(..).try_fold(0, |count, entry| entry.map(|_| count + 1))
    }

    /// Whether there is no entry.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn is_empty(&self) -> Result<bool, KvError> {
        self.first().map(|entry| entry.is_none())
    }

    /// Removes every entry, one after the other.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn clear(&self) -> Result<(), KvError> {
        self.shared.write("clear", || self.tree.clear())
    }
}

/// Entries in order; double-ended; ends after the first error.
pub struct Range {
    inner: Option<sled::Iter>,
    shared: Arc<Shared>,
}

impl fmt::Debug for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Range")
    }
}

impl Range {
    fn step(
        &mut self,
        step: impl FnOnce(&mut sled::Iter) -> Option<sled::Result<(sled::IVec, sled::IVec)>>,
    ) -> Option<Result<(Bytes, Bytes), KvError>> {
        let inner = self.inner.as_mut()?;
        let entry = self.shared.run("read", || step(inner).transpose()).transpose();
        if !matches!(entry, Some(Ok(_))) {
            // After a damaged page the engine would return the same error endlessly.
            self.inner = None;
        }
        entry.map(|entry| entry.map(|(key, value)| (Bytes(key), Bytes(value))))
    }
}

impl Iterator for Range {
    type Item = Result<(Bytes, Bytes), KvError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}

impl DoubleEndedIterator for Range {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(DoubleEndedIterator::next_back)
    }
}

impl std::iter::FusedIterator for Range {}

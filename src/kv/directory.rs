//! The directory of a store: what is in it next to the engine's own files, and what is done with
//! leftovers and damage before the engine sees them.
//!
//! ```text
//! index/
//!   db                 the engine's log; locked while open; fsynced by our flush
//!   conf               the engine's parameters
//!   snap.<LSN>         a snapshot of its page table, rebuilt from the log where absent
//!   blobs/             values of more than about 128 KiB
//!   closed-in-order    at an orderly close: length of db, and how many closes there have been, which
//!                      is also the last thing in the log; gone from the first write on
//!   damaged            why the next open shall set this directory aside
//!   boot               the boot of the system under which it was last found or made right
//! index.damaged-1/     set aside; may be deleted by a person
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::KvError;

const LOG: &str = "db";
const BLOBS: &str = "blobs";
const CLEAN: &str = "closed-in-order";
const DAMAGED: &str = "damaged";
const BOOT: &str = "boot";
const SNAPSHOT: &str = "snap.";
const MOVED_SNAPSHOT: &str = "aside-snap.";

/// Renames `dir` to `NAME.damaged-N` with the first free N; gives back the new path, or `None`
/// when there is nothing at `dir`. Nothing is deleted.
///
/// # Errors
/// When the file system refuses.
pub fn set_aside(dir: &Path) -> io::Result<Option<PathBuf>> {
    if fs::symlink_metadata(dir).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
        return Ok(None);
    }
    let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut number = 1_u64;
    loop {
        let aside = dir.with_file_name(format!("{name}.damaged-{number}"));
        if fs::symlink_metadata(&aside).is_err_and(|e| e.kind() == io::ErrorKind::NotFound) {
            fs::rename(dir, &aside)?;
            sync_parent(dir)?;
            return Ok(Some(aside));
        }
        number += 1;
    }
}

/// Sets `dir` aside, and says so as text.
pub(super) fn quarantine(dir: &Path, why: &str) -> Result<String, KvError> {
    let aside = set_aside(dir).map_err(|source| io_error("set aside", dir, source))?;
    let name = aside.as_deref().unwrap_or(dir);
    Ok(format!(
        "{} could not be used ({why}); it was renamed to {} and an empty store was created",
        dir.display(),
        name.display()
    ))
}

pub(super) fn io_error(what: &'static str, dir: &Path, source: io::Error) -> KvError {
    KvError::Io { what, dir: dir.to_path_buf(), source }
}

/// Makes `dir` fit for the engine: existing, not locked, without leftovers that the engine would fail on. Gives
/// back the marker of an orderly close, and what had to be done, as text.
pub(super) fn prepare(dir: &Path) -> Result<(Option<CleanMarker>, Vec<String>), KvError> {
    let mut notes = Vec::new();
    // Held to the end of this function only, since the engine takes its own on the same file.
    let mut _lock = None;
    if let Some(why) = not_a_store(dir) {
        notes.push(quarantine(dir, why)?);
    } else {
        _lock = Some(lock(dir)?);
        if let Ok(why) = fs::read(dir.join(DAMAGED)) {
            notes.push(quarantine(dir, String::from_utf8_lossy(&why).trim())?);
        }
    }
    if !notes.is_empty() {
        _lock = Some(lock(dir)?);
    }
    let (marker, note) = clean_marker(dir).map_err(|e| io_error("read the state of", dir, e))?;
    notes.extend(note);
    remove_unfinished_snapshots(dir).map_err(|e| io_error("tidy", dir, e))?;
    Ok((marker, notes))
}

/// Makes the directory where there is none, and takes the engine's lock.
fn lock(dir: &Path) -> Result<File, KvError> {
    create(dir).map_err(|e| io_error("make the directory", dir, e))?;
    probe_lock(dir)
        .map_err(|e| io_error("lock", dir, e))?
        .ok_or_else(|| KvError::Locked { dir: dir.to_path_buf() })
}

/// Why what is at `dir` is not a store at all, so that it cannot even be locked.
fn not_a_store(dir: &Path) -> Option<&'static str> {
    // Through a link, since an archive may keep its index on another disk.
    let found = fs::metadata(dir).ok()?;
    if !found.is_dir() {
        return Some("not a directory");
    }
    fs::metadata(dir.join(LOG)).is_ok_and(|log| !log.is_file()).then_some("its log is not a file")
}

/// Whether the system may have gone down since the store was last right: what the engine had
/// written and not synced may then be there in part, in any order. Where the system does not tell
/// one boot from another, it may have.
pub(super) fn may_have_lost_power(dir: &Path) -> bool {
    boot().is_none_or(|boot| fs::read(dir.join(BOOT)).ok() != Some(boot))
}

/// Notes that the store is right under this boot. Not synced: a note that is lost, or is not of
/// this boot, says that it may not be right.
pub(super) fn note_boot(dir: &Path) -> io::Result<()> {
    match boot() {
        Some(boot) => fs::write(dir.join(BOOT), boot),
        None => Ok(()),
    }
}

/// What Linux calls a boot of the system (random(4)).
fn boot() -> Option<Vec<u8>> {
    fs::read("/proc/sys/kernel/random/boot_id").ok().filter(|id| !id.is_empty())
}

/// Leaves a note for the next open. Best effort: the caller has an error to report already.
pub(super) fn mark_damaged(dir: &Path, why: &str) {
    let _ = fs::write(dir.join(DAMAGED), why);
}

/// Makes the directory, durably, where there is none.
pub(super) fn create(dir: &Path) -> io::Result<()> {
    if !dir.is_dir() {
        fs::create_dir_all(dir)?;
        sync_parent(dir)?;
    }
    Ok(())
}

/// Takes the lock that the engine takes; `None` when another process has it.
fn probe_lock(dir: &Path) -> io::Result<Option<File>> {
    // Made where absent, as the engine would make it.
    let log = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(dir.join(LOG))?;
    match log.try_lock() {
        Ok(()) => Ok(Some(log)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Waits until the lock is free, at most two seconds; a worker that hangs longer is found as a
/// held lock by the next open, which says so.
pub(super) fn wait_for_lock(dir: &Path) {
    for _ in 0..400 {
        let held = File::open(dir.join(LOG))
            .is_ok_and(|log| matches!(log.try_lock(), Err(TryLockError::WouldBlock)));
        if !held {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// What an orderly close left behind.
pub(super) struct CleanMarker {
    /// How many orderly closes there had been, this one included.
    pub(super) closes: u64,
    log_bytes: u64,
}

/// The marker of an orderly close, if there is one that fits the log. One that does not is removed; the note says
/// when the log is not the one that was closed.
fn clean_marker(dir: &Path) -> io::Result<(Option<CleanMarker>, Option<String>)> {
    let text = match fs::read_to_string(dir.join(CLEAN)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, None)),
        // Not a marker that Pressmark wrote: treated as none.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(error),
    };
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse::<u64>().ok());
    let (Some(Some(log_bytes)), Some(Some(closes))) = (numbers.next(), numbers.next()) else {
        remove_marker(dir)?;
        return Ok((None, None));
    };
    let length = fs::metadata(dir.join(LOG))?.len();
    if length == log_bytes {
        return Ok((Some(CleanMarker { closes, log_bytes }), None));
    }
    remove_marker(dir)?;
    let dir = dir.display();
    let note = format!("the log of {dir} has {length} bytes, but was closed with {log_bytes}");
    Ok((None, Some(note)))
}

/// Removes the marker of an orderly close, durably.
pub(super) fn remove_marker(dir: &Path) -> io::Result<()> {
    match fs::remove_file(dir.join(CLEAN)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    sync_directory(dir)
}

/// Whether the marker of the last orderly close still says what is true. It does until the first write, so that a
/// process that only reads leaves it where it is, however it ends.
#[derive(Debug, Default)]
pub(super) struct Marker {
    /// Read on every write, so no mutex: whether [`Self::held`] has something.
    in_place: AtomicBool,
    /// When the log was changed last, as it was after the open.
    held: Mutex<Option<SystemTime>>,
}

impl Marker {
    /// Leaves the marker in place, unless opening changed the log's length.
    pub(super) fn hold(&self, dir: &Path, marker: &CleanMarker) -> io::Result<()> {
        let log = fs::metadata(dir.join(LOG))?;
        if log.len() != marker.log_bytes {
            return remove_marker(dir);
        }
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(log.modified()?);
        self.in_place.store(true, Ordering::Release);
        Ok(())
    }

    /// Removes the marker before the first write; after that it costs one load.
    pub(super) fn withdraw(&self, dir: &Path) -> io::Result<()> {
        if !self.in_place.load(Ordering::Acquire) {
            return Ok(());
        }
        // A second caller waits until the marker is gone.
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            remove_marker(dir)?;
            *held = None;
            self.in_place.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Whether nothing was written: not by us, and not by the engine by itself.
    pub(super) fn holds(&self, dir: &Path) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_some_and(|then| {
            fs::metadata(dir.join(LOG)).and_then(|log| log.modified()).is_ok_and(|now| now == then)
        })
    }
}

/// Says that the store was closed in order.
pub(super) fn write_clean_marker(dir: &Path, closes: u64) -> io::Result<()> {
    let log_bytes = fs::metadata(dir.join(LOG))?.len();
    let mut marker = File::create(dir.join(CLEAN))?;
    marker.write_all(format!("{log_bytes} {closes}\n").as_bytes())?;
    marker.sync_all()?;
    sync_directory(dir)
}

/// Removes snapshots that were being written when a process ended. The engine would take one for
/// its newest snapshot and refuse to open; they hold nothing that the log does not.
fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    for name in names(dir)? {
        if name.starts_with(SNAPSHOT) && name.ends_with(".generating") {
            fs::remove_file(dir.join(name))?;
        }
    }
    Ok(())
}

/// Renames snapshots and the parameter file so that the engine makes them again from the log; says
/// whether there were any.
pub(super) fn move_snapshots_away(dir: &Path) -> io::Result<bool> {
    let mut any = false;
    for name in names(dir)? {
        if name.starts_with(SNAPSHOT) {
            fs::rename(dir.join(&name), dir.join(format!("aside-{name}")))?;
            any = true;
        } else if name == "conf" {
            // Its content is a constant, so losing it loses nothing.
            fs::rename(dir.join(&name), dir.join(format!("{MOVED_SNAPSHOT}conf")))?;
            any = true;
        }
    }
    Ok(any)
}

/// Removes what [`move_snapshots_away`] moved, after the log alone gave a store that opens.
pub(super) fn drop_moved_snapshots(dir: &Path) {
    for name in names(dir).unwrap_or_default() {
        if name.starts_with(MOVED_SNAPSHOT) {
            // A leftover does no harm; the next repair replaces it.
            let _ = fs::remove_file(dir.join(name));
        }
    }
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        // Names that are no UTF-8 belong neither to Pressmark nor to the engine.
        if let Ok(name) = entry?.file_name().into_string() {
            names.push(name);
        }
    }
    Ok(names)
}

fn sync_directory(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn sync_parent(dir: &Path) -> io::Result<()> {
    match dir.parent() {
        Some(parent) if parent != Path::new("") => sync_directory(parent),
        _ => sync_directory(Path::new(".")),
    }
}

/// Syncs what the engine has written. It holds the log open for that, since an fsync on any
/// handle of a file covers the file.
pub(super) struct Durable {
    log: File,
    /// Names of large values already synced; a mutex because `flush` takes `&self`, held across
    /// the fsyncs on purpose: two flushes at once would do the same work twice.
    blobs: Mutex<BlobsSeen>,
}

#[derive(Default)]
struct BlobsSeen {
    synced: std::collections::BTreeSet<String>,
    directory_synced: bool,
}

impl Durable {
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        let log = File::open(dir.join(LOG))?;
        Ok(Self { log, blobs: Mutex::new(BlobsSeen::default()) })
    }

    /// Large values first, since the log names them; then the log; then, the first time, the
    /// directory that names the log.
    pub(super) fn sync(&self, dir: &Path) -> io::Result<()> {
        let mut seen = self.blobs.lock().unwrap_or_else(PoisonError::into_inner);
        let blobs = dir.join(BLOBS);
        let present: std::collections::BTreeSet<String> = names(&blobs)?.into_iter().collect();
        if present != seen.synced {
            for name in present.difference(&seen.synced) {
                match File::open(blobs.join(name)) {
                    Ok(file) => file.sync_all()?,
                    // The engine removes large values that nothing names any more.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            sync_directory(&blobs)?;
            seen.synced = present;
        }
        self.log.sync_all()?;
        if !seen.directory_synced {
            sync_directory(dir)?;
            seen.directory_synced = true;
        }
        Ok(())
    }
}

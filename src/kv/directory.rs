//! The directory of a store: what lies in it beside the engine's own files, and what is done with
//! leftovers and damage before the engine sees them.
//!
//! ```text
//! index/
//!   db                 the engine's log; locked while open; fsynced by our flush
//!   conf               the engine's parameters
//!   snap.<LSN>         a snapshot of its page table, rebuilt from the log where absent
//!   blobs/             values of more than about 128 KiB
//!   closed-in-order    length of db at an orderly close; gone while open
//!   damaged            why the next open shall set this directory aside
//! index.damaged-1/     set aside; may be deleted by a person
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

const LOG: &str = "db";
const BLOBS: &str = "blobs";
const CLEAN: &str = "closed-in-order";
const DAMAGED: &str = "damaged";
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

/// Why `dir` cannot be used as it is: something else than a directory, or marked as damaged.
pub(super) fn unusable(dir: &Path) -> Option<String> {
    // Through a link, since an archive may keep its index on another disk.
    let found = fs::metadata(dir).ok()?;
    if !found.is_dir() {
        return Some("not a directory".to_owned());
    }
    if fs::metadata(dir.join(LOG)).is_ok_and(|log| !log.is_file()) {
        return Some("its log is not a file".to_owned());
    }
    let why = fs::read(dir.join(DAMAGED)).ok()?;
    Some(String::from_utf8_lossy(&why).trim().to_owned())
}

/// Leaves word for the next open. Best effort: whoever calls has an error to report already.
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

/// Takes the lock that the engine takes; `None` when somebody has it.
pub(super) fn probe_lock(dir: &Path) -> io::Result<Option<File>> {
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

/// Whether the last close was in order; takes the marker away, since from now on it is not. The
/// note says when the log is not the one that was closed.
pub(super) fn take_clean_marker(dir: &Path) -> io::Result<(bool, Option<String>)> {
    let marker = dir.join(CLEAN);
    let text = match fs::read(&marker) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((false, None)),
        Err(error) => return Err(error),
    };
    fs::remove_file(&marker)?;
    sync_directory(dir)?;
    let closed_with = String::from_utf8_lossy(&text).trim().parse::<u64>().ok();
    let length = fs::metadata(dir.join(LOG))?.len();
    match closed_with {
        Some(closed_with) if closed_with == length => Ok((true, None)),
        Some(closed_with) => Ok((
            false,
            Some(format!(
                "the log of {} has {length} bytes, but was closed with {closed_with}",
                dir.display()
            )),
        )),
        None => Ok((false, None)),
    }
}

/// Says that the store was closed in order.
pub(super) fn write_clean_marker(dir: &Path) -> io::Result<()> {
    let length = fs::metadata(dir.join(LOG))?.len();
    let mut marker = File::create(dir.join(CLEAN))?;
    marker.write_all(length.to_string().as_bytes())?;
    marker.sync_all()?;
    sync_directory(dir)
}

/// Removes snapshots that were being written when a process ended. The engine would take one for
/// its newest snapshot and refuse to open; they hold nothing that the log does not.
pub(super) fn remove_unfinished_snapshots(dir: &Path) -> io::Result<()> {
    for name in names(dir)? {
        if name.starts_with(SNAPSHOT) && name.ends_with(".generating") {
            fs::remove_file(dir.join(name))?;
        }
    }
    Ok(())
}

/// Renames snapshots and the parameter file so that the engine makes them anew from the log; says
/// whether there were any.
pub(super) fn move_snapshots_away(dir: &Path) -> io::Result<bool> {
    let mut any = false;
    for name in names(dir)? {
        if name.starts_with(SNAPSHOT) {
            fs::rename(dir.join(&name), dir.join(format!("aside-{name}")))?;
            any = true;
        } else if name == "conf" {
            // Its content is a constant of ours, so losing it loses nothing.
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
            // A leftover harms nothing; the next repair replaces it.
            let _ = fs::remove_file(dir.join(name));
        }
    }
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir)? {
        // Names that are no UTF-8 are none of ours and none of the engine's.
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
        let mut seen = self.blobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
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

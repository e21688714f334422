//! Where the store lies, who has it open, and how it is removed while others may have it.
//!
//! ```text
//! derived/
//!   readings-<HASH>.db        the store of one derivation, with -wal and -shm of the engine beside it
//!   readings-<HASH>.lock      held shared by who has it open, and alone by who removes it
//! ```
//!
//! Each derivation has a store of its own, so that an older program that is still running and a newer
//! one do not take turns at deleting each other's. What no process has open and no program of this
//! derivation reads is removed when the store is opened.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::base::DigestAlgorithm;

/// Removing a store takes milliseconds.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The files of one store.
#[derive(Debug, Clone)]
pub(super) struct StorePlace {
    dir: PathBuf,
    stem: String,
}

impl StorePlace {
    /// The place of a derivation's store in this directory, which need not be there.
    pub(super) fn of(dir: &Path, derivation: &str) -> Self {
        let hash = DigestAlgorithm::Sha256.digest(derivation.as_bytes());
        let hex = |byte: &u8| format!("{byte:02x}");
        let hash: String = hash.as_bytes().iter().take(8).map(hex).collect();
        Self { dir: dir.to_owned(), stem: format!("readings-{hash}") }
    }

    pub(super) fn file(&self) -> PathBuf {
        self.dir.join(format!("{}.db", self.stem))
    }

    fn lock_file(&self) -> PathBuf {
        self.dir.join(format!("{}.lock", self.stem))
    }

    /// Refuses a place that is a symbolic link: in an archive of somebody else's it may lead to a file
    /// of the user's.
    ///
    /// # Errors
    /// What is a link.
    pub(super) fn refuse_links(&self) -> Result<(), String> {
        let is_link = |path: &&PathBuf| path.symlink_metadata().is_ok_and(|kind| kind.is_symlink());
        match [self.dir.clone(), self.file(), self.lock_file()].iter().find(is_link) {
            Some(link) => Err(format!("{} is a symbolic link", link.display())),
            None => Ok(()),
        }
    }

    /// Makes the directory, and says that this process has the store open.
    ///
    /// # Errors
    /// When nothing can be written there, or another process keeps removing it.
    pub(super) fn enter(&self) -> io::Result<File> {
        fs::create_dir_all(&self.dir)?;
        let deadline = Instant::now() + WAIT_MAX;
        loop {
            let lock = self.open_lock()?;
            match lock.try_lock_shared() {
                Ok(()) => return Ok(lock),
                Err(fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(why) => return Err(why.into()),
            }
        }
    }

    fn open_lock(&self) -> io::Result<File> {
        OpenOptions::new().create(true).truncate(false).write(true).open(self.lock_file())
    }

    /// Removes the store where no other process has it open; whether it did.
    pub(super) fn remove(&self) -> bool {
        let Ok(lock) = self.open_lock() else { return false };
        if lock.try_lock().is_err() {
            return false;
        }
        // The lock's file stays: removed, two processes could hold two locks of one name.
        [".db", ".db-wal", ".db-shm"].iter().all(|end| {
            let path = self.dir.join(format!("{}{end}", self.stem));
            match fs::remove_file(path) {
                Err(why) => why.kind() == io::ErrorKind::NotFound,
                Ok(()) => true,
            }
        })
    }

    /// Removes stores of other derivations, and what an older program kept here, where no process has
    /// them open. What cannot be removed stays.
    pub(super) fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(stem) = name.strip_suffix(".db")
                && stem.starts_with("readings-")
                && stem != self.stem
            {
                Self { dir: self.dir.clone(), stem: stem.to_owned() }.remove();
            }
        }
        self.remove_older();
    }

    /// Until version 0.1 the directory held one store of the index's kind, whose log bears a lock.
    fn remove_older(&self) {
        let log = self.dir.join("db");
        let is_free = File::open(&log).is_ok_and(|log| log.try_lock().is_ok());
        if !is_free {
            return;
        }
        let _ = fs::remove_dir_all(self.dir.join("blobs"));
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_older = matches!(&*name, "conf" | "db" | "closed-in-order" | "boot" | "damaged");
            if is_older || name.starts_with("snap.") || name.starts_with("aside-snap.") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

//! Where the store is, which processes have it open, and how it is removed while others may have it.
//!
//! ```text
//! derived/
//!   readings-<HASH>.db        the store of one derivation, with -wal and -shm of the engine beside it
//!   readings-<HASH>.lock      held shared by who has it open, and alone by who removes it
//! ```
//!
//! Each derivation has a store of its own, so that an older program that is still running and a newer
//! one do not delete each other's in turn. Stores of other derivations that no process has open are removed when
//! the store is opened.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;

use crate::base::DigestAlgorithm;

const START: &str = "readings-";
const LOCK: &str = ".lock";

/// Removing a store takes milliseconds.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// What is derived is in one directory under names of its derivation, next to a lock of the same name. For
/// everything that is derived; what the names stand for is the caller's.
#[derive(Debug, Clone)]
pub(crate) struct DerivedPlace {
    dir: PathBuf,
    stem: String,
}

impl DerivedPlace {
    /// The place of a derivation in this directory, which need not be there; its name begins with `start`.
    pub(crate) fn of(dir: &Path, start: &str, derivation: &str) -> Self {
        let hash = DigestAlgorithm::Sha256.digest(derivation.as_bytes());
        let hash = HEXLOWER.encode(hash.as_bytes().get(..8).unwrap_or_default());
        Self { dir: dir.to_owned(), stem: format!("{start}{hash}") }
    }

    /// The place of that name next to this one.
    pub(crate) fn named(&self, stem: &str) -> Self {
        Self { dir: self.dir.clone(), stem: stem.to_owned() }
    }

    /// The name without an ending.
    pub(crate) fn stem(&self) -> &str {
        &self.stem
    }

    /// The name with an ending.
    pub(crate) fn path(&self, end: &str) -> PathBuf {
        self.dir.join(format!("{}{end}", self.stem))
    }

    /// Refuses a place that is a symbolic link: in another person's archive it may lead to a file of the user.
    /// `own` is what is there.
    ///
    /// # Errors
    /// What is a link.
    pub(crate) fn refuse_links(&self, own: PathBuf) -> Result<(), String> {
        let is_link = |path: &&PathBuf| path.symlink_metadata().is_ok_and(|kind| kind.is_symlink());
        match [self.dir.clone(), own, self.path(LOCK)].iter().find(is_link) {
            Some(link) => Err(format!("{} is a symbolic link", link.display())),
            None => Ok(()),
        }
    }

    /// Makes the directory, and says that this process has open what is here.
    ///
    /// # Errors
    /// When nothing can be written there, or another process keeps removing it.
    pub(crate) fn enter(&self) -> io::Result<File> {
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
        OpenOptions::new().create(true).truncate(false).write(true).open(self.path(LOCK))
    }

    /// Removes what is here where no other process has it open; whether it did. The lock's file stays: removed,
    /// two processes could hold two locks of one name.
    pub(crate) fn remove(&self, remove: impl FnOnce() -> bool) -> bool {
        self.open_lock().is_ok_and(|lock| lock.try_lock().is_ok() && remove())
    }
}

/// Whether nothing is there any more after something was removed.
pub(crate) fn is_gone(removed: io::Result<()>) -> bool {
    removed.map_or_else(|why| why.kind() == io::ErrorKind::NotFound, |()| true)
}

/// The files of one store.
#[derive(Debug, Clone)]
pub(super) struct StorePlace(DerivedPlace);

impl StorePlace {
    /// The place of a derivation's store in this directory, which need not be there.
    pub(super) fn of(dir: &Path, derivation: &str) -> Self {
        Self(DerivedPlace::of(dir, START, derivation))
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.path(".db")
    }

    /// As [`DerivedPlace::refuse_links`].
    ///
    /// # Errors
    /// What is a link.
    pub(super) fn refuse_links(&self) -> Result<(), String> {
        self.0.refuse_links(self.file())
    }

    /// As [`DerivedPlace::enter`].
    ///
    /// # Errors
    /// When nothing can be written there, or another process keeps removing it.
    pub(super) fn enter(&self) -> io::Result<File> {
        self.0.enter()
    }

    /// Removes the store where no other process has it open; whether it did.
    pub(super) fn remove(&self) -> bool {
        self.0.remove(|| {
            [".db", ".db-wal", ".db-shm"]
                .iter()
                .all(|end| is_gone(fs::remove_file(self.0.path(end))))
        })
    }

    /// Removes stores of other derivations, and what an older program kept here, where no process has
    /// them open. What cannot be removed stays.
    pub(super) fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.0.dir) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(stem) = name.strip_suffix(".db")
                && stem.starts_with(START)
                && stem != self.0.stem()
            {
                Self(self.0.named(stem)).remove();
            }
        }
        self.remove_older();
    }

    /// Until version 0.1 the directory held one store of the index's kind, whose log bears a lock.
    fn remove_older(&self) {
        let log = self.0.dir.join("db");
        let is_free = File::open(&log).is_ok_and(|log| log.try_lock().is_ok());
        if !is_free {
            return;
        }
        let _ = fs::remove_dir_all(self.0.dir.join("blobs"));
        for entry in fs::read_dir(&self.0.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_older = matches!(&*name, "conf" | "db" | "closed-in-order" | "boot" | "damaged");
            if is_older || name.starts_with("snap.") || name.starts_with("aside-snap.") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

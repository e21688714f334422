//! Where the index lies, and who has it open.
//!
//! ```text
//! derived/
//!   search-<HASH>/        the index of one derivation
//!   search-<HASH>.lock    held shared by who has it open, and alone by who removes it
//! ```
//!
//! As with the store of readings each derivation has an index of its own; what no process has open and no program
//! of this derivation reads is removed.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::base::DigestAlgorithm;

const START: &str = "search-";

/// The directory of one index, and its lock.
#[derive(Debug, Clone)]
pub(super) struct IndexPlace {
    parent: PathBuf,
    stem: String,
}

impl IndexPlace {
    /// The place of a derivation's index in the directory for what is derived, which need not be there.
    pub(super) fn of(parent: &Path, derivation: &str) -> Self {
        let hash = DigestAlgorithm::Sha256.digest(derivation.as_bytes());
        let hex = |byte: &u8| format!("{byte:02x}");
        let hash: String = hash.as_bytes().iter().take(8).map(hex).collect();
        Self { parent: parent.to_owned(), stem: format!("{START}{hash}") }
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.parent.join(&self.stem)
    }

    fn lock_file(&self) -> PathBuf {
        self.parent.join(format!("{}.lock", self.stem))
    }

    /// Makes the directory, and says that this process has the index open.
    ///
    /// # Errors
    /// When nothing can be written there, it is a symbolic link (in an archive of somebody else's it may lead to
    /// files of the user's), or another process is removing it.
    pub(super) fn enter(&self) -> io::Result<File> {
        let places = [self.parent.clone(), self.dir(), self.lock_file()];
        let is_link = |path: &&PathBuf| path.symlink_metadata().is_ok_and(|kind| kind.is_symlink());
        if let Some(link) = places.iter().find(is_link) {
            return Err(io::Error::other(format!("{} is a symbolic link", link.display())));
        }
        fs::create_dir_all(&self.parent)?;
        let lock = self.open_lock()?;
        lock.try_lock_shared()?;
        fs::create_dir_all(self.dir())?;
        Ok(lock)
    }

    fn open_lock(&self) -> io::Result<File> {
        OpenOptions::new().create(true).truncate(false).write(true).open(self.lock_file())
    }

    /// Removes the index where no other process has it open; whether it did.
    pub(super) fn remove(&self) -> bool {
        let Ok(lock) = self.open_lock() else { return false };
        if lock.try_lock().is_err() {
            return false;
        }
        // The lock's file stays: removed, two processes could hold two locks of one name.
        match fs::remove_dir_all(self.dir()) {
            Err(why) => why.kind() == io::ErrorKind::NotFound,
            Ok(()) => true,
        }
    }

    /// Removes indexes of other derivations where no process has them open. What cannot be removed stays.
    pub(super) fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.parent) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_dir && name.starts_with(START) && name != self.stem {
                Self { parent: self.parent.clone(), stem: name }.remove();
            }
        }
    }
}

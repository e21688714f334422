//! Where the index is, and which processes have it open.
//!
//! ```text
//! derived/
//!   search-<HASH>/        the index of one derivation
//!   search-<HASH>.lock    held shared by processes that have it open, exclusively by one that removes it
//! ```
//!
//! As with the store of readings each derivation has an index of its own; an index that no process has open and no program
//! of this derivation reads is removed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::readings::{DerivedPlace, is_gone};

const START: &str = "search-";

/// The directory of one index, and its lock.
#[derive(Debug, Clone)]
pub(super) struct IndexPlace {
    parent: PathBuf,
    place: DerivedPlace,
}

impl IndexPlace {
    /// The place of a derivation's index in the directory for derived data, which need not exist.
    pub(super) fn of(parent: &Path, derivation: &str) -> Self {
        Self { parent: parent.to_owned(), place: DerivedPlace::of(parent, START, derivation) }
    }

    pub(super) fn dir(&self) -> PathBuf {
        self.place.path("")
    }

    /// Makes the directory, and marks the index as open in this process.
    ///
    /// # Errors
    /// When nothing can be written there, it is a symbolic link, or another process keeps removing it.
    pub(super) fn enter(&self) -> io::Result<File> {
        self.place.refuse_links(self.dir()).map_err(io::Error::other)?;
        let lock = self.place.enter()?;
        fs::create_dir_all(self.dir())?;
        Ok(lock)
    }

    /// Removes the index unless another process has it open; returns whether it did.
    pub(super) fn remove(&self) -> bool {
        self.place.remove(|| is_gone(fs::remove_dir_all(self.dir())))
    }

    /// Removes indexes of other derivations that no process has open. Those that cannot be removed stay.
    pub(super) fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.parent) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_dir && name.starts_with(START) && name != self.place.stem() {
                Self { parent: self.parent.clone(), place: self.place.named(&name) }.remove();
            }
        }
    }
}

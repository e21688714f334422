//! The target of the files of tables: a folder. An object storage is another [`Target`].

use std::any::Any;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::durable::{make_dirs, make_whole, sync_dir};
use crate::store::{Lock, StoreError};

use super::TablesError;

/// A Parquet file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its name below the tables: `captures/month=2026-01/part-00000.parquet`.
    pub file: String,
    /// How many rows it has.
    pub rows: u64,
    /// How long it is.
    pub bytes: u64,
    /// Its digest, `sha256:…`.
    pub digest: String,
}

/// Where files are written. Names are relative, with `/` as separator.
pub trait Target {
    /// A name for messages.
    fn place(&self, name: &str) -> String;

    /// Excludes other runs as long as the returned value lives.
    ///
    /// # Errors
    /// When another run writes there, or the target holds something else.
    fn lock(&self) -> Result<Box<dyn Any>, TablesError>;

    /// A folder on a local disk, empty, for files while they are made.
    ///
    /// # Errors
    /// When there is none.
    fn staging(&self) -> Result<PathBuf, TablesError>;

    /// A small file; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TablesError>;

    /// Writes a small file atomically and durably, replacing one of that name.
    ///
    /// # Errors
    /// When it cannot be written; then the earlier file is kept.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TablesError>;

    /// Moves a finished and synced file of the staging folder to the name of its part, as [`Self::write`] does.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn put(&self, staged: &Path, part: &Part) -> Result<(), TablesError>;

    /// The files directly in a folder, by their full names; none if there is no such folder.
    ///
    /// # Errors
    /// When they cannot be listed.
    fn list(&self, folder: &str) -> Result<Vec<String>, TablesError>;

    /// Removes a file, and its folder if that is then empty. A missing file is not an error.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, name: &str) -> Result<(), TablesError>;
}

/// The name of the manifest.
pub(super) const MANIFEST: &str = "_manifest.json";
/// The name of the lock that excludes other runs.
pub(super) const LOCK: &str = "_lock";
/// The name of the folder of files that are being made.
pub(super) const STAGING: &str = "_staging";

/// A folder.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at `root`, which is created if missing.
    ///
    /// # Errors
    /// When it cannot be made, or has files and no tables.
    pub fn open(root: &Path) -> Result<Self, TablesError> {
        make_dirs(root).map_err(TablesError::file("making", root.display()))?;
        let known = fs::read_dir(root).map_err(TablesError::file("reading", root.display()))?;
        let mut other = None;
        for entry in known {
            let entry = entry.map_err(TablesError::file("reading", root.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name == MANIFEST {
                return Ok(Self { root: root.to_owned() });
            }
            if !matches!(name.as_str(), LOCK | STAGING) && !name.starts_with(MANIFEST) {
                other = Some(name);
            }
        }
        match other {
            None => Ok(Self { root: root.to_owned() }),
            Some(name) => Err(TablesError::Taken {
                place: root.display().to_string(),
                what: format!("{name} but no {}", MANIFEST),
            }),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

impl Target for Folder {
    fn place(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn lock(&self) -> Result<Box<dyn Any>, TablesError> {
        match Lock::at(&self.path(LOCK)) {
            Ok(lock) => Ok(Box::new(lock)),
            Err(StoreError::Locked { holder }) => Err(TablesError::Locked { holder }),
            Err(error) => Err(error.into()),
        }
    }

    fn staging(&self) -> Result<PathBuf, TablesError> {
        let path = self.path(STAGING);
        let failed = |why| TablesError::file("making", path.display())(why);
        match fs::remove_dir_all(&path) {
            Err(why) if why.kind() != ErrorKind::NotFound => return Err(failed(why)),
            _ => fs::create_dir(&path).map_err(failed)?,
        }
        Ok(path)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, TablesError> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(why) if why.kind() == ErrorKind::NotFound => Ok(None),
            Err(why) => Err(TablesError::file("reading", self.place(name))(why)),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TablesError> {
        let failed = |why| TablesError::file("writing", self.place(name))(why);
        make_whole(&self.path(name), failed, |mut file| file.write_all(bytes).map_err(failed))
    }

    fn put(&self, staged: &Path, part: &Part) -> Result<(), TablesError> {
        let path = self.path(&part.file);
        let folder = path.parent().unwrap_or(&self.root);
        let moved = make_dirs(folder)
            .and_then(|()| fs::rename(staged, &path))
            .and_then(|()| sync_dir(folder));
        moved.map_err(TablesError::file("writing", path.display()))
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, TablesError> {
        let failed = |why| TablesError::file("reading", self.place(folder))(why);
        let entries = match fs::read_dir(self.path(folder)) {
            Ok(entries) => entries,
            Err(why) if why.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(failed(why)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_file() {
                names.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
            }
        }
        names.sort();
        Ok(names)
    }

    fn remove(&self, name: &str) -> Result<(), TablesError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(why) if why.kind() != ErrorKind::NotFound => {
                return Err(TablesError::file("removing", path.display())(why));
            }
            _ => {}
        }
        // A folder that is not empty stays; this is not an error.
        if let Some(folder) = path.parent().filter(|folder| *folder != self.root) {
            let _ = fs::remove_dir(folder);
        }
        Ok(())
    }
}

//! The WARC files of an archive, by name: sealed, still under their `.open` name, or in the object storage.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::{ArchiveError, ArchiveErrorKind, Bytes, FileInfo, WarcFiles};

use super::layout::{Layout, is_open, is_warc, stable_name};

/// The WARC files of an archive, on a local disk or evicted from it.
#[derive(Debug, Clone)]
pub struct DirectoryFiles {
    layout: Layout,
}

impl DirectoryFiles {
    /// The files of the archive with this layout.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// Where a file of that name may be, and whether it is sealed there.
    fn places(&self, name: &str) -> [(PathBuf, bool); 4] {
        let sealed = self.layout.warc_dir().join(name);
        let open = self.layout.warc_dir().join(format!("{name}.open"));
        let imported = self.layout.imported_dir().join(name);
        // The first is tried again: the file may have been sealed between the two.
        [(sealed.clone(), true), (open, false), (imported, true), (sealed, true)]
    }
}

impl WarcFiles for DirectoryFiles {
    fn list(&self) -> Result<Vec<FileInfo>, ArchiveError> {
        let files = self.layout.warc_files().map_err(system)?;
        let info = |path: &std::path::PathBuf| FileInfo {
            name: stable_name(path).into(),
            length: self.layout.length_of(path).unwrap_or(0),
            is_sealed: !is_open(path),
        };
        Ok(files.iter().map(info).collect())
    }

    fn info(&self, name: &str) -> Result<Option<FileInfo>, ArchiveError> {
        // A name that could lead elsewhere does not name a WARC file here.
        if name.contains(['/', '\0']) || !is_warc(name) || name.ends_with(".open") {
            return Ok(None);
        }
        for (path, is_sealed) in self.places(name) {
            match std::fs::metadata(path) {
                Ok(found) if found.is_file() => {
                    return Ok(Some(FileInfo {
                        name: name.into(),
                        length: found.len(),
                        is_sealed,
                    }));
                }
                Ok(_) => return Ok(None),
                Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                // A name that is too long for the system does not name a file.
                Err(why) if why.kind() == io::ErrorKind::InvalidFilename => return Ok(None),
                Err(why) => return Err(system(format!("{name}: {why}"))),
            }
        }
        let Some(path) = self.layout.path_of(name) else { return Ok(None) };
        match self.layout.length_of(&path) {
            Ok(length) => Ok(Some(FileInfo { name: name.into(), length, is_sealed: true })),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(system(format!("{name}: {why}"))),
        }
    }

    fn open(&self, name: &str) -> Result<Box<dyn Bytes>, ArchiveError> {
        // A name is one component, even if a foreign index line says otherwise.
        if name.is_empty() || name.contains(['/', '\0']) || name == "." || name == ".." {
            return Err(ArchiveError::new(
                ArchiveErrorKind::Request,
                format!("{name:?} is not a name of a WARC file"),
            ));
        }
        let mut missing = None;
        for (path, _) in self.places(name) {
            match self.layout.open_file(&path) {
                Ok(file) => return Ok(file),
                Err(why) if why.kind() == io::ErrorKind::NotFound => missing = Some(why),
                Err(why) => return Err(system(format!("{name}: {why}"))),
            }
        }
        Err(system(missing.map_or_else(String::new, |why| format!("{name}: {why}"))))
    }
}

fn system(why: impl std::fmt::Display) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::System, why.to_string())
}

/// The shared handle that readers hold.
pub(super) fn of(layout: &Layout) -> Arc<dyn WarcFiles> {
    Arc::new(DirectoryFiles::new(layout.clone()))
}

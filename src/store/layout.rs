//! Names inside the archive root.
//!
//! ```text
//! ROOT/
//!   FORMAT          "pressmark archive 1": what lays the rest out
//!   lock            held by the one writer; a dead process does not hold it
//!   warc/           the truth: *.warc.gz, and *.warc.gz.open while being written
//!   imported/       WARC files of other programs, byte for byte, each with NAME.origin.json
//!   set-aside/      unfinished tails and whatever else was moved out of the way; never read
//!   evidence/       the log over warc/, its key and checkpoints; see docs/formats-evidence.md
//!   index/          derived from warc/; may be deleted
//!   derived/        what pages say and what changed, kept for speed; may be deleted
//!   state/          queue, host facts, robots cache, cursors of `changes --since-last`, what saved searches were
//!                   told; may be deleted, at the price of politeness memory and of what was shown
//!   logs/           crawl.log
//!   tmp/            bodies in flight
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::durable;

/// The version of the layout that this program writes.
pub const FORMAT_VERSION: u32 = 1;

const FORMAT_WORDS: &str = "pressmark archive ";

/// The paths of one archive.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`; nothing is touched.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The archive root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file that says which layout this is.
    #[must_use]
    pub fn format_file(&self) -> PathBuf {
        self.root.join("FORMAT")
    }

    /// The writer's lock.
    #[must_use]
    pub fn lock_file(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The WARC files.
    #[must_use]
    pub fn warc_dir(&self) -> PathBuf {
        self.root.join("warc")
    }

    /// WARC files of other programs, as they came, and where each came from. Made by the first import.
    #[must_use]
    pub fn imported_dir(&self) -> PathBuf {
        self.root.join(IMPORTED)
    }

    /// Where the WARC file of this name lies: sealed, still open, or imported. `None` where there is none.
    #[must_use]
    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        let sealed = self.warc_dir().join(name);
        let open = self.warc_dir().join(format!("{name}.open"));
        let imported = self.imported_dir().join(name);
        // The first is asked again: the file may have been sealed between the two.
        [sealed.clone(), open, imported, sealed].into_iter().find(|path| path.exists())
    }

    /// Unfinished tails.
    #[must_use]
    pub fn set_aside_dir(&self) -> PathBuf {
        self.root.join("set-aside")
    }

    /// The index.
    #[must_use]
    pub fn index_dir(&self) -> PathBuf {
        self.root.join("index")
    }

    /// Derived articles.
    #[must_use]
    pub fn derived_dir(&self) -> PathBuf {
        self.root.join("derived")
    }

    /// The evidence log.
    #[must_use]
    pub fn evidence_dir(&self) -> PathBuf {
        self.root.join("evidence")
    }

    /// What this archive has cosigned as a witness of other logs, and the key for it.
    #[must_use]
    pub fn witness_dir(&self) -> PathBuf {
        self.root.join("witness")
    }

    /// Queue, host facts, robots cache.
    #[must_use]
    pub fn state_dir(&self) -> PathBuf {
        self.root.join("state")
    }

    /// What was shown of the changes, a file for each name.
    #[must_use]
    pub fn cursors_dir(&self) -> PathBuf {
        self.state_dir().join("cursors")
    }

    /// What saved searches were told.
    #[must_use]
    pub fn saved_searches_file(&self) -> PathBuf {
        self.state_dir().join("saved-searches.json")
    }

    /// Where the process that owns the index answers for it.
    #[must_use]
    pub fn owner_dir(&self) -> PathBuf {
        self.state_dir().join("owner")
    }

    /// Logs.
    #[must_use]
    pub fn log_dir(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The report of the last run.
    #[must_use]
    pub fn last_run_file(&self) -> PathBuf {
        self.log_dir().join("last-run.json")
    }

    /// Bodies in flight.
    #[must_use]
    pub fn tmp_dir(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Makes every directory and the format file, where missing; when this returns, their names
    /// survive a loss of power.
    ///
    /// # Errors
    /// When something cannot be made, or is a symbolic link ([`Self::refuse_links`]).
    pub fn create(&self) -> Result<(), StoreError> {
        self.refuse_links()?;
        let fail = |path: &Path| {
            let path = path.display().to_string();
            move |why: io::Error| StoreError::Io { doing: "making", path, why }
        };
        let format = self.format_file();
        if format.exists() {
            fs::create_dir_all(&self.root).map_err(fail(&self.root))?;
        } else {
            durable::make_dirs(&self.root).map_err(fail(&self.root))?;
        }
        for dir in [
            self.warc_dir(),
            self.set_aside_dir(),
            self.index_dir(),
            self.state_dir(),
            self.log_dir(),
            self.tmp_dir(),
        ] {
            fs::create_dir_all(&dir).map_err(fail(&dir))?;
        }
        if !format.exists() {
            // An archive with half a format file would be taken for not one of Pressmark's.
            let words = format!("{FORMAT_WORDS}{FORMAT_VERSION}\n");
            let write = |mut file: &fs::File| file.write_all(words.as_bytes());
            durable::make_whole(&format, |why| why, write).map_err(fail(&format))?;
        }
        // Every time, since a process that died may have made any of the names and not synced them.
        durable::sync_dir(&self.root).map_err(fail(&self.root))?;
        Ok(())
    }

    /// Checks that nothing below the root that is written to is a symbolic link. An archive that came from
    /// somebody else may hold one that leads to a file of the user's, which would be written over.
    /// The root itself may be one.
    ///
    /// # Errors
    /// When there is one, or a directory cannot be listed.
    pub fn refuse_links(&self) -> Result<(), StoreError> {
        let mut dirs = vec![self.root.clone()];
        dirs.extend([
            self.warc_dir(),
            self.imported_dir(),
            self.set_aside_dir(),
            self.index_dir(),
            self.derived_dir(),
            self.evidence_dir(),
            self.state_dir(),
            self.state_dir().join("kv"),
            self.owner_dir(),
            self.cursors_dir(),
            self.log_dir(),
            self.tmp_dir(),
        ]);
        refuse_links_in(&dirs)
    }

    /// Checks that there is an archive of a layout that this program knows.
    ///
    /// # Errors
    /// When there is none, or a newer program laid it out.
    pub fn check(&self) -> Result<(), StoreError> {
        // What only reads opens these for writing, too, where it may.
        let (index, state) = (self.index_dir(), self.state_dir());
        for dir in [&index, &state] {
            if dir.symlink_metadata().is_ok_and(|kind| kind.is_symlink()) {
                return Err(StoreError::Link { path: dir.display().to_string() });
            }
        }
        refuse_links_in(&[index, state.join("kv"), self.cursors_dir(), state])?;
        let format = self.format_file();
        let text = match fs::read_to_string(&format) {
            Ok(text) => text,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NoArchive { root: self.root.display().to_string() });
            }
            Err(why) => {
                return Err(StoreError::Io {
                    doing: "reading",
                    path: format.display().to_string(),
                    why,
                });
            }
        };
        let version = text.trim().strip_prefix(FORMAT_WORDS).and_then(|v| v.parse::<u32>().ok());
        match version {
            Some(version) if version <= FORMAT_VERSION => Ok(()),
            Some(version) => Err(StoreError::NewerFormat { found: version, known: FORMAT_VERSION }),
            None => Err(StoreError::NotAnArchive {
                path: format.display().to_string(),
                found: text.trim().chars().take(60).collect(),
            }),
        }
    }

    /// The WARC files, sealed and open, sorted by name. Where one lies there under both its names,
    /// as in a copy that was made twice, only the sealed one counts.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn warc_files(&self) -> Result<Vec<PathBuf>, StoreError> {
        Ok(self.listed()?.0)
    }

    /// What counts, and the open files whose sealed names are there as well, each sorted by name.
    pub(super) fn listed(&self) -> Result<(Vec<PathBuf>, Vec<PathBuf>), StoreError> {
        let all = self.all_warc_files()?;
        // By the listing alone: a file that is sealed meanwhile must not fall out of both.
        let is_double =
            |path: &PathBuf| is_open(path) && all.binary_search(&sealed_path(path)).is_ok();
        let (mut doubles, files): (Vec<_>, _) = all.iter().cloned().partition(is_double);
        // One that was sealed just now may have been listed under both names.
        doubles.retain(|path| path.exists());
        Ok((files, doubles))
    }

    fn all_warc_files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let mut files = Vec::new();
        for dir in [self.warc_dir(), self.imported_dir()] {
            let fail =
                |why| StoreError::Io { doing: "listing", path: dir.display().to_string(), why };
            let entries = match fs::read_dir(&dir) {
                Ok(entries) => entries,
                // The folder of imported files is made by the first import.
                Err(why) if why.kind() == io::ErrorKind::NotFound && dir != self.warc_dir() => {
                    continue;
                }
                Err(why) => return Err(fail(why)),
            };
            for entry in entries {
                let path = entry.map_err(fail)?.path();
                let name =
                    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                if is_warc(&name) && path.is_file() {
                    files.push(path);
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

/// The folder of imported files.
const IMPORTED: &str = "imported";

/// Whether a WARC file of an archive was imported: the lengths in it were stated by another program.
#[must_use]
pub fn is_imported(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|dir| dir == IMPORTED)
}

/// Whether a WARC file is still being written, or was left so by a process that died.
#[must_use]
pub fn is_open(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "open")
}

/// Where an open WARC file lies once it is sealed.
#[must_use]
pub fn sealed_path(path: &Path) -> PathBuf {
    path.with_file_name(stable_name(path))
}

/// Whether a file of this name holds WARC records.
#[must_use]
pub fn is_warc(name: &str) -> bool {
    let name = name.strip_suffix(".open").unwrap_or(name);
    // ARC files are imported, and never written.
    let ends = [".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz"];
    ends.iter().any(|end| name.ends_with(end))
}

/// The name of a WARC file as the index knows it: without `.open`, which it loses when sealed.
#[must_use]
pub fn stable_name(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    name.strip_suffix(".open").map_or(name.clone(), str::to_owned)
}

/// Refuses symbolic links that lie in these directories.
fn refuse_links_in(dirs: &[PathBuf]) -> Result<(), StoreError> {
    for dir in dirs {
        let fail = |why| StoreError::Io { doing: "listing", path: dir.display().to_string(), why };
        // What is no directory, or cannot be listed, is for anyone who opens it to tell.
        let Ok(entries) = fs::read_dir(dir) else { continue };
        for entry in entries {
            let entry = entry.map_err(fail)?;
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                return Err(StoreError::Link { path: entry.path().display().to_string() });
            }
        }
    }
    Ok(())
}

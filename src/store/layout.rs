//! Names inside the archive root.
//!
//! ```text
//! ROOT/
//!   FORMAT          "pressmark archive 1": what lays the rest out
//!   ARCHIVE-ID      the name that its prefix of an object storage has; made when there is one
//!   lock            held by the one writer; a dead process does not hold it
//!   warc/           the truth: *.warc.gz, and *.warc.gz.open while being written
//!   imported/       WARC files of other programs, byte for byte, each with NAME.origin.json
//!   set-aside/      unfinished tails and whatever else was moved out of the way; never read
//!   evidence/       the log over warc/, its key and checkpoints; see docs/formats-evidence.md
//!   index/          derived from warc/; may be deleted
//!   derived/        what pages say and what changed, kept for speed; may be deleted
//!   state/          queue, host facts, robots cache, cursors of `changes --since-last`, what saved searches
//!                   received; may be deleted, at the price of politeness memory and of what was shown
//!   remote/         which files are in an object storage, and blocks of those that were read lately; may be
//!                   deleted while that storage can be asked
//!   logs/           crawl.log
//!   tmp/            bodies in flight
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StoreError;
use super::bucket::{Bucket, Ledger};
use super::durable;
use crate::archive::Bytes;

/// The version of the layout that this program writes.
pub const FORMAT_VERSION: u32 = 1;

const FORMAT_WORDS: &str = "pressmark archive ";

/// The paths of one archive.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
    ledger: Arc<Ledger>,
    bucket: Option<Arc<Bucket>>,
}

impl<P: AsRef<Path> + ?Sized> From<&P> for Layout {
    fn from(root: &P) -> Self {
        Self::new(root.as_ref())
    }
}

impl Layout {
    /// The layout below `root`; nothing is touched.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        let ledger = Arc::new(Ledger::at(root.join(REMOTE).join("files")));
        Self { root: root.to_owned(), ledger, bucket: None }
    }

    /// The same with the object storage that files are read from which are not here.
    #[must_use]
    pub fn with_bucket(self, bucket: Arc<Bucket>) -> Self {
        Self { bucket: Some(bucket), ..self }
    }

    /// The same with another ledger of what is in an object storage, by its name in the archive.
    pub(super) fn with_ledger(self, name: &str) -> Self {
        let ledger = Arc::new(Ledger::at(self.root.join(REMOTE).join(name)));
        Self { ledger, ..self }
    }

    /// The object storage, where the settings name one.
    #[must_use]
    pub fn bucket(&self) -> Option<&Arc<Bucket>> {
        self.bucket.as_ref()
    }

    /// Which files are in the object storage.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Blocks of files in the object storage that were read lately.
    #[must_use]
    pub fn remote_cache_dir(&self) -> PathBuf {
        self.root.join(REMOTE).join("cache")
    }

    /// A path below the root as the object storage and the ledger name it.
    #[must_use]
    pub fn place_of(&self, path: &Path) -> Option<String> {
        path.strip_prefix(&self.root).ok()?.to_str().map(str::to_owned)
    }

    /// The bytes of a WARC file, placed at its start, wherever it is.
    ///
    /// # Errors
    /// When it cannot be opened; [`io::ErrorKind::NotFound`] where it is nowhere.
    pub fn open_file(&self, path: &Path) -> io::Result<Box<dyn Bytes>> {
        let missing = match fs::File::open(path) {
            Ok(file) => return Ok(Box::new(file)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => why,
            Err(why) => return Err(why),
        };
        match (self.elsewhere(path)?, &self.bucket) {
            (None, _) => Err(missing),
            (Some(entry), Some(bucket)) => Ok(bucket.open(entry)),
            (Some(entry), None) => Err(io::Error::other(format!(
                "{} is only in an object storage, and store.remote is not set",
                entry.file
            ))),
        }
    }

    /// The length of a WARC file in bytes, wherever it is.
    ///
    /// # Errors
    /// As [`Self::open_file`].
    pub fn length_of(&self, path: &Path) -> io::Result<u64> {
        match fs::metadata(path) {
            Ok(about) => Ok(about.len()),
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                self.elsewhere(path)?.map(|entry| entry.bytes).ok_or(why)
            }
            Err(why) => Err(why),
        }
    }

    /// Every WARC file, and how far it has come on its way to the object storage. One that is still being written is
    /// here alone.
    ///
    /// # Errors
    /// When the files or the ledger cannot be read.
    pub fn warc_states(&self) -> io::Result<Vec<(PathBuf, super::bucket::State)>> {
        let files = self.warc_files().map_err(io::Error::other)?;
        let state = |path: PathBuf| {
            let place = self.place_of(&path).unwrap_or_default();
            let known = self.ledger.get(&place)?;
            Ok((path, known.map_or(super::bucket::State::Local, |entry| entry.state)))
        };
        files.into_iter().map(state).collect()
    }

    /// What is known of the object of a file.
    pub(super) fn elsewhere(&self, path: &Path) -> io::Result<Option<super::bucket::Entry>> {
        let Some(place) = self.place_of(path) else { return Ok(None) };
        Ok(self.ledger.get(&place)?.filter(super::bucket::Entry::is_there))
    }

    /// The SHA-256 in hexadecimal of a file that is not here, where it was read from its start to its end just
    /// now. It is given once.
    #[must_use]
    pub fn take_read_digest(&self, path: &Path) -> Option<String> {
        let digest = self.bucket.as_ref()?.take_digest(&self.place_of(path)?);
        // A file that came back may have been rewritten since.
        digest.filter(|_| !path.exists())
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

    /// The name of the archive, by which a place elsewhere (a prefix of an object storage, blocks of captures) is known to be its own.
    #[must_use]
    pub fn archive_id_file(&self) -> PathBuf {
        self.root.join("ARCHIVE-ID")
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

    /// Where the WARC file of this name is: sealed, still open, or imported. `None` where there is none.
    #[must_use]
    pub fn path_of(&self, name: &str) -> Option<PathBuf> {
        let sealed = self.warc_dir().join(name);
        let open = self.warc_dir().join(format!("{name}.open"));
        let imported = self.imported_dir().join(name);
        // The first is asked again: the file may have been sealed between the two.
        let here = [sealed.clone(), open, imported.clone(), sealed.clone()];
        here.into_iter().find(|path| path.exists()).or_else(|| {
            let is_elsewhere =
                |path: &PathBuf| self.elsewhere(path).is_ok_and(|entry| entry.is_some());
            [sealed, imported].into_iter().find(is_elsewhere)
        })
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

    /// The key of this archive as a relay.
    #[must_use]
    pub fn relay_dir(&self) -> PathBuf {
        self.root.join("relay")
    }

    /// Other archives that this one compares captures with, and the key for them.
    #[must_use]
    pub fn peers_dir(&self) -> PathBuf {
        self.root.join("peers")
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

    /// What saved searches have received.
    #[must_use]
    pub fn saved_searches_file(&self) -> PathBuf {
        self.state_dir().join("saved-searches.json")
    }

    /// Which captures were moved to blocks automatically.
    #[must_use]
    pub fn blocks_file(&self) -> PathBuf {
        self.state_dir().join("blocks.json")
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

    /// Checks that nothing below the root that is written to is a symbolic link. An archive from another person may
    /// hold one that leads to a file of the user, which would be overwritten. The root itself may be one.
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
            self.root.join(REMOTE),
        ]);
        refuse_links_in(&dirs)
    }

    /// Checks that there is an archive of a layout that this program knows.
    ///
    /// # Errors
    /// When there is none, or a newer program laid it out.
    pub fn check(&self) -> Result<(), StoreError> {
        // A process that only reads opens these for writing, too, where it may.
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

    /// The WARC files, sealed and open, sorted by path, and those that lie in the object storage alone under the
    /// paths that they had. Where one is there under both its names, as in a copy that was made twice, only the
    /// sealed one counts.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn warc_files(&self) -> Result<Vec<PathBuf>, StoreError> {
        Ok(self.listed()?.0)
    }

    /// What counts, and the open files whose sealed names are there as well, each sorted by name.
    pub(super) fn listed(&self) -> Result<(Vec<PathBuf>, Vec<PathBuf>), StoreError> {
        let all = self.all_warc_files()?;
        // By the listing alone: a file that is sealed meanwhile must not be missing from both lists.
        let is_double =
            |path: &PathBuf| is_open(path) && all.binary_search(&sealed_path(path)).is_ok();
        let (mut doubles, mut files): (Vec<_>, Vec<_>) = all.iter().cloned().partition(is_double);
        // One that was sealed just now may have been listed under both names.
        doubles.retain(|path| path.exists());
        // Asked after the listing: a file is entered in the ledger before it is evicted.
        let fail = |why| {
            let path = self.ledger.path().display().to_string();
            StoreError::Io { doing: "reading", path, why }
        };
        let here = files.len();
        for place in self.ledger.there().map_err(fail)? {
            let path = self.root.join(place);
            let open = path.with_file_name(format!("{}.open", stable_name(&path)));
            if all.binary_search(&path).is_err() && all.binary_search(&open).is_err() {
                files.push(path);
            }
        }
        if files.len() > here {
            files.sort();
        }
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

/// The folder of what is known of an object storage.
const REMOTE: &str = "remote";

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

/// Where an open WARC file is once it is sealed.
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
        // What is not a directory, or cannot be listed, is reported by the code that opens it.
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

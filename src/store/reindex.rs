//! The index built from the WARC files alone, or brought up to them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::archive::CaptureSink;
use crate::index::Index;
use crate::kv::KvOptions;

use super::StoreError;
use super::catch_up::{Kind, Progress, Reindexed, run};
use super::error::index_error;
use super::layout::{Layout, is_open, stable_name};
use super::lock::Lock;
use super::lookup::Reader;
use super::open::place;
use super::repair::seal_left_open;

/// Rebuilds the index of the archive from its WARC files alone. The old one is moved to
/// `set-aside/` first.
///
/// # Errors
/// When another process uses the archive, or the disk fails.
pub fn reindex(
    layout: &Layout,
    cache_bytes: u64,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Reindexed, StoreError> {
    layout.check()?;
    let _lock = Lock::take(layout)?;
    // No process may answer from it while it is built.
    let _owner = place(layout).claim().map_err(index_error("taking"))?;
    rebuilt(layout, cache_bytes, progress)
}

/// The same for a process that holds the locks.
pub(super) fn rebuilt(
    layout: &Layout,
    cache_bytes: u64,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Reindexed, StoreError> {
    let dir = layout.index_dir();
    let io = |why| StoreError::Io { doing: "setting aside", path: dir.display().to_string(), why };
    if dir.exists() {
        let aside = (1..)
            .map(|n| layout.set_aside_dir().join(format!("index-{n}")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| layout.set_aside_dir().join("index"));
        std::fs::rename(&dir, &aside).map_err(io)?;
    }
    std::fs::create_dir_all(&dir).map_err(io)?;
    let options = KvOptions { cache_bytes, ..KvOptions::default() };
    let (index, _) = Index::open(&dir, &options).map_err(index_error("opening"))?;
    seal_all(layout)?;
    let done = run(&index, layout, Kind::Own, progress)?;
    index.close().map_err(index_error("closing"))?;
    Ok(done)
}

/// Seals what a dead process left open; all WARC files, as they were named before.
fn seal_all(layout: &Layout) -> Result<Vec<PathBuf>, StoreError> {
    let files = layout.warc_files()?;
    for path in files.iter().filter(|path| is_open(path)) {
        // It is not known which damage in it is older than its last sync: what can be read stays.
        seal_left_open(layout, path, u64::MAX)?;
    }
    Ok(files)
}

/// Removes the captures of this archive's WARC files from the backend, and puts them in again from the
/// files alone. Captures of other archives in the same place stay as they are.
///
/// # Errors
/// When another process writes to the archive, the disk fails, or `captures` does.
pub fn reindex_given(
    layout: &Layout,
    captures: &dyn CaptureSink,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Reindexed, StoreError> {
    layout.check()?;
    let _lock = Lock::take(layout)?;
    rebuilt_given(layout, captures, progress)
}

/// The same for a process that holds the lock.
pub(super) fn rebuilt_given(
    layout: &Layout,
    captures: &dyn CaptureSink,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Reindexed, StoreError> {
    let names: Vec<Arc<str>> =
        seal_all(layout)?.iter().map(|path| stable_name(path).into()).collect();
    captures.forget(&names).map_err(index_error("emptying"))?;
    Ok(run(captures, layout, Kind::Own, progress)?)
}

/// Brings the index behind a reader up to the WARC files, also to those that were imported since it was
/// opened; what was odd, as text.
///
/// # Errors
/// When a file cannot be read, or the index fails.
pub fn bring_up(
    reader: &Reader,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Vec<String>, StoreError> {
    let done = run(reader.sink(), reader.layout(), Kind::Own, progress)?;
    Ok(done.notes)
}

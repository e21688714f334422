//! The index built from the WARC files alone, or brought up to them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::{
    ArchiveError, Capture, CaptureBatch, CaptureSink, Captures, Query, next_batch,
};
use crate::index::Index;
use crate::kv::KvOptions;

use super::StoreError;
use super::catch_up::{Kind, LeftOut, Progress, Reindexed, Storage, run};
use super::error::index_error;
use super::layout::{Layout, is_open, stable_name};
use super::lock::Lock;
use super::lookup::Reader;
use super::open::place;
use super::repair::seal_left_open;

/// Rebuilds the index of the archive from its WARC files alone. The old one is moved to
/// `set-aside/` first. Of a file that cannot be read the captures that the old one had are kept; it is read by the first
/// opening that can.
///
/// # Errors
/// When another process uses the archive, the disk fails, or no file can be read; then the index is as it was.
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
    seal_all(layout)?;
    unreadable(layout, &layout.warc_files()?)?;
    let dir = layout.index_dir();
    let io = |why| StoreError::Io { doing: "setting aside", path: dir.display().to_string(), why };
    let mut before = None;
    if dir.exists() {
        let aside = (1..)
            .map(|n| layout.set_aside_dir().join(format!("index-{n}")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| layout.set_aside_dir().join("index"));
        std::fs::rename(&dir, &aside).map_err(io)?;
        before = Some(aside);
    }
    std::fs::create_dir_all(&dir).map_err(io)?;
    let options = KvOptions { cache_bytes, ..KvOptions::default() };
    let (index, _) = Index::open(&dir, &options).map_err(index_error("opening"))?;
    let mut done = run(&index, layout, Kind::Own, progress)?;
    if let (Some(before), false) = (before, done.left_out.is_empty())
        && let Err(why) = keep(&before, &options, &index, &done.left_out)
    {
        done.notes.push(format!("captures of files that were left out could not be kept: {why}"));
    }
    index.close().map_err(index_error("closing"))?;
    Ok(done)
}

/// Puts in what an earlier index has of these files, without a mark: they are read again when that is possible.
fn keep(
    before: &Path,
    options: &KvOptions,
    index: &Index,
    files: &[LeftOut],
) -> Result<(), ArchiveError> {
    let files: HashSet<&str> = files.iter().map(|left| &*left.file).collect();
    let (before, _) = Index::open(before, options)?;
    let of_them = |capture: &Result<Capture, ArchiveError>| {
        capture.as_ref().map_or(true, |capture| files.contains(&*capture.file))
    };
    let mut captures = Captures::scan(&before, &Query::everything()).filter(of_them);
    loop {
        let captures = next_batch(&mut captures)?;
        if captures.is_empty() {
            break;
        }
        index.apply(CaptureBatch { captures, marks: Vec::new() })?;
    }
    CaptureSink::flush(index)
}

/// Which of these files cannot be read: objects are asked for and not read, and no more of them once the storage has
/// not answered.
///
/// # Errors
/// When that is all of them.
fn unreadable(layout: &Layout, files: &[PathBuf]) -> Result<Vec<LeftOut>, StoreError> {
    let mut storage = Storage::of(layout);
    let mut left_out = Vec::new();
    for path in files {
        let ask = || {
            let failed = |why: std::io::Error| StoreError::Record {
                file: stable_name(path),
                offset: 0,
                why: why.to_string(),
            };
            Ok(probe(layout, path).map_err(failed)?)
        };
        match storage.unless_away(path, ask) {
            Ok(()) => {}
            Err(why) => left_out.push(LeftOut { file: stable_name(path), why: why.reason() }),
        }
    }
    match left_out.first() {
        Some(first) if left_out.len() == files.len() => Err(StoreError::NoFileReadable {
            count: files.len(),
            file: first.file.clone(),
            why: first.why.clone(),
        }),
        _ => Ok(left_out),
    }
}

fn probe(layout: &Layout, path: &Path) -> std::io::Result<()> {
    match (path.exists(), layout.elsewhere(path)?, layout.bucket()) {
        (false, Some(entry), Some(bucket)) => bucket.probe(&entry.file),
        _ => layout.open_file(path).map(drop),
    }
}

/// Seals what a dead process left open.
fn seal_all(layout: &Layout) -> Result<(), StoreError> {
    for path in layout.warc_files()?.iter().filter(|path| is_open(path)) {
        // It is not known which damage in it is older than its last sync: what can be read stays.
        seal_left_open(layout, path, u64::MAX)?;
    }
    Ok(())
}

/// Removes the captures of this archive's WARC files from the backend, and puts them in again from the
/// files alone. Captures of a file that cannot be read stay as they are; those of files that the archive does not have
/// are removed: an archive that has such a file puts them in again when it is opened.
///
/// # Errors
/// When another process writes to the archive, the disk fails, no file can be read, or `captures` fails.
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
    seal_all(layout)?;
    let files = layout.warc_files()?;
    let kept: HashSet<String> =
        unreadable(layout, &files)?.into_iter().map(|left| left.file).collect();
    let own: HashSet<String> = files.iter().map(|path| stable_name(path)).collect();
    let mut names: Vec<Arc<str>> =
        own.iter().filter(|name| !kept.contains(*name)).map(|name| name.as_str().into()).collect();
    // Without the list of the objects it is not known which files the archive has.
    let is_known = layout.bucket().is_none() || layout.ledger().exists();
    if is_known {
        let marks = captures.marks().map_err(index_error("asking"))?;
        names.extend(marks.into_iter().map(|mark| mark.file).filter(|file| !own.contains(&**file)));
    }
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
    Ok(done.said())
}

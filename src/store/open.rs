//! Opening the index so that it says what the WARC files say: to write with, or to read from while
//! another process writes.

use std::path::Path;

use crate::archive::{ArchiveError, ArchiveErrorKind, CaptureSink as _};
use crate::index::Index;
use crate::kv::KvOptions;

use super::StoreError;
use super::catch_up;
use super::doubles;
use super::layout::{Layout, is_open, stable_name};
use super::repair;
use super::room::{self, why_unwritable};

fn options(cache_bytes: u64) -> KvOptions {
    KvOptions { cache_bytes, ..KvOptions::default() }
}

/// The index for the writer: files left open by a dead process are repaired and sealed, and the
/// gap between the files and the index is closed. The second part says what was done.
pub(super) fn for_writing(
    layout: &Layout,
    cache_bytes: u64,
) -> Result<(Index, Vec<String>), StoreError> {
    let (mut index, mut notes) = open(layout, cache_bytes)?;
    let (mut files, twice) = layout.listed()?;
    if !twice.is_empty() {
        notes.extend(doubles::settle(layout, &twice)?);
        files = layout.warc_files()?;
    }
    for file in files {
        if is_open(&file) {
            let known = index.mark_of(&stable_name(&file)).map_err(index_error("asking"))?;
            let durable = known.map_or(0, |known| known.indexed_to);
            notes.extend(repair::seal_left_open(layout, &file, durable)?);
        }
    }
    // A damaged entry shows while catching up; the index is then set aside and built anew.
    match catch_up::catch_up(&index, layout) {
        Ok(more) => notes.extend(more),
        Err(catch_up::Trouble::Index(error)) if error.needs_rebuild() => {
            index.mark_damaged(&error.to_string());
            drop(index);
            let (fresh, more) = open(layout, cache_bytes)?;
            notes.extend(more);
            notes.extend(catch_up::catch_up(&fresh, layout)?);
            index = fresh;
        }
        Err(error) => return Err(error.into()),
    }
    Ok((index, notes))
}

fn open(layout: &Layout, cache_bytes: u64) -> Result<(Index, Vec<String>), StoreError> {
    Index::open(&layout.index_dir(), &options(cache_bytes)).map_err(index_error("opening"))
}

/// The index for a reader. Where another process holds it, or the archive cannot be written, a
/// copy of it is opened instead, and caught up from the WARC files in any case.
pub(super) fn for_reading(
    layout: &Layout,
    cache_bytes: u64,
) -> Result<(Index, Option<tempfile::TempDir>, Vec<String>), StoreError> {
    let in_place = || -> Result<_, StoreError> {
        let (index, mut notes) = open(layout, cache_bytes)?;
        notes.extend(catch_up::catch_up(&index, layout)?);
        Ok((index, None, notes))
    };
    match in_place() {
        Err(StoreError::IndexBusy) => copied(layout, cache_bytes, None),
        Err(error @ (StoreError::Index { .. } | StoreError::Io { .. })) => {
            // Also a disk that filled up while the index took in what it lacked.
            let Some(why) = why_unwritable(&layout.index_dir()) else { return Err(error) };
            copied(layout, cache_bytes, Some(why.to_string()))
        }
        answer => answer,
    }
}

/// A copy may have been taken in the middle of a write. What does not open is set aside beside the
/// copy, and the WARC files say the rest: slower, and as true.
fn copied(
    layout: &Layout,
    cache_bytes: u64,
    why: Option<String>,
) -> Result<(Index, Option<tempfile::TempDir>, Vec<String>), StoreError> {
    let disk = |why| StoreError::Io {
        doing: "copying",
        path: layout.index_dir().display().to_string(),
        why,
    };
    let open = |copy: &Path| {
        let (index, _) =
            Index::open(copy, &options(cache_bytes)).map_err(index_error("opening"))?;
        catch_up::catch_up_copy(&index, layout)?;
        Ok(index)
    };
    let (index, copy) = room::copied(&layout.index_dir(), disk, open)?;
    let notes = why.map(|why| {
        format!("reading from a copy of the index, since its place cannot be written: {why}")
    });
    Ok((index, Some(copy), notes.into_iter().collect()))
}

/// The same failure in the words of the store.
pub(super) fn index_error<E: Into<ArchiveError>>(doing: &'static str) -> impl Fn(E) -> StoreError {
    move |error| {
        let error: ArchiveError = error.into();
        match error.kind {
            ArchiveErrorKind::Busy => StoreError::IndexBusy,
            ArchiveErrorKind::Newer { found, known } => {
                let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
                StoreError::NewerFormat { found: narrow(found), known: narrow(known) }
            }
            _ => StoreError::Index { doing, why: error.why },
        }
    }
}

//! Opening the index of captures, consistent with the WARC files: owned by this process, or queried
//! where another process owns it.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use crate::archive::{ArchiveError, ArchiveErrorKind, CaptureStore};
use crate::index::Index;
use crate::kv::KvOptions;
use crate::owner::{Opened, Place, SharedCaptures};

use super::StoreError;
use super::catch_up::{self, CatchUpError};
use super::doubles;
use super::error::index_error;
use super::layout::{Layout, is_open, stable_name};
use super::repair;
use super::room::{self, why_unwritable};

/// For how long a process has an archive open, should it become the owner of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// For one answer. The index changes only when others ask for a write.
    Brief,
    /// Until it is closed: the index is tidied while it is open.
    Long,
}

pub(super) fn options(cache_bytes: u64, stay: Stay) -> KvOptions {
    let default = KvOptions { cache_bytes, ..KvOptions::default() };
    match stay {
        Stay::Brief => KvOptions { flush_every_ms: None, ..default },
        Stay::Long => default,
    }
}

/// Where the owner of an archive's index is found.
pub(super) fn place(layout: &Layout) -> Place {
    Place::new(layout.owner_dir())
}

/// What says, while it is kept, that a process stays; `None` for one that does not, and where nothing can be written.
pub(super) fn stay(layout: &Layout, stay: Stay) -> Result<Option<Arc<File>>, StoreError> {
    match stay {
        Stay::Brief => Ok(None),
        Stay::Long => match place(layout).stay() {
            Ok(kept) => Ok(Some(Arc::new(kept))),
            Err(error) if error.kind == ArchiveErrorKind::Busy => Err(StoreError::IndexBusy),
            Err(_) => Ok(None),
        },
    }
}

/// The index of an archive, whichever process owns it.
fn shared(
    layout: &Layout,
    cache_bytes: u64,
    stay: Stay,
) -> Result<(SharedCaptures, Vec<String>), StoreError> {
    let opened = layout.clone();
    let opener = Box::new(move || {
        let (index, notes) = caught_up(&opened, &options(cache_bytes, stay))?;
        Ok(Opened { store: Arc::new(index), notes })
    });
    let shared = SharedCaptures::open(place(layout), opener).map_err(index_error("opening"))?;
    let notes = shared.take_notes();
    Ok((shared, notes))
}

/// The index for its owner, in line with the WARC files. A damaged entry shows while catching up;
/// the index is then set aside and built again from the WARC files.
pub(super) fn caught_up(
    layout: &Layout,
    options: &KvOptions,
) -> Result<(Index, Vec<String>), ArchiveError> {
    let (index, mut notes) = Index::open(&layout.index_dir(), options)?;
    match catch_up::catch_up(&index, layout) {
        Ok(more) => {
            notes.extend(more);
            Ok((index, notes))
        }
        Err(error) if error.needs_rebuild() => {
            index.mark_damaged(&error.to_string());
            drop(index);
            let (fresh, more) = Index::open(&layout.index_dir(), options)?;
            notes.extend(more);
            notes.extend(catch_up::catch_up(&fresh, layout)?);
            Ok((fresh, notes))
        }
        Err(error) => Err(error.into()),
    }
}

/// The index for the writer: files left open by a dead process are repaired and sealed, and the
/// gap between the files and the index is closed. The second part says what was done.
pub(super) fn for_writing(
    layout: &Layout,
    cache_bytes: u64,
    given: Option<Arc<dyn CaptureStore>>,
) -> Result<(Arc<dyn CaptureStore>, Vec<String>), StoreError> {
    let (captures, mut notes): (Arc<dyn CaptureStore>, _) = match given {
        Some(given) => {
            // Before anything of this archive gets in.
            let strangers = Strangers::among(layout, &*given)?;
            if let Some(taken) = strangers.as_ref().filter(|strangers| strangers.is_all) {
                return Err(taken.refusal());
            }
            let mut notes = catch_up::catch_up(&*given, layout)?;
            notes.extend(strangers.map(|strangers| strangers.note()));
            (given, notes)
        }
        None => {
            let (shared, notes) = shared(layout, cache_bytes, Stay::Long)?;
            (Arc::new(shared), notes)
        }
    };
    let (mut files, twice) = layout.listed()?;
    if !twice.is_empty() {
        notes.extend(doubles::settle(layout, &twice)?);
        files = layout.warc_files()?;
    }
    let mut repaired = !twice.is_empty();
    for file in files {
        if is_open(&file) {
            let known = captures.mark_of(&stable_name(&file)).map_err(index_error("asking"))?;
            let durable = known.map_or(0, |known| known.indexed_to);
            notes.extend(repair::seal_left_open(layout, &file, durable)?);
            repaired = true;
        }
    }
    if repaired {
        notes.extend(catch_up::catch_up(&*captures, layout)?);
    }
    Ok((captures, notes))
}

/// The index, opened for a reader.
pub(super) struct ForReading {
    pub captures: Arc<dyn CaptureStore>,
    /// The copy that is read where the archive cannot be written.
    pub copy: Option<tempfile::TempDir>,
    /// What was repaired or caught up.
    pub notes: Vec<String>,
}

/// The index for a reader. Where the archive cannot be written, so that no process can own its index, a
/// copy of it is opened instead and caught up from the WARC files.
pub(super) fn for_reading(
    layout: &Layout,
    cache_bytes: u64,
    stay: Stay,
) -> Result<ForReading, StoreError> {
    match shared(layout, cache_bytes, stay) {
        Ok((shared, notes)) => Ok(ForReading { captures: Arc::new(shared), copy: None, notes }),
        Err(error @ (StoreError::Index { .. } | StoreError::Io { .. })) => {
            // Also a disk that filled up while the index took in what it lacked.
            let Some(why) = why_unwritable(&layout.index_dir()) else { return Err(error) };
            copied(layout, cache_bytes, &why.to_string())
        }
        Err(error) => Err(error),
    }
}

/// Captures that are kept elsewhere and are of files that this archive does not have. Each archive needs a place of its
/// own, since the followers of the files use the marks.
struct Strangers {
    files: usize,
    first: Arc<str>,
    /// Whether no capture is of this archive: then the place is another archive's. Otherwise they may be of files that
    /// this archive has lost.
    is_all: bool,
}

impl Strangers {
    /// Those among these captures; `None` where all are of this archive.
    fn among(layout: &Layout, given: &dyn CaptureStore) -> Result<Option<Self>, StoreError> {
        let own: HashSet<String> =
            layout.warc_files()?.iter().map(|file| stable_name(file)).collect();
        let mut marks = given.marks().map_err(index_error("asking"))?;
        marks.retain(|mark| mark.indexed_to > 0);
        let others: Vec<_> = marks.iter().filter(|mark| !own.contains(&*mark.file)).collect();
        // Without the list of the objects it is not known which files the archive has.
        let is_known = layout.bucket().is_none() || layout.ledger().exists();
        let is_all = is_known && others.len() == marks.len();
        let first = others.first().map(|first| Arc::clone(&first.file));
        Ok(first.map(|first| Self { files: others.len(), first, is_all }))
    }

    fn refusal(&self) -> StoreError {
        StoreError::CapturesTaken { files: self.files, file: self.first.to_string() }
    }

    fn note(&self) -> String {
        format!(
            "store.captures has captures of {} WARC files that are not in this archive ({} among them): give each archive its own schema (store.captures_schema); `pressmark reindex` removes them",
            self.files, self.first
        )
    }
}

/// Captures that are kept elsewhere, for a reader: with additional captures from the WARC files of this
/// archive, as far as the reader may add them. Nothing is added to those of another archive.
pub(super) fn given_for_reading(
    layout: &Layout,
    given: &dyn CaptureStore,
) -> Result<Vec<String>, StoreError> {
    let strangers = Strangers::among(layout, given)?;
    if let Some(taken) = strangers.filter(|strangers| strangers.is_all) {
        return Ok(vec![taken.refusal().to_string()]);
    }
    match catch_up::catch_up(given, layout) {
        Ok(notes) => Ok(notes),
        Err(CatchUpError::Index(error)) if error.kind == ArchiveErrorKind::ReadOnly => {
            Ok(vec![format!("the last captures may be missing: {error}")])
        }
        Err(error) => Err(error.into()),
    }
}

/// A copy may have been taken in the middle of a write. If it does not open, it is set aside next to the
/// copy, and the rest is read from the WARC files: slower, and as correct.
fn copied(layout: &Layout, cache_bytes: u64, why: &str) -> Result<ForReading, StoreError> {
    let disk = |why| StoreError::Io {
        doing: "copying",
        path: layout.index_dir().display().to_string(),
        why,
    };
    let open = |copy: &Path| {
        let (index, _) = Index::open(copy, &options(cache_bytes, Stay::Brief))
            .map_err(index_error("opening"))?;
        catch_up::catch_up_copy(&index, layout)?;
        Ok(index)
    };
    let (index, copy) = room::copied(&layout.index_dir(), disk, open)?;
    let note =
        format!("reading from a copy of the index, since its place cannot be written: {why}");
    Ok(ForReading { captures: Arc::new(index), copy: Some(copy), notes: vec![note] })
}

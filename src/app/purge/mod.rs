//! A capture's bytes, removed everywhere by order.
//!
//! In this order, so that a process that is killed at any step can continue from its journal: what is to be removed is found,
//! and written down without a byte of it (`plan`); a signed tombstone of each record is kept; the WARC files are
//! rewritten, with a record of the same length in its place, so that no other record moves; the log states the
//! tombstones under a new checkpoint; what was derived is deleted; the index is rebuilt from the files; objects of these
//! files are removed with all their versions, and the files sent as they are now (`remote`); and everything below the
//! archive is searched for what was removed (`search`).
//!
//! Every record that holds the same payload is removed, whatever its address: a remaining copy would be shown in place of the
//! one that was removed. Captures that only refer to it stay, without a payload. Leaves, proofs, checkpoints and
//! bundles are as they were.

mod journal;
mod packed;
mod plan;
mod remote;
mod search;

use std::collections::BTreeMap;
use std::path::Path;

use super::Setup;
use super::captures::{given_captures, open_own_reader};
use super::error::{AppError, store_error, writing_error};
use super::evidence::{extend, options};
use crate::archive::Capture;
use crate::base::{TimeRange, Timestamp};
use crate::config::keys;
use crate::evidence::extend::{OpenFiles, sha256_of};
use crate::evidence::leaf::Statement;
use crate::evidence::tombstone::{self, Kept, Tombstone};
use crate::evidence::{EvidenceError, Log};
use crate::store::{Layout, Lock, Stay, reindex, reindex_given, replace_members};
use crate::warc::Rounds;

use journal::Journal;
use remote::Remote;

/// What is to be removed, and why.
#[derive(Debug, Clone)]
pub struct PurgeRequest {
    /// The page.
    pub url: String,
    /// When it was captured: a period that holds one capture of the page and no other.
    pub at: TimeRange,
    /// The reason, for later readers.
    pub reason: String,
    /// Whether to report only what would be removed.
    pub dry_run: bool,
}

/// What was removed, or would be.
#[derive(Debug, Clone, Default)]
pub struct Purged {
    /// The records, each with what is said in its place.
    pub tombstones: Vec<Tombstone>,
    /// Captures that have lost their payload with them.
    pub without_payload: Vec<Capture>,
    /// Notes, as text.
    pub notes: Vec<String>,
    /// Files in which a part of what was removed is still found.
    pub found_in: Vec<String>,
    /// How many files were searched for it.
    pub searched: usize,
}

const DOING: &str = "purging";

fn evidence_error(why: EvidenceError) -> AppError {
    let hint = why.hint().map(str::to_owned);
    let error = AppError::failed(DOING, why);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Removes a capture's bytes. An interrupted purge is completed first.
///
/// # Errors
/// When there is no such capture, it was removed before, another process writes, or the disk fails; then the next call
/// continues.
pub fn purge(setup: &Setup, request: &PurgeRequest) -> Result<Purged, AppError> {
    Layout::new(&setup.archive).check().map_err(|why| store_error("opening the archive", why))?;
    let layout = Remote::open(setup)?.layout;
    let resumed = match request.dry_run {
        true => None,
        false => resume(setup)?,
    };
    let now = setup.clock.now();
    let log_options = options(&setup.settings);
    let trail = std::sync::Mutex::default();
    extend(&layout, &setup.settings, &OpenFiles::Leave, (&trail, &Rounds::default()), now)
        .map_err(evidence_error)?;
    let planned = {
        let (reader, _) = open_own_reader(&setup.settings, &setup.archive, Stay::Brief)?;
        plan::plan(&reader, &log_options, request, now)?
    };
    let mut done = Purged {
        tombstones: planned.removals.iter().map(|one| one.tombstone.clone()).collect(),
        without_payload: planned.revisits,
        notes: planned.notes,
        ..Purged::default()
    };
    if let Some(resumed) = resumed {
        done.notes.extend(resumed.notes);
        done.notes.push("an interrupted purge was completed first".to_owned());
    }
    if request.dry_run {
        return Ok(done);
    }
    let journal = Journal { removals: planned.removals };
    journal.write(&layout)?;
    done.notes.append(&mut finish(setup, &journal)?);
    let searched = search::search(&layout, &planned.windows)
        .map_err(|why| AppError::failed("searching for removed content", why))?;
    done.found_in = searched.found_in;
    done.searched = searched.files;
    Ok(done)
}

/// Completes an interrupted purge; what it removed. `None` where there is none.
///
/// # Errors
/// As [`purge`].
pub fn resume(setup: &Setup) -> Result<Option<Purged>, AppError> {
    let layout = Layout::new(&setup.archive);
    let Some(journal) = Journal::read(&layout)? else { return Ok(None) };
    let mut notes = finish(setup, &journal)?;
    notes.push(
        "the files of the archive were not searched for the removed content, since its bytes are no longer known".to_owned(),
    );
    let tombstones = journal.removals.into_iter().map(|one| one.tombstone).collect();
    Ok(Some(Purged { tombstones, notes, ..Purged::default() }))
}

/// All steps after the journal. Each may have been done before. Returns notes, as text.
fn finish(setup: &Setup, journal: &Journal) -> Result<Vec<String>, AppError> {
    let now = setup.clock.now();
    let remote = Remote::open(setup)?;
    let layout = &remote.layout;
    let mut names = Vec::new();
    let writing = |why| writing_error(DOING, layout.root(), why);
    {
        let lock = Lock::take(layout).map_err(writing)?;
        let mut files: BTreeMap<&str, Vec<(u64, Vec<u8>)>> = BTreeMap::new();
        let mut kept = Vec::new();
        for removal in &journal.removals {
            let note = removal.note()?;
            let one = Kept { tombstone: removal.tombstone.clone(), note };
            tombstone::keep(layout, &one).map_err(evidence_error)?;
            kept.push(one);
            let place = (removal.tombstone.offset, removal.member()?);
            files.entry(&removal.tombstone.file).or_default().push(place);
        }
        let mut digests = BTreeMap::new();
        for (name, mut members) in files {
            members.sort_unstable_by_key(|(offset, _)| *offset);
            remote.bring_home(&lock, name, now)?;
            names.push(name.to_owned());
            let path = replace_members(layout, &lock, name, &members).map_err(writing)?;
            let read = |why| AppError::failed(&format!("{DOING} in {name}"), why);
            digests.insert(name, sha256_of(layout, &path, 0, None).map_err(read)?.1);
        }
        state(layout, setup, &kept, &digests, now)?;
        forget_derived(layout)?;
    }
    let rebuilt = match given_captures(&setup.settings)? {
        Some((captures, _)) => reindex_given(layout, &*captures, &mut |_| {}),
        None => {
            let cache = setup.settings.bytes(keys::STORE_INDEX_CACHE_BYTES);
            reindex(layout, cache, &mut |_| {})
        }
    };
    rebuilt.map_err(writing)?;
    let lock = Lock::take(layout).map_err(writing)?;
    let mut notes = remote.replace(setup, &lock, &names)?;
    Journal::remove(layout)?;
    if !setup.settings.text(keys::STORE_ZIPNUM).is_empty() {
        notes.push(format!(
            "{} still lists the removed captures, without their bytes: `pressmark export --format zipnum` writes it again",
            keys::STORE_ZIPNUM.path()
        ));
    }
    Ok(notes)
}

/// Adds the tombstones to the log.
fn state(
    layout: &Layout,
    setup: &Setup,
    kept: &[Kept],
    digests: &BTreeMap<&str, [u8; 32]>,
    now: Timestamp,
) -> Result<(), AppError> {
    let log = Log::open(layout).map_err(evidence_error)?;
    let stated: Vec<[u8; 32]> = log.purged().map(|(_, tombstone, _)| tombstone).collect();
    let mut statements = Vec::new();
    for one in kept.iter().filter(|one| !stated.contains(&one.digest())) {
        let Tombstone { file, offset, .. } = &one.tombstone;
        let sha256 = digests.get(file.as_str()).copied().unwrap_or_default();
        statements.push(Statement::Purged {
            name: file.clone(),
            offset: *offset,
            tombstone: one.digest(),
            sha256,
        });
    }
    super::evidence::state(layout, &setup.settings, statements, now).map_err(evidence_error)
}

/// Deletes everything that is derived from records, which is derived again, and unfinished bodies of processes that died.
fn forget_derived(layout: &Layout) -> Result<(), AppError> {
    let gone = |path: &Path, done: std::io::Result<()>| match done {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
            Err(AppError::failed(&format!("deleting {}", path.display()), why))
        }
        _ => Ok(()),
    };
    let derived = layout.derived_dir();
    gone(&derived, std::fs::remove_dir_all(&derived))?;
    let tmp = layout.tmp_dir();
    let Ok(entries) = std::fs::read_dir(&tmp) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        let done = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        gone(&path, done)?;
    }
    Ok(())
}

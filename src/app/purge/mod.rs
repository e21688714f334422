//! A capture's bytes, removed everywhere by order.
//!
//! In this order, so that a process that is killed at any step can continue from its journal: the archive is taken for this
//! process alone, and a refusal leaves nothing behind; what is to be removed is found (`named`, `plan`), and written down
//! without a byte of it (`journal`); a signed tombstone of each record is kept; the WARC files are
//! rewritten, with a record of the same length in its place, so that no other record moves; the log states the
//! tombstones under a new checkpoint; what was derived is deleted; the index is rebuilt from the files; objects of these
//! files are removed with all their versions, and the files sent as they are now (`remote`); and everything below the
//! archive is searched for what was removed (`parts`, `search`). Other captures that hold the same text in another coding are
//! named (`same_text`).
//!
//! Every record that holds the same payload is removed, whatever its address: a remaining copy would be shown in place of the
//! one that was removed. Captures that only refer to it stay, without a payload. Leaves, proofs, checkpoints and
//! bundles are as they were.

mod journal;
mod named;
mod packed;
mod parts;
mod plan;
mod remote;
mod same_text;
mod search;

use std::collections::BTreeMap;
use std::path::Path;

use super::Setup;
use super::captures::{given_captures, open_own_reader};
use super::error::{AppError, store_error, writing_error};
use super::evidence::{extend, options};
use crate::base::{TimeRange, Timestamp};
use crate::config::keys;
use crate::evidence::extend::{OpenFiles, sha256_of};
use crate::evidence::leaf::Statement;
use crate::evidence::tombstone::{self, Kept, Tombstone};
use crate::evidence::{EvidenceError, Log};
use crate::store::{Alone, Layout, Lock, Stay, replace_members};
use crate::warc::Rounds;

use journal::{Journal, Removal};
use plan::Planned;
use remote::Remote;
use search::Searched;

pub use same_text::SameText;

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
    /// How many captures have lost their payload with them.
    pub without_payload: usize,
    /// Other captures that hold the same text in another coding, the first of each payload. They are left.
    pub same_text: Vec<SameText>,
    /// Notes, as text.
    pub notes: Vec<String>,
    /// Files in which a part of what was removed is still found.
    pub found_in: Vec<String>,
    /// How many files were searched for it.
    pub searched: usize,
}

impl Purged {
    fn of(journal: Journal, notes: Vec<String>) -> Self {
        let mut about = journal.about;
        let tombstones: Vec<Tombstone> =
            journal.removals.into_iter().map(|one| one.tombstone).collect();
        // A later order may have removed what an interrupted one named.
        about.same_text.retain(|one| {
            let mut says = tombstones.iter().filter_map(Tombstone::says);
            !says.any(|leaf| leaf.uri == one.url && leaf.date == one.date)
        });
        Self {
            tombstones,
            without_payload: about.without_payload,
            same_text: about.same_text,
            notes: about.notes.into_iter().chain(notes).collect(),
            ..Self::default()
        }
    }
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

/// Carries out an order. An interrupted one is completed first, and reported with it; where that is the same order, it is all
/// that is done. Nothing is written before the archive is taken for this process alone.
///
/// # Errors
/// When there is no such capture, it was removed before, another process writes or answers, or the disk fails; then the next
/// call continues.
pub fn purge(setup: &Setup, request: &PurgeRequest) -> Result<Done, AppError> {
    let layout = Layout::new(&setup.archive);
    layout.check().map_err(|why| store_error("opening the archive", why))?;
    named::reason(&request.reason)?;
    if request.dry_run {
        return dry_run(setup, request);
    }
    let work = Work::begin(setup)?;
    let mut journal = Journal::read(&layout)?.unwrap_or_default();
    let mut notes = Vec::new();
    let is_resumed = !journal.removals.is_empty();
    if is_resumed {
        notes.extend(work.finish(&journal.removals)?);
        notes.push("an interrupted purge was completed".to_owned());
    }
    let refused = match work.plan(request, &journal) {
        Ok(None) => None,
        Ok(Some(planned)) => {
            let removals = planned.removals.clone();
            journal.add(request, planned);
            journal.write(&layout)?;
            notes.extend(work.finish(&removals)?);
            None
        }
        Err(why) if is_resumed => Some(why),
        Err(why) => return Err(why),
    };
    work.done(journal, notes, refused)
}

/// Completes an interrupted purge; what it removed. `None` where there is none.
///
/// # Errors
/// As [`purge`].
pub fn resume(setup: &Setup) -> Result<Option<Done>, AppError> {
    let layout = Layout::new(&setup.archive);
    if Journal::read(&layout)?.is_none() {
        return Ok(None);
    }
    let work = Work::begin(setup)?;
    let Some(journal) = Journal::read(&layout)? else { return Ok(None) };
    let notes = work.finish(&journal.removals)?;
    work.done(journal, notes, None).map(Some)
}

/// Finds what an order would remove; of the archive, only its log is brought up to the records.
fn dry_run(setup: &Setup, request: &PurgeRequest) -> Result<Done, AppError> {
    let (layout, now) = (Remote::open(setup)?.layout, setup.clock.now());
    follow(&layout, setup, now)?;
    let (reader, _) = open_own_reader(&setup.settings, &setup.archive, Stay::Brief)?;
    let mut journal = Journal::default();
    journal.add(request, plan::plan(&reader, &options(&setup.settings), request, now)?);
    let pending = Journal::read(&layout)?.is_some();
    let note = "a purge was interrupted here, and is completed first".to_owned();
    let purged = Purged::of(journal, pending.then_some(note).into_iter().collect());
    Ok(Done { purged, refused: None, open: None })
}

/// A leaf for each record.
fn follow(layout: &Layout, setup: &Setup, now: Timestamp) -> Result<(), AppError> {
    let trail = std::sync::Mutex::default();
    extend(layout, &setup.settings, &OpenFiles::Leave, (&trail, &Rounds::default()), now)
        .map_err(evidence_error)
        .map(drop)
}

/// What was done, to be reported. The journal is deleted after that ([`Self::close`]), so that a process that is killed
/// before it could report is repeated by one that does.
#[derive(Debug)]
pub struct Done {
    /// What was removed, or would be.
    pub purged: Purged,
    /// Why only an interrupted purge was completed, and not the order that was given.
    pub refused: Option<AppError>,
    /// The journal's archive, and the lock without which it must not be deleted.
    open: Option<(Layout, Lock)>,
}

impl Done {
    /// Deletes the journal.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn close(self) -> Result<(), AppError> {
        self.open.map_or(Ok(()), |(layout, _lock)| Journal::remove(&layout))
    }
}

/// The archive, taken for a purge alone.
struct Work<'a> {
    setup: &'a Setup,
    remote: Remote,
    alone: Alone,
}

impl<'a> Work<'a> {
    /// Takes the archive; nothing of it is changed.
    fn begin(setup: &'a Setup) -> Result<Self, AppError> {
        let remote = Remote::open(setup)?;
        let given = given_captures(&setup.settings)?.map(|(captures, _)| captures);
        let cache_bytes = setup.settings.bytes(keys::STORE_INDEX_CACHE_BYTES);
        let alone = Alone::take(remote.layout.clone(), given, cache_bytes)
            .map_err(|why| writing_error(DOING, &setup.archive, why))?;
        Ok(Self { setup, remote, alone })
    }

    /// What an order removes; `None` where the purge in the journal has removed it.
    fn plan(&self, request: &PurgeRequest, journal: &Journal) -> Result<Option<Planned>, AppError> {
        let (layout, now) = (&self.remote.layout, self.setup.clock.now());
        follow(layout, self.setup, now)?;
        let options = options(&self.setup.settings);
        let planned =
            self.alone.read(|reader| match named::is_removed(reader, request, journal)? {
                true => Ok(None),
                false => plan::plan(reader, &options, request, now).map(Some),
            });
        planned.map_err(|why| writing_error(DOING, layout.root(), why))?
    }

    /// All steps after the journal. Each may have been done before. Returns notes, as text.
    fn finish(&self, removals: &[Removal]) -> Result<Vec<String>, AppError> {
        self.steps(removals).map_err(begun)
    }

    fn steps(&self, removals: &[Removal]) -> Result<Vec<String>, AppError> {
        let (setup, remote, lock) = (self.setup, &self.remote, self.alone.writer());
        let (layout, now) = (&remote.layout, setup.clock.now());
        let writing = |why| writing_error(DOING, layout.root(), why);
        let mut files: BTreeMap<&str, Vec<(u64, Vec<u8>)>> = BTreeMap::new();
        let mut kept = Vec::new();
        for removal in removals {
            let note = removal.note()?;
            let one = Kept { tombstone: removal.tombstone.clone(), note };
            tombstone::keep(layout, &one).map_err(evidence_error)?;
            kept.push(one);
            let place = (removal.tombstone.offset, removal.member()?);
            files.entry(&removal.tombstone.file).or_default().push(place);
        }
        let (mut digests, mut names) = (BTreeMap::new(), Vec::new());
        for (name, mut members) in files {
            members.sort_unstable_by_key(|(offset, _)| *offset);
            remote.bring_home(lock, name, now)?;
            names.push(name.to_owned());
            let path = replace_members(layout, lock, name, &members).map_err(writing)?;
            let read = |why| AppError::failed(&format!("{DOING} in {name}"), why);
            digests.insert(name, sha256_of(layout, &path, 0, None).map_err(read)?.1);
        }
        state(layout, setup, &kept, &digests, now)?;
        forget_derived(layout)?;
        self.alone.reindex().map_err(writing)?;
        let mut notes = remote.replace(setup, lock, &names)?;
        if !setup.settings.text(keys::STORE_ZIPNUM).is_empty() {
            notes.push(format!(
                "{} still lists the removed captures, without their bytes: `pressmark export --format zipnum` writes it again",
                keys::STORE_ZIPNUM.path()
            ));
        }
        Ok(notes)
    }

    /// What is said of it in the end, after a search for what was removed. Others may read the archive meanwhile.
    fn done(
        self,
        journal: Journal,
        mut notes: Vec<String>,
        refused: Option<AppError>,
    ) -> Result<Done, AppError> {
        let (layout, lock) = (self.remote.layout, self.alone.share());
        let searched = match journal.about.is_known() {
            true => search::search(&layout, &journal.about.parts)
                .map_err(|why| begun(AppError::failed("searching for removed content", why)))?,
            false => {
                notes.push(
                    "the files of the archive were not searched for the removed content: the journal of an earlier version does not have what that needs".to_owned(),
                );
                Searched::default()
            }
        };
        let purged = Purged {
            found_in: searched.found_in,
            searched: searched.files,
            ..Purged::of(journal, notes)
        };
        Ok(Done { purged, refused, open: Some((layout, lock)) })
    }
}

/// An error after the journal was written.
fn begun(why: AppError) -> AppError {
    const RESUME: &str =
        "the purge has begun: `pressmark purge --resume`, or the same command again, completes it";
    let hint = match &why.hint {
        Some(hint) if hint.contains("--resume") => hint.clone(),
        Some(hint) => format!("{hint}; {RESUME}"),
        None => RESUME.to_owned(),
    };
    why.hint(hint)
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

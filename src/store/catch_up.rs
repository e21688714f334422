//! The index after the WARC files: every record past a file's high-water mark.
//!
//! After a loss of power the marks cannot be relied on: the engine's writes are synced when it is flushed,
//! and of those since anything may be missing, a capture before a mark that is there. All files are then
//! read from their start; what the index has of them already stays as it is.
//!
//! A file that is still open ends in what may be no record, and after a loss of power it may have
//! holes before whole ones. It is read with every checksum and only up to the first damage, and
//! synced before the index is updated: a mark says that what is before it is durable.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::{
    ArchiveError, ArchiveErrorKind, BATCH_BYTES, Capture, CaptureBatch, CaptureSink, FileMark,
    Follower, Seen,
};
use crate::warc::ReadError;

use super::StoreError;
use super::bulk::SortedCaptures;
use super::error::index_error;
use super::layout::{Layout, is_imported, is_open, stable_name};
use super::records::{RECORDS_BETWEEN_COMMITS, Reading, Records};
use super::repair::is_damaged;

/// How far a rebuild has come.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// The file that is being read.
    pub file: String,
    /// Records read so far.
    pub records: u64,
    /// Bytes of WARC files read so far, and in all.
    pub bytes: (u64, u64),
}

/// A WARC file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub file: String,
    /// Why, as text.
    pub why: String,
}

/// What a rebuild did.
#[derive(Debug, Clone, Default)]
pub struct Reindexed {
    /// WARC files that were read or needed no reading.
    pub files: u64,
    /// Records read.
    pub records: u64,
    /// Captures indexed.
    pub captures: u64,
    /// What was odd, as text.
    pub notes: Vec<String>,
    /// Sealed files that could not be read. Each is tried again at the next opening.
    pub left_out: Vec<LeftOut>,
}

impl Reindexed {
    /// What was odd and what was left out, as text.
    pub(super) fn said(self) -> Vec<String> {
        let mut notes = self.notes;
        let count = self.left_out.len();
        notes.extend(self.left_out.first().map(|first| {
            format!(
                "WARC files that cannot be read were left out: {count}, the first is {}: {}; they are read at the first opening at which they can be",
                first.file, first.why
            )
        }));
        notes
    }
}

/// Why the index could not be caught up.
#[derive(Debug, thiserror::Error)]
pub(super) enum CatchUpError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] ArchiveError),
}

impl CatchUpError {
    /// Why a record cannot be read, without its place; other errors as they are.
    pub fn reason(self) -> String {
        match self {
            Self::Store(StoreError::Record { why, .. }) => why,
            error => error.to_string(),
        }
    }

    /// Whether the index contradicts the WARC files.
    pub fn needs_rebuild(&self) -> bool {
        matches!(self, Self::Index(error) if error.needs_rebuild())
    }
}

impl From<CatchUpError> for ArchiveError {
    fn from(error: CatchUpError) -> Self {
        match error {
            CatchUpError::Store(error) => Self::new(ArchiveErrorKind::System, error.to_string()),
            CatchUpError::Index(error) => error,
        }
    }
}

impl From<CatchUpError> for StoreError {
    fn from(error: CatchUpError) -> Self {
        match error {
            CatchUpError::Store(error) => error,
            CatchUpError::Index(error) => index_error("catching up")(error),
        }
    }
}

/// Indexes every record past the high-water mark of its file; what was odd, as text.
pub(super) fn catch_up(
    index: &dyn CaptureSink,
    layout: &Layout,
) -> Result<Vec<String>, CatchUpError> {
    Ok(run(index, layout, Kind::Own, &mut |_| {})?.said())
}

/// The same for a copy of the index that is discarded, while another process may be writing.
pub(super) fn catch_up_copy(
    index: &dyn CaptureSink,
    layout: &Layout,
) -> Result<Vec<String>, CatchUpError> {
    Ok(run(index, layout, Kind::Copy, &mut |_| {})?.said())
}

/// Which kind of index it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Own,
    Copy,
}

/// Brings `index` in line with every WARC file; `progress` gets how far it is. A sealed file that cannot be read, since
/// it is lost or its storage is away, is left out and keeps its mark, so that the next run reads it.
pub(super) fn run(
    index: &dyn CaptureSink,
    layout: &Layout,
    kind: Kind,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Reindexed, CatchUpError> {
    let mut done = Reindexed::default();
    let mut at = Progress::default();
    let suspect = index.is_suspect();
    if suspect {
        done.notes.push(
            "the system may have crashed while the index was open: it was compared with all WARC files"
                .to_owned(),
        );
    }
    let files = layout.warc_files()?;
    let marks = marks_of(index, &files)?;
    let length_of = |path: &Path| layout.length_of(path).unwrap_or(0);
    let mut bulk = None;
    if kind == Kind::Own && bytes_behind(&marks, &files, suspect, &length_of) >= BULK_BYTES_MIN {
        bulk = Some(SortedCaptures::new(layout));
    }
    at.bytes.1 = files.iter().map(|f| length_of(f)).sum();
    let mut storage = Storage::of(layout);
    for (path, known) in files.iter().zip(marks) {
        let name = stable_name(path);
        let length = length_of(path);
        let is_behind = suspect || known.as_ref().is_none_or(|file| file.indexed_to < length);
        // Another process may have moved it on since all marks were asked for.
        let known = if is_behind { index.mark_of(&name)? } else { known };
        let mark = known.as_ref().map_or(0, |f| f.indexed_to);
        let mark = if suspect { 0 } else { mark };
        if mark > length {
            done.notes.push(format!(
                "{name}: the index knows records up to {mark}, but the file ends at {length}; `pressmark verify` shows details"
            ));
        }
        if mark < length {
            if kind == Kind::Own && is_open(path) {
                let fail = |why| StoreError::Io {
                    doing: "syncing",
                    path: path.display().to_string(),
                    why,
                };
                File::open(path).and_then(|file| file.sync_all()).map_err(fail)?;
            }
            at.file.clone_from(&name);
            let mut one_by_one = CapturesFollower { index, pending: Vec::new(), pending_bytes: 0 };
            let follower: &mut dyn Follower = match &mut bulk {
                // What is still being written has to be visible to others soon.
                Some(sorted) if !is_open(path) => sorted,
                _ => &mut one_by_one,
            };
            let read = || {
                one_file(
                    follower,
                    layout,
                    (path, !is_imported(path)),
                    &name.as_str().into(),
                    (mark, known.map_or(0, |file| file.indexed_to)),
                    &mut done,
                    &mut |records, offset| {
                        at.records = records;
                        let bytes = (at.bytes.0 + offset, at.bytes.1);
                        progress(&Progress { bytes, ..at.clone() });
                    },
                )
            };
            let read = storage.unless_away(path, read);
            at.bytes.0 += length;
            match read {
                Err(CatchUpError::Store(StoreError::Record { why, .. })) if !is_open(path) => {
                    if suspect {
                        forget_mark(index, &name)?;
                    }
                    done.left_out.push(LeftOut { file: name, why });
                    continue;
                }
                read => read?,
            }
            done.files += 1;
            continue;
        }
        at.bytes.0 += length;
        done.files += 1;
    }
    if let Some(sorted) = bulk {
        sorted.load(index)?;
    }
    index.flush()?;
    index.mark_consistent()?;
    Ok(done)
}

/// The object storage while files are read: once it has not answered, it is not asked for the next one. With an archive
/// of years in it every request would be tried several times.
pub(super) struct Storage<'a> {
    layout: &'a Layout,
    away: Option<String>,
}

impl<'a> Storage<'a> {
    pub fn of(layout: &'a Layout) -> Self {
        Self { layout, away: None }
    }

    fn unanswered(&self) -> u64 {
        self.layout.bucket().map_or(0, |bucket| bucket.unanswered())
    }

    /// What `read` of this file gives, or why its storage did not answer before.
    pub fn unless_away(
        &mut self,
        path: &Path,
        read: impl FnOnce() -> Result<(), CatchUpError>,
    ) -> Result<(), CatchUpError> {
        let is_here = path.exists();
        if let Some(why) = self.away.as_ref().filter(|_| !is_here) {
            let (file, why) = (stable_name(path), why.clone());
            return Err(StoreError::Record { file, offset: 0, why }.into());
        }
        let before = self.unanswered();
        let done = read();
        if let Err(CatchUpError::Store(StoreError::Record { why, .. })) = &done
            && !is_here
            && self.unanswered() > before
        {
            self.away = Some(why.clone());
        }
        done
    }
}

/// Sets the mark of a file back, whose captures before it may be missing.
fn forget_mark(index: &dyn CaptureSink, name: &str) -> Result<(), ArchiveError> {
    let mark = FileMark { file: name.into(), indexed_to: 0, sealed_size: None };
    index.apply(CaptureBatch { captures: Vec::new(), marks: vec![mark] }).map(drop)
}

/// From this many bytes of WARC files on that the index lacks, captures are sorted before they are put in:
/// some hundred thousand of them.
const BULK_BYTES_MIN: u64 = 256 << 20;

/// What is known of each file, asked together: of an archive of years, most files are done with.
fn marks_of(
    index: &dyn CaptureSink,
    files: &[PathBuf],
) -> Result<Vec<Option<FileMark>>, ArchiveError> {
    let names: Vec<String> = files.iter().map(|path| stable_name(path)).collect();
    index.marks_of(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// How many bytes of sealed files the index lacks.
fn bytes_behind(
    marks: &[Option<FileMark>],
    files: &[PathBuf],
    suspect: bool,
    length_of: &dyn Fn(&Path) -> u64,
) -> u64 {
    let mut behind = 0;
    for (path, mark) in files.iter().zip(marks).filter(|(path, _)| !is_open(path)) {
        let length = length_of(path);
        let mark = mark.as_ref().map_or(0, |mark| mark.indexed_to);
        behind += length.saturating_sub(if suspect { 0 } else { mark });
    }
    behind
}

fn one_file(
    captures: &mut dyn Follower,
    layout: &Layout,
    (path, is_own): (&Path, bool),
    name: &Arc<str>,
    (from, known): (u64, u64),
    done: &mut Reindexed,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(), CatchUpError> {
    let fail =
        |offset: u64, why: String| StoreError::Record { file: name.to_string(), offset, why };
    let length = layout.length_of(path).map_err(|e| fail(from, e.to_string()))?;
    let input = layout.open_file(path).map_err(|e| fail(from, e.to_string()))?;
    let is_open = is_open(path);
    let reading = match (is_own, is_open) {
        (true, false) => Reading::ByLength,
        (true, true) => Reading::Whole,
        // The lengths that other programs state may be wrong.
        (false, _) => Reading::Searching,
    };
    let mut records = Records::new(input, name, from, reading);
    // A mark of a file that is still open never goes back: it marks what is known to be durable.
    let mark_at = |reached: u64| FileMark {
        file: Arc::clone(name),
        indexed_to: if is_open { reached.max(known) } else { reached },
        sealed_size: None,
    };
    let (mut reached, mut shown) = (from, 0);
    loop {
        let found = match records.next() {
            Ok(found) => found,
            // The tail of a file that another process is writing, or a damaged place: later
            // records are found by a search, which `verify` reports on.
            Err(ReadError::NoRecord { .. }) if shown == 0 && from > 0 => None,
            Err(error) => return Err(fail(reached, error.to_string()).into()),
        };
        let Some(mut found) = found else { break };
        if is_open {
            let findings = records.take_findings();
            // What is before the mark was durable when it was made: damage there is for `verify`.
            let ends = is_damaged(&findings, from.max(known));
            done.notes.extend(findings.iter().map(ToString::to_string));
            if ends {
                break;
            }
        }
        shown += 1;
        done.records += 1;
        let Some(seen) = found.seen(name) else { continue };
        reached = seen.end;
        done.captures += u64::from(seen.capture.is_some());
        captures.record(seen)?;
        if shown % RECORDS_BETWEEN_COMMITS == 0 {
            captures.commit(&mark_at(reached))?;
            progress(done.records, reached);
        }
    }
    // What follows the last whole record of a file that is no longer written does not change: it is not
    // read and reported at every opening.
    captures.commit(&mark_at(if is_open { reached } else { reached.max(length) }))?;
    done.notes.extend(records.take_findings().iter().map(ToString::to_string));
    Ok(())
}

/// The index as a follower. It comes first: its marks show the other followers what is durable.
struct CapturesFollower<'a> {
    index: &'a dyn CaptureSink,
    pending: Vec<Capture>,
    /// The bytes of their texts.
    pending_bytes: usize,
}

impl CapturesFollower<'_> {
    fn apply(&mut self, marks: Vec<FileMark>) -> Result<(), ArchiveError> {
        let captures = std::mem::take(&mut self.pending);
        self.pending_bytes = 0;
        self.index.apply(CaptureBatch { captures, marks }).map(drop)
    }
}

impl Follower for CapturesFollower<'_> {
    fn mark(&self, file: &str) -> Result<u64, ArchiveError> {
        Ok(self.index.mark_of(file)?.map_or(0, |mark| mark.indexed_to))
    }

    fn record(&mut self, record: Seen<'_>) -> Result<(), ArchiveError> {
        let Some(capture) = record.capture else { return Ok(()) };
        self.pending_bytes += capture.text_bytes();
        self.pending.push(capture);
        if self.pending_bytes >= BATCH_BYTES {
            // Without the mark: what is in already is one capture when it comes again.
            self.apply(Vec::new())?;
        }
        Ok(())
    }

    /// Takes the captures in with the mark; they are durable when the index is flushed, and after a loss of
    /// power before that it is read again from the start.
    fn commit(&mut self, mark: &FileMark) -> Result<(), ArchiveError> {
        self.apply(vec![mark.clone()])
    }
}

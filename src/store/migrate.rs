//! Captures moved from one backend to another: copied in order, compared in order, and only then marked as complete.
//!
//! What was copied so far is noted after every few batches, so that a move that was interrupted continues from there.
//! The source stays as it is. Deliberately does not know which backends these are.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::archive::{
    Capture, CaptureBatch, CaptureStore, Cursor, FileMark, LOAD_BATCH, Query, next_batch,
};
use crate::index::Index;
use crate::kv::KvOptions;

use super::durable::make_whole;
use super::error::index_error;
use super::layout::{Layout, stable_name};
use super::lock::Lock;
use super::lookup::Reader;
use super::open::place;
use super::{StoreError, durable};

/// Batches that are copied between two notes.
const BATCHES_A_NOTE: usize = 10;

/// The name of the note, in the folder of what is derived.
const NOTE: &str = "migrate.json";

/// What was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Captures that were not there before, in this run.
    pub copied: u64,
    /// Captures that are on both sides and were compared.
    pub compared: u64,
    /// WARC files whose marks were moved.
    pub files: usize,
    /// Whether an earlier run was continued.
    pub is_resumed: bool,
}

/// Why captures were not moved. The source is as it was.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// Either side failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The other side has captures of files that this archive does not have. Nothing was copied.
    #[error(
        "there are captures of WARC files that are not in this archive ({file} among them), and nothing was copied"
    )]
    Strangers {
        /// The first of the files.
        file: String,
    },
    /// Both sides are complete, and differ.
    #[error("the two indexes differ after {compared} captures: {what}")]
    Differs {
        /// How many captures from the start are the same.
        compared: u64,
        /// How they differ.
        what: String,
    },
}

/// How far a move is.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// Where to.
    to: String,
    /// What was copied last.
    after: Cursor,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Captures are copied.
    Copying,
    /// Both sides are compared.
    Comparing,
}

/// The archive's own index, for captures to be moved into: as it is, not brought up to the WARC files. No process
/// may answer from it meanwhile.
#[derive(Debug)]
pub struct OwnIndex {
    index: Index,
    _owner: fs::File,
}

impl OwnIndex {
    /// Takes the index of the archive.
    ///
    /// # Errors
    /// When another process has it open, or it cannot be opened.
    pub fn take(layout: &Layout, cache_bytes: u64) -> Result<Self, StoreError> {
        let owner = place(layout).claim().map_err(index_error("taking"))?;
        let dir = layout.index_dir();
        let failed = |why| StoreError::Io { doing: "making", path: dir.display().to_string(), why };
        durable::make_dirs(&dir).map_err(failed)?;
        let options = KvOptions { cache_bytes, ..KvOptions::default() };
        let (index, _) = Index::open(&dir, &options).map_err(index_error("opening"))?;
        Ok(Self { index, _owner: owner })
    }

    /// The captures in it.
    #[must_use]
    pub fn captures(&self) -> &dyn CaptureStore {
        &self.index
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn close(self) -> Result<(), StoreError> {
        self.index.close().map_err(index_error("closing"))
    }
}

/// Moves the archive's captures to `to`, whose name for the note is `name`. `progress` gets the number of captures
/// copied or compared. No process may write to the archive meanwhile.
///
/// # Errors
/// When another process writes, either side fails, `to` has captures of other files, or the two are not the same in
/// the end.
pub fn migrate(
    from: &Reader,
    to: &dyn CaptureStore,
    name: &str,
    progress: &mut dyn FnMut(Stage, u64),
) -> Result<Migrated, MigrateError> {
    let _lock = Lock::take(from.layout())?;
    let source = from.store();
    let marks = source.marks().map_err(index_error("asking"))?;
    refuse_strangers(from.layout(), &marks, to)?;
    let note = NoteFile::in_archive(from.layout())?;
    let after = note.load(name);
    let mut done = Migrated { is_resumed: after.is_some(), ..Migrated::default() };
    copy(source, to, (&note, name), after, &mut done, progress)?;
    let compared = compare(source, to, progress);
    done.compared = match compared {
        // The captures up to the note may have been removed since: all of them are put in again.
        Err(MigrateError::Differs { .. }) if done.is_resumed => {
            note.remove();
            copy(source, to, (&note, name), None, &mut done, progress)?;
            compare(source, to, progress)?
        }
        compared => compared?,
    };
    // Only now: without its mark a file is read again by the next process that opens that side.
    done.files = marks.len();
    let batch = CaptureBatch { captures: Vec::new(), marks: marks.clone() };
    to.apply(batch).map_err(index_error("writing"))?;
    to.flush().map_err(index_error("flushing"))?;
    same_marks(&marks, to, done.compared)?;
    if !source.is_suspect() {
        to.mark_consistent().map_err(index_error("writing"))?;
    }
    note.remove();
    Ok(done)
}

/// Refuses a place that has captures of other files than this archive's. One whose file has no mark there was left by
/// a move that was interrupted, or is of a file that was taken out: captures say which.
fn refuse_strangers(
    layout: &Layout,
    marks: &[FileMark],
    to: &dyn CaptureStore,
) -> Result<(), MigrateError> {
    let mut own: HashSet<String> = marks.iter().map(|mark| mark.file.to_string()).collect();
    own.extend(layout.warc_files()?.iter().map(|path| stable_name(path)));
    let mut others = to.marks().map_err(index_error("asking"))?;
    others.retain(|mark| !own.contains(&*mark.file));
    let marked = others.iter().find(|mark| mark.indexed_to > 0);
    let mut file = marked.map(|mark| mark.file.to_string());
    if file.is_none() && !others.is_empty() {
        for capture in to.scan(&Query::everything()) {
            let capture = capture.map_err(index_error("asking"))?;
            if !own.contains(&*capture.file) {
                file = Some(capture.file.to_string());
                break;
            }
        }
    }
    file.map_or(Ok(()), |file| Err(MigrateError::Strangers { file }))
}

fn copy(
    source: &dyn CaptureStore,
    to: &dyn CaptureStore,
    (note, name): (&NoteFile, &str),
    after: Option<Cursor>,
    done: &mut Migrated,
    progress: &mut dyn FnMut(Stage, u64),
) -> Result<(), MigrateError> {
    let mut captures = source.scan(&Query { after, ..Query::everything() });
    let (mut count, mut batches) = (0, 0);
    loop {
        let batch = next_batch(&mut captures).map_err(index_error("asking"))?;
        let Some(last) = batch.last().map(Cursor::after) else { break };
        count += batch.len() as u64;
        let applied = to.apply(CaptureBatch { captures: batch, marks: Vec::new() });
        done.copied += applied.map_err(index_error("writing"))?.added;
        batches += 1;
        if batches % BATCHES_A_NOTE == 0 {
            to.flush().map_err(index_error("flushing"))?;
            note.save(&Note { to: name.to_owned(), after: last })?;
        }
        progress(Stage::Copying, count);
    }
    to.flush().map_err(index_error("flushing"))?;
    Ok(())
}

/// Goes through both sides in order. Gives back how many captures they have.
fn compare(
    source: &dyn CaptureStore,
    to: &dyn CaptureStore,
    progress: &mut dyn FnMut(Stage, u64),
) -> Result<u64, MigrateError> {
    let (mut ours, mut theirs) = (source.scan(&Query::everything()), to.scan(&Query::everything()));
    let mut compared = 0;
    loop {
        let one = ours.next().transpose().map_err(index_error("asking"))?;
        let other = theirs.next().transpose().map_err(index_error("asking"))?;
        let what = match (one, other) {
            (None, None) => return Ok(compared),
            (Some(one), Some(other)) if one == other => {
                compared += 1;
                if compared % LOAD_BATCH as u64 == 0 {
                    progress(Stage::Comparing, compared);
                }
                continue;
            }
            (Some(one), None) => format!("{} is missing", named(&one)),
            (None, Some(other)) => format!("{} is not in the archive", named(&other)),
            (Some(one), Some(other)) => format!("{} is not {}", named(&other), named(&one)),
        };
        return Err(MigrateError::Differs { compared, what });
    }
}

fn named(capture: &Capture) -> String {
    format!("{} of {} in {}", capture.url, capture.date.to_warc_date(), capture.file)
}

fn same_marks(
    marks: &[FileMark],
    to: &dyn CaptureStore,
    compared: u64,
) -> Result<(), MigrateError> {
    let names: Vec<&str> = marks.iter().map(|mark| &*mark.file).collect();
    let found = to.marks_of(&names).map_err(index_error("asking"))?;
    let differs = marks.iter().zip(&found).find(|(mark, found)| found.as_ref() != Some(*mark));
    match differs {
        None => Ok(()),
        Some((mark, found)) => {
            let reached = found.as_ref().map_or(0, |found| found.indexed_to);
            let what = format!("{} is in up to {reached}, not {}", mark.file, mark.indexed_to);
            Err(MigrateError::Differs { compared, what })
        }
    }
}

/// Where it is noted how far a move is.
struct NoteFile(PathBuf);

impl NoteFile {
    fn in_archive(layout: &Layout) -> Result<Self, StoreError> {
        let dir = layout.derived_dir();
        let failed = |why| StoreError::Io { doing: "making", path: dir.display().to_string(), why };
        durable::make_dirs(&dir).map_err(failed)?;
        Ok(Self(dir.join(NOTE)))
    }

    /// How far an earlier run to the same place was. `None` where the note cannot be read: then everything is
    /// copied.
    fn load(&self, to: &str) -> Option<Cursor> {
        let note: Note = serde_json::from_slice(&fs::read(&self.0).ok()?).ok()?;
        (note.to == to).then_some(note.after)
    }

    fn save(&self, note: &Note) -> Result<(), StoreError> {
        let path: &Path = &self.0;
        let failed =
            |why| StoreError::Io { doing: "writing", path: path.display().to_string(), why };
        let bytes = serde_json::to_vec(note).map_err(|why| failed(why.into()))?;
        make_whole(path, failed, |mut file| file.write_all(&bytes).map_err(failed))
    }

    fn remove(&self) {
        // A note that stays only causes a second copy.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::Write as _;

    use super::*;
    use crate::archive::{
        Answers, Applied, ArchiveError, ArchiveErrorKind, CaptureSink, Captures, HostCount,
        HostCounts,
    };
    use crate::base::Digest;

    /// A backend that fails after a number of batches.
    #[derive(Debug)]
    struct Failing<'a>(&'a Index, std::sync::Mutex<Cell<usize>>);

    impl Captures for Failing<'_> {
        fn scan(&self, query: &Query) -> Answers<'_> {
            Captures::scan(self.0, query)
        }
        fn by_payload(&self, digest: &Digest) -> Result<Option<Capture>, ArchiveError> {
            Captures::by_payload(self.0, digest)
        }
        fn hosts(&self) -> HostCounts<'_> {
            Captures::hosts(self.0)
        }
        fn host_of(&self, url: &str) -> Result<Option<HostCount>, ArchiveError> {
            Captures::host_of(self.0, url)
        }
        fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
            Captures::bytes(self.0)
        }
    }

    impl CaptureSink for Failing<'_> {
        fn apply(&self, batch: CaptureBatch) -> Result<Applied, ArchiveError> {
            let left = self.1.lock().unwrap();
            let Some(fewer) = left.get().checked_sub(1) else {
                return Err(ArchiveError::new(ArchiveErrorKind::System, "cut off"));
            };
            left.set(fewer);
            CaptureSink::apply(self.0, batch)
        }
        fn marks(&self) -> Result<Vec<FileMark>, ArchiveError> {
            CaptureSink::marks(self.0)
        }
        fn flush(&self) -> Result<(), ArchiveError> {
            CaptureSink::flush(self.0)
        }
        fn mark_damaged(&self, why: &str) {
            CaptureSink::mark_damaged(self.0, why);
        }
    }

    fn archive(count: usize) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new(root.path());
        layout.create().unwrap();
        let mut records = String::new();
        for n in 0..count {
            let block = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            write!(
                records,
                "WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://example/{}\r\n\
                 WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Record-ID: <urn:uuid:{n:032x}>\r\n\
                 Content-Type: application/http;msgtype=response\r\nContent-Length: {}\r\n\r\n{block}\r\n\r\n",
                n % 997,
                block.len()
            )
            .unwrap();
        }
        std::fs::write(layout.warc_dir().join("one.warc"), records).unwrap();
        root
    }

    fn index(dir: &Path) -> Index {
        Index::open(dir, &KvOptions::default()).unwrap().0
    }

    #[test]
    fn a_move_that_was_cut_off_goes_on_and_both_sides_are_the_same() {
        let count = LOAD_BATCH * (BATCHES_A_NOTE + 1) + 7;
        let root = archive(count);
        let (reader, _) = Reader::open(root.path(), 8 << 20).unwrap();
        let other = tempfile::tempdir().unwrap();
        let to = index(other.path());
        let failing = Failing(&to, std::sync::Mutex::new(Cell::new(BATCHES_A_NOTE + 1)));
        let failed = migrate(&reader, &failing, "there", &mut |_, _| {}).unwrap_err();
        assert!(failed.to_string().contains("cut off"), "{failed}");
        assert!(to.marks().unwrap().iter().all(|mark| mark.indexed_to == 0), "nothing is promised");
        let done = migrate(&reader, &to, "there", &mut |_, _| {}).unwrap();
        assert!(done.is_resumed);
        assert_eq!(done.copied, 7, "what was copied after the note is there once");
        assert_eq!(done.compared, count as u64);
        assert_eq!(to.marks().unwrap(), reader.store().marks().unwrap());
        // A second time nothing is copied, and all is compared.
        let again = migrate(&reader, &to, "there", &mut |_, _| {}).unwrap();
        assert_eq!((again.copied, again.compared, again.is_resumed), (0, count as u64, false));
    }

    #[test]
    fn nothing_is_copied_to_where_captures_of_other_files_are() {
        let root = archive(20);
        let (reader, _) = Reader::open(root.path(), 8 << 20).unwrap();
        let first = reader.query(&Query::everything()).next().unwrap().unwrap();
        let stranger = Capture { file: "other.warc".into(), ..first };
        let mark = FileMark { file: "other.warc".into(), indexed_to: 9, sealed_size: None };
        for (captures, marks) in [(vec![stranger], vec![]), (vec![], vec![mark])] {
            let other = tempfile::tempdir().unwrap();
            let to = index(other.path());
            let before = captures.len();
            to.apply(CaptureBatch { captures, marks }).unwrap();
            let error = migrate(&reader, &to, "there", &mut |_, _| {}).unwrap_err();
            assert!(matches!(error, MigrateError::Strangers { .. }), "{error}");
            assert_eq!(Captures::scan(&to, &Query::everything()).count(), before);
        }
        // A file whose captures were taken out is no obstacle.
        let other = tempfile::tempdir().unwrap();
        let to = index(other.path());
        let empty = FileMark { file: "other.warc".into(), indexed_to: 0, sealed_size: None };
        to.apply(CaptureBatch { captures: vec![], marks: vec![empty] }).unwrap();
        assert_eq!(migrate(&reader, &to, "there", &mut |_, _| {}).unwrap().copied, 20);
    }

    #[test]
    fn an_outdated_note_costs_a_second_copy_and_foreign_captures_are_reported() {
        let root = archive(20);
        let (reader, _) = Reader::open(root.path(), 8 << 20).unwrap();
        let other = tempfile::tempdir().unwrap();
        let to = index(other.path());
        let last = reader.query(&Query::everything()).last().unwrap().unwrap();
        let note = NoteFile::in_archive(reader.layout()).unwrap();
        note.save(&Note { to: "there".to_owned(), after: Cursor::after(&last) }).unwrap();
        let done = migrate(&reader, &to, "there", &mut |_, _| {}).unwrap();
        assert_eq!((done.copied, done.compared), (20, 20));
        let stranger = Capture { file: "other.warc".into(), urlkey: "zz)/".to_owned(), ..last };
        to.apply(CaptureBatch { captures: vec![stranger], marks: Vec::new() }).unwrap();
        let error = migrate(&reader, &to, "there", &mut |_, _| {}).unwrap_err().to_string();
        assert!(error.contains("nothing was copied") && error.contains("other.warc"), "{error}");
        let lock = Lock::take(reader.layout()).unwrap();
        let busy = migrate(&reader, &to, "there", &mut |_, _| {}).unwrap_err();
        assert!(matches!(busy, MigrateError::Store(StoreError::Locked { .. })), "{busy}");
        drop(lock);
    }
}

//! The log after the WARC files: a leaf for every record that has none, then a checkpoint.
//!
//! May be called at any time: at the end of a run, or from time to time during one. A call that is left out loses
//! nothing: the next one finds what is missing. Files are taken in the order in which they were first seen, and new ones
//! by name.
//!
//! Before the first record of an imported file comes a statement that it was imported, under the same
//! checkpoint as its records: the first one that follows states it.
//!
//! What the run itself has written need not be read again: the store's trail has its records and
//! the digests of its files. A trail that does not fit its file is passed over.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::derive::Deriver;
use super::key::Options;
use super::leaf::{ENTRY_LEN, Statement};
use super::log::{Appender, Log};
use super::{Checkpoint, EvidenceError};
use crate::base::Timestamp;
use crate::store::layout::{is_imported, is_open, stable_name};
use crate::store::{AppendLog, FileAppends, Layout};

/// How files that are still being written are treated.
pub enum OpenFiles<'a> {
    /// They are skipped.
    Leave,
    /// They are taken up to where this says that they are durable.
    UpTo(&'a dyn Fn(&str) -> Option<u64>),
}

/// What a call did.
#[derive(Debug, Clone, Default)]
pub struct Extended {
    /// Leaves of records.
    pub records: u64,
    /// Files that were sealed.
    pub files: u64,
    /// The newest checkpoint; `None` where nothing was new.
    pub checkpoint: Option<Checkpoint>,
    /// Whether this call signed that checkpoint, rather than another archive that shares the log.
    pub signed: bool,
    /// For how long the oldest part of a log that archives share has been waiting for a checkpoint; `None` where each is
    /// under one.
    pub waiting: Option<Duration>,
    /// Irregularities, as text.
    pub notes: Vec<String>,
}

/// Appends what is not in the log yet and signs a checkpoint.
///
/// # Errors
/// When another process appends, the key is missing, or the disk fails.
pub fn extend(
    layout: &Layout,
    options: &Options,
    open: &OpenFiles<'_>,
    now: Timestamp,
) -> Result<Extended, EvidenceError> {
    extend_along(layout, options, open, &Mutex::default(), now)
}

/// As [`extend`], with what this process has written itself, whose records were marked by
/// [`mark_of`](super::leaf::mark_of). The log is the same as without.
///
/// # Errors
/// As [`extend`].
pub fn extend_along(
    layout: &Layout,
    options: &Options,
    open: &OpenFiles<'_>,
    trail: &Mutex<AppendLog>,
    now: Timestamp,
) -> Result<Extended, EvidenceError> {
    let mut appender = Appender::open(layout, options)?;
    let mut done = Extended::default();
    let known = Known::of(appender.log());
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in layout.warc_files()? {
        paths.insert(stable_name(&path), path);
    }
    let seen = appender.log().ledger().names().to_vec();
    let mut left: BTreeSet<String> = paths.keys().cloned().collect();
    let mut names: Vec<String> = seen.into_iter().filter(|name| left.remove(name)).collect();
    names.extend(left);
    for name in names {
        let (Some(path), false) = (paths.get(&name), known.sealed.contains(&name)) else {
            continue;
        };
        let is_open = is_open(path);
        let bound = match (is_open, open) {
            (false, _) => None,
            (true, OpenFiles::Leave) => continue,
            (true, OpenFiles::UpTo(durable)) => match durable(&name) {
                Some(bound) => Some(bound),
                None => continue,
            },
        };
        // Held for the time of a hand-over: the writer adds to it.
        let own = trail.lock().unwrap_or_else(PoisonError::into_inner).take(&name);
        let mut one =
            OneFile { layout, sink: &mut appender, name: &name, path, own, done: &mut done };
        match one.follow(&known, bound) {
            Ok(()) if bound.is_none() => {
                trail.lock().unwrap_or_else(PoisonError::into_inner).forget(&name);
            }
            Ok(()) => {}
            Err(FileError::Internal(error)) => return Err(error),
            Err(FileError::File(why)) => {
                done.notes.push(format!(
                    "{name}: not in the evidence log: {why}; `pressmark verify` shows details"
                ));
            }
        }
    }
    done.checkpoint = appender.checkpoint(now)?;
    done.signed = done.checkpoint.is_some();
    Ok(done)
}

/// The receiver of leaves, in order.
pub(super) trait LeafSink {
    /// Takes the leaf of a record.
    fn record(
        &mut self,
        entry: &[u8; ENTRY_LEN],
        file: &str,
        offset: u64,
        within: u32,
    ) -> Result<(), EvidenceError>;

    /// Takes a statement.
    fn state(&mut self, statement: Statement) -> Result<(), EvidenceError>;

    /// The place of the last record of a file that went there.
    fn last_of(&self, file: &str) -> Result<Option<(u64, u32)>, EvidenceError>;
}

impl LeafSink for Appender {
    fn record(
        &mut self,
        entry: &[u8; ENTRY_LEN],
        file: &str,
        offset: u64,
        within: u32,
    ) -> Result<(), EvidenceError> {
        Self::record(self, entry, file, offset, within)
    }

    fn state(&mut self, statement: Statement) -> Result<(), EvidenceError> {
        Self::state(self, statement)
    }

    fn last_of(&self, file: &str) -> Result<Option<(u64, u32)>, EvidenceError> {
        self.log().last_of(file)
    }
}

/// What the statements say of files.
#[derive(Default)]
pub(super) struct Known {
    pub(super) sealed: BTreeSet<String>,
    pub(super) spans: BTreeMap<String, u64>,
    pub(super) adopted: BTreeSet<String>,
}

impl Known {
    fn of(log: &Log) -> Self {
        let mut known = Self::default();
        for (_, statement) in log.ledger().statements() {
            match statement {
                Statement::File { name, .. } => {
                    known.sealed.insert(name.clone());
                }
                Statement::Span { name, to, .. } => {
                    known.spans.insert(name.clone(), *to);
                }
                Statement::Adopted { name } => {
                    known.adopted.insert(name.clone());
                }
                Statement::Key { .. }
                | Statement::Kept { .. }
                | Statement::Stamp { .. }
                | Statement::Purged { .. } => {}
            }
        }
        known
    }
}

pub(super) enum FileError {
    Internal(EvidenceError),
    File(String),
}

impl From<EvidenceError> for FileError {
    fn from(error: EvidenceError) -> Self {
        Self::Internal(error)
    }
}

/// One file on its way into the log.
pub(super) struct OneFile<'a> {
    pub(super) layout: &'a Layout,
    pub(super) sink: &'a mut dyn LeafSink,
    pub(super) name: &'a str,
    pub(super) path: &'a Path,
    pub(super) own: Option<FileAppends>,
    pub(super) done: &'a mut Extended,
}

impl OneFile<'_> {
    /// Takes the records of a file that have no leaf; with a bound those that end before it, and
    /// then the stretch of bytes up to it, else the whole file.
    pub(super) fn follow(&mut self, known: &Known, bound: Option<u64>) -> Result<(), FileError> {
        let from = known.spans.get(self.name).copied().unwrap_or(0);
        if bound.is_some_and(|bound| bound <= from) {
            return Ok(());
        }
        let length = match bound {
            Some(_) => None,
            None => Some(self.layout.length_of(self.path).map_err(unreadable)?),
        };
        if is_imported(self.path) && !known.adopted.contains(self.name) {
            // It was made elsewhere: old dates in it are expected.
            self.sink.state(Statement::Adopted { name: self.name.to_owned() })?;
        }
        // Where the trail covers a whole file that no other process has changed, it replaces reading the file.
        let own = self.own.take().filter(|own| length.is_none_or(|length| length == own.length));
        let mut after = self.sink.last_of(self.name)?;
        // An earlier call that failed took records from the trail that the log does not have: then there is a gap.
        let joins = own.as_ref().filter(|own| own.after == after.map(|(offset, _)| offset));
        let mut reached = 0;
        for record in joins.iter().flat_map(|own| own.records.iter().flatten()) {
            if bound.is_some_and(|bound| record.end > bound) {
                break;
            }
            reached = record.end;
            self.sink.record(&record.mark, self.name, record.offset, 0)?;
            self.done.records += 1;
            after = Some((record.offset, 0));
        }
        if length.or(bound) != Some(reached) {
            self.derive(after, bound)?;
        }
        let name = self.name.to_owned();
        match bound {
            Some(to) => {
                let sha256 =
                    sha256_of(self.layout, self.path, from, Some(to)).map_err(unreadable)?.1;
                self.sink.state(Statement::Span { name, from, to, sha256 })?;
            }
            None => {
                let (length, sha256) = match own {
                    Some(own) => (own.length, own.sha256()),
                    None => sha256_of(self.layout, self.path, 0, None).map_err(unreadable)?,
                };
                self.sink.state(Statement::File { name, length, sha256 })?;
                self.done.files += 1;
            }
        }
        Ok(())
    }

    /// Takes the records after the one at `after`, from the file itself.
    fn derive(&mut self, after: Option<(u64, u32)>, bound: Option<u64>) -> Result<(), FileError> {
        let mut deriver = Deriver::open(self.layout, self.path, after).map_err(unreadable)?;
        while let Some(record) = deriver.next().map_err(unreadable)? {
            if bound.is_some_and(|bound| record.end > bound) {
                break;
            }
            self.sink.record(&record.entry, self.name, record.offset, record.within)?;
            self.done.records += 1;
        }
        Ok(())
    }
}

fn unreadable(why: io::Error) -> FileError {
    FileError::File(why.to_string())
}

/// Length and SHA-256 of a stretch of a file; to its end without an end.
///
/// # Errors
/// When it cannot be read, or is shorter.
pub fn sha256_of(
    layout: &Layout,
    path: &Path,
    from: u64,
    to: Option<u64>,
) -> io::Result<(u64, [u8; 32])> {
    let whole = (from, to) == (0, None);
    // What was just read from its start to its end, over a network, is not read again.
    if let Some(sha256) =
        whole.then(|| layout.take_read_digest(path)).flatten().as_deref().and_then(of_hex)
    {
        return Ok((layout.length_of(path)?, sha256));
    }
    let mut file = layout.open_file(path)?;
    file.seek(SeekFrom::Start(from))?;
    let wanted = to.map(|to| to.saturating_sub(from));
    let mut input = file.take(wanted.unwrap_or(u64::MAX));
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut piece = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        let count = input.read(&mut piece)?;
        if count == 0 {
            break;
        }
        context.update(&piece[..count]);
        length += count as u64;
    }
    if wanted.is_some_and(|wanted| wanted != length) {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file is shorter than the data written to it",
        ));
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Ok((length, out))
}

fn of_hex(text: &str) -> Option<[u8; 32]> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

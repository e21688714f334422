//! What the WARC files of one archive have for the log, on its way to the server.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::Sharing;
use super::part::{leaf_of, push_record};
use super::replica::Replica;
use crate::archive::{LogPart, LogSource};
use crate::evidence::EvidenceError;
use crate::evidence::extend::{Extended, FileError, Known, LeafSink, OneFile, OpenFiles};
use crate::evidence::leaf::{ENTRY_LEN, Statement};
use crate::store::layout::{is_open, stable_name};
use crate::store::{AppendLog, Layout};

/// A part of more leaves than this is cut: it is read as a whole.
const LEAVES_MAX: usize = if cfg!(test) { 3 } else { 20_000 };
/// Registers what the WARC files of an archive have beyond what is registered.
pub(super) fn register(
    layout: &Layout,
    replica: &Replica<'_>,
    open: &OpenFiles<'_>,
    trail: &Mutex<AppendLog>,
    done: &mut Extended,
) -> Result<(), EvidenceError> {
    let mut sources: BTreeMap<String, LogSource> =
        replica.with.log.sources(&replica.archive)?.into_iter().collect();
    let mut known = Known::default();
    for (name, source) in &sources {
        known.adopted.insert(name.clone());
        if source.sealed {
            known.sealed.insert(name.clone());
        }
        known.spans.insert(name.clone(), source.span);
    }
    let mut paths: BTreeMap<String, PathBuf> = BTreeMap::new();
    for path in layout.warc_files()? {
        paths.insert(stable_name(&path), path);
    }
    for (name, path) in &paths {
        if known.sealed.contains(name) {
            continue;
        }
        let bound = match (is_open(path), open) {
            (false, _) => None,
            (true, OpenFiles::Leave) => continue,
            (true, OpenFiles::UpTo(durable)) => match durable(name) {
                Some(bound) => Some(bound),
                None => continue,
            },
        };
        let mut sink = Registrar::new(replica, name, sources.remove(name));
        match follow(layout, path, name, &mut sink, (&known, bound, trail), done) {
            // What was read of it is registered together: a file that cannot be read to its end is left
            // out.
            Ok(()) => sink.finish()?,
            Err(FileError::Internal(error)) => return Err(error),
            Err(FileError::File(why)) => done.notes.push(format!(
                "{name}: not in the evidence log: {why}; `pressmark verify` shows details"
            )),
        }
    }
    Ok(())
}

/// What is known of all files, how far this one is durable where it is being written, and what this process
/// wrote.
type Within<'a> = (&'a Known, Option<u64>, &'a Mutex<AppendLog>);

fn follow(
    layout: &Layout,
    path: &Path,
    name: &str,
    sink: &mut Registrar<'_>,
    (known, bound, trail): Within<'_>,
    done: &mut Extended,
) -> Result<(), FileError> {
    let own = trail.lock().unwrap_or_else(PoisonError::into_inner).take(name);
    let mut one = OneFile { layout, sink, name, path, own, done };
    one.follow(known, bound)?;
    if bound.is_none() {
        trail.lock().unwrap_or_else(PoisonError::into_inner).forget(name);
    }
    Ok(())
}

/// Leaves of one file on their way to the server.
struct Registrar<'a> {
    with: Sharing<'a>,
    archive: &'a str,
    part: LogPart,
    leaves: usize,
    /// Parts that are full.
    full: Vec<LogPart>,
}

impl<'a> Registrar<'a> {
    fn new(replica: &'a Replica<'_>, name: &str, source: Option<LogSource>) -> Self {
        let mut part = LogPart {
            file: name.to_owned(),
            after: source.clone().unwrap_or_default(),
            before: source,
            leaves: Vec::new(),
        };
        let mut leaves = 0;
        if part.before.is_none() {
            let (name, archive) = (name.to_owned(), replica.archive.clone());
            part.leaves = leaf_of(&Statement::Kept { name, archive });
            leaves = 1;
        }
        let with = replica.with;
        Self { with, archive: &replica.archive, part, leaves, full: Vec::new() }
    }

    fn count(&mut self) {
        self.leaves += 1;
        if self.leaves >= LEAVES_MAX {
            let next = LogPart {
                file: self.part.file.clone(),
                before: Some(self.part.after.clone()),
                after: self.part.after.clone(),
                leaves: Vec::new(),
            };
            self.full.push(std::mem::replace(&mut self.part, next));
            self.leaves = 0;
        }
    }

    fn finish(mut self) -> Result<(), EvidenceError> {
        if self.leaves > 0 && self.part.before.as_ref() != Some(&self.part.after) {
            self.full.push(self.part);
        }
        Ok(self.with.log.register(self.archive, &self.full)?)
    }
}

impl LeafSink for Registrar<'_> {
    fn record(
        &mut self,
        entry: &[u8; ENTRY_LEN],
        _: &str,
        offset: u64,
        within: u32,
    ) -> Result<(), EvidenceError> {
        push_record(&mut self.part.leaves, entry, offset, within);
        self.part.after.place = Some((offset, within));
        self.count();
        Ok(())
    }

    fn state(&mut self, statement: Statement) -> Result<(), EvidenceError> {
        match &statement {
            Statement::Span { to, .. } => self.part.after.span = *to,
            Statement::File { .. } => self.part.after.sealed = true,
            _ => {}
        }
        self.part.leaves.extend(leaf_of(&statement));
        self.count();
        Ok(())
    }

    fn last_of(&self, _: &str) -> Result<Option<(u64, u32)>, EvidenceError> {
        Ok(self.part.after.place)
    }
}

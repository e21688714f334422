//! The records of the WARC files beside the leaves that stand for them, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tlog_tiles::Hash;

use super::super::derive::{Derived, Deriver};
use super::super::kept::KeptLeaves;
use super::super::leaf::{ENTRY_LEN, Statement, hash_of};
use super::super::log::Log;
use super::removals::Removed;
use super::rounds::Rounds;
use super::{Checkpoint, Report};
use crate::base::{Finding, Timestamp};
use crate::store::Layout;
use crate::store::layout::is_open;

/// How much older than the checkpoint before it a record may be: its date is that of the request,
/// and the longest exchange, with the clocks of two runs, takes less.
const OLDER_MAX: Duration = Duration::from_hours(1);

/// The records, walked in the order of the leaves.
pub(super) struct Records<'a> {
    layout: &'a Layout,
    kept: Option<&'a KeptLeaves>,
    log: &'a Log,
    files: &'a BTreeMap<String, PathBuf>,
    checkpoints: &'a [Checkpoint],
    sealed: BTreeSet<String>,
    adopted: BTreeSet<String>,
    /// The records that were removed by order, by their places.
    removed: BTreeMap<(String, u64), Removed>,
    /// Whether a file is being written, or was when its process died.
    is_writing: bool,
    current: Option<Current>,
    /// Files that the log returns to later.
    left: BTreeMap<String, Current>,
    seen: BTreeSet<String>,
    waiting: u64,
    /// How many checkpoints do not cover the current leaf.
    passed: usize,
    /// The files of the other archives that share the log; `None` where it is not shared.
    elsewhere: Option<&'a BTreeSet<String>>,
    /// Where it is shared: the last own leaf, and the time of the newest checkpoint before the current one that
    /// follows an own leaf. Checkpoints between them are of other archives, which do not know the records
    /// captured here.
    own: (Option<u64>, Option<Timestamp>),
    rounds: Rounds<'a>,
}

/// A file in the middle of being read.
struct Current {
    number: u32,
    name: String,
    deriver: Option<Deriver>,
    next: Option<Derived>,
}

impl Current {
    fn advance(&mut self, report: &mut Report<'_>) {
        self.next = match self.deriver.as_mut().map(Deriver::next) {
            Some(Ok(next)) => next,
            Some(Err(why)) => {
                report.add(Finding::error(&self.name, None, "unreadable", why.to_string()));
                self.deriver = None;
                None
            }
            None => None,
        };
    }
}

impl<'a> Records<'a> {
    pub fn new(
        (layout, kept): (&'a Layout, Option<&'a KeptLeaves>),
        log: &'a Log,
        files: &'a BTreeMap<String, PathBuf>,
        checkpoints: &'a [Checkpoint],
        removed: BTreeMap<(String, u64), Removed>,
    ) -> Self {
        let (mut sealed, mut adopted) = (BTreeSet::new(), BTreeSet::new());
        for (_, statement) in log.ledger().statements() {
            match statement {
                Statement::File { name, .. } => drop(sealed.insert(name.clone())),
                Statement::Adopted { name } => drop(adopted.insert(name.clone())),
                Statement::Span { .. }
                | Statement::Key { .. }
                | Statement::Kept { .. }
                | Statement::Stamp { .. }
                | Statement::Purged { .. } => {}
            }
        }
        let is_writing = files.values().any(|path| is_open(path));
        Self {
            layout,
            kept,
            log,
            files,
            checkpoints,
            sealed,
            adopted,
            removed,
            is_writing,
            current: None,
            left: BTreeMap::new(),
            seen: BTreeSet::new(),
            waiting: 0,
            passed: 0,
            elsewhere: None,
            own: (None, None),
            rounds: Rounds::new(layout),
        }
    }

    /// The same where the log is shared with archives that have these files.
    pub fn beside(self, elsewhere: Option<&'a BTreeSet<String>>) -> Self {
        Self { elsewhere, ..self }
    }

    /// The entry of the record that leaf `index` should stand for, made again; differences are reported.
    pub fn leaf(
        &mut self,
        index: u64,
        (number, offset, within): (u32, u64, u32),
        hash: Option<Hash>,
        report: &mut Report<'_>,
    ) -> Option<[u8; ENTRY_LEN]> {
        if self.current.as_ref().is_none_or(|current| current.number != number) {
            self.leave(report);
            self.current = Some(self.enter(index, number, report)?);
        }
        let current = self.current.as_mut()?;
        let place = (offset, within);
        while let Some(there) = current.next.as_ref().filter(|d| (d.offset, d.within) < place) {
            let what =
                "this record is not in the log, though later ones are: it was inserted afterwards";
            report.add(Finding::error(&current.name, Some(there.offset), "record-inserted", what));
            current.advance(report);
        }
        let Some(derived) = current.next.take_if(|d| (d.offset, d.within) == place) else {
            if current.deriver.is_some() {
                let what =
                    format!("leaf {index} of the log names a record here, and there is none");
                report.add(Finding::error(&current.name, Some(offset), "record-missing", what));
            }
            return None;
        };
        let removed = self.removed.get(&(current.name.clone(), offset));
        if let Some(removed) =
            removed.filter(|removed| hash.is_none_or(|hash| hash_of(&removed.entry) == hash))
        {
            // Its tombstone has the text of the leaf; what stands there is covered by the digest of the file.
            if derived.entry == removed.entry {
                let what = format!(
                    "the record of {} was removed by order, and is here again, as from a backup: `pressmark reindex`, and purge it again",
                    removed.what
                );
                report.add(Finding::error(&current.name, Some(offset), "record-restored", what));
            }
            let entry = removed.entry;
            current.advance(report);
            return Some(entry);
        }
        if hash.is_some_and(|hash| hash_of(&derived.entry) != hash) {
            let what = format!("the record is not the one that was logged as leaf {index}");
            report.add(Finding::error(&current.name, Some(offset), "record-changed", what));
        }
        let name = current.name.clone();
        current.advance(report);
        self.dated(index, &name, &derived, report);
        if let Some(round) = &derived.round {
            self.rounds.record(round, derived.own_date, (&name, derived.offset), report);
        }
        Some(derived.entry)
    }

    /// A record that claims to be older than a checkpoint that came before it.
    fn dated(&mut self, index: u64, name: &str, derived: &Derived, report: &mut Report<'_>) {
        while self.checkpoints.get(self.passed).is_some_and(|c| c.size <= index) {
            self.passed += 1;
        }
        let mut before = self.passed.checked_sub(1).and_then(|at| self.checkpoints.get(at)?.time);
        if self.elsewhere.is_some() {
            before = self.own_before(index);
        }
        if let (Some(date), Some(before)) = (derived.date, before)
            && is_older(date, before)
            && !self.adopted.contains(name)
        {
            let what = format!(
                "the record is dated {}, but was not in the log at {}",
                date.to_rfc3339(),
                before.to_rfc3339()
            );
            report.add(Finding::warning(name, Some(derived.offset), "back-dated", what));
        }
    }

    /// When this archive last had its records signed, before leaf `index`.
    fn own_before(&mut self, index: u64) -> Option<Timestamp> {
        let (last, before) = &mut self.own;
        if let Some(last) = last.replace(index) {
            let at = self.checkpoints.partition_point(|c| c.size <= last);
            let first = self.checkpoints.get(at).filter(|c| c.size <= index);
            *before = first.map_or(*before, |c| c.time);
        }
        *before
    }

    /// When the last own leaf so far was signed.
    fn own_newest(&self) -> Option<Timestamp> {
        let at = self.checkpoints.partition_point(|c| Some(c.size) <= self.own.0);
        self.own.0.and_then(|_| self.checkpoints.get(at)?.time)
    }

    fn open(&self, name: &str, path: &Path) -> io::Result<Deriver> {
        match self.kept.and_then(|kept| kept.of(name)) {
            Some(leaves) => Ok(Deriver::kept(leaves)),
            None => Deriver::open(self.layout, path, None),
        }
    }

    fn enter(&mut self, index: u64, number: u32, report: &mut Report<'_>) -> Option<Current> {
        let names = self.log.ledger().names();
        let Some(name) = usize::try_from(number).ok().and_then(|n| names.get(n)) else {
            let what = format!("leaf {index} is of file {number}, which has no name");
            report.add(Finding::error("evidence/files", None, "log-position", what));
            return None;
        };
        self.seen.insert(name.clone());
        if let Some(current) = self.left.remove(name) {
            return Some(Current { number, ..current });
        }
        let deriver = match self.files.get(name).map(|path| self.open(name, path)) {
            Some(Ok(deriver)) => Some(deriver),
            Some(Err(why)) => {
                report.add(Finding::error(name, None, "unreadable", why.to_string()));
                None
            }
            None => {
                // A sealed file that is gone is reported with its seal; one of another archive is kept there.
                let is_elsewhere = self.elsewhere.is_some_and(|others| others.contains(name));
                if !self.sealed.contains(name) && !is_elsewhere {
                    let what = "the log has records of it, but the file is gone";
                    report.add(Finding::error(name, None, "file-missing", what));
                }
                None
            }
        };
        let mut current = Current { number, name: name.clone(), deriver, next: None };
        current.advance(report);
        Some(current)
    }

    /// Ends a file, or puts it aside where the log returns to it.
    fn leave(&mut self, report: &mut Report<'_>) {
        let Some(current) = self.current.take() else { return };
        let numbers = self.log.ledger().numbers(&current.name);
        if numbers.last().is_some_and(|last| *last > current.number) {
            self.left.insert(current.name.clone(), current);
        } else {
            self.rest(current, report);
        }
    }

    /// What a file holds beyond its last leaf.
    fn rest(&mut self, mut current: Current, report: &mut Report<'_>) {
        let is_open = self.files.get(&current.name).is_some_and(|path| is_open(path));
        let newest = match self.elsewhere {
            None => self.checkpoints.last().and_then(|c| c.time),
            Some(_) => self.own_newest(),
        };
        let (mut count, mut first) = (0, None);
        while let Some(derived) = current.next.take() {
            if self.sealed.contains(&current.name) {
                let what = "this record is not in the log, though its file was sealed: it was inserted afterwards";
                report.add(Finding::error(
                    &current.name,
                    Some(derived.offset),
                    "record-inserted",
                    what,
                ));
            } else {
                count += 1;
                first.get_or_insert(derived.offset);
                if let (Some(date), Some(newest)) = (derived.date, newest)
                    && is_older(date, newest)
                    && !self.adopted.contains(&current.name)
                {
                    let what = format!(
                        "the record is dated {}, but was not in the log at {}",
                        date.to_rfc3339(),
                        newest.to_rfc3339()
                    );
                    let at = Some(derived.offset);
                    report.add(Finding::warning(&current.name, at, "back-dated", what));
                }
            }
            current.advance(report);
        }
        self.waiting += count;
        if count > 0 && !is_open && !self.is_writing {
            let what = format!(
                "{count} records from here on are not in the log; the next run that writes adds them; until then they cannot be proved"
            );
            report.add(Finding::warning(&current.name, first, "not-in-log", what));
        }
    }

    /// Ends the walk: files that the log does not know; how many records are not in it yet.
    pub fn finish(mut self, report: &mut Report<'_>) -> u64 {
        self.leave(report);
        for current in std::mem::take(&mut self.left).into_values() {
            self.rest(current, report);
        }
        for (name, path) in self.files {
            if self.seen.contains(name) {
                continue;
            }
            match self.open(name, path) {
                Ok(deriver) => {
                    let (name, deriver) = (name.clone(), Some(deriver));
                    let mut current = Current { number: u32::MAX, name, deriver, next: None };
                    current.advance(report);
                    self.rest(current, report);
                }
                Err(why) => report.add(Finding::error(name, None, "unreadable", why.to_string())),
            }
        }
        self.waiting
    }
}

fn is_older(date: Timestamp, than: Timestamp) -> bool {
    date < than && than.since(date) > OLDER_MAX
}

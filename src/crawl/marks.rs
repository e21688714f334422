//! How far a run's WARC files are in the store of readings: the part of each file of which every capture has
//! been taken in, so that the next reader reads none of it again. Says nothing of files of earlier runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::readings::{FileDone, Readings};
use crate::store::Appended;

/// The marks are written at most this often: each time is a commit.
const WRITE_EVERY: Duration = Duration::from_millis(20);

/// This many parts of a file that are taken in may be behind one that is not. With more the file is left to
/// the caller.
const PARTS_MAX: usize = 10_000;

/// How far one file is taken in, without a gap, and what is taken in behind that.
#[derive(Debug, Default)]
struct Reached {
    to: u64,
    behind: BTreeMap<u64, u64>,
}

impl Reached {
    fn add(&mut self, from: u64, to: u64) {
        self.behind.insert(from, to);
        self.raise(0);
        if self.behind.len() > PARTS_MAX {
            self.behind.clear();
        }
    }

    /// Counts all before `known` as taken in.
    fn raise(&mut self, known: u64) {
        self.to = self.to.max(known);
        while let Some(part) = self.behind.first_entry().filter(|part| *part.key() <= self.to) {
            self.to = self.to.max(part.remove());
        }
    }
}

#[derive(Debug, Default)]
struct File {
    versions: Reached,
    speakers: Reached,
    /// What was written last.
    written: (u64, u64),
    /// Whether it is left to the caller: what was taken in was forgotten meanwhile.
    is_left: bool,
}

#[derive(Debug)]
struct State {
    files: HashMap<String, File>,
    epoch: Option<i64>,
    written_at: Option<Instant>,
}

/// The marks of the files that a run writes.
#[derive(Debug)]
pub(super) struct Marks {
    readings: Readings,
    state: Mutex<State>,
}

impl Marks {
    /// Those of a run that has written nothing yet.
    pub(super) fn new(readings: Readings) -> Self {
        let state = State { files: HashMap::new(), epoch: readings.epoch(), written_at: None };
        Self { readings, state: Mutex::new(state) }
    }

    /// Notes that the versions which follow from what was appended are kept, or the speakers.
    pub(super) fn done(&self, appended: &Appended, versions: bool, speakers: bool) {
        if !self.readings.is_open() {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let file = state.files.entry(appended.file.clone()).or_default();
        let (from, to) = (appended.span.start, appended.span.end);
        if versions {
            file.versions.add(from, to);
        }
        if speakers {
            file.speakers.add(from, to);
        }
        if state.written_at.is_none_or(|at| at.elapsed() >= WRITE_EVERY) {
            self.write(&mut state);
        }
    }

    /// Writes what was not written yet.
    pub(super) fn flush(&self) {
        self.write(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn write(&self, state: &mut State) {
        state.written_at = Some(Instant::now());
        // What this run could not take in may have been taken in by another reader since.
        let has_gaps = |file: &File| {
            let is_whole = file.versions.behind.is_empty() && file.speakers.behind.is_empty();
            !(file.is_left || is_whole)
        };
        if state.files.values().any(has_gaps) {
            for known in self.readings.files_done().unwrap_or_default() {
                if let Some(file) = state.files.get_mut(&known.name) {
                    file.versions.raise(known.versions);
                    file.speakers.raise(known.speakers);
                }
            }
        }
        let mut done = Vec::new();
        for (name, file) in &mut state.files {
            let now = (file.versions.to, file.speakers.to);
            if now != file.written && !file.is_left {
                file.written = now;
                done.push(FileDone { name: name.clone(), versions: now.0, speakers: now.1 });
            }
        }
        let Some(epoch) = state.epoch.filter(|_| !done.is_empty()) else { return };
        if self.readings.mark_files(epoch, &done) {
            return;
        }
        // The versions were forgotten, by the bound or by another process: all files begun so far have to
        // be read from their start.
        state.epoch = self.readings.epoch();
        state.files.values_mut().for_each(|file| file.is_left = true);
    }
}

impl Drop for Marks {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::readings::DERIVED_BYTES_MAX;
    use crate::store::StoredAs;

    fn appended(from: u64, to: u64) -> Appended {
        Appended {
            stored: StoredAs::New,
            file: "a.warc".to_owned(),
            offset: from,
            span: from..to,
            record_id: String::new(),
            digest: None,
        }
    }

    fn known(readings: &Readings) -> Vec<(u64, u64)> {
        let done = readings.files_done().unwrap();
        done.into_iter().map(|file| (file.versions, file.speakers)).collect()
    }

    #[test]
    fn a_mark_stands_before_the_first_part_that_is_not_in() {
        let dir = tempfile::tempdir().unwrap();
        let readings = Readings::open(dir.path(), DERIVED_BYTES_MAX);
        let marks = Marks::new(readings.clone());
        let known_after = |from, to, versions, speakers| {
            marks.done(&appended(from, to), versions, speakers);
            marks.flush();
            known(&readings)
        };
        assert_eq!(known_after(0, 10, true, true), [(10, 10)]);
        assert_eq!(known_after(20, 30, true, true), [(10, 10)]);
        assert_eq!(known_after(30, 35, true, false), [(10, 10)]);
        assert_eq!(known_after(10, 20, true, true), [(35, 30)]);
        assert_eq!(known_after(40, 50, true, true), [(35, 30)]);
        // The caller has taken in what this run did not.
        let file = FileDone { name: "a.warc".to_owned(), versions: 40, speakers: 40 };
        assert!(readings.mark_files(readings.epoch().unwrap(), &[file]));
        assert_eq!(known_after(50, 60, true, true), [(60, 60)]);
        // Forgotten versions are not marked again by the run that had taken them in.
        readings.forget_versions();
        assert_eq!(known_after(60, 70, true, true), []);
        assert_eq!(known_after(70, 80, true, true), []);
    }
}

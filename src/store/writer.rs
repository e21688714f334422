//! The thread that appends: all that has been packed is written, the file synced once, the index
//! updated, and then all waiting callers notified.

use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::archive::{ArchiveError, Capture, CaptureBatch, FileMark};
use crate::base::Clock;
use crate::warc::{Packer, RandomIds, RecordIds};

use super::StoreError;
use super::append_log::Written;
use super::catch_up;
use super::group::{Appended, Done, Group, Shared, WriteJob, pack};
use super::layout::Layout;
use super::rotate::{Limits, Naming, OpenFile};

/// The one thread that appends.
pub(super) struct Writer {
    layout: Layout,
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
    file: Option<OpenFile>,
    serial: u32,
    /// Where what was kept last in the file ends.
    kept_to: u64,
    /// The error after which nothing more is written.
    trouble: Option<String>,
    /// Why the index no longer follows; it is caught up at the next open.
    index_trouble: Option<String>,
    /// While the server that keeps the captures does not answer: when it is tried again.
    away_until: Option<Instant>,
}

/// At most this many submissions share one sync, which bounds how long the first of them waits.
const GROUP_MAX: usize = 256;
/// A group of this size is synced without waiting for more.
const COMPANY_MAX: usize = 24;
/// How long a server that keeps the captures and does not answer is left alone.
const AWAY_PAUSE: Duration = Duration::from_secs(10);
/// How long a sync waits for one more submission that is being packed.
const COMPANY_WAIT: Duration = Duration::from_millis(2);

impl Writer {
    /// A writer with no file open yet.
    pub fn new(layout: Layout, shared: Arc<Shared>, clock: Arc<dyn Clock>) -> Self {
        Self {
            layout,
            shared,
            clock,
            file: None,
            serial: 0,
            kept_to: 0,
            trouble: None,
            index_trouble: None,
            away_until: None,
        }
    }

    /// Takes what is packed until nothing more can come; what went wrong, as text.
    pub fn run(mut self, queue: &Receiver<WriteJob>) -> Vec<String> {
        let mut packer = Packer::new(self.shared.options.compression);
        while let Ok(first) = queue.recv() {
            let mut group = vec![first];
            while group.len() < GROUP_MAX
                && let Some(next) = self.next_of(queue, group.len())
            {
                group.push(next);
            }
            let count = group.len();
            self.commit(group, &mut packer);
            self.shared.pending.fetch_sub(count, Ordering::Relaxed);
        }
        if let Some(file) = self.file.take() {
            let name = file.name.clone();
            match file.seal() {
                Ok(length) => self.update_index(Vec::new(), &name, length, true),
                Err(error) => self.trouble = Some(error.to_string()),
            }
        }
        if self.away_until.is_some() {
            self.follow_again();
        }
        if self.away_until.is_some() {
            self.index_trouble.get_or_insert_with(|| {
                "the store of captures does not answer; it is updated at the next open".to_owned()
            });
        }
        self.trouble.into_iter().chain(self.index_trouble).collect()
    }

    /// What is packed already; else, while more is being packed and the group is small, what comes
    /// within a moment: a sync costs more than the wait, and all of them share it.
    fn next_of(&self, queue: &Receiver<WriteJob>, gathered: usize) -> Option<WriteJob> {
        if let Ok(next) = queue.try_recv() {
            return Some(next);
        }
        let others = self.shared.pending.load(Ordering::Relaxed) > gathered;
        if !others || gathered >= COMPANY_MAX {
            return None;
        }
        queue.recv_timeout(COMPANY_WAIT).ok()
    }

    fn commit(&mut self, group: Vec<WriteJob>, packer: &mut Packer) {
        let mut written = Vec::with_capacity(group.len());
        let mut entries = Vec::new();
        for job in group {
            match self.write(job, packer) {
                Ok((done, appended, mut own)) => {
                    entries.append(&mut own);
                    written.push((done, appended));
                }
                Err((done, error)) => done(Err(error)),
            }
        }
        if written.is_empty() {
            return;
        }
        let synced = self.file.as_ref().map_or(Ok(()), OpenFile::sync);
        if let Err(error) = synced {
            // After a failed sync it is not known what is on the disk: nothing of this group is
            // acknowledged and nothing more is written.
            let why = error.to_string();
            self.trouble = Some(why.clone());
            for (done, _) in written {
                done(Err(StoreError::Stopped(why.clone())));
            }
            return;
        }
        if let Some((name, position)) =
            self.file.as_ref().map(|f| (f.name.clone(), f.writer.position()))
        {
            self.update_index(entries, &name, position, false);
        }
        for (done, appended) in written {
            done(Ok(appended));
        }
        self.update_trail();
        self.roll_over();
    }

    fn write(
        &mut self,
        mut job: WriteJob,
        packer: &mut Packer,
    ) -> Result<(Done, Appended, Vec<Capture>), (Done, StoreError)> {
        if let Some(why) = &self.trouble {
            return Err((job.back.done, StoreError::Stopped(why.clone())));
        }
        let generation =
            self.shared.current.lock().unwrap_or_else(PoisonError::into_inner).generation;
        if job.group.generation != generation {
            // Packed for the file before: its records name that file's warcinfo.
            match pack(&self.shared, packer, &job.back.submission) {
                Ok(group) => job.group = group,
                Err(error) => return Err((job.back.done, error)),
            }
        }
        match self.append(job.group) {
            Ok((appended, entries)) => Ok((job.back.done, appended, entries)),
            Err(error) => Err((job.back.done, error)),
        }
    }

    fn append(&mut self, group: Group) -> Result<(Appended, Vec<Capture>), StoreError> {
        if self.file.is_none() {
            self.file = Some(self.begin()?);
            self.kept_to = 0;
        }
        let Group { records, mut appended, main, has_credentials, .. } = group;
        let Some(file) = &mut self.file else { return Ok((appended, Vec::new())) };
        if has_credentials {
            file.make_private()?;
        }
        let (mut packed, facts): (Vec<_>, Vec<_>) =
            records.into_iter().map(|r| (r.packed, (r.draft, r.mark))).unzip();
        let placements = match file.writer.append_all(&mut packed) {
            Ok(placements) => placements,
            Err(error) => {
                let error = file.error(error);
                if let Err(worse) = file.wind_back() {
                    self.trouble = Some(worse.to_string());
                }
                return Err(error);
            }
        };
        appended.file.clone_from(&file.name);
        appended.offset = placements.get(main).map_or(0, |p| p.offset);
        appended.span = self.kept_to..file.writer.position();
        self.kept_to = appended.span.end;
        let mut drafts = Vec::with_capacity(facts.len());
        for ((packed, (draft, mark)), at) in packed.into_iter().zip(facts).zip(placements) {
            drafts.extend(draft.map(|draft| (draft, at)));
            file.written.extend(mark.map(|mark| Written { packed, at, mark }));
        }
        let name: Arc<str> = file.name.as_str().into();
        let captures = drafts.into_iter().map(|(draft, at)| Capture {
            file: Arc::clone(&name),
            offset: at.offset,
            length: at.length,
            ..draft
        });
        Ok((appended, captures.collect()))
    }

    fn begin(&mut self) -> Result<OpenFile, StoreError> {
        let options = &self.shared.options;
        let id = {
            let current = self.shared.current.lock().unwrap_or_else(PoisonError::into_inner);
            current.warcinfo_id.clone()
        };
        let naming = Naming {
            prefix: &options.prefix,
            host: &options.host,
            compression: options.compression,
            algorithm: options.digest,
            warcinfo: &options.warcinfo,
            mark: options.mark,
        };
        OpenFile::begin(&self.layout, &naming, &mut self.serial, &id, self.clock.now())
    }

    fn roll_over(&mut self) {
        let options = &self.shared.options;
        let limits = Limits { bytes_max: options.file_bytes_max, age_max: options.file_age_max };
        let now = self.clock.now();
        if let Some(file) = self.file.take_if(|f| f.is_full(limits, now)) {
            {
                let mut current =
                    self.shared.current.lock().unwrap_or_else(PoisonError::into_inner);
                current.generation += 1;
                current.warcinfo_id = RandomIds.next_id();
            }
            let name = file.name.clone();
            match file.seal() {
                Ok(length) => self.update_index(Vec::new(), &name, length, true),
                Err(error) => self.trouble = Some(error.to_string()),
            }
        }
    }

    /// Adds what is durable now to the trail, after all waiting callers were notified.
    fn update_trail(&mut self) {
        if let Some(file) = self.file.as_mut().filter(|file| !file.written.is_empty()) {
            let mut trail = self.shared.trail.lock().unwrap_or_else(PoisonError::into_inner);
            trail.add(&file.name, std::mem::take(&mut file.written), self.clock.now());
        }
    }

    /// Updates the index; where that fails, the records are safe and the index is caught up later.
    fn update_index(&mut self, captures: Vec<Capture>, name: &str, position: u64, sealed: bool) {
        if self.index_trouble.is_some() {
            return;
        }
        if let Some(until) = self.away_until {
            // What it lacks, including this batch, is read from the files.
            if Instant::now() >= until {
                self.follow_again();
            }
            return;
        }
        let captures_of = &self.shared.captures;
        let mark = FileMark {
            file: name.into(),
            indexed_to: position,
            sealed_size: sealed.then_some(position),
        };
        if let Err(error) = captures_of.apply(CaptureBatch { captures, marks: vec![mark] }) {
            self.stop_following(&error);
        }
    }

    /// Catches the index up from the files, where the server that keeps it answers again.
    fn follow_again(&mut self) {
        self.away_until = None;
        match catch_up::catch_up(&*self.shared.captures, &self.layout) {
            Ok(_) => tracing::info!("the store of captures answers again and was updated"),
            Err(error) => self.stop_following(&error.into()),
        }
    }

    fn stop_following(&mut self, error: &ArchiveError) {
        if error.is_away() {
            if self.away_until.is_none() {
                tracing::warn!(why = error.why, "captures are written and not yet searchable");
            }
            self.away_until = Some(Instant::now() + AWAY_PAUSE);
            return;
        }
        self.shared.captures.mark_damaged(&error.to_string());
        self.index_trouble = Some(format!(
            "the index is no longer updated ({error}); it is updated at the next open"
        ));
    }
}

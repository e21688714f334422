//! The queues' state on disk: one tree of the key-value store, and the journal before it.
//!
//! Owns which bytes are written, in which order, and how they are found again after a death.
//! Decides nothing about which URL is next. Every change goes to the journal, then to the tree, key
//! by key; `State::checkpoint` flushes the tree and begins a new journal. Opening replays the
//! journal over the tree: each frame sets the whole new state of one URL, so it does not matter
//! how much of it the tree already holds.

use std::collections::HashSet;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

use super::change::{
    CLAIM, Change, RELEASE, SUMMARY, ScheduleError, job_keys_of, place_of, unreadable,
};
use super::entry::{Entry, Place, UrlDigest};
use super::journal::{self, Journal};
use super::mend::mend;
use super::packing::Packer;
use super::replay::{ReplayError, Replaying, replay};
use crate::kv::{Batch, Bytes, Kv, Tree};

/// What opening found.
#[derive(Debug, Clone, Default)]
pub struct Opened {
    /// Frames of the journal that were replayed.
    pub replayed: u64,
    /// Bytes at the journal's end that belong to no whole frame.
    pub bytes_cut: u64,
    /// URLs that were in flight when the last process died, and are queued again.
    pub requeued: Vec<String>,
    /// Hosts whose URLs had to be read, one by one, to know what is in their queues.
    pub hosts_read: usize,
}

/// How far the summaries of hosts can be trusted after an opening.
#[derive(Debug, Default)]
pub(in crate::schedule) struct Summarised {
    /// They were written with this journal's beginning, so that they are right but for `touched`.
    pub(in crate::schedule) are_right: bool,
    /// Hosts whose URLs were changed since.
    pub(in crate::schedule) touched: HashSet<u32>,
}

/// The tree and its journal.
#[derive(Debug)]
pub(in crate::schedule) struct State {
    // Before the store, so that the store is the last to go.
    tree: Tree,
    kv: Arc<Kv>,
    journal: Journal,
}

/// The key of the summaries' number and of the next sequence number.
const SUMMARIES: &[u8] = b"S";

impl State {
    /// Opens the tree `name` and its journal in `folder`, replays what the tree may lack, and
    /// begins a new journal.
    pub(in crate::schedule) fn open(
        kv: &Arc<Kv>,
        name: &str,
        folder: &Path,
    ) -> Result<(Self, Opened, Summarised), ScheduleError> {
        let path = folder.join(format!("{name}.journal"));
        let fail = |source| ScheduleError::Journal { path: path.clone(), source };
        let tree = kv.tree(name)?;
        let mut replayed = Replaying::default();
        let done = Journal::read(&path, |payload| {
            replay(&tree, payload, &mut replayed).map_err(ReplayError::Schedule)
        })
        .map_err(|why| match why {
            ReplayError::Io(source) => fail(source),
            ReplayError::Schedule(why) => why,
        })?;
        let mut requeued = Vec::new();
        let Replaying { claimed, touched, summary } = replayed;
        for place in claimed {
            if let Some(value) = tree.get(&place.key())? {
                requeued.extend(Entry::of_bytes(&value).map(|e| e.uri.as_str().to_owned()));
            }
        }
        if kv.is_suspect() {
            mend(&tree)?;
        }
        if done.frames > 0 || kv.is_suspect() {
            kv.flush()?;
        }
        let known = summaries_of(&tree)?.map(|(id, _)| id);
        let is_whole = !kv.was_repaired() && !kv.is_suspect();
        let are_right = is_whole && summary.is_some() && summary == known;
        // A journal that begins without a summary says that none is to be trusted; a new one comes
        // with the first checkpoint.
        let mut frames = Vec::new();
        if let Some(id) = summary.filter(|_| are_right && touched.is_empty()) {
            journal::frame(&summary_payload(id), &mut frames);
        }
        let journal = Journal::begin(&path, &frames).map_err(fail)?;
        let opened =
            Opened { replayed: done.frames, bytes_cut: done.bytes_cut, requeued, hosts_read: 0 };
        let summarised = Summarised { are_right, touched };
        Ok((Self { kv: Arc::clone(kv), tree, journal }, opened, summarised))
    }

    /// Makes `changes`: when this returns, a kill of the process loses none of them.
    pub(in crate::schedule) fn commit(&mut self, changes: &[Change]) -> Result<(), ScheduleError> {
        let mut frames = Vec::new();
        for change in changes {
            journal::frame(&change.to_payload(), &mut frames);
        }
        self.journal.append(&frames).map_err(|source| self.journal_error(source))?;
        changes.iter().try_for_each(|change| change.apply_to(&self.tree))
    }

    /// Notes that the URL at `place` is in flight. Only the report of the next opening needs it,
    /// so it goes with the next commit.
    pub(in crate::schedule) fn note_claim(&mut self, place: &Place) {
        let mut frames = Vec::new();
        journal::frame(&place_payload(CLAIM, place), &mut frames);
        self.journal.hold(&frames);
    }

    /// Notes that it is no longer, and that nothing came of it.
    pub(in crate::schedule) fn note_release(&mut self, place: &Place) -> Result<(), ScheduleError> {
        let mut frames = Vec::new();
        journal::frame(&place_payload(RELEASE, place), &mut frames);
        self.journal.append(&frames).map_err(|source| self.journal_error(source))
    }

    /// How long the journal is, in bytes.
    pub(in crate::schedule) fn journal_bytes(&self) -> u64 {
        self.journal.len()
    }

    /// Asks the disk to keep the journal as it is.
    pub(in crate::schedule) fn sync(&mut self) -> Result<(), ScheduleError> {
        self.journal.sync().map_err(|source| self.journal_error(source))
    }

    /// Flushes the tree and begins a new journal that knows of the claims `in_flight`. Summaries are
    /// written with it: of each host its bytes, or nothing where it is to be read again.
    ///
    /// The summaries are one batch with a number, and the new journal names that number. A kill in
    /// between leaves a journal that names another one, and then none is trusted.
    pub(in crate::schedule) fn checkpoint(
        &mut self,
        in_flight: impl Iterator<Item = Place>,
        summaries: impl Iterator<Item = (u32, Option<Vec<u8>>)>,
        seq_next: u64,
    ) -> Result<(), ScheduleError> {
        let id = summaries_of(&self.tree)?.map_or(0, |(id, _)| id).wrapping_add(1);
        let mut batch = Batch::default();
        for (host, summary) in summaries {
            match summary {
                Some(bytes) => batch.insert(&summary_key(host), &bytes),
                None => batch.remove(&summary_key(host)),
            }
        }
        let mut head = id.to_be_bytes().to_vec();
        head.extend_from_slice(&seq_next.to_be_bytes());
        batch.insert(SUMMARIES, &head);
        self.tree.apply(batch)?;
        self.kv.flush()?;
        let mut frames = Vec::new();
        journal::frame(&summary_payload(id), &mut frames);
        in_flight.for_each(|place| journal::frame(&place_payload(CLAIM, &place), &mut frames));
        let path = self.journal.path().to_owned();
        self.journal = Journal::begin(&path, &frames)
            .map_err(|source| ScheduleError::Journal { path, source })?;
        Ok(())
    }

    /// Where the URL stands.
    pub(in crate::schedule) fn place(
        &self,
        host: u32,
        digest: &UrlDigest,
    ) -> Result<Option<Place>, ScheduleError> {
        place_of(&self.tree, host, digest)
    }

    /// What is kept of the URL at `place`.
    pub(in crate::schedule) fn entry(&self, place: &Place) -> Result<Option<Entry>, ScheduleError> {
        let Some(value) = self.tree.get(&place.key())? else { return Ok(None) };
        Entry::of_bytes(&value).map(Some).ok_or_else(|| unreadable("an entry", &place.key()))
    }

    /// The places under `prefix` (of [`Place::lane_prefix`], or a beginning of it), in order,
    /// with their entries' bytes.
    pub(in crate::schedule) fn places(
        &self,
        prefix: &[u8],
    ) -> impl Iterator<Item = Result<(Place, Bytes), ScheduleError>> + use<> {
        self.tree.scan_prefix(prefix).map(|item| {
            let (key, value) = item?;
            let place = Place::of_key(&key).ok_or_else(|| unreadable("a place", &key))?;
            Ok((place, value))
        })
    }

    /// The places under `prefix` that come after `place`.
    pub(in crate::schedule) fn places_after(
        &self,
        place: &Place,
        prefix: [u8; 8],
    ) -> impl Iterator<Item = Result<Place, ScheduleError>> + use<> {
        let mut from = place.key().to_vec();
        from.push(0);
        self.tree
            .range((Bound::Included(from), Bound::Unbounded))
            .map(move |item| {
                let (key, _) = item?;
                Ok((key.starts_with(&prefix), key))
            })
            .take_while(|item| item.as_ref().map_or(true, |(inside, _)| *inside))
            .map(|item: Result<_, ScheduleError>| {
                let (_, key) = item?;
                Place::of_key(&key).ok_or_else(|| unreadable("a place", &key))
            })
    }

    /// The next sequence number, as the summaries have it.
    pub(in crate::schedule) fn seq_next(&self) -> Result<u64, ScheduleError> {
        Ok(summaries_of(&self.tree)?.map_or(0, |(_, seq)| seq))
    }

    /// The summary of every host that has one.
    pub(in crate::schedule) fn summaries(
        &self,
    ) -> impl Iterator<Item = Result<(u32, Bytes), ScheduleError>> + use<> {
        self.tree.scan_prefix(b"s").map(|item| {
            let (key, value) = item?;
            let id: [u8; 4] = key[1..].try_into().map_err(|_| unreadable("a summary", &key))?;
            Ok((u32::from_be_bytes(id), value))
        })
    }

    /// Every host: number, name, and when it may be asked again.
    pub(in crate::schedule) fn hosts(
        &self,
    ) -> impl Iterator<Item = Result<(u32, String, i64), ScheduleError>> + use<> {
        self.tree.scan_prefix(b"h").map(|item| {
            let (key, value) = item?;
            let bad = || unreadable("a host", &key);
            let name = std::str::from_utf8(&key[1..]).map_err(|_| bad())?.to_owned();
            let (id, ready) = value.split_first_chunk::<4>().ok_or_else(bad)?;
            let ready: [u8; 8] = ready.try_into().map_err(|_| bad())?;
            Ok((u32::from_be_bytes(*id), name, i64::from_be_bytes(ready)))
        })
    }

    /// Every job: number and the name in its key.
    pub(in crate::schedule) fn jobs(
        &self,
    ) -> impl Iterator<Item = Result<(u16, String), ScheduleError>> + use<> {
        self.tree.scan_prefix(b"j").map(|item| {
            let (key, value) = item?;
            let bad = || unreadable("a job", &key);
            let name = std::str::from_utf8(&key[1..]).map_err(|_| bad())?.to_owned();
            let id: [u8; 2] = value.as_ref().try_into().map_err(|_| bad())?;
            Ok((u16::from_be_bytes(id), name))
        })
    }

    /// The names in the keys of the job with this number.
    pub(in crate::schedule) fn job_keys_of(&self, id: u16) -> Result<Vec<String>, ScheduleError> {
        job_keys_of(&self.tree, id)
    }

    /// Every set of jobs: its number and theirs.
    pub(in crate::schedule) fn sets(
        &self,
    ) -> impl Iterator<Item = Result<(u16, Vec<u16>), ScheduleError>> + use<> {
        self.tree.scan_prefix(b"k").map(|item| {
            let (key, value) = item?;
            let bad = || unreadable("a set of jobs", &key);
            let (members, rest) = key[1..].as_chunks::<2>();
            let id: [u8; 2] = value.as_ref().try_into().map_err(|_| bad())?;
            if !rest.is_empty() {
                return Err(bad());
            }
            let members = members.iter().map(|member| u16::from_be_bytes(*member)).collect();
            Ok((u16::from_be_bytes(id), members))
        })
    }

    /// How many keys begin with `prefix`.
    pub(in crate::schedule) fn count(&self, prefix: &[u8]) -> Result<u64, ScheduleError> {
        self.tree.scan_prefix(prefix).try_fold(0, |count, item| Ok(item.map(|_| count + 1)?))
    }

    fn journal_error(&self, source: io::Error) -> ScheduleError {
        ScheduleError::Journal { path: self.journal.path().to_owned(), source }
    }
}

fn summary_key(host: u32) -> [u8; 5] {
    let mut key = [b's'; 5];
    key[1..].copy_from_slice(&host.to_be_bytes());
    key
}

fn summary_payload(id: u64) -> Vec<u8> {
    let mut out = Packer::new(SUMMARY);
    out.number(id);
    out.finish()
}

/// The number of the summaries and the next sequence number; nothing where there are none.
fn summaries_of(tree: &Tree) -> Result<Option<(u64, u64)>, ScheduleError> {
    let Some(value) = tree.get(SUMMARIES)? else { return Ok(None) };
    let number = |part: &[u8]| part.try_into().ok().map(u64::from_be_bytes);
    let parts = value.split_at_checked(8);
    Ok(parts.and_then(|(id, seq)| Some((number(id)?, number(seq)?))))
}

fn place_payload(kind: u8, place: &Place) -> Vec<u8> {
    let mut out = Packer::new(kind);
    out.bytes(&place.key());
    out.finish()
}

#[cfg(test)]
mod tests;

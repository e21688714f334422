//! Captures in blocks, queried like any backend: in order, by prefix, closest to a time.
//!
//! The index over the blocks is read when it is first needed, and again when it was replaced: this is checked once a
//! minute. Blocks are read by runs that lie one behind the other, and a few that were read lately are kept. A look-up
//! closest to a time reads one range, two where a file ends between its blocks.
//!
//! Before blocks are first published there are none: where the caller says that this may be, the answer is empty.
//!
//! There is no index of payloads and no count of hosts here: no capture is found by its payload.

use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::reader::{Block, Ranges, block_captures, read_index, runs};
use super::{IDX, ZipNumError};
use crate::archive::{
    Answering, Answers, ArchiveError, ArchiveErrorKind, Capture, Captures, HostCount, HostCounts,
    Query, Scans, Sort,
};
use crate::base::{Clock, Digest, Timestamp};

/// How many blocks are kept as captures; one takes about a megabyte.
const BLOCKS_KEPT: usize = 16;
/// How many blocks are read at once by a scan.
const AHEAD: usize = 8;
/// How often it is asked whether the index was replaced.
const ASKED_EVERY: Duration = Duration::from_mins(1);

/// Captures in blocks that lie where ranges can be read.
#[derive(Debug)]
pub struct ShardCaptures {
    ranges: Arc<dyn Ranges>,
    clock: Arc<dyn Clock>,
    may_be_missing: bool,
    opened: Mutex<Option<(Arc<Opened>, Timestamp)>>,
}

/// The index over the blocks, as it was at one time.
#[derive(Debug)]
struct Opened {
    ranges: Arc<dyn Ranges>,
    version: Option<String>,
    blocks: Vec<Block>,
    kept: Mutex<VecDeque<(usize, Arc<Vec<Capture>>)>>,
}

/// A block by its number: the captures in it.
type NumberedBlock = (usize, Arc<Vec<Capture>>);

impl ShardCaptures {
    /// The captures in the blocks that `ranges` gives. Nothing is read yet.
    #[must_use]
    pub fn new(ranges: Arc<dyn Ranges>, clock: Arc<dyn Clock>) -> Self {
        Self { ranges, clock, may_be_missing: false, opened: Mutex::new(None) }
    }

    /// The same with whether the index over the blocks may be missing, which then is an empty answer and no error.
    #[must_use]
    pub fn or_none_yet(self, may_be_missing: bool) -> Self {
        Self { may_be_missing, ..self }
    }

    fn opened(&self) -> Result<Arc<Opened>, ArchiveError> {
        let now = self.clock.now();
        let mut known = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((opened, asked)) = &mut *known {
            if now.since(*asked) < ASKED_EVERY {
                return Ok(Arc::clone(opened));
            }
            let version = self.version()?;
            *asked = now;
            if version == opened.version {
                return Ok(Arc::clone(opened));
            }
        }
        let version = self.version()?;
        let blocks = match &version {
            Some(_) => {
                let bytes = self.ranges.whole(IDX).map_err(|why| failed(IDX, &why))?;
                read_index(&bytes).map_err(damaged)?
            }
            None => Vec::new(),
        };
        let (ranges, kept) = (Arc::clone(&self.ranges), Mutex::default());
        let opened = Arc::new(Opened { ranges, version, blocks, kept });
        *known = Some((Arc::clone(&opened), now));
        Ok(opened)
    }

    /// What distinguishes this content of the index from another one; `None` where there is no index yet.
    fn version(&self) -> Result<Option<String>, ArchiveError> {
        match self.ranges.version(IDX) {
            Err(why) if why.kind() == io::ErrorKind::NotFound && self.may_be_missing => Ok(None),
            version => version.map(Some).map_err(|why| failed(IDX, &why)),
        }
    }
}

fn failed(file: &str, why: &io::Error) -> ArchiveError {
    let kind = ArchiveErrorKind::Beside { is_away: why.kind() == io::ErrorKind::TimedOut };
    ArchiveError::new(kind, format!("reading captures in blocks: {file}: {why}"))
}

fn damaged(why: ZipNumError) -> ArchiveError {
    // It is not an index that is rebuilt from the WARC files when it is opened.
    let kind = ArchiveErrorKind::Beside { is_away: false };
    ArchiveError::new(kind, format!("reading captures in blocks: {why}"))
}

impl Opened {
    /// The captures of a block; of those `beside` it that come next some are read along.
    fn block(&self, at: usize, beside: Range<usize>) -> Result<Arc<Vec<Capture>>, ArchiveError> {
        if let Some(known) = self.known(at) {
            return Ok(known);
        }
        let missing = || {
            let kind = ArchiveErrorKind::Beside { is_away: false };
            ArchiveError::new(kind, "a block is not at the offset in its index")
        };
        self.read(beside)?
            .into_iter()
            .find_map(|(number, captures)| (number == at).then_some(captures))
            .ok_or_else(missing)
    }

    fn known(&self, at: usize) -> Option<Arc<Vec<Capture>>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(number, _)| *number == at).map(|(_, captures)| Arc::clone(captures))
    }

    /// Reads these blocks, by one range for each run of them.
    fn read(&self, wanted: Range<usize>) -> Result<Vec<NumberedBlock>, ArchiveError> {
        let mut found = Vec::with_capacity(wanted.len());
        let Some(blocks) = self.blocks.get(wanted.clone()) else { return Ok(found) };
        let mut at = wanted.start;
        for run in runs(blocks) {
            let (first, last) = (&run[0], &run[run.len() - 1]);
            let range = first.range.start..last.range.end;
            let bytes = self.ranges.range(&first.shard, range);
            let bytes = bytes.map_err(|why| failed(&first.shard, &why))?;
            for block in run {
                let from = usize::try_from(block.range.start - first.range.start);
                let to = usize::try_from(block.range.end - first.range.start);
                let part = from.ok().zip(to.ok()).and_then(|(from, to)| bytes.get(from..to));
                let captures = block_captures(&block.shard, part.unwrap_or_default());
                let captures = Arc::new(captures.map_err(damaged)?);
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.retain(|(number, _)| *number != at);
                kept.push_back((at, Arc::clone(&captures)));
                if kept.len() > BLOCKS_KEPT {
                    kept.pop_front();
                }
                found.push((at, captures));
                at += 1;
            }
        }
        Ok(found)
    }

    /// Which blocks may have captures that a query asks for.
    fn of(&self, query: &Query) -> Range<usize> {
        let key =
            |block: &Block| block.key.split(' ').next().unwrap_or_default().as_bytes().to_vec();
        let (start, end) = (&query.keys.start, query.keys.end.as_deref());
        let mut from = self.blocks.partition_point(|block| key(block) < *start);
        let mut to = self.blocks.partition_point(|block| end.is_none_or(|end| &*key(block) < end));
        if query.names_one_key()
            && let Ok(urlkey) = str::from_utf8(start)
        {
            let place = |at: Timestamp| format!("{urlkey} {}", at.to_stamp14());
            if let Some(at) = query.from {
                from = self.blocks.partition_point(|block| block.key < place(at));
            }
            if let Some(at) = query.to {
                // Lines of one second are in the order of their texts.
                to = self.blocks.partition_point(|block| block.key <= place(at)).min(to);
            }
        }
        // What comes before the first of these blocks is at the end of the one before.
        from.saturating_sub(1)..to.max(from.saturating_sub(1))
    }

    /// Reads what a look-up of one urlkey closest to a time most likely needs, at once.
    fn warm(&self, urlkey: &[u8], at: Timestamp) -> Result<(), ArchiveError> {
        let Ok(urlkey) = str::from_utf8(urlkey) else { return Ok(()) };
        let wanted = super::reader::around(&self.blocks, urlkey, at);
        let is_known = wanted.clone().all(|block| self.known(block).is_some());
        if is_known { Ok(()) } else { self.read(wanted).map(drop) }
    }

    fn forward(self: &Arc<Self>, query: &Query) -> Scan {
        Scan::new(self, query, true)
    }

    fn backward(self: &Arc<Self>, query: &Query) -> Scan {
        Scan::new(self, query, false)
    }
}

/// Captures of a range of blocks, in order or the other way round.
struct Scan {
    opened: Arc<Opened>,
    query: Query,
    is_forward: bool,
    /// Blocks that were not begun.
    blocks: Range<usize>,
    /// The block that is gone through, and what of it is left.
    block: Option<(Arc<Vec<Capture>>, Range<usize>)>,
    /// Captures of one second, the next one last; lines of one second are in the order of their texts.
    ready: Vec<Capture>,
    /// A capture of the next second.
    ahead: Option<Capture>,
    is_ended: bool,
}

impl Scan {
    fn new(opened: &Arc<Opened>, query: &Query, is_forward: bool) -> Self {
        Self {
            opened: Arc::clone(opened),
            query: query.clone(),
            is_forward,
            blocks: opened.of(query),
            block: None,
            ready: Vec::new(),
            ahead: None,
            is_ended: false,
        }
    }

    /// The next capture in the order of lines that is in the range of urlkeys.
    fn line(&mut self) -> Result<Option<Capture>, ArchiveError> {
        loop {
            if let Some((captures, left)) = &mut self.block {
                let at = if self.is_forward { left.next() } else { left.next_back() };
                if let Some(capture) = at.and_then(|at| captures.get(at)) {
                    if self.query.keys.contains(capture.urlkey.as_bytes()) {
                        return Ok(Some(capture.clone()));
                    }
                    continue;
                }
                self.block = None;
            }
            let next = if self.is_forward { self.blocks.next() } else { self.blocks.next_back() };
            let Some(next) = next else { return Ok(None) };
            let beside = match self.is_forward {
                true => next..self.blocks.end.clamp(next + 1, next + AHEAD),
                false => self.blocks.start.clamp((next + 1).saturating_sub(AHEAD), next)..next + 1,
            };
            let captures = self.opened.block(next, beside)?;
            let all = 0..captures.len();
            self.block = Some((captures, all));
        }
    }

    /// Gathers the captures of the next second of a urlkey.
    fn gather(&mut self) -> Result<(), ArchiveError> {
        let first = match self.ahead.take() {
            Some(first) => first,
            None => match self.line()? {
                Some(first) => first,
                None => return Ok(()),
            },
        };
        let second = |capture: &Capture| capture.date.unix_micros().div_euclid(1_000_000);
        self.ready.push(first);
        while let Some(capture) = self.line()? {
            let first = &self.ready[0];
            if capture.urlkey == first.urlkey && second(&capture) == second(first) {
                self.ready.push(capture);
            } else {
                self.ahead = Some(capture);
                break;
            }
        }
        self.ready.sort_by(|a, b| {
            let order = |c: &Capture| (c.date, Arc::clone(&c.file), c.offset);
            order(a).cmp(&order(b))
        });
        if self.is_forward {
            self.ready.reverse();
        }
        Ok(())
    }

    /// Whether a capture that is in the range of urlkeys is asked for.
    fn is_wanted(&self, capture: &Capture) -> bool {
        let Query { from, to, after, .. } = &self.query;
        if from.is_some_and(|from| capture.date < from) || to.is_some_and(|to| capture.date >= to) {
            return false;
        }
        let Some(cursor) = after else { return true };
        let of = (capture.urlkey.as_str(), capture.date, &*capture.file, capture.offset);
        let last = (cursor.urlkey.as_str(), cursor.date, cursor.file.as_str(), cursor.offset);
        if self.is_forward { of > last } else { of < last }
    }
}

impl Iterator for Scan {
    type Item = Result<Capture, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_ended {
            if let Some(capture) = self.ready.pop() {
                if self.is_wanted(&capture) {
                    return Some(Ok(capture));
                }
                continue;
            }
            match self.gather() {
                Ok(()) => self.is_ended = self.ready.is_empty(),
                Err(why) => {
                    self.is_ended = true;
                    return Some(Err(why));
                }
            }
        }
        None
    }
}

impl Captures for ShardCaptures {
    fn scan(&self, query: &Query) -> Answers<'_> {
        let opened = match self.opened() {
            Ok(opened) => opened,
            Err(why) => return Box::new(std::iter::once(Err(why))),
        };
        // A page of a long answer begins where the last one ended.
        let mut narrow = query.clone();
        if let Some(cursor) = &query.after {
            let key = cursor.urlkey.as_bytes();
            match query.sort {
                Sort::Ascending if key > narrow.keys.start.as_slice() => {
                    narrow.keys.start = key.to_vec();
                }
                Sort::Descending => {
                    let end = [key, b"\x01"].concat();
                    if narrow.keys.end.as_deref().is_none_or(|known| *end < *known) {
                        narrow.keys.end = Some(end);
                    }
                }
                _ => {}
            }
        }
        let scans = match query.sort {
            Sort::Ascending => Scans::InOrder(opened.forward(&narrow)),
            Sort::Descending => Scans::InOrder(opened.backward(&narrow)),
            Sort::Closest(at) if query.names_one_key() => {
                if let Err(why) = opened.warm(&query.keys.start, at) {
                    return Box::new(std::iter::once(Err(why)));
                }
                let before = query.to.map_or(at, |to| to.min(at));
                let after = query.from.map_or(at, |from| from.max(at));
                let plain = Query { after: None, ..query.clone() };
                Scans::Closest {
                    at,
                    before: opened.backward(&Query { to: Some(before), ..plain.clone() }),
                    after: opened.forward(&Query { from: Some(after), ..plain }),
                }
            }
            Sort::Closest(at) => {
                let plain = Query { after: None, ..query.clone() };
                Scans::Unsorted { at, scan: opened.forward(&plain) }
            }
        };
        Box::new(Answering::new(query, scans))
    }

    fn by_payload(&self, _: &Digest) -> Result<Option<Capture>, ArchiveError> {
        Ok(None)
    }

    fn hosts(&self) -> HostCounts<'_> {
        Box::new(std::iter::empty())
    }

    fn host_of(&self, _: &str) -> Result<Option<HostCount>, ArchiveError> {
        Ok(None)
    }

    fn bytes(&self) -> Result<Option<u64>, ArchiveError> {
        Ok(None)
    }
}

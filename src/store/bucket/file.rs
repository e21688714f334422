//! A file that is in the object storage, read by ranges.
//!
//! A look-up at one place costs one block, which is kept in the cache. A sequential reader gets larger pieces, several
//! of them under way at once, which are not kept: a pass over a file would evict everything else. What is read from the
//! start to the end is hashed on the way.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use crate::archive::{ObjectError, ObjectErrorKind, Pending};
use crate::base::{DigestAlgorithm, Hasher};

use super::{Bucket, Entry, io_error};

/// What a look-up at one place reads. Most records are shorter, and those beside them are often asked for next.
const BLOCK_BYTES: u64 = 1 << 20;
/// What a sequential reader requests at once: the length that other clients use. Some servers open the whole object for
/// each range, so that shorter pieces cost more.
const PIECE_BYTES: u64 = 8 << 20;

/// An object, with a position of its own.
#[derive(Debug)]
pub(super) struct RemoteFile {
    bucket: Arc<Bucket>,
    entry: Entry,
    at: u64,
    /// The bytes in memory, and where they begin.
    held: (u64, Vec<u8>),
    /// Pieces that are under way, in their order.
    ahead: VecDeque<(Range<u64>, Pending<Vec<u8>>)>,
    /// How many sequential reads followed one another.
    streak: usize,
    /// Everything up to here was hashed; `None` where something was left out.
    hashed: Option<(Hasher, u64)>,
}

impl RemoteFile {
    pub fn new(bucket: Arc<Bucket>, entry: Entry) -> Self {
        let hashed = Some((Hasher::new(DigestAlgorithm::Sha256), 0));
        let held = (0, Vec::new());
        Self { bucket, entry, at: 0, held, ahead: VecDeque::new(), streak: 0, hashed }
    }

    fn place(&self) -> String {
        format!("{}/{}", self.bucket.objects.place(), self.entry.file)
    }

    /// Loads the block or piece with the byte at the position.
    fn fetch(&mut self) -> io::Result<()> {
        let end = self.held.0 + self.held.1.len() as u64;
        // A read at the start usually reads the whole file, and is rarely a look-up.
        self.streak = match self.at {
            0 => 2,
            at if at == end => self.streak + 1,
            _ => 0,
        };
        let (start, bytes) = if self.streak > 1 { self.piece()? } else { self.block()? };
        self.hash(start, &bytes);
        self.held = (start, bytes);
        Ok(())
    }

    fn block(&mut self) -> io::Result<(u64, Vec<u8>)> {
        self.ahead.clear();
        let block = self.at / BLOCK_BYTES;
        let start = block * BLOCK_BYTES;
        let of = format!("{} {}", self.entry.file, self.entry.etag);
        let range = start..(start + BLOCK_BYTES).min(self.entry.bytes);
        let length = range.end - start;
        if let Some(bytes) = self.bucket.cache.get(&of, block).filter(|b| b.len() as u64 == length)
        {
            return Ok((start, bytes));
        }
        let bytes = self.wait(self.ask(range))?;
        self.bucket.cache.put(&of, block, &bytes);
        Ok((start, bytes))
    }

    fn piece(&mut self) -> io::Result<(u64, Vec<u8>)> {
        while self.ahead.front().is_some_and(|(range, _)| range.end <= self.at) {
            self.ahead.pop_front();
        }
        if self.ahead.front().is_none_or(|(range, _)| !range.contains(&self.at)) {
            self.ahead.clear();
        }
        let wanted = self.streak.min(self.bucket.options.requests_max.max(1));
        while self.ahead.len() < wanted {
            let from = self.ahead.back().map_or(self.at, |(range, _)| range.end);
            if from >= self.entry.bytes {
                break;
            }
            let range = from..(from + PIECE_BYTES).min(self.entry.bytes);
            let pending = self.ask(range.clone());
            self.ahead.push_back((range, pending));
        }
        let Some((range, pending)) = self.ahead.pop_front() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        Ok((range.start, self.wait(pending)?))
    }

    fn ask(&self, range: Range<u64>) -> Pending<Vec<u8>> {
        self.bucket.objects.read(&self.entry.file, range, &self.entry.etag)
    }

    fn wait(&self, pending: Pending<Vec<u8>>) -> io::Result<Vec<u8>> {
        let gone = || ObjectError::new(ObjectErrorKind::Away, "the request was abandoned");
        let got = pending.recv().unwrap_or_else(|_| Err(gone()));
        got.map_err(|why| {
            self.bucket.note_unanswered(&self.place(), &why);
            io_error(&self.place(), &why)
        })
    }

    fn hash(&mut self, start: u64, bytes: &[u8]) {
        let end = start + bytes.len() as u64;
        let Some((hasher, to)) = &mut self.hashed else { return };
        if start > *to {
            self.hashed = None;
        } else if end > *to {
            let from = usize::try_from(*to - start).unwrap_or(usize::MAX);
            hasher.update(bytes.get(from..).unwrap_or_default());
            *to = end;
            if end == self.entry.bytes
                && let Some((hasher, _)) = self.hashed.take()
            {
                self.bucket.keep_digest(&self.entry.file, hex(hasher.finish().as_bytes()));
            }
        }
    }
}

/// Bytes in hexadecimal.
pub(in crate::store) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Read for RemoteFile {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.entry.bytes || out.is_empty() {
            return Ok(0);
        }
        let within = |held: &(u64, Vec<u8>), at: u64| {
            let from = usize::try_from(at.checked_sub(held.0)?).ok()?;
            (from < held.1.len()).then_some(from)
        };
        let from = match within(&self.held, self.at) {
            Some(from) => from,
            None => {
                self.fetch()?;
                within(&self.held, self.at).ok_or(io::ErrorKind::UnexpectedEof)?
            }
        };
        let count = out.len().min(self.held.1.len() - from);
        out[..count].copy_from_slice(&self.held.1[from..from + count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for RemoteFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.entry.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

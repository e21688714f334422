//! Buffered bytes of a file, with the offset of each: what the reader of members reads from.
//!
//! It looks ahead without consuming, and goes elsewhere where the input can seek, keeping what is
//! buffered when the place is near. It does not know about members or records.

use std::io::{self, Read, Seek, SeekFrom};

/// How many bytes are buffered at most; also the furthest look ahead. Members of up to this length
/// are unpacked in one go.
pub(super) const BUFFER_BYTES: usize = 1024 * 1024;

/// How many bytes are read at a time, once several reads followed each other.
const READ_BYTES: usize = 256 * 1024;

/// How many bytes the first read after a seek takes, where no more are wanted: a record that is looked up is mostly
/// short, and what is read beyond it is read for nothing. Each read after it takes twice as many bytes.
const FIRST_READ_BYTES: usize = 32 * 1024;

/// Buffered input.
pub(super) struct Source<R> {
    inner: R,
    /// Grows up to [`BUFFER_BYTES`]: one record that is looked up needs little of it.
    buffer: Vec<u8>,
    /// How many bytes the next read takes.
    step: usize,
    start: usize,
    end: usize,
    /// The offset of `buffer[0]`.
    base: u64,
    at_end: bool,
    seek: Option<fn(&mut R, u64) -> io::Result<()>>,
}

impl<R: Read> Source<R> {
    /// Input that can only be read onwards, which begins at offset 0.
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            step: FIRST_READ_BYTES,
            start: 0,
            end: 0,
            base: 0,
            at_end: false,
            seek: None,
        }
    }

    /// Input that can go anywhere.
    pub(super) fn seekable(inner: R) -> Self
    where
        R: Seek,
    {
        let mut source = Self::new(inner);
        source.seek = Some(|inner, to| inner.seek(SeekFrom::Start(to)).map(|_| ()));
        source
    }

    pub(super) fn can_seek(&self) -> bool {
        self.seek.is_some()
    }

    /// The offset of the next byte.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// What is buffered from the next byte on.
    pub(super) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Reads on until `want` bytes are buffered, and gives all that are: fewer only at the end of
    /// the input. At most [`BUFFER_BYTES`] are ever wanted.
    pub(super) fn fill(&mut self, want: usize) -> io::Result<&[u8]> {
        let want = want.min(BUFFER_BYTES);
        if self.end - self.start < want && self.buffer.len() - self.start < want {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        while self.end - self.start < want && !self.at_end {
            // A whole file is not read faster by more than this at a time.
            let missing = want - (self.end - self.start);
            let size = self.end.saturating_add(self.step.max(missing)).min(BUFFER_BYTES);
            if self.buffer.len() < size {
                self.buffer.resize(size, 0);
            }
            let room = (self.buffer.len() - self.end).min(self.step.max(missing));
            self.step = (self.step * 2).min(READ_BYTES);
            match self.inner.read(&mut self.buffer[self.end..self.end + room]) {
                Ok(0) => self.at_end = true,
                Ok(count) => self.end += count.min(room),
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
        Ok(self.buffered())
    }

    /// Moves past `count` bytes, all of which are buffered.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Reads on to an offset, or to the end of the input where that comes before.
    fn read_on_to(&mut self, offset: u64) -> io::Result<()> {
        while self.offset() < offset {
            let left = usize::try_from(offset - self.offset()).unwrap_or(usize::MAX);
            let count = self.fill(1)?.len().min(left);
            if count == 0 {
                break;
            }
            self.consume(count);
        }
        Ok(())
    }

    /// Goes to an offset. Without the ability to seek, only what is ahead or buffered can be
    /// reached, and the end of the input stops it; with it, one may be beyond the end.
    pub(super) fn go_to(&mut self, offset: u64) -> io::Result<()> {
        let last = self.base + self.end as u64;
        if (self.base..=last).contains(&offset) {
            // The difference is at most the buffer's length.
            self.start = usize::try_from(offset - self.base).unwrap_or(self.end);
            return Ok(());
        }
        let Some(seek) = self.seek else {
            if offset < self.base {
                let what = format!("cannot go back to {offset} in an input that cannot seek");
                return Err(io::Error::new(io::ErrorKind::Unsupported, what));
            }
            return self.read_on_to(offset);
        };
        seek(&mut self.inner, offset)?;
        (self.start, self.end, self.base, self.at_end) = (0, 0, offset, false);
        self.step = FIRST_READ_BYTES;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_ahead_and_knows_where_it_stands() {
        let bytes: Vec<u8> = (0..=255).cycle().take(BUFFER_BYTES * 2 + 7).collect();
        let mut source = Source::new(bytes.as_slice());
        assert_eq!(source.fill(BUFFER_BYTES).unwrap()[..10], bytes[..10]);
        source.consume(BUFFER_BYTES - 5);
        assert_eq!(source.offset(), BUFFER_BYTES as u64 - 5);
        assert_eq!(source.fill(100).unwrap()[..100], bytes[BUFFER_BYTES - 5..][..100]);
        source.consume(usize::MAX / 2);
        while !source.fill(1).unwrap().is_empty() {
            source.consume(BUFFER_BYTES);
        }
        assert_eq!(source.offset(), bytes.len() as u64);
        assert!(source.go_to(0).is_err());
        source.go_to(u64::MAX).unwrap();
        assert_eq!(source.offset(), bytes.len() as u64);
    }

    #[test]
    fn it_goes_back_and_beyond_the_end() {
        let bytes = vec![7u8; 1000];
        let mut source = Source::seekable(io::Cursor::new(bytes));
        source.fill(1000).unwrap();
        source.consume(900);
        source.go_to(10).unwrap();
        assert_eq!((source.offset(), source.buffered().len()), (10, 990));
        source.go_to(5000).unwrap();
        assert!(source.fill(1).unwrap().is_empty());
        source.go_to(999).unwrap();
        assert_eq!(source.fill(5).unwrap(), [7]);
    }
}

//! The bytes of an input: part of a file, read at offsets, or a stream.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// A part of a file, with a position of its own: several may read one file at once.
#[derive(Debug, Clone)]
pub struct FileSlice {
    file: Arc<File>,
    start: u64,
    length: u64,
    at: u64,
}

impl FileSlice {
    /// The `length` bytes from `start` on; a file that ends before gives fewer.
    pub(in crate::warc) fn new(file: Arc<File>, start: u64, length: u64) -> Self {
        Self { file, start, length, at: 0 }
    }

    /// How many bytes it has, if the file does not end before.
    pub(in crate::warc) fn length(&self) -> u64 {
        self.length
    }

    /// A part of it, as far as it reaches.
    pub(in crate::warc) fn part(&self, offset: u64, length: u64) -> Self {
        let offset = offset.min(self.length);
        let length = length.min(self.length - offset);
        let start = self.start.saturating_add(offset);
        Self { file: Arc::clone(&self.file), start, length, at: 0 }
    }
}

impl Read for FileSlice {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = out.len().min(left);
        let count = self.file.read_at(&mut out[..room], self.start.saturating_add(self.at))?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for FileSlice {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// What an input is read from. Only part of a file can seek.
pub struct InputBytes(Kind);

enum Kind {
    Slice(FileSlice),
    Stream(Box<dyn Read + Send>),
}

impl InputBytes {
    /// A part of a file.
    pub(in crate::warc) fn slice(slice: FileSlice) -> Self {
        Self(Kind::Slice(slice))
    }

    /// Bytes that come one after the other.
    pub(in crate::warc) fn stream(input: Box<dyn Read + Send>) -> Self {
        Self(Kind::Stream(input))
    }

    /// The same bytes from their start; none of a stream.
    pub(in crate::warc) fn again(&self) -> Option<Self> {
        match &self.0 {
            Kind::Slice(slice) => Some(Self(Kind::Slice(FileSlice { at: 0, ..slice.clone() }))),
            Kind::Stream(_) => None,
        }
    }

    /// How many bytes there are; none of a stream.
    pub(in crate::warc) fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Slice(slice) => Some(slice.length),
            Kind::Stream(_) => None,
        }
    }

    /// A part of them; none of a stream.
    pub(in crate::warc) fn part(&self, offset: u64, length: u64) -> Option<Self> {
        let Kind::Slice(slice) = &self.0 else { return None };
        Some(Self::slice(slice.part(offset, length)))
    }

    /// Whether it can be read at any offset.
    #[must_use]
    pub fn can_seek(&self) -> bool {
        matches!(self.0, Kind::Slice(_))
    }
}

impl fmt::Debug for InputBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Slice(slice) => slice.fmt(f),
            Kind::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl Read for InputBytes {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Kind::Slice(slice) => slice.read(out),
            Kind::Stream(stream) => stream.read(out),
        }
    }
}

impl Seek for InputBytes {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Kind::Slice(slice) => slice.seek(to),
            Kind::Stream(_) => Err(io::Error::from(io::ErrorKind::NotSeekable)),
        }
    }
}

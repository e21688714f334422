//! Records from a file, one after the other or at an offset, with the place of each.
//!
//! Plain, gzip and zstd files are distinguished by their first bytes. One member a record is what we
//! write and what the standard recommends; several records in a member, and records that go over
//! several members, are read too and reported. Memory is flat: blocks are streamed.
//!
//! A problem with the bytes is not an error but a [`Finding`]: the reader reports what is wrong and
//! where, says how the file ends ([`End`]), and continues at the next place where a record begins.
//! Only an input that cannot be read is an error, after which nothing more comes.
//!
//! With [`ReadOptions::skip_by_length`] what a caller does not read is not unpacked either: see
//! [`RecordReader::skip`] for when that is sound. Checks must not use it.

mod begin;
mod finish;
mod recover;

use std::io::{self, BufRead, Read, Seek};

use super::parse::{Form, HeaderLimits, Mode, RecordHeader};
use super::source::Source;
use super::unpack::{Framing, UnpackError, Unpacker};
use crate::base::{Finding, Severity};

/// How a file is read.
#[derive(Debug, Clone)]
pub struct ReadOptions {
    /// What the file is called in findings.
    pub file: String,
    /// How much is forgiven in headers.
    pub mode: Mode,
    /// Bounds on a header.
    pub header: HeaderLimits,
    /// The longest block that is handed out, in bytes; a longer one is reported and passed over.
    pub block_bytes_max: u64,
    /// The most findings that are kept; what is beyond is counted in one more.
    pub findings_max: usize,
    /// Skip by the lengths that members state, and unpack only the start of each at first.
    pub skip_by_length: bool,
    /// Where the length of a record in a plain file leads to no end of a record, look for the next
    /// record in what it took for its block. Off where a record that was being written may be the
    /// last one: what its page says must not be taken for records.
    pub search_blocks: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            file: String::new(),
            mode: Mode::Lenient,
            header: HeaderLimits::default(),
            // Longer than any response that we take, and below what would fill a disk unnoticed.
            block_bytes_max: 1 << 40,
            findings_max: 10_000,
            skip_by_length: false,
            search_blocks: false,
        }
    }
}

/// How a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After a whole record.
    Clean,
    /// Inside the record that begins at this offset.
    Cut(u64),
    /// With bytes from this offset on in which no record begins.
    Garbage(u64),
    /// Nowhere: reading failed.
    Failed,
}

/// Where a record is, and whether all of it was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The offset of its member, or of the record itself in a plain file.
    pub offset: u64,
    /// The length of its member, or of the record in a plain file; `None` where the record shares
    /// its member with others or is not whole, so that it has no place of its own.
    pub length: Option<u64>,
    /// How many raw bytes of the member come before the record: above zero where it is not the
    /// first in its member.
    pub within: u64,
    /// Whether the whole record was read and its member's checksum holds. After a skip: whether
    /// the member's stated length agrees with what is at its end.
    pub intact: bool,
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The input cannot be read.
    #[error("cannot read {file} at {offset}: {source}")]
    Io {
        /// The file's name.
        file: String,
        /// Where the reader was.
        offset: u64,
        /// What the system said.
        source: io::Error,
    },
    /// No record begins at the offset that was asked for.
    #[error("no record begins at {offset} in {file}: {what}")]
    NoRecord {
        /// The file's name.
        file: String,
        /// The offset that was asked for.
        offset: u64,
        /// What is there instead.
        what: String,
    },
}

/// The record that has begun.
#[derive(Clone, Copy)]
struct Current {
    offset: u64,
    within: u64,
    /// The length of header, block and line breaks, as the header says.
    raw_len: u64,
    /// Where the block begins, in raw bytes of its member.
    block_at: u64,
    /// Block bytes that were not yet consumed.
    left: u64,
    form: Form,
    failed: bool,
}

/// What the next bytes began.
enum Begun {
    Record(RecordHeader),
    /// A record whose block is over the limit.
    TooLong,
    /// Nothing: the file ends.
    Nothing,
}

/// What stopped a record from being begun or read.
enum Stop {
    /// The unpacking.
    Member(UnpackError),
    /// The raw bytes: they are not a record, though their member can be unpacked.
    Record(&'static str, String),
}

impl<T: Into<UnpackError>> From<T> for Stop {
    fn from(trouble: T) -> Self {
        Self::Member(trouble.into())
    }
}

/// How many bytes of a file are read a second time to look for records in blocks. Every header of a
/// hostile file may claim all of the rest.
const SEARCH_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The rule that each record has a member of its own; reported once by a reader.
pub const MEMBER_PER_RECORD: &str = "member-per-record";

/// Reads records.
pub struct WarcReader<R> {
    unpack: Unpacker<R>,
    options: ReadOptions,
    findings: Vec<Finding>,
    findings_left_out: u64,
    current: Option<Current>,
    /// Where the record begins whose header is being read.
    began: Option<u64>,
    /// The start of a header, where a search has consumed it already.
    seed: Vec<u8>,
    /// Gathered bytes that are not a header, until they are searched for the start of another.
    broken_head: Vec<u8>,
    end: Option<End>,
    intact_end: u64,
    shared_noted: bool,
    /// The format of the first record; none before it.
    form: Option<Form>,
    /// How many bytes may still be read a second time to look for records in blocks.
    search_left: u64,
}

impl<R: Read> WarcReader<R> {
    /// A reader of an input that can only be read onwards. Nothing is read yet.
    #[must_use]
    pub fn new(input: R, options: ReadOptions) -> Self {
        Self::over(Source::new(input), options)
    }

    /// A reader of an input that can seek, which it must be at the start of.
    #[must_use]
    pub fn seekable(input: R, options: ReadOptions) -> Self
    where
        R: Seek,
    {
        Self::over(Source::seekable(input), options)
    }

    fn over(source: Source<R>, options: ReadOptions) -> Self {
        Self {
            unpack: Unpacker::new(source, options.skip_by_length),
            options,
            findings: Vec::new(),
            findings_left_out: 0,
            current: None,
            began: None,
            seed: Vec::new(),
            broken_head: Vec::new(),
            end: None,
            intact_end: 0,
            shared_noted: false,
            form: None,
            search_left: SEARCH_BYTES_MAX,
        }
    }

    /// The next record; `None` at the end, however it ended. What was left unread of the record
    /// before is passed over first.
    ///
    /// # Errors
    /// When the input cannot be read. After that it only gives `None`.
    pub fn next_record(&mut self) -> Result<Option<RecordReader<'_, R>>, ReadError> {
        self.finish_current(Rest::Read)?;
        while self.end.is_none() {
            match self.begin_record() {
                Ok(Begun::Record(header)) => {
                    return Ok(Some(RecordReader { reader: self, header }));
                }
                Ok(Begun::TooLong) => {
                    self.finish_current(Rest::Read)?;
                }
                Ok(Begun::Nothing) => self.end = Some(End::Clean),
                Err(stop) => {
                    let at = self.began.unwrap_or_else(|| self.place());
                    self.recover(stop, at)?;
                }
            }
        }
        Ok(None)
    }

    /// The record that begins at `offset`: of a plain file, or as the first of a member there.
    /// Reading on from it gives the records after it.
    ///
    /// # Errors
    /// When the input cannot be read there, or no record begins there.
    pub fn read_at(&mut self, offset: u64) -> Result<RecordReader<'_, R>, ReadError> {
        self.read_within(offset, 0)
    }

    /// The record `within` raw bytes into the member at `offset`, as [`Located`] gives them.
    ///
    /// # Errors
    /// When the input cannot be read there, or no record begins there.
    pub fn read_within(
        &mut self,
        offset: u64,
        within: u64,
    ) -> Result<RecordReader<'_, R>, ReadError> {
        self.current = None;
        self.end = None;
        self.seed.clear();
        let begun = self.unpack.go_to(offset).map_err(Stop::from).and_then(|()| {
            self.pass_raw(within)?;
            self.begin_record()
        });
        let what = match begun {
            Ok(Begun::Record(header)) => {
                let starts = self.current.map(|current| (current.offset, current.within));
                if starts == Some((offset, within)) {
                    return Ok(RecordReader { reader: self, header });
                }
                "the next record begins at another offset".to_owned()
            }
            Ok(Begun::TooLong) => "its block is over the limit".to_owned(),
            Ok(Begun::Nothing) => "the file ends before".to_owned(),
            Err(Stop::Member(UnpackError::Io(source))) => return Err(self.io_error(source)),
            Err(Stop::Member(UnpackError::Cut)) => "the file ends inside a record".to_owned(),
            Err(Stop::Member(UnpackError::Damaged { what, .. }) | Stop::Record(_, what)) => what,
        };
        self.current = None;
        self.unpack.abandon();
        self.end = Some(End::Failed);
        Err(ReadError::NoRecord { file: self.options.file.clone(), offset, what })
    }

    /// Goes to the first member at or after an offset that holds a record, and stands before it; where
    /// it begins, or none where there is none, or the file is not packed. What looks like a member may
    /// be part of a page: the caller has to prove that it is one.
    ///
    /// # Errors
    /// When the input cannot be read or cannot seek.
    pub(super) fn seek_record(&mut self, from: u64) -> Result<Option<u64>, ReadError> {
        self.go_to_record(from)?;
        let found = match self.unpack.know_framing() {
            Ok(()) => self.unpack.scan(from),
            Err(UnpackError::Io(source)) => return Err(self.io_error(source)),
            Err(UnpackError::Cut | UnpackError::Damaged { .. }) => return Ok(None),
        };
        match found {
            Ok(found) => Ok(found.then(|| self.unpack.source.offset())),
            Err(source) => Err(self.io_error(source)),
        }
    }

    /// Goes to an offset where a member is known to begin.
    ///
    /// # Errors
    /// When the input cannot be read there.
    pub(super) fn go_to_record(&mut self, offset: u64) -> Result<(), ReadError> {
        self.current = None;
        self.end = None;
        self.seed.clear();
        self.unpack.go_to(offset).map_err(|source| self.io_error(source))
    }

    /// How the file ended; `None` before the end was reached.
    #[must_use]
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// How the file is packed; `None` before the first record, and for an empty file.
    #[must_use]
    pub fn framing(&self) -> Option<Framing> {
        self.unpack.framing
    }

    /// The offset after the last intact record that was read to its end; zero before. What is
    /// between it and the end of the file is not a whole record.
    #[must_use]
    pub fn intact_end(&self) -> u64 {
        self.intact_end
    }

    /// How far the input was read, in bytes of the file.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.unpack.source.offset()
    }

    /// The first bytes of the gzip member that was read last, up to the length of the header that this
    /// program writes; none where the file is not gzip.
    #[must_use]
    pub fn member_head(&self) -> Option<&[u8]> {
        (self.unpack.framing == Some(Framing::Gzip)).then_some(&self.unpack.member.head[..])
    }

    /// What was found wrong since this was last asked, in the order of the file.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        if self.findings_left_out > 0 {
            let what = format!("{} more findings are omitted", self.findings_left_out);
            self.findings_left_out = 0;
            self.findings.push(Finding::warning(&self.options.file, None, "findings", what));
        }
        std::mem::take(&mut self.findings)
    }

    /// Where the reader is, for findings: the member's offset, or the place in a plain file.
    fn place(&self) -> u64 {
        match self.unpack.framing {
            Some(Framing::Plain) => self.unpack.member.offset + self.unpack.raw_position(),
            _ => self.unpack.member.offset,
        }
    }

    fn note(&mut self, severity: Severity, offset: u64, rule: &'static str, what: String) {
        if self.findings.len() >= self.options.findings_max {
            self.findings_left_out += 1;
            return;
        }
        let file = self.options.file.clone();
        self.findings.push(Finding { severity, file, offset: Some(offset), rule, what });
    }

    fn io_error(&mut self, source: io::Error) -> ReadError {
        self.end = Some(End::Failed);
        let offset = self.unpack.source.offset();
        ReadError::Io { file: self.options.file.clone(), offset, source }
    }
}

/// What is to happen with the rest of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Read,
    Skip,
}

/// A record that has begun: its header, and its block as a stream.
///
/// Reading a block that is cut or damaged gives its bytes as far as they go, and then an error of
/// the kind `UnexpectedEof` or `InvalidData`; the reader continues with the next record anyway.
pub struct RecordReader<'r, R> {
    reader: &'r mut WarcReader<R>,
    header: RecordHeader,
}

impl<R: Read> RecordReader<'_, R> {
    /// The record's header.
    #[must_use]
    pub fn header(&self) -> &RecordHeader {
        &self.header
    }

    /// The record's header, to keep.
    #[must_use]
    pub fn take_header(&mut self) -> RecordHeader {
        let empty = RecordHeader {
            form: self.header.form,
            version: self.header.version,
            fields: super::fields::Fields::new(),
            raw: Vec::new(),
            content_length: self.header.content_length,
        };
        std::mem::replace(&mut self.header, empty)
    }

    /// How its file is packed.
    #[must_use]
    pub fn framing(&self) -> Option<Framing> {
        self.reader.framing()
    }

    /// Where the record begins: the offset of its member, or its own in a plain file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.reader.current.map_or(0, |current| current.offset)
    }

    /// Reads what is left of the record and checks its member; where it is. Findings are with
    /// the reader.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn finish(self) -> Result<Located, ReadError> {
        self.end(Rest::Read)
    }

    /// As [`Self::finish`], but where the options allow it and the member states its length, goes
    /// there without unpacking. What is passed over is not checked.
    ///
    /// Sound for files of our own: the length was written before any byte of a page, and the
    /// trailer before the place it leads to must agree. A file from elsewhere may lie in both.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn skip(self) -> Result<Located, ReadError> {
        self.end(Rest::Skip)
    }

    fn end(self, rest: Rest) -> Result<Located, ReadError> {
        let none = Located { offset: 0, length: None, within: 0, intact: false };
        Ok(self.reader.finish_current(rest)?.unwrap_or(none))
    }
}

impl<R: Read> BufRead for RecordReader<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.reader.fill_block() {
            Ok(count) => Ok(&self.reader.unpack.out()[..count]),
            Err(stop) => Err(self.reader.fail_current(stop)),
        }
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume_block(count);
    }
}

impl<R: Read> Read for RecordReader<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ready = self.fill_buf()?;
        let count = ready.len().min(out.len());
        out[..count].copy_from_slice(&ready[..count]);
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;

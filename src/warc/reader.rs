//! Records from a file, one after the other or at an offset, with the place of each.
//!
//! Plain, gzip and zstd files are told apart by their first bytes. One member a record is what we
//! write and what the standard recommends; several records in a member, and records that go over
//! several members, are read too and reported. Memory is flat: blocks are streamed.
//!
//! Trouble with the bytes is not an error but a [`Finding`]: the reader reports what is wrong and
//! where, says how the file ends ([`End`]), and goes on at the next place where a record begins.
//! Only an input that cannot be read is an error, after which nothing more comes.
//!
//! With [`ReadOptions::skip_by_length`] what a caller does not read is not unpacked either: see
//! [`RecordReader::skip`] for when that is sound. Checks must not use it.

use std::io::{self, BufRead, Read, Seek};

use super::parse::{HeaderLimits, Mode, RecordHeader, header_len_from, parse_header};
use super::source::Source;
use super::unpack::{Framing, Trouble, Unpacker};
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

/// Where a record lies, and whether all of it was there.
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
        /// Where the reader stood.
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
    /// Block bytes that were not yet consumed.
    left: u64,
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
    Member(Trouble),
    /// The raw bytes: they are no record, though their member can be unpacked.
    Record(&'static str, String),
}

impl<T: Into<Trouble>> From<T> for Stop {
    fn from(trouble: T) -> Self {
        Self::Member(trouble.into())
    }
}

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
    end: Option<End>,
    intact_end: u64,
    shared_noted: bool,
}

impl<R: Read> WarcReader<R> {
    /// A reader of an input that can only be read onwards. Nothing is read yet.
    #[must_use]
    pub fn new(input: R, options: ReadOptions) -> Self {
        Self::over(Source::new(input), options)
    }

    /// A reader of an input that can seek, which it must stand at the start of.
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
            end: None,
            intact_end: 0,
            shared_noted: false,
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
                "the next record begins elsewhere".to_owned()
            }
            Ok(Begun::TooLong) => "its block is over the limit".to_owned(),
            Ok(Begun::Nothing) => "the file ends before".to_owned(),
            Err(Stop::Member(Trouble::Io(source))) => return Err(self.io_error(source)),
            Err(Stop::Member(Trouble::Cut)) => "the file ends inside a record".to_owned(),
            Err(Stop::Member(Trouble::Damaged { what, .. }) | Stop::Record(_, what)) => what,
        };
        self.current = None;
        self.unpack.abandon();
        self.end = Some(End::Failed);
        Err(ReadError::NoRecord { file: self.options.file.clone(), offset, what })
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

    /// The offset after the last intact record that was read to its end; zero before. What lies
    /// between it and the end of the file is no whole record.
    #[must_use]
    pub fn intact_end(&self) -> u64 {
        self.intact_end
    }

    /// What was found wrong since this was last asked, in the order of the file.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        if self.findings_left_out > 0 {
            let what = format!("{} more findings are left out", self.findings_left_out);
            self.findings_left_out = 0;
            self.findings.push(Finding::warning(&self.options.file, None, "findings", what));
        }
        std::mem::take(&mut self.findings)
    }

    /// Where the reader stands, for findings: the member's offset, or the place in a plain file.
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

    /// Passes over raw bytes from the start of the member at the input's place.
    fn pass_raw(&mut self, count: u64) -> Result<(), Stop> {
        if count > 0 && !self.unpack.next_member()? {
            return Ok(());
        }
        while self.unpack.raw_position() < count && self.unpack.fill()? {
            let left = usize::try_from(count - self.unpack.raw_position()).unwrap_or(usize::MAX);
            self.unpack.consume(left);
        }
        Ok(())
    }

    /// Reads the next header.
    fn begin_record(&mut self) -> Result<Begun, Stop> {
        self.began = None;
        if self.seed.is_empty() && !self.next_byte()? {
            return Ok(Begun::Nothing);
        }
        let seed = std::mem::take(&mut self.seed);
        let within = self.unpack.raw_position() - seed.len() as u64;
        let member = self.unpack.member.offset;
        let plain = self.unpack.framing == Some(Framing::Plain);
        let (offset, within) = if plain { (member + within, 0) } else { (member, within) };
        self.began = Some(offset);
        let bytes = self.gather_header(seed)?;
        let parsed = parse_header(&bytes, self.options.mode, &self.options.header);
        let (header, warnings) =
            parsed.map_err(|why| Stop::Record("record-header", why.to_string()))?;
        for warning in warnings {
            self.note(Severity::Warning, offset, warning.rule, warning.what);
        }
        let (left, max) = (header.content_length, self.options.block_bytes_max);
        let raw_len = (header.raw.len() as u64).saturating_add(left).saturating_add(4);
        self.current = Some(Current { offset, within, raw_len, left, failed: false });
        if left > max {
            let what = format!("the block of {left} bytes is over the limit of {max}");
            self.note(Severity::Error, offset, "block-length", what);
            return Ok(Begun::TooLong);
        }
        Ok(Begun::Record(header))
    }

    /// Goes to the next raw byte that is no line break, into the next members if need be.
    fn next_byte(&mut self) -> Result<bool, Stop> {
        loop {
            if !self.unpack.fill()? {
                if !self.unpack.next_member()? {
                    return Ok(false);
                }
                continue;
            }
            let out = self.unpack.out();
            let breaks = out.iter().take_while(|c| matches!(c, b'\r' | b'\n')).count();
            let found = breaks < out.len();
            self.unpack.consume(breaks);
            if found {
                return Ok(true);
            }
        }
    }

    fn gather_header(&mut self, mut head: Vec<u8>) -> Result<Vec<u8>, Stop> {
        let max = self.options.header.header_bytes_max;
        loop {
            let out = self.unpack.out();
            let taken = out.len().min((max + 1).saturating_sub(head.len()));
            let seen = head.len();
            head.extend_from_slice(&out[..taken]);
            let known = head.len().min(5);
            if head[..known] != b"WARC/"[..known] {
                let found = super::parse::excerpt(&head);
                let what = format!("expected a record, but found {found:?}");
                return Err(Stop::Record("not-a-record", what));
            }
            if let Some(end) = header_len_from(&head, seen) {
                self.unpack.consume(end.saturating_sub(seen));
                head.truncate(end);
                return Ok(head);
            }
            self.unpack.consume(taken);
            if head.len() > max {
                let what = format!("the record header is longer than {max} bytes");
                return Err(Stop::Record("record-header", what));
            }
            if !self.more()? {
                return Err(self.short("the file ends inside a record header"));
            }
        }
    }

    /// Whether there are more raw bytes of the same record: of its member, or of the next where
    /// that begins no record.
    fn more(&mut self) -> Result<bool, Trouble> {
        loop {
            if self.unpack.fill()? {
                return Ok(true);
            }
            let own = self.unpack.member.skip.is_some();
            let plain = self.unpack.framing == Some(Framing::Plain);
            if own || plain || self.unpack.record_member_here()? || !self.unpack.next_member()? {
                return Ok(false);
            }
            self.note_shared("a record goes over several members");
        }
    }

    fn note_shared(&mut self, what: &str) {
        if !self.shared_noted {
            self.shared_noted = true;
            let what = format!("{what}; one member a record is what readers can seek in");
            self.note(Severity::Warning, self.unpack.member.offset, "member-per-record", what);
        }
    }

    /// A record that ends too early: cut where the file ends, a lie where only its member does.
    fn short(&self, what: &str) -> Stop {
        let plain = self.unpack.framing == Some(Framing::Plain);
        if plain {
            Stop::Member(Trouble::Cut)
        } else {
            let what = what.replace("file", "member");
            Stop::Member(Trouble::Damaged { rule: "short-record", what, at_end: true })
        }
    }

    /// Makes block bytes ready; how many stand in the buffer, zero at the block's end.
    fn fill_block(&mut self) -> Result<usize, Stop> {
        let left = self.current.as_ref().map_or(0, |c| if c.failed { 0 } else { c.left });
        if left == 0 {
            return Ok(0);
        }
        if self.unpack.out().is_empty() && !self.more()? {
            let what = format!("the file ends {left} bytes before the end of the block");
            return Err(self.short(&what));
        }
        let ready = self.unpack.out().len();
        Ok(usize::try_from(left).unwrap_or(usize::MAX).min(ready))
    }

    fn consume_block(&mut self, count: usize) {
        if let Some(current) = &mut self.current {
            let count = current.left.min(count as u64);
            current.left -= count;
            // No more than what stood in the buffer, so it fits.
            self.unpack.consume(usize::try_from(count).unwrap_or(0));
        }
    }

    /// Ends the record that has begun, if there is one.
    fn finish_current(&mut self, rest: Rest) -> Result<Option<Located>, ReadError> {
        let Some(current) = self.current else { return Ok(None) };
        let Current { offset, within, failed, raw_len, .. } = current;
        let lost = Located { offset, length: None, within, intact: false };
        if failed {
            self.current = None;
            return Ok(Some(lost));
        }
        if rest == Rest::Skip && within == 0 {
            match self.skip_member(offset, raw_len) {
                Ok(Some(end)) => {
                    self.current = None;
                    self.intact_end = end;
                    let length = Some(end - offset);
                    return Ok(Some(Located { offset, length, within, intact: true }));
                }
                Ok(None) => {}
                Err(source) => return Err(self.io_error(source)),
            }
        }
        let ended = loop {
            match self.fill_block() {
                Ok(0) => break self.end_record(offset, within),
                Ok(count) => self.consume_block(count),
                Err(stop) => break Err(stop),
            }
        };
        self.current = None;
        match ended {
            Ok(located) => {
                self.intact_end = self.intact_end.max(match located.length {
                    Some(length) => offset + length,
                    None => self.unpack.member.end.unwrap_or(0),
                });
                Ok(Some(located))
            }
            Err(stop) => {
                self.recover(stop, offset)?;
                Ok(Some(lost))
            }
        }
    }

    /// Goes to the end of the record's member by the length that it states; the offset there, or
    /// `None` where it states none or what is there does not agree with it.
    fn skip_member(&mut self, offset: u64, raw_len: u64) -> io::Result<Option<u64>> {
        let member = self.unpack.member;
        let allowed = self.options.skip_by_length
            && self.unpack.inside
            && member.offset == offset
            && self.unpack.source.can_seek();
        let stated = member.skip.filter(|skip| u64::from(skip.raw) == raw_len);
        let Some(skip) = stated.filter(|_| allowed) else { return Ok(None) };
        let source = &mut self.unpack.source;
        let here = source.offset();
        let end = offset.saturating_add(u64::from(skip.packed));
        if end < here.saturating_add(4) {
            return Ok(None);
        }
        // The trailer repeats the length, and after it comes a member or nothing.
        source.go_to(end - 4)?;
        let bytes = source.fill(4 + 3)?;
        let agrees = bytes.get(..4) == Some(&skip.raw.to_le_bytes()[..]);
        let next = bytes.get(4..bytes.len().min(7)).unwrap_or_default();
        if agrees && next[..] == super::member::GZIP_MAGIC[..next.len()] {
            source.consume(4);
            self.unpack.abandon();
            Ok(Some(end))
        } else {
            source.go_to(here)?;
            Ok(None)
        }
    }

    /// After a block: the two line breaks, and the end of the member.
    fn end_record(&mut self, offset: u64, within: u64) -> Result<Located, Stop> {
        let mut breaks = Vec::with_capacity(4);
        while breaks.len() < 4 && self.unpack.fill()? {
            match self.unpack.out().first() {
                Some(&c @ (b'\r' | b'\n')) => breaks.push(c),
                _ => break,
            }
            self.unpack.consume(1);
        }
        let more = self.unpack.fill()?;
        let plain = self.unpack.framing == Some(Framing::Plain);
        if breaks != b"\r\n\r\n" {
            if plain && !more {
                return Err(Stop::Member(Trouble::Cut));
            }
            let what = "the block is not followed by two line breaks".to_owned();
            self.note(Severity::Warning, offset, "record-end", what);
        }
        if plain {
            let end = self.unpack.member.offset + self.unpack.raw_position();
            return Ok(Located { offset, length: Some(end - offset), within, intact: true });
        }
        let member = self.unpack.member;
        let alone = !more && within == 0 && member.offset == offset;
        if let (false, Some(end)) = (more, member.end) {
            self.check_stated_lengths(end);
        }
        if more {
            self.note_shared("several records share a member");
        }
        let length = member.end.filter(|_| alone).map(|end| end - offset);
        Ok(Located { offset, length, within, intact: true })
    }

    fn check_stated_lengths(&mut self, end: u64) {
        let member = self.unpack.member;
        let Some(skip) = member.skip else { return };
        let (packed, raw) = (end - member.offset, member.made);
        if u64::from(skip.packed) != packed || u64::from(skip.raw) != raw {
            let what = format!(
                "the member states {} bytes packed and {} raw, and has {packed} and {raw}",
                skip.packed, skip.raw
            );
            self.note(Severity::Error, member.offset, "skip-lengths", what);
        }
    }

    /// Reports trouble with the record at `offset` and goes to the next place where a record may
    /// begin, or ends.
    fn recover(&mut self, stop: Stop, offset: u64) -> Result<(), ReadError> {
        match self.report_and_move_on(stop, offset) {
            Ok(()) => Ok(()),
            Err(source) => Err(self.io_error(source)),
        }
    }

    fn report_and_move_on(&mut self, stop: Stop, offset: u64) -> io::Result<()> {
        match stop {
            Stop::Member(Trouble::Io(why)) => Err(why),
            Stop::Member(Trouble::Cut) => {
                let what = "the file ends inside this record".to_owned();
                self.note(Severity::Error, offset, "cut-record", what);
                self.unpack.abandon();
                self.end = Some(End::Cut(offset));
                Ok(())
            }
            Stop::Member(Trouble::Damaged { rule, what, at_end }) => {
                self.note(Severity::Error, offset, rule, what);
                if at_end { Ok(()) } else { self.pass_hole() }
            }
            Stop::Record(rule, what) => {
                self.note(Severity::Error, offset, rule, what);
                self.search_member(offset)
            }
        }
    }

    /// Goes from a member that cannot be unpacked to the next that holds a record: by the length
    /// it states where a member begins there, by searching otherwise.
    fn pass_hole(&mut self) -> io::Result<()> {
        let member = self.unpack.member;
        let mut found = false;
        let mut last = false;
        if let Some(skip) = member.skip {
            let end = member.offset.saturating_add(u64::from(skip.packed));
            if end > self.unpack.source.offset() || self.unpack.source.can_seek() {
                self.unpack.go_to(end - 1)?;
                last = self.unpack.source.fill(2)?.len() == 1;
                self.unpack.source.consume(1);
                found = self.unpack.record_member_here()?;
            }
        }
        if !found && !last {
            found = self.unpack.scan(member.offset + 1)?;
        }
        let end = self.unpack.source.offset();
        if !found {
            self.end = Some(End::Garbage(member.offset));
        }
        let what =
            format!("no record can be read in the {} bytes up to {end}", end - member.offset);
        self.note(Severity::Error, member.offset, "hole", what);
        Ok(())
    }

    /// Searches the rest of a member (or of a plain file) for a line that begins a record. In a
    /// member that states its length there is one record only, and nothing is searched for: what
    /// looks like a record in it is part of a page.
    fn search_member(&mut self, offset: u64) -> io::Result<()> {
        const LINE: &[u8] = b"\nWARC/";
        let (from, one_record) = (self.unpack.raw_position(), self.unpack.member.skip.is_some());
        let mut matched = 0;
        let trouble = loop {
            match self.unpack.fill() {
                Ok(true) => {}
                Ok(false) => break None,
                Err(trouble) => break Some(trouble),
            }
            let mut used = 0;
            for &c in self.unpack.out() {
                used += 1;
                matched = if c == LINE[matched] { matched + 1 } else { usize::from(c == b'\n') };
                if matched == LINE.len() {
                    break;
                }
            }
            self.unpack.consume(used);
            if matched == LINE.len() && !one_record {
                self.seed = LINE[1..].to_vec();
                break None;
            }
            matched = if matched == LINE.len() { 0 } else { matched };
        };
        let passed = self.unpack.raw_position() - from;
        if self.seed.is_empty() && self.unpack.framing == Some(Framing::Plain) {
            self.end = Some(End::Garbage(offset));
        }
        let what = format!("{passed} raw bytes were passed over to find the next record");
        self.note(Severity::Error, offset, "hole", what);
        match trouble {
            None => Ok(()),
            Some(trouble) => self.report_and_move_on(Stop::Member(trouble), offset),
        }
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
/// the kind `UnexpectedEof` or `InvalidData`; the reader goes on with the next record all the same.
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
            version: self.header.version,
            fields: super::fields::Fields::new(),
            raw: Vec::new(),
            content_length: self.header.content_length,
        };
        std::mem::replace(&mut self.header, empty)
    }

    /// Where the record begins: the offset of its member, or its own in a plain file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.reader.current.map_or(0, |current| current.offset)
    }

    /// Reads what is left of the record and checks its member; where it lies. Findings are with
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

impl<R: Read> WarcReader<R> {
    /// Marks the record as failed, goes on to the next, and tells its reader.
    fn fail_current(&mut self, stop: Stop) -> io::Error {
        let (kind, what) = match &stop {
            Stop::Member(Trouble::Io(why)) => (why.kind(), why.to_string()),
            Stop::Member(Trouble::Cut) => {
                (io::ErrorKind::UnexpectedEof, "the file ends inside this record".to_owned())
            }
            Stop::Member(Trouble::Damaged { what, .. }) | Stop::Record(_, what) => {
                (io::ErrorKind::InvalidData, what.clone())
            }
        };
        let offset = self.current.as_mut().map_or(0, |current| {
            current.failed = true;
            current.offset
        });
        // An input that cannot be read fuses the reader; the error itself goes to the caller.
        match self.recover(stop, offset) {
            Ok(()) => io::Error::new(kind, what),
            Err(why) => io::Error::new(kind, why.to_string()),
        }
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;

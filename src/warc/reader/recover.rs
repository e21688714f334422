//! What happens after a failure: it is reported, and the next place is looked for where a record may
//! begin.

use std::io::{self, Read};

use super::super::arc;
use super::super::parse::Form;
use super::{Current, End, Framing, ReadError, Stop, UnpackError, WarcReader};
use crate::base::Severity;

impl<R: Read> WarcReader<R> {
    /// Marks the record as failed, continues to the next, and tells its reader.
    pub(super) fn fail_current(&mut self, stop: Stop) -> io::Error {
        let (kind, what) = match &stop {
            Stop::Member(UnpackError::Io(why)) => (why.kind(), why.to_string()),
            Stop::Member(UnpackError::Cut) => {
                (io::ErrorKind::UnexpectedEof, "the file ends inside this record".to_owned())
            }
            Stop::Member(UnpackError::Damaged { what, .. }) | Stop::Record(_, what) => {
                (io::ErrorKind::InvalidData, what.clone())
            }
        };
        let current = self.current.as_mut().map(|current| {
            current.failed = true;
            *current
        });
        let searched = match current {
            Some(current) => self.search_block(&stop, &current),
            None => Ok(false),
        };
        // An input that cannot be read fuses the reader; the error itself goes to the caller.
        let recovered = match searched {
            Ok(true) => Ok(()),
            Ok(false) => self.recover(stop, current.map_or(0, |current| current.offset)),
            Err(why) => Err(why),
        };
        match recovered {
            Ok(()) => io::Error::new(kind, what),
            Err(why) => io::Error::new(kind, why.to_string()),
        }
    }

    /// Looks for the next record in the block of one whose length leads to no end of a record;
    /// whether that was done.
    pub(super) fn search_block(
        &mut self,
        stop: &Stop,
        current: &Current,
    ) -> Result<bool, ReadError> {
        let (rule, what) = match stop {
            Stop::Record(rule @ "content-length", what) => (*rule, what.clone()),
            Stop::Member(UnpackError::Cut) if self.options.search_blocks => {
                ("cut-record", "the file ends inside this record".to_owned())
            }
            _ => return Ok(false),
        };
        let plain = self.unpack.framing == Some(Framing::Plain);
        let from = self.unpack.member.offset + current.block_at;
        let length = self.unpack.source.offset().saturating_sub(from);
        if !plain || !self.unpack.source.can_seek() || length > self.search_left {
            return Ok(false);
        }
        self.search_left -= length;
        self.note(Severity::Error, current.offset, rule, what);
        let searched = self.unpack.go_to(from).and_then(|()| match self.unpack.next_member() {
            // Bytes that were read already are not reported as a hole where nothing is found in them.
            Ok(_) => match stop {
                Stop::Member(_) => self.search_member(current.offset, Passed::ReportIfFound),
                Stop::Record(..) => self.search_member(current.offset, Passed::Report),
            },
            Err(UnpackError::Io(why)) => Err(why),
            Err(UnpackError::Cut | UnpackError::Damaged { .. }) => Ok(()),
        });
        searched.map_err(|why| self.io_error(why))?;
        // Nothing was found: the file ends as it would have without the search.
        if matches!((self.end, stop), (Some(End::Garbage(_)), Stop::Member(UnpackError::Cut))) {
            self.end = Some(End::Cut(current.offset));
        }
        Ok(true)
    }

    /// Whether the raw bytes that come next may begin a record, as far as they are at hand.
    pub(super) fn record_begins(&self) -> bool {
        let out = self.unpack.out();
        let known = out.len().min(5);
        let breaks = out.iter().take_while(|c| matches!(c, b'\r' | b'\n')).count();
        out[..known] == b"WARC/"[..known] || breaks > 0 || arc::may_begin(out, self.form)
    }

    /// Reports a problem with the record at `offset` and goes to the next place where a record may
    /// begin, or ends.
    pub(super) fn recover(&mut self, stop: Stop, offset: u64) -> Result<(), ReadError> {
        match self.report_and_move_on(stop, offset) {
            Ok(()) => Ok(()),
            Err(source) => Err(self.io_error(source)),
        }
    }

    pub(super) fn report_and_move_on(&mut self, stop: Stop, offset: u64) -> io::Result<()> {
        match stop {
            Stop::Member(UnpackError::Io(why)) => Err(why),
            Stop::Member(UnpackError::Cut) => {
                let what = "the file ends inside this record".to_owned();
                self.note(Severity::Error, offset, "cut-record", what);
                self.unpack.abandon();
                self.end = Some(End::Cut(offset));
                Ok(())
            }
            Stop::Member(UnpackError::Damaged { rule, what, at_end }) => {
                self.note(Severity::Error, offset, rule, what);
                if at_end { Ok(()) } else { self.pass_hole() }
            }
            Stop::Record(rule, what) => {
                self.note(Severity::Error, offset, rule, what);
                if self.search_head(offset) {
                    return Ok(());
                }
                self.search_member(offset, Passed::Report)
            }
        }
    }

    /// Goes from a member that cannot be unpacked to the next that holds a record: by the length
    /// it states where a member begins there, by searching otherwise.
    pub(super) fn pass_hole(&mut self) -> io::Result<()> {
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

    /// Looks for the start of another record in bytes that are not a header: one without an end continues
    /// into the next. Whether there is one, which is begun next.
    fn search_head(&mut self, offset: u64) -> bool {
        let head = std::mem::take(&mut self.broken_head);
        let length = head.len() as u64;
        // A header over several members has no place in one. Each that is found may be false, too, and
        // be read again.
        let is_here = self.unpack.raw_position() >= length && self.unpack.member.skip.is_none();
        if !is_here || length > self.search_left {
            return false;
        }
        self.search_left -= length;
        let is_version = |at: &usize| matches!(version_line(&head[*at..]), Judged::Begins);
        let found = memchr::memmem::find_iter(head.get(1..).unwrap_or_default(), b"WARC/");
        let Some(at) = found.map(|at| at + 1).find(is_version) else { return false };
        let what = format!("{at} raw bytes were skipped to find the next record");
        self.note(Severity::Error, offset, "hole", what);
        self.seed = head[at..].to_vec();
        true
    }

    /// Searches the rest of a member (or of a plain file) for a place that begins a record. In a
    /// member that states its length there is one record only, and nothing is searched for: what
    /// looks like a record in it is part of a page.
    pub(super) fn search_member(&mut self, offset: u64, passed_is: Passed) -> io::Result<()> {
        let (from, one_record) = (self.unpack.raw_position(), self.unpack.member.skip.is_some());
        let mut search = Search::new(self.form);
        let mut is_found = false;
        let trouble = loop {
            match self.unpack.fill() {
                Ok(true) => {}
                Ok(false) => break None,
                Err(trouble) => break Some(trouble),
            }
            let out = self.unpack.out();
            let (used, found) = if one_record { (out.len(), false) } else { search.step(out) };
            self.unpack.consume(used);
            if found {
                self.seed = std::mem::take(&mut search.carry);
                is_found = true;
                break None;
            }
        };
        let passed = self.unpack.raw_position() - from - self.seed.len() as u64;
        if !is_found && self.unpack.framing == Some(Framing::Plain) {
            self.end = Some(End::Garbage(offset));
        }
        if is_found || passed_is == Passed::Report {
            let what = format!("{passed} raw bytes were skipped to find the next record");
            self.note(Severity::Error, offset, "hole", what);
        }
        match trouble {
            None => Ok(()),
            Some(trouble) => self.report_and_move_on(Stop::Member(trouble), offset),
        }
    }
}

/// Whether bytes that a search passes over are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passed {
    Report,
    ReportIfFound,
}

/// Looks for the start of a record in bytes that come in pieces.
struct Search {
    /// The format of the file's first record.
    form: Option<Form>,
    /// The end of the last piece, where it may be the start of a record; consumed already.
    carry: Vec<u8>,
    /// Whether the next byte begins a line.
    line: bool,
}

impl Search {
    fn new(form: Option<Form>) -> Self {
        // The place where the search begins is the one that was found to be no record.
        Self { form, carry: Vec::new(), line: false }
    }

    /// How many bytes of `piece` are consumed, and whether a record begins after them (with
    /// `carry` before them).
    fn step(&mut self, piece: &[u8]) -> (usize, bool) {
        if !self.carry.is_empty() {
            let mut joined = std::mem::take(&mut self.carry);
            let (had, more) = (joined.len(), piece.len().min(CARRY_BYTES_MAX));
            joined.extend_from_slice(&piece[..more]);
            match self.judge(&joined) {
                Judged::Begins => {
                    joined.truncate(had);
                    self.carry = joined;
                    return (0, true);
                }
                Judged::Open if more == piece.len() && joined.len() < CARRY_BYTES_MAX => {
                    self.carry = joined;
                    return (piece.len(), false);
                }
                Judged::Open | Judged::No => {}
            }
        }
        let mut at = 0;
        while let Some(next) = self.candidate(piece, at) {
            match self.judge(&piece[next..]) {
                Judged::Begins => return (next, true),
                Judged::Open => {
                    self.carry = piece[next..].to_vec();
                    self.line = false;
                    return (piece.len(), false);
                }
                Judged::No => at = next + 1,
            }
        }
        self.line = piece.last() == Some(&b'\n');
        (piece.len(), false)
    }

    /// The next place at or after `at` where a record may begin.
    fn candidate(&self, piece: &[u8], at: usize) -> Option<usize> {
        let warc = || memchr::memchr(b'W', &piece[at..]).map(|found| at + found);
        let line = || match at {
            0 if self.line && !piece.is_empty() => Some(0),
            _ => {
                let from = at.saturating_sub(1);
                let breaks = memchr::memchr_iter(b'\n', &piece[from..]);
                breaks.map(|found| from + found + 1).find(|next| *next >= at && *next < piece.len())
            }
        };
        match self.form {
            Some(Form::Warc) => warc(),
            Some(Form::Arc) => line(),
            None => match (warc(), line()) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        }
    }

    fn judge(&self, bytes: &[u8]) -> Judged {
        if self.form != Some(Form::Arc) && bytes.first() == Some(&b'W') {
            return version_line(bytes);
        }
        if !arc::may_begin(bytes, self.form) {
            return Judged::No;
        }
        if bytes.contains(&b'\n') { Judged::Begins } else { Judged::Open }
    }
}

/// The most bytes that are carried from one piece to the next.
const CARRY_BYTES_MAX: usize = arc::LINE_BYTES_MAX;

/// How a search classifies bytes.
enum Judged {
    /// They begin a record.
    Begins,
    /// They may, with what comes after them.
    Open,
    No,
}

/// Whether the bytes begin with a version line: `WARC/`, digits, a dot, digits, and nothing after
/// them in the line. It need not begin a line: what is before it may be the rest of damage.
fn version_line(bytes: &[u8]) -> Judged {
    const START: &[u8] = b"WARC/";
    let known = bytes.len().min(START.len());
    if bytes[..known] != START[..known] {
        return Judged::No;
    }
    let rest = &bytes[known..];
    let is_part = |c: &u8| c.is_ascii_digit() || *c == b'.';
    let number = rest.iter().take(8).take_while(|c| is_part(c)).count();
    match rest.get(number) {
        None => Judged::Open,
        Some(b'\r' | b'\n') if number >= 3 => Judged::Begins,
        Some(_) => Judged::No,
    }
}

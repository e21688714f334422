//! What happens after trouble: it is reported, and the next place is looked for where a record may
//! begin.

use std::io::{self, Read};

use super::{End, Framing, ReadError, Stop, Trouble, WarcReader};
use crate::base::Severity;

impl<R: Read> WarcReader<R> {
    /// Marks the record as failed, goes on to the next, and tells its reader.
    pub(super) fn fail_current(&mut self, stop: Stop) -> io::Error {
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

    /// Reports trouble with the record at `offset` and goes to the next place where a record may
    /// begin, or ends.
    pub(super) fn recover(&mut self, stop: Stop, offset: u64) -> Result<(), ReadError> {
        match self.report_and_move_on(stop, offset) {
            Ok(()) => Ok(()),
            Err(source) => Err(self.io_error(source)),
        }
    }

    pub(super) fn report_and_move_on(&mut self, stop: Stop, offset: u64) -> io::Result<()> {
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

    /// Searches the rest of a member (or of a plain file) for a line that begins a record. In a
    /// member that states its length there is one record only, and nothing is searched for: what
    /// looks like a record in it is part of a page.
    pub(super) fn search_member(&mut self, offset: u64) -> io::Result<()> {
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

//! The start of a record: finding its first byte, gathering and reading its header.

use std::io::Read;

use super::super::arc;
use super::super::parse::{RecordHeader, Warning, excerpt, header_len_from, parse_header};
use super::{Begun, Current, Framing, MEMBER_PER_RECORD, Stop, UnpackError, WarcReader};
use crate::base::Severity;

impl<R: Read> WarcReader<R> {
    /// Passes over raw bytes from the start of the member at the input's place.
    pub(super) fn pass_raw(&mut self, count: u64) -> Result<(), Stop> {
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
    pub(super) fn begin_record(&mut self) -> Result<Begun, Stop> {
        self.began = None;
        self.broken_head = Vec::new();
        if self.seed.is_empty() && !self.next_byte()? {
            return Ok(Begun::Nothing);
        }
        let seed = std::mem::take(&mut self.seed);
        let within = self.unpack.raw_position() - seed.len() as u64;
        let member = self.unpack.member.offset;
        let plain = self.unpack.framing == Some(Framing::Plain);
        let (offset, within) = if plain { (member + within, 0) } else { (member, within) };
        self.began = Some(offset);
        let (header, warnings) = if self.arc_begins(&seed) {
            self.arc_header(seed)?
        } else {
            let bytes = self.gather_header(seed)?;
            match parse_header(&bytes, self.options.mode, &self.options.header) {
                Ok(parsed) => parsed,
                Err(why) => {
                    self.broken_head = bytes;
                    return Err(Stop::Record("record-header", why.to_string()));
                }
            }
        };
        self.form.get_or_insert(header.form);
        self.unpack.form = self.form;
        for warning in warnings {
            self.note(Severity::Warning, offset, warning.rule, warning.what);
        }
        let (left, max) = (header.content_length, self.options.block_bytes_max);
        let raw_len = (header.raw.len() as u64).saturating_add(left).saturating_add(4);
        let form = header.form;
        let block_at = self.unpack.raw_position();
        let failed = false;
        self.current = Some(Current { offset, within, raw_len, block_at, left, form, failed });
        if left > max {
            let what = format!("the block of {left} bytes is over the limit of {max}");
            self.note(Severity::Error, offset, "block-length", what);
            return Ok(Begun::TooLong);
        }
        Ok(Begun::Record(header))
    }

    /// Whether an ARC record begins with the raw bytes that come next.
    fn arc_begins(&self, seed: &[u8]) -> bool {
        if seed.is_empty() {
            return arc::may_begin(self.unpack.out(), self.form);
        }
        // A few bytes may begin anything.
        let out = self.unpack.out();
        let more = out.len().min(arc::LINE_BYTES_MAX);
        arc::may_begin(&[seed, &out[..more]].concat(), self.form)
    }

    /// Reads the line of an ARC record, and looks at the first bytes of its block.
    fn arc_header(&mut self, mut line: Vec<u8>) -> Result<(RecordHeader, Vec<Warning>), Stop> {
        while line.last() != Some(&b'\n') {
            if self.unpack.out().is_empty() && !self.more()? {
                return Err(self.short("the file ends inside the header line of an ARC record"));
            }
            let out = self.unpack.out();
            let count = memchr::memchr(b'\n', out).map_or(out.len(), |at| at + 1);
            line.extend_from_slice(&out[..count]);
            self.unpack.consume(count);
            if line.len() > arc::LINE_BYTES_MAX {
                let what = format!(
                    "the header line of an ARC record is over {} bytes",
                    arc::LINE_BYTES_MAX
                );
                return Err(Stop::Record("record-header", what));
            }
        }
        let Some(parsed) = arc::parse_line(line.trim_ascii_end()) else {
            let what = format!(
                "expected the header line of an ARC record, but found {:?}",
                excerpt(&line)
            );
            return Err(Stop::Record("not-a-record", what));
        };
        if parsed.length > 0 && self.unpack.out().is_empty() {
            self.more()?;
        }
        Ok(arc::header_of(&parsed, line, self.unpack.out()))
    }

    /// Goes to the next raw byte that is not a line break, into the next members if necessary.
    pub(super) fn next_byte(&mut self) -> Result<bool, Stop> {
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

    pub(super) fn gather_header(&mut self, mut head: Vec<u8>) -> Result<Vec<u8>, Stop> {
        let max = self.options.header.header_bytes_max;
        loop {
            let out = self.unpack.out();
            let taken = out.len().min((max + 1).saturating_sub(head.len()));
            let seen = head.len();
            // No header has them; a file that lost blocks of the disk has them in their place.
            if let Some(zero) = memchr::memchr(0, &out[..taken])
                && seen + zero >= 5
                && header_len_from(&[head.as_slice(), &out[..zero]].concat(), seen).is_none()
            {
                self.unpack.consume(zero);
                let what = "there are zero bytes in the record header".to_owned();
                return Err(Stop::Record("record-header", what));
            }
            head.extend_from_slice(&out[..taken]);
            let known = head.len().min(5);
            if head[..known] != b"WARC/"[..known] {
                let found = excerpt(&head);
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
    pub(super) fn more(&mut self) -> Result<bool, UnpackError> {
        loop {
            if self.unpack.fill()? {
                return Ok(true);
            }
            let own = self.unpack.member.skip.is_some();
            let plain = self.unpack.framing == Some(Framing::Plain);
            if own || plain || self.unpack.record_member_here()? || !self.unpack.next_member()? {
                return Ok(false);
            }
            self.note_shared("a record spans several members");
        }
    }

    pub(super) fn note_shared(&mut self, what: &str) {
        if !self.shared_noted {
            self.shared_noted = true;
            let what = format!("{what}; readers can only seek with one member per record");
            self.note(Severity::Warning, self.unpack.member.offset, MEMBER_PER_RECORD, what);
        }
    }

    /// A record that ends too early: cut where the file ends, a lie where only its member does.
    pub(super) fn short(&self, what: &str) -> Stop {
        let plain = self.unpack.framing == Some(Framing::Plain);
        if plain {
            Stop::Member(UnpackError::Cut)
        } else {
            let what = what.replace("file", "member");
            Stop::Member(UnpackError::Damaged { rule: "short-record", what, at_end: true })
        }
    }
}

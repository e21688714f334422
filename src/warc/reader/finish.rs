//! The rest of a record: its block in pieces, and what comes after it.

use std::io::{self, Read};

use super::super::member::GZIP_MAGIC;
use super::super::parse::Form;
use super::{Current, Framing, Located, ReadError, Rest, Stop, UnpackError, WarcReader};
use crate::base::Severity;

impl<R: Read> WarcReader<R> {
    /// Makes block bytes ready; how many are in the buffer, zero at the block's end.
    pub(super) fn fill_block(&mut self) -> Result<usize, Stop> {
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

    pub(super) fn consume_block(&mut self, count: usize) {
        if let Some(current) = &mut self.current {
            let count = current.left.min(count as u64);
            current.left -= count;
            // No more than what was in the buffer, so it fits.
            self.unpack.consume(usize::try_from(count).unwrap_or(0));
        }
    }

    /// Ends the record that has begun, if there is one.
    pub(super) fn finish_current(&mut self, rest: Rest) -> Result<Option<Located>, ReadError> {
        let Some(current) = self.current else { return Ok(None) };
        let Current { offset, within, failed, raw_len, form, .. } = current;
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
                Ok(0) => break self.end_record(offset, within, form),
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
                if !self.search_block(&stop, &current)? {
                    self.recover(stop, offset)?;
                }
                Ok(Some(lost))
            }
        }
    }

    /// Goes to the end of the record's member by the length that it states; the offset there, or
    /// `None` where it states none or what is there does not agree with it.
    pub(super) fn skip_member(&mut self, offset: u64, raw_len: u64) -> io::Result<Option<u64>> {
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
        if agrees && next[..] == GZIP_MAGIC[..next.len()] {
            source.consume(4);
            self.unpack.abandon();
            Ok(Some(end))
        } else {
            source.go_to(here)?;
            Ok(None)
        }
    }

    /// After a block: the two line breaks (in ARC one or none), and the end of the member.
    pub(super) fn end_record(
        &mut self,
        offset: u64,
        within: u64,
        form: Form,
    ) -> Result<Located, Stop> {
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
        let bare = form == Form::Warc && breaks == b"\n\n";
        if bare {
            let what = "the line breaks after the block are bare line feeds".to_owned();
            self.note(Severity::Warning, offset, "line-break", what);
        }
        let ended = match form {
            Form::Warc => bare || breaks == b"\r\n\r\n",
            // The description of a file ends in the break that parts other records.
            Form::Arc => !breaks.is_empty() || !more || self.record_begins(),
        };
        if !ended && plain && more && self.options.search_blocks && !self.record_begins() {
            let what = "after the block, neither a record begins nor the file ends".to_owned();
            return Err(Stop::Record("content-length", what));
        }
        if !ended {
            if plain && !more {
                return Err(Stop::Member(UnpackError::Cut));
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

    pub(super) fn check_stated_lengths(&mut self, end: u64) {
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
}

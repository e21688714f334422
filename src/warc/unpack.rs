//! Packed members to raw bytes: gzip members, zstd frames, or a plain file as one member.
//!
//! Boundaries are counted: it says at which offset each member begins and ends. Raw bytes of two
//! members never stand in its buffer together. What records are is not known here.
//!
//! RFC 1951, RFC 1952, RFC 8878; dictionaries as warc-zstd has them (a skippable frame at the start
//! of the file).

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::{Crc, Decompressor};
use zstd::stream::raw::{Decoder, Operation};

use super::arc;
use super::member::{
    self, GZIP_MAGIC, HEADER_LEN, HeaderRead, SkipLengths, TRAILER_LEN, ZSTD_DICTIONARY_MAGIC,
    ZSTD_MAGIC,
};
use super::source::{BUFFER_BYTES, Source};

/// How many raw bytes are made at a time.
const OUT_BYTES: usize = 64 * 1024;
/// How many at a member's start when only heads are wanted.
const HEAD_OUT_BYTES: usize = 2 * 1024;
/// The largest dictionary that is taken, in bytes.
const DICTIONARY_BYTES_MAX: usize = 8 * 1024 * 1024;

/// How many packed bytes are searched first for the end of a member; most are shorter.
const WHOLE_FIRST_BYTES: usize = 64 * 1024;
/// The longest member that is unpacked in one go, in raw bytes.
const WHOLE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Not at all.
    Plain,
    /// In gzip members.
    Gzip,
    /// In zstd frames.
    Zstd,
}

/// What stopped the unpacking.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The input cannot be read.
    Io(io::Error),
    /// The input ends inside a member.
    Cut,
    /// The bytes are no member, or a broken one.
    Damaged {
        rule: &'static str,
        what: String,
        /// Whether the input stands at the member's end all the same.
        at_end: bool,
    },
}

impl From<io::Error> for Trouble {
    fn from(why: io::Error) -> Self {
        Self::Io(why)
    }
}

fn damaged(rule: &'static str, what: impl Into<String>) -> Trouble {
    Trouble::Damaged { rule, what: what.into(), at_end: false }
}

/// The member being read, or read last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Member {
    pub(super) offset: u64,
    /// The offset after its last byte, once it has ended.
    pub(super) end: Option<u64>,
    pub(super) skip: Option<SkipLengths>,
    /// How many raw bytes have been made of it.
    pub(super) made: u64,
    /// Its first bytes, as many as the header has that this program writes.
    pub(super) head: [u8; HEADER_LEN],
}

/// Unpacks one member after the other.
pub(super) struct Unpacker<R> {
    pub(super) source: Source<R>,
    pub(super) framing: Option<Framing>,
    pub(super) member: Member,
    /// Whether a member has begun and not ended.
    pub(super) inside: bool,
    heads_only: bool,
    /// Whether an ARC record may begin a member: until a WARC record was read.
    pub(super) takes_arc: bool,
    inflate: Decompress,
    whole: Decompressor,
    crc: Crc,
    zstd: Option<Decoder<'static>>,
    dictionary: Option<Vec<u8>>,
    out: Vec<u8>,
    out_start: usize,
    out_end: usize,
}

impl<R: Read> Unpacker<R> {
    pub(super) fn new(source: Source<R>, heads_only: bool) -> Self {
        Self {
            source,
            framing: None,
            member: Member::default(),
            inside: false,
            heads_only,
            takes_arc: true,
            inflate: Decompress::new(false),
            whole: Decompressor::new(),
            crc: Crc::new(),
            zstd: None,
            dictionary: None,
            out: vec![0; OUT_BYTES],
            out_start: 0,
            out_end: 0,
        }
    }

    /// The raw bytes made and not yet consumed.
    pub(super) fn out(&self) -> &[u8] {
        &self.out[self.out_start..self.out_end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.out_start = (self.out_start + count).min(self.out_end);
    }

    /// How many raw bytes of the member have been consumed.
    pub(super) fn raw_position(&self) -> u64 {
        self.member.made - self.out().len() as u64
    }

    /// Leaves the member wherever it stands and goes to an offset, between members.
    pub(super) fn go_to(&mut self, offset: u64) -> io::Result<()> {
        self.abandon();
        self.source.go_to(offset)
    }

    /// Leaves the member; the input stays where it is.
    pub(super) fn abandon(&mut self) {
        self.inside = false;
        (self.out_start, self.out_end) = (0, 0);
    }

    /// Begins the member at the input's place; `false` at the end of the input.
    pub(super) fn next_member(&mut self) -> Result<bool, Trouble> {
        self.abandon();
        let framing = match self.framing {
            Some(framing) => framing,
            None => match self.detect()? {
                Some(framing) => framing,
                None => return Ok(false),
            },
        };
        if self.source.fill(1)?.is_empty() {
            return Ok(false);
        }
        self.member = Member { offset: self.source.offset(), ..Member::default() };
        match framing {
            Framing::Plain => {}
            Framing::Gzip => {
                if self.whole_gzip()? {
                    return Ok(true);
                }
                self.begin_gzip()?;
            }
            Framing::Zstd => {
                if !self.begin_zstd()? {
                    return Ok(false);
                }
            }
        }
        self.inside = true;
        Ok(true)
    }

    /// Tells how the file is packed from its first bytes; the input is left anywhere.
    pub(super) fn know_framing(&mut self) -> Result<(), Trouble> {
        if self.framing.is_none() {
            self.source.go_to(0)?;
            self.detect()?;
            if self.framing == Some(Framing::Zstd)
                && self.source.fill(4)?.starts_with(&ZSTD_DICTIONARY_MAGIC)
            {
                self.skippable_frame()?;
            }
        }
        Ok(())
    }

    /// Tells how the file is packed from the bytes at the input's place; none at its end.
    fn detect(&mut self) -> Result<Option<Framing>, Trouble> {
        let start = self.source.fill(4)?;
        if start.is_empty() {
            return Ok(None);
        }
        let framing = if start.starts_with(&GZIP_MAGIC[..2]) {
            Framing::Gzip
        } else if start.starts_with(&ZSTD_MAGIC) || is_skippable(start) {
            Framing::Zstd
        } else {
            Framing::Plain
        };
        self.framing = Some(framing);
        if framing == Framing::Zstd && self.source.offset() > 0 && self.source.can_seek() {
            // The dictionary, if there is one, stands at the start of the file.
            let here = self.source.offset();
            self.source.go_to(0)?;
            if self.source.fill(4)?.starts_with(&ZSTD_DICTIONARY_MAGIC) {
                self.skippable_frame()?;
            }
            self.source.go_to(here)?;
        }
        Ok(Some(framing))
    }

    fn begin_gzip(&mut self) -> Result<(), Trouble> {
        let mut want = HEADER_LEN;
        loop {
            let bytes = self.source.fill(want)?;
            match member::read_header(bytes) {
                HeaderRead::Whole(len, skip) => {
                    let known = bytes.len().min(HEADER_LEN);
                    self.member.head[..known].copy_from_slice(&bytes[..known]);
                    self.member.skip = skip;
                    self.source.consume(len);
                    self.inflate.reset(false);
                    self.crc = Crc::new();
                    return Ok(());
                }
                HeaderRead::Incomplete if bytes.len() < want => return Err(Trouble::Cut),
                HeaderRead::Incomplete if want < BUFFER_BYTES => want = BUFFER_BYTES,
                HeaderRead::Incomplete | HeaderRead::NotGzip => {
                    let found = super::parse::excerpt(&bytes[..bytes.len().min(8)]);
                    let what = format!("expected a gzip member, but found {found:?}");
                    return Err(damaged("member-start", what));
                }
            }
        }
    }

    /// Unpacks the member at the input's place in one go, where it is short enough for the buffers:
    /// libdeflate does so a quarter faster than any inflater that streams. Nothing is consumed where
    /// it does not come out right, whatever the reason: streaming then tells what is wrong.
    ///
    /// Where a member ends is only known by inflating it, and libdeflate does not tell. It is guessed
    /// that the next gzip magic is its end, and the guess is proven by the deflate stream, which ends
    /// before it, and by the trailer there, whose checksum and length are those of what came out. A
    /// magic inside a member is refused, since the stream then has no end before it. There is no second
    /// guess: it could pass over a member that begins after noise.
    fn whole_gzip(&mut self) -> io::Result<bool> {
        let mut want = WHOLE_FIRST_BYTES;
        let mut from = 0;
        let (bytes, header_len, skip, end) = loop {
            let bytes = self.source.fill(want)?;
            let is_all = bytes.len() < want;
            let HeaderRead::Whole(header_len, skip) = member::read_header(bytes) else {
                return Ok(false);
            };
            if self.heads_only && skip.is_some() {
                return Ok(false);
            }
            let first = from.max(header_len + TRAILER_LEN);
            if let Some(end) = next_magic(bytes, first) {
                break (bytes, header_len, skip, end);
            }
            if is_all && bytes.len() >= first {
                break (bytes, header_len, skip, bytes.len());
            }
            if is_all || want >= BUFFER_BYTES {
                return Ok(false);
            }
            // The last bytes may be the start of a magic.
            from = bytes.len().saturating_sub(3);
            want = (want * 4).min(BUFFER_BYTES);
        };
        let (stream, trailer) = bytes[header_len..end].split_at(end - header_len - TRAILER_LEN);
        let Some(made) = inflate_whole(&mut self.whole, stream, trailer, &mut self.out) else {
            return Ok(false);
        };
        let known = bytes.len().min(HEADER_LEN);
        self.member.head[..known].copy_from_slice(&bytes[..known]);
        self.source.consume(end);
        self.member.skip = skip;
        self.member.made = made as u64;
        (self.out_start, self.out_end) = (0, made);
        self.end_member();
        Ok(true)
    }

    /// Begins the next zstd frame, past skippable ones; `false` at the end of the input.
    fn begin_zstd(&mut self) -> Result<bool, Trouble> {
        loop {
            let bytes = self.source.fill(4)?;
            if bytes.is_empty() {
                return Ok(false);
            }
            if is_skippable(bytes) {
                self.skippable_frame()?;
                self.member.offset = self.source.offset();
                continue;
            }
            if !bytes.starts_with(&ZSTD_MAGIC) {
                if ZSTD_MAGIC.starts_with(bytes) {
                    return Err(Trouble::Cut);
                }
                let found = super::parse::excerpt(bytes);
                let what = format!("expected a zstd frame, but found {found:?}");
                return Err(damaged("member-start", what));
            }
            match &mut self.zstd {
                Some(decoder) => decoder.reinit()?,
                slot => {
                    *slot = Some(match &self.dictionary {
                        Some(dictionary) => Decoder::with_dictionary(dictionary)?,
                        None => Decoder::new()?,
                    });
                }
            }
            return Ok(true);
        }
    }

    /// Passes a skippable frame; one that holds a dictionary is kept and used from here on.
    fn skippable_frame(&mut self) -> Result<(), Trouble> {
        let head = self.source.fill(8)?;
        let Some(&[a, b, c, d]) = head.get(4..8) else { return Err(Trouble::Cut) };
        let holds_dictionary = head.starts_with(&ZSTD_DICTIONARY_MAGIC);
        let mut left = u32::from_le_bytes([a, b, c, d]) as usize;
        self.source.consume(8);
        let keep = holds_dictionary && left <= DICTIONARY_BYTES_MAX && self.dictionary.is_none();
        let mut kept = Vec::new();
        while left > 0 {
            let bytes = self.source.fill(1)?;
            if bytes.is_empty() {
                return Err(Trouble::Cut);
            }
            let count = bytes.len().min(left);
            if keep {
                kept.extend_from_slice(&bytes[..count]);
            }
            self.source.consume(count);
            left -= count;
        }
        if keep {
            if kept.starts_with(&ZSTD_MAGIC) {
                kept = zstd::bulk::decompress(&kept, DICTIONARY_BYTES_MAX).map_err(|why| {
                    damaged("dictionary", format!("unreadable dictionary: {why}"))
                })?;
            }
            self.dictionary = Some(kept);
            self.zstd = None;
        }
        Ok(())
    }

    /// Makes raw bytes where none are left; `false` when the member has ended.
    pub(super) fn fill(&mut self) -> Result<bool, Trouble> {
        while self.out_start == self.out_end {
            if !self.inside {
                return Ok(false);
            }
            let first = self.heads_only && self.member.made == 0;
            let room = if first { HEAD_OUT_BYTES } else { OUT_BYTES };
            (self.out_start, self.out_end) = (0, 0);
            let made = match self.framing {
                Some(Framing::Gzip) => self.inflate(room)?,
                Some(Framing::Zstd) => self.unpack_zstd(room)?,
                Some(Framing::Plain) | None => self.copy_plain(room)?,
            };
            self.out_end = made;
            self.member.made += made as u64;
        }
        Ok(true)
    }

    fn end_member(&mut self) {
        self.inside = false;
        self.member.end = Some(self.source.offset());
    }

    fn copy_plain(&mut self, room: usize) -> Result<usize, Trouble> {
        let bytes = self.source.fill(1)?;
        let count = bytes.len().min(room);
        self.out[..count].copy_from_slice(&bytes[..count]);
        self.source.consume(count);
        if count == 0 {
            self.end_member();
        }
        Ok(count)
    }

    fn inflate(&mut self, room: usize) -> Result<usize, Trouble> {
        let mut made = 0;
        loop {
            let input = self.source.fill(1)?;
            let ended = input.is_empty();
            let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
            let result =
                self.inflate.decompress(input, &mut self.out[made..room], FlushDecompress::None);
            // Both are bounded by the lengths of the slices that were handed in.
            let taken = usize::try_from(self.inflate.total_in() - in_before).unwrap_or(0);
            let grown = usize::try_from(self.inflate.total_out() - out_before).unwrap_or(0);
            self.source.consume(taken);
            self.crc.update(&self.out[made..made + grown]);
            made += grown;
            match result {
                Ok(Status::StreamEnd) => {
                    return match self.gzip_trailer(self.member.made + made as u64) {
                        Ok(()) => Ok(made),
                        // The bytes are handed on first; the next call meets the trouble again.
                        Err(_) if made > 0 => Ok(made),
                        Err(trouble) => Err(trouble),
                    };
                }
                Ok(_) if made > 0 && (made == room || ended) => return Ok(made),
                Ok(_) if ended => return Err(Trouble::Cut),
                Ok(_) if taken == 0 && grown == 0 => {
                    return Err(damaged("deflate", "the deflate stream makes no progress"));
                }
                Ok(_) => {}
                Err(_) if made > 0 => return Ok(made),
                Err(why) => {
                    return Err(damaged("deflate", format!("broken deflate stream: {why}")));
                }
            }
        }
    }

    /// Checks the eight bytes after a deflate stream. Trouble leaves the input before them.
    fn gzip_trailer(&mut self, raw_len: u64) -> Result<(), Trouble> {
        let bytes = self.source.fill(TRAILER_LEN)?;
        let Some(found) = bytes.get(..TRAILER_LEN) else { return Err(Trouble::Cut) };
        let expected = member::trailer_bytes(self.crc.sum(), raw_len);
        if found != expected {
            if self.member.made == raw_len {
                // Everything before has been handed on: this is the last call for this member.
                self.source.consume(TRAILER_LEN);
                self.end_member();
            }
            return Err(Trouble::Damaged {
                rule: "member-checksum",
                what: "the member's checksum or length does not agree with its bytes".to_owned(),
                at_end: true,
            });
        }
        self.source.consume(TRAILER_LEN);
        self.end_member();
        Ok(())
    }

    fn unpack_zstd(&mut self, room: usize) -> Result<usize, Trouble> {
        let mut made = 0;
        loop {
            let input = self.source.fill(1)?;
            let ended = input.is_empty();
            let Some(decoder) = &mut self.zstd else {
                return Err(damaged("zstd", "no frame has begun"));
            };
            let status = match decoder.run_on_buffers(input, &mut self.out[made..room]) {
                Ok(status) => status,
                Err(_) if made > 0 => return Ok(made),
                Err(why) => return Err(damaged("zstd", format!("broken zstd frame: {why}"))),
            };
            self.source.consume(status.bytes_read);
            made += status.bytes_written;
            if status.remaining == 0 {
                self.end_member();
                return Ok(made);
            }
            if made == room || (ended && made > 0) {
                return Ok(made);
            }
            if ended {
                return Err(Trouble::Cut);
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return Err(damaged("zstd", "the zstd frame makes no progress"));
            }
        }
    }

    /// Whether the bytes at the input's place begin a member that holds the start of a record;
    /// nothing is consumed.
    pub(super) fn record_member_here(&mut self) -> io::Result<bool> {
        let framing = self.framing;
        let bytes = self.source.fill(4096)?;
        let mut out = [0u8; 512];
        let made = match framing {
            Some(Framing::Gzip) => {
                let HeaderRead::Whole(len, _) = member::read_header(bytes) else {
                    return Ok(false);
                };
                self.inflate.reset(false);
                // An error shows in the bytes that did not come out.
                let _ = self.inflate.decompress(&bytes[len..], &mut out, FlushDecompress::None);
                usize::try_from(self.inflate.total_out()).unwrap_or(0).min(out.len())
            }
            Some(Framing::Zstd) => {
                if !bytes.starts_with(&ZSTD_MAGIC) {
                    return Ok(false);
                }
                let decoder = match &self.dictionary {
                    Some(dictionary) => Decoder::with_dictionary(dictionary),
                    None => Decoder::new(),
                };
                let mut decoder = decoder?;
                // As above.
                let status = decoder.run_on_buffers(bytes, &mut out);
                status.map_or(0, |status| status.bytes_written).min(out.len())
            }
            Some(Framing::Plain) | None => return Ok(false),
        };
        let start = &out[..made];
        Ok(start.starts_with(b"WARC/") || (self.takes_arc && made > 0 && arc::may_begin(start)))
    }

    /// Moves on to the next place, from `from` or the input's place whichever is later, where a
    /// member with a record begins; `false` when there is none before the end of the input.
    pub(super) fn scan(&mut self, from: u64) -> io::Result<bool> {
        self.abandon();
        if from != self.source.offset() && (from > self.source.offset() || self.source.can_seek()) {
            self.source.go_to(from)?;
        }
        let first = match self.framing {
            Some(Framing::Gzip) => GZIP_MAGIC[0],
            Some(Framing::Zstd) => ZSTD_MAGIC[0],
            // A plain file is one member, and there is none after it.
            Some(Framing::Plain) | None => return Ok(false),
        };
        loop {
            let bytes = self.source.fill(4096)?;
            if bytes.is_empty() {
                return Ok(false);
            }
            match memchr::memchr(first, bytes) {
                None => {
                    let count = bytes.len();
                    self.source.consume(count);
                }
                Some(at) => {
                    self.source.consume(at);
                    if self.record_member_here()? {
                        return Ok(true);
                    }
                    self.source.consume(1);
                }
            }
        }
    }
}

/// The first place at or after `from` where a gzip member may begin.
fn next_magic(bytes: &[u8], from: usize) -> Option<usize> {
    let tail = bytes.get(from..)?;
    memchr::memmem::find_iter(tail, &GZIP_MAGIC)
        .map(|at| from + at)
        // Without its flags it cannot be told yet; the three upper ones are never set.
        .find(|at| bytes.get(at + 3).is_none_or(|flags| flags & 0xe0 == 0))
}

/// Inflates a whole deflate stream, if it gives as many bytes as the trailer after it says, of the
/// checksum that it says; how many.
fn inflate_whole(
    inflater: &mut Decompressor,
    stream: &[u8],
    trailer: &[u8],
    out: &mut Vec<u8>,
) -> Option<usize> {
    let &[a, b, c, d, e, f, g, h] = trailer else { return None };
    let (crc, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    let length = usize::try_from(length).ok().filter(|length| *length <= WHOLE_BYTES_MAX)?;
    if out.len() < length {
        out.resize(length, 0);
    }
    let made = inflater.deflate_decompress(stream, &mut out[..length]).ok()?;
    let mut sum = Crc::new();
    sum.update(&out[..made]);
    (made == length && sum.sum() == crc).then_some(made)
}

/// Whether these bytes begin a skippable frame (RFC 8878 section 3.1.2).
fn is_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

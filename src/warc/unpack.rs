//! Packed members to raw bytes: gzip members, zstd frames, or a plain file as one member.
//!
//! Boundaries are counted: it says at which offset each member begins and ends. Raw bytes of two
//! members never stand in its buffer together. What records are is not known here. Gzip is in `members`,
//! zstd in `frames`.
//!
//! RFC 1951, RFC 1952, RFC 8878; dictionaries as warc-zstd has them (a skippable frame at the start
//! of the file).

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress};
use libdeflater::{Crc, Decompressor};
use zstd::stream::raw::{Decoder, Operation};

use super::arc;
use super::member::{
    self, GZIP_MAGIC, HEADER_LEN, HeaderRead, SkipLengths, ZSTD_DICTIONARY_MAGIC, ZSTD_MAGIC,
};
use super::parse::Form;
use super::source::Source;
use frames::{FIRST_BLOCK_BYTES, is_skippable};

mod frames;
mod members;

/// How many raw bytes are made at a time.
const OUT_BYTES: usize = 64 * 1024;
/// How many at a member's start when only heads are wanted.
const HEAD_OUT_BYTES: usize = 2 * 1024;

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
pub(super) enum UnpackError {
    /// The input cannot be read.
    Io(io::Error),
    /// The input ends inside a member.
    Cut,
    /// The bytes are not a member, or a broken one.
    Damaged {
        rule: &'static str,
        what: String,
        /// Whether the input is at the member's end anyway.
        at_end: bool,
    },
}

impl From<io::Error> for UnpackError {
    fn from(why: io::Error) -> Self {
        Self::Io(why)
    }
}

fn damaged(rule: &'static str, what: impl Into<String>) -> UnpackError {
    UnpackError::Damaged { rule, what: what.into(), at_end: false }
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
    /// Its first bytes, up to the length of the header that this program writes.
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
    /// The format of the first record; none before it was read.
    pub(super) form: Option<Form>,
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
            form: None,
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

    /// Leaves the member wherever it is and goes to an offset, between members.
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
    pub(super) fn next_member(&mut self) -> Result<bool, UnpackError> {
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

    /// Detects how the file is packed from its first bytes; the input is left anywhere.
    pub(super) fn know_framing(&mut self) -> Result<(), UnpackError> {
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

    /// Detects how the file is packed from the bytes at the input's place; none at its end.
    fn detect(&mut self) -> Result<Option<Framing>, UnpackError> {
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
            // The dictionary, if there is one, is at the start of the file.
            let here = self.source.offset();
            self.source.go_to(0)?;
            if self.source.fill(4)?.starts_with(&ZSTD_DICTIONARY_MAGIC) {
                self.skippable_frame()?;
            }
            self.source.go_to(here)?;
        }
        Ok(Some(framing))
    }

    /// Makes raw bytes where none are left; `false` when the member has ended.
    pub(super) fn fill(&mut self) -> Result<bool, UnpackError> {
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

    fn copy_plain(&mut self, room: usize) -> Result<usize, UnpackError> {
        let bytes = self.source.fill(1)?;
        let count = bytes.len().min(room);
        self.out[..count].copy_from_slice(&bytes[..count]);
        self.source.consume(count);
        if count == 0 {
            self.end_member();
        }
        Ok(count)
    }

    /// Whether the bytes at the input's place begin a member that holds the start of a record;
    /// nothing is consumed.
    pub(super) fn record_member_here(&mut self) -> io::Result<bool> {
        let framing = self.framing;
        let mut out = [0u8; 512];
        let made = match framing {
            Some(Framing::Gzip) => {
                let bytes = self.source.fill(4096)?;
                let HeaderRead::Whole(len, _) = member::read_header(bytes) else {
                    return Ok(false);
                };
                self.inflate.reset(false);
                // An error shows in the bytes that did not come out.
                let _ = self.inflate.decompress(&bytes[len..], &mut out, FlushDecompress::None);
                usize::try_from(self.inflate.total_out()).unwrap_or(0).min(out.len())
            }
            Some(Framing::Zstd) => {
                if !self.source.fill(ZSTD_MAGIC.len())?.starts_with(&ZSTD_MAGIC) {
                    return Ok(false);
                }
                // Nothing comes out of a block before all of it is there.
                self.source.fill(FIRST_BLOCK_BYTES)?;
                if self.fresh_zstd().is_err() {
                    return Ok(false);
                }
                let (bytes, decoder) = (self.source.buffered(), self.zstd.as_mut());
                // As above.
                let status = decoder.map(|decoder| decoder.run_on_buffers(bytes, &mut out));
                let status = status.and_then(Result::ok);
                status.map_or(0, |status| status.bytes_written).min(out.len())
            }
            Some(Framing::Plain) | None => return Ok(false),
        };
        let start = &out[..made];
        Ok(start.starts_with(b"WARC/") || (made > 0 && arc::may_begin(start, self.form)))
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

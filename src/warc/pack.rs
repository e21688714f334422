//! Records to packed bytes: one gzip member or zstd frame each, or as they are.
//!
//! The same record gives the same bytes, wherever its block is: how it is packed depends on its
//! length and content alone. Records of up to [`WHOLE_BYTES_MAX`] are packed in memory by
//! libdeflate, which needs the whole record and is faster and tighter than zlib (decision 2);
//! longer ones are streamed through zlib to a temporary file, so that memory stays flat.
//!
//! A block that is packed already (an image, a body with a content coding, a font) does not
//! shrink. Its bytes are sampled, and where they look random it goes into stored deflate blocks
//! (RFC 1951 section 3.2.4) after a deflated header: the cost of a copy.
//!
//! A packer keeps its buffers, so use one for many records; it is `Send`, so that packing can run
//! off the network tasks.

mod fitted;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use flate2::{Compress, FlushCompress, Status};
use libdeflater::{CompressionLvl, Compressor, Crc};

use super::member::{self, Compression, HEADER_LEN, TRAILER_LEN};
use super::record::{Block, Record};

pub use fitted::fitted;

/// The longest record, in raw bytes, that is packed in memory. Past it memory would no longer be
/// flat; pages and images of news sites are far below.
pub const WHOLE_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// What ends a record (ISO 28500 section 4).
const RECORD_END: &[u8] = b"\r\n\r\n";

/// The shortest block worth a sample: below it, deflating costs next to nothing.
const SAMPLED_BYTES_MIN: usize = 4 * 1024;
/// How many bytes each of the three samples has.
const SAMPLE_BYTES: usize = 2 * 1024;
/// How far into a block its HTTP head is looked for.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// The most bytes of one stored deflate block.
const STORED_BYTES_MAX: usize = 0xffff;

/// Packed records: in memory, or in a temporary file when long.
#[derive(Debug)]
pub enum Packed {
    /// All bytes.
    Memory(Vec<u8>),
    /// A temporary file at its start, and its length.
    File(File, u64),
}

impl Packed {
    /// How many bytes there are: the member's length in the file.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, len) => *len,
        }
    }

    /// Whether there are none, which no packed record is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes every byte to `out`.
    ///
    /// # Errors
    /// When the temporary file cannot be read, or `out` fails.
    pub fn write_to(&mut self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => out.write_all(bytes),
            Self::File(file, len) => {
                file.seek(SeekFrom::Start(0))?;
                let copied = io::copy(&mut io::Read::take(&mut *file, *len), out)?;
                if copied == *len { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            }
        }
    }
}

/// The longest record, in raw bytes, that is packed a level lower than longer ones. A level makes
/// pages of up to this length 1.4 to 1.6 % smaller, longer ones 1.7 to 2.5 %, and takes an eighth of
/// the time of both (decision 2).
const SHORT_BYTES_MAX: usize = 128 * 1024;

/// The compressors of a packer.
struct Levels {
    short: Compressor,
    long: Compressor,
}

impl Levels {
    fn new(level: u8) -> Self {
        let compressor = |level: u8| {
            Compressor::new(CompressionLvl::new(i32::from(level.clamp(1, 12))).unwrap_or_default())
        };
        Self { short: compressor(level - 1), long: compressor(level) }
    }

    fn of(&mut self, raw_len: usize) -> &mut Compressor {
        if raw_len <= SHORT_BYTES_MAX { &mut self.short } else { &mut self.long }
    }
}

/// Packs records, one after another, in one way.
pub struct Packer {
    compression: Compression,
    deflate: Option<Levels>,
    stream: Option<Compress>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    dictionary: Option<Vec<u8>>,
    raw: Vec<u8>,
    header_len: usize,
    out: Vec<u8>,
    whole_bytes_max: u64,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").field("compression", &self.compression).finish_non_exhaustive()
    }
}

impl Packer {
    /// A packer; levels beyond what the method has are taken to the nearest that it has.
    #[must_use]
    pub fn new(compression: Compression) -> Self {
        let deflate = match compression {
            Compression::Gzip(level @ 1..) => Some(Levels::new(level)),
            _ => None,
        };
        Self {
            compression,
            deflate,
            stream: None,
            zstd: None,
            dictionary: None,
            raw: Vec::new(),
            header_len: 0,
            out: Vec::new(),
            whole_bytes_max: WHOLE_BYTES_MAX,
        }
    }

    /// A packer of zstd frames that need `dictionary`: the file begins with it.
    #[must_use]
    pub fn with_dictionary(level: i32, dictionary: Vec<u8>) -> Self {
        Self { dictionary: Some(dictionary), ..Self::new(Compression::Zstd(level)) }
    }

    /// The dictionary that its frames need.
    #[must_use]
    pub fn dictionary(&self) -> Option<&[u8]> {
        self.dictionary.as_deref()
    }

    /// How it packs.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The header of the record that was packed last, from the version line to the empty line.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.raw[..self.header_len]
    }

    /// The record as it goes into the file.
    ///
    /// # Errors
    /// When a spooled block cannot be read, or the temporary file of a long record not written.
    pub fn pack(&mut self, record: &Record<'_>) -> io::Result<Packed> {
        self.raw.clear();
        record.write_header(&mut self.raw);
        self.pack_gathered(&record.block, RECORD_END)
    }

    /// A record of which the header is at hand as bytes, empty line included, and what ends it.
    ///
    /// # Errors
    /// As [`Self::pack`].
    pub(super) fn pack_parts(
        &mut self,
        header: &[u8],
        block: &Block<'_>,
        end: &[u8],
    ) -> io::Result<Packed> {
        self.raw.clear();
        self.raw.extend_from_slice(header);
        self.pack_gathered(block, end)
    }

    /// Packs the header in `self.raw` and what comes after it.
    fn pack_gathered(&mut self, block: &Block<'_>, end: &[u8]) -> io::Result<Packed> {
        self.header_len = self.raw.len();
        let raw_len =
            (self.header_len as u64).saturating_add(block.len()).saturating_add(end.len() as u64);
        if raw_len > self.whole_bytes_max {
            return self.pack_long(block, end, raw_len);
        }
        block.write_to(&mut self.raw)?;
        self.raw.extend_from_slice(end);
        match self.compression {
            Compression::None => Ok(Packed::Memory(self.raw.clone())),
            Compression::Gzip(_) => self.gzip_whole(end.len()).map(Packed::Memory),
            Compression::Zstd(level) => self.zstd_whole(level).map(Packed::Memory),
        }
    }

    /// Packs `self.raw`, which begins with the record's header and ends in `end_len` line breaks.
    fn gzip_whole(&mut self, end_len: usize) -> io::Result<Vec<u8>> {
        let header_len = self.header_len;
        let block = &self.raw[header_len..self.raw.len() - end_len];
        let mut member = vec![0; HEADER_LEN];
        match &mut self.deflate {
            Some(levels) if !looks_packed(block) => {
                let deflate = levels.of(self.raw.len());
                // The room is kept from record to record, since clearing it costs as much as a copy.
                let bound = deflate.deflate_compress_bound(self.raw.len());
                if self.out.len() < bound {
                    self.out.resize(bound, 0);
                }
                let len = deflate
                    .deflate_compress(&self.raw, &mut self.out)
                    .map_err(|why| io::Error::other(format!("deflate: {why}")))?;
                member.reserve_exact(len + TRAILER_LEN);
                member.extend_from_slice(&self.out[..len]);
            }
            None => store(&self.raw, true, &mut member),
            Some(_) => {
                let head = header_len + http_head_len(block);
                let stream = fresh_stream(&mut self.stream, self.compression);
                deflate_chunk(stream, &self.raw[..head], FlushCompress::Sync, &mut |bytes| {
                    member.extend_from_slice(bytes);
                    Ok(())
                })?;
                store(&self.raw[head..], true, &mut member);
            }
        }
        let mut crc = Crc::new();
        crc.update(&self.raw);
        let raw_len = self.raw.len() as u64;
        member.extend_from_slice(&member::trailer_bytes(crc.sum(), raw_len));
        let header = member::header_bytes(member.len() as u64, raw_len);
        member[..HEADER_LEN].copy_from_slice(&header);
        Ok(member)
    }

    fn zstd_whole(&mut self, level: i32) -> io::Result<Vec<u8>> {
        let compressor = match &mut self.zstd {
            Some(compressor) => compressor,
            slot => {
                let mut made = match &self.dictionary {
                    Some(dictionary) => zstd::bulk::Compressor::with_dictionary(level, dictionary)?,
                    None => zstd::bulk::Compressor::new(level)?,
                };
                made.include_checksum(true)?;
                slot.insert(made)
            }
        };
        compressor.compress(&self.raw)
    }

    /// Packs a record that is too long for memory into a temporary file. `self.raw` holds its
    /// header.
    fn pack_long(&mut self, block: &Block<'_>, end: &[u8], raw_len: u64) -> io::Result<Packed> {
        let mut file = tempfile::tempfile()?;
        match self.compression {
            Compression::None => {
                let mut out = io::BufWriter::with_capacity(64 * 1024, &mut file);
                out.write_all(&self.raw)?;
                block.write_to(&mut out)?;
                out.write_all(end)?;
                out.flush()?;
            }
            Compression::Zstd(level) => {
                let dictionary = self.dictionary.as_deref().unwrap_or_default();
                let mut out =
                    zstd::stream::write::Encoder::with_dictionary(&mut file, level, dictionary)?;
                out.include_checksum(true)?;
                out.set_pledged_src_size(Some(raw_len))?;
                if level > member::ZSTD_LEVEL_WITHIN_WINDOW {
                    out.window_log(member::ZSTD_WINDOW_LOG_MAX)?;
                }
                out.write_all(&self.raw)?;
                block.write_to(&mut out)?;
                out.write_all(end)?;
                out.finish()?;
            }
            Compression::Gzip(_) => self.gzip_long(block, end, raw_len, &mut file)?,
        }
        let len = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Packed::File(file, len))
    }

    fn gzip_long(
        &mut self,
        block: &Block<'_>,
        end: &[u8],
        raw_len: u64,
        file: &mut File,
    ) -> io::Result<()> {
        // Which header it will be is decided beforehand, from the most that deflating can grow to.
        let most = raw_len.saturating_add(raw_len / 1000).saturating_add(1024);
        let header_len = member::header_len_for(most, raw_len);
        file.write_all(&vec![0; header_len])?;
        let mut out = LongMember {
            file: io::BufWriter::with_capacity(64 * 1024, &mut *file),
            stream: fresh_stream(&mut self.stream, self.compression),
            storing: matches!(self.compression, Compression::Gzip(0)),
            pending: Vec::with_capacity(2 * STORED_BYTES_MAX),
            sampled: false,
            crc: Crc::new(),
            written: header_len as u64,
        };
        out.crc.update(&self.raw);
        out.deflate(&self.raw, FlushCompress::Sync)?;
        block.write_to(&mut out)?;
        out.write_all(end)?;
        let len = out.finish(raw_len)?;
        let lengths_fit = header_len == HEADER_LEN;
        let header = member::header_bytes(if lengths_fit { len } else { u64::MAX }, raw_len);
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&header)
    }
}

/// A member in the making whose record is too long for memory: what is written to it is gathered
/// in pieces, the first of which decides whether the block is deflated or stored.
struct LongMember<'a> {
    file: io::BufWriter<&'a mut File>,
    stream: &'a mut Compress,
    storing: bool,
    pending: Vec<u8>,
    sampled: bool,
    crc: Crc,
    written: u64,
}

impl LongMember<'_> {
    fn deflate(&mut self, bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        let (file, written) = (&mut self.file, &mut self.written);
        deflate_chunk(self.stream, bytes, flush, &mut |packed| {
            *written += packed.len() as u64;
            file.write_all(packed)
        })
    }

    /// Packs what has gathered; the last piece ends the deflate stream.
    fn drain(&mut self, last: bool) -> io::Result<()> {
        let mut pending = std::mem::take(&mut self.pending);
        if !self.sampled {
            self.sampled = true;
            self.storing |= looks_packed(&pending);
        }
        if self.storing {
            let mut stored = Vec::with_capacity(pending.len() + 64);
            store(&pending, last, &mut stored);
            self.written += stored.len() as u64;
            self.file.write_all(&stored)?;
        } else {
            let flush = if last { FlushCompress::Finish } else { FlushCompress::None };
            self.deflate(&pending, flush)?;
        }
        pending.clear();
        self.pending = pending;
        Ok(())
    }

    /// Writes the end of the stream and the trailer; the member's length.
    fn finish(mut self, raw_len: u64) -> io::Result<u64> {
        self.drain(true)?;
        self.file.write_all(&member::trailer_bytes(self.crc.sum(), raw_len))?;
        self.file.flush()?;
        Ok(self.written + TRAILER_LEN as u64)
    }
}

impl Write for LongMember<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Pieces of a fixed size, so that the packed bytes do not depend on how they were handed in.
        let taken = bytes.len().min(STORED_BYTES_MAX - self.pending.len());
        self.crc.update(&bytes[..taken]);
        self.pending.extend_from_slice(&bytes[..taken]);
        if self.pending.len() == STORED_BYTES_MAX {
            self.drain(false)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The streaming compressor, made once and reset for every use.
fn fresh_stream(slot: &mut Option<Compress>, compression: Compression) -> &mut Compress {
    let level = match compression {
        Compression::Gzip(level) => u32::from(level.min(9)),
        Compression::None | Compression::Zstd(_) => 6,
    };
    let stream = slot.get_or_insert_with(|| Compress::new(flate2::Compression::new(level), false));
    stream.reset();
    stream
}

/// Feeds `bytes` to the stream and hands on what comes out.
fn deflate_chunk(
    stream: &mut Compress,
    bytes: &[u8],
    flush: FlushCompress,
    out: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = [0u8; 16 * 1024];
    let mut rest = bytes;
    loop {
        let (before_in, before_out) = (stream.total_in(), stream.total_out());
        let status = stream.compress(rest, &mut buffer, flush).map_err(io::Error::other)?;
        let taken = usize::try_from(stream.total_in() - before_in).unwrap_or(rest.len());
        let made = usize::try_from(stream.total_out() - before_out).unwrap_or(buffer.len());
        rest = &rest[taken.min(rest.len())..];
        out(&buffer[..made.min(buffer.len())])?;
        let more = made == buffer.len();
        match status {
            Status::StreamEnd => return Ok(()),
            // With room left in the buffer, everything asked for has come out.
            Status::Ok | Status::BufError if rest.is_empty() && !more => return Ok(()),
            Status::BufError if taken == 0 && made == 0 => {
                return Err(io::Error::other("deflate does not advance"));
            }
            Status::Ok | Status::BufError => {}
        }
    }
}

/// Appends `bytes` as stored deflate blocks, which begin at a byte boundary; `last` ends the stream.
fn store(bytes: &[u8], last: bool, out: &mut Vec<u8>) {
    let mut rest = bytes;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(STORED_BYTES_MAX));
        let ends = last && after.is_empty();
        let len = u16::try_from(chunk.len()).unwrap_or(u16::MAX);
        out.push(u8::from(ends));
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(chunk);
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}

/// The length of the HTTP head that a block begins with; zero where there is none.
fn http_head_len(block: &[u8]) -> usize {
    if !block.starts_with(b"HTTP/") {
        return 0;
    }
    let start = &block[..block.len().min(HEAD_BYTES_MAX)];
    super::parse::header_len(start).unwrap_or(0)
}

/// Whether a block's bytes look packed already: in three samples every byte value is about as
/// frequent as every other.
///
/// The sum of squared frequencies is n²/256 + n for n random bytes; text, markup, code, base64 and
/// bitmaps are at three to thirty times that. At 1.4 times, 2 KiB samples of deflate, JPEG, WOFF2
/// and Brotli data are distinguished from all of those (measured; decision 2).
fn looks_packed(block: &[u8]) -> bool {
    let body = &block[http_head_len(block)..];
    if body.len() < SAMPLED_BYTES_MIN {
        return false;
    }
    let last = body.len() - SAMPLE_BYTES;
    // The first bytes of images and archives are tables and names; the body proper comes after.
    [body.len() / 4, body.len() / 2, last].into_iter().all(|at| {
        let at = at.min(last);
        let mut counts = [0u64; 256];
        for byte in &body[at..at + SAMPLE_BYTES] {
            counts[usize::from(*byte)] += 1;
        }
        let squares: u64 = counts.iter().map(|count| count * count).sum();
        let n = SAMPLE_BYTES as u64;
        squares * 10 < (n * n / 256 + n) * 14
    })
}

#[cfg(test)]
mod tests;

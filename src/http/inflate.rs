//! The unpackers under [`super::coding`]: one small state machine for each content coding.
//!
//! Owns talking to the compression crates step by step, so that an error halfway loses nothing
//! that was unpacked before it. Deliberately decides nothing about which coding to use, and reads
//! from nowhere: input and room are given. Formats: gzip RFC 1952, zlib RFC 1950, deflate
//! RFC 1951, brotli RFC 7932, zstd RFC 8878 with the window limit of RFC 9659.

use brotli::enc::StandardAlloc as Alloc;
use brotli::{BrotliDecompressStream, BrotliResult, BrotliState};
use flate2::{Crc, Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

/// The result of a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Give more input, or more room.
    Go,
    /// The coded data is complete; what follows belongs to nothing.
    End,
    /// The data is corrupt, and how.
    Bad(String),
}

/// Unpacks in steps.
pub(super) trait Unpack {
    /// Takes from `input` and appends to the spare capacity of `out`; gives the bytes taken.
    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, Outcome);

    /// Whether the input may end here without anything missing.
    fn may_end(&self) -> bool;

    /// What was odd although nothing was lost.
    fn note(&self) -> Option<&'static str> {
        None
    }
}

/// Raw deflate data, or with a zlib header and checksum.
pub(super) struct Deflate(Decompress, bool);

impl Deflate {
    pub(super) fn new(zlib: bool) -> Self {
        Self(Decompress::new(zlib), false)
    }
}

impl Unpack for Deflate {
    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, Outcome) {
        let before = self.0.total_in();
        let result = self.0.decompress_vec(input, out, FlushDecompress::None);
        let taken = usize::try_from(self.0.total_in() - before).unwrap_or(input.len());
        match result {
            Ok(Status::StreamEnd) => {
                self.1 = true;
                (taken, Outcome::End)
            }
            Ok(Status::Ok | Status::BufError) => (taken, Outcome::Go),
            Err(error) => (taken, Outcome::Bad(error.to_string())),
        }
    }

    fn may_end(&self) -> bool {
        self.1
    }
}

/// The longest gzip header that is taken, in bytes: the extra field may have 64 KiB, and a file
/// name and a comment are short.
const GZIP_HEADER_BYTES_MAX: usize = 72 * 1024;

enum GzipState {
    Header(Vec<u8>),
    Data(Deflate),
    Trailer(Vec<u8>),
}

/// Gzip of any number of members; checksums are compared, and a difference is only noted.
pub(super) struct Gzip {
    state: GzipState,
    members: u64,
    crc: Crc,
    note: Option<&'static str>,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { state: GzipState::Header(Vec::new()), members: 0, crc: Crc::new(), note: None }
    }

    fn header_step(&mut self, input: &[u8]) -> (usize, Outcome) {
        let GzipState::Header(header) = &mut self.state else { return (0, Outcome::Go) };
        let had = header.len();
        let taken = input.len().min(GZIP_HEADER_BYTES_MAX - had);
        header.extend_from_slice(&input[..taken]);
        match gzip_header(header) {
            Header::Complete(length) => {
                self.state = GzipState::Data(Deflate::new(false));
                self.crc.reset();
                (length.saturating_sub(had), Outcome::Go)
            }
            Header::More if taken == input.len() => (taken, Outcome::Go),
            Header::More | Header::No if self.members > 0 => {
                self.note = Some("bytes follow the last gzip member");
                (taken, Outcome::End)
            }
            Header::More | Header::No => (0, Outcome::Bad("no gzip header".to_owned())),
        }
    }
}

impl Unpack for Gzip {
    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, Outcome) {
        match &mut self.state {
            GzipState::Header(_) => self.header_step(input),
            GzipState::Data(deflate) => {
                let before = out.len();
                let (taken, outcome) = deflate.step(input, out);
                self.crc.update(&out[before..]);
                if outcome == Outcome::End {
                    self.state = GzipState::Trailer(Vec::with_capacity(8));
                    return (taken, Outcome::Go);
                }
                (taken, outcome)
            }
            GzipState::Trailer(trailer) => {
                let taken = input.len().min(8 - trailer.len());
                trailer.extend_from_slice(&input[..taken]);
                if let Ok(bytes) = <[u8; 8]>::try_from(trailer.as_slice()) {
                    let crc = self.crc.sum().to_le_bytes();
                    let length = self.crc.amount().to_le_bytes();
                    if bytes[..4] != crc || bytes[4..] != length {
                        self.note = Some("the gzip checksum differs");
                    }
                    self.members += 1;
                    self.state = GzipState::Header(Vec::new());
                }
                (taken, Outcome::Go)
            }
        }
    }

    fn may_end(&self) -> bool {
        match &self.state {
            GzipState::Header(header) => self.members > 0 && header.is_empty(),
            GzipState::Data(_) => false,
            // Every byte of the data is there; only the checksum is missing.
            GzipState::Trailer(_) => true,
        }
    }

    fn note(&self) -> Option<&'static str> {
        match &self.state {
            GzipState::Trailer(_) => Some("the gzip trailer is missing"),
            _ => self.note,
        }
    }
}

enum Header {
    More,
    Complete(usize),
    No,
}

/// Whether `bytes` are a complete gzip header (RFC 1952 section 2.3), or the beginning of one.
fn gzip_header(bytes: &[u8]) -> Header {
    const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];
    let n = bytes.len().min(MAGIC.len());
    if bytes[..n] != MAGIC[..n] {
        return Header::No;
    }
    let Some(flags) = bytes.get(3) else { return Header::More };
    let mut at = 10;
    if flags & 4 != 0 {
        let (Some(low), Some(high)) = (bytes.get(at), bytes.get(at + 1)) else {
            return Header::More;
        };
        at += 2 + usize::from(u16::from_le_bytes([*low, *high]));
    }
    for name in [8, 16] {
        if flags & name == 0 {
            continue;
        }
        match bytes.get(at..).and_then(|rest| memchr::memchr(0, rest)) {
            Some(zero) => at += zero + 1,
            None => return Header::More,
        }
    }
    at += if flags & 2 != 0 { 2 } else { 0 };
    if bytes.len() >= at { Header::Complete(at) } else { Header::More }
}

/// How much is handed to the brotli decoder at once, in bytes: it writes out what it has whenever
/// it wants more input, and drops what it has when it fails.
const BROTLI_PIECE_BYTES: usize = 1024;

/// Brotli; the strict form, whose window is at most 16 MiB.
pub(super) struct Brotli {
    state: Box<BrotliState<Alloc, Alloc, Alloc>>,
    total: usize,
    done: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let state = BrotliState::new_strict(Alloc::default(), Alloc::default(), Alloc::default());
        Self { state: Box::new(state), total: 0, done: false }
    }
}

impl Unpack for Brotli {
    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, Outcome) {
        let input = &input[..input.len().min(BROTLI_PIECE_BYTES)];
        let begin = out.len();
        let room = (out.capacity() - begin).min(64 * 1024);
        out.resize(begin + room, 0);
        let (mut left, mut taken) = (input.len(), 0);
        let (mut space, mut written) = (room, 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut taken,
            input,
            &mut space,
            &mut written,
            &mut out[begin..],
            &mut self.total,
            &mut self.state,
        );
        out.truncate(begin + written);
        match result {
            BrotliResult::ResultSuccess => {
                self.done = true;
                (taken, Outcome::End)
            }
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => (taken, Outcome::Go),
            BrotliResult::ResultFailure => (taken, Outcome::Bad("no brotli data".to_owned())),
        }
    }

    fn may_end(&self) -> bool {
        self.done
    }
}

/// Zstandard, any number of frames.
pub(super) struct Zstd {
    decoder: ZstdDecoder<'static>,
    between_frames: bool,
    frames: u64,
    note: Option<&'static str>,
}

impl Zstd {
    pub(super) fn new() -> Result<Self, String> {
        let mut decoder = ZstdDecoder::new().map_err(|error| error.to_string())?;
        // RFC 9659: content coded so may ask for a window of 8 MiB (2^23) and no more.
        decoder.set_parameter(DParameter::WindowLogMax(23)).map_err(|error| error.to_string())?;
        Ok(Self { decoder, between_frames: false, frames: 0, note: None })
    }
}

impl Unpack for Zstd {
    fn step(&mut self, input: &[u8], out: &mut Vec<u8>) -> (usize, Outcome) {
        let begin = out.len();
        let mut source = InBuffer::around(input);
        let result = self.decoder.run(&mut source, &mut OutBuffer::around_pos(out, begin));
        let taken = source.pos();
        match result {
            Ok(0) => {
                (self.between_frames, self.frames) = (true, self.frames + 1);
                (taken, Outcome::Go)
            }
            Ok(_) => {
                self.between_frames &= taken == 0;
                (taken, Outcome::Go)
            }
            Err(_) if self.between_frames => {
                self.note = Some("bytes follow the last zstd frame");
                (taken, Outcome::End)
            }
            Err(error) => (taken, Outcome::Bad(error.to_string())),
        }
    }

    fn may_end(&self) -> bool {
        self.between_frames
    }

    fn note(&self) -> Option<&'static str> {
        self.note
    }
}

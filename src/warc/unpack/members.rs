//! Gzip members (RFC 1952): in one go where they are short enough, else as a stream.

use std::io::{self, Read};

use flate2::{FlushDecompress, Status};
use libdeflater::{Crc, Decompressor};

use super::super::member::{self, GZIP_MAGIC, HEADER_LEN, HeaderRead, TRAILER_LEN};
use super::super::parse::excerpt;
use super::super::source::BUFFER_BYTES;
use super::{UnpackError, Unpacker, damaged};

/// How many packed bytes are searched first for the end of a member; most are shorter.
const WHOLE_FIRST_BYTES: usize = 64 * 1024;
/// The longest member that is unpacked in one go, in raw bytes.
const WHOLE_BYTES_MAX: usize = 4 * 1024 * 1024;

impl<R: Read> Unpacker<R> {
    pub(super) fn begin_gzip(&mut self) -> Result<(), UnpackError> {
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
                HeaderRead::Incomplete if bytes.len() < want => return Err(UnpackError::Cut),
                HeaderRead::Incomplete if want < BUFFER_BYTES => want = BUFFER_BYTES,
                HeaderRead::Incomplete | HeaderRead::NotGzip => {
                    let found = excerpt(&bytes[..bytes.len().min(8)]);
                    let what = format!("expected a gzip member, but found {found:?}");
                    return Err(damaged("member-start", what));
                }
            }
        }
    }

    /// Unpacks the member at the input's place in one go, where it is short enough for the buffers:
    /// libdeflate does so a quarter faster than any inflater that streams. Nothing is consumed where
    /// it does not come out right, whatever the reason: streaming then reports what is wrong.
    ///
    /// Where a member ends is only known by inflating it, and libdeflate does not report it. It is
    /// guessed that the next gzip magic is its end, and the guess is proven by the deflate stream,
    /// which ends before it, and by the trailer there, whose checksum and length are those of what came
    /// out. A magic inside a member is refused, since the stream then has no end before it. There is no
    /// second guess: it could pass over a member that begins after noise.
    pub(super) fn whole_gzip(&mut self) -> io::Result<bool> {
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

    pub(super) fn inflate(&mut self, room: usize) -> Result<usize, UnpackError> {
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
                        // The bytes are handed on first; the next call meets the error again.
                        Err(_) if made > 0 => Ok(made),
                        Err(why) => Err(why),
                    };
                }
                Ok(_) if made > 0 && (made == room || ended) => return Ok(made),
                Ok(_) if ended => return Err(UnpackError::Cut),
                Ok(_) if taken == 0 && grown == 0 => {
                    return Err(damaged("deflate", "the deflate stream does not advance"));
                }
                Ok(_) => {}
                Err(_) if made > 0 => return Ok(made),
                Err(why) => {
                    return Err(damaged("deflate", format!("broken deflate stream: {why}")));
                }
            }
        }
    }

    /// Checks the eight bytes after a deflate stream. On an error the input stays before them.
    pub(super) fn gzip_trailer(&mut self, raw_len: u64) -> Result<(), UnpackError> {
        let bytes = self.source.fill(TRAILER_LEN)?;
        let Some(found) = bytes.get(..TRAILER_LEN) else { return Err(UnpackError::Cut) };
        let expected = member::trailer_bytes(self.crc.sum(), raw_len);
        if found != expected {
            if self.member.made == raw_len {
                // Everything before has been handed on: this is the last call for this member.
                self.source.consume(TRAILER_LEN);
                self.end_member();
            }
            return Err(UnpackError::Damaged {
                rule: "member-checksum",
                what: "the member's checksum or length does not match its bytes".to_owned(),
                at_end: true,
            });
        }
        self.source.consume(TRAILER_LEN);
        self.end_member();
        Ok(())
    }
}

/// The first place at or after `from` where a gzip member may begin.
fn next_magic(bytes: &[u8], from: usize) -> Option<usize> {
    let tail = bytes.get(from..)?;
    memchr::memmem::find_iter(tail, &GZIP_MAGIC)
        .map(|at| from + at)
        // Without its flags it is not known yet; the three upper ones are never set.
        .find(|at| bytes.get(at + 3).is_none_or(|flags| flags & 0xe0 == 0))
}

/// Inflates a whole deflate stream, if it gives the number of bytes and the checksum that the trailer
/// after it states; returns the number of bytes.
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

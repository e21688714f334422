//! Zstd frames (RFC 8878), with the dictionary of warc-zstd: a skippable frame at the start of the file.

use std::io::Read;

use zstd::stream::raw::{DParameter, Decoder, Operation};

use super::super::member::{ZSTD_DICTIONARY_MAGIC, ZSTD_MAGIC, ZSTD_WINDOW_LOG_MAX};
use super::super::parse::excerpt;
use super::{UnpackError, Unpacker, damaged};

/// The largest dictionary that is taken, in bytes.
const DICTIONARY_BYTES_MAX: usize = 8 * 1024 * 1024;

impl<R: Read> Unpacker<R> {
    /// Begins the next zstd frame, past skippable ones; `false` at the end of the input.
    pub(super) fn begin_zstd(&mut self) -> Result<bool, UnpackError> {
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
                    return Err(UnpackError::Cut);
                }
                let found = excerpt(bytes);
                let what = format!("expected a zstd frame, but found {found:?}");
                return Err(damaged("member-start", what));
            }
            if let Some(window) = window_of(self.source.fill(ZSTD_HEADER_BYTES)?)
                && window > 1 << ZSTD_WINDOW_LOG_MAX
            {
                let what = format!(
                    "the zstd frame needs a window of {window} bytes, and the limit is {}; `zstd -d --memory=2048MB` unpacks it",
                    1 << ZSTD_WINDOW_LOG_MAX
                );
                return Err(damaged("zstd", what));
            }
            self.fresh_zstd()?;
            return Ok(true);
        }
    }

    /// Has the decoder stand at the start of a frame. It is made once: the dictionary is copied into it. One that
    /// is damaged is not a failure of the input.
    pub(super) fn fresh_zstd(&mut self) -> Result<(), UnpackError> {
        if let Some(decoder) = &mut self.zstd {
            return Ok(decoder.reinit()?);
        }
        let mut made = match &self.dictionary {
            Some(dictionary) => Decoder::with_dictionary(dictionary).map_err(|why| {
                damaged("dictionary", format!("the dictionary cannot be used: {why}"))
            })?,
            None => Decoder::new()?,
        };
        made.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG_MAX))?;
        self.zstd = Some(made);
        Ok(())
    }

    /// Passes a skippable frame; one that holds a dictionary is kept and used from here on.
    pub(super) fn skippable_frame(&mut self) -> Result<(), UnpackError> {
        let head = self.source.fill(8)?;
        let Some(&[a, b, c, d]) = head.get(4..8) else { return Err(UnpackError::Cut) };
        let holds_dictionary = head.starts_with(&ZSTD_DICTIONARY_MAGIC);
        let mut left = u32::from_le_bytes([a, b, c, d]) as usize;
        self.source.consume(8);
        let keep = holds_dictionary && left <= DICTIONARY_BYTES_MAX && self.dictionary.is_none();
        let mut kept = Vec::new();
        while left > 0 {
            let bytes = self.source.fill(1)?;
            if bytes.is_empty() {
                return Err(UnpackError::Cut);
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

    pub(super) fn unpack_zstd(&mut self, room: usize) -> Result<usize, UnpackError> {
        let mut made = 0;
        loop {
            let input = self.source.fill(1)?;
            let ended = input.is_empty();
            let Some(decoder) = &mut self.zstd else {
                return Err(damaged("zstd", "no frame has started"));
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
                return Err(UnpackError::Cut);
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return Err(damaged("zstd", "the zstd frame does not advance"));
            }
        }
    }
}

/// The longest header of a zstd frame, magic included (RFC 8878 section 3.1.1.1).
const ZSTD_HEADER_BYTES: usize = 18;
/// The header of a frame with its first block, which has at most 128 KiB after three bytes (section 3.1.1.2).
pub(super) const FIRST_BLOCK_BYTES: usize = ZSTD_HEADER_BYTES + 3 + 128 * 1024;

/// The window that the zstd frame asks for which these bytes begin, in bytes; none where its header is cut.
fn window_of(bytes: &[u8]) -> Option<u64> {
    let descriptor = *bytes.get(4)?;
    let is_single = descriptor & 0x20 != 0;
    if !is_single {
        let window = *bytes.get(5)?;
        let base = 1u64 << (10 + (window >> 3));
        return Some(base + base / 8 * u64::from(window & 7));
    }
    // All of the content is the window.
    let at = 5 + [0, 1, 2, 4][usize::from(descriptor & 3)];
    let (length, extra) = [(1, 0), (2, 256), (4, 0), (8, 0)][usize::from(descriptor >> 6)];
    let mut size = [0; 8];
    size[..length].copy_from_slice(bytes.get(at..at + length)?);
    Some(u64::from_le_bytes(size).saturating_add(extra))
}

/// Whether these bytes begin a skippable frame (RFC 8878 section 3.1.2).
pub(super) fn is_skippable(bytes: &[u8]) -> bool {
    matches!(bytes, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

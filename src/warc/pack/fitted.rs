//! A record of an exact number of bytes in a file: it replaces one that was removed, so that no other record of the file
//! moves.
//!
//! ```text
//! WARC/1.1 … Content-Length: N       the header, deflated in gzip members
//! text                               then stored as it is:
//! blanks                             padding to the length, after an empty line of the text
//! ```

use flate2::{Compress, Compression, FlushCompress};
use libdeflater::Crc;

use crate::warc::fields::Fields;
use crate::warc::member::{
    HEADER_LEN, TRAILER_LEN, ZSTD_MAGIC, header_bytes, header_len_for, trailer_bytes,
};
use crate::warc::unpack::Framing;

/// What ends a header, and what ends a record.
const END: &[u8] = b"\r\n\r\n";
/// The longest stored block of a deflate stream.
const STORED_MAX: u64 = 65_535;
/// What a stored block costs besides its bytes.
const STORED_COST: u64 = 5;
/// The longest raw block of a zstd frame, what one costs, and what the frame's header does: magic, descriptor, window, and
/// eight bytes of content size.
const RAW_MAX: u64 = 128 * 1024;
const RAW_COST: u64 = 3;
const FRAME_HEADER: u64 = 4 + 1 + 1 + 8;

/// The record with these fields (without `Content-Length`) and a block that begins with `text`, as it lies in a file of this
/// framing, in exactly `length` bytes. `None` where it does not fit.
#[must_use]
pub fn fitted(fields: &Fields, text: &[u8], framing: Framing, length: u64) -> Option<Vec<u8>> {
    let head = [b"WARC/1.1\r\n", fields.as_bytes(), b"Content-Length: "].concat();
    let made = match framing {
        Framing::Plain => {
            let rest = length.checked_sub(head.len() as u64)?;
            [head, rest_of(text, rest)?].concat()
        }
        Framing::Gzip => gzip(&head, text, length)?,
        Framing::Zstd => zstd(&head, text, length)?,
    };
    (made.len() as u64 == length).then_some(made)
}

/// The number, the end of the header, the block and the end of the record in exactly `length` bytes.
fn rest_of(text: &[u8], length: u64) -> Option<Vec<u8>> {
    // The number tells how long the block is, and is itself longer for a longer block; blanks before it make up for the one
    // length in ten that no number gives.
    for blanks in 0..2 {
        for digits in 1..=19 {
            let block = length.checked_sub(digits + blanks + 2 * END.len() as u64)?;
            if block < text.len() as u64 || block.to_string().len() as u64 != digits {
                continue;
            }
            let mut out = Vec::with_capacity(usize::try_from(length).ok()?);
            out.extend(std::iter::repeat_n(b' ', usize::try_from(blanks).ok()?));
            out.extend_from_slice(block.to_string().as_bytes());
            out.extend_from_slice(END);
            out.extend_from_slice(text);
            let filler = usize::try_from(block).ok()? - text.len();
            out.extend(std::iter::repeat_n(b' ', filler));
            out.extend_from_slice(END);
            return Some(out);
        }
    }
    None
}

fn gzip(head: &[u8], text: &[u8], length: u64) -> Option<Vec<u8>> {
    let mut stream = Vec::with_capacity(head.len() + 64);
    let mut packer = Compress::new(Compression::best(), false);
    packer.compress_vec(head, &mut stream, FlushCompress::Sync).ok()?;
    if packer.total_in() != head.len() as u64 {
        return None;
    }
    // How long the header of the member is depends on the length of the record, by more than 4 GiB.
    let header = HEADER_LEN as u64;
    let room = length.checked_sub(header + TRAILER_LEN as u64 + stream.len() as u64)?;
    let blocks = room.div_ceil(STORED_MAX + STORED_COST).max(1);
    let rest = (blocks..blocks + 2)
        .find_map(|blocks| Some((blocks, rest_of(text, room.checked_sub(blocks * STORED_COST)?)?)));
    let (blocks, rest) = rest?;
    let raw_len = (head.len() + rest.len()) as u64;
    if header_len_for(length - header - TRAILER_LEN as u64, raw_len) != HEADER_LEN {
        return None;
    }
    let mut pieces = rest.chunks(usize::try_from(STORED_MAX).ok()?);
    for block in 1..=blocks {
        let piece = pieces.next().unwrap_or_default();
        let size = u16::try_from(piece.len()).ok()?;
        stream.push(u8::from(block == blocks));
        stream.extend_from_slice(&size.to_le_bytes());
        stream.extend_from_slice(&(!size).to_le_bytes());
        stream.extend_from_slice(piece);
    }
    let mut crc = Crc::new();
    crc.update(head);
    crc.update(&rest);
    let mut out = header_bytes(length, raw_len);
    out.extend_from_slice(&stream);
    out.extend_from_slice(&trailer_bytes(crc.sum(), raw_len));
    Some(out)
}

/// A frame of raw blocks, its content size stated, without a checksum (RFC 8878 section 3.1.1).
fn zstd(head: &[u8], text: &[u8], length: u64) -> Option<Vec<u8>> {
    let room = length.checked_sub(FRAME_HEADER + head.len() as u64)?;
    // Blocks are of head and rest together.
    let blocks = (room + head.len() as u64).div_ceil(RAW_MAX + RAW_COST).max(1);
    let rest = (blocks..blocks + 2)
        .find_map(|blocks| Some((blocks, rest_of(text, room.checked_sub(blocks * RAW_COST)?)?)));
    let (blocks, rest) = rest?;
    let raw = [head, &rest].concat();
    let mut out = ZSTD_MAGIC.to_vec();
    // The content size has eight bytes; the window is that of a block, 2^(10 + 7), so that no reader needs much memory.
    out.extend_from_slice(&[0b1100_0000, 7 << 3]);
    out.extend_from_slice(&(raw.len() as u64).to_le_bytes());
    let mut pieces = raw.chunks(usize::try_from(RAW_MAX).ok()?);
    for block in 1..=blocks {
        let piece = pieces.next().unwrap_or_default();
        let header = (u32::try_from(piece.len()).ok()? << 3) | u32::from(block == blocks);
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(piece);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warc::{ReadOptions, WarcReader};

    fn fields() -> Fields {
        let mut fields = Fields::new();
        fields.push("WARC-Type", "metadata");
        fields.push("WARC-Record-ID", "<urn:uuid:00000000-0000-4000-8000-000000000001>");
        fields.push("WARC-Date", "2025-11-05T00:00:00.000000Z");
        fields.push("Content-Type", "application/warc-fields");
        fields
    }

    /// Every length from the shortest on, and those around where numbers and blocks become longer.
    #[test]
    fn a_record_has_the_length_that_is_asked_for_and_reads_back() {
        let text = b"outcome: purged\r\n\r\n";
        for framing in [Framing::Plain, Framing::Gzip, Framing::Zstd] {
            let shortest = (100..1_000).find(|l| fitted(&fields(), text, framing, *l).is_some());
            let shortest = shortest.unwrap();
            let around: [u64; 8] =
                [1_000, 10_000, 65_535, 65_560, 131_072, 131_100, 196_640, 1_000_000];
            let lengths =
                (shortest..shortest + 800).chain(around.iter().flat_map(|at| at - 12..at + 24));
            for length in lengths {
                let made = fitted(&fields(), text, framing, length);
                let made = made.unwrap_or_else(|| panic!("{framing:?} {length}"));
                assert_eq!(made.len() as u64, length);
                // Behind it another record must be found.
                let file = [made.as_slice(), &made].concat();
                let mut reader = WarcReader::new(file.as_slice(), ReadOptions::default());
                for at in [0, length] {
                    let mut record = reader.next_record().unwrap().unwrap();
                    let mut block = Vec::new();
                    std::io::Read::read_to_end(&mut record, &mut block).unwrap();
                    assert!(
                        block.starts_with(text) && block[text.len()..].iter().all(|b| *b == b' ')
                    );
                    let place = record.finish().unwrap();
                    assert_eq!((place.offset, place.length), (at, Some(length)), "{framing:?}");
                    assert!(place.intact);
                }
                assert!(reader.next_record().unwrap().is_none());
                assert_eq!(reader.take_findings(), [], "{framing:?} {length}");
            }
            assert!(fitted(&fields(), text, framing, 60).is_none());
        }
    }
}

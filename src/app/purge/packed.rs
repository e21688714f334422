//! Compressed data in a file: gzip members, zstd frames and deflated entries of zips, wherever in it they begin. A tail that
//! was set aside, an export and a bundle hold a page in this form.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::bufread::{DeflateDecoder, GzDecoder};
use memchr::memmem;

const GZIP: &[u8] = b"\x1f\x8b\x08";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const ZIP_ENTRY: &[u8] = b"PK\x03\x04";
/// The length of the longest of them, which may begin in what is kept of the previous piece.
const MAGIC_BYTES_MAX: usize = 4;
/// How much of a file is read at a time, in bytes.
const PIECE: usize = 1 << 20;
/// The head of an entry of a zip, without its name.
const ENTRY_HEAD_LEN: usize = 30;
/// At most this many bytes of one member are unpacked: no page is longer, and a decompression bomb ends here.
const UNPACKED_BYTES_MAX: u64 = 4 << 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Gzip,
    Zstd,
    ZipEntry,
}

/// Shows every unpacked stream of a file to `look`, until it says that it has found something; whether it has.
///
/// # Errors
/// When the file cannot be read. What cannot be unpacked is examined up to the error.
pub(super) fn any(
    path: &Path,
    look: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
) -> io::Result<bool> {
    let mut file = File::open(path)?;
    for (at, kind) in starts(&mut file)? {
        file.seek(SeekFrom::Start(at))?;
        let packed = BufReader::new(&mut file);
        let found = match kind {
            Kind::Gzip => look(&mut GzDecoder::new(packed).take(UNPACKED_BYTES_MAX)),
            Kind::Zstd => match zstd::Decoder::with_buffer(packed) {
                Ok(frame) => look(&mut frame.single_frame().take(UNPACKED_BYTES_MAX)),
                Err(_) => Ok(false),
            },
            Kind::ZipEntry => entry(packed, look),
        };
        if found? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One entry of a zip, from its local head on.
fn entry(
    mut packed: BufReader<&mut File>,
    look: &mut dyn FnMut(&mut dyn Read) -> io::Result<bool>,
) -> io::Result<bool> {
    let mut head = [0; ENTRY_HEAD_LEN];
    if packed.read_exact(&mut head).is_err() || head[8..10] != [8, 0] {
        // Data that is stored uncompressed was examined in place.
        return Ok(false);
    }
    let short = |at: usize| i64::from(u16::from_le_bytes([head[at], head[at + 1]]));
    packed.seek_relative(short(26) + short(28))?;
    look(&mut DeflateDecoder::new(packed).take(UNPACKED_BYTES_MAX))
}

/// Where compressed data may begin, in order.
fn starts(file: &mut File) -> io::Result<Vec<(u64, Kind)>> {
    let finders = [(GZIP, Kind::Gzip), (ZSTD, Kind::Zstd), (ZIP_ENTRY, Kind::ZipEntry)];
    let finders = finders.map(|(magic, kind)| (memmem::Finder::new(magic), kind));
    let (mut found, mut buffer, mut before) = (Vec::new(), Vec::with_capacity(PIECE + 8), 0_u64);
    loop {
        let count = file.by_ref().take(PIECE as u64).read_to_end(&mut buffer)?;
        for (finder, kind) in &finders {
            found.extend(finder.find_iter(&buffer).map(|at| (before + at as u64, *kind)));
        }
        if count == 0 {
            break;
        }
        let gone = buffer.len().saturating_sub(MAGIC_BYTES_MAX - 1);
        buffer.drain(..gone);
        before += gone as u64;
    }
    found.sort_unstable();
    // One that is entirely in what was kept of a piece was found twice.
    found.dedup();
    Ok(found)
}

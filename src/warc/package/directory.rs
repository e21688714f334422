//! The central directory of a ZIP file: which files it has, and where each is.
//!
//! Read here and not by the `zip` crate, which reserves memory for the number of entries that the end of
//! the file states: a few bytes may state millions. Here an entry costs memory once it was read, and there
//! are bounds on how many are. Nothing is unpacked and no file is written.
//!
//! ```text
//!  (bytes before)  local header, bytes …  │ entry entry …  │ [zip64 record, locator]  end record, comment
//!                  ▲ offset + base         ▲ directory      found from the end of the file
//! ```
//!
//! ZIP APPNOTE 6.3.10, sections 4.3.6 to 4.3.16 and 4.5.3. Offsets may count from the first local header
//! instead of the start of the file, where something was put before it; the directory is where the
//! end record is less its size, as Python's and others' readers have it.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::super::input::slice::FileSlice;
use super::{PackageEntry, PackageError, Packing};
use crate::base::little_endian::{u16_at, u32_at, u64_at};

/// The most entries that are listed, and the most bytes of their paths, as they are kept.
const ENTRIES_MAX: usize = 100_000;
const PATH_BYTES_MAX: usize = 8 << 20;

const END_LEN: usize = 22;
const END_MAGIC: &[u8] = b"PK\x05\x06";
const END64_LEN: usize = 56;
const END64_MAGIC: &[u8] = b"PK\x06\x06";
const LOCATOR_LEN: usize = 20;
const LOCATOR_MAGIC: &[u8] = b"PK\x06\x07";
const ENTRY_LEN: usize = 46;
const ENTRY_MAGIC: &[u8] = b"PK\x01\x02";
const LOCAL_LEN: usize = 30;
const LOCAL_MAGIC: &[u8] = b"PK\x03\x04";
/// The longest comment after the end record.
const COMMENT_BYTES_MAX: u64 = 65_535;

/// What the end record says of the directory.
struct End {
    /// Where the directory ends: at the end record, or the zip64 one.
    at: u64,
    size: u64,
    offset: u64,
}

/// The entries of a ZIP file of `length` bytes, in the order of its directory.
pub(super) fn read(file: &FileSlice, length: u64) -> Result<Vec<PackageEntry>, PackageError> {
    let mut file = file.clone();
    let mut why = bad("it has no end record");
    for end in ends(&mut file, length)? {
        match end.and_then(|end| Ok((begin(&mut file, &end)?, end))) {
            Ok(((start, base), end)) => {
                let mut entries = entries(&mut file, start, base, &end)?;
                refuse_overlaps(&mut entries);
                return Ok(entries);
            }
            Err(PackageError::Io { path, why }) => return Err(PackageError::Io { path, why }),
            // A comment may hold what looks like one; then one before it is meant.
            Err(this) => why = this,
        }
    }
    Err(why)
}

fn bad(what: &str) -> PackageError {
    PackageError::Directory(what.to_owned())
}

fn io_error(why: io::Error) -> PackageError {
    PackageError::Io { path: "its directory".to_owned(), why }
}

/// The bytes at an offset, fewer at the end of the file.
fn bytes_at(file: &mut FileSlice, offset: u64, length: usize) -> Result<Vec<u8>, PackageError> {
    file.seek(SeekFrom::Start(offset)).map_err(io_error)?;
    let mut bytes = Vec::new();
    file.take(length as u64).read_to_end(&mut bytes).map_err(io_error)?;
    Ok(bytes)
}

/// The end records, the last one first.
fn ends(file: &mut FileSlice, length: u64) -> Result<Vec<Result<End, PackageError>>, PackageError> {
    let from = length.saturating_sub(END_LEN as u64 + COMMENT_BYTES_MAX);
    let tail = bytes_at(file, from, END_LEN + COMMENT_BYTES_MAX as usize)?;
    let mut found = Vec::new();
    for at in memchr::memmem::rfind_iter(&tail, END_MAGIC) {
        let Some(record) = tail.get(at..at + END_LEN) else { continue };
        found.push(end_of(file, record, from + at as u64));
        // Real comments are not full of them.
        if found.len() == 16 {
            break;
        }
    }
    Ok(found)
}

/// What an end record says, with the zip64 record before it.
fn end_of(file: &mut FileSlice, record: &[u8], at: u64) -> Result<End, PackageError> {
    if u16_at(record, 4) != u16_at(record, 6) {
        return Err(bad("it is one part of a multi-disk archive"));
    }
    let plain =
        End { at, size: u64::from(u32_at(record, 12)), offset: u64::from(u32_at(record, 16)) };
    let Some(locator_at) = at.checked_sub(LOCATOR_LEN as u64) else { return Ok(plain) };
    let locator = bytes_at(file, locator_at, LOCATOR_LEN)?;
    if !locator.starts_with(LOCATOR_MAGIC) {
        return Ok(plain);
    }
    // Where it says, or right before the locator where something was put before the file.
    let before = locator_at.saturating_sub(END64_LEN as u64);
    for at in [u64_at(&locator, 8), before] {
        let record = bytes_at(file, at, END64_LEN)?;
        if record.len() == END64_LEN && record.starts_with(END64_MAGIC) {
            return Ok(End { at, size: u64_at(&record, 40), offset: u64_at(&record, 48) });
        }
    }
    Err(bad("its zip64 end record is not at the stated offset"))
}

/// Where the directory begins, and what is to be added to the offsets in it.
fn begin(file: &mut FileSlice, end: &End) -> Result<(u64, u64), PackageError> {
    // By its size, as it counts what was put before the file; else by its offset.
    for start in [end.at.checked_sub(end.size), Some(end.offset)].into_iter().flatten() {
        let is_there = end.size == 0 || bytes_at(file, start, 4)? == ENTRY_MAGIC;
        if let (true, Some(base)) = (is_there, start.checked_sub(end.offset)) {
            return Ok((start, base));
        }
    }
    Err(bad("its directory is not at the stated offset"))
}

fn entries(
    file: &mut FileSlice,
    start: u64,
    base: u64,
    end: &End,
) -> Result<Vec<PackageEntry>, PackageError> {
    let mut input = file.clone();
    input.seek(SeekFrom::Start(start)).map_err(io_error)?;
    let mut input = BufReader::with_capacity(64 * 1024, input.take(end.size));
    let (mut entries, mut path_bytes) = (Vec::new(), 0);
    loop {
        let mut fixed = [0; ENTRY_LEN];
        match read_full(&mut input, &mut fixed).map_err(io_error)? {
            0 => return Ok(entries),
            // A signature of the directory, or another end record of it, follows the entries.
            _ if !fixed.starts_with(ENTRY_MAGIC) && !entries.is_empty() => return Ok(entries),
            ENTRY_LEN if fixed.starts_with(ENTRY_MAGIC) => {}
            _ => return Err(bad("its directory is truncated or damaged")),
        }
        let mut path = vec![0; usize::from(u16_at(&fixed, 28))];
        let mut extra = vec![0; usize::from(u16_at(&fixed, 30))];
        let comment = u64::from(u16_at(&fixed, 32));
        let is_whole = read_full(&mut input, &mut path).map_err(io_error)? == path.len()
            && read_full(&mut input, &mut extra).map_err(io_error)? == extra.len()
            && io::copy(&mut (&mut input).take(comment), &mut io::sink()).map_err(io_error)?
                == comment;
        if !is_whole {
            return Err(bad("its directory is truncated"));
        }
        let path: Box<str> = String::from_utf8_lossy(&path).into();
        path_bytes += path.len();
        if entries.len() >= ENTRIES_MAX || path_bytes > PATH_BYTES_MAX {
            return Err(PackageError::TooMany { max: ENTRIES_MAX });
        }
        entries.push(entry(file, &fixed, path, &extra, base)?);
    }
}

fn entry(
    file: &mut FileSlice,
    fixed: &[u8],
    path: Box<str>,
    extra: &[u8],
    base: u64,
) -> Result<PackageEntry, PackageError> {
    let mut packed_length = u64::from(u32_at(fixed, 20));
    let mut length = u64::from(u32_at(fixed, 24));
    let mut header_at = u64::from(u32_at(fixed, 42));
    // What does not fit in 32 bits is in the extra field, in this order (section 4.5.3).
    let mut long = zip64(extra);
    for value in [&mut length, &mut packed_length, &mut header_at] {
        if *value == u64::from(u32::MAX)
            && let Some((first, rest)) = long.split_at_checked(8)
        {
            (*value, long) = (u64_at(first, 0), rest);
        }
    }
    let mut packing = match (u16_at(fixed, 8) & 1, u16_at(fixed, 10)) {
        (1, _) => Packing::Encrypted,
        (_, 0) => Packing::Stored,
        (_, 8) => Packing::Deflated,
        (_, method) => Packing::Method(method),
    };
    // The local header has lengths of its own for its name and extra field.
    let header_at = base.saturating_add(header_at);
    let local = bytes_at(file, header_at, LOCAL_LEN)?;
    let offset = if local.len() == LOCAL_LEN && local.starts_with(LOCAL_MAGIC) {
        let after = u64::from(u16_at(&local, 26)) + u64::from(u16_at(&local, 28));
        header_at.saturating_add(LOCAL_LEN as u64 + after)
    } else {
        packing = Packing::NoHeader;
        0
    };
    let crc32 = u32_at(fixed, 16);
    Ok(PackageEntry { path, packing, length, packed_length, crc32, offset })
}

/// Refuses entries whose bytes reach into those of another that begins with or after them: a few bytes
/// that a thousand entries share would be unpacked a thousand times. What is left has no byte twice.
fn refuse_overlaps(entries: &mut [PackageEntry]) {
    let mut order: Vec<usize> = (0..entries.len())
        .filter(|&at| entries[at].packed_length > 0 && entries[at].packing != Packing::NoHeader)
        .collect();
    // Of entries at one place the last stays, as where a directory names a path twice.
    order.sort_by_key(|&at| entries[at].offset);
    let mut next_start = u64::MAX;
    for at in order.into_iter().rev() {
        let entry = &mut entries[at];
        if entry.offset.saturating_add(entry.packed_length) > next_start {
            entry.packing = Packing::Overlapping;
        }
        next_start = entry.offset;
    }
}

/// The data of the zip64 field among extra fields.
fn zip64(mut extra: &[u8]) -> &[u8] {
    while extra.len() >= 4 {
        let length = usize::from(u16_at(extra, 2));
        let Some(data) = extra.get(4..4 + length) else { break };
        if u16_at(extra, 0) == 1 {
            return data;
        }
        extra = &extra[4 + length..];
    }
    &[]
}

/// Reads until `out` is full or the input ends; how many bytes.
fn read_full(input: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while have < out.len() {
        match input.read(&mut out[have..]) {
            Ok(0) => break,
            Ok(count) => have += count,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why),
        }
    }
    Ok(have)
}

//! The gzip member that a record is packed in: its header and trailer as bytes.
//!
//! The header says how long the member is, in the `sl` (skip-lengths) extra field that the WARC 0.9
//! draft recommended (section 9.2) and later versions no longer mention; readers that do not know it
//! ignore it (RFC 1952 section 2.3.1.1). It is written before any byte of a page, which is why
//! skipping by it cannot be led astray by what a page holds.
//!
//! ```text
//!  0  1f 8b       gzip
//!  2  08          deflate
//!  3  04          FEXTRA alone: no name, no comment, no header checksum
//!  4  00 00 00 00 no time, so that the same record gives the same bytes
//!  8  00          no extra flags
//!  9  ff          no operating system
//! 10  0c 00       12 bytes of extra field
//! 12  73 6c       "sl", skip-lengths
//! 14  08 00       8 bytes
//! 16  pp pp pp pp the member's length, from its first byte to its last (u32, little endian)
//! 20  rr rr rr rr the record's length when inflated (u32, little endian)
//! 24  …           deflate stream
//! -8  cc cc cc cc CRC-32 of the record (u32, little endian)
//! -4  rr rr rr rr its length modulo 2^32 (u32, little endian)
//! ```
//!
//! A member whose lengths do not fit in 32 bits has no `sl` field, and its header is ten bytes.

/// The two bytes that every gzip member begins with, and the method: deflate.
pub const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
/// The four bytes that every zstd frame begins with (RFC 8878 section 3.1.1).
pub const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The four bytes of the skippable frame that holds a dictionary (warc-zstd, section 3).
pub const ZSTD_DICTIONARY_MAGIC: [u8; 4] = [0x5d, 0x2a, 0x4d, 0x18];
/// The largest window of a zstd frame that is read, as a power of two: 32 MiB. The frame states it, and it is memory
/// before a byte of the frame is known to be right; so none is written that asks for more.
pub const ZSTD_WINDOW_LOG_MAX: u32 = 25;
/// The highest level whose frames ask for no more by themselves.
pub const ZSTD_LEVEL_WITHIN_WINDOW: i32 = 20;
/// The subfield identifier of the skip lengths.
pub const SKIP_LENGTHS_ID: [u8; 2] = *b"sl";

/// The length of a header that has skip lengths.
pub const HEADER_LEN: usize = 24;
/// The length of a header without.
const BARE_HEADER_LEN: usize = 10;
/// The length of the trailer.
pub const TRAILER_LEN: usize = 8;
/// The longest header that is read, in bytes: the extra field's own limit, and as much for the name
/// and the comment together.
pub const HEADER_LEN_MAX: usize = 128 * 1024;

const FTEXT_UNUSED: u8 = 0x01;
const FHCRC: u8 = 0x02;
const FEXTRA: u8 = 0x04;
const FNAME: u8 = 0x08;
const FCOMMENT: u8 = 0x10;

/// How records are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// One gzip member a record; level 0 (stored) to 12 (slowest).
    Gzip(u8),
    /// One zstd frame a record; level 1 to 22.
    Zstd(i32),
}

impl Default for Compression {
    /// gzip at the level chosen by measurement (decision 2).
    fn default() -> Self {
        Self::Gzip(5)
    }
}

impl Compression {
    /// The faster setting: a tenth larger files at less than half the cost.
    pub const FAST: Self = Self::Gzip(1);

    /// What file names of this compression end in: `.warc`, `.warc.gz` or `.warc.zst`.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => ".warc",
            Self::Gzip(_) => ".warc.gz",
            Self::Zstd(_) => ".warc.zst",
        }
    }
}

/// The lengths that a member's header states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkipLengths {
    /// The member's length in the file, header and trailer included.
    pub packed: u32,
    /// The record's length when inflated.
    pub raw: u32,
}

/// A member's header for these lengths; without skip lengths when either is over 32 bits.
#[must_use]
pub fn header_bytes(packed_len: u64, raw_len: u64) -> Vec<u8> {
    let lengths = u32::try_from(packed_len).ok().zip(u32::try_from(raw_len).ok());
    let mut out = Vec::with_capacity(HEADER_LEN);
    out.extend_from_slice(&GZIP_MAGIC);
    out.push(if lengths.is_some() { FEXTRA } else { 0 });
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0xff]);
    if let Some((packed, raw)) = lengths {
        out.extend_from_slice(&12u16.to_le_bytes());
        out.extend_from_slice(&SKIP_LENGTHS_ID);
        out.extend_from_slice(&8u16.to_le_bytes());
        out.extend_from_slice(&packed.to_le_bytes());
        out.extend_from_slice(&raw.to_le_bytes());
    }
    out
}

/// Whether the first bytes of a member, at most [`HEADER_LEN`] of them, are those that this program writes for these
/// lengths. A long record may have been packed without knowing whether its member's length fits in 32
/// bits, and then states none even where they would.
///
/// A short member without any extra field was compressed by another program, which is not damage: where damage
/// cleared the flag of the field, its bytes are taken for the compressed ones, and the member cannot be read.
#[must_use]
pub fn is_as_written(head: &[u8], packed_len: u64, raw_len: u64) -> bool {
    const BARE_FROM: u64 = 0xffff_ffff / 2;
    let is_long = raw_len > BARE_FROM;
    let is_repacked = head.get(3).is_some_and(|flags| flags & FEXTRA == 0);
    head.starts_with(&header_bytes(packed_len, raw_len))
        || is_long && head.starts_with(&header_bytes(u64::MAX, raw_len))
        || !is_long && is_repacked
}

/// The length of the header that a member has whose deflate stream is `stream_len` bytes long.
#[must_use]
pub fn header_len_for(stream_len: u64, raw_len: u64) -> usize {
    let packed = stream_len.saturating_add((HEADER_LEN + TRAILER_LEN) as u64);
    let fits = packed <= u64::from(u32::MAX) && raw_len <= u64::from(u32::MAX);
    if fits { HEADER_LEN } else { BARE_HEADER_LEN }
}

/// The eight bytes after the deflate stream.
#[must_use]
pub fn trailer_bytes(crc: u32, raw_len: u64) -> [u8; TRAILER_LEN] {
    let [a, b, c, d] = crc.to_le_bytes();
    let [e, f, g, h, ..] = raw_len.to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

/// What the first bytes of a member say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderRead {
    /// A whole header: its length, and the skip lengths where it states them.
    Whole(usize, Option<SkipLengths>),
    /// The header continues beyond these bytes.
    Incomplete,
    /// These bytes begin no gzip member.
    NotGzip,
}

/// Reads a member's header at the start of `bytes`.
#[must_use]
pub fn read_header(bytes: &[u8]) -> HeaderRead {
    let known = bytes.len().min(GZIP_MAGIC.len());
    if bytes[..known] != GZIP_MAGIC[..known] {
        return HeaderRead::NotGzip;
    }
    let Some(&flags) = bytes.get(3) else { return HeaderRead::Incomplete };
    if flags & !(FTEXT_UNUSED | FHCRC | FEXTRA | FNAME | FCOMMENT) != 0 {
        return HeaderRead::NotGzip;
    }
    match walk_header(bytes, flags) {
        Some((len, lengths)) if len <= HEADER_LEN_MAX => HeaderRead::Whole(len, lengths),
        Some(_) => HeaderRead::NotGzip,
        None if bytes.len() >= HEADER_LEN_MAX => HeaderRead::NotGzip,
        None => HeaderRead::Incomplete,
    }
}

fn walk_header(bytes: &[u8], flags: u8) -> Option<(usize, Option<SkipLengths>)> {
    let mut at = BARE_HEADER_LEN;
    let mut lengths = None;
    if flags & FEXTRA != 0 {
        let len = usize::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        lengths = skip_lengths(bytes.get(at + 2..at + 2 + len)?);
        at += 2 + len;
    }
    for flag in [FNAME, FCOMMENT] {
        if flags & flag != 0 {
            at += memchr::memchr(0, bytes.get(at..)?)? + 1;
        }
    }
    if flags & FHCRC != 0 {
        at += 2;
    }
    (bytes.len() >= at).then_some((at, lengths))
}

/// Finds the skip lengths among the subfields of an extra field.
fn skip_lengths(mut extra: &[u8]) -> Option<SkipLengths> {
    while let [id_a, id_b, len_a, len_b, rest @ ..] = extra {
        let len = usize::from(u16::from_le_bytes([*len_a, *len_b]));
        let data = rest.get(..len)?;
        if [*id_a, *id_b] == SKIP_LENGTHS_ID
            && let [a, b, c, d, e, f, g, h] = *data
        {
            let packed = u32::from_le_bytes([a, b, c, d]);
            let raw = u32::from_le_bytes([e, f, g, h]);
            // A writer that could not seek back and fill it in leaves zero.
            return (packed != 0).then_some(SkipLengths { packed, raw });
        }
        extra = &rest[len..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_states_the_lengths_and_reads_back() {
        let header = header_bytes(1000, 5000);
        assert_eq!(header.len(), HEADER_LEN);
        let lengths = SkipLengths { packed: 1000, raw: 5000 };
        assert_eq!(read_header(&header), HeaderRead::Whole(HEADER_LEN, Some(lengths)));
        for cut in 0..header.len() {
            assert_eq!(read_header(&header[..cut]), HeaderRead::Incomplete, "{cut}");
        }
    }

    #[test]
    fn a_member_over_32_bits_states_nothing() {
        for (packed, raw) in [(5_000_000_000, 10), (10, 5_000_000_000)] {
            assert_eq!(read_header(&header_bytes(packed, raw)), HeaderRead::Whole(10, None));
        }
        assert_eq!(header_len_for(u64::MAX, 1), 10);
        assert_eq!(header_len_for(1, 1), HEADER_LEN);
    }

    #[test]
    fn a_changed_header_is_found_and_one_of_another_program_is_none() {
        let written = header_bytes(1000, 5000);
        assert!(is_as_written(&written, 1000, 5000));
        for at in 0..HEADER_LEN {
            let mut changed = written.clone();
            changed[at] ^= 0x40;
            assert!(!is_as_written(&changed, 1000, 5000), "{at}");
        }
        // As gzip writes it: another compression level, another system, a name.
        for head in
            [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3][..], &[0x1f, 0x8b, 8, FNAME, 1, 2, 3, 4, 0, 3]]
        {
            assert!(is_as_written(head, 1000, 5000), "{head:?}");
        }
        // A long member may state no lengths, and is checked anyway.
        let bare = header_bytes(u64::MAX, u64::from(u32::MAX) - 1);
        assert!(is_as_written(&bare, 1000, u64::from(u32::MAX) - 1));
        let mut changed = bare;
        changed[9] ^= 0x40;
        assert!(!is_as_written(&changed, 1000, u64::from(u32::MAX) - 1));
    }

    #[test]
    fn headers_of_other_writers_are_read() {
        let extra = |data: &[u8]| {
            let mut out = vec![0x1f, 0x8b, 8, FEXTRA, 0, 0, 0, 0, 0, 3];
            out.extend_from_slice(&u16::try_from(data.len()).unwrap().to_le_bytes());
            out.extend_from_slice(data);
            out
        };
        let named = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03page.warc\0".to_vec();
        let all = b"\x1f\x8b\x08\x1f\0\0\0\0\0\x03\x02\0ab\x61\0\x62\0cc".to_vec();
        let lengths = SkipLengths { packed: 7, raw: 9 };
        for (bytes, expected) in [
            (named.clone(), HeaderRead::Whole(named.len(), None)),
            (all.clone(), HeaderRead::Whole(all.len(), None)),
            (extra(b"LX\x02\0abslLX\x08\0".get(..6).unwrap()), HeaderRead::Whole(18, None)),
            (
                extra(b"LX\x02\0absl\x08\0\x07\0\0\0\x09\0\0\0"),
                HeaderRead::Whole(30, Some(lengths)),
            ),
            (extra(b"sl\x08\0\0\0\0\0\x09\0\0\0"), HeaderRead::Whole(24, None)),
            (extra(b"sl\xff\xff"), HeaderRead::Whole(16, None)),
            (b"\x1f\x8b\x08\xe0".to_vec(), HeaderRead::NotGzip),
            (b"\x1f\x8b\x07".to_vec(), HeaderRead::NotGzip),
            (b"WARC".to_vec(), HeaderRead::NotGzip),
        ] {
            assert_eq!(read_header(&bytes), expected, "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(flags in 0u8.., tail in proptest::collection::vec(0u8.., 0..60)) {
            let mut bytes = vec![0x1f, 0x8b, 8, flags];
            bytes.extend(tail);
            let _ = read_header(&bytes);
        }
    }
}

//! Key bytes. Everything sorts bytewise.
//!
//! ```text
//! tree "captures"
//!   block of captures      urlkey bytes | 00 | time of the first, 8 | file, 4 | offset, 8
//!                                                                     ╰── only when the block before
//!                                                                         ends in the same microsecond
//!   count of a host        00 | host as in urlkeys ("com,example")
//! tree "digests"           algorithm, 1 (1 SHA-1, 2 SHA-256) | first 8 bytes of the digest
//! tree "files"             69 ('i') | file, 4                →  a file by number
//!                          6e ('n') | name                   →  its number
//! tree "meta"              "format"
//! ```
//!
//! Numbers are big-endian. Times are microseconds since 1970 as two's complement with the sign bit
//! flipped, so that they sort. Urlkeys are in keys as `base::surt::stored` makes them.

use super::entry::{FileId, Position};
use crate::base::surt::KeyRange;
use crate::base::surt::{CUT, stored_bounds, usable};
pub(super) use crate::base::surt::{is_cut, stored};
use crate::base::{Digest, DigestAlgorithm, Timestamp};

const SIGN: u64 = 1 << 63;

fn put_time(key: &mut Vec<u8>, time: Timestamp) {
    key.extend_from_slice(&(time.unix_micros().cast_unsigned() ^ SIGN).to_be_bytes());
}

/// The key of a block that begins at `time`.
pub(super) fn block(stored: &[u8], time: Timestamp) -> Vec<u8> {
    let mut key = Vec::with_capacity(stored.len() + 21);
    key.extend_from_slice(stored);
    key.push(0);
    put_time(&mut key, time);
    key
}

/// The key of a block that begins at `position`, in the same microsecond as the block before it
/// ends; also the greatest key that a block with an entry at `position` can have.
pub(super) fn block_at(stored: &[u8], position: Position) -> Vec<u8> {
    let mut key = block(stored, position.0);
    key.extend_from_slice(&position.1.0.to_be_bytes());
    key.extend_from_slice(&position.2.to_be_bytes());
    key
}

/// Bounds around all blocks of one urlkey.
pub(super) fn blocks_of(stored: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let with = |last: u8| [stored, &[last]].concat();
    (with(0), with(1))
}

/// Bounds around all blocks of a range of urlkeys. With cut urlkeys they may hold more than the
/// range, so that a reader that reads compares the full urlkey.
pub(super) fn blocks_in(range: &KeyRange) -> (Vec<u8>, Option<Vec<u8>>) {
    let (mut start, end) = stored_bounds(range);
    if start.is_empty() {
        // Below are the counts of hosts.
        start.push(CUT);
    }
    (start, end)
}

/// The stored urlkey and the time of a block's key; `None` for keys of other kinds.
pub(super) fn parse_block(key: &[u8]) -> Option<(&[u8], Timestamp)> {
    let at = memchr::memchr(0, key)?;
    let (stored, rest) = (&key[..at], &key[at + 1..]);
    if stored.is_empty() || !matches!(rest.len(), 8 | 20) {
        return None;
    }
    let time = u64::from_be_bytes(*rest.first_chunk()?) ^ SIGN;
    Some((stored, Timestamp::from_unix_micros(time.cast_signed())))
}

/// The bytes of a payload's key.
pub(super) type DigestKey = [u8; 9];

/// The key of a host's count.
pub(super) fn host(host: &str) -> Vec<u8> {
    let mut key = vec![0];
    // A host that no urlkey can have is counted by the part of its name that a urlkey can have.
    key.extend_from_slice(&host.as_bytes()[..usable(host.as_bytes())]);
    key
}

/// The key of a payload. Eight bytes are enough: among ten million payloads the chance that any two
/// share them is one in 400,000, and then one of the two is merely not recognised.
pub(super) fn digest(digest: &Digest) -> DigestKey {
    let mut key = [0; 9];
    key[0] = match digest.algorithm() {
        DigestAlgorithm::Sha1 => 1,
        DigestAlgorithm::Sha256 => 2,
    };
    // Both algorithms make more than that.
    for (to, from) in key[1..].iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    key
}

/// The key of a file by its number.
pub(super) fn file(id: FileId) -> Vec<u8> {
    [&b"i"[..], &id.0.to_be_bytes()].concat()
}

/// The number in the key of a file.
pub(super) fn parse_file(key: &[u8]) -> Option<FileId> {
    let number = key.strip_prefix(b"i")?;
    Some(FileId(u32::from_be_bytes(number.try_into().ok()?)))
}

/// The key of a file by its name.
pub(super) fn file_name(name: &str) -> Vec<u8> {
    [b"n", name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::surt::URLKEY_BYTES_MAX;

    #[test]
    fn keys_sort_by_urlkey_then_time_then_place() {
        let at = Timestamp::from_unix_micros;
        let long = "com,example)/".to_owned() + &"x".repeat(2000);
        let keys = [
            host("zz"),
            block(&stored("com,example)/"), at(i64::MIN)),
            block(&stored("com,example)/"), at(-1)),
            block(&stored("com,example)/"), at(0)),
            block_at(&stored("com,example)/"), (at(0), FileId(0), 0)),
            block_at(&stored("com,example)/"), (at(0), FileId(0), 7)),
            block_at(&stored("com,example)/"), (at(0), FileId(300), 1)),
            block(&stored("com,example)/"), at(1)),
            block(&stored("com,example)/!"), at(i64::MIN)),
            block(&stored(&long), at(3)),
            block(&stored("com,example-)/"), at(1)),
        ];
        assert!(keys.is_sorted(), "{keys:x?}");
        assert_eq!(
            parse_block(&keys[6]).unwrap(),
            (&b"com,example)/"[..], at(0)),
            "the suffix does not hide the time"
        );
        assert!(parse_block(&keys[0]).is_none());
        assert!(keys.iter().all(|key| key.len() <= URLKEY_BYTES_MAX + 54));
    }

    #[test]
    fn odd_urlkeys_are_kept_apart_and_inside_their_bounds() {
        use crate::base::surt::MatchType;
        for urlkey in ["", "\u{0}", "a\u{0}b", "a\u{1}", &"x".repeat(1000), &"x".repeat(1001)] {
            let stored = stored(urlkey);
            assert!(!stored.contains(&0) && !stored.is_empty(), "{urlkey:?}");
            assert_eq!(is_cut(&stored), stored != urlkey.as_bytes());
            let range = KeyRange {
                start: urlkey.as_bytes().to_vec(),
                end: Some([urlkey.as_bytes(), b"\x01"].concat()),
            };
            let (start, end) = blocks_in(&range);
            let key = block(&stored, Timestamp::from_unix_micros(5));
            assert!(start <= key && end.is_none_or(|end| key < end), "{urlkey:?}");
        }
        let (start, end) = blocks_in(&KeyRange::of("http://example.com/a", MatchType::Exact));
        assert_eq!((&*start, &*end.unwrap()), (&b"com,example)/a"[..], &b"com,example)/a\x01"[..]));
    }
}

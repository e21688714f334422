//! A urlkey as a sorted table keeps it: short enough for any engine, and without the bytes that end
//! a key.
//!
//! A urlkey has no control characters; one that does have some, or is over [`URLKEY_BYTES_MAX`]
//! bytes, is kept as its beginning, `01`, and 32 hexadecimal digits of its SHA-256, and the table has
//! it in full beside. Such keys sort by their hash among themselves, right before what continues
//! their beginning.

use std::borrow::Cow;

use super::KeyRange;
use crate::base::DigestAlgorithm;

/// The longest urlkey that is a key as it is. Engines copy keys into their inner nodes, and nearly all
/// URIs are shorter; an index row of PostgreSQL holds at most 2,704 bytes.
pub(crate) const URLKEY_BYTES_MAX: usize = 1000;

/// What follows the beginning of a urlkey that is cut.
pub(crate) const CUT: u8 = 1;

/// Where the part of a urlkey ends that can be in a key.
pub(crate) fn usable(urlkey: &[u8]) -> usize {
    let clean = urlkey.iter().position(|byte| *byte <= CUT).unwrap_or(urlkey.len());
    clean.min(URLKEY_BYTES_MAX)
}

/// The urlkey as it is in keys. It is the urlkey itself where that is [`Cow::Borrowed`].
pub(crate) fn stored(urlkey: &str) -> Cow<'_, [u8]> {
    let bytes = urlkey.as_bytes();
    let end = usable(bytes);
    if end == bytes.len() && end > 0 {
        return Cow::Borrowed(bytes);
    }
    let hash = DigestAlgorithm::Sha256.digest(bytes);
    let mut cut = bytes[..end].to_vec();
    cut.push(CUT);
    cut.extend(data_encoding::HEXLOWER.encode(&hash.as_bytes()[..16]).bytes());
    Cow::Owned(cut)
}

/// Whether a stored urlkey stands for a longer one, which is beside it.
pub(crate) fn is_cut(stored: &[u8]) -> bool {
    stored.contains(&CUT)
}

/// Bounds around the stored forms of a range of urlkeys. With cut urlkeys they may hold more than the
/// range, so that a reader that reads compares the full urlkey.
pub(crate) fn stored_bounds(range: &KeyRange) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut start = range.start.clone();
    start.truncate(usable(&start));
    let end = range.end.as_ref().map(|end| {
        let usable = usable(end);
        // An end that is only one urlkey and the byte after it is right as it is.
        if usable == end.len() || (usable > 0 && usable + 1 == end.len() && end[usable] == CUT) {
            return end.clone();
        }
        let mut end = end[..usable].to_vec();
        end.push(CUT + 1);
        end
    });
    (start, end)
}

//! Payloads with an undeclared compression: a feed or sitemap that is a gzip file.

use std::borrow::Cow;
use std::io::Read;

/// The payload without gzip, which feeds and sitemaps use whether it is declared or not; at
/// most `bytes_max` of it, with a note if that is not all.
pub(super) fn unpacked<'a>(
    payload: &'a [u8],
    bytes_max: usize,
    notes: &mut Vec<String>,
) -> Cow<'a, [u8]> {
    let mut bytes = Cow::Borrowed(payload);
    // At most twice: a .gz file that was gzipped again in transit.
    for _ in 0..2 {
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            break;
        }
        let mut out = Vec::new();
        let limit = bytes_max as u64 + 1;
        let read =
            flate2::read::MultiGzDecoder::new(bytes.as_ref()).take(limit).read_to_end(&mut out);
        if let Err(why) = read {
            notes.push(format!("the gzip data is truncated or damaged: {why}"));
        }
        bytes = Cow::Owned(out);
    }
    if bytes.len() > bytes_max {
        notes.push(format!("only the first {bytes_max} bytes were read"));
        match &mut bytes {
            Cow::Borrowed(all) => *all = &all[..bytes_max],
            Cow::Owned(all) => all.truncate(bytes_max),
        }
    }
    bytes
}

//! Values as they are in the store: compressed, with a checksum, and packed against another value where
//! that is nearly the same.
//!
//! ```text
//! length when inflated, LEB128 | zstd frame with its checksum
//! ```

use super::pack::Pack;

/// A value longer than this when inflated is not kept.
pub(super) const VALUE_BYTES_MAX: usize = 8 << 20;

/// The lowest level: half the size for a third of the time of the next one up.
const LEVEL: i32 = 1;

/// The value of `content`, which is packed against `base` where there is one. None where it is too long.
pub(super) fn seal(content: &[u8], base: Option<&[u8]>) -> Option<Vec<u8>> {
    if content.len() > VALUE_BYTES_MAX {
        return None;
    }
    let mut compressor = match base {
        Some(base) => zstd::bulk::Compressor::with_dictionary(LEVEL, base).ok()?,
        None => zstd::bulk::Compressor::new(LEVEL).ok()?,
    };
    compressor.include_checksum(true).ok()?;
    let mut value = Vec::new();
    content.len().put(&mut value);
    value.extend(compressor.compress(content).ok()?);
    Some(value)
}

/// What was sealed; `None` where the value is damaged or was packed against something else.
pub(super) fn unseal(mut value: &[u8], base: Option<&[u8]>) -> Option<Vec<u8>> {
    let length = usize::take(&mut value).filter(|length| *length <= VALUE_BYTES_MAX)?;
    let mut decompressor = match base {
        Some(base) => zstd::bulk::Decompressor::with_dictionary(base).ok()?,
        None => zstd::bulk::Decompressor::new().ok()?,
    };
    decompressor.decompress(value, length).ok().filter(|content| content.len() == length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else_does() {
        let base = b"a page of some words that come again and again".repeat(9);
        let content = [&base[..], b" but for these"].concat();
        for against in [None, Some(&base[..])] {
            let value = seal(&content, against).unwrap();
            assert_eq!(unseal(&value, against).as_deref(), Some(&content[..]));
            for at in 0..value.len() {
                let mut bad = value.clone();
                bad[at] ^= 0x55;
                let found = unseal(&bad, against);
                assert!(found.is_none() || found.as_deref() == Some(&content[..]), "byte {at}");
                assert_eq!(unseal(&value[..at], against), None, "cut at {at}");
            }
        }
        let value = seal(&content, Some(&base)).unwrap();
        assert!(value.len() < 60, "{}", value.len());
        let other = b"another page altogether, and other words in it too".repeat(9);
        assert_eq!(unseal(&value, Some(&other)), None);
        assert_eq!(unseal(&value, None), None);
        assert!(seal(&vec![0; VALUE_BYTES_MAX + 1], None).is_none());
    }
}

//! Numbers in the bytes of binary formats, the least significant byte first.
//!
//! What is beyond the bytes reads as zero: formats begin with a signature, which is checked before any
//! number is used.

/// The two bytes at an offset; 0 where there are fewer.
#[must_use]
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    array_at(bytes, at).map_or(0, u16::from_le_bytes)
}

/// The four bytes at an offset; 0 where there are fewer.
#[must_use]
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    array_at(bytes, at).map_or(0, u32::from_le_bytes)
}

/// The eight bytes at an offset; 0 where there are fewer.
#[must_use]
pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    array_at(bytes, at).map_or(0, u64::from_le_bytes)
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_where_they_are_whole() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        for (at, wanted) in [
            (0, (0x0201, 0x0403_0201, 0x0807_0605_0403_0201)),
            (1, (0x0302, 0x0504_0302, 0x0908_0706_0504_0302)),
            (2, (0x0403, 0x0605_0403, 0)),
            (6, (0x0807, 0, 0)),
            (8, (0, 0, 0)),
            (9, (0, 0, 0)),
            (usize::MAX, (0, 0, 0)),
        ] {
            let got = (u16_at(&bytes, at), u32_at(&bytes, at), u64_at(&bytes, at));
            assert_eq!(got, wanted, "{at}");
        }
    }
}

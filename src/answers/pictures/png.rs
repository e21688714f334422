//! Pixels of a PNG, as far as browsers write screenshots: eight bits of each colour, in one pass (PNG, third
//! edition). Other forms are not read. Every length is bounded before memory is taken.

use std::io::Read;

use flate2::read::ZlibDecoder;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The longest side that is read, and the most pixels.
const SIDE_MAX: u32 = 20_000;
const PIXELS_MAX: u64 = 40_000_000;

/// A picture in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    pub width: u32,
    pub height: u32,
    /// Bytes of a pixel: 3 or 4.
    pub depth: usize,
    /// Row after row.
    pub bytes: Vec<u8>,
}

impl Pixels {
    /// The colours at a place; `None` outside of it.
    pub fn at(&self, x: u32, y: u32) -> Option<&[u8]> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let start = (y as usize * self.width as usize + x as usize) * self.depth;
        // Transparency is ignored: pages are drawn on white.
        self.bytes.get(start..start + 3)
    }
}

/// The chunks of a file, by name; ends where it is cut.
fn chunks(file: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = file.strip_prefix(SIGNATURE).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (name, after) = after.split_at_checked(4)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (data, after) = after.split_at_checked(length)?;
        // The checksum behind it is skipped: the digests of the archive cover it.
        rest = after.get(4..)?;
        Some((name, data))
    })
}

fn header(file: &[u8]) -> Option<(u32, u32, &[u8])> {
    let (_, data) = chunks(file).next().filter(|(name, _)| *name == b"IHDR")?;
    let (width, rest) = data.split_first_chunk::<4>()?;
    let (height, rest) = rest.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(*height), rest))
}

/// Width and height; `None` where the bytes are not a PNG, or a side of it is 0 or too long.
pub fn size(file: &[u8]) -> Option<(u32, u32)> {
    let (width, height, _) = header(file)?;
    let fits = |side: u32| (1..=SIDE_MAX).contains(&side);
    (fits(width) && fits(height)).then_some((width, height))
}

/// The pixels; `None` where they are written in another way, or the file is cut or wrong.
pub fn decode(file: &[u8]) -> Option<Pixels> {
    let (width, height) = size(file)?;
    let (_, _, how) = header(file)?;
    let depth = match how {
        [8, 2, 0, 0, 0] => 3,
        [8, 6, 0, 0, 0] => 4,
        _ => return None,
    };
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return None;
    }
    let packed: Vec<u8> = chunks(file)
        .filter(|(name, _)| *name == b"IDAT")
        .flat_map(|(_, data)| data.iter().copied())
        .collect();
    let stride = width as usize * depth;
    let mut input = ZlibDecoder::new(&packed[..]);
    let mut bytes = vec![0; stride * height as usize];
    let mut above: &[u8] = &vec![0; stride];
    for row in bytes.chunks_exact_mut(stride) {
        let mut filter = [0];
        input.read_exact(&mut filter).ok()?;
        input.read_exact(row).ok()?;
        unfilter(filter[0], row, above, depth)?;
        above = row;
    }
    Some(Pixels { width, height, depth, bytes })
}

/// Takes back what the filter of a row did (PNG, section 9).
fn unfilter(filter: u8, row: &mut [u8], above: &[u8], depth: usize) -> Option<()> {
    let mut at = 0;
    while at < row.len() {
        let left = at.checked_sub(depth).map_or(0, |at| row[at]);
        let up = above[at];
        let corner = at.checked_sub(depth).map_or(0, |at| above[at]);
        let by = match filter {
            0 => 0,
            1 => left,
            2 => up,
            3 => u8::midpoint(left, up),
            4 => paeth(left, up, corner),
            _ => return None,
        };
        row[at] = row[at].wrapping_add(by);
        at += 1;
    }
    Some(())
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let by = |one: i16| (a + b - c - one).abs();
    if by(a) <= by(b) && by(a) <= by(c) {
        left
    } else if by(b) <= by(c) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
pub mod tests {
    use std::io::Write as _;

    use super::*;
    use proptest::prelude::*;

    /// A PNG of these pixels whose rows are filtered in this way.
    pub fn encode(pixels: &Pixels, filter: u8) -> Vec<u8> {
        let stride = pixels.width as usize * pixels.depth;
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut above = vec![0; stride];
        for row in pixels.bytes.chunks_exact(stride) {
            let mut out = vec![filter];
            let mut at = 0;
            while at < stride {
                let left = at.checked_sub(pixels.depth).map_or(0, |at| row[at]);
                let corner = at.checked_sub(pixels.depth).map_or(0, |at| above[at]);
                let by = match filter {
                    1 => left,
                    2 => above[at],
                    3 => u8::midpoint(left, above[at]),
                    4 => paeth(left, above[at], corner),
                    _ => 0,
                };
                out.push(row[at].wrapping_sub(by));
                at += 1;
            }
            zlib.write_all(&out).unwrap();
            above = row.to_vec();
        }
        let mut file = SIGNATURE.to_vec();
        let mut chunk = |name: &[u8], data: &[u8]| {
            file.extend((data.len() as u32).to_be_bytes());
            file.extend([name, data, b"\0\0\0\0"].concat());
        };
        let colours = if pixels.depth == 3 { 2 } else { 6 };
        let sides = [pixels.width.to_be_bytes(), pixels.height.to_be_bytes()].concat();
        chunk(b"IHDR", &[&sides[..], &[8, colours, 0, 0, 0]].concat());
        chunk(b"IDAT", &zlib.finish().unwrap());
        chunk(b"IEND", b"");
        file
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            (width, height, depth, bytes) in (1_u32..20, 1_u32..20, 3_usize..5).prop_flat_map(
                |(width, height, depth)| {
                    let count = (width * height) as usize * depth;
                    let bytes = proptest::collection::vec(any::<u8>(), count);
                    (Just(width), Just(height), Just(depth), bytes)
                }
            ),
            filter in 0_u8..5,
        ) {
            let pixels = Pixels { width, height, depth, bytes };
            let file = encode(&pixels, filter);
            prop_assert_eq!(size(&file), Some((width, height)));
            prop_assert_eq!(decode(&file), Some(pixels));
            for cut in 0..file.len() - 12 {
                // A file that is cut gives no pixels and does not panic.
                prop_assert!(decode(&file[..cut]).is_none() || cut > 40);
            }
        }

        #[test]
        fn nothing_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
            let _ = decode(&[SIGNATURE, &bytes].concat());
        }
    }

    #[test]
    fn a_picture_that_claims_much_takes_no_memory() {
        let pixels = Pixels { width: 1, height: 1, depth: 3, bytes: vec![0; 3] };
        let mut file = encode(&pixels, 0);
        file[16..20].copy_from_slice(&19_000_u32.to_be_bytes());
        file[20..24].copy_from_slice(&19_000_u32.to_be_bytes());
        assert_eq!((size(&file), decode(&file)), (Some((19_000, 19_000)), None));
        file[16..20].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(size(&file), None);
    }
}

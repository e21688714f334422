//! Where two pictures differ, as few rectangles: cells of some pixels that differ, joined with their neighbours.

use super::png::Pixels;

/// The side of a cell in pixels: about the height of a line.
const CELL: u32 = 16;
/// Colours that differ by at most this much are the same: edges of letters are smoothed.
const TOLERANCE: u8 = 12;
/// With more regions than this, all of them are joined into one.
const REGIONS_MAX: usize = 40;

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// From the left.
    pub x: u32,
    /// From the top.
    pub y: u32,
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

impl Region {
    /// The smallest one that has both.
    fn with(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self { x, y, width: right - x, height: bottom - y }
    }
}

/// Where two pictures differ, from the top; what one of them alone has differs.
#[must_use]
pub fn changed(old: &Pixels, new: &Pixels) -> Vec<Region> {
    let (width, height) = (old.width.max(new.width), old.height.max(new.height));
    let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
    let place = |column: u32, row: u32| (row * columns + column) as usize;
    let mut differs = vec![false; (columns * rows) as usize];
    for row in 0..rows {
        for column in 0..columns {
            let xs = column * CELL..width.min((column + 1) * CELL);
            let mut ys = row * CELL..height.min((row + 1) * CELL);
            differs[place(column, row)] =
                ys.any(|y| xs.clone().any(|x| !is_same(old.at(x, y), new.at(x, y))));
        }
    }
    let mut regions: Vec<Region> = Vec::new();
    for row in 0..rows {
        for column in 0..columns {
            if !differs[place(column, row)] {
                continue;
            }
            // All cells that are connected with it, across a gap of one cell.
            let mut open = vec![(column, row)];
            differs[place(column, row)] = false;
            let cell = |column: u32, row: u32| {
                let (x, y) = (column * CELL, row * CELL);
                Region { x, y, width: CELL.min(width - x), height: CELL.min(height - y) }
            };
            let mut region = cell(column, row);
            while let Some((column, row)) = open.pop() {
                region = region.with(cell(column, row));
                for row in row.saturating_sub(2)..rows.min(row + 3) {
                    for column in column.saturating_sub(2)..columns.min(column + 3) {
                        if std::mem::take(&mut differs[place(column, row)]) {
                            open.push((column, row));
                        }
                    }
                }
            }
            regions.push(region);
        }
    }
    if regions.len() > REGIONS_MAX {
        let all = regions.iter().copied().reduce(Region::with);
        return all.into_iter().collect();
    }
    regions
}

fn is_same(old: Option<&[u8]>, new: Option<&[u8]>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => old.iter().zip(new).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A white picture with black rectangles.
    fn picture(width: u32, height: u32, black: &[Region]) -> Pixels {
        let mut bytes = vec![255; (width * height * 3) as usize];
        for Region { x, y, width: w, height: h } in black {
            for row in *y..y + h {
                let start = ((row * width + x) * 3) as usize;
                bytes[start..start + (w * 3) as usize].fill(0);
            }
        }
        Pixels { width, height, depth: 3, bytes }
    }

    fn region(x: u32, y: u32, width: u32, height: u32) -> Region {
        Region { x, y, width, height }
    }

    #[test]
    fn what_differs_is_marked_and_what_is_near_is_one() {
        let white = picture(200, 100, &[]);
        assert_eq!(changed(&white, &white), []);
        let one = picture(200, 100, &[region(20, 20, 5, 5), region(50, 20, 5, 5)]);
        assert_eq!(changed(&white, &one), [region(16, 16, 48, 16)], "over a gap of one cell");
        let two = picture(200, 100, &[region(20, 20, 5, 5), region(150, 80, 5, 5)]);
        let far = [region(16, 16, 16, 16), region(144, 80, 16, 16)];
        assert_eq!(changed(&two, &white), far);
        // What one of them alone has.
        let longer = picture(200, 130, &[]);
        assert_eq!(changed(&white, &longer), [region(0, 96, 200, 34)]);
        let mut faint = white.clone();
        faint.bytes[0] = 250;
        assert_eq!(changed(&white, &faint), []);
        let dots: Vec<Region> =
            (0..50).map(|at| region((at % 10) * 100, (at / 10) * 100, 2, 2)).collect();
        let many = changed(&picture(1_000, 500, &[]), &picture(1_000, 500, &dots));
        assert_eq!(many, [region(0, 0, 912, 416)]);
    }
}

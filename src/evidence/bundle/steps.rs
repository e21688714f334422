//! The sides of an inclusion proof: which of two hashes stands to the left.

use std::fmt;

/// Where the hash of a proof is next to the one that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It is hashed first.
    Left,
    /// It is hashed second.
    Right,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Right => "right",
        })
    }
}

/// The sides of the proof of leaf `index` in a tree of `size`, from the leaf upwards (RFC 6962
/// section 2.1.1).
#[must_use]
pub fn path_sides(index: u64, size: u64) -> Vec<Side> {
    let (mut low, mut high) = (0, size);
    let mut sides = Vec::new();
    while high - low > 1 && (low..high).contains(&index) {
        let half = 1_u64 << (high - low - 1).ilog2();
        if index < low + half {
            sides.push(Side::Right);
            high = low + half;
        } else {
            sides.push(Side::Left);
            low += half;
        }
    }
    sides.reverse();
    sides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seven_leaves_of_the_standard() {
        use Side::{Left, Right};
        // RFC 6962 section 2.1.3: the paths of d0, d3, d4 and d6.
        for (index, expected) in [
            (0, vec![Right, Right, Right]),
            (3, vec![Left, Left, Right]),
            (4, vec![Right, Right, Left]),
            (6, vec![Left, Left]),
        ] {
            assert_eq!(path_sides(index, 7), expected, "{index}");
        }
        assert_eq!(path_sides(0, 1), []);
        assert_eq!(path_sides(5, 0), []);
    }
}

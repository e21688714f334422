//! Which bytes a `Range` field asks for (RFC 9110 section 14.2). One range is given; a request for several is answered
//! with the whole, as the section allows.

use std::ops::Range;

/// The requested part of a representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// These bytes.
    Bytes(Range<u64>),
    /// A range outside of it.
    Unsatisfiable,
}

/// The part that a `Range` field requests of a representation of `length` bytes. Other units and several ranges
/// request the whole.
pub fn part_of(field: &str, length: u64) -> Part {
    let Some(spec) = field.trim().strip_prefix("bytes=") else { return Part::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Part::Whole };
    let (first, last) = (first.trim(), last.trim());
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // A number that is too long lies beyond every end.
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first.is_empty(), number(first), last.is_empty(), number(last)) {
        // The last bytes: a suffix range.
        (true, _, _, Some(0)) => Part::Unsatisfiable,
        (true, _, _, Some(_)) if length == 0 => Part::Unsatisfiable,
        (true, _, _, Some(count)) => Part::Bytes(length.saturating_sub(count)..length),
        (_, Some(first), true, _) if first < length => Part::Bytes(first..length),
        (_, Some(first), _, Some(last)) if last < first => Part::Whole,
        (_, Some(first), _, Some(last)) if first < length => {
            Part::Bytes(first..last.saturating_add(1).min(length))
        }
        (_, Some(_), true, _) | (_, Some(_), _, Some(_)) => Part::Unsatisfiable,
        _ => Part::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ranges_name_bytes() {
        for (field, length, part) in [
            ("bytes=0-0", 10, Part::Bytes(0..1)),
            ("bytes=0-9", 10, Part::Bytes(0..10)),
            ("bytes=3-", 10, Part::Bytes(3..10)),
            ("bytes=3-99", 10, Part::Bytes(3..10)),
            ("bytes=-4", 10, Part::Bytes(6..10)),
            ("bytes=-99", 10, Part::Bytes(0..10)),
            ("bytes=10-", 10, Part::Unsatisfiable),
            ("bytes=10-12", 10, Part::Unsatisfiable),
            ("bytes=-0", 10, Part::Unsatisfiable),
            ("bytes=0-", 0, Part::Unsatisfiable),
            ("bytes=-1", 0, Part::Unsatisfiable),
            ("bytes=99999999999999999999-", 10, Part::Unsatisfiable),
            ("bytes=0-99999999999999999999", 10, Part::Bytes(0..10)),
            ("bytes=5-3", 10, Part::Whole),
            ("bytes=0-1,3-4", 10, Part::Whole),
            ("bytes=-", 10, Part::Whole),
            ("bytes=a-b", 10, Part::Whole),
            ("bytes=+1-2", 10, Part::Whole),
            ("lines=0-1", 10, Part::Whole),
            ("", 10, Part::Whole),
        ] {
            assert_eq!(part_of(field, length), part, "{field}");
        }
    }

    proptest! {
        #[test]
        fn a_range_lies_inside(field in "(bytes=)?[-0-9, a]{0,24}", length in 0_u64..1000) {
            if let Part::Bytes(range) = part_of(&field, length) {
                prop_assert!(range.start < range.end && range.end <= length);
            }
        }
    }
}

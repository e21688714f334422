//! Stretches of a text, indexed so that those which overlap another stretch are found without a full scan.

use std::ops::Range;

/// Stretches with a number each, sorted by where they begin.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    sorted: Vec<(Range<usize>, usize)>,
    /// For each, the greatest end up to it: stretches may be nested.
    ends: Vec<usize>,
}

impl Spans {
    /// From stretches numbered in their order.
    pub(crate) fn new(stretches: impl IntoIterator<Item = Range<usize>>) -> Self {
        Self::numbered(stretches.into_iter().enumerate().map(|(number, range)| (range, number)))
    }

    /// From stretches that have numbers.
    pub(crate) fn numbered(stretches: impl IntoIterator<Item = (Range<usize>, usize)>) -> Self {
        let mut sorted: Vec<(Range<usize>, usize)> = stretches.into_iter().collect();
        sorted.sort_by_key(|(range, _)| range.start);
        let furthest = |most: &mut usize, range: &Range<usize>| {
            *most = (*most).max(range.end);
            Some(*most)
        };
        let ends = sorted.iter().map(|(range, _)| range).scan(0, furthest).collect();
        Self { sorted, ends }
    }

    /// The numbers of those that overlap `range`, by where they begin. Empty ones overlap nothing.
    pub(crate) fn meeting(&self, range: &Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let range = range.clone();
        let first = self.ends.partition_point(|&end| end <= range.start);
        let rest = self.sorted.get(first..).unwrap_or_default();
        rest.iter()
            .take_while(move |(other, _)| other.start < range.end)
            .filter(move |(other, _)| range.start < other.end)
            .map(|&(_, number)| number)
    }

    /// The numbers of those that begin in `range`, by where they begin.
    pub(crate) fn beginning_in(&self, range: &Range<usize>) -> impl Iterator<Item = usize> + '_ {
        let end = range.end;
        let first = self.sorted.partition_point(|(other, _)| other.start < range.start);
        let rest = self.sorted.get(first..).unwrap_or_default();
        rest.iter().take_while(move |(other, _)| other.start < end).map(|&(_, number)| number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_meets_a_stretch_is_found_in_order(
            stretches in proptest::collection::vec((0_usize..40, 0_usize..9), 0..20),
            (from, length) in (0_usize..40, 0_usize..9),
        ) {
            let stretches: Vec<_> = stretches.into_iter().map(|(from, n)| from..from + n).collect();
            let spans = Spans::new(stretches.clone());
            let wanted = from..from + length;
            let mut plain: Vec<usize> = (0..stretches.len())
                .filter(|&at| stretches[at].start < wanted.end && wanted.start < stretches[at].end)
                .collect();
            plain.sort_by_key(|&at| stretches[at].start);
            prop_assert_eq!(spans.meeting(&wanted).collect::<Vec<_>>(), plain);
            let mut plain: Vec<usize> =
                (0..stretches.len()).filter(|&at| wanted.contains(&stretches[at].start)).collect();
            plain.sort_by_key(|&at| stretches[at].start);
            prop_assert_eq!(spans.beginning_in(&wanted).collect::<Vec<_>>(), plain);
        }
    }
}

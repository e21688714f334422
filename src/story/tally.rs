//! How much each of many numbered things has in common with one: counted and forgotten again for the next one, without
//! a map.

/// Counts things by number and forgets them, at the price of those that were counted.
pub(super) struct Tally {
    counts: Vec<f32>,
    counted: Vec<usize>,
}

impl Tally {
    /// For numbers below `count`.
    pub(super) fn new(count: usize) -> Self {
        Self { counts: vec![0.0; count], counted: Vec::new() }
    }

    /// Adds to a number; `much` is more than nothing.
    pub(super) fn add(&mut self, at: usize, much: f32) {
        let Some(count) = self.counts.get_mut(at) else { return };
        if *count == 0.0 {
            self.counted.push(at);
        }
        *count += much;
    }

    /// What was counted since the last time, in no order.
    pub(super) fn take(&mut self) -> Vec<(f32, usize)> {
        let counts = &mut self.counts;
        let take = |at: usize| (counts.get_mut(at).map_or(0.0, std::mem::take), at);
        self.counted.drain(..).map(take).collect()
    }
}

/// Leaves the numbers with the highest counts, the highest first; of two alike the lesser number.
pub(super) fn most(ranked: &mut Vec<(f32, usize)>, limit: usize) {
    let higher = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if ranked.len() > limit && limit > 0 {
        ranked.select_nth_unstable_by(limit - 1, higher);
    }
    ranked.truncate(limit);
    ranked.sort_unstable_by(higher);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_most_comes_first_and_is_forgotten() {
        let mut tally = Tally::new(5);
        for (at, much) in [(3, 1.0), (1, 0.5), (3, 1.0), (4, 0.5), (9, 7.0), (0, 0.25)] {
            tally.add(at, much);
        }
        let mut ranked = tally.take();
        most(&mut ranked, 3);
        assert_eq!(ranked, [(2.0, 3), (0.5, 1), (0.5, 4)]);
        tally.add(1, 1.0);
        let mut ranked = tally.take();
        most(&mut ranked, 3);
        assert_eq!(ranked, [(1.0, 1)]);
        most(&mut ranked, 0);
        assert!(ranked.is_empty() && tally.take().is_empty());
    }
}

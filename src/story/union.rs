//! Sets of things that were found to be one (union by size, ways halved: Tarjan and van Leeuwen 1984).

/// Sets of the numbers below a bound; each is alone at first.
#[derive(Debug, Clone)]
pub(super) struct Union {
    parents: Vec<usize>,
    sizes: Vec<usize>,
}

impl Union {
    /// `count` numbers, each alone.
    pub(super) fn new(count: usize) -> Self {
        Self { parents: (0..count).collect(), sizes: vec![1; count] }
    }

    /// The number that stands for the set of another.
    pub(super) fn find(&mut self, mut at: usize) -> usize {
        while let Some(&parent) = self.parents.get(at).filter(|&&parent| parent != at) {
            let next = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(at) {
                *slot = next;
            }
            at = next;
        }
        at
    }

    /// Makes one set of those of two numbers.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (mut a, mut b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        let size = |at: usize| self.sizes.get(at).copied().unwrap_or(0);
        if size(a) < size(b) {
            (a, b) = (b, a);
        }
        let total = size(a) + size(b);
        if let Some(slot) = self.parents.get_mut(b) {
            *slot = a;
        }
        if let Some(slot) = self.sizes.get_mut(a) {
            *slot = total;
        }
    }

    /// The sets, each in rising order, in the order of their least numbers.
    pub(super) fn sets(mut self) -> Vec<Vec<usize>> {
        let mut places: Vec<Option<usize>> = vec![None; self.parents.len()];
        let mut sets: Vec<Vec<usize>> = Vec::new();
        for at in 0..self.parents.len() {
            let root = self.find(at);
            let Some(place) = places.get_mut(root) else { continue };
            let set = *place.get_or_insert(sets.len());
            match sets.get_mut(set) {
                Some(set) => set.push(at),
                None => sets.push(vec![at]),
            }
        }
        sets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_is_one_set() {
        let mut union = Union::new(6);
        union.join(0, 3);
        union.join(4, 5);
        union.join(3, 5);
        assert_eq!(union.find(0), union.find(4));
        assert_eq!(union.sets(), [vec![0, 3, 4, 5], vec![1], vec![2]]);
        assert!(Union::new(0).sets().is_empty());
    }
}

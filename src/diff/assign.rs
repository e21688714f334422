//! One partner for each, for the best sum: the Hungarian method (Kuhn 1955, in the form with shortest
//! augmenting paths) per connected group of candidates, and greedily in groups too large for it.

use super::budget::Budget;
use super::normal::Map;

/// The largest group, on its smaller side, that is solved exactly; beyond, greedily.
const EXACT_GROUP_MAX: usize = 40;

/// A possible pair: places in the two sides, and what it is worth.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub old: usize,
    pub new: usize,
    pub worth: f32,
}

/// Chooses pairs one to one for the best sum; for each place on the old side, its new place.
pub(super) fn choose(
    candidates: Vec<Candidate>,
    old: usize,
    new: usize,
    budget: &Budget,
) -> Vec<Option<usize>> {
    let mut chosen = vec![None; old];
    for group in groups(candidates, old, new) {
        let rows = distinct(group.iter().map(|c| c.old));
        let columns = distinct(group.iter().map(|c| c.new));
        let cells = rows.len().min(columns.len()).pow(2) * rows.len().max(columns.len());
        let exact = rows.len().min(columns.len()) <= EXACT_GROUP_MAX
            && rows.len().max(columns.len()) <= 4 * EXACT_GROUP_MAX;
        if group.len() > 1 && exact && budget.spend(cells) {
            solve(&group, &rows, &columns, &mut chosen);
        } else {
            greedy(group, &mut chosen);
        }
    }
    chosen
}

fn distinct(places: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut places: Vec<usize> = places.collect();
    places.sort_unstable();
    places.dedup();
    places
}

/// The candidates by connected group.
fn groups(candidates: Vec<Candidate>, old: usize, new: usize) -> Vec<Vec<Candidate>> {
    fn root(parents: &mut [usize], mut at: usize) -> usize {
        while let Some(&parent) = parents.get(at) {
            if parent == at {
                break;
            }
            let above = parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = parents.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }
    let mut parents: Vec<usize> = (0..old + new).collect();
    for c in &candidates {
        let (a, b) = (root(&mut parents, c.old), root(&mut parents, old + c.new));
        if let Some(slot) = parents.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
    let mut slots: Map<usize, usize> = Map::default();
    let mut groups: Vec<Vec<Candidate>> = Vec::new();
    for c in candidates {
        let root = root(&mut parents, c.old);
        let slot = *slots.entry(root).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups.get_mut(slot).into_iter().for_each(|group| group.push(c));
    }
    groups
}

fn greedy(mut group: Vec<Candidate>, chosen: &mut [Option<usize>]) {
    group.sort_by(|a, b| {
        b.worth.total_cmp(&a.worth).then(a.old.cmp(&b.old)).then(a.new.cmp(&b.new))
    });
    let mut taken: Map<usize, ()> = Map::default();
    for c in group {
        if taken.contains_key(&c.new) {
            continue;
        }
        if let Some(slot) = chosen.get_mut(c.old).filter(|slot| slot.is_none()) {
            *slot = Some(c.new);
            taken.insert(c.new, ());
        }
    }
}

/// The assignment of greatest worth, by shortest augmenting paths over potentials.
fn solve(group: &[Candidate], rows: &[usize], columns: &[usize], chosen: &mut [Option<usize>]) {
    let turned = rows.len() > columns.len();
    let (n, m) = if turned { (columns.len(), rows.len()) } else { (rows.len(), columns.len()) };
    // An unpaired item costs nothing, a pair costs minus its worth; square form, one-based.
    let mut cost = vec![0.0_f32; n * m];
    for c in group {
        let (Ok(r), Ok(k)) = (rows.binary_search(&c.old), columns.binary_search(&c.new)) else {
            continue;
        };
        let cell = if turned { k * m + r } else { r * m + k };
        cost.get_mut(cell).into_iter().for_each(|slot| *slot = -c.worth);
    }
    for (r, k) in hungarian(&cost, n, m) {
        if cost.get(r * m + k).is_some_and(|&cost| cost < 0.0) {
            let (row, column) = if turned { (k, r) } else { (r, k) };
            if let (Some(&i), Some(&j)) = (rows.get(row), columns.get(column)) {
                chosen.get_mut(i).into_iter().for_each(|slot| *slot = Some(j));
            }
        }
    }
}

/// Rows to columns at least cost, `rows <= columns`, costs row by row.
#[expect(clippy::indexing_slicing, reason = "every index is below a length fixed above the loops")]
fn hungarian(cost: &[f32], rows: usize, columns: usize) -> Vec<(usize, usize)> {
    let mut row_price = vec![0.0_f32; rows + 1];
    let mut column_price = vec![0.0_f32; columns + 1];
    let mut row_of = vec![0_usize; columns + 1];
    let mut way = vec![0_usize; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut column = 0;
        let mut least = vec![f32::INFINITY; columns + 1];
        let mut done = vec![false; columns + 1];
        while row_of[column] != 0 {
            done[column] = true;
            let here = row_of[column];
            let (mut step, mut next) = (f32::INFINITY, 0);
            for k in 1..=columns {
                if done[k] {
                    continue;
                }
                let reduced =
                    cost[(here - 1) * columns + k - 1] - row_price[here] - column_price[k];
                if reduced < least[k] {
                    (least[k], way[k]) = (reduced, column);
                }
                if least[k] < step {
                    (step, next) = (least[k], k);
                }
            }
            for k in 0..=columns {
                if done[k] {
                    row_price[row_of[k]] += step;
                    column_price[k] -= step;
                } else {
                    least[k] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            let before = way[column];
            row_of[column] = row_of[before];
            column = before;
        }
    }
    (1..=columns).filter(|&k| row_of[k] != 0).map(|k| (row_of[k] - 1, k - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_sum_wins_over_the_best_pair() {
        // Greedy would take 0.9 and leave 0.1; the best sum is 0.8 + 0.8.
        let cost = [-0.9, -0.8, -0.8, -0.1];
        let mut found = hungarian(&cost, 2, 2);
        found.sort_unstable();
        assert_eq!(found, [(0, 1), (1, 0)]);
        let wide = [-0.5, -0.9, -0.7];
        assert_eq!(hungarian(&wide, 1, 3), [(0, 1)]);
    }
}

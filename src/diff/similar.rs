//! Sentences that were reworded: paired by the words they share, rare ones first.
//!
//! The similarity of two sentences is the weighted share of words they have in common (Dice's measure
//! over bags of words). Names and numbers weigh more than other words, the commonest words and
//! words that many of the unpaired sentences hold weigh less. A number that became another number
//! still counts half its weight, because that edit must not be missed. Candidates are
//! found through the rare words they share, and within one stretch between anchors all are tried.
//! Partners are chosen one to one for the best sum (`assign.rs`). A sentence left over next to an edited pair joins it
//! when the pair then says more of the same: a split or a merge.

use super::align::{Gaps, Link, Pairing, Text};
use super::assign::{self, Candidate};
use super::bag::{Bag, Postings};
use super::budget::Budget;
use super::normal::Map;
use super::tokens;
use super::units::Role;

/// The least similarity of two sentences in the same stretch.
const NEAR_MIN: f32 = 0.34;
/// The same where each is the only one in its stretch.
const ALONE_MIN: f32 = 0.25;
/// The least similarity of two sentences out of order.
pub(super) const MOVED_MIN: f32 = 0.5;
/// The bonus of a partner in the same stretch.
const NEAR_BONUS: f32 = 0.12;
/// The share of a left-over sentence that its neighbour's partner must hold to take it in.
const JOIN_SHARE_MIN: f32 = 0.6;
/// In a stretch with at most this many pairs all are tried.
const STRETCH_PAIRS_MAX: usize = 256;

/// How alike the two sides of a link are, every word at its own weight.
pub(super) fn alike(old: Text<'_>, new: Text<'_>, link: &Link) -> f32 {
    let join = |t: Text<'_>, range: &std::ops::Range<usize>| {
        let bags: Vec<Bag> = range.clone().map(|i| Bag::plain(t.of(i))).collect();
        Bag::joined(&bags.iter().collect::<Vec<_>>())
    };
    join(old, &link.old).alike(&join(new, &link.new))
}

/// How alike two texts are, from 0 to 1, every word at its own weight.
pub(super) fn alike_texts(a: &str, b: &str) -> f32 {
    Bag::plain(a).alike(&Bag::plain(b))
}

/// The share of `part`'s words that `whole` holds, from 0 to 1.
pub(super) fn held(part: &str, whole: &str) -> f32 {
    Bag::plain(part).held(&Bag::plain(whole))
}

/// The unpaired units of one side.
struct Side {
    units: Vec<usize>,
    gaps: Vec<usize>,
    bags: Vec<Bag>,
    roles: Vec<Role>,
}

impl Side {
    fn new(
        text: Text<'_>,
        paired: &[Option<usize>],
        gaps: &[usize],
        counts: &Map<u64, u32>,
    ) -> Self {
        let units: Vec<usize> =
            (0..paired.len()).filter(|&i| paired.get(i) == Some(&None)).collect();
        let gaps = units.iter().map(|&i| gaps.get(i).copied().unwrap_or(0)).collect();
        let rarity = |id: u64| match counts.get(&id) {
            // A shared word occurs in at least two sentences.
            Some(&count) if count > 2 => 1.0 / (1.0 + (count as f32 / 2.0).ln()),
            _ => 1.0,
        };
        let bags = units.iter().map(|&i| Bag::new(text.of(i), rarity)).collect();
        let role = |&i: &usize| text.units.get(i).map_or(Role::Text, |unit| unit.role);
        let roles = units.iter().map(role).collect();
        Self { units, gaps, bags, roles }
    }
}

fn count_words(text: Text<'_>, paired: &[Option<usize>], counts: &mut Map<u64, u32>) {
    for (i, _) in paired.iter().enumerate().filter(|(_, partner)| partner.is_none()) {
        let unit = text.of(i);
        for token in tokens::tokenize(unit, 0..unit.len()) {
            if token.is_word() {
                let word = unit.get(token.range).unwrap_or_default();
                *counts.entry(tokens::caseless_id(word)).or_default() += 1;
            }
        }
    }
}

/// Pairs what the exact step left, and joins splits and merges.
pub(super) fn pair(
    old: Text<'_>,
    new: Text<'_>,
    pairing: &Pairing,
    gaps: &Gaps,
    budget: &Budget,
) -> Vec<Link> {
    let mut counts = Map::default();
    count_words(old, &pairing.old, &mut counts);
    count_words(new, &pairing.new, &mut counts);
    let old = Side::new(old, &pairing.old, &gaps.old, &counts);
    let new = Side::new(new, &pairing.new, &gaps.new, &counts);
    if old.units.is_empty() || new.units.is_empty() {
        return Vec::new();
    }
    let candidates = candidates(&old, &new, budget);
    let pairs = assign::choose(candidates, old.units.len(), new.units.len(), budget);
    join_halves(&old, &new, pairs, budget)
}

fn candidates(old: &Side, new: &Side, budget: &Budget) -> Vec<Candidate> {
    let mut tried: Map<(usize, usize), ()> = Map::default();
    let mut found = Vec::new();
    let mut consider = |i: usize, j: usize, alone: bool| {
        if tried.insert((i, j), ()).is_some() {
            return true;
        }
        let (Some(a), Some(b)) = (old.bags.get(i), new.bags.get(j)) else { return true };
        if old.roles.get(i) != new.roles.get(j) {
            return true;
        }
        let near = old.gaps.get(i) == new.gaps.get(j);
        let heading = old.roles.get(i) == Some(&Role::Heading);
        let least = match (near, alone) {
            // A heading that replaced the only other one in its place is that heading, reworded.
            (true, true) if heading => 0.0,
            (true, true) => ALONE_MIN,
            (true, false) => NEAR_MIN,
            (false, _) => MOVED_MIN,
        };
        // Most candidates cannot be that similar, whatever their words.
        if a.alike_at_most(b) < least {
            return budget.spend(1);
        }
        if !budget.spend(a.steps_to(b)) {
            return false;
        }
        let alike = a.alike(b);
        if alike >= least {
            // Among equals, the one at the same place wins.
            let apart =
                (i as f32 / old.units.len() as f32 - j as f32 / new.units.len() as f32).abs();
            let worth = alike + if near { NEAR_BONUS } else { 0.0 } - 0.01 * apart;
            found.push(Candidate { old: i, new: j, worth });
        }
        true
    };
    if !stretches(old, new, &mut consider) {
        return found;
    }
    let postings = Postings::of(&new.bags);
    for (i, bag) in old.bags.iter().enumerate() {
        let Some(shortlist) = postings.shortlist(bag, budget) else { return found };
        for j in shortlist {
            if !consider(i, j, false) {
                return found;
            }
        }
    }
    found
}

fn stretches(
    old: &Side,
    new: &Side,
    consider: &mut impl FnMut(usize, usize, bool) -> bool,
) -> bool {
    let mut j = 0;
    let mut i = 0;
    while let Some(&gap) = old.gaps.get(i) {
        let end_i = old.gaps.partition_point(|&g| g <= gap);
        while new.gaps.get(j).is_some_and(|&g| g < gap) {
            j += 1;
        }
        let end_j = new.gaps.partition_point(|&g| g <= gap);
        let pairs = (end_i - i) * end_j.saturating_sub(j);
        if pairs <= STRETCH_PAIRS_MAX {
            for a in i..end_i {
                for b in j..end_j {
                    if !consider(a, b, pairs == 1) {
                        return false;
                    }
                }
            }
        } else {
            // A long stretch: try only what is at the same place in it.
            for a in i..end_i {
                let b = j + (a - i) * (end_j - j) / (end_i - i);
                for b in b.saturating_sub(2).max(j)..(b + 3).min(end_j) {
                    if !consider(a, b, false) {
                        return false;
                    }
                }
            }
        }
        i = end_i;
    }
    true
}

/// Turns pairs into links, and lets a left-over neighbour join as the other half.
fn join_halves(old: &Side, new: &Side, chosen: Vec<Option<usize>>, budget: &Budget) -> Vec<Link> {
    let mut groups: Vec<(Vec<usize>, Vec<usize>)> =
        chosen.iter().enumerate().filter_map(|(i, j)| Some((vec![i], vec![(*j)?]))).collect();
    let mut taken_old: Vec<bool> = chosen.iter().map(Option::is_some).collect();
    let mut taken_new = vec![false; new.units.len()];
    for j in chosen.iter().flatten() {
        taken_new.get_mut(*j).into_iter().for_each(|taken| *taken = true);
    }
    for (olds, news) in &mut groups {
        // Either side may grow, never both: two for two is two edits.
        let splits = grow_group(new, news, &mut taken_new, old, olds, budget);
        if !splits {
            grow_group(old, olds, &mut taken_old, new, news, budget);
        }
    }
    let span = |side: &Side, places: &[usize]| {
        let first = places.first().and_then(|&at| side.units.get(at)).copied().unwrap_or(0);
        first..first + places.len()
    };
    groups
        .iter()
        .map(|(olds, news)| Link {
            old: span(old, olds),
            new: span(new, news),
            exact: false,
            moved: false,
        })
        .collect()
}

fn grow_group(
    side: &Side,
    places: &mut Vec<usize>,
    taken: &mut [bool],
    other: &Side,
    partner: &[usize],
    budget: &Budget,
) -> bool {
    let partners: Vec<&Bag> = partner.iter().filter_map(|&at| other.bags.get(at)).collect();
    let whole = Bag::joined(&partners);
    let mut grown = false;
    while places.len() < 4 {
        let first = places.first().copied().unwrap_or(0);
        let last = places.last().copied().unwrap_or(0);
        let unit = |at: usize| side.units.get(at).copied();
        let mut best: Option<(f32, usize)> = None;
        for (at, beside, step) in
            [(Some(last + 1), last, 1_usize), (first.checked_sub(1), first, usize::MAX)]
        {
            let Some(at) = at.filter(|&at| taken.get(at) == Some(&false)) else { continue };
            // Neighbours in the text and not only among the unpaired.
            let apart = unit(beside).map(|u| u.wrapping_add(step)) != unit(at);
            if apart || side.roles.get(beside) != side.roles.get(at) {
                continue;
            }
            let bags: Vec<&Bag> = places.iter().filter_map(|&at| side.bags.get(at)).collect();
            let Some(extra) = side.bags.get(at) else { continue };
            // Every unit has two neighbours, and is tried a few times with each.
            budget.note(whole.len() + extra.len());
            let before = Bag::joined(&bags);
            let after = Bag::joined(&[bags.as_slice(), &[extra]].concat());
            let share = (whole.common(&after) - whole.common(&before)) / extra.total().max(0.01);
            let gain = whole.alike(&after) - whole.alike(&before);
            if share >= JOIN_SHARE_MIN && gain > 0.0 && best.is_none_or(|(most, _)| gain > most) {
                best = Some((gain, at));
            }
        }
        let Some((_, at)) = best else { break };
        taken.get_mut(at).into_iter().for_each(|taken| *taken = true);
        places.push(at);
        places.sort_unstable();
        grown = true;
    }
    grown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_number_keeps_sentences_alike() {
        assert!(alike_texts("12 people died.", "15 people died.") > 0.75);
        assert!(alike_texts("The mayor resigned.", "Rain fell all night.") < 0.1);
        assert!(held("a flood barrier", "They approved a flood barrier") > 0.9);
    }
}

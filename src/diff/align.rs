//! Which sentences of two texts are one: exact, edited, split, merged, moved.
//!
//! The steps: equal ends are trimmed; sentences that say the same and occur once in each text are
//! anchors (patience diff, Bram Cohen), and grow over equal neighbours; the rest pairs by shared
//! words (see `similar.rs`); a sentence left over next to an edited pair may be the other half of a
//! split or a merge. Moved are the links outside the heaviest increasing run, which is the least
//! set of sentences that must be lifted to explain the order (NewsEdits names them so).
//!
//! The answer is symmetric: the two texts are first put in a canonical order, so that swapping the
//! inputs transposes the links and changes nothing else.

use std::ops::Range;

use super::budget::Budget;
use super::normal::{self, Map};
use super::similar;
use super::units::Unit;

/// Units of the old text and the units of the new text they became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Which units of the old text.
    pub old: Range<usize>,
    /// Which units of the new text.
    pub new: Range<usize>,
    /// Whether they say the same but for notation.
    pub exact: bool,
    /// Whether the order of the texts changed around them.
    pub moved: bool,
}

/// One text and its units.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub text: &'a str,
    pub units: &'a [Unit],
}

impl<'a> Text<'a> {
    /// The words of a unit.
    pub(super) fn of(self, unit: usize) -> &'a str {
        self.units.get(unit).and_then(|u| self.text.get(u.range.clone())).unwrap_or_default()
    }

    fn key(self, unit: usize) -> Option<u64> {
        self.units.get(unit).map(|u| u.key)
    }
}

/// Below this many bytes a sentence that is alone is too short to be called moved: "He said
/// no." may be anywhere.
const MOVED_BYTES_MIN: usize = 24;

/// Aligns two texts. The links come in the order of the new text and touch no unit twice.
pub(super) fn align(old: Text<'_>, new: Text<'_>, budget: &Budget) -> Vec<Link> {
    let keys = |t: Text<'_>| t.units.iter().map(|u| u.key).collect::<Vec<_>>();
    let swapped = keys(old) > keys(new);
    let mut links =
        if swapped { align_in_order(new, old, budget) } else { align_in_order(old, new, budget) };
    if swapped {
        for link in &mut links {
            std::mem::swap(&mut link.old, &mut link.new);
        }
    }
    links.sort_by_key(|link| link.new.start);
    links
}

fn align_in_order(old: Text<'_>, new: Text<'_>, budget: &Budget) -> Vec<Link> {
    let mut pairing = Pairing::new(old.units.len(), new.units.len());
    exact(old, new, &mut pairing, budget);
    let mut links: Vec<Link> = pairing.links(true);
    if links.len() < old.units.len().min(new.units.len()) || old.units.len() != new.units.len() {
        mark_moves(old, &mut links);
        let gaps = Gaps::new(&links, old.units.len(), new.units.len());
        links.extend(similar::pair(old, new, &pairing, &gaps, budget));
        lonely(old, new, &mut links);
    }
    settle(old, new, &mut links);
    links
}

/// Which units are paired.
pub(super) struct Pairing {
    /// For each old unit, its new one.
    pub old: Vec<Option<usize>>,
    /// For each new unit, its old one.
    pub new: Vec<Option<usize>>,
}

impl Pairing {
    fn new(old: usize, new: usize) -> Self {
        Self { old: vec![None; old], new: vec![None; new] }
    }

    fn free(&self, i: usize, j: usize) -> bool {
        self.old.get(i) == Some(&None) && self.new.get(j) == Some(&None)
    }

    fn join(&mut self, i: usize, j: usize) {
        if let (Some(a), Some(b)) = (self.old.get_mut(i), self.new.get_mut(j)) {
            (*a, *b) = (Some(j), Some(i));
        }
    }

    fn links(&self, exact: bool) -> Vec<Link> {
        let pairs = self.old.iter().enumerate().filter_map(|(i, j)| Some((i, (*j)?)));
        pairs.map(|(i, j)| Link { old: i..i + 1, new: j..j + 1, exact, moved: false }).collect()
    }
}

fn same(old: Text<'_>, i: usize, new: Text<'_>, j: usize) -> bool {
    // Equal keys are checked, so that a collision of hashes can never call two sentences one.
    old.key(i).is_some_and(|key| Some(key) == new.key(j)) && {
        let (a, b) = (old.of(i), new.of(j));
        a == b || normal::same_words(a, b)
    }
}

fn exact(old: Text<'_>, new: Text<'_>, pairing: &mut Pairing, budget: &Budget) {
    let (n, m) = (old.units.len(), new.units.len());
    let mut head = 0;
    while head < n.min(m) && same(old, head, new, head) {
        pairing.join(head, head);
        head += 1;
    }
    let mut tail = 0;
    while tail < n.min(m) - head && same(old, n - 1 - tail, new, m - 1 - tail) {
        pairing.join(n - 1 - tail, m - 1 - tail);
        tail += 1;
    }
    if head + tail == n.max(m) {
        return;
    }
    let mut seen: Map<u64, Places> = Map::default();
    for i in head..n - tail {
        if let Some(key) = old.key(i) {
            seen.entry(key).or_default().old.push(i);
        }
    }
    for j in head..m - tail {
        if let Some(places) = new.key(j).and_then(|key| seen.get_mut(&key)) {
            places.new.push(j);
        }
    }
    let mut anchors: Vec<(usize, usize)> = Vec::new();
    for places in seen.values() {
        if let (&[i], &[j]) = (places.old.as_slice(), places.new.as_slice())
            && same(old, i, new, j)
        {
            anchors.push((i, j));
        }
    }
    anchors.sort_unstable();
    for &(i, j) in &anchors {
        pairing.join(i, j);
    }
    for &(i, j) in &anchors {
        grow(old, new, pairing, i, j);
    }
    // The remaining sentences occur several times: pair them in order.
    for i in head..n - tail {
        if pairing.old.get(i) != Some(&None) {
            continue;
        }
        let Some(places) = old.key(i).and_then(|key| seen.get_mut(&key)) else { continue };
        let partner = places.next_free(pairing, budget).find(|&j| same(old, i, new, j));
        if let Some(j) = partner {
            pairing.join(i, j);
            grow(old, new, pairing, i, j);
        }
    }
}

/// Where one sentence is in both texts.
#[derive(Default)]
struct Places {
    old: Vec<usize>,
    new: Vec<usize>,
    /// How many of the new ones, counted from the first, already have a partner.
    taken: usize,
}

/// At most this many sentences with the same key are tried: except for hash collisions they are all equal.
const SAME_KEY_TRIED_MAX: usize = 8;

impl Places {
    /// The first places of the new text without a partner. A partner is never taken back, so no place is
    /// skipped twice.
    fn next_free<'a>(
        &'a mut self,
        pairing: &'a Pairing,
        budget: &'a Budget,
    ) -> impl Iterator<Item = usize> + 'a {
        let is_free = |j: &usize| pairing.new.get(*j) == Some(&None);
        while self.new.get(self.taken).is_some_and(|j| !is_free(j)) {
            self.taken += 1;
            budget.note(1);
        }
        let rest = self.new.get(self.taken..).unwrap_or_default();
        rest.iter().copied().take(SAME_KEY_TRIED_MAX).inspect(|_| budget.note(1)).filter(is_free)
    }
}

fn grow(old: Text<'_>, new: Text<'_>, pairing: &mut Pairing, i: usize, j: usize) {
    let mut step = 1;
    while pairing.free(i + step, j + step) && same(old, i + step, new, j + step) {
        pairing.join(i + step, j + step);
        step += 1;
    }
    let mut step = 1;
    while step <= i.min(j) && pairing.free(i - step, j - step) && same(old, i - step, new, j - step)
    {
        pairing.join(i - step, j - step);
        step += 1;
    }
}

/// The stretches between links that keep their order; two units are near when they share one.
pub(super) struct Gaps {
    /// For each old unit, the number of ordered links before it.
    pub old: Vec<usize>,
    /// For each new unit, the same.
    pub new: Vec<usize>,
}

impl Gaps {
    fn new(links: &[Link], old: usize, new: usize) -> Self {
        let mut gaps = Self { old: vec![0; old], new: vec![0; new] };
        for link in links.iter().filter(|link| !link.moved) {
            for i in link.old.clone() {
                gaps.old.get_mut(i).into_iter().for_each(|gap| *gap = 1);
            }
            for j in link.new.clone() {
                gaps.new.get_mut(j).into_iter().for_each(|gap| *gap = 1);
            }
        }
        for side in [&mut gaps.old, &mut gaps.new] {
            let mut count = 0;
            for gap in side.iter_mut() {
                count += *gap;
                *gap = count;
            }
        }
        gaps
    }
}

/// Pairs single units between the same neighbours on both sides that keep their frame: "It chose
/// Anna Roe.", "It chose Piet Hals." They share too few words to be paired by similarity.
fn lonely(old: Text<'_>, new: Text<'_>, links: &mut Vec<Link>) {
    mark_moves(old, links);
    let taken = |side: fn(&Link) -> &Range<usize>, count: usize| -> Vec<bool> {
        let mut taken = vec![false; count];
        for at in links.iter().flat_map(|link| side(link).clone()) {
            taken.get_mut(at).into_iter().for_each(|flag| *flag = true);
        }
        taken
    };
    let (a, b) = (taken(|l| &l.old, old.units.len()), taken(|l| &l.new, new.units.len()));
    let free = |taken: &[bool], run: Range<usize>| -> Option<usize> {
        let mut free = run.filter(|&at| taken.get(at) == Some(&false));
        free.next().filter(|_| free.next().is_none())
    };
    let mut found = Vec::new();
    let (mut i, mut j) = (0, 0);
    // Sorted by `mark_moves`, and the ordered ones increase on both sides.
    let ordered = links.iter().filter(|link| !link.moved);
    let ends = ordered.map(|link| (link.old.clone(), link.new.clone()));
    let last = (old.units.len()..old.units.len(), new.units.len()..new.units.len());
    for (x, y) in ends.chain([last]) {
        if let (Some(one), Some(other)) = (free(&a, i..x.start), free(&b, j..y.start))
            && old.units.get(one).map(|u| u.role) == new.units.get(other).map(|u| u.role)
            && framed(old.of(one), new.of(other))
        {
            let (old, new) = (one..one + 1, other..other + 1);
            found.push(Link { old, new, exact: false, moved: false });
        }
        (i, j) = (x.end, y.end);
    }
    links.extend(found);
}

/// Whether two sentences begin and end alike: with two words at least, and half of the shorter one.
fn framed(a: &str, b: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) =
        (a.split_whitespace().collect(), b.split_whitespace().collect());
    let short = a.len().min(b.len());
    let front = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let back = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let shared = front + back.min(short - front);
    // "Yes." and "No.": too few words to share a frame.
    shared >= 2 && shared * 2 >= short || a.len().max(b.len()) <= BARE_WORDS_MAX
}

/// Two sentences of no more words than this, alone in one place, are one that was reworded.
const BARE_WORDS_MAX: usize = 2;

/// Marks as moved every link outside the heaviest run that increases in both texts. A sentence
/// weighs more than any number of letters, so that few sentences are moved before short ones are.
pub(super) fn mark_moves(old: Text<'_>, links: &mut [Link]) {
    links.sort_by_key(|link| link.old.start);
    for link in links.iter_mut() {
        link.moved = false;
    }
    if links.is_sorted_by_key(|link| link.new.start) {
        return;
    }
    let weigh = |link: &Link| -> u64 {
        let bytes: usize = link.old.clone().map(|i| old.of(i).len()).sum();
        (link.old.len() as u64) << 32 | bytes as u64
    };
    let end = links.iter().map(|link| link.new.end).max().unwrap_or(0);
    let mut best = MaxTree::new(end + 1);
    let mut before: Vec<Option<usize>> = Vec::with_capacity(links.len());
    for (at, link) in links.iter().enumerate() {
        let (sum, from) = best.up_to(link.new.start);
        before.push(from);
        best.raise(link.new.start + 1, sum + weigh(link), at);
    }
    let (_, mut at) = best.up_to(end);
    let mut ordered = vec![false; links.len()];
    while let Some(here) = at {
        if let Some(flag) = ordered.get_mut(here) {
            *flag = true;
        }
        at = before.get(here).copied().flatten();
    }
    for (link, ordered) in links.iter_mut().zip(ordered) {
        link.moved = !ordered;
    }
}

/// Largest sum over a prefix, and the index that reached it (a Fenwick tree).
struct MaxTree(Vec<(u64, Option<usize>)>);

impl MaxTree {
    fn new(size: usize) -> Self {
        Self(vec![(0, None); size + 1])
    }

    fn up_to(&self, mut at: usize) -> (u64, Option<usize>) {
        let mut best = (0, None);
        while at > 0 {
            if let Some(&here) = self.0.get(at)
                && here.0 > best.0
            {
                best = here;
            }
            at &= at - 1;
        }
        best
    }

    fn raise(&mut self, mut at: usize, sum: u64, who: usize) {
        while let Some(here) = self.0.get_mut(at) {
            if sum > here.0 {
                *here = (sum, Some(who));
            }
            at += at & at.wrapping_neg();
        }
    }
}

/// Marks the moves, and takes back links too weak to stand out of order.
fn settle(old: Text<'_>, new: Text<'_>, links: &mut Vec<Link>) {
    mark_moves(old, links);
    let strong: Vec<bool> = (0..links.len()).map(|at| move_holds(old, new, links, at)).collect();
    if strong.iter().all(|&s| s) {
        return;
    }
    let mut keep = strong.into_iter();
    links.retain(|_| keep.next().unwrap_or(true));
    mark_moves(old, links);
}

fn move_holds(old: Text<'_>, new: Text<'_>, links: &[Link], at: usize) -> bool {
    let Some(link) = links.get(at) else { return true };
    if !link.moved {
        return true;
    }
    let bytes = |link: &Link| -> usize { link.old.clone().map(|i| old.of(i).len()).sum() };
    if !link.exact {
        return bytes(link) >= MOVED_BYTES_MIN
            && similar::alike(old, new, link) >= similar::MOVED_MIN;
    }
    // A short sentence moves with its neighbours or not at all.
    let mut sum = bytes(link);
    for (side, step) in [(at.checked_sub(1), -1_isize), (Some(at + 1), 1)] {
        if let Some(next) = side.and_then(|side| links.get(side))
            && next.moved
            && next.new.start.checked_add_signed(-step) == Some(link.new.start)
            && next.old.start.checked_add_signed(-step) == Some(link.old.start)
        {
            sum += bytes(next);
        }
    }
    sum >= MOVED_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{sample, units};

    /// Links as text: `0=0` exact, `1~1` edited, `2>0` moved.
    fn links(old: &str, new: &str) -> String {
        let (old, new) = (sample::page(old), sample::page(new));
        let (a, b) = (units::of(&old), units::of(&new));
        let budget = Budget::new(1_000_000);
        let found = align(
            Text { text: &old.text, units: &a },
            Text { text: &new.text, units: &b },
            &budget,
        );
        let show =
            |r: &Range<usize>| r.clone().map(|i| i.to_string()).collect::<Vec<_>>().join("+");
        found
            .iter()
            .map(|l| {
                let sign = match (l.moved, l.exact) {
                    (false, true) => "=",
                    (false, false) => "~",
                    (true, true) => ">",
                    (true, false) => ">~",
                };
                format!("{}{sign}{}", show(&l.old), show(&l.new))
            })
            .collect::<Vec<_>>()
            .join(" ")
    }

    const A: &str = "The harbour board met on the quay before dawn.";
    const B: &str = "Fishing crews had waited three weeks for an answer.";
    const C: &str = "Nobody from the ministry came to hear their complaint.";

    #[test]
    fn sentences_find_their_partners() {
        let cases = [
            (format!("{A} {B}"), format!("{A} {B}"), "0=0 1=1"),
            (format!("{A} {B}"), format!("{A} {C} {B}"), "0=0 1=2"),
            (format!("{A} {B} {C}"), format!("{A} {C}"), "0=0 2=1"),
            // A swap is one move, of the shorter of the two.
            (format!("{A}\n\n{B}"), format!("{B}\n\n{A}"), "1=0 0>1"),
            (format!("{A}\n\n{B}\n\n{C}"), format!("{C}\n\n{A}\n\n{B}"), "2>0 0=1 1=2"),
            // Edited in place, with a figure.
            (
                format!("{A} Police counted 12 boats. {C}"),
                format!("{A} Police counted 15 boats. {C}"),
                "0=0 1~1 2=2",
            ),
            // Moved and edited.
            (
                format!("{A} {B} {C}"),
                format!("{A} {C} Fishing crews had waited four weeks for an answer."),
                "0=0 2=1 1>~2",
            ),
            // Alone between the same neighbours, in the same frame.
            (
                format!("{A} It chose Anna Roe. {B}"),
                format!("{A} It chose Piet Hals. {B}"),
                "0=0 1~1 2=2",
            ),
            (
                format!("{A} It chose Anna Roe. {B}"),
                format!("{A} {B} It chose Piet Hals."),
                "0=0 2=1",
            ),
            // Nothing in common.
            (A.to_owned(), "Completely different words stand here now.".to_owned(), ""),
            // A short sentence is not reported as moved.
            (format!("{A} He left. {B}"), format!("{A} {B} He left."), "0=0 2=1"),
        ];
        for (old, new, expected) in cases {
            assert_eq!(links(&old, &new), expected, "{old} | {new}");
        }
    }

    #[test]
    fn a_correction_is_no_edit_of_the_sentence_it_repeats() {
        let old = format!("{A}\n\nPolice counted 15 boats in the harbour at noon.\n\n{C}");
        let new = format!(
            "{A}\n\n{C}\n\nCorrection: Police counted 12 boats and not 15 boats in the harbour at noon."
        );
        assert_eq!(links(&old, &new), "0=0 2=1");
    }

    #[test]
    fn a_split_and_a_merge_are_seen() {
        let whole = "The council approved the flood barrier on Monday, and engineers will start \
                     drilling the sea wall in spring.";
        let halves = "The council approved the flood barrier on Monday. Engineers will start \
                      drilling the sea wall in spring.";
        assert_eq!(
            links(&format!("{A} {whole} {B}"), &format!("{A} {halves} {B}")),
            "0=0 1~1+2 2=3"
        );
        assert_eq!(
            links(&format!("{A} {halves} {B}"), &format!("{A} {whole} {B}")),
            "0=0 1+2~1 3=2"
        );
    }
}

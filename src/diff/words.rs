//! Which words changed inside an edited sentence.
//!
//! Equal ends are trimmed, and the middle is aligned by the common subsequence of greatest weight
//! (Needleman and Wunsch with words weighing more than common words, and those more than marks), so
//! that names and numbers line up before "the" and "of" do. A lone common word between two large
//! changes is merged into them: "cut the tax on" against "raise a levy on" is one change.
//!
//! The table for that has a cell for each pair of words, so a sentence of many hundred words is first cut
//! at the words that occur once on each side (patience diff), and if there are none into pieces at
//! similar places. Then the work grows linearly with the sentence, not with its square.

use std::ops::Range;

use super::budget::Budget;
use super::normal::Map;
use super::tokens::{self, Class, Token};

/// How many times the parts between words that occur once are cut again.
const CUTS_MAX: usize = 8;

/// The words of both sides of an edited pair, and which changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WordDiff {
    /// The tokens of the old side.
    pub old: Vec<Token>,
    /// The tokens of the new side.
    pub new: Vec<Token>,
    /// What changed, in order: token indices on both sides, one of them possibly empty.
    pub hunks: Vec<Hunk>,
}

/// A run of tokens that became another run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    /// Token indices on the old side.
    pub old: Range<usize>,
    /// Token indices on the new side.
    pub new: Range<usize>,
}

/// The bytes that a run of tokens covers; for an empty run, the empty range before the next token.
pub(super) fn bytes(tokens: &[Token], run: &Range<usize>) -> Range<usize> {
    let inside = tokens.get(run.clone()).unwrap_or_default();
    match (inside.first(), inside.last()) {
        (Some(first), Some(last)) => first.range.start..last.range.end,
        _ => {
            let at = tokens
                .get(run.start)
                .map(|token| token.range.start)
                .or_else(|| tokens.last().map(|token| token.range.end))
                .unwrap_or(0);
            at..at
        }
    }
}

/// The ranges where the words of two texts differ, on both sides, in bytes and in order; after `steps_max` steps the
/// rest counts as different.
pub(crate) fn changed_words(
    old: &str,
    new: &str,
    steps_max: u64,
) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let found = diff(old, 0..old.len(), new, 0..new.len(), &Budget::new(steps_max));
    let of_old = found.hunks.iter().map(|hunk| bytes(&found.old, &hunk.old)).collect();
    let of_new = found.hunks.iter().map(|hunk| bytes(&found.new, &hunk.new)).collect();
    (of_old, of_new)
}

/// Compares `old[old_range]` with `new[new_range]`, word by word.
pub(super) fn diff(
    old: &str,
    old_range: Range<usize>,
    new: &str,
    new_range: Range<usize>,
    budget: &Budget,
) -> WordDiff {
    let old = tokens::tokenize(old, old_range);
    let new = tokens::tokenize(new, new_range);
    let ids = |tokens: &[Token]| tokens.iter().map(|token| token.id).collect::<Vec<_>>();
    // The canonical order makes ties fall the same way whichever text is called old.
    let swapped = ids(&old) > ids(&new);
    let mut hunks = if swapped { runs(&new, &old, budget) } else { runs(&old, &new, budget) };
    if swapped {
        for hunk in &mut hunks {
            std::mem::swap(&mut hunk.old, &mut hunk.new);
        }
    }
    WordDiff { old, new, hunks }
}

fn runs(old: &[Token], new: &[Token], budget: &Budget) -> Vec<Hunk> {
    budget.note(old.len() + new.len());
    let mut hunks = Vec::new();
    let sides = Sides { old, new, budget };
    sides.align(Hunk { old: 0..old.len(), new: 0..new.len() }, CUTS_MAX, &mut hunks);
    absorb(hunks, old, new)
}

/// The tokens that are aligned.
struct Sides<'a> {
    old: &'a [Token],
    new: &'a [Token],
    budget: &'a Budget,
}

impl Sides<'_> {
    /// Adds what changed in `part` to `hunks`.
    fn align(&self, part: Hunk, cuts: usize, hunks: &mut Vec<Hunk>) {
        let Some(part) = self.trimmed(part) else { return };
        let (Some(old), Some(new)) =
            (self.old.get(part.old.clone()), self.new.get(part.new.clone()))
        else {
            return;
        };
        let cells = old.len().saturating_mul(new.len());
        if cells == 0 {
            return push(hunks, part);
        }
        if cells <= self.budget.cells_max() {
            return match self.budget.spend(cells) {
                true => {
                    common(old, new).into_iter().for_each(|hunk| push(hunks, shifted(hunk, &part)))
                }
                false => push(hunks, part),
            };
        }
        if !self.budget.spend(old.len() + new.len()) {
            return push(hunks, part);
        }
        let anchors = if cuts > 0 { once_on_each_side(old, new) } else { Vec::new() };
        let cuts_at = if anchors.is_empty() {
            self.budget.coarsen();
            pieces(old.len(), new.len(), self.budget.cells_max())
        } else {
            anchors
        };
        let cuts = if cuts == 0 { 0 } else { cuts - 1 };
        let (mut i, mut j) = (part.old.start, part.new.start);
        let ends = cuts_at.iter().map(|&(i, j)| (part.old.start + i, part.new.start + j));
        for (to_i, to_j) in ends.chain([(part.old.end, part.new.end)]) {
            self.align(Hunk { old: i..to_i, new: j..to_j }, cuts, hunks);
            (i, j) = (to_i, to_j);
        }
    }

    /// What is left of a part without its equal ends; none where nothing is.
    fn trimmed(&self, part: Hunk) -> Option<Hunk> {
        let (old, new) = (self.old.get(part.old.clone())?, self.new.get(part.new.clone())?);
        let head = old.iter().zip(new).take_while(|(a, b)| a.id == b.id).count();
        let rest = old.get(head..)?.iter().rev().zip(new.get(head..)?.iter().rev());
        let tail = rest.take_while(|(a, b)| a.id == b.id).count();
        let (old, new) = (
            part.old.start + head..part.old.end - tail,
            part.new.start + head..part.new.end - tail,
        );
        (!(old.is_empty() && new.is_empty())).then_some(Hunk { old, new })
    }
}

fn shifted(hunk: Hunk, part: &Hunk) -> Hunk {
    let shift = |run: Range<usize>, by: usize| run.start + by..run.end + by;
    Hunk { old: shift(hunk.old, part.old.start), new: shift(hunk.new, part.new.start) }
}

/// Appends; a hunk that touches the previous one is merged into it.
fn push(hunks: &mut Vec<Hunk>, hunk: Hunk) {
    match hunks.last_mut() {
        Some(last) if last.old.end == hunk.old.start && last.new.end == hunk.new.start => {
            (last.old.end, last.new.end) = (hunk.old.end, hunk.new.end);
        }
        _ => hunks.push(hunk),
    }
}

/// The places of words that occur once on each side: the longest sequence in the same order on both.
fn once_on_each_side(old: &[Token], new: &[Token]) -> Vec<(usize, usize)> {
    // How often on each side, and where.
    let mut seen: Map<u64, [(usize, usize); 2]> = Map::default();
    for (side, tokens) in [old, new].into_iter().enumerate() {
        for (at, token) in tokens.iter().enumerate() {
            if let Some(slot) = seen.entry(token.id).or_default().get_mut(side) {
                *slot = (slot.0 + 1, at);
            }
        }
    }
    let mut pairs: Vec<(usize, usize)> = seen
        .into_values()
        .filter_map(|sides| match sides {
            [(1, i), (1, j)] => Some((i, j)),
            _ => None,
        })
        .collect();
    pairs.sort_unstable();
    // The longest increasing run (Schensted 1961): the least last place of a run of each length.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    let place = |at: usize| pairs.get(at).map_or(0, |&(_, j)| j);
    for (at, &(_, j)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| place(end) < j);
        before.push(length.checked_sub(1).and_then(|shorter| ends.get(shorter)).copied());
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut run = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(here) = at {
        run.extend(pairs.get(here).copied());
        at = before.get(here).copied().flatten();
    }
    run.reverse();
    run
}

/// Where two runs without such words are cut, so that each piece has its table.
fn pieces(old: usize, new: usize, cells_max: usize) -> Vec<(usize, usize)> {
    let tables = old.saturating_mul(new).div_ceil(cells_max.max(1));
    // A piece of one in `count` on both sides has a cell in `count` squared.
    let count = tables.isqrt() + 1;
    (1..count).map(|n| (old / count * n, new / count * n)).collect()
}

fn weight(token: &Token) -> u32 {
    match (token.class, token.common) {
        (Class::Mark, _) => 2,
        (_, true) => 6,
        (Class::Word, false) => 20,
        (Class::Capital | Class::Number, false) => 24,
    }
}

/// The changed runs around the heaviest common subsequence.
#[expect(clippy::indexing_slicing, reason = "indices run below the lengths the table was made for")]
fn common(old: &[Token], new: &[Token]) -> Vec<Hunk> {
    let width = new.len() + 1;
    // best[i][j]: the greatest weight of a common subsequence of old[i..] and new[j..].
    let mut best = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let skip = best[(i + 1) * width + j].max(best[i * width + j + 1]);
            best[i * width + j] = if old[i].id == new[j].id {
                // Adjacent matches score slightly more than scattered ones.
                let run = u32::from(
                    i + 1 < old.len() && j + 1 < new.len() && old[i + 1].id == new[j + 1].id,
                );
                skip.max(best[(i + 1) * width + j + 1] + weight(&old[i]) + run)
            } else {
                skip
            };
        }
    }
    let mut hunks = Vec::new();
    let (mut i, mut j) = (0, 0);
    let (mut from_i, mut from_j) = (0, 0);
    while i < old.len() && j < new.len() {
        let here = best[i * width + j];
        let run =
            u32::from(i + 1 < old.len() && j + 1 < new.len() && old[i + 1].id == new[j + 1].id);
        if old[i].id == new[j].id && here == best[(i + 1) * width + j + 1] + weight(&old[i]) + run {
            if from_i < i || from_j < j {
                hunks.push(Hunk { old: from_i..i, new: from_j..j });
            }
            (i, j) = (i + 1, j + 1);
            (from_i, from_j) = (i, j);
        } else if here == best[(i + 1) * width + j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    if from_i < old.len() || from_j < new.len() {
        hunks.push(Hunk { old: from_i..old.len(), new: from_j..new.len() });
    }
    hunks
}

/// Joins large changes that only a common word or a mark keeps apart.
fn absorb(hunks: Vec<Hunk>, old: &[Token], new: &[Token]) -> Vec<Hunk> {
    // Each with how many words it has on both sides, so that none is counted twice.
    let mut joined: Vec<(Hunk, usize, usize)> = Vec::with_capacity(hunks.len());
    for hunk in hunks {
        let (was, is) = (words(old, &hunk.old), words(new, &hunk.new));
        if let Some((last, last_was, last_is)) = joined.last_mut() {
            let between = old.get(last.old.end..hunk.old.start).unwrap_or_default();
            let thin = between.len() <= 2 && between.iter().all(|token| token.common);
            if thin && (*last_was).min(*last_is) >= 2 && was.min(is) >= 2 {
                let between = between.iter().filter(|token| token.is_word()).count();
                (*last_was, *last_is) = (*last_was + between + was, *last_is + between + is);
                (last.old.end, last.new.end) = (hunk.old.end, hunk.new.end);
                continue;
            }
        }
        joined.push((hunk, was, is));
    }
    joined.into_iter().map(|(hunk, ..)| hunk).collect()
}

fn words(tokens: &[Token], run: &Range<usize>) -> usize {
    tokens.get(run.clone()).unwrap_or_default().iter().filter(|token| token.is_word()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn marked(old: &str, new: &str) -> String {
        let budget = Budget::new(100_000);
        let found = diff(old, 0..old.len(), new, 0..new.len(), &budget);
        let mut out = Vec::new();
        for hunk in &found.hunks {
            let a = &old[bytes(&found.old, &hunk.old)];
            let b = &new[bytes(&found.new, &hunk.new)];
            out.push(format!("{a}>{b}"));
        }
        out.join(" | ")
    }

    fn tiles(old: &str, new: &str, steps_max: u64) -> Result<(), TestCaseError> {
        let budget = Budget::new(steps_max);
        let found = diff(old, 0..old.len(), new, 0..new.len(), &budget);
        let (mut i, mut j) = (0, 0);
        for hunk in &found.hunks {
            prop_assert_eq!(hunk.old.start - i, hunk.new.start - j);
            for step in 0..hunk.old.start - i {
                prop_assert_eq!(found.old[i + step].id, found.new[j + step].id);
            }
            (i, j) = (hunk.old.end, hunk.new.end);
        }
        prop_assert_eq!(found.old.len() - i, found.new.len() - j);
        let turned = diff(new, 0..new.len(), old, 0..old.len(), &budget);
        let back = turned.hunks.iter().map(|h| Hunk { old: h.new.clone(), new: h.old.clone() });
        prop_assert_eq!(&found.hunks, &back.collect::<Vec<_>>());
        Ok(())
    }

    #[test]
    fn changed_words_stand_alone() {
        let cases = [
            ("Police counted 12 boats.", "Police counted 15 boats.", "12>15"),
            ("12 of the 40 boats sank.", "14 of the 41 boats sank.", "12>14 | 40>41"),
            ("The bank could close.", "The bank will close.", "could>will"),
            ("The bank will close.", "The bank will not close.", ">not"),
            ("It said “no” then.", "It said \"no\" then.", ""),
            ("A $50M deal", "A $50 million deal", "50M>50 million"),
            ("a 4-hour wait", "a four-hour wait", "4>four"),
            ("", "new", ">new"),
        ];
        for (old, new, expected) in cases {
            assert_eq!(marked(old, new), expected, "{old} | {new}");
        }
    }

    #[test]
    fn without_budget_the_sentence_changes_as_a_whole() {
        let (old, new) = ("one two three four", "zero two one four");
        let found = diff(old, 0..old.len(), new, 0..new.len(), &Budget::new(1));
        assert_eq!(found.hunks, [Hunk { old: 0..3, new: 0..3 }]);
    }

    #[test]
    fn a_sentence_of_thousands_of_words_is_compared_word_by_word() {
        // Numbered words cut it; without any, it is cut into pieces at similar places.
        let numbered = |said: &str| -> String {
            (0..2_000).map(|n| format!("party {n} got {said} votes and ")).collect()
        };
        let repeated = |said: &str| format!("a {said} b ").repeat(2_000);
        for (old, new, is_coarse) in
            [(numbered("one"), numbered("two"), false), (repeated("one"), repeated("two"), true)]
        {
            let budget = Budget::new(20_000_000);
            let found = diff(&old, 0..old.len(), &new, 0..new.len(), &budget);
            assert_eq!(found.hunks.len(), 2_000);
            assert!(found.hunks.iter().all(|hunk| hunk.old.len() == 1 && hunk.new.len() == 1));
            assert_eq!(budget.ran_out(), is_coarse);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn long_runs_and_hunks_tile_both_sides(
            old in proptest::collection::vec(0_u8..5, 0..1500),
            new in proptest::collection::vec(0_u8..5, 0..1500),
            marks in proptest::collection::vec(0_usize..1500, 0..4),
        ) {
            let text = |words: &[u8]| {
                let mut words: Vec<String> = words.iter().map(|n| format!("w{n}")).collect();
                for mark in &marks {
                    let at = (*mark).min(words.len());
                    words.insert(at, format!("mark{mark}"));
                }
                words.join(" ")
            };
            tiles(&text(&old), &text(&new), 20_000_000)?;
        }
    }

    proptest! {
        #[test]
        fn equal_runs_and_hunks_tile_both_sides(
            old in "[a-d]{1,2}( [a-d]{1,2}){0,9}",
            new in "[a-d]{1,2}( [a-d]{1,2}){0,9}",
        ) {
            tiles(&old, &new, 100_000)?;
        }
    }
}

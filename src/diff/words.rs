//! Which words changed inside an edited sentence.
//!
//! Equal ends are trimmed, and the middle is aligned by the common subsequence of greatest weight
//! (Needleman and Wunsch with words weighing more than common words, and those more than marks), so
//! that names and numbers line up before "the" and "of" do. A lone common word between two large
//! changes is taken into them: "cut the tax on" against "raise a levy on" reads as one change.

use std::ops::Range;

use super::budget::Budget;
use super::tokens::{self, Class, Token};

/// A table of more cells than this (two sentences of two thousand words) is not made: sixteen
/// megabytes for a text without full stops.
const CELLS_MAX: usize = 4_000_000;

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
    let head = old.iter().zip(new).take_while(|(a, b)| a.id == b.id).count();
    let (rest_old, rest_new) = (old.get(head..), new.get(head..));
    let (Some(rest_old), Some(rest_new)) = (rest_old, rest_new) else { return Vec::new() };
    let tail =
        rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(a, b)| a.id == b.id).count();
    let middle_old = rest_old.get(..rest_old.len() - tail).unwrap_or_default();
    let middle_new = rest_new.get(..rest_new.len() - tail).unwrap_or_default();
    if middle_old.is_empty() && middle_new.is_empty() {
        return Vec::new();
    }
    let whole = Hunk { old: 0..middle_old.len(), new: 0..middle_new.len() };
    let trivial = middle_old.is_empty() || middle_new.is_empty();
    let cells = middle_old.len().saturating_mul(middle_new.len());
    let hunks = if trivial || cells > CELLS_MAX || !budget.spend(cells) {
        vec![whole]
    } else {
        absorb(common(middle_old, middle_new), middle_old, middle_new)
    };
    let shift = |run: Range<usize>| run.start + head..run.end + head;
    hunks.into_iter().map(|h| Hunk { old: shift(h.old), new: shift(h.new) }).collect()
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
                // Matches that continue one another are worth a little more than scattered ones.
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
    let mut joined: Vec<Hunk> = Vec::with_capacity(hunks.len());
    for hunk in hunks {
        if let Some(last) = joined.last_mut() {
            let between = old.get(last.old.end..hunk.old.start).unwrap_or_default();
            let large = |h: &Hunk| words(old, &h.old).min(words(new, &h.new)) >= 2;
            let thin = between.len() <= 2 && between.iter().all(|token| token.common);
            if thin && large(last) && large(&hunk) {
                last.old.end = hunk.old.end;
                last.new.end = hunk.new.end;
                continue;
            }
        }
        joined.push(hunk);
    }
    joined
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

    proptest! {
        #[test]
        fn equal_runs_and_hunks_tile_both_sides(
            old in "[a-d]{1,2}( [a-d]{1,2}){0,9}",
            new in "[a-d]{1,2}( [a-d]{1,2}){0,9}",
        ) {
            let budget = Budget::new(100_000);
            let found = diff(&old, 0..old.len(), &new, 0..new.len(), &budget);
            let (mut i, mut j) = (0, 0);
            for hunk in &found.hunks {
                prop_assert_eq!(hunk.old.start - i, hunk.new.start - j);
                for step in 0..hunk.old.start - i {
                    prop_assert_eq!(found.old[i + step].id, found.new[j + step].id);
                }
                (i, j) = (hunk.old.end, hunk.new.end);
            }
            prop_assert_eq!(found.old.len() - i, found.new.len() - j);
            let turned = diff(&new, 0..new.len(), &old, 0..old.len(), &budget);
            let back: Vec<Hunk> = turned.hunks.iter()
                .map(|h| Hunk { old: h.new.clone(), new: h.old.clone() }).collect();
            prop_assert_eq!(&found.hunks, &back);
        }
    }
}

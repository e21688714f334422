//! The edit script: keep, insert, delete, replace, move over sentences, tiling both texts.
//!
//! Every unit of the old text is in exactly one operation that is not an insertion, every unit of
//! the new text in exactly one that is not a deletion. Operations come in the order of the new text,
//! deletions where the old text had them; a moved block is one operation, at its new place.

use std::ops::Range;

use super::align::{Link, Text};
use super::budget::Budget;
use super::words::{self, WordDiff};

/// What happened to a run of sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OpKind {
    /// They are in both texts and say the same but for notation.
    Keep,
    /// They are in the new text only.
    Insert,
    /// They stood in the old text only.
    Delete,
    /// They were reworded, split or merged in place.
    Replace,
    /// They are elsewhere; also reworded if `edits` is not empty.
    Move,
}

impl OpKind {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Insert => "insert",
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Move => "move",
        }
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Op {
    /// What happened.
    pub kind: OpKind,
    /// Which sentences of the old text: indices into [`super::Comparison::old_sentences`].
    pub old: Range<usize>,
    /// Which sentences of the new text: indices into [`super::Comparison::new_sentences`].
    pub new: Range<usize>,
    /// The reworded pairs inside: one for a replacement, any number for a move.
    pub edits: Vec<Edit>,
}

/// A reworded pair of sentences (or a sentence and the ones it was split into).
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Where the old words are, in bytes of the old text.
    pub old: Range<usize>,
    /// Where the new words are, in bytes of the new text.
    pub new: Range<usize>,
    pub(super) words: WordDiff,
}

impl Edit {
    /// The words that changed, as byte ranges of the old and the new text, in order; one of the two
    /// is empty where words were only added or only cut.
    pub fn hunks(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + '_ {
        self.words.hunks.iter().map(|hunk| {
            (words::bytes(&self.words.old, &hunk.old), words::bytes(&self.words.new, &hunk.new))
        })
    }
}

/// Turns links (in the order of the new text) into operations.
pub(super) fn script(old: Text<'_>, new: Text<'_>, links: &[Link], budget: &Budget) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    let mut moved_from = vec![false; old.units.len()];
    for link in links.iter().filter(|link| link.moved) {
        for i in link.old.clone() {
            moved_from.get_mut(i).into_iter().for_each(|flag| *flag = true);
        }
    }
    let (mut i, mut j) = (0, 0);
    for link in links {
        if !link.moved {
            delete(&mut ops, &moved_from, i..link.old.start, j);
            i = link.old.end;
        }
        insert(&mut ops, j..link.new.start, i);
        j = link.new.end;
        push(&mut ops, operation(old, new, link, budget));
    }
    delete(&mut ops, &moved_from, i..old.units.len(), j);
    insert(&mut ops, j..new.units.len(), old.units.len());
    ops
}

fn delete(ops: &mut Vec<Op>, moved_from: &[bool], units: Range<usize>, at: usize) {
    for i in units {
        if moved_from.get(i) != Some(&true) {
            let op = Op { kind: OpKind::Delete, old: i..i + 1, new: at..at, edits: Vec::new() };
            push(ops, op);
        }
    }
}

fn insert(ops: &mut Vec<Op>, units: Range<usize>, at: usize) {
    if !units.is_empty() {
        push(ops, Op { kind: OpKind::Insert, old: at..at, new: units, edits: Vec::new() });
    }
}

fn operation(old: Text<'_>, new: Text<'_>, link: &Link, budget: &Budget) -> Op {
    let kind = match (link.moved, link.exact) {
        (true, _) => OpKind::Move,
        (false, true) => OpKind::Keep,
        (false, false) => OpKind::Replace,
    };
    let mut edits = Vec::new();
    if !link.exact {
        let (a, b) = (bytes(old, &link.old), bytes(new, &link.new));
        let words = words::diff(old.text, a.clone(), new.text, b.clone(), budget);
        edits.push(Edit { old: a, new: b, words });
    }
    Op { kind, old: link.old.clone(), new: link.new.clone(), edits }
}

fn bytes(text: Text<'_>, units: &Range<usize>) -> Range<usize> {
    let first = text.units.get(units.start).map_or(0, |unit| unit.range.start);
    let last = units.end.checked_sub(1).and_then(|at| text.units.get(at));
    first..last.map_or(first, |unit| unit.range.end).max(first)
}

/// Appends, joining with the operation before where both continue it. A move joins a move, edited or
/// not, so that a paragraph that moved is one operation.
fn push(ops: &mut Vec<Op>, op: Op) {
    if let Some(last) = ops.last_mut()
        && last.kind == op.kind
    {
        let follows = match op.kind {
            OpKind::Keep | OpKind::Move => {
                last.old.end == op.old.start && last.new.end == op.new.start
            }
            OpKind::Insert => last.new.end == op.new.start,
            OpKind::Delete => last.old.end == op.old.start && last.new == op.new,
            OpKind::Replace => false,
        };
        if follows {
            last.old.end = op.old.end;
            last.new.end = op.new.end;
            if op.kind == OpKind::Insert {
                last.old = op.old;
            }
            last.edits.extend(op.edits);
            return;
        }
    }
    ops.push(op);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diff::{CompareOptions, Comparison, compare, sample};

    fn sentence() -> impl Strategy<Value = String> {
        proptest::collection::vec(
            "(alpha|beta|gamma|delta|epsilon|zeta|[a-z]{3,7}|[0-9]{1,3})",
            3..9,
        )
        .prop_map(|words| format!("The {}.", words.join(" ")))
    }

    fn article() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec(sentence(), 0..14)
    }

    /// An article and another made from it by cutting, moving, changing and adding sentences.
    fn pair() -> impl Strategy<Value = (String, String)> {
        (article(), proptest::collection::vec((0_u8..6, any::<u16>(), sentence()), 0..8)).prop_map(
            |(old, edits)| {
                let mut new = old.clone();
                for (what, at, fresh) in edits {
                    let at = usize::from(at) % (new.len() + 1);
                    match what {
                        0 => new.insert(at, fresh),
                        1 if at < new.len() => drop(new.remove(at)),
                        2 if at < new.len() => {
                            let taken = new.remove(at);
                            new.insert(new.len() / 2, taken);
                        }
                        3 if at < new.len() => new[at] = new[at].replacen(' ', " not ", 1),
                        4 if at < new.len() => new[at] = format!("{} {fresh}", new[at]),
                        _ => new.reverse(),
                    }
                }
                (old.join(" "), new.join("\n\n"))
            },
        )
    }

    fn rebuilt(found: &Comparison) -> (Vec<usize>, Vec<usize>) {
        let mut old: Vec<usize> = Vec::new();
        let mut new: Vec<usize> = Vec::new();
        for op in &found.ops {
            if op.kind != OpKind::Insert {
                old.extend(op.old.clone());
            }
            if op.kind != OpKind::Delete {
                new.extend(op.new.clone());
            }
        }
        (old, new)
    }

    fn options(steps_max: u64) -> CompareOptions {
        CompareOptions { steps_max }
    }

    proptest! {
        #[test]
        fn operations_tile_both_texts_whatever_the_budget((old, new) in pair(), steps in 0_u64..4000) {
            let (old, new) = (sample::page(&old), sample::page(&new));
            for steps in [steps, 1_000_000] {
                let found = compare(&old, &new, &options(steps));
                let (mut a, b) = rebuilt(&found);
                prop_assert_eq!(b, (0..found.new_sentences.len()).collect::<Vec<_>>());
                a.sort_unstable();
                prop_assert_eq!(a, (0..found.old_sentences.len()).collect::<Vec<_>>());
                for op in &found.ops {
                    let (a, b) = (op.old.is_empty(), op.new.is_empty());
                    prop_assert_eq!(a, op.kind == OpKind::Insert);
                    prop_assert_eq!(b, op.kind == OpKind::Delete);
                    if op.kind == OpKind::Keep {
                        for (i, j) in op.old.clone().zip(op.new.clone()) {
                            prop_assert!(crate::diff::same_words(
                                &old.text[found.old_sentences[i].clone()],
                                &new.text[found.new_sentences[j].clone()]
                            ));
                        }
                    }
                }
                // Without its moves the script reads in order on the old side too.
                let still: Vec<usize> = found.ops.iter()
                    .filter(|op| !matches!(op.kind, OpKind::Move | OpKind::Insert))
                    .flat_map(|op| op.old.clone()).collect();
                prop_assert!(still.is_sorted());
            }
        }

        #[test]
        fn swapping_the_texts_swaps_the_answer((old, new) in pair()) {
            let (old, new) = (sample::page(&old), sample::page(&new));
            let there = compare(&old, &new, &options(1_000_000));
            let back = compare(&new, &old, &options(1_000_000));
            let key = |op: &Op| (op.kind.label(), op.old.clone(), op.new.clone());
            // Edges of empty sides and the joining of runs follow the order; units do not.
            let mut a: Vec<_> = there.ops.iter().flat_map(|op| units(op, false)).collect();
            let mut b: Vec<_> = back.ops.iter().flat_map(|op| units(op, true)).collect();
            a.sort();
            b.sort();
            prop_assert_eq!(a, b, "{:?} {:?}", there.ops.iter().map(key).collect::<Vec<_>>(),
                back.ops.iter().map(key).collect::<Vec<_>>());
        }

        #[test]
        fn a_page_and_itself_give_only_keeps(text in article()) {
            let page = sample::page(&text.join(" "));
            let found = compare(&page, &page, &options(0));
            prop_assert!(found.ops.iter().all(|op| op.kind == OpKind::Keep));
            prop_assert!(found.changes.is_empty() && !found.stealth);
        }
    }

    fn units(op: &Op, swap: bool) -> Vec<(&'static str, Option<usize>, Option<usize>)> {
        let (kind, old, new) = match (op.kind, swap) {
            (OpKind::Insert, true) => ("delete", &op.new, &op.old),
            (OpKind::Delete, true) => ("insert", &op.new, &op.old),
            (kind, true) => (kind.label(), &op.new, &op.old),
            (kind, false) => (kind.label(), &op.old, &op.new),
        };
        let mut found = Vec::new();
        if kind != "insert" {
            found.extend(old.clone().map(|i| (kind, Some(i), None)));
        }
        if kind != "delete" {
            found.extend(new.clone().map(|j| (kind, None, Some(j))));
        }
        found
    }
}

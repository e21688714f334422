//! An edited pair of sentences as the finders of changes see it: which changed words are explained.

use std::ops::Range;

use super::Aligned;
use crate::diff::ops::Edit;
use crate::diff::tokens::Token;
use crate::diff::units;
use crate::diff::words::{self, Hunk};
use crate::extract::page::BlockKind;

/// An edit, and which of its changed words a specific kind has claimed.
pub(in crate::diff) struct View<'a> {
    /// The edit.
    pub edit: &'a Edit,
    /// For each token of the old side, whether a change explains it.
    pub old_taken: Vec<bool>,
    /// For each token of the new side, the same.
    pub new_taken: Vec<bool>,
    /// Whether a specific change was found in it.
    pub explained: bool,
    /// Whether words changed that say the same value ("$50M", "$50 million").
    pub notation: bool,
}

/// The edits outside notices, which `notices.rs` reads itself.
pub(super) fn of<'a>(aligned: Aligned<'a>) -> Vec<View<'a>> {
    let mut views = Vec::new();
    for op in aligned.ops {
        for edit in &op.edits {
            let unit = aligned
                .new_units
                .iter()
                .skip(op.new.start)
                .find(|u| u.range.start == edit.new.start);
            let kind = unit.and_then(|unit| units::kind(aligned.new, unit));
            if !matches!(kind, Some(BlockKind::Notice(_))) {
                views.push(View::new(edit));
            }
        }
    }
    views
}

impl<'a> View<'a> {
    fn new(edit: &'a Edit) -> Self {
        Self {
            edit,
            old_taken: vec![false; edit.words.old.len()],
            new_taken: vec![false; edit.words.new.len()],
            explained: false,
            notation: false,
        }
    }

    /// The changed runs.
    pub(super) fn hunks(&self) -> &'a [Hunk] {
        &self.edit.words.hunks
    }

    /// The tokens of the old side.
    pub(super) fn old(&self) -> &'a [Token] {
        &self.edit.words.old
    }

    /// The tokens of the new side.
    pub(super) fn new_side(&self) -> &'a [Token] {
        &self.edit.words.new
    }

    /// Marks what a range of the old text holds as explained.
    pub(super) fn take_old(&mut self, range: &Range<usize>) {
        take(&self.edit.words.old, &mut self.old_taken, range);
    }

    /// Marks what a range of the new text holds as explained.
    pub(super) fn take_new(&mut self, range: &Range<usize>) {
        take(&self.edit.words.new, &mut self.new_taken, range);
    }

    /// The unexplained tokens of a changed run, on the old side.
    pub(super) fn free_old(&self, hunk: &Hunk) -> Vec<usize> {
        hunk.old.clone().filter(|&at| self.old_taken.get(at) == Some(&false)).collect()
    }

    /// The unexplained tokens of a changed run, on the new side.
    pub(super) fn free_new(&self, hunk: &Hunk) -> Vec<usize> {
        hunk.new.clone().filter(|&at| self.new_taken.get(at) == Some(&false)).collect()
    }

    /// Whether any changed word of the old side lies in `range`, or words were added inside it.
    pub(super) fn touches_old(&self, range: &Range<usize>) -> bool {
        self.hunks().iter().any(|h| touches(&words::bytes(self.old(), &h.old), range))
    }

    /// Whether any changed word of the new side lies in `range`, or words were cut inside it.
    pub(super) fn touches_new(&self, range: &Range<usize>) -> bool {
        self.hunks().iter().any(|h| touches(&words::bytes(self.new_side(), &h.new), range))
    }

    /// The place on the new side of an old token that did not change.
    pub(super) fn across(&self, at: usize) -> Option<usize> {
        let (mut old, mut new) = (0, 0);
        for hunk in self.hunks() {
            if at < hunk.old.start {
                break;
            }
            if at < hunk.old.end {
                return None;
            }
            (old, new) = (hunk.old.end, hunk.new.end);
        }
        Some(new + at - old)
    }
}

/// Whether a changed stretch lies in a range; an empty one counts strictly inside it only.
pub(super) fn touches(changed: &Range<usize>, range: &Range<usize>) -> bool {
    if changed.is_empty() {
        return range.start < changed.start && changed.start < range.end;
    }
    changed.start < range.end && range.start < changed.end
}

fn take(tokens: &[Token], taken: &mut [bool], range: &Range<usize>) {
    let from = tokens.partition_point(|token| token.range.end <= range.start);
    for (token, flag) in tokens.iter().zip(taken.iter_mut()).skip(from) {
        if token.range.start >= range.end {
            break;
        }
        *flag = true;
    }
}

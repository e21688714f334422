//! Edited pairs of sentences as the finders of changes use them: which changed words are explained.

use std::ops::Range;

use super::Aligned;
use crate::diff::ops::Edit;
use crate::diff::spans::Spans;
use crate::diff::tokens::Token;
use crate::diff::units;
use crate::diff::words::Hunk;
use crate::extract::page::BlockKind;

/// The edits of a comparison, and where they are.
pub(in crate::diff) struct Views<'a> {
    views: Vec<View<'a>>,
    by_old: Spans,
    by_new: Spans,
}

/// The bytes of a changed run, in the old text and in the new one.
pub(in crate::diff) type Bytes = (Range<usize>, Range<usize>);

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
    /// For each changed run, its bytes on both sides: in order, and not overlapping.
    runs: Vec<Bytes>,
}

impl<'a> Views<'a> {
    /// The edits outside notices; `notices.rs` reads notices itself.
    pub(super) fn of(aligned: Aligned<'a>) -> Self {
        let mut views = Vec::new();
        for op in aligned.ops {
            let units = aligned.new_units.get(op.new.clone()).unwrap_or_default();
            for edit in &op.edits {
                let at = units.partition_point(|unit| unit.range.start < edit.new.start);
                let unit = units.get(at).filter(|unit| unit.range.start == edit.new.start);
                let kind = unit.and_then(|unit| units::kind(aligned.new, unit));
                if !matches!(kind, Some(BlockKind::Notice(_))) {
                    views.push(View::new(edit));
                }
            }
        }
        let by_old = Spans::new(views.iter().map(|view| view.edit.old.clone()));
        let by_new = Spans::new(views.iter().map(|view| view.edit.new.clone()));
        Self { views, by_old, by_new }
    }

    /// All of them, in the order of the new text.
    pub(super) fn iter(&self) -> impl Iterator<Item = &View<'a>> {
        self.views.iter()
    }

    /// The same, to be marked.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut View<'a>> {
        self.views.iter_mut()
    }

    /// One of them.
    pub(super) fn get(&self, at: usize) -> Option<&View<'a>> {
        self.views.get(at)
    }

    /// One of them, to be marked.
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut View<'a>> {
        self.views.get_mut(at)
    }

    /// The places of those whose old side overlaps a range of the old text.
    pub(super) fn meeting_old(&self, range: &Range<usize>) -> Vec<usize> {
        self.by_old.meeting(range).collect()
    }

    /// The places of those whose new side overlaps a range of the new text.
    pub(super) fn meeting_new(&self, range: &Range<usize>) -> Vec<usize> {
        self.by_new.meeting(range).collect()
    }
}

impl<'a> View<'a> {
    fn new(edit: &'a Edit) -> Self {
        Self {
            edit,
            old_taken: vec![false; edit.words.old.len()],
            new_taken: vec![false; edit.words.new.len()],
            explained: false,
            notation: false,
            runs: edit.hunks().collect(),
        }
    }

    /// The changed runs.
    pub(super) fn hunks(&self) -> &'a [Hunk] {
        &self.edit.words.hunks
    }

    /// A changed run and its bytes on both sides.
    pub(super) fn run(&self, at: usize) -> Option<(&'a Hunk, &Bytes)> {
        self.hunks().get(at).zip(self.runs.get(at))
    }

    /// The tokens of the old side.
    pub(super) fn old(&self) -> &'a [Token] {
        &self.edit.words.old
    }

    /// The tokens of the new side.
    pub(super) fn new_side(&self) -> &'a [Token] {
        &self.edit.words.new
    }

    /// Marks the tokens in a range of the old text as explained.
    pub(super) fn take_old(&mut self, range: &Range<usize>) {
        take(&self.edit.words.old, &mut self.old_taken, range);
    }

    /// Marks the tokens in a range of the new text as explained.
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

    /// The places of the changed runs that lie in a range of the old text or at its ends.
    pub(super) fn runs_at_old(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.runs.partition_point(|(old, _)| old.end < range.start);
        first..self.runs.partition_point(|(old, _)| old.start <= range.end).max(first)
    }

    /// The places of the changed runs that lie in a range of the new text or at its ends.
    pub(super) fn runs_at_new(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.runs.partition_point(|(_, new)| new.end < range.start);
        first..self.runs.partition_point(|(_, new)| new.start <= range.end).max(first)
    }

    /// Whether any changed word of the old side is in `range`, or words were added inside it.
    pub(super) fn touches_old(&self, range: &Range<usize>) -> bool {
        let runs = self.runs.get(self.runs_at_old(range)).unwrap_or_default();
        runs.iter().any(|(old, _)| touches(old, range))
    }

    /// Whether any changed word of the new side is in `range`, or words were cut inside it.
    pub(super) fn touches_new(&self, range: &Range<usize>) -> bool {
        let runs = self.runs.get(self.runs_at_new(range)).unwrap_or_default();
        runs.iter().any(|(_, new)| touches(new, range))
    }

    /// The place on the new side of an old token that did not change.
    pub(super) fn across(&self, at: usize) -> Option<usize> {
        let behind = self.hunks().partition_point(|hunk| hunk.old.end <= at);
        if self.hunks().get(behind).is_some_and(|hunk| hunk.old.start <= at) {
            return None;
        }
        let last = behind.checked_sub(1).and_then(|before| self.hunks().get(before));
        let (old, new) = last.map_or((0, 0), |hunk| (hunk.old.end, hunk.new.end));
        Some(new + at - old)
    }
}

/// Whether a changed stretch is in a range; an empty one counts strictly inside it only.
pub(super) fn touches(changed: &Range<usize>, range: &Range<usize>) -> bool {
    if changed.is_empty() {
        return range.start < changed.start && changed.start < range.end;
    }
    changed.start < range.end && range.start < changed.end
}

/// The tokens that overlap a range.
pub(super) fn tokens_in(tokens: &[Token], range: &Range<usize>) -> Range<usize> {
    let first = tokens.partition_point(|token| token.range.end <= range.start);
    first..tokens.partition_point(|token| token.range.start < range.end).max(first)
}

fn take(tokens: &[Token], taken: &mut [bool], range: &Range<usize>) {
    let run = tokens_in(tokens, range);
    taken.get_mut(run).into_iter().flatten().for_each(|flag| *flag = true);
}

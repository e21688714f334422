//! Figures and dates whose value changed, with what they count.
//!
//! Two figures are one when their words meet in one changed run, or when words that did not change
//! line up inside both ("$50" and "$50 million"). Equal values in other notation are no change. What
//! the extractor missed is read here as a bare number, so that no changed digit is missed.

use std::collections::VecDeque;
use std::ops::Range;

use super::figure::{self, Class, Found};
use super::view::{View, tokens_in};
use super::{Aligned, Change, ChangeKind, numbers};
use crate::diff::normal::Map;
use crate::diff::spans::Spans;
use crate::diff::tokens::Token;
use crate::extract::page::{FigureKind, Page};

/// In one changed run a figure is compared with at most this many of the other side: the first that have no
/// partner. A run with more of them was rewritten as a whole.
const TRIED_MAX: usize = 24;

/// Reports figures and dates changed in an edit, and marks their words.
pub(super) fn find(aligned: Aligned<'_>, view: &mut View<'_>, found: &mut Vec<Change>) {
    notation(aligned, view);
    let mut old = figure::in_edit(aligned.old, view, false);
    let mut new = figure::in_edit(aligned.new, view, true);
    if old.is_empty() && new.is_empty() {
        return;
    }
    let mut others = Others::new(&new);
    for a in &mut old {
        let Some(at) = others.partner(aligned, view, a, &new) else { continue };
        let Some(b) = new.get_mut(at) else { continue };
        others.take(at);
        (a.paired, b.paired) = (true, true);
        pair(aligned, view, a, b, found);
    }
    across_rewording(aligned, view, &mut old, &mut new, found);
    only_days(aligned, view, &mut old, &mut new, found);
    vague(aligned, view, &old, true, found);
    vague(aligned, view, &new, false, found);
}

/// Runs that are as a whole the same amount in different notation ("1,150", "1 150"), however the
/// extractor read them.
fn notation(aligned: Aligned<'_>, view: &mut View<'_>) {
    for at in 0..view.hunks().len() {
        let Some((_, (a, b))) = view.run(at) else { continue };
        let (a, b) = (a.clone(), b.clone());
        let said = |page: &'_ Page, range: &Range<usize>| -> String {
            page.text.get(range.clone()).unwrap_or_default().to_owned()
        };
        if numbers::same_amount(&said(aligned.old, &a), &said(aligned.new, &b)) {
            view.notation = true;
            view.take_old(&a);
            view.take_new(&b);
        }
    }
}

/// The figures of the new side, and which of them have no partner yet.
struct Others {
    spans: Spans,
    /// For each, the next one at or after it that has no partner, as far as is known.
    next: Vec<usize>,
}

impl Others {
    fn new(figures: &[Found<'_>]) -> Self {
        let spans = Spans::new(figures.iter().map(|figure| figure.range.clone()));
        Self { spans, next: (0..=figures.len()).collect() }
    }

    fn take(&mut self, at: usize) {
        if let Some(next) = self.next.get_mut(at) {
            *next = at + 1;
        }
    }

    /// The first at or after `at` that has no partner; paths are compressed (Tarjan 1975).
    fn free_from(&mut self, mut at: usize) -> usize {
        while let Some(&next) = self.next.get(at).filter(|&&next| next != at) {
            let further = self.next.get(next).copied().unwrap_or(next);
            if let Some(slot) = self.next.get_mut(at) {
                *slot = further;
            }
            at = next;
        }
        at
    }

    /// The figure of the new side that a figure of the old side became.
    fn partner(
        &mut self,
        aligned: Aligned<'_>,
        view: &View<'_>,
        a: &Found<'_>,
        new: &[Found<'_>],
    ) -> Option<usize> {
        let touched = view.touches_old(&a.range);
        // Figures whose words line up with this one's come first if they are found both ways.
        let mut tried: Vec<(usize, bool)> = Vec::new();
        for at in tokens_in(view.old(), &a.range) {
            let token = view.old().get(at).filter(|token| token.is_word());
            let across = token.and_then(|_| view.across(at)).and_then(|at| view.new_side().get(at));
            if let Some(token) = across {
                tried.extend(self.spans.meeting(&token.range).map(|at| (at, true)));
            }
        }
        for run in view.runs_at_old(&a.range) {
            let Some((_, (x, y))) = view.run(run) else { continue };
            if !(x.start < a.range.end && a.range.start < x.end) {
                continue;
            }
            let Some(first) = self.spans.meeting(y).next() else { continue };
            let mut at = self.free_from(first);
            let mut count = 0;
            while let Some(b) = new.get(at).filter(|b| b.range.start < y.end) {
                if count == TRIED_MAX {
                    aligned.budget.coarsen();
                    break;
                }
                if y.start < b.range.end {
                    tried.push((at, false));
                }
                count += 1;
                at = self.free_from(at + 1);
            }
        }
        tried.sort_by_key(|&(at, shared)| (at, !shared));
        tried.dedup_by_key(|&mut (at, _)| at);
        if !aligned.budget.spend(1 + tried.len()) {
            return None;
        }
        let mut best: Option<(u8, usize)> = None;
        for (at, shared) in tried {
            let Some(b) = new.get(at).filter(|b| !b.paired) else { continue };
            if !(touched || view.touches_new(&b.range))
                || !a.class().comparable().contains(&b.class())
            {
                continue;
            }
            // Equal values first, then those that share words, then like kinds, then order.
            let score = 8 * u8::from(a.same_value(b))
                + 4 * u8::from(shared)
                + 2 * u8::from(a.kind == b.kind)
                + u8::from(a.counts_alike(b));
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, at));
            }
        }
        best.map(|(_, at)| at)
    }
}

/// Across a rewording, figures are matched by what they count.
fn across_rewording<'a>(
    aligned: Aligned<'_>,
    view: &mut View<'_>,
    old: &mut [Found<'a>],
    new: &mut [Found<'a>],
    found: &mut Vec<Change>,
) {
    let mut open: Map<(String, Class), VecDeque<usize>> = Map::default();
    for (at, b) in new.iter().enumerate().filter(|(_, b)| !b.paired && view.touches_new(&b.range)) {
        if let Some(counts) = b.counts() {
            open.entry((counts.to_owned(), b.class())).or_default().push_back(at);
        }
    }
    if open.is_empty() {
        return;
    }
    for a in old.iter_mut().filter(|a| !a.paired) {
        let Some(counts) = a.counts().filter(|_| view.touches_old(&a.range)) else { continue };
        let lists = a.class().comparable().iter().map(|class| (counts.to_owned(), *class));
        let first = lists
            .filter_map(|list| Some((*open.get(&list)?.front()?, list)))
            .min_by_key(|&(at, _)| at);
        let Some((at, list)) = first else { continue };
        open.get_mut(&list).map(VecDeque::pop_front);
        let Some(b) = new.get_mut(at) else { continue };
        (a.paired, b.paired) = (true, true);
        pair(aligned, view, a, b, found);
    }
}

/// A removed day and an added day are one changed day if no other day changed: "from Monday to Tuesday",
/// "from Tuesday to Wednesday".
fn only_days<'a>(
    aligned: Aligned<'_>,
    view: &mut View<'_>,
    old: &mut [Found<'a>],
    new: &mut [Found<'a>],
    found: &mut Vec<Change>,
) {
    let is_day = |f: &Found<'_>| !f.paired && f.class() == figure::Class::Day;
    let mut gone = old.iter_mut().filter(|a| is_day(a) && view.touches_old(&a.range));
    let (Some(a), None) = (gone.next(), gone.next()) else { return };
    let mut came = new.iter_mut().filter(|b| is_day(b) && view.touches_new(&b.range));
    let (Some(b), None) = (came.next(), came.next()) else { return };
    (a.paired, b.paired) = (true, true);
    pair(aligned, view, a, b, found);
}

fn pair(
    aligned: Aligned<'_>,
    view: &mut View<'_>,
    a: &Found<'_>,
    b: &Found<'_>,
    found: &mut Vec<Change>,
) {
    if a.same_value(b) {
        view.notation = true;
    } else {
        // If only the unit differs ("4%", "4 points"), it is shown on both sides.
        let (mut x, mut y) = (a.range.clone(), b.range.clone());
        if a.same_digits(b) {
            let unit = |f: &Found<'_>| f.figure.is_some_and(|figure| figure.unit.is_some());
            if unit(a) && !unit(b) {
                y = with_next_word(&aligned.new.text, view.new_side(), y);
            } else if unit(b) && !unit(a) {
                x = with_next_word(&aligned.old.text, view.old(), x);
            }
        }
        let mut change = Change::new(change_kind(a, b))
            .at(Some((&aligned.old.text, x.clone())), Some((&aligned.new.text, y.clone())));
        view.take_old(&x);
        view.take_new(&y);
        change.about = about(b).or_else(|| about(a));
        found.push(change);
        view.explained = true;
    }
    view.take_old(&a.range);
    view.take_new(&b.range);
    agreement(aligned, view, a, b);
}

/// A figure with the word after it.
fn with_next_word(text: &str, side: &[Token], range: Range<usize>) -> Range<usize> {
    let next = side.get(side.partition_point(|token| token.range.start < range.end));
    let near = |token: &&Token| {
        let between = text.get(range.end..token.range.start).unwrap_or("  ");
        token.is_word() && between.chars().count() <= 1
    };
    next.filter(near).map_or(range.clone(), |token| range.start..token.range.end)
}

fn about(f: &Found<'_>) -> Option<String> {
    f.figure.and_then(|figure| figure.counts.clone())
}

/// A date, a day or a time of day is `date-changed`; every other figure, durations too, is a figure.
fn change_kind(a: &Found<'_>, b: &Found<'_>) -> ChangeKind {
    let dated = |f: &Found<'_>| match f.kind {
        FigureKind::Date => true,
        FigureKind::Time => f.figure.is_none_or(|figure| figure.unit.is_none()),
        _ => false,
    };
    // Four digits that became a number which is not a year were not a year: 1500 homes, now 15000.
    let count = |f: &Found<'_>| {
        let year = |value: f64| (1_500.0..=2_200.0).contains(&value);
        f.kind == FigureKind::Number && f.number().is_some_and(|value| !year(value))
    };
    let bare = |f: &Found<'_>| {
        f.kind == FigureKind::Date
            && f.text.len() == 4
            && f.text.bytes().all(|b| b.is_ascii_digit())
    };
    if bare(a) && count(b) || bare(b) && count(a) {
        return ChangeKind::FigureChanged;
    }
    if dated(a) || dated(b) { ChangeKind::DateChanged } else { ChangeKind::FigureChanged }
}

/// "people" in place of "person" follows the number, if it is in the same changed run.
fn agreement(aligned: Aligned<'_>, view: &mut View<'_>, a: &Found<'_>, b: &Found<'_>) {
    let word = |page: &Page, token: Option<&Token>| -> String {
        token.and_then(|t| page.text.get(t.range.clone())).unwrap_or_default().to_owned()
    };
    let next = |side: &[Token], end: usize| side.partition_point(|token| token.range.start < end);
    let (i, j) = (next(view.old(), a.range.end), next(view.new_side(), b.range.end));
    let (x, y) = (view.old().get(i).cloned(), view.new_side().get(j).cloned());
    let (p, q) = (word(aligned.old, x.as_ref()), word(aligned.new, y.as_ref()));
    let follows = !p.is_empty() && p != q && super::text::stem(&p) == super::text::stem(&q);
    // A word that the extractor knows as a unit on only one side ("2 euros", "2 crowns") counts as one on both.
    let unit = |f: &Found<'_>| f.figure.is_some_and(|figure| figure.unit.is_some());
    let counted = |f: &Found<'_>, word: &str| {
        f.figure.and_then(|figure| figure.counts.as_deref()) == Some(word)
    };
    if unit(a) && !unit(b) && counted(b, &q) {
        y.iter().for_each(|token| view.take_new(&token.range));
    } else if unit(b) && !unit(a) && counted(a, &p) {
        x.iter().for_each(|token| view.take_old(&token.range));
    }
    if follows {
        if let Some(token) = x {
            view.take_old(&token.range);
        }
        if let Some(token) = y {
            view.take_new(&token.range);
        }
    }
}

/// The most words that may replace a figure.
const VAGUE_WORDS_MAX: usize = 3;

/// A figure that was replaced by a few other words ("12" to "several"), or replaced them.
fn vague(
    aligned: Aligned<'_>,
    view: &mut View<'_>,
    figures: &[Found<'_>],
    old: bool,
    found: &mut Vec<Change>,
) {
    // The result is the same for every figure of a run.
    let mut judged = None;
    for figure in figures.iter().filter(|f| !f.paired && f.figure.is_some()) {
        let near =
            if old { view.runs_at_old(&figure.range) } else { view.runs_at_new(&figure.range) };
        let meets = |at: &usize| {
            view.run(*at).is_some_and(|(_, (x, y))| {
                let run = if old { x } else { y };
                run.start < figure.range.end && figure.range.start < run.end
            })
        };
        let Some(at) = near.into_iter().find(meets).filter(|at| judged != Some(*at)) else {
            continue;
        };
        judged = Some(at);
        let Some(hunk) = view.hunks().get(at) else { continue };
        let (mine, theirs) = if old {
            (view.free_old(hunk), view.free_new(hunk))
        } else {
            (view.free_new(hunk), view.free_old(hunk))
        };
        let side = if old { view.new_side() } else { view.old() };
        let replaced =
            theirs.iter().filter(|&&at| side.get(at).is_some_and(Token::is_word)).count();
        if replaced == 0 || replaced > VAGUE_WORDS_MAX || mine.len() > VAGUE_WORDS_MAX + 1 {
            continue;
        }
        let (Some(first), Some(last)) = (
            theirs.first().and_then(|&at| side.get(at)),
            theirs.last().and_then(|&at| side.get(at)),
        ) else {
            continue;
        };
        let other = first.range.start..last.range.end;
        let (a, b) =
            if old { (figure.range.clone(), other) } else { (other, figure.range.clone()) };
        let kind = change_kind(figure, figure);
        let mut change = Change::new(kind)
            .at(Some((&aligned.old.text, a.clone())), Some((&aligned.new.text, b.clone())));
        change.about = about(figure);
        found.push(change);
        view.explained = true;
        view.take_old(&a);
        view.take_new(&b);
    }
}

//! Quotations between two versions: added, removed, altered, given to another speaker.
//!
//! Quotations are matched over the whole page, because they span sentences and move: first those
//! whose words are equal, then the most similar, with a bonus for those in aligned sentences. A quotation that
//! the extractor finds in one version and misses in the other, in unchanged text, is no
//! change. A number or a name changed inside a quotation is an altered quotation and nothing else.

use std::ops::Range;

use super::speakers::{name_words, same_speaker};
use super::view::{self, View, Views};
use super::{Aligned, Change, ChangeKind, alike, numbers, speakers};
use crate::diff::normal::{self, Map};
use crate::diff::ops::OpKind;
use crate::diff::units::{self, Unit};
use crate::diff::{tokens, words};
use crate::extract::page::{BlockKind, Page, Quote, QuoteKind};

/// The indices of the quotations that count, on both sides.
pub(super) struct Quoted {
    pub old: Vec<usize>,
    pub new: Vec<usize>,
}

/// Reports the changes of quotations, and marks the words they explain.
pub(super) fn find(aligned: Aligned<'_>, views: &mut Views<'_>, found: &mut Vec<Change>) -> Quoted {
    let old = real(aligned.old);
    let new = real(aligned.new);
    let touched_old = changed(aligned, views, false);
    let touched_new = changed(aligned, views, true);
    let (mut pairs, mut gone, mut fresh) = equal(aligned, &old, &new);
    let was_touched =
        |i: &usize| quote(aligned.old, *i).is_some_and(|q| hit(&touched_old, &q.range));
    let is_touched =
        |j: &usize| quote(aligned.new, *j).is_some_and(|q| hit(&touched_new, &q.range));
    // A quotation that lost a sentence has nothing new in it, so one touched side is enough to pair.
    let mut likely = alike::pairs(aligned, views, &mut gone, &mut fresh);
    likely.retain(|(i, j)| was_touched(i) || is_touched(j));
    pairs.extend(likely);
    gone.retain(was_touched);
    fresh.retain(is_touched);
    let mut marks = Marks::default();
    for (i, j) in pairs {
        if let (Some(a), Some(b)) = (quote(aligned.old, i), quote(aligned.new, j)) {
            altered(aligned, views, a, b, found);
            let near = hit(&touched_old, &around(aligned.old, aligned.old_units, a))
                || hit(&touched_new, &around(aligned.new, aligned.new_units, b));
            if near {
                reattributed(aligned, views, a, b, &mut marks, found);
            }
        }
    }
    for q in gone.iter().filter_map(|&i| quote(aligned.old, i)) {
        let old = Some((aligned.old.text.as_str(), q.range.clone()));
        found.push(spoken(Change::new(ChangeKind::QuoteRemoved).at(old, None), q, false));
        explain_removed(views, q, &mut marks);
    }
    for q in fresh.iter().filter_map(|&j| quote(aligned.new, j)) {
        let new = Some((aligned.new.text.as_str(), q.range.clone()));
        found.push(spoken(Change::new(ChangeKind::QuoteAdded).at(None, new), q, true));
        explain_added(views, q, &mut marks);
    }
    marks.take_attributions(aligned, views);
    Quoted { old, new }
}

/// Words that are marked once for all quotations of a sentence, not once for each.
#[derive(Default)]
struct Marks {
    /// The surroundings, on both sides, whose changed words are explained by a changed speaker.
    around: Map<[usize; 4], ()>,
    /// Keyed by view, whether the new side, and speaker: the attributions that are explained.
    speakers: Map<(usize, bool, String), ()>,
}

impl Marks {
    /// Marks the words of attribution and of the speakers' names.
    fn take_attributions(self, aligned: Aligned<'_>, views: &mut Views<'_>) {
        let mut names: Map<(usize, bool), Map<String, ()>> = Map::default();
        for (at, new, speaker) in self.speakers.into_keys() {
            let words = names.entry((at, new)).or_default();
            words.extend(name_words(&speaker).into_iter().map(|word| (word, ())));
        }
        for ((at, new), names) in names {
            let Some(view) = views.get_mut(at) else { continue };
            let (page, side) =
                if new { (aligned.new, view.new_side()) } else { (aligned.old, view.old()) };
            aligned.budget.note(side.len());
            for token in side {
                let word = page.text.get(token.range.clone()).unwrap_or_default().to_lowercase();
                match names.contains_key(&word) {
                    true if new => view.take_new(&token.range),
                    true => view.take_old(&token.range),
                    false => {}
                }
            }
        }
    }

    fn attribution(&mut self, view: &mut View<'_>, at: usize, new: bool, q: &Quote) {
        if let Some(cue) = q.cue.as_ref().filter(|cue| !cue.range.is_empty()) {
            if new { view.take_new(&cue.range) } else { view.take_old(&cue.range) }
        }
        if let Some(speaker) = &q.speaker {
            self.speakers.insert((at, new, speaker.name.clone()), ());
        }
    }
}

fn quote(page: &Page, at: usize) -> Option<&Quote> {
    page.quotes.get(at)
}

fn spoken(mut change: Change, q: &Quote, new: bool) -> Change {
    change.speaker = q.speaker.as_ref().map(|speaker| speaker.name.clone());
    let said = Some(words_said(q));
    if new {
        change.after = said;
    } else {
        change.before = said;
    }
    change
}

/// What was said, without the comma that leads back to the sentence around it.
fn words_said(q: &Quote) -> String {
    q.text.trim_end().trim_end_matches(',').to_owned()
}

/// Quotations outside notices, without titles and scare quotes.
fn real(page: &Page) -> Vec<usize> {
    let in_notice = |q: &Quote| {
        let block = page.sentences.get(q.sentence).and_then(|s| page.blocks.get(s.block));
        block.is_some_and(|block| matches!(block.kind, BlockKind::Notice(_)))
    };
    let scare = |q: &Quote| {
        q.kind == QuoteKind::Fragment
            && q.speaker.is_none()
            && q.cue.is_none()
            && q.text.split_whitespace().count() <= 3
    };
    let quotes = page.quotes.iter().enumerate();
    quotes.filter(|(_, q)| !in_notice(q) && !scare(q)).map(|(at, _)| at).collect()
}

/// The stretches of one side that were added, removed or changed, sorted.
fn changed(aligned: Aligned<'_>, views: &Views<'_>, new: bool) -> Vec<Range<usize>> {
    let (units, gone) =
        if new { (aligned.new_units, OpKind::Insert) } else { (aligned.old_units, OpKind::Delete) };
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for op in aligned.ops.iter().filter(|op| op.kind == gone) {
        let run = if new { op.new.clone() } else { op.old.clone() };
        stretches.extend(units.get(run).unwrap_or_default().iter().map(|u: &Unit| u.range.clone()));
    }
    for view in views.iter() {
        for (a, b) in view.edit.hunks() {
            stretches.push(if new { b } else { a });
        }
    }
    stretches.sort_by_key(|stretch| stretch.start);
    stretches
}

fn hit(stretches: &[Range<usize>], range: &Range<usize>) -> bool {
    // Stretches of one side do not overlap, so their ends are sorted too.
    let from = stretches.partition_point(|stretch| stretch.end < range.start);
    let rest = stretches.get(from..).unwrap_or_default();
    rest.iter().take_while(|s| s.start <= range.end).any(|s| view::touches(s, range))
}

/// The sentences a quotation is in.
fn around(page: &Page, units: &[Unit], q: &Quote) -> Range<usize> {
    let mut range = q.range.clone();
    let first = units.partition_point(|unit| unit.range.end <= q.range.start);
    for unit in units.iter().skip(first).take_while(|unit| unit.range.start < q.range.end) {
        range = range.start.min(unit.range.start)..range.end.max(unit.range.end);
    }
    // A speaker may be named in the sentence before a quotation that fills its own.
    if let Some(before) = first.checked_sub(1).and_then(|at| units.get(at))
        && units.get(first).is_some_and(|unit| unit.block == before.block)
        && units::kind(page, before).is_some()
    {
        range.start = before.range.start;
    }
    range
}

fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '.' | ';'))
}

type Matched = (Vec<(usize, usize)>, Vec<usize>, Vec<usize>);

/// Pairs quotations of equal words; gives the pairs and what is left on both sides.
fn equal(aligned: Aligned<'_>, old: &[usize], new: &[usize]) -> Matched {
    let key = |page: &Page, at: usize| quote(page, at).map_or(0, |q| normal::key(bare(&q.text)));
    let mut places: Map<u64, Vec<usize>> = Map::default();
    for &j in new.iter().rev() {
        places.entry(key(aligned.new, j)).or_default().push(j);
    }
    let mut pairs = Vec::new();
    let mut gone = Vec::new();
    for &i in old {
        match places.get_mut(&key(aligned.old, i)).and_then(Vec::pop) {
            Some(j) => pairs.push((i, j)),
            None => gone.push(i),
        }
    }
    let taken: Map<usize, ()> = pairs.iter().map(|&(_, j)| (j, ())).collect();
    let fresh = new.iter().copied().filter(|j| !taken.contains_key(j)).collect();
    (pairs, gone, fresh)
}

pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

fn altered(
    aligned: Aligned<'_>,
    views: &mut Views<'_>,
    a: &Quote,
    b: &Quote,
    found: &mut Vec<Change>,
) {
    aligned.budget.note(a.text.len() + b.text.len());
    if normal::same_words(bare(&a.text), bare(&b.text)) {
        return;
    }
    let (old, new) = (&aligned.old.text, &aligned.new.text);
    let diff = words::diff(old, a.range.clone(), new, b.range.clone(), aligned.budget);
    let hunks: Vec<_> = diff
        .hunks
        .iter()
        .map(|h| (words::bytes(&diff.old, &h.old), words::bytes(&diff.new, &h.new)))
        .collect();
    let notation = hunks.iter().all(|(a, b)| {
        let (a, b) =
            (old.get(a.clone()).unwrap_or_default(), new.get(b.clone()).unwrap_or_default());
        !a.chars().chain(b.chars()).any(char::is_alphanumeric) || numbers::same_amount(a, b)
    });
    if notation {
        // "5" for "five" does not change the words of a quotation.
        for at in views.meeting_new(&b.range) {
            let Some(view) = views.get_mut(at) else { continue };
            view.notation |= view.touches_new(&b.range);
        }
        return;
    }
    let mut change = Change::new(ChangeKind::QuoteAltered)
        .at(Some((old, a.range.clone())), Some((new, b.range.clone())));
    change.before = Some(words_said(a));
    change.after = Some(words_said(b));
    change.speaker = b.speaker.as_ref().or(a.speaker.as_ref()).map(|s| s.name.clone());
    change.words = hunks;
    found.push(change);
    let mut near = views.meeting_old(&a.range);
    near.extend(views.meeting_new(&b.range));
    for at in near {
        let Some(view) = views.get_mut(at) else { continue };
        view.explained |= view.touches_old(&a.range) || view.touches_new(&b.range);
        view.take_old(&a.range);
        view.take_new(&b.range);
    }
}

pub(super) fn speakers_agree(a: &Quote, b: &Quote) -> bool {
    match (&a.speaker, &b.speaker) {
        (Some(a), Some(b)) => same_speaker(&a.name, &b.name),
        _ => false,
    }
}

fn reattributed(
    aligned: Aligned<'_>,
    views: &mut Views<'_>,
    a: &Quote,
    b: &Quote,
    marks: &mut Marks,
    found: &mut Vec<Change>,
) {
    let (Some(before), Some(after)) = (&a.speaker, &b.speaker) else { return };
    if same_speaker(&before.name, &after.name)
        || [aligned.old_capitals, aligned.new_capitals].into_iter().any(|capitals| {
            speakers::called(capitals, &before.name, &after.name, aligned.budget)
                || speakers::called(capitals, &after.name, &before.name, aligned.budget)
        })
    {
        return;
    }
    let mut change =
        Change::new(ChangeKind::QuoteReattributed).says(Some(&before.name), Some(&after.name));
    change.speaker = Some(after.name.clone());
    change.old_range = Some(a.range.clone());
    change.new_range = Some(b.range.clone());
    change.about = Some(words_said(b));
    found.push(change);
    // The attribution around the quotation changed; a figure next to it is not part of it.
    let old = around(aligned.old, aligned.old_units, a);
    let new = around(aligned.new, aligned.new_units, b);
    if marks.around.insert([old.start, old.end, new.start, new.end], ()).is_some() {
        return;
    }
    let figure = |text: &str, range: &Range<usize>| {
        text.get(range.clone()).unwrap_or_default().chars().any(|c| c.is_ascii_digit())
    };
    for at in views.meeting_new(&new) {
        let Some(view) = views.get_mut(at) else { continue };
        for run in view.runs_at_new(&new) {
            aligned.budget.note(1);
            let Some((_, (x, y))) = view.run(run) else { continue };
            let (x, y) = (x.clone(), y.clone());
            let inside = old.start <= x.start
                && x.end <= old.end
                && new.start <= y.start
                && y.end <= new.end;
            if inside && !figure(&aligned.old.text, &x) && !figure(&aligned.new.text, &y) {
                view.explained = true;
                view.take_old(&x);
                view.take_new(&y);
            }
        }
    }
}

fn explain_added(views: &mut Views<'_>, q: &Quote, marks: &mut Marks) {
    for at in views.meeting_new(&q.range) {
        let Some(view) = views.get_mut(at) else { continue };
        view.explained = true;
        view.take_new(&q.range);
        marks.attribution(view, at, true, q);
        for run in view.runs_at_new(&q.range) {
            // A run that a quotation replaced is explained by it.
            let Some((hunk, (stood, _))) = view.run(run) else { continue };
            if mostly(view.new_side(), &hunk.new, &q.range) {
                let stood = stood.clone();
                view.take_old(&stood);
            }
        }
    }
}

fn explain_removed(views: &mut Views<'_>, q: &Quote, marks: &mut Marks) {
    for at in views.meeting_old(&q.range) {
        let Some(view) = views.get_mut(at) else { continue };
        view.explained = true;
        view.take_old(&q.range);
        marks.attribution(view, at, false, q);
        for run in view.runs_at_old(&q.range) {
            let Some((hunk, (_, stands))) = view.run(run) else { continue };
            if mostly(view.old(), &hunk.old, &q.range) {
                let stands = stands.clone();
                view.take_new(&stands);
            }
        }
    }
}

/// Whether a range holds half of a run of tokens or more.
fn mostly(side: &[tokens::Token], run: &Range<usize>, range: &Range<usize>) -> bool {
    let inside = side.get(run.clone()).unwrap_or_default();
    let first = inside.partition_point(|token| token.range.start < range.start);
    let quoted = inside.partition_point(|token| token.range.end <= range.end).saturating_sub(first);
    quoted > 0 && quoted * 2 >= inside.len()
}

//! Which quotations of the old text became which quotations of the new one, where their words differ.
//!
//! The most similar are paired, with a bonus for those in aligned sentences. If there are few, each is compared
//! with all; if there are many, only with those in the same edits and those that share rare words with it.

use std::ops::Range;

use super::Aligned;
use super::quotes::{overlap, speakers_agree};
use super::view::{View, Views};
use crate::diff::bag::{Bag, Postings};
use crate::diff::spans::Spans;
use crate::extract::page::{Page, Quote};

/// The least similarity of two quotations that count as one altered quotation.
const ALIKE_MIN: f32 = 0.5;
/// The same where their sentences are aligned.
const ALIKE_ALIGNED_MIN: f32 = 0.3;
/// Up to this many pairs, each quotation is compared with all of the other side.
const ALL_PAIRS_MAX: usize = 1_024;
/// Within one edit a quotation is compared with at most this many, at similar places.
const IN_EDIT_MAX: usize = 8;

/// A quotation that has no partner yet.
struct Open<'a> {
    quote: &'a Quote,
    words: usize,
    bag: Bag,
    /// The places of the edits it stands in.
    edits: Vec<usize>,
}

impl<'a> Open<'a> {
    fn of(page: &'a Page, at: usize, edits: impl Fn(&Range<usize>) -> Vec<usize>) -> Option<Self> {
        let quote = page.quotes.get(at)?;
        let words = quote.text.split_whitespace().count();
        let edits = edits(&quote.range);
        Some(Self { quote, words, bag: Bag::plain(&quote.text), edits })
    }
}

/// Pairs the most similar of the remaining quotations on both sides, and removes them.
pub(super) fn pairs(
    aligned: Aligned<'_>,
    views: &Views<'_>,
    gone: &mut Vec<usize>,
    fresh: &mut Vec<usize>,
) -> Vec<(usize, usize)> {
    if gone.is_empty() || fresh.is_empty() {
        return Vec::new();
    }
    let meeting_old = |range: &Range<usize>| views.meeting_old(range);
    let meeting_new = |range: &Range<usize>| views.meeting_new(range);
    let old: Vec<_> =
        gone.iter().filter_map(|&at| Open::of(aligned.old, at, meeting_old)).collect();
    let new: Vec<_> =
        fresh.iter().filter_map(|&at| Open::of(aligned.new, at, meeting_new)).collect();
    let mut scored = Vec::new();
    let tried = Tried::new(aligned, views, &old, &new);
    for (i, a) in old.iter().enumerate() {
        for j in tried.beside(aligned, i, a) {
            let Some(b) = new.get(j) else { continue };
            let steps = 1 + a.edits.len().min(b.edits.len()) + a.bag.steps_to(&b.bag);
            if !aligned.budget.spend(steps) {
                break;
            }
            scored.extend(score(views, a, b).map(|score| (score, i, j)));
        }
    }
    scored.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    let (mut taken_old, mut taken_new) = (vec![false; gone.len()], vec![false; fresh.len()]);
    let mut pairs = Vec::new();
    for (_, i, j) in scored {
        let (Some(a), Some(b)) = (taken_old.get_mut(i), taken_new.get_mut(j)) else { continue };
        if !*a && !*b {
            (*a, *b) = (true, true);
            pairs.extend(gone.get(i).copied().zip(fresh.get(j).copied()));
        }
    }
    for (places, taken) in [(gone, taken_old), (fresh, taken_new)] {
        let mut taken = taken.into_iter();
        places.retain(|_| !taken.next().unwrap_or(false));
    }
    pairs
}

/// The similarity of two quotations, with bonuses for evidence that they are one; none where they are two.
fn score(views: &Views<'_>, a: &Open<'_>, b: &Open<'_>) -> Option<f32> {
    let is_linked = shared_edits(views, a, b).next().is_some();
    let (short, long) = if a.quote.text.len() <= b.quote.text.len() { (a, b) } else { (b, a) };
    // One that was cut to a part is still that quotation.
    let part = if short.words >= 4 { short.bag.held(&long.bag) - 0.25 } else { 0.0 };
    let like = a.bag.alike(&b.bag).max(part);
    let least = if is_linked { ALIKE_ALIGNED_MIN } else { ALIKE_MIN };
    let same = a.quote.speaker.is_some() && speakers_agree(a.quote, b.quote);
    // Two words in the same place by the same speaker are one quotation reworded.
    let reworded = is_linked
        && same
        && short.words <= 4
        && shared_edits(views, a, b).any(|view| in_one_run(view, a.quote, b.quote));
    ((like >= least && (is_linked || short.words >= 4)) || reworded)
        .then_some(like + if is_linked { 0.2 } else { 0.0 } + if same { 0.05 } else { 0.0 })
}

/// The edits that contain both, searched among those of the quotation with fewer edits.
fn shared_edits<'v, 'a>(
    views: &'v Views<'a>,
    a: &'v Open<'_>,
    b: &'v Open<'_>,
) -> impl Iterator<Item = &'v View<'a>> {
    let fewer = if a.edits.len() <= b.edits.len() { &a.edits } else { &b.edits };
    let (a, b) = (&a.quote.range, &b.quote.range);
    let both = |view: &&View<'_>| overlap(&view.edit.old, a) && overlap(&view.edit.new, b);
    fewer.iter().filter_map(|&at| views.get(at)).filter(both)
}

fn in_one_run(view: &View<'_>, a: &Quote, b: &Quote) -> bool {
    let short = a.text.len() <= b.text.len();
    let runs = if short { view.runs_at_old(&a.range) } else { view.runs_at_new(&b.range) };
    let mut runs = runs.filter_map(|at| view.run(at));
    runs.any(|(_, (old, new))| overlap(old, &a.range) && overlap(new, &b.range))
}

/// Which of the new quotations an old one is compared with.
enum Tried {
    /// All of them.
    All(usize),
    /// Those in the same edits, and those that share rare words.
    Near { in_edits: Vec<InEdit>, rare: Postings },
}

/// The quotations of one edit, by their places among those that are open.
#[derive(Default)]
struct InEdit {
    old: Vec<usize>,
    new: Vec<usize>,
}

impl Tried {
    fn new(aligned: Aligned<'_>, views: &Views<'_>, old: &[Open<'_>], new: &[Open<'_>]) -> Self {
        if old.len().saturating_mul(new.len()) <= ALL_PAIRS_MAX {
            return Self::All(new.len());
        }
        let spans =
            |side: &[Open<'_>]| Spans::new(side.iter().map(|open| open.quote.range.clone()));
        let (by_old, by_new) = (spans(old), spans(new));
        let inside = |spans: &Spans, range: &Range<usize>| -> Vec<usize> {
            let found: Vec<usize> = spans.meeting(range).collect();
            aligned.budget.note(found.len());
            found
        };
        let in_edits = views.iter().map(|view| InEdit {
            old: inside(&by_old, &view.edit.old),
            new: inside(&by_new, &view.edit.new),
        });
        Self::Near { in_edits: in_edits.collect(), rare: Postings::of(new.iter().map(|o| &o.bag)) }
    }

    fn beside(&self, aligned: Aligned<'_>, i: usize, a: &Open<'_>) -> Vec<usize> {
        match self {
            Self::All(count) => (0..*count).collect(),
            Self::Near { in_edits, rare } => {
                let mut found = rare.shortlist(&a.bag, aligned.budget).unwrap_or_default();
                for edit in a.edits.iter().filter_map(|&at| in_edits.get(at)) {
                    let place = edit.old.partition_point(|&old| old < i);
                    let like = place * edit.new.len() / edit.old.len().max(1);
                    let first = like.saturating_sub(IN_EDIT_MAX / 2);
                    found.extend(edit.new.iter().skip(first).take(IN_EDIT_MAX));
                    if edit.new.len() > IN_EDIT_MAX {
                        aligned.budget.coarsen();
                    }
                }
                found.sort_unstable();
                found.dedup();
                found
            }
        }
    }
}

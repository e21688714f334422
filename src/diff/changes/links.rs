//! Where the links of the article lead: elsewhere, added, taken out.
//!
//! Only links of text that is in both versions. Links of added or removed text are added or removed with it.

use std::collections::VecDeque;
use std::ops::Range;

use super::page_facts::{address, on_page};
use super::view::tokens_in;
use super::{Aligned, Change, ChangeKind};
use crate::diff::normal::{self, Map};
use crate::diff::ops::{Edit, Op, OpKind};
use crate::diff::spans::Spans;
use crate::diff::tokens::Token;
use crate::diff::units::Unit;
use crate::extract::page::Page;

/// At most this many links per edited sentence are looked up among its words when their own words changed.
const SOUGHT_MAX: usize = 32;

/// The changes of links in what is in both versions.
pub(super) fn find(aligned: Aligned<'_>) -> Vec<Change> {
    let mut found = Vec::new();
    if aligned.old.links.is_empty() && aligned.new.links.is_empty() {
        return found;
    }
    let spans = |page: &Page| Spans::new(page.links.iter().map(|link| link.range.clone()));
    let (old, new) = (spans(aligned.old), spans(aligned.new));
    for op in aligned.ops {
        if matches!(op.kind, OpKind::Insert | OpKind::Delete) {
            continue;
        }
        let (Some(a), Some(b)) =
            (bytes(aligned.old_units, &op.old), bytes(aligned.new_units, &op.new))
        else {
            continue;
        };
        let inside = |page: &Page, spans: &Spans, range: &Range<usize>| -> Vec<usize> {
            let ends = |at: &usize| page.links.get(*at).is_some_and(|l| l.range.end <= range.end);
            spans.beginning_in(range).filter(ends).collect()
        };
        let (old, new) = (inside(aligned.old, &old, &a), inside(aligned.new, &new, &b));
        aligned.budget.note(old.len() + new.len());
        in_op(aligned, op, &old, &new, &mut found);
    }
    found
}

fn bytes(units: &[Unit], range: &Range<usize>) -> Option<Range<usize>> {
    let units = units.get(range.clone())?;
    Some(units.first()?.range.start..units.last()?.range.end)
}

/// The items that wait under a key, in order.
type Queues<K> = Map<K, VecDeque<usize>>;

fn in_op(aligned: Aligned<'_>, op: &Op, old: &[usize], new: &[usize], found: &mut Vec<Change>) {
    let target = |page: &'_ Page, at: usize| {
        page.links.get(at).map(|link| address(&on_page(&link.href, page))).unwrap_or_default()
    };
    // First those with an unchanged target, whatever their words.
    let mut by_target: Queues<String> = Map::default();
    for (place, &j) in new.iter().enumerate() {
        by_target.entry(target(aligned.new, j)).or_default().push_back(place);
    }
    let mut free = vec![true; new.len()];
    let mut take = |place: usize| {
        free.get_mut(place).into_iter().for_each(|free| *free = false);
    };
    let mut gone: Vec<usize> = Vec::new();
    for &i in old {
        match by_target.get_mut(&target(aligned.old, i)).and_then(VecDeque::pop_front) {
            Some(place) => take(place),
            None => gone.push(i),
        }
    }
    let mut by_words: Queues<u64> = Map::default();
    let mut left: Vec<usize> = by_target.into_values().flatten().collect();
    left.sort_unstable();
    for place in left {
        let words = new.get(place).map_or("", |&j| words(aligned.new, j));
        by_words.entry(normal::key(words)).or_default().push_back(place);
    }
    let mut sought = Sought::default();
    for i in gone {
        let key = normal::key(words(aligned.old, i));
        let place = by_words.get_mut(&key).and_then(VecDeque::pop_front);
        place.into_iter().for_each(&mut take);
        // The link was added or removed together with its words.
        if place.is_some() || sought.stands(aligned, op, i, false) {
            let j = place.and_then(|place| new.get(place)).copied();
            found.push(link_change(aligned, Some(i), j));
        }
    }
    for (&j, _) in new.iter().zip(free).filter(|(_, free)| *free) {
        if sought.stands(aligned, op, j, true) {
            found.push(link_change(aligned, None, Some(j)));
        }
    }
}

fn words(page: &Page, at: usize) -> &str {
    let link = page.links.get(at);
    link.and_then(|link| page.text.get(link.range.clone())).unwrap_or_default()
}

/// How many links were looked up in each edited sentence, by its place and whether they are new.
#[derive(Default)]
struct Sought(Map<(usize, bool), usize>);

impl Sought {
    /// Whether the words of a link are in the other version as well, in the same sentence.
    fn stands(&mut self, aligned: Aligned<'_>, op: &Op, at: usize, new: bool) -> bool {
        let page = if new { aligned.new } else { aligned.old };
        let Some(link) = page.links.get(at) else { return false };
        let side = |edit: &Edit| if new { edit.new.clone() } else { edit.old.clone() };
        // Edits are in the order of the new text, and within one operation in that of the old one too.
        let place = op.edits.partition_point(|edit| side(edit).end <= link.range.start);
        let Some(edit) = op.edits.get(place).filter(|edit| side(edit).start < link.range.end)
        else {
            // A sentence that says the same says these words too.
            return true;
        };
        if link.range.is_empty() || is_kept(edit, &link.range, new) {
            return true;
        }
        let count = self.0.entry((place, new)).or_default();
        *count += 1;
        let (there, other) =
            if new { (edit.old.clone(), aligned.old) } else { (edit.new.clone(), aligned.new) };
        if *count > SOUGHT_MAX || !aligned.budget.spend(there.len() / 8 + 1) {
            aligned.budget.coarsen();
            return false;
        }
        other.text.get(there).is_some_and(|text| text.contains(words(page, at)))
    }
}

/// Whether no word of a range of an edit changed.
fn is_kept(edit: &Edit, range: &Range<usize>, new: bool) -> bool {
    let tokens: &[Token] = if new { &edit.words.new } else { &edit.words.old };
    let run = tokens_in(tokens, range);
    let hunks = &edit.words.hunks;
    let changed = |at: usize| hunks.get(at).map(|hunk| if new { &hunk.new } else { &hunk.old });
    let first = if new {
        hunks.partition_point(|hunk| hunk.new.end <= run.start)
    } else {
        hunks.partition_point(|hunk| hunk.old.end <= run.start)
    };
    !run.is_empty() && changed(first).is_none_or(|hunk| run.end <= hunk.start)
}

fn link_change(aligned: Aligned<'_>, old: Option<usize>, new: Option<usize>) -> Change {
    let a = old.and_then(|at| aligned.old.links.get(at));
    let b = new.and_then(|at| aligned.new.links.get(at));
    let mut change = Change::new(ChangeKind::LinkChanged)
        .says(a.map(|link| link.href.as_str()), b.map(|link| link.href.as_str()));
    change.old_range = a.map(|link| link.range.clone());
    change.new_range = b.map(|link| link.range.clone());
    let words = b
        .and_then(|link| aligned.new.text.get(link.range.clone()))
        .or_else(|| a.and_then(|link| aligned.old.text.get(link.range.clone())));
    change.about = words.map(str::to_owned);
    change
}

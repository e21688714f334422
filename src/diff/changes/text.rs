//! Plain text added, removed, edited, moved: changes that no more specific kind explains.

use std::ops::Range;

use super::quotes::Quoted;
use super::view::View;
use super::{Aligned, Change, ChangeKind};
use crate::diff::budget::Budget;
use crate::diff::normal::Map;
use crate::diff::ops::OpKind;
use crate::diff::spans::Spans;
use crate::diff::tokens::{self, Token};
use crate::diff::units::{self, Unit};
use crate::extract::page::{BlockKind, Page, Quote, QuoteKind};

/// Reports the changed words of an edit that nothing else explains.
pub(super) fn edited(aligned: Aligned<'_>, view: &View<'_>, found: &mut Vec<Change>) {
    let mut left = Vec::new();
    let mut substance = false;
    let mut any = false;
    for hunk in view.hunks() {
        let (old, new) = (view.free_old(hunk), view.free_new(hunk));
        let old: Vec<&Token> = old.iter().filter_map(|&at| view.old().get(at)).collect();
        let new: Vec<&Token> = new.iter().filter_map(|&at| view.new_side().get(at)).collect();
        if old.is_empty() && new.is_empty() {
            continue;
        }
        any = true;
        substance |= !agree(aligned, &old, &new);
        left.push((span(&old), span(&new)));
    }
    // Function words, agreement ("was", "were") and marks follow the change that was reported.
    let tail = view.explained && !substance;
    let only_notation = view.notation && !view.explained;
    if (!any || tail) && !only_notation {
        return;
    }
    let old = Some((aligned.old.text.as_str(), view.edit.old.clone()));
    let new = Some((aligned.new.text.as_str(), view.edit.new.clone()));
    let mut change = Change::new(ChangeKind::TextEdited).at(old, new);
    change.words = left
        .into_iter()
        .map(|(a, b)| (a.unwrap_or(0..0), b.unwrap_or(0..0)))
        .filter(|(a, b)| !(a.is_empty() && b.is_empty()))
        .collect();
    if change.words.is_empty() {
        change.words = view.edit.hunks().collect();
    }
    change.notation = view.notation && !substance;
    found.push(change);
}

fn span(tokens: &[&Token]) -> Option<Range<usize>> {
    Some(tokens.first()?.range.start..tokens.last()?.range.end)
}

/// Whether two runs differ in nothing but function words, marks, case and inflection.
pub(super) fn agree(aligned: Aligned<'_>, old: &[&Token], new: &[&Token]) -> bool {
    let stems = |page: &Page, tokens: &[&Token]| -> Map<u64, i32> {
        let mut bag = Map::default();
        for token in tokens.iter().filter(|token| token.is_word() && !token.common) {
            let word = page.text.get(token.range.clone()).unwrap_or_default();
            *bag.entry(tokens::word_id(&stem(word))).or_default() += 1;
        }
        bag
    };
    stems(aligned.old, old) == stems(aligned.new, new)
}

/// The word without the endings of English inflection, lower case; crude, and the same for the
/// forms of most regular words.
pub(super) fn stem(word: &str) -> String {
    let lower = word.to_lowercase().replace('’', "'");
    match lower.as_str() {
        "people" | "persons" | "person" => return "person".to_owned(),
        "children" => return "child".to_owned(),
        "women" => return "woman".to_owned(),
        "men" => return "man".to_owned(),
        _ => {}
    }
    let mut word = lower.strip_suffix("'s").unwrap_or(&lower);
    for suffix in ["ing", "ied", "ies", "ed", "es", "s"] {
        if let Some(base) = word.strip_suffix(suffix)
            && base.len() >= 3
            && base.is_ascii()
        {
            word = base;
            break;
        }
    }
    let mut base = word.trim_end_matches(['e', 'y']).to_owned();
    // "planned", "plan"
    let bytes = base.as_bytes();
    if let [.., a, b] = bytes
        && a == b
        && base.len() > 3
    {
        base.pop();
    }
    base
}

/// Sentences added and removed. `quoted` are the quotations that are reported or known by
/// themselves: a sentence that says no more than one is not reported again.
pub(super) fn added_and_removed(
    aligned: Aligned<'_>,
    quoted: &Quoted,
    image_changed: bool,
    found: &mut Vec<Change>,
) {
    let old = Quotations::of(aligned.old, &quoted.old);
    let new = Quotations::of(aligned.new, &quoted.new);
    for op in aligned.ops {
        match op.kind {
            OpKind::Insert => {
                let units = aligned.new_units.get(op.new.clone()).unwrap_or_default();
                for range in left_over(&new, units, image_changed, aligned.budget) {
                    let new = Some((aligned.new.text.as_str(), range));
                    found.push(Change::new(ChangeKind::TextAdded).at(None, new));
                }
            }
            OpKind::Delete => {
                let units = aligned.old_units.get(op.old.clone()).unwrap_or_default();
                for range in left_over(&old, units, image_changed, aligned.budget) {
                    let old = Some((aligned.old.text.as_str(), range));
                    found.push(Change::new(ChangeKind::TextRemoved).at(old, None));
                }
            }
            _ => {}
        }
    }
}

/// The quotations of one side that count, and where they are.
struct Quotations<'a> {
    page: &'a Page,
    quotes: Vec<&'a Quote>,
    spans: Spans,
}

impl<'a> Quotations<'a> {
    fn of(page: &'a Page, quoted: &[usize]) -> Self {
        let quotes: Vec<&Quote> = quoted.iter().filter_map(|&at| page.quotes.get(at)).collect();
        let spans = Spans::new(quotes.iter().map(|quote| quote.range.clone()));
        Self { page, quotes, spans }
    }
}

/// The stretches of the units outside quotations and notices, joined within a block.
fn left_over(
    quotations: &Quotations<'_>,
    units: &[Unit],
    image_changed: bool,
    budget: &Budget,
) -> Vec<Range<usize>> {
    let page = quotations.page;
    let mut stretches: Vec<(Option<usize>, Range<usize>)> = Vec::new();
    let mut joins = false;
    for unit in units {
        let silent = match units::kind(page, unit) {
            Some(BlockKind::Notice(_)) => true,
            Some(BlockKind::Caption) => image_changed,
            _ => false,
        };
        let says = if silent { None } else { beside_quotations(quotations, unit, budget) };
        let Some(range) = says else {
            joins = false;
            continue;
        };
        let whole = range == unit.range;
        match stretches.last_mut() {
            Some((block, last)) if joins && whole && *block == unit.block => last.end = range.end,
            _ => stretches.push((unit.block, range)),
        }
        joins = whole;
    }
    stretches.into_iter().map(|(_, range)| range).collect()
}

/// At most this many words next to a quotation are only its attribution, common words and the speaker's
/// name not counted ("said Ann Roe, who chairs the union of harbour pilots").
const ATTRIBUTION_WORDS_MAX: usize = 10;
/// The same where only a fragment is quoted, so that the sentence is the reporter's own.
const AROUND_FRAGMENT_WORDS_MAX: usize = 5;

/// The words of a unit outside its quotations: all of it if it quotes nothing, and none if
/// the rest is attribution.
fn beside_quotations(
    quotations: &Quotations<'_>,
    unit: &Unit,
    budget: &Budget,
) -> Option<Range<usize>> {
    let page = quotations.page;
    let inside: Vec<&Quote> = quotations
        .spans
        .meeting(&unit.range)
        .filter_map(|at| quotations.quotes.get(at).copied())
        .collect();
    if inside.is_empty() {
        return Some(unit.range.clone());
    }
    let said = Spans::new(inside.iter().flat_map(|q| {
        if q.parts.is_empty() { std::slice::from_ref(&q.range) } else { &q.parts }.iter().cloned()
    }));
    let mut rest: Vec<Token> = tokens::tokenize(&page.text, unit.range.clone());
    budget.note(rest.len() + inside.len());
    // A token is in one stretch of quoted words or in none.
    rest.retain(|token| {
        let holder = said.meeting(&token.range).next();
        token.is_word() && holder.is_none()
    });
    // The speaker and the cue, word by word.
    let mut named: Map<u64, ()> = Map::default();
    for q in &inside {
        let speaker = q.speaker.as_ref().map(|speaker| speaker.name.as_str());
        for name in speaker.into_iter().chain(q.cue.as_ref().map(|cue| cue.text.as_str())) {
            let words = tokens::tokenize(name, 0..name.len());
            named.extend(words.into_iter().map(|token| (token.id, ())));
        }
    }
    let fragment = inside.iter().all(|q| q.kind == QuoteKind::Fragment);
    rest.retain(|token| !token.common && !named.contains_key(&token.id));
    let most = if fragment { AROUND_FRAGMENT_WORDS_MAX } else { ATTRIBUTION_WORDS_MAX };
    if rest.len() <= most {
        return None;
    }
    // The longest stretch that no quotation interrupts.
    let mut edges: Vec<usize> = vec![unit.range.start];
    for q in &inside {
        edges.push(q.range.start.max(unit.range.start));
        edges.push(q.range.end.min(unit.range.end));
    }
    edges.push(unit.range.end);
    let piece = edges
        .chunks(2)
        .filter_map(|pair| Some(*pair.first()?..*pair.get(1)?))
        .max_by_key(|piece| piece.len())?;
    let slice = page.text.get(piece.clone())?;
    let lead = slice.len() - slice.trim_start_matches(|c: char| !c.is_alphanumeric()).len();
    let trail = slice.len() - slice.trim_end().len();
    Some(piece.start + lead..(piece.end - trail).max(piece.start + lead))
}

/// Moved stretches, one change each: the old and the new place, and words that identify it.
pub(super) fn moved(aligned: Aligned<'_>, found: &mut Vec<Change>) {
    for op in aligned.ops.iter().filter(|op| op.kind == OpKind::Move) {
        let old = aligned.old_units.get(op.old.clone()).unwrap_or_default();
        let new = aligned.new_units.get(op.new.clone()).unwrap_or_default();
        let (Some(first), Some(last)) = (old.first(), old.last()) else { continue };
        let (Some(top), Some(bottom)) = (new.first(), new.last()) else { continue };
        // The position of a picture or a notice is layout.
        let floats = |kind: Option<&BlockKind>| {
            matches!(kind, Some(BlockKind::Caption | BlockKind::Notice(_)))
        };
        if new.iter().all(|unit| floats(units::kind(aligned.new, unit))) {
            continue;
        }
        let words = top.range.start..bottom.range.end;
        let mut change = Change::new(ChangeKind::TextMoved);
        change.about = aligned.new.text.get(words.clone()).map(str::to_owned);
        change.before = Some(place(aligned.old_units, &op.old));
        change.after = Some(place(aligned.new_units, &op.new));
        change.old_range = Some(first.range.start..last.range.end);
        change.new_range = Some(words);
        found.push(change);
    }
}

/// Where a stretch of units is, counted from 1: its block, and its sentence there where it begins inside.
fn place(units: &[Unit], run: &Range<usize>) -> String {
    let block = |at: usize| units.get(at).and_then(|unit| unit.block);
    let Some(own) = block(run.start) else { return "the text".to_owned() };
    let before = units.get(..run.start).unwrap_or_default();
    let inside = before.iter().rev().take_while(|unit| unit.block == Some(own)).count();
    let paragraph = format!("paragraph {}", own + 1);
    // Two or more paragraphs are named by the first one.
    let is_whole = inside == 0 && block(run.end) != Some(own);
    if is_whole { paragraph } else { format!("{paragraph}, sentence {}", inside + 1) }
}

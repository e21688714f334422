//! What the edits mean: typed changes. Each piece of text gets its most specific kinds and no
//! weaker kind.
//!
//! The order in which kinds claim words, which is also their precedence: notices, quotations (a
//! number changed inside a quotation changes what the speaker said, so the quotation is what changed),
//! figures and dates, names, negations and hedges, and last plain text, which gets only unclaimed
//! words. Each finder marks the words it explains, so that no word is reported twice. The catalogue
//! of kinds follows what researchers label by hand in news edits (NewsEdits 2.0), restricted to what
//! rules can prove.

mod alike;
mod capitals;
mod claims;
pub(super) mod description;
mod figure;
mod figures;
mod kinds;
mod links;
mod media;
mod names;
mod numbers;
pub(super) mod page_facts;
pub(super) mod presence;
mod quotes;
pub(crate) mod speakers;
#[cfg(test)]
mod tests;
mod text;
mod view;

use super::budget::Budget;
use super::ops::Op;
use super::units::Unit;
use super::{Fingerprint, notices, weight};
use crate::extract::page::Page;

pub(super) use capitals::Capitals;
pub use kinds::{Change, ChangeKind};
use presence::Side;

/// Two pages, aligned.
#[derive(Clone, Copy)]
pub(super) struct Aligned<'a> {
    pub old: &'a Page,
    pub new: &'a Page,
    pub old_units: &'a [Unit],
    pub new_units: &'a [Unit],
    pub ops: &'a [Op],
    /// The budget that counts the work.
    pub budget: &'a Budget,
    pub old_capitals: &'a Capitals<'a>,
    pub new_capitals: &'a Capitals<'a>,
}

/// The changes between two captures, weighed.
pub(super) fn of_captures(
    aligned: Aligned<'_>,
    old: &Side<'_>,
    new: &Side<'_>,
    earlier: Option<usize>,
) -> Vec<Change> {
    let verdict = presence::find(old, new);
    let mut found = verdict.changes;
    if verdict.compare_texts {
        let mut inside = find(aligned);
        // The text behind a wall was neither removed nor added by the editors.
        inside.retain(|change| match change.kind {
            ChangeKind::TextRemoved | ChangeKind::QuoteRemoved => !verdict.cut_by_wall,
            ChangeKind::TextAdded | ChangeKind::QuoteAdded => !verdict.was_cut_by_wall,
            // The same holds for the dates and names that a page with a wall does not show.
            ChangeKind::Published
            | ChangeKind::Modified
            | ChangeKind::Byline
            | ChangeKind::ImageChanged => {
                !(verdict.cut_by_wall && change.after.is_none()
                    || verdict.was_cut_by_wall && change.before.is_none())
            }
            _ => true,
        });
        revert(aligned, earlier, &mut inside);
        found.extend(inside);
    }
    for change in &mut found {
        change.weight = weight::of(change);
    }
    found
}

/// A return to an earlier version explains the plain text that was added and removed with it; the specific
/// kinds stay, because they say which figure or quotation is back.
fn revert(aligned: Aligned<'_>, earlier: Option<usize>, found: &mut Vec<Change>) {
    let Some(back) = earlier else { return };
    if Fingerprint::of(aligned.old) == Fingerprint::of(aligned.new) {
        return;
    }
    found.retain(|change| {
        use ChangeKind::{TextAdded, TextEdited, TextMoved, TextRemoved};
        !matches!(change.kind, TextAdded | TextRemoved | TextEdited | TextMoved)
    });
    let mut change = Change::new(ChangeKind::Reverted);
    change.about = Some(format!("version {back}"));
    found.insert(0, change);
}

/// The value of a figure as written, where it can be determined.
pub(super) fn value_of(text: &str) -> Option<f64> {
    numbers::amount(text).map(|amount| amount.value)
}

/// Names every change between two aligned pages, facts of the page first, then in text order.
pub(super) fn find(aligned: Aligned<'_>) -> Vec<Change> {
    let mut found = page_facts::find(aligned.old, aligned.new);
    found.extend(description::find(aligned.old, aligned.new));
    let image_changed = found.iter().any(|change| change.kind == ChangeKind::ImageChanged);
    let mut in_text = notices::find(aligned);
    let mut views = view::Views::of(aligned);
    let quoted = quotes::find(aligned, &mut views, &mut in_text);
    for view in views.iter_mut() {
        aligned.budget.note(view.old().len() + view.new_side().len());
        let before = in_text.len();
        figures::find(aligned, view, &mut in_text);
        names::find(aligned, view, &mut in_text);
        claims::find(aligned, view, &mut in_text);
        view.explained |= in_text.len() > before;
        text::edited(aligned, view, &mut in_text);
    }
    text::added_and_removed(aligned, &quoted, image_changed, &mut in_text);
    text::moved(aligned, &mut in_text);
    in_text.extend(links::find(aligned));
    in_text.sort_by_key(|change| {
        let place = |range: &Option<std::ops::Range<usize>>| range.as_ref().map(|r| r.start);
        (place(&change.new_range).or(place(&change.old_range)), change.kind)
    });
    found.extend(in_text);
    found
}

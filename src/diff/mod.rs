//! Two versions of a page, and what changed between them: pure functions over two [`Page`]s.
//!
//! In reading order: spellings folded (`normal`), a page as units (`units`), which units are one
//! (`align`, `similar`, `assign`), the edit script (`ops`), the words inside an edit (`words`), what
//! the edits mean (`changes`), notices ([`notices`]), whether the page acknowledges them (`stealth`),
//! how much they matter ([`weight`]), what changed while the article was not available ([`gap`]), and
//! the JSON forms ([`json`]). [`crate::render`] shows comparisons.
//!
//! Reports what changed and never why. Reads no clock and no store; a budget counted in steps makes the
//! answer coarser and never wrong.

mod align;
mod assign;
mod bag;
mod budget;
mod changes;
pub mod gap;
#[cfg(test)]
mod growth;
pub mod json;
mod normal;
pub mod notices;
mod ops;
mod returns;
#[cfg(test)]
pub(crate) mod sample;
mod similar;
pub(crate) mod spans;
mod stealth;
mod tokens;
mod units;
pub mod weight;
mod words;

use std::ops::Range;

use crate::extract::page::Page;

use align::Text;
use budget::Budget;

pub use changes::presence::{Presence, Side};
pub(crate) use changes::speakers::same_speaker;
pub use changes::{Change, ChangeKind};
pub use normal::same_words;
pub use ops::{Edit, Op, OpKind};
pub use returns::{Earlier, EarlierParts, EarlierSentences, mark_returns};
pub use stealth::{Acknowledgement, Declared};
pub(crate) use words::changed_words;

/// How a comparison is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompareOptions {
    /// How many steps (comparisons of words, roughly) may be spent on finding partners for edited
    /// sentences and on the words inside them. Past that the answer gets coarser and stays right.
    pub steps_max: u64,
}

impl Default for CompareOptions {
    fn default() -> Self {
        // Some tens of milliseconds; an article needs a few thousand.
        Self { steps_max: 20_000_000 }
    }
}

/// A fingerprint of a page's content, independent of notation and boilerplate: equal for texts that say the same.
/// Not stable between versions of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a page's headline and text.
    #[must_use]
    pub fn of(page: &Page) -> Self {
        let headline = page.headline.as_ref().map_or(0, |fact| normal::key(&fact.value));
        let keys = units::of(page).into_iter().map(|unit| unit.key);
        Self(normal::key_of_all(std::iter::once(headline).chain(keys)))
    }

    /// Its number, to be stored with the page.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        self.0
    }

    /// The fingerprint of a stored number.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }
}

/// What changed between two pages.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// The sentences of the old text, as byte ranges, in reading order.
    pub old_sentences: Vec<Range<usize>>,
    /// The sentences of the new text.
    pub new_sentences: Vec<Range<usize>>,
    /// The edit script over them.
    pub ops: Vec<Op>,
    /// What the edits mean: facts of the page first, then in the order of the text.
    pub changes: Vec<Change>,
    /// Whether the article changed and neither a notice nor the declared date says so.
    pub stealth: bool,
    /// What does say so, where something does.
    pub acknowledged_by: Vec<Acknowledgement>,
    /// What both versions declare about their changes.
    pub declared: Declared,
    /// Whether a finer answer exists: the budget of steps ran out, or a page was longer than what is read.
    pub coarse: bool,
}

impl Comparison {
    /// Whether the two versions say the same: no change at all, or changes of notation only.
    #[must_use]
    pub fn says_the_same(&self) -> bool {
        self.changes.iter().all(|change| change.notation)
    }

    /// The gravest weight among the changes; 0 without any.
    #[must_use]
    pub fn weight(&self) -> u8 {
        self.changes.iter().map(|change| change.weight).max().unwrap_or(0)
    }

    /// For each sentence of the new text, where it comes from: the basis of blame.
    #[must_use]
    pub fn origins(&self) -> Vec<SentenceOrigin> {
        let mut origins = vec![SentenceOrigin::Added; self.new_sentences.len()];
        for op in &self.ops {
            for (step, j) in op.new.clone().enumerate() {
                let Some(slot) = origins.get_mut(j) else { continue };
                *slot = match op.kind {
                    OpKind::Insert | OpKind::Delete => SentenceOrigin::Added,
                    OpKind::Keep => SentenceOrigin::Kept(op.old.start + step),
                    OpKind::Replace => SentenceOrigin::Edited(op.old.start),
                    OpKind::Move => {
                        let edited = self.new_sentences.get(j).is_some_and(|sentence| {
                            let behind =
                                op.edits.partition_point(|edit| edit.new.start <= sentence.start);
                            let edit = behind.checked_sub(1).and_then(|at| op.edits.get(at));
                            edit.is_some_and(|edit| sentence.end <= edit.new.end)
                        });
                        let from = (op.old.start + step).min(op.old.end.saturating_sub(1));
                        if edited {
                            SentenceOrigin::Edited(from)
                        } else {
                            SentenceOrigin::Kept(from)
                        }
                    }
                };
            }
        }
        origins
    }
}

/// Where a sentence of the new text comes from, by index into [`Comparison::old_sentences`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentenceOrigin {
    /// It says what that sentence said (here or elsewhere in the text).
    Kept(usize),
    /// It is that sentence, reworded.
    Edited(usize),
    /// It is new.
    Added,
}

/// Compares two pages.
#[must_use]
pub fn compare(old: &Page, new: &Page, options: &CompareOptions) -> Comparison {
    compare_captures(&Side::of(old), &Side::of(new), &[], options)
}

/// Compares two captures: also whether the article is available, and whether it repeats what one of
/// the `earlier` versions (those before `old`, oldest first) said.
#[must_use]
pub fn compare_captures(
    old: &Side<'_>,
    new: &Side<'_>,
    earlier: &[Fingerprint],
    options: &CompareOptions,
) -> Comparison {
    let print = (!earlier.is_empty()).then(|| Fingerprint::of(new.page));
    let place = print.and_then(|print| earlier.iter().rposition(|&one| one == print));
    compare_returning(old, new, place.map(|place| place + 1), options)
}

/// The same for callers that know which version the new one may return to: `earlier` is the number, from 1,
/// of the last version before `old` that has the words of `new`.
#[must_use]
pub fn compare_returning(
    old: &Side<'_>,
    new: &Side<'_>,
    earlier: Option<usize>,
    options: &CompareOptions,
) -> Comparison {
    compare_within(old, new, earlier, &Budget::new(options.steps_max))
}

fn compare_within(
    old: &Side<'_>,
    new: &Side<'_>,
    earlier: Option<usize>,
    budget: &Budget,
) -> Comparison {
    let (a, b) = (units::of(old.page), units::of(new.page));
    let (old_text, new_text) =
        (Text { text: &old.page.text, units: &a }, Text { text: &new.page.text, units: &b });
    let links = align::align(old_text, new_text, budget);
    let ops = ops::script(old_text, new_text, &links, budget);
    let aligned = changes::Aligned {
        old: old.page,
        new: new.page,
        old_units: &a,
        new_units: &b,
        ops: &ops,
        budget,
        old_capitals: &changes::Capitals::of(&old.page.text),
        new_capitals: &changes::Capitals::of(&new.page.text),
    };
    let changes = changes::of_captures(aligned, old, new, earlier);
    let declared = Declared::of(old.page, new.page);
    let acknowledged_by = declared.acknowledgements(new.page, &changes);
    let stealth = stealth::is_stealth(new.page, &changes, &declared, &acknowledged_by);
    let ranges = |units: Vec<units::Unit>| units.into_iter().map(|unit| unit.range).collect();
    Comparison {
        ops,
        changes,
        stealth,
        acknowledged_by,
        declared,
        coarse: budget.ran_out() || old.page.coarse || new.page.coarse,
        old_sentences: ranges(a),
        new_sentences: ranges(b),
    }
}

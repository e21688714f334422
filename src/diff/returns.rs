//! Sentences that return: text that is new relative to the version before, and that an earlier version
//! had.
//!
//! A whole version that repeats an earlier one is recognised by its fingerprint. If only a
//! part of a text returns, the plain change that brings it (an addition, a rewording) is reported as a
//! return; a figure or a quotation that has its old value again keeps its kind, because that kind says
//! more. Short sentences are no evidence: many texts contain "Yes." twice.

use crate::extract::page::Page;

use super::changes::{Change, ChangeKind};
use super::normal::{self, Map};
use super::units::{self, Unit};
use super::{Fingerprint, SentenceOrigin, weight};

/// Sentences of fewer words than this are no evidence of a return.
const WORDS_MIN: usize = 5;

/// At most this many earlier versions and sentences are kept. A page that has had more, a
/// live blog of years, drops the older half: a return to those is then reported as an addition.
const VERSIONS_MAX: usize = 4096;
const SENTENCES_MAX: usize = 8192;

/// The content of earlier versions of a page that a later one may return to: small enough to be
/// kept with every page. Versions are numbered from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earlier {
    last_with: Map<u64, usize>,
    sentences: EarlierSentences,
}

/// [`Earlier`] as plain numbers: fingerprints and keys of sentences, each with the last version that
/// had it. They are not valid for another version of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EarlierParts {
    /// Of whole versions.
    pub versions: Vec<(u64, usize)>,
    /// Of sentences.
    pub sentences: Vec<(u64, usize)>,
}

impl Earlier {
    /// Adds a version that another one has replaced; `origins` says where the sentences of that
    /// one come from. Versions are added in order.
    pub fn take_in(
        &mut self,
        page: &Page,
        print: Fingerprint,
        origins: &[SentenceOrigin],
        number: usize,
    ) {
        self.last_with.insert(print.to_bits(), number);
        forget_half(&mut self.last_with, VERSIONS_MAX);
        self.sentences.take_in_lost(page, origins, number);
        forget_half(&mut self.sentences.last_in, SENTENCES_MAX);
    }

    /// Whether no version was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last_with.is_empty()
    }

    /// The number of the last version that said this.
    #[must_use]
    pub fn version_with(&self, print: Fingerprint) -> Option<usize> {
        self.last_with.get(&print.to_bits()).copied()
    }

    /// The sentences that were once in the text.
    #[must_use]
    pub fn sentences(&self) -> &EarlierSentences {
        &self.sentences
    }

    /// All of it as numbers, in a fixed order.
    #[must_use]
    pub fn to_parts(&self) -> EarlierParts {
        let sorted = |map: &Map<u64, usize>| {
            let mut pairs: Vec<(u64, usize)> = map.iter().map(|(key, n)| (*key, *n)).collect();
            pairs.sort_unstable();
            pairs
        };
        EarlierParts {
            versions: sorted(&self.last_with),
            sentences: sorted(&self.sentences.last_in),
        }
    }

    /// What [`Self::to_parts`] gave.
    #[must_use]
    pub fn of_parts(parts: EarlierParts) -> Self {
        Self {
            last_with: parts.versions.into_iter().collect(),
            sentences: EarlierSentences { last_in: parts.sentences.into_iter().collect() },
        }
    }
}

/// Drops the entries of the older half of the versions if there are more than `max`.
fn forget_half(map: &mut Map<u64, usize>, max: usize) {
    if map.len() <= max {
        return;
    }
    let mut numbers: Vec<usize> = map.values().copied().collect();
    let middle = numbers.len() / 2;
    let (_, oldest, _) = numbers.select_nth_unstable(middle);
    let oldest = *oldest;
    map.retain(|_, number| *number >= oldest);
    if map.len() > max {
        // All of one version: none of them is older than the others.
        map.clear();
    }
}

/// The sentences of earlier versions, each with the last version that had it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EarlierSentences {
    last_in: Map<u64, usize>,
}

impl EarlierSentences {
    /// Adds the sentences of a version; `number` counts versions from 1, added in order.
    pub fn take_in(&mut self, page: &Page, number: usize) {
        self.take_in_lost(page, &[], number);
    }

    /// Adds the sentences that the version after `page` no longer has, which are all that can return:
    /// `origins` says where the sentences of that version come from.
    pub fn take_in_lost(&mut self, page: &Page, origins: &[SentenceOrigin], number: usize) {
        let units = units::without_keys(page);
        let mut lost = vec![true; units.len()];
        for origin in origins {
            if let SentenceOrigin::Kept(at) = origin {
                lost.get_mut(*at).into_iter().for_each(|lost| *lost = false);
            }
        }
        for (unit, _) in units.iter().zip(lost).filter(|(_, lost)| *lost) {
            self.last_in.insert(key(page, unit), number);
        }
    }

    /// Whether no sentence was added.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last_in.is_empty()
    }
}

fn key(page: &Page, unit: &Unit) -> u64 {
    normal::key(page.text.get(unit.range.clone()).unwrap_or_default())
}

/// Changes the kind of plain additions and rewordings that bring back whole sentences of earlier versions to
/// `reverted`. `earlier` holds the versions before `old`.
pub fn mark_returns(changes: &mut [Change], old: &Page, new: &Page, earlier: &EarlierSentences) {
    use ChangeKind::{Reverted, TextAdded, TextEdited};
    let plain = |change: &Change| matches!(change.kind, TextAdded | TextEdited) && !change.notation;
    let whole = changes.iter().any(|c| c.kind == Reverted && c.new_range.is_none());
    if earlier.is_empty() || whole || !changes.iter().any(plain) {
        return;
    }
    let now = units::without_keys(new);
    // Most changes bring nothing back; then the old text is not read at all.
    let mut before: Option<Map<u64, ()>> = None;
    for change in changes.iter_mut().filter(|change| plain(change)) {
        let Some(range) = change.new_range.clone() else { continue };
        let first = now.partition_point(|unit| unit.range.end <= range.start);
        let inside: Vec<_> =
            now.iter().skip(first).take_while(|unit| unit.range.start < range.end).collect();
        let words = inside
            .iter()
            .filter_map(|unit| new.text.get(unit.range.clone()))
            .map(|text| text.split_whitespace().count());
        let stood = inside.iter().map(|unit| {
            let key = key(new, unit);
            let version = earlier.last_in.get(&key).copied()?;
            let before = before.get_or_insert_with(|| {
                units::of(old).into_iter().map(|unit| (unit.key, ())).collect()
            });
            (!before.contains_key(&key)).then_some(version)
        });
        let stood: Option<Vec<usize>> = stood.collect();
        if let Some(version) = stood.and_then(|all| all.into_iter().max())
            && words.min().is_some_and(|least| least >= WORDS_MIN)
        {
            change.kind = Reverted;
            change.about = Some(format!("version {version}"));
            change.weight = weight::of(change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CompareOptions, compare, sample};

    fn kinds(first: &str, second: &str, third: &str) -> Vec<String> {
        let [first, second, third] = [first, second, third].map(sample::page);
        let mut earlier = EarlierSentences::default();
        earlier.take_in(&first, 1);
        let mut changes = compare(&second, &third, &CompareOptions::default()).changes;
        mark_returns(&mut changes, &second, &third, &earlier);
        let say =
            |c: &Change| format!("{} {}", c.kind.label(), c.about.clone().unwrap_or_default());
        changes.iter().map(say).collect()
    }

    #[test]
    fn what_is_known_of_earlier_versions_has_a_bound_and_the_newest_stay() {
        let mut earlier = Earlier::default();
        for number in 1..=9_000 {
            let text = format!("The board met for the time number {number} in the harbour house.");
            let page = sample::page(&text);
            earlier.take_in(&page, Fingerprint::of(&page), &[], number);
            assert_eq!(earlier.version_with(Fingerprint::of(&page)), Some(number));
        }
        let parts = earlier.to_parts();
        assert!((2_000..=VERSIONS_MAX).contains(&parts.versions.len()));
        assert!((4_000..=SENTENCES_MAX).contains(&parts.sentences.len()));
        assert!(parts.versions.iter().all(|(_, number)| *number > 4_000));
        assert_eq!(Earlier::of_parts(parts), earlier);
        let words = (0..9_000).map(|n| format!("The board met for the time {n} in there."));
        let page = sample::page(&words.collect::<Vec<_>>().join(" "));
        earlier.take_in(&page, Fingerprint::of(&page), &[], 9_001);
        assert!(earlier.to_parts().sentences.len() <= SENTENCES_MAX);
    }

    #[test]
    fn text_that_returns_is_reported_and_new_text_is_not() {
        let full = "The board met on Monday. The engineers had warned of the rust for years.";
        let cut = "The board met on Monday.";
        // A part of the text returns, another part is new.
        let more = "The board met on Monday.\n\nThe engineers had warned of the rust for years.\n\n\
                    A second report is due.";
        assert_eq!(kinds(full, cut, full), ["reverted version 1"]);
        assert_eq!(
            kinds(full, cut, "The board met on Monday. The engineers had slept badly for years."),
            ["text-added "]
        );
        let found = kinds(full, cut, more);
        assert!(found.contains(&"text-added ".to_owned()) || found.len() == 1, "{found:?}");
        // A short sentence is no evidence.
        assert_eq!(
            kinds("It rained. Nobody came.", "It rained.", "It rained. Nobody came."),
            ["text-added "]
        );
        // A figure that is back stays a figure.
        let with = |n: u8| format!("Police counted {n} boats in the harbour that night.");
        let found = kinds(&with(12), &with(15), &with(12));
        assert!(found[0].starts_with("figure-changed"), "{found:?}");
    }
}

//! What changed in an article while it was not available: behind a 404, a wall, a redirect. The version
//! before does not contain it, so the restored text is compared with the last version that had it.
//!
//! A wall that shows the beginning of an article is a gap for the rest of it. The text before
//! the wall was compared when it was captured, and is reported again only where it changed since; the text
//! behind the wall is compared with the last version that had all of it.
//!
//! Pure, as all comparisons: the caller (`history::fold`) passes the versions.

use std::collections::HashSet;
use std::ops::Range;

use super::changes::presence;
use super::{
    Change, ChangeKind, CompareOptions, Comparison, Presence, SentenceOrigin, Side, compare,
    compare_captures, compare_returning, stealth, weight,
};

/// The versions that a new one is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a> {
    /// The last version.
    pub last: Side<'a>,
    /// What a reader got of it.
    pub was: Presence,
    /// The last version that had the whole article; `last` itself where that had it.
    pub article: Option<Side<'a>>,
    /// The last version that had its beginning, where that is later than `article`.
    pub shown: Option<Side<'a>>,
}

/// The version that texts are compared with: the one that `old_range` of a change refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The last version.
    Last,
    /// The last version that had the whole article.
    Article,
    /// The last version that had its beginning.
    Shown,
}

impl<'a> Past<'a> {
    /// The version that a new one with presence `is` is compared with.
    #[must_use]
    pub fn base(&self, is: Presence) -> Base {
        match (self.was, is) {
            (Presence::Here, _) => Base::Last,
            (_, Presence::Cut) if self.shown.is_some() => Base::Shown,
            _ if self.article.is_some() => Base::Article,
            _ => Base::Last,
        }
    }

    /// What changed between these versions and a new one with presence `is`. `earlier` is the
    /// number of the last version before the article that has the words of `new`.
    #[must_use]
    pub fn compare(
        &self,
        new: &Side<'_>,
        is: Presence,
        earlier: Option<usize>,
        options: &CompareOptions,
    ) -> Comparison {
        if self.was == Presence::Here {
            return compare_returning(&self.last, new, earlier, options);
        }
        let mut access = self.access(new, is);
        access.iter_mut().for_each(|change| change.weight = weight::of(change));
        if !matches!(is, Presence::Here | Presence::Cut) {
            return Comparison { changes: access, ..Comparison::default() };
        }
        let mut found = match (self.article, self.shown) {
            (_, Some(shown)) if is == Presence::Cut => compare_captures(&shown, new, &[], options),
            (Some(article), Some(shown)) => {
                behind_the_wall(&article, &shown, new, earlier, options)
            }
            (Some(article), None) => compare_returning(&article, new, earlier, options),
            (None, _) => Comparison::default(),
        };
        // The redirect to that address is already reported.
        let is_known = |change: &Change| match change.kind {
            ChangeKind::Redirected => self.was == Presence::Moved && self.last.has_same_target(new),
            kind => access.iter().any(|other| other.kind == kind && kind == ChangeKind::Restored),
        };
        found.changes.retain(|change| !is_known(change));
        found.changes.splice(0..0, access);
        found
    }

    /// The changes of the article's availability since the last version.
    fn access(&self, new: &Side<'_>, is: Presence) -> Vec<Change> {
        use Presence::{Cut, Gone, Here, Moved, Unknown, Walled};
        let had = self.article.as_ref().unwrap_or(&self.last);
        let same_target = self.last.has_same_target(new);
        match (self.was, is) {
            (Cut, Cut) | (Gone, Gone) | (Walled, Walled) => Vec::new(),
            // A wall in the place of a gone article is not evidence that it is back.
            (Gone, Walled) | (_, Unknown) | (Here, _) => Vec::new(),
            (_, Gone) => vec![presence::vanished(had, new)],
            (_, Walled) => vec![presence::walled(had, new)],
            (Moved, Moved) if same_target => Vec::new(),
            (_, Moved) => vec![presence::redirected(&self.last, new)],
            // A redirect whose page is known now, to the same address or another one.
            (Moved, Here | Cut) if new.redirected_to.is_some() => Vec::new(),
            (_, Here | Cut) => vec![presence::restored(&self.last, new)],
        }
    }
}

/// What changed between the whole `article` and the whole `new`, except what `shown`, the beginning
/// that was visible meanwhile, already contained.
fn behind_the_wall(
    article: &Side<'_>,
    shown: &Side<'_>,
    new: &Side<'_>,
    earlier: Option<usize>,
    options: &CompareOptions,
) -> Comparison {
    let since_wall = compare_captures(shown, new, &[], options);
    let mut whole = compare_returning(article, new, earlier, options);
    let known = |origin: &SentenceOrigin| *origin != SentenceOrigin::Added;
    let new_seen = Seen::of(&since_wall.new_sentences, since_wall.origins().iter().map(known));
    let is_seen_in_new = |change: &Change| {
        let met = change.new_range.as_ref().map(|range| new_seen.meeting(range));
        met.is_some_and(|met| !met.is_empty() && new_seen.has_all(&met))
    };
    let before_wall = compare(article.page, shown.page, options);
    let mut kept = vec![false; before_wall.old_sentences.len()];
    for origin in before_wall.origins() {
        if let SentenceOrigin::Kept(at) | SentenceOrigin::Edited(at) = origin
            && let Some(kept) = kept.get_mut(at)
        {
            *kept = true;
        }
    }
    let old_seen = Seen::of(&before_wall.old_sentences, kept.into_iter());
    let is_seen_in_old = |change: &Change| {
        let met = change.old_range.as_ref().map(|range| old_seen.meeting(range));
        met.is_some_and(|met| old_seen.has_all(&met))
    };
    let now: ChangeKeys<'_> = since_wall.changes.iter().map(change_key).collect();
    let notices_now: HashSet<_> = since_wall.changes.iter().map(|c| (c.kind, &c.after)).collect();
    let ever: ChangeKeys<'_> = whole.changes.iter().map(change_key).collect();
    let mut changes: Vec<Change> = Vec::new();
    for change in &whole.changes {
        let keep = match change.kind {
            kind if is_of_access(kind) => false,
            // A notice that the wall hid is no new one.
            kind if kind.is_notice() => notices_now.contains(&(kind, &change.after)),
            ChangeKind::Reverted if change.new_range.is_none() => true,
            _ if change.new_range.is_some() => {
                !is_seen_in_new(change) || now.contains(&change_key(change))
            }
            _ if change.old_range.is_some() => {
                !is_seen_in_old(change) || now.contains(&change_key(change))
            }
            _ => now.contains(&change_key(change)),
        };
        if keep {
            changes.push(change.clone());
        }
    }
    for change in &since_wall.changes {
        let is_hidden = change.new_range.is_some() && !is_seen_in_new(change);
        if ever.contains(&change_key(change)) || is_hidden || change.kind.is_notice() {
            continue;
        }
        // The old words stood in the text before the wall; `old_range` refers to another text.
        changes.push(Change { old_range: None, words: Vec::new(), ..change.clone() });
    }
    let place = |change: &Change| {
        let range = change.new_range.as_ref().or(change.old_range.as_ref());
        (!is_of_access(change.kind), range.map(|range| range.start))
    };
    changes.sort_by_key(place);
    whole.acknowledged_by = whole.declared.acknowledgements(new.page, &changes);
    whole.stealth =
        stealth::is_stealth(new.page, &changes, &whole.declared, &whole.acknowledged_by);
    whole.coarse |= since_wall.coarse || before_wall.coarse;
    whole.changes = changes;
    whole
}

/// Identifies a change, independent of its place.
type ChangeKey<'a> = (ChangeKind, &'a Option<String>, &'a Option<String>, &'a Option<String>);
type ChangeKeys<'a> = HashSet<ChangeKey<'a>>;

fn change_key(change: &Change) -> ChangeKey<'_> {
    (change.kind, &change.before, &change.after, &change.speaker)
}

/// Sentences in the order of their text, and how many of those before each were not seen.
struct Seen<'a> {
    sentences: &'a [Range<usize>],
    unseen_before: Vec<usize>,
}

impl<'a> Seen<'a> {
    fn of(sentences: &'a [Range<usize>], seen: impl Iterator<Item = bool>) -> Self {
        let mut unseen = 0;
        let counts = seen.map(|seen| {
            unseen += usize::from(!seen);
            unseen
        });
        Self { sentences, unseen_before: std::iter::once(0).chain(counts).collect() }
    }

    /// The sentences that a range of the text meets.
    fn meeting(&self, range: &Range<usize>) -> Range<usize> {
        let from = self.sentences.partition_point(|s| s.end <= range.start);
        from..self.sentences.partition_point(|s| s.start < range.end).max(from)
    }

    fn has_all(&self, met: &Range<usize>) -> bool {
        self.unseen_before.get(met.start) == self.unseen_before.get(met.end)
    }
}

/// Whether a change is about the article's availability, not its content.
fn is_of_access(kind: ChangeKind) -> bool {
    use ChangeKind::{Gone, Paywalled, Redirected, Restored};
    matches!(kind, Gone | Paywalled | Redirected | Restored)
}

//! What changed in an article while it could not be had: behind a 404, a wall, a redirect. The version
//! before says nothing of it, so the text that came back is compared with the last version that had it.
//!
//! A wall that lets the beginning of an article through is a gap for the rest of it. What stands before
//! the wall was compared when it was seen, and is told again only where it changed since; what stood
//! behind it is compared with the last version that had all of it.
//!
//! Pure, as all comparisons: it is told which versions there were. Who knows them: `history::fold`.

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

/// With which version texts are compared: the one that `old_range` of a change counts in.
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
    /// With which version a new one is compared of which a reader gets `is`.
    #[must_use]
    pub fn base(&self, is: Presence) -> Base {
        match (self.was, is) {
            (Presence::Here, _) => Base::Last,
            (_, Presence::Cut) if self.shown.is_some() => Base::Shown,
            _ if self.article.is_some() => Base::Article,
            _ => Base::Last,
        }
    }

    /// What changed between these versions and a new one, of which a reader gets `is`. `earlier` is the
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
        // That it was redirected there is told already.
        let is_known = |change: &Change| match change.kind {
            ChangeKind::Redirected => self.was == Presence::Moved && self.last.has_same_target(new),
            kind => access.iter().any(|told| told.kind == kind && kind == ChangeKind::Restored),
        };
        found.changes.retain(|change| !is_known(change));
        found.changes.splice(0..0, access);
        found
    }

    /// Whether the article can be had now, told beside what the last version was.
    fn access(&self, new: &Side<'_>, is: Presence) -> Vec<Change> {
        use Presence::{Cut, Gone, Here, Moved, Unknown, Walled};
        let had = self.article.as_ref().unwrap_or(&self.last);
        let same_target = self.last.has_same_target(new);
        match (self.was, is) {
            (Cut, Cut) | (Gone, Gone) | (Walled, Walled) => Vec::new(),
            // A wall before what was gone does not tell whether it is there.
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

/// What changed between the whole `article` and the whole `new`, but for what `shown`, the beginning
/// that was let through meanwhile, had said already.
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
    let now: Told<'_> = since_wall.changes.iter().map(told).collect();
    let notices_now: HashSet<_> = since_wall.changes.iter().map(|c| (c.kind, &c.after)).collect();
    let ever: Told<'_> = whole.changes.iter().map(told).collect();
    let mut changes: Vec<Change> = Vec::new();
    for change in &whole.changes {
        let keep = match change.kind {
            kind if is_of_access(kind) => false,
            // A notice that the wall hid is no new one.
            kind if kind.is_notice() => notices_now.contains(&(kind, &change.after)),
            ChangeKind::Reverted if change.new_range.is_none() => true,
            _ if change.new_range.is_some() => {
                !is_seen_in_new(change) || now.contains(&told(change))
            }
            _ if change.old_range.is_some() => {
                !is_seen_in_old(change) || now.contains(&told(change))
            }
            _ => now.contains(&told(change)),
        };
        if keep {
            changes.push(change.clone());
        }
    }
    for change in &since_wall.changes {
        let is_hidden = change.new_range.is_some() && !is_seen_in_new(change);
        if ever.contains(&told(change)) || is_hidden || change.kind.is_notice() {
            continue;
        }
        // The words before stood in the text that the wall let through, and ranges count in another.
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

/// What tells one change from another, wherever it stands.
type Telling<'a> = (ChangeKind, &'a Option<String>, &'a Option<String>, &'a Option<String>);
type Told<'a> = HashSet<Telling<'a>>;

fn told(change: &Change) -> Telling<'_> {
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

/// Whether a change says whether the article can be had, and not what it says.
fn is_of_access(kind: ChangeKind) -> bool {
    use ChangeKind::{Gone, Paywalled, Redirected, Restored};
    matches!(kind, Gone | Paywalled | Redirected | Restored)
}

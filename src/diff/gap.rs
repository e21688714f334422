//! What changed in an article while it could not be had: behind a 404, a wall, a redirect. The version
//! before says nothing of it, so the text that came back is compared with the last version that had it.
//!
//! A wall that lets the beginning of an article through is a gap for the rest of it. What stands before
//! the wall was compared when it was seen, and is told again only where it changed since; what stood
//! behind it is compared with the last version that had all of it.
//!
//! Pure, as all comparisons: it is told which versions there were. Who knows them: `history::fold`.

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
    let origins = since_wall.origins();
    let is_seen_in_new = |change: &Change| {
        let Some(range) = &change.new_range else { return false };
        let sentences = since_wall.new_sentences.iter().zip(&origins);
        let mut inside =
            sentences.filter(|(s, _)| s.start < range.end && range.start < s.end).peekable();
        inside.peek().is_some() && inside.all(|(_, origin)| *origin != SentenceOrigin::Added)
    };
    let before_wall = compare(article.page, shown.page, options);
    let kept: Vec<usize> = before_wall
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            SentenceOrigin::Kept(at) | SentenceOrigin::Edited(at) => Some(*at),
            SentenceOrigin::Added => None,
        })
        .collect();
    let is_seen_in_old = |change: &Change| {
        let Some(range) = &change.old_range else { return false };
        let sentences = before_wall.old_sentences.iter().enumerate();
        let mut inside = sentences.filter(|(_, s)| s.start < range.end && range.start < s.end);
        inside.all(|(at, _)| kept.contains(&at))
    };
    let told_now = |change: &Change| since_wall.changes.iter().any(|other| is_same(change, other));
    let mut changes: Vec<Change> = Vec::new();
    for change in &whole.changes {
        let keep = match change.kind {
            kind if is_of_access(kind) => false,
            // A notice that the wall hid is no new one.
            kind if kind.is_notice() => {
                let mut now = since_wall.changes.iter();
                now.any(|other| other.kind == kind && other.after == change.after)
            }
            ChangeKind::Reverted if change.new_range.is_none() => true,
            _ if change.new_range.is_some() => !is_seen_in_new(change) || told_now(change),
            _ if change.old_range.is_some() => !is_seen_in_old(change) || told_now(change),
            _ => told_now(change),
        };
        if keep {
            changes.push(change.clone());
        }
    }
    for change in &since_wall.changes {
        let is_hidden = change.new_range.is_some() && !is_seen_in_new(change);
        let is_told = whole.changes.iter().any(|other| is_same(change, other));
        if is_told || is_hidden || change.kind.is_notice() {
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
    whole.acknowledged_by = whole.declared.acknowledgements(&changes);
    whole.stealth = stealth::is_stealth(new.page, &changes, &whole.acknowledged_by);
    whole.coarse |= since_wall.coarse || before_wall.coarse;
    whole.changes = changes;
    whole
}

fn is_same(a: &Change, b: &Change) -> bool {
    (a.kind, &a.before, &a.after, &a.speaker) == (b.kind, &b.before, &b.after, &b.speaker)
}

/// Whether a change says whether the article can be had, and not what it says.
fn is_of_access(kind: ChangeKind) -> bool {
    use ChangeKind::{Gone, Paywalled, Redirected, Restored};
    matches!(kind, Gone | Paywalled | Redirected | Restored)
}

//! Whether a page owns up to its changes: what it declares, beside what was found.
//!
//! An article changed by stealth when its words changed and neither a notice that is new or changed
//! nor a declared modification date that moved forward says so. Changes of notation are none. New
//! entries of a live blog carry their own time and declare themselves; edits of old entries do not.

use super::changes::{Change, ChangeKind, description};
use super::spans::Spans;
use crate::extract::page::{BlockKind, Page, PageKind, PageTime};

/// What two versions of a page declare about being changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    /// The modification time the old version declares.
    pub modified_before: Option<PageTime>,
    /// The modification time the new version declares.
    pub modified_after: Option<PageTime>,
    /// The words of the notices the new version bears.
    pub notices: Vec<String>,
}

/// What says that the article was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acknowledgement {
    /// A notice that is new or changed: its words.
    Notice(String),
    /// A declared modification time that moved forward: the new one, as declared.
    Modified(String),
}

impl Declared {
    pub(super) fn of(old: &Page, new: &Page) -> Self {
        let time = |page: &Page| page.modified.as_ref().map(|fact| fact.value.clone());
        Self {
            modified_before: time(old),
            modified_after: time(new),
            notices: new.notices.iter().map(|notice| notice.text.clone()).collect(),
        }
    }

    /// Whether the declared modification time moved forward, or is declared for the first time.
    #[must_use]
    pub fn moved_forward(&self) -> bool {
        match (&self.modified_before, &self.modified_after) {
            (Some(a), Some(b)) => b.instant > a.instant,
            (None, Some(_)) => true,
            _ => false,
        }
    }

    pub(super) fn acknowledgements(&self, changes: &[Change]) -> Vec<Acknowledgement> {
        let mut found: Vec<Acknowledgement> = changes
            .iter()
            .filter(|change| change.kind.is_notice())
            .filter_map(|change| change.after.clone().map(Acknowledgement::Notice))
            .collect();
        if self.moved_forward()
            && let Some(time) = &self.modified_after
        {
            found.push(Acknowledgement::Modified(time.text.clone()));
        }
        found
    }
}

/// Whether words of the article changed and nothing acknowledges it.
pub(super) fn is_stealth(new: &Page, changes: &[Change], acknowledged: &[Acknowledgement]) -> bool {
    if !acknowledged.is_empty() {
        return false;
    }
    let entries = NewEntries::of(new, changes);
    // What a page declares for search engines is no part of its text.
    let is_beside = |change: &Change| {
        change.about.as_deref() == Some(description::ABOUT)
            && change.old_range.is_none()
            && change.new_range.is_none()
    };
    changes.iter().any(|change| {
        change.kind.is_of_text()
            && !change.notation
            && !is_beside(change)
            && !entries.declare(change)
    })
}

/// The entries of a live blog that are themselves new.
struct NewEntries {
    /// Where entries begin, in order, each with whether it is new.
    heads: Vec<(usize, bool)>,
}

impl NewEntries {
    fn of(new: &Page, changes: &[Change]) -> Self {
        if new.kind != PageKind::Live {
            return Self { heads: Vec::new() };
        }
        let added = changes.iter().filter(|change| change.kind == ChangeKind::TextAdded);
        let added = Spans::new(added.filter_map(|change| change.new_range.clone()));
        // Some live blogs head their entries with plain headings.
        let heads = new.blocks.iter().filter(|block| {
            matches!(block.kind, BlockKind::LiveEntry(_) | BlockKind::Subheading(_))
        });
        let heads = heads
            .map(|block| block.range.start)
            .map(|start| (start, added.meeting(&(start..start + 1)).next().is_some()));
        Self { heads: heads.collect() }
    }

    /// Whether an addition lies in such an entry.
    fn declare(&self, change: &Change) -> bool {
        let added = matches!(change.kind, ChangeKind::TextAdded | ChangeKind::QuoteAdded);
        let Some(range) = change.new_range.as_ref().filter(|_| added) else { return false };
        let behind = self.heads.partition_point(|&(start, _)| start <= range.start);
        let entry = behind.checked_sub(1).and_then(|at| self.heads.get(at));
        entry.is_some_and(|&(_, is_new)| is_new)
    }
}

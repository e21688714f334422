//! What a version changed: as much of a comparison as history, blame and the feeds need, small enough
//! to be kept for every pair of neighbours.

use crate::diff::json::{JsonChange, change};
use crate::diff::{Change, Comparison, SentenceOrigin};
use crate::extract::page::Page;

/// The changes between two neighbours.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// What changed, facts of the page first, then in the order of the text.
    pub changes: Vec<Change>,
    /// Whether the article changed and neither a notice nor the declared date states it.
    pub stealth: bool,
    /// Whether a finer answer exists, which was too expensive.
    pub coarse: bool,
    /// For each sentence of the new text, where it comes from.
    pub origins: Vec<SentenceOrigin>,
}

impl From<&Comparison> for Delta {
    fn from(comparison: &Comparison) -> Self {
        Self {
            changes: comparison.changes.clone(),
            stealth: comparison.stealth,
            coarse: comparison.coarse,
            origins: comparison.origins(),
        }
    }
}

impl Delta {
    /// The gravest weight among the changes; 0 without any.
    #[must_use]
    pub fn weight(&self) -> u8 {
        self.changes.iter().map(|change| change.weight).max().unwrap_or(0)
    }

    /// The changes in JSON; `old` and `new` are the pages it is of.
    #[must_use]
    pub fn json(&self, old: &Page, new: &Page) -> Vec<JsonChange> {
        self.changes.iter().map(|one| change(one, old, new)).collect()
    }
}

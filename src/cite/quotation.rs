//! Words that were found in a capture and are quoted.

use std::ops::Range;

use super::altered::Altered;
use super::text_fragment::Directive;

/// Words found in a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotation {
    /// The words exactly as they stand there, in one line; the whole passage, where some of them are left out.
    pub exact: String,
    /// The words as the quoter gives them, where something is marked in them.
    pub altered: Option<Altered>,
    /// What stands right before them.
    pub prefix: String,
    /// What stands right after them.
    pub suffix: String,
    /// Their bytes in the article text; none for words of the headline.
    pub range: Option<Range<usize>>,
    /// What leads a browser to them.
    pub directive: Directive,
}

//! Quoted words that were found in a capture.

use std::ops::Range;

use super::altered::Altered;
use super::text_fragment::Directive;

/// Words found in a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotation {
    /// The words exactly as in the text, in one line; the whole passage if some of them are left out.
    pub exact: String,
    /// The words as the quoter gives them, if they have marked alterations.
    pub altered: Option<Altered>,
    /// The text right before them.
    pub prefix: String,
    /// The text right after them.
    pub suffix: String,
    /// Their bytes in the article text; none for words of the headline.
    pub range: Option<Range<usize>>,
    /// The directive that leads a browser to them.
    pub directive: Directive,
}

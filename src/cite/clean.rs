//! Text of pages on one line.

use crate::base::printable;

/// A text of a page as one printable line, without white space at the ends.
pub(super) fn clean(text: &str) -> String {
    printable::flat(text).trim().to_owned()
}

/// A text exactly as on the page, except white space: every run is one space, none at the ends.
pub(super) fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

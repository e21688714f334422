//! A change on one line.

use crate::base::printable::{self, fitted};

/// The kind, and what was before and is now, cut where it is long.
#[must_use]
pub fn change_line(kind: &str, before: Option<&str>, after: Option<&str>) -> String {
    match (before, after) {
        (Some(before), Some(after)) => {
            format!("{kind:<16} {} → {}", short(before), short(after))
        }
        (Some(before), None) => format!("{kind:<16} - {}", short(before)),
        (None, Some(after)) => format!("{kind:<16} + {}", short(after)),
        (None, None) => kind.to_owned(),
    }
}

/// A text on one line, cut where it is long.
fn short(text: &str) -> String {
    fitted(printable::flat(text).trim(), 70).into_owned()
}

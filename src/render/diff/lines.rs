//! Lines for people: text made printable, abridged, wrapped by the cells of a terminal.

use crate::base::printable::{fitted, width};

/// Text from the web, safe for a terminal and on one line, with the space at both ends kept as one.
pub(super) use crate::base::printable::flat;

/// As [`flat`], without space at the ends.
pub(super) fn clean(text: &str) -> String {
    flat(text).trim().to_owned()
}

/// The first words of a text, with an ellipsis where it continues, in at most this many cells.
pub(super) fn abridged(text: &str, most: usize) -> String {
    fitted(text, most).into_owned()
}

/// Breaks at spaces, counting only what is seen.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    if columns == 0 {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let seen = visible(word);
        if width > 0 && width + 1 + seen > columns {
            lines.push(std::mem::take(&mut line));
            width = 0;
        }
        if width > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += seen;
    }
    lines.push(line);
    lines
}

/// The cells that a word takes, without the colours that this module has put into it.
fn visible(word: &str) -> usize {
    let mut seen = String::with_capacity(word.len());
    let mut escape = false;
    for c in word.chars() {
        match (escape, c) {
            (false, '\u{1b}') => escape = true,
            (true, 'm') => escape = false,
            (true, _) => {}
            (false, c) => seen.push(c),
        }
    }
    width(&seen)
}

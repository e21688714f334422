//! The two cells of a change in the HTML table: its words before and after, with those that differ
//! marked. A long text is shortened where both sides say the same, and never where they differ.

use std::fmt::Write as _;
use std::ops::Range;

use super::lines::clean;
use crate::base::markup::escaped;
use crate::base::printable::fitted;
use crate::diff::{Change, changed_words};

/// A text of more bytes than this is shortened.
const LONG: usize = 300;

/// This many bytes are kept around a difference where a text is shortened.
const CONTEXT: usize = 60;

/// A text that only one side has, or a run of words that differ, of more bytes than this is shortened
/// in its middle; the text below the table has all of it.
const ALL_NEW: usize = 1_200;

/// Steps of comparing the words of one change; beyond it all of them count as different.
const WORK_MAX: u64 = 400_000;

/// The cells as HTML.
pub(in crate::render) fn cells(change: &Change) -> (String, String) {
    texts(change.before.as_deref(), change.after.as_deref())
}

/// The same of the two texts of a change.
pub(in crate::render) fn texts(before: Option<&str>, after: Option<&str>) -> (String, String) {
    let none = || "<span class=\"none\">—</span>".to_owned();
    match (before.map(clean), after.map(clean)) {
        (Some(old), Some(new)) => pair(&old, &new),
        (old, new) => {
            let whole = |text: Option<String>| text.map_or_else(none, |text| alone(&text));
            (whole(old), whole(new))
        }
    }
}

fn pair(old: &str, new: &str) -> (String, String) {
    let (olds, news) = changed_words(old, new, WORK_MAX);
    // Where everything would be marked, nothing is: two figures, or two quite different headlines.
    let is_whole = |marks: &[Range<usize>], text: &str| {
        let marked: usize = marks.iter().map(ExactSizeIterator::len).sum();
        marked * 10 > text.len() * 9
    };
    if is_whole(&olds, old) && is_whole(&news, new) {
        return (alone(old), alone(new));
    }
    (marked(old, &olds, "del"), marked(new, &news, "ins"))
}

fn alone(text: &str) -> String {
    escaped(&shortened(text, ALL_NEW, ALL_NEW / 2, ALL_NEW / 2))
}

/// The text with these places marked, and what is between them shortened where it is long.
fn marked(text: &str, places: &[Range<usize>], tag: &str) -> String {
    if places.is_empty() {
        // Only the notation differs.
        return escaped(&fitted(text, LONG));
    }
    let mut cell = String::new();
    let mut at = 0;
    for place in places {
        let between = text.get(at..place.start).unwrap_or_default();
        let head = if at == 0 { 0 } else { CONTEXT };
        cell.push_str(&escaped(&shorter(text, between, head, CONTEXT)));
        // Where the other side alone has words, this place is shown and nothing is marked.
        if !place.is_empty() {
            let inside = text.get(place.clone()).unwrap_or_default();
            let inside = shortened(inside, ALL_NEW, ALL_NEW / 2, ALL_NEW / 2);
            // Writing into a String cannot fail.
            let _ = write!(cell, "<{tag}>{}</{tag}>", escaped(&inside));
        }
        at = place.end;
    }
    cell.push_str(&escaped(&shorter(text, text.get(at..).unwrap_or_default(), CONTEXT, 0)));
    cell
}

/// A part of a text between differences, shortened where the text is long.
fn shorter(text: &str, part: &str, head: usize, tail: usize) -> String {
    if text.len() <= LONG { part.to_owned() } else { shortened(part, 3 * CONTEXT, head, tail) }
}

/// The beginning and the end of a text of more than `most` bytes, whole words of each.
fn shortened(text: &str, most: usize, head: usize, tail: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let start = text.get(..floor(text, head)).unwrap_or_default();
    let end = text.get(floor(text, text.len() - tail)..).unwrap_or_default();
    let start = start.rfind(' ').map_or(start, |at| &start[..at]);
    let end = end.find(' ').map_or(end, |at| &end[at..]);
    let gap = if start.is_empty() { "…" } else { " …" };
    format!("{start}{gap}{end}")
}

/// The nearest boundary of a character at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_differ_are_marked_and_nothing_else() {
        let cases = [
            (
                "Board signs secret deal",
                "Board signs deal",
                "Board signs <del>secret</del> deal",
                "Board signs deal",
            ),
            (
                "12 boats sank",
                "15 boats sank",
                "<del>12</del> boats sank",
                "<ins>15</ins> boats sank",
            ),
            ("12", "15", "12", "15"),
            ("Fire at the quay", "Mayor resigns", "Fire at the quay", "Mayor resigns"),
            (
                "a < b & c",
                "a < d & c",
                "a &lt; <del>b</del> &amp; c",
                "a &lt; <ins>d</ins> &amp; c",
            ),
        ];
        for (old, new, left, right) in cases {
            assert_eq!(pair(old, new), (left.to_owned(), right.to_owned()));
        }
    }

    #[test]
    fn a_long_text_is_shortened_where_it_is_the_same_and_never_where_it_differs() {
        let same = "word after word after word ".repeat(60);
        let old = format!("{same}said 12 boats {same}in May {same}");
        let new = format!("{same}said 15 boats {same}in June {same}");
        let (left, right) = pair(old.trim(), new.trim());
        for (cell, words) in [
            (&left, ["<del>12</del>", "<del>May</del>"]),
            (&right, ["<ins>15</ins>", "<ins>June</ins>"]),
        ] {
            for word in words {
                assert!(cell.contains(word), "{cell}");
            }
            assert!(cell.len() < 700 && cell.matches('…').count() == 3, "{cell}");
            assert!(cell.starts_with('…') && cell.ends_with('…'), "{cell}");
        }
        // The place is shown as well where only one side has the words.
        let (left, right) = pair(
            &format!("{same}on the first of May it rained {same}"),
            &format!("{same}on the very first of May it rained {same}"),
        );
        assert!(left.contains("on the first of May"), "{left}");
        assert!(right.contains("on the <ins>very</ins> first of May"), "{right}");
        // What only one side has is shown with its end.
        let alone = alone(&format!("{same}and the last words"));
        assert!(alone.ends_with("and the last words"), "{alone}");
        let letters = "ü".repeat(5_000);
        assert!(pair(&letters, &format!("{letters}x")).0.len() < 4_000);
    }
}

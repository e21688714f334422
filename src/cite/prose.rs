//! Shared by the styles for readers: lists of names, closing marks, titles in quotation marks, words
//! for the archive, and the lines of a quotation.
//!
//! Deliberately does not change case: which words of a headline are names is not known here,
//! so sentence case (APA) and headline case (Chicago, MLA) are left as the outlet had them.

use super::clean::clean;
use super::marks;
use super::source::Source;
use crate::base::printable::json;

/// `A`, `A and B`, `A, B, and C`, with the word given.
pub(super) fn list(names: &[String], and: &str) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, two] => format!("{one} {and} {two}"),
        [first @ .., last] => format!("{}, {and} {last}", first.join(", ")),
    }
}

/// The text with a full stop, unless it ends with a mark of its own; inside a closing quotation mark,
/// as in American styles, if that mark is an English one.
pub(super) fn stop(text: &str) -> String {
    closed(text, marks::english_at_end(text), '.')
}

/// A title in quotation marks with `mark` inside them, and English marks within. A title that ends with a
/// mark keeps that one; a comma is set after it (Chicago 17, 6.125 and 14.96).
pub(super) fn title(text: &str, mark: char) -> String {
    let (inner, closing) = marks::nested(text);
    format!("“{}”", closed(&isolate(&inner), closing, mark))
}

/// The text with a mark before the `closing` quotation marks at its end.
fn closed(text: &str, closing: usize, mark: char) -> String {
    let (text, isolates) = match text.strip_suffix('\u{2069}') {
        Some(bare) => (bare, "\u{2069}"),
        None => (text, ""),
    };
    let cut =
        text.char_indices().rev().nth(closing.wrapping_sub(1)).map_or(text.len(), |(at, _)| at);
    let cut = if closing == 0 { text.len() } else { cut };
    let (bare, marks) = text.split_at(cut);
    let last = bare.trim_end_matches([')', ']', '"', '»', '“', '”', '’', '」', '』']);
    let ends = |marks: &[char]| last.ends_with(marks);
    let keeps = mark == '.' && ends(&['.', '?', '!', '…', '。', '？', '！', '؟', '۔', '।']);
    if keeps {
        return format!("{text}{isolates}");
    }
    // A mark that needs a continuation is removed.
    let bare = bare.trim_end_matches([',', ';', ':', ' ']);
    format!("{bare}{mark}{marks}{isolates}")
}

/// A right-to-left text, isolated from the surrounding text (Unicode Standard Annex 9,
/// FIRST STRONG ISOLATE); any other unchanged.
pub(super) fn isolate(text: &str) -> String {
    let first = text.chars().find(|c| c.is_alphabetic());
    if first.is_some_and(is_right_to_left) {
        format!("\u{2068}{text}\u{2069}")
    } else {
        text.to_owned()
    }
}

/// Whether a letter belongs to a right-to-left script.
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Where the capture can be found: its address, or the archive's name and the record.
pub(super) fn place(source: &Source) -> String {
    match source.archive_url() {
        Some(url) => url,
        None => format!("{}, {}", source.archive.name, source.record()),
    }
}

/// When the page was captured (RFC 3339), and that this is what a browser made of it, where it is.
pub(super) fn captured(source: &Source) -> String {
    source.capture.at.to_rfc3339() + form(source)
}

/// Added to a time of capture: nothing for a page as it was sent.
pub(super) fn form(source: &Source) -> &'static str {
    if source.capture.is_rendering { ", as rendered by a browser" } else { "" }
}

/// What identifies the capture besides its place: the digest, and the record if the place does not name it.
pub(super) fn proof(source: &Source) -> String {
    match source.archive_url() {
        Some(_) => format!("{}, {}", source.record(), source.digest()),
        None => source.digest().to_owned(),
    }
}

/// The link a reader should follow: to the quoted words, else to the capture, else to the page.
pub(super) fn best_link(source: &Source) -> String {
    match &source.quotation {
        Some(quotation) => quotation.link(source),
        None => source.archive_url().unwrap_or_else(|| source.capture.link()),
    }
}

/// The lines of a citation for quoted words: the words, the link to them, and the
/// selector; empty without a quotation.
pub(super) fn quotation_lines(source: &Source) -> String {
    let Some(quotation) = &source.quotation else { return String::new() };
    let mut lines = format!("\nQuotation: “{}”", isolate(&clean(quotation.said())));
    if let Some(altered) = &quotation.altered {
        lines.push_str(&format!("\nStands there as: “{}”", isolate(&clean(&quotation.exact))));
        if !altered.alterations.is_empty() {
            lines.push_str(&format!("\nAltered: {}", isolate(&clean(&altered.description()))));
        }
    }
    lines.push_str(&format!(
        "\nLink: {}\nSelector: {}",
        quotation.link(source),
        json(&quotation.selector().to_string())
    ));
    lines
}

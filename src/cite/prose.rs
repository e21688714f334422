//! What the styles for readers share: lists of names, closing marks, titles in quotation marks, words
//! for the archive, and the lines of a quotation.
//!
//! Deliberately changes the case of nothing: which words of a headline are names is not known here,
//! so sentence case (APA) and headline case (Chicago, MLA) are left as the outlet had them.

use super::clean;
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

/// The text with a full stop, unless it ends with a mark of its own; inside of a closing quotation mark,
/// as American styles have it.
pub(super) fn stop(text: &str) -> String {
    closed(text, '.')
}

/// A title in quotation marks with `mark` inside of them; a title that ends with a mark keeps that one.
/// Double marks inside become single.
pub(super) fn title(text: &str, mark: char) -> String {
    let mut inner = String::with_capacity(text.len());
    let mut last = ' ';
    for c in text.chars() {
        inner.push(match c {
            '“' => '‘',
            '”' => '’',
            '"' if last.is_whitespace() || last == '(' => '‘',
            '"' => '’',
            _ => c,
        });
        last = c;
    }
    format!("“{}”", closed(&isolate(&inner), mark))
}

fn closed(text: &str, mark: char) -> String {
    // A last apostrophe closes a quotation where one was opened.
    let closes = |c: char| c == '”' || (c == '’' && text.contains('‘'));
    let bare = text.trim_end_matches(closes);
    let last = bare.trim_end_matches([')', '"', '»', '\u{2069}']);
    let keeps = last.ends_with(['?', '!', '…', '。', '？', '！', '؟', '۔', '।'])
        || (mark == '.' && last.ends_with('.'));
    if keeps { text.to_owned() } else { format!("{bare}{mark}{}", &text[bare.len()..]) }
}

/// A text that is read from right to left, set off from what surrounds it (Unicode Standard Annex 9,
/// FIRST STRONG ISOLATE); any other as it is.
pub(super) fn isolate(text: &str) -> String {
    let first = text.chars().find(|c| c.is_alphabetic());
    if first.is_some_and(is_right_to_left) {
        format!("\u{2068}{text}\u{2069}")
    } else {
        text.to_owned()
    }
}

/// Whether a letter belongs to a script that is read from right to left.
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Where the capture can be found: its address, or the archive's name and the record.
pub(super) fn place(source: &Source) -> String {
    match (source.archive_url(), &source.capture.record_id) {
        (Some(url), _) => url,
        (None, Some(id)) => format!("{}, record {id}", source.archive.name),
        (None, None) => source.archive.name.clone(),
    }
}

/// The link a reader should follow: to the quoted words, else to the capture, else to the page.
pub(super) fn best_link(source: &Source) -> String {
    match &source.quotation {
        Some(quotation) => quotation.link(source),
        None => source.archive_url().unwrap_or_else(|| source.capture.link()),
    }
}

/// The lines that go with a citation where words are quoted: the words, the link to them, and the
/// selector; empty without a quotation.
pub(super) fn quotation_lines(source: &Source) -> String {
    let Some(quotation) = &source.quotation else { return String::new() };
    format!(
        "\nQuotation: “{}”\nLink: {}\nSelector: {}",
        isolate(&clean(&quotation.exact)),
        quotation.link(source),
        json(&quotation.selector().to_string())
    )
}

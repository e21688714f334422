//! Words in quotation marks that are no quotation by themselves: "the “heart of the town”".
//!
//! The extractor leaves them out, since nothing shows that a speaker said them. Where another outlet has the same
//! words in a quotation, they are a fragment of it.

use std::ops::Range;

use super::article::Prepared;

/// The most bytes between two marks that make a fragment.
const BYTES_MAX: usize = 160;

/// The most fragments of one article.
const SPANS_MAX: usize = 200;

/// The closing mark of an opening one.
fn closing(open: char) -> Option<&'static [char]> {
    Some(match open {
        '“' => &['”', '“'],
        '„' => &['“', '”'],
        '«' => &['»'],
        '»' => &['«', '»'],
        '"' => &['"'],
        '「' => &['」'],
        '『' => &['』'],
        _ => return None,
    })
}

/// The words between marks outside of the quotations that the extractor found, in order.
pub(super) fn spans(article: &Prepared<'_>) -> Vec<Range<usize>> {
    let text = &article.page.text;
    let mut quotes = article.page.quotes.iter().map(|quote| &quote.range).peekable();
    let mut out = Vec::new();
    let mut from = 0;
    for (at, open) in text.char_indices() {
        while quotes.next_if(|range| range.end <= at).is_some() {}
        if at < from || quotes.peek().is_some_and(|range| range.start <= at) {
            continue;
        }
        let Some(closing) = closing(open) else { continue };
        let start = at + open.len_utf8();
        let limit = text.floor_char_boundary((start + BYTES_MAX).min(text.len()));
        let rest = text.get(start..limit).unwrap_or_default();
        let rest = rest.split("\n\n").next().unwrap_or_default();
        let Some(length) = rest.find(closing) else { continue };
        from = start + length + 1;
        if length > 0 {
            out.push(start..start + length);
        }
        if out.len() >= SPANS_MAX {
            break;
        }
    }
    out
}

//! Quotations as text.

use crate::answers::quotes::{PageQuotes, PageSource};
use crate::extract::page::Speaker;

/// The lines of a page: where it is from, its headline, and who says what.
#[must_use]
pub fn lines(found: &PageQuotes) -> Vec<String> {
    let mut out = vec![match &found.source {
        PageSource::File(name) => name.clone(),
        PageSource::Capture { url, at, form } => {
            format!("{url} ({}{})", at.to_rfc3339(), super::in_form(*form))
        }
    }];
    out.extend(found.headline.iter().map(|headline| format!("  {headline}")));
    for quote in &found.quotes {
        let words = quote.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let by = quote.speaker.as_ref().map_or_else(|| "?".to_owned(), speaker);
        out.push(format!("  {by}: “{words}”"));
    }
    out
}

/// The name; one that was concluded from a pronoun or a role is in brackets.
fn speaker(speaker: &Speaker) -> String {
    if speaker.named { speaker.name.clone() } else { format!("[{}]", speaker.name) }
}

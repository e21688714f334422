//! What the words of an article hold: its notices, sentences, quotations and figures.

use super::page::{Origin, Page};
use super::{figures, notices, quotes, sentences};
use crate::language::detect;

/// Fills in what is read from the text and blocks of `page`.
pub(super) fn read(page: &mut Page) {
    notices::read(page);
    // The text is read in its own language, whatever is declared.
    let language = match &page.language {
        // The language was already checked against the text.
        Some(fact) if fact.origin == Origin::Inferred || fact.value.starts_with("en") => {
            Some(fact.value.clone())
        }
        Some(fact) => detect::language(Some(&fact.value), &page.text).map(|(tag, _)| tag),
        None => None,
    };
    let language = language.as_deref();
    page.sentences = sentences::sentences(&page.text, &page.blocks, language);
    let byline: Vec<String> = page.byline.iter().map(|a| a.value.name.clone()).collect();
    let hints = quotes::Hints { byline: &byline, language };
    page.quotes = quotes::quotes(&page.text, &page.blocks, &page.sentences, &hints);
    page.figures = figures::figures(&page.text, &page.blocks, &page.sentences, language);
}

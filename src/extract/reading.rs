//! What the words of an article hold: its notices, sentences, quotations and figures.

use super::page::Page;
use super::{figures, notices, quotes, sentences};
use crate::language::detect;

/// Fills in what is read from the text and blocks of `page`.
pub(super) fn read(page: &mut Page) {
    notices::read(page);
    // What is read is the text: in its own language, whatever is declared.
    let declared = page.language.as_ref().map(|l| l.value.as_str());
    let language = detect::language(declared, &page.text).map(|(tag, _)| tag);
    let language = language.as_deref();
    page.sentences = sentences::sentences(&page.text, &page.blocks, language);
    let byline: Vec<String> = page.byline.iter().map(|a| a.value.name.clone()).collect();
    let hints = quotes::Hints { byline: &byline, language };
    page.quotes = quotes::quotes(&page.text, &page.blocks, &page.sentences, &hints);
    page.figures = figures::figures(&page.text, &page.blocks, &page.sentences, language);
}

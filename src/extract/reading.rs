//! What the words of an article hold: its notices, sentences, quotations and figures.

use super::page::Page;
use super::{figures, notices, quotes, sentences};

/// Fills in what is read from the text and blocks of `page`.
pub(super) fn read(page: &mut Page) {
    notices::read(page);
    let language = page.language.as_ref().map(|l| l.value.as_str());
    page.sentences = sentences::sentences(&page.text, &page.blocks, language);
    let byline: Vec<String> = page.byline.iter().map(|a| a.value.name.clone()).collect();
    let hints = quotes::Hints { byline: &byline, language };
    page.quotes = quotes::quotes(&page.text, &page.blocks, &page.sentences, &hints);
    page.figures = figures::figures(&page.text, &page.blocks, &page.sentences, language);
}

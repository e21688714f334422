//! An article made ready to be compared.

use std::ops::Range;

use crate::base::Timestamp;
use crate::extract::page::{BlockKind, Page};

use super::lexicon::Lexicon;
use super::words::{self, WORDS_MAX, Word};

/// The most articles that one story is made of.
pub const ARTICLES_MAX: usize = 10_000;

/// An article of the story.
#[derive(Debug, Clone, Copy)]
pub struct Article<'a> {
    /// What it says.
    pub page: &'a Page,
    /// Whose it is: versions of one page share the number.
    pub outlet: usize,
    /// When it was captured; none for a local file.
    pub captured: Option<Timestamp>,
}

/// An article, its words, and what is known of its language.
pub(super) struct Prepared<'a> {
    pub page: &'a Page,
    pub outlet: usize,
    pub captured: Option<Timestamp>,
    /// The primary subtag; empty where none is known.
    pub language: String,
    pub lexicon: Lexicon,
    pub words: Vec<Word>,
    /// Whether the article has more words than are read.
    pub is_cut: bool,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(article: &Article<'a>) -> Self {
        let language = words::language_of(article.page);
        let lexicon = Lexicon::of(&language);
        let words = words::words(article.page, &lexicon);
        let is_cut = words.len() >= WORDS_MAX || article.page.coarse;
        Self {
            page: article.page,
            outlet: article.outlet,
            captured: article.captured,
            language,
            lexicon,
            words,
            is_cut,
        }
    }

    /// The words of a range of the text, by index.
    pub(super) fn within(&self, range: &Range<usize>) -> Range<usize> {
        words::within(&self.words, range)
    }

    /// The same as a slice.
    pub(super) fn words_of(&self, range: &Range<usize>) -> &[Word] {
        self.words.get(self.within(range)).unwrap_or_default()
    }

    /// A part of the text; empty where the range is outside of it.
    pub(super) fn text(&self, range: &Range<usize>) -> &'a str {
        self.page.text.get(range.clone()).unwrap_or_default()
    }

    /// The sentence that holds a place of the text.
    pub(super) fn sentence_at(&self, at: usize) -> Option<Range<usize>> {
        let sentences = &self.page.sentences;
        let next = sentences.partition_point(|sentence| sentence.range.start <= at);
        let found = next.checked_sub(1).and_then(|index| sentences.get(index));
        found.filter(|sentence| at < sentence.range.end).map(|sentence| sentence.range.clone())
    }

    /// Whether a place is in a notice of the publisher, which is not part of the story.
    pub(super) fn is_notice(&self, at: usize) -> bool {
        let blocks = &self.page.blocks;
        let next = blocks.partition_point(|block| block.range.start <= at);
        let found = next.checked_sub(1).and_then(|index| blocks.get(index));
        found.is_some_and(|block| matches!(block.kind, BlockKind::Notice(_)))
    }

    /// When it was published, as it declares.
    pub(super) fn declared(&self) -> Option<Timestamp> {
        self.page.published.as_ref().map(|fact| fact.value.instant)
    }

    /// The day of publication as the page writes it, `2025-11-04`.
    pub(super) fn day(&self) -> Option<&str> {
        let text = self.page.published.as_ref()?.value.text.as_str();
        text.get(..10)
    }
}

/// The articles made ready; those beyond the limit are left out.
pub(super) fn prepared<'a>(articles: &[Article<'a>]) -> Vec<Prepared<'a>> {
    articles.iter().take(ARTICLES_MAX).map(Prepared::new).collect()
}

//! One story in several outlets: what they share and where they differ. Pure functions over what pages say.
//!
//! In reading order: the words of an article ([`words`], [`hash`], [`lexicon`]), who speaks ([`people`]), when and where
//! something was said ([`occasion`]), quotations that several carry ([`quotations`], [`alike`]), figures about
//! the same thing ([`figures`], [`amount`]), sources ([`sources`]), text copied from one to the other
//! ([`copied`]), who had it first ([`first`]), and what each changed after the others ([`over_time`]).
//!
//! What an article says was read by [`crate::extract`]; nothing is read twice here. Pairs are found by what
//! they share, in indexes of words, and never by comparing everything with everything. Deliberately no
//! archive and no clock.

mod alike;
mod amount;
mod article;
mod cluster;
mod copied;
mod figures;
mod first;
mod groups;
mod hash;
mod headline;
mod lexicon;
mod marked;
mod occasion;
pub mod over_time;
mod people;
mod quotations;
mod sources;
mod subject;
mod tally;
#[cfg(test)]
mod tests;
mod union;
mod words;

pub use article::{ARTICLES_MAX, Article};
pub use cluster::{Clusters, Signature, signature};
pub use copied::{Copied, CopiedShare, Passage};
pub use figures::{Difference, FigureGroup, FigureValue};
pub use first::{First, FirstOf};
pub use headline::typical_headline;
pub use occasion::OccasionKind;
pub use quotations::{Disagreement, Form, QuoteGroup, Relation, Variant};
pub use sources::{SourceKind, SourceNamed};

use article::prepared;

/// What the articles of one story share, and where they differ. Articles are named by their index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Story {
    /// Quotations that several outlets carry, those of the most outlets first.
    pub quotes: Vec<QuoteGroup>,
    /// Figures that several outlets have about the same thing, those that differ first.
    pub figures: Vec<FigureGroup>,
    /// The sources that each article names, in the order of its text.
    pub sources: Vec<Vec<SourceNamed>>,
    /// Articles that share text, those that share the most first.
    pub copied: Vec<Copied>,
    /// Who had the story first.
    pub first: First,
    /// Whether a finer answer exists: an article is longer, or there are more of them, than is compared.
    pub coarse: bool,
}

/// What the articles of one story share, and where they differ.
///
/// Articles beyond [`ARTICLES_MAX`] are left out, and the answer is coarse then.
#[must_use]
pub fn story(articles: &[Article<'_>]) -> Story {
    let all = prepared(articles);
    let people = people::People::of(&all);
    let named = sources::named(&all);
    let groups = quotations::find(&all, &people);
    let coarse = articles.len() > ARTICLES_MAX || all.iter().any(|article| article.is_cut);
    Story {
        quotes: groups,
        figures: figures::find(&all),
        sources: sources::find(&all, &named, &people),
        copied: copied::find(&all, &named),
        first: first::of(&all, 0..all.len()),
        coarse,
    }
}

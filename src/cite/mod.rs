//! Citations: of one capture, never of "latest".
//!
//! In reading order: the facts a citation needs, each with its origin ([`source`]), names and
//! dates in parts ([`names`], [`date`]); the quoted words ([`locate()`]: found exactly, or with
//! marked alterations ([`altered`]), or the nearest ones; [`text_fragment`]: a link to them; [`selector`]: the same for
//! annotation tools); the styles, a file for each family; the JSON of a citation is an answer ([`crate::answers::citation`]).
//!
//! Uses only its input: no network, no clock, and no archive beyond the one capture.

pub mod altered;
mod bibtex;
mod clean;
mod csl;
pub mod date;
mod folded;
mod html;
mod langid;
pub mod locate;
mod markdown;
mod marks;
pub mod names;
pub mod nearest;
mod prose;
mod quotation;
mod ris;
pub mod selector;
pub mod source;
#[cfg(test)]
mod tests;
pub mod text_fragment;
mod wikipedia;

mod apa;
mod chicago;
mod mla;
mod text;

use crate::base::printable;

pub use altered::{ALTERED_CHARACTERS_MAX, Alteration, Altered};
pub use locate::{Found, Missing, locate};
pub use quotation::Quotation;
pub use source::{Archive, Capture, Source, Standing};

/// The form of a citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// All known facts, in lines for a person.
    Text,
    /// APA, 7th edition.
    Apa,
    /// Chicago, 17th edition, notes and bibliography.
    Chicago,
    /// MLA, 9th edition.
    Mla,
    /// BibTeX, for the classic styles.
    Bibtex,
    /// BibTeX's format with the entry type and fields of biblatex.
    Biblatex,
    /// CSL-JSON 1.0.2.
    CslJson,
    /// RIS.
    Ris,
    /// Wikipedia's `cite news` or `cite web`.
    Wikipedia,
    /// HTML with Robust Links.
    Html,
    /// Markdown with Robust Links.
    Markdown,
}

impl Style {
    /// All of them, in the order of the reference.
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Apa,
        Self::Chicago,
        Self::Mla,
        Self::Bibtex,
        Self::Biblatex,
        Self::CslJson,
        Self::Ris,
        Self::Wikipedia,
        Self::Html,
        Self::Markdown,
    ];

    /// What it is, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Text => "All known facts, one per line",
            Self::Apa => "APA, 7th edition",
            Self::Chicago => "Chicago, 17th edition, notes and bibliography",
            Self::Mla => "MLA, 9th edition",
            Self::Bibtex => "BibTeX",
            Self::Biblatex => "biblatex",
            Self::CslJson => "CSL-JSON, as citation processors read it",
            Self::Ris => "RIS, as reference managers import it",
            Self::Wikipedia => "Wikipedia's cite news or cite web",
            Self::Html => "HTML with Robust Links",
            Self::Markdown => "Markdown with Robust Links",
        }
    }

    /// The name of the style on the command line.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Apa => "apa",
            Self::Chicago => "chicago",
            Self::Mla => "mla",
            Self::Bibtex => "bibtex",
            Self::Biblatex => "biblatex",
            Self::CslJson => "csl-json",
            Self::Ris => "ris",
            Self::Wikipedia => "wikipedia",
            Self::Html => "html",
            Self::Markdown => "markdown",
        }
    }
}

/// The citation of one capture in one style: one or more lines, without a line end after the last, and
/// printable wherever it is pasted.
#[must_use]
pub fn cite(source: &Source, style: Style) -> String {
    let text = rendered(source, style);
    let printable = match style {
        Style::CslJson => printable::json(&text),
        // In prose, words of another direction are isolated by marks that this module adds.
        Style::Text | Style::Apa | Style::Chicago | Style::Mla | Style::Markdown => {
            printable::styled(&text)
        }
        _ => printable::lines(&text),
    };
    printable.into_owned()
}

fn rendered(source: &Source, style: Style) -> String {
    match style {
        Style::Text => text::render(source),
        Style::Apa => apa::render(source),
        Style::Chicago => chicago::render(source),
        Style::Mla => mla::render(source),
        Style::Bibtex => bibtex::render(source, bibtex::Dialect::Bibtex),
        Style::Biblatex => bibtex::render(source, bibtex::Dialect::Biblatex),
        Style::CslJson => csl::render(source),
        Style::Ris => ris::render(source),
        Style::Wikipedia => wikipedia::render(source),
        Style::Html => html::render(source),
        Style::Markdown => markdown::render(source),
    }
}

//! What one capture says: its page, from the readings that are kept where there is one, and its payload.

use std::sync::Arc;

use serde::Serialize;

use crate::archive::Form;
use crate::base::{TargetUri, Timestamp};
use crate::extract::EXTRACTOR;
use crate::extract::page::{Fact, Origin, Page};
use crate::schedule::clean::variant;
use crate::store::Loaded;

use super::chosen_text::ChosenText;
use super::{AnswerError, Archive};

/// The capture of `url` that is closest to `at`, the newest without it, with its record, and which text of the page
/// that is: in a form, or without one where the page has its text. `doing` names the question in an error.
///
/// # Errors
/// When there is none, or its record cannot be read or was changed.
pub fn load(
    archive: &Archive,
    url: &str,
    (form, at): (Option<Form>, Option<Timestamp>),
    doing: &str,
) -> Result<(ChosenText, Arc<Loaded>), AnswerError> {
    let (chosen, entry) = ChosenText::found(archive, url, (form, at), doing)?;
    Ok((chosen, archive.record(&entry, doing)?))
}

/// What a page says, in the fields of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageJson {
    /// The address; `None` for a local file.
    pub url: Option<String>,
    /// The local file; `None` for a page of the archive.
    pub file: Option<String>,
    /// When it was captured, as 14 digits; `None` for a local file.
    pub timestamp: Option<String>,
    /// Whether it is what scripts made of the page; left out where it is what was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The address of another form of the page that this is; left out where it is the page itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_at: Option<String>,
    /// The headline.
    pub headline: Option<String>,
    /// Who wrote it, in order.
    pub byline: Vec<String>,
    /// The outlet.
    pub publisher: Option<String>,
    /// The section of it.
    pub section: Option<String>,
    /// When it was published, as the page declares it.
    pub published: Option<String>,
    /// When it was changed last, as the page declares it.
    pub modified: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// The address that it gives itself.
    pub canonical: Option<String>,
    /// The page that it says it is another form of.
    pub variant: Option<VariantJson>,
    /// What kind of page it is.
    pub kind: &'static str,
    /// Whether all of it may be read.
    pub access: &'static str,
    /// Whether some of it was not read, since it is very long.
    pub coarse: bool,
    /// The article, its paragraphs parted by blank lines.
    pub text: String,
    /// Corrections and other notices.
    pub notices: Vec<NoticeJson>,
    /// Numbers, amounts, dates and times.
    pub figures: Vec<FigureJson>,
    /// Facts of which the page says several things.
    pub disagreements: Vec<DisagreementJson>,
    /// Where each fact was found.
    pub origins: OriginsJson,
    /// What read it.
    pub extractor: &'static str,
}

/// What a page says it is another form of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariantJson {
    /// The address of that page.
    pub of: String,
    /// Which form.
    pub kind: &'static str,
}

/// A notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeJson {
    /// What kind of notice.
    pub kind: &'static str,
    /// Its words.
    pub text: String,
    /// Where it begins in the article text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureJson {
    /// Its words.
    pub text: String,
    /// Its value, where it can be determined.
    pub value: Option<String>,
    /// The unit.
    pub unit: Option<String>,
    /// The word that makes it vague.
    pub hedge: Option<String>,
    /// What it counts.
    pub counts: Option<String>,
    /// Where it begins in the article text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// A fact of which a page says several things.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DisagreementJson {
    /// Which fact.
    pub field: &'static str,
    /// What it says.
    pub candidates: Vec<CandidateJson>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CandidateJson {
    /// Where it says so.
    pub origin: &'static str,
    /// What it says there.
    pub value: String,
}

/// Where each fact was found; one that the page does not have is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is the fact of its name in `PageJson`")]
pub struct OriginsJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byline: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<&'static str>,
    /// Of the text, where that does not stand in the markup as a browser shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'static str>,
}

impl PageJson {
    /// What the capture of `url` at this time says.
    #[must_use]
    pub fn of_capture(page: &Page, url: &str, at: Timestamp) -> Self {
        let (url, timestamp) = (Some(url.to_owned()), Some(at.to_stamp14()));
        Self { variant: variant_of(url.as_deref(), page), url, timestamp, ..Self::of(page) }
    }

    /// What a text of a page says that was captured at this time.
    #[must_use]
    pub fn of_chosen(page: &Page, chosen: &ChosenText, at: Timestamp) -> Self {
        Self {
            rendering: chosen.is_rendering(),
            text_at: chosen.alternate.as_ref().map(|(url, _)| url.clone()),
            ..Self::of_capture(page, &chosen.url, at)
        }
    }

    /// What the local file of this name says.
    #[must_use]
    pub fn of_file(page: &Page, name: &str) -> Self {
        Self { file: Some(name.to_owned()), ..Self::of(page) }
    }

    fn of(page: &Page) -> Self {
        Self {
            url: None,
            file: None,
            timestamp: None,
            rendering: false,
            text_at: None,
            headline: value(page.headline.as_ref()),
            byline: page.byline.iter().map(|author| author.value.name.clone()).collect(),
            publisher: value(page.publisher.as_ref()),
            section: value(page.section.as_ref()),
            published: page.published.as_ref().map(|fact| fact.value.text.clone()),
            modified: page.modified.as_ref().map(|fact| fact.value.text.clone()),
            language: value(page.language.as_ref()),
            canonical: value(page.canonical.as_ref()),
            variant: None,
            kind: page.kind.label(),
            access: page.access.label(),
            coarse: page.coarse,
            text: page.text.clone(),
            notices: notices(page),
            figures: figures(page),
            disagreements: disagreements(page),
            origins: OriginsJson::of(page),
            extractor: EXTRACTOR,
        }
    }
}

fn value(fact: Option<&Fact<String>>) -> Option<String> {
    fact.map(|fact| fact.value.clone())
}

fn notices(page: &Page) -> Vec<NoticeJson> {
    let notices = page.notices.iter().map(|notice| NoticeJson {
        kind: notice.kind.label(),
        text: notice.text.clone(),
        start: notice.range.start,
        end: notice.range.end,
    });
    notices.collect()
}

fn figures(page: &Page) -> Vec<FigureJson> {
    let figures = page.figures.iter().map(|figure| FigureJson {
        text: figure.text.clone(),
        value: figure.value.clone(),
        unit: figure.unit.clone(),
        hedge: figure.hedge.clone(),
        counts: figure.counts.clone(),
        start: figure.range.start,
        end: figure.range.end,
    });
    figures.collect()
}

fn disagreements(page: &Page) -> Vec<DisagreementJson> {
    let all = page.disagreements.iter().map(|disagreement| {
        let candidates = disagreement
            .candidates
            .iter()
            .map(|(origin, value)| CandidateJson { origin: origin.label(), value: value.clone() });
        DisagreementJson { field: disagreement.field, candidates: candidates.collect() }
    });
    all.collect()
}

impl OriginsJson {
    fn of(page: &Page) -> Self {
        Self {
            headline: origin(page.headline.as_ref()),
            byline: origin(page.byline.first()),
            publisher: origin(page.publisher.as_ref()),
            section: origin(page.section.as_ref()),
            language: origin(page.language.as_ref()),
            canonical: origin(page.canonical.as_ref()),
            published: origin(page.published.as_ref()),
            modified: origin(page.modified.as_ref()),
            text: page.text_origin.map(Origin::label),
        }
    }
}

fn origin<T>(fact: Option<&Fact<T>>) -> Option<&'static str> {
    fact.map(|fact| fact.origin.label())
}

/// What the page at `url` is a variant of, as it says itself.
fn variant_of(url: Option<&str>, page: &Page) -> Option<VariantJson> {
    let uri = TargetUri::parse(url?).ok()?;
    let named = TargetUri::parse(&page.canonical.as_ref()?.value).ok()?;
    let found = variant(&uri, &named)?;
    Some(VariantJson { of: found.of.as_str().to_owned(), kind: found.kind.label() })
}

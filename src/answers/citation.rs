//! A citation in JSON: its text in the style that was asked for, and every fact with where it came from.

use serde::Serialize;
use serde_json::Value;

use super::cite::Citation;
use super::pictures::AttachmentJson;
use super::refused::PassedOver;
use crate::cite::altered::Alteration;
use crate::cite::names::Name;
use crate::cite::source::{DateFact, Source};
use crate::cite::{Quotation, Style, cite};
use crate::extract::page::Fact;
use crate::history::CaptureJson;

/// A citation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CitationJson {
    /// The page, as it was captured.
    pub url: String,
    /// When, as 14 digits.
    pub timestamp: String,
    /// The style of `citation`.
    pub style: &'static str,
    /// The citation as text.
    pub citation: String,
    /// The capture that is cited.
    pub capture: CaptureJson,
    /// Whether it is the page as rendered by a browser; left out where it is the page as it was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    /// The address of another form of the page that has its text; left out where the page has it itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_at: Option<String>,
    /// The digest of its payload, or where there is none of its block.
    pub digest: Option<String>,
    /// `WARC-Record-ID`, without angle brackets.
    pub record_id: Option<String>,
    /// The archive it is kept in.
    pub archive: ArchiveJson,
    /// `news` or `web`.
    pub kind: &'static str,
    /// What became of the page since.
    pub url_status: &'static str,
    /// The headline.
    pub headline: Option<FactJson>,
    /// Who wrote it.
    pub authors: Vec<AuthorJson>,
    /// The outlet.
    pub publisher: Option<FactJson>,
    /// When it was published first.
    pub published: Option<FactJson>,
    /// When it was changed last.
    pub modified: Option<FactJson>,
    /// BCP 47 tag.
    pub language: Option<FactJson>,
    /// The attributes of a Robust Link.
    pub robust_link: RobustLinkJson,
    /// The quoted words.
    pub quote: Option<QuotationJson>,
    /// The newest capture, where that is not the one that is cited.
    pub passed_over: Option<PassedOverJson>,
    /// What was made from the capture, by digest: the page as a browser had it, and pictures of it; left out
    /// where there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentJson>,
}

/// An archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArchiveJson {
    /// Its name.
    pub name: String,
    /// Where it serves the capture; `None` where it is not public.
    pub url: Option<String>,
}

/// A fact and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactJson {
    /// The fact.
    pub value: String,
    /// Where it was found.
    pub origin: &'static str,
}

/// An author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuthorJson {
    /// The whole name.
    pub name: String,
    /// The given names of a person.
    pub given: Option<String>,
    /// "van", "de la" and their like.
    pub particle: Option<String>,
    /// The family name.
    pub family: Option<String>,
    /// "Jr." and its like.
    pub suffix: Option<String>,
    /// Whether it is an organisation.
    pub organisation: bool,
    /// Where it was found.
    pub origin: &'static str,
}

/// The attributes of a Robust Link, as that specification names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RobustLinkJson {
    /// The address of the page.
    pub originalurl: String,
    /// Where the archive serves the capture.
    pub versionurl: Option<String>,
    /// When it was captured.
    pub versiondate: String,
}

/// Quoted words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuotationJson {
    /// The words as they stand in the capture.
    pub exact: String,
    /// The words as they were given, where something is marked in them.
    pub given: Option<String>,
    /// What was altered, in order.
    pub alterations: Vec<AlterationJson>,
    /// What stands right before them.
    pub prefix: String,
    /// What stands right after them.
    pub suffix: String,
    /// Where they begin in the article text, in bytes; `None` for words of the headline.
    pub start: Option<usize>,
    /// Where they end.
    pub end: Option<usize>,
    /// A text-fragment link to them in the capture.
    pub link: String,
    /// A text-fragment link to them on the live page.
    pub live_link: String,
    /// The target of a W3C Web Annotation.
    pub target: Value,
}

/// What a quoter changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlterationJson {
    /// Which kind of change.
    pub kind: &'static str,
    /// As the quotation has it.
    pub given: String,
    /// What stands there.
    pub stands: String,
}

/// The newest capture, which is not the article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassedOverJson {
    /// The capture.
    pub capture: CaptureJson,
    /// What it is instead.
    pub why: String,
}

impl CitationJson {
    /// A citation in one style.
    #[must_use]
    pub fn new(found: &Citation, style: Style) -> Self {
        let source = &found.source;
        Self {
            url: source.capture.url.clone(),
            timestamp: source.capture.at.to_stamp14(),
            style: style.label(),
            citation: cite(source, style),
            capture: CaptureJson::from(&found.capture),
            rendering: source.capture.is_rendering,
            text_at: found.alternate.as_ref().map(|(url, _)| url.clone()),
            digest: source.capture.digest.clone(),
            record_id: source.capture.record_id.clone(),
            archive: ArchiveJson { name: source.archive.name.clone(), url: source.archive_url() },
            kind: if source.is_news { "news" } else { "web" },
            url_status: source.standing.label(),
            headline: text(source.headline.as_ref()),
            authors: source.authors.iter().map(AuthorJson::from).collect(),
            publisher: text(source.publisher.as_ref()),
            published: date(source.published.as_ref()),
            modified: date(source.modified.as_ref()),
            language: text(source.language.as_ref()),
            robust_link: RobustLinkJson {
                originalurl: source.capture.link(),
                versionurl: source.archive_url(),
                versiondate: source.capture.at.to_rfc3339(),
            },
            quote: source.quotation.as_ref().map(|quoted| QuotationJson::new(quoted, source)),
            passed_over: found.passed_over.as_ref().map(PassedOverJson::from),
            attachments: found.attachments.clone(),
        }
    }
}

fn text(fact: Option<&Fact<String>>) -> Option<FactJson> {
    fact.map(|fact| FactJson { value: fact.value.clone(), origin: fact.origin.label() })
}

fn date(fact: Option<&DateFact>) -> Option<FactJson> {
    fact.map(|fact| FactJson { value: fact.value.iso(), origin: fact.origin.label() })
}

impl QuotationJson {
    /// The words that are quoted from a source.
    #[must_use]
    pub fn new(quoted: &Quotation, source: &Source) -> Self {
        let altered = quoted.altered.as_ref();
        let alterations = altered.map_or(&[][..], |altered| &altered.alterations);
        Self {
            exact: quoted.exact.clone(),
            given: altered.map(|altered| altered.given.clone()),
            alterations: alterations.iter().map(AlterationJson::from).collect(),
            prefix: quoted.prefix.clone(),
            suffix: quoted.suffix.clone(),
            start: quoted.range.as_ref().map(|range| range.start),
            end: quoted.range.as_ref().map(|range| range.end),
            link: quoted.link(source),
            live_link: quoted.live_link(source),
            target: quoted.target(source),
        }
    }
}

impl From<&Alteration> for AlterationJson {
    fn from(alteration: &Alteration) -> Self {
        Self {
            kind: alteration.kind.label(),
            given: alteration.given.clone(),
            stands: alteration.stands.clone(),
        }
    }
}

impl From<&Fact<Name>> for AuthorJson {
    fn from(author: &Fact<Name>) -> Self {
        let person = match &author.value {
            Name::Person(person) => Some(person),
            Name::Whole(_) | Name::Organisation(_) => None,
        };
        Self {
            name: author.value.direct(),
            given: person.map(|person| person.given.clone()),
            particle: person.map(|person| person.particle.clone()),
            family: person.map(|person| person.family.clone()),
            suffix: person.map(|person| person.suffix.clone()),
            organisation: matches!(author.value, Name::Organisation(_)),
            origin: author.origin.label(),
        }
    }
}

impl From<&PassedOver> for PassedOverJson {
    fn from(passed: &PassedOver) -> Self {
        Self { capture: CaptureJson::from(&passed.newest), why: passed.why.clone() }
    }
}

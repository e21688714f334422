//! A story in JSON: the fields of the contract, and more.

use std::ops::Range;

use serde::Serialize;

use super::{StoryAnswer, StoryArticle, StoryOverTime};
use crate::answers::quotes::PageSource;
use crate::base::Timestamp;
use crate::extract::page::{Fact, PageTime};
use crate::story::over_time::Event;
use crate::story::{
    Copied, Disagreement, FigureGroup, FigureValue, First, FirstOf, QuoteGroup, SourceNamed,
    Variant,
};

/// Which article it is: `url`, or `file` for a local one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct ArticleName {
    /// The page; left out for a local file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The local file; left out for a page of the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What `story --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryJson {
    /// The articles.
    pub articles: Vec<ArticleJson>,
    /// Quotations that several outlets carry.
    pub quotes: Vec<QuoteGroupJson>,
    /// Figures that several outlets have about the same thing.
    pub figures: Vec<FigureGroupJson>,
    /// Articles that share text.
    pub copied: Vec<CopiedJson>,
    /// Who had the story first.
    pub first: FirstJson,
    /// What the outlets did, in the order of time; left out where it was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over_time: Option<Vec<EventJson>>,
    /// Whether a finer answer exists: an article is longer than is compared.
    pub coarse: bool,
    /// What was left out.
    pub notes: Vec<String>,
}

/// An article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is the fact of its name on the page")]
pub struct ArticleJson {
    #[serde(flatten)]
    pub name: ArticleName,
    pub timestamp: Option<String>,
    /// Whether it is read as scripts made it; left out where it is read as it was sent.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rendering: bool,
    pub headline: Option<String>,
    pub publisher: Option<String>,
    pub byline: Vec<String>,
    pub language: Option<String>,
    pub published: Option<String>,
    pub modified: Option<String>,
    pub first_captured: Option<String>,
    /// The sources that it names.
    pub sources: Vec<SourceJson>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceJson {
    /// `agency`, `broadcaster`, `outlet`, `official`, `person`, `unnamed`.
    pub kind: &'static str,
    /// Its name, as the article has it.
    pub name: String,
    /// Where it stands in the article text, in bytes; none where only the byline names it.
    pub start: Option<usize>,
    /// Where it ends.
    pub end: Option<usize>,
}

/// A statement that several outlets carry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuoteGroupJson {
    /// Who says it, by the fullest name that most outlets give.
    pub speaker: Option<String>,
    /// `identical`, `truncated` or `altered`: the weakest among the variants.
    pub relation: &'static str,
    /// How many articles carry it.
    pub outlets: usize,
    /// How each has it.
    pub variants: Vec<VariantJson>,
    /// Which of them is the fullest, by index.
    pub fullest: usize,
    /// What they report differently about it.
    pub disagreements: Vec<StoryDisagreementJson>,
    /// Who had it first.
    pub first: FirstJson,
}

/// A statement as one outlet has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each field is that of `story::Variant`")]
pub struct VariantJson {
    #[serde(flatten)]
    pub name: ArticleName,
    pub text: String,
    pub speaker: Option<String>,
    pub named: Option<bool>,
    pub cue: Option<String>,
    pub relation: &'static str,
    pub form: &'static str,
    pub translated: bool,
    pub day: Option<String>,
    pub occasion: Option<&'static str>,
    pub start: usize,
    pub end: usize,
}

/// What outlets report differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryDisagreementJson {
    /// `speaker`, `day`, `occasion` or `negation`.
    pub about: &'static str,
    /// Which says what.
    pub values: Vec<NamedValueJson>,
}

/// What one article says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedValueJson {
    /// The article.
    #[serde(flatten)]
    pub name: ArticleName,
    /// What it says.
    pub value: String,
}

/// Figures of several outlets about the same thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureGroupJson {
    /// What they are about.
    pub about: String,
    /// `none`, `bound` (all may be right) or `value`.
    pub differ: &'static str,
    /// What each has.
    pub values: Vec<FigureValueJson>,
    /// Who had it first.
    pub first: FirstJson,
}

/// A figure as one outlet has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each field is that of `story::FigureValue`")]
pub struct FigureValueJson {
    #[serde(flatten)]
    pub name: ArticleName,
    pub text: String,
    pub value: Option<String>,
    pub unit: Option<String>,
    pub bound: Option<&'static str>,
    pub denied: bool,
    pub also: Vec<String>,
    pub start: usize,
    pub end: usize,
}

/// Articles that share text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopiedJson {
    /// The articles.
    pub urls: Vec<String>,
    /// The largest share of one of them, from 0 to 1.
    pub share: f64,
    /// How much of each is shared.
    pub pages: Vec<CopiedPageJson>,
    /// The longest passages.
    pub passages: Vec<PassageJson>,
    /// Who had it first.
    pub first: FirstJson,
}

/// How much of one article is shared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CopiedPageJson {
    /// The article.
    #[serde(flatten)]
    pub name: ArticleName,
    /// The share of its words outside quotations.
    pub share: f64,
    /// How many words that is.
    pub words: usize,
    /// The agencies and outlets that it names.
    pub credits: Vec<String>,
}

/// A passage that two articles have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassageJson {
    /// Its words.
    pub text: String,
    /// How many.
    pub words: usize,
    /// Where it stands.
    pub places: Vec<PlaceJson>,
}

/// A place in an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceJson {
    /// The article.
    #[serde(flatten)]
    pub name: ArticleName,
    /// Where it begins in the article text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

/// Who had something first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstJson {
    /// By the declared time of publication.
    pub declared: Option<FirstOfJson>,
    /// By the time of capture.
    pub captured: Option<FirstOfJson>,
}

/// An article and a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirstOfJson {
    /// The article.
    #[serde(flatten)]
    pub name: ArticleName,
    /// The time; a date where only the day is known.
    pub at: String,
}

/// What an outlet did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventJson {
    /// The article.
    #[serde(flatten)]
    pub name: ArticleName,
    /// The version that has it so, as 14 digits.
    pub timestamp: String,
    /// `quote` or `figure`.
    pub thing: &'static str,
    /// The speaker, or what the figure is about.
    pub about: Option<String>,
    /// `had`, `added`, `changed`, `removed`.
    pub turn: &'static str,
    /// What stood there before.
    pub before: Option<String>,
    /// What stands there now.
    pub after: Option<String>,
    /// Who had that before.
    pub earlier: Vec<EarlierJson>,
}

/// A version that had it before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EarlierJson {
    /// The article.
    #[serde(flatten)]
    pub name: ArticleName,
    /// The version, as 14 digits.
    pub timestamp: Option<String>,
}

/// Rounded to three decimals: a share is not more accurate than that.
fn rounded(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}

fn named(articles: &[StoryArticle], at: usize) -> ArticleName {
    match articles.get(at).map(|article| &article.source) {
        Some(PageSource::File(name)) => ArticleName { url: None, file: Some(name.clone()) },
        Some(PageSource::Capture { url, .. }) => ArticleName { url: Some(url.clone()), file: None },
        None => ArticleName::default(),
    }
}

fn stamp(article: &StoryArticle) -> Option<String> {
    match &article.source {
        PageSource::File(_) => None,
        PageSource::Capture { at, .. } => Some(at.to_stamp14()),
    }
}

impl StoryAnswer {
    /// The answer in JSON.
    #[must_use]
    pub fn json(&self) -> StoryJson {
        let all = self.articles.as_slice();
        let sources = |at: usize| self.story.sources.get(at).map_or(&[][..], Vec::as_slice);
        StoryJson {
            articles: all.iter().enumerate().map(|(at, _)| article(all, at, sources(at))).collect(),
            quotes: self.story.quotes.iter().map(|group| quotes(all, group)).collect(),
            figures: self.story.figures.iter().map(|group| figures(all, group)).collect(),
            copied: self.story.copied.iter().map(|one| copied(all, one)).collect(),
            first: first(all, &self.story.first),
            over_time: self.over_time.as_ref().map(StoryOverTime::json),
            coarse: self.story.coarse,
            notes: self.notes.clone(),
        }
    }
}

impl StoryOverTime {
    fn json(&self) -> Vec<EventJson> {
        self.events.iter().map(|event| self.event(event)).collect()
    }

    fn event(&self, event: &Event) -> EventJson {
        let stamp_of = |at: usize| self.versions.get(at).and_then(stamp);
        let earlier = event
            .earlier
            .iter()
            .map(|&at| EarlierJson { name: named(&self.versions, at), timestamp: stamp_of(at) });
        EventJson {
            name: named(&self.versions, event.article),
            timestamp: event.at.to_stamp14(),
            thing: event.thing.label(),
            about: event.about.clone(),
            turn: event.turn.label(),
            before: event.before.clone(),
            after: event.after.clone(),
            earlier: earlier.collect(),
        }
    }
}

fn article(all: &[StoryArticle], at: usize, sources: &[SourceNamed]) -> ArticleJson {
    let text = |fact: Option<&Fact<String>>| fact.map(|fact| fact.value.clone());
    let time = |fact: Option<&Fact<PageTime>>| fact.map(|fact| fact.value.text.clone());
    let (name, one) = (named(all, at), all.get(at));
    let page = one.map(|one| &one.page);
    let source = |one: &SourceNamed| SourceJson {
        kind: one.kind.label(),
        name: one.name.clone(),
        start: one.range.as_ref().map(|range| range.start),
        end: one.range.as_ref().map(|range| range.end),
    };
    ArticleJson {
        name,
        timestamp: one.and_then(stamp),
        rendering: one.is_some_and(StoryArticle::is_rendering),
        headline: page.and_then(|page| text(page.headline.as_ref())),
        publisher: page.and_then(|page| text(page.publisher.as_ref())),
        byline: page.map_or_else(Vec::new, |page| {
            page.byline.iter().map(|author| author.value.name.clone()).collect()
        }),
        language: page.and_then(|page| text(page.language.as_ref())),
        published: page.and_then(|page| time(page.published.as_ref())),
        modified: page.and_then(|page| time(page.modified.as_ref())),
        first_captured: one.and_then(|one| one.first_captured).map(Timestamp::to_stamp14),
        sources: sources.iter().map(source).collect(),
    }
}

fn quotes(all: &[StoryArticle], group: &QuoteGroup) -> QuoteGroupJson {
    let variant = |variant: &Variant| VariantJson {
        name: named(all, variant.article),
        text: variant.text.clone(),
        speaker: variant.speaker.clone(),
        named: variant.speaker.as_ref().map(|_| variant.is_named),
        cue: variant.cue.clone(),
        relation: variant.relation.label(),
        form: variant.form.label(),
        translated: variant.is_translated,
        day: variant.day.clone(),
        occasion: variant.occasion.map(|kind| kind.label()),
        start: variant.range.start,
        end: variant.range.end,
    };
    QuoteGroupJson {
        speaker: group.speaker.clone(),
        relation: group.relation.label(),
        outlets: group.articles(),
        variants: group.variants.iter().map(variant).collect(),
        fullest: group.fullest,
        disagreements: group.disagreements.iter().map(|one| disagreement(all, one)).collect(),
        first: first(all, &group.first),
    }
}

fn disagreement(all: &[StoryArticle], one: &Disagreement) -> StoryDisagreementJson {
    let value = |(article, value): &(usize, String)| NamedValueJson {
        name: named(all, *article),
        value: value.clone(),
    };
    StoryDisagreementJson { about: one.about, values: one.values.iter().map(value).collect() }
}

fn figures(all: &[StoryArticle], group: &FigureGroup) -> FigureGroupJson {
    let value = |value: &FigureValue| FigureValueJson {
        name: named(all, value.article),
        text: value.text.clone(),
        value: value.value.clone(),
        unit: value.unit.clone(),
        bound: value.bound,
        denied: value.is_denied,
        also: value.also.clone(),
        start: value.range.start,
        end: value.range.end,
    };
    FigureGroupJson {
        about: group.about.clone(),
        differ: group.difference.label(),
        values: group.values.iter().map(value).collect(),
        first: first(all, &group.first),
    }
}

fn copied(all: &[StoryArticle], one: &Copied) -> CopiedJson {
    let place = |(article, range): &(usize, Range<usize>)| PlaceJson {
        name: named(all, *article),
        start: range.start,
        end: range.end,
    };
    let url = |at: usize| all.get(at).map_or_else(String::new, |one| one.name().to_owned());
    CopiedJson {
        urls: one.articles.iter().map(|share| url(share.article)).collect(),
        share: rounded(one.share),
        pages: one
            .articles
            .iter()
            .map(|share| CopiedPageJson {
                name: named(all, share.article),
                share: rounded(share.share),
                words: share.words,
                credits: share.credits.clone(),
            })
            .collect(),
        passages: one
            .passages
            .iter()
            .map(|passage| PassageJson {
                text: passage.text.clone(),
                words: passage.words,
                places: passage.places.iter().map(place).collect(),
            })
            .collect(),
        first: first(all, &one.first),
    }
}

fn first(all: &[StoryArticle], one: &First) -> FirstJson {
    let of = |one: FirstOf| FirstOfJson {
        name: named(all, one.article),
        at: if one.day_only {
            one.at.to_rfc3339().get(..10).unwrap_or_default().to_owned()
        } else {
            one.at.to_rfc3339()
        },
    };
    FirstJson { declared: one.declared.map(of), captured: one.captured.map(of) }
}

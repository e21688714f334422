//! Which outlet changed what after which other did: quotations and figures that several carry, followed over
//! the versions of each.
//!
//! That one came after another is reported, and never that it was for that reason.

use std::collections::{BTreeMap, BTreeSet};

use super::article::{Article, prepared};
use super::figures::FigureGroup;
use super::hash::hash_of;
use super::quotations::{Form, QuoteGroup};
use super::words::fold;
use super::{figures, people, quotations};
use crate::base::Timestamp;

/// What an outlet did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// The first version that is known has it.
    Had,
    /// It came in a later version.
    Added,
    /// It has other words or another value.
    Changed,
    /// It went.
    Removed,
}

impl Turn {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Had => "had",
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    /// A quotation.
    Quote,
    /// A figure.
    Figure,
}

impl Thing {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::Figure => "figure",
        }
    }
}

/// One step of one outlet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When the version was captured that has it so.
    pub at: Timestamp,
    /// That version, by the index of the article.
    pub article: usize,
    /// What is followed.
    pub thing: Thing,
    /// What it is about: the speaker of the quotation, or what the figure counts.
    pub about: Option<String>,
    /// What the outlet did.
    pub turn: Turn,
    /// What was there before.
    pub before: Option<String>,
    /// What is there now.
    pub after: Option<String>,
    /// The versions of other outlets that had these words or this value before, the earliest first; one for
    /// each outlet.
    pub earlier: Vec<usize>,
}

/// What one version has of a thing.
struct Has {
    text: String,
    /// Equal for the same words or value.
    key: u64,
}

/// What each outlet did with what several carry, in the order of time. Versions without a time of capture are
/// left out. Where no outlet changed a thing, only who had it is reported.
#[must_use]
pub fn over_time(articles: &[Article<'_>]) -> Vec<Event> {
    let all = prepared(articles);
    let people = people::People::of(&all);
    let versions = versions(articles);
    let mut out = Vec::new();
    for group in quotations::find(&all, &people) {
        let has = of_quote(&group);
        events(articles, &versions, (Thing::Quote, group.speaker.as_deref()), &has, &mut out);
    }
    for group in figures::find(&all) {
        let has = of_figure(&group);
        events(articles, &versions, (Thing::Figure, Some(&group.about)), &has, &mut out);
    }
    out.sort_by_key(|event| (event.at, event.article, event.thing));
    out
}

fn of_quote(group: &QuoteGroup) -> BTreeMap<usize, Has> {
    let mut out: BTreeMap<usize, Has> = BTreeMap::new();
    for variant in &group.variants {
        if variant.form == Form::Running {
            continue;
        }
        let mut folded = String::new();
        fold(&variant.text, &mut folded);
        let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let key = hash_of(&words.collect::<Vec<_>>());
        let has = Has { text: variant.text.clone(), key };
        match out.get_mut(&variant.article) {
            // The fullest of several parts.
            Some(known) if known.text.len() < has.text.len() => *known = has,
            Some(_) => {}
            None => _ = out.insert(variant.article, has),
        }
    }
    out
}

fn of_figure(group: &FigureGroup) -> BTreeMap<usize, Has> {
    let has = group.values.iter().map(|value| {
        let key = hash_of(&(&value.value, &value.unit, value.bound, value.is_denied));
        (value.article, Has { text: value.text.clone(), key })
    });
    has.collect()
}

/// The versions of each outlet, oldest first.
fn versions(articles: &[Article<'_>]) -> BTreeMap<usize, Vec<usize>> {
    let mut versions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, article) in articles.iter().enumerate().filter(|(_, a)| a.captured.is_some()) {
        versions.entry(article.outlet).or_default().push(at);
    }
    for list in versions.values_mut() {
        list.sort_by_key(|at| articles.get(*at).and_then(|article| article.captured));
    }
    versions
}

fn events(
    articles: &[Article<'_>],
    versions: &BTreeMap<usize, Vec<usize>>,
    (thing, about): (Thing, Option<&str>),
    has: &BTreeMap<usize, Has>,
    out: &mut Vec<Event>,
) {
    for (outlet, list) in versions {
        let mut before: Option<&Has> = None;
        let mut is_first = true;
        for article in list {
            let now = has.get(article);
            let turn = match (before, now) {
                (None, None) => None,
                (None, Some(_)) if is_first => Some(Turn::Had),
                (None, Some(_)) => Some(Turn::Added),
                (Some(_), None) => Some(Turn::Removed),
                (Some(a), Some(b)) => (a.key != b.key).then_some(Turn::Changed),
            };
            is_first = false;
            let at = articles.get(*article).and_then(|article| article.captured);
            if let Some((turn, at)) = turn.zip(at) {
                out.push(Event {
                    at,
                    article: *article,
                    thing,
                    about: about.filter(|about| !about.is_empty()).map(str::to_owned),
                    turn,
                    before: before.map(|has| has.text.clone()),
                    after: now.map(|has| has.text.clone()),
                    earlier: earlier(articles, has, *outlet, at, now.map(|has| has.key)),
                });
            }
            before = now;
        }
    }
}

/// The versions of other outlets that had it before; none for what is gone.
fn earlier(
    articles: &[Article<'_>],
    has: &BTreeMap<usize, Has>,
    outlet: usize,
    at: Timestamp,
    key: Option<u64>,
) -> Vec<usize> {
    let Some(key) = key else { return Vec::new() };
    let mut found: Vec<(Timestamp, usize)> = has
        .iter()
        .filter(|(_, has)| has.key == key)
        .filter_map(|(number, _)| {
            let article = articles.get(*number)?;
            let captured = article.captured?;
            (article.outlet != outlet && captured < at).then_some((captured, *number))
        })
        .collect();
    found.sort_unstable();
    let mut outlets = BTreeSet::new();
    found.retain(|(_, at)| articles.get(*at).is_some_and(|one| outlets.insert(one.outlet)));
    found.into_iter().map(|(_, article)| article).collect()
}

//! What a figure is about: what happened to those that it counts, what it counts, and the words around it.

use std::ops::Range;

use super::amount::Amount;
use super::article::Prepared;
use super::lexicon::{Concept, ConceptKind};
use super::occasion::resolved;
use super::words::{Word, WordKind};
use crate::extract::is_saying;
use crate::extract::page::{Figure, FigureKind};

/// Words of a sentence around a figure that tell what it is about.
const AROUND: usize = 24;

/// Words before a figure in which a denial is.
const DENIED_WITHIN: usize = 2;

/// Which figures may be about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// A count.
    Count,
    /// Money.
    Money,
    /// A share.
    Percent,
    /// A measure or a duration, with its unit.
    Measure(String),
    /// A day.
    Day,
    /// A time of day.
    Clock,
}

/// A figure of an article.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// The article, by index.
    pub article: usize,
    /// The figure, by its index on the page.
    pub figure: usize,
    pub class: Class,
    pub amount: Amount,
    /// The currency or unit.
    pub unit: Option<String>,
    /// What happened to those that are counted: "dead".
    pub event: Option<Concept>,
    /// What is counted, where that says more than "people".
    pub noun: Option<u64>,
    /// What the sentence says in addition to it, each once.
    pub around: Vec<u64>,
    /// The year that the sentence speaks of, where it is not that of the article.
    pub other_year: Option<String>,
    /// Whether the article denies the figure: "not 64".
    pub is_denied: bool,
}

/// What the figures of an article are about, in the order of its text.
pub(super) fn of(at: usize, article: &Prepared<'_>) -> Vec<Subject> {
    let figures = &article.page.figures;
    let mut out = Vec::new();
    for (index, figure) in figures.iter().enumerate() {
        let Some(class) = class(figure) else { continue };
        if article.is_notice(figure.range.start) {
            continue;
        }
        let Some(sentence) = article.sentence_at(figure.range.start) else { continue };
        let words = article.within(&sentence);
        let own = article.within(&figure.range);
        let own = own.start..own.end.max(own.start);
        if class == Class::Day && is_of_saying(article, &words, &own) {
            continue;
        }
        let mut amount = Amount::of(figure);
        if class == Class::Day
            && let Amount::Text(day) = &amount
        {
            let Some(day) = resolved(article, day) else { continue };
            amount = Amount::Text(day);
        }
        let (event, noun) = counted(article, figure, &words, &own, &class);
        out.push(Subject {
            article: at,
            figure: index,
            amount,
            unit: figure.unit.clone(),
            event,
            noun,
            around: around(article, &words, &own),
            other_year: other_year(article, &sentence, figure),
            is_denied: is_denied(article, &words, &own),
            class,
        });
    }
    out
}

fn class(figure: &Figure) -> Option<Class> {
    Some(match (figure.kind, figure.unit.as_deref()) {
        (FigureKind::Number, _) | (FigureKind::Range, None) => Class::Count,
        (FigureKind::Money, _) => Class::Money,
        (FigureKind::Percent, _) | (FigureKind::Range, Some("percent")) => Class::Percent,
        (FigureKind::Range, Some(unit)) if is_currency(unit) => Class::Money,
        (FigureKind::Measure | FigureKind::Time | FigureKind::Range, Some(unit)) => {
            Class::Measure(unit.to_owned())
        }
        (FigureKind::Date, _) => Class::Day,
        (FigureKind::Time, None) => Class::Clock,
        (FigureKind::Ordinal | FigureKind::Measure, _) => return None,
    })
}

/// Whether a unit is a currency by ISO 4217.
fn is_currency(unit: &str) -> bool {
    unit.len() == 3 && unit.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What happened to those that a figure counts, and what it counts.
///
/// The words behind the figure come first, up to a conjunction, a comma or the next figure ("12 people were
/// killed and 30 injured"), then those before it ("killing 12 and injuring 30"), then the one thing that
/// the sentence tells of.
fn counted(
    article: &Prepared<'_>,
    figure: &Figure,
    sentence: &Range<usize>,
    own: &Range<usize>,
    class: &Class,
) -> (Option<Concept>, Option<u64>) {
    let mut noun = None;
    let mut is_people = false;
    if let Some(counts) = &figure.counts {
        let end =
            article.page.text.get(figure.range.end..).and_then(|rest| rest.find(counts.as_str()));
        let found = end.map(|at| figure.range.end + at..figure.range.end + at + counts.len());
        let words = found.map(|range| article.words_of(&range)).unwrap_or_default();
        // "Security controls" are controls: the last word that is not an event.
        for word in words.iter().filter(|word| word.is_content()) {
            match word.concept.map(|concept| (concept, concept.kind())) {
                Some((_, ConceptKind::People)) => is_people = true,
                Some((_, ConceptKind::Event)) => {}
                Some((concept, _)) => noun = Some(concept.key()),
                None => noun = Some(word.stem),
            }
        }
    }
    // What no list of plurals knows: "340 operai".
    if figure.counts.is_none()
        && *class == Class::Count
        && let Some(word) = article.words.get(own.end).filter(|_| own.end < sentence.end)
        && article.page.text.get(figure.range.end..word.start as usize) == Some(" ")
        && word.kind == WordKind::Plain
    {
        match word.concept.map(|concept| (concept, concept.kind())) {
            Some((_, ConceptKind::People)) => is_people = true,
            Some((concept, ConceptKind::Noun)) => noun = Some(concept.key()),
            _ => {}
        }
    }
    let is_event = |word: &Word| {
        let concept = word.concept?;
        (concept.kind() == ConceptKind::Event && fits(concept, class)).then_some(concept)
    };
    let behind = own.end..sentence.end;
    let before = (sentence.start..own.start).rev();
    let mut last = figure.range.end;
    let mut event = None;
    for at in behind.clone() {
        let Some(word) = article.words.get(at) else { break };
        let between = article.page.text.get(last..word.start as usize).unwrap_or_default();
        if word.kind == WordKind::Number
            || between.contains([',', ';', ':'])
            || is_and(article, word)
        {
            break;
        }
        last = word.end as usize;
        event = is_event(word);
        if event.is_some() {
            break;
        }
    }
    if event.is_none() {
        for at in before {
            let Some(word) = article.words.get(at) else { break };
            if word.kind == WordKind::Number || is_and(article, word) {
                break;
            }
            event = is_event(word);
            if event.is_some() {
                break;
            }
        }
    }
    if event.is_none() {
        let mut all = sentence.clone().filter_map(|at| article.words.get(at)).filter_map(is_event);
        if let Some(first) = all.next()
            && all.all(|other| other == first)
            && (noun.is_none() || is_people)
        {
            event = Some(first);
        }
    }
    (event, noun)
}

/// Whether an event is given in figures of a class: deaths, for example, are not given in percent.
fn fits(event: Concept, class: &Class) -> bool {
    let is_amount = matches!(
        event.name().as_str(),
        "cost" | "damage" | "fine" | "compensation" | "aid" | "revenue" | "profit" | "salary"
    );
    match class {
        Class::Money => is_amount,
        Class::Count => !is_amount,
        Class::Percent => true,
        Class::Measure(_) => !is_amount,
        Class::Day | Class::Clock => false,
    }
}

fn is_and(article: &Prepared<'_>, word: &Word) -> bool {
    word.kind == WordKind::Small
        && matches!(
            article.text(&word.range()).to_lowercase().as_str(),
            "and"
                | "but"
                | "while"
                | "und"
                | "sowie"
                | "et"
                | "y"
                | "e"
                | "ed"
                | "en"
                | "och"
                | "og"
        )
}

/// What the sentence says in addition to a figure.
fn around(article: &Prepared<'_>, sentence: &Range<usize>, own: &Range<usize>) -> Vec<u64> {
    let mut out: Vec<u64> = Vec::new();
    let from = sentence.start.max(own.start.saturating_sub(AROUND));
    let to = sentence.end.min(own.end + AROUND);
    for at in (from..own.start).chain(own.end..to) {
        let Some(word) = article.words.get(at) else { break };
        if !word.is_content() || word.kind == WordKind::Number {
            continue;
        }
        let key = word.concept.map_or(word.stem, Concept::key);
        if !out.contains(&key) {
            out.push(key);
        }
    }
    out
}

/// The year that a sentence speaks of, where that is not the year of the article.
fn other_year(article: &Prepared<'_>, sentence: &Range<usize>, own: &Figure) -> Option<String> {
    let year = article.day().and_then(|day| day.get(..4));
    let figures = &article.page.figures;
    let first = figures.partition_point(|figure| figure.range.start < sentence.start);
    let inside = figures.iter().skip(first).take_while(|figure| figure.range.end <= sentence.end);
    let dates = inside.filter(|f| f.kind == FigureKind::Date && f.range != own.range);
    dates
        .filter_map(|figure| figure.value.as_deref()?.get(..4))
        .find(|found| found.bytes().all(|b| b.is_ascii_digit()) && year != Some(*found))
        .map(str::to_owned)
}

/// Whether a day is the one on which something was said, which belongs to the quotations: "said on Sunday".
fn is_of_saying(article: &Prepared<'_>, sentence: &Range<usize>, own: &Range<usize>) -> bool {
    const NEAR: usize = 4;
    let from = sentence.start.max(own.start.saturating_sub(NEAR));
    let to = sentence.end.min(own.end + NEAR);
    let near = (from..own.start).chain(own.end..to).filter_map(|at| article.words.get(at));
    near.map(|word| article.text(&word.range())).any(is_saying)
}

/// Whether the article denies the figure.
fn is_denied(article: &Prepared<'_>, sentence: &Range<usize>, own: &Range<usize>) -> bool {
    let start = article.words.get(own.start).map_or(0, |word| word.start as usize);
    let figures = &article.page.figures;
    let at = figures.partition_point(|figure| figure.range.start < start);
    // "No fewer than 12" denies nothing.
    let hedge = figures.get(at).and_then(|figure| figure.hedge.as_deref()).unwrap_or_default();
    let hedge = hedge.to_lowercase();
    let from = sentence.start.max(own.start.saturating_sub(DENIED_WITHIN));
    let before = article.words.get(from..own.start).unwrap_or_default();
    before.iter().any(|word| {
        let lower = article.text(&word.range()).to_lowercase();
        let denies = article.lexicon.negates(&lower)
            || matches!(lower.as_str(), "isn't" | "isn’t" | "wasn't" | "wasn’t");
        denies && !hedge.split_whitespace().any(|part| part == lower)
    })
}

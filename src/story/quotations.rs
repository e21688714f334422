//! Quotations that several outlets carry, grouped by what was said and by whom.
//!
//! The places are the quotations of the extractor, words in marks that are not quotations by themselves, and long
//! runs of a quotation's words in running text. Which of them are one statement is found in [`super::groups`].

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;

use super::alike::{Gap, Likeness, Speakers, Utterance, likeness};
use super::article::Prepared;
use super::first::{self, First};
use super::groups::{Statement, sets};
use super::hash::hash_of;
use super::marked;
use super::occasion::{self, OccasionKind};
use super::people::{People, Who};
use crate::extract::page::{Quote, QuoteKind};

/// This many words of a quotation in a row identify it in running text.
const RUNNING_WORDS: usize = 6;

/// At least this many of them must say something by themselves.
const RUNNING_CONTENT: usize = 3;

/// At most this many runs of one article are taken.
const RUNNING_MAX: usize = 200;

/// At most this many statements of a group are compared for the fullest of them.
const COMPARED_MAX: usize = 60;

/// How the words of one outlet are those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The same words, whatever their notation.
    Identical,
    /// A part of them, or a fragment in running text.
    Truncated,
    /// The same statement in other words.
    Altered,
}

impl Relation {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Truncated => "truncated",
            Self::Altered => "altered",
        }
    }
}

/// How an outlet has the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As a quotation, of this kind.
    Quotation(QuoteKind),
    /// In marks, without a speaker.
    Marked,
    /// In running text, without marks.
    Running,
}

impl Form {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Quotation(kind) => kind.label(),
            Self::Marked => "marked",
            Self::Running => "running-text",
        }
    }
}

/// A statement as one outlet has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// The article, by index.
    pub article: usize,
    /// Where the words are in its text.
    pub range: Range<usize>,
    /// The words, without outer marks.
    pub text: String,
    /// How they appear there.
    pub form: Form,
    /// The speaker as this outlet names it.
    pub speaker: Option<String>,
    /// Whether the speaker is named there, and not concluded from a pronoun or a role.
    pub is_named: bool,
    /// The word of saying.
    pub cue: Option<String>,
    /// How it is to the fullest one.
    pub relation: Relation,
    /// Whether it is in another language than the fullest one.
    pub is_translated: bool,
    /// The day on which it was said, where the outlet says so: `2025-11-04`, or a weekday.
    pub day: Option<String>,
    /// The occasion on which it was said, where the outlet says so.
    pub occasion: Option<OccasionKind>,
}

/// What outlets report differently of one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// `speaker`, `day`, `occasion`, or `negation` where it is denied in one of them.
    pub about: &'static str,
    /// Which article says what.
    pub values: Vec<(usize, String)>,
}

/// A statement that several outlets carry.
#[derive(Debug, Clone, PartialEq)]
pub struct QuoteGroup {
    /// The fullest name of the speaker that most outlets give.
    pub speaker: Option<String>,
    /// The weakest relation among the variants.
    pub relation: Relation,
    /// The variants, article by article.
    pub variants: Vec<Variant>,
    /// Which of them is the fullest.
    pub fullest: usize,
    /// What the outlets report differently of it.
    pub disagreements: Vec<Disagreement>,
    /// Who had it first.
    pub first: First,
}

impl QuoteGroup {
    /// How many articles carry it.
    #[must_use]
    pub fn articles(&self) -> usize {
        self.variants.iter().map(|variant| variant.article).collect::<BTreeSet<_>>().len()
    }
}

/// Where words are.
struct Place<'a> {
    article: usize,
    range: Range<usize>,
    said: Utterance,
    form: Form,
    quote: Option<&'a Quote>,
}

/// The statements that several outlets carry, those of the most articles first.
pub(super) fn find(all: &[Prepared<'_>], people: &People) -> Vec<QuoteGroup> {
    let mut places = quoted(all);
    let running = running(all, &places);
    places.extend(running);
    let statements = statements(all, &places, people);
    let mut groups: Vec<QuoteGroup> = sets(&statements, people)
        .into_iter()
        .filter_map(|set| {
            let members: Vec<&Statement> =
                set.iter().filter_map(|&at| statements.get(at)).collect();
            let outlets: BTreeSet<usize> = members
                .iter()
                .flat_map(|statement| &statement.articles)
                .filter_map(|&article| all.get(article).map(|article| article.outlet))
                .collect();
            if outlets.len() < 2 || !members.iter().any(|statement| statement.is_quoted) {
                return None;
            }
            Some(group(all, &places, people, &members))
        })
        .collect();
    groups.sort_by_cached_key(|group| {
        let first = group.variants.first().map(|v| (v.article, v.range.start));
        (std::cmp::Reverse(group.articles()), first)
    });
    groups
}

/// The quotations of all articles, and words in marks that are not quotations by themselves.
fn quoted<'a>(all: &[Prepared<'a>]) -> Vec<Place<'a>> {
    let mut places = Vec::new();
    for (at, article) in all.iter().enumerate() {
        for quote in
            article.page.quotes.iter().filter(|quote| !article.is_notice(quote.range.start))
        {
            let said = Utterance::read(article, &quote.parts);
            // One word identifies no statement, and a sign between marks is not a quotation.
            if said.keys.len() >= 2 && said.content >= 1 {
                let form = Form::Quotation(quote.kind);
                let range = quote.range.clone();
                places.push(Place { article: at, range, said, form, quote: Some(quote) });
            }
        }
        for range in marked::spans(article) {
            let said = Utterance::read(article, std::slice::from_ref(&range));
            if said.keys.len() >= 2 && said.content >= 2 {
                places.push(Place { article: at, range, said, form: Form::Marked, quote: None });
            }
        }
    }
    places
}

/// Runs of the words of quotations in running text of other articles.
fn running<'a>(all: &[Prepared<'a>], places: &[Place<'_>]) -> Vec<Place<'a>> {
    // Where a run of words is in a quotation: the place and the word.
    let mut known: HashMap<u64, (usize, usize)> = HashMap::new();
    for (at, place) in places.iter().enumerate().filter(|(_, place)| place.quote.is_some()) {
        for (word, window) in place.said.keys.windows(RUNNING_WORDS).enumerate() {
            known.entry(hash_of(window)).or_insert((at, word));
        }
    }
    let mut out = Vec::new();
    if known.is_empty() {
        return out;
    }
    for (at, article) in all.iter().enumerate() {
        let keys: Vec<u64> = article.words.iter().map(|word| word.key).collect();
        let quoted: HashSet<usize> =
            article.page.quotes.iter().flat_map(|quote| article.within(&quote.range)).collect();
        let mut from = 0;
        let mut count = 0;
        while from + RUNNING_WORDS <= keys.len() && count < RUNNING_MAX {
            let window = keys.get(from..from + RUNNING_WORDS).unwrap_or_default();
            let hit = known.get(&hash_of(window)).copied();
            let Some((place, word)) =
                hit.and_then(|(place, word)| Some((places.get(place)?, word)))
            else {
                from += 1;
                continue;
            };
            let rest = place.said.keys.get(word..).unwrap_or_default();
            let length = keys.get(from..).unwrap_or_default().iter().zip(rest);
            let length = length.take_while(|(a, b)| a == b).count().max(1);
            let run = from..from + length;
            from += length;
            if run.clone().any(|word| quoted.contains(&word)) {
                continue;
            }
            let words = article.words.get(run).unwrap_or_default();
            let (Some(first), Some(last)) = (words.first(), words.last()) else { continue };
            let range = first.start as usize..last.end as usize;
            let is_told = words.iter().filter(|word| word.is_content()).count() >= RUNNING_CONTENT;
            if is_told && length >= RUNNING_WORDS && !article.is_notice(range.start) {
                let said = Utterance::read(article, std::slice::from_ref(&range));
                out.push(Place { article: at, range, said, form: Form::Running, quote: None });
                count += 1;
            }
        }
    }
    out
}

/// Who says the words of a place.
fn who_of(all: &[Prepared<'_>], place: &Place<'_>, people: &People) -> Option<Who> {
    let speaker = place.quote?.speaker.as_ref()?;
    let article = all.get(place.article)?;
    Some(people.who(&article.language, &speaker.name))
}

/// Places with the same words of the same speaker, made one.
fn statements(all: &[Prepared<'_>], places: &[Place<'_>], people: &People) -> Vec<Statement> {
    let mut by_words: HashMap<(u64, bool, Option<Who>, &str), usize> = HashMap::new();
    let mut out: Vec<Statement> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let Some(article) = all.get(place.article) else { continue };
        let who = who_of(all, place, people);
        let is_quoted = place.quote.is_some();
        let is_marked = place.said.gaps.iter().any(|(_, gap)| *gap == Gap::Mark);
        let key = (place.said.key(), is_quoted && !is_marked, who, article.language.as_str());
        let index = *by_words.entry(key).or_insert_with(|| {
            out.push(Statement {
                said: place.said.clone(),
                who,
                language: article.language.clone(),
                places: Vec::new(),
                articles: BTreeSet::new(),
                is_quoted,
            });
            out.len() - 1
        });
        if let Some(statement) = out.get_mut(index) {
            // A pull quote repeats what is in the text.
            if statement.articles.insert(place.article) {
                statement.places.push(at);
            }
            statement.is_quoted |= is_quoted;
        }
    }
    out
}

fn group(
    all: &[Prepared<'_>],
    places: &[Place<'_>],
    people: &People,
    members: &[&Statement],
) -> QuoteGroup {
    let mut at: Vec<usize> = members.iter().flat_map(|s| s.places.iter().copied()).collect();
    at.sort_by_key(|at| places.get(*at).map(|place| (place.article, place.range.start)));
    let found: Vec<&Place<'_>> = at.iter().filter_map(|at| places.get(*at)).collect();
    let fullest = fullest(all, &found, members);
    let mut variants: Vec<Variant> = Vec::new();
    let whole = found.get(fullest).copied();
    for place in &found {
        variants.push(variant(all, place, whole, people));
    }
    // A part may well be without the word that denies it.
    let is_whole = |place: &Place<'_>, variant: &Variant| {
        let is_same_language = !variant.is_translated;
        place.quote.is_some() && variant.relation != Relation::Truncated && is_same_language
    };
    let negated: Vec<(usize, bool)> = found
        .iter()
        .zip(&variants)
        .filter(|(place, variant)| is_whole(place, variant))
        .map(|(place, _)| (place.article, place.said.is_negated))
        .collect();
    let (variants, fullest) = without_repeats(variants, fullest);
    let relation = variants.iter().map(|v| v.relation).max().unwrap_or(Relation::Identical);
    QuoteGroup {
        speaker: speaker(all, &variants, people),
        relation,
        disagreements: disagreements(all, &variants, people, relation, &negated),
        first: first::of(all, variants.iter().map(|variant| variant.article)),
        variants,
        fullest,
    }
}

/// Which place has the statement whole: the words that most articles have, or a part of; of two alike those
/// of the article that was published first.
fn fullest(all: &[Prepared<'_>], found: &[&Place<'_>], members: &[&Statement]) -> usize {
    let support = |place: &Place<'_>| -> usize {
        let of = members.iter().take(COMPARED_MAX).filter(|other| {
            other.said.keys.len() <= place.said.keys.len()
                && matches!(
                    likeness(&place.said, &other.said, Speakers::Same),
                    Some(Likeness::Identical | Likeness::Truncated)
                )
        });
        of.map(|other| other.articles.len()).sum()
    };
    let mut known: HashMap<u64, usize> = HashMap::new();
    let mut best: Option<((bool, usize), usize)> = None;
    for (at, place) in found.iter().enumerate() {
        let support = *known.entry(place.said.key()).or_insert_with(|| support(place));
        let rank = (place.quote.is_some(), support);
        let declared = |at: usize| {
            let place = found.get(at)?;
            all.get(place.article)?.declared()
        };
        let is_better = best.is_none_or(|(most, first)| {
            rank > most
                || rank == most && declared(at).zip(declared(first)).is_some_and(|(a, b)| a < b)
        });
        if is_better {
            best = Some((rank, at));
        }
    }
    best.map_or(0, |(_, at)| at)
}

fn variant(
    all: &[Prepared<'_>],
    place: &Place<'_>,
    whole: Option<&Place<'_>>,
    people: &People,
) -> Variant {
    let article = all.get(place.article);
    let language = |place: &Place<'_>| all.get(place.article).map(|a| a.language.as_str());
    let is_translated = whole.is_some_and(|whole| language(whole) != language(place));
    let relation = whole.map_or(Relation::Identical, |whole| {
        let speakers = people.compare(who_of(all, place, people), who_of(all, whole, people));
        // That they are one is known; the speakers do not matter any more.
        let speakers = if speakers == Speakers::Different { speakers } else { Speakers::Same };
        match likeness(&whole.said, &place.said, speakers) {
            Some(Likeness::Identical) => Relation::Identical,
            Some(Likeness::Truncated) => Relation::Truncated,
            _ => Relation::Altered,
        }
    });
    let text = match place.quote {
        // Without the comma that leads back to the sentence around it.
        Some(quote) => quote.text.trim_end().trim_end_matches(',').to_owned(),
        None => article.map_or_else(String::new, |a| a.text(&place.range).to_owned()),
    };
    let speaker = place.quote.and_then(|quote| quote.speaker.as_ref());
    let said = article.zip(place.quote);
    let (day, occasion) = said.map_or((None, None), |(a, quote)| occasion::when_said(a, quote));
    Variant {
        article: place.article,
        range: place.range.clone(),
        text,
        form: place.form,
        speaker: speaker.map(|speaker| speaker.name.clone()),
        is_named: speaker.is_some_and(|speaker| speaker.named),
        cue: place.quote.and_then(|quote| quote.cue.as_ref()).map(|cue| cue.text.clone()),
        relation,
        is_translated: is_translated && relation == Relation::Altered,
        day,
        occasion,
    }
}

/// Leaves out parts of a statement in articles that have all of it.
fn without_repeats(variants: Vec<Variant>, fullest: usize) -> (Vec<Variant>, usize) {
    let whole: HashSet<usize> = variants
        .iter()
        .filter(|variant| variant.relation == Relation::Identical)
        .map(|variant| variant.article)
        .collect();
    let quoting: HashSet<usize> = variants
        .iter()
        .filter(|variant| matches!(variant.form, Form::Quotation(_)))
        .map(|variant| variant.article)
        .collect();
    let kept = |variant: &Variant| {
        let is_whole = variant.relation == Relation::Identical;
        let repeats = whole.contains(&variant.article) && !is_whole;
        let beside = variant.form == Form::Running && quoting.contains(&variant.article);
        !(repeats || beside)
    };
    let before = variants.iter().take(fullest).filter(|variant| kept(variant)).count();
    (variants.into_iter().filter(kept).collect(), before)
}

/// The fullest name of whom most articles name.
fn speaker(all: &[Prepared<'_>], variants: &[Variant], people: &People) -> Option<String> {
    let mut votes: BTreeMap<Who, usize> = BTreeMap::new();
    for variant in variants {
        let article = all.get(variant.article);
        if let Some((article, name)) = article.zip(variant.speaker.as_ref()) {
            *votes.entry(people.who(&article.language, name)).or_default() += 1;
        }
    }
    let most = votes.iter().max_by_key(|(who, votes)| {
        (matches!(who, Who::Named(_)), **votes, std::cmp::Reverse(**who))
    });
    match most.map(|(who, _)| *who) {
        Some(Who::Named(person)) => people.name(person).map(str::to_owned),
        _ => variants.iter().find_map(|variant| variant.speaker.clone()),
    }
}

fn disagreements(
    all: &[Prepared<'_>],
    variants: &[Variant],
    people: &People,
    relation: Relation,
    negated: &[(usize, bool)],
) -> Vec<Disagreement> {
    let mut out = Vec::new();
    let mut take = |about: &'static str, values: Vec<(usize, String)>, kinds: usize| {
        if kinds > 1 {
            out.push(Disagreement { about, values });
        }
    };
    let mut persons = BTreeSet::new();
    let mut speakers = Vec::new();
    for variant in variants {
        let Some((article, name)) = all.get(variant.article).zip(variant.speaker.as_ref()) else {
            continue;
        };
        if let Who::Named(person) = people.who(&article.language, name) {
            persons.insert(person);
            speakers.push((variant.article, name.clone()));
        }
    }
    take("speaker", speakers, persons.len());
    let days: Vec<(usize, String)> =
        variants.iter().filter_map(|v| Some((v.article, v.day.clone()?))).collect();
    let known: BTreeSet<&String> =
        days.iter().map(|(_, day)| day).filter(|day| day.len() == 10).collect();
    let kinds = known.len();
    take("day", days, kinds);
    let occasions: Vec<(usize, String)> =
        variants.iter().filter_map(|v| Some((v.article, v.occasion?.label().to_owned()))).collect();
    let kinds = occasions.iter().map(|(_, kind)| kind).collect::<BTreeSet<_>>().len();
    take("occasion", occasions, kinds);
    if relation == Relation::Altered {
        let kinds = negated.iter().map(|(_, negated)| negated).collect::<BTreeSet<_>>().len();
        let word = |negated: bool| if negated { "negated" } else { "affirmed" };
        let values = negated.iter().map(|&(article, n)| (article, word(n).to_owned())).collect();
        take("negation", values, kinds);
    }
    out
}

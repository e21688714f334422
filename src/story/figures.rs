//! Figures that several outlets have about the same thing, and where they differ.
//!
//! What a figure is about is found in [`super::subject`]. Article by article, each figure goes to the group that
//! it fits best, found by what it counts, its value and the words around it; a figure that fits none begins a
//! group. An article has one first figure in a group; another value that it has of the same thing stands
//! beside that.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use super::amount::{Amount, Claims};
use super::article::Prepared;
use super::first::{self, First};
use super::hash::hash_of;
use super::lexicon::Concept;
use super::subject::{self, Class, Subject};

/// This many groups are compared for one figure, the newest first.
const CANDIDATES_MAX: usize = 64;

/// At most this many figures of one article are compared.
const FIGURES_MAX: usize = 400;

/// How far the figures of several outlets differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// All claim the same.
    None,
    /// All may be right; some say less exactly what others say: "at least 64" beside "64".
    Bound,
    /// Two of them have another value.
    Value,
}

impl Difference {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bound => "bound",
            Self::Value => "value",
        }
    }
}

/// A figure as one outlet has it.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureValue {
    /// The article, by index.
    pub article: usize,
    /// Where it is in its text.
    pub range: Range<usize>,
    /// Its words, with the hedge.
    pub text: String,
    /// Its value, as the extractor has it; a weekday as the day that it is.
    pub value: Option<String>,
    /// Its unit.
    pub unit: Option<String>,
    /// What kind of claim it is: `at-least`, `about`; none for an exact one.
    pub bound: Option<&'static str>,
    /// Whether the article denies the figure.
    pub is_denied: bool,
    /// Other values that the article has of the same thing.
    pub also: Vec<String>,
}

/// Figures of several outlets about the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureGroup {
    /// What they are about.
    pub about: String,
    /// Article by article.
    pub values: Vec<FigureValue>,
    /// How far they differ.
    pub difference: Difference,
    /// Who had it first.
    pub first: First,
}

/// A group that is being made.
struct Draft {
    class: Class,
    unit: Option<String>,
    event: Option<Concept>,
    noun: Option<u64>,
    other_year: Option<String>,
    /// What is around its figures, and in how many.
    around: HashMap<u64, usize>,
    /// Its figures, the first of each article first.
    members: Vec<Subject>,
    /// What they claim, each claim once.
    claimed: Vec<Claimed>,
}

/// What figures of a group claim.
struct Claimed {
    amount: Amount,
    /// The first article that does.
    article: usize,
    /// Whether others do.
    is_shared: bool,
}

impl Draft {
    fn add(&mut self, subject: Subject) {
        for word in &subject.around {
            *self.around.entry(*word).or_default() += 1;
        }
        self.event = self.event.or(subject.event);
        match self.claimed.iter_mut().find(|claimed| claimed.amount == subject.amount) {
            Some(claimed) => claimed.is_shared |= claimed.article != subject.article,
            None => self.claimed.push(Claimed {
                amount: subject.amount.clone(),
                article: subject.article,
                is_shared: false,
            }),
        }
        self.members.push(subject);
    }

    /// Whether another article claims what a figure of this group does.
    fn is_told_by_others(&self, subject: &Subject) -> bool {
        let mut claimed = self.claimed.iter();
        let claimed = claimed.find(|claimed| claimed.amount == subject.amount);
        claimed.is_some_and(|one| one.is_shared || one.article != subject.article)
    }
}

/// A key under which groups are found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Event(Class, Concept),
    Noun(u64),
    Value(u64),
    Around(u8, u64),
}

/// The figures that several outlets have about the same thing: those that differ first, then those of the most
/// outlets.
pub(super) fn find(all: &[Prepared<'_>]) -> Vec<FigureGroup> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut known: HashMap<Key, Vec<usize>> = HashMap::new();
    for (at, article) in all.iter().enumerate() {
        let mut subjects = subject::of(at, article);
        subjects.truncate(FIGURES_MAX);
        place(subjects, &mut drafts, &mut known);
    }
    let mut groups: Vec<FigureGroup> =
        drafts.iter().filter_map(|draft| group(all, draft)).collect();
    groups.sort_by_cached_key(|group| {
        let first = group.values.first().map(|value| (value.article, value.range.start));
        let count = group.values.len();
        (std::cmp::Reverse(group.difference), std::cmp::Reverse(count), first)
    });
    groups
}

/// Puts the figures of an article into the groups that they fit best.
fn place(subjects: Vec<Subject>, drafts: &mut Vec<Draft>, known: &mut HashMap<Key, Vec<usize>>) {
    let before = drafts.len();
    let mut fits: Vec<(f32, usize, usize)> = Vec::new();
    for (index, subject) in subjects.iter().enumerate() {
        for group in candidates(subject, known) {
            let Some(draft) = drafts.get(group) else { continue };
            if let Some(score) = score(subject, draft) {
                fits.push((score, index, group));
            }
        }
    }
    fits.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let mut home: Vec<Option<usize>> = vec![None; subjects.len()];
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for &(_, index, group) in &fits {
        if home.get(index).is_some_and(Option::is_none) && taken.insert(group) {
            home[index] = Some(group);
        }
    }
    // What is left and is surely about the same as a figure that has its place is next to that.
    for &(_, index, group) in &fits {
        let Some(draft) = drafts.get(group) else { continue };
        if home.get(index).is_some_and(Option::is_none)
            && subjects.get(index).is_some_and(|subject| is_same_thing(subject, draft))
        {
            home[index] = Some(group);
        }
    }
    for (subject, home) in subjects.into_iter().zip(home) {
        let at = home.or_else(|| {
            // The same figure twice in one article.
            let own = drafts.iter().enumerate().skip(before).rev();
            let mut own = own.take(CANDIDATES_MAX);
            own.find(|(_, draft)| repeats(&subject, draft)).map(|(at, _)| at)
        });
        let at = at.unwrap_or_else(|| {
            drafts.push(Draft {
                class: subject.class.clone(),
                unit: subject.unit.clone(),
                event: subject.event,
                noun: subject.noun,
                other_year: subject.other_year.clone(),
                around: HashMap::new(),
                members: Vec::new(),
                claimed: Vec::new(),
            });
            drafts.len() - 1
        });
        for key in keys(&subject) {
            let list = known.entry(key).or_default();
            if list.last() != Some(&at) {
                list.push(at);
            }
        }
        if let Some(draft) = drafts.get_mut(at) {
            draft.add(subject);
        }
    }
}

fn keys(subject: &Subject) -> Vec<Key> {
    let mut keys = Vec::new();
    keys.extend(subject.event.map(|event| Key::Event(subject.class.clone(), event)));
    keys.extend(subject.noun.map(Key::Noun));
    if subject.amount.is_telling() {
        keys.push(Key::Value(value_key(subject)));
    }
    // Money, shares, measures and days are identified by the words around them.
    let kind = match &subject.class {
        Class::Count => return keys,
        Class::Money => 1,
        Class::Percent => 2,
        Class::Measure(_) => 3,
        Class::Day => 4,
        Class::Clock => 5,
    };
    keys.extend(subject.around.iter().take(10).map(|word| Key::Around(kind, *word)));
    keys
}

fn value_key(subject: &Subject) -> u64 {
    match &subject.amount {
        Amount::Text(text) => hash_of(text),
        amount => hash_of(&(amount.number().map(f64::to_bits), &subject.unit)),
    }
}

fn candidates(subject: &Subject, known: &HashMap<Key, Vec<usize>>) -> Vec<usize> {
    let mut out: BTreeMap<usize, usize> = BTreeMap::new();
    for key in keys(subject) {
        let list = known.get(&key).map(Vec::as_slice).unwrap_or_default();
        for &group in list.iter().rev().take(CANDIDATES_MAX) {
            *out.entry(group).or_default() += 1;
        }
    }
    let mut ranked: Vec<(usize, usize)> = out.into_iter().map(|(group, n)| (n, group)).collect();
    ranked.sort_unstable_by_key(|(n, group)| (std::cmp::Reverse(*n), *group));
    ranked.into_iter().take(CANDIDATES_MAX).map(|(_, group)| group).collect()
}

/// How well a figure fits a group; none where it does not.
fn score(subject: &Subject, draft: &Draft) -> Option<f32> {
    if subject.class != draft.class || subject.other_year != draft.other_year {
        return None;
    }
    let is_event = match (subject.event, draft.event) {
        (Some(a), Some(b)) if a != b => return None,
        (Some(_), Some(_)) => true,
        _ => false,
    };
    let is_noun = match (subject.noun, draft.noun) {
        (Some(a), Some(b)) if a == b => true,
        (Some(_), Some(_)) => return None,
        // "Three of the dead were children" is not about the dead.
        (None, Some(_)) | (Some(_), None) if is_event => return None,
        _ => false,
    };
    let shared = subject.around.iter().filter(|word| draft.around.contains_key(word)).count();
    let ratio = shared as f32 / subject.around.len().clamp(1, 12) as f32;
    let same = draft.claimed.iter().any(|one| {
        one.amount.compare(&subject.amount) == Claims::Same
            || one.amount.number().is_some() && one.amount.number() == subject.amount.number()
    });
    let telling = same && subject.amount.is_telling();
    let same_unit = subject.unit == draft.unit;
    let fits = match &subject.class {
        Class::Count => {
            is_event && (is_noun || shared >= 1 || same)
                || is_noun && (ratio >= 0.2 && shared >= 2 || same && shared >= 1)
                || telling && shared >= 2
        }
        Class::Money if !same_unit => is_event && shared >= 3,
        Class::Money | Class::Percent | Class::Measure(_) => {
            telling && shared >= 1
                || same && subject.unit.is_some() && subject.amount.is_unique()
                || same && shared >= 2
                || is_event && shared >= 1
                || is_noun && shared >= 2
                || shared >= 4 && ratio >= 0.4
        }
        Class::Day | Class::Clock => same && shared >= 2 || shared >= 4 && ratio >= 0.6,
    };
    let points = 3.0 * f32::from(u8::from(is_event))
        + 2.5 * f32::from(u8::from(is_noun))
        + 3.0 * ratio.min(1.0)
        + f32::from(u8::from(same))
        + f32::from(u8::from(telling))
        // Of two alike the group of more outlets.
        + 0.001 * draft.members.len().min(100) as f32;
    fits.then_some(points)
}

/// Whether a figure is surely about the same thing as a group, whatever its value.
fn is_same_thing(subject: &Subject, draft: &Draft) -> bool {
    let is_event = subject.event.is_some() && subject.event == draft.event;
    let is_value = draft.claimed.iter().any(|one| one.amount == subject.amount);
    subject.noun == draft.noun && (is_event || is_value)
}

/// Whether a figure is one that the article has already.
fn repeats(subject: &Subject, draft: &Draft) -> bool {
    subject.class == draft.class
        && subject.unit == draft.unit
        && subject.other_year == draft.other_year
        && draft.members.iter().all(|m| m.article == subject.article && m.amount == subject.amount)
        && (subject.noun == draft.noun || draft.noun.is_none() || subject.noun.is_none())
        && (subject.event == draft.event || draft.event.is_none() || subject.event.is_none())
        && (subject.amount.is_telling() || subject.event.is_some() || subject.noun.is_some())
}

fn group(all: &[Prepared<'_>], draft: &Draft) -> Option<FigureGroup> {
    let mut by_article: BTreeMap<usize, Vec<&Subject>> = BTreeMap::new();
    for member in &draft.members {
        by_article.entry(member.article).or_default().push(member);
    }
    let outlets: BTreeSet<usize> =
        by_article.keys().filter_map(|&at| all.get(at).map(|article| article.outlet)).collect();
    if outlets.len() < 2 {
        return None;
    }
    let mut values = Vec::new();
    let mut claims: Vec<(&Subject, &Amount)> = Vec::new();
    for (article, mut subjects) in by_article {
        subjects.sort_by_key(|subject| subject.figure);
        // A value that others have, too, is what an article mainly says; else its first.
        let rank = |s: &&&Subject| (!draft.is_told_by_others(s), s.is_denied, s.figure);
        let main = *subjects.iter().min_by_key(rank)?;
        claims.push((main, &main.amount));
        values.push(value(all, article, main, &subjects)?);
    }
    let difference = difference(&claims);
    let first = first::of(all, values.iter().map(|value| value.article));
    Some(FigureGroup { about: about(all, draft), values, difference, first })
}

fn difference(claims: &[(&Subject, &Amount)]) -> Difference {
    let mut kinds: Vec<(&Subject, &Amount)> = Vec::new();
    for &(subject, amount) in claims {
        let is_new = kinds.iter().all(|(other, known)| {
            *known != amount || other.is_denied != subject.is_denied || other.unit != subject.unit
        });
        if is_new {
            kinds.push((subject, amount));
        }
    }
    let mut most = Difference::None;
    for (at, (subject, amount)) in kinds.iter().enumerate() {
        for (other, known) in kinds.iter().skip(at + 1) {
            let claims = amount.compare(known);
            let one = if subject.is_denied != other.is_denied || subject.unit != other.unit {
                Difference::Value
            } else {
                match claims {
                    Claims::Same => Difference::None,
                    Claims::Bound => Difference::Bound,
                    Claims::Other => Difference::Value,
                }
            };
            most = most.max(one);
        }
    }
    most
}

/// Whether a text in lower case ends with `end`. Only its last part is put in lower case: a letter of one
/// case takes at most four times the bytes of the other.
fn ends_with_lower(text: &str, end: &str) -> bool {
    let from = text.floor_char_boundary(text.len().saturating_sub(4 * end.len() + 8));
    text.get(from..).is_some_and(|tail| tail.to_lowercase().ends_with(end))
}

fn value(
    all: &[Prepared<'_>],
    article: usize,
    main: &Subject,
    subjects: &[&Subject],
) -> Option<FigureValue> {
    let page = all.get(article)?.page;
    let figure = page.figures.get(main.figure)?;
    let hedge = figure.hedge.as_deref().map(str::to_lowercase).unwrap_or_default();
    let text = if hedge.is_empty() {
        figure.text.clone()
    } else if page
        .text
        .get(..figure.range.start)
        .is_some_and(|before| ends_with_lower(before.trim_end(), &hedge))
    {
        format!("{hedge} {}", figure.text)
    } else {
        format!("{} {hedge}", figure.text)
    };
    let mut also: Vec<String> = Vec::new();
    for other in subjects.iter().filter(|other| other.amount != main.amount) {
        let words = page.figures.get(other.figure).map(|figure| figure.text.clone());
        also.extend(words.filter(|words| !also.contains(words)));
    }
    let value = match &main.amount {
        Amount::Text(text) => Some(text.clone()),
        _ => figure.value.clone(),
    };
    Some(FigureValue {
        article,
        range: figure.range.clone(),
        text,
        value,
        unit: figure.unit.clone(),
        bound: main.amount.bound(),
        is_denied: main.is_denied,
        also,
    })
}

/// What a group is about, for people: what happened, what is counted, else the words that most of its
/// sentences share.
fn about(all: &[Prepared<'_>], draft: &Draft) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for member in &draft.members {
        let figure = all.get(member.article).and_then(|a| a.page.figures.get(member.figure));
        if let Some(words) = figure.and_then(|figure| figure.counts.as_ref()) {
            *counts.entry(words.to_lowercase()).or_default() += 1;
        }
    }
    let most = counts.iter().max_by_key(|(words, n)| (**n, std::cmp::Reverse(words.len())));
    let counted = most.map(|(words, _)| words.clone()).unwrap_or_default();
    if let Some(event) = draft.event {
        let name = event.name();
        return if draft.noun.is_some() && !counted.is_empty() {
            format!("{counted} {name}")
        } else {
            name
        };
    }
    if !counted.is_empty() {
        return counted;
    }
    let Some(member) = draft.members.first() else { return String::new() };
    let Some(article) = all.get(member.article) else { return String::new() };
    let figure = article.page.figures.get(member.figure);
    let Some(sentence) = figure.and_then(|figure| article.sentence_at(figure.range.start)) else {
        return String::new();
    };
    let mut words: Vec<(usize, usize, String)> = Vec::new();
    for (place, word) in article.words_of(&sentence).iter().enumerate() {
        let key = word.concept.map_or(word.stem, Concept::key);
        let text = article.text(&word.range());
        let is_known = words.iter().any(|(.., known)| known.eq_ignore_ascii_case(text));
        if let Some(n) = draft.around.get(&key).filter(|_| word.is_content() && !is_known) {
            words.push((*n, place, text.to_owned()));
        }
    }
    words.sort_by_key(|(n, place, _)| (std::cmp::Reverse(*n), *place));
    words.truncate(3);
    words.sort_by_key(|(_, place, _)| *place);
    words.into_iter().map(|(.., text)| text).collect::<Vec<_>>().join(" ")
}

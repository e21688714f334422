//! What `story` finds of a story beside what its writer put there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pressmark::extract::page::Page;
use pressmark::extract::{Hints, extract};
use pressmark::story::{Article, Story as Found, story};

use crate::annotated::{Sign, Story};
use crate::page;

/// What is judged.
pub const FIELDS: [&str; 8] =
    ["quotes", "relations", "disagreements", "figures", "differ", "copied", "shares", "credits"];

/// Right, missing and wrong of one field.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub right: usize,
    pub missing: usize,
    pub wrong: usize,
}

impl Counts {
    pub fn precision(&self) -> f64 {
        share(self.right, self.wrong)
    }

    pub fn recall(&self) -> f64 {
        share(self.right, self.missing)
    }
}

fn share(right: usize, not: usize) -> f64 {
    if right + not == 0 { 1.0 } else { right as f64 / (right + not) as f64 }
}

#[derive(Debug, Default)]
pub struct Table {
    pub counts: BTreeMap<&'static str, Counts>,
    pub errors: Vec<String>,
}

impl Table {
    fn take(&mut self, field: &'static str, right: usize, missing: usize, wrong: usize) {
        let counts = self.counts.entry(field).or_default();
        counts.right += right;
        counts.missing += missing;
        counts.wrong += wrong;
    }

    /// Two sets, each member right, missing or wrong.
    fn sets<T: Ord + std::fmt::Debug>(
        &mut self,
        field: &'static str,
        story: &str,
        expected: &BTreeSet<T>,
        found: &BTreeSet<T>,
    ) {
        let right = expected.intersection(found).count();
        self.take(field, right, expected.len() - right, found.len() - right);
        for one in expected.difference(found) {
            self.errors.push(format!("{story}: {field}: missing {one:?}"));
        }
        for one in found.difference(expected) {
            self.errors.push(format!("{story}: {field}: wrong {one:?}"));
        }
    }
}

/// A place of an article, by the words that are annotated.
struct Annotated {
    article: usize,
    group: String,
    range: Range<usize>,
    sign: Sign,
    words: String,
}

pub fn judge(name: &str, expected: &Story, table: &mut Table) {
    let pages: Vec<Page> = expected
        .articles
        .iter()
        .enumerate()
        .map(|(at, article)| extract(page::build(at, article).as_bytes(), &Hints::default()).page)
        .collect();
    let articles: Vec<Article<'_>> = pages
        .iter()
        .enumerate()
        .map(|(outlet, page)| Article { page, outlet, captured: None })
        .collect();
    let found = story(&articles);
    let places = places(name, expected, &pages);
    quotes(name, expected, &found, &places, table);
    figures(name, expected, &found, &places, table);
    copied(name, expected, &found, table);
    if let Some(first) = &expected.first {
        let found = found.first.declared.map(|first| &expected.articles[first.article].letter);
        if found != Some(first) {
            table.errors.push(format!("{name}: first: {first}, but {found:?}"));
        }
    }
    let credits: BTreeSet<(String, String)> = found
        .sources
        .iter()
        .enumerate()
        .flat_map(|(at, sources)| sources.iter().map(move |source| (at, source)))
        .filter(|(_, source)| matches!(source.kind.label(), "agency" | "broadcaster" | "outlet"))
        .map(|(at, source)| (expected.articles[at].letter.clone(), source.name.clone()))
        .collect();
    let wanted: BTreeSet<(String, String)> = expected.credits.iter().cloned().collect();
    table.sets("credits", name, &wanted, &credits);
}

/// Where the annotated words stand in the text that was read.
fn places(name: &str, expected: &Story, pages: &[Page]) -> Vec<Annotated> {
    let mut out = Vec::new();
    for (at, article) in expected.articles.iter().enumerate() {
        let text = &pages[at].text;
        for paragraph in &article.paragraphs {
            let start = text.find(&paragraph.text).unwrap_or_else(|| {
                panic!(
                    "{name} {}: the page was read without {:?}:\n{text}",
                    article.letter, paragraph.text
                )
            });
            for place in &paragraph.places {
                let inside = paragraph.text.find(&place.words).unwrap();
                let from = start + inside;
                out.push(Annotated {
                    article: at,
                    group: place.group.clone(),
                    range: from..from + place.words.len(),
                    sign: place.sign,
                    words: place.words.clone(),
                });
            }
        }
    }
    out
}

fn meet(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// All pairs of one group in different articles.
fn pairs(members: &[(usize, String)]) -> BTreeSet<(String, String)> {
    let mut out = BTreeSet::new();
    for (at, (article, one)) in members.iter().enumerate() {
        for (other, two) in members.iter().skip(at + 1) {
            if article != other {
                let (a, b) = if one < two { (one, two) } else { (two, one) };
                out.insert((a.clone(), b.clone()));
            }
        }
    }
    out
}

/// A name for a place: the annotated one that it meets, else its words.
fn named(
    places: &[Annotated],
    figure: bool,
    article: usize,
    range: &Range<usize>,
    text: &str,
) -> String {
    let is_of = |place: &&Annotated| {
        place.article == article
            && (place.sign == Sign::Figure) == figure
            && meet(&place.range, range)
    };
    let start = |place: &&Annotated| place.range.start;
    match places.iter().filter(is_of).min_by_key(start) {
        Some(place) => format!("{article} {} {}", place.group, short(&place.words)),
        None => format!("{article} ? {}", short(text)),
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn expected_pairs(places: &[Annotated], figure: bool) -> BTreeSet<(String, String)> {
    let mut groups: BTreeMap<&str, Vec<(usize, String)>> = BTreeMap::new();
    for place in places.iter().filter(|place| (place.sign == Sign::Figure) == figure) {
        let name = format!("{} {} {}", place.article, place.group, short(&place.words));
        groups.entry(&place.group).or_default().push((place.article, name));
    }
    groups.values().flat_map(|members| pairs(members)).collect()
}

fn quotes(name: &str, expected: &Story, found: &Found, places: &[Annotated], table: &mut Table) {
    let mut all = BTreeSet::new();
    let mut disagree = BTreeSet::new();
    for group in &found.quotes {
        let members: Vec<(usize, String)> = group
            .variants
            .iter()
            .map(|v| (v.article, named(places, false, v.article, &v.range, &v.text)))
            .collect();
        all.extend(pairs(&members));
        for (variant, (_, label)) in group.variants.iter().zip(&members) {
            let place = places.iter().find(|place| {
                place.sign != Sign::Figure
                    && place.article == variant.article
                    && meet(&place.range, &variant.range)
            });
            let Some(place) = place else { continue };
            let relation = match place.sign {
                Sign::Identical => "identical",
                Sign::Truncated => "truncated",
                _ => "altered",
            };
            let is_right = variant.relation.label() == relation;
            table.take(
                "relations",
                usize::from(is_right),
                usize::from(!is_right),
                usize::from(!is_right),
            );
            if !is_right {
                let of = variant.relation.label();
                table.errors.push(format!("{name}: relations: {label} is {relation}, but {of}"));
            }
            for one in &group.disagreements {
                disagree.insert((place.group.clone(), one.about.to_owned()));
            }
        }
    }
    table.sets("quotes", name, &expected_pairs(places, false), &all);
    let wanted: BTreeSet<(String, String)> = expected.disagree.iter().cloned().collect();
    table.sets("disagreements", name, &wanted, &disagree);
}

fn figures(name: &str, expected: &Story, found: &Found, places: &[Annotated], table: &mut Table) {
    let mut all = BTreeSet::new();
    for group in &found.figures {
        let members: Vec<(usize, String)> = group
            .values
            .iter()
            .map(|v| (v.article, named(places, true, v.article, &v.range, &v.text)))
            .collect();
        all.extend(pairs(&members));
        let groups: BTreeSet<&str> =
            members.iter().filter_map(|(_, label)| label.split(' ').nth(1)).collect();
        let known: Vec<&&str> = groups.iter().filter(|group| **group != "?").collect();
        if let [group_name] = known.as_slice() {
            let wanted = expected.differ.get(**group_name).map_or("none", String::as_str);
            let is_right = group.difference.label() == wanted;
            table.take(
                "differ",
                usize::from(is_right),
                usize::from(!is_right),
                usize::from(!is_right),
            );
            if !is_right {
                let of = group.difference.label();
                table.errors.push(format!(
                    "{name}: differ: {group_name} {wanted}, but {of}: {:?}",
                    group.values
                ));
            }
        }
    }
    table.sets("figures", name, &expected_pairs(places, true), &all);
}

fn copied(name: &str, expected: &Story, found: &Found, table: &mut Table) {
    let mut all = BTreeSet::new();
    let letter = |at: usize| expected.articles[at].letter.clone();
    for one in &found.copied {
        let members: Vec<usize> = one.articles.iter().map(|share| share.article).collect();
        for (at, a) in members.iter().enumerate() {
            for b in &members[at + 1..] {
                all.insert((letter(*a), letter(*b)));
            }
        }
        for share in &one.articles {
            let own = &expected.articles[share.article];
            let others = members.iter().filter(|m| **m != share.article);
            let wanted = others.map(|m| own.share_with(&expected.articles[*m])).fold(0.0, f64::max);
            let is_right = (wanted - share.share).abs() <= 0.08;
            table.take(
                "shares",
                usize::from(is_right),
                usize::from(!is_right),
                usize::from(!is_right),
            );
            if !is_right {
                let (letter, of) = (&own.letter, share.share);
                table.errors.push(format!("{name}: shares: {letter} {wanted:.2}, but {of:.2}"));
            }
        }
    }
    let wanted: BTreeSet<(String, String)> = expected.copied.iter().cloned().collect();
    table.sets("copied", name, &wanted, &all);
}

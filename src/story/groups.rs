//! Which quotations are one statement: candidates by the words they share, links by likeness, and sets of linked
//! quotations, which never join the words of two people.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::alike::{Likeness, Speakers, Utterance, likeness, translation};
use super::people::{People, Who};
use super::tally::{Tally, most};
use super::union::Union;

/// At most this many statements that share a word are compared for it, the first ones: a word that more of them
/// share distinguishes little.
const POSTINGS_MAX: usize = 256;

/// At most this many candidates of one statement are compared with it, those that share the most.
const CANDIDATES_MAX: usize = 40;

/// Words of one speaker: all places where they stand are one statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub said: Utterance,
    pub who: Option<Who>,
    pub language: String,
    /// Where it is, by index.
    pub places: Vec<usize>,
    /// The articles of those.
    pub articles: BTreeSet<usize>,
    /// Whether it is a quotation for the extractor in one of them.
    pub is_quoted: bool,
}

/// Two statements that are one.
struct Link {
    a: usize,
    b: usize,
    speakers: Speakers,
}

/// The sets of statements that are one, by index.
pub(super) fn sets(statements: &[Statement], people: &People) -> Vec<Vec<usize>> {
    let mut links = Vec::new();
    let mut altered: Vec<(usize, usize, f32, Speakers)> = Vec::new();
    for (a, b) in candidates(statements) {
        let (Some(one), Some(two)) = (statements.get(a), statements.get(b)) else { continue };
        if !(one.is_quoted || two.is_quoted) {
            continue;
        }
        let speakers = people.compare(one.who, two.who);
        if speakers == Speakers::Different && !one.articles.is_disjoint(&two.articles) {
            continue;
        }
        match alike(one, two, speakers) {
            Some(Likeness::Altered(score)) if one.is_quoted && two.is_quoted => {
                altered.push((a, b, score, speakers));
            }
            Some(Likeness::Identical | Likeness::Truncated) => links.push(Link { a, b, speakers }),
            _ => {}
        }
    }
    links.extend(mutual(statements, &links, altered));
    joined(statements, links)
}

fn alike(a: &Statement, b: &Statement, speakers: Speakers) -> Option<Likeness> {
    if a.language == b.language || a.language.is_empty() || b.language.is_empty() {
        return likeness(&a.said, &b.said, speakers);
    }
    if a.said.keys == b.said.keys {
        return likeness(&a.said, &b.said, speakers);
    }
    let score = translation(&a.said, &b.said)?;
    let is_one = match speakers {
        Speakers::Same => true,
        Speakers::Unknown => score >= 0.5,
        Speakers::Different => false,
    };
    is_one.then_some(Likeness::Altered(score))
}

/// Pairs of statements that share words, the lower index first.
fn candidates(statements: &[Statement]) -> Vec<(usize, usize)> {
    let languages: HashSet<&str> = statements.iter().map(|s| s.language.as_str()).collect();
    let across = languages.len() > 1;
    let mut postings: HashMap<u64, Vec<usize>> = HashMap::new();
    let mut pairs = HashSet::new();
    let mut shared = Tally::new(statements.len());
    for (at, statement) in statements.iter().enumerate() {
        let said = &statement.said;
        let meaning = if across { said.meaning.as_slice() } else { &[] };
        // Statements without a distinctive word are found by all of their words.
        let whole = [(said.key(), 2.0)];
        let features = said.sense.iter().chain(meaning).chain(&whole);
        for (feature, weight) in features {
            let list = postings.entry(*feature).or_default();
            list.iter().filter(|other| **other != at).for_each(|other| shared.add(*other, *weight));
            if list.len() < POSTINGS_MAX && list.last() != Some(&at) {
                list.push(at);
            }
        }
        let mut ranked = shared.take();
        most(&mut ranked, CANDIDATES_MAX);
        pairs.extend(ranked.iter().map(|(_, other)| (*other, at)));
    }
    let mut pairs: Vec<(usize, usize)> = pairs.into_iter().collect();
    pairs.sort_unstable();
    pairs
}

/// Of statements in other words only those that are each the other's best in some two articles, and where no
/// link ties one of them to that article already.
fn mutual(
    statements: &[Statement],
    links: &[Link],
    altered: Vec<(usize, usize, f32, Speakers)>,
) -> Vec<Link> {
    let mut tied: HashSet<(usize, usize)> = HashSet::new();
    let articles =
        |at: usize| statements.get(at).into_iter().flat_map(|s| s.articles.iter().copied());
    for link in links {
        tied.extend(articles(link.b).map(|article| (link.a, article)));
        tied.extend(articles(link.a).map(|article| (link.b, article)));
    }
    let mut best: HashMap<(usize, usize), (f32, usize)> = HashMap::new();
    for &(a, b, score, _) in &altered {
        for (from, to) in [(a, b), (b, a)] {
            for article in articles(to) {
                let known = best.entry((from, article)).or_insert((score, to));
                if score > known.0 {
                    *known = (score, to);
                }
            }
        }
    }
    let is_best = |from: usize, to: usize| {
        let own = statements.get(from);
        articles(to).any(|article| {
            !own.is_some_and(|own| own.articles.contains(&article))
                && !tied.contains(&(from, article))
                && best.get(&(from, article)).is_some_and(|(_, known)| *known == to)
        })
    };
    altered
        .into_iter()
        .filter(|(a, b, ..)| is_best(*a, *b) && is_best(*b, *a))
        .map(|(a, b, _, speakers)| Link { a, b, speakers })
        .collect()
}

/// The sets of what is linked. Statements of one speaker come first, so that words without a named speaker go to
/// one of two speakers and do not join them.
fn joined(statements: &[Statement], mut links: Vec<Link>) -> Vec<Vec<usize>> {
    let rank = |speakers: Speakers| match speakers {
        Speakers::Same => 0,
        Speakers::Different => 1,
        Speakers::Unknown => 2,
    };
    links.sort_by_key(|link| rank(link.speakers));
    let mut union = Union::new(statements.len());
    let mut whose: HashMap<usize, BTreeSet<usize>> = HashMap::new();
    for (at, statement) in statements.iter().enumerate() {
        if let Some(Who::Named(person)) = statement.who {
            whose.entry(at).or_default().insert(person);
        }
    }
    for Link { a, b, speakers } in links {
        let (x, y) = (union.find(a), union.find(b));
        if x == y {
            continue;
        }
        let (one, two) = (whose.get(&x), whose.get(&y));
        let differ = one.zip(two).is_some_and(|(one, two)| one != two);
        if differ && speakers == Speakers::Unknown {
            continue;
        }
        let all: BTreeSet<usize> = one.into_iter().chain(two).flatten().copied().collect();
        union.join(x, y);
        whose.insert(union.find(x), all);
    }
    union.sets()
}

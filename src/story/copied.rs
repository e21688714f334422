//! Text copied between articles: which share it, how much of each page it is, and which passages.
//!
//! Candidates are found by winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: Local Algorithms for
//! Document Fingerprinting", SIGMOD 2003): of each window of hashes of word n-grams the least is kept, so that
//! two texts with a run of `NGRAM + WINDOW - 1` words in common have a fingerprint in common. What the
//! fingerprints point at is then compared word by word, so that a share is exact and no matter of hashes.
//!
//! Words inside quotations do not count: two outlets that quote one speaker have copied nothing. Each article
//! is held beside the few earlier ones that share the most fingerprints with it, never beside all.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::Range;

use super::article::Prepared;
use super::first::{self, First};
use super::hash::hash_of;
use super::sources::{SourceKind, SourceNamed};
use super::tally::{Tally, most};
use super::union::Union;
use super::words::WordKind;

/// Words of an n-gram.
const NGRAM: usize = 6;
/// N-grams of a window, one of which is kept.
const WINDOW: usize = 4;
/// The same where most words are single characters, each worth about half a word.
const CHARACTERS: usize = 12;

/// A run in common of fewer words is chance: names, titles, turns of phrase.
const RUN_MIN: usize = 8;

/// This many words in common make two articles share text, with at least one run of `RUN_LONG`.
const SHARED_MIN: usize = 18;
const RUN_LONG: usize = 11;

/// Two articles are of one group where this share of one of them is in the other.
const GROUP_SHARE: f64 = 0.4;

/// At most this many earlier articles are compared with one, those that share the most fingerprints.
const CANDIDATES_MAX: usize = 16;

/// At most this many articles are kept for one fingerprint, the first ones.
const POSTINGS_MAX: usize = 48;

/// At most this many passages are shown for a group.
const PASSAGES_MAX: usize = 5;

/// How much of one article is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct CopiedShare {
    /// The article, by index.
    pub article: usize,
    /// The share of its words outside quotations, from 0 to 1.
    pub share: f64,
    /// How many words that is.
    pub words: usize,
    /// The agencies and outlets that it names, in the order of its text.
    pub credits: Vec<String>,
}

/// A passage that two of the articles have.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// The words, as the first of the two has them.
    pub text: String,
    /// How many words.
    pub words: usize,
    /// Where it is in either: the article and the range of its text.
    pub places: [(usize, Range<usize>); 2],
}

/// Articles that share text.
#[derive(Debug, Clone, PartialEq)]
pub struct Copied {
    /// How much of each is shared, in the order of the articles.
    pub articles: Vec<CopiedShare>,
    /// The largest of the shares.
    pub share: f64,
    /// The longest passages, the longest first.
    pub passages: Vec<Passage>,
    /// Who had it first.
    pub first: First,
}

/// The words of an article that count.
struct Counted {
    keys: Vec<u64>,
    /// Runs of words that no quotation breaks, by index.
    runs: Vec<Range<usize>>,
    total: usize,
    ngram: usize,
    window: usize,
    run_min: usize,
}

/// Two articles and what they share.
struct Pair {
    a: usize,
    b: usize,
    /// Runs in common: where in the first, where in the second, how long.
    runs: Vec<(usize, usize, usize)>,
}

impl Counted {
    fn of(article: &Prepared<'_>) -> Self {
        let mut breaks: Vec<Range<usize>> =
            article.page.quotes.iter().map(|quote| article.within(&quote.range)).collect();
        for notice in &article.page.notices {
            breaks.push(article.within(&notice.range));
        }
        breaks.sort_by_key(|range| range.start);
        let mut runs = Vec::new();
        let mut from = 0;
        for quoted in breaks {
            if from < quoted.start {
                runs.push(from..quoted.start);
            }
            from = from.max(quoted.end);
        }
        if from < article.words.len() {
            runs.push(from..article.words.len());
        }
        let characters =
            article.words.iter().filter(|word| word.kind == WordKind::Character).count();
        let is_wide = characters * 2 > article.words.len();
        Self {
            keys: article.words.iter().map(|word| word.key).collect(),
            total: runs.iter().map(ExactSizeIterator::len).sum(),
            runs,
            ngram: if is_wide { CHARACTERS } else { NGRAM },
            window: if is_wide { CHARACTERS / 2 } else { WINDOW },
            run_min: if is_wide { RUN_MIN * 2 } else { RUN_MIN },
        }
    }

    /// The fingerprints: hash and word.
    fn fingerprints(&self) -> Vec<(u64, usize)> {
        let mut out: Vec<(u64, usize)> = Vec::new();
        for run in &self.runs {
            let keys = self.keys.get(run.clone()).unwrap_or_default();
            let mut window: VecDeque<(u64, usize)> = VecDeque::new();
            for (at, ngram) in keys.windows(self.ngram).enumerate() {
                let one = (hash_of(ngram), run.start + at);
                // The least of the window is first; of equal ones the last (robust winnowing).
                while window.back().is_some_and(|last| last.0 >= one.0) {
                    window.pop_back();
                }
                window.push_back(one);
                while window.front().is_some_and(|first| first.1 + self.window <= one.1) {
                    window.pop_front();
                }
                let least = window.front().filter(|_| at + 1 >= self.window);
                if let Some(least) = least.filter(|least| out.last() != Some(*least)) {
                    out.push(*least);
                }
            }
            // A run shorter than a window has its least.
            if keys.len() < self.ngram + self.window - 1
                && let Some(least) = window.front()
            {
                out.push(*least);
            }
        }
        out
    }

    /// The run of words without a quotation that holds a word.
    fn run_at(&self, word: usize) -> Range<usize> {
        let next = self.runs.partition_point(|run| run.start <= word);
        next.checked_sub(1).and_then(|at| self.runs.get(at)).cloned().unwrap_or(word..word)
    }
}

/// The fingerprints of an article's text outside of quotations.
pub(super) fn fingerprints(article: &Prepared<'_>) -> Vec<u64> {
    Counted::of(article).fingerprints().into_iter().map(|(print, _)| print).collect()
}

/// The articles that share text, those that share the most first. `named` are the outlets and agencies that each
/// names.
pub(super) fn find(all: &[Prepared<'_>], named: &[Vec<SourceNamed>]) -> Vec<Copied> {
    let counted: Vec<Counted> = all.iter().map(Counted::of).collect();
    let pairs = pairs(all, &counted);
    let mut union = Union::new(all.len());
    for pair in &pairs {
        let [x, y] = shares(&counted, pair);
        if x.max(y) >= GROUP_SHARE {
            union.join(pair.a, pair.b);
        }
    }
    let roots: Vec<usize> = (0..all.len()).map(|at| union.find(at)).collect();
    let mut groups: BTreeMap<usize, Vec<&Pair>> = BTreeMap::new();
    let mut out = Vec::new();
    for pair in &pairs {
        match (roots.get(pair.a), roots.get(pair.b)) {
            (Some(a), Some(b)) if a == b => groups.entry(*a).or_default().push(pair),
            _ => out.push(copied(all, &counted, named, &[pair])),
        }
    }
    out.extend(groups.into_values().map(|pairs| copied(all, &counted, named, &pairs)));
    out.sort_by(|a, b| {
        let first = |copied: &Copied| copied.articles.first().map(|share| share.article);
        b.share.total_cmp(&a.share).then(first(a).cmp(&first(b)))
    });
    out
}

fn pairs(all: &[Prepared<'_>], counted: &[Counted]) -> Vec<Pair> {
    let mut known: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    let mut out = Vec::new();
    let mut shared = Tally::new(counted.len());
    let outlet = |at: usize| all.get(at).map(|article| article.outlet);
    for (at, one) in counted.iter().enumerate() {
        let prints = one.fingerprints();
        let places = |print: &u64| known.get(print).map_or(&[][..], Vec::as_slice);
        for (print, _) in &prints {
            places(print).iter().for_each(|(other, _)| shared.add(*other, 1.0));
        }
        let mut ranked = shared.take();
        ranked.retain(|(_, other)| outlet(*other) != outlet(at));
        most(&mut ranked, CANDIDATES_MAX);
        // Where the fingerprints are that the article shares with each of these.
        let mut hits: BTreeMap<usize, Vec<(usize, usize)>> =
            ranked.iter().map(|(_, other)| (*other, Vec::new())).collect();
        for (print, word) in &prints {
            for (other, place) in places(print) {
                if let Some(hits) = hits.get_mut(other) {
                    hits.push((*place, *word));
                }
            }
        }
        for (_, other) in ranked {
            let (Some(two), Some(hits)) = (counted.get(other), hits.get(&other)) else { continue };
            let runs = runs(two, one, hits);
            let longest = runs.iter().map(|run| run.2).max().unwrap_or(0);
            let scale = one.run_min / RUN_MIN;
            let total: usize = runs.iter().map(|run| run.2).sum();
            if total >= SHARED_MIN * scale && longest >= RUN_LONG * scale {
                out.push(Pair { a: other, b: at, runs });
            }
        }
        let mut own = HashSet::new();
        for (print, word) in prints {
            let list = known.entry(print).or_default();
            if list.len() < POSTINGS_MAX && own.insert(print) {
                list.push((at, word));
            }
        }
    }
    out
}

/// The runs of equal words around places that two articles have in common.
fn runs(a: &Counted, b: &Counted, hits: &[(usize, usize)]) -> Vec<(usize, usize, usize)> {
    let mut out: Vec<(usize, usize, usize)> = Vec::new();
    // How far each diagonal is done.
    let mut done: HashMap<usize, usize> = HashMap::new();
    for &(i, j) in hits {
        let diagonal = i.wrapping_sub(j);
        if done.get(&diagonal).is_some_and(|end| j < *end) {
            continue;
        }
        let (x, y) = (a.run_at(i), b.run_at(j));
        let equal = |back: usize, on: usize| {
            let (p, q) = ((i + on).checked_sub(back), (j + on).checked_sub(back));
            let (Some(p), Some(q)) = (p, q) else { return false };
            x.contains(&p) && y.contains(&q) && a.keys.get(p) == b.keys.get(q)
        };
        if !equal(0, 0) {
            continue;
        }
        let mut back = 0;
        while equal(back + 1, 0) {
            back += 1;
        }
        let mut on = 0;
        while equal(0, on + 1) {
            on += 1;
        }
        done.insert(diagonal, j + on + 1);
        if back + on + 1 >= b.run_min {
            out.push((i - back, j - back, back + on + 1));
        }
    }
    out
}

/// The places of `runs` in one of the two, each word once.
fn covered(places: impl Iterator<Item = Range<usize>>) -> usize {
    let mut places: Vec<Range<usize>> = places.collect();
    places.sort_by_key(|range| range.start);
    let (mut total, mut end) = (0, 0);
    for place in places {
        total += place.end.saturating_sub(place.start.max(end));
        end = end.max(place.end);
    }
    total
}

fn part(words: usize, total: usize) -> f64 {
    if total == 0 { 0.0 } else { words as f64 / total as f64 }
}

fn shares(counted: &[Counted], pair: &Pair) -> [f64; 2] {
    let total = |at: usize| counted.get(at).map_or(0, |one| one.total);
    let x = covered(pair.runs.iter().map(|run| run.0..run.0 + run.2));
    let y = covered(pair.runs.iter().map(|run| run.1..run.1 + run.2));
    [part(x, total(pair.a)), part(y, total(pair.b))]
}

fn copied(
    all: &[Prepared<'_>],
    counted: &[Counted],
    named: &[Vec<SourceNamed>],
    pairs: &[&Pair],
) -> Copied {
    let mut places: BTreeMap<usize, Vec<Range<usize>>> = BTreeMap::new();
    for pair in pairs {
        for run in &pair.runs {
            places.entry(pair.a).or_default().push(run.0..run.0 + run.2);
            places.entry(pair.b).or_default().push(run.1..run.1 + run.2);
        }
    }
    let articles: Vec<CopiedShare> = places
        .into_iter()
        .map(|(article, places)| {
            let words = covered(places.into_iter());
            let total = counted.get(article).map_or(0, |one| one.total);
            let credits = named.get(article).map_or_else(Vec::new, |named| credits(named));
            CopiedShare { article, share: part(words, total), words, credits }
        })
        .collect();
    let share = articles.iter().map(|one| one.share).fold(0.0, f64::max);
    let first = first::of(all, articles.iter().map(|one| one.article));
    Copied { share, passages: passages(all, pairs), first, articles }
}

/// The agencies and outlets among what an article names.
fn credits(named: &[SourceNamed]) -> Vec<String> {
    let is_credit = |kind: SourceKind| matches!(kind, SourceKind::Agency | SourceKind::Outlet);
    named.iter().filter(|one| is_credit(one.kind)).map(|one| one.name.clone()).collect()
}

fn passages(all: &[Prepared<'_>], pairs: &[&Pair]) -> Vec<Passage> {
    let mut runs: Vec<(usize, usize, (usize, usize, usize))> =
        pairs.iter().flat_map(|pair| pair.runs.iter().map(|run| (pair.a, pair.b, *run))).collect();
    runs.sort_by_key(|(a, b, run)| (std::cmp::Reverse(run.2), *a, *b, run.0));
    let mut out: Vec<Passage> = Vec::new();
    for (a, b, (i, j, length)) in runs {
        let range = |article: usize, from: usize| {
            let words = &all.get(article)?.words;
            Some(words.get(from)?.start as usize..words.get(from + length - 1)?.end as usize)
        };
        let (Some(x), Some(y)) = (range(a, i), range(b, j)) else { continue };
        // The same words in a third outlet are no other passage.
        let is_known = out.iter().flat_map(|passage| &passage.places).any(|(article, known)| {
            let meets = |at: usize, r: &Range<usize>| {
                *article == at && known.start < r.end && r.start < known.end
            };
            meets(a, &x) || meets(b, &y)
        });
        if is_known {
            continue;
        }
        let text = all.get(a).map_or_else(String::new, |article| article.text(&x).to_owned());
        out.push(Passage { text, words: length, places: [(a, x), (b, y)] });
        if out.len() >= PASSAGES_MAX {
            break;
        }
    }
    out
}

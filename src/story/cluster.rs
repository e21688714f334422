//! Articles on the same story among all articles, found one by one as they arrive (topic detection and tracking:
//! Allan, Papka and Lavrenko, "On-line New Event Detection and Tracking", SIGIR 1998).
//!
//! An article is known by its names, its telling figures, what is quoted in it, its fingerprints of text and the
//! words of its headline and its text, each weighed by how few articles have it. It joins the story of the
//! article that it is most like, when that is like enough and not too many days away; else it begins one.
//! Candidates come from an index of these features, so that a new article costs the same in a large archive.

use std::collections::{BTreeMap, HashMap};

use super::alike::Utterance;
use super::article::{Article, Prepared};
use super::copied::fingerprints;
use super::hash::hash_of;
use super::headline::headline_words;
use super::words::WordKind;
use crate::extract::page::{Page, PageKind};

/// An article of fewer words has no story.
const WORDS_MIN: usize = 24;

/// At most this many words of the text, those that are in it most often.
const TEXT_WORDS_MAX: usize = 40;
/// At most this many names.
const NAMES_MAX: usize = 24;
/// At most this many distinctive figures.
const FIGURES_MAX: usize = 12;
/// At most this many pieces of quotations, and of the text.
const PIECES_MAX: usize = 16;

/// Articles that are more days apart are no candidates: a story that rests longer is another one.
const DAYS_MAX: i64 = 6;

/// How alike two articles of one story are at least.
const LIKE: f32 = 0.16;

/// This many of the newest articles that have a feature are compared for it.
const POSTINGS_MAX: usize = 300;

/// A feature that more than this share of the articles have distinguishes nothing.
const COMMON: f32 = 0.2;

/// What an article is known by.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Signature {
    /// The day of publication, in days since 1970; of the first capture where none is declared.
    pub day: i64,
    /// Features and their weights, in rising order.
    pub features: Vec<(u64, f32)>,
}

/// What an article is known by; none where it is too short, or no article.
#[must_use]
pub fn signature(page: &Page, captured_day: i64) -> Option<Signature> {
    if !matches!(
        page.kind,
        PageKind::Article | PageKind::Live | PageKind::Video | PageKind::Opinion
    ) {
        return None;
    }
    let article = Prepared::new(&Article { page, outlet: 0, captured: None });
    if article.words.len() < WORDS_MIN {
        return None;
    }
    let mut weights: BTreeMap<u64, f32> = BTreeMap::new();
    let mut add = |key: u64, weight: f32| {
        let known = weights.entry(key).or_insert(0.0);
        *known = known.max(weight);
    };
    let mut names: HashMap<u64, usize> = HashMap::new();
    let mut words: HashMap<u64, usize> = HashMap::new();
    for word in &article.words {
        let key = word.concept.map_or(word.stem, super::lexicon::Concept::key);
        match word.kind {
            WordKind::Name => *names.entry(hash_of(&("name", word.stem))).or_default() += 1,
            WordKind::Plain => *words.entry(key).or_default() += 1,
            _ => {}
        }
    }
    for pair in article.words.windows(2) {
        if pair.iter().all(|word| word.kind == WordKind::Character) {
            let key = hash_of(&pair.iter().map(|word| word.key).collect::<Vec<_>>());
            *words.entry(key).or_default() += 1;
        }
    }
    for (key, times) in most(names, NAMES_MAX) {
        add(key, 1.5 + (times as f32).ln());
    }
    for (key, times) in most(words, TEXT_WORDS_MAX) {
        add(key, 0.5 + 0.5 * (times as f32).ln());
    }
    for word in headline_words(article.page) {
        add(hash_of(&("headline", word.as_str())), 1.5);
    }
    let telling = article.page.figures.iter().filter(|figure| {
        let amount = super::amount::Amount::of(figure);
        amount.is_telling() && amount.number().is_some()
    });
    for figure in telling.take(FIGURES_MAX) {
        add(hash_of(&("figure", &figure.value, &figure.unit)), 1.5);
    }
    let mut pieces: Vec<u64> = Vec::new();
    for quote in &article.page.quotes {
        let said = Utterance::read(&article, &quote.parts);
        pieces.extend(said.keys.windows(4).map(|window| hash_of(&("said", window))));
    }
    for key in least(pieces) {
        add(key, 2.0);
    }
    for key in least(fingerprints(&article)) {
        add(key, 1.0);
    }
    let declared = article.declared().map(|at| at.unix_micros().div_euclid(86_400_000_000));
    Some(Signature {
        day: declared.unwrap_or(captured_day),
        features: weights.into_iter().collect(),
    })
}

/// The keys that occur most often; of two alike the lesser.
fn most(counts: HashMap<u64, usize>, limit: usize) -> Vec<(u64, usize)> {
    let mut all: Vec<(u64, usize)> = counts.into_iter().collect();
    all.sort_unstable_by_key(|(key, times)| (std::cmp::Reverse(*times), *key));
    all.truncate(limit);
    all
}

/// The least of many hashes: the same in two texts that share a part, with a chance as large as the part
/// (Broder, "On the resemblance and containment of documents", 1997).
fn least(mut hashes: Vec<u64>) -> Vec<u64> {
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(PIECES_MAX);
    hashes
}

/// An article in the index.
#[derive(Debug, Clone)]
struct Member {
    signature: Signature,
    cluster: usize,
}

/// Articles and their stories; articles are named by numbers, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Clusters {
    members: Vec<Member>,
    /// Which articles have a feature.
    postings: HashMap<u64, Vec<u32>>,
    /// The articles of each story.
    clusters: Vec<Vec<usize>>,
}

impl Clusters {
    /// Takes in an article, or another version of it; its number.
    pub fn put(&mut self, known: Option<usize>, signature: Signature) -> usize {
        if let Some(at) = known
            && self.members.get(at).is_some()
        {
            // Another version of an article stays with its story.
            for (feature, _) in &signature.features {
                self.post(*feature, at);
            }
            if let Some(member) = self.members.get_mut(at) {
                member.signature = signature;
            }
            return at;
        }
        let at = self.members.len();
        let cluster = self.nearest(&signature).unwrap_or_else(|| {
            self.clusters.push(Vec::new());
            self.clusters.len() - 1
        });
        for (feature, _) in &signature.features {
            self.post(*feature, at);
        }
        self.members.push(Member { signature, cluster });
        if let Some(members) = self.clusters.get_mut(cluster) {
            members.push(at);
        }
        at
    }

    fn post(&mut self, feature: u64, at: usize) {
        let list = self.postings.entry(feature).or_default();
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        if let Err(place) = list.binary_search(&at) {
            list.insert(place, at);
        }
    }

    /// How much a feature tells: the fewer articles have it, the more.
    fn rarity(&self, feature: u64) -> f32 {
        let all = self.members.len().max(20) as f32;
        let own = self.postings.get(&feature).map_or(0, Vec::len) as f32;
        if own > 8.0 && own > all * COMMON { 0.0 } else { (1.0 + all / (1.0 + own)).ln() }
    }

    fn length(&self, signature: &Signature) -> f32 {
        let squares = signature.features.iter().map(|(feature, weight)| {
            let own = weight * self.rarity(*feature);
            own * own
        });
        squares.sum::<f32>().sqrt().max(f32::EPSILON)
    }

    /// The story of the article that is most alike.
    fn nearest(&self, signature: &Signature) -> Option<usize> {
        let mut products: HashMap<u32, f32> = HashMap::new();
        for (feature, weight) in &signature.features {
            let rarity = self.rarity(*feature);
            if rarity <= 0.0 {
                continue;
            }
            let list = self.postings.get(feature).map_or(&[][..], Vec::as_slice);
            for other in list.iter().rev().take(POSTINGS_MAX) {
                let Some(member) = self.members.get(*other as usize) else { continue };
                if (member.signature.day - signature.day).abs() > DAYS_MAX {
                    continue;
                }
                let features = &member.signature.features;
                let Ok(place) = features.binary_search_by_key(feature, |(key, _)| *key) else {
                    continue;
                };
                let theirs = features.get(place).map_or(0.0, |(_, weight)| *weight);
                *products.entry(*other).or_insert(0.0) += weight * theirs * rarity * rarity;
            }
        }
        let own = self.length(signature);
        // Each story by its articles that are most alike, so that one chance likeness makes no story.
        let mut by_story: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        for (other, product) in products {
            let Some(member) = self.members.get(other as usize) else { continue };
            let like = product / (own * self.length(&member.signature));
            by_story.entry(member.cluster).or_default().push(like);
        }
        let mut best: Option<(f32, usize)> = None;
        for (cluster, mut likes) in by_story {
            likes.sort_by(|a, b| b.total_cmp(a));
            let size = self.clusters.get(cluster).map_or(1, Vec::len).min(3);
            let mean = likes.iter().take(size).sum::<f32>() / size as f32;
            let most = likes.first().copied().unwrap_or(0.0);
            let score = (most + mean) / 2.0;
            if score >= LIKE && best.is_none_or(|(known, _)| score > known) {
                best = Some((score, cluster));
            }
        }
        best.map(|(_, cluster)| cluster)
    }

    /// The stories, each with the numbers of its articles in the order in which they came.
    pub fn stories(&self) -> impl Iterator<Item = &[usize]> {
        self.clusters.iter().map(Vec::as_slice)
    }
}

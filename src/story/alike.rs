//! Whether two quotations are one statement, and how much of it each is.
//!
//! *Identical* is the same words, whatever their notation. *Truncated* is a part of the other: its end or its
//! beginning left out, or something in between where an ellipsis, a bracket or the attribution is in its
//! place. *Altered* is everything else that is close enough: a word silently dropped is an alteration.

use std::ops::Range;

use super::article::Prepared;
use super::hash::hash_of;
use super::words::{Word, WordKind};
use crate::base::normal_form::ascii_letters;

/// At most this many words of a quotation are compared.
pub(super) const WORDS_MAX: usize = 400;

/// The words of a quotation.
#[derive(Debug, Clone, Default)]
pub(super) struct Utterance {
    /// The words, folded; those in square brackets, which the speaker did not say, left out.
    pub keys: Vec<u64>,
    /// Before which words something was left out, and how that is known.
    pub gaps: Vec<(usize, Gap)>,
    /// What it says, as numbers in rising order, each with its weight: equal for inflections of one word.
    pub sense: Vec<(u64, f32)>,
    /// The same across languages.
    pub meaning: Vec<(u64, f32)>,
    /// How many of the words say something by themselves.
    pub content: usize,
    /// Whether it negates.
    pub is_negated: bool,
    /// Letters, for the proportion of a translation.
    pub letters: usize,
}

/// How it is known that something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// The attribution stands there, and something may have been left out.
    Attribution,
    /// An ellipsis or a bracket.
    Mark,
}

/// How two quotations are one statement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Likeness {
    /// The same words.
    Identical,
    /// The second is a part of the first, or the other way round, or their ends overlap.
    Truncated,
    /// Other words for it; how alike they are, from 0 to 1.
    Altered(f32),
}

/// Who the two are said by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speakers {
    Same,
    Unknown,
    Different,
}

impl Utterance {
    /// The words in these ranges of an article.
    pub(super) fn read(article: &Prepared<'_>, parts: &[Range<usize>]) -> Self {
        let mut out = Self::default();
        let mut kept: Vec<&Word> = Vec::new();
        for part in parts {
            if !kept.is_empty() {
                out.gaps.push((kept.len(), Gap::Attribution));
            }
            let mut end = part.start;
            let mut in_bracket = false;
            for word in article.words_of(part) {
                let between = article.page.text.get(end..word.start as usize).unwrap_or_default();
                end = word.end as usize;
                let opens = between.rfind('[');
                let closes = between.rfind(']');
                if opens.is_some() || closes.is_some() {
                    in_bracket = opens > closes;
                }
                if between.contains('…') || between.contains("...") || between.contains(['[', ']'])
                {
                    out.gaps.push((kept.len(), Gap::Mark));
                }
                if !in_bracket && kept.len() < WORDS_MAX {
                    kept.push(word);
                }
            }
        }
        out.gaps.dedup_by_key(|(at, _)| *at);
        out.keys = kept.iter().map(|word| word.key).collect();
        out.content = kept.iter().filter(|word| word.is_content()).count();
        out.is_negated = kept
            .iter()
            .any(|word| article.lexicon.negates(&article.text(&word.range()).to_lowercase()));
        out.letters = parts.iter().map(|part| article.text(part).chars().count()).sum();
        out.sense = sense(&kept);
        out.meaning = meaning(article, &kept);
        out
    }

    /// A number for its words.
    pub(super) fn key(&self) -> u64 {
        hash_of(&self.keys)
    }
}

fn sense(words: &[&Word]) -> Vec<(u64, f32)> {
    let mut out: Vec<(u64, f32)> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match word.kind {
            WordKind::Small => {}
            WordKind::Character => {
                let next = words.get(at + 1).filter(|next| next.kind == WordKind::Character);
                out.extend(next.map(|next| (hash_of(&(word.key, next.key)), 0.5)));
            }
            _ => out.push((word.stem, word.weight())),
        }
    }
    sorted(out)
}

/// What a statement says in every language: concepts, values, and names and words that are written alike.
fn meaning(article: &Prepared<'_>, words: &[&Word]) -> Vec<(u64, f32)> {
    let mut out: Vec<(u64, f32)> = Vec::new();
    for word in words {
        if let Some(concept) = word.concept {
            out.push((concept.key(), 1.0));
        } else if word.kind == WordKind::Number {
            out.push((word.key, 1.5));
        } else if matches!(word.kind, WordKind::Name | WordKind::Plain) {
            let letters = ascii_letters(article.text(&word.range())).to_lowercase();
            let begin: String = letters.chars().take(5).collect();
            let weight = if word.kind == WordKind::Name { 0.9 } else { 0.5 };
            out.push((hash_of(&("begins", begin.as_str())), weight));
        }
    }
    sorted(out)
}

fn sorted(mut features: Vec<(u64, f32)>) -> Vec<(u64, f32)> {
    features.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    features
}

/// The weight of what two lists share, how many of it there are, and the weight of each list.
fn shared(a: &[(u64, f32)], b: &[(u64, f32)]) -> (f32, usize, f32, f32) {
    let total = |list: &[(u64, f32)]| list.iter().map(|(_, weight)| weight).sum::<f32>();
    let (mut i, mut j, mut common, mut count) = (0, 0, 0.0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        match x.0.cmp(&y.0) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += x.1.min(y.1);
                count += 1;
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    (common, count, total(a), total(b))
}

/// How two quotations in one language are one statement; none where they are two.
pub(super) fn likeness(a: &Utterance, b: &Utterance, speakers: Speakers) -> Option<Likeness> {
    if a.keys.is_empty() || b.keys.is_empty() {
        return None;
    }
    let (long, short) = if a.keys.len() >= b.keys.len() { (a, b) } else { (b, a) };
    // A common phrase such as "No comment" identifies no speaker.
    let is_own = short.content >= 4 && short.keys.len() >= 6;
    if speakers == Speakers::Different && !is_own {
        return None;
    }
    if a.keys == b.keys {
        let is_marked = |said: &Utterance| said.gaps.iter().any(|(_, gap)| *gap == Gap::Mark);
        let same = is_marked(a) == is_marked(b);
        return Some(if same { Likeness::Identical } else { Likeness::Truncated });
    }
    let needed = if speakers == Speakers::Same { 1 } else { 2 };
    if short.content >= needed && short.keys.len() >= 2 && is_part(short, long) {
        return Some(Likeness::Truncated);
    }
    if overlap(long, short) {
        return Some(Likeness::Truncated);
    }
    let (common, count, x, y) = shared(&a.sense, &b.sense);
    let least = x.min(y);
    if least <= 0.0 {
        return None;
    }
    let (held, both) = (common / least, 2.0 * common / (x + y));
    let is_one = match speakers {
        Speakers::Same => count >= 3 && held >= 0.5 && both >= 0.3 || count >= 2 && both >= 0.5,
        Speakers::Unknown => count >= 3 && held >= 0.62 && both >= 0.4,
        Speakers::Different => count >= 4 && held >= 0.75 && both >= 0.6,
    };
    is_one.then_some(Likeness::Altered(both.min(1.0)))
}

/// How alike a statement and its translation are, from 0 to 1; none where they are two statements.
pub(super) fn translation(a: &Utterance, b: &Utterance) -> Option<f32> {
    let (common, count, x, y) = shared(&a.meaning, &b.meaning);
    let least = x.min(y);
    if least <= 0.0 || count < 2 {
        return None;
    }
    let letters = a.letters.min(b.letters) as f32 / a.letters.max(b.letters).max(1) as f32;
    let (held, both) = (common / least, 2.0 * common / (x + y));
    let is_one = both >= 0.34 && letters >= 0.5 || held >= 0.6 && count >= 3;
    is_one.then_some(both.min(1.0))
}

/// Whether the parts of `short` between its gaps stand in `long` in their order.
fn is_part(short: &Utterance, long: &Utterance) -> bool {
    let mut from = 0;
    let ends = short.gaps.iter().map(|(at, _)| *at).chain(std::iter::once(short.keys.len()));
    let mut begin = 0;
    for end in ends {
        let part = short.keys.get(begin..end).unwrap_or_default();
        begin = end;
        if part.is_empty() {
            continue;
        }
        let rest = long.keys.get(from..).unwrap_or_default();
        let Some(at) = rest.windows(part.len()).position(|window| window == part) else {
            return false;
        };
        from += at + part.len();
    }
    true
}

/// Whether one ends as the other begins, by too many words for a coincidence.
fn overlap(a: &Utterance, b: &Utterance) -> bool {
    const LEAST: usize = 7;
    let ends = |a: &[u64], b: &[u64]| {
        let longest = a.len().min(b.len());
        (LEAST..=longest).any(|n| a.get(a.len() - n..) == b.get(..n))
    };
    ends(&a.keys, &b.keys) || ends(&b.keys, &a.keys)
}

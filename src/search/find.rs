//! The candidate pages of a query, the best first: from the index alone, before anything is read.
//!
//! Every matching page is among them; some candidates have the words in different versions, or not
//! next to each other. The caller reads the versions and checks.

use std::collections::BTreeSet;

use super::index::View;
use super::passages::WINDOW;
use super::query::{Clause, SearchField, SearchQuery, Words};
use super::seam::{COMPOUND_CHARS_MIN, Found, IndexError, Passage};

/// The most words that a prefix, or a part of compounds, is expanded to.
const WORDS_MAX: usize = 500;

/// The fewest characters of each part of a compound.
const PART_CHARS_MIN: usize = 3;

/// The linking elements of German compounds.
const LINKS: [&str; 7] = ["", "s", "es", "n", "en", "er", "e"];

/// A word of the headline counts as this many of the text.
const HEADLINE_WEIGHT: f32 = 3.0;

/// If no more pages than this are left, words that very many passages have are no longer looked up: the caller
/// reads the pages anyway, and such words hardly affect the ranking.
const FEW_PAGES: u64 = 64;

/// A word in this many passages is one of those.
const DEAR_PASSAGES: u64 = 20_000;

/// The order of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By relevance: pages with more of the words first, rare words count more.
    #[default]
    Relevance,
    /// By time: pages with the newest passage that has a word of the query first.
    Time,
}

impl Order {
    /// The word for it in an address.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::Time => "time",
        }
    }

    /// The order with that word; relevance for any other and for none.
    #[must_use]
    pub fn of_label(label: Option<&str>) -> Self {
        if label == Some(Self::Time.label()) { Self::Time } else { Self::Relevance }
    }
}

/// A candidate page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The number of the page.
    pub page: u64,
    /// How well it fits.
    pub score: f32,
    /// The time of the newest passage with a word of the query, in seconds since 1970.
    pub date: i64,
    /// A passage of it.
    pub place: (u32, u32),
}

/// Numbers of pages.
#[derive(Debug, Clone, Default)]
struct Pages(Vec<u64>);

impl Pages {
    fn all(count: u64) -> Self {
        let words = usize::try_from(count / 64 + 1).unwrap_or(0);
        Self(vec![u64::MAX; words])
    }

    fn none(count: u64) -> Self {
        Self(vec![0; usize::try_from(count / 64 + 1).unwrap_or(0)])
    }

    fn add(&mut self, page: u64) {
        let at = usize::try_from(page / 64).unwrap_or(usize::MAX);
        if let Some(word) = self.0.get_mut(at) {
            *word |= 1 << (page % 64);
        }
    }

    fn has(&self, page: u64) -> bool {
        let at = usize::try_from(page / 64).unwrap_or(usize::MAX);
        self.0.get(at).is_some_and(|word| word & (1 << (page % 64)) != 0)
    }

    fn and(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= b);
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// The query with the compounds of its words that occur in the archive.
///
/// # Errors
/// When the index cannot be read.
pub fn with_compounds(view: &View, query: &SearchQuery) -> Result<SearchQuery, IndexError> {
    let mut query = query.clone();
    for clause in query.clauses.iter_mut().filter(|clause| !clause.is_quoted) {
        if matches!(clause.field, SearchField::Article | SearchField::Headline | SearchField::Quote)
            && let Some(word) = clause.words.only()
        {
            let others = compounds_of(view, word)?;
            clause.words.others.extend(others);
        }
    }
    Ok(query)
}

/// The words of German texts that begin or end with a word, where the rest is one of the archive's words.
fn compounds_of(view: &View, word: &str) -> Result<BTreeSet<String>, IndexError> {
    let mut found = BTreeSet::new();
    if word.chars().count() < PART_CHARS_MIN || !word.chars().all(char::is_alphabetic) {
        return Ok(found);
    }
    let backwards = |word: &str| word.chars().rev().collect::<String>();
    let is_word = |word: &str| -> Result<bool, IndexError> {
        let is_long = word.chars().count() >= PART_CHARS_MIN;
        Ok(is_long && view.frequency(Found::Text, word)? > 0)
    };
    for tail in view.words_from(Found::Tail, &backwards(word), WORDS_MAX)? {
        let whole = backwards(&tail);
        let Some(head) = whole.strip_suffix(word).filter(|head| !head.is_empty()) else { continue };
        for link in LINKS {
            if let Some(part) = head.strip_suffix(link)
                && is_word(part)?
            {
                found.insert(whole.clone());
                break;
            }
        }
    }
    if found.is_empty() && view.words_from(Found::Tail, "", 1)?.is_empty() {
        // No German text at all.
        return Ok(found);
    }
    for whole in view.words_from(Found::Text, word, WORDS_MAX)? {
        let Some(rest) = whole.strip_prefix(word).filter(|rest| !rest.is_empty()) else { continue };
        if whole.chars().count() < COMPOUND_CHARS_MIN
            || view.frequency(Found::Tail, &backwards(&whole))? == 0
        {
            continue;
        }
        for link in LINKS {
            if let Some(part) = rest.strip_prefix(link)
                && is_word(part)?
            {
                found.insert(whole.clone());
                break;
            }
        }
    }
    Ok(found)
}

/// Words that one passage has to have, or for a long phrase several passages of one page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Probe {
    by: Found,
    /// For each passage all its words.
    passages: Vec<Vec<String>>,
}

/// The probes of a clause: each page that matches it is found by one of them.
fn probes(view: &View, clause: &Clause) -> Result<Vec<Probe>, IndexError> {
    let Words { patterns, others } = &clause.words;
    let whole = patterns.iter().filter(|pattern| !pattern.is_prefix);
    let words: Vec<String> = whole.map(|pattern| pattern.text.clone()).collect();
    let fields: &[Found] = match clause.field {
        SearchField::Article => &[Found::Text, Found::Headline],
        SearchField::Quote => &[Found::Text],
        SearchField::Headline => &[Found::Headline],
        SearchField::Byline => &[Found::Byline],
        SearchField::Speaker => &[Found::Speaker],
    };
    let mut probes = Vec::new();
    for by in fields.iter().copied() {
        if let ([open], []) = (patterns.as_slice(), words.as_slice()) {
            let goes_on = view.words_from(by, &open.text, usize::MAX)?;
            probes.extend(goes_on.into_iter().map(|word| Probe { by, passages: vec![vec![word]] }));
            continue;
        }
        let passages = match clause.field {
            // A quotation interrupted by an attribution is one, and its halves may be in two passages.
            SearchField::Quote => words.iter().map(|word| vec![word.clone()]).collect(),
            _ if by == Found::Text => words.chunks(WINDOW).map(<[String]>::to_vec).collect(),
            _ => vec![words.clone()],
        };
        probes.push(Probe { by, passages });
        for other in others {
            probes.push(Probe { by, passages: vec![vec![other.clone()]] });
        }
    }
    Ok(probes)
}

/// A query to the index, and the latest time of passages that count.
struct Asking<'v> {
    view: &'v View,
    until: i64,
}

impl Asking<'_> {
    fn passages(
        &self,
        by: Found,
        words: &[String],
        found: &mut dyn FnMut(Passage),
    ) -> Result<(), IndexError> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.view.passages(by, &words, &mut |passage| {
            if passage.date < self.until {
                found(passage);
            }
        })
    }

    /// The pages that one of the probes finds.
    fn pages(&self, probes: &[Probe]) -> Result<Pages, IndexError> {
        let count = self.view.marks.pages;
        let mut found = Pages::none(count);
        for Probe { by, passages } in probes {
            if let [words] = passages.as_slice() {
                self.passages(*by, words, &mut |passage| found.add(passage.page))?;
                continue;
            }
            let mut of_all = Pages::all(count);
            for words in passages {
                let mut pages = Pages::none(count);
                self.passages(*by, words, &mut |passage| pages.add(passage.page))?;
                of_all.and(&pages);
            }
            found.0.iter_mut().zip(&of_all.0).for_each(|(a, b)| *a |= b);
        }
        Ok(found)
    }

    /// How often the probes find each of the pages that are `wanted`, words of the headline for more.
    fn rank(
        &self,
        probes: &[Probe],
        ranking: &mut Ranking,
        wanted: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Vec<f32>, IndexError> {
        let mut counts = vec![0.0; ranking.places.len()];
        for Probe { by, passages } in probes {
            let Some(words) = passages.first() else { continue };
            let factor = if *by == Found::Headline { HEADLINE_WEIGHT } else { 1.0 };
            self.passages(*by, words, &mut |passage| {
                if wanted(passage.page) {
                    let at = usize::try_from(passage.page).unwrap_or(usize::MAX);
                    if let Some(count) = counts.get_mut(at) {
                        *count += factor;
                    }
                    ranking.note(passage);
                }
            })?;
        }
        Ok(counts)
    }

    /// The most passages in which a clause can be found.
    fn cost(&self, probes: &[Probe]) -> Result<u64, IndexError> {
        let mut cost = 0;
        for Probe { by, passages } in probes {
            let mut least = u64::MAX;
            for word in passages.iter().flatten() {
                least = least.min(self.view.frequency(*by, word)?);
            }
            cost += least;
        }
        Ok(cost)
    }
}

/// The pages that may have a version which satisfies the query, in no order. Compounds are those that the query
/// has ([`with_compounds`]).
///
/// # Errors
/// When the index cannot be read.
pub fn candidates(view: &View, query: &SearchQuery) -> Result<Vec<Candidate>, IndexError> {
    let micros = query.period.end.unix_micros();
    let asking = Asking { view, until: micros.div_euclid(1_000_000).saturating_add(1) };
    // Clauses and, without a weight, the hosts; what is rarest comes first.
    let mut clauses: Vec<(u64, Vec<Probe>, bool)> = Vec::new();
    for clause in query.wanted() {
        let probes = probes(view, clause)?;
        clauses.push((asking.cost(&probes)?, probes, true));
    }
    if !query.hosts.is_empty() {
        let host = |host: &String| Probe { by: Found::Host, passages: vec![vec![host.clone()]] };
        let hosts: Vec<Probe> = query.hosts.iter().map(host).collect();
        clauses.push((asking.cost(&hosts)?, hosts, false));
    }
    clauses.sort_by_key(|(cost, ..)| *cost);
    let count = view.marks.pages;
    let mut pages = Pages::all(count);
    let mut ranking = Ranking::new(count);
    // Clauses whose pages are known before they are ranked.
    let mut later: Vec<(&[Probe], f32)> = Vec::new();
    for (cost, probes, ranks) in &clauses {
        // Results come from the ranking clauses, so at least one is needed.
        let is_ranked = !later.is_empty() || !ranking.clauses.is_empty();
        if is_ranked && *cost > DEAR_PASSAGES && pages.count() <= FEW_PAGES {
            break;
        }
        let is_simple = probes.iter().all(|probe| probe.passages.len() == 1);
        if *ranks && is_simple {
            // Its passages are read only once: they are also counted, for the pages that have the earlier clauses.
            let mut found = Pages::none(count);
            let counts = asking.rank(probes, &mut ranking, &mut |page| {
                found.add(page);
                pages.has(page)
            })?;
            ranking.clauses.push((weight(count, found.count()), counts));
            pages.and(&found);
        } else {
            let found = asking.pages(probes)?;
            if *ranks {
                later.push((probes, weight(count, found.count())));
            }
            pages.and(&found);
        }
        if pages.count() == 0 {
            return Ok(Vec::new());
        }
    }
    for (probes, weight) in later {
        let counts = asking.rank(probes, &mut ranking, &mut |page| pages.has(page))?;
        ranking.clauses.push((weight, counts));
    }
    Ok(ranking.candidates(&pages))
}

/// The weight of a clause that this many pages have: higher for fewer pages.
#[expect(clippy::cast_precision_loss, reason = "a weight is an estimate")]
fn weight(all: u64, have: u64) -> f32 {
    (1.0 + all as f32 / (have as f32 + 1.0)).ln()
}

/// How pages match the query. The lists indexed by page number begin as zeros, which cost nothing if nothing is found.
struct Ranking {
    /// For each page its place among the found ones, from 1; 0 for none.
    places: Vec<u32>,
    found: Vec<Candidate>,
    /// For each clause its weight, and how often each page has it.
    clauses: Vec<(f32, Vec<f32>)>,
}

impl Ranking {
    fn new(pages: u64) -> Self {
        let places = vec![0; usize::try_from(pages).unwrap_or(0)];
        Self { places, found: Vec::new(), clauses: Vec::new() }
    }

    /// Notes a passage of a page.
    fn note(&mut self, passage: Passage) {
        let Passage { page, date, place } = passage;
        let at = usize::try_from(page).unwrap_or(usize::MAX);
        let Some(known) = self.places.get_mut(at) else { return };
        if *known == 0 {
            self.found.push(Candidate { page, score: 0.0, date, place });
            *known = u32::try_from(self.found.len()).unwrap_or(u32::MAX);
        }
        let at = usize::try_from(*known - 1).unwrap_or(usize::MAX);
        if let Some(candidate) = self.found.get_mut(at) {
            candidate.date = candidate.date.max(date);
        }
    }

    /// Those of these pages, with their scores.
    fn candidates(self, pages: &Pages) -> Vec<Candidate> {
        let Self { mut found, clauses, .. } = self;
        found.retain(|candidate| pages.has(candidate.page));
        for candidate in &mut found {
            let at = usize::try_from(candidate.page).unwrap_or(usize::MAX);
            for (weight, counts) in &clauses {
                // Relevance grows less than linearly with the count.
                let count = counts.get(at).copied().unwrap_or(0.0);
                candidate.score += weight * (1.0 + count).ln();
            }
        }
        found
    }
}

/// Removes and returns the `count` best, in order.
#[must_use]
pub fn take_best(found: &mut Vec<Candidate>, order: Order, count: usize) -> Vec<Candidate> {
    let better = |a: &Candidate, b: &Candidate| {
        let by_score = b.score.total_cmp(&a.score);
        let by_date = b.date.cmp(&a.date);
        let first = match order {
            Order::Relevance => by_score.then(by_date),
            Order::Time => by_date.then(by_score),
        };
        first.then(a.page.cmp(&b.page))
    };
    // The best come last, to be split off there.
    if found.len() > count && count > 0 {
        let at = found.len() - count;
        found.select_nth_unstable_by(at, |a, b| better(b, a));
    }
    let mut best = found.split_off(found.len().saturating_sub(count));
    best.sort_unstable_by(better);
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_best_come_first_whatever_the_portions(
            scores in proptest::collection::vec((0_u8..5, 0_i64..4), 0..40), count in 1_usize..7, by_time: bool,
        ) {
            let order = if by_time { Order::Time } else { Order::Relevance };
            let candidate = |(page, (score, date)): (u64, &(u8, i64))| {
                Candidate { page, score: f32::from(*score), date: *date, place: (0, 0) }
            };
            let mut left: Vec<Candidate> = (0..).zip(&scores).map(candidate).collect();
            let all = take_best(&mut left.clone(), order, usize::MAX);
            let mut given = Vec::new();
            while !left.is_empty() {
                given.extend(take_best(&mut left, order, count));
            }
            prop_assert_eq!(given, all);
        }
    }
}

//! The words of an article that are nearest to words that are not in it.
//!
//! Found by Sellers' approximate search ("The theory and computation of evolutionary distances", 1980) over
//! words, so that a changed, omitted or added word costs the same. Only reported, never treated as the words.

use std::collections::HashMap;

use super::folded::{is_invisible, is_mark, plain, words};
use crate::base::normal_form::composed;

/// The words of the article that are nearest to the requested ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// The words as in the article.
    pub text: String,
    /// What differs, in order.
    pub differences: Vec<Difference>,
}

/// Requested words, and the words in their place. One of the two may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// As requested.
    pub asked: String,
    /// As in the article.
    pub stands: String,
}

/// The most cells of the table of the approximate search, 64 MiB: of more requested words, only the first
/// are searched in a long text.
const CELLS_MAX: usize = 16 << 20;
/// The most letters that are compared to distinguish a slip from another word. Past that, words are
/// only equal or different.
const LETTERS_MAX: usize = 200_000_000;

/// A word as it is compared: without marks around it and without case.
fn core(word: &str) -> String {
    let folded: String = composed(word).chars().filter(|c| !is_invisible(*c)).map(plain).collect();
    folded.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

pub(super) fn find(quote: &str, text: &str) -> Option<Nearest> {
    let asked_ranges = words(quote);
    let text_ranges = words(text);
    let room = CELLS_MAX / (text_ranges.len() + 1);
    let asked_ranges = &asked_ranges[..asked_ranges.len().min(room)];
    if asked_ranges.is_empty() || text_ranges.is_empty() {
        return None;
    }
    let asked: Vec<String> = asked_ranges.iter().map(|r| core(&quote[r.clone()])).collect();
    let there: Vec<String> = text_ranges.iter().map(|r| core(&text[r.clone()])).collect();
    let table = Table::fill(&asked, &there);
    let (end, cost) = table.best()?;
    // With more than half of the words wrong it is another passage.
    if cost * 2 > asked.len() as u32 * Table::WORD {
        return None;
    }
    let steps = table.steps(end);
    let from = steps.iter().find_map(|s| s.there)?;
    let to = steps.iter().rev().find_map(|s| s.there)?;
    let word_asked = |i: usize| &quote[asked_ranges[i].clone()];
    let word_there = |i: usize| &text[text_ranges[i].clone()];
    let mut differences: Vec<Difference> = Vec::new();
    let mut open = false;
    for (n, step) in steps.iter().enumerate() {
        let asked = step.asked.map_or("", word_asked);
        let stands = step.there.map_or("", word_there);
        let (asked, mut stands) = bare_pair(asked, stands);
        // Marks before the first word and after the last one were not requested.
        if n == 0 && !asked.starts_with(is_outer) {
            stands = stands.trim_start_matches(is_outer);
        }
        if n + 1 == steps.len() && !asked.ends_with(is_outer) {
            stands = stands.trim_end_matches(is_outer);
        }
        if plain_word(asked) == plain_word(stands) {
            open = false;
            continue;
        }
        if !open {
            differences.push(Difference { asked: String::new(), stands: String::new() });
            open = true;
        }
        if let Some(last) = differences.last_mut() {
            for (to, word) in [(&mut last.asked, asked), (&mut last.stands, stands)] {
                if !to.is_empty() && !word.is_empty() {
                    to.push(' ');
                }
                to.push_str(word);
            }
        }
    }
    let text = text[text_ranges[from].start..text_ranges[to].end].trim_matches(is_mark);
    let text = super::clean::clean(text);
    Some(Nearest { text, differences })
}

/// Two words without the quotation marks around them; without any marks around them where the words
/// themselves differ.
fn bare_pair<'a>(a: &'a str, b: &'a str) -> (&'a str, &'a str) {
    let are_same = core(a) == core(b);
    let around = |c: char| if are_same { is_mark(c) } else { is_outer(c) };
    (a.trim_matches(around), b.trim_matches(around))
}

fn is_outer(c: char) -> bool {
    !c.is_alphanumeric()
}

fn plain_word(word: &str) -> String {
    composed(word).chars().filter(|c| !is_invisible(*c)).map(plain).collect()
}

/// One step of an alignment: a requested word, a word of the article, or both.
#[derive(Debug, Clone, Copy)]
struct Step {
    asked: Option<usize>,
    there: Option<usize>,
}

/// The costs of turning the first `i` requested words into words that end at `j`, wherever those
/// begin.
struct Table {
    asked: usize,
    there: usize,
    cells: Vec<u32>,
    costs: Vec<u8>,
}

impl Table {
    /// The cost of a word that is omitted, added, or replaced.
    const WORD: u32 = 4;

    /// How two words differ: not at all, in letters (a slip or an ending), or entirely.
    fn cost(a: &str, b: &str, letters: &mut usize) -> u8 {
        if a == b {
            return 0;
        }
        let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
        // Words of very different lengths, or with different beginnings, are different words.
        if short.len() * 2 <= long.len() || a.chars().next() != b.chars().next() {
            return 4;
        }
        // Text that long is not a word, and comparing it letter by letter takes too long.
        if long.len() > Self::WORD_BYTES_MAX {
            return 4;
        }
        let compared = a.len() * b.len();
        if compared > *letters {
            return 4;
        }
        *letters -= compared;
        if strsim::normalized_levenshtein(a, b) > 0.6 { 2 } else { 4 }
    }

    /// Longer words are only equal or different.
    const WORD_BYTES_MAX: usize = 64;

    /// For each word its number among the distinct ones, and the distinct words.
    fn distinct(words: &[String]) -> (Vec<usize>, Vec<&str>) {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut distinct = Vec::new();
        let numbered = words.iter().map(|word| {
            *numbers.entry(word).or_insert_with(|| {
                distinct.push(word.as_str());
                distinct.len() - 1
            })
        });
        (numbered.collect(), distinct)
    }

    fn fill(asked: &[String], there: &[String]) -> Self {
        let width = there.len() + 1;
        let mut cells = vec![0_u32; (asked.len() + 1) * width];
        let mut costs = vec![0_u8; asked.len() * there.len()];
        let (numbers, distinct) = Self::distinct(there);
        let mut letters = LETTERS_MAX;
        for i in 1..=asked.len() {
            cells[i * width] = i as u32 * Self::WORD;
            // A text has few distinct words.
            let word = &asked[i - 1];
            let of: Vec<u8> =
                distinct.iter().map(|other| Self::cost(word, other, &mut letters)).collect();
            for j in 1..width {
                let cost = of[numbers[j - 1]];
                costs[(i - 1) * there.len() + j - 1] = cost;
                let swap = cells[(i - 1) * width + j - 1] + u32::from(cost);
                let left = cells[(i - 1) * width + j] + Self::WORD;
                let added = cells[i * width + j - 1] + Self::WORD;
                cells[i * width + j] = swap.min(left).min(added);
            }
        }
        Self { asked: asked.len(), there: there.len(), cells, costs }
    }

    /// Where the cheapest passage ends, and its cost; the first of several. A replaced last word
    /// belongs to it.
    fn best(&self) -> Option<(usize, u32)> {
        let row = &self.cells[self.asked * (self.there + 1)..];
        let costs = row.iter().enumerate().skip(1);
        let (end, cost) = costs.map(|(j, cost)| (j, *cost)).min_by_key(|(_, cost)| *cost)?;
        let goes_on = cost > 0 && row.get(end + 1) == Some(&cost);
        Some((if goes_on { end + 1 } else { end }, cost))
    }

    fn steps(&self, end: usize) -> Vec<Step> {
        let width = self.there + 1;
        let (mut i, mut j) = (self.asked, end);
        let mut steps = Vec::new();
        while i > 0 {
            let here = self.cells[i * width + j];
            let swap = (j > 0).then(|| u32::from(self.costs[(i - 1) * self.there + j - 1]));
            let swapped = swap.filter(|cost| here == self.cells[(i - 1) * width + j - 1] + cost);
            let added = j > 0 && here == self.cells[i * width + j - 1] + Self::WORD;
            // Among ways of equal cost, the one that keeps most words: a word that was
            // added, before a replaced one, before an omitted one.
            if swapped.is_some_and(|cost| cost < Self::WORD) || (swapped.is_some() && !added) {
                steps.push(Step { asked: Some(i - 1), there: Some(j - 1) });
                (i, j) = (i - 1, j - 1);
            } else if added {
                steps.push(Step { asked: None, there: Some(j - 1) });
                j -= 1;
            } else {
                steps.push(Step { asked: Some(i - 1), there: None });
                i -= 1;
            }
        }
        steps.reverse();
        steps
    }
}

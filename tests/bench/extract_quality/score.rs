//! The two measures of the public sets, as their own scripts define them.

use std::collections::HashMap;

/// One page's score.
#[derive(Clone, Copy)]
pub struct Score {
    pub f1: f64,
    pub p: f64,
    pub r: f64,
    /// Whether precision and recall are defined.
    pub said: bool,
    pub gold: bool,
}

/// Words as `\w+` finds them, in lower case.
pub fn words(text: &str) -> Vec<String> {
    cased_words(text).into_iter().map(|w| w.to_lowercase()).collect()
}

fn cased_words(text: &str) -> Vec<&str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect()
}

pub fn counts<T: std::hash::Hash + Eq>(items: impl IntoIterator<Item = T>) -> HashMap<T, usize> {
    let mut out = HashMap::new();
    for item in items {
        *out.entry(item).or_insert(0) += 1;
    }
    out
}

fn overlap<T: std::hash::Hash + Eq>(a: &HashMap<T, usize>, b: &HashMap<T, usize>) -> usize {
    a.iter().map(|(key, n)| (*n).min(b.get(key).copied().unwrap_or(0))).sum()
}

pub fn bag_of_words(said: &str, gold: &str) -> Score {
    let (said, gold) = (words(said), words(gold));
    let (n, m) = (said.len(), gold.len());
    if n == 0 || m == 0 {
        let value = if n == m { 1.0 } else { 0.0 };
        return Score { f1: value, p: value, r: value, said: true, gold: true };
    }
    let hit = overlap(&counts(said), &counts(gold)) as f64;
    let (p, r) = (hit / n as f64, hit / m as f64);
    let f1 = if hit > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
    Score { f1, p, r, said: true, gold: true }
}

fn shingles_of(text: &str) -> HashMap<Vec<&str>, usize> {
    let words = cased_words(text);
    let last = if words.len() >= 4 { words.len() - 3 } else { 1 };
    let shingles = (0..last).map(|i| words[i..(i + 4).min(words.len())].to_vec());
    counts(shingles.filter(|s| !s.is_empty()))
}

pub fn shingles(said: &str, gold: &str) -> Score {
    let (said, gold) = (shingles_of(said), shingles_of(gold));
    let (n, m) = (said.values().sum::<usize>() as f64, gold.values().sum::<usize>() as f64);
    let hit = overlap(&said, &gold) as f64;
    let p = if n > 0.0 { hit / n } else { 0.0 };
    let r = if m > 0.0 { hit / m } else { 0.0 };
    let f1 = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
    Score { f1, p, r, said: n > 0.0, gold: m > 0.0 }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
    if n == 0 { 0.0 } else { sum / f64::from(n) }
}

pub fn mean_of_f1<T, U>(rows: &[(Score, T, U)]) -> (f64, f64, f64) {
    let of = |pick: fn(&Score) -> f64| mean(rows.iter().map(|(s, _, _)| pick(s)));
    (of(|s| s.f1), of(|s| s.p), of(|s| s.r))
}

pub fn f1_of_means<T, U>(rows: &[(Score, T, U)]) -> (f64, f64, f64) {
    let p = mean(rows.iter().filter(|(s, _, _)| s.said).map(|(s, _, _)| s.p));
    let r = mean(rows.iter().filter(|(s, _, _)| s.gold).map(|(s, _, _)| s.r));
    (2.0 * p * r / (p + r).max(1e-12), p, r)
}

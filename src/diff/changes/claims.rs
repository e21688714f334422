//! Negations and hedges that were added or removed: "could" to "will", "not" dropped, "alleged" added.
//!
//! They are counted over the changed words of an edit, so that a hedge that only moved within the
//! sentence is no change. One hedge in place of another ("could", "might") is only a rewording. Which words
//! count in which language is defined in [`markers`].

mod markers;

use super::view::View;
use super::{Aligned, Change, ChangeKind};
use crate::diff::tokens::{Class, Token};
use crate::diff::words::{self, Hunk};
use crate::extract::page::Page;
use markers::{Markers, Sign};

/// A changed run longer than this is a rewriting, in which a single "not" is weak evidence.
const RUN_WORDS_MAX: usize = 10;

/// Negations and hedges, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    negations: i32,
    hedges: i32,
}

impl Tally {
    fn minus(self, other: Self) -> Self {
        Self { negations: self.negations - other.negations, hedges: self.hedges - other.hedges }
    }

    fn plus(self, other: Self) -> Self {
        Self { negations: self.negations + other.negations, hedges: self.hedges + other.hedges }
    }
}

/// The number of words of the marker that begins at the first of these; 0 if there is none.
pub(super) fn phrase_at(page: &Page, word_at: impl Fn(usize) -> String) -> usize {
    let first = markers::plain(&word_at(0));
    let found = markers_of(page).at(&first, |step| markers::plain(&word_at(step)));
    found.map_or(0, |(_, length)| length)
}

/// Whether a word is a negation or a hedge wherever it is, in the language of its page.
pub(super) fn is_marker(page: &Page, word: &str) -> bool {
    let found = markers_of(page).at(&markers::plain(word), |_| String::new());
    matches!(found, Some((Sign::Negation | Sign::Hedge | Sign::Both, 1)))
}

fn markers_of(page: &Page) -> &'static Markers {
    Markers::of(page.language.as_ref().map(|language| language.value.as_str()))
}

struct Side<'p, 't> {
    page: &'p Page,
    tokens: &'t [Token],
    markers: &'static Markers,
}

impl Side<'_, '_> {
    fn word(&self, at: usize) -> String {
        let token = self.tokens.get(at);
        let word = token.and_then(|t| self.page.text.get(t.range.clone())).unwrap_or_default();
        markers::plain(word)
    }

    fn is_number(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        token.class == Class::Number
            || super::numbers::of_word(&self.word(at)).is_some()
            || self.markers.counts(&self.word(at))
            || matches!(self.word(at).as_str(), "$" | "€" | "£" | "half" | "a")
                && (self.tokens.get(at + 1).is_some_and(|t| t.class == Class::Number)
                    || super::numbers::of_word(&self.word(at + 1)).is_some())
    }

    /// The markers that begin at a token, and the number of their tokens.
    fn tally(&self, at: usize) -> (Tally, usize) {
        let word = self.word(at);
        let Some((sign, len)) = self.markers.at(&word, |step| self.word(at + step)) else {
            return (Tally::default(), 1);
        };
        // The month, and the name of a person; "insurance claims".
        let capital = self.tokens.get(at).is_some_and(|token| token.class == Class::Capital);
        let before = at.checked_sub(1).map(|before| self.word(before)).unwrap_or_default();
        let says = match sign {
            Sign::Hedge => {
                !(self.markers.is_noun(&word, &before) || word == "may" && capital && at > 0)
            }
            Sign::BeforeNumber => self.is_number(at + len) || word == "as",
            Sign::Negation | Sign::Both => true,
        };
        if !says {
            return (Tally::default(), 1);
        }
        let tally = Tally {
            negations: i32::from(matches!(sign, Sign::Negation | Sign::Both)),
            hedges: i32::from(sign != Sign::Negation),
        };
        (tally, len)
    }

    fn sum(&self, tokens: &[usize]) -> Tally {
        let mut sum = Tally::default();
        let mut from = 0;
        for &at in tokens {
            if at >= from {
                let (here, len) = self.tally(at);
                sum = sum.plus(here);
                from = at + len;
            }
        }
        sum
    }

    /// For each token, in order, whether it belongs to a marker.
    fn marked(&self, tokens: &[usize]) -> Vec<bool> {
        let mut until = 0;
        let mut marked = Vec::with_capacity(tokens.len());
        for &at in tokens {
            if at >= until {
                let (here, len) = self.tally(at);
                if here != Tally::default() {
                    until = at + len;
                }
            }
            marked.push(at < until);
        }
        marked
    }
}

/// Reports negations and hedges that were added or removed in an edit, and marks their words.
pub(super) fn find(aligned: Aligned<'_>, view: &mut View<'_>, found: &mut Vec<Change>) {
    let (old, new) = sides(aligned, view);
    let mut net = Tally::default();
    let mut per_hunk = Vec::new();
    for hunk in view.hunks() {
        let (a, b) = (view.free_old(hunk), view.free_new(hunk));
        let turned = prefixed(&old, &a, &new, &b);
        let here = new.sum(&b).minus(old.sum(&a)).plus(turned);
        net = net.plus(here);
        if a.len().max(b.len()) <= RUN_WORDS_MAX {
            per_hunk.push((hunk, here));
        }
    }
    if net == Tally::default() {
        return;
    }
    for (hunk, here) in per_hunk {
        let counts =
            here.negations != 0 && net.negations != 0 || here.hedges != 0 && net.hedges != 0;
        if counts {
            report(aligned, view, hunk, found);
        }
    }
}

fn sides<'p, 't>(aligned: Aligned<'p>, view: &View<'t>) -> (Side<'p, 't>, Side<'p, 't>) {
    (
        Side { page: aligned.old, tokens: view.old(), markers: markers_of(aligned.old) },
        Side { page: aligned.new, tokens: view.new_side(), markers: markers_of(aligned.new) },
    )
}

/// "able" to "unable", "legal" to "illegal": a negation that is part of the word.
fn prefixed(old: &Side<'_, '_>, a: &[usize], new: &Side<'_, '_>, b: &[usize]) -> Tally {
    let (&[i], &[j]) = (a, b) else { return Tally::default() };
    let (x, y) = (old.word(i), new.word(j));
    let negates = |side: &Side<'_, '_>, long: &str, short: &str| {
        side.markers.negates(long, short) && side.markers.at(long, |_| String::new()).is_none()
    };
    let negations = i32::from(negates(new, &y, &x)) - i32::from(negates(old, &x, &y));
    Tally { negations, hedges: 0 }
}

fn report(aligned: Aligned<'_>, view: &mut View<'_>, hunk: &Hunk, found: &mut Vec<Change>) {
    let (mut a, mut b) = (hunk.old.clone(), hunk.new.clone());
    if a.start == 0 && b.start == 0 {
        // The word after a removed first word is now capitalised and is still the same word.
        let (old, new) = sides(aligned, view);
        let same =
            a.clone().rev().zip(b.clone().rev()).take_while(|(i, j)| old.word(*i) == new.word(*j));
        let same = same.count();
        (a.end, b.end) = (a.end - same, b.end - same);
    }
    // A word that was only added or removed is shown with the word it modifies, except the first of a sentence:
    // the sentence then begins with another word.
    let is_first = a.start == 0 && b.start == 0;
    let one_side = a.is_empty() != b.is_empty();
    if one_side && !is_first {
        let after = view.old().get(a.end).is_some_and(Token::is_word)
            && view.new_side().get(b.end).is_some_and(Token::is_word);
        let before = a.start > 0 && b.start > 0;
        if after {
            (a.end, b.end) = (a.end + 1, b.end + 1);
        }
        if before && (!after || a.len().min(b.len()) < 2) {
            (a.start, b.start) = (a.start - 1, b.start - 1);
        }
    }
    let (old, new) = (words::bytes(view.old(), &a), words::bytes(view.new_side(), &b));
    let mut change = Change::new(ChangeKind::ClaimChanged)
        .at(Some((&aligned.old.text, old)), Some((&aligned.new.text, new)));
    change.before = change.before.filter(|words| !words.is_empty());
    change.after = change.after.filter(|words| !words.is_empty());
    change.words =
        vec![(words::bytes(view.old(), &hunk.old), words::bytes(view.new_side(), &hunk.new))];
    found.push(change);
    view.explained = true;
    if begins_with_marker(aligned, view, hunk) {
        // "without asking for other offers": the phrase was added or removed as one, and is reported as one.
        for (run, new) in [(&hunk.old, false), (&hunk.new, true)] {
            if new {
                view.take_new(&words::bytes(view.new_side(), run));
            } else {
                view.take_old(&words::bytes(view.old(), run));
            }
        }
        return;
    }
    take_markers(aligned, view, hunk);
}

/// Whether a run was added or removed as one and begins with a marker.
fn begins_with_marker(aligned: Aligned<'_>, view: &View<'_>, hunk: &Hunk) -> bool {
    let (old, new) = sides(aligned, view);
    let (side, run) = match (hunk.old.is_empty(), hunk.new.is_empty()) {
        (false, true) => (old, &hunk.old),
        (true, false) => (new, &hunk.new),
        _ => return false,
    };
    let first = run.clone().find(|&at| side.tokens.get(at).is_some_and(Token::is_word));
    first.is_some_and(|at| side.tally(at).0 != Tally::default())
}

/// Marks the negations and hedges of a run, and words that only follow from them ("did not approve" to
/// "approved").
fn take_markers(aligned: Aligned<'_>, view: &mut View<'_>, hunk: &Hunk) {
    let (old_side, new_side) = sides(aligned, view);
    let (free_old, free_new) = (view.free_old(hunk), view.free_new(hunk));
    let side = |side: &Side<'_, '_>, free: &[usize]| -> Vec<(Token, bool)> {
        let marked = side.marked(free);
        let tokens = free.iter().zip(marked);
        tokens.filter_map(|(&at, marked)| Some((side.tokens.get(at)?.clone(), marked))).collect()
    };
    let (old, new) = (side(&old_side, &free_old), side(&new_side, &free_new));
    let rest = |tokens: &[(Token, bool)]| -> Vec<Token> {
        tokens.iter().filter(|(_, marked)| !marked).map(|(token, _)| token.clone()).collect()
    };
    let (rest_old, rest_new) = (rest(&old), rest(&new));
    let follows = super::text::agree(
        aligned,
        &rest_old.iter().collect::<Vec<_>>(),
        &rest_new.iter().collect::<Vec<_>>(),
    ) || old.len() == 1 && new.len() == 1;
    for (token, _) in old.iter().filter(|(_, marked)| follows || *marked) {
        view.take_old(&token.range);
    }
    for (token, _) in new.iter().filter(|(_, marked)| follows || *marked) {
        view.take_new(&token.range);
    }
}

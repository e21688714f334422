//! Negations and hedges that came or went: "could" to "will", "not" dropped, "alleged" added.
//!
//! Counted over the changed words of an edit, so that a hedge that only changed its place in the
//! sentence is none. One hedge in place of another ("could", "might") is a matter of words. The list
//! is English; elsewhere such an edit is plain text.

use super::view::View;
use super::{Aligned, Change, ChangeKind};
use crate::diff::tokens::{Class, Token};
use crate::diff::words::{self, Hunk};
use crate::extract::page::Page;

/// A changed run longer than this is a rewriting, in which a "not" says little by itself.
const RUN_WORDS_MAX: usize = 10;

const NEGATIONS: [&str; 14] = [
    "not", "no", "never", "none", "nor", "neither", "without", "nobody", "nothing", "cannot",
    "nowhere", "hardly", "barely", "ain't",
];

const HEDGES: [&str; 38] = [
    "could",
    "may",
    "might",
    "would",
    "possibly",
    "perhaps",
    "probably",
    "likely",
    "maybe",
    "potentially",
    "potential",
    "possible",
    "probable",
    "allegedly",
    "alleged",
    "reportedly",
    "apparently",
    "apparent",
    "seemingly",
    "seems",
    "seem",
    "seemed",
    "appears",
    "appear",
    "appeared",
    "suspected",
    "purported",
    "purportedly",
    "supposedly",
    "supposed",
    "presumably",
    "believed",
    "suggests",
    "suggest",
    "suggested",
    "tentatively",
    "unconfirmed",
    "accused",
];

/// Words that hedge a number when they stand before one.
const BEFORE_NUMBER: [&str; 10] = [
    "about",
    "around",
    "nearly",
    "almost",
    "approximately",
    "roughly",
    "some",
    "over",
    "under",
    "circa",
];

/// Pairs of words that hedge a number.
const PAIRS_BEFORE_NUMBER: [(&str, &str); 8] = [
    ("at", "least"),
    ("at", "most"),
    ("up", "to"),
    ("more", "than"),
    ("less", "than"),
    ("fewer", "than"),
    ("close", "to"),
    ("as", "many"),
];

/// Whether a word is a negation or a hedge wherever it stands.
pub(super) fn is_marker(word: &str) -> bool {
    let lower = word.to_lowercase();
    NEGATIONS.contains(&lower.as_str()) || HEDGES.contains(&lower.as_str())
}

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

struct Side<'a> {
    page: &'a Page,
    tokens: &'a [Token],
}

impl Side<'_> {
    fn word(&self, at: usize) -> String {
        let token = self.tokens.get(at);
        let word = token.and_then(|t| self.page.text.get(t.range.clone())).unwrap_or_default();
        word.to_lowercase().replace('’', "'")
    }

    fn is_number(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        token.class == Class::Number
            || super::numbers::of_word(&self.word(at)).is_some()
            || matches!(self.word(at).as_str(), "$" | "€" | "£" | "half" | "a")
                && (self.tokens.get(at + 1).is_some_and(|t| t.class == Class::Number)
                    || super::numbers::of_word(&self.word(at + 1)).is_some())
    }

    /// What a token says, alone or with the next.
    fn tally(&self, at: usize) -> Tally {
        let word = self.word(at);
        // The month, and the name of a person.
        let month = self
            .tokens
            .get(at)
            .is_some_and(|token| token.class == Class::Capital && word == "may" && at > 0);
        let negation = NEGATIONS.contains(&word.as_str()) || word.ends_with("n't");
        let hedge = !month
            && (HEDGES.contains(&word.as_str())
                || word == "unlikely"
                || BEFORE_NUMBER.contains(&word.as_str()) && self.is_number(at + 1)
                || PAIRS_BEFORE_NUMBER.contains(&(&word, &self.word(at + 1)))
                    && (self.is_number(at + 2) || word == "as"));
        let negation = negation || word == "unlikely";
        Tally { negations: i32::from(negation), hedges: i32::from(hedge) }
    }

    fn sum(&self, tokens: &[usize]) -> Tally {
        tokens.iter().fold(Tally::default(), |sum, &at| sum.plus(self.tally(at)))
    }
}

/// Reports negations and hedges that came or went in an edit, and marks their words.
pub(super) fn find(aligned: Aligned<'_>, view: &mut View<'_>, found: &mut Vec<Change>) {
    let old = Side { page: aligned.old, tokens: view.old() };
    let new = Side { page: aligned.new, tokens: view.new_side() };
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

/// "able" to "unable", "legal" to "illegal": a negation that is part of the word.
fn prefixed(old: &Side<'_>, a: &[usize], new: &Side<'_>, b: &[usize]) -> Tally {
    let (&[i], &[j]) = (a, b) else { return Tally::default() };
    let (x, y) = (old.word(i), new.word(j));
    let negates = |long: &str, short: &str| {
        short.len() >= 4
            && ["un", "in", "im", "il", "ir", "dis", "non"]
                .iter()
                .any(|prefix| long.strip_prefix(prefix) == Some(short))
            && !is_marker(long)
            && long != "unlikely"
    };
    let negations = i32::from(negates(&y, &x)) - i32::from(negates(&x, &y));
    Tally { negations, hedges: 0 }
}

fn report(aligned: Aligned<'_>, view: &mut View<'_>, hunk: &Hunk, found: &mut Vec<Change>) {
    let (mut a, mut b) = (hunk.old.clone(), hunk.new.clone());
    // A word that only came or went is shown with the one it bears on.
    if a.is_empty() || b.is_empty() {
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
    change.words =
        vec![(words::bytes(view.old(), &hunk.old), words::bytes(view.new_side(), &hunk.new))];
    found.push(change);
    view.explained = true;
    if begins_with_marker(aligned, view, hunk) {
        // "without asking for other offers": the phrase came or went as one, and is said as one.
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

/// Whether a run is words that came or went as one and that its first word turns.
fn begins_with_marker(aligned: Aligned<'_>, view: &View<'_>, hunk: &Hunk) -> bool {
    let (page, tokens, run) = match (hunk.old.is_empty(), hunk.new.is_empty()) {
        (false, true) => (aligned.old, view.old(), &hunk.old),
        (true, false) => (aligned.new, view.new_side(), &hunk.new),
        _ => return false,
    };
    let mut inside = tokens.get(run.clone()).unwrap_or_default().iter();
    let first = inside.find(|token| token.is_word());
    first.is_some_and(|token| is_marker(page.text.get(token.range.clone()).unwrap_or_default()))
}

/// Marks the negations and hedges of a run, and what only follows from them ("did not approve" to
/// "approved").
fn take_markers(aligned: Aligned<'_>, view: &mut View<'_>, hunk: &Hunk) {
    let free_old: Vec<usize> = view.free_old(hunk);
    let free_new: Vec<usize> = view.free_new(hunk);
    let old: Vec<&Token> = free_old.iter().filter_map(|&at| view.old().get(at)).collect();
    let new: Vec<&Token> = free_new.iter().filter_map(|&at| view.new_side().get(at)).collect();
    let text = |page: &Page, token: &Token| -> String {
        page.text.get(token.range.clone()).unwrap_or_default().to_lowercase().replace('’', "'")
    };
    let plain = |page: &Page, token: &&Token| {
        let word = text(page, token);
        !is_marker(&word)
            && word != "unlikely"
            && !word.ends_with("n't")
            && !BEFORE_NUMBER.contains(&word.as_str())
            && !PAIRS_BEFORE_NUMBER.iter().any(|(a, b)| *a == word || *b == word)
    };
    let rest_old: Vec<&Token> = old.iter().copied().filter(|t| plain(aligned.old, t)).collect();
    let rest_new: Vec<&Token> = new.iter().copied().filter(|t| plain(aligned.new, t)).collect();
    let follows =
        super::text::agree(aligned, &rest_old, &rest_new) || old.len() == 1 && new.len() == 1;
    let ranges = |tokens: Vec<&Token>, page: &Page| -> Vec<std::ops::Range<usize>> {
        let mut tokens = tokens;
        tokens.retain(|token| follows || !plain(page, token));
        tokens.into_iter().map(|token| token.range.clone()).collect()
    };
    let (old, new) = (ranges(old, aligned.old), ranges(new, aligned.new));
    for range in old {
        view.take_old(&range);
    }
    for range in new {
        view.take_new(&range);
    }
}

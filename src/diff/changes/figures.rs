//! Figures and dates that have another value, with what they count.
//!
//! Two figures are one when their words meet in one changed run, or when words that did not change
//! line up inside both ("$50" and "$50 million"). Equal values in other notation are no change. What
//! the extractor overlooked is read here as a bare number, so that a changed digit is never lost.

use std::ops::Range;

use super::view::View;
use super::{Aligned, Change, ChangeKind, numbers};
use crate::diff::normal;
use crate::diff::tokens::{Class, Token};
use crate::diff::words;
use crate::extract::page::{Figure, FigureKind, Page};

/// A figure on one side of an edit.
struct Found<'a> {
    range: Range<usize>,
    text: &'a str,
    kind: FigureKind,
    figure: Option<&'a Figure>,
    paired: bool,
}

/// Reports figures and dates changed in an edit, and marks their words.
pub(super) fn find(aligned: Aligned<'_>, view: &mut View<'_>, found: &mut Vec<Change>) {
    notation(aligned, view);
    let mut old = figures(aligned.old, view, false);
    let mut new = figures(aligned.new, view, true);
    if old.is_empty() && new.is_empty() {
        return;
    }
    for a in &mut old {
        if let Some(b) = partner(view, a, &mut new) {
            a.paired = true;
            b.paired = true;
            pair(aligned, view, a, b, found);
        }
    }
    // Across a rewording, what is counted tells which figure is which.
    for a in &mut old {
        if a.paired || !view.touches_old(&a.range) {
            continue;
        }
        let same = new.iter_mut().find(|b| {
            let open = !b.paired && view.touches_new(&b.range);
            open && comparable(a.kind, b.kind) && counts_alike(a, b)
        });
        if let Some(b) = same {
            a.paired = true;
            b.paired = true;
            pair(aligned, view, a, b, found);
        }
    }
    vague(aligned, view, &old, true, found);
    vague(aligned, view, &new, false, found);
}

/// Runs that are as a whole the same amount in other notation ("1,150", "1 150"), however the
/// extractor read them.
fn notation(aligned: Aligned<'_>, view: &mut View<'_>) {
    for hunk in view.hunks() {
        let (a, b) =
            (words::bytes(view.old(), &hunk.old), words::bytes(view.new_side(), &hunk.new));
        let said = |page: &'_ Page, range: &Range<usize>| {
            page.text.get(range.clone()).unwrap_or_default().to_owned()
        };
        if numbers::same_amount(&said(aligned.old, &a), &said(aligned.new, &b)) {
            view.notation = true;
            view.take_old(&a);
            view.take_new(&b);
        }
    }
}

/// The figures that a change touches, of the page and, in changed words, of our own reading.
fn figures<'a>(page: &'a Page, view: &View<'_>, new: bool) -> Vec<Found<'a>> {
    let (range, side) =
        if new { (&view.edit.new, view.new_side()) } else { (&view.edit.old, view.old()) };
    let first = page.figures.partition_point(|figure| figure.range.end <= range.start);
    let inside = page.figures.iter().skip(first).take_while(|f| f.range.start < range.end);
    let mut found: Vec<Found<'a>> = inside
        .map(|figure| {
            let range = whole_words(side, &figure.range);
            let text = page.text.get(range.clone()).unwrap_or(&figure.text);
            Found { range, text, kind: figure.kind, figure: Some(figure), paired: false }
        })
        .collect();
    for hunk in view.hunks() {
        let run = if new { view.free_new(hunk) } else { view.free_old(hunk) };
        for token in run.iter().filter_map(|&at| side.get(at)) {
            let text = page.text.get(token.range.clone()).unwrap_or_default();
            let known = found.iter().any(|f| meets(&f.range, &token.range));
            if let Some(kind) = kind_of(token, text).filter(|_| !known) {
                let range = token.range.clone();
                found.push(Found { range, text, kind, figure: None, paired: false });
            }
        }
    }
    found.retain(|f| is_free(view, f, new));
    found.sort_by_key(|f| f.range.start);
    found
}

/// A figure read from a part of a number ("1 150" with a thin space) is that number.
fn whole_words(side: &[Token], range: &Range<usize>) -> Range<usize> {
    let from = side.partition_point(|token| token.range.end <= range.start);
    let mut whole = range.clone();
    for token in side.iter().skip(from).take_while(|token| token.range.start < range.end) {
        if token.class == Class::Number {
            whole = whole.start.min(token.range.start)..whole.end.max(token.range.end);
        }
    }
    whole
}

fn is_free(view: &View<'_>, figure: &Found<'_>, new: bool) -> bool {
    let (side, taken) =
        if new { (view.new_side(), &view.new_taken) } else { (view.old(), &view.old_taken) };
    let tokens = side.iter().zip(taken).filter(|(token, _)| meets(&token.range, &figure.range));
    tokens.clone().count() == 0 || tokens.clone().any(|(_, &taken)| !taken)
}

fn meets(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

const DAYS_AND_MONTHS: [&str; 19] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Days named by where they stand from today.
const NEAR_DAYS: [&str; 4] = ["today", "yesterday", "tomorrow", "tonight"];

fn kind_of(token: &Token, text: &str) -> Option<FigureKind> {
    if DAYS_AND_MONTHS.contains(&text.trim_end_matches("'s").trim_end_matches("’s"))
        || NEAR_DAYS.contains(&text)
    {
        return Some(FigureKind::Date);
    }
    let number = token.class == Class::Number && numbers::amount(text).is_some();
    let clock = token.class == Class::Number
        && text.contains(':')
        && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    if clock {
        return Some(FigureKind::Time);
    }
    (number || (text != "one" && text != "One" && numbers::of_word(text).is_some()))
        .then_some(FigureKind::Number)
}

/// The figure of the new side that a figure of the old side became.
fn partner<'f, 'a>(
    view: &View<'_>,
    a: &Found<'a>,
    new: &'f mut [Found<'a>],
) -> Option<&'f mut Found<'a>> {
    let touched = view.touches_old(&a.range);
    let mut best: Option<(u8, usize)> = None;
    for (at, b) in new.iter().enumerate().filter(|(_, b)| !b.paired) {
        if !(touched || view.touches_new(&b.range)) || !comparable(a.kind, b.kind) {
            continue;
        }
        let shared = lines_up(view, &a.range, &b.range);
        let together = view.hunks().iter().any(|hunk| {
            meets(&words::bytes(view.old(), &hunk.old), &a.range)
                && meets(&words::bytes(view.new_side(), &hunk.new), &b.range)
        });
        if !shared && !together {
            continue;
        }
        // Equal values first, then those that share words, then like kinds, then order.
        let score = 8 * u8::from(same_value(a, b))
            + 4 * u8::from(shared)
            + 2 * u8::from(a.kind == b.kind)
            + u8::from(counts_alike(a, b));
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, at));
        }
    }
    let (_, at) = best?;
    new.get_mut(at)
}

fn is_day(kind: FigureKind) -> bool {
    matches!(kind, FigureKind::Date)
}

fn comparable(a: FigureKind, b: FigureKind) -> bool {
    // "Monday" became "Tuesday", and never became "12".
    a == b
        || !(is_day(a) || is_day(b))
        || matches!((a, b), (FigureKind::Time, _) | (_, FigureKind::Time))
}

fn lines_up(view: &View<'_>, a: &Range<usize>, b: &Range<usize>) -> bool {
    view.old()
        .iter()
        .enumerate()
        .filter(|(_, token)| token.is_word() && meets(&token.range, a))
        .any(|(at, _)| {
            let across = view.across(at).and_then(|at| view.new_side().get(at));
            across.is_some_and(|token| meets(&token.range, b))
        })
}

fn counts_alike(a: &Found<'_>, b: &Found<'_>) -> bool {
    let counts = |f: &Found<'_>| f.figure.and_then(|figure| figure.counts.clone());
    matches!((counts(a), counts(b)), (Some(x), Some(y)) if super::text::stem(&x) == super::text::stem(&y))
}

fn same_value(a: &Found<'_>, b: &Found<'_>) -> bool {
    if normal::same_words(a.text, b.text) || numbers::same_amount(a.text, b.text) {
        return true;
    }
    let known = |f: &Found<'_>| {
        let figure = f.figure?;
        Some((figure.value.clone()?, figure.unit.clone().unwrap_or_default()))
    };
    match (known(a), known(b)) {
        (Some((x, u)), Some((y, v))) => {
            u == v
                && (x == y
                    || x.parse::<f64>()
                        .ok()
                        .zip(y.parse::<f64>().ok())
                        .is_some_and(|(x, y)| numbers::same_value(x, y)))
        }
        _ => false,
    }
}

fn pair(
    aligned: Aligned<'_>,
    view: &mut View<'_>,
    a: &Found<'_>,
    b: &Found<'_>,
    found: &mut Vec<Change>,
) {
    if same_value(a, b) {
        view.notation = true;
    } else {
        let mut change = Change::new(change_kind(a, b)).at(
            Some((&aligned.old.text, a.range.clone())),
            Some((&aligned.new.text, b.range.clone())),
        );
        change.about = about(b).or_else(|| about(a));
        found.push(change);
        view.explained = true;
    }
    view.take_old(&a.range);
    view.take_new(&b.range);
    agreement(aligned, view, a, b);
}

fn about(f: &Found<'_>) -> Option<String> {
    f.figure.and_then(|figure| figure.counts.clone())
}

/// A date, a day or a time of day is `date-changed`; every other figure, durations too, is a figure.
fn change_kind(a: &Found<'_>, b: &Found<'_>) -> ChangeKind {
    let dated = |f: &Found<'_>| match f.kind {
        FigureKind::Date => true,
        FigureKind::Time => f.figure.is_none_or(|figure| figure.unit.is_none()),
        _ => false,
    };
    if dated(a) || dated(b) { ChangeKind::DateChanged } else { ChangeKind::FigureChanged }
}

/// "people" beside "person" follows the number, when it stands in the same changed run.
fn agreement(aligned: Aligned<'_>, view: &mut View<'_>, a: &Found<'_>, b: &Found<'_>) {
    let word = |page: &Page, token: Option<&Token>| -> String {
        token.and_then(|t| page.text.get(t.range.clone())).unwrap_or_default().to_owned()
    };
    let next = |side: &[Token], end: usize| side.partition_point(|token| token.range.start < end);
    let (i, j) = (next(view.old(), a.range.end), next(view.new_side(), b.range.end));
    let (x, y) = (view.old().get(i).cloned(), view.new_side().get(j).cloned());
    let (p, q) = (word(aligned.old, x.as_ref()), word(aligned.new, y.as_ref()));
    let follows = !p.is_empty() && p != q && super::text::stem(&p) == super::text::stem(&q);
    // A word the extractor knows as a unit on one side only ("2 euros", "2 crowns") is one on both.
    let unit = |f: &Found<'_>| f.figure.is_some_and(|figure| figure.unit.is_some());
    let counted = |f: &Found<'_>, word: &str| {
        f.figure.and_then(|figure| figure.counts.as_deref()) == Some(word)
    };
    if unit(a) && !unit(b) && counted(b, &q) {
        y.iter().for_each(|token| view.take_new(&token.range));
    } else if unit(b) && !unit(a) && counted(a, &p) {
        x.iter().for_each(|token| view.take_old(&token.range));
    }
    if follows {
        if let Some(token) = x {
            view.take_old(&token.range);
        }
        if let Some(token) = y {
            view.take_new(&token.range);
        }
    }
}

/// The most words that may stand in for a figure.
const VAGUE_WORDS_MAX: usize = 3;

/// A figure that gave way to a few other words ("12" to "several"), or came for them.
fn vague(
    aligned: Aligned<'_>,
    view: &mut View<'_>,
    figures: &[Found<'_>],
    old: bool,
    found: &mut Vec<Change>,
) {
    for figure in figures.iter().filter(|f| !f.paired && f.figure.is_some()) {
        let hunk = view.hunks().iter().find(|hunk| {
            let (side, run) =
                if old { (view.old(), &hunk.old) } else { (view.new_side(), &hunk.new) };
            meets(&words::bytes(side, run), &figure.range)
        });
        let Some(hunk) = hunk.cloned() else { continue };
        let (mine, theirs) = if old {
            (view.free_old(&hunk), view.free_new(&hunk))
        } else {
            (view.free_new(&hunk), view.free_old(&hunk))
        };
        let side = if old { view.new_side() } else { view.old() };
        let replaced =
            theirs.iter().filter(|&&at| side.get(at).is_some_and(Token::is_word)).count();
        if replaced == 0 || replaced > VAGUE_WORDS_MAX || mine.len() > VAGUE_WORDS_MAX + 1 {
            continue;
        }
        let (Some(first), Some(last)) = (
            theirs.first().and_then(|&at| side.get(at)),
            theirs.last().and_then(|&at| side.get(at)),
        ) else {
            continue;
        };
        let other = first.range.start..last.range.end;
        let (a, b) =
            if old { (figure.range.clone(), other) } else { (other, figure.range.clone()) };
        let kind = change_kind(figure, figure);
        let mut change = Change::new(kind)
            .at(Some((&aligned.old.text, a.clone())), Some((&aligned.new.text, b.clone())));
        change.about = about(figure);
        found.push(change);
        view.explained = true;
        view.take_old(&a);
        view.take_new(&b);
    }
}

//! A figure on one side of an edit, and what it is worth: told once, however many figures it is held
//! beside.

use std::ops::Range;

use super::numbers::{self, Amount};
use super::view::{View, tokens_in};
use crate::diff::normal;
use crate::diff::spans::Spans;
use crate::diff::tokens::{self, Token};
use crate::extract::page::{Figure, FigureKind, Page};

/// A figure on one side of an edit.
pub(super) struct Found<'a> {
    /// Where it stands.
    pub range: Range<usize>,
    /// Its words.
    pub text: &'a str,
    /// What it is.
    pub kind: FigureKind,
    /// What the extractor says of it; none where it overlooked it.
    pub figure: Option<&'a Figure>,
    /// Whether it has its partner on the other side.
    pub paired: bool,
    key: u64,
    amount: Option<Amount>,
    value: Option<f64>,
    /// The stem of what it counts.
    counts: Option<String>,
}

/// Which figures may be one: a day is never an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Class {
    /// A date.
    Day,
    /// A time of day, or a duration.
    Time,
    /// Every other.
    Amount,
}

impl<'a> Found<'a> {
    fn new(
        range: Range<usize>,
        text: &'a str,
        kind: FigureKind,
        figure: Option<&'a Figure>,
    ) -> Self {
        let counts = figure.and_then(|figure| figure.counts.as_deref()).map(super::text::stem);
        let value = figure.and_then(|figure| figure.value.as_ref()?.parse().ok());
        let (key, amount) = (normal::key(text), numbers::amount(text));
        Self { range, text, kind, figure, paired: false, key, amount, value, counts }
    }

    /// Which figures it may be compared with.
    pub(super) fn class(&self) -> Class {
        match self.kind {
            FigureKind::Date => Class::Day,
            FigureKind::Time => Class::Time,
            _ => Class::Amount,
        }
    }

    /// What it counts, without the endings of inflection.
    pub(super) fn counts(&self) -> Option<&str> {
        self.counts.as_deref()
    }

    /// Whether two figures count the same.
    pub(super) fn counts_alike(&self, other: &Self) -> bool {
        self.counts.is_some() && self.counts == other.counts
    }

    /// Whether two figures have one value, however each is written.
    pub(super) fn same_value(&self, other: &Self) -> bool {
        if self.key == other.key && normal::same_words(self.text, other.text) {
            return true;
        }
        if let (Some(a), Some(b)) = (&self.amount, &other.amount)
            && a.same(b)
        {
            return true;
        }
        let known = |f: &Self| {
            let figure = f.figure?;
            Some((figure.value.as_deref()?, figure.unit.as_deref().unwrap_or_default()))
        };
        match (known(self), known(other)) {
            (Some((x, u)), Some((y, v))) => {
                let equal = self.value.zip(other.value);
                u == v && (x == y || equal.is_some_and(|(x, y)| numbers::same_value(x, y)))
            }
            _ => false,
        }
    }
}

impl Class {
    /// The classes of figures that one of this class may have become.
    pub(super) fn comparable(self) -> &'static [Self] {
        // "Monday" became "Tuesday", and never became "12".
        match self {
            Self::Day => &[Self::Day, Self::Time],
            Self::Time => &[Self::Day, Self::Time, Self::Amount],
            Self::Amount => &[Self::Time, Self::Amount],
        }
    }
}

/// The figures of one side of an edit that are not explained yet: those of the page, and in changed words
/// those of our own reading.
pub(super) fn in_edit<'a>(page: &'a Page, view: &View<'_>, new: bool) -> Vec<Found<'a>> {
    let (range, side) =
        if new { (&view.edit.new, view.new_side()) } else { (&view.edit.old, view.old()) };
    let first = page.figures.partition_point(|figure| figure.range.end <= range.start);
    let inside = page.figures.iter().skip(first).take_while(|f| f.range.start < range.end);
    let mut found: Vec<Found<'a>> = inside
        .map(|figure| {
            let range = whole_words(side, &figure.range);
            let text = page.text.get(range.clone()).unwrap_or(&figure.text);
            Found::new(range, text, figure.kind, Some(figure))
        })
        .collect();
    let known = Spans::new(found.iter().map(|f| f.range.clone()));
    for hunk in view.hunks() {
        let run = if new { view.free_new(hunk) } else { view.free_old(hunk) };
        for token in run.iter().filter_map(|&at| side.get(at)) {
            let text = page.text.get(token.range.clone()).unwrap_or_default();
            if known.meeting(&token.range).next().is_none()
                && let Some(kind) = kind_of(token, text)
            {
                found.push(Found::new(token.range.clone(), text, kind, None));
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
        if token.class == tokens::Class::Number {
            whole = whole.start.min(token.range.start)..whole.end.max(token.range.end);
        }
    }
    whole
}

fn is_free(view: &View<'_>, figure: &Found<'_>, new: bool) -> bool {
    let (side, taken) =
        if new { (view.new_side(), &view.new_taken) } else { (view.old(), &view.old_taken) };
    let run = tokens_in(side, &figure.range);
    run.is_empty() || taken.get(run).is_some_and(|taken| taken.iter().any(|&taken| !taken))
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
    let number = token.class == tokens::Class::Number && numbers::amount(text).is_some();
    let clock = token.class == tokens::Class::Number
        && text.contains(':')
        && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    if clock {
        return Some(FigureKind::Time);
    }
    (number || (text != "one" && text != "One" && numbers::of_word(text).is_some()))
        .then_some(FigureKind::Number)
}

//! A figure on one side of an edit, and its value: determined once, however many figures it is compared
//! with.

use std::ops::Range;

use super::numbers::{self, Amount};
use super::view::{View, tokens_in};
use crate::diff::normal;
use crate::diff::spans::Spans;
use crate::diff::tokens::{self, Token};
use crate::extract::page::{Figure, FigureKind, Page};
use crate::language::{self, Table};

/// A figure on one side of an edit.
pub(super) struct Found<'a> {
    /// Where it is.
    pub range: Range<usize>,
    /// Its words.
    pub text: &'a str,
    /// What it is.
    pub kind: FigureKind,
    /// What the extractor found; none where it missed the figure.
    pub figure: Option<&'a Figure>,
    /// Whether it has its partner on the other side.
    pub paired: bool,
    key: u64,
    amount: Option<Amount>,
    value: Option<f64>,
    /// The stem of what it counts.
    counts: Option<String>,
    /// The sign before it that the extractor does not include: "<", "≥", a "-" or "minus".
    sign: Option<char>,
}

/// Which figures are comparable: a day is never an amount.
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
        Self { range, text, kind, figure, paired: false, key, amount, value, counts, sign: None }
    }

    /// With the sign before it.
    fn signed(mut self, page: &'a Page, side: &[Token]) -> Self {
        let Some((start, sign)) = sign_before(page, side, &self) else { return self };
        self.range.start = start;
        self.text = page.text.get(self.range.clone()).unwrap_or(self.text);
        self.key = normal::key(self.text);
        self.sign = Some(sign);
        self
    }

    /// Which figures it may be compared with.
    pub(super) fn class(&self) -> Class {
        match self.kind {
            FigureKind::Date => Class::Day,
            FigureKind::Time => Class::Time,
            _ => Class::Amount,
        }
    }

    /// Whether one is negative by its value and the other by a sign before it: "-3", "minus 3".
    fn is_negative_too(&self, other: &Self) -> bool {
        let signs = |a: &Self, b: &Self| {
            let opposite = a.value.zip(b.value).is_some_and(|(x, y)| numbers::same_value(x, -y));
            a.sign == Some('-') && b.sign.is_none() && opposite && b.value.is_some_and(|y| y < 0.0)
        };
        signs(self, other) || signs(other, self)
    }

    /// Its value as a plain number.
    pub(super) fn number(&self) -> Option<f64> {
        self.value.or_else(|| self.text.parse().ok())
    }

    /// What it counts, without the endings of inflection.
    pub(super) fn counts(&self) -> Option<&str> {
        self.counts.as_deref()
    }

    /// The only letter that directly follows the digits.
    fn letter(&self) -> Option<char> {
        let letters = self.text.trim_start_matches(|c: char| !c.is_alphabetic());
        let mut chars = letters.chars();
        let letter = chars.next().filter(char::is_ascii_uppercase)?;
        let glued = self.text.strip_suffix(letters)?.ends_with(|c: char| c.is_ascii_digit());
        (chars.next().is_none() && glued).then_some(letter)
    }

    /// Whether two figures have the same digits, whatever their unit.
    pub(super) fn same_digits(&self, other: &Self) -> bool {
        self.value.is_some() && self.value == other.value
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
        if self.sign != other.sign && !self.is_negative_too(other) {
            return false;
        }
        // "+4" and "-4", each by its value.
        let opposite = |(x, y): (f64, f64)| x.is_sign_negative() != y.is_sign_negative();
        if self.sign.is_none()
            && other.sign.is_none()
            && self.value.zip(other.value).is_some_and(opposite)
        {
            return false;
        }
        // "12C" and "12F".
        if self.letter().zip(other.letter()).is_some_and(|(x, y)| x != y) {
            return false;
        }
        if let (Some(a), Some(b)) = (&self.amount, &other.amount) {
            // Figures the extractor misses ("3½", "10²") are read only here.
            if numbers::is_compound(self.text) || numbers::is_compound(other.text) {
                return a.same(b);
            }
            if a.same(b) && (self.sign == other.sign) {
                return true;
            }
        }
        let known = |f: &Self| {
            let figure = f.figure?;
            Some((figure.value.as_deref()?, figure.unit.as_deref().unwrap_or_default()))
        };
        if self.sign != other.sign {
            return self.is_negative_too(other);
        }
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

/// The figures of one side of an edit that are not explained yet: those of the page, and within changed words
/// those that are read here.
pub(super) fn in_edit<'a>(page: &'a Page, view: &View<'_>, new: bool) -> Vec<Found<'a>> {
    let (range, side) =
        if new { (&view.edit.new, view.new_side()) } else { (&view.edit.old, view.old()) };
    let first = page.figures.partition_point(|figure| figure.range.end <= range.start);
    let inside = page.figures.iter().skip(first).take_while(|f| f.range.start < range.end);
    let mut found: Vec<Found<'a>> = inside
        .map(|figure| {
            let range = whole_words(side, &figure.range);
            let text = page.text.get(range.clone()).unwrap_or(&figure.text);
            Found::new(range, text, figure.kind, Some(figure)).signed(page, side)
        })
        .collect();
    let known = Spans::new(found.iter().map(|f| f.range.clone()));
    for hunk in view.hunks() {
        let run = if new { view.free_new(hunk) } else { view.free_old(hunk) };
        for token in run.iter().filter_map(|&at| side.get(at)) {
            let text = page.text.get(token.range.clone()).unwrap_or_default();
            if known.meeting(&token.range).next().is_none()
                && let Some((kind, range)) = kind_of(page, token, text)
            {
                let text = page.text.get(range.clone()).unwrap_or(text);
                if found.last().is_none_or(|last| last.range != range) {
                    found.push(Found::new(range, text, kind, None).signed(page, side));
                }
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

/// Days and times of day named relative to now.
const NEAR_DAYS: [&str; 14] = [
    "spring",
    "summer",
    "autumn",
    "winter",
    "today",
    "yesterday",
    "tomorrow",
    "tonight",
    "morning",
    "afternoon",
    "evening",
    "night",
    "noon",
    "midnight",
];

/// Words that make a number negative, in the languages of the press.
const MINUS: [&str; 7] = ["minus", "negative", "moins", "menos", "meno", "минус", "мінус"];

/// Where the sign before a figure begins, and which it is.
fn sign_before(page: &Page, side: &[Token], figure: &Found<'_>) -> Option<(usize, char)> {
    if matches!(figure.kind, FigureKind::Date | FigureKind::Time) {
        return None;
    }
    let at = side.partition_point(|token| token.range.start < figure.range.start).checked_sub(1)?;
    let token = side.get(at)?;
    let word = page.text.get(token.range.clone())?;
    let between = page.text.get(token.range.end..figure.range.start)?;
    let mark = word.chars().next()?;
    if between.is_empty() {
        let before = page.text.get(..token.range.start)?.chars().next_back();
        let alone = before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '['));
        return match mark {
            '<' | '>' | '≤' | '≥' | '±' => Some((token.range.start, mark)),
            '-' | '−' | '–' if alone => Some((token.range.start, '-')),
            _ => None,
        };
    }
    let minus = between.chars().count() == 1 && MINUS.contains(&word.to_lowercase().as_str());
    minus.then_some((token.range.start, '-'))
}

/// The kind and the range of a figure in a changed token in which the extractor found none.
fn kind_of(page: &Page, token: &Token, text: &str) -> Option<(FigureKind, Range<usize>)> {
    let table = page.language.as_ref().and_then(|language| {
        let primary = language.value.split(['-', '_']).next().unwrap_or_default();
        language::table(&primary.to_lowercase())
    });
    if let Some(table) = table {
        if let Some(range) = day_around(page, token, text, table) {
            return Some((FigureKind::Date, range));
        }
        if let Some(kind) = in_words(page, token, text, table) {
            return Some((kind, token.range.clone()));
        }
    }
    let here = |kind| Some((kind, token.range.clone()));
    if DAYS_AND_MONTHS.contains(&text.trim_end_matches("'s").trim_end_matches("’s"))
        || NEAR_DAYS.contains(&text)
    {
        return here(FigureKind::Date);
    }
    // "last week", "next month".
    let said_before = page.text.get(..token.range.start).unwrap_or_default();
    if SPANS.contains(&text) && BEFORE_SPANS.iter().any(|word| said_before.ends_with(word)) {
        return here(FigureKind::Date);
    }
    if let Some(range) = han_number(page, token, text) {
        return Some((FigureKind::Number, range));
    }
    if table.is_none() && MULTIPLES.contains(&text.to_lowercase().as_str()) {
        return here(FigureKind::Number);
    }
    let number = token.class == tokens::Class::Number && numbers::amount(text).is_some();
    let clock = token.class == tokens::Class::Number
        && text.contains(':')
        && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    if clock {
        return here(FigureKind::Time);
    }
    // "m²" and "m³".
    let powered = text.ends_with(['²', '³']) && text.starts_with(char::is_alphabetic);
    if number || powered || (text != "one" && text != "One" && numbers::of_word(text).is_some()) {
        return here(FigureKind::Number);
    }
    None
}

/// A part of a whole, an ordinal or a span of the calendar in the words of a language.
fn in_words(page: &Page, token: &Token, text: &str, table: &'static Table) -> Option<FigureKind> {
    let lower = text.to_lowercase();
    if language::has_form(&table.rank, &lower) {
        return Some(FigureKind::Ordinal);
    }
    if language::has_form(&table.part, &lower) {
        return Some(FigureKind::Number);
    }
    // "la semaine dernière", "прошлой неделе": the word that places it is on either side.
    if !table.period.contains(lower.as_str()) {
        return None;
    }
    let beside = |text: &str, last: bool| {
        let mut words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let word = if last { words.next_back() } else { words.next() };
        word.is_some_and(|word| table.period_beside.contains(word.to_lowercase().as_str()))
    };
    let from = page.text.floor_char_boundary(token.range.start.saturating_sub(BESIDE_BYTES_MAX));
    let to =
        page.text.ceil_char_boundary((token.range.end + BESIDE_BYTES_MAX).min(page.text.len()));
    let before = page.text.get(from..token.range.start).unwrap_or_default();
    let behind = page.text.get(token.range.end..to).unwrap_or_default();
    (beside(before, true) || beside(behind, false)).then_some(FigureKind::Date)
}

/// The most bytes of a word that places a span of the calendar.
const BESIDE_BYTES_MAX: usize = 40;

/// Spans of time that are a date after one of [`BEFORE_SPANS`].
const SPANS: [&str; 7] = ["week", "month", "year", "weekend", "quarter", "decade", "century"];
const BEFORE_SPANS: [&str; 5] = ["last ", "next ", "this ", "past ", "coming "];

/// Verbs and adverbs that say how many times.
const MULTIPLES: [&str; 7] =
    ["halved", "doubled", "tripled", "quadrupled", "quintupled", "twice", "thrice"];

/// Digits of Chinese and Japanese numbers in words.
const HAN_DIGITS: &str = "半〇零一二两兩三四五六七八九十百千万萬亿億兆";
/// The most digits of one.
const HAN_DIGITS_MAX: usize = 12;

/// The number in Han digits that a token is a part of.
fn han_number(page: &Page, token: &Token, text: &str) -> Option<Range<usize>> {
    let digit = |c: &char| HAN_DIGITS.contains(*c);
    // "三分之一".
    let share = text.contains("分之");
    if !text.chars().all(|c| digit(&c) || share && matches!(c, '分' | '之')) {
        return None;
    }
    let (before, after) = (page.text.get(..token.range.start)?, page.text.get(token.range.end..)?);
    let bytes = |chars: &mut dyn Iterator<Item = char>| -> usize {
        chars.take(HAN_DIGITS_MAX).take_while(digit).map(char::len_utf8).sum()
    };
    let (head, tail) = (bytes(&mut before.chars().rev()), bytes(&mut after.chars()));
    Some(token.range.start - head..token.range.end + tail)
}

/// The most bytes of a day's name around one of its characters.
const DAY_BYTES_MAX: usize = 12;

/// The word that a part of it is in, where zero-width marks join the parts.
fn within_joined(page: &Page, part: &Range<usize>) -> Range<usize> {
    const JOINER: char = '\u{200c}';
    let mut whole = part.clone();
    let of_word = |c: char| c.is_alphanumeric() || c == JOINER;
    let behind = page.text.get(part.end..).unwrap_or_default();
    if behind.starts_with(JOINER) {
        let word = behind.chars().take(DAY_BYTES_MAX).take_while(|c| of_word(*c));
        whole.end += word.map(char::len_utf8).sum::<usize>();
    }
    let before = page.text.get(..part.start).unwrap_or_default();
    if before.ends_with(JOINER) {
        let word = before.chars().rev().take(DAY_BYTES_MAX).take_while(|c| of_word(*c));
        whole.start -= word.map(char::len_utf8).sum::<usize>();
    }
    whole
}

/// The name of a day or month that a token is, or that contains it where words are not separated by spaces.
fn day_around(
    page: &Page,
    token: &Token,
    text: &str,
    table: &'static Table,
) -> Option<Range<usize>> {
    let lists = [&table.calendar, &table.near];
    if !text.starts_with(tokens::is_unspaced) {
        // "پنج‌شنبه": a zero-width mark splits the name, which is still one word.
        let range = within_joined(page, &token.range);
        let text = page.text.get(range.clone()).unwrap_or(text);
        let lower = text.to_lowercase();
        // Endings follow the name in languages with particles.
        let named = |name: &str| {
            lower == name
                || !table.particle.is_empty() && name.chars().count() > 2 && lower.starts_with(name)
        };
        let known = lists.iter().any(|list| list.iter().any(|name| named(name)));
        return known.then_some(range);
    }
    let from = page.text.floor_char_boundary(token.range.start.saturating_sub(DAY_BYTES_MAX));
    let to = page.text.ceil_char_boundary((token.range.end + DAY_BYTES_MAX).min(page.text.len()));
    let window = page.text.get(from..to)?;
    let around = lists.iter().flat_map(|list| list.iter()).flat_map(|name| {
        window.match_indices(name).map(|(at, name)| from + at..from + at + name.len())
    });
    around
        .filter(|range| range.start <= token.range.start && token.range.end <= range.end)
        .max_by_key(|range| (range.len(), std::cmp::Reverse(range.start)))
}

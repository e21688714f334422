//! Finds the parts of a quotation in a text, and the words in the place of its alterations.

use std::cell::Cell;
use std::ops::Range;

use super::pattern::{Gap, Pattern, Segment};
use super::{Alteration, Kind, Passage, TooDear, swapped};
use crate::cite::clean::clean;
use crate::cite::folded::{
    Accents, Folded, bytes, fold, is_mark, is_of_word, is_one_word, occurrences,
};

/// The most words that one omission may leave out.
pub(super) const OMITTED_WORDS_MAX: usize = 200;
/// The most words that inserted ones may stand for.
const REPLACED_WORDS_MAX: usize = 8;
/// The most letters of a word that others may stand for.
const REPLACED_LETTERS_MAX: usize = 12;
/// A quotation with an omission needs at least this many words of its own, or it could match anywhere.
const WORDS_MIN: usize = 4;
/// At most this many places of the first words are tried.
const STARTS_MAX: usize = 100;
/// The most characters that are left out or replaced, however long the words are.
const GAP_CHARACTERS_MAX: usize = 8_192;
/// The most characters that are compared. Prose needs a few for each place where a word begins like the quotation;
/// more are needed only for constantly repeated words.
const STEPS_MAX: usize = 20_000_000;

/// An expected character.
struct Expected {
    character: char,
    /// Whether its case does not count; then the case alteration it belongs to.
    case: Option<usize>,
}

/// Where a segment was found, in folded characters.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
    /// Whether the stop at its end was left out.
    without_stop: bool,
}

/// A text that is searched.
pub(super) struct Search<'a> {
    pub(super) text: &'a str,
    pub(super) folded: &'a [Folded],
    pub(super) accents: Accents,
    /// How many characters may still be compared.
    steps: Cell<usize>,
}

impl<'a> Search<'a> {
    pub(super) fn new(text: &'a str, folded: &'a [Folded], accents: Accents) -> Self {
        Self { text, folded, accents, steps: Cell::new(STEPS_MAX) }
    }

    /// The passage of a quotation, and its alterations; none if it is not in the text.
    ///
    /// # Errors
    /// When the search took too many steps.
    pub(super) fn find(&self, pattern: &Pattern) -> Result<Option<Passage>, TooDear> {
        let found = self.passage(pattern);
        // The result may not be the closest.
        if self.steps.get() == 0 { Err(TooDear) } else { Ok(found) }
    }

    /// Takes steps from the remaining ones; false if there are not enough.
    fn step(&self, steps: usize) -> bool {
        self.steps.set(self.steps.get().saturating_sub(steps));
        self.steps.get() > 0
    }

    fn passage(&self, pattern: &Pattern) -> Option<Passage> {
        let mut pattern = pattern.clone();
        // Marks at either end concern words that are not quoted.
        let mut before: Vec<Gap> = Vec::new();
        let mut after: Vec<Gap> = Vec::new();
        let is_empty = |s: &Segment| !s.words.chars().any(char::is_alphanumeric);
        while !pattern.gaps.is_empty() && is_empty(&pattern.segments[0]) {
            pattern.segments.remove(0);
            before.push(pattern.gaps.remove(0));
        }
        while pattern.gaps.last().is_some() && pattern.segments.last().is_some_and(is_empty) {
            pattern.segments.pop();
            after.extend(pattern.gaps.pop());
        }
        if pattern.segments.iter().any(is_empty) {
            return None;
        }
        let wanted: Vec<Vec<Expected>> = pattern.segments.iter().map(|s| self.wanted(s)).collect();
        let words: usize =
            pattern.segments.iter().map(|s| s.words.split_whitespace().count()).sum();
        let omits = pattern.gaps.iter().any(|gap| gap.kind == Kind::Omission);
        let letters =
            pattern.segments.iter().flat_map(|s| s.words.chars()).filter(|c| c.is_alphanumeric());
        // In scripts without spaces, characters count as words.
        if omits && words < WORDS_MIN && letters.filter(|c| !is_of_word(*c)).count() < WORDS_MIN {
            return None;
        }
        let free_start = before.last().is_some_and(|gap| gap.kind == Kind::Part);
        let free_end = after.last().is_some_and(|gap| gap.kind == Kind::Part);
        let places = self.places(&wanted, &pattern.gaps, free_start, free_end)?;
        let (mut from, mut to) = (places.first()?.start, places.last()?.end);
        while free_start
            && from > 0
            && is_one_word(self.folded[from - 1].character, self.folded[from].character)
        {
            from -= 1;
        }
        while free_end
            && to < self.folded.len()
            && is_one_word(self.folded[to - 1].character, self.folded[to].character)
        {
            to += 1;
        }
        let range = bytes(&self.folded[from..to]);
        let alterations = self.changes(&pattern, &wanted, &places, (&before, &after), from..to);
        Some((range, alterations))
    }

    fn wanted(&self, segment: &Segment) -> Vec<Expected> {
        let words = segment.words.trim();
        let shift = segment.words.len() - segment.words.trim_start().len();
        let folded = swapped(fold(words, self.accents));
        let case_of = |range: &Range<usize>| {
            segment.cases.iter().position(|(case, _)| case.contains(&(range.start + shift)))
        };
        folded
            .into_iter()
            .map(|f| Expected { character: f.character, case: case_of(&f.range) })
            .collect()
    }

    /// The places of the segments: the closest combination.
    fn places(
        &self,
        wanted: &[Vec<Expected>],
        gaps: &[Gap],
        free_start: bool,
        free_end: bool,
    ) -> Option<Vec<Place>> {
        let first = wanted.first()?;
        let last_index = wanted.len() - 1;
        let may_start = |n: usize| if n == 0 { free_start } else { gaps[n - 1].kind == Kind::Part };
        let may_end =
            |n: usize| if n == last_index { free_end } else { gaps[n].kind == Kind::Part };
        let may_stop = |n: usize| n == last_index || gaps[n].kind == Kind::Omission;
        let at =
            |n: usize, at: usize| self.place(&wanted[n], at, may_start(n), may_end(n), may_stop(n));
        // Each letter of the text is read once, and only caseless matches are compared.
        let kept = first.get(..without_stop(first)?).unwrap_or_default();
        let asked: Vec<char> = kept.iter().map(|w| caseless(w.character)).collect();
        let there: Vec<char> = self.folded.iter().map(|f| caseless(f.character)).collect();
        let starts = occurrences(&asked, &there)
            .take_while(|_| self.steps.get() > 0)
            .filter_map(|start| at(0, start))
            .take(STARTS_MAX);
        let mut best: Option<Vec<Place>> = None;
        for begin in starts {
            let mut places = vec![begin];
            for n in 1..wanted.len() {
                let from = places[n - 1].end;
                let Some(next) = self.reach(gaps[n - 1].kind, from).find_map(|start| at(n, start))
                else {
                    break;
                };
                places.push(next);
            }
            let span = |places: &[Place]| places[places.len() - 1].end - places[0].start;
            let is_closer = best.as_ref().is_none_or(|best| span(&places) < span(best));
            if places.len() == wanted.len() && is_closer {
                best = Some(places);
            }
        }
        best
    }

    /// Where a segment may begin after a gap.
    fn reach(&self, kind: Kind, from: usize) -> impl Iterator<Item = usize> + '_ {
        let words_max = match kind {
            Kind::Omission => OMITTED_WORDS_MAX,
            Kind::Part => 0,
            _ => REPLACED_WORDS_MAX,
        };
        let mut words = 0;
        let mut before = ' ';
        let within = move |at: &usize| {
            let c = self.folded.get(*at).map_or(' ', |f| f.character);
            if kind == Kind::Part {
                // The next segment begins within the word, right after it, or with the next one.
                let is_letter =
                    |n: usize| self.folded.get(n).is_some_and(|f| f.character.is_alphabetic());
                let is_space = |n: usize| self.folded.get(n).is_some_and(|f| f.character == ' ');
                let goes_on = *at == from
                    || is_letter(at - 1)
                    || (is_space(at - 1) && (at - 1 == from || is_letter(at - 2)));
                return goes_on && at - from <= REPLACED_LETTERS_MAX;
            }
            let starts = c.is_alphanumeric() && (!is_one_word(before, c) || !is_of_word(c));
            words += usize::from(starts);
            before = c;
            words <= words_max + 1
        };
        (from..self.folded.len())
            .take(GAP_CHARACTERS_MAX)
            .take_while(|_| self.step(1))
            .take_while(within)
    }

    /// Whether a segment matches at a place: between words, unless a part of a word is marked there; without
    /// the stop at its end, if necessary and allowed.
    fn place(
        &self,
        wanted: &[Expected],
        start: usize,
        free_start: bool,
        free_end: bool,
        may_stop: bool,
    ) -> Option<Place> {
        let fits = |wanted: &[Expected]| -> Option<usize> {
            let end = start + wanted.len();
            let here = self.folded.get(start..end)?;
            let is_other = |(f, w): (&Folded, &Expected)| {
                f.character != w.character
                    && (w.case.is_none()
                        || f.character.to_lowercase().ne(w.character.to_lowercase()))
            };
            let other = here.iter().zip(wanted).position(is_other);
            if !self.step(other.unwrap_or(wanted.len()) + 1) {
                return None;
            }
            let last = here.last()?.character;
            let begins = free_start
                || start == 0
                || !is_one_word(self.folded[start - 1].character, here[0].character);
            let ends = free_end
                || self.folded.get(end).is_none_or(|next| !is_one_word(last, next.character));
            (other.is_none() && begins && ends).then_some(end)
        };
        if let Some(end) = fits(wanted) {
            return Some(Place { start, end, without_stop: false });
        }
        let bare = without_stop(wanted)?;
        let has_stop = wanted[bare..].iter().any(|w| matches!(w.character, ',' | '.'));
        if !may_stop || !has_stop {
            return None;
        }
        fits(&wanted[..bare]).map(|end| Place { start, end, without_stop: true })
    }

    /// The alterations, in the order of the quotation.
    fn changes(
        &self,
        pattern: &Pattern,
        wanted: &[Vec<Expected>],
        places: &[Place],
        (before, after): (&[Gap], &[Gap]),
        whole: Range<usize>,
    ) -> Vec<Alteration> {
        let mut out = Vec::new();
        let words = |range: Range<usize>| -> String {
            clean(
                self.text
                    .get(bytes(self.folded.get(range).unwrap_or_default()))
                    .unwrap_or_default(),
            )
        };
        let edge = |gap: &Gap, at: usize| -> Option<Alteration> {
            let stands = match gap.kind {
                Kind::Omission => return None,
                Kind::Part => words(self.word_at(at)),
                _ => String::new(),
            };
            Some(Alteration { kind: gap.kind, given: gap.given.clone(), stands })
        };
        out.extend(before.iter().filter_map(|gap| edge(gap, whole.start)));
        for (n, place) in places.iter().enumerate() {
            for (case, (_, given)) in pattern.segments[n].cases.iter().enumerate() {
                let here =
                    wanted[n].iter().position(|w| w.case == Some(case)).map(|at| place.start + at);
                let Some(at) = here else { continue };
                let same = self.folded[at].character == wanted[n][at - place.start].character;
                if !same {
                    let stands = words(self.word_at(at));
                    out.push(Alteration { kind: Kind::Case, given: given.clone(), stands });
                }
            }
            out.extend(self.stop(&pattern.segments[n], place, n + 1 == places.len()));
            if let (Some(gap), Some(next)) = (pattern.gaps.get(n), places.get(n + 1)) {
                let stands = match gap.kind {
                    Kind::Part => words(self.word_at(place.end.saturating_sub(1))),
                    _ => words(place.end..next.start),
                };
                if !(gap.kind == Kind::Omission && stands.is_empty()) {
                    out.push(Alteration { kind: gap.kind, given: gap.given.clone(), stands });
                }
            }
        }
        out.extend(after.iter().filter_map(|gap| edge(gap, whole.end.saturating_sub(1))));
        out
    }

    /// The word that a folded character lies in.
    fn word_at(&self, at: usize) -> Range<usize> {
        let (mut from, mut to) = (at.min(self.folded.len()), (at + 1).min(self.folded.len()));
        while from > 0 && is_one_word(self.folded[from - 1].character, self.folded[from].character)
        {
            from -= 1;
        }
        while to > 0
            && to < self.folded.len()
            && is_one_word(self.folded[to - 1].character, self.folded[to].character)
        {
            to += 1;
        }
        from..to
    }

    /// The alteration if a comma or full stop differs from the quotation.
    fn stop(&self, segment: &Segment, place: &Place, is_last: bool) -> Option<Alteration> {
        let given = segment.words.trim();
        let last_word = |text: &str| -> String {
            text.rsplit(char::is_whitespace).next().unwrap_or(text).to_owned()
        };
        if place.without_stop {
            let end = self.folded.get(place.start..place.end)?;
            let stands = self.text.get(bytes(end))?;
            let kind = Kind::Stop;
            return Some(Alteration {
                kind,
                given: last_word(given),
                stands: last_word(&clean(stands)),
            });
        }
        // Both orders of stop and mark are equal in `swapped`; a difference is reported here.
        let here = bytes(self.folded.get(place.start..place.end)?);
        let stands = self.text.get(here.clone())?;
        let plain = |text: &str| -> String {
            fold(text, self.accents).iter().map(|f| f.character).collect()
        };
        let (asked, there) = (plain(given), plain(stands));
        let at = asked
            .chars()
            .zip(there.chars())
            .position(|(a, b)| a != b && (is_stop(a) || is_stop(b)))?;
        let around = |text: &str| -> String {
            let before: String = text.chars().take(at + 2).collect();
            last_word(before.trim_end())
        };
        let is_swap = asked.chars().count() == there.chars().count() || is_last;
        is_swap.then(|| Alteration {
            kind: Kind::Stop,
            given: around(&asked),
            stands: around(&there),
        })
    }
}

/// The number of characters of a segment without the stop and the marks at its end; none if it has no others.
fn without_stop(wanted: &[Expected]) -> Option<usize> {
    Some(wanted.iter().rposition(|w| !matches!(w.character, ',' | '.' | '\''))? + 1)
}

/// A letter without case: equal for letters that are equal in lower case.
fn caseless(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

fn is_stop(c: char) -> bool {
    matches!(c, ',' | '.') || is_mark(c)
}

//! Names that became other names: a run of capitalised words inside a sentence that is
//! otherwise unchanged.
//!
//! There is no list of names and no model. The evidence is a capital in the middle of a sentence;
//! at its beginning a word counts only when the same text writes it with a capital elsewhere, or when
//! another capital follows. Where nouns are written with capitals (German), only runs of two count. A
//! name that grows at its front ("Roe" to "Ann Roe", "Mayor Roe") is the same name, said in full.

use std::ops::Range;

use super::capitals::Capitals;
use super::view::View;
use super::{Aligned, Change, ChangeKind};
use crate::diff::budget::Budget;
use crate::diff::normal;
use crate::diff::tokens::{Class, Token};
use crate::diff::words::Hunk;
use crate::extract::page::Page;

/// A changed run longer than this is a rewriting, in which capitals are weak evidence.
const RUN_WORDS_MAX: usize = 8;
/// More capitalised words in a row than this are not a name: a list, or a text in capitals.
const NAME_WORDS_MAX: usize = 16;

/// Reports names changed in an edit, and marks their words.
pub(super) fn find<'a>(aligned: Aligned<'a>, view: &mut View<'a>, found: &mut Vec<Change>) {
    before_honorifics(aligned, view, found);
    for hunk in view.hunks() {
        let old = Side::new(aligned, view, false);
        let new = Side::new(aligned, view, true);
        if hunk.old.len().max(hunk.new.len()) > RUN_WORDS_MAX {
            continue;
        }
        let (a, b) = (old.runs(&view.free_old(hunk)), new.runs(&view.free_new(hunk)));
        let pair = match (a.as_slice(), b.as_slice()) {
            ([a], [b]) => Some((a.clone(), b.clone())),
            ([a], []) if grown(&old, hunk.old.clone(), a) => {
                Some((a.clone(), hunk.new.start..hunk.new.start))
            }
            ([], [b]) if grown(&new, hunk.new.clone(), b) => {
                Some((hunk.old.start..hunk.old.start, b.clone()))
            }
            _ => None,
        };
        let Some((a, b)) = pair else { continue };
        let (Some(x), Some(y)) = (old.whole(&a), new.whole(&b)) else { continue };
        if x.is_empty() || y.is_empty() || !is_renamed(&old, &x, &new, &y) {
            continue;
        }
        if is_role_of(aligned, &old, &x, &new, &y) {
            continue;
        }
        // "Nach Angaben der Polizei": a hedge, not a name.
        if old.begins_marker(x.start) || new.begins_marker(y.start) {
            continue;
        }
        // "E.U." and "EU".
        if old.letters(&x) == new.letters(&y) {
            view.notation = true;
            let bytes = |tokens: &[Token], run| crate::diff::words::bytes(tokens, run);
            let (a, b) = (bytes(view.old(), &hunk.old), bytes(view.new_side(), &hunk.new));
            view.take_old(&a);
            view.take_new(&b);
            continue;
        }
        if one_capital_means_little(aligned.new) && x.len() < 2 && y.len() < 2 {
            continue;
        }
        report(aligned, view, hunk, (&a, &x), (&b, &y), found);
    }
}

/// Words that follow a name in scripts without capitals.
const HONORIFICS: [&str; 13] = [
    "さん",
    "さま",
    "ちゃん",
    "くん",
    "氏",
    "様",
    "容疑者",
    "被告",
    "先生",
    "女士",
    "小姐",
    " 씨",
    "씨",
];
/// The longest name before one, in characters.
const WIDE_NAME_MAX: usize = 6;

/// Names in Han or Hangul, which have no capitals: the changed characters are right before the same honorific.
fn before_honorifics(aligned: Aligned<'_>, view: &mut View<'_>, found: &mut Vec<Change>) {
    for at in 0..view.hunks().len() {
        let Some((_, (a, b))) = view.run(at) else { continue };
        let (a, b) = (a.clone(), b.clone());
        let (Some((x, p)), Some((y, q))) =
            (wide_name(&aligned.old.text, &a), wide_name(&aligned.new.text, &b))
        else {
            continue;
        };
        if p != q || aligned.old.text.get(x.clone()) == aligned.new.text.get(y.clone()) {
            continue;
        }
        let mut change = Change::new(ChangeKind::NameChanged)
            .at(Some((&aligned.old.text, x)), Some((&aligned.new.text, y)));
        change.words = vec![(a.clone(), b.clone())];
        found.push(change);
        view.explained = true;
        view.take_old(&a);
        view.take_new(&b);
    }
}

/// The name that contains a few changed characters, and the honorific after it.
fn wide_name(text: &str, part: &Range<usize>) -> Option<(Range<usize>, &'static str)> {
    let is_letter = |c: &char| {
        matches!(u32::from(*c), 0x3005 | 0x4e00..=0x9fff | 0xac00..=0xd7af)
            && !"一二三四五六七八九十百千万萬億亿年月日".contains(*c)
    };
    let inside = text.get(part.clone())?;
    if inside.is_empty()
        || inside.chars().count() > WIDE_NAME_MAX
        || !inside.chars().all(|c| is_letter(&c))
    {
        return None;
    }
    let before = text.get(..part.start)?.chars().rev().take(WIDE_NAME_MAX).take_while(is_letter);
    let start = part.start - before.map(char::len_utf8).sum::<usize>();
    let mut end = part.end;
    for _ in 0..WIDE_NAME_MAX {
        let rest = text.get(end..)?;
        if let Some(honorific) = HONORIFICS.iter().find(|mark| rest.starts_with(**mark)) {
            let count = text.get(start..end)?.chars().count();
            return (2..=WIDE_NAME_MAX).contains(&count).then_some((start..end, honorific));
        }
        end += rest.chars().next().filter(is_letter)?.len_utf8();
    }
    None
}

fn report(
    aligned: Aligned<'_>,
    view: &mut View<'_>,
    hunk: &Hunk,
    (a, x): (&Range<usize>, &Range<usize>),
    (b, y): (&Range<usize>, &Range<usize>),
    found: &mut Vec<Change>,
) {
    let bytes = |tokens: &[Token], run: &Range<usize>| crate::diff::words::bytes(tokens, run);
    let (old, new) = (bytes(view.old(), x), bytes(view.new_side(), y));
    let already = found.last().is_some_and(|last: &Change| {
        last.kind == ChangeKind::NameChanged
            && last.new_range.as_ref() == Some(&new)
            && last.old_range.as_ref() == Some(&old)
    });
    if !already {
        let mut change = Change::new(ChangeKind::NameChanged)
            .at(Some((&aligned.old.text, old)), Some((&aligned.new.text, new)));
        change.words = vec![(bytes(view.old(), &hunk.old), bytes(view.new_side(), &hunk.new))];
        found.push(change);
    }
    view.explained = true;
    let (a, b) = (bytes(view.old(), a), bytes(view.new_side(), b));
    view.take_old(&a);
    view.take_new(&b);
}

/// Whether one is an office in capitals ("the MP") that the text gives to the other.
fn is_role_of(
    aligned: Aligned<'_>,
    old: &Side<'_>,
    x: &Range<usize>,
    new: &Side<'_>,
    y: &Range<usize>,
) -> bool {
    let said = |side: &Side<'_>, run: &Range<usize>| -> String {
        let range = crate::diff::words::bytes(side.tokens, run);
        side.page.text.get(range).unwrap_or_default().to_owned()
    };
    let (a, b) = (said(old, x), said(new, y));
    [aligned.old_capitals, aligned.new_capitals].into_iter().any(|capitals| {
        super::speakers::called(capitals, &a, &b, aligned.budget)
            || super::speakers::called(capitals, &b, &a, aligned.budget)
    })
}

/// In German every noun has a capital.
fn one_capital_means_little(page: &Page) -> bool {
    page.language.as_ref().is_some_and(|language| {
        let tag = language.value.to_ascii_lowercase();
        tag == "de" || tag.starts_with("de-") || tag == "lb"
    })
}

struct Side<'a> {
    page: &'a Page,
    tokens: &'a [Token],
    capitals: &'a Capitals<'a>,
    budget: &'a Budget,
}

/// Small words inside names: "de", "van der", "bin".
const PARTICLES: [&str; 14] =
    ["de", "da", "di", "du", "del", "della", "van", "von", "der", "den", "bin", "al", "el", "la"];

impl<'a> Side<'a> {
    fn new(aligned: Aligned<'a>, view: &View<'a>, new: bool) -> Self {
        let (page, tokens, capitals) = if new {
            (aligned.new, view.new_side(), aligned.new_capitals)
        } else {
            (aligned.old, view.old(), aligned.old_capitals)
        };
        Self { page, tokens, capitals, budget: aligned.budget }
    }

    fn word(&self, at: usize) -> &str {
        self.tokens
            .get(at)
            .and_then(|token| self.page.text.get(token.range.clone()))
            .unwrap_or_default()
    }

    /// Whether a phrase of several words that hedges or negates begins here.
    fn begins_marker(&self, at: usize) -> bool {
        super::claims::phrase_at(self.page, |step| self.word(at + step).to_owned()) > 1
    }

    /// The letters and digits of a run.
    fn letters(&self, run: &Range<usize>) -> String {
        run.clone().flat_map(|at| self.word(at).chars().filter(|c| c.is_alphanumeric())).collect()
    }

    fn is_capital(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        let shaped = match token.class {
            Class::Capital => {
                !token.common || self.word(at).chars().count() > 1 && all_upper(self.word(at))
            }
            // "A320", "B-52"
            Class::Number => self.word(at).starts_with(char::is_uppercase),
            _ => false,
        };
        shaped && !super::claims::is_marker(self.page, self.word(at))
    }

    /// Whether a capital here is evidence of a name.
    fn is_name(&self, at: usize) -> bool {
        if !self.is_capital(at) {
            return false;
        }
        if !self.begins_sentence(at) {
            return true;
        }
        let word = self.word(at);
        all_upper(word) && word.chars().count() > 1
            || self.is_capital(at + 1)
            || self.capital_elsewhere(word, at)
    }

    fn begins_sentence(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return true };
        let mark = self.word(before);
        if self.tokens.get(before).is_some_and(Token::is_word) {
            return false;
        }
        match mark.chars().next() {
            Some('.' | '!' | '?' | ':') => true,
            Some(c) if normal::is_double_quote(c) || normal::is_single_quote(c) => {
                // An opening mark begins a sentence unless words precede it without a comma.
                before == 0 || !self.tokens.get(before - 1).is_some_and(Token::is_word)
            }
            Some('(' | '[' | '•') => true,
            _ => false,
        }
    }

    fn capital_elsewhere(&self, word: &str, at: usize) -> bool {
        let here = self.tokens.get(at).map_or(0, |token| token.range.start);
        self.capitals.any(word, self.budget, |found| {
            let mut back = self.page.text.get(..found).unwrap_or_default().chars().rev();
            found != here
                && back.next() == Some(' ')
                && back.next().is_some_and(|c| c.is_alphanumeric() || c == ',')
        })
    }

    /// The runs of names among the given tokens, particles inside.
    fn runs(&self, tokens: &[usize]) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        for &at in tokens.iter().filter(|&&at| self.is_name(at)) {
            match runs.last_mut() {
                Some(run) if self.joined(run.end, at) => run.end = at + 1,
                _ => runs.push(at..at + 1),
            }
        }
        runs
    }

    /// Whether nothing but a particle, a hyphen or the point of an initial is between.
    fn joined(&self, from: usize, to: usize) -> bool {
        (from..to).all(|at| {
            let word = self.word(at);
            PARTICLES.contains(&word)
                || word == "-"
                || word == "&"
                || word == "."
                    && at.checked_sub(1).is_some_and(|b| self.word(b).chars().count() == 1)
        }) && to - from <= 3
    }

    /// The run with the capitals on both sides of it: the whole name. An empty run gives the name it
    /// is in or next to. None if more words in a row are capitalised than a name can have.
    fn whole(&self, run: &Range<usize>) -> Option<Range<usize>> {
        let mut whole = run.clone();
        while let Some(before) = whole.start.checked_sub(1) {
            if whole.len() > NAME_WORDS_MAX {
                return None;
            }
            if self.is_name(before) {
                whole.start = before;
            } else if before > 0 && self.is_name(before - 1) && self.joined(before, whole.start) {
                whole.start = before - 1;
            } else {
                break;
            }
        }
        loop {
            if whole.len() > NAME_WORDS_MAX {
                return None;
            }
            if self.is_name(whole.end) {
                whole.end += 1;
            } else if self.is_name(whole.end + 1)
                && self.joined(whole.end, whole.end + 1)
                && !whole.is_empty()
            {
                whole.end += 2;
            } else {
                break;
            }
        }
        Some(whole)
    }
}

fn all_upper(word: &str) -> bool {
    word.chars().all(|c| c.is_uppercase() || !c.is_alphabetic())
}

/// Whether words added to a name changed it: inside it or at its end, not at its front.
fn grown(side: &Side<'_>, hunk: Range<usize>, run: &Range<usize>) -> bool {
    let only = hunk
        .clone()
        .all(|at| run.contains(&at) || !side.tokens.get(at).is_some_and(Token::is_word));
    let follows = run.start.checked_sub(1).is_some_and(|before| {
        side.is_name(before)
            || before > 0 && side.is_name(before - 1) && matches!(side.word(before), "-" | "&")
    });
    only && follows
}

/// Whether two names differ in more than words put before or cut from the front.
fn is_renamed(old: &Side<'_>, x: &Range<usize>, new: &Side<'_>, y: &Range<usize>) -> bool {
    let ids = |side: &Side<'_>, run: &Range<usize>| -> Vec<u64> {
        let mut words: Vec<usize> =
            run.clone().filter(|&at| side.tokens.get(at).is_some_and(Token::is_word)).collect();
        // "Sheila Barrow" and "Ms Barrow" are one name.
        while words.len() > 1
            && words
                .first()
                .is_some_and(|&at| super::speakers::is_title(&side.word(at).to_lowercase()))
        {
            words.remove(0);
        }
        words.iter().filter_map(|&at| side.tokens.get(at)).map(|token| token.id).collect()
    };
    let (a, b) = (ids(old, x), ids(new, y));
    !(a.ends_with(&b) || b.ends_with(&a))
}

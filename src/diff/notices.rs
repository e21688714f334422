//! Notices of the publisher that were added, extended, changed or removed, and what they say was wrong.
//!
//! A clarification counts as a correction: it admits that the earlier words were misleading. An editor's note
//! counts as an update note, unless its words admit an error or withdraw the article. Corrections are
//! read in the text because publishers do not use markup for them.

use std::collections::VecDeque;

use super::bag::{Bag, Postings};
use super::changes::{Aligned, Change, ChangeKind};
use super::normal::{self, Map};
use crate::extract::page::{Notice, NoticeKind, Page};

/// Up to this many pairs, each notice without an equal is compared with all of the other side; beyond, with
/// those that share rare words with it.
const ALL_PAIRS_MAX: usize = 256;

/// The changes of notices between two pages.
pub(super) fn find(aligned: Aligned<'_>) -> Vec<Change> {
    let (old, new) = (aligned.old, aligned.new);
    let mut found = Vec::new();
    let (gone, fresh) = without_equals(&old.notices, &new.notices);
    let mut free = vec![true; fresh.len()];
    let bag = |notice: &&Notice| Bag::plain(&notice.text);
    let bags: Vec<Bag> = fresh.iter().map(bag).collect();
    let all = gone.len().saturating_mul(fresh.len()) <= ALL_PAIRS_MAX;
    let rare = (!all).then(|| Postings::of(&bags));
    for a in gone {
        // An extended notice contains the old one; a reworded one is still similar to it.
        let words = bag(&a);
        let tried = match &rare {
            None => (0..fresh.len()).collect(),
            Some(rare) => {
                let mut tried = rare.shortlist(&words, aligned.budget).unwrap_or_default();
                tried.sort_unstable();
                tried
            }
        };
        let best = tried
            .into_iter()
            .filter(|&at| free.get(at) == Some(&true))
            .filter_map(|at| Some((at, bags.get(at)?)))
            .filter(|(_, other)| aligned.budget.spend(2 * words.steps_to(other)))
            .map(|(at, other)| (at, words.alike(other).max(words.held(other) - 0.3)))
            .filter(|&(_, like)| like >= 0.5)
            .max_by(|x, y| x.1.total_cmp(&y.1));
        match best.and_then(|(at, _)| Some((free.get_mut(at)?, fresh.get(at)?))) {
            Some((is_free, b)) => {
                *is_free = false;
                found.push(altered(old, new, a, b));
            }
            None => {
                found.push(placed(Change::new(ChangeKind::TextRemoved), Some((old, a)), None));
            }
        }
    }
    for (notice, _) in fresh.iter().zip(free).filter(|(_, is_free)| *is_free) {
        found.push(appeared(new, notice));
    }
    found
}

/// The notices of both sides that are not on the other, each one for one.
fn without_equals<'a>(old: &'a [Notice], new: &'a [Notice]) -> (Vec<&'a Notice>, Vec<&'a Notice>) {
    let mut places: Map<u64, VecDeque<usize>> = Map::default();
    for (at, notice) in new.iter().enumerate() {
        places.entry(normal::key(&notice.text)).or_default().push_back(at);
    }
    let mut free = vec![true; new.len()];
    let gone = old.iter().filter(|a| {
        let same = places.get_mut(&normal::key(&a.text)).and_then(|places| {
            let at = *places.front()?;
            normal::same_words(&a.text, &new.get(at)?.text).then(|| places.pop_front())?
        });
        same.and_then(|at| free.get_mut(at)).map(|free| *free = false).is_none()
    });
    let gone = gone.collect();
    let fresh = new.iter().zip(free).filter(|(_, free)| *free).map(|(notice, _)| notice);
    (gone, fresh.collect())
}

/// The kind of change that a new notice is.
#[must_use]
pub fn kind_of(notice: &Notice) -> ChangeKind {
    match notice.kind {
        NoticeKind::Correction | NoticeKind::Clarification => ChangeKind::Correction,
        NoticeKind::Retraction => ChangeKind::Retraction,
        NoticeKind::Update | NoticeKind::EditorsNote => {
            let text = notice.text.to_lowercase();
            let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
            if says(&["retract", "withdrawn", "withdraws this", "taken down"]) {
                ChangeKind::Retraction
            } else if says(&[
                "incorrectly",
                "misstated",
                "an earlier version",
                "a previous version",
                "in error",
                "erroneously",
                "inaccurate",
                "misidentified",
                "misspelled",
                "corrected",
            ]) && notice.kind == NoticeKind::EditorsNote
            {
                ChangeKind::Correction
            } else {
                ChangeKind::UpdateNote
            }
        }
    }
}

fn appeared(page: &Page, notice: &Notice) -> Change {
    let mut change = placed(Change::new(kind_of(notice)), None, Some((page, notice)));
    change.about = says_was_wrong(&notice.text);
    change
}

/// A change of a notice with its words and its place; one outside the text has no place in it.
fn placed(
    mut change: Change,
    before: Option<(&Page, &Notice)>,
    after: Option<(&Page, &Notice)>,
) -> Change {
    let place = |side: Option<(&Page, &Notice)>| {
        let (page, notice) = side?;
        let range = notice.range.clone();
        let words = page.text.get(range.clone()).filter(|words| !words.is_empty());
        let words =
            words.map_or_else(|| (notice.text.clone(), None), |w| (w.to_owned(), Some(range)));
        Some(words)
    };
    if let Some((words, range)) = place(before) {
        (change.before, change.old_range) = (Some(words), range);
    }
    if let Some((words, range)) = place(after) {
        (change.after, change.new_range) = (Some(words), range);
    }
    change
}

fn altered(old: &Page, new: &Page, a: &Notice, b: &Notice) -> Change {
    let grew = b.text.split_whitespace().count() >= a.text.split_whitespace().count() + 5
        || kind_of(a) != kind_of(b);
    let kind = if grew { kind_of(b) } else { ChangeKind::TextEdited };
    let mut change = placed(Change::new(kind), Some((old, a)), Some((new, b)));
    if grew {
        change.about = says_was_wrong(&b.text);
    }
    change
}

/// Phrases after which a notice repeats what was wrong.
const WRONG_AFTER: [&str; 22] = [
    "incorrectly stated that ",
    "incorrectly stated ",
    "incorrectly said that ",
    "incorrectly said ",
    "incorrectly reported that ",
    "incorrectly reported ",
    "incorrectly gave ",
    "incorrectly identified ",
    "incorrectly described ",
    "incorrectly referred to ",
    "incorrectly attributed ",
    "wrongly stated that ",
    "wrongly said that ",
    "wrongly said ",
    "wrongly attributed ",
    "mistakenly said ",
    "misstated ",
    "misidentified ",
    "misspelled ",
    "misattributed ",
    "misquoted ",
    "erroneously said ",
];

/// Weaker ones, tried last.
const SAID_AFTER: [&str; 6] = [
    "version of this article said that ",
    "version of this article said ",
    "version of this story said that ",
    "version of this story said ",
    "version of this report said ",
    "version of this article stated that ",
];

/// What a notice says was wrong: the rest of the sentence after the phrase that admits it.
#[must_use]
pub fn says_was_wrong(notice: &str) -> Option<String> {
    let lower = notice.to_lowercase();
    // Lower-casing may move bytes in some scripts; the phrases are English, so ASCII is asked for.
    let text = if lower.len() == notice.len() { notice } else { lower.as_str() };
    let after = WRONG_AFTER.iter().chain(&SAID_AFTER).find_map(|phrase| {
        let at = lower.find(phrase)?;
        text.get(at + phrase.len()..)
    })?;
    let mut end = after.len();
    let mut before = ' ';
    for (at, c) in after.char_indices() {
        let ends = matches!(c, '.' | ';' | '!' | '?')
            && !(before.is_ascii_digit()
                && after
                    .get(at + 1..)
                    .is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())));
        // "Mr." and initials do not end it.
        let initial = c == '.' && before.is_uppercase();
        if ends && !initial {
            end = at;
            break;
        }
        before = c;
    }
    let wrong = after.get(..end)?.trim();
    (!wrong.is_empty()).then(|| wrong.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_tells_what_was_wrong() {
        let cases = [
            (
                "Correction: An earlier version of this article misstated the number of boats. It was 15.",
                Some("the number of boats"),
            ),
            (
                "Correction: This story incorrectly said that 1.5 tonnes were lost.",
                Some("1.5 tonnes were lost"),
            ),
            ("Update: This story has been updated with a statement.", None),
            ("Correction: We misspelled J. Marlow's name.", Some("J. Marlow's name")),
        ];
        for (notice, wrong) in cases {
            assert_eq!(says_was_wrong(notice).as_deref(), wrong, "{notice}");
        }
    }

    #[test]
    fn kinds_follow_the_words_of_an_editors_note() {
        let notice = |kind, text: &str| Notice { kind, text: text.to_owned(), range: 0..0 };
        let cases = [
            (NoticeKind::Correction, "x", ChangeKind::Correction),
            (NoticeKind::Clarification, "x", ChangeKind::Correction),
            (NoticeKind::Update, "x was corrected", ChangeKind::UpdateNote),
            (
                NoticeKind::EditorsNote,
                "This piece was first published in May.",
                ChangeKind::UpdateNote,
            ),
            (NoticeKind::EditorsNote, "It incorrectly named a firm.", ChangeKind::Correction),
            (NoticeKind::EditorsNote, "This article has been retracted.", ChangeKind::Retraction),
        ];
        for (kind, text, expected) in cases {
            assert_eq!(kind_of(&notice(kind, text)), expected, "{text}");
        }
    }
}

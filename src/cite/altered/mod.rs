//! Quotations with marked alterations: words left out ("[…]"), another case ("\[t\]he"), words put in or in the
//! place of others ("[the mayor]"), another ending ("walk\[ed\]"), and the comma or full stop that American houses
//! set within the closing mark (Chicago 17, 13.7, 13.50 to 13.60; MLA 9, 6.54 to 6.62; APA 7, 8.30 and 8.31).
//!
//! Everything outside the brackets has to stand in the text as for any quotation, in order and close
//! together, and each alteration is reported with the words it replaces. Deliberately no alteration without a
//! mark: "the" is not "The".

use std::ops::Range;

mod pattern;
mod search;

use super::folded::{Accents, Folded, fold};
use pattern::Prefix;
use search::Search;

/// A quotation that differs from the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Altered {
    /// The words as the quoter gives them, in one line.
    pub given: String,
    /// What was changed within them, in order.
    pub alterations: Vec<Alteration>,
}

impl Altered {
    /// A sentence that describes the alterations: what each stands for. Empty if there is none.
    #[must_use]
    pub fn description(&self) -> String {
        let one = |a: &Alteration| match (a.kind, a.stands.as_str()) {
            (Kind::Omission, stands) => format!("“{}” leaves out “{stands}”", a.given),
            (Kind::Insertion, "") => format!("“{}” is put in", a.given),
            (_, stands) => format!("“{}” is “{stands}” there", a.given),
        };
        self.alterations.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

/// An alteration by the quoter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alteration {
    /// Which kind of change.
    pub kind: Kind,
    /// As in the quotation: "[…]", "\[t\]he".
    pub given: String,
    /// As in the text: the words left out, "The"; empty if there are none.
    pub stands: String,
}

/// The kinds of alterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words were left out.
    Omission,
    /// A letter has another case.
    Case,
    /// Words were put in, or replace others.
    Insertion,
    /// A part of a word was put in or replaced.
    Part,
    /// A comma or full stop was moved inside or outside the closing mark.
    Stop,
}

impl Kind {
    /// The word for it in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Omission => "omission",
            Self::Case => "case",
            Self::Insertion => "insertion",
            Self::Part => "part-of-word",
            Self::Stop => "punctuation",
        }
    }
}

/// The longest quotation with marked alterations, in characters; about 1,300 words. A longer one has to match
/// exactly.
pub const ALTERED_CHARACTERS_MAX: usize = 8_192;

/// A quotation whose alterations were not searched, or not everywhere: it is longer than
/// [`ALTERED_CHARACTERS_MAX`], or its beginning almost matches in too many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooDear;

/// A passage, and the alterations of a quotation in it.
pub(super) type Passage = (Range<usize>, Vec<Alteration>);

/// Finds a quotation with marked alterations in a text: the passage, from its first word to its last, and the
/// alterations in order, if any; marks only at its ends alter nothing. None if it is not in
/// the text.
///
/// # Errors
/// When that cannot be determined.
pub(super) fn find(quote: &str, text: &str) -> Result<Option<Passage>, TooDear> {
    if quote.chars().nth(ALTERED_CHARACTERS_MAX).is_some() {
        return Err(TooDear);
    }
    let accents = Accents::of(text);
    let folded = swapped(fold(text, accents));
    for prefix in [Prefix::Case, Prefix::Part] {
        let Some(pattern) = pattern::parse(quote, prefix) else { continue };
        let found = Search::new(text, &folded, accents).find(&pattern)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Moves stops from before a closing mark to after it, so that both orders are equal.
fn swapped(mut folded: Vec<Folded>) -> Vec<Folded> {
    for at in 0..folded.len().saturating_sub(1) {
        let is_stop = matches!(folded[at].character, ',' | '.');
        let next_ends = folded.get(at + 2).is_none_or(|f| !f.character.is_alphanumeric());
        if is_stop && folded[at + 1].character == '\'' && next_ends {
            folded.swap(at, at + 1);
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::search::OMITTED_WORDS_MAX;
    use super::*;
    use crate::cite::clean::clean;

    const TEXT: &str = "The mayor said: “It’s closed until spring”, and left. He walks home, and the old \
        bridge, which cracked in March, will stay closed until summer at least.\n\nA ferry goes every half hour.";

    #[test]
    fn alterations_that_are_marked_are_found_and_reported() {
        for (quote, passage, expected) in [
            (
                "the old bridge […] will stay closed",
                "the old bridge, which cracked in March, will stay closed",
                &["omission: […] = , which cracked in March,"][..],
            ),
            (
                "the old bridge . . . will stay closed",
                "the old bridge, which cracked in March, will stay closed",
                &["omission: . . . = , which cracked in March,"],
            ),
            (
                "The mayor said … the old bridge (...) will stay closed",
                "The mayor said: “It’s closed until spring”, and left. He walks home, and the old bridge, which cracked in March, will stay closed",
                &[
                    "omission: … = : “It’s closed until spring”, and left. He walks home, and",
                    "omission: (...) = , which cracked in March,",
                ],
            ),
            ("[t]he mayor said", "The mayor said", &["case: [t]he = The"]),
            ("[T]he old bridge", "the old bridge", &["case: [T]he = the"]),
            ("[The mayor] walks home", "walks home", &["insertion: [The mayor] = "]),
            (
                "and left. [The mayor] walks home",
                "and left. He walks home",
                &["insertion: [The mayor] = He"],
            ),
            ("the old [stone] bridge", "the old bridge", &["insertion: [stone] = "]),
            ("He walk[ed] home", "He walks home", &["part-of-word: walk[ed] = walks"]),
            ("He walk[ed]", "He walks", &["part-of-word: walk[ed] = walks"]),
            (
                "[un]closed until summer",
                "closed until summer",
                &["part-of-word: [un]closed = closed"],
            ),
            (
                "will stay closed until summer,",
                "will stay closed until summer",
                &["punctuation: summer, = summer"],
            ),
            ("will stay closed.", "will stay closed", &["punctuation: closed. = closed"]),
            (
                "“It’s closed until spring,” and left",
                "“It’s closed until spring”, and left",
                &["punctuation: spring,' = spring',"],
            ),
            (
                "[t]he old bridge […] will stay closed until summer,",
                "the old bridge, which cracked in March, will stay closed until summer",
                &["omission: […] = , which cracked in March,", "punctuation: summer, = summer"],
            ),
            ("He walks [sic] hom[e], and", "He walks home, and", &["part-of-word: hom[e] = home"]),
        ] {
            let Ok(Some((range, alterations))) = find(quote, TEXT) else {
                panic!("{quote} was not found")
            };
            let said: Vec<String> = alterations
                .iter()
                .map(|a| format!("{}: {} = {}", a.kind.label(), a.given, a.stands))
                .collect();
            assert_eq!(
                (clean(&TEXT[range]).as_str(), said),
                (passage, expected.iter().map(|t| (*t).to_owned()).collect()),
                "{quote}"
            );
        }
    }

    #[test]
    fn what_is_not_there_is_not_found_for_all_its_brackets() {
        for quote in [
            // Nothing is altered, or nothing is left.
            "[…]",
            "[the mayor]",
            "…",
            "[]",
            // Words in the wrong order, or that do not stand there.
            "will stay closed […] the old bridge",
            "the new bridge […] will stay closed",
            "the mayor said",
            // Too few words of its own.
            "The […] least",
            // Another case, or another mark, without brackets.
            "the Old bridge […] will stay closed",
            "will stay closed until summer!",
            // A part of a word without brackets.
            "ayor said […] the old bridge",
            "the old bridge […] will stay clos",
        ] {
            assert_eq!(find(quote, TEXT), Ok(None), "{quote}");
        }
        let far = format!(
            "The first words stand here. {} The last words stand there.",
            "word ".repeat(OMITTED_WORDS_MAX + 10)
        );
        assert_eq!(find("The first words […] The last words", &far), Ok(None));
    }

    #[test]
    fn what_would_take_too_long_is_not_said_to_be_missing() {
        let long = "word ".repeat(ALTERED_CHARACTERS_MAX / 5 + 1);
        assert_eq!(find(&long, "word"), Err(TooDear));
        // Except for the case of a letter it matches in every place.
        let text = "a ".repeat(200_000);
        let quote = format!("{}A […] c", "a ".repeat(3_000));
        assert_eq!(find(&quote, &format!("{text}A c")), Err(TooDear));
        let found = find("a a a A […] c", &format!("{text}A b c")).unwrap().unwrap();
        assert_eq!(found.0, text.len() - 6..text.len() + 5);
        // So does the segment after a gap.
        let behind = format!("a a a a […] {}b", "a ".repeat(3_000));
        assert_eq!(find(&behind, &text), Err(TooDear));
    }

    proptest::proptest! {
        #[test]
        fn any_words_with_a_part_left_out_are_found(words in proptest::collection::vec("[a-z]{3,7}", 12..30), at in 3_usize..6, left in 1_usize..5) {
            let text = words.join(" ");
            let quote = format!("{} […] {}", words[..at].join(" "), words[at + left..at + left + 3].join(" "));
            let found = find(&quote, &text);
            proptest::prop_assert!(matches!(found, Ok(Some(_))), "{} in {}", quote, text);
        }

        #[test]
        fn nothing_panics_and_what_is_found_has_its_first_and_last_words(quote in "[a-c\\[\\].…() A-C,]{0,24}|\\PC{0,16}", text in "[a-c .,A-C“”']{0,60}|\\PC{0,30}") {
            let found = find(&quote, &text);
            proptest::prop_assert!(found.is_ok());
            if let Ok(Some((range, alterations))) = found {
                proptest::prop_assert!(text.get(range).is_some());
                proptest::prop_assert!(alterations.iter().all(|a| !a.given.is_empty()));
            }
        }
    }
}

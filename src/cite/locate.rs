//! Finds quoted words in an article: exactly, except typographic marks and spaces; or with marked
//! alterations ([`super::altered`]); or else the nearest words of the article
//! ([`super::nearest`]).
//!
//! Letters, digits and their case count; the shape of quotation marks, apostrophes and dashes, soft
//! hyphens, white space and the Unicode form of accents do not. Deliberately never treats an approximate
//! match as the words.

use std::ops::Range;

use super::altered::{self, Altered, TooDear};
use super::clean::clean;
use super::folded::{Accents, bytes, fold, is_mark, is_one_word, occurrences};
use super::nearest::{self, Nearest};
use crate::base::normal_form::composed;
use crate::extract::page::Page;

/// Where quoted words stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The bytes in the article text, or in the headline.
    pub range: Range<usize>,
    /// Whether they stand in the headline instead of the text.
    pub in_headline: bool,
    /// The marked alterations; none for an exact quotation.
    pub altered: Option<Altered>,
}

/// Words that are not in the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The nearest words of the article; none if nothing is near.
    pub nearest: Option<Nearest>,
    /// Whether marked alterations were not searched, or not everywhere, since that would have
    /// taken too long; the words may then still be in the article.
    pub coarse: bool,
}

/// Finds `quote` in the article's text, or in its headline; exactly, or with marked alterations:
/// "[…]", "\[t\]he", "[the mayor]", a comma within the closing mark.
///
/// # Errors
/// When the words are not in the article; the error has the nearest ones.
pub fn locate(quote: &str, page: &Page) -> Result<Found, Missing> {
    let headline = page.headline.as_ref().map_or("", |h| h.value.as_str());
    let quote = composed(quote.trim());
    // Marks around the words may be the quoter's own.
    let bare = quote.trim_matches(|c: char| is_mark(c) || c.is_whitespace());
    let places = [(page.text.as_str(), false), (headline, true)];
    for words in [&*quote, bare] {
        for (text, in_headline) in places {
            if let Some(range) = find(words, text) {
                return Ok(Found { range, in_headline, altered: None });
            }
        }
    }
    let mut coarse = false;
    for words in [&*quote, bare] {
        for (text, in_headline) in places {
            match altered::find(words, text) {
                Ok(Some((range, alterations))) => {
                    let altered = Some(Altered { given: clean(bare), alterations });
                    return Ok(Found { range, in_headline, altered });
                }
                Ok(None) => {}
                Err(TooDear) => coarse |= has_marks(words),
            }
        }
    }
    let nearest = nearest::find(bare, &page.text).or_else(|| nearest::find(bare, headline));
    Err(Missing { nearest, coarse })
}

/// Whether words may contain a marked alteration, or one at their end that needs no mark.
fn has_marks(words: &str) -> bool {
    words.contains(['[', '(', '.', ',', '…'])
}

fn find(words: &str, text: &str) -> Option<Range<usize>> {
    let accents = Accents::of(text);
    let words: Vec<char> = fold(words, accents).into_iter().map(|f| f.character).collect();
    words.iter().any(|c| c.is_alphanumeric()).then_some(())?;
    let text = fold(text, accents);
    let letters: Vec<char> = text.iter().map(|f| f.character).collect();
    let stands = |at: &usize| {
        let end = at + words.len();
        // A match begins and ends at word boundaries: "12 boats" is not in "112 boats".
        let begins = *at == 0 || !is_one_word(letters[at - 1], letters[*at]);
        let ends = letters.get(end).is_none_or(|next| !is_one_word(letters[end - 1], *next));
        begins && ends
    };
    let at = occurrences(&words, &letters).find(stands)?;
    Some(bytes(&text[at..at + words.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::normal_form::decomposed;
    use crate::cite::folded::plain;

    fn page(text: &str) -> Page {
        Page { text: text.to_owned(), ..Page::default() }
    }

    #[test]
    fn words_are_found_whatever_their_marks_and_spaces() {
        let text = "The mayor said: “It’s closed — for\u{a0}good,” and left.\n\nWell\u{ad}known words… 銀行は閉まった。";
        for (quote, wanted) in [
            ("\"It's closed - for good,\"", "“It’s closed — for\u{a0}good,”"),
            ("It's closed--for good", "It’s closed — for\u{a0}good"),
            ("“for  good”", "for\u{a0}good"),
            ("''It's closed", "“It’s closed"),
            ("and left. Wellknown words...", "and left.\n\nWell\u{ad}known words…"),
            ("行は閉", "行は閉"),
        ] {
            let found = locate(quote, &page(text)).unwrap_or_else(|m| panic!("{quote}: {m:?}"));
            assert_eq!(&text[found.range], wanted, "{quote}");
        }
    }

    #[test]
    fn words_that_are_not_there_are_not_found() {
        let text = "They counted 112 boats. The Mayor left early.";
        for quote in ["12 boats", "boat", "the mayor left", "!", "", "early left"] {
            assert!(locate(quote, &page(text)).is_err(), "{quote}");
        }
    }

    #[test]
    fn the_nearest_words_are_named_with_what_differs() {
        let text = "A first line about boats.\n\nThe mayor said the old bridge will stay closed until spring at least. More words.";
        for (quote, nearest, differences) in [
            (
                "the old bridge will remain closed until spring",
                "the old bridge will stay closed until spring",
                vec![("remain", "stay")],
            ),
            (
                "the bridge will stay closed until next spring",
                "the old bridge will stay closed until spring",
                vec![("", "old"), ("next", "")],
            ),
            ("The Mayor said", "The mayor said", vec![("Mayor", "mayor")]),
            ("until Spring at least", "until spring at least.", vec![("Spring", "spring")]),
            ("until spring at least!", "until spring at least.", vec![("least!", "least.")]),
        ] {
            let found = locate(quote, &page(text)).unwrap_err().nearest.unwrap();
            let found_differences: Vec<(&str, &str)> =
                found.differences.iter().map(|d| (d.asked.as_str(), d.stands.as_str())).collect();
            assert_eq!((found.text.as_str(), found_differences), (nearest, differences), "{quote}");
        }
        let other = locate("nothing of the kind was ever printed", &page(text)).unwrap_err();
        assert_eq!(other.nearest, None);
    }

    #[test]
    fn the_headline_is_searched_after_the_text() {
        use crate::extract::page::{Fact, Origin};
        let mut page = page("The bridge closed.");
        page.headline =
            Some(Fact { value: "Bridge closed, boats stay".to_owned(), origin: Origin::Markup });
        assert_eq!(
            locate("boats stay", &page),
            Ok(Found { range: 15..25, in_headline: true, altered: None })
        );
    }

    #[test]
    fn an_accent_is_found_in_either_form() {
        let whole = "Le maire a démissionné. Nguyễn Văn An l’a dit.";
        let apart: String = whole.chars().flat_map(decomposed).collect();
        for text in [whole, apart.as_str()] {
            for quote in [
                "a démissionné",
                "Nguyễn Văn An",
                "a de\u{301}missionne\u{301}.",
                "Nguye\u{302}\u{303}n",
            ] {
                let found = locate(quote, &page(text)).unwrap_or_else(|m| panic!("{quote}: {m:?}"));
                assert_eq!(composed(&text[found.range]), composed(quote));
            }
            for quote in ["a demissionne", "a de\u{301}missionne", "Nguyen"] {
                assert!(locate(quote, &page(text)).is_err(), "{quote}");
            }
        }
        // The Greek varia is the grave accent in every form.
        assert!(locate("is \u{1fef}so", &page("It is \u{1fef}so.")).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn every_place_of_the_words_is_found(words in "[ab]{1,6}", text in "[ab]{0,40}") {
            let chars = |text: &str| text.chars().collect::<Vec<char>>();
            let (words_there, letters) = (chars(&words), chars(&text));
            let found: Vec<usize> = occurrences(&words_there, &letters).collect();
            let plain: Vec<usize> =
                (0..text.len()).filter(|&at| text[at..].starts_with(&words)).collect();
            proptest::prop_assert_eq!(found, plain);
        }

        #[test]
        fn words_are_found_whatever_form_their_page_has(words in proptest::collection::vec("[a-céäễñ한]{1,5}", 1..12), from in 0_usize..12, len in 1_usize..6) {
            let from = from.min(words.len() - 1);
            let part = words[from..(from + len).min(words.len())].join(" ");
            let apart: String = words.join(" ").chars().flat_map(decomposed).collect();
            let found = locate(&part, &page(&apart));
            proptest::prop_assert!(found.is_ok(), "{:?} in {:?}", part, apart);
            let range = found.unwrap().range;
            proptest::prop_assert_eq!(composed(apart.get(range).unwrap_or("?")).into_owned(), part);
        }

        #[test]
        fn any_part_of_a_text_on_word_ends_is_found_and_the_rest_never_panics(
            words in proptest::collection::vec("[\\PC]{1,6}", 1..20), from in 0_usize..20, len in 1_usize..20
        ) {
            let text = words.join(" ");
            let from = from.min(words.len() - 1);
            let part = words[from..(from + len).min(words.len())].join(" ");
            let found = locate(&part, &page(&text));
            if part.chars().any(char::is_alphanumeric) && !part.chars().any(|c| is_mark(c) || plain(c) == '-') {
                proptest::prop_assert!(found.is_ok(), "{:?} in {:?}", part, text);
            }
            if let Ok(found) = found {
                proptest::prop_assert!(text.get(found.range).is_some());
            }
        }
    }
}

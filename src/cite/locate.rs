//! Finding quoted words in an article: as they stand but for typographic marks and spaces; or as quoters
//! mark what they changed ([`super::altered`]); or else the nearest words that do stand there
//! ([`super::nearest`]).
//!
//! Letters, digits and their case count; the shape of quotation marks, apostrophes and dashes, soft
//! hyphens, white space and the Unicode form of accents do not. Deliberately never takes an approximate
//! find for the words.

use std::ops::Range;

use super::altered::{self, Altered, TooDear};
use super::nearest::{self, Nearest};
use crate::base::normal_form::{combining_class, composed, decomposed, is_composed};
use crate::extract::page::Page;

/// Where quoted words stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The bytes in the article text, or in the headline.
    pub range: Range<usize>,
    /// Whether they stand in the headline instead of the text.
    pub in_headline: bool,
    /// What the quoter marked as changed; none for words given as they stand.
    pub altered: Option<Altered>,
}

/// Words that do not stand in the article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// What stands there instead; none where nothing is near.
    pub nearest: Option<Nearest>,
    /// Whether changes that the quoter marks were not looked for, or not everywhere, since that would have
    /// taken too long; then the words may stand there all the same.
    pub coarse: bool,
}

/// Finds `quote` in the article's text, or in its headline; as it stands, or with what a quoter may mark:
/// "[…]", "\[t\]he", "[the mayor]", a comma within the closing mark.
///
/// # Errors
/// When the words are not there; the error has the nearest that are.
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
                    let altered = Some(Altered { given: super::clean(bare), alterations });
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

/// Whether a quoter may have marked a change in words, or one at their end needs no mark.
fn has_marks(words: &str) -> bool {
    words.contains(['[', '(', '.', ',', '…'])
}

/// One character that counts, and the bytes it stands for.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    pub(super) character: char,
    pub(super) range: Range<usize>,
}

/// Whether accents are characters of their own in what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accents {
    /// As the text has them, which is in Form C.
    AsWritten,
    /// Apart, as they have to be where one of the texts is not.
    Apart,
}

impl Accents {
    /// How texts are compared with `text`.
    pub(super) fn of(text: &str) -> Self {
        if is_composed(text) { Self::AsWritten } else { Self::Apart }
    }
}

/// What counts of a text. Runs of white space are one space, and none stands beside a dash: dashes
/// are set with and without them.
pub(super) fn fold(text: &str, accents: Accents) -> Vec<Folded> {
    let mut out: Vec<Folded> = Vec::with_capacity(text.len());
    let mut space: Option<Range<usize>> = None;
    for (at, c) in text.char_indices() {
        let range = at..at + c.len_utf8();
        let c = if accents == Accents::Apart { only_form(c) } else { c };
        if is_invisible(c) {
            continue;
        }
        if c.is_whitespace() {
            space.get_or_insert_with(|| range.clone()).end = range.end;
            continue;
        }
        let characters: &[char] = match c {
            '…' => &['.', '.', '.'],
            'ﬁ' => &['f', 'i'],
            'ﬂ' => &['f', 'l'],
            _ => &[plain(c)],
        };
        let after_dash = out.last().is_some_and(|f| f.character == '-');
        if characters == ['-'] && after_dash {
            space = None;
            continue;
        }
        // Two marks side by side are as one: plain text sets "“" as "''".
        let after_mark = out.last().is_some_and(|f| f.character == '\'') && space.is_none();
        if characters == ['\''] && after_mark {
            continue;
        }
        if let Some(range) = space.take()
            && !out.is_empty()
            && !after_dash
            && characters != ['-']
        {
            out.push(Folded { character: ' ', range });
        }
        for c in characters {
            match accents {
                Accents::AsWritten => out.push(Folded { character: *c, range: range.clone() }),
                Accents::Apart => out.extend(
                    decomposed(*c).map(|character| Folded { character, range: range.clone() }),
                ),
            }
        }
    }
    if accents == Accents::Apart {
        put_in_order(&mut out);
    }
    out
}

/// The character that stands for this one in every canonical form, where that is another one.
fn only_form(c: char) -> char {
    let mut parts = decomposed(c);
    match (parts.next(), parts.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// Puts the marks of each letter into canonical order.
fn put_in_order(folded: &mut [Folded]) {
    for letter in folded.chunk_by_mut(|_, next| combining_class(next.character) != 0) {
        letter.sort_by_key(|f| combining_class(f.character));
    }
}

pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The plain form of a typographic mark.
pub(super) fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => '-',
        _ if is_mark(c) => '\'',
        _ => c,
    }
}

/// Whether a character is a quotation mark or an apostrophe.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\'' | '"' | '`' | '´' | '«' | '»' | '\u{2018}'..='\u{201f}' | '\u{2032}' | '\u{2033}' | '\u{2039}' | '\u{203a}' | '\u{2bc}' | '\u{300c}'..='\u{300f}' | '\u{301d}'..='\u{301f}' | '＂' | '＇')
}

/// Whether a character is of Chinese, Japanese or Korean script.
#[must_use]
pub(super) fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a character is part of a word that spaces set off; scripts without such spaces have none.
pub(super) fn is_of_word(c: char) -> bool {
    let is_hangul = matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7ff}');
    let is_unspaced =
        matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}');
    c.is_alphanumeric() && !is_unspaced && (is_hangul || !is_east_asian(c))
}

/// Whether two characters side by side are of one word.
pub(super) fn is_one_word(a: char, b: char) -> bool {
    let is_of = |c: char| is_of_word(c) || combining_class(c) != 0;
    is_of(a) && is_of(b)
}

/// The bytes of a run of characters; their ranges need not be in order where accents stand apart.
pub(super) fn bytes(run: &[Folded]) -> Range<usize> {
    let start = run.iter().map(|f| f.range.start).min().unwrap_or(0);
    start..run.iter().map(|f| f.range.end).max().unwrap_or(start)
}

fn find(words: &str, text: &str) -> Option<Range<usize>> {
    let accents = Accents::of(text);
    let words: Vec<char> = fold(words, accents).into_iter().map(|f| f.character).collect();
    words.iter().any(|c| c.is_alphanumeric()).then_some(())?;
    let text = fold(text, accents);
    let letters: Vec<char> = text.iter().map(|f| f.character).collect();
    let stands = |at: &usize| {
        let end = at + words.len();
        // Words begin and end where words do: "12 boats" does not stand in "112 boats".
        let begins = *at == 0 || !is_one_word(letters[at - 1], letters[*at]);
        let ends = letters.get(end).is_none_or(|next| !is_one_word(letters[end - 1], *next));
        begins && ends
    };
    let at = occurrences(&words, &letters).find(stands)?;
    Some(bytes(&text[at..at + words.len()]))
}

/// The places of `text` where `words` begin, each letter of the text read once (Knuth, Morris and Pratt
/// 1977), however often they nearly stand there.
pub(super) fn occurrences<'a>(
    words: &'a [char],
    text: &'a [char],
) -> impl Iterator<Item = usize> + 'a {
    // For each length of a match, that of the longest shorter one that ends in the same letters.
    let mut shorter = vec![0; words.len() + 1];
    let mut length = 0;
    for at in 1..words.len() {
        while length > 0 && words[at] != words[length] {
            length = shorter[length];
        }
        length += usize::from(words[at] == words[length]);
        shorter[at + 1] = length;
    }
    let mut length = 0;
    text.iter().enumerate().filter_map(move |(at, letter)| {
        while length > 0 && words.get(length) != Some(letter) {
            length = shorter[length];
        }
        length += usize::from(words.get(length) == Some(letter));
        (length == words.len()).then(|| at + 1 - length)
    })
}

/// The words of a text, as byte ranges; of scripts without spaces, the characters.
#[must_use]
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if c.is_whitespace() {
            open = false;
        } else if c.is_alphanumeric() && !is_of_word(c) {
            out.push(at..end);
            open = false;
        } else if let (true, Some(last)) = (open, out.last_mut()) {
            last.end = end;
        } else {
            out.push(at..end);
            open = true;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let told: Vec<(&str, &str)> =
                found.differences.iter().map(|d| (d.asked.as_str(), d.stands.as_str())).collect();
            assert_eq!((found.text.as_str(), told), (nearest, differences), "{quote}");
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

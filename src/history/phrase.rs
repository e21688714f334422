//! When a phrase was in a page: in which versions of which pages, first, last, and since when no longer.
//!
//! Words are compared as a reader would: white space, case, the shape of quotation marks and dashes,
//! soft hyphens and ellipses do not count; digits and letters do. A phrase begins and ends where words
//! do, so that "12 boats" is not found in "112 boats"; scripts without spaces between words (Chinese,
//! Japanese, Thai and their like) have no such ends.

use crate::archive::Form;
use crate::base::normal_form::composed;
use crate::extract::page::Page;
use crate::store::StoreError;

use super::page_reader::PageReader;
use super::pages::{PageCaptures, pages};
use super::row::VersionRow;
use super::standing::{Bearing, PhraseSpan, stood};

/// A phrase, ready to be looked for.
#[derive(Debug, Clone)]
pub struct Phrase {
    folded: String,
    finder: memchr::memmem::Finder<'static>,
    begins_word: bool,
    ends_word: bool,
}

impl Phrase {
    /// The phrase; `None` where it has no letter and no digit.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        // Pages are kept in Normalisation Form C, and some systems type and paste the other.
        let folded = fold(&composed(text));
        folded.chars().any(char::is_alphanumeric).then(|| Self {
            finder: memchr::memmem::Finder::new(folded.as_bytes()).into_owned(),
            begins_word: folded.chars().next().is_some_and(is_of_word),
            ends_word: folded.chars().next_back().is_some_and(is_of_word),
            folded,
        })
    }

    /// Whether it is in the headline or the text of a page.
    #[must_use]
    pub fn is_in(&self, page: &Page) -> bool {
        self.is_in_words(page.headline.as_ref().map(|headline| &*headline.value), &page.text)
    }

    fn is_in_words(&self, headline: Option<&str>, text: &str) -> bool {
        headline.is_some_and(|headline| self.is_in_text(headline)) || self.is_in_text(text)
    }

    pub(crate) fn is_in_text(&self, text: &str) -> bool {
        let text = fold(text);
        self.finder.find_iter(text.as_bytes()).any(|at| {
            let before = text[..at].chars().next_back();
            let after = text[at + self.folded.len()..].chars().next();
            let goes_on = |ends: bool, next: Option<char>| ends && next.is_some_and(is_of_word);
            !goes_on(self.begins_word, before) && !goes_on(self.ends_word, after)
        })
    }
}

/// Whether a character is part of a word that spaces set off.
pub(crate) fn is_of_word(c: char) -> bool {
    let has_no_spaces = matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..);
    c.is_alphanumeric() && !has_no_spaces
}

/// A letter in lower case. "İ" is "i", as people who type it mean: Unicode's rule leaves a dot above behind, which
/// would end the word.
pub(crate) fn small(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().filter(move |letter| c != 'İ' || *letter != '\u{307}')
}

/// Whether a character counts for nothing, wherever it is.
pub(crate) fn is_passed_over(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}')
}

/// The text with everything folded away that does not count.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        match c {
            _ if is_passed_over(c) => {}
            _ if c.is_whitespace() => space = true,
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => {
                // Dashes are set with and without spaces, and in ones, twos and threes.
                if !out.ends_with('-') {
                    out.push('-');
                }
                space = false;
            }
            _ => {
                // Neither the text nor what follows a dash begins with a space.
                if space && !out.is_empty() && !out.ends_with('-') {
                    out.push(' ');
                }
                space = false;
                put(&mut out, c);
            }
        }
    }
    out
}

fn put(out: &mut String, c: char) {
    match c {
        '\''
        | '"'
        | '`'
        | '´'
        | '\u{2018}'..='\u{201f}'
        | '\u{2032}'
        | '\u{2033}'
        | '\u{2039}'
        | '\u{203a}'
        | '«'
        | '»'
        | '\u{2bc}'
        | '\u{300c}'..='\u{300f}'
        | '\u{301d}'..='\u{301f}'
        | '＂'
        | '＇' => out.push('\''),
        '…' => out.push_str("..."),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        _ if c.is_ascii() => out.push(c),
        _ => out.extend(small(c)),
    }
}

/// Looks for a phrase over all pages, in the order of their urlkeys.
///
/// # Errors
/// When the index cannot answer, and any error of `found`. Notes on records that could not be read are the
/// result.
pub fn when<E: From<StoreError>>(
    page_reader: &mut PageReader<'_>,
    phrase: &Phrase,
    (host, form): (Option<&str>, Option<Form>),
    found: &mut dyn FnMut(PhraseSpan) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let mut notes = Vec::new();
    for page in pages(page_reader.reader(), host) {
        let page = page?;
        for stood in when_on(page_reader, phrase, (&page, form), &mut notes)? {
            found(stood)?;
        }
    }
    Ok(notes)
}

/// Looks for a phrase on one page, in a form or in those that are counted; what could not be read is added to `notes`.
///
/// # Errors
/// When the index cannot answer, or a version cannot be read any more.
pub fn when_on(
    page_reader: &mut PageReader<'_>,
    phrase: &Phrase,
    page: (&PageCaptures, Option<Form>),
    notes: &mut Vec<String>,
) -> Result<Vec<PhraseSpan>, StoreError> {
    let mut is_in = |version: &VersionRow, pages: &mut PageReader<'_>| {
        let (headline, text) = pages.words_of(version)?;
        Ok(Bearing::of(phrase.is_in_words(headline.as_deref(), &text)))
    };
    stood(page_reader, page, &mut is_in, notes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::testing::Archive;
    use proptest::prelude::*;

    #[test]
    fn what_counts_as_the_same_phrase() {
        let cases = [
            ("the harbour board", "and The  Harbour\nBoard met", true),
            ("we won't go", "“We won’t go,” she said", true),
            ("\"we won't go\"", "‘We won’t go’", true),
            ("plan - a bad one - fell", "the plan—a bad one—fell", true),
            ("2010-12", "in 2010–12 it", true),
            ("cooperate", "to co\u{ad}operate", true),
            ("and so on...", "and so on…", true),
            ("12 boats", "112 boats", false),
            ("12 boats", "12 boatsheds", false),
            ("12 boats", "counted 112 boats and then 12 boats.", true),
            ("12 boats", "13 boats", false),
            ("ÉTÉ", "un été chaud", true),
            ("cafe\u{301}s", "les cafés du port", true),
            ("istanbul", "in İstanbul today", true),
            ("İstanbul", "ISTANBUL", true),
            ("港口", "旧港口的船", true),
            ("bad one", "bad-one", false),
        ];
        for (phrase, text, stands) in cases {
            let found = Phrase::new(phrase).unwrap().is_in_text(text);
            assert_eq!(found, stands, "{phrase:?} in {text:?}: {:?}", fold(text));
        }
        for nothing in ["", "  ", "— “”", "..."] {
            assert!(Phrase::new(nothing).is_none(), "{nothing:?}");
        }
    }

    #[test]
    fn first_seen_last_seen_and_gone_since() {
        const A: &str = "The board met on Tuesday in the old harbour house.";
        const B: &str = "It counted 12 boats at the eastern pier that morning.";
        let url = "http://courier.example/a";
        let mut archive = Archive::new();
        archive.page(url, 1, &[A]);
        archive.page(url, 2, &[A, B]);
        archive.page(url, 3, &[A, B]);
        archive.page(url, 4, &[A]);
        archive.status(url, 5, 404);
        archive.page("http://courier.example/b", 2, &[B]);
        archive.page("http://other.example/c", 2, &[A]);
        let reader = archive.reader();
        let ask = |phrase: &str, host: Option<&str>| {
            let mut found = Vec::new();
            let mut page_reader = PageReader::new(&reader);
            when::<StoreError>(
                &mut page_reader,
                &Phrase::new(phrase).unwrap(),
                (host, None),
                &mut |stood| {
                    found.push((
                        stood.url,
                        stood.first_seen.0.date,
                        stood.last_seen.0.date,
                        stood.gone_since,
                        stood.versions,
                    ));
                    Ok(())
                },
            )
            .unwrap();
            found
        };
        let at = Archive::at;
        assert_eq!(
            ask("12 Boats", None),
            [
                (url.to_owned(), at(2), at(3), Some(at(4)), 1),
                ("http://courier.example/b".to_owned(), at(2), at(2), None, 1),
            ]
        );
        assert_eq!(
            ask("old harbour house", Some("courier.example")),
            [(url.to_owned(), at(1), at(4), Some(at(5)), 3)]
        );
        assert_eq!(ask("never said", None), []);
    }

    #[test]
    fn a_wall_hides_a_phrase_and_a_redirect_takes_it_along() {
        const A: &str =
            "The board met on Tuesday in the old harbour house with all of its members.";
        const B: &str =
            "It counted 12 boats at the eastern pier that morning, more than ever before.";
        let (url, renamed) = ("http://courier.example/a", "http://courier.example/renamed");
        let consent = "<html><head><title>We value your privacy</title></head><body><h1>We value your \
                       privacy</h1><p>Accept all cookies to continue. 12 boats.</p></body></html>";
        let mut archive = Archive::new();
        archive.page(url, 1, &[A, B]);
        archive.response(url, 2, "200 OK", "", consent);
        let ask = |archive: &Archive| {
            let reader = archive.reader();
            let mut found = Vec::new();
            let phrase = Phrase::new("12 boats").unwrap();
            when::<StoreError>(
                &mut PageReader::new(&reader),
                &phrase,
                (None, None),
                &mut |stood| {
                    found.push((stood.last_seen.0.date, stood.gone_since, stood.versions));
                    Ok(())
                },
            )
            .unwrap();
            found
        };
        let at = Archive::at;
        assert_eq!(ask(&archive), [(at(1), None, 1)]);
        archive.response(url, 3, "301 Moved", &format!("Location: {renamed}\r\n"), "");
        assert_eq!(ask(&archive), [(at(1), None, 1)]);
        archive.page(renamed, 4, &[A, B]);
        assert_eq!(ask(&archive), [(at(3), None, 2), (at(4), None, 1)]);
        archive.status(url, 5, 404);
        assert_eq!(ask(&archive), [(at(3), Some(at(5)), 2), (at(4), None, 1)]);
    }

    proptest! {
        #[test]
        fn a_text_holds_its_own_words(text in "\\PC{0,60}") {
            if let Some(phrase) = Phrase::new(&text) {
                // As pages are kept.
                let inside = format!("( {text} )");
                let inside = composed(&inside);
                prop_assert!(phrase.is_in_text(&inside));
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}

//! Text as searchable words: what a word is, and which spellings of it are equal.
//!
//! Words have the boundaries of [`history::phrase`](crate::history::phrase), so that everything that
//! it finds is also found by words. In addition, letters that a reader considers the same are equal:
//! case, accents and ligatures of Latin, Greek and Cyrillic letters; vowel signs, tatweel and the forms of alef,
//! yeh and keheh in Arabic; points in Hebrew; digits of any script; full-width letters. There is no stemming, and
//! final forms are kept.
//!
//! Scripts without spaces between words (Chinese, Japanese, Thai and similar) are cut into pairs of
//! characters, and the last character of a run is also a token by itself, so that one character can be found:
//! it begins a pair, or is the last.
//!
//! ```text
//! 旧港口 boats  →  旧港  港口  口(last)  boats
//! ```

use std::ops::Range;

use crate::base::normal_form::{ascii_letters, combining_class, decomposed};
use crate::history::phrase::{is_of_word, is_passed_over, small};

/// A longer word is cut: it is not a real word, and no user types it.
pub const WORD_CHARS_MAX: usize = 64;

/// The kind of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A word delimited by spaces or marks.
    Word,
    /// Two characters of a script without spaces.
    Pair,
    /// The last character of a run of those.
    Last,
}

/// A word of a text, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The folded word; never empty.
    pub text: String,
    /// What it is.
    pub kind: TokenKind,
    /// Where it is in the text, in bytes.
    pub range: Range<usize>,
}

/// The words of a text, in order.
#[must_use]
pub fn tokens(text: &str) -> Vec<Token> {
    let mut cutter = Cutter::default();
    for (at, c) in text.char_indices() {
        if is_passed_over(c) {
            continue;
        }
        let end = at + c.len_utf8();
        if c.is_ascii() {
            cutter.take(c.to_ascii_lowercase(), at..end);
        } else {
            for c in small(c) {
                cutter.take(c, at..end);
            }
        }
    }
    cutter.end_word();
    cutter.end_run();
    cutter.found
}

#[derive(Default)]
struct Cutter {
    found: Vec<Token>,
    word: Option<(String, Range<usize>, usize)>,
    /// The last character of a run without spaces, and where it is.
    run: Option<(char, Range<usize>)>,
}

impl Cutter {
    fn take(&mut self, c: char, at: Range<usize>) {
        if is_of_word(c) {
            self.end_run();
            let (word, range, chars) =
                self.word.get_or_insert_with(|| (String::new(), at.clone(), 0));
            range.end = at.end;
            *chars += 1;
            if *chars <= WORD_CHARS_MAX {
                fold(c, word);
            }
        } else if c.is_alphanumeric() {
            self.end_word();
            if let Some((before, range)) = self.run.replace((c, at.clone())) {
                let text = String::from_iter([before, c]);
                self.found.push(Token { text, kind: TokenKind::Pair, range: range.start..at.end });
            }
        } else {
            self.end_word();
            self.end_run();
        }
    }

    fn end_word(&mut self) {
        if let Some((text, range, _)) = self.word.take()
            && !text.is_empty()
        {
            self.found.push(Token { text, kind: TokenKind::Word, range });
        }
    }

    fn end_run(&mut self) {
        if let Some((c, range)) = self.run.take() {
            self.found.push(Token { text: c.to_string(), kind: TokenKind::Last, range });
        }
    }
}

/// Adds what a letter or digit, in lower case, is folded to; nothing for a sign that is left out.
fn fold(c: char, out: &mut String) {
    match c {
        _ if c.is_ascii() => out.push(c),
        // Latin, with its extensions and ligatures; "½" and "²" are not folded to digits.
        '\u{80}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' | '\u{fb00}'..='\u{fb06}'
            if c.is_alphabetic() =>
        {
            let mut buffer = [0; 4];
            // "ß" in capitals is two letters; it is folded to two letters here.
            let letters = ascii_letters(c.encode_utf8(&mut buffer));
            out.extend(
                letters.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase),
            );
        }
        'ς' => out.push('σ'),
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => {
            out.extend(decomposed(c).filter(|c| combining_class(*c) == 0 && c.is_alphanumeric()));
        }
        'ё' => out.push('е'),
        // Points and accents of Hebrew.
        '\u{591}'..='\u{5c7}' => {}
        // Honorifics, vowel signs, Koran marks and tatweel of Arabic.
        '\u{610}'..='\u{61a}'
        | '\u{640}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{6d6}'..='\u{6ed}' => {}
        'آ' | 'أ' | 'إ' | 'ٱ' => out.push('ا'),
        'ى' | 'ی' => out.push('ي'),
        'ک' => out.push('ك'),
        '\u{660}'..='\u{669}' => digit(c, '\u{660}', out),
        '\u{6f0}'..='\u{6f9}' => digit(c, '\u{6f0}', out),
        '\u{966}'..='\u{96f}' => digit(c, '\u{966}', out),
        // Full-width digits and letters.
        '\u{ff10}'..='\u{ff19}' => digit(c, '\u{ff10}', out),
        '\u{ff41}'..='\u{ff5a}' => {
            out.extend(char::from_u32(u32::from(c) - 0xff41 + u32::from('a')));
        }
        _ => out.push(c),
    }
}

fn digit(c: char, zero: char, out: &mut String) {
    out.extend(char::from_digit(u32::from(c) - u32::from(zero), 10));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::phrase::Phrase;
    use proptest::prelude::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn spellings_of_one_word_are_one_word() {
        for (text, expected) in [
            ("The Harbour-Board’s 12 boats", "the harbour board s 12 boats"),
            ("co\u{ad}operate", "cooperate"),
            ("CAFÉ Ångström Łódź", "cafe angstrom lodz"),
            ("Straße STRASSE", "strasse strasse"),
            ("İstanbul ışık", "istanbul isik"),
            ("Ærø œuvre", "aero oeuvre"),
            ("Ὀδυσσεύς ΟΔΥΣΣΕΥΣ", "οδυσσευσ οδυσσευσ"),
            ("Ещё мой Йод", "еще мой йод"),
            ("العَرَبِيَّة أكـــبر إلى", "العربية اكبر الي"),
            ("ایران کتاب", "ايران كتاب"),
            ("שָׁלוֹם ספרים", "שלום ספרים"),
            ("٤٢ ۴۲ ４２", "42 42 42"),
            ("ＡＢＣ", "abc"),
            ("हिन्दी", "हिन दी"),
            ("旧港口 boats", "旧港 港口 口 boats"),
            ("港", "港"),
            ("東京2026年", "東京 京 2026 年"),
            ("", ""),
            (" — “”…", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text:?}");
        }
        assert_eq!(words(&"x".repeat(200)), ["x".repeat(WORD_CHARS_MAX)]);
    }

    #[test]
    fn a_token_knows_where_it_stands() {
        let text = "„Straße“ 旧港口!";
        let found: Vec<&str> =
            tokens(text).iter().map(|token| &text[token.range.clone()]).collect();
        assert_eq!(found, ["Straße", "旧港", "港口", "口"]);
    }

    /// Whether the words of a phrase stand in those of a text, one after the other.
    fn stands(phrase: &str, text: &str) -> bool {
        // A vowel sign alone is a letter to a phrase and not a word: a query for it matches every page.
        let wanted = crate::search::query::Words::new(phrase);
        wanted.is_none_or(|wanted| !wanted.places(&tokens(text)).is_empty())
    }

    fn piece() -> impl Strategy<Value = String> {
        const PARTS: &[&str] = &[
            "the",
            "Boat",
            "12",
            "é",
            "É",
            "ß",
            "旧",
            "港",
            "口",
            "日本",
            "ที่",
            "บ้าน",
            "أ",
            "َ",
            "ـ",
            "ש",
            "ָ",
            "हि",
            "न्",
            "İ",
            "σ",
            "ς",
            "Σ",
            " ",
            "  ",
            "\n\n",
            "-",
            "—",
            "’",
            "\"",
            "\u{ad}",
            "\u{301}",
            "…",
            ".",
            "½",
            "ﬁ",
            "ａ",
            "٣",
        ];
        proptest::collection::vec(proptest::sample::select(PARTS), 0..14)
            .prop_map(|parts| parts.concat())
    }

    proptest! {
        /// Everything that `when` finds is found by words.
        #[test]
        fn words_find_every_phrase(before in piece(), phrase in piece(), after in piece()) {
            let text = format!("{before}{phrase}{after}");
            if let Some(exact) = Phrase::new(&phrase) && exact.is_in_text(&text) {
                prop_assert!(stands(&phrase, &text), "{phrase:?} in {text:?}: {:?} in {:?}", words(&phrase), words(&text));
            }
        }

        #[test]
        fn ranges_rise_and_lie_between_characters(text in "\\PC{0,80}") {
            let mut last = 0;
            for token in tokens(&text) {
                prop_assert!(token.range.start >= last && text.get(token.range.clone()).is_some());
                last = token.range.start;
                prop_assert!(!token.text.is_empty());
            }
        }
    }
}

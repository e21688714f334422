//! Canonical forms of text (Unicode Standard Annex 15): "é" as one character or as "e" with an accent is
//! one letter.
//!
//! Texts that are compared, names and keys go through here; what is stored and shown stays as the page
//! has it. Deliberately no compatibility forms in comparing ("½" is not "1/2"): those change the meaning.
//! The one file that names `icu_normalizer`.

use std::borrow::Cow;

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// The text in Normalisation Form C; borrowed where it is in that form already, as almost all text is.
#[must_use]
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Whether a text is in Normalisation Form C.
#[must_use]
pub fn is_composed(text: &str) -> bool {
    text.is_ascii() || ComposingNormalizerBorrowed::new_nfc().is_normalized(text)
}

/// The characters in Normalisation Form C, one by one.
pub fn composed_chars(chars: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    ComposingNormalizerBorrowed::new_nfc().normalize_iter(chars)
}

/// The full canonical decomposition of one character, in canonical order.
pub fn decomposed(c: char) -> impl Iterator<Item = char> {
    DecomposingNormalizerBorrowed::new_nfd().normalize_iter(std::iter::once(c))
}

/// The place of a mark among those on one letter; 0 for what stands by itself.
#[must_use]
pub fn combining_class(c: char) -> u8 {
    if c.is_ascii() { 0 } else { CanonicalCombiningClassMapBorrowed::new().get_u8(c) }
}

/// The text with Latin letters reduced to ASCII where that is usual: accents are dropped ("é", "ş"),
/// ligatures and letters of their own are spelled ("æ" as "ae", "ß" as "ss", "ł" as "l"). Other
/// scripts stay as they are.
#[must_use]
pub fn ascii_letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(text.chars()) {
        match c {
            'ß' => out.push_str("ss"),
            'ẞ' => out.push_str("SS"),
            'æ' => out.push_str("ae"),
            'Æ' => out.push_str("AE"),
            'œ' => out.push_str("oe"),
            'Œ' => out.push_str("OE"),
            'ø' => out.push('o'),
            'Ø' => out.push('O'),
            'ł' => out.push('l'),
            'Ł' => out.push('L'),
            'đ' | 'ð' => out.push('d'),
            'Đ' | 'Ð' => out.push('D'),
            'þ' => out.push_str("th"),
            'Þ' => out.push_str("Th"),
            'ħ' => out.push('h'),
            'Ħ' => out.push('H'),
            'ı' => out.push('i'),
            'ŋ' => out.push('n'),
            'Ŋ' => out.push('N'),
            'ə' => out.push('a'),
            'Ə' => out.push('A'),
            c if combining_class(c) != 0 => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_has_one_composed_form() {
        for (a, b) in [
            ("Jose\u{301}", "José"),
            ("Nguye\u{302}\u{303}n", "Nguyễn"),
            ("Nguye\u{303}\u{302}n", "Nguyẽ\u{302}n"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("\u{212b}", "Å"),
            ("plain", "plain"),
        ] {
            assert_eq!(composed(a), b, "{a}");
            assert!(is_composed(b) && composed_chars(a.chars()).eq(b.chars()), "{a}");
        }
        assert!(!is_composed("e\u{301}") && is_composed("ﬁ ½"));
        assert!(decomposed('ễ').eq(['e', '\u{302}', '\u{303}']));
        assert_eq!((combining_class('\u{301}'), combining_class('e')), (230, 0));
    }

    #[test]
    fn latin_letters_have_ascii_ones() {
        for (text, wanted) in [
            ("Müller", "Muller"),
            ("Łukasz Đặng Ærø", "Lukasz Dang AEro"),
            ("Großmann", "Grossmann"),
            ("Şahin İnan ışık", "Sahin Inan isik"),
            ("Þór", "Thor"),
            ("Иван", "Иван"),
        ] {
            assert_eq!(ascii_letters(text), wanted);
        }
    }

    proptest::proptest! {
        #[test]
        fn decomposing_each_character_loses_nothing(text in "\\PC{0,20}") {
            let parts: String = text.chars().flat_map(decomposed).collect();
            proptest::prop_assert_eq!(composed(&parts), composed(&text));
        }
    }
}

//! What two spellings of the same words have in common: the folded form sentences are matched by.
//!
//! Folded away is notation only: white space, the shape of quotation marks, apostrophes and dashes,
//! ellipses, soft hyphens, zero-width characters, and whether an accent is a character of its own.
//! Letters keep their case and digits are never touched, because a changed digit is the change that
//! matters most. The folded form is an iterator, so that hashing and comparing stay linear and cheap;
//! nothing is allocated but for the few texts that are not in Normalisation Form C.
//!
//! The idea of matching on a normalised line and showing the original is that of `diff -w`; which
//! characters count as notation follows the Quotation_Mark and Dash properties of UAX #44.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

use crate::base::normal_form;

/// The characters of `text` with notation folded away.
pub(super) struct Folded<'a> {
    rest: Letters<'a>,
    previous: char,
    queued: Option<char>,
}

/// The characters of a text in Normalisation Form C. It is cheap to clone, for lookahead.
#[derive(Clone)]
enum Letters<'a> {
    /// A text that is in that form.
    AsWritten(std::str::Chars<'a>),
    /// One that was brought into it, from a place on.
    Composed(Rc<[char]>, usize),
}

impl Iterator for Letters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Self::AsWritten(chars) => chars.next(),
            Self::Composed(chars, at) => {
                let c = chars.get(*at).copied()?;
                *at += 1;
                Some(c)
            }
        }
    }
}

/// Folds `text`. White space at both ends is dropped.
pub(super) fn folded(text: &str) -> Folded<'_> {
    let text = text.trim();
    let rest = if text.is_ascii() || !text.contains(is_wide_form) && normal_form::is_composed(text)
    {
        Letters::AsWritten(text.chars())
    } else {
        let chars = text.chars().flat_map(plain_form);
        Letters::Composed(normal_form::composed_chars(chars).collect(), 0)
    };
    Folded { rest, previous: ' ', queued: None }
}

/// Whether a character is another form of ASCII: as wide as a Han character, or two letters in one.
fn is_wide_form(c: char) -> bool {
    matches!(c, '\u{ff01}'..='\u{ff5e}' | '\u{fb00}'..='\u{fb04}')
}

/// The ASCII characters of such a form; any other character as it is.
fn plain_form(c: char) -> impl Iterator<Item = char> {
    let (first, rest) = match c {
        '\u{ff01}'..='\u{ff5e}' => (char::from_u32(u32::from(c) - 0xff01 + 0x21).unwrap_or(c), ""),
        '\u{fb00}' => ('f', "f"),
        '\u{fb01}' => ('f', "i"),
        '\u{fb02}' => ('f', "l"),
        '\u{fb03}' => ('f', "fi"),
        '\u{fb04}' => ('f', "fl"),
        c => (c, ""),
    };
    std::iter::once(first).chain(rest.chars())
}

/// Whether a character is some form of double quotation mark.
pub(super) fn is_double_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}'..='\u{201f}' | '«' | '»' | '\u{300c}'..='\u{300f}' | '\u{301d}'..='\u{301f}' | '＂')
}

/// Whether a character is a single quotation mark or an apostrophe.
pub(super) fn is_single_quote(c: char) -> bool {
    matches!(
        c,
        '\'' | '\u{2018}'
            ..='\u{201b}' | '\u{2039}' | '\u{203a}' | '`' | '´' | '\u{2032}' | '\u{02bc}' | '＇'
    )
}

/// Whether a character is a hyphen or dash, or the minus sign.
pub(super) fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

pub(super) fn is_invisible(c: char) -> bool {
    // The stroke that stretches Arabic words is invisible, too.
    // So are the marks of short vowels, which the press writes or leaves out.
    matches!(c, '\u{ad}' | '\u{640}' | '\u{64b}'..='\u{652}' | '\u{670}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}')
}

impl Folded<'_> {
    fn next_visible(&mut self) -> Option<char> {
        self.rest.find(|&c| !is_invisible(c))
    }

    fn peek_visible(&self) -> Option<char> {
        self.rest.clone().find(|&c| !is_invisible(c))
    }

    /// Whether a closing quotation mark comes next: it is not followed by a letter.
    fn closes_next(&self) -> bool {
        let mut ahead = self.rest.clone().filter(|&c| !is_invisible(c));
        let mark = ahead.next().is_some_and(|c| is_double_quote(c) || is_single_quote(c));
        mark && !ahead.next().is_some_and(char::is_alphanumeric)
    }

    fn skip_while(&mut self, wanted: impl Fn(char) -> bool) {
        let mut ahead = self.rest.clone();
        while let Some(c) = ahead.next() {
            if !is_invisible(c) && !wanted(c) {
                return;
            }
            self.rest = ahead.clone();
        }
    }

    fn fold(&mut self, c: char) -> char {
        if c.is_whitespace() {
            self.skip_while(char::is_whitespace);
            return match self.peek_visible() {
                Some(next) if is_dash(next) => {
                    let _ = self.next_visible();
                    self.fold(next)
                }
                // The inner space of French quotation marks is notation.
                Some('»') => {
                    let _ = self.next_visible();
                    '"'
                }
                _ => ' ',
            };
        }
        if is_dash(c) {
            self.skip_while(|c| is_dash(c) || c.is_whitespace());
            return '-';
        }
        if c == '«' {
            self.skip_while(char::is_whitespace);
            return '"';
        }
        if is_double_quote(c) {
            return '"';
        }
        if is_single_quote(c) {
            // Inside a word it is an apostrophe; elsewhere it quotes, as British papers do.
            let inside = self.previous.is_alphanumeric()
                && self.peek_visible().is_some_and(char::is_alphanumeric);
            return if inside { '\'' } else { '"' };
        }
        match c {
            // Russian papers write it with and without its dots.
            'ё' => 'е',
            'Ё' => 'Е',
            // Persian letters typed on an Arabic keyboard.
            'ي' => 'ی',
            'ك' => 'ک',
            c => c,
        }
    }
}

impl Iterator for Folded<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(c) = self.queued.take() {
            return Some(c);
        }
        let c = self.next_visible()?;
        if c.is_ascii_alphanumeric() {
            self.previous = c;
            return Some(c);
        }
        if c == '…' {
            self.rest = self.rest.clone();
            self.queued = Some('.');
            self.previous = '.';
            return Some('.');
        }
        if c == '.' && self.previous != '.' {
            // Three full stops are an ellipsis, which folds to two so that "…" need queue only one.
            let mut ahead = self.rest.clone();
            if ahead.next() == Some('.') && ahead.next() == Some('.') {
                self.rest = ahead;
                self.queued = Some('.');
                self.previous = '.';
                return Some('.');
            }
        }
        if matches!(c, ',' | '.') && self.previous.is_alphanumeric() && self.closes_next() {
            // American publishers put the mark inside, British ones outside; this is notation.
            self.next_visible();
            self.queued = Some(c);
            self.previous = c;
            return Some('"');
        }
        let folded = self.fold(c);
        self.previous = folded;
        Some(folded)
    }
}

/// Whether two texts say the same but for notation.
#[must_use]
pub fn same_words(a: &str, b: &str) -> bool {
    a == b || folded(a).eq(folded(b))
}

/// A key equal for texts that are [`same_words`]. Not stable between versions of the program.
pub(super) fn key(text: &str) -> u64 {
    let mut hasher = Fnv::new();
    for c in folded(text) {
        hasher.write_char(c);
    }
    hasher.finish()
}

/// FNV-1a over characters with a final mix: fast and without a seed, so that answers are
/// deterministic. Equal keys are checked by comparing the texts, so a collision costs only time.
pub(super) struct Fnv(u64);

impl Fnv {
    pub(super) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(super) fn write_char(&mut self, c: char) {
        self.0 = (self.0 ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        let mut mixed = self.0;
        mixed ^= mixed >> 32;
        mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 ^= self.0 >> 31;
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }
}

/// The seedless hasher for the maps of this module.
#[derive(Clone, Copy, Default)]
pub(super) struct Seedless;

impl std::hash::BuildHasher for Seedless {
    type Hasher = Fnv;

    fn build_hasher(&self) -> Fnv {
        Fnv::new()
    }
}

/// A map with deterministic behaviour.
pub(super) type Map<K, V> = std::collections::HashMap<K, V, Seedless>;

/// Hashes a sequence of keys into one: what a whole text says, whatever its notation.
pub(super) fn key_of_all(keys: impl IntoIterator<Item = u64>) -> u64 {
    let mut hasher = Fnv::new();
    for key in keys {
        key.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fold(text: &str) -> String {
        folded(text).collect()
    }

    #[test]
    fn notation_is_folded_and_digits_are_not() {
        let cases = [
            ("“We won’t go,” she said.", "\"We won't go,\" she said.", true),
            ("‘We won’t go,’ she said.", "\"We won't go,\" she said.", true),
            ("„Nein“, sagte er.", "\"Nein\", sagte er.", true),
            ("« Non », dit-il.", "\"Non\", dit-il.", true),
            ("the plan — a bad one — fell", "the plan - a bad one - fell", true),
            ("the plan—a bad one—fell", "the plan – a bad one – fell", true),
            ("two\u{a0}thousand  men\n", "two thousand men", true),
            ("and so on…", "and so on...", true),
            ("“We will go,” she said.", "“We will go”, she said.", true),
            ("It was ‘a mistake.’", "It was ‘a mistake’.", true),
            ("“We will go.” She left.", "“We will go”. She left.", true),
            ("“We will go.” She left.", "“We will go” She left.", false),
            ("„Nein“, sagte er.", "„Nein,“ sagte er.", true),
            ("co\u{ad}operate", "cooperate", true),
            ("12 people died", "13 people died", false),
            ("the Bank fell", "the bank fell", false),
            ("the players' union", "the players’ union", true),
            ("it's", "its", false),
            ("Le maire a de\u{301}missionne\u{301}.", "Le maire a démissionné.", true),
            ("Nguye\u{302}\u{303}n \u{1112}\u{1161}\u{11ab}", "Nguyễn 한", true),
            ("un de\u{301}cret — l’e\u{301}te\u{301}", "un décret - l'été", true),
            ("il a démissionné", "il a demissionne", false),
            ("½ cup", "1/2 cup", false),
            ("It rained！", "It rained!", true),
            ("the ﬁrst ofﬁce", "the first office", true),
            ("价格是１２元", "价格是12元", true),
            ("价格是１２元", "价格是13元", false),
            ("Ещё один дом", "Еще один дом", true),
            ("الجســـر", "الجسر", true),
        ];
        for (a, b, same) in cases {
            assert_eq!(same_words(a, b), same, "{a:?} {b:?} {:?} {:?}", fold(a), fold(b));
            assert_eq!(key(a) == key(b), same, "{a:?} {b:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_never_panics_and_equal_texts_have_equal_keys(text in "\\PC{0,60}") {
            let padded = format!(" {text}\n");
            prop_assert!(same_words(&text, &padded));
            prop_assert_eq!(key(&text), key(&text));
        }

        #[test]
        fn a_text_and_its_decomposed_form_are_one(text in "[\\PCàễñ한äÅ]{0,40}") {
            let apart: String = text.chars().flat_map(normal_form::decomposed).collect();
            prop_assert!(same_words(&text, &apart), "{:?} {:?}", fold(&text), fold(&apart));
            prop_assert_eq!(key(&text), key(&apart));
        }

        #[test]
        fn digits_survive(text in "[0-9 a-z“”—.]{0,40}") {
            let digits = |t: &str| t.chars().filter(char::is_ascii_digit).collect::<String>();
            prop_assert_eq!(digits(&fold(&text)), digits(&text));
        }
    }
}

//! A sentence as words: the range, the identity and the weight of each.
//!
//! A word is a run of letters and digits with the marks that hold a number, an abbreviation or a
//! contraction together ("1,200", "3.5", "U.S.", "don't"); every other visible character is a token
//! of its own, hyphens too, so that "4-hour" and "four-hour" differ in one token. Marks on a letter belong
//! to it, so that a separate accent does not split a word. Which words a
//! language uses most is known for English only; for other languages the frequency in the two pages counts.

use std::hash::Hasher;
use std::ops::Range;

use super::normal::{Fnv, is_dash, is_double_quote, is_single_quote};
use crate::base::normal_form::{combining_class, composed_chars};

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A word that begins with a lower-case letter, or has no case.
    Word,
    /// A word that begins with a capital.
    Capital,
    /// A word with a digit in it.
    Number,
    /// Anything else that can be seen.
    Mark,
}

/// A token of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// Where it is in the text it was cut from.
    pub range: Range<usize>,
    /// Equal for tokens that are the same but for notation.
    pub id: u64,
    /// What it is made of.
    pub class: Class,
    /// Whether it is one of the commonest words, or a mark.
    pub common: bool,
}

impl Token {
    /// Whether it is a word or a number.
    pub(super) fn is_word(&self) -> bool {
        self.class != Class::Mark
    }

    /// The weight of an equal token as evidence that two sentences are one, before rarity is counted.
    pub(super) fn weight(&self) -> f32 {
        match (self.class, self.common) {
            (Class::Mark, _) => 0.05,
            (_, true) => 0.3,
            (Class::Word, false) => 1.0,
            (Class::Capital | Class::Number, false) => 1.4,
        }
    }
}

fn is_joiner(c: char) -> bool {
    matches!(c, '.' | ',' | ':' | '·') || is_group_space(c) || is_single_quote(c)
}

/// The scripts without spaces between words: there a Han character and a kana of grammar is a token, and a
/// run of Katakana is one word. So one changed character is one change, without a dictionary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Spaced,
    Han,
    Hiragana,
    Katakana,
}

fn script(c: char) -> Script {
    match u32::from(c) {
        0x3041..=0x309f => Script::Hiragana,
        0x30a0..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f => Script::Katakana,
        0x3005..=0x3007
        | 0x3400..=0x4dbf
        | 0x4e00..=0x9fff
        | 0xf900..=0xfaff
        | 0x20000..=0x323af => Script::Han,
        _ => Script::Spaced,
    }
}

/// Whether a letter continues the word of the letter before it.
fn goes_on(word: Script, c: char) -> bool {
    matches!(word, Script::Spaced | Script::Katakana) && script(c) == word
}

/// Whether a text is written without spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    script(c) != Script::Spaced
}

/// The spaces that separate thousands; a plain space separates words.
fn is_group_space(c: char) -> bool {
    matches!(c, '\u{2009}' | '\u{202f}' | '\u{a0}')
}

fn joins(before: char, mark: char, after: char) -> bool {
    if is_single_quote(mark) {
        return before.is_alphabetic() && after.is_alphabetic();
    }
    match mark {
        '.' if before.is_uppercase() && after.is_uppercase() => true,
        '.' | ',' | ':' => before.is_ascii_digit() && after.is_ascii_digit(),
        '·' => before.is_alphabetic() && after.is_alphabetic(),
        c if is_group_space(c) => before.is_ascii_digit() && after.is_ascii_digit(),
        _ => false,
    }
}

/// Cuts `text[range]` into tokens whose ranges are in `text`.
pub(super) fn tokenize(text: &str, range: Range<usize>) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(range.len() / 5 + 4);
    tokenize_into(text, range, &mut tokens);
    tokens
}

/// As [`tokenize`], appending.
pub(super) fn tokenize_into(text: &str, range: Range<usize>, tokens: &mut Vec<Token>) {
    let Some(slice) = text.get(range.clone()) else { return };
    let mut chars = slice.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut end = start + first.len_utf8();
        if !first.is_alphanumeric() {
            tokens.push(mark(first, range.start + start..range.start + end));
            continue;
        }
        let mut last = first;
        let mut digit = first.is_numeric() && script(first) == Script::Spaced;
        let word = script(first);
        while let Some(&(at, c)) = chars.peek() {
            if c.is_alphanumeric() {
                if !goes_on(word, c) {
                    break;
                }
                digit |= c.is_numeric();
            } else if c == '\u{ad}' || (is_joiner(c) && next_joins(slice, at, last, c)) {
                // Taken with the word.
            } else if combining_class(c) != 0 {
                // Taken with its letter, which what follows is joined to.
                end = at + c.len_utf8();
                chars.next();
                continue;
            } else {
                break;
            }
            last = c;
            end = at + c.len_utf8();
            chars.next();
        }
        let word = slice.get(start..end).unwrap_or_default();
        tokens.push(Token {
            range: range.start + start..range.start + end,
            id: word_id(word),
            class: match (digit, first.is_uppercase()) {
                (true, _) => Class::Number,
                (false, true) => Class::Capital,
                (false, false) => Class::Word,
            },
            common: !digit && (script(first) == Script::Hiragana || is_common(word)),
        });
    }
}

fn next_joins(slice: &str, at: usize, before: char, mark: char) -> bool {
    let after = slice.get(at + mark.len_utf8()..).and_then(|rest| rest.chars().next());
    after.is_some_and(|after| joins(before, mark, after))
}

fn mark(c: char, range: Range<usize>) -> Token {
    let folded = if is_dash(c) {
        '-'
    } else if is_double_quote(c) || is_single_quote(c) {
        '"'
    } else {
        c
    };
    let mut hasher = Fnv::new();
    hasher.write_char(folded);
    Token { range, id: hasher.finish(), class: Class::Mark, common: true }
}

/// The identity of a word: its letters, apostrophes folded, soft hyphens dropped.
pub(super) fn word_id(word: &str) -> u64 {
    id_of(word.chars(), word.is_ascii())
}

fn id_of(letters: impl Iterator<Item = char>, is_ascii: bool) -> u64 {
    let mut hasher = Fnv::new();
    let letters = letters.filter(|c| *c != '\u{ad}');
    let letters = letters.map(|c| if is_single_quote(c) { '\'' } else { c });
    if is_ascii {
        letters.for_each(|c| hasher.write_char(c));
    } else {
        composed_chars(letters).for_each(|c| hasher.write_char(c));
    }
    hasher.finish()
}

/// The identity of a word whatever its case, for matching a sentence's first word.
pub(super) fn caseless_id(word: &str) -> u64 {
    id_of(word.chars().flat_map(char::to_lowercase), word.is_ascii())
}

/// The commonest words of English: articles, pronouns, prepositions, auxiliaries, and the verbs
/// every report uses. Sorted, for binary search.
const COMMON: [&str; 127] = [
    "a", "about", "after", "again", "all", "also", "an", "and", "any", "are", "as", "at", "back",
    "be", "because", "been", "before", "being", "between", "both", "but", "by", "can", "could",
    "did", "do", "does", "down", "during", "each", "even", "every", "first", "for", "from", "get",
    "had", "has", "have", "he", "her", "here", "him", "his", "how", "i", "if", "in", "into", "is",
    "it", "its", "just", "last", "like", "made", "make", "many", "may", "me", "might", "more",
    "most", "much", "must", "my", "new", "no", "not", "now", "of", "off", "on", "one", "only",
    "or", "other", "our", "out", "over", "own", "said", "say", "says", "she", "should", "since",
    "so", "some", "still", "such", "than", "that", "the", "their", "them", "then", "there",
    "these", "they", "this", "those", "through", "to", "told", "too", "two", "under", "until",
    "up", "us", "very", "was", "we", "were", "what", "when", "where", "which", "while", "who",
    "will", "with", "would", "year", "you", "your",
];

/// Whether a word is one of the commonest of English, whatever its case.
pub(super) fn is_common(word: &str) -> bool {
    if word.len() > 7 || !word.is_ascii() {
        return false;
    }
    let mut lower = [0_u8; 7];
    let Some(slot) = lower.get_mut(..word.len()) else { return false };
    slot.copy_from_slice(word.as_bytes());
    slot.make_ascii_lowercase();
    let slot = &*slot;
    COMMON.binary_search_by(|probe| probe.as_bytes().cmp(slot)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokenize(text, 0..text.len()).into_iter().map(|t| &text[t.range]).collect()
    }

    #[test]
    fn the_common_words_are_sorted() {
        assert!(COMMON.is_sorted());
        assert!(is_common("The") && is_common("would") && !is_common("mayor"));
    }

    #[test]
    fn numbers_abbreviations_and_contractions_stay_whole() {
        assert_eq!(
            words("1,200 of the U.S. men don't"),
            ["1,200", "of", "the", "U.S", ".", "men", "don't"]
        );
        assert_eq!(
            words("$50M, 3.5% (4-hour)"),
            ["$", "50M", ",", "3.5", "%", "(", "4", "-", "hour", ")"]
        );
        assert_eq!(words("players’ “no”"), ["players", "’", "“", "no", "”"]);
    }

    #[test]
    fn a_mark_belongs_to_its_letter() {
        for (apart, whole) in [
            ("de\u{301}mission l'e\u{301}te\u{301}", "démission l'été"),
            ("O\u{308}l-Preis", "Öl-Preis"),
        ] {
            let ids =
                |text: &str| tokenize(text, 0..text.len()).iter().map(|t| t.id).collect::<Vec<_>>();
            assert_eq!(ids(apart), ids(whole), "{:?}", words(apart));
            assert_eq!(caseless_id(apart), caseless_id(&whole.to_uppercase()));
        }
        assert_eq!(words("नमस्ते दुनिया"), ["नमस्ते", "दुनिया"]);
    }

    #[test]
    fn scripts_without_spaces_are_cut_by_characters() {
        assert_eq!(words("费用将达1400万元。"), ["费", "用", "将", "达", "1400", "万", "元", "。"]);
        assert_eq!(words("コーヒーを3杯"), ["コーヒー", "を", "3", "杯"]);
        assert_eq!(words("서울시는 3일"), ["서울시는", "3일"]);
    }

    #[test]
    fn tokens_tell_notation_from_words() {
        let id =
            |text: &str| tokenize(text, 0..text.len()).iter().map(|t| t.id).collect::<Vec<_>>();
        assert_eq!(id("“don’t” —"), id("\"don't\" -"));
        assert_ne!(id("don't"), id("dont"));
    }
}

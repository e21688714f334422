//! Sets of words, written as a line of text.
//!
//! Owns the form of the word lists of sentences, quotations, names and figures: one string, words
//! separated by white space, turned into a set on first use. Deliberately holds no list itself.

/// Declares a set of words: `words!(NAME, "one two three");`, queried with `NAME.contains(word)`.
macro_rules! words {
    ($name:ident, $list:expr) => {
        static $name: std::sync::LazyLock<$crate::base::word_map::WordSet> =
            std::sync::LazyLock::new(|| $list.split_ascii_whitespace().collect());
    };
}

pub(crate) use words;

/// Whether a text ends as a sentence does, in any script; closing marks may stand behind the stop.
pub(crate) fn ends_as_sentence(text: &str) -> bool {
    text.ends_with([
        '.', '!', '?', '…', '"', '”', '»', ':', '。', ')', '’', ';', ',', '！', '？', '｡', '」',
        '』', '）', '।', '॥', '؟', '۔', '؛', '“', '‘', '’', '）', '：', '；', '׃',
    ])
}

//! Text as it is compared with quotations: which characters count, which are equal, and what a word is.

use std::ops::Range;

use crate::base::normal_form::{combining_class, decomposed, is_composed};

/// One character that counts, and the bytes it stands for.
#[derive(Debug, Clone)]
pub(super) struct Folded {
    pub(super) character: char,
    pub(super) range: Range<usize>,
}

/// Whether accents are separate characters in the compared texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accents {
    /// As the text has them, which is in Form C.
    AsWritten,
    /// Separate, as required if one of the texts is not in Form C.
    Apart,
}

impl Accents {
    /// How texts are compared with `text`.
    pub(super) fn of(text: &str) -> Self {
        if is_composed(text) { Self::AsWritten } else { Self::Apart }
    }
}

/// The characters of a text that count. Runs of white space are one space, and none stands next to a dash: dashes
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
        // Two adjacent marks count as one: plain text sets "“" as "''".
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

/// Sorts the marks of each letter into canonical order.
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

/// Whether a character is part of a word in a script that separates words by spaces.
pub(super) fn is_of_word(c: char) -> bool {
    let is_hangul = matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7ff}');
    let is_unspaced =
        matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}');
    c.is_alphanumeric() && !is_unspaced && (is_hangul || !is_east_asian(c))
}

/// Whether two adjacent characters belong to one word.
pub(super) fn is_one_word(a: char, b: char) -> bool {
    let is_of = |c: char| is_of_word(c) || combining_class(c) != 0;
    is_of(a) && is_of(b)
}

/// The bytes of a run of characters; their ranges need not be in order where accents stand apart.
pub(super) fn bytes(run: &[Folded]) -> Range<usize> {
    let start = run.iter().map(|f| f.range.start).min().unwrap_or(0);
    start..run.iter().map(|f| f.range.end).max().unwrap_or(start)
}

/// The places of `text` where `words` begin, each letter of the text read once (Knuth, Morris and Pratt
/// 1977), however often they almost match.
pub(super) fn occurrences<'a>(
    words: &'a [char],
    text: &'a [char],
) -> impl Iterator<Item = usize> + 'a {
    // For each length of a match, the length of the longest shorter match that ends in the same letters.
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

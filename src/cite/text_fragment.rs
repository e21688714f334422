//! The text directive of a URL: `#:~:text=[prefix-,]start[,end][,-suffix]`, built, parsed and searched
//! (WICG, "URL Fragment Text Directives", sections 3.1, 3.5 and 3.6).
//!
//! Built for the article as it was extracted, whose blocks are separated by line ends: no part crosses a
//! block, since a browser searches each inside one. Deliberately adds no context if the words
//! alone lead to the right place: the page around the article may change while the words stay.

use std::fmt;
use std::ops::Range;

use super::folded::{is_of_word, words};

/// Longer words are given by their beginning and end.
const EXACT_CHARS_MAX: usize = 300;
/// The number of words then given of each end.
const END_WORDS: usize = 5;
/// The most characters of each end, for very long words.
const END_CHARS_MAX: usize = 100;
/// How many words of context are tried, in turn.
const CONTEXT_WORDS: [usize; 4] = [2, 4, 8, 16];

/// A text directive.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directive {
    /// The text right before.
    pub prefix: Option<String>,
    /// The words, or their beginning.
    pub start: String,
    /// Their end.
    pub end: Option<String>,
    /// The text right after.
    pub suffix: Option<String>,
}

impl Directive {
    /// The directive that leads to `range` of `text`; the range lies on character boundaries.
    #[must_use]
    pub fn build(text: &str, range: &Range<usize>) -> Self {
        let bare = Self::without_context(text, range);
        if bare.find(text).as_ref() == Some(range) {
            return bare;
        }
        let before = line_before(text, range.start);
        let after = line_after(text, range.end);
        let mut widest = bare.clone();
        for count in CONTEXT_WORDS {
            let (prefix, suffix) = (last_words(before, count), first_words(after, count));
            for (prefix, suffix) in [(&prefix, &None), (&None, &suffix), (&prefix, &suffix)] {
                let tried = Self { prefix: prefix.clone(), suffix: suffix.clone(), ..bare.clone() };
                if tried.find(text).as_ref() == Some(range) {
                    return tried;
                }
                widest = tried;
            }
        }
        widest
    }

    fn without_context(text: &str, range: &Range<usize>) -> Self {
        let quoted = &text[range.clone()];
        let lines: Vec<&str> = quoted.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
            return Self { start: quoted.to_owned(), ..Self::default() };
        };
        let is_one = lines.len() == 1;
        let count = words(quoted).len();
        if is_one && (quoted.chars().count() <= EXACT_CHARS_MAX || count < 2) {
            return Self { start: (*first).to_owned(), ..Self::default() };
        }
        // Characters of scripts without spaces count as words; more of them are needed for the same content.
        let is_spaced = |line: &str| line.chars().take(40).any(char::is_whitespace);
        let wanted = |line: &str| if is_spaced(line) { END_WORDS } else { END_WORDS * 4 };
        let limit = if is_one { count / 2 } else { usize::MAX };
        let start = first_words(first, wanted(first).min(limit));
        let end = last_words(last, wanted(last).min(limit));
        Self { start: start.unwrap_or_default(), end, ..Self::default() }
    }

    /// Reads the first text directive of a URL's fragment, or of what follows `#`. None where there
    /// is none, or it has no words.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let (_, directives) = url.split_once(":~:")?;
        let value = directives.split('&').find_map(|d| d.strip_prefix("text="))?;
        let mut parts: Vec<&str> = value.split(',').collect();
        let prefix = parts.first().and_then(|p| p.strip_suffix('-')).map(decode);
        if prefix.is_some() {
            parts.remove(0);
        }
        let suffix = parts.last().and_then(|p| p.strip_prefix('-')).map(decode);
        if suffix.is_some() {
            parts.pop();
        }
        match parts[..] {
            [start] if !start.is_empty() => {
                Some(Self { prefix, start: decode(start), end: None, suffix })
            }
            [start, end] if !start.is_empty() && !end.is_empty() => {
                Some(Self { prefix, start: decode(start), end: Some(decode(end)), suffix })
            }
            _ => None,
        }
    }

    /// The range it matches in a text whose blocks are separated by line ends: what a browser would show.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Range<usize>> {
        let text = Lower::of(text);
        let start = lower(&self.start);
        let prefix = self.prefix.as_deref().map(lower);
        let suffix = self.suffix.as_deref().map(lower);
        let end = self.end.as_deref().map(lower);
        let start_ends_word = end.is_some() || suffix.is_none();
        let follows = |to: usize| {
            suffix.as_ref().is_none_or(|suffix| text.is_at(suffix, text.skip_space(to), true))
        };
        let mut from = 0;
        loop {
            let at = match &prefix {
                None => text.search(&start, from, true, start_ends_word)?,
                Some(prefix) => {
                    let found = text.search(prefix, from, true, false)?;
                    from = found + 1;
                    let at = text.skip_space(found + prefix.len());
                    if !text.is_at(&start, at, start_ends_word) {
                        continue;
                    }
                    at
                }
            };
            if prefix.is_none() {
                from = at + 1;
            }
            let mut to = at + start.len();
            let Some(end) = &end else {
                if follows(to) {
                    return Some(text.bytes(at, to));
                }
                continue;
            };
            loop {
                // If no end follows this beginning, none follows a later one.
                to = text.search(end, to, true, suffix.is_none())? + end.len();
                if follows(to) {
                    return Some(text.bytes(at, to));
                }
            }
        }
    }

    /// The URL with this directive; an existing fragment is kept.
    #[must_use]
    pub fn link(&self, url: &str) -> String {
        let url = url.split(":~:").next().unwrap_or(url);
        let hash = if url.contains('#') { "" } else { "#" };
        format!("{url}{hash}{self}")
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(":~:text=")?;
        if let Some(prefix) = &self.prefix {
            write!(f, "{}-,", encode(prefix))?;
        }
        f.write_str(&encode(&self.start))?;
        if let Some(end) = &self.end {
            write!(f, ",{}", encode(end))?;
        }
        if let Some(suffix) = &self.suffix {
            write!(f, ",-{}", encode(suffix))?;
        }
        Ok(())
    }
}

/// Percent-encoded, including the three separators of a directive: comma, ampersand and hyphen.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let hex = hex.filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
        match hex.and_then(|h| u8::from_str_radix(h, 16).ok()) {
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The text before `at` in its line, or else the nearest line before that has words.
fn line_before(text: &str, at: usize) -> &str {
    text[..at].trim_end().rsplit('\n').next().unwrap_or("").trim()
}

fn line_after(text: &str, at: usize) -> &str {
    text[at..].trim_start().split('\n').next().unwrap_or("").trim()
}

fn first_words(text: &str, count: usize) -> Option<String> {
    let words = words(text);
    let end = words.get(..count.max(1).min(words.len()))?.last()?.end;
    let cut = &text[..end];
    // A word may be too long for an address.
    let end = cut.char_indices().nth(END_CHARS_MAX).map_or(end, |(at, _)| at);
    Some(text[..end].to_owned())
}

fn last_words(text: &str, count: usize) -> Option<String> {
    let words = words(text);
    let first = words.get(words.len().saturating_sub(count.max(1)))?.start;
    let cut = &text[first..];
    let skip = cut.chars().count().saturating_sub(END_CHARS_MAX);
    let from = cut.char_indices().nth(skip).map_or(0, |(at, _)| at);
    Some(cut[from..].to_owned())
}

/// A browser compares base letters; this folds case and keeps accents.
fn lower(text: &str) -> Vec<char> {
    text.chars().map(lower_char).collect()
}

/// The lower case of a character where that is one character.
fn lower_char(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// A text in lower case, with the place of each character.
struct Lower {
    characters: Vec<char>,
    places: Vec<usize>,
}

impl Lower {
    fn of(text: &str) -> Self {
        let mut places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        places.push(text.len());
        Self { characters: lower(text), places }
    }

    fn is_word_bound(&self, at: usize) -> bool {
        match (at.checked_sub(1).and_then(|b| self.characters.get(b)), self.characters.get(at)) {
            (Some(before), Some(after)) => !(is_of_word(*before) && is_of_word(*after)),
            _ => true,
        }
    }

    fn is_at(&self, words: &[char], at: usize, ends_word: bool) -> bool {
        let end = at + words.len();
        self.characters.get(at..end) == Some(words) && (!ends_word || self.is_word_bound(end))
    }

    fn search(&self, words: &[char], from: usize, starts: bool, ends: bool) -> Option<usize> {
        if words.is_empty() {
            return None;
        }
        (from..self.characters.len())
            .find(|at| (!starts || self.is_word_bound(*at)) && self.is_at(words, *at, ends))
    }

    fn skip_space(&self, at: usize) -> usize {
        let rest = self.characters.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|c| c.is_whitespace()).count()
    }

    fn bytes(&self, from: usize, to: usize) -> Range<usize> {
        self.places[from]..self.places[to]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(text: &str, quote: &str, nth: usize) -> String {
        let at = text.match_indices(quote).nth(nth).unwrap().0;
        let range = at..at + quote.len();
        let directive = Directive::build(text, &range);
        assert_eq!(directive.find(text), Some(range), "{directive}");
        assert_eq!(Directive::parse(&format!("http://a/#{directive}")), Some(directive.clone()));
        directive.to_string()
    }

    #[test]
    fn a_directive_has_as_much_context_as_it_needs() {
        let text = "Boats left. The bridge closed, the mayor said.\n\nThe bridge closed - again & again. The bridge closed.";
        for (quote, nth, wanted) in [
            ("Boats left.", 0, ":~:text=Boats%20left."),
            ("again & again", 0, ":~:text=again%20%26%20again"),
            ("closed, the", 0, ":~:text=closed%2C%20the"),
            ("closed - again", 0, ":~:text=closed%20%2D%20again"),
            ("The bridge closed", 0, ":~:text=The%20bridge%20closed"),
            ("The bridge closed", 1, ":~:text=mayor%20said.-,The%20bridge%20closed"),
            ("The bridge closed", 2, ":~:text=%26%20again.-,The%20bridge%20closed"),
            ("the mayor said.\n\nThe bridge", 0, ":~:text=the%20mayor%20said.,The%20bridge"),
        ] {
            assert_eq!(built(text, quote, nth), wanted, "{quote} {nth}");
        }
    }

    #[test]
    fn a_long_passage_is_given_by_its_ends() {
        let text = format!(
            "Before. {} After.",
            (0..200).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
        );
        let quote = &text[8..text.len() - 7];
        assert_eq!(
            built(&text, quote, 0),
            ":~:text=word0%20word1%20word2%20word3%20word4,word195%20word196%20word197%20word198%20word199"
        );
        let han = "橋".repeat(100) + &"閉".repeat(400) + "。";
        assert!(built(&han, &"閉".repeat(400), 0).contains(",%E9%96%89"));
    }

    #[test]
    fn what_others_write_is_read() {
        let parsed =
            Directive::parse("https://a.example/x#part:~:text=one-,two%2C,three,-four&text=y");
        let wanted = Directive {
            prefix: Some("one".to_owned()),
            start: "two,".to_owned(),
            end: Some("three".to_owned()),
            suffix: Some("four".to_owned()),
        };
        assert_eq!(parsed, Some(wanted.clone()));
        assert_eq!(wanted.link("http://a/#x"), "http://a/#x:~:text=one-,two%2C,three,-four");
        for odd in ["http://a/", "#:~:text=", "#:~:text=a,b,c,d", "#:~:text=a-,-b", "#:~:x=1"] {
            assert_eq!(Directive::parse(odd), None, "{odd}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_parsed_never_panics_and_is_printed_the_same(text in "\\PC{0,40}") {
            if let Some(directive) = Directive::parse(&format!("#:~:text={text}")) {
                let again = Directive::parse(&format!("#{directive}"));
                proptest::prop_assert_eq!(again, Some(directive));
            }
        }

        #[test]
        fn a_directive_of_words_leads_to_them(words in proptest::collection::vec("[ab]{1,2}[.,]?", 1..30), from in 0_usize..30, len in 1_usize..30) {
            let text = words.join(" ");
            let from = from.min(words.len() - 1);
            let to = (from + len).min(words.len());
            let begin: usize = words[..from].iter().map(|w| w.len() + 1).sum();
            let range = begin..begin + words[from..to].join(" ").len();
            let directive = Directive::build(&text, &range);
            // With the same words all around, sixteen of them may not be enough.
            if directive.prefix.is_none() && directive.suffix.is_none() {
                proptest::prop_assert_eq!(directive.find(&text), Some(range));
            }
        }
    }
}

//! The searched content of one version of a page, and whether a query matches it: the exact check
//! after the index, and the passages that show the match.
//!
//! Only the article of a reading is included: rails, trending lists and related links are not.

use std::cell::OnceCell;
use std::ops::Range;

use crate::extract::page::Page;

use super::fold::{Token, tokens};
use super::query::{Clause, SearchField, SearchQuery};

/// The longest passage that is shown, in characters.
const SNIPPET_CHARS: usize = 240;

/// At most this many passages of a version are shown.
const SNIPPETS_MAX: usize = 3;

/// The content of a version.
#[derive(Debug, Clone, Default)]
pub struct Content {
    headline: Words,
    text: Words,
    byline: Vec<Words>,
    speakers: Vec<Words>,
    quotes: Vec<Words>,
    /// Whether its language is German, whose compounds are found by their parts.
    pub is_german: bool,
}

/// A text with its words, computed on demand.
#[derive(Debug, Clone, Default)]
struct Words {
    text: String,
    tokens: OnceCell<Vec<Token>>,
}

impl Words {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), tokens: OnceCell::new() }
    }

    fn tokens(&self) -> &[Token] {
        self.tokens.get_or_init(|| tokens(&self.text))
    }

    fn folded(&self) -> Vec<String> {
        self.tokens().iter().map(|token| token.text.clone()).collect()
    }
}

/// A passage that shows a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// Where it is.
    pub field: SearchField,
    /// The passage, its white space as single spaces.
    pub text: String,
    /// The matches in it: ranges of bytes, in order, without overlap.
    pub marks: Vec<Range<usize>>,
}

impl Content {
    /// The content of a page.
    #[must_use]
    pub fn of(page: &Page) -> Self {
        let headline = page.headline.as_ref().map_or("", |headline| headline.value.as_str());
        let mut names: Vec<&str> =
            page.quotes.iter().filter_map(|quote| Some(&*quote.speaker.as_ref()?.name)).collect();
        names.sort_unstable();
        names.dedup();
        let language = page.language.as_ref().map_or("", |language| &*language.value);
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        Self {
            headline: Words::new(headline),
            text: Words::new(&page.text),
            byline: page.byline.iter().map(|author| Words::new(&author.value.name)).collect(),
            speakers: names.into_iter().map(Words::new).collect(),
            quotes: page.quotes.iter().map(|quote| Words::new(&quote.text)).collect(),
            is_german: primary.eq_ignore_ascii_case("de"),
        }
    }

    /// The same with headline and text only.
    #[must_use]
    pub fn of_words(headline: Option<&str>, text: &str) -> Self {
        Self {
            headline: Words::new(headline.unwrap_or_default()),
            text: Words::new(text),
            ..Self::default()
        }
    }

    /// The headline.
    #[must_use]
    pub fn headline(&self) -> &str {
        &self.headline.text
    }

    /// The text of the article.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text.text
    }

    /// The words of the headline, folded.
    #[must_use]
    pub fn headline_words(&self) -> Vec<String> {
        self.headline.folded()
    }

    /// The words of the names of the authors.
    #[must_use]
    pub fn byline_words(&self) -> Vec<String> {
        self.byline.iter().flat_map(Words::folded).collect()
    }

    /// The words of the names of the speakers.
    #[must_use]
    pub fn speaker_words(&self) -> Vec<String> {
        self.speakers.iter().flat_map(Words::folded).collect()
    }

    /// The texts of a field, each with the field that it is shown as.
    fn texts(&self, field: SearchField) -> Vec<(SearchField, &Words)> {
        match field {
            SearchField::Article => {
                vec![(SearchField::Headline, &self.headline), (SearchField::Article, &self.text)]
            }
            SearchField::Headline => vec![(field, &self.headline)],
            SearchField::Byline => each(field, &self.byline),
            SearchField::Speaker => each(field, &self.speakers),
            SearchField::Quote => each(field, &self.quotes),
        }
    }

    fn has(&self, clause: &Clause) -> bool {
        let mut texts = self.texts(clause.field).into_iter();
        texts.any(|(_, words)| !clause.words.places(words.tokens()).is_empty())
    }

    /// Whether a query matches it: it has everything that is wanted, and nothing that is excluded.
    #[must_use]
    pub fn satisfies(&self, query: &SearchQuery) -> bool {
        query.clauses.iter().all(|clause| self.has(clause) != clause.is_excluded)
    }

    /// Passages that show the matches of a query: the headline if it has any, and the parts of the text that
    /// have the most.
    #[must_use]
    pub fn snippets(&self, query: &SearchQuery) -> Vec<Snippet> {
        let mut found: Vec<Snippet> = Vec::new();
        let mut add = |snippet: Option<Snippet>| {
            let new = snippet.filter(|one| found.len() < SNIPPETS_MAX && !found.contains(one));
            found.extend(new);
        };
        let fields = [
            SearchField::Headline,
            SearchField::Article,
            SearchField::Byline,
            SearchField::Speaker,
            SearchField::Quote,
        ];
        for field in fields {
            let asked = |clause: &&Clause| {
                let is_article = clause.field == SearchField::Article;
                clause.field == field || (is_article && matches!(field, SearchField::Headline))
            };
            let clauses: Vec<&Clause> = query.wanted().filter(asked).collect();
            for (shown, words) in self.texts(field) {
                if shown == field {
                    add(snippet(shown, words, &clauses));
                }
            }
        }
        found
    }
}

fn each(field: SearchField, all: &[Words]) -> Vec<(SearchField, &Words)> {
    all.iter().map(|words| (field, words)).collect()
}

/// The first part of a text with the most clauses.
fn snippet(field: SearchField, words: &Words, clauses: &[&Clause]) -> Option<Snippet> {
    let mut places: Vec<(Range<usize>, usize)> = Vec::new();
    for (number, clause) in clauses.iter().enumerate() {
        places.extend(clause.words.places(words.tokens()).into_iter().map(|place| (place, number)));
    }
    places.sort_unstable_by_key(|(place, number)| (place.start, place.end, *number));
    let text = &words.text;
    let (mut best, mut best_clauses) = (None, 0);
    for (at, (first, _)) in places.iter().enumerate() {
        let near =
            places[at..].iter().take_while(|(place, _)| place.end < first.start + SNIPPET_CHARS);
        let mut numbers: Vec<usize> = near.map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() > best_clauses || best.is_none() {
            (best, best_clauses) = (Some(at), numbers.len());
        }
        if best_clauses == clauses.len() {
            break;
        }
    }
    let part = around(text, &places.get(best?)?.0);
    let mut marked: Vec<Range<usize>> = Vec::new();
    for (place, _) in places {
        match marked.last_mut() {
            // Two clauses may have found the same words, or a part of them.
            Some(last) if place.start < last.end => last.end = last.end.max(place.end),
            _ => marked.push(place),
        }
    }
    marked.retain(|place| place.start >= part.start && place.end <= part.end);
    let mut shown = String::from(if part.start > 0 { "… " } else { "" });
    let mut marks: Vec<Range<usize>> = Vec::new();
    let mut at = part.start;
    for place in marked {
        put_line(&text[at..place.start], &mut shown);
        let from = shown.len();
        put_line(&text[place.clone()], &mut shown);
        marks.push(from..shown.len());
        at = place.end;
    }
    put_line(&text[at..part.end], &mut shown);
    if part.end < text.len() {
        shown.truncate(shown.trim_end().len());
        shown.push_str(" …");
    }
    Some(Snippet { field, text: shown, marks })
}

/// Adds a text with its white space as single spaces.
fn put_line(text: &str, shown: &mut String) {
    for c in text.chars() {
        match c.is_whitespace() {
            true if shown.is_empty() || shown.ends_with(' ') => {}
            true => shown.push(' '),
            false => shown.push(c),
        }
    }
}

/// The part of a text that is shown around a place: some words before it, more after it, no word cut if
/// there are spaces.
fn around(text: &str, place: &Range<usize>) -> Range<usize> {
    let back = text[..place.start].char_indices().rev().take(SNIPPET_CHARS / 4).last();
    let mut start = back.map_or(place.start, |(at, _)| at);
    if start > 0 {
        let word_begins = text[start..place.start].find(char::is_whitespace);
        start += word_begins.map_or(0, |at| at + 1).min(place.start - start);
        while !text.is_char_boundary(start) {
            start += 1;
        }
    }
    let shown = text[start..place.end].chars().count();
    let more = SNIPPET_CHARS.saturating_sub(shown);
    let behind = &text[place.end..];
    let mut end = behind.char_indices().nth(more).map_or(text.len(), |(at, _)| place.end + at);
    if end < text.len() {
        end =
            place.end + text[place.end..end].rfind(char::is_whitespace).unwrap_or(end - place.end);
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use crate::extract::page::{Author, Fact, Origin, Quote, QuoteKind, Speaker};
    use proptest::prelude::*;

    fn query(text: &str) -> SearchQuery {
        SearchQuery::parse(text, Timestamp::from_unix_seconds(1_900_000_000)).unwrap()
    }

    fn fact<T>(value: T) -> Option<Fact<T>> {
        Some(Fact { value, origin: Origin::Visible })
    }

    fn page() -> Page {
        let text = "The board met on Tuesday.\n\n“We counted twelve boats,” said Ann Lee of the harbour board.";
        let name = Author { name: "Jo Roe".to_owned(), ..Author::default() };
        let speaker = Speaker { name: "Ann Lee".to_owned(), named: true };
        let quote = Quote {
            range: 27..56,
            text: "We counted twelve boats,".to_owned(),
            parts: Vec::new(),
            kind: QuoteKind::Direct,
            speaker: Some(speaker),
            cue: None,
            sentence: 1,
        };
        Page {
            headline: fact("Strike at the old port".to_owned()),
            byline: fact(name).into_iter().collect(),
            text: text.to_owned(),
            quotes: vec![quote],
            ..Page::default()
        }
    }

    #[test]
    fn a_version_satisfies_a_query_or_does_not() {
        let content = Content::of(&page());
        for (text, expected) in [
            ("strike boats", true),
            ("strike ferry", false),
            ("strike -ferry", true),
            ("strike -boats", false),
            ("\"old port\"", true),
            // Headline and text are separate texts.
            ("\"old port the board\"", false),
            ("headline:strike", true),
            ("headline:boats", false),
            ("byline:roe", true),
            ("byline:lee", false),
            ("speaker:\"Ann Lee\"", true),
            ("speaker:roe", false),
            ("quote:\"twelve boats\"", true),
            ("quote:tuesday", false),
            ("boat*", true),
            ("harb*", true),
            ("harb", false),
        ] {
            assert_eq!(content.satisfies(&query(text)), expected, "{text}");
        }
    }

    /// Snippets with the matches in brackets.
    fn shown(content: &Content, text: &str) -> Vec<String> {
        let snippets = content.snippets(&query(text)).into_iter();
        let mark = |snippet: Snippet| {
            let (mut out, mut at) = (String::new(), 0);
            for range in &snippet.marks {
                out += &format!(
                    "{}[{}]",
                    &snippet.text[at..range.start],
                    &snippet.text[range.clone()]
                );
                at = range.end;
            }
            format!("{}: {}{}", snippet.field.label(), out, &snippet.text[at..])
        };
        snippets.map(mark).collect()
    }

    #[test]
    fn what_was_found_is_marked() {
        let content = Content::of(&page());
        assert_eq!(
            shown(&content, "strike \"harbour board\" board"),
            [
                "headline: [Strike] at the old port",
                "text: The [board] met on Tuesday. “We counted twelve boats,” said Ann Lee of the [harbour board].",
            ]
        );
        assert_eq!(shown(&content, "speaker:lee"), ["speaker: Ann [Lee]"]);
        assert_eq!(shown(&content, "quote:boats"), ["quote: We counted twelve [boats],"]);
        let long = format!("{} ferry {}", "before ".repeat(60), "behind ".repeat(60));
        let found = shown(&Content::of_words(None, &long), "ferry");
        assert!(
            found[0].starts_with("text: … before ") && found[0].ends_with(" behind …"),
            "{found:?}"
        );
        assert!(found[0].contains(" [ferry] ") && found[0].len() < 300, "{found:?}");
    }

    proptest! {
        #[test]
        fn snippets_hold_what_was_found(before in "\\PC{0,300}", word in "[a-zé港]{1,4}", after in "\\PC{0,300}") {
            let content = Content::of_words(None, &format!("{before} {word} {after}"));
            let snippets = content.snippets(&query(&format!("\"{word}\"")));
            prop_assert_eq!(snippets.len(), 1);
            let Snippet { text, marks, .. } = &snippets[0];
            prop_assert!(!marks.is_empty());
            prop_assert!(marks.iter().all(|mark| text.get(mark.clone()).is_some_and(|found| !found.is_empty())));
            prop_assert!(text.chars().count() <= SNIPPET_CHARS + 20);
        }
    }
}

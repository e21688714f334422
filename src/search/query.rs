//! Parses a query as it is typed.
//!
//! ```text
//! query   = clause { space clause }            all of them, in one version
//! clause  = [ "-" ] [ field ":" ] words        "-": nowhere in that version
//! words   = word [ "*" ] | quoted              a phrase in quotation marks, or a word; "*": words that begin so
//! field   = headline | byline | speaker | quote | host | date     "-host:", "-date:": not of it, not seen then
//! ```
//!
//! Does not depend on an index or a page: only the words, and their places in a list of tokens.

use std::collections::HashSet;
use std::ops::Range;

use crate::base::normal_form::composed;
use crate::base::surt::{address_of_host, urlkey};
use crate::base::{TimeRange, Timestamp};

use super::fold::{Token, TokenKind, tokens};

/// The longest query, in characters.
pub const QUERY_CHARS_MAX: usize = 2_000;

/// The most clauses of a query.
pub const CLAUSES_MAX: usize = 40;

/// Where words are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SearchField {
    /// In the headline or the text of the article.
    Article,
    /// In the headline.
    Headline,
    /// In the names of its authors.
    Byline,
    /// In the names of the speakers of quotations.
    Speaker,
    /// In a quotation.
    Quote,
}

impl SearchField {
    /// The word for it in a query and in JSON.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Article => "text",
            Self::Headline => "headline",
            Self::Byline => "byline",
            Self::Speaker => "speaker",
            Self::Quote => "quote",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Headline, Self::Byline, Self::Speaker, Self::Quote];
        all.into_iter().find(|field| field.label() == name)
    }
}

/// One word of a phrase, to be compared with tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The folded word.
    pub text: String,
    /// Whether words that begin with it count.
    pub is_prefix: bool,
}

/// Consecutive words; usually only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// In order; at least one.
    pub patterns: Vec<Pattern>,
    /// Alternatives for a single word: compounds that contain it.
    pub others: HashSet<String>,
}

impl Words {
    /// The words of a text; `None` where there is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let found = tokens(text);
        let count = found.len();
        let is_inside = |at: usize| at > 0 && found[at - 1].kind == TokenKind::Pair;
        let mut patterns: Vec<Pattern> = Vec::with_capacity(count);
        for (at, token) in found.iter().enumerate() {
            // A run of characters may continue in the text: its last character need not be the last one there.
            let is_open = at + 1 == count && token.kind == TokenKind::Last;
            if !(is_open && is_inside(at)) {
                patterns.push(Pattern { text: token.text.clone(), is_prefix: is_open });
            }
        }
        (!patterns.is_empty()).then(|| Self { patterns, others: HashSet::new() })
    }

    /// The same, with the last word as a prefix.
    #[must_use]
    fn open(mut self) -> Self {
        self.patterns.iter_mut().next_back().into_iter().for_each(|last| last.is_prefix = true);
        self
    }

    /// The only word, if there is exactly one and it is whole.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        match self.patterns.as_slice() {
            [Pattern { text, is_prefix: false }] => Some(text),
            _ => None,
        }
    }

    fn is(&self, pattern: &Pattern, token: &Token) -> bool {
        match pattern.is_prefix {
            true => token.text.starts_with(&pattern.text),
            false => token.text == pattern.text || self.others.contains(&token.text),
        }
    }

    /// Their places in a text with these tokens, in bytes.
    #[must_use]
    pub fn places(&self, tokens: &[Token]) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for window in tokens.windows(self.patterns.len()) {
            let is_here = window.iter().zip(&self.patterns).all(|(t, p)| self.is(p, t));
            if let (true, Some(first), Some(last)) = (is_here, window.first(), window.last()) {
                found.push(first.range.start..last.range.end);
            }
        }
        found
    }
}

/// Words, where they are searched, and whether they are excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Where.
    pub field: SearchField,
    /// Which.
    pub words: Words,
    /// Whether a version that has them does not count.
    pub is_excluded: bool,
    /// Whether they were in quotation marks: then they are not expanded.
    pub is_quoted: bool,
}

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// The words a version has to have, or must not have.
    pub clauses: Vec<Clause>,
    /// The allowed hosts, as urlkeys begin with them; any if empty.
    pub hosts: Vec<String>,
    /// The excluded hosts.
    pub hosts_excluded: Vec<String>,
    /// The period in which it was seen.
    pub period: TimeRange,
    /// The periods in which it was not seen.
    pub periods_excluded: Vec<TimeRange>,
}

/// Why a query is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is no word in it that a version has to have.
    #[error("the query {0:?} has no word to search for")]
    NoWords(String),
    /// A quotation has no end.
    #[error("expected a closing quotation mark after {0:?}")]
    Unclosed(String),
    /// An unknown field.
    #[error(
        "there is no field {0:?} (fields are headline, byline, speaker, quote, host, date; put words with a colon in quotation marks)"
    )]
    Field(String),
    /// A field without a value.
    #[error("expected words after \"{0}:\"")]
    Empty(String),
    /// An invalid time.
    #[error("date:{0}: {1}")]
    Date(String, String),
    /// Too much.
    #[error("the query is too long: at most {QUERY_CHARS_MAX} characters and {CLAUSES_MAX} parts")]
    TooLong,
}

impl SearchQuery {
    /// Parses a query; `date:yesterday` is relative to `now`.
    ///
    /// # Errors
    /// When it is not a valid query.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, QueryError> {
        if text.chars().nth(QUERY_CHARS_MAX).is_some() {
            return Err(QueryError::TooLong);
        }
        // Pages are kept in Normalisation Form C, and some systems type and paste the other.
        let text = composed(text);
        let text: &str = &text;
        let mut query = Self::of_clauses(Vec::new());
        let mut rest = text.trim_start();
        for count in 0.. {
            if rest.is_empty() {
                break;
            }
            if count == CLAUSES_MAX {
                return Err(QueryError::TooLong);
            }
            let part = Part::take(&mut rest)?;
            query.add(&part, now)?;
            rest = rest.trim_start();
        }
        if query.clauses.iter().all(|clause| clause.is_excluded) {
            return Err(QueryError::NoWords(text.trim().to_owned()));
        }
        Ok(query)
    }

    /// The query for one phrase in the article, on pages of these hosts; `None` where it has no word.
    #[must_use]
    pub fn of_phrase(phrase: &str, hosts: Vec<String>) -> Option<Self> {
        let (field, words) = (SearchField::Article, Words::new(&composed(phrase))?);
        let clause = Clause { field, words, is_excluded: false, is_quoted: true };
        Some(Self { hosts, ..Self::of_clauses(vec![clause]) })
    }

    fn of_clauses(clauses: Vec<Clause>) -> Self {
        Self {
            clauses,
            hosts: Vec::new(),
            hosts_excluded: Vec::new(),
            period: TimeRange::ALL,
            periods_excluded: Vec::new(),
        }
    }

    fn add(&mut self, part: &Part<'_>, now: Timestamp) -> Result<(), QueryError> {
        let value = part.value;
        let field = match part.field {
            None => SearchField::Article,
            Some(name) if value.trim().is_empty() => {
                return Err(QueryError::Empty(name.to_owned()));
            }
            Some("host") => {
                let hosts =
                    if part.is_excluded { &mut self.hosts_excluded } else { &mut self.hosts };
                hosts.push(host_term(value.trim()));
                return Ok(());
            }
            Some("date") => {
                let wrong = |why: String| QueryError::Date(value.to_owned(), why);
                let (first, last) = value.split_once("..").unwrap_or((value, value));
                let time = |text: &str| TimeRange::parse(text, now);
                let first = time(first).map_err(|why| wrong(why.to_string()))?;
                let last = time(last).map_err(|why| wrong(why.to_string()))?;
                let period = TimeRange { start: first.start, end: last.end };
                if part.is_excluded {
                    self.periods_excluded.push(period);
                } else {
                    self.period.start = self.period.start.max(period.start);
                    self.period.end = self.period.end.min(period.end);
                }
                return Ok(());
            }
            Some(name) => {
                SearchField::of_name(name).ok_or_else(|| QueryError::Field(name.to_owned()))?
            }
        };
        // Marks alone are not words and are ignored.
        let Some(mut words) = Words::new(value) else { return Ok(()) };
        if part.is_open || (!part.is_quoted && ends_in_hangul(value)) {
            words = words.open();
        }
        let (is_excluded, is_quoted) = (part.is_excluded, part.is_quoted);
        self.clauses.push(Clause { field, words, is_excluded, is_quoted });
        Ok(())
    }

    /// Whether pages of a host, as urlkeys begin with it, may match.
    #[must_use]
    pub fn is_of_host(&self, host: &str) -> bool {
        let is_here = |hosts: &[String]| hosts.iter().any(|one| one == host);
        (self.hosts.is_empty() || is_here(&self.hosts)) && !is_here(&self.hosts_excluded)
    }

    /// Whether a version that was captured first and last at these times may match: it was seen in the requested
    /// period, and in no excluded one.
    #[must_use]
    pub fn is_of_time(&self, first: Timestamp, last: Timestamp) -> bool {
        let was_seen = |period: &TimeRange| last >= period.start && first < period.end;
        was_seen(&self.period) && !self.periods_excluded.iter().any(was_seen)
    }

    /// The clauses that a version has to satisfy.
    pub fn wanted(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(|clause| !clause.is_excluded)
    }
}

/// A host as urlkeys begin with it.
#[must_use]
pub fn host_term(host: &str) -> String {
    host_of(&urlkey(&address_of_host(host))).to_owned()
}

/// The host at the start of a urlkey.
#[must_use]
pub fn host_of(key: &str) -> &str {
    key.split(")/").next().unwrap_or_default()
}

/// A part of a query as typed.
struct Part<'q> {
    is_excluded: bool,
    field: Option<&'q str>,
    value: &'q str,
    is_quoted: bool,
    is_open: bool,
}

impl<'q> Part<'q> {
    fn take(rest: &mut &'q str) -> Result<Self, QueryError> {
        let mut text = *rest;
        let is_excluded = text.strip_prefix('-').is_some_and(|after| {
            let next = after.chars().next();
            next.is_some_and(|c| !c.is_whitespace() && c != '-')
        });
        if is_excluded {
            text = &text[1..];
        }
        let name = text
            .split_once(':')
            .map(|(name, _)| name)
            .filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()));
        if let Some(name) = name {
            text = &text[name.len() + 1..];
        }
        let (field, mut is_quoted, mut is_open) = (name, false, false);
        let value = match text.chars().next().and_then(|mark| Some((mark, closing(mark)?))) {
            Some((mark, ends)) => {
                is_quoted = true;
                let inside = &text[mark.len_utf8()..];
                let end = inside.find(|c| ends.contains(&c));
                let end = end.ok_or_else(|| QueryError::Unclosed(text.to_owned()))?;
                let length = inside[end..].chars().next().map_or(0, char::len_utf8);
                text = &inside[end + length..];
                &inside[..end]
            }
            None => {
                let end = text.find(char::is_whitespace).unwrap_or(text.len());
                let (value, after) = text.split_at(end);
                text = after;
                value
            }
        };
        let value = match value.strip_suffix('*').filter(|_| !is_quoted) {
            Some(value) => {
                is_open = true;
                value
            }
            None => value,
        };
        *rest = text;
        Ok(Self { is_excluded, field, value, is_quoted, is_open })
    }
}

/// Whether the last letter is of the Korean script: particles are attached to the word before them, so that
/// 도서관 is in a text as 도서관을, 도서관에 and 도서관은.
fn ends_in_hangul(text: &str) -> bool {
    let last = text.chars().rev().find(|c| c.is_alphanumeric());
    last.is_some_and(|c| matches!(c, '\u{ac00}'..='\u{d7a3}'))
}

/// The closing marks of a quotation that begins with this mark.
fn closing(mark: char) -> Option<&'static [char]> {
    match mark {
        '"' => Some(&['"']),
        '“' => Some(&['”', '“', '"']),
        '„' => Some(&['“', '”', '"']),
        '«' => Some(&['»']),
        '»' => Some(&['«']),
        '「' => Some(&['」']),
        '『' => Some(&['』']),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn now() -> Timestamp {
        Timestamp::parse("2026-05-20T12:00:00Z").unwrap()
    }

    /// A query in short: `[-]field:word word*`.
    fn short(text: &str) -> String {
        let query = SearchQuery::parse(text, now()).unwrap();
        let clause = |clause: &Clause| {
            let words = clause.words.patterns.iter();
            let words = words.map(|p| format!("{}{}", p.text, if p.is_prefix { "*" } else { "" }));
            let words = words.collect::<Vec<_>>().join("+");
            let excluded = if clause.is_excluded { "-" } else { "" };
            format!("{excluded}{}:{words}", clause.field.label())
        };
        let mut out: Vec<String> = query.clauses.iter().map(clause).collect();
        out.extend(query.hosts.iter().map(|host| format!("@{host}")));
        out.extend(query.hosts_excluded.iter().map(|host| format!("-@{host}")));
        out.join(" ")
    }

    #[test]
    fn queries_are_taken_apart() {
        for (query, expected) in [
            ("harbour Strike", "text:harbour text:strike"),
            ("\"the harbour board\" strike", "text:the+harbour+board text:strike"),
            ("“12 boats”", "text:12+boats"),
            ("„12 Boote“ ", "text:12+boote"),
            ("«12 bateaux»", "text:12+bateaux"),
            ("headline:strike speaker:\"Ann Lee\"", "headline:strike speaker:ann+lee"),
            ("quote:never byline:Roe", "quote:never byline:roe"),
            ("strike -lifted -\"called off\"", "text:strike -text:lifted -text:called+off"),
            ("wahl*", "text:wahl*"),
            ("e-mail", "text:e+mail"),
            ("-", ""),
            ("12:30", "text:12+30"),
            ("strike host:Courier.Example", "text:strike @example,courier"),
            ("strike -host:www.post.example", "text:strike -@example,post"),
            ("strike -host:a.example -host:b.example", "text:strike -@example,a -@example,b"),
            ("도서관 \"도서관\"", "text:도서관* text:도서관"),
            ("cafe\u{301}s", "text:cafes"),
            ("港口 港", "text:港口 text:港*"),
            ("旧港口", "text:旧港+港口"),
            ("\"旧港 boat\"", "text:旧港+港+boat"),
            ("strike — …", "text:strike"),
            ("\"unquoted*\"", "text:unquoted"),
        ] {
            if expected.is_empty() {
                let error = SearchQuery::parse(query, now()).unwrap_err();
                assert_eq!(error, QueryError::NoWords(query.to_owned()));
            } else {
                assert_eq!(short(query), expected, "{query}");
            }
        }
    }

    #[test]
    fn hosts_are_those_of_urlkeys() {
        for (host, expected) in [
            ("Courier.example", "example,courier"),
            ("www.courier.example", "example,courier"),
            ("http://courier.example:8080/a", "example,courier:8080"),
        ] {
            assert_eq!(host_term(host), expected);
        }
    }

    #[test]
    fn invalid_queries_are_reported() {
        for (query, says) in [
            ("", "no word to search for"),
            ("-strike", "no word to search for"),
            ("host:a.example", "no word to search for"),
            ("-host:a.example -date:2026", "no word to search for"),
            ("strike -date:yesteryear", "date:yesteryear: "),
            ("strike -host:", "expected words after \"host:\""),
            ("\"the harbour", "closing quotation mark after \"\\\"the harbour\""),
            ("colour:red", "there is no field \"colour\""),
            ("speaker: Ann", "expected words after \"speaker:\""),
            ("strike date:yesteryear", "date:yesteryear: "),
            (&"a ".repeat(CLAUSES_MAX + 1), "too long"),
            (&"a".repeat(QUERY_CHARS_MAX + 1), "too long"),
        ] {
            let error = SearchQuery::parse(query, now()).unwrap_err().to_string();
            assert!(error.contains(says), "{query}: {error}");
        }
    }

    #[test]
    fn dates_are_periods() {
        let period = |text: &str| SearchQuery::parse(text, now()).unwrap().period;
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(period("a"), TimeRange::ALL);
        let month = period("a date:2026-04");
        assert_eq!(
            (month.start, month.end),
            (at("2026-04-01T00:00:00Z"), at("2026-05-01T00:00:00Z"))
        );
        let days = period("a date:2026-04-02..2026-04-03");
        assert_eq!(
            (days.start, days.end),
            (at("2026-04-02T00:00:00Z"), at("2026-04-04T00:00:00Z"))
        );
    }

    #[test]
    fn a_version_is_of_a_host_and_a_time_or_is_excluded_by_them() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        for (query, host, seen, expected) in [
            ("a", "example,a", ("2026-04-01T00:00:00Z", "2026-04-09T00:00:00Z"), true),
            (
                "a -host:b.example",
                "example,a",
                ("2026-04-01T00:00:00Z", "2026-04-09T00:00:00Z"),
                true,
            ),
            (
                "a -host:a.example",
                "example,a",
                ("2026-04-01T00:00:00Z", "2026-04-09T00:00:00Z"),
                false,
            ),
            (
                "a host:a.example -host:a.example",
                "example,a",
                ("2026-04-01T00:00:00Z", "2026-04-09T00:00:00Z"),
                false,
            ),
            ("a date:2026-04", "example,a", ("2026-03-01T00:00:00Z", "2026-04-09T00:00:00Z"), true),
            (
                "a -date:2026-04",
                "example,a",
                ("2026-03-01T00:00:00Z", "2026-04-09T00:00:00Z"),
                false,
            ),
            (
                "a -date:2026-04",
                "example,a",
                ("2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z"),
                true,
            ),
            (
                "a -date:2026-04 -date:2026-03",
                "example,a",
                ("2026-03-01T00:00:00Z", "2026-03-09T00:00:00Z"),
                false,
            ),
            (
                "a date:2026 -date:2026-04..2026-06",
                "example,a",
                ("2026-05-01T00:00:00Z", "2026-05-01T00:00:00Z"),
                false,
            ),
            (
                "a date:2026 -date:2026-04..2026-06",
                "example,a",
                ("2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z"),
                true,
            ),
        ] {
            let found = SearchQuery::parse(query, now()).unwrap();
            let is_found = found.is_of_host(host) && found.is_of_time(at(seen.0), at(seen.1));
            assert_eq!(is_found, expected, "{query} {seen:?}");
        }
    }

    #[test]
    fn words_stand_where_they_follow_each_other() {
        let text = "A strike at the old port, and the Old Port again: 旧港口.";
        for (wanted, expected) in [
            ("old port", &["old port", "Old Port"][..]),
            ("port old", &[]),
            ("strike", &["strike"]),
            ("港口", &["港口"]),
            ("港", &["港口"]),
            ("口", &["口"]),
            ("again 旧", &["again: 旧港"]),
        ] {
            let places = Words::new(wanted).unwrap().places(&tokens(text));
            let found: Vec<&str> = places.into_iter().map(|place| &text[place]).collect();
            assert_eq!(found, expected, "{wanted}");
        }
        let mut words = Words::new("Wahl").unwrap();
        words.others.insert("bundestagswahl".to_owned());
        assert_eq!(words.places(&tokens("Die Bundestagswahl und die Auswahl")).len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_a_query_or_an_error(text in "\\PC{0,60}") {
            if let Ok(query) = SearchQuery::parse(&text, now()) {
                prop_assert!(query.wanted().count() > 0);
                prop_assert!(query.clauses.iter().all(|clause| !clause.words.patterns.is_empty()));
            }
        }

        #[test]
        fn a_text_holds_its_own_words(text in "\\PC{0,60}") {
            if let Some(words) = Words::new(&text) {
                prop_assert!(!words.places(&tokens(&text)).is_empty());
                let inside = format!("旧 {text}口");
                prop_assert!(!words.places(&tokens(&inside)).is_empty());
            }
        }
    }
}

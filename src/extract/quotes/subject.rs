//! Who is next to a verb of saying.
//!
//! Owns the reading of the words before and after a verb: the subject as a stretch of text and what
//! kind of mention it is. Deliberately resolves nothing: "he" stays "he" here. No parser: noun
//! phrases are recognised by capitals, determiners, prepositions and commas, as in the rule systems that
//! use a part-of-speech tagger (compare Pouliquen, Steinberger, Best, "Automatic detection of
//! quotations in multilingual news", RANLP 2007). Every walk is capped.

use std::ops::Range;

use super::lexicon::{
    Pronoun, Verb, is_between, is_calendar, is_clause_word, is_determiner, is_preposition, pronoun,
    verb,
};
use super::tokens::{Kind, Token};
use crate::extract::words::words;
use crate::extract::work::step;

/// Tokens walked to either side of a verb.
const WALK_MAX: usize = 60;
/// Tokens of one noun phrase.
pub(super) const PHRASE_MAX: usize = 24;

/// How a speaker is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MentionKind {
    /// By name.
    Name,
    /// By a pronoun.
    Pronoun(Pronoun),
    /// By a role or another noun: "a senior official".
    Role,
}

/// A mention of a speaker: a run of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    /// The whole mention: "The mayor’s spokeswoman, Mia Stone".
    pub(crate) tokens: Range<usize>,
    /// The words that name the speaker in it: "Mia Stone".
    pub(crate) name: Range<usize>,
    pub(crate) kind: MentionKind,
}

impl Mention {
    pub(crate) fn new(tokens: Range<usize>, kind: MentionKind) -> Self {
        Self { name: tokens.clone(), tokens, kind }
    }
}

/// The sentence a subject is looked for in.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) list: &'a [Token],
    /// First token of the sentence.
    pub(crate) from: usize,
    /// One past its last token.
    pub(crate) to: usize,
    pub(crate) language: &'a str,
}

impl Scope<'_> {
    pub(super) fn lower(&self, at: usize) -> &str {
        step();
        self.list.get(at).map_or("", |t| t.lower.as_str())
    }

    pub(super) fn kind(&self, at: usize) -> Kind {
        step();
        self.list.get(at).map_or(Kind::Stop, |t| t.kind)
    }

    pub(super) fn is_name_word(&self, at: usize) -> bool {
        let Some(token) = self.list.get(at) else { return false };
        token.is_capital() && !is_calendar(&token.lower) && !self.is_function_word(at)
    }

    /// "The", "But", "In" at the head of a sentence are capitalised and no names.
    fn is_function_word(&self, at: usize) -> bool {
        let word = self.lower(at);
        let leads = at == self.from || !matches!(self.kind(at - 1), Kind::Word { .. });
        let upper_roman_article = !leads && word.len() <= 2;
        (is_determiner(self.language, word) && !upper_roman_article)
            || is_clause_word(self.language, word)
            || (leads && (is_preposition(self.language, word) || is_opening_adverb(word)))
            || pronoun(self.language, word).is_some()
    }

    /// The subject before the verb at `verb_at`.
    pub(crate) fn before(&self, verb_at: usize) -> Option<Mention> {
        let mut end = verb_at;
        while end > self.from
            && verb_at - end < 6
            && self.list[end - 1].is_word()
            && is_between(self.language, self.lower(end - 1))
        {
            end -= 1;
        }
        if end == self.from {
            return None;
        }
        if self.lower(end - 1) == "to"
            || (self.lower(end - 1) == "and" && end > self.from + 1)
            || self.lower(end - 1) == "but"
            || self.lower(end - 1) == "or"
        {
            return self.main_subject(end - 1);
        }
        match self.kind(end - 1) {
            Kind::Comma | Kind::Dash => self.before_apposition(end - 1),
            Kind::Close => {
                let open = self.open_before(end - 1)?;
                self.before_plain(open)
            }
            Kind::Word { .. } | Kind::Number => self.before_plain(end),
            _ => None,
        }
    }

    fn open_before(&self, close: usize) -> Option<usize> {
        (self.from..close).rev().take(PHRASE_MAX).find(|&at| self.kind(at) == Kind::Open)
    }

    /// The noun phrase that ends at `end`.
    fn before_plain(&self, end: usize) -> Option<Mention> {
        if end <= self.from {
            return None;
        }
        let last = self.lower(end - 1);
        if let Some(pronoun) = pronoun(self.language, last) {
            return Some(Mention::new(end - 1..end, MentionKind::Pronoun(pronoun)));
        }
        if last == "that" {
            return Some(Mention::new(end - 1..end, MentionKind::Pronoun(Pronoun::Relative)));
        }
        if matches!(self.kind(end - 1), Kind::Comma | Kind::Dash) {
            return self.before_apposition(end - 1);
        }
        let mut start = end;
        while start > self.from && end - start < PHRASE_MAX {
            let at = start - 1;
            match self.kind(at) {
                Kind::Word { .. }
                    if is_clause_word(self.language, self.lower(at)) && !self.joins_names(at) =>
                {
                    break;
                }
                Kind::Word { .. } | Kind::Number => start = at,
                Kind::Close => match self.open_before(at) {
                    Some(open) => start = open,
                    None => break,
                },
                _ => break,
            }
        }
        // "Hale said the mayor told him": the subject is after the verb of the clause around it.
        let outer = (start + 1..end.saturating_sub(1)).rev().find(|&at| {
            matches!(verb(self.language, self.lower(at)), Some(Verb::Says))
                && !self.list[at].is_capital()
                && is_determiner(self.language, self.lower(at + 1))
                && self.lower(at + 1) == "the"
        });
        if let Some(at) = outer {
            start = at + 1;
        }
        let relative =
            start > self.from && matches!(self.lower(start - 1), "who" | "which" | "that");
        let busy = (start..end).any(|at| self.is_verbal(at));
        if relative && !busy && self.list[start..end].iter().all(|t| !t.is_capital()) {
            return Some(Mention::new(start - 1..start, MentionKind::Pronoun(Pronoun::Relative)));
        }
        if relative && busy && self.is_verbal_lead(start, end) {
            // "an official who spoke anonymously said": the noun before the relative clause.
            return self.noun_before(start - 1);
        }
        self.phrase(start, end)
    }

    /// The noun phrase right before a relative word.
    fn noun_before(&self, relative: usize) -> Option<Mention> {
        let mut end = relative;
        if end > self.from && self.kind(end - 1) == Kind::Comma {
            end -= 1;
        }
        let mut start = end;
        while start > self.from && end - start < PHRASE_MAX {
            let at = start - 1;
            match self.kind(at) {
                Kind::Word { .. }
                    if is_clause_word(self.language, self.lower(at)) && !self.joins_names(at) =>
                {
                    break;
                }
                Kind::Word { .. } | Kind::Number => start = at,
                _ => break,
            }
        }
        self.phrase(start, end)
    }

    /// Whether a word is a verb, as far as lists and endings show.
    pub(super) fn is_verbal(&self, at: usize) -> bool {
        let Some(token) = self.list.get(at) else { return false };
        let word = token.lower.as_str();
        token.is_word()
            && !token.is_capital()
            && (is_common_verb(word)
                || is_auxiliary(word)
                || (word.len() > 4 && word.ends_with("ed"))
                || verb(self.language, word).is_some_and(|v| v != Verb::Base))
    }

    fn is_verbal_lead(&self, start: usize, end: usize) -> bool {
        (start..end.min(start + 3)).any(|at| self.is_verbal(at))
    }

    /// "and" between two capitalised words of one name or list of names.
    pub(super) fn joins_names(&self, at: usize) -> bool {
        self.lower(at) == "and"
            && at > self.from
            && self.is_name_word(at - 1)
            && self.is_name_word(at + 1)
    }

    /// The subject whose apposition ends with the comma or dash at `comma`: "Smith, the mayor, said".
    fn before_apposition(&self, comma: usize) -> Option<Mention> {
        let mut start = comma;
        let mut segments: Vec<Range<usize>> = Vec::new();
        let mut end = comma;
        while start > self.from && comma - start < WALK_MAX {
            let at = start - 1;
            match self.kind(at) {
                Kind::Comma | Kind::Dash => {
                    segments.push(start..end);
                    end = at;
                    start = at;
                }
                Kind::Close => start = self.open_before(at)?,
                // Tom “Tank” Hale: a nickname inside a name.
                Kind::Quote(_)
                    if at > self.from
                        && self.is_name_word(at - 1)
                        && self.is_name_word(start)
                        && start < end =>
                {
                    start = at;
                }
                // Kay, who called Hale “a fool”, said: a quotation in the clause between.
                Kind::Quote(_) if self.is_in_relative(at) => start = at,
                Kind::Quote(_) | Kind::Stop | Kind::Colon | Kind::Semicolon => break,
                _ => start = at,
            }
        }
        segments.push(start..end);
        segments.reverse();
        let restart = segments
            .iter()
            .rposition(|s| {
                matches!(
                    self.lower(s.start),
                    "and" | "but" | "while" | "because" | "though" | "although"
                )
            })
            .unwrap_or(0);
        for segment in &segments[restart..] {
            let mut from = segment.start;
            while from < segment.end
                && (is_clause_word(self.language, self.lower(from)) && self.lower(from) != "who"
                    || is_opening_adverb(self.lower(from)))
            {
                from += 1;
            }
            if from >= segment.end || self.is_fronted(from) {
                continue;
            }
            if let Some(mention) = self.leading_phrase(from, segment.end) {
                return Some(self.with_apposed_name(mention, segment.end));
            }
        }
        None
    }

    /// Whether "who" is before the token at `at`, with nothing but words between.
    fn is_in_relative(&self, at: usize) -> bool {
        const REACH: usize = 10;
        (self.from..at)
            .rev()
            .take(REACH)
            .take_while(|&back| self.list[back].is_word())
            .any(|back| self.lower(back) == "who")
    }

    /// "The mayor’s spokeswoman, Mia Stone, said": a role whose name is in the apposition behind the
    /// comma at `comma`.
    pub(super) fn with_apposed_name(&self, mention: Mention, comma: usize) -> Mention {
        let whole = mention.tokens.end >= comma;
        match self.apposed_name(comma).filter(|_| mention.kind == MentionKind::Role && whole) {
            Some(name) => {
                Mention { tokens: mention.tokens.start..name.end, name, kind: MentionKind::Name }
            }
            None => mention,
        }
    }

    /// Whether a stretch that begins at `at` is not a subject: a preposition, a participle, a day.
    fn is_fronted(&self, at: usize) -> bool {
        let word = self.lower(at);
        is_preposition(self.language, word)
            || is_calendar(word)
            || (word.ends_with("ing") && word.len() > 5 && !self.list[at].is_capital())
            || matches!(
                word,
                "speaking"
                    | "asked"
                    | "when"
                    | "who"
                    | "whose"
                    | "which"
                    | "where"
                    | "if"
                    | "as"
                    | "to"
                    | "not"
            )
            || self.kind(at) == Kind::Number
    }

    /// The subject of the clause that runs up to `end`, where a second verb is: "Smith laughed and".
    pub(crate) fn main_subject(&self, end: usize) -> Option<Mention> {
        let mut segments: Vec<Range<usize>> = Vec::new();
        let mut start = self.from.max(end.saturating_sub(WALK_MAX));
        let mut at = start;
        while at < end {
            match self.kind(at) {
                Kind::Comma
                | Kind::Dash
                | Kind::Colon
                | Kind::Semicolon
                | Kind::Quote(_)
                | Kind::Open
                | Kind::Close => {
                    segments.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        segments.push(start..end);
        segments.retain(|segment| !segment.is_empty());
        for segment in segments {
            let mut from = segment.start;
            while from < segment.end
                && (matches!(self.lower(from), "and" | "but" | "so" | "yet" | "or")
                    || is_opening_adverb(self.lower(from)))
            {
                from += 1;
            }
            let timed = matches!(
                self.lower(segment.end - 1),
                "later" | "earlier" | "ago" | "before" | "after" | "afterward"
            );
            if from >= segment.end
                || self.is_fronted(from)
                || is_clause_word(self.language, self.lower(from))
                || timed
            {
                continue;
            }
            if let Some(mention) = self.leading_phrase(from, segment.end) {
                return Some(self.with_apposed_name(mention, segment.end));
            }
        }
        None
    }

    /// The noun phrase that begins at `from` and the token of the verb behind it.
    pub(crate) fn leading(&self, from: usize) -> Option<(Mention, usize)> {
        let end = (from..self.to.min(from + PHRASE_MAX))
            .find(|&at| !matches!(self.kind(at), Kind::Word { .. } | Kind::Number))
            .unwrap_or(self.to.min(from + PHRASE_MAX));
        let mut verb_at = (from + 1..end).find(|&at| self.is_verbal(at))?;
        let mention = self.leading_phrase(from, verb_at)?;
        while verb_at < end && is_auxiliary(self.lower(verb_at)) {
            verb_at += 1;
        }
        Some((mention, verb_at))
    }

    /// The first noun phrase of a stretch: up to its verb.
    fn leading_phrase(&self, from: usize, end: usize) -> Option<Mention> {
        if let Some(pronoun) = pronoun(self.language, self.lower(from)) {
            return Some(Mention::new(from..from + 1, MentionKind::Pronoun(pronoun)));
        }
        let mut to = from;
        while to < end && to - from < PHRASE_MAX {
            let token = &self.list[to];
            let word = token.lower.as_str();
            let verbal = !token.is_capital()
                && to > from
                && (verb(self.language, word).is_some()
                    || is_auxiliary(word)
                    || (word.len() > 4 && word.ends_with("ed"))
                    || is_common_verb(word)
                    || is_clause_word(self.language, word) && !self.joins_names(to)
                    || word.ends_with("ly")
                        && is_between(self.language, word)
                        && !is_determiner(self.language, self.lower(to - 1)));
            if verbal || matches!(token.kind, Kind::Quote(_)) {
                break;
            }
            to += 1;
        }
        self.phrase(from, to)
    }
}

/// Small words inside names.
pub(crate) fn is_particle(word: &str) -> bool {
    PARTICLE_WORDS.contains(word)
}

pub(super) fn is_auxiliary(word: &str) -> bool {
    AUXILIARY_WORDS.contains(word)
}

fn is_common_verb(word: &str) -> bool {
    COMMON_VERB_WORDS.contains(word)
}

pub(super) fn is_opening_adverb(word: &str) -> bool {
    OPENING_ADVERB_WORDS.contains(word)
}

words!(
    PARTICLE_WORDS,
    "de van von der den al bin ibn la le di da dos das du del della ben ter y zu e"
);
words!(
    AUXILIARY_WORDS,
    "has have had is was were are be been would could will can may might must should did does \
     do didn’t didn't wasn’t isn’t won’t doesn’t hasn’t"
);
words!(
    COMMON_VERB_WORDS,
    "went took made gave came got put kept began left met stood sat held spoke sent goes \
     takes makes gives comes gets keeps begins stands speaks sends appears tries seems \
     remains became becomes won lost wins leads led hit drew threw rose fell grew brought \
     bought broke chose shook paid ran set shot struck responds turned let lets"
);
words!(
    OPENING_ADVERB_WORDS,
    "meanwhile however still but and so then later now yet also instead indeed earlier today \
     yesterday again finally recently once moreover furthermore additionally perhaps even \
     well yes no here there afterward afterwards previously eventually soon sometimes \
     apparently ultimately clearly separately similarly likewise"
);

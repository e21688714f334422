//! Who stands beside a verb of saying.
//!
//! Owns the reading of the words before and after a verb: the subject as a stretch of text and what
//! kind of mention it is. Deliberately resolves nothing: "he" stays "he" here. No parser: noun
//! phrases are told by capitals, determiners, prepositions and commas, as in the rule systems that
//! use a part-of-speech tagger (compare Pouliquen, Steinberger, Best, "Automatic detection of
//! quotations in multilingual news", RANLP 2007). Every walk is capped.

use std::ops::Range;

use super::lexicon::{
    Pronoun, Verb, is_between, is_calendar, is_clause_word, is_determiner, is_preposition, pronoun,
    verb,
};
use super::tokens::{Kind, Token};
use crate::extract::words::words;

/// Tokens walked to either side of a verb.
const WALK_MAX: usize = 60;
/// Tokens of one noun phrase.
const PHRASE_MAX: usize = 24;

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
    fn lower(&self, at: usize) -> &str {
        self.list.get(at).map_or("", |t| t.lower.as_str())
    }

    fn kind(&self, at: usize) -> Kind {
        self.list.get(at).map_or(Kind::Stop, |t| t.kind)
    }

    fn is_name_word(&self, at: usize) -> bool {
        let Some(token) = self.list.get(at) else { return false };
        token.is_capital() && !is_calendar(&token.lower) && !self.is_function_word(at)
    }

    /// "The", "But", "In" at the head of a sentence are capitalised and no names.
    fn is_function_word(&self, at: usize) -> bool {
        let word = self.lower(at);
        let leads = at == self.from || !matches!(self.kind(at - 1), Kind::Word { .. });
        let upper_roman_article = !leads && word.len() <= 2;
        (is_determiner(word) && !upper_roman_article)
            || is_clause_word(word)
            || (leads && (is_preposition(word) || is_opening_adverb(word)))
            || pronoun(self.language, word).is_some()
    }

    /// The subject before the verb at `verb_at`.
    pub(crate) fn before(&self, verb_at: usize) -> Option<Mention> {
        let mut end = verb_at;
        while end > self.from
            && verb_at - end < 6
            && self.list[end - 1].is_word()
            && is_between(self.lower(end - 1))
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
                Kind::Word { .. } if is_clause_word(self.lower(at)) && !self.joins_names(at) => {
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
                Kind::Word { .. } if is_clause_word(self.lower(at)) && !self.joins_names(at) => {
                    break;
                }
                Kind::Word { .. } | Kind::Number => start = at,
                _ => break,
            }
        }
        self.phrase(start, end)
    }

    /// Whether a word is a verb, as far as lists and endings tell.
    fn is_verbal(&self, at: usize) -> bool {
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
    fn joins_names(&self, at: usize) -> bool {
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
        for (index, segment) in segments.iter().enumerate().skip(restart) {
            let mut from = segment.start;
            while from < segment.end
                && (is_clause_word(self.lower(from)) && self.lower(from) != "who"
                    || is_opening_adverb(self.lower(from)))
            {
                from += 1;
            }
            if from >= segment.end || self.is_fronted(from) {
                continue;
            }
            if let Some(mut mention) = self.leading_phrase(from, segment.end) {
                // "The mayor’s spokeswoman, Mia Stone, said": the name stands in the apposition.
                let next = segments.get(index + 1);
                if let Some(name) = next.filter(|s| {
                    mention.kind == MentionKind::Role
                        && !s.is_empty()
                        && s.len() <= 5
                        && (s.start..s.end)
                            .all(|at| self.is_name_word(at) || is_particle(self.lower(at)))
                }) {
                    mention = Mention {
                        tokens: mention.tokens.start..name.end,
                        name: name.clone(),
                        kind: MentionKind::Name,
                    };
                }
                return Some(mention);
            }
        }
        None
    }

    /// Whether a stretch that begins at `at` is no subject: a preposition, a participle, a day.
    fn is_fronted(&self, at: usize) -> bool {
        let word = self.lower(at);
        is_preposition(word)
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

    /// The subject of the clause that runs up to `end`, where a second verb stands: "Smith laughed and".
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
                || is_clause_word(self.lower(from))
                || timed
            {
                continue;
            }
            if let Some(mention) = self.leading_phrase(from, segment.end) {
                return Some(mention);
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
                    || is_clause_word(word) && !self.joins_names(to)
                    || word.ends_with("ly")
                        && is_between(word)
                        && !is_determiner(self.lower(to - 1)));
            if verbal || matches!(token.kind, Kind::Quote(_)) {
                break;
            }
            to += 1;
        }
        self.phrase(from, to)
    }

    /// The mention in a stretch that is one noun phrase, perhaps with something fronted.
    fn phrase(&self, from: usize, end: usize) -> Option<Mention> {
        let mut from = from;
        while from < end
            && (is_opening_adverb(self.lower(from))
                || (is_clause_word(self.lower(from)) && !self.joins_names(from)))
        {
            from += 1;
        }
        while from < end
            && self.list[from].is_word()
            && !self.list[from].is_capital()
            && is_auxiliary(self.lower(from))
        {
            from += 1;
        }
        let mut end = end;
        while end > from
            && (is_calendar(self.lower(end - 1))
                || is_between(self.lower(end - 1))
                    && self.list[end - 1].is_word()
                    && !self.list[end - 1].is_capital())
        {
            end -= 1;
        }
        if from >= end {
            return None;
        }
        // "with one of her ads asking": the phrase behind "with" is the subject.
        if self.lower(from) == "with" && from + 1 < end {
            from += 1;
        } else if is_preposition(self.lower(from)) {
            return self.behind_fronted(from, end);
        }
        let cut = (from + 1..end)
            .find(|&at| {
                is_preposition(self.lower(at)) && !self.list[at].is_capital()
                    || self.kind(at) == Kind::Open
            })
            .unwrap_or(end);
        self.head(from, cut, end)
    }

    /// "On Tuesday Smith", "In a statement the department": the last name, pronoun or determiner.
    fn behind_fronted(&self, from: usize, end: usize) -> Option<Mention> {
        if self.is_name_word(end - 1) {
            let start = self.name_start(from, end);
            if start > from
                && !is_preposition(self.lower(start - 1))
                && !self.list[start - 1].is_possessive()
            {
                return Some(Mention::new(start..end, MentionKind::Name));
            }
            if start > from + 1 || !is_preposition(self.lower(from)) {
                return Some(Mention::new(start..end, MentionKind::Name));
            }
        }
        let determiner = (from + 1..end)
            .rev()
            .find(|&at| is_determiner(self.lower(at)) && !is_preposition(self.lower(at - 1)))?;
        Some(Mention::new(determiner..end, MentionKind::Role))
    }

    /// The head of the phrase `from..cut`, with what hangs on it up to `end`.
    fn head(&self, from: usize, cut: usize, end: usize) -> Option<Mention> {
        let mut cut = cut;
        while cut > from + 1 && is_calendar(self.lower(cut - 1)) {
            cut -= 1;
        }
        if self.is_name_word(cut - 1) && !(self.list[cut - 1].is_possessive() && cut == end) {
            let start = self.with_partner(from, self.name_start(from, cut));
            return Some(Mention::new(start..cut, MentionKind::Name));
        }
        if !matches!(self.kind(cut - 1), Kind::Word { .. } | Kind::Number) {
            return None;
        }
        let starts_well = is_determiner(self.lower(from))
            || self.list[from].is_capital()
            || self.list[from].is_possessive()
            || self.kind(from) == Kind::Number
            || self.list[cut - 1].lower.ends_with('s')
            || cut - from <= 4;
        let determiner =
            (from..cut).rev().find(|&at| is_determiner(self.lower(at)) && at + 1 < cut);
        let start = if starts_well { from } else { determiner.unwrap_or(from) };
        // A phrase that begins with a verb, or is a bare article, is no subject.
        let lead = self.lower(start);
        let participle = lead.len() > 5 && lead.ends_with("ing") && !self.list[start].is_capital();
        if self.is_verbal(start)
            || participle
            || (is_determiner(lead) && end - start == 1 && lead.len() < 5)
        {
            return None;
        }
        Some(Mention::new(start..end, MentionKind::Role))
    }

    /// "Hale and Reyes": where the first of two joined names begins.
    fn with_partner(&self, from: usize, start: usize) -> usize {
        if start > from + 1
            && self.lower(start - 1) == "and"
            && self.is_name_word(start - 2)
            && !self.list[start - 2].is_possessive()
        {
            return self.name_start(from, start - 1);
        }
        start
    }

    /// Where the run of capitalised words that ends at `end` begins.
    fn name_start(&self, from: usize, end: usize) -> usize {
        let mut start = end - 1;
        while start > from {
            let at = start - 1;
            let particle = is_particle(self.lower(at))
                && at > from
                && (self.is_name_word(at - 1)
                    || (at > from + 1
                        && is_particle(self.lower(at - 1))
                        && self.is_name_word(at - 2)));
            let nickname =
                matches!(self.kind(at), Kind::Quote(_)) && at > from && self.is_name_word(at - 1);
            if !(self.is_name_word(at) || particle || nickname) || self.list[at].is_possessive() {
                break;
            }
            start = at;
        }
        start
    }

    /// The noun phrase right behind `at`: "said Mona Lamberson", "according to the ministry".
    pub(crate) fn after(&self, at: usize) -> Option<Mention> {
        let mut from = at;
        while from < self.to
            && from - at < 2
            && self.list[from].is_word()
            && is_between(self.lower(from))
            && !is_determiner(self.lower(from))
        {
            from += 1;
        }
        if from >= self.to {
            return None;
        }
        let first = self.lower(from);
        if let Some(pronoun) = pronoun(self.language, first).filter(|p| *p != Pronoun::Relative) {
            return Some(Mention::new(from..from + 1, MentionKind::Pronoun(pronoun)));
        }
        if !self.list[from].is_word() && self.kind(from) != Kind::Number
            || is_preposition(first) && !is_determiner(first)
            || is_calendar(first)
            || is_clause_word(first)
        {
            return None;
        }
        let mut cut = from;
        let mut end = from;
        let mut past = false;
        while end < self.to && end - from < PHRASE_MAX {
            let token = &self.list[end];
            let word = token.lower.as_str();
            if !matches!(token.kind, Kind::Word { .. } | Kind::Number)
                || is_clause_word(word) && !self.joins_names(end)
            {
                break;
            }
            if end > from && is_preposition(word) && !is_particle_in_name(self, end) {
                if !AFTER_WORDS.contains(word) {
                    break;
                }
                past = true;
            } else if !past
                && end > from
                && !token.is_capital()
                && (word.ends_with("ing") && word.len() > 5 || is_calendar(word))
            {
                break;
            }
            if is_calendar(word) && token.is_capital() {
                break;
            }
            // Elsewhere than in English nothing but a particle goes on behind a name.
            let goes_on = self.language == "en"
                || token.is_capital()
                || is_particle_in_name(self, end)
                || !self.list[end.saturating_sub(1)].is_capital()
                || past;
            if end > from && !goes_on {
                break;
            }
            end += 1;
            if !past {
                cut = end;
            }
        }
        if cut == from {
            return None;
        }
        while cut > from + 1 && is_between(self.lower(cut - 1)) && !self.list[cut - 1].is_capital()
        {
            cut -= 1;
            if !past {
                end = cut;
            }
        }
        if self.is_name_word(cut - 1) {
            let start = self.with_partner(from, self.name_start(from, cut));
            // German nouns are capitalised: "die Ministerin" is a role, "die Ministerin Anna Klein" a name.
            if self.language == "de"
                && cut - start == 1
                && start > from
                && is_determiner(self.lower(start - 1))
            {
                return Some(Mention::new(start - 1..cut, MentionKind::Role));
            }
            return Some(Mention::new(start..cut, MentionKind::Name));
        }
        Some(Mention::new(from..end.max(cut), MentionKind::Role))
    }
}

fn is_particle_in_name(scope: &Scope<'_>, at: usize) -> bool {
    let capital = |at: usize| scope.list.get(at).is_some_and(Token::is_capital);
    let second = is_particle(scope.lower(at + 1)) && capital(at + 2);
    let first = at > scope.from && is_particle(scope.lower(at - 1));
    is_particle(scope.lower(at))
        && at > scope.from
        && (scope.is_name_word(at - 1) || first)
        && (capital(at + 1) || second)
        && scope.language != "de"
}

/// Small words inside names.
pub(crate) fn is_particle(word: &str) -> bool {
    PARTICLE_WORDS.contains(word)
}

fn is_auxiliary(word: &str) -> bool {
    AUXILIARY_WORDS.contains(word)
}

fn is_common_verb(word: &str) -> bool {
    COMMON_VERB_WORDS.contains(word)
}

fn is_opening_adverb(word: &str) -> bool {
    OPENING_ADVERB_WORDS.contains(word)
}

words!(AFTER_WORDS, "of for from at with in de del du des da do von para to");
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

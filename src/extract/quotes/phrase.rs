//! What a stretch of words names: the head of a noun phrase.
//!
//! Owns the reading of one phrase: its name, its role, what is fronted before it, and the phrase that
//! is after a verb. Deliberately finds no clause: [`super::subject`] says where a phrase begins.

use std::ops::Range;

use super::lexicon::is_title;
use super::lexicon::{
    Pronoun, is_between, is_calendar, is_clause_word, is_determiner, is_preposition, pronoun,
};
use super::subject::{
    Mention, MentionKind, PHRASE_MAX, Scope, is_auxiliary, is_opening_adverb, is_particle,
};
use super::tokens::{Kind, Token};
use crate::extract::words::words;

impl Scope<'_> {
    /// The mention in a stretch that is one noun phrase, perhaps with something fronted.
    pub(super) fn phrase(&self, from: usize, end: usize) -> Option<Mention> {
        let mut from = from;
        while from < end
            && (is_opening_adverb(self.lower(from))
                || (is_clause_word(self.language, self.lower(from)) && !self.joins_names(from)))
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
                || is_between(self.language, self.lower(end - 1))
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
        } else if is_preposition(self.language, self.lower(from)) {
            return self.behind_fronted(from, end);
        }
        let cut = (from + 1..end)
            .find(|&at| {
                is_preposition(self.language, self.lower(at)) && !self.list[at].is_capital()
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
                && !is_preposition(self.language, self.lower(start - 1))
                && !self.list[start - 1].is_possessive()
            {
                return Some(Mention::new(start..end, MentionKind::Name));
            }
            if start > from + 1 || !is_preposition(self.language, self.lower(from)) {
                return Some(Mention::new(start..end, MentionKind::Name));
            }
        }
        let determiner = (from + 1..end).rev().find(|&at| {
            is_determiner(self.language, self.lower(at))
                && !is_preposition(self.language, self.lower(at - 1))
        })?;
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
            if self.is_german_noun(start, cut) {
                return Some(Mention::new(from..end, MentionKind::Role));
            }
            return Some(Mention::new(start..cut, MentionKind::Name));
        }
        if !matches!(self.kind(cut - 1), Kind::Word { .. } | Kind::Number) {
            return None;
        }
        let starts_well = is_determiner(self.language, self.lower(from))
            || self.list[from].is_capital()
            || self.list[from].is_possessive()
            || self.kind(from) == Kind::Number
            || self.list[cut - 1].lower.ends_with('s')
            || cut - from <= 4;
        let determiner = (from..cut)
            .rev()
            .find(|&at| is_determiner(self.language, self.lower(at)) && at + 1 < cut);
        let start = if starts_well { from } else { determiner.unwrap_or(from) };
        // A phrase that begins with a verb, or is a bare article, is not a subject.
        let lead = self.lower(start);
        let participle = lead.len() > 5 && lead.ends_with("ing") && !self.list[start].is_capital();
        if self.is_verbal(start)
            || participle
            || (is_determiner(self.language, lead) && end - start == 1 && lead.len() < 5)
        {
            return None;
        }
        Some(Mention::new(start..end, MentionKind::Role))
    }

    /// German nouns are capitalised: "die Ministerin" is a role, "die Ministerin Anna Klein" a name.
    fn is_german_noun(&self, start: usize, cut: usize) -> bool {
        self.language == "de"
            && cut == start + 1
            && start > self.from
            && is_determiner(self.language, self.lower(start - 1))
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
            let particle = (self.language != "de" || self.lower(at) == "von")
                && is_particle(self.lower(at))
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
            && is_between(self.language, self.lower(from))
            && !is_determiner(self.language, self.lower(from))
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
            || is_preposition(self.language, first) && !is_determiner(self.language, first)
            || is_calendar(first)
            || is_clause_word(self.language, first)
        {
            return None;
        }
        let mut cut = from;
        let mut end = from;
        let mut past = false;
        while end < self.to && end - from < PHRASE_MAX {
            let token = &self.list[end];
            let word = token.lower.as_str();
            // William “Bill” Hardy: a nickname inside a name.
            if matches!(token.kind, Kind::Quote(_))
                && end > from
                && self.is_name_word(end - 1)
                && self.is_name_word(end + 1)
            {
                end += 1;
                continue;
            }
            if !matches!(token.kind, Kind::Word { .. } | Kind::Number)
                || is_clause_word(self.language, word) && !self.joins_names(end)
            {
                break;
            }
            if end > from && is_preposition(self.language, word) && !is_particle_in_name(self, end)
            {
                if !AFTER_WORDS.contains(word) {
                    break;
                }
                past = true;
            } else if !past
                && end > from
                && !token.is_capital()
                && (word.ends_with("ing")
                    && word.len() > 5
                    && !self.list[end - 1].is_possessive()
                    && !is_determiner(self.language, self.lower(end - 1))
                    || is_calendar(word))
            {
                break;
            }
            if is_calendar(word) && token.is_capital() {
                break;
            }
            // Elsewhere than in English nothing but a particle continues behind a name.
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
        while cut > from + 1
            && is_between(self.language, self.lower(cut - 1))
            && !self.list[cut - 1].is_capital()
        {
            cut -= 1;
            if !past {
                end = cut;
            }
        }
        if self.is_name_word(cut - 1) {
            let start = self.with_partner(from, self.name_start(from, cut));
            if self.is_german_noun(start, cut) {
                let end = end.max(cut);
                let role = Mention::new(start - 1..end, MentionKind::Role);
                return Some(self.with_apposed_name(role, end));
            }
            return Some(Mention::new(start..cut, MentionKind::Name));
        }
        let end = end.max(cut);
        let role = Mention::new(from..end, MentionKind::Role);
        // "the rescuer who reached them first, Dag Moe": past a short relative clause.
        let comma = if matches!(self.lower(end), "who" | "which" | "that") {
            (end + 1..self.to.min(end + 8))
                .find(|&at| !matches!(self.kind(at), Kind::Word { .. }))
                .unwrap_or(end)
        } else {
            end
        };
        let long = Mention { tokens: from..comma.max(end), ..role.clone() };
        let named = self.with_apposed_name(long, comma);
        Some(if named.kind == MentionKind::Name { named } else { role })
    }

    /// "Hale’s wife, Mia Stone": the name behind the comma at `comma`, where nothing else is there.
    pub(super) fn apposed_name(&self, comma: usize) -> Option<Range<usize>> {
        if self.kind(comma) != Kind::Comma || comma + 1 >= self.to {
            return None;
        }
        // "the vicar, the Rev. Joyce Tull".
        let titled = self.lower(comma + 1) == "the" && is_title(self.lower(comma + 2));
        let start = comma + 1 + usize::from(titled);
        let limit = self.to.min(start + 6);
        let named = |at: usize| {
            self.is_name_word(at)
                || (at == start && self.list[at].is_capital())
                || is_particle(self.lower(at)) && at > start
        };
        let end = (start..limit).find(|&at| !named(at)).unwrap_or(limit);
        let closed =
            end >= self.to || matches!(self.kind(end), Kind::Comma | Kind::Stop | Kind::Quote(_));
        let last = end
            .checked_sub(1)
            .is_some_and(|at| self.list[at].is_capital() && !is_calendar(self.lower(at)));
        (end > start && closed && last).then_some(start..end)
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

words!(AFTER_WORDS, "of for from at with in de del du des da do von para to en des am im");

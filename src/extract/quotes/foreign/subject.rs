//! The subject before a verb, and the person who leads a sentence.
//!
//! Owns the walk back from a verb over clauses and what is set off. Deliberately reads no phrase itself.

use std::ops::Range;

use super::super::lexicon::Pronoun;
use super::super::subject::{Mention, MentionKind};
use super::super::tokens::Kind;
use super::phrase::Clause;
use crate::extract::names::first_name_gender;

impl Clause<'_> {
    /// Whether a phrase is in another case than a subject: "den Vorwurf", "dem Magazin".
    pub(super) fn is_object(&self, mention: &Mention) -> bool {
        self.table.is("noun-capitals")
            && mention.tokens.len() > 1
            && self.table.oblique.contains(self.word(mention.tokens.start))
    }

    /// The subject before the verb at `verb`.
    pub(super) fn before(&self, verb: usize) -> Option<Mention> {
        let mut end = verb;
        while end > self.from
            && verb - end < 6
            && self.list[end - 1].is_word()
            && !self.list[end - 1].is_capital()
            && self.pronoun(end - 1).is_none()
            && (self.table.aux.contains(self.list[end - 1].lower.as_str())
                || self.table.adverb.contains(self.list[end - 1].lower.as_str())
                || self.table.aux.contains(self.word(end - 1)))
        {
            end -= 1;
        }
        if end == self.from {
            return None;
        }
        if self.pronoun(end - 1).is_some_and(|p| p != Pronoun::It)
            && let Some(pronoun) = self.pronoun(end - 1)
        {
            return Some(Mention::new(end - 1..end, MentionKind::Pronoun(pronoun)));
        }
        // "Anna Kowal – burmistrz od 2010 r. – powiedziała": what is set off by two dashes is skipped.
        if let Some(open) = self.dash_before(end - 1) {
            return self.before(open);
        }
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut stop = end;
        let mut start = end;
        while start > self.from && end - start < 40 && parts.len() < 4 {
            let at = start - 1;
            match self.kind(at) {
                Kind::Comma => {
                    parts.push(start..stop);
                    stop = at;
                    start = at;
                }
                Kind::Word { .. } | Kind::Number | Kind::Open | Kind::Close => {
                    let word = self.list[at].lower.as_str();
                    let joins = self.table.join.contains(word)
                        && at > self.from
                        && self.is_name_word(at - 1)
                        && self.is_name_word(at + 1);
                    if self.table.clause.contains(word) && !joins && !self.is_determiner(at) {
                        // "Ruiz, que preside el club, dijo": the clause between two commas is skipped.
                        let inserted =
                            !parts.is_empty() && at > self.from && self.kind(at - 1) == Kind::Comma;
                        let compares = !parts.is_empty() && self.table.as_a.contains(word);
                        if compares {
                            start = at;
                            continue;
                        }
                        if !inserted {
                            break;
                        }
                        start = at - 1;
                        stop = start;
                        continue;
                    }
                    start = at;
                }
                // "Belloso, conocido como «el Zorro», lo admite": marks inside what is set off.
                Kind::Quote(_) if !parts.is_empty() || self.table.is("verb-last") => start = at,
                _ => break,
            }
        }
        parts.push(start..stop);
        parts.retain(|part| !part.is_empty());
        parts.reverse();
        parts.iter().find_map(|part| self.subject_of(part))
    }

    /// The dash that opens what the dash at `close` ends, a few words further on.
    fn dash_before(&self, close: usize) -> Option<usize> {
        const REACH: usize = 16;
        if self.kind(close) != Kind::Dash {
            return None;
        }
        let inner = |kind: Kind| {
            matches!(
                kind,
                Kind::Word { .. } | Kind::Number | Kind::Comma | Kind::Open | Kind::Close
            )
        };
        (self.from + 1..close)
            .rev()
            .take(REACH)
            .find(|&at| !inner(self.kind(at)))
            .filter(|&at| self.kind(at) == Kind::Dash && at + 1 < close)
    }

    /// The subject in a stretch without commas.
    pub(super) fn subject_of(&self, part: &Range<usize>) -> Option<Mention> {
        let mut at = part.start;
        let mut fronted = false;
        while at < part.end {
            let word = self.list[at].lower.as_str();
            if !self.list[at].is_word() {
                at += 1;
            } else if self.pronoun(at).is_some_and(|p| p != Pronoun::It) && at + 1 == part.end {
                return self.pronoun(at).map(|p| Mention::new(at..at + 1, MentionKind::Pronoun(p)));
            } else if at > part.start
                && at == self.from + 1
                && (self.table.adverb.contains(self.word(self.from)) || self.is_time(self.from))
                && self.is_preposition(at)
                && self.is_name_word(at + 1)
            {
                // "Peu après Anne Roy a dit".
                at += 1;
            } else if self.is_preposition(at)
                && !(self.is_determiner(at) && at + 1 < part.end && self.is_role(at + 1))
            {
                at = self.behind_prepositional(at);
                fronted = true;
            } else if self.is_determiner(at) && self.is_time(at + 1) {
                at += 2;
            } else if self.is_name_word(at) || self.is_role(at) || self.is_determiner(at) {
                break;
            } else if self.table.adverb.contains(word)
                || self.table.calendar.contains(word)
                || self.table.aux.contains(word)
                || self.table.clause.contains(word)
                || at == self.from && self.table.time.contains(word)
            {
                at += 1;
            } else {
                break;
            }
        }
        if at >= part.end || fronted && self.table.is("verb-second") {
            return None;
        }
        let mention = self.phrase(at, part.end)?;
        let inside = mention.name.end <= part.end.max(mention.name.end);
        inside.then_some(mention)
    }

    /// The person whose name leads the sentence: "Ana Ruiz compareció el lunes."
    pub(in super::super) fn leading_name(&self) -> Option<Mention> {
        let mut from = self.from;
        while from < self.to
            && self.list[from].is_word()
            && !self.is_name_word(from)
            && !self.is_role(from)
            && from - self.from < 2
            && (self.is_determiner(from)
                || self.table.adverb.contains(self.list[from].lower.as_str()))
        {
            from += 1;
        }
        let led = from > self.from && self.is_determiner(from - 1);
        if from >= self.to
            || !(self.is_name_word(from)
                || self.is_role(from)
                || led && self.list[from].is_word() && !self.is_small(from))
        {
            return None;
        }
        let begins = if led { from - 1 } else { from };
        let mention = self.phrase(begins, self.to).filter(|m| m.kind == MentionKind::Name)?;
        let words = mention.name.len();
        let known = first_name_gender(self.word(mention.name.start)).is_some();
        let titled = mention.name.start > mention.tokens.start;
        let body = mention
            .name
            .clone()
            .any(|at| self.table.body.contains(self.word(at)) || self.is_body(at));
        let person = words > 1
            && !body
            && (known || titled || !self.table.is("noun-capitals") && words <= 5);
        // A name before the verb of the sentence and no more.
        let verb =
            matches!(self.kind(mention.tokens.end), Kind::Word { capital: false } | Kind::Comma);
        (person && verb).then_some(mention)
    }
}

//! Noun phrases of languages with capitals, by the small words of their tables.
//!
//! Owns what a stretch of words names: a name, a role with or without one, a pronoun. Deliberately
//! chooses no cue. Titles and offices before a name are not part of it.

use std::ops::Range;

use super::super::lexicon::Pronoun;
use super::super::subject::{Mention, MentionKind, PHRASE_MAX};
use super::super::tokens::{Kind, Token};
use crate::extract::names::first_name_gender;
use crate::language::Table;

/// Tokens skipped between a verb and the phrase behind it.
const SKIP_MAX: usize = 14;

/// A sentence, and the table of its language.
#[derive(Clone, Copy)]
pub(in super::super) struct Clause<'a> {
    pub(super) list: &'a [Token],
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) table: &'static Table,
    pub(super) text: &'a str,
}

impl Clause<'_> {
    /// The word at a token in lower case, without what is elided before it: "s’agace" is "agace".
    pub(super) fn word(&self, at: usize) -> &str {
        crate::extract::work::step();
        let word = self.list.get(at).map_or("", |t| t.lower.as_str());
        if self.table.is("elision")
            && let Some((head, rest)) = word.split_once(['’', '\''])
            && head.chars().count() <= 7
            && (head.chars().count() <= 2
                || matches!(
                    head,
                    "dell"
                        | "all"
                        | "dall"
                        | "nell"
                        | "sull"
                        | "jusqu"
                        | "lorsqu"
                        | "quest"
                        | "quell"
                ))
            && !rest.is_empty()
        {
            return rest;
        }
        word
    }

    pub(super) fn kind(&self, at: usize) -> Kind {
        if at < self.to { self.list.get(at).map_or(Kind::Stop, |t| t.kind) } else { Kind::Stop }
    }

    pub(super) fn is_lower_word(&self, at: usize) -> bool {
        self.kind(at) == Kind::Word { capital: false }
    }

    /// The pronoun at a token.
    pub(super) fn pronoun(&self, at: usize) -> Option<Pronoun> {
        let word = self.list.get(at)?.lower.as_str();
        let table = self.table;
        [
            (&table.he, Pronoun::He),
            (&table.she, Pronoun::She),
            (&table.they, Pronoun::They),
            (&table.it, Pronoun::It),
        ]
        .into_iter()
        .find_map(|(words, pronoun)| words.contains(word).then_some(pronoun))
    }

    pub(super) fn is_small(&self, at: usize) -> bool {
        let word = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.is_small(word) || self.table.is_small(self.word(at))
    }

    /// Whether the token is a word of a name: a capital that no small word and no day has.
    pub(super) fn is_name_word(&self, at: usize) -> bool {
        let Some(token) = self.list.get(at).filter(|_| at < self.to) else { return false };
        let elided = self.table.is("elision")
            && token.is_word()
            && self.text.get(token.start..token.end).is_some_and(|word| {
                word.split_once(['’', '\''])
                    .is_some_and(|(_, rest)| rest.starts_with(char::is_uppercase))
            });
        if !(token.is_capital() || elided) || self.table.calendar.contains(token.lower.as_str()) {
            return false;
        }
        let leads = at == self.from || !self.list[at - 1].is_word();
        // "De Wit", "La Rue": a small word inside a name has another name word before it.
        let no_name = || {
            self.is_small(at)
                || at == self.from && self.table.time.contains(token.lower.as_str())
                || self.pronoun(at).is_some()
                || self.table.say.contains(token.lower.as_str()) && token.is_capital()
        };
        !(leads && no_name())
    }

    pub(super) fn is_determiner(&self, at: usize) -> bool {
        let token = self.list.get(at).map_or("", |t| t.lower.as_str());
        let elided = self.table.is("elision")
            && token.split_once(['’', '\'']).is_some_and(|(head, _)| {
                matches!(head, "l" | "un" | "d" | "dell" | "all" | "quell")
            });
        self.table.determiner.contains(token) || elided
    }

    pub(super) fn is_preposition(&self, at: usize) -> bool {
        let token = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.preposition.contains(token)
    }

    /// Whether the token is a title or an office: also "Polizeisprecher" and "SPD-Chef".
    pub(super) fn is_role(&self, at: usize) -> bool {
        let Some(token) = self.list.get(at) else { return false };
        let word = self.word(at);
        if self.table.is_role(word) || self.table.is_role(&token.lower) {
            return true;
        }
        let tail = word.rsplit('-').next().unwrap_or(word);
        if tail.len() < word.len()
            && (self.table.is_role(tail) || self.table.office_end.contains(tail))
        {
            return true;
        }
        self.table.is("noun-capitals")
            && word.chars().count() > 7
            && first_name_gender(word).is_none()
            && self.table.office_end.iter().any(|end| word.ends_with(end))
    }

    /// A mention that is a single capitalised word at the head of the sentence: an adverb, mostly.
    pub(super) fn is_opening(&self, mention: &Mention) -> bool {
        mention.kind == MentionKind::Name
            && mention.tokens.len() == 1
            && mention.tokens.start == self.from
            && self.table.is("verb-second")
            && self.after(mention.tokens.end + 1, false).is_some_and(|next| {
                next.kind == MentionKind::Name
                    && next.tokens.start <= mention.tokens.end + 2
                    && next.name.len() > 1
            })
    }

    /// The token behind a prepositional phrase that begins at `at`.
    pub(super) fn behind_prepositional(&self, at: usize) -> usize {
        let mut next = at + 1;
        while next < self.to && (self.is_determiner(next) || self.is_preposition(next)) {
            next += 1;
            // "à l’AFP": the noun is written together with its article.
            let elided = self.list[next - 1].lower.split_once(['’', '\'']);
            if self.table.is("elision") && elided.is_some_and(|(_, noun)| noun.chars().count() > 1)
            {
                return next;
            }
        }
        if next < self.to && self.kind(next) == Kind::Number {
            return next + 1;
        }
        let capital = self.is_name_word(next) || self.list.get(next).is_some_and(Token::is_capital);
        if next < self.to && matches!(self.kind(next), Kind::Word { .. } | Kind::Quote(_)) {
            next += 1;
        }
        // German: an adjective before its noun. Elsewhere a name of several words.
        while next < self.to && capital && self.is_name_word(next) && next - at < 6 {
            next += 1;
        }
        next
    }

    /// The noun phrase behind `at`: what follows a verb or a source phrase. `elided`: the first word
    /// has a preposition in front ("d’Anne").
    pub(super) fn after(&self, at: usize, elided: bool) -> Option<Mention> {
        let mut next = at;
        let limit = self.to.min(at + SKIP_MAX);
        if elided {
            return self.phrase(at, self.to);
        }
        while next < limit {
            match self.kind(next) {
                Kind::Word { .. } => {}
                Kind::Number => {
                    next += 1;
                    continue;
                }
                // "explicó ayer a la «Gaceta» el alcalde".
                // "рассказала «Газете острова» мэр Анна Лаврова".
                Kind::Quote(_)
                    if next > at
                        || self.table.is("no-articles")
                            && (self.is_role(next + 1) || self.is_name_word(next + 1)) =>
                {
                    next += 1;
                    continue;
                }
                _ => return None,
            }
            let word = self.list[next].lower.as_str();
            if let Some(pronoun) = self.pronoun(next) {
                let object = self.table.aux.contains(word) && self.is_lower_word(next + 1);
                if !object && !(pronoun == Pronoun::It) {
                    return Some(Mention::new(next..next + 1, MentionKind::Pronoun(pronoun)));
                }
                if object || pronoun == Pronoun::It {
                    next += 1;
                    continue;
                }
            }
            if self.is_name_word(next) || self.is_role(next) {
                return self.phrase(next, self.to);
            }
            if self.is_determiner(next) && !self.is_time(next + 1) {
                // "la semana pasada", "am Montag" are times; "al periódico" is a listener.
                let listener = self.is_preposition(next);
                if !listener || self.is_article_a(next) {
                    return self.phrase(next, self.to);
                }
            }
            if self.is_determiner(next) && self.is_time(next + 1) {
                next += 2;
                continue;
            }
            if self.is_preposition(next) {
                next = self.behind_prepositional(next);
                continue;
            }
            if self.table.clause.contains(word) {
                return None;
            }
            if self.table.adverb.contains(word) || self.table.negation.contains(word) {
                next += 1;
                continue;
            }
            if self.table.adverb.contains(word)
                || self.table.aux.contains(word)
                || self.table.calendar.contains(word)
                || self.table.say.contains(word)
            {
                next += 1;
                continue;
            }
            // A noun without an article, as Slavic languages have it, or a word that says how.
            if self.table.is("no-articles") || self.table.determiner.is_empty() {
                return self.phrase(next, self.to);
            }
            let named = (next + 1..limit.min(next + 3)).any(|near| self.is_name_word(near));
            if named || next - at < 2 && matches!(self.kind(next + 1), Kind::Comma) {
                if named {
                    return self.phrase(next, self.to);
                }
                return None;
            }
            next += 1;
        }
        None
    }

    /// "afirmou em nota a Capitania": the Portuguese "a" is the article of a body or an office; before a name it may be
    /// the preposition of the listener.
    fn is_article_a(&self, at: usize) -> bool {
        let next = self.list.get(at + 1).filter(|_| at + 1 < self.to);
        self.word(at) == "a"
            && self.table.determiner.contains("o")
            && next.is_some_and(|next| {
                let bare = self.is_name_word(at + 1)
                    && !self.is_name_word(at + 2)
                    && !self.is_acronym(at + 1)
                    && first_name_gender(&next.lower).is_none();
                bare || self.table.body.contains(next.lower.as_str())
                    || self.table.role_she.contains(next.lower.as_str())
            })
    }

    pub(super) fn is_time(&self, at: usize) -> bool {
        let word = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.calendar.contains(word)
            || self.kind(at) == Kind::Number && !self.is_age_noun(at)
            || self.table.time.contains(word)
    }

    /// "58-Jährige", "51-åringen": a person named by an age.
    fn is_age_noun(&self, at: usize) -> bool {
        self.list.get(at).is_some_and(|token| {
            token.lower.starts_with(|c: char| c.is_ascii_digit())
                && token.lower.contains(char::is_alphabetic)
        })
    }

    /// The noun phrase whose words begin at `from`.
    pub(super) fn phrase(&self, from: usize, limit: usize) -> Option<Mention> {
        let limit = limit.min(from + PHRASE_MAX);
        let mut end = from;
        let mut complement = None;
        let mut office_of = false;
        let mut name: Option<Range<usize>> = None;
        while end < limit {
            match self.kind(end) {
                Kind::Word { .. } => {}
                Kind::Number if self.is_age_noun(end) => {
                    end += 1;
                    continue;
                }
                Kind::Number => break,
                Kind::Quote(_)
                    if end > from && self.is_name_word(end - 1) && self.is_name_word(end + 1) =>
                {
                    end += 1;
                    continue;
                }
                _ => break,
            }
            let word = self.list[end].lower.as_str();
            let particle = end > from && self.is_particle_at(end);
            let joins = self.table.join.contains(word)
                && end > from
                && self.is_name_word(end - 1)
                && self.is_name_word(end + 1);
            if self.table.clause.contains(word) && !particle && !joins && !self.is_determiner(end) {
                break;
            }
            if self.is_name_word(end) && !(self.is_role(end) && name.is_none()) {
                if name.is_some() || end + 1 >= limit || complement.is_none() {
                    let run = self.behind_elided_office(self.run(end, limit), from);
                    if name.is_none() && self.owns_next(&run, from, limit) {
                        end = run.end;
                        continue;
                    }
                    if let Some(later) = self.name_behind_noun(&run, limit) {
                        return Some(Mention {
                            tokens: from..later.end,
                            name: later,
                            kind: MentionKind::Name,
                        });
                    }
                    // "Fuentes de la fiscalía": a noun with its complement.
                    let noun = run.len() == 1
                        && run.start == self.from
                        && !self.table.is("noun-capitals")
                        && self.table.genitive.contains(self.word(run.end))
                        && run.end + 1 < limit
                        && !self.is_name_word(run.end + 1)
                        && first_name_gender(self.word(run.start)).is_none();
                    if noun {
                        end = run.end;
                        continue;
                    }
                    if complement.is_none() || self.is_person(&run) {
                        name = Some(run.clone());
                        end = run.end;
                        break;
                    }
                    end = run.end;
                    continue;
                }
                let run = self.run(end, limit);
                // "il presidente del consiglio Luca Ferri": behind the noun that hangs on the office.
                let person = run.len() == 2
                    && end > from
                    && self.is_lower_word(end - 1)
                    && !self.is_small(end - 1)
                    && !self.table.determiner.is_empty()
                    && (self.is_person(&run)
                        || office_of && (from..end).any(|at| self.is_role(at)));
                if person {
                    name = Some(run.clone());
                    end = run.end;
                    break;
                }
                if run.len() >= 3 && !self.table.is("noun-capitals") {
                    // "le maire de Paris Anne Roy": the place goes with the office.
                    name = Some(run.start + 1..run.end);
                    end = run.end;
                    break;
                }
                end = run.end;
                continue;
            }
            let elided = self.elided_genitive(end);
            if end > from && (self.is_preposition(end) || elided) && !particle {
                let genitive =
                    elided || self.table.genitive.contains(word) && !self.is_time(end + 1);
                // "l’assessore ai Lavori pubblici Luca Ferri": what the office is for, where its name follows.
                let office = !genitive && self.is_office_of(end, limit);
                office_of |= office;
                if !genitive && !office {
                    break;
                }
                complement = Some(end);
            } else if end > from
                && self.is_determiner(end)
                && !particle
                && !self.is_preposition(end - 1)
            {
                // "die Sprecherin der Stadt": a genitive.
                if !self.table.is("noun-capitals") || !self.table.genitive_article.contains(word) {
                    break;
                }
                complement = Some(end);
            } else if end > from
                && (self.table.adverb.contains(word)
                    || self.table.calendar.contains(word)
                    || self.table.say.contains(word)
                    || self.table.aux.contains(word) && !self.is_determiner(end))
            {
                break;
            }
            end += 1;
        }
        if let Some(name) = name {
            let name = self.without_agency(self.with_partner(name, limit));
            return self.named(from, name);
        }
        let nouns = self.table.is("noun-capitals");
        while end > from + 1
            && (self.is_determiner(end - 1)
                || self.is_preposition(end - 1)
                || nouns && self.is_lower_word(end - 1))
        {
            end -= 1;
        }
        if end == from || !self.list[from].is_word() {
            return None;
        }
        let role = Mention::new(from..end, MentionKind::Role);
        if let Some(name) = self.apposed(end).or_else(|| self.apposed_far(end)) {
            return Some(Mention { tokens: from..name.end, name, kind: MentionKind::Name });
        }
        // A bare article or verb is not a speaker, and neither is a clause.
        let noun = (from..end)
            .any(|at| self.list[at].is_word() && !self.is_small(at) || self.is_age_noun(at));
        let plain = self.is_determiner(from)
            || self.is_role(from)
            || self.table.is("no-articles") && end - from <= 4
            || self.list[from].is_capital() && !self.is_small(from);
        (noun && plain).then_some(role)
    }
}

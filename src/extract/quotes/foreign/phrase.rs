//! Noun phrases of languages with capitals, by the small words of their tables.
//!
//! Owns what a stretch of words names: a name, a role with or without one, a pronoun. Deliberately
//! chooses no cue. Titles and offices before a name are no part of it.

use std::ops::Range;

use super::super::lexicon::Pronoun;
use super::super::subject::{Mention, MentionKind, PHRASE_MAX, is_particle};
use super::super::tokens::{Kind, Token};
use crate::extract::names::first_name_gender;
use crate::language::Table;

/// Tokens passed over between a verb and the phrase behind it.
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

    fn kind(&self, at: usize) -> Kind {
        if at < self.to { self.list.get(at).map_or(Kind::Stop, |t| t.kind) } else { Kind::Stop }
    }

    fn is_lower_word(&self, at: usize) -> bool {
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

    fn is_small(&self, at: usize) -> bool {
        let word = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.is_small(word) || self.table.is_small(self.word(at))
    }

    /// Whether the token is a word of a name: a capital that no small word and no day has.
    fn is_name_word(&self, at: usize) -> bool {
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
                || self.pronoun(at).is_some()
                || self.table.say.contains(token.lower.as_str()) && token.is_capital()
        };
        !(leads && no_name())
    }

    fn is_determiner(&self, at: usize) -> bool {
        let token = self.list.get(at).map_or("", |t| t.lower.as_str());
        let elided = self.table.is("elision")
            && token.split_once(['’', '\'']).is_some_and(|(head, _)| {
                matches!(head, "l" | "un" | "d" | "dell" | "all" | "quell")
            });
        self.table.determiner.contains(token) || elided
    }

    /// "dell’opposizione", "d’Anne": a preposition written together with its noun.
    fn elided_genitive(&self, at: usize) -> bool {
        let token = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.is("elision")
            && token.split_once(['’', '\'']).is_some_and(|(head, _)| matches!(head, "d" | "dell"))
    }

    fn is_preposition(&self, at: usize) -> bool {
        let token = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.preposition.contains(token)
    }

    /// Whether the token is a title or an office: also "Polizeisprecher" and "SPD-Chef".
    fn is_role(&self, at: usize) -> bool {
        let Some(token) = self.list.get(at) else { return false };
        let word = self.word(at);
        if self.table.is_role(word) || self.table.is_role(&token.lower) {
            return true;
        }
        let tail = word.rsplit('-').next().unwrap_or(word);
        if tail.len() < word.len() && (self.table.is_role(tail) || tail == "politiker") {
            return true;
        }
        self.table.is("noun-capitals")
            && word.chars().count() > 7
            && first_name_gender(word).is_none()
            && ROLE_ENDS.iter().any(|end| word.ends_with(end))
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
    fn behind_prepositional(&self, at: usize) -> usize {
        let mut next = at + 1;
        while next < self.to && (self.is_determiner(next) || self.is_preposition(next)) {
            next += 1;
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

    /// The noun phrase behind `at`: what stands behind a verb or a source phrase. `elided`: the first word
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
                Kind::Quote(_) if next > at => {
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
                if !listener {
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

    fn is_time(&self, at: usize) -> bool {
        let word = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.calendar.contains(word) || self.kind(at) == Kind::Number || TIMES.contains(&word)
    }

    /// The noun phrase whose words begin at `from`.
    pub(super) fn phrase(&self, from: usize, limit: usize) -> Option<Mention> {
        let limit = limit.min(from + PHRASE_MAX);
        let mut end = from;
        let mut complement = None;
        let mut name: Option<Range<usize>> = None;
        while end < limit {
            match self.kind(end) {
                Kind::Word { .. } => {}
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
                    let run = self.run(end, limit);
                    if complement.is_none() || self.is_person(&run) {
                        name = Some(run.clone());
                        end = run.end;
                        break;
                    }
                    end = run.end;
                    continue;
                }
                let run = self.run(end, limit);
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
                let genitive = elided || GENITIVES.contains(&word) && !self.is_time(end + 1);
                if !genitive {
                    break;
                }
                complement = Some(end);
            } else if end > from
                && self.is_determiner(end)
                && !particle
                && !self.is_preposition(end - 1)
            {
                // "die Sprecherin der Stadt": a genitive.
                if !self.table.is("noun-capitals") || !matches!(word, "der" | "des") {
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
            return self.named(from, name);
        }
        while end > from + 1 && (self.is_determiner(end - 1) || self.is_preposition(end - 1)) {
            end -= 1;
        }
        if end == from || !self.list[from].is_word() {
            return None;
        }
        let role = Mention::new(from..end, MentionKind::Role);
        if let Some(name) = self.apposed(end).or_else(|| self.apposed_far(end)) {
            return Some(Mention { tokens: from..name.end, name, kind: MentionKind::Name });
        }
        // A bare article or verb is no speaker, and neither is a clause.
        let noun = (from..end).any(|at| self.list[at].is_word() && !self.is_small(at));
        let plain = self.is_determiner(from)
            || self.is_role(from)
            || self.table.is("no-articles") && end - from <= 4
            || self.list[from].is_capital() && !self.is_small(from);
        (noun && plain).then_some(role)
    }

    /// The mention of a name with its titles left out.
    fn named(&self, from: usize, run: Range<usize>) -> Option<Mention> {
        let mut start = run.start;
        while start + 1 < run.end && self.is_role(start) {
            start += 1;
        }
        let determined = (from..run.start).any(|at| self.is_determiner(at));
        let body =
            run.clone().any(|at| self.table.body.contains(self.word(at)) || self.is_body(at));
        if self.table.is("noun-capitals") && determined && start == run.start && !body {
            // "die Anwohnerin Inge Sauer": the noun before the name; "die Stadt": no name at all.
            if run.len() == 1 || self.is_role(start) {
                let end = self.genitive_end(run.end);
                if let Some(name) = self.apposed(end).or_else(|| self.apposed_far(end)) {
                    return Some(Mention { tokens: from..name.end, name, kind: MentionKind::Name });
                }
                return Some(Mention::new(from..end, MentionKind::Role));
            }
            if first_name_gender(self.word(start)).is_none() {
                start += 1;
            }
        }
        if self.is_role(start) && run.end - start == 1 {
            let end = self.genitive_end(run.end);
            if let Some(name) = self.apposed(end).or_else(|| self.apposed_far(end)) {
                return Some(Mention { tokens: from..name.end, name, kind: MentionKind::Name });
            }
            return Some(Mention::new(from..end, MentionKind::Role));
        }
        if body && determined {
            return Some(Mention::new(from..run.end, MentionKind::Role));
        }
        Some(Mention { tokens: from..run.end, name: start..run.end, kind: MentionKind::Name })
    }

    /// "die Sprecherin der Stadt": where the genitive behind a noun ends.
    fn genitive_end(&self, end: usize) -> usize {
        let mut end = end;
        while end + 1 < self.to && matches!(self.word(end), "der" | "des") {
            let noun = (end + 1..self.to.min(end + 4)).find(|&at| self.list[at].is_capital());
            match noun {
                Some(noun) => end = noun + 1,
                None => break,
            }
        }
        end
    }

    fn is_body(&self, at: usize) -> bool {
        let word = self.word(at);
        self.table.is("noun-capitals")
            && self.table.body.iter().any(|body| body.chars().count() > 3 && word.ends_with(body))
    }

    fn is_particle_at(&self, at: usize) -> bool {
        is_particle(self.list[at].lower.as_str())
            && self.list[at].is_word()
            && !self.list[at].is_capital()
            && at > self.from
            && self.is_name_word(at - 1)
            && (self.is_name_word(at + 1)
                || self.list.get(at + 1).is_some_and(|t| is_particle(&t.lower))
                    && self.is_name_word(at + 2))
            && !(self.table.is("noun-capitals") && self.list[at].lower != "von")
            && !(self.table.join.contains(self.list[at].lower.as_str()))
    }

    /// The run of name words that begins at `from`.
    fn run(&self, from: usize, limit: usize) -> Range<usize> {
        let mut end = from + 1;
        while end < limit {
            let nickname = matches!(self.kind(end), Kind::Quote(_)) && self.is_name_word(end + 1);
            let second = is_particle(self.word(end - 1)) && self.is_name_word(end)
                || self.is_particle_pair(end);
            if !(self.is_name_word(end) || self.is_particle_at(end) || nickname || second) {
                break;
            }
            end += 1;
        }
        from..end
    }

    fn is_particle_pair(&self, at: usize) -> bool {
        at > self.from
            && is_particle(self.list[at].lower.as_str())
            && is_particle(self.list[at - 1].lower.as_str())
            && self.is_name_word(at + 1)
    }

    fn is_person(&self, run: &Range<usize>) -> bool {
        run.len() > 1 && first_name_gender(self.word(run.start)).is_some()
    }

    /// "la concejala de Obras, Marta Cuesta": the name behind the comma at `comma`.
    fn apposed(&self, comma: usize) -> Option<Range<usize>> {
        if self.kind(comma) != Kind::Comma {
            return None;
        }
        let mut start = comma + 1;
        while start < self.to
            && (self.is_role(start) || self.is_determiner(start))
            && start - comma < 4
        {
            start += 1;
        }
        if !self.is_name_word(start) {
            return None;
        }
        let run = self.run(start, self.to);
        let closed = !matches!(self.kind(run.end), Kind::Word { .. } | Kind::Number);
        (closed || run.len() > 1).then_some(run)
    }

    /// "l’ingénieur en chef, Didier Roche": the name behind the comma that ends what hangs on the office.
    fn apposed_far(&self, end: usize) -> Option<Range<usize>> {
        let comma = (end..self.to.min(end + 7)).find(|&at| !self.list[at].is_word())?;
        let plain = (end..comma).all(|at| {
            let word = self.list[at].lower.as_str();
            !self.table.clause.contains(word) && !self.table.say.contains(word)
        });
        let run = self.apposed(comma).filter(|run| plain && run.len() > 1)?;
        (!matches!(self.kind(run.end), Kind::Word { .. } | Kind::Number)).then_some(run)
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
                        break;
                    }
                    start = at;
                }
                _ => break,
            }
        }
        parts.push(start..stop);
        parts.retain(|part| !part.is_empty());
        parts.reverse();
        parts.iter().find_map(|part| self.subject_of(part))
    }

    /// The subject in a stretch without commas.
    fn subject_of(&self, part: &Range<usize>) -> Option<Mention> {
        let mut at = part.start;
        let mut fronted = false;
        while at < part.end {
            let word = self.list[at].lower.as_str();
            if !self.list[at].is_word() {
                at += 1;
            } else if self.pronoun(at).is_some_and(|p| p != Pronoun::It) && at + 1 == part.end {
                return self.pronoun(at).map(|p| Mention::new(at..at + 1, MentionKind::Pronoun(p)));
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
        if from >= self.to || !(self.is_name_word(from) || self.is_role(from)) {
            return None;
        }
        let mention = self.phrase(from, self.to).filter(|m| m.kind == MentionKind::Name)?;
        let words = mention.name.len();
        let known = first_name_gender(self.word(mention.name.start)).is_some();
        let titled = mention.name.start > mention.tokens.start;
        let body = mention
            .name
            .clone()
            .any(|at| self.table.body.contains(self.word(at)) || self.is_body(at));
        let person = words > 1
            && !body
            && (known || titled || !self.table.is("noun-capitals") && words <= 3);
        // A name before the verb of the sentence and no more.
        let verb =
            matches!(self.kind(mention.tokens.end), Kind::Word { capital: false } | Kind::Comma);
        (person && verb).then_some(mention)
    }
}

/// Ends of German nouns of office.
const ROLE_ENDS: &[&str] = &[
    "sprecher",
    "sprecherin",
    "chef",
    "chefin",
    "minister",
    "ministerin",
    "präsident",
    "präsidentin",
    "vorsitzende",
    "vorsitzender",
    "leiter",
    "leiterin",
    "meister",
    "meisterin",
    "politiker",
    "politikerin",
    "experte",
    "expertin",
    "forscher",
    "forscherin",
    "anwalt",
    "anwältin",
    "direktor",
    "direktorin",
    "sekretär",
    "sekretärin",
    "kanzler",
    "abgeordnete",
    "abgeordneter",
    "beauftragte",
    "beauftragter",
    "kommissar",
    "kommissarin",
    "ingenieur",
    "ingenieurin",
    "referent",
    "referentin",
    "dezernent",
    "dezernentin",
    "professor",
    "professorin",
    "führer",
    "führerin",
    "händler",
    "händlerin",
    "arbeiter",
    "arbeiterin",
    "besitzer",
    "besitzerin",
    "inhaber",
    "inhaberin",
    "richter",
    "richterin",
    "wissenschaftler",
    "wissenschaftlerin",
    "ökonom",
    "ökonomin",
    "kandidat",
    "kandidatin",
    "trainer",
    "trainerin",
    "autor",
    "autorin",
    "wohnerin",
    "bewohner",
    "rätin",
];

/// Prepositions that hang a complement on an office: "portavoz del partido".
const GENITIVES: &[&str] = &[
    "de", "del", "du", "des", "d", "do", "da", "dos", "das", "di", "della", "dello", "dei",
    "degli", "delle", "van", "von", "vom", "för", "for", "i", "w", "dell’", "d’", "des", "av",
    "af", "του", "της", "των", "dari",
];

/// Nouns of time behind an article: "la semana pasada".
const TIMES: &[&str] = &[
    "semana",
    "mes",
    "año",
    "noche",
    "mañana",
    "tarde",
    "semaine",
    "mois",
    "matin",
    "soir",
    "settimana",
    "mese",
    "mattina",
    "sera",
    "notte",
    "noite",
    "manhã",
    "ano",
    "mês",
    "week",
    "maand",
    "avond",
];

//! The names in a noun phrase, with the titles before them and what is apposed behind a comma.
//!
//! Owns where a name begins and ends. Deliberately chooses no phrase; [`super::phrase`] does.

use std::ops::Range;

use super::super::subject::{Mention, MentionKind, is_particle};
use super::super::tokens::Kind;
use super::phrase::Clause;
use crate::extract::names::first_name_gender;

impl Clause<'_> {
    /// The mention of a name with its titles left out.
    pub(super) fn named(&self, from: usize, run: Range<usize>) -> Option<Mention> {
        let mut start = run.start;
        while start + 1 < run.end && self.is_role(start) {
            start += 1;
        }
        // "Merkels Sprecher Steffen Seibert": the name is after the office.
        if self.table.is("noun-capitals")
            && let Some(office) =
                (start + 1..run.end.saturating_sub(1)).rfind(|&at| self.is_role(at))
            && self.word(start).ends_with('s')
        {
            start = office + 1;
        }
        let determined = (from..run.start).any(|at| self.is_determiner(at))
            && !(run.start > from && self.is_role(run.start - 1));
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
        // "Vertreter der Bauwirtschaft": a noun with its genitive.
        let genitive = self.genitive_end(run.end);
        if self.table.is("noun-capitals")
            && run.len() == 1
            && genitive > run.end
            && self.table.several.iter().any(|noun| self.word(run.start).ends_with(noun))
        {
            return Some(Mention::new(from..genitive, MentionKind::Role));
        }
        Some(Mention { tokens: from..run.end, name: start..run.end, kind: MentionKind::Name })
    }

    /// "Mannheims oberster Bürgermeister Peter Kurz": whether a name in the genitive leads its noun.
    pub(super) fn owns_next(&self, run: &Range<usize>, from: usize, limit: usize) -> bool {
        if !self.table.is("noun-capitals")
            || run.len() != 1
            || run.start != from
            || !self.word(run.start).ends_with('s')
        {
            return false;
        }
        let noun = (run.end..limit.min(run.end + 3)).find(|&at| self.list[at].is_capital());
        noun.is_some_and(|noun| {
            noun > run.end
                && (run.end..noun).all(|at| {
                    self.is_lower_word(at)
                        && !self.is_small(at)
                        && !self.table.say.contains(self.word(at))
                        && !self.table.tell.contains(self.word(at))
                })
        })
    }

    /// "Sonia und Willy Bogner": a given name, "and", and another with the name that both have.
    pub(super) fn with_partner(&self, name: Range<usize>, limit: usize) -> Range<usize> {
        let joined = name.end + 1 < limit
            && self.table.join.contains(self.list[name.end].lower.as_str())
            && self.is_name_word(name.end + 1)
            && !self.is_role(name.end + 1);
        if !joined {
            return name;
        }
        let second = self.run(name.end + 1, limit);
        let given = |at: usize| first_name_gender(self.word(at)).is_some();
        if second.len() > 1 && (given(name.start) || given(second.start))
            || name.len() > 1 && given(name.start) && given(second.start)
        {
            return name.start..second.end;
        }
        name
    }

    /// "die Sprecherin der Stadt": where the genitive behind a noun ends.
    pub(super) fn genitive_end(&self, end: usize) -> usize {
        let mut end = end;
        while end + 1 < self.to && self.table.genitive_article.contains(self.word(end)) {
            let noun = (end + 1..self.to.min(end + 4)).find(|&at| self.list[at].is_capital());
            match noun {
                Some(noun) => end = noun + 1,
                None => break,
            }
        }
        end
    }

    pub(super) fn is_body(&self, at: usize) -> bool {
        let word = self.word(at);
        self.table.is("noun-capitals")
            && self.table.body.iter().any(|body| body.chars().count() > 3 && word.ends_with(body))
    }

    pub(super) fn is_particle_at(&self, at: usize) -> bool {
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
    pub(super) fn run(&self, from: usize, limit: usize) -> Range<usize> {
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

    pub(super) fn is_particle_pair(&self, at: usize) -> bool {
        at > self.from
            && is_particle(self.list[at].lower.as_str())
            && is_particle(self.list[at - 1].lower.as_str())
            && self.is_name_word(at + 1)
    }

    /// "Очільник району Віктор Лис", "Sang pelatih, Guntur Karya": the name behind a noun that has its
    /// capital from the head of the sentence.
    pub(super) fn name_behind_noun(
        &self,
        run: &Range<usize>,
        limit: usize,
    ) -> Option<Range<usize>> {
        if run.start != self.from
            || run.len() > 2
            || self.table.is("noun-capitals")
            || first_name_gender(self.word(run.start)).is_some()
        {
            return None;
        }
        let mut at = run.end;
        let mut nouns = 0;
        while at < limit && nouns < 6 {
            let word = self.list[at].lower.as_str();
            if self.kind(at) == Kind::Comma {
                let apposed = self.apposed(at).filter(|name| name.len() > 1 && nouns > 0)?;
                let closed = self.kind(apposed.end) == Kind::Comma;
                return closed.then_some(apposed);
            }
            if self.is_name_word(at) {
                let name = self.run(at, limit);
                return (name.len() > 1 && nouns > 0 && nouns < 5).then_some(name);
            }
            let genitive = self.table.genitive.contains(word);
            if !self.is_lower_word(at)
                || self.table.say.contains(word)
                || self.table.tell.contains(word)
                || self.table.clause.contains(word)
                || self.table.aux.contains(word) && !self.is_determiner(at)
                || self.is_preposition(at) && !genitive
                || self.table.adverb.contains(word)
            {
                return None;
            }
            nouns += 1;
            at += 1;
        }
        None
    }

    /// Whether a preposition behind an office begins what the office is for, and a name of two words ends it: "ai Lavori
    /// pubblici Luca Ferri"; "ai giornalisti" is the listener.
    pub(super) fn is_office_of(&self, at: usize, limit: usize) -> bool {
        const WORDS_MAX: usize = 5;
        if !self.table.office_of.contains(self.word(at)) || at == self.from || !self.is_role(at - 1)
        {
            return false;
        }
        let mut end = at + 1;
        while end < limit.min(at + 1 + WORDS_MAX) && self.list[end].is_word() {
            end += 1;
        }
        let capitals = (at + 1..end).rev().take_while(|&at| self.is_name_word(at)).count();
        !self.is_role(at + 1) && (capitals > 2 || capitals == 2 && end - at > 3)
    }

    /// "l’assessore all’Urbanistica Luca Ferri": a run of capitals without what the office before it is for.
    pub(super) fn behind_elided_office(&self, run: Range<usize>, from: usize) -> Range<usize> {
        let elided = self.table.is("elision")
            && self.list[run.start]
                .lower
                .split_once(['’', '\''])
                .is_some_and(|(head, _)| matches!(head, "all" | "dell" | "dall" | "d"));
        let office = elided && run.len() > 2 && run.start > from && self.is_role(run.start - 1);
        if office { run.start + 1..run.end } else { run }
    }

    pub(super) fn is_person(&self, run: &Range<usize>) -> bool {
        run.len() > 1 && first_name_gender(self.word(run.start)).is_some()
    }

    /// "la concejala de Obras, Marta Cuesta": the name behind the comma at `comma`.
    pub(super) fn apposed(&self, comma: usize) -> Option<Range<usize>> {
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
    pub(super) fn apposed_far(&self, end: usize) -> Option<Range<usize>> {
        let comma = (end..self.to.min(end + 7)).find(|&at| !self.list[at].is_word())?;
        let plain = (end..comma).all(|at| {
            let word = self.list[at].lower.as_str();
            !self.table.clause.contains(word) && !self.table.say.contains(word)
        });
        let run = self.apposed(comma).filter(|run| plain && run.len() > 1)?;
        (!matches!(self.kind(run.end), Kind::Word { .. } | Kind::Number)).then_some(run)
    }

    /// "dell’opposizione", "d’Anne": a preposition written together with its noun.
    pub(super) fn elided_genitive(&self, at: usize) -> bool {
        let token = self.list.get(at).map_or("", |t| t.lower.as_str());
        self.table.is("elision")
            && token.split_once(['’', '\'']).is_some_and(|(head, _)| matches!(head, "d" | "dell"))
    }
}

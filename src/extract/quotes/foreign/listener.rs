//! The listener, and the place: what is next to a verb of saying and does not speak.
//!
//! Owns the agency between a verb and its speaker ("сообщил ТАСС мэр Антон Лавров"), the adverb that leads a sentence
//! with a capital ("Poco después añadió Ana Ruiz"), and the body in which several said it ("сообщили в пресс-службе
//! порта"). Deliberately weighs no cue. Every walk is capped.

use super::super::subject::{Mention, MentionKind};
use super::super::tokens::Kind;
use super::phrase::Clause;
use crate::extract::names::first_name_gender;

/// Words of what hangs on a body: "пресс-службе управления порта".
const BODY_WORDS_MAX: usize = 4;
/// Letters of a body's name that other cases leave as they are, at least.
const STEM_MIN: usize = 4;

impl Clause<'_> {
    /// Whether a word is an agency's short name: ТАСС, PAP, ČTK.
    pub(super) fn is_acronym(&self, at: usize) -> bool {
        let Some(token) = self.list.get(at).filter(|token| token.is_word()) else { return false };
        let word = self.text.get(token.start..token.end).unwrap_or("");
        let bare = word.split_once(['’', '\'']).map_or(word, |(_, rest)| rest);
        let letters = bare.chars().filter(|c| c.is_alphabetic()).count();
        (2..=6).contains(&letters)
            && bare.chars().all(char::is_uppercase)
            && !bare.chars().all(|c| matches!(c, 'I' | 'V' | 'X'))
    }

    /// "powiedział PAP burmistrz Jan Kos", "рассказал РИА Новости мэр Антон Лавров", "ha detto all’ANSA il sindaco Luca
    /// Ferri": the speaker behind the listener. `listener` is what is right behind the verb.
    pub(super) fn behind_listener(&self, listener: &Mention) -> Option<Mention> {
        if listener.kind != MentionKind::Name
            || listener.name.len() > 2
            || listener.tokens.len() > 2
        {
            return None;
        }
        let next = listener.tokens.end;
        let bare_case = self.table.is("no-articles");
        if !(bare_case || self.is_acronym(listener.name.start)) || next >= self.to {
            return None;
        }
        let office = self.is_role(next) || self.is_determiner(next) && self.is_role(next + 1);
        let speaker =
            (office && self.is_lower_word(next)).then(|| self.phrase(next, self.to))??;
        let named = speaker.kind == MentionKind::Name && speaker.name.len() > 1;
        named.then_some(speaker)
    }

    /// "Антон Лавров ТАСС": a name without the agency that listened, in languages where only case marks it.
    pub(super) fn without_agency(&self, name: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let last = name.end.saturating_sub(1);
        let trailing = self.table.is("no-articles")
            && name.len() > 2
            && self.is_acronym(last)
            && !self.is_acronym(name.start);
        if trailing { name.start..last } else { name }
    }

    /// Whether what was read as a subject is an adverb that leads the sentence: one word with a capital, and an adverb
    /// or a noun of time behind it, where a name of two words is behind the verb: "Poco después añadió Ana Ruiz".
    pub(super) fn is_adverbial(&self, subject: &Mention, verb: usize) -> bool {
        let next = subject.tokens.end;
        subject.kind == MentionKind::Name
            && subject.tokens.len() == 1
            && subject.tokens.start == self.from
            && first_name_gender(self.word(self.from)).is_none()
            && next < verb
            && self.is_lower_word(next)
            && (self.table.adverb.contains(self.word(next)) || self.is_time(next))
            && self.after(verb + 1, false).is_some_and(|name| {
                name.kind == MentionKind::Name && name.name.len() > 1 && name.name.start <= verb + 4
            })
    }

    /// "сообщили в пресс-службе порта", "řekli na ministerstvu": the body in which several said it, behind their verb.
    pub(super) fn said_in(&self, verb: usize) -> Option<Mention> {
        if !self.table.is("no-articles") || !is_plural(self.word(verb)) {
            return None;
        }
        let mut at = verb + 1;
        if self.is_preposition(at) && self.is_time(at + 1) {
            at += 2;
        }
        let place =
            matches!(self.word(at), "в" | "во" | "у" | "на" | "w" | "we" | "v" | "ve" | "na");
        if !place || !self.is_preposition(at) || at + 1 >= self.to {
            return None;
        }
        let noun = (at + 1..self.to.min(at + 3)).find(|&noun| self.is_body_stem(noun))?;
        let mut end = noun + 1;
        while end < self.to
            && end - noun < BODY_WORDS_MAX
            && matches!(self.kind(end), Kind::Word { .. })
            && !self.is_small(end)
            && !self.table.say.contains(self.word(end))
        {
            end += 1;
        }
        Some(Mention::new(at + 1..end, MentionKind::Role))
    }

    /// Whether a word is a body in any case: "мэрии" of "мэрия", an acronym, "пресс-службе".
    fn is_body_stem(&self, at: usize) -> bool {
        if self.is_acronym(at) {
            return true;
        }
        let word = self.word(at);
        let tail = word.rsplit('-').next().unwrap_or(word);
        self.table.body.iter().any(|body| {
            let keep = body.chars().count().saturating_sub(2).max(STEM_MIN);
            let end = body.char_indices().nth(keep).map_or(body.len(), |(at, _)| at);
            let stem = &body[..end];
            (word.starts_with(stem) || tail.starts_with(stem))
                && word.chars().count() <= body.chars().count() + 12
        })
    }
}

/// Whether a Slavic verb of saying is in the plural: "сообщили", "говорят", "powiedzieli", "řekli".
fn is_plural(verb: &str) -> bool {
    ["ли", "ют", "ят", "ут", "li", "ły", "ją", "ly", "jí"].iter().any(|end| verb.ends_with(end))
}

//! Who speaks where no verb names a speaker: a document, a noun without an article, the subject around a
//! frame of two verbs.
//!
//! Owns what stands for a speaker in a clause whose verb has none: "In einem Positionspapier heißt es", "Darin
//! steht", "hatte … bekanntgegeben". Deliberately weighs no cue. Every walk is capped.

use super::super::lexicon::Pronoun;
use super::super::subject::{Mention, MentionKind};
use super::super::tokens::Kind;
use super::phrase::Clause;

/// Tokens between a quotation and the verb of a document behind it.
const BEHIND_MAX: usize = 5;
/// Tokens looked back over for the document that "darin" means.
const BACK_MAX: usize = 40;
/// Tokens between the two verbs of a frame.
const FRAME_MAX: usize = 40;
/// Tokens of a label before its colon.
const LABEL_MAX: usize = 8;
/// Words of a document's noun phrase before its noun.
const BEFORE_NOUN_MAX: usize = 4;

impl Clause<'_> {
    /// Whether a noun is one of documents and media, which say things.
    fn is_document(&self, at: usize) -> bool {
        let word = self.word(at);
        let list = &self.table.document;
        list.contains(word)
            || self.table.is("noun-capitals")
                && self.list[at].is_capital()
                && list.iter().any(|noun| noun.chars().count() > 4 && word.ends_with(noun))
    }

    /// The document that the clause before `quote` leads with or says itself "in" it: "In einem Schreiben der
    /// Kanzlei heißt es", "So heißt es in dem Schreiben", "Darin steht".
    pub(super) fn document(&self, quote: usize) -> Option<Mention> {
        if self.table.in_it.contains(self.word(self.from)) {
            return self.document_before();
        }
        let limit = quote.min(self.from + FRAME_MAX);
        (self.from..limit).find_map(|at| {
            let leads = at == self.from || self.impersonal_before(at);
            let preposition = self.is_preposition(at) && leads;
            preposition.then(|| self.document_at(at + 1, limit)).flatten()
        })
    }

    /// Whether "heißt es" or its like is before a token.
    fn impersonal_before(&self, at: usize) -> bool {
        at > self.from + 1
            && self.pronoun(at - 1) == Some(Pronoun::It)
            && self.table.say.contains(self.word(at - 2))
            || self.table.impersonal.contains(self.word(at - 1))
    }

    /// The document behind a quotation that says it there, and its verb: "…, si legge in una nota del Comune", "…, staat
    /// in een verklaring", "…, diz a nota da prefeitura".
    pub(super) fn document_behind(&self, quote: usize) -> Option<(Mention, usize)> {
        let limit = self.to.min(quote + FRAME_MAX);
        let verb = (quote + 1..limit.min(quote + BEHIND_MAX)).find(|&at| {
            let word = self.word(at);
            self.table.impersonal.contains(word)
                || self.table.impersonal.contains(self.list[at].lower.as_str())
                || self.table.say.contains(word)
        })?;
        let small = (quote + 1..verb).all(|at| {
            let small = self.is_small(at) || self.pronoun(at).is_some();
            matches!(self.kind(at), Kind::Comma | Kind::Dash)
                || small
                || self.list[at].lower.contains('-')
        });
        if !small {
            return None;
        }
        // "hedder det i", "leest men in": a small word between the verb and its preposition.
        let mut next = verb + 1;
        while next < limit
            && next <= verb + 2
            && !self.is_preposition(next)
            && (self.pronoun(next).is_some() || self.is_small(next) && !self.is_determiner(next))
        {
            next += 1;
        }
        // "dijo en un comunicado" omits the person mentioned last; "diz a nota" and "se dice en" do not.
        let impersonal = self.table.impersonal.contains(self.word(verb))
            || self.table.impersonal.contains(self.list[verb].lower.as_str())
            || (quote + 1..verb).any(|at| matches!(self.word(at), "se" | "si"));
        if !impersonal && self.is_preposition(next) && !self.is_determiner(next) {
            return None;
        }
        let plain = self.table.is("no-articles") || self.table.is("definite-endings");
        if !(self.is_preposition(next) || self.is_determiner(next) || plain) {
            return None;
        }
        let from = if self.is_preposition(next) { next + 1 } else { next };
        let document = self
            .document_at(from, limit)
            .or_else(|| impersonal.then(|| self.body_at(next, limit)).flatten())?;
        Some((document, verb))
    }

    /// The body behind "hieß es aus", "hieß es von": "aus dem Rathaus", "von der Polizei".
    fn body_at(&self, preposition: usize, limit: usize) -> Option<Mention> {
        const FROM: [&str; 7] = ["aus", "von", "vom", "seitens", "vonseiten", "bei", "beim"];
        if !self.table.is("noun-capitals") || !FROM.contains(&self.word(preposition)) {
            return None;
        }
        let from = preposition + 1 + usize::from(self.is_determiner(preposition + 1));
        let capital = |at: &usize| *at < limit && self.list[*at].is_capital();
        let end = from + (from..from + 3).take_while(capital).count();
        (end > from).then(|| Mention::new(from..end, MentionKind::Role))
    }

    /// The phrase of a document that begins at `from`.
    fn document_at(&self, from: usize, limit: usize) -> Option<Mention> {
        let noun = (from..limit.min(from + BEFORE_NOUN_MAX))
            .find(|&at| !self.list[at].is_word() || self.is_document(at))?;
        if !self.is_document(noun) {
            return None;
        }
        let mut end = self.genitive_end(noun + 1).min(limit);
        while end + 1 < limit
            && !self.table.is("noun-capitals")
            && self.table.genitive.contains(self.word(end))
            && self.list[end + 1].is_word()
            && end - noun < 6
        {
            // "le communiqué de la mairie": past the article.
            let article =
                self.is_determiner(end + 1) && end + 2 < limit && self.list[end + 2].is_word();
            end += 2 + usize::from(article);
            while end < limit && end - noun < 8 && self.is_name_word(end) {
                end += 1;
            }
        }
        // "в заявлении мэрии": the genitive alone.
        while self.table.is("no-articles")
            && end < limit
            && end - noun < 4
            && self.list[end].is_word()
            && !self.is_small(end)
            && !self.table.say.contains(self.word(end))
        {
            end += 1;
        }
        Some(Mention::new(from..end.max(noun + 1), MentionKind::Role))
    }

    /// The last document of the sentence before.
    fn document_before(&self) -> Option<Mention> {
        let low = self.from.saturating_sub(BACK_MAX);
        let noun = (low..self.from).rev().find(|&at| self.is_document(at))?;
        let mut start = noun;
        while start > low && noun - start < 3 && self.list[start - 1].is_word() {
            if self.is_determiner(start - 1) {
                start -= 1;
                break;
            }
            if self.list[start - 1].is_capital() {
                break;
            }
            start -= 1;
        }
        Some(Mention::new(start..noun + 1, MentionKind::Role))
    }

    /// "Enligt polisen", "Segundo a polícia": a noun in lower case behind a source phrase.
    pub(super) fn source_noun(&self, from: usize) -> Option<Mention> {
        let noun = if self.is_determiner(from) { from + 1 } else { from };
        let word = self.list.get(noun).filter(|_| noun < self.to)?.lower.as_str();
        if !self.is_lower_word(noun)
            || word.chars().count() < 3
            || self.is_small(noun)
            || self.table.say.contains(word)
            || self.table.number.contains_key(word)
        {
            return None;
        }
        let mut end = noun + 1;
        while end + 1 < self.to
            && end - noun < 6
            && self.table.genitive.contains(self.word(end))
            && self.list[end + 1].is_word()
        {
            end += 2;
        }
        Some(Mention::new(from..end, MentionKind::Role))
    }

    /// The subject around a frame: "Der Minister hatte die Zustimmung „…“ bekanntgegeben".
    pub(super) fn framed(&self, verb: usize) -> Option<Mention> {
        if !self.table.is("verb-second") {
            return None;
        }
        let have = (self.from..verb)
            .rev()
            .take(FRAME_MAX)
            .find(|&at| self.table.have.contains(self.word(at)))?;
        let fits = |mention: &Mention| !self.is_object(mention);
        self.before(have).filter(fits).or_else(|| self.after(have + 1, false).filter(fits))
    }

    /// "ging Celebi noch davon aus": a verb that says only with its particles.
    pub(super) fn assumes(&self, at: usize) -> bool {
        self.table.is("noun-capitals")
            && matches!(self.word(at), "geht" | "gehen" | "ging" | "gingen")
            && (at + 1..self.to.min(at + 14)).any(|next| {
                self.word(next) == "davon"
                    && (next + 1..self.to.min(next + 3)).any(|last| self.word(last) == "aus")
            })
    }

    /// The party or body that leads a sentence: "Die SPD will am Kurs festhalten."
    pub(in super::super) fn leading_body(&self) -> Option<Mention> {
        // "Europapolitik: Die SPD will": behind a label.
        let label = (self.from..self.to.min(self.from + LABEL_MAX))
            .rfind(|&at| self.list[at].kind == Kind::Colon)
            .map_or(self.from, |colon| colon + 1);
        if !self.table.is("noun-capitals") || label >= self.to || !self.is_determiner(label) {
            return None;
        }
        let mention = self.phrase(label, self.to).filter(|m| !self.is_object(m))?;
        let head = mention.tokens.clone().find(|&at| self.list[at].is_capital() && at > label)?;
        let token = &self.list[head];
        let acronym = self.text.get(token.start..token.end).is_some_and(|word| {
            word.chars().count() >= 2 && word.chars().all(|c| c.is_uppercase() || c.is_numeric())
        });
        let is_verb = self.kind(mention.tokens.end) == Kind::Word { capital: false };
        ((acronym || self.is_body(head)) && is_verb).then_some(mention)
    }
}

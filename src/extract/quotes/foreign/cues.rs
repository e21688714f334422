//! The words of a sentence that attribute speech: verbs of saying and source phrases.
//!
//! Owns which words are cues, and the speaker next to each. Deliberately knows no quotation, except for whether
//! one is right before a verb: which cue a quotation has is decided where they are weighed.

use std::ops::Range;

use super::super::cues::CueHit;
use super::super::lexicon::{Pronoun, Verb};
use super::super::subject::{Mention, MentionKind, is_particle};
use super::super::tokens::Kind;
use super::phrase::Clause;

impl Clause<'_> {
    /// The words of saying and the source phrases of the sentence, in order.
    pub(super) fn cues(&self) -> Vec<CueHit> {
        let mut hits = Vec::new();
        let mut at = self.from;
        while at < self.to {
            let length = match self.source(at).or_else(|| self.spoken(at)) {
                Some((hit, length)) => {
                    hits.push(hit);
                    length
                }
                None => 1,
            };
            at += length;
        }
        hits
    }

    /// "laut Weber", "Weber zufolge": the hit and its length in tokens.
    fn source(&self, at: usize) -> Option<(CueHit, usize)> {
        let says = |tokens: Range<usize>, subject, inverted| CueHit {
            tokens,
            verb: Verb::Says,
            subject: Some(subject),
            inverted,
        };
        for words in &self.table.source {
            let (length, elided) = match self.stands(words, at) {
                Some(found) => found,
                None => continue,
            };
            // "für", "pour", "para" lead a speaker only at the head of a clause, and only a person.
            let leads = at == self.from || !self.list[at - 1].is_word();
            let vague = words.len() == 1 && self.table.source_vague.contains(words[0]);
            if vague && !leads {
                continue;
            }
            let from = if elided { at + length - 1 } else { at + length };
            let Some(mut subject) = self
                .after(from, elided)
                .or_else(|| leads.then(|| self.source_noun(from)).flatten())
            else {
                continue;
            };
            if vague && subject.kind != MentionKind::Name {
                continue;
            }
            // "Nach Aussagen der Anwältin": the noun of the phrase belongs to the mention.
            if self.table.is("noun-capitals")
                && let Some(noun) = (at + 1..from).find(|&noun| self.list[noun].is_capital())
            {
                subject.tokens.start = subject.tokens.start.min(noun);
            }
            return Some((says(at..at + length, subject, true), length));
        }
        for words in &self.table.source_own {
            if let Some((length, _)) = self.stands(words, at) {
                let hit = CueHit {
                    tokens: at..at + length,
                    verb: Verb::Says,
                    subject: None,
                    inverted: true,
                };
                return Some((hit, length));
            }
        }
        for words in &self.table.source_after {
            if let Some((length, _)) = self.stands(words, at)
                && let Some(subject) = self.before(at)
            {
                return Some((says(at..at + length, subject, false), length));
            }
        }
        None
    }

    /// Whether a phrase is at a token: its length, and whether its last word is written together with
    /// the next ("d’Anne").
    fn stands(&self, words: &[&str], at: usize) -> Option<(usize, bool)> {
        let last = words.len().checked_sub(1)?;
        for (index, word) in words.iter().enumerate() {
            let token = self.list.get(at + index).filter(|_| at + index < self.to)?;
            // Called for every phrase at every word: most differ in their first letter.
            if token.lower.bytes().next() != word.bytes().next() && !word.starts_with('’') {
                return None;
            }
            let elided = index == last && word.ends_with('’');
            let same = token.lower == *word
                || token.lower.contains('\'') && token.lower.replace('\'', "’") == *word;
            if same {
                continue;
            }
            if elided && token.lower.replace('\'', "’").starts_with(word) {
                return Some((words.len(), true));
            }
            return None;
        }
        Some((words.len(), false))
    }

    /// The verb of saying at a token with the speaker next to it, and its length.
    fn spoken(&self, at: usize) -> Option<(CueHit, usize)> {
        let token = self.list.get(at).filter(|token| token.is_word())?;
        // "168.000 Versicherten": a noun.
        let leads = at == self.from
            || !self.list[at - 1].is_word() && self.list[at - 1].kind != Kind::Number;
        if token.is_capital() && !leads {
            return None;
        }
        if let Some(hit) = self.carried(at) {
            let length = hit.tokens.len();
            return Some((hit, length));
        }
        let word = self.word(at);
        let behind = self.follows_quote(at);
        // "cuando «El Faro» publicó": the name in marks is the subject.
        if behind && self.is_agent(at) {
            return None;
        }
        // "mówi o „katastrofie”": the same verb, of words inside the sentence.
        let tells = self.table.tell.contains(word) && !behind;
        let verb = if self.table.say.contains(word) && !tells {
            Verb::Says
        } else if self.table.tell.contains(word) {
            Verb::Addresses
        } else if self.assumes(at) {
            Verb::Says
        } else if behind && self.could_say(at) {
            return self.unlisted(at);
        } else {
            return None;
        };
        // "la demande", "le note": a noun. "so" and its like say only behind the marks.
        let before = if at > self.from { self.word(at - 1) } else { "" };
        let noun = at > self.from
            && self.table.determiner.contains(before)
            && !self.table.aux.contains(before)
            && !self.table.is("verb-second");
        if noun || self.table.says_behind.contains(word) && !behind {
            return None;
        }
        let after = || {
            let found = self.after(at + 1, false).filter(|subject| !self.is_object(subject))?;
            Some(self.behind_listener(&found).unwrap_or(found))
        };
        // "Auf die Frage, ob es reiche, antwortete die Ministerin": the subject is after the verb.
        let fronted = self.table.is("verb-second")
            && at > self.from
            && self.list[at - 1].kind == Kind::Comma
            && !behind;
        // "Die Rundschau zitiert einen Augenzeugen mit den Worten": the person quoted is after.
        let cites = self.table.cite.contains(word);
        // "Edathy hält dies für vertretbar und bezeichnete das andere als": the subject leads the sentence.
        let joined =
            at > self.from + 1 && self.table.join.contains(self.list[at - 1].lower.as_str());
        let cited = (cites && !behind).then(|| self.after(at + 1, false)).flatten();
        // "Die Bestrebungen bezeichnete er als": a pronoun that is never an object is after the verb.
        let he = (self.table.is("verb-second") && !behind)
            .then(|| self.pronoun(at + 1).filter(|p| *p == Pronoun::He && at + 1 < self.to))
            .flatten()
            .map(|he| Mention::new(at + 1..at + 2, MentionKind::Pronoun(he)));
        let (subject, inverted) = if let Some(subject) = cited.or(he) {
            (Some(subject), true)
        } else if let Some(subject) =
            (!behind && verb == Verb::Says).then(|| self.set_off(at)).flatten()
        {
            (Some(subject), true)
        } else if let Some(subject) = (joined && !behind).then(|| self.head(at)).flatten() {
            (Some(subject), false)
        } else if behind {
            match self.said_in(at).or_else(after).or_else(|| self.definite_noun(at + 1)) {
                Some(subject) => (Some(subject), true),
                None => (self.before(at), false),
            }
        } else if leads && at == self.from {
            (after(), true)
        } else if let Some(subject) =
            fronted.then(after).flatten().filter(|_| !self.leads_with_subject(at))
        {
            (Some(subject), true)
        } else {
            match self.before(at) {
                Some(subject)
                    if !self.is_opening(&subject)
                        && !self.is_listener(&subject, at)
                        && !self.is_adverbial(&subject, at) =>
                {
                    (Some(subject), false)
                }
                found => match after() {
                    Some(subject) => (Some(subject), true),
                    None => (found, false),
                },
            }
        };
        let subject = subject.or_else(|| self.particle_name(at)).or_else(|| self.framed(at));
        Some((CueHit { tokens: at..at + 1, verb, subject, inverted }, 1))
    }

    /// "Le chantier construit deux bacs, a annoncé l’entreprise", "El plan, dijo Copa, …": the subject behind a
    /// verb that a comma sets off from what was said. It is a person, an office or a body, and nothing but a mark
    /// follows.
    fn set_off(&self, at: usize) -> Option<Mention> {
        let mut first = at;
        while first > self.from && at - first < 4 && self.table.aux.contains(self.word(first - 1)) {
            first -= 1;
        }
        let comma = first.checked_sub(1).filter(|comma| *comma > self.from)?;
        if self.list[comma].kind != Kind::Comma {
            return None;
        }
        let subject = self.after(at + 1, false).filter(|subject| !self.is_object(subject))?;
        let speaks = subject.kind == MentionKind::Name
            || subject.tokens.clone().any(|token| {
                self.is_role(token)
                    || self.is_body(token)
                    || self.table.body.contains(self.word(token))
            });
        let next = self.list.get(subject.tokens.end).filter(|_| subject.tokens.end < self.to);
        let ends = next.is_none_or(|token| !token.is_word() && token.kind != Kind::Number);
        (speaks && ends && subject.tokens.start <= at + 3).then_some(subject)
    }

    /// "skriver facket", "sier selskapet": a noun in lower case whose ending is its article.
    fn definite_noun(&self, at: usize) -> Option<Mention> {
        let word = self.list.get(at).filter(|_| at < self.to)?.lower.as_str();
        let fits = self.table.is("definite-endings")
            && self.is_lower_word(at)
            && word.chars().count() > 4
            && !self.is_small(at)
            && self.pronoun(at).is_none()
            && ["en", "et", "n", "na", "ne", "a"].iter().any(|ending| word.ends_with(ending));
        fits.then(|| Mention::new(at..at + 1, MentionKind::Role))
    }

    /// Whether the marks right before the verb hold a name that is its subject: short, with a capital, in the
    /// middle of a sentence, and no comma on either side of the closing mark.
    fn is_agent(&self, at: usize) -> bool {
        if self.table.is("verb-last") || at < self.from + 2 {
            return false;
        }
        let mark = &self.list[at - 1];
        let Kind::Quote(_) = mark.kind else { return false };
        let Some(inner) = self.text.get(mark.start..mark.end) else { return false };
        let inner = inner.trim_matches(|c: char| !c.is_alphanumeric() && !",.?!…".contains(c));
        // "als „Geschäft des Jahrhunderts“ bezeichnet".
        if self.table.as_a.contains(self.word(at - 2)) {
            return false;
        }
        inner.starts_with(char::is_uppercase)
            && !inner.ends_with([',', '.', '?', '!', '…'])
            && inner.split_whitespace().count() <= 4
            && self.list[at - 2].is_word()
    }

    /// A verb on no list right behind a quotation, with its speaker behind it, "…", sbotta Rita Sala, or
    /// alone between marks, "…", sbotta, "…".
    fn unlisted(&self, at: usize) -> Option<(CueHit, usize)> {
        let subject = self.after(at + 1, false).filter(|subject| !self.is_object(subject));
        let Some(subject) = subject else {
            let next = self.list.get(at + 1).filter(|_| at + 1 < self.to);
            let alone =
                matches!(next.map(|t| t.kind), None | Some(Kind::Comma | Kind::Stop | Kind::Dash));
            let set_off = matches!(self.list[at - 1].kind, Kind::Comma | Kind::Dash);
            let hit =
                CueHit { tokens: at..at + 1, verb: Verb::Says, subject: None, inverted: true };
            return (alone && set_off && self.drops_subjects()).then_some((hit, 1));
        };
        // What comes between must be small.
        let near = subject.tokens.start <= at + 4;
        let fits = match subject.kind {
            MentionKind::Name => true,
            MentionKind::Pronoun(_) => subject.tokens.start == at + 1,
            MentionKind::Role => {
                self.table.determiner.contains(self.word(subject.tokens.start))
                    || self.table.is_role(self.word(subject.tokens.start))
            }
        };
        (near && fits).then(|| {
            let hit = CueHit {
                tokens: at..at + 1,
                verb: Verb::Says,
                subject: Some(subject),
                inverted: true,
            };
            (hit, 1)
        })
    }

    /// Whether the sentence begins with its subject, set off from the verb by commas: "Der Minister, Jan Roth, nannte".
    fn leads_with_subject(&self, verb: usize) -> bool {
        self.before(verb).is_some_and(|subject| subject.tokens.start == self.from)
    }

    /// "Von der Leyen betonte": a name that begins with its particle, where nothing else is the subject.
    fn particle_name(&self, verb: usize) -> Option<Mention> {
        let particle = |at: usize| is_particle(self.list[at].lower.as_str());
        let last = verb.checked_sub(1).filter(|last| *last > self.from && verb - self.from <= 4)?;
        let whole = (self.from..last).all(particle) && self.list[last].is_capital();
        (whole && !self.is_role(last)).then(|| Mention::new(self.from..verb, MentionKind::Name))
    }

    /// The subject at the head of the sentence, for a verb behind "and".
    fn head(&self, verb: usize) -> Option<Mention> {
        if let Some(pronoun) = self.pronoun(self.from).filter(|p| *p != Pronoun::It) {
            return Some(Mention::new(self.from..self.from + 1, MentionKind::Pronoun(pronoun)));
        }
        self.phrase(self.from, verb).filter(|mention| {
            !self.is_object(mention)
                && !self.is_opening(mention)
                && (mention.kind == MentionKind::Name || mention.tokens.len() > 1)
        })
    }

    /// Whether the verb alone implies the speaker: "dijo", "powiedział".
    fn drops_subjects(&self) -> bool {
        self.table.is("drops-subjects")
    }

    /// Whether a word could be a verb: no small word, no name.
    fn could_say(&self, at: usize) -> bool {
        let word = self.word(at);
        let table = self.table;
        !self.list[at].is_capital()
            && word.chars().count() > 2
            && word.chars().all(char::is_alphabetic)
            && !table.is_small(word)
            && !table.body.contains(word)
            && !table.work.contains(word)
            && !table.is_role(word)
            && self.pronoun(at).is_none()
    }

    /// The pronoun that a French or Portuguese verb carries: "dit-elle", "a-t-il déclaré".
    fn carried(&self, at: usize) -> Option<CueHit> {
        let token = &self.list[at];
        let tail = token.lower.rsplit_once('-')?.1;
        let pronoun = if self.table.he.contains(tail) {
            Pronoun::He
        } else if self.table.she.contains(tail) {
            Pronoun::She
        } else if self.table.they.contains(tail) {
            Pronoun::They
        } else {
            return None;
        };
        if !self.table.is("elision") || !self.follows_quote(at) {
            return None;
        }
        let end = if at + 1 < self.to && self.table.say.contains(self.word(at + 1)) {
            at + 2
        } else {
            at + 1
        };
        let subject = Mention::new(at..at + 1, MentionKind::Pronoun(pronoun));
        Some(CueHit { tokens: at..end, verb: Verb::Says, subject: Some(subject), inverted: true })
    }

    /// Whether only marks and small words are between a quotation and the token.
    fn follows_quote(&self, at: usize) -> bool {
        let mut back = at;
        while back > self.from && at - back < 5 {
            back -= 1;
            match self.list[back].kind {
                Kind::Quote(_) => return true,
                Kind::Comma | Kind::Dash => {}
                Kind::Word { .. } if self.table.aux.contains(self.list[back].lower.as_str()) => {}
                _ => return false,
            }
        }
        false
    }
}

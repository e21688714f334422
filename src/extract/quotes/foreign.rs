//! Attributions in languages other than English, by the tables of `language`.
//!
//! Owns which words of a sentence attribute a quotation there, and how well: a verb of saying behind the
//! marks or before them, a source phrase on either side, a label. Deliberately reads no noun phrase
//! ([`phrase`] does) and resolves no pronoun. No parser: capitals, the small words of the table, and marks.
//! Every walk is capped.

mod document;
mod name;
mod phrase;
mod subject;
mod words;

use std::ops::Range;

use super::attribution::{Attribution, Way};
use super::cues::{CueHit, HITS_MAX};
use super::lexicon::{Pronoun, Verb};
use super::marks::Span;
use super::subject::{Mention, MentionKind, is_particle};
use super::tokens::{Kind, Token, Tokens};
use crate::extract::page::Block;
use crate::language::{Table, empty, table};
pub(super) use phrase::Clause;

/// German nouns that introduce words of no one: "Das Motto lautet: „…“".
const SAYINGS: &[&str] = &[
    "motto",
    "frage",
    "titel",
    "slogan",
    "devise",
    "spruch",
    "plakat",
    "schild",
    "aufschrift",
    "transparent",
    "ergebnis",
    "fazit",
    "beispiel",
    "problem",
    "grund",
    "folge",
];

/// Tokens between a cue and its quotation.
const REACH_MAX: usize = 60;

/// The attribution of every span, where there is one, and every name that stands beside a cue.
pub(super) fn attribute(
    tokens: &Tokens,
    spans: &[Span],
    text: &str,
    blocks: &[Block],
    language: &str,
) -> (Vec<Option<Attribution>>, Vec<Mention>) {
    let table = table(language).unwrap_or_else(|| empty());
    let mut out: Vec<Option<Attribution>> = vec![None; spans.len()];
    let mut quote = 0;
    let mut cues: Vec<Vec<CueHit>> = Vec::with_capacity(tokens.sentences.len());
    for (index, (range, _)) in tokens.sentences.iter().enumerate() {
        let clause = Clause { list: &tokens.list, from: range.start, to: range.end, table, text };
        let mut hits = clause.cues();
        for hit in hits.iter_mut().filter(|hit| hit.subject.is_none()) {
            hit.subject = clause.document(range.end);
        }
        while quote < spans.len() && tokens.of_quote[quote].1 == index {
            out[quote] = clause.attribution(&hits, tokens.of_quote[quote].0, &spans[quote]);
            quote += 1;
        }
        cues.push(hits);
    }
    super::neighbours::fill(tokens, spans, text, blocks, language, &cues, &mut out);
    let mut named: Vec<Mention> = cues
        .into_iter()
        .flatten()
        .filter_map(|hit| hit.subject)
        .filter(|subject| matches!(subject.kind, MentionKind::Name | MentionKind::Role))
        .collect();
    named.extend(tokens.sentences.iter().filter_map(|(range, _)| {
        Clause { list: &tokens.list, from: range.start, to: range.end, table, text }.leading_name()
    }));
    (out, named)
}

impl Clause<'_> {
    /// The words of saying and the source phrases of the sentence, in order.
    fn cues(&self) -> Vec<CueHit> {
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
            let plain = words.len() == 1 && self.table.preposition.contains(words[0]);
            let leads = at == self.from || !self.list[at - 1].is_word();
            let vague =
                matches!(words[0], "für" | "pour" | "para" | "per" | "voor" | "wie" | "bagi")
                    && words.len() == 1
                    || plain
                        && matches!(words[0], "som" | "etter" | "efter" | "как" | "come" | "w");
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

    /// Whether a phrase stands at a token: its length, and whether its last word is written together with
    /// the next ("d’Anne").
    fn stands(&self, words: &[&str], at: usize) -> Option<(usize, bool)> {
        let last = words.len().checked_sub(1)?;
        for (index, word) in words.iter().enumerate() {
            let token = self.list.get(at + index).filter(|_| at + index < self.to)?;
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

    /// The verb of saying at a token with the speaker beside it, and its length.
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
        // "cuando «El Faro» publicó": what stands in marks does it.
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
        if noun || matches!(word, "so" | "aldus" | "diye") && !behind {
            return None;
        }
        let after = || self.after(at + 1, false).filter(|subject| !self.is_object(subject));
        // "Auf die Frage, ob es reiche, antwortete die Ministerin": the subject stands behind the verb.
        let fronted = self.table.is("verb-second")
            && at > self.from
            && self.list[at - 1].kind == Kind::Comma
            && !behind;
        // "Die Rundschau zitiert einen Augenzeugen mit den Worten": who is quoted stands behind.
        let cites = matches!(word, "zitiert" | "zitierte" | "zitierten" | "citeert" | "citeerde");
        // "Edathy hält dies für vertretbar und bezeichnete das andere als": the subject leads the sentence.
        let joined =
            at > self.from + 1 && self.table.join.contains(self.list[at - 1].lower.as_str());
        let cited = (cites && !behind).then(|| self.after(at + 1, false)).flatten();
        // "Die Bestrebungen bezeichnete er als": a pronoun that is never an object stands behind the verb.
        let he = (self.table.is("verb-second") && !behind)
            .then(|| self.pronoun(at + 1).filter(|p| *p == Pronoun::He && at + 1 < self.to))
            .flatten()
            .map(|he| Mention::new(at + 1..at + 2, MentionKind::Pronoun(he)));
        let (subject, inverted) = if let Some(subject) = cited.or(he) {
            (Some(subject), true)
        } else if let Some(subject) = (joined && !behind).then(|| self.head(at)).flatten() {
            (Some(subject), false)
        } else if behind {
            match after() {
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
                Some(subject) if !self.is_opening(&subject) && !self.is_listener(&subject, at) => {
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
        if matches!(
            self.word(at - 2),
            "als" | "como" | "comme" | "come" | "som" | "jako" | "как" | "як" | "za"
        ) {
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

    /// Whether the verb alone says who speaks: "dijo", "powiedział".
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
        let pronoun = match token.lower.rsplit_once('-')?.1 {
            "il" => Pronoun::He,
            "elle" => Pronoun::She,
            "ils" | "elles" => Pronoun::They,
            _ => return None,
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

    /// Whether only marks and small words stand between a quotation and the token.
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

    /// The best attribution of the quotation whose token is `quote`.
    fn attribution(&self, hits: &[CueHit], quote: usize, span: &Span) -> Option<Attribution> {
        let split = hits.partition_point(|hit| hit.tokens.start < quote);
        let near = &hits[split.saturating_sub(HITS_MAX)..(split + HITS_MAX).min(hits.len())];
        let mut best: Option<(i32, &CueHit)> = None;
        for hit in near.iter().filter(|hit| hit.tokens.start.abs_diff(quote) <= REACH_MAX) {
            crate::extract::work::step();
            let Some(score) = self.score(hit, quote) else { continue };
            if best.is_none_or(|(old, _)| score > old) {
                best = Some((score, hit));
            }
        }
        let _ = span;
        // "dijo que no piensa “…”": the verb without a subject lies in what the one before it says.
        if let Some((score, hit)) = best.filter(|(_, hit)| hit.subject.is_none()) {
            let owner = near.iter().rev().find(|other| {
                other.subject.is_some()
                    && other.tokens.start < hit.tokens.start
                    && hit.tokens.start < quote
            });
            if owner.is_none()
                && let Some(document) = self.document(quote)
            {
                return Some(Attribution {
                    mention: Some(document),
                    cue: Some((hit.tokens.clone(), hit.verb)),
                    way: if score >= 60 { Way::Beside } else { Way::Sentence },
                });
            }
            best = Some((score, owner.unwrap_or(hit)));
        }
        let bare = |hit: &CueHit| {
            // Every noun has a capital: one alone, far from the words, is no name.
            // Beside its verb it is who does it.
            self.table.is("noun-capitals")
                && hit.subject.as_ref().is_some_and(|m| {
                    let beside =
                        m.tokens.end == hit.tokens.start || hit.tokens.end == m.tokens.start;
                    m.kind == MentionKind::Name && m.tokens.len() == 1 && !beside
                })
        };
        if let Some((score, hit)) = best.filter(|(score, hit)| *score >= 70 || !bare(hit)) {
            return Some(Attribution {
                mention: hit.subject.clone(),
                cue: Some((hit.tokens.clone(), hit.verb)),
                way: if score >= 70 { Way::Beside } else { Way::Sentence },
            });
        }
        if let Some(mention) = self.label(quote).or_else(|| self.introduced(quote)) {
            return Some(Attribution { mention: Some(mention), cue: None, way: Way::Label });
        }
        if quote == self.from {
            return None;
        }
        if let Some(document) = self.document(quote) {
            // "geht hervor, dass": the verb by which it says so.
            let verb = (self.from..self.to.min(self.from + REACH_MAX))
                .find(|&at| self.table.impersonal.contains(self.word(at)))
                .map(|at| (at..at + 1, Verb::Says));
            return Some(Attribution { mention: Some(document), cue: verb, way: Way::Sentence });
        }
        let mention = self
            .leading_name()
            .or_else(|| self.leading_body())
            .filter(|name| name.tokens.end <= quote)?;
        Some(Attribution { mention: Some(mention), cue: None, way: Way::Subject })
    }

    /// How well a cue fits a quotation; none where it cannot be its cue.
    fn score(&self, hit: &CueHit, quote: usize) -> Option<i32> {
        let strength = if hit.subject.is_some() { 8 } else { -8 };
        let (first, last) = extent(hit);
        // A name in marks inside the attribution is no speech of its own.
        if first < quote && quote < last && hit.tokens.start < quote && hit.inverted {
            return None;
        }
        let quotes = |range: Range<usize>| {
            range.filter(|&at| matches!(self.list[at].kind, Kind::Quote(_))).count() as i32
        };
        let words =
            |range: Range<usize>| range.filter(|&at| self.list[at].is_word()).count() as i32;
        if hit.tokens.start > quote {
            // "…“ Ein Sprecher sagte": the verb stands second there, so that this is another sentence.
            let begins = hit.subject.as_ref().is_some_and(|m| m.tokens.start == quote + 1);
            if begins && !hit.inverted && self.table.is("verb-second") && !self.is_source(hit) {
                return None;
            }
            let between = quote + 1..first.max(quote + 1);
            let loose = words(between.clone())
                - between
                    .clone()
                    .filter(|&at| self.table.aux.contains(self.list[at].lower.as_str()))
                    .count() as i32;
            let others = quotes(between);
            return Some(match loose {
                0 => strength + 80 - others * 40,
                _ => strength + 40 - loose.min(30) - others * 20,
            });
        }
        // "…", said X, "…": the cue behind an earlier quotation is that one's.
        let between = last + 1..quote;
        let others = quotes(between.clone());
        let loose = words(between.clone());
        let colon = quote > self.from && self.list[quote - 1].kind == Kind::Colon;
        let leads_to = between.clone().all(|at| {
            !self.list[at].is_word() || self.table.clause.contains(self.list[at].lower.as_str())
        });
        // Verb-last grammars put the subject before the words and the verb behind them.
        let base = if colon && others == 0 {
            78
        } else if leads_to && others == 0 {
            74
        } else if self.is_source(hit) {
            // "Selon X, le pont est « vieux »": it holds for the whole sentence.
            72 - loose.min(30) / 10
        } else {
            46 - loose.min(30)
        };
        Some(strength + base - others * 12)
    }

    /// Whether a cue is a source phrase and no verb.
    fn is_source(&self, hit: &CueHit) -> bool {
        let word = self.word(hit.tokens.start);
        let of = |phrases: &crate::language::Phrases| {
            phrases.iter().any(|p| {
                p.first().is_some_and(|first| {
                    *first == word || *first == self.list[hit.tokens.start].lower
                })
            })
        };
        hit.verb == Verb::Says
            && !self.table.say.contains(word)
            && (of(&self.table.source) || of(&self.table.source_after))
    }

    /// "Der Zeitung sagte Anna Klein: „…“": what stands before the verb is spoken to.
    fn is_listener(&self, subject: &Mention, verb: usize) -> bool {
        self.table.is("verb-second")
            && (subject.kind == MentionKind::Role || subject.tokens.len() == 1)
            && self.after(verb + 1, false).is_some_and(|name| {
                name.kind == MentionKind::Name
                    && name.name.len() > 1
                    && name.name.start <= verb + 3
                    && self.list.get(name.tokens.end).is_some_and(|t| t.kind == Kind::Colon)
            })
    }

    /// "Ortmann winkt ab: „…“", "Его поддержала Дарья Линь: «…»": any clause and a colon; the name right before
    /// the colon, else the subject at the head of the sentence.
    fn introduced(&self, quote: usize) -> Option<Mention> {
        let colon = quote.checked_sub(1).filter(|&at| at > self.from)?;
        if self.list[colon].kind != Kind::Colon || colon - self.from > REACH_MAX {
            return None;
        }
        let mut start = colon;
        while start > self.from + 1 && colon - start < 4 && self.list[start - 1].is_capital() {
            start -= 1;
        }
        let last = (colon - start > 1).then(|| self.phrase(start, colon)).flatten();
        if let Some(name) = last.filter(|m| m.kind == MentionKind::Name && m.tokens.end == colon) {
            return Some(name);
        }
        // "Er fuhr fort: „…“": a pronoun.
        if let Some(pronoun) = self.pronoun(self.from).filter(|p| *p != Pronoun::It) {
            return Some(Mention::new(self.from..self.from + 1, MentionKind::Pronoun(pronoun)));
        }
        let head = self.phrase(self.from, colon).filter(|m| {
            m.tokens.end < colon
                && !self.is_object(m)
                && (m.kind == MentionKind::Name || m.tokens.len() > 1)
        })?;
        // A name, or an office with its article: "Son voisin", "La ministra"; in German any noun but a saying.
        let german = self.table.is("noun-capitals")
            && self.is_determiner(self.from)
            && !SAYINGS.contains(&self.word(head.tokens.end - 1))
            && !SAYINGS.contains(&self.word(self.from + 1));
        let listed = german
            || head.kind == MentionKind::Name
            || (head.tokens.clone()).any(|at| self.table.is_role(self.word(at)));
        listed.then_some(head)
    }

    /// "Weber: „…“": a name and a colon right before the quotation, at the head of its sentence.
    fn label(&self, quote: usize) -> Option<Mention> {
        let colon = quote.checked_sub(1).filter(|&at| at >= self.from)?;
        if self.list[colon].kind != Kind::Colon || colon == self.from || colon - self.from > 8 {
            return None;
        }
        let mention = self.phrase(self.from, colon)?;
        (mention.tokens.end == colon && mention.kind == MentionKind::Name).then_some(mention)
    }
}

/// The first and last token of cue and subject together.
pub(super) fn extent(hit: &CueHit) -> (usize, usize) {
    let (mut first, mut last) = (hit.tokens.start, hit.tokens.end - 1);
    if let Some(subject) = &hit.subject {
        first = first.min(subject.tokens.start);
        last = last.max(subject.tokens.end - 1);
    }
    (first, last)
}

/// A sentence by the table of its language, for its neighbours.
pub(super) fn clause<'a>(
    list: &'a [Token],
    range: &Range<usize>,
    language: &str,
    text: &'a str,
) -> Clause<'a> {
    let table: &'static Table = table(language).unwrap_or_else(|| empty());
    Clause { list, from: range.start, to: range.end, table, text }
}

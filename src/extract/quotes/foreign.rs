//! Attributions in languages other than English, by the tables of `language`.
//!
//! Owns which of the cues of a sentence fits a quotation there, and how well: a verb of saying behind the
//! marks or before them, a source phrase on either side, a label. Deliberately finds no cue ([`cues`] does),
//! reads no noun phrase ([`phrase`] does) and resolves no pronoun. No parser: capitals, the small words of
//! the table, and marks. Every walk is capped.

mod cues;
mod document;
mod listener;
mod name;
mod phrase;
mod subject;

use std::ops::Range;

use super::attribution::{Attribution, Way};
use super::cues::{CueHit, HITS_MAX};
use super::lexicon::{Pronoun, Verb};
use super::marks::Span;
use super::subject::{Mention, MentionKind};
use super::tokens::{Kind, Token, Tokens};
use crate::extract::page::Block;
use crate::language::{Table, empty, table};
pub(super) use phrase::Clause;

/// Tokens between a cue and its quotation.
const REACH_MAX: usize = 60;

/// The attribution of every span, where there is one, and every name that is next to a cue.
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
    let names = std::collections::HashSet::new();
    super::neighbours::fill(tokens, spans, text, blocks, language, &cues, &names, &mut out);
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
        // "dijo que no piensa “…”": the verb without a subject is in what the one before it says.
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
        // "…, se lee en un comunicado del Ayuntamiento": the document says it, and no one is named.
        let unnamed = best.is_none_or(|(_, hit)| hit.subject.is_none());
        if unnamed && let Some((document, verb)) = self.document_behind(quote) {
            return Some(Attribution {
                mention: Some(document),
                cue: Some((verb..verb + 1, Verb::Says)),
                way: Way::Beside,
            });
        }
        let bare = |hit: &CueHit| {
            // Every noun has a capital: one alone, far from the words, is not a name.
            // Beside its verb it is the subject.
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
        // A name in marks inside the attribution is not speech of its own.
        if first < quote && quote < last && hit.tokens.start < quote && hit.inverted {
            return None;
        }
        let quotes = |range: Range<usize>| {
            range.filter(|&at| matches!(self.list[at].kind, Kind::Quote(_))).count() as i32
        };
        let words =
            |range: Range<usize>| range.filter(|&at| self.list[at].is_word()).count() as i32;
        if hit.tokens.start > quote {
            // "…“ Ein Sprecher sagte": the verb is second there, so that this is another sentence.
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

    /// "Der Zeitung sagte Anna Klein: „…“": what is before the verb is spoken to.
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
        // "Preguntado por el coste, Luis Paz fue tajante: «…»": the name behind the last comma.
        let comma = (self.from + 1..colon).rev().find(|&at| self.list[at].kind == Kind::Comma);
        let behind = comma.and_then(|comma| self.phrase(comma + 1, colon)).filter(|name| {
            name.kind == MentionKind::Name
                && name.name.len() > 1
                && comma.is_some_and(|comma| name.tokens.start == comma + 1)
                && !self.is_object(name)
        });
        if behind.is_some() {
            return behind;
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
            && !self.table.saying_noun.contains(self.word(head.tokens.end - 1))
            && !self.table.saying_noun.contains(self.word(self.from + 1));
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

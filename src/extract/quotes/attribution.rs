//! Which cue and which speaker belong to which quotation.
//!
//! Owns the choice inside a sentence and between neighbouring sentences. Deliberately resolves no
//! pronoun. The order of the rules is the order of how sure they are; `docs/quotations.md` gives
//! what each is worth on the training part of PolNeAR.

use std::collections::HashSet;
use std::ops::Range;

use super::caseless;
use super::cues::{CueHit, HITS_MAX, cues};
use super::lexicon::{Pronoun, Verb};
use super::marks::Span;
use super::subject::{Mention, MentionKind, Scope};
use super::tokens::{Kind, Token, Tokens};
use crate::extract::names::bare;
use crate::extract::page::Block;
use crate::extract::words::words;
use crate::extract::work::step;

/// Tokens between a quotation and a possessive before it: "Trump's slogan, “…”".
const POSSESSIVE_REACH: usize = 5;

/// Tokens between a cue and its quotation.
const REACH_MAX: usize = 80;

/// How an attribution was found, from sure to guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// The cue is right next to the quotation.
    Beside,
    /// The cue is in the same sentence.
    Sentence,
    /// "Smith: “…”".
    Label,
    /// "Smith's slogan “…”".
    Possessive,
    /// The subject of a sentence without a cue.
    Subject,
    /// From a neighbouring sentence.
    Neighbour,
}

/// What is known of one quotation.
#[derive(Debug, Clone)]
pub(crate) struct Attribution {
    pub(crate) mention: Option<Mention>,
    pub(crate) cue: Option<(Range<usize>, Verb)>,
    pub(crate) way: Way,
}

/// The attribution of every span, where there is one, and every name that is next to a cue.
pub(crate) fn attribute(
    tokens: &Tokens,
    spans: &[Span],
    text: &str,
    blocks: &[Block],
    language: &str,
) -> (Vec<Option<Attribution>>, Vec<Mention>) {
    if caseless::grammar(language).is_some() {
        return (caseless::attribute(text, spans, blocks, language), Vec::new());
    }
    if language != "en" {
        return super::foreign::attribute(tokens, spans, text, blocks, language);
    }
    let mut out: Vec<Option<Attribution>> = vec![None; spans.len()];
    let mut quote = 0;
    let mut cues_of: Vec<Vec<CueHit>> = Vec::with_capacity(tokens.sentences.len());
    for (index, (range, _)) in tokens.sentences.iter().enumerate() {
        let from = behind_dateline(tokens, range, text);
        let scope = Scope { list: &tokens.list, from, to: range.end, language };
        let hits = cues(scope);
        while quote < spans.len() && tokens.of_quote[quote].1 == index {
            out[quote] = in_sentence(scope, &hits, tokens.of_quote[quote].0, text, &spans[quote]);
            quote += 1;
        }
        cues_of.push(hits);
    }
    let names = capitalised_inside(tokens);
    super::neighbours::fill(tokens, spans, text, blocks, language, &cues_of, &names, &mut out);
    let mut subjects = subjects_before(tokens, &out, language, &names);
    let named = |hit: CueHit| {
        hit.subject.filter(|subject| matches!(subject.kind, MentionKind::Name | MentionKind::Role))
    };
    subjects.extend(cues_of.into_iter().flatten().filter_map(named));
    (out, subjects)
}

/// The subjects of the sentences right before a quotation that a pronoun is given: "Hale rose. “…,” he
/// said."
fn subjects_before(
    tokens: &Tokens,
    out: &[Option<Attribution>],
    language: &str,
    names: &HashSet<&str>,
) -> Vec<Mention> {
    let mut found = Vec::new();
    for (index, attribution) in out.iter().enumerate() {
        let pronoun = attribution.as_ref().and_then(|a| a.mention.as_ref()).and_then(|m| {
            if let MentionKind::Pronoun(pronoun) = m.kind { Some(pronoun) } else { None }
        });
        let (_, sentence) = tokens.of_quote[index];
        let Some(pronoun) = pronoun else { continue };
        let wanted = match pronoun {
            Pronoun::They | Pronoun::It => MentionKind::Role,
            _ => MentionKind::Name,
        };
        for before in 1..=2 {
            let Some((range, _)) =
                sentence.checked_sub(before).and_then(|s| tokens.sentences.get(s))
            else {
                break;
            };
            let scope = Scope { list: &tokens.list, from: range.start, to: range.end, language };
            let subject = scope.main_subject(range.end.min(range.start + REACH_MAX));
            found.extend(
                subject.filter(|m| m.kind == wanted && !is_common(names, tokens, m, range)),
            );
        }
    }
    found
}

/// "Prices rose", "Rain fell": one capitalised word at the head of a sentence that has a capital nowhere
/// else where no sentence begins, and is a plural or does what no one does; no name.
pub(super) fn is_common(
    names: &HashSet<&str>,
    tokens: &Tokens,
    mention: &Mention,
    range: &Range<usize>,
) -> bool {
    let word = tokens.list[mention.name.start].lower.as_str();
    let next = tokens.list.get(mention.name.end).map_or("", |t| t.lower.as_str());
    mention.name.len() == 1
        && mention.name.start == range.start
        && !names.contains(bare(word))
        && (word.ends_with('s') || OF_THINGS.contains(next))
}

words!(
    OF_THINGS,
    "at of in on for from are were have and with rose fell grew climbed dropped jumped soared surged \
     slipped plunged increased decreased doubled halved eased shrank spread broke erupted happened \
     occurred flowed burned burnt melted collapsed is was has had will remains remained"
);

/// The words that have a capital inside a sentence.
fn capitalised_inside(tokens: &Tokens) -> HashSet<&str> {
    let inside = tokens.list.windows(2).filter(|pair| {
        pair[1].is_capital()
            && (pair[0].is_word() || matches!(pair[0].kind, Kind::Number | Kind::Comma))
    });
    inside.map(|pair| bare(&pair[1].lower)).collect()
}

/// The first token behind a dateline: "ELM FALLS, Nov. 4 (EP) — ".
fn behind_dateline(tokens: &Tokens, range: &Range<usize>, text: &str) -> usize {
    let list = &tokens.list;
    let Some(first) = list.get(range.start).filter(|t| t.is_capital()) else { return range.start };
    let upper = text
        .get(first.start..first.end)
        .is_some_and(|w| w.len() > 2 && !w.chars().any(char::is_lowercase));
    if !upper {
        return range.start;
    }
    let dash =
        (range.start + 1..range.end.min(range.start + 14)).find(|&at| list[at].kind == Kind::Dash);
    dash.map_or(range.start, |at| at + 1)
}

/// The best cue for the quotation whose token is `quote_at`.
fn in_sentence(
    scope: Scope<'_>,
    hits: &[CueHit],
    quote_at: usize,
    text: &str,
    span: &Span,
) -> Option<Attribution> {
    let mut best: Option<(i32, &CueHit)> = None;
    // Only the nearest cues on either side can be meant; a cap keeps a sentence of a megabyte linear.
    let split = hits.partition_point(|hit| hit.tokens.start < quote_at);
    let near = &hits[split.saturating_sub(HITS_MAX)..(split + HITS_MAX).min(hits.len())];
    for hit in near.iter().filter(|hit| hit.tokens.start.abs_diff(quote_at) <= REACH_MAX) {
        let Some(score) = score(scope, hit, quote_at, text, span) else { continue };
        if best.is_none_or(|(old, _)| score > old) {
            best = Some((score, hit));
        }
    }
    let label = label_before(scope, quote_at);
    let possessive = possessive_before(scope, quote_at);
    if best.is_none_or(|(score, _)| score < 55)
        && let Some((mention, cue)) = bare_behind(scope, quote_at, text, span)
    {
        return Some(Attribution {
            mention: Some(mention),
            cue: Some((cue, Verb::Says)),
            way: Way::Beside,
        });
    }
    if label.is_none()
        && best.is_none_or(|(_, hit)| hit.subject.is_none())
        && let Some(mention) = introduced(scope, quote_at)
    {
        return Some(Attribution { mention: Some(mention), cue: None, way: Way::Label });
    }
    // "He said that he hoped “…”": the outer speaker counts.
    let best = best.map(|(score, hit)| (score, outer(scope.list, near, hit).unwrap_or(hit)));
    match best {
        Some((score, hit)) if score >= 55 || (label.is_none() && possessive.is_none()) => {
            Some(Attribution {
                mention: hit.subject.clone(),
                cue: Some((hit.tokens.clone(), hit.verb)),
                way: if score >= 55 { Way::Beside } else { Way::Sentence },
            })
        }
        _ if label.is_some() => Some(Attribution { mention: label, cue: None, way: Way::Label }),
        Some((score, hit)) if score >= 35 => Some(Attribution {
            mention: hit.subject.clone(),
            cue: Some((hit.tokens.clone(), hit.verb)),
            way: Way::Sentence,
        }),
        _ if possessive.is_some() => {
            Some(Attribution { mention: possessive, cue: None, way: Way::Possessive })
        }
        _ => bare_subject(scope, quote_at).map(|mention| Attribution {
            mention: Some(mention),
            cue: None,
            way: Way::Subject,
        }),
    }
}

/// The cue of saying around a cue of thinking whose subject is a pronoun.
fn outer<'a>(list: &[Token], near: &'a [CueHit], hit: &CueHit) -> Option<&'a CueHit> {
    let pronoun = hit
        .subject
        .as_ref()
        .is_some_and(|m| matches!(m.kind, MentionKind::Pronoun(p) if p != Pronoun::Relative));
    // "denounced what he called “…”" is as good as said by anyone who denounced.
    let what = hit
        .subject
        .as_ref()
        .and_then(|m| m.tokens.start.checked_sub(1))
        .is_some_and(|at| list[at].lower == "what");
    let inner = matches!(hit.verb, Verb::Holds | Verb::Base | Verb::Participle) || what;
    if !pronoun || !inner || hit.inverted {
        return None;
    }
    near.iter().rev().find(|other| {
        other.tokens.start < hit.tokens.start
            && matches!(other.verb, Verb::Says | Verb::Addresses)
            && !other.inverted
            && other
                .subject
                .as_ref()
                .is_some_and(|m| !matches!(m.kind, MentionKind::Pronoun(Pronoun::Relative)))
    })
}

/// How well a cue fits a quotation; none where it cannot be its cue.
fn score(scope: Scope<'_>, hit: &CueHit, quote_at: usize, text: &str, span: &Span) -> Option<i32> {
    let strength = match hit.verb {
        Verb::Says => 12,
        Verb::Addresses | Verb::Participle => 10,
        Verb::Base => 2,
        Verb::Holds => 0,
    } + if hit.subject.is_some() { 10 } else { -15 };
    let (first, last) = extent(hit);
    if hit.tokens.start > quote_at {
        // Behind the quotation: near it, with nothing but the speaker between.
        let others =
            (quote_at + 1..first.max(quote_at + 1)).filter(|&at| is_quote(scope, at)).count();
        let gap = (first.max(quote_at + 1) - quote_at - 1) as i32;
        let commas = (quote_at + 1..first.max(quote_at + 1))
            .filter(|&at| matches!(scope.list[at].kind, Kind::Comma | Kind::Dash))
            .count() as i32;
        let inner = text[span.inner_start..span.inner_end].trim_end();
        // "spoke of “a start”, Hale warned of “a winter”": the verb has a quotation of its own behind it.
        let leads_on = !hit.inverted
            && scope.list.get(hit.tokens.end).is_some_and(|t| t.lower == "of")
            && hit.tokens.end + 1 < scope.to
            && is_quote(scope, hit.tokens.end + 1);
        if leads_on {
            return Some(strength - gap.min(30) / 2);
        }
        let typographic = inner.ends_with([',', '?', '!', '—', '–', '…', '-'])
            || text[span.end..].starts_with(',')
            || text[span.end..].starts_with("...");
        if gap - commas <= 0 && (typographic || hit.inverted || scope.language != "en") {
            return Some(strength + 60 - others as i32 * 30);
        }
        if gap - commas <= 0 && !matches!(hit.verb, Verb::Holds) {
            return Some(strength + 30 - others as i32 * 30);
        }
        return Some(strength + 18 - gap.min(30) / 2 - others as i32 * 8);
    }
    // Before it.
    let between = last + 1..quote_at;
    let others = between.clone().filter(|&at| is_quote(scope, at)).count() as i32;
    let gap = (quote_at.saturating_sub(last + 1)) as i32;
    let mark = scope.list[quote_at.saturating_sub(1)].kind;
    if gap <= 1
        && (gap == 0
            || matches!(mark, Kind::Comma | Kind::Colon | Kind::Dash)
            || scope.list[quote_at - 1].lower == "that"
            || scope.list[quote_at - 1].lower == "as")
    {
        return Some(strength + 55 - others * 10);
    }
    if mark == Kind::Colon
        || (mark == Kind::Comma
            && matches!(hit.verb, Verb::Says | Verb::Addresses | Verb::Participle)
            && others == 0
            && gap < 14)
    {
        return Some(strength + 45 - gap.min(20) - others * 10);
    }
    Some(strength + 34 - gap.min(40) / 2 - others * 6)
}

fn is_quote(scope: Scope<'_>, at: usize) -> bool {
    step();
    matches!(scope.list[at].kind, Kind::Quote(_))
}

/// The first and last token of cue and subject together.
fn extent(hit: &CueHit) -> (usize, usize) {
    let mut first = hit.tokens.start;
    let mut last = hit.tokens.end - 1;
    if let Some(subject) = &hit.subject {
        if hit.inverted {
            last = last.max(subject.tokens.end - 1);
        } else {
            first = first.min(subject.tokens.start);
        }
    }
    (first, last)
}

/// “Really?” Hale bristled: a verb on no list, behind the comma or question mark of a quotation.
fn bare_behind(
    scope: Scope<'_>,
    quote_at: usize,
    text: &str,
    span: &Span,
) -> Option<(Mention, Range<usize>)> {
    let inner = text[span.inner_start..span.inner_end].trim_end();
    let typographic = inner.ends_with([',', '?', '!']) && inner.len() > 2;
    if !typographic
        || quote_at != scope.from
        || quote_at + 2 >= scope.to
        || !scope.list[quote_at + 1].is_word()
    {
        return None;
    }
    let (mention, verb_at) = scope.leading(quote_at + 1)?;
    let token = scope.list.get(verb_at).filter(|_| verb_at < scope.to)?;
    let named = mention.kind != MentionKind::Role;
    (named && token.is_word() && !token.is_capital()).then(|| (mention, verb_at..verb_at + 1))
}

/// The subject of the sentence, where a quotation is in it and no word of saying is.
fn bare_subject(scope: Scope<'_>, quote_at: usize) -> Option<Mention> {
    if quote_at == scope.from {
        return None;
    }
    scope.main_subject(quote_at)
}

/// "Smith: “…”": a short noun phrase and a colon right before the quotation.
fn label_before(scope: Scope<'_>, quote_at: usize) -> Option<Mention> {
    let colon = quote_at
        .checked_sub(1)
        .filter(|&at| at >= scope.from && scope.list[at].kind == Kind::Colon)?;
    let mut start = colon;
    while start > scope.from && colon - start < 6 && scope.list[start - 1].is_word() {
        start -= 1;
    }
    if start == colon {
        return None;
    }
    let mention = scope.before(colon)?;
    let leads = start == scope.from || scope.list[start - 1].kind == Kind::Dash;
    (mention.kind == MentionKind::Name && leads).then_some(mention)
}

/// "Asked about the cost, Hale was blunt: “…”": the subject of any clause that ends with a colon, a person.
fn introduced(scope: Scope<'_>, quote_at: usize) -> Option<Mention> {
    let colon = quote_at
        .checked_sub(1)
        .filter(|&at| at > scope.from && scope.list[at].kind == Kind::Colon)?;
    let mention = scope.main_subject(colon)?;
    let lead = scope.list.get(mention.name.start)?;
    match mention.kind {
        // One capitalised word in the plural at the head of a sentence is not a name.
        MentionKind::Name => {
            let common = mention.name.len() == 1
                && mention.name.start == scope.from
                && lead.lower.ends_with('s');
            !common
        }
        MentionKind::Pronoun(pronoun) => matches!(pronoun, Pronoun::He | Pronoun::She),
        MentionKind::Role => false,
    }
    .then_some(mention)
}

/// "Trump's slogan, “…”", "his promise of “…”".
fn possessive_before(scope: Scope<'_>, quote_at: usize) -> Option<Mention> {
    let mut at = quote_at;
    while at > scope.from && quote_at - at < POSSESSIVE_REACH {
        at -= 1;
        let token = &scope.list[at];
        if matches!(token.kind, Kind::Stop | Kind::Semicolon | Kind::Quote(_)) {
            return None;
        }
        let kind = match token.lower.as_str() {
            "his" => MentionKind::Pronoun(Pronoun::He),
            "her" => MentionKind::Pronoun(Pronoun::She),
            "their" => MentionKind::Pronoun(Pronoun::They),
            "its" => MentionKind::Pronoun(Pronoun::It),
            _ if token.is_capital() && token.is_possessive() => MentionKind::Name,
            _ => continue,
        };
        let mut start = at;
        if kind == MentionKind::Name {
            while start > scope.from
                && at - start < 4
                && scope.list[start - 1].is_capital()
                && !scope.list[start - 1].is_possessive()
            {
                start -= 1;
            }
        }
        return Some(Mention::new(start..at + 1, kind));
    }
    None
}

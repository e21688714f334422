//! Which cue and which speaker belong to which quotation.
//!
//! Owns the choice inside a sentence and between neighbouring sentences. Deliberately resolves no
//! pronoun. The order of the rules is the order of how sure they are; `docs/quotations.md` gives
//! what each is worth on the training part of PolNeAR.

use std::ops::Range;

use super::lexicon::{Pronoun, Verb, verb};
use super::marks::Span;
use super::subject::{Mention, MentionKind, Scope};
use super::tokens::{Kind, Tokens};
use crate::extract::page::Block;
use crate::extract::words::words;

/// Tokens between a quotation and a possessive before it: "Trump's slogan, “…”".
const POSSESSIVE_REACH: usize = 5;

/// Cues looked at on either side of a quotation.
const HITS_MAX: usize = 8;
/// Tokens between a cue and its quotation.
const REACH_MAX: usize = 80;

/// A cue of a sentence and the speaker beside it.
#[derive(Debug, Clone)]
pub(crate) struct CueHit {
    pub(crate) tokens: Range<usize>,
    pub(crate) verb: Verb,
    pub(crate) subject: Option<Mention>,
    /// The subject stands behind the verb.
    pub(crate) inverted: bool,
}

/// How an attribution was found, from sure to guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    /// The cue stands right beside the quotation.
    Beside,
    /// The cue stands in the same sentence.
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

/// The attribution of every span, where there is one, and the cues of every sentence.
pub(crate) fn attribute(
    tokens: &Tokens,
    spans: &[Span],
    text: &str,
    blocks: &[Block],
    language: &str,
) -> Vec<Option<Attribution>> {
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
    super::neighbours::fill(tokens, spans, text, blocks, language, &cues_of, &mut out);
    out
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

/// The cues of a sentence, in order.
pub(crate) fn cues(scope: Scope<'_>) -> Vec<CueHit> {
    let mut hits: Vec<CueHit> = Vec::new();
    let mut at = scope.from;
    while at < scope.to {
        let token = &scope.list[at];
        if !token.is_word() {
            at += 1;
            continue;
        }
        if let Some(length) = according(scope, at) {
            if let Some(subject) = scope.after(at + length) {
                hits.push(CueHit {
                    tokens: at..at + length,
                    verb: Verb::Says,
                    subject: Some(subject),
                    inverted: true,
                });
            }
            at += length;
            continue;
        }
        let carried = hyphened(scope.language, &token.lower)
            .filter(|_| follows_quote(scope, at))
            .map(|_| Verb::Says);
        if let Some(kind) =
            carried.or_else(|| verb(scope.language, &token.lower)).or_else(|| phrasal(scope, at))
            && let Some(hit) = cue_at(scope, at, kind, &hits)
        {
            hits.push(hit);
        }
        at += 1;
    }
    hits
}

/// "shot back", "went on", "chimed in": verbs of saying only with their second word.
fn phrasal(scope: Scope<'_>, at: usize) -> Option<Verb> {
    let next = scope.list.get(at + 1).filter(|_| at + 1 < scope.to)?.lower.as_str();
    let says = match scope.list[at].lower.as_str() {
        "went" | "goes" => next == "on",
        "shot" | "fired" | "hit" | "snapped" | "fires" | "shoots" => next == "back",
        "chimed" | "cut" | "broke" | "chimes" | "jumped" | "butted" => next == "in",
        "summed" | "spoke" => next == "up",
        "put" | "puts" => next == "it",
        "blurted" | "called" | "cried" => next == "out",
        _ => false,
    };
    (says && scope.language == "en").then_some(Verb::Says)
}

/// The length in tokens of "according to" and its sisters.
fn according(scope: Scope<'_>, at: usize) -> Option<usize> {
    let word = scope.list[at].lower.as_str();
    let next =
        scope.list.get(at + 1).filter(|_| at + 1 < scope.to).map_or("", |t| t.lower.as_str());
    match (word, next) {
        ("according", "to") | ("segundo" | "conforme", "o") => {
            Some(if word == "according" { 2 } else { 1 })
        }
        ("según" | "selon" | "laut" | "volgens" | "d’après" | "d'après", _) => Some(1),
        ("segundo" | "conforme", _) if scope.language == "pt" => Some(1),
        ("secondo", _) if scope.language == "it" => Some(1),
        ("per", _) if scope.language == "en" && at == scope.from => Some(1),
        ("acordo", "com") => Some(2),
        ("acuerdo", "con") => Some(2),
        _ => None,
    }
}

fn cue_at(scope: Scope<'_>, at: usize, kind: Verb, earlier: &[CueHit]) -> Option<CueHit> {
    let token = &scope.list[at];
    let lower = token.lower.as_str();
    // A capitalised "Called" or "Says" inside a sentence is a part of a name.
    if token.is_capital() && at > scope.from && scope.list[at - 1].is_word() {
        return None;
    }
    let before = if at > scope.from { scope.list[at - 1].lower.as_str() } else { "" };
    // "the reports", "her claims", "Clark's comments": a noun.
    let noun_form = kind == Verb::Base
        || lower.ends_with('s')
        || matches!(lower, "thought" | "read" | "put" | "cast" | "cut");
    let determined =
        CUE_AT_WORDS.contains(before) || at > scope.from && scope.list[at - 1].is_possessive();
    if noun_form && determined && kind != Verb::Participle && scope.language == "en" {
        return None;
    }
    if let Some(pronoun) = hyphened(scope.language, lower) {
        let end =
            if scope.list.get(at + 1).is_some_and(|t| verb(scope.language, &t.lower).is_some()) {
                at + 2
            } else {
                at + 1
            };
        let subject = Mention::new(at..at + 1, MentionKind::Pronoun(pronoun));
        return Some(CueHit {
            tokens: at..end,
            verb: kind,
            subject: Some(subject),
            inverted: true,
        });
    }
    let behind_quote = follows_quote(scope, at);
    if matches!(kind, Verb::Says)
        && behind_quote
        && let Some(subject) = scope.after(at + 1)
    {
        return Some(CueHit {
            tokens: at..at + 1,
            verb: kind,
            subject: Some(subject),
            inverted: true,
        });
    }
    // "It was “bad,” for all of us, said Ann Lee, the mayor.": behind a comma, with a name and no more.
    if matches!(kind, Verb::Says)
        && at > scope.from
        && scope.list[at - 1].kind == Kind::Comma
        && let Some(subject) = scope.after(at + 1).filter(|m| m.kind == MentionKind::Name)
    {
        let rest = subject.tokens.end;
        let ends = rest >= scope.to
            || !matches!(scope.list[rest].kind, Kind::Word { .. } | Kind::Number)
            || scope.list[rest].lower == "of";
        if ends {
            return Some(CueHit {
                tokens: at..at + 1,
                verb: kind,
                subject: Some(subject),
                inverted: true,
            });
        }
    }
    if let Some(agent) = passive_agent(scope, at, kind) {
        return Some(CueHit { tokens: at..at + 1, verb: kind, subject: agent, inverted: true });
    }
    let subject = match kind {
        Verb::Participle => participle_subject(scope, at, earlier),
        Verb::Base => base_subject(scope, at, earlier)?,
        _ => scope.before(at).or_else(|| {
            earlier
                .last()
                .and_then(|hit| hit.subject.clone())
                .filter(|_| matches!(before, "and" | "then" | ""))
        }),
    };
    if subject.is_none() && matches!(kind, Verb::Holds) {
        return None;
    }
    // "as he said", "Smith, who said": fine. A verb that is an adjective or noun has no subject.
    if subject.is_none() && CUE_AT_WORDS_2.contains(lower) {
        return None;
    }
    Some(CueHit { tokens: at..at + 1, verb: kind, subject, inverted: false })
}

/// The pronoun a French verb carries: "dit-elle", "a-t-il".
fn hyphened(language: &str, word: &str) -> Option<Pronoun> {
    if language != "fr" {
        return None;
    }
    match word.rsplit_once('-')?.1 {
        "il" => Some(Pronoun::He),
        "elle" => Some(Pronoun::She),
        "ils" | "elles" => Some(Pronoun::They),
        _ => None,
    }
}

/// Whether only a comma or a dash stands between a quotation and the token.
fn follows_quote(scope: Scope<'_>, at: usize) -> bool {
    let mut back = at;
    while back > scope.from {
        back -= 1;
        match scope.list[back].kind {
            Kind::Quote(_) => return true,
            Kind::Comma | Kind::Dash => {}
            Kind::Word { .. }
                if matches!(
                    scope.list[back].lower.as_str(),
                    "ha" | "a" | "hat" | "han" | "ont" | "había" | "avait" | "s’est" | "so"
                ) && scope.language != "en" => {}
            _ => return false,
        }
        if at - back > 3 {
            return false;
        }
    }
    false
}

/// "was called “…” by Smith": the agent; an inner none where a passive names no one.
fn passive_agent(scope: Scope<'_>, at: usize, kind: Verb) -> Option<Option<Mention>> {
    if !matches!(kind, Verb::Addresses | Verb::Says) || scope.language != "en" {
        return None;
    }
    let mut back = at;
    let mut passive = false;
    while back > scope.from && at - back < 3 {
        back -= 1;
        match scope.list[back].lower.as_str() {
            "was" | "were" | "been" | "being" | "is" | "are" | "be" => {
                passive = true;
                break;
            }
            word if super::lexicon::is_between(word) => {}
            _ => break,
        }
    }
    let past = scope.list[at].lower.ends_with("ed")
        || matches!(scope.list[at].lower.as_str(), "told" | "said" | "quoted" | "written");
    if !passive || !past {
        return None;
    }
    if scope.list[at].lower == "quoted" {
        return None;
    }
    let by = (at + 1..scope.to.min(at + 14)).find(|&i| scope.list[i].lower == "by")?;
    scope.after(by + 1).map(Some)
}

fn participle_subject(scope: Scope<'_>, at: usize, earlier: &[CueHit]) -> Option<Mention> {
    let before = scope.list.get(at.wrapping_sub(1)).filter(|_| at > scope.from);
    // "with Trump saying", "Trump saying": a name right before it.
    if before.is_some_and(|t| t.is_word() && !PARTICIPLE_SUBJECT_WORDS.contains(t.lower.as_str()))
        && let Some(mention) = scope.before(at)
    {
        return Some(mention);
    }
    earlier
        .iter()
        .rev()
        .take(HITS_MAX)
        .find(|hit| !matches!(hit.verb, Verb::Participle | Verb::Base) || hit.subject.is_some())
        .and_then(|hit| hit.subject.clone())
        .or_else(|| scope.main_subject(at))
}

/// The subject of a base form, or nothing at all where it is no verb here.
fn base_subject(scope: Scope<'_>, at: usize, earlier: &[CueHit]) -> Option<Option<Mention>> {
    let mut back = at;
    while back > scope.from && at - back < 3 {
        back -= 1;
        let word = scope.list[back].lower.as_str();
        if word == "to" {
            let subject = earlier
                .last()
                .and_then(|hit| hit.subject.clone())
                .or_else(|| scope.main_subject(back));
            return Some(subject);
        }
        if BASE_SUBJECT_WORDS.contains(word) {
            return Some(scope.before(back + 1).filter(|_| true).or_else(|| scope.before(back)));
        }
        if !super::lexicon::is_between(word) {
            break;
        }
    }
    let subject = scope.before(at)?;
    let plural = match subject.kind {
        MentionKind::Pronoun(Pronoun::They | Pronoun::I | Pronoun::Relative) => true,
        MentionKind::Pronoun(_) => false,
        MentionKind::Name => scope.list[subject.tokens.end - 1].lower.ends_with('s'),
        MentionKind::Role => scope.list[subject.tokens.clone()]
            .iter()
            .any(|t| t.lower.ends_with('s') || t.lower == "people"),
    };
    plural.then_some(Some(subject))
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
    if best.is_none_or(|(score, _)| score < 60)
        && let Some((mention, cue)) = bare_behind(scope, quote_at, text, span)
    {
        return Some(Attribution {
            mention: Some(mention),
            cue: Some((cue, Verb::Says)),
            way: Way::Beside,
        });
    }
    // "He said that he hoped “…”": the outer speaker is the one who speaks.
    let best = best.map(|(score, hit)| (score, outer(near, hit).unwrap_or(hit)));
    match best {
        Some((score, hit)) if score >= 60 || (label.is_none() && possessive.is_none()) => {
            Some(Attribution {
                mention: hit.subject.clone(),
                cue: Some((hit.tokens.clone(), hit.verb)),
                way: if score >= 60 { Way::Beside } else { Way::Sentence },
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
fn outer<'a>(near: &'a [CueHit], hit: &CueHit) -> Option<&'a CueHit> {
    let pronoun = hit
        .subject
        .as_ref()
        .is_some_and(|m| matches!(m.kind, MentionKind::Pronoun(p) if p != Pronoun::Relative));
    if !pronoun || !matches!(hit.verb, Verb::Holds | Verb::Base | Verb::Participle) || hit.inverted
    {
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
        let others = (quote_at + 1..first.max(quote_at + 1))
            .filter(|&at| matches!(scope.list[at].kind, Kind::Quote(_)))
            .count();
        let gap = (first.max(quote_at + 1) - quote_at - 1) as i32;
        let commas = (quote_at + 1..first.max(quote_at + 1))
            .filter(|&at| matches!(scope.list[at].kind, Kind::Comma | Kind::Dash))
            .count() as i32;
        let inner = text[span.inner_start..span.inner_end].trim_end();
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
    let others =
        between.clone().filter(|&at| matches!(scope.list[at].kind, Kind::Quote(_))).count() as i32;
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
        return Some(strength + 45 - gap.min(20) / 2 - others * 10);
    }
    Some(strength + 34 - gap.min(40) / 2 - others * 6)
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

/// The subject of the sentence, where a quotation stands in it and no word of saying does.
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

words!(
    CUE_AT_WORDS,
    "the a an his her its their this these those any no of with some my our more united \
     which’s"
);
words!(
    CUE_AT_WORDS_2,
    "reports states claims posts notes calls answers texts worries fears hopes wishes views \
     figures reads points offers questions demands promises pledges remarks comments tweets \
     quotes so"
);
words!(PARTICIPLE_SUBJECT_WORDS, "and by as in after of for before while from then also when");
words!(
    BASE_SUBJECT_WORDS,
    "did does do would could will can may might must should didn’t didn't don’t don't won’t"
);

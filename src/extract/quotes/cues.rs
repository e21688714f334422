//! The words of saying in a sentence, each with the speaker next to it.
//!
//! Owns which word is a cue here: no noun of the same form ("the reports"), passives with their agent,
//! participles and infinitives with the subject of their clause. Deliberately knows no quotation but as a
//! token to be next to.

use std::ops::Range;

use super::lexicon::{Pronoun, Verb, verb};
use super::subject::{Mention, MentionKind, Scope};
use super::tokens::Kind;
use crate::extract::words::words;

/// Cues examined on either side of a quotation.
pub(super) const HITS_MAX: usize = 8;

/// A cue of a sentence and the speaker next to it.
#[derive(Debug, Clone)]
pub(crate) struct CueHit {
    pub(crate) tokens: Range<usize>,
    pub(crate) verb: Verb,
    pub(crate) subject: Option<Mention>,
    /// The subject is after the verb.
    pub(crate) inverted: bool,
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
            if let Some(mut subject) = scope.after(at + length) {
                // "statements cited by the agency": the words were said elsewhere, by another.
                let handed = (subject.tokens.start + 1..subject.tokens.end + 1)
                    .find(|&at| at < scope.to && HANDED_ON.contains(scope.list[at].lower.as_str()));
                if let Some(end) = handed.filter(|_| subject.kind == MentionKind::Role) {
                    subject = Mention::new(subject.tokens.start..end, MentionKind::Role);
                }
                hits.push(CueHit {
                    tokens: at..at + length,
                    verb: if handed.is_some() { Verb::Holds } else { Verb::Says },
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
        let phrase = phrasal(scope, at);
        if let Some(kind) = carried.or(phrase).or_else(|| verb(scope.language, &token.lower))
            && let Some(mut hit) = cue_at(scope, at, kind, &hits)
        {
            if phrase.is_some() {
                hit.tokens.end = at + 2;
            }
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
        ("in", "the") if scope.language == "en" && is_in_words_of(scope, at) => Some(4),
        ("acordo", "com") => Some(2),
        ("acuerdo", "con") => Some(2),
        _ => None,
    }
}

/// "in the words of", "in the view of".
fn is_in_words_of(scope: Scope<'_>, at: usize) -> bool {
    let word =
        |at: usize| scope.list.get(at).filter(|_| at < scope.to).map_or("", |t| t.lower.as_str());
    matches!(word(at + 2), "words" | "view" | "opinion" | "eyes") && word(at + 3) == "of"
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
    let behind_quote = follows_quote(scope, at) || (at == scope.from && lower == "said");
    // "Kay, who called it “a joke”, said she would stay": the pronoun begins what she said.
    let is_in_speech = |subject: &Mention| {
        matches!(subject.kind, MentionKind::Pronoun(_))
            && at > scope.from
            && scope.list[at - 1].kind == Kind::Comma
            && scope.list.get(subject.tokens.end).is_some_and(|next| {
                subject.tokens.end < scope.to && super::subject::is_auxiliary(&next.lower)
            })
    };
    if matches!(kind, Verb::Says)
        && behind_quote
        && let Some(subject) = scope.after(at + 1).filter(|subject| !is_in_speech(subject))
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

/// Whether only a comma or a dash is between a quotation and the token.
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
                    "ha" | "a"
                        | "hat"
                        | "han"
                        | "ont"
                        | "había"
                        | "avait"
                        | "s’est"
                        | "so"
                        | "se"
                        | "si"
                        | "lui"
                        | "le"
                        | "da"
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
            word if super::lexicon::is_between(scope.language, word) => {}
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

/// The subject of a base form, or nothing at all where it is not a verb here.
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
        if !super::lexicon::is_between(scope.language, word) {
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
words!(
    HANDED_ON,
    "cited quoted obtained seen reviewed released published issued provided carried reported \
     shared sent posted made given"
);
words!(PARTICIPLE_SUBJECT_WORDS, "and by as in after of for before while from then also when");
words!(
    BASE_SUBJECT_WORDS,
    "did does do would could will can may might must should didn’t didn't don’t don't won’t"
);

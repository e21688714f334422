//! Speech distinguished from scare quotes, titles of works and names in marks.
//!
//! Owns the verdict whether a pair of marks holds quoted speech. Deliberately finds no speaker. The
//! rules are few and each states its purpose; `docs/quotations.md` has what they keep and lose.

mod names;
mod placed;

use super::attribution::{Attribution, Way};
use super::lexicon::Verb;
use super::marks::Span;
use super::tokens::Tokens;
use crate::extract::page::{Block, BlockKind};
use crate::language::Table;
pub(crate) use names::is_named;
use names::{
    called_by_name, is_apposed, is_asked, is_named_behind, is_nickname, is_placed_name,
    is_spoken_to, is_title_case, named_by, named_in, owned_or_placed, work_before, works_before,
};
use placed::{
    is_answered_by_share, is_called_behind, is_inflected, is_listener, is_object_marked,
    is_performed,
};

/// Words in marks up to which a bare fragment may be a name or a scare quote.
const SHORT_WORDS_MAX: usize = 4;

/// Words of a sentence in single marks that is speech without a speaker.
const ALONE_WORDS_MIN: usize = 4;

/// Whether the quotation is made of whole sentences.
pub(crate) fn is_whole(text: &str, tokens: &Tokens, spans: &[Span], index: usize) -> bool {
    let span = &spans[index];
    if span.dialogue {
        return true;
    }
    let inner = text[span.inner_start..span.inner_end].trim();
    let inner = inner.trim_end_matches(['’', '\'', '”', '"', '»', '›', '“', '‘']).trim_end();
    let first = inner.chars().find(|c| c.is_alphanumeric());
    // Scripts without capitals have only the stops to go by.
    let capital = first.is_some_and(|c| !c.is_lowercase());
    let wide = inner.chars().any(|c| matches!(c as u32, 0x3040..=0x9fff));
    let stopped = inner.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟']);
    let ended = stopped
        || inner.ends_with([',', '—', '-'])
        || text[span.end..].starts_with([',', '.', '،']);
    let (at, sentence) = tokens.of_quote[index];
    let leads = tokens.sentences.get(sentence).is_some_and(|(range, _)| at == range.start);
    let introduced = text[..span.start].trim_end().ends_with([',', ':', '：', '—', '–']);
    let several = inner.contains(char::is_whitespace);
    let sentence_like = leads || introduced || several && stopped && !is_title_case(inner);
    wide || (capital && ended && sentence_like)
}

/// Whether the group is quoted speech.
#[expect(clippy::too_many_arguments, reason = "the parts of one reading, which owns them")]
pub(crate) fn is_quotation(
    text: &str,
    blocks: &[Block],
    tokens: &Tokens,
    spans: &[Span],
    found: &[Option<Attribution>],
    group: &[usize],
    single_style: bool,
    table: Option<&Table>,
) -> bool {
    let Some(&first) = group.first() else { return false };
    if group.len() > 1
        || matches!(
            blocks.get(spans[first].block).map(|b| &b.kind),
            Some(BlockKind::Quote | BlockKind::Post)
        )
    {
        return true;
    }
    let span = &spans[first];
    let inner = text[span.inner_start..span.inner_end].trim();
    let words = inner.split_whitespace().count();
    let attribution = found[first].as_ref().filter(|a| a.way != Way::Subject);
    let beside = attribution.is_some_and(|a| a.way == Way::Beside);
    if !inner.chars().any(char::is_alphanumeric) {
        return false;
    }
    let single = span.single && !single_style;
    // "‘Wie gaat dit allemaal betalen?’": a sentence of its own is speech, even without a speaker.
    let alone = single
        && words >= ALONE_WORDS_MIN
        && inner.ends_with(['.', '?', '!'])
        && stands_alone(tokens, first)
        && table.is_some();
    if single
        && !alone
        && !(beside || is_whole(text, tokens, spans, first) && attribution.is_some())
    {
        return false;
    }
    // Where nothing has capitals, they do not mark a name.
    let cased = table.is_none_or(|table| !table.is("no-capitals"));
    if words <= 3 && cased && is_title_case(inner) && is_nickname(tokens, tokens.of_quote[first].0)
    {
        return false;
    }
    let naming = named_by(text, span.start)
        || named_in(text, span, table)
        || called_by_name(text, span.start, inner);
    if naming && words <= 8 && !inner.ends_with('?') {
        return false;
    }
    if words <= 6 && table.is_some_and(|table| is_apposed(text, tokens, span, first, table)) {
        return false;
    }
    if words <= 3 && cased && is_spoken_to(text, tokens, span, first, inner) {
        return false;
    }
    if inner.ends_with('?')
        && (is_asked(tokens, first, table)
            || is_answered_by_share(text, tokens, attribution, table))
    {
        return false;
    }
    if table.is_some_and(|table| {
        is_listener(tokens, first, inner, table)
            || is_inflected(text, span.end, inner, table)
            || words <= SHORT_WORDS_MAX && is_object_marked(text, span.end, inner, table)
    }) || is_performed(tokens, first, inner, table)
        || table.is_none() && words <= 8 && is_called_behind(text, span.end)
    {
        return false;
    }
    if words <= 4
        && let Some(table) = table
        && is_placed_name(tokens, first, attribution, inner, table)
    {
        return false;
    }
    if words <= 6 && table.is_some_and(|table| is_named_behind(text, span, table)) {
        return false;
    }
    // "Her book “A Year among the Rows”": no comma, no stop, a capital.
    if table.is_none()
        && words <= 8
        && inner.starts_with(char::is_uppercase)
        && !inner.ends_with(['.', '!', '?', ','])
        && works_before(text, span.start)
    {
        return false;
    }
    // American style sets the stop of the sentence inside the marks.
    let title = is_title_case(inner) && (2..=8).contains(&words) && !inner.ends_with(['?', '!']);
    if title && owned_or_placed(text, span.start, inner) {
        return false;
    }
    let whole = is_whole(text, tokens, spans, first);
    let caseless = inner.chars().any(|c| matches!(c as u32, 0x3040..=0x9fff));
    if table.is_some_and(|table| table.is("no-capitals")) && !beside {
        // Without capitals and without a speaker, only a sentence of its own is speech.
        let stopped = inner.ends_with(['.', '!', '?', '…', '。', '！', '？', '؟', '।']);
        let introduced = text[..span.start].trim_end().ends_with([':', '：']);
        return stands_alone(tokens, first)
            || stopped && words + inner.chars().count() > 6
            || introduced;
    }
    if whole
        && !beside
        && words == 1
        && !caseless
        && !stands_alone(tokens, first)
        && attribution.is_none()
    {
        return false;
    }
    // Elsewhere a word or two in marks, away from a verb of saying, are a name or a doubt; and so are
    // capitals alone where all nouns have them.
    if let Some(table) = table.filter(|table| !table.is("no-capitals") && !beside && !whole) {
        let addresses = attribution.is_some_and(|a| {
            a.cue.as_ref().is_some_and(|(_, verb)| matches!(verb, Verb::Addresses))
        });
        let capitals = inner.split_whitespace().all(|word| {
            word.chars().find(|c| c.is_alphanumeric()).is_none_or(|c| !c.is_lowercase())
        });
        let cued = attribution.is_some_and(|a| a.cue.is_some());
        let is_said = addresses
            || attribution.is_some_and(|a| is_predicate(tokens, first, a, inner, table))
            || table.is("noun-capitals")
                && attribution.is_some()
                && (inner.starts_with(char::is_lowercase)
                    || is_object_of(tokens, first, true, table)
                        && is_beside_copula(tokens, first, table))
                && super::neighbours::is_reported(tokens, first)
            || table.is("noun-capitals") && is_named_as_said(tokens, first, table);
        if words == 1 && !is_said
            || words == 2 && !cued
            || capitals
                && (table.is("noun-capitals") || words <= 4)
                && !is_object_of(tokens, first, is_said, table)
                && !(table.is("noun-capitals") && is_named_as_said(tokens, first, table))
        {
            return false;
        }
    }
    if beside || whole {
        return !(is_title_case(inner) && words >= 2 && work_before(text, span.start, table));
    }
    let strong = attribution.is_some_and(|a| {
        a.cue.as_ref().is_some_and(|(_, verb)| !matches!(verb, Verb::Holds | Verb::Base))
    });
    if is_title_case(inner) && (work_before(text, span.start, table) || !strong) {
        return false;
    }
    if words <= SHORT_WORDS_MAX && attribution.is_none() {
        return false;
    }
    words > SHORT_WORDS_MAX || attribution.is_some()
}

/// "skandierten Sprüche wie „…“": words that an example of what was said is.
fn is_named_as_said(tokens: &Tokens, index: usize, table: &Table) -> bool {
    let (at, _) = tokens.of_quote[index];
    let word = |back: usize| {
        at.checked_sub(back).and_then(|at| tokens.list.get(at)).map_or("", |t| t.lower.as_str())
    };
    table.like.contains(word(1)) && table.said_noun.iter().any(|noun| word(2).ends_with(noun))
}

/// "sei nur ein „Papiertiger“", "ein „Papiertiger“ sei": the predicate of reported speech.
fn is_beside_copula(tokens: &Tokens, index: usize, table: &Table) -> bool {
    let (at, _) = tokens.of_quote[index];
    let is = |at: Option<usize>| {
        at.and_then(|at| tokens.list.get(at))
            .is_some_and(|token| table.reported_be.contains(token.lower.as_str()))
    };
    is(Some(at + 1)) || (2..7).any(|back| is(at.checked_sub(back)))
}

/// "sprachen von „Panikverkäufen“": a noun that a verb of naming takes.
fn is_object_of(tokens: &Tokens, index: usize, is_said: bool, table: &Table) -> bool {
    let (at, _) = tokens.of_quote[index];
    let before =
        at.checked_sub(1).and_then(|at| tokens.list.get(at)).map_or("", |t| t.lower.as_str());
    is_said && table.told_with.contains(before)
}

/// "escreveu que as provas eram “frágeis”": a word in what was said, in lower case and without an article.
fn is_predicate(
    tokens: &Tokens,
    index: usize,
    attribution: &Attribution,
    inner: &str,
    table: &Table,
) -> bool {
    let (at, _) = tokens.of_quote[index];
    let Some((cue, Verb::Says)) = &attribution.cue else { return false };
    let Some(before) = at.checked_sub(1).and_then(|before| tokens.list.get(before)) else {
        return false;
    };
    let clause = tokens.list.get(cue.end..at).is_some_and(|between| {
        between.iter().take(3).any(|t| table.clause.contains(t.lower.as_str()))
    });
    clause
        && attribution.mention.is_some()
        && inner.starts_with(char::is_lowercase)
        && before.is_word()
        && !table.determiner.contains(before.lower.as_str())
}

/// Whether the article quotes in single marks, as British papers do: no double ones are in it, and a
/// verb of saying is next to a single one.
pub(crate) fn single_style(spans: &[Span], found: &[Option<Attribution>]) -> bool {
    let mut beside = false;
    for (span, attribution) in spans.iter().zip(found) {
        if !span.single {
            return false;
        }
        // "noemt het plan ‘een slechte grap’" shows it as well.
        beside = beside
            || attribution
                .as_ref()
                .is_some_and(|a| a.way == Way::Beside || a.cue.is_some() && a.mention.is_some());
    }
    beside
}

/// Whether the quotation is its whole sentence.
fn stands_alone(tokens: &Tokens, index: usize) -> bool {
    let (at, sentence) = tokens.of_quote[index];
    tokens.sentences.get(sentence).is_some_and(|(range, _)| at == range.start && range.len() == 1)
}

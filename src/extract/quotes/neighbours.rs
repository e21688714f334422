//! Speakers of quotations whose own sentence names none.
//!
//! Owns the rules that look at the sentence before and after, and at the last speaker. Deliberately
//! changes no attribution that a sentence gave. Each rule looks at one neighbour; linear.

use super::attribution::{Attribution, Way};
use super::cues::CueHit;
use super::lexicon::Verb;
use super::marks::Span;
use super::subject::{Mention, MentionKind, Scope};
use super::tokens::{Kind, Token, Tokens};
use crate::extract::page::{Block, BlockKind};
use crate::extract::words::words;

/// The tokens of a cue and its kind.
type Found = (std::ops::Range<usize>, Verb);

/// Gives a speaker to quotations that have none, where a neighbour names one. `names` are the words that have a capital
/// inside a sentence, for English.
#[expect(clippy::too_many_arguments, reason = "the parts of one reading, which owns them")]
pub(crate) fn fill(
    tokens: &Tokens,
    spans: &[Span],
    text: &str,
    blocks: &[Block],
    language: &str,
    cues: &[Vec<CueHit>],
    names: &std::collections::HashSet<&str>,
    out: &mut [Option<Attribution>],
) {
    for index in 0..spans.len() {
        if out[index].as_ref().is_some_and(|a| a.mention.is_some()) {
            continue;
        }
        if blocks
            .get(spans[index].block)
            .is_some_and(|b| matches!(b.kind, BlockKind::Quote | BlockKind::Post))
        {
            let found = signed(tokens, language, &spans[index], index)
                .or_else(|| signed_below(tokens, language, text, blocks, spans[index].block))
                .map(|mention| (mention, None))
                .or_else(|| introduced(tokens, language, cues, index));
            if let Some((mention, cue)) = found {
                out[index] = Some(Attribution { mention: Some(mention), cue, way: Way::Neighbour });
            }
            continue;
        }
        if let Some(mention) = dashed(tokens, language, text, &spans[index], index) {
            out[index] =
                Some(Attribution { mention: Some(mention), cue: None, way: Way::Neighbour });
            continue;
        }
        let reported = language == "de" && is_reported(tokens, index);
        if !is_speech(text, &spans[index], tokens, index)
            && !reported
            && !is_dropped(tokens, language, index, out)
        {
            continue;
        }
        // A verb without a subject continues with the person mentioned last, also across paragraphs.
        let dropped = out[index].as_ref().is_some_and(|a| a.cue.is_some()) && language != "en";
        let found = ahead(tokens, spans, index, out)
            .or_else(|| (language != "en").then(|| right_before(tokens, cues, index)).flatten())
            .or_else(|| same_block(tokens, spans, index, out))
            .or_else(|| sentence_before(tokens, language, cues, names, index, text, dropped))
            .or_else(|| reported.then(|| reporter(tokens, cues, index)).flatten())
            .or_else(|| last_speaker(tokens, index, out, if dropped || reported { 8 } else { 3 }));
        if let Some(mention) = found {
            let cue = out[index].as_ref().and_then(|a| a.cue.clone());
            out[index] = Some(Attribution { mention: Some(mention), cue, way: Way::Neighbour });
        }
    }
}

/// "“…” – Commissioner Ida Moe": a paragraph of one quotation, a dash and the speaker.
fn dashed(
    tokens: &Tokens,
    language: &str,
    text: &str,
    span: &Span,
    index: usize,
) -> Option<Mention> {
    const WORDS_MAX: usize = 7;
    let list = &tokens.list;
    let (at, sentence) = tokens.of_quote[index];
    let (range, block) = tokens.sentences.get(sentence)?;
    let leads = at == range.start
        && sentence.checked_sub(1).is_none_or(|before| tokens.sentences[before].1 != *block);
    let behind = text.get(span.end..)?.trim_start();
    if !leads || !behind.starts_with(['-', '–', '—', '―']) {
        return None;
    }
    let from = (at + 1..list.len().min(at + 4)).find(|&next| list[next].is_word())?;
    let mut to = from;
    while to < list.len() && to - from <= WORDS_MAX && list[to].is_word() {
        to += 1;
    }
    let table = crate::language::table(language);
    let office = |word: &str| {
        super::lexicon::is_title(word) || table.is_some_and(|table| table.is_role(word))
    };
    let mut start = from;
    while start < to && office(&list[start].lower) {
        start += 1;
    }
    let name = start..to;
    let closed =
        list.get(to).is_none_or(|t| matches!(t.kind, Kind::Comma | Kind::Stop | Kind::Open));
    let capitals =
        list[name.clone()].iter().all(|t| t.is_capital() || super::subject::is_particle(&t.lower));
    let enough = name.len() > 1 || name.len() == 1 && start > from;
    (closed && capitals && enough && name.len() <= 4 && list[to - 1].is_capital())
        .then_some(Mention { tokens: from..to, name, kind: MentionKind::Name })
}

/// "From the desk of John Doe, analyst:", "And from Chairwoman Jessica Rose:": the last name before the colon that ends
/// a sentence, with no more than what is apposed to it between.
fn lead_in(tokens: &Tokens, range: &std::ops::Range<usize>) -> Option<Mention> {
    const TOKENS_MAX: usize = 16;
    let list = &tokens.list[range.clone()];
    if list.len() > TOKENS_MAX || list.last()?.kind != Kind::Colon {
        return None;
    }
    let name_end = list.iter().rposition(Token::is_capital)? + 1;
    let mut start = name_end;
    while start > 0
        && (list[start - 1].is_capital()
            || start < name_end && super::subject::is_particle(&list[start - 1].lower))
    {
        start -= 1;
    }
    // The capital of the sentence is not part of a name: "From Ida Moe".
    while start == 0 || start < name_end && super::lexicon::is_title(&list[start].lower) {
        start += 1;
    }
    let behind = &list[name_end..list.len() - 1];
    let apposed = behind.is_empty()
        || behind[0].kind == Kind::Comma
            && behind[1..].iter().all(|t| t.is_word())
            && behind.len() <= 6;
    let before = start.checked_sub(1).map(|at| &list[at]);
    let led = before.is_some_and(|t| t.is_word());
    (apposed && led && name_end > start + 1 && list[start].is_capital())
        .then(|| Mention::new(range.start + start..range.start + name_end, MentionKind::Name))
}

/// Who said it, in the block that ends a block quote: `<footer>Tom Hale, baker</footer>`.
fn signed_below(
    tokens: &Tokens,
    language: &str,
    text: &str,
    blocks: &[Block],
    block: usize,
) -> Option<Mention> {
    const BLOCKS_MAX: usize = 4;
    let below = (block + 1..=block + BLOCKS_MAX)
        .find(|&below| super::is_signature_block(text, blocks, below))?;
    let at = tokens.sentences.partition_point(|(_, of)| *of < below);
    let (range, _) = tokens.sentences.get(at).filter(|(_, of)| *of == below)?;
    Scope { list: &tokens.list, from: range.start, to: range.end, language }.after(range.start)
}

/// "— Ann Lee (@annlee)" behind a block quote or a post.
fn signed(tokens: &Tokens, language: &str, span: &Span, index: usize) -> Option<Mention> {
    let (at, _) = tokens.of_quote[index];
    let from = (at + 1..at + 4).find(|&next| tokens.list.get(next).is_some_and(Token::is_word))?;
    if tokens.list[from - 1].kind != Kind::Dash || tokens.list[from].start < span.end {
        return None;
    }
    let to = (from..(from + 12).min(tokens.list.len()))
        .find(|&next| tokens.list[next].kind == Kind::Stop)
        .unwrap_or(from);
    // "— Mill and District Council (@council)": what is before the handle is the name.
    let handle = (from + 1..to).find(|&at| {
        tokens.list[at].kind == Kind::Open
            && tokens.list.get(at + 1).is_some_and(|t| t.lower.starts_with('@'))
    });
    if let Some(open) = handle {
        return Some(Mention::new(from..open, MentionKind::Name));
    }
    Scope { list: &tokens.list, from, to, language }.after(from)
}

/// The speaker and cue of the last sentence before a block quote or post.
fn introduced(
    tokens: &Tokens,
    language: &str,
    cues: &[Vec<CueHit>],
    index: usize,
) -> Option<(Mention, Option<Found>)> {
    let previous = tokens.of_quote[index].1.checked_sub(1)?;
    let (range, _) = tokens.sentences.get(previous)?;
    let hit = cues
        .get(previous)?
        .iter()
        .rev()
        .find(|hit| hit.subject.is_some() && !matches!(hit.verb, Verb::Holds | Verb::Base));
    if let Some(hit) = hit {
        return hit.subject.clone().map(|mention| (mention, Some((hit.tokens.clone(), hit.verb))));
    }
    let colon = tokens.list[range.clone()].last().is_some_and(|t| t.kind == Kind::Colon);
    let scope = Scope { list: &tokens.list, from: range.start, to: range.end, language };
    colon.then(|| scope.main_subject(range.end)).flatten().map(|mention| (mention, None))
}

/// Whether the quotation is a sentence of its own (and is not a word in another).
pub(crate) fn is_speech(text: &str, span: &Span, tokens: &Tokens, index: usize) -> bool {
    let (at, sentence) = tokens.of_quote[index];
    let Some((range, _)) = tokens.sentences.get(sentence) else { return false };
    if at > range.start && tokens.list[at - 1].kind == Kind::Colon {
        return true;
    }
    if at > range.start + 2 {
        return false;
    }
    let words = tokens.list[range.clone()].iter().filter(|t| t.is_word()).count();
    let inner = &text[span.inner_start..span.inner_end];
    let whole = inner.ends_with(['.', '!', '?', '…', ',', '。']) || !span.closed;
    words <= 3 || whole
}

/// Whether a verb without a subject is next to a quotation that leads its sentence, or anywhere in it where the
/// language drops subjects: "«Salimos descalzos», agregó con la voz quebrada".
fn is_dropped(tokens: &Tokens, language: &str, index: usize, out: &[Option<Attribution>]) -> bool {
    let cued = out[index].as_ref().is_some_and(|a| a.cue.is_some() && a.mention.is_none());
    let Some(table) = crate::language::table(language).filter(|_| cued) else { return false };
    let (at, sentence) = tokens.of_quote[index];
    let leads = tokens.sentences.get(sentence).is_some_and(|(range, _)| at <= range.start + 1);
    leads || table.is("drops-subjects")
}

/// Whether the sentence of a quotation is in the subjunctive of reported speech: "Sie seien „so gut wie jeder“."
pub(crate) fn is_reported(tokens: &Tokens, index: usize) -> bool {
    let (at, sentence) = tokens.of_quote[index];
    let Some((range, _)) = tokens.sentences.get(sentence) else { return false };
    let says = |token: &Token| REPORTED.contains(token.lower.as_str());
    // The verb is last in a subordinate clause: "dass er nur ein „Papiertiger“ sei".
    tokens.list[range.start..at].iter().rev().take(12).any(says)
        || tokens.list[at + 1..range.end.max(at + 1)].iter().take(3).any(says)
}

words!(
    REPORTED,
    "sei seien habe hätte hätten werde würde würden könne müsse solle wolle dürfe gebe stehe gehe komme brauche wäre \
     wären liege handle handele gelte lasse sehe mache bleibe bestehe drohe fehle zeige bringe führe halte nehme biete \
     stelle wisse finde entspreche bedeute könnten müssten sollten dürften läge käme ginge stünde bekomme verdiene"
);

/// The subject of a verb of saying in the sentence right before, where no other quotation is nearer: "Sie
/// fügte hinzu. „…“"
fn right_before(tokens: &Tokens, cues: &[Vec<CueHit>], index: usize) -> Option<Mention> {
    let (_, sentence) = tokens.of_quote[index];
    let previous = sentence.checked_sub(1)?;
    let (range, block) = tokens.sentences.get(previous)?;
    let own = tokens.sentences.get(sentence)?.1;
    let quoted = tokens.list[range.clone()].iter().any(|t| matches!(t.kind, Kind::Quote(_)));
    if *block != own || quoted {
        return None;
    }
    last_subject(cues, previous)
}

/// The subject of the last verb of saying of a sentence.
fn last_subject(cues: &[Vec<CueHit>], sentence: usize) -> Option<Mention> {
    let says = |hit: &&CueHit| !matches!(hit.verb, Verb::Holds | Verb::Base);
    cues.get(sentence)?.iter().rev().filter(says).find_map(|hit| hit.subject.clone())
}

/// Sentences of reported speech that go on with one speaker.
const REPORTED_MAX: usize = 6;

/// Who speaks where the sentences before are reported speech, too: the subject of the last verb of saying, also
/// in the paragraph before.
fn reporter(tokens: &Tokens, cues: &[Vec<CueHit>], index: usize) -> Option<Mention> {
    let (_, sentence) = tokens.of_quote[index];
    let own = tokens.sentences.get(sentence)?.1;
    for back in 1..=REPORTED_MAX {
        let previous = sentence.checked_sub(back)?;
        let (range, block) = tokens.sentences.get(previous)?;
        if block + 1 < own {
            return None;
        }
        let subject = last_subject(cues, previous);
        if subject.is_some() {
            return subject;
        }
        let list = &tokens.list[range.clone()];
        if !list.iter().any(|token| REPORTED.contains(token.lower.as_str())) {
            return None;
        }
    }
    None
}

/// A quotation of the same sentence or block that has a speaker, the nearest before.
fn same_block(
    tokens: &Tokens,
    spans: &[Span],
    index: usize,
    out: &[Option<Attribution>],
) -> Option<Mention> {
    let previous = index.checked_sub(1)?;
    if spans[previous].block != spans[index].block
        || tokens.of_quote[index].1 > tokens.of_quote[previous].1 + 3
    {
        return None;
    }
    out[previous].as_ref()?.mention.clone()
}

/// “A.” “B,” she said: the next quotation, right behind this one, has it.
fn ahead(
    tokens: &Tokens,
    spans: &[Span],
    index: usize,
    out: &[Option<Attribution>],
) -> Option<Mention> {
    let next = index + 1;
    let span = spans.get(next)?;
    if span.block != spans[index].block || tokens.of_quote[next].1 > tokens.of_quote[index].1 + 1 {
        return None;
    }
    let between = tokens.of_quote[index].0 + 1..tokens.of_quote[next].0;
    let adjacent = tokens.list[between].iter().all(|t| !t.is_word());
    let attribution = out.get(next)?.as_ref()?;
    (adjacent && attribution.way == Way::Beside).then(|| attribution.mention.clone()).flatten()
}

/// The subject of the sentence before, in this block or the one before it.
fn sentence_before(
    tokens: &Tokens,
    language: &str,
    cues: &[Vec<CueHit>],
    names: &std::collections::HashSet<&str>,
    index: usize,
    text: &str,
    dropped: bool,
) -> Option<Mention> {
    let (_, sentence) = tokens.of_quote[index];
    let previous = sentence.checked_sub(1)?;
    let (range, block) = tokens.sentences.get(previous)?;
    let (_, own_block) = tokens.sentences.get(sentence)?;
    let colon = tokens.list[range.clone()].last().is_some_and(|t| t.kind == Kind::Colon);
    if block != own_block && !colon && !(dropped && block + 1 == *own_block) {
        return None;
    }
    let subject = last_subject(cues, previous);
    if subject.is_some() {
        return subject;
    }
    let named = if colon && block != own_block { lead_in(tokens, range) } else { None };
    if named.is_some() {
        return named;
    }
    if language != "en" {
        let clause = super::foreign::clause(&tokens.list, range, language, text);
        return clause
            .leading_name()
            .or_else(|| surname(tokens, range, text))
            .or_else(|| clause.leading_body());
    }
    let scope = Scope { list: &tokens.list, from: range.start, to: range.end, language };
    // "Cars queued for an hour.": not a speaker.
    scope
        .main_subject(range.end)
        .filter(|subject| !super::attribution::is_common(names, tokens, subject, range))
}

/// The surname that leads a sentence, where a full name before it ends with that word.
fn surname(tokens: &Tokens, range: &std::ops::Range<usize>, text: &str) -> Option<Mention> {
    const REACH_BYTES: usize = 16 * 1024;
    let token = tokens.list.get(range.start).filter(|token| token.is_capital())?;
    let word = text.get(token.start..token.end).filter(|word| word.len() > 2)?;
    let mut from = token.start.saturating_sub(REACH_BYTES);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let before = text.get(from..token.start)?;
    let full = before.match_indices(word).take(8).any(|(at, _)| {
        let given = before[..at].strip_suffix(' ').and_then(|head| head.rsplit(' ').next());
        given.is_some_and(|given| {
            given.starts_with(char::is_uppercase) && given.chars().all(char::is_alphabetic)
        })
    });
    full.then(|| Mention::new(range.start..range.start + 1, MentionKind::Name))
}

/// The speaker of the paragraph before.
fn last_speaker(
    tokens: &Tokens,
    index: usize,
    out: &[Option<Attribution>],
    reach: usize,
) -> Option<Mention> {
    let previous = index.checked_sub(1)?;
    let gap = tokens.of_quote[index].1 - tokens.of_quote[previous].1;
    if gap > reach {
        return None;
    }
    out[previous].as_ref()?.mention.clone()
}

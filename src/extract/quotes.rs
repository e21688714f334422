//! Quoted speech and who said it.
//!
//! Owns what counts as a quotation and how its halves join. Deliberately leaves the reading of marks
//! to [`marks`], of verbs to [`attribution`] and of names to [`super::speakers`]. Rules and word lists
//! only; pure, total and linear in the text. `docs/quotations.md` says what is a quotation and what
//! these rules reach.

mod attribution;
mod judge;
mod lexicon;
mod marks;
mod neighbours;
mod subject;
mod tokens;

use std::ops::Range;

use super::page::{Block, BlockKind, Cue, Quote, QuoteKind, Sentence};
use super::sentences::primary_language;
use super::speakers::Speakers;
use attribution::{Attribution, Way};
use marks::Span;

pub(crate) use lexicon::{Pronoun, is_calendar, is_preposition, is_saying, is_title};
pub(crate) use subject::{Mention, MentionKind, is_particle};
pub(crate) use tokens::{Kind, Token, Tokens};

/// What is known of the page beside its text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The names of the byline: who "I" is.
    pub byline: &'a [String],
    /// The BCP 47 tag of the text.
    pub language: Option<&'a str>,
}

/// A quotation, and where its speaker is mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributed {
    /// The quotation, its speaker resolved.
    pub quote: Quote,
    /// The words that name the speaker as the writer put them: "he", "the senator", "Smith".
    pub mention: Option<Range<usize>>,
}

/// The quotations of an article, in order of their beginnings.
#[must_use]
pub fn quotes(
    text: &str,
    blocks: &[Block],
    sentences: &[Sentence],
    hints: &Hints<'_>,
) -> Vec<Quote> {
    attributed(text, blocks, sentences, hints).into_iter().map(|a| a.quote).collect()
}

/// The same with the surface mention of each speaker, which an evaluation needs.
#[must_use]
pub fn attributed(
    text: &str,
    blocks: &[Block],
    sentences: &[Sentence],
    hints: &Hints<'_>,
) -> Vec<Attributed> {
    let language = primary_language(hints.language);
    let mut spans = marks::spans(text, blocks);
    whole_blocks(text, blocks, &mut spans);
    let tokens = tokens::tokens(text, blocks, sentences, &spans);
    let found = attribution::attribute(&tokens, &spans, text, blocks, &language);
    let speakers = Speakers::new(text, &tokens, &found_mentions(&found), hints.byline, &language);
    let mut out: Vec<Attributed> = Vec::new();
    let mut groups = group(text, blocks, &tokens, &spans, &found);
    groups.retain(|group| judge::is_quotation(text, blocks, &tokens, &spans, &found, group));
    for group in &groups {
        out.push(make(text, blocks, sentences, &tokens, &spans, &found, &speakers, group));
    }
    out
}

fn found_mentions(found: &[Option<Attribution>]) -> Vec<Mention> {
    found.iter().flatten().filter_map(|a| a.mention.clone()).collect()
}

/// Block quotes and posts are quotations whole, with marks or without.
fn whole_blocks(text: &str, blocks: &[Block], spans: &mut Vec<Span>) {
    let mut whole = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if !matches!(block.kind, BlockKind::Quote | BlockKind::Post) {
            continue;
        }
        let Some(slice) = text.get(block.range.clone()) else { continue };
        let body = slice.len() - signature(slice).map_or(0, |tail| slice.len() - tail);
        let kept = slice[..body].trim();
        if kept.is_empty() {
            continue;
        }
        let start = block.range.start + (slice.len() - slice.trim_start().len());
        let own = spans.iter().filter(|s| s.block == index && !s.single);
        let marked = own.clone().any(|s| s.end - s.start + 4 >= kept.len());
        if marked {
            continue;
        }
        let end = start + kept.len();
        whole.push(Span {
            block: index,
            start,
            inner_start: start,
            inner_end: end,
            end,
            closed: true,
            single: false,
        });
    }
    if whole.is_empty() {
        return;
    }
    spans.retain(|span| whole.binary_search_by_key(&span.block, |w| w.block).is_err());
    spans.append(&mut whole);
    spans.sort_by_key(|span| span.start);
}

/// Where the signature of a block quote or post begins: "— Ann Lee (@annlee) November 4, 2025".
pub(crate) fn signature(text: &str) -> Option<usize> {
    let at = text.rfind(['—', '―', '–'])?;
    let dash = text[at..].chars().next()?;
    let tail = text[at + dash.len_utf8()..].trim();
    let words = tail.split_whitespace().count();
    let named = tail.chars().next().is_some_and(|c| c.is_uppercase() || c == '@');
    (named && words <= 12 && at > 0 && !tail.ends_with(['.', '!', '?'])).then_some(at)
}

/// Runs of spans that are one quotation: broken by the attribution, or continued over paragraphs.
fn group(
    text: &str,
    blocks: &[Block],
    tokens: &Tokens,
    spans: &[Span],
    found: &[Option<Attribution>],
) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for index in 0..spans.len() {
        let joins = groups.last().and_then(|g| g.last()).is_some_and(|&last| {
            continued(spans, blocks, last, index) || broken(text, tokens, spans, found, last, index)
        });
        match groups.last_mut() {
            Some(group) if joins => group.push(index),
            _ => groups.push(vec![index]),
        }
    }
    groups
}

/// No closing mark, and the next paragraph opens with a mark.
fn continued(spans: &[Span], blocks: &[Block], last: usize, index: usize) -> bool {
    let (a, b) = (&spans[last], &spans[index]);
    !a.closed
        && b.block == a.block + 1
        && blocks.get(b.block).is_some_and(|block| b.start <= block.range.start + 4)
}

/// “…,” she said, “…”: the same sentence, nothing but an attribution between.
fn broken(
    text: &str,
    tokens: &Tokens,
    spans: &[Span],
    found: &[Option<Attribution>],
    last: usize,
    index: usize,
) -> bool {
    let (a, b) = (&spans[last], &spans[index]);
    let ((a_at, a_sentence), (b_at, b_sentence)) = (tokens.of_quote[last], tokens.of_quote[index]);
    if a.block != b.block || a.single != b.single || b_sentence > a_sentence + 1 {
        return false;
    }
    let (Some(one), Some(two)) = (&found[last], &found[index]) else { return false };
    let inner = text[a.inner_start..a.inner_end].trim_end();
    let between = &tokens.list[a_at + 1..b_at];
    let words = between.iter().filter(|t| t.is_word()).count();
    let attribution_between = one.way == Way::Beside
        && one.cue.as_ref().is_some_and(|(cue, _)| cue.start > a_at && cue.end <= b_at)
        && words <= 25;
    let typographic = inner.ends_with([',', '?', '!', '—', '–', '-', '…'])
        || text[a.end..].starts_with(',')
        || text[a.end..].starts_with(" –")
        || text[a.end..].starts_with(" —");
    // The second half may not have a cue of its own.
    let same = two.way == Way::Neighbour
        || two
            .cue
            .as_ref()
            .is_none_or(|(cue, _)| one.cue.as_ref().is_some_and(|(first, _)| first == cue));
    attribution_between && typographic && same && a_sentence == b_sentence
}

#[expect(clippy::too_many_arguments, reason = "the parts of one article, passed and not stored")]
fn make(
    text: &str,
    blocks: &[Block],
    sentences: &[Sentence],
    tokens: &Tokens,
    spans: &[Span],
    found: &[Option<Attribution>],
    speakers: &Speakers,
    group: &[usize],
) -> Attributed {
    let parts: Vec<Range<usize>> =
        group.iter().map(|&i| spans[i].inner_start..spans[i].inner_end).collect();
    let start = group.first().map_or(0, |&i| spans[i].start);
    let end = group.last().map_or(start, |&i| spans[i].end);
    let words: Vec<&str> = parts.iter().map(|range| &text[range.clone()]).collect();
    let attribution = group
        .iter()
        .filter_map(|&i| found[i].as_ref())
        .min_by_key(|a| (a.mention.is_none(), a.way));
    let mention = attribution.and_then(|a| a.mention.as_ref());
    let cue = attribution.and_then(|a| a.cue.as_ref()).map(|(range, _)| {
        let range = tokens.list[range.start].start..tokens.list[range.end - 1].end;
        Cue { text: text[range.clone()].to_owned(), range }
    });
    let speaker = mention.map(|mention| {
        speakers.resolve(
            text,
            tokens,
            mention,
            attribution.is_some_and(|a| a.way == Way::Neighbour),
        )
    });
    let quote = Quote {
        range: start..end,
        text: words.join(" "),
        kind: kind(text, blocks, tokens, spans, group),
        parts,
        speaker: speaker.flatten(),
        cue,
        sentence: sentences.partition_point(|s| s.range.end <= start),
    };
    let mention =
        mention.map(|m| tokens.list[m.tokens.start].start..tokens.list[m.tokens.end - 1].end);
    Attributed { quote, mention }
}

fn kind(
    text: &str,
    blocks: &[Block],
    tokens: &Tokens,
    spans: &[Span],
    group: &[usize],
) -> QuoteKind {
    let Some(&first) = group.first() else { return QuoteKind::Direct };
    match blocks.get(spans[first].block).map(|b| &b.kind) {
        Some(BlockKind::Quote) => return QuoteKind::Block,
        Some(BlockKind::Post) => return QuoteKind::Post,
        _ => {}
    }
    if group.len() > 1 || judge::is_whole(text, tokens, spans, first) {
        QuoteKind::Direct
    } else {
        QuoteKind::Fragment
    }
}

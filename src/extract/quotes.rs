//! Quoted speech and its speakers.
//!
//! Owns what counts as a quotation and how its halves join. Deliberately leaves the reading of marks
//! to [`marks`], of verbs to [`attribution`] and of names to [`super::speakers`]. Rules and word lists
//! only; pure, total and linear in the text. `docs/quotations.md` says what is a quotation and what
//! these rules reach.

mod attribution;
mod caseless;
mod cues;
mod foreign;
mod inserts;
mod judge;
mod lexicon;
mod marks;
mod neighbours;
mod phrase;
mod subject;
mod tokens;

use std::ops::Range;

use super::page::{Block, BlockKind, Cue, Quote, QuoteKind, Sentence, Speaker};
use super::sentences::primary_language;
use super::speakers::Speakers;
use crate::extract::work::step;
use crate::language::table;
use attribution::{Attribution, Way};
use marks::Span;

pub(crate) use lexicon::{
    Pronoun, is_calendar, is_determiner, is_preposition, is_saying, is_title,
};
pub(crate) use subject::{Mention, MentionKind, is_particle};
pub(crate) use tokens::{Kind, Token, Tokens};

/// Words between a speaker and the name that he goes by.
const NICKNAME_REACH: usize = 8;

/// What is known of the page in addition to its text.
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
    let mut spans = marks::spans(text, blocks, &language);
    whole_blocks(text, blocks, &mut spans);
    let tokens = tokens::tokens(text, blocks, sentences, &spans);
    let (found, others) = attribution::attribute(&tokens, &spans, text, blocks, &language);
    let chosen: Vec<Mention> = found.iter().flatten().filter_map(|a| a.mention.clone()).collect();
    let speakers = Speakers::new(text, &tokens, &chosen, &others, hints.byline, &language);
    let single_style = judge::single_style(&spans, &found);
    let is_caseless = caseless::grammar(&language).is_some();
    let masked =
        if is_caseless { caseless::Masked::new(text, &spans) } else { caseless::Masked::default() };
    let reading = Reading {
        text,
        blocks,
        sentences,
        tokens,
        spans,
        found,
        speakers,
        language,
        single_style,
        is_caseless,
        masked,
    };
    let groups = reading.groups();
    let mut made: Vec<Attributed> = groups
        .iter()
        .scan(None, |last: &mut Option<usize>, group| {
            let named = last.take();
            let is_one = !named.is_some_and(|named| reading.is_listed(named, group))
                && reading.is_quotation(group);
            *last = (!is_one).then(|| group.last().copied()).flatten();
            Some(is_one.then_some(group))
        })
        .flatten()
        .map(|group| reading.make(group))
        .collect();
    reading.drop_pulled(&mut made);
    if is_caseless {
        reading.spoken_on(&mut made);
    }
    made
}

/// An article read as far as its quotations need.
struct Reading<'a> {
    text: &'a str,
    blocks: &'a [Block],
    sentences: &'a [Sentence],
    tokens: Tokens,
    spans: Vec<Span>,
    found: Vec<Option<Attribution>>,
    speakers: Speakers,
    language: String,
    single_style: bool,
    /// Whether the script has no capitals, and the text without what is quoted in it.
    is_caseless: bool,
    masked: caseless::Masked,
}

/// Block quotes and posts are quotations whole, with marks or without.
fn whole_blocks(text: &str, blocks: &[Block], spans: &mut Vec<Span>) {
    let mut whole = Vec::new();
    let mut longest: Vec<Option<usize>> = vec![None; blocks.len()];
    for span in spans.iter().inspect(|_| step()).filter(|span| !span.single) {
        if let Some(longest) = longest.get_mut(span.block) {
            *longest = (*longest).max(Some(span.end - span.start));
        }
    }
    let is_quoted = |kind: &BlockKind| matches!(kind, BlockKind::Quote | BlockKind::Post);
    for (index, block) in blocks.iter().enumerate() {
        if !is_quoted(&block.kind) {
            continue;
        }
        let Some(slice) = text.get(block.range.clone()) else { continue };
        // "— Tom Hale, baker" below what he said is its signature.
        let below =
            index.checked_sub(1).and_then(|i| blocks.get(i)).is_some_and(|b| is_quoted(&b.kind));
        if below && signature(&format!(" {}", slice.trim())) == Some(1) {
            continue;
        }
        if is_signature_block(text, blocks, index) {
            continue;
        }
        let body = slice.len() - signature(slice).map_or(0, |tail| slice.len() - tail);
        let kept = slice[..body].trim();
        if kept.is_empty() {
            continue;
        }
        let start = block.range.start + (slice.len() - slice.trim_start().len());
        let is_marked = longest[index].is_some_and(|bytes| bytes + 4 >= kept.len());
        if is_marked {
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
            dialogue: false,
            resumed: false,
        });
    }
    if whole.is_empty() {
        return;
    }
    spans.retain(|span| whole.binary_search_by_key(&span.block, |w| w.block).is_err());
    spans.append(&mut whole);
    spans.sort_by_key(|span| span.start);
}

/// Whether a block ends a block quote and names the speaker: `<footer>Tom Hale, baker</footer>`.
pub(crate) fn is_signature_block(text: &str, blocks: &[Block], index: usize) -> bool {
    const WORDS_MAX: usize = 9;
    let quote = |at: usize| blocks.get(at).is_some_and(|b| b.kind == BlockKind::Quote);
    let ends = quote(index) && index > 0 && quote(index - 1) && !quote(index + 1);
    let line = blocks.get(index).and_then(|b| text.get(b.range.clone())).unwrap_or("").trim();
    if !ends || line.ends_with(['.', '!', '?', '…', ':', '”', '"', '»']) {
        return false;
    }
    let name = line.split(',').next().unwrap_or("");
    let capital = |word: &str| word.starts_with(char::is_uppercase);
    let mut words = name.split_whitespace();
    (2..=4).contains(&name.split_whitespace().count())
        && words.next().is_some_and(capital)
        && words.next_back().is_some_and(capital)
        && line.split_whitespace().count() <= WORDS_MAX
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

impl Reading<'_> {
    /// Runs of spans that are one quotation: broken by the attribution, or continued over paragraphs.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for index in 0..self.spans.len() {
            let last = groups.last().and_then(|g| g.last()).copied();
            let joins =
                last.is_some_and(|last| self.continued(last, index) || self.broken(last, index));
            match groups.last_mut() {
                Some(group) if joins => group.push(index),
                _ => groups.push(vec![index]),
            }
        }
        groups
    }

    /// No closing mark, and the next paragraph opens with a mark.
    fn continued(&self, last: usize, index: usize) -> bool {
        let (a, b) = (&self.spans[last], &self.spans[index]);
        let leads = self.blocks.get(b.block).is_some_and(|block| b.start <= block.range.start + 4);
        !a.closed && b.block == a.block + 1 && leads
    }

    /// “…,” she said, “…”: the same sentence, nothing but an attribution between.
    fn broken(&self, last: usize, index: usize) -> bool {
        let (a, b) = (&self.spans[last], &self.spans[index]);
        let ((a_at, a_sentence), (b_at, b_sentence)) =
            (self.tokens.of_quote[last], self.tokens.of_quote[index]);
        if b.resumed {
            return true;
        }
        if let Some(table) = caseless::grammar(&self.language) {
            return caseless::joins(self.text, a, b, table);
        }
        if a.block != b.block || a.single != b.single || b_sentence != a_sentence {
            return false;
        }
        let (Some(one), Some(two)) = (&self.found[last], &self.found[index]) else { return false };
        let inner = self.text[a.inner_start..a.inner_end].trim_end();
        let words = self.tokens.list[a_at + 1..b_at].iter().filter(|t| t.is_word()).count();
        // —Sí —dijo Ana—. Hay que ir: the stop is after the dash.
        if b.dialogue && self.text[b.start..b.inner_start].contains('.') {
            return false;
        }
        // The speaker may be named elsewhere: “A”, dice, “b”.
        let attribution_between = matches!(one.way, Way::Beside | Way::Neighbour)
            && one.cue.as_ref().is_some_and(|(cue, _)| cue.start > a_at && cue.end <= b_at)
            && words <= 25;
        let behind = &self.text[a.end..];
        let typographic = inner.ends_with([',', '?', '!', '—', '–', '-', '…'])
            || [",", " –", " —", " ,"].iter().any(|mark| behind.starts_with(mark));
        // The second half may not have a cue of its own.
        let same = two.way == Way::Neighbour
            || two
                .cue
                .as_ref()
                .is_none_or(|(cue, _)| one.cue.as_ref().is_some_and(|(first, _)| first == cue));
        // "Kay, who called Hale “a fool”, said: “I will stay.”": the speaker of both is before the first.
        let is_inside = self.language == "en"
            && one.mention.as_ref().is_some_and(|mention| mention.tokens.end <= a_at)
            && self.tokens.list.get(a_at.wrapping_sub(1)).is_some_and(|token| token.is_word());
        attribution_between
            && !is_inside
            && typographic
            && same
            && (b.dialogue || self.is_continued(a_at, b_at))
    }

    /// Whether a mark sets the second quotation off, and no clause of its own begins behind the first: “A,”
    /// said Lee, “b” is one, “A,” said Lee of “B” and “A,” but added, “b” are two.
    fn is_continued(&self, first: usize, second: usize) -> bool {
        let list = &self.tokens.list;
        let set_off = list
            .get(second.wrapping_sub(1))
            .is_some_and(|t| matches!(t.kind, Kind::Comma | Kind::Dash | Kind::Colon));
        let lead = list[first + 1..second].iter().find(|t| t.is_word());
        let clause = lead.is_some_and(|t| lexicon::is_clause_word(&self.language, &t.lower));
        // “A,” he said and added: “B.” and “A,” he said, adding: “B.” are two.
        let colon = list.get(second.wrapping_sub(1)).is_some_and(|t| t.kind == Kind::Colon);
        let verbs = list[first + 1..second].iter().filter(|t| {
            t.is_word()
                && (is_saying(&t.lower)
                    || matches!(
                        t.lower.as_str(),
                        "adding" | "und" | "and" | "y" | "e" | "et" | "och" | "og"
                    ))
        });
        set_off && !clause && !(colon && verbs.count() > 1)
    }

    /// "sang “The Bonny Bridge” and “Home by the Mill”": what is in a row with a name in marks is one, too.
    fn is_listed(&self, named: usize, group: &[usize]) -> bool {
        let &[next] = group else { return false };
        let (a, b) = (&self.spans[named], &self.spans[next]);
        let between = self.text.get(a.end..b.start).unwrap_or(".").trim();
        let inner = |span: &Span| self.text.get(span.inner_start..span.inner_end).unwrap_or("");
        let is_name = |words: &str| {
            let words = words.trim_end_matches([',', '.']);
            words.chars().find(|c| c.is_alphanumeric()).is_some_and(char::is_uppercase)
                && !words.ends_with(['?', '!', '…'])
                && words.split_whitespace().count() <= 6
        };
        let joined = matches!(
            between.trim_start_matches(',').trim(),
            "" | "and"
                | "or"
                | "&"
                | "und"
                | "et"
                | "y"
                | "e"
                | "en"
                | "i"
                | "och"
                | "og"
                | "и"
                | "та"
                | "και"
                | "a"
                | "ve"
        ) && !between.is_empty();
        a.block == b.block && joined && is_name(inner(a)) && is_name(inner(b))
    }

    fn is_quotation(&self, group: &[usize]) -> bool {
        judge::is_quotation(
            self.text,
            self.blocks,
            &self.tokens,
            &self.spans,
            &self.found,
            group,
            self.single_style,
            table(&self.language),
        )
    }

    fn make(&self, group: &[usize]) -> Attributed {
        let (text, tokens) = (self.text, &self.tokens);
        let parts: Vec<Range<usize>> =
            group.iter().map(|&i| self.spans[i].inner_start..self.spans[i].inner_end).collect();
        let start = group.first().map_or(0, |&i| self.spans[i].start);
        let end = group.last().map_or(start, |&i| self.spans[i].end);
        let words: Vec<&str> = parts.iter().map(|range| &text[range.clone()]).collect();
        let unspaced = caseless::grammar(&self.language).is_some_and(|t| t.is("no-spaces"));
        let attribution = group
            .iter()
            .filter_map(|&i| self.found[i].as_ref())
            .min_by_key(|a| (a.mention.is_none(), a.way));
        let mention = attribution.and_then(|a| a.mention.as_ref());
        let cue = attribution
            .and_then(|a| a.cue.as_ref())
            .map(|(range, _)| tokens.list[range.start].start..tokens.list[range.end - 1].end);
        let inferred = attribution.is_some_and(|a| a.way == Way::Neighbour);
        let speaker =
            mention.and_then(|mention| self.speakers.resolve(text, tokens, mention, inferred));
        let speaker = match (speaker, mention) {
            (Some(speaker), Some(mention)) if mention.kind == MentionKind::Role => {
                Some(self.by_nickname(mention).unwrap_or(speaker))
            }
            (speaker, _) => speaker,
        };
        let place =
            mention.map(|m| tokens.list[m.tokens.start].start..tokens.list[m.tokens.end - 1].end);
        let sentence = self.sentences.partition_point(|s| s.range.end <= start);
        let mut made = Attributed {
            quote: Quote {
                range: start..end,
                text: words.join(if unspaced { "" } else { " " }),
                kind: self.kind(group),
                parts,
                speaker,
                cue: cue.map(|range| Cue { text: text[range.clone()].to_owned(), range }),
                sentence,
            },
            mention: place,
        };
        if let Some(&first) = group.first().filter(|_| self.is_caseless) {
            self.caseless(&mut made, &self.spans[first]);
        }
        made
    }

    /// Speakers of scripts without capitals are found in the text itself.
    fn caseless(&self, made: &mut Attributed, first: &Span) {
        let quote = &mut made.quote;
        let table = caseless::grammar(&self.language);
        let (Some(block), Some(table)) = (self.blocks.get(first.block), table) else { return };
        let of = |range: Range<usize>| caseless::find(&self.masked, &block.range, &range, table);
        let found = of(first.start..first.end).or_else(|| of(quote.range.clone()));
        let Some(found) = found else { return };
        let name = found.name.filter(|range| self.text.get(range.clone()).is_some());
        quote.speaker =
            name.clone().map(|range| Speaker { name: self.text[range].to_owned(), named: true });
        quote.cue = found
            .cue
            .filter(|range| self.text.get(range.clone()).is_some())
            .map(|range| Cue { text: self.text[range.clone()].to_owned(), range });
        made.mention = name;
    }

    /// A pull quote sets the words of another quotation in a block of their own, without an attribution: they were
    /// said once.
    fn drop_pulled(&self, made: &mut Vec<Attributed>) {
        let words =
            |quote: &Quote| quote.text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let alone = |quote: &Quote| {
            let at = self.blocks.partition_point(|block| block.range.end <= quote.range.start);
            let block = self.blocks.get(at).and_then(|block| self.text.get(block.range.clone()));
            quote.cue.is_none()
                && quote.kind != QuoteKind::Post
                && block.is_some_and(|block| block.trim().len() <= quote.range.len() + 2)
        };
        if !made.iter().any(|one| alone(&one.quote)) {
            return;
        }
        let said: std::collections::HashSet<String> =
            made.iter().filter(|one| !alone(&one.quote)).map(|one| words(&one.quote)).collect();
        made.retain(|one| !alone(&one.quote) || !said.contains(&words(&one.quote)));
    }

    /// The last speaker goes on where a cue names no one, or where a quotation follows alone. Where no one has spoken,
    /// it is the one person whom the sentences before name: "佐藤恵さんは最後に着いた。「申し訳ない」と彼女は話した。"
    fn spoken_on(&self, made: &mut [Attributed]) {
        let block_of = |quote: &Quote| {
            self.blocks.partition_point(|block| block.range.end <= quote.range.start)
        };
        for at in 0..made.len() {
            let (before, rest) = made.split_at_mut(at);
            let Some(next) = rest.first_mut().filter(|next| next.quote.speaker.is_none()) else {
                continue;
            };
            let last = before.last().filter(|last| {
                let near = next.quote.sentence <= last.quote.sentence + 4;
                let same = block_of(&last.quote) == block_of(&next.quote);
                near && (next.quote.cue.is_some() || same)
            });
            let spoken = last.and_then(|last| last.quote.speaker.as_ref()).map(|s| s.name.clone());
            let named = || {
                let table = caseless::grammar(&self.language)?;
                next.quote.cue.as_ref()?;
                let range = caseless::named_before(&self.masked, next.quote.range.start, table)?;
                self.text.get(range).map(str::to_owned)
            };
            if let Some(name) = spoken.or_else(named) {
                next.quote.speaker = Some(Speaker { name, named: false });
            }
        }
    }

    /// "a man who goes by the name “Shorty”": a nickname.
    fn by_nickname(&self, mention: &Mention) -> Option<Speaker> {
        let end = mention.tokens.end;
        let next = self.tokens.list.get(end..self.tokens.list.len().min(end + NICKNAME_REACH))?;
        let next = next.iter().take_while(|t| !matches!(t.kind, Kind::Stop | Kind::Comma));
        let span = next.into_iter().find_map(|t| match t.kind {
            Kind::Quote(index) => self.spans.get(index),
            _ => None,
        })?;
        let inner = self.text.get(span.inner_start..span.inner_end)?;
        let name = inner.trim_end_matches(['.', ',']);
        let called = judge::is_named(self.text, span.start) && name.starts_with(char::is_uppercase);
        (called && name.split_whitespace().count() <= 3)
            .then(|| Speaker { name: name.to_owned(), named: true })
    }

    fn kind(&self, group: &[usize]) -> QuoteKind {
        let Some(&first) = group.first() else { return QuoteKind::Direct };
        match self.blocks.get(self.spans[first].block).map(|b| &b.kind) {
            Some(BlockKind::Quote) => return QuoteKind::Block,
            Some(BlockKind::Post) => return QuoteKind::Post,
            _ => {}
        }
        let whole = group.len() > 1 || judge::is_whole(self.text, &self.tokens, &self.spans, first);
        if whole { QuoteKind::Direct } else { QuoteKind::Fragment }
    }
}

#[cfg(test)]
mod tests;

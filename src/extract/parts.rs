//! What stands beside the prose of an article and belongs to it: the standfirst, captions, embedded
//! posts, and the entries of a live blog.
//!
//! The prose is chosen without them ([`super::article`]); they are then put in their places in
//! reading order. A standfirst is known by its name or by being the description that the page
//! declares; a caption by its markup; a post by the name of its block quote; entries of a live blog
//! by their structure: siblings that each begin with a time of day and go on with text, or times that head what follows.

use std::collections::HashMap;

use super::article::{Survey, prose_of};
use super::declared::{Declared, squeeze};
use super::dom::{Dom, NodeId, Tag};
use super::flow::{Flow, RawBlock, Shape};
use super::lines;
use super::page::PageTime;
use super::said::Said;
use crate::dates::{self, Order};

/// Longer ones are paragraphs, in bytes.
const STANDFIRST_BYTES_MAX: usize = 900;
/// The most blocks that a standfirst has.
const STANDFIRST_BLOCKS_MAX: usize = 2;
/// A caption of fewer words than this outside links is a credit, a name or a label.
const CAPTION_WORDS_MIN: u32 = 6;
/// A standfirst of fewer words than this outside links is a label or a date.
const STANDFIRST_WORDS_MIN: u32 = 4;
/// So many blocks of prose below the headline are what a standfirst must not repeat.
const OPENING_BLOCKS: usize = 2;
/// Fewer elements than this that begin with a time are no live blog.
const ENTRIES_MIN: usize = 3;
/// How far above its time an entry may begin.
const ENTRY_LEVELS_MAX: usize = 6;
/// How many blocks of an entry may stand before its time: its heading, who wrote it.
const BEFORE_TIME_MAX: usize = 2;

/// What a block is besides its shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Role {
    /// What its shape says.
    Body,
    /// The summary below the headline.
    Standfirst,
    /// A post of a social network.
    Post,
    /// The line that begins an entry of a live blog.
    Entry(Option<PageTime>),
}

/// A block of the article in its place.
#[derive(Debug, Clone)]
pub struct Part {
    /// The index of the block in the flow.
    pub block: usize,
    /// What it is.
    pub role: Role,
}

/// The parts of the article in reading order, from the blocks of its prose.
pub fn place(
    survey: &Survey<'_>,
    container: NodeId,
    kept: &[usize],
    headline: Option<NodeId>,
    declared: &Declared,
) -> Vec<Part> {
    let flow = survey.flow;
    let mut roles: HashMap<usize, Role> = kept.iter().map(|at| (*at, Role::Body)).collect();
    for at in kept {
        if flow.blocks[*at].shape == Shape::Quote && is_post(survey, &flow.blocks[*at]) {
            roles.insert(*at, Role::Post);
        }
    }
    let heading = headline.and_then(|node| place_of(survey.dom, flow, node));
    let above: Vec<usize> = standfirst(survey, kept, heading, declared).into_iter().collect();
    let beside = captions(survey, container, kept, heading);
    let (mut said, mut opening) = (Said::default(), Said::default());
    // Only what stands beside the prose has to be compared with it.
    let compared = if above.is_empty() && beside.is_empty() { &[][..] } else { kept };
    let prose = compared.iter().copied().filter(|at| prose_of(flow, &flow.blocks[*at]) > 0);
    heading
        .into_iter()
        .chain(prose.take(OPENING_BLOCKS))
        .for_each(|at| opening.hear(words_at(flow, at)));
    heading
        .into_iter()
        .chain(compared.iter().copied())
        .for_each(|at| said.hear(words_at(flow, at)));
    for at in above {
        let words = words_at(flow, at);
        // What is in the prose anyway only gets its name. Beside it, a summary has the words of what it
        // sums up, but not those of the headline and the first paragraphs alone.
        if roles.contains_key(&at) || !(opening.has(words) || said.repeats(words)) {
            said.hear(words);
            roles.insert(at, Role::Standfirst);
        }
    }
    for at in beside {
        // By runs alone: single words would let a caption come and go with paragraphs elsewhere.
        if !said.repeats(words_at(flow, at)) {
            said.hear(words_at(flow, at));
            roles.entry(at).or_insert(Role::Body);
        }
    }
    for (at, time) in entries(survey, container, kept) {
        roles.insert(at, Role::Entry(time));
    }
    let mut parts: Vec<Part> =
        roles.into_iter().map(|(block, role)| Part { block, role }).collect();
    parts.sort_by_key(|part| part.block);
    parts
}

fn words_at(flow: &Flow, at: usize) -> &str {
    flow.blocks.get(at).map_or("", |block| flow.words(block))
}

/// The block that holds the headline.
fn place_of(dom: &Dom, flow: &Flow, node: NodeId) -> Option<usize> {
    flow.blocks
        .iter()
        .position(|b| b.node == node || dom.ancestors(b.node).take(4).any(|up| up == node))
}

fn around<'a>(
    survey: &'a Survey<'_>,
    node: NodeId,
    levels: usize,
) -> impl Iterator<Item = NodeId> + 'a {
    std::iter::once(node).chain(survey.dom.ancestors(node)).take(levels)
}

fn is_post(survey: &Survey<'_>, block: &RawBlock) -> bool {
    around(survey, block.node, 4).any(|id| survey.flow.marks[id as usize].post)
}

/// Blocks between headline and prose, or first in the prose, that sum the article up.
fn standfirst(
    survey: &Survey<'_>,
    kept: &[usize],
    heading: Option<usize>,
    declared: &Declared,
) -> Vec<usize> {
    let flow = survey.flow;
    let Some(first) = kept.iter().copied().find(|at| prose_of(flow, &flow.blocks[*at]) > 0) else {
        return Vec::new();
    };
    let from = match heading {
        Some(heading) if heading < first => heading + 1,
        Some(_) => return Vec::new(),
        None => kept.first().copied().unwrap_or(first),
    };
    let bare = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let described: Vec<String> = ["description", "og:description", "twitter:description"]
        .iter()
        .filter_map(|name| declared.meta(&[*name]))
        .map(|text| bare(&squeeze(text)))
        .filter(|text| text.len() >= 20)
        .collect();
    let is_one = |at: usize| {
        let block = &flow.blocks[at];
        let words = flow.words(block);
        let named = || around(survey, block.node, 3).any(|id| flow.marks[id as usize].standfirst);
        // What stands inside the prose is a standfirst only by its own name.
        let told = at < first && { described.contains(&bare(words)) };
        !survey.furniture[block.node as usize]
            && block.shape != Shape::Caption
            && (15..=STANDFIRST_BYTES_MAX).contains(&words.len())
            && block.linked * 2 <= words.len()
            && block.plain_words >= STANDFIRST_WORDS_MIN
            && lines::judge(words, block.linked) == lines::Line::Text
            && !lines::is_head_line(words)
            && (named() || told)
    };
    (from..=first).filter(|at| is_one(*at)).take(STANDFIRST_BLOCKS_MAX).collect()
}

/// Captions inside the article, and between its headline and its prose.
fn captions(
    survey: &Survey<'_>,
    container: NodeId,
    kept: &[usize],
    heading: Option<usize>,
) -> Vec<usize> {
    let flow = survey.flow;
    let (Some(first), Some(last)) = (kept.first().copied(), kept.last().copied()) else {
        return Vec::new();
    };
    let from = heading.filter(|heading| *heading < first);
    let everything = container == Dom::ROOT;
    let mut found = Vec::new();
    for at in from.unwrap_or(first)..=last.max(first) {
        let block = &flow.blocks[at];
        if block.shape != Shape::Caption || survey.furniture[block.node as usize] {
            continue;
        }
        let inside = everything
            || (from.is_some() && at < first)
            || survey.dom.ancestors(block.node).any(|up| up == container);
        let words = flow.words(block);
        if inside && is_caption(block, words) {
            found.push(at);
        }
    }
    found
}

/// A caption tells something: it has a sentence, whatever credit stands behind it. A name, a place
/// or a label below a picture is as little text as the credit is.
fn is_caption(block: &RawBlock, words: &str) -> bool {
    has_sentence(block, words)
        && block.linked * 2 <= words.len()
        && lines::judge(words, block.linked) == lines::Line::Text
        && !lines::is_bare_credit(words)
}

fn has_sentence(block: &RawBlock, words: &str) -> bool {
    let stops = ['.', '!', '?', '…', '।', '؟', '۔'];
    let parted = words.match_indices(stops).any(|(at, stop)| {
        let behind = words.get(at + stop.len()..).unwrap_or_default();
        let ends = behind.chars().next().is_none_or(|c| c.is_whitespace() || !c.is_alphanumeric());
        // An initial ("A. Lee") or "St." is no end of a sentence.
        let before = words.get(..at).unwrap_or_default();
        let last = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let long = last.chars().filter(|c| c.is_alphanumeric()).count() >= 3
            || last.chars().all(|c| c.is_ascii_digit());
        ends && long && before.split_whitespace().count() >= CAPTION_WORDS_MIN as usize
    });
    words.contains('。') || (block.plain_words >= CAPTION_WORDS_MIN && parted)
}

/// The blocks that begin the entries of a live blog, with their times.
fn entries(
    survey: &Survey<'_>,
    container: NodeId,
    kept: &[usize],
) -> Vec<(usize, Option<PageTime>)> {
    let flow = survey.flow;
    // The first and last block below each element, and its prose that is in the article.
    let mut span: Vec<Option<(usize, usize)>> = vec![None; survey.dom.len()];
    let widen = |all: &mut Option<(usize, usize)>, (from, to): (usize, usize)| {
        *all = Some(all.map_or((from, to), |(a, b)| (a.min(from), b.max(to))));
    };
    for (at, block) in flow.blocks.iter().enumerate() {
        widen(&mut span[block.node as usize], (at, at));
    }
    for id in flow.order.iter().rev() {
        if let (Some(up), Some(own)) = (survey.dom.parent(*id), span[*id as usize]) {
            widen(&mut span[up as usize], own);
        }
    }
    let mut groups: HashMap<NodeId, Vec<Entry>> = HashMap::new();
    for entry in times(survey, container) {
        let mut at = entry.node;
        for _ in 0..ENTRY_LEVELS_MAX {
            let Some(up) = survey.dom.parent(at) else { break };
            // The time stands where the entry begins.
            if let Some((from, _)) = span[at as usize]
                && entry.block <= from + BEFORE_TIME_MAX
            {
                groups.entry(up).or_default().push(Entry { node: at, ..entry.clone() });
            }
            if at == container || up == Dom::ROOT {
                break;
            }
            at = up;
        }
    }
    let total: u64 = kept.iter().map(|at| u64::from(prose_of(flow, &flow.blocks[*at]))).sum();
    let with_prose: Vec<usize> =
        kept.iter().copied().filter(|at| prose_of(flow, &flow.blocks[*at]) > 0).collect();
    let best = groups
        .into_iter()
        .map(|(up, mut entries)| {
            entries.dedup_by_key(|entry| entry.node);
            let mut prose: u64 =
                entries.iter().map(|e| u64::from(survey.prose[e.node as usize])).sum();
            // Times between the paragraphs of one element: each heads what follows it.
            let heads = |pair: &[Entry]| {
                let next = with_prose.partition_point(|at| *at <= pair[0].block);
                with_prose.get(next).is_some_and(|at| *at < pair[1].block)
            };
            if prose == 0 && entries.windows(2).all(heads) {
                prose = u64::from(survey.prose[up as usize]);
            }
            (prose, entries)
        })
        .filter(|(prose, entries)| entries.len() >= ENTRIES_MIN && *prose * 2 >= total.max(1))
        // Of groups with the same prose, the one with more entries: the innermost.
        .max_by_key(|(prose, entries)| (*prose, entries.len(), entries.first().map(|e| e.block)));
    best.map_or_else(Vec::new, |(_, entries)| {
        entries.into_iter().map(|entry| (entry.block, entry.time)).collect()
    })
}

#[derive(Clone)]
struct Entry {
    node: NodeId,
    block: usize,
    time: Option<PageTime>,
}

/// The times of day inside the container: `time` elements, and lines that are a clock time alone.
fn times(survey: &Survey<'_>, container: NodeId) -> Vec<Entry> {
    let (dom, flow) = (survey.dom, survey.flow);
    let mut inside = vec![false; dom.len()];
    let mut timed: HashMap<NodeId, Option<PageTime>> = HashMap::new();
    for id in &flow.order {
        let up = dom.parent(*id);
        inside[*id as usize] = *id == container || up.is_some_and(|up| inside[up as usize]);
        if inside[*id as usize] && dom.tag(*id) == Tag::Time {
            let declared = dom.attr(*id, "datetime").and_then(dates::parse_machine);
            let time = declared.filter(|time| !time.day_only);
            // A day alone, however exact its machine-readable time, dates a teaser or a comment.
            let shown = dom.text_below(*id, 60);
            let dated =
                !shown.contains(':') && dates::find_human(&shown, Order::DayFirst).is_some();
            // A `time` stands in a block of its parent.
            if let Some(up) = up.filter(|_| !dated && (time.is_some() || is_clock(&shown))) {
                timed.entry(up).or_insert(time);
            }
        }
    }
    let mut found = Vec::new();
    for (at, block) in flow.blocks.iter().enumerate() {
        let words = flow.words(block);
        if !inside[block.node as usize]
            || survey.furniture[block.node as usize]
            || words.len() > 160
        {
            continue;
        }
        // Inline elements around the time are passed over.
        let own = timed.remove(&block.node).or_else(|| {
            let below = dom.children(block.node).take(6);
            below.filter_map(|child| timed.remove(&child)).next()
        });
        match own {
            Some(time) => found.push(Entry { node: block.node, block: at, time }),
            None if is_clock(words) => {
                found.push(Entry { node: block.node, block: at, time: None })
            }
            None => {}
        }
    }
    found
}

/// "10:42", "10.42 Uhr", "14h30", "9:05 a.m. ET", "11:20 GMT": a time of day and nothing else.
fn is_clock(words: &str) -> bool {
    let text = words.trim().to_lowercase();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = text.get(digits..).unwrap_or_default().chars();
    if !(1..=2).contains(&digits) || !matches!(rest.next(), Some(':' | '.' | 'h')) {
        return false;
    }
    let minutes: String = rest.by_ref().take(2).collect();
    let tail = rest.as_str();
    text.len() <= 24
        && minutes.len() == 2
        && minutes.bytes().all(|b| b.is_ascii_digit())
        && !tail.starts_with(|c: char| c.is_ascii_digit() || c == ',' || c == '%')
        && tail.split_whitespace().all(is_of_clock)
        && tail.split_whitespace().count() <= 3
}

/// A word that stands beside a time of day, in lower case: half of the day, hour, zone.
fn is_of_clock(word: &str) -> bool {
    let letters: String = word.chars().filter(|c| c.is_alphabetic()).collect();
    // The names of zones have two to five letters ("et", "aest"); units of figures are longer, or
    // are these.
    let unit =
        ["m", "bn", "mln", "mrd", "mio", "km", "kg", "usd", "eur", "gbp", "mb", "gb", "cm", "mm"];
    letters.chars().count() <= 5 && !unit.contains(&letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::page::{BlockKind, PageKind};
    use crate::extract::{Hints, extract};

    const LONG: &str = "The council met for the third time this week and, after four hours, agreed on \
        a plan that nobody in the room had asked for when the day began.";

    fn kinds(html: &str) -> Vec<(BlockKind, String)> {
        let page = extract(html.as_bytes(), &Hints::default()).page;
        let text = |range: &std::ops::Range<usize>| page.text[range.clone()].to_owned();
        page.blocks.iter().map(|b| (b.kind.clone(), text(&b.range))).collect()
    }

    #[test]
    fn standfirst_and_captions_stand_in_their_places() {
        let html = format!(
            "<article><h1>Council agrees on a plan</h1><p class=standfirst>It took three meetings.</p>\
             <figure><img src=a.jpg><figcaption>Members leave the hall on Tuesday. Photo: A. Lee\
             </figcaption></figure><div class=article-body><p>{LONG}</p><figure><img src=b.jpg>\
             <figcaption>Photo: A. Lee / Agency</figcaption></figure><p>{LONG} Again.</p></div></article>"
        );
        let found = kinds(&html);
        assert_eq!(found[0], (BlockKind::Standfirst, "It took three meetings.".to_owned()));
        assert_eq!(found[1].0, BlockKind::Caption);
        assert!(found[1].1.starts_with("Members leave the hall"), "{found:?}");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn a_live_blog_is_known_by_its_entries_without_json_ld() {
        for (open, close) in
            [("<time datetime='2025-05-04T", ":00Z'>now</time>"), ("<span>", "</span>")]
        {
            let entry = |clock: &str, n: u32| {
                format!(
                    "<div class=c><div>{open}{clock}{close}</div><h3>Vote {n} begins</h3><p>{n}: {LONG}</p></div>"
                )
            };
            let html = format!(
                "<article><h1>The vote as it happens</h1><div class=feed>{}{}{}</div></article>",
                entry("12:42", 3),
                entry("11:20", 2),
                entry("10:05", 1)
            );
            let page = extract(html.as_bytes(), &Hints::default()).page;
            assert_eq!(page.kind, PageKind::Live, "{:?}", page.blocks);
            let times = page.blocks.iter().filter(|b| matches!(b.kind, BlockKind::LiveEntry(_)));
            assert_eq!(times.count(), 3, "{:?}", page.blocks);
        }
    }

    #[test]
    fn an_article_with_one_time_is_no_live_blog() {
        let html = format!(
            "<article><h1>Plan agreed</h1><time datetime='2025-05-04T10:42:00Z'>10:42</time>\
             <p>{LONG}</p><p>{LONG} Again.</p><p>{LONG} And again.</p></article>"
        );
        let page = extract(html.as_bytes(), &Hints::default()).page;
        assert_eq!(page.kind, PageKind::Article);
    }

    #[test]
    fn an_embedded_post_is_a_post() {
        let html = format!(
            "<article><h1>Plan agreed</h1><p>{LONG}</p><blockquote class=twitter-tweet><p>We said so all \
             along.</p>— A. Lee (@alee)</blockquote><blockquote><p>No one asked us about any of \
             it.</p></blockquote><p>{LONG} Again.</p></article>"
        );
        let found: Vec<_> = kinds(&html).into_iter().map(|(kind, _)| kind).collect();
        assert!(found.contains(&BlockKind::Post) && found.contains(&BlockKind::Quote), "{found:?}");
    }

    #[test]
    fn clock_times_are_told_from_figures() {
        for (text, is) in [
            ("10:42", true),
            ("9.15 Uhr", true),
            ("14h30", true),
            ("9:05 a.m. ET", true),
            ("3.14 million", false),
            ("11.20 GMT", true),
            ("9:05 pm BST", true),
            ("10:42 The vote begins now in the hall", false),
            ("2025", false),
            ("3.5%", false),
        ] {
            assert_eq!(is_clock(text), is, "{text}");
        }
    }
}

//! The entries of a live blog, recognised by their structure: siblings that each begin with a time of day and continue
//! with text, or times that head what follows.

use std::collections::{HashMap, HashSet};

use super::article::Survey;
use super::dom::{Dom, NodeId, Tag};
use super::page::PageTime;
use crate::dates::{self, Order};

/// Fewer elements than this that begin with a time are not a live blog.
const ENTRIES_MIN: usize = 3;
/// The same where the page declares itself a live blog.
const DECLARED_ENTRIES_MIN: usize = 2;
/// The introduction of a live blog that is apart from its entries is shorter than this, in bytes of
/// prose.
const INTRODUCTION_BYTES_MAX: u32 = 300;
/// At most this many elements beside an introduction are tried for being the entries.
const FEEDS_MAX: usize = 4;
/// How far above its time an entry may begin.
const ENTRY_LEVELS_MAX: usize = 6;
/// How many blocks of an entry may be before its time: its heading, who wrote it.
const BEFORE_TIME_MAX: usize = 2;

/// The first and last block below each element.
fn spans(survey: &Survey<'_>) -> Vec<Option<(usize, usize)>> {
    let flow = survey.flow;
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
    span
}

/// The elements that begin with a time of day inside `container`, by the element that holds them.
fn groups(survey: &Survey<'_>, container: NodeId) -> HashMap<NodeId, Vec<Entry>> {
    let mut groups: HashMap<NodeId, Vec<Entry>> = HashMap::new();
    let found = times(survey, container);
    if found.is_empty() {
        return groups;
    }
    let span = spans(survey);
    for entry in found {
        let mut at = entry.node;
        for _ in 0..ENTRY_LEVELS_MAX {
            let Some(up) = survey.dom.parent(at) else { break };
            // The time is where the entry begins.
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
    for entries in groups.values_mut() {
        entries.dedup_by_key(|entry| entry.node);
    }
    groups
}

/// The element that holds the entries of a live blog, where `container` is one of them or is in one:
/// entries of a few words are not prose, and the longest of them is not the article.
pub(super) fn home(
    survey: &Survey<'_>,
    container: NodeId,
    headline: Option<NodeId>,
) -> Option<NodeId> {
    let dom = survey.dom;
    let groups = groups(survey, Dom::ROOT);
    let chain: Vec<NodeId> =
        std::iter::once(container).chain(dom.ancestors(container)).take(ENTRY_LEVELS_MAX).collect();
    chain.windows(2).find_map(|pair| {
        let (inner, outer) = (pair[0], pair[1]);
        let entries = groups.get(&outer).map_or(&[][..], Vec::as_slice);
        // A page of several articles has the headline in one of them.
        let holds = |id: NodeId| headline.is_some_and(|h| dom.ancestors(h).any(|up| up == id));
        let is_one = entries.len() >= ENTRIES_MIN
            && entries.iter().any(|entry| entry.node == inner)
            && !holds(inner);
        // A short introduction may be next to the entries; beside an article, comments have times, too.
        let is_feed = |id: &NodeId| {
            *id != inner
                && !survey.furniture[*id as usize]
                && groups.get(id).is_some_and(|entries| entries.len() >= ENTRIES_MIN)
        };
        let is_short = survey.prose[container as usize] < INTRODUCTION_BYTES_MAX;
        let has_feed = is_short
            && !matches!(dom.tag(outer), Tag::Body | Tag::Html)
            && outer != Dom::ROOT
            && dom.children(outer).filter(is_feed).take(FEEDS_MAX).any(|id| is_text(survey, id));
        (is_one || has_feed).then_some(outer)
    })
}

/// Whether most of what is below an element is not a link: rails have times, too.
fn is_text(survey: &Survey<'_>, id: NodeId) -> bool {
    let (dom, flow) = (survey.dom, survey.flow);
    let is_below = |node: NodeId| node == id || dom.ancestors(node).any(|up| up == id);
    let (mut all, mut linked) = (0, 0);
    for block in flow.blocks.iter().filter(|block| is_below(block.node)) {
        all += block.range.len();
        linked += block.linked;
    }
    linked * 3 < all
}

/// The blocks that begin the entries of a live blog, with their times; fewer are enough where the page
/// declares itself one.
pub(super) fn find(
    survey: &Survey<'_>,
    container: NodeId,
    kept: &[usize],
    declares_live: bool,
) -> Vec<(usize, Option<PageTime>)> {
    let flow = survey.flow;
    let least = if declares_live { DECLARED_ENTRIES_MIN } else { ENTRIES_MIN };
    let groups = groups(survey, container);
    if groups.is_empty() {
        return Vec::new();
    }
    let heads: HashSet<usize> = groups.values().flatten().map(|entry| entry.block).collect();
    // Entries may be of a few words each, so what counts is text and not prose.
    let texts: Vec<usize> = kept.iter().copied().filter(|at| !heads.contains(at)).collect();
    let mut bytes = vec![0_u64; survey.dom.len()];
    for at in &texts {
        bytes[flow.blocks[*at].node as usize] += flow.blocks[*at].range.len() as u64;
    }
    for id in flow.order.iter().rev() {
        if let Some(up) = survey.dom.parent(*id) {
            bytes[up as usize] += bytes[*id as usize];
        }
    }
    // The text before each of these blocks, in bytes.
    let mut before = vec![0_u64];
    for at in &texts {
        let last = before.last().copied().unwrap_or_default();
        before.push(last + flow.blocks[*at].range.len() as u64);
    }
    let total = before.last().copied().unwrap_or_default();
    // What the entries are to be most of; a short introduction does not count.
    let whole = |entries: &[Entry]| {
        let first = entries.first().map_or(0, |entry| entry.block);
        let place = texts.partition_point(|at| *at < first);
        let above = before.get(place).copied().unwrap_or_default();
        if above < u64::from(INTRODUCTION_BYTES_MAX) { total - above } else { total }
    };
    let best = groups
        .into_iter()
        .map(|(up, entries)| {
            let mut prose: u64 = entries.iter().map(|e| bytes[e.node as usize]).sum();
            let is_head = |all: &[Entry]| all.iter().all(|e| survey.prose[e.node as usize] == 0);
            // Times between the paragraphs of one element: each heads what follows it.
            let heads = |pair: &[Entry]| {
                let next = texts.partition_point(|at| *at <= pair[0].block);
                texts.get(next).is_some_and(|at| *at < pair[1].block)
            };
            if is_head(&entries) && prose * 2 < bytes[up as usize] && entries.windows(2).all(heads)
            {
                prose = bytes[up as usize];
            }
            (prose, entries)
        })
        .filter(|(prose, entries)| entries.len() >= least && *prose * 2 >= whole(entries).max(1))
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
    inside[container as usize] = true;
    let mut timed: HashMap<NodeId, Option<PageTime>> = HashMap::new();
    for id in &flow.order {
        let up = dom.parent(*id);
        inside[*id as usize] |= up.is_some_and(|up| inside[up as usize]);
        if inside[*id as usize] && dom.tag(*id) == Tag::Time {
            let declared = dom.attr(*id, "datetime").and_then(dates::parse_machine);
            let time = declared.filter(|time| !time.day_only);
            // A day alone, however exact its machine-readable time, dates a teaser or a comment.
            let shown = dom.text_below(*id, 60);
            let dated =
                !shown.contains(':') && dates::find_human(&shown, Order::DayFirst).is_some();
            // A `time` is in a block of its parent.
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
        // Inline elements around the time are skipped.
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

/// A word that is next to a time of day, in lower case: half of the day, hour, zone.
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

    #[test]
    fn clock_times_are_distinguished_from_figures() {
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

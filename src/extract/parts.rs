//! What is next to the prose of an article and belongs to it: the standfirst, captions, embedded
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
use super::page::PageTime;
use super::seen_text::SeenText;
use super::words::ends_as_sentence;
use super::{lines, live_entries, notices, wall};

/// Longer ones are paragraphs, in bytes.
const STANDFIRST_BYTES_MAX: usize = 900;
/// The most blocks that a standfirst has.
const STANDFIRST_BLOCKS_MAX: usize = 2;
/// The most items that a list in its place has.
const STANDFIRST_ITEMS_MAX: usize = 10;
/// A standfirst that nothing names has at least this many words.
const UNNAMED_WORDS_MIN: usize = 6;
/// How far out headline and standfirst may share an element.
const SHARED_LEVELS_MAX: usize = 6;
/// A caption of fewer words than this outside links is a credit, a name or a label.
const CAPTION_WORDS_MIN: u32 = 6;
/// The same where words are not separated, in characters.
const BARE_CAPTION_CHARS_MIN: usize = 14;
/// A caption is at most this many blocks behind the text.
const BEHIND_MAX: usize = 8;
/// A standfirst of fewer words than this outside links is a label or a date.
const STANDFIRST_WORDS_MIN: u32 = 4;
/// A standfirst must not repeat the headline and this many blocks of prose below it.
const OPENING_BLOCKS: usize = 2;

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
    declares_live: bool,
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
    let (mut said, mut opening) = (SeenText::default(), SeenText::default());
    // Only what is next to the prose has to be compared with it.
    let compared = if above.is_empty() && beside.is_empty() { &[][..] } else { kept };
    let prose = compared.iter().copied().filter(|at| prose_of(flow, &flow.blocks[*at]) > 0);
    heading
        .into_iter()
        .chain(prose.take(OPENING_BLOCKS))
        .for_each(|at| opening.note(words_at(flow, at)));
    heading
        .into_iter()
        .chain(compared.iter().copied())
        .for_each(|at| said.note(words_at(flow, at)));
    for at in above {
        let words = words_at(flow, at);
        // What is in the prose anyway only gets its name. Beside it, a summary has the words of what it
        // sums up, but not those of the headline and the first paragraphs alone.
        let is_item = flow.blocks[at].shape == Shape::Item;
        let is_said = !is_item && opening.has(words) || said.repeats(words);
        if roles.contains_key(&at) || !is_said {
            said.note(words);
            // The points of a list stay a list.
            roles.insert(at, if is_item { Role::Body } else { Role::Standfirst });
        }
    }
    for at in beside {
        // By runs alone: single words would let a caption come and go with paragraphs elsewhere.
        if !said.repeats(words_at(flow, at)) {
            said.note(words_at(flow, at));
            roles.entry(at).or_insert(Role::Body);
        }
    }
    for (at, time) in live_entries::find(survey, container, kept, declares_live) {
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
    let is_unnamed = |at: usize| {
        let node = heading.map(|at| flow.blocks[at].node);
        node.is_some_and(|node| is_summary(survey, at, node))
    };
    let is_one = |at: usize| {
        let block = &flow.blocks[at];
        let words = flow.words(block);
        let named = || around(survey, block.node, 3).any(|id| flow.marks[id as usize].standfirst);
        // What is inside the prose is a standfirst only by its own name.
        let is_described = at < first && { described.contains(&bare(words)) };
        !survey.furniture[block.node as usize]
            && block.shape != Shape::Caption
            && (15..=STANDFIRST_BYTES_MAX).contains(&words.len())
            && block.linked * 2 <= words.len()
            && block.plain_words >= STANDFIRST_WORDS_MIN
            && lines::judge(survey.flow, block) == lines::Line::Text
            && !lines::is_head_line(words)
            && (named() || is_described || (at < first && !kept.contains(&at) && is_unnamed(at)))
    };
    let (mut blocks, mut items) = (0, 0);
    let found = (from..=first).filter(|at| is_one(*at)).filter(|at| {
        let is_item = flow.blocks[*at].shape == Shape::Item;
        let (count, most) = match is_item {
            true => (&mut items, STANDFIRST_ITEMS_MAX),
            false => (&mut blocks, STANDFIRST_BLOCKS_MAX),
        };
        *count += 1;
        *count <= most
    });
    found.collect()
}

/// Whether a block between headline and text sums the article up, though nothing names it: a sentence that
/// is alone in the element of the headline.
fn is_summary(survey: &Survey<'_>, at: usize, headline: NodeId) -> bool {
    let (dom, blocks) = (survey.dom, &survey.flow.blocks);
    let block = &blocks[at];
    let words = survey.flow.words(block);
    let is_shaped = matches!(block.shape, Shape::Paragraph | Shape::Loose | Shape::Heading(2..=6));
    let shares = || {
        let around: Vec<NodeId> = dom.ancestors(headline).take(SHARED_LEVELS_MAX).collect();
        let Some(shared) = dom.ancestors(block.node).find(|up| around.contains(up)) else {
            return false;
        };
        // What is there with other lines is a box of its own.
        let own = |node: NodeId| {
            let mut chain = std::iter::once(node).chain(dom.ancestors(node));
            chain.find(|id| dom.parent(*id) == Some(shared))
        };
        let beside = [at.checked_sub(1), Some(at + 1)].into_iter().flatten();
        let mut beside = beside.filter_map(|at| blocks.get(at));
        !matches!(dom.tag(shared), Tag::Body | Tag::Html)
            && beside.all(|other| own(other.node) != own(block.node))
    };
    let is_of_author = || {
        let mut up = around(survey, block.node, 4);
        up.any(|id| {
            survey.flow.marks[id as usize].byline || survey.flow.marks[id as usize].doubtful
        })
    };
    is_shaped
        && block.linked == 0
        && (words.split_whitespace().count() >= UNNAMED_WORDS_MIN || words.contains('。'))
        && ends_as_sentence(words)
        && !lines::is_credit(words)
        && !notices::is_one(words)
        && !wall::is_offer(words, survey.flow.lists(block))
        && shares()
        && !is_of_author()
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
    for at in from.unwrap_or(first)..=behind(survey, container, last.max(first)) {
        let block = &flow.blocks[at];
        if block.shape != Shape::Caption || survey.furniture[block.node as usize] {
            continue;
        }
        let inside = everything
            || (from.is_some() && at < first)
            || at > last
            || survey.dom.ancestors(block.node).any(|up| up == container);
        if inside && is_caption(flow, block) {
            found.push(at);
        }
    }
    found
}

/// The last block that may be a caption of the article: pictures follow its text, too.
fn behind(survey: &Survey<'_>, container: NodeId, last: usize) -> usize {
    let dom = survey.dom;
    let mut homes = around(survey, container, SHARED_LEVELS_MAX);
    let home = homes.find(|id| dom.tag(*id) == Tag::Article).unwrap_or(container);
    let is_of_picture = |block: &RawBlock| {
        let mut up = dom.ancestors(block.node);
        let beside = dom.parent(block.node).is_some_and(|up| {
            dom.children(up).any(|child| matches!(dom.tag(child), Tag::Img | Tag::Picture))
        });
        let is_figure = |id: &NodeId| dom.tag(*id) == Tag::Figure || *id == home;
        block.shape == Shape::Caption
            && (beside || up.find(is_figure).is_some_and(|id| id != home))
            && dom.ancestors(block.node).any(|up| up == home)
    };
    let blocks = survey.flow.blocks.iter().enumerate().skip(last + 1).take(BEHIND_MAX);
    let found = blocks.take_while(|(_, block)| is_of_picture(block));
    found.last().map_or(last, |(at, _)| at)
}

/// A caption carries information: it has a sentence, whatever credit is after it. A name, a place
/// or a label below a picture is as little text as the credit is.
fn is_caption(flow: &Flow, block: &RawBlock) -> bool {
    let words = flow.words(block);
    has_sentence(block, words)
        && block.linked * 2 <= words.len()
        && lines::judge(flow, block) == lines::Line::Text
        && !lines::is_bare_credit(words)
}

fn has_sentence(block: &RawBlock, words: &str) -> bool {
    // Captions in scripts without spaces between words have no stop.
    if words.chars().filter(|c| is_unspaced(*c)).count() >= BARE_CAPTION_CHARS_MIN {
        return !lines::is_credit(words);
    }
    let stops = ['.', '!', '?', '…', '।', '؟', '۔'];
    let parted = words.match_indices(stops).any(|(at, stop)| {
        let behind = words.get(at + stop.len()..).unwrap_or_default();
        let ends = behind.chars().next().is_none_or(|c| c.is_whitespace() || !c.is_alphanumeric());
        // An initial ("A. Lee") or "St." is not an end of a sentence.
        let before = words.get(..at).unwrap_or_default();
        let last = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let long = last.chars().filter(|c| c.is_alphanumeric()).count() >= 3
            || last.chars().all(|c| c.is_ascii_digit());
        ends && long && before.split_whitespace().count() >= CAPTION_WORDS_MIN as usize
    });
    words.contains('。') || (block.plain_words >= CAPTION_WORDS_MIN && parted)
}

/// A character of a script without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af)
}

#[cfg(test)]
mod tests {
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
}

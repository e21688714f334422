//! Furniture that is inside the article and is only known from several blocks together: lists
//! of other stories below a line that announces them, and headings without any text left below them.
//!
//! Like all that judges blocks, this looks at a block, at the element it is in, and at where its
//! links lead; never at how many such blocks there are or in which order they come.

use std::collections::{HashMap, HashSet};

use super::article::Survey;
use super::dom::{NodeId, Tag};
use super::flow::{RawBlock, Shape};
use super::lines;

/// How far up the list or the box of a block is looked for.
const LEVELS_MAX: usize = 6;
/// Longer quotes are not pull quotes, in bytes.
const PULLED_BYTES_MAX: usize = 400;
/// Shorter ones occur in the text by chance, in bytes of letters.
const PULLED_BYTES_MIN: usize = 4;
/// At most this many quotes are searched for in the text.
const PULLED_MAX: usize = 16;
/// Headings longer than this are text in large letters, in bytes.
const TITLE_BYTES_MAX: usize = 70;

impl Survey<'_> {
    /// Takes such furniture out of the blocks kept so far.
    pub(super) fn cut_insets(&self, kept: &mut Vec<usize>) {
        self.cut_rail_lists(kept);
        self.cut_cards(kept);
        self.cut_pull_quotes(kept);
        self.cut_left_headings(kept);
        self.cut_last_headings(kept);
    }

    /// Teasers of other stories at both ends of the text: a box with a headline that is a link, and what it
    /// promises. Where most of the text stands in such boxes they are what the article lists.
    fn cut_cards(&self, kept: &mut Vec<usize>) {
        let blocks = &self.flow.blocks;
        let is_linked = |block: &RawBlock| {
            matches!(block.shape, Shape::Heading(2..)) && block.linked * 10 >= block.range.len() * 9
        };
        let is_teaser = |at: usize| {
            let Some(above) = at.checked_sub(1).and_then(|above| blocks.get(above)) else {
                return false;
            };
            let block = &blocks[at];
            matches!(block.shape, Shape::Paragraph | Shape::Loose)
                && is_linked(above)
                && self.dom.parent(above.node) == self.dom.parent(block.node)
                && blocks
                    .get(at + 1)
                    .is_none_or(|next| self.dom.parent(next.node) != self.dom.parent(block.node))
        };
        let len = |all: &[usize]| all.iter().map(|at| blocks[*at].range.len()).sum::<usize>();
        let from = kept.iter().take_while(|at| is_teaser(**at)).count();
        let behind = kept[from..].iter().rev().take_while(|at| is_teaser(**at)).count();
        let to = kept.len() - behind;
        if (len(&kept[..from]) + len(&kept[to..])) * 3 < len(kept) {
            kept.truncate(to);
            kept.drain(..from);
        }
    }

    /// Words of the text that are set again in large letters.
    fn cut_pull_quotes(&self, kept: &mut Vec<usize>) {
        let bare = |at: usize| -> String {
            let words = self.flow.words(&self.flow.blocks[at]);
            words.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let is_pulled = |at: &usize| {
            let block = &self.flow.blocks[*at];
            let is_named = || self.around(block).any(|id| self.flow.marks[id as usize].inset);
            block.range.len() <= PULLED_BYTES_MAX
                && (block.shape == Shape::Quote || block.shape == Shape::Paragraph && is_named())
        };
        let pulled: Vec<usize> = kept.iter().copied().filter(is_pulled).take(PULLED_MAX).collect();
        if pulled.is_empty() {
            return;
        }
        let text: Vec<String> =
            kept.iter().filter(|at| !pulled.contains(at)).map(|at| bare(*at)).collect();
        let is_again = |at: usize| {
            let words = bare(at);
            words.len() >= PULLED_BYTES_MIN && text.iter().any(|other| other.contains(&words))
        };
        let out: Vec<usize> = pulled.into_iter().filter(|at| is_again(*at)).collect();
        kept.retain(|at| !out.contains(at));
    }

    fn list_of(&self, block: &RawBlock) -> Option<NodeId> {
        if block.shape != Shape::Item {
            return None;
        }
        self.around(block).find(|id| matches!(self.dom.tag(*id), Tag::Ul | Tag::Ol | Tag::Menu))
    }

    fn around(&self, block: &RawBlock) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::once(block.node).chain(self.dom.ancestors(block.node)).take(LEVELS_MAX)
    }

    /// Lists made of links, under a line that announces other stories, also where an item has a few
    /// words next to its link.
    fn cut_rail_lists(&self, kept: &mut Vec<usize>) {
        let blocks = &self.flow.blocks;
        // How many items a list has, and how many of them hold a link.
        let mut lists: HashMap<NodeId, (usize, usize)> = HashMap::new();
        let mut heads: HashMap<NodeId, usize> = HashMap::new();
        let mut before = None;
        for (at, block) in blocks.iter().enumerate() {
            let list = self.list_of(block);
            if let Some(list) = list {
                let (linked, all) = lists.entry(list).or_default();
                *linked += usize::from(block.linked > 0);
                *all += 1;
                let above = at.checked_sub(1).and_then(|above| blocks.get(above));
                if before != Some(list)
                    && above.is_some_and(|a| {
                        a.linked == 0 && lines::announces_stories(self.flow.words(a))
                    })
                {
                    heads.entry(list).or_insert(at - 1);
                }
            }
            before = list;
        }
        heads.retain(|list, _| lists.get(list).is_some_and(|(linked, all)| linked * 4 >= *all * 3));
        if !heads.is_empty() {
            let above: HashSet<usize> = heads.values().copied().collect();
            kept.retain(|at| {
                let list = self.list_of(&blocks[*at]);
                !above.contains(at) && list.is_none_or(|list| !heads.contains_key(&list))
            });
        }
    }

    /// Text below each element, in bytes, of the blocks that count.
    fn bytes_below(&self, counts: impl Fn(usize) -> bool) -> Vec<u32> {
        let mut sums = vec![0_u32; self.dom.len()];
        for (_, block) in self.flow.blocks.iter().enumerate().filter(|(at, _)| counts(*at)) {
            let len = u32::try_from(block.range.len()).unwrap_or(u32::MAX / 4);
            let sum = &mut sums[block.node as usize];
            *sum = sum.saturating_add(len);
        }
        for id in self.flow.order.iter().rev() {
            if let Some(up) = self.dom.parent(*id) {
                sums[up as usize] = sums[up as usize].saturating_add(sums[*id as usize]);
            }
        }
        sums
    }

    /// Headings that share their box with links and with no text of the article: the heading of a
    /// rail, in whatever language it says so. What counts is that there are links next to it (one
    /// alone may be the anchor of the heading), not what they say or where they lead.
    fn cut_left_headings(&self, kept: &mut Vec<usize>) {
        let is_heading = |at: usize| matches!(self.flow.blocks[at].shape, Shape::Heading(_));
        if !kept.iter().any(|at| is_heading(*at)) {
            return;
        }
        let mut stays = vec![false; self.flow.blocks.len()];
        for at in kept.iter().filter(|at| !is_heading(**at)) {
            stays[*at] = true;
        }
        let left = self.bytes_below(|at| stays[at]);
        let links = self.links_below();
        kept.retain(|at| {
            let words = self.flow.words(&self.flow.blocks[*at]);
            if !is_heading(*at) || words.len() > TITLE_BYTES_MAX || words.ends_with(['.', '?', '!'])
            {
                return true;
            }
            let node = self.flow.blocks[*at].node;
            let own = links[node as usize];
            let holder = self
                .dom
                .ancestors(node)
                .take(LEVELS_MAX)
                .find(|up| left[*up as usize] > 0 || links[*up as usize] > own + 1);
            holder.is_none_or(|up| left[up as usize] > 0)
        });
    }

    /// Links below each element.
    fn links_below(&self) -> Vec<u32> {
        let mut sums = vec![0_u32; self.dom.len()];
        for id in self.flow.order.iter().rev() {
            let is_link = self.dom.tag(*id) == Tag::A && self.dom.attr(*id, "href").is_some();
            let at = *id as usize;
            sums[at] = sums[at].saturating_add(u32::from(is_link));
            if let Some(up) = self.dom.parent(*id) {
                sums[up as usize] = sums[up as usize].saturating_add(sums[at]);
            }
        }
        sums
    }

    /// Headings at the end, below which nothing is left.
    fn cut_last_headings(&self, kept: &mut Vec<usize>) {
        while kept.last().is_some_and(|at| matches!(self.flow.blocks[*at].shape, Shape::Heading(_)))
        {
            kept.pop();
        }
    }
}

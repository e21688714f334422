//! Where the article begins and ends: what is between headline and text, behind the text and around the
//! article and is not prose. Bylines, dates and walls are removed; notices are found.

use super::article::{Survey, prose_of};
use super::dom::{Dom, NodeId, Tag};
use super::flow::{RawBlock, Shape};
use super::{lines, wall};

/// At most this many blocks above the headline may hold a notice.
const ABOVE_HEADLINE_MAX: usize = 4;
/// At most this many blocks below the text may.
const BELOW_TEXT_MAX: usize = 6;
/// Longer paragraphs are not a wall, in bytes.
const WALL_BYTES_MAX: usize = 260;
/// The head of a text without prose has at most this many lines.
const HEAD_LINES_MAX: usize = 3;

impl Survey<'_> {
    /// The blocks that are shown next to the text and may hold a notice, by index, in order: those in the
    /// article that are not among its `parts` (an aside, a footer, the byline), and those just above its
    /// headline.
    pub(super) fn beside(
        &self,
        container: NodeId,
        headline: Option<NodeId>,
        parts: &[super::parts::Part],
    ) -> Vec<usize> {
        let own = |id: NodeId| self.dom.ancestors(id).find(|up| self.dom.tag(*up) == Tag::Article);
        let home = own(container)
            .or_else(|| (self.dom.tag(container) == Tag::Article).then_some(container));
        let home = home.or_else(|| self.dom.parent(container)).unwrap_or(Dom::ROOT);
        let heading = headline.and_then(|node| {
            self.flow.blocks.iter().position(|block| {
                block.node == node || self.dom.ancestors(block.node).take(4).any(|up| up == node)
            })
        });
        let taken: std::collections::HashSet<usize> = parts.iter().map(|part| part.block).collect();
        let last = parts.iter().map(|part| part.block).max();
        let mut found = Vec::new();
        for (at, block) in self.flow.blocks.iter().enumerate() {
            let above = heading.is_some_and(|head| at < head && at + ABOVE_HEADLINE_MAX >= head);
            let below = last.is_some_and(|last| at > last && at <= last + BELOW_TEXT_MAX);
            if taken.contains(&at) || heading == Some(at) || block.linked * 2 > block.range.len() {
                continue;
            }
            // Comments of readers, hidden text and teasers of other articles are not statements of the publisher.
            let mut inside = block.node == home;
            let mut foreign = false;
            for up in std::iter::once(block.node).chain(self.dom.ancestors(block.node)) {
                let marks = self.flow.marks[up as usize];
                inside |= up == home;
                foreign |= marks.hidden || marks.comments;
                foreign |= !inside && self.dom.tag(up) == Tag::Article;
            }
            if (inside || above || below) && !foreign {
                found.push(at);
            }
        }
        found
    }

    /// Bylines, dates and labels between headline and text: metadata, read elsewhere.
    pub(super) fn cut_head(&self, kept: &mut Vec<usize>) {
        let blocks = &self.flow.blocks;
        let first = kept.iter().position(|at| prose_of(self.flow, &blocks[*at]) > 0);
        let first = first.unwrap_or(kept.len().min(HEAD_LINES_MAX));
        let mut place = 0;
        kept.retain(|at| {
            let in_head = place < first;
            place += 1;
            let block = &blocks[*at];
            !(in_head && lines::is_head_line(self.flow.words(block)))
        });
        kept.retain(|at| !self.is_byline(&blocks[*at]));
    }

    /// What follows the text and is not part of it: dates of change, and the wall where the rest would
    /// begin.
    pub(super) fn cut_foot(&self, kept: &mut Vec<usize>) {
        while let Some(at) = kept.last().copied() {
            let words = self.flow.words(&self.flow.blocks[at]);
            if kept.len() == 1 || !(lines::is_date_line(words) || self.is_wall(kept)) {
                break;
            }
            kept.pop();
        }
    }

    /// Whether the last of these blocks is a wall: it begins as one, or says so in a box of its own.
    fn is_wall(&self, kept: &[usize]) -> bool {
        let [.., before, last] = kept else { return false };
        let (before, last) = (&self.flow.blocks[*before], &self.flow.blocks[*last]);
        let (words, lists) = (self.flow.words(last), self.flow.lists(last));
        words.len() <= WALL_BYTES_MAX
            && last.shape != Shape::Quote
            && (wall::begins_as_one(words, lists)
                || wall::is_one(words, lists)
                    && self.dom.parent(before.node) != self.dom.parent(last.node))
    }

    /// A short line that its own name or its parent's calls a byline.
    fn is_byline(&self, block: &RawBlock) -> bool {
        let words = self.flow.words(block);
        if words.len() > 120 || words.ends_with(['.', '!', '?']) && words.len() > 60 {
            return false;
        }
        let named = |id: NodeId| {
            let marks = self.flow.marks[id as usize];
            (marks.byline || marks.fact) && marks.body == 0
        };
        named(block.node) || self.dom.parent(block.node).is_some_and(named)
    }
}

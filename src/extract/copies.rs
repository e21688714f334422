//! One text that is in a page twice: a copy for large screens and one for small ones, a standfirst that
//! is the first paragraph again.
//!
//! A paragraph that an editor repeats is next to the first one, in the same element. A copy stands in
//! another element, with all else that stands there.

use std::collections::HashMap;

use super::article::Survey;
use super::dom::NodeId;
use super::flow::Shape;

/// Shorter blocks are repeated by chance, in bytes.
const COPY_BYTES_MIN: usize = 40;

/// At most this many pairs of equal blocks are compared by what is around them.
const TWINS_MAX: usize = 64;

impl Survey<'_> {
    /// Takes copies out of the blocks kept so far: of two elements that say the same, the one that says less,
    /// or the later one.
    pub(super) fn cut_copies(&self, kept: &mut Vec<usize>) {
        let blocks = &self.flow.blocks;
        let may_be = |at: usize| {
            let block = &blocks[at];
            block.range.len() >= COPY_BYTES_MIN
                && !matches!(block.shape, Shape::Heading(_) | Shape::Row | Shape::Preformatted)
        };
        let mut first: HashMap<&str, usize> = HashMap::new();
        let mut twins = Vec::new();
        for at in kept.iter().copied().filter(|at| may_be(*at)) {
            match first.get(self.flow.words(&blocks[at])) {
                Some(other) => twins.push((*other, at)),
                None => drop(first.insert(self.flow.words(&blocks[at]), at)),
            }
        }
        let mut out = vec![false; if twins.is_empty() { 0 } else { blocks.len() }];
        let mut left = TWINS_MAX;
        for (a, b) in twins {
            if out[a] || out[b] || left == 0 {
                continue;
            }
            left -= 1;
            // A copy that is only for display, or only for screen readers.
            if let Some(copy) = [b, a].into_iter().find(|at| self.is_hidden_copy(blocks[*at].node))
            {
                out[copy] = true;
                continue;
            }
            let Some((one, other)) = self.branches(blocks[a].node, blocks[b].node) else {
                continue;
            };
            let (of_left, of_right) = (self.below(kept, one), self.below(kept, other));
            let texts = |all: &[usize]| -> std::collections::HashSet<&str> {
                all.iter().map(|at| self.flow.words(&blocks[*at])).collect()
            };
            let (in_left, in_right) = (texts(&of_left), texts(&of_right));
            let is_pair = of_left.len().min(of_right.len()) >= 2
                || self.dom.tag(one) != self.dom.tag(other)
                || self.dom.attr(one, "class") != self.dom.attr(other, "class");
            if !is_pair {
                continue;
            }
            if in_right.is_subset(&in_left) {
                of_right.iter().for_each(|at| out[*at] = true);
            } else if in_left.is_subset(&in_right) {
                of_left.iter().for_each(|at| out[*at] = true);
            }
        }
        if !out.is_empty() {
            kept.retain(|at| !out[*at]);
        }
    }

    /// The two children of what holds both nodes that each of them stands in; none where both are in one
    /// element.
    fn branches(&self, a: NodeId, b: NodeId) -> Option<(NodeId, NodeId)> {
        let chain = |id: NodeId| -> Vec<NodeId> {
            let mut chain: Vec<NodeId> =
                std::iter::once(id).chain(self.dom.ancestors(id)).collect();
            chain.reverse();
            chain
        };
        let (of_a, of_b) = (chain(a), chain(b));
        let shared = of_a.iter().zip(&of_b).take_while(|(x, y)| x == y).count();
        let (left, right) = (*of_a.get(shared)?, *of_b.get(shared)?);
        // Two paragraphs side by side are the text of an editor.
        (left != a || right != b || self.dom.attr(a, "class") != self.dom.attr(b, "class"))
            .then_some((left, right))
    }

    /// Whether an element, or one around it, is hidden from screen readers.
    fn is_hidden_copy(&self, id: NodeId) -> bool {
        let around = std::iter::once(id).chain(self.dom.ancestors(id).take(3));
        around.into_iter().any(|id| self.dom.attr(id, "aria-hidden") == Some("true"))
    }

    fn below(&self, kept: &[usize], id: NodeId) -> Vec<usize> {
        let is_below = |at: &usize| {
            let node = self.flow.blocks[*at].node;
            node == id || self.dom.ancestors(node).any(|up| up == id)
        };
        kept.iter().copied().filter(is_below).collect()
    }
}

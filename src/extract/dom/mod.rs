//! The document as a lean tree; the only folder that names the HTML parser.
//!
//! The parser is html5ever (WHATWG HTML, section 13.2); the tree is our own: one vector of nodes
//! linked by index, one string that holds all text. Nothing here is recursive, so no depth of
//! nesting can exhaust the stack, and dropping the tree is dropping vectors.
//!
//! The parser gives no byte positions. They are derived from its input queue whenever a
//! token arrives: the bytes fed minus the bytes left give the end of the token, and a token begins where
//! the one before it ended. Text whose position is not certain (foster-parented text of tables)
//! gets none.
//!
//! Three limits keep hostile documents cheap, each with a note: nodes, depth of nesting (the
//! tree construction scans its stack of open elements, so depth is a factor of its time), and
//! attributes of one tag (the tokenizer compares each with all before it).

mod pieces;
mod references;
mod sink;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use html5ever::{Attribute, LocalName};
use pieces::parse_in_pieces;
pub use references::resolved;
use sink::Sink;

pub use super::tag::Tag;

/// The most nodes that a tree takes; what comes after is left out.
pub const NODES_MAX: usize = 400_000;
/// The deepest nesting that a tree takes, roughly; deeper start tags are left out, their text is
/// not. Browsers flatten at 512.
pub const DEPTH_MAX: u32 = 400;
/// The most attributes of one tag; the document is read no further than a tag that has more.
pub const TAG_ATTRIBUTES_MAX: usize = 2_000;

/// The index of a node.
pub type NodeId = u32;
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
enum Data {
    Document,
    Element { tag: Tag, attrs: (u32, u32) },
    Text { text: (u32, u32), source: (u32, u32) },
}

#[derive(Debug, Clone)]
struct Node {
    parent: u32,
    first: u32,
    last: u32,
    prev: u32,
    next: u32,
    depth: u32,
    data: Data,
}

/// A parsed document.
#[derive(Debug, Default)]
pub struct Dom {
    nodes: Vec<Node>,
    attrs: Vec<Attribute>,
    text: String,
    /// Names of elements that are [`Tag::Other`].
    others: Vec<(NodeId, LocalName)>,
}

/// A step of a walk through the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An element begins.
    Enter(NodeId),
    /// A text.
    Text(NodeId),
    /// An element ends.
    Leave(NodeId),
}

/// A walk over a subtree in document order, without recursion.
#[derive(Debug)]
pub struct Walk<'a> {
    dom: &'a Dom,
    root: NodeId,
    next: Option<Step>,
}

impl Walk<'_> {
    /// Leaves out what is inside the element just entered; its `Leave` still comes.
    pub fn skip_children(&mut self, of: NodeId) {
        self.next = Some(Step::Leave(of));
    }
}

impl Iterator for Walk<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let step = self.next?;
        super::work::step();
        self.next = match step {
            Step::Enter(id) => match self.dom.link(self.dom.nodes[id as usize].first) {
                Some(child) => Some(self.dom.step_into(child)),
                None => Some(Step::Leave(id)),
            },
            Step::Text(id) | Step::Leave(id) if id == self.root => None,
            Step::Text(id) | Step::Leave(id) => {
                let node = &self.dom.nodes[id as usize];
                match self.dom.link(node.next) {
                    Some(sibling) => Some(self.dom.step_into(sibling)),
                    None => self.dom.link(node.parent).map(Step::Leave),
                }
            }
        };
        Some(step)
    }
}

impl Dom {
    /// The document node.
    pub const ROOT: NodeId = 0;

    /// How many nodes there are; ids are smaller.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.len() <= 1
    }

    fn link(&self, id: u32) -> Option<NodeId> {
        (id != NONE).then_some(id)
    }

    fn step_into(&self, id: NodeId) -> Step {
        match self.nodes[id as usize].data {
            Data::Text { .. } => Step::Text(id),
            _ => Step::Enter(id),
        }
    }

    /// Walks the subtree of `root`, `root` included.
    #[must_use]
    pub fn walk(&self, root: NodeId) -> Walk<'_> {
        let next = self.nodes.get(root as usize).map(|_| self.step_into(root));
        Walk { dom: self, root, next }
    }

    /// Every element in document order.
    pub fn elements(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.walk(Self::ROOT).filter_map(|step| match step {
            Step::Enter(id) if id != Self::ROOT => Some(id),
            _ => None,
        })
    }

    /// The element's name; [`Tag::Other`] also for the document and for text.
    #[must_use]
    pub fn tag(&self, id: NodeId) -> Tag {
        match self.nodes[id as usize].data {
            Data::Element { tag, .. } => tag,
            _ => Tag::Other,
        }
    }

    /// The written name of an element that is [`Tag::Other`].
    #[must_use]
    pub fn other_name(&self, id: NodeId) -> &str {
        self.others
            .binary_search_by_key(&id, |(other, _)| *other)
            .map_or("", |at| &*self.others[at].1)
    }

    /// The parent.
    #[must_use]
    pub fn parent(&self, id: NodeId) -> Option<NodeId> {
        super::work::step();
        self.link(self.nodes[id as usize].parent)
    }

    /// The next sibling.
    #[must_use]
    pub fn next_sibling(&self, id: NodeId) -> Option<NodeId> {
        super::work::step();
        self.link(self.nodes[id as usize].next)
    }

    /// The sibling before.
    #[must_use]
    pub fn prev_sibling(&self, id: NodeId) -> Option<NodeId> {
        super::work::step();
        self.link(self.nodes[id as usize].prev)
    }

    /// The first child.
    #[must_use]
    pub fn first_child(&self, id: NodeId) -> Option<NodeId> {
        self.link(self.nodes[id as usize].first)
    }

    /// The nodes above `id`, nearest first, without the document.
    pub fn ancestors(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.parent(id), |up| self.parent(*up)).filter(|up| *up != Self::ROOT)
    }

    /// The children of `id`.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(self.first_child(id), |at| self.next_sibling(*at))
    }

    /// The value of an attribute, with references resolved.
    #[must_use]
    pub fn attr(&self, id: NodeId, name: &str) -> Option<&str> {
        self.attrs(id).find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// All attributes of an element, in order.
    pub fn attrs(&self, id: NodeId) -> impl Iterator<Item = (&str, &str)> {
        let range = match self.nodes[id as usize].data {
            Data::Element { attrs, .. } => attrs.0 as usize..attrs.1 as usize,
            _ => 0..0,
        };
        self.attrs[range].iter().map(|a| (&*a.name.local, &*a.value))
    }

    /// The text of a text node.
    #[must_use]
    pub fn text(&self, id: NodeId) -> &str {
        match self.nodes[id as usize].data {
            Data::Text { text, .. } => &self.text[text.0 as usize..text.1 as usize],
            _ => "",
        }
    }

    /// Where a text node is in the document, where that is known.
    #[must_use]
    pub fn source(&self, id: NodeId) -> Option<Range<usize>> {
        match self.nodes[id as usize].data {
            Data::Text { source, .. } if source.0 != NONE => {
                Some(source.0 as usize..source.1 as usize)
            }
            _ => None,
        }
    }

    /// All text below `id`, as it is, at most `bytes_max` bytes or a little more.
    #[must_use]
    pub fn text_below(&self, id: NodeId, bytes_max: usize) -> String {
        let mut out = String::new();
        for step in self.walk(id) {
            match step {
                Step::Text(text) => out.push_str(self.text(text)),
                // Words of neighbouring blocks and lines must not run together.
                Step::Enter(inner) if is_break(self.tag(inner)) => out.push(' '),
                _ => {}
            }
            if out.len() > bytes_max {
                break;
            }
        }
        out
    }

    /// Parses a decoded document. Never fails; what had to be left out is said in the notes.
    #[must_use]
    pub fn parse(document: &str, notes: &mut Vec<String>) -> Self {
        Self::parse_as(document, true, notes)
    }

    /// The same for a browser without scripts: what is in `noscript` is elements and not one text.
    #[must_use]
    pub fn parse_without_scripts(document: &str, notes: &mut Vec<String>) -> Self {
        Self::parse_as(document, false, notes)
    }

    fn parse_as(document: &str, scripting: bool, notes: &mut Vec<String>) -> Self {
        let parsed = catch_unwind(AssertUnwindSafe(|| parse_in_pieces(document, scripting)));
        match parsed {
            Ok((dom, found)) => {
                notes.extend(found);
                dom
            }
            // No input is known that does this; if one is found, the page is empty and says so.
            Err(_) => {
                notes.push("the HTML parser gave up on this document".to_owned());
                let sink = Sink::new();
                sink.dom.into_inner()
            }
        }
    }
}

fn is_break(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Br
            | Tag::P
            | Tag::Div
            | Tag::Li
            | Tag::Tr
            | Tag::Td
            | Tag::Th
            | Tag::H1
            | Tag::H2
            | Tag::H3
    )
}

//! The document as a lean tree; the only file that names the HTML parser.
//!
//! The parser is html5ever (WHATWG HTML, section 13.2); the tree is our own: one vector of nodes
//! linked by index, one string that holds all text. Nothing here is recursive, so no depth of
//! nesting can exhaust the stack, and dropping the tree is dropping vectors.
//!
//! The parser gives no byte positions. They are had by looking at its input queue whenever a
//! token arrives: what was fed less what is left is where the token ends, and a token begins where
//! the one before it ended. Text whose position is not certain (foster-parented text of tables)
//! gets none.
//!
//! Three limits keep hostile documents cheap, each with a note: nodes, depth of nesting (the
//! tree construction scans its stack of open elements, so depth is a factor of its time), and
//! attributes of one tag (the tokenizer compares each with all before it).

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, EndTag, StartTag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use html5ever::{Attribute, ExpandedName, LocalName, Namespace, QualName, TokenizerResult};

pub use super::tag::Tag;

/// The most nodes that a tree takes; what comes after is left out.
pub const NODES_MAX: usize = 400_000;
/// The deepest nesting that a tree takes, roughly; deeper start tags are left out, their text is
/// not. Browsers flatten at 512.
pub const DEPTH_MAX: u32 = 400;
/// The most attributes of one tag; the document is read no further than a tag that has more.
pub const TAG_ATTRIBUTES_MAX: usize = 2_000;
/// How much is fed at a time, in bytes: how long a tag can grow before its attributes are counted.
const PIECE_BYTES: usize = 16 * 1024;

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

    /// Where a text node stands in the document, where that is known.
    #[must_use]
    pub fn source(&self, id: NodeId) -> Option<Range<usize>> {
        match self.nodes[id as usize].data {
            Data::Text { source, .. } if source.0 != NONE => {
                Some(source.0 as usize..source.1 as usize)
            }
            _ => None,
        }
    }

    /// All text below `id`, as it stands, at most `bytes_max` bytes or a little more.
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
        let parsed = catch_unwind(AssertUnwindSafe(|| parse_in_pieces(document)));
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

fn parse_in_pieces(document: &str) -> (Dom, Vec<String>) {
    let queue = Rc::new(BufferQueue::default());
    let builder = TreeBuilder::new(
        Sink::new(),
        TreeBuilderOpts { drop_doctype: true, ..TreeBuilderOpts::default() },
    );
    let gate = Gate {
        builder,
        queue: Rc::clone(&queue),
        fed: Cell::new(0),
        token_end: Cell::new(0),
        dropped: Cell::new(0),
        too_deep: Cell::new(false),
        too_many: Cell::new(false),
    };
    let tokenizer =
        Tokenizer::new(gate, TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() });
    let whole = StrTendril::from_slice(document);
    let mut notes = Vec::new();
    let mut scan = TagScan::default();
    let mut at = 0;
    while at < document.len() {
        let mut end = (at + PIECE_BYTES).min(document.len());
        while !document.is_char_boundary(end) {
            end += 1;
        }
        queue.push_back(piece(&whole, at, end));
        tokenizer.sink.fed.set(end);
        while !matches!(tokenizer.feed(&queue), TokenizerResult::Done) {}
        at = end;
        let token_end = tokenizer.sink.token_end.get();
        if end - token_end >= PIECE_BYTES
            && scan.count(document, token_end, end) > TAG_ATTRIBUTES_MAX
        {
            notes.push(format!(
                "read no further than byte {token_end}: a tag has over {TAG_ATTRIBUTES_MAX} attributes"
            ));
            break;
        }
        if tokenizer.sink.too_many.get() {
            notes.push(format!("read no further than byte {end}: over {NODES_MAX} nodes"));
            break;
        }
    }
    tokenizer.end();
    tokenizer.sink.builder.sink.dom.borrow_mut().settle_streamed();
    if tokenizer.sink.too_deep.get() {
        notes.push(format!("nesting deeper than {DEPTH_MAX} was flattened"));
    }
    (tokenizer.sink.builder.sink.dom.take(), notes)
}

fn piece(whole: &StrTendril, from: usize, to: usize) -> StrTendril {
    // The document is under 4 GiB: extraction cuts it long before.
    whole.subtendril(u32::try_from(from).unwrap_or(0), u32::try_from(to - from).unwrap_or(0))
}

/// Counts what could be attributes in an unfinished tag, going on where it stopped.
#[derive(Default)]
struct TagScan {
    start: usize,
    at: usize,
    count: usize,
    quote: u8,
    in_name: bool,
}

impl TagScan {
    /// The count for the tag that begins at `start` and is unfinished at `end`.
    fn count(&mut self, document: &str, start: usize, end: usize) -> usize {
        if self.start != start || self.at == 0 {
            *self = Self { start, at: start, in_name: true, ..Self::default() };
        }
        let bytes = &document.as_bytes()[..end];
        let tag = &bytes[start..];
        if tag.first() != Some(&b'<') || tag.get(1) == Some(&b'!') {
            return 0;
        }
        for &byte in &bytes[self.at..] {
            match (self.quote, byte) {
                (0, b'"' | b'\'') => self.quote = byte,
                (0, b' ' | b'\n' | b'\t' | b'\r' | b'/' | b'\x0c') => self.in_name = false,
                (0, _) if !self.in_name => {
                    self.in_name = true;
                    self.count += 1;
                }
                (quote, _) if quote == byte => (self.quote, self.in_name) = (0, false),
                _ => {}
            }
        }
        self.at = end;
        self.count
    }
}

/// Stands between tokenizer and tree builder: knows where each token lies, and keeps out what
/// would break a limit.
struct Gate {
    builder: TreeBuilder<Handle, Sink>,
    queue: Rc<BufferQueue>,
    fed: Cell<usize>,
    token_end: Cell<usize>,
    dropped: Cell<u32>,
    too_deep: Cell<bool>,
    too_many: Cell<bool>,
}

impl Gate {
    /// What was fed less what is left in the queue.
    fn position(&self) -> usize {
        // Almost always one buffer or none is left.
        let Some(first) = self.queue.pop_front() else { return self.fed.get() };
        let mut left = first.len32() as usize;
        let mut held = Vec::new();
        while let Some(buffer) = self.queue.pop_front() {
            left += buffer.len32() as usize;
            held.push(buffer);
        }
        for buffer in held.into_iter().rev() {
            self.queue.push_front(buffer);
        }
        self.queue.push_front(first);
        self.fed.get().saturating_sub(left)
    }

    fn keep(&self, token: &Token) -> bool {
        let sink = &self.builder.sink;
        if sink.dom.borrow().nodes.len() > NODES_MAX {
            self.too_many.set(true);
            return matches!(token, Token::EOFToken);
        }
        let Token::TagToken(tag) = token else { return true };
        match tag.kind {
            StartTag if sink.open_depth.get() >= DEPTH_MAX && !holds_raw_text(&tag.name) => {
                self.too_deep.set(true);
                if !is_void(&tag.name) {
                    self.dropped.set(self.dropped.get() + 1);
                }
                false
            }
            StartTag => true,
            EndTag if self.dropped.get() > 0 && !holds_raw_text(&tag.name) => {
                self.dropped.set(self.dropped.get() - 1);
                false
            }
            EndTag => {
                sink.open_depth.set(sink.open_depth.get().saturating_sub(1));
                true
            }
        }
    }
}

/// Elements that switch the tokenizer: leaving out their tags would turn scripts into text.
fn holds_raw_text(name: &str) -> bool {
    matches!(
        Tag::from_name(name),
        Tag::Script
            | Tag::Style
            | Tag::Textarea
            | Tag::Title
            | Tag::Iframe
            | Tag::Noscript
            | Tag::Noframes
    ) || matches!(name, "xmp" | "noembed" | "plaintext")
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

impl TokenSink for Gate {
    type Handle = Handle;

    fn process_token(&self, token: Token, line: u64) -> TokenSinkResult<Handle> {
        if matches!(token, Token::ParseError(_)) {
            return TokenSinkResult::Continue;
        }
        let (from, to) = (self.token_end.get(), self.position());
        self.token_end.set(to);
        if !self.keep(&token) {
            return TokenSinkResult::Continue;
        }
        let sink = &self.builder.sink;
        sink.text_source.set(match token {
            Token::CharacterTokens(_) => (narrow(from), narrow(to)),
            _ => (NONE, NONE),
        });
        self.builder.process_token(token, line)
    }

    fn end(&self) {
        self.builder.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.builder.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}

/// What the tree builder holds of a node: its index and its name, so that no look-up borrows the
/// tree.
#[derive(Debug, Clone)]
struct Handle {
    id: NodeId,
    ns: Namespace,
    local: LocalName,
}

struct Sink {
    dom: RefCell<Dom>,
    /// The depth of the element opened last, less the end tags since.
    open_depth: Cell<u32>,
    /// Where the text being processed lies.
    text_source: Cell<(u32, u32)>,
}

impl Sink {
    fn new() -> Self {
        let document = Node {
            parent: NONE,
            first: NONE,
            last: NONE,
            prev: NONE,
            next: NONE,
            depth: 0,
            data: Data::Document,
        };
        let dom = Dom { nodes: vec![document], ..Dom::default() };
        Self {
            dom: RefCell::new(dom),
            open_depth: Cell::new(0),
            text_source: Cell::new((NONE, NONE)),
        }
    }

    fn put(&self, parent: NodeId, before: u32, child: NodeOrText<Handle>) {
        let mut dom = self.dom.borrow_mut();
        let id = match child {
            NodeOrText::AppendNode(handle) => {
                dom.detach(handle.id);
                handle.id
            }
            NodeOrText::AppendText(text) => {
                let prev = if before == NONE {
                    dom.nodes[parent as usize].last
                } else {
                    dom.nodes[before as usize].prev
                };
                match dom.push_text(prev, &text, self.text_source.get()) {
                    Some(id) => id,
                    None => return,
                }
            }
        };
        dom.insert(parent, before, id);
        if let Data::Element { .. } = dom.nodes[id as usize].data {
            self.open_depth.set(dom.nodes[id as usize].depth);
        }
    }
}

impl Dom {
    fn push(&mut self, data: Data) -> NodeId {
        let id = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(Node {
            parent: NONE,
            first: NONE,
            last: NONE,
            prev: NONE,
            next: NONE,
            depth: 0,
            data,
        });
        id
    }

    /// Stores a text. It grows the text node `prev` where that ends the string of all text; else
    /// it becomes a node of its own (two neighbouring text nodes read the same as one), so that no
    /// text is ever copied twice.
    fn push_text(&mut self, prev: u32, text: &str, source: (u32, u32)) -> Option<NodeId> {
        let (from, to) = (narrow(self.text.len()), narrow(self.text.len() + text.len()));
        self.text.push_str(text);
        if let Some(Node { data: Data::Text { text: range, source: old }, .. }) =
            self.nodes.get_mut(prev as usize)
            && range.1 == from
        {
            range.1 = to;
            *old = if source.0 == NONE || old.0 == NONE { (NONE, NONE) } else { (old.0, source.1) };
            return None;
        }
        Some(self.push(Data::Text { text: (from, to), source }))
    }

    /// Puts streamed parts where they belong. Pages that React sends in pieces carry late parts at
    /// the end of the body, as `<div hidden id="S:1">`, and a script of the page moves each to
    /// `<template id="B:1">`.
    fn settle_streamed(&mut self) {
        let mut places: std::collections::HashMap<String, NodeId> =
            std::collections::HashMap::new();
        let mut parts: Vec<(String, NodeId)> = Vec::new();
        for id in self.elements() {
            let Some(name) = self.attr(id, "id") else { continue };
            if self.tag(id) == Tag::Template
                && let Some(number) = name.strip_prefix("B:").or_else(|| name.strip_prefix("P:"))
            {
                places.insert(number.to_owned(), id);
            } else if let Some(number) = name.strip_prefix("S:")
                && self.attr(id, "hidden").is_some()
            {
                parts.push((number.to_owned(), id));
            }
        }
        // Real pages have dozens; the look for a ring walks up the tree for each.
        for (number, part) in parts.into_iter().take(500) {
            let Some(place) = places.remove(&number) else { continue };
            // Never into itself: a hostile page could close a ring.
            if self.ancestors(place).any(|up| up == part) {
                continue;
            }
            let Some(parent) = self.parent(place) else { continue };
            while let Some(child) = self.first_child(part) {
                self.detach(child);
                self.insert(parent, place, child);
            }
        }
    }

    fn detach(&mut self, id: NodeId) {
        let Node { parent, prev, next, .. } = self.nodes[id as usize];
        if parent == NONE {
            return;
        }
        match self.link(prev) {
            Some(prev) => self.nodes[prev as usize].next = next,
            None => self.nodes[parent as usize].first = next,
        }
        match self.link(next) {
            Some(next) => self.nodes[next as usize].prev = prev,
            None => self.nodes[parent as usize].last = prev,
        }
        let node = &mut self.nodes[id as usize];
        (node.parent, node.prev, node.next) = (NONE, NONE, NONE);
    }

    /// Links `id` as a child of `parent`, before `before` or at the end.
    fn insert(&mut self, parent: NodeId, before: u32, id: NodeId) {
        let depth = self.nodes[parent as usize].depth + 1;
        let prev = match self.link(before) {
            Some(before) => std::mem::replace(&mut self.nodes[before as usize].prev, id),
            None => std::mem::replace(&mut self.nodes[parent as usize].last, id),
        };
        match self.link(prev) {
            Some(prev) => self.nodes[prev as usize].next = id,
            None => self.nodes[parent as usize].first = id,
        }
        let node = &mut self.nodes[id as usize];
        (node.parent, node.prev, node.next, node.depth) = (parent, prev, before, depth);
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Dom;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Dom {
        self.dom.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { id: Dom::ROOT, ns: Namespace::default(), local: LocalName::default() }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        ExpandedName { ns: &target.ns, local: &target.local }
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Handle {
        let mut dom = self.dom.borrow_mut();
        let tag = Tag::from_name(&name.local);
        let from = narrow(dom.attrs.len());
        dom.attrs.extend(attrs);
        let range = (from, narrow(dom.attrs.len()));
        let id = dom.push(Data::Element { tag, attrs: range });
        if tag == Tag::Other {
            dom.others.push((id, name.local.clone()));
        }
        Handle { id, ns: name.ns, local: name.local }
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        // An empty text stands for what is not kept: the builder wants a node.
        let id = self.dom.borrow_mut().push(Data::Text { text: (0, 0), source: (NONE, NONE) });
        Handle { id, ns: Namespace::default(), local: LocalName::default() }
    }

    fn create_pi(&self, _: StrTendril, data: StrTendril) -> Handle {
        self.create_comment(data)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(parent.id, NONE, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Handle,
        prev_element: &Handle,
        child: NodeOrText<Handle>,
    ) {
        if self.dom.borrow().parent(element.id).is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(prev_element, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        // The contents hang below the template itself; readers of the tree leave templates out.
        target.clone()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.id == y.id
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        let parent = self.dom.borrow().parent(sibling.id);
        if let Some(parent) = parent {
            self.put(parent, sibling.id, child);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        let mut dom = self.dom.borrow_mut();
        let Data::Element { tag, attrs: (from, to) } = dom.nodes[target.id as usize].data else {
            return;
        };
        // A second `html` or `body` tag: rare, so the attributes may be copied; but no more than
        // a few in all, or repeated tags would copy them again and again.
        if to - from > 64 || attrs.len() > 64 {
            return;
        }
        let mut joined: Vec<Attribute> = dom.attrs[from as usize..to as usize].to_vec();
        let before = joined.len();
        for attr in attrs {
            if !joined.iter().any(|have| have.name == attr.name) {
                joined.push(attr);
            }
        }
        if joined.len() == before {
            return;
        }
        let from = narrow(dom.attrs.len());
        dom.attrs.extend(joined);
        let range = (from, narrow(dom.attrs.len()));
        dom.nodes[target.id as usize].data = Data::Element { tag, attrs: range };
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.dom.borrow_mut().detach(target.id);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        let mut dom = self.dom.borrow_mut();
        while let Some(child) = dom.first_child(node.id) {
            dom.detach(child);
            dom.insert(new_parent.id, NONE, child);
        }
    }
}

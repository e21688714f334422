//! Builds the tree: carries out the tree builder's calls on the vector of nodes.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::{Attribute, ExpandedName, LocalName, Namespace, QualName};

use super::{Data, Dom, NONE, Node, NodeId, Tag};
use crate::base::normal_form::composed;

pub(super) fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}

/// What the tree builder holds of a node: its index and its name, so that no look-up borrows the
/// tree.
#[derive(Debug, Clone)]
pub(super) struct Handle {
    id: NodeId,
    ns: Namespace,
    local: LocalName,
}

/// What the tree builder builds into.
pub(super) struct Sink {
    pub(super) dom: RefCell<Dom>,
    /// The depth of the element opened last, minus the end tags since.
    pub(super) open_depth: Cell<u32>,
    /// Where the text being processed is.
    pub(super) text_source: Cell<(u32, u32)>,
}

impl Sink {
    pub(super) fn new() -> Self {
        let mut dom = Dom::default();
        dom.push(Data::Document);
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
                // Text for readers is normalised; a script holds data, with addresses in it.
                let is_data = matches!(dom.tag(parent), Tag::Script | Tag::Style);
                let text = if is_data { Cow::Borrowed(&*text) } else { composed(&text) };
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
    pub(super) fn settle_streamed(&mut self) {
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
        // Real pages have dozens; the check for a cycle walks up the tree for each.
        for (number, part) in parts.into_iter().take(500) {
            let Some(place) = places.remove(&number) else { continue };
            // Never into itself: a hostile page could create a cycle.
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

//! The document as a stream of text blocks, in reading order, before anything is judged.
//!
//! A block is what a reader sees as one paragraph, heading, list item, caption or table row. White
//! space is collapsed; `br` is a line break, two are a new block, and a link alone below a sentence is one too. For each block: the element it
//! stands in, how much of it is link text, and where it is in the document.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

mod quoted;
mod shape;
mod struck;
mod words;

pub use shape::is_block_level;
use shape::is_table_of_data;
use words::{Word, Words};

use super::dom::{Dom, NodeId, Step, Tag, resolved};
use super::furniture::{Marks, Names, is_never_text};
use super::phrase_bits::Lists;
use super::phrase_lists::scan;
use super::shown::Shown;

/// The most text that blocks are made of, in bytes: three long novels. Its words take some fifty
/// times as much while quotations are read.
pub const FLOW_BYTES_MAX: usize = 2 * 1024 * 1024;

/// A linked line longer than this below a sentence is text, in bytes.
const LINK_LINE_BYTES_MAX: usize = 40;
/// Text shorter than this above a linked line is not a sentence but a name or an address, in bytes.
const SENTENCE_BYTES_MIN: usize = 60;

/// What a block is by its markup alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text in `p`.
    Paragraph,
    /// Text directly in a `div`, `section` or the like.
    Loose,
    /// `h1` to `h6`.
    Heading(u8),
    /// `li`, `dt`, `dd`.
    Item,
    /// Text in `blockquote`.
    Quote,
    /// Text in `figcaption`, or in something named a caption.
    Caption,
    /// A row of a table of data.
    Row,
    /// `pre`.
    Preformatted,
}

/// A block of text.
#[derive(Debug, Clone)]
pub struct RawBlock {
    /// The block-level element it is in.
    pub node: NodeId,
    /// What it is by its markup.
    pub shape: Shape,
    /// Where it is in [`Flow::text`].
    pub range: Range<usize>,
    /// How many bytes of it are link text.
    pub linked: usize,
    /// How many words with letters it has outside links.
    pub plain_words: u32,
    /// Whether its last word is that of a link.
    pub ends_linked: bool,
    /// Where it is in the document.
    pub source: Option<Range<usize>>,
    /// The lists with a phrase in it, found on first use: see [`Flow::lists`].
    lists: OnceCell<Lists>,
}

/// A link and its words.
#[derive(Debug, Clone)]
pub struct RawLink {
    /// The `a` element.
    pub node: NodeId,
    /// Where its words are in [`Flow::text`].
    pub range: Range<usize>,
}

/// Words that are crossed out.
#[derive(Debug, Clone)]
pub struct RawStruck {
    /// The words, white space collapsed.
    pub words: String,
    /// The place in [`Flow::text`] before which they are.
    pub at: usize,
}

/// The stream.
#[derive(Debug, Default)]
pub struct Flow {
    /// The text of all blocks.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<RawBlock>,
    /// The links.
    pub links: Vec<RawLink>,
    /// What is crossed out, which is not text.
    pub struck: Vec<RawStruck>,
    /// What the names of each element say, by node id.
    pub marks: Vec<Marks>,
    /// The elements that were entered, in document order.
    pub order: Vec<NodeId>,
    /// Whether text was left out because there was too much.
    pub cut: bool,
}

impl Flow {
    /// The text of a block.
    #[must_use]
    pub fn words(&self, block: &RawBlock) -> &str {
        &self.text[block.range.clone()]
    }

    /// Which lists of phrases have one in a block; found once and kept.
    pub(super) fn lists(&self, block: &RawBlock) -> Lists {
        *block.lists.get_or_init(|| scan(self.words(block)))
    }
}

/// Reads the stream of a document.
#[must_use]
pub fn read(dom: &Dom, shown: Shown) -> Flow {
    let mut reader = Reader {
        dom,
        names: Names::new(shown),
        flow: Flow { marks: vec![Marks::default(); dom.len()], ..Flow::default() },
        open: Vec::new(),
        link: None,
        quoted: Vec::new(),
        leaves_out_struck: None,
        row_of: None,
        start: 0,
        pending: Gap::None,
        linked: 0,
        plain_words: 0,
        ends_linked: false,
        source: nowhere(),
        line: Line::default(),
        breaks: 0,
    };
    reader.run();
    reader.flow
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Tab,
}

struct Reader<'a> {
    dom: &'a Dom,
    names: Names<'a>,
    flow: Flow,
    /// The open block-level elements and the shape of text directly in them.
    open: Vec<(NodeId, Shape)>,
    link: Option<(NodeId, usize)>,
    /// The closing marks of the open `q` elements; none for one without marks.
    quoted: Vec<Option<&'static str>>,
    /// Whether crossed-out text is left out; decided from the whole document when such text is first found.
    leaves_out_struck: Option<bool>,
    /// The table whose rows are blocks, while inside one.
    row_of: Option<NodeId>,
    start: usize,
    pending: Gap,
    linked: usize,
    plain_words: u32,
    ends_linked: bool,
    source: Option<Range<usize>>,
    /// What the block held before its current line began.
    line: Line,
    breaks: u32,
}

/// The state of a block where a line of it began: a link alone below a sentence is a block of its
/// own.
#[derive(Clone)]
struct Line {
    start: usize,
    end_before: usize,
    linked: usize,
    plain_words: u32,
    source: Option<Range<usize>>,
}

impl Default for Line {
    fn default() -> Self {
        Self { start: 0, end_before: 0, linked: 0, plain_words: 0, source: nowhere() }
    }
}

impl Reader<'_> {
    fn run(&mut self) {
        let dom = self.dom;
        let mut walk = dom.walk(Dom::ROOT);
        while let Some(step) = walk.next() {
            match step {
                Step::Enter(Dom::ROOT) | Step::Leave(Dom::ROOT) => {}
                Step::Enter(id) => {
                    if self.enter(id) {
                        walk.skip_children(id);
                    }
                }
                Step::Leave(id) => self.leave(id),
                Step::Text(id) => self.take(id),
            }
            if self.flow.text.len() > FLOW_BYTES_MAX {
                self.flow.cut = true;
                break;
            }
        }
        self.end_block();
    }

    /// Whether the children are to be left out.
    fn enter(&mut self, id: NodeId) -> bool {
        let tag = self.dom.tag(id);
        if is_never_text(tag) && !self.is_shown(id, tag) {
            return true;
        }
        let marks = self.names.marks(self.dom, id);
        self.flow.marks[id as usize] = marks;
        // Text for screen readers inside a line is left out at once. Hidden blocks are kept
        // as furniture: some pages show their article by script only.
        if marks.hidden && !is_block_level(tag) {
            return true;
        }
        if self.is_struck(tag, marks) {
            self.keep_struck(id);
            return true;
        }
        self.flow.order.push(id);
        if tag == Tag::Q {
            self.open_quoted(id);
            return false;
        }
        if self.row_of.is_some() {
            self.enter_in_row(tag);
            return false;
        }
        match tag {
            Tag::Br => self.line_break(),
            Tag::A => self.link = Some((id, self.flow.text.len())),
            Tag::Table if is_table_of_data(self.dom, id) => {
                self.end_block();
                self.row_of = Some(id);
                self.open.push((id, Shape::Row));
            }
            _ if is_block_level(tag) => {
                self.end_block();
                let is_prose = tag == Tag::Pre && shape::is_prose(self.dom, id);
                let shape = if is_prose { Shape::Paragraph } else { self.shape_of(tag, marks) };
                self.open.push((id, shape));
            }
            _ => {}
        }
        false
    }

    /// Whether a text was said once and is crossed out now.
    fn is_struck(&mut self, tag: Tag, marks: Marks) -> bool {
        let dom = self.dom;
        (marks.struck || struck::is_struck(tag))
            && *self.leaves_out_struck.get_or_insert_with(|| !struck::is_left_open(dom))
    }

    /// Keeps the words of an element that is crossed out, and their place.
    fn keep_struck(&mut self, id: NodeId) {
        if self.flow.struck.len() >= struck::KEPT_MAX {
            return;
        }
        let text = self.dom.text_below(id, struck::WORDS_BYTES_MAX);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !words.is_empty() {
            self.flow.struck.push(RawStruck { words, at: self.flow.text.len() });
        }
    }

    /// Writes the mark that a browser draws in front of a `q`.
    fn open_quoted(&mut self, id: NodeId) {
        let before = self.flow.text.get(self.start..).unwrap_or_default();
        let marks = quoted::marks(self.dom, id, before);
        self.quoted.push(marks.map(|(_, close)| close));
        if let Some((open, _)) = marks {
            self.write_gap();
            self.flow.text.push_str(open);
        }
    }

    fn close_quoted(&mut self) {
        if let Some(close) = self.quoted.pop().flatten()
            && self.flow.text.len() > self.start
        {
            self.flow.text.push_str(close);
        }
    }

    /// Writes the white space that is due before the next word.
    fn write_gap(&mut self) {
        match self.pending {
            Gap::None => {}
            Gap::Space => self.flow.text.push(' '),
            Gap::Line => self.begin_line(),
            Gap::Tab => self.flow.text.push('\t'),
        }
        self.pending = Gap::None;
        self.breaks = 0;
    }

    /// A shadow tree is text; so is what replaces a script, where the document was read without scripts.
    fn is_shown(&self, id: NodeId, tag: Tag) -> bool {
        match tag {
            Tag::Template => self.dom.attr(id, "shadowrootmode").is_some(),
            Tag::Noscript => self.dom.children(id).any(|child| self.dom.tag(child) != Tag::Other),
            _ => false,
        }
    }

    fn enter_in_row(&mut self, tag: Tag) {
        match tag {
            Tag::Tr | Tag::Caption => self.end_block(),
            Tag::Td | Tag::Th if self.flow.text.len() > self.start => self.pending = Gap::Tab,
            Tag::A => self.link = None,
            _ if tag == Tag::Br || is_block_level(tag) => {
                self.pending = self.pending.max(Gap::Space)
            }
            _ => {}
        }
    }

    fn shape_of(&self, tag: Tag, marks: Marks) -> Shape {
        let outer = self.open.last().map(|(_, shape)| *shape);
        match tag {
            Tag::H1 => Shape::Heading(1),
            Tag::H2 => Shape::Heading(2),
            Tag::H3 => Shape::Heading(3),
            Tag::H4 => Shape::Heading(4),
            Tag::H5 => Shape::Heading(5),
            Tag::H6 => Shape::Heading(6),
            Tag::Figcaption | Tag::Caption => Shape::Caption,
            Tag::Pre => Shape::Preformatted,
            Tag::Blockquote => Shape::Quote,
            Tag::Li | Tag::Dt | Tag::Dd => Shape::Item,
            // These keep what they stand in.
            Tag::P | Tag::Div | Tag::Section | Tag::Center | Tag::Footer => match outer {
                Some(Shape::Quote) => Shape::Quote,
                Some(Shape::Caption) => Shape::Caption,
                Some(Shape::Item) => Shape::Item,
                _ if marks.caption && tag != Tag::Section => Shape::Caption,
                _ if tag == Tag::P => Shape::Paragraph,
                _ => Shape::Loose,
            },
            _ => Shape::Loose,
        }
    }

    fn leave(&mut self, id: NodeId) {
        let tag = self.dom.tag(id);
        if self.open.last().is_some_and(|(open, _)| *open == id) {
            self.end_block();
            self.open.pop();
            if self.row_of == Some(id) {
                self.row_of = None;
            }
            return;
        }
        match tag {
            Tag::A => self.end_link(),
            Tag::Q => self.close_quoted(),
            _ => {}
        }
    }

    fn end_link(&mut self) {
        if let Some((node, from)) = self.link.take()
            && from.max(self.start) < self.flow.text.len()
        {
            self.flow
                .links
                .push(RawLink { node, range: from.max(self.start)..self.flow.text.len() });
        }
    }

    fn line_break(&mut self) {
        self.breaks += 1;
        if self.breaks >= 2 {
            self.end_block();
        } else if self.flow.text.len() > self.start {
            self.pending = Gap::Line;
        }
    }

    fn take(&mut self, id: NodeId) {
        let text = self.dom.text(id);
        let before = self.flow.text.len();
        let keep_lines = matches!(self.open.last(), Some((_, Shape::Preformatted)));
        let is_typed = self
            .open
            .last()
            .is_some_and(|(id, shape)| *shape == Shape::Paragraph && self.dom.tag(*id) == Tag::Pre);
        // Some pages are escaped twice; in code a reference is what is shown.
        let is_code = keep_lines || self.dom.parent(id).is_some_and(|up| is_code(self.dom, up));
        let text = if is_code { Cow::Borrowed(text) } else { resolved(text) };
        let text = &*text;
        for word in Words::new(text) {
            // One text may be as long as the document.
            if self.flow.text.len() > FLOW_BYTES_MAX {
                break;
            }
            match word {
                // An empty line ends a paragraph of an article in `pre`.
                Word::Space(gap)
                    if is_typed && gap.bytes().filter(|byte| *byte == b'\n').count() > 1 =>
                {
                    self.end_block();
                }
                Word::Space(gap) => {
                    if self.flow.text.len() > self.start {
                        let lines = keep_lines && gap.contains('\n');
                        self.pending = self.pending.max(if lines { Gap::Line } else { Gap::Space });
                    }
                }
                Word::Text(word) => {
                    self.write_gap();
                    let room = (FLOW_BYTES_MAX + 4).saturating_sub(self.flow.text.len());
                    self.flow.text.push_str(&word[..word.floor_char_boundary(room)]);
                    // "[VIDEO]" is a label of the link next to it.
                    let is_label = word.starts_with('[') && word.ends_with(']');
                    if self.link.is_none() && !is_label && word.contains(char::is_alphabetic) {
                        self.plain_words += 1;
                    }
                }
            }
        }
        let grown = self.flow.text.len() - before;
        if grown == 0 {
            return;
        }
        self.ends_linked = self.link.is_some();
        if self.ends_linked {
            self.linked += grown;
        }
        self.source = match (self.source.take(), self.dom.source(id)) {
            (Some(all), Some(part)) => Some(all.start.min(part.start)..all.end.max(part.end)),
            _ => None,
        };
    }

    fn begin_line(&mut self) {
        let end_before = self.flow.text.len();
        self.flow.text.push('\n');
        self.line = Line {
            start: end_before + 1,
            end_before,
            linked: self.linked,
            plain_words: self.plain_words,
            source: self.source.clone(),
        };
    }

    /// Whether the present line is below a sentence and is a few linked words and nothing else:
    /// "Start shopping now".
    fn line_is_link(&self) -> bool {
        let text = &self.flow.text;
        let len = text.len().saturating_sub(self.line.start);
        let shape = self.open.last().map(|(_, shape)| *shape);
        let above = text.get(self.start..self.line.end_before).unwrap_or_default();
        let line = text.get(self.line.start..).unwrap_or_default();
        (1..=LINK_LINE_BYTES_MAX).contains(&len)
            && !matches!(shape, Some(Shape::Row | Shape::Preformatted | Shape::Caption))
            && self.linked.saturating_sub(self.line.linked) >= len
            && above.len() >= SENTENCE_BYTES_MIN
            && above.ends_with(['.', '!', '?', '…'])
            && !line.contains(['.', '/', '@'])
    }

    /// The lines before the last one become a block of their own where the last one is a link.
    fn part_last_line(&mut self) {
        if self.line.start <= self.start || !self.line_is_link() {
            return;
        }
        let line = std::mem::take(&mut self.line);
        let (node, shape) = self.open.last().copied().unwrap_or((Dom::ROOT, Shape::Loose));
        let range = self.start..line.end_before;
        let source = self.source.take();
        // The line's own place: what was added to the place of the block since it began.
        let begun = line.source.as_ref().map_or(0, |before| before.end);
        self.source = source.map(|all| begun.min(all.end)..all.end);
        self.flow.blocks.push(RawBlock {
            node,
            shape,
            linked: line.linked.min(range.len()),
            plain_words: line.plain_words,
            ends_linked: false,
            source: line.source,
            range,
            lists: OnceCell::new(),
        });
        self.start = line.start;
        self.linked = self.linked.saturating_sub(line.linked);
        self.plain_words = self.plain_words.saturating_sub(line.plain_words);
    }

    fn end_block(&mut self) {
        self.part_last_line();
        let range = self.start..self.flow.text.len();
        if !range.is_empty() {
            let (node, shape) = self.open.last().copied().unwrap_or((Dom::ROOT, Shape::Loose));
            if self.link.is_some() {
                // A link around blocks: each block gets its part.
                let node = self.link.map(|(node, _)| node);
                self.end_link();
                self.link = node.map(|node| (node, range.end));
            }
            self.flow.blocks.push(RawBlock {
                node,
                shape,
                linked: self.linked.min(range.len()),
                plain_words: self.plain_words,
                ends_linked: self.ends_linked,
                source: self.source.take(),
                range,
                lists: OnceCell::new(),
            });
        }
        self.start = self.flow.text.len();
        self.pending = Gap::None;
        (self.linked, self.plain_words, self.breaks) = (0, 0, 0);
        self.line = Line { start: self.start, ..Line::default() };
        self.source = nowhere();
    }
}

/// Whether an element, or what it stands in, shows code.
fn is_code(dom: &Dom, node: NodeId) -> bool {
    let mut names = std::iter::once(node).chain(dom.ancestors(node));
    names.by_ref().take(3).any(|id| {
        matches!(dom.tag(id), Tag::Pre | Tag::Code | Tag::Kbd | Tag::Samp)
            || dom.other_name(id) == "tt"
    })
}

/// The range that any other range replaces when joined to it.
fn nowhere() -> Option<Range<usize>> {
    let (start, end) = (usize::MAX, 0);
    Some(Range { start, end })
}

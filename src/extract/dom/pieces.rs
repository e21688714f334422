//! The document as the parser is fed with it: piece by piece, and through a gate that counts where
//! each token is, how deep the nesting is, and how many attributes a tag has.

use std::cell::Cell;
use std::rc::Rc;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, EndTag, StartTag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};

use super::sink::{Handle, Sink, narrow};
use super::{DEPTH_MAX, Dom, NODES_MAX, NONE, TAG_ATTRIBUTES_MAX, Tag};

/// How much is fed at a time, in bytes: how long a tag can grow before its attributes are counted.
const PIECE_BYTES: usize = 16 * 1024;

/// Feeds the parser piece by piece, with the bounds of [`super`]; gives the tree and the notes.
pub(super) fn parse_in_pieces(document: &str, scripting: bool) -> (Dom, Vec<String>) {
    let queue = Rc::new(BufferQueue::default());
    let builder = TreeBuilder::new(
        Sink::new(),
        TreeBuilderOpts {
            drop_doctype: true,
            scripting_enabled: scripting,
            ..TreeBuilderOpts::default()
        },
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

/// Sits between tokenizer and tree builder: tracks where each token is, and drops what
/// would exceed a limit.
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
    /// The bytes fed minus the bytes left in the queue.
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

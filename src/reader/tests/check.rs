//! A document as its elements, read by the tokenizer of html5ever, and what is wrong with it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};

/// An element.
#[derive(Debug, Clone, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

/// The elements of a document, in order.
pub(super) struct Document {
    elements: Vec<Element>,
}

#[derive(Default)]
struct State {
    elements: Vec<Element>,
    open: Vec<usize>,
    errors: Vec<String>,
    has_doctype: bool,
}

struct Sink(RefCell<State>);

const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "col", "wbr"];

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut state = self.0.borrow_mut();
        match token {
            Token::DoctypeToken(_) => state.has_doctype = state.elements.is_empty(),
            Token::ParseError(why) => state.errors.push(why.into_owned()),
            Token::NullCharacterToken => state.errors.push("a NUL".to_owned()),
            Token::CharacterTokens(text) => {
                for at in state.open.clone() {
                    state.elements[at].text.push_str(&text);
                }
            }
            Token::TagToken(tag) => return state.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        if tag.kind == TagKind::EndTag {
            match self.open.pop().map(|at| self.elements[at].name.clone()) {
                Some(open) if open == name => {}
                open => self.errors.push(format!("</{name}> ends {open:?}")),
            }
            return TokenSinkResult::Continue;
        }
        let attributes =
            tag.attrs.iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
        self.elements.push(Element { name: name.clone(), attributes, text: String::new() });
        if !VOID.contains(&name.as_str()) {
            self.open.push(self.elements.len() - 1);
        }
        match name.as_str() {
            "title" | "textarea" => TokenSinkResult::RawData(states::RawKind::Rcdata),
            "script" => TokenSinkResult::RawData(states::RawKind::ScriptData),
            "style" => TokenSinkResult::RawData(states::RawKind::Rawtext),
            _ => TokenSinkResult::Continue,
        }
    }
}

impl Document {
    /// Reads a document, every element of which has to be closed in its place.
    pub fn read(html: &str) -> Result<Self, String> {
        let tokenizer = Tokenizer::new(
            Sink(RefCell::default()),
            TokenizerOpts { exact_errors: true, ..TokenizerOpts::default() },
        );
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(html));
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        let mut state = tokenizer.sink.0.take();
        if !state.has_doctype {
            state.errors.push("no doctype at the start".to_owned());
        }
        for at in &state.open {
            state.errors.push(format!("<{}> is not closed", state.elements[*at].name));
        }
        if state.errors.is_empty() {
            Ok(Self { elements: state.elements })
        } else {
            Err(state.errors.join("; "))
        }
    }

    fn all<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// What breaks the rules that every page of the reader has.
    pub fn problems(&self, base: &str) -> Vec<String> {
        let mut out = Vec::new();
        for name in ["html", "head", "body", "main", "h1"] {
            let count = self.all(name).count();
            if count != 1 {
                out.push(format!("{count} of <{name}>"));
            }
        }
        self.structure(&mut out);
        for element in &self.elements {
            element.problems(base, &mut out);
        }
        out
    }

    fn structure(&self, out: &mut Vec<String>) {
        if self.all("html").any(|html| html.get("lang").is_none()) {
            out.push("no language".to_owned());
        }
        if self.all("title").next().is_none_or(|title| title.text.trim().is_empty()) {
            out.push("no title".to_owned());
        }
        if !self.all("a").any(|a| a.get("class") == Some("skip") && a.get("href") == Some("#main"))
        {
            out.push("no skip link".to_owned());
        }
        let ids: Vec<&str> = self.elements.iter().filter_map(|e| e.get("id")).collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        if ids.len() != unique.len() {
            out.push(format!("an id twice among {ids:?}"));
        }
        let mut level = 1;
        for element in &self.elements {
            for name in ["for", "aria-labelledby", "aria-describedby"] {
                let missing = element.get(name).into_iter().flat_map(str::split_whitespace);
                out.extend(
                    missing
                        .filter(|id| !unique.contains(id))
                        .map(|id| format!("{name} {id}: no such id")),
                );
            }
            if let Some(heading) = element.name.strip_prefix('h').and_then(|n| n.parse::<u8>().ok())
            {
                if heading > level + 1 {
                    out.push(format!("h{heading} below h{level}"));
                }
                level = heading;
            }
        }
        let labelled: BTreeSet<&str> =
            self.all("label").filter_map(|label| label.get("for")).collect();
        for field in self
            .elements
            .iter()
            .filter(|e| matches!(e.name.as_str(), "input" | "select" | "textarea"))
        {
            let has_label = field.get("id").is_some_and(|id| labelled.contains(id));
            if field.get("type") != Some("hidden") && !has_label {
                out.push(format!("a field without a label: {field:?}"));
            }
        }
    }
}

impl Element {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn problems(&self, base: &str, out: &mut Vec<String>) {
        const NAMES: &[&str] =
            &["iframe", "object", "embed", "style", "base", "img", "video", "audio"];
        if NAMES.contains(&self.name.as_str()) {
            out.push(format!("<{}>", self.name));
        }
        if self.attributes.keys().any(|name| name.starts_with("on") || name == "style") {
            out.push(format!("a script or style in an attribute: {self:?}"));
        }
        if self.name == "script" && (self.get("src").is_none() || !self.text.is_empty()) {
            out.push("a script in the page".to_owned());
        }
        if self.name == "svg"
            && (self.get("role") != Some("img") || self.get("aria-label").is_none())
        {
            out.push("a picture without words".to_owned());
        }
        let is_seen = self.get("aria-label").is_some() || !self.text.trim().is_empty();
        if matches!(self.name.as_str(), "a" | "button" | "h1" | "h2" | "th" | "caption") && !is_seen
        {
            out.push(format!("<{}> without words: {self:?}", self.name));
        }
        for name in ["href", "src", "action"] {
            let Some(link) = self.get(name) else { continue };
            if !self.may_lead_to(base, link) {
                out.push(format!("<{} {name}={link:?}>", self.name));
            }
        }
    }

    fn may_lead_to(&self, base: &str, link: &str) -> bool {
        if link == "#main" {
            return true;
        }
        let is_external = self.get("rel").is_some_and(|rel| rel.contains("external"));
        if is_external || link.starts_with(super::values::REPLAY) {
            return link.starts_with("http://") || link.starts_with("https://");
        }
        // A permanent link is absolute.
        let own = link.strip_prefix(super::values::ORIGIN).unwrap_or(link);
        let Some(path) = own.strip_prefix(base).filter(|path| path.starts_with('/')) else {
            return false;
        };
        let path = path.split('?').next().unwrap_or(path);
        super::PATHS.contains(&path) || [super::SEEN_PATH, "/api/prove"].contains(&path)
    }
}

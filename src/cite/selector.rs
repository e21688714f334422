//! Quoted words with their context: a text-fragment link, and the `TextQuoteSelector` of the
//! W3C Web Annotation Data Model (sections 4.2.4 and 4.3.1) for the capture's own time.
//!
//! Deliberately no `TextPositionSelector`: positions in an extracted article are not positions in the page.

use serde_json::{Value, json};

use crate::extract::page::Page;

use super::folded::words;
use super::locate::Found;
use super::quotation::Quotation;
use super::source::Source;
use super::text_fragment::Directive;

/// The length of the context on each side.
const CONTEXT_CHARS_MAX: usize = 32;

impl Quotation {
    /// The words that were found in a page.
    #[must_use]
    pub fn new(page: &Page, found: &Found) -> Self {
        // In a browser the headline comes before the text.
        let headline = page.headline.as_ref().map_or("", |h| h.value.as_str());
        let whole = format!("{headline}\n\n{}", page.text);
        let shift = if found.in_headline { 0 } else { headline.len() + 2 };
        let range = found.range.start + shift..found.range.end + shift;
        Self {
            exact: super::clean::spaced(&whole[range.clone()]),
            altered: found.altered.clone(),
            prefix: before(&whole[..range.start]),
            suffix: after(&whole[range.end..]),
            range: (!found.in_headline).then(|| found.range.clone()),
            directive: Directive::build(&whole, &range),
        }
    }

    /// The words as quoted: as given, or as in the text.
    #[must_use]
    pub fn said(&self) -> &str {
        self.altered.as_ref().map_or(&self.exact, |altered| &altered.given)
    }

    /// The note on an altered quotation: the words of the text, and the alterations.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let note = self.altered.as_ref()?.description();
        let end = if note.is_empty() { String::new() } else { format!(": {note}") };
        Some(format!("stands there as “{}”{end}", self.exact))
    }

    /// The words in marks, with the note if there is one: `“…” (stands there as “…”)`.
    #[must_use]
    pub fn in_marks(&self) -> String {
        match self.note() {
            None => format!("“{}”", self.exact),
            Some(note) => format!("“{}” ({note})", self.said()),
        }
    }

    /// The selector alone.
    #[must_use]
    pub fn selector(&self) -> Value {
        json!({
            "type": "TextQuoteSelector",
            "exact": self.exact,
            "prefix": self.prefix,
            "suffix": self.suffix,
        })
    }

    /// The target of an annotation: the page at the time of the capture, and the words in it.
    #[must_use]
    pub fn target(&self, source: &Source) -> Value {
        let mut state = json!({
            "type": "TimeState",
            "sourceDate": source.capture.at.to_rfc3339(),
        });
        if let Some(url) = source.archive_url() {
            state["cached"] = Value::from(url);
        }
        json!({
            "type": "SpecificResource",
            "source": source.capture.link(),
            "state": state,
            "selector": self.selector(),
        })
    }

    /// The link to the words in the capture, or on the live page where the archive is not public.
    #[must_use]
    pub fn link(&self, source: &Source) -> String {
        self.directive.link(&source.archive_url().unwrap_or_else(|| source.capture.link()))
    }

    /// The link to the words on the live page, which may have changed.
    #[must_use]
    pub fn live_link(&self, source: &Source) -> String {
        self.directive.link(&source.capture.link())
    }
}

/// The last words of the line before, with the space that follows them.
fn before(text: &str) -> String {
    let line = text.rsplit('\n').next().unwrap_or("");
    let too_many = line.chars().count().saturating_sub(CONTEXT_CHARS_MAX);
    let cut = line.char_indices().nth(too_many).map_or(0, |(at, _)| at);
    let from = words(line).iter().map(|w| w.start).find(|start| *start >= cut).unwrap_or(cut);
    line[from..].to_owned()
}

/// The first words of the line after.
fn after(text: &str) -> String {
    let line = text.split('\n').next().unwrap_or("");
    let cut = line.char_indices().nth(CONTEXT_CHARS_MAX).map_or(line.len(), |(at, _)| at);
    let to = words(line).iter().map(|w| w.end).take_while(|end| *end <= cut).last();
    line[..to.unwrap_or(cut)].to_owned()
}

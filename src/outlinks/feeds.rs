//! Feeds: what a site declares to have published and changed.
//!
//! RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0 (RFC 4287) with paging and archives (RFC 5005), JSON Feed 1.0
//! and 1.1. In reading order: the fields of an item ([`draft`]), from XML ([`xml_feed`]) and from JSON
//! ([`json_feed`]). Dates are parsed by [`crate::dates`]; which number is the month is
//! decided by all dates of the feed and its language. Reading never fails: feeds that are truncated, have a few
//! syntax errors, are compressed, or declare a wrong charset are read
//! as far as possible, and unreadable parts are in the notes.
//!
//! It deliberately does not decide what is fetched, and keeps no text of an item but its title.

mod draft;
mod json_feed;
mod xml_feed;

use super::packed::unpacked;
use super::xml;
use crate::base::{TargetUri, Timestamp};
use crate::dates::Style;
use crate::extract::Hints;
use draft::{Draft, Resolver};

/// The most items of one feed that are read; feeds hold some dozens.
pub const ITEMS_MAX: usize = 10_000;
/// The most bytes of one feed that are read.
pub const FEED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest title that is kept, in bytes.
const TITLE_BYTES_MAX: usize = 1_000;
/// How much of a payload is examined to recognise a feed.
const HEAD_BYTES: usize = 4096;

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// The address of its page, resolved.
    pub url: TargetUri,
    /// Its title, as text; empty when there is none.
    pub title: String,
    /// Its declared time of publication; UTC if it gives no zone.
    pub published: Option<Timestamp>,
    /// Its declared time of change; `None` if that is not later than `published`.
    pub updated: Option<Timestamp>,
    /// Its id, if the feed gives one.
    pub id: Option<String>,
}

impl FeedItem {
    /// The newest date it gives.
    #[must_use]
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.updated.max(self.published)
    }
}

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    /// RSS of any version.
    Rss,
    /// Atom.
    Atom,
    /// JSON Feed.
    Json,
}

/// The content of a feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feed {
    /// Its format; `None` if it is not a feed.
    pub kind: Option<FeedKind>,
    /// Its title.
    pub title: String,
    /// Its items with an address, in its order.
    pub items: Vec<FeedItem>,
    /// Where the feed continues: older pages and archives (RFC 5005 sections 3 and 4), `next_url` of
    /// JSON Feed.
    pub next: Vec<TargetUri>,
    /// Irregularities.
    pub notes: Vec<String>,
}

/// The fields of a feed, before addresses and dates are parsed.
#[derive(Debug)]
struct Source {
    kind: FeedKind,
    title: String,
    /// The declared language; empty if none.
    language: String,
    /// The address of its site, as written.
    site: String,
    items: Vec<Draft>,
    next: Vec<String>,
    /// The `xml:base` of its root.
    base: Option<String>,
}

/// Whether a payload begins like a feed, whatever its media type.
#[must_use]
pub fn looks_like_feed(payload: &[u8], content_type: Option<&str>) -> bool {
    let payload = unpacked(payload, HEAD_BYTES, &mut Vec::new());
    let head = &payload[..payload.len().min(HEAD_BYTES)];
    let text = xml::decode(head, content_type, None, &mut Vec::new());
    let start = text.trim_start_matches(is_blank);
    if start.starts_with('{') {
        return start.contains("jsonfeed.org/version/");
    }
    let tamed = xml::tamed(start);
    let mut scanner = xml::Scanner::new(&tamed);
    while let Some(token) = scanner.next() {
        if let xml::Token::Open(tag) = token {
            return xml_feed::dialect(&tag).is_some();
        }
    }
    false
}

/// Reads a feed. `payload` is the body with its content coding undone.
#[must_use]
pub fn read(payload: &[u8], hints: &Hints<'_>) -> Feed {
    let mut feed = Feed::default();
    let payload = unpacked(payload, FEED_BYTES_MAX, &mut feed.notes);
    let text = xml::decode(&payload, hints.content_type, hints.url, &mut feed.notes);
    let text = text.trim_start_matches(is_blank);
    let own = hints.url.and_then(|url| TargetUri::parse(url).ok());
    let source = match json_feed::start_of(text) {
        Some(json) => json_feed::read(json, &mut feed.notes),
        None => xml_feed::read(text, &mut feed.notes),
    };
    let Some(source) = source else {
        feed.notes.push("this is not a feed".to_owned());
        return feed;
    };
    feed.kind = Some(source.kind);
    feed.title = draft::plain(&source.title);
    let resolver = Resolver::new(own, &source);
    feed.next = source.next.iter().filter_map(|text| resolver.next(text)).collect();
    let dates = source.items.iter().flat_map(Draft::dates);
    let style = Style::of_source(dates, &source.language);
    let total = source.items.len();
    let shared = draft::shared_link(&source.items);
    let items = source.items.iter();
    feed.items = items.filter_map(|item| item.read(&resolver, style, shared.as_deref())).collect();
    let left = total - feed.items.len();
    if left > 0 {
        feed.notes.push(format!("{left} items without an address were left out"));
    }
    feed
}

/// White space and the marks that programs put before a document.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\0')
}

fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests;

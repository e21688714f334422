//! Feeds: what a site says it has published and changed. The one file that names feed-rs.
//!
//! RSS 0.9x, 1.0 and 2.0, Atom (RFC 4287) with paging and archives (RFC 5005), JSON Feed 1.0 and
//! 1.1. A feed of the web is first mended: what was cut is closed, bodies, images and
//! podcasts are left out, charsets are undone. What is left is small and well-formed, and is read
//! by feed-rs, which knows the many ways in which dates are written. Reading never fails: what
//! could not be read is in the notes.
//!
//! It deliberately does not decide what is fetched, and keeps no text of an item but its title.

mod mend;

use feed_rs::model;
use feed_rs::parser::Builder;

use super::xml;
use crate::base::{TargetUri, Timestamp};
use crate::extract::{Hints, charset};

/// The most items of one feed that are read; feeds hold some dozens.
pub const ITEMS_MAX: usize = 10_000;
/// The most bytes of one feed that are read.
pub const FEED_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The longest title that is kept, in bytes.
const TITLE_BYTES_MAX: usize = 1_000;

/// One item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedItem {
    /// The page it stands for, resolved.
    pub url: TargetUri,
    /// Its title, as text; empty when there is none.
    pub title: String,
    /// When it says it was published.
    pub published: Option<Timestamp>,
    /// When it says it was changed; `None` when that is no later fact than `published`.
    pub updated: Option<Timestamp>,
    /// Its id, where the feed gives one.
    pub id: Option<String>,
}

impl FeedItem {
    /// The newest date it gives.
    #[must_use]
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.updated.max(self.published)
    }
}

/// What a feed is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    /// RSS of any version.
    Rss,
    /// Atom.
    Atom,
    /// JSON Feed.
    Json,
}

/// What a feed says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feed {
    /// What it is written in; `None` when it is no feed.
    pub kind: Option<FeedKind>,
    /// Its title.
    pub title: String,
    /// Its items with an address, in its order.
    pub items: Vec<FeedItem>,
    /// Where the feed goes on: older pages and archives (RFC 5005 sections 3 and 4), `next_url` of
    /// JSON Feed.
    pub next: Vec<TargetUri>,
    /// What was odd.
    pub notes: Vec<String>,
}

/// Whether a payload begins as a feed does, whatever its media type says.
#[must_use]
pub fn looks_like_feed(payload: &[u8], content_type: Option<&str>) -> bool {
    let head = &payload[..payload.len().min(4096)];
    let text = xml::decode(head, content_type, None, &mut Vec::new());
    let start = text.trim_start();
    if start.starts_with('{') {
        return start.contains("jsonfeed.org/version/");
    }
    let mut scanner = xml::Scanner::new(start);
    while let Some(token) = scanner.next() {
        if let xml::Token::Open(tag) = token {
            return mend::dialect(&tag).is_some();
        }
    }
    false
}

/// Reads a feed. `payload` is the body with its content coding undone.
#[must_use]
pub fn read(payload: &[u8], hints: &Hints<'_>) -> Feed {
    let mut feed = Feed::default();
    let payload = match payload.get(..FEED_BYTES_MAX) {
        Some(head) if payload.len() > FEED_BYTES_MAX => {
            feed.notes.push(format!("only the first {FEED_BYTES_MAX} bytes were read"));
            head
        }
        _ => payload,
    };
    let base = hints.url.and_then(|url| TargetUri::parse(url).ok());
    let first =
        payload.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xef | 0xbb | 0xbf));
    if first == Some(&b'{') {
        let text = charset::decode(
            payload,
            Some("application/json; charset=utf-8"),
            None,
            &mut feed.notes,
        )
        .text;
        let mended = mend::json(&text, &mut feed.notes);
        feed.next = resolve_all(base.as_ref(), mended.next);
        parse(&mended.text, base.as_ref(), &mut feed);
        return feed;
    }
    let text = xml::decode(payload, hints.content_type, hints.url, &mut feed.notes);
    let Some(mended) = mend::xml(&text, &mut feed.notes) else {
        feed.notes.push("this is no feed".to_owned());
        return feed;
    };
    let base = mended.base.and_then(|own| resolve(base.as_ref(), &own)).or(base);
    feed.next = resolve_all(base.as_ref(), mended.next);
    parse(&mended.text, base.as_ref(), &mut feed);
    feed
}

fn parse(text: &str, base: Option<&TargetUri>, feed: &mut Feed) {
    // Ids that the feed does not give are not made up.
    let parser = Builder::new()
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        .base_uri(base.map(TargetUri::as_str))
        .build();
    let parsed = match parser.parse(text.as_bytes()) {
        Ok(parsed) => parsed,
        Err(why) => {
            feed.notes.push(format!("this is no feed that can be read: {why}"));
            return;
        }
    };
    feed.kind = Some(match parsed.feed_type {
        model::FeedType::Atom => FeedKind::Atom,
        model::FeedType::JSON => FeedKind::Json,
        _ => FeedKind::Rss,
    });
    feed.title = parsed.title.map(|t| title_of(&t.content)).unwrap_or_default();
    let total = parsed.entries.len();
    feed.items = parsed.entries.into_iter().filter_map(|entry| item(entry, base)).collect();
    let left = total - feed.items.len();
    if left > 0 {
        feed.notes.push(format!("{left} items without an address were left out"));
    }
}

fn item(entry: model::Entry, base: Option<&TargetUri>) -> Option<FeedItem> {
    let rank = |link: &model::Link| match link.rel.as_deref() {
        _ if link.target.is_some() => 9,
        Some("alternate") if link.media_type.as_deref().is_none_or(|t| t.contains("html")) => 0,
        None => 1,
        Some("alternate") => 2,
        Some("related") => 3,
        _ => 9,
    };
    let best = entry.links.iter().filter(|link| rank(link) < 9).min_by_key(|link| rank(link));
    let url = best
        .and_then(|link| resolve(base, &link.href))
        // RSS 2.0: a guid is the address of the item where nothing else is.
        .or_else(|| TargetUri::parse(entry.id.trim()).ok())?;
    let at = |stamp: i64| Timestamp::from_unix_micros(stamp);
    let published = entry.published.map(|t| at(t.timestamp_micros()));
    let updated = entry.updated.map(|t| at(t.timestamp_micros())).filter(|u| Some(*u) > published);
    let id = Some(entry.id.trim().to_owned()).filter(|id| !id.is_empty());
    let title = entry.title.map(|t| title_of(&t.content)).unwrap_or_default();
    Some(FeedItem { url, title, published, updated, id })
}

fn title_of(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let joined = words.join(" ");
    joined[..joined.floor_char_boundary(TITLE_BYTES_MAX)].to_owned()
}

/// The address that a text names, seen from `base`.
pub(super) fn resolve(base: Option<&TargetUri>, text: &str) -> Option<TargetUri> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    match base {
        Some(base) => base.join(text).ok(),
        None => TargetUri::parse(text).ok(),
    }
}

fn resolve_all(base: Option<&TargetUri>, texts: Vec<String>) -> Vec<TargetUri> {
    texts.iter().filter_map(|text| resolve(base, text)).collect()
}

#[cfg(test)]
mod tests;

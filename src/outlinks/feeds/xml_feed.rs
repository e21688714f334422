//! RSS and Atom: of the feed its title, language and paging, of each item its title, addresses, id and
//! dates, in the names of any dialect; everything else (bodies, images, podcasts, comments) is
//! skipped. An item that is truncated by the end of the document is kept if its address is complete; a
//! truncated field is dropped, since half an address is a different address.

use super::draft::{Draft, Link};
use super::{FeedKind, ITEMS_MAX, Source};
use crate::outlinks::address::is_absolute;
use crate::outlinks::xml::{Scanner, Tag, Token, tamed};

/// The longest field that is kept, in bytes: a title or an address.
pub(super) const FIELD_BYTES_MAX: usize = 16 * 1024;
/// How many paging links are kept.
const NEXT_MAX: usize = 8;
/// How many dates of a kind and how many links are kept of an item.
const KEPT_MAX: usize = 8;
/// Elements around a feed that are not part of it: `<xml>`, `<response>`.
const WRAPPERS_MAX: usize = 2;

/// The format of the feed whose root is this element.
pub(super) fn dialect(tag: &Tag<'_>) -> Option<FeedKind> {
    match tag.name.as_str() {
        "rss" | "rdf" => Some(FeedKind::Rss),
        "feed" => Some(FeedKind::Atom),
        _ => None,
    }
}

/// A field of an item, under one name for all dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Link,
    Original,
    Id,
    Published,
    Updated,
    Language,
}

/// Prefixes of the dialects themselves, and of supported modules.
const OWN: &[&str] = &["", "rss", "atom", "atom10", "a10"];
const DATED: &[&str] = &["dc", "dcterms", "dct", "prism"];

fn field_of(tag: &Tag<'_>, own: &str) -> Option<Field> {
    let (prefix, name) = (tag.prefix.as_str(), tag.name.as_str());
    if name == "origlink" {
        return Some(Field::Original);
    }
    if DATED.contains(&prefix) {
        return match name {
            "modified" | "modificationdate" => Some(Field::Updated),
            "date" | "created" | "issued" | "available" | "publicationdate" | "coverdate" => {
                Some(Field::Published)
            }
            "language" => Some(Field::Language),
            _ => None,
        };
    }
    if !OWN.contains(&prefix) && prefix != own {
        return None;
    }
    match name {
        "pubdate" | "published" | "issued" | "created" | "date" | "publicationdate"
        | "publishdate" | "datepublished" => Some(Field::Published),
        "updated" | "modified" | "lastbuilddate" | "lastmodified" | "datemodified" => {
            Some(Field::Updated)
        }
        "title" => Some(Field::Title),
        "link" => Some(Field::Link),
        "guid" | "id" => Some(Field::Id),
        "language" => Some(Field::Language),
        _ => None,
    }
}

struct Open {
    field: Field,
    depth: usize,
    text: String,
    /// The attributes of a link.
    link: Link,
}

struct Reader {
    source: Source,
    /// The prefix of the root.
    prefix: String,
    /// The item being read and the depth of its element.
    item: Option<(Draft, usize)>,
    field: Option<Open>,
    /// The `xml:base` values, with the depth from which each applies.
    bases: Vec<(usize, String)>,
    /// Whether a link without an address has just ended: an HTML tool wrote it so, and its address follows.
    is_behind_link: bool,
}

/// Reads RSS or Atom. `None` if the document is neither.
pub(super) fn read(text: &str, notes: &mut Vec<String>) -> Option<Source> {
    let text = tamed(text);
    let mut scanner = Scanner::new(&text);
    let mut reader: Option<Reader> = None;
    while let Some(token) = scanner.next() {
        match token {
            Token::Open(tag) => {
                let depth = scanner.around().len();
                match &mut reader {
                    None => {
                        // An item without a root is a feed whose head was lost.
                        let root = dialect(&tag).or(match tag.name.as_str() {
                            "channel" | "item" => Some(FeedKind::Rss),
                            "entry" => Some(FeedKind::Atom),
                            _ => None,
                        });
                        if let Some(kind) = root {
                            let mut new = Reader::new(kind, &tag);
                            new.open(&tag, depth, scanner.parent());
                            reader = Some(new);
                        } else if depth >= WRAPPERS_MAX || tag.name == "html" {
                            return None;
                        }
                    }
                    Some(reader) => reader.open(&tag, depth, scanner.parent()),
                }
                scanner.enter(&tag);
            }
            Token::Text(text) => {
                if let Some(reader) = &mut reader {
                    reader.text(&text, scanner.around().len());
                }
            }
            Token::Close { is_written, .. } => {
                if let Some(reader) = &mut reader {
                    reader.close(scanner.around().len(), is_written);
                    if reader.source.items.len() >= ITEMS_MAX {
                        notes.push(format!("items after the first {ITEMS_MAX} were left out"));
                        break;
                    }
                }
            }
        }
    }
    notes.extend(scanner.notes());
    let mut reader = reader?;
    reader.put_item();
    Some(reader.source)
}

impl Reader {
    fn new(kind: FeedKind, root: &Tag<'_>) -> Self {
        let source = Source {
            kind,
            title: String::new(),
            language: root.attribute("lang").unwrap_or_default(),
            site: String::new(),
            items: Vec::new(),
            next: Vec::new(),
            base: root.attribute("base"),
        };
        Self {
            source,
            prefix: root.prefix.clone(),
            item: None,
            field: None,
            bases: Vec::new(),
            is_behind_link: false,
        }
    }

    fn open(&mut self, tag: &Tag<'_>, depth: usize, parent: &str) {
        let is_own = OWN.contains(&tag.prefix.as_str()) || tag.prefix == self.prefix;
        // The one of the root is the feed's.
        if depth > 0
            && let Some(base) = tag.attribute("base")
        {
            self.bases.push((depth, base));
        }
        if matches!(tag.name.as_str(), "item" | "entry") && is_own {
            // An item inside an item: the first was never closed.
            self.put_item();
            let about = tag.attribute("about").unwrap_or_default();
            self.item = Some((Draft { about, ..Draft::default() }, depth));
            self.field = None;
            return;
        }
        let is_of_item = match &self.item {
            Some((_, at)) => depth == at + 1,
            None => matches!(parent, "channel" | "feed" | "rdf" | "rss"),
        };
        if !is_of_item {
            return;
        }
        let Some(field) = field_of(tag, &self.prefix) else { return };
        let mut link = Link::default();
        if field == Field::Link {
            link.rel = tag.attribute("rel").unwrap_or_default();
            link.media_type = tag.attribute("type").unwrap_or_default();
            link.href = tag.attribute("href").or_else(|| tag.attribute("url")).unwrap_or_default();
            link.base = self.bases.last().map(|(_, base)| base.clone());
        }
        if field == Field::Id
            && let Some((item, _)) = &mut self.item
        {
            item.is_id_opaque = tag
                .attribute("ispermalink")
                .is_some_and(|v| v.trim().eq_ignore_ascii_case("false"));
        }
        self.field = Some(Open { field, depth, text: String::new(), link });
    }

    fn text(&mut self, text: &str, depth: usize) {
        if let Some(open) = &mut self.field {
            if open.text.len() + text.len() <= FIELD_BYTES_MAX {
                open.text.push_str(text);
            }
            return;
        }
        // `<link/>https://…`
        if std::mem::take(&mut self.is_behind_link)
            && let Some((item, at)) = &mut self.item
            && depth == *at + 1
            && is_absolute(text)
        {
            item.links.push(Link { href: text.trim().to_owned(), ..Link::default() });
        }
    }

    fn close(&mut self, depth: usize, is_written: bool) {
        if let Some(open) = self.field.take_if(|open| open.depth >= depth)
            && open.depth == depth
            && (is_written || open.field == Field::Title)
        {
            self.put(open);
        }
        if self.item.as_ref().is_some_and(|(_, at)| *at == depth) {
            self.put_item();
        }
        self.bases.retain(|(at, _)| *at < depth);
    }

    fn put(&mut self, open: Open) {
        let text = open.text.trim();
        let Some((item, _)) = &mut self.item else {
            return self.put_head(open);
        };
        match open.field {
            Field::Link => {
                let mut link = open.link;
                if link.href.trim().is_empty() {
                    text.clone_into(&mut link.href);
                }
                self.is_behind_link = link.href.is_empty();
                if !link.href.is_empty() && item.links.len() < KEPT_MAX {
                    item.links.push(link);
                }
            }
            // The first one counts: later ones of the same name belong to other modules.
            Field::Title if item.title.trim().is_empty() => text.clone_into(&mut item.title),
            Field::Id if item.id.is_empty() => text.clone_into(&mut item.id),
            Field::Original if item.original.is_empty() => text.clone_into(&mut item.original),
            Field::Published if item.published.len() < KEPT_MAX => {
                item.published.push(text.to_owned());
            }
            Field::Updated if item.updated.len() < KEPT_MAX => item.updated.push(text.to_owned()),
            _ => {}
        }
    }

    fn put_head(&mut self, open: Open) {
        let text = open.text.trim();
        let source = &mut self.source;
        match open.field {
            Field::Title if source.title.is_empty() => text.clone_into(&mut source.title),
            Field::Language if !text.is_empty() => text.clone_into(&mut source.language),
            Field::Link if open.link.href.is_empty() && source.site.is_empty() => {
                text.clone_into(&mut source.site);
            }
            Field::Link
                if matches!(open.link.rel.trim(), "next" | "prev-archive")
                    && source.next.len() < NEXT_MAX
                    && !source.next.contains(&open.link.href) =>
            {
                source.next.push(open.link.href);
            }
            _ => {}
        }
    }

    fn put_item(&mut self) {
        if let Some((item, _)) = self.item.take() {
            self.source.items.push(item);
        }
    }
}

//! A feed of the web, made small and well-formed: what a strict parser can then read.
//!
//! Kept are the feed's title and, of each item, title, address, id and dates, whatever dialect's
//! names they come under; all else (bodies, images, podcasts, comments) is left out. An item that
//! the end of the document cut in two is kept when its address was whole; a field that was cut is
//! dropped, for half an address is another address.

use super::super::xml::{Scanner, Tag, Token, escape};
use super::ITEMS_MAX;

/// The longest field that is kept, in bytes: a title or an address.
const FIELD_BYTES_MAX: usize = 16 * 1024;
/// How many paging links are kept.
const NEXT_MAX: usize = 8;

/// What is left of a feed.
#[derive(Debug)]
pub(super) struct Mended {
    /// The document, in UTF-8.
    pub(super) text: String,
    /// Where it goes on, as written.
    pub(super) next: Vec<String>,
    /// What `xml:base` on its root says.
    pub(super) base: Option<String>,
}

/// The families of XML feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Rss,
    Atom,
}

/// What feed an element is the root of.
pub(super) fn dialect(tag: &Tag<'_>) -> Option<Dialect> {
    match tag.name.as_str() {
        "rss" | "rdf" => Some(Dialect::Rss),
        "feed" => Some(Dialect::Atom),
        _ => None,
    }
}

/// A field of an item, under one name for all dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Title,
    Link,
    Id,
    Published,
    Updated,
}

fn field_of(tag: &Tag<'_>) -> Option<Field> {
    let is_foreign =
        !matches!(tag.prefix.as_str(), "" | "rss" | "atom" | "a10" | "dc" | "dcterms" | "dct");
    if is_foreign {
        return None;
    }
    match (tag.prefix.as_str(), tag.name.as_str()) {
        ("dc" | "dcterms" | "dct", "modified") | (_, "updated" | "lastbuilddate") => {
            Some(Field::Updated)
        }
        ("dc" | "dcterms" | "dct", "date" | "created" | "issued" | "available") => {
            Some(Field::Published)
        }
        ("dc" | "dcterms" | "dct", _) => None,
        (_, "pubdate" | "published" | "issued" | "created") => Some(Field::Published),
        (_, "modified") => Some(Field::Updated),
        (_, "title") => Some(Field::Title),
        (_, "link") => Some(Field::Link),
        (_, "guid" | "id") => Some(Field::Id),
        _ => None,
    }
}

#[derive(Debug, Default)]
struct Item {
    title: String,
    links: Vec<(String, String, String)>,
    id: String,
    published: String,
    updated: String,
    about: String,
}

struct Mender {
    dialect: Dialect,
    head: Item,
    body: String,
    next: Vec<String>,
    items: usize,
    /// The item being read and the depth of its element.
    item: Option<(Item, usize)>,
    /// The field being read, its depth, and its text so far.
    field: Option<(Field, usize, String)>,
}

/// Mends RSS or Atom. `None` when the document is neither.
pub(super) fn xml(text: &str, notes: &mut Vec<String>) -> Option<Mended> {
    let mut scanner = Scanner::new(text);
    let mut base = None;
    let mut mender: Option<Mender> = None;
    while let Some(token) = scanner.next() {
        match token {
            Token::Open(tag) => {
                let depth = scanner.around().len();
                match &mut mender {
                    None => {
                        // An item without a root is a feed whose head was lost.
                        let root = dialect(&tag).or(match tag.name.as_str() {
                            "channel" | "item" => Some(Dialect::Rss),
                            "entry" => Some(Dialect::Atom),
                            _ => None,
                        });
                        if let Some(dialect) = root {
                            base = tag.attribute("base");
                            let mut new = Mender::new(dialect);
                            new.open(&tag, depth, scanner.parent());
                            mender = Some(new);
                        } else if depth > 0 {
                            return None;
                        }
                    }
                    Some(mender) => mender.open(&tag, depth, scanner.parent()),
                }
                scanner.enter(&tag);
            }
            Token::Text(text) => {
                if let Some((_, _, so_far)) = mender.as_mut().and_then(|m| m.field.as_mut())
                    && so_far.len() + text.len() <= FIELD_BYTES_MAX
                {
                    so_far.push_str(&text);
                }
            }
            Token::Close { is_written, .. } => {
                if let Some(mender) = &mut mender {
                    mender.close(scanner.around().len(), is_written);
                    if mender.items >= ITEMS_MAX {
                        notes.push(format!("items after the first {ITEMS_MAX} were left out"));
                        break;
                    }
                }
            }
        }
    }
    notes.extend(scanner.notes());
    let mender = mender?;
    Some(Mended { text: mender.document(), next: mender.next, base })
}

impl Mender {
    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            head: Item::default(),
            body: String::new(),
            next: Vec::new(),
            items: 0,
            item: None,
            field: None,
        }
    }

    fn open(&mut self, tag: &Tag<'_>, depth: usize, parent: &str) {
        if matches!(tag.name.as_str(), "item" | "entry")
            && matches!(tag.prefix.as_str(), "" | "rss" | "atom" | "a10")
        {
            // An item inside an item: the first was never closed.
            self.put_item();
            let item =
                Item { about: tag.attribute("about").unwrap_or_default(), ..Item::default() };
            self.item = Some((item, depth));
            self.field = None;
            return;
        }
        let is_ours = match &self.item {
            Some((_, at)) => depth == at + 1,
            None => matches!(parent, "channel" | "feed" | "rdf" | "rss"),
        };
        if !is_ours {
            return;
        }
        let Some(field) = field_of(tag) else { return };
        if field == Field::Link
            && let Some(href) = tag.attribute("href")
        {
            let rel = tag.attribute("rel").unwrap_or_else(|| "alternate".to_owned());
            let media_type = tag.attribute("type").unwrap_or_default();
            match &mut self.item {
                Some((item, _)) => item.links.push((href, rel, media_type)),
                None if matches!(rel.as_str(), "next" | "prev-archive")
                    && self.next.len() < NEXT_MAX
                    && !self.next.contains(&href) =>
                {
                    self.next.push(href);
                }
                None => {}
            }
            return;
        }
        self.field = Some((field, depth, String::new()));
    }

    fn close(&mut self, depth: usize, is_written: bool) {
        if let Some((field, at, text)) = self.field.take_if(|(_, at, _)| *at >= depth)
            && at == depth
            && (is_written || field == Field::Title)
        {
            let item = self.item.as_mut().map_or(&mut self.head, |(item, _)| item);
            item.put(field, text);
        }
        if self.item.as_ref().is_some_and(|(_, at)| *at == depth) {
            self.put_item();
        }
    }

    fn put_item(&mut self) {
        let Some((item, _)) = self.item.take() else { return };
        self.items += 1;
        match self.dialect {
            Dialect::Atom => item.write_atom(&mut self.body),
            Dialect::Rss => item.write_rss(&mut self.body),
        }
    }

    fn document(&self) -> String {
        let title = escape(&self.head.title);
        match self.dialect {
            Dialect::Atom => format!(
                "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>{title} </title>{}</feed>",
                self.body
            ),
            Dialect::Rss => format!(
                "<rss version=\"2.0\"><channel><title>{title}</title>{}</channel></rss>",
                self.body
            ),
        }
    }
}

impl Item {
    fn put(&mut self, field: Field, text: String) {
        let slot = match field {
            Field::Title => &mut self.title,
            Field::Id => &mut self.id,
            Field::Published => &mut self.published,
            Field::Updated => &mut self.updated,
            Field::Link => {
                if !text.trim().is_empty() {
                    self.links.push((
                        text.trim().to_owned(),
                        "alternate".to_owned(),
                        String::new(),
                    ));
                }
                return;
            }
        };
        // The first one counts: what follows under the same name is another module's.
        if slot.trim().is_empty() {
            *slot = text;
        }
    }

    fn write_rss(&self, out: &mut String) {
        out.push_str("<item>");
        let mut put = |name: &str, text: &str| {
            let text = text.trim();
            if !text.is_empty() {
                out.push_str(&format!("<{name}>{}</{name}>", escape(text)));
            }
        };
        put("title", &self.title);
        let link = self.links.iter().find(|(_, rel, _)| rel == "alternate");
        let link = link.map_or(self.about.as_str(), |(href, _, _)| href.as_str());
        put("link", link);
        put("guid", &self.id);
        put("pubDate", &self.published);
        put("updated", &self.updated);
        out.push_str("</item>");
    }

    fn write_atom(&self, out: &mut String) {
        out.push_str("<entry>");
        // An empty title is an error to the parser.
        let title = if self.title.trim().is_empty() { " " } else { self.title.trim() };
        out.push_str(&format!("<title>{} </title>", escape(title)));
        for (href, rel, media_type) in &self.links {
            out.push_str(&format!("<link href=\"{}\" rel=\"{}\"", escape(href), escape(rel)));
            if !media_type.is_empty() {
                out.push_str(&format!(" type=\"{}\"", escape(media_type)));
            }
            out.push_str("/>");
        }
        for (name, text) in
            [("id", &self.id), ("published", &self.published), ("updated", &self.updated)]
        {
            let text = text.trim();
            if !text.is_empty() {
                out.push_str(&format!("<{name}>{}</{name}>", escape(text)));
            }
        }
        out.push_str("</entry>");
    }
}

/// Mends JSON Feed: closes what was cut behind the last whole item, and keeps of each item what
/// is read here.
pub(super) fn json(text: &str, notes: &mut Vec<String>) -> Mended {
    let mut mended = Mended { text: String::new(), next: Vec::new(), base: None };
    let value = match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) => value,
        Err(why) => {
            let Some(value) = uncut(text).and_then(|t| serde_json::from_str(&t).ok()) else {
                notes.push(format!("this is no JSON: {why}"));
                return mended;
            };
            notes.push("the feed is cut; its whole items were read".to_owned());
            value
        }
    };
    mended.next.extend(value["next_url"].as_str().map(str::to_owned));
    let mut items: Vec<&serde_json::Value> =
        value["items"].as_array().map(|items| items.iter().collect()).unwrap_or_default();
    if items.len() > ITEMS_MAX {
        notes.push(format!("items after the first {ITEMS_MAX} were left out"));
        items.truncate(ITEMS_MAX);
    }
    let items: Vec<serde_json::Value> = items.into_iter().map(json_item).collect();
    let clean = serde_json::json!({
        "version": value["version"].as_str().unwrap_or_default(),
        "title": value["title"].as_str().unwrap_or_default(),
        "items": items,
    });
    mended.text = clean.to_string();
    mended
}

fn json_item(item: &serde_json::Value) -> serde_json::Value {
    let mut kept = serde_json::Map::new();
    for name in ["id", "url", "external_url", "title", "date_published", "date_modified"] {
        match &item[name] {
            serde_json::Value::String(text) if text.len() <= FIELD_BYTES_MAX => {
                // An item of a link blog has both; its own page comes first.
                if name == "external_url" && kept.contains_key("url") {
                    continue;
                }
                kept.insert(name.to_owned(), text.as_str().into());
            }
            // JSON Feed 1.1: an id that is a number is to be read as its text.
            serde_json::Value::Number(number) if name == "id" => {
                kept.insert(name.to_owned(), number.to_string().into());
            }
            _ => {}
        }
    }
    kept.into()
}

/// The text up to the end of the last whole object of the list at the top, and what closes it.
fn uncut(text: &str) -> Option<String> {
    let (mut depth, mut in_text, mut escaped, mut end) = (0_u32, false, false, None);
    for (at, byte) in text.bytes().enumerate() {
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                // `{ "items": [ {…} <- here`
                if byte == b'}' && depth == 2 {
                    end = Some(at + 1);
                }
            }
            _ => {}
        }
    }
    end.map(|end| format!("{}]}}", &text[..end]))
}

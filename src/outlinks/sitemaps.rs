//! Sitemaps: the pages that a site lists (sitemaps.org protocol 0.9), with the news extension.
//!
//! Reads `urlset`, `sitemapindex`, plain-text lists, and feeds that are used as a sitemap, each
//! gzipped or not, whatever its name and media type. Reading never fails: a truncated sitemap
//! gives its complete entries. The protocol's limits (50,000 addresses, 50 MB) bound
//! what is read; twice as many bytes are accepted. The caller has to detect cycles of sitemaps;
//! each carries its depth, and indexes below [`INDEX_DEPTH_MAX`] name nothing more.
//!
//! Deliberately left out: `priority` and `changefreq`, which sites fill with constants, and images
//! and videos.

use super::address::resolve;
use super::feeds;
use super::packed::unpacked;
use super::xml::{self, Scanner, Token};
use crate::base::{TargetUri, Timestamp};
use crate::dates::{Style, instant_of};
use crate::extract::{Hints, charset};

/// The most addresses of one sitemap that are read (sitemaps.org, "Sitemap file requirements").
pub const ENTRIES_MAX: usize = 50_000;
/// The most bytes of one sitemap, unpacked, that are read: twice what the protocol allows.
pub const SITEMAP_BYTES_MAX: usize = 100 * 1024 * 1024;
/// An index at this depth names no further sitemaps. The protocol does not allow an index in an index at
/// all; sites nest them two deep.
pub const INDEX_DEPTH_MAX: u32 = 3;
/// How far into a document its root may begin.
const HEAD_BYTES: usize = 4 * 1024;
/// The longest text of one element that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 4 * 1024;

/// A page that a sitemap names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapEntry {
    /// The page.
    pub url: TargetUri,
    /// The declared time of the last change of the page.
    pub lastmod: Option<Timestamp>,
    /// When the article was published (`news:publication_date`).
    pub news_published: Option<Timestamp>,
    /// The article's title (`news:title`).
    pub news_title: Option<String>,
}

impl SitemapEntry {
    /// The newest date that the sitemap gives for it.
    #[must_use]
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.lastmod.max(self.news_published)
    }
}

/// A sitemap that an index names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapRef {
    /// The sitemap.
    pub url: TargetUri,
    /// The declared time of its last change.
    pub lastmod: Option<Timestamp>,
}

/// The kind of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SitemapKind {
    /// Pages.
    UrlSet,
    /// Further sitemaps.
    Index,
    /// One address a line.
    Text,
    /// A feed that is used as one.
    Feed,
    /// None of these.
    #[default]
    Unknown,
}

/// The content of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sitemap {
    /// Its kind.
    pub kind: SitemapKind,
    /// The number of indexes above it: 0 for one that robots.txt or a job names.
    pub depth: u32,
    /// The pages it names, in its order.
    pub entries: Vec<SitemapEntry>,
    /// The sitemaps it names; their depth is one more.
    pub children: Vec<SitemapRef>,
    /// Irregularities.
    pub notes: Vec<String>,
}

/// Reads a sitemap. `payload` is the body with its content coding undone; `depth` is the number of
/// indexes above it.
#[must_use]
pub fn read(payload: &[u8], hints: &Hints<'_>, depth: u32) -> Sitemap {
    let mut map = Sitemap { depth, ..Sitemap::default() };
    let base = hints.url.and_then(|url| TargetUri::parse(url).ok());
    let payload = unpacked(payload, SITEMAP_BYTES_MAX, &mut map.notes);
    let first =
        payload.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xef | 0xbb | 0xbf));
    let is_wide = matches!(payload.first(), Some(0 | 0xfe | 0xff));
    // Some programs print warnings before it.
    let head = &payload[..payload.len().min(HEAD_BYTES)];
    let holds = |root: &[u8]| memchr::memmem::find(head, root).is_some();
    if first == Some(&b'<') || is_wide || holds(b"<urlset") || holds(b"<sitemapindex") {
        if feeds::looks_like_feed(&payload, hints.content_type) {
            of_feed(&payload, hints, &mut map);
        } else {
            of_xml(&payload, hints, base.as_ref(), &mut map);
        }
    } else {
        of_text(&payload, hints, &mut map);
    }
    if map.kind == SitemapKind::Unknown {
        map.notes.push("this is not a sitemap".to_owned());
    }
    if depth >= INDEX_DEPTH_MAX && !map.children.is_empty() {
        map.notes.push(format!(
            "{} sitemaps named by an index at depth {depth} were left out",
            map.children.len()
        ));
        map.children.clear();
    }
    map
}

/// The state of the current `url` or `sitemap` element.
#[derive(Default)]
struct Draft {
    loc: String,
    lastmod: String,
    news_date: String,
    news_title: String,
}

/// Ambiguous dates wait until all dates are known, which resolve them.
#[derive(Default)]
struct Waiting {
    /// The dated field, the index, and the text.
    dates: Vec<(Dated, usize, String)>,
    language: String,
}

#[derive(Clone, Copy)]
enum Dated {
    Child,
    Lastmod,
    News,
}

fn of_xml(payload: &[u8], hints: &Hints<'_>, base: Option<&TargetUri>, map: &mut Sitemap) {
    let text = xml::decode(payload, hints.content_type, hints.url, &mut map.notes);
    let text = xml::tamed(&text);
    let mut scanner = Scanner::new(&text);
    let mut draft: Option<Draft> = None;
    let mut waiting = Waiting::default();
    let mut field = String::new();
    let mut unreadable = 0_usize;
    while let Some(token) = scanner.next() {
        match token {
            Token::Open(tag) => {
                match tag.name.as_str() {
                    "urlset" if map.kind == SitemapKind::Unknown => map.kind = SitemapKind::UrlSet,
                    "sitemapindex" if map.kind == SitemapKind::Unknown => {
                        map.kind = SitemapKind::Index;
                    }
                    // An entry inside an entry: the first was never closed.
                    name @ ("url" | "sitemap") => {
                        let open = draft.replace(Draft::default());
                        let left = open.filter(|draft| !draft.loc.is_empty());
                        unreadable +=
                            left.map_or(0, |left| map.put(name, &left, base, &mut waiting));
                    }
                    _ => {}
                }
                field.clear();
                scanner.enter(&tag);
            }
            Token::Text(piece) => {
                if field.len() + piece.len() <= TEXT_BYTES_MAX {
                    field.push_str(&piece);
                }
            }
            Token::Close { name, is_written } => {
                let around = scanner.parent();
                if let Some(draft) = draft.as_mut().filter(|_| is_written) {
                    let slot = match (around, name.as_str()) {
                        ("url" | "sitemap", "loc") => Some(&mut draft.loc),
                        ("url" | "sitemap", "lastmod" | "lastmodified") => Some(&mut draft.lastmod),
                        ("news" | "url", "publication_date") => Some(&mut draft.news_date),
                        ("news", "title") => Some(&mut draft.news_title),
                        ("publication", "language") => Some(&mut waiting.language),
                        _ => None,
                    };
                    if let Some(slot) = slot {
                        std::mem::swap(slot, &mut field);
                    }
                }
                field.clear();
                if matches!(name.as_str(), "url" | "sitemap") {
                    let open = draft.take();
                    unreadable += open.map_or(0, |open| map.put(&name, &open, base, &mut waiting));
                }
                if map.entries.len() + map.children.len() >= ENTRIES_MAX {
                    map.notes.push(format!("only the first {ENTRIES_MAX} addresses were read"));
                    break;
                }
            }
        }
    }
    map.decide(&waiting);
    map.notes.extend(scanner.notes());
    if unreadable > 0 {
        map.notes.push(format!("{unreadable} entries without an address were left out"));
    }
}

impl Sitemap {
    /// Adds an entry; returns how many could not be added: one or none.
    fn put(
        &mut self,
        element: &str,
        draft: &Draft,
        base: Option<&TargetUri>,
        waiting: &mut Waiting,
    ) -> usize {
        let Some(url) = resolve(base, &draft.loc) else { return 1 };
        let is_child = element == "sitemap";
        if self.kind == SitemapKind::Unknown {
            self.kind = if is_child { SitemapKind::Index } else { SitemapKind::UrlSet };
        }
        if is_child {
            let lastmod = waiting.date(&draft.lastmod, Dated::Child, self.children.len());
            self.children.push(SitemapRef { url, lastmod });
            return 0;
        }
        let at = self.entries.len();
        let title = draft.news_title.split_whitespace().collect::<Vec<_>>().join(" ");
        self.entries.push(SitemapEntry {
            url,
            lastmod: waiting.date(&draft.lastmod, Dated::Lastmod, at),
            news_published: waiting.date(&draft.news_date, Dated::News, at),
            news_title: (!title.is_empty()).then_some(title),
        });
        0
    }

    /// Parses the waiting dates.
    fn decide(&mut self, waiting: &Waiting) {
        let texts = waiting.dates.iter().map(|(_, _, text)| text.as_str());
        let style = Style::of_source(texts, &waiting.language);
        for (dated, at, text) in &waiting.dates {
            let entry = self.entries.get_mut(*at);
            let slot = match dated {
                Dated::Child => self.children.get_mut(*at).map(|child| &mut child.lastmod),
                Dated::Lastmod => entry.map(|entry| &mut entry.lastmod),
                Dated::News => entry.map(|entry| &mut entry.news_published),
            };
            if let Some(slot) = slot {
                *slot = instant_of(text, style);
            }
        }
    }
}

impl Waiting {
    /// A W3C date (NOTE-datetime): year, month, day or an instant. Other formats wait.
    fn date(&mut self, text: &str, dated: Dated, at: usize) -> Option<Timestamp> {
        let text = text.trim();
        if text.bytes().take(4).filter(u8::is_ascii_digit).count() == 4 {
            return instant_of(text, Style::default());
        }
        if !text.is_empty() {
            self.dates.push((dated, at, text.to_owned()));
        }
        None
    }
}

fn of_text(payload: &[u8], hints: &Hints<'_>, map: &mut Sitemap) {
    // A text page is not a list: each line that is not empty must be an address, or the whole file counts
    // as something else.
    let text =
        charset::decode(payload, Some("text/plain; charset=utf-8"), hints.url, &mut map.notes);
    let mut wrong = 0_usize;
    for line in text.text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let found = (line.starts_with("http://") || line.starts_with("https://"))
            .then(|| TargetUri::parse(line).ok())
            .flatten();
        let Some(url) = found else {
            wrong += 1;
            if wrong > 10 && map.entries.len() < wrong {
                break;
            }
            continue;
        };
        map.entries.push(SitemapEntry {
            url,
            lastmod: None,
            news_published: None,
            news_title: None,
        });
        if map.entries.len() >= ENTRIES_MAX {
            map.notes.push(format!("only the first {ENTRIES_MAX} addresses were read"));
            break;
        }
    }
    if map.entries.len() <= wrong {
        map.entries.clear();
        return;
    }
    map.kind = SitemapKind::Text;
    if wrong > 0 {
        map.notes.push(format!("{wrong} lines are not addresses"));
    }
}

fn of_feed(payload: &[u8], hints: &Hints<'_>, map: &mut Sitemap) {
    let feed = feeds::read(payload, hints);
    map.notes.extend(feed.notes);
    if feed.kind.is_none() {
        return;
    }
    map.kind = SitemapKind::Feed;
    map.entries = feed
        .items
        .into_iter()
        .map(|item| SitemapEntry {
            lastmod: item.changed_at(),
            news_published: None,
            news_title: None,
            url: item.url,
        })
        .collect();
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    const HINTS: Hints<'static> = Hints {
        url: Some("https://news.example.org/sitemap.xml"),
        content_type: None,
        status: None,
    };

    fn urls(map: &Sitemap) -> Vec<String> {
        map.entries.iter().map(|e| e.url.to_string()).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    const NEWS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url>
    <loc>https://news.example.org/a?x=1&amp;y=2</loc>
    <news:news>
      <news:publication><news:name>The Example</news:name><news:language>en</news:language></news:publication>
      <news:publication_date>2025-11-05T08:30:00+01:00</news:publication_date>
      <news:title>Council
        votes &#8211; again</news:title>
    </news:news>
    <image:image><image:loc>https://news.example.org/a.jpg</image:loc></image:image>
    <lastmod>2025-11-05T09:00:00Z</lastmod>
  </url>
  <url><loc> /b </loc><lastmod>2025-11-04</lastmod></url>
  <url><lastmod>2025</lastmod></url>
</urlset>"#;

    #[test]
    fn a_news_sitemap_gives_pages_with_their_dates_and_no_images() {
        let map = read(NEWS.as_bytes(), &HINTS, 0);
        assert_eq!(map.kind, SitemapKind::UrlSet);
        assert_eq!(
            urls(&map),
            ["https://news.example.org/a?x=1&y=2", "https://news.example.org/b"]
        );
        let first = &map.entries[0];
        assert_eq!(first.news_published, Timestamp::parse("2025-11-05T07:30:00Z"));
        assert_eq!(first.changed_at(), Timestamp::parse("2025-11-05T09:00:00Z"));
        assert_eq!(first.news_title.as_deref(), Some("Council votes – again"));
        assert_eq!(map.entries[1].lastmod, Timestamp::parse("2025-11-04T00:00:00Z"));
        assert_eq!(map.notes, ["1 entries without an address were left out"]);
    }

    #[test]
    fn dates_are_read_as_the_w3c_note_and_sites_write_them() {
        let lastmods = |texts: &[&str]| {
            let urls = texts.iter().enumerate();
            let urls: String = urls
                .map(|(n, t)| format!("<url><loc>/{n}</loc><lastmod>{t}</lastmod></url>"))
                .collect();
            let map = read(format!("<urlset>{urls}</urlset>").as_bytes(), &HINTS, 0);
            map.entries.iter().map(|e| e.lastmod).collect::<Vec<_>>()
        };
        for (text, want) in [
            ("2025", Some("2025-01-01T00:00:00Z")),
            ("2025-11", Some("2025-11-01T00:00:00Z")),
            ("2025-11-05", Some("2025-11-05T00:00:00Z")),
            ("2025-11-05T10:20Z", Some("2025-11-05T10:20:00Z")),
            ("2025-11-05T10:20:30.45-05:00", Some("2025-11-05T15:20:30.45Z")),
            ("2025-11-05 10:20:30", Some("2025-11-05T10:20:30Z")),
            ("Wed, 05 Nov 2025 10:20:30 +0100", Some("2025-11-05T09:20:30Z")),
            ("1762338030", Some("2025-11-05T10:20:30Z")),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(lastmods(&[text]), [want.and_then(Timestamp::parse)], "{text}");
        }
        // The other dates decide which number is the month.
        let day = |text: &str| Timestamp::parse(text);
        assert_eq!(lastmods(&["05/09/2025", "13/09/2025"])[0], day("2025-09-05"));
        assert_eq!(lastmods(&["05/09/2025", "05/13/2025"])[0], day("2025-05-09"));
        assert_eq!(lastmods(&["05/09/2025", "04/09/2025", "03/09/2025"])[0], day("2025-09-05"));
        assert_eq!(lastmods(&["9/5/2025", "9/4/2025", "9/3/2025"])[0], day("2025-09-05"));
    }

    #[test]
    fn an_index_names_sitemaps_until_it_lies_too_deep() {
        let text = "<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>\
            <sitemap><loc>https://news.example.org/s1.xml.gz</loc><lastmod>2025-11-05</lastmod></sitemap>\
            <sitemap><loc>https://news.example.org/sitemap.xml</loc></sitemap></sitemapindex>";
        let map = read(text.as_bytes(), &HINTS, 1);
        assert_eq!((map.kind, map.depth, map.children.len()), (SitemapKind::Index, 1, 2));
        assert_eq!(map.children[0].lastmod, Timestamp::parse("2025-11-05"));
        let map = read(text.as_bytes(), &HINTS, INDEX_DEPTH_MAX);
        assert!(map.children.is_empty() && !map.notes.is_empty());
    }

    #[test]
    fn gzip_is_seen_by_its_first_bytes_and_a_cut_one_gives_what_it_holds() {
        let many: String = (0..500)
            .map(|n| format!("<url><loc>https://news.example.org/{n}/{}</loc></url>", n * 7919))
            .collect();
        let packed = gzip(format!("<urlset>{many}</urlset>").as_bytes());
        assert_eq!(read(&packed, &HINTS, 0).entries.len(), 500);
        assert_eq!(read(&gzip(&packed), &HINTS, 0).entries.len(), 500);
        let cut = read(&packed[..packed.len() / 2], &HINTS, 0);
        assert!((50..500).contains(&cut.entries.len()), "{}", cut.entries.len());
        // No address is truncated.
        for (n, url) in urls(&cut).iter().enumerate() {
            assert_eq!(*url, format!("https://news.example.org/{n}/{}", n * 7919));
        }
    }

    #[test]
    fn lists_and_feeds_stand_in_for_sitemaps_and_pages_do_not() {
        let list = read("\u{feff}https://a.org/1\n\nhttps://a.org/2\r\n".as_bytes(), &HINTS, 0);
        assert_eq!((list.kind, list.entries.len()), (SitemapKind::Text, 2));
        let feed = read(
            b"<rss version='2.0'><channel><item><link>/x</link><pubDate>Wed, 05 Nov 2025 10:00:00 +0100</pubDate></item></channel></rss>",
            &HINTS,
            0,
        );
        assert_eq!(feed.kind, SitemapKind::Feed);
        assert_eq!(urls(&feed), ["https://news.example.org/x"]);
        assert_eq!(feed.entries[0].lastmod, Timestamp::parse("2025-11-05T09:00:00Z"));
        for page in ["<!doctype html><html><body><p>Not found</p>", "Not found", "", "\u{1f}\u{8b}"]
        {
            let map = read(page.as_bytes(), &HINTS, 0);
            assert_eq!((map.kind, map.entries.len()), (SitemapKind::Unknown, 0), "{page}");
        }
    }

    #[test]
    fn hostile_sitemaps_are_bounded() {
        let many: String = (0..ENTRIES_MAX + 10)
            .map(|n| format!("<url><loc>http://a.org/{n}</loc></url>"))
            .collect();
        let map = read(many.as_bytes(), &HINTS, 0);
        assert_eq!(map.entries.len(), ENTRIES_MAX);
        let bomb = gzip(&vec![b' '; SITEMAP_BYTES_MAX + 4096]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(read(&bomb, &HINTS, 0).kind, SitemapKind::Unknown);
        let entities = "<!DOCTYPE u [<!ENTITY a \"http://a.org/\"><!ENTITY b \"&a;&a;\">]>\
            <urlset><url><loc>&b;x</loc></url><url><loc>http://a.org/y</loc></url></urlset>";
        assert_eq!(urls(&read(entities.as_bytes(), &HINTS, 0)).last().unwrap(), "http://a.org/y");
        let deep = format!("{}<url><loc>http://a.org/y</loc></url>", "<urlset>".repeat(100_000));
        assert!(read(deep.as_bytes(), &HINTS, 0).entries.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&payload, &HINTS, 0);
        }

        #[test]
        fn a_sitemap_cut_anywhere_gives_a_prefix_of_its_entries(at in 0..NEWS.len()) {
            let whole = urls(&read(NEWS.as_bytes(), &HINTS, 0));
            let mut at = at;
            while !NEWS.is_char_boundary(at) { at -= 1; }
            let cut = urls(&read(&NEWS.as_bytes()[..at], &HINTS, 0));
            prop_assert!(whole.starts_with(&cut), "{cut:?}");
        }
    }
}

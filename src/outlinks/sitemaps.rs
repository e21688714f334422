//! Sitemaps: what a site says it has (sitemaps.org protocol 0.9), with the news extension.
//!
//! Reads `urlset`, `sitemapindex`, plain-text lists, and feeds that stand in for a sitemap, each
//! gzipped or not, whatever its name and media type say. Reading never fails: a sitemap that was
//! cut gives the entries that were whole. The protocol's limits (50,000 addresses, 50 MB) bound
//! what is read; twice as many bytes are forgiven. That sitemaps name each other is for the caller
//! to see; each carries its depth, and indexes below [`INDEX_DEPTH_MAX`] name nothing more.
//!
//! Left out on purpose: `priority` and `changefreq`, which sites fill with constants, and images
//! and videos.

use std::borrow::Cow;
use std::io::Read;

use super::feeds::{self, resolve};
use super::xml::{self, Scanner, Token};
use crate::base::{TargetUri, Timestamp};
use crate::dates::parse_machine;
use crate::extract::{Hints, charset};

/// The most addresses of one sitemap that are read (sitemaps.org, "Sitemap file requirements").
pub const ENTRIES_MAX: usize = 50_000;
/// The most bytes of one sitemap, unpacked, that are read: twice what the protocol allows.
pub const SITEMAP_BYTES_MAX: usize = 100 * 1024 * 1024;
/// An index at this depth names no further sitemaps. The protocol allows no index in an index at
/// all; sites have them two deep.
pub const INDEX_DEPTH_MAX: u32 = 3;
/// The longest text of one element that is kept, in bytes.
const TEXT_BYTES_MAX: usize = 4 * 1024;

/// A page that a sitemap names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapEntry {
    /// The page.
    pub url: TargetUri,
    /// When the page was last changed, as the sitemap says.
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
    /// When it was last changed, as the index says.
    pub lastmod: Option<Timestamp>,
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SitemapKind {
    /// Pages.
    UrlSet,
    /// Further sitemaps.
    Index,
    /// One address a line.
    Text,
    /// A feed that stands in for one.
    Feed,
    /// None of these.
    #[default]
    Unknown,
}

/// What a sitemap says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sitemap {
    /// What it is.
    pub kind: SitemapKind,
    /// How many indexes lie above it: 0 for one that robots.txt or a job names.
    pub depth: u32,
    /// The pages it names, in its order.
    pub entries: Vec<SitemapEntry>,
    /// The sitemaps it names; their depth is one more.
    pub children: Vec<SitemapRef>,
    /// What was odd.
    pub notes: Vec<String>,
}

/// Reads a sitemap. `payload` is the body with its content coding undone; `depth` is how many
/// indexes lie above it.
#[must_use]
pub fn read(payload: &[u8], hints: &Hints<'_>, depth: u32) -> Sitemap {
    let mut map = Sitemap { depth, ..Sitemap::default() };
    let base = hints.url.and_then(|url| TargetUri::parse(url).ok());
    let payload = unpacked(payload, &mut map.notes);
    let first =
        payload.iter().find(|b| !b.is_ascii_whitespace() && !matches!(b, 0xef | 0xbb | 0xbf));
    let is_wide = matches!(payload.first(), Some(0 | 0xfe | 0xff));
    if first == Some(&b'<') || is_wide {
        if feeds::looks_like_feed(&payload, hints.content_type) {
            of_feed(&payload, hints, &mut map);
        } else {
            of_xml(&payload, hints, base.as_ref(), &mut map);
        }
    } else {
        of_text(&payload, hints, &mut map);
    }
    if map.kind == SitemapKind::Unknown {
        map.notes.push("this is no sitemap".to_owned());
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

/// The payload without gzip, which sitemaps come in whether they are declared so or not.
fn unpacked<'a>(payload: &'a [u8], notes: &mut Vec<String>) -> Cow<'a, [u8]> {
    let mut bytes = Cow::Borrowed(payload);
    // Twice at most: a .gz that was gzipped once more on its way.
    for _ in 0..2 {
        if !bytes.starts_with(&[0x1f, 0x8b]) {
            break;
        }
        let mut out = Vec::new();
        let limit = SITEMAP_BYTES_MAX as u64 + 1;
        let read =
            flate2::read::MultiGzDecoder::new(bytes.as_ref()).take(limit).read_to_end(&mut out);
        if let Err(why) = read {
            notes.push(format!("the gzip is cut or damaged: {why}"));
        }
        bytes = Cow::Owned(out);
    }
    if bytes.len() > SITEMAP_BYTES_MAX {
        notes.push(format!("only the first {SITEMAP_BYTES_MAX} bytes were read"));
        match &mut bytes {
            Cow::Borrowed(all) => *all = &all[..SITEMAP_BYTES_MAX],
            Cow::Owned(all) => all.truncate(SITEMAP_BYTES_MAX),
        }
    }
    bytes
}

/// What is being read of a `url` or `sitemap` element.
#[derive(Default)]
struct Draft {
    loc: String,
    lastmod: String,
    news_date: String,
    news_title: String,
}

fn of_xml(payload: &[u8], hints: &Hints<'_>, base: Option<&TargetUri>, map: &mut Sitemap) {
    let text = xml::decode(payload, hints.content_type, hints.url, &mut map.notes);
    let mut scanner = Scanner::new(&text);
    let mut draft = Draft::default();
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
                    "url" | "sitemap" => draft = Draft::default(),
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
                let slot = match (scanner.parent(), name.as_str()) {
                    ("url" | "sitemap", "loc") => Some(&mut draft.loc),
                    ("url" | "sitemap", "lastmod") => Some(&mut draft.lastmod),
                    ("news", "publication_date") => Some(&mut draft.news_date),
                    ("news", "title") => Some(&mut draft.news_title),
                    _ => None,
                };
                if let (Some(slot), true) = (slot, is_written) {
                    std::mem::swap(slot, &mut field);
                }
                field.clear();
                if matches!(name.as_str(), "url" | "sitemap") {
                    let draft = std::mem::take(&mut draft);
                    if !map.put(&name, &draft, base) {
                        unreadable += 1;
                    }
                    if map.entries.len() + map.children.len() >= ENTRIES_MAX {
                        map.notes.push(format!("only the first {ENTRIES_MAX} addresses were read"));
                        break;
                    }
                }
            }
        }
    }
    map.notes.extend(scanner.notes());
    if unreadable > 0 {
        map.notes.push(format!("{unreadable} entries without an address were left out"));
    }
}

impl Sitemap {
    fn put(&mut self, element: &str, draft: &Draft, base: Option<&TargetUri>) -> bool {
        let Some(url) = resolve(base, &draft.loc) else { return false };
        let lastmod = date(&draft.lastmod);
        if element == "sitemap" {
            if self.kind == SitemapKind::Unknown {
                self.kind = SitemapKind::Index;
            }
            self.children.push(SitemapRef { url, lastmod });
            return true;
        }
        if self.kind == SitemapKind::Unknown {
            self.kind = SitemapKind::UrlSet;
        }
        let title = draft.news_title.split_whitespace().collect::<Vec<_>>().join(" ");
        self.entries.push(SitemapEntry {
            url,
            lastmod,
            news_published: date(&draft.news_date),
            news_title: (!title.is_empty()).then_some(title),
        });
        true
    }
}

/// A W3C date (NOTE-datetime): year, month, day or an instant; and what sites write instead.
fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() || text.len() > 80 {
        return None;
    }
    Timestamp::parse(text).or_else(|| parse_machine(text).map(|found| found.instant))
}

fn of_text(payload: &[u8], hints: &Hints<'_>, map: &mut Sitemap) {
    // A page of words is no list: each line that is not empty must be an address, or all is taken
    // for something else.
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
        map.notes.push(format!("{wrong} lines are no address"));
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
        for (text, want) in [
            ("2025", Some("2025-01-01T00:00:00Z")),
            ("2025-11", Some("2025-11-01T00:00:00Z")),
            ("2025-11-05", Some("2025-11-05T00:00:00Z")),
            ("2025-11-05T10:20Z", Some("2025-11-05T10:20:00Z")),
            ("2025-11-05T10:20:30.45-05:00", Some("2025-11-05T15:20:30.45Z")),
            ("2025-11-05 10:20:30", Some("2025-11-05T10:20:30Z")),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(date(text), want.and_then(Timestamp::parse), "{text}");
        }
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
        // No address is half of one.
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

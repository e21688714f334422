//! Feeds and sitemaps that are nearly right: each folder of `tests/corpus/feeds/` is named by its fault, with
//! the bytes as they are served and what is read of them.

use std::fmt::Write as _;
use std::path::Path;

use pressmark::base::Timestamp;
use pressmark::extract::Hints;
use pressmark::outlinks::feeds::{self, FeedKind};
use pressmark::outlinks::sitemaps::{self, SitemapKind};

/// What is read of a payload, in the form of `expect.txt` after its empty line, and its kind.
fn read(payload: &[u8], url: &str, content_type: &str, is_sitemap: bool) -> (String, String) {
    let hints = Hints { url: Some(url), content_type: Some(content_type), status: Some(200) };
    let date = |at: Option<Timestamp>| match at {
        Some(at) if at == at.floor_second() => at.to_rfc3339(),
        Some(at) => at.to_warc_date(),
        None => "-".to_owned(),
    };
    let mut out = String::new();
    if is_sitemap {
        let map = sitemaps::read(payload, &hints, 0);
        let kind = match map.kind {
            SitemapKind::UrlSet => "urlset",
            SitemapKind::Index => "index",
            SitemapKind::Text => "text",
            SitemapKind::Feed => "feed",
            SitemapKind::Unknown => "none",
        };
        for child in &map.children {
            writeln!(out, "child: {}", child.url).unwrap();
        }
        for entry in &map.entries {
            let (published, lastmod) = (date(entry.news_published), date(entry.lastmod));
            let title = entry.news_title.as_deref().unwrap_or_default();
            writeln!(out, "{} | {title} | {published} | {lastmod}", entry.url).unwrap();
        }
        return (out, kind.to_owned());
    }
    let feed = feeds::read(payload, &hints);
    let kind = match feed.kind {
        Some(FeedKind::Rss) => "rss",
        Some(FeedKind::Atom) => "atom",
        Some(FeedKind::Json) => "json",
        None => "none",
    };
    for item in &feed.items {
        let (published, updated) = (date(item.published), date(item.updated));
        writeln!(out, "{} | {} | {published} | {updated}", item.url, item.title).unwrap();
    }
    (out, kind.to_owned())
}

#[test]
fn feeds_that_are_nearly_right_are_read_as_they_are_meant() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/feeds");
    let mut names: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    names.sort();
    assert!(names.len() >= 100, "only {} faults", names.len());
    let mut wrong = Vec::new();
    for path in &names {
        let name = path.file_name().unwrap().to_string_lossy();
        let payload = std::fs::read(path.join("body")).unwrap();
        let expect = std::fs::read_to_string(path.join("expect.txt")).unwrap();
        let (head, items) = expect.split_once("\n\n").unwrap_or((&expect, ""));
        let field = |key: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            line.unwrap_or_else(|| panic!("{name} has no {key}"))
        };
        assert!(field("source").len() > 2, "{name}");
        let children: String = head
            .lines()
            .filter(|line| line.starts_with("child: "))
            .map(|line| format!("{line}\n"))
            .collect();
        let want = format!("{children}{items}");
        let is_sitemap = name.starts_with("sitemap-");
        let (got, kind) = read(&payload, field("url"), field("content-type"), is_sitemap);
        if got != want || kind != field("kind") {
            wrong.push(format!("{name}: {kind}\n{got}for {}\n{want}", field("kind")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), names.len(), wrong.join("\n"));
}

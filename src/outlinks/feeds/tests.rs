use proptest::prelude::*;

use super::*;

const HINTS: Hints<'static> =
    Hints { url: Some("https://news.example.org/feeds/all.xml"), content_type: None, status: None };

fn at(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
}

fn lines(feed: &Feed) -> Vec<String> {
    let date = |at: Option<Timestamp>| at.map_or("-".to_owned(), |t| t.to_rfc3339());
    feed.items
        .iter()
        .map(|i| format!("{} | {} | {} | {}", i.url, i.title, date(i.published), date(i.updated)))
        .collect()
}

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"
     xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
  <title>The Example</title><link>https://news.example.org/</link>
  <atom:link rel="self" href="https://news.example.org/feeds/all.xml"/>
  <atom:link rel="next" href="?page=2"/>
  <image><title>Logo</title><link>https://news.example.org/logo</link></image>
  <item>
    <title>Mayor resigns &amp; leaves</title>
    <link>https://news.example.org/mayor?utm_source=rss</link>
    <guid isPermaLink="false">42</guid>
    <pubDate>Wed, 05 Nov 2025 10:00:00 -0500</pubDate>
    <atom:updated>2025-11-05T16:30:00Z</atom:updated>
    <description><![CDATA[<p>Text <br> with <title>tags</title></p>]]></description>
    <media:content url="https://news.example.org/a.jpg"><media:title>A picture</media:title></media:content>
    <itunes:duration>99999999999999999999999999:00:00</itunes:duration>
  </item>
  <item>
    <title>Second</title>
    <guid isPermaLink="true">https://news.example.org/second</guid>
    <dc:date>2025-11-04T08:00:00Z</dc:date>
  </item>
  <item><title>No address</title><guid>urn:x</guid></item>
</channel></rss>"#;

#[test]
fn rss_gives_items_with_addresses_and_dates() {
    let feed = read(RSS.as_bytes(), &HINTS);
    assert_eq!((feed.kind, feed.title.as_str()), (Some(FeedKind::Rss), "The Example"));
    assert_eq!(
        lines(&feed),
        [
            "https://news.example.org/mayor?utm_source=rss | Mayor resigns & leaves | 2025-11-05T15:00:00Z | 2025-11-05T16:30:00Z",
            "https://news.example.org/second | Second | 2025-11-04T08:00:00Z | -",
        ]
    );
    assert_eq!(feed.items[0].id.as_deref(), Some("42"));
    let next: Vec<String> = feed.next.iter().map(ToString::to_string).collect();
    assert_eq!(next, ["https://news.example.org/feeds/all.xml?page=2"]);
    assert_eq!(feed.notes, ["1 items without an address were left out"]);
}

#[test]
fn every_dialect_is_read() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://cdn.example.org/x/"><title type="html">A</title>
        <link rel="prev-archive" href="/2024.atom"/>
        <entry><id>tag:a,1</id><title>One</title><link rel="enclosure" href="/a.mp3"/><link rel="alternate" type="text/html" href="one"/>
          <published>2025-11-05T10:00:00Z</published><updated>2025-11-05T10:00:00Z</updated>
          <source><title>Elsewhere</title><id>z</id><updated>2020-01-01T00:00:00Z</updated></source>
          <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><title>no</title><link>no</link></div></content></entry>
        <entry><id>tag:a,2</id><title/><link href="two"/><updated>2025-11-06T10:00:00+02:00</updated></entry></feed>"#;
    let rdf = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="https://news.example.org/"><title>R</title><items><rdf:Seq><rdf:li resource="x"/></rdf:Seq></items></channel>
        <item rdf:about="https://news.example.org/r1"><title>Eins</title><dc:date>2025-11-05</dc:date></item></rdf:RDF>"#;
    let old = "<rss version='0.91'><channel><item><title>Old</title><link>/old</link></item></channel></rss>";
    let bare = "<rss><channel><item><title>Bare</title><link>/bare</link></item></channel></rss>";
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"J","next_url":"/feed2.json","items":[
        {"id":7,"url":"/j1","title":"Eins","date_published":"2025-11-05T10:00:00+01:00","date_modified":"2025-11-05T11:00:00+01:00"},
        {"id":"8","external_url":"https://else.example.org/j2","content_text":"x"}]}"#;
    let cases: [(&str, FeedKind, &[&str]); 5] = [
        (
            atom,
            FeedKind::Atom,
            &[
                "https://cdn.example.org/x/one | One | 2025-11-05T10:00:00Z | -",
                "https://cdn.example.org/x/two |  | - | 2025-11-06T08:00:00Z",
            ],
        ),
        (rdf, FeedKind::Rss, &["https://news.example.org/r1 | Eins | 2025-11-05T00:00:00Z | -"]),
        (old, FeedKind::Rss, &["https://news.example.org/old | Old | - | -"]),
        (bare, FeedKind::Rss, &["https://news.example.org/bare | Bare | - | -"]),
        (
            json,
            FeedKind::Json,
            &[
                "https://news.example.org/j1 | Eins | 2025-11-05T09:00:00Z | 2025-11-05T10:00:00Z",
                "https://else.example.org/j2 |  | - | -",
            ],
        ),
    ];
    for (text, kind, want) in cases {
        let feed = read(text.as_bytes(), &HINTS);
        assert_eq!(feed.kind, Some(kind), "{:?}", feed.notes);
        assert_eq!(lines(&feed), want, "{:?}", feed.notes);
        assert!(looks_like_feed(text.as_bytes(), None));
    }
    assert_eq!(
        read(json.as_bytes(), &HINTS).next[0].as_str(),
        "https://news.example.org/feed2.json"
    );
    assert_eq!(read(atom.as_bytes(), &HINTS).next[0].as_str(), "https://cdn.example.org/2024.atom");
    assert_eq!(read(json.as_bytes(), &HINTS).items[0].id.as_deref(), Some("7"));
}

#[test]
fn a_feed_cut_in_the_middle_still_gives_its_items() {
    let end = RSS.find("<dc:date>").unwrap();
    let feed = read(&RSS.as_bytes()[..end], &HINTS);
    assert_eq!(feed.items.len(), 2);
    let end = RSS.find("utm_source").unwrap();
    // The address was truncated, and half an address is a different address.
    assert_eq!(read(&RSS.as_bytes()[..end], &HINTS).items.len(), 0);
    let json = r#"{"version":"https://jsonfeed.org/version/1","title":"J","items":[{"url":"/a","title":"\"}]"},{"url":"/b"},{"url":"/c"#;
    assert_eq!(read(json.as_bytes(), &HINTS).items.len(), 2);
}

#[test]
fn broken_feeds_are_salvaged() {
    for (text, want) in [
        // An ampersand in an address, a tag that is never closed, a stray end.
        (
            "<rss version='2.0'><channel><item><link>/a?b=1&c=2</link><description>x<br>y</description><title>T</title></item></channel></rss>",
            vec!["https://news.example.org/a?b=1&c=2 | T | - | -"],
        ),
        (
            "<rss version='2.0'><channel><item><title>A</title><link>/a</link><item><title>B</title><link>/b</link></item></channel></rss>",
            vec![
                "https://news.example.org/a | A | - | -",
                "https://news.example.org/b | B | - | -",
            ],
        ),
        (
            "\n junk <rss version='2.0'><channel></b><item><title>A</title><link>/a</link></item>",
            vec!["https://news.example.org/a | A | - | -"],
        ),
        (
            "<rss version='2.0'><channel><item><title>A</title><link>/a</link></item><item><title <link>/b</link></item><item><link>/c</link></item></channel></rss>",
            vec!["https://news.example.org/a | A | - | -", "https://news.example.org/c |  | - | -"],
        ),
    ] {
        let feed = read(text.as_bytes(), &HINTS);
        let got = lines(&feed);
        for line in want {
            assert!(got.iter().any(|l| l == line), "{text}\n{got:?} {:?}", feed.notes);
        }
    }
}

#[test]
fn odd_charsets_are_undone() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><rss version='2.0'><channel><title>Caf\xe9</title><item><link>/a</link></item></channel></rss>";
    assert_eq!(read(latin, &HINTS).title, "Café");
    let hints = Hints { content_type: Some("text/xml; charset=windows-1251"), ..HINTS };
    let cyrillic = b"<rss version='2.0'><channel><title>\xcc\xe8\xf0</title><item><link>/a</link></item></channel></rss>";
    assert_eq!(read(cyrillic, &hints).title, "Мир");
}

#[test]
fn what_is_no_feed_gives_no_items_and_a_note() {
    for text in [
        "",
        "<html><body><p>404</p></body></html>",
        "{}",
        "{\"version\":\"1\"}",
        "plain",
        "<",
        "{\"items\":[{",
    ] {
        let feed = read(text.as_bytes(), &HINTS);
        assert!(feed.items.is_empty() && !feed.notes.is_empty(), "{text}: {feed:?}");
        assert!(!looks_like_feed(text.as_bytes(), None), "{text}");
    }
}

#[test]
fn a_feed_without_end_is_bounded() {
    let items = "<item><link>/a</link></item>".repeat(ITEMS_MAX + 5);
    let feed = read(format!("<rss version='2.0'><channel>{items}").as_bytes(), &HINTS);
    assert_eq!(feed.items.len(), ITEMS_MAX);
    let long = format!(
        "<rss version='2.0'><channel><item><title>{}</title><link>/a</link></item></channel></rss>",
        "x".repeat(1 << 20)
    );
    let feed = read(long.as_bytes(), &HINTS);
    assert_eq!(feed.items.len(), 1);
    assert!(feed.items[0].title.len() <= TITLE_BYTES_MAX);
}

#[test]
fn an_item_without_a_change_has_no_change_date() {
    let item = |published, updated| FeedItem {
        url: TargetUri::parse("https://a.org/").unwrap(),
        title: String::new(),
        published,
        updated,
        id: None,
    };
    let (old, new) = (at("2025-11-05"), at("2025-11-06"));
    assert_eq!(item(old, new).changed_at(), new);
    assert_eq!(item(old, None).changed_at(), old);
    assert_eq!(item(None, None).changed_at(), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&payload, &HINTS);
    }

    #[test]
    fn a_feed_damaged_anywhere_is_read(cuts in proptest::collection::vec((0..RSS.len(), any::<u8>()), 1..8), end in 0..RSS.len()) {
        let mut bytes = RSS.as_bytes().to_vec();
        for (at, byte) in cuts { bytes[at] = byte; }
        bytes.truncate(end);
        let feed = read(&bytes, &HINTS);
        prop_assert!(feed.items.len() <= 3);
    }
}

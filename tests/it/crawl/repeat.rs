//! What is requested again, and what is stored of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pressmark::archive::RecordKind;
use pressmark::base::Timestamp;

use super::{text, web};
use crate::support::archive::{Archive, Kept};
use crate::support::web::{Reply, Web};

const URL: &str = "http://a.example/story";
const HOUR: Duration = Duration::from_secs(3600);

/// A story with validators, which is edited when `edition` is moved on.
fn story(web: &Web, edition: &Arc<AtomicUsize>) {
    let edition = Arc::clone(edition);
    let answer = move |request: &str, _| {
        let edition = edition.load(Ordering::SeqCst);
        let tag = format!("\"edition-{edition}\"");
        let fresh = request.lines().any(|l| *l == format!("If-None-Match: {tag}"));
        let validators =
            format!("ETag: {tag}\r\nLast-Modified: Tue, 04 Nov 2025 0{edition}:00:00 GMT\r\n");
        if fresh {
            return format!("HTTP/1.1 304 Not Modified\r\n{validators}\r\n").into_bytes();
        }
        let body = format!(
            "<html><head><title>Bridge closed</title></head><body><article><h1>Bridge closed</h1>\
             <p>The bridge was closed on Monday after an inspection found {} cracks.</p>\
             <p>The council said that repairs would take until the spring of next year.</p>\
             </article></body></html>",
            edition + 3
        );
        format!(
            "HTTP/1.1 200 OK\r\n{validators}Content-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    };
    web.on("a.example", "/story", Reply::Made(Arc::new(answer)));
}

/// The records about the story that are not requests, in order.
fn events(records: &[Kept]) -> Vec<&Kept> {
    records.iter().filter(|r| r.is("response", URL) || r.is("revisit", URL)).collect()
}

#[test]
fn a_page_that_did_not_change_becomes_a_revisit_of_the_capture_that_holds_it() {
    let mut archive = Archive::new();
    let web = web(&mut archive, &["a.example"]);
    let edition = Arc::new(AtomicUsize::new(1));
    story(&web, &edition);
    let first = archive.crawl(&[URL]);
    assert_eq!((first.new, first.not_modified), (2, 0));
    for _ in 0..2 {
        archive.later(HOUR);
        let again = archive.crawl(&[URL]);
        assert_eq!((again.new, again.not_modified), (0, 1), "{again:?}");
    }
    edition.store(2, Ordering::SeqCst);
    archive.later(HOUR);
    let edited = archive.crawl(&[URL]);
    assert_eq!((edited.new, edited.not_modified, edited.versions), (1, 0, 1), "{edited:?}");
    assert!(edited.changes >= 1);
    archive.later(HOUR);
    archive.crawl(&[URL]);

    let asked = web.asked();
    let condition = |n: usize| {
        let text = String::from_utf8_lossy(&asked[n].bytes).into_owned();
        let of = |name: &str| {
            text.lines().find_map(|l| l.strip_prefix(name)).unwrap_or("-").trim().to_owned()
        };
        (of("If-None-Match:"), of("If-Modified-Since:"))
    };
    let date = |edition: u8| format!("Tue, 04 Nov 2025 0{edition}:00:00 GMT");
    assert_eq!(condition(1), ("-".to_owned(), "-".to_owned()));
    for n in 2..=4 {
        assert_eq!(condition(n), ("\"edition-1\"".to_owned(), date(1)), "request {n}");
    }
    assert_eq!(condition(5), ("\"edition-2\"".to_owned(), date(2)));

    let records = archive.records();
    let events = events(&records);
    let kinds: Vec<String> = events.iter().map(|r| r.field("WARC-Type")).collect();
    assert_eq!(kinds, ["response", "revisit", "revisit", "response", "revisit"]);
    for (revisit, original) in [(1, 0), (2, 0), (4, 3)] {
        let (revisit, original) = (events[revisit], events[original]);
        assert_eq!(
            revisit.field("WARC-Profile"),
            "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
        );
        refers(revisit, original);
        assert!(revisit.block.starts_with(b"HTTP/1.1 304 Not Modified\r\n"));
    }
    // The payload is that of the original.
    let reader = archive.reader();
    let captures = archive_captures(&archive);
    assert_eq!(captures.len(), 5);
    let payload = |n: usize| reader.load(&captures[n]).unwrap().decoded(1 << 20).unwrap();
    assert_eq!(payload(0), payload(2));
    assert_ne!(payload(2), payload(4));
    assert_eq!(payload(3), payload(4));
    drop(reader);
    assert_eq!(archive.findings(), Vec::<String>::new());
}

fn archive_captures(archive: &Archive) -> Vec<pressmark::archive::Capture> {
    archive.captures(URL)
}

/// Every field by which a revisit names its original, and the original's digest.
fn refers(revisit: &Kept, original: &Kept) {
    assert_eq!(revisit.field("WARC-Refers-To"), original.field("WARC-Record-ID"));
    assert_eq!(revisit.field("WARC-Refers-To-Target-URI"), original.field("WARC-Target-URI"));
    assert_eq!(revisit.field("WARC-Refers-To-Date"), original.field("WARC-Date"));
    assert_eq!(revisit.field("WARC-Payload-Digest"), original.field("WARC-Payload-Digest"));
    let micros = original.field("WARC-Date");
    assert!(Timestamp::parse(&micros).is_some() && micros.len() == 27, "{micros}");
}

#[test]
fn a_payload_already_stored_under_another_url_becomes_a_revisit() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["a.example", "b.example"]);
    text(&web, "a.example", "/one", "the same words");
    text(&web, "b.example", "/two", "the same words");
    archive.crawl(&["http://a.example/one"]);
    archive.later(HOUR);
    let second = archive.crawl(&["http://b.example/two"]);
    assert_eq!((second.new, second.revisits), (1, 1), "robots.txt and the page: {second:?}");
    let records = archive.records();
    let find = |kind: &str, url: &str| records.iter().find(|r| r.is(kind, url)).unwrap();
    let original = find("response", "http://a.example/one");
    let revisit = find("revisit", "http://b.example/two");
    assert_eq!(
        revisit.field("WARC-Profile"),
        "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    );
    refers(revisit, original);
    // The head is its own, and the body is omitted.
    assert!(revisit.block.ends_with(b"\r\n\r\n"));
    let captures = archive.captures("http://b.example/two");
    assert_eq!(captures[0].kind, RecordKind::Revisit);
    let loaded = archive.reader().load(&captures[0]).unwrap();
    assert_eq!(loaded.decoded(100).unwrap(), b"the same words");
    assert_eq!(archive.findings(), Vec::<String>::new());
}

#[test]
fn a_url_named_twice_is_asked_once_in_a_run_and_again_in_the_next() {
    let mut archive = Archive::new().in_a_hurry();
    let web = web(&mut archive, &["a.example"]);
    text(&web, "a.example", "/one", "one");
    archive.crawl(&["http://a.example/one", "http://a.example/one", "http://A.example:80/one"]);
    assert_eq!(super::targets(&web, "a.example"), ["/robots.txt", "/one"]);
    archive.crawl(&["http://a.example/one"]);
    assert_eq!(super::targets(&web, "a.example"), ["/robots.txt", "/one", "/one"]);
}

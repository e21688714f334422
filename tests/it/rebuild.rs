//! The index is deleted, truncated, overwritten: every query answers the same afterwards.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pressmark::base::{Clock, ManualClock};
use pressmark::crawl::{Job, Stop};

use crate::support::archive::{Archive, job};
use crate::support::cli::{pressmark, stderr};
use crate::support::web::{Reply, Web, ok};

const HOSTS: [&str; 3] = ["news.example", "www.news.example", "other.example"];

/// An archive with several files, versions, revisits of both kinds, redirects, a truncated response and
/// a failure.
fn archive() -> Archive {
    let mut archive = Archive::new().in_a_hurry().set("warc.file_bytes_max=20 KiB");
    let clock: Arc<ManualClock> = Arc::clone(&archive.clock);
    let web = Web::start(clock.clone() as Arc<dyn Clock>);
    archive.resolve = web.resolve(&HOSTS);
    archive.resolve.push("gone.example:80:127.0.0.1:1".to_owned());
    for host in HOSTS {
        let links: String =
            (0..12).map(|n| format!("<a href=\"/p/{n}?q=a&b={n}\">{n}</a>")).collect();
        web.page(host, "/", &format!("<title>{host}</title><body>{links}</body>"));
        for n in 0..12 {
            let (host_name, clock) = (host.to_owned(), Arc::clone(&clock));
            let answer = move |request: &str, _: usize| {
                // Pages below 4 are always new, pages below 8 answer "not modified".
                let stamp = if n < 4 { clock.now().to_stamp14() } else { String::new() };
                if (4..8).contains(&n) && request.contains("\r\nIf-None-Match: \"fixed\"\r\n") {
                    return b"HTTP/1.1 304 Not Modified\r\nETag: \"fixed\"\r\n\r\n".to_vec();
                }
                let same = n >= 10;
                let who = if same { "everyone" } else { &host_name };
                let body = format!("<title>{n}</title><p>Page {n} of {who} {stamp}</p>").repeat(20);
                format!(
                    "HTTP/1.1 200 OK\r\nETag: \"fixed\"\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes()
            };
            web.on(host, &format!("/p/{n}?q=a&b={n}"), Reply::Made(Arc::new(answer)));
        }
        let moved =
            b"HTTP/1.1 301 Moved\r\nLocation: /p/1?q=a&b=1\r\nContent-Length: 5\r\n\r\nmoved";
        web.on(host, "/moved", Reply::Bytes(moved.to_vec()));
        let cut = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900\r\n\r\ncut"
            .to_vec();
        web.on(host, "/cut", Reply::BytesThenClose(cut));
        web.on(host, "/picture", Reply::Bytes(ok("image/png", &[7; 3000])));
    }
    let mut urls = Vec::new();
    for host in HOSTS {
        urls.extend(["/", "/moved", "/cut", "/picture"].map(|p| format!("http://{host}{p}")));
    }
    urls.push("http://gone.example/".to_owned());
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    for _ in 0..4 {
        archive.run(&Job { depth: 1, ..job(&urls) }, &Stop::default());
        archive.later(Duration::from_secs(30 * 3600));
    }
    archive
}

/// Every query of the index, in every form.
const QUERIES: &[&[&str]] = &[
    &["captures", "http://news.example/p/1?q=a&b=1"],
    &["captures", "http://news.example/p/5?b=5&q=a", "--format", "json"],
    &["captures", "http://www.news.example/p/11?q=a&b=11", "--format", "cdxj"],
    &["captures", "http://news.example/p/", "--match", "prefix", "--format", "cdxj"],
    &["captures", "http://news.example/", "--match", "host", "--format", "cdx"],
    &["captures", "http://example/", "--match", "domain", "--format", "json"],
    &[
        "captures",
        "http://example/",
        "--match",
        "domain",
        "--from",
        "20251106",
        "--to",
        "20251107",
        "--format",
        "cdxj",
    ],
    &[
        "captures",
        "http://example/",
        "--match",
        "domain",
        "--filter",
        "!=status:200",
        "--format",
        "json",
    ],
    &[
        "captures",
        "http://example/",
        "--match",
        "domain",
        "--filter",
        "~mime:image/.*",
        "--limit",
        "2",
        "--format",
        "json",
    ],
    &["captures", "http://gone.example/robots.txt"],
    &["show", "http://news.example/p/1?q=a&b=1", "--at", "20251107", "--as", "http"],
    &["show", "http://news.example/p/5?q=a&b=5", "--at", "20251108", "--as", "html"],
    &["show", "http://other.example/p/10?q=a&b=10", "--as", "record"],
    &["show", "http://other.example/p/10?q=a&b=10", "--as", "json"],
    &["history", "http://news.example/p/2?q=a&b=2", "--format", "json"],
    &["captures", "http://nowhere.example/"],
];

type Answers = Vec<(Option<i32>, Vec<u8>)>;

fn answers(root: &Path, label: &str) -> Answers {
    let asked = QUERIES.iter().map(|args| {
        let output = pressmark(root, args);
        assert!(!stderr(&output).contains("panicked"), "{label}: {args:?}: {}", stderr(&output));
        (output.status.code(), output.stdout)
    });
    asked.collect()
}

fn compare(root: &Path, expected: &Answers, label: &str) {
    for ((args, expected), got) in QUERIES.iter().zip(expected).zip(answers(root, label)) {
        assert!(
            *expected == got,
            "{label}: {args:?}: exit {:?}, expected {:?}:\n{}\nexpected\n{}",
            got.0,
            expected.0,
            String::from_utf8_lossy(&got.1),
            String::from_utf8_lossy(&expected.1)
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn each_file(dir: &Path, act: &dyn Fn(&Path)) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            each_file(&entry.path(), act);
        } else {
            act(&entry.path());
        }
    }
}

fn edit(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// The damages to `index/`, by name.
#[expect(clippy::type_complexity, reason = "a table")]
const DAMAGE: &[(&str, fn(&Path))] = &[
    ("deleted", |index| fs::remove_dir_all(index).unwrap()),
    ("emptied", |index| {
        fs::remove_dir_all(index).unwrap();
        fs::create_dir(index).unwrap();
    }),
    ("a file in its place", |index| {
        fs::remove_dir_all(index).unwrap();
        fs::write(index, b"no directory").unwrap();
    }),
    ("every file empty", |index| each_file(index, &|path| fs::write(path, b"").unwrap())),
    ("the log cut in the middle", |index| {
        edit(&index.join("db"), |bytes| bytes.truncate(bytes.len() / 2));
    }),
    ("the log cut by a byte", |index| {
        edit(&index.join("db"), |bytes| bytes.truncate(bytes.len().saturating_sub(1)));
    }),
    ("garbage in every file", |index| {
        each_file(index, &|path| edit(path, |bytes| bytes.iter_mut().for_each(|b| *b ^= 0x5a)));
    }),
    ("a byte flipped early", |index| edit(&index.join("db"), |bytes| flip(bytes, 1, 10))),
    ("a byte flipped in the middle", |index| edit(&index.join("db"), |bytes| flip(bytes, 1, 2))),
    ("a byte flipped late", |index| edit(&index.join("db"), |bytes| flip(bytes, 9, 10))),
    ("its parameters gone", |index| fs::remove_file(index.join("conf")).unwrap()),
    ("leftovers beside it", |index| {
        fs::write(index.join("snap.00000000000000FF"), b"of another day").unwrap();
        fs::write(index.join("snap.generating.1"), b"half").unwrap();
    }),
];

fn flip(bytes: &mut [u8], numerator: usize, denominator: usize) {
    // The first non-zero byte at or after the place: the log has long empty runs.
    let at = bytes.len() * numerator / denominator;
    if let Some(byte) = bytes.iter_mut().skip(at).find(|b| **b != 0) {
        *byte ^= 0x40;
    }
}

#[test]
fn every_query_answers_the_same_whatever_happened_to_the_index() {
    let archive = archive();
    let root = archive.root();
    let expected = answers(&root, "untouched");
    let codes: Vec<_> = expected.iter().map(|(code, _)| *code).collect();
    let (nowhere, found) = codes.split_last().unwrap();
    assert!(found.iter().all(|c| *c == Some(0)), "{codes:?}");
    assert_eq!(*nowhere, Some(3));
    compare(&root, &expected, "asked again");
    for (label, damage) in DAMAGE {
        let dir = tempfile::tempdir().unwrap();
        let copied = dir.path().join("archive");
        copy(&root, &copied);
        damage(&copied.join("index"));
        compare(&copied, &expected, label);
        let verified = pressmark(&copied, &["verify"]);
        assert_eq!(verified.status.code(), Some(0), "{label}: {}", stderr(&verified));
    }
}

#[test]
fn reindex_builds_the_same_index_from_the_files_alone() {
    let archive = archive();
    let root = archive.root();
    let expected = answers(&root, "untouched");
    for (label, damage) in DAMAGE.iter().take(3).chain([&("untouched", (|_| {}) as fn(&Path))]) {
        damage(&root.join("index"));
        let done = pressmark(&root, &["reindex"]);
        assert_eq!(done.status.code(), Some(0), "{label}: {}", stderr(&done));
        compare(&root, &expected, label);
    }
}

#[test]
fn a_clock_that_was_set_back_takes_no_earlier_files_name() {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&["news.example"]);
    web.page("news.example", "/a", "<p>One.</p>");
    web.page("news.example", "/b", "<p>Two.</p>");
    archive.crawl(&["http://news.example/a"]);
    let before = archive.records().len();
    // The manual clock has not moved: the second file would have the name of the first.
    archive.crawl(&["http://news.example/b"]);
    assert!(archive.records().len() > before);
    assert_eq!(archive.captures("http://news.example/a").len(), 1);
    assert_eq!(archive.captures("http://news.example/b").len(), 1);
    assert_eq!(archive.findings(), Vec::<String>::new());
}

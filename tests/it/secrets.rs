//! Secrets are sent to their recipient, and shown to no one else.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pressmark::base::{Clock, SystemClock};

use crate::support::archive::files;
use crate::support::cli::{command, crawl, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web, ok};

const SECRET: &str = "hunter2";
/// `ann:hunter2`, as RFC 7617 writes it.
const CODED: &str = "YW5uOmh1bnRlcjI=";

fn web() -> (Web, Vec<String>) {
    let web = Web::start(Arc::new(SystemClock) as Arc<dyn Clock>);
    let resolve = web.resolve(&["a.example", "b.example"]);
    (web, resolve)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Every file below a directory whose bytes hold a text, WARC files unpacked.
fn holding(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let Ok(mut bytes) = std::fs::read(&path) else { continue };
            if path.extension().is_some_and(|e| e == "gz") {
                let mut raw = Vec::new();
                let mut input = flate2::read::MultiGzDecoder::new(bytes.as_slice());
                std::io::copy(&mut input, &mut raw).unwrap();
                bytes = raw;
            }
            if memchr::memmem::find(&bytes, text.as_bytes()).is_some() {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn a_password_in_a_url_is_sent_once_and_stands_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let (web, resolve) = web();
    let body =
        ok("text/html", b"<title>x</title><a href='/other'>other</a><p>Text of the page.</p>");
    web.on("a.example", "/page?x=1", Reply::Bytes(body));
    web.page("a.example", "/other", "<p>Another page.</p>");
    let mut command = crawl(&root, &resolve);
    command.args(["--depth", "1", "http://ann:hunter2@a.example/page?x=1"]);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    let mut sent = 0;
    for asked in web.asked() {
        let text = String::from_utf8_lossy(&asked.bytes).into_owned();
        assert!(!text.contains(SECRET), "{text}");
        let times = text.matches(&format!("Authorization: Basic {CODED}\r\n")).count();
        assert_eq!(times, usize::from(asked.target == "/page?x=1"), "{text}");
        sent += times;
    }
    assert_eq!(sent, 1);
    // Nowhere as it was typed: not in the archive, its index, its queue, its logs, its listings.
    assert_eq!(holding(&root, SECRET), Vec::<PathBuf>::new());
    // The sent form is only in the one request record.
    let held = holding(&root, CODED);
    assert!(held.iter().all(|path| path.parent().unwrap().ends_with("warc")), "{held:?}");
    for args in [
        &["captures", "http://a.example/page?x=1", "--format", "json"][..],
        &["status"],
        &["due"],
        &["show", "http://ann:hunter2@a.example/page?x=1"],
    ] {
        let shown = pressmark(&root, args);
        assert!(shown.status.success(), "{args:?}: {}", stderr(&shown));
        assert!(!stdout(&shown).contains(SECRET) && !stderr(&shown).contains(SECRET), "{args:?}");
    }
    assert!(stdout(&done).contains("2 fetched") || stdout(&done).contains("3 fetched"));
}

#[test]
fn a_feed_with_a_password_in_its_url_is_asked_for_with_it_at_every_look() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    let (web, resolve) = web();
    let feed =
        "<rss version='2.0'><channel><item><link>http://a.example/1</link></item></channel></rss>";
    web.on("a.example", "/feed", Reply::Bytes(ok("application/rss+xml", feed.as_bytes())));
    web.page("a.example", "/1", "<p>One.</p>");
    let job = dir.path().join("job.toml");
    std::fs::write(&job, "name = \"a\"\nfeeds = [\"http://ann:hunter2@a.example/feed\"]\n")
        .unwrap();
    for _ in 0..2 {
        let done = crawl(&root, &resolve).arg("--job").arg(&job).output().unwrap();
        assert!(done.status.success(), "{}", stderr(&done));
        assert!(!stdout(&done).contains(SECRET) && !stderr(&done).contains(SECRET));
    }
    let asked = web.asked();
    let feeds: Vec<_> = asked.iter().filter(|a| a.target == "/feed").collect();
    assert_eq!(feeds.len(), 2);
    for asked in &asked {
        let has = String::from_utf8_lossy(&asked.bytes).contains(CODED);
        assert_eq!(has, asked.target == "/feed", "{}", asked.target);
    }
    assert_eq!(holding(&root, SECRET), Vec::<PathBuf>::new());
}

#[test]
fn files_that_hold_credentials_and_logs_are_for_their_owner() {
    let dir = tempfile::tempdir().unwrap();
    let (web, resolve) = web();
    web.page("a.example", "/", "<p>One.</p>");
    web.page("b.example", "/", "<p>Two.</p>");
    let plain = dir.path().join("plain");
    let done = crawl(&plain, &resolve).arg("http://b.example/").output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    assert_eq!(mode(&files(&plain)[0]) & 0o044, 0o044, "what is public may be read");
    assert_eq!(mode(&plain.join("logs/crawl.log")), 0o600);
    // By a file of credentials, and by a URL.
    let secrets = dir.path().join("secrets.toml");
    std::fs::write(&secrets, "[\"a.example\"]\ncookies = \"s=hunter2\"\nin_clear = true\n")
        .unwrap();
    std::fs::set_permissions(&secrets, std::fs::Permissions::from_mode(0o600)).unwrap();
    let job = dir.path().join("job.toml");
    let text = "name = \"a\"\nseeds = [\"http://b.example/\", \"http://a.example/\"]\n\
                credentials_file = \"secrets.toml\"\n";
    std::fs::write(&job, text).unwrap();
    let by_file = dir.path().join("by-file");
    let done = crawl(&by_file, &resolve).arg("--job").arg(&job).output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    let by_url = dir.path().join("by-url");
    let done = crawl(&by_url, &resolve).arg("http://ann:hunter2@a.example/").output().unwrap();
    assert!(done.status.success(), "{}", stderr(&done));
    for root in [by_file, by_url] {
        let files = files(&root);
        assert_eq!(files.len(), 1);
        assert_eq!(mode(&files[0]), 0o600, "{}", root.display());
    }
    // The permissions of a log of an earlier version, readable by all, are narrowed; group permissions stay.
    let log = plain.join("logs/crawl.log");
    for (before, after) in [(0o644, 0o600), (0o640, 0o640)] {
        std::fs::set_permissions(&log, std::fs::Permissions::from_mode(before)).unwrap();
        crawl(&plain, &resolve).arg("http://b.example/").output().unwrap();
        assert_eq!(mode(&log), after, "{before:o}");
    }
}

#[test]
fn config_show_masks_what_is_secret() {
    let dir = tempfile::tempdir().unwrap();
    for format in ["text", "json"] {
        let shown = command(&dir.path().join("archive"))
            .args(["config", "show", "--format", format])
            .args(["--set", "capture.proxy=http://ann:hunter2@proxy.example:3128"])
            .args(["--set", "notify.webhook=https://hooks.example/T0/hunter2"])
            .output()
            .unwrap();
        assert!(shown.status.success(), "{}", stderr(&shown));
        let text = stdout(&shown);
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains("proxy.example:3128") && text.contains("hooks.example"), "{text}");
    }
}

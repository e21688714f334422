//! A server that sends some of its readers something else, captured by two archives with the binary; and the furniture of
//! 200 pages.

use std::sync::Arc;

use pressmark::base::{DigestAlgorithm, SystemClock};
use pressmark::history::read_page;
use pressmark::peer::Verdict;
use pressmark::peer::verdict::{Captured, Judged, judge, shown};
use serde_json::Value;

use super::pages::{altered, page, page_of, story};
use super::{Server, add, keys};
use crate::support::cli::{command, crawl, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web, ok};

const HOST: &str = "courier.example";
const WHAT: [&str; 3] = ["text", "figure", "quotation"];
const BY: [&str; 3] = ["address", "language", "user-agent"];

fn judged(ours: &str, theirs: &str, number: usize) -> Judged {
    let url = format!("http://{HOST}/{number}");
    let html = Some("text/html; charset=utf-8");
    let read = |text: &str| {
        let page = read_page(text.as_bytes(), &url, html, Some(200));
        (page, DigestAlgorithm::Sha256.digest(text.as_bytes()), shown(text.as_bytes(), html, &url))
    };
    let (a, b) = (read(ours), read(theirs));
    let side =
        |of: &'_ (pressmark::extract::page::Page, pressmark::base::Digest, u64)| (of.1, of.2);
    let ((a_digest, a_shown), (b_digest, b_shown)) = (side(&a), side(&b));
    let captured = |page, digest, shown| Captured {
        page,
        url: &url,
        status: Some(200),
        redirected_to: None,
        digest,
        shown,
        truncated: false,
    };
    judge(&captured(&a.0, a_digest, a_shown), &captured(&b.0, b_digest, b_shown))
}

/// 200 pages in ten templates, each fetched twice with other furniture: at most two alarms. On each of them, a planted
/// difference is found under other furniture.
#[test]
fn furniture_raises_no_alarm_and_hides_nothing() {
    let (mut alarms, mut missed, mut planted) = (Vec::new(), Vec::new(), 0);
    for number in 0..200 {
        let ours = page(number, 1);
        let found = judged(&ours, &page(number, 1_000 + number as u64), number);
        assert_ne!(found.verdict, Verdict::SameText, "page {number} has other furniture");
        if found.verdict != Verdict::FurnitureOnly {
            alarms.push((number, found.verdict, found.comparison.changes));
        }
        // One kind on each page, so that the test stays short.
        let what = WHAT[number % 3];
        planted += 1;
        let theirs = page_of(&altered(number, what), number % 10, 5_000 + number as u64);
        let found = judged(&ours, &theirs, number);
        if found.verdict != Verdict::Differs {
            missed.push((number, what, found.verdict));
        }
    }
    println!(
        "200 pages: {} alarms, {} of {planted} planted differences missed",
        alarms.len(),
        missed.len()
    );
    assert!(alarms.len() <= 2, "{} alarms: {alarms:#?}", alarms.len());
    assert!(missed.is_empty(), "{missed:?}");
}

/// A web of pages that each differ by one method; `is_other` is the web that another part of the world
/// receives.
fn web(is_other: bool) -> Web {
    let web = Web::start(Arc::new(SystemClock));
    web.on(HOST, "/robots.txt", Reply::Bytes(ok("text/plain", b"")));
    let mut number = 0;
    for by in BY {
        for what in WHAT {
            let made = move |request: &str, _: usize| {
                let request = request.to_lowercase();
                let cloaks = match by {
                    "address" => is_other,
                    "language" => request.contains("accept-language: de"),
                    _ => request.contains("user-agent: otherbot"),
                };
                let story = if cloaks { altered(number, what) } else { story(number) };
                let seed = if is_other { 77 } else { 11 };
                ok("text/html; charset=utf-8", page_of(&story, number % 10, seed).as_bytes())
            };
            web.on(HOST, &format!("/{by}/{what}"), Reply::Made(Arc::new(made)));
            number += 1;
        }
    }
    // The same number of pages that are equal for all readers.
    for number in 20..24 {
        let seed = if is_other { 78 } else { 12 };
        let made =
            move |_: &str, _: usize| ok("text/html; charset=utf-8", page(number, seed).as_bytes());
        web.on(HOST, &format!("/plain/{number}"), Reply::Made(Arc::new(made)));
    }
    web
}

#[test]
fn two_archives_find_what_a_server_sends_only_to_some() {
    let dir = tempfile::tempdir().unwrap();
    let (ours, theirs) = (dir.path().join("ours"), dir.path().join("theirs"));
    let mut urls: Vec<String> = BY
        .iter()
        .flat_map(|by| WHAT.iter().map(move |what| format!("http://{HOST}/{by}/{what}")))
        .collect();
    urls.extend((20..24).map(|number| format!("http://{HOST}/plain/{number}")));
    let (here, there) = (web(false), web(true));
    for (root, web, sets) in [
        (&ours, &here, ["capture.accept_language=en", "identity.user_agent=OurBot/1.0"]),
        (&theirs, &there, ["capture.accept_language=de", "identity.user_agent=OtherBot/1.0"]),
    ] {
        let mut crawl = crawl(root, &web.resolve(&[HOST]));
        for set in sets {
            crawl.args(["--set", set]);
        }
        let done = crawl.args(&urls).output().unwrap();
        assert!(done.status.success(), "{}", stderr(&done));
    }
    let (our_keys, their_keys) = (keys(&ours), keys(&theirs));
    // A token excludes all clients but peers, which sign.
    let server = Server::start(&theirs, &["--set", "serve.token=secret"]);
    add(&theirs, "ours", "http://nowhere.example/", &our_keys, &[HOST]);
    add(&ours, "theirs", &server.url, &their_keys, &[HOST]);
    let bundles = dir.path().join("bundles");
    let compare = |args: &[&str]| {
        let mut compare = command(&ours);
        compare.args(["peer", "compare"]).args(args);
        compare.output().unwrap()
    };
    let found =
        compare(&["--format", "json", "--exit-code", "--bundles", bundles.to_str().unwrap()]);
    assert_eq!(found.status.code(), Some(4), "{}", stderr(&found));
    let lines = json_lines(&found);
    assert_eq!(lines.len(), urls.len(), "{lines:#?}");
    let schemas = crate::schemas::schemas();
    let listed = json_lines(&pressmark(&ours, &["peer", "list", "--format", "json"]));
    assert_eq!(schemas.problems("peer.json", &listed[0]), Vec::<String>::new());
    for line in &lines {
        assert_eq!(schemas.problems("comparison.json", line), Vec::<String>::new());
        let url = line["url"].as_str().unwrap();
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let expected = if url.contains("/plain/") { "furniture-only" } else { "differs" };
        assert_eq!(text("verdict"), expected, "{url}: {line:#}");
        assert_eq!(line["theirs"]["asked_with"]["user_agent"], "OtherBot/1.0");
        let kinds: Vec<&str> = line["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["kind"].as_str().unwrap())
            .collect();
        let kind = match url.rsplit('/').next().unwrap() {
            "text" => "text-",
            "figure" => "figure-changed",
            "quotation" => "quote-",
            _ => {
                assert!(kinds.is_empty() && line["bundle"].is_null());
                continue;
            }
        };
        assert!(kinds.iter().any(|found| found.starts_with(kind)), "{url}: {kinds:?}");
        checked(&ours, line, &our_keys.1, &their_keys.1);
    }
    // As text, and as a feed of the differences alone.
    let text = stdout(&compare(&["--differences"]));
    assert!(text.contains("figure-changed") && !text.contains("/plain/"), "{text}");
    for form in ["rss", "atom"] {
        let feed = stdout(&compare(&["--format", form]));
        let read = feed_rs::parser::parse(feed.as_bytes()).unwrap();
        assert_eq!(read.entries.len(), 9, "{feed}");
    }
    // Pages outside the agreement are not even requested.
    let before = there.asked_count();
    let other = compare(&["http://elsewhere.example/"]);
    assert_eq!(other.status.code(), Some(2), "{}", stderr(&other));
    assert!(stderr(&other).contains("not covered by the agreement"));
    assert_eq!(there.asked_count(), before, "no one asks the web again");
}

/// The file with both proofs: the command checks it, `prove --check` checks each bundle, and a changed byte is found.
fn checked(root: &std::path::Path, line: &Value, ours: &str, theirs: &str) {
    let file = line["bundle"].as_str().unwrap();
    let check = |file: &str, ours: &str, theirs: &str| {
        let args = ["peer", "check", file, "--ours", ours, "--theirs", theirs, "--format", "json"];
        pressmark(root, &args)
    };
    let good = check(file, ours, theirs);
    assert_eq!(good.status.code(), Some(0), "{} {}", stdout(&good), stderr(&good));
    let crossed = check(file, theirs, ours);
    assert_eq!(crossed.status.code(), Some(4), "{}", stdout(&crossed));
    if !line["url"].as_str().unwrap().ends_with("/address/figure") {
        return;
    }
    let mut contents =
        pressmark::evidence::bundle::read_bundle(std::path::Path::new(file)).unwrap();
    let json = contents.iter_mut().find(|(name, _)| name == "comparison.json").unwrap();
    let text = String::from_utf8(json.1.clone()).unwrap();
    json.1 = text.replace("figure-changed", "text-edited").into_bytes();
    let forged = format!("{file}.forged.zip");
    pressmark::evidence::bundle::write_zip(std::path::Path::new(&forged), &contents).unwrap();
    let found = check(&forged, ours, theirs);
    assert_eq!(found.status.code(), Some(4), "{}", stdout(&found));
    assert!(stdout(&found).contains("says something else"));
    for side in ["ours.zip", "theirs.zip"] {
        let (_, bytes) = contents.iter().find(|(name, _)| name == side).unwrap();
        let one = format!("{file}.{side}");
        std::fs::write(&one, bytes).unwrap();
        let key = if side == "ours.zip" { ours } else { theirs };
        let done = pressmark(root, &["prove", "--check", &one, "--key", key]);
        assert_eq!(done.status.code(), Some(0), "{}", stdout(&done));
        // Metadata that the archive has beside the capture is not handed over.
        let names: Vec<String> =
            pressmark::evidence::bundle::read_bundle(std::path::Path::new(&one))
                .unwrap()
                .iter()
                .filter(|(name, _)| name == "bundle.json")
                .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
                .collect();
        for role in ["warcinfo", "robots", "dns", "metadata"] {
            assert!(!names[0].contains(&format!("\"{role}\"")), "{side} has {role}");
        }
    }
}

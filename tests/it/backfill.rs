//! Captures of a page by other archives: `import` of a TimeMap, from this program's own server and from hostile
//! archives.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;

use pressmark::base::{Clock, SystemClock};
use serde_json::Value;

use crate::serve::{Warc, start, start_with};
use crate::support::archive::records;
use crate::support::cli::{command, json_lines, pressmark, stderr, stdout};
use crate::support::web::{Reply, Web, ok};

const PAGE: &str = "http://a.example/";

/// An archive without captures.
fn archive(name: &str, dir: &Path) -> PathBuf {
    let root = dir.join(name);
    let output = pressmark(&root, &["init"]);
    assert!(output.status.success(), "{}", stderr(&output));
    root
}

fn import(root: &Path, resolve: &[String], args: &[&str]) -> Output {
    let mut import = command(root);
    import.args(["import", "--allow-private", "--quiet", "--format", "json"]);
    import.args(["--set", "politeness.delay_min=0s", "--set", "politeness.delay_factor=0"]);
    for rule in resolve {
        import.args(["--resolve", rule]);
    }
    import.args(args).output().unwrap()
}

/// The last part of each memento's address, and its outcome.
fn listed_outcomes(output: &Output) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let lines = json_lines(output);
    lines.iter().map(|line| (text(line, "path"), text(line, "outcome"))).collect()
}

fn outcomes(output: &Output) -> Vec<String> {
    listed_outcomes(output).into_iter().map(|(_, outcome)| outcome).collect()
}

fn captures(root: &Path, url: &str) -> Vec<Value> {
    json_lines(&pressmark(root, &["captures", url, "--format", "json"]))
}

fn sound(root: &Path) {
    let verify = pressmark(root, &["verify", "--format", "json"]);
    let found = json_lines(&verify);
    // The file that was written by hand has no warcinfo. No imported record may be reported, not even for its old date.
    let odd = |finding: &&Value| {
        finding["severity"] == "error"
            || finding["rule"]
                .as_str()
                .is_some_and(|r| r == "back-dated" || r.starts_with("revisit"))
    };
    assert!(!found.iter().any(|finding| odd(&finding)), "{found:?}");
}

fn article(words: &str) -> String {
    format!(
        "<html><head><title>Of a bridge</title></head><body><article><h1>Of a bridge</h1>\
         <p>The bridge over the sound was closed on Monday, said the mayor of the town.</p><p>{words}</p></article></body></html>"
    )
}

/// From one archive of this program to another: raw bytes with the dates of the other archive, marked as its captures, in
/// one history with those captured here. A second import requests nothing again.
#[test]
fn captures_of_another_archive_are_marked_as_such_in_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let (theirs, ours) = (archive("theirs", dir.path()), archive("ours", dir.path()));
    let late = article("It opens again in a year, and the ferries go every hour until then.");
    Warc::new()
        .page(PAGE, "2024-01-01T00:00:00Z", &article("It opens again in March, it was said."))
        .page(PAGE, "2024-02-01T00:00:00Z", &article("It opens again in May, it was said later."))
        .page(PAGE, "2024-03-01T00:00:00Z", &late)
        .page(PAGE, "2024-04-01T00:00:00Z", &late)
        .response(
            PAGE,
            "2024-05-01T00:00:00Z",
            "HTTP/1.1 404 Not Found\nContent-Type: text/html",
            b"gone",
        )
        .write(&theirs, "theirs.warc");
    // Captures that both archives have, and one that only this archive has.
    Warc::new().page(PAGE, "2024-03-15T00:00:00Z", &late).write(&ours, "ours.warc");
    let server = start_with(&theirs, &[], |options| options.timemap_page = 2);
    let timemap = format!("http://{}/web/timemap/link/{PAGE}", server.address);
    let first = import(&ours, &[], &[&timemap, "--to", "20240401"]);
    assert_eq!(first.status.code(), Some(0), "{}{}", stdout(&first), stderr(&first));
    assert_eq!(outcomes(&first), ["imported"; 4]);
    // The TimeMap as JSON lists the same mementos: they are known, and the newest is imported.
    let json = format!("http://{}/web/timemap/json/{PAGE}", server.address);
    let again = import(&ours, &[], &[&json]);
    assert_eq!(again.status.code(), Some(0), "{}{}", stdout(&again), stderr(&again));
    assert_eq!(outcomes(&again), ["known", "known", "known", "known", "imported"]);

    let there = captures(&ours, PAGE);
    let stamps: Vec<&str> = there.iter().map(|c| c["timestamp"].as_str().unwrap()).collect();
    let months = ["20240101", "20240201", "20240301", "20240315", "20240401", "20240501"];
    assert_eq!(stamps, months.map(|day| format!("{day}000000")));
    for capture in &there {
        let is_ours = capture["timestamp"] == "20240315000000";
        let from = capture["copy_of"].as_str();
        let stamp = capture["timestamp"].as_str().unwrap();
        let expected = format!("http://{}/web/{stamp}id_/{PAGE}", server.address);
        assert_eq!(from, (!is_ours).then_some(expected.as_str()));
    }
    // The bytes are those that were captured there, and the exchange with that archive is kept as it was.
    let shown = pressmark(&ours, &["show", PAGE, "--at", "20240201", "--as", "html"]);
    assert!(stdout(&shown).contains("It opens again in May"), "{}", stdout(&shown));
    let exchanges = records(&ours).into_iter().filter(|record| {
        record.field("WARC-Type") == "response" && record.field("WARC-Target-URI").contains("id_/")
    });
    let heads: Vec<String> =
        exchanges.map(|record| String::from_utf8_lossy(&record.block).to_lowercase()).collect();
    assert!(
        heads.len() >= 3 && heads.iter().all(|h| h.contains("memento-datetime: ")),
        "{heads:?}"
    );
    let history = pressmark(&ours, &["history", PAGE]);
    let text = stdout(&history);
    assert!(text.contains("first captured by another archive: http://127.0.0.1"), "{text}");
    assert!(text.contains("March") && text.contains("6 captures"), "{text}");
    sound(&ours);
    // The index is built from the files alone.
    assert!(pressmark(&ours, &["reindex"]).status.success());
    assert_eq!(captures(&ours, PAGE), there);

    // A bundle states whose capture it is, and passes its check.
    let bundle = dir.path().join("copy.zip");
    let bundle = bundle.to_str().unwrap();
    let prove = pressmark(&ours, &["prove", PAGE, "--at", "20240201", "-o", bundle]);
    assert!(prove.status.success(), "{}", stderr(&prove));
    let check = pressmark(&ours, &["prove", "--check", bundle]);
    assert!(check.status.success(), "{}{}", stdout(&check), stderr(&check));
    let mut zip = zip::ZipArchive::new(std::fs::File::open(bundle).unwrap()).unwrap();
    let certificate = std::io::read_to_string(zip.by_name("certificate.html").unwrap()).unwrap();
    assert!(certificate.contains("captured by another archive, and not by this one"));

    // A third archive learns which captures are from another archive, and imports only our own.
    let third = archive("third", dir.path());
    let server = start(&ours);
    let timemap = format!("http://{}/web/timemap/link/{PAGE}", server.address);
    let onward = import(&third, &[], &[&timemap]);
    assert_eq!(onward.status.code(), Some(4), "{}", stderr(&onward));
    let taken = outcomes(&onward);
    assert_eq!(taken.iter().filter(|outcome| *outcome == "imported").count(), 1, "{taken:?}");
    let why = json_lines(&onward)[0]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("a copy from 127.0.0.1"), "{why}");
}

/// A memento as pywb serves it.
fn memento(original: &str, date: &str, body: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nMemento-Datetime: {date}\r\nLink: <{original}>; rel=\"original\"\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

fn status(line: &str, fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 {line}\r\n{fields}Content-Length: 0\r\n\r\n").into_bytes()
}

const HOST: &str = "archive.example";
const NEW_YEAR: &str = "Wed, 01 Jan 2020 00:00:00 GMT";

fn web(mementos: &[&str]) -> Web {
    let web = Web::start(Arc::new(SystemClock) as Arc<dyn Clock>);
    let mut map = format!("<{PAGE}>; rel=\"original\"");
    for memento in mementos {
        map.push_str(&format!(",\n<{memento}>; rel=\"memento\"; datetime=\"{NEW_YEAR}\""));
    }
    web.on(HOST, "/timemap", Reply::Bytes(ok("application/link-format", map.as_bytes())));
    web
}

/// An answer that is not a memento, belongs to another page or redirects to another host is reported with the reason, and
/// adds nothing to the history of the page.
#[test]
fn invalid_mementos_are_refused_with_a_reason() {
    let at = |stamp: u64, url: &str| format!("http://{HOST}/web/{stamp}/{url}");
    let stamps: Vec<u64> = (20_200_101_000_000..20_200_101_000_012).collect();
    let listed: Vec<String> = stamps.iter().map(|stamp| at(*stamp, PAGE)).collect();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    let web = web(&listed);
    let raw = |n: usize| format!("/web/{}id_/{PAGE}", stamps[n]);
    let plain = |n: usize| format!("/web/{}/{PAGE}", stamps[n]);
    let good = |n: u32| memento(PAGE, NEW_YEAR, &format!("<p>number {n}"));
    let slow = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    web.on(HOST, &raw(0), Reply::Bytes(good(0)));
    // 1: missing (404 everywhere). 2: answers 503 with Retry-After, then the memento.
    let after = good(2);
    web.on(
        HOST,
        &raw(2),
        Reply::Made(Arc::new(
            move |_, before| if before == 0 { slow.to_vec() } else { after.clone() },
        )),
    );
    // 3: redirects to another host. 4: to itself. 5: to its neighbour, which is a memento.
    web.on(HOST, &raw(3), Reply::Bytes(status("302 Found", "Location: http://evil.example/x\r\n")));
    web.on(HOST, &raw(4), Reply::Bytes(status("302 Found", &format!("Location: {}\r\n", raw(4)))));
    web.on(
        HOST,
        &raw(5),
        Reply::Bytes(status("302 Found", &format!("Location: /web/20200101000055id_/{PAGE}\r\n"))),
    );
    web.on(HOST, &format!("/web/20200101000055id_/{PAGE}"), Reply::Bytes(good(5)));
    // 6: a page of the archive itself. 7: a memento of another page. 8: dated in the future. 9: without a valid date.
    web.page(HOST, &raw(6), "<p>We are closed");
    web.page(HOST, &plain(6), "<p>We are closed");
    web.on(HOST, &raw(7), Reply::Bytes(memento("http://other.example/", NEW_YEAR, "x")));
    web.on(HOST, &raw(8), Reply::Bytes(memento(PAGE, "Fri, 01 Jan 2100 00:00:00 GMT", "x")));
    web.on(HOST, &raw(9), Reply::Bytes(memento(PAGE, "\x1b[31mred", "x")));
    // 10: has no raw form, only the replayed one. 11: a captured redirect.
    web.on(HOST, &plain(10), Reply::Bytes(good(10)));
    web.on(
        HOST,
        &raw(11),
        Reply::Bytes(status(
            "301 Moved",
            &format!("Location: http://live.example/\r\nMemento-Datetime: {NEW_YEAR}\r\n"),
        )),
    );
    let dir = tempfile::tempdir().unwrap();
    let root = archive("archive", dir.path());
    let resolve = web.resolve(&[HOST, "evil.example", "live.example"]);
    let output = import(&root, &resolve, &[&format!("http://{HOST}/timemap")]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let lines = json_lines(&output);
    let number = |line: &Value| {
        let path = line["path"].as_str().unwrap();
        let stamp: u64 = path.split('/').nth(4).unwrap().parse().unwrap();
        usize::try_from(stamp - stamps[0]).unwrap()
    };
    let mut found: Vec<(usize, String)> = lines
        .iter()
        .map(|line| {
            let why = line["why"].as_str().unwrap_or_default().to_owned();
            (number(line), why)
        })
        .collect();
    found.sort_unstable();
    let expected = [
        "",
        "of status 404 without Memento-Datetime",
        "",
        "redirects to another host, evil.example",
        "redirects in a loop",
        "",
        "of status 200 without Memento-Datetime",
        "a capture of another page",
        "later than the answer",
        "not a date",
        "",
        "",
    ];
    assert_eq!(found.len(), expected.len());
    for ((n, why), expected) in found.iter().zip(expected) {
        assert!(why.contains(expected) && why.is_empty() == expected.is_empty(), "{n}: {why}");
    }
    // Only the archive was asked.
    assert!(web.asked().iter().all(|asked| asked.host == HOST), "{:?}", web.asked());
    assert_eq!(captures(&root, PAGE).len(), 5);
    let replayed = records(&root).into_iter().filter(|record| {
        String::from_utf8_lossy(&record.block).contains("copyPayload: as replayed")
    });
    assert_eq!(replayed.count(), 1);
    sound(&root);
    // A second import requests what was refused again, and what was imported not.
    let before = web.asked_count();
    let again = import(&root, &resolve, &[&format!("http://{HOST}/timemap")]);
    assert_eq!(outcomes(&again).iter().filter(|outcome| *outcome == "known").count(), 5);
    let asked: Vec<String> = web.asked().split_off(before).into_iter().map(|a| a.target).collect();
    for n in [0, 2, 10, 11] {
        assert!(!asked.contains(&raw(n)) && !asked.contains(&plain(n)), "{n}: {asked:?}");
    }
    assert_eq!(captures(&root, PAGE).len(), 5);
}

/// TimeMap pages that link in a cycle are each read once; those at another host are not read.
#[test]
fn timemap_pages_in_a_cycle_are_read_once() {
    let web = Web::start(Arc::new(SystemClock) as Arc<dyn Clock>);
    let map = |more: &str, n: u32| {
        format!(
            "<{PAGE}>; rel=\"original\",\n{more}<http://{HOST}/web/2020010100000{n}/{PAGE}>; rel=memento; datetime=\"{NEW_YEAR}\", <javascript:x>; rel=memento"
        )
    };
    let page = |text: String| Reply::Bytes(ok("application/link-format", text.as_bytes()));
    let timemap =
        |at: &str| format!("<{at}>; rel=\"timemap\"; type=\"application/link-format\",\n");
    web.on(HOST, "/1", page(map(&(timemap("/2") + &timemap("http://evil.example/3")), 1)));
    web.on(HOST, "/2", page(map(&(timemap("/1") + &timemap("/2") + &timemap("/gone")), 2)));
    for n in 1..3 {
        let path = format!("/web/2020010100000{n}id_/{PAGE}");
        web.on(HOST, &path, Reply::Bytes(memento(PAGE, NEW_YEAR, &format!("<p>{n}"))));
    }
    let dir = tempfile::tempdir().unwrap();
    let root = archive("archive", dir.path());
    let output =
        import(&root, &web.resolve(&[HOST, "evil.example"]), &[&format!("http://{HOST}/1")]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    assert_eq!(outcomes(&output), ["imported"; 2]);
    let said = stderr(&output);
    for words in ["continues on another host", "status 404", "are not usable"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let targets: Vec<String> = web.asked().into_iter().map(|asked| asked.target).collect();
    for target in ["/1", "/2", "/gone"] {
        assert_eq!(targets.iter().filter(|asked| *asked == target).count(), 1, "{targets:?}");
    }
}

/// A host whose robots.txt forbids it is not asked, an answer that is not a TimeMap is reported, and flags for a TimeMap are
/// refused with a file.
#[test]
fn robots_txt_is_obeyed_and_wrong_usage_is_refused() {
    let web = web(&[]);
    let dir = tempfile::tempdir().unwrap();
    let root = archive("archive", dir.path());
    web.on(
        "no.example",
        "/robots.txt",
        Reply::Bytes(ok("text/plain", b"User-agent: *\nDisallow: /\n")),
    );
    web.page(HOST, "/page", "<p>No TimeMap");
    let resolve = web.resolve(&[HOST, "no.example"]);
    for (url, code, words) in [
        ("http://no.example/timemap", 1, "robots.txt"),
        ("http://archive.example/page", 1, "it is neither a TimeMap"),
        ("http://archive.example/none", 1, "status 404"),
        ("http://archive.example/timemap", 0, ""),
    ] {
        let output = import(&root, &resolve, &[url]);
        assert_eq!(output.status.code(), Some(code), "{url}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{url}: {}", stderr(&output));
    }
    assert!(
        web.asked().iter().all(|asked| asked.host != "no.example" || asked.target == "/robots.txt")
    );
    let usage = pressmark(&root, &["import", "file.warc", "--limit", "3"]);
    assert_eq!(usage.status.code(), Some(2), "{}", stderr(&usage));
}

/// Of a TimeMap that was cut off, an unknown part is missing: it is refused, as a memento is.
#[test]
fn a_timemap_that_was_cut_off_is_refused() {
    let web = web(&[]);
    let map = format!(
        "<{PAGE}>; rel=\"original\",\n<http://{HOST}/web/20200101000000/{PAGE}>; rel=\"memento\"; datetime=\"{NEW_YEAR}\""
    );
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/link-format\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        map.len() + 100
    );
    web.on(HOST, "/cut", Reply::Bytes([head.as_bytes(), map.as_bytes()].concat()));
    let dir = tempfile::tempdir().unwrap();
    let root = archive("archive", dir.path());
    let output = import(&root, &web.resolve(&[HOST]), &[&format!("http://{HOST}/cut")]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    assert!(stderr(&output).contains("the response was truncated"), "{}", stderr(&output));
    assert_eq!(captures(&root, PAGE).len(), 0);
}

/// An archive that gives back a refusal which it captured is not overloaded: it is asked once.
#[test]
fn a_captured_refusal_is_no_refusal_of_the_archive() {
    let at = |n: u32| format!("http://{HOST}/web/2020010100000{n}/{PAGE}");
    let (first, second) = (at(1), at(2));
    let web = web(&[&first, &second]);
    let refused = format!("Memento-Datetime: {NEW_YEAR}\r\nRetry-After: 600\r\n");
    let raw = |n: u32| format!("/web/2020010100000{n}id_/{PAGE}");
    web.on(HOST, &raw(1), Reply::Bytes(status("503 Service Unavailable", &refused)));
    web.on(HOST, &raw(2), Reply::Bytes(memento(PAGE, NEW_YEAR, "<p>words")));
    let dir = tempfile::tempdir().unwrap();
    let root = archive("archive", dir.path());
    let begun = std::time::Instant::now();
    let output = import(&root, &web.resolve(&[HOST]), &[&format!("http://{HOST}/timemap")]);
    assert!(begun.elapsed() < std::time::Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(outcomes(&output).len(), 2, "{}", stderr(&output));
    let asked = web.asked().into_iter().filter(|asked| asked.target == raw(1)).count();
    assert_eq!(asked, 1);
}

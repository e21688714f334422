//! The command line as its contract has it: help, exit codes, JSON, closed pipes, local files.

mod asked;
mod caps;
mod demo;
mod due;
mod json;
mod out;

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pressmark::base::Clock;

use crate::support::archive::Archive;
use crate::support::cli::{command, crawl, pressmark, stderr, stdout};
use crate::support::raw::{Answer, RawSite, Then};
use crate::support::web::{Reply, Web, ok};

/// What the first line of the program can do.
const COMMANDS: [&str; 23] = [
    "init",
    "crawl",
    "due",
    "status",
    "captures",
    "show",
    "history",
    "diff",
    "quotes",
    "cite",
    "verify",
    "recompress",
    "repair",
    "reindex",
    "import",
    "export",
    "index",
    "robots",
    "surt",
    "config",
    "demo",
    "completions",
    "man",
];

const STORY: &str = "http://a.example/story";

/// An archive with a story of two editions, a redirect and a large picture.
fn archive() -> Archive {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(Arc::clone(&archive.clock) as Arc<dyn Clock>);
    archive.resolve = web.resolve(&["a.example"]);
    let story = |_: &str, before: usize| {
        let cracks = if before == 0 { "three" } else { "twelve" };
        let html = format!(
            "<html lang=en><head><title>Bridge closed</title></head><body><article>\
             <h1>Bridge closed</h1><p>By Ada Poe</p>\
             <p>The old bridge was closed on Monday after an inspection found {cracks} cracks.</p>\
             <p>\"We will not open it before spring,\" said mayor Ben Marsh.</p>\
             <p>The repairs will cost 4 million euros, the council said.</p></article></body></html>"
        );
        ok("text/html; charset=utf-8", html.as_bytes())
    };
    web.on("a.example", "/story", Reply::Made(Arc::new(story)));
    let moved = b"HTTP/1.1 301 Moved\r\nLocation: /story\r\nContent-Length: 0\r\n\r\n".to_vec();
    web.on("a.example", "/moved", Reply::Bytes(moved));
    let picture: Vec<u8> =
        (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    web.on("a.example", "/picture", Reply::Bytes(ok("image/png", &picture)));
    archive.crawl(&[STORY, "http://a.example/picture"]);
    archive.later(Duration::from_secs(86_400));
    archive.crawl(&["http://a.example/moved"]);
    archive
}

fn here() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("archive");
    (dir, root)
}

#[test]
fn help_lists_every_command_and_each_has_help_of_its_own() {
    let (_dir, root) = here();
    let help = pressmark(&root, &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = stdout(&help);
    for name in COMMANDS {
        assert!(
            text.lines().any(|l| l.split_whitespace().next() == Some(name)),
            "--help does not list {name}:\n{text}"
        );
        for help in [vec![name, "--help"], vec!["help", name]] {
            let own = pressmark(&root, &help);
            assert_eq!(own.status.code(), Some(0), "{help:?}: {}", stderr(&own));
            assert!(stdout(&own).contains("Usage: pressmark"), "{help:?}");
            assert!(stderr(&own).is_empty(), "{help:?}");
        }
    }
    for flag in [
        "--archive",
        "--config",
        "--set",
        "--format",
        "--quiet",
        "--verbose",
        "--color",
        "--version",
    ] {
        assert!(text.contains(flag), "--help does not tell of {flag}");
    }
    assert!(!root.exists(), "help makes nothing");
}

#[test]
fn help_of_crawl_captures_and_show_has_the_flags_of_the_contract() {
    let (_dir, root) = here();
    for (command, flags) in [
        (
            "crawl",
            "--depth --requisites --due --pages-max --dry-run --strict --resolve --allow-private --user-agent --contact --proxy",
        ),
        ("captures", "--match --from --to --filter --limit --format"),
        ("show", "--at --as"),
        ("history", "--from --to"),
        ("diff", "--from --to --format --exit-code"),
        ("cite", "--at --quote --style --format"),
        ("verify", "--fast"),
        ("index", "--format --digest -j"),
        ("export", "--to --match --from --to-time --format --site --at --report --force"),
        ("import", "--lenient"),
        ("robots", "--file --agent --explain"),
        ("demo", "--keep"),
    ] {
        let text = stdout(&pressmark(&root, &[command, "--help"]));
        for flag in flags.split(' ') {
            assert!(text.contains(flag), "{command} --help does not tell of {flag}");
        }
    }
}

#[test]
fn version_completions_and_man_need_no_archive() {
    let (_dir, root) = here();
    let version = pressmark(&root, &["--version"]);
    assert_eq!(stdout(&version), concat!("pressmark ", env!("CARGO_PKG_VERSION"), "\n"));
    for shell in ["bash", "zsh", "fish"] {
        let script = pressmark(&root, &["completions", shell]);
        assert_eq!(script.status.code(), Some(0));
        assert!(stdout(&script).contains("captures"), "{shell}");
    }
    let man = pressmark(&root, &["man"]);
    assert!(stdout(&man).contains(".TH pressmark"), "{}", stdout(&man));
    assert!(!root.exists());
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let archive = archive();
    let root = archive.root();
    let (_dir, nowhere) = here();
    let warc = crate::support::archive::files(&root)[0].display().to_string();
    let cases: &[(&Path, &[&str], i32)] = &[
        (&root, &["captures", STORY], 0),
        (&root, &["captures", "http://a.example/none"], 3),
        (&root, &["captures", STORY, "--from", "2031"], 3),
        (&root, &["show", "http://a.example/none"], 3),
        (&root, &["history", "http://a.example/none"], 3),
        (&root, &["diff", "http://a.example/none"], 3),
        (&root, &["diff", STORY], 0),
        (&root, &["diff", STORY, "--exit-code"], 4),
        (&root, &["verify"], 0),
        (&root, &["verify", "--fast"], 0),
        (&root, &["verify", &warc], 0),
        (&root, &["status"], 0),
        (&root, &["due"], 0),
        (&root, &["reindex"], 0),
        (&root, &["config", "show"], 0),
        (&root, &["config", "check"], 0),
        (&nowhere, &["captures", STORY], 3),
        (&nowhere, &["status"], 3),
        (&nowhere, &["show"], 2),
        (&nowhere, &[], 2),
        (&nowhere, &["no-such-command"], 2),
        (&nowhere, &["captures", STORY, "--no-such-flag"], 2),
        (&nowhere, &["config", "check", "--set", "no.key=1"], 2),
        (&nowhere, &["init"], 0),
        (&nowhere, &["init"], 1),
    ];
    for (root, args, code) in cases {
        let output = pressmark(root, args);
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{args:?}");
    }
}

#[test]
fn a_signal_stops_a_crawl_orderly_with_130() {
    let (_dir, root) = here();
    let answer = Answer {
        bytes: b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nand wait".to_vec(),
        then: Then::Stall,
    };
    // A host of its own: a late request of another test to a reused port is not counted.
    let site = RawSite::start([("stalls.example".to_owned(), answer)].into());
    let mut crawling = crawl(&root, &[site.resolve("stalls.example")]);
    crawling.args([
        "http://stalls.example/",
        "--format",
        "json",
        "--set",
        "crawl.stop_deadline=1s",
    ]);
    let child = crawling.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until(|| site.request("stalls.example").is_some());
    send(child.id(), "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["stopped"], true);
    assert_eq!(report["left"], 1, "what was in flight is queued again: {report}");
    let verified = pressmark(&root, &["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
}

/// Waits for a condition; a test that hangs fails after a while.
pub fn wait_until(there: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(60);
    while !there() {
        assert!(Instant::now() < patience, "it never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Sends a signal, as `kill` does.
pub fn send(process: u32, signal: &str) {
    let line = format!("kill -{signal} {process}");
    let done = std::process::Command::new("sh").args(["-c", &line]).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_closed_pipe_is_success() {
    let archive = archive();
    let root = archive.root();
    for args in [
        ["show", "http://a.example/picture", "--as", "http"].as_slice(),
        &["captures", "http://a.example/", "--match", "domain"],
        &["completions", "zsh"],
        &["man"],
        &["config", "show"],
        &["--help"],
    ] {
        let mut child = command(&root)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A few bytes are read, then no more, as `head` does.
        let mut reader = child.stdout.take().unwrap();
        let _ = reader.read(&mut [0; 4]).unwrap();
        drop(reader);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        assert_eq!(stderr(&output), "", "{args:?}");
    }
}

#[test]
fn data_goes_to_stdout_and_messages_to_stderr() {
    let (_dir, root) = here();
    let site = RawSite::start([].into());
    let mut crawling = crawl(&root, &[site.resolve("a.example")]);
    let output = crawling.args(["http://a.example/", "--format", "json"]).output().unwrap();
    assert_eq!(stdout(&output).lines().count(), 1, "one object: {}", stdout(&output));
    assert_eq!(stderr(&output), "", "--quiet says nothing");
    let verified = pressmark(&root, &["verify"]);
    assert_eq!(stdout(&verified), "");
    assert!(stderr(&verified).contains("no findings"), "{}", stderr(&verified));
}

#[test]
fn a_dry_run_fetches_nothing_but_robots_txt() {
    let (_dir, root) = here();
    let web = Web::start(Arc::new(pressmark::base::SystemClock));
    web.on(
        "a.example",
        "/robots.txt",
        Reply::Bytes(ok("text/plain", b"User-agent: *\nDisallow: /no\n")),
    );
    let mut crawling = crawl(&root, &web.resolve(&["a.example"]));
    let output = crawling
        .args(["--dry-run", "--format", "json", "http://a.example/yes", "http://a.example/no"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let lines = crate::support::cli::json_lines(&output);
    let said: Vec<_> =
        lines.iter().map(|l| (l["url"].as_str().unwrap(), l["would"].as_str().unwrap())).collect();
    assert_eq!(said, [("http://a.example/yes", "fetch"), ("http://a.example/no", "refuse")]);
    let asked: Vec<String> = web.asked().into_iter().map(|a| a.target).collect();
    assert_eq!(asked, ["/robots.txt"]);
}

#[test]
fn local_files_are_accepted_in_place_of_a_url() {
    let (dir, root) = here();
    let old = "<html><head><title>Vote</title></head><body><article><h1>Vote delayed</h1>\
               <p>The vote was delayed by 3 days, the clerk said on Tuesday morning.</p>\
               <p>No reason was given by anyone in the town hall.</p></article></body></html>";
    let new = old.replace("3 days", "9 days");
    std::fs::write(dir.path().join("old.html"), old).unwrap();
    std::fs::write(dir.path().join("new.html"), new).unwrap();
    std::fs::write(dir.path().join("plain.txt"), "A plain text.\n\nOf two paragraphs.\n").unwrap();
    let file_url = format!("file://{}", dir.path().join("old.html").display());
    for target in ["old.html", file_url.as_str()] {
        let shown = pressmark(&root, &["show", target]);
        assert_eq!(shown.status.code(), Some(0), "{}", stderr(&shown));
        assert!(stdout(&shown).contains("The vote was delayed by 3 days"), "{}", stdout(&shown));
    }
    let several = pressmark(&root, &["show", "old.html", "plain.txt", "--as", "json"]);
    let pages = crate::support::cli::json_lines(&several);
    assert_eq!(pages.len(), 2);
    assert_eq!(pages[1]["file"], "plain.txt");
    assert_eq!(pages[1]["text"], "A plain text.\n\nOf two paragraphs.");
    assert!(pages[0]["url"].is_null());
    let same = pressmark(&root, &["diff", "old.html", "old.html", "--exit-code"]);
    assert_eq!(same.status.code(), Some(0), "{}", stderr(&same));
    let differ =
        pressmark(&root, &["diff", "old.html", "new.html", "--exit-code", "--format", "json"]);
    assert_eq!(differ.status.code(), Some(4), "{}", stderr(&differ));
    let found = &crate::support::cli::json_lines(&differ)[0];
    assert_eq!(found["changes"][0]["kind"], "figure-changed", "{found}");
    for format in ["text", "html", "markdown", "unified"] {
        let output = pressmark(&root, &["diff", "old.html", "new.html", "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{format}");
        assert!(stdout(&output).contains('9'), "{format}");
    }
    assert!(!root.exists(), "no archive is needed, and none is made");
}

#[test]
fn surt_takes_arguments_or_lines() {
    let (_dir, root) = here();
    let one = pressmark(&root, &["surt", "http://www.Example.com:80/A?b=2&a=1#f"]);
    assert_eq!(stdout(&one), "com,example)/a?a=1&b=2\n");
    let mut child =
        command(&root).arg("surt").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"http://a.example/\r\n\nhttps://b.example/x\n").unwrap();
    assert_eq!(stdout(&child.wait_with_output().unwrap()), "example,a)/\nexample,b)/x\n");
}

#[test]
fn robots_prints_the_verdict_a_tab_and_the_url() {
    let (dir, root) = here();
    std::fs::write(dir.path().join("r.txt"), "User-agent: x\nDisallow: /no\n").unwrap();
    let args = [
        "robots",
        "--file",
        "r.txt",
        "--agent",
        "x",
        "http://a.example/yes",
        "http://a.example/no/1",
    ];
    let output = pressmark(&root, &args);
    assert_eq!(stdout(&output), "allow\thttp://a.example/yes\ndisallow\thttp://a.example/no/1\n");
    let explained = pressmark(&root, &[&args[..], &["--explain"]].concat());
    assert!(stdout(&explained).contains("Disallow: /no"), "{}", stdout(&explained));
}

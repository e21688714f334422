//! The demonstration: what it shows, how long that is, and where it may be kept.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use pressmark::base::{Clock, SystemClock};

use super::here;
use crate::support::cli::{command, crawl, json_lines, pressmark, stderr, stdout};
use crate::support::raw::{Answer, RawSite, Then};

const STORY: &str = "http://courier.example/harbour/ferry-contract";

/// The number of rows that a text takes on a terminal of 80 columns.
fn rows(text: &str) -> usize {
    text.lines().map(|line| line.chars().count().div_ceil(80).max(1)).sum()
}

#[test]
fn the_demo_shows_everything_without_a_network() {
    let (dir, root) = here();
    let kept = dir.path().join("kept");
    let output = pressmark(&root, &["demo", "--keep", kept.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    for part in [
        "crawl 3 of 3",
        "pressmark history",
        "pressmark diff",
        "pressmark cite",
        "pressmark captures",
        "3 versions",
        "silent edit",
        "quote-altered",
        "sha256:",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let verified = pressmark(&kept, &["verify"]);
    assert_eq!(verified.status.code(), Some(0), "{}", stderr(&verified));
    // The next steps that it suggests work.
    let next = text.split("== what to do next").nth(1).unwrap();
    let mut done = 0;
    for line in next.lines().filter(|line| line.contains("http://courier.example/")) {
        let args: Vec<&str> = line.split(' ').skip(1).collect();
        let output = pressmark(&kept, &args);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", stderr(&output));
        done += 1;
    }
    assert_eq!(done, 2, "{next}");
}

#[test]
fn the_demo_fits_two_screens_and_ends_with_what_to_do_next() {
    let (_dir, root) = here();
    let output = command(&root).args(["demo"]).env("COLUMNS", "80").output().unwrap();
    let text = stdout(&output);
    assert!(rows(&text) <= 48, "{} rows:\n{text}", rows(&text));
    let next = text.split("\n\n").last().unwrap();
    assert!(next.starts_with("== what to do next"), "{next}");
    assert!(next.contains("pressmark crawl URL"), "{next}");
    assert!(!root.exists(), "the archive was temporary");
}

/// The words of a line that are the same in every run: those without digits, and no names of months.
fn constant_words(line: &str) -> Vec<&str> {
    let is_month = |word: &str| {
        let name = word.trim_end_matches(['.', ',']);
        ["Jan", "Feb", "Mar", "Apr", "May", "June", "July", "Aug", "Sept", "Oct", "Nov", "Dec"]
            .contains(&name)
    };
    line.split_whitespace()
        .filter(|word| !word.contains(|c: char| c.is_ascii_digit()) && !is_month(word))
        .collect()
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    let shown = readme.split("<!-- demo output: begin -->\n").nth(1).unwrap();
    let shown = shown.split("<!-- demo output: end -->").next().unwrap();
    let (_dir, root) = here();
    let output = command(&root).args(["demo"]).env("COLUMNS", "100").output().unwrap();
    let text = stdout(&output);
    let lines: Vec<Vec<&str>> = text.trim_end().lines().map(constant_words).collect();
    let shown: Vec<Vec<&str>> = shown.trim_end().lines().map(constant_words).collect();
    assert!(shown.len() > 30, "{shown:?}");
    assert_eq!(shown, lines, "`pressmark demo` prints something else by now:\n{text}");
}

#[test]
fn the_pages_of_the_demo_are_dated_like_their_captures() {
    let (dir, root) = here();
    let kept = dir.path().join("kept");
    let output = pressmark(&root, &["demo", "--keep", kept.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = json_lines(&pressmark(&kept, &["show", STORY, "--as", "json"])).remove(0);
    let published = page["published"].as_str().unwrap();
    let published = pressmark::base::Timestamp::parse(published).unwrap();
    let age = SystemClock.now().since(published).as_secs();
    assert!((86_400..3 * 86_400).contains(&age), "{page}");
    for url in
        ["http://courier.example/council/bridge-closed", "http://courier.example/sitemap.xml"]
    {
        let shown = stdout(&pressmark(&kept, &["show", url, "--as", "html"]));
        assert!(!shown.contains("{day}") && !shown.contains("{{"), "{shown}");
    }
}

#[test]
fn the_demo_is_not_written_to_a_directory_in_use() {
    let (dir, root) = here();
    let keep = |path: &str| pressmark(&root, &["demo", "--keep", path]);
    assert_eq!(keep("kept").status.code(), Some(0));
    let before = fs::read_dir(dir.path().join("kept/warc")).unwrap().count();
    let again = keep("kept");
    assert_eq!(again.status.code(), Some(1), "{}", stderr(&again));
    assert!(stderr(&again).contains("already holds an archive"), "{}", stderr(&again));
    assert_eq!(fs::read_dir(dir.path().join("kept/warc")).unwrap().count(), before);
    fs::create_dir(dir.path().join("photos")).unwrap();
    fs::write(dir.path().join("photos/cat.jpg"), "a cat").unwrap();
    let other = keep("photos");
    assert_eq!(other.status.code(), Some(1), "{}", stderr(&other));
    assert!(stderr(&other).contains("holds other content"), "{}", stderr(&other));
    assert_eq!(fs::read_dir(dir.path().join("photos")).unwrap().count(), 1);
    // An initialised, empty one is accepted, unless another process writes into it.
    assert_eq!(pressmark(&root, &["init", "laid-out"]).status.code(), Some(0));
    let stall = Answer { bytes: b"HTTP/1.1 200 OK\r\n".to_vec(), then: Then::Stall };
    let slow = RawSite::start([("slow.example".to_owned(), stall)].into());
    let busy = dir.path().join("busy");
    let mut first = crawl(&busy, &[slow.resolve("slow.example")]);
    first.args(["http://slow.example/", "--set", "crawl.stop_deadline=1s"]);
    let mut first = first.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    super::wait_until(|| slow.request("slow.example").is_some());
    let refused = keep("busy");
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    super::send(first.id(), "TERM");
    first.wait().unwrap();
    assert_eq!(keep("laid-out").status.code(), Some(0));
}

//! The store of readings beside a crawl, other processes and a kill: its answers are those of the captures.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use pressmark::history::PageReader;
use pressmark::history::changes::{ChangeFilter, changes};
use pressmark::readings::{DERIVED_BYTES_MAX, FileDone, Readings};
use pressmark::schedule::JobSpec;
use pressmark::schedule::scope::Rule;
use pressmark::store::{Layout, Reader};
use serde_json::Value;

use crate::lab::{Lab, article, uri};
use crate::support::cli::{pressmark, stdout};
use crate::support::web::{Reply, ok};

/// The changes of an archive, as `changes` prints them.
fn changes_of(page_reader: &mut PageReader<'_>) -> Vec<Value> {
    let found = changes(page_reader, &ChangeFilter::default(), &mut |_| {}).unwrap();
    found.map(|change| serde_json::to_value(change.unwrap()).unwrap()).collect()
}

/// Checks that a crawl left no work for later queries: its store says of every WARC file that it was read completely,
/// and has the same changes as the captures. Only a crawl that `reads` every page knows who is quoted.
pub fn is_in_line(lab: &Lab, reads: bool, name: &str) {
    let root = lab.dir.path().join("archive");
    let (reader, _) = Reader::open(&root, 1 << 20).unwrap();
    let readings = Readings::open(&Layout::new(&root).derived_dir(), DERIVED_BYTES_MAX);
    let mut done = readings.files_done().unwrap();
    if !reads {
        done.iter_mut().for_each(|file| file.speakers = file.versions);
    }
    done.sort_by(|a, b| a.name.cmp(&b.name));
    let files = std::fs::read_dir(Layout::new(&root).warc_dir()).unwrap();
    let mut marks: Vec<FileDone> = files
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let bytes = file.metadata().unwrap().len();
            FileDone { name, versions: bytes, speakers: bytes }
        })
        .collect();
    marks.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(done, marks, "{name}");
    let expected = changes_of(&mut PageReader::new(&reader));
    assert_eq!(changes_of(&mut PageReader::cached(&reader, &readings)), expected, "{name}");
}

const HOST: &str = "a.example";
const STORIES: usize = 6;
const LOOKS: usize = 5;

fn story(number: usize) -> String {
    format!("http://{HOST}/story{number}")
}

/// The text of a story at a visit; `None` while it is gone.
fn text(number: usize, look: usize) -> Option<String> {
    if number == 1 && look == 2 {
        return None;
    }
    // The last visit of every second story restores the text of the first.
    let state = if number.is_multiple_of(2) && look == LOOKS - 1 { 0 } else { look };
    let paragraphs = [
        "The council met on Monday evening and talked for three hours about the bridge.".to_owned(),
        format!("It counted {} cracks in the eastern pier, more than in any year.", 12 + state * 3),
        format!("“We found {} of them in the harbour,” said Ann Lee of the board.", state + 2),
    ];
    let paragraphs: Vec<&str> = paragraphs.iter().map(String::as_str).collect();
    Some(article(&format!("Bridge {number} closed"), &paragraphs))
}

/// An archive of stories that a crawl visited again and again.
fn archived() -> Lab {
    let lab = Lab::in_memory(&[HOST]);
    let mut spec = JobSpec::new("paper");
    spec.scope.include = vec![Rule::Domain(HOST.to_owned())];
    spec.seeds = (0..STORIES).map(|number| uri(&story(number))).collect::<Vec<_>>().into();
    for look in 0..LOOKS {
        for number in 0..STORIES {
            let reply = match text(number, look) {
                Some(page) => ok("text/html; charset=utf-8", page.as_bytes()),
                None => b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec(),
            };
            lab.web.on(HOST, &format!("/story{number}"), Reply::Bytes(reply));
        }
        lab.run(&[spec.clone()]);
        lab.clock.advance(Duration::from_hours(24));
    }
    lab
}

/// The exit code of a command, and its output.
type Printed = (Option<i32>, String);

fn printed(root: &Path, args: &[&str]) -> Printed {
    let out = pressmark(root, &[args, &["--format", "json"][..]].concat());
    (out.status.code(), stdout(&out))
}

/// The queries that may be answered from the store.
fn questions() -> Vec<Vec<String>> {
    let (one, two) = (story(0), story(1));
    let lines = [
        format!("history {one}"),
        format!("history {two}"),
        format!("history {one} --from 20260303 --to 20260306"),
        format!("history {two} --from 20260304"),
        format!("captures {one}"),
        "changes".to_owned(),
        "changes --stealth".to_owned(),
        "changes --kind reverted".to_owned(),
        "changes --since 20260304 --until 20260306 --limit 3".to_owned(),
        format!("changes --host {HOST} --weight 3"),
        "quotes".to_owned(),
        "quotes --speaker Lee".to_owned(),
        "quotes --speaker Nobody".to_owned(),
        format!("quotes {one}"),
        "when bridge".to_owned(),
        format!("blame {one}"),
        format!("blame {two}"),
        format!("diff {one}"),
        format!("diff {two}"),
        format!("show {one}"),
        format!("cite {two}"),
    ];
    lines.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

fn answers(root: &Path) -> Vec<(String, Printed)> {
    let answer = |args: Vec<String>| {
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        (args.join(" "), printed(root, &words))
    };
    questions().into_iter().map(answer).collect()
}

#[test]
fn every_command_prints_the_same_with_the_store_and_without() {
    let lab = archived();
    let root = lab.dir.path().join("archive");
    let derived = Layout::new(&root).derived_dir();
    let from_the_crawl = answers(&root);
    std::fs::remove_dir_all(&derived).unwrap();
    let derived_now = answers(&root);
    let derived_before = answers(&root);
    // Where a file is in place of the directory there is no store.
    std::fs::remove_dir_all(&derived).unwrap();
    std::fs::write(&derived, "no directory").unwrap();
    let without = answers(&root);
    assert!(!Readings::open(&derived, DERIVED_BYTES_MAX).is_open());
    assert!(without.iter().filter(|(_, (code, _))| *code == Some(0)).count() >= 18, "{without:?}");
    for (expected, found) in
        without.iter().zip(from_the_crawl.iter().zip(derived_now.iter()).zip(derived_before.iter()))
    {
        let ((crawl, now), before) = found;
        assert_eq!(crawl, expected, "what a crawl kept");
        assert_eq!(now, expected, "what this process kept");
        assert_eq!(before, expected, "what a process before kept");
    }
}

#[test]
fn processes_that_fill_one_store_at_once_print_what_one_alone_prints() {
    let lab = archived();
    let root = &lab.dir.path().join("archive");
    let expected = answers(root);
    std::fs::remove_dir_all(Layout::new(root).derived_dir()).unwrap();
    let wanted = ["changes", "quotes --speaker Lee", "when bridge"];
    std::thread::scope(|scope| {
        let expected = &expected;
        for (args, own) in expected.iter().filter(|(args, _)| {
            wanted.contains(&args.as_str())
                || args.starts_with("history")
                || args.starts_with("blame")
        }) {
            scope.spawn(move || {
                let words: Vec<&str> = args.split(' ').collect();
                assert_eq!(&printed(root, &words), own, "{args}");
            });
        }
    });
    assert_eq!(answers(root), expected);
}

#[test]
fn a_process_that_is_killed_while_it_fills_the_store_leaves_nothing_false() {
    let lab = archived();
    let root = lab.dir.path().join("archive");
    let derived = Layout::new(&root).derived_dir();
    let ask = || [printed(&root, &["changes"]), printed(&root, &["quotes", "--speaker", "Lee"])];
    let expected = ask();
    let mut killed = 0;
    for round in 0..8_u64 {
        if round.is_multiple_of(3) {
            std::fs::remove_dir_all(&derived).unwrap();
        }
        let question = if round.is_multiple_of(2) { "changes" } else { "quotes" };
        let mut child = Command::new(env!("CARGO_BIN_EXE_pressmark"))
            .args(["--archive", &root.to_string_lossy(), question])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20 + 60 * round));
        killed += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(ask(), expected, "round {round}");
    }
    assert!(killed > 0, "none was still at it");
}

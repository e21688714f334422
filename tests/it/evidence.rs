//! The evidence log beside the archive: every change is found, and the signer is known.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pressmark::base::Finding;
use pressmark::evidence::{Log, VerifyOptions, verify};
use pressmark::store::Layout;

use crate::support::archive::Archive;
use crate::support::web::Web;

mod authority;
mod behind;
mod bundles;
mod calendars;
pub mod checkers;
mod day;
mod forgeries;
mod interval;
mod keys;
mod stamps;
mod tampering;
mod trail;

/// What the log's check finds, as text.
pub fn findings_with(root: &Path, options: &VerifyOptions) -> Vec<String> {
    let mut found = Vec::new();
    verify(&Layout::new(root), options, &mut |f: Finding| found.push(f.to_string())).unwrap();
    found
}

fn findings(root: &Path) -> Vec<String> {
    findings_with(root, &VerifyOptions::default())
}

/// All files below a directory, sorted.
fn tree(root: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut left = vec![root.to_owned()];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { left.push(path) } else { out.push(path) }
        }
    }
    out.sort();
    out
}

/// An archive of three runs, each with its checkpoint.
pub fn archive() -> (Archive, Web) {
    let mut archive = Archive::new().in_a_hurry();
    let web = Web::start(archive.clock.clone());
    archive.resolve = web.resolve(&["news.example"]);
    for round in 0..3 {
        let story = format!(
            "<title>A</title><article><h1>Bridge closed</h1><p>The bridge was closed on Monday after an inspection found {round} cracks in it.</p></article>"
        );
        web.page("news.example", "/a", &story);
        web.page("news.example", "/b", "<title>B</title><p>The same words every time.</p>");
        archive.crawl(&["http://news.example/a", "http://news.example/b"]);
        archive.later(Duration::from_hours(24));
    }
    (archive, web)
}

/// Copies a directory, with the rights of its files.
fn copy(from: &Path, to: &Path) {
    for path in tree(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&path, &target).unwrap();
    }
}

#[test]
fn every_run_ends_with_a_checkpoint_over_all_that_was_written() {
    let (archive, _web) = archive();
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    let log = Log::open(&Layout::new(&archive.root())).unwrap();
    assert_eq!(log.checkpoint_sizes().unwrap().len(), 3);
    let records = archive.records().len() as u64;
    // A leaf for the key and one for each of the three files.
    assert_eq!(log.size(), records + 4);
}

#[test]
fn an_archive_from_before_the_log_gets_one_with_the_next_run() {
    let (archive, _web) = archive();
    fs::remove_dir_all(archive.root().join("evidence")).unwrap();
    let found = findings(&archive.root());
    assert!(found.len() == 1 && found[0].contains("no evidence log"), "{found:?}");
    archive.crawl(&["http://news.example/a"]);
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    let log = Log::open(&Layout::new(&archive.root())).unwrap();
    assert_eq!(log.size(), archive.records().len() as u64 + 5);
}

#[test]
fn header_bytes_that_every_reader_ignores_are_compared_with_what_we_write() {
    let (archive, _web) = archive();
    assert_eq!(archive.findings(), Vec::<String>::new());
    let path = tree(&archive.root().join("warc")).remove(0);
    let sound = fs::read(&path).unwrap();
    let record = u32::from_le_bytes(sound[16..20].try_into().unwrap()) as usize;
    for member in [0, record] {
        // Flags, time, extra flags, system, the extra field.
        for at in 3..24 {
            let mut bytes = sound.clone();
            bytes[member + at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(!archive.findings().is_empty(), "byte {at} of the member at {member}");
        }
    }
    fs::write(&path, &sound).unwrap();
    assert_eq!(archive.findings(), Vec::<String>::new());
}

#[test]
fn the_log_follows_during_a_run_and_covers_the_open_file() {
    let (archive, web) = archive();
    web.page("news.example", "/late", "<title>Late</title><p>Breaking, and not yet sealed.</p>");
    let job = crate::support::archive::job(&["http://news.example/late"]);
    let dir = tempfile::tempdir().unwrap();
    let open = dir.path().join("open");
    archive.run_and(&job, &pressmark::crawl::Stop::default(), |running| {
        let follower = running.follower();
        assert_eq!(follower.once(), Vec::<String>::new());
        assert_eq!(follower.once(), Vec::<String>::new(), "nothing is new");
        // The archive while it is being written to.
        for part in ["warc", "evidence"] {
            copy(&archive.root().join(part), &open.join(part));
        }
        follower.end();
        assert_eq!(follower.once(), Vec::<String>::new(), "it has ended");
    });
    assert_eq!(findings(&archive.root()), Vec::<String>::new());
    let log = Log::open(&Layout::new(&archive.root())).unwrap();
    assert_eq!(log.checkpoint_sizes().unwrap().len(), 5);
    assert_eq!(findings(&open), Vec::<String>::new());
    let file =
        tree(&open.join("warc")).into_iter().find(|p| p.extension().is_some_and(|e| e == "open"));
    let file = file.unwrap();
    let sound = fs::read(&file).unwrap();
    for at in (0..sound.len()).step_by(13) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        fs::write(&file, &bytes).unwrap();
        assert!(!findings(&open).is_empty(), "byte {at} of the open file");
    }
}

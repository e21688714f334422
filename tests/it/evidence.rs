//! The evidence log beside the archive: whatever is changed is found, and by whom it was signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pressmark::base::Finding;
use pressmark::evidence::{Log, VerifyOptions, verify};
use pressmark::store::Layout;

use crate::support::archive::Archive;
use crate::support::web::Web;

mod authority;
mod bundles;
mod tampering;

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

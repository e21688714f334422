//! Extraction is total: mutated pages and over a thousand hostile documents cause no panic, and the result
//! is consistent.
//!
//! The mutations are seeded and the same on every run: run N mutates with seed N. A failure names
//! its seed; `PRESSMARK_FUZZ_SEED=N PRESSMARK_FUZZ_RUNS=1 cargo test --test it extract_fuzz` runs it
//! alone, and `PRESSMARK_FUZZ_RUNS=1000000` runs for long. The growth of time is measured by
//! `cargo bench --bench extract_growth`, over the same hostile documents.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use pressmark::extract::{Hints, extract, extract_text_file};

#[path = "../bench/extract_growth/documents.rs"]
mod documents;
#[path = "extract_fuzz/invariants.rs"]
mod invariants;
#[path = "extract_fuzz/mutate.rs"]
mod mutate;

use invariants::broken;
use mutate::Mutator;

/// Mutated pages of one plain test run.
const RUNS: u64 = 1_000;
/// The size of each hostile document of a test run, in bytes.
const HOSTILE_BYTES: usize = 800;

fn pages() -> Vec<Vec<u8>> {
    fn gather(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, into);
            } else if path.extension().is_some_and(|e| e == "html") {
                into.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pages"), &mut paths);
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// What is wrong with the reading of a document: a panic or an inconsistency.
fn trouble(payload: &[u8], content_type: Option<&str>) -> Vec<String> {
    let hints = Hints { url: Some("https://news.example/a/b"), content_type, status: Some(200) };
    match catch_unwind(AssertUnwindSafe(|| extract(payload, &hints))) {
        Ok(read) => broken(payload, &hints, &read),
        Err(_) => vec!["it panicked".to_owned()],
    }
}

#[test]
fn mutated_pages_cause_no_panic_and_hold_the_invariants() {
    let pages = pages();
    assert!(pages.len() > 100, "only {} pages", pages.len());
    let first = number("PRESSMARK_FUZZ_SEED").unwrap_or(1);
    let runs = number("PRESSMARK_FUZZ_RUNS").unwrap_or(RUNS);
    for seed in first..first + runs {
        let made = Mutator::new(seed).page(&pages);
        let found = trouble(&made.payload, made.content_type);
        assert!(found.is_empty(), "seed {seed}, after {:?}: {}", made.steps, found.join("\n"));
    }
}

#[test]
fn unmutated_pages_hold_the_invariants() {
    for (at, page) in pages().iter().enumerate().step_by(7) {
        let found = trouble(page, None);
        assert!(found.is_empty(), "page {at}: {}", found.join("\n"));
    }
}

#[test]
fn a_thousand_hostile_documents_cause_no_panic() {
    let all = documents::all();
    assert!(all.len() >= 1_000, "only {} documents", all.len());
    for hostile in &all {
        let found = trouble(&hostile.of_size(HOSTILE_BYTES), None);
        assert!(found.is_empty(), "{}: {}", hostile.name, found.join("\n"));
    }
}

#[test]
fn hostile_documents_are_all_different() {
    let mut made: Vec<(Vec<u8>, String)> =
        documents::all().into_iter().map(|d| (d.of_size(400), d.name)).collect();
    made.sort();
    for pair in made.windows(2) {
        assert!(pair[0].0 != pair[1].0, "{} and {}", pair[0].1, pair[1].1);
    }
}

#[test]
fn mutated_pages_cause_no_panic_as_text_files_either() {
    let pages = pages();
    for seed in 1..60 {
        let made = Mutator::new(seed).page(&pages);
        let text = String::from_utf8_lossy(&made.payload);
        let read = extract_text_file(&text);
        let found = invariants::inside(&read.page);
        assert!(found.is_empty(), "seed {seed}: {}", found.join("\n"));
    }
}

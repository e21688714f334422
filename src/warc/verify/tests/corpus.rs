//! The faulty files of `tests/corpus/warc`: what is read of each, and what is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/warc")
}

/// Whole records, and the rules that are found, each once.
fn outcome(input: super::super::super::Input) -> String {
    let mut rules: Vec<&'static str> = Vec::new();
    let mut found = |finding: Finding| {
        if !rules.contains(&finding.rule) {
            rules.push(finding.rule);
        }
    };
    let mut verifier = Verifier::new(VerifyOptions::default(), &mut found);
    verifier.input(input);
    let verified = verifier.finish();
    format!("{}\t{}", verified.records, rules.join(" "))
}

fn opened(path: &Path) -> String {
    match super::super::super::open(path, &ReadOptions::default()) {
        Ok(input) => outcome(input),
        Err(_) => "0\tunreadable".to_owned(),
    }
}

fn streamed(path: &Path) -> String {
    let file = std::fs::File::open(path).unwrap();
    match from_reader("-", Box::new(file), &ReadOptions::default()) {
        Ok(input) => outcome(input),
        Err(_) => "0\tunreadable".to_owned(),
    }
}

/// Each line of `expected.tsv` is a file, the records that are read of it, the rules found; and, where
/// a pipe gives something else, the same of a pipe.
#[test]
fn every_faulty_file_gives_what_is_expected() {
    let expected = std::fs::read_to_string(folder().join("expected.tsv")).unwrap_or_default();
    let expected: BTreeMap<&str, &str> =
        expected.lines().filter_map(|line| line.split_once('\t')).collect();
    let mut got = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "make.py" || name == "expected.tsv" {
            continue;
        }
        let (file, pipe) = (opened(&entry.path()), streamed(&entry.path()));
        let outcome = if file == pipe { file } else { format!("{file}\tpipe\t{pipe}") };
        got.insert(name, outcome);
    }
    let mut differences = Vec::new();
    for (name, outcome) in &got {
        if expected.get(name.as_str()) != Some(&outcome.as_str()) {
            differences.push(format!("{name}\t{outcome}"));
        }
    }
    differences.extend(
        expected.keys().filter(|name| !got.contains_key(**name)).map(|n| format!("{n}: gone")),
    );
    assert!(differences.is_empty(), "as found:\n{}", differences.join("\n"));
}

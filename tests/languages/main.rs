//! Articles in every language, under `tests/corpus/languages`: what is read of each page, and what is reported of
//! its edited version, against the annotations of its writer. Held to the floors of `floors.toml`, which only rise.
//!
//! `cargo test --test languages -- --nocapture` prints the table; with `LANGUAGES_ERRORS=de` also what was wrong
//! in German, with `LANGUAGES_ERRORS=all` in every language. The form of the files is in the folder's `README.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its corpus has failed")]

mod article;
mod page;
mod said;
mod score;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use article::Article;
use score::{FIELDS, Table};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/languages")
}

/// The articles of every language, by its tag.
fn corpus() -> BTreeMap<String, Vec<Article>> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "txt") {
            let tag = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let articles = article::read(&std::fs::read_to_string(&path).unwrap());
            out.insert(tag, articles);
        }
    }
    out
}

#[test]
fn every_language_stays_above_its_floors() {
    let floors: BTreeMap<String, BTreeMap<String, f64>> =
        toml::from_str(&std::fs::read_to_string(root().join("floors.toml")).unwrap()).unwrap();
    let wanted = std::env::var("LANGUAGES_ERRORS").unwrap_or_default();
    let mut lines = String::new();
    let mut below = Vec::new();
    let _ = writeln!(lines, "{:4} {}", "", FIELDS.map(|f| format!("{f:>10}")).join(" "));
    for (tag, articles) in corpus() {
        let mut table = Table::default();
        for (index, article) in articles.iter().enumerate() {
            score::judge(&tag, index, article, &mut table);
        }
        let shares = FIELDS.map(|field| table.f1(field));
        let row = shares.map(|share| format!("{share:>10.3}")).join(" ");
        let _ = writeln!(lines, "{tag:4} {row}");
        for (field, share) in FIELDS.iter().zip(shares) {
            let floor = floors.get(&tag).and_then(|of| of.get(*field)).copied();
            let Some(floor) = floor else {
                below.push(format!("{tag}: {field} has no floor"));
                continue;
            };
            if share + 0.0005 < floor {
                below.push(format!("{tag}: {field} {share:.3} is below {floor}"));
            }
        }
        if wanted == "all" || wanted == tag || !below.is_empty() && wanted.is_empty() {
            for error in &table.errors {
                let _ = writeln!(lines, "  {error}");
            }
        }
    }
    println!("{lines}");
    assert!(below.is_empty(), "{lines}\n{}", below.join("\n"));
}

#[test]
fn the_corpus_has_what_it_promises() {
    let corpus = corpus();
    assert_eq!(corpus.len(), 24);
    for (tag, articles) in corpus {
        let least = if ["en", "de", "fr", "es", "pt", "it", "ru", "zh"].contains(&tag.as_str()) {
            12
        } else {
            5
        };
        assert!(articles.len() >= least, "{tag}: {}", articles.len());
        assert!(articles.iter().all(|a| !a.edits.is_empty()), "{tag}: an article without edits");
    }
}

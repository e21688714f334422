//! Stories in several outlets, under `tests/corpus/stories`: what `story` finds against what their writer put there,
//! held to the floors of `floors.toml`, which only rise.
//!
//! `cargo test --test stories -- --nocapture` prints the table; with `STORIES_ERRORS=1` also what was wrong. The
//! form of the files stands in the folder's `README.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its corpus has failed")]

mod annotated;
mod page;
mod score;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use annotated::Story;
use pressmark::extract::{Hints, extract};
use pressmark::story::{Clusters, Signature, signature};
use score::{FIELDS, Table};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/stories")
}

fn corpus() -> BTreeMap<String, Story> {
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(root()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "txt") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            out.insert(name, annotated::read(&std::fs::read_to_string(&path).unwrap()));
        }
    }
    out
}

#[test]
fn what_is_found_stays_above_its_floors() {
    let floors: BTreeMap<String, [f64; 2]> =
        toml::from_str(&std::fs::read_to_string(root().join("floors.toml")).unwrap()).unwrap();
    let mut table = Table::default();
    for (name, story) in corpus() {
        score::judge(&name, &story, &mut table);
    }
    let mut lines = format!("{:14} {:>9} {:>9} {:>6}\n", "", "precision", "recall", "right");
    let mut below = Vec::new();
    for field in FIELDS {
        let counts = table.counts.get(field).copied().unwrap_or_default();
        let (precision, recall) = (counts.precision(), counts.recall());
        let _ = writeln!(lines, "{field:14} {precision:>9.3} {recall:>9.3} {:>6}", counts.right);
        let Some([least, found]) = floors.get(field) else {
            below.push(format!("{field} has no floor"));
            continue;
        };
        if precision + 0.0005 < *least || recall + 0.0005 < *found {
            below.push(format!(
                "{field}: {precision:.3} and {recall:.3}, below {least} and {found}"
            ));
        }
    }
    println!("{lines}");
    if std::env::var_os("STORIES_ERRORS").is_some() || !below.is_empty() {
        println!("{}", table.errors.join("\n"));
    }
    assert!(below.is_empty(), "{lines}\n{}", below.join("\n"));
}

/// The articles of all stories, one after another by their time: each finds its story, and no other.
#[test]
fn articles_find_their_stories_among_all_others() {
    let corpus = corpus();
    let mut all: Vec<(String, String, Signature)> = Vec::new();
    for (name, story) in &corpus {
        for (at, article) in story.articles.iter().enumerate() {
            let page = extract(page::build(at, article).as_bytes(), &Hints::default()).page;
            let signature = signature(&page, 0).unwrap_or_else(|| panic!("{name} {at}"));
            all.push((article.published.clone(), format!("{name} {}", article.letter), signature));
        }
    }
    all.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    let mut clusters = Clusters::default();
    for (_, _, signature) in &all {
        clusters.put(None, signature.clone());
    }
    let story_of = |at: usize| all[at].1.split(' ').next().unwrap();
    let (mut right, mut wrong) = (0, 0);
    let mut lines = String::new();
    for story in clusters.stories() {
        let names: Vec<&str> = story.iter().map(|at| all[*at].1.as_str()).collect();
        let _ = writeln!(lines, "{}", names.join(", "));
        for (i, a) in story.iter().enumerate() {
            for b in &story[i + 1..] {
                if story_of(*a) == story_of(*b) { right += 1 } else { wrong += 1 }
            }
        }
    }
    let pairs = |story: &Story| story.articles.len() * (story.articles.len() - 1) / 2;
    let wanted: usize = corpus.values().map(pairs).sum();
    let precision = f64::from(right) / f64::from(right + wrong).max(1.0);
    let recall = f64::from(right) / wanted as f64;
    println!("{lines}stories: precision {precision:.3}, recall {recall:.3}");
    assert!(precision >= CLUSTERS[0] && recall >= CLUSTERS[1], "{precision} {recall}\n{lines}");
}

/// Floors of precision and recall of pairs of articles in one story; they only rise.
const CLUSTERS: [f64; 2] = [0.99, 0.78];

#[test]
fn the_corpus_has_what_it_promises() {
    let corpus = corpus();
    assert!(corpus.len() >= 12, "{} stories", corpus.len());
    let languages = |story: &Story| -> BTreeSet<String> {
        story.articles.iter().map(|article| article.language.clone()).collect()
    };
    for (name, story) in &corpus {
        assert!((3..=6).contains(&story.articles.len()), "{name}: {}", story.articles.len());
    }
    let foreign = corpus.values().filter(|story| !languages(story).contains("en")).count();
    let mixed = corpus.values().filter(|story| languages(story).len() > 1).count();
    assert!(foreign >= 3 && mixed >= 2, "{foreign} in other languages, {mixed} in several");
}

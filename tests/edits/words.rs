//! One sentence that changes, in every language: figures in words, parts and ordinals, days and spans, claims,
//! hedges, quotations, notices, and lines of furniture whose numbers change by themselves. One pair a line
//! (`tests/corpus/words`), each between the same three paragraphs of its language; a line says which kinds of
//! change are right.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pressmark::diff::{CompareOptions, compare};
use pressmark::extract::page::Page;
use pressmark::extract::{Hints, extract};

fn corpus(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/words").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of a file with content, each as its fields.
fn fields(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('|').map(str::trim).collect())
}

fn page(language: &str, paragraphs: &[&str]) -> Page {
    let headline: String = paragraphs.first().unwrap().chars().take(60).collect();
    let body: String = paragraphs.iter().map(|text| format!("<p>{text}</p>\n")).collect();
    let html = format!(
        "<!doctype html><html lang={language}><head><meta charset=utf-8><title>{headline}</title>\
         <meta property=article:published_time content=2026-03-04T08:00:00Z></head><body><main><article>\
         <h1>{headline}</h1><div class=article-body>{body}</div></article></main></body></html>"
    );
    extract(html.as_bytes(), &Hints::default()).page
}

#[test]
fn a_sentence_that_changes_is_told_by_its_kind_in_every_language() {
    let (stories, edits) = (corpus("stories.txt"), corpus("edits.txt"));
    let stories: BTreeMap<&str, Vec<&str>> =
        fields(&stories).map(|line| (line[0], line[1..].to_vec())).collect();
    let edits: Vec<Vec<&str>> = fields(&edits).collect();
    assert!(edits.len() >= 300, "only {} pairs", edits.len());
    // Each pair is two pages that are read and compared: on as many cores as there are.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let parts = edits.chunks(edits.len().div_ceil(threads));
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let readers: Vec<_> =
            parts.map(|part| scope.spawn(|| told_wrong(part, &stories))).collect();
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), edits.len(), wrong.join("\n"));
}

/// The pairs whose reported kinds are others than expected.
fn told_wrong(edits: &[Vec<&str>], stories: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for line in edits {
        let [language, kinds, place, before, after] = line[..] else {
            panic!("five fields: {line:?}")
        };
        let story = &stories[language];
        // With the sentence left out where a side has none; the headline is that of the story.
        let with = |sentence: &str| -> Page {
            let mut paragraphs = story.clone();
            let at = match place {
                "top" => 0,
                "end" => 3,
                _ => 2,
            };
            if !sentence.is_empty() {
                paragraphs.insert(at, sentence);
            }
            page(language, &paragraphs)
        };
        let found = compare(&with(before), &with(after), &CompareOptions::default());
        let told: Vec<&str> = found.changes.iter().map(|change| change.kind.label()).collect();
        let noted = ["correction", "update-note", "retraction"];
        let wanted: Vec<&str> = kinds.split('/').collect();
        let right = match kinds {
            "none" => found.changes.iter().all(|change| change.notation),
            _ => told.iter().any(|kind| wanted.contains(kind)),
        };
        // An edit without a notice is silent, and one with a notice is not.
        let silent = kinds != "none" && !wanted.iter().any(|kind| noted.contains(kind));
        if !right || found.stealth != silent {
            wrong.push(format!(
                "{language}: {before} => {after}: {told:?}, stealth {}",
                found.stealth
            ));
        }
    }
    wrong
}

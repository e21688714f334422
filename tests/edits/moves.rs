//! How often a moved paragraph is reported as one move, exact or reworded: every article of the corpus,
//! every paragraph of it, several places to go to.

use std::collections::BTreeSet;

use pressmark::diff::{CompareOptions, OpKind, compare};
use pressmark::extract::page::{BlockKind, Page};
use pressmark::extract::{Hints, extract};

use super::{Capture, folders, page};

/// The least share of moves reported as moves.
const EXACT_MIN: f64 = 0.99;
/// The same where a word of the paragraph changed on the way.
const EDITED_MIN: f64 = 0.92;

/// The paragraphs of every different article in the corpus.
fn articles() -> Vec<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for folder in folders() {
        let page = page(&folder, "old.html", &Capture::default());
        let paragraphs: Vec<String> = page
            .blocks
            .iter()
            .filter(|block| block.kind == BlockKind::Paragraph)
            .filter_map(|block| page.text.get(block.range.clone()))
            .filter(|text| text.len() > 60)
            .map(str::to_owned)
            .collect();
        if paragraphs.len() >= 6 && seen.insert(paragraphs.first().cloned()) {
            found.push(paragraphs);
        }
    }
    found
}

fn written(paragraphs: &[String]) -> Page {
    let escape = |text: &String| text.replace('&', "&amp;").replace('<', "&lt;");
    let body: Vec<String> =
        paragraphs.iter().map(|text| format!("<p>{}</p>", escape(text))).collect();
    let html = format!(
        "<html lang=en><body><main><article><h1>Title</h1>{}</article></main></body></html>",
        body.join("\n")
    );
    extract(html.as_bytes(), &Hints::default()).page
}

/// Takes a word or two out of the middle, as an editor shortens.
fn reworded(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let middle = words.len() / 2;
    let kept = words.iter().enumerate().filter(|(at, _)| *at != middle && *at + 3 != middle);
    kept.map(|(_, word)| *word).collect::<Vec<_>>().join(" ")
}

fn share(edit: impl Fn(&str) -> String) -> (u32, u32) {
    let (mut right, mut all) = (0, 0);
    for article in articles() {
        let old = written(&article);
        for from in 0..article.len() {
            // Two places or more away: a step to the neighbour's place may as well be the neighbour's.
            for to in [0, article.len() / 2, article.len() - 1] {
                if from.abs_diff(to) < 2 {
                    continue;
                }
                let mut changed = article.clone();
                let taken = changed.remove(from);
                let put = edit(&taken);
                changed.insert(to, put.clone());
                let new = written(&changed);
                let found = compare(&old, &new, &CompareOptions::default());
                let moved: Vec<_> = found.ops.iter().filter(|op| op.kind == OpKind::Move).collect();
                all += 1;
                let inserted = found.ops.iter().any(|op| op.kind == OpKind::Insert);
                let whole = moved.first().is_some_and(|op| {
                    let sentences = found.new_sentences.get(op.new.clone()).unwrap_or_default();
                    let span = sentences.first().zip(sentences.last());
                    span.is_some_and(|(a, b)| new.text.get(a.start..b.end) == Some(put.as_str()))
                });
                right += u32::from(moved.len() == 1 && whole && !inserted);
            }
        }
    }
    (right, all)
}

#[test]
fn a_moved_paragraph_is_told_as_one_move() {
    let (right, all) = share(str::to_owned);
    println!("exact moves: {right} of {all}");
    assert!(all > 200 && f64::from(right) >= EXACT_MIN * f64::from(all), "{right} of {all}");
}

#[test]
fn a_moved_and_reworded_paragraph_is_told_as_one_move() {
    let (right, all) = share(reworded);
    println!("moved and reworded: {right} of {all}");
    assert!(all > 200 && f64::from(right) >= EDITED_MIN * f64::from(all), "{right} of {all}");
}

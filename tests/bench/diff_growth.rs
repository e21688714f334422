//! How the time of a comparison grows with expensive inputs, and which pairs are the most expensive.
//!
//!     cargo bench --bench diff_growth [-- --sizes 16,64,256] [--only WORDS] [--top 25] [--seconds 4]
//!
//! The counterpart of `extract_growth`: pairs of pages (`diff_growth/pairs.rs`), each at three sizes in KiB a
//! side. Four things are timed apart: *compared* is the comparison, blame's origins and what came back;
//! *behind a wall* is the same where the last version showed only the beginning (for every fifth pair);
//! *written* is the JSON and every form for readers; *found* is a passage that is nearly that of the page,
//! looked for as a quotation (for every fifth pair). The exponent is 1 where time grows with the size and
//! 2 where it grows with its square, fitted over all sizes. Times are CPU time of the thread where Linux reports
//! it, the minimum of several runs. Pairs under 2 ms at the largest size are in no list. A pair that took
//! longer than `--seconds` at one size is not measured at a larger one, and is reported with its smaller sizes.

use std::hint::black_box;

use pressmark::cite::Quotation;
use pressmark::cite::locate::{Found, locate};
use pressmark::diff::gap::Past;
use pressmark::diff::json;
use pressmark::diff::{
    CompareOptions, Comparison, EarlierSentences, Fingerprint, Presence, Side, compare_captures,
    mark_returns,
};
use pressmark::extract::page::Page;
use pressmark::extract::{Hints, extract};
use pressmark::render::diff::terminal::TerminalOptions;
use pressmark::render::diff::{self as render, Shown};

#[path = "growth/measure.rs"]
mod measure;
#[path = "diff_growth/pairs.rs"]
mod pairs;

use measure::{Args, Row, Work};
use pairs::Pair;

struct Read {
    bytes: usize,
    old: Page,
    new: Page,
}

fn read(pair: &Pair, size: usize) -> Read {
    let (old, new) = pair.of_size(size);
    let page = |html: &str| extract(html.as_bytes(), &Hints::default()).page;
    Read { bytes: old.len() + new.len(), old: page(&old), new: page(&new) }
}

fn compared(old: &Page, new: &Page) -> Comparison {
    let earlier = [Fingerprint::of(new)];
    let options = CompareOptions::default();
    let mut found = compare_captures(&Side::of(old), &Side::of(new), &earlier, &options);
    let mut said = EarlierSentences::default();
    said.take_in_lost(new, &found.origins(), 1);
    mark_returns(&mut found.changes, old, new, &said);
    found
}

/// The article is the old page, and what a wall let through the beginning of the new one.
fn behind_a_wall(old: &Page, shown: &Page, new: &Page) -> Comparison {
    let (article, shown) = (Side::of(old), Side::of(shown));
    let past = Past { last: shown, was: Presence::Cut, article: Some(article), shown: Some(shown) };
    past.compare(&Side::of(new), Presence::Here, None, &CompareOptions::default())
}

fn written(comparison: &Comparison, old: &Page, new: &Page) {
    let (old_label, new_label, title) = ("old", "new", "a page");
    let shown = Shown { comparison, old, new, old_label, new_label, title };
    drop(black_box(serde_json::to_vec(&json::comparison(comparison, old, new))));
    drop(black_box(render::terminal::render(&shown, &TerminalOptions::default())));
    drop(black_box(render::html::render(&shown)));
    drop(black_box(render::markdown::render(&shown)));
    drop(black_box(render::unified::render(&shown)));
}

/// A passage of the page, and the same with other words in its midst and at its end.
fn passages(page: &Page) -> [String; 2] {
    let at = page.sentences.len() / 2;
    let words = page.sentences.get(at).and_then(|s| page.text.get(s.range.clone()));
    let passage: String = words.unwrap_or_default().chars().take(200).collect();
    let (front, back) = passage.split_at(passage.ceil_char_boundary(passage.len() / 2));
    let other = format!("{front}zyx{back}zyx");
    [passage, other]
}

fn found(page: &Page, passages: &[String]) {
    for passage in passages {
        let found = black_box(locate(passage, page));
        let range = found.map_or(0..page.text.len(), |found| found.range);
        drop(black_box(Quotation::new(page, &Found { range, in_headline: false, altered: None })));
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::read()?;
    let mut rows = Vec::new();
    let pairs = pairs::all();
    for (at, pair) in pairs.iter().enumerate().filter(|(_, pair)| pair.name.contains(&args.only)) {
        rows.push(Row::measure(format!("compared: {}", pair.name), &args, |size| {
            let Read { bytes, old, new } = read(pair, size);
            let note = if compared(&old, &new).coarse { " (coarse)" } else { "" };
            Work { bytes, run: Box::new(move || drop(black_box(compared(&old, &new)))), note }
        }));
        rows.push(Row::measure(format!("written: {}", pair.name), &args, |size| {
            let Read { bytes, old, new } = read(pair, size);
            let comparison = compared(&old, &new);
            Work { bytes, run: Box::new(move || written(&comparison, &old, &new)), note: "" }
        }));
        if at % 5 == 0 {
            rows.push(Row::measure(format!("behind a wall: {}", pair.name), &args, |size| {
                let Read { bytes, old, new } = read(pair, size);
                let shown = read(pair, size / 2).new;
                let run = move || drop(black_box(behind_a_wall(&old, &shown, &new)));
                Work { bytes, run: Box::new(run), note: "" }
            }));
            rows.push(Row::measure(format!("found: {}", pair.name), &args, |size| {
                let Read { bytes, new, .. } = read(pair, size);
                let passages = passages(&new);
                Work { bytes, run: Box::new(move || found(&new, &passages)), note: "" }
            }));
        }
    }
    measure::print(rows, &args);
    Ok(())
}

//! The corpus of edit pairs under `tests/corpus/edits`: two payloads, extracted and compared, against
//! the changes a reader would name. Measures precision and recall per kind, and holds them to floors
//! that only rise (`floors.toml`). Beside it `furniture` (no change between a page and itself under
//! other furniture), `moves` (how often a moved paragraph is reported as one) and `long` (a live blog
//! under a budget of work).
//!
//! A folder holds `old.html`, `new.html`, and `expected.json`: the changes by kind with words that
//! `before` and `after` must hold (`*` anything, null nothing), `stealth` where it is judged,
//! `tolerate` for kinds that may come beside them (a whole rewrite), `must` for kinds that must be
//! among those. `earlier.html`, where there is one, is a version before the old one.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its corpus has failed")]

mod furniture;
mod long;
mod moves;
mod wild;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pressmark::diff::{
    Change, CompareOptions, Comparison, EarlierSentences, Fingerprint, Side, compare_captures,
    mark_returns,
};
use pressmark::extract::page::Page;
use pressmark::extract::{Hints, extract};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    stealth: Option<bool>,
    #[serde(default)]
    says_the_same: bool,
    #[serde(default)]
    old: Capture,
    #[serde(default)]
    new: Capture,
    changes: Vec<Wanted>,
    #[serde(default)]
    instead: Vec<Wanted>,
    #[serde(default)]
    tolerate: Vec<String>,
    #[serde(default)]
    must: Vec<String>,
}

#[derive(Deserialize, Default)]
struct Capture {
    url: Option<String>,
    status: Option<u16>,
    redirected_to: Option<String>,
}

#[derive(Deserialize)]
struct Wanted {
    kind: String,
    before: Option<String>,
    after: Option<String>,
    about: Option<String>,
}

#[derive(Default, Clone, Copy)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn precision(self) -> f64 {
        share(self.right, self.wrong)
    }

    fn recall(self) -> f64 {
        share(self.right, self.missed)
    }
}

fn share(right: u32, other: u32) -> f64 {
    if right + other == 0 { 1.0 } else { f64::from(right) / f64::from(right + other) }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/edits")
}

fn folders() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn page(folder: &Path, file: &str, capture: &Capture) -> Page {
    let payload = std::fs::read(folder.join(file)).unwrap();
    let url = capture.redirected_to.as_deref().or(capture.url.as_deref());
    let hints =
        Hints { url, content_type: Some("text/html; charset=utf-8"), status: capture.status };
    extract(&payload, &hints).page
}

fn side<'a>(page: &'a Page, capture: &'a Capture) -> Side<'a> {
    Side {
        page,
        status: capture.status,
        url: capture.url.as_deref(),
        redirected_to: capture.redirected_to.as_deref(),
    }
}

fn compared(folder: &Path, expected: &Expected) -> (Page, Page, Comparison) {
    let old = page(folder, "old.html", &expected.old);
    let new = page(folder, "new.html", &expected.new);
    let mut earlier = Vec::new();
    let mut sentences = EarlierSentences::default();
    if folder.join("earlier.html").exists() {
        let first = page(folder, "earlier.html", &expected.old);
        earlier.push(Fingerprint::of(&first));
        sentences.take_in(&first, 1);
    }
    let mut found = compare_captures(
        &side(&old, &expected.old),
        &side(&new, &expected.new),
        &earlier,
        &CompareOptions::default(),
    );
    mark_returns(&mut found.changes, &old, &new, &sentences);
    (old, new, found)
}

fn holds(found: &Option<String>, wanted: &Option<String>) -> bool {
    match (found, wanted.as_deref()) {
        (_, Some("*")) => true,
        (None, None) => true,
        (Some(found), Some(wanted)) => {
            // The whole quotation may be wanted where a part of it is found, or the reverse.
            found.contains(wanted) || wanted.contains(found.as_str()) && !found.is_empty()
        }
        _ => false,
    }
}

fn is_it(change: &Change, wanted: &Wanted) -> bool {
    change.kind.label() == wanted.kind
        && holds(&change.before, &wanted.before)
        && holds(&change.after, &wanted.after)
        && (wanted.about.is_none() || holds(&change.about, &wanted.about))
}

/// Found and missed, with what went wrong in words.
fn judge(
    expected: &Expected,
    found: &Comparison,
    scores: &mut BTreeMap<String, Score>,
) -> Vec<String> {
    let wanted = if !expected.instead.is_empty()
        && expected.instead.iter().all(|w| found.changes.iter().any(|c| is_it(c, w)))
    {
        &expected.instead
    } else {
        &expected.changes
    };
    let mut left: Vec<&Wanted> = wanted.iter().collect();
    let mut wrongs = Vec::new();
    for change in &found.changes {
        let score = scores.entry(change.kind.label().to_owned()).or_default();
        if let Some(at) = left.iter().position(|w| is_it(change, w)) {
            left.remove(at);
            score.right += 1;
        } else if !expected.tolerate.iter().any(|kind| kind == change.kind.label()) {
            score.wrong += 1;
            wrongs.push(format!(
                "too much: {} {:?} → {:?}",
                change.kind.label(),
                change.before,
                change.after
            ));
        }
    }
    for wanted in left {
        scores.entry(wanted.kind.clone()).or_default().missed += 1;
        wrongs.push(format!("missed: {} {:?} → {:?}", wanted.kind, wanted.before, wanted.after));
    }
    for kind in &expected.must {
        let score = scores.entry(kind.clone()).or_default();
        if found.changes.iter().any(|change| change.kind.label() == kind) {
            score.right += 1;
        } else {
            score.missed += 1;
            wrongs.push(format!("missed: any {kind}"));
        }
    }
    wrongs
}

#[test]
fn precision_and_recall_stay_above_their_floors() {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut stealth = Score::default();
    let mut report = String::new();
    let folders = folders();
    assert!(folders.len() >= 60, "only {} pairs", folders.len());
    for folder in &folders {
        let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
        let expected: Expected = serde_json::from_str(&text).unwrap();
        let (_, _, found) = compared(folder, &expected);
        let mut wrongs = judge(&expected, &found, &mut scores);
        match expected.stealth {
            Some(wanted) if wanted == found.stealth => stealth.right += 1,
            Some(true) => {
                stealth.missed += 1;
                wrongs.push("not called stealth".to_owned());
            }
            Some(false) => {
                stealth.wrong += 1;
                wrongs.push("called stealth".to_owned());
            }
            None => {}
        }
        if expected.says_the_same && !found.says_the_same() {
            wrongs.push("notation taken for a change".to_owned());
            scores.entry("notation".to_owned()).or_default().wrong += 1;
        }
        if !wrongs.is_empty() {
            let name = folder.file_name().unwrap().to_string_lossy();
            let _ = writeln!(report, "{name}\n  {}", wrongs.join("\n  "));
        }
    }
    scores.insert("stealth".to_owned(), stealth);
    let mut table = String::new();
    for (kind, score) in &scores {
        let _ = writeln!(
            table,
            "{kind:<20} precision {:.3} recall {:.3} ({} right, {} wrong, {} missed)",
            score.precision(),
            score.recall(),
            score.right,
            score.wrong,
            score.missed
        );
    }
    println!("{table}\n{report}");
    let floors: BTreeMap<String, [f64; 2]> =
        toml::from_str(&std::fs::read_to_string(root().join("floors.toml")).unwrap()).unwrap();
    for (kind, [precision, recall]) in &floors {
        let score = scores.get(kind).copied().unwrap_or_default();
        assert!(
            score.precision() >= *precision && score.recall() >= *recall,
            "{kind} fell below its floor of {precision} and {recall}\n{table}\n{report}"
        );
    }
    for kind in scores.keys() {
        assert!(floors.contains_key(kind), "{kind} has no floor");
    }
}

/// The kinds that the opposite edit gives.
fn turned(kind: &str) -> &str {
    match kind {
        "text-added" => "text-removed",
        "text-removed" => "text-added",
        "quote-added" => "quote-removed",
        "quote-removed" => "quote-added",
        kind => kind,
    }
}

#[test]
fn swapping_the_versions_swaps_the_kinds() {
    let mut wrong = Vec::new();
    for folder in folders() {
        let capture = Capture::default();
        let (old, new) = (page(&folder, "old.html", &capture), page(&folder, "new.html", &capture));
        if old.access != new.access
            || old.notices != new.notices
            || old.text.len() < 400
            || new.text.len() < 400
        {
            continue; // a notice that vanishes is text, and presence has a direction
        }
        let kinds = |a: &Page, b: &Page| -> Vec<&'static str> {
            let found =
                compare_captures(&Side::of(a), &Side::of(b), &[], &CompareOptions::default());
            let mut kinds: Vec<_> = found.changes.iter().map(|c| c.kind.label()).collect();
            kinds.sort_unstable();
            kinds
        };
        let there = kinds(&old, &new);
        let back = kinds(&new, &old);
        let mut back: Vec<&str> = back.iter().map(|kind| turned(kind)).collect();
        back.sort_unstable();
        if there != back {
            wrong.push(format!("{}: {there:?} {back:?}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

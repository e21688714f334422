//! A page and itself under other furniture: navigation, trending lists, advertisements, counters and
//! nonces made from a seed, put where sites put them.

use std::path::PathBuf;

use pressmark::base::normal_form::{combining_class, decomposed};
use pressmark::diff::{CompareOptions, Op, OpKind, compare};
use pressmark::extract::{Hints, extract};
use proptest::prelude::*;

use super::{Capture, folders, page};

#[test]
fn pairs_that_differ_in_furniture_alone_have_one_text() {
    let pairs = folders().into_iter().filter(|folder| {
        folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("furniture-only"))
    });
    let mut count = 0;
    for folder in pairs {
        count += 1;
        let capture = Capture::default();
        let (old, new) = (page(&folder, "old.html", &capture), page(&folder, "new.html", &capture));
        assert_eq!(old.text, new.text, "{}", folder.display());
    }
    assert!(count >= 5);
}

/// The document with every accent as a character of its own, in the text and in what it declares; with
/// `as_references`, as a reference in the text.
fn apart(html: &str, as_references: bool) -> String {
    let mut out = String::with_capacity(html.len());
    let mut in_tag = false;
    for c in html.chars() {
        in_tag = (in_tag || c == '<') && c != '>';
        for part in decomposed(c) {
            if as_references && !in_tag && combining_class(part) != 0 {
                out.push_str(&format!("&#x{:x};", u32::from(part)));
            } else {
                out.push(part);
            }
        }
    }
    out
}

#[test]
fn a_page_whose_accents_stand_apart_is_the_same_page() {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/pages");
    let (mut pages, mut changed) = (0, Vec::new());
    for outlet in std::fs::read_dir(corpus).unwrap().flatten() {
        for story in std::fs::read_dir(outlet.path()).into_iter().flatten().flatten() {
            let Ok(html) = std::fs::read_to_string(story.path().join("fetch-1.html")) else {
                continue;
            };
            if html.is_ascii() || apart(&html, false) == html {
                continue;
            }
            pages += 1;
            let read = |html: &str| extract(html.as_bytes(), &Hints::default()).page;
            let whole = read(&html);
            let found = compare(&whole, &read(&apart(&html, false)), &CompareOptions::default());
            // Dates in words are read before a reference is one letter with what stands before it.
            let words = compare(&whole, &read(&apart(&html, true)), &CompareOptions::default());
            let keeps = |ops: &[Op]| ops.iter().all(|op| op.kind == OpKind::Keep);
            if !found.changes.is_empty() || !keeps(&found.ops) || !keeps(&words.ops) {
                changed.push((story.path(), found.changes));
            }
        }
    }
    assert!(pages >= 15, "{pages}");
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn an_edit_is_told_the_same_whatever_form_its_accents_have() {
    let mut count = 0;
    for folder in folders() {
        let capture = Capture::default();
        let (old, new) = (page(&folder, "old.html", &capture), page(&folder, "new.html", &capture));
        let html = std::fs::read_to_string(folder.join("new.html")).unwrap_or_default();
        let other = extract(apart(&html, false).as_bytes(), &Hints::default()).page;
        if apart(&html, false) == html {
            continue;
        }
        count += 1;
        let kinds = |new| -> Vec<_> {
            let found = compare(&old, new, &CompareOptions::default());
            found.changes.into_iter().map(|c| c.kind).collect()
        };
        assert_eq!(kinds(&other), kinds(&new), "{}", folder.display());
    }
    assert!(count >= 10, "{count}");
}

fn title() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        "Ten walks for a long weekend",
        "Bread prices rise by 4 percent",
        "“I saw it coming,” says former coach",
        "Photos: the regatta of 1961",
        "Minister resigns over 2 million crown villa",
        "The quiz: 12 questions about the coast",
        "New tram line opens in May",
    ])
    .prop_map(str::to_owned)
}

/// Furniture as HTML: before the content, and behind it.
fn furniture() -> impl Strategy<Value = (String, String)> {
    let titles = proptest::collection::vec(title(), 1..8);
    (titles, 0_u32..100_000, any::<u64>()).prop_map(|(titles, count, nonce)| {
        let links = |class: &str| {
            let items: Vec<String> = titles
                .iter()
                .map(|title| format!("<li><a href=\"/n/{nonce:x}\">{title}</a></li>"))
                .collect();
            format!("<div class=\"{class}\"><h3>{class}</h3><ul>{}</ul></div>", items.join(""))
        };
        let before = format!(
            "<script nonce=\"{nonce:x}\">var t={nonce};</script><nav><a href=\"/\">Home</a>\
             <a href=\"/live\">Live ({count})</a></nav>"
        );
        let after = format!(
            "{}<div class=\"ad-slot\" id=\"ad{count}\"><a href=\"https://ads.example/{nonce:x}\">\
             Sleep better from {count} crowns</a></div><p class=\"counter\">{count} views</p>{}",
            links("trending"),
            links("recommended")
        );
        (before, after)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn other_furniture_makes_no_change(at in any::<prop::sample::Index>(), (before, after) in furniture()) {
        let folders = folders();
        let folder = at.get(&folders);
        let html = std::fs::read_to_string(folder.join("old.html")).unwrap();
        let Some((head, rest)) = html.split_once("<body") else { return Ok(()) };
        let Some((open, body)) = rest.split_once('>') else { return Ok(()) };
        let other = format!("{head}<body{open}>{before}{}", body.replace("</body>", &format!("{after}</body>")));
        let old = extract(html.as_bytes(), &Hints::default()).page;
        let new = extract(other.as_bytes(), &Hints::default()).page;
        // A page of "not found" has no article to distinguish from furniture.
        prop_assume!(old.text.split_whitespace().count() >= 60);
        let found = compare(&old, &new, &CompareOptions::default());
        prop_assert!(found.changes.is_empty(), "{}: {:?}", folder.display(), found.changes);
        prop_assert!(found.ops.iter().all(|op| op.kind == OpKind::Keep));
    }
}

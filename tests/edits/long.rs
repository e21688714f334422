//! A live blog of many thousand words under a budget of work: the answer gets coarser and never wrong.

use pressmark::diff::{ChangeKind, CompareOptions, Comparison, OpKind, compare};
use pressmark::extract::page::Page;
use pressmark::extract::{Hints, extract};

/// A page of this many entries; `edit` numbers the wording of each.
fn blog(entries: usize, edit: impl Fn(usize) -> usize) -> Page {
    let places = ["harbour", "station", "market", "bridge", "school", "tunnel", "airport"];
    let mut html =
        String::from("<html lang=en><body><main><article><h1>Storm: as it happened</h1>\n");
    for n in 0..entries {
        let (wording, place) = (edit(n), places[n % places.len()]);
        let figure = 20 + n + 3 * wording;
        let (who, how) = match wording {
            0 => ("the coast guard", "as the water rose"),
            1 => ("a spokeswoman of the town", "when the water had risen"),
            _ => ("those who were there", "long before any water rose"),
        };
        html.push_str(&format!(
            "<p>At the {place} {figure} people were waiting for boat number {n} {how}, said {who}. \
             “We counted {figure} of them twice,” said the keeper of the {place}.</p>\n"
        ));
    }
    html.push_str("</article></main></body></html>");
    extract(html.as_bytes(), &Hints::default()).page
}

/// Whether every statement of a comparison is true of the two pages.
fn check(old: &Page, new: &Page, found: &Comparison) {
    let mut from_old = vec![0; found.old_sentences.len()];
    let mut from_new = vec![0; found.new_sentences.len()];
    for op in &found.ops {
        op.old.clone().for_each(|at| from_old[at] += 1);
        op.new.clone().for_each(|at| from_new[at] += 1);
        if op.kind == OpKind::Keep {
            for (i, j) in op.old.clone().zip(op.new.clone()) {
                let a = &old.text[found.old_sentences[i].clone()];
                let b = &new.text[found.new_sentences[j].clone()];
                assert_eq!(a.trim(), b.trim());
            }
        }
    }
    assert!(from_old.iter().all(|&n| n == 1), "each old sentence is told once");
    assert!(from_new.iter().all(|&n| n == 1), "each new sentence is told once");
    for change in &found.changes {
        for (page, range, said) in
            [(old, &change.old_range, &change.before), (new, &change.new_range, &change.after)]
        {
            let (Some(range), Some(said)) = (range, said) else { continue };
            if change.kind == ChangeKind::TextMoved {
                // Of a move these are places, and `about` has the words as they stand now.
                let words = change.about.as_deref().unwrap_or_default();
                let new_range = change.new_range.clone().unwrap_or_default();
                assert_eq!(new.text[new_range].trim(), words.trim());
                continue;
            }
            let stands = page.text[range.clone()].contains(said.as_str());
            let speaks = page.text.contains(said.as_str());
            assert!(stands || speaks, "{:?} says {said:?}", change.kind);
        }
    }
}

#[test]
fn a_long_live_blog_gets_a_coarser_answer_and_never_a_wrong_one() {
    let old = blog(700, |_| 0);
    let new = blog(700, |n| (n % 5) / 2);
    let fine = compare(&old, &new, &CompareOptions::default());
    assert!(!fine.coarse, "an article of this length is no trouble");
    check(&old, &new, &fine);
    let mut ops = Vec::new();
    for steps_max in [0, 2_000, 50_000, 400_000] {
        let found = compare(&old, &new, &CompareOptions { steps_max });
        check(&old, &new, &found);
        assert!(found.coarse || steps_max > 50_000, "{steps_max} steps are too few for this");
        // Unchanged text is recognised under any budget.
        let kept = |c: &Comparison| -> usize {
            c.ops.iter().filter(|op| op.kind == OpKind::Keep).map(|op| op.old.len()).sum()
        };
        assert!(kept(&found) * 10 >= kept(&fine) * 9, "{steps_max}");
        ops.push(found.ops.iter().filter(|op| op.kind == OpKind::Replace).count());
    }
    assert!(ops.is_sorted(), "more steps find no fewer edits: {ops:?}");
}

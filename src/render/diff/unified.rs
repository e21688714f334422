//! A comparison as a unified diff, a sentence to a line, for tools that read those.
//!
//! The form has no word for a move, so a moved sentence is a line taken out and a line put in. Context
//! lines show the old text; what changed in notation only is context.

use std::fmt::Write as _;

use super::Shown;
use super::lines::clean;
use crate::diff::OpKind;

/// How many unchanged sentences are shown around a change, as in `diff -u`.
const CONTEXT: usize = 3;

struct Line {
    mark: char,
    text: String,
}

/// Writes a comparison as a unified diff; empty where no sentence changed.
#[must_use]
pub fn render(shown: &Shown<'_>) -> String {
    let lines = lines(shown);
    let mut out = String::new();
    let mut at = 0;
    let (mut old, mut new) = (1, 1);
    while let Some(hunk) = next_hunk(&lines, at) {
        for line in lines.get(at..hunk.start).unwrap_or_default() {
            step(line, &mut old, &mut new);
        }
        if out.is_empty() {
            let _ = writeln!(out, "--- {}", clean(shown.old_label));
            let _ = writeln!(out, "+++ {}", clean(shown.new_label));
        }
        let inside = lines.get(hunk.clone()).unwrap_or_default();
        let count = |skip: char| inside.iter().filter(|line| line.mark != skip).count();
        let (a, b) = (count('+'), count('-'));
        // An empty side is numbered by the line before it.
        let first = |line: usize, count: usize| if count == 0 { line - 1 } else { line };
        let _ = writeln!(out, "@@ -{},{a} +{},{b} @@", first(old, a), first(new, b));
        for line in inside {
            let _ = writeln!(out, "{}{}", line.mark, line.text);
            step(line, &mut old, &mut new);
        }
        at = hunk.end;
    }
    out
}

fn step(line: &Line, old: &mut usize, new: &mut usize) {
    *old += usize::from(line.mark != '+');
    *new += usize::from(line.mark != '-');
}

fn next_hunk(lines: &[Line], from: usize) -> Option<std::ops::Range<usize>> {
    let first = (from..lines.len()).find(|&at| lines.get(at).is_some_and(|l| l.mark != ' '))?;
    let mut last = first;
    for at in first..lines.len() {
        if lines.get(at).is_some_and(|line| line.mark != ' ') {
            if at > last + 2 * CONTEXT {
                break;
            }
            last = at;
        }
    }
    Some(first.saturating_sub(CONTEXT).max(from)..(last + 1 + CONTEXT).min(lines.len()))
}

fn lines(shown: &Shown<'_>) -> Vec<Line> {
    let found = shown.comparison;
    let mut moved = vec![false; found.old_sentences.len()];
    for op in found.ops.iter().filter(|op| op.kind == OpKind::Move) {
        for i in op.old.clone() {
            moved.get_mut(i).into_iter().for_each(|flag| *flag = true);
        }
    }
    let old = |i: usize| {
        let range = found.old_sentences.get(i).cloned().unwrap_or_default();
        clean(shown.old.text.get(range).unwrap_or_default())
    };
    let new = |j: usize| {
        let range = found.new_sentences.get(j).cloned().unwrap_or_default();
        clean(shown.new.text.get(range).unwrap_or_default())
    };
    let mut lines = Vec::new();
    let mut put = |mark: char, text: String| lines.push(Line { mark, text });
    let mut next = 0;
    for op in &found.ops {
        if matches!(op.kind, OpKind::Keep | OpKind::Delete | OpKind::Replace) {
            for i in next..op.old.start {
                put('-', old(i));
            }
            next = op.old.end;
        }
        match op.kind {
            OpKind::Keep => op.old.clone().for_each(|i| put(' ', old(i))),
            OpKind::Delete => op.old.clone().for_each(|i| put('-', old(i))),
            OpKind::Replace => {
                op.old.clone().for_each(|i| put('-', old(i)));
                op.new.clone().for_each(|j| put('+', new(j)));
            }
            OpKind::Insert | OpKind::Move => op.new.clone().for_each(|j| put('+', new(j))),
        }
    }
    // Every sentence passed over was moved.
    for i in next..found.old_sentences.len() {
        if moved.get(i) == Some(&true) {
            put('-', old(i));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CompareOptions, compare, sample};

    fn show(old: &str, new: &str) -> String {
        let (old, new) = (sample::page(old), sample::page(new));
        let comparison = compare(&old, &new, &CompareOptions::default());
        let (old_label, new_label, title) = ("a", "b", "t");
        render(&Shown {
            comparison: &comparison,
            old: &old,
            new: &new,
            old_label,
            new_label,
            title,
        })
    }

    #[test]
    fn sentences_are_lines() {
        let old = "One boat left. Two boats stayed. Rain fell. The wind rose. Night came. Bells rang. Day broke.";
        let new = "One boat left. Nine boats stayed. Rain fell. The wind rose. Night came. Bells rang. Day broke. All slept.";
        let expected = "\
--- a
+++ b
@@ -1,7 +1,8 @@
 One boat left.
-Two boats stayed.
+Nine boats stayed.
 Rain fell.
 The wind rose.
 Night came.
 Bells rang.
 Day broke.
+All slept.
";
        assert_eq!(show(old, new), expected);
        assert_eq!(show(old, old), "");
    }

    #[test]
    fn a_moved_sentence_is_taken_out_and_put_in() {
        let a = "The ministry opened an inquiry into it.";
        let b = "Two tugs towed the ferry back to its berth.";
        let c = "The captain was questioned for three hours by the police.";
        let expected = format!("--- a\n+++ b\n@@ -1,3 +1,3 @@\n+{c}\n {a}\n {b}\n-{c}\n");
        assert_eq!(show(&format!("{a} {b} {c}"), &format!("{c} {a} {b}")), expected);
    }
}

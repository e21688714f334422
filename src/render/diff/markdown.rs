//! A comparison as Markdown (CommonMark with the tables and strikethrough of GFM): the changes as a
//! table, then the changed passages, words cut struck out and words put in bold.

use std::fmt::Write as _;

use super::lines::{abridged, clean, flat};
use super::passages::{Run, Side, passages};
use super::{Shown, verdict};
use crate::diff::OpKind;

/// Writes a comparison as Markdown.
#[must_use]
pub fn render(shown: &Shown<'_>) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", escaped(&clean(shown.title)));
    let _ = writeln!(
        out,
        "{} → {}\n",
        escaped(&clean(shown.old_label)),
        escaped(&clean(shown.new_label))
    );
    let _ = writeln!(out, "**{}**\n", escaped(&verdict(shown)));
    let changes = &shown.comparison.changes;
    if !changes.is_empty() {
        out.push_str("| weight | change | before | after | who or what |\n|---|---|---|---|---|\n");
        for change in changes {
            let cell = |text: &Option<String>| {
                let text = text.as_deref().map(|text| abridged(&clean(text), 160));
                escaped(&text.unwrap_or_default())
            };
            let who = if change.speaker.is_some() { &change.speaker } else { &change.about };
            let (before, after, who) = (cell(&change.before), cell(&change.after), cell(who));
            let _ = writeln!(
                out,
                "| {} | {} | {before} | {after} | {who} |",
                change.weight,
                change.kind.label()
            );
        }
        out.push('\n');
    }
    let mut unchanged = 0;
    for passage in passages(shown) {
        if passage.kind == OpKind::Keep {
            unchanged += passage.sentences;
            continue;
        }
        folded(&mut unchanged, &mut out);
        if let Some(from) = passage.moved_from {
            let _ = write!(out, "*(moved, was sentence {from})* ");
        }
        for run in passage.inline() {
            match run {
                Run::Same(text) => out.push_str(&escaped(&flat(text))),
                Run::Cut(text) => wrap(&mut out, "~~", text),
                Run::Put(text) => wrap(&mut out, "**", text),
                Run::Break(Side::Both | Side::New) => out.push_str("\n\n"),
                Run::Space | Run::Break(Side::Old) => out.push(' '),
            }
        }
        out.push_str("\n\n");
    }
    folded(&mut unchanged, &mut out);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn folded(unchanged: &mut usize, out: &mut String) {
    if *unchanged > 0 {
        let _ = writeln!(out, "*… {unchanged} unchanged …*\n");
        *unchanged = 0;
    }
}

/// Marks must touch the words, so the space at the ends stays outside.
fn wrap(out: &mut String, mark: &str, text: &str) {
    let text = flat(text);
    let words = text.trim();
    if words.is_empty() {
        out.push_str(&text);
        return;
    }
    let lead = if text.starts_with(' ') { " " } else { "" };
    let trail = if text.ends_with(' ') { " " } else { "" };
    let _ = write!(out, "{lead}{mark}{}{mark}{trail}", escaped(words));
}

/// Text that Markdown shows as it is.
pub(in crate::render) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' | '&')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CompareOptions, compare, sample};

    #[test]
    fn a_diff_in_markdown() {
        let old = sample::page("Rain fell on *the quay*. Police counted 12 boats there.");
        let new = sample::page("Rain fell on *the quay*. Police counted 15 boats there.");
        let comparison = compare(&old, &new, &CompareOptions::default());
        let shown = Shown {
            comparison: &comparison,
            old: &old,
            new: &new,
            old_label: "a",
            new_label: "b",
            title: "<script>",
        };
        let expected = "\
# \\<script\\>

a → b

**1 change, not acknowledged: no notice, and no modification date is declared**

| weight | change | before | after | who or what |
|---|---|---|---|---|
| 3 | figure-changed | 12 | 15 | boats |

*… 1 unchanged …*

Police counted ~~12~~**15** boats there.
";
        assert_eq!(render(&shown), expected);
    }
}

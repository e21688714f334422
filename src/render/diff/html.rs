//! A comparison as one self-contained HTML file: the changes as a table, then the text inline or side
//! by side, switched by two radio buttons and no script.
//!
//! Nothing is fetched and nothing runs: the file forbids both in a policy of its own. What came and
//! went is marked by `ins` and `del`, underlined and struck through, and said as text to a screen
//! reader; colour only repeats it. It prints, follows light and dark, and folds long unchanged runs.

use std::fmt::Write as _;

use super::cells::cells;
use super::lines::{abridged, clean, flat};
use super::passages::{Passage, Piece, Run, Side, passages};
use super::{Shown, verdict};
use crate::base::markup::escaped;
use crate::diff::{Change, ChangeKind, OpKind};

/// The style of the file, also for pages that embed a [`fragment`].
pub const STYLE: &str = include_str!("diff.css");

/// Unchanged runs of more sentences than this are folded.
const FOLD_MIN: usize = 4;

/// Writes the whole file.
#[must_use]
pub fn render(shown: &Shown<'_>) -> String {
    let language = shown.new.language.as_ref().map_or("en", |fact| fact.value.as_str());
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<title>What changed: {}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n",
        escaped(&clean(shown.title))
    );
    out.push_str(&fragment(shown, language));
    out.push_str("</body>\n</html>\n");
    out
}

/// Writes what is in the body, for a page that brings [`STYLE`] itself. `language` is that of the
/// article.
#[must_use]
pub fn fragment(shown: &Shown<'_>, language: &str) -> String {
    let mut out = String::from("<main class=\"diff\">\n");
    head(shown, &mut out);
    changes(shown, &mut out);
    if shown.comparison.ops.iter().any(|op| op.kind != OpKind::Keep) {
        out.push_str(&text(shown, language, false));
    }
    out.push_str("</main>\n");
    out
}

fn head(shown: &Shown<'_>, out: &mut String) {
    let found = shown.comparison;
    let headline = shown.new.headline.as_ref().or(shown.old.headline.as_ref());
    let name = headline.map_or_else(|| clean(shown.title), |fact| clean(&fact.value));
    let _ = writeln!(out, "<header>\n<h1>{}</h1>", escaped(&name));
    if headline.is_some() {
        let _ = writeln!(out, "<p class=\"address\">{}</p>", escaped(&clean(shown.title)));
    }
    let _ = writeln!(
        out,
        "<p class=\"versions\"><span>{}</span> <span aria-label=\"to\">→</span> <span>{}</span></p>",
        escaped(&clean(shown.old_label)),
        escaped(&clean(shown.new_label))
    );
    let class = if found.stealth { "verdict silent" } else { "verdict" };
    let _ = writeln!(out, "<p class=\"{class}\">{}</p>\n</header>", escaped(&verdict(shown)));
}

fn changes(shown: &Shown<'_>, out: &mut String) {
    if shown.comparison.changes.is_empty() {
        return;
    }
    out.push_str(
        "<table class=\"changes\">\n<caption>Changes by weight</caption>\n<thead><tr>\
         <th scope=\"col\">Weight</th><th scope=\"col\">Kind</th><th scope=\"col\">Before</th>\
         <th scope=\"col\">After</th></tr></thead>\n<tbody>\n",
    );
    let mut ranked: Vec<&Change> = shown.comparison.changes.iter().collect();
    ranked.sort_by_key(|change| std::cmp::Reverse(change.weight));
    for change in ranked {
        let _ = write!(
            out,
            "<tr class=\"w{0}\"><td><span class=\"weight\" aria-hidden=\"true\">{1}</span>\
             <span class=\"unseen\">{0} of 5</span></td><th scope=\"row\">{2}{3}</th>",
            change.weight,
            "●".repeat(change.weight.into())
                + &"○".repeat(5_usize.saturating_sub(change.weight.into())),
            change.kind.label(),
            aside(change),
        );
        let (before, after) = cells(change);
        let _ = writeln!(out, "<td>{before}</td><td>{after}</td></tr>");
    }
    out.push_str("</tbody>\n</table>\n");
}

/// Who or what a change is about.
fn aside(change: &Change) -> String {
    let about = match change.kind {
        ChangeKind::QuoteReattributed => {
            change.about.as_ref().map(|said| format!("“{}”", abridged(said, 80)))
        }
        ChangeKind::Correction => change.about.as_ref().map(|wrong| format!("wrong: {wrong}")),
        _ => change.speaker.clone().or_else(|| change.about.clone()),
    };
    about.map_or_else(String::new, |about| {
        format!(" <small>{}</small>", escaped(&abridged(&clean(&about), 100)))
    })
}

/// The text of both sides as one section, inline and side by side; which of them is shown is chosen by two radio
/// buttons, and at first by `is_side_by_side`.
pub(in crate::render) fn text(shown: &Shown<'_>, language: &str, is_side_by_side: bool) -> String {
    let mut text = String::new();
    let out = &mut text;
    let (inline, side) = if is_side_by_side { ("", " checked") } else { (" checked", "") };
    let _ = writeln!(
        out,
        "<section class=\"text\">\n<h2>The text</h2>\n\
         <input type=\"radio\" name=\"view\" id=\"view-inline\"{inline}>\
         <label for=\"view-inline\">Inline</label>\n\
         <input type=\"radio\" name=\"view\" id=\"view-side\"{side}>\
         <label for=\"view-side\">Side by side</label>"
    );
    let passages = passages(shown);
    let _ = writeln!(out, "<div class=\"inline\" lang=\"{}\">", escaped(language));
    for passage in &passages {
        opened(passage, out, |out| {
            out.push_str("<p>");
            note(passage, out);
            pieces(passage, View::Inline, out);
            out.push_str("</p>");
        });
    }
    out.push_str("</div>\n");
    let _ = writeln!(
        out,
        "<div class=\"side\" lang=\"{}\">\n<div class=\"row heads\" aria-hidden=\"true\"><div>{}</div><div>{}</div></div>",
        escaped(language),
        escaped(&clean(shown.old_label)),
        escaped(&clean(shown.new_label))
    );
    for passage in &passages {
        opened(passage, out, |out| {
            out.push_str("<div class=\"row\"><div><p>");
            if passage.kind != OpKind::Insert {
                note_old(passage, out);
                pieces(passage, View::Old, out);
            }
            out.push_str("</p></div><div><p>");
            if passage.kind != OpKind::Delete {
                note(passage, out);
                pieces(passage, View::New, out);
            }
            out.push_str("</p></div></div>");
        });
    }
    out.push_str("</div>\n</section>\n");
    text
}

/// Writes a passage, folded where it is long and unchanged.
fn opened(passage: &Passage<'_>, out: &mut String, inside: impl FnOnce(&mut String)) {
    let kind = passage.kind.label();
    if passage.kind == OpKind::Keep && passage.sentences > FOLD_MIN {
        let _ = write!(
            out,
            "<details class=\"{kind}\"><summary>{} unchanged sentences</summary>",
            passage.sentences
        );
        inside(out);
        out.push_str("</details>\n");
    } else {
        let _ = write!(out, "<div class=\"{kind}\">");
        inside(out);
        out.push_str("</div>\n");
    }
}

fn note(passage: &Passage<'_>, out: &mut String) {
    if let Some(from) = passage.moved_from {
        let _ = write!(out, "<span class=\"note\">moved here, was sentence {from}</span> ");
    }
}

fn note_old(passage: &Passage<'_>, out: &mut String) {
    if let Some(to) = passage.moved_to {
        let _ = write!(out, "<span class=\"note\">moved, is now sentence {to}</span> ");
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum View {
    Inline,
    Old,
    New,
}

fn pieces(passage: &Passage<'_>, view: View, out: &mut String) {
    if view == View::Inline {
        return inline(passage, out);
    }
    for piece in &passage.pieces {
        match (piece, view) {
            (Piece::Same(old, _), View::Old) => out.push_str(&escaped(&flat(old))),
            (Piece::Same(_, new), _) => out.push_str(&escaped(&flat(new))),
            (Piece::Cut(text), View::Old) => marked("del", text, out),
            (Piece::Put(text), View::New) => marked("ins", text, out),
            (Piece::Break(Side::Old), View::New) | (Piece::Break(Side::New), View::Old) => {
                out.push(' ')
            }
            (Piece::Break(_), _) => out.push_str("</p><p>"),
            (Piece::Cut(_) | Piece::Put(_), _) => {}
        }
    }
}

fn inline(passage: &Passage<'_>, out: &mut String) {
    for run in passage.inline() {
        match run {
            Run::Same(text) => out.push_str(&escaped(&flat(text))),
            Run::Cut(text) => marked("del", text, out),
            Run::Put(text) => marked("ins", text, out),
            Run::Space => out.push(' '),
            Run::Break(Side::Old) if passage.kind != OpKind::Delete => out.push(' '),
            Run::Break(_) => out.push_str("</p><p>"),
        }
    }
}

fn marked(tag: &str, text: &str, out: &mut String) {
    let _ = write!(out, "<{tag}>{}</{tag}>", escaped(&flat(text)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{CompareOptions, compare, sample};

    fn show(old: &str, new: &str) -> String {
        let (old, new) = (sample::page(old), sample::page(new));
        let comparison = compare(&old, &new, &CompareOptions::default());
        render(&Shown {
            comparison: &comparison,
            old: &old,
            new: &new,
            old_label: "Tuesday <b>",
            new_label: "Wednesday",
            title: "https://coastal-courier.example/?a=1&b=2",
        })
    }

    #[test]
    fn what_came_and_went_is_marked_by_elements() {
        let html = show(
            "Police counted 12 boats there. Rain fell.",
            "Police counted 15 boats there. Rain fell.",
        );
        assert!(html.contains("<p>Police counted <del>12</del><ins>15</ins> boats there.</p>"));
        assert!(html.contains("<div><p>Police counted <del>12</del> boats there.</p></div>"));
        assert!(html.contains("Tuesday &lt;b&gt;") && html.contains("?a=1&amp;b=2"));
        assert!(!html.contains("<script") && !html.contains("src="));
    }

    #[test]
    fn markup_in_an_article_is_text() {
        let html =
            show("A quiet day.", "A quiet day. It said <img src=x onerror=alert(1)> & \"so\".");
        assert!(!html.contains("<img"));
        assert!(html.contains("&lt;img src=x onerror=alert(1)&gt; &amp; &quot;so&quot;."));
    }
}

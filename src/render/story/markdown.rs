//! A story as Markdown (CommonMark with the tables of GFM), to be pasted into notes.

use std::fmt::Write as _;

use super::labels::{
    COPIED_MAX, about, clean, differs, disagreements, first, heading, letter, more, percent,
    said_by, title, value, variant_label,
};
use crate::answers::quotes::PageSource;
use crate::answers::story::StoryAnswer;
use crate::render::diff::markdown::escaped;

/// Writes a story as Markdown.
#[must_use]
pub fn render(found: &StoryAnswer) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n", escaped(&title(found)));
    out.push_str("| | outlet | headline | captured | address |\n|---|---|---|---|---|\n");
    for (at, article) in found.articles.iter().enumerate() {
        let when = match &article.source {
            PageSource::File(_) => String::new(),
            PageSource::Capture { at, form, .. } => at.to_rfc3339() + crate::render::in_form(*form),
        };
        let _ = writeln!(
            out,
            "| {} | {} | {} | {when} | {} |",
            letter(at),
            escaped(&clean(&article.outlet())),
            escaped(&clean(article.headline())),
            escaped(&clean(article.name()))
        );
    }
    if let Some(first) = first(&found.story) {
        let _ = writeln!(out, "\nFirst: {first}.");
    }
    quotations(found, &mut out);
    figures(found, &mut out);
    copied(found, &mut out);
    sources(found, &mut out);
    over_time(found, &mut out);
    out
}

fn quotations(found: &StoryAnswer, out: &mut String) {
    if found.story.quotes.is_empty() {
        return;
    }
    out.push_str("\n## Quotations\n");
    for group in &found.story.quotes {
        let _ = writeln!(out, "\n### {}\n", escaped(&heading(group)));
        out.push_str("| | words | speaker, cue | |\n|---|---|---|---|\n");
        for variant in &group.variants {
            let _ = writeln!(
                out,
                "| {} | “{}” | {} | {} |",
                letter(variant.article),
                escaped(&clean(&variant.text)),
                escaped(&said_by(variant)),
                variant_label(variant)
            );
        }
        for line in disagreements(group) {
            let _ = writeln!(out, "\n**They disagree** on the {}", escaped(&line));
        }
    }
}

fn figures(found: &StoryAnswer, out: &mut String) {
    if found.story.figures.is_empty() {
        return;
    }
    let letters: Vec<String> = (0..found.articles.len()).map(letter).collect();
    let _ = writeln!(out, "\n## Figures\n\n| about | | {} |", letters.join(" | "));
    let _ = writeln!(out, "|---|---|{}", "---|".repeat(letters.len()));
    for group in &found.story.figures {
        let _ = write!(out, "| {} | {} |", escaped(&about(group)), differs(group.difference));
        for at in 0..letters.len() {
            let own = group.values.iter().find(|value| value.article == at);
            let _ = write!(out, " {} |", own.map_or_else(String::new, |own| escaped(&value(own))));
        }
        out.push('\n');
    }
}

fn copied(found: &StoryAnswer, out: &mut String) {
    if found.story.copied.is_empty() {
        return;
    }
    out.push_str("\n## Copied text\n");
    for copied in found.story.copied.iter().take(COPIED_MAX) {
        let pages: Vec<String> = copied
            .articles
            .iter()
            .map(|one| {
                let credits: Vec<String> = one.credits.iter().map(|name| clean(name)).collect();
                let credits = if credits.is_empty() {
                    String::new()
                } else {
                    format!(" (names {})", escaped(&credits.join(", ")))
                };
                format!("{} {}{credits}", letter(one.article), percent(one.share))
            })
            .collect();
        let _ = writeln!(out, "\n{}\n", pages.join(", "));
        for passage in &copied.passages {
            let _ = writeln!(out, "> {}\n", escaped(&clean(&passage.text)));
        }
    }
    if let Some(more) = more(found.story.copied.len(), COPIED_MAX) {
        let _ = writeln!(out, "{more}\n");
    }
}

fn sources(found: &StoryAnswer, out: &mut String) {
    if found.story.sources.iter().all(Vec::is_empty) {
        return;
    }
    out.push_str("\n## Sources\n\n");
    for (at, sources) in found.story.sources.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
        let named: Vec<String> = sources
            .iter()
            .map(|source| format!("{} ({})", escaped(&clean(&source.name)), source.kind.label()))
            .collect();
        let _ = writeln!(out, "- {}: {}", letter(at), named.join(", "));
    }
}

fn over_time(found: &StoryAnswer, out: &mut String) {
    let Some(over_time) = found.over_time.as_ref().filter(|one| !one.events.is_empty()) else {
        return;
    };
    let outlet =
        |version: usize| over_time.outlets.get(version).map_or_else(String::new, |at| letter(*at));
    out.push_str("\n## Over time\n\n| when | | what | before | after | earlier in |\n|---|---|---|---|---|---|\n");
    for event in &over_time.events {
        let cell = |text: &Option<String>| escaped(&clean(text.as_deref().unwrap_or_default()));
        let earlier: Vec<String> = event.earlier.iter().map(|at| outlet(*at)).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} {}: {} | {} | {} | {} |",
            event.at.to_rfc3339(),
            outlet(event.article),
            event.thing.label(),
            event.turn.label(),
            cell(&event.about),
            cell(&event.before),
            cell(&event.after),
            earlier.join(", ")
        );
    }
}

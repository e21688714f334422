//! A story for a terminal: the articles with their letters, then what they share, as lines.

use super::labels::{
    COPIED_MAX, about, clean, differs, disagreements, first, heading, letter, more, percent,
    said_by, title, value, variant_label,
};
use crate::answers::clusters::Cluster;
use crate::answers::quotes::PageSource;
use crate::answers::story::{StoryAnswer, StoryOverTime};
use crate::base::printable::{fitted, width};
use crate::story::{FigureGroup, QuoteGroup, Relation};

/// At most this many passages of a group are shown.
const PASSAGES_SHOWN: usize = 2;

/// The lines of a story of the archive: its headline, and its articles.
#[must_use]
pub fn cluster(story: &Cluster) -> Vec<String> {
    let count = crate::render::plural(story.articles.len() as u64, "article");
    let hosts = crate::render::plural(story.hosts as u64, "host");
    let mut out = vec![
        clean(&story.headline),
        format!(
            "  {count} of {hosts}, captured {} to {}",
            story.first.to_rfc3339(),
            story.last.to_rfc3339()
        ),
    ];
    for article in &story.articles {
        let outlet = article.publisher.as_deref().map(clean).unwrap_or_default();
        out.push(
            format!("  {}  {outlet}", article.first_captured.to_rfc3339()).trim_end().to_owned(),
        );
        out.push(format!("    {}", clean(&article.url)));
    }
    out
}

/// The lines of a story, none wider than `columns` where possible.
#[must_use]
pub fn lines(found: &StoryAnswer, columns: usize) -> Vec<String> {
    let mut out = vec![title(found), String::new()];
    for (at, article) in found.articles.iter().enumerate() {
        let when = match &article.source {
            PageSource::File(_) => String::new(),
            PageSource::Capture { at, form, .. } => {
                format!("  {}{}", at.to_rfc3339(), crate::render::in_form(*form))
            }
        };
        out.push(format!("{:>3}  {}{when}", letter(at), clean(&article.outlet())));
        out.push(format!("     {}", clean(article.name())));
    }
    out.extend(
        first(&found.story)
            .map(|first| format!("\nfirst: {first}"))
            .into_iter()
            .flat_map(|text| text.split('\n').map(str::to_owned).collect::<Vec<_>>()),
    );
    section("Quotations", found.story.quotes.is_empty(), &mut out);
    for group in &found.story.quotes {
        quotation(group, columns, &mut out);
    }
    section("Figures", found.story.figures.is_empty(), &mut out);
    figures(&found.story.figures, columns, &mut out);
    section("Copied text", found.story.copied.is_empty(), &mut out);
    for copied in found.story.copied.iter().take(COPIED_MAX) {
        let pages: Vec<String> = copied
            .articles
            .iter()
            .map(|one| {
                let credits: Vec<String> = one.credits.iter().map(|name| clean(name)).collect();
                let credits = if credits.is_empty() {
                    String::new()
                } else {
                    format!(", names {}", credits.join(", "))
                };
                format!("{} {}{credits}", letter(one.article), percent(one.share))
            })
            .collect();
        out.push(format!("  {}", pages.join(" · ")));
        for passage in copied.passages.iter().take(PASSAGES_SHOWN) {
            let places: Vec<String> =
                passage.places.iter().map(|(article, _)| letter(*article)).collect();
            let head = format!("    {} words in {}: ", passage.words, places.join(" and "));
            let room = columns.saturating_sub(width(&head)).max(20);
            out.push(format!("{head}{}", fitted(&clean(&passage.text), room)));
        }
        out.extend(more(copied.passages.len(), PASSAGES_SHOWN).map(|more| format!("    {more}")));
    }
    out.extend(more(found.story.copied.len(), COPIED_MAX).map(|more| format!("  {more}")));
    section("Sources", found.story.sources.iter().all(Vec::is_empty), &mut out);
    for (at, sources) in found.story.sources.iter().enumerate().filter(|(_, s)| !s.is_empty()) {
        let named: Vec<String> = sources
            .iter()
            .map(|source| format!("{} ({})", clean(&source.name), source.kind.label()))
            .collect();
        wrapped(&format!("{:>3}  ", letter(at)), &named.join(", "), columns, &mut out);
    }
    if let Some(over_time) = &found.over_time {
        section("Over time", over_time.events.is_empty(), &mut out);
        events(over_time, columns, &mut out);
    }
    out
}

fn section(name: &str, is_empty: bool, out: &mut Vec<String>) {
    out.push(String::new());
    out.push(if is_empty { format!("{name}: none") } else { name.to_owned() });
}

/// Puts a text behind a head, broken at spaces.
fn wrapped(head: &str, text: &str, columns: usize, out: &mut Vec<String>) {
    let indent = " ".repeat(width(head));
    let room = columns.saturating_sub(width(head)).max(20);
    let mut line = String::new();
    let mut is_first = true;
    let mut end = |line: &mut String, out: &mut Vec<String>| {
        let lead: &str = if std::mem::take(&mut is_first) { head } else { &indent };
        out.push(format!("{lead}{line}"));
        line.clear();
    };
    for word in text.split(' ') {
        if !line.is_empty() && width(&line) + 1 + width(word) > room {
            end(&mut line, out);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    end(&mut line, out);
}

fn quotation(group: &QuoteGroup, columns: usize, out: &mut Vec<String>) {
    out.push(format!("  {}", heading(group)));
    for (at, variant) in group.variants.iter().enumerate() {
        let head = format!("  {:>3}  ", letter(variant.article));
        let by = said_by(variant);
        let label = variant_label(variant);
        let tail = if by.is_empty() { label } else { format!("{by}; {label}") };
        // The words of the fullest are given once.
        let is_known = variant.relation == Relation::Identical && at != group.fullest;
        let words = if is_known {
            format!("= ({tail})")
        } else {
            format!("“{}” ({tail})", clean(&variant.text))
        };
        wrapped(&head, &words, columns, out);
    }
    out.extend(disagreements(group).into_iter().map(|line| format!("    !  {line}")));
}

/// A line for each group, the values behind the letters of those that have them.
fn figures(groups: &[FigureGroup], columns: usize, out: &mut Vec<String>) {
    for group in groups {
        let mut values: Vec<(String, Vec<String>)> = Vec::new();
        for one in &group.values {
            let text = value(one);
            match values.iter_mut().find(|(known, _)| *known == text) {
                Some((_, letters)) => letters.push(letter(one.article)),
                None => values.push((text, vec![letter(one.article)])),
            }
        }
        let values: Vec<String> = values
            .into_iter()
            .map(|(text, letters)| format!("{text} ({})", letters.join(" ")))
            .collect();
        let head = format!("  {}, {}: ", about(group), differs(group.difference));
        wrapped(&head, &values.join(" · "), columns, out);
    }
}

fn events(over_time: &StoryOverTime, columns: usize, out: &mut Vec<String>) {
    let outlet =
        |version: usize| over_time.outlets.get(version).map_or_else(String::new, |at| letter(*at));
    for event in &over_time.events {
        let quoted = |text: &Option<String>| {
            format!("“{}”", fitted(&clean(text.as_deref().unwrap_or_default()), 80))
        };
        let what = match (&event.before, &event.after) {
            (Some(_), Some(_)) => format!("{} → {}", quoted(&event.before), quoted(&event.after)),
            (Some(_), None) => quoted(&event.before),
            _ => quoted(&event.after),
        };
        let about = event.about.as_deref().map(clean).unwrap_or_default();
        let earlier: Vec<String> = event.earlier.iter().map(|at| outlet(*at)).collect();
        let earlier = if earlier.is_empty() {
            String::new()
        } else {
            format!("; earlier in {}", earlier.join(", "))
        };
        let head = format!("  {}  {:>2} ", event.at.to_rfc3339(), outlet(event.article));
        let text =
            format!("{} {} ({about}) {what}{earlier}", event.turn.label(), event.thing.label());
        wrapped(&head, &text, columns, out);
    }
}

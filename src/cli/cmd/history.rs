//! `history`

use serde_json::{Value, json};

use crate::base::Timestamp;
use crate::cli::args::HistoryArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::diff::render::json::change;
use crate::history::{History, Said, Version, history};
use crate::index::cdx::json_line;

/// Prints the versions of a page and the changes between them.
///
/// # Errors
/// When nothing is found (exit 3) or the archive cannot be read.
pub fn run(args: &HistoryArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format()?;
    let period = context.period(args.from.as_deref(), args.to.as_deref())?;
    let reader = context.reader()?;
    let what = format!("reading the history of {}", args.url);
    let found = history(&reader, &args.url, period).map_err(|e| store_error(&what, e))?;
    for note in &found.notes {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    if found.versions.is_empty() {
        return Err(CliError::nothing(format!("no capture of {}", args.url))
            .hint("`pressmark captures URL --match host` lists what there is of a host"));
    }
    match format {
        Format::Json => context.out.json(&to_json(&args.url, &found))?,
        Format::Text => print(context, &args.url, &found)?,
    }
    Ok(Exit::Done)
}

/// A capture as JSON.
#[must_use]
pub fn capture_json(said: &Said) -> Value {
    // The line is JSON by construction; null would show a mistake of ours.
    serde_json::from_str(&json_line(&said.entry, &said.file)).unwrap_or(Value::Null)
}

fn to_json(url: &str, found: &History) -> Value {
    let mut before: Option<&Version> = None;
    let mut versions = Vec::new();
    for version in &found.versions {
        let changes: Vec<_> = match (&version.comparison, before) {
            (Some(comparison), Some(old)) => comparison
                .changes
                .iter()
                .map(|c| change(c, &old.said.page, &version.said.page))
                .collect(),
            _ => Vec::new(),
        };
        versions.push(json!({
            "capture": capture_json(&version.said),
            "first_seen": version.first_seen.to_warc_date(),
            "last_seen": version.last_seen.to_warc_date(),
            "captures": version.captures,
            "headline": version.said.page.headline.as_ref().map(|h| h.value.clone()),
            "changes": changes,
            "stealth": version.comparison.as_ref().is_some_and(|c| c.stealth),
        }));
        before = Some(version);
    }
    json!({ "url": url, "versions": versions })
}

fn print(context: &Context, url: &str, found: &History) -> Result<(), CliError> {
    let count = found.versions.len();
    let captures: u64 = found.versions.iter().map(|v| v.captures).sum();
    let plural = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    context.out.line(&format!(
        "{url}: {} in {}",
        plural(count as u64, "version"),
        plural(captures, "capture")
    ))?;
    for (number, version) in found.versions.iter().enumerate() {
        context.out.line("")?;
        context.out.line(&format!(
            "version {}  {}  {}",
            number + 1,
            span(version.first_seen, version.last_seen),
            plural(version.captures, "capture")
        ))?;
        match (&version.said.page.headline, version.said.entry.status) {
            (Some(headline), Some(200 | 304)) => {
                context.out.line(&format!("  {}", headline.value))?
            }
            (_, Some(status)) => context.out.line(&format!("  (status {status})"))?,
            (_, None) => {}
        }
        let Some(comparison) = &version.comparison else { continue };
        if comparison.stealth {
            context
                .out
                .line("  changed without a word: no notice, and the declared date says nothing")?;
        }
        for change in &comparison.changes {
            context.out.line(&format!("  {}", line(change)))?;
        }
    }
    Ok(())
}

fn span(first: Timestamp, last: Timestamp) -> String {
    if first == last {
        return first.to_rfc3339();
    }
    format!("{} to {}", first.to_rfc3339(), last.to_rfc3339())
}

fn line(change: &crate::diff::Change) -> String {
    let short = |text: &str| {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if flat.chars().count() <= 70 {
            return flat;
        }
        let mut cut: String = flat.chars().take(69).collect();
        cut.push('…');
        cut
    };
    let kind = change.kind.label();
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => format!("{kind:<16} {} → {}", short(before), short(after)),
        (Some(before), None) => format!("{kind:<16} - {}", short(before)),
        (None, Some(after)) => format!("{kind:<16} + {}", short(after)),
        (None, None) => kind.to_owned(),
    }
}

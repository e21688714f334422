//! `blame`

use serde_json::json;

use crate::cli::args::BlameArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::history::Sayer;
use crate::history::provenance::{Blame, BlameError, VersionCapture, blame};

use crate::history::capture_json;

/// Prints for every sentence of a version where it comes from.
///
/// # Errors
/// When there is no such capture or no article in it (exit 3), or the archive cannot be read.
pub fn run(args: &BlameArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let at = context.instant("--at", args.at.as_deref())?;
    let reader = context.reader()?;
    let readings = context.readings(&reader);
    let mut sayer = Sayer::cached(&reader, &readings);
    let found = blame(&mut sayer, &args.url, at).map_err(|error| match error {
        BlameError::Store(error) => store_error(&format!("reading {}", args.url), error),
        BlameError::NoCapture(_) => CliError::nothing(error)
            .hint("`pressmark captures URL --match host` lists what there is of a host"),
        BlameError::NoArticle { .. } => CliError::nothing(error)
            .hint("`pressmark history URL` tells when there was one; --at picks a time"),
    })?;
    for note in &found.notes {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    if found.passed_over {
        context.out.say(&format!(
            "pressmark: the page has no article now; this is the one of {}",
            found.said.entry.date.to_rfc3339()
        ));
    }
    match format {
        Format::Json => json(context, &args.url, &found)?,
        Format::Text => text(context, &args.url, &found)?,
    }
    Ok(if found.notes.is_empty() { Exit::Done } else { Exit::Findings })
}

/// How each version is named: by its second, or where two share one by its fractions as well.
fn names(found: &Blame) -> Vec<String> {
    let stamps: Vec<String> =
        found.versions.iter().map(|version| version.entry.date.to_stamp14()).collect();
    let exact = stamps.windows(2).any(|two| matches!(two, [a, b] if a == b));
    let name = |version: &VersionCapture, stamp: &String| {
        if exact { version.entry.date.to_warc_date() } else { stamp.clone() }
    };
    found.versions.iter().zip(&stamps).map(|(version, stamp)| name(version, stamp)).collect()
}

fn link(version: &VersionCapture, name: &str) -> String {
    format!("{}@{name}", version.entry.url)
}

fn json(context: &Context, url: &str, found: &Blame) -> Result<(), CliError> {
    let capture = |index: usize| {
        found.versions.get(index).map(|version| capture_json(&version.entry, &version.file))
    };
    let names = names(found);
    let link = |index: usize| Some(link(found.versions.get(index)?, names.get(index)?));
    let sentences = found.sentences.iter().map(|sentence| {
        json!({
            "text": found.said.page.text.get(sentence.range.clone()),
            "start": sentence.range.start,
            "end": sentence.range.end,
            "since": capture(sentence.since),
            "since_link": link(sentence.since),
            "changed": sentence.changed.and_then(capture),
            "changed_link": sentence.changed.and_then(link),
        })
    });
    let sentences: Vec<_> = sentences.collect();
    let at = capture_json(&found.said.entry, &found.said.file);
    Ok(context.out.json(&json!({ "url": url, "at": at, "sentences": sentences }))?)
}

fn text(context: &Context, url: &str, found: &Blame) -> Result<(), CliError> {
    let out = &context.out;
    out.line(&format!("{url} as of {}", found.said.entry.date.to_rfc3339()))?;
    out.line("")?;
    let names = names(found);
    let stamp = |index: usize| names.get(index).cloned().unwrap_or_default();
    let width = names.iter().map(String::len).max().unwrap_or(0).max("last changed".len());
    out.line(&format!("{:<width$}  {:<width$}  sentence", "since", "last changed"))?;
    let mut named = vec![false; found.versions.len()];
    for sentence in &found.sentences {
        for index in [Some(sentence.since), sentence.changed].into_iter().flatten() {
            if let Some(named) = named.get_mut(index) {
                *named = true;
            }
        }
        let said = found.said.page.text.get(sentence.range.clone()).unwrap_or_default();
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let changed = sentence.changed.map_or_else(|| "-".to_owned(), stamp);
        out.line(&format!("{:<width$}  {changed:<width$}  {said}", stamp(sentence.since)))?;
    }
    out.line("")?;
    for ((version, name), named) in found.versions.iter().zip(&names).zip(named) {
        if named {
            out.line(&link(version, name))?;
        }
    }
    Ok(())
}

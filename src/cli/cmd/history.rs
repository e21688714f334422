//! `history`

use crate::answers::history::HistoryJson;
use crate::answers::removed::{self, Removed};
use crate::answers::{AnswerError, History, HistoryRequest, history};
use crate::cli::args::HistoryArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::history::VersionJson;
use crate::render::history::HistoryText;

/// Prints the versions of a page and the changes between them.
///
/// # Errors
/// When nothing is found (exit 3) or the archive, or every capture, cannot be read.
pub fn run(args: &HistoryArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let period = context.period(args.from.as_deref(), args.to.as_deref())?;
    let archive = context.open_archive()?;
    let mut page_reader = archive.page_reader();
    let request = HistoryRequest { url: args.url.clone(), period, form: args.which.form() };
    let mut versions = history(&mut page_reader, &request)?;
    if let Some(note) = versions.chosen_text().note() {
        context.out.say(&format!("pressmark: {note}"));
    }
    let removed = removed::all_of_page(archive.reader(), &args.url, period)
        .map_err(|why| store_error("reading what was removed", why))?;
    match format {
        Format::Json => as_json(context, &mut versions, &removed)?,
        Format::Text => as_text(context, &args.url, &mut versions, &removed)?,
    }
    for note in &versions.notes() {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    // What was removed is an answer, too.
    match versions.end() {
        Err(AnswerError::NoCapture(_)) if !removed.is_empty() => Ok(Exit::Done),
        ended => Ok(if ended? { Exit::Findings } else { Exit::Done }),
    }
}

/// One object, written version by version: a page may have very many.
fn as_json(
    context: &Context,
    versions: &mut History<'_, '_>,
    removed: &[Removed],
) -> Result<(), CliError> {
    let (begin, end) = HistoryJson::frame(versions.chosen_text());
    let mut before = begin.as_str();
    let mut is_begun = false;
    for version in versions {
        let json = serde_json::to_string(&VersionJson::from(&version?))
            .map_err(|why| CliError::failed("writing JSON", why))?;
        context.out.json_piece(&format!("{before}{json}"))?;
        (before, is_begun) = (",", true);
    }
    if !removed.is_empty() {
        let list =
            serde_json::to_string(removed).map_err(|why| CliError::failed("writing JSON", why))?;
        let begin = if is_begun { "" } else { begin.as_str() };
        context.out.line(&format!("{begin}],\"removed\":{list}}}"))?;
    } else if is_begun {
        context.out.line(end)?;
    }
    Ok(())
}

fn as_text(
    context: &Context,
    url: &str,
    versions: &mut History<'_, '_>,
    removed: &[Removed],
) -> Result<(), CliError> {
    let mut text = HistoryText::default();
    for version in versions {
        text.push(&version?);
    }
    let mut lines = text.lines(url);
    if !removed.is_empty() {
        lines.push(String::new());
        lines.extend(removed.iter().map(|one| one.text(url)));
    }
    Ok(context.out.lines(&lines)?)
}

//! `blame`

use crate::answers::blame::blame;
use crate::cli::args::BlameArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::removed;
use crate::cli::{CliError, Exit};
use crate::render;

/// Prints for every sentence of a version where it comes from.
///
/// # Errors
/// When there is no such capture or no article in it (exit 3), or the archive cannot be read.
pub fn run(args: &BlameArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let at = context.instant("--at", args.at.as_deref())?;
    let archive = context.open_archive()?;
    let answer = blame(&archive, &args.url, (args.which.form(), at))?;
    if let Some(note) = answer.chosen.note() {
        context.out.say(&format!("pressmark: {note}"));
    }
    let found = &answer.found;
    let shown = found.said.entry.date;
    removed::say(context, &archive, (&args.url, at), shown, "this is about")?;
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
        Format::Json => context.out.json(&answer.json())?,
        Format::Text => context.out.lines(&render::blame::lines(&answer))?,
    }
    Ok(if found.notes.is_empty() { Exit::Done } else { Exit::Findings })
}

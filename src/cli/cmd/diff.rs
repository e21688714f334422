//! `diff`

use crate::answers::Archive;
use crate::answers::chosen_text::ChosenText;
use crate::answers::diff::{Away, Diff, DiffSide, compare, first_side, of_last_two, side};
use crate::archive::Form;
use crate::base::Timestamp;
use crate::cli::args::DiffArgs;
use crate::cli::context::Context;
use crate::cli::{CliError, Exit, local, removed};
use crate::render::diff::{Shown, html, markdown, terminal, unified};

/// Compares two captures, or two local files.
///
/// # Errors
/// When a side is not found (exit 3), the archive cannot be read, or the usage is wrong.
pub fn run(args: &DiffArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format_name();
    let found = found(args, context)?;
    if let Some(note) = found.new.chosen_text().and_then(ChosenText::note) {
        context.out.say(&format!("pressmark: {note}"));
    }
    say_away(context, &found.away);
    let shown = Shown::of(&found);
    match format {
        "json" => context.out.json(&found.json())?,
        "html" => context.out.text(&html::render(&shown))?,
        "markdown" => context.out.text(&markdown::render(&shown))?,
        "unified" => context.out.text(&unified::render(&shown))?,
        _ => {
            let options = terminal::TerminalOptions {
                color: context.out.color(),
                columns: context.out.line_columns(),
                ..terminal::TerminalOptions::default()
            };
            context.out.styled(&terminal::render(&shown, &options))?;
        }
    }
    let differs = !found.comparison.changes.is_empty();
    Ok(if args.exit_code && differs { Exit::Findings } else { Exit::Done })
}

fn found(args: &DiffArgs, context: &Context) -> Result<Diff, CliError> {
    match args.targets.as_slice() {
        [old, new] => {
            if args.from.is_some() || args.to.is_some() {
                return Err(CliError::usage(
                    "--from and --to need exactly one URL; with two, append the time: URL@TIME",
                ));
            }
            let form = args.which.form();
            Ok(compare(target(old, form, context)?, target(new, form, context)?))
        }
        [url] => two_captures(args, context, url),
        _ => Err(CliError::usage("diff takes one URL, or two targets: FILE or URL@TIME")),
    }
}

/// `FILE`, `URL` or `URL@TIME`.
fn target(text: &str, form: Option<Form>, context: &Context) -> Result<DiffSide, CliError> {
    if let Some(path) = local::path_of(text) {
        let extraction = local::extract(&path, &local::read(&path)?);
        return Ok(DiffSide::of_file(text, extraction.page));
    }
    // The time is after the last @, since a URL may hold one itself (user@host).
    let (url, at) = match text.rsplit_once('@') {
        Some((url, time)) if context.time("@", time).is_ok() => (url, Some(time)),
        _ => (text, None),
    };
    if at.is_none() && !text.contains("://") {
        return Err(CliError::usage(format!("{text}: no such file, and not a URL")));
    }
    let archive = context.open_archive()?;
    side_of(context, &archive, (url, context.instant("@", at)?), form)
}

/// A capture as a side, with a message where others were removed between it and the time that was asked for.
fn side_of(
    context: &Context,
    archive: &Archive,
    (url, at): (&str, Option<Timestamp>),
    form: Option<Form>,
) -> Result<DiffSide, CliError> {
    let side = side(archive, url, form, at)?;
    if let Some(shown) = side.at() {
        removed::say(context, archive, (url, at), shown, "comparing")?;
    }
    Ok(side)
}

fn two_captures(args: &DiffArgs, context: &Context, url: &str) -> Result<Diff, CliError> {
    if local::path_of(url).is_some() {
        return Err(CliError::usage("diff takes two local files"));
    }
    let archive = context.open_archive()?;
    let form = args.which.form();
    if args.from.is_none() && args.to.is_none() {
        return Ok(of_last_two(&archive, url, form)?);
    }
    let from = context.instant("--from", args.from.as_deref())?;
    let to = context.instant("--to", args.to.as_deref())?;
    let old = match from {
        Some(at) => side_of(context, &archive, (url, Some(at)), form)?,
        None => first_side(&archive, url, form)?,
    };
    Ok(compare(old, side_of(context, &archive, (url, to), form)?))
}

/// Reports when the article was not available between the two versions and after them.
fn say_away(context: &Context, away: &Away) {
    if let Some(note) = &away.note {
        context.out.say(&format!("pressmark: left out: {note}"));
    }
    for absence in &away.between {
        let (since, what) = (absence.since.to_rfc3339(), &absence.instead);
        context.out.say(&format!("pressmark: in between, from {since} on: {what}"));
    }
    for absence in &away.since {
        let (since, what) = (absence.since.to_rfc3339(), &absence.instead);
        context.out.say(&format!(
            "pressmark: since {since}: {what}; these are the last two versions that had the article"
        ));
    }
}

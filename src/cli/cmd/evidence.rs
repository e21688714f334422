//! `evidence`

use serde_json::json;

use crate::app::evidence::{extend, new_key as replace_key};
use crate::base::Timestamp;
use crate::cli::answer::evidence_error;
use crate::cli::args::{EvidenceArgs, EvidenceCommand};
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::evidence::bundle::CHECK_SCRIPT;
use crate::evidence::{Log, OldKey, OpenFiles};
use crate::store::Layout;
use crate::warc::Rounds;

/// Prints what the log states about itself, or brings it up to date.
///
/// # Errors
/// When there is no archive or no log, or the log cannot be written.
pub fn run(args: &EvidenceArgs, context: &Context) -> Result<Exit, CliError> {
    if matches!(args.what, EvidenceCommand::Checker) {
        context.out.text(CHECK_SCRIPT)?;
        return Ok(Exit::Done);
    }
    let layout = context.layout()?;
    layout.check().map_err(|e| store_error("opening the archive", e))?;
    let now = context.clock.now();
    match args.what {
        EvidenceCommand::Checker => Ok(Exit::Done),
        EvidenceCommand::Checkpoint => checkpoint(context, &layout),
        EvidenceCommand::Keys => keys(context, &layout),
        EvidenceCommand::Extend => bring_up(context, &layout, now),
        EvidenceCommand::NewKey { lost } => new_key(context, &layout, now, lost),
    }
}

fn open(layout: &Layout) -> Result<Log, CliError> {
    let log = Log::open(layout).map_err(|e| evidence_error("opening the evidence log", e))?;
    if log.newest().is_none() {
        return Err(CliError::nothing("the archive has no evidence log yet")
            .hint("`pressmark evidence extend` creates one"));
    }
    Ok(log)
}

fn checkpoint(context: &Context, layout: &Layout) -> Result<Exit, CliError> {
    let log = open(layout)?;
    if let Some(newest) = log.newest() {
        match context.out.format() {
            Format::Text => context.out.text(&newest.render())?,
            Format::Json => context.out.json(&json!({
                "origin": newest.origin,
                "size": newest.size,
                "root": newest.root.to_string(),
                "time": newest.time.map(Timestamp::to_warc_date),
                "note": newest.render(),
            }))?,
        }
    }
    Ok(Exit::Done)
}

fn keys(context: &Context, layout: &Layout) -> Result<Exit, CliError> {
    let format = context.out.format();
    for (index, key) in open(layout)?.keys() {
        match format {
            Format::Text => context.out.line(&key.text())?,
            Format::Json => {
                context.out.json(&json!({"leaf": index, "key": key.text(), "pem": key.pem()}))?
            }
        }
    }
    Ok(Exit::Done)
}

fn bring_up(context: &Context, layout: &Layout, now: Timestamp) -> Result<Exit, CliError> {
    let format = context.out.format();
    let trail = std::sync::Mutex::default();
    let done =
        extend(layout, &context.settings, &OpenFiles::Leave, (&trail, &Rounds::default()), now)
            .map_err(|e| evidence_error("extending the evidence log", e))?;
    for note in &done.notes {
        context.out.warn(note);
    }
    match format {
        Format::Text => context.out.line(&format!(
            "{} records and {} files added to the log; {}",
            done.records,
            done.files,
            match &done.checkpoint {
                Some(checkpoint) =>
                    format!("a checkpoint over {} leaves is signed", checkpoint.size),
                None => "nothing was new".to_owned(),
            }
        ))?,
        Format::Json => context.out.json(&json!({
            "records": done.records,
            "files": done.files,
            "size": done.checkpoint.as_ref().map(|c| c.size),
        }))?,
    }
    Ok(Exit::Done)
}

fn new_key(
    context: &Context,
    layout: &Layout,
    now: Timestamp,
    lost: bool,
) -> Result<Exit, CliError> {
    let what = "replacing the key of the evidence log";
    let old = if lost { OldKey::IsLost } else { OldKey::Signs };
    let (done, notes) =
        replace_key(layout, &context.settings, old, now).map_err(|e| evidence_error(what, e))?;
    for note in &notes {
        context.out.warn(note);
    }
    context
        .out
        .say(&format!("the key is replaced; a checkpoint over {} leaves records it", done.size));
    keys(context, layout)
}

//! `migrate`

use serde_json::json;

use crate::app::migrate::{migrate_captures, place_of_captures};
use crate::app::migrate_files::{MovedFiles, migrate_files, place_of_files};
use crate::base::ByteSize;
use crate::cli::args::MigrateArgs;
use crate::cli::context::{Context, config_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::config::{Settings, keys};
use crate::store::{Migrated, Stage};

/// How often a run reports its progress.
const REPORTED_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// Moves the captures and the WARC files to where another configuration keeps them.
///
/// # Errors
/// When that cannot be read or is the same place, either side fails, or both differ in the end.
pub fn run(args: &MigrateArgs, context: &Context) -> Result<Exit, CliError> {
    // The file alone: what the environment and the flags say is of the archive as it is now. Keys of an object storage
    // and where they lie are not settings.
    let vars = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        let is_meant = name.starts_with("AWS_") || name == "HOME";
        is_meant.then_some((name, value.into_string().ok()?))
    });
    let to = Settings::load(Some(&args.to), vars, &[]).map_err(config_error)?;
    let archive = to.text(keys::ARCHIVE);
    let is_other = match (std::fs::canonicalize(archive), std::fs::canonicalize(&context.archive)) {
        (Ok(there), Ok(here)) => there != here,
        // A place that does not exist is not one to move from; the default is not meant.
        _ => false,
    };
    if is_other {
        let what = format!("--to {}: its archive is {archive}", args.to.display());
        return Err(CliError::usage(what)
            .hint("WARC files are not moved: copy the archive, and migrate the copy (--archive)"));
    }
    let mut reported_at = context.clock.now();
    let mut progress = |stage: Stage, count: u64| {
        let now = context.clock.now();
        if now.since(reported_at) >= REPORTED_EVERY {
            reported_at = now;
            let done = match stage {
                Stage::Copying => "copied",
                Stage::Comparing => "compared",
            };
            context.out.say(&format!("{count} captures {done}"));
        }
    };
    let (from, there) = (place_of_captures(&context.settings)?, place_of_captures(&to)?);
    let other_files = place_of_files(&context.settings) != place_of_files(&to);
    let (done, notes) = if from == there && other_files {
        (None, Vec::new())
    } else {
        let (done, notes) =
            migrate_captures(&context.settings, &to, &context.archive, &mut progress)?;
        (Some(done), notes)
    };
    for note in notes {
        context.out.say(&format!("pressmark: {note}"));
    }
    let mut reported_at = context.clock.now();
    let mut progress = |files: u64| {
        let now = context.clock.now();
        if now.since(reported_at) >= REPORTED_EVERY {
            reported_at = now;
            context.out.say(&format!("{files} WARC files processed"));
        }
    };
    let files =
        migrate_files(&context.settings, &to, &context.archive, &context.clock, &mut progress)?;
    report(args, context, (&from, &there), done.as_ref(), files.as_ref())?;
    Ok(Exit::Done)
}

fn report(
    args: &MigrateArgs,
    context: &Context,
    (from, there): (&str, &str),
    captures: Option<&Migrated>,
    files: Option<&MovedFiles>,
) -> Result<(), CliError> {
    if context.out.format() == Format::Json {
        let none = Migrated::default();
        let done = captures.unwrap_or(&none);
        let warc_files = files.map(|moved| {
            json!({
                "from": moved.from, "to": moved.to, "files": moved.files, "bytes": moved.bytes,
                "moved": moved.moved, "open": moved.open, "resumed": moved.is_resumed,
            })
        });
        context.out.json(&json!({
            "from": from, "to": there, "captures": done.compared, "copied": done.copied,
            "files": done.files, "resumed": done.is_resumed, "warc_files": warc_files,
        }))?;
        return Ok(());
    }
    let mut keys = Vec::new();
    if let Some(done) = captures {
        context.out.line(&format!(
            "{} captures of {} WARC files are in {there} ({} copied now), identical to those in {from}",
            done.compared, done.files, done.copied
        ))?;
        keys.push("store.captures");
    }
    if let Some(moved) = files {
        context.out.line(&format!(
            "{} WARC files ({}) are in {} ({} moved now), read back and identical to those in {}",
            moved.files,
            ByteSize(moved.bytes),
            moved.to,
            moved.moved,
            moved.from
        ))?;
        if moved.open > 0 {
            context.out.say(&format!(
                "{} files are still open and stay here until they are sealed",
                moved.open
            ));
        }
        keys.push("store.remote");
    }
    context.out.say(&format!(
        "copy {} of {} into the configuration to use from now on; nothing was removed from the source",
        keys.join(" and "),
        args.to.display()
    ));
    Ok(())
}

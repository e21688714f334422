//! `migrate`

use serde_json::json;

use crate::app::migrate::{migrate_captures, place_of_captures};
use crate::cli::args::MigrateArgs;
use crate::cli::context::{Context, config_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::config::{Settings, keys};
use crate::store::Stage;

/// How often a run tells how far it is.
const TOLD_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// Moves the captures to where another configuration keeps them.
///
/// # Errors
/// When that cannot be read or is the same place, either side fails, or both differ in the end.
pub fn run(args: &MigrateArgs, context: &Context) -> Result<Exit, CliError> {
    // The file alone: what the environment and the flags say is of the archive as it is now.
    let to = Settings::load(Some(&args.to), std::iter::empty(), &[]).map_err(config_error)?;
    let archive = to.text(keys::ARCHIVE);
    let is_other = match (std::fs::canonicalize(archive), std::fs::canonicalize(&context.archive)) {
        (Ok(there), Ok(here)) => there != here,
        // A place that is not there is none to move from; the default is not meant.
        _ => false,
    };
    if is_other {
        let what = format!("--to {}: its archive is {archive}", args.to.display());
        return Err(CliError::usage(what)
            .hint("WARC files are not moved: copy the archive, and migrate the copy (--archive)"));
    }
    let mut told = context.clock.now();
    let mut progress = |stage: Stage, count: u64| {
        let now = context.clock.now();
        if now.since(told) >= TOLD_EVERY {
            told = now;
            let done = match stage {
                Stage::Copying => "copied",
                Stage::Comparing => "compared",
            };
            context.out.say(&format!("{count} captures {done}"));
        }
    };
    let (from, there) = (place_of_captures(&context.settings)?, place_of_captures(&to)?);
    let (done, notes) = migrate_captures(&context.settings, &to, &context.archive, &mut progress)?;
    for note in notes {
        context.out.say(&format!("pressmark: {note}"));
    }
    match context.out.format() {
        Format::Json => context.out.json(&json!({
            "from": from, "to": there, "captures": done.compared, "copied": done.copied,
            "files": done.files, "resumed": done.is_resumed,
        }))?,
        Format::Text => {
            context.out.line(&format!(
                "{} captures of {} WARC files are in {there} ({} copied now), and the same as in {from}",
                done.compared, done.files, done.copied
            ))?;
            context.out.say(&format!(
                "put store.captures of {} into the configuration that is used from now on",
                args.to.display()
            ));
        }
    }
    Ok(Exit::Done)
}

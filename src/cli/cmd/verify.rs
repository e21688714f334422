//! `verify`

use crate::answers::verify::{FindingJson, Verified, verify};
use crate::app::evidence::{authorities, options};
use crate::base::Finding;
use crate::cli::args::VerifyArgs;
use crate::cli::context::Context;
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::evidence;
use crate::render;
use crate::store::{VerifyOptions, verify_files};

/// The checkpoints that `--checkpoint` names.
fn published(args: &VerifyArgs) -> Result<Vec<(String, Vec<u8>)>, CliError> {
    let read = |path: &std::path::PathBuf| {
        let name = path.display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|e| CliError::usage(format!("--checkpoint {name}: {e}")))?;
        Ok((name, bytes))
    };
    args.checkpoint.iter().map(read).collect()
}

/// Rereads every record, recomputes every digest and checks the evidence log; prints findings as
/// they are made.
///
/// # Errors
/// When the archive cannot be opened or stdout cannot be written.
pub fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format();
    let mut failed: Option<std::io::Error> = None;
    let mut print = |finding: Finding| {
        let result = match format {
            Format::Text => context.out.line(&finding.to_string()),
            Format::Json => context.out.json(&FindingJson::from(finding)),
        };
        if let Err(error) = result {
            failed.get_or_insert(error);
        }
    };
    let verified = if args.files.is_empty() {
        let archive = context.open_archive()?;
        let published = published(args)?;
        let trust = authorities(&context.settings).map_err(CliError::usage)?.trust;
        let key = options(&context.settings);
        let options = evidence::VerifyOptions { fast: args.fast, key, trust, published };
        verify(&archive, &options, &mut print)?
    } else {
        let options = VerifyOptions { fast: args.fast };
        Verified { records: verify_files(&args.files, options, &mut print), log: None }
    };
    if let Some(error) = failed {
        return Err(error.into());
    }
    for line in render::verify::summary(&verified) {
        context.out.say(&line);
    }
    Ok(if verified.findings() == 0 { Exit::Done } else { Exit::Findings })
}

//! `verify`

use crate::answers::verify::{FindingJson, verify, verify_files};
use crate::app::evidence::{authorities, options, witnesses};
use crate::base::Finding;
use crate::cli::args::VerifyArgs;
use crate::cli::context::Context;
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};
use crate::evidence;
use crate::render;
use crate::store::VerifyOptions;

/// The most threads that read one file: each has buffers of a few megabytes.
const THREADS_MAX: usize = 4;

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

/// Prints a finding as a line, or as one object.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn print_finding(finding: Finding, out: &Output) -> std::io::Result<()> {
    match out.format() {
        Format::Text => out.line(&finding.to_string()),
        Format::Json => out.json(&FindingJson::from(finding)),
    }
}

/// Rereads every record, recomputes every digest and checks the evidence log; prints findings as
/// they are made.
///
/// # Errors
/// When the archive cannot be opened or stdout cannot be written.
pub fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, CliError> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_MAX));
    let mut failed: Option<std::io::Error> = None;
    let mut print = |finding: Finding| {
        if let Err(error) = print_finding(finding, &context.out) {
            failed.get_or_insert(error);
        }
    };
    let how = VerifyOptions { fast: args.fast, threads };
    let verified = if args.files.is_empty() {
        let archive = context.open_records()?;
        let published = published(args)?;
        let trust = authorities(&context.settings).map_err(CliError::usage)?.trust;
        let policy = witnesses(&context.settings).map_err(CliError::usage)?.policy;
        let key = options(&context.settings);
        let options = evidence::VerifyOptions {
            fast: args.fast,
            key,
            trust,
            published,
            policy: Some(policy),
        };
        verify(&archive, how, &options, &mut print)?
    } else {
        verify_files(&args.files, how, &mut print)
    };
    if let Some(error) = failed {
        return Err(error.into());
    }
    for line in render::verify::summary(&verified) {
        context.out.say(&line);
    }
    Ok(if verified.findings() == 0 { Exit::Done } else { Exit::Findings })
}

//! `verify`

use serde_json::json;

use crate::base::{ByteSize, Finding};
use crate::cli::args::VerifyArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::Format;
use crate::cli::{CliError, Exit};
use crate::store::{VerifyOptions, verify, verify_files};

/// Rereads every record and recomputes every digest; prints findings as they are made.
///
/// # Errors
/// When the archive cannot be opened or stdout cannot be written.
pub fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, CliError> {
    let format = context.out.format()?;
    let options = VerifyOptions { fast: args.fast };
    let mut failed: Option<std::io::Error> = None;
    let mut print = |finding: Finding| {
        let result = match format {
            Format::Text => context.out.line(&finding.to_string()),
            Format::Json => context.out.json(&json!({
                "severity": finding.severity.label(),
                "file": finding.file,
                "offset": finding.offset,
                "rule": finding.rule,
                "what": finding.what,
            })),
        };
        if let Err(error) = result {
            failed.get_or_insert(error);
        }
    };
    let checked = if args.files.is_empty() {
        let reader = context.reader()?;
        verify(&reader, options, &mut print).map_err(|e| store_error("verifying", e))?
    } else {
        verify_files(&args.files, options, &mut print)
    };
    if let Some(error) = failed {
        return Err(error.into());
    }
    context.out.say(&format!(
        "{} records in {} files ({}): {}",
        checked.records,
        checked.files,
        ByteSize(checked.bytes),
        match checked.findings {
            0 => "no findings".to_owned(),
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        }
    ));
    Ok(if checked.findings == 0 { Exit::Done } else { Exit::Findings })
}

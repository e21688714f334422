//! `verify`

use serde_json::{Value, json};

use crate::base::{ByteSize, Finding};
use crate::cli::args::VerifyArgs;
use crate::cli::context::{Context, store_error};
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};
use crate::evidence;
use crate::store::{Checked, VerifyOptions, verify};
use crate::warc::verify::{Verified, Verifier};
use crate::warc::{self, ReadOptions};

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
pub(super) fn print_finding(finding: &Finding, out: &Output) -> std::io::Result<()> {
    match out.format() {
        Format::Text => out.line(&finding.to_string()),
        Format::Json => out.json(&json_of(finding)),
    }
}

/// A finding as an object.
pub(super) fn json_of(finding: &Finding) -> Value {
    json!({
        "severity": finding.severity.label(),
        "file": finding.file,
        "offset": finding.offset,
        "rule": finding.rule,
        "what": finding.what,
    })
}

/// Checks files of any origin, without an archive.
fn files(
    paths: &[std::path::PathBuf],
    options: VerifyOptions,
    found: &mut dyn FnMut(Finding),
) -> Verified {
    let mut verifier = Verifier::new(options, found);
    for path in paths {
        match warc::open(path, &ReadOptions::default()) {
            Ok(input) => verifier.input(input),
            Err(error) => verifier.open_error(&error),
        }
    }
    verifier.finish()
}

/// Rereads every record, recomputes every digest and checks the evidence log; prints findings as
/// they are made.
///
/// # Errors
/// When the archive cannot be opened or stdout cannot be written.
pub fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, CliError> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_MAX));
    let options = VerifyOptions { fast: args.fast, threads };
    let mut failed: Option<std::io::Error> = None;
    let mut print = |finding: Finding| {
        if let Err(error) = print_finding(&finding, &context.out) {
            failed.get_or_insert(error);
        }
    };
    let mut log = None;
    let mut outside = 0;
    let checked = if args.files.is_empty() {
        let reader = context.reader()?;
        let published = published(args)?;
        let checked =
            verify(&reader, options, &mut print).map_err(|e| store_error("verifying", e))?;
        let key = crate::app::evidence::options(&context.settings);
        let authorities = crate::app::evidence::authorities(&context.settings);
        let trust = authorities.map_err(CliError::usage)?.trust;
        let options = evidence::VerifyOptions { fast: args.fast, key, trust, published };
        let checked_log = evidence::verify(reader.layout(), &options, &mut print)
            .map_err(|e| CliError::failed("verifying the evidence log", e))?;
        let findings = checked.findings + checked_log.findings;
        log = Some(checked_log);
        Checked { findings, ..checked }
    } else {
        let verified = files(&args.files, options, &mut print);
        outside = verified.outside;
        let Verified { files, records, bytes, findings, .. } = verified;
        Checked { files, records, bytes, findings }
    };
    if let Some(error) = failed {
        return Err(error.into());
    }
    if let Some(log) = log.filter(|log| log.checkpoints > 0) {
        context.out.say(&format!(
            "evidence log: {} leaves, {} checkpoints, {} time stamps, the newest checkpoint of {}{}",
            log.leaves,
            log.checkpoints,
            log.stamps,
            log.newest.map_or_else(|| "an unknown time".to_owned(), |t| t.to_rfc3339()),
            match log.waiting {
                0 => String::new(),
                n => format!("; {n} records are not in it yet"),
            }
        ));
    }
    if outside > 0 {
        context.out.say(&format!(
            "{outside} revisits refer to records that are in none of these files; they are not checked"
        ));
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

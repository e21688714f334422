//! `surt`

use std::io::BufRead;

use serde_json::json;

use crate::base::surt::urlkey;
use crate::cli::args::SurtArgs;
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};

/// Prints the SURT urlkey of each URL; of each line of stdin when none is given.
///
/// # Errors
/// When stdin cannot be read or stdout cannot be written.
pub fn run(args: &SurtArgs, out: &Output) -> Result<Exit, CliError> {
    for url in &args.urls {
        print(url, out)?;
    }
    if args.urls.is_empty() {
        for line in std::io::stdin().lock().split(b'\n') {
            let line = line.map_err(|e| CliError::failed("reading stdin", e))?;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches('\r');
            if !text.is_empty() {
                print(text, out)?;
            }
        }
    }
    Ok(Exit::Done)
}

fn print(url: &str, out: &Output) -> std::io::Result<()> {
    match out.format() {
        Format::Text => out.line(&urlkey(url)),
        Format::Json => out.json(&json!({ "url": url, "urlkey": urlkey(url) })),
    }
}

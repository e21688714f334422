//! `robots`

use serde::Serialize;

use crate::cli::args::RobotsArgs;
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};
use crate::politeness::explain;

#[derive(Serialize)]
struct Row<'a> {
    verdict: &'a str,
    url: &'a str,
    rule: Option<String>,
    line: Option<u32>,
}

/// Prints `allow` or `disallow`, a tab and the URL, for each; with `--explain` the rule too.
///
/// # Errors
/// When the file cannot be read or stdout cannot be written.
pub fn run(args: &RobotsArgs, out: &Output) -> Result<Exit, CliError> {
    let bytes = std::fs::read(&args.file)
        .map_err(|e| CliError::failed(&format!("reading {}", args.file.display()), e))?;
    let format = out.format();
    for url in &args.urls {
        let verdict = explain(&bytes, &args.agent, url);
        let word = if verdict.allowed { "allow" } else { "disallow" };
        match format {
            Format::Json => out.json(&Row {
                verdict: word,
                url,
                rule: verdict.rule.as_ref().map(|r| r.text.clone()),
                line: verdict.rule.as_ref().map(|r| r.line),
            })?,
            Format::Text if args.explain => {
                let why = verdict.rule.map_or_else(
                    || "no rule of its group matches".to_owned(),
                    |rule| format!("line {}: {}", rule.line, rule.text),
                );
                out.fields(&[word, url, &why])?;
            }
            Format::Text => out.fields(&[word, url])?,
        }
    }
    Ok(Exit::Done)
}

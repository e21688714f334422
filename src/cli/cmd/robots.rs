//! `robots`

use serde::Serialize;

use crate::cli::args::RobotsArgs;
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};
use crate::politeness::{RobotsReading, explain};

#[derive(Serialize)]
struct Row<'a> {
    verdict: &'a str,
    url: &'a str,
    rule: Option<String>,
    line: Option<u32>,
    /// Whether the other reading of the groups would decide otherwise.
    disputed: bool,
}

/// Prints `allow` or `disallow`, a tab and the URL, for each; with `--explain` the rule too.
///
/// # Errors
/// When the file cannot be read or stdout cannot be written.
pub fn run(args: &RobotsArgs, out: &Output) -> Result<Exit, CliError> {
    let bytes = std::fs::read(&args.file)
        .map_err(|e| CliError::failed(&format!("reading {}", args.file.display()), e))?;
    let format = out.format();
    let reading = RobotsReading::of_name(&args.reading).unwrap_or_default();
    for url in &args.urls {
        let verdict = explain(&bytes, reading, &args.agent, url);
        let word = if verdict.allowed { "allow" } else { "disallow" };
        match format {
            Format::Json => out.json(&Row {
                verdict: word,
                url,
                rule: verdict.rule.as_ref().map(|r| r.text.clone()),
                line: verdict.rule.as_ref().map(|r| r.line),
                disputed: verdict.disputed,
            })?,
            Format::Text if args.explain => {
                let mut why = verdict.rule.map_or_else(
                    || "no rule of its group matches".to_owned(),
                    |rule| format!("line {}: {}", rule.line, rule.text),
                );
                if verdict.disputed {
                    let other = if verdict.allowed { "disallow" } else { "allow" };
                    why.push_str(&format!(
                        "; where a Crawl-delay {} a group (--reading), it is {other}",
                        if reading == RobotsReading::Rfc9309 { "ends" } else { "does not end" },
                    ));
                }
                out.fields(&[word, url, &why])?;
            }
            Format::Text => out.fields(&[word, url])?,
        }
    }
    Ok(Exit::Done)
}

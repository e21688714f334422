//! `config show|check`

use serde::Serialize;

use crate::app::blocks::try_blocks;
use crate::app::captures::rights;
use crate::app::objects::try_objects;
use crate::app::shared::frontier_rights;
use crate::base::{Clock, SystemClock};
use crate::cli::args::{ConfigArgs, ConfigCommand, Global};
use crate::cli::context::{jobs_dir, load_settings};
use crate::cli::output::{Format, Output};
use crate::cli::{CliError, Exit};
use crate::config::mask::masked;
use crate::config::{ConfigError, Problem, Settings, job_files, keys, load_jobs};

#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    value: serde_json::Value,
    source: String,
}

#[derive(Serialize)]
struct ProblemRow<'a> {
    source: String,
    key: &'a str,
    what: &'a str,
}

/// Runs it.
///
/// # Errors
/// When the settings cannot be read, or stdout cannot be written.
pub fn run(args: &ConfigArgs, global: &Global, out: &Output) -> Result<Exit, CliError> {
    match args.what {
        ConfigCommand::Show => show(global, out),
        ConfigCommand::Check => check(global, out),
    }
}

fn show(global: &Global, out: &Output) -> Result<Exit, CliError> {
    let (settings, _) = load_settings(global).map_err(super::super::context::config_error)?;
    match out.format() {
        Format::Json => {
            for (key, value, source) in settings.iter() {
                let value = masked(key, value);
                out.json(&Row { key, value: value.to_json(), source: source.to_string() })?;
            }
        }
        Format::Text => {
            let rows: Vec<Vec<String>> = settings
                .iter()
                .map(|(key, value, source)| {
                    vec![key.to_owned(), masked(key, value).to_string(), source.to_string()]
                })
                .collect();
            out.table(&["key", "value", "source"], &[], &rows)?;
        }
    }
    Ok(Exit::Done)
}

fn check(global: &Global, out: &Output) -> Result<Exit, CliError> {
    match load_settings(global) {
        Ok((settings, file)) => {
            out.say(&match file {
                Some(path) => format!("{}: no problem found", path.display()),
                None => {
                    "no config file; the defaults and the environment hold no problem".to_owned()
                }
            });
            check_jobs(global, &settings, out)
        }
        Err(ConfigError::Problems(problems)) => {
            print(&problems, out)?;
            Ok(Exit::Usage)
        }
        Err(error) => Err(super::super::context::config_error(error)),
    }
}

/// The same for the job files beside the config file.
fn check_jobs(global: &Global, settings: &Settings, out: &Output) -> Result<Exit, CliError> {
    let dir = jobs_dir(global);
    let files = job_files(&dir)
        .map_err(|why| CliError::usage(format!("reading the jobs in {}: {why}", dir.display())))?;
    match load_jobs(&files, SystemClock.now()) {
        Ok(jobs) => {
            if !jobs.is_empty() {
                out.say(&format!("{}: {} jobs, no problem found", dir.display(), jobs.len()));
            }
            settings
                .warnings(&jobs)
                .iter()
                .for_each(|warning| out.warn(&format!("note: {warning}")));
            check_databases(settings, out)
        }
        Err(problems) => {
            print(&problems, out)?;
            Ok(Exit::Usage)
        }
    }
}

/// Whether what keeps the captures and the queue can be reached, and what may be done there.
fn check_databases(settings: &Settings, out: &Output) -> Result<Exit, CliError> {
    let asked = [
        (keys::STORE_CAPTURES, rights(settings)?),
        (keys::STORE_FRONTIER, frontier_rights(settings)?),
    ];
    let mut problems: Vec<Problem> = Vec::new();
    for (key, rights) in asked {
        let (key, Some(rights)) = (key.path().to_owned(), rights) else { continue };
        out.say(&format!("{key}: {rights}"));
        problems.extend(rights.lacking().iter().map(|what| Problem {
            source: settings.source(&key),
            key: key.clone(),
            what: what.clone(),
        }));
    }
    print(&problems, out)?;
    if problems.is_empty() { check_objects(settings, out) } else { Ok(Exit::Usage) }
}

/// Whether the object storage and the blocks of captures can be reached, read and written.
fn check_objects(settings: &Settings, out: &Output) -> Result<Exit, CliError> {
    let key = keys::STORE_REMOTE.path().to_owned();
    let tried = [
        (key, try_objects(settings)?),
        (keys::STORE_ZIPNUM.path().to_owned(), try_blocks(settings)),
    ];
    let mut problems = Vec::new();
    for (key, tried) in tried {
        match tried {
            None => {}
            Some(Ok(told)) => out.say(&format!("{key}: {told}")),
            Some(Err(what)) => {
                problems.push(Problem { source: settings.source(&key), key, what });
            }
        }
    }
    print(&problems, out)?;
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Usage })
}

fn print(problems: &[Problem], out: &Output) -> Result<(), CliError> {
    for problem in problems {
        match out.format() {
            Format::Text => out.line(&problem.to_string())?,
            Format::Json => out.json(&ProblemRow {
                source: problem.source.to_string(),
                key: &problem.key,
                what: &problem.what,
            })?,
        }
    }
    Ok(())
}
